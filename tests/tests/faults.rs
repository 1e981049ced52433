//! Plugins that die of a signal, panic or end by themselves, in each callback.
//!
//! In each test all of them are there at once, beside two good ones, so that the panel has more to bear than it is
//! promised to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use marquee_tests::{
    Host, Instance, Library, Mark, Setup, alone, beside_others, built, processes, wait_until,
};
use serde_json::{Value, json};

/// Acts that end in a signal, and what the state says of them.
const SIGNALS: [(&str, &str); 7] = [
    ("segv", "SIGSEGV"),
    ("bus", "SIGBUS"),
    ("ill", "SIGILL"),
    ("fpe", "SIGFPE"),
    ("abort", "SIGABRT"),
    ("double-panic", "SIGABRT"),
    // The standard library says its word about it and aborts.
    ("stack-overflow", "SIGABRT"),
];

/// Two good instances, and one for each act whose plugin is not there yet. In draw it has good frames first, so that it
/// is on screen when it acts; in fetch it has been there for a moment.
pub(crate) fn waiting_for_hostile(acts: &[&str], at: &str) -> Host {
    let mut setup = Setup::new().two_good_ones();
    for act in acts {
        let settings = json!({"hue": 99, "act": act, "at": at, "after_frames": 5, "after_ms": 100});
        setup = setup.instance(Instance::new(act, "hostile", settings));
    }
    setup.start()
}

/// Lets the good ones run, then puts the hostile plugin there; where the recording was before and then.
pub(crate) fn release(host: &Host) -> (Mark, Mark) {
    host.wait_state("one", "running");
    host.wait_state("two", "running");
    let begin = host.let_it_run(100.0);
    let fault = host.let_it_run(1100.0);
    host.install("hostile.so", &Library::hostile());
    (begin, fault)
}

