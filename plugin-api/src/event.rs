//! What the host tells a running plugin besides "draw".
//!
//! Invariant: an event that a plugin does not take changes nothing in it; the host then does what is right by itself
//! (for new settings: it makes the plugin anew).

use serde_json::Value;

/// Something happened that concerns a running plugin.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a, S> {
    /// The operator saved new settings. Answer [`Handled::Yes`] once they are in force; with [`Handled::No`] (the
    /// default) the host makes the plugin anew with them, without a gap on the panel.
    Settings(&'a S),
    /// A message from outside, by the HTTP API: a kind and any JSON.
    Message {
        /// What it is, as the sender wrote it.
        kind: &'a str,
        /// Its content.
        data: &'a Value,
    },
}

/// Whether an event was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// It is in force.
    Yes,
    /// The plugin does not know this event.
    No,
}
