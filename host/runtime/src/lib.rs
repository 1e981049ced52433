//! The runtime: starts a runner for each plugin instance, watches it, does for it what it may have, and ends it.
//!
//! ```text
//! Supervisor ── one Actor per instance ── one or two Attendants, each with the process of one runner
//!     │                 │                        │
//!  wanted list     restart, replace,       link, log pipe, pidfd, deadlines, calls of the plugin
//!                  breaker, state
//! ```
//!
//! The runtime does not show frames. It hands the reading end of each runner's frame memory to a [`Screen`], which
//! tells back what only it sees: the first frame, a draw that does not end, a pace that is too slow.
//!
//! Invariants: everything from a runner is hostile input. Whatever it does ends at worst that runner. A new version of
//! a plugin takes over only after its first good frame; until then the old one keeps running. Nothing here blocks the
//! picture.

mod actor;
mod attendant;
mod breaker;
mod calls;
mod config;
mod describe;
mod log_lines;
mod observed;
mod process;
mod screen;
mod spawner;
mod supervisor;
mod values;

pub use breaker::{Breaker, Verdict};
pub use config::{Deadlines, RuntimeConfig, Wanted};
pub use describe::{DescribeError, describe};
pub use observed::Observed;
pub use process::SpawnError;
pub use screen::{Joining, ProcessKey, Reporter, Screen, ScreenReport};
pub use supervisor::{Supervisor, SupervisorError};
