//! What this machine can and cannot do and enforce, and how to mend it.
//!
//! Invariant: looking changes nothing and ends within seconds: every program that is asked has a limit of time. It
//! works with and without a running host, and with any configuration that could be read.

mod box_layers;
mod folders;
mod machine;
mod panel;
mod program;

use marquee_plugin_api::API_VERSION;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;

/// How it stands with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, but not fully.
    Partial,
    /// Not there.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Where it belongs: `host`, `machine`, `box`, `panel`.
    pub group: String,
    /// What it is, in few words; within a group no two are alike.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do, where there is something to do.
    pub advice: Option<String>,
}

/// `GET /api/v1/doctor` and `marquee doctor --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this program.
    pub version: String,
    /// Version of the plugin contract.
    pub api: String,
    /// Everything that was looked at, by group.
    pub checks: Vec<Check>,
}

impl Check {
    pub(crate) fn new(group: &str, name: &str, state: State, found: impl Into<String>) -> Self {
        Self { group: group.to_owned(), name: name.to_owned(), state, found: found.into(), advice: None }
    }

    pub(crate) fn ok(group: &str, name: &str, found: impl Into<String>) -> Self {
        Self::new(group, name, State::Ok, found)
    }

    pub(crate) fn partial(group: &str, name: &str, found: impl Into<String>) -> Self {
        Self::new(group, name, State::Partial, found)
    }

    pub(crate) fn missing(group: &str, name: &str, found: impl Into<String>) -> Self {
        Self::new(group, name, State::Missing, found)
    }

    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// The report of a host that has not looked yet.
#[must_use]
pub fn nothing_yet() -> Value {
    let report = Report {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api: API_VERSION.to_owned(),
        checks: Vec::new(),
    };
    serde_json::to_value(report).unwrap_or_default()
}

/// Looks at everything. Blocks for up to some seconds, because it starts `marquee-runner --probe` and the like: not
/// for a thread that answers requests.
#[must_use]
pub fn examine(config: &Config) -> Report {
    let mut checks = folders::checks(config);
    checks.extend(machine::checks(config));
    checks.extend(box_layers::checks(config));
    checks.push(panel::check(config));
    Report { version: env!("CARGO_PKG_VERSION").to_owned(), api: API_VERSION.to_owned(), checks }
}

/// [`examine`] as JSON, for the HTTP route. Blocks as long; the caller keeps the answer.
#[must_use]
pub fn doctor_report(config: &Config) -> Value {
    serde_json::to_value(examine(config)).unwrap_or(Value::Null)
}
