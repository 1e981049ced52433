//! What is known of each request: the kept reply, the exchange under way, the recent failure.
//!
//! Invariant: of identical requests at most one exchange is under way, and deciding so happens in one step under one
//! lock (held by the service, never across a wait). An exchange belongs to no caller: callers only watch it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::cache::{Cache, Stored};
use crate::counters::Tally;
use crate::error::FetchError;
use crate::exchange::{Key, Reply};
use crate::freshness;
use crate::limits::Limits;

/// The reply to one hop, as a plugin sees it.
#[derive(Debug, Clone)]
pub(crate) struct Hop {
    pub(crate) reply: Arc<Reply>,
    pub(crate) age: Duration,
    pub(crate) stale: bool,
    pub(crate) from_cache: bool,
}

impl Hop {
    pub(crate) fn new(reply: Arc<Reply>) -> Self {
        let age = freshness::age(&reply.headers);
        Self { reply, age, stale: false, from_cache: false }
    }

    fn kept(stored: &Stored, stale: bool, now: Instant) -> Self {
        Self { reply: Arc::clone(&stored.reply), age: stored.age(now), stale, from_cache: true }
    }
}

pub(crate) type Outcome = Result<Hop, FetchError>;
pub(crate) type Watcher = watch::Receiver<Option<Outcome>>;
pub(crate) type Announcer = watch::Sender<Option<Outcome>>;

/// What a caller has to do.
pub(crate) enum Turn {
    /// Nothing: here is the outcome.
    Done(Outcome),
    /// Wait for an exchange that is under way.
    Watch(Watcher),
    /// Start the exchange, comparing with what is kept, and wait like everybody else.
    Start { announce: Announcer, watch: Watcher, kept: Option<Stored> },
}

/// An exchange under way, as its task knows it.
pub(crate) struct Flight {
    pub(crate) key: Arc<Key>,
    /// For messages.
    pub(crate) host: String,
    /// Whose share of the cache the reply is put on.
    pub(crate) owner: Arc<str>,
    /// Whether the reply may be kept as far as the request goes.
    pub(crate) cacheable: bool,
    /// What the server was asked to compare with.
    pub(crate) kept: Option<Stored>,
}

#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) cache: Cache,
    flights: HashMap<Arc<Key>, Watcher>,
    backoff: Backoff,
    tally: Arc<Tally>,
}

impl Board {
    pub(crate) fn new(limits: &Limits, tally: Arc<Tally>) -> Self {
        Self {
            cache: Cache::new(limits.cache_bytes, limits.cache_bytes_per_instance),
            flights: HashMap::new(),
            backoff: Backoff::new(limits.backoff_first, limits.backoff_longest),
            tally,
        }
    }

    /// Decides what a caller who wants `key` has to do.
    pub(crate) fn turn(&mut self, key: &Arc<Key>, host: &str, now: Instant) -> Turn {
        let kept = self.cache.get(key, now);
        if let Some((stored, true)) = &kept {
            self.tally.cached.up();
            return Turn::Done(Ok(Hop::kept(stored, false, now)));
        }
        // An exchange whose task died without a word (its runtime ended) is as good as none.
        if let Some(watch) = self.flights.get(key).filter(|watch| watch.has_changed().is_ok()) {
            self.tally.merged.up();
            return Turn::Watch(watch.clone());
        }
        let kept = kept.map(|(stored, _)| stored);
        if let Some((source, wait)) = self.backoff.holds(key, now) {
            return Turn::Done(match kept {
                Some(stored) => Ok(self.stale(&stored, now)),
                None => Err(FetchError::HeldBack { host: host.to_owned(), wait, source }),
            });
        }
        let (announce, watch) = watch::channel(None);
        self.flights.insert(Arc::clone(key), watch.clone());
        Turn::Start { announce, watch, kept }
    }

    /// The outcome of a finished exchange, which is no longer under way from here on.
    pub(crate) fn settle(
        &mut self,
        flight: &Flight,
        result: Result<Reply, FetchError>,
        now: Instant,
    ) -> Outcome {
        let Flight { key, host, kept, .. } = flight;
        self.flights.remove(key);
        let error = match result {
            Ok(reply) if reply.is_failure() => {
                self.tally.failed.up();
                let error = FetchError::Status { host: host.clone(), status: reply.status.as_u16() };
                let wish = freshness::retry_after(&reply.headers, Timestamp::now());
                self.backoff.failed(key, error, wish, now);
                return Ok(match kept {
                    Some(stored) => self.stale(stored, now),
                    None => Hop::new(Arc::new(reply)),
                });
            }
            Ok(reply) => {
                self.backoff.succeeded(key);
                return Ok(self.succeeded(flight, reply, now));
            }
            Err(error) => error,
        };
        self.tally.failed.up();
        if !error.is_failure_of_server() {
            return Err(error);
        }
        self.backoff.failed(key, error.clone(), None, now);
        match kept {
            Some(stored) => Ok(self.stale(stored, now)),
            None => Err(error),
        }
    }

    fn succeeded(&mut self, flight: &Flight, reply: Reply, now: Instant) -> Hop {
        let Flight { key, owner, kept, .. } = flight;
        if let (StatusCode::NOT_MODIFIED, Some(stored)) = (reply.status, kept) {
            self.tally.confirmed.up();
            let stored = stored.confirmed(&reply.headers, now);
            if freshness::storable(&stored.reply) {
                self.cache.put(key, stored.clone(), owner);
            } else {
                self.cache.remove(key);
            }
            return Hop::kept(&stored, false, now);
        }
        let reply = Arc::new(reply);
        if flight.cacheable && freshness::storable(&reply) {
            self.cache.put(key, Stored::new(Arc::clone(&reply), now), owner);
        } else if reply.status.is_success() {
            self.cache.remove(key);
        }
        Hop::new(reply)
    }

    /// What is kept for `key`, for a caller whose own patience ended before the exchange did.
    pub(crate) fn last_known(&mut self, key: &Key, now: Instant) -> Option<Hop> {
        let (stored, _) = self.cache.get(key, now)?;
        Some(self.stale(&stored, now))
    }

    fn stale(&self, stored: &Stored, now: Instant) -> Hop {
        self.tally.stale.up();
        Hop::kept(stored, true, now)
    }
}
