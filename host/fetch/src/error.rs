//! Why a fetch gave no answer: one sentence each, saying what to do.
//!
//! Invariant: no message contains a path, a query or a header: those may hold an API key, and messages end up in logs
//! and on web pages.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::address::AddressKind;

/// What a permission lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotPermitted {
    /// The manifest does not name the host.
    NotAsked,
    /// The operator did not approve the host.
    NotApproved,
    /// The manifest names the host, but not with this port.
    PortNotAsked,
    /// The operator approved the host, but not with this port.
    PortNotApproved,
}

impl fmt::Display for NotPermitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "the plugin's manifest does not name this host; its author must add it",
            Self::NotApproved => "the operator has not approved this host; approve it for this plugin",
            Self::PortNotAsked => "the plugin's manifest does not name this port; its author must add it",
            Self::PortNotApproved => "the operator has not approved this port; approve the host with `:port`",
        })
    }
}

/// Why a fetch gave no answer. Cheap to clone: one failure may answer several plugins.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The manifest or the operator does not permit the host.
    #[error("{host} may not be fetched: {why}")]
    NotPermitted {
        /// Host, and port if it is not the usual one.
        host: String,
        /// What is missing.
        why: NotPermitted,
    },
    /// The host is in a network that this plugin may not reach, or at an address that no server has.
    #[error(
        "{host} is at the {kind} address {address}, which this plugin may not reach: use a public host, or ask for the private network and have it approved"
    )]
    PrivateAddress {
        /// The host as in the URL.
        host: String,
        /// The address it stands for.
        address: IpAddr,
        /// The kind of that address.
        kind: AddressKind,
    },
    /// The URL cannot be fetched.
    #[error("the URL cannot be fetched ({0}): give an absolute http or https URL without a password in it")]
    BadUrl(&'static str),
    /// The request breaks a rule.
    #[error("the request cannot be sent: {0}")]
    BadRequest(String),
    /// The body is larger than the limit, after decompression.
    #[error(
        "{host} sent more than the {limit} bytes allowed: ask it for less, or raise the limit in the configuration"
    )]
    TooLarge {
        /// The host.
        host: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer was not complete in time.
    #[error("{host} did not answer completely within {} s: try again later, or allow more time", limit.as_secs_f32())]
    TimedOut {
        /// The host.
        host: String,
        /// The limit.
        limit: Duration,
    },
    /// The redirects did not end.
    #[error("more than {limit} redirects, the last one from {host}: use the final address")]
    TooManyRedirects {
        /// The host of the last redirect.
        host: String,
        /// The limit.
        limit: u8,
    },
    /// A redirect that is not followed.
    #[error("{host} redirects to an address that is not followed ({why}): use the final address")]
    BadRedirect {
        /// The host that redirected.
        host: String,
        /// What is wrong with the new address.
        why: &'static str,
    },
    /// The exchange with the server failed; the source says how.
    #[error("the exchange with {host} failed: check the address and the network")]
    Network {
        /// The host.
        host: String,
        /// What went wrong, without the URL.
        source: Arc<reqwest::Error>,
    },
    /// The server answered with 5xx or 429. Seen only as the source of [`FetchError::HeldBack`]: the first such
    /// answer is handed on as it came.
    #[error("{host} answered with status {status}: try again later")]
    Status {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The same request failed a short while ago; the source says how.
    #[error("{host} failed a moment ago and is not asked again for {} s: try again then", wait.as_secs().max(1))]
    HeldBack {
        /// The host.
        host: String,
        /// How long the request is still held back.
        wait: Duration,
        /// The failure.
        source: Arc<FetchError>,
    },
    /// Too much is under way already.
    #[error("{0}: wait for an answer before asking again")]
    TooBusy(&'static str),
    /// The HTTP client cannot be made on this machine.
    #[error(
        "this machine cannot make HTTPS connections: install its certificate authorities (ca-certificates)"
    )]
    NoClient {
        /// What went wrong.
        source: Arc<reqwest::Error>,
    },
    /// The host is shutting down.
    #[error(
        "the exchange with {host} was cut short because this host is stopping: try again after its start"
    )]
    Interrupted {
        /// The host.
        host: String,
    },
}

impl FetchError {
    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::TimedOut { .. }
            | Self::Network { .. }
            | Self::Status { .. }
            | Self::HeldBack { .. }
            | Self::TooBusy(_)
            | Self::Interrupted { .. } => true,
            Self::NotPermitted { .. }
            | Self::PrivateAddress { .. }
            | Self::BadUrl(_)
            | Self::BadRequest(_)
            | Self::TooLarge { .. }
            | Self::TooManyRedirects { .. }
            | Self::BadRedirect { .. }
            | Self::NoClient { .. } => false,
        }
    }

    /// Whether the request was refused by a rule, as opposed to having failed.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::NotPermitted { .. } | Self::PrivateAddress { .. })
    }

    /// Whether the server is to blame, so that it is left alone for a while and an old answer is better than none.
    pub(crate) fn is_failure_of_server(&self) -> bool {
        matches!(
            self,
            Self::TimedOut { .. } | Self::Network { .. } | Self::TooLarge { .. } | Self::Status { .. }
        )
    }
}
