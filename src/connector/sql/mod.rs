//! A view in a unit's own database, read-only.
//!
//! Owns the keyset walk over (change column, key), ties and late commits included, and the refusal of anything but
//! one SELECT. Every column leaves as the database's own text, so no number passes through a float and no driver has
//! to know a type. It must not write: SQLite is opened query-only, PostgreSQL in read-only transactions. A column
//! the view no longer has is told by name; a row too large to be a task is rejected alone; a change value in the future
//! is read and told, and moves no cursor beyond the present.

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
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
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
        Text::new(vi, en).because(&crate::error::sql_cause(&cause)),
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

fn huge_row(bytes: usize) -> Finding {
    Finding::error(
        "LT-SQL-006",
        Text::new(
            format!("dòng dài {bytes} byte, quá giới hạn {} KiB", MAX_ROW >> 10),
            format!("the row has {bytes} bytes, over the limit of {} KiB", MAX_ROW >> 10),
        ),
        Text::new(
            "kiểm tra dòng này ở nguồn, hoặc bớt cột trong manifest",
            "look at the row in the source, or leave columns out of the manifest",
        ),
    )
}

fn from_the_future(count: u64, key: &str, changed: &str) -> Finding {
    Finding::warning(
        "LT-SQL-007",
        Text::new(
            format!("{count} dòng có thời điểm thay đổi ở tương lai, ví dụ {changed} của khóa {key}"),
            format!("{count} rows have a change value in the future, for example {changed} of the key {key}"),
        ),
        Text::new(
            "kiểm tra đồng hồ và múi giờ của cơ sở dữ liệu nguồn, sửa các dòng đó; đến lúc đó chúng được đọc lại ở mỗi lượt",
            "check clock and zone of the source database and correct the rows; until then each pull reads them again",
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
        let why = crate::error::sql_cause(&error);
        let what = Text::new("mẫu SQL không chạy", "an SQL sample does not run").because(&why);
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
    /// When the pull began: no cursor lies behind it.
    now: DateTime<Utc>,
    /// Rows asked for at once: fewer after a page that was full of bytes.
    limit: u32,
    /// Rows with a change value in the future, and key and value of the first.
    future: Option<(u64, String, String)>,
}

/// Rows of one statement, each a text or nothing per column.
struct Rows {
    rows: Vec<Vec<Option<String>>>,
    /// Whether rows that were asked for were left, because these are as many bytes as a page may have.
    cut: bool,
}

impl ViewPull {
    /// The walk's next page as text columns: change value, key, then the record's columns.
    fn statement(&self) -> String {
        let options = &self.options;
        // One character more than a cell may have tells that there is more.
        let cells =
            options.columns.iter().map(|name| format!("substr(CAST(t.{name} AS TEXT), 1, {})", MAX_CELL + 1));
        // A key that is too long is walked by its beginning, and rejected.
        let key = format!("substr(CAST(t.{} AS TEXT), 1, {})", options.key, MAX_KEY + 1);
        let mark = format!("substr(CAST(t.{} AS TEXT), 1, {MAX_MARK})", options.changed);
        let columns: Vec<String> = [mark, key.clone()].into_iter().chain(cells).collect();
        // Only a text can be too long to be walked by.
        let too_long = match options.cursor_type {
            CursorType::Text => format!("length(CAST(t.{} AS TEXT)) > {MAX_MARK}", options.changed),
            CursorType::Integer | CursorType::Timestamp => "1 = 0".to_owned(),
        };
        if self.unplaced {
            // Rows nobody can walk to: a key or change value is missing or no such thing.
            return format!(
                "SELECT {} FROM ({}) t WHERE t.{} IS NULL OR t.{} IS NULL OR {too_long} LIMIT 500",
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
        let mut condition = format!(
            "t.{} IS NOT NULL AND t.{} IS NOT NULL AND NOT ({too_long})",
            options.changed, options.key
        );
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
            self.limit
        )
    }

    async fn rows(&self) -> Result<Rows, sqlx::Error> {
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
                let (mut rows, mut bytes, mut cut) = (Vec::new(), 0, false);
                let mut answer = query.fetch(&mut *tx);
                // Row by row: thousands of large ones would not fit into memory at once.
                while let Some(row) = answer.try_next().await? {
                    let cells = (0..width).map(|index| row.try_get::<Option<String>, _>(index));
                    let cells = cells.collect::<Result<Vec<_>, _>>()?;
                    bytes += size_of_cells(&cells);
                    if bytes > MAX_PAGE && !rows.is_empty() {
                        cut = true;
                        break;
                    }
                    rows.push(cells);
                }
                drop(answer);
                tx.rollback().await?;
                Ok(Rows { rows, cut })
            }};
        }
        match &self.pool {
            Pool::Sqlite(pool) => fetch!(pool, "BEGIN"),
            // Said for each transaction: a function in the query cannot take it back.
            Pool::Postgres(pool) => fetch!(pool, "BEGIN TRANSACTION READ ONLY"),
        }
    }
}

