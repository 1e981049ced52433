//! The contract between Marquee and its plugins: everything that an author of a plugin needs, and nothing of the host.
//!
//! A plugin is a `cdylib` that implements [`Plugin`] and says [`export_plugin!`]:
//!
//! ```
//! use marquee_plugin_api::prelude::*;
//!
//! struct Pulse;
//!
//! impl Plugin for Pulse {
//!     type Settings = NoSettings;
//!     type Data = ();
//!
//!     fn new(_: &NoSettings, _: &PanelInfo) -> Result<Self, PluginError> {
//!         Ok(Self)
//!     }
//!
//!     fn draw(&mut self, frame: &mut Frame<'_>, _: Option<&()>, tick: &Tick) -> Result<Next, PluginError> {
//!         let phase = tick.elapsed.as_secs_f32() % 1.0;
//!         frame.fill(Rgb888::new((phase * 255.0) as u8, 0, 0));
//!         Ok(Next::frame())
//!     }
//! }
//!
//! export_plugin!(Pulse, id: "pulse", name: "Pulse");
//! # fn main() {}
//! ```
//!
//! Life of a plugin, each plugin in a process of its own:
//!
//! 1. The host reads the [`Manifest`] from the file, without running it.
//! 2. [`Plugin::new`] with the operator's settings, laid over the defaults.
//! 3. [`Plugin::fetch`] on one thread, again and again at the times it asks for;
//! 4. [`Plugin::draw`] and [`Plugin::event`] on another thread, at the times that [`Next`] asks for.
//! 5. `drop`, when the plugin is stopped or replaced. It may also be killed without a word.
//!
//! Every callback may panic: the panic becomes an error that the operator sees, with its message and place. A callback
//! that does not return in its time (given at each) is ended together with its process; the panel goes on.
//!
//! [`Frame`] is a `DrawTarget` of `embedded-graphics` 0.8, so its fonts, shapes and images work as they are.
//! [`testing`] draws a plugin in a unit test. The ABI underneath is `abi_stable`'s; an author never meets it.

mod colour;
mod error;
mod event;
pub mod extension;
mod frame;
mod host;
mod manifest;
mod panel;
mod plugin;
pub mod testing;
mod tick;

#[doc(hidden)]
pub mod abi;
mod export;

pub use embedded_graphics;
pub use log;
pub use schemars;
pub use serde;
pub use serde_json;

pub use colour::{Colour, ColourError};
pub use error::PluginError;
pub use event::{Event, Handled};
pub use frame::Frame;
pub use host::{Host, HostError, HostErrorKind, HttpRequest, HttpResponse};
pub use manifest::Manifest;
pub use panel::{Location, PanelInfo};
pub use plugin::{Again, Fetched, NoSettings, Plugin};
pub use tick::{Next, Show, Tick, Wake};

/// The version of the contract that this crate is: `major.minor.patch`.
pub const API_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What nearly every plugin uses.
pub mod prelude {
    pub use crate::{
        Again, Colour, Event, Fetched, Frame, Handled, Host, HttpRequest, Location, Next, NoSettings,
        PanelInfo, Plugin, PluginError, Tick, export_plugin,
    };
    pub use embedded_graphics::pixelcolor::Rgb888;
    pub use embedded_graphics::prelude::*;
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
}

#[doc(hidden)]
pub mod __private {
    pub use crate::abi::RootRef;
    pub use crate::export::{constructor, root};
    pub use crate::manifest::{encode, encoded_len};
    pub use abi_stable::library::{CheckTypeLayout, LibHeader, RootModuleResult};
}
