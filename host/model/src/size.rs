//! The size of a panel in pixels.
//!
//! Invariant: each side is 1 to 1024, so a frame is at most 3 MiB and no product of sizes overflows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text or a pair of numbers is not a panel size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// Not of the form `WIDTHxHEIGHT`.
    #[error("{0:?} is not a size: write WIDTHxHEIGHT in pixels, such as 128x64")]
    Form(String),
    /// A side is zero or too long.
    #[error("a panel of {width}x{height} is out of range: each side is 1 to 1024 pixels")]
    Range {
        /// Asked-for width in pixels.
        width: u32,
        /// Asked-for height in pixels.
        height: u32,
    },
}

/// Width and height in pixels, 1 to 1024 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PanelSize {
    width: u16,
    height: u16,
}

impl PanelSize {
    /// The longest side that a panel may have, in pixels.
    pub const MAX_SIDE: u16 = 1024;

    /// A size, if both sides are 1 to 1024.
    pub fn new(width: u32, height: u32) -> Result<Self, SizeError> {
        let side = |n: u32| u16::try_from(n).ok().filter(|n| (1..=Self::MAX_SIDE).contains(n));
        match (side(width), side(height)) {
            (Some(width), Some(height)) => Ok(Self { width, height }),
            _ => Err(SizeError::Range { width, height }),
        }
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(self) -> u16 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(self) -> u16 {
        self.height
    }

    /// Bytes of one frame: three (red, green, blue) a pixel, rows without padding.
    #[must_use]
    pub fn bytes(self) -> usize {
        usize::from(self.width) * usize::from(self.height) * 3
    }
}

impl FromStr for PanelSize {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let form = || SizeError::Form(text.chars().take(40).collect());
        let (width, height) = text.split_once(['x', 'X', '×']).ok_or_else(form)?;
        let number = |n: &str| n.trim().parse::<u32>().map_err(|_| form());
        Self::new(number(width)?, number(height)?)
    }
}

impl fmt::Display for PanelSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl TryFrom<String> for PanelSize {
    type Error = SizeError;
    fn try_from(text: String) -> Result<Self, SizeError> {
        text.parse()
    }
}

impl From<PanelSize> for String {
    fn from(size: PanelSize) -> String {
        size.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_refused_with_a_reason() {
        assert_eq!("128x64".parse(), PanelSize::new(128, 64));
        assert!(matches!("0x0".parse::<PanelSize>(), Err(SizeError::Range { .. })));
        assert!(matches!("10000x10000".parse::<PanelSize>(), Err(SizeError::Range { .. })));
        for bad in ["", "64", "x", "64x", "-1x3", "64x32x2"] {
            assert!(matches!(bad.parse::<PanelSize>(), Err(SizeError::Form(_))), "{bad}");
        }
    }
}
