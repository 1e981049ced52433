//! The socket that hosts connect to: from systemd, or made here.
//!
//! Invariant: a `SOCK_SEQPACKET` Unix socket that never blocks. Made here it is 0660, so the folder's group decides
//! who can knock; who may come in is decided by [`Allowed`](crate::access::Allowed).

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect, listen, socket_with,
    sockopt,
};

/// Connections that may wait.
const WAITING: i32 = 8;

/// Why there is no socket to listen on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another panel process is there.
    #[error("another marquee-panel already listens at {path}: stop it first, or give --socket another path")]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// Something else has that name.
    #[error("{path} is in the way and is no socket: remove it, or give --socket another path")]
    InTheWay {
        /// The path.
        path: PathBuf,
    },
    /// The socket cannot be made.
    #[error(
        "the socket {path} cannot be made: check that its folder exists and is writable, or give --socket another"
    )]
    Make {
        /// The socket.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What systemd handed over is something else.
    #[error(
        "systemd handed over something else than a listening socket: use ListenSequentialPacket= in the unit"
    )]
    Inherited,
}

/// Makes the socket, its folder if that is missing, and takes the place of one that nobody listens on any more.
///
/// # Errors
/// See [`ListenError`].
pub fn make(path: &Path) -> Result<OwnedFd, ListenError> {
    let failed = |source: io::Error| ListenError::Make { path: path.to_owned(), source };
    let address = SocketAddrUnix::new(path).map_err(|errno| failed(errno.into()))?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let new =
        || socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).map_err(|e| failed(e.into()));
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(ListenError::InTheWay { path: path.to_owned() });
        }
        Ok(_) => {
            if !matches!(connect(new()?, &address), Err(Errno::CONNREFUSED)) {
                return Err(ListenError::Taken { path: path.to_owned() });
            }
            fs::remove_file(path).map_err(failed)?;
        }
        Err(_) => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(failed)?;
            }
        }
    }
    let socket = new()?;
    bind(&socket, &address).map_err(|errno| failed(errno.into()))?;
    fs::set_permissions(path, Permissions::from_mode(0o660)).map_err(failed)?;
    listen(&socket, WAITING).map_err(|errno| failed(errno.into()))?;
    Ok(socket)
}

/// Checks what systemd handed over.
///
/// # Errors
/// [`ListenError::Inherited`] if it is no listening `SOCK_SEQPACKET` Unix socket.
pub fn adopt(socket: OwnedFd) -> Result<OwnedFd, ListenError> {
    let good = sockopt::socket_type(&socket) == Ok(SocketType::SEQPACKET)
        && sockopt::socket_domain(&socket) == Ok(AddressFamily::UNIX)
        && sockopt::socket_acceptconn(&socket) == Ok(true)
        && rustix::io::ioctl_fionbio(&socket, true).is_ok();
    if good { Ok(socket) } else { Err(ListenError::Inherited) }
}

/// The next connection, if one waits. Never blocks.
pub(crate) fn accept(listener: &OwnedFd) -> Option<OwnedFd> {
    accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_left_behind_is_replaced_and_one_in_use_is_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run/panel.sock");
        let first = make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        assert!(matches!(make(&path), Err(ListenError::Taken { .. })));
        drop(first);
        make(&path).unwrap();
    }

    #[test]
    fn a_file_in_the_way_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("panel.sock");
        fs::write(&path, "mine").unwrap();
        assert!(matches!(make(&path), Err(ListenError::InTheWay { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn only_a_listening_socket_is_adopted() {
        let home = tempfile::tempdir().unwrap();
        assert!(adopt(make(&home.path().join("panel.sock")).unwrap()).is_ok());
        let (pair, _other) = marquee_link::Link::pair().unwrap();
        assert!(matches!(adopt(pair.into()), Err(ListenError::Inherited)));
        assert!(adopt(rustix::pipe::pipe().unwrap().0).is_err());
    }
}
