//! Questions the page and the steps ask over and over, on both stores: none of them walks over a large table.
//!
//! The statements are taken down as the driver sends them, and each is explained by its own database. On empty tables
//! PostgreSQL would walk over everything, so walking is made dear there: what is left of it has no index to go by.

use crate::support::stores::{Both, both};
use lienthong::domain::{CatalogVersion, Period, PersonId, RecordState, SourceId, TargetId};
use lienthong::store::{OutboxFilter, PairState, Store, StoreConfig, TaskList};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Tables that have hundreds of thousands of rows in a province, or tens of thousands and are asked on every visit.
const LARGE: [&str; 18] = [
    "task_words",
    "task_trait",
    "task_pair",
    "task_duplicate",
    "task",
    "task_event",
    "task_person",
    "catalog_product",
    "mapping",
    "mapping_history",
    "raw_page",
    "rejected",
    "score",
    "record",
    "record_head",
    "outbox",
    "receipt",
    "audit",
];

/// Takes down the statements that the driver tells of.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<BTreeSet<String>>>, Arc<Mutex<Vec<(String, u64)>>>);

impl Statements {
    fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.0.lock().expect("statements"))
    }
}

#[derive(Default)]
struct Told {
    summary: String,
    statement: String,
    rows: u64,
}

impl Visit for Told {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.rows = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.trim().clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut told = Told::default();
        event.record(&mut told);
        let statement = if told.statement.is_empty() { told.summary } else { told.statement };
        if statement.starts_with("SELECT") {
            self.1.lock().expect("rows").push((statement.clone(), told.rows));
            self.0.lock().expect("statements").insert(statement);
        }
    }
}

/// What the pages, their lists and the steps ask all day long. Reports over everything are not among them.
async fn asked_over_and_over(store: &Store) {
    let person = PersonId(uuid::Uuid::from_u128(4));
    let (quarter, year): (Period, Period) =
        ("2026-Q3".parse().expect("period"), "2026".parse().expect("period"));
    let source = SourceId::new("snv").expect("source");
    let target = TargetId::new("national").expect("target");
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    let last = uuid::Uuid::max();
    // A person's page, a task's page.
    store.score(person, quarter, "to_date").await.expect("read");
    store.derivation(person, quarter, "to_date").await.expect("read");
    store.periods_of(person).await.expect("read");
    store.tasks_of_people(&[person, PersonId(last)]).await.expect("read");
    store.decisions_of_people(&[person, PersonId(last)]).await.expect("read");
    store.service_facts(Some(person), true).await.expect("read");
    store.decisions_of(person, quarter).await.expect("read");
    store.latest_revision(person, quarter).await.expect("read");
    store.revisions(person, quarter).await.expect("read");
    store.revisions_before(person, quarter, 9, 10).await.expect("read");
    store.approved_revisions(person).await.expect("read");
    store.approved_of(&[person, PersonId(last)], quarter).await.expect("read");
    store.deliveries_of(person, quarter, 10).await.expect("read");
    store.delivered_covers(&target, person).await.expect("read");
    store.newest_list(&target, person).await.expect("read");
    store.last_acknowledged(&target, person).await.expect("read");
    store.load_tasks(&[1, 2]).await.expect("read");
    store.events_of(1).await.expect("read");
    store.events_of_each(&[1, 2]).await.expect("read");
    store.raw_of_task(1).await.expect("read");
    store.raw_page(1).await.expect("read");
    store.map_item(1).await.expect("read");
    store.mapping_history(1, 10).await.expect("read");
    // Lists.
    for list in [
        TaskList::All,
        TaskList::OfSource("snv"),
        TaskList::OfSourceMapped("snv", "review"),
        TaskList::Mapped("review"),
    ] {
        store.task_lines(list, "1", 50).await.expect("read");
    }
    store.score_lines(quarter, "to_date", &[], "GL-1", 50).await.expect("read");
    store.score_lines(quarter, "to_date", &["SNV"], "GL-1", 50).await.expect("read");
    store.record_lines(Some(quarter), None, "GL-1", 50).await.expect("read");
    store.record_lines(Some(year), Some(RecordState::Approved), "GL-1", 50).await.expect("read");
    store.open_deliveries("national", None, 50).await.expect("read");
    store.open_deliveries("national", Some((Some(now), last)), 50).await.expect("read");
    store.deliveries("national", None, last, 50).await.expect("read");
    store.deliveries("national", Some("verified"), last, 50).await.expect("read");
    store.delivery(last).await.expect("read");
    let filter = OutboxFilter { target: Some("national".into()), ..OutboxFilter::default() };
    store.outbox_lines(&filter, 50).await.expect("read");
    store.outbox_lines(&OutboxFilter { state: Some("parked".into()), ..filter }, 50).await.expect("read");
    store.audit_entries(i64::MAX, 50).await.expect("read");
    // What waits for a person, and what is counted for the first screen every second.
    store.review_queue(0, 50).await.expect("read");
    let version = CatalogVersion::new("2026-1").expect("version");
    store.products_of(&version, &["A", "B"]).await.expect("read");
    store.rejected(None, 0, 50).await.expect("read");
    store.kept_decisions(50).await.expect("read");
    store.kept_decisions_by_origin().await.expect("read");
    store.deadline_risk(now, now).await.expect("read");
    store.change_stamp().await.expect("read");
    store.scores_by_unit(quarter, "to_date").await.expect("read");
    store.records_by_unit(quarter).await.expect("read");
    // Steps.
    store.directory_stamp().await.expect("read");
    store.decision_marks().await.expect("read");
    store.known_hashes(&source, &["a", "b"]).await.expect("read");
    store.tasks_to_identify(50).await.expect("read");
    store.tasks_to_map(50).await.expect("read");
    store.find_tasks(&["bao".to_owned(), "ca".to_owned()], i64::MAX, 50).await.expect("read");
    store.pairs(PairState::Proposed, 9, 50).await.expect("read");
    store.pairs_of(1).await.expect("read");
    store.counts_as(1).await.expect("read");
    store.duplicates_of(1).await.expect("read");
    store.items_down_from(9, 50).await.expect("read");
    store.waiting_items(0, i64::MAX, 50).await.expect("read");
    store.decided_after(0, 50).await.expect("read");
    store.taught_by(&[1, 2]).await.expect("read");
    store.scores_without_record(50).await.expect("read");
    store.open_decisions(50).await.expect("read");
}

