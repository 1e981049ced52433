//! The running host: the parts put together, from the configuration to the end by a signal.
//!
//! ```text
//! discovery ──scan──┐
//!                   ├─► plan ──wanted──► supervisor ──frames──► screen ──pictures──► sinks
//! desired state ────┘      └──rotation────────────────────────────▲
//!                        view ◄── API and page
//! ```
//!
//! Invariant: intent is in [`desired`] only; what runs follows from it and from what lies in the folder, and is
//! computed anew ([`plan`]) each time either may have changed.

mod desired;
mod error;
mod host_file;
mod plan;
mod plugin_file;
mod render;
mod run;
mod schema;
mod view;

pub use desired::Enable;
pub use error::AppError;
pub use host_file::{HOST_FILE, HostFile};
pub use render::{RenderArgs, render};
pub use run::{Reread, run};
pub use schema::schema;
