//! `record:FILE.gif`: an animated GIF that runs as long as what it shows.
//!
//! Invariant: the name that was asked for holds either nothing, an older file, or a complete GIF: pictures stream to
//! `FILE.gif.part`, which takes the name at the end. A killed host leaves the `.part`, which most viewers can show.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use marquee_model::{PanelSize, Picture};

use crate::gif_frame::encode;
use crate::gif_time::{LONGEST, Timeline};
use crate::recorder::Recording;
use crate::{SinkError, preview_rgb};

/// A GIF that is being written.
pub(crate) struct GifFile {
    path: PathBuf,
    part: PathBuf,
    size: PanelSize,
    encoder: gif::Encoder<BufWriter<File>>,
    timeline: Timeline<Vec<u8>>,
    /// The pixels of the frame written last.
    before: Option<Vec<u8>>,
    /// When the newest picture was put on screen, on its own clock and on this process's.
    newest: Option<(Duration, Instant)>,
}

impl GifFile {
    /// Opens `FILE.gif.part`.
    pub(crate) fn create(path: &Path, size: PanelSize) -> Result<Self, SinkError> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|source| failed(&part, source))?;
        let encoder = gif::Encoder::new(BufWriter::new(file), size.width(), size.height(), &[])
            .and_then(|mut encoder| encoder.set_repeat(gif::Repeat::Infinite).map(|()| encoder))
            .map_err(|error| not_encoded(&part, error))?;
        let timeline = Timeline::default();
        Ok(Self { path: path.to_owned(), part, size, encoder, timeline, before: None, newest: None })
    }

    /// Writes one frame with a delay in hundredths of a second, as several where one cannot hold it.
    fn frame(&mut self, pixels: Vec<u8>, mut delay: u64) -> Result<(), SinkError> {
        loop {
            let part = delay.min(LONGEST);
            delay -= part;
            let mut frame = encode(self.before.as_deref(), &pixels, self.size);
            frame.delay = u16::try_from(part).unwrap_or(u16::MAX);
            self.encoder.write_frame(&frame).map_err(|error| not_encoded(&self.part, error))?;
            if self.before.as_ref() != Some(&pixels) {
                self.before = Some(pixels.clone());
            }
            if delay == 0 {
                return Ok(());
            }
        }
    }
}

fn failed(path: &Path, source: io::Error) -> SinkError {
    SinkError::Write { path: path.to_owned(), source }
}

fn not_encoded(path: &Path, error: gif::EncodingError) -> SinkError {
    match error {
        gif::EncodingError::Io(source) => failed(path, source),
        other => SinkError::Encode { path: path.to_owned(), reason: other.to_string() },
    }
}

impl Recording for GifFile {
    fn write(&mut self, picture: &Picture, received: Instant) -> Result<(), SinkError> {
        if picture.size != self.size {
            let reason = format!("it is {} in a recording of {}", picture.size, self.size);
            return Err(SinkError::Encode { path: self.part.clone(), reason });
        }
        self.newest = Some((picture.at, received));
        match self.timeline.push(picture.at, preview_rgb(picture).into_owned()) {
            Some((pixels, delay)) => self.frame(pixels, delay),
            None => Ok(()),
        }
    }

