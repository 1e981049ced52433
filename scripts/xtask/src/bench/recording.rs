//! What was on the panel when: a recording sink's list of pictures, read as it grows.
//!
//! Invariant: whoever waits is woken by the file and does not poll, so that the waiting takes no time from what is
//! waited for. A picture counts when its line is there, which is after its file was written: times include that.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use serde::Deserialize;

use super::error::BenchError;

/// One picture.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Line {
    /// Its file.
    pub(crate) file: String,
    /// On the host's clock.
    pub(crate) at_ms: f64,
    /// Whose it is.
    pub(crate) plugin: Option<String>,
}

/// A recording that is being made.
pub(crate) struct Recording {
    pub(crate) folder: PathBuf,
    watch: OwnedFd,
    read: u64,
    rest: String,
}

impl Recording {
    /// Makes the folder, before the host is told to record there.
    pub(crate) fn prepare(folder: &Path) -> Result<Self, BenchError> {
        std::fs::create_dir_all(folder).map_err(BenchError::file("make", folder))?;
        let watch = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
            .map_err(BenchError::system("watch a folder"))?;
        add_watch(&watch, folder, WatchFlags::MODIFY | WatchFlags::CREATE)
            .map_err(BenchError::system("watch a folder"))?;
        Ok(Self { folder: folder.to_owned(), watch, read: 0, rest: String::new() })
    }

    /// The pictures that came since the last call.
    pub(crate) fn news(&mut self) -> Vec<Line> {
        let mut text = String::new();
        if let Ok(mut file) = File::open(self.folder.join("frames.jsonl"))
            && file.seek(SeekFrom::Start(self.read)).is_ok()
        {
            self.read += file.read_to_string(&mut text).unwrap_or(0) as u64;
        }
        self.rest.push_str(&text);
        let complete = self.rest.rfind('\n').map_or(0, |at| at + 1);
        let lines: String = self.rest.drain(..complete).collect();
        lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Waits for a picture of which `is` says yes; answers it, when it was seen, and all since the last call.
    pub(crate) fn wait(
        &mut self,
        what: &str,
        patience: Duration,
        mut is: impl FnMut(&Line) -> bool,
    ) -> Result<(Line, Instant, Vec<Line>), BenchError> {
        let until = Instant::now() + patience;
        let mut all = Vec::new();
        loop {
            let news = self.news();
            let now = Instant::now();
            let found = news.iter().find(|line| is(line)).cloned();
            all.extend(news);
            if let Some(line) = found {
                return Ok((line, now, all));
            }
            let left = until.saturating_duration_since(now);
            if left.is_zero() {
                return Err(BenchError::wrong(format!("{what} does not come on screen")));
            }
            let mut fds = [PollFd::from_borrowed_fd(std::os::fd::AsFd::as_fd(&self.watch), PollFlags::IN)];
            let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            let _ = poll(&mut fds, Some(&timeout));
            let _ = rustix::io::read(&self.watch, &mut [0_u8; 16 * 1024]);
        }
    }
}
