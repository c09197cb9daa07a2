//! Views of every kind of server as sources: the same faults, fired at each, must end the same way.

use crate::connector_sql::{
    TABLE, VIEW, connect, for_postgres, keys, manifest, postgres, pull, rows, sqlite, walks,
};
use crate::support::mariadb::MariaDb;
use crate::support::memory::resident_kib;
use crate::support::pgbouncer::PgBouncer;
use crate::support::postgres::Cluster;
use chrono::Utc;
use lienthong::connector::{Connector, Cursor, OpenSource, PullMode, PullRequest, Step, open};
use lienthong::domain::SourceId;
use lienthong::error::{Disposition, Severity};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, MySqlPool, PgPool, SqlitePool};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// A database with forty tasks, and how a manifest reaches it.
enum Unit {
    Sqlite(tempfile::TempDir, SqlitePool),
    Postgres(Cluster, PgPool),
    MariaDb(MariaDb, MySqlPool),
}

const KINDS: [&str; 3] = ["sqlite", "postgres", "mariadb"];

impl Unit {
    async fn start(kind: &str) -> Self {
        match kind {
            "sqlite" => {
                let folder = tempfile::tempdir().expect("folder");
                let (_, pool) = sqlite(folder.path()).await;
                Self::Sqlite(folder, pool)
            }
            "postgres" => {
                let cluster = Cluster::start();
                let pool = postgres(&cluster.url()).await;
                Self::Postgres(cluster, pool)
            }
            _ => {
                let server = MariaDb::start();
                let pool = mariadb(&server).await;
                Self::MariaDb(server, pool)
            }
        }
    }

    /// Runs a statement; times stand in it with `+07`.
    async fn run(&self, sql: &str) {
        let plain = AssertSqlSafe(sql.replace("+07", ""));
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(_, pool) => {
                sqlx::raw_sql(plain).execute(pool).await.expect("statement");
            }
            Self::Postgres(_, pool) => {
                sqlx::raw_sql(sql).execute(pool).await.expect("statement");
            }
            Self::MariaDb(_, pool) => {
                sqlx::raw_sql(plain).execute(pool).await.expect("statement");
            }
        }
    }

    fn connector(&self, replace: &[(&str, &str)]) -> Arc<dyn Connector> {
        match self {
            Self::Sqlite(folder, _) => {
                connect(&manifest(replace), Some(&folder.path().join("unit.db")), None)
            }
            Self::Postgres(cluster, _) => {
                connect(&manifest(&[&for_postgres(), replace].concat()), None, Some(&cluster.url()))
            }
            Self::MariaDb(server, _) => {
                connect(&manifest(&[&for_mariadb(), replace].concat()), None, Some(&server.url("root")))
            }
        }
    }

    /// One of the three, by the database.
    fn one_of<'a>(&self, sqlite: &'a str, postgres: &'a str, mariadb: &'a str) -> &'a str {
        match self {
            Self::Sqlite(..) => sqlite,
            Self::Postgres(..) => postgres,
            Self::MariaDb(..) => mariadb,
        }
    }
}

async fn mariadb(server: &MariaDb) -> MySqlPool {
    let pool = MySqlPool::connect(&server.url("root")).await.expect("database");
    let table = TABLE.replace("updated_at TEXT", "updated_at DATETIME") + " CHARACTER SET utf8mb4";
    for statement in [table, VIEW.to_owned()].into_iter().chain(rows()) {
        sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.expect("statement");
    }
    pool
}

fn for_mariadb() -> Vec<(&'static str, &'static str)> {
    vec![
        ("database = \"sqlite\"", "database = \"mysql\""),
        ("cursor_type = \"text\"", "cursor_type = \"timestamp\""),
        ("[settings.database]", "[settings.url]"),
        ("example = \"nhiem-vu.db\"", "secret = true"),
    ]
}

/// Pulls everything; the last page's cursor, and every record once.
async fn full(connector: &dyn Connector, expected: usize) -> Cursor {
    let (pages, end) = pull(connector, PullMode::Full, None).await.expect("pull");
    let mut all = keys(&pages);
    all.sort_unstable();
    let read = all.len();
    all.dedup();
    assert_eq!((all.len(), read, end.complete), (expected, expected, true), "each row once");
    pages.last().and_then(|page| page.cursor.clone()).expect("a cursor")
}

