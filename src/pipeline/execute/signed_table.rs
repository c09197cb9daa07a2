//! A signed decision table brought in: compared with our records, and what matches approved in one transaction.
//!
//! Owns the way from the rows to approvals with the decision's number. It must not know how rows are compared or what a
//! record allows; both are `evaluation`'s. Either every matching row is approved or, where anything stands in the way of
//! one of them at the last moment, none is.

use super::each;
use super::life::Opened;
use super::{Answer, App, Refusal, author, known_unit, quota};
use crate::domain::{Exact, Level, Period, PersonId, StaffNumber, UnitCode};
use crate::error::{Finding, Place, Severity, Text};
use crate::evaluation::signed_table::{Cause, Compared, HeldResult, compare, read_signed};
use crate::evaluation::{Part, life};
use crate::pipeline::command::{Column, Document, Field, InputFile, Outcome, PersonRef};
use crate::pipeline::record::content_of;
use crate::pipeline::ruling::{Decided, Judgement, Ruling};
use crate::pipeline::wording::Words;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table as ordered.
pub(super) struct SignedTable {
    pub file: InputFile,
    pub period: Period,
    pub unit: Option<UnitCode>,
    pub decision_no: String,
    pub opinion: Option<String>,
    pub approve: bool,
    pub author: String,
}

/// Compares, tells the differences by cause, and with `approve` approves what matches.
pub(super) async fn import(app: &Arc<App>, order: SignedTable) -> Answer {
    let who = author(&order.author)?.to_owned();
    known_unit(app, order.unit.as_ref()).await?;
    let (period, year) = (order.period, order.period.is_year());
    let rows = read_signed(&order.file.name, &order.file.bytes, year)?;
    let (mut known, mut people) = held(app, period, order.unit.as_ref()).await?;
    if order.approve {
        let concerned: Vec<PersonId> = people.values().copied().collect();
        if each::settled(app, period, &concerned).await? {
            (known, people) = held(app, period, order.unit.as_ref()).await?;
        }
    }
    let compared = compare(&rows, &known, year);
    let mut findings: Vec<Finding> = Vec::new();
    let (mut revisions, mut told) = (Vec::new(), Vec::new());
    let mut excellent: BTreeMap<PersonId, Level> = BTreeMap::new();
    let (mut approved, mut already, mut refused) = (0_u64, 0_u64, 0_u64);
    for row in compared.iter().filter(|row| row.matches()) {
        let Some(person) = people.get(&row.staff_number) else { continue };
        match ruled(app, &order, *person, row, &who).await? {
            Ok(Some(Decided { new, told: warnings })) => {
                approved += 1;
                revisions.push(new);
                told.extend(warnings);
                let level = row.level.filter(|level| year && *level == Level::Excellent);
                excellent.extend(level.map(|level| (*person, level)));
            }
            Ok(None) => already += 1,
            Err(finding) => {
                refused += 1;
                // Nobody asked to approve what stands approved: only an approval has to say that it cannot.
                if order.approve || finding.code != "LT-REC-003" {
                    findings.push(*finding);
                }
            }
        }
    }
    if order.approve {
        each::journal_by_code(app, &who, (period, "in one table"), findings.iter()).await?;
        app.store.append_revisions(&revisions).await?;
        app.ring("score");
        app.ring_deliveries();
    }
    if !excellent.is_empty() {
        let directory = app.directory().await?;
        let agency = order.unit.as_ref().and_then(|unit| directory.agency_of(unit));
        told.extend(quota::decided(app, agency, period, &excellent).await?);
    }
    each::told_once(&mut told);
    let differing: Vec<&Compared> = compared.iter().filter(|row| !row.causes.is_empty()).collect();
    let causes = |row: &Compared| row.causes.iter().map(|cause| cause.as_str()).collect::<Vec<_>>();
    let table = Document::Table {
        title: Text::new("Khác biệt theo nguyên nhân", "Differences by cause"),
        columns: vec![
            Column::left("person", "Số hiệu", "Person"),
            Column::words("causes", "Nguyên nhân", "Causes", Words::Difference),
            Column::right("signed", "Bảng", "Table"),
            Column::right("held", "Hệ thống", "Held"),
            Column::words("level", "Mức trong bảng", "Level of the table", Words::Level),
            Column::words("place", "Ô", "Cell", Words::Place),
        ],
        rows: differing
            .iter()
            .map(|row| {
                vec![
                    json!(row.staff_number),
                    json!(causes(row)),
                    json!(row.signed.as_ref().map(Exact::to_text)),
                    json!(row.held.as_ref().map(Exact::to_text)),
                    json!(row.level),
                    json!(row.place.as_ref().map(ToString::to_string)),
                ]
            })
            .collect(),
    };
    let mut by_cause: BTreeMap<Cause, u64> = BTreeMap::new();
    for cause in compared.iter().flat_map(|row| &row.causes) {
        *by_cause.entry(*cause).or_default() += 1;
    }
    for (cause, count) in by_cause.iter().filter(|(cause, _)| **cause != Cause::CutDecimals) {
        findings.push(differs(*cause, *count, &order.file.name));
    }
    let summary = Document::Object {
        title: Text::new(format!("Bảng ký, kỳ {period}"), format!("Signed table of {period}")),
        fields: vec![
            Field::new("rows", "Số dòng", "Rows", rows.len() as u64),
            Field::new("matching", "Khớp", "Matching", approved + already + refused),
            Field::new("approved", "Được phê duyệt", "Approved", if order.approve { approved } else { 0 }),
            Field::new("to_approve", "Có thể phê duyệt", "Could be approved", approved),
            Field::new(
                "already",
                "Đã phê duyệt bằng quyết định này",
                "Approved by this decision before",
                already,
            ),
            Field::new(
                "refused",
                "Khớp nhưng không phê duyệt được",
                "Matching, but not to be approved",
                refused,
            ),
            Field::new(
                "differing",
                "Không khớp",
                "Not matching",
                compared.iter().filter(|row| !row.matches()).count(),
            ),
        ],
    };
    findings.extend(told);
    // What differs is told and left alone; the others are approved all the same.
    findings.iter_mut().for_each(|finding| finding.severity = Severity::Warning);
    findings.truncate(500);
    let parts = vec![("summary".into(), summary), ("differences".into(), table)];
    Ok(Outcome::with_findings(Document::Parts { parts }, findings))
}

