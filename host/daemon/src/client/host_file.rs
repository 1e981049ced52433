//! Reading `host.json` in the state folder: how commands find the host that runs.
//!
//! Invariant: whatever lies there is no reason to panic or to read on without end. The host writes it (`app`).

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::app::HostFile;

/// More is not a file of ours.
const MOST_BYTES: u64 = 64 * 1024;

/// Why the file of the host cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HostFileError {
    /// Not readable by this user.
    #[error("cannot read {}: ask as the host's user or as root, or name its folder with --state-dir", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not what a host writes.
    #[error("{} was not written by a host: remove it and restart the host", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Reads a file; nothing if there is none.
pub(super) fn read(path: &Path) -> Result<Option<HostFile>, HostFileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(source) => return Err(HostFileError::Read { path: path.to_owned(), source }),
    };
    let mut text = Vec::new();
    let read = file.take(MOST_BYTES).read_to_end(&mut text);
    read.map_err(|source| HostFileError::Read { path: path.to_owned(), source })?;
    let host = serde_json::from_slice(&text);
    host.map(Some).map_err(|source| HostFileError::Malformed { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_or_not_or_no_hosts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.json");
        assert_eq!(read(&path).unwrap(), None);
        std::fs::write(&path, r#"{"pid":7,"listen":"127.0.0.1:8750","version":"0.1.0","later":1}"#).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().pid, 7);
        for text in ["", "{}", "null", r#"{"pid":-1,"listen":"x","version":""}"#] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.ends_with("was not written by a host: remove it and restart the host"), "{error}");
        }
        assert!(matches!(read(folder.path()), Err(HostFileError::Read { .. })));
    }
}
