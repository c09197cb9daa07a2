//! How each system shows its tasks: the dialects with their quirks.
//!
//! Owns the shapes of the open e-office, the task tracker and the ward's desk. It shows the province's truth
//! and never changes it. The quirks are deliberate: offset paging over equal creation times repeats and loses
//! rows, ids are strings or numbers, a completion date stands only in the history.

use super::world::{BODIES, Dialect, SimTask, State, World};
use chrono::{NaiveDateTime, TimeZone as _};
use serde_json::{Value, json};

/// A task's key at its source.
pub fn external_id(task: &SimTask) -> String {
    match BODIES[task.body].dialect {
        Dialect::EOffice => task.id.to_string(),
        Dialect::Tracker => format!("T-{}", task.id),
        Dialect::Ward => format!("NV{:06}", task.id),
        Dialect::Sheets => format!("CS-{:05}", task.id),
        Dialect::View => format!("{}", 900_000 + task.id),
    }
}

fn stamp(at: NaiveDateTime) -> String {
    format!("{}+07", at.format("%Y-%m-%d %H:%M:%S"))
}

fn epoch_ms(at: NaiveDateTime) -> i64 {
    crate::domain::local_offset().from_local_datetime(&at).single().map_or(0, |at| at.timestamp_millis())
}

/// Names in two orders, as this product does.
fn shown_name(name: &str, turned: bool) -> String {
    let mut words: Vec<&str> = name.split(' ').collect();
    if turned {
        words.rotate_right(1);
    }
    words.join(" ")
}

fn eoffice_status(task: &SimTask) -> i64 {
    match task.state {
        State::New => 0,
        State::Doing => 1,
        State::Submitted => 3,
        State::Done => 4,
        State::Returned => -2,
        State::Cancelled | State::Recalled => -3,
    }
}

/// A row of the e-office's list.
pub fn eoffice_row(world: &World, task: &SimTask) -> Value {
    let person = &world.people[task.person];
    let id = if task.id.is_multiple_of(2) { json!(task.id.to_string()) } else { json!(task.id) };
    json!({
        "id": id,
        "name": task.title,
        "start_date": stamp(task.assigned),
        "end_date": task.due.map(|due| format!("{due} 00:00:00+07")),
        "status": eoffice_status(task),
        "curator_id": world.account(task).parse::<u64>().map_or(Value::Null, Value::from),
        "curator_name": shown_name(&person.name, false),
        "signer_id": Value::Null,
        "signer_name": Value::Null,
        // A reopened file keeps its 100.
        "progress": if task.done.is_some() { 100 } else { 40 },
        "doc_type_name": some(task.doc_type),
        "doc_field_name": some(task.category),
        "created_at": stamp(task.assigned.date().and_hms_opt(8, 0, 0).unwrap_or(task.assigned)),
    })
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The e-office's detail of a task: more than the list, still no completion date.
pub fn eoffice_detail(world: &World, task: &SimTask) -> Value {
    let body = &BODIES[task.body];
    let mut detail = eoffice_row(world, task);
    let more = json!({
        "unit_id": task.body + 1,
        "unit_name": body.name,
        "department_id": world.people[task.person].unit,
        "department_name": world.unit_name(&world.people[task.person].unit),
        "abstract": task.title,
        "doc_notation": Value::Null,
        "comments": Value::Null,
        "doc_type_id": Value::Null,
        "doc_field_id": Value::Null,
        "parent_id": Value::Null,
        "is_from_doc": task.category.starts_with("VB đến"),
        "updated_at": Value::Null,
        "cancel_reason": (task.state == State::Cancelled).then_some("Không còn cần thiết"),
        "cancelled_at": Value::Null,
        "cancelled_by": Value::Null,
    });
    if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
        detail.extend(more);
    }
    json!({ "success": true, "data": detail })
}

/// The people of a task. Assigning the same person twice makes two rows, and about one task in forty shows it.
pub fn eoffice_people(world: &World, task: &SimTask) -> Value {
    let person = &world.people[task.person];
    let row = |number: u64| {
        json!({
            "id": (task.id * 10 + number).to_string(),
            "staff_id": world.account(task).parse::<u64>().map_or(Value::Null, Value::from),
            "staff_name": shown_name(&person.name, true),
            "position_name": person.role,
            "department_name": world.unit_name(&person.unit),
            "role": 1,
            "step": 1,
            "assigned_at": stamp(task.assigned),
            "completed_at": Value::Null,
        })
    };
    let rows: Vec<Value> = (0..if task.id.is_multiple_of(40) { 2 } else { 1 }).map(row).collect();
    json!({ "success": true, "data": rows })
}

/// The e-office's history of a task.
pub fn eoffice_history(world: &World, task: &SimTask) -> Value {
    let name = |index: Option<usize>| index.map(|person| shown_name(&world.people[person].name, true));
    let account =
        |index: Option<usize>| index.and_then(|person| world.people[person].account.parse::<u64>().ok());
    let rows: Vec<Value> = task
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            json!({
                "id": format!("{}{:02}", task.id, index),
                "action_type": step.action,
                "from_staff_id": account(step.from),
                "from_staff_name": name(step.from),
                "to_staff_id": account(step.to),
                "to_staff_name": name(step.to),
                "note": (step.action == "return").then_some("Sửa lại theo góp ý"),
                "created_by": Value::Null,
                "created_by_name": Value::Null,
                "created_at": stamp(step.at),
            })
        })
        .collect();
    json!({ "success": true, "data": rows })
}

