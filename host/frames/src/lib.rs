//! Frames in sealed shared memory between two processes.
//!
//! The [`Reader`] makes the memory, sends ticks and takes frames; the [`Writer`] opens it, answers ticks, draws and
//! publishes. The host is the reader of each runner; the panel process is the reader of the host, so that the panel's
//! clock drives the host. Neither ever waits for the other: three slots change hands by one atomic swap.
//!
//! Invariants:
//! * The reader takes the writer for hostile. Each index, size and number it reads is checked or copied; it never
//!   holds a `&[u8]` of shared memory; nothing the writer does blocks it, crashes it or makes it read outside the
//!   mapping. A writer can spoil only its own pixels.
//! * An honest writer's frame is never torn, the newest one wins, and its [`FrameInfo`] travels with its pixels.
//! * At most one tick is unanswered. That is the flow control, and what makes the tick's words free of races.
//!
//! The order of memory operations is in `exchange` and checked by a `loom` model there.

mod exchange;
mod sync;
mod tick;

#[cfg(not(loom))]
mod activity;
#[cfg(not(loom))]
mod bell;
#[cfg(not(loom))]
mod error;
#[cfg(not(loom))]
mod frame;
#[cfg(not(loom))]
mod layout;
#[cfg(not(loom))]
mod mapping;
#[cfg(not(loom))]
mod memory;
#[cfg(not(loom))]
mod reader;
#[cfg(not(loom))]
pub mod sealed;
#[cfg(not(loom))]
mod writer;

pub use tick::{Tick, VISIBLE};

#[cfg(not(loom))]
pub use self::{
    activity::{
        Activity, ActivityHandle, ActivityWatch, ActivityWords, Call, Fault, UNKNOWN_CODE, WriterThread,
    },
    error::FramesError,
    frame::{DRAWN, FAILED, FrameInfo, UNCHANGED},
    layout::MAX_SIDE,
    reader::Reader,
    writer::Writer,
};
