//! The box seen from inside: processes of this very program go into it, load a hostile library there, and say what
//! they could do. A program of its own instead of a list of `#[test]`, because a process must have one thread when it
//! enters the box, and because started by root it runs everything a second time as an ordinary user.
//!
//! Invariant: every attempt that a box refuses is shown to succeed without the box, by the same code.

mod cases;
mod child;
mod emulator;
mod expected;
mod harness;
mod inside;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == "child" => child::run(rest),
        Some((first, rest)) if first == "middle" => harness::stand_between(rest),
        Some((first, rest)) if first == "emulated" => emulator::run(rest),
        _ => harness::run_all(&arguments, cases::ALL),
    }
}
