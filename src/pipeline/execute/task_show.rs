//! The order `task show`: one task down to the record it was read from.
//!
//! Owns what is told of a task: its fields as they were read, whose it is, every decision about its product with its
//! author, what happened to it, and the kept answer with its hash; its place in that answer
//! or file, and with `raw` the record itself. It changes nothing. An answer that is erased by now, cannot be listed again, or lists the record no more
//! says so in the place of the record. No citizen's number is shown.

use super::explain::event_value;
use super::{Answer, App, Refusal};
use crate::domain::{CitizenId, TaskKey};
use crate::error::{Lang, Text};
use crate::pipeline::command::{Document, Outcome, TaskRef};
use crate::pipeline::grounds::with_name;
use crate::pipeline::record_place;
use crate::pipeline::wording::{self, Words, word};
use crate::store::{MapItem, MappingRow, StoredTask};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Decisions about a product told of one task.
const MOST_DECISIONS: usize = 100;

/// Longest part of a record shown as text, in characters.
const LONGEST_RECORD: usize = 20_000;

pub(super) async fn show(app: &App, asked: &TaskRef, raw: bool) -> Answer {
    let item = super::duplicate::item(app, asked).await?;
    let mut value = json!({
        "task": format!("{}:{}", item.task.key.source, item.task.key.external_id),
        "number": item.task.id,
        "read": read(&item),
        "people": people(app, &item).await?,
        "products": products(app, &item).await?,
        "events": events(app, &item.task).await?,
        "answer": answer(app, &item.task).await?,
    });
    if raw && let Some(object) = value.as_object_mut() {
        object.insert("record".to_owned(), record(app, &item.task.key, item.task.id).await?);
    }
    let text = Text::new(told(&value, Lang::Vi), told(&value, Lang::En));
    Ok(Outcome::ok(Document::Json { value, text }))
}

