//! One way to speak SQL to two databases.
//!
//! Owns connections, transactions, and the typed values that travel in and out: SQLite holds ids, decimals,
//! days and instants as text, PostgreSQL holds them in its real types. One statement text serves both
//! (`$1` placeholders). It must not know tables. A transaction that is dropped rolls back.

use super::error::StoreError;
use chrono::{DateTime, Datelike as _, NaiveDate, SecondsFormat, Timelike as _, Utc};
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Postgres, Row as _, SqlSafeStr as _, SqlStr, Sqlite, Transaction};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// Bytes of a transaction after which SQLite's log is folded into its file.
const FOLDED_FROM: usize = 1 << 20;

/// The connected database.
#[derive(Debug)]
pub(super) enum Db {
    /// One writer, several readers, and who folds the log.
    Sqlite { writer: SqlitePool, reader: SqlitePool, fold: Arc<Fold> },
    /// A pool.
    Postgres(PgPool),
}

/// Folds SQLite's log into its file beside the writer, which goes on meanwhile: done by the writer itself, every
/// transaction behind it waits.
#[derive(Debug)]
pub(super) struct Fold {
    pool: SqlitePool,
    running: AtomicBool,
}

impl Fold {
    /// By a connection of its own.
    pub(super) fn new(pool: SqlitePool) -> Arc<Self> {
        Arc::new(Self { pool, running: AtomicBool::new(false) })
    }

    /// Begins, unless it is under way. What fails or is left over, the writer folds when the log is full.
    fn begin(self: Arc<Self>) {
        if self.running.swap(true, Ordering::AcqRel) {
            return;
        }
        tokio::spawn(async move {
            if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&self.pool).await {
                tracing::debug!(%error, "the log was not folded");
            }
            self.running.store(false, Ordering::Release);
        });
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// A value on its way into a statement.
#[derive(Debug, Clone)]
pub(super) enum Val {
    Int(Option<i64>),
    Text(Option<String>),
    /// A text of our own, one of few.
    Word(&'static str),
    /// A text made once, where many rows are written: SQLite's driver takes it as it is.
    Shared(Arc<str>),
    Blob(Option<Vec<u8>>),
    Bool(bool),
    At(Option<DateTime<Utc>>),
    Day(Option<NaiveDate>),
    Num(Option<Decimal>),
    Id(Option<Uuid>),
    Json(Option<String>),
}

macro_rules! into_val {
    ($($from:ty => $val:ident),*) => {$(
        impl From<$from> for Val {
            fn from(value: $from) -> Self {
                Self::$val(Some(value))
            }
        }
        impl From<Option<$from>> for Val {
            fn from(value: Option<$from>) -> Self {
                Self::$val(value)
            }
        }
    )*};
}
into_val!(i64 => Int, String => Text, Vec<u8> => Blob, DateTime<Utc> => At, NaiveDate => Day, Decimal => Num, Uuid => Id);

impl Val {
    /// How many bytes it takes, about.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Blob(bytes) => bytes.as_ref().map_or(0, Vec::len),
            other => other.as_text().flatten().map_or(8, str::len),
        }
    }

    /// A text, for columns of texts and documents; none where it is something else.
    pub(super) fn as_text(&self) -> Option<Option<&str>> {
        match self {
            Self::Text(text) | Self::Json(text) => Some(text.as_deref()),
            Self::Word(word) => Some(Some(word)),
            Self::Shared(text) => Some(Some(text)),
            _ => None,
        }
    }
}

impl From<&str> for Val {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<bool> for Val {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Val {
    fn from(value: u64) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<u32> for Val {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<crate::domain::PersonId> for Val {
    fn from(value: crate::domain::PersonId) -> Self {
        Self::Id(Some(value.0))
    }
}

impl From<crate::domain::Period> for Val {
    fn from(value: crate::domain::Period) -> Self {
        Self::Text(Some(value.to_string()))
    }
}

/// A value as a JSON column.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<Val, StoreError> {
    Ok(Val::Json(Some(serde_json::to_string(value)?)))
}

/// An optional value as a JSON column.
pub(super) fn json_opt<T: Serialize>(value: Option<&T>) -> Result<Val, StoreError> {
    Ok(Val::Json(value.map(serde_json::to_string).transpose()?))
}

/// Bundles values for one statement.
macro_rules! vals {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::db::Val::from($value)),*] };
}
pub(super) use vals;

