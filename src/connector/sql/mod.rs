//! A view in a unit's own database, read-only.
//!
//! Owns the keyset walk over (change column, key), ties and late commits included, and the refusal of anything but
//! one SELECT. Every column leaves as the database's own text, so no number passes through a float and no driver has
//! to know a type. It must not write: SQLite is opened query-only, PostgreSQL in read-only transactions. A column
//! the view no longer has is told by name; a row too large to be a task is rejected alone.

mod mark;

use super::rule::{MAX_KEY, is_key};
use super::{
    Abilities, Connector, ConnectorError, Cursor, Detailed, DraftReader, Page, Presence, Pull, PullEnd,
    PullMode, PullRequest, RawRecord, Rejection, Step, record_hash,
};
use crate::domain::{SourceId, TaskDraft};
use crate::error::{Disposition, Finding, Place, Text};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

/// Longest cell read, in characters: no field of a task needs more.
const MAX_CELL: usize = 64 * 1024;

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

enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
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

    fn failed(&self, error: &sqlx::Error) -> ConnectorError {
        failed(&self.source, error)
    }

    async fn connect(&self) -> Result<Pool, ConnectorError> {
        let pool = match &self.options.database {
            Database::Sqlite(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .read_only(true)
                    .create_if_missing(false)
                    .pragma("query_only", "ON");
                SqlitePoolOptions::new()
                    .max_connections(1)
                    .acquire_timeout(Duration::from_secs(10))
                    .connect_with(options)
                    .await
                    .map(Pool::Sqlite)
            }
            Database::Postgres(url) => match PgConnectOptions::from_str(url.expose_secret()) {
                Ok(options) => {
                    // Poolers in transaction mode lose prepared statements; read-only binds every transaction.
                    let options = options.statement_cache_capacity(0).options([
                        ("default_transaction_read_only", "on"),
                        // Times leave as text: the server's own settings must not decide how.
                        ("TimeZone", "Asia/Ho_Chi_Minh"),
                        ("DateStyle", "ISO"),
                        ("statement_timeout", "120000"),
                    ]);
                    PgPoolOptions::new()
                        .max_connections(1)
                        .acquire_timeout(Duration::from_secs(10))
                        .connect_with(options)
                        .await
                        .map(Pool::Postgres)
                }
                Err(error) => Err(error),
            },
        };
        pool.map_err(|error| self.failed(&error))
    }
}

fn failed(source: &SourceId, error: &sqlx::Error) -> ConnectorError {
    let cause: String = match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        other => other.to_string(),
    };
    let cause: String = cause.chars().filter(|c| !c.is_control()).take(200).collect();
    let state = match error {
        sqlx::Error::Database(database) => database.code().map(|code| code.into_owned()).unwrap_or_default(),
        _ => String::new(),
    };
    // PostgreSQL's classes: undefined column, table and operator; wrong credentials; what only a writer may do.
    let drift = cause.contains("no such column")
        || cause.contains("no such table")
        || ["42703", "42P01", "42883"].contains(&state.as_str());
    let refused = state.starts_with("28") || state == "42501" || state == "25006";
    let (code, vi, en, remedy_vi, remedy_en, disposition) = if drift {
        (
            "LT-SQL-003",
            "khung nhìn đã thay đổi",
            "the view has changed",
            "sửa manifest cho khớp cột hiện có, hoặc khôi phục khung nhìn",
            "fit the manifest to the present columns, or restore the view",
            Disposition::NeedsOperator,
        )
    } else if refused {
        (
            "LT-SQL-005",
            "cơ sở dữ liệu nguồn từ chối",
            "the source database refuses",
            "kiểm tra tài khoản và mật khẩu; tài khoản chỉ cần quyền đọc và câu truy vấn chỉ được đọc",
            "check account and password; the account needs to read only, and the query may only read",
            Disposition::NeedsOperator,
        )
    } else {
        (
            "LT-SQL-002",
            "không đọc được cơ sở dữ liệu nguồn",
            "the source database cannot be read",
            "kiểm tra đường dẫn, tài khoản chỉ đọc và quyền",
            "check path, read-only account and permissions",
            Disposition::RetryLater,
        )
    };
    let finding = Finding::error(
        code,
        Text::new(format!("{vi}: {cause}"), format!("{en}: {cause}")),
        Text::new(remedy_vi, remedy_en),
    );
    ConnectorError {
        finding: Box::new(finding.at(Place::of(format!("source {source}")))),
        disposition,
        retry_after: None,
    }
}

