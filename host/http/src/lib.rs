//! The HTTP API of the host and its web page.
//!
//! One request goes: [`serve`] accepts the connection within its [`Limits`] → `guard` judges `Host`, `Origin` and
//! `Sec-Fetch-*` before anything is routed → `routes` asks the [`HostView`] and answers from memory → `headers`
//! puts the same protection on every answer. `frames` is the one route that stays open: live pictures over a
//! WebSocket, one task for each viewer.
//!
//! Invariants: this crate knows neither processes nor SQL; what it shows comes through [`HostView`] and the watch
//! channel of pictures. No request waits for a plugin, and no viewer, however slow, holds back the host. There are no
//! access tokens yet, so nothing but a loopback address is ever served.

mod bind;
mod frames;
mod guard;
mod headers;
mod page;
mod preview;
mod problem;
mod routes;
mod server;
mod view;

pub use bind::{BindError, DEFAULT_ADDRESS, bind, parse_address};
pub use server::{Limits, Serve, ServeError, serve};
pub use view::HostView;
