//! A tick: the reader's request for one frame, and how it crosses the shared memory.
//!
//! Invariant: the words other than `seq` are written only while no tick is unanswered. The writer reads them after it
//! saw `seq` (acquire) and before it publishes the answer (release on `middle`); the reader writes the next ones after
//! it took that answer (acquire). So plain relaxed words are enough and a tick is never mixed from two.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::sync::{AtomicU32, AtomicU64};

/// A bit of [`Tick::flags`]: the frame will be on screen (and is not drawn ahead of its turn).
pub const VISIBLE: u32 = 1;

/// One request for a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tick {
    /// Counts ticks of one reader, from 1, strictly rising.
    pub seq: u64,
    /// When the frame will be on screen: nanoseconds of `CLOCK_MONOTONIC`.
    pub show_at_ns: u64,
    /// The same moment as nanoseconds since 1970, UTC.
    pub unix_ns: i64,
    /// Local time minus UTC at that moment, in seconds.
    pub utc_offset_s: i32,
    /// [`VISIBLE`], and bits of later versions: unknown ones are ignored.
    pub flags: u32,
    /// Counts new data and events for the writer; wraps. What they are is told elsewhere.
    pub news: u32,
}

/// A tick in shared memory.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct TickWords {
    seq: AtomicU64,
    show_at_ns: AtomicU64,
    unix_ns: AtomicU64,
    utc_offset_s: AtomicU32,
    flags: AtomicU32,
    news: AtomicU32,
}

impl TickWords {
    /// Without a tick yet. (In shared memory the words begin as zeros, which is the same.)
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        let (wide, narrow) = (|| AtomicU64::new(0), || AtomicU32::new(0));
        Self {
            seq: wide(),
            show_at_ns: wide(),
            unix_ns: wide(),
            utc_offset_s: narrow(),
            flags: narrow(),
            news: narrow(),
        }
    }

    /// Reader only, and only while no tick is unanswered.
    pub(crate) fn write(&self, tick: Tick) {
        self.show_at_ns.store(tick.show_at_ns, Relaxed);
        self.unix_ns.store(tick.unix_ns.cast_unsigned(), Relaxed);
        self.utc_offset_s.store(tick.utc_offset_s.cast_unsigned(), Relaxed);
        self.flags.store(tick.flags, Relaxed);
        self.news.store(tick.news, Relaxed);
        self.seq.store(tick.seq, Release);
    }

    /// Writer only: the tick, unless it is the one already `answered` (0 before the first).
    pub(crate) fn read(&self, answered: u64) -> Option<Tick> {
        let seq = self.seq.load(Acquire);
        (seq != answered).then(|| Tick {
            seq,
            show_at_ns: self.show_at_ns.load(Relaxed),
            unix_ns: self.unix_ns.load(Relaxed).cast_signed(),
            utc_offset_s: self.utc_offset_s.load(Relaxed).cast_signed(),
            flags: self.flags.load(Relaxed),
            news: self.news.load(Relaxed),
        })
    }
}
