//! What the operator can set. The comments here are the help texts of the form.
//!
//! Invariant: [`Settings::check`] comes before anything is made of settings, so that the rest need not doubt them.

use marquee_plugin_api::prelude::*;

/// The longest message: beyond it, laying the text out would be felt.
const LONGEST: usize = 100_000;

/// Settings of the text plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub struct Settings {
    /// The message. A new line begins a line below where there is room, else it is a gap in the scrolling text.
    #[schemars(length(max = 100_000))]
    pub text: String,
    /// How large the letters are, in proportion to the panel.
    pub size: TextSize,
    /// How the letters are coloured.
    pub style: Style,
    /// Colour of the letters.
    pub colour: Colour,
    /// The other end of a gradient.
    pub second_colour: Colour,
    /// Colour behind the letters.
    pub background: Colour,
    /// When to scroll.
    pub scroll: Scroll,
    /// Scrolling speed in pixels a second. Multiples of the frame rate are the crispest.
    #[schemars(range(min = 1, max = 1000))]
    pub speed: u32,
    /// Where scrolling text moves to.
    pub direction: Direction,
    /// Blend between neighbouring LEDs for smooth motion at every speed. Off: whole LEDs only.
    pub smooth: bool,
    /// Give the screen to the next plugin as soon as scrolling text has passed once.
    pub once: bool,
}

/// How large the letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub enum TextSize {
    /// Half of the panel's height.
    Small,
    /// Three quarters of it.
    Medium,
    /// All of it.
    Large,
}

/// How the letters are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub enum Style {
    /// In one colour.
    Solid,
    /// From the colour at the top to the second colour at the bottom.
    Gradient,
    /// In all colours, one after the other.
    Rainbow,
}

/// When to scroll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub enum Scroll {
    /// Only when the message does not fit.
    WhenNeeded,
    /// Always, on one line.
    Always,
}

/// Where scrolling text moves to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub enum Direction {
    /// To the left, as one reads.
    Left,
    /// To the right.
    Right,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            text: "Hello from Marquee: set a message of your own, as long as you like".to_owned(),
            size: TextSize::Medium,
            style: Style::Gradient,
            colour: Colour::new(0xff, 0xd1, 0x4d),
            second_colour: Colour::new(0xff, 0x4d, 0x5e),
            background: Colour::BLACK,
            scroll: Scroll::WhenNeeded,
            speed: 45,
            direction: Direction::Left,
            smooth: true,
            once: false,
        }
    }
}

impl Settings {
    /// Says what is out of range, and what to write instead.
    pub(crate) fn check(&self) -> Result<(), PluginError> {
        if !(1..=1000).contains(&self.speed) {
            return Err(PluginError::new(format!(
                "`speed` is {}: set it between 1 and 1000 pixels a second",
                self.speed
            )));
        }
        let length = self.text.chars().count();
        if length > LONGEST {
            return Err(PluginError::new(format!(
                "`text` has {length} characters: shorten it to {LONGEST} or fewer"
            )));
        }
        Ok(())
    }
}
