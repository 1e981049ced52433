//! A real folder, real plugin files, and everything that people and tools do to them.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use marquee_discovery::{Discovery, Kind, MAX_PLUGIN_BYTES, Scan};
use tempfile::TempDir;
use tokio::sync::watch;

#[expect(dead_code, reason = "the fixtures of the inspection have more than is used here")]
#[path = "../../inspect/tests/fixture/mod.rs"]
mod fixture;
use fixture::plugin;

/// A plugins folder under test.
struct Folder {
    /// Removed at the end.
    _home: TempDir,
    path: PathBuf,
}

impl Folder {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("plugins");
        fs::create_dir(&path).expect("the plugins folder");
        Self { _home: home, path }
    }

    /// Writes a file, making its folders.
    fn put(&self, path: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("its folder");
        fs::write(&path, bytes).expect("the file is written");
        path
    }

    fn start(&self) -> Discovery {
        Discovery::start(self.path.clone()).expect("discovery starts")
    }
}

fn id(text: &str) -> marquee_model::PluginId {
    text.parse().expect("an id")
}

fn versions(scan: &Scan) -> Vec<String> {
    scan.found.values().map(|found| format!("{} {} {}", found.path, found.id, found.version)).collect()
}

/// The reason given for a path.
fn reason<'a>(scan: &'a Scan, path: &str) -> &'a str {
    let refused = scan.refused.iter().find(|refused| refused.path == path);
    refused.map_or_else(
        || panic!("{path} is not refused: {:?}", scan.refused),
        |refused| refused.reason.as_str(),
    )
}

/// The first scan that is as wanted.
async fn until(
    scans: &mut watch::Receiver<Arc<Scan>>,
    what: &str,
    wanted: impl FnMut(&Arc<Scan>) -> bool,
) -> Arc<Scan> {
    let seen = tokio::time::timeout(Duration::from_secs(10), scans.wait_for(wanted)).await;
    if let Ok(scan) = seen.map(|scan| Arc::clone(&scan.expect("discovery lives"))) {
        return scan;
    }
    let last = Arc::clone(&scans.borrow());
    panic!("never seen: {what}; last: {:?} {:?}", versions(&last), last.refused)
}

fn has_version(scan: &Scan, plugin: &str, version: &str) -> bool {
    scan.found.get(&id(plugin)).is_some_and(|found| found.version == version)
}

#[test]
fn each_kind_of_plugin_is_found_with_its_assets() {
    let folder = Folder::new();
    folder.put("clock/1.2.0/plugin.so", &plugin("clock", "1.2.0"));
    folder.put("clock/1.10.0/plugin.so", &plugin("clock", "1.10.0"));
    folder.put("clock/1.10.0/assets/font.bdf", b"");
    folder.put("libbare.so", &plugin("bare-one", "0.1.0"));
    folder.put("assets/bare-one/picture.png", b"");
    folder.put("beside.so", &plugin("beside", "0.1.0"));
    folder.put("beside.assets/picture.png", b"");
    folder.put("work/.git/HEAD", b"");
    folder.put("work/libwork.so", &plugin("in-work", "0.1.0-dev.1"));
    folder.put("notes.txt", b"");
    let scan = folder.start().current();
    assert_eq!(
        versions(&scan),
        [
            "libbare.so bare-one 0.1.0",
            "beside.so beside 0.1.0",
            "clock/1.10.0/plugin.so clock 1.10.0",
            "work/libwork.so in-work 0.1.0-dev.1"
        ]
    );
    assert_eq!(scan.refused, []);
    let kinds: Vec<Kind> = scan.found.values().map(|found| found.kind).collect();
    assert_eq!(kinds, [Kind::Bare, Kind::Bare, Kind::Installed, Kind::Development]);
    let assets = |plugin: &str| scan.found[&id(plugin)].assets.clone();
    assert_eq!(assets("bare-one"), Some(folder.path.join("assets/bare-one")));
    assert_eq!(assets("beside"), Some(folder.path.join("beside.assets")));
    assert_eq!(assets("clock"), Some(folder.path.join("clock/1.10.0/assets")));
    assert_eq!(assets("in-work"), None);
}

