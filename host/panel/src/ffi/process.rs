//! Calls about this process and its peers that need libc: signals, users, what systemd hands over.
//!
//! Invariant: `become_user` either drops root in every thread, for good, or is an error.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

use crate::access::{Peer, User};

/// The first descriptor that systemd hands over (`sd_listen_fds(3)`).
const LISTEN_FDS_START: i32 = 3;

/// Root was not dropped.
#[derive(Debug, thiserror::Error)]
pub enum BecomeError {
    /// The system refused one of the steps.
    #[error("root privileges cannot be dropped: the system refused {call}")]
    Refused {
        /// Which step.
        call: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The system said yes, but root could be had back.
    #[error("root privileges cannot be dropped: this process could become root again")]
    NotForGood,
}

/// Becomes this user for good, in all threads, without any other groups. Does nothing unless root.
///
/// The driver's refresh thread must be running by then: it needs root to get its real-time priority.
///
/// # Errors
/// See [`BecomeError`]; the process should end then.
pub fn become_user(user: User) -> Result<(), BecomeError> {
    // SAFETY: No preconditions.
    if unsafe { libc::geteuid() } != 0 {
        return Ok(());
    }
    let checked = |call, result: i32| match result {
        0 => Ok(()),
        _ => Err(BecomeError::Refused { call, source: io::Error::last_os_error() }),
    };
    // libc and not plain system calls: libc's change every thread of the process, the kernel's only this one.
    // SAFETY: An empty list of groups is not read.
    checked("setgroups", unsafe { libc::setgroups(0, ptr::null()) })?;
    // SAFETY: No preconditions.
    checked("setresgid", unsafe { libc::setresgid(user.gid, user.gid, user.gid) })?;
    // SAFETY: No preconditions.
    checked("setresuid", unsafe { libc::setresuid(user.uid, user.uid, user.uid) })?;
    // SAFETY: No preconditions. Must fail now.
    if unsafe { libc::setresuid(0, 0, 0) } == 0 { Err(BecomeError::NotForGood) } else { Ok(()) }
}

/// A descriptor that becomes readable when somebody asks this process to end (`SIGTERM`, `SIGINT`, `SIGHUP`).
/// To be called before any other thread is started: threads inherit that these signals are blocked.
///
/// # Errors
/// When the system is out of descriptors.
pub fn stop_signals() -> io::Result<OwnedFd> {
    // SAFETY: A zeroed set is a valid value of that plain C type, and `sigemptyset` sets it up anyway.
    let mut set = unsafe { std::mem::zeroed::<libc::sigset_t>() };
    // SAFETY: The set is alive; these signals exist.
    unsafe {
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGTERM);
        libc::sigaddset(&raw mut set, libc::SIGINT);
        libc::sigaddset(&raw mut set, libc::SIGHUP);
    }
    // SAFETY: The set is alive; the old one is not asked for.
    let blocked = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()) };
    if blocked != 0 {
        return Err(io::Error::from_raw_os_error(blocked));
    }
    // SAFETY: The set is alive; -1 asks for a new descriptor.
    let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: It was just made and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The socket that systemd made for this process, if it did (`LISTEN_PID`, `LISTEN_FDS`). To be called once, and
/// before anything is opened. What kind of socket it is has not been looked at.
#[must_use]
pub fn inherited_listener() -> Option<OwnedFd> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
    if number("LISTEN_PID") != Some(std::process::id()) || number("LISTEN_FDS") != Some(1) {
        return None;
    }
    // SAFETY: A plain descriptor flag; a number that is not open is an error.
    if unsafe { libc::fcntl(LISTEN_FDS_START, libc::F_SETFD, libc::FD_CLOEXEC) } != 0 {
        return None;
    }
    // SAFETY: It is open, and by the protocol of those two variables it was handed over to this process.
    Some(unsafe { OwnedFd::from_raw_fd(LISTEN_FDS_START) })
}

/// Who is at the other end of a Unix socket, as it was when the connection was made.
///
/// # Errors
/// When it is no connected Unix socket.
pub fn peer_of(socket: impl AsFd) -> io::Result<Peer> {
    // Not through a safe library: theirs has a process id that cannot be zero, the kernel's can (other namespaces).
    let mut peer = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut length = libc::socklen_t::try_from(size_of::<libc::ucred>()).unwrap_or(0);
    // SAFETY: The descriptor is open; `peer` is alive and `length` its size, which the kernel does not exceed.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut length,
        )
    };
    if result == 0 { Ok(Peer { uid: peer.uid, gid: peer.gid }) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use marquee_link::Link;

    use super::*;

    #[test]
    fn a_peer_is_known_by_the_kernel() {
        let (here, _there) = Link::pair().unwrap();
        // SAFETY: No preconditions.
        let own = unsafe { Peer { uid: libc::getuid(), gid: libc::getgid() } };
        assert_eq!(peer_of(&here).unwrap(), own);
        assert!(peer_of(rustix::pipe::pipe().unwrap().0).is_err());
    }
}
