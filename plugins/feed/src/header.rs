//! The header: a sign, the source's name, and how old the news is when it is too old. Drawn once, then copied.
//!
//! Invariant: `pixels` holds the header's rows of the whole panel.

use marquee_lettering::{Glyphs, Mask};
use marquee_plugin_api::Colour;

use crate::layout::Bands;
use crate::paint::{Paint, STALE, Tone, fill};

/// The sign of feeds, seven pixels square: a source and its waves.
const SIGN: [&[u8; 7]; 7] =
    [b"####...", b"....#..", b"###..#.", b"...#..#", b"##..#.#", b"##..#.#", b"##..#.#"];

/// A drawn header.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) pixels: Vec<u8>,
}

impl Header {
    pub(crate) fn new(bands: &Bands, paint: &Paint, source: &str, warning: &str) -> Self {
        let (width, height) = (bands.width, bands.header.len());
        let mut canvas = Canvas { pixels: vec![0; width * height * 3], width };
        fill(&mut canvas.pixels, paint.paper());
        if height < 3 {
            return Self { pixels: canvas.pixels };
        }
        let accent = paint.ink(Tone::Accent);
        // The last row stays free, the one above is the rule.
        let rows = height - 2;
        canvas.rule(height - 2, accent, paint.paper());

        let mut glyphs = Glyphs::new(bands.header_font);
        let baseline = glyphs.baseline(rows);
        let scale = (rows / 9).max(1);
        let margin = scale;
        // It stands on the same line as the letters.
        let top = (usize::try_from(baseline).unwrap_or(0)).saturating_sub(SIGN.len() * scale);
        canvas.sign(margin, top, scale, accent);
        let left = margin + SIGN.len() * scale + 2 + scale;

        let mut right = width;
        let old = glyphs.line(warning.chars());
        if !warning.is_empty() && (old.width as usize) < width.saturating_sub(left) / 2 {
            right = width - old.width as usize - margin;
            let mut mask = Mask::new(width, rows);
            text(&mut mask, &mut glyphs, warning, right as i32, baseline);
            canvas.ink(&mask, 0..width, |_| STALE);
            right = right.saturating_sub(3);
        }

        let name = glyphs.line(source.chars());
        let mut mask = Mask::new(width, rows);
        text(&mut mask, &mut glyphs, source, left as i32, baseline);
        let right = right.max(left);
        let clipped = left + name.width as usize > right + 1;
        let fade = (right - left).min(10);
        canvas.ink(&mask, left..right, |x| {
            let from_end = right - x;
            if !clipped || from_end > fade {
                accent
            } else {
                paint.paper().mix(accent, (from_end as f32 / (fade + 1) as f32).powi(2))
            }
        });
        Self { pixels: canvas.pixels }
    }
}

fn text(mask: &mut Mask, glyphs: &mut Glyphs, text: &str, left: i32, baseline: i32) {
    let width = mask.width() as i32;
    for (x, character) in glyphs.line(text.chars()).characters {
        if left + x >= width {
            break;
        }
        let glyph = glyphs.get(character);
        glyph.draw(character, &mut mask.brush(left + x, baseline));
    }
}

struct Canvas {
    pixels: Vec<u8>,
    width: usize,
}

impl Canvas {
    fn set(&mut self, x: usize, y: usize, colour: Colour) {
        if x < self.width
            && let Some(pixel) = self.pixels.get_mut((y * self.width + x) * 3..(y * self.width + x) * 3 + 3)
        {
            pixel.copy_from_slice(&colour.bytes());
        }
    }

    /// A thin line that is brightest at its left.
    fn rule(&mut self, y: usize, colour: Colour, paper: Colour) {
        for x in 0..self.width {
            let far = x as f32 / self.width as f32;
            self.set(x, y, paper.mix(colour, 0.30 * (1.0 - far) + 0.04));
        }
    }

    fn sign(&mut self, left: usize, top: usize, scale: usize, colour: Colour) {
        for (y, row) in SIGN.iter().enumerate() {
            for (x, _) in row.iter().enumerate().filter(|(_, dot)| **dot == b'#') {
                for n in 0..scale * scale {
                    self.set(left + x * scale + n % scale, top + y * scale + n / scale, colour);
                }
            }
        }
    }

    fn ink(&mut self, mask: &Mask, columns: std::ops::Range<usize>, colour: impl Fn(usize) -> Colour) {
        for x in columns {
            let colour = colour(x);
            for y in 0..mask.height() {
                if mask.row(y, x..x + 1) == [1] {
                    self.set(x, y, colour);
                }
            }
        }
    }
}
