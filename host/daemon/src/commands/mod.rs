//! What the commands do. Each reads the configuration, does one thing, and prints through `output`.
//!
//! Invariant: a command that only asks changes nothing, makes no folder and starts no log.

mod doctor;
mod output;
mod plugins;
mod render;
mod run;
mod schema;
mod status;

use crate::cli::{Command, PluginCommand, PluginsCommand, Query};
use crate::client::{self, ClientError, RunningHost};
use crate::config::{self, Config, Surroundings};
use crate::errors::CliError;

/// Does what the command line says. Blocks until it is done; `run` until the host is told to end.
///
/// # Errors
/// What could not be done and why.
pub fn dispatch(command: Command) -> Result<(), CliError> {
    match command {
        Command::Run(flags) => run::run(&flags),
        Command::Status(query) => status::status(&query),
        Command::Doctor(query) => doctor::doctor(&query),
        Command::Plugins(PluginsCommand::List(query)) => plugins::list(&query),
        Command::Plugins(PluginsCommand::Show { name, query }) => plugins::show(&name, &query),
        Command::Plugin(PluginCommand::Render(flags)) => render::render(&flags),
        Command::Plugin(PluginCommand::Schema(flags)) => schema::schema(&flags),
    }
}

/// The configuration as a command that asks needs it.
fn config_of(query: &Query) -> Result<Config, CliError> {
    let around = Surroundings::of_this_process();
    Ok(config::load(query.config.as_deref(), &query.overrides(), &around)?)
}

/// The host that runs.
fn host_of(query: &Query) -> Result<RunningHost, CliError> {
    Ok(client::find(&config_of(query)?, &Surroundings::of_this_process())?)
}

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> Self {
        Self::because(&error)
    }
}
