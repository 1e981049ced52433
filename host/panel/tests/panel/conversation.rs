//! The panel process as hosts see it, honest ones and others.

use std::time::Duration;

use crate::common::{LIMIT, Process, SIZE, filled, socket};
use marquee_frames::{DRAWN, FrameInfo};
use marquee_link::{Link, Received};
use marquee_panel_link::{HostMessage, PROTOCOL, PanelConnection, PanelMessage, TestPicture, connect};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};

fn publish(host: &mut PanelConnection, value: u8) {
    let seq = host.frames.tick().map_or(0, |tick| tick.seq);
    host.frames.begin().fill(value);
    host.frames.publish(FrameInfo { seq, size: SIZE, outcome: DRAWN, ..FrameInfo::default() }).unwrap();
}

fn wait_for_tick(host: &mut PanelConnection) -> u64 {
    let limit = Timespec::try_from(LIMIT).unwrap();
    loop {
        if let Some(tick) = host.frames.tick() {
            host.frames.drain_tick_event();
            return tick.seq;
        }
        let mut fds = [PollFd::from_borrowed_fd(host.frames.tick_event(), PollFlags::IN)];
        assert_eq!(poll(&mut fds, Some(&limit)).unwrap(), 1, "no tick came");
        host.frames.drain_tick_event();
    }
}

fn stranger(path: &std::path::Path) -> Link {
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    rustix::net::connect(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
    Link::from_fd(socket).unwrap()
}

fn is_closed(link: &Link) -> bool {
    matches!(link.recv_timeout(LIMIT), Ok(Received::Closed) | Err(_))
}

#[test]
fn frames_reach_the_panel_and_each_is_answered_by_a_tick() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 60.0);
    let mut host = connect(&path, "test", 60, LIMIT).unwrap();
    assert_eq!(host.panel.size, SIZE);
    assert_eq!(host.panel.description, "a record of a panel");
    for value in 1..=50 {
        assert_eq!(wait_for_tick(&mut host), u64::from(value));
        publish(&mut host, value);
    }
    let asked = process.record.until_shown(&filled(50));
    let values: Vec<u8> = asked.shown.iter().map(|rgb| rgb[0]).collect();
    assert_eq!(values, (0..=50).collect::<Vec<u8>>(), "dark at first, then each frame once and whole");
}

#[test]
fn the_panel_ticks_at_the_pace_of_the_host() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 120.0);
    let mut host = connect(&path, "test", 30, LIMIT).unwrap();
    for value in 1..=10 {
        wait_for_tick(&mut host);
        publish(&mut host, value);
    }
    process
        .record
        .until("four refreshes for each frame", |asked| asked.shown.len() == 11 && asked.waits == 30);
}

#[test]
fn a_frame_without_news_is_not_shown_again_and_a_still_picture_causes_nothing() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 60.0);
    let mut host = connect(&path, "test", 60, LIMIT).unwrap();
    for value in [7, 7, 7, 8] {
        wait_for_tick(&mut host);
        publish(&mut host, value);
    }
    wait_for_tick(&mut host);
    let asked = process.record.now();
    assert_eq!(asked.shown.iter().map(|rgb| rgb[0]).collect::<Vec<_>>(), [0, 7, 8]);
    assert_eq!(
        asked.waits, 2,
        "each frame without news takes one refresh, so a host cannot make the loop spin"
    );
}

#[test]
fn a_new_host_replaces_the_old_one() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 60.0);
    let mut old = connect(&path, "old", 60, LIMIT).unwrap();
    publish(&mut old, 1);
    process.record.until_shown(&filled(1));
    let mut new = connect(&path, "new", 60, LIMIT).unwrap();
    assert!(is_closed(&old.link));
    publish(&mut old, 99);
    publish(&mut new, 2);
    let asked = process.record.until_shown(&filled(2));
    assert!(!asked.shown.contains(&filled(99)), "the memory of the old host is not looked at any more");
}

