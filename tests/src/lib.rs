//! Black-box tests of the built binaries, and what they need: a host in a folder of its own, plugins to put into it,
//! its API, its recording.
//!
//! A test says [`Setup`], starts a [`Host`], does something to it, waits until its API or its [`Recording`] says what
//! is expected, and looks at the recording. Binaries and plugin files are those that cargo built beside the test
//! ([`built`]); `cargo build --workspace` comes first.
//!
//! Invariant: knows of the host only what outsiders know: command line, configuration, HTTP, files. Nothing here sleeps
//! for a time that is hoped to be enough; [`wait_for`] looks again and again until something is so.

mod alone;
pub mod built;
mod client;
mod host;
mod library;
pub mod processes;
mod recording;
mod setup;
mod wait;

pub use alone::{Turn, alone, beside_others};
pub use client::{Answer, get};
pub use host::Host;
pub use library::Library;
pub use recording::{Mark, Picture, Recording, read_png};
pub use setup::{Instance, Setup};
pub use wait::{wait_for, wait_until};