/// The fields as they were read, without those the record lacks.
fn read(item: &MapItem) -> Value {
    let draft = &item.task.task.draft;
    let due = draft.due.map(|due| match due.time {
        Some(time) => format!("{} {}", due.day, time.format("%H:%M")),
        None => due.day.to_string(),
    });
    let fields = json!({
        "title": draft.title, "status": draft.status.as_str(), "raw_status": draft.raw_status, "unit": draft.unit,
        "assigned_at": draft.assigned_at, "due": due, "submitted_at": draft.submitted_at,
        "completed_at": draft.completed_at, "quantity": draft.quantity, "unplanned": draft.unplanned,
        "doc_type": draft.doc_type, "category": draft.category, "doc_number": draft.doc_number,
        "product_code": draft.product_code, "updated_at": draft.updated_at,
    });
    match fields {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}

async fn people(app: &App, item: &MapItem) -> Result<Vec<String>, Refusal> {
    let directory = app.directory().await?;
    let known = item.people.iter().filter_map(|person| directory.person(*person));
    Ok(known.map(|known| format!("{} {}", known.staff_number, known.full_name)).collect())
}

/// The decision in force and those before it, newest first.
async fn products(app: &App, item: &MapItem) -> Result<Vec<Value>, Refusal> {
    let directory = app.directory().await?;
    let earlier = app.store.mapping_history(item.task.id, MOST_DECISIONS).await?;
    let present = item.mapping.iter();
    let before = earlier
        .iter()
        .filter(|row| item.mapping.as_ref().is_none_or(|present| present.decided_at != row.decided_at));
    let mut told = Vec::new();
    for row in present.chain(before) {
        let name = match &row.product {
            Some(code) => app.store.products_of(&row.catalog_version, &[code.as_str()]).await?.pop(),
            None => None,
        };
        let MappingRow {
            state,
            product,
            catalog_version,
            coefficient,
            decided_by,
            author,
            reason,
            decided_at,
        } = row;
        told.push(json!({
            "state": state.as_str(), "product": product.as_ref().map(ToString::to_string),
            "name": name.map(|product| product.name), "catalog": catalog_version.to_string(),
            "coefficient": coefficient.map(|k| k.normalize()), "decided_by": decided_by,
            "author": author.as_ref().map(|author| with_name(&directory, author)), "reason": reason, "at": decided_at,
        }));
    }
    Ok(told)
}

async fn events(app: &App, task: &StoredTask) -> Result<Vec<Value>, Refusal> {
    Ok(app.history_of(task).await?.into_iter().map(event_value).collect())
}

/// The kept answer the task was read from last; null where none is kept any more.
async fn answer(app: &App, task: &StoredTask) -> Result<Value, Refusal> {
    let number = app.store.raw_page_of(task.id).await?;
    let head = app.store.raw_of_task(task.id).await?;
    let Some((number, head)) = number.zip(head) else { return Ok(Value::Null) };
    let hash: String = head.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    let key = [task.key.external_id.as_str()];
    let place = app.store.record_places(&task.key.source, &key).await?.pop();
    Ok(json!({
        "place": place.map(|(_, place)| record_place::told(&place)),
        "number": number, "request": CitizenId::mask_in(&head.request), "received_at": head.fetched_at, "bytes": head.size, "sha256": hash,
    }))
}

/// The record as it was kept; null where it cannot be listed again.
async fn record(app: &App, key: &TaskKey, task: i64) -> Result<Value, Refusal> {
    let Some(page) = app.store.raw_page_of(task).await? else { return Ok(Value::Null) };
    let Some(kept) = app.store.raw_page(page).await? else { return Ok(Value::Null) };
    let Some(source) = app.sources.get(&key.source) else { return Ok(Value::Null) };
    let connector = source.connector.clone();
    // A sheet is unpacked for seconds: not on a thread that serves everything else.
    let listed = tokio::task::spawn_blocking(move || {
        connector.list_again(kept.body.into(), kept.details.map(Into::into))
    })
    .await;
    let Ok(Some(Ok(records))) = listed else { return Ok(Value::Null) };
    let Some(found) = records.into_iter().find(|record| record.external_id == key.external_id) else {
        return Ok(Value::Null);
    };
    let body = CitizenId::mask_in(&String::from_utf8_lossy(&found.body));
    let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
    Ok(json!({ "body": body }))
}

fn told(value: &Value, lang: Lang) -> String {
    let say = |vi: &'static str, en: &'static str| match lang {
        Lang::Vi => vi,
        Lang::En => en,
    };
    let text = |of: &Value, key: &str| match of.get(key) {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => wording::local_time(text, lang).unwrap_or_else(|| text.clone()),
        Some(other) => wording::decimal_only(&other.to_string(), lang),
    };
    let list = |key: &str| value.get(key).and_then(Value::as_array).into_iter().flatten();
    let mut out = String::new();
    // Writing into a text cannot fail.
    let mut put = |line: String| {
        let _infallible = writeln!(out, "{line}");
    };
    let read = value.get("read").cloned().unwrap_or_default();
    put(format!("{} · {}", text(value, "task"), word(Words::Title, &text(&read, "title"), lang)));
    for (key, vi, en) in [
        ("status", "Trạng thái", "State"),
        ("raw_status", "Trạng thái tại nguồn", "State at the source"),
        ("unit", "Đơn vị tại nguồn", "Unit at the source"),
        ("assigned_at", "Giao lúc", "Assigned"),
        ("due", "Hạn", "Due"),
        ("submitted_at", "Nộp lúc", "Handed in"),
        ("completed_at", "Hoàn thành lúc", "Completed"),
        ("quantity", "Khối lượng", "Quantity"),
        ("doc_type", "Loại văn bản", "Document type"),
        ("category", "Phân loại tại nguồn", "Category at the source"),
        ("doc_number", "Số, ký hiệu văn bản", "Document number"),
        ("product_code", "Mã sản phẩm tại nguồn", "Product code at the source"),
        ("updated_at", "Nguồn sửa lúc", "Changed at the source"),
    ] {
        if read.get(key).is_some() {
            let shown = match key {
                "status" => word(Words::TaskStatus, &text(&read, key), lang).into_owned(),
                "due" => wording::days(&text(&read, key), lang),
                "quantity" => wording::decimal_only(&text(&read, key), lang),
                _ => text(&read, key),
            };
            put(format!("  {}: {shown}", say(vi, en)));
        }
    }
    for person in list("people").filter_map(Value::as_str) {
        put(format!("  {}: {person}", say("Người thực hiện", "Done by")));
    }
    put(format!("\n{}", say("Sản phẩm, mới nhất trước", "Product, newest decision first")));
    for row in list("products") {
        let why = row.pointer(say("/reason/vi", "/reason/en")).or(row.pointer("/reason/reason"));
        let product = match row.get("product").and_then(Value::as_str) {
            Some(code) => format!("{code} {}", text(row, "name")),
            None => word(Words::Mapping, &text(row, "state"), lang).into_owned(),
        };
        let by = word(Words::DecidedBy, &text(row, "decided_by"), lang).into_owned();
        let author = row.get("author").and_then(Value::as_str).map(|author| format!(" {author}"));
        put(format!(
            "  {product} · k {} · {} · {by}{} · {} · {}",
            wording::decimal_only(&text(row, "coefficient"), lang),
            text(row, "catalog"),
            author.unwrap_or_default(),
            text(row, "at"),
            why.and_then(Value::as_str).unwrap_or("–"),
        ));
    }
    put(format!("\n{}", say("Diễn biến", "What happened")));
    for event in list("events") {
        put(format!(
            "  {} {} ({} {}, {} {}{})",
            word(Words::Event, &text(event, "kind"), lang),
            text(event, "at"),
            say("thấy", "seen"),
            text(event, "observed_at"),
            say("câu trả lời", "answer"),
            text(event, "answer"),
            if event.get("of_record").is_some() { say(", theo bản ghi", ", by the record") } else { "" },
        ));
    }
    put(format!("\n{}", say("Bản gốc", "The source record")));
    if let Some(place) = value.pointer(say("/answer/place/vi", "/answer/place/en")).and_then(Value::as_str) {
        put(format!("  {place}"));
    }
    match value.get("answer").filter(|answer| !answer.is_null()) {
        Some(answer) => put(format!(
            "  {} {} · {} · {} {} · {} byte · SHA-256 {}",
            say("câu trả lời", "answer"),
            text(answer, "number"),
            record_place::asked(&text(answer, "request")).get(lang),
            say("nhận", "received"),
            text(answer, "received_at"),
            text(answer, "bytes"),
            text(answer, "sha256"),
        )),
        None => put(format!("  {}", say("không còn lưu", "not kept any more"))),
    }
    match value.get("record") {
        None => {}
        Some(Value::Null) => put(format!(
            "  {}",
            say(
                "không đọc lại được riêng bản ghi này từ câu trả lời đã lưu",
                "this record cannot be listed again from the kept answer"
            )
        )),
        Some(record) => {
            let body = record.get("body").map(|body| serde_json::to_string_pretty(body).unwrap_or_default());
            put(body.unwrap_or_default().chars().take(LONGEST_RECORD).collect());
        }
    }
    out
}