/// Tables by the names a statement gives them.
fn names(statement: &str) -> BTreeMap<&str, &str> {
    let words: Vec<&str> = statement
        .split(|c: char| c.is_whitespace() || "(),".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    let mut names = BTreeMap::new();
    for (index, _) in words.iter().enumerate().filter(|(_, word)| ["FROM", "JOIN"].contains(word)) {
        if let Some(table) = words.get(index + 1) {
            names.insert(*table, *table);
            if let Some(alias) =
                words.get(index + 2).filter(|word| word.chars().all(|c| c.is_ascii_lowercase()))
            {
                names.insert(*alias, *table);
            }
        }
    }
    names
}

/// Steps of SQLite's plan that walk over a large table: whole, or by an index that holds all of it.
async fn walks_of_sqlite(both: &Both, statements: &BTreeSet<String>) -> Vec<String> {
    let file = format!("sqlite://{}", both.folder.path().join("lienthong.db").display());
    let mut database = sqlx::SqliteConnection::connect(&file).await.expect("opens");
    let partial = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE%'";
    let partial: Vec<String> = sqlx::query_scalar(partial).fetch_all(&mut database).await.expect("indexes");
    let mut walks = Vec::new();
    for statement in statements {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan = sqlx::raw_sql(explain).fetch_all(&mut database).await.expect("a plan");
        let names = names(statement);
        for step in plan.iter().map(|row| row.get::<String, _>("detail")) {
            let walked = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            let table = walked.map(|name| names.get(name).copied().unwrap_or(name));
            let by = step.rsplit(' ').next().unwrap_or_default();
            // A full-text table that is asked for words goes by them.
            let by_words = step.contains("VIRTUAL TABLE INDEX") && step.contains(":M");
            let table = table.filter(|_| !by_words);
            if table.is_some_and(|table| LARGE.contains(&table)) && !partial.iter().any(|index| index == by) {
                walks.push(format!("{step}: {statement}"));
            }
        }
    }
    walks
}

/// Every node of a plan but those that take the first rows of an index as they stand and stop, as the greatest number
/// of a table is found (PostgreSQL 17 says it without a condition).
fn nodes<'a>(plan: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(plan);
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        let first =
            plan["Node Type"] == "Limit" && inner["Index Name"].is_string() && inner["Filter"].is_null();
        if !first {
            nodes(inner, found);
        }
    }
}

