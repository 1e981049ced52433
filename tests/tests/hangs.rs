//! Plugins that take too long.

use std::fs;
use std::time::Duration;

use marquee_tests::{Instance, Library, Setup, alone, beside_others, wait_until};
use serde_json::json;

use crate::faults::{assert_good_ones_unharmed, reason, release, waiting_for_hostile};

/// P-PLUGIN-3: a draw without end leaves the last frame on screen, then the next plugin shows; it is killed at 500 ms.
#[test]
fn an_endless_draw_is_ended_and_the_next_plugin_shows() {
    let _turn = alone();
    let mut host = waiting_for_hostile(&["loop"], "draw");
    let (_, fault) = release(&host);
    let wanted = "killed: draw took longer than 500 ms";
    host.wait_observed("loop", wanted, |observed| reason(observed).contains(wanted));
    let end = host.let_it_run(1000.0);
    let recording = host.recording();
    let gap = recording.longest_gap(fault, end);
    assert!(gap < 650.0, "the panel stood still for {gap:.0} ms");
    let pictures = recording.between(fault, end);
    let hung =
        pictures.iter().position(|picture| picture.plugin.as_deref() == Some("loop")).expect("it was shown");
    let shown =
        pictures[hung..].iter().take_while(|picture| picture.plugin.as_deref() == Some("loop")).count();
    let hung = hung + shown - 1;
    assert_eq!(pictures[hung].signature().map(|(hue, ..)| hue), Some(99), "its last good frame stayed");
    assert_eq!(pictures[hung + 1].plugin.as_deref(), Some("one"), "the next one shows");
    assert_good_ones_unharmed(&host);
    host.assert_alive();
}

/// P-PLUGIN-3: an endless `new` or static constructor is killed at 3 s; the panel is fine.
#[test]
fn an_endless_start_is_ended() {
    let _turn = alone();
    let setup = Setup::new()
        .two_good_ones()
        .instance(Instance::new("loop", "hostile", json!({"act": "loop", "at": "create"})))
        .instance(Instance::new("constructor", "constructor", json!({})));
    let mut host = setup.start();
    host.install("constructor.so", &Library::constructor(&["loop"]));
    let (begin, fault) = release(&host);
    for (name, callback) in [("loop", "create"), ("constructor", "load")] {
        let wanted = format!("killed: {callback} took longer than 3 s");
        host.wait_observed(name, &wanted, |observed| reason(observed).contains(&wanted));
    }
    let end = host.let_it_run(500.0);
    host.recording().assert_fine(begin, fault, end, &["one", "two"]);
    host.assert_alive();
}

/// P-PLUGIN-3: an endless drop is killed at 500 ms; the panel is fine.
#[test]
fn an_endless_drop_is_ended() {
    let _turn = alone();
    let mut host = waiting_for_hostile(&["loop"], "drop");
    host.install("hostile.so", &Library::hostile());
    host.wait_state("loop", "running");
    let begin = host.let_it_run(100.0);
    let fault = host.let_it_run(1000.0);
    // A new version takes over; the old one is told to end and does not.
    host.install("hostile.so", &Library::hostile().build('B'));
    wait_until("both versions", Duration::from_secs(3), || host.runners().len() == 4);
    wait_until("the end of the old version", Duration::from_millis(2500), || host.runners().len() == 3);
    let end = host.let_it_run(500.0);
    host.wait_state("loop", "running");
    host.recording().assert_fine(begin, fault, end, &["one", "two", "loop"]);
    host.assert_alive();
}

/// P-PLUGIN-3: an endless fetch holds up no frame, and is killed at 30 s.
#[test]
fn an_endless_fetch_is_ended() {
    let _turn = beside_others();
    let host = waiting_for_hostile(&["loop"], "fetch");
    host.install("hostile.so", &Library::hostile());
    let early = host.wait_observed("loop", "drawing", |observed| observed["frames"].as_u64() > Some(20));
    assert_eq!(early["state"], "running", "{early:#}");
    let wanted = "killed: fetch took longer than 30 s";
    let most = Duration::from_secs(40);
    host.wait_observed_for("loop", wanted, most, |observed| reason(observed).contains(wanted));
}

/// P-PLUGIN-4: 20 ms a frame at 60 frames a second is slow: shown as it comes, marked, not killed.
#[test]
fn a_slow_plugin_is_shown_at_the_rate_it_manages() {
    let _turn = alone();
    let setup = Setup::new().two_good_ones().set("display", "fps", json!(60));
    let slow = Instance::new("slow", "hostile", json!({"hue": 99, "act": "slow"})).seconds(2.0);
    let host = setup.plugin("hostile.so", &Library::hostile()).instance(slow).start();
    let observed = host.wait_state("slow", "slow");
    assert_eq!(observed["restarts"], 0, "{observed:#}");
    assert_eq!(reason(&observed), "draws too slowly for the frame rate");
    let from = host.recording().now();
    let end = host.let_it_run(4000.0);
    let recording = host.recording();
    let shown: Vec<_> =
        recording.between(from, end).into_iter().filter(|p| p.plugin.as_deref() == Some("slow")).collect();
    let runs = shown.windows(2).filter(|two| two[1].at_ms - two[0].at_ms < 200.0);
    let gaps: Vec<f64> = runs.map(|two| two[1].at_ms - two[0].at_ms).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    assert!(gaps.len() > 30, "only {} pictures of it", shown.len());
    assert!((20.0..45.0).contains(&mean), "a picture each {mean:.1} ms");
    assert_eq!(host.observed("slow")["pid"], observed["pid"], "it was not killed");
}

/// P-PLUGIN-3, P-API-7: ten plugins that hang in every callback do not hold up the end of the host.
#[test]
fn ten_hanging_plugins_do_not_hold_up_the_end() {
    let _turn = alone();
    let mut setup = Setup::new().two_good_ones().plugin("hostile.so", &Library::hostile());
    let callbacks = ["draw", "create", "fetch", "drop", "draw", "create", "fetch", "drop", "drop", "fetch"];
    for (number, at) in callbacks.iter().enumerate() {
        let settings = json!({"act": "loop", "at": at, "after_frames": 1});
        setup = setup.instance(Instance::new(&format!("hangs-{number}"), "hostile", settings).seconds(0.3));
    }
    let mut host = setup.start();
    for number in [2, 3, 6, 7, 8, 9] {
        host.wait_observed(&format!("hangs-{number}"), "drawing", |observed| {
            observed["frames"].as_u64() > Some(0)
        });
    }
    let runners = host.runners();
    let (status, took) = host.stop();
    assert!(status.success(), "{status}: {}", host.log());
    assert!(took < Duration::from_secs(3), "it took {took:?}");
    assert!(runners.iter().all(|pid| !marquee_tests::processes::alive(*pid)), "a runner is left");
    assert!(!fs::exists(host.setup().home().join("state/host.json")).unwrap_or(true), "host.json is left");
}
