//! What the host decides about the box: limits, demands, and layers switched off. Plain data.

use std::os::fd::RawFd;

use marquee_model::LayerState;
use serde::{Deserialize, Serialize};

use crate::{BoxError, Layer, LayerReport};

/// Everything [`crate::enter_early`] wants to know.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Process id of the host. If it is no longer the parent, the runner ends. `None`: not checked.
    pub expected_parent: Option<u32>,
    /// Descriptors to keep, besides 0, 1 and 2. All others are closed.
    pub keep_fds: Vec<RawFd>,
    /// Limits of the process.
    pub limits: Limits,
    /// Layers without which the runner must not start.
    pub required: Required,
    /// Layers that are not put on: the operator's choice, and control runs of tests. Reported as missing.
    pub disable: Vec<Layer>,
}

/// Limits of one runner. A limit above what the host itself has is lowered to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of private writable memory, heap and thread stacks together (`RLIMIT_DATA`).
    pub memory_bytes: u64,
    /// Bytes of address space (`RLIMIT_AS`). Bounds what `memory_bytes` does not count; allocators reserve much more
    /// than they use.
    pub address_space_bytes: u64,
    /// Descriptors open at once (`RLIMIT_NOFILE`).
    pub open_files: u64,
    /// Processes and threads (`RLIMIT_NPROC`). Holds only in a user namespace of its own, since otherwise all runners
    /// of the user count together, and never for root.
    pub processes: u64,
    /// Bytes that a regular file may grow to (`RLIMIT_FSIZE`); writing beyond is `SIGXFSZ`. Standard error must
    /// therefore be a pipe, not a file.
    pub file_size_bytes: u64,
    /// Bytes of stack of the first thread (`RLIMIT_STACK`).
    pub stack_bytes: u64,
    /// Bytes of a core dump (`RLIMIT_CORE`).
    pub core_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            memory_bytes: 96 * MIB,
            address_space_bytes: 1024 * MIB,
            open_files: 64,
            processes: 32,
            file_size_bytes: 0,
            stack_bytes: 8 * MIB,
            core_bytes: 0,
        }
    }
}

/// The layers of `[sandbox] require`. A layer in force in part satisfies the demand; a missing one does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Required(pub Vec<Layer>);

impl Required {
    pub(crate) fn check(&self, report: &LayerReport) -> Result<(), BoxError> {
        if report.state == LayerState::Missing && self.0.contains(&report.layer) {
            let note = report.note.clone().unwrap_or_else(|| "not tried".to_owned());
            return Err(BoxError::LayerMissing { layer: report.layer, note });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_layer_is_an_error_only_when_it_is_required() {
        let missing = LayerReport::missing(Layer::Landlock, "the kernel has none");
        assert!(Required::default().check(&missing).is_ok());
        assert!(Required(vec![Layer::Seccomp]).check(&missing).is_ok());
        let error = Required(vec![Layer::Landlock]).check(&missing).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the box lacks its layer `landlock` (the kernel has none), which `[sandbox] require` demands: \
             mend that, or remove `landlock` from `require`"
        );
        let partial = LayerReport::partial(Layer::Landlock, "no scopes");
        assert!(Required(vec![Layer::Landlock]).check(&partial).is_ok());
    }

    #[test]
    fn limits_left_out_of_the_configuration_take_their_defaults() {
        let limits: Limits = serde_json::from_str(r#"{"open_files": 16}"#).unwrap();
        assert_eq!(limits, Limits { open_files: 16, ..Limits::default() });
        assert!(serde_json::from_str::<Limits>(r#"{"open_file": 16}"#).is_err());
    }
}
