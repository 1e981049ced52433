//! One candidate at a time: is it complete, does it pass inspection, and what was it before.
//!
//! Copies, linkers and `rsync --inplace` write files in pieces, and a piece can look like a whole file. So a file is
//! read only when it has been quiet for [`QUIET`] and nobody who wrote to it has it open still, and what was read
//! counts only if the file's stamp is the same afterwards.
//!
//! Invariant: a file with the stamp of its last reading is never read again; a good plugin is kept until its file is
//! gone, so that a replacement in progress, or a bad one, takes nothing off the panel.

use std::collections::{HashMap, HashSet};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use marquee_frames::sealed::SealedBytes;
use marquee_inspect::{Machine, Manifest, inspect};

use crate::candidates::Candidate;
use crate::inbox::Writing;
use crate::open::{OpenError, Stamp, read, stamp};
use marquee_model::sentence;

/// A file that has not changed for so long is taken for complete.
pub(crate) const QUIET: Duration = Duration::from_millis(50);
/// A file that looks unfinished gets so long to change before it is refused.
const QUIET_IF_UNFINISHED: Duration = Duration::from_millis(100);
/// Somebody who writes and does not close holds a file back for so long after the last write.
const OPEN_WRITER: Duration = Duration::from_secs(2);
/// A file that vanished may come back within this time (deleted, then created) before its plugin is gone.
const VANISHED: Duration = Duration::from_millis(100);

/// What a good file holds.
#[derive(Debug)]
pub(crate) struct Plugin {
    pub(crate) manifest: Manifest,
    pub(crate) digest: String,
    pub(crate) size: u64,
    pub(crate) bytes: Arc<SealedBytes>,
}

/// What a candidate turned out to be.
#[derive(Debug)]
pub(crate) enum Look {
    /// A plugin.
    Good(Arc<Plugin>),
    /// Not usable; the plugin that was there before, if there was one.
    Bad { reason: String, kept: Option<Arc<Plugin>> },
    /// Not settled yet; the plugin that was there before, if there was one.
    Unsettled { kept: Option<Arc<Plugin>> },
    /// Not there any more.
    Gone,
}

/// What is known of a path from earlier scans.
#[derive(Debug)]
struct Known {
    candidate: Candidate,
    stamp: Option<Stamp>,
    since: Instant,
    outcome: Option<Outcome>,
    good: Option<Arc<Plugin>>,
    vanished: Option<Instant>,
}

#[derive(Debug, Clone)]
enum Outcome {
    Good(Arc<Plugin>),
    Bad { reason: String, unfinished: bool },
}

/// All that is known, and the clock of one scan.
#[derive(Debug)]
pub(crate) struct Examiner {
    machine: Machine,
    known: HashMap<PathBuf, Known>,
    reads: Arc<AtomicU64>,
    now: Instant,
    writing: Writing,
    /// An operator asked: what is gone is gone at once.
    strict: bool,
    /// The last of those that are settled soon, so that files which were written together appear together …
    soon: Option<Instant>,
    /// … and the first of the others.
    later: Option<Instant>,
}

impl Examiner {
    pub(crate) fn new(machine: Machine, reads: Arc<AtomicU64>) -> Self {
        let writing = Writing::default();
        Self {
            machine,
            known: HashMap::new(),
            reads,
            now: Instant::now(),
            writing,
            strict: false,
            soon: None,
            later: None,
        }
    }

    /// Opens a scan.
    pub(crate) fn begin(&mut self, writing: Writing, strict: bool) {
        (self.now, self.writing, self.strict) = (Instant::now(), writing, strict);
        (self.soon, self.later) = (None, None);
    }

    /// Candidates of earlier scans that had a plugin and are not listed now: they may be about to come back.
    pub(crate) fn vanished(&mut self, listed: &[Candidate]) -> Vec<Candidate> {
        let listed: HashSet<&Path> = listed.iter().map(|candidate| candidate.path.as_path()).collect();
        self.known.retain(|path, known| known.good.is_some() || listed.contains(path.as_path()));
        let gone = self.known.values().filter(|known| !listed.contains(known.candidate.path.as_path()));
        gone.map(|known| known.candidate.clone()).collect()
    }

    /// When something that is not settled wants another look.
    pub(crate) fn again_at(&self) -> Option<Instant> {
        self.soon.or(self.later)
    }

