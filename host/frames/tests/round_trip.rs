//! An honest reader and an honest writer: ticks and frames cross whole, pixels are carried over.
//!
//! Invariant: what the reader copies is exactly what the writer drew for the frame that was taken.

use std::thread;

use marquee_frames::{
    DRAWN, Fault, FrameInfo, FramesError, Reader, Tick, UNCHANGED, UNKNOWN_CODE, VISIBLE, Writer,
    WriterThread,
};
use proptest::prelude::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

fn pair(width: u16, height: u16) -> (Reader, Writer) {
    let reader = Reader::create(width, height).unwrap();
    let writer = open(&reader).unwrap();
    (reader, writer)
}

fn open(reader: &Reader) -> Result<Writer, FramesError> {
    let [memory, tick, frame] = reader.handover().map(|fd| fd.try_clone_to_owned().unwrap());
    Writer::open(memory, tick, frame)
}

fn frame(seq: u64, size: (u16, u16)) -> FrameInfo {
    FrameInfo { seq, size, ..FrameInfo::default() }
}

fn readable(fd: std::os::fd::BorrowedFd<'_>) -> bool {
    poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&Timespec::default())).unwrap() == 1
}

fn wait(fd: std::os::fd::BorrowedFd<'_>) {
    poll(&mut [PollFd::new(&fd, PollFlags::IN)], None).unwrap();
}

fn pixels(reader: &Reader) -> Vec<u8> {
    let mut pixels = vec![0xEE; reader.frame_bytes()];
    reader.copy_pixels(&mut pixels).unwrap();
    pixels
}

#[test]
fn a_tick_crosses_whole_and_its_frame_comes_back_with_its_description() {
    let (mut reader, mut writer) = pair(5, 3);
    let tick =
        Tick { seq: 7, show_at_ns: u64::MAX, unix_ns: -1, utc_offset_s: -3600, flags: VISIBLE, news: 9 };
    assert!(!readable(writer.tick_event()));
    assert!(reader.tick(tick).unwrap());
    assert!(readable(writer.tick_event()));
    assert_eq!(writer.drain_tick_event(), 1);
    assert!(!readable(writer.tick_event()));
    assert_eq!(writer.tick(), Some(tick));

    let drawn: Vec<u8> = (0..45).collect();
    writer.begin().copy_from_slice(&drawn);
    let info = FrameInfo {
        seq: 7,
        size: (5, 3),
        outcome: DRAWN,
        wake_kind: 3,
        wake_ns: 1 << 40,
        show: 2,
        draw_ns: 17_000,
    };
    writer.publish(info).unwrap();
    assert_eq!(writer.tick(), None);

    assert!(readable(reader.frame_event()));
    assert_eq!(reader.drain_frame_event(), 1);
    assert_eq!(reader.outstanding().map(|(seq, _)| seq), Some(7));
    assert_eq!(reader.take(), Some(info));
    assert_eq!(reader.outstanding(), None);
    assert_eq!(reader.take(), None);
    assert_eq!(pixels(&reader), drawn);
    assert_eq!(reader.violations(), 0);
}

#[test]
fn before_the_first_frame_the_picture_is_black() {
    let (mut reader, mut writer) = pair(4, 4);
    assert_eq!(reader.take(), None);
    assert_eq!(pixels(&reader), [0; 48]);
    assert_eq!(writer.begin(), [0; 48]);
}

#[test]
fn a_second_tick_is_not_sent_while_the_first_is_unanswered() {
    let (mut reader, mut writer) = pair(2, 2);
    assert!(reader.tick(Tick { seq: 1, ..Tick::default() }).unwrap());
    assert!(!reader.tick(Tick { seq: 2, ..Tick::default() }).unwrap());
    assert_eq!(writer.drain_tick_event(), 1);
    assert_eq!(writer.tick().map(|tick| tick.seq), Some(1));
    // A frame that nobody asked for does not answer it.
    writer.publish(frame(0, (2, 2))).unwrap();
    assert_eq!(reader.take().map(|info| info.seq), Some(0));
    assert!(!reader.tick(Tick { seq: 2, ..Tick::default() }).unwrap());
    writer.publish(frame(1, (2, 2))).unwrap();
    assert!(reader.take().is_some());
    assert!(reader.tick(Tick { seq: 2, ..Tick::default() }).unwrap());
}

#[test]
fn ticks_must_rise_and_frames_must_answer_a_tick_that_came() {
    let (mut reader, mut writer) = pair(2, 2);
    assert!(matches!(reader.tick(Tick::default()), Err(FramesError::TickOrder { seq: 0, last: 0 })));
    assert!(matches!(writer.publish(frame(1, (2, 2))), Err(FramesError::UnknownTick { seq: 1 })));
    assert!(matches!(writer.publish(frame(0, (2, 3))), Err(FramesError::Info)));
    assert!(matches!(writer.publish(FrameInfo { outcome: 3, ..frame(0, (2, 2)) }), Err(FramesError::Info)));
    assert_eq!(reader.take(), None);
    assert!(matches!(reader.copy_pixels(&mut [0; 11]), Err(FramesError::Buffer { found: 11, needed: 12 })));
}

