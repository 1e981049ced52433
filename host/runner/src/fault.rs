//! Leaves word in the shared memory when this process dies of a signal: which one, and in which callback.
//!
//! Invariant: the handler does nothing that is not async-signal-safe (atomic stores, `sigaction`, `raise`), changes
//! nothing about how the process dies, and lets the standard library say its word about a stack overflow.

#![expect(unsafe_code, reason = "signal handlers have no safe form")]

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use marquee_frames::{ActivityHandle, WriterThread};

/// Signals that a fault in a callback can raise.
const SIGNALS: [libc::c_int; 7] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT, libc::SIGTRAP, libc::SIGSYS];

static ACTIVITY: OnceLock<ActivityHandle> = OnceLock::new();
static BEFORE: OnceLock<[libc::sigaction; SIGNALS.len()]> = OnceLock::new();

thread_local! {
    /// Which thread this is; the initial value is that of the first thread.
    static THREAD: Cell<WriterThread> = const { Cell::new(WriterThread::Control) };
}

/// Says which thread the calling one is.
pub(crate) fn name_thread(thread: WriterThread) {
    THREAD.set(thread);
}

/// Marks the calling thread as being in a callback until the value is dropped.
pub(crate) struct InCallback(());

impl InCallback {
    pub(crate) fn enter(code: u32) -> Self {
        if let Some(activity) = ACTIVITY.get() {
            activity.set_callback(THREAD.get(), code);
        }
        Self(())
    }
}

impl Drop for InCallback {
    fn drop(&mut self) {
        if let Some(activity) = ACTIVITY.get() {
            activity.set_callback(THREAD.get(), 0);
        }
    }
}

/// Installs the handlers. Call once, before foreign code runs.
pub(crate) fn watch(activity: ActivityHandle) {
    let _ = ACTIVITY.set(activity);
    let before = SIGNALS.map(|signal| {
        let mut old = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: all-zero is a valid `sigaction` to start from; the handler keeps to the module's invariant, and
        // `SA_ONSTACK` uses the alternative stack that the standard library gave each thread.
        unsafe {
            let mut action = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
            let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = note;
            action.sa_sigaction = handler as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(signal, &raw const action, old.as_mut_ptr());
            old.assume_init()
        }
    });
    let _ = BEFORE.set(before);
}

extern "C" fn note(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    if let Some(activity) = ACTIVITY.get() {
        let code = activity.callback(THREAD.get());
        activity.set_fault(signal.unsigned_abs(), code);
    }
    let place = SIGNALS.iter().position(|known| *known == signal);
    let before = place.and_then(|place| BEFORE.get().map(|before| &before[place]));
    // SAFETY: `sigaction` and `raise` are async-signal-safe; the kernel gave a valid `info`.
    unsafe {
        match before {
            Some(before) => libc::sigaction(signal, before, std::ptr::null_mut()),
            None => libc::signal(signal, libc::SIG_DFL) as libc::c_int,
        };
        // A fault happens again on return, now with the handler of before. A signal that somebody sent does not, nor
        // does a trap.
        let sent = !info.is_null() && (*info).si_code <= 0;
        if sent || matches!(signal, libc::SIGABRT | libc::SIGTRAP | libc::SIGSYS) {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
}
