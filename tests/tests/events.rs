//! Plugins that misbehave when they are handed new settings, and good ones that take them.

use std::time::Duration;

use marquee_tests::{Instance, Library, Setup, alone, beside_others, wait_until};
use serde_json::json;

use crate::faults::{assert_good_ones_unharmed, reason};

/// P-PLUGIN-1, 2 and 3 in the callback `event`: signals, panics and loops there are named, cost nobody else anything,
/// and the instance then runs with the settings that were wanted.
#[test]
fn what_goes_wrong_in_an_event_stays_with_its_plugin() {
    let _turn = alone();
    let acts = [
        ("segv", "SIGSEGV in event"),
        ("abort", "SIGABRT in event"),
        ("stack-overflow", "SIGABRT in event"),
        ("loop", "killed: event took longer than 500 ms"),
        ("panic", "panic in event at"),
        ("error", "event failed:"),
    ];
    let mut setup = Setup::new().two_good_ones();
    for (act, _) in acts {
        let settings = json!({"hue": 1, "act": act, "at": "event"});
        setup = setup.instance(Instance::new(act, "hostile", settings));
    }
    let mut host = setup.plugin("hostile.so", &Library::hostile()).start();
    let before: Vec<_> = acts.iter().map(|(act, _)| host.wait_state(act, "running")).collect();
    let (begin, fault) = (host.let_it_run(100.0), host.let_it_run(1500.0));

    let changes: Vec<_> = acts.iter().map(|(act, _)| (*act, "hue", json!(2))).collect();
    host.change(&changes);
    for ((act, words), before) in acts.iter().zip(&before) {
        let said = format!("instance={act}");
        wait_until(&format!("{words} of {act}"), Duration::from_secs(5), || {
            host.log().lines().any(|line| line.contains(words) && line.contains(&said))
        });
        let again = |observed: &serde_json::Value| {
            observed["state"] == "running" && observed["pid"].is_u64() && observed["pid"] != before["pid"]
        };
        let observed = host.wait_observed(act, "running again with the new settings", again);
        let died = !matches!(*act, "panic" | "error");
        assert_eq!(observed["restarts"], u64::from(died), "{act}: {observed:#}");
    }
    let end = host.let_it_run(1500.0);
    let mut rotation = vec!["one", "two"];
    rotation.extend(acts.iter().map(|(act, _)| *act));
    let gap = host.recording().longest_gap(fault, end);
    let usual = host.recording().longest_gap(begin, fault);
    assert!(
        gap <= 100.0_f64.max(3.0 * usual),
        "the panel stood still for {gap:.0} ms, before for {usual:.0} ms"
    );
    assert_good_ones_unharmed(&host);
    host.assert_alive();
}

/// New settings reach a running plugin as an event: it takes them without being started again.
#[test]
fn new_settings_reach_a_running_plugin() {
    let _turn = beside_others();
    let mut host = Setup::new().two_good_ones().start();
    let before = host.wait_state("one", "running");
    let from = host.let_it_run(300.0);
    host.change(&[("one", "hue", json!(77))]);
    wait_until("a picture in the new colour", Duration::from_secs(10), || {
        let now = host.recording().now();
        let pictures = host.recording().between(from, now);
        pictures.iter().any(|picture| picture.signature().is_some_and(|(hue, ..)| hue == 77))
    });
    let after = host.observed("one");
    assert_eq!((&after["pid"], &after["restarts"]), (&before["pid"], &json!(0)), "{after:#}");
    assert_eq!(reason(&after), "");
}

/// Settings that do not fit are refused in one sentence, and the plugin runs on with those before.
#[test]
fn settings_that_do_not_fit_change_nothing() {
    let _turn = beside_others();
    let mut host = Setup::new().two_good_ones().start();
    let before = host.wait_state("two", "running");
    host.change(&[("two", "hue", json!("no number"))]);
    let refused =
        |observed: &serde_json::Value| reason(observed).contains("the settings do not fit this plugin");
    let observed = host.wait_observed("two", "refused settings", refused);
    assert_eq!(observed["running_digest"], before["running_digest"], "{observed:#}");
    assert_eq!(observed["restarts"], 0, "{observed:#}");
    host.assert_alive();
}
