//! A file system root with nothing in it, and a door to the library that can be shut for good.
//!
//! The library is a sealed memfd, and `dlopen` wants a path. A copy in the private root would cost every instance its
//! own pages, so `/proc/self/fd` serves: it is bound onto a folder of the new root, entered as the working directory,
//! and detached again at once. `./7` then names descriptor 7, the detached mount has no parent that `..` could lead to,
//! and leaving the directory with [`leave_libraries`] shuts the door without needing any privilege. So all
//! capabilities can be dropped, on the only thread, before foreign code runs. The kernel lets a process open its own
//! descriptors this way in a user namespace and under Landlock too, since a memfd belongs to no visible file system.
//!
//! Invariant: the root is empty and read-only; there is no /proc, /dev or /sys in it.

use std::io;

use rustix::{
    fd::OwnedFd,
    fs::{Mode, OFlags, mkdir, open, rmdir},
    io::Errno,
    mount::{
        MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change, mount_remount,
        unmount,
    },
    process::{chdir, fchdir, pivot_root},
};

/// Folders that a new root can be put on for a moment. Every system has one of them.
const PLACES: [&str; 3] = ["/tmp", "/var/tmp", "/run"];

/// Changes into an empty root, with the process's own descriptors as the working directory. Needs a mount namespace of
/// its own and the power to mount in it.
///
/// # Errors
///
/// One sentence about the step that failed. The process then still sees the old root.
pub(crate) fn enter_empty() -> Result<(), String> {
    let step = |what: &'static str| move |errno: Errno| format!("cannot {what}: {errno}");
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
        .map_err(step("separate its mounts from the host's"))?;
    let (place, libraries) = build()?;
    let shut = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount_remount(place, MountFlags::BIND | shut, c"").map_err(step("make the new root read-only"))?;
    chdir(place).map_err(step("enter the new root"))?;
    // With both arguments the same, the old root ends up on top of the new one and is taken off in the next step.
    pivot_root(".", ".").map_err(step("change the root"))?;
    unmount(".", UnmountFlags::DETACH).map_err(step("take off the old root"))?;
    chdir("/").map_err(step("enter the new root"))?;
    fchdir(&libraries).map_err(step("enter the folder of its descriptors"))
}

/// Puts an empty file system somewhere; answers where, and with a detached mount of this process's descriptors.
fn build() -> Result<(&'static str, OwnedFd), String> {
    let mut refusal = String::new();
    for place in PLACES {
        let empty = c"mode=0555,size=4k,nr_inodes=4";
        if let Err(errno) = mount("none", place, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, empty) {
            refusal = format!("cannot mount an empty file system on {place}: {errno}");
            continue;
        }
        let folder = format!("{place}/so");
        let libraries = bind_descriptors(&folder).map_err(|errno| {
            // Best effort: what is left is an empty folder in a mount namespace that dies with this process.
            let _ = unmount(place, UnmountFlags::DETACH);
            format!("cannot bind /proc/self/fd to {folder}: {errno}")
        })?;
        return Ok((place, libraries));
    }
    Err(refusal)
}

fn bind_descriptors(folder: &str) -> rustix::io::Result<OwnedFd> {
    mkdir(folder, Mode::from_raw_mode(0o555))?;
    mount_bind("/proc/self/fd", folder)?;
    let held = open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    unmount(folder, UnmountFlags::DETACH)?;
    rmdir(folder)?;
    Ok(held)
}

/// Leaves the directory that names this process's descriptors. It cannot be entered again.
///
/// # Errors
///
/// The one of `chdir`; it would take a broken root.
pub(crate) fn leave_libraries() -> io::Result<()> {
    chdir("/").map_err(io::Error::from)
}
