//! Two frames become one.
//!
//! Frames are bytes of sRGB, and are mixed as such: every sink gets the same picture, and a fade looks even to the eye.
//!
//! Invariant: nothing here panics, whatever the lengths; only the common part of the slices is touched.

/// The weight at which only the second picture is left.
pub const FULL: u16 = 256;

/// Mixes two frames: `out = from + (to - from) * weight / 256`, rounded. `weight` is 0 to [`FULL`]; more counts as
/// full. The three slices should be of one length; the rest of a longer one is left alone.
pub fn cross_fade(from: &[u8], to: &[u8], weight: u16, out: &mut [u8]) {
    let length = from.len().min(to.len()).min(out.len());
    let (from, to, out) = (&from[..length], &to[..length], &mut out[..length]);
    match weight {
        0 => out.copy_from_slice(from),
        FULL.. => out.copy_from_slice(to),
        _ => mix(from, to, weight, out),
    }
}

/// The inner loop, in 16-bit integers without branches so that the compiler can make vector code of it: the largest
/// sum is 255 * 256 + 128, which fits.
fn mix(from: &[u8], to: &[u8], weight: u16, out: &mut [u8]) {
    let rest = FULL - weight;
    for ((out, &from), &to) in out.iter_mut().zip(from).zip(to) {
        *out = ((u16::from(from) * rest + u16::from(to) * weight + FULL / 2) >> 8) as u8;
    }
}

/// Whether two frames are the same, so that the second need not be sent.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a == b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fade_begins_with_the_first_picture_and_ends_with_the_second() {
        let from: Vec<u8> = (0..=255).collect();
        let to: Vec<u8> = (0..=255).rev().collect();
        let mut out = vec![0; 256];
        cross_fade(&from, &to, 0, &mut out);
        assert!(same(&out, &from));
        cross_fade(&from, &to, FULL, &mut out);
        assert!(same(&out, &to));
        cross_fade(&from, &to, u16::MAX, &mut out);
        assert!(same(&out, &to));
    }

    #[test]
    fn every_weight_is_rounded_to_the_nearest_value() {
        for weight in 0..=FULL {
            for (from, to) in [(0, 255), (255, 0), (255, 255), (0, 0), (10, 11), (200, 3)] {
                let mut out = [0];
                cross_fade(&[from], &[to], weight, &mut out);
                let exact = f64::from(from) + (f64::from(to) - f64::from(from)) * f64::from(weight) / 256.0;
                assert!((f64::from(out[0]) - exact).abs() <= 0.5, "{from} to {to} at {weight}: {}", out[0]);
            }
        }
    }

    #[test]
    fn frames_of_different_lengths_are_mixed_as_far_as_they_go() {
        let mut out = [9; 4];
        cross_fade(&[0; 3], &[255; 2], FULL, &mut out);
        assert_eq!(out, [255, 255, 9, 9]);
    }
}
