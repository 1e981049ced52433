//! Errors as RFC 9457 problem documents: the one shape in which this API refuses.
//!
//! Invariant: `detail` is one clear sentence with what to do and never repeats bytes of the request unescaped.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A refusal on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    header: Option<(&'static str, &'static str)>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl Problem {
    /// A problem of the given kind; `kind` becomes the last part of its `type`.
    pub(crate) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { status, kind, title, detail: detail.into(), header: None }
    }

    /// The same with one more header, such as `retry-after`; the name in lower case.
    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
    }

    /// 404 for a path that no route has.
    pub(crate) fn unknown_route(uri: &Uri) -> Self {
        let detail = format!("There is nothing at {}; the API lives under /api/v1.", shown(uri.path()));
        Self::new(StatusCode::NOT_FOUND, "unknown-route", "Unknown route", detail)
    }

    /// 405 for a path that is there, but not for this method.
    pub(crate) fn wrong_method(method: &Method, uri: &Uri) -> Self {
        let detail = format!(
            "{} does not answer {}; the Allow header says what it answers.",
            shown(uri.path()),
            shown(method.as_str())
        );
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "Method not allowed", detail)
    }

    /// 404 for an instance that has no picture to show.
    pub(crate) fn no_picture_of(name: &str) -> Self {
        let detail = format!(
            "No instance named {} has drawn a picture; GET /api/v1/plugins lists the instances.",
            shown(name)
        );
        Self::new(StatusCode::NOT_FOUND, "no-picture", "No such picture", detail)
    }

    /// 400 for a query string that cannot be read.
    pub(crate) fn bad_query() -> Self {
        let detail = "The query string cannot be read; give each parameter once, as NAME=VALUE.";
        Self::new(StatusCode::BAD_REQUEST, "bad-query", "Bad query", detail)
    }
}

/// Text from outside as it may stand in a sentence: quoted, escaped and short.
pub(crate) fn shown(text: &str) -> String {
    let short: String = text.chars().take(100).collect();
    format!("{short:?}")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: format!("urn:marquee:problem:{}", self.kind),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        let mut response = (self.status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some((name, value)) = self.header {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        response
    }
}
