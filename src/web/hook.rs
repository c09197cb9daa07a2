//! Calls of sources: `POST /hooks/<source>`.
//!
//! Owns the route, the limits on what is read of a call, and its answers. What a call means is `pipeline::hook`'s
//! business; its body goes nowhere else. An answer says a code and nothing of the call. It is served beside the page,
//! and alone at `daemon.hooks_listen` for networks that must not see the page.

use crate::domain::SourceId;
use crate::pipeline::App;
use crate::pipeline::hook::{Call, HookLog, Refused, Taken, take};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// Longest a call may take, its body included.
const LONGEST: Duration = Duration::from_secs(15);
/// Calls that are read at the same time.
const AT_ONCE: usize = 32;

#[derive(Clone)]
struct Hooks {
    app: Arc<App>,
    log: Arc<HookLog>,
    places: Arc<Semaphore>,
}

/// The route of calls alone; whatever else is asked for is not found.
pub fn router(app: Arc<App>) -> Router {
    routes(app).fallback(async || answer(&Err(Refused::Unknown))).layer(CatchPanicLayer::new())
}

/// The same beside the page's routes.
pub(super) fn routes(app: Arc<App>) -> Router {
    let hooks = Hooks { app, log: Arc::default(), places: Arc::new(Semaphore::new(AT_ONCE)) };
    Router::new()
        .route("/hooks/{source}", post(called))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONGEST))
        .with_state(hooks)
}

async fn called(State(hooks): State<Hooks>, Path(source): Path<String>, request: Request) -> Response {
    let source = SourceId::new(source).ok().filter(|source| hooks.app.hooks.contains_key(source));
    let outcome = match &source {
        None => Err(Refused::Unknown),
        Some(source) => received(&hooks, source, request).await,
    };
    hooks.log.told(source.as_ref(), &outcome);
    answer(&outcome)
}

async fn received(hooks: &Hooks, source: &SourceId, request: Request) -> Result<Taken, Refused> {
    let hook = hooks.app.hooks.get(source).ok_or(Refused::Unknown)?;
    let _place = hooks.places.try_acquire().map_err(|_| Refused::Busy(None))?;
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, hook.body_bytes).await.map_err(|_| Refused::TooLarge)?;
    let header = |name: &str| text(&parts.headers, name);
    take(&hooks.app, source, Call { header: &header, body: &body }).await
}

/// A header that is there once.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

fn answer(outcome: &Result<Taken, Refused>) -> Response {
    let (status, body) = match outcome {
        Ok(taken) => {
            (StatusCode::ACCEPTED, json!({ "accepted": true, "repeated": *taken == Taken::Repeated }))
        }
        Err(refused) => {
            let status = match refused {
                Refused::Unknown => StatusCode::NOT_FOUND,
                Refused::Unsigned | Refused::Late => StatusCode::UNAUTHORIZED,
                Refused::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                Refused::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            (status, json!({ "accepted": false, "code": refused.code() }))
        }
    };
    (status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}
