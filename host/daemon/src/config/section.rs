//! Reading one table: its keys by name and kind, each mistake as one sentence.
//!
//! Invariant: every key that is asked for is known, and [`Section::finish`] refuses all others. So the list of known
//! keys cannot differ from what is read.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::ConfigError;
use super::error::nearest;
use super::given::{Given, entries, variable_of};

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Section<'a> {
    file: &'a Path,
    /// `panel.hub75`; empty for the top of the file; `[[instance]] no. 2` for one of a list.
    path: String,
    entries: BTreeMap<String, Given>,
    known: Vec<String>,
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Item {
    /// How messages call it.
    setting: String,
    given: Given,
    /// The folder that relative paths start from.
    base: PathBuf,
}

impl<'a> Section<'a> {
    pub(super) fn new(file: &'a Path, path: &str, entries: BTreeMap<String, Given>) -> Self {
        Self { file, path: path.to_owned(), entries, known: Vec::new() }
    }

    /// The file alone, as messages call it.
    pub(super) fn file(&self) -> String {
        self.file.display().to_string()
    }

    /// File and table, as messages call them.
    pub(super) fn place(&self) -> String {
        let file = self.file();
        match self.path.as_str() {
            "" => file,
            path if path.starts_with('[') => format!("{file}: {path}"),
            path => format!("{file}: [{path}]"),
        }
    }

    /// The value of a key, which is known from now on.
    pub(super) fn take(&mut self, key: &str) -> Option<Item> {
        self.known.push(key.to_owned());
        let given = self.entries.remove(key)?;
        Some(self.item(key, given))
    }

    fn item(&self, key: &str, given: Given) -> Item {
        let (setting, base) = match &given {
            Given::Variable { name, .. } => (name.clone(), PathBuf::new()),
            _ if self.path.is_empty() => (format!("{}: {key}", self.file.display()), PathBuf::new()),
            _ => (format!("{} {key}", self.place()), self.file.parent().unwrap_or(Path::new("")).to_owned()),
        };
        Item { setting, given, base }
    }

    /// A table within this one; empty if it is not there.
    pub(super) fn table(&mut self, key: &str) -> Result<Section<'a>, ConfigError> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let entries = match self.take(key) {
            None => BTreeMap::new(),
            Some(Item { given: Given::Table(entries), .. }) => entries,
            Some(item) => return Err(item.refused(format!("a table: [{path}] with its keys below"))),
        };
        Ok(Section::new(self.file, &path, entries))
    }

    /// A list of tables, `[[key]]`; empty if it is not there.
    pub(super) fn tables(&mut self, key: &str) -> Result<Vec<Section<'a>>, ConfigError> {
        let Some(item) = self.take(key) else { return Ok(Vec::new()) };
        if let Some(variable) = item.given.variable() {
            let advice = format!("write [[{key}]] in the configuration file");
            return Err(ConfigError::UnknownVariable { variable: super::error::one_line(variable), advice });
        }
        let Given::Value(toml::Value::Array(values)) = &item.given else {
            return Err(item.refused(format!("a list of tables in the configuration file: [[{key}]]")));
        };
        let number = |(index, value): (usize, &toml::Value)| match value {
            toml::Value::Table(table) => {
                let path = format!("[[{key}]] no. {}", index + 1);
                Ok(Section::new(self.file, &path, entries(table.clone())))
            }
            _ => Err(item.refused(format!("a list of tables: [[{key}]]"))),
        };
        values.iter().enumerate().map(number).collect()
    }

    /// Refuses a key that nobody asked for.
    pub(super) fn finish(&self) -> Result<(), ConfigError> {
        match self.entries.first_key_value() {
            None => Ok(()),
            Some((key, given)) => Err(self.unknown(key, given)),
        }
    }

    /// The error for a key that does not exist.
    pub(super) fn unknown(&self, key: &str, given: &Given) -> ConfigError {
        if let Some(variable) = given.variable() {
            // The likeliest mistake of all: one underscore instead of two.
            let tables = self.known.iter().filter(|_| self.path.is_empty());
            for table in tables {
                let Some(rest) = key.strip_prefix(table).and_then(|rest| rest.strip_prefix('_')) else {
                    continue;
                };
                let advice =
                    format!("did you mean `{}`?", variable_of(table, super::error::one_line(rest).as_str()));
                return ConfigError::UnknownVariable { variable: super::error::one_line(variable), advice };
            }
            return unknown_variable(variable, self.known.iter().map(|known| variable_of(&self.path, known)));
        }
        let quoted = super::error::quoted(key);
        let key_shown = format!("`{}`", quoted.trim_matches('"'));
        ConfigError::UnknownKey { place: self.place(), key: key_shown, advice: nearest(key, &self.known) }
    }
}

fn unknown_variable(variable: &str, known: impl Iterator<Item = String>) -> ConfigError {
    let known: Vec<String> = known.collect();
    let shown = super::error::one_line(variable);
    ConfigError::UnknownVariable { variable: shown, advice: nearest(variable, &known) }
}

impl Item {
    pub(super) fn given(&self) -> &Given {
        &self.given
    }

