//! Golden frames: what the five plugins draw, through the real loader, box and runner.
//!
//! `MARQUEE_UPDATE_GOLDEN=1 cargo test -p marquee-tests golden` writes them anew; look at them before they are committed.

use std::fs;
use std::path::{Path, PathBuf};

use marquee_tests::{beside_others, built, read_png};

const SIZES: [&str; 3] = ["64x32", "128x64", "256x64"];
/// A Saturday, so that the widest names of days and months are not all there is.
const TIME: &str = "2026-01-31T10:08:42Z";

/// What is drawn: name of the picture, plugin, settings, seconds after the start.
const FRAMES: [(&str, &str, &[&str], &str); 7] = [
    ("clock", "clock", &["time_zone=Europe/Berlin"], "0"),
    ("text", "text", &["text=Marquee"], "0"),
    (
        "text-scrolling",
        "text",
        &["text=A message that is longer than any panel is wide, and so it scrolls"],
        "3",
    ),
    ("life", "life", &["seed=7"], "2"),
    ("image", "image", &[r#"pictures=["picture.png"]"#], "1"),
    ("image-covering", "image", &[r#"pictures=["picture.png"]"#, "fit=cover"], "1"),
    ("feed-without-url", "feed", &["url="], "1"),
];

/// A picture with edges, a gradient and a transparent corner, in a folder of assets.
fn make_assets(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    let (width, height) = (60_u32, 40_u32);
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let inside = (x / 10 + y / 10) % 2 == 0;
            let shade = (x * 255 / width) as u8;
            let alpha = if x + y < 20 { 0 } else { 255 };
            pixels.extend(if inside {
                [shade, 40, 255 - shade, alpha]
            } else {
                [240, 200, (y * 6) as u8, alpha]
            });
        }
    }
    let file = fs::File::create(folder.join("picture.png")).expect("a picture");
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels))
        .expect("the picture is written");
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

#[test]
fn the_plugins_draw_what_they_drew_before() {
    let _turn = beside_others();
    let home = tempfile::tempdir().expect("a folder");
    let update = std::env::var_os("MARQUEE_UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for (name, plugin, settings, seconds) in FRAMES {
        let library = home.path().join(format!("{plugin}.so"));
        if !library.exists() {
            fs::copy(built::file(&format!("libmarquee_plugin_{plugin}.so")), &library)
                .expect("the plugin is copied");
            make_assets(&library.with_extension("assets"));
        }
        for size in SIZES {
            let picture = format!("{name}-{size}.png");
            let drawn = home.path().join(&picture);
            let mut command = built::marquee(home.path());
            command
                .args(["plugin", "render", "--size", size, "--at", TIME, "--seconds", seconds])
                .arg(&library);
            command.arg("-o").arg(&drawn);
            for setting in settings {
                command.args(["--set", setting]);
            }
            let output = command.output().expect("marquee starts");
            assert!(output.status.success(), "{picture}: {}", String::from_utf8_lossy(&output.stderr));
            let kept = golden(&picture);
            if update {
                fs::create_dir_all(golden(""))
                    .and_then(|()| fs::copy(&drawn, &kept))
                    .expect("the frame is kept");
            } else if !kept.exists() || read_png(&drawn) != read_png(&kept) {
                wrong.push(picture);
            }
        }
    }
    assert!(wrong.is_empty(), "these frames differ from tests/golden: {wrong:?}");
}
