//! Tasks, their events, the answers they came from and the records that could not be read, as they are asked for.
//!
//! Owns every question about them but lists for people; how they are written is `commit`'s business, what of a task
//! stands in which column is that of `facts`. A row that cannot be read is an error.

use super::db::{Db, Row, Val, json, placeholders, vals};
use super::facts::{TASK_COLUMNS, stored_event, stored_task};
use super::{Store, StoreError};
use crate::domain::{CanonicalTask, CitizenId, OddDone, SourceEvent, SourceId, TaskKey};
use crate::error::Finding;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};

/// Numbers per question: far below the limit of bound values of both databases.
const PER_QUESTION: usize = 500;

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

/// When we saw that something happened, what, and the answer it was seen in.
pub type Seen = (DateTime<Utc>, SourceEvent, Option<i64>);

/// An answer as it is kept.
#[derive(Debug)]
pub struct KeptPage {
    /// As it was received.
    pub body: Vec<u8>,
    /// Its records as detail calls completed them, by key.
    pub details: Option<Vec<u8>>,
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
    /// When it was last seen.
    pub last_seen_at: DateTime<Utc>,
    /// `open` until it is settled; then `read` (its source gave it corrected), `replayed` or `gone` (not listed any more).
    pub state: String,
}

fn odd_done(word: &str) -> Result<OddDone, StoreError> {
    let known = OddDone::ALL.into_iter().find(|odd| odd.as_str() == word);
    known.ok_or_else(|| StoreError::unexpected("an unknown reason of a day of completion"))
}

impl RejectedRow {
    /// Where it stands: file, line and field as its finding says, else its page, number on it and field.
    pub fn place(&self) -> String {
        let place = self.finding.place.as_ref();
        if let Some(place) = place.filter(|place| place.line.is_some()) {
            return place.to_string();
        }
        // A source asked per user has the account in the address, which may be a citizen's number.
        let request = CitizenId::mask_in(&self.request);
        match place.and_then(|place| place.detail.as_ref()) {
            // It says the page and the record of it.
            Some(detail) if detail.starts_with("page ") => {
                let asked = request.split_once(" (page ").map_or(request.as_str(), |(asked, _)| asked);
                format!("{asked} ({detail})")
            }
            detail => {
                let number = self.index.saturating_add(1);
                let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
                format!("{request} #{number}{detail}")
            }
        }
    }

    /// The field it was rejected for, where its finding names one.
    pub fn field(&self) -> Option<&str> {
        let (_, field) = self.finding.place.as_ref()?.detail.as_ref()?.rsplit_once(", field ")?;
        Some(field)
    }
}

const REJECTED_COLUMNS: &str =
    "id, source_id, external_id, record_index, request, finding, first_seen_at, last_seen_at, state";

/// A row of [`REJECTED_COLUMNS`].
fn rejected_row(row: &Row) -> Result<RejectedRow, StoreError> {
    Ok(RejectedRow {
        id: row.int(0)?,
        source: row.parsed(1)?,
        external_id: row.opt_text(2)?,
        index: u32::try_from(row.int(3)?).unwrap_or(0),
        request: row.text(4)?,
        // Rows of older versions quote what they were made of.
        finding: row.json::<Finding>(5)?.masked(),
        first_seen_at: row.at(6)?,
        last_seen_at: row.at(7)?,
        state: row.text(8)?,
    })
}

impl Store {
    /// Those of these tasks that are neither done nor withdrawn.
    pub async fn open_tasks(&self, tasks: &[i64]) -> Result<HashSet<i64>, StoreError> {
        let mut open = HashSet::new();
        for some in tasks.chunks(PER_QUESTION) {
            let places = placeholders(1, some.len(), 1);
            let sql = format!(
                "SELECT id FROM task WHERE id IN {places} AND status NOT IN ('done', 'cancelled', 'recalled', 'gone')"
            );
            for row in self.db.rows(sql, some.iter().map(|task| (*task).into()).collect()).await? {
                open.insert(row.int(0)?);
            }
        }
        Ok(open)
    }

