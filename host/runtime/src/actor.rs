//! The actor of one instance: keeps it running as wanted.
//!
//! Invariants: at most two processes of an instance at once, the running one and one that is to take its place. A new
//! version, or new settings that the running one does not take, replace it only with a first good frame. A version
//! that failed is not tried again until something about it changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use marquee_fetch::FetchService;
use marquee_model::ObservedState;
use marquee_runner::protocol::{Fault, FaultKind, Purpose};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::attendant::{Attendant, Death, News, Order, assets};
use crate::breaker::{Breaker, Verdict};
use crate::calls::Desk;
use crate::config::{RuntimeConfig, Wanted};
use crate::observed::Observed;
use crate::process::{Frames, Orders, Process, SpawnError, start_message};
use crate::screen::{Joining, ProcessKey, Reporter, Screen, ScreenReport};
use crate::spawner::Spawner;
use crate::values::Values;

/// Pauses before a plugin that said it cannot run is tried again.
const AFTER_REFUSAL: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(300),
];

/// Both ends of a channel: the actor hands out copies of the first and listens on the second.
type Channel<T> = (UnboundedSender<T>, UnboundedReceiver<T>);

/// What all actors share.
pub(crate) struct Context {
    pub(crate) config: RuntimeConfig,
    pub(crate) fetch: Arc<FetchService>,
    pub(crate) screen: Arc<dyn Screen>,
    pub(crate) spawner: Spawner,
    pub(crate) keys: AtomicU64,
    pub(crate) boxed: tokio::sync::watch::Sender<Option<marquee_sandbox::Report>>,
}

/// What an actor is told.
pub(crate) enum Command {
    /// Run this.
    Want(Box<Wanted>),
    /// Start again now, whatever the breaker says.
    Restart,
    /// Hand an event to the plugin; the answer is whether it took it.
    Event { kind: String, data: Value, answer: oneshot::Sender<Result<bool, String>> },
    /// End.
    Stop,
}

/// One process of the instance.
struct Running {
    key: ProcessKey,
    orders: UnboundedSender<Order>,
    wanted: Wanted,
    /// The screen knows it.
    joined: bool,
    /// Its first good frame was seen.
    drawn: bool,
    refused: Option<Fault>,
}

pub(crate) struct Actor {
    context: Arc<Context>,
    wanted: Wanted,
    observed: Observed,
    commands: UnboundedReceiver<Command>,
    news: Channel<(ProcessKey, News)>,
    reports: Channel<(ProcessKey, ScreenReport)>,
    attendants: JoinSet<()>,
    current: Option<Running>,
    incoming: Option<Running>,
    breaker: Breaker,
    refusals: usize,
    restart_at: Option<Instant>,
    /// Callbacks that failed, and how, until they go well again.
    faults: BTreeMap<&'static str, String>,
    /// Why the wanted version does not run though another one does.
    update_error: Option<String>,
    slow: bool,
    events: BTreeMap<u64, PendingEvent>,
    event_seq: u64,
    stopping: bool,
}

enum PendingEvent {
    /// New settings for the process.
    Settings(Box<Wanted>),
    /// An event from outside.
    Outside(oneshot::Sender<Result<bool, String>>),
}

impl Actor {
    pub(crate) fn new(
        context: Arc<Context>,
        wanted: Wanted,
        observed: Observed,
        commands: UnboundedReceiver<Command>,
    ) -> Self {
        Self {
            context,
            wanted,
            observed,
            commands,
            news: unbounded_channel(),
            reports: unbounded_channel(),
            attendants: JoinSet::new(),
            current: None,
            incoming: None,
            breaker: Breaker::default(),
            refusals: 0,
            restart_at: None,
            faults: BTreeMap::new(),
            update_error: None,
            slow: false,
            events: BTreeMap::new(),
            event_seq: 0,
            stopping: false,
        }
    }

