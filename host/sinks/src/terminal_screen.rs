//! What has to be written so that a terminal shows a picture: only the cells that changed.
//!
//! Invariant: pure; it knows nothing of descriptors. A cell holds two pixels, the upper as the foreground and the
//! lower as the background of `▀`. What does not fit is cut off at the edges, the middle stays in the middle.

use std::io::Write as _;

use marquee_model::PanelSize;

/// Other screen, no cursor, no wrapping at the right edge, all clear.
pub(crate) const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
/// Everything back.
pub(crate) const LEAVE: &[u8] = b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

/// Colours of the upper and the lower pixel.
type Cell = ([u8; 3], [u8; 3]);

/// What the terminal shows now.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    window: (usize, usize),
    size: Option<PanelSize>,
    cells: Vec<Option<Cell>>,
}

/// One direction: how many cells are shown, from which one of the picture, at which one of the window.
struct Fit {
    count: usize,
    from: usize,
    at: usize,
}

fn fit(picture: usize, window: usize) -> Fit {
    let count = picture.min(window);
    Fit { count, from: (picture - count) / 2, at: (window - count) / 2 }
}

impl Screen {
    /// Appends what turns the present screen into this picture; nothing if it is there already. `window` is columns
    /// and rows; a terminal that does not know its size (0) counts as 80 by 24.
    pub(crate) fn update(&mut self, rgb: &[u8], size: PanelSize, window: (u16, u16), out: &mut Vec<u8>) {
        let known = |cells: u16, otherwise: usize| if cells == 0 { otherwise } else { usize::from(cells) };
        let window = (known(window.0, 80), known(window.1, 24));
        let (width, height) = (usize::from(size.width()), usize::from(size.height()));
        let (across, down) = (fit(width, window.0), fit(height.div_ceil(2), window.1));

        let start = out.len();
        // "Synchronised update": terminals that know it show the whole picture at once, others ignore it.
        out.extend_from_slice(b"\x1b[?2026h");
        let mut changed = false;
        if self.window != window || self.size != Some(size) {
            out.extend_from_slice(b"\x1b[0m\x1b[2J");
            *self = Self { window, size: Some(size), cells: vec![None; across.count * down.count] };
            changed = true;
        }

        let pixel = |x: usize, y: usize| -> [u8; 3] {
            let place = (y * width + x) * 3;
            rgb.get(place..place + 3).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
        };
        let mut colours = None;
        for row in 0..down.count {
            let mut cursor = None;
            for column in 0..across.count {
                let (x, y) = (across.from + column, (down.from + row) * 2);
                let lower = if y + 1 < height { pixel(x, y + 1) } else { [0; 3] };
                let cell = (pixel(x, y), lower);
                let Some(shown) = self.cells.get_mut(row * across.count + column) else { continue };
                if *shown == Some(cell) {
                    continue;
                }
                *shown = Some(cell);
                changed = true;
                if cursor != Some(column) {
                    let _never_fails = write!(out, "\x1b[{};{}H", down.at + row + 1, across.at + column + 1);
                }
                if colours != Some(cell) {
                    let ([r, g, b], [lr, lg, lb]) = cell;
                    let _never_fails = write!(out, "\x1b[38;2;{r};{g};{b};48;2;{lr};{lg};{lb}m");
                    colours = Some(cell);
                }
                out.extend_from_slice("▀".as_bytes());
                cursor = Some(column + 1);
            }
        }
        if changed {
            out.extend_from_slice(b"\x1b[0m\x1b[?2026l");
        } else {
            out.truncate(start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(screen: &mut Screen, rgb: &[u8], size: (u32, u32), window: (u16, u16)) -> String {
        let mut out = Vec::new();
        screen.update(rgb, PanelSize::new(size.0, size.1).unwrap(), window, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_changed_cells_are_written() {
        let mut screen = Screen::default();
        let mut rgb = vec![9; 8 * 4 * 3];
        let first = update(&mut screen, &rgb, (8, 4), (8, 2));
        assert_eq!(first.matches('▀').count(), 16);
        assert_eq!(first.matches("38;2").count(), 1, "a colour is set once: {first:?}");
        assert_eq!(update(&mut screen, &rgb, (8, 4), (8, 2)), "");
        rgb[(3 * 8 + 5) * 3] = 200;
        let second = update(&mut screen, &rgb, (8, 4), (8, 2));
        assert!(second.contains("\x1b[2;6H\x1b[38;2;9;9;9;48;2;200;9;9m▀"), "{second:?}");
        assert_eq!(second.matches('▀').count(), 1);
    }

    #[test]
    fn a_picture_is_centred_or_cut_at_the_edges() {
        let rgb: Vec<u8> = (0..8 * 4).flat_map(|n| [n, 0, 0]).collect();
        let centred = update(&mut Screen::default(), &rgb, (8, 4), (20, 10));
        assert!(centred.contains("\x1b[5;7H"), "{centred:?}");
        let cut = update(&mut Screen::default(), &rgb, (8, 4), (4, 1));
        assert_eq!(cut.matches('▀').count(), 4);
        assert!(cut.contains("\x1b[1;1H\x1b[38;2;2;0;0;48;2;10;0;0m"), "{cut:?}");
    }

    #[test]
    fn another_window_is_drawn_afresh() {
        let mut screen = Screen::default();
        let rgb = [1; 4 * 2 * 3];
        update(&mut screen, &rgb, (4, 2), (10, 5));
        let resized = update(&mut screen, &rgb, (4, 2), (0, 0));
        assert!(resized.contains("\x1b[2J") && resized.contains("\x1b[12;39H"), "{resized:?}");
    }

    #[test]
    fn the_last_row_of_an_odd_height_has_a_dark_lower_half() {
        let text = update(&mut Screen::default(), &[7; 9], (1, 3), (3, 3));
        assert!(text.contains("38;2;7;7;7;48;2;0;0;0m"), "{text:?}");
    }
}
