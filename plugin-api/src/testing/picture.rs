//! A drawn frame, to look at in a test.
//!
//! Invariant: holds `width * height * 3` bytes, as a [`Frame`](crate::Frame) does.

use std::fmt;

/// A copy of a frame.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Rows from the top; red, green, blue.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// The colour at a place; black outside.
    #[must_use]
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        if x >= self.width || y >= self.height {
            return [0; 3];
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// How many pixels are not black.
    #[must_use]
    pub fn lit(&self) -> usize {
        self.rgb.chunks_exact(3).filter(|pixel| **pixel != [0, 0, 0]).count()
    }

    /// A line of text for each row, a character for each pixel: a blank for black, then `.:-=+*#%@` by brightness.
    #[must_use]
    pub fn ascii(&self) -> String {
        const SHADES: &[u8] = b".:-=+*#%@";
        let mut text = String::new();
        for row in self.rgb.chunks_exact(self.width as usize * 3) {
            for pixel in row.chunks_exact(3) {
                // Rec. 601 luma, which is what an eye makes of the three colours.
                let luma =
                    (299 * u32::from(pixel[0]) + 587 * u32::from(pixel[1]) + 114 * u32::from(pixel[2]))
                        / 1000;
                let shade = (luma as usize * SHADES.len()) / 256;
                text.push(if *pixel == [0, 0, 0] { ' ' } else { char::from(SHADES[shade]) });
            }
            text.push('\n');
        }
        text
    }

    /// The picture as a PNG file.
    #[must_use]
    pub fn png(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&self.rgb));
        // Writing to memory fails only for a picture that breaks this type's invariant.
        if written.is_err() {
            file.clear();
        }
        file
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}\n{}", self.width, self.height, self.ascii())
    }
}
