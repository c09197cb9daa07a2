//! The fastest simple program for the same pages: fetch ahead, borrowed typed decoding, one transaction for
//! several pages with the cursor in it, one row per record; no raw page, no event, no hash, no manifest.
//!
//! On SQLite a prepared upsert per row on the one thread that decodes, without any driver in between; on
//! PostgreSQL one UNNEST upsert per page. Rows that are the same are not written again.

use bytes::Bytes;
use serde::Deserialize;
use std::time::Instant;
use tokio::sync::mpsc;

/// Pages fetched ahead.
const AHEAD: usize = 8;
/// Pages in one transaction.
const PAGES: usize = 4;

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    items: Vec<Item<'a>>,
    next_cursor: Option<&'a str>,
}

#[derive(Deserialize)]
struct Item<'a> {
    id: &'a str,
    #[serde(borrow)]
    title: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    owner: Owner<'a>,
    unit_code: &'a str,
    assigned_at: i64,
    due_at: i64,
    submitted_at: i64,
    approved_at: i64,
    modified_at: i64,
    status: &'a str,
    kind: &'a str,
    labels: [&'a str; 1],
    quantity: &'a str,
    returned_count: i64,
}

#[derive(Deserialize)]
struct Owner<'a> {
    account: &'a str,
    display: &'a str,
}

#[derive(Deserialize)]
struct Next {
    next_cursor: Option<String>,
}

/// Seconds for new records and for the same ones again.
pub async fn run(store: &str, province: &str, records: usize) -> (f64, f64) {
    let mut seconds = [0.0; 2];
    for seconds in &mut seconds {
        let began = Instant::now();
        let (sender, receiver) = mpsc::channel(AHEAD);
        let url = format!("{province}/bench/{records}/v1/tasks");
        let fetching = tokio::spawn(fetch(url, sender));
        let rows = if store.starts_with("postgres://") {
            postgres::write(store, receiver).await
        } else {
            let path = store.to_owned();
            tokio::task::spawn_blocking(move || sqlite::write(&path, receiver)).await.expect("writer")
        };
        fetching.await.expect("fetching");
        *seconds = began.elapsed().as_secs_f64();
        assert_eq!(rows, records, "every record once");
    }
    (seconds[0], seconds[1])
}

/// Asks for page after page; the tail of an answer is enough to find the next one.
async fn fetch(url: String, sender: mpsc::Sender<Bytes>) {
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    let mut cursor = "0".to_owned();
    loop {
        let request = client.get(&url).query(&[("limit", "500"), ("cursor", cursor.as_str())]);
        let body = request.send().await.expect("answer").bytes().await.expect("body");
        let at = body.windows(14).rposition(|part| part == b",\"next_cursor\"").expect("next cursor");
        let tail = format!("{{{}", std::str::from_utf8(&body[at + 1..]).expect("text"));
        let next: Next = serde_json::from_str(&tail).expect("tail");
        if sender.send(body).await.is_err() {
            return;
        }
        match next.next_cursor {
            Some(next) => cursor = next,
            None => return,
        }
    }
}

mod sqlite {
    use super::{Bytes, PAGES, Page, mpsc};
    use rusqlite::{Connection, params};

    const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS task (
        id INTEGER PRIMARY KEY, source TEXT NOT NULL, external_id TEXT NOT NULL, title TEXT NOT NULL,
        account TEXT, display TEXT, unit TEXT, assigned_at INTEGER, due_at INTEGER, submitted_at INTEGER,
        approved_at INTEGER, modified_at INTEGER, status TEXT NOT NULL, kind TEXT, label TEXT, quantity TEXT,
        returned INTEGER, UNIQUE (source, external_id));
        CREATE TABLE IF NOT EXISTS state (source TEXT PRIMARY KEY, cursor TEXT)";

