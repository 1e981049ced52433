//! One hop: a request to one server, what identifies it, and the server's reply.
//!
//! Invariant: two exchanges with equal [`Key`]s would be the same bytes to the same server under the same rule for
//! addresses, so one reply may serve both.

use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName};
use url::Url;

use crate::error::FetchError;
use crate::request::{Method, check_url};

/// A request to one server.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Sorted by name.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    /// Whether private addresses may be reached.
    pub(crate) private_network: bool,
}

/// What makes two exchanges the same. Never made of a POST.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    head: bool,
    url: String,
    headers: Vec<(HeaderName, Vec<u8>)>,
    private_network: bool,
}

/// A complete reply, body decompressed.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Headers that may follow a redirect to another server: none can hold a secret of the first one.
const HARMLESS: &[HeaderName] = &[
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CACHE_CONTROL,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::RANGE,
    header::USER_AGENT,
];

impl Exchange {
    pub(crate) fn key(&self) -> Key {
        let headers =
            self.headers.iter().map(|(name, value)| (name.clone(), value.as_bytes().to_vec())).collect();
        Key {
            head: self.method == Method::Head,
            url: self.url.to_string(),
            headers,
            private_network: self.private_network,
        }
    }

    /// The host, for messages.
    pub(crate) fn host(&self) -> String {
        authority(&self.url)
    }

    /// The exchange that a redirect in `reply` asks for; nothing if `reply` is none.
    ///
    /// # Errors
    /// When the redirect leads where none may lead. Whether the new host is permitted is not judged here.
    pub(crate) fn redirected(&self, reply: &Reply) -> Result<Option<Self>, FetchError> {
        if !matches!(reply.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let Some(location) = reply.headers.get(header::LOCATION) else { return Ok(None) };
        let bad = |why| FetchError::BadRedirect { host: self.host(), why };
        let location = std::str::from_utf8(location.as_bytes()).map_err(|_| bad("it is not text"))?;
        let url = self.url.join(location).map_err(|_| bad("it is not a valid URL"))?;
        let url = check_url(url).map_err(bad)?;
        if url.as_str().len() > 8 << 10 {
            return Err(bad("it is longer than 8 KiB"));
        }
        if self.url.scheme() == "https" && url.scheme() == "http" {
            return Err(bad("it leads from https to http"));
        }
        let mut next = Self { url, ..self.clone() };
        let status = reply.status.as_u16();
        if self.method == Method::Post && matches!(status, 301..=303) {
            next.method = Method::Get;
            next.body = None;
            for name in [header::CONTENT_TYPE, header::CONTENT_LANGUAGE, header::CONTENT_ENCODING] {
                next.headers.remove(name);
            }
        }
        if next.url.origin() != self.url.origin() {
            next.headers = next.headers.iter().filter(|(name, _)| HARMLESS.contains(name)).fold(
                HeaderMap::new(),
                |mut map, (name, value)| {
                    map.append(name.clone(), value.clone());
                    map
                },
            );
        }
        Ok(Some(next))
    }
}

impl Key {
    /// Bytes that this key takes in memory.
    pub(crate) fn weight(&self) -> usize {
        self.url.len()
            + self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum::<usize>()
    }
}

impl Reply {
    /// Bytes that this reply takes in memory.
    pub(crate) fn weight(&self) -> usize {
        self.body.len()
            + self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum::<usize>()
    }

    /// Whether the server said that it cannot serve anybody now.
    pub(crate) fn is_failure(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS
    }
}

/// The host of a URL, with the port if it is not the usual one.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn exchange(method: Method, url: &str) -> Exchange {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("accept", "a"),
            ("authorization", "s"),
            ("content-type", "t"),
            ("cookie", "s"),
            ("x-api-key", "s"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        Exchange {
            method,
            url: url.parse().unwrap(),
            headers,
            body: Some(Bytes::new()),
            private_network: false,
        }
    }

    fn reply(status: u16, location: &str) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, HeaderValue::from_str(location).unwrap());
        Reply { status: StatusCode::from_u16(status).unwrap(), headers, body: Bytes::new() }
    }

    fn names(exchange: &Exchange) -> Vec<&str> {
        exchange.headers.keys().map(HeaderName::as_str).collect()
    }

    /// P-BOX-3: secrets stay with the server they were meant for, whichever header holds them.
    #[test]
    fn secrets_do_not_follow_a_redirect_to_another_server() {
        let first = exchange(Method::Get, "https://a.example/1");
        let same = first.redirected(&reply(302, "/2")).unwrap().unwrap();
        assert_eq!(same.headers.len(), 5);
        for elsewhere in ["https://b.example/", "https://a.example:8443/", "//c.a.example/"] {
            let next = first.redirected(&reply(302, elsewhere)).unwrap().unwrap();
            assert_eq!(names(&next), ["accept", "content-type"], "{elsewhere}");
        }
    }

    /// P-BOX-3: a redirect cannot leave http and https, nor take the lock off.
    #[test]
    fn redirects_to_other_schemes_and_from_https_to_http_are_refused() {
        let first = exchange(Method::Get, "https://a.example/");
        for location in
            ["http://a.example/", "file:///etc/passwd", "https://u:p@a.example/", "https://[/", "data:,x"]
        {
            assert!(
                matches!(first.redirected(&reply(301, location)), Err(FetchError::BadRedirect { .. })),
                "{location}"
            );
        }
        let plain = exchange(Method::Get, "http://a.example/");
        assert!(plain.redirected(&reply(301, "https://a.example/")).unwrap().is_some());
    }

    #[test]
    fn a_redirected_post_becomes_a_get_unless_the_status_keeps_it() {
        let first = exchange(Method::Post, "https://a.example/");
        let seen = first.redirected(&reply(303, "/done")).unwrap().unwrap();
        assert!(seen.method == Method::Get && seen.body.is_none() && !names(&seen).contains(&"content-type"));
        let kept = first.redirected(&reply(307, "/there")).unwrap().unwrap();
        assert!(kept.method == Method::Post && kept.body.is_some());
        assert!(first.redirected(&reply(304, "/x")).unwrap().is_none());
    }
}
