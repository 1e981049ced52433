//! A tool for working on the page: serves it with a made-up host and a moving picture.
//!
//! `cargo run -p marquee-http --example demo_page [ADDRESS:PORT [WIDTHxHEIGHT]]`. Nothing here is a real host: names,
//! states and counts are invented so that every part of the page has something to show.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use marquee_http::{DEFAULT_ADDRESS, HostView, Limits, Serve, bind, parse_address, serve};
use marquee_model::{PackagesView, PanelSize, Picture, PluginsView, StatusView};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::watch;

struct MadeUp {
    started: Instant,
    size: PanelSize,
    pictures: watch::Receiver<Arc<Picture>>,
}

/// The views are plain data: writing them as JSON keeps the example short.
fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the made-up host is written as the views are")
}

fn instance(name: &str, state: &str, version: &str, more: Value) -> Value {
    let mut observed = json!({
        "state": state, "reason": null, "restarts": 0, "pid": 4100, "frames": 5400, "late_frames": 0,
        "dropped_log_lines": 0, "last_log": [], "running_version": version, "running_digest": null,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        observed[key] = value.clone();
    }
    let status = if state == "stopped" { "disabled" } else { "enabled" };
    let package = name.split_once('-').map_or(name, |(package, _)| package);
    json!({
        "name": name, "package": package, "version": version, "status": status, "observed": observed,
        "config_version": 1, "duration_s": 15.0,
    })
}

impl HostView for MadeUp {
    fn status(&self) -> StatusView {
        let up = self.started.elapsed();
        read(json!({
            "version": "0.1.0", "api": "1.0.0", "uptime_s": up.as_secs_f64() + 93_784.0, "panel": self.size, "fps": 60,
            "current": {
                "plugin": "plasma", "reason": "rotation", "for_ms": up.as_millis() as u64 % 15_000, "next": "feed",
            },
            "frames": self.pictures.borrow().sequence,
            "sinks": [
                {"spec": "web", "pictures": self.pictures.borrow().sequence, "dropped": 0, "error": null},
                {"spec": "record:show.gif", "pictures": 118, "dropped": 3,
                 "error": "show.gif cannot grow: the disk is full; free some space and restart the recording"},
            ],
            "sandbox": [
                {"name": "namespaces", "state": "enforced", "note": null},
                {"name": "private_root", "state": "enforced", "note": null},
                {"name": "rlimits", "state": "enforced", "note": null},
                {"name": "landlock", "state": "missing",
                 "note": "this kernel was built without Landlock; namespaces and seccomp still hold"},
                {"name": "seccomp", "state": "enforced", "note": null},
                {"name": "cgroup", "state": "partial", "note": "memory is limited, CPU is not delegated to this user"},
            ],
            "store": {"kind": "memory", "stale": false},
        }))
    }

    fn plugins(&self) -> PluginsView {
        read(json!({"plugins": [
            instance("clock", "running", "1.2.0", json!({})),
            instance("clock-tokyo", "running", "1.2.0", json!({"late_frames": 2})),
            instance("feed", "slow", "1.0.1", json!({"late_frames": 148})),
            instance("life", "stopped", "1.1.0", json!({"running_version": null, "pid": null})),
            instance("plasma", "running", "1.0.0", json!({})),
            instance("stocks", "quarantined", "0.3.0", json!({
                "restarts": 5, "pid": null, "reason":
                "Five deaths in 60 s, the last one SIGSEGV in draw; it is tried again in 4 min, or when its file changes.",
                "last_log": ["INFO asking for 12 symbols", "WARN answer is 2.4 MiB, over the limit", "thread 'draw' died"],
            })),
            instance("weather", "failing", "2.0.0", json!({
                "restarts": 1, "reason": "fetch: index out of bounds: the len is 0 but the index is 0 (src/lib.rs:88)",
            })),
        ]}))
    }

    fn packages(&self) -> PackagesView {
        read(json!({"packages": [], "folder_error": null, "refused": [
            {"path": "snake.so", "reason": "snake.so is built for aarch64, and this machine is x86_64; build it for x86_64."},
            {"path": "old/half.so", "reason": "half.so ends in the middle of its section table; copy it again."},
        ]}))
    }

    fn doctor(&self) -> Value {
        json!({"made_up": true})
    }

    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn instance_picture(&self, name: &str) -> Option<Picture> {
        (name == "plasma").then(|| Picture::clone(&self.pictures.borrow()))
    }
}

/// A slow plasma with a bright rim that runs around it, so that dots, glow and motion can be judged.
fn plasma(size: PanelSize, sequence: u32) -> Picture {
    let time = f64::from(sequence) / 60.0;
    let mut rgb = Vec::with_capacity(size.bytes());
    for y in 0..size.height() {
        for x in 0..size.width() {
            let (fx, fy) = (f64::from(x) / 9.0, f64::from(y) / 7.0);
            let wave = (fx + time).sin() + (fy - time * 0.7).sin() + ((fx + fy) / 2.0 + time * 1.3).sin();
            let level = (wave - 0.4).max(0.0) / 2.6;
            let bright = level.powf(1.6) * 255.0;
            let hue = (wave * 0.7 + time * 0.2).sin() * 0.5 + 0.5;
            rgb.extend([bright, bright * hue * 0.75, bright * (1.0 - hue) * 0.8].map(|v| v as u8));
        }
    }
    let mut picture = Picture::filled(size, [0; 3]);
    picture.sequence = sequence;
    picture.rgb = rgb.into();
    picture
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().map_or(Ok(DEFAULT_ADDRESS), |text| parse_address(&text))?;
    let size = arguments.next().map_or(PanelSize::new(128, 64), |text| text.parse())?;
    let listener = bind(address)?;
    println!("The page with a made-up host: http://{}", listener.local_addr()?);

    let (publish, pictures) = watch::channel(Arc::new(plasma(size, 1)));
    let view = Arc::new(MadeUp { started: Instant::now(), size, pictures: pictures.clone() });
    let mut frames = tokio::time::interval(Duration::from_secs(1) / 60);
    tokio::spawn(async move {
        for sequence in 2.. {
            frames.tick().await;
            publish.send_replace(Arc::new(plasma(size, sequence)));
        }
    });
    serve(Serve { view, pictures, listener, limits: Limits::default() }, std::future::pending()).await?;
    Ok(())
}
