//! What a plugin is told about where it runs, once, when it is made.
//!
//! Invariant: the size is the frame's for the plugin's whole life; when the panel changes, the plugin is made anew.

/// Where a plugin runs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PanelInfo {
    /// Width of every frame in pixels, 1 to 1024.
    pub width: u32,
    /// Height of every frame in pixels, 1 to 1024.
    pub height: u32,
    /// The most frames a second that will be asked for, 1 to 120.
    pub fps: u32,
    /// Name of this instance, as the operator gave it.
    pub instance: String,
    /// IANA name of the panel's time zone, such as `Europe/Berlin`; `UTC` if the operator set none.
    pub time_zone: String,
    /// Where the panel hangs, if the operator said so.
    pub location: Option<Location>,
}

/// A place on earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Location {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
}

impl PanelInfo {
    /// A panel of a size, at 60 frames a second, in UTC: the start of every test.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            fps: 60,
            instance: "test".to_owned(),
            time_zone: "UTC".to_owned(),
            location: None,
        }
    }
}
