//! Status, check, and the report on tasks.

use super::{Answer, App};
use crate::delivery::Target as _;
use crate::domain::{AccountRef, SourceId};
use crate::error::{Finding, Place, Text};
use crate::ingest::report::{NOBODY, ReportRow, TaskReport};
use crate::pipeline::command::{Align, Column, Document, Outcome, ReportBy, ReportKey};
use chrono::NaiveDate;
use serde_json::json;

fn right(key: &str, vi: &str, en: &str) -> Column {
    Column { align: Align::Right, ..Column::left(key, vi, en) }
}

pub(super) async fn status(app: &App) -> Answer {
    let overview = app.store.overview().await?;
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    for source in app.sources.keys() {
        let state = app.store.source_state(source).await?;
        let totals = overview.sources.get(source.as_str()).cloned().unwrap_or_default();
        findings.extend(
            state
                .last_error
                .clone()
                .map(|finding| Finding { severity: crate::error::Severity::Warning, ..finding }),
        );
        rows.push(vec![
            json!(source),
            json!(if state.last_error.is_some() {
                "failing"
            } else if state.last_success_at.is_some() {
                "ok"
            } else {
                "never pulled"
            }),
            json!(state.last_success_at),
            json!(state.next_due_at),
            json!(totals.tasks),
            json!(totals.events),
            json!(totals.rejected),
        ]);
    }
    let sources = Document::Table {
        title: Text::new("Nguồn", "Sources"),
        columns: vec![
            Column::left("source", "Nguồn", "Source"),
            Column::left("state", "Tình trạng", "State"),
            Column::left("last_success_at", "Thành công lúc", "Last success"),
            Column::left("next_due_at", "Lần tới", "Next"),
            right("tasks", "Nhiệm vụ", "Tasks"),
            right("events", "Sự kiện", "Events"),
            right("rejected", "Bị loại", "Rejected"),
        ],
        rows,
    };
    let rows = overview
        .targets
        .iter()
        .map(|(id, totals)| {
            vec![
                json!(id),
                json!(totals.receipts),
                json!(totals.waiting()),
                json!(totals.needs_person()),
                json!(totals.earliest_deadline),
            ]
        })
        .collect();
    let targets = Document::Table {
        title: Text::new("Gửi đi", "Deliveries"),
        columns: vec![
            Column::left("target", "Đích", "Target"),
            right("receipts", "Biên nhận", "Receipts"),
            right("waiting", "Chờ gửi", "Waiting"),
            right("needs_person", "Cần người", "Needs a person"),
            Column::left("earliest_deadline", "Hạn gần nhất", "Earliest deadline"),
        ],
        rows,
    };
    let numbers = Document::Json {
        value: json!({
            "people": overview.people, "tasks": overview.tasks, "identified": overview.identified, "mapping": overview.mapping,
            "due": overview.due, "scores": overview.scores, "records": overview.records, "unknown_accounts": overview.unknown_accounts,
        }),
        text: Text::new(
            format!("{} người, {} nhiệm vụ, {} điểm", overview.people, overview.tasks, overview.scores),
            format!("{} people, {} tasks, {} scores", overview.people, overview.tasks, overview.scores),
        ),
    };
    let parts = vec![("sources".into(), sources), ("targets".into(), targets), ("numbers".into(), numbers)];
    Ok(Outcome::with_findings(Document::Parts { parts }, findings))
}

