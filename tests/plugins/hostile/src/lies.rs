//! Lies to the host: in the shared memory, and on the link.
//!
//! Invariant: knows the memory's layout and the link's form from their descriptions only, as a real enemy would.

#![expect(unsafe_code, reason = "writes where it must not and sends what it must not")]

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use marquee_plugin_api::log;

const PAGE: usize = 4096;
const SLOT_HEADER: usize = 64;
/// The link is the standard input.
const LINK: i32 = 0;

/// Address of the slot that was drawn into last.
pub(crate) static SLOT: AtomicUsize = AtomicUsize::new(0);
/// Lowest slot address seen.
static LOWEST: AtomicUsize = AtomicUsize::new(usize::MAX);
/// Bytes from one slot to the next.
static STRIDE: AtomicUsize = AtomicUsize::new(0);
/// Frames drawn.
static SEEN: AtomicUsize = AtomicUsize::new(0);
static RANDOM: AtomicU64 = AtomicU64::new(0x9E37_79B9_7F4A_7C15);

/// Remembers where the slots are.
pub(crate) fn note_slot(pixels: &mut [u8]) {
    let slot = pixels.as_mut_ptr() as usize - SLOT_HEADER;
    SLOT.store(slot, Ordering::Relaxed);
    LOWEST.fetch_min(slot, Ordering::Relaxed);
    STRIDE.store((SLOT_HEADER + pixels.len()).next_multiple_of(PAGE), Ordering::Relaxed);
    SEEN.fetch_add(1, Ordering::Relaxed);
}

fn random() -> u64 {
    // xorshift; two threads that take the same number do no harm.
    let mut x = RANDOM.load(Ordering::Relaxed);
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    RANDOM.store(x, Ordering::Relaxed);
    x
}

/// Writes garbage over the header page and all three slots: once, or without end from another thread.
pub(crate) fn scribble(without_end: bool, frame: Option<&mut [u8]>) {
    // After this many frames all slots have been seen, so the lowest is the first.
    while without_end && SEEN.load(Ordering::Relaxed) < 10 {
        std::thread::yield_now();
    }
    if SEEN.load(Ordering::Relaxed) < 10 {
        return;
    }
    let first = LOWEST.load(Ordering::Relaxed);
    let header = std::ptr::without_provenance_mut::<u64>(first - PAGE);
    // SAFETY: by the layout, the header page lies before the first slot.
    if unsafe { header.cast::<[u8; 4]>().read_volatile() } != *b"MQFR" && SEEN.load(Ordering::Relaxed) == 10 {
        log::error!("the header is not where it was thought to be");
        return;
    }
    log::info!("scribbling");
    let words = (PAGE + 3 * STRIDE.load(Ordering::Relaxed)) / 8;
    loop {
        for word in 0..words {
            // SAFETY: the mapping has that length; that nobody expects these writes is the point.
            unsafe { header.add(word).write_volatile(random()) };
        }
        if !without_end {
            break;
        }
    }
    if let Some(frame) = frame {
        frame.fill(0xEE);
    }
}

/// Tries to shrink whatever is open, and says how it was answered.
pub(crate) fn truncate_everything() {
    let mut answers = Vec::new();
    for fd in 0..64 {
        // SAFETY: numbers only.
        let result = unsafe { libc::ftruncate(fd, 0) };
        answers.push(if result < 0 {
            std::io::Error::last_os_error().raw_os_error().unwrap_or(-1)
        } else {
            0
        });
    }
    let shrunk = answers.iter().filter(|errno| **errno == 0).count();
    answers.sort_unstable();
    answers.dedup();
    log::info!("truncate: {shrunk} shrunk, answers {answers:?}");
}

fn send_bytes(bytes: &[u8]) -> bool {
    // SAFETY: the buffer has that length.
    unsafe { libc::send(LINK, bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) >= 0 }
}

/// A message by its head.
fn packet(head: &[u8], bytes: &[u8]) -> Vec<u8> {
    [&(head.len() as u32).to_le_bytes()[..], head, bytes].concat()
}

/// Sends a well-formed message.
pub(crate) fn send(head: &[u8]) {
    send_bytes(&packet(head, &[]));
}

/// Sends bytes that are no message.
pub(crate) fn send_garbage() {
    for length in [1, 3, 4, 5, 17, 1000, 60_000] {
        let bytes: Vec<u8> = (0..length).map(|_| random() as u8).collect();
        send_bytes(&bytes);
    }
}

/// Sends messages as long as a message may be, and longer.
pub(crate) fn send_huge() {
    for length in [64 * 1024, 64 * 1024 + 1, 128 * 1024, 200 * 1024] {
        send_bytes(&vec![b'['; length]);
    }
    let mut deep = vec![b'['; 60_000];
    deep.extend(vec![b']'; 4]);
    send_bytes(&packet(&deep, &[]));
}

/// Sends beginnings whose end never comes.
pub(crate) fn send_parts_for_ever() {
    let part = packet(br#"{"type":"part"}"#, &vec![0; 40 * 1024]);
    while send_bytes(&part) {}
}

/// Sends log messages as fast as they are taken.
pub(crate) fn chatter() {
    let line = packet(br#"{"type":"log","level":3,"target":"hostile","message":"blah blah blah"}"#, &[]);
    while send_bytes(&line) {}
}

/// Writes to every descriptor that may be a bell.
pub(crate) fn ring_for_ever() {
    loop {
        for fd in 3..16 {
            // SAFETY: the buffer has that length.
            unsafe { libc::write(fd, [1_u8; 8].as_ptr().cast(), 8) };
        }
    }
}

/// Sends descriptors, many in each message.
pub(crate) fn send_descriptors() {
    let bytes = packet(br#"{"type":"part"}"#, &[]);
    let descriptors = [1_i32; 8];
    let mut control = [0_u64; 16];
    for _ in 0..100 {
        // SAFETY: all buffers outlive the call, and the control buffer has room for one header and eight numbers.
        unsafe {
            let mut vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
            let mut message: libc::msghdr = std::mem::zeroed();
            message.msg_iov = &raw mut vector;
            message.msg_iovlen = 1;
            message.msg_control = control.as_mut_ptr().cast();
            message.msg_controllen = libc::CMSG_SPACE(size_of_val(&descriptors) as u32) as _;
            let header = libc::CMSG_FIRSTHDR(&raw const message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(size_of_val(&descriptors) as u32) as _;
            std::ptr::copy_nonoverlapping(
                descriptors.as_ptr(),
                libc::CMSG_DATA(header).cast(),
                descriptors.len(),
            );
            libc::sendmsg(LINK, &raw const message, libc::MSG_NOSIGNAL);
        }
    }
}