    /// Keeps the instance running until it is told to stop and all its processes are gone.
    pub(crate) async fn run(mut self) {
        self.start_current().await;
        loop {
            if self.stopping && self.attendants.is_empty() {
                break;
            }
            let until = self.restart_at.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                biased;
                Some((key, news)) = self.news.1.recv() => self.hear(key, news).await,
                command = self.commands.recv(), if !self.stopping => match command {
                    Some(Command::Want(wanted)) => self.want(*wanted).await,
                    Some(Command::Restart) => self.restart().await,
                    Some(Command::Event { kind, data, answer }) => self.event(kind, data, answer),
                    Some(Command::Stop) | None => self.stop(),
                },
                Some((key, report)) = self.reports.1.recv() => self.seen(key, report),
                Some(_) = self.attendants.join_next(), if !self.attendants.is_empty() => {}
                () = sleep_until(until), if self.restart_at.is_some() => {
                    self.restart_at = None;
                    self.start_current().await;
                }
            }
        }
        // Deaths that were still on their way.
        while let Ok((key, news)) = self.news.1.try_recv() {
            self.hear(key, news).await;
        }
        self.observed.known().pid = None;
        self.observed.set(ObservedState::Stopped, None);
    }

    async fn want(&mut self, wanted: Wanted) {
        let new_file = wanted.digest != self.wanted.digest;
        let new_settings = wanted.settings != self.wanted.settings;
        self.wanted = wanted;
        if !new_file && !new_settings {
            return;
        }
        self.update_error = None;
        if let Some(incoming) = self.incoming.take() {
            self.discard(&incoming, "a newer version is there");
        }
        match &self.current {
            Some(current) if current.drawn => {
                let same_file = current.wanted.digest == self.wanted.digest;
                if same_file && current.wanted.settings != self.wanted.settings {
                    let pending = PendingEvent::Settings(Box::new(self.wanted.clone()));
                    self.send_event("settings".to_owned(), self.wanted.settings.clone(), pending);
                } else if !same_file {
                    self.start_incoming().await;
                } else {
                    self.settle();
                }
            }
            _ => self.restart().await,
        }
    }

    /// Ends what runs and starts afresh.
    async fn restart(&mut self) {
        self.breaker.close();
        self.refusals = 0;
        self.restart_at = None;
        for running in [self.current.take(), self.incoming.take()].into_iter().flatten() {
            self.discard(&running, "it is started again");
        }
        self.start_current().await;
    }

    fn stop(&mut self) {
        self.stopping = true;
        self.restart_at = None;
        for running in [self.current.take(), self.incoming.take()].into_iter().flatten() {
            self.leave_screen(&running);
            let order =
                if running.joined { Order::Stop } else { Order::Kill("it is no longer wanted".to_owned()) };
            let _ = running.orders.send(order);
        }
    }

    /// Ends a process that is no longer of use, without ceremony.
    fn discard(&self, running: &Running, why: &str) {
        self.leave_screen(running);
        let order = if running.drawn { Order::Stop } else { Order::Kill(why.to_owned()) };
        let _ = running.orders.send(order);
    }

    fn leave_screen(&self, running: &Running) {
        if running.joined {
            self.context.screen.leaves(&self.wanted.name, running.key);
        }
    }

    async fn start_current(&mut self) {
        self.faults.clear();
        self.slow = false;
        let reason = self.observed.known().reason.clone();
        self.observed.set(ObservedState::Starting, reason);
        match self.start().await {
            Ok(running) => self.current = Some(running),
            Err(error) => self.cannot_start(&error),
        }
    }

    async fn start_incoming(&mut self) {
        match self.start().await {
            Ok(running) => self.incoming = Some(running),
            Err(error) => {
                self.update_error =
                    Some(format!("version {} cannot be started: {error}", self.wanted.version));
                self.settle();
            }
        }
    }

    /// The machine, not the plugin, is at fault: tried again, without counting it as a death.
    fn cannot_start(&mut self, error: &SpawnError) {
        let reason = marquee_model::sentence(error);
        tracing::error!(target: "runtime", instance = %self.wanted.name, "{reason}");
        self.observed.set(ObservedState::Crashed, Some(reason));
        let pause = AFTER_REFUSAL[self.refusals.min(AFTER_REFUSAL.len() - 1)];
        self.refusals += 1;
        self.restart_at = Some(Instant::now() + pause);
    }

    async fn start(&mut self) -> Result<Running, SpawnError> {
        let context = &self.context;
        let key = ProcessKey(context.keys.fetch_add(1, Ordering::Relaxed));
        let frames = Frames::new(&context.config)?;
        let activity = frames.activity.clone();
        let process = Process::spawn(&context.spawner, &context.config.runner).await?;
        self.observed.known().pid = Some(process.pid);
        let name = &self.wanted.name;
        let start = start_message(&context.config, Purpose::Run, name.as_str(), &self.wanted.settings);
        let orders = Orders { start, library: Arc::clone(&self.wanted.library), frames: Some(frames) };
        let (order_sender, order_receiver) = unbounded_channel();
        let attendant = Attendant {
            key,
            process,
            desk: Desk {
                instance: name.clone(),
                fetch: Arc::clone(&context.fetch),
                permission: Arc::clone(&self.wanted.permission),
                values: Values::new(&context.config.data_dir, name),
                assets: assets(self.wanted.assets.as_ref()),
            },
            deadlines: context.config.deadlines,
            observed: self.observed.clone(),
            news: self.news.0.clone(),
            orders: order_receiver,
            activity,
        };
        self.attendants.spawn(attendant.attend(orders));
        Ok(Running {
            key,
            orders: order_sender,
            wanted: self.wanted.clone(),
            joined: false,
            drawn: false,
            refused: None,
        })
    }

    fn running(&mut self, key: ProcessKey) -> Option<&mut Running> {
        [&mut self.current, &mut self.incoming].into_iter().flatten().find(|running| running.key == key)
    }

    fn is_current(&self, key: ProcessKey) -> bool {
        self.current.as_ref().is_some_and(|running| running.key == key)
    }

    async fn hear(&mut self, key: ProcessKey, news: News) {
        match news {
            News::Created(reader) => {
                let reports = Reporter { key, to: self.reports.0.clone() };
                if let Some(running) = self.running(key) {
                    running.joined = true;
                    let name = self.wanted.name.clone();
                    self.context.screen.joins(Joining { name, key, reader: *reader, reports });
                }
            }
            News::Refused(fault) => {
                if let Some(running) = self.running(key) {
                    running.refused = Some(fault);
                }
            }
            News::Faulted(callback, fault) => self.faulted(key, callback, &fault),
            News::Fetched(new_data) => {
                if self.is_current(key) && self.faults.remove("fetch").is_some() {
                    self.settle();
                }
                if new_data && self.running(key).is_some() {
                    self.context.screen.news(&self.wanted.name, key);
                }
            }
            News::EventDone(seq, result) => self.event_done(key, seq, result).await,
            News::Boxed(report) => {
                self.context.boxed.send_if_modified(|known| {
                    let differs = known.as_ref() != Some(&report);
                    *known = Some(report);
                    differs
                });
            }
            News::Died(death) => self.died(key, death).await,
        }
    }

    fn faulted(&mut self, key: ProcessKey, callback: &'static str, fault: &Fault) {
        let words = fault_words(callback, fault);
        tracing::warn!(target: "runtime", instance = %self.wanted.name, "{words}");
        if self.is_current(key) {
            self.faults.insert(callback, words);
            self.settle();
        } else if callback == "draw"
            && let Some(incoming) = self.incoming.take_if(|incoming| incoming.key == key)
        {
            self.refuse_update(&incoming.wanted.version, &words);
            self.discard(&incoming, "its first frame failed");
        }
    }

    fn refuse_update(&mut self, version: &str, words: &str) {
        self.update_error =
            Some(format!("version {version} was refused, the one before keeps running: {words}"));
        self.settle();
    }

    /// What the screen saw.
    fn seen(&mut self, key: ProcessKey, report: ScreenReport) {
        let Some(running) = self.running(key) else { return };
        match report {
            ScreenReport::FirstFrame => {
                running.drawn = true;
                self.first_frame(key);
            }
            ScreenReport::Hung => {
                let limit = self.context.config.deadlines.draw.as_millis();
                let order = Order::Kill(format!("draw took longer than {limit} ms"));
                if let Some(running) = self.running(key) {
                    let _ = running.orders.send(order);
                }
            }
            ScreenReport::Violates => {
                let _ =
                    running.orders.send(Order::Kill("it broke the protocol of the frame memory".to_owned()));
            }
            ScreenReport::Slow(slow) => {
                if self.is_current(key) {
                    self.slow = slow;
                    self.settle();
                }
            }
            ScreenReport::DrawsAgain => {
                if self.is_current(key) && self.faults.remove("draw").is_some() {
                    self.settle();
                }
            }
            ScreenReport::Counts { frames, late } => {
                if self.is_current(key) {
                    let mut known = self.observed.known();
                    (known.frames, known.late) = (frames, late);
                }
            }
        }
    }

    fn first_frame(&mut self, key: ProcessKey) {
        if let Some(incoming) = self.incoming.take_if(|incoming| incoming.key == key) {
            if let Some(old) = self.current.replace(incoming) {
                // The screen has already let it go in favour of the new one.
                let _ = old.orders.send(Order::Stop);
            }
            self.faults.clear();
            self.slow = false;
            self.update_error = None;
            self.breaker.close();
        }
        self.refusals = 0;
        self.settle();
    }

    /// Writes down what is known of the running process.
    fn settle(&mut self) {
        let Some(current) = self.current.as_ref().filter(|current| current.drawn) else {
            if let Some(words) = self.faults.values().next() {
                self.observed.set(ObservedState::Failing, Some(words.clone()));
            }
            return;
        };
        let mut known = self.observed.known();
        known.version = Some(current.wanted.version.clone());
        known.digest = Some(current.wanted.digest.clone());
        known.state = match (self.faults.is_empty(), self.slow) {
            (false, _) => ObservedState::Failing,
            (true, true) => ObservedState::Slow,
            (true, false) => ObservedState::Running,
        };
        known.reason = self
            .faults
            .values()
            .next()
            .or(self.update_error.as_ref())
            .cloned()
            .or_else(|| self.slow.then(|| "draws too slowly for the frame rate".to_owned()));
    }

    async fn died(&mut self, key: ProcessKey, death: Death) {
        if let Some(incoming) = self.incoming.take_if(|incoming| incoming.key == key) {
            self.leave_screen(&incoming);
            let words = incoming.refused.as_ref().map_or(death.how, |fault| fault_words("create", fault));
            tracing::warn!(target: "runtime", instance = %self.wanted.name, "the new version was refused: {words}");
            self.refuse_update(&incoming.wanted.version, &words);
            return;
        }
        let Some(current) = self.current.take_if(|current| current.key == key) else { return };
        self.leave_screen(&current);
        self.observed.known().pid = None;
        self.drop_events();
        if let Some(incoming) = self.incoming.take() {
            // The new version is already on its way and needs no permission of the dead.
            self.current = Some(incoming);
            return;
        }
        if let Some(fault) = &current.refused {
            let words = fault_words("create", fault);
            tracing::warn!(target: "runtime", instance = %self.wanted.name, "{words}");
            self.observed.set(ObservedState::Failing, Some(words));
            let pause = AFTER_REFUSAL[self.refusals.min(AFTER_REFUSAL.len() - 1)];
            self.refusals += 1;
            self.restart_at = Some(Instant::now() + pause);
            return;
        }
        self.observed.known().restarts += 1;
        let (state, reason, pause) = match self.breaker.death(std::time::Instant::now(), death.ran) {
            Verdict::Restart(pause) => (ObservedState::Crashed, death.how, pause),
            Verdict::Open(pause) => {
                let minutes = pause.as_secs() / 60;
                let words = format!("died too often, tried again in {minutes} min: {}", death.how);
                (ObservedState::Quarantined, words, pause)
            }
        };
        tracing::warn!(target: "runtime", instance = %self.wanted.name, "died: {reason}");
        self.observed.set(state, Some(reason));
        self.restart_at = Some(Instant::now() + pause);
    }

    fn event(&mut self, kind: String, data: Value, answer: oneshot::Sender<Result<bool, String>>) {
        if self.current.as_ref().is_some_and(|current| current.drawn) {
            self.send_event(kind, data, PendingEvent::Outside(answer));
        } else {
            let _ = answer.send(Err("it is not running".to_owned()));
        }
    }

    fn send_event(&mut self, kind: String, data: Value, pending: PendingEvent) {
        let Some(current) = &self.current else { return };
        self.event_seq += 1;
        let seq = self.event_seq;
        if current.orders.send(Order::Event { seq, kind, data }).is_ok() {
            self.events.insert(seq, pending);
        }
    }

    async fn event_done(&mut self, key: ProcessKey, seq: u64, result: Result<bool, Fault>) {
        let Some(pending) = self.events.remove(&seq) else { return };
        match &result {
            Ok(_) => drop(self.faults.remove("event")),
            Err(fault) => self.faulted(key, "event", fault),
        }
        let handled = matches!(result, Ok(true));
        match pending {
            PendingEvent::Settings(wanted) => {
                let is_latest =
                    wanted.settings == self.wanted.settings && wanted.digest == self.wanted.digest;
                if handled && let Some(current) = self.current.as_mut().filter(|current| current.key == key) {
                    current.wanted = *wanted;
                } else if is_latest && self.incoming.is_none() {
                    self.start_incoming().await;
                }
            }
            PendingEvent::Outside(answer) => {
                let _ = answer.send(result.map_err(|fault| fault_words("event", &fault)));
            }
        }
        if handled {
            self.context.screen.news(&self.wanted.name, key);
        }
        self.settle();
    }

    fn drop_events(&mut self) {
        for pending in std::mem::take(&mut self.events).into_values() {
            if let PendingEvent::Outside(answer) = pending {
                let _ = answer.send(Err("it died before it could answer".to_owned()));
            }
        }
    }
}

/// A fault in the words of an operator.
fn fault_words(callback: &str, fault: &Fault) -> String {
    let Fault { kind, message, place } = fault;
    match kind {
        FaultKind::Panic => format!("panic in {callback} at {place}: {message}"),
        FaultKind::Error => format!("{callback} failed: {message}"),
        FaultKind::Settings | FaultKind::Load | FaultKind::Box => message.clone(),
    }
}
