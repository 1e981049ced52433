//! The render thread itself. See the module above for the way of a frame.
//!
//! Invariant: `guests` holds each process once; of one instance at most one is on the stage.

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use marquee_model::{InstanceName, Picture, SinkView};
use marquee_runtime::{Joining, ProcessKey, ScreenReport};
use marquee_sinks::{PanelClock, SinkSpec};
use marquee_stage::{compose, host_picture};

use super::Stage;
use super::board::{Board, OwnFrame};
use super::clock::Clock;
use super::guest::{Came, Guest};
use super::handle::{Inbox, Message, OpenSink, ScreenConfig};
use super::waiting::wait;

/// How often the sinks are asked how they do, while pictures move.
const SINK_REPORT: Duration = Duration::from_millis(500);

pub(crate) struct Render {
    config: ScreenConfig,
    clock: Clock,
    inbox: Arc<Inbox>,
    board: Arc<Board>,
    stage: Stage,
    guests: Vec<Guest>,
    /// Frames of those on the stage, kept for as long as the stage may show them after their runner is gone.
    frames: HashMap<InstanceName, OwnFrame>,
    sinks: Vec<OpenSink>,
    panel: Option<PanelClock>,
    /// When the panel last ticked.
    panel_ticked: Option<Duration>,
    picture: Picture,
    scratch: Vec<u8>,
    /// The frame of the grid for which the last step was taken.
    last_frame: Option<u64>,
    /// The time of that step: never later than a step after it.
    last_step: Duration,
    sinks_reported: Duration,
    stop: Option<bool>,
}

impl Render {
    pub(crate) fn new(
        config: ScreenConfig,
        sinks: Vec<OpenSink>,
        start: Instant,
        inbox: Arc<Inbox>,
        board: Arc<Board>,
    ) -> Self {
        let clock = Clock::new(start, config.fps, config.zone.clone());
        let stage = Stage::new(clock.period(), config.transition);
        let panel = sinks.iter().find_map(|open| open.sink.clock());
        let mut picture = Picture::filled(config.size, [0; 3]);
        picture.brightness = config.brightness;
        let scratch = vec![0; config.size.bytes()];
        Self {
            config,
            clock,
            inbox,
            board,
            stage,
            guests: Vec::new(),
            frames: HashMap::new(),
            sinks,
            panel,
            panel_ticked: None,
            picture,
            scratch,
            last_frame: None,
            last_step: Duration::ZERO,
            sinks_reported: Duration::ZERO,
            stop: None,
        }
    }

