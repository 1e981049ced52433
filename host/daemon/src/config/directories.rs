//! The folders of the host: chosen by systemd's variables or the XDG rules, made when the host starts.
//!
//! Invariant: choosing changes nothing. After [`Directories::prepare`] the state and plugins folders exist, and the
//! state folder can be written to.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{ConfigError, Surroundings};

/// Where the host keeps what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directories {
    /// What must survive: `STATE_DIRECTORY`, or `~/.local/state/marquee`.
    pub state: PathBuf,
    /// Whether the state folder was named by a flag, a variable or the configuration.
    pub state_was_named: bool,
    /// Sockets: `RUNTIME_DIRECTORY`, or `$XDG_RUNTIME_DIR/marquee`, or the state folder. Not made by
    /// [`Directories::prepare`].
    pub runtime: PathBuf,
    /// What may be lost: `CACHE_DIRECTORY`, or `~/.cache/marquee`, or `cache` in the state folder. Not made by
    /// [`Directories::prepare`].
    pub cache: PathBuf,
    /// Plugins: `plugins` in the state folder unless named.
    pub plugins: PathBuf,
}

/// Folders that were named.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) state: Option<PathBuf>,
    pub(super) plugins: Option<PathBuf>,
}

/// Why a folder of the host cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Something else has that name.
    #[error("the {what} folder {} is not a folder: remove it, or name another one with {flag}", path.display())]
    NotAFolder {
        /// Which folder.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// The flag that names it.
        flag: &'static str,
    },
    /// It is missing and cannot be made.
    #[error("cannot make the {what} folder {}: make it by hand, or name another one with {flag}", path.display())]
    Make {
        /// Which folder.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// The flag that names it.
        flag: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// It cannot be written to.
    #[error("cannot write to the state folder {}: give it to this user, or name another one with --state-dir", path.display())]
    NotWritable {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Directories {
    pub(super) fn choose(wishes: Wishes, around: &Surroundings) -> Result<Self, ConfigError> {
        let ours = |folder: PathBuf| folder.join("marquee");
        let named = wishes.state.or_else(|| around.folder("STATE_DIRECTORY"));
        let state_was_named = named.is_some();
        let usual = || around.xdg("XDG_STATE_HOME", ".local/state").map(ours);
        let state = absolute(named.or_else(usual).ok_or(ConfigError::NoHome)?);
        let runtime =
            around.folder("RUNTIME_DIRECTORY").or_else(|| around.folder("XDG_RUNTIME_DIR").map(ours));
        let cache =
            around.folder("CACHE_DIRECTORY").or_else(|| around.xdg("XDG_CACHE_HOME", ".cache").map(ours));
        Ok(Self {
            runtime: runtime.unwrap_or_else(|| state.clone()),
            cache: cache.unwrap_or_else(|| state.join("cache")),
            plugins: absolute(wishes.plugins.unwrap_or_else(|| state.join("plugins"))),
            state,
            state_was_named,
        })
    }

    /// Makes the state folder (readable by its group, writable by its user) and the plugins folder.
    ///
    /// # Errors
    /// The folder that cannot be made or used, in one sentence.
    pub fn prepare(&self) -> Result<(), DirectoryError> {
        make("state", &self.state, "--state-dir", 0o750)?;
        access(&self.state, Access::WRITE_OK | Access::EXEC_OK).map_err(|errno| {
            DirectoryError::NotWritable { path: self.state.clone(), source: errno.into() }
        })?;
        make("plugins", &self.plugins, "--plugins-dir", 0o755)
    }
}

/// A relative path starts where the program was started; later working folders do not matter.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

fn make(what: &'static str, path: &Path, flag: &'static str, mode: u32) -> Result<(), DirectoryError> {
    let path_buf = || path.to_owned();
    match path.metadata() {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => return Err(DirectoryError::NotAFolder { what, path: path_buf(), flag }),
        Err(_) => {}
    }
    let made = DirBuilder::new().recursive(true).mode(mode).create(path);
    made.map_err(|source| DirectoryError::Make { what, path: path_buf(), flag, source })
}
