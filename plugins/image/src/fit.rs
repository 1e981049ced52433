//! From a picture of any size to the panel's pixels.
//!
//! Light is mixed as light: colours are made linear and multiplied with their opacity before anything is scaled, so
//! that fine patterns keep their brightness and cut-out shapes get no dark seam. Large pictures are first averaged by
//! a whole factor, so that memory stays small.
//!
//! Invariant: the answer holds `width * height * 3` bytes of the panel, whatever the picture's size.

use std::collections::HashSet;

use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{DynamicImage, GenericImageView, ImageBuffer, Rgba, Rgba32FImage};
use marquee_plugin_api::Colour;

use crate::settings::{Fit, Scaling};

/// A drawing of more colours than this is no pixel art.
const MOST_ART_COLOURS: usize = 64;

/// Averages that are held at once, 16 bytes each.
const MOST_AVERAGES: u64 = 1 << 20;

/// How pictures are fitted to a panel.
#[derive(Debug, Clone)]
pub(crate) struct Fitter {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fit: Fit,
    pub(crate) scaling: Scaling,
    pub(crate) background: Colour,
}

/// A part of a picture, and where it goes on the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// Left, top, width, height in the picture.
    part: [u32; 4],
    /// Width and height on the panel.
    size: [u32; 2],
}

impl Fitter {
    /// Whether a picture is scaled sharply; decided once for all frames of an animation.
    pub(crate) fn is_sharp(&self, picture: &DynamicImage) -> bool {
        match self.scaling {
            Scaling::Smooth => false,
            Scaling::Sharp => true,
            Scaling::Auto => {
                picture.width() <= self.width && picture.height() <= self.height && is_art(picture)
            }
        }
    }

    /// The panel's pixels.
    pub(crate) fn fitted(&self, picture: &DynamicImage, turned: Orientation, sharp: bool) -> Vec<u8> {
        let picture = Turned { picture, turned };
        let [width, height] = picture.size();
        let place = self.place(width, height, sharp);
        let light = if sharp { nearest(&picture, place) } else { smooth(&picture, place) };
        self.composed(&light)
    }

    fn place(&self, width: u32, height: u32, sharp: bool) -> Place {
        let panel = [self.width, self.height];
        let across = f64::from(self.width) / f64::from(width);
        let down = f64::from(self.height) / f64::from(height);
        let scaled = |length: u32, scale: f64| ((f64::from(length) * scale).round() as u32).max(1);
        match self.fit {
            Fit::Stretch => Place { part: [0, 0, width, height], size: panel },
            Fit::Contain => {
                let scale = across.min(down);
                let scale = if sharp && scale >= 1.0 { scale.floor() } else { scale };
                Place { part: [0, 0, width, height], size: [scaled(width, scale), scaled(height, scale)] }
            }
            Fit::Cover => {
                let scale = across.max(down);
                let whole = sharp && scale >= 1.0;
                let scale = if whole { scale.ceil() } else { scale };
                // What the panel has room for; the rest is cut off, half on each side.
                let seen = |panel: u32, length: u32| {
                    let seen = f64::from(panel) / scale;
                    (if whole { seen.ceil() } else { seen.round() } as u32).clamp(1, length)
                };
                let (w, h) = (seen(self.width, width), seen(self.height, height));
                let size = if whole { [scaled(w, scale), scaled(h, scale)] } else { panel };
                Place { part: [(width - w) / 2, (height - h) / 2, w, h], size }
            }
        }
    }

    /// Lays light over the background, in the panel's middle.
    fn composed(&self, light: &Rgba32FImage) -> Vec<u8> {
        let paper = self.background.bytes().map(linear);
        let middle = |panel: u32, length: u32| (i64::from(panel) - i64::from(length)).div_euclid(2);
        let (left, top) = (middle(self.width, light.width()), middle(self.height, light.height()));
        let mut rgb = Vec::with_capacity(self.width as usize * self.height as usize * 3);
        for y in 0..i64::from(self.height) {
            for x in 0..i64::from(self.width) {
                let inside = u32::try_from(x - left).ok().zip(u32::try_from(y - top).ok());
                match inside.and_then(|(x, y)| light.get_pixel_checked(x, y)) {
                    Some(Rgba([r, g, b, opaque])) => {
                        let through = 1.0 - opaque.clamp(0.0, 1.0);
                        let mixed =
                            [r, g, b].into_iter().zip(paper).map(|(light, paper)| light + paper * through);
                        rgb.extend(mixed.map(encoded));
                    }
                    None => rgb.extend(self.background.bytes()),
                }
            }
        }
        rgb
    }
}

/// A picture as its photographer held the camera.
struct Turned<'a> {
    picture: &'a DynamicImage,
    turned: Orientation,
}

