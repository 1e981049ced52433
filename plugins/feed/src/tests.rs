//! The plugin as its host sees it.

use std::time::Duration;

use marquee_plugin_api::serde_json::{Value, json};
use marquee_plugin_api::testing::{Picture, Stand, Started};
use marquee_plugin_api::{Again, Handled, HostErrorKind, Next, Show, Wake};
use proptest::prelude::*;

use crate::Feed;

const SIZES: [(u32, u32); 10] =
    [(1, 1), (8, 8), (32, 16), (64, 16), (64, 32), (128, 32), (128, 64), (256, 64), (64, 64), (256, 128)];

const URL: &str = "https://news.example.org/rss";

/// Headlines with a time of publishing in minutes before the stand's clock.
fn rss(headlines: &[(&str, i64)]) -> String {
    let items: String = headlines
        .iter()
        .map(|(title, minutes)| {
            let (day, minute) = match minutes {
                0..184 => (2, 184 - minutes),
                _ => (1, 1440 + 184 - minutes),
            };
            let time = format!("0{day} Jan 2026 {:02}:{:02}:05 GMT", minute / 60, minute % 60);
            format!("<item><title>{title}</title><pubDate>{time}</pubDate></item>")
        })
        .collect();
    format!("<rss version='2.0'><channel><title>Morning Post</title>{items}</channel></rss>")
}

fn news() -> String {
    rss(&[
        ("Comet seen above the harbour", 12),
        ("Trams run all night again &amp; fares fall", 150),
        ("Old lighthouse finds a <b>new</b> keeper", 900),
    ])
}

fn started(width: u32, height: u32, settings: Value) -> Started<Feed> {
    let mut settings = settings;
    settings["url"] = URL.into();
    let mut feed = Stand::<Feed>::new(width, height).settings(settings).answer(URL, news()).start().unwrap();
    feed.fetch().unwrap();
    feed
}

fn see(feed: &mut Started<Feed>, name: &str, after: Duration) {
    feed.draw().unwrap();
    feed.advance(after);
    feed.draw().unwrap();
    if let Ok(folder) = std::env::var("MARQUEE_PICTURES") {
        let picture = feed.picture();
        let name = format!("{folder}/feed-{}x{}-{name}.png", picture.width, picture.height);
        std::fs::write(name, picture.png()).unwrap();
    }
}

#[test]
fn every_size_draws_and_lights_from_32x16_up() {
    for (width, height) in SIZES {
        for settings in [json!({}), json!({"size": "large", "show_title": false}), json!({"size": "small"})] {
            for after in [0, 3500, 60_000] {
                let mut feed = started(width, height, settings.clone());
                see(
                    &mut feed,
                    &format!("{}-{after}", settings.as_object().unwrap().len()),
                    Duration::from_millis(after),
                );
                assert!(height < 16 || feed.picture().lit() > 20, "{width}x{height} {settings} {after}");
            }
        }
    }
}

#[test]
fn headlines_look_like_this() {
    for (width, height) in [(32, 16), (64, 32), (128, 64)] {
        let mut feed = started(width, height, json!({}));
        see(&mut feed, "look", Duration::from_millis(6200));
        insta::assert_snapshot!(format!("news-{width}x{height}"), feed.picture().ascii());
    }
}

/// The demo runs without a network and without settings: it says what to set.
#[test]
fn without_an_address_it_says_what_to_set_and_fetches_nothing() {
    for (width, height) in SIZES {
        let mut feed = Stand::<Feed>::new(width, height).start().unwrap();
        assert_eq!(feed.fetch().unwrap(), Again::Never);
        assert!(feed.canned().requests().is_empty());
        assert_eq!(feed.draw().unwrap().show, Show::Yes);
        see(&mut feed, "notice", Duration::from_millis(5000));
        assert!(height < 16 || feed.picture().lit() > 20, "{width}x{height}");
    }
}

#[test]
fn while_the_first_headlines_are_on_their_way_it_waits_and_then_it_is_skipped() {
    let mut feed = Stand::<Feed>::new(128, 32).settings(json!({"url": URL})).start().unwrap();
    assert_eq!(feed.draw().unwrap().show, Show::Yes);
    see(&mut feed, "waiting", Duration::from_secs(3));
    feed.advance(Duration::from_secs(200));
    assert_eq!(feed.draw().unwrap(), Next::news().nothing_to_show());
    assert_eq!(feed.picture().lit(), 0);
    feed.canned().answer(URL, 200, news());
    feed.fetch().unwrap();
    assert_eq!(feed.draw().unwrap().show, Show::Yes);
}

