//! Asking the host that runs: where it is, and one question at a time.
//!
//! Invariant: whoever answers is taken for a stranger: an answer has limits of time and size, and must be JSON.

mod get;
mod host_file;

use std::path::PathBuf;

use serde_json::Value;

pub use get::GetError;
pub use host_file::HostFileError;

use crate::app::{HOST_FILE, HostFile};
use crate::config::{Config, Surroundings};

/// A host that runs, as far as its file says.
#[derive(Debug, Clone)]
pub struct RunningHost {
    /// Where its file lies.
    pub file: PathBuf,
    /// What its file says.
    pub info: HostFile,
}

/// Why the running host cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is none.
    #[error("no host is running (looked in {looked}): start one with `marquee run`")]
    NoHost {
        /// The files that are not there.
        looked: String,
    },
    /// Its file cannot be read.
    #[error(transparent)]
    File(#[from] HostFileError),
    /// Its file is there, but nobody listens.
    #[error("no host is running (the one that {} names, process {pid}, has ended): start one with `marquee run`", file.display())]
    Gone {
        /// Its file.
        file: PathBuf,
        /// Its process.
        pid: u32,
    },
    /// It does not answer as it should.
    #[error("the host at {listen} does not answer {path} as it should: look at its log, or restart it")]
    Get {
        /// Where it listens.
        listen: String,
        /// What was asked.
        path: String,
        /// What happened.
        source: GetError,
    },
    /// It answers in a form that this program does not know.
    #[error("the host runs version {host} and this is version {}: use the same version for both", env!("CARGO_PKG_VERSION"))]
    Form {
        /// Version of the host.
        host: String,
        /// What was not understood.
        source: serde_json::Error,
    },
}

/// Looks for the running host: in the state folder, and unless one was named, in that of the system.
///
/// # Errors
/// There is none, or its file cannot be read.
pub fn find(config: &Config, around: &Surroundings) -> Result<RunningHost, ClientError> {
    let mut folders = vec![config.directories.state.clone()];
    if !config.directories.state_was_named && !folders.contains(&around.system_state) {
        folders.push(around.system_state.clone());
    }
    let files: Vec<PathBuf> = folders.iter().map(|folder| folder.join(HOST_FILE)).collect();
    for file in &files {
        if let Some(info) = host_file::read(file)? {
            return Ok(RunningHost { file: file.clone(), info });
        }
    }
    let looked: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    Err(ClientError::NoHost { looked: looked.join(" and ") })
}

impl RunningHost {
    /// Asks for a path of the API and waits for the answer, at most five seconds.
    ///
    /// # Errors
    /// The host is gone, or answers something else than JSON.
    pub fn get(&self, path: &str) -> Result<Value, ClientError> {
        get::get(self.info.listen, path).map_err(|source| match source {
            GetError::Refused { .. } => ClientError::Gone { file: self.file.clone(), pid: self.info.pid },
            source => {
                ClientError::Get { listen: self.info.listen.to_string(), path: path.to_owned(), source }
            }
        })
    }

    /// Reads an answer as one of the views.
    ///
    /// # Errors
    /// The host is of a version that this program does not understand.
    pub fn read<T: serde::de::DeserializeOwned>(&self, answer: &Value) -> Result<T, ClientError> {
        let read = T::deserialize(answer);
        read.map_err(|source| ClientError::Form { host: self.info.version.clone(), source })
    }
}
