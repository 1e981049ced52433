//! What the operator writes after `--panel`: the name of a sink.
//!
//! Invariant: `Display` writes what `FromStr` reads, so a spec in the API is the one that was typed.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The forms that are understood, for messages.
const KNOWN: &str = "web, terminal, hub75, record:FILE.gif, record:FOLDER or none";

/// A sink by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SinkSpec {
    /// The web page: `web`.
    Web,
    /// Half blocks in the terminal that the host runs in: `terminal`.
    Terminal,
    /// The HUB75 panel, through the panel process: `hub75`.
    Hub75,
    /// An animated GIF: `record:FILE.gif`.
    RecordGif(PathBuf),
    /// A folder of PNG files: `record:FOLDER`.
    RecordDir(PathBuf),
    /// Nowhere: `none`.
    None,
}

/// Why a text is not the name of a sink.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Not one of the forms.
    #[error("there is no sink {0:?}: use {KNOWN}")]
    Unknown(String),
    /// `ddp:…`, which is planned.
    #[error("the sink ddp is not in this version: use {KNOWN}")]
    Ddp,
    /// `record:` alone.
    #[error("record: needs a file or folder after the colon: write record:FILE.gif or record:FOLDER")]
    RecordWithoutPath,
    /// `record:` with the name of a file that is no GIF.
    #[error("{0:?} is no format to record: write record:FILE.gif, or record:FOLDER for PNG frames")]
    RecordFormat(String),
}

/// Endings that say somebody wants a file in a format that cannot be recorded, not a folder of that name.
const OTHER_FORMATS: [&str; 10] = ["apng", "avi", "bmp", "jpeg", "jpg", "mkv", "mov", "mp4", "png", "webm"];

impl FromStr for SinkSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        if let Some(path) = text.strip_prefix("record:") {
            return recording(path);
        }
        match text {
            "web" => Ok(Self::Web),
            "terminal" => Ok(Self::Terminal),
            "hub75" => Ok(Self::Hub75),
            "none" => Ok(Self::None),
            "ddp" => Err(SpecError::Ddp),
            _ if text.starts_with("ddp:") => Err(SpecError::Ddp),
            _ => Err(SpecError::Unknown(text.chars().take(60).collect())),
        }
    }
}

fn recording(path: &str) -> Result<SinkSpec, SpecError> {
    if path.is_empty() {
        return Err(SpecError::RecordWithoutPath);
    }
    let ending = Path::new(path).extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    if ending == "gif" {
        Ok(SinkSpec::RecordGif(path.into()))
    } else if OTHER_FORMATS.contains(&ending.as_str()) {
        Err(SpecError::RecordFormat(ending))
    } else {
        Ok(SinkSpec::RecordDir(path.into()))
    }
}

impl fmt::Display for SinkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web => f.write_str("web"),
            Self::Terminal => f.write_str("terminal"),
            Self::Hub75 => f.write_str("hub75"),
            Self::RecordGif(path) | Self::RecordDir(path) => write!(f, "record:{}", path.display()),
            Self::None => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_written_as_it_is_read() {
        for text in
            ["web", "terminal", "hub75", "none", "record:show.gif", "record:frames", "record:/a b/x.GIF"]
        {
            assert_eq!(text.parse::<SinkSpec>().unwrap().to_string(), text);
        }
        assert_eq!("record:a.GIF".parse(), Ok(SinkSpec::RecordGif("a.GIF".into())));
        assert_eq!("record:v1.2".parse(), Ok(SinkSpec::RecordDir("v1.2".into())));
    }

    #[test]
    fn a_wrong_spec_is_refused_with_the_known_ones() {
        let message = |text: &str| text.parse::<SinkSpec>().unwrap_err().to_string();
        assert_eq!(
            message("browser"),
            "there is no sink \"browser\": use web, terminal, hub75, record:FILE.gif, record:FOLDER or none"
        );
        assert!(message("ddp:10.0.0.2:4048").contains("not in this version"));
        assert!(message("record:").contains("after the colon"));
        assert!(message("record:show.mp4").contains("no format to record"));
        assert!(message("").contains("no sink"));
    }
}
