//! `marquee plugin render`: one plugin, drawn into a file.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::output::{print, print_json};
use crate::app::{self, RenderArgs};
use crate::cli::{RenderFlags, check_output, settings};
use crate::config::{self, Overrides, Surroundings};
use crate::errors::{CliError, printable};

pub(super) fn render(flags: &RenderFlags) -> Result<(), CliError> {
    check_output(&flags.out).map_err(CliError::usage)?;
    let settings = settings(&flags.settings).map_err(|error| CliError::usage(error.to_string()))?;
    // Nothing is kept, so this works for a user without a home too.
    let state_dir = Some(std::env::temp_dir());
    let overrides = Overrides { size: flags.size, state_dir, ..Overrides::default() };
    let config = config::load(flags.config.as_deref(), &overrides, &Surroundings::of_this_process())?;
    let zone = TimeZone::get(&config.host.time_zone).unwrap_or(TimeZone::UTC);
    let at = flags.at.as_ref().map(|at| at.resolve(&zone)).transpose().map_err(CliError::usage)?;
    let args = RenderArgs {
        plugin: flags.file.clone(),
        output: flags.out.clone(),
        length: flags.seconds,
        settings: Value::Object(settings),
        unix_ns: unix_ns(at.unwrap_or_else(Timestamp::now))?,
    };
    app::render(&config, &args).map_err(|error| CliError::because(&error))?;
    if flags.json {
        let seconds = args.length.as_secs_f64();
        return print_json(&json!({ "file": args.output, "size": config.panel.size, "seconds": seconds }));
    }
    print(&format!("wrote {}, {}\n", printable(&args.output.display().to_string()), config.panel.size))
}

/// Plugins count time in 64-bit nanoseconds, which end in the year 2262.
fn unix_ns(at: Timestamp) -> Result<i64, CliError> {
    let out_of_range =
        |_| CliError::usage(format!("--at: {at} is out of range: use a year from 1678 to 2261"));
    i64::try_from(at.as_nanosecond()).map_err(out_of_range)
}
