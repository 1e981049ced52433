//! The options of a HUB75 panel, by the names of the driver library, as they stand in `[panel.hub75]`.
//!
//! Why every one of them is here: the driver takes a zero for "not set" and has defaults of its own, some of which
//! abort the process. So each has a safe default here, is checked here, and is handed over explicitly.
//!
//! Invariant: options that pass [`Hub75Options::check`] are none that the driver prints about, exits or asserts on.

use serde::{Deserialize, Serialize};

/// Names of wirings, and how many chains each can drive side by side.
pub const HARDWARE_MAPPINGS: [(&str, u32); 6] = [
    ("regular", 3),
    ("adafruit-hat", 1),
    ("adafruit-hat-pwm", 1),
    ("regular-pi1", 1),
    ("classic", 3),
    ("classic-pi1", 1),
];

/// The wirings whose output-enable pin can be pulsed by the PWM hardware, which the sound module uses too.
const PULSED_BY_HARDWARE: [&str; 3] = ["regular", "adafruit-hat-pwm", "regular-pi1"];

/// `[panel.hub75]`. All members have defaults that suit one 64×32 panel on a `regular` adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hub75Options {
    /// Wiring: one of [`HARDWARE_MAPPINGS`].
    pub hardware_mapping: String,
    /// Rows of one panel: even, 8 to 64.
    pub rows: u32,
    /// Columns of one panel, 16 to 1024.
    pub cols: u32,
    /// Panels one after the other, 1 to 64.
    pub chain_length: u32,
    /// Chains side by side, 1 to 3, as the wiring allows.
    pub parallel: u32,
    /// Bits of brightness for each colour, 1 to 11; fewer refresh faster.
    pub pwm_bits: u32,
    /// Time of the lowest bit in nanoseconds, 50 to 3000; more shows less ghosting and refreshes slower.
    pub pwm_lsb_nanoseconds: u32,
    /// Low bits shown in turns, 0 to 2.
    pub pwm_dither_bits: u32,
    /// Brightness at the start in per cent, 1 to 100; the host sets its own when it connects.
    pub brightness: u32,
    /// 0 progressive, 1 interlaced.
    pub scan_mode: u32,
    /// How rows are addressed, 0 to 4.
    pub row_address_type: u32,
    /// How a panel multiplexes its rows, 0 (directly) to 18.
    pub multiplexing: u32,
    /// Order of the colours: `R`, `G` and `B` in any order.
    pub led_rgb_sequence: String,
    /// How panels are arranged: `Rotate:90`, `Mirror:H`, `U-mapper`, `V-mapper`, several with `;` between them.
    pub pixel_mapper_config: String,
    /// Chips that must be woken first: empty, `FM6126A` or `FM6127`.
    pub panel_type: String,
    /// Times the output in software: flickers, but leaves the sound hardware alone.
    pub disable_hardware_pulsing: bool,
    /// Prints the refresh rate to the terminal.
    pub show_refresh_rate: bool,
    /// For panels with inverted inputs.
    pub inverse_colors: bool,
    /// Refreshes a second at most, 0 (no limit) to 1000. A steady rate looks better than a fast one.
    pub limit_refresh_rate_hz: u32,
    /// Slows the pins down for fast Pis or slow panels, 1 to 4; 0 lets the driver choose (2 on a Pi 4, else 1).
    pub gpio_slowdown: u32,
    /// Where the panel process listens, unless systemd hands it a socket.
    pub socket: String,
    /// The user that the panel process becomes after it has opened the pins: a name or a number.
    pub run_as: String,
    /// Users that may show pictures besides root and the panel process's own: names or numbers.
    pub allow_users: Vec<String>,
    /// Groups whose members may show pictures: names or numbers.
    pub allow_groups: Vec<String>,
    /// Seconds after which the panel goes dark when the host is gone; 0 never.
    pub blank_after_s: u32,
}

impl Default for Hub75Options {
    fn default() -> Self {
        Self {
            hardware_mapping: "regular".to_owned(),
            rows: 32,
            cols: 64,
            chain_length: 1,
            parallel: 1,
            pwm_bits: 11,
            pwm_lsb_nanoseconds: 130,
            pwm_dither_bits: 0,
            brightness: 100,
            scan_mode: 0,
            row_address_type: 0,
            multiplexing: 0,
            led_rgb_sequence: "RGB".to_owned(),
            pixel_mapper_config: String::new(),
            panel_type: String::new(),
            disable_hardware_pulsing: false,
            show_refresh_rate: false,
            inverse_colors: false,
            limit_refresh_rate_hz: 120,
            gpio_slowdown: 0,
            socket: crate::DEFAULT_SOCKET.to_owned(),
            run_as: "marquee".to_owned(),
            allow_users: vec!["marquee".to_owned()],
            allow_groups: vec!["marquee".to_owned()],
            blank_after_s: 300,
        }
    }
}

