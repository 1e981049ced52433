//! Ways to die, to hang and to dawdle.
//!
//! Invariant: where the processor can raise the signal itself, it does; otherwise the signal is sent.

#![expect(unsafe_code, reason = "does on purpose what must never happen")]

use std::hint::black_box;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::lies::SLOT;

pub(crate) fn segmentation_fault() {
    let nowhere = std::ptr::without_provenance_mut::<u64>(16);
    // SAFETY: none; the page at address 0 is never mapped, which is the point.
    unsafe { nowhere.write_volatile(1) };
}

/// Reads beyond the end of a file that is mapped. The frame memory is the only file there is.
pub(crate) fn bus_error() {
    const LENGTH: usize = 64 * 1024 * 1024;
    let slot = SLOT.load(Ordering::Relaxed);
    if slot != 0 {
        let page = std::ptr::without_provenance_mut::<libc::c_void>(slot & !4095);
        // SAFETY: an old length of 0 maps the same memory once more and leaves the old mapping alone.
        let longer = unsafe { libc::mremap(page, 0, LENGTH, libc::MREMAP_MAYMOVE) };
        if longer != libc::MAP_FAILED {
            // SAFETY: none; the page is mapped and behind the end of the file, which is the point.
            black_box(unsafe { longer.cast::<u8>().add(LENGTH - 1).read_volatile() });
        }
    }
    signal_self(libc::SIGBUS);
}

pub(crate) fn illegal_instruction() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: none; there is no such instruction, which is the point.
    unsafe {
        std::arch::asm!("ud2")
    };
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above.
    unsafe {
        std::arch::asm!("udf #0")
    };
    signal_self(libc::SIGILL);
}

pub(crate) fn division_by_zero() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: none; the division traps, which is the point.
    unsafe {
        std::arch::asm!("xor ecx, ecx", "xor edx, edx", "mov eax, 1", "div ecx",
            out("eax") _, out("ecx") _, out("edx") _)
    };
    // Other processors do not trap.
    signal_self(libc::SIGFPE);
}

struct PanicsAgain;

impl Drop for PanicsAgain {
    fn drop(&mut self) {
        panic!("hostile panic while panicking");
    }
}

pub(crate) fn panic_twice() {
    let _again = PanicsAgain;
    panic!("hostile panic, the first");
}

#[expect(unconditional_recursion, reason = "that is the act")]
#[inline(never)]
pub(crate) fn overflow_the_stack() {
    let page = black_box([0_u8; 4096]);
    overflow_the_stack();
    black_box(page);
}

pub(crate) fn compute_for_ever() {
    loop {
        black_box(());
        std::hint::spin_loop();
    }
}

/// Keeps a processor busy for so many milliseconds.
pub(crate) fn compute_for(ms: u64) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(ms) {
        std::hint::spin_loop();
    }
}

pub(crate) fn end_without_goodbye() {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(4) }
}

pub(crate) fn signal_self(signal: i32) {
    // To this thread, since one sent to the process may reach another while this one goes on.
    // SAFETY: no preconditions.
    unsafe { libc::raise(signal) };
}
