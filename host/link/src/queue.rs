//! How much of what was sent lies unread in the kernel.
//!
//! Invariant: one question to the kernel, which changes nothing.
#![expect(unsafe_code, reason = "this question has no safe form")]

use std::io;
use std::os::fd::OwnedFd;

use rustix::ioctl::{Getter, Opcode, ioctl};

/// `SIOCOUTQ`, the same number on every Linux but those of MIPS and SPARC.
const OUTPUT_QUEUE: Opcode = 0x5411;

pub(crate) fn unsent_bytes(socket: &OwnedFd) -> io::Result<usize> {
    // SAFETY: the operation writes one `int` and nothing else (man 7 unix, SIOCOUTQ).
    let bytes = unsafe { ioctl(socket, Getter::<OUTPUT_QUEUE, i32>::new()) }?;
    Ok(usize::try_from(bytes).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use crate::Link;

    #[test]
    fn what_the_peer_has_not_read_is_counted() {
        let (here, there) = Link::pair().unwrap();
        assert_eq!(here.unread_by_peer().unwrap(), 0);
        here.send(b"message", &[]).unwrap();
        assert!(here.unread_by_peer().unwrap() > 0);
        there.recv().unwrap();
        assert_eq!(here.unread_by_peer().unwrap(), 0);
    }
}
