//! `marquee plugins list` and `show`.

use marquee_model::{
    InstanceName, ObservedState, PackagesView, PluginView, PluginsView, RefusedView, Status,
};
use serde_json::Value;

use super::host_of;
use super::output::{Cell, Mood, cell, colour, print, print_json, table};
use crate::cli::Query;
use crate::errors::{CliError, printable};

const PLUGINS: &str = "/api/v1/plugins";

pub(super) fn list(query: &Query) -> Result<(), CliError> {
    let host = host_of(query)?;
    let answer = host.get(PLUGINS)?;
    if query.json {
        return print_json(&answer);
    }
    let plugins: PluginsView = host.read(&answer)?;
    let packages: PackagesView = host.read(&host.get("/api/v1/packages")?)?;
    print(&list_text(&plugins, &packages, colour()))
}

fn list_text(plugins: &PluginsView, packages: &PackagesView, colour: bool) -> String {
    let mut out = if plugins.plugins.is_empty() {
        "There are no instances; plugins found are started with `marquee run --enable all`.\n".to_owned()
    } else {
        let heads = ["NAME", "PACKAGE", "VERSION", "STATUS", "STATE", "RESTARTS", "REASON"];
        let mut rows = vec![heads.map(|head| cell(head).mood(Mood::Faint)).to_vec()];
        rows.extend(plugins.plugins.iter().map(list_row));
        table(&rows, 0, colour)
    };
    if let Some(error) = &packages.folder_error {
        out.push_str(&format!("\nThe plugins folder: {}\n", printable(error)));
    }
    if !packages.refused.is_empty() {
        out.push_str("\nRefused files:\n");
        let row = |refused: &RefusedView| vec![cell(&refused.path), cell(&refused.reason)];
        out.push_str(&table(&packages.refused.iter().map(row).collect::<Vec<_>>(), 2, colour));
    }
    out
}

fn list_row(plugin: &PluginView) -> Vec<Cell> {
    vec![
        cell(plugin.name.as_str()),
        cell(&plugin.package),
        cell(plugin.version.as_deref().unwrap_or("-")),
        cell(status_word(plugin.status)),
        state_cell(plugin.observed.state),
        cell(plugin.observed.restarts.to_string()),
        cell(plugin.observed.reason.as_deref().unwrap_or_default()),
    ]
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Enabled => "enabled",
        Status::Disabled => "disabled",
    }
}

fn state_cell(state: ObservedState) -> Cell {
    let (word, mood) = match state {
        ObservedState::Stopped => ("stopped", Mood::Faint),
        ObservedState::Starting => ("starting", Mood::Warn),
        ObservedState::Running => ("running", Mood::Good),
        ObservedState::Slow => ("slow", Mood::Warn),
        ObservedState::Failing => ("failing", Mood::Bad),
        ObservedState::Crashed => ("crashed", Mood::Bad),
        ObservedState::Quarantined => ("quarantined", Mood::Bad),
        ObservedState::Missing => ("missing", Mood::Bad),
    };
    cell(word).mood(mood)
}

pub(super) fn show(name: &InstanceName, query: &Query) -> Result<(), CliError> {
    let host = host_of(query)?;
    let answer = host.get(PLUGINS)?;
    let plugins: PluginsView = host.read(&answer)?;
    let Some(at) = plugins.plugins.iter().position(|plugin| plugin.name == *name) else {
        return Err(unknown(name, &plugins));
    };
    if query.json {
        // As the host said it, with members that this version may not know.
        return print_json(answer["plugins"].get(at).unwrap_or(&Value::Null));
    }
    print(&show_text(&plugins.plugins[at], colour()))
}

fn unknown(name: &InstanceName, plugins: &PluginsView) -> CliError {
    let error = CliError::failed(format!("there is no instance {:?}", name.as_str()));
    let likeness =
        |plugin: &&PluginView| (strsim::jaro_winkler(plugin.name.as_str(), name.as_str()) * 1e6) as u32;
    match plugins.plugins.iter().max_by_key(likeness) {
        Some(nearest) if likeness(&nearest) > 700_000 => {
            error.hint(format!("did you mean {}?", nearest.name))
        }
        Some(_) => error.hint("`marquee plugins list` shows all"),
        None => {
            error.hint("there are no instances at all; `marquee run --enable all` makes one of each plugin")
        }
    }
}

