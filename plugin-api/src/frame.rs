//! The canvas: a `DrawTarget` over memory that the host reads.
//!
//! Invariant: `pixels.len() == width * height * 3`; rows from the top without padding; red, green, blue. What lies
//! outside is discarded, never an error (the contract of `embedded_graphics_core::draw_target::DrawTarget`).

use std::convert::Infallible;

use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;

/// The frame that a plugin draws into.
#[derive(Debug)]
pub struct Frame<'a> {
    pixels: &'a mut [u8],
    width: usize,
    height: usize,
}

impl<'a> Frame<'a> {
    /// A frame over `width * height * 3` bytes; none if the length differs or a side is 0.
    pub fn over(pixels: &'a mut [u8], width: u32, height: u32) -> Option<Self> {
        let (width, height) = (width as usize, height as usize);
        let wanted = width.checked_mul(height)?.checked_mul(3)?;
        (wanted > 0 && wanted == pixels.len()).then_some(Self { pixels, width, height })
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width as u32
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height as u32
    }

    /// All pixels: rows from the top, three bytes (red, green, blue) each. For those who draw by hand.
    pub fn rgb_mut(&mut self) -> &mut [u8] {
        self.pixels
    }

    /// All pixels, to read.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        self.pixels
    }

    /// The colour at a place; none outside.
    #[must_use]
    pub fn pixel(&self, at: Point) -> Option<Rgb888> {
        let index = self.index(at)?;
        let rgb = &self.pixels[index..index + 3];
        Some(Rgb888::new(rgb[0], rgb[1], rgb[2]))
    }

    /// Sets one pixel; nothing happens outside.
    pub fn set(&mut self, at: Point, colour: Rgb888) {
        if let Some(index) = self.index(at) {
            self.pixels[index..index + 3].copy_from_slice(&bytes(colour));
        }
    }

    /// Fills the whole frame with one colour.
    pub fn fill(&mut self, colour: Rgb888) {
        fill_run(self.pixels, bytes(colour));
    }

    /// Scales every pixel by `keep / 256`: trails and fades. 256 changes nothing, 0 makes black.
    pub fn fade(&mut self, keep: u16) {
        let keep = u32::from(keep.min(256));
        for byte in self.pixels.iter_mut() {
            *byte = ((u32::from(*byte) * keep) >> 8) as u8;
        }
    }

    fn index(&self, at: Point) -> Option<usize> {
        let x = usize::try_from(at.x).ok().filter(|x| *x < self.width)?;
        let y = usize::try_from(at.y).ok().filter(|y| *y < self.height)?;
        Some((y * self.width + x) * 3)
    }
}

impl OriginDimensions for Frame<'_> {
    fn size(&self) -> Size {
        Size::new(self.width as u32, self.height as u32)
    }
}

