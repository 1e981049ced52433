//! One frame of a GIF: only the rectangle that changed, in as few colours as it has.
//!
//! Invariant: a frame whose changed pixels have at most 255 colours is exact; one with more is quantised, and its
//! error does not add up, because what changed is found in the pixels themselves and not in what was written.

use std::borrow::Cow;
use std::collections::HashMap;

use marquee_model::PanelSize;

/// Quality against speed of the quantiser, 1 (slow) to 10 (its documentation's compromise): it learns from every
/// so-many-th pixel, and a small picture has none to spare.
fn quantiser_speed(pixels: usize) -> i32 {
    i32::try_from(pixels / 4096).unwrap_or(10).clamp(1, 10)
}

/// A rectangle in pixels; right and bottom are outside.
#[derive(Clone, Copy)]
struct Area {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

/// Encodes `now` as the difference to `before` (all of it, if there is no before). Both have `size.bytes()` bytes.
/// A frame without any change is one pixel, which is all that a GIF needs to go on waiting.
pub(crate) fn encode(before: Option<&[u8]>, now: &[u8], size: PanelSize) -> gif::Frame<'static> {
    let width = usize::from(size.width());
    let area = match before {
        Some(before) => changed(before, now, width),
        None => Area { left: 0, top: 0, right: width, bottom: usize::from(size.height()) },
    };
    let rows = |bytes: &[u8]| -> Vec<[u8; 3]> {
        let row = |y: usize| (y * width + area.left) * 3..(y * width + area.right) * 3;
        (area.top..area.bottom)
            .flat_map(|y| bytes.get(row(y)).unwrap_or_default().as_chunks::<3>().0.to_vec())
            .collect()
    };
    let pixels = rows(now);
    let old = before.map(rows);
    let (columns, lines) = (side(area.right - area.left), side(area.bottom - area.top));
    let mut frame = exact(&pixels, old.as_deref()).unwrap_or_else(|| {
        gif::Frame::from_rgb_speed(columns, lines, pixels.as_flattened(), quantiser_speed(pixels.len()))
    });
    frame.left = side(area.left);
    frame.top = side(area.top);
    frame.width = columns;
    frame.height = lines;
    frame.dispose = gif::DisposalMethod::Keep;
    frame
}

/// A length within a panel, which is at most 1024 pixels a side.
fn side(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// The smallest rectangle around all differences; its first pixel alone if there is none.
fn changed(before: &[u8], now: &[u8], width: usize) -> Area {
    let mut area: Option<Area> = None;
    for (y, (old, new)) in before.chunks_exact(width * 3).zip(now.chunks_exact(width * 3)).enumerate() {
        if old == new {
            continue;
        }
        let differs = |x: &usize| old[x * 3..x * 3 + 3] != new[x * 3..x * 3 + 3];
        let left = (0..width).find(differs).unwrap_or(0);
        let right = (0..width).rfind(differs).unwrap_or(0) + 1;
        area = Some(match area {
            None => Area { left, top: y, right, bottom: y + 1 },
            Some(area) => {
                Area { left: area.left.min(left), right: area.right.max(right), bottom: y + 1, ..area }
            }
        });
    }
    area.unwrap_or(Area { left: 0, top: 0, right: 1, bottom: 1 })
}

/// The pixels with a palette of their own, unchanged ones transparent; nothing if there are too many colours.
fn exact(pixels: &[[u8; 3]], old: Option<&[[u8; 3]]>) -> Option<gif::Frame<'static>> {
    let mut palette: Vec<[u8; 3]> = Vec::new();
    let mut index_of: HashMap<[u8; 3], u8> = HashMap::new();
    let mut transparent = None;
    let mut buffer = Vec::with_capacity(pixels.len());
    for (place, pixel) in pixels.iter().enumerate() {
        let unchanged = old.is_some_and(|old| old.get(place) == Some(pixel));
        let known = if unchanged { transparent } else { index_of.get(pixel).copied() };
        let index = match known {
            Some(index) => index,
            None => {
                let index = u8::try_from(palette.len()).ok()?;
                palette.push(if unchanged { [0; 3] } else { *pixel });
                if unchanged {
                    transparent = Some(index);
                } else {
                    index_of.insert(*pixel, index);
                }
                index
            }
        };
        buffer.push(index);
    }
    Some(gif::Frame {
        palette: Some(palette.into_flattened()),
        transparent,
        buffer: Cow::Owned(buffer),
        ..gif::Frame::default()
    })
}
