//! Why the host does not start, or a picture is not rendered.
//!
//! Invariant: each message is one sentence that says what to do; causes are sources.

use std::io;
use std::path::PathBuf;

use marquee_discovery::DiscoveryError;
use marquee_http::{BindError, ServeError};
use marquee_runtime::SupervisorError;
use marquee_sinks::SinkError;

use crate::config::DirectoryError;

/// Why the host does not start, or a picture is not rendered.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A folder.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The plugins folder.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// The listen address.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The API stopped.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A sink.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The runtime.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    /// Limits of the fetch service.
    #[error("the limits in [fetch] cannot be used")]
    Fetch(#[source] marquee_fetch::LimitsError),
    /// Threads, descriptors, signals.
    #[error("the system has no room for the host ({what}): close other programs")]
    Resources {
        /// What it lacks.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {path}: check that it exists and that you may")]
    File {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder, a device, or far too large.
    #[error("{path} is not a plugin: name a .so file of at most {} MiB", marquee_discovery::MAX_PLUGIN_BYTES >> 20)]
    NoFile {
        /// Which file.
        path: PathBuf,
    },
    /// A plugin does not say what its settings are.
    #[error("{path} was asked for its settings in vain")]
    NotDescribed {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: marquee_runtime::DescribeError,
    },
    /// A plugin's file is none.
    #[error("{path} is not a plugin for this machine")]
    NotAPlugin {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: marquee_inspect::Refusal,
    },
    /// This machine is not understood.
    #[error("this machine cannot be recognised")]
    Machine(#[source] marquee_inspect::MachineError),
    /// The plugin does not draw.
    #[error("{id} drew nothing: {reason}")]
    NotDrawn {
        /// The plugin.
        id: String,
        /// Why.
        reason: String,
    },
    /// The output's name has another ending.
    #[error("cannot write {path}: name a file that ends in .gif or .png")]
    Output {
        /// The name.
        path: PathBuf,
    },
    /// A picture cannot be encoded.
    #[error("the picture {path} cannot be encoded: {reason}")]
    Encode {
        /// Which file.
        path: PathBuf,
        /// What the encoder says.
        reason: String,
    },
}
