//! From ink to colours: each pixel is one of four mixtures of paper and ink, looked up, never computed.
//!
//! At a fraction of a pixel, a column shows so much of its own ink and so much of its right neighbour's. With ink
//! being all or nothing there are four cases, so that a frame costs four mixtures in linear light for each row (or
//! column, in a rainbow) and one table look-up for each pixel.
//!
//! Invariant: a frame is painted whole; nothing is left of what was there.

use marquee_plugin_api::{Colour, Frame};

use crate::mask::Mask;
use crate::settings::{Settings, Style};

/// Steps between two columns.
pub(crate) const STEPS: u32 = 64;

/// How many columns a rainbow takes, in heights of the panel.
const RAINBOW_HEIGHTS: usize = 4;

/// Paper and ink.
#[derive(Debug)]
pub(crate) struct Paint {
    background: Colour,
    ink: Ink,
    /// Columns of the strip.
    period: usize,
    /// The mixtures of each row or column for one fraction.
    tables: Vec<Mixtures>,
    fraction: Option<u32>,
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
        Self { background: settings.background, ink, period, tables: Vec::new(), fraction: None }
    }

    /// Paints a window of the strip that starts at a column and a fraction of [`STEPS`].
    pub(crate) fn frame(&mut self, frame: &mut Frame<'_>, window: &Mask, start: usize, fraction: u32) {
        let width = frame.width() as usize;
        self.prepare(width, start, fraction);
        let rows = frame.rgb_mut().chunks_exact_mut(width * 3).zip(window.bytes.chunks_exact(window.width));
        match self.ink {
            Ink::Rows(_) => {
                for ((pixels, ink), table) in rows.zip(&self.tables) {
                    for (pixel, ink) in pixels.chunks_exact_mut(3).zip(ink.windows(2)) {
                        pixel.copy_from_slice(&table[case(ink)][..3]);
                    }
                }
            }
            Ink::Columns(_) => {
                for (pixels, ink) in rows {
                    let columns = pixels.chunks_exact_mut(3).zip(ink.windows(2)).zip(&self.tables);
                    for ((pixel, ink), table) in columns {
                        pixel.copy_from_slice(&table[case(ink)][..3]);
                    }
                }
            }
        }
    }

    fn prepare(&mut self, width: usize, start: usize, fraction: u32) {
        let share = fraction as f32 / STEPS as f32;
        let paper = self.background;
        match &self.ink {
            Ink::Rows(colours) => {
                if self.fraction == Some(fraction) {
                    return;
                }
                self.tables.clear();
                let mut last: Option<(Colour, Mixtures)> = None;
                for colour in colours {
                    let table = match last {
                        Some((same, table)) if same == *colour => table,
                        _ => mixtures(paper, *colour, share),
                    };
                    last = Some((*colour, table));
                    self.tables.push(table);
                }
                self.fraction = Some(fraction);
            }
            Ink::Columns(colours) => {
                self.tables.clear();
                let places = (start..start + width).map(|x| x % self.period % colours.len());
                self.tables.extend(places.map(|x| mixtures(paper, colours[x], share)));
            }
        }
    }
}

fn mixtures(paper: Colour, ink: Colour, share: f32) -> Mixtures {
    let padded = |colour: Colour| [colour.r, colour.g, colour.b, 0];
    [padded(paper), padded(paper.mix(ink, share)), padded(ink.mix(paper, share)), padded(ink)]
}

/// Which of the four mixtures a column and its right neighbour make.
fn case(ink: &[u8]) -> usize {
    usize::from(ink[0] & 1) * 2 + usize::from(ink[1] & 1)
}