    /// Whether any task of a source is held, gone ones included.
    pub async fn holds_tasks_of(&self, source: &SourceId) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM task WHERE source_id = $1 LIMIT 1";
        Ok(self.db.row(sql, vals![source.as_str()]).await?.is_some())
    }

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

    fn unpack(&self, place: &str, packed: &[u8], size: usize) -> Result<Vec<u8>, StoreError> {
        let small = self.vault.open(place, packed)?;
        zstd::bulk::decompress(&small, size)
            .map_err(|error| StoreError::Sealed(format!("{place}: what is kept does not unpack: {error}")))
    }

    /// The answer a task or event came from, checked against its SHA-256; none once its contents were let go.
    pub async fn raw_page(&self, id: i64) -> Result<Option<KeptPage>, StoreError> {
        let sql = "SELECT sha256, size, body, details_sha256, details_size, details FROM raw_page WHERE id = $1 AND erased_at IS NULL";
        let Some(row) = self.db.row(sql, vals![id]).await? else { return Ok(None) };
        let checked = |place: &str, digest: Vec<u8>, size: i64, packed: Vec<u8>| {
            let plain = self.unpack(place, &packed, usize::try_from(size).unwrap_or(0))?;
            if sha256(&plain) != digest {
                return Err(StoreError::Sealed(format!("raw page {id} does not match its SHA-256")));
            }
            Ok(plain)
        };
        let details = match row.opt_blob(5)? {
            Some(packed) => Some(checked("details", row.blob(3)?, row.int(4)?, packed)?),
            None => None,
        };
        Ok(Some(KeptPage { body: checked("raw", row.blob(0)?, row.int(1)?, row.blob(2)?)?, details }))
    }

    /// The number of the kept answer a task was read from last.
    pub async fn raw_page_of(&self, task: i64) -> Result<Option<i64>, StoreError> {
        let row = self.db.row("SELECT raw_id FROM task WHERE id = $1", vals![task]).await?;
        Ok(row.map(|row| row.opt_int(0)).transpose()?.flatten())
    }

    /// Numbers of kept answers after a number, in order, each with the source it came from.
    pub async fn raw_pages_after(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, SourceId)>, StoreError> {
        let sql = "SELECT p.id, r.source_id FROM raw_page p JOIN run r ON r.id = p.run_id \
                   WHERE p.id > $1 AND p.erased_at IS NULL ORDER BY p.id LIMIT $2";
        let rows = self.db.rows(sql, vals![after, limit as u64]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.parsed(1)?))).collect()
    }

    /// Numbers and keys of tasks after a number, in order: what can be said of a task without its document.
    pub async fn task_keys_after(&self, after: i64, limit: usize) -> Result<Vec<(i64, TaskKey)>, StoreError> {
        let sql = "SELECT id, source_id, external_id FROM task WHERE id > $1 ORDER BY id LIMIT $2";
        let rows = self.db.rows(sql, vals![after, limit as u64]).await?;
        let key = |row: &super::db::Row| {
            Ok((row.int(0)?, TaskKey { source: row.parsed(1)?, external_id: row.text(2)? }))
        };
        rows.iter().map(key).collect()
    }

    /// Tasks by number, in no particular order.
    pub async fn load_tasks(&self, ids: &[i64]) -> Result<Vec<StoredTask>, StoreError> {
        let mut tasks = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(PER_QUESTION) {
            let sql = format!(
                "SELECT {TASK_COLUMNS} FROM task t WHERE t.id IN {}",
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
        let sql = format!(
            "SELECT {TASK_COLUMNS} FROM task t WHERE t.id > $1 AND ($2 = '' OR t.source_id = $2) ORDER BY t.id LIMIT $3"
        );
        let rows = self.db.rows(sql, vals![after, name, limit as u64]).await?;
        rows.iter().map(stored_task).collect()
    }

    /// How many tasks have a day of completion that cannot be true, by why.
    pub async fn odd_done_counts(&self) -> Result<Vec<(OddDone, u64)>, StoreError> {
        let sql =
            "SELECT odd_done, count(*) FROM task WHERE odd_done <> '' GROUP BY odd_done ORDER BY odd_done";
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter()
            .map(|row| Ok((odd_done(&row.text(0)?)?, u64::try_from(row.int(1)?).unwrap_or(0))))
            .collect()
    }

    /// Tasks whose day of completion cannot be true for a reason, with numbers above `after`.
    pub async fn odd_done_tasks(
        &self,
        why: OddDone,
        after: i64,
        limit: usize,
    ) -> Result<Vec<StoredTask>, StoreError> {
        let sql = format!(
            "SELECT {TASK_COLUMNS} FROM task t WHERE t.odd_done <> '' AND t.odd_done = $1 AND t.id > $2 \
             ORDER BY t.id LIMIT $3"
        );
        let rows = self.db.rows(sql, vals![why.as_str(), after, limit as u64]).await?;
        rows.iter().map(stored_task).collect()
    }

    /// How many tasks of a source are not gone.
    pub async fn count_live_tasks(&self, source: &SourceId) -> Result<u64, StoreError> {
        self.count_live_between(source, 0, i64::MAX).await
    }

    /// How many tasks of a source with numbers above `after` up to `to` are not gone.
    pub async fn count_live_between(
        &self,
        source: &SourceId,
        after: i64,
        to: i64,
    ) -> Result<u64, StoreError> {
        let sql =
            "SELECT count(*) FROM task WHERE source_id = $1 AND status <> 'gone' AND id > $2 AND id <= $3";
        self.db.count(sql, vals![source.as_str(), after, to]).await
    }

    /// The highest number of a task, of whatever source: each one stored later has a higher one. 0 without tasks.
    pub async fn newest_task(&self) -> Result<i64, StoreError> {
        let row = self.db.row("SELECT coalesce(max(id), 0) FROM task", vals![]).await?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// Everything that happened to a task, oldest first: when we saw it, what, and the page it came from.
    pub async fn events_of(&self, task: i64) -> Result<Vec<Seen>, StoreError> {
        Ok(self.events_of_each(&[task]).await?.remove(&task).unwrap_or_default())
    }

    /// The same of some tasks, by number; without those to which nothing happened.
    pub async fn events_of_each(&self, tasks: &[i64]) -> Result<HashMap<i64, Vec<Seen>>, StoreError> {
        let mut found: HashMap<i64, Vec<Seen>> = HashMap::new();
        for chunk in tasks.chunks(PER_QUESTION) {
            let sql = format!(
                "SELECT task_id, observed_at, raw_id, kind, at, payload FROM task_event WHERE task_id IN {} \
                 ORDER BY task_id, seq",
                placeholders(1, chunk.len(), 1)
            );
            for row in self.db.rows(sql, chunk.iter().map(|task| Val::from(*task)).collect()).await? {
                let seen = (row.at(1)?, stored_event(&row, 3)?, row.opt_int(2)?);
                found.entry(row.int(0)?).or_default().push(seen);
            }
        }
        Ok(found)
    }

    /// What happened to each task with a number from one to another, oldest first, with when we saw it.
    pub async fn events_between(
        &self,
        first: i64,
        last: i64,
    ) -> Result<HashMap<i64, Vec<(SourceEvent, DateTime<Utc>)>>, StoreError> {
        let sql = "SELECT task_id, observed_at, kind, at, payload FROM task_event \
                   WHERE task_id BETWEEN $1 AND $2 ORDER BY task_id, seq";
        let mut found: HashMap<i64, Vec<(SourceEvent, DateTime<Utc>)>> = HashMap::new();
        let take = |row: &Row| {
            found.entry(row.int(0)?).or_default().push((stored_event(row, 2)?, row.at(1)?));
            Ok(())
        };
        self.db.each(sql, vals![first, last], take).await?;
        Ok(found)
    }

    /// Rejected records that nobody has settled, after a number, oldest first.
    pub async fn rejected(
        &self,
        source: Option<&SourceId>,
        after: i64,
        limit: usize,
    ) -> Result<Vec<RejectedRow>, StoreError> {
        let name = source.map_or("", SourceId::as_str);
        let sql = format!(
            "SELECT {REJECTED_COLUMNS} FROM rejected WHERE state = 'open' AND ($1 = '' OR source_id = $1) AND id > $2 \
             ORDER BY id LIMIT $3"
        );
        self.db.rows(sql, vals![name, after, limit as u64]).await?.iter().map(rejected_row).collect()
    }

    /// One rejected record of a source, settled or not; none where no such one is kept.
    pub async fn rejected_record(
        &self,
        source: &SourceId,
        id: i64,
    ) -> Result<Option<RejectedRow>, StoreError> {
        let sql = format!("SELECT {REJECTED_COLUMNS} FROM rejected WHERE source_id = $1 AND id = $2");
        let row = self.db.row(sql, vals![source.as_str(), id]).await?;
        row.as_ref().map(rejected_row).transpose()
    }

    /// How many rejected records that nobody has settled have a code.
    pub async fn count_rejected(&self, code: &str) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM rejected WHERE state = 'open' AND CAST(finding AS TEXT) LIKE $1";
        self.db.count(sql, vals![format!("%\"{code}\"%")]).await
    }

    /// The bytes of a rejected record.
    pub async fn rejected_body(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(row) = self.db.row("SELECT body FROM rejected WHERE id = $1", vals![id]).await? else {
            return Ok(None);
        };
        // Records are capped far below this when they are read.
        self.unpack("rejected", &row.blob(0)?, 64 << 20).map(Some)
    }

    /// Settles those rejected records that a source, read to its end, has not listed since a moment: they were corrected
    /// there, with a key or without one, or are gone.
    pub async fn settle_unlisted(&self, source: &SourceId, since: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "UPDATE rejected SET state = 'gone' WHERE source_id = $1 AND state = 'open' AND last_seen_at < $2",
            vals![source.as_str(), since],
        )
        .await?;
        tx.commit().await
    }

    /// Settles those rejected records of files that these, read whole since a moment, did not show: they were corrected in
    /// a later version of their file, with a key or without one, or taken out of it.
    pub async fn settle_replaced(
        &self,
        source: &SourceId,
        files: &[String],
        since: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let sql = if tx.is_postgres() {
            "UPDATE rejected SET state = 'gone' WHERE source_id = $1 AND state = 'open' AND last_seen_at < $2 \
             AND request IN (SELECT jsonb_array_elements_text($3))"
        } else {
            "UPDATE rejected SET state = 'gone' WHERE source_id = $1 AND state = 'open' AND last_seen_at < $2 \
             AND request IN (SELECT value FROM json_each($3))"
        };
        tx.execute(sql, vec![source.as_str().into(), since.into(), json(&files)?]).await?;
        tx.commit().await
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

pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}
