//! From ink to colours: each pixel is one of four mixtures of paper and ink, looked up, never computed.
//!
//! At a fraction of a pixel, a column shows so much of its own ink and so much of its right neighbour's. With ink
//! being all or nothing there are four cases, so that a frame costs four mixtures in linear light for each row (or
//! column, in a rainbow) and one table look-up for each pixel.
//!
//! Invariant: a frame is painted whole; nothing is left of what was there.

use marquee_lettering::Mask;
use marquee_plugin_api::{Colour, Frame};

use crate::settings::{Settings, Style};

/// Steps between two columns.
pub(crate) const STEPS: u32 = 64;

/// How many columns a rainbow takes, in heights of the panel.
const RAINBOW_HEIGHTS: usize = 4;

/// Pixels that are looked at together: most are all paper or all ink.
const RUN: usize = 8;

/// [`RUN`] bytes of ink.
const ALL_INK: u64 = 0x0101_0101_0101_0101;

/// Paper and ink.
#[derive(Debug)]
pub(crate) struct Paint {
    background: Colour,
    ink: Ink,
    /// Columns of the strip.
    period: usize,
    /// The mixtures of each colour for each fraction, as far as they have been needed: there are few fractions at
    /// most speeds.
    mixtures: Vec<Vec<Mixtures>>,
    /// The mixtures of the columns in view, and those columns full of ink.
    columns: Vec<Mixtures>,
    full: Vec<u8>,
}

#[derive(Debug)]
enum Ink {
    /// A colour for each row of the panel.
    Rows(Vec<Colour>),
    /// A colour for each column of the strip, over and over.
    Columns(Vec<Colour>),
}

/// Colours for: no ink; ink to come; ink that goes; ink. The fourth byte is padding.
type Mixtures = [[u8; 4]; 4];

impl Paint {
    /// For a panel of this height with ink in these rows, on a strip of this period.
    pub(crate) fn new(settings: &Settings, height: u32, ink: std::ops::Range<usize>, period: usize) -> Self {
        let height = height as usize;
        let ink = match settings.style {
            Style::Solid => Ink::Rows(vec![settings.colour; height]),
            Style::Gradient => {
                let length = ink.len().saturating_sub(1).max(1) as f32;
                let share = |row: usize| (row as f32 - ink.start as f32) / length;
                Ink::Rows(
                    (0..height).map(|row| settings.colour.mix(settings.second_colour, share(row))).collect(),
                )
            }
            Style::Rainbow => {
                let length = (height * RAINBOW_HEIGHTS).max(32).min(period);
                Ink::Columns((0..length).map(|x| Colour::rainbow(x as f32 / length as f32)).collect())
            }
        };
        let mixtures = vec![Vec::new(); STEPS as usize];
        Self { background: settings.background, ink, period, mixtures, columns: Vec::new(), full: Vec::new() }
    }

    /// Paints a window of the strip that starts at a column and a fraction of [`STEPS`].
    pub(crate) fn frame(&mut self, frame: &mut Frame<'_>, window: &Mask, start: usize, fraction: u32) {
        let width = frame.width() as usize;
        let paper = run_of(self.background.bytes());
        let fraction = fraction.min(STEPS - 1);
        let tables = &mut self.mixtures[fraction as usize];
        let (Ink::Rows(colours) | Ink::Columns(colours)) = &self.ink;
        if tables.is_empty() {
            let share = fraction as f32 / STEPS as f32;
            tables.extend(colours.iter().map(|colour| mixtures(self.background, *colour, share)));
        }
        let rows =
            frame.rgb_mut().chunks_exact_mut(width * 3).zip(window.bytes().chunks_exact(window.width()));
        match &self.ink {
            Ink::Rows(colours) => {
                for ((pixels, ink), (table, colour)) in rows.zip(tables.iter().zip(colours)) {
                    let full = run_of(colour.bytes());
                    paint_row(pixels, ink, &paper, |_| &full, |_| table);
                }
            }
            Ink::Columns(colours) => {
                self.columns.clear();
                self.full.clear();
                for x in start..start + width {
                    let place = x % self.period % colours.len();
                    self.columns.push(tables[place]);
                    self.full.extend_from_slice(&colours[place].bytes());
                }
                for (pixels, ink) in rows {
                    paint_row(pixels, ink, &paper, |x| &self.full[x * 3..], |x| &self.columns[x]);
                }
            }
        }
    }
}

/// Paints a row. `full` gives the bytes of ink from a column on, `table` the mixtures of a column.
fn paint_row<'a>(
    pixels: &mut [u8],
    ink: &[u8],
    paper: &[u8; RUN * 3],
    full: impl Fn(usize) -> &'a [u8],
    table: impl Fn(usize) -> &'a Mixtures,
) {
    for (run, pixels) in pixels.chunks_mut(RUN * 3).enumerate() {
        let x = run * RUN;
        // What a run shows depends on the column to its right, too.
        let ink = &ink[x..];
        let (Some(near), Ok(pixels)) =
            (ink.first_chunk::<{ RUN + 1 }>(), <&mut [u8; RUN * 3]>::try_from(&mut *pixels))
        else {
            // The last columns of a panel whose width is no multiple of a run.
            for (n, (pixel, ink)) in pixels.chunks_exact_mut(3).zip(ink.windows(2)).enumerate() {
                pixel.copy_from_slice(&table(x + n)[case(ink[0], ink[1])][..3]);
            }
            continue;
        };
        let [a, b, c, d, e, f, g, h, next] = *near;
        match (u64::from_ne_bytes([a, b, c, d, e, f, g, h]), next) {
            (0, 0) => *pixels = *paper,
            (ALL_INK, 1) => pixels.copy_from_slice(&full(x)[..RUN * 3]),
            _ => {
                for n in 0..RUN {
                    let [r, g, b, _] = table(x + n)[case(near[n], near[n + 1])];
                    pixels[n * 3] = r;
                    pixels[n * 3 + 1] = g;
                    pixels[n * 3 + 2] = b;
                }
            }
        }
    }
}

/// A run of one colour.
fn run_of(colour: [u8; 3]) -> [u8; RUN * 3] {
    std::array::from_fn(|byte| colour[byte % 3])
}

fn mixtures(paper: Colour, ink: Colour, share: f32) -> Mixtures {
    let padded = |colour: Colour| [colour.r, colour.g, colour.b, 0];
    [padded(paper), padded(paper.mix(ink, share)), padded(ink.mix(paper, share)), padded(ink)]
}

/// Which of the four mixtures a column and its right neighbour make.
fn case(ink: u8, next: u8) -> usize {
    usize::from(ink & 1) * 2 + usize::from(next & 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs are a short cut: they must paint what the table says.
    #[test]
    fn runs_paint_what_single_pixels_would() {
        let (paper, colour) = (Colour::new(1, 2, 3), Colour::new(250, 200, 100));
        let table = mixtures(paper, colour, 0.25);
        let full = run_of(colour.bytes());
        for width in [1, 7, 8, 9, 40] {
            for pattern in [0_u64, u64::MAX, 0x00ff_00ff_00ff_00ff, 0xfe01_8000_ffff_0180] {
                let ink: Vec<u8> = (0..=width).map(|x| (pattern >> x & 1) as u8).collect();
                let mut row = vec![9; width * 3];
                paint_row(&mut row, &ink, &run_of(paper.bytes()), |_| &full, |_| &table);
                for x in 0..width {
                    let wanted = &table[case(ink[x], ink[x + 1])][..3];
                    assert_eq!(&row[x * 3..x * 3 + 3], wanted, "{width} {pattern:x} {x}");
                }
            }
        }
    }
}
