//! From a message and a panel to lines of glyphs in a font: still if it fits, one long line if not.
//!
//! Invariant: what is still fits the panel; what moves is one line.

use marquee_lettering::{Font, Glyphs, Line};

use crate::settings::{Scroll, Settings, TextSize};

/// Lines lower than this are not readable; the text scrolls in a larger font instead.
const LOWEST_LINE: u32 = 8;

/// A message, laid out.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) glyphs: Glyphs,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// Lines, each with the row of its baseline; to be centred.
    Still(Vec<(i32, Line)>),
    /// One line on this baseline, too long for the panel.
    Moving(i32, Line),
}

impl Layout {
    pub(crate) fn new(settings: &Settings, width: u32, height: u32) -> Self {
        let wanted = match settings.size {
            TextSize::Small => height / 2,
            TextSize::Medium => height * 3 / 4,
            TextSize::Large => height,
        };
        let lines = lines(&settings.text);
        if settings.scroll == Scroll::WhenNeeded {
            // A message may be set a good deal smaller than wanted if that saves it from scrolling.
            let lowest = (wanted * 11 / 20 / lines.len().clamp(1, 4) as u32).max(LOWEST_LINE);
            let still = Font::all()
                .filter(|font| font.height() <= wanted.max(LOWEST_LINE) && font.height() >= lowest)
                .find_map(|font| still(font, &lines, width, height));
            if let Some(still) = still {
                return still;
            }
        }
        moving(&lines.join("   "), wanted, height)
    }
}

fn still(font: Font, lines: &[String], width: u32, height: u32) -> Option<Layout> {
    // Cheap to see, and spares measuring a novel in every font.
    let total: usize = lines.iter().map(String::len).sum();
    if total > 4 * (width as usize) * lines.len() || lines.len() > height as usize {
        return None;
    }
    let mut glyphs = Glyphs::new(font);
    let lines: Vec<Line> = lines.iter().map(|line| glyphs.line(visible(line))).collect();
    let step = font.height() as i32 + if lines.len() > 1 { 1 } else { 0 };
    let top = lines.first().map_or(0, |line| line.top);
    let bottom = lines.last().map_or(0, |line| line.bottom) + step * (lines.len() as i32 - 1);
    let fits = lines.iter().all(|line| line.width <= width as i32) && bottom - top <= height as i32;
    let first = (height as i32 - (bottom - top)) / 2 - top;
    let lines = lines.into_iter().enumerate().map(|(n, line)| (first + step * n as i32, line)).collect();
    fits.then_some(Layout { glyphs, kind: Kind::Still(lines) })
}

fn moving(text: &str, wanted: u32, height: u32) -> Layout {
    let set = |font| {
        let mut glyphs = Glyphs::new(font);
        let line = glyphs.line(visible(text));
        (glyphs, line)
    };
    let (glyphs, line) = Font::all()
        .filter(|font| font.height() <= wanted.max(LOWEST_LINE))
        .map(set)
        .find(|(_, line)| line.bottom - line.top <= height as i32)
        .unwrap_or_else(|| set(Font::SMALLEST));
    let baseline = (height as i32 - (line.bottom - line.top)) / 2 - line.top;
    Layout { glyphs, kind: Kind::Moving(baseline, line) }
}

/// The lines of a message, without control characters and the blank lines around them.
fn lines(text: &str) -> Vec<String> {
    let clean = |line: &str| line.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim().lines().map(clean).collect()
}

/// The characters of a text that are to be seen.
fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !is_invisible(*c))
}

/// Characters that only tell software how to join or order others.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(text: &str, width: u32, height: u32) -> Layout {
        Layout::new(&Settings { text: text.to_owned(), ..Settings::default() }, width, height)
    }

    #[test]
    fn a_short_message_is_still_and_a_long_one_moves() {
        assert!(matches!(layout("Hi", 64, 32).kind, Kind::Still(lines) if lines.len() == 1));
        assert!(matches!(layout("one\ntwo", 64, 64).kind, Kind::Still(lines) if lines.len() == 2));
        assert!(matches!(layout("a message that cannot fit here", 64, 32).kind, Kind::Moving(..)));
        assert!(matches!(layout("", 64, 32).kind, Kind::Still(_)));
    }

    #[test]
    fn all_ink_lies_on_the_panel_from_16_rows_up() {
        for text in ["Ågypj|", "日本語 привет Ελλάδα", "日本語 привет Ελλάδα and a lot more to make it move"]
        {
            for (width, height) in [(32, 16), (64, 32), (128, 64), (256, 64), (256, 128)] {
                let layout = layout(text, width, height);
                let lines = match layout.kind {
                    Kind::Still(lines) => lines,
                    Kind::Moving(baseline, line) => vec![(baseline, line)],
                };
                for (baseline, line) in lines {
                    assert!(baseline + line.top >= 0, "{text} {width}x{height}");
                    assert!(baseline + line.bottom <= height as i32, "{text} {width}x{height}");
                }
            }
        }
    }
}
