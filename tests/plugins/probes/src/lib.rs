//! Attempts to break out of the box around a plugin. Each answers 0 if it succeeded and otherwise the error code.
//!
//! Invariant: an attempt that succeeds, as all do in a control run without a box, leaves the machine as it was: nothing
//! is written, no process stays, mounts are made in a namespace of their own.

#![expect(unsafe_code, reason = "makes the system calls that a plugin must not be able to make")]

use std::ffi::CString;

/// What an attempt aims at, where that depends on the run.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    /// A file that belongs to another plugin.
    pub secret: String,
    /// The plugin's own library, as it lies in the plugins folder.
    pub own: String,
    /// A process that somebody else started; 0 for none.
    pub victim: i32,
}

/// One attempt by its name.
pub type Attempt = (&'static str, fn(&Targets) -> i32);

/// All attempts. The names are those that the tests expect.
pub const ATTEMPTS: [Attempt; 20] = [
    ("read_shadow", |_| open("/etc/shadow", libc::O_RDONLY)),
    ("read_secret", |targets| open(&targets.secret, libc::O_RDONLY)),
    ("list_root", |_| open("/etc", libc::O_RDONLY | libc::O_DIRECTORY)),
    ("open_mem", |_| open("/dev/mem", libc::O_RDWR)),
    ("open_gpio", |_| open("/dev/gpiomem", libc::O_RDWR)),
    ("open_device", |_| open("/dev/zero", libc::O_RDWR)),
    ("socket_inet", |_| socket(libc::AF_INET, libc::SOCK_STREAM)),
    ("socket_inet6", |_| socket(libc::AF_INET6, libc::SOCK_DGRAM)),
    ("socket_unix", |_| socket(libc::AF_UNIX, libc::SOCK_STREAM)),
    ("socket_netlink", |_| socket(libc::AF_NETLINK, libc::SOCK_RAW)),
    ("fork", |_| fork()),
    ("exec", |_| exec()),
    ("trace", trace),
    ("signal_host", |_| signal(host())),
    ("signal_other", |targets| signal(targets.victim)),
    ("read_host_memory", |_| open(&format!("/proc/{}/mem", host()), libc::O_RDONLY)),
    ("unshare", |_| unshare()),
    ("mount", |_| mount()),
    ("write_own_file", |targets| open(&targets.own, libc::O_WRONLY)),
    ("write_own_memory", |_| write_own_memory()),
];

/// Makes all attempts.
#[must_use]
pub fn attempt_all(targets: &Targets) -> Vec<(&'static str, i32)> {
    ATTEMPTS.iter().map(|(name, attempt)| (*name, attempt(targets))).collect()
}

/// Results on one line: `probe PLACE read_shadow=1 read_secret=2 …`.
#[must_use]
pub fn line(place: &str, results: &[(&'static str, i32)]) -> String {
    let results: Vec<String> = results.iter().map(|(name, errno)| format!("{name}={errno}")).collect();
    format!("probe {place} {}", results.join(" "))
}

fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(-1)
}

fn answer(result: libc::c_long) -> i32 {
    if result < 0 { errno() } else { 0 }
}

fn path(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

fn descriptor(path: &std::ffi::CStr, flags: i32) -> Result<i32, i32> {
    // SAFETY: the path ends with a zero; no variadic argument is needed without `O_CREAT`.
    let fd = unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC) };
    if fd < 0 { Err(errno()) } else { Ok(fd) }
}

fn close(fd: i32) {
    // SAFETY: the caller opened it and uses it no more.
    unsafe { libc::close(fd) };
}

fn open(text: &str, flags: i32) -> i32 {
    match descriptor(&path(text), flags) {
        Ok(fd) => {
            close(fd);
            0
        }
        Err(errno) => errno,
    }
}

fn socket(family: i32, kind: i32) -> i32 {
    // SAFETY: numbers only.
    let fd = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return errno();
    }
    close(fd);
    0
}

/// The process that started this one.
fn host() -> i32 {
    // SAFETY: no preconditions.
    unsafe { libc::getppid() }
}

fn wait_for(child: i32) -> i32 {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    if unsafe { libc::waitpid(child, &raw mut status, 0) } < 0 {
        return errno();
    }
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -1 }
}

/// Makes a process that ends at once.
#[must_use]
pub fn fork() -> i32 {
    // SAFETY: the child does nothing but end.
    match unsafe { libc::fork() } {
        // SAFETY: `_exit` has no preconditions.
        0 => unsafe { libc::_exit(0) },
        child if child < 0 => errno(),
        child => wait_for(child),
    }
}

fn exec() -> i32 {
    // SAFETY: the child does nothing but replace itself or end.
    let child = unsafe { libc::fork() };
    if child > 0 {
        return wait_for(child);
    }
    let none = [std::ptr::null::<libc::c_char>()];
    let arguments = [c"true".as_ptr(), std::ptr::null()];
    // SAFETY: both lists end with a null pointer. Where no process can be made, the call itself is what is tried.
    unsafe { libc::execve(c"/bin/true".as_ptr(), arguments.as_ptr(), none.as_ptr()) };
    let error = errno();
    if child == 0 {
        // SAFETY: `_exit` has no preconditions.
        unsafe { libc::_exit(error) };
    }
    error
}

fn trace(targets: &Targets) -> i32 {
    let null = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: seizing neither stops the process nor touches memory; it is let go when this process ends.
    answer(unsafe { libc::ptrace(libc::PTRACE_SEIZE, targets.victim, null, null) })
}

fn signal(process: i32) -> i32 {
    // SAFETY: signal 0 only asks whether one could be sent.
    answer(unsafe { libc::kill(process, 0) }.into())
}

fn unshare() -> i32 {
    // SAFETY: concerns only the calling thread.
    answer(unsafe { libc::unshare(libc::CLONE_NEWNS) }.into())
}

fn mount() -> i32 {
    let (null, nothing) = (std::ptr::null(), std::ptr::null());
    // SAFETY: all strings end with a zero; the first call keeps the second from being seen by anybody else.
    unsafe {
        let own = libc::unshare(libc::CLONE_NEWNS) == 0;
        if own && libc::mount(null, c"/".as_ptr(), null, libc::MS_REC | libc::MS_PRIVATE, nothing) < 0 {
            return errno();
        }
        let error =
            answer(libc::mount(c"none".as_ptr(), c"/tmp".as_ptr(), c"tmpfs".as_ptr(), 0, nothing).into());
        if error == 0 {
            libc::umount2(c"/tmp".as_ptr(), libc::MNT_DETACH);
        }
        error
    }
}

/// Writes into the library that is loaded, by way of the descriptor that it was loaded from.
fn write_own_memory() -> i32 {
    let mut found = libc::ENOENT;
    for number in 3..64 {
        for folder in [".", "/proc/self/fd"] {
            let link = path(&format!("{folder}/{number}"));
            let mut name = [0_u8; 128];
            // SAFETY: the buffer has that length; a failure leaves it empty.
            unsafe { libc::readlink(link.as_ptr(), name.as_mut_ptr().cast(), name.len()) };
            if !name.starts_with(b"/memfd:plugin") {
                continue;
            }
            match descriptor(&link, libc::O_RDWR) {
                Ok(fd) => {
                    // SAFETY: one byte of a string, over a byte that is the same: the first of every ELF file.
                    let error =
                        answer(unsafe { libc::pwrite(fd, c"\x7f".as_ptr().cast(), 1, 0) } as libc::c_long);
                    close(fd);
                    return error;
                }
                Err(errno) => found = errno,
            }
        }
    }
    found
}
