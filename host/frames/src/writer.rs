//! The writer: opens the memory, answers ticks with frames.
//!
//! Invariant: it writes only the slot it owns, and the next frame always begins as a copy of the last published one,
//! so an author who draws only what changes gets what they expect.
#![expect(unsafe_code, reason = "drawing into the shared slot that the writer owns")]

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use crate::bell::{drain, ring};
use crate::exchange::{Broken, WriterEnd};
use crate::memory::Memory;
use crate::{ActivityHandle, ActivityWords, FAILED, FrameInfo, FramesError, Tick};

/// The side that draws. One thread at a time; may be sent to another. There is one writer for each memory, ever.
#[derive(Debug)]
pub struct Writer {
    memory: Arc<Memory>,
    exchange: WriterEnd,
    tick_ear: OwnedFd,
    frame_ring: OwnedFd,
    /// The highest tick handed out by [`Writer::tick`].
    seen: u64,
    /// The highest tick answered.
    answered: u64,
    /// The pixels of the last frame are already in the back slot.
    begun: bool,
}

impl Writer {
    /// Opens what [`Reader::handover`](crate::Reader::handover) gave: its seals, first words and length are checked
    /// before it is mapped. The events come from the same reader, which made them non-blocking.
    ///
    /// # Errors
    /// The memory is not what a reader of this release makes, or already had a writer; or the system refused.
    pub fn open(memory: OwnedFd, tick_event: OwnedFd, frame_event: OwnedFd) -> Result<Self, FramesError> {
        Ok(Self {
            memory: Arc::new(Memory::open(memory)?),
            exchange: WriterEnd::new(),
            tick_ear: tick_event,
            frame_ring: frame_event,
            seen: 0,
            answered: 0,
            begun: false,
        })
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        self.memory.layout().size()
    }

    /// Readable once there is a tick, until [`Writer::drain_tick_event`].
    #[must_use]
    pub fn tick_event(&self) -> BorrowedFd<'_> {
        self.tick_ear.as_fd()
    }

    /// Silences the tick event; answers how many ticks were sent since the last time. Never waits. Drain, then look.
    pub fn drain_tick_event(&self) -> u64 {
        drain(&self.tick_ear)
    }

    /// The tick that is not answered yet, if there is one; the same one until a frame with its `seq` is published.
    pub fn tick(&mut self) -> Option<Tick> {
        let tick = self.memory.header().tick.0.read(self.answered)?;
        self.seen = self.seen.max(tick.seq);
        Some(tick)
    }

    /// The pixels of the next frame: those of the last published one to begin with (black before the first), or what
    /// was drawn since the first `begin` after it. Rows from the top, red, green, blue; width × height × 3 bytes.
    pub fn begin(&mut self) -> &mut [u8] {
        self.carry_over();
        // SAFETY: This is the memory's one writer (`Memory::open` claimed it), `back` is its own slot until `publish`,
        // and `&mut self` lives as long as the reference.
        unsafe { self.memory.mapping().back_pixels(self.exchange.back()) }
    }

    /// Publishes the pixels of [`Writer::begin`] (without it: the last frame's again) and rings the frame event.
    ///
    /// A frame with the number of the unanswered tick answers it; one with the last answered number (0 before the
    /// first) is a frame nobody asked for, which is fine.
    ///
    /// # Errors
    /// `info` has another size, an unknown outcome, or the number of a tick that was not received (nothing is
    /// published then); or the reader broke the protocol.
    pub fn publish(&mut self, info: FrameInfo) -> Result<(), FramesError> {
        if info.size != self.size() || info.outcome > FAILED {
            return Err(FramesError::Info);
        }
        if info.seq > self.seen {
            return Err(FramesError::UnknownTick { seq: info.seq });
        }
        self.carry_over();
        self.memory.mapping().slot(self.exchange.back()).write(info);
        let published = self.exchange.publish(&self.memory.header().middle.0);
        self.begun = false;
        self.answered = self.answered.max(info.seq);
        ring(&self.frame_ring, "ring the frame event")?;
        published.map_err(|Broken| FramesError::BrokenReader)
    }

    /// Where to say what is going on. For other threads and signal handlers: [`Writer::activity_handle`].
    #[must_use]
    pub fn activity(&self) -> &ActivityWords {
        &self.memory.header().activity
    }

    /// The same for other threads and signal handlers (put one into a `static`); outlives the writer.
    #[must_use]
    pub fn activity_handle(&self) -> ActivityHandle {
        ActivityHandle(Arc::clone(&self.memory))
    }

    fn carry_over(&mut self) {
        if self.begun {
            return;
        }
        if let Some(last) = self.exchange.last() {
            // SAFETY: As in `begin`; `last` is this writer's last published slot.
            unsafe { self.memory.mapping().carry_over(last, self.exchange.back()) };
        }
        self.begun = true;
    }
}
