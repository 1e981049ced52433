//! The loop: take the newest frame, show it at the next refresh, tick for the next one.
//!
//! Flow: hosts connect and greet; the newest one that greets is *the* host and gets a new memory. Each frame of its
//! that differs is shown, which takes until the panel's refresh; then the host gets its tick and has the time until
//! its next frame is due. Nothing moves while the picture does not change.
//!
//! Invariant: every wait is a `poll` with all descriptors in it, or one refresh of the panel. What hosts send is
//! hostile until checked; at most [`GREETERS`] strangers are listened to at a time, each for [`GREETING`].

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use marquee_frames::{FAILED, FramesError, Reader, Tick, VISIBLE};
use marquee_link::{Link, LinkError, Received};
use marquee_panel_link::{HostMessage, MessageError, PROTOCOL, PanelMessage};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

use crate::access::Allowed;
use crate::{Panel, ffi, listener, sentence, test_picture};

/// Connections that may be about to greet.
const GREETERS: usize = 4;
/// How long a connection may take to greet.
const GREETING: Duration = Duration::from_secs(2);

/// Why the loop ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The system does not let us wait.
    #[error("the panel process cannot wait for events")]
    Poll(#[source] io::Error),
}

/// The panel process at work. Made of what `main` has opened; runs on the panel's thread.
#[derive(Debug)]
pub struct Server {
    /// Where hosts connect: does not block.
    pub listener: OwnedFd,
    /// Ends the loop when it is readable.
    pub stop: OwnedFd,
    /// Who may show pictures.
    pub allowed: Allowed,
    /// How long the last picture stays when the host is gone; zero: for ever.
    pub blank_after: Duration,
}

/// The host whose pictures are shown.
struct Host {
    link: Link,
    frames: Reader,
    ticks: u64,
    /// Refreshes between ticks, at least one.
    every: u32,
}

/// All that changes while the loop runs.
struct State<'a, P> {
    panel: &'a mut P,
    shown: Vec<u8>,
    next: Vec<u8>,
    host: Option<Host>,
    greeters: Vec<(Link, Instant)>,
    /// When the panel goes dark, if it will.
    dark_at: Option<Instant>,
}

/// What is to be done about a host that did something.
enum Verdict {
    Keep,
    Drop(&'static str),
}

impl Server {
    /// Shows what hosts draw until `stop` is readable. The panel keeps its last picture then; drop it for darkness.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub fn run(&self, panel: &mut impl Panel) -> Result<(), ServeError> {
        let (width, height) = panel.size();
        let black = vec![0; usize::from(width) * usize::from(height) * 3];
        panel.show(&black);
        let (shown, next) = (black.clone(), black);
        let mut state = State { panel, shown, next, host: None, greeters: Vec::new(), dark_at: None };
        loop {
            let ready = self.wait(&state, state.patience())?;
            if ready.stop {
                return Ok(());
            }
            state.greeters(&ready.greeters);
            if ready.listener {
                self.welcome(&mut state);
            }
            if ready.word {
                state.word();
            }
            if ready.frame {
                state.frame();
                self.keep_pace(&mut state)?;
            }
            state.darken_when_alone(self.blank_after);
        }
    }

    /// Lets the refreshes pass that belong to the frame just shown, unless somebody wants something meanwhile.
    fn keep_pace<P: Panel>(&self, state: &mut State<'_, P>) -> Result<(), ServeError> {
        let every = state.host.as_ref().map_or(1, |host| host.every);
        for _ in 1..every {
            let ready = self.wait(state, Some(Timespec::default()))?;
            if ready.stop || ready.listener || ready.word || ready.greeters.contains(&true) {
                break;
            }
            state.panel.wait();
        }
        Ok(())
    }

