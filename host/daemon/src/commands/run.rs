//! `marquee run`: the host.

use std::sync::Arc;

use marquee_model::{InstanceName, PluginId};

use crate::app::{self, Enable, Reread};
use crate::cli::{RunFlags, enable};
use crate::config::{self, Config, Surroundings};
use crate::errors::CliError;
use crate::logging;

/// Reads everything, makes the folders, starts the log, and hands over to the host until it ends.
pub(super) fn run(flags: &RunFlags) -> Result<(), CliError> {
    let enable = enable(&flags.enable).map_err(CliError::usage)?;
    let config = config::load(flags.config.as_deref(), &flags.overrides(), &Surroundings::of_this_process())?;
    if let Some(Enable::Names(names)) = &enable {
        names.iter().try_for_each(|name| check_name(name, &config))?;
    }
    config.directories.prepare()?;
    logging::init(&config).map_err(|error| CliError::because(&error))?;
    let (file, overrides) = (flags.config.clone(), flags.overrides());
    let reread: Arc<Reread> = Arc::new(move || {
        config::load(file.as_deref(), &overrides, &Surroundings::of_this_process())
            .map_err(|error| marquee_model::sentence(&error))
    });
    app::run(config, enable.as_ref(), reread).map_err(|error| CliError::because(&error))
}

/// A name to enable is that of a configured instance, or may be that of a plugin.
fn check_name(name: &InstanceName, config: &Config) -> Result<(), CliError> {
    if config.instances.iter().any(|instance| instance.name == *name) {
        return Ok(());
    }
    let id: Result<PluginId, _> = name.as_str().parse();
    id.map(drop).map_err(|error| CliError::usage(format!("--enable: {error}")))
}
