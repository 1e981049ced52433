//! All unsafe code of this package: the driver library, and the few calls that no safe library offers.
//!
//! Invariant: what leaves this module is safe to use in every order and with every value.
#![expect(
    unsafe_code,
    reason = "the driver is a C library, and signals, users and inherited descriptors need libc"
)]

mod hub75;
mod process;

pub use hub75::{Hub75, OpenError};
pub use process::{BecomeError, become_user, inherited_listener, peer_of, stop_signals};
