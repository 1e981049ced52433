//! Values that plugins keep: a folder for each instance, a file for each key.
//!
//! Invariant: an instance has at most 256 keys, and all keys and values together are at most 1 MiB; a file is replaced
//! whole or not at all; a key never becomes a path (its bytes are written as hexadecimal digits). Writers of one instance
//! take turns, so that two cannot pass a limit together.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use marquee_model::InstanceName;
use marquee_plugin_api::HostErrorKind;

/// All keys and values of one instance, in bytes.
const MOST: u64 = 1024 * 1024;
/// Keys of one instance: each is a file, and a file takes a block however small it is.
const MOST_KEYS: usize = 256;
/// Files being written; one that a killed host left behind is removed.
const UNFINISHED: &str = ".new-";
/// One key, in bytes: its hexadecimal digits must fit a file name.
const LONGEST_KEY: usize = 120;

/// Why a value was not read or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ValueError {
    #[error("a key has 1 to {LONGEST_KEY} bytes, this one {0}: use a shorter one")]
    Key(usize),
    #[error("an instance keeps at most 1 MiB under at most {MOST_KEYS} keys: remove values first")]
    Full,
    #[error("the value cannot be kept in {path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

impl ValueError {
    pub(crate) fn kind(&self) -> HostErrorKind {
        match self {
            Self::Key(_) => HostErrorKind::Invalid,
            Self::Full => HostErrorKind::TooLarge,
            Self::Io { .. } => HostErrorKind::Unavailable,
        }
    }
}

/// The values of one instance.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    folder: PathBuf,
    /// Held while writing.
    turn: Arc<Mutex<()>>,
}

impl Values {
    pub(crate) fn new(data_dir: &Path, name: &InstanceName) -> Self {
        Self { folder: data_dir.join(hex(name.as_str())).join("values"), turn: Arc::default() }
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ValueError> {
        let path = self.path(key)?;
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ValueError::Io { path, source }),
        }
    }

    pub(crate) fn set(&self, key: &str, value: &[u8]) -> Result<(), ValueError> {
        let path = self.path(key)?;
        let io = |source| ValueError::Io { path: path.clone(), source };
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        fs::create_dir_all(&self.folder).map_err(io)?;
        let (keys, bytes) = self.others(&path).map_err(io)?;
        if keys >= MOST_KEYS || bytes + (key.len() + value.len()) as u64 > MOST {
            return Err(ValueError::Full);
        }
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder).map_err(io)?;
        file.write_all(value).map_err(io)?;
        file.persist(&path).map_err(|error| io(error.error))?;
        Ok(())
    }

    pub(crate) fn remove(&self, key: &str) -> Result<(), ValueError> {
        let path = self.path(key)?;
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(ValueError::Io { path, source }),
            _ => Ok(()),
        }
    }

    fn path(&self, key: &str) -> Result<PathBuf, ValueError> {
        if key.is_empty() || key.len() > LONGEST_KEY {
            return Err(ValueError::Key(key.len()));
        }
        Ok(self.folder.join(hex(key)))
    }

    /// How many other keys there are, and how many bytes they and their values have.
    fn others(&self, path: &Path) -> io::Result<(usize, u64)> {
        let (mut keys, mut bytes) = (0, 0);
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            } else if entry.path() != path {
                keys += 1;
                bytes += entry.metadata()?.len() + name.len() as u64 / 2;
            }
        }
        Ok((keys, bytes))
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_replaced_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let values = Values::new(folder.path(), &"a/b".replace('/', "-").parse().unwrap());
        assert_eq!(values.get("k").unwrap(), None);
        values.set("k", b"one").unwrap();
        values.set("k", b"two").unwrap();
        values.set("../../etc/passwd", b"three").unwrap();
        assert_eq!(values.get("k").unwrap().as_deref(), Some(&b"two"[..]));
        assert_eq!(values.get("../../etc/passwd").unwrap().as_deref(), Some(&b"three"[..]));
        values.remove("k").unwrap();
        values.remove("k").unwrap();
        assert_eq!(values.get("k").unwrap(), None);
        assert!(matches!(values.get(""), Err(ValueError::Key(0))));
    }

    /// P-PLUGIN-7: the key-value store of an instance is limited, and a refusal changes nothing.
    #[test]
    fn a_full_store_refuses_and_keeps_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let values = Values::new(folder.path(), &"full".parse().unwrap());
        values.set("a", &vec![1; 700 * 1024]).unwrap();
        assert!(matches!(values.set("b", &vec![2; 700 * 1024]), Err(ValueError::Full)));
        assert_eq!(values.get("b").unwrap(), None);
        values.set("a", &vec![3; 900 * 1024]).unwrap();
        assert_eq!(values.get("a").unwrap().unwrap()[0], 3);
    }

    /// P-PLUGIN-7: many small values are limited too, and what a killed host was writing is swept away.
    #[test]
    fn keys_are_counted_and_unfinished_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let values = Values::new(folder.path(), &"many".parse().unwrap());
        values.set("first", b"1").unwrap();
        let left_over = values.folder.join(".new-abc");
        fs::write(&left_over, vec![0; 2 << 20]).unwrap();
        for n in 1..MOST_KEYS {
            values.set(&n.to_string(), b"1").unwrap();
        }
        assert!(!left_over.exists());
        assert!(matches!(values.set("one more", b"1"), Err(ValueError::Full)));
        values.set("first", b"2").unwrap();
    }
}
