//! `marquee doctor`: what the running host found, or else what this process finds.
//!
//! Why the host is asked first: it may run as another user, and what its plugins are boxed in is what counts.

use super::config_of;
use super::output::{Mood, cell, colour, print, print_json, table};
use crate::cli::Query;
use crate::client::{self, ClientError, RunningHost};
use crate::config::Surroundings;
use crate::doctor::{Check, Report, State, examine};
use crate::errors::{CliError, with_causes};

pub(super) fn doctor(query: &Query) -> Result<(), CliError> {
    let config = config_of(query)?;
    let found = client::find(&config, &Surroundings::of_this_process());
    let asked = found.and_then(|host| Ok((ask(&host)?, host)));
    let report = match asked {
        Ok((mut report, host)) => {
            report.checks.insert(0, running(&host));
            report
        }
        Err(error) => {
            let mut report = examine(&config);
            report.checks.insert(0, not_running(&error));
            report
        }
    };
    if query.json { print_json(&report) } else { print(&text(&report, colour())) }
}

fn ask(host: &RunningHost) -> Result<Report, ClientError> {
    host.read(&host.get("/api/v1/doctor")?)
}

fn running(host: &RunningHost) -> Check {
    let info = &host.info;
    Check::ok(
        "host",
        "running",
        format!("version {}, process {}, http://{}/", info.version, info.pid, info.listen),
    )
}

fn not_running(error: &ClientError) -> Check {
    match error {
        ClientError::NoHost { .. } | ClientError::Gone { .. } => {
            Check::missing("host", "running", "no host is running").advice("start one with `marquee run`")
        }
        error => Check::missing("host", "running", with_causes(error)),
    }
}

fn text(report: &Report, colour: bool) -> String {
    let mut out = format!("marquee {}, plugin contract {}\n", report.version, report.api);
    let mut groups: Vec<&str> = Vec::new();
    for check in &report.checks {
        if !groups.contains(&check.group.as_str()) {
            groups.push(&check.group);
        }
    }
    let mut rows = Vec::new();
    for group in groups {
        for check in report.checks.iter().filter(|check| check.group == group) {
            let state = cell(word(check.state)).mood(check.state.into());
            rows.push(vec![cell(group).mood(Mood::Faint), cell(&check.name), state, cell(&check.found)]);
            if let Some(advice) = &check.advice {
                rows.push(vec![cell(""), cell(""), cell(""), cell(format!("→ {advice}"))]);
            }
        }
    }
    out.push_str(&table(&rows, 0, colour));
    out
}

fn word(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::Partial => "partial",
        State::Missing => "missing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_says_how_it_stands_and_what_to_do() {
        let report = Report {
            version: "0.1.0".to_owned(),
            api: "1.0.0".to_owned(),
            checks: vec![
                not_running(&ClientError::NoHost { looked: "/x".to_owned() }),
                Check::ok("machine", "kernel", "Linux 6.1"),
                Check::partial("box", "landlock", "no scopes"),
                Check::ok("machine", "C library", "glibc 2.36"),
            ],
        };
        insta::assert_snapshot!(text(&report, false), @r"
        marquee 0.1.0, plugin contract 1.0.0
        host     running    missing  no host is running
                                     → start one with `marquee run`
        machine  kernel     ok       Linux 6.1
        machine  C library  ok       glibc 2.36
        box      landlock   partial  no scopes
        ");
    }
}
