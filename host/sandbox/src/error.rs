//! Why a runner does not go on. Everything else degrades and is reported instead.

use std::io;

use crate::Layer;

/// Why the box was not closed. The runner must end; it is never the plugin's fault.
#[derive(Debug, thiserror::Error)]
pub enum BoxError {
    /// The operator demands a layer that could not be set here.
    #[error(
        "the box lacks its layer `{layer}` ({note}), which `[sandbox] require` demands: mend that, or remove `{layer}` from `require`"
    )]
    LayerMissing {
        /// The layer demanded.
        layer: Layer,
        /// Why it is missing.
        note: String,
    },
    /// The process that started this one has died, and nobody is left to serve.
    #[error("the host that started this runner is gone: the runner ends, start the host again")]
    ParentGone,
    /// The environment or the descriptors of the host could not be shut out.
    #[error("cannot close the descriptors that the host left open: mount /proc or use Linux 5.9 or newer")]
    Descriptors(#[source] io::Error),
    /// The folder with the open files could not be left after the library was loaded.
    #[error("cannot leave the folder of library files after loading: restart the runner")]
    LeaveLibraries(#[source] io::Error),
}
