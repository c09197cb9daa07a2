//! A view in a unit's own database, read-only.
//!
//! Owns the keyset walk over (change column, key), ties and late commits included; each database is one file beside
//! this one. Every column leaves as the database's own text, so no number passes through a float and no driver has
//! to know a type. It must not write: SQLite is opened query-only, servers are read in read-only transactions. A column
//! the view no longer has is told by name; a row too large to be a task is rejected alone; a change value in the future
//! is read and told, and moves no cursor beyond the present.

mod drift;
mod finding;
mod mark;
mod mysql;
mod postgres;
mod reach;
mod session;
mod sqlite;
mod statement;
mod walk;

pub use sqlite::make_sqlite;

use super::manifest::Loaded;
use super::{
    Abilities, Connector, ConnectorError, Detailed, Glance, Presence, Pull, PullMode, PullRequest, RawRecord,
    Rejection, Step, record_hash, sample,
};
use crate::domain::{SourceId, TaskDraft};
use crate::error::{Finding, Place};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use drift::ColumnSeen;
use secrecy::SecretString;
use session::Session;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
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
    Sqlite {
        /// Where it is.
        path: PathBuf,
        /// Seconds to wait for a lock.
        timeout_s: u32,
    },
    /// A PostgreSQL server.
    Postgres(ServerOptions),
    /// A MySQL or MariaDB server.
    MySql(ServerOptions),
}

/// How a server is reached.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Its URL with account and password.
    pub url: SecretString,
    /// PEM file of an authority its certificate may come from beside those the system trusts; with it TLS is required
    /// and the name is checked.
    pub ca_file: Option<PathBuf>,
    /// Seconds a statement may take, and wait for a lock.
    pub timeout_s: u32,
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

    /// Columns the view has to have.
    fn asked(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().chain([&self.key, &self.changed]).map(String::as_str)
    }
}

/// A view as a source.
pub struct ViewSource {
    source: SourceId,
    options: Arc<ViewOptions>,
    loaded: Arc<Loaded>,
    whose: String,
    /// The columns of the pull before, while this program runs.
    last: Mutex<Vec<ColumnSeen>>,
}

impl ViewSource {
    /// A view read by a manifest's rules.
    pub fn new(source: SourceId, options: ViewOptions, loaded: Arc<Loaded>) -> Self {
        let whose = format!("source {source}");
        Self { source, options: Arc::new(options), loaded, whose, last: Mutex::default() }
    }

    async fn open(&self) -> Result<Box<dyn Session>, ConnectorError> {
        let place = match &self.options.database {
            Database::Sqlite { .. } => None,
            Database::Postgres(server) => postgres::place(server),
            Database::MySql(server) => mysql::place(server),
        };
        if let Some((host, port)) = place
            && let Some(refused) = reach::refused(&host, port).await
        {
            return Err(finding::refused_address(&self.source, &refused));
        }
        let opened = match &self.options.database {
            Database::Sqlite { path, timeout_s } => sqlite::open(path, *timeout_s).await,
            Database::Postgres(server) => postgres::open(server).await,
            Database::MySql(server) => mysql::open(server).await,
        };
        opened.map_err(|failure| finding::failed(&self.source, &failure))
    }

    /// The view's columns; an error where one of those the manifest names is not among them.
    async fn columns(&self, session: &dyn Session) -> Result<Vec<ColumnSeen>, ConnectorError> {
        let now = session.columns(&self.options.select).await;
        let now = now.map_err(|failure| finding::failed(&self.source, &failure))?;
        let missing = drift::missing(&now, self.options.asked());
        match missing.as_slice() {
            [] => Ok(now),
            missing => Err(finding::lost_columns(&self.source, missing)),
        }
    }

    /// What is different from the columns of the pull before, which these now are.
    fn changed_since(&self, now: Vec<ColumnSeen>) -> Vec<Finding> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let told = match last.as_slice() {
            [] => Vec::new(),
            before => drift::changes(before, &now),
        };
        *last = now;
        told.into_iter().map(|finding| finding.at(Place::of(format!("source {}", self.source)))).collect()
    }

    async fn checked(&self) -> Result<Vec<Finding>, ConnectorError> {
        let session = self.open().await?;
        let now = self.columns(&*session).await?;
        let asked: Vec<&str> = self.options.asked().collect();
        let unread = drift::unread(&now, &asked);
        let mut told: Vec<Finding> = Vec::new();
        if !unread.is_empty() {
            told.push(finding::new_columns(&unread));
        }
        let rights = session.rights_to_write().await;
        let rights = rights.map_err(|failure| finding::failed(&self.source, &failure))?;
        if !rights.is_empty() {
            told.push(match self.options.database {
                Database::Sqlite { .. } => finding::writable_file(&rights),
                _ => finding::may_write(&rights),
            });
        }
        let request = PullRequest { mode: PullMode::Full, cursor: None, now: DateTime::UNIX_EPOCH };
        let sample =
            sample::told(&mut self.walk(session, request, Vec::new()), &self.loaded, &self.whose).await?;
        let told = told.into_iter().map(|finding| finding.at(Place::of(self.whose.clone())));
        Ok(told.chain(sample).collect())
    }

    fn walk(&self, session: Box<dyn Session>, request: PullRequest, told: Vec<Finding>) -> ViewPull {
        // A column that holds no time cannot be asked for a span of time: a backfill reads everything.
        let timed = self.options.cursor_type != CursorType::Integer;
        let local = |at: DateTime<Utc>| session.dialect().instant(at, self.options.cursor_type);
        let whole = matches!(request.mode, PullMode::Full);
        let counts = !matches!(request.mode, PullMode::Incremental);
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
        ViewPull {
            source: self.source.clone(),
            options: self.options.clone(),
            fingerprint: self.loaded.fingerprint,
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
            told,
        }
    }
}

#[async_trait]
impl Connector for ViewSource {
    fn source(&self) -> &SourceId {
        &self.source
    }

    fn abilities(&self) -> Abilities {
        Abilities { incremental: true, full_is_complete: true, details: false, pages_forget: false }
    }

    fn rules(&self) -> Option<[u8; 32]> {
        Some(self.loaded.fingerprint)
    }

    async fn check(&self) -> Vec<Finding> {
        self.checked().await.unwrap_or_else(|error| vec![*error.finding])
    }

    async fn glance(&self, now: DateTime<Utc>) -> Result<Option<Glance>, ConnectorError> {
        let mut pull = self.pull(PullRequest { mode: PullMode::Full, cursor: None, now }).await?;
        Ok(Some(match pull.next_page().await? {
            Step::Page(page) => {
                Glance { shown: (page.records.len() + page.rejected.len()) as u64, total: page.total }
            }
            Step::End(_) => Glance { shown: 0, total: None },
        }))
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        let session = self.open().await?;
        let now = self.columns(&*session).await?;
        let told = self.changed_since(now);
        Ok(Box::new(self.walk(session, request, told)))
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
            let hash = record_hash(&self.loaded.fingerprint, &body);
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
        self.loaded.read(&self.whose, record)
    }
}
