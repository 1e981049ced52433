//! The attendant of one runner process: speaks with it, does its calls, holds its clock, and tells how it died.
//!
//! Invariant: an attendant ends only after its process has. Whatever the process sends, floods or withholds costs the
//! host a bounded amount of memory and time, and at worst the process its life.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::time::Duration;

use marquee_frames::sealed::SealedBytes;
use marquee_frames::{Activity, ActivityWatch, Reader};
use marquee_link::{LinkError, Packet, Received};
use marquee_runner::protocol::{
    Answer, Call, Failure, Fault, FromRunner, MAX_INLINE, MAX_PARTS, PROTOCOL, ToRunner, callback, decode,
    encode,
};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::calls::{Desk, Outcome};
use crate::config::Deadlines;
use crate::observed::Observed;
use crate::process::{Orders, Process, ending, signal_name};
use crate::screen::ProcessKey;

/// Messages and log bytes taken from one runner in one [`WINDOW`]; beyond that it waits.
const MESSAGES: u32 = 500;
const LOG_BYTES: usize = 1024 * 1024;
const WINDOW: Duration = Duration::from_millis(100);
/// From the end of a link to the end of its process.
const CLOSED_PATIENCE: Duration = Duration::from_millis(200);
/// Calls that one runner may have under way, answers that it has not read among them.
const MOST_CALLS: usize = 4;
/// How soon to look again whether a runner has read its last large answer.
const UNREAD_PAUSE: Duration = Duration::from_millis(5);
/// Callbacks that fail in one [`WINDOW`]; what fails beyond that is not told.
const FAULTS: u32 = 2;
/// Headers of one HTTP answer that a plugin gets, in bytes.
const MOST_HEADERS: usize = 8 * 1024;
/// One fetch at the most, waiting for the host included.
const LONGEST_FETCH: Duration = Duration::from_secs(10 * 60);
/// Messages to a runner that does not read them.
const MOST_UNSENT: usize = 256;
/// Pauses after a failed fetch grow from the first to the second of these.
const FETCH_RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(5 * 60));
/// A plugin that wants to fetch more often than this does not.
const SHORTEST_FETCH_PAUSE: Duration = Duration::from_secs(1);

/// What an actor orders.
#[derive(Debug)]
pub(crate) enum Order {
    /// Hand over an event.
    Event { seq: u64, kind: String, data: Value },
    /// End the plugin, then the process.
    Stop,
    /// End the process now, for this reason.
    Kill(String),
    /// The screen waits for a frame for longer than a draw may take.
    Hung,
    /// What it may have of the host has changed.
    Desk(Box<Desk>),
}

/// What an actor hears.
#[derive(Debug)]
pub(crate) enum News {
    /// The plugin is made; here is the reading end of its frames.
    Created(Box<Reader>),
    /// It cannot run; the death follows.
    Refused(Fault),
    /// A callback failed.
    Faulted(&'static str, Fault),
    /// A fetch went well; whether it brought new data.
    Fetched(bool),
    /// An event was handed over.
    EventDone(u64, Result<bool, Fault>),
    /// The box as it is around this process.
    Boxed(marquee_sandbox::Report),
    /// The process is gone.
    Died(Death),
}

/// How a process died.
#[derive(Debug)]
pub(crate) struct Death {
    /// In words: `SIGSEGV in draw`, `killed: draw took longer than 500 ms`.
    pub(crate) how: String,
    /// How long it ran.
    pub(crate) ran: Duration,
}

pub(crate) struct Attendant {
    pub(crate) key: ProcessKey,
    pub(crate) process: Process,
    pub(crate) desk: Desk,
    pub(crate) deadlines: Deadlines,
    pub(crate) observed: Observed,
    pub(crate) news: UnboundedSender<(ProcessKey, News)>,
    pub(crate) orders: UnboundedReceiver<Order>,
    pub(crate) activity: ActivityWatch,
}

impl Attendant {
    /// Attends to the process until it is gone.
    pub(crate) async fn attend(self, orders: Orders) {
        let now = Instant::now();
        let mut work = Work {
            begin: Some(orders),
            reader: None,
            started: now,
            create_until: Some(now + self.deadlines.create),
            drop_until: None,
            closed_until: None,
            events: VecDeque::new(),
            event_until: None,
            event_extended: false,
            fetch: FetchClock::default(),
            unsent: VecDeque::new(),
            parts: Vec::new(),
            calls: JoinSet::new(),
            kill_reason: None,
            window: now,
            messages: 0,
            faults: 0,
            reports_left: 2,
            refused: false,
            unread_at: None,
            log_bytes: 0,
            log_ended: false,
            said_hello: false,
            stopping: false,
            me: self,
        };
        work.run().await;
    }
}

/// A message that the runner's socket had no room for.
struct Unsent {
    packet: Vec<u8>,
    /// Bytes that are too many for the packet: sealed when it is their turn, so that a runner that does not read holds
    /// no memory file but one.
    large: Option<Vec<u8>>,
}

/// When fetches happen and how long they may take.
#[derive(Default)]
struct FetchClock {
    seq: u64,
    /// The next fetch.
    at: Option<Instant>,
    /// The fetch under way: since when the plugin has been computing by itself, and for how long before that.
    running: Option<(Option<Instant>, Duration)>,
    /// When the one under way began.
    begun: Option<Instant>,
    failures: u32,
}

impl FetchClock {
    fn until(&self, limit: Duration) -> Option<Instant> {
        let (since, spent) = self.running.as_ref()?;
        let by_itself = since.map(|since| since + limit.saturating_sub(*spent));
        // However it waits, it does not wait for ever.
        [by_itself, self.begun.map(|begun| begun + LONGEST_FETCH)].into_iter().flatten().min()
    }

