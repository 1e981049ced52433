//! `GET /api/v1/frames`: live pictures over a WebSocket.
//!
//! One task for each viewer waits for a picture, sends it, and waits again. While it sends, the host publishes on; the
//! next picture it sees is the newest, so a slow viewer loses frames instead of holding anybody back. What a viewer that
//! does not read can cost is one picture here, one in the socket's library and a bounded kernel buffer (`server`): under
//! 1 MiB for panels up to 512×128.
//!
//! Invariant: nothing that a viewer does reaches the publisher, and every wait for a viewer has an end.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use marquee_model::Picture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::problem::Problem;
use crate::routes::{App, Which};
use crate::server::stopped;
use crate::{HostView, Limits, preview};

/// Viewers have nothing to say; a message longer than this ends the connection.
const MAX_INCOMING: usize = 1024;
/// How often the own picture of one instance is looked at; it has no channel to wait on.
const INSTANCE_PERIOD: Duration = Duration::from_millis(33);
/// How long a viewer has to take the closing message.
const CLOSING: Duration = Duration::from_millis(500);

/// The viewers of one server: how many there may be, and when they have to go.
#[derive(Clone)]
pub(crate) struct FrameClients {
    places: Arc<Semaphore>,
    limits: Limits,
    stopping: watch::Receiver<bool>,
}

impl FrameClients {
    pub(crate) fn new(limits: Limits, stopping: watch::Receiver<bool>) -> Self {
        Self { places: Arc::new(Semaphore::new(usize::from(limits.frame_clients))), limits, stopping }
    }

    /// Done when the last viewer has gone. No viewer is let in any more.
    pub(crate) async fn all_gone(&self) {
        // It fails only if the semaphore was closed, which is what this is for.
        let _all = self.places.acquire_many(u32::from(self.limits.frame_clients)).await;
        self.places.close();
    }
}

pub(crate) async fn frames(
    State(app): State<App>,
    which: Result<Query<Which>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| {
        let detail = "Pictures come over a WebSocket; for a single one use GET /api/v1/frame.png.";
        Problem::new(StatusCode::UPGRADE_REQUIRED, "websocket-required", "WebSocket required", detail)
            .with_header("upgrade", "websocket")
    })?;
    let Query(which) = which.map_err(|_| Problem::bad_query())?;
    let source = match which.plugin {
        None => Source::Panel(app.pictures),
        Some(name) => {
            let first = app.view.instance_picture(&name).ok_or_else(|| Problem::no_picture_of(&name))?;
            Source::Instance { view: app.view, name, first: Some(first), last: None }
        }
    };
    let clients = app.frame_clients;
    let place = Arc::clone(&clients.places).try_acquire_owned().map_err(|_| {
        let detail = format!(
            "{} viewers are connected, which is the most at a time; close one and try again.",
            clients.limits.frame_clients
        );
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-viewers", "Too many viewers", detail)
            .with_header("retry-after", "5")
    })?;
    Ok(upgrade.write_buffer_size(0).max_message_size(MAX_INCOMING).max_frame_size(MAX_INCOMING).on_upgrade(
        move |socket| view(Viewer { socket, limits: clients.limits, place }, source, clients.stopping),
    ))
}

/// Where a viewer's pictures come from.
enum Source {
    Panel(watch::Receiver<Arc<Picture>>),
    /// `first` is sent at once; `last` is what was sent last, by sequence and brightness.
    Instance {
        view: Arc<dyn HostView>,
        name: String,
        first: Option<Picture>,
        last: Option<(u32, u8)>,
    },
}

impl Source {
    /// What is on now, for a viewer that has just come.
    fn current(&mut self) -> Option<Picture> {
        match self {
            Self::Panel(pictures) => Some(Picture::clone(&pictures.borrow_and_update())),
            Self::Instance { first, last, .. } => {
                let picture = first.take();
                *last = picture.as_ref().map(|picture| (picture.sequence, picture.brightness));
                picture
            }
        }
    }

    /// The newest picture once there is one that was not sent; none when the host publishes no more. May be dropped at
    /// any await without losing a picture.
    async fn next(&mut self) -> Option<Picture> {
        match self {
            Self::Panel(pictures) => {
                pictures.changed().await.ok()?;
                Some(Picture::clone(&pictures.borrow_and_update()))
            }
            Self::Instance { view, name, last, .. } => loop {
                tokio::time::sleep(INSTANCE_PERIOD).await;
                // An instance may be away for a moment, while it is started again.
                let Some(picture) = view.instance_picture(name) else { continue };
                let mark = (picture.sequence, picture.brightness);
                if last.replace(mark) != Some(mark) {
                    return Some(picture);
                }
            },
        }
    }
}

/// One connection; the place among the viewers is free again when it is dropped.
struct Viewer {
    socket: WebSocket,
    limits: Limits,
    #[expect(dead_code, reason = "held, not read: dropping it frees the place")]
    place: OwnedSemaphorePermit,
}

impl Viewer {
    /// Sends, or breaks when the viewer is gone or takes nothing for too long.
    async fn send(&mut self, message: Message) -> ControlFlow<()> {
        match timeout(self.limits.blocked_write, self.socket.send(message)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) => ControlFlow::Break(()),
            Err(_) => {
                tracing::debug!(
                    "a viewer took no picture for {:?} and was disconnected",
                    self.limits.blocked_write
                );
                ControlFlow::Break(())
            }
        }
    }

    async fn close(mut self) {
        let frame = CloseFrame { code: close_code::AWAY, reason: "the host is stopping".into() };
        let closing = async {
            self.socket.send(Message::Close(Some(frame))).await?;
            // Until the answer comes, so that the viewer sees a clean close and not a reset.
            while let Some(Ok(_)) = self.socket.recv().await {}
            Ok::<(), axum::Error>(())
        };
        // A viewer that does not take it in time is simply dropped.
        let _ = timeout(CLOSING, closing).await;
    }
}

/// The life of one viewer.
async fn view(mut viewer: Viewer, mut source: Source, mut stopping: watch::Receiver<bool>) {
    let mut ping = interval(viewer.limits.ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    let mut heard = Instant::now();
    if let Some(picture) = source.current()
        && viewer.send(Message::Binary(preview::message(&picture))).await.is_break()
    {
        return;
    }
    loop {
        let sent = tokio::select! {
            () = stopped(&mut stopping) => return viewer.close().await,
            picture = source.next() => match picture {
                Some(picture) => viewer.send(Message::Binary(preview::message(&picture))).await,
                None => return viewer.close().await,
            },
            incoming = viewer.socket.recv() => match incoming {
                Some(Ok(_)) => {
                    heard = Instant::now();
                    ControlFlow::Continue(())
                }
                Some(Err(_)) | None => ControlFlow::Break(()),
            },
            _ = ping.tick() => {
                // A browser answers every ping by itself; silence over three means that nobody is there.
                if heard.elapsed() > viewer.limits.ping_every * 3 {
                    ControlFlow::Break(())
                } else {
                    viewer.send(Message::Ping(axum::body::Bytes::new())).await
                }
            }
        };
        if sent.is_break() {
            return;
        }
    }
}