fn huge_cell(column: &str) -> Finding {
    Finding::error(
        "LT-SQL-006",
        Text::new(
            format!("ô của cột {column} dài hơn {MAX_CELL} ký tự"),
            format!("a cell of column {column} is longer than {MAX_CELL} characters"),
        ),
        Text::new(
            "kiểm tra dòng này ở nguồn, hoặc cắt cột trong khung nhìn",
            "look at the row in the source, or cut the column in the view",
        ),
    )
}

fn unfit_key() -> Finding {
    Finding::error(
        "LT-SQL-006",
        Text::new(
            format!("khóa rỗng, dài hơn {MAX_KEY} ký tự hoặc có ký tự điều khiển"),
            format!("the key is empty, longer than {MAX_KEY} characters or holds control characters"),
        ),
        Text::new("chọn cột khóa khác trong manifest", "choose another key column in the manifest"),
    )
}

/// Makes a SQLite database from scripts, for the conformance test.
///
/// # Errors
/// LT-MAN-013 a script does not run.
pub async fn make_sqlite(path: &Path, scripts: &[String]) -> Result<(), Box<Finding>> {
    let broken = |error: sqlx::Error| {
        let what =
            Text::new(format!("mẫu SQL không chạy: {error}"), format!("an SQL sample does not run: {error}"));
        let remedy = Text::new("sửa samples/*.sql", "correct samples/*.sql");
        Box::new(Finding::error("LT-MAN-013", what, remedy).at(Place::of(path.display().to_string())))
    };
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(broken)?;
    for script in scripts {
        sqlx::raw_sql(AssertSqlSafe(script.clone())).execute(&pool).await.map_err(broken)?;
    }
    pool.close().await;
    Ok(())
}

struct ViewPull {
    source: SourceId,
    options: Arc<ViewOptions>,
    fingerprint: [u8; 32],
    pool: Pool,
    after: Option<(String, String)>,
    inclusive: bool,
    /// The last known change: what the overlap shows again before it moves no cursor back.
    known: Option<String>,
    /// Upper bound of a backfill, left out.
    until: Option<String>,
    /// Looks for rows that cannot be walked to, before the walk.
    unplaced: bool,
    /// Whether every row was seen and could be named.
    full: bool,
    over: bool,
    /// Whether the rows are still to be counted: for a backfill, which somebody watches.
    counts: bool,
    total: Option<u64>,
}