/// An option that the driver would not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// A number out of its range.
    #[error("{name} = {found} in [panel.hub75] is out of range: use {range}")]
    Range {
        /// Which option.
        name: &'static str,
        /// What it is.
        found: u32,
        /// What it may be.
        range: &'static str,
    },
    /// A text that is none of those known.
    #[error("{name} = {found:?} in [panel.hub75] is not known: use {known}")]
    Unknown {
        /// Which option.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        known: &'static str,
    },
    /// More chains than the wiring has.
    #[error(
        "parallel = {found} in [panel.hub75] is too much for {mapping}: that wiring drives at most {most}"
    )]
    TooManyChains {
        /// The wiring.
        mapping: String,
        /// Chains asked for.
        found: u32,
        /// Chains it can drive.
        most: u32,
    },
    /// Rows that the way of multiplexing cannot divide.
    #[error(
        "rows = {rows} in [panel.hub75] does not go with multiplexing = {multiplexing}: use a multiple of {step}"
    )]
    Multiplexing {
        /// Rows of one panel.
        rows: u32,
        /// The way of multiplexing.
        multiplexing: u32,
        /// What the rows must be a multiple of.
        step: u32,
    },
    /// All panels together are too big.
    #[error(
        "{width}x{height} pixels in [panel.hub75] are too many: each side of all panels together is at most 1024"
    )]
    TooBig {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
}

impl Hub75Options {
    /// Checks every option against what the driver accepts.
    ///
    /// # Errors
    /// The first option that is wrong.
    pub fn check(&self) -> Result<(), OptionError> {
        let ranges = [
            ("rows", self.rows, 8, 64, "an even number from 8 to 64"),
            ("cols", self.cols, 16, 1024, "16 to 1024"),
            ("chain_length", self.chain_length, 1, 64, "1 to 64"),
            ("parallel", self.parallel, 1, 3, "1 to 3"),
            ("pwm_bits", self.pwm_bits, 1, 11, "1 to 11"),
            ("pwm_lsb_nanoseconds", self.pwm_lsb_nanoseconds, 50, 3000, "50 to 3000"),
            ("pwm_dither_bits", self.pwm_dither_bits, 0, 2, "0 to 2"),
            ("brightness", self.brightness, 1, 100, "1 to 100"),
            ("scan_mode", self.scan_mode, 0, 1, "0 (progressive) or 1 (interlaced)"),
            ("row_address_type", self.row_address_type, 0, 4, "0 to 4"),
            ("multiplexing", self.multiplexing, 0, 18, "0 (directly) to 18"),
            ("limit_refresh_rate_hz", self.limit_refresh_rate_hz, 0, 1000, "0 (no limit) to 1000"),
            ("gpio_slowdown", self.gpio_slowdown, 0, 4, "0 (the driver chooses) to 4"),
        ];
        for (name, found, low, high, range) in ranges {
            if !(low..=high).contains(&found) || (name == "rows" && found % 2 != 0) {
                return Err(OptionError::Range { name, found, range });
            }
        }
        // The driver divides the rows by this and asserts that at least four, in pairs, are left.
        let stretch = match self.multiplexing {
            0 => 1,
            7 | 9 | 15 | 18 => 4,
            _ => 2,
        };
        if !self.rows.is_multiple_of(stretch * 2) || self.rows < stretch * 4 {
            let (rows, multiplexing) = (self.rows, self.multiplexing);
            return Err(OptionError::Multiplexing { rows, multiplexing, step: stretch * 4 });
        }
        self.check_texts()?;
        let (width, height) = (self.cols * self.chain_length, self.rows * self.parallel);
        if width > 1024 || height > 1024 { Err(OptionError::TooBig { width, height }) } else { Ok(()) }
    }

