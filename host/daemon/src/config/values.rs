//! The configuration as plain values.
//!
//! Invariant: all defaults are filled in and all ranges are checked; nothing here does I/O.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use marquee_model::{InstanceName, PanelSize, PluginId};
use marquee_panel_link::Hub75Options;
use marquee_sandbox::{Layer, Limits, Required};
use marquee_sinks::SinkSpec;
use marquee_stage::Transition;

use super::{Directories, Fetch};

/// Everything the host was told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that was read; none when there is none and all is default.
    pub file: Option<PathBuf>,
    /// `[panel]`.
    pub panel: Panel,
    /// `[host]`, but for its folders.
    pub host: Host,
    /// The folders of the host. Not made yet: see [`Directories::prepare`].
    pub directories: Directories,
    /// `[display]`.
    pub display: Display,
    /// `[fetch]`.
    pub fetch: Fetch,
    /// `[sandbox]`.
    pub sandbox: Sandbox,
    /// `[log]`.
    pub log: Log,
    /// `[[registry]]`: kept for the store, which is not built yet.
    pub registries: Vec<Registry>,
    /// `[[instance]]`: made on a first start. Names are unique.
    pub instances: Vec<Instance>,
}

/// `[panel]`.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Size of the picture. Default 64×32.
    pub size: PanelSize,
    /// Where pictures go; at least one. Default `web`.
    pub sinks: Vec<SinkSpec>,
    /// `[panel.hub75]`, checked.
    pub hub75: Hub75Options,
}

/// `[host]`.
#[derive(Debug, Clone)]
pub struct Host {
    /// Where the API and the page are served. Default `127.0.0.1:8750`. Whether it may be bound is judged when binding.
    pub listen: SocketAddr,
    /// Where intent is kept.
    pub store: Store,
    /// IANA name of the panel's time zone. Default: the machine's, or `UTC` if that has no name.
    pub time_zone: String,
    /// Latitude (-90 to 90) and longitude (-180 to 180) in degrees.
    pub location: Option<(f64, f64)>,
    /// The command that starts a runner: the program and what stands before it; at least one word. Default:
    /// `marquee-runner` beside this program.
    pub runner: Vec<PathBuf>,
}

/// Where intent is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// In memory, lost at the end: `memory:`. All there is yet.
    Memory,
}

/// `[display]`.
#[derive(Debug, Clone)]
pub struct Display {
    /// Frames a second, 1 to 120. Default 60.
    pub fps: u16,
    /// Brightness in per cent, 0 to 100. Default 100.
    pub brightness: u8,
    /// How one plugin gives way to the next. Default a cut.
    pub transition: Transition,
    /// How long an instance without a duration of its own stays on screen. Default 15 s.
    pub default_duration: Duration,
}

/// `[sandbox]`.
#[derive(Debug, Clone, Default)]
pub struct Sandbox {
    /// Layers without which no plugin is started.
    pub required: Required,
    /// Layers that the operator switched off; none of them is required.
    pub disable: Vec<Layer>,
    /// Limits of each runner.
    pub limits: Limits,
}

/// `[log]`.
#[derive(Debug, Clone)]
pub struct Log {
    /// For people or for programs. Default for people.
    pub format: LogFormat,
    /// What is logged, such as `info,marquee_fetch=debug`; a valid filter. Default `info`.
    pub filter: String,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One line for people, coloured on a terminal.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// `[[registry]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// Where it is served: `https://…`, `http://…` or `file://…`.
    pub url: String,
    /// The file with its first trusted keys.
    pub root: Option<PathBuf>,
}

/// `[[instance]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its name.
    pub name: InstanceName,
    /// The plugin that it runs. Default: named like the instance.
    pub package: PluginId,
    /// Whether it runs from the start. Default true.
    pub enabled: bool,
    /// How long it stays on screen; none means [`Display::default_duration`].
    pub duration: Option<Duration>,
    /// Its settings: a JSON object.
    pub config: serde_json::Value,
}

/// What flags say; each wins over the environment and the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--state-dir`.
    pub state_dir: Option<PathBuf>,
    /// `--plugins-dir`.
    pub plugins_dir: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `--size`.
    pub size: Option<PanelSize>,
    /// `--fps`, 1 to 120.
    pub fps: Option<u16>,
    /// `--panel`, as often as given; empty: not given.
    pub sinks: Vec<SinkSpec>,
    /// `--store`.
    pub store: Option<Store>,
    /// `--log-format`.
    pub log_format: Option<LogFormat>,
}
