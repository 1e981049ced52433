//! The headlines in a row without end, and which part of it is seen at a time.
//!
//! When the plugin comes on screen again it goes on with the first headline that was not seen whole; when news comes
//! in the middle of a headline, that headline stays where it is.
//!
//! Invariant: headlines lie one after another within the period; each begins at a column of its own.

use std::time::Duration;

use marquee_lettering::{Glyphs, Line, Strip};

use crate::layout::Bands;
use crate::paint::{Run, STEPS, Tone};

/// Passing text stands still for so long when it comes on screen, so that its start can be read.
const HOLD: Duration = Duration::from_millis(1200);

/// What is between two headlines.
const MARK: &str = "◆";

/// A headline and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// Its age, or empty.
    pub(crate) age: String,
}

/// Where a headline lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    from: usize,
    /// Just behind its age.
    to: usize,
}

/// The row of headlines.
#[derive(Debug)]
pub(crate) struct Ticker {
    pub(crate) strip: Strip,
    pieces: Vec<Piece>,
    places: Vec<Place>,
    /// Where each tone begins.
    tones: Vec<(usize, Tone)>,
    width: usize,
    /// Everything fits: nothing moves.
    pub(crate) still: bool,
}

impl Ticker {
    /// `source` stands before the first headline; empty for none.
    pub(crate) fn new(bands: &Bands, source: &str, pieces: Vec<Piece>) -> Self {
        let mut row = Row {
            glyphs: Glyphs::new(bands.ticker_font),
            lines: Vec::new(),
            tones: Vec::new(),
            baseline: 0,
            x: 0,
        };
        row.baseline = row.glyphs.baseline(bands.ticker.len());
        let gap = (bands.ticker_font.height() as i32 / 2).max(4);
        let mut places = Vec::with_capacity(pieces.len());
        for (n, piece) in pieces.iter().enumerate() {
            let from = row.x;
            if n == 0 && !source.is_empty() {
                row.add(source, Tone::Accent);
                row.x += gap;
            }
            row.add(&piece.text, Tone::Headline);
            if !piece.age.is_empty() {
                row.x += gap;
                row.add(&piece.age, Tone::Quiet);
            }
            places.push(Place { from: column(from), to: column(row.x) });
            if pieces.len() > 1 || column(row.x) > bands.width {
                row.x += gap;
                row.add(MARK, Tone::Accent);
                row.x += gap;
            }
        }
        let still = column(row.x) <= bands.width;
        if still {
            let middle = (bands.width as i32 - row.x) / 2;
            for (start, ..) in &mut row.lines {
                *start += middle;
            }
            for (start, _) in &mut row.tones {
                *start += column(middle);
            }
        }
        let period = if still { bands.width } else { column(row.x) };
        let strip =
            Strip::new(row.glyphs, row.lines, bands.width as u32, bands.ticker.len() as u32, period.max(1));
        Self { strip, pieces, places, tones: row.tones, width: bands.width, still }
    }

    /// The tones of the columns from `start` on, as many as the panel has.
    pub(crate) fn runs(&self, start: usize, runs: &mut Vec<Run>) {
        runs.clear();
        let period = self.strip.period();
        let (mut column, mut left) = (start % period, self.width);
        while left > 0 {
            // Ink may hang over to the left of its pen a little.
            let next = self.tones.partition_point(|(from, _)| from.saturating_sub(2) <= column);
            let tone = next.checked_sub(1).map_or(Tone::Headline, |at| self.tones[at].1);
            let end = self.tones.get(next).map_or(period, |(from, _)| from.saturating_sub(2)).min(period);
            let columns = end.saturating_sub(column).clamp(1, left);
            runs.push(Run { columns, tone });
            left -= columns;
            column = if column + columns >= period { 0 } else { column + columns };
        }
    }

