//! What the operator can set. The comments here are the help texts of the form.

use marquee_plugin_api::prelude::*;

use crate::palette::Palette;

/// Settings of the game of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub struct Settings {
    /// The colours of cells, from newborn to old.
    pub palette: Palette,
    /// How fast the game goes, in generations a second.
    #[schemars(range(min = 1, max = 60))]
    pub generations_per_second: u32,
    /// For how many generations a dead cell glows on; 0 for not at all.
    #[schemars(range(min = 0, max = 60))]
    pub glow: u32,
    /// LEDs along the side of a cell; 0 chooses by the size of the panel.
    #[schemars(range(min = 0, max = 16))]
    pub cell: u32,
    /// The same number always plays the same games; 0 plays others every time.
    pub seed: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { palette: Palette::Aurora, generations_per_second: 8, glow: 14, cell: 0, seed: 0 }
    }
}

impl Settings {
    /// Says what is out of range, and what to write instead.
    pub(crate) fn check(&self) -> Result<(), PluginError> {
        let within = |name: &str, value: u32, least: u32, most: u32| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(PluginError::new(format!("`{name}` is {value}: set it between {least} and {most}")))
        };
        within("generations_per_second", self.generations_per_second, 1, 60)?;
        within("glow", self.glow, 0, 60)?;
        within("cell", self.cell, 0, 16)
    }
}
