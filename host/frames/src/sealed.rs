//! Bytes in a memory file that nobody can change any more: shared libraries, and answers too long for a message.
//!
//! Invariant: a [`SealedBytes`] is sealed against writing, shrinking, growing and further sealing, so what was checked
//! once stays so, and mapping it is as safe as owning it.
#![expect(
    unsafe_code,
    reason = "mapping a file is unsafe unless nobody can change it, which the seals guarantee"
)]

use std::fs::File;
use std::io::{self, Seek, Write};
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use memmap2::Mmap;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, memfd_create};
use rustix::io::Errno;

const SEALS: SealFlags =
    SealFlags::WRITE.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::SEAL);

/// Why sealed bytes could not be made, accepted or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// The system refused.
    #[error(
        "cannot {action} the memory file {name:?}: see whether the process is out of memory or open files"
    )]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The name of the memory file; empty for one of another process.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another process can still change it.
    #[error("the memory file is not sealed against every change: seal it before handing it over")]
    Unsealed,
    /// Longer than the caller accepts.
    #[error("the memory file has {len} bytes and at most {max} are accepted: send less")]
    TooLong {
        /// Bytes it has.
        len: u64,
        /// Bytes that are accepted.
        max: u64,
    },
}

impl From<SealedError> for io::Error {
    fn from(error: SealedError) -> Self {
        let kind = match &error {
            SealedError::Io { source, .. } => source.kind(),
            SealedError::Unsealed | SealedError::TooLong { .. } => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// Bytes that nobody can change any more, in a file that can be handed to other processes.
#[derive(Debug)]
pub struct SealedBytes {
    file: File,
    len: usize,
}

impl SealedBytes {
    /// A copy of `bytes`, sealed. `name` (at most 249 bytes, without NUL) shows up in `/proc/<pid>/fd` and is not
    /// otherwise used.
    ///
    /// # Errors
    /// The system is out of memory or descriptors, or the name is too long.
    pub fn create(name: &str, bytes: &[u8]) -> Result<Self, SealedError> {
        let failed = |action| {
            let name = name.to_owned();
            move |source: io::Error| SealedError::Io { action, name, source }
        };
        let mut file = File::from(memory_file(name).map_err(|errno| failed("make")(errno.into()))?);
        file.write_all(bytes).map_err(failed("fill"))?;
        // The position is shared by all copies of the descriptor: leave it where a plain read begins.
        file.rewind().map_err(failed("rewind"))?;
        fcntl_add_seals(&file, SEALS).map_err(|errno| failed("seal")(errno.into()))?;
        Ok(Self { file, len: bytes.len() })
    }

    /// Accepts a memory file from another process if it is sealed against every change and has at most `max_len`
    /// bytes. What is in it is unchecked.
    ///
    /// # Errors
    /// Not a memory file, not sealed, or too long; the descriptor is then closed.
    pub fn open(fd: OwnedFd, max_len: usize) -> Result<Self, SealedError> {
        // Not a memory file at all: the kernel says so by refusing the question.
        let seals = fcntl_get_seals(&fd).map_err(|_| SealedError::Unsealed)?;
        if !seals.contains(SEALS) {
            return Err(SealedError::Unsealed);
        }
        let stat = fstat(&fd).map_err(|errno| SealedError::Io {
            action: "ask the length of",
            name: String::new(),
            source: errno.into(),
        })?;
        let (len, max) = (u64::try_from(stat.st_size).unwrap_or(u64::MAX), max_len as u64);
        match usize::try_from(len) {
            Ok(len) if len <= max_len => Ok(Self { file: File::from(fd), len }),
            _ => Err(SealedError::TooLong { len, max }),
        }
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes without a copy.
    ///
    /// # Errors
    /// The system is out of memory or mappings.
    pub fn map(&self) -> Result<MappedBytes, SealedError> {
        // SAFETY: The file is sealed against writing and shrinking, and the kernel grants that seal only when there is
        // no writable mapping: its bytes can never change again, for any process.
        let map = unsafe { Mmap::map(&self.file) };
        map.map(MappedBytes).map_err(|source| SealedError::Io { action: "map", name: String::new(), source })
    }

    /// A copy of the bytes.
    ///
    /// # Errors
    /// The system is out of memory or mappings.
    pub fn to_vec(&self) -> Result<Vec<u8>, SealedError> {
        Ok(self.map()?.to_vec())
    }

    /// The same bytes through another descriptor (close-on-exec).
    ///
    /// # Errors
    /// The process is out of descriptors.
    pub fn try_clone(&self) -> Result<Self, SealedError> {
        let copy = self.file.try_clone();
        let file =
            copy.map_err(|source| SealedError::Io { action: "duplicate", name: String::new(), source })?;
        Ok(Self { file, len: self.len })
    }
}

impl AsFd for SealedBytes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl From<SealedBytes> for OwnedFd {
    fn from(bytes: SealedBytes) -> Self {
        bytes.file.into()
    }
}

/// Sealed bytes, mapped; unmapped when dropped. They live on without the descriptor.
#[derive(Debug)]
pub struct MappedBytes(Mmap);

impl Deref for MappedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// An empty memory file that can be sealed: close-on-exec, and not executable as a program where the kernel (6.3)
/// knows that (mapping it as a library still works).
pub(crate) fn memory_file(name: &str) -> rustix::io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => memfd_create(name, flags),
        other => other,
    }
}