#[test]
fn a_feed_without_headlines_has_nothing_to_show() {
    let mut feed = started(64, 32, json!({}));
    feed.canned().answer(URL, 200, rss(&[]));
    feed.fetch().unwrap();
    assert_eq!(feed.draw().unwrap(), Next::news().nothing_to_show());
}

#[test]
fn what_the_network_says_reaches_the_operator_and_the_old_headlines_stay() {
    let mut feed = started(64, 32, json!({}));
    feed.draw().unwrap();
    let first = feed.picture().clone();
    feed.canned().fail(URL, HostErrorKind::Unavailable, "no route to the server");
    let error = feed.fetch().unwrap_err();
    assert_eq!(error.message(), "the feed at news.example.org cannot be read now: no route to the server");
    feed.canned().answer(URL, 404, "gone");
    assert!(feed.fetch().unwrap_err().message().contains("status 404"));
    feed.canned().answer(URL, 200, "<html></html>");
    assert!(feed.fetch().unwrap_err().message().contains("check the address"));
    feed.draw().unwrap();
    assert_eq!(*feed.picture(), first);
}

#[test]
fn old_news_is_marked_as_such() {
    let mut feed = started(256, 64, json!({}));
    feed.draw().unwrap();
    let fresh = feed.picture().clone();
    // Three looks and ten minutes without an answer.
    feed.advance(Duration::from_secs(3 * 600 + 600 + 60));
    feed.draw().unwrap();
    let reds = |picture: &Picture| picture.rgb.chunks_exact(3).filter(|p| **p == [0xff, 0x3d, 0x3d]).count();
    assert_eq!(reds(&fresh), 0);
    assert!(reds(feed.picture()) > 20);
    see(&mut feed, "stale", Duration::ZERO);
    feed.fetch().unwrap();
    feed.draw().unwrap();
    assert_eq!(reds(feed.picture()), 0);
}

#[test]
fn headlines_stand_first_and_then_move_with_every_frame() {
    let mut feed = started(64, 32, json!({}));
    let Wake::After(hold) = feed.draw().unwrap().wake else { panic!("should stand") };
    feed.advance(hold);
    assert_eq!(feed.draw().unwrap(), Next::frame());
    let first = feed.picture().clone();
    feed.advance(Duration::from_millis(100));
    assert_eq!(feed.draw().unwrap(), Next::frame());
    assert_ne!(*feed.picture(), first);
}

#[test]
fn a_single_headline_that_fits_is_still() {
    let mut feed = started(256, 64, json!({"size": "small"}));
    feed.canned().answer(URL, 200, rss(&[("Rain", 5)]));
    feed.fetch().unwrap();
    assert!(matches!(feed.draw().unwrap().wake, Wake::After(time) if time == Duration::from_secs(55)));
    see(&mut feed, "still", Duration::ZERO);
    let first = feed.picture().clone();
    feed.advance(Duration::from_secs(54));
    feed.draw().unwrap();
    assert_eq!(*feed.picture(), first);
    feed.advance(Duration::from_secs(61));
    feed.draw().unwrap();
    assert_ne!(*feed.picture(), first, "six minutes old");
}

/// At 60 pixels a second and 60 frames a second every frame is the one before, moved by one column, even if the ticks
/// tremble.
#[test]
fn whole_speeds_move_by_whole_columns_whatever_the_jitter() {
    let mut feed = started(64, 32, json!({"speed": 60, "progress": false}));
    feed.draw().unwrap();
    feed.advance(Duration::from_millis(1200));
    let mut last: Option<Picture> = None;
    for n in 0..200_u64 {
        let at = |n: u64| n * 50_000 / 3 + n * 3 % 7 * 1000 - 3000;
        let before = if n == 0 { 0 } else { at(n) };
        feed.advance(Duration::from_micros(at(n + 1) - before));
        feed.draw().unwrap();
        let now = feed.picture().clone();
        if let Some(last) = last {
            for y in 12..32 {
                for x in 4..60_u32 {
                    assert_eq!(now.pixel(x, y), last.pixel(x + 1, y), "frame {n} at {x},{y}");
                }
            }
        }
        last = Some(now);
    }
}

