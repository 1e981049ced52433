//! What the operator can set. The comments here are the help texts of the form.
//!
//! Invariant: [`Settings::check`] comes before anything is made of settings, so that the rest need not doubt them.

use std::time::Duration;

use marquee_plugin_api::prelude::*;

/// What this plugin brings along.
const OWN_PICTURES: [&str; 3] = ["sunset.gif", "planet.png", "heart.gif"];

/// The most pictures of a show: together they share the memory of one plugin.
const MOST_PICTURES: usize = 50;

/// Settings of the image plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub struct Settings {
    /// What to show, one after the other: files in the plugin's assets folder (`logo.png`) and addresses
    /// (`https://…`, whose hosts must be approved for this plugin). PNG, JPEG and GIF.
    #[schemars(length(max = 50))]
    pub pictures: Vec<String>,
    /// How a picture fits a panel of another shape.
    pub fit: Fit,
    /// How a picture is made larger or smaller.
    pub scaling: Scaling,
    /// Colour around a picture, and behind one that lets light through.
    pub background: Colour,
    /// Seconds for each picture, when there are several.
    #[schemars(range(min = 1, max = 86_400))]
    pub duration_s: u32,
    /// Fade from one picture to the next.
    pub fade: bool,
    /// Minutes after which pictures from the network are fetched again.
    #[schemars(range(min = 1, max = 1440))]
    pub refresh_minutes: u32,
}

/// How a picture fits a panel of another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub enum Fit {
    /// All of it, with the background around it.
    Contain,
    /// The whole panel, with parts of the picture cut off.
    Cover,
    /// The whole panel, with the picture distorted.
    Stretch,
}

/// How a picture is made larger or smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub enum Scaling {
    /// Sharp for small drawings of few colours, smooth for everything else.
    Auto,
    /// Each point of the panel is the mixture of what lies there: for photographs.
    Smooth,
    /// Points stay points, enlarged by a whole factor where that fits: for pixel art.
    Sharp,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pictures: OWN_PICTURES.map(str::to_owned).to_vec(),
            fit: Fit::Contain,
            scaling: Scaling::Auto,
            background: Colour::BLACK,
            duration_s: 8,
            fade: true,
            refresh_minutes: 60,
        }
    }
}

impl Settings {
    /// Says what is out of range, and what to write instead.
    pub(crate) fn check(&self) -> Result<(), PluginError> {
        in_range("duration_s", self.duration_s, 1, 86_400, "seconds")?;
        in_range("refresh_minutes", self.refresh_minutes, 1, 1440, "minutes")?;
        if self.pictures.len() > MOST_PICTURES {
            return Err(PluginError::new(format!(
                "`pictures` names {} pictures: name {MOST_PICTURES} or fewer",
                self.pictures.len()
            )));
        }
        Ok(())
    }

    /// Whether these are the pictures that the plugin brings along, so that the operator named none.
    pub(crate) fn pictures_are_own(&self) -> bool {
        self.pictures.is_empty() || self.pictures == OWN_PICTURES
    }

    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(u64::from(self.duration_s))
    }

    pub(crate) fn refresh(&self) -> Duration {
        Duration::from_secs(u64::from(self.refresh_minutes) * 60)
    }
}

fn in_range(name: &str, value: u32, min: u32, max: u32, unit: &str) -> Result<(), PluginError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(PluginError::new(format!("`{name}` is {value}: set it between {min} and {max} {unit}")))
}

/// Whether the name of a picture is an address.
pub(crate) fn is_address(name: &str) -> bool {
    name.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}