fn show_text(plugin: &PluginView, colour: bool) -> String {
    let observed = &plugin.observed;
    let row = |name: &str, text: &str| vec![cell(name).mood(Mood::Faint), cell(text)];
    let none = "-".to_owned();
    let mut rows = vec![
        row("name", plugin.name.as_str()),
        row("package", &plugin.package),
        row("version on disk", plugin.version.as_ref().unwrap_or(&none)),
        row("version running", observed.running_version.as_ref().unwrap_or(&none)),
        row("status", status_word(plugin.status)),
        vec![cell("state").mood(Mood::Faint), state_cell(observed.state)],
        row("reason", observed.reason.as_ref().unwrap_or(&none)),
        row("on screen for", &format!("{} s", plugin.duration_s)),
        row("process", &observed.pid.map_or_else(|| none.clone(), |pid| pid.to_string())),
        row("restarts", &observed.restarts.to_string()),
        row("frames", &format!("{}, {} late", observed.frames, observed.late_frames)),
        row("settings", &format!("version {}", plugin.config_version)),
        row("digest", observed.running_digest.as_ref().unwrap_or(&none)),
    ];
    if observed.dropped_log_lines > 0 {
        rows.push(row("log lines lost", &observed.dropped_log_lines.to_string()));
    }
    let mut out = table(&rows, 0, colour);
    if !observed.last_log.is_empty() {
        out.push_str("\nLast log lines:\n");
        let lines: Vec<_> = observed.last_log.iter().map(|line| vec![cell(line)]).collect();
        out.push_str(&table(&lines, 2, colour));
    }
    out
}

#[cfg(test)]
mod tests {
    use marquee_model::ObservedView;

    use super::*;

    fn plugin(name: &str, state: ObservedState, reason: Option<&str>) -> PluginView {
        PluginView {
            name: name.parse().unwrap(),
            package: "clock".to_owned(),
            version: Some("1.2.0".to_owned()),
            status: Status::Enabled,
            observed: ObservedView {
                state,
                reason: reason.map(str::to_owned),
                restarts: 3,
                pid: Some(77),
                frames: 120,
                late_frames: 1,
                dropped_log_lines: 9,
                last_log: vec!["hello \u{1b}[31mred".to_owned()],
                running_version: None,
                running_digest: None,
            },
            config_version: 1,
            duration_s: 15.0,
        }
    }

    #[test]
    fn the_list_shows_instances_and_refused_files_with_reasons() {
        let plugins = PluginsView {
            plugins: vec![
                plugin("clock", ObservedState::Running, None),
                plugin("clock-tokyo", ObservedState::Crashed, Some("SIGSEGV in draw")),
            ],
        };
        let refused = RefusedView { path: "x.so".to_owned(), reason: "it is cut short".to_owned() };
        let packages = PackagesView { packages: Vec::new(), refused: vec![refused], folder_error: None };
        insta::assert_snapshot!(list_text(&plugins, &packages, false), @r"
        NAME         PACKAGE  VERSION  STATUS   STATE    RESTARTS  REASON
        clock        clock    1.2.0    enabled  running  3
        clock-tokyo  clock    1.2.0    enabled  crashed  3         SIGSEGV in draw

        Refused files:
          x.so  it is cut short
        ");
    }

    #[test]
    fn one_instance_is_shown_with_its_last_words() {
        insta::assert_snapshot!(show_text(&plugin("clock", ObservedState::Slow, None), false), @r"
        name             clock
        package          clock
        version on disk  1.2.0
        version running  -
        status           enabled
        state            slow
        reason           -
        on screen for    15 s
        process          77
        restarts         3
        frames           120, 1 late
        settings         version 1
        digest           -
        log lines lost   9

        Last log lines:
          hello �[31mred
        ");
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest() {
        let plugins = PluginsView { plugins: vec![plugin("clock", ObservedState::Running, None)] };
        let error = unknown(&"clok".parse().unwrap(), &plugins);
        assert_eq!(
            (error.message.as_str(), error.hints[0].as_str()),
            ("there is no instance \"clok\"", "did you mean clock?")
        );
    }
}
