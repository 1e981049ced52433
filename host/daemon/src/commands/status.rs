//! `marquee status`: what the running host does.

use marquee_model::{LayerState, StatusView};

use super::host_of;
use super::output::{Cell, Mood, cell, colour, print, print_json, span, table};
use crate::cli::Query;
use crate::client::RunningHost;
use crate::errors::CliError;

pub(super) fn status(query: &Query) -> Result<(), CliError> {
    let host = host_of(query)?;
    let answer = host.get("/api/v1/status")?;
    if query.json {
        return print_json(&answer);
    }
    print(&text(&host, &host.read(&answer)?, colour()))
}

fn text(host: &RunningHost, status: &StatusView, colour: bool) -> String {
    let shown = match &status.current.plugin {
        Some(name) => format!("{name}, for {}", span(status.current.for_ms as f64 / 1000.0)),
        None => "nothing".to_owned(),
    };
    let next = status.current.next.as_ref().map(|name| format!(", next {name}")).unwrap_or_default();
    let reason = status.current.reason.replace('_', " ");
    let mut rows = vec![
        row(
            "host",
            format!("version {}, process {}, up {}", status.version, host.info.pid, span(status.uptime_s)),
        ),
        row("page", format!("http://{}/", host.info.listen)),
        row("panel", format!("{}, {} frames a second", status.panel, status.fps)),
        row("on screen", format!("{shown} ({reason}{next})")),
        row("frames", status.frames.to_string()),
    ];
    for sink in &status.sinks {
        let dropped = if sink.dropped > 0 { format!(", {} dropped", sink.dropped) } else { String::new() };
        let text = format!("{}: {} pictures{dropped}", sink.spec, sink.pictures);
        rows.push(match &sink.error {
            Some(error) => vec![label("sink"), cell(format!("{text}; {error}")).mood(Mood::Bad)],
            None => row("sink", text),
        });
    }
    rows.push(boxed(status));
    let stale = if status.store.stale { ", out of reach: what is shown may be old" } else { "" };
    rows.push(row("store", format!("{}{stale}", status.store.kind)));
    table(&rows, 0, colour)
}

/// The layers of the box on one line: how many are in force, and which are not.
fn boxed(status: &StatusView) -> Vec<Cell> {
    let short: Vec<&str> = status
        .sandbox
        .iter()
        .filter(|layer| layer.state != LayerState::Enforced)
        .map(|layer| &*layer.name)
        .collect();
    let all = status.sandbox.len();
    if short.is_empty() {
        return row("box", format!("all {all} layers in force"));
    }
    let text = format!(
        "{} of {all} layers in force, not {}: see `marquee doctor`",
        all - short.len(),
        short.join(", ")
    );
    vec![label("box"), cell(text).mood(Mood::Warn)]
}

fn label(text: &str) -> Cell {
    cell(text).mood(Mood::Faint)
}

fn row(name: &str, text: impl AsRef<str>) -> Vec<Cell> {
    vec![label(name), cell(text)]
}

#[cfg(test)]
mod tests {
    use marquee_model::{BoxLayer, PanelSize, ShownView, SinkView, StoreView};

    use super::*;
    use crate::app::HostFile;

    #[test]
    fn the_status_fits_on_one_screen_for_people() {
        let layer = |name: &str, state| BoxLayer { name: name.to_owned(), state, note: None };
        let sink =
            |spec: &str, dropped, error| SinkView { spec: spec.to_owned(), pictures: 7, dropped, error };
        let status = StatusView {
            version: "0.1.0".to_owned(),
            api: "1.0.0".to_owned(),
            uptime_s: 3725.5,
            panel: PanelSize::new(128, 64).unwrap(),
            fps: 60,
            current: ShownView {
                plugin: Some("clock".parse().unwrap()),
                reason: "rotation".to_owned(),
                for_ms: 4200,
                next: Some("text".parse().unwrap()),
            },
            frames: 1234,
            sinks: vec![sink("web", 0, None), sink("record:a.gif", 2, Some("disk full".to_owned()))],
            sandbox: vec![layer("session", LayerState::Enforced), layer("cgroup", LayerState::Missing)],
            store: StoreView { kind: "memory".to_owned(), stale: false },
        };
        let info =
            HostFile { pid: 42, listen: "127.0.0.1:8750".parse().unwrap(), version: "0.1.0".to_owned() };
        let host = RunningHost { file: "/x/host.json".into(), info };
        insta::assert_snapshot!(text(&host, &status, false), @r"
        host       version 0.1.0, process 42, up 1 h 2 min
        page       http://127.0.0.1:8750/
        panel      128x64, 60 frames a second
        on screen  clock, for 4 s (rotation, next text)
        frames     1234
        sink       web: 7 pictures
        sink       record:a.gif: 7 pictures, 2 dropped; disk full
        box        1 of 2 layers in force, not cgroup: see `marquee doctor`
        store      memory
        ");
    }
}
