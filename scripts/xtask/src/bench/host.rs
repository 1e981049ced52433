//! A whole host, through its program.
//!
//! Invariant: a host that is dropped is ended, by its own process and no other; nothing is asked of it while something
//! is measured that asking would change.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use marquee_model::{ObservedState, PluginsView, StatusView};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;

use super::error::BenchError;
use super::programs::Programs;
use super::recording::Recording;
use super::{FPS, SIZE};

const PATIENCE: Duration = Duration::from_secs(20);

/// One instance of the configuration: name, which is also the plugin's id unless `package` says another, and settings.
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) package: String,
    pub(crate) settings: Value,
}

/// A running host.
pub(crate) struct Host {
    child: Child,
    pub(crate) started: Instant,
    pub(crate) recording: Option<Recording>,
    home: TempDir,
}

impl Host {
    /// Starts a host with these instances; it records what is on its panel if `record` says so.
    pub(crate) fn start(
        programs: &Programs,
        plugins: &Path,
        instances: &[Instance],
        record: bool,
    ) -> Result<Self, BenchError> {
        let home = tempfile::tempdir().map_err(BenchError::system("make a temporary folder"))?;
        let config = home.path().join("marquee.toml");
        fs::write(&config, configuration(instances)).map_err(BenchError::file("write", &config))?;
        let folder = home.path().join("recording");
        let recording = if record { Some(Recording::prepare(&folder)?) } else { None };
        let panel = if record { format!("record:{}", folder.display()) } else { "none".to_owned() };
        let log_path = home.path().join("log");
        let log = fs::File::create(&log_path).map_err(BenchError::file("write", &log_path))?;
        let mut command = Command::new(&programs.marquee);
        command
            .env_clear()
            .arg("run")
            .args(["--listen", "127.0.0.1:0", "--panel", &panel])
            .args(["--size", &format!("{}x{}", SIZE.0, SIZE.1), "--fps", &FPS.to_string()])
            .arg("--config")
            .arg(&config)
            .arg("--state-dir")
            .arg(home.path().join("state"))
            .arg("--plugins-dir")
            .arg(plugins)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let started = Instant::now();
        let child = command.spawn().map_err(BenchError::file("start", &programs.marquee))?;
        Ok(Self { child, started, recording, home })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn address(&self) -> Option<SocketAddr> {
        let bytes = fs::read(self.home.path().join("state/host.json")).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()?["listen"].as_str()?.parse().ok()
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        let address = self.address()?;
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let text = String::from_utf8(answer).ok()?;
        let (_, body) = text.split_once("\r\n\r\n")?;
        serde_json::from_str(body).ok()
    }

    pub(crate) fn status(&self) -> Result<StatusView, BenchError> {
        self.get("/api/v1/status").ok_or_else(|| self.failed("the host does not answer"))
    }

    pub(crate) fn plugins(&self) -> Result<PluginsView, BenchError> {
        self.get("/api/v1/plugins").ok_or_else(|| self.failed("the host does not answer"))
    }

    /// Process ids of all runners, of which there must be so many.
    pub(crate) fn runners(&self, count: usize) -> Result<Vec<u32>, BenchError> {
        let pids: Vec<u32> =
            self.plugins()?.plugins.iter().filter_map(|plugin| plugin.observed.pid).collect();
        if pids.len() == count {
            Ok(pids)
        } else {
            Err(self.failed(&format!("{} runners are known and not {count}", pids.len())))
        }
    }

    /// Waits until so many instances draw.
    pub(crate) fn wait_running(&self, count: usize) -> Result<(), BenchError> {
        self.wait_running_after(count, 0)
    }

    /// Waits until so many instances draw, after so many deaths of all of them together.
    pub(crate) fn wait_running_after(&self, count: usize, deaths: u32) -> Result<(), BenchError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let view: Option<PluginsView> = self.get("/api/v1/plugins");
            let running = |view: &PluginsView| {
                let states = view.plugins.iter().map(|plugin| plugin.observed.state);
                states.filter(|state| *state == ObservedState::Running).count()
            };
            let died =
                |view: &PluginsView| view.plugins.iter().map(|plugin| plugin.observed.restarts).sum::<u32>();
            if view.as_ref().is_some_and(|view| running(view) >= count && died(view) >= deaths) {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(self.failed("not all plugins run"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn recording(&mut self) -> Result<&mut Recording, BenchError> {
        self.recording.as_mut().ok_or_else(|| BenchError::wrong("this host does not record"))
    }

    /// A sentence with the end of the host's log.
    pub(crate) fn failed(&self, what: &str) -> BenchError {
        let log = fs::read_to_string(self.home.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        BenchError::wrong(format!(
            "{what}; its log ends:\n{}",
            lines[lines.len().saturating_sub(8)..].join("\n")
        ))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(instances: &[Instance]) -> String {
    let one = |instance: &Instance| {
        // A JSON string is a TOML string as long as there is nothing odd in it, and there is not.
        let settings = instance.settings.as_object().into_iter().flatten();
        let settings: String = settings.map(|(key, value)| format!("{key} = {value}\n")).collect();
        let Instance { name, package, .. } = instance;
        format!("[[instance]]\nname = \"{name}\"\npackage = \"{package}\"\n[instance.config]\n{settings}")
    };
    instances.iter().map(one).collect()
}

/// A folder of plugins.
pub(crate) fn folder() -> Result<(TempDir, PathBuf), BenchError> {
    let home = tempfile::tempdir().map_err(BenchError::system("make a temporary folder"))?;
    let path = home.path().join("plugins");
    fs::create_dir(&path).map_err(BenchError::file("make", &path))?;
    Ok((home, path))
}
