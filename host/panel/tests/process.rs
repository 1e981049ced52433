//! What the process does to itself: signals, the socket of systemd, the user. A program of its own without the test
//! harness, because each of these changes the whole process, and signals must be blocked before any thread starts.

use std::fs;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use marquee_panel::access::User;
use marquee_panel::{ffi, listener};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, geteuid, getpid, kill_process};

fn main() {
    if std::env::args().nth(1).as_deref() == Some("inherited") {
        let socket = ffi::inherited_listener().expect("the socket is there");
        listener::adopt(socket).expect("it listens");
        return;
    }
    a_signal_to_end_is_heard_and_does_not_kill();
    a_socket_from_systemd_is_taken_over();
    root_is_dropped_in_every_thread_and_for_good();
    println!("process: 3 passed");
}

fn a_signal_to_end_is_heard_and_does_not_kill() {
    let stop = ffi::stop_signals().unwrap();
    let now = Timespec::default();
    assert_eq!(poll(&mut [PollFd::new(&stop, PollFlags::IN)], Some(&now)).unwrap(), 0);
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        kill_process(getpid(), signal).unwrap();
    }
    assert_eq!(poll(&mut [PollFd::new(&stop, PollFlags::IN)], Some(&now)).unwrap(), 1);
}

fn a_socket_from_systemd_is_taken_over() {
    assert!(ffi::inherited_listener().is_none(), "without its variables there is none");
    let home = tempfile::tempdir().unwrap();
    let socket: OwnedFd = listener::make(&home.path().join("panel.sock")).unwrap();
    let run = |set: &str| {
        let script = format!("exec 3<&0; {set} exec \"$0\" inherited");
        let program = std::env::current_exe().unwrap();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(program).stdin(Stdio::from(socket.try_clone().unwrap()));
        shell.stderr(Stdio::null()).status().unwrap().success()
    };
    assert!(run("LISTEN_PID=$$ LISTEN_FDS=1"));
    assert!(!run("LISTEN_PID=1 LISTEN_FDS=1"), "meant for another process");
}

fn root_is_dropped_in_every_thread_and_for_good() {
    let nobody = User { uid: 65534, gid: 65533 };
    if !geteuid().is_root() {
        ffi::become_user(nobody).expect("there is nothing to drop");
        return;
    }
    let (_keep, wait) = mpsc::channel::<()>();
    thread::spawn(move || wait.recv());
    ffi::become_user(nobody).unwrap();
    let mut threads = 0;
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let line = |name: &str| -> Vec<String> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().map(str::to_owned).collect()
        };
        assert_eq!(line("Uid:"), ["65534"; 4]);
        assert_eq!(line("Gid:"), ["65533"; 4]);
        assert!(line("Groups:").is_empty());
        assert_eq!(line("CapEff:"), ["0000000000000000"]);
        threads += 1;
    }
    assert_eq!(threads, 2);
    ffi::become_user(nobody).expect("there is nothing left to drop");
}