    fn call_begins(&mut self) {
        if let Some((since, spent)) = &mut self.running
            && let Some(begun) = since.take()
        {
            *spent += begun.elapsed();
        }
    }

    fn call_ends(&mut self) {
        if let Some((since, _)) = &mut self.running {
            *since = Some(Instant::now());
        }
    }
}

struct Work {
    me: Attendant,
    begin: Option<Orders>,
    reader: Option<Box<Reader>>,
    started: Instant,
    create_until: Option<Instant>,
    drop_until: Option<Instant>,
    closed_until: Option<Instant>,
    /// Events that the plugin has not answered, oldest first.
    events: VecDeque<u64>,
    /// Until when the oldest of them must be.
    event_until: Option<Instant>,
    /// A draw was under way when that time came, so it got a draw's time more.
    event_extended: bool,
    fetch: FetchClock,
    unsent: VecDeque<Unsent>,
    parts: Vec<u8>,
    calls: JoinSet<(u64, Outcome)>,
    kill_reason: Option<String>,
    window: Instant,
    messages: u32,
    faults: u32,
    /// Reports of its box that it may still send.
    reports_left: u8,
    refused: bool,
    /// When to look again whether it has read its last large answer.
    unread_at: Option<Instant>,
    log_bytes: usize,
    log_ended: bool,
    said_hello: bool,
    stopping: bool,
}

/// What woke the loop.
enum Woke {
    Died,
    Readable(Vec<Packet>, Option<LinkError>, bool),
    Writable,
    Log(Vec<u8>, bool),
    Order(Option<Order>),
    /// A call is done; none if its task is lost.
    Called(Option<(u64, Outcome)>),
    Time,
}

impl Work {
    async fn run(&mut self) {
        loop {
            match self.wait().await {
                Woke::Died => break,
                Woke::Readable(packets, error, closed) => {
                    self.messages = self.messages.saturating_add(packets.len() as u32);
                    for packet in packets {
                        self.take(packet);
                    }
                    if let Some(error) = error {
                        self.kill(format!("it broke the protocol ({error})"));
                    } else if closed {
                        // A dying process closes its link a moment before its death can be seen.
                        self.closed_until = Some(Instant::now() + CLOSED_PATIENCE);
                    }
                }
                Woke::Writable => self.flush(),
                Woke::Log(bytes, ended) => self.log(&bytes, ended),
                Woke::Order(Some(order)) => self.obey(order),
                // The actor is gone: so is the reason for this process.
                Woke::Order(None) => self.kill("the host no longer wants it".to_owned()),
                Woke::Called(called) => self.called(called),
                Woke::Time => self.on_time(),
            }
        }
        self.bury();
    }

