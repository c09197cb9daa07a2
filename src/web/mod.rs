//! The page, the health probes and the metrics.
//!
//! Owns routes, templates and view models. Read-only: nothing here changes anything, so there is nothing to
//! forge. It must not know SQL or engines; it shows what the store counts and what the driver reports. A
//! store that does not answer makes the page say so instead of failing silently.

mod format;
mod health;
mod overview;
mod page;
mod score;
mod tables;

use crate::domain::PersonId;
use crate::error::Lang;
use crate::pipeline::App;
use crate::schedule::Board;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures_util::Stream;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

pub use health::{Health, metrics_text};

/// How often the page looks for changes, and the shortest time between two rings of its bell.
const LOOK: Duration = Duration::from_millis(1_000);

/// What every handler works with.
#[derive(Clone)]
pub struct Web {
    /// The installation.
    pub app: Arc<App>,
    /// Status of the background steps.
    pub board: Board,
    /// Whether the province is simulated (shown on every page).
    pub simulated: bool,
    /// Language of a visitor who chose none.
    pub lang: Lang,
    /// Whether the daemon accepts work.
    pub health: Health,
    /// Text of the metrics page.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// The routes.
pub fn router(web: Web) -> Router {
    let fixed = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    let pages = Router::new()
        .route("/", get(overview_page))
        .route("/sources/{id}", get(source_page))
        .route("/scores", get(scores_page))
        .route("/scores/{person}/{period}", get(score_page))
        .route("/waiting", get(waiting_page))
        .route("/records", get(records_page))
        .route("/deliveries", get(deliveries_page))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/assets/{name}", get(asset))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(30)));
    Router::new()
        .merge(pages)
        .route("/live", get(live))
        .fallback(not_found)
        .layer(CatchPanicLayer::new())
        .layer(fixed(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        ))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(header::CACHE_CONTROL, "no-store"))
        .with_state(web)
}

/// What a visitor asked for.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// Language.
    pub lang: Lang,
    /// Path of the page.
    pub path: String,
    /// Query, without the language.
    pub query: BTreeMap<String, String>,
}

type Ask = Query<BTreeMap<String, String>>;

fn visit(web: &Web, path: &str, Query(mut query): Ask, headers: &HeaderMap) -> Visit {
    let word = |text: &str| match text {
        "vi" => Some(Lang::Vi),
        "en" => Some(Lang::En),
        _ => None,
    };
    let asked = query.remove("lang").as_deref().and_then(word);
    let cookie = headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
    let kept = cookie
        .and_then(|text| text.split(';').find_map(|part| part.trim().strip_prefix("lang=")))
        .and_then(word);
    query.retain(|key, value| key.len() <= 30 && value.len() <= 200);
    Visit { lang: asked.or(kept).unwrap_or(web.lang), path: path.to_owned(), query }
}

/// A page, or the finding that explains why there is none.
fn answer(web: &Web, visit: &Visit, page: Result<String, crate::error::Finding>) -> Response {
    let (status, html) = match page {
        Ok(html) => (StatusCode::OK, html),
        Err(finding) => (StatusCode::SERVICE_UNAVAILABLE, page::trouble(web, visit, &finding)),
    };
    let lang = match visit.lang {
        Lang::Vi => "vi",
        Lang::En => "en",
    };
    let cookie = format!("lang={lang}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
    (status, [(header::SET_COOKIE, cookie)], Html(html)).into_response()
}

async fn overview_page(State(web): State<Web>, ask: Ask, headers: HeaderMap) -> Response {
    let visit = visit(&web, "/", ask, &headers);
    let page = overview::page(&web, &visit).await;
    answer(&web, &visit, page)
}

async fn source_page(
    State(web): State<Web>,
    Path(id): Path<String>,
    ask: Ask,
    headers: HeaderMap,
) -> Response {
    let visit = visit(&web, &format!("/sources/{id}"), ask, &headers);
    let page = tables::source(&web, &visit, &id).await;
    answer(&web, &visit, page)
}

async fn scores_page(State(web): State<Web>, ask: Ask, headers: HeaderMap) -> Response {
    let visit = visit(&web, "/scores", ask, &headers);
    let page = tables::scores(&web, &visit).await;
    answer(&web, &visit, page)
}

async fn score_page(
    State(web): State<Web>,
    Path((person, period)): Path<(String, String)>,
    ask: Ask,
    headers: HeaderMap,
) -> Response {
    let visit = visit(&web, &format!("/scores/{person}/{period}"), ask, &headers);
    let (Ok(person), Ok(period)) = (person.parse::<PersonId>(), period.parse()) else {
        return (StatusCode::NOT_FOUND, Html(page::nothing_here(&web, &visit))).into_response();
    };
    match score::page(&web, &visit, person, period).await {
        Ok(Some(html)) => answer(&web, &visit, Ok(html)),
        Ok(None) => (StatusCode::NOT_FOUND, Html(page::nothing_here(&web, &visit))).into_response(),
        Err(finding) => answer(&web, &visit, Err(finding)),
    }
}

async fn waiting_page(State(web): State<Web>, ask: Ask, headers: HeaderMap) -> Response {
    let visit = visit(&web, "/waiting", ask, &headers);
    let page = tables::waiting(&web, &visit).await;
    answer(&web, &visit, page)
}

async fn records_page(State(web): State<Web>, ask: Ask, headers: HeaderMap) -> Response {
    let visit = visit(&web, "/records", ask, &headers);
    let page = tables::records(&web, &visit).await;
    answer(&web, &visit, page)
}

async fn deliveries_page(State(web): State<Web>, ask: Ask, headers: HeaderMap) -> Response {
    let visit = visit(&web, "/deliveries", ask, &headers);
    let page = tables::deliveries(&web, &visit).await;
    answer(&web, &visit, page)
}

async fn not_found(State(web): State<Web>, ask: Ask, headers: HeaderMap) -> Response {
    let visit = visit(&web, "/", ask, &headers);
    (StatusCode::NOT_FOUND, Html(page::nothing_here(&web, &visit))).into_response()
}

async fn livez(State(web): State<Web>) -> Response {
    match web.board.stuck() {
        None => "ok\n".into_response(),
        Some(step) => (StatusCode::SERVICE_UNAVAILABLE, format!("step {step} is stuck\n")).into_response(),
    }
}

async fn readyz(State(web): State<Web>) -> Response {
    let (ready, body) = health::readiness(&web).await;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(body)).into_response()
}

async fn metrics(State(web): State<Web>) -> Response {
    match metrics_text(&web).await {
        Ok(text) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
        }
        Err(finding) => (StatusCode::SERVICE_UNAVAILABLE, format!("# {}\n", finding.code)).into_response(),
    }
}

async fn asset(Path(name): Path<String>) -> Response {
    let (kind, body) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", include_str!("assets/style.css")),
        "live.js" => ("text/javascript; charset=utf-8", include_str!("assets/live.js")),
        "icon.svg" => ("image/svg+xml", include_str!("assets/icon.svg")),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// Rings whenever the page would look different. One small query a second and visitor.
async fn live(State(web): State<Web>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let stream = futures_util::stream::unfold((web, String::new()), |(web, known)| async move {
        loop {
            tokio::time::sleep(LOOK).await;
            // The visitor's browser asks again and finds the next daemon.
            if web.health.is_stopping() {
                return None;
            }
            // A store that does not answer now is asked again; the page keeps what it shows.
            let Ok(stamp) = web.app.store.change_stamp().await else { continue };
            if stamp != known {
                return Some((Ok(Event::default().event("changed").data("1")), (web, stamp)));
            }
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}
