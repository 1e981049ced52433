//! What can go wrong on a link, told apart by whose fault it is and whether to try again.
//!
//! Invariant: [`LinkError::Full`] is the only one after which the same call may succeed on the same link.

use std::io;

use crate::{MAX_DESCRIPTORS, MAX_MESSAGE};

/// Why a message was not sent or received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The descriptor handed over is not a Unix `SOCK_SEQPACKET` socket.
    #[error("the descriptor is not a Unix SOCK_SEQPACKET socket: hand over one end of Link::pair()")]
    NotALink,
    /// The message to send is empty; on this kind of socket that looks like the end.
    #[error("a message must have at least one byte: an empty one looks like a closed link")]
    EmptyMessage,
    /// The message to send is longer than [`MAX_MESSAGE`].
    #[error("a message of {0} bytes is too long: send more than {MAX_MESSAGE} bytes as a sealed memory file")]
    TooLong(usize),
    /// More descriptors to send than [`MAX_DESCRIPTORS`].
    #[error("{0} descriptors are too many for one message: send at most {MAX_DESCRIPTORS}")]
    TooManyDescriptors(usize),
    /// The peer does not read: nothing was sent. Try again when the link is writable, or give the peer up.
    #[error("the peer does not read its messages: wait until the link is writable, or close it")]
    Full,
    /// The peer closed its end: nothing was sent.
    #[error("the peer has closed the link: make a new one")]
    Closed,
    /// The peer sent more bytes or descriptors than a message may have; all of it was discarded.
    #[error(
        "the peer sent more than {MAX_MESSAGE} bytes or {MAX_DESCRIPTORS} descriptors in one message: close the link"
    )]
    Truncated,
    /// The system refused.
    #[error("cannot {action} the link socket: close it and make a new one")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl LinkError {
    pub(crate) fn io(action: &'static str) -> impl FnOnce(rustix::io::Errno) -> Self {
        move |errno| Self::Io { action, source: errno.into() }
    }
}
