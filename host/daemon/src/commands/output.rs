//! Printing for people and for programs.
//!
//! Invariant: nothing that comes from a plugin, a file name or the network steers the terminal; colour is for
//! terminals only. A reader that goes away (`| head`) is no failure.

use std::io::{self, ErrorKind, IsTerminal, Write};

use serde::Serialize;

use crate::doctor::State;
use crate::errors::{CliError, printable};
use crate::logging::no_colour;

/// Prints a text to standard output.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a value as JSON, indented.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| CliError::failed(error.to_string()))?;
    print(&format!("{text}\n"))
}

/// What a word in the output says about how things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Plain,
    Good,
    Warn,
    Bad,
    Faint,
}

impl From<State> for Mood {
    fn from(state: State) -> Self {
        match state {
            State::Ok => Self::Good,
            State::Partial => Self::Warn,
            State::Missing => Self::Bad,
        }
    }
}

/// One cell of a table.
#[derive(Debug, Clone)]
pub(super) struct Cell(String, Mood);

/// A cell; what steers a terminal is taken out.
pub(super) fn cell(text: impl AsRef<str>) -> Cell {
    Cell(printable(text.as_ref()), Mood::Plain)
}

impl Cell {
    pub(super) fn mood(mut self, mood: Mood) -> Self {
        self.1 = mood;
        self
    }
}

/// Whether standard output takes colours.
pub(super) fn colour() -> bool {
    io::stdout().is_terminal() && !no_colour()
}

/// Rows with their columns aligned, two spaces between them and `indent` before each; each line ends in a line break.
pub(super) fn table(rows: &[Vec<Cell>], indent: usize, colour: bool) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column| rows.iter().filter_map(|row| row.get(column)).map(|cell: &Cell| length(&cell.0)).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let last = row.iter().rposition(|cell| !cell.0.is_empty()).map_or(0, |at| at + 1);
        out.push_str(&" ".repeat(indent));
        for (column, cell) in row.iter().take(last).enumerate() {
            out.push_str(&painted(&cell.0, cell.1, colour));
            if column + 1 < last {
                out.push_str(&" ".repeat(widths[column] - length(&cell.0) + 2));
            }
        }
        out.push('\n');
    }
    out
}

/// Columns on a terminal: one a character, which is right for all but wide and combining ones.
fn length(text: &str) -> usize {
    text.chars().count()
}

fn painted(text: &str, mood: Mood, colour: bool) -> String {
    let code = match mood {
        _ if !colour => return text.to_owned(),
        Mood::Plain => return text.to_owned(),
        Mood::Good => 32,
        Mood::Warn => 33,
        Mood::Bad => 31,
        Mood::Faint => 2,
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// A time span for people: the two largest units.
pub(super) fn span(seconds: f64) -> String {
    // The conversion takes what is negative or no number for zero, and ends at the largest.
    let all = seconds as u64;
    let (days, hours, minutes, seconds) = (all / 86_400, all / 3600 % 24, all / 60 % 60, all % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {seconds} s"),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let rows = [
            vec![cell("NAME"), cell("STATE"), cell("NOTE")],
            vec![cell("clock"), cell("running").mood(Mood::Good), cell("")],
            vec![cell("a\u{1b}[2Jb"), cell("ok"), cell("x\ny")],
        ];
        insta::assert_snapshot!(table(&rows, 2, false).replace(' ', "·"), @r"
        ··NAME····STATE····NOTE
        ··clock···running
        ··a�[2Jb··ok·······x·y
        ");
        assert!(table(&rows, 0, true).contains("\u{1b}[32mrunning\u{1b}[0m"));
    }

    #[test]
    fn spans_are_short() {
        let spans = [0.4, 61.0, 3_700.0, 90_000.0, -1.0, f64::NAN].map(span);
        assert_eq!(spans, ["0 s", "1 min 1 s", "1 h 1 min", "1 d 1 h", "0 s", "0 s"]);
    }
}
