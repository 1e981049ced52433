//! The cases. Each is a sentence that holds for every user and every machine with the layers it needs.

use std::{io, os::unix::process::ExitStatusExt, time::Duration};

use marquee_sandbox::{Layer, LayerState, Report};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, Signal, geteuid, kill_process},
};

use crate::{
    child::{LIBRARY, Order},
    expected::{self, Expected},
    harness::{Case, Outcome, Stage, next_line},
};

const KERNEL: &[Layer] = &[Layer::Namespaces, Layer::PrivateRoot, Layer::Landlock, Layer::Seccomp];

macro_rules! cases {
    ($($name:ident needs $needs:expr,)*) => {
        pub(crate) const ALL: &[Case] =
            &[$(Case { name: stringify!($name), needs: $needs, run: $name }),*];
    };
}

cases! {
    a_hostile_library_is_refused_everything_from_its_constructor_and_later needs KERNEL,
    without_landlock_the_other_layers_still_refuse_everything needs &[Layer::PrivateRoot, Layer::Seccomp],
    without_namespaces_the_other_layers_still_refuse_everything needs &[Layer::Landlock, Layer::Seccomp],
    without_filters_the_other_layers_still_guard_files_network_and_the_host needs &[Layer::PrivateRoot, Layer::Landlock],
    without_a_box_every_attempt_succeeds needs &[],
    an_honest_plugin_finds_what_it_needs needs KERNEL,
    nothing_of_the_host_is_left_to_see needs KERNEL,
    a_crash_still_names_its_signal_and_its_last_words needs KERNEL,
    memory_beyond_the_limit_is_refused needs KERNEL,
    files_beyond_the_limit_are_refused needs KERNEL,
    a_boxed_process_dies_with_its_parent needs KERNEL,
    an_orphan_does_not_start needs &[],
    a_required_layer_that_is_missing_stops_the_start needs &[],
    where_the_kernel_has_no_box_a_library_still_loads_and_the_report_says_so needs &[Layer::Seccomp],
    asking_politely_promises_no_more_than_trying needs &[],
}

fn order(action: &str) -> Order {
    Order { action: action.to_owned(), parent: std::process::id().to_string(), ..Order::default() }
}

