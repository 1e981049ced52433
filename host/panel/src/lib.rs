//! The panel process: owns the HUB75 panel and shows what the host draws.
//!
//! Why a process of its own: the driver library wants root, ends the process on bad settings, and is GPL. Here none
//! of that touches the host. This library is the process without its `main`, so that tests can run all of it but the
//! last call into the driver, which [`Panel`] stands for.
//!
//! In reading order: [`Panel`] is the seam, [`Server`] the loop, [`machine`] and [`config`] say no before
//! the driver would, [`access`] decides who may show pictures, [`ffi`] holds all unsafe code.
//!
//! Invariant: one thread. It waits in `poll`, or for the panel's refresh, and for nothing else; a host that is slow,
//! gone or hostile costs nothing but its own connection.

pub mod access;
pub mod config;
pub mod ffi;
pub mod listener;
pub mod machine;
mod panel;
mod serve;
mod test_picture;

use std::error::Error;

pub use panel::Panel;
pub use serve::{ServeError, Server};

/// An error and what caused it, in one line.
#[must_use]
pub fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
