//! What a boxed process does once it is inside, on a thread that was made before the filters were set. It reports on
//! standard output; some of these end the process, which is what they are for.
#![expect(unsafe_code, reason = "crashing on purpose")]

use std::{
    collections::HashMap,
    fs,
    hint::black_box,
    os::fd::BorrowedFd,
    sync::{Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{SealFlags, fcntl_get_seals},
    mm::{MapFlags, ProtFlags, mmap},
};

use crate::child::{Hostile, LIBRARY, say};

const MIB: usize = 1024 * 1024;

pub(crate) fn act(action: &str, hostile: Option<&Hostile>) {
    match action {
        "break_out" => {
            for (name, before, now) in hostile.expect("a library").attempts() {
                say(&format!("attempt {name} {before} {now}"));
            }
        }
        "live" => live(),
        "look_around" => look_around(),
        "abort" => std::process::abort(),
        "segfault" => segfault(),
        "overflow" => say(&format!("depth {}", overflow(0))),
        "panic" => {
            let caught = std::panic::catch_unwind(|| panic!("a panic inside"));
            say(&format!("caught {}", caught.is_err()));
        }
        "exhaust_memory" => exhaust_memory(),
        "exhaust_files" => exhaust_files(),
        "wait" => {
            say("waiting");
            loop {
                thread::park();
            }
        }
        other => panic!("unknown action {other}"),
    }
}

/// What every honest plugin does.
fn live() {
    let start = Instant::now();
    // Not to wait for anything: sleeping is what is tried.
    thread::sleep(Duration::from_millis(2));
    assert!(start.elapsed() >= Duration::from_millis(2));
    assert!(std::time::SystemTime::now().elapsed().is_ok());
    let squares: HashMap<u32, u32> = (0..1000).map(|n| (n, n * n)).collect();
    assert_eq!(squares[&30], 900);
    let mut memory = vec![0_u8; 32 * MIB];
    memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    memory.truncate(MIB);
    memory.shrink_to_fit();
    assert_eq!(black_box(&memory).iter().map(|byte| usize::from(*byte)).sum::<usize>(), MIB / 4096);
    let pair = (Mutex::new(()), Condvar::new());
    let guard = pair.0.lock().expect("not poisoned");
    let (_guard, wait) = pair.1.wait_timeout(guard, Duration::from_millis(1)).expect("not poisoned");
    assert!(wait.timed_out());
    read_memfd();
    assert!(thread::available_parallelism().is_ok());
    assert!(thread::Builder::new().spawn(|| ()).is_err(), "no new threads");
    say("alive");
}

/// As the runner takes a large answer: looks at seals and size, then maps it.
fn read_memfd() {
    // SAFETY: the harness gave a library to this child, which therefore has this number open until it ends.
    let memfd = unsafe { BorrowedFd::borrow_raw(LIBRARY) };
    assert!(fcntl_get_seals(memfd).expect("a memfd").contains(SealFlags::WRITE));
    let memfd = fs::File::from(memfd.try_clone_to_owned().expect("a number"));
    let bytes = usize::try_from(memfd.metadata().expect("a size").len()).expect("small");
    // SAFETY: a new private mapping at an address that the kernel chooses, of a file that nobody can change or cut.
    let start = unsafe { mmap(std::ptr::null_mut(), bytes, ProtFlags::READ, MapFlags::PRIVATE, &memfd, 0) };
    let start = start.expect("an address").cast::<u8>();
    // SAFETY: just mapped, at least four bytes long since it is a library, and never unmapped.
    assert_eq!(unsafe { std::slice::from_raw_parts(start, 4) }, b"\x7fELF");
}

/// What there is to see: variables, descriptors, files.
fn look_around() {
    say(&format!("variables {}", std::env::vars_os().count()));
    // SAFETY: asks for flags of numbers, whether they are open or not.
    let open: Vec<i32> = (0..1024).filter(|fd| unsafe { libc::fcntl(*fd, libc::F_GETFD) } >= 0).collect();
    say(&format!("descriptors {open:?}"));
    let listed = fs::read_dir("/").map(Iterator::count).map_err(|error| error.raw_os_error());
    say(&format!("root {listed:?}"));
}

fn segfault() {
    let nowhere = black_box(std::ptr::without_provenance::<u8>(16));
    // SAFETY: not safe, and not meant to be: no page is ever mapped there, so the kernel ends the process.
    say(&format!("read {}", unsafe { nowhere.read_volatile() }));
}

#[expect(unconditional_recursion, reason = "the stack shall overflow")]
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    overflow(depth + 1) + black_box(frame)[3]
}

fn exhaust_memory() {
    let mut some: Vec<u8> = Vec::new();
    say(&format!("64 MiB {}", some.try_reserve_exact(64 * MIB).is_ok()));
    let mut more: Vec<u8> = Vec::new();
    say(&format!("another 64 MiB {}", more.try_reserve_exact(64 * MIB).is_ok()));
}

fn exhaust_files() {
    let mut held = Vec::new();
    let error = loop {
        match rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3) {
            Ok(fd) => held.push(fd),
            Err(errno) => break errno.raw_os_error(),
        }
    };
    let most = held.iter().map(std::os::fd::AsRawFd::as_raw_fd).max();
    say(&format!("highest {most:?} error {error}"));
}
