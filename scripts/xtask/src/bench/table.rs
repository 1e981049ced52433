//! The table that a run prints, in Markdown.
//!
//! Invariant: a verdict compares a figure with its budget and nothing else; a row without a budget has none.

use std::fmt;

use super::statistics::median;

/// What a figure is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Microseconds,
    Milliseconds,
    Mebibytes,
    /// Of one core.
    Percent,
}

impl Unit {
    fn text(self, value: f64) -> String {
        let digits = match value.abs() {
            v if v >= 100.0 => 0,
            v if v >= 10.0 => 1,
            v if v >= 0.1 => 2,
            _ => 3,
        };
        let unit = match self {
            Self::Microseconds => "µs",
            Self::Milliseconds => "ms",
            Self::Mebibytes => "MiB",
            Self::Percent => "%",
        };
        format!("{value:.digits$} {unit}")
    }
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: Unit,
    /// One for each run.
    pub(crate) runs: Vec<f64>,
    /// Over all frames of all runs, with its budget.
    pub(crate) p99: Option<(f64, Option<f64>)>,
    pub(crate) baseline: Option<(String, Unit, f64)>,
    pub(crate) budget: Option<f64>,
}

impl Row {
    pub(crate) fn new(what: &str, unit: Unit, runs: Vec<f64>) -> Self {
        Self { what: what.to_owned(), unit, runs, p99: None, baseline: None, budget: None }
    }

    pub(crate) fn budget(mut self, budget: f64) -> Self {
        self.budget = Some(budget);
        self
    }

    pub(crate) fn p99(mut self, value: f64, budget: Option<f64>) -> Self {
        self.p99 = Some((value, budget));
        self
    }

    /// Something to compare with, in the same unit.
    pub(crate) fn baseline(mut self, what: &str, value: f64) -> Self {
        self.baseline = Some((what.to_owned(), self.unit, value));
        self
    }

    fn measured(&self) -> String {
        let value = self.unit.text(median(&self.runs));
        match self.p99 {
            Some((p99, _)) => format!("{value}, p99 {}", self.unit.text(p99)),
            None => value,
        }
    }

    fn range(&self) -> String {
        let least = self.runs.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.runs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{} to {} ({})", self.unit.text(least), self.unit.text(most), self.runs.len())
    }

    fn verdict(&self) -> String {
        let pairs = [
            self.budget.map(|budget| (median(&self.runs), budget, "")),
            self.p99.and_then(|(p99, budget)| budget.map(|budget| (p99, budget, "p99 "))),
        ];
        let missed: Vec<String> = pairs
            .iter()
            .flatten()
            .filter(|(value, budget, _)| value.is_nan() || value > budget)
            .map(|(value, budget, what)| format!("{what}missed, {:.2} times the budget", value / budget))
            .collect();
        if pairs.iter().flatten().next().is_none() {
            "–".to_owned()
        } else if missed.is_empty() {
            "kept".to_owned()
        } else {
            missed.join("; ")
        }
    }

    fn cells(&self) -> [String; 7] {
        let (baseline, ratio) = match &self.baseline {
            Some((what, unit, value)) => {
                (format!("{what}: {}", unit.text(*value)), format!("{:.2}", median(&self.runs) / value))
            }
            None => ("–".to_owned(), "–".to_owned()),
        };
        let median_budget = self.budget.map(|budget| format!("≤ {}", self.unit.text(budget)));
        let p99_budget =
            self.p99.and_then(|(_, budget)| budget).map(|budget| format!("p99 ≤ {}", self.unit.text(budget)));
        let budgets: Vec<String> = [median_budget, p99_budget].into_iter().flatten().collect();
        let budget = if budgets.is_empty() { "–".to_owned() } else { budgets.join(", ") };
        [self.what.clone(), self.measured(), self.range(), baseline, ratio, budget, self.verdict()]
    }
}

/// All lines, and remarks below them.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    remarks: Vec<String>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a line, and prints it at once for whoever waits.
    pub(crate) fn add(&mut self, row: Row) {
        eprintln!("  {}: {} [{}] {}", row.what, row.measured(), row.range(), row.verdict());
        self.rows.push(row);
    }

    /// Adds a sentence.
    pub(crate) fn remark(&mut self, text: String) {
        eprintln!("  {text}");
        self.remarks.push(text);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| what | median | range (runs) | baseline of the same run | ratio | budget | verdict |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            writeln!(f, "| {} |", row.cells().join(" | "))?;
        }
        self.remarks.iter().try_for_each(|remark| write!(f, "\n* {remark}"))?;
        if self.remarks.is_empty() { Ok(()) } else { writeln!(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_names_what_was_missed_and_by_how_much() {
        let row = Row::new("x", Unit::Microseconds, vec![10.0, 30.0, 20.0]);
        assert_eq!(row.verdict(), "–");
        assert_eq!(row.clone().budget(20.0).verdict(), "kept");
        assert_eq!(row.clone().budget(10.0).verdict(), "missed, 2.00 times the budget");
        let row = row.budget(20.0).p99(90.0, Some(60.0)).baseline("plain", 5.0);
        assert_eq!(row.verdict(), "p99 missed, 1.50 times the budget");
        assert_eq!(row.cells()[4], "4.00");
    }
}
