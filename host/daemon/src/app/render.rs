//! `marquee plugin render`: a plugin drawn into a file, through the real loader and runner, on a clock of its own.
//!
//! Invariant: the result depends on the plugin, the settings, the size and the time given, and not on the machine's
//! clock or load: ticks carry made-up times, and each is answered before the next is sent.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use marquee_frames::{FAILED, Reader, Tick, VISIBLE};
use marquee_model::{InstanceName, PanelSize, Picture};
use marquee_runtime::{Joining, ProcessKey, Reporter, Screen, ScreenReport, Supervisor, Wanted};
use marquee_sinks::SinkSpec;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::Value;

use super::error::AppError;
use super::plugin_file::PluginFile;
use super::run::runtime_config;
use crate::config::Config;

/// How long to wait for a plugin that is being made, or a fetch that it needs.
const PATIENCE: Duration = Duration::from_secs(15);
/// Pictures that may wait in the recorder; well below what its queue holds.
const RECORDER_QUEUE: u64 = 100;
/// A GIF holds frames at most this often; browsers slow down what is faster.
const GIF_FPS: u32 = 50;

/// What to draw.
#[derive(Debug, Clone)]
pub struct RenderArgs {
    /// The plugin's file.
    pub plugin: PathBuf,
    /// Where to: `.gif` or `.png`.
    pub output: PathBuf,
    /// How long: the length of a GIF, or the moment of a PNG.
    pub length: Duration,
    /// Settings: a JSON object.
    pub settings: Value,
    /// Wall-clock time of the first frame, nanoseconds since 1970 UTC; now without.
    pub unix_ns: i64,
}

/// Draws a plugin into a file.
///
/// # Errors
/// The file is no plugin, it does not draw, or the output cannot be written: one sentence.
pub fn render(config: &Config, args: &RenderArgs) -> Result<(), AppError> {
    let gif = match args.output.extension().and_then(|ending| ending.to_str()) {
        Some("gif") => true,
        Some("png") => false,
        _ => return Err(AppError::Output { path: args.output.clone() }),
    };
    let PluginFile { inspected, library } = PluginFile::read(&args.plugin)?;
    let id = inspected.manifest.id.clone();
    let asked = inspected.manifest.http.iter().filter_map(|text| text.parse().ok()).collect();
    let name = InstanceName::from(id.clone());
    let permission = config.fetch.permission(&name, asked, inspected.manifest.private_network);
    let wanted = Wanted {
        name,
        version: inspected.manifest.version.to_string(),
        digest: inspected.hex(),
        library: Arc::new(library),
        settings: args.settings.clone(),
        permission: Arc::new(permission),
        assets: assets_beside(&args.plugin, id.as_str()),
    };

    let resources = |what| move |source| AppError::Resources { what, source };
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(resources("threads"))?;
    let fetch = marquee_fetch::FetchService::new(config.fetch.limits.clone()).map_err(AppError::Fetch)?;
    let (sender, events) = channel();
    let mut runtime = runtime_config(config);
    let scratch = tempfile::tempdir().map_err(resources("a temporary folder"))?;
    runtime.data_dir = scratch.path().to_owned();
    let supervisor =
        Supervisor::new(runtime, Arc::new(fetch), Arc::new(Stand(sender)), tokio.handle().clone())?;
    supervisor.set_wanted(vec![wanted.clone()]);
    let mut drawing = Drawing {
        id: id.to_string(),
        events,
        supervisor: &supervisor,
        name: wanted.name,
        start_unix_ns: args.unix_ns,
        zone: super::run::zone(config),
        seq: 0,
        news: 0,
        left: false,
    };
    let result = drawing.guest().and_then(|(mut reader, reports)| {
        if gif {
            drawing.gif(&mut reader, &reports, args, config.panel.size)
        } else {
            drawing.png(&mut reader, &reports, args, config.panel.size)
        }
    });
    tokio.block_on(supervisor.shut_down(Duration::from_secs(1)));
    result
}

/// `NAME.assets` or `assets` beside a plugin's file: the same places as in the plugins folder.
fn assets_beside(plugin: &Path, id: &str) -> Option<PathBuf> {
    let folder = plugin.parent()?;
    let places = [plugin.with_extension("assets"), folder.join("assets").join(id), folder.join("assets")];
    places.into_iter().find(|place| place.is_dir())
}

/// What the runtime tells.
enum Event {
    Joined(Box<(Reader, Reporter)>),
    Left,
    News,
}

/// The screen of one plugin.
struct Stand(Sender<Event>);

impl Screen for Stand {
    fn joins(&self, joining: Joining) {
        let _ = self.0.send(Event::Joined(Box::new((joining.reader, joining.reports))));
    }

    fn leaves(&self, _: &InstanceName, _: ProcessKey) {
        let _ = self.0.send(Event::Left);
    }

    fn news(&self, _: &InstanceName, _: ProcessKey) {
        let _ = self.0.send(Event::News);
    }
}

struct Drawing<'a> {
    id: String,
    events: Receiver<Event>,
    supervisor: &'a Supervisor,
    name: InstanceName,
    start_unix_ns: i64,
    zone: TimeZone,
    seq: u64,
    news: u32,
    left: bool,
}