impl ViewOptions {
    /// Rows per page, where they are not large.
    fn rows(&self) -> u32 {
        self.page_size.clamp(1, 5_000)
    }
}

impl ViewPull {
    /// What is too large about a row.
    fn huge(&self, cells: &[Option<String>], bytes: usize) -> Option<Finding> {
        let mut named = self.options.columns.iter().zip(cells);
        let huge = |(_, cell): &(&String, &Option<String>)| {
            cell.as_ref().is_some_and(|cell| cell.len() > MAX_CELL && cell.chars().count() > MAX_CELL)
        };
        let cell = named.find(huge).map(|(column, _)| huge_cell(column));
        cell.or_else(|| (bytes > MAX_ROW).then(|| huge_row(bytes)))
    }

    /// Counts a change value that lies in the future.
    fn notice(&mut self, key: &str, changed: &str) {
        if mark::capped(self.options.cursor_type, changed, self.now + CLOCKS_APART).is_some() {
            let first = || {
                let key = key.chars().filter(|c| !c.is_control()).take(MAX_KEY).collect();
                (0, key, changed.to_owned())
            };
            self.future.get_or_insert_with(first).0 += 1;
        }
    }
}

/// A point of the walk, taken back to the present where it lies in the future: rows that change until then would
/// be missed.
fn until_now(kind: CursorType, after: (String, String), now: DateTime<Utc>) -> (String, String) {
    mark::capped(kind, &after.0, now).map_or(after, |capped| (capped, String::new()))
}

fn size_of_cells(cells: &[Option<String>]) -> usize {
    cells.iter().flatten().map(String::len).sum()
}

#[async_trait]
impl Pull for ViewPull {
    async fn next_page(&mut self) -> Result<Step, ConnectorError> {
        if self.over {
            let future = self.future.take();
            let told = future.map(|(count, key, changed)| {
                from_the_future(count, &key, &changed).at(Place::of(format!("source {}", self.source)))
            });
            return Ok(Step::End(PullEnd {
                complete: self.full && self.after.is_some(),
                findings: told.into_iter().collect(),
                ..PullEnd::default()
            }));
        }
        if self.counts && !self.unplaced {
            // Without the count there is no bar, and that is all.
            let counted = self.rows().await.ok();
            self.counts = false;
            self.total = counted.and_then(|counted| counted.rows.first()?.first()?.as_ref()?.parse().ok());
        }
        let Rows { rows, cut } = self.rows().await.map_err(|error| failed(&self.source, &error))?;
        if self.unplaced {
            if rows.is_empty() {
                self.unplaced = false;
                return self.next_page().await;
            }
            self.full = false;
        } else {
            let read = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            self.over = !cut && read < self.limit;
            self.limit = if cut { read } else { self.limit.saturating_mul(2) }.clamp(1, self.options.rows());
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
            let bytes = size_of_cells(cells.as_slice());
            let kept = |cell: String| match bytes > MAX_ROW {
                true => cell.chars().take(KEPT_OF_CELL).collect(),
                false => cell,
            };
            let too_large = self.huge(cells.as_slice(), bytes);
            let record: serde_json::Map<String, serde_json::Value> = self
                .options
                .columns
                .iter()
                .cloned()
                .zip(cells.map(|cell| cell.map(kept).map_or(serde_json::Value::Null, Into::into)))
                .collect();
            let body = Bytes::from(serde_json::to_vec(&record).unwrap_or_default());
            bodies.push(serde_json::Value::Object(record));
            match (changed, key) {
                (Some(changed), Some(key)) if !self.unplaced => {
                    let unfit = !is_key(&key);
                    match too_large.or_else(|| unfit.then(unfit_key)) {
                        None => page.records.push(RawRecord {
                            external_id: key.clone(),
                            hash: record_hash(&self.fingerprint, &body),
                            body,
                            index,
                            file: None,
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
                    self.notice(&key, &changed);
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
                            "dòng không có khóa hoặc thời điểm thay đổi (hoặc thời điểm dài quá 200 ký tự)",
                            "the row has no key or no change value (or one of more than 200 characters)",
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
        let kind = self.options.cursor_type;
        let reached =
            self.after.clone().map(|after| until_now(kind, after, self.now)).filter(|(changed, _)| {
                self.known.as_ref().is_none_or(|known| mark::order(kind, changed, known).is_ge())
            });
        page.cursor = reached.and_then(|after| serde_json::to_string(&after).ok()).map(Cursor);
        Ok(Step::Page(page))
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