/// A row on its way out; columns by position.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// An instant as SQLite holds it: `2026-11-15T07:03:22.000Z`.
pub(super) fn text_of(at: DateTime<Utc>) -> String {
    let (day, time) = (at.date_naive(), at.time());
    let Some(year) = u32::try_from(day.year()).ok().filter(|year| *year < 10_000) else {
        return at.to_rfc3339_opts(SecondsFormat::Millis, true);
    };
    // Digit by digit: a formatter costs more than the rest of a row.
    let mut text = String::with_capacity(24);
    let mut put = |number: u32, digits: u32, after: char| {
        for place in (0..digits).rev() {
            text.push(char::from_digit(number / 10u32.pow(place) % 10, 10).unwrap_or('0'));
        }
        text.push(after);
    };
    put(year, 4, '-');
    put(day.month(), 2, '-');
    put(day.day(), 2, 'T');
    put(time.hour(), 2, ':');
    put(time.minute(), 2, ':');
    // A leap second is the second before it, more than a thousand milliseconds long.
    let millis = time.nanosecond() / 1_000_000;
    put(time.second() + millis / 1_000, 2, '.');
    put(millis % 1_000, 3, 'Z');
    text
}

macro_rules! column {
    ($name:ident, $opt:ident, $type:ty, $sqlite:ty, $convert:expr) => {
        pub(super) fn $name(&self, index: usize) -> Result<$type, StoreError> {
            self.$opt(index)?.ok_or_else(|| StoreError::unexpected(format!("column {index} is null")))
        }

        pub(super) fn $opt(&self, index: usize) -> Result<Option<$type>, StoreError> {
            match self {
                Self::Sqlite(row) => {
                    let raw: Option<$sqlite> = row.try_get(index)?;
                    let convert: fn($sqlite) -> Option<$type> = $convert;
                    match raw {
                        None => Ok(None),
                        Some(raw) => convert(raw).map(Some).ok_or_else(|| {
                            StoreError::unexpected(format!("column {index} holds an unreadable value"))
                        }),
                    }
                }
                Self::Postgres(row) => Ok(row.try_get::<Option<$type>, _>(index)?),
            }
        }
    };
}

impl Row {
    column!(int, opt_int, i64, i64, Some);
    column!(text, opt_text, String, String, Some);
    column!(blob, opt_blob, Vec<u8>, Vec<u8>, Some);
    column!(flag, opt_flag, bool, bool, Some);
    column!(at, opt_at, DateTime<Utc>, String, |text| DateTime::parse_from_rfc3339(&text)
        .ok()
        .map(|at| at.to_utc()));
    column!(day, opt_day, NaiveDate, String, |text| text.parse().ok());

    pub(super) fn opt_num(&self, index: usize) -> Result<Option<Decimal>, StoreError> {
        match self {
            Self::Sqlite(row) => {
                let text: Option<String> = row.try_get(index)?;
                let unreadable = |_| StoreError::unexpected(format!("column {index} holds no decimal"));
                text.map(|text| text.parse().map_err(unreadable)).transpose()
            }
            Self::Postgres(row) => Ok(row.try_get::<Option<Decimal>, _>(index)?.map(|num| num.normalize())),
        }
    }

    column!(uid, opt_uid, Uuid, String, |text| text.parse().ok());

    pub(super) fn json<T: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        index: usize,
    ) -> Result<T, StoreError> {
        self.opt_json(index)?.ok_or_else(|| StoreError::unexpected(format!("column {index} is null")))
    }

    pub(super) fn opt_json<T: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        index: usize,
    ) -> Result<Option<T>, StoreError> {
        match self {
            Self::Sqlite(row) => {
                let text: Option<&str> = row.try_get(index)?;
                Ok(text.map(serde_json::from_str).transpose()?)
            }
            Self::Postgres(row) => {
                let raw: Option<sqlx::types::Json<T>> = row.try_get(index)?;
                Ok(raw.map(|json| json.0))
            }
        }
    }

    pub(super) fn person(&self, index: usize) -> Result<crate::domain::PersonId, StoreError> {
        self.uid(index).map(crate::domain::PersonId)
    }

    /// A column that holds text of a type that reads itself.
    pub(super) fn parsed<T: std::str::FromStr>(&self, index: usize) -> Result<T, StoreError> {
        let text = self.text(index)?;
        text.parse().map_err(|_| StoreError::unexpected(format!("column {index} holds an unreadable value")))
    }
}

