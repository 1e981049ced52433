//! HTTP on behalf of plugins, which have no network of their own.
//!
//! A plugin is hostile until proven otherwise, and so are the servers it talks to. Everything a plugin may learn from
//! the network passes through [`FetchService::fetch`], in this order, for the first address and again for each
//! redirect:
//!
//! 1. the request is well formed and carries no header that belongs to the connection ([`Request`]);
//! 2. the manifest asks for the host *and* the operator approved it ([`Permission`], [`HostPattern`]);
//! 3. an address written as a number is judged ([`AddressKind`]); a name is judged when it is resolved, and the
//!    connection goes to the very addresses that were judged;
//! 4. a fresh answer in the cache, or an identical request under way, is used instead of asking again;
//! 5. otherwise the server is asked, within limits of time, of size after decompression, and of concurrency
//!    ([`Limits`]).
//!
//! Invariant: no step is skipped because a later one would catch it, and nothing learnt under one permission is shown
//! under another: the cache and the merging of requests work on single hops, each checked for each plugin.

mod address;
mod answer;
mod backoff;
mod board;
mod cache;
mod counters;
mod error;
mod exchange;
mod freshness;
mod limits;
mod pattern;
mod permission;
mod request;
mod resolver;
mod seats;
mod service;
mod transport;

pub use address::AddressKind;
pub use answer::Answer;
pub use counters::Counters;
pub use error::{FetchError, NotPermitted};
pub use limits::{Limits, LimitsError};
pub use pattern::{HostPattern, PatternError};
pub use permission::Permission;
pub use request::{Method, Request};
pub use service::FetchService;
