//! The clock of a panel, as something that the render loop can poll.
//!
//! Invariant: the descriptor stays the same while panel processes come and go. It is readable when the panel has
//! put a picture on screen and wants the next one. A panel whose picture does not change does not tick, so a still
//! picture wakes nobody: after two missed ticks the render loop goes by `CLOCK_MONOTONIC`.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// A handle to a panel's clock. Clones share one counter.
#[derive(Debug, Clone)]
pub struct PanelClock {
    event: Arc<OwnedFd>,
}

impl PanelClock {
    pub(crate) fn new() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { event: Arc::new(event) })
    }

    /// Counts one tick. Cannot block: a counter that nobody drains for centuries just stays full.
    pub(crate) fn tick(&self) {
        let _full = rustix::io::write(&*self.event, &1u64.to_ne_bytes());
    }

    /// The ticks since the last call; 0 when there was none. Never blocks.
    #[must_use]
    pub fn drain(&self) -> u64 {
        let mut count = [0; 8];
        match rustix::io::read(&*self.event, &mut count) {
            Ok(8) => u64::from_ne_bytes(count),
            _ => 0,
        }
    }
}

impl AsFd for PanelClock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_counted_until_they_are_drained() {
        let clock = PanelClock::new().unwrap();
        assert_eq!(clock.drain(), 0);
        clock.tick();
        clock.clone().tick();
        assert_eq!(clock.drain(), 2);
        assert_eq!(clock.drain(), 0);
    }
}
