//! `marquee-runner`: started by the host for each plugin instance; not for people.
//!
//! Invariant: without a host on the standard input it says so and ends.

use std::process::ExitCode;

fn main() -> ExitCode {
    marquee_runner::run(marquee_runner::Extensions::default())
}
