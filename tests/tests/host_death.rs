//! The host itself dies.

use std::time::{Duration, Instant};

use marquee_tests::{Instance, Library, Setup, alone, processes, wait_until};
use serde_json::json;

/// P-PLUGIN-10: with the host all runners go within a second, whatever they are doing; a new host shows a picture within
/// a second.
#[test]
fn a_killed_host_takes_its_runners_with_it_and_a_new_one_shows_a_picture() {
    let _turn = alone();
    let mut setup = Setup::new().two_good_ones().plugin("hostile.so", &Library::hostile());
    for (name, settings) in [
        ("computes", json!({"act": "loop", "at": "fetch"})),
        ("starts", json!({"act": "loop", "at": "create"})),
        ("floods", json!({"act": "chatter", "at": "fetch"})),
        ("shouts", json!({"act": "shout", "at": "fetch"})),
        ("stops", json!({"act": "stop", "at": "fetch"})),
    ] {
        setup = setup.instance(Instance::new(name, "hostile", settings));
    }
    let mut host = setup.start();
    host.wait_state("one", "running");
    wait_until("all runners", Duration::from_secs(5), || host.runners().len() == 7);
    let runners = host.runners();
    host.kill();
    let gone = || runners.iter().all(|pid| !processes::alive(*pid));
    wait_until("the end of all runners", Duration::from_secs(1), gone);

    let begun = Instant::now();
    host.start_again();
    let recording = host.recording();
    wait_until("a picture of a plugin", Duration::from_secs(3), || {
        recording.pictures().iter().any(|picture| picture.plugin.is_some())
    });
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "the first picture came after {took:?}");
    host.assert_alive();
}
