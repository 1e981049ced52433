//! One runner as the screen sees it: its frames, the tick it owes an answer to, how well it keeps up.
//!
//! Invariant: at most one tick is unanswered; every number from the runner is bounded here.

use std::time::{Duration, Instant};

use marquee_frames::{FAILED, FrameInfo, Tick, VISIBLE};
use marquee_model::InstanceName;
use marquee_runtime::{Joining, ProcessKey, ScreenReport};
use marquee_stage::{Answer, RunnerKey, Show, Wake, compose};

use super::board::OwnFrame;
use super::clock::Clock;

/// How often counters are reported.
const REPORT: Duration = Duration::from_secs(1);
/// Rings without an answer that are put up with between two steps.
const MOST_RINGS: u8 = 3;
/// After a failed first frame.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// One runner.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) joining: Joining,
    /// Whether it has drawn and so is the one that the stage knows.
    pub(crate) on_stage: bool,
    /// Another process has taken its place; kept until the runtime lets it go, since the other may die before that.
    pub(crate) retired: bool,
    /// When it may be asked again, while it is not on the stage.
    pub(crate) retry_at: Option<Duration>,
    /// Rings heard since the last step that brought no answer. An honest runner has at most one: the ring of the frame
    /// before, which was collected without being heard.
    rings: u8,
    next_seq: u64,
    news: u32,
    frames: u64,
    late: u64,
    reported: Option<(Duration, u64, u64)>,
    slow: bool,
    failing: bool,
    /// When it was last said to hang.
    hung: Option<Instant>,
    violations: u64,
    own: OwnFrame,
    scratch: Vec<u8>,
}

/// What came of looking for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// No answer to the tick.
    Nothing,
    /// A good frame.
    Drawn(Answer),
    /// Drawing failed.
    Failed(Answer),
}

impl Guest {
    pub(crate) fn new(joining: Joining, own: OwnFrame) -> Self {
        let bytes = joining.reader.frame_bytes();
        Self {
            joining,
            on_stage: false,
            retired: false,
            retry_at: Some(Duration::ZERO),
            rings: 0,
            next_seq: 1,
            news: 0,
            frames: 0,
            late: 0,
            reported: None,
            slow: false,
            failing: false,
            hung: None,
            violations: 0,
            own,
            scratch: vec![0; bytes],
        }
    }

    pub(crate) fn name(&self) -> &InstanceName {
        &self.joining.name
    }

    pub(crate) fn key(&self) -> ProcessKey {
        self.joining.key
    }

    pub(crate) fn runner(&self) -> RunnerKey {
        RunnerKey(self.joining.key.0)
    }

    pub(crate) fn own(&self) -> &OwnFrame {
        &self.own
    }

    pub(crate) fn report(&self, report: ScreenReport) {
        self.joining.reports.report(report);
    }

    /// Whether it rang without answering, so often that it is not listened to until the next step.
    pub(crate) fn is_muted(&self) -> bool {
        self.rings >= MOST_RINGS
    }

    /// It rang.
    pub(crate) fn heard(&mut self) {
        let _ = self.joining.reader.drain_frame_event();
        self.rings = self.rings.saturating_add(1);
    }

    /// Listens to it again.
    pub(crate) fn unmute(&mut self) {
        self.rings = 0;
    }

    /// There is something new for it: the next tick says so.
    pub(crate) fn add_news(&mut self) {
        self.news = self.news.wrapping_add(1);
        if self.retry_at.is_some() {
            self.retry_at = Some(Duration::ZERO);
        }
    }

    /// Asks for the frame that will be seen at `show_at`.
    pub(crate) fn ask(&mut self, clock: &Clock, show_at: Duration, visible: bool) {
        if self.asked().is_some() {
            return;
        }
        // The ring of a frame that was collected at a step is not the answer to this.
        let _ = self.joining.reader.drain_frame_event();
        let (unix_ns, utc_offset_s) = clock.wall(show_at);
        let tick = Tick {
            seq: self.next_seq,
            show_at_ns: clock.monotonic_ns(show_at),
            unix_ns,
            utc_offset_s,
            flags: if visible { VISIBLE } else { 0 },
            news: self.news,
        };
        if let Ok(true) = self.joining.reader.tick(tick) {
            self.next_seq += 1;
            self.retry_at = None;
        }
    }

