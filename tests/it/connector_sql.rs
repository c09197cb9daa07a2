//! Views of SQLite and PostgreSQL as sources: read in order, completely, and never written to.

use crate::support::installation::{Installed, Targets};
use crate::support::postgres::Cluster;
use crate::support::stores::one;
use lienthong::connector::http::SourceLimits;
use lienthong::connector::{
    Connector, ConnectorError, Cursor, OpenSource, Page, PullEnd, PullMode, PullRequest, Step, open,
};
use lienthong::domain::{SourceId, UnitCode};
use lienthong::error::{Disposition, Severity};
use lienthong::pipeline::app::{App, Source};
use lienthong::pipeline::command::{Command, Executor as _};
use lienthong::pipeline::execute::Installation;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use std::path::Path;
use std::sync::Arc;

const MANIFEST: &str = include_str!("../../connectors/sql-view/manifest.toml");
pub const TABLE: &str = "CREATE TABLE nhiem_vu (task_id INTEGER, title TEXT, officer_code TEXT, unit_code TEXT, assigned_on TEXT, \
     due_on TEXT, status TEXT, finished_at TEXT, updated_at TEXT, doc_type TEXT, category TEXT)";
pub const VIEW: &str = "CREATE VIEW v_nhiem_vu AS SELECT * FROM nhiem_vu";

pub fn manifest(replace: &[(&str, &str)]) -> String {
    replace.iter().fold(
        MANIFEST.replace("page_size = 500", "page_size = 10\noverlap = 60"),
        |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        },
    )
}

pub fn connect(manifest: &str, database: Option<&Path>, url: Option<&str>) -> Arc<dyn Connector> {
    let opened = open(OpenSource {
        id: SourceId::new("view").expect("id"),
        manifest_name: "view.toml".to_owned(),
        manifest: manifest.to_owned(),
        settings: database
            .map(|path| ("database".to_owned(), path.display().to_string()))
            .into_iter()
            .collect(),
        secrets: url.map(|url| ("url".to_owned(), SecretString::from(url.to_owned()))).into_iter().collect(),
        folder: "/".into(),
        ca_file: None,
        allow_http: false,
        limits: SourceLimits::default(),
    });
    opened.unwrap_or_else(|findings| panic!("{findings}")).connector
}

pub async fn pull(
    connector: &dyn Connector,
    mode: PullMode,
    cursor: Option<Cursor>,
) -> Result<(Vec<Page>, PullEnd), ConnectorError> {
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    let mut pull = connector.pull(PullRequest { mode, cursor, now }).await?;
    let mut pages = Vec::new();
    loop {
        match pull.next_page().await? {
            Step::Page(page) => pages.push(page),
            Step::End(end) => return Ok((pages, end)),
        }
    }
}

pub fn keys(pages: &[Page]) -> Vec<String> {
    pages.iter().flat_map(|page| &page.records).map(|record| record.external_id.clone()).collect()
}

/// Forty tasks, thirty of which changed at the same moment.
pub fn rows() -> Vec<String> {
    (1..=40)
        .map(|id| {
            let minute = if (5..35).contains(&id) { 30 } else { id };
            format!("INSERT INTO nhiem_vu VALUES ({id}, 'Việc {id}', 'GL-1', 'SNV', '2026-09-01', '2026-09-20', 'DOING', NULL, '2026-09-10 08:{minute:02}:00', NULL, NULL)")
        })
        .collect()
}

