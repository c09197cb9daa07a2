//! The list of results a person's receiver must hold.
//!
//! Owns its making: earlier results that were imported, and every approved result of ours whose delivery has
//! begun (quarters once their period is closed, years once classified), with the deadlines that run from
//! there. Because the receiver replaces the whole list, nothing less than the whole list is ever enqueued.

use super::app::App;
use super::record::content_of;
use crate::delivery::deadline::{binding, deadlines};
use crate::delivery::{ResultList, ResultRow, Target as _, payload_hash};
use crate::directory::Directory;
use crate::domain::{Period, PersonId, local_date};
use crate::error::Finding;
use crate::evaluation::Content;
use crate::store::{OutboxKind, OutboxNew, Revision};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// When the deadline of an approved result begins: a year's with its classification, a quarter's with the
/// close of its period or an approval after that; none while the period is open.
pub(super) fn start_of(
    period: Period,
    approved_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    if period.is_year() { Some(approved_at) } else { closed_at.map(|closed| closed.max(approved_at)) }
}

fn row_of(content: &Content) -> ResultRow {
    ResultRow {
        period: content.period,
        level: content.level,
        score: content.total().map(|total| total.printed.clone()),
        decision_no: content.ruling.as_ref().and_then(|ruling| ruling.decision_no.clone()),
        decided_on: content.ruling.as_ref().map(|ruling| local_date(ruling.at)),
    }
}

/// The rows of a person's list as of now, `newest` counted as approved and its period as closed.
pub(super) async fn result_rows(
    app: &App,
    person: PersonId,
    newest: Option<(&Revision, &Content)>,
) -> Result<Vec<ResultRow>, Finding> {
    let mut rows: BTreeMap<Period, ResultRow> = BTreeMap::new();
    for (period, value) in app.store.history(person).await.map_err(|error| error.finding())? {
        if let Ok(row) = serde_json::from_value::<ResultRow>(value) {
            rows.insert(period, row);
        }
    }
    let closed = app.store.closed_periods().await.map_err(|error| error.finding())?;
    for revision in app.store.approved_revisions(person).await.map_err(|error| error.finding())? {
        if revision.period.is_year() || closed.contains(&revision.period) {
            rows.insert(revision.period, row_of(&content_of(&revision)?));
        }
    }
    if let Some((revision, content)) = newest {
        rows.insert(revision.period, row_of(content));
    }
    Ok(rows.into_values().collect())
}

/// The outbox item that brings a person's list up to date; none without a national database or when the
/// newest list enqueued says the same.
pub(super) async fn result_item(
    app: &App,
    directory: &Directory,
    person: PersonId,
    newest: Option<(&Revision, &Content)>,
    start: DateTime<Utc>,
) -> Result<Option<OutboxNew>, Finding> {
    let Some(target) = &app.national else { return Ok(None) };
    let Some(known) = directory.person(person) else { return Ok(None) };
    let rows = result_rows(app, person, newest).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let list_len = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let list = ResultList { staff_number: known.staff_number.to_string(), rows };
    let payload = list.canonical().map_err(|_| super::broken("result list"))?;
    let hash = payload_hash(&payload);
    let known_hash = app.store.newest_list(target.id(), person).await.map_err(|error| error.finding())?;
    if known_hash.as_deref() == Some(hash.as_str()) {
        return Ok(None);
    }
    let limits = deadlines(start, &app.policy.deadlines, &app.policy.calendar);
    let (period, revision) =
        newest.map_or((Period::Year(0), 0), |(revision, _)| (revision.period, revision.revision));
    Ok(Some(OutboxNew {
        target: target.id().clone(),
        kind: OutboxKind::Result,
        person,
        period,
        revision,
        payload,
        payload_hash: hash,
        list_len,
        deadline_at: binding(&limits).map(|limit| limit.at),
        deadlines: serde_json::to_value(&limits).map_err(|_| super::broken("deadlines"))?,
        at: app.clock.now(),
    }))
}