/// Words of one call: each is made once, however many rows hold it.
#[derive(Default)]
pub(super) struct Words(Vec<(&'static str, Arc<str>)>);

impl Words {
    fn shared(&mut self, word: &'static str) -> Arc<str> {
        if let Some((_, made)) = self.0.iter().find(|(known, _)| std::ptr::eq(*known, word)) {
            return made.clone();
        }
        let made: Arc<str> = word.into();
        self.0.push((word, made.clone()));
        made
    }
}

/// Adds a value as SQLite holds it.
pub(super) fn add_sqlite(
    arguments: &mut SqliteArguments,
    val: Val,
    words: &mut Words,
) -> Result<(), StoreError> {
    let added = match val {
        Val::Int(value) => arguments.add(value),
        Val::Text(value) | Val::Json(value) => arguments.add(value),
        Val::Word(word) => arguments.add(words.shared(word)),
        Val::Shared(text) => arguments.add(text),
        Val::Blob(value) => arguments.add(value),
        Val::Bool(value) => arguments.add(value),
        Val::At(value) => arguments.add(value.map(text_of)),
        Val::Day(value) => arguments.add(value.map(|day| day.to_string())),
        Val::Num(value) => arguments.add(value.map(|num| num.normalize().to_string())),
        Val::Id(value) => arguments.add(value.map(|id| id.to_string())),
    };
    Ok(added.map_err(sqlx::Error::Encode)?)
}

/// Adds a value in PostgreSQL's own type.
pub(super) fn add_postgres(arguments: &mut PgArguments, val: Val) -> Result<(), StoreError> {
    let added = match val {
        Val::Int(value) => arguments.add(value),
        Val::Text(value) => arguments.add(value),
        Val::Word(word) => arguments.add(word),
        Val::Shared(text) => arguments.add(&*text),
        Val::Blob(value) => arguments.add(value),
        Val::Bool(value) => arguments.add(value),
        Val::At(value) => arguments.add(value),
        Val::Day(value) => arguments.add(value),
        Val::Num(value) => arguments.add(value),
        Val::Id(value) => arguments.add(value),
        Val::Json(value) => {
            let raw = value.map(RawValue::from_string).transpose()?;
            arguments.add(raw.map(sqlx::types::Json))
        }
    };
    Ok(added.map_err(sqlx::Error::Encode)?)
}

fn sqlite_arguments(vals: Vec<Val>) -> Result<SqliteArguments, StoreError> {
    let (mut arguments, mut words) = (SqliteArguments::default(), Words::default());
    arguments.reserve(vals.len(), 0);
    vals.into_iter().try_for_each(|val| add_sqlite(&mut arguments, val, &mut words))?;
    Ok(arguments)
}

fn postgres_arguments(vals: Vec<Val>) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    vals.into_iter().try_for_each(|val| add_postgres(&mut arguments, val))?;
    Ok(arguments)
}

/// The statement's text: fixed, or put together here from fixed parts (never from outside input), once or for
/// good.
pub(super) enum Sql {
    Fixed(&'static str),
    Built(String),
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<String> for Sql {
    fn from(text: String) -> Self {
        Self::Built(text)
    }
}

impl Sql {
    fn text(self) -> SqlStr {
        match self {
            Self::Fixed(text) => SqlStr::from_static(text),
            Self::Built(text) => AssertSqlSafe(text).into_sql_str(),
        }
    }
}

/// An open transaction.
pub(super) enum Tx {
    Sqlite(SqliteTx),
    Postgres(Transaction<'static, Postgres>),
}

/// An open transaction of SQLite.
pub(super) struct SqliteTx {
    pub(super) open: Transaction<'static, Sqlite>,
    /// Bytes written in bulk so far, about.
    pub(super) bytes: usize,
    fold: Arc<Fold>,
}

impl Tx {
    pub(super) async fn execute(&mut self, sql: impl Into<Sql>, vals: Vec<Val>) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let query = sqlx::query_with(sql.into().text(), sqlite_arguments(vals)?);
                query.execute(&mut *tx.open).await?.rows_affected()
            }
            Self::Postgres(tx) => {
                let query = sqlx::query_with(sql.into().text(), postgres_arguments(vals)?);
                query.execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    pub(super) async fn rows(&mut self, sql: impl Into<Sql>, vals: Vec<Val>) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let query = sqlx::query_with(sql.into().text(), sqlite_arguments(vals)?);
                let rows = query.fetch_all(&mut *tx.open).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(tx) => {
                let query = sqlx::query_with(sql.into().text(), postgres_arguments(vals)?);
                let rows = query.fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    pub(super) async fn row(
        &mut self,
        sql: impl Into<Sql>,
        vals: Vec<Val>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, vals).await?.into_iter().next())
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(SqliteTx { open, bytes, fold }) => {
                open.commit().await?;
                if bytes >= FOLDED_FROM {
                    fold.begin();
                }
            }
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

impl Db {
    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Begins a writing transaction. SQLite takes its write lock at once: a transaction that reads first and
    /// writes later would fail instead of waiting.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, fold, .. } => {
                const BEGIN: &str = "BEGIN IMMEDIATE";
                let open = match writer.begin_with(BEGIN).await {
                    // On a full or failing disk SQLite rolls back by itself, and the driver goes on believing in
                    // the transaction: only a new connection begins another one.
                    Err(sqlx::Error::InvalidSavePointStatement) => {
                        writer.acquire().await?.close().await?;
                        writer.begin_with(BEGIN).await?
                    }
                    begun => begun?,
                };
                Tx::Sqlite(SqliteTx { open, bytes: 0, fold: fold.clone() })
            }
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Rows of a reading statement outside any transaction.
    pub(super) async fn rows(&self, sql: impl Into<Sql>, vals: Vec<Val>) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite { reader, .. } => {
                let query = sqlx::query_with(sql.into().text(), sqlite_arguments(vals)?);
                let rows = query.fetch_all(reader).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(pool) => {
                let query = sqlx::query_with(sql.into().text(), postgres_arguments(vals)?);
                let rows = query.fetch_all(pool).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Hands over the rows of a reading statement one by one while it goes on: many are never held.
    pub(super) async fn each(
        &self,
        sql: impl Into<Sql>,
        vals: Vec<Val>,
        mut take: impl FnMut(&Row) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { reader, .. } => {
                let query = sqlx::query_with(sql.into().text(), sqlite_arguments(vals)?);
                let mut rows = query.fetch(reader);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Sqlite(row))?;
                }
            }
            Self::Postgres(pool) => {
                let query = sqlx::query_with(sql.into().text(), postgres_arguments(vals)?);
                let mut rows = query.fetch(pool);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Postgres(row))?;
                }
            }
        }
        Ok(())
    }

    /// The first row of a reading statement.
    pub(super) async fn row(&self, sql: impl Into<Sql>, vals: Vec<Val>) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, vals).await?.into_iter().next())
    }

    /// The number in the first column of the first row; 0 without rows.
    pub(super) async fn count(&self, sql: impl Into<Sql>, vals: Vec<Val>) -> Result<u64, StoreError> {
        let row = self.row(sql, vals).await?;
        let count = row.map(|row| row.int(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

/// `($1,$2),($3,$4)` for a statement that inserts several rows, numbered from `first`.
pub(super) fn placeholders(rows: usize, columns: usize, first: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 5);
    let mut number = first;
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                text.push(',');
            }
            text.push('$');
            text.push_str(&number.to_string());
            number += 1;
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{placeholders, text_of};
    use chrono::{DateTime, SecondsFormat};

    #[test]
    fn instants_are_written_as_the_standard_says_at_every_border() {
        for (seconds, nanos) in [
            (0, 0),
            (-1, 999_999_999),
            (1_794_000_059, 1_500_000_000),
            (-62_167_219_200, 0),
            (-62_167_219_201, 7),
            (253_402_300_799, 999_999_999),
            (253_402_300_800, 0),
            (951_782_400, 1_000_000),
        ] {
            let at = DateTime::from_timestamp(seconds, nanos).expect("instant");
            assert_eq!(text_of(at), at.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
    }

    #[test]
    fn placeholders_go_on_counting_over_rows() {
        assert_eq!(placeholders(2, 3, 1), "($1,$2,$3),($4,$5,$6)");
        assert_eq!(placeholders(1, 2, 5), "($5,$6)");
    }
}
