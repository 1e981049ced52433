//! What is read, and which of several places wins.

use std::time::Duration;

use marquee::config::{Approved, LogFormat};
use marquee_sandbox::Layer;
use marquee_sinks::SinkSpec;
use marquee_stage::Transition;
use serde_json::json;

use crate::support::{Place, read};

#[test]
fn with_nothing_given_everything_has_its_default() {
    let config = Place::new().load().unwrap();
    assert_eq!(config.file, None);
    assert_eq!((config.panel.size.to_string().as_str(), config.panel.sinks), ("64x32", vec![SinkSpec::Web]));
    assert_eq!(config.panel.hub75, marquee_panel_link::Hub75Options::default());
    assert_eq!(config.host.listen.to_string(), "127.0.0.1:8750");
    assert_eq!(config.host.runner, [std::path::PathBuf::from("/opt/marquee/bin/marquee-runner")]);
    assert_eq!((config.display.fps, config.display.brightness), (60, 100));
    assert_eq!(config.display.transition, Transition::Cut);
    assert_eq!(config.display.default_duration, Duration::from_secs(15));
    assert_eq!(config.fetch.limits, marquee_fetch::Limits::default());
    assert_eq!(config.sandbox.limits, marquee_sandbox::Limits::default());
    assert_eq!((config.log.format, config.log.filter.as_str()), (LogFormat::Pretty, "info"));
    assert!(!config.host.time_zone.is_empty());
    assert!(config.instances.is_empty() && config.registries.is_empty() && config.fetch.approvals.is_empty());
}

#[test]
fn every_key_is_read() {
    let config = read(
        r#"
        [panel]
        size = "128x64"
        sinks = ["web", "hub75", "record:show.gif"]
        [panel.hub75]
        rows = 64
        cols = 128
        hardware_mapping = "adafruit-hat"
        inverse_colors = true
        allow_users = ["pi", "marquee"]
        [host]
        listen = "[::1]:9000"
        store = "memory:"
        time_zone = "asia/tokyo"
        location = [52, 13.4]
        runner = ["qemu-aarch64", "/opt/marquee-runner"]
        [display]
        fps = 30
        brightness = 40
        transition = "fade"
        transition_ms = 250
        default_duration_s = 7.5
        [fetch]
        time_s = 2.5
        max_bytes = 1000
        max_redirects = 0
        concurrent_per_instance = 2
        concurrent_total = 3
        cache_bytes = 0
        cache_bytes_per_instance = 4
        backoff_first_s = 20
        backoff_longest_s = 30
        approve = ["feed: example.com:8443", "feed: private_network", "a: b: [::1]:80"]
        [sandbox]
        require = ["seccomp"]
        disable = ["cgroup"]
        [sandbox.limits]
        open_files = 100
        [log]
        format = "json"
        filter = "warn,marquee_fetch=debug"
        [[registry]]
        url = "https://plugins.example.com/"
        root = "keys/root.json"
        [[instance]]
        name = "clock"
        [[instance]]
        name = "clock-tokyo"
        package = "clock"
        enabled = false
        duration_s = 3
        config = { zone = "Asia/Tokyo", nested = { list = [1, 2.5, true], day = 2026-01-31 } }
        "#,
    )
    .unwrap();
    assert_eq!(config.panel.sinks.len(), 3);
    assert_eq!((config.panel.hub75.rows, config.panel.hub75.inverse_colors), (64, true));
    assert_eq!(config.panel.hub75.allow_users, ["pi", "marquee"]);
    assert_eq!(config.host.listen.to_string(), "[::1]:9000");
    assert_eq!((config.host.time_zone.as_str(), config.host.location), ("Asia/Tokyo", Some((52.0, 13.4))));
    assert_eq!(config.host.runner.len(), 2);
    assert_eq!((config.display.fps, config.display.brightness), (30, 40));
    assert_eq!(config.display.transition, Transition::CrossFade(Duration::from_millis(250)));
    assert_eq!(config.display.default_duration, Duration::from_millis(7500));
    let fetch = &config.fetch.limits;
    assert_eq!((fetch.time, fetch.bytes, fetch.redirects), (Duration::from_millis(2500), 1000, 0));
    assert_eq!((fetch.concurrent_per_instance, fetch.concurrent_total), (2, 3));
    assert_eq!((fetch.cache_bytes, fetch.cache_bytes_per_instance), (0, 4));
    assert_eq!(
        (fetch.backoff_first, fetch.backoff_longest),
        (Duration::from_secs(20), Duration::from_secs(30))
    );
    assert_eq!(config.sandbox.required.0, [Layer::Seccomp]);
    assert_eq!((config.sandbox.disable, config.sandbox.limits.open_files), (vec![Layer::Cgroup], 100));
    assert_eq!(
        (config.log.format, config.log.filter.as_str()),
        (LogFormat::Json, "warn,marquee_fetch=debug")
    );
    assert!(config.registries[0].root.as_ref().unwrap().ends_with("keys/root.json"));
    let [clock, tokyo] = &config.instances[..] else { panic!("{:?}", config.instances) };
    assert_eq!((clock.package.as_str(), clock.enabled, clock.duration), ("clock", true, None));
    assert_eq!(clock.config, json!({}));
    assert_eq!((tokyo.package.as_str(), tokyo.enabled), ("clock", false));
    assert_eq!(tokyo.duration, Some(Duration::from_secs(3)));
    assert_eq!(
        tokyo.config,
        json!({"zone": "Asia/Tokyo", "nested": {"list": [1, 2.5, true], "day": "2026-01-31"}})
    );
}

