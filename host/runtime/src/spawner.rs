//! The one thread that starts runners.
//!
//! The kernel's parent-death signal follows the *thread* that forked, not the process. So runners are started by a
//! thread that lives as long as the host, and never by a worker of a pool.
//!
//! Invariant: a runner inherits its link as standard input, one pipe as output and error, and nothing else.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::{io, thread};

use tokio::sync::oneshot;

/// A wish for a process.
struct Wish {
    command: Vec<OsString>,
    stdin: OwnedFd,
    output: OwnedFd,
    answer: oneshot::Sender<io::Result<Child>>,
}

/// The way to the thread.
#[derive(Debug, Clone)]
pub(crate) struct Spawner(Sender<Wish>);

impl Spawner {
    pub(crate) fn start() -> io::Result<Self> {
        let (sender, wishes) = channel::<Wish>();
        thread::Builder::new().name("spawner".into()).stack_size(256 * 1024).spawn(move || {
            while let Ok(wish) = wishes.recv() {
                let _ = wish.answer.send(spawn(&wish.command, wish.stdin, wish.output));
            }
        })?;
        Ok(Self(sender))
    }

    /// Starts a process with an empty environment.
    pub(crate) async fn spawn(
        &self,
        command: Vec<OsString>,
        stdin: OwnedFd,
        output: OwnedFd,
    ) -> io::Result<Child> {
        let (answer, answered) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts runners has ended");
        self.0.send(Wish { command, stdin, output, answer }).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

fn spawn(command: &[OsString], stdin: OwnedFd, output: OwnedFd) -> io::Result<Child> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no runner is configured"))?;
    let errors = output.try_clone()?;
    Command::new(program)
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(output))
        .stderr(Stdio::from(errors))
        .spawn()
}