impl ViewPull {
    /// The walk's next page as text columns: change value, key, then the record's columns.
    fn statement(&self) -> String {
        let options = &self.options;
        // One character more than a cell may have tells that there is more.
        let cells =
            options.columns.iter().map(|name| format!("substr(CAST(t.{name} AS TEXT), 1, {})", MAX_CELL + 1));
        let columns: Vec<String> = [&options.changed, &options.key]
            .into_iter()
            .map(|name| format!("CAST(t.{name} AS TEXT)"))
            .chain(cells)
            .collect();
        let key = format!("CAST(t.{} AS TEXT)", options.key);
        if self.unplaced {
            // Rows nobody can walk to: a key or change value is missing.
            return format!(
                "SELECT {} FROM ({}) t WHERE t.{} IS NULL OR t.{} IS NULL LIMIT 500",
                columns.join(", "),
                options.select,
                options.changed,
                options.key
            );
        }
        let place = |number: u8| match (options.cursor_type, &self.pool) {
            (CursorType::Integer, _) => format!("CAST(${number} AS BIGINT)"),
            (CursorType::Timestamp, Pool::Postgres(_)) => format!("CAST(${number} AS TIMESTAMPTZ)"),
            _ => format!("${number}"),
        };
        let changed = match (options.cursor_type, &self.pool) {
            (CursorType::Text, Pool::Postgres(_)) => format!("CAST(t.{} AS TEXT)", options.changed),
            _ => format!("t.{}", options.changed),
        };
        let mut condition = format!("t.{} IS NOT NULL AND t.{} IS NOT NULL", options.changed, options.key);
        match (&self.after, self.inclusive) {
            (None, _) => {}
            (Some(_), true) => condition.push_str(&format!(" AND {changed} >= {}", place(1))),
            (Some(_), false) => condition
                .push_str(&format!(" AND ({changed} > {0} OR ({changed} = {0} AND {key} > $2))", place(1))),
        }
        if self.until.is_some() {
            let number = match (&self.after, self.inclusive) {
                (None, _) => 1,
                (Some(_), true) => 2,
                (Some(_), false) => 3,
            };
            condition.push_str(&format!(" AND {changed} < {}", place(number)));
        }
        if self.counts {
            return format!("SELECT CAST(count(*) AS TEXT) FROM ({}) t WHERE {condition}", options.select);
        }
        format!(
            "SELECT {} FROM ({}) t WHERE {condition} ORDER BY {changed}, {key} LIMIT {}",
            columns.join(", "),
            options.select,
            options.page_size.clamp(1, 5_000)
        )
    }

    async fn rows(&self) -> Result<Vec<Vec<Option<String>>>, sqlx::Error> {
        let width = if self.counts && !self.unplaced { 1 } else { self.options.columns.len() + 2 };
        let sql = AssertSqlSafe(self.statement()).into_sql_str();
        let mut values: Vec<&String> = match (&self.after, self.inclusive) {
            (None, _) => Vec::new(),
            (Some((changed, _)), true) => vec![changed],
            (Some((changed, key)), false) => vec![changed, key],
        };
        values.extend(&self.until);
        if self.unplaced {
            values.clear();
        }
        macro_rules! fetch {
            ($pool:expr, $begin:literal) => {{
                let mut tx = $pool.begin_with($begin).await?;
                let mut query = sqlx::query(sql);
                for value in values {
                    query = query.bind(value.as_str());
                }
                let rows = query.fetch_all(&mut *tx).await?;
                tx.rollback().await?;
                rows.iter()
                    .map(|row| (0..width).map(|index| row.try_get::<Option<String>, _>(index)).collect())
                    .collect()
            }};
        }
        match &self.pool {
            Pool::Sqlite(pool) => fetch!(pool, "BEGIN"),
            // Said for each transaction: a function in the query cannot take it back.
            Pool::Postgres(pool) => fetch!(pool, "BEGIN TRANSACTION READ ONLY"),
        }
    }
}

