//! The routes, all of them on one screen.
//!
//! Invariant: a handler answers from memory; whatever is refused here is a [`Problem`].

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use marquee_model::{PackagesView, Picture, PluginsView, StatusView};
use serde::Deserialize;
use tokio::sync::watch;

use crate::frames::{self, FrameClients};
use crate::problem::Problem;
use crate::{HostView, page, preview};

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) view: Arc<dyn HostView>,
    pub(crate) pictures: watch::Receiver<Arc<Picture>>,
    pub(crate) frame_clients: FrameClients,
}

/// `?plugin=NAME`.
#[derive(Deserialize)]
pub(crate) struct Which {
    pub(crate) plugin: Option<String>,
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/api/v1/status", get(status))
        .route("/api/v1/plugins", get(plugins))
        .route("/api/v1/packages", get(packages))
        .route("/api/v1/doctor", get(doctor))
        .route("/api/v1/frame.png", get(frame_png))
        .route("/api/v1/frames", get(frames::frames))
        .merge(page::routes())
        .fallback(async |uri: Uri| Problem::unknown_route(&uri))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| Problem::wrong_method(&method, &uri))
        .with_state(app)
}

async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    app.view.ready().map(|()| "ready\n").map_err(|missing| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready", missing)
            .with_header("retry-after", "1")
    })
}

async fn status(State(app): State<App>) -> Json<StatusView> {
    Json(app.view.status())
}

async fn plugins(State(app): State<App>) -> Json<PluginsView> {
    Json(app.view.plugins())
}

async fn packages(State(app): State<App>) -> Json<PackagesView> {
    Json(app.view.packages())
}

async fn doctor(State(app): State<App>) -> Json<serde_json::Value> {
    Json(app.view.doctor())
}

async fn frame_png(
    State(app): State<App>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(which) = which.map_err(|_| Problem::bad_query())?;
    let picture = match which.plugin {
        Some(name) => app.view.instance_picture(&name).ok_or_else(|| Problem::no_picture_of(&name))?,
        None => Picture::clone(&app.pictures.borrow()),
    };
    // Compressing takes milliseconds for a large panel: too long for a thread that serves others.
    let encoded = tokio::task::spawn_blocking(move || preview::png(&picture)).await;
    match encoded {
        Ok(Ok(png)) => Ok(([(CONTENT_TYPE, "image/png")], png).into_response()),
        _ => {
            let detail = "The picture could not be encoded; ask again.";
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "encoding", "Encoding failed", detail))
        }
    }
}
