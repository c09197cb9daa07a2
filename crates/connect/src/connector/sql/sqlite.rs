//! SQLite files as sources.
//!
//! Owns opening one so that nothing can be written, and making one from samples for the conformance test. A file that
//! is not there is a failure, never an empty database.

use super::CursorType;
use super::drift::ColumnSeen;
use super::session::{Class, Failure, Rows, Session, failure, prepared_columns, read_rows};
use super::statement::{Dialect, Statement};
use crate::error::{Finding, Place, Text};
use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An open file.
pub(super) struct Sqlite {
    pool: SqlitePool,
    path: PathBuf,
}

/// Opens a file.
pub(super) async fn open(path: &Path, timeout_s: u32) -> Result<Box<dyn Session>, Failure> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(Duration::from_secs(timeout_s.into()))
        .pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options)
        .await;
    pool.map(|pool| Box::new(Sqlite { pool, path: path.to_owned() }) as _)
        .map_err(|error| failure(&error, class))
}

fn class(_: &str, message: &str) -> Class {
    match message {
        gone if gone.contains("no such column") || gone.contains("no such table") => Class::Drift,
        "database is locked" | "database table is locked" => Class::Stopped,
        _ => Class::Other,
    }
}

impl Dialect for Sqlite {
    fn mark_parameter(&self, number: usize, kind: CursorType) -> String {
        match kind {
            CursorType::Integer => format!("CAST(${number} AS BIGINT)"),
            CursorType::Text | CursorType::Timestamp => format!("${number}"),
        }
    }

    /// The column itself: its index serves the walk.
    fn mark(&self, column: &str, _: CursorType) -> String {
        format!("t.{column}")
    }
}

#[async_trait]
impl Session for Sqlite {
    fn dialect(&self) -> &dyn Dialect {
        self
    }

    fn failed(&self, error: &sqlx::Error) -> Failure {
        failure(error, class)
    }

    /// A file says nothing by itself: the wait for its locks is bounded, and nobody else has to answer.
    fn patience(&self) -> Option<Duration> {
        None
    }

    async fn read(&self, statement: Statement) -> Result<Rows, sqlx::Error> {
        read_rows!(self.pool, "BEGIN", statement)
    }

    async fn described(&self, select: &str) -> Result<Vec<ColumnSeen>, sqlx::Error> {
        prepared_columns!(self.pool, select)
    }

    async fn rights_to_write(&self) -> Result<Vec<String>, Failure> {
        // Opened, never written: the only proof that holds for every owner, group and mount.
        let writable = tokio::fs::OpenOptions::new().write(true).open(&self.path).await.is_ok();
        Ok(writable.then(|| self.path.display().to_string()).into_iter().collect())
    }
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