pub async fn sqlite(folder: &Path) -> (std::path::PathBuf, SqlitePool) {
    let path = folder.join("unit.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.expect("database");
    for statement in [TABLE.to_owned(), VIEW.to_owned()].into_iter().chain(rows()) {
        sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.expect("statement");
    }
    (path, pool)
}

pub async fn postgres(url: &str) -> PgPool {
    let pool = PgPool::connect(url).await.expect("database");
    let table = TABLE.replace("updated_at TEXT", "updated_at TIMESTAMPTZ");
    let rows = rows().into_iter().map(|row| row.replace(":00', NULL, NULL)", ":00+07', NULL, NULL)"));
    for statement in [table, VIEW.to_owned()].into_iter().chain(rows) {
        sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.expect("statement");
    }
    pool
}

pub fn for_postgres() -> Vec<(&'static str, &'static str)> {
    vec![
        ("database = \"sqlite\"", "database = \"postgres\""),
        ("cursor_type = \"text\"", "cursor_type = \"timestamp\""),
        ("[settings.database]", "[settings.url]"),
        ("example = \"nhiem-vu.db\"", "secret = true"),
    ]
}

/// Ties over page borders, changes, deletions and rows without a place, the same on both databases.
pub async fn walks(connector: &dyn Connector, execute: impl AsyncFn(&str)) {
    let (pages, end) = pull(connector, PullMode::Full, None).await.expect("pull");
    let mut all = keys(&pages);
    all.sort_by_key(|key| key.parse::<u32>().expect("number"));
    assert_eq!(all, (1..=40).map(|id| id.to_string()).collect::<Vec<_>>(), "each row once");
    assert!(end.complete && pages.iter().all(|page| page.records.len() <= 10));
    let cursor = pages.last().and_then(|page| page.cursor.clone());
    let draft = connector.read(&pages[0].records[0]).expect("draft");
    assert_eq!(draft.updated_at, Some("2026-09-10T01:01:00Z".parse().expect("instant")), "08:01 in +07:00");

    execute("UPDATE nhiem_vu SET status = 'DONE', updated_at = '2026-09-11 08:00:00+07' WHERE task_id = 7")
        .await;
    execute("DELETE FROM nhiem_vu WHERE task_id = 9").await;
    let (pages, end) = pull(connector, PullMode::Incremental, cursor).await.expect("pull");
    assert_eq!(keys(&pages), ["39", "40", "7"], "the last minute again, then what changed");
    let forth = pages.last().and_then(|page| page.cursor.clone()).expect("a cursor");

    // Written before that change, committed after it was seen.
    execute("INSERT INTO nhiem_vu VALUES (41, 'Ghi muộn', 'GL-1', 'SNV', '2026-09-01', '2026-09-20', 'DOING', NULL, '2026-09-11 07:59:30+07', NULL, NULL)")
        .await;
    let (pages, _) = pull(connector, PullMode::Incremental, Some(forth.clone())).await.expect("pull");
    assert_eq!(keys(&pages), ["41", "7"], "a late commit is not lost");
    assert_eq!(pages.last().and_then(|page| page.cursor.clone()), Some(forth.clone()));
    execute("DELETE FROM nhiem_vu WHERE task_id = 7").await;
    let (pages, _) = pull(connector, PullMode::Incremental, Some(forth)).await.expect("pull");
    assert!(keys(&pages) == ["41"] && pages.iter().all(|page| page.cursor.is_none()), "no cursor moves back");
    execute("DELETE FROM nhiem_vu WHERE task_id = 41").await;
    execute("INSERT INTO nhiem_vu VALUES (7, 'Việc 7', 'GL-1', 'SNV', '2026-09-01', '2026-09-20', 'DONE', NULL, '2026-09-11 08:00:00+07', NULL, NULL)")
        .await;
    assert!(!end.complete, "changes alone prove nothing gone");
    let (pages, end) = pull(connector, PullMode::Full, None).await.expect("pull");
    assert!(end.complete && !keys(&pages).contains(&"9".to_owned()));

    let (from, to) =
        ("2026-09-10T01:35:00Z".parse().expect("instant"), "2026-09-10T01:38:00Z".parse().expect("instant"));
    let (pages, _) = pull(connector, PullMode::Backfill { from, to }, None).await.expect("pull");
    assert_eq!(keys(&pages), ["35", "36", "37"], "the end of the span is left out");
    assert_eq!(pages[0].total, Some(3), "counted for whoever watches");

    for id in 100..125 {
        execute(&format!(
            "INSERT INTO nhiem_vu (task_id, title, status) VALUES ({id}, 'Không có mốc', 'DOING')"
        ))
        .await;
    }
    let (pages, end) = pull(connector, PullMode::Full, None).await.expect("pull");
    assert_eq!(pages.iter().map(|page| page.rejected.len()).sum::<usize>(), 25);
    assert_eq!((keys(&pages).len(), end.complete), (39, false), "what cannot be named may be anything");
}

#[tokio::test]
async fn sqlite_view_is_walked_completely_and_in_order() {
    let folder = tempfile::tempdir().expect("folder");
    let (path, pool) = sqlite(folder.path()).await;
    let connector = connect(&manifest(&[]), Some(&path), None);
    walks(connector.as_ref(), async |sql: &str| {
        let sql = sql.replace("+07", "");
        sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.expect("statement");
    })
    .await;
    // Rows without a value to go on from come first and are rejected alone; those that can be read make it a warning.
    let told = connector.check().await;
    let codes: Vec<(&str, Severity)> = told.iter().map(|one| (one.code.as_str(), one.severity)).collect();
    let warned = ("LT-SQL-004", Severity::Warning);
    assert_eq!(codes, [("LT-SQL-011", Severity::Info), warned, warned, warned, warned, warned], "{told:?}");
}

#[tokio::test]
async fn backfill_of_a_view_shows_how_much_of_it_is_read() {
    let folder = tempfile::tempdir().expect("folder");
    let (path, pool) = sqlite(folder.path()).await;
    let (_kept, store) = one().await;
    let house = Installed::new(&store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
    let source = Source {
        connector: connect(&manifest(&[]), Some(&path), None),
        unit: UnitCode::new("SNV").expect("code"),
        system: "QLVB".into(),
        schedule: "0 * * * *".parse().expect("a schedule"),
        full_schedule: None,
    };
    let id = SourceId::new("view").expect("id");
    let clock = house.app.clock;
    let sources = [(id.clone(), source)].into();
    let app = App::new(store, clock, "a".into(), sources, (None, None), house.app.policy.clone());
    let installation = Installation { app: Arc::new(app) };
    let backfill = async |from: &str, to: &str| {
        let (progress, mut told) = tokio::sync::mpsc::unbounded_channel();
        let (from, to) = (from.parse().expect("a day"), to.parse().expect("a day"));
        let command = Command::Backfill { source: id.clone(), from, to };
        let outcome = installation.execute(command, progress).await;
        assert_eq!(outcome.exit, 0, "{:?}", outcome.findings);
        let mut shown = Vec::new();
        while let Ok(progress) = told.try_recv() {
            shown.push((progress.done, progress.total));
        }
        shown.dedup();
        shown
    };
    let whole = [10, 20, 30, 40].map(|done| (done, Some(40)));
    assert_eq!(backfill("2026-09-10", "2026-09-10").await, whole, "a bar with an end");
    sqlx::query("UPDATE nhiem_vu SET updated_at = '2026-09-12 08:00:00' WHERE task_id > 37")
        .execute(&pool)
        .await
        .expect("statement");
    let rest = backfill("2026-09-11", "2026-09-12").await;
    assert_eq!(rest.last(), Some(&(3, Some(3))), "only the span counts");
}

#[tokio::test]
async fn postgres_view_is_walked_completely_and_in_order() {
    let cluster = Cluster::start();
    let pool = postgres(&cluster.url()).await;
    let connector = connect(&manifest(&for_postgres()), None, Some(&cluster.url()));
    walks(connector.as_ref(), async |sql: &str| {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&pool).await.expect("statement");
    })
    .await;
}

#[tokio::test]
async fn query_that_writes_is_refused_by_the_database_session() {
    let cluster = Cluster::start();
    let pool = postgres(&cluster.url()).await;
    let function = "CREATE FUNCTION bump() RETURNS SETOF nhiem_vu LANGUAGE plpgsql AS $$ BEGIN \
                    UPDATE nhiem_vu SET title = 'bị sửa'; RETURN QUERY SELECT * FROM nhiem_vu; END $$";
    let free = "CREATE FUNCTION freed() RETURNS SETOF nhiem_vu LANGUAGE plpgsql AS $$ BEGIN \
                PERFORM set_config('default_transaction_read_only', 'off', false); \
                PERFORM set_config('transaction_read_only', 'off', false); \
                UPDATE nhiem_vu SET title = 'bị sửa'; RETURN QUERY SELECT * FROM nhiem_vu; END $$";
    for statement in [function, free] {
        sqlx::query(statement).execute(&pool).await.expect("function");
    }
    for select in ["SELECT * FROM bump()", "SELECT * FROM freed()"] {
        let mut replace = for_postgres();
        replace.push(("SELECT * FROM v_nhiem_vu", select));
        let connector = connect(&manifest(&replace), None, Some(&cluster.url()));
        let error = pull(connector.as_ref(), PullMode::Full, None).await.expect_err("read-only");
        assert!(error.finding.code.starts_with("LT-SQL-00"), "{error}");
    }
    let spoilt: i64 = sqlx::query_scalar("SELECT count(*) FROM nhiem_vu WHERE title = 'bị sửa'")
        .fetch_one(&pool)
        .await
        .expect("count");
    assert_eq!(spoilt, 0);
}

#[tokio::test]
async fn lost_column_wrong_role_and_missing_server_are_told_apart() {
    let folder = tempfile::tempdir().expect("folder");
    let (path, pool) = sqlite(folder.path()).await;
    for statement in
        ["DROP VIEW v_nhiem_vu", "CREATE VIEW v_nhiem_vu AS SELECT task_id, title, updated_at FROM nhiem_vu"]
    {
        sqlx::query(statement).execute(&pool).await.expect("statement");
    }
    let code = async |connector: Arc<dyn Connector>| {
        let error = pull(connector.as_ref(), PullMode::Full, None).await.expect_err("cannot be read");
        (error.finding.code.clone(), error.disposition)
    };
    let drifted = connect(&manifest(&[]), Some(&path), None);
    assert_eq!(code(drifted).await, ("LT-SQL-003".to_owned(), Disposition::NeedsOperator));
    let missing = connect(&manifest(&[]), Some(&folder.path().join("none.db")), None);
    assert_eq!(code(missing).await.0, "LT-SQL-002");
    let cluster = Cluster::start();
    drop(postgres(&cluster.url()).await);
    let url = cluster.url();
    let stranger =
        connect(&manifest(&for_postgres()), None, Some(&url.replace("lienthong@", "stranger:pw@")));
    assert_eq!(code(stranger).await, ("LT-SQL-005".to_owned(), Disposition::NeedsOperator));
    let pool = PgPool::connect(&url).await.expect("database");
    for statement in
        ["CREATE ROLE reader LOGIN PASSWORD 'mat-khau-dung'", "GRANT SELECT ON v_nhiem_vu TO reader"]
    {
        sqlx::query(statement).execute(&pool).await.expect("statement");
    }
    cluster.ask_password_of("reader");
    let reader = |password: &str| {
        let url = url.replace("lienthong@", &format!("reader:{password}@"));
        connect(&manifest(&for_postgres()), None, Some(&url))
    };
    let (pages, _) = pull(reader("mat-khau-dung").as_ref(), PullMode::Full, None).await.expect("let in");
    assert_eq!(keys(&pages).len(), 40);
    assert_eq!(code(reader("sai")).await, ("LT-SQL-005".to_owned(), Disposition::NeedsOperator));
    assert_eq!(reader("sai").check().await[0].code, "LT-SQL-005");
    let nobody = connect(&manifest(&for_postgres()), None, Some("postgres://a:b@127.0.0.1:9/none"));
    assert_eq!(code(nobody).await.0, "LT-SQL-002");
}

#[tokio::test]
async fn huge_cell_rejects_its_row_alone_and_calls_nothing_gone() {
    async fn checked(connector: &dyn Connector) {
        let (pages, end) = pull(connector, PullMode::Full, None).await.expect("pull");
        let rejected: Vec<_> = pages.iter().flat_map(|page| &page.rejected).collect();
        assert_eq!(keys(&pages).len(), 39);
        let one = rejected.first().expect("rejected");
        let told = (rejected.len(), one.external_id.as_deref(), one.finding.code.as_str());
        assert_eq!(told, (1, Some("7"), "LT-SQL-006"));
        assert!(one.finding.what.en.contains("title") && one.body.len() < 200_000, "{}", one.body.len());
        assert!(!end.complete, "it was there and is not read");
    }
    let folder = tempfile::tempdir().expect("folder");
    let (path, pool) = sqlite(folder.path()).await;
    sqlx::query("UPDATE nhiem_vu SET title = replace(hex(zeroblob(10000000)), '0', 'x') WHERE task_id = 7")
        .execute(&pool)
        .await
        .expect("huge");
    checked(connect(&manifest(&[]), Some(&path), None).as_ref()).await;
    let cluster = Cluster::start();
    let pool = postgres(&cluster.url()).await;
    sqlx::query("UPDATE nhiem_vu SET title = repeat('x', 20000000) WHERE task_id = 7")
        .execute(&pool)
        .await
        .expect("huge");
    checked(connect(&manifest(&for_postgres()), None, Some(&cluster.url())).as_ref()).await;
}

/// Change values of the future move no cursor there: what changes until then is read.
async fn future_is_not_skipped(connector: &dyn Connector, execute: impl AsyncFn(&str)) {
    for far in ["2031-01-01 08:00:00+07", "20261-01-01 08:00:00+07", "infinity"] {
        execute(&format!("UPDATE nhiem_vu SET updated_at = '{far}' WHERE task_id IN (3, 40)")).await;
        execute("UPDATE nhiem_vu SET updated_at = '2026-09-10 08:30:00+07' WHERE task_id = 5").await;
        let (pages, end) = pull(connector, PullMode::Full, None).await.expect("pull");
        assert_eq!((keys(&pages).len(), end.complete), (40, true), "they are tasks like the others");
        let told: Vec<String> = end.findings.iter().map(ToString::to_string).collect();
        assert!(told.len() == 1 && told[0].contains("LT-SQL-007") && told[0].contains("2 rows"), "{told:?}");
        let cursor = pages.last().and_then(|page| page.cursor.clone()).expect("a cursor");
        // Half an hour after that pull, in the clock of the office.
        execute(
            "UPDATE nhiem_vu SET status = 'DONE', updated_at = '2026-11-24 15:30:00+07' WHERE task_id = 5",
        )
        .await;
        let (pages, _) = pull(connector, PullMode::Incremental, Some(cursor)).await.expect("pull");
        assert_eq!(keys(&pages), ["5", "3", "40"], "{far}");
        // A point to go on from that an earlier version left in the future.
        let left = Cursor(format!(r#"["{far}","40"]"#));
        let (pages, _) = pull(connector, PullMode::Incremental, Some(left)).await.expect("pull");
        assert_eq!(keys(&pages)[0], "5", "{far}");
    }
}

#[tokio::test]
async fn change_values_in_the_future_hide_nothing_that_changes_until_then() {
    let folder = tempfile::tempdir().expect("folder");
    let (path, pool) = sqlite(folder.path()).await;
    let connector = connect(&manifest(&[]), Some(&path), None);
    future_is_not_skipped(connector.as_ref(), async |sql: &str| {
        let sql = sql.replace("+07", "");
        sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.expect("statement");
    })
    .await;
    let cluster = Cluster::start();
    let pool = postgres(&cluster.url()).await;
    let connector = connect(&manifest(&for_postgres()), None, Some(&cluster.url()));
    future_is_not_skipped(connector.as_ref(), async |sql: &str| {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&pool).await.expect("statement");
    })
    .await;
}

/// Large rows make small pages, one too large is rejected alone, and a long key is never carried on.
async fn sizes_are_bounded(connector: &dyn Connector) {
    let (pages, end) = pull(connector, PullMode::Full, None).await.expect("pull");
    let mut read = keys(&pages);
    read.sort_by_key(|key| key.parse::<u32>().expect("number"));
    let expected: Vec<String> = (1..=39).filter(|id| *id != 7).map(|id| id.to_string()).collect();
    assert_eq!(read, expected, "each row once");
    assert!(pages.len() >= 4 && pages.iter().all(|page| page.body.len() < 10 << 20), "{}", pages.len());
    let rejected: Vec<_> = pages.iter().flat_map(|page| &page.rejected).collect();
    let told: Vec<_> =
        rejected.iter().map(|one| (one.external_id.as_deref(), one.finding.code.as_str())).collect();
    assert_eq!(told, [(Some("7"), "LT-SQL-006"), (None, "LT-SQL-006")]);
    assert!(rejected[0].finding.what.en.contains("row has") && rejected[0].body.len() < 30_000);
    assert!(!end.complete, "they were there and are not read");
    let cursor = pages.last().and_then(|page| page.cursor.clone()).expect("a cursor");
    assert!(cursor.0.len() < 500, "{}", cursor.0.len());
}

#[tokio::test]
async fn page_is_bounded_in_bytes_and_a_row_beyond_them_is_rejected_alone() {
    // Two bytes a character; row 40, the last one, has a key of five million characters.
    let large = |long: &str, huge: &str| {
        let columns = ["title", "doc_type", "category", "status", "officer_code"];
        let set: Vec<String> = columns.iter().map(|name| format!("{name} = {long}")).collect();
        let more = format!("unit_code = {long}, assigned_on = {long}, due_on = {long}, finished_at = {long}");
        let view = format!(
            "CREATE VIEW v_lon AS SELECT CASE WHEN task_id = 40 THEN {huge} ELSE CAST(task_id AS TEXT) END AS khoa, v.* \
             FROM nhiem_vu v"
        );
        let update = format!("UPDATE nhiem_vu SET {}", set.join(", "));
        [update, format!("UPDATE nhiem_vu SET {more} WHERE task_id = 7"), view]
    };
    let replace = [
        ("page_size = 10", "page_size = 40"),
        ("v_nhiem_vu\"\n", "v_lon\"\n"),
        ("key = \"task_id\"", "key = \"khoa\""),
    ];
    let folder = tempfile::tempdir().expect("folder");
    let (path, pool) = sqlite(folder.path()).await;
    for sql in large("replace(hex(zeroblob(30000)), '0', 'đ')", "replace(hex(zeroblob(2500000)), '0', 'k')")
    {
        sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.expect("statement");
    }
    sizes_are_bounded(connect(&manifest(&replace), Some(&path), None).as_ref()).await;
    let cluster = Cluster::start();
    let pool = postgres(&cluster.url()).await;
    for sql in large("repeat('đ', 60000)", "repeat('k', 5000000)") {
        sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.expect("statement");
    }
    let replace: Vec<_> = for_postgres().into_iter().chain(replace).collect();
    sizes_are_bounded(connect(&manifest(&replace), None, Some(&cluster.url())).as_ref()).await;
}
