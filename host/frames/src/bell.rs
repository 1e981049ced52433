//! The events: a one-way bell from one process to the other, that can be polled.
//!
//! A bell is a pipe, and not an eventfd, for one reason: both holders of an eventfd share one open file, so a hostile
//! peer could clear its `O_NONBLOCK`, fill its counter and thereby make the other side's next `write` hang. The ends of
//! a pipe are two open files; each side's flags are its own.
//!
//! Invariants: no call here waits, whatever the peer does; a bell that is full already rings, so a ring lost to that is
//! not lost; draining reads a bounded number of bytes, however fast the peer rings.

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use crate::FramesError;
use crate::layout::PAGE;

/// A new bell: the end that hears and the end that rings, both non-blocking and close-on-exec.
pub(crate) fn bell() -> Result<(OwnedFd, OwnedFd), FramesError> {
    let (ear, hand) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)
        .map_err(FramesError::io("make the pipe of an event"))?;
    // One page is plenty; a larger pipe works as well, so a system that refuses is no matter.
    let _ = fcntl_setpipe_size(&hand, PAGE);
    Ok((ear, hand))
}

/// Rings. The other side being deaf (full) or gone is not this side's business.
pub(crate) fn ring(hand: &OwnedFd, action: &'static str) -> Result<(), FramesError> {
    loop {
        match rustix::io::write(hand, &[1]) {
            Ok(_) | Err(Errno::AGAIN | Errno::PIPE) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(FramesError::io(action)(errno)),
        }
    }
}

/// Silences the bell; answers how often it rang since the last time (at most a page full of times).
pub(crate) fn drain(ear: &OwnedFd) -> u64 {
    let mut rings = [0; PAGE];
    loop {
        match rustix::io::read(ear, &mut rings[..]) {
            Ok(count) => return count as u64,
            Err(Errno::INTR) => {}
            Err(_) => return 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{OFlags, fcntl_setfl};

    use super::*;

    #[test]
    fn a_bell_counts_its_rings_and_is_silent_after() {
        let (ear, hand) = bell().unwrap();
        assert_eq!(drain(&ear), 0);
        ring(&hand, "ring").unwrap();
        ring(&hand, "ring").unwrap();
        assert_eq!(drain(&ear), 2);
        assert_eq!(drain(&ear), 0);
    }

    /// P-PLUGIN-9: a peer that rings and writes without end.
    #[test]
    fn a_peer_that_makes_its_ends_blocking_and_fills_them_blocks_nobody() {
        let (ear, hand) = bell().unwrap();
        // The peer has the hearing end: it never reads and clears its own flag.
        fcntl_setfl(&ear, OFlags::empty()).unwrap();
        for _ in 0..3 * PAGE {
            ring(&hand, "ring").unwrap();
        }
        let (ear, hand) = bell().unwrap();
        // The peer has the ringing end: it clears its own flag, then rings or stays silent.
        fcntl_setfl(&hand, OFlags::empty()).unwrap();
        assert_eq!(drain(&ear), 0);
        rustix::io::write(&hand, &[0; PAGE]).unwrap();
        assert_eq!(drain(&ear), PAGE as u64);
        assert_eq!(drain(&ear), 0);
    }
}
