//! A hostile writer, and memory that is not what it says.
//!
//! Invariant: the reader's calls return, stay in their documented ranges, and the violations are counted.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use marquee_frames::{FrameInfo, FramesError, Reader, Tick, UNKNOWN_CODE, Writer, WriterThread};
use proptest::prelude::*;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::io::{Errno, pwrite};

/// Offset of the word that says which slot is in the middle.
const MIDDLE: u64 = 64;
/// Bytes of the header page.
const PAGE: u64 = 4096;

fn memory_of(reader: &Reader) -> OwnedFd {
    reader.handover()[0].try_clone_to_owned().unwrap()
}

fn open(reader: &Reader) -> Writer {
    let [memory, tick, frame] = reader.handover().map(|fd| fd.try_clone_to_owned().unwrap());
    Writer::open(memory, tick, frame).unwrap()
}

/// Everything a host does with a reader; panics if an answer is out of its range.
fn use_all_of(reader: &mut Reader, pixels: &mut [u8]) {
    if let Some(info) = reader.take() {
        assert_eq!(info.size, reader.size());
        assert!(info.outcome <= 2);
    }
    reader.copy_pixels(pixels).unwrap();
    reader.drain_frame_event();
    let activity = reader.activity();
    for thread in [WriterThread::Draw, WriterThread::Fetch, WriterThread::Control] {
        assert!(activity.of(thread).code <= UNKNOWN_CODE);
    }
    if let Some(fault) = activity.fault {
        assert!((1..=64).contains(&fault.signal) && fault.callback <= UNKNOWN_CODE);
    }
}

/// P-PLUGIN-8: tries to truncate the memory.
#[test]
fn the_memory_can_be_neither_shortened_nor_lengthened_nor_sealed_further() {
    let reader = Reader::create(64, 32).unwrap();
    let memory = memory_of(&reader);
    assert_eq!(ftruncate(&memory, 0), Err(Errno::PERM));
    assert_eq!(ftruncate(&memory, 1 << 20), Err(Errno::PERM));
    assert_eq!(fcntl_add_seals(&memory, SealFlags::WRITE), Err(Errno::PERM));
}

/// P-PLUGIN-8: writes garbage into the shared header and into slots it gave up.
#[test]
fn every_header_word_full_of_ones_spoils_only_what_is_shown() {
    let mut reader = Reader::create(16, 8).unwrap();
    let memory = memory_of(&reader);
    let mut pixels = vec![0; reader.frame_bytes()];
    assert!(reader.tick(Tick { seq: 1, ..Tick::default() }).unwrap());
    pwrite(&memory, &[0xFF; 3 * 4096 + 4096], 0).unwrap();
    use_all_of(&mut reader, &mut pixels);
    assert_eq!(reader.violations(), 1);
    assert_eq!(reader.size(), (16, 8));
    assert_eq!(reader.outstanding().map(|(seq, _)| seq), Some(1));
    assert!(!reader.tick(Tick { seq: 2, ..Tick::default() }).unwrap());
}

/// P-PLUGIN-8: a slot number that cannot be.
#[test]
fn the_readers_own_slot_and_slots_that_do_not_exist_are_refused_and_counted() {
    for (count, value) in (1..).zip([4u32, 7, 3, 8, 1 << 31, u32::MAX]) {
        // 4: "fresh, slot 0", which the reader itself has from the start.
        let mut reader = Reader::create(4, 4).unwrap();
        for _ in 0..count {
            pwrite(memory_of(&reader), &value.to_ne_bytes(), MIDDLE).unwrap();
            assert_eq!(reader.take(), None, "{value:#x}");
        }
        assert_eq!(reader.violations(), count, "{value:#x}");
    }
}

/// P-PLUGIN-8: a description that is not true.
#[test]
fn a_frame_of_another_size_outcome_or_future_tick_is_not_shown_and_answers_nothing() {
    // Offsets in the slot's header: seq at 0, width at 24, height at 28, outcome at 32.
    for (offset, bytes) in [(24, &[0xFF; 4]), (28, &[0; 4]), (32, &[3, 0, 0, 0]), (0, &[2, 0, 0, 0])] {
        let mut reader = Reader::create(4, 4).unwrap();
        let mut writer = open(&reader);
        assert!(reader.tick(Tick { seq: 1, ..Tick::default() }).unwrap());
        assert!(writer.tick().is_some());
        writer.publish(FrameInfo { seq: 1, size: (4, 4), ..FrameInfo::default() }).unwrap();
        // The writer's first frame lies in slot 2.
        pwrite(memory_of(&reader), bytes, PAGE + 2 * PAGE + offset).unwrap();
        assert_eq!(reader.take(), None, "offset {offset}");
        assert_eq!(reader.violations(), 1, "offset {offset}");
        assert!(reader.outstanding().is_some(), "offset {offset}");
    }
}

