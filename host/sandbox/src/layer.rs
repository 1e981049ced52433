//! What the box consists of, and how far each part is in force. Plain data; nothing here asks the kernel.
//!
//! Invariant: a [`Report`] holds each [`Layer`] at most once, and once the box is closed exactly once.

use std::{fmt, str::FromStr};

use marquee_model::{BoxLayer, LayerState};
use serde::{Deserialize, Serialize};

/// One layer of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// A session of its own, an empty environment, no inherited descriptors, death with the host.
    Session,
    /// User, mount, network and IPC namespaces of its own.
    Namespaces,
    /// A file system root with nothing in it, read-only.
    PrivateRoot,
    /// No way to gain privileges, and no capability held.
    NoNewPrivs,
    /// Limits on memory, files, processes.
    Rlimits,
    /// Nothing on any file system may be opened; no TCP; no signals or abstract sockets to the outside.
    Landlock,
    /// Only the system calls that a plugin needs.
    Seccomp,
    /// Limits on memory and processor time for all that a runner does. Not built yet: always missing.
    Cgroup,
}

impl Layer {
    /// All layers, in the order in which they are put on.
    pub const ALL: [Layer; 8] = [
        Layer::Session,
        Layer::Namespaces,
        Layer::PrivateRoot,
        Layer::NoNewPrivs,
        Layer::Rlimits,
        Layer::Landlock,
        Layer::Seccomp,
        Layer::Cgroup,
    ];

    /// The name in reports and in `[sandbox] require`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Layer::Session => "session",
            Layer::Namespaces => "namespaces",
            Layer::PrivateRoot => "private_root",
            Layer::NoNewPrivs => "no_new_privs",
            Layer::Rlimits => "rlimits",
            Layer::Landlock => "landlock",
            Layer::Seccomp => "seccomp",
            Layer::Cgroup => "cgroup",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no layer of the box: use session, namespaces, private_root, no_new_privs, rlimits, landlock, seccomp or cgroup"
)]
pub struct UnknownLayer(pub String);

impl FromStr for Layer {
    type Err = UnknownLayer;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Layer::ALL.into_iter().find(|layer| layer.name() == name).ok_or_else(|| UnknownLayer(name.to_owned()))
    }
}

/// How far one layer is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerReport {
    /// Which.
    pub layer: Layer,
    /// How far.
    pub state: LayerState,
    /// What is missing and why, or what the operator should know.
    pub note: Option<String>,
}

impl LayerReport {
    pub(crate) fn enforced(layer: Layer) -> Self {
        Self { layer, state: LayerState::Enforced, note: None }
    }

    pub(crate) fn partial(layer: Layer, note: impl Into<String>) -> Self {
        Self { layer, state: LayerState::Partial, note: Some(note.into()) }
    }

    pub(crate) fn missing(layer: Layer, note: impl Into<String>) -> Self {
        Self { layer, state: LayerState::Missing, note: Some(note.into()) }
    }

    /// Enforced when nothing is amiss, otherwise partial with all complaints in one note.
    pub(crate) fn from_complaints(layer: Layer, complaints: &[String]) -> Self {
        if complaints.is_empty() {
            Self::enforced(layer)
        } else {
            Self::partial(layer, complaints.join("; "))
        }
    }
}

impl From<&LayerReport> for BoxLayer {
    fn from(report: &LayerReport) -> Self {
        BoxLayer { name: report.layer.name().to_owned(), state: report.state, note: report.note.clone() }
    }
}

/// How far the whole box is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The layers, in the order in which they were put on.
    pub layers: Vec<LayerReport>,
}

impl Report {
    /// The state of one layer; missing if it was never tried.
    #[must_use]
    pub fn state(&self, layer: Layer) -> LayerState {
        self.get(layer).map_or(LayerState::Missing, |found| found.state)
    }

    /// What is known about one layer.
    #[must_use]
    pub fn get(&self, layer: Layer) -> Option<&LayerReport> {
        self.layers.iter().find(|found| found.layer == layer)
    }

    /// The same for the HTTP API and `marquee doctor`.
    #[must_use]
    pub fn to_view(&self) -> Vec<BoxLayer> {
        self.layers.iter().map(BoxLayer::from).collect()
    }

    /// Puts in what is known about a layer, in place of what was known before.
    pub(crate) fn set(&mut self, report: LayerReport) {
        match self.layers.iter_mut().find(|found| found.layer == report.layer) {
            Some(found) => *found = report,
            None => self.layers.push(report),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_found_by_its_name_and_serialises_to_it() {
        for layer in Layer::ALL {
            assert_eq!(layer.name().parse(), Ok(layer));
            assert_eq!(serde_json::to_value(layer).unwrap(), layer.name());
        }
        let error = "selinux".parse::<Layer>().unwrap_err();
        assert!(error.to_string().starts_with("`selinux` is no layer"));
    }

    #[test]
    fn a_later_report_replaces_the_earlier_one_in_place() {
        let mut report = Report::default();
        report.set(LayerReport::partial(Layer::Seccomp, "half"));
        report.set(LayerReport::enforced(Layer::Cgroup));
        report.set(LayerReport::enforced(Layer::Seccomp));
        assert_eq!(report.layers.len(), 2);
        assert_eq!(report.state(Layer::Seccomp), LayerState::Enforced);
        assert_eq!(report.state(Layer::Landlock), LayerState::Missing);
    }

    #[test]
    fn a_report_survives_the_way_through_json() {
        let mut report = Report::default();
        report.set(LayerReport::missing(Layer::Landlock, "the kernel has none"));
        let text = serde_json::to_string(&report).unwrap();
        assert!(text.contains(r#""layer":"landlock","state":"missing""#), "{text}");
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }
}
