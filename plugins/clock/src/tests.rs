//! The plugin as its host sees it.

use std::time::Duration;

use marquee_plugin_api::testing::{Stand, Started};
use marquee_plugin_api::{Handled, Next, serde_json};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Clock;

const SIZES: [(u32, u32); 12] = [
    (1, 1),
    (8, 8),
    (32, 16),
    (64, 16),
    (32, 32),
    (64, 32),
    (128, 32),
    (128, 64),
    (256, 64),
    (64, 64),
    (256, 128),
    (512, 256),
];

/// Wednesday 23 September 2026, 20:48:56 UTC: wide digits in a wide month.
const WIDE: i64 = 1_790_196_536;

fn started(width: u32, height: u32, settings: Value) -> Started<Clock> {
    let mut clock = Stand::<Clock>::new(width, height).at(WIDE).settings(settings).start().unwrap();
    clock.draw().unwrap();
    clock
}

fn keep(clock: &Started<Clock>, name: &str) {
    if let Ok(folder) = std::env::var("MARQUEE_PICTURES") {
        let (width, height) = (clock.picture().width, clock.picture().height);
        std::fs::write(format!("{folder}/clock-{width}x{height}-{name}.png"), clock.picture().png()).unwrap();
    }
}

#[test]
fn every_size_draws_and_lights_from_32x16_up() {
    for (width, height) in SIZES {
        for (name, settings) in [
            ("default", json!({})),
            ("twelve", json!({"hours": "12"})),
            ("plain", json!({"seconds": false, "date": false})),
            ("label", json!({"label": "Tōkyō", "time_zone": "Asia/Tokyo", "date_format": "iso"})),
        ] {
            let clock = started(width, height, settings);
            assert!(height < 16 || clock.picture().lit() > 60, "{width}x{height} {name}");
            keep(&clock, name);
        }
    }
}

#[test]
fn a_clock_looks_like_this() {
    for (width, height) in [(32, 16), (64, 32), (128, 64)] {
        let clock = started(width, height, json!({}));
        insta::assert_snapshot!(format!("clock-{width}x{height}"), clock.picture().ascii());
    }
    let clock = started(64, 32, json!({"hours": "12"}));
    insta::assert_snapshot!("twelve-64x32", clock.picture().ascii());
}

#[test]
fn it_wakes_when_the_next_second_or_minute_begins() {
    let mut clock = started(64, 32, json!({}));
    assert_eq!(clock.draw().unwrap(), Next::after(Duration::from_secs(1)));
    clock.advance(Duration::from_millis(400));
    assert_eq!(clock.draw().unwrap(), Next::after(Duration::from_millis(600)));
    let mut clock = started(64, 32, json!({"seconds": false}));
    assert_eq!(clock.draw().unwrap(), Next::after(Duration::from_secs(4)));
}

#[test]
fn every_second_shows_and_without_seconds_only_minutes_do() {
    for (width, height) in [(32, 16), (64, 32), (128, 64)] {
        let mut clock = started(width, height, json!({}));
        let mut changes = 0;
        for _ in 0..60 {
            let before = clock.picture().clone();
            clock.advance(Duration::from_secs(1));
            clock.draw().unwrap();
            changes += usize::from(*clock.picture() != before);
        }
        assert!(changes >= 30, "{width}x{height}: {changes} of 60");
        assert!(width < 64 || changes == 60, "{width}x{height}: {changes} of 60");
    }
    let mut clock = started(64, 32, json!({"seconds": false}));
    let before = clock.picture().clone();
    clock.advance(Duration::from_secs(3));
    clock.draw().unwrap();
    assert_eq!(*clock.picture(), before);
    clock.advance(Duration::from_secs(1));
    clock.draw().unwrap();
    assert_ne!(*clock.picture(), before);
}

#[test]
fn a_zone_of_its_own_beats_the_panels() {
    let settings = json!({"time_zone": "Asia/Tokyo"});
    let tokyo = started(128, 64, settings.clone());
    let elsewhere = Stand::<Clock>::new(128, 64).at(WIDE).settings(settings).time_zone("Europe/Berlin", 7200);
    let mut elsewhere = elsewhere.start().unwrap();
    elsewhere.draw().unwrap();
    assert_eq!(elsewhere.picture(), tokyo.picture());
    let mut berlin = Stand::<Clock>::new(128, 64).at(WIDE).time_zone("Europe/Berlin", 7200).start().unwrap();
    berlin.draw().unwrap();
    assert_ne!(berlin.picture(), tokyo.picture());
}

#[test]
fn new_settings_are_in_force_at_once_and_bad_ones_change_nothing() {
    let mut clock = started(64, 32, json!({}));
    let before = clock.picture().clone();
    assert!(clock.change_settings(&json!({"time_zone": "Nowhere/Else"})).is_err());
    clock.draw().unwrap();
    assert_eq!(*clock.picture(), before);
    assert_eq!(clock.change_settings(&json!({"hours": "12", "date": false})).unwrap(), Handled::Yes);
    clock.draw().unwrap();
    assert_ne!(*clock.picture(), before);
    assert_eq!(clock.message("hello", &Value::Null).unwrap(), Handled::No);
}

#[test]
fn what_is_wrong_with_settings_is_said() {
    for (settings, wanted) in [
        (json!({"time_zone": "Mars/Olympus"}), "Europe/Berlin"),
        (json!({"label": "x".repeat(101)}), "100 or fewer"),
        (json!({"hours": "13"}), "unknown variant"),
        (json!({"colour": "blue"}), "#ff8000"),
    ] {
        let error = Stand::<Clock>::new(64, 32).settings(settings).start().unwrap_err();
        assert!(error.message().contains(wanted), "{error}");
    }
}

#[test]
fn nothing_jumps_from_hour_to_hour() {
    for (width, height) in [(32, 16), (64, 32), (128, 64), (256, 64)] {
        let mut heights = std::collections::BTreeSet::new();
        let mut clock = started(width, height, json!({"date": false}));
        for _ in 0..24 {
            clock.advance(Duration::from_secs(3600));
            clock.draw().unwrap();
            let lit = |y: u32| (0..width).any(|x| clock.picture().pixel(x, y) != [0; 3]);
            heights.insert((0..height).filter(|y| lit(*y)).count());
        }
        // Round digits reach a row further than others.
        let (least, most) = (heights.first().unwrap(), heights.last().unwrap());
        assert!(most - least <= 1, "{width}x{height}: {heights:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_words_and_times_draw(
        label in any::<String>(),
        time_zone in any::<String>(),
        width in 1_u32..300,
        height in 1_u32..150,
        at in -9_000_000_000_i64..9_000_000_000,
        hours in prop::sample::select(vec!["12", "24"]),
        seconds: bool,
        date: bool,
    ) {
        let settings = json!({"label": label, "hours": hours, "seconds": seconds, "date": date});
        let clock = Stand::<Clock>::new(width, height).at(at).settings(settings).start();
        if let Ok(mut clock) = clock {
            clock.draw().unwrap();
        }
        let _ = Stand::<Clock>::new(width, height).settings(json!({"time_zone": time_zone})).start();
    }
}
