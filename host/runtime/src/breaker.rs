//! When to start a plugin again that died, and when to leave it alone.
//!
//! Invariant: pure; time is handed in. Five deaths in a minute open the breaker; each time it opens, the pause doubles,
//! up to an hour; one good run after the pause closes it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Deaths in [`WINDOW`] that open the breaker.
const DEATHS: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);
/// Pauses before the first, second, … restart. The first is short: a plugin that dies once is back before anyone sees.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(20), Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4)];
const FIRST_COOL_DOWN: Duration = Duration::from_secs(5 * 60);
const LONGEST_COOL_DOWN: Duration = Duration::from_secs(60 * 60);
/// A run of this length is a good one.
pub(crate) const GOOD_RUN: Duration = Duration::from_secs(60);

/// What to do after a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Start again after this pause.
    Restart(Duration),
    /// Leave it alone for this long, then try once.
    Open(Duration),
}

/// The memory of one instance's deaths.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    deaths: VecDeque<Instant>,
    /// How often it opened since the last good run.
    opened: u32,
    /// The next run is a try after a cool-down.
    on_trial: bool,
}

impl Breaker {
    /// The instance died at `now` after running for `ran`.
    pub fn death(&mut self, now: Instant, ran: Duration) -> Verdict {
        if ran >= GOOD_RUN {
            *self = Self::default();
        }
        while self.deaths.front().is_some_and(|death| now.duration_since(*death) > WINDOW) {
            self.deaths.pop_front();
        }
        self.deaths.push_back(now);
        if self.on_trial || self.deaths.len() >= DEATHS {
            self.deaths.clear();
            self.on_trial = true;
            let pause = FIRST_COOL_DOWN.saturating_mul(1 << self.opened.min(6)).min(LONGEST_COOL_DOWN);
            self.opened += 1;
            return Verdict::Open(pause);
        }
        Verdict::Restart(PAUSES[(self.deaths.len() - 1).min(PAUSES.len() - 1)])
    }

    /// The instance has been running well for [`GOOD_RUN`], or is a new file, or the operator says so.
    pub fn close(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(100);

    /// P-PLUGIN-1: the first restart comes within 100 ms. P-PLUGIN-6: five deaths in 60 s open the breaker, the pause
    /// grows, and one good run closes it.
    #[test]
    fn five_deaths_in_a_minute_open_the_breaker_and_a_good_run_closes_it() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        let Verdict::Restart(first) = breaker.death(now, SHORT) else { panic!("opened at once") };
        assert!(first < Duration::from_millis(50));
        for _ in 0..3 {
            now += Duration::from_secs(5);
            assert!(matches!(breaker.death(now, SHORT), Verdict::Restart(_)));
        }
        assert_eq!(breaker.death(now, SHORT), Verdict::Open(FIRST_COOL_DOWN));
        assert_eq!(breaker.death(now, SHORT), Verdict::Open(FIRST_COOL_DOWN * 2));
        for _ in 0..9 {
            breaker.death(now, SHORT);
        }
        assert_eq!(breaker.death(now, SHORT), Verdict::Open(LONGEST_COOL_DOWN));
        assert_eq!(breaker.death(now, GOOD_RUN), Verdict::Restart(first));
    }

    #[test]
    fn deaths_far_apart_never_open_it() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..50 {
            now += Duration::from_secs(20);
            assert!(matches!(breaker.death(now, SHORT), Verdict::Restart(_)));
        }
    }
}
