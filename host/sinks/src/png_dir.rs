//! `record:FOLDER`: each picture as a PNG file, and a line about it in `frames.jsonl`.
//!
//! Invariant: a line is in `frames.jsonl` only when its PNG is written whole, so whoever follows that file can open
//! what it names. The folder holds one recording and nothing else; an earlier recording in it is replaced.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use marquee_model::{InstanceName, Picture};
use serde::Serialize;

use crate::recorder::Recording;
use crate::{SinkError, preview_rgb};

/// The list of pictures beside the PNG files.
const LIST: &str = "frames.jsonl";

/// A line of the list.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    sequence: u32,
    at_ms: f64,
    plugin: Option<&'a InstanceName>,
}

/// A folder that is being filled.
#[derive(Debug)]
pub(crate) struct PngDir {
    folder: PathBuf,
    list: File,
    count: u32,
}

impl PngDir {
    /// Makes the folder, or empties it of an earlier recording.
    pub(crate) fn create(folder: &Path) -> Result<Self, SinkError> {
        fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        for name in earlier_recording(folder)? {
            let path = folder.join(name);
            fs::remove_file(&path).map_err(|source| failed(&path, source))?;
        }
        let path = folder.join(LIST);
        let list = File::create_new(&path).map_err(|source| failed(&path, source))?;
        Ok(Self { folder: folder.to_owned(), list, count: 0 })
    }
}

/// The names in the folder, if all of them are those of a recording.
fn earlier_recording(folder: &Path) -> Result<Vec<String>, SinkError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| failed(folder, source))? {
        let entry = entry.map_err(|source| failed(folder, source))?;
        let name = entry.file_name();
        let is_file = entry.file_type().map_err(|source| failed(&entry.path(), source))?.is_file();
        match name.to_str() {
            Some(name) if is_file && (name == LIST || is_frame(name)) => names.push(name.to_owned()),
            _ => {
                let found = name.to_string_lossy().into_owned();
                return Err(SinkError::FolderInUse { path: folder.to_owned(), found });
            }
        }
    }
    Ok(names)
}

/// Whether this is `frame-` with at least six digits and `.png`.
fn is_frame(name: &str) -> bool {
    name.strip_prefix("frame-")
        .and_then(|rest| rest.strip_suffix(".png"))
        .is_some_and(|number| number.len() >= 6 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn failed(path: &Path, source: io::Error) -> SinkError {
    SinkError::Write { path: path.to_owned(), source }
}

impl Recording for PngDir {
    fn write(&mut self, picture: &Picture, _received: Instant) -> Result<(), SinkError> {
        self.count = self.count.wrapping_add(1);
        let name = format!("frame-{:06}.png", self.count);
        let path = self.folder.join(&name);
        let file = File::create(&path).map_err(|source| failed(&path, source))?;
        write_png(file, picture).map_err(|error| match error {
            png::EncodingError::IoError(source) => failed(&path, source),
            other => SinkError::Encode { path: path.clone(), reason: other.to_string() },
        })?;

        let line = Line {
            file: &name,
            sequence: picture.sequence,
            at_ms: milliseconds(picture.at),
            plugin: picture.plugin.as_ref(),
        };
        let list = self.folder.join(LIST);
        let mut text = serde_json::to_string(&line)
            .map_err(|error| SinkError::Encode { path: list.clone(), reason: error.to_string() })?;
        text.push('\n');
        // One write of a whole line: a reader never sees half of it.
        self.list.write_all(text.as_bytes()).map_err(|source| failed(&list, source))
    }

    fn finish(self, _ended: Instant) -> Result<(), SinkError> {
        Ok(()) // each picture was complete when it was written, and an empty list is a true answer
    }
}

/// Whole microseconds are exact in an `f64` for 285 years.
fn milliseconds(at: std::time::Duration) -> f64 {
    at.as_micros() as f64 / 1000.0
}

fn write_png(file: File, picture: &Picture) -> Result<(), png::EncodingError> {
    let mut out = BufWriter::new(file);
    let mut encoder = png::Encoder::new(&mut out, picture.size.width().into(), picture.size.height().into());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&preview_rgb(picture))?;
    writer.finish()?;
    out.flush().map_err(png::EncodingError::IoError)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use marquee_model::PanelSize;

    use super::*;

    fn picture(sequence: u32, colour: [u8; 3]) -> Picture {
        let size = PanelSize::new(5, 3).unwrap();
        let at = Duration::from_micros(1_234_567);
        Picture { sequence, at, plugin: "clock".parse().ok(), ..Picture::filled(size, colour) }
    }

    fn pixels(path: &Path) -> Vec<u8> {
        let mut reader =
            png::Decoder::new(io::BufReader::new(File::open(path).unwrap())).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn each_picture_is_a_png_and_a_line() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("deep/show");
        let mut dir = PngDir::create(&folder).unwrap();
        dir.write(&picture(7, [1, 2, 3]), Instant::now()).unwrap();
        dir.write(&picture(9, [250, 0, 0]), Instant::now()).unwrap();
        let lines = fs::read_to_string(folder.join(LIST)).unwrap();
        assert_eq!(
            lines.lines().next(),
            Some(r#"{"file":"frame-000001.png","sequence":7,"at_ms":1234.567,"plugin":"clock"}"#)
        );
        assert_eq!(lines.lines().count(), 2);
        assert_eq!(pixels(&folder.join("frame-000001.png")), [1, 2, 3].repeat(15));
        assert_eq!(pixels(&folder.join("frame-000002.png")), [250, 0, 0].repeat(15));
    }

    #[test]
    fn an_earlier_recording_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        let mut first = PngDir::create(home.path()).unwrap();
        for sequence in 1..=3 {
            first.write(&picture(sequence, [9; 3]), Instant::now()).unwrap();
        }
        let mut second = PngDir::create(home.path()).unwrap();
        second.write(&picture(1, [9; 3]), Instant::now()).unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_left_alone() {
        for name in ["holiday.jpg", "frame-1.png", "frame-00000x.png"] {
            let home = tempfile::tempdir().unwrap();
            fs::write(home.path().join(name), "mine").unwrap();
            fs::write(home.path().join("frame-000001.png"), "old").unwrap();
            let error = PngDir::create(home.path()).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
            assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
        }
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_refused_by_name() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        fs::write(&path, "").unwrap();
        let error = PngDir::create(&path).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }
}
