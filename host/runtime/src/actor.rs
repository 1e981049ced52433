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
use crate::process::{Frames, MOST_JSON, Orders, Process, SpawnError, start_message};
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
    pid: u32,
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
    /// What drew last: runs again if what is wanted was refused.
    proven: Option<Wanted>,
    /// What is wanted was refused, for this reason; not tried again until something about it changes.
    update_error: Option<String>,
    /// Settings that the running plugin did not take as an event.
    not_taken: Option<Value>,
    slow: bool,
    /// Kept values; one for all processes of the instance, since their writers take turns.
    values: Values,
    /// Events that a process has not answered, by their number.
    events: BTreeMap<u64, (ProcessKey, PendingEvent)>,
    event_seq: u64,
    stopping: bool,
}

enum PendingEvent {
    /// New settings for the process.
    Settings(Value),
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
        let values = Values::new(&context.config.data_dir, &wanted.name);
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
            proven: None,
            update_error: None,
            not_taken: None,
            slow: false,
            values,
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
                // What the screen saw comes first: a frame was there before the death or the order that follows it.
                Some((key, report)) = self.reports.1.recv() => self.seen(key, report),
                Some((key, news)) = self.news.1.recv() => self.hear(key, news).await,
                command = self.commands.recv(), if !self.stopping => match command {
                    Some(Command::Want(wanted)) => self.want(*wanted).await,
                    Some(Command::Restart) => self.restart().await,
                    Some(Command::Event { kind, data, answer }) => self.event(kind, data, answer),
                    Some(Command::Stop) | None => self.stop(),
                },
                Some(_) = self.attendants.join_next(), if !self.attendants.is_empty() => {}
                () = sleep_until(until), if self.restart_at.is_some() => {
                    self.restart_at = None;
                    if self.current.is_some() { self.converge().await } else { self.start_current().await }
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
        let changed = wanted.digest != self.wanted.digest || wanted.settings != self.wanted.settings;
        let desk_changed = wanted.permission != self.wanted.permission || wanted.assets != self.wanted.assets;
        self.wanted = wanted;
        if desk_changed {
            for running in [&self.current, &self.incoming].into_iter().flatten() {
                let _ = running.orders.send(Order::Desk(Box::new(self.desk())));
            }
        }
        if changed {
            self.update_error = None;
            self.not_taken = None;
        }
        match &self.current {
            Some(current) if current.drawn => self.converge().await,
            _ if changed => self.restart().await,
            _ => {}
        }
    }

    /// Moves what runs towards what is wanted: by an event if that will do, else by a second process. To be called
    /// whenever one of the two may have changed; does nothing where nothing is to be done.
    async fn converge(&mut self) {
        let Some(current) = self.current.as_ref().filter(|current| current.drawn) else { return };
        let same_file = current.wanted.digest == self.wanted.digest;
        let same_settings = current.wanted.settings == self.wanted.settings;
        let on_its_way = self.incoming.as_ref().is_some_and(|incoming| {
            incoming.wanted.digest == self.wanted.digest && incoming.wanted.settings == self.wanted.settings
        });
        if !on_its_way && let Some(incoming) = self.incoming.take() {
            self.discard(&incoming, "something else is wanted");
        }
        let asked = self.events.values().any(|(_, pending)| matches!(pending, PendingEvent::Settings(_)));
        if (same_file && same_settings) || on_its_way || self.update_error.is_some() || self.stopping {
            self.settle();
        } else if same_file && self.not_taken.as_ref() != Some(&self.wanted.settings) {
            // One at a time: its answer leads back here.
            if !asked {
                let settings = self.wanted.settings.clone();
                self.send_event("settings".to_owned(), settings.clone(), PendingEvent::Settings(settings));
            }
        } else {
            self.start_incoming().await;
        }
    }

    /// Ends what runs and starts afresh.
    async fn restart(&mut self) {
        self.breaker.close();
        self.refusals = 0;
        self.restart_at = None;
        self.update_error = None;
        for running in [self.current.take(), self.incoming.take()].into_iter().flatten() {
            self.discard(&running, "it is started again");
        }
        self.start_current().await;
    }

    fn stop(&mut self) {
        self.stopping = true;
        self.restart_at = None;
        self.drop_events(None);
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
        // What was refused is not tried again while something runs instead of it.
        let proven = self.update_error.as_ref().and(self.proven.clone());
        match self.start(proven.unwrap_or_else(|| self.wanted.clone())).await {
            Ok(running) => self.current = Some(running),
            Err(error) => self.cannot_start(&error),
        }
    }

    async fn start_incoming(&mut self) {
        match self.start(self.wanted.clone()).await {
            Ok(running) => self.incoming = Some(running),
            Err(error) => {
                tracing::error!(target: "runtime", instance = %self.wanted.name, "{}", marquee_model::sentence(&error));
                let pause = self.next_pause();
                self.restart_at = Some(Instant::now() + pause);
            }
        }
    }

    /// The machine, not the plugin, is at fault: tried again, without counting it as a death.
    fn cannot_start(&mut self, error: &SpawnError) {
        let reason = marquee_model::sentence(error);
        tracing::error!(target: "runtime", instance = %self.wanted.name, "{reason}");
        self.observed.set(ObservedState::Crashed, Some(reason));
        let pause = self.next_pause();
        self.restart_at = Some(Instant::now() + pause);
    }

