//! Messages with descriptors between two processes, over a `SOCK_SEQPACKET` Unix socket.
//!
//! The host speaks to each runner, and to the panel process, through one [`Link`]. What a message means is the
//! caller's business; here are only bytes, descriptors and the end of the conversation.
//!
//! Invariants: a message arrives whole or not at all; every received descriptor is close-on-exec and either handed to
//! the caller or closed; the peer is hostile until proven otherwise, so a message that is too long, or carries too
//! many descriptors, is an error and never a truncated message.

mod error;
mod link;
mod queue;

pub use error::LinkError;
pub use link::{Link, MAX_DESCRIPTORS, MAX_MESSAGE, Packet, Received};
