//! Which plugin an id stands for, when several files claim it.
//!
//! Invariant: each id has at most one plugin. Installed beats bare; the highest usable version of an installed one
//! wins; two that are not installed are both refused, since picking one would depend on chance.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use marquee_model::PluginId;
use rustix::io::Errno;

use crate::candidates::{Candidate, Place, escaped, list};
use crate::examine::{Examiner, Look, Plugin};
use crate::open::directory;
use crate::scan::{Found, Kind, Refused, Scan};

/// The contents of the folder, chosen and refused.
pub(crate) fn scan(root: &Path, folder: BorrowedFd<'_>, examiner: &mut Examiner) -> Result<Scan, Errno> {
    let mut listing = list(folder)?;
    let listed = listing.candidates.len();
    let vanished = examiner.vanished(&listing.candidates);
    listing.candidates.extend(vanished);
    let mut choice =
        Choice { root, folder, refused: listing.refused, installed: BTreeMap::new(), loose: BTreeMap::new() };

    let mut versions = BTreeMap::<PluginId, Vec<(Candidate, bool)>>::new();
    for (number, candidate) in listing.candidates.into_iter().enumerate() {
        let is_listed = number < listed;
        if let Place::Installed { id, .. } = &candidate.place {
            versions.entry(id.clone()).or_default().push((candidate, is_listed));
        } else {
            choice.add_loose(examiner, candidate, is_listed);
        }
    }
    for (id, mut versions) in versions {
        versions.sort_by_key(|(candidate, _)| std::cmp::Reverse(version_of(candidate)));
        // Older versions are not read while a newer one works.
        for (candidate, is_listed) in versions {
            if choice.add_installed(examiner, &id, candidate, is_listed) {
                break;
            }
        }
    }
    Ok(choice.decide())
}

fn version_of(candidate: &Candidate) -> Option<semver::Version> {
    match &candidate.place {
        Place::Installed { version, .. } => Some(version.clone()),
        Place::Bare | Place::Development => None,
    }
}

struct Choice<'a> {
    root: &'a Path,
    folder: BorrowedFd<'a>,
    refused: Vec<Refused>,
    installed: BTreeMap<PluginId, (Candidate, Arc<Plugin>)>,
    loose: BTreeMap<PluginId, Vec<(Candidate, Arc<Plugin>)>>,
}

impl Choice<'_> {
    fn refuse(&mut self, path: &Path, reason: String) {
        self.refused.push(Refused { path: escaped(path), reason });
    }

    /// What a candidate holds now, or held before a replacement that is unfinished or bad.
    fn usable(
        &mut self,
        examiner: &mut Examiner,
        candidate: &Candidate,
        is_listed: bool,
    ) -> Option<Arc<Plugin>> {
        match examiner.look(self.folder, candidate, is_listed) {
            Look::Good(plugin) => Some(plugin),
            Look::Unsettled { kept } => kept,
            Look::Gone => None,
            Look::Bad { reason, kept } => {
                self.refuse(&candidate.path, reason);
                kept
            }
        }
    }

    fn add_loose(&mut self, examiner: &mut Examiner, candidate: Candidate, is_listed: bool) {
        if let Some(plugin) = self.usable(examiner, &candidate, is_listed) {
            self.loose.entry(plugin.manifest.id.clone()).or_default().push((candidate, plugin));
        }
    }

    fn add_installed(
        &mut self,
        examiner: &mut Examiner,
        id: &PluginId,
        candidate: Candidate,
        is_listed: bool,
    ) -> bool {
        let Some(plugin) = self.usable(examiner, &candidate, is_listed) else { return false };
        let (says, version) = (&plugin.manifest.id, &plugin.manifest.version);
        if says != id || version_of(&candidate).as_ref() != Some(version) {
            let reason = format!(
                "its manifest says {says} {version}, which is not what its folder is named after: install it again"
            );
            self.refuse(&candidate.path, reason);
            return false;
        }
        self.installed.insert(id.clone(), (candidate, plugin));
        true
    }

    fn decide(mut self) -> Scan {
        let mut found = BTreeMap::new();
        for (id, claims) in std::mem::take(&mut self.loose) {
            let paths: Vec<PathBuf> = claims.iter().map(|(candidate, _)| candidate.path.clone()).collect();
            if let Some((installed, _)) = self.installed.get(&id) {
                let reason = format!(
                    "not used, because {id} is installed as {}: uninstall that to use this file",
                    escaped(&installed.path)
                );
                paths.iter().for_each(|path| self.refuse(path, reason.clone()));
            } else if let [path, other, ..] = paths.as_slice() {
                for mine in &paths {
                    let theirs = escaped(if mine == path { other } else { path });
                    self.refuse(mine, format!("{theirs} has the same id, {id}: keep only one of them"));
                }
            } else {
                for (candidate, plugin) in claims {
                    found.insert(id.clone(), Arc::new(self.found(&candidate, &plugin)));
                }
            }
        }
        for (id, (candidate, plugin)) in std::mem::take(&mut self.installed) {
            found.insert(id, Arc::new(self.found(&candidate, &plugin)));
        }
        self.refused.sort();
        Scan { generation: 0, found, refused: self.refused, folder_error: None }
    }

    fn found(&self, candidate: &Candidate, plugin: &Plugin) -> Found {
        Found {
            id: plugin.manifest.id.clone(),
            version: plugin.manifest.version.to_string(),
            path: escaped(&candidate.path),
            kind: match candidate.place {
                Place::Installed { .. } => Kind::Installed,
                Place::Bare => Kind::Bare,
                Place::Development => Kind::Development,
            },
            digest: plugin.digest.clone(),
            size: plugin.size,
            bytes: Arc::clone(&plugin.bytes),
            manifest: plugin.manifest.clone(),
            assets: self.assets(candidate, &plugin.manifest.id),
        }
    }

    /// The assets folder that goes with a plugin, if it is there and inside the plugins folder.
    fn assets(&self, candidate: &Candidate, id: &PluginId) -> Option<PathBuf> {
        let places = match candidate.place {
            Place::Installed { .. } | Place::Development => vec![candidate.path.with_file_name("assets")],
            Place::Bare => {
                vec![candidate.path.with_extension("assets"), Path::new("assets").join(id.as_str())]
            }
        };
        let place = places.into_iter().find(|place| directory(self.folder, place.as_path()).is_ok())?;
        Some(self.root.join(place))
    }
}
