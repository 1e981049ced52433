//! The shared memory as atomics: the only unsafe code of this crate but for sealed files.
//!
//! Invariants: the memory is sealed against shrinking before it is mapped, so no access can fault; what is handed out
//! is either references to atomics (which may change under one's hands without harm) or, to the writer alone, the
//! pixels of a slot that it owns.
#![expect(unsafe_code, reason = "shared memory can only be reached through pointers")]

use std::os::fd::AsFd;
use std::os::fd::AsRawFd;
use std::sync::atomic::AtomicUsize;

use memmap2::{MmapOptions, MmapRaw};

use crate::FramesError;
use crate::activity::ActivityWords;
use crate::frame::SlotWords;
use crate::layout::{Layout, PAGE, SLOT_HEADER};
use crate::sync::AtomicU32;
use crate::tick::TickWords;

/// A part of the header that has a cache line of its own.
#[repr(C, align(64))]
#[derive(Debug)]
pub(crate) struct Line<T>(pub(crate) T);

/// The first words of the memory.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) magic: AtomicU32,
    pub(crate) version: AtomicU32,
    pub(crate) width: AtomicU32,
    pub(crate) height: AtomicU32,
    pub(crate) claimed: AtomicU32,
}

/// The header page; see `layout` for the offsets.
#[repr(C, align(64))]
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) identity: Line<Identity>,
    pub(crate) middle: Line<AtomicU32>,
    pub(crate) tick: Line<TickWords>,
    pub(crate) activity: ActivityWords,
}

const _: () = {
    assert!(std::mem::offset_of!(Header, middle) == 64);
    assert!(std::mem::offset_of!(Header, tick) == 128);
    assert!(std::mem::offset_of!(Header, activity) == 192);
    assert!(size_of::<Header>() <= PAGE);
    assert!(size_of::<SlotWords>() == SLOT_HEADER);
};

/// Mapped frame memory; unmapped when dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    map: MmapRaw,
    layout: Layout,
}

impl Mapping {
    /// Maps memory that has `layout.total()` bytes and is sealed against shrinking (the caller has checked both).
    pub(crate) fn new(memory: impl AsFd, layout: Layout) -> Result<Self, FramesError> {
        let map = MmapOptions::new()
            .len(layout.total())
            .map_raw(memory.as_fd().as_raw_fd())
            .map_err(FramesError::io("map the frame memory"))?;
        Ok(Self { map, layout })
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    pub(crate) fn header(&self) -> &Header {
        // SAFETY: The mapping is page-aligned, at least a page long, never shrinks (sealed) and lives as long as
        // `self`. `Header` is `repr(C)`, fits a page and is made only of atomics, for which every bit pattern is
        // valid and which any process may change at any time.
        unsafe { &*self.map.as_ptr().cast::<Header>() }
    }

    /// The header of slot 0 to 2.
    pub(crate) fn slot(&self, slot: u32) -> &SlotWords {
        let offset = self.layout.slot(slot);
        // SAFETY: As for `header`; `Layout` keeps the offset page-aligned and the slot inside `total()` bytes.
        unsafe { &*self.map.as_ptr().add(offset).cast::<SlotWords>() }
    }

    /// The pixels of slot 0 to 2 as whole words, the last one padded.
    pub(crate) fn pixel_words(&self, slot: u32) -> &[AtomicUsize] {
        let words = self.layout.pixel_bytes().div_ceil(size_of::<usize>());
        // SAFETY: As for `slot`; pixels begin 64 bytes after a page boundary, so words are aligned, and the slot is
        // rounded up to a page, so the last word lies inside it. The elements are atomics.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().add(self.layout.pixels(slot)).cast(), words) }
    }

    /// The pixels of the writer's own slot `back`, for drawing.
    ///
    /// # Safety
    /// The caller is the only writer of this memory and owns slot `back` under the exchange protocol until it
    /// publishes it, and takes no second reference to its pixels while this one lives.
    #[expect(clippy::mut_from_ref, reason = "the memory is shared; ownership of the slot makes it exclusive")]
    pub(crate) unsafe fn back_pixels(&self, back: u32) -> &mut [u8] {
        // SAFETY: Bounds as for `pixel_words`. Exclusive because an honest reader does not touch the writer's slot,
        // and because the writer holds the memory's one claim. A reader that is not honest is the process that
        // started this one and may do worse: the writer trusts it. Code in this process that writes the memory behind
        // the writer's back (a hostile plugin) already runs with all of this process's rights.
        unsafe {
            std::slice::from_raw_parts_mut(
                self.map.as_mut_ptr().add(self.layout.pixels(back)),
                self.layout.pixel_bytes(),
            )
        }
    }

    /// Copies the pixels of the writer's last published slot into its own slot `back`.
    ///
    /// # Safety
    /// As for [`Mapping::back_pixels`], and `last` is the writer's last published slot.
    pub(crate) unsafe fn carry_over(&self, last: u32, back: u32) {
        if last == back {
            return;
        }
        let (from, to) = (self.layout.pixels(last), self.layout.pixels(back));
        // SAFETY: Bounds as for `pixel_words`; two different slots do not overlap. Nobody writes the last published
        // slot until a later publish gives it back to this writer, so it is only read here and by the reader at once.
        unsafe {
            std::ptr::copy_nonoverlapping(
                self.map.as_ptr().add(from),
                self.map.as_mut_ptr().add(to),
                self.layout.pixel_bytes(),
            );
        }
    }
}
