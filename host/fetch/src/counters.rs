//! What the service has done so far, for operators.
//!
//! Invariant: counting never waits and never fails; each fetch counts as `asked` once, each exchange as `sent` once.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Totals since the start of the service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Fetches that plugins asked for.
    pub asked: u64,
    /// Exchanges with servers, each hop of a redirect on its own.
    pub sent: u64,
    /// Hops that joined an identical exchange already under way.
    pub merged: u64,
    /// Hops answered from the cache without asking the server.
    pub cached: u64,
    /// Hops whose cached answer the server confirmed (304).
    pub confirmed: u64,
    /// Hops answered with an old answer because the server failed.
    pub stale: u64,
    /// Fetches refused by a rule: host not permitted, or a private address.
    pub refused: u64,
    /// Fetches refused because too much was under way.
    pub busy: u64,
    /// Exchanges that failed, and answers with status 5xx or 429.
    pub failed: u64,
    /// Bytes in the cache now.
    pub cache_bytes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) asked: Count,
    pub(crate) sent: Count,
    pub(crate) merged: Count,
    pub(crate) cached: Count,
    pub(crate) confirmed: Count,
    pub(crate) stale: Count,
    pub(crate) refused: Count,
    pub(crate) busy: Count,
    pub(crate) failed: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    pub(crate) fn read(&self, cache_bytes: usize) -> Counters {
        Counters {
            asked: self.asked.now(),
            sent: self.sent.now(),
            merged: self.merged.now(),
            cached: self.cached.now(),
            confirmed: self.confirmed.now(),
            stale: self.stale.now(),
            refused: self.refused.now(),
            busy: self.busy.now(),
            failed: self.failed.now(),
            cache_bytes: cache_bytes as u64,
        }
    }
}
