//! One plugin file named on the command line: read, inspected, sealed, as discovery does it for a folder.
//!
//! Invariant: nothing of the file has run when this is done.

use std::fs;
use std::path::Path;

use marquee_frames::sealed::SealedBytes;
use marquee_inspect::{Inspected, Machine, inspect};

use super::error::AppError;

/// A plugin's file that may be loaded.
pub(crate) struct PluginFile {
    pub(crate) inspected: Inspected,
    pub(crate) library: SealedBytes,
}

impl PluginFile {
    pub(crate) fn read(path: &Path) -> Result<Self, AppError> {
        let file = |source| AppError::File { action: "read", path: path.to_owned(), source };
        let about = fs::metadata(path).map_err(file)?;
        if !about.is_file() || about.len() > marquee_discovery::MAX_PLUGIN_BYTES {
            return Err(AppError::NoFile { path: path.to_owned() });
        }
        let bytes = fs::read(path).map_err(file)?;
        let machine = Machine::this().map_err(AppError::Machine)?;
        let inspected = inspect(&bytes, &machine)
            .map_err(|source| AppError::NotAPlugin { path: path.to_owned(), source })?;
        let library = SealedBytes::create("marquee-plugin", &bytes)
            .map_err(|error| AppError::Resources { what: "memory", source: error.into() })?;
        Ok(Self { inspected, library })
    }
}
