//! What the panel showed, as the recording sink wrote it down.
//!
//! Invariant: only whole lines are read; times are the host's own, in milliseconds since its start.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One picture of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// When it was on the panel.
    pub at_ms: f64,
    /// Whose it was.
    pub plugin: Option<String>,
    path: PathBuf,
}

impl Picture {
    /// Its pixels: rows from the top, red, green, blue.
    ///
    /// # Panics
    /// When the file is not a PNG image.
    #[must_use]
    pub fn pixels(&self) -> Vec<u8> {
        read_png(&self.path)
    }

    /// What the test plugin wrote into its first pixels: hue, letter of the build, number of the frame.
    #[must_use]
    pub fn signature(&self) -> Option<(u8, char, u32)> {
        let pixels = self.pixels();
        let number = u32::from_be_bytes([0, pixels[3], pixels[4], pixels[5]]);
        (pixels[2] == 0x5A).then(|| (pixels[0], char::from(pixels[1]), number))
    }
}

/// The pixels of a PNG file without transparency.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn read_png(path: &Path) -> Vec<u8> {
    let file = BufReader::new(File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    let mut reader = png::Decoder::new(file).read_info().expect("the file is a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a bearable size")];
    reader.next_frame(&mut pixels).expect("the PNG is whole");
    pixels
}

/// A moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Mark(pub f64);

/// A recording, as far as it is written.
#[derive(Debug, Clone)]
pub struct Recording {
    folder: PathBuf,
}

impl Recording {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// All pictures so far.
    ///
    /// # Panics
    /// When a line is not what the recording's description says.
    #[must_use]
    pub fn pictures(&self) -> Vec<Picture> {
        let text = fs::read_to_string(self.folder.join("frames.jsonl")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| self.picture(line)).collect()
    }

    fn picture(&self, line: &str) -> Picture {
        let value: Value = serde_json::from_str(line).expect("each line is JSON");
        Picture {
            at_ms: value["at_ms"].as_f64().expect("each line has a time"),
            plugin: value["plugin"].as_str().map(str::to_owned),
            path: self.folder.join(value["file"].as_str().expect("each line names a file")),
        }
    }

    /// The last picture.
    #[must_use]
    pub fn last(&self) -> Option<Picture> {
        self.pictures().pop()
    }

    /// The moment of the last picture.
    #[must_use]
    pub fn now(&self) -> Mark {
        Mark(self.last().map_or(0.0, |picture| picture.at_ms))
    }

    /// The pictures from one moment to another.
    #[must_use]
    pub fn between(&self, from: Mark, to: Mark) -> Vec<Picture> {
        let mut pictures = self.pictures();
        pictures.retain(|picture| (from.0..=to.0).contains(&picture.at_ms));
        pictures
    }

    /// The longest time without a new picture between two moments, in milliseconds.
    #[must_use]
    pub fn longest_gap(&self, from: Mark, to: Mark) -> f64 {
        let times: Vec<f64> = self.between(from, to).iter().map(|picture| picture.at_ms).collect();
        times.windows(2).map(|two| two[1] - two[0]).fold(0.0, f64::max)
    }

    /// Who was on the panel, one after the other.
    #[must_use]
    pub fn order(&self, from: Mark, to: Mark) -> Vec<String> {
        let mut order: Vec<String> =
            self.between(from, to).into_iter().map(|picture| picture.plugin.unwrap_or_default()).collect();
        order.dedup();
        order
    }

    /// "Panel fine": after `fault` the longest gap is at most the larger of 100 ms and three times the longest gap of
    /// the same run before; and of `rotation` nobody is out of turn (others may be among them, or missing).
    ///
    /// # Panics
    /// When the panel was not fine.
    #[track_caller]
    pub fn assert_fine(&self, begin: Mark, fault: Mark, end: Mark, rotation: &[&str]) {
        let allowed = (self.longest_gap(begin, fault) * 3.0).max(100.0);
        let found = self.longest_gap(fault, end);
        let order = self.order(fault, end);
        assert!(end.0 - fault.0 > 300.0, "the recording goes on after the fault: {fault:?} to {end:?}");
        assert!(found <= allowed, "a gap of {found:.0} ms, allowed are {allowed:.0} ms; order {order:?}");
        self.assert_order(&order, rotation);
    }

    #[track_caller]
    fn assert_order(&self, order: &[String], rotation: &[&str]) {
        let mut good: Vec<&str> =
            order.iter().map(String::as_str).filter(|name| rotation.contains(name)).collect();
        good.dedup();
        for two in good.windows(2) {
            let place = |name: &str| rotation.iter().position(|one| *one == name);
            let next = place(two[0]).map(|at| (at + 1) % rotation.len());
            assert_eq!(next, place(two[1]), "after {} comes {}: {order:?}", two[0], two[1]);
        }
    }
}