#[tokio::test]
async fn mariadb_view_is_walked_completely_and_in_order() {
    let unit = Unit::start("mariadb").await;
    walks(unit.connector(&[]).as_ref(), async |sql: &str| unit.run(sql).await).await;
}

/// E11: 500 rows of one change value over many page borders; a late commit with an older time.
#[tokio::test]
async fn rows_of_one_change_value_and_a_late_commit_are_not_lost_on_any_database() {
    for kind in KINDS {
        let unit = Unit::start(kind).await;
        unit.run("DELETE FROM nhiem_vu").await;
        let row = |id: u32, at: &str| {
            format!(
                "({id}, 'Việc', 'GL-1', 'SNV', '2026-09-01', '2026-09-20', 'DOING', NULL, '{at}', NULL, NULL)"
            )
        };
        let many: Vec<String> = (1..=500).map(|id| row(id, "2026-09-10 08:00:00+07")).collect();
        unit.run(&format!("INSERT INTO nhiem_vu VALUES {}", many.join(", "))).await;
        let connector = unit.connector(&[("page_size = 10", "page_size = 30")]);
        let cursor = full(connector.as_ref(), 500).await;
        unit.run(&format!("INSERT INTO nhiem_vu VALUES {}", row(501, "2026-09-10 07:59:30+07"))).await;
        unit.run(&format!("INSERT INTO nhiem_vu VALUES {}", row(502, "2026-09-10 08:00:00+07"))).await;
        let (pages, _) = pull(connector.as_ref(), PullMode::Incremental, Some(cursor)).await.expect("pull");
        let again = keys(&pages);
        assert_eq!(again.len(), 502, "{kind}: the second of the tie again, and both new rows");
        assert!(again.contains(&"501".to_owned()) && again.contains(&"502".to_owned()), "{kind}");
    }
}

/// E15: a lost column is told by its name before anything is read; a new one and another type are told and read on.
#[tokio::test]
async fn columns_that_go_come_or_change_are_told_by_name_on_any_database() {
    for kind in KINDS {
        let unit = Unit::start(kind).await;
        let connector = unit.connector(&[]);
        let (_, end) = pull(connector.as_ref(), PullMode::Full, None).await.expect("pull");
        assert_eq!(end.findings, [], "{kind}: nothing before it to compare with");
        let column =
            unit.one_of("CAST(1 AS TEXT)", "CAST(title AS VARCHAR(99))", "CAST(unit_code AS SIGNED)");
        let name = unit.one_of("title", "title", "unit_code");
        let others = "task_id, title, officer_code, unit_code, assigned_on, due_on, status, finished_at, updated_at, doc_type, category";
        let others = others.replace(name, &format!("{column} AS {name}"));
        unit.run("DROP VIEW v_nhiem_vu").await;
        unit.run(&format!("CREATE VIEW v_nhiem_vu AS SELECT {others}, 'x' AS moi FROM nhiem_vu")).await;
        let (pages, end) = pull(connector.as_ref(), PullMode::Full, None).await.expect("pull");
        assert_eq!(keys(&pages).len(), 40, "{kind}");
        let told: Vec<_> =
            end.findings.iter().map(|told| (told.code.as_str(), told.what.en.clone())).collect();
        assert!(
            told.iter().any(|(code, what)| *code == "LT-SQL-012" && what.contains("moi")),
            "{kind}: {told:?}"
        );
        assert!(
            told.iter().any(|(code, what)| *code == "LT-SQL-013" && what.contains(name)),
            "{kind}: {told:?}"
        );
        let (_, end) = pull(connector.as_ref(), PullMode::Full, None).await.expect("pull");
        assert_eq!(end.findings, [], "{kind}: told once");
        let told = connector.check().await;
        assert!(told.iter().any(|finding| finding.code == "LT-SQL-012"), "{kind}: {told:?}");

        unit.run("DROP VIEW v_nhiem_vu").await;
        unit.run("CREATE VIEW v_nhiem_vu AS SELECT task_id, title, officer_code, unit_code, assigned_on, due_on, finished_at, updated_at, doc_type FROM nhiem_vu").await;
        let error = pull(connector.as_ref(), PullMode::Full, None).await.expect_err("drift");
        assert_eq!(
            (error.finding.code.as_str(), error.disposition),
            ("LT-SQL-003", Disposition::NeedsOperator)
        );
        assert!(error.finding.what.en.ends_with("no column category, status"), "{kind}: {error}");
        assert_eq!(connector.check().await[0].code, "LT-SQL-003");
    }
}

