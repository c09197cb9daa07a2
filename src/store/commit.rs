//! Pages on their way into the store: the hot path of every pull.
//!
//! Owns how an answer, its tasks, their events, its unreadable records and its cursor become rows: several pages in
//! one transaction, a handful of statements per page however many records it has. It must not know how tasks come
//! about or how they are read. A transaction that fails has stored nothing of any of its pages.

use super::bulk::{Bulk, Kind, Rows};
use super::db::{Db, Row, Tx, Val, json, placeholders, vals};
use super::evidence;
use super::facts::{event_document, task_document};
use super::task::sha256;
use super::{Store, StoreError};
use crate::domain::{CanonicalTask, Evidence, OddDone, SourceEvent, SourceId};
use crate::error::Finding;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What is to be stored of one page.
#[derive(Debug)]
pub struct PageCommit {
    /// Source.
    pub source: SourceId,
    /// Run it belongs to.
    pub run: i64,
    /// When it was fetched: the moment we saw its tasks.
    pub fetched_at: DateTime<Utc>,
    /// What was asked, without secrets.
    pub request: String,
    /// The answer; none when nothing on it was new.
    pub body: Option<Bytes>,
    /// Its records as detail calls completed them, where drafts were read from that.
    pub details: Option<Bytes>,
    /// New and changed tasks.
    pub tasks: Vec<TaskWrite>,
    /// Records that could not be read.
    pub rejections: Vec<RejectionWrite>,
    /// Words about tasks and documents.
    pub evidence: Vec<Evidence>,
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
            details: None,
            tasks: Vec::new(),
            rejections: Vec::new(),
            evidence: Vec::new(),
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
    details: Option<Raw>,
    tasks: Tasks,
    rejections: Vec<Vec<Val>>,
    evidence: Vec<Vec<Val>>,
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
    /// Where the record stands in its answer: `file:line`, or `#` and its number; none where it was not read from one.
    pub place: Option<String>,
    /// What we hold now.
    pub task: CanonicalTask,
    /// What happened.
    pub events: Vec<SourceEvent>,
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

impl Store {
    /// Packs a page: everything that needs no transaction, so that it can be done while another one commits.
    pub fn pack_page(&self, page: PageCommit) -> Result<PackedPage, StoreError> {
        let raw = |place: &str, body: &Option<Bytes>| match body {
            Some(body) => {
                let (sha256, size) = (sha256(body), body.len() as u64);
                Ok(Some(Raw { sha256, size, packed: self.pack(place, body)? }))
            }
            None => Ok::<_, StoreError>(None),
        };
        let (raw, details) = (raw("raw", &page.body)?, raw("details", &page.details)?);
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
                json(&rejection.finding.clone().masked())?,
                page.fetched_at
            ]);
        }
        let told = |word| evidence::pack(word, &page.source, page.fetched_at);
        let evidence = page.evidence.iter().map(told).collect();
        let tasks = Tasks::pack(page.tasks, page.fetched_at, matches!(*self.db, Db::Postgres(_)))?;
        Ok(PackedPage {
            source: page.source,
            run: page.run,
            fetched_at: page.fetched_at,
            request: page.request,
            raw,
            details,
            tasks,
            rejections,
            evidence,
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
        let mut largest = Largest::None;
        let mut with_rejected = with_rejected(&mut tx, &pages).await?;
        for mut page in pages {
            let raw_id = match page.raw.take() {
                Some(raw) => {
                    let details = page.details.take();
                    Some(insert_raw(&mut tx, &page, raw, details).await?)
                }
                None => None,
            };
            if with_rejected.contains(&page.source) {
                settle_read(&mut tx, &page).await?;
            }
            if !page.rejections.is_empty() {
                with_rejected.insert(page.source.clone());
            }
            for mut vals in page.rejections {
                vals[3] = raw_id.into();
                // The same bad record again is the same row: it is counted once and shown until it is settled, where it
                // was seen last.
                tx.execute(
                    "INSERT INTO rejected (source_id, external_id, record_index, raw_id, request, sha256, body, \
                     finding, first_seen_at, last_seen_at, state) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$9,'open') \
                     ON CONFLICT (source_id, sha256) DO UPDATE SET external_id = excluded.external_id, \
                     record_index = excluded.record_index, raw_id = coalesce(excluded.raw_id, rejected.raw_id), \
                     request = excluded.request, last_seen_at = excluded.last_seen_at, \
                     finding = excluded.finding, state = 'open'",
                    vals,
                )
                .await?;
            }
            for word in page.evidence {
                evidence::insert(&mut tx, word).await?;
            }
            let (total, cursor) = state.entry(page.source.clone()).or_default();
            *total += page.tasks.happened;
            *cursor = page.cursor.or(cursor.take());
            let of_page = OfPage { source: &page.source, raw_id, seen_at: page.fetched_at };
            written.extend(insert_tasks(&mut tx, &of_page, page.tasks, &mut largest).await?);
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
}

/// Those sources of the pages that have rejected records nobody has settled.
async fn with_rejected(tx: &mut Tx, pages: &[PackedPage]) -> Result<HashSet<SourceId>, StoreError> {
    let sources: HashSet<&SourceId> = pages.iter().map(|page| &page.source).collect();
    let mut found = HashSet::new();
    for source in sources {
        let sql = "SELECT id FROM rejected WHERE source_id = $1 AND state = 'open' LIMIT 1";
        if tx.row(sql, vals![source.as_str()]).await?.is_some() {
            found.insert(source.clone());
        }
    }
    Ok(found)
}

/// A record that reads now is no rejected one any more: it was corrected at its source.
async fn settle_read(tx: &mut Tx, page: &PackedPage) -> Result<(), StoreError> {
    if page.tasks.keys.is_empty() {
        return Ok(());
    }
    let sql = if tx.is_postgres() {
        "UPDATE rejected SET state = 'read' WHERE source_id = $1 AND state = 'open' \
         AND external_id IN (SELECT jsonb_array_elements_text($2))"
    } else {
        "UPDATE rejected SET state = 'read' WHERE source_id = $1 AND state = 'open' \
         AND external_id IN (SELECT value FROM json_each($2))"
    };
    tx.execute(sql, vec![page.source.as_str().into(), json(&page.tasks.keys)?]).await?;
    Ok(())
}

async fn insert_raw(
    tx: &mut Tx,
    page: &PackedPage,
    raw: Raw,
    details: Option<Raw>,
) -> Result<i64, StoreError> {
    let mut vals = vals![page.run, page.fetched_at, page.request.as_str(), raw.sha256, raw.size, raw.packed];
    vals.extend(match details {
        Some(details) => vals![details.sha256, details.size, details.packed],
        None => vals![Option::<Vec<u8>>::None, Option::<i64>::None, Option::<Vec<u8>>::None],
    });
    let sql = "INSERT INTO raw_page (run_id, fetched_at, request, sha256, size, body, details_sha256, details_size, \
               details) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) RETURNING id";
    let row = tx.row(sql, vals).await?;
    row.ok_or_else(|| StoreError::unexpected("no id for the page"))?.int(0)
}

/// What all tasks of a page have in common.
const OF_PAGE: &[(&str, Kind)] = &[
    ("source_id", Kind::Text),
    ("raw_id", Kind::Int),
    ("changed_at", Kind::At),
    ("identify_due", Kind::Bool),
    ("map_due", Kind::Bool),
];

const OF_TASK: &[(&str, Kind)] = &[
    ("external_id", Kind::Text),
    ("hash", Kind::Blob),
    ("status", Kind::Text),
    ("title", Kind::Text),
    ("due_day", Kind::Day),
    ("facts", Kind::PlainJson),
    ("odd_done", Kind::Text),
    ("place", Kind::Text),
];

macro_rules! overwrite_task {
    () => {
        "ON CONFLICT (source_id, external_id) DO UPDATE SET hash = excluded.hash, status = excluded.status, \
         title = excluded.title, due_day = excluded.due_day, \
         raw_id = coalesce(excluded.raw_id, task.raw_id), changed_at = excluded.changed_at, \
         identify_due = excluded.identify_due, map_due = excluded.map_due, facts = excluded.facts, \
         odd_done = excluded.odd_done, place = coalesce(excluded.place, task.place)"
    };
}

/// SQLite: rows need not come back, see [`Largest`] and [`numbers`].
static UPSERT_TASKS: Bulk = Bulk::sharing("task", OF_PAGE, OF_TASK, overwrite_task!());

/// PostgreSQL, where others write at the same time: which number each task has, and whether it was new.
static UPSERT_TASKS_TELLING: Bulk = Bulk::sharing(
    "task",
    OF_PAGE,
    OF_TASK,
    concat!(overwrite_task!(), " RETURNING external_id, id, xmax = 0"),
);

static INSERT_EVENTS: Bulk = Bulk::sharing(
    "task_event",
    &[("observed_at", Kind::At), ("raw_id", Kind::Int)],
    &[
        ("task_id", Kind::Above),
        ("seq", Kind::Int),
        ("kind", Kind::Text),
        ("at", Kind::At),
        ("payload", Kind::PlainJson),
    ],
    "",
);

/// Tasks of one page, ready to be written.
#[derive(Debug)]
struct Tasks {
    /// Key of each task written, in the order of the page.
    keys: Vec<String>,
    /// For each of them its row: of a key that stands twice on a page the last one counts.
    row_of: Vec<usize>,
    /// Position on the page of each row.
    rows: Vec<usize>,
    /// How many rows are of tasks nobody knew.
    new: usize,
    /// The rows, in the order of [`OF_TASK`].
    bound: Rows,
    /// How many events there are.
    happened: u64,
    events: Events,
}

/// What happened to the tasks of a page.
#[derive(Debug)]
enum Events {
    /// To tasks nobody knew, on a database that numbers them one after the other: bound, counted from the first.
    /// Kept beside that, should one of them have been known.
    Counted(Rows, Vec<Happened>),
    /// To tasks whose numbers or last events must be asked for.
    Asked(Vec<Happened>),
}

impl Events {
    /// To tasks whose numbers must be asked for.
    fn asked(self) -> Vec<Happened> {
        match self {
            Self::Counted(_, events) | Self::Asked(events) => events,
        }
    }
}

/// An event with the row of its task.
#[derive(Debug, Clone)]
struct Happened {
    row: usize,
    kind: &'static str,
    at: Option<DateTime<Utc>>,
    document: Option<Arc<str>>,
}

impl Happened {
    /// Values in the order of [`INSERT_EVENTS`].
    fn vals(self, task: i64, seq: i64) -> [Val; 5] {
        let document = self.document.map_or(Val::Json(None), Val::Shared);
        [task.into(), seq.into(), Val::Word(self.kind), self.at.into(), document]
    }
}

/// A task's number, and whether it was not there before.
type Numbered = (i64, bool);

impl Tasks {
    fn pack(writes: Vec<TaskWrite>, seen_at: DateTime<Utc>, postgres: bool) -> Result<Self, StoreError> {
        let mut last: HashMap<&str, usize> = HashMap::with_capacity(writes.len());
        for (index, write) in writes.iter().enumerate() {
            last.insert(&write.external_id, index);
        }
        let last_of: Vec<usize> =
            writes.iter().map(|write| last.get(write.external_id.as_str()).copied().unwrap_or(0)).collect();
        let mut row_at: Vec<usize> = Vec::with_capacity(writes.len());
        let mut rows = Vec::with_capacity(last.len());
        for (index, last) in last_of.iter().enumerate() {
            row_at.push(rows.len());
            if *last == index {
                rows.push(index);
            }
        }
        let row_of: Vec<usize> = last_of.iter().map(|last| row_at.get(*last).copied().unwrap_or(0)).collect();
        let mut keys = Vec::with_capacity(writes.len());
        let mut vals = Vec::with_capacity(rows.len() * OF_TASK.len());
        let mut events = Vec::with_capacity(writes.len());
        let mut new = 0;
        // Documents are written here one after the other.
        let mut room = Vec::with_capacity(1024);
        for (index, write) in writes.into_iter().enumerate() {
            let row = row_of.get(index).copied().unwrap_or(0);
            for event in &write.events {
                let (kind, document) = (event.kind.as_str(), event_document(event, &mut room)?);
                events.push(Happened { row, kind, at: event.at, document });
            }
            if rows.get(row) == Some(&index) {
                let document = task_document(&write.task, seen_at, &mut room)?;
                let draft = &write.task.draft;
                let row: [Val; OF_TASK.len()] = [
                    Val::Shared(write.external_id.as_str().into()),
                    write.hash.to_vec().into(),
                    Val::Word(draft.status.as_str()),
                    Val::Shared(draft.title.as_str().into()),
                    draft.due.map(|due| due.day).into(),
                    Val::Shared(document),
                    Val::Word(draft.odd_done(seen_at).map_or("", OddDone::as_str)),
                    write.place.into(),
                ];
                vals.extend(row);
                new += usize::from(write.known_id.is_none());
            }
            keys.push(write.external_id);
        }
        let happened = events.len() as u64;
        let events = if postgres || new < rows.len() {
            Events::Asked(events)
        } else {
            let mut seqs = vec![0; rows.len()];
            let mut vals = Vec::with_capacity(events.len() * 5);
            for event in &events {
                let (above, seq) = (i64::try_from(event.row).unwrap_or(i64::MAX), seqs.get_mut(event.row));
                let seq = seq.ok_or_else(|| StoreError::unexpected("an event without a task"))?;
                *seq += 1;
                vals.extend(event.clone().vals(above, *seq));
            }
            Events::Counted(INSERT_EVENTS.bind(postgres, vals)?, events)
        };
        let bulk = if postgres { &UPSERT_TASKS_TELLING } else { &UPSERT_TASKS };
        Ok(Self { keys, row_of, rows, new, bound: bulk.bind(postgres, vals)?, happened, events })
    }
}

/// What is known of the page a task stands on only while it is written.
struct OfPage<'a> {
    source: &'a SourceId,
    raw_id: Option<i64>,
    seen_at: DateTime<Utc>,
}

/// The largest number of a task, where it is known. On SQLite a new task gets the one after it, row by row, and
/// nobody else writes meanwhile.
type Largest = Option<i64>;

async fn largest(tx: &mut Tx) -> Result<i64, StoreError> {
    let row = tx.row("SELECT coalesce(max(id), 0) FROM task", vals![]).await?;
    row.ok_or_else(|| StoreError::unexpected("no largest number"))?.int(0)
}

/// Writes tasks and what happened to them; gives the number of each key.
async fn insert_tasks(
    tx: &mut Tx,
    page: &OfPage<'_>,
    tasks: Tasks,
    known: &mut Largest,
) -> Result<Vec<i64>, StoreError> {
    if tasks.keys.is_empty() {
        return Ok(Vec::new());
    }
    let shared = vals![page.source.as_str(), page.raw_id, page.seen_at, true, true];
    let of_events = |base: i64| vals![page.seen_at, page.raw_id, base];
    let (by_key, events) = if tx.is_postgres() {
        let returned = tasks.bound.write(tx, shared).await?;
        let told = |row: &Row| Ok((row.text(0)?, (row.int(1)?, row.flag(2)?)));
        (returned.iter().map(told).collect::<Result<HashMap<_, _>, StoreError>>()?, tasks.events.asked())
    } else {
        let before = match *known {
            Some(known) => known,
            None => largest(tx).await?,
        };
        tasks.bound.write(tx, shared).await?;
        let now = largest(tx).await?;
        *known = Some(now);
        let events = match tasks.events {
            Events::Counted(bound, _) if usize::try_from(now - before) == Ok(tasks.new) => {
                bound.write(tx, of_events(before + 1)).await?;
                let number = |row: usize| i64::try_from(row).ok().map(|row| before + 1 + row);
                return of_keys(&tasks.row_of, number);
            }
            events => events.asked(),
        };
        (numbers(tx, page.source, &tasks.keys, before).await?, events)
    };
    let key = |index: &usize| tasks.keys.get(*index).and_then(|key| by_key.get(key)).copied();
    let numbered: Vec<Option<Numbered>> = tasks.rows.iter().map(key).collect();
    let numbered = |row: usize| numbered.get(row).copied().flatten();
    insert_events(tx, of_events(0), events, numbered).await?;
    of_keys(&tasks.row_of, |row| numbered(row).map(|(id, _)| id))
}

/// The number of each key, from those of the rows.
fn of_keys(row_of: &[usize], numbered: impl Fn(usize) -> Option<i64>) -> Result<Vec<i64>, StoreError> {
    let number = |row: &usize| numbered(*row);
    row_of
        .iter()
        .map(|row| number(row).ok_or_else(|| StoreError::unexpected("a written task has no number")))
        .collect()
}

/// The numbers of rows just written in SQLite, by key.
async fn numbers(
    tx: &mut Tx,
    source: &SourceId,
    keys: &[String],
    before: i64,
) -> Result<HashMap<String, Numbered>, StoreError> {
    let sql = "SELECT external_id, id FROM task WHERE source_id = $1 AND external_id IN (SELECT value FROM json_each($2))";
    let list = serde_json::to_string(keys)?;
    let mut by_key = HashMap::with_capacity(keys.len());
    for row in tx.rows(sql, vals![source.as_str(), list]).await? {
        let id = row.int(1)?;
        by_key.insert(row.text(0)?, (id, id > before));
    }
    Ok(by_key)
}

/// Events get the numbers 1, 2, … within their task.
async fn insert_events(
    tx: &mut Tx,
    shared: Vec<Val>,
    events: Vec<Happened>,
    numbered: impl Fn(usize) -> Option<Numbered>,
) -> Result<(), StoreError> {
    let known = events.iter().filter_map(|event| numbered(event.row)).filter(|(_, new)| !new);
    let known: HashSet<i64> = known.map(|(id, _)| id).collect();
    let mut last = last_events(tx, known.into_iter().collect()).await?;
    let mut vals = Vec::with_capacity(events.len() * 5);
    for event in events {
        let Some((task, _)) = numbered(event.row) else {
            return Err(StoreError::unexpected("an event without a task"));
        };
        let seq = last.entry(task).or_default();
        *seq += 1;
        vals.extend(event.vals(task, *seq));
    }
    INSERT_EVENTS.bind(tx.is_postgres(), vals)?.write(tx, shared).await?;
    Ok(())
}

/// Number of the last event of tasks.
async fn last_events(tx: &mut Tx, tasks: Vec<i64>) -> Result<HashMap<i64, i64>, StoreError> {
    let mut last = HashMap::new();
    for some in tasks.chunks(500) {
        let sql = format!(
            "SELECT task_id, max(seq) FROM task_event WHERE task_id IN {} GROUP BY task_id",
            placeholders(1, some.len(), 1)
        );
        for row in tx.rows(sql, some.iter().map(|id| Val::from(*id)).collect()).await? {
            last.insert(row.int(0)?, row.int(1)?);
        }
    }
    Ok(last)
}
