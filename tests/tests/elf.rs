//! Where the parts of an ELF file begin and end.
//!
//! Invariant: for files of this machine's own kind, which the tests built: 64-bit, little-endian.

fn number(bytes: &[u8], at: usize, length: usize) -> usize {
    bytes[at..at + length].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// The ends of all headers, and the beginnings and ends of all segments and sections.
pub(crate) fn boundaries(file: &[u8]) -> Vec<usize> {
    let mut found = vec![16, 64];
    let (segments, sections) = (number(file, 32, 8), number(file, 40, 8));
    for index in 0..number(file, 56, 2) {
        let header = segments + index * 56;
        let (offset, size) = (number(file, header + 8, 8), number(file, header + 32, 8));
        found.extend([header, header + 56, offset, offset + size]);
    }
    for index in 0..number(file, 60, 2) {
        let header = sections + index * 64;
        let (kind, offset, size) =
            (number(file, header + 4, 4), number(file, header + 24, 8), number(file, header + 32, 8));
        // 8: a section without bytes in the file.
        found.extend([header, header + 64, offset, if kind == 8 { offset } else { offset + size }]);
    }
    found.sort_unstable();
    found.dedup();
    found
}
