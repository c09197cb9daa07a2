//! Tasks, their events, the answers they came from and the records that could not be read.
//!
//! Owns the hot path: several pages in one transaction, a few statements per page however many records it
//! has. The cursor of a page is written in the same transaction as its tasks.

use super::bulk::{Bulk, Kind};
use super::db::{Db, Row, Tx, Val, json, placeholders, vals};
use super::{Store, StoreError};
use crate::domain::{CanonicalTask, SourceEvent, SourceId, TaskKey};
use crate::error::Finding;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// Rows per inserting statement: far below the limit of bound values of both databases.
const ROWS_PER_STATEMENT: usize = 500;

/// What is to be stored of one page.
#[derive(Debug)]
pub struct PageCommit {
    /// Source.
    pub source: SourceId,
    /// Run it belongs to.
    pub run: i64,
    /// When it was fetched.
    pub fetched_at: DateTime<Utc>,
    /// What was asked, without secrets.
    pub request: String,
    /// The answer; none when nothing on it was new.
    pub body: Option<Bytes>,
    /// New and changed tasks.
    pub tasks: Vec<TaskWrite>,
    /// Records that could not be read.
    pub rejections: Vec<RejectionWrite>,
    /// Cursor that may be kept once this page is stored.
    pub cursor: Option<String>,
}

impl PageCommit {
    /// A page that only moves the cursor.
    pub fn cursor_only(source: &SourceId, run: i64, cursor: String) -> Self {
        Self {
            source: source.clone(),
            run,
            fetched_at: DateTime::UNIX_EPOCH,
            request: String::new(),
            body: None,
            tasks: Vec::new(),
            rejections: Vec::new(),
            cursor: Some(cursor),
        }
    }
}

/// One new or changed task.
#[derive(Debug)]
pub struct TaskWrite {
    /// Its number, when it is known.
    pub known_id: Option<i64>,
    /// Key at the source.
    pub external_id: String,
    /// Hash of the listed record.
    pub hash: [u8; 16],
    /// What we hold now.
    pub task: CanonicalTask,
    /// What happened.
    pub events: Vec<SourceEvent>,
    /// When we saw it.
    pub observed_at: DateTime<Utc>,
}

/// One record that could not be read.
#[derive(Debug)]
pub struct RejectionWrite {
    /// Key at the source, where it could be read.
    pub external_id: Option<String>,
    /// Position on its page.
    pub index: u32,
    /// The record.
    pub body: Bytes,
    /// Why.
    pub finding: Finding,
}

/// A task as stored.
#[derive(Debug, Clone)]
pub struct StoredTask {
    /// Number.
    pub id: i64,
    /// Key.
    pub key: TaskKey,
    /// What we hold.
    pub task: CanonicalTask,
    /// When it last changed here; a decision made about it holds only while this is so.
    pub changed_at: DateTime<Utc>,
}

/// A rejected record as stored.
#[derive(Debug, Clone)]
pub struct RejectedRow {
    /// Number.
    pub id: i64,
    /// Source.
    pub source: SourceId,
    /// Key at the source, where it could be read.
    pub external_id: Option<String>,
    /// Position on its page.
    pub index: u32,
    /// Page it stood on.
    pub request: String,
    /// Why it was rejected.
    pub finding: Finding,
    /// When it was first seen.
    pub first_seen_at: DateTime<Utc>,
}

impl Store {
    /// Number and hash of the known ones among some keys, in the order asked.
    pub async fn known_hashes(
        &self,
        source: &SourceId,
        keys: &[&str],
    ) -> Result<Vec<Option<(i64, [u8; 16])>>, StoreError> {
        let mut known = vec![None; keys.len()];
        let mut put = |position: i64, id: i64, hash: Vec<u8>| -> Result<(), StoreError> {
            let place = usize::try_from(position).ok().and_then(|position| known.get_mut(position));
            *place.ok_or_else(|| StoreError::unexpected("a key nobody asked for"))? =
                Some((id, hash_of(hash)?));
            Ok(())
        };
        if let Db::Postgres(pool) = &*self.db {
            let rows = sqlx::query_as::<_, (i64, i64, Vec<u8>)>(
                "SELECT k.position - 1, t.id, t.hash FROM UNNEST($2::text[]) WITH ORDINALITY AS k (key, position) \
                 JOIN task t ON t.source_id = $1 AND t.external_id = k.key",
            )
            .bind(source.as_str())
            .bind(keys)
            .fetch_all(pool)
            .await?;
            for (position, id, hash) in rows {
                put(position, id, hash)?;
            }
        } else {
            // One row with everything: handing over 500 rows one by one costs more than finding them.
            let sql = "SELECT json_group_array(json_array(k.key, t.id, hex(t.hash))) FROM json_each($2) k \
                       JOIN task t ON t.source_id = $1 AND t.external_id = k.value";
            let list = serde_json::to_string(keys)?;
            if let Some(row) = self.db.row(sql, vals![source.as_str(), list]).await? {
                for (position, id, hash) in row.json::<Vec<(i64, i64, String)>>(0)? {
                    put(position, id, of_hex(&hash)?)?;
                }
            }
        }
        Ok(known)
    }

