//! What the stage is told: the rotation, and what instances answer to a tick.
//!
//! Invariant: these are plain values. Every number in them may come from a hostile plugin; the stage bounds them.

use std::time::Duration;

use marquee_model::InstanceName;

/// One life of one runner process. An instance that is restarted or replaced gets a new key, so that news of the old
/// process can never be mistaken for news of the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunnerKey(pub u64);

/// One place in the rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The instance.
    pub name: InstanceName,
    /// How long one show lasts. Less than four frames counts as four frames, more than a year as a year.
    pub duration: Duration,
}

/// What an instance wants of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Show {
    /// Has something to show.
    Yes,
    /// Has nothing to show: is skipped.
    Nothing,
    /// Its show is over: gives the screen on. From a hidden instance this means [`Show::Nothing`].
    Over,
    /// Has something that cannot wait: takes the screen.
    Live,
}

/// When an instance wants its next tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wake {
    /// For the next frame.
    NextFrame,
    /// For a frame this long after the one it just drew. More than a day counts as a day.
    After(Duration),
    /// When it has new data or an event.
    News,
}

/// What an instance answered to a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Answer {
    /// What it wants of the screen.
    pub show: Show,
    /// When it wants to be asked again. A hidden instance is asked at most once a second, whatever it wants, and one
    /// that answered [`Show::Yes`] only when it has news or when its turn comes.
    pub wake: Wake,
    /// Whether its pixels differ from those of its frame before.
    pub changed: bool,
}

/// How one picture gives way to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// From one frame to the next.
    Cut,
    /// Fading for this long. No longer than one frame means a cut.
    CrossFade(Duration),
}
