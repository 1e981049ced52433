//! Accepting, limiting and ending connections.
//!
//! Invariant: a connection has a bounded life when nothing happens on it (time for the request head, time for bytes
//! that the other side does not take), a bounded kernel buffer, and a place among a bounded number of others.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use marquee_model::Picture;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::HostView;
use crate::bind::is_loopback;
use crate::frames::FrameClients;
use crate::guard::Guard;
use crate::headers::protect;
use crate::routes::{App, router};

/// Bytes of one connection that the kernel may hold for a client that does not read (it doubles the figure).
const KERNEL_BUFFER: usize = 128 * 1024;
/// Longest request head, in bytes.
const REQUEST_HEAD: usize = 16 * 1024;
/// How long requests under way and viewers have once the server stops.
const GRACE: Duration = Duration::from_secs(1);
/// Pause after the system refused a connection, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How much clients may cost. The defaults are right outside tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time, viewers not counted; more wait in the kernel. 256.
    pub connections: u16,
    /// Viewers of `/api/v1/frames` at a time; more get 503. 32.
    pub frame_clients: u16,
    /// Time from opening a connection, or from the last answer on it, to the end of the next request head. 10 s.
    pub request_head: Duration,
    /// Time that a viewer may leave a picture unread. 30 s.
    pub blocked_write: Duration,
    /// Time between two pings to a viewer. 15 s.
    pub ping_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            frame_clients: 32,
            request_head: Duration::from_secs(10),
            blocked_write: Duration::from_secs(30),
            ping_every: Duration::from_secs(15),
        }
    }
}

/// What a server needs.
pub struct Serve {
    /// The host.
    pub view: Arc<dyn HostView>,
    /// The picture on the panel, newest only.
    pub pictures: watch::Receiver<Arc<Picture>>,
    /// Where to listen: from [`bind`](crate::bind()) or from systemd.
    pub listener: std::net::TcpListener,
    /// How much clients may cost.
    pub limits: Limits,
}

/// Why serving could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener, handed over by somebody else, is on an address that other machines could reach.
    #[error(
        "serving on {0} needs an access token, which this version does not have: hand over a loopback socket"
    )]
    NotLoopback(SocketAddr),
    /// The listener does not work.
    #[error("the listening socket cannot be used")]
    Listener(#[source] io::Error),
}

/// Serves the API and the page until `shutdown` is done, then ends: idle connections at once, requests under way and
/// viewers within a second. Runs on the current `tokio` runtime.
///
/// # Errors
/// Only before the first connection; a failure on one connection ends that connection.
pub async fn serve(serve: Serve, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
    let Serve { view, pictures, listener, limits } = serve;
    let bound = listener.local_addr().map_err(ServeError::Listener)?;
    if !is_loopback(bound.ip()) {
        return Err(ServeError::NotLoopback(bound));
    }
    listener.set_nonblocking(true).map_err(ServeError::Listener)?;
    let listener = TcpListener::from_std(listener).map_err(ServeError::Listener)?;

    let (stop, stopping) = watch::channel(false);
    let frame_clients = FrameClients::new(limits, stopping.clone());
    let app = App { view, pictures, frame_clients: frame_clients.clone() };
    let site = Arc::new(Site { guard: Guard::new(bound), router: TowerToHyperService::new(router(app)) });

    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < usize::from(limits.connections) => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&site), limits, stopping.clone()));
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection; trying again");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    stop.send_replace(true);
    let all_done = async {
        while connections.join_next().await.is_some() {}
        frame_clients.all_gone().await;
    };
    if tokio::time::timeout(GRACE, all_done).await.is_err() {
        tracing::debug!("some clients did not finish in time and were cut off");
    }
    Ok(())
}

/// Whether `accept` failed because of the connection it was about to hand over.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// What answers requests on one listener.
struct Site {
    guard: Guard,
    router: TowerToHyperService<axum::Router>,
}

impl Site {
    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
        let (parts, body) = request.into_parts();
        let host = match self.guard.judge(&parts) {
            Ok(host) => host.to_owned(),
            Err(problem) => {
                let mut refusal = problem.into_response();
                protect(refusal.headers_mut(), None);
                return Ok(refusal);
            }
        };
        let mut response = self.router.call(hyper::Request::from_parts(parts, Body::new(body))).await?;
        protect(response.headers_mut(), Some(&host));
        Ok(response)
    }
}

/// One connection to its end. A WebSocket leaves here at its upgrade and lives on in a task of its own.
async fn connection(stream: TcpStream, site: Arc<Site>, limits: Limits, mut stopping: watch::Receiver<bool>) {
    if let Err(error) = tune(&stream, limits) {
        tracing::debug!(%error, "a connection ended before it began");
        return;
    }
    let service = service_fn(|request| {
        let site = Arc::clone(&site);
        async move { site.answer(request).await }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.request_head)
            .max_buf_size(REQUEST_HEAD)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Done when the server stops; also when it is gone without saying so.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// Small kernel buffers keep live pictures live; the user timeout ends a connection whose client stopped reading, which
/// HTTP/1 itself never does.
fn tune(stream: &TcpStream, limits: Limits) -> io::Result<()> {
    use rustix::net::sockopt;
    stream.set_nodelay(true)?;
    sockopt::set_socket_send_buffer_size(stream, KERNEL_BUFFER)?;
    // The kernel takes a signed number and refuses what does not fit.
    let blocked = i32::try_from(limits.blocked_write.as_millis()).unwrap_or(i32::MAX).unsigned_abs();
    sockopt::set_tcp_user_timeout(stream, blocked)?;
    Ok(())
}
