//! A panel process in a thread: the real loop, real sockets and real shared memory. Only the last call, the one
//! that would set registers, is replaced by a record of what it was asked for.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use marquee_panel::access::Allowed;
use marquee_panel::{Panel, Server, listener};

/// Long enough for any machine, short enough for a test that hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);
pub(crate) const SIZE: (u16, u16) = (8, 4);

/// What a panel was asked for.
#[derive(Debug, Default, Clone)]
pub(crate) struct Asked {
    pub(crate) shown: Vec<Vec<u8>>,
    pub(crate) brightness: Option<u8>,
    pub(crate) waits: u64,
}

#[derive(Clone, Default)]
pub(crate) struct Record(Arc<(Mutex<Asked>, Condvar)>);

impl Record {
    fn change(&self, change: impl FnOnce(&mut Asked)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    pub(crate) fn now(&self) -> Asked {
        self.0.0.lock().unwrap().clone()
    }

    /// Waits until the record is as it should be.
    pub(crate) fn until(&self, what: &str, good: impl Fn(&Asked) -> bool) -> Asked {
        let asked = self.0.0.lock().unwrap();
        let (asked, time) = self.0.1.wait_timeout_while(asked, LIMIT, |asked| !good(asked)).unwrap();
        assert!(!time.timed_out(), "waited for {what} in vain");
        asked.clone()
    }

    pub(crate) fn until_shown(&self, rgb: &[u8]) -> Asked {
        self.until("a picture", |asked| asked.shown.last().is_some_and(|shown| shown == rgb))
    }
}

struct RecordingPanel {
    record: Record,
    refresh_hz: f64,
}

impl Panel for RecordingPanel {
    fn size(&self) -> (u16, u16) {
        SIZE
    }
    fn refresh_hz(&self) -> f64 {
        self.refresh_hz
    }
    fn description(&self) -> String {
        "a record of a panel".to_owned()
    }
    fn show(&mut self, rgb: &[u8]) {
        self.record.change(|asked| asked.shown.push(rgb.to_vec()));
    }
    fn wait(&mut self) {
        self.record.change(|asked| asked.waits += 1);
    }
    fn set_brightness(&mut self, percent: u8) {
        self.record.change(|asked| asked.brightness = Some(percent));
    }
}

pub(crate) struct Process {
    pub(crate) record: Record,
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Process {
    pub(crate) fn start(socket: &Path, blank_after: Duration, refresh_hz: f64) -> Self {
        let listener = listener::make(socket).unwrap();
        let (stop, stopper) = rustix::pipe::pipe().unwrap();
        let server = Server { listener, stop, allowed: Allowed::default(), blank_after };
        let record = Record::default();
        let mut panel = RecordingPanel { record: record.clone(), refresh_hz };
        let thread = thread::spawn(move || server.run(&mut panel).unwrap());
        Self { record, stop: Some(stopper), thread: Some(thread) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop.take();
        self.thread.take().unwrap().join().unwrap();
    }
}

pub(crate) fn socket() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("panel.sock");
    (home, path)
}

/// A picture of one value.
pub(crate) fn filled(value: u8) -> Vec<u8> {
    vec![value; usize::from(SIZE.0) * usize::from(SIZE.1) * 3]
}
