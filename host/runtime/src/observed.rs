//! What is known of an instance, for whoever asks.
//!
//! Invariant: a short lock, never held across a wait; readers get a copy.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use marquee_model::{ObservedState, ObservedView};

use crate::log_lines::LogLines;

/// What is known of one instance.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) state: ObservedState,
    pub(crate) reason: Option<String>,
    pub(crate) restarts: u32,
    pub(crate) pid: Option<u32>,
    pub(crate) frames: u64,
    pub(crate) late: u64,
    pub(crate) version: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) log: LogLines,
}

/// A shared view of one instance.
#[derive(Debug, Clone)]
pub struct Observed(Arc<Mutex<Known>>);

impl Observed {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Known {
            state: ObservedState::Starting,
            reason: None,
            restarts: 0,
            pid: None,
            frames: 0,
            late: 0,
            version: None,
            digest: None,
            log: LogLines::new(),
        })))
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, state: ObservedState, reason: Option<String>) {
        let mut known = self.known();
        known.state = state;
        known.reason = reason;
    }

    /// Takes a line of the plugin's log; whether it was let through.
    pub(crate) fn line(&self, text: &str) -> bool {
        self.known().log.line(text, Instant::now())
    }

    /// For the API.
    #[must_use]
    pub fn view(&self) -> ObservedView {
        let known = self.known();
        ObservedView {
            state: known.state,
            reason: known.reason.clone(),
            restarts: known.restarts,
            pid: known.pid,
            frames: known.frames,
            late_frames: known.late,
            dropped_log_lines: known.log.dropped(),
            last_log: known.log.last(20),
            running_version: known.version.clone(),
            running_digest: known.digest.clone(),
        }
    }
}
