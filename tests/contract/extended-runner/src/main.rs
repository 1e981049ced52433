//! The runner of a later host: the same as `marquee-runner`, but it offers and asks for one more extension.
//!
//! Invariant: differs from the real runner in nothing else.

use std::process::ExitCode;
use std::sync::LazyLock;

use marquee_contract_extension::{Number, OF_HOST, OF_PLUGIN};
use marquee_plugin_api::extension::{Table, checked};
use marquee_runner::{Extensions, HostExtension, PluginExtension};

extern "C" fn number() -> u32 {
    150
}

static NUMBER: Number = Number { number };
static OFFERED: LazyLock<[HostExtension; 1]> =
    LazyLock::new(|| [HostExtension { id: OF_HOST, table: Table::of(&NUMBER) }]);

fn main() -> ExitCode {
    let answers = PluginExtension {
        id: OF_PLUGIN,
        found: |extension| checked::<Number>(extension).map(|table| format!("answers {}", (table.number)())),
    };
    marquee_runner::run(Extensions { offered: &*OFFERED, wanted: vec![answers] })
}
