//! Which names of the plugins folder may be plugins, by the rules of the folder: bare files, installed versions,
//! development folders.
//!
//! Invariant: only names are looked at here, never contents; and each name that somebody could take for a plugin is
//! either a candidate or refused with a reason. Everything else (assets, notes, hidden and staging folders) is silent.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use marquee_model::PluginId;
use rustix::fs::{AtFlags, Dir, FileType, statat};
use rustix::io::Errno;
use semver::Version;

use crate::open::{OpenError, directory};
use crate::scan::Refused;

/// Where a file that may be a plugin lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Relative to the folder; plain text.
    pub(crate) path: PathBuf,
    pub(crate) place: Place,
}

/// What its place says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// `<id>/<version>/plugin.so`.
    Installed { id: PluginId, version: Version },
    /// `NAME.so`.
    Bare,
    /// The only `.so` in a folder with `.git`.
    Development,
}

/// The names of the folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) refused: Vec<Refused>,
}

/// Lists the folder. An error is about the folder itself.
pub(crate) fn list(folder: BorrowedFd<'_>) -> Result<Listing, Errno> {
    let mut listing = Listing::default();
    for (name, kind) in names(folder)? {
        let path = Path::new(&name);
        if is_not_a_plugin(&name) {
            continue;
        }
        let extension = path.extension().map(OsStr::as_bytes);
        match extension {
            Some(b"so") => listing.add(path, Place::Bare),
            Some(b"marquee") => listing.refuse(
                path,
                "packages dropped here are not installed by this version; unpack it to ID/VERSION/plugin.so instead",
            ),
            _ if matches!(kind, FileType::Directory | FileType::Symlink | FileType::Unknown) => {
                list_folder(folder, path, &mut listing);
            }
            _ => {}
        }
    }
    Ok(listing)
}

/// A folder of the folder: an installed plugin, a development plugin, or no business of ours.
fn list_folder(folder: BorrowedFd<'_>, path: &Path, listing: &mut Listing) {
    let inside = match directory(folder, path) {
        Ok(inside) => inside,
        // A link to a file or to nothing, without `.so` at its end: somebody else's.
        Err(Errno::NOTDIR | Errno::NOENT) => return,
        Err(errno) => return listing.refuse(path, &marquee_model::sentence(&OpenError::from(errno))),
    };
    let Ok(names) = names(inside.as_fd()) else {
        return listing.refuse(path, "this folder cannot be listed: change its mode or its owner");
    };
    if statat(&inside, ".git", AtFlags::SYMLINK_NOFOLLOW).is_ok() {
        let libraries: Vec<_> = names
            .iter()
            .filter(|(name, _)| {
                !is_not_a_plugin(name) && Path::new(name).extension() == Some(OsStr::new("so"))
            })
            .collect();
        return match libraries.as_slice() {
            [(name, _)] => listing.add(&path.join(name), Place::Development),
            [] => listing.refuse(
                path,
                "this development folder has no .so yet: build it and put or link the .so here",
            ),
            more => {
                let count = more.len();
                listing
                    .refuse(path, &format!("this development folder has {count} .so files: keep only one"));
            }
        };
    }
    for (version, kind) in names {
        if is_not_a_plugin(&version)
            || !matches!(kind, FileType::Directory | FileType::Symlink | FileType::Unknown)
        {
            continue;
        }
        let file = path.join(&version).join("plugin.so");
        // A link that leads out shows itself when the candidate is opened.
        if statat(folder, &file, AtFlags::SYMLINK_NOFOLLOW).is_err() {
            continue;
        }
        let id = path.to_str().map(str::parse::<PluginId>);
        let version = version.to_str().map(Version::parse);
        match (id, version) {
            (Some(Ok(id)), Some(Ok(version))) => listing.add(&file, Place::Installed { id, version }),
            (Some(Ok(_)), _) => {
                listing.refuse(
                    &file,
                    "its folder is not named after a version: name it ID/VERSION, such as clock/1.0.0",
                );
            }
            _ => listing.refuse(
                &file,
                "its folder is not named after a plugin: name it ID/VERSION, such as clock/1.0.0",
            ),
        }
    }
}

impl Listing {
    fn add(&mut self, path: &Path, place: Place) {
        if path.to_str().is_some_and(|text| !text.chars().any(char::is_control)) {
            self.candidates.push(Candidate { path: path.to_owned(), place });
        } else {
            self.refuse(path, "its name is not plain text: rename it");
        }
    }

    fn refuse(&mut self, path: &Path, reason: &str) {
        self.refused.push(Refused { path: escaped(path), reason: reason.to_owned() });
    }
}

/// A path on one line, whatever bytes it has.
pub(crate) fn escaped(path: &Path) -> String {
    match path.to_str() {
        Some(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => format!("{path:?}").trim_matches('"').to_owned(),
    }
}

/// B-REC-17: hidden names, staging folders and set-aside copies are not plugins.
fn is_not_a_plugin(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let mark = b".standalone-backup-";
    name.starts_with(b".") || name == b"staging" || name.windows(mark.len()).any(|part| part == mark)
}

/// The names in a folder with their kinds, sorted so that two listings of the same folder are equal.
fn names(folder: BorrowedFd<'_>) -> Result<Vec<(std::ffi::OsString, FileType)>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push((name.to_owned(), entry.file_type()));
        }
    }
    names.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(names)
}
