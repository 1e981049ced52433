//! The typefaces, and which of them a character is set in.
//!
//! A bold sans serif in ten sizes; what it lacks (Cyrillic, Greek, Japanese) comes from fixed-width faces that are
//! enlarged by a whole factor until they look as tall. What no face knows is drawn as an empty box.
//!
//! Invariant: every character has a glyph; measuring and drawing never fail.

use embedded_graphics::geometry::Point;
use embedded_graphics::pixelcolor::BinaryColor;
use u8g2_fonts::types::{FontColor, VerticalPosition};
use u8g2_fonts::{FontRenderer, fonts};

use crate::mask::Brush;

macro_rules! faces {
    ($($name:ident = $font:ident;)*) => {
        $(static $name: FontRenderer = FontRenderer::new::<fonts::$font>();)*
    };
}

faces! {
    TINY = u8g2_font_5x7_tf;
    BOLD_8 = u8g2_font_helvB08_te;
    BOLD_10 = u8g2_font_helvB10_te;
    BOLD_12 = u8g2_font_helvB12_te;
    BOLD_14 = u8g2_font_helvB14_te;
    BOLD_18 = u8g2_font_helvB18_te;
    BOLD_24 = u8g2_font_helvB24_te;
    BOLD_30 = u8g2_font_fub30_tf;
    BOLD_35 = u8g2_font_fub35_tf;
    BOLD_42 = u8g2_font_fub42_tf;
    SMALL_EXTENDED = u8g2_font_6x13_te;
    SMALL_CYRILLIC = u8g2_font_6x13_t_cyrillic;
    EXTENDED = u8g2_font_10x20_te;
    CYRILLIC = u8g2_font_10x20_t_cyrillic;
    GREEK = u8g2_font_10x20_t_greek;
    SYMBOLS = u8g2_font_9x15_t_symbols;
    SMALL_JAPANESE = u8g2_font_b12_t_japanese3;
    JAPANESE = u8g2_font_b16_t_japanese3;
}

/// A typeface with its nominal height: capitals and descenders together, in pixels.
struct Face {
    renderer: &'static FontRenderer,
    height: u32,
}

/// The family by size.
const FAMILY: [Face; 10] = [
    Face { renderer: &TINY, height: 8 },
    Face { renderer: &BOLD_8, height: 10 },
    Face { renderer: &BOLD_10, height: 14 },
    Face { renderer: &BOLD_12, height: 16 },
    Face { renderer: &BOLD_14, height: 18 },
    Face { renderer: &BOLD_18, height: 24 },
    Face { renderer: &BOLD_24, height: 32 },
    Face { renderer: &BOLD_30, height: 37 },
    Face { renderer: &BOLD_35, height: 44 },
    Face { renderer: &BOLD_42, height: 54 },
];

/// What the family lacks, where it is at most this high.
const SMALL_FALLBACKS: [Face; 6] = [
    Face { renderer: &SMALL_EXTENDED, height: 12 },
    Face { renderer: &SMALL_CYRILLIC, height: 12 },
    Face { renderer: &GREEK, height: 18 },
    Face { renderer: &SYMBOLS, height: 14 },
    Face { renderer: &SMALL_JAPANESE, height: 12 },
    Face { renderer: &JAPANESE, height: 16 },
];

const FALLBACKS: [Face; 5] = [
    Face { renderer: &EXTENDED, height: 18 },
    Face { renderer: &CYRILLIC, height: 18 },
    Face { renderer: &GREEK, height: 18 },
    Face { renderer: &SYMBOLS, height: 14 },
    Face { renderer: &JAPANESE, height: 16 },
];

/// The most that a face is enlarged: panels beyond 1024 pixels do not exist.
const MOST_ENLARGED: u32 = 20;

/// A size of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Font {
    face: usize,
    scale: u32,
}

/// A character in a font: where its ink lies and how far it moves the pen. In pixels; `top` and `bottom` count from
/// the baseline, down positive, `bottom` just below the last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyph {
    /// How far the pen moves on.
    pub advance: i32,
    /// The highest row with ink.
    pub top: i32,
    /// Just below the lowest row with ink.
    pub bottom: i32,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A face of the family, or of a list of fallbacks.
    Face { list: List, index: usize, scale: u32 },
    /// An empty box for what no face knows.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Family,
    SmallFallbacks,
    Fallbacks,
}

impl List {
    fn face(self, index: usize) -> &'static Face {
        let faces: &'static [Face] = match self {
            Self::Family => &FAMILY,
            Self::SmallFallbacks => &SMALL_FALLBACKS,
            Self::Fallbacks => &FALLBACKS,
        };
        &faces[index.min(faces.len() - 1)]
    }
}

impl Font {
    /// The smallest of the family.
    pub const SMALLEST: Self = Self { face: 0, scale: 1 };