#[test]
fn news_in_the_middle_of_a_headline_leaves_it_where_it_is() {
    let mut feed = started(64, 32, json!({"progress": false}));
    see(&mut feed, "before", Duration::from_millis(2700));
    let before = feed.picture().clone();
    let more = rss(&[("Something new", 1), ("Comet seen above the harbour", 12), ("And more", 150)]);
    feed.canned().answer(URL, 200, more);
    feed.fetch().unwrap();
    feed.draw().unwrap();
    assert_eq!(*feed.picture(), before);
}

#[test]
fn the_same_headlines_again_change_nothing() {
    let mut feed = started(64, 32, json!({}));
    see(&mut feed, "same", Duration::from_millis(2700));
    let before = feed.picture().clone();
    feed.fetch().unwrap();
    feed.draw().unwrap();
    assert_eq!(*feed.picture(), before);
}

#[test]
fn looks_are_taken_of_the_feed_as_often_as_set() {
    let mut feed = started(64, 32, json!({"refresh_minutes": 30}));
    assert_eq!(feed.fetch().unwrap(), Again::After(Duration::from_secs(1800)));
    let request = feed.canned().requests().pop().unwrap();
    assert_eq!(request.url, URL);
    assert!(request.headers.iter().any(|(name, value)| name == "Accept" && value.contains("rss+xml")));
}

#[test]
fn new_colours_are_taken_at_once_and_a_new_address_makes_it_anew() {
    let mut feed = started(64, 32, json!({}));
    see(&mut feed, "colours", Duration::from_millis(2700));
    let before = feed.picture().clone();
    let green = json!({"url": URL, "colour": "#00ff00"});
    assert_eq!(feed.change_settings(&green).unwrap(), Handled::Yes);
    feed.draw().unwrap();
    assert_ne!(*feed.picture(), before);
    let lit = |picture: &Picture| {
        (0..32).map(|y| (0..64).filter(|x| picture.pixel(*x, y) != [0; 3]).count()).sum::<usize>()
    };
    assert_eq!(lit(feed.picture()), lit(&before));
    assert_eq!(feed.change_settings(&json!({"url": "https://example.org"})).unwrap(), Handled::No);
    assert_eq!(feed.message("hello", &Value::Null).unwrap(), Handled::No);
}

#[test]
fn settings_out_of_range_are_refused_with_what_to_write() {
    for (settings, wanted) in [
        (json!({"speed": 0}), "between 1 and 1000"),
        (json!({"max_headlines": 101}), "between 1 and 100"),
        (json!({"refresh_minutes": 0}), "between 1 and 1440"),
        (json!({"url": "news.example.org"}), "https://"),
        (json!({"title": "x".repeat(61)}), "60 characters"),
        (json!({"accent": "red"}), "#ff8000"),
    ] {
        let error = Stand::<Feed>::new(64, 32).settings(settings).start().unwrap_err();
        assert!(error.message().contains(wanted), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_headline_draws(
        titles in prop::collection::vec(any::<String>(), 0..5),
        name in any::<String>(),
        width in 1_u32..200,
        height in 1_u32..100,
        millis in prop::collection::vec(0_u64..100_000, 1..4),
        size in prop::sample::select(vec!["small", "medium", "large"]),
        speed in 1_u32..=1000,
    ) {
        let items: Vec<Value> = titles.iter().enumerate().map(|(n, title)| json!({"id": n.to_string(), "title": title, "content_text": ""})).collect();
        let body = json!({"version": "https://jsonfeed.org/version/1.1", "title": name, "items": items}).to_string();
        let settings = json!({"url": URL, "size": size, "speed": speed});
        let mut feed = Stand::<Feed>::new(width, height).settings(settings).answer(URL, body).start().unwrap();
        feed.draw().unwrap();
        feed.fetch().unwrap();
        for millis in millis {
            feed.draw().unwrap();
            feed.advance(Duration::from_millis(millis));
        }
        feed.draw().unwrap();
    }

    #[test]
    fn any_settings_are_taken_or_refused(url in any::<String>(), title in any::<String>()) {
        let stand = Stand::<Feed>::new(64, 32).settings(json!({"url": url, "title": title}));
        if let Ok(mut feed) = stand.start() {
            feed.draw().unwrap();
        }
    }
}
