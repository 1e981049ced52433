//! Makes the pictures in `assets`: `cargo run -p marquee-plugin-image --example make_assets -- plugins/image/assets`.
//!
//! They are made by arithmetic, so that nobody else's rights are in them, and committed, so that nobody has to run
//! this.

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

#[path = "../src/scene.rs"]
mod scene;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("say into which folder")?);
    sunset(folder.join("sunset.gif"))?;
    heart(folder.join("heart.gif"))?;
    planet().save_with_format(folder.join("planet.png"), ImageFormat::Png)?;
    Ok(())
}

fn sunset(path: PathBuf) -> Result<(), Box<dyn Error>> {
    let mut file = GifEncoder::new_with_speed(BufWriter::new(File::create(path)?), 1);
    file.set_repeat(Repeat::Infinite)?;
    for n in 0..scene::FRAMES {
        let rgb = scene::sunset(128, 64, n as f32 / scene::FRAMES as f32);
        let rgba = rgb.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
        let picture = RgbaImage::from_raw(128, 64, rgba).ok_or("a frame of another size")?;
        let delay = Delay::from_saturating_duration(scene::ROUND / scene::FRAMES as u32);
        file.encode_frame(Frame::from_parts(picture, 0, 0, delay))?;
    }
    Ok(())
}

const SMALL_HEART: [&str; 14] = [
    "................",
    "................",
    "....##...##.....",
    "...#oo#.#oo#....",
    "..#o+oo#oooo#...",
    "..#++oooooo-#...",
    "..#o+oooooo-#...",
    "...#oooooo-#....",
    "....#oooo-#.....",
    ".....#oo-#......",
    "......#-#.......",
    ".......#........",
    "................",
    "................",
];

const BIG_HEART: [&str; 14] = [
    "................",
    "...###...###....",
    "..#ooo#.#ooo#...",
    ".#o++oo#ooooo#..",
    ".#++oooooooo-#..",
    ".#+ooooooooo-#..",
    ".#oooooooooo-#..",
    "..#oooooooo-#...",
    "...#oooooo-#....",
    "....#oooo-#.....",
    ".....#oo-#......",
    "......#-#.......",
    ".......#........",
    "................",
];

fn heart(path: PathBuf) -> Result<(), Box<dyn Error>> {
    let mut file = GifEncoder::new_with_speed(BufWriter::new(File::create(path)?), 1);
    file.set_repeat(Repeat::Infinite)?;
    for (rows, millis) in [(SMALL_HEART, 520), (BIG_HEART, 130), (SMALL_HEART, 150), (BIG_HEART, 160)] {
        let picture = RgbaImage::from_fn(15, 14, |x, y| {
            Rgba(match rows[y as usize].as_bytes()[x as usize] {
                b'#' => [112, 6, 38, 255],
                b'o' => [240, 32, 66, 255],
                b'+' => [255, 168, 176, 255],
                b'-' => [184, 14, 56, 255],
                _ => [0, 0, 0, 0],
            })
        });
        let delay = Delay::from_numer_denom_ms(millis, 1);
        file.encode_frame(Frame::from_parts(picture, 0, 0, delay))?;
    }
    Ok(())
}

/// A planet with rings among stars.
fn planet() -> RgbImage {
    const FINE: u32 = 4;
    RgbImage::from_fn(128, 64, |x, y| {
        let mut sum = [0.0_f32; 3];
        for n in 0..FINE * FINE {
            let fine = |at: u32, part: u32| at as f32 + (part as f32 + 0.5) / FINE as f32;
            let light = space(fine(x, n % FINE), fine(y, n / FINE), x, y);
            sum.iter_mut().zip(light).for_each(|(sum, light)| *sum += light);
        }
        Rgb(sum.map(|sum| ((sum / (FINE * FINE) as f32).clamp(0.0, 1.0).powf(1.0 / 2.2) * 255.0) as u8))
    })
}

/// The light from a place, linear.
fn space(px: f32, py: f32, x: u32, y: u32) -> [f32; 3] {
    let (dx, dy) = (px - 64.0, py - 32.0);
    // Turned a little, as planets are.
    let (sin, cos) = (-0.30_f32).sin_cos();
    let (u, v) = (dx * cos - dy * sin, dx * sin + dy * cos);
    let radius = 18.5_f32;
    let ring_far = (u * u + (v / 0.26).powi(2)).sqrt();
    let ring = ring(ring_far / radius);
    let behind = v < 0.0;
    let on_planet = u * u + v * v < radius * radius;
    let mut light = stars(x, y);
    if on_planet {
        let depth = (radius * radius - u * u - v * v).sqrt();
        let sun = ((u * -0.62 + v * -0.38 + depth * 0.70) / radius).max(0.0);
        let band = ((v / radius * 11.0 + (v * 0.9).sin() * 0.6).sin() * 0.5 + 0.5) * 0.55;
        let ground: [f32; 3] =
            std::array::from_fn(|n| [0.95, 0.56, 0.24][n] * (1.0 - band) + [0.66, 0.25, 0.16][n] * band);
        let shadow = if !behind && (1.05..1.25).contains(&(ring_far / radius + 0.1)) { 0.55 } else { 1.0 };
        light = ground.map(|part| part * (0.015 + sun.powf(0.9)) * shadow);
    }
    if let Some((colour, dense)) = ring
        && (!on_planet || !behind)
    {
        // The planet's shadow lies on the ring's far right.
        let shade = if behind && u > 2.0 && u < radius * 1.25 { 0.12 } else { 1.0 };
        light = std::array::from_fn(|n| light[n] * (1.0 - dense) + colour[n] * dense * shade);
    }
    light
}

fn ring(far: f32) -> Option<([f32; 3], f32)> {
    match far {
        1.28..1.55 => Some(([0.42, 0.34, 0.30], 0.55)),
        1.55..1.98 => Some(([0.86, 0.72, 0.52], 0.85)),
        2.08..2.34 => Some(([0.60, 0.52, 0.46], 0.65)),
        _ => None,
    }
}

fn stars(x: u32, y: u32) -> [f32; 3] {
    let mut hash = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ 0x5bd1_e995;
    hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
    hash ^= hash >> 12;
    let night = [0.002, 0.002, 0.010];
    if !hash.is_multiple_of(83) {
        return night;
    }
    let bright = 0.05 + (hash >> 8 & 255) as f32 / 255.0 * 0.75;
    let tint = (hash >> 16 & 255) as f32 / 255.0;
    [bright * (0.7 + 0.3 * tint), bright * 0.85, bright * (1.0 - 0.25 * tint)]
}
