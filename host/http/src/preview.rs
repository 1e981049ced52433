//! A picture as browsers get it: dimmed by a plain scale, then as a message of the frame socket or as PNG.
//!
//! Invariant: the bytes out fit the size stated, whatever the picture holds; `Picture` has public fields.

use axum::body::Bytes;
use marquee_model::Picture;

/// Bytes before the rows in a message of `/api/v1/frames`.
const HEADER: usize = 8;

/// A message of `/api/v1/frames`: `u16` width, `u16` height, `u32` sequence, little-endian, then the rows in RGB.
pub(crate) fn message(picture: &Picture) -> Bytes {
    let mut bytes = Vec::with_capacity(HEADER + picture.size.bytes());
    bytes.extend_from_slice(&picture.size.width().to_le_bytes());
    bytes.extend_from_slice(&picture.size.height().to_le_bytes());
    bytes.extend_from_slice(&picture.sequence.to_le_bytes());
    dim_into(&mut bytes, picture);
    Bytes::from(bytes)
}

/// The picture as an 8-bit RGB PNG. Takes about a millisecond for 256×64, so call it off the reactor.
///
/// # Errors
/// When the encoder refuses, which it has no reason to.
pub(crate) fn png(picture: &Picture) -> Result<Vec<u8>, png::EncodingError> {
    let mut rows = Vec::with_capacity(picture.size.bytes());
    dim_into(&mut rows, picture);
    let mut out = Vec::new();
    let mut encoder =
        png::Encoder::new(&mut out, u32::from(picture.size.width()), u32::from(picture.size.height()));
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&rows)?;
    writer.finish()?;
    Ok(out)
}

/// Appends exactly `size.bytes()` bytes of RGB, scaled by the brightness.
fn dim_into(out: &mut Vec<u8>, picture: &Picture) {
    let end = out.len() + picture.size.bytes();
    let rgb = &picture.rgb[..picture.rgb.len().min(picture.size.bytes())];
    let brightness = u16::from(picture.brightness.min(100));
    if brightness == 100 {
        out.extend_from_slice(rgb);
    } else {
        let mut scaled = [0_u8; 256];
        for (value, slot) in (0_u16..).zip(&mut scaled) {
            *slot = u8::try_from((value * brightness + 50) / 100).unwrap_or(u8::MAX);
        }
        out.extend(rgb.iter().map(|&value| scaled[usize::from(value)]));
    }
    out.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use marquee_model::PanelSize;
    use std::sync::Arc;

    #[test]
    fn a_message_is_a_little_endian_header_and_the_rows() {
        let mut picture = Picture::filled(PanelSize::new(3, 1).unwrap(), [200, 100, 1]);
        picture.sequence = 0x0102_0304;
        assert_eq!(message(&picture)[..], [3, 0, 1, 0, 4, 3, 2, 1, 200, 100, 1, 200, 100, 1, 200, 100, 1]);
    }

    #[test]
    fn brightness_is_a_plain_scale_in_the_preview() {
        let mut picture = Picture::filled(PanelSize::new(1, 1).unwrap(), [255, 101, 1]);
        for (brightness, rgb) in
            [(100, [255, 101, 1]), (50, [128, 51, 1]), (0, [0, 0, 0]), (250, [255, 101, 1])]
        {
            picture.brightness = brightness;
            assert_eq!(message(&picture)[8..], rgb, "{brightness} %");
        }
    }

    #[test]
    fn a_picture_with_the_wrong_number_of_bytes_still_makes_a_message_of_its_size() {
        let mut picture = Picture::filled(PanelSize::new(2, 2).unwrap(), [9, 9, 9]);
        for bytes in [0, 5, 100] {
            picture.rgb = Arc::from(vec![9_u8; bytes]);
            assert_eq!(message(&picture).len(), 8 + 12);
            assert!(png(&picture).is_ok());
        }
    }
}
