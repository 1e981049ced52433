//! The one trait behind which all sinks stand, what a sink says of itself, and why one fails.
//!
//! Invariant: [`Sink::present`] returns within microseconds: it stores or drops, and never does I/O.

use std::io;
use std::path::PathBuf;

use marquee_model::Picture;

use crate::PanelClock;

/// Takes finished pictures somewhere.
pub trait Sink: Send {
    /// Takes the next picture, or drops it. Called on the render thread with pictures that differ from the one
    /// before; returns within microseconds, never blocks and never fails: what goes wrong is in [`Sink::report`].
    fn present(&mut self, picture: &Picture);

    /// What became of the pictures so far. Cheap; any time.
    fn report(&self) -> SinkReport;

    /// The clock of the panel behind this sink, if it has one.
    fn clock(&self) -> Option<PanelClock> {
        None
    }

    /// Writes what is still to be written and ends the sink's thread. Takes at most a few seconds, also when the
    /// other side no longer answers. The picture presented last is still shown or written, so a host that wants to
    /// leave the panel dark presents a black one first.
    ///
    /// # Errors
    /// The last thing that went wrong, where the result is not what the operator asked for.
    fn finish(self: Box<Self>) -> Result<(), SinkError>;
}

/// What a sink says of itself; the counts run from its opening.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkReport {
    /// Pictures that went where they should.
    pub pictures: u64,
    /// Pictures that were skipped because the sink was still busy, or could not be written.
    pub dropped: u64,
    /// What is wrong now, in one sentence, if something is.
    pub error: Option<String>,
}

/// Why a sink cannot be opened or finished.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Standard output is a file or a pipe.
    #[error(
        "standard output is no terminal: start from a terminal, or use --panel web or --panel record:FILE.gif"
    )]
    NoTerminal,
    /// The terminal cannot be written to.
    #[error("the terminal cannot be written to")]
    Terminal(#[source] io::Error),
    /// A file or folder of a recording cannot be written.
    #[error("the recording cannot be written at {path}: check that the folder exists and is writable")]
    Write {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A picture cannot be encoded.
    #[error("a picture of the recording {path} cannot be encoded: {reason}")]
    Encode {
        /// Which recording.
        path: PathBuf,
        /// What the encoder says.
        reason: String,
    },
    /// The folder of a recording has something else in it.
    #[error("the folder {path} holds {found:?}, which is no earlier recording: name a new or empty folder")]
    FolderInUse {
        /// The folder.
        path: PathBuf,
        /// One of the things in it.
        found: String,
    },
    /// No picture came before the end.
    #[error("nothing was recorded in {path}: no picture came before the end")]
    NothingRecorded {
        /// The recording.
        path: PathBuf,
    },
    /// The sink's thread is busy and was left behind.
    #[error("the sink {sink} did not finish within {seconds} s and was left unfinished")]
    Unfinished {
        /// Which sink.
        sink: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A thread or another resource of the system cannot be had.
    #[error("the sink {sink} cannot be started: the system has no room for another thread or descriptor")]
    Resources {
        /// Which sink.
        sink: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}
