//! The atomic types of the protocol: the machine's own, or those of the model checker.
//!
//! Invariant: everything in `exchange` and `tick` uses these, so that what `loom` checks is what runs.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64};
