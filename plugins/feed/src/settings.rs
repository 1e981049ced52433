//! What the operator can set. The comments here are the help texts of the form.
//!
//! Invariant: [`Settings::check`] comes before anything is made of settings, so that the rest need not doubt them.

use std::time::Duration;

use marquee_plugin_api::prelude::*;

/// Settings of the feed plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub struct Settings {
    /// Address of an RSS, Atom or JSON feed: `https://…`. The host must be approved for this plugin.
    pub url: String,
    /// Name of the source, as it is shown. Empty: the feed's own title.
    #[schemars(length(max = 60))]
    pub title: String,
    /// Show the name of the source.
    pub show_title: bool,
    /// Show how old each headline is, where the feed says so.
    pub show_age: bool,
    /// How many headlines to show: the first ones of the feed.
    #[schemars(range(min = 1, max = 100))]
    pub max_headlines: u32,
    /// Minutes between two looks at the feed.
    #[schemars(range(min = 1, max = 1440))]
    pub refresh_minutes: u32,
    /// How large the letters are, in proportion to the panel.
    pub size: TextSize,
    /// Scrolling speed in pixels a second. Multiples of the frame rate are the crispest.
    #[schemars(range(min = 1, max = 1000))]
    pub speed: u32,
    /// Colour of the headlines.
    pub colour: Colour,
    /// Colour of the source, of the marks between headlines and of the progress bar.
    pub accent: Colour,
    /// Colour behind everything.
    pub background: Colour,
    /// Show at the lower edge which headline is passing.
    pub progress: bool,
}

/// How large the letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub enum TextSize {
    /// Half of the room for headlines.
    Small,
    /// As large as is read with ease, up to three quarters of it.
    Medium,
    /// All of it.
    Large,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: String::new(),
            title: String::new(),
            show_title: true,
            show_age: true,
            max_headlines: 12,
            refresh_minutes: 10,
            size: TextSize::Medium,
            speed: 60,
            colour: Colour::new(0xff, 0xf3, 0xdc),
            accent: Colour::new(0xff, 0x8a, 0x1f),
            background: Colour::BLACK,
            progress: true,
        }
    }
}

impl Settings {
    /// Says what is out of range, and what to write instead.
    pub(crate) fn check(&self) -> Result<(), PluginError> {
        in_range("speed", self.speed, 1, 1000, "pixels a second")?;
        in_range("max_headlines", self.max_headlines, 1, 100, "headlines")?;
        in_range("refresh_minutes", self.refresh_minutes, 1, 1440, "minutes")?;
        let url = self.url();
        if !url.is_empty() && host_of(url).is_none() {
            return Err(PluginError::new(
                "`url` is not the address of a feed: write it in full, such as \"https://example.org/news.xml\"",
            ));
        }
        if self.title.chars().count() > 60 {
            return Err(PluginError::new("`title` is too long: shorten it to 60 characters or fewer"));
        }
        Ok(())
    }

    /// The feed's address without blanks around it; empty if none is set.
    pub(crate) fn url(&self) -> &str {
        self.url.trim()
    }

    pub(crate) fn refresh(&self) -> Duration {
        Duration::from_secs(u64::from(self.refresh_minutes) * 60)
    }

    /// Whether what is fetched for these settings also serves the others.
    pub(crate) fn fetches_the_same(&self, other: &Self) -> bool {
        self.url() == other.url()
            && self.max_headlines == other.max_headlines
            && self.refresh_minutes == other.refresh_minutes
    }
}

fn in_range(name: &str, value: u32, min: u32, max: u32, unit: &str) -> Result<(), PluginError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(PluginError::new(format!("`{name}` is {value}: set it between {min} and {max} {unit}")))
}

/// The host that an `http` or `https` address names.
pub(crate) fn host_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    (!host.is_empty() && !host.contains(char::is_whitespace)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_host() {
        assert_eq!(host_of("https://user:pass@example.org:8080/a@b"), Some("example.org:8080"));
        assert_eq!(host_of("HTTP://example.org?x"), Some("example.org"));
        for bad in ["example.org", "ftp://example.org", "https://", "https:///x", "https://a b/"] {
            assert_eq!(host_of(bad), None, "{bad}");
        }
    }
}
