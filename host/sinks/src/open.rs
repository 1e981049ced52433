//! From the name of a sink to the sink.
//!
//! Invariant: what can be refused is refused here, before the host says that it runs; a panel process that is not
//! there yet is not refused, because it may come.

use std::path::PathBuf;

use marquee_model::PanelSize;

use crate::gif_file::GifFile;
use crate::hub75::Hub75Sink;
use crate::nothing::Nothing;
use crate::png_dir::PngDir;
use crate::recorder::RecordSink;
use crate::terminal::TerminalSink;
use crate::{Sink, SinkError, SinkSpec, WebSink};

/// Pictures that may wait for a GIF's encoder, and for PNG files.
const GIF_QUEUE: usize = 256;
const PNG_QUEUE: usize = 1024;

/// What sinks need to know of the host.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Size of every picture.
    pub size: PanelSize,
    /// Frames a second at most, 1 to 120.
    pub fps: u16,
    /// The sink behind the web page, which the HTTP side subscribes to.
    pub web: WebSink,
    /// Where the panel process listens: `socket` of `[panel.hub75]`, by default
    /// [`DEFAULT_SOCKET`](marquee_panel_link::DEFAULT_SOCKET).
    pub panel_socket: PathBuf,
    /// Name and version of the host, for the log of the panel process.
    pub host_name: String,
}

/// Opens a sink; its thread, if it has one, runs from here on.
///
/// # Errors
/// What stands in the way of a terminal, a file or a folder, in one sentence. `web`, `hub75` and `none` fail only
/// when the system is out of threads or descriptors.
pub fn open(spec: &SinkSpec, setup: &Setup) -> Result<Box<dyn Sink>, SinkError> {
    let size = setup.size;
    Ok(match spec {
        SinkSpec::Web => Box::new(setup.web.clone()),
        SinkSpec::Terminal => Box::new(TerminalSink::on_stdout()?),
        SinkSpec::Hub75 => {
            Box::new(Hub75Sink::start(setup.panel_socket.clone(), setup.host_name.clone(), size, setup.fps)?)
        }
        SinkSpec::RecordGif(path) => {
            Box::new(RecordSink::start(spec.to_string(), GifFile::create(path, size)?, size, GIF_QUEUE)?)
        }
        SinkSpec::RecordDir(path) => {
            Box::new(RecordSink::start(spec.to_string(), PngDir::create(path)?, size, PNG_QUEUE)?)
        }
        SinkSpec::None => Box::new(Nothing::default()),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use marquee_model::Picture;

    use super::*;

    fn setup() -> Setup {
        let size = PanelSize::new(64, 32).unwrap();
        Setup {
            size,
            fps: 60,
            web: WebSink::new(size),
            panel_socket: "/nowhere/panel.sock".into(),
            host_name: "test".to_owned(),
        }
    }

    #[test]
    fn every_sink_that_needs_no_hardware_opens_takes_pictures_and_finishes() {
        let home = tempfile::tempdir().unwrap();
        let setup = setup();
        for spec in ["web", "none", "hub75", "record:GIF", "record:DIR"] {
            let spec = spec.replace("GIF", &format!("{}/show.gif", home.path().display()));
            let spec: SinkSpec =
                spec.replace("DIR", &format!("{}/show", home.path().display())).parse().unwrap();
            let mut sink = open(&spec, &setup).unwrap();
            for sequence in 1..=20u8 {
                let at = Duration::from_millis(20 * u64::from(sequence));
                let picture = Picture::filled(setup.size, [sequence, 0, 0]);
                sink.present(&Picture { sequence: sequence.into(), at, ..picture });
            }
            assert_eq!(sink.clock().is_some(), spec == SinkSpec::Hub75);
            sink.finish().unwrap_or_else(|error| panic!("{spec}: {error}"));
        }
        assert!(home.path().join("show.gif").is_file());
        assert!(home.path().join("show/frame-000020.png").is_file());
    }

    #[test]
    fn a_missing_panel_process_is_a_sentence_in_the_report() {
        let sink = open(&SinkSpec::Hub75, &setup()).unwrap();
        let error = loop {
            if let Some(error) = sink.report().error {
                break error;
            }
            std::thread::yield_now();
        };
        assert!(error.starts_with("no panel process listens at /nowhere/panel.sock"), "{error}");
        sink.finish().unwrap();
    }
}
