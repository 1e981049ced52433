//! Frame memory: making it, and checking what another process calls so.
//!
//! Invariant: a [`Memory`] is sealed against shrinking, growing and further sealing, has exactly the length of its
//! layout, and its size was read once, before mapping.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering::{AcqRel, Relaxed};

use rustix::fs::{SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate};

use crate::FramesError;
use crate::exchange::MIDDLE_AT_START;
use crate::layout::{Layout, MAGIC, VERSION};
use crate::mapping::{Header, Mapping};
use crate::sealed::memory_file;

const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// Frame memory, mapped.
#[derive(Debug)]
pub(crate) struct Memory {
    fd: OwnedFd,
    mapping: Mapping,
}

impl Memory {
    /// New memory, all black, without a tick, a frame or a writer.
    pub(crate) fn create(layout: Layout) -> Result<Self, FramesError> {
        let fd = memory_file("marquee-frames").map_err(FramesError::io("make the frame memory"))?;
        ftruncate(&fd, layout.total() as u64).map_err(FramesError::io("size the frame memory"))?;
        fcntl_add_seals(&fd, SEALS).map_err(FramesError::io("seal the frame memory"))?;
        let mapping = Mapping::new(&fd, layout)?;
        let header = mapping.header();
        let (width, height) = layout.size();
        header.identity.0.magic.store(MAGIC, Relaxed);
        header.identity.0.version.store(VERSION, Relaxed);
        header.identity.0.width.store(width.into(), Relaxed);
        header.identity.0.height.store(height.into(), Relaxed);
        header.middle.0.store(MIDDLE_AT_START, Relaxed);
        Ok(Self { fd, mapping })
    }

    /// Memory that a reader made, claimed for the one writer it may have.
    pub(crate) fn open(fd: OwnedFd) -> Result<Self, FramesError> {
        // Not a memory file at all: the kernel says so by refusing the question.
        let seals = fcntl_get_seals(&fd).map_err(|_| FramesError::Unsealed)?;
        if !seals.contains(SEALS) {
            return Err(FramesError::Unsealed);
        }
        let mut head = [0; 16];
        let read = rustix::io::pread(&fd, &mut head, 0).map_err(FramesError::io("read the frame memory"))?;
        if read < head.len() {
            return Err(FramesError::Foreign);
        }
        let word =
            |n: usize| u32::from_ne_bytes([head[4 * n], head[4 * n + 1], head[4 * n + 2], head[4 * n + 3]]);
        if word(0) != MAGIC {
            return Err(FramesError::Foreign);
        }
        if word(1) != VERSION {
            return Err(FramesError::Version { found: word(1), known: VERSION });
        }
        let layout = Layout::new(word(2), word(3))?;
        let found = fstat(&fd).map_err(FramesError::io("ask the length of the frame memory"))?.st_size;
        let (found, needed) = (u64::try_from(found).unwrap_or(0), layout.total() as u64);
        if found != needed {
            return Err(FramesError::Length { found, needed });
        }
        let memory = Self { mapping: Mapping::new(&fd, layout)?, fd };
        if memory.header().identity.0.claimed.swap(1, AcqRel) != 0 {
            return Err(FramesError::Claimed);
        }
        Ok(memory)
    }

    pub(crate) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    pub(crate) fn header(&self) -> &Header {
        self.mapping.header()
    }

    pub(crate) fn layout(&self) -> Layout {
        self.mapping.layout()
    }
}

impl AsFd for Memory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
