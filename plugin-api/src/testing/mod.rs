//! The test kit: a plugin on a stand, without a host, a panel or a network.
//!
//! ```
//! # use marquee_plugin_api::prelude::*;
//! # struct Pulse;
//! # impl Plugin for Pulse {
//! #     type Settings = NoSettings;
//! #     type Data = ();
//! #     fn new(_: &NoSettings, _: &PanelInfo) -> Result<Self, PluginError> { Ok(Self) }
//! #     fn draw(&mut self, f: &mut Frame<'_>, _: Option<&()>, _: &Tick) -> Result<Next, PluginError> {
//! #         f.set(Point::new(1, 0), Rgb888::WHITE);
//! #         Ok(Next::news())
//! #     }
//! # }
//! use marquee_plugin_api::testing::Stand;
//!
//! let mut stand = Stand::<Pulse>::new(3, 2).start().unwrap();
//! let next = stand.draw().unwrap();
//! assert_eq!(next, Next::news());
//! assert_eq!(stand.picture().ascii(), " @ \n   \n");
//! ```
//!
//! Invariant: time stands still unless a test moves it, and the network is what a test put there.

mod canned;
mod picture;
mod stand;

pub use canned::Canned;
pub use picture::Picture;
pub use stand::{Stand, Started};
