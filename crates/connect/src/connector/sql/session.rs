//! What the walk needs of an open database, whichever it is.
//!
//! Owns the contract ([`Session`]), the bounds of an answer in bytes and time and what kinds of failure are told apart:
//! a connection may die in the middle of a query without a word, and nobody else would end the waiting. It must not know a database: each is one file beside this one, with its connection, its dialect and its error codes.

use super::MAX_PAGE;
use super::drift::ColumnSeen;
use super::statement::{Dialect, Statement};
use async_trait::async_trait;
use sqlx::TypeInfo as _;
use std::time::Duration;

/// An open database.
#[async_trait]
pub(super) trait Session: Send + Sync {
    /// How it writes SQL.
    fn dialect(&self) -> &dyn Dialect;

    /// Sorts its driver's error.
    fn failed(&self, error: &sqlx::Error) -> Failure;

    /// Reads [`Session::rows`].
    async fn read(&self, statement: Statement) -> Result<Rows, sqlx::Error>;

    /// Reads [`Session::columns`].
    async fn described(&self, select: &str) -> Result<Vec<ColumnSeen>, sqlx::Error>;

    /// The longest a statement is waited for, where somebody else may have to say that it ends; the server's own limit
    /// lies below it.
    fn patience(&self) -> Option<Duration>;

    /// The answer to one statement, read in a transaction that cannot write.
    async fn rows(&self, statement: Statement) -> Result<Rows, Failure> {
        within(self.patience(), self.read(statement)).await?.map_err(|error| self.failed(&error))
    }

    /// The columns of a SELECT, without its rows.
    async fn columns(&self, select: &str) -> Result<Vec<ColumnSeen>, Failure> {
        within(self.patience(), self.described(select)).await?.map_err(|error| self.failed(&error))
    }

    /// What the account could change although it has to read only, a few examples at most of what may be many.
    async fn rights_to_write(&self) -> Result<Vec<String>, Failure>;
}

/// Why a database did not answer.
#[derive(Debug)]
pub(super) struct Failure {
    /// What kind of failure it is.
    pub(super) class: Class,
    /// What the database or the connection said.
    pub(super) cause: String,
}

/// Kinds of failure that need different remedies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A column, table or operator of the statement is not there.
    Drift,
    /// The account may not do this, or the statement writes.
    Refused,
    /// The statement took too long, waited for a lock too long or was ended by the server; or no answer came at all.
    Stopped,
    /// Everything else: not reachable, broken off, misspelt.
    Other,
}

/// How much longer than the server's own limit a statement is waited for: its transaction has to begin, its rows have to
/// arrive.
const MARGIN: Duration = Duration::from_secs(10);

/// How long a server is waited for that ends a statement after so many seconds.
pub(super) fn patience_of(timeout_s: u32) -> Duration {
    Duration::from_secs(timeout_s.into()) + MARGIN
}

/// Waits for an answer no longer than that; the connection is of no use afterwards.
async fn within<T>(
    patience: Option<Duration>,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<Result<T, sqlx::Error>, Failure> {
    let silent = |seconds: u64| Failure {
        class: Class::Stopped,
        cause: format!("timed out: no answer within {seconds} s"),
    };
    let Some(patience) = patience else { return Ok(answer.await) };
    match tokio::time::timeout(patience, answer).await {
        // The one connection is still waiting for the answer before.
        Ok(Err(sqlx::Error::PoolTimedOut)) => Err(silent(patience.as_secs())),
        Ok(answer) => Ok(answer),
        Err(_) => Err(silent(patience.as_secs())),
    }
}

/// Sorts a driver's error by what the database calls it.
pub(super) fn failure(error: &sqlx::Error, class: impl Fn(&str, &str) -> Class) -> Failure {
    match error {
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            Failure { class: class(&code, database.message()), cause: database.message().to_owned() }
        }
        other => Failure { class: Class::Other, cause: other.to_string() },
    }
}

/// Rows of one statement, each a text or nothing per column.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Vec<Option<String>>>,
    /// Whether rows that were asked for were left, because these are as many bytes as a page may have.
    pub(super) cut: bool,
    bytes: usize,
}

impl Rows {
    /// Adds a row; false where it has no room any more and the answer ends before it.
    pub(super) fn add(&mut self, cells: Vec<Option<String>>) -> bool {
        self.bytes += size_of_cells(&cells);
        if self.bytes > MAX_PAGE && !self.rows.is_empty() {
            self.cut = true;
            return false;
        }
        self.rows.push(cells);
        true
    }
}

/// Bytes of a row.
pub(super) fn size_of_cells(cells: &[Option<String>]) -> usize {
    cells.iter().flatten().map(String::len).sum()
}

/// Reads a statement's rows through a pool of sqlx, in a transaction begun by the given statement: row by row, since
/// thousands of large ones would not fit into memory at once.
macro_rules! read_rows {
    ($pool:expr, $begin:expr, $statement:expr) => {{
        use futures_util::TryStreamExt as _;
        use sqlx::{AssertSqlSafe, Row as _};
        let statement: $crate::connector::sql::statement::Statement = $statement;
        let mut read = $crate::connector::sql::session::Rows::default();
        let mut tx = $pool.begin_with($begin).await?;
        // Nothing is kept on the server: a pooler in transaction mode gives the next one another connection.
        let mut query = sqlx::query(AssertSqlSafe(statement.sql)).persistent(false);
        for value in &statement.values {
            query = query.bind(value.as_str());
        }
        let mut answer = query.fetch(&mut *tx);
        while let Some(row) = answer.try_next().await? {
            let cells = (0..statement.width).map(|index| row.try_get::<Option<String>, _>(index));
            if !read.add(cells.collect::<Result<_, sqlx::Error>>()?) {
                break;
            }
        }
        drop(answer);
        tx.rollback().await?;
        Ok(read)
    }};
}
pub(super) use read_rows;

/// A column as a driver of sqlx describes it.
pub(super) fn seen<C: sqlx::Column>(column: &C) -> ColumnSeen {
    ColumnSeen { name: column.name().to_owned(), kind: column.type_info().name().to_owned() }
}

/// The columns of a SELECT as the database describes them when it prepares it.
macro_rules! prepared_columns {
    ($pool:expr, $select:expr) => {{
        use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _, Statement as _};
        let sql = AssertSqlSafe(format!("SELECT t.* FROM ({}) t", $select)).into_sql_str();
        let prepared = $pool.prepare(sql).await?;
        Ok(prepared.columns().iter().map($crate::connector::sql::session::seen).collect())
    }};
}
pub(super) use prepared_columns;
