//! MySQL and MariaDB servers as sources.
//!
//! Owns a session's state: read-only, +07:00, an empty `sql_mode`, so that a manifest means the same on every server
//! and `0000-00-00` is a text like any other. Texts compare by their bytes: under a collation of the database two keys
//! may be equal (`a`, `A`, `á`), and one of them would be skipped.

use super::drift::ColumnSeen;
use super::session::{Class, Failure, Rows, Session, failure, patience_of, prepared_columns, read_rows};
use super::statement::{Dialect, Statement};
use super::{CursorType, ServerOptions};
use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPool, MySqlPoolOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, Executor as _};
use std::str::FromStr as _;
use std::time::Duration;

/// What an account may hold without being able to change anything.
const HARMLESS: [&str; 9] = [
    "USAGE",
    "SELECT",
    "SHOW VIEW",
    "SHOW DATABASES",
    "PROCESS",
    "EXECUTE",
    "BINLOG MONITOR",
    "REPLICATION CLIENT",
    "SLAVE MONITOR",
];

/// A connected server.
pub(super) struct MySql {
    pool: MySqlPool,
    patience: Duration,
}

/// Host and port of a server; none of one that is reached by a socket, and of a URL that connecting will refuse.
pub(super) fn place(server: &ServerOptions) -> Option<(String, u16)> {
    let options = MySqlConnectOptions::from_str(server.url.expose_secret()).ok()?;
    options.get_socket().is_none().then(|| (options.get_host().to_owned(), options.get_port()))
}

/// Connects to a server.
pub(super) async fn open(server: &ServerOptions) -> Result<Box<dyn Session>, Failure> {
    let seconds = server.timeout_s;
    // MySQL and MariaDB call the limit of a statement differently; each takes the other's for a comment.
    let session = format!(
        "SET SESSION sql_mode = '', SESSION lock_wait_timeout = {seconds} \
         /*M!100101 , SESSION max_statement_time = {seconds} */ \
         /*!50708 , SESSION max_execution_time = {} */",
        u64::from(seconds) * 1_000
    );
    let connected = async {
        let options = MySqlConnectOptions::from_str(server.url.expose_secret())?
            .statement_cache_capacity(0)
            .charset("utf8mb4")
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            // TIMESTAMP columns leave in this zone; DATETIME columns as they are.
            .timezone("+07:00".to_owned());
        let options = match &server.ca_file {
            Some(file) => options.ssl_mode(MySqlSslMode::VerifyIdentity).ssl_ca(file),
            None => options,
        };
        MySqlPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .after_connect(move |connection, _| {
                let session = session.clone();
                Box::pin(async move {
                    connection.execute(AssertSqlSafe(session)).await?;
                    connection.execute("SET SESSION TRANSACTION READ ONLY").await?;
                    Ok(())
                })
            })
            .connect_with(options)
            .await
    };
    connected
        .await
        .map(|pool| Box::new(MySql { pool, patience: patience_of(seconds) }) as _)
        .map_err(|error| failed(&error))
}

fn failed(error: &sqlx::Error) -> Failure {
    let number = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>())
        .map_or(0, MySqlDatabaseError::number);
    failure(error, |_, _| class(number))
}

/// The server's error numbers; its SQL states are too coarse.
fn class(number: u16) -> Class {
    match number {
        // No such column, table; a view whose own columns are gone.
        1054 | 1146 | 1356 => Class::Drift,
        // Wrong credentials, no right, locked account, and what only a writer may do.
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 | 1698 | 1792 | 1820 | 3118 | 4151 => Class::Refused,
        // Shut down, waited for a lock, deadlock, killed query or connection, too long (MariaDB, MySQL).
        1053 | 1205 | 1213 | 1317 | 1927 | 1969 | 3024 => Class::Stopped,
        _ => Class::Other,
    }
}

/// Rights of one line of `SHOW GRANTS` by which something could be changed.
fn beyond_reading(grant: &str) -> Vec<String> {
    // A role is granted without ON; its own rights follow in lines of their own.
    let Some((rights, on)) = grant.strip_prefix("GRANT ").and_then(|rest| rest.split_once(" ON ")) else {
        return Vec::new();
    };
    let object = on.split(" TO ").next().unwrap_or_default();
    let (mut depth, mut plain) = (0_u32, String::new());
    for c in rights.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let rights = plain.split(',').map(str::trim).filter(|right| !HARMLESS.contains(right));
    rights.map(|right| format!("{right} ON {object}")).collect()
}

impl Dialect for MySql {
    fn text(&self, column: &str) -> String {
        format!("CAST(t.{column} AS CHAR CHARACTER SET utf8mb4)")
    }

    fn longer(&self, text: &str, characters: usize) -> String {
        format!("CHAR_LENGTH({text}) > {characters}")
    }

    /// Bytes, since even `utf8mb4_bin` takes `a` and `a ` for equal.
    fn exact(&self, text: &str) -> String {
        format!("CAST({text} AS BINARY)")
    }

    fn parameter(&self, _: usize) -> String {
        "?".to_owned()
    }

    fn mark_parameter(&self, _: usize, kind: CursorType) -> String {
        match kind {
            CursorType::Text => "CAST(? AS BINARY)",
            CursorType::Integer => "CAST(? AS SIGNED)",
            CursorType::Timestamp => "CAST(? AS DATETIME(6))",
        }
        .to_owned()
    }

    fn count(&self) -> &'static str {
        "CAST(count(*) AS CHAR)"
    }
}

#[async_trait]
impl Session for MySql {
    fn dialect(&self) -> &dyn Dialect {
        self
    }

    fn failed(&self, error: &sqlx::Error) -> Failure {
        failed(error)
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.patience)
    }

    async fn read(&self, statement: Statement) -> Result<Rows, sqlx::Error> {
        read_rows!(self.pool, "START TRANSACTION READ ONLY", statement)
    }

    async fn described(&self, select: &str) -> Result<Vec<ColumnSeen>, sqlx::Error> {
        prepared_columns!(self.pool, select)
    }

    async fn rights_to_write(&self) -> Result<Vec<String>, Failure> {
        let grants = Statement { sql: "SHOW GRANTS".to_owned(), values: Vec::new(), width: 1 };
        let rows = self.rows(grants).await?.rows;
        Ok(rows.iter().flatten().flatten().flat_map(|grant| beyond_reading(grant)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rights_by_which_something_changes_are_told() {
        for harmless in [
            "GRANT USAGE ON *.* TO `doc`@`%` IDENTIFIED BY PASSWORD '*00'",
            "GRANT SELECT, SHOW VIEW ON `unit`.* TO `doc`@`%`",
            "GRANT SELECT (`a`, `update`) ON `unit`.`v` TO `doc`@`%`",
            "GRANT `reader` TO `doc`@`%`",
        ] {
            assert_eq!(beyond_reading(harmless), Vec::<String>::new(), "{harmless}");
        }
        assert_eq!(
            beyond_reading("GRANT SELECT, UPDATE (`a`, `b`), FILE ON `unit`.`v` TO `doc`@`%`"),
            ["UPDATE ON `unit`.`v`", "FILE ON `unit`.`v`"]
        );
        assert_eq!(
            beyond_reading("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`"),
            ["ALL PRIVILEGES ON *.*"]
        );
    }
}
