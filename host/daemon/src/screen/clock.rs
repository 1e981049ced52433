//! The render thread's time: a grid of frame times, the wall clock, and the panel's clock if there is one.
//!
//! Invariant: times of the grid are multiples of the period since the start, computed and not summed up, so that no
//! error grows; a step that came late does not move the ones after it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;

/// The grid of frame times.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    /// `CLOCK_MONOTONIC` at the start, in nanoseconds.
    start_ns: u64,
    fps: u32,
    zone: TimeZone,
}

impl Clock {
    pub(crate) fn new(start: Instant, fps: u16, zone: TimeZone) -> Self {
        let monotonic = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let now_ns = u64::try_from(monotonic.tv_sec).unwrap_or(0) * 1_000_000_000
            + u64::try_from(monotonic.tv_nsec).unwrap_or(0);
        let start_ns = now_ns.saturating_sub(nanos(start.elapsed()));
        Self { start, start_ns, fps: u32::from(fps.max(1)), zone }
    }

    pub(crate) fn period(&self) -> Duration {
        Duration::from_secs(1) / self.fps
    }

    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The time of the `n`th frame.
    pub(crate) fn frame(&self, n: u64) -> Duration {
        let whole = n / u64::from(self.fps);
        let rest = n % u64::from(self.fps);
        Duration::from_secs(whole) + Duration::from_nanos(rest * 1_000_000_000 / u64::from(self.fps))
    }

    /// The first frame at or after a time.
    pub(crate) fn frame_at_or_after(&self, time: Duration) -> u64 {
        let n = self.frame_at_or_before(time);
        if self.frame(n) >= time { n } else { n + 1 }
    }

    /// The last frame at or before a time.
    pub(crate) fn frame_at_or_before(&self, time: Duration) -> u64 {
        let guess = (time.as_nanos() * u128::from(self.fps) / 1_000_000_000) as u64;
        let above = self.frame(guess + 1);
        if above <= time { guess + 1 } else { guess }
    }

    /// A time of the screen as nanoseconds of `CLOCK_MONOTONIC`.
    pub(crate) fn monotonic_ns(&self, time: Duration) -> u64 {
        self.start_ns.saturating_add(nanos(time))
    }

    /// A time of the screen on the wall: nanoseconds since 1970 and the offset from UTC in seconds.
    pub(crate) fn wall(&self, time: Duration) -> (i64, i32) {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ahead = time.saturating_sub(self.now());
        let unix_ns = i64::try_from((wall + ahead).as_nanos()).unwrap_or(i64::MAX);
        (unix_ns, utc_offset(&self.zone, unix_ns))
    }
}

/// The offset of a time zone from UTC at a time, in seconds, east positive.
pub(crate) fn utc_offset(zone: &TimeZone, unix_ns: i64) -> i32 {
    let moment = jiff::Timestamp::from_nanosecond(i128::from(unix_ns));
    moment.map_or(0, |moment| zone.to_offset(moment).seconds())
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_does_not_drift_and_is_found_from_both_sides() {
        for fps in [1, 7, 30, 60, 90, 120] {
            let clock = Clock::new(Instant::now(), fps, TimeZone::UTC);
            assert_eq!(clock.frame(u64::from(fps) * 3600), Duration::from_secs(3600));
            for n in [0, 1, 59, 60, 61, 1_000_003] {
                let time = clock.frame(n);
                assert_eq!(
                    (clock.frame_at_or_before(time), clock.frame_at_or_after(time)),
                    (n, n),
                    "{fps} {n}"
                );
                let later = time + Duration::from_nanos(1);
                assert_eq!((clock.frame_at_or_before(later), clock.frame_at_or_after(later)), (n, n + 1));
            }
        }
    }
}
