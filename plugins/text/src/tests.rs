//! The plugin as its host sees it.

use std::time::Duration;

use marquee_plugin_api::testing::{Stand, Started};
use marquee_plugin_api::{Handled, Next, Wake};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Text;

use marquee_plugin_api::serde_json;

const SIZES: [(u32, u32); 10] =
    [(1, 1), (8, 8), (32, 16), (64, 16), (64, 32), (128, 32), (128, 64), (256, 64), (64, 64), (256, 128)];

fn started(width: u32, height: u32, settings: Value) -> Started<Text> {
    Stand::<Text>::new(width, height).settings(settings).start().unwrap()
}

fn picture(width: u32, height: u32, settings: Value, after: Duration) -> Started<Text> {
    let mut text = started(width, height, settings);
    text.advance(after);
    text.draw().unwrap();
    if let Ok(folder) = std::env::var("MARQUEE_PICTURES") {
        let name = format!("{folder}/text-{width}x{height}-{}.png", after.as_millis());
        std::fs::write(name, text.picture().png()).unwrap();
    }
    text
}

#[test]
fn every_size_draws_and_lights_from_32x16_up() {
    for (width, height) in SIZES {
        for settings in
            [json!({}), json!({"text": "Hi"}), json!({"style": "rainbow"}), json!({"size": "large"})]
        {
            for after in [0, 1500, 60_000] {
                let text = picture(width, height, settings.clone(), Duration::from_millis(after));
                assert!(height < 16 || after > 0 || text.picture().lit() > 20, "{width}x{height} {settings}");
            }
        }
    }
}

#[test]
fn text_that_fits_looks_like_this() {
    for (width, height) in [(32, 16), (64, 32), (128, 64)] {
        let text = picture(width, height, json!({"text": "Café", "style": "solid"}), Duration::ZERO);
        insta::assert_snapshot!(format!("still-{width}x{height}"), text.picture().ascii());
    }
    let text = picture(64, 32, json!({"text": "first line\nsecond one"}), Duration::ZERO);
    insta::assert_snapshot!("lines-64x32", text.picture().ascii());
}

#[test]
fn text_that_scrolls_looks_like_this() {
    let text = picture(64, 32, json!({}), Duration::from_millis(2200));
    insta::assert_snapshot!("scroll-64x32", text.picture().ascii());
}

#[test]
fn text_that_fits_is_still_and_asks_for_nothing() {
    let mut text = started(128, 64, json!({"text": "Hello"}));
    assert_eq!(text.draw().unwrap(), Next::news());
    let mut text = started(128, 64, json!({"text": ""}));
    assert_eq!(text.draw().unwrap(), Next::news());
    assert_eq!(text.picture().lit(), 0);
}

#[test]
fn scrolling_text_stands_first_and_then_asks_for_every_frame() {
    let mut text = started(64, 32, json!({}));
    let Wake::After(hold) = text.draw().unwrap().wake else { panic!("should hold") };
    let first = text.picture().clone();
    text.advance(hold);
    text.draw().unwrap();
    text.advance(Duration::from_millis(100));
    assert_eq!(text.draw().unwrap(), Next::frame());
    assert_ne!(*text.picture(), first);
}

/// At 60 pixels a second and 60 frames a second every frame is the one before, moved by one column, even if the ticks
/// tremble.
#[test]
fn whole_speeds_move_by_whole_columns_whatever_the_jitter() {
    for (direction, shift) in [("left", 1), ("right", -1)] {
        let mut text = started(64, 32, json!({"speed": 60, "direction": direction, "style": "solid"}));
        text.advance(Duration::from_millis(1200));
        let mut last: Option<marquee_plugin_api::testing::Picture> = None;
        for n in 0..200_u64 {
            // 16.67 ms a frame, up to 3 ms late or early.
            let at = |n: u64| n * 50_000 / 3 + n * 3 % 7 * 1000 - 3000;
            let before = if n == 0 { 0 } else { at(n) };
            text.advance(Duration::from_micros(at(n + 1) - before));
            text.draw().unwrap();
            let now = text.picture().clone();
            if let Some(last) = last {
                for y in 0..32 {
                    for x in 1..63_u32 {
                        let from = x.checked_add_signed(shift).unwrap();
                        assert_eq!(now.pixel(x, y), last.pixel(from, y), "frame {n}, {direction}");
                    }
                }
            }
            last = Some(now);
        }
    }
}

