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
use std::collections::{BTreeMap, HashMap};

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

/// A page ready to be written: compressed, sealed, serialised.
#[derive(Debug)]
pub struct PackedPage {
    source: SourceId,
    run: i64,
    fetched_at: DateTime<Utc>,
    request: String,
    raw: Option<Raw>,
    /// Key of each task, in the order of the page.
    keys: Vec<String>,
    tasks: TaskRows,
    events: EventRows,
    rejections: Vec<Vec<Val>>,
    cursor: Option<String>,
}

/// An answer as it is kept.
#[derive(Debug)]
struct Raw {
    sha256: Vec<u8>,
    size: u64,
    packed: Vec<u8>,
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
            // By the index, key by key, whatever the server believes of the table: planned while it is empty, or
            // before its statistics follow a first pull, every page would walk over all tasks.
            let mut tx = pool.begin().await?;
            sqlx::query("SET LOCAL enable_seqscan = off").execute(&mut *tx).await?;
            let rows = sqlx::query_as::<_, (i64, i64, Vec<u8>)>(
                "SELECT k.position - 1, t.id, t.hash FROM UNNEST($2::text[]) WITH ORDINALITY AS k (key, position) \
                 CROSS JOIN LATERAL (SELECT id, hash FROM task WHERE source_id = $1 AND external_id = k.key LIMIT 1) t",
            )
            .bind(source.as_str())
            .bind(keys)
            .fetch_all(&mut *tx)
            .await?;
            tx.commit().await?;
            for (position, id, hash) in rows {
                put(position, id, hash)?;
            }
        } else {
            // One row with everything: handing over 500 rows one by one costs more than finding them.
            // CROSS JOIN keeps the order: the planner would walk over all tasks and look each up in the list.
            let sql = "SELECT json_group_array(json_array(k.key, t.id, hex(t.hash))) FROM json_each($2) k \
                       CROSS JOIN task t ON t.source_id = $1 AND t.external_id = k.value";
            let list = serde_json::to_string(keys)?;
            if let Some(row) = self.db.row(sql, vals![source.as_str(), list]).await? {
                for (position, id, hash) in row.json::<Vec<(i64, i64, String)>>(0)? {
                    put(position, id, of_hex(&hash)?)?;
                }
            }
        }
        Ok(known)
    }

    /// Packs a page: everything that needs no transaction, so that it can be done while another one commits.
    pub fn pack_page(&self, page: PageCommit) -> Result<PackedPage, StoreError> {
        let raw = match &page.body {
            Some(body) => {
                Some(Raw { sha256: sha256(body), size: body.len() as u64, packed: self.pack("raw", body)? })
            }
            None => None,
        };
        let (mut tasks, mut events) = (TaskRows::default(), EventRows::default());
        // One statement cannot touch a row twice: of a key that stands twice on a page the last one counts.
        let mut last: HashMap<&str, usize> = HashMap::with_capacity(page.tasks.len());
        for (index, task) in page.tasks.iter().enumerate() {
            last.insert(&task.external_id, index);
        }
        for (index, write) in page.tasks.iter().enumerate() {
            if last.get(write.external_id.as_str()) == Some(&index) {
                tasks.push(index, &page.source, write)?;
            }
            for event in &write.events {
                events.push(index, write.observed_at, event)?;
            }
        }
        let keys = page.tasks.into_iter().map(|task| task.external_id).collect();
        let mut rejections = Vec::with_capacity(page.rejections.len());
        for rejection in &page.rejections {
            rejections.push(vals![
                page.source.as_str(),
                rejection.external_id.clone(),
                i64::from(rejection.index),
                Option::<i64>::None,
                page.request.as_str(),
                sha256(&rejection.body),
                self.pack("rejected", &rejection.body)?,
                json(&rejection.finding)?,
                page.fetched_at
            ]);
        }
        Ok(PackedPage {
            source: page.source,
            run: page.run,
            fetched_at: page.fetched_at,
            request: page.request,
            raw,
            keys,
            tasks,
            events,
            rejections,
            cursor: page.cursor,
        })
    }

    /// Packs pages and stores them in one transaction; gives the numbers of the tasks written.
    pub async fn commit_pages(&self, pages: Vec<PageCommit>) -> Result<Vec<i64>, StoreError> {
        let packed = pages.into_iter().map(|page| self.pack_page(page)).collect::<Result<_, _>>()?;
        self.commit_packed(packed).await
    }

    /// Stores pages in one transaction; gives the numbers of the tasks written.
    pub async fn commit_packed(&self, pages: Vec<PackedPage>) -> Result<Vec<i64>, StoreError> {
        let mut tx = self.db.begin().await?;
        let mut written = Vec::new();
        // Per source: events added, and the last cursor.
        let mut state: BTreeMap<SourceId, (u64, Option<String>)> = BTreeMap::new();
        for mut page in pages {
            let raw_id = match page.raw.take() {
                Some(raw) => Some(insert_raw(&mut tx, &page, raw).await?),
                None => None,
            };
            settle_read(&mut tx, &page).await?;
            for mut vals in page.rejections {
                vals[3] = raw_id.into();
                // The same bad record again is the same row: it is counted once and shown until it is settled.
                tx.execute(
                    "INSERT INTO rejected (source_id, external_id, record_index, raw_id, request, sha256, body, \
                     finding, first_seen_at, last_seen_at, state) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$9,'open') \
                     ON CONFLICT (source_id, sha256) DO UPDATE SET last_seen_at = excluded.last_seen_at, \
                     finding = excluded.finding, state = 'open'",
                    vals,
                )
                .await?;
            }
            let ids = upsert_tasks(&mut tx, &page.source, raw_id, page.tasks, &page.keys).await?;
            let events = insert_events(&mut tx, raw_id, page.events, &ids).await?;
            written.extend(ids);
            let (total, cursor) = state.entry(page.source).or_default();
            *total += events;
            *cursor = page.cursor.or(cursor.take());
        }
        for (source, (events, cursor)) in state {
            if events == 0 && cursor.is_none() {
                continue;
            }
            tx.execute(
                "INSERT INTO source_state (source_id, events_total, cursor) VALUES ($1, $2, $3) \
                 ON CONFLICT (source_id) DO UPDATE SET cursor = coalesce(excluded.cursor, source_state.cursor), \
                 events_total = source_state.events_total + excluded.events_total",
                vals![source.as_str(), events, cursor],
            )
            .await?;
        }
        crate::failpoint!("pull::inside_commit");
        tx.commit().await?;
        Ok(written)
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

    /// Numbers of kept answers after a number, in order.
    pub async fn raw_page_ids(&self, after: i64, limit: usize) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT id FROM raw_page WHERE id > $1 ORDER BY id LIMIT $2";
        let rows = self.db.rows(sql, vals![after, limit as u64]).await?;
        rows.iter().map(|row| row.int(0)).collect()
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

    /// Rejected records that nobody has settled, after a number, oldest first.
    pub async fn rejected(
        &self,
        source: Option<&SourceId>,
        after: i64,
        limit: usize,
    ) -> Result<Vec<RejectedRow>, StoreError> {
        let name = source.map_or("", SourceId::as_str);
        let sql = "SELECT id, source_id, external_id, record_index, request, finding, first_seen_at FROM rejected \
                   WHERE state = 'open' AND ($1 = '' OR source_id = $1) AND id > $2 ORDER BY id LIMIT $3";
        let rows = self.db.rows(sql, vals![name, after, limit as u64]).await?;
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

/// A record that reads now is no rejected one any more: it was corrected at its source.
async fn settle_read(tx: &mut Tx, page: &PackedPage) -> Result<(), StoreError> {
    if page.keys.is_empty() {
        return Ok(());
    }
    let sql = if tx.is_postgres() {
        "UPDATE rejected SET state = 'read' WHERE source_id = $1 AND state = 'open' \
         AND external_id IN (SELECT jsonb_array_elements_text($2))"
    } else {
        "UPDATE rejected SET state = 'read' WHERE source_id = $1 AND state = 'open' \
         AND external_id IN (SELECT value FROM json_each($2))"
    };
    tx.execute(sql, vec![page.source.as_str().into(), json(&page.keys)?]).await?;
    Ok(())
}

const TASK_COLUMNS: &[(&str, Kind)] = &[
    ("id", Kind::Int),
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
    ("facts", Kind::PlainJson),
];

/// Without the number: the server gives it.
const UNNUMBERED: &[(&str, Kind)] = match TASK_COLUMNS.split_first() {
    Some((_, rest)) => rest,
    None => &[],
};

macro_rules! overwrite_task {
    () => {
        "DO UPDATE SET hash = excluded.hash, status = excluded.status, title = excluded.title, \
         due_day = excluded.due_day, \
         raw_id = coalesce(excluded.raw_id, task.raw_id), changed_at = excluded.changed_at, \
         identify_due = excluded.identify_due, map_due = excluded.map_due, facts = excluded.facts"
    };
}

/// SQLite, with numbers given by us: its one writer knows which are free, and rows need not come back.
static UPSERT_NUMBERED: Bulk =
    Bulk::new("task", TASK_COLUMNS, concat!("ON CONFLICT (id) ", overwrite_task!()));

/// PostgreSQL, where others write at the same time.
static UPSERT_TASKS: Bulk = Bulk::new(
    "task",
    UNNUMBERED,
    concat!("ON CONFLICT (source_id, external_id) ", overwrite_task!(), " RETURNING external_id, id"),
);

static INSERT_EVENTS: Bulk = Bulk::new(
    "task_event",
    &[
        ("task_id", Kind::Int),
        ("kind", Kind::Text),
        ("at", Kind::At),
        ("observed_at", Kind::At),
        ("raw_id", Kind::Int),
        ("payload", Kind::PlainJson),
    ],
    "",
);

/// Rows of one page in the order of [`TASK_COLUMNS`], without their numbers and that of the answer.
#[derive(Debug, Default)]
struct TaskRows {
    vals: Vec<Val>,
    /// For each row its position on the page.
    of: Vec<usize>,
}

/// Width of a task's row, and the places of both numbers.
const TASK_WIDTH: usize = TASK_COLUMNS.len();
const TASK_ID: usize = 0;
const TASK_RAW: usize = 7;

impl TaskRows {
    fn push(&mut self, of: usize, source: &SourceId, write: &TaskWrite) -> Result<(), StoreError> {
        let draft = &write.task.draft;
        let row: [Val; TASK_WIDTH] = [
            Val::Int(None),
            source.as_str().into(),
            write.external_id.as_str().into(),
            write.hash.to_vec().into(),
            draft.status.as_str().into(),
            draft.title.as_str().into(),
            draft.due.map(|due| due.day).into(),
            Val::Int(None),
            write.observed_at.into(),
            true.into(),
            true.into(),
            json(&write.task)?,
        ];
        self.vals.extend(row);
        self.of.push(of);
        Ok(())
    }
}

/// Rows of one page for [`INSERT_EVENTS`], without the numbers of their tasks and of the answer.
#[derive(Debug, Default)]
struct EventRows {
    vals: Vec<Val>,
    /// For each row the position of its task on the page.
    of: Vec<usize>,
}

/// Columns of [`INSERT_EVENTS`], and the places of both numbers.
const EVENT_WIDTH: usize = 6;
const EVENT_TASK: usize = 0;
const EVENT_RAW: usize = 4;

impl EventRows {
    fn push(&mut self, of: usize, observed_at: DateTime<Utc>, event: &SourceEvent) -> Result<(), StoreError> {
        let row: [Val; EVENT_WIDTH] = [
            Val::Int(None),
            event.kind.as_str().into(),
            event.at.into(),
            observed_at.into(),
            Val::Int(None),
            json(event)?,
        ];
        self.vals.extend(row);
        self.of.push(of);
        Ok(())
    }
}

async fn insert_raw(tx: &mut Tx, page: &PackedPage, raw: Raw) -> Result<i64, StoreError> {
    let row = tx
        .row(
            "INSERT INTO raw_page (run_id, fetched_at, request, sha256, size, body) VALUES ($1,$2,$3,$4,$5,$6) RETURNING id",
            vals![page.run, page.fetched_at, page.request.as_str(), raw.sha256, raw.size, raw.packed],
        )
        .await?;
    row.ok_or_else(|| StoreError::unexpected("no id for the page"))?.int(0)
}

/// Writes tasks; gives the number of each key.
async fn upsert_tasks(
    tx: &mut Tx,
    source: &SourceId,
    raw_id: Option<i64>,
    rows: TaskRows,
    keys: &[String],
) -> Result<Vec<i64>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let TaskRows { mut vals, of } = rows;
    vals.iter_mut().skip(TASK_RAW).step_by(TASK_WIDTH).for_each(|val| *val = raw_id.into());
    if !tx.is_postgres() {
        let ids = numbers(tx, source, keys).await?;
        for (row, of) in vals.chunks_exact_mut(TASK_WIDTH).zip(&of) {
            row[TASK_ID] = ids.get(*of).copied().into();
        }
        UPSERT_NUMBERED.insert(tx, vals).await?;
        return Ok(ids);
    }
    let without_number = vals.into_iter().enumerate().filter(|(at, _)| at % TASK_WIDTH != TASK_ID);
    let vals = without_number.map(|(_, val)| val).collect();
    let mut by_key: HashMap<String, i64> = HashMap::with_capacity(keys.len());
    for row in UPSERT_TASKS.insert(tx, vals).await? {
        by_key.insert(row.text(0)?, row.int(1)?);
    }
    keys.iter()
        .map(|key| {
            let id = by_key.get(key).copied();
            id.ok_or_else(|| StoreError::unexpected("an upserted task has no id"))
        })
        .collect()
}

/// The numbers of tasks in SQLite: those they have, and free ones for the new. Nobody else writes meanwhile.
async fn numbers(tx: &mut Tx, source: &SourceId, keys: &[String]) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT (SELECT coalesce(max(id), 0) FROM task), (SELECT json_group_array(json_array(k.key, t.id)) \
               FROM json_each($2) k CROSS JOIN task t ON t.source_id = $1 AND t.external_id = k.value)";
    let row = tx.row(sql, vals![source.as_str(), serde_json::to_string(keys)?]).await?;
    let row = row.ok_or_else(|| StoreError::unexpected("no number for a task"))?;
    let mut last = row.int(0)?;
    let mut ids = vec![None; keys.len()];
    for (position, id) in row.json::<Vec<(usize, i64)>>(1)? {
        if let Some(place) = ids.get_mut(position) {
            *place = Some(id);
        }
    }
    let mut given: HashMap<&str, i64> = HashMap::new();
    let number = |(key, id): (_, Option<i64>)| {
        id.unwrap_or_else(|| {
            *given.entry(key).or_insert_with(|| {
                last += 1;
                last
            })
        })
    };
    Ok(keys.iter().map(String::as_str).zip(ids).map(number).collect())
}

async fn insert_events(
    tx: &mut Tx,
    raw_id: Option<i64>,
    rows: EventRows,
    ids: &[i64],
) -> Result<u64, StoreError> {
    let EventRows { mut vals, of } = rows;
    for (row, of) in vals.chunks_exact_mut(EVENT_WIDTH).zip(&of) {
        row[EVENT_TASK] = ids.get(*of).copied().into();
        row[EVENT_RAW] = raw_id.into();
    }
    INSERT_EVENTS.insert(tx, vals).await?;
    Ok(of.len() as u64)
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
