//! What a plugin gets back.
//!
//! Invariant: an answer that is not what the server says now is marked so (`stale`), with its age.

use std::time::Duration;

use bytes::Bytes;

/// The answer to a fetch. Any HTTP status is an answer; only what prevents one is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, in the order received. Cookies are left out of answers that may be shared.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed; empty for HEAD.
    pub body: Bytes,
    /// The server could not be asked or failed; this is its last good answer.
    pub stale: bool,
    /// Time since the server sent this answer or confirmed it.
    pub age: Duration,
    /// The body was not transferred for this fetch.
    pub from_cache: bool,
    /// The URL that gave the answer, after redirects, without a fragment.
    pub url: String,
}