    /// Stores pages in one transaction; gives the numbers of the tasks written.
    pub async fn commit_pages(&self, pages: Vec<PageCommit>) -> Result<Vec<i64>, StoreError> {
        let mut tx = self.db.begin().await?;
        let mut written = Vec::new();
        for page in pages {
            let raw_id = match &page.body {
                Some(body) => Some(self.insert_raw(&mut tx, &page, body).await?),
                None => None,
            };
            self.insert_rejections(&mut tx, &page, raw_id).await?;
            let ids = upsert_tasks(&mut tx, &page.source, raw_id, &page.tasks).await?;
            let events = insert_events(&mut tx, raw_id, &page.tasks, &ids).await?;
            written.extend(ids);
            if events > 0 {
                tx.execute(
                    "INSERT INTO source_state (source_id, events_total) VALUES ($1, $2) ON CONFLICT (source_id) \
                     DO UPDATE SET events_total = source_state.events_total + excluded.events_total",
                    vals![page.source.as_str(), events],
                )
                .await?;
            }
            if let Some(cursor) = page.cursor {
                tx.execute(
                    "INSERT INTO source_state (source_id, cursor) VALUES ($1, $2) \
                     ON CONFLICT (source_id) DO UPDATE SET cursor = excluded.cursor",
                    vals![page.source.as_str(), cursor],
                )
                .await?;
            }
        }
        tx.commit().await?;
        Ok(written)
    }

    async fn insert_raw(&self, tx: &mut Tx, page: &PageCommit, body: &Bytes) -> Result<i64, StoreError> {
        let row = tx
            .row(
                "INSERT INTO raw_page (run_id, fetched_at, request, sha256, size, body) VALUES ($1,$2,$3,$4,$5,$6) RETURNING id",
                vals![page.run, page.fetched_at, page.request.as_str(), sha256(body), body.len() as u64,
                    self.pack("raw", body)?],
            )
            .await?;
        row.ok_or_else(|| StoreError::unexpected("no id for the page"))?.int(0)
    }

    async fn insert_rejections(
        &self,
        tx: &mut Tx,
        page: &PageCommit,
        raw_id: Option<i64>,
    ) -> Result<(), StoreError> {
        for rejection in &page.rejections {
            // The same bad record again is the same row: it is counted once and shown until it is settled.
            tx.execute(
                "INSERT INTO rejected (source_id, external_id, record_index, raw_id, request, sha256, body, finding, \
                 first_seen_at, last_seen_at, state) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$9,'open') \
                 ON CONFLICT (source_id, sha256) DO UPDATE SET last_seen_at = excluded.last_seen_at, \
                 finding = excluded.finding, state = 'open'",
                vals![page.source.as_str(), rejection.external_id.clone(), i64::from(rejection.index), raw_id,
                    page.request.as_str(), sha256(&rejection.body), self.pack("rejected", &rejection.body)?,
                    json(&rejection.finding)?, page.fetched_at],
            )
            .await?;
        }
        Ok(())
    }

    fn pack(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let small = zstd::bulk::compress(plain, 1).map_err(sqlx::Error::Io)?;
        self.vault.seal(place, &small)
    }

    fn unpack(&self, place: &str, packed: &[u8], size: usize) -> Result<Vec<u8>, StoreError> {
        let small = self.vault.open(place, packed)?;
        Ok(zstd::bulk::decompress(&small, size).map_err(sqlx::Error::Io)?)
    }