    /// Waits until something happens, at most `patience` (none: for ever).
    fn wait<P: Panel>(&self, state: &State<'_, P>, patience: Option<Timespec>) -> Result<Ready, ServeError> {
        let mut fds =
            vec![PollFd::new(&self.stop, PollFlags::IN), PollFd::new(&self.listener, PollFlags::IN)];
        if let Some(host) = &state.host {
            fds.push(PollFd::new(&host.link, PollFlags::IN));
            fds.push(PollFd::from_borrowed_fd(host.frames.frame_event(), PollFlags::IN));
        }
        let fixed = fds.len();
        fds.extend(
            state.greeters.iter().map(|(link, _)| PollFd::from_borrowed_fd(link.as_fd(), PollFlags::IN)),
        );
        match poll(&mut fds, patience.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(ServeError::Poll(errno.into())),
        }
        let is_ready = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Ready {
            stop: is_ready(0),
            listener: is_ready(1),
            word: fixed == 4 && is_ready(2),
            frame: fixed == 4 && is_ready(3),
            greeters: (fixed..fds.len()).map(is_ready).collect(),
        })
    }

    /// Lets one connection in, if it may come in.
    fn welcome<P: Panel>(&self, state: &mut State<'_, P>) {
        let Some(socket) = listener::accept(&self.listener) else { return };
        let own = rustix::process::geteuid().as_raw();
        match ffi::peer_of(&socket) {
            Ok(peer) if self.allowed.lets_in(peer, own) => {}
            Ok(peer) => {
                tracing::warn!(uid = peer.uid, gid = peer.gid, "a user that is not allowed was turned away");
                return;
            }
            Err(error) => {
                return tracing::warn!(
                    error = sentence(&error),
                    "a connection without a user was turned away"
                );
            }
        }
        let Ok(link) = Link::from_fd(socket) else { return };
        if state.greeters.len() >= GREETERS {
            state.greeters.remove(0);
        }
        state.greeters.push((link, Instant::now() + GREETING));
    }
}

/// What the poll found.
struct Ready {
    stop: bool,
    listener: bool,
    word: bool,
    frame: bool,
    greeters: Vec<bool>,
}

