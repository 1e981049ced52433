//! Any bytes as a plugin file: it is read or refused in one sentence, without a panic.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use marquee_inspect::{Machine, inspect};

static MACHINE: LazyLock<Machine> = LazyLock::new(|| Machine::this().expect("this machine is known"));

fuzz_target!(|bytes: &[u8]| {
    if let Err(refusal) = inspect(bytes, &MACHINE) {
        assert!(refusal.to_string().len() < 2000, "{refusal}");
    }
});
