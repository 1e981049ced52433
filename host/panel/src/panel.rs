//! The seam: what the loop needs of a panel.
//!
//! Invariant: the panel keeps its last picture by itself; nothing has to be called for it to stay.

/// A panel. Not `Send`: the driver wants all calls from the thread that opened it.
pub trait Panel {
    /// Width and height in pixels, 1 to 1024 each; never changes.
    fn size(&self) -> (u16, u16);

    /// Refreshes a second; 0 if not known.
    fn refresh_hz(&self) -> f64;

    /// The panel in words, for logs and people: one line of at most 256 bytes.
    fn description(&self) -> String;

    /// Puts a picture on the panel at its next refresh, and returns when it is there. `rgb` is width × height × 3
    /// bytes of sRGB, rows from the top; the panel applies its own LED curve. A slice of another length is ignored.
    fn show(&mut self, rgb: &[u8]);

    /// Waits for the next refresh.
    fn wait(&mut self);

    /// Brightness in linear light, 0 (dark) to 100 per cent, more counts as 100; from the next [`Panel::show`] on.
    fn set_brightness(&mut self, percent: u8);
}
