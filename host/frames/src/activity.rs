//! What a writer is doing right now, for whoever must find out why it hangs or died.
//!
//! Invariant: the writing side is only atomic stores, so it may be used from a signal handler; the reading side clamps
//! every number, so no writer can make it say something that is not in [`Activity`]'s documented ranges.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::memory::Memory;
use crate::sync::AtomicU64;

/// The code that stands for every code over 254.
pub const UNKNOWN_CODE: u32 = 255;

const LAST_SIGNAL: u32 = 64;

/// Which of the writer's threads does something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum WriterThread {
    /// Answers ticks.
    Draw = 0,
    /// Gets data.
    Fetch = 1,
    /// Takes messages.
    Control = 2,
}

/// What one thread is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Call {
    /// 0: in no callback. 1 to 254: the users' own codes. [`UNKNOWN_CODE`]: anything else.
    pub code: u32,
    /// Counts changes of `code`; wraps. The same number twice: still the same call.
    pub changes: u32,
}

/// How a writer died.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The signal, 1 to 64.
    pub signal: u32,
    /// The callback it happened in, as in [`Call::code`].
    pub callback: u32,
}

/// What the reader sees of a writer's doings: the writer's word for it, in range but unproven.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Activity {
    /// The thread that answers ticks.
    pub draw: Call,
    /// The thread that gets data.
    pub fetch: Call,
    /// The thread that takes messages.
    pub control: Call,
    /// The first fault that was noted.
    pub fault: Option<Fault>,
}

impl Activity {
    /// The call of one thread.
    #[must_use]
    pub fn of(&self, thread: WriterThread) -> Call {
        match thread {
            WriterThread::Draw => self.draw,
            WriterThread::Fetch => self.fetch,
            WriterThread::Control => self.control,
        }
    }
}

/// The words themselves, in shared memory. Every method is safe in a signal handler.
#[repr(C)]
#[derive(Debug)]
pub struct ActivityWords {
    calls: [AtomicU64; 3],
    fault: AtomicU64,
}

impl ActivityWords {
    /// Says that `thread` entered the callback `code` (1 to 254), or left it (0). Only that thread says so.
    pub fn set_callback(&self, thread: WriterThread, code: u32) {
        let word = &self.calls[thread as usize];
        let changes = ((word.load(Relaxed) >> 32) as u32).wrapping_add(1);
        word.store(pack(changes, code), Release);
    }

    /// The code that `thread` last set, for a handler that notes where a fault happened.
    #[must_use]
    pub fn callback(&self, thread: WriterThread) -> u32 {
        self.calls[thread as usize].load(Relaxed) as u32
    }

    /// Notes that `signal` (1 to 64) arrived in the callback `code`. The first fault stays.
    pub fn set_fault(&self, signal: u32, code: u32) {
        let _ = self.fault.compare_exchange(0, pack(signal, code), Release, Relaxed);
    }

    pub(crate) fn read(&self) -> Activity {
        let call = |thread: WriterThread| {
            let (changes, code) = unpack(self.calls[thread as usize].load(Acquire));
            Call { code: code.min(UNKNOWN_CODE), changes }
        };
        let (signal, callback) = unpack(self.fault.load(Acquire));
        let known = (1..=LAST_SIGNAL).contains(&signal);
        Activity {
            draw: call(WriterThread::Draw),
            fetch: call(WriterThread::Fetch),
            control: call(WriterThread::Control),
            fault: known.then(|| Fault { signal, callback: callback.min(UNKNOWN_CODE) }),
        }
    }
}

fn pack(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn unpack(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

/// The [`ActivityWords`] for other threads and for signal handlers: keeps the memory mapped, so one in a `static`
/// stays good when the [`Writer`](crate::Writer) is gone.
#[derive(Debug, Clone)]
pub struct ActivityHandle(pub(crate) Arc<Memory>);

impl Deref for ActivityHandle {
    type Target = ActivityWords;

    fn deref(&self) -> &ActivityWords {
        &self.0.header().activity
    }
}

/// Reads a writer's [`Activity`] beside its [`Reader`](crate::Reader): whoever must say why a process died need not be
/// the thread that shows its frames. Keeps the memory mapped.
#[derive(Debug, Clone)]
pub struct ActivityWatch(pub(crate) Arc<Memory>);

impl ActivityWatch {
    /// As [`Reader::activity`](crate::Reader::activity).
    #[must_use]
    pub fn read(&self) -> Activity {
        self.0.header().activity.read()
    }
}
