//! Plugins that take more than their share.

use marquee_tests::{Instance, Library, Setup, alone, processes};
use serde_json::json;

use crate::faults::{assert_good_ones_unharmed, reason};

/// P-PLUGIN-7: each kind of greed meets its limit, the state shows it, and the host does not grow.
#[test]
fn each_kind_of_greed_meets_its_limit() {
    let _turn = alone();
    let mut setup = Setup::new().two_good_ones();
    let kinds = ["leak", "allocate", "fork", "threads", "files", "shout", "keep"];
    for act in kinds {
        let at = if act == "leak" { "draw" } else { "fetch" };
        // Long enough on screen to leak all it may.
        let seconds = if act == "leak" { 4.0 } else { 0.5 };
        let settings = json!({"act": act, "at": at, "after_ms": 100});
        setup = setup.instance(Instance::new(act, "hostile", settings).seconds(seconds));
    }
    let mut host = setup.start();
    host.wait_state("one", "running");
    host.wait_state("two", "running");
    let begin = host.let_it_run(100.0);
    let fault = host.let_it_run(1000.0);
    host.install("hostile.so", &Library::hostile());

    // Memory: the process's own limit (`rlimits`) ends it.
    let observed =
        host.wait_observed("allocate", "dead", |observed| reason(observed).contains("SIGABRT in fetch"));
    assert!(observed["last_log"].to_string().contains("memory allocation of"), "{observed:#}");
    let leak = host.wait_observed("leak", "dead", |observed| reason(observed).contains("SIGABRT in draw"));
    assert!(leak["last_log"].to_string().contains("memory allocation of 1048576 bytes failed"), "{leak:#}");
    // Processes, threads, files: refused by the system call filter or the limit of descriptors; it runs on.
    let fork = host.wait_line("fork", "fork:");
    assert!(fork.contains("fork: 0 made, refused 10000 with errno 1"), "{fork}");
    let threads = host.wait_line("threads", "threads:");
    assert!(threads.contains("threads: 0 made, refused 10000 with errno 1"), "{threads}");
    let files = host.wait_line("files", "files:");
    assert!(files.contains("with errno 24"), "{files}");
    let made: usize =
        files.split("files: ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or(9999);
    assert!(made < 64, "{files}");
    assert!(host.wait_line("files", "memory file").contains("errno 1"));
    // Kept values: the host's own limit.
    let keep = host.wait_line("keep", "refused");
    assert!(keep.contains("value 10 refused TooLarge: an instance keeps at most 1 MiB"), "{keep}");
    assert!(host.wait_line("keep", "first value").contains("still has 102400 bytes"));
    // The log: lines are dropped and counted.
    let shout = host
        .wait_observed("shout", "counted", |observed| observed["dropped_log_lines"].as_u64() > Some(10_000));
    assert_eq!(shout["state"], "running", "{shout:#}");

    // By now everything that is kept (last lines, answers) is there; from here on the host does not grow.
    host.let_it_run(1000.0);
    let before = processes::memory_kib(host.pid());
    let end = host.let_it_run(5000.0);
    let after = processes::memory_kib(host.pid());
    assert!(before > 0 && after <= before + 1024, "the host grew from {before} to {after} KiB");

    for name in ["fork", "threads", "files", "keep", "shout"] {
        let observed = host.observed(name);
        assert_eq!(
            (&observed["state"], &observed["restarts"]),
            (&json!("running"), &json!(0)),
            "{name}: {observed:#}"
        );
    }
    host.recording().assert_fine(begin, fault, end, &["one", "two"]);
    assert_good_ones_unharmed(&host);
    host.assert_alive();
}
