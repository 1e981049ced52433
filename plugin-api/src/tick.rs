//! A request for a frame, and the answer's second half: when to ask again, and whether to be shown.
//!
//! Invariant: every time in a [`Tick`] is the time at which the frame will be *seen*, not at which it is drawn. Motion
//! computed from it is smooth however late the drawing.

use std::time::Duration;

/// A request for a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Tick {
    /// Time since the first frame of this plugin's life, on a clock that never jumps.
    pub elapsed: Duration,
    /// Time since the frame before; zero for the first.
    pub delta: Duration,
    /// Time since this plugin last came on screen; zero while it is not.
    pub shown: Duration,
    /// Nanoseconds since 1970-01-01T00:00:00 UTC.
    pub unix_ns: i64,
    /// The panel's offset from UTC in seconds, east positive, daylight saving included.
    pub utc_offset_s: i32,
    /// Frames drawn before this one.
    pub count: u64,
    /// Whether the plugin is on screen. A hidden plugin is asked now and then: just before its turn, and on news.
    pub visible: bool,
    /// Whether `fetch` brought new data since the last frame.
    pub new_data: bool,
}

impl Tick {
    /// The tick of a plugin's first frame, at a wall-clock time in UTC, on screen.
    #[must_use]
    pub fn first(unix_ns: i64) -> Self {
        Self {
            elapsed: Duration::ZERO,
            delta: Duration::ZERO,
            shown: Duration::ZERO,
            unix_ns,
            utc_offset_s: 0,
            count: 0,
            visible: true,
            new_data: false,
        }
    }

    /// Seconds since 1970-01-01T00:00:00 UTC, rounded down.
    #[must_use]
    pub fn unix_s(&self) -> i64 {
        self.unix_ns.div_euclid(1_000_000_000)
    }

    /// How long until the panel's wall clock shows the next full multiple of `step` (a second, a minute): what a clock
    /// passes to [`Next::after`]. Never zero. `step` of zero counts as a second.
    #[must_use]
    pub fn until_next(&self, step: Duration) -> Duration {
        let step = if step.is_zero() { 1_000_000_000 } else { step.as_nanos().min(i64::MAX as u128) as i64 };
        let local = self.unix_ns.saturating_add(i64::from(self.utc_offset_s) * 1_000_000_000);
        Duration::from_nanos((step - local.rem_euclid(step)) as u64)
    }
}

/// When a plugin wants to draw again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// At the next frame: for motion.
    NextFrame,
    /// After this time, counted from the time of the tick.
    After(Duration),
    /// When there is new data, an event, or its turn comes: for a still picture. Costs nothing until then.
    News,
}

/// What a plugin asks of the rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Its turn, as the operator set it.
    Yes,
    /// It has nothing to show: skip it. It is asked again when its turn comes, on news, or at its wake time.
    Nothing,
    /// Its show is over before its time: go on to the next plugin.
    Over,
    /// It shows something that must be seen now: it takes the screen until it answers otherwise.
    Live,
}

/// The answer to a tick: when to ask again, and whether to be shown.
///
/// ```
/// # use marquee_plugin_api::Next;
/// # use std::time::Duration;
/// let motion = Next::frame();
/// let clock = Next::after(Duration::from_secs(1));
/// let no_match_today = Next::news().nothing_to_show();
/// let goal = Next::frame().live();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// When to ask again.
    pub wake: Wake,
    /// Whether to be shown.
    pub show: Show,
}

impl Next {
    /// Again at the next frame.
    #[must_use]
    pub const fn frame() -> Self {
        Self { wake: Wake::NextFrame, show: Show::Yes }
    }

    /// Again after a time, counted from this tick.
    #[must_use]
    pub const fn after(time: Duration) -> Self {
        Self { wake: Wake::After(time), show: Show::Yes }
    }

    /// Again when there is new data or an event.
    #[must_use]
    pub const fn news() -> Self {
        Self { wake: Wake::News, show: Show::Yes }
    }

    /// The same, but there is nothing to show: skip this plugin.
    #[must_use]
    pub const fn nothing_to_show(self) -> Self {
        Self { show: Show::Nothing, ..self }
    }

    /// The same, but the show is over: go on to the next plugin.
    #[must_use]
    pub const fn over(self) -> Self {
        Self { show: Show::Over, ..self }
    }

    /// The same, but live: take the screen until told otherwise.
    #[must_use]
    pub const fn live(self) -> Self {
        Self { show: Show::Live, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_full_minute_is_found_in_local_time_and_before_1970() {
        let mut tick = Tick::first(90_000_000_000);
        assert_eq!(tick.until_next(Duration::from_secs(60)), Duration::from_secs(30));
        tick.utc_offset_s = 30;
        assert_eq!(tick.until_next(Duration::from_secs(60)), Duration::from_secs(60));
        tick = Tick::first(-1);
        assert_eq!(tick.until_next(Duration::from_secs(1)), Duration::from_nanos(1));
        assert_eq!(tick.until_next(Duration::ZERO), Duration::from_nanos(1));
    }
}
