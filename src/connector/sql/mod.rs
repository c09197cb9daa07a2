//! A view in a unit's own database, read-only.
//!
//! Owns the keyset walk over (change column, key), ties and late commits included, and the refusal of anything but
//! one SELECT. Every column leaves as the database's own text, so no number passes through a float and no driver has
//! to know a type. It must not write: SQLite is opened query-only, PostgreSQL in read-only transactions. A column
//! the view no longer has is told by name; a row too large to be a task is rejected alone; a change value in the future
//! is read and told, and moves no cursor beyond the present.

mod finding;
mod mark;
mod postgres;
mod session;
mod sqlite;
mod statement;
mod walk;

pub use sqlite::make_sqlite;

use super::{
    Abilities, Connector, ConnectorError, Detailed, DraftReader, Presence, Pull, PullMode, PullRequest,
    RawRecord, Rejection, record_hash,
};
use crate::domain::{SourceId, TaskDraft};
use crate::error::{Finding, Place, Text};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use session::Session;
use std::path::PathBuf;
use std::sync::Arc;
use walk::{ViewPull, until_now};

/// Longest cell read, in characters: no field of a task needs more.
const MAX_CELL: usize = 64 * 1024;

/// Longest change value, in characters: a time or a number has fewer.
const MAX_MARK: usize = 200;

/// Largest row read, in bytes of its cells: fields of a task have thousands.
const MAX_ROW: usize = 1 << 20;

/// Most bytes of cells in a page: where its rows are large it has fewer of them.
const MAX_PAGE: usize = 8 << 20;

/// Characters kept of each cell of a row that is too large.
const KEPT_OF_CELL: usize = 1_000;

/// How far clocks may be apart before a change value counts as one in the future.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(60);

/// Where the view is.
#[derive(Debug, Clone)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(SecretString),
}

/// How the change column compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CursorType {
    /// As text (ISO dates sort rightly).
    Text,
    /// As a whole number.
    Integer,
    /// As an instant.
    Timestamp,
}

/// What is read.
#[derive(Debug, Clone)]
pub struct ViewOptions {
    /// Where.
    pub database: Database,
    /// One SELECT or WITH, without parameters.
    pub select: String,
    /// Columns of it that make the record.
    pub columns: Vec<String>,
    /// Column of the key.
    pub key: String,
    /// Column that grows with every change.
    pub changed: String,
    /// How it compares.
    pub cursor_type: CursorType,
    /// Rows per page, 1–5,000.
    pub page_size: u32,
    /// How far before the last known change an incremental pull begins: seconds of times, units of whole numbers.
    pub overlap: u32,
}

impl ViewOptions {
    /// Rows per page, where they are not large.
    fn rows(&self) -> u32 {
        self.page_size.clamp(1, 5_000)
    }
}

/// A view as a source.
pub struct ViewSource {
    source: SourceId,
    options: Arc<ViewOptions>,
    fingerprint: [u8; 32],
    reader: DraftReader,
}

impl ViewSource {
    /// A view read by a manifest's rules; refuses a statement that is more than one SELECT.
    pub fn new(
        source: SourceId,
        options: ViewOptions,
        fingerprint: [u8; 32],
        reader: DraftReader,
    ) -> Result<Self, Finding> {
        let select = options.select.trim().to_lowercase();
        let begins = select.starts_with("select ") || select.starts_with("with ");
        let plain =
            |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !begins
            || select.contains(';')
            || !options.columns.iter().chain([&options.key, &options.changed]).all(plain)
        {
            return Err(Finding::error(
                "LT-SQL-001",
                Text::new(
                    "chỉ nhận một câu SELECT (hoặc WITH) không có dấu ';', tên cột chỉ gồm chữ, số và '_'",
                    "only one SELECT (or WITH) without ';' is accepted, and column names of letters, digits and '_'",
                ),
                Text::new("sửa mục [sql] của manifest", "correct [sql] of the manifest"),
            )
            .at(Place::of(format!("source {source}"))));
        }
        Ok(Self { source, options: Arc::new(options), fingerprint, reader })
    }

    async fn open(&self) -> Result<Box<dyn Session>, ConnectorError> {
        let opened = match &self.options.database {
            Database::Sqlite(path) => sqlite::open(path).await,
            Database::Postgres(url) => postgres::open(url).await,
        };
        opened.map_err(|failure| finding::failed(&self.source, &failure))
    }
}

#[async_trait]
impl Connector for ViewSource {
    fn source(&self) -> &SourceId {
        &self.source
    }

    fn abilities(&self) -> Abilities {
        Abilities { incremental: true, full_is_complete: true, details: false }
    }

    async fn check(&self) -> Vec<Finding> {
        let request = PullRequest { mode: PullMode::Full, cursor: None, now: chrono::DateTime::UNIX_EPOCH };
        match self.pull(request).await {
            Err(error) => vec![*error.finding],
            Ok(mut pull) => pull.next_page().await.err().map(|error| *error.finding).into_iter().collect(),
        }
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        // A column that holds no time cannot be asked for a span of time: a backfill reads everything.
        let timed = self.options.cursor_type != CursorType::Integer;
        let session = self.open().await?;
        let local = |at: DateTime<Utc>| session.dialect().instant(at, self.options.cursor_type);
        let whole = matches!(request.mode, PullMode::Full);
        let counts = matches!(request.mode, PullMode::Backfill { .. });
        let mut known = None;
        let (after, until): (Option<(String, String)>, Option<String>) = match request.mode {
            PullMode::Incremental => {
                let last: Option<(String, String)> =
                    request.cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok());
                let last = last.map(|last| until_now(self.options.cursor_type, last, request.now));
                known = last.as_ref().map(|(changed, _)| changed.clone());
                let before =
                    |changed: &String| mark::before(self.options.cursor_type, changed, self.options.overlap);
                (last.map(|(changed, key)| (before(&changed), key)), None)
            }
            PullMode::Backfill { from, to } if timed => (Some((local(from), String::new())), Some(local(to))),
            PullMode::Full | PullMode::Backfill { .. } => (None, None),
        };
        Ok(Box::new(ViewPull {
            source: self.source.clone(),
            options: self.options.clone(),
            fingerprint: self.fingerprint,
            session,
            // Rows at or before the last change value may have been committed after we looked: they are read again.
            inclusive: after.is_some(),
            unplaced: after.is_none(),
            full: whole,
            until,
            after,
            known,
            over: false,
            counts,
            total: None,
            now: request.now,
            limit: self.options.rows(),
            future: None,
        }))
    }

    async fn detail(&self, records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError> {
        Ok(records.into_iter().map(Detailed::Complete).collect())
    }

    fn list_again(
        &self,
        body: Bytes,
        _details: Option<Bytes>,
    ) -> Option<Result<Vec<RawRecord>, Box<Finding>>> {
        let rows: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_slice(&body).ok()?;
        let record = |(index, row): (u32, serde_json::Map<String, serde_json::Value>)| {
            let key = row.get(&self.options.key)?.as_str()?.to_owned();
            let body = Bytes::from(serde_json::to_vec(&row).unwrap_or_default());
            let hash = record_hash(&self.fingerprint, &body);
            let presence = Presence::Shown;
            Some(RawRecord { external_id: key, hash, body, index, file: None, presence })
        };
        // The key is among the columns, or else in no answer.
        self.options
            .columns
            .contains(&self.options.key)
            .then(|| Ok((0u32..).zip(rows).filter_map(record).collect()))
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        (self.reader)(record)
    }
}
