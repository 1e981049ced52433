//! What the stage decides at each step.
//!
//! Invariant: every name in a scene is one that the stage was told of, and every one in [`Scene::ask`] has a living
//! runner without an unanswered tick.

use std::time::Duration;

use marquee_model::InstanceName;

use crate::RunnerKey;

/// Why the screen shows what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It is the turn of this instance.
    Rotation,
    /// The instance has something that cannot wait.
    Live,
    /// No instance has anything to show.
    NothingToShow,
    /// No instance has drawn yet.
    Starting,
}

impl Reason {
    /// The word for it in the HTTP API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rotation => "rotation",
            Self::Live => "live",
            Self::NothingToShow => "nothing_to_show",
            Self::Starting => "starting",
        }
    }
}

/// A tick to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// To whom.
    pub name: InstanceName,
    /// To which of its runners.
    pub runner: RunnerKey,
    /// Whether its picture is on screen now; otherwise it draws ahead of its turn.
    pub visible: bool,
}

/// What is on screen from this step on, and who gets a tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// Whose newest frame is on screen; none for the host's own picture (see `reason`). It may be an instance that
    /// just died or was removed: then its last frame stays until the next one has drawn.
    pub shown: Option<InstanceName>,
    /// While one picture gives way to another: whom it comes from, and the weight of `shown`, 0 to 256.
    pub blend: Option<(InstanceName, u16)>,
    /// Whether the picture may differ from that of the last step. If not, there is nothing to compose or send.
    pub redraw: bool,
    /// Why.
    pub reason: Reason,
    /// Who comes next, as far as is known.
    pub next: Option<InstanceName>,
    /// When `shown` (or the host's picture) came on screen, since the start of the host.
    pub since: Duration,
    /// Who gets a tick now. The stage takes each as sent and asks nobody again before the answer.
    pub ask: Vec<Ask>,
}

/// Makes `place` hold `name`, copying only if it does not already.
pub(crate) fn put(place: &mut Option<InstanceName>, name: Option<&InstanceName>) {
    if place.as_ref() != name {
        *place = name.cloned();
    }
}