    /// The answer a task or event came from, checked against its SHA-256.
    pub async fn raw_page(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(row) =
            self.db.row("SELECT sha256, size, body FROM raw_page WHERE id = $1", vals![id]).await?
        else {
            return Ok(None);
        };
        let size = usize::try_from(row.int(1)?).unwrap_or(0);
        let plain = self.unpack("raw", &row.blob(2)?, size)?;
        if sha256(&plain) != row.blob(0)? {
            return Err(StoreError::Sealed(format!("raw page {id} does not match its SHA-256")));
        }
        Ok(Some(plain))
    }

    /// Tasks by number, in no particular order.
    pub async fn load_tasks(&self, ids: &[i64]) -> Result<Vec<StoredTask>, StoreError> {
        let mut tasks = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(ROWS_PER_STATEMENT) {
            let sql = format!(
                "SELECT id, source_id, external_id, facts, changed_at FROM task WHERE id IN {}",
                placeholders(1, chunk.len(), 1)
            );
            let rows = self.db.rows(sql, chunk.iter().map(|id| Val::from(*id)).collect()).await?;
            for row in &rows {
                tasks.push(stored_task(row)?);
            }
        }
        Ok(tasks)
    }

    /// Tasks in order of number, for reports that walk over all of them.
    pub async fn scan_tasks(
        &self,
        source: Option<&SourceId>,
        after: i64,
        limit: usize,
    ) -> Result<Vec<StoredTask>, StoreError> {
        let name = source.map_or("", SourceId::as_str);
        let sql = "SELECT id, source_id, external_id, facts, changed_at FROM task WHERE id > $1 AND ($2 = '' OR source_id = $2) ORDER BY id LIMIT $3";
        let rows = self.db.rows(sql, vals![after, name, limit as u64]).await?;
        rows.iter().map(stored_task).collect()
    }

    /// How many tasks of a source are not gone.
    pub async fn count_live_tasks(&self, source: &SourceId) -> Result<u64, StoreError> {
        self.db
            .count(
                "SELECT count(*) FROM task WHERE source_id = $1 AND status <> 'gone'",
                vals![source.as_str()],
            )
            .await
    }

    /// Numbers of a source's tasks that are not gone, after a number, in order.
    pub async fn live_task_ids(
        &self,
        source: &SourceId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let rows = self
            .db
            .rows(
                "SELECT id FROM task WHERE source_id = $1 AND id > $2 AND status <> 'gone' ORDER BY id LIMIT $3",
                vals![source.as_str(), after, limit as u64],
            )
            .await?;
        rows.iter().map(|row| row.int(0)).collect()
    }

    /// Everything that happened to a task, oldest first: when we saw it, what, and the page it came from.
    pub async fn events_of(
        &self,
        task: i64,
    ) -> Result<Vec<(DateTime<Utc>, SourceEvent, Option<i64>)>, StoreError> {
        let rows = self
            .db
            .rows(
                "SELECT observed_at, payload, raw_id FROM task_event WHERE task_id = $1 ORDER BY id",
                vals![task],
            )
            .await?;
        rows.iter().map(|row| Ok((row.at(0)?, row.json(1)?, row.opt_int(2)?))).collect()
    }

    /// Rejected records that nobody has settled, oldest first.
    pub async fn rejected(
        &self,
        source: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<RejectedRow>, StoreError> {
        let name = source.map_or("", SourceId::as_str);
        let sql = "SELECT id, source_id, external_id, record_index, request, finding, first_seen_at FROM rejected \
                   WHERE state = 'open' AND ($1 = '' OR source_id = $1) ORDER BY id LIMIT $2";
        let rows = self.db.rows(sql, vals![name, limit as u64]).await?;
        rows.iter()
            .map(|row| {
                Ok(RejectedRow {
                    id: row.int(0)?,
                    source: row.parsed(1)?,
                    external_id: row.opt_text(2)?,
                    index: u32::try_from(row.int(3)?).unwrap_or(0),
                    request: row.text(4)?,
                    finding: row.json(5)?,
                    first_seen_at: row.at(6)?,
                })
            })
            .collect()
    }

    /// The bytes of a rejected record.
    pub async fn rejected_body(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(row) = self.db.row("SELECT body FROM rejected WHERE id = $1", vals![id]).await? else {
            return Ok(None);
        };
        // Records are capped far below this when they are read.
        self.unpack("rejected", &row.blob(0)?, 64 << 20).map(Some)
    }

    /// Marks rejected records as settled (`replayed` or `dropped`).
    pub async fn settle_rejected(&self, ids: &[i64], state: &'static str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for id in ids {
            tx.execute("UPDATE rejected SET state = $2 WHERE id = $1", vals![*id, state]).await?;
        }
        tx.commit().await
    }
}