    pub(crate) fn run(&mut self) {
        // A frame is due to the microsecond; the default slack of 50 µs is for those who do not mind.
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1000));
        while self.stop.is_none() {
            let now = self.clock.now();
            self.step_if_due(now);
            self.sleep();
        }
    }

    /// Ends the sinks; what they could not finish.
    pub(crate) fn finish(&mut self) -> Vec<String> {
        if self.stop == Some(true) {
            self.picture.rgb = Arc::from(vec![0; self.config.size.bytes()]);
            self.picture.plugin = None;
            self.picture.sequence = self.picture.sequence.wrapping_add(1);
            // Only what lights a wall goes dark; the last frame of a recording is not black.
            for open in self.sinks.iter_mut().filter(|open| open.spec == SinkSpec::Hub75) {
                open.sink.present(&self.picture);
            }
        }
        // Each may take two seconds; together they may not take longer.
        std::thread::scope(|scope| {
            let finishing: Vec<_> =
                self.sinks.drain(..).map(|open| scope.spawn(move || open.sink.finish())).collect();
            let finished = finishing.into_iter().filter_map(|sink| sink.join().ok());
            finished.filter_map(|done| done.err().map(|error| marquee_model::sentence(&error))).collect()
        })
    }

    /// Takes the step of the grid whose time has come, if one has and it is due.
    fn step_if_due(&mut self, now: Duration) {
        let frame = self.clock.frame_at_or_before(now);
        if self.last_frame.is_some_and(|last| frame <= last) {
            return;
        }
        let time = self.clock.frame(frame);
        if self.last_frame.is_some() && self.stage.next_due(time).is_none_or(|due| due > time) {
            return;
        }
        self.last_frame = Some(frame);
        self.step(time.max(self.last_step));
    }

    fn step(&mut self, time: Duration) {
        self.last_step = time;
        // From the back, since a newcomer that enters removes the one before it.
        for at in (0..self.guests.len()).rev() {
            self.guests[at].unmute();
            self.collect(at, time);
        }
        self.stage.step(time);
        let show_at = time + self.clock.period();
        for ask in &self.stage.scene().ask {
            let found = self.guests.iter_mut().find(|guest| guest.on_stage && guest.runner() == ask.runner);
            match found {
                Some(guest) => guest.ask(&self.clock, show_at, ask.visible),
                None => tracing::debug!(target: "screen", "the stage asks for {}, who has left", ask.name),
            }
        }
        self.board.note_scene(self.stage.scene());
        if self.stage.scene().redraw || self.picture.sequence == 0 {
            self.compose(time);
        }
        for guest in self.guests.iter_mut().filter(|guest| guest.on_stage) {
            if let Some(pace) = self.stage.pace(guest.name()) {
                guest.report_pace(time, pace.is_slow(), pace.late_frames());
            }
        }
        if self.sinks_reported.is_zero() || time.saturating_sub(self.sinks_reported) >= SINK_REPORT {
            self.sinks_reported = time.max(Duration::from_nanos(1));
            self.report_sinks();
        }
    }

    /// Looks whether a guest has answered, and tells the stage.
    fn collect(&mut self, at: usize, now: Duration) {
        if self.guests[at].retired {
            return;
        }
        match self.guests[at].collect() {
            Came::Nothing => {
                if self.guests[at].hangs(self.config.draw_limit) {
                    self.guests[at].report(ScreenReport::Hung);
                }
            }
            Came::Drawn(answer) => {
                let (name, runner) = (self.guests[at].name().clone(), self.guests[at].runner());
                if !self.guests[at].on_stage {
                    // Moves the others: `at` is another one's place afterwards, or nobody's.
                    self.enter(at, now);
                }
                self.stage.answered(&name, runner, answer, now);
            }
            Came::Failed(answer) => {
                let guest = &mut self.guests[at];
                if guest.on_stage {
                    self.stage.answered(guest.name(), guest.runner(), answer, now);
                } else {
                    guest.retry_at = Some(now + Duration::from_secs(1));
                }
            }
        }
    }

    /// A guest has drawn its first good frame: it takes the place of whoever had its name.
    fn enter(&mut self, at: usize, now: Duration) {
        let (name, key) = (self.guests[at].name().clone(), self.guests[at].key());
        let guest = &mut self.guests[at];
        guest.on_stage = true;
        guest.report(ScreenReport::FirstFrame);
        self.frames.insert(name.clone(), guest.own().clone());
        let runner = guest.runner();
        self.stage.ready(&name, runner, now);
        for guest in self.guests.iter_mut().filter(|guest| guest.name() == &name && guest.key() != key) {
            // Whoever was on the stage waits for the runtime to let it go: the new one may yet die before that.
            guest.retired |= guest.on_stage;
            guest.on_stage = false;
        }
    }

    /// Puts the picture together as the scene says, and hands it out if it differs from the last.
    fn compose(&mut self, time: Duration) {
        let scene = self.stage.scene();
        let frame = |name: &InstanceName| self.frames.get(name);
        match (scene.shown.as_ref().and_then(frame), &scene.blend) {
            (Some(shown), None) => {
                let pixels = shown.pixels();
                if pixels.len() == self.scratch.len() {
                    self.scratch.copy_from_slice(&pixels);
                }
            }
            (Some(shown), Some((from, weight))) => {
                let to = shown.pixels().clone();
                match frame(from) {
                    Some(from) => compose::cross_fade(&from.pixels(), &to, *weight, &mut self.scratch),
                    None => self.scratch.copy_from_slice(&to),
                }
            }
            (None, _) => {
                let kind = host_picture::HostPicture::for_reason(scene.reason);
                let own = host_picture::host_picture(kind, self.config.size);
                self.scratch.copy_from_slice(&own.rgb);
            }
        }
        let first = self.picture.sequence == 0;
        if !first && self.picture.plugin == scene.shown && compose::same(&self.scratch, &self.picture.rgb) {
            return;
        }
        self.picture.rgb = Arc::from(self.scratch.as_slice());
        self.picture.plugin.clone_from(&scene.shown);
        self.picture.at = time;
        self.picture.sequence = self.picture.sequence.wrapping_add(1).max(1);
        for open in &mut self.sinks {
            open.sink.present(&self.picture);
        }
        self.board.note_picture();
    }

    fn report_sinks(&self) {
        let view = |open: &OpenSink| {
            let report = open.sink.report();
            SinkView {
                spec: open.spec.to_string(),
                pictures: report.pictures,
                dropped: report.dropped,
                error: report.error,
            }
        };
        self.board.note_sinks(self.sinks.iter().map(view).collect());
    }

    /// Sleeps until the next step is due or something happens, and takes in what happened.
    fn sleep(&mut self) {
        let now = self.clock.now();
        self.ask_newcomers(now);
        let period = self.clock.period();
        let due = self.stage.next_due(now);
        // Between two frames of a motion nobody needs to hear of a frame before its time.
        let moving = due.is_some_and(|due| due <= now + period);
        let step_at = due.map(|due| {
            let next = self.last_frame.map_or(0, |last| last + 1);
            self.clock.frame(self.clock.frame_at_or_after(due).max(next))
        });
        let serving = || self.guests.iter().filter(|guest| !guest.retired);
        let hangs_at = serving().filter_map(|guest| guest.hangs_at(self.config.draw_limit)).min();
        let retry_at = serving().filter_map(|guest| guest.retry_at).min();
        let panel = if moving { self.panel.as_ref().filter(|_| self.panel_is_alive(now)) } else { None };
        let until = [step_at.map(|at| if panel.is_some() { at + period * 2 } else { at }), retry_at]
            .into_iter()
            .flatten()
            .map(|at| self.instant(at))
            .chain(hangs_at)
            .min();

        let listened: Vec<usize> = (0..self.guests.len())
            .filter(|at| {
                let guest = &self.guests[*at];
                !guest.retired && guest.asked().is_some() && !guest.is_muted() && (!moving || !guest.on_stage)
            })
            .collect();
        let events: Vec<_> =
            listened.iter().map(|at| self.guests[*at].joining.reader.frame_event()).collect();
        let woke = wait(until, self.inbox.bell(), panel.map(AsFd::as_fd), &events);

        let now = self.clock.now();
        let mut answering = Vec::with_capacity(woke.frames.len());
        for rang in woke.frames {
            let at = listened[rang];
            self.guests[at].heard();
            answering.push(self.guests[at].key());
        }
        if woke.panel {
            self.panel_tick(now);
        }
        // From the back, since a newcomer that enters removes the one before it.
        for at in (0..self.guests.len()).rev() {
            // Whoever seems to hang is looked at once more: its answer may have come unheard.
            let due = |guest: &Guest| {
                answering.contains(&guest.key()) || guest.seems_to_hang(self.config.draw_limit)
            };
            if self.guests.get(at).is_some_and(|guest| guest.asked().is_some() && due(guest)) {
                self.collect(at, now);
            }
        }
        if woke.bell {
            self.inbox.silence();
            while let Some(message) = self.inbox.pop() {
                self.take(message, now);
            }
        }
    }

    /// The panel has put a picture on screen: the next one is due, on its clock and not on ours.
    fn panel_tick(&mut self, now: Duration) {
        if let Some(panel) = &self.panel {
            let _ = panel.drain();
        }
        self.panel_ticked = Some(now);
        // A panel that refreshes faster than the grid must not run its time ahead of ours.
        self.last_frame = Some(self.clock.frame_at_or_before(now));
        self.step(now.max(self.last_step));
    }

    /// Whether the panel ticked of late: one that missed two ticks is not waited for.
    fn panel_is_alive(&self, now: Duration) -> bool {
        self.panel_ticked.is_some_and(|at| now.saturating_sub(at) <= self.clock.period() * 3)
    }

    fn instant(&self, time: Duration) -> Instant {
        Instant::now() + time.saturating_sub(self.clock.now())
    }

    /// Asks those who have not drawn yet: they are not on the stage, so it does not ask them.
    fn ask_newcomers(&mut self, now: Duration) {
        let show_at = now + self.clock.period();
        for guest in &mut self.guests {
            let newcomer = !guest.on_stage && !guest.retired;
            if newcomer && guest.asked().is_none() && guest.retry_at.is_some_and(|at| at <= now) {
                guest.ask(&self.clock, show_at, false);
                guest.unmute();
            }
        }
    }

    fn take(&mut self, message: Message, now: Duration) {
        match message {
            Message::Joins(joining) => self.join(*joining),
            Message::Leaves(name, key) => self.leave(&name, key, now),
            Message::News(key) => {
                if let Some(guest) = self.guests.iter_mut().find(|guest| guest.key() == key) {
                    guest.add_news();
                    self.stage.news(guest.name(), now);
                }
            }
            Message::Rotation(entries) => {
                self.board.keep(|name| entries.iter().any(|entry| &entry.name == name));
                self.stage.set_rotation(entries, now);
                let stage = &self.stage;
                self.frames.retain(|name, _| stage.pace(name).is_some());
            }
            Message::Stop { blank } => self.stop = Some(blank),
        }
    }

    fn join(&mut self, joining: Joining) {
        let (width, height) = joining.reader.size();
        if (width, height) != (self.config.size.width(), self.config.size.height()) {
            tracing::error!(target: "screen", "{} draws {width}x{height}: left out", joining.name);
            return;
        }
        let own = self.board.own_frame(&joining.name);
        self.guests.push(Guest::new(joining, own));
    }

    fn leave(&mut self, name: &InstanceName, key: ProcessKey, now: Duration) {
        let Some(at) = self.guests.iter().position(|guest| guest.key() == key) else { return };
        let gone = self.guests.remove(at);
        if !gone.on_stage {
            return;
        }
        match self.guests.iter_mut().rfind(|guest| guest.retired && guest.name() == name) {
            // Its successor died young: it goes on as if nothing had been.
            Some(before) => {
                (before.retired, before.on_stage) = (false, true);
                let runner = before.runner();
                self.stage.ready(name, runner, now);
            }
            None => self.stage.gone(name, gone.runner(), now),
        }
    }
}
