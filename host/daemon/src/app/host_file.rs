//! `host.json` in the state folder: how the commands find the running host.
//!
//! Invariant: the file is replaced whole, readable by everybody, and removed when the host ends in order; a reader must
//! still expect one that a killed host left behind.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The name of the file.
pub const HOST_FILE: &str = "host.json";

/// Its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFile {
    /// Process id of the host.
    pub pid: u32,
    /// Where its API is served.
    pub listen: SocketAddr,
    /// Its version.
    pub version: String,
}

/// The file of the running host; removed when dropped.
#[derive(Debug)]
pub(crate) struct Announced(PathBuf);

impl Announced {
    pub(crate) fn write(folder: &Path, listen: SocketAddr) -> io::Result<Self> {
        let path = folder.join(HOST_FILE);
        let content =
            HostFile { pid: std::process::id(), listen, version: env!("CARGO_PKG_VERSION").to_owned() };
        let mut file = tempfile::Builder::new().prefix(".host-").tempfile_in(folder)?;
        file.write_all(&serde_json::to_vec(&content)?)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        file.persist(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        // Another host may have announced itself since.
        let ours = fs::read(&self.0)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<HostFile>(&bytes).ok())
            .is_some_and(|found| found.pid == std::process::id());
        if ours {
            let _ = fs::remove_file(&self.0);
        }
    }
}