/// P-PLUGIN-8: garbage without end while the reader works.
#[test]
fn a_writer_that_scribbles_over_everything_all_the_time_stops_nothing() {
    let mut reader = Reader::create(32, 16).unwrap();
    let memory = memory_of(&reader);
    let frame_ring = reader.handover()[2].try_clone_to_owned().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&over);
    let scribbling = thread::spawn(move || {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut garbage = vec![0; 4096];
        while !stop.load(Ordering::Relaxed) {
            for chunk in garbage.chunks_mut(8) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Small numbers now and then, so that some of it looks right.
                let value = if state & 1 == 0 { state } else { state % 8 };
                chunk.copy_from_slice(&value.to_ne_bytes());
            }
            for page in 0..4 {
                pwrite(&memory, &garbage, page * PAGE).unwrap();
            }
            let _ = rustix::io::write(&frame_ring, &garbage);
        }
    });
    let mut pixels = vec![0; reader.frame_bytes()];
    let mut seq = 0;
    while reader.violations() < 200 {
        if reader.outstanding().is_none() {
            seq += 1;
            reader.tick(Tick { seq, ..Tick::default() }).unwrap();
        }
        use_all_of(&mut reader, &mut pixels);
    }
    over.store(true, Ordering::Relaxed);
    scribbling.join().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// P-PLUGIN-8: any garbage anywhere.
    #[test]
    fn any_bytes_anywhere_leave_every_answer_in_its_range(
        writes in prop::collection::vec((0u64..4 * PAGE - 64, prop::collection::vec(any::<u8>(), 1..64)), 1..30),
        middle in 0u32..10,
    ) {
        let mut reader = Reader::create(10, 10).unwrap();
        let mut pixels = vec![0; reader.frame_bytes()];
        for (offset, bytes) in writes {
            pwrite(memory_of(&reader), &bytes, offset).unwrap();
            pwrite(memory_of(&reader), &middle.to_ne_bytes(), MIDDLE).unwrap();
            use_all_of(&mut reader, &mut pixels);
        }
    }
}

/// Opens memory of the writer's own making; the events are those of a real reader.
fn open_made(len: u64, seals: SealFlags, head: [u32; 4]) -> Result<Writer, FramesError> {
    let memory = memfd_create("made", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
    ftruncate(&memory, len).unwrap();
    let head: Vec<u8> = head.iter().flat_map(|word| word.to_ne_bytes()).take(len as usize).collect();
    pwrite(&memory, &head, 0).unwrap();
    fcntl_add_seals(&memory, seals).unwrap();
    open_fd(memory)
}

fn open_fd(memory: impl Into<OwnedFd>) -> Result<Writer, FramesError> {
    let reader = Reader::create(1, 1).unwrap();
    let [_, tick, frame] = reader.handover().map(|fd| fd.as_fd().try_clone_to_owned().unwrap());
    Writer::open(memory.into(), tick, frame)
}

#[test]
fn memory_without_each_seal_or_with_a_wrong_beginning_or_length_is_refused_before_mapping() {
    let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    let magic = u32::from_ne_bytes(*b"MQFR");
    let head = [magic, 1, 4, 4];
    let len = 4 * PAGE;
    assert!(open_made(len, seals, head).is_ok());
    for missing in [SealFlags::SHRINK, SealFlags::GROW, SealFlags::SEAL] {
        assert!(matches!(open_made(len, seals - missing, head), Err(FramesError::Unsealed)), "{missing:?}");
    }
    assert!(matches!(open_made(len, seals, [magic ^ 1, 1, 4, 4]), Err(FramesError::Foreign)));
    assert!(matches!(
        open_made(len, seals, [magic, 2, 4, 4]),
        Err(FramesError::Version { found: 2, known: 1 })
    ));
    assert!(matches!(open_made(len, seals, [magic, 1, 0, 4]), Err(FramesError::Size { .. })));
    assert!(matches!(open_made(len, seals, [magic, 1, 4, u32::MAX]), Err(FramesError::Size { .. })));
    assert!(matches!(open_made(len, seals, [magic, 1, 64, 64]), Err(FramesError::Length { .. })));
    assert!(matches!(open_made(len + 1, seals, head), Err(FramesError::Length { .. })));
    assert!(matches!(open_made(8, seals, head), Err(FramesError::Foreign)));
    assert!(matches!(open_made(0, seals, head), Err(FramesError::Foreign)));
}

#[test]
fn what_is_no_memory_file_at_all_is_refused() {
    let (pipe, _other) = std::io::pipe().unwrap();
    assert!(matches!(open_fd(pipe), Err(FramesError::Unsealed)));
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    assert!(matches!(open_fd(file), Err(FramesError::Unsealed)));
}