impl DrawTarget for Frame<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Rgb888>>,
    {
        for Pixel(at, colour) in pixels {
            self.set(at, colour);
        }
        Ok(())
    }

    fn fill_contiguous<I>(&mut self, area: &Rectangle, colors: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Rgb888>,
    {
        let inside = area.intersection(&self.bounding_box());
        if inside.size == Size::zero() || area.size == Size::zero() {
            return Ok(());
        }
        let mut colors = colors.into_iter();
        let skip_left = (inside.top_left.x - area.top_left.x) as usize;
        let skip_right = area.size.width as usize - skip_left - inside.size.width as usize;
        let above = (inside.top_left.y - area.top_left.y) as usize * area.size.width as usize;
        if above > 0 && colors.nth(above - 1).is_none() {
            return Ok(());
        }
        for y in 0..inside.size.height as usize {
            if skip_left > 0 && colors.nth(skip_left - 1).is_none() {
                return Ok(());
            }
            let row = ((inside.top_left.y as usize + y) * self.width + inside.top_left.x as usize) * 3;
            let row = &mut self.pixels[row..row + inside.size.width as usize * 3];
            for pixel in row.chunks_exact_mut(3) {
                let Some(colour) = colors.next() else { return Ok(()) };
                pixel.copy_from_slice(&bytes(colour));
            }
            if skip_right > 0 && colors.nth(skip_right - 1).is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, color: Rgb888) -> Result<(), Infallible> {
        let inside = area.intersection(&self.bounding_box());
        for y in 0..inside.size.height as usize {
            let start = ((inside.top_left.y as usize + y) * self.width + inside.top_left.x as usize) * 3;
            fill_run(&mut self.pixels[start..start + inside.size.width as usize * 3], bytes(color));
        }
        Ok(())
    }

    fn clear(&mut self, color: Rgb888) -> Result<(), Infallible> {
        self.fill(color);
        Ok(())
    }
}

fn bytes(colour: Rgb888) -> [u8; 3] {
    [colour.r(), colour.g(), colour.b()]
}

/// Fills whole pixels with one colour; greys, black among them, are a `memset`.
fn fill_run(pixels: &mut [u8], colour: [u8; 3]) {
    if colour[0] == colour[1] && colour[1] == colour[2] {
        pixels.fill(colour[0]);
        return;
    }
    for pixel in pixels.chunks_exact_mut(3) {
        pixel.copy_from_slice(&colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(draw: impl FnOnce(&mut Frame<'_>)) -> Vec<u8> {
        let mut pixels = vec![0; 5 * 4 * 3];
        draw(&mut Frame::over(&mut pixels, 5, 4).unwrap());
        pixels
    }

    #[test]
    fn a_frame_must_fit_its_memory() {
        assert!(Frame::over(&mut [0; 12], 2, 2).is_some());
        assert!(Frame::over(&mut [0; 11], 2, 2).is_none());
        assert!(Frame::over(&mut [], 0, 2).is_none());
        assert!(Frame::over(&mut [0; 12], u32::MAX, u32::MAX).is_none());
    }

    #[test]
    fn pixels_outside_are_discarded() {
        let far = [Point::new(-1, 0), Point::new(5, 0), Point::new(0, 4), Point::new(i32::MIN, i32::MAX)];
        let pixels = drawn(|frame| {
            for at in far {
                frame.set(at, Rgb888::WHITE);
                assert_eq!(frame.pixel(at), None);
            }
        });
        assert!(pixels.iter().all(|byte| *byte == 0));
    }

    /// The fast ways must draw what the slow one draws, wherever the area lies.
    #[test]
    fn fast_fills_equal_pixel_by_pixel_drawing() {
        let colour = |n: usize| Rgb888::new(n as u8, (n * 7) as u8, (n * 31) as u8);
        for x in -4..6 {
            for y in -4..6 {
                for (w, h) in [(0, 0), (1, 1), (3, 2), (9, 9)] {
                    let area = Rectangle::new(Point::new(x, y), Size::new(w, h));
                    let slow = drawn(|frame| {
                        for (n, at) in area.points().enumerate() {
                            frame.set(at, colour(n));
                        }
                    });
                    let fast = drawn(|frame| {
                        frame.fill_contiguous(&area, (0..).map(colour)).unwrap();
                    });
                    assert_eq!(slow, fast, "{area:?}");
                    let slow = drawn(|frame| area.points().for_each(|at| frame.set(at, colour(9))));
                    let fast = drawn(|frame| frame.fill_solid(&area, colour(9)).unwrap());
                    assert_eq!(slow, fast, "{area:?}");
                }
            }
        }
    }

    #[test]
    fn a_short_colour_iterator_ends_the_fill() {
        let area = Rectangle::new(Point::new(-1, -1), Size::new(9, 9));
        let pixels = drawn(|frame| frame.fill_contiguous(&area, [Rgb888::WHITE; 12]).unwrap());
        assert_eq!(pixels.iter().filter(|byte| **byte == 255).count(), 6);
    }
}
