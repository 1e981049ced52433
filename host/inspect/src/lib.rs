//! Bytes in, what the plugin file is out: without running any of it.
//!
//! `dlopen` of a file that was cut short is a SIGBUS, of another machine's file it says "No such file or directory",
//! and its first act is to run the file's constructors. So nothing reaches `dlopen` that [`inspect()`] has not passed.
//! The order of the checks is the order in which a person can act on them: is it a library at all, is it for this
//! machine, is it whole, can it find what it needs here, is it a plugin, and which one.
//!
//! Invariants: [`inspect()`] does no I/O, never panics whatever the bytes, and takes time linear in their number.
//! What it returns says nothing about what the code does: that is what the runner and its box are for.

mod dynamic;
mod inspect;
mod layout;
mod machine;
mod manifest;
mod refusal;

pub use inspect::{Inspected, ROOT_MODULE_SYMBOL, hex, inspect};
pub use machine::{GlibcVersion, Machine, MachineError};
pub use manifest::{
    CONTRACT_MAJOR, MANIFEST_MAGIC, MANIFEST_SECTION, MAX_MANIFEST_BYTES, Manifest, ManifestError,
};
pub use refusal::Refusal;