/// E15: a locked table, and a query that takes too long, end after the limit as something to try again.
#[tokio::test]
async fn locked_table_ends_the_pull_after_the_limit_on_any_database() {
    for kind in KINDS {
        let unit = Unit::start(kind).await;
        let connector = unit.connector(&[("overlap = 60", "overlap = 60\ntimeout_s = 1")]);
        full(connector.as_ref(), 40).await;
        let refused = async || {
            let error = pull(connector.as_ref(), PullMode::Full, None).await.expect_err("locked");
            assert_eq!(
                (error.finding.code.as_str(), error.disposition),
                ("LT-SQL-010", Disposition::RetryLater),
                "{kind}: {error}"
            );
        };
        match &unit {
            Unit::Sqlite(_, pool) => {
                let mut held = pool.acquire().await.expect("connection");
                sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut *held).await.expect("lock");
                refused().await;
                sqlx::raw_sql("ROLLBACK").execute(&mut *held).await.expect("unlock");
            }
            Unit::Postgres(_, pool) => {
                let mut held = pool.begin().await.expect("transaction");
                let lock = "LOCK TABLE nhiem_vu IN ACCESS EXCLUSIVE MODE";
                sqlx::raw_sql(lock).execute(&mut *held).await.expect("lock");
                refused().await;
                held.rollback().await.expect("unlock");
            }
            Unit::MariaDb(_, pool) => {
                let mut held = pool.acquire().await.expect("connection");
                sqlx::raw_sql("LOCK TABLES nhiem_vu WRITE").execute(&mut *held).await.expect("lock");
                refused().await;
                sqlx::raw_sql("UNLOCK TABLES").execute(&mut *held).await.expect("unlock");
            }
        }
        full(connector.as_ref(), 40).await;
    }
}

