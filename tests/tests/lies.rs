//! Plugins that write where they must not and send what they must not.

use marquee_tests::{Mark, Recording, alone, processes};

use crate::faults::{assert_good_ones_unharmed, reason, release, waiting_for_hostile};

/// Every picture of a good one is its own, whole.
fn assert_good_pictures(recording: &Recording, from: Mark, to: Mark) {
    for picture in recording.between(from, to) {
        let hue = match picture.plugin.as_deref() {
            Some("one") => 11,
            Some("two") => 22,
            _ => continue,
        };
        assert_eq!(picture.signature().map(|(hue, ..)| hue), Some(hue), "{picture:?}");
    }
}

/// P-PLUGIN-8: garbage in the shared memory spoils at worst that plugin's own pixels.
#[test]
fn garbage_in_the_shared_memory_spoils_only_its_own_pixels() {
    let _turn = alone();
    for at in ["draw", "fetch"] {
        let mut host = waiting_for_hostile(&["scribble", "truncate"], at);
        let (_, fault) = release(&host);
        host.wait_line("scribble", "scribbling");
        let truncate = host.wait_line("truncate", "truncate:");
        assert!(truncate.contains("truncate: 0 shrunk, answers [1]"), "{truncate}");
        let end = host.let_it_run(4000.0);
        assert_good_pictures(&host.recording(), fault, end);
        let order = host.recording().order(fault, end);
        assert!(
            order.iter().any(|name| name == "one") && order.iter().any(|name| name == "two"),
            "{order:?}"
        );
        assert_good_ones_unharmed(&host);
        host.assert_alive();
    }
}

/// P-PLUGIN-9: what breaks the protocol costs that runner its life and nobody else anything.
#[test]
fn a_broken_protocol_ends_only_that_runner() {
    let _turn = alone();
    let acts = ["garbage", "huge", "out-of-order", "unordered", "parts", "descriptors"];
    for at in ["create", "fetch"] {
        let mut host = waiting_for_hostile(&acts, at);
        let files = processes::open_files(host.pid());
        let (begin, fault) = release(&host);
        for act in acts {
            let wanted = "killed: it broke the protocol";
            host.wait_observed(act, wanted, |observed| reason(observed).contains(wanted));
        }
        let end = host.let_it_run(1500.0);
        host.recording().assert_fine(begin, fault, end, &["one", "two"]);
        assert_good_pictures(&host.recording(), fault, end);
        assert_good_ones_unharmed(&host);
        let later = processes::open_files(host.pid());
        assert!(later <= files + 8 * acts.len(), "{files} descriptors became {later}: some were kept");
        host.assert_alive();
    }
}

/// P-PLUGIN-9: messages, rings and writes without end cost the host a bounded share of its time and no memory.
#[test]
fn floods_are_held_back() {
    let _turn = alone();
    let mut host = waiting_for_hostile(&["chatter", "ring"], "fetch");
    let (begin, fault) = release(&host);
    host.wait_observed("chatter", "counted", |observed| observed["dropped_log_lines"].as_u64() > Some(1000));
    host.wait_observed("ring", "known", |observed| !observed["pid"].is_null());
    host.let_it_run(1000.0);
    let before = processes::memory_kib(host.pid());
    let end = host.let_it_run(3000.0);
    let after = processes::memory_kib(host.pid());
    assert!(after <= before + 1024, "the host grew from {before} to {after} KiB");
    host.recording().assert_fine(begin, fault, end, &["one", "two"]);
    assert_good_pictures(&host.recording(), fault, end);
    assert_good_ones_unharmed(&host);
    host.assert_alive();
}
