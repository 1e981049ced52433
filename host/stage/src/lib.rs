//! What is on screen when, and how two frames become one.
//!
//! The render loop owns the clock, the runners and the sinks; this crate decides. At every tick the loop hands over what
//! it heard ([`Stage::answered`], [`Stage::ready`], [`Stage::gone`], [`Stage::news`]), calls [`Stage::step`] once and
//! carries out the [`Scene`] it gets: who is shown, what is faded from, who gets a tick. Then it sleeps until
//! [`Stage::next_due`], rounded up to its next tick, or until something is heard.
//!
//! One frame is in the pipe: a tick sent at `t` asks for the frame shown at `t + period`, and is collected there. The
//! loop keeps a copy of the pixels of whoever [`Scene::shown`] and [`Scene::blend`] name, so that the last frame of a
//! late or dead instance can stay.
//!
//! Invariant: nothing here waits, starts a thread, reads a clock or does I/O. Times are `Duration`s since the start of
//! the host, on the monotonic clock, and never go back. The same calls give the same scenes.

mod input;
mod scene;

mod pace;
mod slot;

mod asks;
mod decide;
mod stage;

pub mod compose;
pub mod host_picture;

pub use input::{Answer, Entry, RunnerKey, Show, Transition, Wake};
pub use pace::Pace;
pub use scene::{Ask, Reason, Scene};
pub use stage::Stage;
