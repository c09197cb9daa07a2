//! A unit's records of a period approved, or its year classified, in one order.
//!
//! Owns that each person is judged as the order about one person is, committed on their own, and listed with the reason where they
//! are not approved. It must not know how one record is judged (`pipeline::ruling`). What stands against one stops nobody else, and the
//! order again approves whoever is ready by then, and nobody twice.

use super::each::{self, Stands};
use super::{Answer, App, author, known_unit, quota};
use crate::domain::{Level, Period, PersonId, UnitCode};
use crate::error::{Finding, Text};
use crate::pipeline::command::{Cells, Column, Document, Field, Outcome};
use crate::pipeline::ruling::{Decided, Ruling};
use crate::store::StoreError;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The approval of a unit as ordered.
pub(super) struct UnitApproval {
    pub unit: UnitCode,
    pub period: Period,
    pub decision_no: Option<String>,
    pub opinion: Option<String>,
    pub author: String,
    pub dry_run: bool,
}

/// Approves everybody of a unit and those below it who is ready and whom the author may decide about; a year with the level
/// that is proposed. With `dry_run` only says whom, of the same settled figures.
pub(super) async fn approve(app: &Arc<App>, order: UnitApproval) -> Answer {
    let who = author(&order.author)?;
    known_unit(app, Some(&order.unit)).await?;
    let period = order.period;
    let people = each::evaluated(app, period, Some(&order.unit)).await?;
    each::settled(app, period, &people).await?;
    let directory = app.directory().await?;
    let cited = Ruling {
        revision: None,
        content_hash: None,
        level: None,
        author: who,
        at: app.clock.now(),
        decision_no: order.decision_no.as_deref(),
        opinion: order.opinion.as_deref(),
    };
    let (mut approved, mut already) = (0_u64, 0_u64);
    let (mut told, mut refused) = (Vec::new(), Vec::new());
    let mut excellent: BTreeMap<PersonId, Level> = BTreeMap::new();
    let of_people = people.len();
    for person in people {
        let (opened, level) = match each::stands(app, person, period).await? {
            Stands::Ready(opened, level) => (opened, level),
            Stands::Approved(_) => {
                already += 1;
                continue;
            }
            Stands::Waits(_, finding) => {
                refused.push((person, *finding));
                continue;
            }
        };
        let ruling = Ruling { revision: Some(opened.latest.revision), level, at: app.clock.now(), ..cited };
        let Decided { new, told: warnings } = match each::judged(app, &opened, ruling).await? {
            Ok(Some(decided)) => decided,
            Ok(None) => {
                already += 1;
                continue;
            }
            Err(finding) => {
                refused.push((person, *finding));
                continue;
            }
        };
        if !order.dry_run {
            match app.store.append_revision(&new).await {
                Ok(()) => {}
                // Somebody else moved or held this record just now; the others are no concern of that.
                Err(error @ StoreError::Conflict(_)) => {
                    refused.push((person, error.finding()));
                    continue;
                }
                // What was approved before it stands, and is told; the same order goes on where it ended.
                Err(error) => {
                    told.push(error.finding());
                    break;
                }
            }
        }
        approved += 1;
        told.extend(warnings);
        excellent.extend(level.filter(|level| *level == Level::Excellent).map(|level| (person, level)));
    }
    if !order.dry_run {
        let findings = refused.iter().map(|(_, finding)| finding);
        each::journal_by_code(app, who, (period, "of one unit"), findings).await?;
        app.ring("score");
        app.ring_deliveries();
    }
    if !excellent.is_empty() {
        let agency = directory.agency_of(&order.unit);
        told.extend(quota::decided(app, agency, period, &excellent).await?);
    }
    each::told_once(&mut told);
    told.truncate(500);
    let (vi, en) = match order.dry_run {
        true => ("Sẽ được phê duyệt, chưa ghi gì", "Would be approved, nothing is written"),
        false => ("Được phê duyệt", "Approved"),
    };
    let summary = Document::Object {
        title: Text::new(
            format!("Phê duyệt kỳ {period}, đơn vị {}", order.unit),
            format!("Approval of {period}, unit {}", order.unit),
        ),
        fields: vec![
            Field::new("people", "Số người", "People", of_people),
            Field::new("approved", vi, en, approved),
            Field::new("already", "Đã phê duyệt từ trước", "Approved before", already),
            Field::new("not_approved", "Không phê duyệt", "Not approved", refused.len()),
        ],
    };
    let known = |row: &(PersonId, Finding)| directory.person(row.0);
    let number = |row: &(PersonId, Finding)| json!(known(row).map(|known| known.staff_number.to_string()));
    let name = |row: &(PersonId, Finding)| json!(known(row).map(|known| known.full_name.clone()));
    let unit =
        |row: &(PersonId, Finding)| json!(directory.last_post(row.0, period).map(|post| post.unit.clone()));
    let columns: Vec<Cells<'_, (PersonId, Finding)>> = vec![
        (Column::left("person", "Số hiệu", "Person"), &number),
        (Column::left("name", "Họ và tên", "Name"), &name),
        (Column::left("unit", "Đơn vị", "Unit"), &unit),
        (Column::left("code", "Mã lý do", "Code"), &|row| json!(row.1.code)),
        (Column::left("why", "Lý do", "Why"), &|row| json!(row.1.what)),
    ];
    let title = Text::new("Không phê duyệt, kèm lý do", "Not approved, with the reason");
    let table = Document::listed(title, &refused, columns);
    let parts = vec![("summary".to_owned(), summary), ("not_approved".to_owned(), table)];
    Ok(Outcome::with_findings(Document::Parts { parts }, told))
}
