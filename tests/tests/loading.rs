//! Files of the plugins folder: broken ones, strange ones, and replacements while the old one runs.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use marquee_tests::{
    Host, Instance, Library, Mark, Setup, alone, beside_others, built, wait_for, wait_until,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::elf;
use crate::faults::reason;

/// P-LOAD-1: a file that is cut short or ends in zeros is refused, and nothing of it ever runs.
#[test]
fn a_cut_or_zeroed_file_is_refused_before_anything_of_it_runs() {
    let _turn = beside_others();
    let whole = Library::hostile().stripped();
    let length = whole.0.len();
    let mut cuts: BTreeSet<usize> = (0..100).map(|percent| length * percent / 100).collect();
    cuts.extend(elf::boundaries(&whole.0).into_iter().filter(|at| *at < length));
    let setup = Setup::new().plugin("patient.so", &Library::patient()).flag("--enable").flag("all");
    let mut names = Vec::new();
    for cut in cuts {
        names.push(format!("cut-{cut}.so"));
        fs::write(setup.in_plugins(&format!("cut-{cut}.so")), &whole.0[..cut])
            .expect("the cut file is written");
    }
    for percent in (0..100).step_by(5) {
        let mut zeroed = whole.0.clone();
        zeroed[length * percent / 100..].fill(0);
        names.push(format!("zeroed-{percent}.so"));
        fs::write(setup.in_plugins(&format!("zeroed-{percent}.so")), &zeroed)
            .expect("the zeroed file is written");
    }
    let host = setup.start();
    let refused = wait_for("all files refused", Duration::from_secs(20), || {
        Some(host.refused()).filter(|refused| names.iter().all(|name| refused.contains_key(name)))
    });
    assert_eq!(refused.len(), names.len(), "{refused:#?}");
    for (name, reason) in &refused {
        assert!(reason.len() < 200 && !reason.contains('\n') && reason.contains(": "), "{name}: {reason}");
    }
    let packages = host.api("/api/v1/packages");
    assert_eq!(packages["packages"].as_array().map(Vec::len), Some(1), "{packages}");
    host.wait_state("patient", "running");
    // The host's look at the box, just after its start, is a process too.
    wait_until("only the whole one to run", Duration::from_secs(5), || host.runners().len() == 1);
}

