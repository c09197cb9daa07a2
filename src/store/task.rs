//! Tasks, their events, the answers they came from and the records that could not be read.
//!
//! Owns the hot path: several pages in one transaction, a few statements per page however many records it
//! has. The cursor of a page is written in the same transaction as its tasks.

use super::db::{Row, Tx, Val, json, placeholders, vals};
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
        let mut known: HashMap<String, (i64, [u8; 16])> = HashMap::with_capacity(keys.len());
        for chunk in keys.chunks(ROWS_PER_STATEMENT) {
            let sql = format!(
                "SELECT external_id, id, hash FROM task WHERE source_id = $1 AND external_id IN {}",
                placeholders(1, chunk.len(), 2)
            );
            let mut vals = vals![source.as_str()];
            vals.extend(chunk.iter().map(|key| Val::from(*key)));
            for row in self.db.rows(sql, vals).await? {
                known.insert(row.text(0)?, (row.int(1)?, hash_of(row.blob(2)?)?));
            }
        }
        Ok(keys.iter().map(|key| known.get(*key).copied()).collect())
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
            insert_events(&mut tx, raw_id, &page.tasks, &ids).await?;
            written.extend(ids);
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

async fn upsert_tasks(
    tx: &mut Tx,
    source: &SourceId,
    raw_id: Option<i64>,
    tasks: &[TaskWrite],
) -> Result<Vec<i64>, StoreError> {
    let mut ids = Vec::with_capacity(tasks.len());
    for chunk in tasks.chunks(ROWS_PER_STATEMENT) {
        // One statement cannot touch a row twice: of a key that stands twice on a page the last one counts.
        let mut last: HashMap<&str, usize> = HashMap::with_capacity(chunk.len());
        for (index, task) in chunk.iter().enumerate() {
            last.insert(&task.external_id, index);
        }
        let rows: Vec<&TaskWrite> = chunk
            .iter()
            .enumerate()
            .filter(|(index, task)| last.get(task.external_id.as_str()) == Some(index))
            .map(|(_, task)| task)
            .collect();
        let sql = format!(
            "INSERT INTO task (source_id, external_id, hash, status, title, due_day, raw_id, changed_at, identify_due, \
             map_due, facts) VALUES {} ON CONFLICT (source_id, external_id) DO UPDATE SET hash = excluded.hash, \
             status = excluded.status, title = excluded.title, due_day = excluded.due_day, \
             raw_id = coalesce(excluded.raw_id, task.raw_id), changed_at = excluded.changed_at, \
             identify_due = excluded.identify_due, map_due = excluded.map_due, facts = excluded.facts \
             RETURNING external_id, id",
            placeholders(rows.len(), 11, 1)
        );
        let mut vals = Vec::with_capacity(rows.len() * 11);
        for write in rows {
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
        let returned = tx.rows(sql, vals).await?;
        let mut by_key: HashMap<String, i64> = HashMap::with_capacity(returned.len());
        for row in returned {
            by_key.insert(row.text(0)?, row.int(1)?);
        }
        for task in chunk {
            let id = by_key.get(&task.external_id).copied();
            ids.push(id.ok_or_else(|| StoreError::unexpected("an upserted task has no id"))?);
        }
    }
    Ok(ids)
}

async fn insert_events(
    tx: &mut Tx,
    raw_id: Option<i64>,
    tasks: &[TaskWrite],
    ids: &[i64],
) -> Result<(), StoreError> {
    let events: Vec<(i64, &TaskWrite, &SourceEvent)> = tasks
        .iter()
        .zip(ids)
        .flat_map(|(task, id)| task.events.iter().map(move |event| (*id, task, event)))
        .collect();
    for chunk in events.chunks(ROWS_PER_STATEMENT) {
        let sql = format!(
            "INSERT INTO task_event (task_id, kind, at, observed_at, raw_id, payload) VALUES {}",
            placeholders(chunk.len(), 6, 1)
        );
        let mut vals = Vec::with_capacity(chunk.len() * 6);
        for (id, task, event) in chunk {
            vals.extend(vals![*id, event.kind.as_str(), event.at, task.observed_at, raw_id, json(event)?]);
        }
        tx.execute(sql, vals).await?;
    }
    Ok(())
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

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}
