//! `hub75`: the panel, through the panel process.
//!
//! Invariant: the panel process may come, go and come back at any time; the render thread never notices, and the
//! newest picture is on the panel as soon as there is one again. Pixels cross as they are: brightness goes as a
//! message of its own, because the panel dims in linear light.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use marquee_frames::{DRAWN, FrameInfo, FramesError};
use marquee_link::{LinkError, Received};
use marquee_model::{PanelSize, Picture};
use marquee_panel_link::{ConnectError, HostMessage, PanelConnection, connect};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::feed::{Mailbox, Tally, Worker};
use crate::{PanelClock, Sink, SinkError, SinkReport};

/// How long the panel process has to answer a greeting.
const GREETING: Duration = Duration::from_secs(1);
/// The first and the longest pause between attempts to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// How long the thread is waited for at the end; longer than a greeting.
const LIMIT: Duration = Duration::from_secs(2);

/// The client of the panel process.
#[derive(Debug)]
pub(crate) struct Hub75Sink {
    mailbox: Arc<Mailbox>,
    tally: Arc<Tally>,
    clock: PanelClock,
    worker: Option<Worker>,
}

impl Hub75Sink {
    /// Starts the thread; it connects when the panel process is there. `fps` is how often the host draws at most.
    pub(crate) fn start(socket: PathBuf, name: String, size: PanelSize, fps: u16) -> Result<Self, SinkError> {
        let no_room = |source| SinkError::Resources { sink: "hub75".to_owned(), source };
        let mailbox = Arc::new(Mailbox::new().map_err(no_room)?);
        let tally = Arc::new(Tally::default());
        let clock = PanelClock::new().map_err(no_room)?;
        let mut client = Client {
            socket,
            name,
            size,
            fps,
            mailbox: Arc::clone(&mailbox),
            tally: Arc::clone(&tally),
            clock: clock.clone(),
            newest: None,
        };
        let worker = Worker::spawn("hub75".to_owned(), move || {
            client.run();
            Ok(())
        })?;
        Ok(Self { mailbox, tally, clock, worker: Some(worker) })
    }

    fn end(&mut self) -> Result<(), SinkError> {
        self.mailbox.close();
        self.worker.take().map_or(Ok(()), |worker| worker.finish(LIMIT))
    }
}

impl Sink for Hub75Sink {
    fn present(&mut self, picture: &Picture) {
        if self.mailbox.put(picture.clone()) {
            self.tally.dropped_one();
        }
    }

    fn report(&self) -> SinkReport {
        self.tally.report()
    }

    fn clock(&self) -> Option<PanelClock> {
        Some(self.clock.clone())
    }

    fn finish(mut self: Box<Self>) -> Result<(), SinkError> {
        self.end()
    }
}

impl Drop for Hub75Sink {
    fn drop(&mut self) {
        let _nobody_asks = self.end();
    }
}

/// Why a conversation with the panel process ended.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the panel process is gone: waiting for it to come back")]
    Gone,
    #[error("the conversation with the panel process broke: connecting again")]
    Link(#[from] LinkError),
    #[error("the panel process broke the rules of the shared memory: connecting again")]
    Frames(#[from] FramesError),
    #[error("the panel has {}x{} pixels and the host draws {host}: set size in [panel] to the panel's", .panel.0, .panel.1)]
    Size { panel: (u16, u16), host: PanelSize },
    #[error("the hub75 sink cannot wait for events: {0}")]
    System(Errno),
}

/// The sink's thread.
struct Client {
    socket: PathBuf,
    name: String,
    size: PanelSize,
    fps: u16,
    mailbox: Arc<Mailbox>,
    tally: Arc<Tally>,
    clock: PanelClock,
    /// The newest picture, shown again when the panel process comes back.
    newest: Option<Picture>,
}

impl Client {
    fn run(&mut self) {
        let mut pause = PAUSES.0;
        while !self.mailbox.is_closed() {
            let lost = match connect(&self.socket, &self.name, self.fps, GREETING) {
                Ok(mut connection) if connection.panel.size == (self.size.width(), self.size.height()) => {
                    tracing::info!(panel = connection.panel.description, "the panel process is there");
                    self.tally.clear_error();
                    pause = PAUSES.0;
                    match self.converse(&mut connection) {
                        Ok(()) => return,
                        Err(lost) => lost,
                    }
                }
                Ok(connection) => Lost::Size { panel: connection.panel.size, host: self.size },
                Err(error) => Lost::Connect(error),
            };
            self.say(&lost);
            self.rest(pause);
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Puts the reason into the report, and into the log if it is another one than before.
    fn say(&self, lost: &Lost) {
        if self.tally.set_error(lost) {
            tracing::warn!("{}", self.tally.report().error.unwrap_or_default());
        }
    }

    /// Waits a while, or until the end (which unparks). Pictures that come meanwhile stay in the mailbox, the newest
    /// only.
    fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.mailbox.is_closed() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::park_timeout(left);
        }
    }

    /// Shows pictures until the sink is closed (`Ok`) or the panel process is lost.
    fn converse(&mut self, connection: &mut PanelConnection) -> Result<(), Lost> {
        let mut dimmed = None;
        if let Some(picture) = self.newest.clone() {
            show(connection, &picture, &mut dimmed)?;
        }
        loop {
            let mut ready = [
                PollFd::new(&*self.mailbox, PollFlags::IN),
                PollFd::from_borrowed_fd(connection.frames.tick_event(), PollFlags::IN),
                PollFd::new(&connection.link, PollFlags::IN),
            ];
            match poll(&mut ready, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(Lost::System(errno)),
            }
            let [picture, tick, word] = ready.map(|fd| !fd.revents().is_empty());
            // A tick that a picture has answered before it was heard is none any more.
            if tick && connection.frames.drain_tick_event() > 0 && connection.frames.tick().is_some() {
                self.clock.tick();
            }
            if picture {
                if let Some(picture) = self.mailbox.take() {
                    show(connection, &picture, &mut dimmed)?;
                    self.tally.took_one();
                    self.newest = Some(picture);
                }
                if self.mailbox.is_closed() {
                    return Ok(());
                }
            }
            if word {
                match connection.link.try_recv()? {
                    Received::Closed => return Err(Lost::Gone),
                    Received::Packet(_) | Received::Empty => {} // for later versions
                }
            }
        }
    }
}

/// Publishes one picture, and its brightness if that is another one.
fn show(connection: &mut PanelConnection, picture: &Picture, dimmed: &mut Option<u8>) -> Result<(), Lost> {
    let percent = picture.brightness.min(100);
    if *dimmed != Some(percent) {
        connection.link.try_send(&HostMessage::Brightness { percent }.encode(), &[])?;
        *dimmed = Some(percent);
    }
    let frames = &mut connection.frames;
    let answers = frames.tick().map(|tick| tick.seq);
    let pixels = frames.begin();
    if pixels.len() != picture.rgb.len() {
        return Ok(()); // a picture of another size: the stage is being rebuilt, the next one will fit
    }
    pixels.copy_from_slice(&picture.rgb);
    let size = frames.size();
    frames.publish(FrameInfo { seq: answers.unwrap_or(0), size, outcome: DRAWN, ..FrameInfo::default() })?;
    Ok(())
}
