//! `[panel.hub75]` of the configuration file that the host reads too.
//!
//! Invariant: only that table is looked at, so that the two programs need not agree on the rest; an unknown key in
//! it is an error that names the nearest known one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use marquee_panel_link::Hub75Options;

/// Read when no other file is named; may be missing.
pub const DEFAULT_FILE: &str = "/etc/marquee/marquee.toml";

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read: name another with --config")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is no TOML.
    #[error("the configuration {path} is not valid TOML: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What and where, in one line.
        message: String,
    },
    /// A key that does not exist.
    #[error("there is no {key:?} in [panel.hub75] of {path}: did you mean {nearest:?}?")]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The key most like it.
        nearest: String,
    },
    /// A value of the wrong kind.
    #[error("[panel.hub75] of {path} cannot be used: {message}")]
    Value {
        /// The file.
        path: PathBuf,
        /// What and where, in one line.
        message: String,
    },
}

/// Reads the options from a file; without one, from [`DEFAULT_FILE`] if it exists.
///
/// # Errors
/// See [`ConfigError`]. Ranges are not checked here but by [`Hub75Options::check`].
pub fn load(file: Option<&Path>) -> Result<Hub75Options, ConfigError> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    match fs::read_to_string(path) {
        Ok(text) => parse(&text, path),
        Err(error) if file.is_none() && error.kind() == io::ErrorKind::NotFound => {
            Ok(Hub75Options::default())
        }
        Err(source) => Err(ConfigError::Read { path: path.to_owned(), source }),
    }
}

fn parse(text: &str, path: &Path) -> Result<Hub75Options, ConfigError> {
    let value = |message: &str| ConfigError::Value { path: path.to_owned(), message: one_line(message) };
    let mut file: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        path: path.to_owned(),
        message: one_line(&error.to_string()),
    })?;
    let table = match file.remove("panel") {
        None => return Ok(Hub75Options::default()),
        Some(toml::Value::Table(mut panel)) => match panel.remove("hub75") {
            None => return Ok(Hub75Options::default()),
            Some(toml::Value::Table(table)) => table,
            Some(_) => return Err(value("hub75 is no table")),
        },
        Some(_) => return Err(value("panel is no table")),
    };
    let known = toml::Table::try_from(Hub75Options::default()).unwrap_or_default();
    if let Some(key) = table.keys().find(|key| !known.contains_key(*key)) {
        let likeness = |name: &&String| (strsim::jaro_winkler(name, key) * 1e6) as u32;
        let nearest = known.keys().max_by_key(likeness).cloned().unwrap_or_default();
        return Err(ConfigError::UnknownKey { path: path.to_owned(), key: key.clone(), nearest });
    }
    table.try_into().map_err(|error: toml::de::Error| value(&error.to_string()))
}

/// The parser's message without the picture of the line that it draws.
fn one_line(message: &str) -> String {
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    let words = lines.filter(|line| !line.contains('|') && !line.chars().all(|c| c == '^' || c == ' '));
    words.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Result<Hub75Options, String> {
        parse(text, Path::new("m.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn the_table_of_the_panel_is_read_and_the_rest_is_the_hosts() {
        let text =
            "[host]\nlisten = 1\n[panel]\nsize = \"128x64\"\n[panel.hub75]\nrows = 64\nchain_length = 2\n";
        let options = options(text).unwrap();
        assert_eq!((options.rows, options.chain_length, options.cols), (64, 2, 64));
    }

    #[test]
    fn a_file_without_the_table_means_the_defaults() {
        assert_eq!(options("").unwrap(), Hub75Options::default());
        assert_eq!(options("[panel]\nsize = \"64x32\"").unwrap(), Hub75Options::default());
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        assert_eq!(
            options("[panel.hub75]\nchainlength = 2").unwrap_err(),
            "there is no \"chainlength\" in [panel.hub75] of m.toml: did you mean \"chain_length\"?"
        );
    }

    #[test]
    fn wrong_kinds_are_refused_in_one_line() {
        for bad in [
            "[panel.hub75]\nrows = \"many\"",
            "panel = 3",
            "[panel]\nhub75 = 1",
            "[panel",
            "[panel.hub75]\nrows = -1",
        ] {
            let error = options(bad).unwrap_err();
            assert!(!error.contains('\n') && error.contains("m.toml"), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_an_error_only_when_it_was_named() {
        let error = load(Some(Path::new("/nowhere/m.toml"))).unwrap_err().to_string();
        assert_eq!(error, "the configuration /nowhere/m.toml cannot be read: name another with --config");
    }
}