    /// The error for a value that is not allowed.
    pub(super) fn refused(&self, allowed: impl Into<String>) -> ConfigError {
        match (&self.given, self.given.variable()) {
            // A variable that goes on below a key which is no table, such as MARQUEE_DISPLAY__FPS__X.
            (Given::Table(_), Some(variable)) => {
                let known = variable.rsplit_once("__").map(|(known, _)| known.to_owned());
                unknown_variable(variable, known.into_iter())
            }
            _ => ConfigError::Value {
                setting: self.setting.clone(),
                found: self.given.shown(),
                allowed: allowed.into(),
            },
        }
    }

    /// A text; a number stands for itself where it comes from a variable.
    pub(super) fn text(&self, allowed: &str) -> Result<&str, ConfigError> {
        match &self.given {
            Given::Value(toml::Value::String(text)) | Given::Variable { text, .. } => Ok(text),
            _ => Err(self.refused(allowed)),
        }
    }

    /// A text that is read as something.
    pub(super) fn parsed<T: FromStr>(&self, allowed: &str) -> Result<T, ConfigError> {
        self.text(allowed)?.parse().map_err(|_| self.refused(allowed))
    }

    /// A path; a relative one in a file starts at the folder of that file.
    pub(super) fn path(&self, allowed: &str) -> Result<PathBuf, ConfigError> {
        match self.text(allowed)? {
            "" => Err(self.refused(allowed)),
            text if text.contains('\0') => Err(self.refused(allowed)),
            text => Ok(self.base.join(text)),
        }
    }

    /// A whole number within a range.
    pub(super) fn integer<T>(&self, range: RangeInclusive<T>) -> Result<T, ConfigError>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let number = match &self.given {
            Given::Value(toml::Value::Integer(number)) => Some(*number),
            Given::Variable { text, .. } => text.trim().parse().ok(),
            _ => None,
        };
        number
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.refused(format!("a whole number from {} to {}", range.start(), range.end())))
    }

    /// A whole number of at least `least`.
    pub(super) fn at_least(&self, least: u64) -> Result<u64, ConfigError> {
        self.integer(least..=u64::MAX).map_err(|_| match least {
            0 => self.refused("a whole number that is not negative"),
            least => self.refused(format!("a whole number, at least {least}")),
        })
    }

    /// A number within a range, whole or not.
    pub(super) fn number(&self, range: RangeInclusive<f64>) -> Result<f64, ConfigError> {
        let number = match &self.given {
            Given::Value(toml::Value::Integer(number)) => Some(*number as f64),
            Given::Value(toml::Value::Float(number)) => Some(*number),
            Given::Variable { text, .. } => text.trim().parse().ok(),
            _ => None,
        };
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.refused(format!("a number from {} to {}", range.start(), range.end())))
    }

    /// A time in seconds within a range that is not negative.
    pub(super) fn seconds(&self, range: RangeInclusive<f64>) -> Result<Duration, ConfigError> {
        let refused = || self.refused(format!("seconds from {} to {}", range.start(), range.end()));
        let seconds = self.number(range.clone()).map_err(|_| refused())?;
        Duration::try_from_secs_f64(seconds).map_err(|_| refused())
    }

    /// Two numbers: a list in a file, with a comma between them in a variable.
    pub(super) fn pair(&self, allowed: &str) -> Result<(f64, f64), ConfigError> {
        let numbers: Option<Vec<f64>> = match &self.given {
            Given::Value(toml::Value::Array(values)) => {
                let number = |value: &toml::Value| value.as_float().or(value.as_integer().map(|n| n as f64));
                values.iter().map(number).collect()
            }
            Given::Variable { text, .. } => {
                let text = text.trim().trim_start_matches('[').trim_end_matches(']');
                text.split(',').map(|part| part.trim().parse().ok()).collect()
            }
            _ => None,
        };
        match numbers.as_deref() {
            Some([first, second]) => Ok((*first, *second)),
            _ => Err(self.refused(allowed)),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, ConfigError> {
        match &self.given {
            Given::Value(toml::Value::Boolean(truth)) => Ok(*truth),
            Given::Variable { text, .. } => text.trim().parse().map_err(|_| self.refused("true or false")),
            _ => Err(self.refused("true or false")),
        }
    }

    /// A list of texts; in a variable with commas between them, or as TOML in square brackets.
    pub(super) fn texts(&self, allowed: &str) -> Result<Vec<String>, ConfigError> {
        let of_array = |values: &[toml::Value]| {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().ok_or_else(|| self.refused(allowed))
        };
        match &self.given {
            Given::Value(toml::Value::Array(values)) => of_array(values),
            Given::Variable { text, .. } if text.trim_start().starts_with('[') => {
                match text.parse::<toml::Value>() {
                    Ok(toml::Value::Array(values)) => of_array(&values),
                    _ => Err(self.refused(allowed)),
                }
            }
            Given::Variable { text, .. } => Ok(text
                .split(',')
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty())
                .collect()),
            _ => Err(self.refused(allowed)),
        }
    }

    /// A list of texts, each read as something; a message shows only the one that is wrong.
    pub(super) fn parsed_list<T: FromStr>(&self, allowed: &str) -> Result<Vec<T>, ConfigError> {
        let one = |text: &String| {
            text.parse().map_err(|_| {
                let given = Given::Value(toml::Value::String(text.clone()));
                let item = Item { setting: self.setting.clone(), given, base: PathBuf::new() };
                item.refused(allowed)
            })
        };
        self.texts(allowed)?.iter().map(one).collect()
    }
}
