//! From a sealed library to its checked root module.
//!
//! Invariant: the library is opened `RTLD_NOW | RTLD_LOCAL`, once in this process, and never closed: closing it would
//! pull the layouts away from under `abi_stable`'s checker. The root is handed out only after its layout fits.

#![expect(unsafe_code, reason = "loads foreign code, which is what this process is for")]

use std::path::Path;

use abi_stable::StableAbi;
use abi_stable::library::{AbiHeaderRef, LibHeader, ROOT_MODULE_LOADER_NAME_WITH_NUL};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use marquee_plugin_api::abi::RootRef;
use marquee_plugin_api::{API_VERSION, extension};

/// Why a library is not a plugin that this host can run. One line each.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The dynamic loader refuses it.
    #[error("the file cannot be loaded ({0}): rebuild the plugin")]
    Open(String),
    /// It exports no root module.
    #[error("the file exports no plugin: it needs `export_plugin!` in its library crate")]
    NoRoot,
    /// Another `abi_stable`, or another contract.
    #[error("the plugin was built against another plugin contract ({0}): rebuild it with marquee-plugin-api {major}.x", major = contract_major())]
    Contract(String),
}

/// Opens a library and finds its root module.
pub(crate) fn load(path: &Path) -> Result<RootRef, LoadError> {
    // SAFETY: static constructors of the file run now. They are foreign code by intent: the box is closed around this
    // process, and whatever they break is theirs.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }
        .map_err(|error| LoadError::Open(first_line(&with_source(&error))))?;
    // SAFETY: the symbol is a static `LibHeader`, whose address an `AbiHeaderRef` is; a file that lies about it can
    // only harm this process.
    let header = unsafe { library.get::<AbiHeaderRef>(ROOT_MODULE_LOADER_NAME_WITH_NUL.as_bytes()) }
        .map(|symbol| *symbol)
        .map_err(|_| LoadError::NoRoot)?;
    // Never closed: see the top.
    std::mem::forget(library);
    let header = header.upgrade().map_err(|error| LoadError::Contract(essence(&error.to_string())))?;
    checked_root(header)
}

fn checked_root(header: &'static LibHeader) -> Result<RootRef, LoadError> {
    let versions = header.version_strings();
    let found = versions.version.as_str();
    if found.split('.').next() != Some(contract_major()) {
        return Err(LoadError::Contract(format!("version {found}")));
    }
    // The root is frozen, so its layout fits in one direction at least, whichever side is newer; the swapped check is
    // for what `abi_stable` counts as growth in types that the root reaches.
    if let Err(error) = header.ensure_layout::<RootRef>() {
        let swapped =
            header.layout().is_some_and(|theirs| extension::fits(theirs, <RootRef as StableAbi>::LAYOUT));
        if !swapped {
            return Err(LoadError::Contract(essence(&error.to_string())));
        }
    }
    // SAFETY: the layout was found compatible just now.
    unsafe { header.unchecked_layout::<RootRef>() }
        .map_err(|error| LoadError::Contract(essence(&format!("its root module cannot be made: {error:?}"))))
}

/// The part of the contract's version that must agree.
fn contract_major() -> &'static str {
    API_VERSION.split('.').next().unwrap_or_default()
}

/// `abi_stable` explains a misfit on up to 20 kB; what matters are the first lines from `Error:` on.
fn essence(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut from_error = lines.clone().skip_while(|line| !line.starts_with("Error:")).peekable();
    let chosen: Vec<&str> =
        if from_error.peek().is_some() { from_error.take(3).collect() } else { lines.take(2).collect() };
    chosen.join(" ").chars().take(300).collect()
}

fn with_source(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_layout_error_is_cut_to_what_it_says() {
        let long = format!(
            "Compared <this>:\n{}\nError:too many fields\nExpected:\n  3\nFound:\n 2\n",
            "x\n".repeat(900)
        );
        assert_eq!(essence(&long), "Error:too many fields Expected: 3");
        assert_eq!(essence("short\n\nand\nthen some"), "short and");
    }
}
