//! Runs the cases, each with processes of its own, and prints results as the usual test programs do.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::PermissionsExt,
            net::{SocketAddr, UnixListener},
            process::CommandExt,
        },
    },
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitCode, ExitStatus, Stdio},
};

use marquee_sandbox::{Layer, LayerState, Report};
use tempfile::TempDir;

use crate::child::{LIBRARY, Order};

/// One test: a sentence, the layers that the machine must offer for it, and what it does.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) needs: &'static [Layer],
    pub(crate) run: fn(&Stage),
}

/// The user that everything is tried with once more when root runs the tests.
const ORDINARY: u32 = 65534;
const ALREADY_ORDINARY: &str = "--as-ordinary-user";

/// What the attempts of the hostile library are aimed at.
pub(crate) struct Stage {
    program: PathBuf,
    library: PathBuf,
    offered: Report,
    _folder: TempDir,
    _listeners: (TcpListener, UnixListener, UnixListener),
}

/// What a child said and how it ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) lines: Vec<String>,
    pub(crate) errors: String,
    pub(crate) status: ExitStatus,
}

impl Outcome {
    pub(crate) fn report(&self) -> Report {
        let line = self.lines.iter().find_map(|line| line.strip_prefix("report "));
        let line = line.unwrap_or_else(|| panic!("no report: {self:?}"));
        serde_json::from_str(line).expect("a report")
    }

