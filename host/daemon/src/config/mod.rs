//! What the host is told: `marquee.toml`, over it the environment, over that the command line.
//!
//! ```text
//! the file found (`search`) ─► tree of given values (`given`) ◄─ MARQUEE_… variables
//!                                     │ read table by table (`section`, `read`), unknown keys refused
//!                                     ▼
//!                  Config, every default filled in (`values`) ◄─ Overrides from flags
//! ```
//!
//! Invariant: a [`Config`] that exists is valid and complete; nothing else of the host reads the file or the
//! environment. Whatever is wrong is one [`ConfigError`] that names the place, the value, and what is allowed.

mod values;

mod directories;
mod error;
mod fetch;
mod given;
mod read;
mod search;
mod section;

pub use directories::{Directories, DirectoryError};
pub use error::ConfigError;
pub use fetch::{Approval, Approved, Fetch, NoApproval};
pub use read::{load, parse_fps, parse_store};
pub use search::Surroundings;
pub use values::{
    Config, Display, Host, Instance, Log, LogFormat, Overrides, Panel, Registry, Sandbox, Store,
};
