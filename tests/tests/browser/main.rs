//! The browser pass: the built host with the five plugins, its page in a real Chromium, driven through WebDriver.
//!
//! Built only with the feature `browser`, because it needs `chromedriver` on the path; `scripts/browser-pass` runs it.
//!
//! Invariant: what the page shows is compared with what the host's API says at the same time, never with itself.

mod webdriver;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use marquee_tests::{Host, Instance, Library, Setup, built, wait_until};
use serde_json::json;
use webdriver::Browser;

const PLUGINS: [&str; 5] = ["clock", "text", "feed", "image", "life"];
const WIDTH: u32 = 64;
const HEIGHT: u32 = 32;

/// The page draws a dot for each LED; these are the colours in the middles of the dots.
const MIDDLES: &str = r#"
    const [wide, high] = arguments;
    const canvas = document.getElementById("panel");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colours = [];
    for (let y = 0; y < high; y++) {
        for (let x = 0; x < wide; x++) {
            const column = Math.floor(((x + 0.5) * canvas.width) / wide);
            const row = Math.floor(((y + 0.5) * canvas.height) / high);
            const at = 4 * (row * canvas.width + column);
            colours.push(data[at], data[at + 1], data[at + 2]);
        }
    }
    return colours;
"#;

const NAMES: &str = r##"
    return [...document.querySelectorAll("#plugin-list > li")].map((row) => row.dataset.key);
"##;

fn text(browser: &Browser, id: &str) -> String {
    let value = browser.run("return document.getElementById(arguments[0]).textContent", &json!([id]));
    value.as_str().unwrap_or_default().to_owned()
}

fn host_with_the_five() -> Host {
    let mut setup = Setup::new();
    for id in PLUGINS {
        let file = built::file(&format!("libmarquee_plugin_{id}.so"));
        let library = Library(fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())));
        setup = setup.plugin(&format!("{id}.so"), &library);
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(id).join("assets");
        if assets.is_dir() {
            copy(&assets, &setup.in_plugins(&format!("{id}.assets")));
        }
        let settings = match id {
            "text" => json!({"text": "Marquee", "colour": "#40ff80"}),
            _ => json!({}),
        };
        setup = setup.instance(Instance::new(id, id, settings).seconds(2.0));
    }
    setup.start()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("the assets folder is made");
    for entry in fs::read_dir(from).expect("the assets are listed") {
        let entry = entry.expect("an asset");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("the asset is copied");
    }
}

#[test]
fn the_page_lists_the_five_plugins_shows_each_in_turn_and_draws_what_the_host_shows() {
    let host = host_with_the_five();
    let browser = Browser::start();
    browser.open(&format!("http://{}/", host.address()));

    wait_until("the page to be live", Duration::from_secs(20), || text(&browser, "link-text") == "Live");
    wait_until("the five plugins in the list", Duration::from_secs(10), || {
        let mut listed: Vec<String> =
            serde_json::from_value(browser.run(NAMES, &json!([]))).unwrap_or_default();
        listed.sort();
        let mut wanted = PLUGINS.map(str::to_owned);
        wanted.sort();
        listed == wanted
    });
    assert_eq!(text(&browser, "size"), "64 × 32");

    each_is_shown(&host, &browser);
    wait_until("a moving picture at more than 20 frames a second", Duration::from_secs(60), || {
        let rate = text(&browser, "rate");
        rate.strip_suffix(" fps").and_then(|rate| rate.parse::<u32>().ok()).is_some_and(|rate| rate > 20)
    });

    the_dots_are_the_pixels(&host, &browser);
    browser.screenshot(&built::folder().with_file_name("browser-pass.png"));

    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "the browser complains: {complaints:#?}");
}

fn each_is_shown(host: &Host, browser: &Browser) {
    let begun = Instant::now();
    let mut unseen = PLUGINS.to_vec();
    while !unseen.is_empty() {
        let current = text(browser, "current");
        unseen.retain(|name| *name != current);
        let states: Vec<_> = unseen.iter().map(|name| (name, host.observed(name))).collect();
        assert!(begun.elapsed() < Duration::from_secs(60), "never on the panel: {states:#?}\n{}", host.log());
    }
}

/// Compares while the host's picture is the same before and after the page's was read; a moving one never is.
fn the_dots_are_the_pixels(host: &Host, browser: &Browser) {
    let begun = Instant::now();
    let mut last = "the picture never stood still".to_owned();
    while begun.elapsed() < Duration::from_secs(60) {
        let before = host.ask("/api/v1/frame.png").body;
        let drawn: Vec<u8> =
            serde_json::from_value(browser.run(MIDDLES, &json!([WIDTH, HEIGHT]))).expect("colours of dots");
        if host.ask("/api/v1/frame.png").body != before {
            continue;
        }
        match compare(&pixels(&before), &drawn) {
            Ok(()) => return,
            Err(difference) => last = difference,
        }
    }
    panic!("the page never drew what the host showed: {last}");
}

/// The page multiplies by a mask that is white in the middle of a dot, and adds light: that of the dot itself (a
/// fifth), that of the dots around it (at most 26 %), and that of a dark dot (19 of 255). Nothing takes light away.
fn compare(host: &[u8], page: &[u8]) -> Result<(), String> {
    assert_eq!(host.len(), page.len());
    let lit = host.iter().filter(|value| **value > 64).count();
    if lit < 200 {
        return Err(format!("only {lit} colours are lit"));
    }
    for (at, (host, page)) in host.iter().zip(page).enumerate() {
        let least = f32::from(*host).mul_add(1.2, 10.0).min(255.0) - 6.0;
        let most = f32::from(*host).mul_add(1.2, 19.0 + 0.26 * 255.0) + 6.0;
        if !(least..=most).contains(&f32::from(*page)) {
            let (pixel, channel) = (at / 3, at % 3);
            return Err(format!(
                "pixel {},{} channel {channel}: the host shows {host}, the page {page}",
                pixel % WIDTH as usize,
                pixel / WIDTH as usize
            ));
        }
    }
    Ok(())
}

fn pixels(file: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut bytes).expect("a picture");
    assert_eq!((info.width, info.height, info.color_type), (WIDTH, HEIGHT, png::ColorType::Rgb));
    bytes.truncate(info.buffer_size());
    bytes
}
