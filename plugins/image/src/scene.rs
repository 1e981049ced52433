//! A sunset over the sea, painted by arithmetic: the built-in picture, and the source of `assets/sunset.gif`.
//!
//! Invariant: it depends on size and time alone, and ends where it began.

use std::time::Duration;

/// Frames of a round.
pub(crate) const FRAMES: usize = 32;

/// How long a round takes.
pub(crate) const ROUND: Duration = Duration::from_millis(3200);

/// The sky from top to horizon, in sRGB.
const SKY: [[f32; 3]; 5] =
    [[10.0, 8.0, 46.0], [52.0, 14.0, 84.0], [150.0, 28.0, 92.0], [238.0, 88.0, 56.0], [255.0, 186.0, 80.0]];

/// The sea from horizon to bottom.
const SEA: [[f32; 3]; 3] = [[120.0, 34.0, 84.0], [38.0, 14.0, 70.0], [4.0, 4.0, 26.0]];

const SUN: [f32; 3] = [255.0, 226.0, 130.0];

/// The pixels of a frame: `time` runs from 0 to 1 in a round.
pub(crate) fn sunset(width: usize, height: usize, time: f32) -> Vec<u8> {
    let (w, h) = (width as f32, height as f32);
    let horizon = (h * 0.62).round().max(1.0);
    let radius = (h * 0.27).min(w * 0.27);
    let (sun_x, sun_y) = (w * 0.5, horizon - radius * 0.42);
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let far = ((px - sun_x).powi(2) + (py - sun_y).powi(2)).sqrt();
            let colour = if py < horizon {
                let mut colour = ramp(&SKY, py / horizon);
                colour = add(colour, star(x, y, time), (1.0 - py / horizon * 1.6).max(0.0));
                let glow = (1.0 - (far - radius) / (radius * 1.6)).clamp(0.0, 1.0);
                colour = mix(colour, [255.0, 112.0, 64.0], glow * glow * 0.55);
                mix(
                    colour,
                    mix(SUN, [255.0, 92.0, 60.0], ((py - sun_y) / radius * 0.5 + 0.5).clamp(0.0, 1.0)),
                    (radius - far + 0.5).clamp(0.0, 1.0),
                )
            } else {
                water([px, py], [sun_x, radius], [h, horizon], time)
            };
            rgb.extend(colour.map(|part| part.clamp(0.0, 255.0).round() as u8));
        }
    }
    rgb
}

/// The sea, with the sun's way across it.
fn water([px, py]: [f32; 2], [sun_x, radius]: [f32; 2], [height, horizon]: [f32; 2], time: f32) -> [f32; 3] {
    let turn = std::f32::consts::TAU;
    let depth = (py - horizon) / (height - horizon).max(1.0);
    let base = ramp(&SEA, depth);
    // Waves come nearer, and are longer the nearer they are. Whole turns in a round, so that it closes.
    let phase = 16.0 / (depth + 0.4);
    let wave = (phase + turn * 2.0 * time).sin() + 0.6 * (px * 0.31 + phase * 1.7 - turn * time).sin();
    let reach = radius * (0.55 + 0.75 * depth) + wave * radius * 0.22;
    let inside = ((reach - (px - sun_x).abs()) / (radius * 0.25).max(1.0)).clamp(0.0, 1.0);
    let crest = (wave * 0.5 + 0.35).clamp(0.0, 1.0);
    let lit = mix(base, mix(SUN, [255.0, 96.0, 70.0], depth), inside * crest * (1.0 - depth * 0.55));
    add(lit, [60.0, 24.0, 60.0], crest * crest * 0.35 * (1.0 - inside))
}

/// Light of a star, if there is one at a place.
fn star(x: usize, y: usize, time: f32) -> [f32; 3] {
    let mut hash = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77);
    hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
    hash ^= hash >> 12;
    if !hash.is_multiple_of(71) {
        return [0.0; 3];
    }
    let twinkle = 0.6 + 0.4 * (std::f32::consts::TAU * (time + (hash >> 8 & 255) as f32 / 256.0)).sin();
    [230.0 * twinkle, 225.0 * twinkle, 255.0 * twinkle]
}

fn ramp<const N: usize>(colours: &[[f32; 3]; N], place: f32) -> [f32; 3] {
    let place = place.clamp(0.0, 1.0) * (N - 1) as f32;
    let at = (place as usize).min(N - 2);
    mix(colours[at], colours[at + 1], place - at as f32)
}

fn mix(a: [f32; 3], b: [f32; 3], share: f32) -> [f32; 3] {
    std::array::from_fn(|n| a[n] + (b[n] - a[n]) * share)
}

fn add(a: [f32; 3], b: [f32; 3], share: f32) -> [f32; 3] {
    std::array::from_fn(|n| a[n] + b[n] * share)
}
