//! The long picture that passes by: ink in tiles that are drawn when they come into view, and the window that shows
//! a part of it, at any fraction of a pixel.
//!
//! A message may be of any length, so the strip is never drawn whole: a few tiles are kept, the one not seen for
//! longest makes room.
//!
//! Invariant: the strip repeats without end with its period; what a window shows depends on its place alone.

use std::ops::Range;

use crate::line::{Glyphs, Line};
use crate::mask::Mask;

/// Columns of a tile. A tile takes some microseconds to draw; at 45 pixels a second that is once in six seconds.
const TILE: usize = 256;

/// Lines on a strip.
#[derive(Debug)]
pub struct Strip {
    glyphs: Glyphs,
    /// Each with the column of its start and the row of its baseline.
    lines: Vec<(i32, i32, Line)>,
    height: usize,
    /// The strip begins anew after so many columns.
    period: usize,
    /// How far the ink of a character may lie from its pen.
    reach: i32,
    tiles: Vec<Tile>,
    most_tiles: usize,
    uses: u64,
    /// The part that was shown last: one column wider than the panel, to blend the last one.
    window: Mask,
    shown: Option<usize>,
}

#[derive(Debug)]
struct Tile {
    index: usize,
    used: u64,
    mask: Mask,
}

impl Strip {
    /// A strip of lines for a panel of this size in pixels, beginning anew after `period` columns (at least 1). Each
    /// line comes with the column of its start and the row of its baseline, and was set with these glyphs.
    pub fn new(glyphs: Glyphs, lines: Vec<(i32, i32, Line)>, width: u32, height: u32, period: usize) -> Self {
        let (width, height) = (width as usize, height as usize);
        let tallest = lines.iter().map(|(_, _, line)| line.bottom - line.top).max().unwrap_or(0);
        Self {
            glyphs,
            lines,
            height,
            period: period.max(1),
            reach: tallest * 2 + 8,
            tiles: Vec::new(),
            // A window may touch this many, plus the two ends where the strip begins anew.
            most_tiles: width / TILE + 4,
            uses: 0,
            window: Mask::new(width + 1, height),
            shown: None,
        }
    }

    /// The strip begins anew after so many columns; at least 1.
    pub fn period(&self) -> usize {
        self.period
    }

    /// Rows that hold ink somewhere on the strip.
    pub fn ink_rows(&self) -> Range<usize> {
        let row = |y: i32| y.clamp(0, self.height as i32) as usize;
        let top = self.lines.iter().map(|(_, baseline, line)| row(baseline + line.top)).min();
        let bottom = self.lines.iter().map(|(_, baseline, line)| row(baseline + line.bottom)).max();
        top.unwrap_or(0)..bottom.unwrap_or(0)
    }

    /// The part of the strip that starts at a column, one column wider than the panel: a plugin that shows a fraction
    /// of a pixel blends each column with its right neighbour.
    pub fn window(&mut self, start: usize) -> &Mask {
        let start = start % self.period;
        if self.shown != Some(start) {
            let (mut from, mut to) = (start, 0);
            while to < self.window.width() {
                let (tile, inside) = (from / TILE, from % TILE);
                let columns = (TILE - inside).min(self.period - from).min(self.window.width() - to);
                self.copy(tile, inside, to, columns);
                to += columns;
                from = (from + columns) % self.period;
            }
            self.shown = Some(start);
        }
        &self.window
    }

    fn copy(&mut self, index: usize, from: usize, to: usize, columns: usize) {
        self.uses += 1;
        let slot = match self.tiles.iter().position(|tile| tile.index == index) {
            Some(slot) => slot,
            None => self.draw(index),
        };
        let tile = &mut self.tiles[slot];
        tile.used = self.uses;
        for y in 0..self.height {
            let target = self.window.row_mut(y, to..to + columns);
            target.copy_from_slice(tile.mask.row(y, from..from + columns));
        }
    }