/// E15: a server that falls silent in the middle of a pull, its connection open: nobody but us ends the waiting.
#[tokio::test]
async fn server_that_falls_silent_in_mid_pull_ends_it_and_is_no_empty_system() {
    let unit = Unit::start("mariadb").await;
    let connector = unit.connector(&[("overlap = 60", "overlap = 60\ntimeout_s = 1")]);
    let request = PullRequest { mode: PullMode::Incremental, cursor: None, now: Utc::now() };
    let mut running = connector.pull(request).await.expect("a pull");
    assert!(matches!(running.next_page().await, Ok(Step::Page(_))));
    let Unit::MariaDb(server, _) = &unit else { panic!("a server") };
    server.freeze();
    // The rest of what was asked for before may still come.
    let error = loop {
        match running.next_page().await {
            Ok(Step::Page(_)) => {}
            Ok(Step::End(end)) => panic!("{end:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(
        (error.finding.code.as_str(), error.disposition),
        ("LT-SQL-010", Disposition::RetryLater),
        "{error}"
    );
    let again = running.next_page().await.err().map(|error| error.finding.code);
    assert_eq!(again.as_deref(), Some("LT-SQL-010"), "the connection is of no use any more");
}

/// E15: very many rows stream through: what is held is a page, however many there are.
#[tokio::test]
async fn very_many_rows_stream_through_in_the_memory_of_a_page_on_any_database() {
    const ROWS: usize = 300_000;
    for kind in KINDS {
        let unit = Unit::start(kind).await;
        unit.run("DELETE FROM nhiem_vu").await;
        // The database makes them itself, each with a change value of its own.
        let row = "'Việc', 'GL-1', 'SNV', '2026-09-01', '2026-09-20', 'DOING', NULL";
        let made = unit.one_of(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) \
             SELECT i, {row}, datetime('2026-01-01', '+' || i || ' seconds'), NULL, NULL FROM n",
            "SELECT i, {row}, TIMESTAMPTZ '2026-01-01 00:00:00Z' + i * INTERVAL '1 second', NULL, NULL \
             FROM generate_series(1, {ROWS}) AS i",
            "SELECT seq, {row}, TIMESTAMPADD(SECOND, seq, '2026-01-01'), NULL, NULL FROM seq_1_to_{ROWS}",
        );
        let made = made.replace("{row}", row).replace("{ROWS}", &ROWS.to_string());
        unit.run(&format!("INSERT INTO nhiem_vu {made}")).await;
        unit.run("CREATE INDEX theo_moc ON nhiem_vu (updated_at, task_id)").await;
        let connector = unit.connector(&[("page_size = 10", "page_size = 5000")]);
        let request = PullRequest { mode: PullMode::Full, cursor: None, now: Utc::now() };
        let mut running = connector.pull(request).await.expect("a pull");
        let (mut read, mut before, mut most) = (0, None, 0);
        let end = loop {
            match running.next_page().await.unwrap_or_else(|error| panic!("{kind}: {error}")) {
                Step::Page(page) => read += page.records.len(),
                Step::End(end) => break end,
            }
            // Once pages are as large as they become, nothing more is needed.
            if read >= ROWS / 10 {
                before.get_or_insert_with(resident_kib);
                most = most.max(resident_kib());
            }
        };
        assert_eq!((read, end.complete, end.source_total), (ROWS, true, Some(ROWS as u64)), "{kind}");
        let grown = most.saturating_sub(before.expect("measured"));
        assert!(grown < 32 * 1024, "{kind}: {grown} KiB more for {ROWS} rows");
    }
}

/// E15: the server ends the running query; the pull is an error, and the next one goes on.
#[tokio::test]
async fn query_the_server_ends_is_tried_again_and_never_an_empty_system() {
    for kind in ["postgres", "mariadb"] {
        let unit = Unit::start(kind).await;
        let slow = unit.one_of(
            "",
            "\"SELECT * FROM v_nhiem_vu WHERE pg_sleep(0.5) IS NOT NULL\"",
            "\"SELECT * FROM v_nhiem_vu WHERE SLEEP(0.5) = 0\"",
        );
        let select = ("\"SELECT * FROM v_nhiem_vu\"", slow);
        let connector = unit.connector(&[select]);
        let kills = async {
            loop {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                match &unit {
                    Unit::Postgres(_, pool) => {
                        let ended: Vec<bool> = sqlx::query_scalar(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.5)%LIMIT%' \
                             AND pid <> pg_backend_pid() AND state = 'active'",
                        )
                        .fetch_all(pool)
                        .await
                        .expect("asked");
                        if !ended.is_empty() {
                            break;
                        }
                    }
                    Unit::MariaDb(_, pool) => {
                        let running: Vec<i64> = sqlx::query_scalar(
                            "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(0.5)%LIMIT%' AND ID <> CONNECTION_ID()",
                        )
                        .fetch_all(pool)
                        .await
                        .expect("asked");
                        for id in &running {
                            let kill = AssertSqlSafe(format!("KILL QUERY {id}"));
                            // It may have ended by itself.
                            let _ = sqlx::raw_sql(kill).execute(pool).await;
                        }
                        if !running.is_empty() {
                            break;
                        }
                    }
                    Unit::Sqlite(..) => unreachable!("no server"),
                }
            }
        };
        let (pulled, ()) = tokio::join!(pull(connector.as_ref(), PullMode::Full, None), kills);
        let error = pulled.expect_err("ended");
        assert_eq!(
            (error.finding.code.as_str(), error.disposition),
            ("LT-SQL-010", Disposition::RetryLater),
            "{kind}: {error}"
        );
        let limited = unit.connector(&[select, ("overlap = 60", "overlap = 60\ntimeout_s = 1")]);
        let error = pull(limited.as_ref(), PullMode::Full, None).await.expect_err("too long");
        assert_eq!(error.finding.code, "LT-SQL-010", "{kind}: {error}");
        full(unit.connector(&[]).as_ref(), 40).await;
    }
}

