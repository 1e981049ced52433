//! What can go wrong with frame memory, each with what to do about it.
//!
//! Invariant: nothing here is caused by a hostile writer in the reader's process; that is counted as a violation and
//! never an error.

use std::io;

/// Why frame memory could not be made, opened or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FramesError {
    /// A side is 0 or over 1024.
    #[error("frames of {width}x{height} are out of range: each side is 1 to 1024 pixels")]
    Size {
        /// Asked-for width in pixels.
        width: u32,
        /// Asked-for height in pixels.
        height: u32,
    },
    /// The system refused.
    #[error("cannot {action}: see whether the process is out of memory or open files")]
    Io {
        /// What was tried, naming the memory file or the event.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The memory may still change its size, so it is not safe to map.
    #[error(
        "the frame memory is not sealed against shrinking and growing: hand over the one that the reader made"
    )]
    Unsealed,
    /// Not frame memory.
    #[error("the memory does not begin like frame memory: hand over the one that the reader made")]
    Foreign,
    /// Frame memory of another version of this library.
    #[error(
        "the frame memory has layout {found} and this program knows {known}: use programs of one release"
    )]
    Version {
        /// The version in the memory.
        found: u32,
        /// The version known here.
        known: u32,
    },
    /// The memory's length does not fit the size it names.
    #[error("the frame memory has {found} bytes and needs {needed}: hand over the one that the reader made")]
    Length {
        /// Bytes it has.
        found: u64,
        /// Bytes that its size needs.
        needed: u64,
    },
    /// A writer has already opened it.
    #[error("the frame memory already has a writer: make new memory for a new writer")]
    Claimed,
    /// A tick's number must be higher than that of the tick before.
    #[error("tick {seq} does not follow tick {last}: count ticks upwards from 1")]
    TickOrder {
        /// The number given.
        seq: u64,
        /// The number of the last tick sent.
        last: u64,
    },
    /// A frame must answer a tick that was received, or an earlier one.
    #[error(
        "frame {seq} answers a tick that was not received: use the number of the tick (0 before the first)"
    )]
    UnknownTick {
        /// The number given.
        seq: u64,
    },
    /// A frame must have the size of the memory and a known outcome.
    #[error("the frame's description is wrong: give it the writer's own size and an outcome of 0, 1 or 2")]
    Info,
    /// The buffer to copy into has the wrong length.
    #[error("a buffer of {found} bytes does not fit a frame of {needed}: give exactly as many")]
    Buffer {
        /// Bytes given.
        found: usize,
        /// Bytes of one frame.
        needed: usize,
    },
    /// The reader broke the protocol; only possible with a broken reader.
    #[error("the reader put a slot number that cannot be into the frame memory: end this writer")]
    BrokenReader,
}

impl FramesError {
    pub(crate) fn io<E: Into<io::Error>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Io { action, source: source.into() }
    }
}
