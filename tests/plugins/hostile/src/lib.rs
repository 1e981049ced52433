//! A plugin that does what no plugin should: one act, in one callback, after so many frames, as its settings say.
//!
//! With the act `none` it is a good animated plugin whose every frame differs, and which writes into its first pixels
//! who it is: the instance's `hue`, the build of the file ([`BUILD`]), and the number of the frame. So a recording tells
//! whose frame is on screen, of which file, and whether one is missing.
//!
//! Invariant: it does only what its settings say; an act that returns leaves it drawing as a good plugin does.

mod acts;
mod faults;
mod greed;
mod lies;

use std::time::Duration;

use marquee_hostile_probes::Targets;
use marquee_plugin_api::prelude::*;

use crate::acts::Act;

/// Tests change the letter in copies of the file, so that two files with the same code can be told apart.
#[used]
static BUILD: [u8; 20] = *b"MARQUEE-TEST-BUILD=A";

/// Where the act happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "marquee_plugin_api::serde", rename_all = "kebab-case")]
#[schemars(crate = "marquee_plugin_api::schemars")]
enum Callback {
    Create,
    Fetch,
    #[default]
    Draw,
    Event,
    Drop,
}

/// What it does.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "marquee_plugin_api::serde", default, deny_unknown_fields)]
#[schemars(crate = "marquee_plugin_api::schemars")]
struct Settings {
    /// Written into the first pixel of each frame, and the colour of the bar.
    hue: u8,
    act: Act,
    at: Callback,
    /// In draw: so many good frames come first.
    after_frames: u64,
    /// In fetch: so many milliseconds go by first.
    after_ms: u64,
    /// A file that belongs to somebody else.
    secret: String,
    /// The plugin's own file.
    own: String,
    /// A process that somebody else started.
    victim: i32,
    /// A URL to fetch.
    url: String,
}

impl Settings {
    fn targets(&self) -> Targets {
        Targets { secret: self.secret.clone(), own: self.own.clone(), victim: self.victim }
    }
}

struct Hostile {
    settings: Settings,
}

impl Hostile {
    fn act(&self, at: Callback, frame: Option<&mut [u8]>) -> Result<(), PluginError> {
        if self.settings.at == at { acts::perform(&self.settings, at, frame) } else { Ok(()) }
    }
}

impl Plugin for Hostile {
    type Settings = Settings;
    type Data = ();

    fn new(settings: &Settings, _: &PanelInfo) -> Result<Self, PluginError> {
        let hostile = Self { settings: settings.clone() };
        hostile.act(Callback::Create, None)?;
        Ok(hostile)
    }

    fn fetch(settings: &Settings, host: &Host<'_>, _: Option<&()>) -> Result<Fetched<()>, PluginError> {
        if settings.at == Callback::Fetch {
            std::thread::sleep(Duration::from_millis(settings.after_ms));
            match settings.act {
                Act::Keep => greed::fill_values(host),
                Act::Get => get(settings, host),
                _ => acts::perform(settings, Callback::Fetch, None)?,
            }
        }
        Ok(Fetched::never())
    }

    fn draw(&mut self, frame: &mut Frame<'_>, _: Option<&()>, tick: &Tick) -> Result<Next, PluginError> {
        lies::note_slot(frame.rgb_mut());
        paint(frame, self.settings.hue, tick.count);
        // One attempt to get out says it all.
        let again = self.settings.act != Act::Probe || tick.count == self.settings.after_frames;
        if tick.count >= self.settings.after_frames && again {
            self.act(Callback::Draw, Some(frame.rgb_mut()))?;
        }
        Ok(Next::frame())
    }

    fn event(&mut self, event: &Event<'_, Settings>) -> Result<Handled, PluginError> {
        self.act(Callback::Event, None)?;
        if let Event::Settings(settings) = event {
            self.settings = (*settings).clone();
        }
        Ok(Handled::Yes)
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        if let Err(error) = self.act(Callback::Drop, None) {
            marquee_plugin_api::log::error!("drop failed: {error}");
        }
    }
}

/// Says in the log what came of fetching a URL.
fn get(settings: &Settings, host: &Host<'_>) {
    match host.get(settings.url.as_str()) {
        Ok(answer) => {
            let text = answer.text();
            marquee_plugin_api::log::info!("got {} {} bytes: {:.60}", answer.status, answer.body.len(), text);
        }
        Err(error) => marquee_plugin_api::log::info!("refused {:?}: {error}", error.kind),
    }
}

/// A bar that moves by a pixel a frame; in the first two pixels, who drew this.
fn paint(frame: &mut Frame<'_>, hue: u8, count: u64) {
    // The compiler must not know the letter, since tests change it in the file.
    let build = std::hint::black_box(&BUILD)[BUILD.len() - 1];
    let (width, height) = (frame.width(), frame.height());
    frame.fill(Rgb888::new(0, 0, 24));
    let x = (count % u64::from(width)) as i32;
    for y in 1..height as i32 {
        frame.set(Point::new(x, y), Rgb888::new(hue, 200, 255 - hue));
    }
    let number = (count as u32).to_be_bytes();
    frame.set(Point::new(0, 0), Rgb888::new(hue, build, 0x5A));
    frame.set(Point::new(1, 0), Rgb888::new(number[1], number[2], number[3]));
}

export_plugin!(Hostile, id: "hostile", name: "Hostile", http: &["localhost:*", "127.0.0.1:*", "[::ffff:127.0.0.1]:*"], private_network: true);