/// P-BOX-3: nothing is approved but what is written down for exactly that instance.
#[test]
fn an_instance_may_fetch_only_what_is_approved_for_it() {
    let fetch =
        read("[fetch]\napprove = [\"feed: example.com\", \"feed: private_network\", \"a: b: [::1]:80\"]");
    let fetch = fetch.unwrap().fetch;
    assert_eq!(fetch.approvals[1].what, Approved::PrivateNetwork);
    let asked = || vec!["*".parse().unwrap()];
    let feed = fetch.permission(&"feed".parse().unwrap(), asked(), true);
    assert_eq!((feed.approved.len(), feed.private_network), (1, true));
    assert_eq!(feed.approved[0].to_string(), "example.com");
    assert!(!fetch.permission(&"feed".parse().unwrap(), asked(), false).private_network);
    let other = fetch.permission(&"image".parse().unwrap(), asked(), true);
    assert_eq!((other.approved.len(), other.private_network), (0, false));
}

#[test]
fn variables_win_over_the_file_and_flags_over_both() {
    let mut place = Place::new();
    place.write(
        "marquee.toml",
        "[display]\nfps = 10\nbrightness = 10\n[panel]\nsize = \"10x10\"\nsinks = [\"none\"]",
    );
    let config = place.load().unwrap();
    assert_eq!((config.display.fps, config.display.brightness), (10, 10));
    place.set("MARQUEE_DISPLAY__FPS", "20").set("MARQUEE_PANEL__SIZE", "20x20");
    place.set("MARQUEE_PANEL__SINKS", "terminal, web");
    let config = place.load().unwrap();
    assert_eq!((config.display.fps, config.display.brightness), (20, 10));
    assert_eq!(config.panel.sinks, [SinkSpec::Terminal, SinkSpec::Web]);
    place.flags.fps = Some(30);
    place.flags.sinks = vec![SinkSpec::None];
    let config = place.load().unwrap();
    assert_eq!((config.display.fps, config.panel.size.to_string().as_str()), (30, "20x20"));
    assert_eq!(config.panel.sinks, [SinkSpec::None]);
}

#[test]
fn a_variable_is_read_by_the_kind_of_its_key() {
    let mut place = Place::new();
    place.set("MARQUEE_HOST__STATE_DIR", "/2026").set("MARQUEE_HOST__LOCATION", "52.5, -13");
    place.set("MARQUEE_PANEL__HUB75__ROWS", "64").set("MARQUEE_PANEL__HUB75__INVERSE_COLORS", "true");
    place
        .set("MARQUEE_FETCH__APPROVE", r#"["feed: example.com"]"#)
        .set("MARQUEE_DISPLAY__DEFAULT_DURATION_S", "0.5");
    place.set("MARQUEE_LOG", "debug").set("MARQUEE_LOG__FORMAT", "json").set("MARQUEE_CONFIG", "");
    let config = place.load().unwrap();
    assert_eq!(config.directories.state.to_str(), Some("/2026"));
    assert_eq!(config.host.location, Some((52.5, -13.0)));
    assert_eq!((config.panel.hub75.rows, config.panel.hub75.inverse_colors), (64, true));
    assert_eq!(config.fetch.approvals.len(), 1);
    assert_eq!(config.display.default_duration, Duration::from_millis(500));
    assert_eq!((config.log.filter.as_str(), config.log.format), ("debug", LogFormat::Json));
}

#[test]
fn the_file_is_looked_for_in_order() {
    let mut place = Place::new();
    let fps = |place: &Place| place.load().unwrap().display.fps;
    assert_eq!(fps(&place), 60);
    place.write(".config/marquee/marquee.toml", "[display]\nfps = 1");
    assert_eq!(fps(&place), 1);
    place.write("xdg/marquee/marquee.toml", "[display]\nfps = 2");
    let xdg = place.path("xdg").to_str().unwrap().to_owned();
    place.set("XDG_CONFIG_HOME", &xdg);
    assert_eq!(fps(&place), 2);
    place.write("etc/marquee.toml", "[display]\nfps = 3");
    assert_eq!(fps(&place), 3);
    let named = place.write("named.toml", "[display]\nfps = 4");
    place.set("MARQUEE_CONFIG", named.to_str().unwrap());
    assert_eq!(fps(&place), 4);
    place.write("marquee.toml", "[display]\nfps = 5");
    assert_eq!(fps(&place), 5);
}
