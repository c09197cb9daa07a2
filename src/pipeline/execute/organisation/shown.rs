//! An organisation's year as it is shown: points, tasks, conditions, revisions, notices; and the list of a year.
//!
//! Owns the order of what is shown. It must not know how anything is counted. Nothing is written here.

use super::entitled::authority;
use super::known::known;
use super::known_organisation;
use crate::domain::{Exact, Unit, UnitCode, UnitKind};
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Field, Outcome};
use crate::pipeline::execute::{Answer, App, known_unit};
use crate::pipeline::wording::Words;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) async fn show(app: &App, unit: &UnitCode, year: i32) -> Answer {
    known_organisation(app, unit).await?;
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
            Field::words(
                "missing",
                "Mục chưa có điểm (Điều 6; khoản 1 Điều 7)",
                "Items without points (art. 6, 7.1)",
                Words::OrganisationItem,
                json!(score.missing),
            ),
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
    let tasks = Document::listed(
        Text::new("Nhiệm vụ trong năm", "Tasks of the year"),
        &counted,
        vec![
            (
                Column::left("what", "Nội dung", "What"),
                &|(key, vi, en, _)| json!({"key": key, "vi": vi, "en": en}),
            ),
            (Column::right("count", "Số lượng", "Count"), &|(.., count)| json!(count)),
            (Column::right("percent", "%", "%"), &|(.., count)| json!(percent(*count))),
        ],
    );
    let conditions =
        Document::listed(
            Text::new("Điều kiện (Điều 8)", "Conditions (art. 8)"),
            &score.conditions.iter().collect::<Vec<_>>(),
            vec![
                (
                    Column::words("condition", "Điều kiện", "Condition", Words::Condition),
                    &|(condition, _)| json!(condition),
                ),
                (Column::words("state", "Đạt", "Met", Words::Met), &|(_, met)| json!(met)),
            ],
        );
    let revisions = Document::listed(
        Text::new("Hồ sơ", "Record"),
        &known.revisions,
        vec![
            (Column::right("revision", "Phiên bản", "Revision"), &|held| json!(held.revision)),
            (Column::words("state", "Trạng thái", "State", Words::Organisation), &|held| {
                json!(held.state)
            }),
            (Column::words("level", "Mức", "Level", Words::Level), &|held| json!(held.level)),
            (Column::left("author", "Người lập", "Author"), &|held| json!(held.author)),
            (Column::left("document", "Văn bản", "Document"), &|held| json!(held.document)),
            (Column::left("at", "Lúc", "At"), &|held| json!(held.at)),
        ],
    );
    let notices = Document::listed(
        Text::new("Thông báo kết quả (mục III.4.b)", "Notices of the result (plan III.4.b)"),
        &app.store.organisation_notices(unit, year).await?,
        vec![
            (Column::right("revision", "Phiên bản", "Revision"), &|told| json!(told.revision)),
            (Column::left("told_to", "Nơi nhận", "Told to"), &|told| {
                json!(told.told_to.as_deref().unwrap_or(unit.as_str()))
            }),
            (Column::left("told_on", "Ngày", "Day"), &|told| json!(told.told_on)),
            (Column::left("how", "Hình thức", "How"), &|told| json!(told.how)),
            (Column::left("document", "Văn bản", "Document"), &|told| json!(told.document)),
            (Column::left("author", "Người ghi", "Author"), &|told| json!(told.author)),
        ],
    );
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
    let inside = |code: &UnitCode| within.as_ref().is_none_or(|units| units.contains(code));
    let units = directory.units().filter(|known| known.kind != UnitKind::Province && inside(&known.code));
    let of = |known: &Unit| all.get(&known.code);
    Ok(Outcome::ok(Document::listed(
        Text::new(format!("Tổ chức, năm {year}"), format!("Organisations, {year}")),
        units,
        vec![
            (Column::left("unit", "Đơn vị", "Unit"), &|known| json!(known.code)),
            (Column::left("name", "Tên", "Name"), &|known| json!(known.name)),
            (Column::left("recognised_by", "Nơi công nhận", "Recognised by"), &|known| {
                json!(authority(&directory, &known.code))
            }),
            (Column::right("revision", "Phiên bản", "Revision"), &|known| {
                json!(of(known).map(|revision| revision.revision))
            }),
            (Column::words("state", "Trạng thái", "State", Words::Organisation), &|known| {
                json!(of(known).map_or("none", |revision| revision.state.as_str()))
            }),
            (Column::words("level", "Mức", "Level", Words::Level), &|known| {
                json!(of(known).and_then(|revision| revision.level))
            }),
            (Column::left("told_on", "Đã thông báo", "Told on"), &|known| {
                let revision = of(known).map(|revision| (known.code.clone(), revision.revision));
                json!(revision.and_then(|revision| told.get(&revision)))
            }),
        ],
    )))
}
