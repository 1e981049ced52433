//! The smallest real plugin, through the real macro: the tests inspect the file that Cargo makes of it.

use marquee_plugin_api::prelude::*;

struct Pulse;

impl Plugin for Pulse {
    type Settings = NoSettings;
    type Data = ();

    fn new(_: &NoSettings, _: &PanelInfo) -> Result<Self, PluginError> {
        Ok(Self)
    }

    fn draw(&mut self, frame: &mut Frame<'_>, _: Option<&()>, _: &Tick) -> Result<Next, PluginError> {
        frame.fill(Rgb888::new(255, 0, 0));
        Ok(Next::frame())
    }
}

export_plugin!(
    Pulse,
    id: "pulse",
    name: "A \"pulse\" …",
    http: &["api.example.org", "*.example.org:8080", "*"],
    min_size: (32, 16)
);
