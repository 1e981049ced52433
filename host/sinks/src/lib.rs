//! Where finished pictures go: a browser, a terminal, files, the panel.
//!
//! Invariant: the render loop hands the same picture to every sink and never waits for one. A sink with work to do
//! has a thread of its own behind a mailbox (only the newest picture counts) or a bounded queue (recordings want
//! each one); what does not fit is dropped and counted. Sinks know nothing of plugins but the name in the picture.

mod feed;
mod gif_file;
mod gif_frame;
mod gif_time;
mod hub75;
mod nothing;
mod open;
mod panel_clock;
mod png_dir;
mod preview;
mod recorder;
mod sink;
mod spec;
mod terminal;
mod terminal_screen;
mod web;

pub use open::{Setup, open};
pub use panel_clock::PanelClock;
pub use preview::preview_rgb;
pub use sink::{Sink, SinkError, SinkReport};
pub use spec::{SinkSpec, SpecError};
pub use web::WebSink;
