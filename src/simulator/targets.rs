//! The doors of the two receivers: the national database and the evaluation software.
//!
//! Owns their wire formats, as `docs/targets/NATIONAL.md` and `docs/targets/EVALUATION.md` say, and their ways of
//! refusing. What a message does to what is stored is `receivers`' business.

use super::Province;
use super::receivers::Taken;
use super::serve::{Params, number, secret};
use super::token::System;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use serde_json::{Value, json};
use std::sync::Arc;

/// Agency code (QCVN-102 form) the account may write for.
const ORG_CODE: &str = "000.00.15.H21";

pub(super) async fn national_login(
    State(province): State<Arc<Province>>,
    Json(body): Json<Value>,
) -> Response {
    if body["username"] == secret("user") && body["password"] == secret("national") {
        // The simulated clock stands still, so the time told is far ahead; when the token ends, 401 says so.
        let end = province.config.today + chrono::Days::new(3650);
        let token = province.state().tokens.issue(System::National);
        Json(json!({ "access_token": token, "err_code": 0, "expired_time": format!("00:00:00 {}", end.format("%d-%m-%Y")) })).into_response()
    } else {
        // Bad credentials are a success on the wire.
        Json(json!({ "message": "Sai tên đăng nhập hoặc mật khẩu", "err_code": 1 })).into_response()
    }
}

pub(super) async fn national_message(
    State(province): State<Arc<Province>>,
    Path(service): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if !province.state().tokens.accepts(System::National, &headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "err_code": 1, "message": "Token không hợp lệ" })))
            .into_response();
    }
    if service != "servicem0006" {
        return (StatusCode::NOT_FOUND, Json(json!({ "err_code": 1, "message": "Không tìm thấy dịch vụ" })))
            .into_response();
    }
    let transaction = uuid::Uuid::now_v7().to_string();
    let refuse = |message: &str| {
        Json(json!({ "message": message, "err_code": 1, "transaction_id": transaction })).into_response()
    };
    let empty: Vec<Value> = ["org_Code", "jsonContent"]
        .into_iter()
        .filter(|field| body[*field].as_str().is_none_or(str::is_empty))
        .map(|field| json!({ "field": field, "message": "không được để trống" }))
        .collect();
    if !empty.is_empty() {
        let answer = json!({ "status": 400, "message": "validation error", "fieldErrors": empty });
        return (StatusCode::BAD_REQUEST, Json(answer)).into_response();
    }
    match take_message(&province, &body, &transaction) {
        Ok(()) => {
            Json(json!({ "message": "Cập nhật thành công", "err_code": 0, "transaction_id": transaction }))
                .into_response()
        }
        Err(message) => refuse(message),
    }
}

/// Takes message M0006, or says in Vietnamese what is wrong with it. A list that is absent is left alone, one that
/// is present replaces all rows of the person, DEL needs a list and removes every row whatever it says.
fn take_message(province: &Province, body: &Value, receipt: &str) -> Result<(), &'static str> {
    if body["org_Code"] != ORG_CODE {
        return Err("Tài khoản không được phép cập nhật cho đơn vị này");
    }
    let content = body["jsonContent"].as_str().unwrap_or("");
    let message: Value = base64::engine::general_purpose::STANDARD
        .decode(content)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or("Nội dung không đúng cấu trúc M0006")?;
    let header = &message["Data"]["Header"];
    let file = &message["Data"]["Body"]["HOSO_CBCCVC"];
    let staff = file["SoHieuCBCCVC_BNDP"].as_str().filter(|staff| !staff.is_empty());
    let staff = staff.ok_or("Thiếu SoHieuCBCCVC_BNDP")?;
    if header["Sender_Code"] != ORG_CODE {
        return Err("Sender_Code không tồn tại trong danh mục đơn vị");
    }
    let deletes = match header["Action_Type"].as_str() {
        Some("EDIT") => false,
        Some("DEL") => true,
        _ => return Err("Action_Type không hợp lệ"),
    };
    let rows = match &file["DS_KETQUA_DANHGIA_PHANLOAI"] {
        Value::Array(rows) => Some(rows),
        Value::Null => None,
        _ => return Err("Nội dung không đúng cấu trúc M0006"),
    };
    rows.into_iter().flatten().try_for_each(check_row)?;
    let mut state = province.state();
    if state.world.person_of(staff).is_none() {
        return Err("Không tồn tại hồ sơ");
    }
    match (deletes, rows) {
        (true, None) => return Err("Danh sách kết quả không được để trống"),
        (true, Some(rows)) if rows.is_empty() => return Err("Danh sách kết quả không được để trống"),
        (true, Some(_)) => state.store_results(staff, Vec::new(), receipt),
        (false, Some(rows)) => state.store_results(staff, rows.clone(), receipt),
        (false, None) => {}
    }
    Ok(())
}

