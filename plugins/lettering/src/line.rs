//! Characters side by side in a font.
//!
//! Invariant: a line's characters are sorted by place, and all ink lies between its `top` and `bottom`.

use std::collections::HashMap;

use crate::fonts::{Font, Glyph};

/// A line of text, set in a font. In pixels.
#[derive(Debug, Clone)]
pub struct Line {
    /// Each character with the place of its pen, from the line's start.
    pub characters: Vec<(i32, char)>,
    /// From the line's start to the pen behind the last character.
    pub width: i32,
    /// The highest row with ink, from the baseline, down positive; at most 0.
    pub top: i32,
    /// Just below the lowest row with ink, from the baseline, down positive; at least 0.
    pub bottom: i32,
}

/// Glyphs of a font by character: a text has few different ones, and each is measured once.
#[derive(Debug, Clone)]
pub struct Glyphs {
    font: Font,
    known: HashMap<char, Glyph>,
}

impl Glyphs {
    /// Nothing measured yet.
    pub fn new(font: Font) -> Self {
        Self { font, known: HashMap::new() }
    }

    /// The glyph of a character.
    pub fn get(&mut self, character: char) -> Glyph {
        let font = self.font;
        *self.known.entry(character).or_insert_with(|| font.glyph(character))
    }

    /// Sets characters side by side. Each is shown, if only as an empty box: leave out before what is not to be seen.
    pub fn line(&mut self, characters: impl IntoIterator<Item = char>) -> Line {
        let mut line = Line { characters: Vec::new(), width: 0, top: 0, bottom: 0 };
        for character in characters {
            let glyph = self.get(character);
            line.characters.push((line.width, character));
            line.width = line.width.saturating_add(glyph.advance);
            line.top = line.top.min(glyph.top);
            line.bottom = line.bottom.max(glyph.bottom);
        }
        line
    }

    /// The row of the baseline that centres capitals and descenders in so many rows.
    pub fn baseline(&mut self, rows: usize) -> i32 {
        let line = self.line("HÅgy".chars());
        let capital = self.get('H');
        let ink = line.bottom - capital.top;
        (rows as i32 - ink + 1).div_euclid(2) - capital.top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_stand_side_by_side_in_their_order() {
        for font in Font::all() {
            let mut glyphs = Glyphs::new(font);
            let line = glyphs.line("Ag ü日".chars());
            let advances = "Ag ü日".chars().map(|character| glyphs.get(character).advance);
            assert_eq!(line.width, advances.sum::<i32>(), "{font:?}");
            assert!(line.characters.is_sorted_by_key(|(x, _)| *x), "{font:?}");
            assert!(line.top < 0 && line.bottom > 0, "{font:?}");
        }
    }

    #[test]
    fn an_empty_line_takes_no_room() {
        let line = Glyphs::new(Font::SMALLEST).line([]);
        assert_eq!((line.width, line.top, line.bottom), (0, 0, 0));
        assert!(line.characters.is_empty());
    }

    #[test]
    fn the_baseline_leaves_as_much_room_above_capitals_as_below_descenders() {
        for font in Font::all() {
            let mut glyphs = Glyphs::new(font);
            let rows = font.height() as usize * 2;
            let baseline = glyphs.baseline(rows);
            let above = baseline + glyphs.get('H').top;
            let below = rows as i32 - baseline - glyphs.line("gy".chars()).bottom;
            assert!((above - below).abs() <= 1, "{font:?}: {above} above, {below} below");
        }
    }
}
