//! The host's own pictures, for when no instance has one: three dots in the middle of a dark screen.
//!
//! Invariant: drawn from the size alone, without fonts or files, for every panel size; dim enough for a dark room.

use marquee_model::{PanelSize, Picture};

use crate::Reason;

/// Which of the host's own pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HostPicture {
    /// No instance has drawn yet: the dots grow brighter from left to right.
    Starting,
    /// No instance has anything to show: three equal, very dim dots.
    NothingToShow,
}

impl HostPicture {
    /// The picture for an empty screen.
    #[must_use]
    pub fn for_reason(reason: Reason) -> Self {
        match reason {
            Reason::Starting => Self::Starting,
            Reason::Rotation | Reason::Live | Reason::NothingToShow => Self::NothingToShow,
        }
    }

    fn dots(self) -> [[u8; 3]; 3] {
        match self {
            Self::Starting => [[28, 17, 6], [62, 38, 13], [112, 70, 24]],
            Self::NothingToShow => [[26, 29, 38]; 3],
        }
    }
}

/// Not quite black, so that one sees that the panel is on. Driver and preview show it as off on coarse panels.
const BACKGROUND: [u8; 3] = [2, 2, 4];
/// Each pixel is looked at in this many places along each side.
const GRAIN: i64 = 4;

/// Draws a picture of the host's own. Its `sequence` and `at` are zero, for the loop to fill in.
#[must_use]
pub fn host_picture(kind: HostPicture, size: PanelSize) -> Picture {
    let (width, height) = (i64::from(size.width()), i64::from(size.height()));
    // In quarters of a pixel from here on: a dot is an eighth of the height across, at least two pixels where there is
    // room, and the dots stand two diameters apart.
    let diameter = (height * GRAIN / 8).min(width * GRAIN / 12).max(2 * GRAIN).min(width.min(height) * GRAIN);
    let pitch = 2 * diameter;
    // Centres on whole pixels or between two, so that small dots are symmetric.
    let centre_x = width * GRAIN / 2;
    let centre_y = height * GRAIN / 2;
    let mut rgb = Vec::with_capacity(size.bytes());
    for y in 0..height {
        for x in 0..width {
            let mut pixel = BACKGROUND;
            for (nth, colour) in (-1..=1).zip(kind.dots()) {
                let covered = coverage(x, y, centre_x + nth * pitch, centre_y, diameter);
                for (channel, dot) in pixel.iter_mut().zip(colour) {
                    *channel = mix(*channel, dot, covered);
                }
            }
            rgb.extend_from_slice(&pixel);
        }
    }
    Picture { rgb: rgb.into(), ..Picture::filled(size, BACKGROUND) }
}

/// How many of a pixel's `GRAIN * GRAIN` places lie in the dot.
fn coverage(x: i64, y: i64, centre_x: i64, centre_y: i64, diameter: i64) -> i64 {
    let places = (0..GRAIN).flat_map(|dy| (0..GRAIN).map(move |dx| (dx, dy)));
    let inside = places.filter(|(dx, dy)| {
        // Twice the distance, so that the middle of a place is a whole number.
        let across = 2 * (x * GRAIN + dx - centre_x) + 1;
        let down = 2 * (y * GRAIN + dy - centre_y) + 1;
        across * across + down * down <= diameter * diameter
    });
    inside.count() as i64
}

fn mix(below: u8, above: u8, covered: i64) -> u8 {
    let all = GRAIN * GRAIN;
    let value = (i64::from(below) * (all - covered) + i64::from(above) * covered) / all;
    u8::try_from(value).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [HostPicture; 2] = [HostPicture::Starting, HostPicture::NothingToShow];

    fn rows(kind: HostPicture, width: u32, height: u32) -> Vec<Vec<[u8; 3]>> {
        let size = PanelSize::new(width, height).expect("a size in range");
        let picture = host_picture(kind, size);
        assert_eq!(picture.rgb.len(), size.bytes());
        let pixels: Vec<[u8; 3]> = picture.rgb.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
        pixels.chunks(width as usize).map(<[_]>::to_vec).collect()
    }

    #[test]
    fn every_size_gets_a_picture_that_is_dark_but_not_off() {
        for (width, height) in
            [(1, 1), (1, 1024), (1024, 1), (32, 16), (64, 32), (128, 64), (256, 64), (33, 17)]
        {
            for kind in KINDS {
                let rows = rows(kind, width, height);
                let brightest = rows.iter().flatten().flatten().max().copied().unwrap_or(0);
                assert!((8..=120).contains(&brightest), "{width}x{height}: {brightest}");
            }
        }
    }

    #[test]
    fn three_dots_stand_in_the_middle_from_32x16_up() {
        for (width, height) in [(32, 16), (64, 32), (128, 64), (256, 64), (64, 64), (32, 64)] {
            for kind in KINDS {
                let rows = rows(kind, width, height);
                let middle = &rows[height as usize / 2];
                let lit: Vec<bool> = middle.iter().map(|p| *p != BACKGROUND).collect();
                let dots = lit.windows(2).filter(|pair| !pair[0] && pair[1]).count();
                assert_eq!(dots, 3, "{width}x{height} {kind:?}");
                let mirrored: Vec<bool> = lit.iter().rev().copied().collect();
                assert_eq!(lit, mirrored, "{width}x{height} is centred");
                assert!(!lit[0], "{width}x{height} has a margin");
            }
        }
    }

    #[test]
    fn starting_and_nothing_to_show_can_be_told_apart() {
        assert_ne!(rows(HostPicture::Starting, 64, 32), rows(HostPicture::NothingToShow, 64, 32));
        assert_eq!(HostPicture::for_reason(Reason::Starting), HostPicture::Starting);
        assert_eq!(HostPicture::for_reason(Reason::NothingToShow), HostPicture::NothingToShow);
    }
}
