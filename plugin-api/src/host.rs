//! What the host does for a plugin: fetch over HTTP, keep values, read assets, log.
//!
//! Invariant: everything here is asked of the host's process, which checks permission and limits each time; nothing
//! in this file could be used to get around them.

use std::fmt;
use std::time::Duration;

use crate::PanelInfo;

/// The host's services, as [`Plugin::fetch`](crate::Plugin::fetch) gets them. Every call may block the fetch thread
/// (never the picture).
///
/// For logging use the macros of the [`log`](crate::log) crate, in any callback: lines come out in the plugin's log.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    services: &'a dyn Services,
    panel: &'a PanelInfo,
}

impl<'a> Host<'a> {
    #[doc(hidden)]
    pub fn new(services: &'a dyn Services, panel: &'a PanelInfo) -> Self {
        Self { services, panel }
    }

    /// Size, time zone, location: the same that [`Plugin::new`](crate::Plugin::new) got.
    #[must_use]
    pub fn panel(&self) -> &PanelInfo {
        self.panel
    }

    /// Gets a URL.
    ///
    /// # Errors
    /// See [`Host::send`].
    pub fn get(&self, url: impl Into<String>) -> Result<HttpResponse, HostError> {
        self.send(&HttpRequest::get(url))
    }

    /// Sends an HTTP request by way of the host. `GET` answers are cached as their headers say and shared with other
    /// plugins that ask the same; when the server cannot be reached, the last good answer comes with
    /// [`stale`](HttpResponse::stale) set. Limits are the host's: 10 s and 2 MiB unless the operator set others.
    ///
    /// # Errors
    /// [`NotPermitted`](HostErrorKind::NotPermitted) for a host that the manifest does not name or the operator did not
    /// approve; [`TimedOut`](HostErrorKind::TimedOut), [`TooLarge`](HostErrorKind::TooLarge),
    /// [`Unavailable`](HostErrorKind::Unavailable) (try again later), [`Invalid`](HostErrorKind::Invalid) (never will).
    /// An HTTP status such as 404 is an answer, not an error.
    pub fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HostError> {
        self.services.http(request)
    }

    /// Reads a value that this instance kept; it outlives restarts and updates.
    ///
    /// # Errors
    /// [`Unavailable`](HostErrorKind::Unavailable) when the host cannot read it now.
    pub fn value(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.services.value(key)
    }

    /// Keeps a value, replacing the one under that key: at most 256 keys of up to 120 bytes, and all keys and
    /// values of an instance together up to 1 MiB.
    ///
    /// # Errors
    /// [`TooLarge`](HostErrorKind::TooLarge) when it would pass the limit; nothing is changed then.
    pub fn set_value(&self, key: &str, value: &[u8]) -> Result<(), HostError> {
        self.services.set_value(key, Some(value))
    }

    /// Forgets a value. No error if there is none.
    ///
    /// # Errors
    /// [`Unavailable`](HostErrorKind::Unavailable) when the host cannot write now.
    pub fn remove_value(&self, key: &str) -> Result<(), HostError> {
        self.services.set_value(key, None)
    }

    /// Reads a file of the plugin's `assets` folder by its path in it, such as `"logo.png"`; at most 8 MiB.
    ///
    /// # Errors
    /// [`NotFound`](HostErrorKind::NotFound), [`TooLarge`](HostErrorKind::TooLarge), or
    /// [`Invalid`](HostErrorKind::Invalid) for a path that leads out of the folder.
    pub fn asset(&self, path: &str) -> Result<Vec<u8>, HostError> {
        self.services.asset(path)
    }
}

impl fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("panel", self.panel).finish_non_exhaustive()
    }
}

/// What stands behind a [`Host`]: the real one in a runner, a canned one in tests.
#[doc(hidden)]
pub trait Services: Send + Sync {
    fn http(&self, request: &HttpRequest) -> Result<HttpResponse, HostError>;
    fn value(&self, key: &str) -> Result<Option<Vec<u8>>, HostError>;
    fn set_value(&self, key: &str, value: Option<&[u8]>) -> Result<(), HostError>;
    fn asset(&self, path: &str) -> Result<Vec<u8>, HostError>;
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `HEAD` or `POST`.
    pub method: String,
    /// An absolute `http` or `https` URL.
    pub url: String,
    /// Headers, in order. The host refuses those that belong to the connection (`Host`, `Connection`, …).
    pub headers: Vec<(String, String)>,
    /// Body, for `POST`.
    pub body: Vec<u8>,
    /// Less time than the host's limit.
    pub time_limit: Option<Duration>,
}

impl HttpRequest {
    /// A `GET` request without headers.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET".into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            time_limit: None,
        }
    }

    /// A `POST` request with a body.
    pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { method: "POST".into(), body: body.into(), ..Self::get(url) }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same with less time than the host's limit.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.time_limit = Some(time);
        self
    }
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code, 100 to 599.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, decompressed.
    pub body: Vec<u8>,
    /// Whether this is an old answer because the server could not be reached.
    pub stale: bool,
    /// How old the answer is; zero when it came just now.
    pub age: Duration,
}

impl HttpResponse {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The same answer if its status is 2xx, else an error that names the status.
    ///
    /// # Errors
    /// [`Unavailable`](HostErrorKind::Unavailable) with the status in its sentence.
    pub fn success(self) -> Result<Self, HostError> {
        if self.is_success() {
            return Ok(self);
        }
        let message = format!("the server answered with status {}", self.status);
        Err(HostError { kind: HostErrorKind::Unavailable, message })
    }

    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 become replacement characters.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// What is wrong with the JSON and where.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// What kind of refusal a [`HostError`] is: whose fault, and may I try again?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostErrorKind {
    /// The manifest does not ask for it or the operator did not agree. Trying again helps only when they did.
    NotPermitted,
    /// There is no such thing.
    NotFound,
    /// The plugin asked for something that cannot be: a bug of the plugin or a wrong setting.
    Invalid,
    /// More than the limit.
    TooLarge,
    /// More time than the limit. Try again later.
    TimedOut,
    /// Not now: no network, a broken server, too many requests. Try again later.
    Unavailable,
}

/// Why the host did not do what a plugin asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostError {
    /// Whose fault, and may I try again.
    pub kind: HostErrorKind,
    /// One sentence.
    pub message: String,
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for HostError {}

impl HostErrorKind {
    /// The number of a kind on the wire. Numbers are never used again for something else.
    #[doc(hidden)]
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::NotPermitted => 1,
            Self::NotFound => 2,
            Self::Invalid => 3,
            Self::TooLarge => 4,
            Self::TimedOut => 5,
            Self::Unavailable => 6,
        }
    }

    /// The kind of a number; a number from a newer host is "not now".
    #[doc(hidden)]
    #[must_use]
    pub const fn from_code(code: u32) -> Self {
        match code {
            1 => Self::NotPermitted,
            2 => Self::NotFound,
            3 => Self::Invalid,
            4 => Self::TooLarge,
            5 => Self::TimedOut,
            _ => Self::Unavailable,
        }
    }
}
