//! The doors of the simulated province: one loopback port, a path per system.

use super::connection::{Line, Lines};
use super::control;
use super::dialects::{
    eoffice_detail, eoffice_history, eoffice_page, eoffice_people, external_id, tracker_page, ward_page,
};
use super::fault;
use super::targets;
use super::token::System;
use super::world::{BODIES, Dialect, SimTask, World};
use super::{Province, SECRETS, SimulatorConfig};
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use base64::Engine as _;
use chrono::NaiveDateTime;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running province; dropping it closes its doors.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    province: Arc<Province>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Lets life go on; gives the ticks that happened.
    pub async fn live(&self, ticks: u64) -> io::Result<u64> {
        self.province.live(ticks).await
    }

    /// Whether life has ended.
    pub fn is_over(&self) -> bool {
        self.province.is_over()
    }

    /// What people who know the work would say of tasks, each named by source and key: the catalog product, or
    /// none when it is outside the catalog. Tasks that do not exist are left out.
    pub fn true_products(&self, wanted: &HashSet<(String, String)>) -> Vec<TrueProduct> {
        let state = self.province.state();
        let known = state.world.tasks.iter().map(|task| {
            let key = (BODIES[task.body].source.to_owned(), external_id(task));
            (key, task.product)
        });
        known.filter(|(key, _)| wanted.contains(key)).collect()
    }
}

/// A task, by source and key, and its true product.
pub type TrueProduct = ((String, String), Option<&'static str>);

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Opens a province and its doors.
pub async fn start(config: SimulatorConfig) -> io::Result<Running> {
    let listener = TcpListener::bind(("127.0.0.1", config.port)).await?;
    let address = listener.local_addr()?;
    let auto_tick = config.auto_tick_ms;
    let province = Arc::new(Province::open(config).await?);
    let doors = router(province.clone()).into_make_service_with_connect_info::<Line>();
    let mut tasks = vec![tokio::spawn(async move {
        // Ends with the process or when the handle is dropped.
        let _ = axum::serve(Lines(listener), doors).await;
    })];
    if let Some(ms) = auto_tick {
        let living = province.clone();
        tasks.push(tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                if living.live(1).await.is_err() {
                    break;
                }
            }
        }));
    }
    Ok(Running { address, province, tasks })
}

fn router(province: Arc<Province>) -> Router {
    Router::new()
        .route("/eoffice/{unit}/api/auth/login", post(eoffice_login))
        .route("/eoffice/{unit}/api/ho-so-cong-viec", get(eoffice_list))
        .route("/eoffice/{unit}/api/ho-so-cong-viec/{id}", get(eoffice_file))
        .route("/eoffice/{unit}/api/ho-so-cong-viec/{id}/can-bo", get(eoffice_staff))
        .route("/eoffice/{unit}/api/ho-so-cong-viec/{id}/lich-su", get(eoffice_steps))
        .route("/tracker/{unit}/v1/tasks", get(tracker_list))
        .route("/ward/{unit}/api/nhiem-vu", get(ward_list))
        .route("/national/ApiAuth/oauth/login", post(targets::national_login))
        .route("/national/apisyncmsg/syncmsg/{service}", post(targets::national_message))
        .route("/evaluation/api/v1/login", post(targets::evaluation_login))
        .route("/evaluation/api/v1/scores/{key}", put(targets::evaluation_put).get(targets::evaluation_get))
        .route("/evaluation/api/v1/events", get(targets::evaluation_events))
        .fallback(unknown)
        .route("/bench/tasks", get(bench_tasks))
        .route("/bench/{total}/v1/tasks", get(bench_tracker))
        .route("/sim/tick", post(control::tick))
        .route("/sim/meeting", post(control::meeting))
        .route("/sim/state", get(control::state))
        .route("/sim/faults", get(control::faults).post(control::set_faults).delete(control::clear_faults))
        .route("/sim/oracle", get(control::oracle))
        .route("/sim/census", get(control::census))
        .route("/sim/truth", get(control::truth))
        .route("/sim/national", get(control::national))
        .route("/sim/holdings", get(control::holdings))
        .route("/sim/settings", post(control::settings))
        .layer(from_fn_with_state(province.clone(), strike))
        .with_state(province)
}

