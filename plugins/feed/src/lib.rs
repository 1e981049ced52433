//! Headlines of an RSS, Atom or JSON feed, passing by with their source and age.
//!
//! The way of a headline: [`headlines`] reads it from the feed, [`clean`] makes it one plain line, [`ticker`] sets it
//! in a row with the others and says which part is seen, a strip ([`marquee_lettering`]) draws its ink as it comes into
//! view, [`paint`] colours it. Only the last happens for every frame.
//!
//! Invariant: nothing here waits for the network; what `fetch` brought last is shown until it brings something else.

mod clean;
mod header;
mod headlines;
mod layout;
mod paint;
mod settings;
#[cfg(test)]
mod tests;
mod ticker;

use std::time::Duration;

use marquee_plugin_api::prelude::*;

use header::Header;
pub use headlines::Headlines;
use headlines::ago;
use layout::Bands;
use paint::Paint;
use settings::host_of;
pub use settings::{Settings, TextSize};
use ticker::{Motion, Piece, Ticker};

/// For so long a plugin without its first headlines says that it waits; then it is skipped.
const PATIENCE: Duration = Duration::from_secs(120);

/// The name of the source as long as nobody knows it.
const NAMELESS: &str = "Headlines";

/// The plugin.
#[derive(Debug)]
pub struct Feed {
    settings: Settings,
    panel: PanelInfo,
    bands: Bands,
    paint: Paint,
    motion: Motion,
    /// What is being shown; none before the first frame.
    showing: Option<Showing>,
    /// The minute for which it was made, counted from 1970.
    minute: i64,
    /// When the data came, in time since the first frame.
    came: Duration,
}

#[derive(Debug)]
struct Showing {
    text: Text,
    header: Header,
    ticker: Ticker,
}

/// Everything that the picture is made of, apart from place and colours.
#[derive(Debug, PartialEq, Eq)]
struct Text {
    source: String,
    pieces: Vec<Piece>,
    /// Said in the header when the news is old.
    warning: String,
    /// A message instead of headlines.
    notice: bool,
}

impl Plugin for Feed {
    type Settings = Settings;
    type Data = Headlines;

    fn new(settings: &Settings, panel: &PanelInfo) -> Result<Self, PluginError> {
        settings.check()?;
        let bands = Bands::new(settings, panel.width, panel.height);
        Ok(Self {
            paint: Paint::new(settings),
            motion: Motion::new(settings.speed, panel.fps, bands.fade()),
            bands,
            settings: settings.clone(),
            panel: panel.clone(),
            showing: None,
            minute: i64::MIN,
            came: Duration::ZERO,
        })
    }

    fn fetch(
        settings: &Settings,
        host: &Host<'_>,
        _: Option<&Headlines>,
    ) -> Result<Fetched<Headlines>, PluginError> {
        headlines::fetch(settings, host)
    }

    fn draw(
        &mut self,
        frame: &mut Frame<'_>,
        data: Option<&Headlines>,
        tick: &Tick,
    ) -> Result<Next, PluginError> {
        if (frame.width(), frame.height()) != (self.panel.width, self.panel.height) {
            return Err(PluginError::new("the frame is not as large as the panel that was announced"));
        }
        if tick.new_data {
            self.came = tick.elapsed;
        }
        let nothing = match data {
            Some(headlines) => headlines.items.is_empty(),
            None => !self.settings.url().is_empty() && tick.elapsed > PATIENCE,
        };
        if nothing {
            frame.fill(self.settings.background.rgb());
            return Ok(Next::news().nothing_to_show());
        }
        // Ages change with the minute, everything else only with news.
        let minute = tick.unix_s().div_euclid(60);
        if self.showing.is_none() || tick.new_data || minute != self.minute {
            self.minute = minute;
            self.show(self.text(data, tick));
        }
        let Some(showing) = &mut self.showing else { return Ok(Next::frame()) };
        let (start, fraction) = self.motion.at(tick.shown, &showing.ticker);
        self.paint.picture(frame, &self.bands, showing, (start, fraction), self.settings.progress);
        if showing.ticker.still {
            return Ok(Next::after(tick.until_next(Duration::from_secs(60))));
        }
        Ok(match self.motion.stands(tick.shown) {
            Some(rest) => Next::after(rest),
            None => Next::frame(),
        })
    }