    /// How far the headline at the panel's middle is: its number, and 0 to 1 within it.
    pub(crate) fn progress(&self, start: usize) -> (usize, f32) {
        let middle = (start + self.width / 2) % self.strip.period();
        let at = self.at(middle);
        let Some(place) = self.places.get(at) else { return (0, 0.0) };
        let end = self.places.get(at + 1).map_or(self.strip.period(), |next| next.from);
        let share = middle.saturating_sub(place.from) as f32 / (end - place.from).max(1) as f32;
        (at, share.clamp(0.0, 1.0))
    }

    pub(crate) fn count(&self) -> usize {
        self.pieces.len()
    }

    /// The headline that lies at a column.
    fn at(&self, column: usize) -> usize {
        self.places.partition_point(|place| place.from <= column).saturating_sub(1)
    }

    /// The start of the first headline that is not seen whole when the panel's left edge is at a column.
    fn unseen_from(&self, column: usize) -> usize {
        let period = self.strip.period();
        let (first, right) = (self.at(column), column + self.width);
        let count = self.places.len();
        let unseen = (first..first + count).find(|n| self.places[n % count].to + n / count * period > right);
        unseen.and_then(|n| self.places.get(n % count)).map_or(0, |place| place.from)
    }
}

struct Row {
    glyphs: Glyphs,
    lines: Vec<(i32, i32, Line)>,
    tones: Vec<(usize, Tone)>,
    baseline: i32,
    x: i32,
}

impl Row {
    fn add(&mut self, text: &str, tone: Tone) {
        let line = self.glyphs.line(text.chars());
        self.tones.push((column(self.x), tone));
        let start = self.x;
        self.x = self.x.saturating_add(line.width);
        self.lines.push((start, self.baseline, line));
    }
}

fn column(x: i32) -> usize {
    usize::try_from(x).unwrap_or(0)
}

/// How the row moves.
#[derive(Debug)]
pub(crate) struct Motion {
    /// Pixels a second.
    speed: u32,
    /// Frames a second.
    fps: u32,
    /// What was at the panel's left edge when the motion began, in [`STEPS`].
    origin: u64,
    /// When the motion begins, in time on screen.
    begins: Duration,
    /// Time on screen at the frame before.
    last: Duration,
    /// Columns between the panel's left edge and a headline that begins.
    margin: usize,
}

impl Motion {
    pub(crate) fn new(speed: u32, fps: u32, margin: usize) -> Self {
        Self { speed, fps: fps.max(1), origin: 0, begins: HOLD, last: Duration::ZERO, margin }
    }

    /// A new speed from now on.
    pub(crate) fn set_speed(&mut self, speed: u32, ticker: Option<&Ticker>) {
        if let Some(ticker) = ticker {
            self.origin = self.steps(self.last, ticker);
            self.begins = self.begins.max(self.last);
        }
        self.speed = speed;
    }

    /// The column at the panel's left edge at a time on screen, and the fraction beyond it in [`STEPS`].
    pub(crate) fn at(&mut self, shown: Duration, ticker: &Ticker) -> (usize, u32) {
        if ticker.still {
            self.last = shown;
            return (0, 0);
        }
        if shown < self.last {
            // A new turn.
            let column = (self.steps(self.last, ticker) / u64::from(STEPS)) as usize;
            self.origin = ticker.unseen_from(column) as u64 * u64::from(STEPS);
            self.begins = HOLD;
        }
        self.last = shown;
        let period = ticker.strip.period();
        let place = self.steps(shown, ticker);
        let column = (place / u64::from(STEPS)) as usize + period - self.margin % period;
        (column % period, (place % u64::from(STEPS)) as u32)
    }

    /// How long the row still stands at a time on screen; none once it moves.
    pub(crate) fn stands(&self, shown: Duration) -> Option<Duration> {
        self.begins.checked_sub(shown).filter(|rest| !rest.is_zero())
    }

