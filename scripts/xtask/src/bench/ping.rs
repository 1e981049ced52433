//! The floor: one byte to another thread and back, through two pipes, each side asleep until its byte comes.
//!
//! Invariant: no memory is shared, no frame drawn. What this costs, no isolation can go below.

use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::pipe::{PipeFlags, pipe_with};

use super::error::BenchError;

pub(crate) struct Ping {
    out: Option<OwnedFd>,
    back: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

fn heard(fd: &OwnedFd) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)];
    poll(&mut fds, None).is_ok() && matches!(rustix::io::read(fd, &mut [0_u8; 16]), Ok(count) if count > 0)
}

impl Ping {
    pub(crate) fn start() -> Result<Self, BenchError> {
        let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(BenchError::system("make a pipe"));
        let ((there, out), (back, answer)) = (pipe()?, pipe()?);
        let thread = std::thread::Builder::new()
            .name("ping".to_owned())
            .spawn(move || while heard(&there) && rustix::io::write(&answer, &[1]).is_ok() {})
            .map_err(BenchError::system("start a thread"))?;
        Ok(Self { out: Some(out), back, thread: Some(thread) })
    }

    /// There and back.
    pub(crate) fn once(&self) {
        if let Some(out) = &self.out {
            let _ = rustix::io::write(out, &[1]);
            heard(&self.back);
        }
    }
}

impl Drop for Ping {
    fn drop(&mut self) {
        self.out = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
