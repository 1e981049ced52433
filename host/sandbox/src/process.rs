//! The process itself: a session of its own, no environment, no inherited descriptors, death with the host.
//!
//! Invariant: after [`close_descriptors`] nothing that the host had open is reachable but what it named.
#![expect(unsafe_code, reason = "emptying the environment and closing foreign descriptors have no safe form")]

use std::{fs, io, os::fd::RawFd};

use rustix::process::{Pid, Signal};

use crate::{BoxError, Layer, LayerReport, Options};

/// The first layer. Must run on the only thread of the process.
pub(crate) fn separate(options: &Options) -> Result<LayerReport, BoxError> {
    if options.disable.contains(&Layer::Session) {
        return Ok(LayerReport::missing(Layer::Session, "switched off"));
    }
    let mut complaints = Vec::new();
    if let Err(errno) = own_session() {
        complaints.push(format!("stays in the session of the process that started it: {errno}"));
    }
    empty_environment();
    close_descriptors(&options.keep_fds).map_err(BoxError::Descriptors)?;
    if let Err(errno) = die_with(options.expected_parent)? {
        complaints.push(format!("may outlive the host, since no parent-death signal can be set: {errno}"));
    }
    Ok(LayerReport::from_complaints(Layer::Session, &complaints))
}

/// Leads a session of its own, so that neither signals of a terminal nor a terminal itself reach it.
fn own_session() -> rustix::io::Result<()> {
    match rustix::process::setsid() {
        Ok(_) => Ok(()),
        Err(_) if rustix::process::getsid(None) == Ok(rustix::process::getpid()) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Asks the kernel to end this process when the thread that started it ends, and looks whether that has happened
/// already. The outer error is a parent that is gone. To be repeated after every change of credentials: the kernel
/// forgets the wish then.
pub(crate) fn die_with(expected_parent: Option<u32>) -> Result<rustix::io::Result<()>, BoxError> {
    let asked = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    if let Some(expected) = expected_parent {
        let parent = rustix::process::getppid().map(Pid::as_raw_nonzero);
        if parent.is_none_or(|parent| u32::try_from(parent.get()) != Ok(expected)) {
            return Err(BoxError::ParentGone);
        }
    }
    Ok(asked)
}

/// Empties the environment and wipes the bytes it was made of, which a plugin could otherwise read from memory.
fn empty_environment() {
    // The C library's own list of variables.
    unsafe extern "C" {
        static mut environ: *mut *mut libc::c_char;
    }
    // SAFETY: the process has one thread, so nobody reads or changes the list meanwhile. The list ends with a null
    // pointer and its entries are writable strings that end with a zero: the kernel made them on the stack, or
    // `setenv` on the heap.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let text = *entry;
            let bytes = libc::strlen(text);
            std::ptr::write_bytes(text, 0, bytes);
            entry = entry.add(1);
        }
        libc::clearenv();
    }
}

/// Closes every descriptor above 2 that is not in `keep`.
fn close_descriptors(keep: &[RawFd]) -> io::Result<()> {
    let mut keep: Vec<u32> =
        keep.iter().filter_map(|fd| u32::try_from(*fd).ok()).filter(|fd| *fd > 2).collect();
    keep.sort_unstable();
    keep.dedup();
    let mut first = 3;
    for fd in &keep {
        if *fd > first && !close_range(first, fd - 1) {
            return close_one_by_one(&keep);
        }
        first = fd + 1;
    }
    if close_range(first, u32::MAX) { Ok(()) } else { close_one_by_one(&keep) }
}

fn close_range(first: u32, last: u32) -> bool {
    // SAFETY: plain numbers. The caller of `enter_early` gave up every descriptor that it did not name.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) == 0 }
}

/// For kernels before 5.9 and emulators, which have no `close_range`.
fn close_one_by_one(keep: &[u32]) -> io::Result<()> {
    let open: Vec<u32> = fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    for fd in open.into_iter().filter(|fd| *fd > 2 && !keep.contains(fd)) {
        if let Ok(fd) = i32::try_from(fd) {
            // SAFETY: the caller of `enter_early` gave up every descriptor that it did not name; the one of the
            // listing itself is closed already, and closing a number twice on one thread does nothing.
            unsafe { libc::close(fd) };
        }
    }
    Ok(())
}
