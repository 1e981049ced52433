//! What the runtime is told: once, about the machine; again and again, about what shall run.
//!
//! Invariant: plain data. A [`Wanted`] names bytes that were already inspected and sealed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use marquee_fetch::Permission;
use marquee_frames::sealed::SealedBytes;
use marquee_model::{InstanceName, PanelSize};
use marquee_sandbox::{Layer, Limits, Required};
use serde_json::Value;

/// How runners are started and boxed.
#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// The runner's program and what stands before it, such as an emulator; at least one word.
    pub runner: Vec<PathBuf>,
    /// Size of every frame.
    pub size: PanelSize,
    /// Frames a second, 1 to 120.
    pub fps: u16,
    /// IANA name of the panel's time zone.
    pub time_zone: String,
    /// Latitude and longitude in degrees.
    pub location: Option<(f64, f64)>,
    /// Limits of each runner.
    pub limits: Limits,
    /// Layers without which no plugin is started.
    pub required: Required,
    /// Layers that the operator switched off.
    pub disable: Vec<Layer>,
    /// Where kept values lie, a folder for each instance.
    pub data_dir: PathBuf,
    /// How long callbacks may take.
    pub deadlines: Deadlines,
}

/// How long callbacks may take before their process is ended.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// From the start of the process until the plugin is made, static constructors among it.
    pub create: Duration,
    /// One draw.
    pub draw: Duration,
    /// One event.
    pub event: Duration,
    /// The plugin's end.
    pub drop: Duration,
    /// One fetch, not counting the time in which it waits for the host.
    pub fetch: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            create: Duration::from_secs(3),
            draw: Duration::from_millis(500),
            event: Duration::from_millis(500),
            drop: Duration::from_millis(500),
            fetch: Duration::from_secs(30),
        }
    }
}

/// One instance that shall run.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name.
    pub name: InstanceName,
    /// Version of the plugin, for people.
    pub version: String,
    /// SHA-256 of the library, lower-case hexadecimal: another digest is another plugin.
    pub digest: String,
    /// The library.
    pub library: Arc<SealedBytes>,
    /// Settings: a JSON object.
    pub settings: Value,
    /// What it may fetch.
    pub permission: Arc<Permission>,
    /// Its assets folder.
    pub assets: Option<PathBuf>,
}