impl Turned<'_> {
    fn size(&self) -> [u32; 2] {
        let (width, height) = self.picture.dimensions();
        match self.turned {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => [height, width],
            _ => [width, height],
        }
    }

    fn pixel(&self, x: u32, y: u32) -> Rgba<u8> {
        let (right, bottom) = (self.picture.width() - 1, self.picture.height() - 1);
        let (x, y) = match self.turned {
            Orientation::NoTransforms => (x, y),
            Orientation::FlipHorizontal => (right - x, y),
            Orientation::FlipVertical => (x, bottom - y),
            Orientation::Rotate180 => (right - x, bottom - y),
            Orientation::Rotate90 => (y, bottom - x),
            Orientation::Rotate270 => (right - y, x),
            Orientation::Rotate90FlipH => (y, x),
            Orientation::Rotate270FlipH => (right - y, bottom - x),
        };
        self.picture.get_pixel(x, y)
    }
}

/// Whether a picture has few colours.
fn is_art(picture: &DynamicImage) -> bool {
    let mut colours = HashSet::new();
    picture.pixels().all(|(_, _, colour)| {
        colours.insert(colour);
        colours.len() <= MOST_ART_COLOURS
    })
}

/// The part, smoothly scaled, as linear light.
fn smooth(picture: &Turned<'_>, place: Place) -> Rgba32FImage {
    let [_, _, part_width, part_height] = place.part;
    let [width, height] = place.size;
    let mut across = (part_width / width).max(1);
    let mut down = (part_height / height).max(1);
    let averages = |across: u32, down: u32| {
        u64::from(part_width.div_ceil(across)) * u64::from(part_height.div_ceil(down))
    };
    while averages(across, down) > MOST_AVERAGES {
        across += 1;
        down += 1;
    }
    let light = averaged(picture, place.part, across, down);
    if light.dimensions() == (width, height) {
        return light;
    }
    let shrinks = light.width() > width || light.height() > height;
    let filter = if shrinks { FilterType::Lanczos3 } else { FilterType::CatmullRom };
    imageops::resize(&light, width, height, filter)
}

/// Averages of `across` by `down` pixels of a part, as linear light.
fn averaged(picture: &Turned<'_>, part: [u32; 4], across: u32, down: u32) -> Rgba32FImage {
    let [left, top, width, height] = part;
    let curve = curve();
    ImageBuffer::from_fn(width.div_ceil(across), height.div_ceil(down), |x, y| {
        let (mut sum, mut count) = ([0.0; 4], 0.0);
        for y in y * down..((y + 1) * down).min(height) {
            for x in x * across..((x + 1) * across).min(width) {
                let light = lit(picture.pixel(left + x, top + y), &curve);
                sum.iter_mut().zip(light).for_each(|(sum, light)| *sum += light);
                count += 1.0;
            }
        }
        Rgba(sum.map(|sum| sum / count))
    })
}

/// For each pixel of the place the nearest of the part, as linear light.
fn nearest(picture: &Turned<'_>, place: Place) -> Rgba32FImage {
    let [left, top, part_width, part_height] = place.part;
    let [width, height] = place.size;
    let curve = curve();
    // The middle of each pixel decides.
    let from = |to: u32, size: u32, length: u32| {
        ((u64::from(to) * 2 + 1) * u64::from(length) / (u64::from(size) * 2)).min(u64::from(length) - 1)
            as u32
    };
    ImageBuffer::from_fn(width, height, |x, y| {
        let (x, y) = (from(x, width, part_width), from(y, height, part_height));
        Rgba(lit(picture.pixel(left + x, top + y), &curve))
    })
}

fn lit(Rgba([r, g, b, opaque]): Rgba<u8>, curve: &[f32; 256]) -> [f32; 4] {
    let share = f32::from(opaque) / 255.0;
    let [r, g, b] = [r, g, b].map(|part| curve[usize::from(part)] * share);
    [r, g, b, share]
}

fn curve() -> [f32; 256] {
    std::array::from_fn(|value| linear(value as u8))
}

