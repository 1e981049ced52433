//! The host's side: connect, greet, check what comes back, open the memory.
//!
//! Invariant: nothing here waits longer than it was told to, and a panel process that misbehaves is an error and
//! never a panic. Every descriptor of a conversation that fails is closed.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use marquee_frames::{FramesError, Writer};
use marquee_link::{Link, LinkError, Received};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};

use crate::{HostMessage, MessageError, PROTOCOL, PanelMessage};

/// A panel process that has accepted this host.
#[derive(Debug)]
pub struct PanelConnection {
    /// The conversation. Readable when the panel process has closed it, or says something this version ignores.
    pub link: Link,
    /// The panel.
    pub panel: PanelInfo,
    /// Where frames go and ticks come from.
    pub frames: Writer,
}

/// What the panel process says about its panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelInfo {
    /// Width and height in pixels, 1 to 1024 each; the same as the memory's.
    pub size: (u16, u16),
    /// Refreshes a second; 0 if not known.
    pub refresh_hz: f64,
    /// In words, at most 256 bytes without control characters.
    pub description: String,
}

/// Why there is no conversation with the panel process.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens there.
    #[error("no panel process listens at {path}: start marquee-panel, or correct socket in [panel.hub75]")]
    NobodyThere {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The socket does not let this user in.
    #[error(
        "the panel process at {path} does not let this user in: put the user of the host into the group marquee"
    )]
    Denied {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The path cannot be the name of a socket.
    #[error("{path} cannot be the name of a socket: use a path of at most 107 bytes")]
    Path {
        /// The path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system has no socket for us, or the connection broke at once.
    #[error("the connection to the panel process at {path} failed")]
    Connect {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It does not answer.
    #[error("the panel process at {path} did not answer within {} ms", limit.as_millis())]
    Silent {
        /// The socket.
        path: PathBuf,
        /// How long it was given.
        limit: Duration,
    },
    /// It closed the connection without an answer.
    #[error(
        "the panel process at {path} closed the connection: is this user in allow_users of [panel.hub75]?"
    )]
    Closed {
        /// The socket.
        path: PathBuf,
    },
    /// It said no.
    #[error("the panel process refused: {0}")]
    Refused(String),
    /// The conversation broke.
    #[error("the conversation with the panel process broke")]
    Link(#[from] LinkError),
    /// Its answer is not understood.
    #[error("the panel process gave no usable answer")]
    Message(#[from] MessageError),
    /// Its answer came with the wrong number of descriptors.
    #[error("the panel process handed over {0} descriptors instead of 3")]
    Descriptors(usize),
    /// Its memory is not as it should be.
    #[error("the panel process handed over a memory that cannot be used")]
    Memory(#[from] FramesError),
    /// Its memory has another size than its answer.
    #[error("the panel process says {said:?} pixels and handed over a memory for {found:?}")]
    Size {
        /// Width and height of the answer.
        said: (u16, u16),
        /// Width and height of the memory.
        found: (u16, u16),
    },
}

/// Greets the panel process at `path` and opens its memory, within about `limit`. Blocks; not for the render thread.
///
/// `name` is for its log (no control characters, at most 256 bytes), `fps` how often the host draws, 1 to
/// [`MAX_FPS`](crate::MAX_FPS).
///
/// # Errors
/// See [`ConnectError`]. All are worth trying again later but [`ConnectError::Message`] and
/// [`ConnectError::Refused`], where somebody must update or configure something first.
pub fn connect(path: &Path, name: &str, fps: u16, limit: Duration) -> Result<PanelConnection, ConnectError> {
    let link = Link::from_fd(socket(path)?)?;
    link.try_send(&HostMessage::Hello { protocol: PROTOCOL, name: name.to_owned(), fps }.encode(), &[])?;
    let answer = match link.recv_timeout(limit)? {
        Received::Packet(packet) => packet,
        Received::Empty => return Err(ConnectError::Silent { path: path.to_owned(), limit }),
        Received::Closed => return Err(ConnectError::Closed { path: path.to_owned() }),
    };
    let (size, refresh_hz, description) = match PanelMessage::decode(&answer.bytes)? {
        PanelMessage::Refused { reason, .. } => return Err(ConnectError::Refused(reason)),
        PanelMessage::Panel { width, height, refresh_hz, description, .. } => {
            ((width, height), refresh_hz, description)
        }
    };
    let [memory, tick_event, frame_event] =
        <[OwnedFd; 3]>::try_from(answer.fds).map_err(|fds| ConnectError::Descriptors(fds.len()))?;
    let frames = Writer::open(memory, tick_event, frame_event)?;
    if frames.size() != size {
        return Err(ConnectError::Size { said: size, found: frames.size() });
    }
    Ok(PanelConnection { link, panel: PanelInfo { size, refresh_hz, description }, frames })
}

/// A connected socket. Never waits: a panel process whose queue of callers is full counts as not there.
fn socket(path: &Path) -> Result<OwnedFd, ConnectError> {
    let failed = |errno: Errno| {
        let (path, source) = (path.to_owned(), io::Error::from(errno));
        match errno {
            Errno::NOENT | Errno::CONNREFUSED | Errno::AGAIN => ConnectError::NobodyThere { path, source },
            Errno::ACCESS | Errno::PERM => ConnectError::Denied { path, source },
            _ => ConnectError::Connect { path, source },
        }
    };
    let address = SocketAddrUnix::new(path)
        .map_err(|errno| ConnectError::Path { path: path.to_owned(), source: errno.into() })?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).map_err(failed)?;
    rustix::net::connect(&socket, &address).map_err(failed)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::thread;

    use marquee_frames::Reader;
    use rustix::net::{accept_with, bind, listen};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Connects to a panel process that does with the caller's link what `answer` does.
    fn against(answer: impl FnOnce(&Link) + Send + 'static) -> Result<PanelConnection, ConnectError> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("panel.sock");
        let flags = SocketFlags::CLOEXEC;
        let listener = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
        bind(&listener, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        listen(&listener, 1).unwrap();
        let panel = thread::spawn(move || {
            let link = Link::from_fd(accept_with(&listener, flags).unwrap()).unwrap();
            let hello = link.recv().unwrap().unwrap();
            assert!(matches!(HostMessage::decode(&hello.bytes), Ok(HostMessage::Hello { fps: 60, .. })));
            answer(&link);
        });
        let result = connect(&path, "test", 60, LIMIT);
        panel.join().unwrap();
        result
    }

    fn panel(width: u16, height: u16) -> Vec<u8> {
        let description = "a test".to_owned();
        PanelMessage::Panel { protocol: PROTOCOL, width, height, refresh_hz: 120.0, description }.encode()
    }

    #[test]
    fn a_host_gets_the_memory_of_the_panel_process() {
        let connection = against(|link| {
            let reader = Reader::create(32, 16).unwrap();
            link.send(&panel(32, 16), &reader.handover()).unwrap();
        })
        .unwrap();
        assert_eq!(connection.frames.size(), (32, 16));
        assert_eq!(connection.panel.description, "a test");
    }

    #[test]
    fn answers_that_do_not_fit_are_refused() {
        let sizes = against(|link| {
            let reader = Reader::create(32, 16).unwrap();
            link.send(&panel(64, 16), &reader.handover()).unwrap();
        });
        assert!(matches!(sizes, Err(ConnectError::Size { said: (64, 16), found: (32, 16) })));
        let none = against(|link| link.send(&panel(32, 16), &[]).unwrap());
        assert!(matches!(none, Err(ConnectError::Descriptors(0))));
        let no_memory = against(|link| {
            let pipe = rustix::pipe::pipe().unwrap();
            let fds = [pipe.0.as_fd(), pipe.1.as_fd(), pipe.1.as_fd()];
            link.send(&panel(32, 16), &fds).unwrap();
        });
        assert!(matches!(no_memory, Err(ConnectError::Memory(_))));
        assert!(matches!(against(|link| link.send(b"{", &[]).unwrap()), Err(ConnectError::Message(_))));
        assert!(matches!(against(|_| {}), Err(ConnectError::Closed { .. } | ConnectError::Link(_))));
    }

    #[test]
    fn a_refusal_is_passed_on_in_its_own_words() {
        let reason = "the panel is being set up".to_owned();
        let refused = against(move |link| {
            link.send(&PanelMessage::Refused { protocol: PROTOCOL, reason }.encode(), &[]).unwrap();
        });
        let message = refused.err().unwrap().to_string();
        assert_eq!(message, "the panel process refused: the panel is being set up");
    }

    #[test]
    fn a_missing_panel_process_is_named_by_its_socket() {
        let error = connect(Path::new("/nowhere/panel.sock"), "test", 60, LIMIT).err().unwrap();
        assert!(error.to_string().starts_with("no panel process listens at /nowhere/panel.sock"), "{error}");
        let long = "/".repeat(300);
        assert!(matches!(connect(Path::new(&long), "test", 60, LIMIT), Err(ConnectError::Path { .. })));
    }
}
