//! The pictures by which people judge wiring and options.
//!
//! Invariant: each works at every size from 1×1.

use marquee_panel_link::TestPicture;

/// Draws a test picture: width × height × 3 bytes.
pub(crate) fn draw(picture: TestPicture, (width, height): (u16, u16)) -> Vec<u8> {
    let (width, height) = (usize::from(width), usize::from(height));
    let pixel = |x: usize, y: usize| -> [u8; 3] {
        match picture {
            TestPicture::Red => [255, 0, 0],
            TestPicture::Green => [0, 255, 0],
            TestPicture::Blue => [0, 0, 255],
            TestPicture::White => [255; 3],
            TestPicture::Ramps => ramp(x, y, width, height),
            TestPicture::Corners => corner(x, y, width, height),
        }
    };
    (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect()
}

/// Four bands, each from dark to bright.
fn ramp(x: usize, y: usize, width: usize, height: usize) -> [u8; 3] {
    let level = u8::try_from(x * 255 / (width - 1).max(1)).unwrap_or(255);
    match y * 4 / height {
        0 => [level, 0, 0],
        1 => [0, level, 0],
        2 => [0, 0, level],
        _ => [level; 3],
    }
}

/// A frame, and a block of another colour in each corner.
fn corner(x: usize, y: usize, width: usize, height: usize) -> [u8; 3] {
    let block = (width.min(height) / 4).max(1);
    let (left, right) = (x < block, x + block >= width);
    let (top, bottom) = (y < block, y + block >= height);
    match (left, right, top, bottom) {
        (true, _, true, _) => [255, 0, 0],
        (_, true, true, _) => [0, 255, 0],
        (true, _, _, true) => [0, 0, 255],
        (_, true, _, true) => [255, 255, 0],
        _ if x == 0 || y == 0 || x + 1 == width || y + 1 == height => [255; 3],
        _ => [0; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_fits_every_size() {
        for size in [(1, 1), (2, 1), (32, 16), (256, 64)] {
            for picture in [TestPicture::White, TestPicture::Ramps, TestPicture::Corners] {
                assert_eq!(draw(picture, size).len(), usize::from(size.0) * usize::from(size.1) * 3);
            }
        }
    }

    #[test]
    fn corners_tell_up_from_down_and_left_from_right() {
        let rgb = draw(TestPicture::Corners, (64, 32));
        let at = |x: usize, y: usize| &rgb[(y * 64 + x) * 3..][..3];
        assert_eq!(at(0, 0), [255, 0, 0]);
        assert_eq!(at(63, 0), [0, 255, 0]);
        assert_eq!(at(0, 31), [0, 0, 255]);
        assert_eq!(at(63, 31), [255, 255, 0]);
        assert_eq!(at(32, 0), [255; 3]);
        assert_eq!(at(32, 16), [0; 3]);
    }
}