/// P-LOAD-2: what this machine cannot load gets one sentence that names what was found and what is wanted.
#[test]
fn a_file_for_another_machine_or_contract_is_refused_in_one_sentence() {
    let _turn = beside_others();
    let good = Library::hostile().stripped();
    let setup = Setup::new().two_good_ones();
    let other_cpu = if cfg!(target_arch = "x86_64") { 183 } else { 62 };
    let put = |name: &str, library: &Library| library.install(&setup.in_plugins(name));
    put("cpu.so", &good.clone().byte(18, other_cpu));
    put("narrow.so", &good.clone().byte(4, 1));
    put("big-endian.so", &good.clone().byte(5, 2));
    put("needs.so", &good.clone().replace_all(b"libgcc_s.so.1", b"libother.so.1"));
    put("glibc.so", &good.clone().replace_all(b"GLIBC_2.34\0", b"GLIBC_9.34\0"));
    put("rootless.so", &good.clone().replace_all(b"_1as_0lib_1header", b"_1as_0lib_1haeder"));
    put("contract.so", &good.clone().replace_all(br#""api":"1."#, br#""api":"7."#));
    fs::copy(built::file("marquee-runner"), setup.in_plugins("program.so")).expect("a program is copied");
    let host = setup.start();
    let wanted = [
        ("cpu.so", &["built for", "this machine is"][..]),
        ("narrow.so", &["in 32 bits", "this machine is"]),
        ("big-endian.so", &["big-endian", "this machine is"]),
        ("needs.so", &["libother.so.1", "only the C library"]),
        ("glibc.so", &["needs glibc 9.34", "this machine has 2."]),
        ("rootless.so", &["no root module", "export_plugin!"]),
        ("contract.so", &["contract 7.", "1.x"]),
        ("program.so", &["executable", "cdylib"]),
    ];
    let refused = wait_for("all files refused", Duration::from_secs(10), || {
        Some(host.refused()).filter(|refused| wanted.iter().all(|(name, _)| refused.contains_key(*name)))
    });
    for (name, parts) in wanted {
        let reason = &refused[name];
        assert!(parts.iter().all(|part| reason.contains(part)), "{name}: {reason}");
        assert!(reason.len() < 200 && !reason.contains('\n'), "{name}: {reason}");
    }
}

/// P-LOAD-3: what is no file, or none that may be read, is skipped with a reason within 100 ms and blocks nothing.
#[test]
fn what_is_no_plain_file_is_skipped_with_a_reason() {
    let _turn = alone();
    let host = Setup::new().two_good_ones().start();
    host.wait_state("one", "running");
    host.wait_state("two", "running");
    let begin = host.let_it_run(100.0);
    let fault = host.let_it_run(500.0);
    let outside = host.setup().home().join("outside.so");
    fs::write(&outside, &Library::hostile().0).expect("a file outside");
    let at = |name: &str| host.in_plugins(name);
    let check = |name: &str, part: &str, put: &dyn Fn()| {
        put();
        let begun = Instant::now();
        let reason = wait_for(name, Duration::from_secs(5), || host.refused().remove(name));
        let took = begun.elapsed();
        assert!(reason.contains(part), "{name}: {reason}");
        assert!(took < Duration::from_millis(100), "{name} was listed after {took:?}");
    };
    check("pipe.so", "a pipe", &|| {
        assert!(Command::new("mkfifo").arg(at("pipe.so")).status().is_ok_and(|status| status.success()));
    });
    check("folder.so", "a folder", &|| fs::create_dir(at("folder.so")).expect("a folder"));
    check("dangling.so", "a link to nothing", &|| symlink("nowhere.so", at("dangling.so")).expect("a link"));
    check("out.so", "leads out", &|| symlink("../outside.so", at("out.so")).expect("a link"));
    check("absolute.so", "leads out", &|| symlink(&outside, at("absolute.so")).expect("a link"));
    check("to-device.so", "leads out", &|| symlink("/dev/zero", at("to-device.so")).expect("a link"));
    check("circle.so", "too many links", &|| symlink("circle.so", at("circle.so")).expect("a link"));
    check("sparse.so", "5368709120 bytes", &|| {
        File::create(at("sparse.so")).and_then(|file| file.set_len(5 << 30)).expect("a sparse file");
    });
    let odd = [(&b"new\nline.so"[..], r"new\nline.so"), (&b"not\xFFtext.so"[..], r"not\xFFtext.so")];
    for (name, shown) in odd {
        check(shown, "not plain text", &|| {
            fs::write(at("").join(std::ffi::OsStr::from_bytes(name)), &Library::hostile().0).expect("a file");
        });
    }
    if rustix::process::getuid().is_root() {
        // Only root makes devices; and nothing is unreadable for root.
        check("device.so", "a device", &|| {
            let made = Command::new("mknod").arg(at("device.so")).args(["c", "1", "5"]).status();
            assert!(made.is_ok_and(|status| status.success()));
        });
    } else {
        check("secret.so", "may not read it", &|| {
            fs::write(at("secret.so"), &Library::hostile().0).expect("a file");
            fs::set_permissions(at("secret.so"), fs::Permissions::from_mode(0o000)).expect("a mode");
        });
    }
    let end = host.let_it_run(500.0);
    host.recording().assert_fine(begin, fault, end, &["one", "two"]);
    assert_eq!(host.runners().len(), 2);
}

/// The letters of an instance's builds, one after the other.
fn builds(host: &Host, name: &str, from: Mark) -> String {
    let pictures = host.recording().between(from, Mark(f64::MAX));
    let own = pictures.iter().filter(|picture| picture.plugin.as_deref() == Some(name));
    let mut letters: Vec<char> =
        own.filter_map(|picture| picture.signature().map(|(_, build, _)| build)).collect();
    letters.dedup();
    letters.into_iter().collect()
}

/// Does something that puts a new build in place; it takes over exactly once, and nothing was harmed.
fn assert_replaced(host: &Host, way: &str, old: char, new: char, replace: impl FnOnce()) {
    let begin = host.let_it_run(100.0);
    let fault = host.let_it_run(1100.0);
    replace();
    let both = format!("{old}{new}");
    let most = Duration::from_secs(8);
    let done = |name: &str| builds(host, name, fault).ends_with(new);
    wait_until(&format!("the new build after {way}"), most, || done("one") && done("two"));
    wait_until("the end of the old build", Duration::from_secs(3), || host.runners().len() == 2);
    let end = host.let_it_run(700.0);
    for name in ["one", "two"] {
        let seen = builds(host, name, fault);
        assert!(seen == both || seen == new.to_string(), "{way}: {name} showed {seen}");
        let observed = host.observed(name);
        assert_eq!(
            (&observed["restarts"], &observed["state"]),
            (&json!(0), &json!("running")),
            "{way}: {observed:#}"
        );
    }
    host.recording().assert_fine(begin, fault, end, &["one", "two"]);
    assert!(host.refused().is_empty(), "{way}: {:?}", host.refused());
}

/// P-LOAD-4: however the file is replaced, the running one is unharmed and the new one takes over exactly once.
#[test]
fn a_file_may_be_replaced_in_any_way() {
    let _turn = alone();
    let host = Setup::new().two_good_ones().start();
    host.wait_state("one", "running");
    host.wait_state("two", "running");
    let path = host.in_plugins("patient.so");
    let build = |letter| Library::patient().build(letter);
    assert_replaced(&host, "a rename", 'A', 'B', || build('B').install(&path));
    assert_replaced(&host, "a copy in place", 'B', 'C', || fs::write(&path, build('C').0).expect("written"));
    assert_replaced(&host, "a slow write", 'C', 'D', || {
        let bytes = build('D').0;
        let mut file = File::create(&path).expect("truncated");
        for piece in bytes.chunks(bytes.len() / 6) {
            file.write_all(piece).expect("a piece is written");
            host.let_it_run(120.0);
        }
    });
    assert_replaced(&host, "delete and create", 'D', 'E', || {
        fs::remove_file(&path).expect("deleted");
        host.let_it_run(60.0);
        fs::write(&path, build('E').0).expect("created");
    });
    assert_replaced(&host, "blocks in place, as rsync --inplace", 'E', 'F', || {
        let bytes = build('F').0;
        let file = File::options().write(true).open(&path).expect("opened");
        for (number, block) in bytes.chunks(128 * 1024).enumerate() {
            file.write_all_at(block, number as u64 * 128 * 1024).expect("a block is written");
        }
        file.set_len(bytes.len() as u64).expect("the length is set");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
            .expect("the time is set");
    });
    // From here on the name is a link that flips between two files of a folder beside.
    let store = host.in_plugins("store");
    fs::create_dir(&store).expect("a folder");
    let flip = |letter: char| {
        let name = format!("store/{letter}.so");
        fs::write(host.in_plugins(&name), build(letter).0).expect("a version");
        let beside = host.in_plugins(".link");
        symlink(&name, &beside).expect("a link");
        fs::rename(&beside, &path).expect("the link is flipped");
    };
    assert_replaced(&host, "a link in place of the file", 'F', 'G', || flip('G'));
    assert_replaced(&host, "a flipped link", 'G', 'H', || flip('H'));
}

/// P-LOAD-4: `cargo build` in the watched folder, by way of a development folder.
#[test]
fn cargo_may_build_in_the_watched_folder() {
    let _turn = beside_others();
    let setup = Setup::new().instance(Instance::new("work", "work", json!({})));
    let folder = setup.in_plugins("work");
    fs::create_dir_all(folder.join(".git")).expect("a folder");
    fs::create_dir_all(folder.join("src")).expect("a folder");
    fs::write(folder.join("src/lib.rs"), built::small_plugin("work")).expect("source");
    symlink("target/debug/libwork.so", folder.join("libwork.so")).expect("a link");
    let build = |version: &str| {
        let manifest = format!(
            "[package]\nname = \"work\"\nversion = \"{version}\"\nedition = \"2024\"\ndescription = \"Work\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--offline", "--quiet"]).current_dir(&folder).env_remove("CARGO_TARGET_DIR");
        cargo.env("CARGO_ENCODED_RUSTFLAGS", built::flags_to_link_the_contract().join("\u{1f}"));
        let done = cargo.output().expect("cargo starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    build("0.1.0");
    let host = setup.start();
    let first = host.wait_state("work", "running");
    assert_eq!(first["running_version"], "0.1.0");
    build("0.2.0");
    let most = Duration::from_secs(10);
    let second =
        host.wait_observed_for("work", "0.2.0", most, |observed| observed["running_version"] == "0.2.0");
    assert_eq!((&second["state"], &second["restarts"]), (&json!("running"), &json!(0)), "{second:#}");
    wait_until("the end of the old one", Duration::from_secs(3), || host.runners().len() == 1);
}

/// P-LOAD-5: a new version that cannot be loaded or does not draw leaves the old one running and says why.
#[test]
fn a_bad_new_version_leaves_the_old_one_running() {
    let _turn = beside_others();
    let setup = Setup::new().instance(Instance::new("constructor", "constructor", json!({})));
    let host = setup.plugin("constructor.so", &Library::constructor(&["nothing"])).start();
    let first = host.wait_state("constructor", "running");
    for (orders, why) in [
        ("segv", "SIGSEGV in load"),
        ("refuse", "create failed: this version was told to refuse"),
        ("panic", "panic in draw at"),
        ("loop", "killed: load took longer than 3 s"),
    ] {
        let from = host.recording().now();
        host.install("constructor.so", &Library::constructor(&[orders]));
        let wanted = |observed: &serde_json::Value| reason(observed).contains(why);
        let observed = host.wait_observed("constructor", why, wanted);
        assert!(reason(&observed).contains("was refused, the one before keeps running"), "{observed:#}");
        assert_eq!(observed["state"], "running", "{observed:#}");
        assert_eq!(observed["restarts"], 0, "{observed:#}");
        assert_eq!(observed["running_digest"], first["running_digest"], "{observed:#}");
        let now = host.let_it_run(300.0);
        let gap = host.recording().longest_gap(from, now);
        assert!(gap < 1000.0, "the old one stood still for {gap:.0} ms");
    }
    host.install("constructor.so", &Library::constructor(&["a good one"]));
    let new = |observed: &serde_json::Value| observed["running_digest"] != first["running_digest"];
    let observed = host.wait_observed("constructor", "replaced", new);
    assert_eq!(reason(&observed), "", "{observed:#}");
    wait_until("the end of the old one", Duration::from_secs(3), || host.runners().len() == 1);
}

/// P-LOAD-5: a version that was refused does not come back when the one that runs instead of it dies.
#[test]
fn a_good_version_comes_back_after_its_death_though_a_bad_one_is_wanted() {
    let _turn = beside_others();
    let setup = Setup::new().instance(Instance::new("constructor", "constructor", json!({})));
    let host = setup.plugin("constructor.so", &Library::constructor(&["nothing"])).start();
    let first = host.wait_state("constructor", "running");
    host.install("constructor.so", &Library::constructor(&["refuse"]));
    host.wait_observed("constructor", "refused", |observed| reason(observed).contains("was refused"));
    let pid =
        i32::try_from(first["pid"].as_u64().expect("a pid")).ok().and_then(Pid::from_raw).expect("a pid");
    kill_process(pid, Signal::SEGV).expect("a runner to kill");
    let back = |observed: &serde_json::Value| observed["restarts"] == 1 && observed["state"] == "running";
    let observed = host.wait_observed("constructor", "back", back);
    assert_eq!(observed["running_digest"], first["running_digest"], "{observed:#}");
    assert!(reason(&observed).contains("was refused, the one before keeps running"), "{observed:#}");
}

/// P-LOAD-6: 500 events of the file in 100 ms are one reload.
#[test]
fn many_events_make_one_reload() {
    let _turn = alone();
    let host = Setup::new().two_good_ones().start();
    host.wait_state("one", "running");
    host.wait_state("two", "running");
    let before: BTreeSet<u32> = host.runners().into_iter().collect();
    let from = host.let_it_run(100.0);
    let path = host.in_plugins("patient.so");
    let variants: Vec<_> = ('B'..='Z').map(|letter| Library::patient().build(letter).0).collect();
    let stored: Vec<_> =
        (0..variants.len()).map(|number| host.setup().home().join(format!("v{number}"))).collect();
    for (path, bytes) in stored.iter().zip(&variants) {
        fs::write(path, bytes).expect("a variant");
    }
    let begun = Instant::now();
    for number in 0..170 {
        // A hard link moved to the place: a whole new file each time, quick, and three events at the least.
        let beside = host.in_plugins(".next");
        let variant = if number == 169 { stored.len() - 1 } else { number % (stored.len() - 1) };
        fs::hard_link(&stored[variant], &beside).expect("a link");
        fs::rename(&beside, &path).expect("moved");
        // A name that a rename finds to be the same file stays.
        let _ = fs::remove_file(&beside);
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(100), "500 events took {took:?}");
    let mut seen = before.clone();
    wait_until("the last build", Duration::from_secs(5), || {
        seen.extend(host.runners());
        ["one", "two"].iter().all(|name| builds(&host, name, from).ends_with('Z'))
    });
    assert_eq!(seen.len(), before.len() + 2, "one new process for each instance");
    for name in ["one", "two"] {
        let letters = builds(&host, name, from);
        assert!(letters == "AZ" || letters == "Z", "{name} showed {letters}");
    }
}
