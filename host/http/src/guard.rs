//! Who may ask: judges each request before it is routed, WebSocket upgrades included.
//!
//! Without tokens the danger is the user's own browser: a foreign page can send requests to a loopback address, and a
//! foreign name can be made to resolve to it (DNS rebinding). So the request must name us in `Host`, must not come from
//! a page of somebody else (`Origin`), and must not be one that the browser itself calls foreign (`Sec-Fetch-Site`).
//! A page that asks for a picture of ours with `<img>` sends no `Origin`; `Sec-Fetch-Site` is what catches it.
//!
//! Invariant: a request that [`Guard::judge`] lets through carries exactly one `Host`, and that names this listener.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};

use crate::problem::{Problem, shown};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The names under which one listener may be asked.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    ip: IpAddr,
    port: u16,
}

impl Guard {
    pub(crate) fn new(bound: SocketAddr) -> Self {
        Self { ip: bound.ip().to_canonical(), port: bound.port() }
    }

    /// Lets a request through, with the `Host` that it named, or says why not.
    pub(crate) fn judge<'a>(&self, request: &'a Parts) -> Result<&'a str, Problem> {
        let host = self.judge_host(request)?;
        self.judge_origin(&request.headers, host)?;
        judge_fetch_metadata(request)?;
        Ok(host)
    }

    fn judge_host<'a>(&self, request: &'a Parts) -> Result<&'a str, Problem> {
        let missing = || {
            let detail = "The request must carry exactly one Host header that names this server.";
            Problem::new(StatusCode::BAD_REQUEST, "missing-host", "Host header missing", detail)
        };
        let header = sole(&request.headers, &HOST).map_err(|_| missing())?.ok_or_else(missing)?;
        // An absolute request target overrides the header (RFC 9112, 3.2.2), so it is held to the same rule.
        let target = request.uri.authority().map(axum::http::uri::Authority::as_str);
        for named in [Some(header), target].into_iter().flatten() {
            if !self.is_own(named, true) {
                let detail = format!(
                    "This server does not answer to the name {}; use http://{}.",
                    shown(named),
                    SocketAddr::new(self.ip, self.port)
                );
                let status = StatusCode::MISDIRECTED_REQUEST;
                return Err(Problem::new(status, "foreign-host", "Foreign Host header", detail));
            }
        }
        Ok(header)
    }

    fn judge_origin(&self, headers: &HeaderMap, host: &str) -> Result<(), Problem> {
        let refused = |origin: &str| {
            let detail = format!(
                "A page from {} may not use this server; open the server's own page instead.",
                shown(origin)
            );
            Problem::new(StatusCode::FORBIDDEN, "foreign-origin", "Foreign origin", detail)
        };
        let Some(origin) = sole(headers, &ORIGIN).map_err(|()| refused("several origins"))? else {
            return Ok(());
        };
        // Another port is another origin: a page of some other local server is as foreign as any.
        let own = origin
            .strip_prefix("http://")
            .is_some_and(|named| self.is_own(named, false) || named.eq_ignore_ascii_case(host));
        if own { Ok(()) } else { Err(refused(origin)) }
    }

    /// Whether `HOST[:PORT]` names this listener.
    fn is_own(&self, named: &str, port_may_be_absent: bool) -> bool {
        let (name, port) = match named.rsplit_once(':') {
            // The last colon of a bare IPv6 literal stands inside its brackets.
            Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
            _ => (named, None),
        };
        let port_fits = match port {
            // Digits only: `parse` alone would take "+8750".
            Some(port) => {
                port.bytes().all(|b| b.is_ascii_digit())
                    && port.parse::<u16>().is_ok_and(|port| port == self.port)
            }
            None => port_may_be_absent || self.port == 80,
        };
        port_fits && self.is_own_name(name)
    }

    fn is_own_name(&self, name: &str) -> bool {
        if name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]" {
            return true;
        }
        match self.ip {
            IpAddr::V4(ip) => name == ip.to_string(),
            IpAddr::V6(ip) => name.eq_ignore_ascii_case(&format!("[{ip}]")),
        }
    }
}

/// Refuses what the browser itself says comes from elsewhere; a link to the page, followed by the user, is not that.
fn judge_fetch_metadata(request: &Parts) -> Result<(), Problem> {
    let headers = &request.headers;
    let foreign = headers.get_all(FETCH_SITE).iter().any(|site| site != "same-origin" && site != "none");
    if !foreign {
        return Ok(());
    }
    let is = |name: &HeaderName, value: &str| headers.get(name).is_some_and(|got| got == value);
    let follows_a_link = matches!(request.method, Method::GET | Method::HEAD)
        && request.uri.path() == "/"
        && is(&FETCH_MODE, "navigate")
        && is(&FETCH_DEST, "document");
    if follows_a_link {
        return Ok(());
    }
    let detail =
        "The browser says that this request comes from another site; open the server's own page instead.";
    Err(Problem::new(StatusCode::FORBIDDEN, "cross-site", "Cross-site request", detail))
}

