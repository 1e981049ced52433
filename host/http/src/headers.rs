//! The protection that every answer carries, refusals included.
//!
//! Invariant: no answer leaves without these headers; a handler may only set a `Cache-Control` of its own.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Puts the headers on an answer. `host` is the `Host` that the guard accepted, or none for a refusal.
pub(crate) fn protect(headers: &mut HeaderMap, host: Option<&str>) {
    headers.insert(CONTENT_SECURITY_POLICY, policy(host));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// The content security policy. The WebSocket is named in full because older Safari does not count it as `'self'`.
fn policy(host: Option<&str>) -> HeaderValue {
    let socket = host.map(|host| format!(" ws://{host}")).unwrap_or_default();
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         connect-src 'self'{socket}; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    );
    // The guard lets only our own names through, all of them printable ASCII without ';' or spaces.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}
