//! The draw thread: makes the plugin, answers ticks, hands over events, ends it.
//!
//! Invariant: every tick gets exactly one published frame as its answer, a failed one if drawing failed; so the host
//! always knows whether this thread is late, hung or well.

#![expect(unsafe_code, reason = "calls the plugin")]

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use abi_stable::std_types::{RStr, Tuple2};
use marquee_frames::{DRAWN, FAILED, FrameInfo, Tick, VISIBLE, Writer, WriterThread};
use marquee_plugin_api::abi::{
    Canvas, CreateArgs, Created, Drawer, FAULT_PANIC, FAULT_SETTINGS, HostTable, Panel, RootRef, TickTable,
};
use rustix::event::{PollFd, PollFlags, poll};

use crate::calls::Calls;
use crate::fault::{InCallback, name_thread};
use crate::fetch;
use crate::protocol::{Fault, FaultKind, FromRunner, Start, callback};

/// How long a plugin whose drawing failed is left alone.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// An order to the draw thread.
pub(crate) enum Order {
    /// Make the plugin.
    Create(RootRef, Box<Start>, HostTable),
    /// Hand over an event.
    Event { seq: u64, kind: String, data: String },
    /// End the plugin and the process.
    Stop,
}

/// Orders on their way to the draw thread, and what wakes it for them.
pub(crate) struct Orders {
    queue: Mutex<VecDeque<Order>>,
    bell: OwnedFd,
}

impl Orders {
    /// None yet; `bell` is a non-blocking eventfd.
    pub(crate) fn new(bell: OwnedFd) -> Self {
        Self { queue: Mutex::default(), bell }
    }

    pub(crate) fn push(&self, order: Order) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(order);
        // Fails only when the counter is full, and then the draw thread is awake.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    fn pop(&self) -> Option<Order> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn silence(&self) {
        let _ = rustix::io::read(&self.bell, &mut [0_u8; 8]);
    }
}

/// Answers ticks and orders until it is told to stop, then ends the process.
pub(crate) fn work(mut writer: Writer, orders: &Orders, calls: &Arc<Calls>, fetching: &Sender<fetch::Order>) {
    name_thread(WriterThread::Draw);
    let mut plugin: Option<Plugin> = None;
    loop {
        let mut ready = [
            PollFd::from_borrowed_fd(writer.tick_event(), PollFlags::IN),
            PollFd::from_borrowed_fd(orders.bell.as_fd(), PollFlags::IN),
        ];
        if poll(&mut ready, None).is_err() {
            continue;
        }
        let [ticked, ordered] = ready.map(|ready| !ready.revents().is_empty());
        if ticked {
            writer.drain_tick_event();
        }
        if ordered {
            orders.silence();
        }
        while let Some(order) = orders.pop() {
            match order {
                Order::Create(root, start, host) => match create(root, &start, host, &writer) {
                    Ok(created) => {
                        let _ = fetching.send(fetch::Order::Take(created.fetcher));
                        plugin = Some(Plugin::new(created.drawer));
                        calls.tell(&FromRunner::Created);
                    }
                    Err(fault) => {
                        calls.tell(&FromRunner::Refused { fault });
                        exit_now(1);
                    }
                },
                Order::Event { seq, kind, data } => {
                    let result = plugin.as_ref().map_or(Ok(false), |plugin| plugin.event(&kind, &data));
                    calls.tell(&FromRunner::EventDone { seq, result });
                }
                Order::Stop => {
                    let fault = plugin.take().and_then(|plugin| plugin.end().err());
                    calls.tell(&FromRunner::Ended { fault });
                    exit_now(0);
                }
            }
        }
        if let (Some(plugin), Some(tick)) = (plugin.as_mut(), writer.tick()) {
            plugin.answer(&mut writer, tick, calls);
        }
    }
}

/// Ends the process at once: no destructor of the plugin's library runs a second time, none can hang.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(code) }
}

fn create(root: RootRef, start: &Start, host: HostTable, writer: &Writer) -> Result<Created, Fault> {
    let (width, height) = writer.size();
    let args = CreateArgs {
        settings: start.settings.to_string().into(),
        panel: Panel {
            width: width.into(),
            height: height.into(),
            fps: start.panel.fps,
            instance: start.panel.instance.as_str().into(),
            time_zone: start.panel.time_zone.as_str().into(),
            location: start.panel.location.map(|(latitude, longitude)| Tuple2(latitude, longitude)).into(),
        },
        host,
    };
    let _in_callback = InCallback::enter(callback::CREATE);
    (root.create())(args).into_result().map_err(fault_from)
}

