//! What travels with a frame's pixels, in the header of its slot.
//!
//! Invariant: a [`FrameInfo`] from a reader has the memory's size and an outcome of 0 to 2; the other numbers are the
//! writer's word for it.

use std::sync::atomic::Ordering::Relaxed;

use crate::sync::{AtomicU32, AtomicU64};

/// [`FrameInfo::outcome`]: the pixels are new.
pub const DRAWN: u32 = 0;
/// [`FrameInfo::outcome`]: the pixels are those of the frame before.
pub const UNCHANGED: u32 = 1;
/// [`FrameInfo::outcome`]: drawing failed; the pixels are best not shown.
pub const FAILED: u32 = 2;

/// What a writer says about a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FrameInfo {
    /// The tick it answers; 0 for a frame before the first tick.
    pub seq: u64,
    /// Width and height in pixels: always those of the memory.
    pub size: (u16, u16),
    /// [`DRAWN`], [`UNCHANGED`] or [`FAILED`].
    pub outcome: u32,
    /// How to understand `wake_ns`; its values are agreed between the users of this crate. Unchecked.
    pub wake_kind: u32,
    /// When the writer next wants to be asked. Unchecked.
    pub wake_ns: u64,
    /// What the writer says about its show (nothing to show, over, live); agreed between the users. Unchecked.
    pub show: u32,
    /// How long drawing took, in nanoseconds, as the writer measured it. Unchecked.
    pub draw_ns: u64,
}

/// A slot's header in shared memory.
#[repr(C, align(64))]
#[derive(Debug)]
pub(crate) struct SlotWords {
    seq: AtomicU64,
    wake_ns: AtomicU64,
    draw_ns: AtomicU64,
    width: AtomicU32,
    height: AtomicU32,
    outcome: AtomicU32,
    wake_kind: AtomicU32,
    show: AtomicU32,
}

impl SlotWords {
    /// Whoever owns the slot.
    pub(crate) fn write(&self, info: FrameInfo) {
        self.seq.store(info.seq, Relaxed);
        self.wake_ns.store(info.wake_ns, Relaxed);
        self.draw_ns.store(info.draw_ns, Relaxed);
        self.width.store(info.size.0.into(), Relaxed);
        self.height.store(info.size.1.into(), Relaxed);
        self.outcome.store(info.outcome, Relaxed);
        self.wake_kind.store(info.wake_kind, Relaxed);
        self.show.store(info.show, Relaxed);
    }

    /// What is written there, if it is about a frame of this size and has a known outcome. Each word is read once.
    pub(crate) fn read(&self, size: (u16, u16)) -> Option<FrameInfo> {
        let found = (self.width.load(Relaxed), self.height.load(Relaxed));
        let outcome = self.outcome.load(Relaxed);
        (found == (size.0.into(), size.1.into()) && outcome <= FAILED).then(|| FrameInfo {
            seq: self.seq.load(Relaxed),
            size,
            outcome,
            wake_kind: self.wake_kind.load(Relaxed),
            wake_ns: self.wake_ns.load(Relaxed),
            show: self.show.load(Relaxed),
            draw_ns: self.draw_ns.load(Relaxed),
        })
    }
}
