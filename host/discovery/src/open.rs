//! Opening a file of the plugins folder that may be anything: a pipe, a device, a link to `/etc/shadow`.
//!
//! A name is first resolved without opening what it names (`O_PATH`), because opening a device can act and opening a
//! pipe can wait; only a regular file of bearable size is then opened for reading.
//!
//! Invariant: nothing outside of the folder is ever reached, by `..`, by links or by mount tricks of `/proc`, and no
//! call here waits for anybody but the disk.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

/// The largest file that is taken for a plugin, in bytes: 64 MiB.
pub const MAX_PLUGIN_BYTES: u64 = 64 * 1024 * 1024;

/// What changes when a file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    modified: (i64, i64),
    /// Seconds and nanoseconds since 1970; nobody can set it back, unlike the time of modification.
    pub(crate) changed: (i64, i64),
}

/// Why a file of the folder cannot be read as a plugin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("it is {found}, and plugins are regular files: remove it")]
    NotAFile { found: &'static str },
    #[error("it is {found} bytes long, and at most {MAX_PLUGIN_BYTES} are read: strip it or remove it")]
    TooLarge { found: u64 },
    #[error(
        "it is a link that leads out of the plugins folder: copy the file here, or make the link relative"
    )]
    LeadsOut,
    #[error("it is a link to nothing: remove it or build what it points to")]
    Dangling,
    #[error("it goes through too many links: link to the file itself")]
    TooManyLinks,
    #[error("this user may not read it: change its mode or its owner")]
    NotAllowed,
    #[error("it changed while it was being read: it is read again as soon as it is quiet")]
    Changed,
    #[error("it cannot be read")]
    Io { source: io::Error },
}

impl From<Errno> for OpenError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR => Self::Dangling,
            Errno::XDEV => Self::LeadsOut,
            Errno::LOOP => Self::TooManyLinks,
            Errno::ACCESS | Errno::PERM => Self::NotAllowed,
            other => Self::Io { source: other.into() },
        }
    }
}

/// The stamp of a regular file of bearable size, without opening it.
pub(crate) fn stamp(folder: BorrowedFd<'_>, path: &Path) -> Result<Stamp, OpenError> {
    stamp_of(&File::from(beneath(folder, path, OFlags::PATH)?))
}

/// The bytes of a file, if it is still the one with this stamp, before and after.
pub(crate) fn read(folder: BorrowedFd<'_>, path: &Path, stamp: &Stamp) -> Result<Vec<u8>, OpenError> {
    // Should it have become a pipe or a terminal just now, opening it still neither waits nor attaches.
    let mut file = File::from(beneath(folder, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?);
    if stamp_of(&file)? != *stamp {
        return Err(OpenError::Changed);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(stamp.size).unwrap_or(0));
    let read = Read::by_ref(&mut file).take(MAX_PLUGIN_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|source| OpenError::Io { source })?;
    if stamp_of(&file)? != *stamp || bytes.len() as u64 != stamp.size {
        return Err(OpenError::Changed);
    }
    Ok(bytes)
}

/// A folder of the folder, to be listed.
pub(crate) fn directory(folder: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd, Errno> {
    beneath(folder, path, OFlags::RDONLY | OFlags::DIRECTORY)
}

fn stamp_of(file: &File) -> Result<Stamp, OpenError> {
    let data = file.metadata().map_err(|source| OpenError::Io { source })?;
    let kind = data.file_type();
    let found = if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a folder")
    } else if kind.is_fifo() {
        Some("a pipe")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else {
        Some("no file")
    };
    if let Some(found) = found {
        return Err(OpenError::NotAFile { found });
    }
    if data.len() > MAX_PLUGIN_BYTES {
        return Err(OpenError::TooLarge { found: data.len() });
    }
    Ok(Stamp {
        device: data.dev(),
        inode: data.ino(),
        size: data.len(),
        modified: (data.mtime(), data.mtime_nsec()),
        changed: (data.ctime(), data.ctime_nsec()),
    })
}

/// Opens what a relative path names, following links only as long as they stay inside `folder`.
fn beneath(folder: BorrowedFd<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC;
    let rules = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    // The kernel gives up when something is renamed meanwhile; whoever renames that often gets a later scan.
    for _ in 0..8 {
        match openat2(folder, path, flags, Mode::empty(), rules) {
            Err(Errno::AGAIN) => {}
            // Kernels before 5.6 and some containers' filters do not have it.
            Err(Errno::NOSYS | Errno::PERM) => return without_links(folder, path, flags),
            other => return other,
        }
    }
    Err(Errno::AGAIN)
}

/// The same where the kernel cannot keep a path inside a folder: no links at all.
fn without_links(folder: BorrowedFd<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut names = path.components().peekable();
    let mut at: Option<OwnedFd> = None;
    while let Some(name) = names.next() {
        let Component::Normal(name) = name else { return Err(Errno::XDEV) };
        let flags = if names.peek().is_some() {
            OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
        } else {
            flags | OFlags::NOFOLLOW
        };
        let next = match &at {
            Some(folder) => openat(folder, name, flags, Mode::empty()),
            None => openat(folder, name, flags, Mode::empty()),
        };
        at = Some(next?);
    }
    at.ok_or(Errno::NOENT)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_kernel_without_openat2_gets_files_but_no_links() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("a/b")).expect("folders");
        std::fs::write(folder.path().join("a/b/c"), "x").expect("a file");
        symlink("a", folder.path().join("link")).expect("a link");
        let open = File::open(folder.path()).expect("the folder opens");
        let try_path =
            |path: &str| without_links(open.as_fd(), Path::new(path), OFlags::RDONLY | OFlags::CLOEXEC);
        assert!(try_path("a/b/c").is_ok());
        assert!(try_path("link/b/c").is_err());
        assert!(try_path("link").is_err());
        assert_eq!(try_path("../x").err(), Some(Errno::XDEV));
        assert_eq!(try_path("/etc/passwd").err(), Some(Errno::XDEV));
    }

    #[test]
    fn each_errno_has_a_sentence() {
        for (errno, expected) in [
            (Errno::ACCESS, "this user may not read it: change its mode or its owner"),
            (Errno::LOOP, "it goes through too many links: link to the file itself"),
            (Errno::IO, "it cannot be read"),
        ] {
            assert_eq!(OpenError::from(errno).to_string(), expected);
        }
    }
}