#[test]
fn what_is_found_holds_the_bytes_of_the_file() {
    let folder = Folder::new();
    let bytes = plugin("clock", "1.0.0");
    folder.put("clock.so", &bytes);
    let scan = folder.start().current();
    let found = &scan.found[&id("clock")];
    assert!(found.bytes.to_vec().expect("they are mapped") == bytes);
    assert_eq!((found.size, found.digest.len()), (bytes.len() as u64, 64));
}

/// B-REC-17: folders whose name contains `.standalone-backup-`, hidden folders and staging folders are not plugins.
#[test]
fn backups_hidden_and_staging_names_are_not_plugins() {
    let folder = Folder::new();
    let bytes = plugin("clock", "1.0.0");
    for path in [
        ".hidden.so",
        "..so",
        ".clock/1.0.0/plugin.so",
        "staging/1.0.0/plugin.so",
        "clock.standalone-backup-2024/1.0.0/plugin.so",
        "clock.standalone-backup-2024.so",
        "clock/.1.0.0/plugin.so",
        "clock/staging/plugin.so",
    ] {
        folder.put(path, &bytes);
    }
    let scan = folder.start().current();
    assert_eq!((versions(&scan).len(), scan.refused.len()), (0, 0), "{:?}", scan.refused);
}

#[test]
fn two_files_with_one_id_are_refused_and_installed_beats_bare() {
    let folder = Folder::new();
    folder.put("a.so", &plugin("twin", "1.0.0"));
    folder.put("b.so", &plugin("twin", "2.0.0"));
    folder.put("clock.so", &plugin("clock", "9.0.0"));
    folder.put("clock/1.0.0/plugin.so", &plugin("clock", "1.0.0"));
    let scan = folder.start().current();
    assert_eq!(versions(&scan), ["clock/1.0.0/plugin.so clock 1.0.0"]);
    assert_eq!(reason(&scan, "a.so"), "b.so has the same id, twin: keep only one of them");
    assert_eq!(reason(&scan, "b.so"), "a.so has the same id, twin: keep only one of them");
    assert!(
        reason(&scan, "clock.so")
            .starts_with("not used, because clock is installed as clock/1.0.0/plugin.so")
    );
}

#[test]
fn misplaced_plugins_and_packages_say_where_they_belong() {
    let folder = Folder::new();
    let bytes = plugin("clock", "1.0.0");
    folder.put("clock/2.0.0/plugin.so", &bytes);
    folder.put("other/1.0.0/plugin.so", &bytes);
    folder.put("clock/new/plugin.so", &bytes);
    folder.put("Clock_/1.0.0/plugin.so", &bytes);
    folder.put("unbuilt/.git/HEAD", b"");
    folder.put("many/.git/HEAD", b"");
    folder.put("many/a.so", &bytes);
    folder.put("many/b.so", &bytes);
    folder.put("clock-1.0.0-x86_64-unknown-linux-gnu.marquee", b"");
    let scan = folder.start().current();
    assert_eq!(versions(&scan), [""; 0]);
    for (path, expected) in [
        (
            "clock/2.0.0/plugin.so",
            "its manifest says clock 1.0.0, which is not what its folder is named after",
        ),
        ("other/1.0.0/plugin.so", "its manifest says clock 1.0.0"),
        ("clock/new/plugin.so", "its folder is not named after a version"),
        ("Clock_/1.0.0/plugin.so", "its folder is not named after a plugin"),
        ("unbuilt", "this development folder has no .so yet"),
        ("many", "this development folder has 2 .so files"),
        (
            "clock-1.0.0-x86_64-unknown-linux-gnu.marquee",
            "packages dropped here are not installed by this version; ",
        ),
    ] {
        assert!(reason(&scan, path).starts_with(expected), "{}", reason(&scan, path));
    }
}

