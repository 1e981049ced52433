//! What the stage knows of one instance.
//!
//! Invariant: an instance has at most one unanswered tick, and everything that belongs to one life of its runner is
//! forgotten when that life ends.

use std::time::Duration;

use marquee_model::InstanceName;

use crate::{Answer, Pace, RunnerKey, Show, Wake};

/// A hidden instance is asked no more often than this, apart from news.
pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// The longest pause that an instance may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether an instance has a runner that draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Its first runner has not drawn yet.
    Awaited,
    /// This runner has drawn at least one frame.
    Ready(RunnerKey),
    /// Its runner ended at this time.
    Gone(Duration),
}

/// What an instance wants of the screen, as far as it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Willing,
    Nothing,
    Live,
}

/// A tick without an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) at: Duration,
    pub(crate) visible: bool,
    /// Its time on screen came without an answer.
    pub(crate) late: bool,
}

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: InstanceName,
    pub(crate) duration: Duration,
    /// Whether it is in the rotation; one that is not stays only while its last frame is on screen.
    pub(crate) listed: bool,
    pub(crate) life: Life,
    pub(crate) standing: Standing,
    pub(crate) asked: Option<Asked>,
    /// When it wants its next tick while visible; none: on news only.
    pub(crate) due: Option<Duration>,
    /// When it is asked next while hidden, if it has nothing to show or is live.
    pub(crate) poll: Option<Duration>,
    /// When its newest frame was asked for.
    pub(crate) frame_at: Duration,
    /// When it last answered.
    pub(crate) heard: Duration,
    /// It has new data or an event that it was not asked about yet.
    pub(crate) news: bool,
    /// It shall draw ahead of its turn.
    pub(crate) preroll: bool,
    /// It came on screen and has not been asked as a visible one since.
    pub(crate) greet: bool,
    /// It gave its turn away.
    pub(crate) over: bool,
    pub(crate) pace: Pace,
}

impl Slot {
    pub(crate) fn new(name: InstanceName, duration: Duration) -> Self {
        Self {
            name,
            duration,
            listed: true,
            life: Life::Awaited,
            standing: Standing::Willing,
            asked: None,
            due: None,
            poll: None,
            frame_at: Duration::ZERO,
            heard: Duration::ZERO,
            news: false,
            preroll: false,
            greet: false,
            over: false,
            pace: Pace::default(),
        }
    }

    /// Starts a new life with its first frame.
    pub(crate) fn revive(&mut self, runner: RunnerKey, visible: bool, now: Duration) {
        *self = Self {
            listed: self.listed,
            life: Life::Ready(runner),
            due: Some(now),
            frame_at: now,
            heard: now,
            greet: visible,
            news: self.news,
            ..Self::new(self.name.clone(), self.duration)
        };
    }

    /// Ends its life.
    pub(crate) fn bury(&mut self, now: Duration) {
        *self = Self {
            listed: self.listed,
            life: Life::Gone(now),
            pace: self.pace,
            ..Self::new(self.name.clone(), self.duration)
        };
    }

    /// In the rotation, with a runner that has drawn.
    pub(crate) fn is_ready(&self) -> bool {
        self.runner().is_some()
    }

    /// The runner to ask, if it is in the rotation and has one that has drawn.
    pub(crate) fn runner(&self) -> Option<RunnerKey> {
        match self.life {
            Life::Ready(runner) if self.listed => Some(runner),
            _ => None,
        }
    }

    /// Its tick has been unanswered for `limit`.
    pub(crate) fn is_hung(&self, now: Duration, limit: Duration) -> bool {
        self.asked.is_some_and(|asked| now >= asked.at.saturating_add(limit))
    }

    /// Takes an answer to its tick (or one that came with its first frame).
    pub(crate) fn hear(&mut self, answer: Answer, period: Duration, now: Duration) {
        let at = self.asked.map_or(now, |asked| asked.at);
        if let Some(asked) = self.asked.take()
            && asked.visible
            && !asked.late
        {
            self.pace.record(false);
        }
        self.frame_at = at;
        self.heard = now;
        // The frame was drawn for one period after its tick, and the next tick goes out one period before its own
        // frame is due: the two cancel out.
        let pause = match answer.wake {
            Wake::NextFrame => Some(Duration::ZERO),
            Wake::After(pause) => Some(pause.min(LONGEST_PAUSE)),
            Wake::News => None,
        };
        self.due = pause.map(|pause| at.saturating_add(pause.max(period)));
        self.poll = pause.map(|pause| at.saturating_add(pause.max(SECOND)));
        self.standing = match answer.show {
            Show::Yes | Show::Over => Standing::Willing,
            Show::Nothing => Standing::Nothing,
            Show::Live => Standing::Live,
        };
    }
}
