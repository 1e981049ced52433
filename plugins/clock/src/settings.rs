//! What the operator can set. The comments here are the help texts of the form.

use marquee_plugin_api::prelude::*;

/// Settings of the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub struct Settings {
    /// How hours are counted.
    pub hours: Hours,
    /// Show the seconds: as digits where there is room, else as a line that grows along the bottom.
    pub seconds: bool,
    /// Show the date.
    pub date: bool,
    /// How the date is written. Where it does not fit, a shorter form of it is used.
    pub date_format: DateFormat,
    /// The time zone by its IANA name, such as Asia/Tokyo. Empty for the panel's own.
    #[schemars(length(max = 100))]
    pub time_zone: String,
    /// A word before the date, such as the name of a town. Empty for none.
    #[schemars(length(max = 100))]
    pub label: String,
    /// Colour of hours and minutes.
    pub colour: Colour,
    /// Colour of the seconds, and of AM and PM.
    pub seconds_colour: Colour,
    /// Colour of the date and the label.
    pub date_colour: Colour,
    /// Colour behind it all.
    pub background: Colour,
}

/// How hours are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub enum Hours {
    /// 00 to 23.
    #[serde(rename = "24")]
    TwentyFour,
    /// 12, 1 to 11, with AM and PM.
    #[serde(rename = "12")]
    Twelve,
}

/// How the date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", crate = "marquee_plugin_api::serde")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub enum DateFormat {
    /// Friday 2 January.
    DayMonth,
    /// Friday, January 2.
    MonthDay,
    /// Friday.
    Weekday,
    /// 2026-01-02.
    Iso,
    /// 02.01.2026.
    Dots,
    /// 02/01/2026: the day first.
    Slashes,
    /// 01/02/2026: the month first.
    SlashesMonthFirst,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hours: Hours::TwentyFour,
            seconds: true,
            date: true,
            date_format: DateFormat::DayMonth,
            time_zone: String::new(),
            label: String::new(),
            colour: Colour::new(0xff, 0xe6, 0xb8),
            seconds_colour: Colour::new(0xff, 0x8a, 0x3c),
            date_colour: Colour::new(0x5a, 0xb4, 0xff),
            background: Colour::BLACK,
        }
    }
}

impl Settings {
    /// Says what is out of range, and what to write instead.
    pub(crate) fn check(&self) -> Result<(), PluginError> {
        for (name, value) in [("label", &self.label), ("time_zone", &self.time_zone)] {
            let length = value.chars().count();
            if length > 100 {
                return Err(PluginError::new(format!(
                    "`{name}` has {length} characters: shorten it to 100 or fewer"
                )));
            }
        }
        Ok(())
    }
}
