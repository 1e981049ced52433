//! Plugins that were built once and are kept as files, against today's runner and one of a later host.
//!
//! Invariant: the files in `tests/kept` are never built again; that is their point.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of built binaries: this test's own is `target/<profile>/deps`.
fn built(name: &str) -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.pop();
    folder.join(name)
}

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kept").join(name)
}

/// Draws one frame with `marquee plugin render` and a runner of choice; the colour of its first pixel.
fn colour(plugin: &Path, runner: &Path) -> [u8; 3] {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("marquee.toml");
    std::fs::write(&config, format!("[host]\nrunner = [{:?}]\n", runner.to_str().unwrap())).unwrap();
    let picture = folder.path().join("picture.png");
    let done = Command::new(built("marquee"))
        .args(["plugin", "render", "--size", "8x8", "-o"])
        .arg(&picture)
        .arg(plugin)
        .env("MARQUEE_CONFIG", &config)
        .output()
        .expect("target/debug/marquee is there: build the workspace first");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let file = std::io::BufReader::new(std::fs::File::open(&picture).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    [pixels[0], pixels[1], pixels[2]]
}

/// P-LOAD-8: plugins of contract 1.0, without and with one more extension, load and run in a host without and in one
/// with that extension; where it is missing, asking for it answers none.
#[test]
fn old_and_extended_plugins_run_in_old_and_extended_hosts() {
    let today = built("marquee-runner");
    let later = Path::new(env!("CARGO_BIN_EXE_marquee-extended-runner"));
    if cfg!(not(target_arch = "x86_64")) {
        return;
    }
    assert_eq!(colour(&kept("plain-1.0.0.so"), &today), [0, 200, 0]);
    assert_eq!(colour(&kept("plain-1.0.0.so"), later), [0, 200, 0]);
    assert_eq!(
        colour(&kept("extended-1.0.0.so"), &today),
        [0, 0, 200],
        "the extension is missing and answers none"
    );
    assert_eq!(colour(&kept("extended-1.0.0.so"), later), [150, 0, 0], "the extension's number is 150");
}
