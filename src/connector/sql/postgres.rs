//! PostgreSQL servers as sources, directly or behind PgBouncer in transaction mode.
//!
//! Owns a session's state: everything it needs is said in the transaction that needs it, so a pooler may give each one
//! another connection, and a function in the query cannot take it back. Texts compare by their codes (`COLLATE "C"`):
//! under a collation of the database two keys may be equal, and one of them would be skipped.

use super::CursorType;
use super::session::{Class, Failure, Rows, Session, failure, read_rows};
use super::statement::{Dialect, Statement};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::str::FromStr as _;
use std::time::Duration;

/// How each transaction begins: read-only, times as text whatever the server's settings, floats with all their digits.
const BEGIN: &str = "BEGIN TRANSACTION READ ONLY; SET LOCAL TimeZone = 'Asia/Ho_Chi_Minh'; \
    SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 3; SET LOCAL statement_timeout = 120000";

/// A connected server.
pub(super) struct Postgres(PgPool);

/// Connects to a server.
pub(super) async fn open(url: &SecretString) -> Result<Box<dyn Session>, Failure> {
    let connected = async {
        // A pooler refuses a start with settings it does not know.
        let options = PgConnectOptions::from_str(url.expose_secret())?
            .statement_cache_capacity(0)
            .extra_float_digits(None);
        PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await
    };
    connected.await.map(|pool| Box::new(Postgres(pool)) as _).map_err(|error| failure(&error, class))
}

/// PostgreSQL's classes: undefined column, table and operator; wrong credentials; what only a writer may do.
fn class(state: &str, _: &str) -> Class {
    match state {
        "42703" | "42P01" | "42883" => Class::Drift,
        "42501" | "25006" => Class::Refused,
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

impl Postgres {
    async fn read(&self, statement: Statement) -> Result<Rows, sqlx::Error> {
        read_rows!(self.0, BEGIN, statement)
    }
}

#[async_trait]
impl Session for Postgres {
    fn dialect(&self) -> &dyn Dialect {
        self
    }

    async fn rows(&self, statement: Statement) -> Result<Rows, Failure> {
        self.read(statement).await.map_err(|error| failure(&error, class))
    }
}