    fn event(&mut self, event: &Event<'_, Settings>) -> Result<Handled, PluginError> {
        match event {
            Event::Settings(settings) if settings.fetches_the_same(&self.settings) => {
                settings.check()?;
                self.bands = Bands::new(settings, self.panel.width, self.panel.height);
                self.paint = Paint::new(settings);
                self.motion.set_speed(settings.speed, self.showing.as_ref().map(|showing| &showing.ticker));
                self.settings = (*settings).clone();
                // Everything is drawn anew, and the headline that is passing stays where it is.
                if let Some(old) = self.showing.take() {
                    let new = Showing::new(old.text, &self.bands, &self.paint, &self.settings);
                    self.motion.carry_over(Some(&old.ticker), &new.ticker);
                    self.minute = i64::MIN;
                    self.showing = Some(new);
                }
                Ok(Handled::Yes)
            }
            _ => Ok(Handled::No),
        }
    }
}

impl Feed {
    /// What there is to show.
    fn text(&self, data: Option<&Headlines>, tick: &Tick) -> Text {
        let named = |name: &str| {
            let title = clean::title(&self.settings.title, 60);
            if !title.is_empty() {
                title
            } else if name.is_empty() {
                NAMELESS.to_owned()
            } else {
                name.to_owned()
            }
        };
        let Some(headlines) = data else {
            let text = match host_of(self.settings.url()) {
                Some(host) => format!("Waiting for {}", clean::title(host, 60)),
                None => "Set the address of an RSS or Atom feed to see its headlines here".to_owned(),
            };
            let pieces = vec![Piece { text, age: String::new() }];
            return Text { source: named(""), pieces, warning: String::new(), notice: true };
        };
        let now = tick.unix_s();
        let age = |published: Option<i64>| match published {
            Some(published) if self.settings.show_age => ago(published, now),
            _ => String::new(),
        };
        let pieces = headlines.items.iter();
        let pieces = pieces.map(|item| Piece { text: item.text.clone(), age: age(item.published) }).collect();
        let old = headlines.age + tick.elapsed.saturating_sub(self.came);
        // A feed is looked at more often than this unless something is wrong with it.
        let stale = headlines.stale || old > self.settings.refresh() * 3 + Duration::from_secs(600);
        let warning = if stale { how_old(old) } else { String::new() };
        Text { source: named(&headlines.source), pieces, warning, notice: false }
    }

    fn show(&mut self, text: Text) {
        if self.showing.as_ref().is_some_and(|showing| showing.text == text) {
            return;
        }
        let new = Showing::new(text, &self.bands, &self.paint, &self.settings);
        self.motion.carry_over(self.showing.as_ref().map(|old| &old.ticker), &new.ticker);
        self.showing = Some(new);
    }
}

impl Showing {
    fn new(text: Text, bands: &Bands, paint: &Paint, settings: &Settings) -> Self {
        let header = Header::new(bands, paint, &text.source, &text.warning);
        // Without a header the source stands in the row itself.
        let source = if bands.header.is_empty() && settings.show_title { text.source.as_str() } else { "" };
        let ticker = Ticker::new(bands, source, text.pieces.clone());
        Self { text, header, ticker }
    }
}

fn how_old(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    match minutes {
        0..=1 => "1 min old".to_owned(),
        2..60 => format!("{minutes} min old"),
        60..2880 => format!("{} h old", minutes / 60),
        _ => format!("{} d old", minutes / 1440),
    }
}

export_plugin!(Feed, name: "Headlines", http: &["*"], min_size: (32, 16));
