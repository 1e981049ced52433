//! Black-box tests: each module a chapter of the promises.
//!
//! One program, so that little is linked and tests that measure time can run alone ([`marquee_tests::alone`]).

mod breaker;
mod elf;
mod events;
mod faults;
mod golden;
mod greedy;
mod hangs;
mod host_death;
mod lies;
mod loading;
mod sandbox;
mod service;