/// Change values and keys that a collation of the database takes for equal, or sorts otherwise, are all read.
#[tokio::test]
async fn texts_a_collation_takes_for_equal_are_read_each_once() {
    for kind in KINDS {
        let unit = Unit::start(kind).await;
        let collated = unit.one_of(
            "TEXT COLLATE NOCASE",
            "TEXT COLLATE lt_ai",
            "VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        );
        if kind == "postgres" {
            unit.run(
                "CREATE COLLATION lt_ai (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
            )
            .await;
        }
        unit.run("DROP VIEW v_nhiem_vu").await;
        unit.run("DROP TABLE nhiem_vu").await;
        let table = TABLE
            .replace("task_id INTEGER", &format!("task_id {collated}"))
            .replace("updated_at TEXT", &format!("updated_at {collated}"));
        unit.run(&table).await;
        unit.run(VIEW).await;
        let marks = ["rev-b", "rev-B", "rev-đ", "rev-d", "rev-D", "rev-á", "rev-a", "REV-A", "rev-a "];
        for mark in marks {
            for key in ["k", "K", "ḱ", "k "] {
                unit.run(&format!("INSERT INTO nhiem_vu (task_id, title, status, updated_at) VALUES ('{mark}{key}', 'V', 'DOING', '{mark}')"))
                    .await;
            }
        }
        let kind_of_mark = match kind {
            "sqlite" => vec![],
            _ => vec![("cursor_type = \"timestamp\"", "cursor_type = \"text\"")],
        };
        for size in ["page_size = 1", "page_size = 3"] {
            let connector = unit.connector(&[kind_of_mark.clone(), vec![("page_size = 10", size)]].concat());
            let cursor = full(connector.as_ref(), marks.len() * 4).await;
            let (pages, _) =
                pull(connector.as_ref(), PullMode::Incremental, Some(cursor)).await.expect("pull");
            assert!(!keys(&pages).is_empty() && keys(&pages).len() <= 4 * marks.len(), "{kind}");
        }
    }
}

/// An account that could write is told; one that may only read the view is not.
#[tokio::test]
async fn account_that_could_write_is_told_when_it_is_checked() {
    let unit = Unit::start("mariadb").await;
    unit.run("CREATE USER doc@localhost IDENTIFIED BY 'mat-khau-dung'; GRANT SELECT ON unit.v_nhiem_vu TO doc@localhost")
        .await;
    let told = unit.connector(&[]).check().await;
    let warned = told.iter().find(|finding| finding.code == "LT-SQL-011").expect("told");
    assert!(warned.severity == Severity::Warning && warned.what.en.contains("ALL PRIVILEGES"), "{warned}");
    let Unit::MariaDb(server, _) = &unit else { unreachable!("a server") };
    let reader = |account: &str| connect(&manifest(&for_mariadb()), None, Some(&server.url(account)));
    let good = reader("doc:mat-khau-dung");
    assert_eq!(good.check().await, []);
    full(good.as_ref(), 40).await;
    for wrong in ["doc:sai", "nobody:x"] {
        let error = pull(reader(wrong).as_ref(), PullMode::Full, None).await.expect_err("refused");
        assert_eq!(
            (error.finding.code.as_str(), error.disposition),
            ("LT-SQL-005", Disposition::NeedsOperator)
        );
        assert!(!error.to_string().contains("sai"), "{error}");
    }
    let table = [("SELECT * FROM v_nhiem_vu", "SELECT * FROM nhiem_vu")];
    let table = connect(
        &manifest(&[&for_mariadb(), &table[..]].concat()),
        None,
        Some(&server.url("doc:mat-khau-dung")),
    );
    assert_eq!(table.check().await[0].code, "LT-SQL-005", "a table it may not read");

    let unit = Unit::start("postgres").await;
    unit.run("CREATE ROLE reader LOGIN; GRANT SELECT ON v_nhiem_vu TO reader; CREATE ROLE clerk LOGIN; GRANT SELECT, INSERT ON v_nhiem_vu TO clerk")
        .await;
    let Unit::Postgres(cluster, _) = &unit else { unreachable!("a server") };
    let told = async |role: &str| {
        let url = cluster.url().replace("lienthong@", &format!("{role}@"));
        connect(&manifest(&for_postgres()), None, Some(&url)).check().await
    };
    assert_eq!(told("reader").await, []);
    assert!(told("clerk").await[0].what.en.ends_with(": v_nhiem_vu"));
    assert!(told("lienthong").await[0].what.en.contains("superuser"));
}

#[tokio::test]
async fn function_that_writes_is_refused_by_the_session_of_mariadb() {
    let unit = Unit::start("mariadb").await;
    unit.run(
        "CREATE FUNCTION bump() RETURNS INT MODIFIES SQL DATA BEGIN UPDATE nhiem_vu SET title = 'bị sửa'; RETURN 1; END",
    )
    .await;
    let connector =
        unit.connector(&[("SELECT * FROM v_nhiem_vu", "SELECT v.* FROM v_nhiem_vu v WHERE bump() = 1")]);
    let error = pull(connector.as_ref(), PullMode::Full, None).await.expect_err("read-only");
    assert_eq!(error.finding.code, "LT-SQL-005", "{error}");
    let Unit::MariaDb(_, pool) = &unit else { unreachable!("a server") };
    let spoilt: i64 = sqlx::query_scalar("SELECT count(*) FROM nhiem_vu WHERE title = 'bị sửa'")
        .fetch_one(pool)
        .await
        .expect("count");
    assert_eq!(spoilt, 0);
}

/// Whatever the server's settings, a record is the same: TIMESTAMP in +07:00, DATETIME as it is, a zero date as text.
#[tokio::test]
async fn settings_of_a_mariadb_server_change_no_record() {
    let mut seen = Vec::new();
    for options in [
        vec!["--default-time-zone=+00:00", "--sql-mode=", "--character-set-server=latin1"],
        vec![
            "--default-time-zone=-05:00",
            "--sql-mode=ANSI_QUOTES,PIPES_AS_CONCAT,TRADITIONAL,PAD_CHAR_TO_FULL_LENGTH",
        ],
    ] {
        let options: Vec<String> = options.into_iter().map(str::to_owned).collect();
        let server = MariaDb::start_with(&options);
        let pool = MySqlPool::connect(&server.url("root")).await.expect("database");
        for statement in [
            "CREATE TABLE n (task_id CHAR(5), title VARCHAR(50) CHARACTER SET utf8mb4, moc TIMESTAMP(6) NULL, dt DATETIME, z DATE, \
             d DECIMAL(20,5), f DOUBLE)",
            "SET SESSION sql_mode = '', time_zone = '+00:00'; \
             INSERT INTO n VALUES ('a', 'Việc 🧾 𠮷 đ', '2026-09-10 16:00:00.5', '2026-09-10 16:00:00', '0000-00-00', \
             12345678901234.5, 0.1), ('b', NULL, '2026-09-10 16:00:01', NULL, NULL, NULL, 1e30)",
        ] {
            sqlx::raw_sql(statement).execute(&pool).await.expect("statement");
        }
        let text = "format_version = 1\nkind = \"view\"\nname = \"n\"\nversion = \"1\"\ntitle = { vi = \"n\", en = \"n\" }\n\
            [settings.url]\nlabel = { vi = \"n\", en = \"n\" }\nsecret = true\n\
            [view]\ndatabase = \"mysql\"\nselect = \"SELECT n.*, 'x' || 'y' AS o FROM n\"\n\
            columns = [\"task_id\", \"title\", \"moc\", \"dt\", \"z\", \"d\", \"f\", \"o\"]\nkey = \"task_id\"\nchanged = \"moc\"\n\
            cursor_type = \"timestamp\"\npage_size = 1\n[fields]\ntitle = \"title\"\nstatus = { const = \"open\" }\n";
        let connector = connect(text, None, Some(&server.url("root")));
        let (pages, end) = pull(connector.as_ref(), PullMode::Full, None).await.expect("pull");
        assert!(end.complete);
        let bodies: Vec<String> = pages
            .iter()
            .flat_map(|page| &page.records)
            .map(|record| String::from_utf8_lossy(&record.body).into_owned())
            .collect();
        seen.push(bodies);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(
        seen[0],
        [
            r#"{"d":"12345678901234.50000","dt":"2026-09-10 16:00:00","f":"0.1","moc":"2026-09-10 23:00:00.500000","o":"0","task_id":"a","title":"Việc 🧾 𠮷 đ","z":"0000-00-00"}"#,
            r#"{"d":null,"dt":null,"f":"1e30","moc":"2026-09-10 23:00:01.000000","o":"0","task_id":"b","title":null,"z":null}"#,
        ]
    );
}

/// C5: a pooler that gives each transaction another connection, and refuses settings at the start, changes nothing.
#[tokio::test]
async fn view_behind_pgbouncer_in_transaction_mode_is_walked_completely() {
    let unit = Unit::start("postgres").await;
    let Unit::Postgres(cluster, _) = &unit else { unreachable!("a server") };
    let pooler = PgBouncer::start(cluster);
    let through = || connect(&manifest(&for_postgres()), None, Some(&pooler.url()));
    walks(through().as_ref(), async |sql: &str| unit.run(sql).await).await;
    let (one, other) = (through(), through());
    let both =
        tokio::join!(pull(one.as_ref(), PullMode::Full, None), pull(other.as_ref(), PullMode::Full, None));
    assert_eq!(keys(&both.0.expect("pull").0), keys(&both.1.expect("pull").0));
    assert!(one.check().await.iter().all(|finding| finding.severity != Severity::Error));
}

fn openssl(folder: &Path, arguments: &str) {
    let made =
        Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output().expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test]
async fn certificate_of_another_authority_is_refused_and_the_right_one_is_let_in() {
    crate::support::install_tls();
    // Readable for the server's account.
    let folder = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir_in("/tmp")
        .expect("folder");
    for (name, kind) in [("ca", "-x509 -days 30"), ("other", "-x509 -days 30"), ("server", "-new")] {
        let subject = if name == "server" { "localhost" } else { name };
        openssl(
            folder.path(),
            &format!(
                "req {kind} -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem -subj /CN={subject}"
            ),
        );
    }
    std::fs::write(folder.path().join("names"), "subjectAltName=DNS:localhost\n").expect("names");
    openssl(
        folder.path(),
        "x509 -req -in server.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out signed.pem",
    );
    let key = folder.path().join("server.key");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("mode");
    let server = MariaDb::start_with(&[
        format!("--ssl-cert={}", folder.path().join("signed.pem").display()),
        format!("--ssl-key={}", key.display()),
    ]);
    let pool = mariadb(&server).await;
    let account = "CREATE USER doc@localhost IDENTIFIED BY 'bi-mat' REQUIRE SSL; GRANT SELECT ON unit.v_nhiem_vu TO doc@localhost";
    sqlx::raw_sql(account).execute(&pool).await.expect("account");
    let source = |authority: &str, url: String| {
        let opened = open(OpenSource {
            id: SourceId::new("view").expect("id"),
            manifest_name: "view.toml".to_owned(),
            manifest: manifest(&for_mariadb()),
            settings: [].into(),
            secrets: [("url".to_owned(), SecretString::from(url))].into(),
            folder: "/".into(),
            ca_file: (!authority.is_empty()).then(|| folder.path().join(authority)),
            allow_http: false,
            limits: lienthong::connector::http::SourceLimits::default(),
        });
        opened.unwrap_or_else(|findings| panic!("{findings}")).connector
    };
    let url = server.tcp_url("doc:bi-mat");
    full(source("ca.pem", url.clone()).as_ref(), 40).await;
    let error =
        pull(source("other.pem", url.clone()).as_ref(), PullMode::Full, None).await.expect_err("refused");
    assert!(error.finding.code == "LT-SQL-002" && !error.to_string().contains("bi-mat"), "{error}");
    let plain = source("", url + "?ssl-mode=DISABLED");
    let error = pull(plain.as_ref(), PullMode::Full, None).await.expect_err("TLS is required");
    assert_eq!(error.finding.code, "LT-SQL-005");
}

#[tokio::test]
async fn server_at_an_address_no_database_has_is_not_connected_to() {
    let at = |for_kind: &[(&str, &str)], url: &str| connect(&manifest(for_kind), None, Some(url));
    for source in [
        at(&for_postgres(), "postgres://doc:mat-khau@169.254.169.254/unit"),
        at(&for_postgres(), "postgres://doc:mat-khau@[64:ff9b::a9fe:a9fe]/unit"),
        at(&for_mariadb(), "mysql://doc:mat-khau@[::ffff:169.254.169.254]:3306/unit"),
    ] {
        let error = pull(source.as_ref(), PullMode::Full, None).await.expect_err("refused");
        assert_eq!(error.finding.code, "LT-SQL-014");
        assert!(!error.to_string().contains("mat-khau"), "{error}");
        let told: Vec<String> = source.check().await.into_iter().map(|finding| finding.code).collect();
        assert_eq!(told, ["LT-SQL-014"]);
    }
}
