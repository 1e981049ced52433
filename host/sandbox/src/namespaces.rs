//! Namespaces of its own: users, mounts, network, IPC.
//!
//! Invariant: each kind is tried by itself, so that a kernel without one of them still gives the others. Processes are
//! not given a namespace of their own: that takes hold of children only, and a runner may have none.
#![expect(unsafe_code, reason = "unsharing is unsafe in rustix because of a flag that is not used here")]

use std::{fs, io};

use rustix::{
    io::Errno,
    process::{getgid, getuid},
    thread::UnshareFlags,
};

use crate::{Layer, LayerReport};

/// What was obtained. Later layers depend on it.
pub(crate) struct Obtained {
    pub(crate) report: LayerReport,
    pub(crate) users: bool,
    pub(crate) mounts: bool,
}

impl Obtained {
    pub(crate) fn nothing(note: &str) -> Self {
        Self { report: LayerReport::missing(Layer::Namespaces, note), users: false, mounts: false }
    }
}

/// Moves into new namespaces. Must run on the only thread: the kernel refuses a new user namespace otherwise.
pub(crate) fn unshare_all() -> Obtained {
    let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
    let mut complaints = Vec::new();
    let users = match unshare(UnshareFlags::NEWUSER) {
        Ok(()) => {
            if let Err(error) = map_self("/proc/self/uid_map", uid)
                .and_then(|()| forbid_setgroups())
                .and_then(|()| map_self("/proc/self/gid_map", gid))
            {
                complaints.push(format!("user namespace without a name for its own user: {error}"));
            }
            true
        }
        Err(errno) => {
            complaints.push(format!("no user namespace: {}", why_refused(errno)));
            false
        }
    };
    let mut mounts = false;
    let mut got_one = users;
    for (flag, kind) in
        [(UnshareFlags::NEWNS, "mount"), (UnshareFlags::NEWNET, "network"), (UnshareFlags::NEWIPC, "IPC")]
    {
        match unshare(flag) {
            Ok(()) => {
                got_one = true;
                mounts |= flag == UnshareFlags::NEWNS;
            }
            // With a user namespace of its own every right is there, but for AppArmor's say.
            Err(Errno::PERM) if users => complaints.push(format!(
                "no {kind} namespace: forbidden by a security module, see `kernel.apparmor_restrict_unprivileged_userns`"
            )),
            Err(errno) => complaints.push(format!("no {kind} namespace: {errno}")),
        }
    }
    let report = if got_one {
        LayerReport::from_complaints(Layer::Namespaces, &complaints)
    } else {
        LayerReport::missing(Layer::Namespaces, complaints.join("; "))
    };
    Obtained { report, users, mounts }
}

fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: `UnshareFlags::FILES`, the one flag that can hurt, is never passed.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

/// Maps one id to itself. Root stays "root" inside, but holds no power over anything outside.
fn map_self(path: &str, id: u32) -> io::Result<()> {
    fs::write(path, format!("{id} {id} 1")).map_err(|error| with_path(path, &error))
}

/// Without this an ordinary user may not map its group. Kernels before 3.19 have no such file and no such rule.
fn forbid_setgroups() -> io::Result<()> {
    const PATH: &str = "/proc/self/setgroups";
    match fs::write(PATH, "deny") {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(with_path(PATH, &error)),
        _ => Ok(()),
    }
}

fn with_path(path: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{path}: {error}"))
}

fn why_refused(errno: Errno) -> String {
    match errno {
        Errno::PERM => {
            "this system forbids them to ordinary users, or the process is in a chroot; see `user.max_user_namespaces` \
             and `kernel.unprivileged_userns_clone`"
                .to_owned()
        }
        Errno::NOSPC => "the limit `user.max_user_namespaces` is reached".to_owned(),
        Errno::INVAL => "the kernel has none, or the process has several threads".to_owned(),
        other => other.to_string(),
    }
}