/// Codes and shapes of one row of results.
fn check_row(row: &Value) -> Result<(), &'static str> {
    if !matches!(row["KetQuaDanhGia"].as_str(), Some("00" | "01" | "02" | "03" | "04" | "05")) {
        return Err("KetQuaDanhGia không có trong danh mục");
    }
    let period = row["KyDanhGia"].as_str();
    if !matches!(period, Some("QUY_1" | "QUY_2" | "QUY_3" | "QUY_4" | "NAM")) {
        return Err("KyDanhGia không có trong danh mục");
    }
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if !row["Nam"].as_str().is_some_and(|year| digits(year, 4)) {
        return Err("Nam không hợp lệ");
    }
    // The one date of a row, when it is there.
    match &row["NgayQuyetDinh"] {
        Value::Null => Ok(()),
        Value::String(day) if digits(day, 8) => Ok(()),
        _ => Err("NgayQuyetDinh không đúng định dạng yyyyMMdd"),
    }
}

pub(super) async fn evaluation_login(
    State(province): State<Arc<Province>>,
    Json(body): Json<Value>,
) -> Response {
    if body["username"] == secret("user") && body["password"] == secret("evaluation") {
        let mut state = province.state();
        let life = state.tokens.life.unwrap_or(System::Evaluation.usual_life());
        let token = state.tokens.issue(System::Evaluation);
        Json(json!({ "token": token, "expires_in": life.as_secs() })).into_response()
    } else {
        (StatusCode::UNAUTHORIZED, Json(json!({ "code": "unauthorized" }))).into_response()
    }
}

pub(super) async fn evaluation_put(
    State(province): State<Arc<Province>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if !province.state().tokens.accepts(System::Evaluation, &headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "code": "unauthorized" }))).into_response();
    }
    if body["external_key"] != key.as_str() {
        return (StatusCode::BAD_REQUEST, Json(json!({ "code": "invalid" }))).into_response();
    }
    match province.state().store_score(&body) {
        Taken::Stored { status, receipt } => {
            Json(json!({ "status": status, "receipt": receipt })).into_response()
        }
        Taken::Conflict => (StatusCode::CONFLICT, Json(json!({ "code": "conflict" }))).into_response(),
        Taken::Locked => (StatusCode::CONFLICT, Json(json!({ "code": "locked" }))).into_response(),
        Taken::UnknownPerson => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "code": "unknown_person" }))).into_response()
        }
    }
}

pub(super) async fn evaluation_get(
    State(province): State<Arc<Province>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !province.state().tokens.accepts(System::Evaluation, &headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "code": "unauthorized" }))).into_response();
    }
    let state = province.state();
    match state.evaluation.scores.get(&key) {
        Some(held) => {
            let mut body = held.body.clone();
            body["receipt"] = Value::from(held.receipt.as_str());
            Json(body).into_response()
        }
        None => (StatusCode::NOT_FOUND, Json(json!({ "code": "unknown_key" }))).into_response(),
    }
}

pub(super) async fn evaluation_events(
    State(province): State<Arc<Province>>,
    Query(params): Params,
    headers: HeaderMap,
) -> Response {
    if !province.state().tokens.accepts(System::Evaluation, &headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "code": "unauthorized" }))).into_response();
    }
    let after = number(&params, "after", 0);
    let limit = number(&params, "limit", 200).min(200);
    let mut state = province.state();
    state.evaluation.read = after;
    let events: Vec<&Value> = state.evaluation.events.iter().skip(after).take(limit).collect();
    let next = after + events.len();
    Json(json!({ "events": events, "next": next.to_string(), "more": next < state.evaluation.events.len() }))
        .into_response()
}
