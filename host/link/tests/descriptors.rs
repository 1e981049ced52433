//! A hostile peer that sends more than a message may have.
//!
//! Invariant: not one descriptor stays open here. One test in a process of its own, because it counts the process's
//! descriptors.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

use marquee_link::{Link, LinkError, MAX_MESSAGE, Received};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// What a peer can send that does not keep to the rules of `Link::send`.
fn send_raw(link: &Link, bytes: &[u8], fds: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        assert!(control.push(SendAncillaryMessage::ScmRights(fds)));
    }
    sendmsg(link, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL).unwrap();
}

/// P-PLUGIN-9: malformed and huge messages.
#[test]
fn a_peer_that_breaks_the_limits_leaks_no_descriptor_and_is_named_so() {
    let (here, there) = Link::pair().unwrap();
    let before = open_descriptors();

    for count in [9, 10, 64, 253] {
        send_raw(&there, b"many", &vec![there.as_fd(); count]);
        assert!(matches!(here.try_recv(), Err(LinkError::Truncated)), "{count} descriptors");
        assert_eq!(open_descriptors(), before, "{count} descriptors");
    }

    send_raw(&there, &vec![0; MAX_MESSAGE + 1], &[there.as_fd(); 3]);
    assert!(matches!(here.recv(), Err(LinkError::Truncated)));
    assert_eq!(open_descriptors(), before, "a long message");

    send_raw(&there, b"", &[there.as_fd(); 3]);
    assert!(matches!(here.try_recv(), Ok(Received::Closed)));
    assert_eq!(open_descriptors(), before, "an empty message");

    // Descriptors that nobody wants are closed with the packet.
    send_raw(&there, b"unwanted", &[there.as_fd(); 8]);
    assert_eq!(here.recv().unwrap().unwrap().bytes, b"unwanted");
    assert_eq!(open_descriptors(), before, "unwanted descriptors");

    // And so are those still under way when an end is closed.
    send_raw(&there, b"under way", &[there.as_fd(); 8]);
    drop(here);
    drop(there);
    assert_eq!(open_descriptors(), before - 2);
}