/// The light of an sRGB value (IEC 61966-2-1), 0 to 1.
fn linear(value: u8) -> f32 {
    let value = f32::from(value) / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn encoded(light: f32) -> u8 {
    let light = light.clamp(0.0, 1.0);
    let value = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    (value * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, RgbaImage};
    use proptest::prelude::*;

    use super::*;

    fn fitter(width: u32, height: u32, fit: Fit, scaling: Scaling) -> Fitter {
        Fitter { width, height, fit, scaling, background: Colour::new(1, 2, 3) }
    }

    /// Which pixels are not the background: left, top, right, bottom of the box around them.
    fn seen(rgb: &[u8], width: u32) -> [u32; 4] {
        let mut seen = [u32::MAX, u32::MAX, 0, 0];
        for (n, _) in rgb.chunks_exact(3).enumerate().filter(|(_, pixel)| *pixel != [1, 2, 3]) {
            let (x, y) = (n as u32 % width, n as u32 / width);
            seen = [seen[0].min(x), seen[1].min(y), seen[2].max(x + 1), seen[3].max(y + 1)];
        }
        seen
    }

    fn white(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_pixel(width, height, Rgb([255; 3])).into()
    }

    #[test]
    fn a_picture_is_contained_covers_or_is_stretched() {
        for scaling in [Scaling::Smooth, Scaling::Sharp] {
            for (fit, wanted) in [
                (Fit::Contain, [16, 0, 48, 32]),
                (Fit::Cover, [0, 0, 64, 32]),
                (Fit::Stretch, [0, 0, 64, 32]),
            ] {
                let fitter = fitter(64, 32, fit, scaling);
                for size in [8, 16, 32, 64, 500] {
                    let picture = white(size, size);
                    let rgb = fitter.fitted(&picture, Orientation::NoTransforms, fitter.is_sharp(&picture));
                    assert_eq!(seen(&rgb, 64), wanted, "{fit:?} {scaling:?} {size}");
                }
            }
        }
    }

    #[test]
    fn small_drawings_are_enlarged_by_a_whole_factor_and_stay_sharp() {
        let art: DynamicImage =
            RgbImage::from_fn(10, 10, |x, y| Rgb([if (x + y) % 2 == 0 { 255 } else { 0 }; 3])).into();
        let fitter = fitter(64, 32, Fit::Contain, Scaling::Auto);
        assert!(fitter.is_sharp(&art));
        let rgb = fitter.fitted(&art, Orientation::NoTransforms, true);
        assert_eq!(seen(&rgb, 64), [17, 1, 47, 31]);
        for (n, pixel) in rgb.chunks_exact(3).enumerate() {
            let (x, y) = (n % 64, n / 64);
            if (17..47).contains(&x) && (1..31).contains(&y) {
                let white = ((x - 17) / 3 + (y - 1) / 3) % 2 == 0;
                assert_eq!(pixel, [if white { 255 } else { 0 }; 3], "{x},{y}");
            }
        }
        let photo: DynamicImage = RgbImage::from_fn(20, 20, |x, y| Rgb([x as u8, y as u8, 0])).into();
        assert!(!fitter.is_sharp(&photo));
    }

    #[test]
    fn a_fine_pattern_keeps_its_light_when_it_is_shrunk() {
        let pattern: DynamicImage =
            RgbImage::from_fn(640, 320, |x, y| Rgb([if (x + y) % 2 == 0 { 255 } else { 0 }; 3])).into();
        let rgb =
            fitter(64, 32, Fit::Stretch, Scaling::Smooth).fitted(&pattern, Orientation::NoTransforms, false);
        // Half of the light is 188 in sRGB, not 128.
        assert!(rgb.iter().all(|byte| (187..=189).contains(byte)), "{rgb:?}");
    }

    #[test]
    fn what_lets_light_through_shows_the_background_without_a_seam() {
        let half = RgbaImage::from_pixel(8, 8, Rgba([255, 255, 255, 0]));
        let rgb = fitter(8, 8, Fit::Contain, Scaling::Smooth).fitted(
            &half.into(),
            Orientation::NoTransforms,
            false,
        );
        assert!(rgb.chunks_exact(3).all(|pixel| pixel == [1, 2, 3]));
        let half = RgbaImage::from_pixel(8, 8, Rgba([255, 255, 255, 128]));
        let mut fitter = fitter(8, 8, Fit::Contain, Scaling::Sharp);
        fitter.background = Colour::BLACK;
        let rgb = fitter.fitted(&half.into(), Orientation::NoTransforms, true);
        assert!(rgb.iter().all(|byte| *byte == 188), "{rgb:?}");
    }

    #[test]
    fn a_turned_photograph_stands_upright() {
        let photo: DynamicImage =
            RgbImage::from_fn(5, 3, |x, y| Rgb([x as u8 * 50, y as u8 * 100, 9])).into();
        for exif in 1..=8 {
            let turned = Orientation::from_exif(exif).unwrap();
            let mut upright = photo.clone();
            upright.apply_orientation(turned);
            let (width, height) = upright.dimensions();
            let fitter = fitter(width, height, Fit::Contain, Scaling::Sharp);
            assert_eq!(fitter.fitted(&photo, turned, true), upright.to_rgb8().into_raw(), "{turned:?}");
        }
    }

    proptest! {
        #[test]
        fn any_picture_fits_any_panel(
            size in (1_u32..200, 1_u32..200),
            panel in (1_u32..150, 1_u32..150),
            fit in prop::sample::select(vec![Fit::Contain, Fit::Cover, Fit::Stretch]),
            sharp: bool,
            exif in 1_u8..=8,
        ) {
            let fitter = fitter(panel.0, panel.1, fit, Scaling::Auto);
            let turned = Orientation::from_exif(exif).unwrap();
            let rgb = fitter.fitted(&white(size.0, size.1), turned, sharp);
            prop_assert_eq!(rgb.len(), (panel.0 * panel.1 * 3) as usize);
            prop_assert!(rgb.contains(&255));
        }
    }
}