    /// All sizes, the largest first. The last is [`SMALLEST`](Self::SMALLEST).
    pub fn all() -> impl Iterator<Item = Self> {
        let enlarged = (2..=MOST_ENLARGED)
            .rev()
            .flat_map(|scale| (FAMILY.len() - 3..FAMILY.len()).rev().map(move |face| Self { face, scale }));
        let mut all: Vec<Self> =
            enlarged.chain((0..FAMILY.len()).rev().map(|face| Self { face, scale: 1 })).collect();
        all.sort_by_key(|font| std::cmp::Reverse(font.height()));
        all.into_iter()
    }

    /// Capitals and descenders together, in pixels.
    pub fn height(self) -> u32 {
        FAMILY[self.face].height * self.scale
    }

    /// Finds and measures a character. What no face knows is an empty box.
    pub fn glyph(self, character: char) -> Glyph {
        if let Some(glyph) = measured(character, List::Family, self.face, self.scale) {
            return glyph;
        }
        let (list, length) = if self.height() < 18 {
            (List::SmallFallbacks, SMALL_FALLBACKS.len())
        } else {
            (List::Fallbacks, FALLBACKS.len())
        };
        let found = (0..length).find_map(|index| {
            let scale = ((self.height() + 4) / list.face(index).height).max(1);
            measured(character, list, index, scale)
        });
        found.unwrap_or_else(|| {
            let height = (self.height() as i32 * 3 / 4).max(3);
            Glyph { advance: height / 2 + 3, top: -height, bottom: 0, shape: Shape::Unknown }
        })
    }
}

impl Glyph {
    /// Draws the character with its pen at the brush's place.
    pub fn draw(&self, character: char, brush: &mut Brush<'_>) {
        match self.shape {
            Shape::Face { list, index, scale } => {
                brush.scale = scale as i32;
                let renderer = list.face(index).renderer;
                // A character without ink, and one that was measured and is gone, both draw nothing.
                let _ = renderer.render(
                    character,
                    Point::zero(),
                    VerticalPosition::Baseline,
                    FontColor::Transparent(BinaryColor::On),
                    brush,
                );
            }
            Shape::Unknown => {
                brush.scale = 1;
                let (width, height) = (self.advance - 3, -self.top);
                for y in 0..height {
                    for x in 0..width {
                        if x == 0 || y == 0 || x == width - 1 || y == height - 1 {
                            brush.dot(x + 1, y - height);
                        }
                    }
                }
            }
        }
    }
}

fn measured(character: char, list: List, index: usize, scale: u32) -> Option<Glyph> {
    let renderer = list.face(index).renderer;
    let size = renderer.get_rendered_dimensions(character, Point::zero(), VerticalPosition::Baseline).ok()?;
    let scaled = scale as i32;
    let (top, bottom) = match size.bounding_box {
        Some(ink) => (ink.top_left.y, ink.top_left.y + ink.size.height as i32),
        None => (0, 0),
    };
    Some(Glyph {
        advance: size.advance.x * scaled,
        top: top * scaled,
        bottom: bottom * scaled,
        shape: Shape::Face { list, index, scale },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mask::Mask;

    #[test]
    fn sizes_begin_with_the_largest_and_end_with_the_smallest() {
        let all: Vec<Font> = Font::all().collect();
        assert!(all.is_sorted_by(|one, next| one.height() >= next.height()));
        assert_eq!(all.last(), Some(&Font::SMALLEST));
    }

    #[test]
    fn what_no_face_knows_is_an_empty_box() {
        let glyph = Font::SMALLEST.glyph('\u{10ffff}');
        assert_eq!(glyph.shape, Shape::Unknown);
        let mut mask = Mask::new(glyph.advance as usize, (-glyph.top) as usize);
        glyph.draw('\u{10ffff}', &mut mask.brush(0, -glyph.top));
        assert_eq!(mask.row(0, 0..mask.width()), [0, 1, 1, 1, 0, 0]);
        assert_eq!(mask.row(1, 0..mask.width()), [0, 1, 0, 1, 0, 0]);
    }

    proptest! {
        #[test]
        fn every_character_is_drawn_between_its_top_and_bottom(character in any::<char>(), size in any::<prop::sample::Index>()) {
            let all: Vec<Font> = Font::all().filter(|font| font.height() <= 128).collect();
            let glyph = size.get(&all).glyph(character);
            let (width, height, baseline) = (600, 600, 300);
            let mut mask = Mask::new(width, height);
            glyph.draw(character, &mut mask.brush(100, baseline));
            let inked = (0..height as i32).filter(|y| mask.row(*y as usize, 0..width).contains(&1));
            for y in inked {
                prop_assert!((glyph.top..glyph.bottom).contains(&(y - baseline)), "{y}");
            }
        }
    }
}
