//! What operators see: the bodies of the HTTP API and of `--json`. Names are those of `interfaces.md`.
//!
//! Invariant: these are answers, never inputs; adding a field is free, renaming one is a decision.

use serde::{Deserialize, Serialize};

use crate::{InstanceName, PanelSize};

/// What the operator asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Shall run.
    Enabled,
    /// Shall not run.
    Disabled,
}

/// What an instance does right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObservedState {
    /// Not running, as asked.
    Stopped,
    /// A runner is being started or has not drawn yet.
    Starting,
    /// Draws in time.
    Running,
    /// Draws, but too late for the frame rate.
    Slow,
    /// A callback answers with errors or panics; the process lives.
    Failing,
    /// The process died; it will be started again after a pause.
    Crashed,
    /// Not started: too many deaths, or held back for another reason.
    Quarantined,
    /// Its plugin is not on disk.
    Missing,
}

/// The observed side of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedView {
    /// What it does.
    pub state: ObservedState,
    /// Why, in one sentence, where there is something to say.
    pub reason: Option<String>,
    /// Deaths since the host started.
    pub restarts: u32,
    /// Process id of its runner.
    pub pid: Option<u32>,
    /// Frames drawn since the runner started.
    pub frames: u64,
    /// Frames that came too late since the runner started.
    pub late_frames: u64,
    /// Log lines dropped because there were too many.
    pub dropped_log_lines: u64,
    /// The last log lines, oldest first (at most 20 here; the log route has more).
    #[serde(default)]
    pub last_log: Vec<String>,
    /// Version of the plugin that is loaded.
    pub running_version: Option<String>,
    /// SHA-256 of the loaded file, lower-case hexadecimal.
    pub running_digest: Option<String>,
}

/// One instance: what was asked for and what is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PluginView {
    /// Name of the instance.
    pub name: InstanceName,
    /// Id of the plugin that it runs.
    pub package: String,
    /// Version on disk, if the plugin is there.
    pub version: Option<String>,
    /// What was asked for.
    pub status: Status,
    /// What is.
    pub observed: ObservedView,
    /// Counts changes of the configuration.
    pub config_version: u64,
    /// How long it stays on screen, in seconds.
    pub duration_s: f64,
}

/// `GET /api/v1/plugins`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PluginsView {
    /// All instances, by name.
    pub plugins: Vec<PluginView>,
}

/// A plugin on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageView {
    /// Its id.
    pub id: String,
    /// Its version, from the manifest section.
    pub version: String,
    /// One sentence from the manifest.
    pub description: String,
    /// Version of the contract it was built against.
    pub api: String,
    /// Where it lies, relative to the plugins folder.
    pub path: String,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub digest: String,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Hosts that its manifest asks to fetch from.
    pub http_hosts: Vec<String>,
}

/// A file in the plugins folder that is not loaded, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedView {
    /// Where it lies, relative to the plugins folder; odd bytes are escaped.
    pub path: String,
    /// Why, in one sentence.
    pub reason: String,
}

/// `GET /api/v1/packages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagesView {
    /// Plugins found.
    pub packages: Vec<PackageView>,
    /// Files refused.
    pub refused: Vec<RefusedView>,
    /// The folder itself, if it cannot be read: one sentence.
    pub folder_error: Option<String>,
}

/// How far one layer of the box around plugins is enforced on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerState {
    /// In force.
    Enforced,
    /// In force in part; the note says which part.
    Partial,
    /// Not available here.
    Missing,
}

/// One layer of the box around plugins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxLayer {
    /// `namespaces`, `private_root`, `rlimits`, `landlock`, `seccomp`, `cgroup`.
    pub name: String,
    /// How far it is enforced.
    pub state: LayerState,
    /// What is missing and how to mend it.
    pub note: Option<String>,
}

/// One sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkView {
    /// As the operator wrote it: `web`, `terminal`, `record:show.gif`, …
    pub spec: String,
    /// Pictures it took.
    pub pictures: u64,
    /// Pictures it could not take in time.
    pub dropped: u64,
    /// What is wrong with it, if something is.
    pub error: Option<String>,
}

/// What is on screen and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownView {
    /// The instance on screen.
    pub plugin: Option<InstanceName>,
    /// `rotation`, `live`, `nothing_to_show`, `starting`, `on_demand`.
    pub reason: String,
    /// Milliseconds that it has been on screen.
    pub for_ms: u64,
    /// Who comes next, if that is known.
    pub next: Option<InstanceName>,
}

/// The store of the desired state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreView {
    /// `memory`, `sqlite`, `postgres`.
    pub kind: String,
    /// Whether answers come from memory because the store is out of reach.
    pub stale: bool,
}

/// `GET /api/v1/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusView {
    /// Version of the host.
    pub version: String,
    /// Version of the plugin contract.
    pub api: String,
    /// Seconds since the host started.
    pub uptime_s: f64,
    /// Size of the panel, `WIDTHxHEIGHT`.
    pub panel: PanelSize,
    /// Frames a second.
    pub fps: u16,
    /// What is on screen.
    pub current: ShownView,
    /// Frames composed since the start.
    pub frames: u64,
    /// Where frames go.
    pub sinks: Vec<SinkView>,
    /// The box around plugins, layer by layer.
    pub sandbox: Vec<BoxLayer>,
    /// The store.
    pub store: StoreView,
}
