//! A runner through the real supervisor, with this program in the place of the screen.
//!
//! Invariant: one frame is asked for at a time, with made-up times a sixtieth of a second apart, so that a plugin draws
//! the same pictures however fast it is asked.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use marquee_fetch::{FetchService, Limits, Permission};
use marquee_frames::sealed::SealedBytes;
use marquee_frames::{DRAWN, FrameInfo, Reader, Tick, VISIBLE};
use marquee_inspect::{Machine, inspect};
use marquee_model::{InstanceName, PanelSize};
use marquee_runtime::{
    Deadlines, Joining, ProcessKey, Reporter, RuntimeConfig, Screen, ScreenReport, Supervisor, Wanted,
};
use marquee_sandbox::{Layer, Required};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::error::BenchError;
use super::{FPS, SIZE, process};

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The supervisor and what tells of it.
pub(crate) struct Isolated {
    supervisor: Supervisor,
    joined: Receiver<(Reader, Reporter)>,
    tokio: Runtime,
    _data: TempDir,
}

/// Hands runners to the bench.
struct Stand(Sender<(Reader, Reporter)>);

impl Screen for Stand {
    fn joins(&self, joining: Joining) {
        let _ = self.0.send((joining.reader, joining.reports));
    }

    fn leaves(&self, _: &InstanceName, _: ProcessKey) {}

    fn news(&self, _: &InstanceName, _: ProcessKey) {}
}

/// What to run, from a plugin's file.
pub(crate) fn wanted(plugin: &Path, name: &str, settings: Value) -> Result<Wanted, BenchError> {
    let said = |error: &dyn std::error::Error| BenchError::wrong(error.to_string());
    let bytes = std::fs::read(plugin).map_err(BenchError::file("read", plugin))?;
    let machine = Machine::this().map_err(|error| said(&error))?;
    let inspected = inspect(&bytes, &machine).map_err(|error| said(&error))?;
    Ok(Wanted {
        name: name.parse().map_err(|_| BenchError::wrong(format!("{name} is no name")))?,
        version: inspected.manifest.version.to_string(),
        digest: inspected.hex(),
        library: Arc::new(SealedBytes::create("marquee-plugin", &bytes).map_err(|error| said(&error))?),
        settings,
        permission: Arc::new(Permission::default()),
        assets: None,
    })
}

impl Isolated {
    pub(crate) fn new(runner: &Path, disable: Vec<Layer>) -> Result<Self, BenchError> {
        let said = |error: &dyn std::error::Error| BenchError::wrong(error.to_string());
        let data = tempfile::tempdir().map_err(BenchError::system("make a temporary folder"))?;
        let size = PanelSize::new(SIZE.0.into(), SIZE.1.into()).map_err(|error| said(&error))?;
        let config = RuntimeConfig {
            runner: vec![runner.to_owned()],
            size,
            fps: FPS,
            time_zone: "UTC".to_owned(),
            location: None,
            limits: marquee_sandbox::Limits::default(),
            required: Required::default(),
            disable,
            data_dir: data.path().to_owned(),
            deadlines: Deadlines::default(),
        };
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(BenchError::system("start threads"))?;
        let fetch = FetchService::new(Limits::default()).map_err(|error| said(&error))?;
        let (sender, joined) = channel();
        let supervisor =
            Supervisor::new(config, Arc::new(fetch), Arc::new(Stand(sender)), tokio.handle().clone())
                .map_err(|error| said(&error))?;
        Ok(Self { supervisor, joined, tokio, _data: data })
    }

    /// Starts a runner and waits until its plugin is made.
    pub(crate) fn start(&self, wanted: Wanted) -> Result<Guest, BenchError> {
        let name = wanted.name.clone();
        self.supervisor.set_wanted(vec![wanted]);
        let observed = || self.supervisor.observed(&name).map(|observed| observed.view());
        let (reader, reports) = self.joined.recv_timeout(PATIENCE).map_err(|_| {
            let reason = observed().and_then(|view| view.reason).unwrap_or_default();
            BenchError::wrong(format!("the plugin does not start: {reason}"))
        })?;
        Ok(Guest { name, reader, reports, seq: 0 })
    }

    /// The process of a runner that has drawn; the supervisor tells it once it has heard of the first frame.
    pub(crate) fn pid(&self, guest: &Guest) -> Result<u32, BenchError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let observed = self.supervisor.observed(&guest.name).and_then(|observed| observed.view().pid);
            if let Some(pid) = observed {
                return Ok(pid);
            }
            if Instant::now() >= until {
                return Err(BenchError::wrong(
                    "the supervisor does not tell the process of a runner that draws",
                ));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends all runners and waits until their processes are gone.
    pub(crate) fn stop(&self, guest: Guest) -> Result<(), BenchError> {
        let pid = self.pid(&guest)?;
        self.supervisor.set_wanted(Vec::new());
        drop(guest);
        let until = Instant::now() + PATIENCE;
        while process::lives(pid) {
            if Instant::now() >= until {
                return Err(BenchError::wrong("a runner does not end"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Layers of the box that were in force around the last runner, in words.
    pub(crate) fn boxed(&self) -> String {
        let Some(report) = self.supervisor.boxed() else { return "unknown".to_owned() };
        let layers = report.to_view().into_iter();
        layers
            .map(|layer| format!("{} {:?}", layer.name, layer.state).to_lowercase())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl Drop for Isolated {
    fn drop(&mut self) {
        self.tokio.block_on(self.supervisor.shut_down(Duration::from_secs(1)));
    }
}

/// A runner that can be asked for frames.
pub(crate) struct Guest {
    name: InstanceName,
    reader: Reader,
    reports: Reporter,
    seq: u64,
}

impl Guest {
    /// Asks for the next frame.
    pub(crate) fn ask(&mut self) -> Result<(), BenchError> {
        self.seq += 1;
        let at_ns = self.seq * 1_000_000_000 / u64::from(FPS);
        let tick = Tick {
            seq: self.seq,
            show_at_ns: 1_000_000_000 + at_ns,
            unix_ns: 1_767_323_045_000_000_000 + at_ns as i64,
            utc_offset_s: 0,
            flags: VISIBLE,
            news: 0,
        };
        match self.reader.tick(tick) {
            Ok(true) => Ok(()),
            _ => Err(BenchError::wrong("a tick was not sent")),
        }
    }

    /// Sleeps until there is a frame.
    pub(crate) fn wait(&self) -> Result<(), BenchError> {
        let mut fds = [PollFd::from_borrowed_fd(self.reader.frame_event(), PollFlags::IN)];
        match poll(&mut fds, Some(&Timespec { tv_sec: 5, tv_nsec: 0 })) {
            Ok(1) => Ok(()),
            _ => Err(BenchError::wrong("a frame does not come")),
        }
    }

    /// Takes the frame that came and copies it.
    pub(crate) fn take(&mut self, into: &mut [u8]) -> Result<FrameInfo, BenchError> {
        let _ = self.reader.drain_frame_event();
        let taken = self.reader.take().filter(|info| info.seq == self.seq && info.outcome == DRAWN);
        let info = taken.ok_or_else(|| BenchError::wrong("a frame is not the one that was asked for"))?;
        self.reader.copy_pixels(into).map_err(|error| BenchError::wrong(error.to_string()))?;
        if self.seq == 1 {
            self.reports.report(ScreenReport::FirstFrame);
        }
        Ok(info)
    }

    /// A whole frame: asked for, waited for, copied.
    pub(crate) fn frame(&mut self, into: &mut [u8]) -> Result<FrameInfo, BenchError> {
        self.ask()?;
        self.wait()?;
        self.take(into)
    }
}
