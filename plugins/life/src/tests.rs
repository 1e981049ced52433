//! The plugin as its host sees it.

use std::time::Duration;

use marquee_plugin_api::testing::{Stand, Started};
use marquee_plugin_api::{Handled, Next, serde_json};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Life;

const SIZES: [(u32, u32); 9] =
    [(1, 1), (8, 8), (32, 16), (64, 32), (128, 32), (128, 64), (256, 64), (64, 64), (256, 128)];
const FRAME: Duration = Duration::from_nanos(16_666_667);

fn started(width: u32, height: u32, settings: Value) -> Started<Life> {
    let mut life = Stand::<Life>::new(width, height).settings(settings).start().unwrap();
    life.draw().unwrap();
    life
}

fn play(life: &mut Started<Life>, time: Duration) {
    let mut left = time;
    while !left.is_zero() {
        let step = left.min(FRAME);
        life.advance(step);
        assert_eq!(life.draw().unwrap(), Next::frame());
        left -= step;
    }
}

fn keep(life: &Started<Life>, name: &str) {
    if let Ok(folder) = std::env::var("MARQUEE_PICTURES") {
        std::fs::write(format!("{folder}/life-{name}.png"), life.picture().png()).unwrap();
    }
}

#[test]
fn every_size_draws_and_lights_from_32x16_up() {
    for (width, height) in SIZES {
        let mut life = started(width, height, json!({"seed": 3}));
        assert!(height < 16 || life.picture().lit() > 20, "{width}x{height}");
        play(&mut life, Duration::from_secs(4));
        assert!(height < 16 || life.picture().lit() > 20, "{width}x{height}");
        keep(&life, &format!("{width}x{height}"));
    }
    for palette in ["ember", "ocean", "candy", "forest", "silver"] {
        let mut life = started(64, 64, json!({"seed": 5, "palette": palette}));
        play(&mut life, Duration::from_secs(5));
        keep(&life, palette);
    }
}

#[test]
fn a_world_looks_like_this_after_three_seconds() {
    for (width, height) in [(32, 16), (64, 32)] {
        let mut life = started(width, height, json!({"seed": 1}));
        play(&mut life, Duration::from_secs(3));
        insta::assert_snapshot!(format!("life-{width}x{height}"), life.picture().ascii());
    }
}

#[test]
fn every_frame_of_a_generation_differs_and_none_jumps() {
    let mut life = started(64, 32, json!({"seed": 1, "generations_per_second": 5}));
    let mut last = life.picture().clone();
    let (mut moved, mut largest) = (0, 0);
    for _ in 0..120 {
        life.advance(FRAME);
        life.draw().unwrap();
        let now = life.picture().clone();
        moved += usize::from(now != last);
        let jump = now.rgb.iter().zip(&last.rgb).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        largest = largest.max(jump);
        last = now;
    }
    assert!(moved >= 100, "{moved} of 120 frames moved");
    assert!(largest <= 60, "a LED jumped by {largest} of 255 within a frame");
}

#[test]
fn the_game_depends_on_time_and_not_on_frames() {
    let mut fast = started(64, 32, json!({"seed": 9}));
    let mut slow = started(64, 32, json!({"seed": 9}));
    for _ in 0..200 {
        fast.advance(Duration::from_millis(10));
        fast.draw().unwrap();
    }
    for _ in 0..20 {
        slow.advance(Duration::from_millis(100));
        slow.draw().unwrap();
    }
    assert_eq!(fast.picture(), slow.picture());
}

#[test]
fn a_settled_world_makes_room_for_another() {
    // So small a world settles soon.
    let mut life = started(32, 16, json!({"seed": 2, "generations_per_second": 60}));
    let mut worlds = 0;
    let mut was_new = true;
    for _ in 0..6000 {
        play(&mut life, FRAME);
        let is_new = life.plugin().watch.is_new();
        worlds += usize::from(is_new && !was_new);
        was_new = is_new;
    }
    assert!((2..40).contains(&worlds), "{worlds} worlds in 100 seconds");
}

#[test]
fn a_game_that_was_hidden_goes_on_where_it_was() {
    let mut life = started(64, 32, json!({"seed": 4, "generations_per_second": 4}));
    play(&mut life, Duration::from_millis(100));
    let before = life.plugin().grid.clone();
    life.advance(Duration::from_secs(3600));
    life.draw().unwrap();
    let mut expected = before;
    expected.step();
    assert_eq!(life.plugin().grid.fingerprint(), expected.fingerprint());
}

#[test]
fn without_a_seed_every_start_is_another_world() {
    let world = |at| {
        let mut life = Stand::<Life>::new(64, 32).at(at).start().unwrap();
        life.draw().unwrap();
        life.picture().clone()
    };
    assert_ne!(world(1_000_000), world(1_000_001));
    assert_eq!(world(1_000_000), world(1_000_000));
}

#[test]
fn colours_and_speed_change_without_a_new_world() {
    let mut life = started(64, 32, json!({"seed": 4}));
    let world = life.plugin().grid.fingerprint();
    let settings = json!({"seed": 4, "palette": "ember", "generations_per_second": 20, "glow": 0});
    assert_eq!(life.change_settings(&settings).unwrap(), Handled::Yes);
    assert_eq!(life.plugin().grid.fingerprint(), world);
    let old = life.picture().clone();
    play(&mut life, Duration::from_millis(40));
    assert_ne!(*life.picture(), old);
    assert_eq!(life.change_settings(&json!({"seed": 5, "cell": 4})).unwrap(), Handled::Yes);
    life.draw().unwrap();
    assert_eq!(life.plugin().grid.width, 16);
    assert!(life.change_settings(&json!({"glow": 61})).is_err());
}

#[test]
fn a_message_begins_a_new_world() {
    let mut life = started(64, 32, json!({"seed": 4}));
    play(&mut life, Duration::from_secs(1));
    assert_eq!(life.message("reseed", &Value::Null).unwrap(), Handled::Yes);
    play(&mut life, Duration::from_millis(130));
    assert!(life.plugin().watch.is_new());
    assert_eq!(life.message("sing", &Value::Null).unwrap(), Handled::No);
}

#[test]
fn settings_out_of_range_are_refused_with_what_to_write() {
    for (settings, wanted) in [
        (json!({"generations_per_second": 0}), "between 1 and 60"),
        (json!({"glow": 61}), "between 0 and 60"),
        (json!({"cell": 17}), "between 0 and 16"),
        (json!({"palette": "mud"}), "unknown variant"),
    ] {
        let error = Stand::<Life>::new(64, 32).settings(settings).start().unwrap_err();
        assert!(error.message().contains(wanted), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_panel_and_settings_play(
        width in 1_u32..160,
        height in 1_u32..80,
        cell in 0_u32..=16,
        seed: u32,
        speed in 1_u32..=60,
        glow in 0_u32..=60,
    ) {
        let settings = json!({"cell": cell, "seed": seed, "generations_per_second": speed, "glow": glow});
        let mut life = started(width, height, settings);
        play(&mut life, Duration::from_millis(300));
    }
}
