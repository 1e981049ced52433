//! Contract 1.0, nothing more: fills the frame with green.
//!
//! Invariant: what stands in `tests/kept/plain-1.0.0.so` was built from this and is never built again.

use marquee_plugin_api::prelude::*;

struct Plain;

impl Plugin for Plain {
    type Settings = NoSettings;
    type Data = ();

    fn new(_: &NoSettings, _: &PanelInfo) -> Result<Self, PluginError> {
        Ok(Self)
    }

    fn draw(&mut self, frame: &mut Frame<'_>, _: Option<&()>, _: &Tick) -> Result<Next, PluginError> {
        frame.fill(Rgb888::new(0, 200, 0));
        Ok(Next::news())
    }
}

export_plugin!(Plain, id: "contract-plain");