type HeldAll = (BTreeMap<StaffNumber, HeldResult>, BTreeMap<StaffNumber, PersonId>);

/// What is held of everyone evaluated in the period, of a unit and those below it where one is named.
async fn held(app: &App, period: Period, unit: Option<&UnitCode>) -> Result<HeldAll, Refusal> {
    let directory = app.directory().await?;
    let (mut held, mut people) = (BTreeMap::new(), BTreeMap::new());
    for person in each::evaluated(app, period, unit).await? {
        let Some(known) = directory.person(person) else { continue };
        let mut result = HeldResult::default();
        let revisions = app.store.revisions(person, period).await?;
        for (index, revision) in revisions.iter().enumerate() {
            let content = content_of(revision)?;
            let printed =
                |part: Part| content.parts.get(&part).and_then(|figure| figure.printed.parse().ok());
            if index + 1 < revisions.len() {
                result.earlier.extend(printed(Part::Total));
                continue;
            }
            result.general = printed(Part::General);
            result.task_part = printed(Part::TaskPart);
            result.total = if content.is_complete() { printed(Part::Total) } else { None };
            let proposed = content.proposal();
            // A year decided by an earlier version does not say what was proposed.
            result.level = proposed.or_else(|| content.level.filter(|_| content.is_ruled_year()));
        }
        held.insert(known.staff_number.clone(), result);
        people.insert(known.staff_number.clone(), person);
    }
    Ok((held, people))
}

/// What one row comes to: none when this decision approved it before.
async fn ruled(
    app: &App,
    order: &SignedTable,
    person: PersonId,
    row: &Compared,
    who: &str,
) -> Result<Judgement, Refusal> {
    let opened = Opened::of(app, &PersonRef::Id(person), order.period).await?;
    let number = order.decision_no.as_str();
    let held = opened.held();
    let decided = held.content.ruling.as_ref().and_then(|ruling| ruling.decision_no.as_deref());
    if life::is_deliverable(held.state) && decided == Some(number.trim()) {
        return Ok(Ok(None));
    }
    let ruling = Ruling {
        revision: Some(opened.latest.revision),
        content_hash: None,
        level: row.level.filter(|_| order.period.is_year()),
        author: who,
        at: app.clock.now(),
        decision_no: Some(number),
        opinion: order.opinion.as_deref(),
    };
    each::judged(app, &opened, ruling).await
}

fn differs(cause: Cause, count: u64, file: &str) -> Finding {
    let (code, vi, en) = match cause {
        Cause::MissingPerson => {
            ("LT-REC-063", "người có ở đây nhưng không có trong bảng", "people here who are not in the table")
        }
        Cause::SurplusPerson => (
            "LT-REC-064",
            "người trong bảng nhưng không thuộc kỳ này ở đây",
            "people in the table who are not of the period here",
        ),
        Cause::ChangedSince => {
            ("LT-REC-065", "điểm trong bảng là của phiên bản cũ", "scores of an older revision")
        }
        Cause::LevelDiffers => (
            "LT-REC-066",
            "mức trong bảng khác hoặc cao hơn mức theo điểm và điều kiện",
            "levels that are other than, or above, what score and conditions give",
        ),
        Cause::SumWrong => {
            ("LT-REC-067", "tổng trong bảng sai so với các phần của nó", "sums of the table that are wrong")
        }
        Cause::Incomplete => ("LT-REC-068", "kết quả ở đây còn thiếu phần", "results that lack a part here"),
        Cause::ScoreDiffers | Cause::CutDecimals => ("LT-REC-069", "điểm khác", "scores that differ"),
    };
    Finding::warning(
        code,
        Text::new(format!("{count} {vi}"), format!("{count} {en}")),
        Text::new(
            "các dòng này không được phê duyệt; xem bảng khác biệt, sửa bảng hoặc dữ liệu rồi nhập lại",
            "these rows are not approved; see the differences, correct the table or the data and import it again",
        ),
    )
    .at(Place::of(file))
}
