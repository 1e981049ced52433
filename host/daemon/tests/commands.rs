//! The commands through the built program: what they print, and the exit code.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs the program with a home of its own and nothing else in the environment.
fn marquee(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_marquee"));
    command.args(arguments).env_clear().env("HOME", home).current_dir(home).output().unwrap()
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Standard error of a command that must end with this code and print nothing else.
fn refusal(home: &Path, arguments: &[&str], code: i32) -> String {
    let output = marquee(home, arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(output.stdout.is_empty());
    error.replace(home.to_str().unwrap(), "HOME")
}

/// A host that answers each path with a fixed text, from a thread that ends with the test.
fn host(state: &Path, answers: &'static [(&str, &str)]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    announce(state, address);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 2048];
            let length = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let found = answers.iter().find(|(known, _)| *known == path);
            let (status, body) = found.map_or(("404 Not Found", "{}"), |(_, body)| ("200 OK", *body));
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).unwrap();
        }
    });
    address
}

fn announce(state: &Path, address: SocketAddr) {
    let text = format!(r#"{{"pid":4711,"listen":"{address}","version":"0.1.0"}}"#);
    std::fs::create_dir_all(state).unwrap();
    std::fs::write(state.join("host.json"), text).unwrap();
}

const STATUS: &str = r#"{"version":"0.1.0","api":"1.0.0","uptime_s":61.5,"panel":"64x32","fps":60,
    "current":{"plugin":"clock","reason":"rotation","for_ms":4000,"next":null},"frames":9,
    "sinks":[{"spec":"web","pictures":3,"dropped":0,"error":null}],"sandbox":[],
    "store":{"kind":"memory","stale":false},"later":"unknown to this version"}"#;

const PLUGINS: &str = r#"{"plugins":[{"name":"clock","package":"clock","version":"1.0.0","status":"enabled",
    "observed":{"state":"running","reason":null,"restarts":0,"pid":7,"frames":1,"late_frames":0,
    "dropped_log_lines":0,"last_log":[],"running_version":"1.0.0","running_digest":"ab"},
    "config_version":1,"duration_s":15.0}]}"#;

const PACKAGES: &str =
    r#"{"packages":[],"refused":[{"path":"bad.so","reason":"it is cut short"}],"folder_error":null}"#;

#[test]
fn without_a_host_commands_that_ask_say_where_they_looked() {
    let home = home();
    let state = home.path().join("state");
    for command in [&["status"][..], &["plugins", "list"], &["plugins", "show", "clock"]] {
        let arguments = [command, &["--state-dir", state.to_str().unwrap()]].concat();
        let error = refusal(home.path(), &arguments, 1);
        assert_eq!(
            error,
            "error: no host is running (looked in HOME/state/host.json): start one with `marquee run`\n"
        );
    }
    assert!(!state.exists(), "asking makes no folder");
}

#[test]
fn a_host_that_was_killed_is_said_to_have_ended() {
    let home = home();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    announce(&home.path().join("state"), listener.local_addr().unwrap());
    drop(listener);
    let error = refusal(home.path(), &["status", "--state-dir", "state"], 1);
    assert_eq!(
        error,
        "error: no host is running (the one that HOME/state/host.json names, process 4711, has ended): start one with \
         `marquee run`\n"
    );
}

