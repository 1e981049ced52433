//! The control thread: from the first message to the last.
//!
//! Invariant: the box is closed before the first byte of the library is loaded, and a host that is gone ends the
//! process, whatever the plugin does.

#![expect(unsafe_code, reason = "takes the standard input over as the link to the host")]

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use marquee_frames::{Writer, WriterThread};
use marquee_link::{Link, Packet};
use marquee_sandbox::Options;
use rustix::event::{EventfdFlags, eventfd};

use crate::calls::{Calls, is_end, sealed_bytes};
use crate::draw::{self, Orders, exit_now};
use crate::fault::{self, InCallback, name_thread};
use crate::protocol::{Fault, FaultKind, FromRunner, PROTOCOL, Purpose, Start, ToRunner, callback, decode};
use crate::services::{self, Extensions};
use crate::{fetch, loader};

/// Stack of the threads that call the plugin, in bytes.
const STACK: usize = 2 * 1024 * 1024;

/// Runs a plugin as the host on the standard input says; what `marquee-runner` does.
///
/// With `--probe` it instead tries each layer of the box on itself and prints what came of it as JSON.
#[must_use]
pub fn run(extensions: Extensions) -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => {}
        Some("--probe") => return probe(),
        Some(_) => {
            eprintln!("marquee-runner is started by `marquee run`, not by people: it takes no arguments");
            return ExitCode::from(2);
        }
    }
    // SAFETY: nothing in this process has used descriptor 0 yet, and nothing will but by way of this value.
    let stdin = unsafe { OwnedFd::from_raw_fd(0) };
    let Ok(link) = Link::from_fd(stdin) else {
        eprintln!("marquee-runner is started by `marquee run`, not by people: there is no host on its input");
        return ExitCode::from(2);
    };
    let calls = Arc::new(Calls::new(link));
    calls.tell(&FromRunner::Hello { protocol: PROTOCOL });
    let Ok(Some(packet)) = calls.link().recv() else { return ExitCode::FAILURE };
    let (start, fds) = match started(packet) {
        Ok(started) => started,
        Err(message) => return refuse(&calls, FaultKind::Load, message),
    };
    match start.purpose {
        Purpose::Run => run_plugin(start, fds, &calls, &extensions),
        Purpose::Describe => describe(start, fds, &calls),
    }
}

