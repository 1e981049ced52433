//! How much a plugin may take: the numbers an operator can change, with their defaults.
//!
//! Invariant: a service only exists with limits that let it work at all ([`Limits::check`]).

use std::time::Duration;

/// The limits of a [`FetchService`](crate::FetchService); they hold for each plugin instance alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest time of one fetch, all redirects and the whole body included. Default 10 s.
    pub time: Duration,
    /// Largest body in bytes, counted after decompression; also the largest body that may be sent. Default 2 MiB.
    pub bytes: usize,
    /// Most redirects followed in one fetch. Default 5.
    pub redirects: u8,
    /// Most fetches that one instance may have under way; one more is refused at once. Default 4.
    pub concurrent_per_instance: usize,
    /// Most exchanges with servers under way in all; one more waits its turn. Default 16.
    pub concurrent_total: usize,
    /// Bytes the cache may hold in all; 0 keeps nothing. Default 16 MiB.
    pub cache_bytes: usize,
    /// Bytes of the cache that one instance may fill, so that none evicts the answers of the others. Default 4 MiB.
    pub cache_bytes_per_instance: usize,
    /// How long a request that failed is not tried again, the first time; doubles each time. Default 10 s.
    pub backoff_first: Duration,
    /// Where that doubling, and a server's `Retry-After`, end. Default 5 minutes.
    pub backoff_longest: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            bytes: 2 << 20,
            redirects: 5,
            concurrent_per_instance: 4,
            concurrent_total: 16,
            cache_bytes: 16 << 20,
            cache_bytes_per_instance: 4 << 20,
            backoff_first: Duration::from_secs(10),
            backoff_longest: Duration::from_secs(300),
        }
    }
}

/// Limits under which nothing could ever be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the fetch limit `{name}` is out of range: set it to at least 1 and at most {most}")]
pub struct LimitsError {
    /// The name of the limit, as in [`Limits`].
    pub name: &'static str,
    /// The highest value it may have, in the unit of that limit (seconds for a time).
    pub most: usize,
}

impl Limits {
    /// The most a body limit may be set to: answers are held in memory.
    const MOST_BYTES: usize = 256 << 20;
    const MOST_CONCURRENT: usize = 1024;
    const MOST_SECONDS: usize = 3600;

    /// # Errors
    /// When a limit is zero or absurdly high.
    pub(crate) fn check(&self) -> Result<(), LimitsError> {
        let within = |name, value: usize, most| {
            if (1..=most).contains(&value) { Ok(()) } else { Err(LimitsError { name, most }) }
        };
        let longest = Duration::from_secs(Self::MOST_SECONDS as u64);
        let time = |name, value: Duration| {
            if value.is_zero() || value > longest {
                Err(LimitsError { name, most: Self::MOST_SECONDS })
            } else {
                Ok(())
            }
        };
        time("time", self.time)?;
        within("bytes", self.bytes, Self::MOST_BYTES)?;
        within("concurrent_per_instance", self.concurrent_per_instance, Self::MOST_CONCURRENT)?;
        within("concurrent_total", self.concurrent_total, Self::MOST_CONCURRENT)?;
        time("backoff_first", self.backoff_first)?;
        time("backoff_longest", self.backoff_longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_limits_work_and_zero_is_refused_by_name() {
        assert_eq!(Limits::default().check(), Ok(()));
        let none = Limits { concurrent_total: 0, ..Limits::default() };
        assert_eq!(none.check().unwrap_err().name, "concurrent_total");
        let instant = Limits { time: Duration::ZERO, ..Limits::default() };
        assert_eq!(instant.check().unwrap_err().name, "time");
    }
}