impl<P: Panel> State<'_, P> {
    /// Until something is due by itself.
    fn patience(&self) -> Option<Timespec> {
        let soonest = self.greeters.iter().map(|(_, until)| *until).chain(self.dark_at).min();
        soonest.map(|at| {
            // A millisecond more, so that it is over when the poll returns.
            let left = at.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
            Timespec::try_from(left).unwrap_or(Timespec { tv_sec: 3600, tv_nsec: 0 })
        })
    }

    /// Listens to those that have not greeted yet; forgets those that take too long.
    fn greeters(&mut self, ready: &[bool]) {
        let now = Instant::now();
        for (index, (link, until)) in std::mem::take(&mut self.greeters).into_iter().enumerate() {
            if !ready.get(index).is_some_and(|ready| *ready) {
                if now < until {
                    self.greeters.push((link, until));
                }
                continue;
            }
            match link.try_recv() {
                Ok(Received::Packet(packet)) => self.greet(link, &packet.bytes),
                Ok(Received::Empty) => self.greeters.push((link, until)),
                Ok(Received::Closed) => {}
                Err(error) => {
                    tracing::warn!(error = sentence(&error), "a connection was dropped before it greeted")
                }
            }
        }
    }

    /// Makes the one that says a good hello the host, in the place of the one before.
    fn greet(&mut self, link: Link, bytes: &[u8]) {
        let (name, fps) = match HostMessage::decode(bytes) {
            Ok(HostMessage::Hello { name, fps, .. }) => (name, fps),
            Ok(_) => return tracing::warn!("a connection was dropped: its first message was no greeting"),
            Err(error @ (MessageError::TooOld { .. } | MessageError::TooNew { .. })) => {
                tracing::warn!(error = sentence(&error), "a host was refused");
                let refusal = PanelMessage::Refused { protocol: PROTOCOL, reason: error.to_string() };
                let _gone = link.try_send(&refusal.encode(), &[]);
                return;
            }
            Err(error) => return tracing::warn!(error = sentence(&error), "a connection was dropped"),
        };
        match self.admit(link, fps) {
            Ok(host) => {
                tracing::info!(name, fps, refreshes_a_tick = host.every, "a host shows its pictures now");
                self.host = Some(host);
                self.dark_at = None;
                self.tick();
            }
            Err(error) => tracing::warn!(error = sentence(&error), "a host could not be let in"),
        }
    }

    fn admit(&self, link: Link, fps: u16) -> Result<Host, AdmitError> {
        let (width, height) = self.panel.size();
        let refresh_hz = self.panel.refresh_hz();
        let frames = Reader::create(width, height)?;
        let description = self.panel.description();
        let answer = PanelMessage::Panel { protocol: PROTOCOL, width, height, refresh_hz, description };
        link.try_send(&answer.encode(), &frames.handover())?;
        // A conversion by `as` saturates, which is right here.
        let every = (refresh_hz / f64::from(fps)).round() as u32;
        Ok(Host { link, frames, ticks: 0, every: every.clamp(1, 1000) })
    }

    /// One message of the host.
    fn word(&mut self) {
        let Some(host) = &self.host else { return };
        let received = host.link.try_recv();
        let verdict = match received {
            Ok(Received::Empty) => Verdict::Keep,
            Ok(Received::Closed) => {
                self.show_newest(); // what it published before it closed, such as darkness
                Verdict::Drop("it closed the connection")
            }
            Ok(Received::Packet(packet)) => match HostMessage::decode(&packet.bytes) {
                Ok(message) => self.obey(&message),
                Err(_) => Verdict::Drop("it sent a message that is not part of the protocol"),
            },
            Err(_) => Verdict::Drop("it broke the limits of the connection"),
        };
        if let Verdict::Drop(reason) = verdict {
            tracing::info!(reason, "the host is gone; its last picture stays");
            self.host = None;
        }
    }

    fn obey(&mut self, message: &HostMessage) -> Verdict {
        match message {
            HostMessage::Hello { .. } => return Verdict::Drop("it greeted twice"),
            HostMessage::Brightness { percent } => {
                self.panel.set_brightness(*percent);
                self.panel.show(&self.shown);
            }
            HostMessage::Blank => self.blank(),
            HostMessage::Test { picture } => {
                self.shown = test_picture::draw(*picture, self.panel.size());
                self.panel.show(&self.shown);
            }
        }
        Verdict::Keep
    }

    /// Shows the newest frame and asks for the next.
    fn frame(&mut self) {
        if !self.show_newest() {
            self.panel.wait(); // a host that has nothing new to say cannot make this loop spin
        }
        self.tick();
    }

    /// Shows the newest frame of the host, if there is a good one that differs; answers whether it did.
    fn show_newest(&mut self) -> bool {
        let Some(host) = &mut self.host else { return false };
        host.frames.drain_frame_event();
        let good = host.frames.take().is_some_and(|info| info.outcome != FAILED);
        if !good || host.frames.copy_pixels(&mut self.next).is_err() || self.next == self.shown {
            return false;
        }
        std::mem::swap(&mut self.next, &mut self.shown);
        self.panel.show(&self.shown);
        true
    }

    /// Asks the host for the next frame, unless it still owes one.
    fn tick(&mut self) {
        let refresh_hz = self.panel.refresh_hz();
        let Some(host) = &mut self.host else { return };
        let period = if refresh_hz > 0.0 { f64::from(host.every) / refresh_hz } else { 0.0 };
        let ahead = Duration::try_from_secs_f64(period).unwrap_or_default();
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let now = clock_gettime(ClockId::Monotonic);
        let now = Duration::try_from(now).unwrap_or_default();
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let tick = Tick {
            seq: host.ticks + 1,
            show_at_ns: nanos(now + ahead),
            unix_ns: i64::try_from(nanos(unix + ahead)).unwrap_or(i64::MAX),
            flags: VISIBLE,
            ..Tick::default()
        };
        match host.frames.tick(tick) {
            Ok(sent) => host.ticks += u64::from(sent),
            Err(error) => tracing::warn!(error = sentence(&error), "a tick was not sent"),
        }
    }

    fn darken_when_alone(&mut self, blank_after: Duration) {
        let lit = self.shown.iter().any(|byte| *byte != 0);
        if self.host.is_some() || blank_after.is_zero() || !lit {
            self.dark_at = None;
            return;
        }
        let at = *self.dark_at.get_or_insert_with(|| Instant::now() + blank_after);
        if Instant::now() >= at {
            tracing::info!("no host for {} s: the panel goes dark", blank_after.as_secs());
            self.blank();
        }
    }

    fn blank(&mut self) {
        self.shown.fill(0);
        self.panel.show(&self.shown);
    }
}

/// Why a host that greeted well was not let in.
#[derive(Debug, thiserror::Error)]
enum AdmitError {
    #[error("there is no memory for its frames")]
    Frames(#[from] FramesError),
    #[error("it does not take the answer")]
    Link(#[from] LinkError),
}
