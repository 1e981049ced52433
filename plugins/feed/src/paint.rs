//! From ink to colours: each pixel is one of four mixtures of paper and ink, looked up, never computed.
//!
//! At a fraction of a pixel, a column shows so much of its own ink and so much of its right neighbour's. With ink
//! being all or nothing there are four cases for each tone, mixed once for a fraction.
//!
//! Invariant: the painted rows are painted whole; nothing is left of what was there.

use std::ops::Range;

use marquee_lettering::Mask;
use marquee_plugin_api::{Colour, Frame};

use crate::Showing;
use crate::layout::Bands;
use crate::settings::Settings;

/// Steps between two columns.
pub(crate) const STEPS: u32 = 64;

/// What a text is, and so its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A headline.
    Headline,
    /// The source's name, and marks between headlines.
    Accent,
    /// The age of a headline.
    Quiet,
}

const TONES: usize = 3;

/// The colour of the mark on what is old.
pub(crate) const STALE: Colour = Colour::new(0xff, 0x3d, 0x3d);

/// Colours for: no ink; ink to come; ink that goes; ink. The fourth byte is padding.
type Mixtures = [[u8; 4]; 4];

/// A stretch of columns in one tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) columns: usize,
    pub(crate) tone: Tone,
}

/// Paper and inks.
#[derive(Debug)]
pub(crate) struct Paint {
    paper: Colour,
    inks: [Colour; TONES],
    mixtures: [Mixtures; TONES],
    fraction: Option<u32>,
    /// Kept between frames to spare making it.
    runs: Vec<Run>,
}

impl Paint {
    pub(crate) fn new(settings: &Settings) -> Self {
        let (paper, ink) = (settings.background, settings.colour);
        let inks = [ink, settings.accent, ink.mix(paper, 0.72)];
        Self { paper, inks, mixtures: [[[0; 4]; 4]; TONES], fraction: None, runs: Vec::new() }
    }

    pub(crate) fn paper(&self) -> Colour {
        self.paper
    }

    pub(crate) fn ink(&self, tone: Tone) -> Colour {
        self.inks[tone as usize]
    }

    /// Paints a whole frame; `place` is the ticker's column at the panel's left edge and the fraction beyond it.
    pub(crate) fn picture(
        &mut self,
        frame: &mut Frame<'_>,
        bands: &Bands,
        showing: &mut Showing,
        place: (usize, u32),
        progress: bool,
    ) {
        let width = bands.width;
        let (header, rest) = frame.rgb_mut().split_at_mut(bands.header.end * width * 3);
        let (ticker, bar) = rest.split_at_mut(bands.ticker.len() * width * 3);
        header.copy_from_slice(&showing.header.pixels);

        let (start, fraction) = place;
        let mut runs = std::mem::take(&mut self.runs);
        showing.ticker.runs(start, &mut runs);
        let rows = showing.ticker.strip.ink_rows();
        fill(ticker, self.paper);
        self.rows(ticker, width, showing.ticker.strip.window(start), rows.clone(), &runs, fraction);
        if !showing.ticker.still {
            self.fade(ticker, width, rows, bands.fade());
        }
        self.runs = runs;

        fill(bar, self.paper);
        if progress && !showing.text.notice && !showing.ticker.still && !bar.is_empty() {
            self.bar(bar, width, showing, start);
        }
    }

    /// One segment for each headline; those that passed are lit, the one that passes is lit so far.
    fn bar(&self, pixels: &mut [u8], width: usize, showing: &Showing, start: usize) {
        let lit = if showing.text.warning.is_empty() { self.ink(Tone::Accent) } else { STALE };
        let (dark, bright) = (self.paper.mix(lit, 0.07), self.paper.mix(lit, 0.6));
        let (current, share) = showing.ticker.progress(start);
        let count = showing.ticker.count().max(1);
        // Segments of two columns and a gap, or none at all.
        let gap = usize::from(count * 3 <= width);
        for row in pixels.chunks_exact_mut(width * 3) {
            for n in 0..count {
                let (from, to) = (n * (width + gap) / count, (n + 1) * (width + gap) / count - gap);
                let passed = if n == current { (share * (to - from) as f32).round() as usize } else { 0 };
                for x in from..to {
                    let colour = if n < current || x - from < passed { bright } else { dark };
                    row[x * 3..x * 3 + 3].copy_from_slice(&colour.bytes());
                }
            }
        }
    }

    /// Paints ink onto paper, from a window of ink that is one column wider; `runs` cover it.
    fn rows(
        &mut self,
        pixels: &mut [u8],
        width: usize,
        window: &Mask,
        rows: Range<usize>,
        runs: &[Run],
        fraction: u32,
    ) {
        self.prepare(fraction);
        for y in rows {
            let ink = window.row(y, 0..window.width());
            let row = &mut pixels[y * width * 3..][..width * 3];
            let mut from = 0;
            for run in runs {
                let to = (from + run.columns).min(width);
                let table = &self.mixtures[run.tone as usize];
                let ink = &ink[from..=to];
                for (x, pixel) in row[from * 3..to * 3].chunks_exact_mut(3).enumerate() {
                    let case = usize::from((ink[x] << 1 | ink[x + 1]) & 3);
                    // Most pixels have no ink, and are paper already.
                    if case != 0 {
                        let [r, g, b, _] = table[case];
                        pixel[0] = r;
                        pixel[1] = g;
                        pixel[2] = b;
                    }
                }
                from = to;
            }
        }
    }

    /// Fades both ends of rows into the paper, over so many columns.
    fn fade(&self, pixels: &mut [u8], width: usize, rows: Range<usize>, columns: usize) {
        let paper = self.paper.bytes();
        for y in rows {
            let row = &mut pixels[y * width * 3..][..width * 3];
            for x in 0..columns.min(width / 2) {
                // Squares, for light falls faster than its number.
                let keep = ((x + 1) * (x + 1) * 256 / ((columns + 1) * (columns + 1))) as i32;
                for at in [x, width - 1 - x] {
                    for (byte, paper) in row[at * 3..at * 3 + 3].iter_mut().zip(paper) {
                        let paper = i32::from(paper);
                        *byte = (paper + (i32::from(*byte) - paper) * keep / 256) as u8;
                    }
                }
            }
        }
    }

    fn prepare(&mut self, fraction: u32) {
        if self.fraction == Some(fraction) {
            return;
        }
        let share = fraction as f32 / STEPS as f32;
        let padded = |colour: Colour| [colour.r, colour.g, colour.b, 0];
        let paper = self.paper;
        for (mixtures, ink) in self.mixtures.iter_mut().zip(self.inks) {
            *mixtures =
                [padded(paper), padded(paper.mix(ink, share)), padded(ink.mix(paper, share)), padded(ink)];
        }
        self.fraction = Some(fraction);
    }
}

/// Fills pixels with one colour.
pub(crate) fn fill(pixels: &mut [u8], colour: Colour) {
    let bytes = colour.bytes();
    if bytes[0] == bytes[1] && bytes[1] == bytes[2] {
        pixels.fill(bytes[0]);
        return;
    }
    for pixel in pixels.chunks_exact_mut(3) {
        pixel.copy_from_slice(&bytes);
    }
}
