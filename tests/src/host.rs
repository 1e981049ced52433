//! A running host: started from a [`Setup`], asked through its API, ended with the test.
//!
//! Invariant: the process is gone when the value is.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{Answer, Library, Mark, Recording, Setup, built, get, processes, wait_for, wait_until};

/// The host is to be ready within this time.
const READY: Duration = Duration::from_secs(10);

/// A host that runs.
#[derive(Debug)]
pub struct Host {
    setup: Setup,
    child: Child,
    address: String,
    recordings: u32,
    ended: Option<ExitStatus>,
}

impl Host {
    pub(crate) fn start(setup: Setup) -> Self {
        let (child, address) = launch(&setup, 1);
        let mut host = Self { setup, child, address, recordings: 1, ended: None };
        host.until_ready();
        host
    }

    /// Starts it again in the same folder, after it has ended.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn start_again(&mut self) {
        self.kill();
        self.recordings += 1;
        (self.child, self.address) = launch(&self.setup, self.recordings);
        self.ended = None;
        self.until_ready();
    }

    /// Changes settings of instances in the configuration file and has the host read it again.
    ///
    /// # Panics
    /// When there is no such instance.
    pub fn change(&mut self, changes: &[(&str, &str, Value)]) {
        for (name, key, value) in changes {
            self.setup.change(name, key, value.clone());
        }
        let _ = self.setup.write();
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, Signal::HUP).expect("a host to tell");
    }

    fn until_ready(&mut self) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the host can be waited for") {
                panic!("the host ended with {status}:\n{}", self.log());
            }
            if get(&self.address, "/readyz").is_ok_and(|answer| answer.status == 200) {
                return;
            }
            assert!(begun.elapsed() < READY, "the host is not ready after {READY:?}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its API listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The setup it was started from.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// A path in its plugins folder.
    #[must_use]
    pub fn in_plugins(&self, name: &str) -> PathBuf {
        self.setup.in_plugins(name)
    }

    /// Puts a plugin file into the folder, or another one in its place.
    pub fn install(&self, name: &str, library: &Library) {
        library.install(&self.in_plugins(name));
    }

    /// Its recording.
    #[must_use]
    pub fn recording(&self) -> Recording {
        Recording::new(&recording_folder(self.setup.home(), self.recordings))
    }

    /// The last of what it wrote to its standard error.
    #[must_use]
    pub fn log(&self) -> String {
        let text = fs::read(self.setup.home().join("host.log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains("hostile shouting")).collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Asks its API.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    #[track_caller]
    pub fn ask(&self, path: &str) -> Answer {
        get(&self.address, path).unwrap_or_else(|error| panic!("GET {path}: {error}\n{}", self.log()))
    }

    /// Asks its API for JSON.
    ///
    /// # Panics
    /// When it answers with something else.
    #[must_use]
    #[track_caller]
    pub fn api(&self, path: &str) -> Value {
        let answer = self.ask(path);
        assert_eq!(answer.status, 200, "GET {path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).expect("the API answers with JSON")
    }

    /// What is known of an instance: its `observed`.
    ///
    /// # Panics
    /// When there is no such instance.
    #[must_use]
    #[track_caller]
    pub fn observed(&self, name: &str) -> Value {
        let plugins = self.api("/api/v1/plugins");
        let list = plugins["plugins"].as_array().expect("a list of instances");
        let found = list.iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("there is no instance {name}: {plugins}"))["observed"].clone()
    }

    /// What is known of all instances.
    ///
    /// # Panics
    /// When the API answers with something else.
    #[must_use]
    #[track_caller]
    pub fn all_observed(&self) -> BTreeMap<String, Value> {
        let plugins = self.api("/api/v1/plugins");
        let list = plugins["plugins"].as_array().expect("a list of instances").clone();
        list.into_iter()
            .map(|one| (one["name"].as_str().unwrap_or_default().to_owned(), one["observed"].clone()))
            .collect()
    }

    /// The state of an instance.
    #[must_use]
    #[track_caller]
    pub fn state(&self, name: &str) -> String {
        self.observed(name)["state"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an instance is as wanted, and answers its `observed`.
    #[track_caller]
    pub fn wait_observed(&self, name: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait_observed_for(name, what, Duration::from_secs(10), wanted)
    }

    /// The same with a time.
    ///
    /// # Panics
    /// When it is not so in that time.
    #[track_caller]
    pub fn wait_observed_for(
        &self,
        name: &str,
        what: &str,
        most: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let begun = Instant::now();
        loop {
            let observed = self.observed(name);
            if wanted(&observed) {
                return observed;
            }
            assert!(
                begun.elapsed() < most,
                "{name} in vain awaited to be {what}: {observed:#}\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until an instance is in a state.
    #[track_caller]
    pub fn wait_state(&self, name: &str, state: &str) -> Value {
        self.wait_observed(name, state, |observed| observed["state"] == state)
    }

    /// Waits for a line in an instance's log and answers it.
    #[track_caller]
    pub fn wait_line(&self, name: &str, part: &str) -> String {
        let line = |observed: &Value| {
            let lines = observed["last_log"].as_array()?;
            lines.iter().filter_map(Value::as_str).find(|line| line.contains(part)).map(str::to_owned)
        };
        let observed =
            self.wait_observed(name, &format!("saying {part:?}"), |observed| line(observed).is_some());
        line(&observed).unwrap_or_default()
    }

    /// Files that are refused, and why.
    ///
    /// # Panics
    /// When the API answers with something else.
    #[must_use]
    #[track_caller]
    pub fn refused(&self) -> BTreeMap<String, String> {
        let packages = self.api("/api/v1/packages");
        let list = packages["refused"].as_array().expect("a list of refused files").clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        list.iter().map(|one| (text(&one["path"]), text(&one["reason"]))).collect()
    }

    /// Waits until the recording is so much longer, in milliseconds, and answers where it is then.
    #[track_caller]
    pub fn let_it_run(&self, ms: f64) -> Mark {
        let recording = self.recording();
        let until = Mark(recording.now().0 + ms);
        let most = Duration::from_secs_f64(10.0 + ms / 1000.0);
        wait_for("the recording to go on", most, || Some(recording.now()).filter(|now| *now >= until))
    }

    /// Its runners.
    #[must_use]
    pub fn runners(&self) -> Vec<u32> {
        processes::children(self.pid())
    }

    /// Asks it to end and waits until it has; how, and after what time.
    ///
    /// # Panics
    /// When it has not within 20 s.
    pub fn stop(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, Signal::TERM).expect("the host can be told to end");
        let most = Duration::from_secs(20);
        let status =
            wait_for("the host's end", most, || self.child.try_wait().expect("the host can be waited for"));
        self.ended = Some(status);
        (status, begun.elapsed())
    }

    /// Ends it the hard way.
    pub fn kill(&mut self) {
        if self.ended.is_none() {
            let _ = self.child.kill();
            self.ended = self.child.wait().ok();
        }
    }

    /// Asserts that the host is the process it was, and answers.
    #[track_caller]
    pub fn assert_alive(&mut self) {
        let ended = self.child.try_wait().expect("the host can be waited for");
        assert!(ended.is_none(), "the host ended with {ended:?}:\n{}", self.log());
        assert_eq!(self.ask("/healthz").status, 200);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let runners = self.runners();
        self.kill();
        if !std::thread::panicking() {
            let gone = || runners.iter().all(|pid| !processes::alive(*pid));
            wait_until("the end of all runners with their host", Duration::from_secs(2), gone);
        }
    }
}

fn recording_folder(home: &Path, number: u32) -> PathBuf {
    home.join(format!("recording-{number}"))
}

fn launch(setup: &Setup, number: u32) -> (Child, String) {
    let home = setup.home();
    let config = setup.write();
    let (state, about) = (home.join("state"), home.join("state/host.json"));
    let _ = fs::remove_file(&about);
    let log = File::options().create(true).append(true).open(home.join("host.log")).expect("the log opens");
    let mut command = built::marquee(home);
    command.arg("run").arg("--config").arg(config).arg("--state-dir").arg(&state);
    command.arg("--plugins-dir").arg(home.join("plugins")).args(["--listen", "127.0.0.1:0"]);
    command.args(["--size", &setup.size, "--panel", "web", "--panel"]);
    command.arg(format!("record:{}", recording_folder(home, number).display()));
    command.args(&setup.flags).envs(setup.environment.iter().cloned());
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("the log is shared")).stderr(log);
    let mut child = command.spawn().expect("the host starts");
    let address = wait_for("host.json", READY, || {
        if let Ok(Some(status)) = child.try_wait() {
            panic!(
                "the host ended with {status}:\n{}",
                fs::read_to_string(home.join("host.log")).unwrap_or_default()
            );
        }
        let value: Value = serde_json::from_str(&fs::read_to_string(&about).ok()?).ok()?;
        value["listen"].as_str().map(str::to_owned)
    });
    (child, address)
}