    async fn wait(&mut self) -> Woke {
        let now = Instant::now();
        if now.duration_since(self.window) >= WINDOW {
            self.window = now;
            self.messages = 0;
            self.log_bytes = 0;
            self.faults = 0;
        }
        let hears = self.messages < MESSAGES;
        let reads_log = self.log_bytes < LOG_BYTES && !self.log_ended;
        let until = self.next_time(!hears || !reads_log);
        let process = &self.me.process;
        tokio::select! {
            biased;
            order = self.me.orders.recv(), if !self.me.orders.is_closed() || !self.me.orders.is_empty() => Woke::Order(order),
            Ok(_) = process.pidfd.readable() => Woke::Died,
            Some(called) = self.calls.join_next(), if !self.calls.is_empty() => Woke::Called(called.ok()),
            Ok(mut guard) = process.link.readable(), if hears && self.hears_link() => {
                let mut packets = Vec::new();
                let (mut error, mut closed) = (None, false);
                while packets.len() < 32 {
                    match guard.get_inner().try_recv() {
                        Ok(Received::Packet(packet)) => packets.push(packet),
                        Ok(Received::Empty) => {
                            guard.clear_ready();
                            break;
                        }
                        Ok(Received::Closed) => {
                            closed = true;
                            break;
                        }
                        Err(broken) => {
                            error = Some(broken);
                            break;
                        }
                    }
                }
                Woke::Readable(packets, error, closed)
            }
            Ok(mut guard) = process.link.writable(), if !self.unsent.is_empty() && self.unread_at.is_none() => {
                guard.clear_ready();
                Woke::Writable
            }
            Ok(mut guard) = process.log.readable(), if reads_log => {
                let mut buffer = vec![0; 64 * 1024];
                match rustix::io::read(guard.get_inner(), &mut buffer) {
                    Ok(count) => {
                        buffer.truncate(count);
                        Woke::Log(buffer, count == 0)
                    }
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {
                        guard.clear_ready();
                        Woke::Log(Vec::new(), false)
                    }
                    Err(_) => Woke::Log(Vec::new(), true),
                }
            }
            () = sleep_until(until) => Woke::Time,
        }
    }

    fn hears_link(&self) -> bool {
        self.kill_reason.is_none() && self.closed_until.is_none()
    }

    /// When the loop must look at its clocks at the latest.
    fn next_time(&self, throttled: bool) -> Instant {
        let far = Instant::now() + Duration::from_secs(3600);
        let clocks = [
            self.create_until,
            self.drop_until,
            self.closed_until.filter(|_| self.kill_reason.is_none()),
            self.event_until,
            self.unread_at,
            self.fetch.until(self.me.deadlines.fetch),
            self.fetch.at.filter(|_| self.fetch.running.is_none()),
            throttled.then_some(self.window + WINDOW),
        ];
        clocks.into_iter().flatten().min().unwrap_or(far)
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        let limits = self.me.deadlines;
        let past = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if past(self.create_until) {
            self.create_until = None;
            let what = self.doing().unwrap_or("starting");
            self.kill(format!("{what} took longer than {}", text(limits.create)));
        }
        if past(self.closed_until) {
            self.kill("it closed its link to the host".to_owned());
        }
        if past(self.drop_until) {
            self.drop_until = None;
            self.kill(format!("drop took longer than {}", text(limits.drop)));
        }
        if past(self.event_until) {
            let drawing = callback::name(self.me.activity.read().draw.code) == Some("draw");
            if drawing && !self.event_extended {
                // It waits its turn behind a draw, which has a time limit of its own.
                self.event_extended = true;
                self.event_until = Some(now + limits.draw);
            } else {
                self.event_until = None;
                self.kill(format!("event took longer than {}", text(limits.event)));
            }
        }
        if past(self.unread_at) {
            self.unread_at = None;
            self.flush();
        }
        if past(self.fetch.until(limits.fetch)) {
            self.fetch.running = None;
            self.kill(format!("fetch took longer than {}", text(limits.fetch)));
        }
        if past(self.fetch.at) && self.fetch.running.is_none() {
            self.fetch.at = None;
            self.fetch.seq += 1;
            self.fetch.running = Some((Some(now), Duration::ZERO));
            self.fetch.begun = Some(now);
            self.send(&ToRunner::Fetch { seq: self.fetch.seq }, Vec::new());
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Event { seq, kind, data } => {
                self.events.push_back(seq);
                if self.events.len() == 1 {
                    self.time_event();
                }
                self.send(&ToRunner::Event { seq, kind, data }, Vec::new());
            }
            Order::Stop => {
                if !self.stopping {
                    self.stopping = true;
                    self.fetch.at = None;
                    self.drop_until = Some(Instant::now() + self.me.deadlines.drop);
                    self.send(&ToRunner::Stop, Vec::new());
                }
            }
            Order::Kill(reason) => self.kill(reason),
            // Events run on the draw thread too, and have a clock of their own.
            Order::Hung if !self.events.is_empty() => {}
            Order::Hung => self.kill(format!("draw took longer than {}", text(self.me.deadlines.draw))),
            Order::Desk(desk) => self.me.desk = *desk,
        }
    }

