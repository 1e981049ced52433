//! Log lines: for people or as JSON, to standard error or to a file.
//!
//! Invariant: log lines never mix with a picture: when one is drawn in the terminal, they go to `marquee.log` in the
//! state folder. Colour is for terminals only.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use marquee_sinks::SinkSpec;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::config::{Config, LogFormat};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be opened.
    #[error("cannot write the log {}: give it to this user, or name another state folder with --state-dir", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A second start within one process.
    #[error("the log was started twice: this is a mistake in the program")]
    Twice,
}

/// Where the lines go: to a file while the terminal shows the picture, else (`None`) to standard error.
#[must_use]
pub fn log_file(config: &Config) -> Option<PathBuf> {
    config.panel.sinks.contains(&SinkSpec::Terminal).then(|| config.directories.state.join("marquee.log"))
}

/// Starts logging for this process; the state folder must exist.
///
/// # Errors
/// The log file cannot be opened, or logging was started before.
pub fn init(config: &Config) -> Result<(), LogError> {
    let (writer, colour) = match log_file(config) {
        Some(path) => (BoxMakeWriter::new(Arc::new(open(&path)?)), false),
        None => (BoxMakeWriter::new(io::stderr), io::stderr().is_terminal() && !no_colour()),
    };
    // The configuration checked the filter; what it cannot read it would leave out.
    let filter = EnvFilter::builder().parse_lossy(&config.log.filter);
    let base = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(colour);
    let started = match config.log.format {
        LogFormat::Pretty => base.compact().with_target(false).finish(),
        LogFormat::Json => {
            let json = base.json().flatten_event(true).with_current_span(false).finish();
            return tracing::subscriber::set_global_default(json).map_err(|_| LogError::Twice);
        }
    };
    tracing::subscriber::set_global_default(started).map_err(|_| LogError::Twice)
}

/// Whether the user wants no colour anywhere (`NO_COLOR`, set and not empty).
pub(crate) fn no_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn open(path: &Path) -> Result<File, LogError> {
    let opened = OpenOptions::new().append(true).create(true).mode(0o640).open(path);
    opened.map_err(|source| LogError::Open { path: path.to_owned(), source })
}