/// P-LOAD-1, P-LOAD-2: a file that is cut, or for another machine, is refused with its reason, and the next lower
/// version is used.
#[test]
fn a_bad_newest_version_falls_back_to_the_one_before() {
    let folder = Folder::new();
    let (good, newest) = (plugin("clock", "1.0.0"), plugin("clock", "2.0.0"));
    folder.put("clock/1.0.0/plugin.so", &good);
    folder.put("clock/2.0.0/plugin.so", &newest[..newest.len() / 2]);
    let mut other = plugin("clock", "3.0.0");
    other[18] = if other[18] == 62 { 183 } else { 62 };
    folder.put("clock/3.0.0/plugin.so", &other);
    let scan = folder.start().current();
    assert_eq!(versions(&scan), ["clock/1.0.0/plugin.so clock 1.0.0"]);
    assert!(reason(&scan, "clock/2.0.0/plugin.so").starts_with("the file is cut short: "));
    assert!(reason(&scan, "clock/3.0.0/plugin.so").starts_with("built for "));
}

/// P-LOAD-3: FIFO, device, directory, dangling link, link out of the folder, sparse file, odd names: skipped with a
/// reason within 100 ms, never blocking.
#[test]
fn odd_things_are_skipped_with_a_reason_at_once() {
    let folder = Folder::new();
    let bytes = plugin("clock", "1.0.0");
    let outside = folder.path.with_file_name("outside.so");
    fs::write(&outside, &bytes).expect("a file outside");
    let at = |name: &str| folder.path.join(name);
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe.so"), rustix::fs::FileType::Fifo, 0o644.into(), 0)
        .expect("a pipe");
    let _socket = std::os::unix::net::UnixListener::bind(at("socket.so")).expect("a socket");
    fs::create_dir(at("folder.so")).expect("a folder");
    symlink("/dev/zero", at("device.so")).expect("a link");
    symlink("nothing", at("dangling.so")).expect("a link");
    symlink("loop.so", at("loop.so")).expect("a link");
    symlink(&outside, at("absolute.so")).expect("a link");
    symlink("../outside.so", at("upwards.so")).expect("a link");
    symlink("..", at("parent")).expect("a link");
    symlink("/proc/self/exe", at("magic.so")).expect("a link");
    fs::File::create(at("sparse.so")).and_then(|file| file.set_len(5 << 30)).expect("a sparse file");
    folder.put("line\nbreak.so", &bytes);
    folder.put("zero.so", b"");
    let odd = folder.path.join(std::ffi::OsStr::from_bytes(b"b\xFFd.so"));
    fs::write(odd, &bytes).expect("an odd name");
    folder.put("good.so", &bytes);
    let discovery = folder.start();
    let scan = discovery.current();
    assert_eq!(versions(&scan), ["good.so clock 1.0.0"]);
    let size = format!("it is 5368709120 bytes long, and at most {MAX_PLUGIN_BYTES} are read");
    for (path, expected) in [
        ("pipe.so", "it is a pipe, and plugins are regular files"),
        ("socket.so", "it is a socket"),
        ("folder.so", "it is a folder"),
        ("device.so", "it is a link that leads out of the plugins folder"),
        ("dangling.so", "it is a link to nothing"),
        ("loop.so", "it goes through too many links"),
        ("absolute.so", "it is a link that leads out of the plugins folder"),
        ("upwards.so", "it is a link that leads out of the plugins folder"),
        ("parent", "it is a link that leads out of the plugins folder"),
        ("magic.so", "it is a link that leads out of the plugins folder"),
        ("sparse.so", size.as_str()),
        ("line\\nbreak.so", "its name is not plain text"),
        ("b\\xFFd.so", "its name is not plain text"),
        ("zero.so", "the file is empty"),
    ] {
        assert!(reason(&scan, path).starts_with(expected), "{path}: {}", reason(&scan, path));
    }
    let before = Instant::now();
    discovery.rescan();
    assert!(before.elapsed() < Duration::from_millis(100), "a scan took {:?}", before.elapsed());
}

/// P-LOAD-3: a device file, where this user may make one.
#[test]
fn a_device_is_never_opened() {
    let folder = Folder::new();
    let path = folder.path.join("device.so");
    let zero = rustix::fs::makedev(1, 5);
    let made = rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::CharacterDevice,
        0o666.into(),
        zero,
    );
    if made.is_ok() {
        let scan = folder.start().current();
        assert!(reason(&scan, "device.so").starts_with("it is a device"));
    }
}

