//! The panel process at work, over real sockets and real shared memory.

mod common;
mod conversation;
mod host_side;
