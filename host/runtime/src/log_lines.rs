//! What a plugin says: its last lines, and how many were too many.
//!
//! Invariant: memory is bounded whatever a plugin writes: so many lines of so many bytes are kept, so many are let
//! through in a second, and the rest is counted.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Lines kept for the operator.
const KEPT: usize = 200;
/// Bytes of a line; the rest of it is cut off.
const LONGEST: usize = 1000;
/// Lines let through in a second.
const PER_SECOND: u32 = 100;

/// The log of one instance.
#[derive(Debug)]
pub(crate) struct LogLines {
    kept: VecDeque<String>,
    dropped: u64,
    window: Instant,
    in_window: u32,
    /// The beginning of a line whose end has not come yet.
    partial: Vec<u8>,
    /// The line being read is longer than a line may be, or comes when no more are let through.
    skipping: bool,
}

impl LogLines {
    pub(crate) fn new() -> Self {
        Self {
            kept: VecDeque::new(),
            dropped: 0,
            window: Instant::now(),
            in_window: 0,
            partial: Vec::new(),
            skipping: false,
        }
    }

    /// Takes a line; answers whether it was let through.
    pub(crate) fn line(&mut self, text: &str, now: Instant) -> bool {
        if now.duration_since(self.window) >= Duration::from_secs(1) {
            self.window = now;
            self.in_window = 0;
        }
        if self.in_window >= PER_SECOND {
            self.dropped += 1;
            return false;
        }
        self.in_window += 1;
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        let printable = text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c });
        self.kept.push_back(printable.take(LONGEST).collect());
        true
    }

    /// Takes bytes of the standard output or error and hands each whole line that is let through to `each`.
    pub(crate) fn bytes(&mut self, mut bytes: &[u8], now: Instant, mut each: impl FnMut(&str)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(&bytes[..end]);
            self.end_line(now, &mut each);
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    /// The stream has ended: what is left is a line.
    pub(crate) fn end(&mut self, now: Instant, mut each: impl FnMut(&str)) {
        if !self.partial.is_empty() {
            self.end_line(now, &mut each);
        }
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The last `count` lines, oldest first.
    pub(crate) fn last(&self, count: usize) -> Vec<String> {
        self.kept.iter().skip(self.kept.len().saturating_sub(count)).cloned().collect()
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = LONGEST.saturating_sub(self.partial.len());
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.skipping |= bytes.len() > room;
    }

    fn end_line(&mut self, now: Instant, each: &mut impl FnMut(&str)) {
        let partial = std::mem::take(&mut self.partial);
        let mut text = String::from_utf8_lossy(&partial).into_owned();
        if std::mem::take(&mut self.skipping) {
            text.push('…');
        }
        if self.line(&text, now) {
            each(&text);
        }
        self.partial = partial;
        self.partial.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_pieces_and_cut() {
        let mut log = LogLines::new();
        let now = Instant::now();
        let mut heard = Vec::new();
        log.bytes(b"one\ntw", now, |line| heard.push(line.to_owned()));
        log.bytes(b"o\n", now, |line| heard.push(line.to_owned()));
        log.bytes(&[b'x'; 5000], now, |_| panic!("no line has ended"));
        log.end(now, |line| heard.push(line.to_owned()));
        assert_eq!(heard[..2], ["one", "two"]);
        assert_eq!(heard[2].chars().count(), LONGEST + 1);
        assert_eq!(log.last(2)[0], "two");
    }

    /// P-PLUGIN-7: a flood of lines is dropped and counted, and keeps no memory.
    #[test]
    fn a_flood_is_dropped_and_counted() {
        let mut log = LogLines::new();
        let now = Instant::now();
        let mut through = 0;
        for _ in 0..10_000 {
            log.bytes(b"flood\n", now, |_| through += 1);
        }
        assert_eq!((through, log.dropped()), (u64::from(PER_SECOND), 10_000 - u64::from(PER_SECOND)));
        assert!(log.last(1000).len() <= KEPT);
        log.bytes(b"later\n", now + Duration::from_secs(1), |_| through += 1);
        assert_eq!(through, u64::from(PER_SECOND) + 1);
    }
}
