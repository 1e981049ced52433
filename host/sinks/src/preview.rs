//! Brightness as previews show it: a plain scale of the sRGB bytes.
//!
//! Invariant: the panel never gets these bytes; it dims in linear light by itself. At 100 per cent nothing is copied.

use std::borrow::Cow;

use marquee_model::Picture;

/// The bytes of a picture with its brightness applied, for the web page, the terminal and recordings.
/// Rounds to the nearest; more than 100 per cent counts as 100.
#[must_use]
pub fn preview_rgb(picture: &Picture) -> Cow<'_, [u8]> {
    if picture.brightness >= 100 {
        return Cow::Borrowed(&picture.rgb);
    }
    let percent = u16::from(picture.brightness);
    // 255 * 100 + 50 fits into 16 bits, which lets the compiler do many bytes at once.
    let scaled = picture.rgb.iter().map(|&byte| ((u16::from(byte) * percent + 50) / 100) as u8).collect();
    Cow::Owned(scaled)
}

#[cfg(test)]
mod tests {
    use marquee_model::PanelSize;

    use super::*;

    fn white(brightness: u8) -> Picture {
        Picture { brightness, ..Picture::filled(PanelSize::new(2, 1).unwrap(), [255, 100, 1]) }
    }

    #[test]
    fn full_brightness_copies_nothing() {
        assert!(matches!(preview_rgb(&white(100)), Cow::Borrowed(_)));
        assert!(matches!(preview_rgb(&white(255)), Cow::Borrowed(_)));
    }

    #[test]
    fn brightness_is_a_plain_scale() {
        assert_eq!(*preview_rgb(&white(50)), [128, 50, 1, 128, 50, 1]);
        assert_eq!(*preview_rgb(&white(0)), [0; 6]);
    }
}
