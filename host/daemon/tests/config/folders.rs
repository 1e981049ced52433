//! Which folders the host uses, and what it says when it cannot.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::Place;

fn state(place: &Place) -> String {
    place.load().unwrap().directories.state.display().to_string()
}

#[test]
fn the_users_folders_are_those_of_xdg() {
    let mut place = Place::new();
    let folders = place.load().unwrap().directories;
    assert_eq!(folders.state, place.path(".local/state/marquee"));
    assert_eq!(folders.plugins, place.path(".local/state/marquee/plugins"));
    assert_eq!(folders.cache, place.path(".cache/marquee"));
    assert_eq!(folders.runtime, folders.state);
    assert!(!folders.state_was_named);
    place.set("XDG_STATE_HOME", "/s").set("XDG_CACHE_HOME", "/c").set("XDG_RUNTIME_DIR", "/r");
    let folders = place.load().unwrap().directories;
    assert_eq!(
        [folders.state, folders.cache, folders.runtime],
        ["/s/marquee", "/c/marquee", "/r/marquee"].map(std::path::PathBuf::from)
    );
    // The rules say that a relative path there counts as not set.
    place.set("XDG_STATE_HOME", "s");
    assert_eq!(state(&place), place.path(".local/state/marquee").display().to_string());
}

#[test]
fn under_systemd_they_are_systemds_and_a_name_wins() {
    let mut place = Place::new();
    place
        .set("STATE_DIRECTORY", "/var/lib/marquee:/var/lib/other")
        .set("CACHE_DIRECTORY", "/var/cache/marquee");
    place.set("RUNTIME_DIRECTORY", "/run/marquee");
    let folders = place.load().unwrap().directories;
    assert_eq!(folders.state, Path::new("/var/lib/marquee"));
    assert_eq!(
        (folders.cache.to_str(), folders.runtime.to_str()),
        (Some("/var/cache/marquee"), Some("/run/marquee"))
    );
    place.write("marquee.toml", "[host]\nstate_dir = \"mine\"");
    assert_eq!(state(&place), place.path("mine").display().to_string(), "relative to the file");
    place.set("MARQUEE_HOST__STATE_DIR", "/by/variable");
    assert_eq!(state(&place), "/by/variable");
    place.flags.state_dir = Some("by/flag".into());
    assert_eq!(state(&place), std::env::current_dir().unwrap().join("by/flag").display().to_string());
}

#[test]
fn missing_folders_are_made_and_the_state_is_not_for_everybody() {
    let place = Place::new();
    let folders = place.load().unwrap().directories;
    folders.prepare().unwrap();
    folders.prepare().unwrap();
    assert_eq!(folders.state.metadata().unwrap().permissions().mode() & 0o777 & !0o750, 0);
    assert!(folders.plugins.is_dir());
}

#[test]
fn a_folder_that_cannot_be_used_is_one_sentence() {
    let mut place = Place::new();
    let sentence = |place: &Place| {
        let error = place.load().unwrap().directories.prepare().unwrap_err();
        error.to_string().replace(&format!("{}/", place.home.path().display()), "")
    };
    place.write("file", "");
    place.flags.state_dir = Some(place.path("file"));
    insta::assert_snapshot!(sentence(&place), @"the state folder file is not a folder: remove it, or name another one with --state-dir");
    place.flags.state_dir = Some(place.path("file/below"));
    insta::assert_snapshot!(sentence(&place), @"cannot make the state folder file/below: make it by hand, or name another one with --state-dir");
    place.flags.state_dir = Some(place.path("state"));
    place.flags.plugins_dir = Some(place.path("file"));
    insta::assert_snapshot!(sentence(&place), @"the plugins folder file is not a folder: remove it, or name another one with --plugins-dir");
    // Where not even root may write.
    place.flags.plugins_dir = None;
    place.flags.state_dir = Some("/proc/self".into());
    let sentence = sentence(&place);
    assert!(sentence.starts_with("cannot ") && sentence.contains("--state-dir"), "{sentence}");
}
