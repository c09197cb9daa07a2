//! An organisation's year as it is shown: points, tasks, conditions, revisions, notices; and the list of a year.
//!
//! Owns the order of what is shown. It must not know how anything is counted. Nothing is written here.

use super::entitled::authority;
use super::known::known;
use crate::domain::{Exact, UnitCode, UnitKind};
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Field, Outcome};
use crate::pipeline::execute::{Answer, App, known_unit};
use crate::pipeline::wording::Words;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) async fn show(app: &App, unit: &UnitCode, year: i32) -> Answer {
    known_unit(app, Some(unit)).await?;
    let directory = app.directory().await?;
    let known = known(app, &directory, unit, year, &BTreeMap::new()).await?;
    let (score, shares) = (&known.score, known.shares);
    let text = |value: &Option<Exact>| json!(value.as_ref().map(Exact::to_text));
    let percent = |count: u64| {
        let share = shares.share(count)?;
        Some((&share * &Exact::integer(100)).round(2, crate::domain::exact::RoundingMode::HalfUp))
    };
    let points = Document::Object {
        title: Text::new(format!("Tổ chức {unit}, năm {year}"), format!("Organisation {unit}, {year}")),
        fields: vec![
            Field::words(
                "general",
                "Tiêu chí chung (0–30)",
                "General criteria (0–30)",
                Words::Number,
                text(&score.general),
            ),
            Field::words(
                "result",
                "Kết quả nhiệm vụ (0–70)",
                "Results (0–70)",
                Words::Number,
                text(&score.result),
            ),
            Field::words("total", "Tổng điểm", "Total", Words::Number, text(&score.total)),
            Field::new("missing", "Mục chưa có điểm", "Items without points", score.missing.join(", ")),
            Field::words(
                "level_of_rules",
                "Mức theo điểm và điều kiện",
                "Level by points and conditions",
                Words::Level,
                json!(score.level),
            ),
            Field::words(
                "gap",
                "Vì sao chưa xác định được",
                "Why there is none",
                Words::Gap,
                json!(score.gap),
            ),
            Field::new(
                "open_below",
                "Cấp dưới chưa công nhận",
                "Lower ones not recognised",
                known.open_below.join(", "),
            ),
            Field::new("held", "Đang xác minh", "Held", json!(known.hold())),
        ],
    };
    let counted = [
        ("assigned", "Được giao", "Assigned", shares.assigned),
        ("done", "Hoàn thành", "Done", shares.done),
        ("in_order", "Đúng hạn, bảo đảm chất lượng", "On time, with quality", shares.in_order),
        ("not_on_time", "Chưa bảo đảm tiến độ", "Not on time", shares.not_on_time),
        ("above", "Vượt mức yêu cầu", "Above requirement", shares.above),
    ];
    let tasks = Document::Table {
        title: Text::new("Nhiệm vụ trong năm", "Tasks of the year"),
        columns: vec![
            Column::left("what", "Nội dung", "What"),
            Column::right("count", "Số lượng", "Count"),
            Column::right("percent", "%", "%"),
        ],
        rows: counted
            .iter()
            .map(|(key, vi, en, count)| {
                vec![json!({"key": key, "vi": vi, "en": en}), json!(count), json!(percent(*count))]
            })
            .collect(),
    };
    let conditions = Document::Table {
        title: Text::new("Điều kiện (Điều 8)", "Conditions (art. 8)"),
        columns: vec![
            Column::words("condition", "Điều kiện", "Condition", Words::Condition),
            Column::words("state", "Đạt", "Met", Words::Met),
        ],
        rows: score.conditions.iter().map(|(condition, met)| vec![json!(condition), json!(met)]).collect(),
    };
    let revisions = Document::Table {
        title: Text::new("Hồ sơ", "Record"),
        columns: vec![
            Column::right("revision", "Phiên bản", "Revision"),
            Column::words("state", "Trạng thái", "State", Words::Organisation),
            Column::words("level", "Mức", "Level", Words::Level),
            Column::left("author", "Người lập", "Author"),
            Column::left("document", "Văn bản", "Document"),
            Column::left("at", "Lúc", "At"),
        ],
        rows: known
            .revisions
            .iter()
            .map(|revision| {
                vec![
                    json!(revision.revision),
                    json!(revision.state),
                    json!(revision.level),
                    json!(revision.author),
                    json!(revision.document),
                    json!(revision.at),
                ]
            })
            .collect(),
    };
    let notices = app.store.organisation_notices(unit, year).await?;
    let notices = Document::Table {
        title: Text::new("Thông báo kết quả (mục III.4.b)", "Notices of the result (plan III.4.b)"),
        columns: vec![
            Column::right("revision", "Phiên bản", "Revision"),
            Column::left("told_to", "Nơi nhận", "Told to"),
            Column::left("told_on", "Ngày", "Day"),
            Column::left("how", "Hình thức", "How"),
            Column::left("document", "Văn bản", "Document"),
            Column::left("author", "Người ghi", "Author"),
        ],
        rows: notices
            .iter()
            .map(|told| {
                let to = told.told_to.as_deref().unwrap_or(unit.as_str());
                vec![
                    json!(told.revision),
                    json!(to),
                    json!(told.told_on),
                    json!(told.how),
                    json!(told.document),
                    json!(told.author),
                ]
            })
            .collect(),
    };
    let parts = vec![
        ("organisation".into(), points),
        ("tasks".into(), tasks),
        ("conditions".into(), conditions),
        ("record".into(), revisions),
        ("notices".into(), notices),
    ];
    Ok(Outcome::ok(Document::Parts { parts }))
}

pub(super) async fn list(app: &App, year: i32, unit: Option<&UnitCode>) -> Answer {
    known_unit(app, unit).await?;
    let directory = app.directory().await?;
    let within = unit.map(|unit| directory.subtree(unit));
    let all = app.store.organisations_of(year).await?;
    let told = app.store.organisations_told(year).await?;
    let mut rows = Vec::new();
    for known in directory.units().filter(|known| known.kind != UnitKind::Province) {
        if within.as_ref().is_some_and(|units| !units.contains(&known.code)) {
            continue;
        }
        let revision = all.get(&known.code);
        rows.push(vec![
            json!(known.code),
            json!(known.name),
            json!(authority(&directory, &known.code)),
            json!(revision.map(|revision| revision.revision)),
            json!(revision.map_or("none", |revision| revision.state.as_str())),
            json!(revision.and_then(|revision| revision.level)),
            json!(revision.and_then(|revision| told.get(&(known.code.clone(), revision.revision)))),
        ]);
    }
    Ok(Outcome::ok(Document::Table {
        title: Text::new(format!("Tổ chức, năm {year}"), format!("Organisations, {year}")),
        columns: vec![
            Column::left("unit", "Đơn vị", "Unit"),
            Column::left("name", "Tên", "Name"),
            Column::left("recognised_by", "Nơi công nhận", "Recognised by"),
            Column::right("revision", "Phiên bản", "Revision"),
            Column::words("state", "Trạng thái", "State", Words::Organisation),
            Column::words("level", "Mức", "Level", Words::Level),
            Column::left("told_on", "Đã thông báo", "Told on"),
        ],
        rows,
    }))
}
