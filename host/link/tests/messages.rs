//! Messages between two honest ends, and what each side is told when the other is gone or slow.
//!
//! Invariant: whatever is sent arrives whole, in order, or the sender is told.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::Duration;

use marquee_link::{Link, LinkError, MAX_DESCRIPTORS, MAX_MESSAGE, Received};
use proptest::prelude::*;
use rustix::io::{FdFlags, fcntl_getfd};

#[test]
fn a_message_and_its_descriptors_arrive_whole_and_close_on_exec() {
    let (here, there) = Link::pair().unwrap();
    let (mut ear, mouth) = std::io::pipe().unwrap();
    here.send(b"take this", &[mouth.as_fd(), here.as_fd()]).unwrap();
    drop(mouth);

    let packet = there.recv().unwrap().expect("a message");

    assert_eq!(packet.bytes, b"take this");
    assert_eq!(packet.fds.len(), 2);
    for fd in &packet.fds {
        assert!(fcntl_getfd(fd).unwrap().contains(FdFlags::CLOEXEC));
    }
    let mut fds = packet.fds.into_iter();
    File::from(fds.next().unwrap()).write_all(b"through").unwrap();
    let mut heard = String::new();
    ear.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "through");
}

#[test]
fn as_many_descriptors_as_allowed_arrive_in_one_message() {
    let (here, there) = Link::pair().unwrap();
    here.send(b"all", &[here.as_fd(); MAX_DESCRIPTORS]).unwrap();
    assert_eq!(there.recv().unwrap().unwrap().fds.len(), MAX_DESCRIPTORS);
}

#[test]
fn the_longest_message_arrives_and_a_longer_one_is_refused_before_it_is_sent() {
    let (here, there) = Link::pair().unwrap();
    here.send(&vec![7; MAX_MESSAGE], &[]).unwrap();
    assert_eq!(there.recv().unwrap().unwrap().bytes, vec![7; MAX_MESSAGE]);

    assert!(matches!(here.send(&vec![7; MAX_MESSAGE + 1], &[]), Err(LinkError::TooLong(_))));
    assert!(matches!(here.send(b"", &[]), Err(LinkError::EmptyMessage)));
    let many = [here.as_fd(); MAX_DESCRIPTORS + 1];
    assert!(matches!(here.send(b"many", &many), Err(LinkError::TooManyDescriptors(9))));
    assert!(matches!(there.try_recv(), Ok(Received::Empty)));
}

#[test]
fn a_closed_peer_is_the_end_for_both_directions() {
    let (here, there) = Link::pair().unwrap();
    drop(there);
    assert!(here.recv().unwrap().is_none());
    assert!(matches!(here.try_recv(), Ok(Received::Closed)));
    assert!(matches!(here.send(b"hello?", &[]), Err(LinkError::Closed)));
}

#[test]
fn what_a_peer_said_before_it_closed_is_heard_even_if_it_did_not_listen() {
    let (here, there) = Link::pair().unwrap();
    here.send(b"never read", &[]).unwrap();
    there.send(b"last words", &[]).unwrap();
    drop(there);
    assert_eq!(here.recv().unwrap().unwrap().bytes, b"last words");
    assert!(here.recv().unwrap().is_none());
}

#[test]
fn a_peer_that_does_not_read_fills_the_link_and_never_blocks_try_send() {
    let (here, there) = Link::pair().unwrap();
    let mut sent = 0;
    let refused = loop {
        match here.try_send(&[1; 1024], &[]) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, LinkError::Full));
    assert!(sent > 0);
    here.set_nonblocking(true).unwrap();
    assert!(matches!(here.send(&[1; 1024], &[]), Err(LinkError::Full)));
    for _ in 0..sent {
        assert_eq!(there.recv().unwrap().unwrap().bytes.len(), 1024);
    }
    here.try_send(b"again", &[]).unwrap();
}

#[test]
fn recv_waits_for_the_message_also_on_a_non_blocking_link() {
    let (here, there) = Link::pair().unwrap();
    there.set_nonblocking(true).unwrap();
    let waiting = thread::spawn(move || there.recv().unwrap().unwrap().bytes);
    here.send(b"at last", &[]).unwrap();
    assert_eq!(waiting.join().unwrap(), b"at last");
}

#[test]
fn recv_timeout_gives_up_and_loses_nothing() {
    let (here, there) = Link::pair().unwrap();
    assert!(matches!(there.recv_timeout(Duration::from_millis(1)), Ok(Received::Empty)));
    here.send(b"late", &[]).unwrap();
    let Received::Packet(packet) = there.recv_timeout(Duration::MAX).unwrap() else { panic!("no message") };
    assert_eq!(packet.bytes, b"late");
    drop(here);
    assert!(matches!(there.recv_timeout(Duration::MAX), Ok(Received::Closed)));
}

#[test]
fn only_one_end_of_a_link_is_taken_for_a_link() {
    let (end, _other) = Link::pair().unwrap();
    assert!(Link::from_fd(end.into()).is_ok());
    let (stream, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let (datagram, _other) = std::os::unix::net::UnixDatagram::pair().unwrap();
    let (pipe, _other) = std::io::pipe().unwrap();
    let address = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for wrong in [OwnedFd::from(stream), datagram.into(), pipe.into(), address.into()] {
        assert!(matches!(Link::from_fd(wrong), Err(LinkError::NotALink)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn messages_of_any_length_arrive_in_order(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..2000), 1..20)) {
        let (here, there) = Link::pair().unwrap();
        let receiving = thread::spawn(move || {
            let mut all = Vec::new();
            while let Some(packet) = there.recv().unwrap() {
                all.push(packet.bytes);
            }
            all
        });
        for message in &messages {
            here.send(message, &[]).unwrap();
        }
        drop(here);
        prop_assert_eq!(receiving.join().unwrap(), messages);
    }
}
