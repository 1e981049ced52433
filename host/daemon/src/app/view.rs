//! The host as its API sees it.
//!
//! Invariant: answers come from memory; no lock here is held across anything slow.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use marquee_discovery::{Discovery, Scan};
use marquee_http::HostView;
use marquee_model::{
    InstanceName, ObservedState, ObservedView, PackageView, PackagesView, Picture, PluginView, PluginsView,
    RefusedView, Status, StatusView, StoreView,
};
use marquee_runtime::Supervisor;

use super::desired::{Desired, Instance};
use crate::config::Config;
use crate::screen::Board;

/// What the API answers from.
pub(crate) struct View {
    pub(crate) started: Instant,
    pub(crate) config: Arc<Config>,
    pub(crate) discovery: Arc<Discovery>,
    pub(crate) desired: Arc<Mutex<Desired>>,
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) board: Arc<Board>,
    pub(crate) probed: marquee_sandbox::Report,
    /// What `marquee doctor` finds; looked at once, soon after the start, since it takes a while.
    pub(crate) examined: Arc<OnceLock<serde_json::Value>>,
}

impl View {
    fn instance(&self, instance: &Instance, scan: &Scan) -> PluginView {
        let found = scan.found.get(&instance.package);
        let running = self.supervisor.observed(&instance.name).map(|observed| observed.view());
        let observed = running.unwrap_or_else(|| match (instance.status, found) {
            (Status::Enabled, None) => at_rest(ObservedState::Missing, Some(missing(instance))),
            (Status::Enabled, Some(_)) => at_rest(ObservedState::Starting, None),
            (Status::Disabled, _) => at_rest(ObservedState::Stopped, None),
        });
        PluginView {
            name: instance.name.clone(),
            package: instance.package.to_string(),
            version: found.map(|found| found.version.clone()),
            status: instance.status,
            observed,
            config_version: instance.version,
            duration_s: instance.duration.as_secs_f64(),
        }
    }
}

fn missing(instance: &Instance) -> String {
    format!("there is no plugin {} in the plugins folder: put its .so file there", instance.package)
}

fn at_rest(state: ObservedState, reason: Option<String>) -> ObservedView {
    ObservedView {
        state,
        reason,
        restarts: 0,
        pid: None,
        frames: 0,
        late_frames: 0,
        dropped_log_lines: 0,
        last_log: Vec::new(),
        running_version: None,
        running_digest: None,
    }
}

impl HostView for View {
    fn status(&self) -> StatusView {
        StatusView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api: marquee_plugin_api::API_VERSION.to_owned(),
            uptime_s: self.started.elapsed().as_secs_f64(),
            panel: self.config.panel.size,
            fps: self.config.display.fps,
            current: self.board.shown(),
            frames: self.board.frames(),
            sinks: self.board.sinks(),
            sandbox: self.supervisor.boxed().as_ref().unwrap_or(&self.probed).to_view(),
            store: StoreView { kind: "memory".to_owned(), stale: false },
        }
    }

    fn plugins(&self) -> PluginsView {
        let scan = self.discovery.current();
        let desired = self.desired.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let plugins =
            desired.by_name().into_values().map(|instance| self.instance(instance, &scan)).collect();
        PluginsView { plugins }
    }

    fn packages(&self) -> PackagesView {
        let scan = self.discovery.current();
        let package = |found: &Arc<marquee_discovery::Found>| PackageView {
            id: found.id.to_string(),
            version: found.version.clone(),
            description: found.manifest.description.clone(),
            api: found.manifest.api.to_string(),
            path: found.path.clone(),
            digest: found.digest.clone(),
            bytes: found.size,
            http_hosts: found.manifest.http.clone(),
        };
        let refused = |refused: &marquee_discovery::Refused| RefusedView {
            path: refused.path.clone(),
            reason: refused.reason.clone(),
        };
        PackagesView {
            packages: scan.found.values().map(package).collect(),
            refused: scan.refused.iter().map(refused).collect(),
            folder_error: scan.folder_error.clone(),
        }
    }

    fn doctor(&self) -> serde_json::Value {
        self.examined.get().cloned().unwrap_or_else(crate::doctor::nothing_yet)
    }

    fn ready(&self) -> Result<(), String> {
        if self.board.ready() {
            Ok(())
        } else {
            Err("no picture has been composed yet: try again in a second".into())
        }
    }

    fn instance_picture(&self, name: &str) -> Option<Picture> {
        self.board.own_picture(&name.parse::<InstanceName>().ok()?)
    }
}