#[test]
fn a_message_comes_back_after_its_period_without_a_seam() {
    for settings in [json!({}), json!({"style": "rainbow", "direction": "right", "smooth": false})] {
        let mut text = started(64, 32, settings);
        text.advance(Duration::from_millis(1200));
        let period = text.plugin().strip.period() as u64;
        text.advance(Duration::from_millis(700));
        text.draw().unwrap();
        let first = text.picture().clone();
        // 45 pixels a second: a multiple of 45 periods takes whole seconds.
        text.advance(Duration::from_secs(period));
        text.draw().unwrap();
        assert_eq!(*text.picture(), first);
    }
}

#[test]
fn once_means_that_the_show_is_over_when_the_text_has_passed() {
    let mut text = started(64, 32, json!({"once": true, "speed": 1000}));
    let mut frames = 0;
    while text.draw().unwrap().show == marquee_plugin_api::Show::Yes {
        text.advance(Duration::from_millis(16));
        frames += 1;
        assert!(frames < 10_000);
    }
    assert!(frames > 80);
}

#[test]
fn a_place_looks_the_same_however_the_text_came_there() {
    let settings = json!({"text": "Marquee ".repeat(300), "speed": 97});
    let fresh = picture(300, 32, settings.clone(), Duration::from_secs(100));
    let mut moved = started(300, 32, settings);
    for _ in 0..100 {
        moved.advance(Duration::from_secs(1));
        moved.draw().unwrap();
    }
    assert_eq!(moved.picture(), fresh.picture());
}

#[test]
fn new_settings_are_in_force_at_once() {
    let mut text = started(64, 32, json!({"text": "A"}));
    text.draw().unwrap();
    let first = text.picture().clone();
    assert_eq!(text.change_settings(&json!({"text": "B"})).unwrap(), Handled::Yes);
    text.draw().unwrap();
    assert_ne!(*text.picture(), first);
    assert_eq!(text.message("hello", &Value::Null).unwrap(), Handled::No);
}

#[test]
fn settings_out_of_range_are_refused_with_what_to_write() {
    for (settings, wanted) in [
        (json!({"speed": 0}), "between 1 and 1000"),
        (json!({"speed": 1001}), "between 1 and 1000"),
        (json!({"text": "x".repeat(100_001)}), "100000 or fewer"),
        (json!({"colour": "red"}), "#ff8000"),
    ] {
        let error = Stand::<Text>::new(64, 32).settings(settings).start().unwrap_err();
        assert!(error.message().contains(wanted), "{error}");
    }
}

#[test]
fn a_very_long_message_takes_little_memory() {
    let long = "Marquee ".repeat(12_500);
    let mut text = started(128, 64, json!({"text": long, "speed": 1000}));
    for _ in 0..300 {
        text.advance(Duration::from_secs(7));
        text.draw().unwrap();
    }
    assert!(text.picture().lit() > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_draws(
        text in any::<String>(),
        width in 1_u32..200,
        height in 1_u32..100,
        millis in 0_u64..1_000_000,
        size in prop::sample::select(vec!["small", "medium", "large"]),
        style in prop::sample::select(vec!["solid", "gradient", "rainbow"]),
        speed in 1_u32..=1000,
        once: bool,
    ) {
        let settings = json!({"text": text, "size": size, "style": style, "speed": speed, "once": once});
        let mut text = started(width, height, settings);
        text.draw().unwrap();
        text.advance(Duration::from_millis(millis));
        text.draw().unwrap();
    }
}