/// The same of PostgreSQL.
async fn walks_of_postgres(both: &Both, statements: &BTreeSet<String>) -> Vec<String> {
    let [_, StoreConfig::Postgres { url, .. }] = both.configs() else { panic!("PostgreSQL comes second") };
    let mut database = sqlx::PgConnection::connect(url.expose_secret()).await.expect("opens");
    let partial = "SELECT indexname::text FROM pg_indexes WHERE indexdef LIKE '%WHERE%'";
    let partial: Vec<String> = sqlx::query_scalar(partial).fetch_all(&mut database).await.expect("indexes");
    let settings = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; \
                    SET enable_mergejoin = off";
    sqlx::raw_sql(settings).execute(&mut database).await.expect("settings");
    let mut walks = Vec::new();
    for statement in statements {
        let places = (1..20).take_while(|number| statement.contains(&format!("${number}"))).count();
        let nothing = match places {
            0 => String::new(),
            places => format!("({})", vec!["NULL"; places].join(", ")),
        };
        let prepare = AssertSqlSafe(format!("PREPARE asked AS {statement}"));
        sqlx::raw_sql(prepare)
            .execute(&mut database)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        let explain = AssertSqlSafe(format!("EXPLAIN (FORMAT JSON, COSTS OFF) EXECUTE asked{nothing}"));
        let row = sqlx::raw_sql(explain).fetch_one(&mut database).await.expect("a plan");
        let plan: Value = row.get(0);
        sqlx::raw_sql("DEALLOCATE asked").execute(&mut database).await.expect("forgotten");
        let mut found = Vec::new();
        nodes(&plan[0]["Plan"], &mut found);
        for node in found {
            let is_large = node["Relation Name"].as_str().is_some_and(|table| LARGE.contains(&table));
            let goes_by = node["Index Cond"].is_string() || node["Recheck Cond"].is_string();
            let few =
                node["Index Name"].as_str().is_some_and(|name| partial.iter().any(|index| index == name));
            if is_large && !goes_by && !few {
                let by = node["Index Name"].as_str().unwrap_or("no index");
                walks.push(format!(
                    "{} over {} by {by}: {statement}",
                    node["Node Type"], node["Relation Name"]
                ));
            }
        }
    }
    walks
}

#[tokio::test]
async fn page_and_steps_ask_nothing_that_walks_over_a_large_table() {
    let statements = Statements::default();
    let subscriber = tracing_subscriber::registry().with(statements.clone());
    // SQLite's driver works on threads of its own: a subscriber of this thread alone would hear nothing of them.
    tracing::subscriber::set_global_default(subscriber).expect("this test has its process to itself");
    let both = both().await;
    statements.take();
    let mut walks = Vec::new();
    for (index, store) in both.stores.iter().enumerate() {
        asked_over_and_over(store).await;
        let asked = statements.take();
        assert!(asked.len() > 40, "{} statements were taken down", asked.len());
        walks.extend(match index {
            0 => walks_of_sqlite(&both, &asked).await,
            _ => walks_of_postgres(&both, &asked).await,
        });
        statements.take();
    }
    assert!(walks.is_empty(), "{}", walks.join("\n"));
}

#[tokio::test]
async fn people_of_a_page_are_read_of_its_own_tasks_however_far_these_lie_apart() {
    let statements = Statements::default();
    let subscriber = tracing_subscriber::registry().with(statements.clone());
    tracing::subscriber::set_global_default(subscriber).expect("this test has its process to itself");
    let both = both().await;
    for store in &both.stores {
        let house = crate::review::house(store).await;
        for number in 0..12 {
            // Those between the first and the last are due in another quarter.
            let day = if number % 11 == 0 { "2026-11-20" } else { "2026-08-20" };
            let said = serde_json::json!({
                "external_id": format!("{number}"), "due": { "day": day, "time": null },
                "assignee": { "kind": "staff_number", "value": crate::review::AN }
            });
            crate::support::task::shown(&house, said).await;
        }
        statements.1.lock().expect("rows").clear();
        let span = ("2026-10-01".parse().expect("day"), "2026-12-31".parse().expect("day"));
        let tasks = store.survey_tasks(span, 0, 100).await.expect("read");
        assert_eq!(tasks.iter().map(|one| one.people.len()).collect::<Vec<_>>(), [1, 1]);
        let asked = statements.1.lock().expect("rows");
        let read: u64 =
            asked.iter().filter(|(sql, _)| sql.contains("FROM task_person")).map(|(_, rows)| rows).sum();
        assert_eq!(read, 2, "{asked:?}");
    }
}
