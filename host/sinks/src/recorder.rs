//! What recordings share: every picture counts, so they stand in a bounded queue before a thread that encodes.
//!
//! Invariant: the queue holds at most 64 MiB of pixels; what does not fit is dropped and counted. After the first
//! error nothing more is written, and that error is what `finish` answers. `finish` takes at most about two
//! seconds: pictures that are not encoded by then are dropped, but the file gets its proper end.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use marquee_model::{PanelSize, Picture};

use crate::feed::{Tally, Worker};
use crate::{Sink, SinkError, SinkReport};

/// How long queued pictures are still encoded after the end.
const DRAIN: Duration = Duration::from_millis(1000);
/// How long the thread is waited for.
const LIMIT: Duration = Duration::from_millis(2000);
/// The most pixels that wait in a queue, in bytes.
const QUEUE_BYTES: usize = 64 << 20;

/// A format to record in. Lives on the sink's thread.
pub(crate) trait Recording: Send + 'static {
    /// Writes one picture; `received` is when the render thread handed it over.
    fn write(&mut self, picture: &Picture, received: Instant) -> Result<(), SinkError>;
    /// Writes what a complete recording needs at its end; `ended` is when the end was asked for.
    fn finish(self, ended: Instant) -> Result<(), SinkError>;
}

/// The sink around a [`Recording`].
#[derive(Debug)]
pub(crate) struct RecordSink {
    queue: SyncSender<(Picture, Instant)>,
    ended: Arc<OnceLock<Instant>>,
    tally: Arc<Tally>,
    worker: Worker,
}

impl RecordSink {
    /// Starts the thread, with room for `most` pictures, fewer where pictures are big.
    pub(crate) fn start(
        name: String,
        recording: impl Recording,
        size: PanelSize,
        most: usize,
    ) -> Result<Self, SinkError> {
        let room = (QUEUE_BYTES / size.bytes()).clamp(4, most);
        let (queue, pictures) = sync_channel(room);
        let ended = Arc::new(OnceLock::new());
        let tally = Arc::new(Tally::default());
        let (its_end, its_tally) = (Arc::clone(&ended), Arc::clone(&tally));
        let worker = Worker::spawn(name, move || record(recording, &pictures, &its_end, &its_tally))?;
        Ok(Self { queue, ended, tally, worker })
    }
}

fn record(
    mut recording: impl Recording,
    pictures: &Receiver<(Picture, Instant)>,
    ended: &OnceLock<Instant>,
    tally: &Tally,
) -> Result<(), SinkError> {
    let mut failed = None;
    for (picture, received) in pictures {
        let too_late = ended.get().is_some_and(|ended| ended.elapsed() > DRAIN);
        if failed.is_some() || too_late {
            tally.dropped_one();
            continue;
        }
        match recording.write(&picture, received) {
            Ok(()) => tally.took_one(),
            Err(error) => {
                tally.dropped_one();
                tally.set_error(&error);
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) => Err(error),
        None => recording.finish(ended.get().copied().unwrap_or_else(Instant::now)),
    }
}

impl Sink for RecordSink {
    fn present(&mut self, picture: &Picture) {
        match self.queue.try_send((picture.clone(), Instant::now())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.tally.dropped_one(),
        }
    }

    fn report(&self) -> SinkReport {
        self.tally.report()
    }

    fn finish(self: Box<Self>) -> Result<(), SinkError> {
        let Self { queue, ended, worker, .. } = *self;
        let _first_time = ended.set(Instant::now());
        drop(queue);
        worker.finish(LIMIT)
    }
}
