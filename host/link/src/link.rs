//! One end of a link: send and receive whole messages.
//!
//! Invariant: every descriptor that the kernel installs while receiving is owned at once, so each early return closes
//! it; no call raises `SIGPIPE`.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair, sockopt,
};

use crate::{LinkError, queue};

/// The longest message in bytes. Send more than this as a sealed memory file.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// The most descriptors that one message carries.
pub const MAX_DESCRIPTORS: usize = 8;

/// One end of a link. All calls take `&self` and may come from several threads: messages are atomic, so they
/// interleave but never mix.
#[derive(Debug)]
pub struct Link(OwnedFd);

/// One received message.
#[derive(Debug)]
pub struct Packet {
    /// 1 to [`MAX_MESSAGE`] bytes, as the peer sent them: unchecked input.
    pub bytes: Vec<u8>,
    /// At most [`MAX_DESCRIPTORS`], close-on-exec, in the order sent. Of which kind they are is unchecked.
    pub fds: Vec<OwnedFd>,
}

/// What [`Link::try_recv`] and [`Link::recv_timeout`] found.
#[derive(Debug)]
pub enum Received {
    /// A message.
    Packet(Packet),
    /// No message yet; the peer is still there.
    Empty,
    /// The peer closed its end and every message it sent was received.
    Closed,
}

impl Link {
    /// Two connected ends, both close-on-exec and blocking.
    ///
    /// # Errors
    /// When the process or the system is out of descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (here, there) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Self(here), Self(there)))
    }

    /// Takes over one end, as inherited or accepted from a listening socket.
    ///
    /// # Errors
    /// [`LinkError::NotALink`] unless it is a Unix `SOCK_SEQPACKET` socket; the descriptor is then closed.
    pub fn from_fd(fd: OwnedFd) -> Result<Self, LinkError> {
        let kind = match sockopt::socket_type(&fd) {
            Err(Errno::NOTSOCK) => return Err(LinkError::NotALink),
            other => other.map_err(LinkError::io("ask the kind of"))?,
        };
        let domain = sockopt::socket_domain(&fd).map_err(LinkError::io("ask the family of"))?;
        if kind == SocketType::SEQPACKET && domain == AddressFamily::UNIX {
            Ok(Self(fd))
        } else {
            Err(LinkError::NotALink)
        }
    }

    /// Sends one message, waiting while the peer's queue is full. The peer gets copies of `fds`.
    ///
    /// A peer that never reads makes this wait for ever: use [`Link::try_send`] towards one that is not trusted.
    ///
    /// # Errors
    /// [`LinkError::Closed`] when the peer is gone; [`LinkError::Full`] only if the link was set non-blocking; the
    /// other variants say what is wrong with the message.
    pub fn send(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> Result<(), LinkError> {
        self.send_with(bytes, fds, SendFlags::NOSIGNAL)
    }

    /// Sends one message, or says [`LinkError::Full`] at once. Never waits.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn try_send(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> Result<(), LinkError> {
        self.send_with(bytes, fds, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)
    }

    /// Waits for the next message, also on a link that was set non-blocking. `None`: the peer closed its end.
    ///
    /// # Errors
    /// [`LinkError::Truncated`] when the peer breaks the limits; the link is best closed then.
    pub fn recv(&self) -> Result<Option<Packet>, LinkError> {
        loop {
            match self.try_recv()? {
                Received::Packet(packet) => return Ok(Some(packet)),
                Received::Closed => return Ok(None),
                Received::Empty => self.wait(None)?,
            }
        }
    }

    /// Waits for the next message for at most `patience`; [`Received::Empty`] when none came.
    ///
    /// # Errors
    /// As [`Link::recv`].
    pub fn recv_timeout(&self, patience: Duration) -> Result<Received, LinkError> {
        let start = Instant::now();
        loop {
            match self.try_recv()? {
                Received::Empty => {}
                found => return Ok(found),
            }
            let left = patience.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(Received::Empty);
            }
            self.wait(Some(left))?;
        }
    }

    /// The next message if there is one. Never waits.
    ///
    /// # Errors
    /// As [`Link::recv`].
    pub fn try_recv(&self) -> Result<Received, LinkError> {
        let mut bytes = vec![0; MAX_MESSAGE];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let message = loop {
            let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
            match recvmsg(&self.0, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags) {
                // A peer that closed with unread messages resets the link: said once, before what it sent itself.
                Err(Errno::INTR | Errno::CONNRESET) => {}
                Err(Errno::AGAIN) => return Ok(Received::Empty),
                other => break other.map_err(LinkError::io("receive from"))?,
            }
        };
        // Owned before anything is judged, so that each return below closes what it does not hand out.
        let mut fds = Vec::new();
        for part in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = part {
                fds.extend(rights);
            }
        }
        let cut = message.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC);
        // The buffer for descriptors is rounded up, so one more than asked for may fit.
        if cut || fds.len() > MAX_DESCRIPTORS {
            return Err(LinkError::Truncated);
        }
        if message.bytes == 0 {
            return Ok(Received::Closed);
        }
        bytes.truncate(message.bytes);
        bytes.shrink_to_fit();
        Ok(Received::Packet(Packet { bytes, fds }))
    }

    /// Sets whether [`Link::send`] waits. Belongs to the open socket, so copies of the descriptor follow.
    ///
    /// # Errors
    /// Hardly ever: when the system refuses `fcntl`.
    pub fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        rustix::io::ioctl_fionbio(&self.0, on)?;
        Ok(())
    }

    /// Bytes that were sent and that the peer has not received yet. What the kernel says, not the peer.
    ///
    /// # Errors
    /// Hardly ever: when the system does not know the question.
    pub fn unread_by_peer(&self) -> io::Result<usize> {
        queue::unsent_bytes(&self.0)
    }

    fn send_with(&self, bytes: &[u8], fds: &[BorrowedFd<'_>], flags: SendFlags) -> Result<(), LinkError> {
        if bytes.is_empty() {
            return Err(LinkError::EmptyMessage);
        }
        if bytes.len() > MAX_MESSAGE {
            return Err(LinkError::TooLong(bytes.len()));
        }
        if fds.len() > MAX_DESCRIPTORS {
            return Err(LinkError::TooManyDescriptors(fds.len()));
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(LinkError::TooManyDescriptors(fds.len()));
        }
        loop {
            match sendmsg(&self.0, &[IoSlice::new(bytes)], &mut control, flags) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Err(LinkError::Full),
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(LinkError::Closed),
                Err(errno) => return Err(LinkError::io("send to")(errno)),
            }
        }
    }

    /// Waits until there is a message or the end, or `patience` is over.
    fn wait(&self, patience: Option<Duration>) -> Result<(), LinkError> {
        // A duration too long for the kernel's clock is as good as none.
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], patience.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(LinkError::io("wait for")(errno)),
        }
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Link {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl From<Link> for OwnedFd {
    fn from(link: Link) -> Self {
        link.0
    }
}