/// One page of the e-office's list: newest first; rows created at the same moment come in another order with
/// every request, so a walk by pages repeats some and loses others.
pub fn eoffice_page(world: &World, body: usize, page: usize, size: usize, request: u64) -> Value {
    let mut tasks: Vec<&SimTask> = world.of_body(body).collect();
    let shuffle = |id: u64| {
        (id ^ request.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xff51_afd7_ed55_8ccd) >> 60
    };
    tasks.sort_by_key(|task| (std::cmp::Reverse(task.assigned.date()), shuffle(task.id), task.id));
    let rows: Vec<Value> = tasks
        .iter()
        .skip(page.saturating_sub(1) * size)
        .take(size)
        .map(|task| eoffice_row(world, task))
        .collect();
    json!({ "success": true, "data": rows, "pagination": { "total": tasks.len(), "page": page, "pageSize": size } })
}

/// The category first; what came up unplanned carries the label this product has for it.
fn tracker_labels(task: &SimTask) -> Vec<&str> {
    let label = super::titles::is_unplanned(task.category).then_some("dot_xuat");
    some(task.category).into_iter().chain(label).collect()
}

fn tracker_status(task: &SimTask) -> &'static str {
    match task.state {
        State::New => "NEW",
        State::Doing => "DOING",
        State::Submitted => "WAITING_APPROVAL",
        State::Returned => "RETURNED",
        State::Done => "APPROVED",
        State::Cancelled | State::Recalled => "CANCELLED",
    }
}

/// One page of the tracker: what changed since a moment, that moment included, oldest change first. The cursor
/// names the last record shown, so changes during a walk appear at its end and nothing is lost.
pub fn tracker_page(world: &World, body: usize, since_ms: i64, cursor: Option<&str>, limit: usize) -> Value {
    let after: Option<(i64, u64)> = cursor.and_then(|cursor| {
        let (at, id) = cursor.split_once('.')?;
        Some((at.parse().ok()?, id.parse().ok()?))
    });
    let mut tasks: Vec<(i64, u64, &SimTask)> = world
        .of_body(body)
        .map(|task| (epoch_ms(task.modified), task.id, task))
        .filter(|(at, _, _)| *at >= since_ms)
        .collect();
    let total = tasks.len();
    tasks.retain(|(at, id, _)| after.is_none_or(|after| (*at, *id) > after));
    tasks.sort_by_key(|(at, id, _)| (*at, *id));
    let next = tasks.get(limit.saturating_sub(1)).filter(|_| tasks.len() > limit);
    let next = next.map(|(at, id, _)| format!("{at}.{id}"));
    let items: Vec<Value> = tasks
        .iter()
        .take(limit)
        .map(|(_, _, task)| {
            json!({
                "id": external_id(task),
                "title": task.title,
                "owner": { "account": world.account(task), "display": world.people[task.person].name },
                "unit_code": world.people[task.person].unit,
                "assigned_at": epoch_ms(task.assigned),
                "due_at": task.due.and_then(|due| due.and_hms_opt(17, 0, 0)).map(epoch_ms),
                "submitted_at": task.submitted.map(epoch_ms),
                "approved_at": task.done.map(epoch_ms),
                "modified_at": epoch_ms(task.modified),
                "status": tracker_status(task),
                "kind": task.doc_type,
                "labels": tracker_labels(task),
                "quantity": "1",
                "returned_count": task.returned,
            })
        })
        .collect();
    json!({ "items": items, "next_cursor": next, "total": total })
}

/// The words a ward's desk and a sheet use for a state.
pub fn ward_status(task: &SimTask) -> &'static str {
    match task.state {
        State::New => "Chờ xử lý",
        State::Doing => "Đang xử lý",
        State::Submitted => "Trình ký",
        State::Returned => "Trả lại",
        State::Done => "Hoàn thành",
        State::Cancelled | State::Recalled => "Thu hồi",
    }
}

/// One page of the ward's desk and whether there is a next one. Rows stand in the order of their numbers, so a
/// row that changes during a walk stays where it is.
pub fn ward_page(
    world: &World,
    body: usize,
    since: Option<NaiveDateTime>,
    page: usize,
    size: usize,
) -> (Value, bool) {
    let mut tasks: Vec<&SimTask> =
        world.of_body(body).filter(|task| since.is_none_or(|since| task.modified >= since)).collect();
    tasks.sort_by_key(|task| task.id);
    let skip = page.saturating_sub(1) * size;
    let rows: Vec<Value> = tasks
        .iter()
        .skip(skip)
        .take(size)
        .map(|task| {
            json!({
                "ma_nhiem_vu": external_id(task),
                "noi_dung": task.title,
                "nguoi_thuc_hien_ma": world.account(task),
                "don_vi": world.people[task.person].unit,
                "ngay_giao": task.assigned.format("%d/%m/%Y").to_string(),
                "han_xu_ly": task.due.map(|due| due.format("%d/%m/%Y").to_string()).unwrap_or_default(),
                "ngay_hoan_thanh": task.done.map(|at| at.format("%d/%m/%Y").to_string()),
                "ngay_trinh": task.submitted.map(|at| at.format("%d/%m/%Y").to_string()),
                "trang_thai": ward_status(task),
                "loai_van_ban": task.doc_type,
                "luong": task.category,
                "cap_nhat": task.modified.format("%d/%m/%Y %H:%M:%S").to_string(),
            })
        })
        .collect();
    let more = skip + rows.len() < tasks.len();
    (Value::Array(rows), more)
}
