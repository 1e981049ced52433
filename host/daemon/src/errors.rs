//! How a command fails: one kind, one message, perhaps hints.
//!
//! Invariant: what reaches the terminal is `error: …` on one line and `hint: …` on lines of their own, free of control
//! characters; the exit code follows from the kind alone.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::config::{ConfigError, DirectoryError};

/// Whose fault it is, as far as the exit code goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command line is wrong: exit code 2.
    Usage,
    /// It was understood but could not be done: exit code 1.
    Failed,
}

/// Why a command ends without having done what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CliError {
    /// Whose fault.
    pub kind: Kind,
    /// One sentence without a full stop.
    pub message: String,
    /// What else may help, a sentence each.
    pub hints: Vec<String>,
}

impl CliError {
    /// The command line is wrong.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, message: message.into(), hints: Vec::new() }
    }

    /// It could not be done.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self { kind: Kind::Failed, message: message.into(), hints: Vec::new() }
    }

    /// It could not be done because of `error`; its causes follow, after colons.
    #[must_use]
    pub fn because(error: &(dyn Error + 'static)) -> Self {
        Self::failed(with_causes(error))
    }

    /// The same with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Writes message and hints.
    ///
    /// # Errors
    /// As the writer.
    pub fn write_to(&self, to: &mut dyn Write) -> io::Result<()> {
        writeln!(to, "error: {}", printable(&self.message))?;
        self.hints.iter().try_for_each(|hint| writeln!(to, "hint: {}", printable(hint)))
    }

    /// The exit code of the program.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self.kind {
            Kind::Usage => ExitCode::from(2),
            Kind::Failed => ExitCode::from(1),
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::because(&error)
    }
}

impl From<DirectoryError> for CliError {
    fn from(error: DirectoryError) -> Self {
        Self::because(&error)
    }
}

/// An error and its causes as one sentence.
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A text that may come from a plugin, a file name or the network, made safe for a terminal: on one line, and without
/// the control characters that could move the cursor or change its colours.
#[must_use]
pub fn printable(text: &str) -> String {
    // The marks that turn the direction of writing would let a name look like another.
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if c.is_control() || turns(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_with_its_causes_and_hints_below() {
        let source = io::Error::new(io::ErrorKind::NotFound, "no such file");
        let error = CliError::because(&ConfigError::Read { path: "/x.toml".into(), source })
            .hint("make\u{1b}[31m it");
        let mut text = Vec::new();
        error.write_to(&mut text).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "error: cannot read the configuration /x.toml: name another file with --config: no such file\n\
             hint: make\u{fffd}[31m it\n"
        );
    }

    #[test]
    fn nothing_that_steers_a_terminal_is_printed() {
        assert_eq!(
            printable("a\u{1b}]0;x\u{7}\u{9b}1m\u{202e}b\nc"),
            "a\u{fffd}]0;x\u{fffd}\u{fffd}1m\u{fffd}b c"
        );
    }
}
