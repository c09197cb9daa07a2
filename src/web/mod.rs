//! The page, the health probes and the metrics.
//!
//! Owns routes, templates and view models. Read-only but for signed calls of sources (`hook`), which make a source due:
//! nothing else here changes anything, so there is nothing to forge. It must not know SQL or engines; it shows what the store counts and what the driver reports. A
//! store that does not answer makes the page say so instead of failing silently.

mod asset;
mod cards;
mod deliveries;
mod format;
mod guard;
mod health;
pub mod hook;
mod journal;
mod live;
mod overview;
mod page;
mod papers;
mod people;
mod records;
mod results;
mod score;
mod score_lines;
mod scores;
mod source;
mod table;
mod task;
mod twins;
mod units;
mod visit;
mod waiting;
mod words;
mod written;
mod yearly;

use crate::error::{Finding, Lang};
use crate::pipeline::App;
use crate::schedule::Board;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

pub use guard::Hosts;
pub use health::{Health, metrics_text};
pub use live::Live;
use visit::Visit;

/// Longest a page may take.
const LONGEST: Duration = Duration::from_secs(30);
/// Largest body that is read (a search).
const BODY: usize = 4 << 10;

/// What every handler works with.
#[derive(Clone)]
pub struct Web {
    /// The installation.
    pub app: Arc<App>,
    /// Name of the installation.
    pub name: String,
    /// Status of the background steps.
    pub board: Board,
    /// Whether the province is simulated (shown on every page).
    pub simulated: bool,
    /// Language of a visitor who chose none.
    pub lang: Lang,
    /// Names under which the page may be asked for.
    pub hosts: Hosts,
    /// Whether the daemon accepts work.
    pub health: Health,
    /// What open pages listen to.
    pub live: Live,
    /// Text of the metrics page.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// What a page is made into.
type Page = Result<Option<String>, Finding>;

/// The routes.
pub fn router(web: Web) -> Router {
    let hosts = web.hosts.clone();
    let pages = Router::new()
        .route(
            "/",
            get(async |web: State<Web>, visit: Visit| {
                answer(&web, &visit, overview::page(&web, &visit).await)
            }),
        )
        .route(
            "/units",
            get(async |web: State<Web>, visit: Visit| answer(&web, &visit, units::page(&web, &visit).await)),
        )
        .route(
            "/tasks",
            get(async |web: State<Web>, visit: Visit| answer(&web, &visit, task::list(&web, &visit).await))
                .post(tasks_found),
        )
        .route(
            "/scores",
            get(async |web: State<Web>, visit: Visit| answer(&web, &visit, scores::page(&web, &visit).await)),
        )
        .route(
            "/records",
            get(async |web: State<Web>, visit: Visit| {
                answer(&web, &visit, records::page(&web, &visit).await)
            }),
        )
        .route(
            "/deliveries",
            get(async |web: State<Web>, visit: Visit| {
                answer(&web, &visit, deliveries::list(&web, &visit).await)
            }),
        )
        .route(
            "/waiting",
            get(async |web: State<Web>, visit: Visit| {
                answer(&web, &visit, waiting::page(&web, &visit).await)
            }),
        )
        .route("/changes", get(changes_page).post(changes_found))
        .route("/people", get(people_page).post(people_found))
        .route("/results", get(results_page).post(results_found))
        .route("/sources/{id}", get(source_page))
        .route("/tasks/{id}", get(task_page))
        .route("/deliveries/{id}", get(delivery_page))
        .route("/scores/{person}/{period}", get(score_page))
        .route("/scores/{person}/{period}/{file}", get(papers::serve))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/assets/{name}", get(asset::serve))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST));
    let hooks = hook::routes(web.app.clone());
    Router::new()
        .merge(pages)
        .route("/live", get(live::stream))
        .fallback(async |web: State<Web>, visit: Visit| answer(&web, &visit, Ok(None)))
        .with_state(web)
        .merge(hooks)
        .layer(CatchPanicLayer::new())
        .layer(axum::middleware::from_fn_with_state(hosts, guard::guard))
}

/// A page, or the finding that explains why there is none.
fn answer(web: &Web, visit: &Visit, page: Page) -> Response {
    let (status, html) = match page {
        Ok(Some(html)) => (StatusCode::OK, html),
        Ok(None) => (StatusCode::NOT_FOUND, page::nothing_here(web, visit)),
        Err(finding) => (StatusCode::SERVICE_UNAVAILABLE, page::trouble(web, visit, &finding)),
    };
    let mut response = (status, Html(html)).into_response();
    if visit.chosen {
        let cookie = match visit.lang {
            Lang::Vi => "lang=vi; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
            Lang::En => "lang=en; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
        };
        response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_static(cookie));
    }
    response
}

async fn people_page(State(web): State<Web>, visit: Visit) -> Response {
    answer(&web, &visit, people::page(&web, &visit, "").await)
}

/// A search comes as a form's body: names do not belong into addresses, histories and logs of proxies.
async fn people_found(State(web): State<Web>, visit: Visit, Form(search): Form<people::Search>) -> Response {
    answer(&web, &visit, people::page(&web, &visit, &search.name).await)
}

async fn changes_page(State(web): State<Web>, visit: Visit) -> Response {
    answer(&web, &visit, journal::page(&web, &visit, "").await)
}

async fn changes_found(State(web): State<Web>, visit: Visit, Form(search): Form<people::Search>) -> Response {
    answer(&web, &visit, journal::page(&web, &visit, &search.name).await)
}

async fn results_page(State(web): State<Web>, visit: Visit) -> Response {
    answer(&web, &visit, results::page(&web, &visit, "").await)
}

async fn results_found(State(web): State<Web>, visit: Visit, Form(search): Form<people::Search>) -> Response {
    answer(&web, &visit, results::page(&web, &visit, &search.name).await)
}

async fn tasks_found(State(web): State<Web>, visit: Visit, Form(search): Form<people::Search>) -> Response {
    answer(&web, &visit, task::found(&web, &visit, &search.name).await)
}

async fn source_page(State(web): State<Web>, Path(id): Path<String>, visit: Visit) -> Response {
    answer(&web, &visit, source::page(&web, &visit, &id).await)
}

async fn task_page(State(web): State<Web>, Path(id): Path<String>, visit: Visit) -> Response {
    let page = match id.parse() {
        Ok(id) => task::page(&web, &visit, id).await,
        Err(_) => Ok(None),
    };
    answer(&web, &visit, page)
}

async fn delivery_page(State(web): State<Web>, Path(id): Path<String>, visit: Visit) -> Response {
    let page = match id.parse() {
        Ok(id) => deliveries::page(&web, &visit, id).await,
        Err(_) => Ok(None),
    };
    answer(&web, &visit, page)
}

async fn score_page(
    State(web): State<Web>,
    Path((person, period)): Path<(String, String)>,
    visit: Visit,
) -> Response {
    let page = match (person.parse(), period.parse()) {
        (Ok(person), Ok(period)) => score::page(&web, &visit, person, period).await,
        _ => Ok(None),
    };
    answer(&web, &visit, page)
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