    fn check_texts(&self) -> Result<(), OptionError> {
        let unknown = |name, found: &str, known| {
            Err(OptionError::Unknown { name, found: found.chars().take(60).collect(), known })
        };
        match HARDWARE_MAPPINGS.iter().find(|(name, _)| *name == self.hardware_mapping) {
            None => {
                let known = "regular, adafruit-hat, adafruit-hat-pwm, regular-pi1, classic or classic-pi1";
                return unknown("hardware_mapping", &self.hardware_mapping, known);
            }
            Some((_, most)) if self.parallel > *most => {
                let mapping = self.hardware_mapping.clone();
                return Err(OptionError::TooManyChains { mapping, found: self.parallel, most: *most });
            }
            Some(_) => {}
        }
        let mut letters: Vec<char> = self.led_rgb_sequence.to_ascii_uppercase().chars().collect();
        letters.sort_unstable();
        if letters != ['B', 'G', 'R'] {
            return unknown("led_rgb_sequence", &self.led_rgb_sequence, "R, G and B, each once, such as RBG");
        }
        if !["", "FM6126A", "FM6127"].contains(&self.panel_type.as_str()) {
            return unknown("panel_type", &self.panel_type, "nothing, FM6126A or FM6127");
        }
        if !self.pixel_mapper_config.split(';').all(|mapper| self.is_mapper(mapper)) {
            let known = "Rotate:90, Rotate:180, Rotate:270, Mirror:H, Mirror:V, U-mapper (an even chain_length), \
                         V-mapper or V-mapper:Z, several with ; between them";
            return unknown("pixel_mapper_config", &self.pixel_mapper_config, known);
        }
        Ok(())
    }

    fn is_mapper(&self, mapper: &str) -> bool {
        match mapper.to_ascii_lowercase().as_str() {
            "u-mapper" => self.chain_length >= 2 && self.chain_length.is_multiple_of(2),
            "" | "rotate:0" | "rotate:90" | "rotate:180" | "rotate:270" | "mirror:h" | "mirror:v"
            | "v-mapper" | "v-mapper:z" => true,
            _ => false,
        }
    }

    /// Whether the driver will use the PWM hardware, which it does not share with the sound module.
    #[must_use]
    pub fn uses_hardware_pulses(&self) -> bool {
        !self.disable_hardware_pulsing && PULSED_BY_HARDWARE.contains(&self.hardware_mapping.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(change: impl FnOnce(&mut Hub75Options)) -> String {
        let mut options = Hub75Options::default();
        change(&mut options);
        options.check().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_good() {
        assert_eq!(Hub75Options::default().check(), Ok(()));
    }

    #[test]
    fn what_would_abort_the_driver_is_refused_with_the_range() {
        assert_eq!(
            error(|options| options.rows = 33),
            "rows = 33 in [panel.hub75] is out of range: use an even number from 8 to 64"
        );
        assert!(error(|options| options.cols = 8).contains("16 to 1024"));
        assert!(error(|options| options.parallel = 4).contains("1 to 3"));
        assert!(error(|options| options.pwm_bits = 12).contains("1 to 11"));
        assert!(error(|options| options.brightness = 0).contains("1 to 100"));
        assert!(error(|options| options.gpio_slowdown = 5).contains("gpio_slowdown"));
        assert!(error(|options| options.hardware_mapping = "hat".to_owned()).contains("adafruit-hat"));
        assert!(error(|options| options.led_rgb_sequence = "RGG".to_owned()).contains("each once"));
        assert!(error(|options| options.panel_type = "X".to_owned()).contains("FM6126A"));
        assert!(error(|options| options.pixel_mapper_config = "Rotate:45".to_owned()).contains("Rotate:90"));
        assert!(error(|options| options.pixel_mapper_config = "U-mapper".to_owned()).contains("even"));
        assert!(error(|options| options.chain_length = 20).contains("1280x32"));
        let stretched = error(|options| (options.rows, options.multiplexing) = (8, 7));
        assert!(stretched.contains("multiple of 16"), "{stretched}");
        let two_on_a_hat = error(|options| {
            options.hardware_mapping = "adafruit-hat".to_owned();
            options.parallel = 2;
        });
        assert!(two_on_a_hat.contains("at most 1"));
    }

    #[test]
    fn only_some_wirings_need_the_pwm_hardware() {
        let mut options = Hub75Options::default();
        assert!(options.uses_hardware_pulses());
        options.hardware_mapping = "adafruit-hat".to_owned();
        assert!(!options.uses_hardware_pulses());
    }
}
