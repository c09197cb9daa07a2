//! Lists and single items as people look at them: bounded, paged by key, never a whole table.
//!
//! Owns the reading side of tasks, deliveries and revisions for the page. Every list goes on after the key of
//! the last row shown, so that a page costs the same wherever it is. It changes nothing.

use super::db::{Val, placeholders, vals};
use super::mapping::{MappingRow, mapping_row};
use super::record::{Revision, revision_of};
use super::{Store, StoreError};
use crate::domain::{CatalogVersion, Period, PersonId, SourceId};
use crate::error::Finding;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// One line of a list of tasks.
#[derive(Debug, Clone)]
pub struct TaskLine {
    /// Number.
    pub id: i64,
    /// Source.
    pub source: String,
    /// Key at the source.
    pub external_id: String,
    /// State, in our words.
    pub status: String,
    /// Title.
    pub title: String,
    /// Day it is due.
    pub due: Option<String>,
    /// State of its mapping; none while it waits to be mapped.
    pub mapping: Option<String>,
    /// Product, when mapped.
    pub product: Option<String>,
    /// The version of the catalog it is a product of.
    pub catalog_version: Option<CatalogVersion>,
}

/// Which tasks a list shows.
#[derive(Debug, Clone, Copy)]
pub enum TaskList<'a> {
    /// All, in order of number.
    All,
    /// Of one source, in order of key.
    OfSource(&'a str),
    /// Of one source and in one state of mapping, in order of key.
    OfSourceMapped(&'a str, &'a str),
    /// In one state of mapping, in order of number.
    Mapped(&'a str),
    /// Of an account that is nobody's, by its number, in order of number.
    OfUnknown(i64),
}

/// A page as it was received, without its content.
#[derive(Debug, Clone)]
pub struct RawHead {
    /// When.
    pub fetched_at: DateTime<Utc>,
    /// What was asked for.
    pub request: String,
    /// SHA-256 of the plain bytes.
    pub sha256: Vec<u8>,
    /// Their number.
    pub size: u64,
}

/// Where the record of a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPlace {
    /// Number of the answer that is kept.
    pub answer: i64,
    /// What was asked for: a file, or method and path.
    pub request: String,
    /// Place within it: `file:line`, or `#` and a number; none of a record read before places were kept.
    pub place: Option<String>,
}

/// Keys of one question.
const PLACES_ASKED: usize = 500;

/// One delivery with everything kept about it but its content.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Id.
    pub id: Uuid,
    /// Receiver.
    pub target: String,
    /// `score` or `result`.
    pub kind: String,
    /// Whose.
    pub person: PersonId,
    /// Period whose record gave rise to it.
    pub period: Period,
    /// Revision of that record.
    pub revision: u32,
    /// State.
    pub state: String,
    /// SHA-256 of the payload.
    pub payload_hash: String,
    /// Rows of the list; 1 for a score.
    pub list_len: u32,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it must have arrived.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Every deadline rule applied.
    pub deadlines: Value,
    /// Next try.
    pub next_try_at: DateTime<Utc>,
    /// Attempts.
    pub attempts: u32,
    /// Why it waits.
    pub finding: Option<Finding>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
    /// The receiver's number.
    pub transaction_id: Option<String>,
    /// When the receipt came.
    pub received_at: Option<DateTime<Utc>>,
}

const DELIVERY: &str = "SELECT o.id, o.target, o.kind, o.person_id, o.period, o.revision, o.state, o.payload_hash, o.list_len, \
     o.created_at, o.deadline_at, o.deadlines, o.next_try_at, o.attempts, o.last_finding, o.settled_at, r.transaction_id, r.received_at \
     FROM outbox o LEFT JOIN receipt r ON r.outbox_id = o.id";

/// Columns of a line of tasks, with its mapping `m` beside it.
pub(super) const TASK_LINE: &str =
    "t.id, t.source_id, t.external_id, t.status, t.title, t.due_day, m.state, m.product, m.catalog_version";

pub(super) fn task_line(row: &super::db::Row) -> Result<TaskLine, StoreError> {
    Ok(TaskLine {
        id: row.int(0)?,
        source: row.text(1)?,
        external_id: row.text(2)?,
        status: row.text(3)?,
        title: row.text(4)?,
        due: row.opt_day(5)?.map(|day| day.to_string()),
        mapping: row.opt_text(6)?,
        product: row.opt_text(7)?,
        catalog_version: row.opt_text(8)?.and_then(|version| CatalogVersion::new(&version).ok()),
    })
}

