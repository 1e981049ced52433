//! A colour for every state of a cell.
//!
//! A newborn cell is nearly white and cools down through the palette's colours as it ages, quickly at first; a dead
//! one glows on in a deep colour and goes out. The eye follows what is new and sees what lasts.
//!
//! Invariant: an empty cell is black.

use marquee_plugin_api::prelude::*;

use crate::grid::OLDEST;

/// Colours that go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub enum Palette {
    /// Mint, turquoise, blue, violet.
    Aurora,
    /// Yellow, orange, red.
    Ember,
    /// Light and deep blues.
    Ocean,
    /// Pink, purple, blue.
    Candy,
    /// Greens.
    Forest,
    /// White and greys.
    Silver,
}

/// Ages at which the five colours of a palette are reached.
const STOPS: [f32; 5] = [0.0, 2.0, 8.0, 22.0, OLDEST as f32];

impl Palette {
    /// Five colours from newborn to oldest, and the glow of the dead.
    const fn colours(self) -> ([u32; 5], u32) {
        match self {
            Self::Aurora => ([0xb4_ffd8, 0x50_f8a4, 0x10_c4c8, 0x24_64f4, 0x74_30e8], 0x34_0e78),
            Self::Ember => ([0xff_e890, 0xff_b830, 0xff_7414, 0xdc_2818, 0x94_1034], 0x48_0a10),
            Self::Ocean => ([0xb8_f8ff, 0x60_dcff, 0x20_acf0, 0x14_60c8, 0x18_3c98], 0x06_2448),
            Self::Candy => ([0xff_d0ec, 0xff_88cc, 0xff_4ca0, 0xb0_48ff, 0x4c_64ff], 0x34_0c50),
            Self::Forest => ([0xd0_ff90, 0x80_f850, 0x28_d048, 0x0c_9048, 0x0a_7058], 0x04_3420),
            Self::Silver => ([0xff_ffff, 0xd4_d8e4, 0xac_b4c4, 0x80_889c, 0x60_6880], 0x20_2430),
        }
    }

    /// The colour of each state, by [`crate::grid::Cell::index`], the dead glowing for so many generations.
    pub(crate) fn table(self, glow: u32) -> [[u8; 3]; 128] {
        let (ages, dead) = self.colours();
        std::array::from_fn(|index| {
            let age = (index % 64) as f32;
            if index < 64 {
                let left = 1.0 - (age + 1.0) / (glow as f32 + 1.0);
                return Colour::BLACK.mix(colour(dead), left.max(0.0)).bytes();
            }
            let stop = STOPS.iter().rposition(|stop| age >= *stop).unwrap_or(0).min(STOPS.len() - 2);
            let share = (age - STOPS[stop]) / (STOPS[stop + 1] - STOPS[stop]);
            colour(ages[stop]).mix(colour(ages[stop + 1]), share).bytes()
        })
    }
}

fn colour(rgb: u32) -> Colour {
    let [_, r, g, b] = rgb.to_be_bytes();
    Colour::new(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Cell;

    #[test]
    fn every_living_cell_is_seen_and_an_empty_one_is_not() {
        for palette in [
            Palette::Aurora,
            Palette::Ember,
            Palette::Ocean,
            Palette::Candy,
            Palette::Forest,
            Palette::Silver,
        ] {
            for glow in [0, 1, 14, 60] {
                let table = palette.table(glow);
                assert_eq!(table[Cell::EMPTY.index()], [0; 3], "{palette:?} {glow}");
                assert!(table[64..].iter().all(|rgb| rgb.iter().any(|part| *part > 100)), "{palette:?}");
                assert_eq!(table[Cell::DIED.index()] == [0; 3], glow == 0, "{palette:?} {glow}");
            }
        }
    }
}
