//! Requests that failed a short while ago, and until when they are not sent again.
//!
//! Invariant: a server that fails is asked at most once per wait for the same thing, whoever asks; the memory this
//! takes is bounded however many different requests fail.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::FetchError;
use crate::exchange::Key;

/// The most failures remembered; the one that ends first makes room.
const MOST: usize = 512;

#[derive(Debug)]
pub(crate) struct Backoff {
    failed: HashMap<Arc<Key>, Failed>,
    first: Duration,
    longest: Duration,
}

#[derive(Debug)]
struct Failed {
    error: Arc<FetchError>,
    until: Instant,
    /// The wait that the next failure doubles.
    wait: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { failed: HashMap::new(), first: first.min(longest), longest }
    }

    /// The failure that still holds `key` back, and for how long.
    pub(crate) fn holds(&self, key: &Key, now: Instant) -> Option<(Arc<FetchError>, Duration)> {
        let failed = self.failed.get(key)?;
        (now < failed.until).then(|| (Arc::clone(&failed.error), failed.until - now))
    }

    /// Remembers a failure. `retry_after` is what the server wishes; it is granted between a second and the longest wait.
    pub(crate) fn failed(
        &mut self,
        key: &Arc<Key>,
        error: FetchError,
        retry_after: Option<Duration>,
        now: Instant,
    ) {
        let wait = self.failed.get(key).map_or(self.first, |before| (before.wait * 2).min(self.longest));
        let pause = retry_after.map_or(wait, |wish| wish.max(Duration::from_secs(1)).min(self.longest));
        if self.failed.len() >= MOST && !self.failed.contains_key(key) {
            let first_to_end =
                self.failed.iter().min_by_key(|(_, failed)| failed.until).map(|(key, _)| Arc::clone(key));
            if let Some(key) = first_to_end {
                self.failed.remove(&key);
            }
        }
        self.failed.insert(Arc::clone(key), Failed { error: Arc::new(error), until: now + pause, wait });
    }

    pub(crate) fn succeeded(&mut self, key: &Key) {
        self.failed.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Exchange;
    use crate::request::Method;
    use http::HeaderMap;

    fn key(name: &str) -> Arc<Key> {
        let url = format!("https://example.com/{name}").parse().unwrap();
        let headers = HeaderMap::new();
        Arc::new(Exchange { method: Method::Get, url, headers, body: None, private_network: false }.key())
    }

    fn error() -> FetchError {
        FetchError::Status { host: "example.com".to_owned(), status: 503 }
    }

    fn wait(backoff: &Backoff, key: &Key, now: Instant) -> u64 {
        backoff.holds(key, now).map_or(0, |(_, wait)| wait.as_secs())
    }

    #[test]
    fn the_wait_doubles_up_to_its_end_and_a_success_forgets_it() {
        let (mut backoff, now, key) =
            (Backoff::new(Duration::from_secs(10), Duration::from_secs(300)), Instant::now(), key("a"));
        for wanted in [10, 20, 40, 80, 160, 300, 300] {
            backoff.failed(&key, error(), None, now);
            assert_eq!(wait(&backoff, &key, now), wanted);
        }
        assert!(backoff.holds(&key, now + Duration::from_secs(300)).is_none());
        backoff.succeeded(&key);
        backoff.failed(&key, error(), None, now);
        assert_eq!(wait(&backoff, &key, now), 10);
    }

    #[test]
    fn the_wish_of_the_server_is_granted_within_reason() {
        let (mut backoff, now, key) =
            (Backoff::new(Duration::from_secs(10), Duration::from_secs(300)), Instant::now(), key("a"));
        for (wish, wanted) in [(0, 1), (42, 42), (86_400, 300)] {
            backoff.failed(&key, error(), Some(Duration::from_secs(wish)), now);
            assert_eq!(wait(&backoff, &key, now), wanted);
        }
    }

    #[test]
    fn endlessly_many_failures_take_bounded_memory() {
        let (mut backoff, now) =
            (Backoff::new(Duration::from_secs(10), Duration::from_secs(300)), Instant::now());
        for number in 0..2 * MOST {
            backoff.failed(&key(&number.to_string()), error(), None, now);
        }
        assert_eq!(backoff.failed.len(), MOST);
    }
}
