//! A finished picture: what every sink gets.
//!
//! Invariant: `rgb` holds exactly `size.bytes()` bytes, sRGB, rows from the top, red, green, blue. Brightness is not
//! applied: it belongs to the sink (the panel dims in linear light, a preview scales).

use std::sync::Arc;
use std::time::Duration;

use crate::{InstanceName, PanelSize};

/// One finished picture, the same for every sink. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width and height.
    pub size: PanelSize,
    /// Counts pictures from 1; wraps.
    pub sequence: u32,
    /// When it was put on screen, since the host's start, on the monotonic clock.
    pub at: Duration,
    /// Whose picture it is; none for the host's own pictures (nothing to show, starting).
    pub plugin: Option<InstanceName>,
    /// Brightness to apply, 0 to 100 per cent.
    pub brightness: u8,
    /// `size.bytes()` bytes of sRGB: rows from the top, red, green, blue.
    pub rgb: Arc<[u8]>,
}

impl Picture {
    /// A picture of the host's own in one colour.
    #[must_use]
    pub fn filled(size: PanelSize, colour: [u8; 3]) -> Self {
        let rgb = colour.iter().copied().cycle().take(size.bytes()).collect();
        Self { size, sequence: 0, at: Duration::ZERO, plugin: None, brightness: 100, rgb }
    }
}
