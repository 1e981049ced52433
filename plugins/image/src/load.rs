//! From names to pictures at the panel's size: what `fetch` does.
//!
//! Invariant: all frames of an album together take at most [`MOST_KEPT`] bytes; a picture that cannot be had now keeps
//! its place as it was when it could.

use std::sync::Arc;
use std::time::Duration;

use image::DynamicImage;
use image::metadata::Orientation;
use marquee_plugin_api::prelude::*;
use marquee_plugin_api::{HostErrorKind, HttpResponse, log};

use crate::album::{Album, Picture, Still};
use crate::decode::{self, Taker};
use crate::fit::Fitter;
use crate::scene;
use crate::settings::{Settings, is_address};

/// Bytes of all frames that are kept.
const MOST_KEPT: usize = 24 * 1024 * 1024;

/// How soon to look again for what could not be had.
const SOON: Duration = Duration::from_secs(60);

/// Fetches once.
pub(crate) fn fetch(
    settings: &Settings,
    host: &Host<'_>,
    last: Option<&Album>,
) -> Result<Fetched<Album>, PluginError> {
    settings.check()?;
    let panel = host.panel();
    let fitter = Fitter {
        width: panel.width,
        height: panel.height,
        fit: settings.fit,
        scaling: settings.scaling,
        background: settings.background,
    };
    let share = MOST_KEPT / settings.pictures.len().max(1);
    let mut pictures = Vec::new();
    let mut complaints = Vec::new();
    let mut all_missing = true;
    let mut incomplete = false;
    for name in &settings.pictures {
        let name = name.trim();
        let before = last.and_then(|album| album.pictures.iter().find(|picture| picture.name == name));
        match (before, is_address(name)) {
            // A file of the plugin does not change.
            (Some(before), false) => pictures.push(Arc::clone(before)),
            _ => match load(name, host, &fitter, share) {
                Ok(picture) => pictures.push(Arc::new(picture)),
                Err(problem) => {
                    all_missing &= problem.missing;
                    incomplete |= is_address(name);
                    log::warn!("{}", problem.message);
                    complaints.push(problem.message);
                    pictures.extend(before.map(Arc::clone));
                }
            },
        }
    }
    if pictures.is_empty() {
        if !settings.pictures_are_own() || !all_missing {
            return Err(PluginError::new(complaints.join("; ")));
        }
        log::info!("there are no pictures in the assets folder, so the built-in one is shown");
        pictures.extend(built_in(&fitter).map(Arc::new));
    }
    let again = if incomplete { settings.refresh().min(SOON) } else { settings.refresh() };
    let album = Album { pictures };
    Ok(match settings.pictures.iter().any(|name| is_address(name.trim())) {
        true => Fetched::new(album, again),
        false => Fetched::once(album),
    })
}

struct Problem {
    message: String,
    /// There is no such file.
    missing: bool,
}

fn load(name: &str, host: &Host<'_>, fitter: &Fitter, share: usize) -> Result<Picture, Problem> {
    let bytes = if is_address(name) {
        let request = HttpRequest::get(name).header("Accept", "image/png, image/jpeg, image/gif");
        host.send(&request).and_then(HttpResponse::success).map(|answer| answer.body)
    } else {
        host.asset(name)
    };
    let bytes = bytes.map_err(|error| Problem {
        message: format!("the picture {name:?} cannot be had: {error}"),
        missing: error.kind == HostErrorKind::NotFound,
    })?;
    let mut frames = Fitted { fitter, frames: Vec::new(), sharp: None, room: share };
    let unreadable = |error: PluginError| Problem {
        message: format!("the picture {name:?} cannot be shown: {error}"),
        missing: false,
    };
    decode::decode(&bytes, &mut frames).map_err(|error| unreadable(error.into()))?;
    Picture::new(name.to_owned(), frames.frames)
        .ok_or_else(|| unreadable(PluginError::new("it has no frames")))
}

/// Fits frames to the panel as they come.
struct Fitted<'a> {
    fitter: &'a Fitter,
    frames: Vec<Still>,
    sharp: Option<bool>,
    /// Bytes left for frames.
    room: usize,
}

impl Taker for Fitted<'_> {
    fn take(&mut self, frame: DynamicImage, turned: Orientation, delay: Duration) -> bool {
        let sharp = *self.sharp.get_or_insert_with(|| self.fitter.is_sharp(&frame));
        let rgb = self.fitter.fitted(&frame, turned, sharp);
        let size = rgb.len();
        self.room = self.room.saturating_sub(size);
        match self.frames.last_mut() {
            // Many animations hold a picture by repeating it.
            Some(last) if last.rgb == rgb => {
                last.delay = last.delay.saturating_add(delay);
                self.room += size;
            }
            _ => self.frames.push(Still { rgb, delay }),
        }
        let more = self.room >= size;
        if !more {
            log::warn!("an animation is cut after {} frames: more do not fit into memory", self.frames.len());
        }
        more
    }
}

/// The picture that is shown when there is no other.
fn built_in(fitter: &Fitter) -> Option<Picture> {
    let (width, height) = (fitter.width as usize, fitter.height as usize);
    // Fewer frames where they are large.
    let frames = (MOST_KEPT / 2 / (width * height * 3).max(1)).clamp(1, scene::FRAMES);
    let delay = scene::ROUND / frames as u32;
    let still = |n: usize| Still { rgb: scene::sunset(width, height, n as f32 / frames as f32), delay };
    Picture::new(String::new(), (0..frames).map(still).collect())
}
