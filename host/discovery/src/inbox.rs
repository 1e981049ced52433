//! What has happened in the folder since the last scan, and when the next one is due.
//!
//! Invariant: however many events come, this holds two instants and one entry for each file being written, capped; the
//! decision when to scan is a pure function of it and the clock.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind};

/// A scan follows when the folder has been quiet for so long …
const DEBOUNCE: Duration = Duration::from_millis(50);
/// … or so long after the first event, if it does not become quiet.
const DEBOUNCE_MOST: Duration = Duration::from_millis(250);
/// More files than this being written at once are not told apart.
const MOST_WRITING: usize = 1024;

/// Files that somebody has written to and not closed, as far as events tell: device and inode, last write.
#[derive(Debug, Default, Clone)]
pub(crate) struct Writing(HashMap<(u64, u64), Instant>);

impl Writing {
    pub(crate) fn last_write(&self, device: u64, inode: u64) -> Option<Instant> {
        self.0.get(&(device, inode)).copied()
    }
}

#[derive(Debug, Default)]
pub(crate) struct State {
    first_event: Option<Instant>,
    last_event: Option<Instant>,
    writing: HashMap<PathBuf, Instant>,
    /// Scans that callers asked for, and scans done for them.
    asked: u64,
    answered: u64,
    stop: bool,
}

/// Why the thread woke up.
#[derive(Debug)]
pub(crate) enum Wake {
    /// Somebody dropped the discovery.
    Stop,
    /// It is time to scan.
    Scan {
        /// Files being written.
        writing: Writing,
        /// The number of the last request that this scan answers, if it answers any.
        answers: Option<u64>,
    },
}

impl State {
    fn note(&mut self, event: &Event, now: Instant) {
        match event.kind {
            // Our own reading shows up here as well.
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {
                for path in &event.paths {
                    self.writing.remove(path);
                }
            }
            EventKind::Access(_) => return,
            EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Any) if self.writing.len() < MOST_WRITING => {
                self.writing.extend(event.paths.iter().map(|path| (path.clone(), now)));
            }
            _ => {}
        }
        if event.need_rescan() {
            // Events were lost, closings among them.
            self.writing.clear();
        }
        self.first_event.get_or_insert(now);
        self.last_event = Some(now);
    }

    /// When the next scan is due, given when the scanner itself wants one.
    fn due(&self, now: Instant, wanted: Instant) -> Instant {
        if self.asked > self.answered {
            return now;
        }
        match (self.first_event, self.last_event) {
            (Some(first), Some(last)) => (last + DEBOUNCE).min(first + DEBOUNCE_MOST).min(wanted),
            _ => wanted,
        }
    }
}

/// The state, shared between the watcher's thread, callers, and the scanning thread.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is ever half written under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event; called by the watcher.
    pub(crate) fn note(&self, event: &Event) {
        self.lock().note(event, Instant::now());
        self.changed.notify_all();
    }

    /// Something happened that has no event.
    pub(crate) fn touch(&self) {
        self.note(&Event::new(EventKind::Any));
    }

    /// Asks for a scan and waits for it.
    pub(crate) fn ask(&self) {
        let mut state = self.lock();
        state.asked += 1;
        let mine = state.asked;
        self.changed.notify_all();
        while state.answered < mine && !state.stop {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn answered(&self, answers: u64) {
        let mut state = self.lock();
        state.answered = state.answered.max(answers);
        self.changed.notify_all();
    }

    pub(crate) fn stop(&self) {
        self.lock().stop = true;
        self.changed.notify_all();
    }

    /// Waits until there is something to do, at most until `wanted`.
    pub(crate) fn wait(&self, wanted: Instant) -> Wake {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let due = state.due(now, wanted);
            if state.stop {
                return Wake::Stop;
            }
            if due <= now {
                break;
            }
            state = self.changed.wait_timeout(state, due - now).unwrap_or_else(PoisonError::into_inner).0;
        }
        (state.first_event, state.last_event) = (None, None);
        let answers = (state.asked > state.answered).then_some(state.asked);
        Wake::Scan { writing: Self::inodes(&mut state), answers }
    }

    /// Which files are being written; names that are gone are forgotten.
    fn inodes(state: &mut State) -> Writing {
        let identity =
            |path: &Path| std::fs::symlink_metadata(path).ok().map(|data| (data.dev(), data.ino()));
        let mut inodes = HashMap::new();
        state.writing.retain(|path, at| {
            let identity = identity(path);
            inodes.extend(identity.map(|identity| (identity, *at)));
            identity.is_some()
        });
        Writing(inodes)
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange};

    use super::*;

    fn event(kind: EventKind) -> Event {
        Event::new(kind).add_path(PathBuf::from("/a.so"))
    }

    const WRITE: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const CLOSE: EventKind = EventKind::Access(AccessKind::Close(AccessMode::Write));
    const FAR: Duration = Duration::from_secs(60);

    /// P-LOAD-6: 500 events in 100 ms make one scan.
    #[test]
    fn a_burst_of_events_makes_one_scan() {
        let (mut state, start) = (State::default(), Instant::now());
        for number in 0..500 {
            let now = start + Duration::from_micros(200) * number;
            assert!(number == 0 || state.due(now, start + FAR) > now, "no scan within the burst");
            state.note(&event(WRITE), now);
        }
        assert_eq!(state.due(start, start + FAR), start + Duration::from_micros(200) * 499 + DEBOUNCE);
    }

    #[test]
    fn a_folder_that_is_never_quiet_is_scanned_all_the_same() {
        let (mut state, start) = (State::default(), Instant::now());
        for number in 0..100 {
            state.note(&event(WRITE), start + Duration::from_millis(10) * number);
        }
        assert_eq!(state.due(start, start + FAR), start + DEBOUNCE_MOST);
    }

    #[test]
    fn reading_is_no_event_and_closing_ends_writing() {
        let (mut state, now) = (State::default(), Instant::now());
        state.note(&event(EventKind::Access(AccessKind::Open(AccessMode::Any))), now);
        assert_eq!(state.due(now, now + FAR), now + FAR);
        state.note(&event(EventKind::Create(CreateKind::File)), now);
        state.note(&event(WRITE), now);
        assert_eq!(state.writing.len(), 1);
        state.note(&event(CLOSE), now);
        assert_eq!((state.writing.len(), state.due(now, now + FAR)), (0, now + DEBOUNCE));
    }

    #[test]
    fn lost_events_mean_a_scan_and_no_suspicion() {
        let (mut state, now) = (State::default(), Instant::now());
        state.note(&event(WRITE), now);
        state.note(&Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan), now);
        assert!(state.writing.is_empty());
        assert_eq!(state.due(now, now + FAR), now + DEBOUNCE);
    }

    #[test]
    fn files_being_written_are_remembered_only_up_to_a_cap() {
        let (mut state, now) = (State::default(), Instant::now());
        for number in 0..2 * MOST_WRITING {
            state.note(&Event::new(WRITE).add_path(PathBuf::from(format!("/{number}"))), now);
        }
        assert_eq!(state.writing.len(), MOST_WRITING);
    }
}
