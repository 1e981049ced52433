//! A colour in a plugin's settings, and the one right way to mix two of them.
//!
//! Invariant: as text a colour is `#rrggbb`, always; a settings form therefore shows it as a colour field, and what
//! was written can be read again. Mixing happens in linear light, so that a blend is as bright as its parts.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// A colour as the operator writes it: `"#rrggbb"`.
///
/// ```
/// use marquee_plugin_api::Colour;
///
/// let orange: Colour = "#ff8000".parse().unwrap();
/// assert_eq!(orange, Colour::new(255, 128, 0));
/// assert!("orange".parse::<Colour>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Colour {
    /// Red, in sRGB.
    pub r: u8,
    /// Green, in sRGB.
    pub g: u8,
    /// Blue, in sRGB.
    pub b: u8,
}

/// A text is not a colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColourError {
    given: String,
}

impl fmt::Display for ColourError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a colour: write # and six hexadecimal digits, such as \"#ff8000\"", self.given)
    }
}

impl std::error::Error for ColourError {}

impl Colour {
    /// Black: LEDs off.
    pub const BLACK: Self = Self::new(0, 0, 0);
    /// White: LEDs fully on.
    pub const WHITE: Self = Self::new(255, 255, 255);

    /// A colour from its parts in sRGB.
    #[must_use]
    pub const fn new(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b }
    }

    /// For `embedded-graphics`.
    #[must_use]
    pub const fn rgb(self) -> Rgb888 {
        Rgb888::new(self.r, self.g, self.b)
    }

    /// The three bytes of a pixel.
    #[must_use]
    pub const fn bytes(self) -> [u8; 3] {
        [self.r, self.g, self.b]
    }

    /// This colour with a share of another, mixed in linear light. `share` is 0 (this one alone) to 1 (the other
    /// alone); what lies outside is taken as the nearer end.
    #[must_use]
    pub fn mix(self, other: Self, share: f32) -> Self {
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        let part = |a: u8, b: u8| {
            if a == b {
                return a;
            }
            let (a, b) = (linear(a), linear(b));
            encoded(a + (b - a) * share)
        };
        Self::new(part(self.r, other.r), part(self.g, other.g), part(self.b, other.b))
    }

    /// A colour of the rainbow, fully saturated: 0 is red, 1/3 green, 2/3 blue, and so on around.
    #[must_use]
    pub fn rainbow(turn: f32) -> Self {
        let turn = if turn.is_finite() { turn.rem_euclid(1.0) * 6.0 } else { 0.0 };
        let part = |shift: f32| {
            let distance = ((turn + shift).rem_euclid(6.0) - 3.0).abs() - 1.0;
            (distance.clamp(0.0, 1.0) * 255.0).round() as u8
        };
        Self::new(part(0.0), part(4.0), part(2.0))
    }
}

/// The sRGB curve (IEC 61966-2-1), tabulated: mixing is done for many pixels of a frame.
struct Curve {
    /// The light of each value, 0 to 1.
    light: [f32; 256],
    /// The least light that is nearer to the next value than to this one.
    limits: [f32; 255],
}

static CURVE: LazyLock<Curve> = LazyLock::new(|| {
    let light = |value: f32| {
        let value = value / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    Curve {
        light: std::array::from_fn(|value| light(value as f32)),
        limits: std::array::from_fn(|value| light(value as f32 + 0.5)),
    }
});

fn linear(value: u8) -> f32 {
    CURVE.light[usize::from(value)]
}

fn encoded(light: f32) -> u8 {
    // At most 255 limits lie below.
    CURVE.limits.partition_point(|limit| *limit <= light) as u8
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.r, self.g, self.b)
    }
}

impl FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Self, ColourError> {
        let wrong = || ColourError { given: text.chars().take(40).collect() };
        let digits = text.trim().strip_prefix('#').ok_or_else(wrong)?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| wrong())?;
        let [_, r, g, b] = value.to_be_bytes();
        Ok(Self { r, g, b })
    }
}

impl TryFrom<String> for Colour {
    type Error = ColourError;

    fn try_from(text: String) -> Result<Self, ColourError> {
        text.parse()
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

impl From<Colour> for Rgb888 {
    fn from(colour: Colour) -> Self {
        colour.rgb()
    }
}

impl From<Rgb888> for Colour {
    fn from(colour: Rgb888) -> Self {
        Self::new(colour.r(), colour.g(), colour.b())
    }
}

impl JsonSchema for Colour {
    fn schema_name() -> Cow<'static, str> {
        "Colour".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "color", "pattern": "^#[0-9a-fA-F]{6}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_back_as_it_was_written() {
        for colour in [Colour::BLACK, Colour::WHITE, Colour::new(1, 2, 254)] {
            assert_eq!(colour.to_string().parse(), Ok(colour));
            let json = serde_json::to_value(colour).unwrap();
            assert_eq!(serde_json::from_value::<Colour>(json).unwrap(), colour);
        }
        assert_eq!("#FFa000".parse(), Ok(Colour::new(255, 160, 0)));
    }

    #[test]
    fn what_is_not_a_colour_is_refused_with_an_example() {
        for bad in ["", "#", "red", "#fff", "#12345g", "#1234567", "#+12345", "ffffff", "#ääö", "#🦀ab"]
        {
            let error = bad.parse::<Colour>().unwrap_err();
            assert!(error.to_string().ends_with("such as \"#ff8000\""), "{error}");
        }
    }

    #[test]
    fn a_mix_is_made_in_linear_light_and_its_ends_are_exact() {
        for value in 0..=255 {
            let colour = Colour::new(value, 0, 0);
            assert_eq!(colour.mix(Colour::WHITE, 0.0), colour);
            assert_eq!(Colour::WHITE.mix(colour, 1.0), colour);
        }
        assert_eq!(Colour::BLACK.mix(Colour::WHITE, 0.5), Colour::new(188, 188, 188));
        assert_eq!(Colour::WHITE.mix(Colour::BLACK, f32::NAN), Colour::WHITE);
    }

    #[test]
    fn the_rainbow_goes_around() {
        assert_eq!(Colour::rainbow(0.0), Colour::new(255, 0, 0));
        assert_eq!(Colour::rainbow(1.0 / 3.0), Colour::new(0, 255, 0));
        assert_eq!(Colour::rainbow(-1.0 / 3.0), Colour::new(0, 0, 255));
        assert_eq!(Colour::rainbow(1e30), Colour::rainbow(0.0));
        assert_eq!(Colour::rainbow(f32::INFINITY), Colour::rainbow(0.0));
    }
}
