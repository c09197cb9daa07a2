//! PostgreSQL servers as sources, directly or behind PgBouncer in transaction mode.
//!
//! Owns a session's state: everything it needs is said in the transaction that needs it, so a pooler may give each one
//! another connection, and a function in the query cannot take it back. Texts compare by their codes (`COLLATE "C"`):
//! under a collation of the database two keys may be equal, and one of them would be skipped.

use super::drift::ColumnSeen;
use super::session::{Class, Failure, Rows, Session, failure, patience_of, read_rows, seen};
use super::statement::{Dialect, Statement};
use super::{CursorType, ServerOptions};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, Row as _};
use std::str::FromStr as _;
use std::time::Duration;

/// Tables the account could change, or that it may do everything.
const RIGHTS: &str = "SELECT 'superuser' FROM pg_roles WHERE rolname = current_user AND rolsuper UNION ALL \
    (SELECT CAST(CAST(c.oid AS regclass) AS TEXT) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' \
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') \
    ORDER BY 1 LIMIT 5)";

/// A connected server.
pub(super) struct Postgres {
    pool: PgPool,
    begin: String,
    patience: Duration,
}

/// Host and port of a server; none of one that is reached by a socket, and of a URL that connecting will refuse.
pub(super) fn place(server: &ServerOptions) -> Option<(String, u16)> {
    let options = PgConnectOptions::from_str(server.url.expose_secret()).ok()?;
    options.get_socket().is_none().then(|| (options.get_host().to_owned(), options.get_port()))
}

/// Connects to a server.
pub(super) async fn open(server: &ServerOptions) -> Result<Box<dyn Session>, Failure> {
    let connected = async {
        // A pooler refuses a start with settings it does not know.
        let options = PgConnectOptions::from_str(server.url.expose_secret())?
            .statement_cache_capacity(0)
            .extra_float_digits(None);
        let options = match &server.ca_file {
            Some(file) => options.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(file),
            None => options,
        };
        PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await
    };
    // Read-only, times as text whatever the server's settings, floats with all their digits.
    let begin = format!(
        "BEGIN TRANSACTION READ ONLY; SET LOCAL TimeZone = 'Asia/Ho_Chi_Minh'; SET LOCAL DateStyle = 'ISO'; \
         SET LOCAL extra_float_digits = 3; SET LOCAL statement_timeout = {}",
        u64::from(server.timeout_s) * 1_000
    );
    connected
        .await
        .map(|pool| Box::new(Postgres { pool, begin, patience: patience_of(server.timeout_s) }) as _)
        .map_err(|error| failure(&error, class))
}

/// PostgreSQL's classes: undefined column, table and operator; wrong credentials; what only a writer may do.
fn class(state: &str, _: &str) -> Class {
    match state {
        "42703" | "42P01" | "42883" => Class::Drift,
        "42501" | "25006" => Class::Refused,
        // Cancelled, no lock, ended by an administrator or a crash, deadlock, serialisation.
        "57014" | "55P03" | "57P01" | "57P02" | "40P01" | "40001" => Class::Stopped,
        other if other.starts_with("28") => Class::Refused,
        _ => Class::Other,
    }
}

impl Dialect for Postgres {
    fn exact(&self, text: &str) -> String {
        format!("{text} COLLATE \"C\"")
    }

    fn mark_parameter(&self, number: usize, kind: CursorType) -> String {
        match kind {
            CursorType::Text => format!("${number} COLLATE \"C\""),
            CursorType::Integer => format!("CAST(${number} AS BIGINT)"),
            CursorType::Timestamp => format!("CAST(${number} AS TIMESTAMPTZ)"),
        }
    }

    fn instant(&self, at: DateTime<Utc>, kind: CursorType) -> String {
        let at = at.with_timezone(&crate::domain::local_offset());
        match kind {
            CursorType::Timestamp => at.to_rfc3339(),
            CursorType::Text | CursorType::Integer => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

#[async_trait]
impl Session for Postgres {
    fn dialect(&self) -> &dyn Dialect {
        self
    }

    fn failed(&self, error: &sqlx::Error) -> Failure {
        failure(error, class)
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.patience)
    }

    async fn read(&self, statement: Statement) -> Result<Rows, sqlx::Error> {
        read_rows!(self.pool, AssertSqlSafe(self.begin.clone()), statement)
    }

    /// One row without values: a statement prepared by name would stay on a pooler's connection, for others to trip over.
    async fn described(&self, select: &str) -> Result<Vec<ColumnSeen>, sqlx::Error> {
        let mut tx = self.pool.begin_with(AssertSqlSafe(self.begin.clone())).await?;
        let sql = format!("SELECT t.* FROM (SELECT 1) one LEFT JOIN ({select}) t ON false");
        let row = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_one(&mut *tx).await?;
        tx.rollback().await?;
        Ok(row.columns().iter().map(seen).collect())
    }

    async fn rights_to_write(&self) -> Result<Vec<String>, Failure> {
        let asked = Statement { sql: RIGHTS.to_owned(), values: Vec::new(), width: 1 };
        Ok(self.rows(asked).await?.rows.into_iter().flatten().flatten().collect())
    }
}
