//! Takes more than its share: memory, processes, threads, descriptors, the log, kept values.
//!
//! Invariant: what is refused is counted and said in the log with the error code, so that a test sees who refused it.

#![expect(unsafe_code, reason = "asks the system for too much of everything")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use marquee_plugin_api::{Host, log};

/// How many of each thing are asked for.
const MANY: usize = 10_000;

pub(crate) fn leak(bytes: usize) {
    let memory: &'static mut [u8] = Vec::leak(vec![1_u8; bytes]);
    black_box(memory);
}

pub(crate) fn allocate_for_ever() {
    loop {
        leak(16 * 1024 * 1024);
    }
}

/// Counts answers by error code and says them: `fork: 0 made, refused 10000 with errno 1`.
fn say(what: &str, answers: impl Iterator<Item = i32>) {
    let mut counts = BTreeMap::<i32, usize>::new();
    answers.for_each(|errno| *counts.entry(errno).or_default() += 1);
    let made = counts.remove(&0).unwrap_or(0);
    let refused: Vec<String> =
        counts.iter().map(|(errno, count)| format!("{count} with errno {errno}")).collect();
    log::info!("{what}: {made} made, refused {}", refused.join(", "));
}

pub(crate) fn make_processes() {
    say("fork", (0..MANY).map(|_| marquee_hostile_probes::fork()));
}

pub(crate) fn make_threads() {
    let mut threads = Vec::new();
    let answers: Vec<i32> = (0..MANY)
        .map(|_| match std::thread::Builder::new().stack_size(16 * 1024).spawn(std::thread::park) {
            Ok(thread) => {
                threads.push(thread);
                0
            }
            Err(error) => error.raw_os_error().unwrap_or(-1),
        })
        .collect();
    say("threads", answers.into_iter());
    threads.iter().for_each(|thread| thread.thread().unpark());
}

pub(crate) fn make_files() {
    let mut files = Vec::<OwnedFd>::new();
    // SAFETY: descriptor 1 is open for the life of the process.
    let output = unsafe { BorrowedFd::borrow_raw(1) };
    let answers: Vec<i32> = (0..MANY)
        .map(|_| match output.try_clone_to_owned() {
            Ok(file) => {
                files.push(file);
                0
            }
            Err(error) => error.raw_os_error().unwrap_or(-1),
        })
        .collect();
    say("files", answers.into_iter());
    black_box(files.iter().map(AsRawFd::as_raw_fd).max());
    // SAFETY: numbers only; nothing would be left behind but a descriptor of this process.
    let memory = unsafe { libc::memfd_create(c"hostile".as_ptr(), 0) };
    let errno = if memory < 0 { std::io::Error::last_os_error().raw_os_error().unwrap_or(-1) } else { 0 };
    log::info!("memory file: errno {errno}");
}

/// Writes lines to the standard error as fast as they are taken.
pub(crate) fn shout() {
    let lines = b"hostile shouting, hostile shouting, hostile shouting, hostile shout\n".repeat(1000);
    loop {
        // SAFETY: the buffer has that length.
        unsafe { libc::write(2, lines.as_ptr().cast(), lines.len()) };
    }
}

/// Keeps values until one is refused, and says which and why.
pub(crate) fn fill_values(host: &Host<'_>) {
    for number in 0..1000 {
        if let Err(error) = host.set_value(&format!("greedy-{number}"), &vec![7; 100 * 1024]) {
            log::info!("value {number} refused {:?}: {error}", error.kind);
            break;
        }
    }
    let first = host.value("greedy-0").ok().flatten().map_or(0, |value| value.len());
    log::info!("the first value still has {first} bytes");
}
