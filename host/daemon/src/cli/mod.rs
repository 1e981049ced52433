//! The command line: what can be written, and the way from there to a command.
//!
//! Invariant: a wrong command line ends with code 2 before anything is read or changed.

mod args;
mod values;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

pub use args::{
    Cli, Command, PluginCommand, PluginsCommand, Query, RenderFlags, RunFlags, SchemaFlags, VERSION,
};
pub use values::{At, Setting, SettingError, check_output, enable, settings};

/// Runs the program: reads the arguments, does what they say, and answers with the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    match crate::commands::dispatch(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error is closed.
            let _ = error.write_to(&mut std::io::stderr().lock());
            error.exit_code()
        }
    }
}

/// Help and version go to standard output and are no failure; anything else is wrong usage.
fn refuse(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let _ = std::io::stdout().flush();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}
