//! The soak: one plugin is replaced thousands of times while the panel runs.
//!
//! Built only with the feature `soak`, because it takes the better part of an hour; `scripts/long-checks soak` runs it.
//! `MARQUEE_SOAK_RELOADS` says how many reloads (10,000 if it does not).
//!
//! Invariant: the first hundredth of the reloads is the measure for the rest, so that nothing that is built up once
//! (caches, thread pools) counts as growth.

use std::time::{Duration, Instant};

use marquee_tests::{Host, Instance, Library, Mark, Setup, processes};
use serde_json::json;

/// What must stay as it is.
#[derive(Debug)]
struct Footprint {
    memory_kib: u64,
    files: usize,
    threads: usize,
    mappings: usize,
    children: usize,
}

impl Footprint {
    fn of(host: &Host) -> Self {
        let pid = host.pid();
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
        Self {
            memory_kib: processes::memory_kib(pid),
            files: processes::open_files(pid),
            threads: processes::threads(pid),
            mappings: maps.lines().count(),
            children: host.runners().len(),
        }
    }
}

/// P-LOAD-7: thousands of reloads cost no memory, no files, no threads, no mappings, and no frame.
#[test]
fn thousands_of_reloads_leave_nothing_behind() {
    let reloads =
        std::env::var("MARQUEE_SOAK_RELOADS").map_or(10_000, |text| text.parse().expect("a number"));
    let warm = (reloads / 100).max(10);
    let builds = ['A', 'B'].map(|letter| Library::hostile().id("patient").build(letter));
    let mut host = Setup::new()
        .plugin("patient.so", &builds[0])
        .instance(Instance::new("one", "patient", json!({"hue": 11})))
        .start();
    host.wait_state("one", "running");
    let start = host.let_it_run(3000.0);
    let calm = host.recording().longest_gap(Mark(0.0), start);

    let begun = Instant::now();
    for turn in 1..=warm {
        reload(&host, &builds[turn % 2]);
    }
    let before = settled(&mut host);
    let from = host.recording().now();
    for turn in warm + 1..=reloads {
        reload(&host, &builds[turn % 2]);
    }
    let took = begun.elapsed();
    let after = settled(&mut host);
    let gap = host.recording().longest_gap(from, host.recording().now());

    println!(
        "| reloads | {reloads} in {:.0} s, {:.0} ms each |",
        took.as_secs_f64(),
        took.as_secs_f64() * 1e3 / reloads as f64
    );
    println!(
        "| host memory, anonymous | {} KiB after {warm}, {} KiB at the end |",
        before.memory_kib, after.memory_kib
    );
    println!("| open files | {} and {} |", before.files, after.files);
    println!("| threads | {} and {} |", before.threads, after.threads);
    println!("| mappings | {} and {} |", before.mappings, after.mappings);
    println!(
        "| longest time without a new frame at 30 fps | {gap:.0} ms ({calm:.0} ms before the first reload) |"
    );

    assert!(after.memory_kib <= before.memory_kib + 1024, "memory: {before:?} became {after:?}");
    assert!(after.files <= before.files, "open files: {before:?} became {after:?}");
    assert!(after.threads <= before.threads, "threads: {before:?} became {after:?}");
    // The allocator may map its memory in one piece more or less.
    assert!(after.mappings <= before.mappings + 4, "mappings: {before:?} became {after:?}");
    assert_eq!(after.children, 1, "{after:?}");
    assert!(gap <= (calm * 3.0).max(100.0), "a gap of {gap:.0} ms; {calm:.0} ms before");
}

/// Puts a file into the folder and waits until it runs.
fn reload(host: &Host, library: &Library) {
    let old = host.observed("one")["running_digest"].clone();
    host.install("patient.so", library);
    host.wait_observed_for("one", "the new file", Duration::from_secs(30), |observed| {
        observed["running_digest"] != old && observed["state"] == "running"
    });
}

/// The footprint once the last replaced runner has ended.
fn settled(host: &mut Host) -> Footprint {
    marquee_tests::wait_until("one runner", Duration::from_secs(10), || host.runners().len() == 1);
    host.let_it_run(2000.0);
    host.assert_alive();
    Footprint::of(host)
}