fn small(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

fn delivery_of(row: &super::db::Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.uid(0)?,
        target: row.text(1)?,
        kind: row.text(2)?,
        person: row.person(3)?,
        period: row.parsed(4)?,
        revision: small(row.int(5)?),
        state: row.text(6)?,
        payload_hash: row.text(7)?,
        list_len: small(row.int(8)?),
        created_at: row.at(9)?,
        deadline_at: row.opt_at(10)?,
        deadlines: row.json(11)?,
        next_try_at: row.at(12)?,
        attempts: small(row.int(13)?),
        finding: row.opt_json(14)?,
        settled_at: row.opt_at(15)?,
        transaction_id: row.opt_text(16)?,
        received_at: row.opt_at(17)?,
    })
}

impl Store {
    /// Tasks after the last one shown: a number, or for a source a key.
    pub async fn task_lines(
        &self,
        list: TaskList<'_>,
        after: &str,
        limit: usize,
    ) -> Result<Vec<TaskLine>, StoreError> {
        let number = after.parse::<i64>().unwrap_or(0);
        let (sql, vals) = match list {
            TaskList::All => (
                format!(
                    "SELECT {TASK_LINE} FROM task t LEFT JOIN mapping m ON m.task_id = t.id WHERE t.id > $1 ORDER BY t.id LIMIT $2"
                ),
                vals![number, limit as u64],
            ),
            TaskList::OfSource(source) => (
                format!(
                    "SELECT {TASK_LINE} FROM task t LEFT JOIN mapping m ON m.task_id = t.id WHERE t.source_id = $1 \
                     AND t.external_id > $2 ORDER BY t.external_id LIMIT $3"
                ),
                vals![source, after, limit as u64],
            ),
            TaskList::OfUnknown(account) => (
                format!(
                    "SELECT {TASK_LINE} FROM unknown_account a JOIN unknown_stake u ON u.source_id = a.source_id \
                     AND u.kind = a.kind AND u.account = a.account JOIN task t ON t.id = u.task_id \
                     LEFT JOIN mapping m ON m.task_id = t.id WHERE a.id = $1 AND t.id > $2 ORDER BY t.id LIMIT $3"
                ),
                vals![account, number, limit as u64],
            ),
            TaskList::OfSourceMapped(source, state) => (
                // The state is looked at task by task of the source: the order is that of its keys.
                format!(
                    "SELECT {TASK_LINE} FROM task t LEFT JOIN mapping m ON m.task_id = t.id WHERE t.source_id = $1 \
                     AND t.external_id > $2 AND coalesce(m.state, '') = $3 ORDER BY t.external_id LIMIT $4"
                ),
                vals![source, after, state, limit as u64],
            ),
            TaskList::Mapped(state) => (
                format!(
                    "SELECT {TASK_LINE} FROM mapping m JOIN task t ON t.id = m.task_id WHERE m.state = $1 \
                     AND m.task_id > $2 ORDER BY m.task_id LIMIT $3"
                ),
                vals![state, number, limit as u64],
            ),
        };
        let rows = self.db.rows(sql, vals).await?;
        rows.iter().map(task_line).collect()
    }

    /// Number of the page a task was last read from.
    pub async fn raw_of_task(&self, task: i64) -> Result<Option<RawHead>, StoreError> {
        let sql = "SELECT r.fetched_at, r.request, r.sha256, r.size FROM task t JOIN raw_page r ON r.id = t.raw_id WHERE t.id = $1";
        let row = self.db.row(sql, vals![task]).await?;
        row.map(|row| {
            Ok(RawHead {
                fetched_at: row.at(0)?,
                request: row.text(1)?,
                sha256: row.blob(2)?,
                size: u64::try_from(row.int(3)?).unwrap_or(0),
            })
        })
        .transpose()
    }