    /// Starts the clock of the oldest event, if there is one.
    fn time_event(&mut self) {
        self.event_extended = false;
        self.event_until = (!self.events.is_empty()).then(|| Instant::now() + self.me.deadlines.event);
    }

    fn kill(&mut self, reason: String) {
        if self.kill_reason.is_none() {
            self.kill_reason = Some(reason);
            self.me.process.kill();
        }
    }

    fn tell(&self, news: News) {
        let _ = self.me.news.send((self.me.key, news));
    }

    fn take(&mut self, packet: Packet) {
        if self.kill_reason.is_some() {
            return;
        }
        if !packet.fds.is_empty() {
            return self.kill("it broke the protocol (descriptors from a runner)".to_owned());
        }
        match decode::<FromRunner>(&packet.bytes) {
            Ok((FromRunner::Part, bytes)) => {
                if self.parts.len() + bytes.len() > MAX_PARTS {
                    return self.kill("it broke the protocol (too many bytes in parts)".to_owned());
                }
                self.parts.extend_from_slice(bytes);
            }
            Ok((message, bytes)) => {
                let mut whole = std::mem::take(&mut self.parts);
                whole.extend_from_slice(bytes);
                if let Err(wrong) = self.hear(message, whole) {
                    self.kill(format!("it broke the protocol ({wrong})"));
                }
            }
            Err(error) => self.kill(format!("it broke the protocol ({error})")),
        }
    }

    fn hear(&mut self, message: FromRunner, bytes: Vec<u8>) -> Result<(), &'static str> {
        match message {
            FromRunner::Hello { protocol } => {
                if self.said_hello {
                    return Err("a second hello");
                }
                if protocol != PROTOCOL {
                    return Err("runner and host are of different versions: install both from one release");
                }
                self.said_hello = true;
                self.begin()?;
            }
            _ if !self.said_hello => return Err("no hello"),
            FromRunner::Boxed { report } | FromRunner::Loaded { report } => {
                if self.reports_left == 0 {
                    return Err("too many reports of its box");
                }
                self.reports_left -= 1;
                self.tell(News::Boxed(report));
            }
            FromRunner::Created => {
                let reader = self.reader.take().ok_or("made twice")?;
                self.create_until = None;
                self.fetch.at = Some(Instant::now());
                self.tell(News::Created(reader));
            }
            FromRunner::Refused { fault } => {
                if self.create_until.is_none() || std::mem::replace(&mut self.refused, true) {
                    return Err("a refusal after its start");
                }
                self.tell(News::Refused(cut(fault)));
            }
            FromRunner::Fetched { seq, result } => {
                if seq != self.fetch.seq || self.fetch.running.is_none() {
                    return Err("a fetch that nobody ordered");
                }
                self.fetched(result);
            }
            FromRunner::EventDone { seq, result } => {
                if self.events.front() != Some(&seq) {
                    return Err("an event that nobody sent");
                }
                self.events.pop_front();
                self.time_event();
                let result = result.map_err(cut);
                self.tell(News::EventDone(seq, result));
            }
            FromRunner::DrawFailed { fault } => self.faulted("draw", fault),
            FromRunner::Call { id, call } => self.call(id, call, bytes)?,
            FromRunner::Log { level, target, message } => {
                let name = ["error", "warn", "info", "debug", "trace"][usize::from(level.clamp(1, 5)) - 1];
                let message: String = message.chars().take(2000).collect();
                let target: String = target.chars().take(100).collect();
                if self.me.observed.line(&format!("{name} {target}: {message}")) {
                    let instance = &self.me.desk.instance;
                    match level {
                        0 | 1 => tracing::error!(target: "plugin", %instance, "{target}: {message}"),
                        2 => tracing::warn!(target: "plugin", %instance, "{target}: {message}"),
                        3 => tracing::info!(target: "plugin", %instance, "{target}: {message}"),
                        _ => tracing::debug!(target: "plugin", %instance, "{target}: {message}"),
                    }
                }
            }
            FromRunner::Ended { fault } => {
                if let Some(fault) = fault {
                    self.faulted("drop", fault);
                }
            }
            FromRunner::Described | FromRunner::Part => return Err("an answer that nobody asked for"),
        }
        Ok(())
    }

