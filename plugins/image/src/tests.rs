//! The plugin as its host sees it.

use std::time::Duration;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use marquee_plugin_api::serde_json::{Value, json};
use marquee_plugin_api::testing::{Picture, Stand, Started};
use marquee_plugin_api::{Again, Handled, HostErrorKind, Next, Show, Wake};
use proptest::prelude::*;

use crate::Image;

const SIZES: [(u32, u32); 10] =
    [(1, 1), (8, 8), (32, 16), (64, 16), (64, 32), (128, 32), (128, 64), (256, 64), (64, 64), (256, 128)];

const OWN: [(&str, &[u8]); 3] = [
    ("sunset.gif", include_bytes!("../assets/sunset.gif")),
    ("planet.png", include_bytes!("../assets/planet.png")),
    ("heart.gif", include_bytes!("../assets/heart.gif")),
];

const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];

fn png(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb(colour)).write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

fn gif(frames: &[([u8; 3], u32)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    encoder.set_repeat(Repeat::Infinite).unwrap();
    for ([r, g, b], millis) in frames {
        let picture = RgbaImage::from_pixel(4, 4, Rgba([*r, *g, *b, 255]));
        let delay = Delay::from_numer_denom_ms(*millis, 1);
        encoder.encode_frame(Frame::from_parts(picture, 0, 0, delay)).unwrap();
    }
    drop(encoder);
    file
}

fn fetched(stand: Stand<Image>) -> Started<Image> {
    let mut image = stand.start().unwrap();
    image.fetch().unwrap();
    image
}

fn see(picture: &Picture, name: &str) {
    if let Ok(folder) = std::env::var("MARQUEE_PICTURES") {
        let name = format!("{folder}/image-{}x{}-{name}.png", picture.width, picture.height);
        std::fs::write(name, picture.png()).unwrap();
    }
}

#[test]
fn every_size_draws_and_lights_with_and_without_assets() {
    for (width, height) in SIZES {
        let built_in = Stand::<Image>::new(width, height);
        let own = OWN
            .iter()
            .fold(Stand::<Image>::new(width, height), |stand, (name, file)| stand.asset(name, *file));
        for (name, stand) in [("built-in", built_in), ("own", own)] {
            let mut image = fetched(stand);
            for millis in [0, 8_700, 17_000] {
                image.draw().unwrap();
                see(image.picture(), &format!("{name}-{millis}"));
                assert!(height < 16 || image.picture().lit() > 40, "{name} {width}x{height}");
                image.advance(Duration::from_millis(8_700));
            }
        }
    }
}

#[test]
fn the_built_in_picture_looks_like_this() {
    for (width, height) in [(32, 16), (64, 32)] {
        let mut image = fetched(Stand::<Image>::new(width, height));
        image.draw().unwrap();
        insta::assert_snapshot!(format!("built-in-{width}x{height}"), image.picture().ascii());
    }
}

#[test]
fn the_heart_looks_like_this() {
    let heart =
        Stand::<Image>::new(64, 32).asset("heart.gif", OWN[2].1).settings(json!({"pictures": ["heart.gif"]}));
    let mut image = fetched(heart);
    image.draw().unwrap();
    insta::assert_snapshot!("heart-64x32", image.picture().ascii());
}

#[test]
fn frames_of_an_animation_stay_as_long_as_the_file_says() {
    // The last one asks for no time at all, which browsers take for a tenth of a second.
    let file = gif(&[(RED, 50), (GREEN, 200), (BLUE, 0)]);
    let stand = Stand::<Image>::new(8, 8).asset("a.gif", file).settings(json!({"pictures": ["a.gif"]}));
    let mut image = fetched(stand);
    for (colour, millis) in [(RED, 50), (GREEN, 200), (BLUE, 100), (RED, 50)] {
        let next = image.draw().unwrap();
        assert_eq!(next, Next::after(Duration::from_millis(millis)));
        assert_eq!(image.picture().pixel(3, 3), colour);
        image.advance(Duration::from_millis(millis));
    }
}

#[test]
fn a_still_picture_asks_for_nothing_more() {
    let stand =
        Stand::<Image>::new(8, 8).asset("a.png", png(3, 3, RED)).settings(json!({"pictures": ["a.png"]}));
    let mut image = stand.start().unwrap();
    assert_eq!(image.draw().unwrap(), Next::news().nothing_to_show());
    assert_eq!(image.fetch().unwrap(), Again::Never);
    assert_eq!(image.draw().unwrap(), Next::news());
    assert_eq!(image.picture().pixel(4, 4), RED);
}

#[test]
fn pictures_follow_one_another_and_fade() {
    let stand = |fade: bool| {
        let settings =
            json!({"pictures": ["a.png", "b.png"], "duration_s": 5, "fade": fade, "fit": "stretch"});
        let stand = Stand::<Image>::new(8, 8).settings(settings);
        fetched(stand.asset("a.png", png(8, 8, RED)).asset("b.png", png(8, 8, BLUE)))
    };
    let mut image = stand(false);
    for colour in [RED, BLUE, RED] {
        assert_eq!(image.draw().unwrap(), Next::after(Duration::from_secs(5)));
        assert_eq!(image.picture().pixel(0, 0), colour);
        image.advance(Duration::from_secs(5));
    }
    let mut image = stand(true);
    image.draw().unwrap();
    assert_eq!(image.picture().pixel(0, 0), RED, "nothing to fade from");
    image.advance(Duration::from_millis(5250));
    assert_eq!(image.draw().unwrap(), Next::frame());
    assert_eq!(image.picture().pixel(0, 0), [127, 0, 128]);
    image.advance(Duration::from_millis(250));
    assert_eq!(image.draw().unwrap(), Next::after(Duration::from_millis(4500)));
    assert_eq!(image.picture().pixel(0, 0), BLUE);
}

#[test]
fn pictures_from_the_network_are_fetched_again_and_kept_when_they_cannot_be() {
    let url = "https://cam.example.org/now.jpg";
    let settings = json!({"pictures": [url, "a.png"], "refresh_minutes": 5, "duration_s": 1000});
    let stand = Stand::<Image>::new(8, 8).settings(settings).asset("a.png", png(8, 8, BLUE));
    let mut image = stand.answer(url, png(8, 8, RED)).start().unwrap();
    assert_eq!(image.fetch().unwrap(), Again::After(Duration::from_secs(300)));
    image.draw().unwrap();
    assert_eq!(image.picture().pixel(0, 0), RED);
    image.canned().fail(url, HostErrorKind::Unavailable, "no network");
    assert_eq!(image.fetch().unwrap(), Again::After(Duration::from_secs(60)));
    image.draw().unwrap();
    assert_eq!(image.picture().pixel(0, 0), RED);
    image.canned().answer(url, 200, png(8, 8, GREEN));
    image.fetch().unwrap();
    image.draw().unwrap();
    assert_eq!(image.picture().pixel(0, 0), GREEN);
}

#[test]
fn a_picture_that_cannot_be_had_is_left_out_and_named_when_there_is_no_other() {
    let settings = json!({"pictures": ["a.png", "missing.png"]});
    let mut image =
        Stand::<Image>::new(8, 8).settings(settings).asset("a.png", png(8, 8, RED)).start().unwrap();
    image.fetch().unwrap();
    assert_eq!(image.draw().unwrap().show, Show::Yes);
    let mut image = Stand::<Image>::new(8, 8).settings(json!({"pictures": ["missing.png"]})).start().unwrap();
    let error = image.fetch().unwrap_err();
    assert_eq!(
        error.message(),
        "the picture \"missing.png\" cannot be had: there is no asset \"missing.png\""
    );
    assert_eq!(image.draw().unwrap(), Next::news().nothing_to_show());
}

/// A file says how large it is in a few bytes; believing it would cost gigabytes.
#[test]
fn bombs_and_broken_files_are_refused_with_the_reason() {
    let mut giant_gif = gif(&[(RED, 50)]);
    giant_gif[6..10].copy_from_slice(&[0x00, 0x20, 0x00, 0x20]);
    let mut wide_gif = giant_gif.clone();
    wide_gif[6..10].copy_from_slice(&[0xff, 0xff, 0x01, 0x00]);
    let mut giant_png = png(1, 1, RED);
    giant_png[16..24].copy_from_slice(&[0, 0, 0x20, 0, 0, 0, 0x20, 0]);
    let checksum = crc(&giant_png[12..29]);
    giant_png[29..33].copy_from_slice(&checksum.to_be_bytes());
    let long = png(8193, 1, RED);
    let cut = &OWN[1].1[..OWN[1].1.len() / 2];
    for (file, wanted) in [
        (giant_gif.as_slice(), "too many pixels"),
        (&wide_gif, "too many pixels"),
        (&giant_png, "too many pixels"),
        (&long, "too many pixels"),
        (cut, "cannot be decoded"),
        (b"GIF89a", "cannot be decoded"),
        (b"\xff\xd8\xff\xe0 nonsense", "cannot be decoded"),
        (b"<svg/>", "not a PNG, JPEG or GIF"),
        (b"", "not a PNG, JPEG or GIF"),
    ] {
        let stand = Stand::<Image>::new(8, 8).asset("a", file).settings(json!({"pictures": ["a"]}));
        let error = stand.start().unwrap().fetch().unwrap_err();
        assert!(error.message().contains(wanted), "{error}");
    }
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

#[test]
fn an_animation_of_too_many_frames_is_cut_and_still_shown() {
    // At 512 by 512 a frame takes 768 KiB; 24 MiB hold 32 of them.
    let frames: Vec<_> = (0..60_u8).map(|n| ([n * 4, 255 - n, n], 50)).collect();
    let settings = json!({"pictures": ["a.gif"], "fit": "stretch"});
    let mut image = fetched(Stand::<Image>::new(512, 512).settings(settings).asset("a.gif", gif(&frames)));
    assert!(matches!(image.draw().unwrap().wake, Wake::After(_)));
    image.advance(Duration::from_millis(50 * 32));
    image.draw().unwrap();
    assert_eq!(image.picture().pixel(0, 0), [0, 255, 0], "the first frame again");
}

#[test]
fn an_animation_that_is_cut_off_shows_what_there_is() {
    let whole = gif(&[(RED, 50), (GREEN, 50), (BLUE, 50)]);
    for length in 0..whole.len() {
        let stand = Stand::<Image>::new(8, 8)
            .asset("a.gif", &whole[..length])
            .settings(json!({"pictures": ["a.gif"]}));
        let mut image = stand.start().unwrap();
        if image.fetch().is_ok() {
            assert_eq!(image.draw().unwrap().show, Show::Yes);
            assert_eq!(image.picture().pixel(4, 4), RED);
        }
    }
}

#[test]
fn photographs_are_jpeg_too() {
    let mut file = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(300, 200, Rgb([200, 100, 50])).write_to(&mut file, ImageFormat::Jpeg).unwrap();
    let settings = json!({"pictures": ["a.jpg"], "fit": "cover"});
    let mut image = fetched(Stand::<Image>::new(32, 16).settings(settings).asset("a.jpg", file.into_inner()));
    image.draw().unwrap();
    let near = |a: u8, b: u8| a.abs_diff(b) <= 3;
    let [r, g, b] = image.picture().pixel(0, 0);
    assert!(near(r, 200) && near(g, 100) && near(b, 50), "{r} {g} {b}");
}

#[test]
fn times_are_taken_at_once_and_other_settings_make_it_anew() {
    let mut image = fetched(Stand::<Image>::new(64, 32));
    assert_eq!(image.change_settings(&json!({"duration_s": 3, "fade": false})).unwrap(), Handled::Yes);
    assert_eq!(image.change_settings(&json!({"fit": "cover"})).unwrap(), Handled::No);
    assert_eq!(image.message("hello", &Value::Null).unwrap(), Handled::No);
}

#[test]
fn settings_out_of_range_are_refused_with_what_to_write() {
    for (settings, wanted) in [
        (json!({"duration_s": 0}), "between 1 and 86400"),
        (json!({"refresh_minutes": 1441}), "between 1 and 1440"),
        (json!({"pictures": vec!["a"; 51]}), "50 or fewer"),
        (json!({"background": "red"}), "#ff8000"),
    ] {
        let error = Stand::<Image>::new(64, 32).settings(settings).start().unwrap_err();
        assert!(error.message().contains(wanted), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_name_is_taken_or_refused(names in prop::collection::vec(any::<String>(), 0..4)) {
        let mut image = Stand::<Image>::new(16, 8).settings(json!({"pictures": names})).start().unwrap();
        let _ = image.fetch();
        image.draw().unwrap();
    }

    #[test]
    fn a_spoiled_file_is_shown_or_refused(
        which in 0_usize..3,
        spoils in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (name, file) = OWN[which];
        let mut file = file.to_vec();
        for (at, byte) in spoils {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let settings = json!({"pictures": [name]});
        let mut image = Stand::<Image>::new(32, 16).asset(name, file).settings(settings).start().unwrap();
        let _ = image.fetch();
        image.draw().unwrap();
    }
}
