//! The program as a service: how it ends, and what it says to bad input.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use marquee_tests::{Library, Setup, alone, beside_others, built, processes};
use tempfile::TempDir;

/// P-API-7: SIGTERM ends the host and all runners in under three seconds, with success.
#[test]
fn a_signal_ends_the_host_and_all_runners() {
    let _turn = alone();
    let mut host = Setup::new().two_good_ones().start();
    host.wait_state("one", "running");
    host.wait_state("two", "running");
    let runners = host.runners();
    let (status, took) = host.stop();
    assert_eq!(status.code(), Some(0), "{}", host.log());
    assert!(took < Duration::from_secs(3), "it took {took:?}");
    assert!(runners.iter().all(|pid| !processes::alive(*pid)), "a runner is left");
    assert!(!host.setup().home().join("state/host.json").exists(), "host.json is left");
}

/// Runs `marquee` and answers its one sentence; it must end with this code and print nothing else.
fn sentence(home: &Path, arguments: &[&str], code: i32) -> String {
    let output = built::marquee(home).args(arguments).output().expect("marquee starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    let errors: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert_eq!(errors.len(), 1, "{arguments:?}: one sentence, not:\n{text}");
    assert!(errors[0].len() < 300, "{arguments:?}: {text}");
    errors[0].to_owned()
}

fn with_config(home: &TempDir, text: &str) -> String {
    let path = home.path().join("bad.toml");
    fs::write(&path, text).expect("the configuration is written");
    let state = home.path().join("state").display().to_string();
    sentence(home.path(), &["run", "--config", &path.display().to_string(), "--state-dir", &state], 1)
}

/// Bad configuration: one sentence that names the key and what is allowed, exit code 1.
#[test]
fn a_bad_configuration_is_one_sentence() {
    let _turn = beside_others();
    let home = tempfile::tempdir().expect("a folder");
    for (text, parts) in [
        ("[display]\nfsp = 30\n", &["[display]", "`fsp`", "`fps`"][..]),
        ("[panel]\nsize = \"0x0\"\n", &["size", "0x0", "1 to 1024"]),
        ("[panel]\nsize = \"10000x10000\"\n", &["size", "10000x10000", "1 to 1024"]),
        ("[display]\nfps = 0\n", &["fps", "1 to 120"]),
        ("[display\n", &["bad.toml"]),
        ("[[instance]]\npackage = \"clock\"\n", &["name"]),
        ("[sandbox]\nrequire = [\"walls\"]\n", &["require", "walls", "seccomp"]),
    ] {
        let sentence = with_config(&home, text);
        assert!(parts.iter().all(|part| sentence.contains(part)), "{text:?}: {sentence}");
    }
}

/// Bad flags are usage, exit code 2; what is missing or taken is a failure, exit code 1.
#[test]
fn bad_flags_and_surroundings_are_one_sentence() {
    let _turn = beside_others();
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let state = home.join("state").display().to_string();
    let file = home.join("file");
    fs::write(&file, "").expect("a file");
    let below_file = file.join("below").display().to_string();
    for size in ["0x0", "10000x10000", "64"] {
        let text = sentence(home, &["run", "--state-dir", &state, "--size", size], 2);
        assert!(text.contains(size) && text.contains("WxH"), "{text}");
    }
    let text = sentence(home, &["run", "--config", &home.join("none.toml").display().to_string()], 1);
    assert!(text.contains("none.toml"), "{text}");
    let text = sentence(home, &["run", "--state-dir", &below_file], 1);
    assert!(text.contains(&below_file), "{text}");
    let text = sentence(home, &["run", "--state-dir", &state, "--plugins-dir", &below_file], 1);
    assert!(text.contains(&below_file), "{text}");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr();
    let listener = TcpListener::bind(taken.expect("an address")).expect("the port again");
    let address = listener.local_addr().expect("an address").to_string();
    let text = sentence(home, &["run", "--state-dir", &state, "--listen", &address], 1);
    assert!(text.contains(&address), "{text}");
    let text = sentence(home, &["run", "--state-dir", &state, "--listen", "0.0.0.0:0"], 1);
    assert!(text.contains("0.0.0.0") && text.contains("token"), "{text}");
    let text = sentence(home, &["status", "--state-dir", &state], 1);
    assert!(text.contains("no host is running"), "{text}");
}

/// Bad plugin files of every kind: `marquee plugin render` says one sentence, exit code 1.
#[test]
fn a_bad_plugin_file_is_one_sentence() {
    let _turn = beside_others();
    let home = tempfile::tempdir().expect("a folder");
    let good = Library::hostile().stripped();
    let put = |name: &str, library: &Library| library.install(&home.path().join(name));
    put("empty.so", &Library(Vec::new()));
    put("text.so", &Library(b"#!/bin/sh\n".to_vec()));
    put("cut.so", &Library(good.0[..good.0.len() / 2].to_vec()));
    put("narrow.so", &good.clone().byte(4, 1));
    put("big-endian.so", &good.clone().byte(5, 2));
    put("cpu.so", &good.clone().byte(18, if cfg!(target_arch = "x86_64") { 183 } else { 62 }));
    put("needs.so", &good.clone().replace_all(b"libgcc_s.so.1", b"libother.so.1"));
    put("rootless.so", &good.clone().replace_all(b"_1as_0lib_1header", b"_1as_0lib_1haeder"));
    fs::create_dir(home.path().join("folder.so")).expect("a folder");
    std::os::unix::fs::symlink("nowhere", home.path().join("dangling.so")).expect("a link");
    let pipe = std::process::Command::new("mkfifo").arg(home.path().join("pipe.so")).status();
    assert!(pipe.is_ok_and(|status| status.success()));
    for (name, part) in [
        ("empty.so", "empty"),
        ("text.so", "not an ELF file"),
        ("cut.so", "cut short"),
        ("narrow.so", "in 32 bits"),
        ("big-endian.so", "big-endian"),
        ("cpu.so", "this machine is"),
        ("needs.so", "libother.so.1"),
        ("rootless.so", "no root module"),
        ("folder.so", "folder.so"),
        ("dangling.so", "dangling.so"),
        ("missing.so", "missing.so"),
        ("pipe.so", "pipe.so"),
    ] {
        let file = home.path().join(name).display().to_string();
        let output = home.path().join("out.png").display().to_string();
        let text = sentence(home.path(), &["plugin", "render", &file, "-o", &output], 1);
        assert!(text.contains(part), "{name}: {text}");
    }
}
