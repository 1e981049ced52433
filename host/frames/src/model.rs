//! The protocol under `loom`, which tries every order of memory operations that the language allows (tests on one
//! kind of processor prove nothing about another's).
//!
//! Invariant checked: `loom` fails a run in which a slot is written while another thread reads or writes it, or in
//! which a read is not ordered after the write it sees; the tests add that frames are whole, rising and the newest.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::*;
use crate::tick::{Tick, TickWords};

struct Shared {
    middle: AtomicU32,
    tick: TickWords,
    slots: [UnsafeCell<[u64; 2]>; SLOTS as usize],
}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            middle: AtomicU32::new(MIDDLE_AT_START),
            tick: TickWords::new(),
            slots: std::array::from_fn(|_| UnsafeCell::new([0; 2])),
        })
    }

    #[expect(unsafe_code, reason = "loom's cells hand out pointers; loom itself checks every access")]
    fn draw(&self, slot: u32, value: u64) {
        // SAFETY: loom fails the test if anyone else accesses the slot meanwhile.
        self.slots[slot as usize].with_mut(|pixels| unsafe { *pixels = [value; 2] });
    }

    #[expect(unsafe_code, reason = "loom's cells hand out pointers; loom itself checks every access")]
    fn look(&self, slot: u32) -> u64 {
        // SAFETY: loom fails the test if anyone writes the slot meanwhile.
        let pixels = self.slots[slot as usize].with(|pixels| unsafe { *pixels });
        assert_eq!(pixels[0], pixels[1], "a torn frame");
        pixels[0]
    }
}

#[test]
fn a_writer_that_does_not_wait_never_tears_a_frame_and_the_newest_wins() {
    loom::model(|| {
        let shared = Shared::new();
        let theirs = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            let mut end = WriterEnd::new();
            for value in 1..=3 {
                // Carrying the last picture over reads a slot that the reader may be reading too.
                if let Some(last) = end.last() {
                    assert_eq!(theirs.look(last), value - 1);
                }
                theirs.draw(end.back(), value);
                end.publish(&theirs.middle).expect("an honest reader");
            }
        });
        let mut end = ReaderEnd::new();
        let mut newest = 0;
        for _ in 0..2 {
            // Reading before a slot is given back: the writer's next picture in it must come after.
            assert_eq!(shared.look(end.front()), newest);
            if end.take(&shared.middle).expect("an honest writer") {
                let value = shared.look(end.front());
                assert!(value > newest, "an older frame after a newer one");
                newest = value;
            }
        }
        writer.join().expect("the writer");
        if end.take(&shared.middle).expect("an honest writer") {
            newest = shared.look(end.front());
        }
        assert_eq!(newest, 3, "the last frame was lost");
        assert_eq!(shared.look(end.front()), 3);
    });
}

#[test]
fn a_tick_is_whole_and_answered_once() {
    loom::model(|| {
        let tick = |seq: u64| Tick {
            seq,
            show_at_ns: seq,
            unix_ns: seq.cast_signed(),
            utc_offset_s: seq as i32,
            flags: seq as u32,
            news: seq as u32,
        };
        let shared = Shared::new();
        let theirs = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            let mut end = WriterEnd::new();
            let mut answered = 0;
            while answered < 2 {
                if let Some(got) = theirs.tick.read(answered) {
                    assert_eq!(got, tick(got.seq), "a tick mixed from two");
                    assert_eq!(got.seq, answered + 1);
                    theirs.draw(end.back(), got.seq);
                    end.publish(&theirs.middle).expect("an honest reader");
                    answered = got.seq;
                } else {
                    thread::yield_now();
                }
            }
        });
        let mut end = ReaderEnd::new();
        for seq in 1..=2 {
            shared.tick.write(tick(seq));
            while !end.take(&shared.middle).expect("an honest writer") {
                thread::yield_now();
            }
            assert_eq!(shared.look(end.front()), seq);
        }
        writer.join().expect("the writer");
    });
}
