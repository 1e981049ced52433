//! The faces of digits and of words, and text set so that digits never dance.
//!
//! Digits all take the room of the widest one, measured by their ink, and punctuation only what it needs: tighter
//! than the fonts' own spacing, so that the time is larger on a small panel.
//!
//! Invariant: sizes are of ink, in pixels; what a font does not know is left out.

use marquee_plugin_api::embedded_graphics::primitives::Rectangle;
use marquee_plugin_api::prelude::*;
use u8g2_fonts::types::{FontColor, VerticalPosition};
use u8g2_fonts::{FontRenderer, fonts};

/// A face.
#[derive(Debug)]
pub(crate) struct Face {
    renderer: FontRenderer,
}

macro_rules! faces {
    ($list:ident, $length:literal: $($font:ident)*) => {
        pub(crate) static $list: [Face; $length] = [$(Face {
            renderer: FontRenderer::new::<fonts::$font>().with_ignore_unknown_chars(true),
        }),*];
    };
}

// For hours and minutes, the largest first.
faces! { DIGITS, 26:
    u8g2_font_logisoso92_tn u8g2_font_logisoso78_tn u8g2_font_logisoso62_tn u8g2_font_logisoso58_tn
    u8g2_font_logisoso54_tn u8g2_font_logisoso50_tn u8g2_font_logisoso46_tn u8g2_font_logisoso42_tn
    u8g2_font_logisoso38_tn u8g2_font_logisoso34_tn u8g2_font_logisoso32_tn u8g2_font_logisoso30_tn
    u8g2_font_logisoso28_tn u8g2_font_logisoso26_tn u8g2_font_logisoso24_tn u8g2_font_logisoso22_tn
    u8g2_font_logisoso20_tn u8g2_font_logisoso18_tn u8g2_font_logisoso16_tn u8g2_font_helvB14_tn
    u8g2_font_t0_16b_mn u8g2_font_7x14B_mn u8g2_font_7x13B_mn u8g2_font_squeezed_b7_tn
    u8g2_font_5x7_mn u8g2_font_tom_thumb_4x6_mn
}

// For words and for small digits, the largest first.
faces! { WORDS, 10:
    u8g2_font_helvB24_te u8g2_font_helvB18_te u8g2_font_helvB14_te u8g2_font_helvB12_te u8g2_font_helvB10_te
    u8g2_font_helvB08_te u8g2_font_helvR08_te u8g2_font_5x7_tf u8g2_font_tiny5_te u8g2_font_tom_thumb_4x6_te
}

impl Face {
    /// Height of a digit.
    pub(crate) fn height(&self) -> i32 {
        self.ink("0").map_or(0, |ink| ink.size.height as i32)
    }

    /// Whether no character of a text would be left out.
    pub(crate) fn knows(&self, text: &str) -> bool {
        text.chars().all(|character| {
            let size =
                self.renderer.get_rendered_dimensions(character, Point::zero(), VerticalPosition::Baseline);
            size.is_ok_and(|size| size.advance.x > 0)
        })
    }

    /// Rows of a text's ink above the baseline and below it.
    pub(crate) fn extent(&self, text: &str) -> (i32, i32) {
        self.ink(text).map_or((0, 0), |ink| {
            let bottom = ink.top_left.y + ink.size.height as i32;
            ((-ink.top_left.y).max(0), bottom.max(0))
        })
    }

    /// Width of a text as [`draw_words`](Self::draw_words) draws it.
    pub(crate) fn width_of_words(&self, text: &str) -> i32 {
        self.ink(text).map_or(0, |ink| ink.size.width as i32)
    }

    /// Draws a text with its ink beginning at `x`, on a baseline.
    pub(crate) fn draw_words(
        &self,
        text: &str,
        x: i32,
        baseline: i32,
        colour: Rgb888,
        frame: &mut Frame<'_>,
    ) {
        if let Some(ink) = self.ink(text) {
            let pen = Point::new(x - ink.top_left.x, baseline);
            // Unknown characters are ignored and a frame takes every pixel: nothing is left that could fail.
            let _ = self.renderer.render(
                text,
                pen,
                VerticalPosition::Baseline,
                FontColor::Transparent(colour),
                frame,
            );
        }
    }

    /// Width of digits and punctuation as [`draw_digits`](Self::draw_digits) draws them.
    pub(crate) fn width_of_digits(&self, text: &str) -> i32 {
        let spacing = self.spacing() * (text.chars().count() as i32 - 1).max(0);
        let cell = self.cell();
        text.chars().map(|character| self.room(character, cell)).sum::<i32>() + spacing
    }

    /// Draws digits and punctuation from `x` on, on a baseline.
    pub(crate) fn draw_digits(
        &self,
        text: &str,
        x: i32,
        baseline: i32,
        colour: Rgb888,
        frame: &mut Frame<'_>,
    ) {
        let (cell, mut x) = (self.cell(), x);
        let mut letter = [0; 4];
        for character in text.chars() {
            let room = self.room(character, cell);
            let text: &str = character.encode_utf8(&mut letter);
            let left = (room - self.width_of_words(text)) / 2;
            self.draw_words(text, x + left, baseline, colour, frame);
            x += room + self.spacing();
        }
    }

    fn spacing(&self) -> i32 {
        ((self.height() + 4) / 10).max(1)
    }

    /// Width of the widest digit.
    fn cell(&self) -> i32 {
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
            .map(|digit| self.width_of_words(digit))
            .into_iter()
            .max()
            .unwrap_or(0)
    }

    fn room(&self, character: char, cell: i32) -> i32 {
        if character.is_ascii_digit() {
            cell
        } else {
            self.width_of_words(character.encode_utf8(&mut [0; 4]))
        }
    }

    fn ink(&self, text: &str) -> Option<Rectangle> {
        self.renderer
            .get_rendered_dimensions(text, Point::zero(), VerticalPosition::Baseline)
            .ok()?
            .bounding_box
    }
}