/// Waits until each of these has died once and been started again; asserts that it took at most 100 ms.
fn assert_quick_restarts(host: &Host, names: &[&str]) {
    let mut pids = BTreeMap::<&str, Option<u32>>::new();
    let mut deaths = BTreeMap::<&str, Instant>::new();
    let mut waiting: BTreeSet<&str> = names.iter().copied().collect();
    wait_until("the first restart of each", Duration::from_secs(20), || {
        let observed = host.all_observed();
        let now = Instant::now();
        waiting.retain(|name| {
            let pid = observed[*name]["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
            let restarts = observed[*name]["restarts"].as_u64().unwrap_or(0);
            let old = *pids.entry(name).or_insert(pid);
            if restarts > 0 || old.is_some_and(|old| pid != Some(old) || !processes::alive(old)) {
                let died = *deaths.entry(name).or_insert(now);
                // Whoever has died twice was started again in between, which we were too slow to see.
                if restarts > 1 || (pid.is_some() && pid != old) {
                    let took = now - died;
                    assert!(took < Duration::from_millis(100), "{name} was started again after {took:?}");
                    return false;
                }
            } else {
                pids.insert(name, pid);
            }
            true
        });
        waiting.is_empty()
    });
}

/// "Other runners keep 99 % of frames", and live.
pub(crate) fn assert_good_ones_unharmed(host: &Host) {
    let (mut frames, mut late) = (0, 0);
    for name in ["one", "two"] {
        let observed = host.observed(name);
        assert_eq!(observed["state"], "running", "{name}: {observed:#}");
        assert_eq!(observed["restarts"], 0, "{name} died: {observed:#}");
        frames += observed["frames"].as_u64().unwrap_or(0);
        late += observed["late_frames"].as_u64().unwrap_or(0);
    }
    // Of fewer than a hundred frames, one is as little as can be late.
    assert!(frames > 30 && late * 100 <= frames.max(100), "the good ones were late {late} times of {frames}");
}

pub(crate) fn reason(observed: &Value) -> &str {
    observed["reason"].as_str().unwrap_or_default()
}

fn signals_at(at: &str) {
    let _turn = alone();
    let acts = SIGNALS.map(|(act, _)| act);
    let mut host = waiting_for_hostile(&acts, at);
    let (begin, fault) = release(&host);
    assert_quick_restarts(&host, &acts);
    for (act, signal) in SIGNALS {
        let wanted = format!("{signal} in {at}");
        let observed = host.wait_observed(act, &wanted, |observed| reason(observed).contains(&wanted));
        if matches!(act, "double-panic" | "stack-overflow") {
            // The standard library's last words are in the log.
            let lines = observed["last_log"].to_string();
            assert!(lines.contains("panick") || lines.contains("overflow"), "{act} in {at}: {lines}");
        }
    }
    let end = host.let_it_run(1500.0);
    host.recording().assert_fine(begin, fault, end, &["one", "two"]);
    assert_good_ones_unharmed(&host);
    host.assert_alive();
}

/// P-PLUGIN-1: whatever signal it dies of in `new`, the panel is fine and the state says what happened.
#[test]
fn a_signal_in_create_hurts_only_that_plugin() {
    signals_at("create");
}

/// P-PLUGIN-1: the same in `fetch`.
#[test]
fn a_signal_in_fetch_hurts_only_that_plugin() {
    signals_at("fetch");
}

/// P-PLUGIN-1: the same in `draw`, on screen.
#[test]
fn a_signal_in_draw_hurts_only_that_plugin() {
    signals_at("draw");
}

/// P-PLUGIN-1: in drop the stop completes, and nothing is started again. P-PLUGIN-2: nor after a panic there.
#[test]
fn a_fault_in_drop_completes_the_stop() {
    let _turn = alone();
    let acts: Vec<&str> = SIGNALS.iter().map(|(act, _)| *act).chain(["panic", "exit", "kill"]).collect();
    let mut host = waiting_for_hostile(&acts, "drop");
    host.install("hostile.so", &Library::hostile());
    for act in &acts {
        host.wait_state(act, "running");
    }
    let begin = host.let_it_run(100.0);
    let fault = host.let_it_run(1000.0);
    std::fs::remove_file(host.in_plugins("hostile.so")).expect("the plugin is removed");
    for act in &acts {
        host.wait_state(act, "missing");
    }
    wait_until("the end of the hostile ones", Duration::from_secs(2), || host.runners().len() == 2);
    let end = host.let_it_run(1000.0);
    assert_eq!(host.runners().len(), 2, "nothing was started again");
    host.recording().assert_fine(begin, fault, end, &["one", "two"]);
    assert_good_ones_unharmed(&host);
    host.assert_alive();
}

/// P-PLUGIN-2: a panic or an error is a value with its message and place; the process lives and nothing else changes.
#[test]
fn a_panic_marks_the_instance_failing_and_nothing_else_changes() {
    let _turn = alone();
    for at in ["create", "fetch", "draw"] {
        let mut host = waiting_for_hostile(&["panic", "error"], at);
        let (begin, fault) = release(&host);
        let panicked = host.wait_state("panic", "failing");
        let words = reason(&panicked);
        assert!(words.starts_with(&format!("panic in {at} at ")), "{words}");
        assert!(words.contains("acts.rs:") && words.ends_with(": hostile panic"), "{words}");
        let failed = host.wait_state("error", "failing");
        assert_eq!(reason(&failed), format!("{at} failed: hostile error: nothing to be done"));
        let end = host.let_it_run(1200.0);
        for name in ["panic", "error"] {
            let later = host.observed(name);
            assert_eq!(later["restarts"], 0, "{at}: a panic is no death: {later:#}");
            assert_eq!(later["state"], "failing", "{at}: {later:#}");
        }
        if at != "create" {
            assert_eq!(host.observed("panic")["pid"], panicked["pid"], "{at}: the process is the same");
        }
        if at == "draw" {
            // Its last good frame stays until its turn is over.
            let gap = host.recording().longest_gap(fault, end);
            assert!(gap <= 550.0, "the panel stood still for {gap:.0} ms");
        } else {
            host.recording().assert_fine(begin, fault, end, &["one", "two"]);
        }
        assert_good_ones_unharmed(&host);
        host.assert_alive();
    }
}

/// P-PLUGIN-2: built with `panic=abort`, a panic is a crash.
#[test]
fn a_plugin_built_with_panic_abort_counts_as_crashed() {
    let _turn = beside_others();
    let setup = Setup::new().two_good_ones().instance(Instance::new("aborts", "aborts", json!({})));
    built::compile(&built::small_plugin("aborts"), &["-Cpanic=abort"], &setup.in_plugins("aborts.so"));
    let mut host = setup.start();
    let wanted = |observed: &Value| reason(observed).contains("SIGABRT in draw") && observed["restarts"] != 0;
    let observed = host.wait_observed("aborts", "dead of SIGABRT", wanted);
    assert!(
        ["crashed", "starting", "quarantined"].iter().any(|state| observed["state"] == *state),
        "{observed:#}"
    );
    let said = observed["last_log"].to_string();
    assert!(said.contains("this one was built with panic=abort"), "{said}");
    host.assert_alive();
}

/// P-PLUGIN-5: a process that ends itself is noticed and treated as a crash.
#[test]
fn a_plugin_that_ends_its_process_has_crashed() {
    let _turn = alone();
    let ends = [("exit", "exit code 3"), ("exit-now", "exit code 4"), ("kill", "SIGKILL")];
    for at in ["create", "fetch", "draw"] {
        let acts = ends.map(|(act, _)| act);
        let mut host = waiting_for_hostile(&acts, at);
        let (begin, fault) = release(&host);
        for (act, end) in ends {
            let wanted = format!("{end} in {at}");
            host.wait_observed(act, &wanted, |observed| reason(observed).contains(&wanted));
        }
        let end = host.let_it_run(1000.0);
        host.recording().assert_fine(begin, fault, end, &["one", "two"]);
        assert_good_ones_unharmed(&host);
        host.assert_alive();
    }
}

/// P-PLUGIN-5: a process that stops itself is ended at the limit of its callback.
#[test]
fn a_plugin_that_stops_its_process_is_ended() {
    let _turn = alone();
    let mut host = waiting_for_hostile(&["stop"], "draw");
    let (_, fault) = release(&host);
    let wanted = "killed: draw took longer than 500 ms";
    let observed = host.wait_observed("stop", wanted, |observed| reason(observed).contains(wanted));
    assert!(observed["restarts"].as_u64() >= Some(1), "{observed:#}");
    let end = host.let_it_run(1000.0);
    let gap = host.recording().longest_gap(fault, end);
    assert!(gap < 700.0, "the panel stood still for {gap:.0} ms");
    assert_good_ones_unharmed(&host);
    host.assert_alive();
}
