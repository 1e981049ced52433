//! The screen: the thread that asks runners for frames, lets the stage decide, composes, and feeds the sinks.
//!
//! One frame's way through it, with a period of `1 / fps`:
//!
//! 1. At each time of the grid the thread takes the frames that came, hands their answers to the [`Stage`], and takes
//!    a step: who is on screen, and who draws the frame that will be seen one period later.
//! 2. It sends those ticks, composes the picture if anything changed, and gives it to every sink.
//! 3. It sleeps until something is due. A still picture is due at no time: the thread then sleeps until its next
//!    change, a message, or a frame that comes by itself.
//!
//! So a plugin has a whole period to draw, and a picture is out within microseconds of its time on the grid.
//!
//! Invariant: this thread never waits for a plugin, a sink, a lock held across I/O, or anything else but time and its
//! own bell. Everything in a frame's header is bounded before it reaches the stage.

mod board;
mod clock;
mod guest;
mod handle;
mod render;
mod waiting;

pub use board::Board;
pub use handle::{OpenSink, ScreenConfig, ScreenHandle};

pub(crate) use clock::utc_offset;
pub(crate) use marquee_stage::Stage;
