//! A picture of ink and no ink, one byte for each pixel, that fonts draw into.
//!
//! Invariant: `bytes.len() == width * height`; each byte is 0 or 1. What lies outside is discarded.

use std::convert::Infallible;

use marquee_plugin_api::embedded_graphics::pixelcolor::BinaryColor;
use marquee_plugin_api::embedded_graphics::primitives::Rectangle;
use marquee_plugin_api::prelude::*;

/// Ink and no ink.
#[derive(Debug, Clone)]
pub(crate) struct Mask {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Mask {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, bytes: vec![0; width * height] }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.fill(0);
    }

    /// A brush whose pen stands at a place.
    pub(crate) fn brush(&mut self, x: i32, y: i32) -> Brush<'_> {
        Brush { mask: self, x, y, scale: 1 }
    }

    /// Columns of a row.
    pub(crate) fn row(&self, y: usize, columns: std::ops::Range<usize>) -> &[u8] {
        &self.bytes[y * self.width..][columns]
    }
}

/// Draws into a mask at a place, enlarged by a whole factor.
#[derive(Debug)]
pub(crate) struct Brush<'a> {
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

    fn fill(&mut self, x: i32, y: i32, width: i32, height: i32) {
        let place = |start: i32, pen: i32, length: i32, end: usize| {
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
            self.fill(area.top_left.x, area.top_left.y, area.size.width as i32, area.size.height as i32);
        }
        Ok(())
    }
}