    /// Where the records of a source's tasks stand in the answers kept of them, by key; without those of which no answer
    /// is known.
    pub async fn record_places(
        &self,
        source: &SourceId,
        keys: &[&str],
    ) -> Result<Vec<(String, RecordPlace)>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(PLACES_ASKED) {
            let sql = format!(
                "SELECT t.external_id, t.raw_id, p.request, t.place FROM task t JOIN raw_page p ON p.id = t.raw_id \
                 WHERE t.source_id = $1 AND t.external_id IN {}",
                placeholders(1, some.len(), 2)
            );
            let mut vals = vals![source.as_str()];
            vals.extend(some.iter().map(|key| Val::from(*key)));
            for row in self.db.rows(sql, vals).await? {
                let place =
                    RecordPlace { answer: row.int(1)?, request: row.text(2)?, place: row.opt_text(3)? };
                found.push((row.text(0)?, place));
            }
        }
        Ok(found)
    }

    /// Earlier decisions about a task's product, newest first.
    pub async fn mapping_history(&self, task: i64, limit: usize) -> Result<Vec<MappingRow>, StoreError> {
        let sql = "SELECT state, product, catalog_version, coefficient, decided_by, author, reason, decided_at \
                   FROM mapping_history WHERE task_id = $1 ORDER BY id DESC LIMIT $2";
        let rows = self.db.rows(sql, vals![task, limit as u64]).await?;
        rows.iter().map(|row| mapping_row(row, 0)).collect()
    }

    /// Open deliveries of a target, earliest deadline first, after one of them. Either all items of a target have
    /// a deadline or none has.
    pub async fn open_deliveries(
        &self,
        target: &str,
        after: Option<(Option<DateTime<Utc>>, Uuid)>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (further, mut vals) = match after {
            None => ("", vals![]),
            Some((None, id)) => ("AND o.id > $3", vals![id]),
            Some((Some(deadline), id)) => ("AND (o.deadline_at, o.id) > ($3, $4)", vals![deadline, id]),
        };
        let sql = format!(
            "{DELIVERY} WHERE o.target = $1 AND o.settled_at IS NULL {further} ORDER BY o.deadline_at, o.id LIMIT $2"
        );
        vals.splice(0..0, vals![target, limit as u64]);
        self.db.rows(sql, vals).await?.iter().map(delivery_of).collect()
    }

    /// Deliveries of a target in one state or in any, newest first, before one of them.
    pub async fn deliveries(
        &self,
        target: &str,
        state: Option<&str>,
        before: Uuid,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (sql, vals) = match state {
            Some(state) => (
                format!(
                    "{DELIVERY} WHERE o.target = $1 AND o.state = $2 AND o.id < $3 ORDER BY o.id DESC LIMIT $4"
                ),
                vals![target, state, before, limit as u64],
            ),
            None => (
                format!("{DELIVERY} WHERE o.target = $1 AND o.id < $2 ORDER BY o.id DESC LIMIT $3"),
                vals![target, before, limit as u64],
            ),
        };
        self.db.rows(sql, vals).await?.iter().map(delivery_of).collect()
    }

    /// One delivery.
    pub async fn delivery(&self, id: Uuid) -> Result<Option<Delivery>, StoreError> {
        let row = self.db.row(format!("{DELIVERY} WHERE o.id = $1"), vals![id]).await?;
        row.map(|row| delivery_of(&row)).transpose()
    }

    /// Deliveries that a period's record of a person gave rise to, newest first.
    pub async fn deliveries_of(
        &self,
        person: PersonId,
        period: Period,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let sql = format!("{DELIVERY} WHERE o.person_id = $1 AND o.period = $2 ORDER BY o.id DESC LIMIT $3");
        self.db.rows(sql, vals![person, period, limit as u64]).await?.iter().map(delivery_of).collect()
    }

    /// Revisions of a record before a number, newest first.
    pub async fn revisions_before(
        &self,
        person: PersonId,
        period: Period,
        before: u32,
        limit: usize,
    ) -> Result<Vec<Revision>, StoreError> {
        let sql = format!(
            "SELECT {} FROM record r WHERE r.person_id = $1 AND r.period = $2 AND r.revision < $3 ORDER BY r.revision DESC LIMIT $4",
            super::record::COLUMNS
        );
        let rows = self.db.rows(sql, vals![person, period, i64::from(before), limit as u64]).await?;
        rows.iter().map(revision_of).collect()
    }
}
