//! Why a file is not loaded: one short sentence each, naming what was found, what is wanted, and what to do.
//!
//! Invariant: every text from the file that ends up in a message is short and escaped, so a reason is one line.

use crate::machine::GlibcVersion;
use crate::manifest::{CONTRACT_MAJOR, ManifestError};

/// Why a file is not a plugin that this machine can load. Whose fault: the file's (or its copy's); a retry helps
/// only where [`Refusal::may_be_unfinished`] says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing in it.
    #[error("the file is empty: copy it again")]
    Empty,
    /// The magic number is another one.
    #[error(
        "this is not an ELF file (it starts with {start}): plugins are shared libraries, built as a cdylib"
    )]
    NotElf {
        /// Its first bytes, in hexadecimal.
        start: String,
    },
    /// Part of the file lies behind its end.
    #[error("the file is cut short: {part} ends at byte {ends}, but the file has {length}: copy it again")]
    CutShort {
        /// The first part found missing.
        part: String,
        /// Where that part ends, in bytes.
        ends: u64,
        /// Length of the file, in bytes.
        length: u64,
    },
    /// It contradicts itself: zeroed, overwritten or made by a broken tool.
    #[error("the file is damaged: {what}: copy or build it again")]
    Damaged {
        /// The first contradiction found.
        what: String,
    },
    /// For another class of machine.
    #[error("built for {found}, this machine is {wanted}: get the build for {target}")]
    OtherMachine {
        /// What the file is for.
        found: String,
        /// What this machine is.
        wanted: &'static str,
        /// The target triple that is wanted.
        target: String,
    },
    /// An object of another kind.
    #[error("this is {found}, not a shared library: set crate-type = [\"cdylib\"] and build again")]
    NotALibrary {
        /// What it is: `an executable`, `an object file`, …
        found: &'static str,
    },
    /// Asks for something of the loader that plugins may not.
    #[error("it {what}, which plugins may not: build it without")]
    NotAllowed {
        /// What it asks for.
        what: String,
    },
    /// Needs a library that plugins cannot count on.
    #[error(
        "needs the library {library:?}, and plugins get only the C library, libm and libgcc_s: link it statically"
    )]
    NeedsLibrary {
        /// The name as it stands in the file.
        library: String,
    },
    /// Needs a newer C library.
    #[error(
        "needs glibc {needed} and this machine has {found}: build it on an older system, or update this one"
    )]
    NeedsGlibc {
        /// The newest version that the file asks for.
        needed: GlibcVersion,
        /// The version on this machine.
        found: GlibcVersion,
    },
    /// A shared library, but no plugin.
    #[error("not a Marquee plugin: it has no manifest section; export one with export_plugin!")]
    NoManifest,
    /// The manifest is not one.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Built against another major version of the contract.
    #[error(
        "built for contract {found}, and this host speaks contract {CONTRACT_MAJOR}.x: get a build for that contract"
    )]
    OtherContract {
        /// The contract's version in the manifest.
        found: String,
    },
    /// The entry point is missing.
    #[error(
        "it has a manifest but no root module to load: call export_plugin! in the cdylib itself and build again"
    )]
    NoRootModule,
}

impl Refusal {
    /// Whether a file that is still being written may look like this: it is worth another look once it is quiet.
    #[must_use]
    pub fn may_be_unfinished(&self) -> bool {
        match self {
            Self::Empty
            | Self::NotElf { .. }
            | Self::CutShort { .. }
            | Self::Damaged { .. }
            | Self::NoManifest
            | Self::Manifest(_)
            | Self::NoRootModule => true,
            Self::OtherMachine { .. }
            | Self::NotALibrary { .. }
            | Self::NotAllowed { .. }
            | Self::NeedsLibrary { .. }
            | Self::NeedsGlibc { .. }
            | Self::OtherContract { .. } => false,
        }
    }
}
