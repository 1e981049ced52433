//! A message of any length: still where it fits, scrolling smoothly where it does not.
//!
//! The way of a message: [`layout`] sets it in a font, a strip ([`marquee_lettering`]) draws its ink tile by tile as it
//! comes into view, [`paint`] colours what is in view. Only the last happens for every frame.
//!
//! Invariant: what a frame shows depends on the settings, the panel and the tick's time, never on frames before.

mod layout;
mod paint;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use marquee_lettering::{Line, Strip};
use marquee_plugin_api::prelude::*;

use layout::{Kind, Layout};
use paint::{Paint, STEPS};
pub use settings::{Direction, Scroll, Settings, Style, TextSize};

/// Scrolling text stands still for so long when it comes on screen, so that its start can be read.
const HOLD: Duration = Duration::from_millis(1200);

/// The plugin.
#[derive(Debug)]
pub struct Text {
    panel: PanelInfo,
    strip: Strip,
    paint: Paint,
    motion: Option<Motion>,
}

/// How a strip moves.
#[derive(Debug, Clone, Copy)]
struct Motion {
    /// Pixels a second.
    speed: u32,
    direction: Direction,
    smooth: bool,
    once: bool,
    /// Frames a second.
    fps: u32,
    /// Columns between the panel's left edge and the text at the start.
    margin: usize,
}

impl Plugin for Text {
    type Settings = Settings;
    type Data = ();

    fn new(settings: &Settings, panel: &PanelInfo) -> Result<Self, PluginError> {
        settings.check()?;
        let (width, height) = (panel.width, panel.height);
        let Layout { glyphs, kind } = Layout::new(settings, width, height);
        let (strip, motion) = match kind {
            Kind::Still(lines) => {
                let centred = |line: &Line| (width as i32 - line.width) / 2;
                let lines =
                    lines.into_iter().map(|(baseline, line)| (centred(&line), baseline, line)).collect();
                (Strip::new(glyphs, lines, width, height, width as usize), None)
            }
            Kind::Moving(baseline, line) => {
                // A message that passes once leaves the panel empty; one that repeats is followed by itself.
                let gap = if settings.once { width } else { (width / 2).max(height) }.max(1);
                let period = line.width.max(0) as usize + gap as usize;
                let motion = Motion {
                    speed: settings.speed,
                    direction: settings.direction,
                    smooth: settings.smooth,
                    once: settings.once,
                    fps: panel.fps.max(1),
                    margin: (width / 64) as usize,
                };
                (Strip::new(glyphs, vec![(0, baseline, line)], width, height, period), Some(motion))
            }
        };
        let paint = Paint::new(settings, height, strip.ink_rows(), strip.period());
        Ok(Self { panel: panel.clone(), strip, paint, motion })
    }

    fn draw(&mut self, frame: &mut Frame<'_>, _: Option<&()>, tick: &Tick) -> Result<Next, PluginError> {
        if (frame.width(), frame.height()) != (self.panel.width, self.panel.height) {
            return Err(PluginError::new("the frame is not as large as the panel that was announced"));
        }
        let (start, fraction, next) = match self.motion {
            None => (0, 0, Next::news()),
            Some(motion) => motion.at(tick.shown, self.strip.period()),
        };
        self.paint.frame(frame, self.strip.window(start), start, fraction);
        Ok(next)
    }

    fn event(&mut self, event: &Event<'_, Settings>) -> Result<Handled, PluginError> {
        match event {
            Event::Settings(settings) => {
                *self = Self::new(settings, &self.panel)?;
                Ok(Handled::Yes)
            }
            _ => Ok(Handled::No),
        }
    }
}

impl Motion {
    /// The column at the panel's left edge, the fraction beyond it in [`STEPS`], and when to draw again.
    fn at(self, shown: Duration, period: usize) -> (usize, u32, Next) {
        let Some(moving) = shown.checked_sub(HOLD).filter(|time| !time.is_zero()) else {
            let next = Next::after((HOLD - shown).max(Duration::from_millis(1)));
            return (period - self.margin % period, 0, next);
        };
        let steps = self.steps(moving);
        let whole = period as u128 * u128::from(STEPS);
        let past = steps >= whole;
        let margin = (self.margin % period) as u128 * u128::from(STEPS);
        let steps = steps % whole;
        let place = match self.direction {
            Direction::Left => (steps + whole - margin) % whole,
            Direction::Right => (whole - margin + whole - steps) % whole,
        };
        let next = if self.once && past { Next::frame().over() } else { Next::frame() };
        let (column, fraction) = (place / u128::from(STEPS), place % u128::from(STEPS));
        (column as usize, fraction as u32, next)
    }

    /// How far the text has moved, in [`STEPS`] of a pixel.
    fn steps(self, moving: Duration) -> u128 {
        let steps = u128::from(STEPS);
        if self.speed.is_multiple_of(self.fps) {
            // Whole pixels in every frame: counted in frames by the clock, so that a tick a little early or late
            // neither repeats nor skips a column.
            let frames = (moving.as_nanos() * u128::from(self.fps) + 500_000_000) / 1_000_000_000;
            return frames * u128::from(self.speed / self.fps) * steps;
        }
        let moved = moving.as_nanos() * u128::from(self.speed) * steps / 1_000_000_000;
        if self.smooth { moved } else { moved / steps * steps }
    }
}

export_plugin!(Text, name: "Text", min_size: (32, 16));