/// The plugin's drawing half, and what the tick's times are counted from.
struct Plugin {
    drawer: Drawer,
    first_ns: Option<u64>,
    last_ns: u64,
    shown_since_ns: Option<u64>,
    count: u64,
    news: u32,
}

impl Plugin {
    fn new(drawer: Drawer) -> Self {
        Self { drawer, first_ns: None, last_ns: 0, shown_since_ns: None, count: 0, news: 0 }
    }

    fn answer(&mut self, writer: &mut Writer, tick: Tick, calls: &Calls) {
        let started = Instant::now();
        let table = self.table(tick);
        let size = writer.size();
        let canvas =
            Canvas { pixels: writer.begin().as_mut_ptr(), width: size.0.into(), height: size.1.into() };
        let result = {
            let _in_callback = InCallback::enter(callback::DRAW);
            // SAFETY: the drawer is alive and this is its only thread; the canvas is the writer's own slot, whose
            // length is `width * height * 3`, and nobody else touches it until `publish`.
            unsafe { (self.drawer.draw)(self.drawer.state, canvas, &table) }.into_result()
        };
        let mut info = FrameInfo { seq: tick.seq, size, outcome: DRAWN, ..FrameInfo::default() };
        match result {
            Ok(next) => {
                self.count += 1;
                (info.wake_kind, info.wake_ns, info.show) = (next.wake, next.wake_ns, next.show);
            }
            Err(fault) => {
                calls.tell(&FromRunner::DrawFailed { fault: fault_from(fault) });
                (info.outcome, info.wake_kind) = (FAILED, 1);
                info.wake_ns = AFTER_FAILURE.as_nanos() as u64;
            }
        }
        info.draw_ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if writer.publish(info).is_err() {
            // The shared memory is not what it was: nothing this process could still do is of use.
            exit_now(1);
        }
    }

    fn table(&mut self, tick: Tick) -> TickTable {
        let visible = tick.flags & VISIBLE != 0;
        let first = *self.first_ns.get_or_insert(tick.show_at_ns);
        let since = if visible { Some(*self.shown_since_ns.get_or_insert(tick.show_at_ns)) } else { None };
        self.shown_since_ns = since;
        let delta_ns = if self.count == 0 { 0 } else { tick.show_at_ns.saturating_sub(self.last_ns) };
        self.last_ns = tick.show_at_ns;
        let new_data = tick.news != self.news;
        self.news = tick.news;
        TickTable {
            elapsed_ns: tick.show_at_ns.saturating_sub(first),
            delta_ns,
            shown_ns: since.map_or(0, |since| tick.show_at_ns.saturating_sub(since)),
            unix_ns: tick.unix_ns,
            utc_offset_s: tick.utc_offset_s,
            count: self.count,
            visible,
            new_data,
        }
    }

    fn event(&self, kind: &str, data: &str) -> Result<bool, Fault> {
        let _in_callback = InCallback::enter(callback::EVENT);
        // SAFETY: the drawer is alive and this is its only thread.
        unsafe { (self.drawer.event)(self.drawer.state, RStr::from_str(kind), RStr::from_str(data)) }
            .into_result()
            .map_err(fault_from)
    }

    fn end(self) -> Result<(), Fault> {
        let _in_callback = InCallback::enter(callback::DROP);
        // SAFETY: as in `event`; `self` is gone afterwards.
        unsafe { (self.drawer.end)(self.drawer.state) }.into_result().map_err(fault_from)
    }
}

/// A fault of the plugin, for the host.
pub(crate) fn fault_from(fault: marquee_plugin_api::abi::Fault) -> Fault {
    let kind = match fault.kind {
        FAULT_PANIC => FaultKind::Panic,
        FAULT_SETTINGS => FaultKind::Settings,
        _ => FaultKind::Error,
    };
    let cut = |text: &str| text.chars().take(2000).collect();
    Fault { kind, message: cut(&fault.message), place: cut(&fault.place) }
}