async fn strike(
    State(province): State<Arc<Province>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let struck = {
        let mut state = province.state();
        state.requests += 1;
        state.faults.strike(request.uri().path())
    };
    match struck {
        None => next.run(request).await,
        Some(kind) => fault::apply(kind, &line, next.run(request)).await,
    }
}

/// The national database's answer to a path it does not know; the other systems' is as good as any.
async fn unknown() -> Response {
    let body = json!({ "err_code": 1, "message": "Không tìm thấy địa chỉ" });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

async fn bench_tasks(State(province): State<Arc<Province>>, Query(params): Params) -> Response {
    let size = number(&params, "size", super::bench::PAGE);
    let from = number(&params, "page", 1).saturating_sub(1) * size;
    bench_page(&province, &params, from, size, number(&params, "total", 200_000))
}

/// The same pages behind the tracker's parameters, so that its manifest can read them.
async fn bench_tracker(
    State(province): State<Arc<Province>>,
    Path(total): Path<usize>,
    Query(params): Params,
) -> Response {
    let size = number(&params, "limit", super::bench::PAGE);
    bench_page(&province, &params, number(&params, "cursor", 0), size, total)
}

fn bench_page(
    province: &Province,
    params: &HashMap<String, String>,
    from: usize,
    size: usize,
    total: usize,
) -> Response {
    let version = u32::try_from(number(params, "version", 0)).unwrap_or(0);
    let page = province.bench.page(from, size, total.min(super::bench::MOST), version);
    ([(header::CONTENT_TYPE, "application/json")], page).into_response()
}

pub(super) fn secret(name: &str) -> &'static str {
    SECRETS.iter().find(|(known, _)| *known == name).map_or("", |(_, secret)| secret)
}

fn body_index(unit: &str, dialect: Dialect) -> Option<usize> {
    BODIES.iter().position(|body| body.source == unit && body.dialect == dialect)
}

pub(super) type Params = Query<HashMap<String, String>>;

pub(super) fn number(params: &HashMap<String, String>, name: &str, otherwise: usize) -> usize {
    params.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

async fn eoffice_login(
    State(province): State<Arc<Province>>,
    Path(unit): Path<String>,
    Json(body): Json<Value>,
) -> Response {
    if body_index(&unit, Dialect::EOffice).is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    if body["username"] == secret("user") && body["password"] == secret("eoffice") {
        let token = province.state().tokens.issue(System::EOffice);
        Json(json!({ "success": true, "data": { "accessToken": token } })).into_response()
    } else {
        (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "success": false, "message": "Sai tài khoản hoặc mật khẩu" })),
        )
            .into_response()
    }
}

/// The body an e-office call is about, or the refusal.
fn eoffice_door(province: &Province, unit: &str, headers: &HeaderMap) -> Result<usize, Box<Response>> {
    let Some(body) = body_index(unit, Dialect::EOffice) else {
        return Err(Box::new(StatusCode::NOT_FOUND.into_response()));
    };
    if province.state().tokens.accepts(System::EOffice, headers) {
        return Ok(body);
    }
    let refusal = json!({ "success": false, "message": "Phiên làm việc hết hạn" });
    Err(Box::new((StatusCode::UNAUTHORIZED, Json(refusal)).into_response()))
}

async fn eoffice_list(
    State(province): State<Arc<Province>>,
    Path(unit): Path<String>,
    Query(params): Params,
    headers: HeaderMap,
) -> Response {
    let body = match eoffice_door(&province, &unit, &headers) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let (page, size) = (number(&params, "page", 1), number(&params, "page_size", 20).clamp(1, 500));
    let state = province.state();
    Json(eoffice_page(&state.world, body, page, size, state.requests)).into_response()
}

