//! The runner: a process that loads exactly one plugin and does what the host says.
//!
//! Way of a runner, from [`run`]: hello to the host → its orders with the descriptors → the box (`marquee-sandbox`) →
//! threads → coarse filter → `dlopen` and layout check → tight filter → the plugin is made → ticks, fetches, events →
//! the end, by order, by the plugin's fault, or because the host is gone.
//!
//! | thread | does |
//! |---|---|
//! | control (the first) | reads the link, hands orders on; loads the library |
//! | draw | makes the plugin, draws, takes events, ends it |
//! | fetch | fetches |
//!
//! Invariant: the host never has to trust this process. From the moment of `dlopen` everything in it may be a lie; the
//! host checks each message ([`protocol`]) and each frame (`marquee-frames`), and holds the clock for every callback.

mod calls;
mod control;
mod draw;
mod fault;
mod fetch;
mod loader;
pub mod protocol;
mod services;

pub use control::run;
pub use loader::LoadError;
pub use services::{Extensions, HostExtension, PluginExtension};
