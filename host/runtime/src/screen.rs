//! The seam to whoever shows frames.
//!
//! Invariant: each [`ProcessKey`] joins once and leaves once; reports about a process that has left are ignored.

use marquee_frames::Reader;
use marquee_model::InstanceName;
use tokio::sync::mpsc::UnboundedSender;

/// One life of one runner process. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessKey(pub u64);

/// A runner whose plugin is made and can be asked for frames.
#[derive(Debug)]
pub struct Joining {
    /// The instance. If another process of it is there, this one is to take its place with its first good frame.
    pub name: InstanceName,
    /// This process.
    pub key: ProcessKey,
    /// The reading end of its frames.
    pub reader: Reader,
    /// Where to say what is seen of it.
    pub reports: Reporter,
}

/// What only the screen sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScreenReport {
    /// The first good frame is there (and has taken over, if there was another process).
    FirstFrame,
    /// A tick is unanswered for longer than a draw may take.
    Hung,
    /// It does, or no longer does, keep up with the frame rate.
    Slow(bool),
    /// A good frame after a failed one.
    DrawsAgain,
    /// It breaks the protocol of the frame memory.
    Violates,
    /// Counters since the process started: frames, late frames.
    Counts {
        /// Frames drawn.
        frames: u64,
        /// Frames that came too late.
        late: u64,
    },
}

/// Where the screen reports about one process.
#[derive(Debug, Clone)]
pub struct Reporter {
    pub(crate) key: ProcessKey,
    pub(crate) to: UnboundedSender<(ProcessKey, ScreenReport)>,
}

impl Reporter {
    /// Reports; never waits. Nobody hears what is said of a process that is gone.
    pub fn report(&self, report: ScreenReport) {
        let _ = self.to.send((self.key, report));
    }
}

/// Whoever shows frames. All calls return at once.
pub trait Screen: Send + Sync + 'static {
    /// A process can be asked for frames.
    fn joins(&self, joining: Joining);
    /// A process is gone, or about to be ended.
    fn leaves(&self, name: &InstanceName, key: ProcessKey);
    /// There is new data or an event for a process: it wants to be asked.
    fn news(&self, name: &InstanceName, key: ProcessKey);
}
