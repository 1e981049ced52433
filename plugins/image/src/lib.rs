//! Pictures and animations from its assets or the network, fitted to the panel, one after the other.
//!
//! The way of a picture: [`load`] gets its bytes, [`decode`] makes frames of them, [`fit`] brings each to the panel's
//! size. All this happens in `fetch`; drawing copies a frame of the [`album`], and asks to be called again when the
//! next one is due. Without any file, [`scene`] paints one.
//!
//! Invariant: drawing neither decodes nor scales.

mod album;
mod decode;
mod fit;
mod load;
mod scene;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use marquee_plugin_api::prelude::*;

pub use album::Album;
pub use settings::{Fit, Scaling, Settings};

/// How long the change from one picture to the next takes.
const FADE: Duration = Duration::from_millis(500);

/// The plugin.
#[derive(Debug)]
pub struct Image {
    settings: Settings,
}

impl Plugin for Image {
    type Settings = Settings;
    type Data = Album;

    fn new(settings: &Settings, _: &PanelInfo) -> Result<Self, PluginError> {
        settings.check()?;
        Ok(Self { settings: settings.clone() })
    }

    fn fetch(
        settings: &Settings,
        host: &Host<'_>,
        last: Option<&Album>,
    ) -> Result<Fetched<Album>, PluginError> {
        load::fetch(settings, host, last)
    }

    fn draw(
        &mut self,
        frame: &mut Frame<'_>,
        data: Option<&Album>,
        tick: &Tick,
    ) -> Result<Next, PluginError> {
        let Some(Album { pictures }) = data.filter(|album| !album.pictures.is_empty()) else {
            frame.fill(self.settings.background.rgb());
            return Ok(Next::news().nothing_to_show());
        };
        let count = pictures.len();
        if count == 1 {
            // An animation begins with its first frame when it comes on screen.
            let (rgb, next) = pictures[0].at(tick.shown);
            put(frame, rgb)?;
            return Ok(next.map_or(Next::news(), Next::after));
        }
        // The show goes on while it is hidden: else long ones would never come to their end.
        let turn = self.settings.duration();
        let number = tick.elapsed.as_nanos() / turn.as_nanos();
        let since = Duration::from_nanos((tick.elapsed.as_nanos() % turn.as_nanos()) as u64);
        let (current, before) =
            ((number % count as u128) as usize, (number + count as u128 - 1) % count as u128);
        let (rgb, next) = pictures[current].at(since);
        put(frame, rgb)?;
        if self.settings.fade && since < FADE && number > 0 && tick.shown > since {
            let (old, _) = pictures[before as usize].at(turn + since);
            blend(frame.rgb_mut(), old, since);
            return Ok(Next::frame());
        }
        let rest = turn - since;
        Ok(Next::after(next.map_or(rest, |next| next.min(rest))))
    }

    fn event(&mut self, event: &Event<'_, Settings>) -> Result<Handled, PluginError> {
        match event {
            // What only `draw` knows of; for everything else the pictures are needed anew.
            Event::Settings(new)
                if **new
                    == (Settings { duration_s: new.duration_s, fade: new.fade, ..self.settings.clone() }) =>
            {
                new.check()?;
                self.settings = (*new).clone();
                Ok(Handled::Yes)
            }
            _ => Ok(Handled::No),
        }
    }
}

fn put(frame: &mut Frame<'_>, rgb: &[u8]) -> Result<(), PluginError> {
    let pixels = frame.rgb_mut();
    if pixels.len() != rgb.len() {
        return Err(PluginError::new("the frame is not as large as the panel that was announced"));
    }
    pixels.copy_from_slice(rgb);
    Ok(())
}

/// Lays the old picture over the new one, the fainter the longer the change takes.
fn blend(pixels: &mut [u8], old: &[u8], since: Duration) {
    let keep = 256 - (since.as_nanos() * 256 / FADE.as_nanos()).min(256) as i32;
    for (byte, old) in pixels.iter_mut().zip(old) {
        *byte = (i32::from(*byte) + (i32::from(*old) - i32::from(*byte)) * keep / 256) as u8;
    }
}

export_plugin!(Image, name: "Image", http: &["*"], min_size: (32, 16));
