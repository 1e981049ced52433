//! `marquee run`: everything put together, until a signal ends it.
//!
//! Invariant: what can be refused is refused before the first plugin starts, with one sentence; from then on faults are
//! reported and lived with. The end takes under three seconds.

use std::panic;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use marquee_discovery::{Discovery, Scan};
use marquee_fetch::FetchService;
use marquee_runtime::{Deadlines, RuntimeConfig, Screen, Supervisor};
use marquee_sinks::{Setup, WebSink};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::desired::{Desired, Enable};
use super::error::AppError;
use super::host_file::Announced;
use super::plan::{Shelf, plan};
use super::view::View;
use crate::config::Config;
use crate::screen::{OpenSink, ScreenConfig, ScreenHandle};

/// How long plugins may take to end when the host does.
const PLUGINS_END: Duration = Duration::from_millis(1200);

/// Reads the configuration once more.
pub type Reread = dyn Fn() -> Result<Config, String> + Send + Sync;

/// Runs the host until SIGTERM or SIGINT. On SIGHUP the configuration is read again; what it says of instances and of
/// approved hosts takes effect at once, the rest at the next start.
///
/// # Errors
/// What keeps it from starting, in one sentence; or that the API stopped.
pub fn run(config: Config, enable: Option<&Enable>, reread: Arc<Reread>) -> Result<(), AppError> {
    let started = Instant::now();
    let resources = |what| move |source| AppError::Resources { what, source };
    config.directories.prepare()?;
    let listener = marquee_http::bind(config.host.listen)?;
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(64)
        .thread_stack_size(1024 * 1024)
        .enable_all()
        .build()
        .map_err(resources("threads"))?;
    let listen = listener.local_addr().map_err(resources("an address"))?;

    let discovery = Arc::new(Discovery::start(config.directories.plugins.clone())?);
    let fetch = Arc::new(FetchService::new(config.fetch.limits.clone()).map_err(AppError::Fetch)?);
    let web = WebSink::new(config.panel.size);
    let sinks = open_sinks(&config, &web)?;
    let screen = Arc::new(ScreenHandle::start(screen_config(&config), sinks).map_err(resources("a thread"))?);
    let as_screen: Arc<dyn Screen> = Arc::<ScreenHandle>::clone(&screen);
    let supervisor =
        Arc::new(Supervisor::new(runtime_config(&config), fetch, as_screen, tokio.handle().clone())?);
    let desired = Arc::new(Mutex::new(Desired::first(&config, enable)));
    let config = Arc::new(config);
    let examined = Arc::new(OnceLock::new());
    let view = Arc::new(View {
        started,
        config: Arc::clone(&config),
        discovery: Arc::clone(&discovery),
        desired: Arc::clone(&desired),
        supervisor: Arc::clone(&supervisor),
        board: Arc::clone(screen.board()),
        probed: marquee_sandbox::probe(),
        examined: Arc::clone(&examined),
    });
    let announced = Announced::write(&config.directories.state, listen).map_err(|source| AppError::File {
        action: "write",
        path: config.directories.state.join(super::HOST_FILE),
        source,
    })?;
    tracing::info!(
        target: "marquee",
        "marquee {} shows {} at {} frames a second; page and API at http://{listen}/",
        env!("CARGO_PKG_VERSION"), config.panel.size, config.display.fps
    );

    let of_doctor = Arc::clone(&config);
    let result = tokio.block_on(async {
        let follow = Follow { desired, supervisor: Arc::clone(&supervisor), screen: Arc::clone(&screen) };
        let configs = watch::Sender::new(config);
        let following = tokio::spawn(follow.scans(discovery.subscribe(), configs.subscribe()));
        tokio::task::spawn_blocking(move || examined.set(crate::doctor::doctor_report(&of_doctor)));
        let (stop, stopped) = watch::channel(false);
        let serve = marquee_http::Serve {
            view,
            pictures: web.subscribe(),
            listener,
            limits: marquee_http::Limits::default(),
        };
        let mut wait_stop = stopped.clone();
        let serving = tokio::spawn(marquee_http::serve(serve, async move {
            let _ = wait_stop.wait_for(|stop| *stop).await;
        }));
        let result = until_the_end(serving, &stop, &configs, &reread).await;
        following.abort();
        // Side by side, since each may take a second or two.
        let last = Arc::clone(&screen);
        let sinks = tokio::task::spawn_blocking(move || last.stop(true));
        let (left_over, ()) = tokio::join!(sinks, supervisor.shut_down(PLUGINS_END));
        for left_over in left_over.unwrap_or_default() {
            tracing::error!(target: "marquee", "{left_over}");
        }
        result
    });
    drop(announced);
    tokio.shutdown_timeout(Duration::from_millis(200));
    tracing::info!(target: "marquee", "ended");
    result
}