/// One file of an e-office, shown in some way; another unit's files and deleted ones are not found.
fn eoffice_task(
    province: &Province,
    (unit, id): (String, u64),
    headers: &HeaderMap,
    show: fn(&World, &SimTask) -> Value,
) -> Response {
    let body = match eoffice_door(province, &unit, headers) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let state = province.state();
    let task = usize::try_from(id).ok().and_then(|id| state.world.tasks.get(id.checked_sub(1)?));
    match task.filter(|task| task.body == body && !task.deleted) {
        Some(task) => Json(show(&state.world, task)).into_response(),
        None => {
            let answer = json!({ "success": false, "message": "Không tìm thấy hồ sơ công việc" });
            (StatusCode::NOT_FOUND, Json(answer)).into_response()
        }
    }
}

async fn eoffice_file(
    State(province): State<Arc<Province>>,
    Path(at): Path<(String, u64)>,
    headers: HeaderMap,
) -> Response {
    eoffice_task(&province, at, &headers, eoffice_detail)
}

async fn eoffice_staff(
    State(province): State<Arc<Province>>,
    Path(at): Path<(String, u64)>,
    headers: HeaderMap,
) -> Response {
    eoffice_task(&province, at, &headers, eoffice_people)
}

async fn eoffice_steps(
    State(province): State<Arc<Province>>,
    Path(at): Path<(String, u64)>,
    headers: HeaderMap,
) -> Response {
    eoffice_task(&province, at, &headers, eoffice_history)
}

async fn tracker_list(
    State(province): State<Arc<Province>>,
    Path(unit): Path<String>,
    Query(params): Params,
    headers: HeaderMap,
) -> Response {
    let Some(body) = body_index(&unit, Dialect::Tracker) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if headers.get("x-api-key").and_then(|value| value.to_str().ok()) != Some(secret("tracker")) {
        return (StatusCode::FORBIDDEN, Json(json!({ "error": "invalid api key" }))).into_response();
    }
    let since = params.get("updated_since").and_then(|text| text.parse().ok()).unwrap_or(0);
    let cursor = params.get("cursor").map(String::as_str).filter(|cursor| !cursor.is_empty());
    Json(tracker_page(
        &province.state().world,
        body,
        since,
        cursor,
        number(&params, "limit", 100).clamp(1, 500),
    ))
    .into_response()
}

async fn ward_list(
    State(province): State<Arc<Province>>,
    Path(unit): Path<String>,
    Query(params): Params,
    headers: HeaderMap,
) -> Response {
    let Some(body) = body_index(&unit, Dialect::Ward) else { return StatusCode::NOT_FOUND.into_response() };
    let pair =
        base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", secret("user"), secret("ward")));
    let basic = format!("Basic {pair}");
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(basic.as_str()) {
        // This product shows its login page instead of refusing.
        return Html("<html><body><form>Đăng nhập</form></body></html>").into_response();
    }
    let since =
        params.get("tu_ngay").and_then(|text| NaiveDateTime::parse_from_str(text, "%d/%m/%Y %H:%M:%S").ok());
    let (page, size) = (number(&params, "page", 1), number(&params, "size", 50).clamp(1, 500));
    let (rows, more) = ward_page(&province.state().world, body, since, page, size);
    let mut response = Json(rows).into_response();
    if more {
        let since = params
            .get("tu_ngay")
            .map(|text| format!("&tu_ngay={}", text.replace(' ', "%20").replace('/', "%2F")))
            .unwrap_or_default();
        let link = format!("</ward/{unit}/api/nhiem-vu?page={}&size={size}{since}>; rel=\"next\"", page + 1);
        if let Ok(value) = link.parse() {
            response.headers_mut().insert(header::LINK, value);
        }
    }
    response
}