    const UPSERT: &str =
        "INSERT INTO task (source, external_id, title, account, display, unit, assigned_at, due_at,
        submitted_at, approved_at, modified_at, status, kind, label, quantity, returned)
        VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)
        ON CONFLICT (source, external_id) DO UPDATE SET title = excluded.title, account = excluded.account,
        display = excluded.display, unit = excluded.unit, assigned_at = excluded.assigned_at,
        due_at = excluded.due_at, submitted_at = excluded.submitted_at, approved_at = excluded.approved_at,
        modified_at = excluded.modified_at, status = excluded.status, kind = excluded.kind,
        label = excluded.label, quantity = excluded.quantity, returned = excluded.returned
        WHERE task.modified_at <> excluded.modified_at OR task.title <> excluded.title";

    pub fn write(path: &str, mut pages: mpsc::Receiver<Bytes>) -> usize {
        let mut connection = Connection::open(path).expect("file");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; \
                 PRAGMA wal_autocheckpoint = 4000",
            )
            .expect("pragmas");
        connection.execute_batch(SCHEMA).expect("schema");
        let (mut rows, mut over) = (0, false);
        while !over {
            let transaction = connection.transaction().expect("transaction");
            {
                let mut upsert = transaction.prepare_cached(UPSERT).expect("upsert");
                let mut keep =
                    transaction.prepare_cached("REPLACE INTO state VALUES ('bench', ?1)").expect("state");
                for _ in 0..PAGES {
                    let Some(body) = pages.blocking_recv() else {
                        over = true;
                        break;
                    };
                    let page: Page<'_> = serde_json::from_slice(&body).expect("page");
                    for item in &page.items {
                        upsert
                            .execute(params![
                                "bench",
                                item.id,
                                item.title,
                                item.owner.account,
                                item.owner.display,
                                item.unit_code,
                                item.assigned_at,
                                item.due_at,
                                item.submitted_at,
                                item.approved_at,
                                item.modified_at,
                                item.status,
                                item.kind,
                                item.labels[0],
                                item.quantity,
                                item.returned_count
                            ])
                            .expect("row");
                    }
                    keep.execute(params![page.next_cursor]).expect("state");
                    rows += page.items.len();
                }
            }
            transaction.commit().expect("commit");
        }
        rows
    }
}

mod postgres {
    use super::{Bytes, PAGES, Page, mpsc};
    use sqlx::{Connection as _, PgConnection};

    const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS task (
        id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, source TEXT NOT NULL, external_id TEXT NOT NULL,
        title TEXT NOT NULL, account TEXT, display TEXT, unit TEXT, assigned_at BIGINT, due_at BIGINT,
        submitted_at BIGINT, approved_at BIGINT, modified_at BIGINT, status TEXT NOT NULL, kind TEXT, label TEXT,
        quantity TEXT, returned BIGINT, UNIQUE (source, external_id));
        CREATE TABLE IF NOT EXISTS state (source TEXT PRIMARY KEY, cursor TEXT)";

    const UPSERT: &str = "INSERT INTO task (source, external_id, title, account, display, unit, assigned_at, due_at,
        submitted_at, approved_at, modified_at, status, kind, label, quantity, returned)
        SELECT 'bench', u.* FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
        $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::text[],
        $14::text[], $15::bigint[]) AS u
        ON CONFLICT (source, external_id) DO UPDATE SET title = excluded.title, account = excluded.account,
        display = excluded.display, unit = excluded.unit, assigned_at = excluded.assigned_at,
        due_at = excluded.due_at, submitted_at = excluded.submitted_at, approved_at = excluded.approved_at,
        modified_at = excluded.modified_at, status = excluded.status, kind = excluded.kind,
        label = excluded.label, quantity = excluded.quantity, returned = excluded.returned
        WHERE task.modified_at <> excluded.modified_at OR task.title <> excluded.title";

    pub async fn write(url: &str, mut pages: mpsc::Receiver<Bytes>) -> usize {
        let mut connection = PgConnection::connect(url).await.expect("server");
        sqlx::raw_sql(SCHEMA).execute(&mut connection).await.expect("schema");
        let (mut rows, mut over) = (0, false);
        while !over {
            let mut transaction = connection.begin().await.expect("transaction");
            for _ in 0..PAGES {
                let Some(body) = pages.recv().await else {
                    over = true;
                    break;
                };
                let page: Page<'_> = serde_json::from_slice(&body).expect("page");
                let items = &page.items;
                macro_rules! column {
                    ($($field:tt)+) => { items.iter().map(|item| item.$($field)+).collect::<Vec<_>>() };
                }
                sqlx::query(UPSERT)
                    .bind(column!(id))
                    .bind(items.iter().map(|item| item.title.as_ref()).collect::<Vec<&str>>())
                    .bind(column!(owner.account))
                    .bind(column!(owner.display))
                    .bind(column!(unit_code))
                    .bind(column!(assigned_at))
                    .bind(column!(due_at))
                    .bind(column!(submitted_at))
                    .bind(column!(approved_at))
                    .bind(column!(modified_at))
                    .bind(column!(status))
                    .bind(column!(kind))
                    .bind(column!(labels[0]))
                    .bind(column!(quantity))
                    .bind(column!(returned_count))
                    .execute(&mut *transaction)
                    .await
                    .expect("rows");
                sqlx::query(
                    "INSERT INTO state VALUES ('bench', $1) ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor",
                )
                .bind(page.next_cursor)
                .execute(&mut *transaction)
                .await
                .expect("state");
                rows += items.len();
            }
            transaction.commit().await.expect("commit");
        }
        rows
    }
}