/// Tries everything the configuration names; every finding at once, nothing is changed.
pub(super) async fn check(app: &App) -> Answer {
    let mut findings = Vec::new();
    if let Err(error) = app.store.require_schema().await {
        findings.push(error.finding());
    }
    for (id, source) in &app.sources {
        for finding in source.connector.check().await {
            let place = finding.place.clone().unwrap_or_else(|| Place::of(format!("source {id}")));
            findings.push(finding.at(place));
        }
    }
    if let Some(target) = &app.evaluation {
        findings.extend(target.check().await);
    }
    if let Some(target) = &app.national {
        findings.extend(target.check().await);
    }
    let catalogs = app.store.catalogs().await?;
    match catalogs.last() {
        None => findings.push(Finding::warning(
            "LT-CAT-021",
            Text::new("chưa nhập danh mục sản phẩm", "no catalog is imported yet"),
            Text::new(
                "nhập bằng `catalog import` hoặc khai báo [catalog]",
                "import one with `catalog import` or declare [catalog]",
            ),
        )),
        Some(head) => {
            let products = app.store.catalog_products(&head.version).await?;
            findings.extend(app.policy.rule_book.check(&products));
        }
    }
    let directory = app.directory().await?;
    if directory.people().next().is_none() {
        findings.push(Finding::warning(
            "LT-PPL-021",
            Text::new("chưa có công chức nào", "no people are known yet"),
            Text::new(
                "nhập bằng `people import` hoặc khai báo [people]",
                "import them with `people import` or declare [people]",
            ),
        ));
    }
    for (id, source) in &app.sources {
        if directory.unit(&source.unit).is_none() {
            findings.push(
                Finding::error(
                    "LT-PPL-022",
                    Text::new(
                        format!("nguồn {id} thuộc đơn vị {} không có trong danh sách", source.unit),
                        format!("source {id} belongs to unit {}, which is not known", source.unit),
                    ),
                    Text::new("khai báo [[unit]] hoặc nhập đơn vị", "declare the [[unit]] or import it"),
                )
                .at(Place::of(format!("source {id}"))),
            );
        }
    }
    if let Err(finding) = app.rule_set(crate::domain::Period::quarter_of(app.clock.today())) {
        findings.push(finding);
    }
    let checked = Document::Message {
        text: Text::new(
            format!(
                "đã thử {} nguồn và {} đích",
                app.sources.len(),
                usize::from(app.evaluation.is_some()) + usize::from(app.national.is_some())
            ),
            format!(
                "tried {} sources and {} targets",
                app.sources.len(),
                usize::from(app.evaluation.is_some()) + usize::from(app.national.is_some())
            ),
        ),
    };
    Ok(Outcome::with_findings(checked, findings))
}

pub(super) async fn tasks(
    app: &App,
    by: ReportBy,
    source: Option<SourceId>,
    as_of: Option<NaiveDate>,
    key: ReportKey,
) -> Answer {
    let directory = app.directory().await?;
    let as_of = as_of.unwrap_or_else(|| app.clock.today());
    let mut report = TaskReport::new(as_of);
    let period = crate::domain::Period::quarter_of(as_of);
    match (by, key) {
        (ReportBy::Person, ReportKey::Staff) => {
            directory.people().for_each(|person| report.mention(person.staff_number.as_str()))
        }
        (ReportBy::Unit, _) => directory.units().for_each(|unit| report.mention(unit.code.as_str())),
        (ReportBy::Person, ReportKey::Account) => {}
    }
    let mut after = 0;
    loop {
        let tasks = app.store.scan_tasks(source.as_ref(), after, 2_000).await?;
        let Some(last) = tasks.last() else { break };
        after = last.id;
        for stored in tasks {
            let account = stored.task.draft.assignee.as_ref();
            let person = account
                .and_then(|account| directory.identify(&stored.key.source, account))
                .and_then(|id| directory.person(id));
            let name = match (by, key) {
                (ReportBy::Person, ReportKey::Account) => account.map(shown_account),
                (ReportBy::Person, ReportKey::Staff) => person.map(|person| person.staff_number.to_string()),
                (ReportBy::Unit, _) => person
                    .and_then(|person| directory.last_post(person.id, period))
                    .map(|post| post.unit.to_string()),
            };
            report.count(name.as_deref().unwrap_or(NOBODY), &stored.task);
        }
    }
    let rows = report.rows().into_iter().map(row).collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new(format!("Nhiệm vụ đến {as_of}"), format!("Tasks as of {as_of}")),
        columns: vec![
            Column::left("person", "Người", "Person"),
            right("assigned", "Được giao", "Assigned"),
            right("done", "Hoàn thành", "Done"),
            right("on_time", "Đúng hạn", "On time"),
            right("late", "Trễ hạn", "Late"),
            right("late_days", "Số ngày trễ", "Late days"),
            right("open", "Đang làm", "Open"),
            right("overdue", "Quá hạn", "Overdue"),
            right("cancelled", "Hủy, thu hồi", "Cancelled"),
            right("gone", "Không còn hiển thị", "Gone"),
        ],
        rows,
    }))
}

/// The account as the source writes it; citizen id numbers stand here only as their index.
fn shown_account(account: &AccountRef) -> String {
    account.value.clone()
}

fn row(row: ReportRow) -> Vec<serde_json::Value> {
    vec![
        json!(row.person),
        json!(row.assigned),
        json!(row.done),
        json!(row.on_time),
        json!(row.late),
        json!(row.late_days),
        json!(row.open),
        json!(row.overdue),
        json!(row.cancelled),
        json!(row.gone),
    ]
}
