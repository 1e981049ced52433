//! The time and the date in any time zone, as large as the panel allows.
//!
//! The way of a frame: the tick's time becomes a wall clock in a [`zone`], that becomes [`words`], those find their
//! places and [`fonts`] in a [`layout`], and are drawn. It wakes once a second, or once a minute without seconds.
//!
//! Invariant: a frame shows the time at which it will be seen.

mod fonts;
mod layout;
mod settings;
#[cfg(test)]
mod tests;
mod words;
mod zone;

use std::time::Duration;

use marquee_plugin_api::embedded_graphics::primitives::Rectangle;
use marquee_plugin_api::prelude::*;

use layout::{Layout, Role};
pub use settings::{DateFormat, Hours, Settings};
use words::Words;
use zone::Zone;

/// The plugin.
#[derive(Debug)]
pub struct Clock {
    settings: Settings,
    zone: Zone,
    panel_zone: String,
}

impl Clock {
    fn made(settings: &Settings, panel_zone: String) -> Result<Self, PluginError> {
        settings.check()?;
        let zone = Zone::new(&settings.time_zone, &panel_zone)?;
        Ok(Self { settings: settings.clone(), zone, panel_zone })
    }
}

impl Plugin for Clock {
    type Settings = Settings;
    type Data = ();

    fn new(settings: &Settings, panel: &PanelInfo) -> Result<Self, PluginError> {
        Self::made(settings, panel.time_zone.clone())
    }

    fn draw(&mut self, frame: &mut Frame<'_>, _: Option<&()>, tick: &Tick) -> Result<Next, PluginError> {
        let words = Words::new(&self.settings, self.zone.wall_clock(tick)?);
        let layout = Layout::new(&words, frame.width(), frame.height());
        frame.fill(self.settings.background.rgb());
        for piece in &layout.pieces {
            let colour = match piece.role {
                Role::Time => self.settings.colour,
                Role::Seconds => self.settings.seconds_colour,
                Role::Below => self.settings.date_colour,
            };
            let draw = if piece.role == Role::Below || !piece.text.contains(|c: char| c.is_ascii_digit()) {
                fonts::Face::draw_words
            } else {
                fonts::Face::draw_digits
            };
            draw(piece.face, &piece.text, piece.x, piece.baseline, colour.rgb(), frame);
        }
        if let (Some(rows), Some(second)) = (layout.bar, words.second) {
            self.draw_bar(frame, rows as u32, second);
        }
        let step = if self.settings.seconds { 1 } else { 60 };
        Ok(Next::after(tick.until_next(Duration::from_secs(step))))
    }

    fn event(&mut self, event: &Event<'_, Settings>) -> Result<Handled, PluginError> {
        match event {
            Event::Settings(settings) => {
                *self = Self::made(settings, self.panel_zone.clone())?;
                Ok(Handled::Yes)
            }
            _ => Ok(Handled::No),
        }
    }
}

impl Clock {
    /// A line that is full in the last second of a minute, on a dim track.
    fn draw_bar(&self, frame: &mut Frame<'_>, rows: u32, second: u32) {
        let width = frame.width();
        let top = frame.height().saturating_sub(rows) as i32;
        let full = (width * (second + 1)).div_ceil(60).min(width);
        let track = self.settings.background.mix(self.settings.seconds_colour, 0.04);
        for (columns, colour) in [(width, track), (full, self.settings.seconds_colour)] {
            // A frame's error type has no values.
            let _ =
                frame.fill_solid(&Rectangle::new(Point::new(0, top), Size::new(columns, rows)), colour.rgb());
        }
    }
}

export_plugin!(Clock, name: "Clock", min_size: (32, 16));
