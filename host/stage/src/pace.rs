//! Whether an instance keeps up with the frame rate.
//!
//! Invariant: the verdict depends on the last [`Pace::WINDOW`] frames only, and has a dead band, so that an instance at
//! the limit does not flicker between slow and running.

/// Counts late frames of one runner and decides whether it is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// The last frames, newest in the lowest bit; a set bit was late.
    recent: u64,
    seen: u8,
    slow: bool,
    late: u64,
}

impl Pace {
    /// How many of the last visible frames are looked at.
    pub const WINDOW: u32 = 60;
    /// More late ones than this among them (20 %): slow.
    const SLOW_ABOVE: u32 = Self::WINDOW / 5;
    /// Fewer late ones than this among a full window (5 %): no longer slow.
    const WELL_BELOW: u32 = Self::WINDOW / 20;

    /// Notes whether a frame that was due on screen was late.
    pub fn record(&mut self, late: bool) {
        self.recent = (self.recent << 1 | u64::from(late)) & ((1 << Self::WINDOW) - 1);
        self.seen = self.seen.saturating_add(1).min(Self::WINDOW as u8);
        self.late = self.late.saturating_add(u64::from(late));
        let late = self.recent.count_ones();
        if late > Self::SLOW_ABOVE {
            self.slow = true;
        } else if late < Self::WELL_BELOW && u32::from(self.seen) == Self::WINDOW {
            self.slow = false;
        }
    }

    /// Whether the runner is too slow for the frame rate.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.slow
    }

    /// Frames that came too late since the runner started.
    #[must_use]
    pub fn late_frames(&self) -> u64 {
        self.late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(frames: impl IntoIterator<Item = bool>) -> Pace {
        let mut pace = Pace::default();
        frames.into_iter().for_each(|late| pace.record(late));
        pace
    }

    /// P-PLUGIN-4: slow but not hung is marked slow.
    #[test]
    fn more_than_a_fifth_late_is_slow() {
        assert!(!after((0..60).map(|n| n % 5 == 0)).is_slow(), "exactly a fifth is not");
        assert!(after((0..60).map(|n| n % 4 == 0)).is_slow());
    }

    #[test]
    fn thirteen_late_frames_are_enough_without_waiting_for_a_full_window() {
        assert!(!after([true; 12]).is_slow());
        assert!(after([true; 13]).is_slow());
    }

    #[test]
    fn a_slow_one_is_well_again_only_below_a_twentieth() {
        let mut pace = after([true; 60]);
        for _ in 0..57 {
            pace.record(false);
        }
        assert!(pace.is_slow(), "three of sixty are still late");
        pace.record(false);
        assert!(!pace.is_slow());
        assert_eq!(pace.late_frames(), 60);
    }
}