#[async_trait]
impl Pull for ViewPull {
    async fn next_page(&mut self) -> Result<Step, ConnectorError> {
        if self.over {
            return Ok(Step::End(PullEnd {
                complete: self.full && self.after.is_some(),
                ..PullEnd::default()
            }));
        }
        if self.counts && !self.unplaced {
            // Without the count there is no bar, and that is all.
            let counted = self.rows().await.ok();
            self.counts = false;
            self.total = counted.and_then(|rows| rows.first()?.first()?.as_ref()?.parse().ok());
        }
        let rows = self.rows().await.map_err(|error| failed(&self.source, &error))?;
        if self.unplaced {
            if rows.is_empty() {
                self.unplaced = false;
                return self.next_page().await;
            }
            self.full = false;
        } else {
            self.over = rows.len() < self.options.page_size.clamp(1, 5_000) as usize;
        }
        let mut page = Page {
            request: format!(
                "select after {}",
                self.after.as_ref().map_or("the beginning", |(changed, _)| changed)
            ),
            body: Bytes::new(),
            records: Vec::with_capacity(rows.len()),
            rejected: Vec::new(),
            cursor: None,
            total: self.total,
        };
        let mut bodies = Vec::with_capacity(rows.len());
        for (index, row) in (0u32..).zip(rows) {
            let mut cells = row.into_iter();
            let (changed, key) = (cells.next().flatten(), cells.next().flatten());
            let record: serde_json::Map<String, serde_json::Value> = self
                .options
                .columns
                .iter()
                .cloned()
                .zip(cells.map(|cell| cell.map_or(serde_json::Value::Null, Into::into)))
                .collect();
            let too_large = record
                .iter()
                .find(|(_, cell)| cell.as_str().is_some_and(|cell| cell.chars().count() > MAX_CELL))
                .map(|(column, _)| huge_cell(column));
            let body = Bytes::from(serde_json::to_vec(&record).unwrap_or_default());
            bodies.push(serde_json::Value::Object(record));
            match (changed, key) {
                (Some(changed), Some(key)) => {
                    let unfit = !is_key(&key);
                    match too_large.or_else(|| unfit.then(unfit_key)) {
                        None => page.records.push(RawRecord {
                            external_id: key.clone(),
                            hash: record_hash(&self.fingerprint, &body),
                            body,
                            index,
                            presence: Presence::Shown,
                        }),
                        Some(finding) => {
                            // It was seen and is not read: nothing may be called gone for it.
                            self.full = false;
                            page.rejected.push(Rejection {
                                external_id: (!unfit).then(|| key.clone()),
                                index,
                                body,
                                finding: finding.at(Place::of(format!("source {}", self.source)).at(key
                                    .chars()
                                    .filter(|c| !c.is_control())
                                    .take(MAX_KEY)
                                    .collect::<String>())),
                            });
                        }
                    }
                    self.after = Some((changed, key));
                    self.inclusive = false;
                }
                _ => page.rejected.push(Rejection {
                    external_id: None,
                    index,
                    body,
                    finding: Finding::error(
                        "LT-SQL-004",
                        Text::new(
                            "dòng không có khóa hoặc thời điểm thay đổi",
                            "the row has no key or no change value",
                        ),
                        Text::new(
                            "sửa khung nhìn để hai cột này luôn có giá trị",
                            "make the view give both columns a value",
                        ),
                    ),
                }),
            }
        }
        page.body = Bytes::from(serde_json::to_vec(&bodies).unwrap_or_default());
        if std::mem::take(&mut self.unplaced) {
            return Ok(Step::Page(page));
        }
        let reached = self.after.as_ref().filter(|(changed, _)| {
            let kind = self.options.cursor_type;
            self.known.as_ref().is_none_or(|known| mark::order(kind, changed, known).is_ge())
        });
        page.cursor = reached.and_then(|after| serde_json::to_string(after).ok()).map(Cursor);
        Ok(Step::Page(page))
    }
}

#[async_trait]
impl Connector for ViewSource {
    fn source(&self) -> &SourceId {
        &self.source
    }

    fn abilities(&self) -> Abilities {
        Abilities { incremental: true, full_is_complete: true }
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
        let local = |at: DateTime<Utc>| {
            let at = at.with_timezone(&crate::domain::local_offset());
            match (self.options.cursor_type, &self.options.database) {
                (CursorType::Timestamp, Database::Postgres(_)) => at.to_rfc3339(),
                _ => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            }
        };
        let whole = matches!(request.mode, PullMode::Full);
        let counts = matches!(request.mode, PullMode::Backfill { .. });
        let mut known = None;
        let (after, until): (Option<(String, String)>, Option<String>) = match request.mode {
            PullMode::Incremental => {
                let last: Option<(String, String)> =
                    request.cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok());
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
            pool: self.connect().await?,
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
        }))
    }

    async fn detail(&self, records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError> {
        Ok(records.into_iter().map(Detailed::Complete).collect())
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        (self.reader)(record)
    }
}
