//! What a plugin asks for, and the rules it must keep.
//!
//! Invariant: a request that passes has a URL with http or https, a host and no password, headers that are valid and
//! leave the connection to the host, and a body only where one belongs.

use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::error::FetchError;
use crate::limits::Limits;

/// The methods that plugins may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads; cached, and merged with identical requests.
    Get,
    /// Reads the headers alone; merged with identical requests.
    Head,
    /// Sends a body; always reaches the server.
    Post,
}

/// A request of a plugin. Nothing in it is trusted.
#[derive(Debug, Clone)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// An absolute http or https URL of at most 8 KiB; a fragment is dropped.
    pub url: String,
    /// At most 64 headers and 16 KiB. Headers of the connection (`Host`, `Content-Length`, `Proxy-…`), compression
    /// and conditional requests are the host's business and refused.
    pub headers: Vec<(String, String)>,
    /// For POST only.
    pub body: Option<Vec<u8>>,
    /// Lowers the limit of time. The exchange itself goes on for others, and for the cache, up to the common limit.
    pub time_limit: Option<Duration>,
    /// Lowers the limit of bytes; of GET and HEAD the host may transfer more, up to the common limit.
    pub max_bytes: Option<usize>,
}

const MOST_URL_BYTES: usize = 8 << 10;
const MOST_HEADERS: usize = 64;
const MOST_HEADER_BYTES: usize = 16 << 10;

/// Headers that belong to the connection, to how the body is transferred, or to the cache of this service.
const NOT_FOR_PLUGINS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// The parts of a request that passed.
pub(crate) struct Checked {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
}

impl Request {
    /// A GET of `url` without headers, with the limits of the service.
    #[must_use]
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            url: url.into(),
            headers: Vec::new(),
            body: None,
            time_limit: None,
            max_bytes: None,
        }
    }

    /// Checks everything that can be checked without knowing the permission.
    pub(crate) fn check(&mut self, limits: &Limits) -> Result<Checked, FetchError> {
        if self.url.len() > MOST_URL_BYTES {
            return Err(FetchError::BadUrl("it is longer than 8 KiB"));
        }
        let url = Url::parse(&self.url).map_err(|_| FetchError::BadUrl("it is not a valid URL"))?;
        let url = check_url(url).map_err(FetchError::BadUrl)?;
        let body = self.body.take().map(Bytes::from);
        if body.is_some() && self.method != Method::Post {
            return Err(FetchError::BadRequest("only POST may have a body".to_owned()));
        }
        if body.as_ref().is_some_and(|body| body.len() > limits.bytes) {
            return Err(FetchError::BadRequest(format!("its body is larger than {} bytes", limits.bytes)));
        }
        Ok(Checked { url, headers: check_headers(&self.headers)?, body })
    }
}

/// Checks a URL, of a request or of a redirect, and drops its fragment.
pub(crate) fn check_url(mut url: Url) -> Result<Url, &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("its scheme is not http or https");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it has no host");
    }
    if url.port() == Some(0) {
        return Err("its port is 0");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it contains a user name or a password; send an Authorization header instead");
    }
    url.set_fragment(None);
    Ok(url)
}

/// The headers in the order given, sorted by name.
fn check_headers(given: &[(String, String)]) -> Result<HeaderMap, FetchError> {
    let refuse = |why: String| Err(FetchError::BadRequest(why));
    let size: usize = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if given.len() > MOST_HEADERS || size > MOST_HEADER_BYTES {
        return refuse(format!(
            "it has more than {MOST_HEADERS} headers or {MOST_HEADER_BYTES} bytes of headers"
        ));
    }
    let mut sorted: Vec<(HeaderName, HeaderValue)> = Vec::with_capacity(given.len());
    for (name, value) in given {
        let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
            return refuse(format!("{name:?} is not a header name"));
        };
        if NOT_FOR_PLUGINS.contains(&header.as_str()) || header.as_str().starts_with("proxy-") {
            return refuse(format!("the header `{header}` is set by the host; leave it out"));
        }
        let Ok(value) = HeaderValue::from_str(value) else {
            return refuse(format!(
                "the value of the header `{header}` contains characters that headers cannot hold"
            ));
        };
        sorted.push((header, value));
    }
    sorted.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
    let mut headers = HeaderMap::with_capacity(sorted.len());
    for (name, value) in sorted {
        headers.append(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut Request)) -> String {
        let mut request = Request::get("https://example.com/");
        change(&mut request);
        request.check(&Limits::default()).err().map(|error| error.to_string()).unwrap_or_default()
    }

    /// P-BOX-3: only http and https, and no password in the address.
    #[test]
    fn other_schemes_and_passwords_in_urls_are_refused() {
        for url in [
            "file:///etc/passwd",
            "ftp://example.com/",
            "data:,x",
            "example.com",
            "http://",
            "https://me:secret@example.com/",
            "https://me@example.com/",
            "http://example.com:0/",
        ] {
            let message = refusal(|request| request.url = url.to_owned());
            assert!(message.contains("the URL cannot be fetched"), "{url}: {message}");
            assert!(!message.contains("secret@"), "{message}");
        }
    }

    /// P-BOX-3: a plugin cannot speak for the connection, smuggle a second request or name another host.
    #[test]
    fn headers_of_the_connection_are_refused_by_name() {
        for name in ["Host", "CONNECTION", "transfer-encoding", "Content-Length", "Proxy-Authorization", "TE"]
        {
            let message = refusal(|request| request.headers = vec![(name.to_owned(), "x".to_owned())]);
            assert!(message.contains(&format!("`{}`", name.to_lowercase())), "{message}");
        }
        for (name, value) in [("x", "a\r\nHost: evil"), ("a b", "x"), ("", "x"), ("x", "a\0b")] {
            assert_ne!(refusal(|request| request.headers = vec![(name.to_owned(), value.to_owned())]), "");
        }
        assert_ne!(refusal(|request| request.headers = vec![("a".to_owned(), "b".to_owned()); 65]), "");
    }

    #[test]
    fn a_body_belongs_to_post_and_keeps_the_limit() {
        assert_ne!(refusal(|request| request.body = Some(vec![1])), "");
        let post = |bytes| {
            refusal(|request| {
                request.method = Method::Post;
                request.body = Some(vec![0; bytes]);
            })
        };
        assert_eq!(post(10), "");
        assert_ne!(post((2 << 20) + 1), "");
    }
}