/// The value of a header that may stand only once; an error if it stands twice or is not text.
fn sole<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(HeaderValue::to_str).transpose().map_err(|_| ())?;
    if values.next().is_some() { Err(()) } else { Ok(first) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn judged(bound: &str, uri: &str, headers: &[(&str, &str)]) -> Result<(), u16> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let guard = Guard::new(bound.parse().unwrap());
        guard
            .judge(&parts)
            .map(drop)
            .map_err(|p| axum::response::IntoResponse::into_response(p).status().as_u16())
    }

    /// P-API-1: a foreign or missing Host is refused.
    #[test]
    fn only_the_names_of_this_listener_are_answered() {
        let host = |bound, host| judged(bound, "/api/v1/status", &[("host", host)]);
        for own in ["localhost", "LOCALHOST:8750", "127.0.0.1", "127.0.0.1:8750", "[::1]", "[::1]:8750"] {
            assert_eq!(host("127.0.0.1:8750", own), Ok(()), "{own}");
            assert_eq!(host("[::1]:8750", own), Ok(()), "{own}");
        }
        assert_eq!(host("127.0.0.5:8750", "127.0.0.5:8750"), Ok(()));
        for foreign in [
            "",
            "evil.example",
            "evil.example:8750",
            "localhost:80",
            "localhost:",
            "localhost:+8750",
            "localhost:08750x",
            "127.0.0.1.evil.example:8750",
            "localhost.evil.example",
            "user@localhost:8750",
            "localhost@evil.example",
            "127.0.0.2:8750",
            "0.0.0.0:8750",
            "2130706433:8750",
            "[::]:8750",
            "::1",
            "[::1",
        ] {
            assert_eq!(host("127.0.0.1:8750", foreign), Err(421), "{foreign}");
        }
        assert_eq!(judged("127.0.0.1:8750", "/", &[]), Err(400));
        assert_eq!(judged("127.0.0.1:8750", "/", &[("host", "localhost"), ("host", "localhost")]), Err(400));
        let target = "http://evil.example/api/v1/status";
        assert_eq!(judged("127.0.0.1:8750", target, &[("host", "localhost")]), Err(421));
    }

    /// P-API-1: a cross-site or `null` Origin is refused.
    #[test]
    fn only_pages_of_this_listener_may_ask() {
        let origin =
            |host, origin| judged("127.0.0.1:8750", "/api/v1/frames", &[("host", host), ("origin", origin)]);
        for own in ["http://localhost:8750", "http://127.0.0.1:8750", "http://[::1]:8750"] {
            assert_eq!(origin("127.0.0.1:8750", own), Ok(()), "{own}");
        }
        assert_eq!(
            origin("localhost", "http://localhost"),
            Ok(()),
            "a proxy of the same name without a port"
        );
        for foreign in [
            "null",
            "",
            "https://localhost:8750",
            "http://localhost:3000",
            "http://localhost",
            "http://evil.example",
            "http://evil.example:8750",
            "http://localhost:8750/",
            "http://localhost:8750.evil.example",
            "HTTP://LOCALHOST",
            "file://",
        ] {
            assert_eq!(origin("127.0.0.1:8750", foreign), Err(403), "{foreign}");
        }
        let twice =
            [("host", "localhost"), ("origin", "http://localhost:8750"), ("origin", "http://evil.example")];
        assert_eq!(judged("127.0.0.1:8750", "/", &twice), Err(403));
    }

    /// P-API-1: what the browser calls foreign is refused, but a link to the page works.
    #[test]
    fn a_request_from_another_site_is_refused_unless_it_is_a_link_to_the_page() {
        let fetch = |path, site, mode, dest| {
            let headers = [
                ("host", "localhost"),
                ("sec-fetch-site", site),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", dest),
            ];
            judged("127.0.0.1:8750", path, &headers)
        };
        assert_eq!(fetch("/api/v1/status", "same-origin", "cors", "empty"), Ok(()));
        assert_eq!(fetch("/api/v1/frame.png", "none", "navigate", "document"), Ok(()));
        assert_eq!(fetch("/", "cross-site", "navigate", "document"), Ok(()));
        assert_eq!(fetch("/", "cross-site", "navigate", "iframe"), Err(403));
        assert_eq!(fetch("/", "cross-site", "no-cors", "document"), Err(403));
        assert_eq!(fetch("/api/v1/frame.png", "cross-site", "no-cors", "image"), Err(403));
        assert_eq!(fetch("/api/v1/frame.png", "cross-site", "navigate", "document"), Err(403));
        assert_eq!(fetch("/api/v1/status", "same-site", "cors", "empty"), Err(403));
    }
}
