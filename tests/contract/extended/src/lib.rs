//! Contract 1.0 and one more extension, in both directions: fills the frame with the host's number as its red, or with
//! blue where the host has none.
//!
//! Invariant: what stands in `tests/kept/extended-1.0.0.so` was built from this and is never built again.

use marquee_contract_extension::{Number, OF_HOST, OF_PLUGIN};
use marquee_plugin_api::extension::{Table, of_host};
use marquee_plugin_api::prelude::*;

struct Extended;

extern "C" fn answer() -> u32 {
    42
}

static ANSWER: Number = Number { number: answer };

impl Plugin for Extended {
    type Settings = NoSettings;
    type Data = ();

    fn new(_: &NoSettings, _: &PanelInfo) -> Result<Self, PluginError> {
        Ok(Self)
    }

    fn draw(&mut self, frame: &mut Frame<'_>, _: Option<&()>, _: &Tick) -> Result<Next, PluginError> {
        frame.fill(match of_host::<Number>(OF_HOST) {
            Some(table) => Rgb888::new((table.number)() as u8, 0, 0),
            None => Rgb888::new(0, 0, 200),
        });
        Ok(Next::news())
    }

    fn extension(id: &str) -> Option<Table> {
        (id == OF_PLUGIN).then(|| Table::of(&ANSWER))
    }
}

export_plugin!(Extended, id: "contract-extended", extensions: &[OF_HOST, OF_PLUGIN]);