    /// Draws a tile into a new slot, or into the one not used for longest.
    fn draw(&mut self, index: usize) -> usize {
        let slot = if self.tiles.len() < self.most_tiles {
            self.tiles.push(Tile { index, used: 0, mask: Mask::new(TILE, self.height) });
            self.tiles.len() - 1
        } else {
            let oldest = self.tiles.iter().enumerate().min_by_key(|(_, tile)| tile.used);
            oldest.map_or(0, |(slot, _)| slot)
        };
        let tile = &mut self.tiles[slot];
        tile.index = index;
        tile.mask.clear();
        let left = i32::try_from(index * TILE).unwrap_or(i32::MAX);
        let right = left.saturating_add(TILE as i32);
        for (start, baseline, line) in &self.lines {
            let place = |x: i32| start.saturating_add(x);
            let first = line.characters.partition_point(|(x, _)| place(*x) < left.saturating_sub(self.reach));
            for (x, character) in &line.characters[first..] {
                if place(*x) > right.saturating_add(self.reach) {
                    break;
                }
                let glyph = self.glyphs.get(*character);
                glyph.draw(*character, &mut tile.mask.brush(place(*x) - left, *baseline));
            }
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fonts::Font;

    const HEIGHT: u32 = 16;

    fn font() -> Font {
        Font::all().find(|font| font.height() <= HEIGHT).unwrap()
    }

    fn strip(text: &str, width: u32, gap: usize) -> Strip {
        let mut glyphs = Glyphs::new(font());
        let line = glyphs.line(text.chars());
        let (baseline, period) = (glyphs.baseline(HEIGHT as usize), line.width as usize + gap);
        Strip::new(glyphs, vec![(0, baseline, line)], width, HEIGHT, period)
    }

    /// The whole text at once, on a mask as wide as the strip's period.
    fn whole(text: &str, period: usize) -> Mask {
        let mut glyphs = Glyphs::new(font());
        let (line, baseline) = (glyphs.line(text.chars()), glyphs.baseline(HEIGHT as usize));
        let mut mask = Mask::new(period, HEIGHT as usize);
        for (x, character) in line.characters {
            glyphs.get(character).draw(character, &mut mask.brush(x, baseline));
        }
        mask
    }

    #[test]
    fn every_window_shows_what_the_whole_strip_would_also_across_tiles_and_the_seam() {
        let text = "A text that takes more than two tiles: 日本語, Ελλάδα, привет, and so on until it ends. "
            .repeat(2);
        let mut strip = strip(&text, 64, 20);
        let period = strip.period();
        assert!(period > 2 * TILE, "{period}");
        let whole = whole(&text, period);
        for start in (0..2 * period).step_by(7).chain([period - 1, 3 * TILE - 1]) {
            let window = strip.window(start);
            assert_eq!((window.width(), window.height()), (65, HEIGHT as usize));
            for y in 0..window.height() {
                let wanted: Vec<u8> =
                    (start..start + 65).map(|x| whole.row(y, 0..period)[x % period]).collect();
                assert_eq!(window.row(y, 0..65), wanted, "{start}, row {y}");
            }
        }
    }

    #[test]
    fn a_strip_shorter_than_the_panel_repeats() {
        let mut strip = strip("ab", 128, 1);
        let period = strip.period();
        let window = strip.window(0);
        for y in 0..window.height() {
            let row = window.row(y, 0..129);
            assert_eq!(row[period..], row[..129 - period], "row {y}");
        }
    }

    #[test]
    fn rows_beside_the_ink_rows_are_empty() {
        let mut strip = strip("Ag", 64, 30);
        let ink = strip.ink_rows();
        let window = strip.window(0);
        assert!(!ink.is_empty());
        for y in (0..window.height()).filter(|y| !ink.contains(y)) {
            assert!(window.row(y, 0..65).iter().all(|byte| *byte == 0), "row {y}");
        }
        assert!(window.row(ink.start, 0..65).contains(&1));
    }
}
