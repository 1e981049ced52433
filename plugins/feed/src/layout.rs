//! Where things lie on a panel of a size.
//!
//! From the top: a header with the source, on panels that have the rows for it; the ticker; a bar that shows which
//! headline is passing.
//!
//! Invariant: bands do not overlap and lie on the panel.

use std::ops::Range;

use marquee_lettering::Font;

use crate::settings::{Settings, TextSize};

/// Panels lower than this have the source in the ticker.
const LOWEST_WITH_HEADER: u32 = 28;

/// Fonts higher than this are enlarged ones, which look coarse in long lines.
const HIGHEST_FONT: u32 = 54;

/// The rows of a panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bands {
    pub(crate) width: usize,
    /// Empty when there is no header.
    pub(crate) header: Range<usize>,
    pub(crate) header_font: Font,
    pub(crate) ticker: Range<usize>,
    pub(crate) ticker_font: Font,
    /// Empty when there is no bar.
    pub(crate) bar: Range<usize>,
}

impl Bands {
    pub(crate) fn new(settings: &Settings, width: u32, height: u32) -> Self {
        let header_letters = match height {
            0..48 => 8,
            48..96 => 10,
            _ => 16,
        };
        // The rule, a free row below it, and air above where there is room for it.
        let around = if height < 48 { 3 } else { 4 };
        let shown = settings.show_title && height >= LOWEST_WITH_HEADER;
        let header = if shown { header_letters + around } else { 0 };
        let bar = match height {
            _ if !settings.progress => 0,
            0..16 => 0,
            16..48 => 1,
            48..96 => 2,
            _ => 3,
        };
        let room = height - header - bar;
        let letters = match settings.size {
            TextSize::Small => room / 2,
            // Some ten letters side by side are what one reads with ease, where that does not leave the panel empty.
            TextSize::Medium => (room * 3 / 4).min((width * 2 / 9).max(room / 2).max(10)),
            TextSize::Large => room,
        };
        let row = |row: u32| row as usize;
        Self {
            width: row(width),
            header: 0..row(header),
            header_font: font(header_letters),
            ticker: row(header)..row(height - bar),
            ticker_font: font(letters.min(HIGHEST_FONT)),
            bar: row(height - bar)..row(height),
        }
    }

    /// Columns at each end over which passing text fades.
    pub(crate) fn fade(&self) -> usize {
        (self.width / 24).min(8)
    }
}

/// The largest font of at most this height.
fn font(height: u32) -> Font {
    Font::all().find(|font| font.height() <= height).unwrap_or(Font::SMALLEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_share_the_panel_without_a_gap_and_letters_fit_theirs() {
        for height in 1..=256 {
            for (show_title, progress) in [(true, true), (true, false), (false, true)] {
                let settings =
                    Settings { show_title, progress, size: TextSize::Large, ..Settings::default() };
                let bands = Bands::new(&settings, 64, height);
                assert_eq!(bands.header.end, bands.ticker.start);
                assert_eq!(bands.ticker.end, bands.bar.start);
                assert_eq!(bands.bar.end, height as usize);
                assert!(!bands.ticker.is_empty());
                let font = bands.ticker_font;
                assert!(font == Font::SMALLEST || font.height() as usize <= bands.ticker.len(), "{bands:?}");
            }
        }
    }
}
