//! Which file is read, and everything else that is taken from around the process.
//!
//! Invariant: only [`Surroundings::of_this_process`] looks at the real environment, so that a test can give another.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::error::one_line;

/// A configuration is a few kilobytes; more is a mistake in the name of the file.
const MOST_BYTES: u64 = 1 << 20;

/// What surrounds the process.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The environment, as far as it is text.
    pub variables: BTreeMap<String, String>,
    /// A `MARQUEE_…` variable whose value is not text, if there is one.
    pub not_text: Option<String>,
    /// The configuration of the system: `/etc/marquee/marquee.toml`.
    pub system_file: PathBuf,
    /// Where the host of the system keeps its state, besides the folder of this user: `/var/lib/marquee`.
    pub system_state: PathBuf,
    /// This program; `None`: ask the system.
    pub program: Option<PathBuf>,
}

impl Surroundings {
    /// The real ones.
    #[must_use]
    pub fn of_this_process() -> Self {
        let mut around = Self::none();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(around.variables.insert(name, value)),
                Err(_) if name.starts_with("MARQUEE_") => around.not_text = Some(name),
                Err(_) => {}
            }
        }
        around
    }

    /// No variables at all, and the usual places.
    #[must_use]
    pub fn none() -> Self {
        Self {
            variables: BTreeMap::new(),
            not_text: None,
            system_file: "/etc/marquee/marquee.toml".into(),
            system_state: "/var/lib/marquee".into(),
            program: None,
        }
    }

    /// A variable that names a folder, if it is set to an absolute path; of several, the first.
    pub(super) fn folder(&self, variable: &str) -> Option<PathBuf> {
        let text = self.variables.get(variable)?.split(':').next()?;
        Some(PathBuf::from(text)).filter(|path| path.is_absolute())
    }

    /// A folder of the user by the rules of the XDG base directories: the variable, or the usual place in `HOME`.
    pub(super) fn xdg(&self, variable: &str, usual: &str) -> Option<PathBuf> {
        self.folder(variable).or_else(|| Some(self.folder("HOME")?.join(usual)))
    }

    /// Where a program lies that was installed together with this one.
    ///
    /// # Errors
    /// The place of this program cannot be found out.
    pub fn beside_this_program(&self, name: &str) -> Result<PathBuf, ConfigError> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => std::env::current_exe().map_err(|source| ConfigError::OwnPlace { source })?,
        };
        Ok(program.with_file_name(name))
    }

    pub(super) fn runner_beside_this_program(&self) -> Result<PathBuf, ConfigError> {
        self.beside_this_program("marquee-runner")
    }
}

/// The file to read: the one named by the flag, else by `MARQUEE_CONFIG`, else the system's or the user's if there is
/// one.
pub(super) fn find(flag: Option<&Path>, around: &Surroundings) -> Option<PathBuf> {
    let named = around.variables.get("MARQUEE_CONFIG").filter(|path| !path.is_empty());
    flag.map(Path::to_owned).or_else(|| named.map(PathBuf::from)).or_else(|| {
        let users =
            around.xdg("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("marquee/marquee.toml"));
        // A file that is there but cannot be read is an error later, not a reason to go on looking.
        let there = |path: &PathBuf| path.symlink_metadata().is_ok();
        Some(around.system_file.clone()).filter(there).or_else(|| users.filter(there))
    })
}

/// Reads a file as TOML.
pub(super) fn read(path: &Path) -> Result<toml::Table, ConfigError> {
    let read_error = |source| ConfigError::Read { path: path.to_owned(), source };
    let no_text = |why| ConfigError::NoText { path: path.to_owned(), why };
    let file = File::open(path).map_err(read_error)?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(read_error)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(no_text("it is longer than 1 MiB; name the right file with --config"));
    }
    let text = String::from_utf8(bytes).map_err(|_| no_text("it is not UTF-8 text; save it as UTF-8"))?;
    parse(&text, path)
}

/// Reads a text as TOML; `path` is for messages.
pub(super) fn parse(text: &str, path: &Path) -> Result<toml::Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| {
        let offset = error.span().map_or(0, |span| span.start);
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
        ConfigError::Syntax { path: path.to_owned(), line, column, message: one_line(error.message()) }
    })
}