    /// Looks at one candidate.
    pub(crate) fn look(&mut self, folder: BorrowedFd<'_>, candidate: &Candidate, listed: bool) -> Look {
        let now = self.now;
        let known = self.known.entry(candidate.path.clone()).or_insert_with(|| Known {
            candidate: candidate.clone(),
            stamp: None,
            since: now,
            outcome: None,
            good: None,
            vanished: None,
        });
        let stamp = match stamp(folder, &candidate.path) {
            Ok(stamp) => stamp,
            Err(OpenError::Dangling) => return self.look_at_nothing(candidate, listed),
            Err(error) => {
                (known.stamp, known.outcome, known.vanished) = (None, None, None);
                return Look::Bad { reason: sentence(&error), kept: known.good.clone() };
            }
        };
        known.vanished = None;
        if known.stamp != Some(stamp) {
            (known.stamp, known.since, known.outcome) = (Some(stamp), now, None);
        }
        let quiet_for = quiet_for(&stamp, now.duration_since(known.since));
        let kept = known.good.clone();
        let outcome = match &known.outcome {
            Some(outcome) => outcome.clone(),
            None => {
                let open_until =
                    self.writing.last_write(stamp.device, stamp.inode).map(|at| at + OPEN_WRITER);
                if let Some(until) = open_until.filter(|until| *until > now) {
                    return self.unsettled(until, kept);
                }
                if quiet_for < QUIET {
                    return self.unsettled(now + (QUIET - quiet_for), kept);
                }
                self.reads.fetch_add(1, Ordering::Relaxed);
                match self.read_and_inspect(folder, &candidate.path, &stamp) {
                    Some(outcome) => outcome,
                    None => return self.unsettled(now + QUIET, kept),
                }
            }
        };
        if let Some(known) = self.known.get_mut(&candidate.path) {
            known.outcome = Some(outcome.clone());
            if let Outcome::Good(plugin) = &outcome {
                known.good = Some(Arc::clone(plugin));
            }
        }
        match outcome {
            Outcome::Good(plugin) => Look::Good(plugin),
            Outcome::Bad { unfinished: true, .. } if quiet_for < QUIET_IF_UNFINISHED => {
                self.unsettled(now + (QUIET_IF_UNFINISHED - quiet_for), kept)
            }
            Outcome::Bad { reason, .. } => Look::Bad { reason, kept },
        }
    }

    /// The name is gone, or is a link to nothing.
    fn look_at_nothing(&mut self, candidate: &Candidate, listed: bool) -> Look {
        let now = self.now;
        if let Some(known) = self.known.get_mut(&candidate.path) {
            let since = *known.vanished.get_or_insert(now);
            if !self.strict && known.good.is_some() && now < since + VANISHED {
                let kept = known.good.clone();
                return self.unsettled(since + VANISHED, kept);
            }
        }
        self.known.remove(&candidate.path);
        if listed { Look::Bad { reason: sentence(&OpenError::Dangling), kept: None } } else { Look::Gone }
    }

    fn unsettled(&mut self, until: Instant, kept: Option<Arc<Plugin>>) -> Look {
        if until <= self.now + QUIET_IF_UNFINISHED {
            self.soon = self.soon.max(Some(until));
        } else {
            self.later = Some(self.later.map_or(until, |at| at.min(until)));
        }
        Look::Unsettled { kept }
    }

    /// What the file is; none if it changed meanwhile.
    fn read_and_inspect(&self, folder: BorrowedFd<'_>, path: &Path, stamp: &Stamp) -> Option<Outcome> {
        let bytes = match read(folder, path, stamp) {
            Ok(bytes) => bytes,
            Err(OpenError::Changed | OpenError::Dangling) => return None,
            Err(error) => return Some(Outcome::Bad { reason: sentence(&error), unfinished: false }),
        };
        let inspected = match inspect(&bytes, &self.machine) {
            Ok(inspected) => inspected,
            Err(refusal) => {
                let unfinished = refusal.may_be_unfinished();
                return Some(Outcome::Bad { reason: sentence(&refusal), unfinished });
            }
        };
        let digest = inspected.hex();
        // The same bytes again (touched, copied over, checked out): the plugin stays the one it was.
        let before = self.known.get(path).and_then(|known| known.good.as_ref());
        if let Some(before) = before.filter(|before| before.digest == digest) {
            return Some(Outcome::Good(Arc::clone(before)));
        }
        let name = format!("plugin-{}", inspected.manifest.id);
        Some(match SealedBytes::create(&name, &bytes) {
            Ok(sealed) => {
                let (bytes, size) = (Arc::new(sealed), stamp.size);
                Outcome::Good(Arc::new(Plugin { manifest: inspected.manifest, digest, size, bytes }))
            }
            Err(error) => Outcome::Bad { reason: sentence(&error), unfinished: false },
        })
    }
}

/// How long a file has not changed: by its own time of change, or by how long we have seen it so, whichever is longer
/// (the clock of a Raspberry Pi jumps when it hears of the time).
fn quiet_for(stamp: &Stamp, seen_for: Duration) -> Duration {
    let (seconds, nanos) = stamp.changed;
    let changed = UNIX_EPOCH
        + Duration::new(
            u64::try_from(seconds).unwrap_or(0),
            u32::try_from(nanos).unwrap_or(0).min(999_999_999),
        );
    SystemTime::now().duration_since(changed).unwrap_or(Duration::ZERO).max(seen_for)
}