    /// When the unanswered tick was sent, if there is one.
    pub(crate) fn asked(&self) -> Option<Instant> {
        self.joining.reader.outstanding().map(|(_, sent)| sent)
    }

    /// Whether no answer was seen for longer than a draw may take, since the tick or since it was last said.
    pub(crate) fn seems_to_hang(&self, limit: Duration) -> bool {
        self.hangs_at(limit).is_some_and(|at| at <= Instant::now())
    }

    /// Whether a draw takes longer than it may; to be asked when no answer was found just now. True once in each time
    /// of that length, since an event before the draw may be what takes so long.
    pub(crate) fn hangs(&mut self, limit: Duration) -> bool {
        let hangs = self.seems_to_hang(limit);
        if hangs {
            self.hung = Some(Instant::now());
        }
        hangs
    }

    /// When [`Guest::hangs`] must be asked again.
    pub(crate) fn hangs_at(&self, limit: Duration) -> Option<Instant> {
        self.asked().map(|sent| self.hung.map_or(sent, |hung| hung.max(sent)) + limit)
    }

    /// Looks for the answer to the tick.
    pub(crate) fn collect(&mut self) -> Came {
        let asked = self.asked().is_some();
        let taken = self.joining.reader.take();
        if self.joining.reader.violations() != self.violations {
            self.violations = self.joining.reader.violations();
            self.report(ScreenReport::Violates);
        }
        let Some(info) = taken else { return Came::Nothing };
        if !asked || self.asked().is_some() {
            // A frame that nobody asked for: an honest runner makes none.
            return Came::Nothing;
        }
        self.hung = None;
        if info.outcome == FAILED {
            self.failing = true;
            return Came::Failed(Answer {
                show: Show::Yes,
                wake: Wake::After(AFTER_FAILURE),
                changed: false,
            });
        }
        if std::mem::take(&mut self.failing) {
            self.report(ScreenReport::DrawsAgain);
        }
        self.frames += 1;
        let changed = self.keep_pixels();
        Came::Drawn(Answer { show: show(&info), wake: wake(&info), changed })
    }

    /// Copies the frame out of the shared memory; whether it differs from the one before.
    fn keep_pixels(&mut self) -> bool {
        if self.joining.reader.copy_pixels(&mut self.scratch).is_err() {
            return false;
        }
        let mut own = self.own.pixels();
        let first = self.own.sequence.load(std::sync::atomic::Ordering::Relaxed) == 0;
        if !first && compose::same(&own, &self.scratch) {
            return false;
        }
        std::mem::swap(&mut *own, &mut self.scratch);
        drop(own);
        self.own.sequence.fetch_add(1, std::sync::atomic::Ordering::Release);
        true
    }

    /// Says how it keeps up, if there is something new to say and it is time.
    pub(crate) fn report_pace(&mut self, now: Duration, slow: bool, late: u64) {
        if slow != self.slow {
            self.slow = slow;
            self.report(ScreenReport::Slow(slow));
        }
        self.late = self.late.max(late);
        let due = self.reported.is_none_or(|(at, ..)| now.saturating_sub(at) >= REPORT);
        let news = self.reported.is_none_or(|(_, frames, late)| (frames, late) != (self.frames, self.late));
        if due && news {
            self.reported = Some((now, self.frames, self.late));
            self.report(ScreenReport::Counts { frames: self.frames, late: self.late });
        }
    }
}

fn show(info: &FrameInfo) -> Show {
    match info.show {
        1 => Show::Nothing,
        2 => Show::Over,
        3 => Show::Live,
        _ => Show::Yes,
    }
}

fn wake(info: &FrameInfo) -> Wake {
    match info.wake_kind {
        1 => Wake::After(Duration::from_nanos(info.wake_ns)),
        2 => Wake::News,
        _ => Wake::NextFrame,
    }
}
