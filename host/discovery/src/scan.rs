//! What a scan says: plugins by id, refused files with their reasons.
//!
//! Invariant: a published [`Scan`] never changes. Two scans that say the same are equal for [`Scan::says_the_same`],
//! however often the files were looked at.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use marquee_frames::sealed::SealedBytes;
use marquee_inspect::Manifest;
use marquee_model::PluginId;

/// How a plugin came into the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `<id>/<version>/plugin.so`.
    Installed,
    /// A bare `NAME.so`.
    Bare,
    /// The only `.so` of a folder with `.git`.
    Development,
}

/// A plugin that is there and passed every check that needs no running code.
#[derive(Debug)]
pub struct Found {
    /// Its id, from its manifest.
    pub id: PluginId,
    /// Its version, from its manifest.
    pub version: String,
    /// Where it lies, relative to the folder.
    pub path: String,
    /// How it came there.
    pub kind: Kind,
    /// SHA-256 of its bytes, 64 lower-case hexadecimal digits.
    pub digest: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its bytes, sealed: what is loaded, whatever becomes of the file.
    pub bytes: Arc<SealedBytes>,
    /// What it says about itself.
    pub manifest: Manifest,
    /// Its assets folder, absolute, if it has one: `assets` beside an installed or development plugin; `NAME.assets`
    /// or else `assets/<id>` beside a bare one.
    pub assets: Option<PathBuf>,
}

/// A file that is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// Where it lies, relative to the folder; bytes that are not plain text are escaped.
    pub path: String,
    /// Why, in one sentence that says what to do.
    pub reason: String,
}

/// What lies in the folder, at one moment.
#[derive(Debug, Default)]
pub struct Scan {
    /// Counts published scans from 1.
    pub generation: u64,
    /// Usable plugins, one for each id. A path can be here and in `refused`: its new contents were refused, and the
    /// bytes read before stay in use until it is repaired or removed.
    pub found: BTreeMap<PluginId, Arc<Found>>,
    /// Files that are not used, by path.
    pub refused: Vec<Refused>,
    /// Why the folder itself cannot be listed; `found` is then empty.
    pub folder_error: Option<String>,
}

impl Scan {
    /// Whether another scan has the same contents, whatever its generation.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let same = |(a, b): (&Arc<Found>, &Arc<Found>)| {
            a.digest == b.digest && a.path == b.path && a.kind == b.kind && a.assets == b.assets
        };
        self.found.len() == other.found.len()
            && self.found.values().zip(other.found.values()).all(same)
            && self.refused == other.refused
            && self.folder_error == other.folder_error
    }
}
