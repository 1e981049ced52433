//! The stand: makes a plugin, moves its clock, fetches and draws when the test says so.
//!
//! Invariant: the plugin meets the same order of calls and the same meaning of [`Tick`] as under the real host.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Canned, Picture};
use crate::{Again, Event, Frame, Handled, Host, Location, Next, PanelInfo, Plugin, PluginError, Tick};

/// A plugin that is about to be made.
#[derive(Debug)]
pub struct Stand<P: Plugin> {
    settings: Value,
    panel: PanelInfo,
    unix_ns: i64,
    utc_offset_s: i32,
    canned: Arc<Canned>,
    plugin: std::marker::PhantomData<P>,
}

impl<P: Plugin> Stand<P> {
    /// A stand with a panel of this size. The clock stands at 2026-01-02T03:04:05 UTC.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            settings: Value::Object(serde_json::Map::new()),
            panel: PanelInfo::new(width, height),
            unix_ns: 1_767_323_045 * 1_000_000_000,
            utc_offset_s: 0,
            canned: Arc::default(),
            plugin: std::marker::PhantomData,
        }
    }

    /// With these settings, as the operator would write them (`serde_json::json!`).
    #[must_use]
    pub fn settings(self, settings: Value) -> Self {
        Self { settings, ..self }
    }

    /// With the clock at this time in UTC.
    #[must_use]
    pub fn at(self, unix_s: i64) -> Self {
        Self { unix_ns: unix_s.saturating_mul(1_000_000_000), ..self }
    }

    /// In this time zone, at this offset from UTC in seconds.
    #[must_use]
    pub fn time_zone(mut self, name: &str, utc_offset_s: i32) -> Self {
        name.clone_into(&mut self.panel.time_zone);
        Self { utc_offset_s, ..self }
    }

    /// At this place.
    #[must_use]
    pub fn location(mut self, latitude: f64, longitude: f64) -> Self {
        self.panel.location = Some(Location { latitude, longitude });
        self
    }

    /// With this answer to a request for this URL.
    #[must_use]
    pub fn answer(self, url: &str, body: impl Into<Vec<u8>>) -> Self {
        self.canned.answer(url, 200, body);
        self
    }

    /// With this file in its assets.
    #[must_use]
    pub fn asset(self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.canned.add_asset(path, bytes);
        self
    }

    /// Makes the plugin.
    ///
    /// # Errors
    /// What the plugin said, or how the settings do not fit.
    pub fn start(self) -> Result<Started<P>, PluginError> {
        let settings = read_settings::<P>(&self.settings)?;
        let plugin = P::new(&settings, &self.panel)?;
        let rgb = vec![0; self.panel.width as usize * self.panel.height as usize * 3];
        let picture = Picture { width: self.panel.width, height: self.panel.height, rgb };
        let mut tick = Tick::first(self.unix_ns);
        tick.utc_offset_s = self.utc_offset_s;
        Ok(Started { plugin, settings, panel: self.panel, canned: self.canned, data: None, picture, tick })
    }
}

/// A plugin that runs on the stand.
#[derive(Debug)]
pub struct Started<P: Plugin> {
    plugin: P,
    settings: P::Settings,
    panel: PanelInfo,
    canned: Arc<Canned>,
    data: Option<P::Data>,
    picture: Picture,
    tick: Tick,
}

impl<P: Plugin> Started<P> {
    /// Lets the plugin fetch once, and says when it wants to again.
    ///
    /// # Errors
    /// What the plugin said.
    pub fn fetch(&mut self) -> Result<Again, PluginError> {
        let host = Host::new(&*self.canned, &self.panel);
        let fetched = P::fetch(&self.settings, &host, self.data.as_ref())?;
        if fetched.data.is_some() {
            self.data = fetched.data;
            self.tick.new_data = true;
        }
        Ok(fetched.again)
    }

    /// Draws a frame at the time that the stand's clock shows.
    ///
    /// # Errors
    /// What the plugin said.
    pub fn draw(&mut self) -> Result<Next, PluginError> {
        let (width, height) = (self.picture.width, self.picture.height);
        let mut frame = Frame::over(&mut self.picture.rgb, width, height)
            .ok_or_else(|| PluginError::new("a panel needs at least one pixel"))?;
        let next = self.plugin.draw(&mut frame, self.data.as_ref(), &self.tick)?;
        self.tick.count += 1;
        self.tick.new_data = false;
        self.tick.delta = Duration::ZERO;
        Ok(next)
    }

    /// Moves every clock on.
    pub fn advance(&mut self, time: Duration) {
        self.tick.elapsed += time;
        self.tick.delta += time;
        self.tick.shown += time;
        self.tick.unix_ns =
            self.tick.unix_ns.saturating_add(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
    }

    /// Gives the plugin new settings, as the operator would write them.
    ///
    /// # Errors
    /// What the plugin said, or how the settings do not fit.
    pub fn change_settings(&mut self, settings: &Value) -> Result<Handled, PluginError> {
        let settings = read_settings::<P>(settings)?;
        let handled = self.plugin.event(&Event::Settings(&settings))?;
        if handled == Handled::Yes {
            self.settings = settings;
        }
        Ok(handled)
    }

    /// Sends the plugin a message.
    ///
    /// # Errors
    /// What the plugin said.
    pub fn message(&mut self, kind: &str, data: &Value) -> Result<Handled, PluginError> {
        self.plugin.event(&Event::Message { kind, data })
    }

    /// What is drawn.
    #[must_use]
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// The canned network and assets, to change them on the way.
    #[must_use]
    pub fn canned(&self) -> &Canned {
        &self.canned
    }

    /// The plugin itself.
    pub fn plugin(&mut self) -> &mut P {
        &mut self.plugin
    }
}

fn read_settings<P: Plugin>(settings: &Value) -> Result<P::Settings, PluginError> {
    crate::export::settings::<P>(&settings.to_string()).map_err(|fault| PluginError::new(fault.message))
}
