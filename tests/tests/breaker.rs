//! Plugins that die again and again.

use std::time::Duration;

use marquee_tests::{Instance, Library, Setup, beside_others};
use serde_json::json;

use crate::faults::reason;

/// P-PLUGIN-6: five deaths in a minute and it is left alone, with the reason; another file is tried at once.
#[test]
fn five_deaths_open_the_breaker_and_a_new_file_closes_it() {
    let _turn = beside_others();
    let setup = Setup::new().two_good_ones().instance(Instance::new("constructor", "constructor", json!({})));
    let mut host = setup.plugin("constructor.so", &Library::constructor(&["segv"])).start();
    let most = Duration::from_secs(15);
    let quarantined = |observed: &serde_json::Value| observed["state"] == "quarantined";
    let observed = host.wait_observed_for("constructor", "quarantined", most, quarantined);
    assert_eq!(observed["restarts"], 5, "{observed:#}");
    assert_eq!(reason(&observed), "died too often, tried again in 5 min: SIGSEGV in load");
    assert_eq!(observed["pid"], serde_json::Value::Null);
    let mark = host.let_it_run(2000.0);
    assert_eq!(host.observed("constructor")["restarts"], 5, "it is left alone ({mark:?})");

    host.install("constructor.so", &Library::constructor(&["nothing"]));
    let observed = host.wait_observed_for("constructor", "running", Duration::from_secs(2), |observed| {
        observed["state"] == "running"
    });
    assert_eq!(reason(&observed), "", "{observed:#}");
    host.assert_alive();
}