fn assert_answers(outcome: &Outcome, base: &[Expected], changes: &[Expected]) {
    let attempts = outcome.attempts();
    assert_eq!(attempts.len(), base.len(), "every attempt has its line: {outcome:?}");
    let mut wrong = Vec::new();
    for (name, loading, running) in attempts {
        let found = changes.iter().chain(base).find(|expected| expected.name == name);
        let found = found.unwrap_or_else(|| panic!("nothing is expected of {name}"));
        if !found.loading.contains(&loading) || !found.running.contains(&running) {
            wrong.push(format!(
                "{name}: while loading {} (expected {:?}), later {} (expected {:?})",
                io::Error::from_raw_os_error(loading),
                found.loading,
                io::Error::from_raw_os_error(running),
                found.running
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The report of a box with all that the machine offers, but for `missing`, names every layer and tells the truth.
fn assert_whole_but(stage: &Stage, report: &Report, missing: &[Layer]) {
    for layer in Layer::ALL {
        let expected = match layer {
            layer if missing.contains(&layer) => LayerState::Missing,
            // The limit of processes counts in a user namespace only.
            Layer::Rlimits if missing.contains(&Layer::Namespaces) => LayerState::Partial,
            layer => stage.offered().state(layer),
        };
        let found = report.get(layer).unwrap_or_else(|| panic!("{layer} is not reported"));
        assert_eq!(found.state, expected, "{found:?}");
        assert_eq!(found.note.is_none(), found.state == LayerState::Enforced, "{found:?}");
    }
}

/// P-BOX-1: each way out is refused with its error code, from a static constructor and from a callback on a thread that
/// was there before the filters.
fn a_hostile_library_is_refused_everything_from_its_constructor_and_later(stage: &Stage) {
    let outcome = stage.hostile_child("");
    assert_answers(&outcome, expected::FULL, &[]);
    assert_whole_but(stage, &outcome.report(), &[]);
}

/// P-BOX-2: the same on a kernel without Landlock, and the report says so.
fn without_landlock_the_other_layers_still_refuse_everything(stage: &Stage) {
    let outcome = stage.hostile_child("landlock");
    assert_answers(&outcome, expected::FULL, &[]);
    assert_whole_but(stage, &outcome.report(), &[Layer::Landlock]);
}

/// P-BOX-2: the same where ordinary users get no namespaces.
fn without_namespaces_the_other_layers_still_refuse_everything(stage: &Stage) {
    let outcome = stage.hostile_child("namespaces");
    assert_answers(&outcome, expected::FULL, expected::WITHOUT_NAMESPACES);
    assert_whole_but(stage, &outcome.report(), &[Layer::Namespaces, Layer::PrivateRoot]);
}

/// P-BOX-2: where there are no filters, as on a 32-bit system.
fn without_filters_the_other_layers_still_guard_files_network_and_the_host(stage: &Stage) {
    let outcome = stage.hostile_child("seccomp");
    let scopes = stage.offered().state(Layer::Landlock) == LayerState::Enforced;
    let changes = if scopes { &[] } else { expected::WITHOUT_SCOPES };
    assert_answers(&outcome, expected::WITHOUT_SECCOMP, changes);
    assert_whole_but(stage, &outcome.report(), &[Layer::Seccomp]);
}

/// P-BOX-1: the control run, which shows that the attempts are real.
fn without_a_box_every_attempt_succeeds(stage: &Stage) {
    let every_layer = Layer::ALL.map(Layer::name).join(",");
    let outcome = stage.hostile_child(&every_layer);
    let changes = if geteuid().is_root() { &[] } else { expected::CONTROL_ORDINARY };
    assert_answers(&outcome, expected::CONTROL, changes);
    assert!(outcome.report().layers.iter().all(|found| found.state == LayerState::Missing));
}

/// Sleeping, clocks, hash maps, memory, locks, an answer in a memfd.
fn an_honest_plugin_finds_what_it_needs(stage: &Stage) {
    let outcome = stage.child(&Order { library: stage.library(), ..order("live") });
    assert!(outcome.status.success() && outcome.said("alive"), "{outcome:?}");
}

fn nothing_of_the_host_is_left_to_see(stage: &Stage) {
    let outcome = stage.child(&order("look_around"));
    assert!(outcome.said("variables 0"), "{outcome:?}");
    assert!(outcome.said("descriptors [0, 1, 2]"), "{outcome:?}");
    assert!(outcome.said("root Err(Some(1))"), "{outcome:?}");
}

/// P-PLUGIN-1: what the supervisor reads of a crash, the signal and the last lines, is still there in the box.
fn a_crash_still_names_its_signal_and_its_last_words(stage: &Stage) {
    let outcome = stage.child(&order("abort"));
    assert_eq!(outcome.status.signal(), Some(libc::SIGABRT), "{outcome:?}");
    let outcome = stage.child(&order("segfault"));
    assert_eq!(outcome.status.signal(), Some(libc::SIGSEGV), "{outcome:?}");
    assert!(!outcome.status.core_dumped());
    let outcome = stage.child(&order("overflow"));
    assert_eq!(outcome.status.signal(), Some(libc::SIGABRT), "{outcome:?}");
    assert!(outcome.errors.contains("thread 'callbacks'"), "{outcome:?}");
    assert!(outcome.errors.contains("has overflowed its stack"), "{outcome:?}");
    let outcome = stage.child(&order("panic"));
    assert!(outcome.status.success() && outcome.said("caught true"), "{outcome:?}");
    assert!(outcome.errors.contains("a panic inside"), "{outcome:?}");
}

/// P-PLUGIN-7: the kernel refuses what a leak asks for.
fn memory_beyond_the_limit_is_refused(stage: &Stage) {
    let outcome = stage.child(&order("exhaust_memory"));
    assert!(outcome.said("64 MiB true") && outcome.said("another 64 MiB false"), "{outcome:?}");
}

/// P-PLUGIN-7: 64 descriptors, then "too many open files".
fn files_beyond_the_limit_are_refused(stage: &Stage) {
    let outcome = stage.child(&order("exhaust_files"));
    assert!(outcome.said(&format!("highest Some(63) error {}", libc::EMFILE)), "{outcome:?}");
}

/// P-PLUGIN-10: the kernel ends a boxed process when its parent is killed, although it changed its credentials.
fn a_boxed_process_dies_with_its_parent(stage: &Stage) {
    let (mut middle, mut lines) = stage.grandchild(&Order { parent: String::new(), ..order("wait") });
    while next_line(&mut lines).expect("the child gets into the box") != "waiting" {}
    let pid = Pid::from_child(&middle);
    kill_process(pid, Signal::KILL).expect("own child");
    middle.wait().expect("own child");
    // The child holds the other end of the pipe. It says nothing more, so the next event is its end.
    let mut ended = [PollFd::new(lines.get_ref(), PollFlags::IN)];
    let patience = Timespec::try_from(Duration::from_secs(5)).expect("a short time");
    assert_eq!(poll(&mut ended, Some(&patience)).expect("a pipe"), 1, "the child outlives its parent");
    assert_eq!(next_line(&mut lines), None);
}

fn an_orphan_does_not_start(stage: &Stage) {
    let outcome = stage.child(&Order { parent: "1".to_owned(), ..order("live") });
    assert_eq!(outcome.status.code(), Some(3), "{outcome:?}");
    assert!(outcome.errors.contains("the host that started this runner is gone"), "{outcome:?}");
}

/// P-BOX-2: `[sandbox] require` turns a missing layer into a refusal.
fn a_required_layer_that_is_missing_stops_the_start(stage: &Stage) {
    for layer in Layer::ALL {
        let demand = Order { require: layer.to_string(), disable: layer.to_string(), ..order("live") };
        let outcome = stage.child(&demand);
        assert_eq!(outcome.status.code(), Some(3), "{outcome:?}");
        assert!(outcome.errors.contains(&format!("the box lacks its layer `{layer}`")), "{outcome:?}");
        assert!(!outcome.said("alive"));
    }
}

/// P-BOX-2: under an emulator every layer that needs the kernel is missing, and nothing fails; descriptors are closed
/// one by one.
fn where_the_kernel_has_no_box_a_library_still_loads_and_the_report_says_so(stage: &Stage) {
    let order = Order { parent: String::new(), library: stage.library(), ..order("look_around") };
    let outcome = stage.emulated_child(&order);
    assert!(outcome.status.success(), "{outcome:?}");
    assert!(outcome.said(&format!("descriptors [0, 1, 2, {LIBRARY}]")), "{outcome:?}");
    let report = outcome.report();
    for layer in [Layer::Namespaces, Layer::PrivateRoot, Layer::Landlock, Layer::Seccomp] {
        assert_eq!(report.state(layer), LayerState::Missing, "{report:?}");
    }
    assert_eq!(report.state(Layer::Session), LayerState::Enforced, "{report:?}");
}

/// P-BOX-2: what `marquee doctor` can tell without a runner is no better than the truth where the kernel lacks a layer
/// altogether.
fn asking_politely_promises_no_more_than_trying(stage: &Stage) {
    let tried = stage.offered();
    let told = marquee_sandbox::probe();
    for found in &tried.layers {
        let told = told.state(found.layer);
        if found.state == LayerState::Missing && matches!(found.layer, Layer::Landlock | Layer::Seccomp) {
            assert_eq!(told, LayerState::Missing, "{found:?}");
        }
        if told == LayerState::Missing {
            assert_ne!(found.state, LayerState::Enforced, "{found:?}");
        }
    }
}
