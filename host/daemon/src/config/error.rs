//! Why a configuration cannot be used.
//!
//! Invariant: each message is one sentence on one line that names the place and what to do. Texts from outside are
//! shortened and free of control characters ([`quoted`], [`one_line`]).

use std::io;
use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: name another file with --config", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a configuration at all.
    #[error("{} is not a configuration: {why}", path.display())]
    NoText {
        /// The file.
        path: PathBuf,
        /// What it is instead, and what to do.
        why: &'static str,
    },
    /// The file is not valid TOML.
    #[error("{} is not valid TOML at line {line}, column {column}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What the parser said, on one line.
        message: String,
    },
    /// A key that does not exist.
    #[error("{place} has no key {key}; {advice}")]
    UnknownKey {
        /// File and table.
        place: String,
        /// The key, in back quotes.
        key: String,
        /// The nearest key that exists, or all.
        advice: String,
    },
    /// A `MARQUEE_…` variable that stands for no setting.
    #[error("there is no setting for the environment variable {variable}; {advice}")]
    UnknownVariable {
        /// The variable.
        variable: String,
        /// The nearest one that exists, or all.
        advice: String,
    },
    /// A variable whose value is not text.
    #[error("the environment variable {0} is not UTF-8 text: set it again, or unset it")]
    VariableText(String),
    /// A value that is not allowed.
    #[error("{setting} = {found} is not allowed: use {allowed}")]
    Value {
        /// File, table and key; or the variable.
        setting: String,
        /// The value.
        found: String,
        /// What may stand there.
        allowed: String,
    },
    /// A key that must be there is not.
    #[error("{place} has no {key}: add {allowed}")]
    Missing {
        /// File and table.
        place: String,
        /// The key.
        key: &'static str,
        /// What to add.
        allowed: &'static str,
    },
    /// Two settings that contradict each other.
    #[error("{place} {conflict}")]
    Conflict {
        /// File and table.
        place: String,
        /// What contradicts what, and what to do.
        conflict: String,
    },
    /// No folder for the state.
    #[error("there is no folder to keep the state in, because HOME is not set: name one with --state-dir")]
    NoHome,
    /// The place of this program is not known, and so neither is that of the runner.
    #[error(
        "cannot find out where this program lies, to start marquee-runner beside it: set runner in [host]"
    )]
    OwnPlace {
        /// What the system said.
        source: io::Error,
    },
}

/// A text from outside between quotation marks: escaped, and at most 60 characters of it.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

/// A text from outside on one line: at most 200 characters, line breaks and other control characters as spaces.
pub(super) fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// "did you mean `fps`?", or all that is known if nothing is like it. `known` may be empty.
pub(super) fn nearest(wrong: &str, known: &[String]) -> String {
    // The first likes a common beginning, the second forgives two letters changed round.
    let likeness = |name: &String| {
        strsim::jaro_winkler(name, wrong).max(strsim::normalized_damerau_levenshtein(name, wrong))
    };
    let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match best {
        Some(best) if likeness(best) >= 0.65 => format!("did you mean `{best}`?"),
        Some(_) => format!("use one of {}", known.join(", ")),
        None => "remove it".to_owned(),
    }
}
