//! What the API asks of the host: one trait, so that this crate knows of no processes and tests need none.
//!
//! Invariant: every method answers from memory, at once.

use marquee_model::{PackagesView, Picture, PluginsView, StatusView};

/// The host as its API sees it.
///
/// The methods are called on the threads that serve requests, many at a time. They must answer from memory and return
/// within microseconds: no I/O, no waiting for a plugin, no lock that is held across such work.
pub trait HostView: Send + Sync + 'static {
    /// Body of `GET /api/v1/status`.
    fn status(&self) -> StatusView;

    /// Body of `GET /api/v1/plugins`: instances by name.
    fn plugins(&self) -> PluginsView;

    /// Body of `GET /api/v1/packages`: what is on disk, refused files included.
    fn packages(&self) -> PackagesView;

    /// Body of `GET /api/v1/doctor`: what this machine can and cannot enforce, as `marquee doctor --json` prints it.
    fn doctor(&self) -> serde_json::Value;

    /// Whether the first picture has been composed.
    ///
    /// # Errors
    /// One sentence that says what is still missing.
    fn ready(&self) -> Result<(), String>;

    /// The last picture that the instance `name` drew itself, on screen or not; `None` if there is no such instance or
    /// it has drawn nothing yet. `name` comes from outside and may be any text.
    fn instance_picture(&self, name: &str) -> Option<Picture>;
}
