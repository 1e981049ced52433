//! Sleeping until something happens.
//!
//! Invariant: the wait ends at the given time at the latest, and earlier only for a ring of the bell, a tick of the
//! panel, or a frame of a guest that is listened to.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Why the wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Woke {
    /// The bell rang.
    pub(crate) bell: bool,
    /// The panel's clock ticked.
    pub(crate) panel: bool,
    /// Which of the listened-to frame events rang, by position.
    pub(crate) frames: Vec<usize>,
}

/// Sleeps until `until` (for ever without), the bell, the panel or a frame.
pub(crate) fn wait(
    until: Option<Instant>,
    bell: &impl AsFd,
    panel: Option<BorrowedFd<'_>>,
    frames: &[BorrowedFd<'_>],
) -> Woke {
    let mut fds = Vec::with_capacity(2 + frames.len());
    fds.push(PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN));
    fds.extend(panel.map(|panel| PollFd::from_borrowed_fd(panel, PollFlags::IN)));
    let first_frame = fds.len();
    fds.extend(frames.iter().map(|frame| PollFd::from_borrowed_fd(*frame, PollFlags::IN)));
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        match poll(&mut fds, left.map(timespec).as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            // Out of memory in the kernel: as if the time had come.
            Err(_) => return Woke { bell: true, panel: false, frames: Vec::new() },
            Ok(_) => break,
        }
    }
    let rang = |fd: &PollFd<'_>| !fd.revents().is_empty();
    Woke {
        bell: rang(&fds[0]),
        panel: panel.is_some() && rang(&fds[1]),
        frames: fds[first_frame..].iter().enumerate().filter(|(_, fd)| rang(fd)).map(|(at, _)| at).collect(),
    }
}

fn timespec(time: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}