#[test]
fn the_running_host_is_asked_and_shown() {
    let home = home();
    let state = home.path().join(".local/state/marquee");
    let address = host(
        &state,
        &[("/api/v1/status", STATUS), ("/api/v1/plugins", PLUGINS), ("/api/v1/packages", PACKAGES)],
    );
    let text = |arguments: &[&str]| {
        let output = marquee(home.path(), arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let status = text(&["status"]);
    assert!(
        status.contains("clock, for 4 s (rotation)") && status.contains(&address.to_string()),
        "{status}"
    );
    assert!(!status.contains('\u{1b}'), "no colour unless on a terminal");
    let json: serde_json::Value = serde_json::from_str(&text(&["status", "--json"])).unwrap();
    assert_eq!(json["later"], "unknown to this version");
    let list = text(&["plugins", "list"]);
    assert!(list.contains("running") && list.contains("it is cut short"), "{list}");
    assert!(text(&["plugins", "show", "clock"]).contains("process          7"));
    let json: serde_json::Value =
        serde_json::from_str(&text(&["plugins", "show", "clock", "--json"])).unwrap();
    assert_eq!(json["observed"]["pid"], 7);
    let error = refusal(home.path(), &["plugins", "show", "clok"], 1);
    assert_eq!(error, "error: there is no instance \"clok\"\nhint: did you mean clock?\n");
}

#[test]
fn something_else_that_listens_there_is_no_host() {
    let home = home();
    host(&home.path().join("state"), &[("/api/v1/status", "hello")]);
    let error = refusal(home.path(), &["status", "--state-dir", "state"], 1);
    assert!(error.contains("does not answer /api/v1/status as it should"), "{error}");
    let error = refusal(home.path(), &["plugins", "list", "--state-dir", "state"], 1);
    assert!(error.contains("it refused with status 404"), "{error}");
}

#[test]
fn the_doctor_works_without_a_host() {
    let home = home();
    let output = marquee(home.path(), &["doctor", "--json"]);
    assert!(output.status.success());
    let report: marquee::doctor::Report = serde_json::from_slice(&output.stdout).unwrap();
    let found = |name: &str| report.checks.iter().find(|check| check.name == name).unwrap();
    assert_eq!(found("running").state, marquee::doctor::State::Missing);
    assert!(found("kernel").found.starts_with("Linux "));
    for name in
        ["configuration", "plugins folder", "C library", "clock", "runner", "seccomp", "panel process"]
    {
        found(name);
    }
    let output = marquee(home.path(), &["doctor"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("start one with `marquee run`"), "{text}");
}

#[test]
fn wrong_usage_ends_with_two_and_one_sentence() {
    let home = home();
    let first_line =
        |arguments: &[&str]| refusal(home.path(), arguments, 2).lines().next().unwrap().to_owned();
    insta::assert_snapshot!(
        [
            &["run", "--size", "0x0"][..],
            &["run", "--size", "10000x10000"],
            &["run", "--size", "big"],
            &["run", "--fps", "500"],
            &["run", "--panel", "tv"],
            &["run", "--listen", "8750"],
            &["run", "--store", "sqlite:x"],
            &["run", "--enable", "all", "clock"],
            &["run", "--enable", "Clock"],
            &["run", "--sise", "64x32"],
            &["play"],
            &["plugin", "render", "x.so", "-o", "x.mp4"],
            &["plugin", "render", "x.so", "-o", "x.gif", "--set", "colour"],
            &["plugin", "render", "x.so", "-o", "x.gif", "--set", "a=1", "--set", "a.b=1"],
            &["plugin", "render", "x.so", "-o", "x.gif", "--at", "noon"],
            &["plugin", "render", "x.so", "-o", "x.gif", "--at", "9999-01-01T00:00"],
            &["plugin", "render", "x.so", "-o", "x.gif", "--seconds", "-1"],
        ]
        .map(first_line)
        .join("\n"),
        @r#"
    error: invalid value '0x0' for '--size <WxH>': a panel of 0x0 is out of range: each side is 1 to 1024 pixels
    error: invalid value '10000x10000' for '--size <WxH>': a panel of 10000x10000 is out of range: each side is 1 to 1024 pixels
    error: invalid value 'big' for '--size <WxH>': "big" is not a size: write WIDTHxHEIGHT in pixels, such as 128x64
    error: invalid value '500' for '--fps <N>': use a whole number from 1 to 120
    error: invalid value 'tv' for '--panel <SPEC>': there is no sink "tv": use web, terminal, hub75, record:FILE.gif, record:FOLDER or none
    error: invalid value '8750' for '--listen <ADDR>': "8750" is not a listen address: write ADDRESS:PORT, such as 127.0.0.1:8750 or [::1]:8750
    error: invalid value 'sqlite:x' for '--store <URL>': use memory:, because this version has no other store yet
    error: --enable all already enables every plugin: leave out the other names
    error: --enable: "Clock" is not a plugin id: use 2 to 64 lower-case letters, digits and single hyphens, starting with a letter
    error: unexpected argument '--sise' found
    error: unrecognized subcommand 'play'
    error: cannot write x.mp4: name a file that ends in .gif or .png
    error: invalid value 'colour' for '--set <KEY=VALUE>': there is no = in it: write KEY=VALUE
    error: the setting a.b is given both a value and keys below it: give one of the two
    error: invalid value 'noon' for '--at <TIME>': write 10:08, 2026-01-31T10:08 or 2026-01-31T10:08:00Z
    error: --at: 9999-01-01T00:00:00Z is out of range: use a year from 1678 to 2261
    error: invalid value '-1' for '--seconds <N>': use a number from 0 to 600
    "#
    );
}

#[test]
fn what_cannot_be_done_ends_with_one() {
    let home = home();
    std::fs::write(home.path().join("bad.toml"), "[display]\nfsp = 3\n").unwrap();
    std::fs::write(home.path().join("file"), "").unwrap();
    let refused = |arguments: &[&str]| refusal(home.path(), arguments, 1);
    insta::assert_snapshot!(
        [
            &["run", "--config", "bad.toml"][..],
            &["run", "--config", "none.toml"],
            &["run", "--state-dir", "file"],
            &["run", "--plugins-dir", "file/below"],
            &["status", "--config", "bad.toml"],
            &["plugin", "render", "none.so", "-o", "x.gif"],
        ]
        .map(refused)
        .concat(),
        @r"
    error: bad.toml: [display] has no key `fsp`; did you mean `fps`?
    error: cannot read the configuration none.toml: name another file with --config: No such file or directory (os error 2)
    error: the state folder HOME/file is not a folder: remove it, or name another one with --state-dir
    error: cannot make the plugins folder HOME/file/below: make it by hand, or name another one with --plugins-dir: Not a directory (os error 20)
    error: bad.toml: [display] has no key `fsp`; did you mean `fps`?
    error: cannot read none.so: check that it exists and that you may: No such file or directory (os error 2)
    "
    );
}

#[test]
fn help_and_version_are_no_failure() {
    let home = home();
    for arguments in [&["--help"][..], &["run", "--help"], &["--version"]] {
        assert!(marquee(home.path(), arguments).status.success());
    }
    let version = String::from_utf8(marquee(home.path(), &["--version"]).stdout).unwrap();
    assert!(version.starts_with("marquee 0.") && version.contains("(plugin contract 1."), "{version}");
    assert_eq!(marquee(home.path(), &[]).status.code(), Some(2));
}