    /// Tells of a callback that failed, unless it told so just now.
    fn faulted(&mut self, callback: &'static str, fault: Fault) {
        self.faults += 1;
        if self.faults <= FAULTS {
            self.tell(News::Faulted(callback, cut(fault)));
        }
    }

    fn begin(&mut self) -> Result<(), &'static str> {
        let orders = self.begin.take().ok_or("begun twice")?;
        let packet = encode(&ToRunner::Start(orders.start.clone()), &[]).map_err(|_| "settings too long")?;
        let sent = self.me.process.link.get_ref().try_send(&packet, &orders.descriptors());
        self.reader = orders.frames.map(|frames| Box::new(frames.reader));
        sent.map_err(|_| "it does not read")
    }

    fn fetched(&mut self, result: Result<marquee_runner::protocol::Fetched, Fault>) {
        self.fetch.running = None;
        let now = Instant::now();
        match result {
            Ok(fetched) => {
                self.fetch.failures = 0;
                let pause = fetched.again_ns.map(|ns| Duration::from_nanos(ns).max(SHORTEST_FETCH_PAUSE));
                self.fetch.at = pause.and_then(|pause| now.checked_add(pause));
                self.tell(News::Fetched(fetched.new_data));
            }
            Err(fault) => {
                let pause = FETCH_RETRY.0.saturating_mul(1 << self.fetch.failures.min(10)).min(FETCH_RETRY.1);
                self.fetch.failures += 1;
                self.fetch.at = Some(now + pause);
                self.faulted("fetch", fault);
            }
        }
        if self.stopping {
            self.fetch.at = None;
        }
    }

    fn call(&mut self, id: u64, call: Call, bytes: Vec<u8>) -> Result<(), &'static str> {
        if self.calls.len() + self.unsent.len() >= MOST_CALLS {
            return Err("too many calls at once");
        }
        self.fetch.call_begins();
        let desk = self.me.desk.clone();
        self.calls.spawn(async move { (id, desk.answer(call, bytes).await) });
        Ok(())
    }

    fn called(&mut self, called: Option<(u64, Outcome)>) {
        if self.calls.is_empty() {
            self.fetch.call_ends();
        }
        let Some((id, outcome)) = called else {
            return self.kill("the host lost a call of it".to_owned());
        };
        let (result, bytes): (Result<Answer, Failure>, Vec<u8>) = match outcome {
            Ok((answer, bytes)) => (Ok(short(answer)), bytes),
            Err(failure) => (Err(failure), Vec::new()),
        };
        let sealed = bytes.len() > MAX_INLINE;
        self.send(&ToRunner::Answer { id, result, sealed }, bytes);
    }

    /// Sends a message; bytes that are too many for a packet go as a sealed memfd.
    fn send(&mut self, message: &ToRunner, bytes: Vec<u8>) {
        let (inline, large) =
            if bytes.len() > MAX_INLINE { (Vec::new(), Some(bytes)) } else { (bytes, None) };
        match encode(message, &inline) {
            Ok(packet) => self.unsent.push_back(Unsent { packet, large }),
            Err(error) => return self.kill(format!("a message to it cannot be sent ({error})")),
        }
        self.flush();
    }

    fn flush(&mut self) {
        while let Some(Unsent { packet, large }) = self.unsent.front() {
            let link = self.me.process.link.get_ref();
            let sealed = match large {
                None => None,
                Some(_) if link.unread_by_peer().is_ok_and(|unread| unread > 0) => {
                    self.unread_at = Some(Instant::now() + UNREAD_PAUSE);
                    return;
                }
                Some(bytes) => match SealedBytes::create("marquee-answer", bytes) {
                    Ok(sealed) => Some(sealed),
                    Err(error) => {
                        return self.kill(format!("the host had no memory for an answer ({error})"));
                    }
                },
            };
            let fds: Vec<_> = sealed.iter().map(AsFd::as_fd).collect();
            match link.try_send(packet, &fds) {
                Ok(()) => drop(self.unsent.pop_front()),
                Err(LinkError::Full) if self.unsent.len() <= MOST_UNSENT => return,
                Err(LinkError::Full) => return self.kill("it does not read what the host sends".to_owned()),
                // It has closed its end; its death is on the way, or the reading side notices.
                Err(_) => return self.unsent.clear(),
            }
        }
    }

    fn log(&mut self, bytes: &[u8], ended: bool) {
        self.log_bytes += bytes.len();
        self.log_ended |= ended;
        let instance = &self.me.desk.instance;
        let mut known = self.me.observed.known();
        let now = std::time::Instant::now();
        let mut heard = Vec::new();
        known.log.bytes(bytes, now, |line| heard.push(line.to_owned()));
        if ended {
            known.log.end(now, |line| heard.push(line.to_owned()));
        }
        drop(known);
        for line in heard {
            tracing::info!(target: "plugin", instance = %instance, "{line}");
        }
    }

    /// What the process is doing, by its own word.
    fn doing(&self) -> Option<&'static str> {
        let Activity { draw, fetch, control, .. } = self.me.activity.read();
        [draw, control, fetch].into_iter().find_map(|call| callback::name(call.code))
    }

    /// The process is gone: hears its last words and says how it died.
    fn bury(&mut self) {
        for _ in 0..MESSAGES {
            match self.me.process.link.get_ref().try_recv() {
                Ok(Received::Packet(packet)) => self.take(packet),
                _ => break,
            }
        }
        let mut buffer = vec![0; 64 * 1024];
        for _ in 0..16 {
            match rustix::io::read(self.me.process.log.get_ref(), &mut buffer) {
                Ok(count) if count > 0 => {
                    let bytes = buffer[..count].to_vec();
                    self.log(&bytes, false);
                }
                _ => break,
            }
        }
        if !self.log_ended {
            self.log(&[], true);
        }
        let status = self.me.process.reap();
        // A word about another signal than the one it died of is a lie, or old.
        let noted = self.me.activity.read().fault;
        let noted = noted
            .filter(|fault| status.and_then(|status| status.signal()) == i32::try_from(fault.signal).ok());
        let how = match (&self.kill_reason, noted) {
            (Some(reason), _) => format!("killed: {reason}"),
            (None, Some(fault)) => {
                let signal = signal_name(i32::try_from(fault.signal).unwrap_or(0));
                // A signal sent to the whole process reaches any of its threads.
                callback::name(fault.callback)
                    .or_else(|| self.doing())
                    .map_or_else(|| signal.clone(), |callback| format!("{signal} in {callback}"))
            }
            (None, None) => {
                let end = status.map_or_else(|| "an unknown end".to_owned(), ending);
                self.doing().map_or_else(|| end.clone(), |callback| format!("{end} in {callback}"))
            }
        };
        self.tell(News::Died(Death { how, ran: self.started.elapsed() }));
        // What it still wants of the host, nobody waits for.
        self.calls.abort_all();
    }
}

/// A fault with its texts cut to what a log line may hold.
fn cut(fault: Fault) -> Fault {
    let short = |text: String| text.chars().take(1000).collect();
    Fault { kind: fault.kind, message: short(fault.message), place: short(fault.place) }
}

/// An answer whose headers fit a message.
fn short(answer: Answer) -> Answer {
    let Answer::Http { status, headers, stale, age_ns } = answer else { return answer };
    let mut left = MOST_HEADERS;
    let fits = |header: &(String, String)| {
        // Quotes and escapes may double a text.
        left = left.saturating_sub(header.0.len() + header.1.len());
        left > 0
    };
    Answer::Http { status, headers: headers.into_iter().take_while(fits).collect(), stale, age_ns }
}

fn text(time: Duration) -> String {
    if time >= Duration::from_secs(1) && time.subsec_millis() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}

/// Makes the desk's parts for one instance.
pub(crate) fn assets(path: Option<&std::path::PathBuf>) -> Option<Arc<std::path::Path>> {
    path.map(|path| Arc::from(path.as_path()))
}
