//! From a file's bytes to frames: what a file is, and what it may cost.
//!
//! Files are hostile. Before a pixel is decoded its size is checked; frames of an animation come one at a time, and
//! an animation ends where it costs too much.
//!
//! Invariant: at no time are more than [`MOST_DECODED`] bytes of decoded picture held here.

use std::io::Cursor;
use std::time::Duration;

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{AnimationDecoder, DynamicImage, Frames, ImageDecoder, ImageError, ImageFormat, Limits};

/// The longest side, in pixels.
const LONGEST_SIDE: u32 = 8192;

/// Decoded bytes of one picture, or of what an animation needs at a time.
const MOST_DECODED: u64 = 32 * 1024 * 1024;

/// Pixels of a progressive JPEG, which is held in memory several times over while it is decoded.
const MOST_PROGRESSIVE: u64 = 5_000_000;

/// Pixels of all frames of an animation together: some seconds of work.
const MOST_WORK: u64 = 120_000_000;

/// A frame that wants to be shown shorter than this is shown for [`USUAL_DELAY`], as browsers do.
const SHORTEST_DELAY: Duration = Duration::from_millis(20);
const USUAL_DELAY: Duration = Duration::from_millis(100);

/// Why a picture cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    /// Neither PNG nor JPEG nor GIF.
    #[error("it is not a PNG, JPEG or GIF file")]
    Unknown,
    /// More pixels than allowed.
    #[error("it has too many pixels ({width} by {height}): make it smaller")]
    TooLarge { width: u32, height: u32 },
    /// The decoder itself met one of the limits that it was given.
    #[error("it has too many pixels: make it smaller")]
    Limit(#[source] ImageError),
    /// Cut off, spoiled, or a kind that nobody knows.
    #[error("it cannot be decoded")]
    Spoiled(#[source] ImageError),
    /// An animation without frames.
    #[error("it has no frames")]
    Empty,
}

/// Takes decoded frames one by one; answers whether it wants more.
pub(crate) trait Taker {
    /// A frame, how it is to be turned, how long it stays.
    fn take(&mut self, frame: DynamicImage, turned: Orientation, delay: Duration) -> bool;
}

/// Decodes a file, frame by frame.
pub(crate) fn decode(bytes: &[u8], taker: &mut impl Taker) -> Result<(), DecodeError> {
    let file = Cursor::new(bytes);
    match image::guess_format(bytes) {
        Ok(ImageFormat::Gif) => {
            let mut decoder = GifDecoder::new(file).map_err(failed)?;
            // Canvas, the frame before and the frame are held at once.
            check(&decoder, 3)?;
            decoder.set_limits(limits()).map_err(failed)?;
            let pixels = pixels(&decoder);
            animation(decoder.into_frames(), pixels, taker)
        }
        Ok(ImageFormat::Png) => {
            let decoder = PngDecoder::with_limits(file, limits()).map_err(failed)?;
            check(&decoder, 1)?;
            if decoder.is_apng().map_err(failed)? {
                check(&decoder, 3)?;
                let pixels = pixels(&decoder);
                let frames = decoder.apng().map_err(failed)?.into_frames();
                return animation(frames, pixels, taker);
            }
            still(decoder, taker)
        }
        Ok(ImageFormat::Jpeg) => {
            let mut decoder = JpegDecoder::new(file).map_err(failed)?;
            check(&decoder, 1)?;
            if is_progressive(bytes) && pixels(&decoder) > MOST_PROGRESSIVE {
                let (width, height) = decoder.dimensions();
                return Err(DecodeError::TooLarge { width, height });
            }
            decoder.set_limits(limits()).map_err(failed)?;
            still(decoder, taker)
        }
        _ => Err(DecodeError::Unknown),
    }
}

fn failed(error: ImageError) -> DecodeError {
    match error {
        ImageError::Limits(_) => DecodeError::Limit(error),
        error => DecodeError::Spoiled(error),
    }
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_DECODED);
    limits
}

/// Refuses what would take more than its share; `copies` are held at once.
fn check(decoder: &impl ImageDecoder, copies: u64) -> Result<(), DecodeError> {
    let (width, height) = decoder.dimensions();
    let fits = width <= LONGEST_SIDE && height <= LONGEST_SIDE && width > 0 && height > 0;
    if fits && decoder.total_bytes().saturating_mul(copies) <= MOST_DECODED {
        return Ok(());
    }
    Err(DecodeError::TooLarge { width, height })
}

fn pixels(decoder: &impl ImageDecoder) -> u64 {
    let (width, height) = decoder.dimensions();
    u64::from(width) * u64::from(height)
}

fn still(mut decoder: impl ImageDecoder, taker: &mut impl Taker) -> Result<(), DecodeError> {
    // A photograph whose note about its orientation is spoiled is still a photograph.
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
    taker.take(picture, turned, USUAL_DELAY);
    Ok(())
}

fn animation(frames: Frames<'_>, pixels: u64, taker: &mut impl Taker) -> Result<(), DecodeError> {
    let most = MOST_WORK / pixels.max(1);
    let mut taken = 0;
    for frame in frames {
        let frame = match frame {
            Ok(frame) => frame,
            // What came before a cut or spoiled frame is worth showing.
            Err(_) if taken > 0 => break,
            Err(error) => return Err(failed(error)),
        };
        let delay = delay(frame.delay().numer_denom_ms());
        taken += 1;
        let more =
            taker.take(DynamicImage::ImageRgba8(frame.into_buffer()), Orientation::NoTransforms, delay);
        if !more {
            break;
        }
        if taken >= most.max(1) {
            marquee_plugin_api::log::warn!(
                "an animation is cut after {taken} frames: it has too many for its size"
            );
            break;
        }
    }
    if taken == 0 { Err(DecodeError::Empty) } else { Ok(()) }
}

fn delay((numerator, denominator): (u32, u32)) -> Duration {
    let micros = u64::from(numerator) * 1000 / u64::from(denominator.max(1));
    let delay = Duration::from_micros(micros);
    if delay < SHORTEST_DELAY { USUAL_DELAY } else { delay }
}

/// Whether a JPEG file is a progressive one: its frame header is marked `SOF2` (ITU T.81, table B.1).
fn is_progressive(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xff, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            0xc2 | 0xc6 | 0xca | 0xce => return true,
            // The picture itself begins.
            0xda => return false,
            // A fill byte before a marker.
            0xff => at += 1,
            // Markers without a length.
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => at += 2 + usize::from(u16::from_be_bytes([*high, *low])).max(2),
        }
    }
    // Not a file that anybody can read; being careful costs nothing.
    true
}
