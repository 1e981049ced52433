//! Running a program of ours or of the system for its answer.
//!
//! Invariant: it ends within [`LIMIT`] or is ended; it gets no input and no environment but `PATH`.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// The longest that a program may take.
const LIMIT: Duration = Duration::from_secs(5);
/// The most of each of its outputs that is kept.
const MOST_BYTES: u64 = 1 << 20;

/// How a program ended.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) success: bool,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// Runs a program to its end. Blocks for at most [`LIMIT`] and a bit.
pub(super) fn run<A: AsRef<OsStr>>(program: &Path, arguments: &[A]) -> io::Result<Answer> {
    let deadline = Instant::now() + LIMIT;
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let ended = has_ended(Pid::from_child(&child), LIMIT);
    if !matches!(ended, Ok(true)) {
        // Fails only if it has just ended.
        let _ = child.kill();
    }
    let status = child.wait()?;
    if !ended? {
        return Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no answer within {} s", LIMIT.as_secs()),
        ));
    }
    // A grandchild may hold the pipes open; what has not come by now is not waited for much longer.
    let rest = || deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(200));
    let stdout = stdout.recv_timeout(rest()).unwrap_or_default();
    let stderr = stderr.recv_timeout(rest()).unwrap_or_default();
    Ok(Answer { success: status.success(), stdout, stderr })
}

fn has_ended(pid: Pid, limit: Duration) -> io::Result<bool> {
    let fd = pidfd_open(pid, PidfdFlags::empty())?;
    let until = Instant::now() + limit;
    loop {
        let rest = until.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: rest.as_secs() as i64, tv_nsec: rest.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)) {
            Ok(count) => return Ok(count > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Reads an output to its end, on a thread of its own.
fn collect(from: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(from) = from {
            // What was read before an error is as good as nothing at all.
            let _ = from.take(MOST_BYTES).read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

impl Answer {
    /// The last line of what it said when it failed, without the name that programs put before it.
    pub(super) fn complaint(&self) -> String {
        let text = String::from_utf8_lossy(if self.stderr.is_empty() { &self.stdout } else { &self.stderr });
        let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        let bare = last
            .split_once(": ")
            .filter(|(name, _)| name.starts_with("marquee-"))
            .map_or(last, |(_, rest)| rest);
        crate::errors::printable(&bare.chars().take(400).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_answers_or_is_missing() {
        let answer =
            run(Path::new("/bin/sh"), &["-c", "echo out; echo 'marquee-panel: no pins' >&2; exit 3"])
                .unwrap();
        assert!(!answer.success);
        assert_eq!(answer.stdout, b"out\n");
        assert_eq!(answer.complaint(), "no pins");
        assert_eq!(run(Path::new("/nowhere/x"), &["x"]).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let child = Command::new("/bin/cat").stdin(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        assert!(!has_ended(Pid::from_child(&child), Duration::from_millis(20)).unwrap());
        drop(child.stdin.take());
        assert!(has_ended(Pid::from_child(&child), LIMIT).unwrap());
        child.wait().unwrap();
    }
}
