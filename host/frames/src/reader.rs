//! The reader: makes the memory, sends ticks, takes frames, and believes nothing.
//!
//! Invariant: what the writer may write decides only which pixels and numbers come back, never whether a call
//! returns, where it reads, or what it costs.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use crate::bell::{bell, drain, ring};
use crate::exchange::ReaderEnd;
use crate::layout::Layout;
use crate::memory::Memory;
use crate::{Activity, ActivityWatch, FrameInfo, FramesError, Tick};

/// The side that shows frames. One thread at a time; may be sent to another. Memory, events and mapping end with it.
#[derive(Debug)]
pub struct Reader {
    memory: Arc<Memory>,
    exchange: ReaderEnd,
    tick_ring: OwnedFd,
    frame_ear: OwnedFd,
    /// The writer's ends, kept for [`Reader::handover`] and never used here.
    theirs: [OwnedFd; 2],
    outstanding: Option<(u64, Instant)>,
    last_tick: u64,
    violations: u64,
}

impl Reader {
    /// New memory for frames of `width` × `height` pixels, 1 to 1024 each.
    ///
    /// # Errors
    /// A size out of range, or a system out of memory or descriptors.
    pub fn create(width: u16, height: u16) -> Result<Self, FramesError> {
        let memory = Arc::new(Memory::create(Layout::new(width.into(), height.into())?)?);
        let (tick_ear, tick_ring) = bell()?;
        let (frame_ear, frame_ring) = bell()?;
        Ok(Self {
            memory,
            exchange: ReaderEnd::new(),
            tick_ring,
            frame_ear,
            theirs: [tick_ear, frame_ring],
            outstanding: None,
            last_tick: 0,
            violations: 0,
        })
    }

    /// What the one [`Writer`](crate::Writer) needs, in the order of its `open`: memory, tick event, frame event.
    #[must_use]
    pub fn handover(&self) -> [BorrowedFd<'_>; 3] {
        [self.memory.as_fd(), self.theirs[0].as_fd(), self.theirs[1].as_fd()]
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        self.memory.layout().size()
    }

    /// Bytes of one frame: width × height × 3.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.memory.layout().pixel_bytes()
    }

    /// Asks for a frame. `Ok(false)`: the tick before is unanswered and nothing was sent. Never waits.
    ///
    /// # Errors
    /// A `seq` that is not higher than the last one sent.
    pub fn tick(&mut self, tick: Tick) -> Result<bool, FramesError> {
        if self.outstanding.is_some() {
            return Ok(false);
        }
        if tick.seq <= self.last_tick {
            return Err(FramesError::TickOrder { seq: tick.seq, last: self.last_tick });
        }
        self.memory.header().tick.0.write(tick);
        self.last_tick = tick.seq;
        self.outstanding = Some((tick.seq, Instant::now()));
        ring(&self.tick_ring, "ring the tick event")?;
        Ok(true)
    }

    /// The unanswered tick, if there is one: its `seq` and when it was sent. [`Reader::take`] ends it.
    #[must_use]
    pub fn outstanding(&self) -> Option<(u64, Instant)> {
        self.outstanding
    }

    /// The newest frame published since the last `take`; its pixels are then those of [`Reader::copy_pixels`].
    ///
    /// A frame that breaks the protocol is counted in [`Reader::violations`] and not returned. Call this once for
    /// each wake-up and not until it is empty: a hostile writer can always publish another frame.
    pub fn take(&mut self) -> Option<FrameInfo> {
        let taken = self.take_checked();
        if taken.is_err() {
            self.violations = self.violations.saturating_add(1);
        }
        taken.ok().flatten()
    }

    fn take_checked(&mut self) -> Result<Option<FrameInfo>, crate::exchange::Broken> {
        use crate::exchange::Broken;
        if !self.exchange.take(&self.memory.header().middle.0)? {
            return Ok(None);
        }
        let slot = self.memory.mapping().slot(self.exchange.front());
        let info = slot.read(self.size()).ok_or(Broken)?;
        if info.seq > self.last_tick {
            return Err(Broken);
        }
        if self.outstanding.is_some_and(|(seq, _)| seq == info.seq) {
            self.outstanding = None;
        }
        Ok(Some(info))
    }

    /// Copies the pixels of the frame last taken (black before the first): rows from the top, red, green, blue.
    ///
    /// # Errors
    /// `into` is not exactly [`Reader::frame_bytes`] long; nothing is copied then.
    pub fn copy_pixels(&self, into: &mut [u8]) -> Result<(), FramesError> {
        let needed = self.frame_bytes();
        if into.len() != needed {
            return Err(FramesError::Buffer { found: into.len(), needed });
        }
        load_bytes(self.memory.mapping().pixel_words(self.exchange.front()), into);
        Ok(())
    }

    /// Readable once a frame was published, until [`Reader::drain_frame_event`].
    #[must_use]
    pub fn frame_event(&self) -> BorrowedFd<'_> {
        self.frame_ear.as_fd()
    }

    /// Silences the frame event; answers how often it rang (the writer's word). Never waits. Drain, then take.
    pub fn drain_frame_event(&self) -> u64 {
        drain(&self.frame_ear)
    }

    /// What the writer says it is doing, and how it died; every number in its documented range.
    #[must_use]
    pub fn activity(&self) -> Activity {
        self.memory.header().activity.read()
    }

    /// The same for another thread, and for after the reader is gone.
    #[must_use]
    pub fn activity_watch(&self) -> ActivityWatch {
        ActivityWatch(Arc::clone(&self.memory))
    }

    /// How often the writer broke the protocol. An honest writer never does.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.violations
    }
}

/// Copies bytes out of words that another process may be changing. `into` is at most as long as the words.
///
/// Relaxed atomic loads, one machine word each: plain moves, but the compiler may neither read twice nor assume that
/// the memory holds still. Eight in a row, so that the loop costs less than the moves also with little optimisation.
fn load_bytes(words: &[AtomicUsize], into: &mut [u8]) {
    const WORD: usize = size_of::<usize>();
    const ROW: usize = 8;
    let load = |word: &AtomicUsize| word.load(Relaxed).to_ne_bytes();
    let mut rows = into.chunks_exact_mut(ROW * WORD);
    let (word_rows, _) = words.as_chunks::<ROW>();
    let mut done = 0;
    for (bytes, words) in rows.by_ref().zip(word_rows) {
        let (bytes, _) = bytes.as_chunks_mut::<WORD>();
        for (bytes, word) in bytes.iter_mut().zip(words) {
            *bytes = load(word);
        }
        done += ROW;
    }
    for (bytes, word) in rows.into_remainder().chunks_mut(WORD).zip(words.iter().skip(done)) {
        bytes.copy_from_slice(&load(word)[..bytes.len()]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_number_of_bytes_is_copied_exactly(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
            let words: Vec<AtomicUsize> = bytes
                .chunks(size_of::<usize>())
                .map(|chunk| {
                    let mut word = [0xEE; size_of::<usize>()];
                    word[..chunk.len()].copy_from_slice(chunk);
                    AtomicUsize::new(usize::from_ne_bytes(word))
                })
                .collect();
            let mut copy = vec![0; bytes.len()];
            load_bytes(&words, &mut copy);
            prop_assert_eq!(copy, bytes);
        }
    }
}