    fn next_pause(&mut self) -> Duration {
        let pause = AFTER_REFUSAL[self.refusals.min(AFTER_REFUSAL.len() - 1)];
        self.refusals += 1;
        pause
    }

    /// What the processes of this instance may have of the host.
    fn desk(&self) -> Desk {
        Desk {
            instance: self.wanted.name.clone(),
            fetch: Arc::clone(&self.context.fetch),
            permission: Arc::clone(&self.wanted.permission),
            values: self.values.clone(),
            assets: assets(self.wanted.assets.as_ref()),
        }
    }

    async fn start(&mut self, wanted: Wanted) -> Result<Running, SpawnError> {
        let context = Arc::clone(&self.context);
        let key = ProcessKey(context.keys.fetch_add(1, Ordering::Relaxed));
        let frames = Frames::new(&context.config)?;
        let activity = frames.activity.clone();
        let process = Process::spawn(&context.spawner, &context.config.runner).await?;
        let pid = process.pid;
        let start = start_message(&context.config, Purpose::Run, wanted.name.as_str(), &wanted.settings)?;
        let orders = Orders { start, library: Arc::clone(&wanted.library), frames: Some(frames) };
        let (order_sender, order_receiver) = unbounded_channel();
        let attendant = Attendant {
            key,
            process,
            desk: self.desk(),
            deadlines: context.config.deadlines,
            observed: self.observed.clone(),
            news: self.news.0.clone(),
            orders: order_receiver,
            activity,
        };
        self.attendants.spawn(attendant.attend(orders));
        Ok(Running { key, pid, orders: order_sender, wanted, joined: false, drawn: false, refused: None })
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
                let _ = running.orders.send(Order::Hung);
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
                self.leave_screen(&old);
                let _ = old.orders.send(Order::Stop);
            }
            self.faults.clear();
            self.slow = false;
            self.breaker.close();
        }
        self.refusals = 0;
        if let Some(current) = &self.current {
            let wanted_runs = current.wanted.digest == self.wanted.digest
                && current.wanted.settings == self.wanted.settings;
            if wanted_runs {
                self.update_error = None;
            }
            self.not_taken = None;
            self.proven = Some(current.wanted.clone());
        }
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
        known.pid = Some(current.pid);
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
        self.drop_events(Some(key));
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
        if let Some(incoming) = self.incoming.take() {
            // The new version is already on its way and needs no permission of the dead.
            self.faults.clear();
            self.slow = false;
            self.observed.set(ObservedState::Starting, Some(death.how));
            self.current = Some(incoming);
            return;
        }
        if let Some(fault) = &current.refused {
            let words = fault_words("create", fault);
            tracing::warn!(target: "runtime", instance = %self.wanted.name, "{words}");
            if self.proven.is_some() && self.update_error.is_none() {
                // What ran before is better than nothing.
                self.refuse_update(&current.wanted.version, &words);
                self.start_current().await;
                return;
            }
            self.observed.set(ObservedState::Failing, Some(words));
            let pause = self.next_pause();
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
        if data.to_string().len() + kind.len() > MOST_JSON {
            let _ = answer.send(Err(format!("an event has at most {MOST_JSON} bytes")));
        } else if self.current.as_ref().is_some_and(|current| current.drawn) {
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
            self.events.insert(seq, (current.key, pending));
        }
    }

    async fn event_done(&mut self, key: ProcessKey, seq: u64, result: Result<bool, Fault>) {
        let Some((_, pending)) = self.events.remove(&seq) else { return };
        match &result {
            Ok(_) => drop(self.faults.remove("event")),
            Err(fault) => self.faulted(key, "event", fault),
        }
        let handled = matches!(result, Ok(true));
        if handled {
            self.context.screen.news(&self.wanted.name, key);
        }
        match pending {
            PendingEvent::Settings(settings) => {
                let current = self.current.as_mut().filter(|current| current.key == key);
                match current {
                    Some(current) if handled => {
                        current.wanted.settings = settings;
                        self.proven = Some(current.wanted.clone());
                    }
                    Some(_) => self.not_taken = Some(settings),
                    // The answer of a process that is on its way out.
                    None => {}
                }
            }
            PendingEvent::Outside(answer) => {
                let _ = answer.send(result.map_err(|fault| fault_words("event", &fault)));
            }
        }
        self.converge().await;
        self.settle();
    }

    /// Answers those who wait for an event of one process, or of any, that will not come any more.
    fn drop_events(&mut self, of: Option<ProcessKey>) {
        let (gone, kept) = std::mem::take(&mut self.events)
            .into_iter()
            .partition(|(_, (key, _))| of.is_none_or(|of| *key == of));
        self.events = kept;
        let gone: BTreeMap<u64, (ProcessKey, PendingEvent)> = gone;
        for (_, pending) in gone.into_values() {
            if let PendingEvent::Outside(answer) = pending {
                let _ = answer.send(Err("it ended before it could answer".to_owned()));
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
