//! A real plugin file, cut and with bytes overwritten: gets behind the checks of the file header, where random bytes do
//! not. The file is named by `MARQUEE_FUZZ_PLUGIN`.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{arbitrary, fuzz_target};
use marquee_inspect::{Machine, inspect};

static MACHINE: LazyLock<Machine> = LazyLock::new(|| Machine::this().expect("this machine is known"));
static PLUGIN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = std::env::var_os("MARQUEE_FUZZ_PLUGIN").expect("MARQUEE_FUZZ_PLUGIN names a plugin file");
    let bytes = std::fs::read(&path).expect("the plugin file can be read");
    inspect(&bytes, &MACHINE).expect("the unspoiled file is a plugin");
    bytes
});

fuzz_target!(|changes: (u32, Vec<(Place, u32, Vec<u8>)>)| {
    let (cut, changes) = changes;
    let mut bytes = PLUGIN.clone();
    for (place, at, new) in changes {
        let at = place.position(at, bytes.len());
        for (old, new) in bytes[at..].iter_mut().zip(new) {
            *old = new;
        }
    }
    // Most of the time whole.
    if cut % 4 == 0 {
        bytes.truncate(cut as usize % PLUGIN.len());
    }
    let _ = inspect(&bytes, &MACHINE);
});

/// The tables lie at both ends; what is between is code.
#[derive(Debug, arbitrary::Arbitrary)]
enum Place {
    Start,
    FirstPages,
    End,
    Anywhere,
}

impl Place {
    fn position(&self, at: u32, length: usize) -> usize {
        let at = at as usize;
        match self {
            Self::Start => at % 1024.min(length),
            Self::FirstPages => at % 65_536.min(length),
            Self::End => length - 1 - at % 8192.min(length),
            Self::Anywhere => at % length,
        }
    }
}
