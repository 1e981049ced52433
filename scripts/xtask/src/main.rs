//! `xtask bench [--quick] [--only WORD] [--programs DIR]`: the benchmarks. `scripts/bench` builds everything first.
//!
//! Invariant: the plugin that is drawn in process is compiled from the very source of the one that is drawn in a
//! runner, with the same profile, so that the two differ by the isolation alone.

mod in_process;

use std::process::ExitCode;

use xtask_bench::bench::{self, Arguments};

const USAGE: &str = "usage: xtask bench [--quick] [--only WORD] [--programs DIR]";

fn main() -> ExitCode {
    let Some(arguments) = Arguments::read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match bench::run(&arguments, in_process::drawer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
