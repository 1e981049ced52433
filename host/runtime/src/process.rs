//! The process of one runner: started, told to begin, and how it ended.
//!
//! Invariant: a [`Process`] that is dropped takes its process with it, and leaves no zombie.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::Arc;

use marquee_frames::sealed::SealedBytes;
use marquee_frames::{ActivityWatch, FramesError, Reader};
use marquee_link::Link;
use marquee_runner::protocol::{PROTOCOL, Panel, Purpose, Start};
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde_json::Value;
use tokio::io::unix::AsyncFd;

use crate::config::RuntimeConfig;
use crate::spawner::Spawner;

/// Why a runner was not started. The host's or the machine's fault, never the plugin's.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The program.
    #[error("the plugin runner {program:?} cannot be started: reinstall marquee, or set [host] runner")]
    Program {
        /// As configured.
        program: OsString,
        /// What the system said.
        source: io::Error,
    },
    /// Something that the process needs.
    #[error(
        "the host lacks what a plugin runner needs ({what}): close other programs, or raise the limit of open files"
    )]
    Resource {
        /// What.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The settings.
    #[error("the settings are longer than {MOST_JSON} bytes of JSON: make them shorter")]
    Settings,
    /// The frame memory.
    #[error("no frame memory can be made")]
    Frames(#[source] FramesError),
}

impl SpawnError {
    fn resource(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Resource { what, source }
    }
}

/// A runner's process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) link: AsyncFd<Link>,
    pub(crate) log: AsyncFd<OwnedFd>,
    pub(crate) pidfd: AsyncFd<OwnedFd>,
    pub(crate) pid: u32,
    child: Child,
    reaped: Option<ExitStatus>,
}

/// What the `Start` message carries besides its head.
pub(crate) struct Orders {
    pub(crate) start: Box<Start>,
    pub(crate) library: Arc<SealedBytes>,
    /// For [`Purpose::Run`].
    pub(crate) frames: Option<Frames>,
}

/// The frame memory of a runner.
pub(crate) struct Frames {
    pub(crate) reader: Reader,
    pub(crate) activity: ActivityWatch,
}

impl Frames {
    pub(crate) fn new(config: &RuntimeConfig) -> Result<Self, SpawnError> {
        let reader = Reader::create(config.size.width(), config.size.height()).map_err(SpawnError::Frames)?;
        let activity = reader.activity_watch();
        Ok(Self { reader, activity })
    }
}

/// Settings, or the content of an event, as JSON text: they travel in one message.
pub(crate) const MOST_JSON: usize = 48 * 1024;

/// The first message for a runner.
///
/// # Errors
/// The settings are too long.
pub(crate) fn start_message(
    config: &RuntimeConfig,
    purpose: Purpose,
    instance: &str,
    settings: &Value,
) -> Result<Box<Start>, SpawnError> {
    if settings.to_string().len() > MOST_JSON {
        return Err(SpawnError::Settings);
    }
    Ok(Box::new(Start {
        protocol: PROTOCOL,
        purpose,
        host_pid: std::process::id(),
        settings: settings.clone(),
        panel: Panel {
            fps: config.fps.into(),
            instance: instance.to_owned(),
            time_zone: config.time_zone.clone(),
            location: config.location,
        },
        limits: config.limits,
        required: config.required.clone(),
        disable: config.disable.clone(),
    }))
}

impl Process {
    /// Starts a runner; it has not been told anything yet.
    pub(crate) async fn spawn(spawner: &Spawner, runner: &[std::path::PathBuf]) -> Result<Self, SpawnError> {
        let (ours, theirs) = Link::pair().map_err(SpawnError::resource("a socket pair"))?;
        ours.set_nonblocking(true).map_err(SpawnError::resource("a socket that does not block"))?;
        let (log, output) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
            .map_err(|errno| SpawnError::Resource { what: "a pipe", source: errno.into() })?;
        rustix::io::ioctl_fionbio(&log, true).map_err(|errno| SpawnError::Resource {
            what: "a pipe that does not block",
            source: errno.into(),
        })?;
        let command: Vec<OsString> = runner.iter().map(|word| word.clone().into_os_string()).collect();
        let program = command.first().cloned().unwrap_or_default();
        let mut child = spawner
            .spawn(command, theirs.into(), output)
            .await
            .map_err(|source| SpawnError::Program { program, source })?;
        let registered = register(&child, ours, log);
        match registered {
            Ok((link, log, pidfd)) => {
                let pid = child.id();
                Ok(Self { link, log, pidfd, pid, child, reaped: None })
            }
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Ends the process at once. It is noticed through the pidfd, as any death.
    pub(crate) fn kill(&self) {
        let _ = pidfd_send_signal(self.pidfd.get_ref(), Signal::KILL);
    }

    /// How the process ended; call it when the pidfd is readable.
    pub(crate) fn reap(&mut self) -> Option<ExitStatus> {
        if self.reaped.is_none() {
            self.reaped = self.child.try_wait().ok().flatten();
        }
        self.reaped
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.reap().is_none() {
            self.kill();
            let _ = self.child.wait();
        }
    }
}

type Registered = (AsyncFd<Link>, AsyncFd<OwnedFd>, AsyncFd<OwnedFd>);

fn register(child: &Child, link: Link, log: OwnedFd) -> Result<Registered, SpawnError> {
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or_else(|| SpawnError::resource("a process id")(io::Error::other("out of range")))?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty())
        .map_err(|errno| SpawnError::Resource { what: "a process descriptor", source: errno.into() })?;
    Ok((
        watched(link).map_err(SpawnError::resource("a watch on a socket"))?,
        watched(log).map_err(SpawnError::resource("a watch on a pipe"))?,
        watched(pidfd).map_err(SpawnError::resource("a watch on a process"))?,
    ))
}

/// A descriptor that tokio watches. What is watched here owns its descriptor for as long as it lives, which is what
/// the deprecated function cannot check and its successor wants sworn in an `unsafe` block.
#[expect(deprecated, reason = "its successor is unsafe and promises nothing more for owned descriptors")]
fn watched<T: std::os::fd::AsRawFd>(owned: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::new(owned)
}

impl Orders {
    /// The descriptors of the message, in its order.
    pub(crate) fn descriptors(&self) -> Vec<std::os::fd::BorrowedFd<'_>> {
        let mut fds = vec![self.library.as_fd()];
        if let Some(frames) = &self.frames {
            fds.extend(frames.reader.handover());
        }
        fds
    }
}

/// How a process ended, in the words of an operator: `SIGSEGV`, `exit code 3`.
pub(crate) fn ending(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => signal_name(signal),
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => "an unknown end".to_owned(),
    }
}

pub(crate) fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}