#[test]
fn a_frame_begins_with_the_pixels_of_the_one_before() {
    let (mut reader, mut writer) = pair(3, 2);
    let mut expected = vec![0; 18];
    for round in 0..18 {
        writer.begin()[round] = 100;
        expected[round] = 100;
        assert_eq!(writer.begin(), expected, "beginning again keeps what was drawn");
        writer.publish(frame(0, (3, 2))).unwrap();
        // Taken at some rounds and not at others, so every order of the slots is met.
        if round % 3 != 1 {
            assert!(reader.take().is_some());
            assert_eq!(pixels(&reader), expected);
        }
    }
    // Published without drawing: the same pixels, as an unchanged frame.
    writer.publish(FrameInfo { outcome: UNCHANGED, ..frame(0, (3, 2)) }).unwrap();
    assert_eq!(reader.take().map(|info| info.outcome), Some(UNCHANGED));
    assert_eq!(pixels(&reader), expected);
}

#[test]
fn activity_says_which_call_each_thread_is_in_and_keeps_the_first_fault() {
    let (reader, writer) = pair(1, 1);
    assert_eq!(reader.activity(), marquee_frames::Activity::default());
    let handle = writer.activity_handle();
    writer.activity().set_callback(WriterThread::Draw, 3);
    handle.set_callback(WriterThread::Fetch, 2);
    handle.set_callback(WriterThread::Control, 70_000);
    let first = reader.activity();
    assert_eq!(first.of(WriterThread::Draw).code, 3);
    assert_eq!(first.of(WriterThread::Fetch).code, 2);
    assert_eq!(first.of(WriterThread::Control).code, UNKNOWN_CODE);
    assert_eq!(handle.callback(WriterThread::Draw), 3);

    // The same code again is another call.
    handle.set_callback(WriterThread::Draw, 0);
    handle.set_callback(WriterThread::Draw, 3);
    assert_ne!(reader.activity().draw, first.draw);

    drop(writer);
    handle.set_fault(11, 3);
    handle.set_fault(6, 0);
    assert_eq!(reader.activity().fault, Some(Fault { signal: 11, callback: 3 }));
}

#[test]
fn frames_from_another_thread_are_whole_and_answer_their_ticks() {
    const FRAMES: u64 = 5_000;
    let (mut reader, mut writer) = pair(64, 32);
    let drawing = thread::spawn(move || {
        let mut seq = 0;
        while seq < FRAMES {
            wait(writer.tick_event());
            writer.drain_tick_event();
            let Some(tick) = writer.tick() else { continue };
            assert_eq!(
                (tick.show_at_ns, tick.news),
                (tick.seq * 3, tick.seq as u32),
                "a tick mixed from two"
            );
            seq = tick.seq;
            writer.begin().fill(seq as u8);
            writer.publish(frame(seq, (64, 32))).unwrap();
        }
    });
    for seq in 1..=FRAMES {
        assert!(reader.tick(Tick { seq, show_at_ns: seq * 3, news: seq as u32, ..Tick::default() }).unwrap());
        let info = loop {
            wait(reader.frame_event());
            reader.drain_frame_event();
            if let Some(info) = reader.take() {
                break info;
            }
        };
        assert_eq!(info.seq, seq);
        assert!(pixels(&reader).iter().all(|&byte| byte == seq as u8), "a torn frame");
    }
    drawing.join().unwrap();
    assert_eq!(reader.violations(), 0);
}

#[test]
fn a_writer_that_does_not_wait_is_read_whole_and_in_order() {
    const FRAMES: u32 = 20_000;
    let (mut reader, mut writer) = pair(32, 16);
    let drawing = thread::spawn(move || {
        for count in 1..=FRAMES {
            for pixel in writer.begin().chunks_exact_mut(4) {
                pixel.copy_from_slice(&count.to_ne_bytes());
            }
            writer.publish(FrameInfo { show: count, ..frame(0, (32, 16)) }).unwrap();
        }
    });
    let mut newest = 0;
    while newest < FRAMES {
        wait(reader.frame_event());
        reader.drain_frame_event();
        let Some(info) = reader.take() else { continue };
        assert!(info.show > newest);
        newest = info.show;
        assert!(pixels(&reader).chunks_exact(4).all(|chunk| chunk == newest.to_ne_bytes()), "a torn frame");
    }
    drawing.join().unwrap();
    assert_eq!(reader.violations(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn frames_of_any_size_cross_unchanged(width in 1u16..=300, height in 1u16..=300, seed in any::<u8>()) {
        let (mut reader, mut writer) = pair(width, height);
        prop_assert_eq!(writer.size(), (width, height));
        let drawn: Vec<u8> = (0..reader.frame_bytes()).map(|n| (n as u8).wrapping_mul(31) ^ seed).collect();
        writer.begin().copy_from_slice(&drawn);
        writer.publish(frame(0, (width, height))).unwrap();
        prop_assert_eq!(reader.take().map(|info| info.size), Some((width, height)));
        prop_assert_eq!(pixels(&reader), drawn);
    }
}

#[test]
fn the_largest_frame_crosses_and_a_larger_one_is_refused() {
    let (mut reader, mut writer) = pair(1024, 1024);
    writer.begin().fill(200);
    writer.publish(frame(0, (1024, 1024))).unwrap();
    assert!(reader.take().is_some());
    assert!(pixels(&reader).iter().all(|&byte| byte == 200));
    for (width, height) in [(0, 1), (1, 0), (1025, 1), (1, u16::MAX)] {
        assert!(matches!(Reader::create(width, height), Err(FramesError::Size { .. })));
    }
}

#[test]
fn memory_has_one_writer_ever() {
    let (reader, writer) = pair(2, 2);
    assert!(matches!(open(&reader), Err(FramesError::Claimed)));
    drop(writer);
    assert!(matches!(open(&reader), Err(FramesError::Claimed)));
}
