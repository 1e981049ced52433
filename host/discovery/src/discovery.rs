//! The thread that keeps the scan true, and the handle to it.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use marquee_inspect::Machine;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use tokio::sync::watch;

use crate::choose::scan;
use crate::examine::Examiner;
use crate::inbox::{Inbox, Wake, Writing};
use marquee_model::sentence;

use crate::scan::Scan;
use crate::watch::Watch;

/// With a watch, the folder is listed so often all the same: a guard against lost events and moved parents.
const LIST_AGAIN: Duration = Duration::from_secs(3);
/// Without one, this often.
const LIST_UNWATCHED: Duration = Duration::from_secs(1);
/// While the folder is not there, this often.
const LOOK_FOR_FOLDER: Duration = Duration::from_millis(200);
/// Starting waits at most so long for files that were written just before.
const SETTLE: Duration = Duration::from_millis(500);

/// Why the plugins folder cannot be watched at all.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// It is missing and cannot be made.
    #[error("cannot make the plugins folder {}: make it by hand or name another one", path.display())]
    MakeFolder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system gives no thread.
    #[error(
        "cannot start the thread that watches the plugins folder: see the limits on processes and memory"
    )]
    Thread {
        /// What the system said.
        source: std::io::Error,
    },
}

/// The contents of a plugins folder, kept true until dropped. All methods may be called from any thread.
#[derive(Debug)]
pub struct Discovery {
    inbox: Arc<Inbox>,
    scans: watch::Receiver<Arc<Scan>>,
    reads: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Discovery {
    /// Makes the folder if it is missing, scans it, and keeps watching it from a thread of its own.
    ///
    /// Blocks for the first scan: as long as listing and reading takes, plus at most half a second if files were
    /// written just before. A folder that cannot be listed is no error here: [`Scan::folder_error`] says so, and it is
    /// tried again.
    ///
    /// # Errors
    /// The folder cannot be made, or the thread not be started.
    pub fn start(folder: PathBuf) -> Result<Self, DiscoveryError> {
        let made =
            std::path::absolute(&folder).and_then(|path| std::fs::create_dir_all(&path).map(|()| path));
        let folder = made.map_err(|source| DiscoveryError::MakeFolder { path: folder, source })?;
        let machine = Machine::this().unwrap_or_else(|error| {
            tracing::warn!(
                reason = sentence(&error),
                "plugins are not checked for the version of the C library"
            );
            Machine::with_glibc(None)
        });
        let (inbox, reads) = (Arc::new(Inbox::default()), Arc::new(AtomicU64::new(0)));
        let (publisher, scans) = watch::channel(Arc::new(Scan::default()));
        let mut worker = Worker {
            folder,
            watch: Watch::new(Arc::clone(&inbox)),
            inbox: Arc::clone(&inbox),
            examiner: Examiner::new(machine, Arc::clone(&reads)),
            publisher,
        };
        let next = worker.settle();
        let thread = std::thread::Builder::new().name("discovery".to_owned()).spawn(move || worker.run(next));
        let thread = thread.map_err(|source| DiscoveryError::Thread { source })?;
        Ok(Self { inbox, scans, reads, thread: Some(thread) })
    }

    /// The newest scan.
    #[must_use]
    pub fn current(&self) -> Arc<Scan> {
        Arc::clone(&self.scans.borrow())
    }

    /// Every scan that differs from the one before, as it is published; a slow receiver sees the newest.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<Scan>> {
        self.scans.clone()
    }

    /// Scans now and returns when that is done: what [`Discovery::current`] says then is not older than this call.
    /// A file that is still being written is not waited for, and one that is gone gets no time to come back.
    pub fn rescan(&self) {
        self.inbox.ask();
    }

    /// How many files were read since the start: grows only when a file changed.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        self.inbox.stop();
        if let Some(thread) = self.thread.take() {
            // It panicked or it ended; either way it is gone.
            let _ = thread.join();
        }
    }
}

struct Worker {
    folder: PathBuf,
    inbox: Arc<Inbox>,
    watch: Watch,
    examiner: Examiner,
    publisher: watch::Sender<Arc<Scan>>,
}

impl Worker {
    /// The first scans, until all files are settled or the time for that is over; only the last one is published.
    /// When the next one is wanted.
    fn settle(&mut self) -> Instant {
        let end = Instant::now() + SETTLE;
        let mut last = self.pass(Writing::default(), false);
        while let Some(again) = self.examiner.again_at().filter(|again| *again < end) {
            let Wake::Scan { writing, .. } = self.inbox.wait(again) else { break };
            last = self.pass(writing, false);
        }
        let (scan, next) = last;
        self.publish(scan);
        next
    }

    fn run(mut self, mut next: Instant) {
        while let Wake::Scan { writing, answers } = self.inbox.wait(next) {
            let scan;
            (scan, next) = self.pass(writing, answers.is_some());
            self.publish(scan);
            if let Some(answers) = answers {
                self.inbox.answered(answers);
            }
        }
    }

    /// One scan, and when the next one is wanted, should nothing happen.
    fn pass(&mut self, writing: Writing, strict: bool) -> (Scan, Instant) {
        self.examiner.begin(writing, strict);
        let (scan, most) = match self.look() {
            Ok((scan, true)) => (scan, LIST_AGAIN),
            Ok((scan, false)) => (scan, LIST_UNWATCHED),
            Err(errno) => {
                self.watch.forget();
                let folder_error = Some(folder_error(&self.folder, errno));
                (Scan { folder_error, ..Scan::default() }, LOOK_FOR_FOLDER)
            }
        };
        let latest = Instant::now() + most;
        (scan, self.examiner.again_at().map_or(latest, |again| again.min(latest)))
    }

    /// Watches first and lists then, so that nothing falls between. Whether the folder is watched.
    fn look(&mut self) -> Result<(Scan, bool), Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = File::from(open(&self.folder, flags, Mode::empty())?);
        let data = folder.metadata().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let watched = self.watch.ensure(&self.folder, (data.dev(), data.ino()));
        Ok((scan(&self.folder, folder.as_fd(), &mut self.examiner)?, watched))
    }

    /// Publishes a scan if it is the first one or says something new.
    fn publish(&self, mut scan: Scan) {
        let before = Arc::clone(&self.publisher.borrow());
        if before.generation > 0 && scan.says_the_same(&before) {
            return;
        }
        // Once for each time that it becomes so, not at every pass.
        if let Some(error) =
            scan.folder_error.as_ref().filter(|error| before.folder_error.as_ref() != Some(error))
        {
            tracing::error!("{error}");
        }
        scan.generation = before.generation + 1;
        self.publisher.send_replace(Arc::new(scan));
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Whoever waits for a scan shall not wait for a thread that is gone.
        self.inbox.stop();
    }
}

fn folder_error(folder: &Path, errno: Errno) -> String {
    let (folder, reason) = (folder.display(), std::io::Error::from(errno));
    match errno {
        Errno::NOENT => format!("the plugins folder {folder} is not there any more: make it again"),
        Errno::NOTDIR => format!("the plugins folder {folder} is not a folder: remove what is in its place"),
        Errno::ACCESS | Errno::PERM => {
            format!("the plugins folder {folder} cannot be listed by this user: change its mode or its owner")
        }
        _ => format!("the plugins folder {folder} cannot be listed: {reason}"),
    }
}