/// P-LOAD-3: an unreadable file. The administrator may read everything, and then it is a plugin like any other.
#[test]
fn an_unreadable_file_is_refused() {
    let folder = Folder::new();
    let path = folder.put("clock.so", &plugin("clock", "1.0.0"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("the mode is changed");
    let readable = fs::File::open(&path).is_ok();
    let scan = folder.start().current();
    if readable {
        assert_eq!(versions(&scan), ["clock.so clock 1.0.0"]);
    } else {
        assert_eq!(reason(&scan, "clock.so"), "this user may not read it: change its mode or its owner");
    }
}

/// P-LOAD-4: replaced by rename, by copying in place, by delete and create, by flipping a link: the new version is
/// there once, and no scan is without the plugin.
#[tokio::test]
async fn each_way_of_replacing_a_file_brings_the_new_version_once() {
    let folder = Folder::new();
    let path = folder.put("versions/a", &plugin("clock", "1.0.0"));
    let link = folder.path.join("clock.so");
    fs::copy(&path, &link).expect("a copy");
    let discovery = folder.start();
    let mut scans = discovery.subscribe();
    assert!(has_version(&scans.borrow_and_update(), "clock", "1.0.0"));
    let first = discovery.current().generation;

    type Replace = fn(&Folder, &Path, &[u8]);
    let ways: [(&str, Replace); 5] = [
        ("2.0.0", |folder, link, bytes| {
            let fresh = folder.put(".new", bytes);
            fs::rename(fresh, link).expect("renamed");
        }),
        ("3.0.0", |_, link, bytes| fs::write(link, bytes).expect("copied in place")),
        ("4.0.0", |_, link, bytes| {
            fs::remove_file(link).expect("deleted");
            fs::write(link, bytes).expect("created");
        }),
        ("5.0.0", |folder, link, bytes| {
            folder.put("versions/b", bytes);
            symlink("versions/b", folder.path.join(".link")).expect("a link");
            fs::rename(folder.path.join(".link"), link).expect("flipped");
        }),
        ("6.0.0", |_, link, bytes| {
            // As `rsync --inplace` does: the old contents, overwritten piece by piece.
            let mut file = fs::OpenOptions::new().write(true).open(link).expect("opened");
            bytes.chunks(4096).for_each(|piece| file.write_all(piece).expect("written"));
        }),
    ];
    for (number, (version, replace)) in ways.iter().enumerate() {
        replace(&folder, &link, &plugin("clock", version));
        let scan = until(&mut scans, version, |scan| {
            assert!(!scan.found.is_empty(), "{version}: a scan without the plugin");
            has_version(scan, "clock", version)
        });
        let scan = scan.await;
        assert_eq!(scan.refused, []);
        assert_eq!(scan.generation, first + 1 + number as u64, "{version}: one scan for each replacement");
    }
    assert_eq!(discovery.reads(), 6, "each version is read once");
}

/// P-LOAD-4: truncate and slow write: the old version stays until the new one is complete.
#[tokio::test]
async fn a_slow_copy_keeps_the_old_version_until_it_is_complete() {
    let folder = Folder::new();
    let path = folder.put("clock.so", &plugin("clock", "1.0.0"));
    let discovery = folder.start();
    let mut scans = discovery.subscribe();
    let bytes = plugin("clock", "2.0.0");
    let mut file = fs::File::create(&path).expect("truncated");
    for piece in bytes.chunks(bytes.len() / 4 + 1) {
        file.write_all(piece).expect("a piece is written");
        // The whole file may be there, but its writer has not closed it.
        discovery.rescan();
        assert!(has_version(&discovery.current(), "clock", "1.0.0"), "{:?}", discovery.current());
        assert_eq!(discovery.current().refused, []);
    }
    let closed = Instant::now();
    drop(file);
    until(&mut scans, "the new version", |scan| has_version(scan, "clock", "2.0.0")).await;
    assert_eq!(discovery.reads(), 2, "no piece was read");
    assert!(closed.elapsed() < Duration::from_secs(1), "{:?}", closed.elapsed());
}

/// P-LOAD-4, P-LOAD-5: a replacement that is refused says why, and the version before it stays.
#[tokio::test]
async fn a_bad_replacement_is_refused_and_the_old_version_stays() {
    let folder = Folder::new();
    let old = plugin("clock", "1.0.0");
    let path = folder.put("clock.so", &old);
    let discovery = folder.start();
    let mut scans = discovery.subscribe();
    fs::write(&path, &old[..old.len() / 3]).expect("a broken copy");
    let scan = until(&mut scans, "a reason", |scan| !scan.refused.is_empty()).await;
    assert!(reason(&scan, "clock.so").starts_with("the file is "), "{}", reason(&scan, "clock.so"));
    assert!(has_version(&scan, "clock", "1.0.0"));
    assert!(scan.found[&id("clock")].bytes.to_vec().expect("mapped") == old);
    fs::write(&path, plugin("clock", "1.0.1")).expect("repaired");
    let scan = until(&mut scans, "the repair", |scan| has_version(scan, "clock", "1.0.1")).await;
    assert_eq!(scan.refused, []);
    fs::remove_file(&path).expect("removed");
    let scan = until(&mut scans, "nothing", |scan| scan.found.is_empty()).await;
    assert_eq!(scan.refused, []);
}

/// P-LOAD-6: 500 file events in 100 ms make one reload.
#[tokio::test]
async fn five_hundred_events_make_one_scan_and_one_reading() {
    let folder = Folder::new();
    let discovery = folder.start();
    let mut scans = discovery.subscribe();
    let before = scans.borrow_and_update().generation;
    let bytes = plugin("clock", "1.0.0");
    for _ in 0..170 {
        // Created or truncated, written, closed: three events each.
        folder.put("clock.so", &bytes);
    }
    let scan = until(&mut scans, "the plugin", |scan| has_version(scan, "clock", "1.0.0")).await;
    assert_eq!((scan.generation, discovery.reads()), (before + 1, 1));
}

/// B-STORE-14: nothing that did not change is read again, and no scan is published that says nothing new.
#[tokio::test]
async fn unchanged_files_are_not_read_again() {
    let folder = Folder::new();
    for number in 0..31 {
        let name = format!("plugin-{number}");
        folder.put(&format!("{name}/1.0.0/plugin.so"), &plugin(&name, "1.0.0"));
    }
    let discovery = folder.start();
    let (reads, generation) = (discovery.reads(), discovery.current().generation);
    assert_eq!((reads, generation, discovery.current().found.len()), (31, 1, 31));
    discovery.rescan();
    let mut scans = discovery.subscribe();
    folder.put("new.so", &plugin("new-one", "1.0.0"));
    let scan = until(&mut scans, "the new one", |scan| scan.found.len() == 32).await;
    assert_eq!((discovery.reads(), scan.generation), (reads + 1, generation + 1));
    // Touched: read again, for its stamp is new, but it says the same.
    let path = folder.path.join("plugin-3/1.0.0/plugin.so");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("touched");
    folder.put("last.so", &plugin("last-one", "1.0.0"));
    let scan = until(&mut scans, "the last one", |scan| scan.found.len() == 33).await;
    assert_eq!((discovery.reads(), scan.generation), (reads + 3, generation + 2));
}

/// B-STORE-14: a plugin whose file vanished is gone at the next scan.
#[test]
fn a_removed_file_is_gone_at_the_next_scan() {
    let folder = Folder::new();
    let path = folder.put("clock.so", &plugin("clock", "1.0.0"));
    let discovery = folder.start();
    fs::remove_file(path).expect("removed");
    discovery.rescan();
    assert!(discovery.current().found.is_empty());
}

/// B-MULTI-5: a missing folder is made.
#[test]
fn a_missing_folder_is_made() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("a/b/plugins");
    let discovery = Discovery::start(folder.clone()).expect("it starts");
    assert!(folder.is_dir());
    assert_eq!((discovery.current().generation, discovery.current().folder_error.clone()), (1, None));
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_with_its_path() {
    let home = tempfile::tempdir().expect("a folder");
    fs::write(home.path().join("file"), "").expect("a file");
    let folder = home.path().join("file/plugins");
    let error = Discovery::start(folder.clone()).expect_err("no folder").to_string();
    assert_eq!(
        error,
        format!("cannot make the plugins folder {}: make it by hand or name another one", folder.display())
    );
}

/// B-MULTI-5: one clear error, named once; and the folder may come back.
#[tokio::test]
async fn a_folder_that_vanishes_is_one_error_until_it_is_back() {
    let folder = Folder::new();
    folder.put("clock.so", &plugin("clock", "1.0.0"));
    let discovery = folder.start();
    let mut scans = discovery.subscribe();
    let aside = folder.path.with_file_name("aside");
    fs::rename(&folder.path, &aside).expect("moved away");
    let gone = until(&mut scans, "an error", |scan| scan.folder_error.is_some()).await;
    let expected =
        format!("the plugins folder {} is not there any more: make it again", folder.path.display());
    assert_eq!((gone.folder_error.as_deref(), gone.found.len()), (Some(expected.as_str()), 0));
    discovery.rescan();
    assert_eq!(discovery.current().generation, gone.generation, "the error is named once");
    fs::rename(&aside, &folder.path).expect("moved back");
    until(&mut scans, "the plugin", |scan| has_version(scan, "clock", "1.0.0")).await;
    assert_eq!(discovery.reads(), 1, "it is the same file");

    fs::remove_dir_all(&folder.path).expect("removed");
    until(&mut scans, "an error", |scan| scan.folder_error.is_some()).await;
    folder.put("feed.so", &plugin("feed", "1.0.0"));
    until(&mut scans, "another plugin", |scan| has_version(scan, "feed", "1.0.0")).await;
    folder.put("feed.so", &plugin("feed", "1.1.0"));
    until(&mut scans, "the new folder is watched", |scan| has_version(scan, "feed", "1.1.0")).await;
}

/// P-LOAD-4: `cargo build` in the watched folder: a development folder whose `.so` is a link into `target`.
#[tokio::test]
async fn a_development_folder_follows_its_build() {
    let folder = Folder::new();
    folder.put("work/.git/HEAD", b"");
    folder.put("work/target/debug/deps/libwork.so", &plugin("work", "0.1.0"));
    let (built, linked) = (
        folder.path.join("work/target/debug/deps/libwork.so"),
        folder.path.join("work/target/debug/libwork.so"),
    );
    fs::hard_link(&built, &linked).expect("linked as cargo does");
    symlink("target/debug/libwork.so", folder.path.join("work/libwork.so")).expect("a link");
    let discovery = folder.start();
    let mut scans = discovery.subscribe();
    assert!(has_version(&scans.borrow_and_update(), "work", "0.1.0"));
    fs::remove_file(&built).expect("the linker starts anew");
    folder.put("work/target/debug/deps/libwork.so", &plugin("work", "0.2.0"));
    fs::remove_file(&linked).expect("unlinked");
    fs::hard_link(&built, &linked).expect("linked");
    until(&mut scans, "the new build", |scan| {
        assert_eq!(scan.found.len(), 1, "no scan is without it: {:?}", scan.refused);
        has_version(scan, "work", "0.2.0")
    })
    .await;
}

/// P-LOAD-4: the tools that people use.
#[tokio::test]
async fn copies_made_by_tools_are_taken_when_complete() {
    let folder = Folder::new();
    let discovery = folder.start();
    let mut scans = discovery.subscribe();
    let source = folder.path.with_file_name("source.so");
    for (version, tool, arguments) in
        [("1.0.0", "cp", &[][..]), ("1.1.0", "cp", &["--preserve=all"]), ("1.2.0", "install", &["-m644"])]
    {
        fs::write(&source, plugin("clock", version)).expect("a source");
        let target = folder.path.join("clock.so");
        let done =
            Command::new(tool).args(arguments).args([&source, &target]).status().expect("the tool starts");
        assert!(done.success());
        until(&mut scans, version, |scan| has_version(scan, "clock", version)).await;
    }
}

/// The budget for a complete file is 150 ms; the test allows for a busy machine.
#[tokio::test]
async fn a_complete_file_is_published_soon() {
    let folder = Folder::new();
    let discovery = folder.start();
    let mut scans = discovery.subscribe();
    let bytes = plugin("clock", "1.0.0");
    let start = Instant::now();
    folder.put("clock.so", &bytes);
    until(&mut scans, "the plugin", |scan| has_version(scan, "clock", "1.0.0")).await;
    eprintln!("published after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