    fn finish(mut self, ended: Instant) -> Result<(), SinkError> {
        let Some((at, received)) = self.newest else {
            let _gone_already = fs::remove_file(&self.part);
            return Err(SinkError::NothingRecorded { path: self.path });
        };
        let end = at + ended.saturating_duration_since(received);
        for (pixels, delay) in std::mem::take(&mut self.timeline).finish(end) {
            self.frame(pixels, delay)?;
        }
        let Self { path, part, encoder, .. } = self;
        let mut out = encoder.into_inner().map_err(|error| not_encoded(&part, error))?;
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(|source| failed(&part, source))?;
        fs::rename(&part, &path).map_err(|source| failed(&path, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a GIF: the whole canvas and the delay of each frame.
    fn play(path: &Path) -> Vec<(Vec<[u8; 3]>, u16)> {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(File::open(path).unwrap()).unwrap();
        let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
        let mut canvas = vec![[0; 3]; width * height];
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            for (index, pixel) in frame.buffer.chunks_exact(4).enumerate() {
                let (x, y) = (index % usize::from(frame.width), index / usize::from(frame.width));
                if pixel[3] != 0 {
                    let place = (y + usize::from(frame.top)) * width + x + usize::from(frame.left);
                    canvas[place] = [pixel[0], pixel[1], pixel[2]];
                }
            }
            frames.push((canvas.clone(), frame.delay));
        }
        frames
    }

    fn noise(size: PanelSize, seed: u32) -> Vec<u8> {
        let next = |state: &mut u32| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 24) as u8)
        };
        std::iter::successors(Some(seed), |state| Some(*state))
            .scan(seed, |s, _| next(s))
            .take(size.bytes())
            .collect()
    }

    fn picture(size: PanelSize, at_us: u64, rgb: Vec<u8>) -> Picture {
        Picture { at: Duration::from_micros(at_us), rgb: rgb.into(), ..Picture::filled(size, [0; 3]) }
    }

    fn record(pictures: &[Picture]) -> Vec<(Vec<[u8; 3]>, u16)> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("show.gif");
        let mut file = GifFile::create(&path, pictures[0].size).unwrap();
        let start = Instant::now();
        for picture in pictures {
            file.write(picture, start + picture.at).unwrap();
        }
        assert!(!path.exists());
        let last = pictures.last().unwrap();
        file.finish(start + last.at + Duration::from_millis(500)).unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        play(&path)
    }

    #[test]
    fn frames_of_few_colours_are_exact() {
        let size = PanelSize::new(16, 8).unwrap();
        let mut dot = vec![3; size.bytes()];
        dot[30..33].copy_from_slice(&[250, 1, 9]);
        let shown = [vec![3; size.bytes()], dot, vec![3; size.bytes()], noise(size, 1), noise(size, 2)];
        let pictures: Vec<_> =
            (0u64..).zip(&shown).map(|(n, rgb)| picture(size, n * 100_000, rgb.clone())).collect();
        let frames = record(&pictures);
        assert_eq!(frames.len(), shown.len());
        for (frame, rgb) in frames.iter().zip(&shown) {
            assert_eq!(frame.0.as_flattened(), rgb);
        }
        assert_eq!(frames.iter().map(|frame| frame.1).collect::<Vec<_>>(), [10, 10, 10, 10, 50]);
    }

    #[test]
    fn frames_of_many_colours_are_close() {
        let size = PanelSize::new(64, 32).unwrap();
        let gradient = |shift: usize| -> Vec<u8> {
            (0..64 * 32)
                .flat_map(|n| [(n % 64 * 4 + shift) as u8, (n / 64 * 8) as u8, ((n % 64 + n / 64) * 2) as u8])
                .collect()
        };
        let shown = [gradient(0), gradient(1)];
        let pictures = [picture(size, 0, shown[0].clone()), picture(size, 50_000, shown[1].clone())];
        for (frame, rgb) in record(&pictures).iter().zip(&shown) {
            let error: u64 =
                frame.0.as_flattened().iter().zip(rgb).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            assert!(error / (size.bytes() as u64) < 8, "mean error {}", error / size.bytes() as u64);
        }
    }

    #[test]
    fn sixty_frames_a_second_keep_their_total_time() {
        let size = PanelSize::new(2, 2).unwrap();
        let pictures: Vec<_> =
            (0..601u64).map(|n| picture(size, n * 1_000_000 / 60, vec![(n % 250) as u8; 12])).collect();
        let frames = record(&pictures);
        assert!(frames.iter().all(|frame| frame.1 >= 2), "browsers turn shorter delays into 100 ms");
        assert_eq!(frames.iter().map(|frame| u64::from(frame.1)).sum::<u64>(), 1000 + 50);
        assert!(frames.len() > 450, "{} frames", frames.len());
        assert_eq!(frames.last().unwrap().0[0], [(600 % 250) as u8; 3]);
    }

    #[test]
    fn a_picture_that_stays_longer_than_a_gif_delay_is_held_by_more_frames() {
        let size = PanelSize::new(2, 2).unwrap();
        let pictures = [picture(size, 0, vec![1; 12]), picture(size, 1_500_000_000, vec![2; 12])];
        let frames = record(&pictures);
        assert_eq!(frames.iter().map(|frame| u64::from(frame.1)).sum::<u64>(), 150_000 + 50);
        assert!(frames[..3].iter().all(|frame| frame.0 == [[1; 3]; 4]));
    }

    #[test]
    fn a_recording_without_a_picture_leaves_no_file() {
        let home = tempfile::tempdir().unwrap();
        let file = GifFile::create(&home.path().join("show.gif"), PanelSize::new(2, 2).unwrap()).unwrap();
        let error = file.finish(Instant::now()).unwrap_err();
        assert!(matches!(error, SinkError::NothingRecorded { .. }));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error =
            GifFile::create(Path::new("/nowhere/show.gif"), PanelSize::new(2, 2).unwrap()).err().unwrap();
        assert!(error.to_string().contains("/nowhere/show.gif.part"), "{error}");
    }
}