/// Waits for a signal to end, or for the API to break; then tells the API to end. Reads the configuration again when
/// told to.
async fn until_the_end(
    mut serving: tokio::task::JoinHandle<Result<(), marquee_http::ServeError>>,
    stop: &watch::Sender<bool>,
    configs: &watch::Sender<Arc<Config>>,
    reread: &Arc<Reread>,
) -> Result<(), AppError> {
    let signals =
        |kind| signal(kind).map_err(|source| AppError::Resources { what: "a signal handler", source });
    let mut terminate = signals(SignalKind::terminate())?;
    let mut interrupt = signals(SignalKind::interrupt())?;
    let mut hang_up = signals(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            served = &mut serving => return served_result(served),
            _ = hang_up.recv() => {
                let reread = Arc::clone(reread);
                match tokio::task::spawn_blocking(move || reread()).await {
                    Ok(Ok(config)) => {
                        tracing::info!(target: "marquee", "the configuration was read again");
                        configs.send_replace(Arc::new(config));
                    }
                    Ok(Err(error)) => tracing::error!(target: "marquee", "nothing was changed: {error}"),
                    Err(_) => {}
                }
            }
        }
    }
    // Viewers hear of the end while plugins and sinks are ended; nobody waits for those that do not listen.
    let _ = stop.send(true);
    Ok(())
}

fn served_result(
    served: Result<Result<(), marquee_http::ServeError>, tokio::task::JoinError>,
) -> Result<(), AppError> {
    match served {
        Ok(result) => Ok(result?),
        Err(error) if error.is_panic() => panic::resume_unwind(error.into_panic()),
        Err(_) => Ok(()),
    }
}

/// What makes the runtime follow the folder, the configuration and the desired state.
struct Follow {
    desired: Arc<Mutex<Desired>>,
    supervisor: Arc<Supervisor>,
    screen: Arc<ScreenHandle>,
}

impl Follow {
    async fn scans(self, mut scans: watch::Receiver<Arc<Scan>>, mut configs: watch::Receiver<Arc<Config>>) {
        let mut shelf = Shelf::default();
        loop {
            let scan = scans.borrow_and_update().clone();
            let config = configs.borrow_and_update().clone();
            let again = self.apply(&scan, &mut shelf, &config);
            let pause = again.map(|at| tokio::time::sleep_until(at.into()));
            tokio::select! {
                changed = scans.changed() => if changed.is_err() { return },
                changed = configs.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let config = configs.borrow().clone();
                    self.desired.lock().unwrap_or_else(PoisonError::into_inner).reread(&config);
                }
                () = async { if let Some(pause) = pause { pause.await } }, if again.is_some() => {}
            }
        }
    }

    fn apply(&self, scan: &Scan, shelf: &mut Shelf, config: &Config) -> Option<Instant> {
        let again = shelf.update(scan, Instant::now());
        let plan = {
            let mut desired = self.desired.lock().unwrap_or_else(PoisonError::into_inner);
            desired.notice(scan.found.keys());
            plan(&desired, shelf, &config.fetch)
        };
        for refused in &scan.refused {
            tracing::warn!(target: "plugins", "{}: {}", refused.path, refused.reason);
        }
        if let Some(error) = &scan.folder_error {
            tracing::error!(target: "plugins", "{error}");
        }
        // The stage must know a name before its first frame comes.
        self.screen.set_rotation(plan.rotation);
        self.supervisor.set_wanted(plan.wanted);
        again
    }
}

fn open_sinks(config: &Config, web: &WebSink) -> Result<Vec<OpenSink>, AppError> {
    let setup = Setup {
        size: config.panel.size,
        fps: config.display.fps,
        web: web.clone(),
        panel_socket: config.panel.hub75.socket.clone().into(),
        host_name: format!("marquee {}", env!("CARGO_PKG_VERSION")),
    };
    let open = |spec: &marquee_sinks::SinkSpec| -> Result<OpenSink, AppError> {
        Ok(OpenSink { spec: spec.clone(), sink: marquee_sinks::open(spec, &setup)? })
    };
    config.panel.sinks.iter().map(open).collect()
}

fn screen_config(config: &Config) -> ScreenConfig {
    ScreenConfig {
        size: config.panel.size,
        fps: config.display.fps,
        transition: config.display.transition,
        brightness: config.display.brightness,
        draw_limit: Deadlines::default().draw,
        zone: zone(config),
    }
}

/// The panel's time zone; its name was checked when the configuration was read.
pub(crate) fn zone(config: &Config) -> TimeZone {
    TimeZone::get(&config.host.time_zone).unwrap_or(TimeZone::UTC)
}

/// How runners are started, from the configuration.
pub(crate) fn runtime_config(config: &Config) -> RuntimeConfig {
    RuntimeConfig {
        runner: config.host.runner.clone(),
        size: config.panel.size,
        fps: config.display.fps,
        time_zone: config.host.time_zone.clone(),
        location: config.host.location,
        limits: config.sandbox.limits,
        required: config.sandbox.required.clone(),
        disable: config.sandbox.disable.clone(),
        data_dir: config.directories.state.join("data"),
        deadlines: Deadlines::default(),
    }
}