static UPSERT_TASKS: Bulk = Bulk::new(
    "task",
    &[
        ("source_id", Kind::Text),
        ("external_id", Kind::Text),
        ("hash", Kind::Blob),
        ("status", Kind::Text),
        ("title", Kind::Text),
        ("due_day", Kind::Day),
        ("raw_id", Kind::Int),
        ("changed_at", Kind::At),
        ("identify_due", Kind::Bool),
        ("map_due", Kind::Bool),
        ("facts", Kind::Json),
    ],
    "ON CONFLICT (source_id, external_id) DO UPDATE SET hash = excluded.hash, status = excluded.status, \
     title = excluded.title, due_day = excluded.due_day, raw_id = coalesce(excluded.raw_id, task.raw_id), \
     changed_at = excluded.changed_at, identify_due = excluded.identify_due, map_due = excluded.map_due, \
     facts = excluded.facts RETURNING external_id, id",
);

static INSERT_EVENTS: Bulk = Bulk::new(
    "task_event",
    &[
        ("task_id", Kind::Int),
        ("kind", Kind::Text),
        ("at", Kind::At),
        ("observed_at", Kind::At),
        ("raw_id", Kind::Int),
        ("payload", Kind::Json),
    ],
    "",
);

async fn upsert_tasks(
    tx: &mut Tx,
    source: &SourceId,
    raw_id: Option<i64>,
    tasks: &[TaskWrite],
) -> Result<Vec<i64>, StoreError> {
    // One statement cannot touch a row twice: of a key that stands twice on a page the last one counts.
    let mut last: HashMap<&str, usize> = HashMap::with_capacity(tasks.len());
    for (index, task) in tasks.iter().enumerate() {
        last.insert(&task.external_id, index);
    }
    let mut vals = Vec::with_capacity(tasks.len() * 11);
    for (index, write) in tasks.iter().enumerate() {
        if last.get(write.external_id.as_str()) != Some(&index) {
            continue;
        }
        vals.extend(vals![
            source.as_str(),
            write.external_id.as_str(),
            write.hash.to_vec(),
            write.task.draft.status.as_str(),
            write.task.draft.title.as_str(),
            write.task.draft.due.map(|due| due.day),
            raw_id,
            write.observed_at,
            true,
            true,
            json(&write.task)?
        ]);
    }
    let mut by_key: HashMap<String, i64> = HashMap::with_capacity(last.len());
    for row in UPSERT_TASKS.insert(tx, vals).await? {
        by_key.insert(row.text(0)?, row.int(1)?);
    }
    tasks
        .iter()
        .map(|task| {
            let id = by_key.get(&task.external_id).copied();
            id.ok_or_else(|| StoreError::unexpected("an upserted task has no id"))
        })
        .collect()
}

async fn insert_events(
    tx: &mut Tx,
    raw_id: Option<i64>,
    tasks: &[TaskWrite],
    ids: &[i64],
) -> Result<u64, StoreError> {
    let mut vals = Vec::with_capacity(tasks.len() * 6);
    for (task, id) in tasks.iter().zip(ids) {
        for event in &task.events {
            vals.extend(vals![*id, event.kind.as_str(), event.at, task.observed_at, raw_id, json(event)?]);
        }
    }
    let count = vals.len() / 6;
    INSERT_EVENTS.insert(tx, vals).await?;
    Ok(count as u64)
}

pub(super) fn stored_task(row: &Row) -> Result<StoredTask, StoreError> {
    Ok(StoredTask {
        id: row.int(0)?,
        key: TaskKey { source: row.parsed(1)?, external_id: row.text(2)? },
        task: row.json(3)?,
        changed_at: row.at(4)?,
    })
}

fn hash_of(bytes: Vec<u8>) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::unexpected("a task's hash has not 16 bytes"))
}

fn of_hex(text: &str) -> Result<Vec<u8>, StoreError> {
    let digits = (0..text.len() / 2).map(|index| text.get(index * 2..index * 2 + 2));
    digits
        .map(|pair| pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect::<Option<Vec<u8>>>()
        .ok_or_else(|| StoreError::unexpected("a task's hash is not in hexadecimal form"))
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}
