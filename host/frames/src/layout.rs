//! Where everything lies in the shared memory.
//!
//! All numbers in the machine's byte order (both sides run on one machine). Offsets in bytes:
//!
//! | offset | bytes | what | written by |
//! |---|---|---|---|
//! | 0 | 4 | magic `MQFR` | reader, once |
//! | 4 | 4 | version of this layout, [`VERSION`] | reader, once |
//! | 8 | 4 + 4 | width, height in pixels | reader, once |
//! | 16 | 4 | claimed: 1 once a writer opened it | writer, once |
//! | 64 | 4 | `middle`: slot index in bits 0 and 1, "fresh" in bit 2 | both, by swap |
//! | 128 | 40 | tick: `seq`, `show_at_ns`, `unix_ns` (8 each), `utc_offset_s`, `flags`, `news` (4 each) | reader |
//! | 192 | 3 × 8 | call of the draw, fetch and control thread: count above 32 bits, callback code below | writer |
//! | 216 | 8 | fault: signal above 32 bits, callback code below; 0 for none | writer |
//! | 4096 + n × stride | 64 | header of slot n: `FrameInfo` | whoever owns the slot |
//! | 64 after that | width × height × 3 | pixels: rows from the top without padding, red, green, blue | the same |
//!
//! The stride is the slot's 64 + pixels, rounded up to a page, so whole words can be read up to the last pixel.
//!
//! Invariant: a [`Layout`] that exists has sides of 1 to 1024, so no offset overflows and all lie inside
//! [`Layout::total`].

use crate::FramesError;
use crate::exchange::SLOTS;

/// The longest side of a frame in pixels.
pub const MAX_SIDE: u16 = 1024;

/// First word of frame memory.
pub(crate) const MAGIC: u32 = u32::from_ne_bytes(*b"MQFR");
/// Version of the layout above; any change of it makes a new one.
pub(crate) const VERSION: u32 = 1;
/// Bytes of the header page, and what slots are aligned to.
pub(crate) const PAGE: usize = 4096;
/// Bytes of a slot's header.
pub(crate) const SLOT_HEADER: usize = 64;

/// The places for one size of frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    width: u16,
    height: u16,
}

impl Layout {
    /// The layout for frames of this size, if both sides are 1 to [`MAX_SIDE`].
    pub(crate) fn new(width: u32, height: u32) -> Result<Self, FramesError> {
        let side = |n: u32| u16::try_from(n).ok().filter(|n| (1..=MAX_SIDE).contains(n));
        match (side(width), side(height)) {
            (Some(width), Some(height)) => Ok(Self { width, height }),
            _ => Err(FramesError::Size { width, height }),
        }
    }

    pub(crate) fn size(self) -> (u16, u16) {
        (self.width, self.height)
    }

    /// Bytes of one frame's pixels.
    pub(crate) fn pixel_bytes(self) -> usize {
        usize::from(self.width) * usize::from(self.height) * 3
    }

    /// Bytes from one slot to the next.
    pub(crate) fn stride(self) -> usize {
        (SLOT_HEADER + self.pixel_bytes()).next_multiple_of(PAGE)
    }

    /// Offset of a slot's header. `slot` is 0 to 2; a higher one counts as 2.
    pub(crate) fn slot(self, slot: u32) -> usize {
        PAGE + self.stride() * slot.min(SLOTS - 1) as usize
    }

    /// Offset of a slot's first pixel.
    pub(crate) fn pixels(self, slot: u32) -> usize {
        self.slot(slot) + SLOT_HEADER
    }

    /// Bytes of the whole memory.
    pub(crate) fn total(self) -> usize {
        PAGE + self.stride() * SLOTS as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn slots_of_any_size_are_aligned_and_lie_apart_inside_the_memory(width in 1u32..=1024, height in 1u32..=1024) {
            let layout = Layout::new(width, height).unwrap();
            prop_assert_eq!(layout.pixel_bytes(), (width * height * 3) as usize);
            let mut free = PAGE;
            for slot in 0..SLOTS {
                prop_assert_eq!(layout.slot(slot) % PAGE, 0);
                prop_assert!(layout.slot(slot) >= free);
                free = layout.pixels(slot) + layout.pixel_bytes().next_multiple_of(8);
            }
            prop_assert!(free <= layout.total());
        }

        #[test]
        fn a_side_out_of_range_is_refused(side in prop_oneof![Just(0u32), 1025u32..]) {
            prop_assert!(Layout::new(side, 1).is_err());
            prop_assert!(Layout::new(1, side).is_err());
        }
    }
}