    /// Each attempt with the answers of the constructor and of the callback.
    pub(crate) fn attempts(&self) -> Vec<(&str, i32, i32)> {
        let attempts = self.lines.iter().filter_map(|line| {
            let mut words = line.strip_prefix("attempt ")?.split(' ');
            Some((words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        });
        attempts.collect()
    }

    pub(crate) fn said(&self, line: &str) -> bool {
        self.lines.iter().any(|said| said == line)
    }
}

impl Stage {
    fn set() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("own folder");
        fs::write(folder.path().join("secret"), "another plugin's data").expect("own folder");
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let path = UnixListener::bind(folder.path().join("listener")).expect("own folder");
        let name = format!("marquee-sandbox-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let listener = UnixListener::bind_addr(&address).expect("an abstract name");
        let library = folder.path().join("hostile.so");
        let port = tcp.local_addr().expect("bound").port();
        let compiler = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-pthread", "-o"])
            .arg(&library)
            .arg(format!("-DFOLDER=\"{}\"", folder.path().display()))
            .arg(format!("-DABSTRACT=\"{name}\""))
            .arg(format!("-DPORT={port}"))
            .arg(format!("-DVICTIM={}", std::process::id()))
            .arg(format!("-DLIBRARY={LIBRARY}"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boxed/hostile.c"))
            .status()
            .expect("these tests need a C compiler named `cc`");
        assert!(compiler.success(), "the hostile library does not compile");
        // Some systems let nobody trace a process that did not ask for it; the run without a box shall show that ours
        // does. Where there is no such rule, there is no such call.
        let _ = rustix::process::set_ptracer(rustix::process::PTracer::Any);
        let mut stage = Self {
            program: std::env::current_exe().expect("own path"),
            library,
            offered: Report::default(),
            _folder: folder,
            _listeners: (tcp, path, listener),
        };
        stage.offered = stage.child(&Order { action: "probe".to_owned(), ..Order::default() }).report();
        stage
    }

    /// What the machine can enforce, tried out by a process of its own.
    pub(crate) fn offered(&self) -> &Report {
        &self.offered
    }

    /// The path of the compiled library.
    pub(crate) fn library(&self) -> String {
        self.library.display().to_string()
    }

    /// Runs a child to its end.
    pub(crate) fn child(&self, order: &Order) -> Outcome {
        outcome(self.command(order))
    }

    /// The same on a kernel that knows none of the calls that boxes are made of.
    pub(crate) fn emulated_child(&self, order: &Order) -> Outcome {
        let mut command = Command::new(&self.program);
        command.arg("emulated").args(order.to_arguments()).stdin(Stdio::null());
        outcome(command)
    }

    /// Runs a child that loads the hostile library, without these layers.
    pub(crate) fn hostile_child(&self, disable: &str) -> Outcome {
        let library = self.library();
        let order = Order {
            action: "break_out".to_owned(),
            disable: disable.to_owned(),
            library,
            ..Order::default()
        };
        let outcome = self.child(&order);
        assert!(outcome.status.success(), "{outcome:?}");
        outcome
    }

    /// Starts a process that starts the child, so that the child's parent can be killed. The reader ends with the child.
    pub(crate) fn grandchild(&self, order: &Order) -> (Child, BufReader<ChildStdout>) {
        let mut middle = Command::new(&self.program);
        middle.arg("middle").args(order.to_arguments()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut middle = middle.spawn().expect("own program");
        let lines = BufReader::new(middle.stdout.take().expect("a pipe"));
        (middle, lines)
    }

    fn command(&self, order: &Order) -> Command {
        let mut command = Command::new(&self.program);
        // The working directory is what a run without a box climbs out of.
        command.args(order.to_arguments()).current_dir("/proc/self/fd").stdin(Stdio::null());
        command.env("MARQUEE_SECRET", "not for plugins");
        command
    }
}

fn outcome(mut command: Command) -> Outcome {
    let output = command.output().expect("own program");
    Outcome {
        lines: String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        status: output.status,
    }
}

/// The process between harness and child: starts the child and waits.
pub(crate) fn stand_between(arguments: &[String]) -> ExitCode {
    let status = Command::new(std::env::current_exe().expect("own path")).args(arguments).status();
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Reads one line, or `None` at the end.
pub(crate) fn next_line(lines: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let bytes = lines.read_line(&mut line).expect("a pipe");
    (bytes > 0).then(|| line.trim_end().to_owned())
}

pub(crate) fn run_all(arguments: &[String], cases: &[Case]) -> ExitCode {
    if arguments.iter().any(|argument| argument == "--list") {
        cases.iter().for_each(|case| println!("{}: test", case.name));
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let as_ordinary = arguments.iter().any(|argument| argument == ALREADY_ORDINARY);
    let root = rustix::process::geteuid().is_root();
    let user = if root { "root" } else { "an ordinary user" };
    let stage = Stage::set();
    println!("\nas {user}, with what this machine offers: {}", describe(stage.offered()));

    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for case in
        cases.iter().filter(|case| wanted.is_empty() || wanted.iter().any(|part| case.name.contains(*part)))
    {
        let lacking = case.needs.iter().find(|layer| stage.offered().state(**layer) == LayerState::Missing);
        if let Some(layer) = lacking {
            println!("test {} ... ignored, this machine lacks {layer}", case.name);
            skipped += 1;
        } else if std::panic::catch_unwind(|| (case.run)(&stage)).is_ok() {
            println!("test {} ... ok", case.name);
            passed += 1;
        } else {
            println!("test {} ... FAILED", case.name);
            failed += 1;
        }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; {skipped} ignored; 0 measured; 0 filtered out"
    );
    let ordinary_ok = as_ordinary || !root || again_as_ordinary_user(arguments);
    if failed == 0 && ordinary_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs this program again as another user, from a folder that this user may read.
fn again_as_ordinary_user(arguments: &[String]) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("own folder");
    let copy = folder.path().join("boxed");
    fs::copy(std::env::current_exe().expect("own path"), &copy).expect("room for a copy");
    let mut again = Command::new(copy);
    again.args(arguments).arg(ALREADY_ORDINARY).uid(ORDINARY).gid(ORDINARY).current_dir("/");
    again.status().expect("the copy runs").success()
}

fn describe(report: &Report) -> String {
    let layers = report.layers.iter().map(|found| {
        let state = format!("{:?}", found.state).to_lowercase();
        match &found.note {
            Some(note) => format!("{} {state} ({note})", found.layer),
            None => format!("{} {state}", found.layer),
        }
    });
    layers.collect::<Vec<_>>().join(", ")
}
