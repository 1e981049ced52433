//! The web page: three files and an icon, compiled in, so that the host needs no files of its own to show it.
//!
//! Invariant: nothing here is made at run time, and nothing is loaded from anywhere else.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Routes of the page and its assets.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(async || asset("text/html; charset=utf-8", include_str!("../page/index.html"))))
        .route("/page.css", get(async || asset("text/css; charset=utf-8", include_str!("../page/page.css"))))
        .route(
            "/page.js",
            get(async || asset("text/javascript; charset=utf-8", include_str!("../page/page.js"))),
        )
        .route(
            "/panel.js",
            get(async || asset("text/javascript; charset=utf-8", include_str!("../page/panel.js"))),
        )
        .route("/icon.svg", get(async || asset("image/svg+xml", include_str!("../page/icon.svg"))))
}

/// Asked for again each time: the files are small, local, and change with the version of the host.
fn asset(kind: &'static str, body: &'static str) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], body).into_response()
}
