//! What lies in the plugins folder, kept true by watching it.
//!
//! [`Discovery`] owns a thread that lists the folder, opens what may be plugins without following links out of it,
//! waits until a file is complete, reads it once, has it inspected, and publishes the result as a [`Scan`]: plugins
//! by id, and every refused file with its reason. Events of the file system only wake it; what counts is what lies
//! there, so a lost event costs time and not truth.
//!
//! Invariants:
//! * A reader sees a whole scan or the one before, and a new one only if something differs.
//! * A file whose stamp (device, inode, size, times) has not changed is not read again.
//! * A plugin's bytes are sealed before they are published: whatever happens to the file, they stay what was inspected.
//! * Nothing in the folder can block the thread, and no device or pipe in it is ever opened.
//! * While a good plugin's file is being replaced, or its replacement is refused, the good one stays published; it
//!   goes when its file goes.

mod candidates;
mod choose;
mod discovery;
mod examine;
mod inbox;
mod open;
mod scan;
mod watch;

pub use discovery::{Discovery, DiscoveryError};
pub use open::MAX_PLUGIN_BYTES;
pub use scan::{Found, Kind, Refused, Scan};