    /// New headlines: the one at the panel's left edge stays where it is if it is still among them; if not, or if
    /// none has moved yet, the first one begins.
    pub(crate) fn carry_over(&mut self, old: Option<&Ticker>, new: &Ticker) {
        let kept = old.filter(|old| !old.still && !new.still).and_then(|old| {
            let place = self.steps(self.last, old);
            let column = (place / u64::from(STEPS)) as usize;
            let at = old.at(column);
            let piece = old.pieces.get(at)?;
            let to = new.pieces.iter().position(|other| other.text == piece.text)?;
            let inside = column.checked_sub(old.places.get(at)?.from)?;
            let column = new.places.get(to)?.from + inside;
            Some(column as u64 * u64::from(STEPS) + place % u64::from(STEPS))
        });
        match kept {
            Some(origin) => {
                self.origin = origin;
                self.begins = self.begins.max(self.last);
            }
            None => {
                self.origin = 0;
                self.begins = self.last + HOLD;
            }
        }
    }

    /// The place at a time on screen, in [`STEPS`].
    fn steps(&self, shown: Duration, ticker: &Ticker) -> u64 {
        let whole = ticker.strip.period() as u64 * u64::from(STEPS);
        let Some(moving) = shown.checked_sub(self.begins) else { return self.origin % whole };
        let steps = u128::from(STEPS);
        let moved = if self.speed.is_multiple_of(self.fps) {
            // Whole pixels in every frame: counted in frames by the clock, so that a tick a little early or late
            // neither repeats nor skips a column.
            let frames = (moving.as_nanos() * u128::from(self.fps) + 500_000_000) / 1_000_000_000;
            frames * u128::from(self.speed / self.fps) * steps
        } else {
            moving.as_nanos() * u128::from(self.speed) * steps / 1_000_000_000
        };
        ((u128::from(self.origin) + moved) % u128::from(whole)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn ticker(texts: &[&str]) -> Ticker {
        let bands = Bands::new(&Settings::default(), 64, 32);
        let piece = |text: &&str| Piece { text: (*text).to_owned(), age: String::new() };
        Ticker::new(&bands, "", texts.iter().map(piece).collect())
    }

    #[test]
    fn a_new_turn_goes_on_with_the_first_headline_not_seen_whole() {
        let ticker = ticker(&["The first headline", "The second one", "The third"]);
        let mut motion = Motion::new(60, 60, 0);
        let second = ticker.places[1];
        assert_eq!(motion.at(Duration::ZERO, &ticker), (0, 0));
        // In the middle of the second headline, whose end is not in sight.
        let until = HOLD + Duration::from_secs_f64((second.from + 5) as f64 / 60.0);
        assert_eq!(motion.at(until, &ticker).0, second.from + 5);
        assert_eq!(motion.at(Duration::ZERO, &ticker).0, second.from);
        assert_eq!(motion.at(Duration::ZERO, &ticker).0, second.from, "asked again, the same");
        assert_eq!(motion.stands(Duration::ZERO), Some(HOLD));
        // Its end is in sight: the third is next.
        let until = HOLD + Duration::from_secs_f64((second.to - second.from) as f64 / 60.0);
        motion.at(until, &ticker);
        assert_eq!(motion.at(Duration::ZERO, &ticker).0, ticker.places[2].from);
        // And after the third the first, across the seam.
        let third = ticker.places[2];
        let until = HOLD + Duration::from_secs_f64((third.to - third.from) as f64 / 60.0);
        motion.at(until, &ticker);
        assert_eq!(motion.at(Duration::ZERO, &ticker).0, 0);
    }

    #[test]
    fn runs_cover_the_panel_from_every_column() {
        let ticker = ticker(&["One headline", "ä", "", "The last of them"]);
        let mut runs = Vec::new();
        for start in 0..ticker.strip.period() * 2 {
            ticker.runs(start, &mut runs);
            assert_eq!(runs.iter().map(|run| run.columns).sum::<usize>(), 64, "{start}");
        }
    }
}
