//! Text for plugins: fonts that fit a panel, and text as ink, still or passing by at any fraction of a pixel.
//!
//! The way of a text: a [`Font`] of the height that there is room for finds a [`Glyph`] for each character;
//! [`Glyphs`] sets them side by side as a [`Line`]; a [`Strip`] draws the ink of lines as a [`Mask`], tile by tile as
//! they come into view. Colours, and what is shown between two columns, are the plugin's.
//!
//! A library, not a plugin: it is linked into the plugins that set text. The licences of the fonts are in `FONTS.md`.
//!
//! Invariant: every text can be measured and drawn; what lies outside a mask is discarded. Nothing here fails.

mod fonts;
mod line;
mod mask;
mod strip;

pub use fonts::{Font, Glyph};
pub use line::{Glyphs, Line};
pub use mask::{Brush, Mask};
pub use strip::Strip;
