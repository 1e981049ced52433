//! A picture of ink and no ink, one byte for each pixel, that fonts draw into.
//!
//! Invariant: `bytes.len() == width * height`; each byte is 0 or 1. What lies outside is discarded.

use std::convert::Infallible;
use std::ops::Range;

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Dimensions, Point, Size};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::primitives::Rectangle;

/// Ink and no ink.
#[derive(Debug, Clone)]
pub struct Mask {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Mask {
    /// Without ink, of a size in pixels. Takes a byte for each.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, bytes: vec![0; width * height] }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// A brush whose pen stands at a place, which may lie outside.
    pub fn brush(&mut self, x: i32, y: i32) -> Brush<'_> {
        Brush { mask: self, x, y, scale: 1 }
    }

    /// All rows, one after another from the top: 1 for ink, 0 for none.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Columns of a row: 1 for ink, 0 for none.
    ///
    /// # Panics
    ///
    /// If they are not all within the mask.
    pub fn row(&self, y: usize, columns: Range<usize>) -> &[u8] {
        &self.bytes[y * self.width..][..self.width][columns]
    }

    pub(crate) fn row_mut(&mut self, y: usize, columns: Range<usize>) -> &mut [u8] {
        &mut self.bytes[y * self.width..][..self.width][columns]
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.fill(0);
    }
}

/// Draws into a mask at a place, enlarged by a whole factor.
#[derive(Debug)]
pub struct Brush<'a> {
    mask: &'a mut Mask,
    x: i32,
    y: i32,
    pub(crate) scale: i32,
}

impl Brush<'_> {
    /// One pixel of ink, enlarged.
    pub(crate) fn dot(&mut self, x: i32, y: i32) {
        self.fill(x, y, 1, 1);
    }

    fn fill(&mut self, x: i32, y: i32, width: u32, height: u32) {
        let place = |start: i32, pen: i32, length: u32, end: usize| {
            let from = i64::from(pen) + i64::from(start) * i64::from(self.scale);
            let to = from + i64::from(length) * i64::from(self.scale);
            let end = end as i64;
            from.clamp(0, end) as usize..to.clamp(0, end) as usize
        };
        let columns = place(x, self.x, width, self.mask.width);
        for row in place(y, self.y, height, self.mask.height) {
            self.mask.bytes[row * self.mask.width..][columns.clone()].fill(1);
        }
    }
}

impl Dimensions for Brush<'_> {
    fn bounding_box(&self) -> Rectangle {
        // Fonts only ask where they may draw: everywhere, for what lies outside is discarded.
        Rectangle::new(Point::new(-4096, -4096), Size::new(8192, 8192))
    }
}

impl DrawTarget for Brush<'_> {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<BinaryColor>>,
    {
        for Pixel(at, colour) in pixels {
            if colour.is_on() {
                self.dot(at.x, at.y);
            }
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: BinaryColor) -> Result<(), Infallible> {
        if colour.is_on() {
            self.fill(area.top_left.x, area.top_left.y, area.size.width, area.size.height);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_scaled_dot_is_a_square_from_the_pen_on() {
        let mut mask = Mask::new(5, 4);
        let mut brush = mask.brush(1, 1);
        brush.scale = 2;
        brush.dot(0, 0);
        brush.dot(1, 1);
        assert_eq!(mask.row(0, 0..5), [0, 0, 0, 0, 0]);
        assert_eq!(mask.row(1, 0..5), [0, 1, 1, 0, 0]);
        assert_eq!(mask.row(2, 0..5), [0, 1, 1, 0, 0]);
        assert_eq!(mask.row(3, 2..5), [0, 1, 1]);
    }

    proptest! {
        #[test]
        fn what_lies_outside_is_discarded(
            (width, height) in (0_usize..20, 0_usize..20),
            (x, y) in any::<(i32, i32)>(),
            (left, top) in any::<(i32, i32)>(),
            (columns, rows) in any::<(u32, u32)>(),
            scale in 1..40,
        ) {
            let mut mask = Mask::new(width, height);
            let mut brush = mask.brush(x, y);
            brush.scale = scale;
            brush.dot(left, top);
            let area = Rectangle::new(Point::new(left, top), Size::new(columns, rows));
            let Ok(()) = brush.fill_solid(&area, BinaryColor::On);
            prop_assert_eq!(mask.bytes().len(), width * height);
            prop_assert!(mask.bytes().iter().all(|byte| *byte <= 1));
        }
    }
}