impl Drawing<'_> {
    fn not_drawn(&self) -> AppError {
        let observed = self.supervisor.observed(&self.name).map(|observed| observed.view());
        let reason =
            observed.and_then(|view| view.reason).unwrap_or_else(|| "it did not answer in time".into());
        AppError::NotDrawn { id: self.id.clone(), reason }
    }

    /// Waits until the plugin is made, and gives a first fetch the time to bring something.
    fn guest(&mut self) -> Result<(Reader, Reporter), AppError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.events.recv_timeout(Duration::from_millis(100)) {
                Ok(Event::Joined(joined)) => {
                    if let Ok(Event::News) = self.events.recv_timeout(Duration::from_millis(250)) {
                        self.news += 1;
                    }
                    return Ok(*joined);
                }
                Ok(_) => {}
                Err(_) => {
                    let view = self.supervisor.observed(&self.name).map(|observed| observed.view());
                    let failed = view.is_some_and(|view| view.reason.is_some());
                    if failed || Instant::now() >= until {
                        return Err(self.not_drawn());
                    }
                }
            }
        }
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::News => self.news += 1,
            Event::Left => self.left = true,
            Event::Joined(_) => {}
        }
    }

    /// The frame of one moment.
    fn frame(
        &mut self,
        reader: &mut Reader,
        reports: &Reporter,
        at: Duration,
        size: PanelSize,
    ) -> Result<Picture, AppError> {
        while let Ok(event) = self.events.try_recv() {
            self.note(&event);
        }
        if self.left {
            return Err(self.not_drawn());
        }
        self.seq += 1;
        let at_ns = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        let unix_ns = self.start_unix_ns.saturating_add_unsigned(at_ns);
        let tick = Tick {
            seq: self.seq,
            show_at_ns: 1_000_000_000_u64.saturating_add(at_ns),
            unix_ns,
            utc_offset_s: crate::screen::utc_offset(&self.zone, unix_ns),
            flags: VISIBLE,
            news: self.news,
        };
        if reader.tick(tick).is_err() {
            return Err(self.not_drawn());
        }
        let until = Instant::now() + Duration::from_secs(2);
        loop {
            if let Some(info) = reader.take().filter(|info| info.seq == self.seq) {
                if info.outcome == FAILED {
                    // Its sentence is on the way by another road.
                    let _ = self.events.recv_timeout(Duration::from_millis(100));
                    return Err(self.not_drawn());
                }
                if self.seq == 1 {
                    reports.report(ScreenReport::FirstFrame);
                }
                let mut rgb = vec![0; reader.frame_bytes()];
                let _ = reader.copy_pixels(&mut rgb);
                let sequence = u32::try_from(self.seq).unwrap_or(u32::MAX);
                let plugin = Some(self.name.clone());
                return Ok(Picture { size, sequence, at, plugin, brightness: 100, rgb: Arc::from(rgb) });
            }
            if Instant::now() >= until {
                reports.report(ScreenReport::Hung);
                let _ = self.events.recv_timeout(Duration::from_secs(1));
                return Err(self.not_drawn());
            }
            let mut fds = [PollFd::from_borrowed_fd(reader.frame_event(), PollFlags::IN)];
            let _ = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 100_000_000 }));
            let _ = reader.drain_frame_event();
        }
    }

    fn png(
        &mut self,
        reader: &mut Reader,
        reports: &Reporter,
        args: &RenderArgs,
        size: PanelSize,
    ) -> Result<(), AppError> {
        // All frames up to the moment, since a plugin may move on from frame to frame.
        let mut at = Duration::ZERO;
        let mut picture = self.frame(reader, reports, at, size)?;
        while at < args.length {
            at = (at + Duration::from_secs(1) / GIF_FPS).min(args.length);
            picture = self.frame(reader, reports, at, size)?;
        }
        let path = &args.output;
        let file = File::create(path).map_err(|source| AppError::File {
            action: "write",
            path: path.clone(),
            source,
        })?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), size.width().into(), size.height().into());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&picture.rgb));
        written.map_err(|error| AppError::Encode { path: path.clone(), reason: error.to_string() })
    }

    fn gif(
        &mut self,
        reader: &mut Reader,
        reports: &Reporter,
        args: &RenderArgs,
        size: PanelSize,
    ) -> Result<(), AppError> {
        let setup = marquee_sinks::Setup {
            size,
            fps: GIF_FPS as u16,
            web: marquee_sinks::WebSink::new(size),
            panel_socket: PathBuf::new(),
            host_name: String::new(),
        };
        let mut sink = marquee_sinks::open(&SinkSpec::RecordGif(args.output.clone()), &setup)?;
        let frames = (args.length.as_nanos() * u128::from(GIF_FPS) / 1_000_000_000).max(1);
        let mut last: Option<Picture> = None;
        let mut sent = 0;
        for n in 0..u32::try_from(frames).unwrap_or(u32::MAX) {
            let at = Duration::from_secs(1) * n / GIF_FPS;
            let picture = self.frame(reader, reports, at, size)?;
            if last.as_ref().is_none_or(|last| last.rgb != picture.rgb) {
                sink.present(&picture);
                sent += 1;
                // A recorder drops what its queue has no room for; here there is time to wait for it.
                let until = Instant::now() + PATIENCE;
                while sent > sink.report().pictures + RECORDER_QUEUE && Instant::now() < until {
                    let _ = self.events.recv_timeout(Duration::from_millis(5)).map(|event| self.note(&event));
                }
            }
            last = Some(picture);
        }
        sink.finish()?;
        Ok(())
    }
}
