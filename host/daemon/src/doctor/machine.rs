//! The machine: board, kernel, processor, C library, clock.
//!
//! Invariant: what cannot be found out is said to be unknown, never guessed.

use std::fs;
use std::path::Path;

use marquee_inspect::Machine;

use super::program;
use super::{Check, State};
use crate::config::Config;
use crate::errors::{printable, with_causes};

const GROUP: &str = "machine";

pub(super) fn checks(config: &Config) -> Vec<Check> {
    let system = rustix::system::uname();
    let text = |part: &std::ffi::CStr| printable(&part.to_string_lossy());
    vec![
        Check::ok(GROUP, "model", model()),
        Check::ok(GROUP, "kernel", format!("{} {}", text(system.sysname()), text(system.release()))),
        Check::ok(GROUP, "architecture", architecture(&text(system.machine()))),
        c_library(),
        Check::ok(GROUP, "time zone", config.host.time_zone.clone()),
        clock(),
    ]
}

/// The board in its own words; most machines that are no small boards have none.
fn model() -> String {
    let bytes = fs::read("/proc/device-tree/model").or_else(|_| fs::read("/sys/class/dmi/id/product_name"));
    let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).trim_matches(['\0', '\n', ' ']).to_owned();
    if text.is_empty() {
        "not known".to_owned()
    } else {
        printable(&text.chars().take(100).collect::<String>())
    }
}

/// What this program was built for, and what the kernel says where that differs.
fn architecture(kernel: &str) -> String {
    let own = std::env::consts::ARCH;
    if own == kernel { own.to_owned() } else { format!("{own} on a kernel for {kernel}") }
}

fn c_library() -> Check {
    const NAME: &str = "C library";
    match Machine::this() {
        Ok(Machine { glibc: Some(version), .. }) => Check::ok(GROUP, NAME, format!("glibc {version}")),
        Ok(_) => Check::new(GROUP, NAME, State::Partial, "not glibc")
            .advice("run Marquee on a system with glibc, which published plugins are built for"),
        Err(error) => Check::partial(GROUP, NAME, with_causes(&error))
            .advice("plugins that need a newer C library are noticed only when they are loaded"),
    }
}

/// Whether somebody keeps the clock right. A Pi has no battery clock: without, it lives in the past after each start.
fn clock() -> Check {
    const NAME: &str = "clock";
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return Check::ok(GROUP, NAME, "synchronised");
    }
    let asked = program::run(Path::new("timedatectl"), &["show", "--property=NTPSynchronized", "--value"]);
    let answer = asked.ok().filter(|answer| answer.success);
    match answer.as_ref().map(|answer| answer.stdout.trim_ascii()) {
        Some(b"yes") => Check::ok(GROUP, NAME, "synchronised"),
        Some(b"no") => Check::partial(GROUP, NAME, "not synchronised with a time server")
            .advice("connect to the network, and switch it on with `timedatectl set-ntp true`"),
        _ => Check::partial(GROUP, NAME, "not known whether it is synchronised: there is no systemd to ask")
            .advice("make sure that some program keeps the clock right"),
    }
}
