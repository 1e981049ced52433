//! `marquee`: the host and its commands.
//!
//! Invariant: everything is in the library, so that tests reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    marquee::cli::main()
}
