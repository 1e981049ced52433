//! `marquee plugin schema`: the settings of one plugin, as it describes them itself.

use super::output::print_json;
use crate::app;
use crate::cli::SchemaFlags;
use crate::config::{self, Overrides, Surroundings};
use crate::errors::CliError;

pub(super) fn schema(flags: &SchemaFlags) -> Result<(), CliError> {
    // Nothing is kept, so this works for a user without a home too.
    let overrides = Overrides { state_dir: Some(std::env::temp_dir()), ..Overrides::default() };
    let config = config::load(flags.config.as_deref(), &overrides, &Surroundings::of_this_process())?;
    print_json(&app::schema(&config, &flags.file).map_err(|error| CliError::because(&error))?)
}
