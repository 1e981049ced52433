//! The way to the render thread, for everybody else.
//!
//! Invariant: every call returns at once; messages arrive in order.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, thread};

use jiff::tz::TimeZone;
use marquee_model::{InstanceName, PanelSize};
use marquee_runtime::{Joining, ProcessKey, Screen};
use marquee_sinks::{Sink, SinkSpec};
use marquee_stage::{Entry, Transition};
use rustix::event::{EventfdFlags, eventfd};

use super::board::Board;
use super::render::Render;

/// What the screen is made from.
#[derive(Debug, Clone)]
pub struct ScreenConfig {
    /// Size of every picture.
    pub size: PanelSize,
    /// Frames a second, 1 to 120.
    pub fps: u16,
    /// How one plugin gives way to the next.
    pub transition: Transition,
    /// 0 to 100 per cent; applied by the sinks.
    pub brightness: u8,
    /// How long one draw may take.
    pub draw_limit: Duration,
    /// The panel's time zone.
    pub zone: TimeZone,
}

/// A sink with the name that the operator gave it.
pub struct OpenSink {
    /// As the operator wrote it.
    pub spec: SinkSpec,
    /// The sink.
    pub sink: Box<dyn Sink>,
}

impl std::fmt::Debug for OpenSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenSink").field("spec", &self.spec).finish_non_exhaustive()
    }
}

/// A message to the render thread.
pub(crate) enum Message {
    Joins(Box<Joining>),
    Leaves(InstanceName, ProcessKey),
    News(ProcessKey),
    Rotation(Vec<Entry>),
    /// End; whether a panel shall go dark.
    Stop {
        blank: bool,
    },
}

/// Messages on their way, and what wakes the thread for them.
pub(crate) struct Inbox {
    queue: Mutex<VecDeque<Message>>,
    bell: OwnedFd,
}

impl Inbox {
    fn new() -> io::Result<Self> {
        Ok(Self {
            queue: Mutex::default(),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })
    }

    fn push(&self, message: Message) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(message);
        // Fails only when the counter is full, and then the thread is awake.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    pub(crate) fn pop(&self) -> Option<Message> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    pub(crate) fn bell(&self) -> &OwnedFd {
        &self.bell
    }

    pub(crate) fn silence(&self) {
        let _ = rustix::io::read(&self.bell, &mut [0_u8; 8]);
    }
}

/// The way to the render thread.
pub struct ScreenHandle {
    inbox: Arc<Inbox>,
    board: Arc<Board>,
    thread: Mutex<Option<JoinHandle<Vec<String>>>>,
}

impl std::fmt::Debug for ScreenHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScreenHandle").finish_non_exhaustive()
    }
}

impl ScreenHandle {
    /// Starts the render thread; the sinks get the host's own picture at once.
    ///
    /// # Errors
    /// The system gives no thread or descriptor.
    pub fn start(config: ScreenConfig, sinks: Vec<OpenSink>) -> io::Result<Self> {
        let inbox = Arc::new(Inbox::new()?);
        let start = Instant::now();
        let board = Arc::new(Board::new(config.size, start));
        let mut render = Render::new(config, sinks, start, Arc::clone(&inbox), Arc::clone(&board));
        let thread = thread::Builder::new().name("render".into()).spawn(move || {
            let ran = catch_unwind(AssertUnwindSafe(|| render.run()));
            if ran.is_err() {
                // A host that shows nothing more and looks well is worse than one that is started again.
                tracing::error!(target: "screen", "the render thread has failed: the host ends");
                std::process::abort();
            }
            render.finish()
        })?;
        Ok(Self { inbox, board, thread: Mutex::new(Some(thread)) })
    }

    /// What the screen shows, for others.
    #[must_use]
    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// Sets who takes turns on the screen.
    pub fn set_rotation(&self, entries: Vec<Entry>) {
        self.inbox.push(Message::Rotation(entries));
    }

    /// Ends the thread and all sinks; what a sink could not finish comes back as sentences. May take a few seconds
    /// for a recording. The second call does nothing.
    pub fn stop(&self, blank: bool) -> Vec<String> {
        self.inbox.push(Message::Stop { blank });
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl Screen for ScreenHandle {
    fn joins(&self, joining: Joining) {
        self.inbox.push(Message::Joins(Box::new(joining)));
    }

    fn leaves(&self, name: &InstanceName, key: ProcessKey) {
        self.inbox.push(Message::Leaves(name.clone(), key));
    }

    fn news(&self, _: &InstanceName, key: ProcessKey) {
        self.inbox.push(Message::News(key));
    }
}