fn probe() -> ExitCode {
    let report = marquee_sandbox::probe_here();
    match report.map(|report| serde_json::to_string(&report)) {
        Ok(Ok(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Ok(Err(error)) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn started(packet: Packet) -> Result<(Box<Start>, Vec<OwnedFd>), String> {
    match decode::<ToRunner>(&packet.bytes) {
        Ok((ToRunner::Start(start), _)) if start.protocol == PROTOCOL => Ok((start, packet.fds)),
        Ok((ToRunner::Start(start), _)) => Err(format!(
            "the host speaks protocol {}, this runner {PROTOCOL}: install host and runner of one version",
            start.protocol
        )),
        _ => Err("the host's first message is not understood: install host and runner of one version".into()),
    }
}

fn refuse(calls: &Calls, kind: FaultKind, message: String) -> ExitCode {
    calls.tell(&FromRunner::Refused { fault: Fault { kind, message, place: String::new() } });
    ExitCode::FAILURE
}

fn options(start: &Start, fds: &[OwnedFd]) -> Options {
    // The link is descriptor 0, which is always kept.
    Options {
        expected_parent: Some(start.host_pid),
        keep_fds: fds.iter().map(AsRawFd::as_raw_fd).collect(),
        limits: start.limits,
        required: start.required.clone(),
        disable: start.disable.clone(),
    }
}

/// Libraries that a plugin may need are loaded while there still is a file system to find them on.
fn load_common_libraries() {
    for name in ["libm.so.6", "libgcc_s.so.1"] {
        // SAFETY: these are the system's own; the runner or the standard library uses them anyway. Never closed.
        if let Ok(library) = unsafe { libloading::Library::new(name) } {
            std::mem::forget(library);
        }
    }
}

fn run_plugin(start: Box<Start>, fds: Vec<OwnedFd>, calls: &Arc<Calls>, extensions: &Extensions) -> ExitCode {
    load_common_libraries();
    let early = match marquee_sandbox::enter_early(&options(&start, &fds)) {
        Ok(early) => early,
        Err(error) => return refuse(calls, FaultKind::Box, error.to_string()),
    };
    let confined = match early.landlock() {
        Ok(confined) => confined,
        Err(error) => return refuse(calls, FaultKind::Box, error.to_string()),
    };
    let mut fds = fds.into_iter();
    let (Some(library), Some(memory), Some(tick_event), Some(frame_event)) =
        (fds.next(), fds.next(), fds.next(), fds.next())
    else {
        return refuse(calls, FaultKind::Load, "the host sent too few descriptors".into());
    };
    let bell = match eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK) {
        Ok(bell) => bell,
        Err(error) => return refuse(calls, FaultKind::Load, format!("no event can be made: {error}")),
    };
    let writer = match Writer::open(memory, tick_event, frame_event) {
        Ok(writer) => writer,
        Err(error) => return refuse(calls, FaultKind::Load, error.to_string()),
    };
    fault::watch(writer.activity_handle());
    let orders = Arc::new(Orders::new(bell));
    let (fetching, fetch_orders) = channel();
    if let Err(error) = spawn_threads(writer, &orders, calls, fetching.clone(), fetch_orders) {
        return refuse(calls, FaultKind::Load, format!("no thread can be made: {error}"));
    }

    let loading = match confined.coarse() {
        Ok(loading) => loading,
        Err(error) => return refuse(calls, FaultKind::Box, error.to_string()),
    };
    calls.tell(&FromRunner::Boxed { report: loading.report().clone() });
    let loaded = {
        let _in_callback = InCallback::enter(callback::LOAD);
        loader::load(&loading.library_path(library.as_raw_fd()))
    };
    let root = match loaded {
        Ok(root) => root,
        Err(error) => return refuse(calls, FaultKind::Load, error.to_string()),
    };
    drop(library);
    match loading.tight() {
        Ok(report) => calls.tell(&FromRunner::Loaded { report }),
        Err(error) => return refuse(calls, FaultKind::Box, error.to_string()),
    }
    for wanted in &extensions.wanted {
        let answer = (root.extension())(wanted.id.into()).into_option();
        if let Some(found) = answer.and_then(wanted.found) {
            let (target, message) = ("extension".to_owned(), format!("{}: {found}", wanted.id));
            calls.tell(&FromRunner::Log { level: 4, target, message });
        }
    }
    let host = services::table(Arc::clone(calls), extensions.offered);
    let inbox = Inbox { orders, fetching, calls: Arc::clone(calls) };
    inbox.orders.push(draw::Order::Create(root, start, host));
    inbox.serve()
}

fn spawn_threads(
    writer: Writer,
    orders: &Arc<Orders>,
    calls: &Arc<Calls>,
    fetching: Sender<fetch::Order>,
    fetch_orders: std::sync::mpsc::Receiver<fetch::Order>,
) -> std::io::Result<()> {
    let builder = |name: &str| std::thread::Builder::new().name(name.into()).stack_size(STACK);
    let (orders, calls_of_draw, calls_of_fetch) = (Arc::clone(orders), Arc::clone(calls), Arc::clone(calls));
    builder("draw").spawn(move || draw::work(writer, &orders, &calls_of_draw, &fetching))?;
    builder("fetch").spawn(move || fetch::work(&fetch_orders, &calls_of_fetch))?;
    name_thread(WriterThread::Control);
    Ok(())
}

/// Where the host's messages go.
struct Inbox {
    orders: Arc<Orders>,
    fetching: Sender<fetch::Order>,
    calls: Arc<Calls>,
}

impl Inbox {
    /// Hands messages on until the host is gone.
    fn serve(&self) -> ! {
        loop {
            match self.calls.link().recv() {
                Ok(Some(packet)) => {
                    if !self.take(packet) {
                        exit_now(1);
                    }
                }
                Ok(None) => exit_now(0),
                Err(error) if is_end(&error) => exit_now(1),
                Err(_) => {}
            }
        }
    }

    /// Hands one message on; false if it is none.
    fn take(&self, mut packet: Packet) -> bool {
        let Ok((message, bytes)) = decode::<ToRunner>(&packet.bytes) else { return false };
        match message {
            ToRunner::Fetch { seq } => drop(self.fetching.send(fetch::Order::Fetch(seq))),
            ToRunner::Event { seq, kind, data } => {
                self.orders.push(draw::Order::Event { seq, kind, data: data.to_string() });
            }
            ToRunner::Answer { id, result, sealed } => {
                let bytes =
                    if sealed { packet.fds.pop().and_then(sealed_bytes) } else { Some(bytes.to_vec()) };
                let Some(bytes) = bytes else { return false };
                self.calls.answered(id, result, bytes);
            }
            ToRunner::Stop => self.orders.push(draw::Order::Stop),
            ToRunner::Start(_) => return false,
        }
        true
    }
}

/// Loads the library in the same box and says what its settings are.
fn describe(start: Box<Start>, fds: Vec<OwnedFd>, calls: &Arc<Calls>) -> ExitCode {
    load_common_libraries();
    let boxed = marquee_sandbox::enter_early(&options(&start, &fds))
        .and_then(marquee_sandbox::Early::landlock)
        .and_then(marquee_sandbox::Confined::coarse);
    let loading = match boxed {
        Ok(loading) => loading,
        Err(error) => return refuse(calls, FaultKind::Box, error.to_string()),
    };
    let Some(library) = fds.first() else {
        return refuse(calls, FaultKind::Load, "the host sent no library".into());
    };
    let root = match loader::load(&loading.library_path(library.as_raw_fd())) {
        Ok(root) => root,
        Err(error) => return refuse(calls, FaultKind::Load, error.to_string()),
    };
    if let Err(error) = loading.tight() {
        return refuse(calls, FaultKind::Box, error.to_string());
    }
    match (root.describe())().into_result() {
        Ok(text) => match calls.send(&FromRunner::Described, text.as_bytes()) {
            Ok(()) => exit_now(0),
            Err(failure) => refuse(calls, FaultKind::Error, failure.message),
        },
        Err(fault) => {
            let fault = draw::fault_from(fault);
            refuse(calls, fault.kind, fault.message)
        }
    }
}
