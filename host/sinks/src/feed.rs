//! What sinks with a thread share: the counters, the mailbox for the newest picture, the thread that can be left.
//!
//! Invariant: the render thread's side of each of these takes a lock only around a pointer's move, and makes at most
//! one system call that cannot block.

use std::error::Error;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use marquee_model::Picture;
use rustix::event::{EventfdFlags, eventfd};

use crate::{SinkError, SinkReport};

/// Locks; a thread that panicked while it held the lock left nothing half-done in these types.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a sink's thread says, read by the render thread.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pictures: AtomicU64,
    dropped: AtomicU64,
    error: Mutex<Option<String>>,
}

impl Tally {
    pub(crate) fn took_one(&self) {
        self.pictures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn dropped_one(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Says what is wrong now, with its causes; answers whether that is news.
    pub(crate) fn set_error(&self, error: &dyn Error) -> bool {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        let mut now = lock(&self.error);
        let news = now.as_ref() != Some(&text);
        *now = Some(text);
        news
    }

    /// Says that all is well.
    pub(crate) fn clear_error(&self) {
        *lock(&self.error) = None;
    }

    pub(crate) fn report(&self) -> SinkReport {
        SinkReport {
            pictures: self.pictures.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            error: lock(&self.error).clone(),
        }
    }
}

/// Holds the newest picture until the sink's thread has time for it. Readable (`poll`) when there is something to
/// look at: a picture, or the end.
#[derive(Debug)]
pub(crate) struct Mailbox {
    newest: Mutex<Option<Picture>>,
    closed: AtomicBool,
    event: OwnedFd,
}

impl Mailbox {
    pub(crate) fn new() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { newest: Mutex::new(None), closed: AtomicBool::new(false), event })
    }

    /// Puts the newest picture in; answers whether one that nobody took is lost by it.
    pub(crate) fn put(&self, picture: Picture) -> bool {
        let missed = lock(&self.newest).replace(picture);
        if missed.is_none() {
            self.ring();
        }
        missed.is_some()
    }

    /// Takes the newest picture out, if there is one. Never blocks.
    pub(crate) fn take(&self) -> Option<Picture> {
        let mut count = [0; 8];
        let _nothing_to_drain = rustix::io::read(&self.event, &mut count);
        if self.is_closed() {
            self.ring(); // the end stays visible to whoever polls next
        }
        lock(&self.newest).take()
    }

    /// Says that no further picture will come.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.ring();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn ring(&self) {
        let _full = rustix::io::write(&self.event, &1u64.to_ne_bytes());
    }
}

impl AsFd for Mailbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

/// The thread of a sink, which can be waited for with a limit and left behind.
#[derive(Debug)]
pub(crate) struct Worker {
    sink: String,
    done: mpsc::Receiver<Result<(), SinkError>>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts `body` on a thread named after the sink.
    pub(crate) fn spawn(
        sink: String,
        body: impl FnOnce() -> Result<(), SinkError> + Send + 'static,
    ) -> Result<Self, SinkError> {
        let (tell, done) = mpsc::sync_channel(1);
        // Linux shows 15 bytes of a thread's name.
        let name = format!("sink-{}", sink.split(':').next().unwrap_or_default());
        let spawned = thread::Builder::new().name(name).spawn(move || {
            let _nobody_waits = tell.send(body());
        });
        match spawned {
            Ok(thread) => Ok(Self { sink, done, thread }),
            Err(source) => Err(SinkError::Resources { sink, source }),
        }
    }

    /// Waits for the thread to end, at most `limit`. Wakes it if it is parked.
    pub(crate) fn finish(self, limit: Duration) -> Result<(), SinkError> {
        self.thread.thread().unpark();
        match self.done.recv_timeout(limit) {
            Ok(result) => {
                let _told_already = self.thread.join();
                result
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err(SinkError::Unfinished { sink: self.sink, seconds: limit.as_secs() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use marquee_model::PanelSize;

    use super::*;

    fn picture(sequence: u32) -> Picture {
        Picture { sequence, ..Picture::filled(PanelSize::new(1, 1).unwrap(), [0; 3]) }
    }

    fn readable(mailbox: &Mailbox) -> bool {
        let mut fds = [rustix::event::PollFd::new(mailbox, rustix::event::PollFlags::IN)];
        rustix::event::poll(&mut fds, Some(&rustix::time::Timespec::default())).unwrap() == 1
    }

    #[test]
    fn a_mailbox_keeps_only_the_newest_picture() {
        let mailbox = Mailbox::new().unwrap();
        assert!(!readable(&mailbox));
        assert!(!mailbox.put(picture(1)));
        assert!(mailbox.put(picture(2)));
        assert!(readable(&mailbox));
        assert_eq!(mailbox.take().map(|picture| picture.sequence), Some(2));
        assert!(!readable(&mailbox));
        assert_eq!(mailbox.take(), None);
    }

    #[test]
    fn the_end_of_a_mailbox_stays_visible_after_its_last_picture() {
        let mailbox = Mailbox::new().unwrap();
        mailbox.put(picture(1));
        mailbox.close();
        assert!(mailbox.take().is_some());
        assert!(mailbox.is_closed() && readable(&mailbox));
    }

    #[test]
    fn a_busy_worker_is_left_behind_after_the_limit() {
        let (_hold, wait) = mpsc::channel::<()>();
        let body = move || {
            let _ = wait.recv();
            Ok(())
        };
        let worker = Worker::spawn("record:x".to_owned(), body).unwrap();
        let error = worker.finish(Duration::from_millis(1)).unwrap_err();
        assert!(error.to_string().contains("record:x did not finish"));
    }
}
