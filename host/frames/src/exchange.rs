//! Who owns which of the three slots.
//!
//! The writer owns `back`, the reader owns `front`, each index in its owner's private memory; the third slot lies in
//! the shared word `middle`, with a bit that says whether it is newer than what the reader has. Publishing swaps
//! `back` with `middle`, taking swaps `front` with `middle`, so neither ever waits.
//!
//! Invariants, for two honest sides: `front`, `middle` and `back` are always three different slots; a slot's contents
//! written before [`WriterEnd::publish`] are seen after [`ReaderEnd::take`] (release and acquire on `middle`), and
//! reads before `take` gave a slot back come before the writer's next writes to it (the same, the other way).

use std::sync::atomic::Ordering::{AcqRel, Relaxed};

use crate::sync::AtomicU32;

/// How many slots there are.
pub(crate) const SLOTS: u32 = 3;
/// What `middle` holds before the first frame: slot 1, not fresh. The reader has 0, the writer 2.
pub(crate) const MIDDLE_AT_START: u32 = 1;

const INDEX: u32 = 0b011;
const FRESH: u32 = 0b100;

/// The slot index in a value of `middle`, unless the value is one that no honest side writes.
fn index_of(value: u32) -> Option<u32> {
    (value & !(INDEX | FRESH) == 0 && value & INDEX < SLOTS).then_some(value & INDEX)
}

/// The other side put something into `middle` that it should not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

/// The reader's side.
#[derive(Debug)]
pub(crate) struct ReaderEnd {
    front: u32,
}

impl ReaderEnd {
    pub(crate) fn new() -> Self {
        Self { front: 0 }
    }

    /// The slot that only the reader may read now: 0 to 2, whatever the writer does.
    pub(crate) fn front(&self) -> u32 {
        self.front
    }

    /// Takes the newest published slot as the new front. `Ok(false)`: nothing new.
    pub(crate) fn take(&mut self, middle: &AtomicU32) -> Result<bool, Broken> {
        let seen = middle.load(Relaxed);
        index_of(seen).ok_or(Broken)?;
        if seen & FRESH == 0 {
            return Ok(false);
        }
        let got = middle.swap(self.front, AcqRel);
        // Between the load and the swap an honest writer can only have put a newer frame there.
        match index_of(got) {
            Some(index) if index != self.front && got & FRESH != 0 => {
                self.front = index;
                Ok(true)
            }
            _ => Err(Broken),
        }
    }
}

/// The writer's side.
#[derive(Debug)]
pub(crate) struct WriterEnd {
    back: u32,
    last: Option<u32>,
}

impl WriterEnd {
    pub(crate) fn new() -> Self {
        Self { back: 2, last: None }
    }

    /// The slot that only the writer may touch now: 0 to 2.
    pub(crate) fn back(&self) -> u32 {
        self.back
    }

    /// The slot with the newest published frame, never `back`. The reader may be reading it, or give it back to
    /// `middle`, but nobody writes it before the next [`WriterEnd::publish`] makes it `back`: it may be read.
    pub(crate) fn last(&self) -> Option<u32> {
        self.last
    }

    /// Gives `back` away as the newest frame and gets another slot for it.
    pub(crate) fn publish(&mut self, middle: &AtomicU32) -> Result<(), Broken> {
        let got = middle.swap(self.back | FRESH, AcqRel);
        let published = self.back;
        self.last = Some(published);
        match index_of(got) {
            Some(index) if index != published => {
                self.back = index;
                Ok(())
            }
            _ => {
                self.back = (published + 1) % SLOTS;
                Err(Broken)
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn nothing_published_means_nothing_to_take() {
        let middle = AtomicU32::new(MIDDLE_AT_START);
        assert_eq!(ReaderEnd::new().take(&middle), Ok(false));
    }

    #[test]
    fn the_newest_frame_wins_and_is_taken_once() {
        let middle = AtomicU32::new(MIDDLE_AT_START);
        let (mut reader, mut writer) = (ReaderEnd::new(), WriterEnd::new());
        writer.publish(&middle).unwrap();
        let newest = writer.back();
        writer.publish(&middle).unwrap();
        assert_eq!(reader.take(&middle), Ok(true));
        assert_eq!(reader.front(), newest);
        assert_eq!(reader.take(&middle), Ok(false));
    }

    #[test]
    fn any_garbage_in_the_middle_leaves_both_sides_with_a_real_slot() {
        for garbage in (0..=64).chain([u32::MAX, 1 << 31, (1 << 31) | FRESH]) {
            let middle = AtomicU32::new(garbage);
            let (mut reader, mut writer) = (ReaderEnd::new(), WriterEnd::new());
            let honest = garbage & INDEX < SLOTS && garbage <= (INDEX | FRESH);
            if !honest {
                assert_eq!(reader.take(&middle), Err(Broken), "{garbage:#x}");
            }
            assert!(reader.front() < SLOTS);
            let middle = AtomicU32::new(garbage);
            let _ = writer.publish(&middle);
            assert!(writer.back() < SLOTS && Some(writer.back()) != writer.last(), "{garbage:#x}");
        }
    }
}

#[cfg(all(test, loom))]
#[path = "model.rs"]
mod model;
