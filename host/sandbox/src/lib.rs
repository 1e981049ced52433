//! The box around a plugin: the layers that a runner puts around itself before it lets foreign code run.
//!
//! A runner goes through three states, each a type, so that the order cannot be got wrong:
//!
//! 1. [`enter_early`], on the only thread of a fresh process: session of its own, empty environment, closed
//!    descriptors, parent-death signal, namespaces, a root with nothing in it, limits, no privileges → [`Early`].
//! 2. [`Early::landlock`], still on the only thread, so that every later thread inherits it → [`Confined`]. The
//!    runner makes its threads now.
//! 3. [`Confined::coarse`], when all threads exist: the first system call filter, on every thread →
//!    [`Loading`]. The library is loaded now, from [`Loading::library_path`].
//! 4. [`Loading::tight`]: the way to library files is taken away and the second filter is set, on every thread.
//!    What comes back is the final [`Report`].
//!
//! Invariant: a layer that this machine lacks never fails the start by itself; it is reported as missing or partial,
//! and only [`Required`] turns that into an error. What is reported as enforced was really set in this process.
//!
//! The coarse filter is the boundary for a hostile static constructor: it runs in the same address space as the code
//! that would set the tight filter and may keep it from doing so. The tight filter shrinks what the callbacks of a
//! plugin can reach in the kernel, after an honest load.
//!
//! Neighbours: the runner calls this, the host shows the report; this package knows of neither.

mod error;
mod landlock;
mod layer;
mod limits;
mod namespaces;
mod options;
mod phases;
mod privileges;
mod probe;
mod process;
mod root;
mod seccomp;
mod syscalls;

pub use error::BoxError;
pub use layer::{Layer, LayerReport, Report, UnknownLayer};
pub use marquee_model::LayerState;
pub use options::{Limits, Options, Required};
pub use phases::{Confined, Early, Loading, enter_early};
pub use probe::{probe, probe_here};
