//! When each frame of a GIF starts: hundredths of a second, at least two each, and never drifting from real time.
//!
//! Invariant: a frame starts at its time rounded to a hundredth, or at most two hundredths later; the sum of all
//! delays is the real length to a hundredth. Pictures that come faster than a GIF can show are left out.

use std::time::Duration;

/// The shortest delay that viewers respect, in hundredths of a second: browsers turn less into ten.
const SHORTEST: u64 = 2;
/// The longest delay that fits into the format, in hundredths of a second.
pub(crate) const LONGEST: u64 = u16::MAX as u64;

/// Turns times into delays. Holds back the last two items, because a delay is known only by what follows.
#[derive(Debug)]
pub(crate) struct Timeline<T> {
    first: Option<Duration>,
    shown: Option<(u64, T)>,
    next: Option<(u64, T)>,
}

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self { first: None, shown: None, next: None }
    }
}

impl<T> Timeline<T> {
    /// Takes the next item; answers an earlier one with its delay, once that is known.
    pub(crate) fn push(&mut self, at: Duration, item: T) -> Option<(T, u64)> {
        let now = self.hundredths(at);
        let Some((start, _)) = &self.shown else {
            self.shown = Some((now, item));
            return None;
        };
        let Some((next_start, _)) = &self.next else {
            self.next = Some((now.max(start + SHORTEST), item));
            return None;
        };
        let next_start = *next_start;
        if now <= next_start {
            self.next = Some((next_start, item)); // the one that waited is left out
            return None;
        }
        let delay = next_start - start;
        let after = (now.max(next_start + SHORTEST), item);
        let next = self.next.replace(after);
        let done = std::mem::replace(&mut self.shown, next);
        done.map(|(_, item)| (item, delay))
    }

    /// The items held back, the last one ending at `end`.
    pub(crate) fn finish(mut self, end: Duration) -> Vec<(T, u64)> {
        let end = self.hundredths(end);
        let last = |(start, item): (u64, T)| (item, end.max(start + SHORTEST) - start);
        match (self.shown, self.next) {
            (None, _) => Vec::new(),
            (Some(shown), None) => vec![last(shown)],
            (Some((start, item)), Some(next)) => vec![(item, next.0 - start), last(next)],
        }
    }

    /// Hundredths of a second since the first item, to the nearest.
    fn hundredths(&mut self, at: Duration) -> u64 {
        let first = *self.first.get_or_insert(at);
        let micros = at.saturating_sub(first).as_micros().saturating_add(5_000) / 10_000;
        u64::try_from(micros).unwrap_or(u64::MAX / 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn delays_add_up_to_real_time(steps in prop::collection::vec(0u64..120_000, 1..200), tail in 20_000u64..90_000) {
            let mut timeline = Timeline::default();
            let mut at = Duration::from_secs(3);
            let mut out = Vec::new();
            let mut starts = Vec::new();
            for (index, step) in steps.iter().enumerate() {
                if index > 0 {
                    at += Duration::from_micros(*step);
                }
                starts.push(at - Duration::from_secs(3));
                out.extend(timeline.push(at, index));
            }
            let end = at + Duration::from_micros(tail) + Duration::from_millis(40);
            out.extend(timeline.finish(end));

            let total: u64 = out.iter().map(|(_, delay)| delay).sum();
            let real = (end - Duration::from_secs(3)).as_micros() as u64;
            prop_assert!((total * 10_000).abs_diff(real) <= 5_000);
            prop_assert_eq!(out.last().map(|(index, _)| *index), Some(steps.len() - 1));
            let mut shown_at = 0u64;
            for (index, delay) in out {
                prop_assert!(delay >= 2);
                let wanted = starts[index].as_micros() as u64;
                prop_assert!((shown_at * 10_000).abs_diff(wanted) <= 25_000, "{} shown at {}", wanted, shown_at);
                shown_at += delay;
            }
        }
    }

    #[test]
    fn a_time_that_runs_backwards_does_no_harm() {
        let mut timeline = Timeline::default();
        for (item, at) in [5, 3, 1, 9].into_iter().enumerate() {
            let _ = timeline.push(Duration::from_secs(at), item);
        }
        assert!(timeline.finish(Duration::ZERO).iter().all(|(_, delay)| *delay >= 2));
    }
}
