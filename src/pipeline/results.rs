//! The list of results a person's receiver must hold.
//!
//! Owns its making: earlier results that were imported, and every approved result of ours whose delivery has
//! begun (quarters once their period is closed, years once classified), with the deadlines that run from
//! there. Because the receiver replaces the whole list, nothing less than the whole list is ever enqueued, and
//! what was enqueued is compared with what is true now before it is sent.

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

/// Why a list is made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Occasion<'a> {
    /// A revision is approved, or its period closed, in the transaction the item will be part of.
    Approved(&'a Revision, &'a Content, Option<DateTime<Utc>>),
    /// A revision is revoked in the transaction the item will be part of: the list goes out without it, by the
    /// document that annuls it.
    Revoked(&'a Revision, &'a str),
    /// Something else changed: nothing follows when the newest list enqueued says the same.
    Renewal,
    /// The receiver may hold something older: whatever was enqueued before, it is sent again.
    Repair,
}

/// A person's list as of now.
struct Derived {
    rows: Vec<ResultRow>,
    /// Approved revisions on it, each with the moment its deadlines run from.
    begun: BTreeMap<Period, (u32, DateTime<Utc>)>,
}

async fn derive(app: &App, person: PersonId, occasion: Occasion<'_>) -> Result<Derived, Finding> {
    let mut closes = app.store.period_closes().await.map_err(|error| error.finding())?;
    let mut revisions: BTreeMap<Period, (u32, DateTime<Utc>, Content)> = BTreeMap::new();
    for revision in app.store.approved_revisions(person).await.map_err(|error| error.finding())? {
        revisions.insert(revision.period, (revision.revision, revision.at, content_of(&revision)?));
    }
    if let Occasion::Approved(revision, content, closing) = occasion {
        revisions.insert(revision.period, (revision.revision, revision.at, content.clone()));
        if let Some(at) = closing {
            closes.entry(revision.period).or_insert(at);
        }
    }
    if let Occasion::Revoked(revision, _) = occasion {
        revisions.remove(&revision.period);
    }
    let mut rows: BTreeMap<Period, ResultRow> = BTreeMap::new();
    for (period, value) in app.store.history(person).await.map_err(|error| error.finding())? {
        // A row that does not read must stop the list: without it the receiver would lose a result.
        let row = serde_json::from_value::<ResultRow>(value).map_err(|_| super::broken("history"))?;
        rows.insert(period, row);
    }
    // The national database has no word for a month: its quarter and year are sent.
    let is_month = |period: &Period| matches!(period, Period::Month { .. });
    rows.retain(|period, _| !is_month(period));
    revisions.retain(|period, _| !is_month(period));
    let mut begun = BTreeMap::new();
    for (period, (number, made_at, content)) in revisions {
        // The law counts from the decision, which may have been taken before we read of it.
        let approved_at = content.ruling.as_ref().map_or(made_at, |ruling| ruling.at.min(made_at));
        if let Some(start) = start_of(period, approved_at, closes.get(&period).copied()) {
            rows.insert(period, row_of(&content));
            begun.insert(period, (number, start));
        }
    }
    Ok(Derived { rows: rows.into_values().collect(), begun })
}

/// The outbox item that brings a person's list up to date; none without a national database, without a result of
/// ours whose delivery has begun, or when a renewal would say nothing new.
pub(super) async fn result_item(
    app: &App,
    directory: &Directory,
    person: PersonId,
    occasion: Occasion<'_>,
) -> Result<Option<OutboxNew>, Finding> {
    let Some(target) = &app.national else { return Ok(None) };
    let Some(known) = directory.person(person) else { return Ok(None) };
    let Derived { rows, begun } = derive(app, person, occasion).await?;
    let newest = begun.iter().max_by_key(|(period, (_, start))| (*start, **period));
    let (period, revision, allowed) = match (occasion, newest) {
        (Occasion::Approved(revision, ..), _) => (revision.period, revision.revision, None),
        (Occasion::Revoked(revision, document), _) => {
            let why = revision.reason.clone().unwrap_or_default();
            (revision.period, revision.revision, Some((revision.author.clone(), why, document.to_owned())))
        }
        (_, Some((last, (number, _)))) => (*last, *number, None),
        (_, None) => return Ok(None),
    };
    if matches!(occasion, Occasion::Approved(..)) && begun.is_empty() {
        return Ok(None);
    }
    let list_len = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let list = ResultList { staff_number: known.staff_number.to_string(), rows };
    let payload = list.canonical().map_err(|_| super::broken("result list"))?;
    let hash = payload_hash(&payload);
    let covers: Vec<(Period, u32)> = begun.iter().map(|(period, (number, _))| (*period, *number)).collect();
    if matches!(occasion, Occasion::Renewal) {
        let newest = app.store.newest_list(target.id(), person).await.map_err(|error| error.finding())?;
        if newest.is_some_and(|(held, held_covers)| {
            held == hash && covers.iter().all(|cover| held_covers.contains(cover))
        }) {
            return Ok(None);
        }
    }
    let delivered = app.store.delivered_covers(target.id(), person).await.map_err(|error| error.finding())?;
    let now = app.clock.now();
    // The clock began with the earliest result the receiver does not hold; a corrected history begins now.
    let start = begun
        .iter()
        .filter(|(period, (number, _))| !delivered.contains(&(**period, *number)))
        .map(|(_, (_, start))| *start)
        .min()
        .unwrap_or(now);
    let limits = deadlines(start, &app.rule_set(period)?.sync_deadline, &app.policy.calendar);
    Ok(Some(OutboxNew {
        target: target.id().clone(),
        kind: OutboxKind::Result,
        person,
        period,
        revision,
        payload,
        payload_hash: hash,
        list_len,
        covers,
        deadline_at: binding(&limits).map(|limit| limit.at),
        deadlines: serde_json::to_value(&limits).map_err(|_| super::broken("deadlines"))?,
        at: now,
        allowed,
    }))
}

/// Whether a list that was enqueued still says what is true.
pub(super) async fn is_current(
    app: &App,
    directory: &Directory,
    person: PersonId,
    hash: &str,
) -> Result<bool, Finding> {
    let Some(known) = directory.person(person) else { return Ok(true) };
    let Derived { rows, begun } = derive(app, person, Occasion::Renewal).await?;
    if begun.is_empty() {
        return Ok(true);
    }
    let list = ResultList { staff_number: known.staff_number.to_string(), rows };
    let payload = list.canonical().map_err(|_| super::broken("result list"))?;
    Ok(payload_hash(&payload) == hash)
}
