//! The panel process: whether it listens, or else would start.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use marquee_sinks::SinkSpec;

use super::{Check, State, program};
use crate::config::{Config, Surroundings};

const GROUP: &str = "panel";
const NAME: &str = "panel process";

pub(super) fn check(config: &Config) -> Check {
    let wanted = config.panel.sinks.contains(&SinkSpec::Hub75);
    let socket = Path::new(&config.panel.hub75.socket);
    if socket.metadata().is_ok_and(|found| found.file_type().is_socket()) {
        return Check::ok(GROUP, NAME, format!("its socket is there: {}", socket.display()));
    }
    let found = would_start(config);
    match (found, wanted) {
        (Ok(said), true) => {
            Check::partial(GROUP, NAME, format!("it does not run, but {said}")).advice("start marquee-panel")
        }
        (Ok(said), false) => Check::ok(GROUP, NAME, said)
            .advice("to use it, start marquee-panel and add hub75 to sinks in [panel]"),
        (Err(why), true) => Check::new(GROUP, NAME, State::Missing, why),
        (Err(why), false) => {
            Check::missing(GROUP, NAME, why).advice("nothing, unless this machine shall drive a panel")
        }
    }
}

/// Lets the program check machine and options without opening the panel.
fn would_start(config: &Config) -> Result<String, String> {
    let path =
        Surroundings::none().beside_this_program("marquee-panel").map_err(|error| error.to_string())?;
    let mut arguments = vec!["--check".into()];
    if let Some(file) = &config.file {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        arguments.extend(["--config".into(), file.into_os_string()]);
    }
    match program::run(&path, &arguments) {
        Ok(answer) if answer.success => {
            Ok(crate::errors::printable(String::from_utf8_lossy(&answer.stdout).trim()))
        }
        Ok(answer) => Err(answer.complaint()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(format!("marquee-panel is not installed beside this program, at {}", path.display()))
        }
        Err(error) => Err(format!("{} cannot be asked: {error}", path.display())),
    }
}
