//! What cargo built: programs, plugin files, and the contract's library for plugins that a test compiles itself.
//!
//! Invariant: everything is of the same profile as the running test.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the profile: `target/debug`.
///
/// # Panics
/// When the test does not lie where cargo puts tests.
#[must_use]
pub fn folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it lies");
    test.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps").to_owned()
}

/// A file of that folder.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn file(name: &str) -> PathBuf {
    let path = folder().join(name);
    assert!(path.exists(), "{} is not there: run `cargo build --workspace` first", path.display());
    path
}

/// `marquee` with an empty environment but for `PATH`, at home in `home`.
#[must_use]
pub fn marquee(home: &Path) -> Command {
    let mut command = Command::new(file("marquee"));
    command.env_clear().env("HOME", home).env("TZ", "UTC");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// The flags with which `rustc` compiles a plugin against the contract as cargo built it.
#[must_use]
pub fn flags_to_link_the_contract() -> Vec<String> {
    let (folder, contract) = (folder(), file("libmarquee_plugin_api.rlib"));
    vec![
        format!("-Ldependency={}", folder.join("deps").display()),
        "--extern".to_owned(),
        format!("marquee_plugin_api={}", contract.display()),
    ]
}

/// Source of a small plugin of this id, which fills its frames with a colour that changes.
#[must_use]
pub fn small_plugin(id: &str) -> String {
    include_str!("small_plugin.rs.txt").replace("THE-ID", id)
}

/// Compiles a plugin from source.
///
/// # Panics
/// When it does not compile.
pub fn compile(source: &str, more_flags: &[&str], output: &Path) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let input = folder.path().join("lib.rs");
    std::fs::write(&input, source).expect("the source is written");
    let mut command = Command::new("rustc");
    command.args(["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "compiled"]);
    command.args(flags_to_link_the_contract()).args(more_flags).arg("-o").arg(output).arg(&input);
    for (name, value) in [
        ("NAME", "marquee-compiled"),
        ("VERSION", "0.1.0"),
        ("DESCRIPTION", "A plugin that a test compiled"),
        ("LICENSE", ""),
        ("AUTHORS", ""),
        ("REPOSITORY", ""),
    ] {
        command.env(format!("CARGO_PKG_{name}"), value);
    }
    let done = command.output().expect("rustc starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