#[test]
fn the_last_frame_stays_when_the_host_goes() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 60.0);
    let mut host = connect(&path, "test", 60, LIMIT).unwrap();
    publish(&mut host, 5);
    process.record.until_shown(&filled(5));
    drop(host);
    let next = connect(&path, "next", 60, LIMIT).unwrap();
    assert_eq!(process.record.now().shown.last(), Some(&filled(5)));
    drop(next);
}

#[test]
fn the_panel_goes_dark_when_the_host_stays_away() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::from_millis(30), 60.0);
    let mut host = connect(&path, "test", 60, LIMIT).unwrap();
    publish(&mut host, 5);
    process.record.until_shown(&filled(5));
    drop(host);
    let asked = process.record.until_shown(&filled(0));
    assert_eq!(asked.shown.len(), 3);
}

#[test]
fn brightness_dark_and_test_pictures_come_at_once() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 60.0);
    let mut host = connect(&path, "test", 60, LIMIT).unwrap();
    publish(&mut host, 5);
    process.record.until_shown(&filled(5));
    let say = |message: HostMessage| host.link.send(&message.encode(), &[]).unwrap();
    say(HostMessage::Brightness { percent: 40 });
    let dimmed = |asked: &crate::common::Asked| asked.brightness == Some(40) && asked.shown.len() == 3;
    assert_eq!(process.record.until("the picture again, dimmed", dimmed).shown[2], filled(5));
    say(HostMessage::Test { picture: TestPicture::White });
    process.record.until_shown(&filled(255));
    say(HostMessage::Blank);
    process.record.until_shown(&filled(0));
    wait_for_tick(&mut host);
    publish(&mut host, 5);
    process.record.until_shown(&filled(5));
}

#[test]
fn hosts_of_another_version_are_told_so() {
    let (_home, path) = socket();
    let _process = Process::start(&path, Duration::ZERO, 60.0);
    let link = stranger(&path);
    link.send(br#"{"type":"hello","protocol":7,"new":true}"#, &[]).unwrap();
    let Ok(Received::Packet(answer)) = link.recv_timeout(LIMIT) else { panic!("no answer") };
    let Ok(PanelMessage::Refused { reason, .. }) = PanelMessage::decode(&answer.bytes) else {
        panic!("no refusal")
    };
    assert!(reason.contains("the host is too new"), "{reason}");
    assert!(is_closed(&link));
}

/// P-PLUGIN-9, as far as it is about this process: malformed, huge and out-of-order messages cost the connection.
#[test]
fn strangers_that_talk_nonsense_lose_their_connection_and_nobody_else_does() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 60.0);
    let mut host = connect(&path, "test", 60, LIMIT).unwrap();
    let blank = HostMessage::Blank.encode();
    let long = vec![b'{'; 60_000];
    for nonsense in [b"".as_slice(), b"{}", b"\xff\xfe", &blank, &long] {
        let link = stranger(&path);
        if !nonsense.is_empty() {
            link.send(nonsense, &[]).unwrap();
            assert!(is_closed(&link));
        }
    }
    // More silent ones than are listened to at a time: the oldest goes first.
    let silent: Vec<Link> = (0..6).map(|_| stranger(&path)).collect();
    assert!(is_closed(&silent[0]) && is_closed(&silent[1]));
    publish(&mut host, 9);
    process.record.until_shown(&filled(9));
}

#[test]
fn a_host_that_breaks_the_protocol_later_is_dropped_too() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 60.0);
    let hello = HostMessage::Hello { protocol: PROTOCOL, name: "twice".to_owned(), fps: 60 }.encode();
    for word in [b"nonsense".as_slice(), &hello] {
        let mut host = connect(&path, "test", 60, LIMIT).unwrap();
        publish(&mut host, 3);
        process.record.until_shown(&filled(3));
        host.link.send(word, &[]).unwrap();
        assert!(is_closed(&host.link));
    }
}
