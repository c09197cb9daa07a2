//! What stops a pull: a source that suddenly shows nothing, too little, too much or tasks nobody knows. What is stored
//! stays, the cursor stays, nothing is called gone, until the source shows what it did or a person lets a run through.

use crate::support::http::{Scripted, status};
use crate::support::installation::{Installed, Targets};
use crate::support::source::{HEAD, PASSWORD, STREAM, entry};
use crate::support::stores::{both, one};
use lienthong::config::Gates;
use lienthong::connector::http::{HttpConnector, SourceLimits, SourceOptions};
use lienthong::connector::manifest;
use lienthong::domain::SourceId;
use lienthong::pipeline::command::{Command, Executor as _, Outcome};
use lienthong::pipeline::execute::Installation;
use lienthong::pipeline::source::PullSource;
use lienthong::pipeline::step::Step as _;
use lienthong::pipeline::{App, Policy};
use lienthong::store::{RunKind, Store};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Mutex};

pub const RULES: &str = "[paging]\nkind = \"page\"\nparam = \"page\"\nsize_param = \"size\"\nsize = 20\n\
    [incremental]\nparam = \"since\"\nformat = \"rfc3339\"\nfield = \"at\"\ndate = [\"rfc3339\"]\n\
    [fields]\ntitle = \"name\"\nstatus = { path = \"status\", map = { \"1\" = \"in_progress\", \"4\" = \"done\" } }\n\
    assignee = \"who\"\nquantity = \"points\"\ncompleted_at = { path = \"done_at\", date = [\"rfc3339\"] }\n\
    updated_at = { path = \"at\", date = [\"rfc3339\"] }\n";

/// What the source shows now: its records, and its own total where that is another one.
#[derive(Default)]
struct Shown {
    records: Vec<Value>,
    total: Option<usize>,
    /// Whether it answers nothing but errors.
    down: bool,
}

/// An installation with one source whose records a test sets.
pub struct House {
    shown: Arc<Mutex<Shown>>,
    pub server: Scripted,
    pub store: Store,
    policy: Policy,
    clock: lienthong::clock::Clock,
    pub gates: Gates,
    /// Everything of the manifest but its head and stream.
    pub rules: String,
}

/// A task of the source.
pub fn task(number: usize) -> Value {
    json!({ "id": number, "name": format!("Nhiệm vụ {number}"), "status": "1", "who": "an", "points": 2, "done_at": null,
        "at": "2026-11-20T08:00:00+07:00" })
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn tasks(numbers: std::ops::Range<usize>) -> Vec<Value> {
    numbers.map(task).collect()
}

/// Its name.
pub fn source() -> SourceId {
    SourceId::new("test").expect("id")
}

impl House {
    pub async fn new(store: &Store) -> Self {
        let shown: Arc<Mutex<Shown>> = Arc::default();
        let seen = shown.clone();
        let server = Scripted::start(move |asked| {
            let shown = seen.lock().expect("lock");
            if shown.down {
                return status(503, &[], "");
            }
            // Whoever asks for no pages gets everything.
            let size = Some(asked.number("size")).filter(|size| *size > 0).unwrap_or(usize::MAX);
            let page = asked.number("page").max(1);
            let since = asked.query.get("since").cloned().unwrap_or_default();
            let at = |record: &&Value| record["at"].as_str().unwrap_or_default() >= since.as_str();
            let all: Vec<&Value> = shown.records.iter().filter(at).collect();
            let items: Vec<&&Value> = all.iter().skip((page - 1) * size).take(size).collect();
            let total = if since.is_empty() { shown.total } else { None };
            let body = json!({ "items": items, "total": total.unwrap_or(all.len()) }).to_string();
            let etag = format!("\"{}\"", hex(&Sha256::digest(&body)));
            if asked.headers.get("if-none-match") == Some(&etag) {
                return status(304, &[("etag", &etag)], "");
            }
            status(200, &[("content-type", "application/json"), ("etag", &etag)], &body)
        })
        .await;
        let installed =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        Self {
            shown,
            server,
            store: store.clone(),
            policy: installed.app.policy.clone(),
            clock: installed.app.clock,
            gates: Gates { from_tasks: 20, ..Gates::default() },
            rules: RULES.to_owned(),
        }
    }

    pub fn shows(&self, records: Vec<Value>) {
        *self.shown.lock().expect("lock") = Shown { records, ..Shown::default() };
    }

    pub fn says(&self, total: usize) {
        self.shown.lock().expect("lock").total = Some(total);
    }

    pub fn installation(&self, rules: &str) -> Installation {
        Installation { app: Arc::new(self.app(rules)) }
    }

    /// The installation as it would be started with these rules.
    pub fn app(&self, rules: &str) -> App {
        self.app_at(&self.server.base, rules)
    }

    /// The same with a source that lives elsewhere.
    pub fn app_at(&self, base: &str, rules: &str) -> App {
        let text = format!("{HEAD}{STREAM}{rules}");
        let loaded =
            manifest::parse("test.toml", &text).unwrap_or_else(|findings| panic!("{findings}\n{text}"));
        let options = SourceOptions {
            settings: [("base_url".to_owned(), base.to_owned())].into(),
            secrets: [("password".to_owned(), PASSWORD.to_owned().into())].into(),
            allow_http: true,
            ca_file: None,
            limits: SourceLimits::default(),
        };
        let connector = HttpConnector::new(source(), Arc::new(loaded), options)
            .unwrap_or_else(|findings| panic!("{findings}"));
        let entry = entry(Arc::new(connector), "QLVB");
        let sources = [(source(), entry)].into();
        let mut app =
            App::new(self.store.clone(), self.clock, "a".into(), sources, (None, None), self.policy.clone());
        app.gates.insert(source(), self.gates);
        app.drift.insert(
            source(),
            lienthong::connector::drift::Policy::of_manifest("test.toml", &text).expect("a manifest"),
        );
        app
    }

    pub async fn order(&self, command: Command) -> Outcome {
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        self.installation(&self.rules).execute(command, progress).await
    }

    pub async fn sync(&self, full: bool) -> Vec<String> {
        let outcome = self.order(Command::Sync { source: source(), full }).await;
        outcome.findings.into_iter().map(|finding| finding.code).collect()
    }

    /// Accepts what stopped the source; the codes of what is told against it.
    pub async fn accept(&self, code: &str) -> Vec<String> {
        let (author, reason) = ("Lê Văn Trưởng".to_owned(), "đã lưu trữ theo văn bản 12".to_owned());
        let order = Command::SourceAccept { source: source(), code: code.to_owned(), author, reason };
        self.order(order).await.findings.into_iter().map(|finding| finding.code).collect()
    }

    pub async fn live(&self) -> u64 {
        self.store.count_live_tasks(&source()).await.expect("count")
    }

    pub async fn cursor(&self) -> Option<String> {
        self.store.source_state(&source()).await.expect("state").cursor
    }

    /// The state of the source in `status`.
    pub async fn state(&self) -> String {
        let outcome = self.order(Command::Status {}).await;
        let document = serde_json::to_value(&outcome.document).expect("json");
        let text = document.to_string();
        ["stopped", "failing", "partly", "never_pulled", "ok"]
            .into_iter()
            .find(|word| text.contains(&format!("\"{word}\"")))
            .unwrap_or_default()
            .to_owned()
    }
}

/// Fault E16's neighbour: an account that sees nothing, a default filter, a cut page.
#[tokio::test]
async fn source_that_shows_nothing_or_far_less_is_stopped_and_nothing_is_gone() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        assert_eq!(house.sync(false).await, [""; 0]);
        assert_eq!(house.sync(true).await, [""; 0]);
        let cursor = house.cursor().await;
        assert!(cursor.is_some());

        for (records, code) in [(Vec::new(), "LT-PUL-010"), (tasks(0..29), "LT-PUL-001")] {
            house.shows(records);
            assert_eq!(house.sync(true).await, [code], "{}", store.kind());
            assert_eq!(
                (house.live().await, house.cursor().await),
                (60, cursor.clone()),
                "{code}: all is as it was"
            );
            assert_eq!(house.state().await, "stopped");
            let gate = store.gate(&source()).await.expect("gate").expect("closed");
            assert_eq!((gate.finding.code.as_str(), gate.accepted), (code, None));
        }
        // The source shows what it did: it goes on by itself, and one task really is gone.
        house.shows(tasks(0..59));
        assert_eq!(house.sync(true).await, [""; 0]);
        assert_eq!((house.live().await, house.state().await), (59, "ok".to_owned()));
        assert!(store.gate(&source()).await.expect("gate").is_none());
    }
}

#[tokio::test]
async fn gate_is_opened_by_a_person_with_a_reason_for_one_run_and_the_journal_says_so() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        house.sync(false).await;
        house.sync(true).await;
        assert_eq!(house.accept("LT-PUL-001").await, ["LT-PUL-013"], "nothing is stopped");
        house.shows(tasks(0..25));
        assert_eq!(house.sync(true).await, ["LT-PUL-001"]);
        let short = Command::SourceAccept {
            source: source(),
            code: "LT-PUL-001".into(),
            author: "An An".into(),
            reason: " x ".into(),
        };
        assert_eq!(house.order(short).await.findings[0].code, "LT-PUL-014");
        assert_eq!(house.accept("LT-PUL-001").await, [""; 0]);
        let entry = store.audit_entries(i64::MAX, 1).await.expect("journal").pop().expect("an entry");
        assert_eq!(
            (entry.action.as_str(), entry.detail.as_str(), entry.reason.as_deref()),
            ("gate_accepted", "LT-PUL-001", Some("đã lưu trữ theo văn bản 12"))
        );
        assert_eq!(house.sync(true).await, [""; 0]);
        assert_eq!((house.live().await, house.state().await), (25, "ok".to_owned()));
        // What is usual counts anew from there, and the gate is a gate again.
        assert_eq!(house.sync(true).await, [""; 0]);
        house.shows(tasks(0..4));
        assert_eq!(house.sync(true).await, ["LT-PUL-001"]);
    }
}

/// Whoever accepts that there are fewer tasks has not accepted that there are none, or other ones.
#[tokio::test]
async fn records_of_which_none_is_known_are_not_stored_beside_the_known_ones() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        house.sync(false).await;
        // The key field changed, or it is the account of another unit: as many records, all of them new.
        house.shows(tasks(1_000..1_060));
        assert_eq!(house.sync(true).await, ["LT-PUL-012"]);
        assert_eq!(house.live().await, 60, "nothing new is stored, nothing is gone");
        // One known task among them is enough to go on; it stands on the last page.
        house.shows([tasks(1_000..1_060), tasks(0..60)].concat());
        assert_eq!(house.sync(true).await, ["LT-PUL-020"]);
        assert_eq!(house.live().await, 120);
    }
}

#[tokio::test]
async fn ten_times_as_many_new_tasks_stop_a_pull_of_changes_too() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    house.shows(tasks(0..20));
    house.sync(false).await;
    let later = |mut task: Value| {
        task["at"] = json!("2026-11-23T08:00:00+07:00");
        task
    };
    house.shows(tasks(0..400).into_iter().map(later).collect());
    assert_eq!(house.sync(false).await, ["LT-PUL-011"]);
    assert!(house.live().await < 300, "it stopped on the way");
    assert_eq!(house.accept("LT-PUL-011").await, [""; 0]);
    assert_eq!(house.sync(false).await, [""; 0]);
    assert_eq!((house.live().await, house.state().await), (400, "ok".to_owned()));
}

/// What a stopped run stored is never taken for known: neither ten minutes later nor after a backfill.
#[tokio::test]
async fn growth_stays_stopped_until_a_person_accepts_whatever_other_runs_stored() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..20));
        house.sync(false).await;
        let later = |mut task: Value| {
            task["at"] = json!("2026-11-23T08:00:00+07:00");
            task
        };
        house.shows(tasks(0..400).into_iter().map(later).collect());
        for _ in 0..4 {
            assert_eq!(house.sync(false).await, ["LT-PUL-011"], "{}", store.kind());
        }
        let day = |text: &str| text.parse().expect("a day");
        let backfill = Command::Backfill { source: source(), from: day("2026-11-01"), to: day("2026-11-24") };
        assert_eq!(house.order(backfill).await.exit, 0);
        assert_eq!(house.live().await, 400, "a backfill is asked for by a person and stored");
        assert_eq!(house.state().await, "stopped");
        assert_eq!(house.sync(false).await, ["LT-PUL-011"], "and is no proof that the growth is true");
        assert_eq!(house.sync(true).await, ["LT-PUL-011"], "neither is reading all of them");
        // The source shows what it did: what it showed in between is gone again.
        house.shows(tasks(0..20).into_iter().map(later).collect());
        assert_eq!(house.sync(true).await, [""; 0]);
        assert_eq!((house.live().await, house.state().await), (20, "ok".to_owned()));
    }
}

/// A wrong account: as many tasks as before, all of another unit.
#[tokio::test]
async fn other_tasks_in_the_place_of_the_known_ones_call_none_of_them_gone() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.gates = Gates::default();
        house.shows(tasks(0..40));
        house.sync(false).await;
        house.shows(tasks(1_000..1_040));
        // The second time those of the first are stored, and still nobody knows them.
        for _ in 0..2 {
            assert_eq!(house.sync(true).await, ["LT-PUL-010"], "{}", store.kind());
            assert_eq!((house.live().await, house.state().await), (80, "stopped".to_owned()));
        }
        house.shows(tasks(0..40));
        assert_eq!(house.sync(true).await, [""; 0]);
        assert_eq!((house.live().await, house.state().await), (40, "ok".to_owned()));
    }
}

#[tokio::test]
async fn new_tasks_do_not_count_for_the_share_of_known_ones() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    house.shows(tasks(0..60));
    house.sync(false).await;
    house.shows([tasks(0..20), tasks(1_000..1_040)].concat());
    assert_eq!(house.sync(true).await, ["LT-PUL-001"], "60 are seen, 20 of them are known");
    assert_eq!(house.live().await, 100);
}

/// Where a pull cannot prove itself complete nothing is called gone; accepting it must help all the same.
#[tokio::test]
async fn accepted_run_is_the_new_measure_where_it_calls_nothing_gone() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        let without_key = json!({ "name": "không có khóa" });
        house.shows(tasks(0..60));
        house.sync(false).await;
        house.shows([tasks(0..25), vec![without_key.clone()]].concat());
        assert_eq!(house.sync(true).await, ["LT-PUL-001"]);
        assert_eq!(house.accept("LT-PUL-001").await, [""; 0]);
        for _ in 0..3 {
            let told = house.sync(true).await;
            assert!(!told.contains(&"LT-PUL-001".to_owned()), "{}: {told:?}", store.kind());
            assert_eq!((house.live().await, house.state().await), (60, "ok".to_owned()));
        }
        house.shows([tasks(0..10), vec![without_key]].concat());
        assert_eq!(house.sync(true).await, ["LT-PUL-001"], "the gate is a gate again");
        // It really is empty: an empty answer calls nothing gone, and is accepted once.
        house.shows(Vec::new());
        assert_eq!(house.sync(true).await, ["LT-PUL-010"]);
        assert_eq!(house.accept("LT-PUL-010").await, [""; 0]);
        for _ in 0..3 {
            let told = house.sync(true).await;
            assert!(!told.contains(&"LT-PUL-010".to_owned()), "{}: {told:?}", store.kind());
            assert!(store.gate(&source()).await.expect("gate").is_none());
        }
        // Everything is back, and a pull that saw everything has the known tasks count again.
        house.shows(tasks(0..60));
        house.sync(true).await;
        house.shows(tasks(0..25));
        assert_eq!(house.sync(true).await, ["LT-PUL-001"]);
    }
}

/// A quarter begins: the newest tasks come first, on small pages that move while they are read.
#[tokio::test]
async fn new_tasks_before_the_known_ones_are_waited_for_up_to_as_many_as_are_known() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = RULES.replace("size = 20", "size = 5");
        house.shows(tasks(0..150));
        house.sync(false).await;
        // One of them is shown twice, as on pages that move.
        house.shows([tasks(1_000..1_100), tasks(1_070..1_071), tasks(0..150)].concat());
        let told = house.sync(true).await;
        assert!(!told.contains(&"LT-PUL-012".to_owned()), "{}: {told:?}", store.kind());
        assert_eq!((house.live().await, house.state().await), (250, "ok".to_owned()));
        house.shows([tasks(2_000..2_260), tasks(0..150), tasks(1_000..1_100)].concat());
        assert_eq!(house.sync(true).await, ["LT-PUL-012"], "more than are known");
        assert_eq!(house.live().await, 250, "and none of them is stored");
    }
}

#[tokio::test]
async fn acceptance_waits_for_the_kind_of_run_that_was_stopped_and_orders_it() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        house.sync(false).await;
        house.shows(tasks(0..25));
        assert_eq!(house.sync(true).await, ["LT-PUL-001"]);
        assert_eq!(house.accept("LT-PUL-001").await, [""; 0]);
        // A pull of changes comes in between: it neither needs nor uses it.
        assert_eq!(house.sync(false).await, [""; 0]);
        let gate = store.gate(&source()).await.expect("gate").expect("closed");
        assert!(gate.accepted.is_some() && gate.kind == RunKind::Full);
        // No full pull stands in the schedule: the acceptance itself orders it.
        let step = PullSource::new(house.installation(&house.rules).app, source());
        step.run().await.expect("a pull");
        let run = store.runs(&source(), i64::MAX, 1).await.expect("runs").remove(0);
        assert_eq!((run.kind.as_str(), run.outcome.as_deref()), ("full", Some("succeeded")));
        assert_eq!((house.live().await, house.state().await), (25, "ok".to_owned()), "{}", store.kind());
    }
}

#[tokio::test]
async fn small_source_is_not_judged_by_growth() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    house.shows(tasks(0..5));
    house.sync(false).await;
    house.shows(tasks(0..200));
    assert_eq!(house.sync(true).await, ["LT-PUL-020"], "five tasks say nothing about what is usual: no gate");
    assert_eq!(house.live().await, 200);
}

#[tokio::test]
async fn full_pull_proves_what_is_held_by_count_and_digest() {
    let both = both().await;
    let mut digests = Vec::new();
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        house.sync(false).await;
        house.sync(true).await;
        house.sync(true).await;
        let proofs = store.proofs(&source(), 10).await.expect("proofs");
        assert_eq!(proofs.len(), 2);
        let [second, first] = [&proofs[0], &proofs[1]];
        assert!(first.proven && second.proven);
        assert_eq!((first.seen, first.held, first.source_total), (60, 60, Some(60)));
        assert_eq!(first.digest, second.digest, "nothing changed");
        assert_eq!(first.periods["none"].0, 60);
        digests.push(first.digest.clone());

        let mut changed = tasks(0..60);
        changed[7]["name"] = json!("Đổi tên");
        changed[7]["at"] = json!("2026-11-24T07:59:00Z");
        house.shows(changed);
        house.sync(true).await;
        let proof = store.proofs(&source(), 1).await.expect("proofs").remove(0);
        assert!(proof.proven && proof.digest != first.digest, "another content is another digest");

        house.says(70);
        assert!(house.sync(true).await.contains(&"LT-PUL-021".to_owned()), "ten are missing");
        let proof = store.proofs(&source(), 1).await.expect("proofs").remove(0);
        assert!(!proof.proven && proof.source_total == Some(70) && proof.held == 60);
        let outcome = house.order(Command::SourceShow { source: source() }).await;
        let shown = outcome.document.to_json(lienthong::error::Lang::En);
        assert_eq!(
            (&shown["state"]["completeness"], &shown["state"]["proven_at"]),
            (&"not_proven".into(), &shown["proofs"][1]["at"]),
            "{shown}"
        );
        let of = |place: usize| {
            (shown["proofs"][place]["held"].clone(), shown["proofs"][place]["source_total"].clone())
        };
        assert_eq!((of(0), of(1)), ((60.into(), 70.into()), (60.into(), 60.into())), "{shown}");
    }
    assert_eq!(digests[0], digests[1], "both databases hold the same");
}

#[tokio::test]
async fn full_pull_tells_how_many_tasks_pulls_of_changes_had_missed() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    house.shows(tasks(0..60));
    house.sync(false).await;
    // Committed late under an old time: no pull of changes asks so far back.
    let mut late = tasks(0..63);
    for task in late.iter_mut().skip(60) {
        task["at"] = json!("2026-11-10T08:00:00+07:00");
    }
    house.shows(late);
    assert_eq!(house.sync(false).await, [""; 0]);
    assert_eq!(house.live().await, 60, "the pull of changes does not see them");
    assert_eq!(house.sync(true).await, ["LT-PUL-020"]);
    let proof = store.proofs(&source(), 1).await.expect("proofs").remove(0);
    assert_eq!((proof.missed, proof.held), (3, 63));
    assert_eq!(house.sync(true).await, [""; 0], "told once");
}

/// A corrected manifest reads every task in another way: no pull had missed that, nobody closed sixty tasks at once.
#[tokio::test]
async fn corrected_manifest_is_not_told_as_missed_closed_in_bulk_or_tenfold() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        let done = |mut task: Value| {
            task["hours"] = json!(30);
            task["done_at"] = json!("2026-11-20T07:00:00+07:00");
            task
        };
        let mut records: Vec<Value> = tasks(0..60).into_iter().map(done).collect();
        records[59]["at"] = json!("2026-11-23T08:00:00+07:00");
        house.shows(records.clone());
        house.sync(false).await;
        assert_eq!(house.sync(true).await, [""; 0]);
        house.rules = RULES
            .replace("\"1\" = \"in_progress\"", "\"1\" = \"done\"")
            .replace("quantity = \"points\"", "quantity = \"hours\"");
        assert_eq!(house.sync(false).await, [""; 0], "the last task is read anew");
        assert_eq!(house.sync(true).await, [""; 0], "and now all the others: {}", store.kind());
        let stored = store.scan_tasks(None, 0, 1).await.expect("tasks").remove(0);
        assert_eq!(stored.task.draft.quantity, Some(30.into()));
        // From here on both versions of a task are read by the same rules again.
        records.extend(tasks(60..61).into_iter().map(done));
        records[60]["at"] = json!("2026-11-10T08:00:00+07:00");
        house.shows(records);
        assert_eq!(house.sync(true).await, ["LT-PUL-020"]);
    }
}

#[tokio::test]
async fn total_that_counts_tombstones_is_no_difference() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = format!("deleted = {{ path = \"deleted\", one_of = [\"true\"] }}\n{RULES}");
        house.shows(tasks(0..60));
        house.sync(false).await;
        let buried = |mut task: Value| {
            task["deleted"] = json!("true");
            task
        };
        // Five of tasks we hold, three of tasks that were deleted before we ever looked.
        let dead: Vec<Value> = tasks(55..60).into_iter().chain(tasks(900..903)).map(buried).collect();
        house.shows([tasks(0..55), dead.clone()].concat());
        for _ in 0..2 {
            let told = house.sync(true).await;
            assert!(!told.contains(&"LT-PUL-021".to_owned()), "{}: {told:?}", store.kind());
            let proof = store.proofs(&source(), 1).await.expect("proofs").remove(0);
            assert!(proof.proven, "{proof:?}");
            assert_eq!((proof.held, proof.source_total), (55, Some(55)));
        }
        house.says(70);
        assert!(house.sync(true).await.contains(&"LT-PUL-021".to_owned()), "seven are missing");
    }
}

/// Faults: bulk closing before scoring, and points that are suddenly ten times as many (E16).
#[tokio::test]
async fn bulk_closing_and_a_tenfold_quantity_are_told_and_stop_nothing() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    house.shows(tasks(0..60));
    house.sync(false).await;
    let close = |mut task: Value| {
        task["status"] = json!("4");
        task["done_at"] = json!("2026-11-24T14:00:00+07:00");
        task["at"] = json!("2026-11-24T14:00:00+07:00");
        task
    };
    house.shows(
        tasks(0..60).into_iter().enumerate().map(|(n, t)| if n < 29 { close(t) } else { t }).collect(),
    );
    assert_eq!(house.sync(false).await, [""; 0], "29 of them are nobody's business");
    house.shows(tasks(0..60).into_iter().map(close).collect());
    assert_eq!(house.sync(false).await, ["LT-ING-010"], "31 more within a minute");
    let points = |mut task: Value| {
        task["points"] = json!(20);
        task["at"] = json!("2026-11-24T14:30:00+07:00");
        close(task)
    };
    house.shows(tasks(0..60).into_iter().map(points).collect());
    assert_eq!(house.sync(false).await, ["LT-ING-011"]);
    let stored = store.scan_tasks(None, 0, 1).await.expect("tasks").remove(0);
    assert_eq!(stored.task.draft.quantity, Some(20.into()), "the source's word stands");
}

/// Found by a sheet with 99999999999 in one cell: its person's other work was nothing beside it.
#[tokio::test]
async fn quantity_no_task_can_have_is_rejected_the_first_time_too_until_a_person_raises_the_bound() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        let with = |number: usize, points: Value| {
            let mut task = task(number);
            task["points"] = points;
            task
        };
        let shown =
            [with(1, json!(99_999_999_999_u64)), with(2, json!(1_000)), with(3, json!(1000.5)), task(4)];
        house.shows(shown.to_vec());
        assert_eq!(house.sync(false).await, [""; 0]);
        let rejected = store.rejected(None, 0, 10).await.expect("rejected");
        let told: Vec<_> =
            rejected.iter().map(|row| (row.external_id.as_deref(), row.finding.code.as_str())).collect();
        let expected = [(Some("1"), "LT-ING-020"), (Some("3"), "LT-ING-020")];
        assert_eq!(told, expected, "{}", store.kind());
        assert!(rejected[0].finding.what.vi.contains("99999999999"), "{:?}", rejected[0].finding);
        assert_eq!(house.live().await, 2, "the bound itself is a quantity");
        let large = async || store.count_rejected("LT-ING-020").await.expect("count");
        assert_eq!((large().await, store.count_rejected("LT-ING-02").await.expect("count")), (2, 0));
        // A replay says the same while the bound does, and reads it once it is raised.
        let replay = || Command::RejectedReplay { source: source(), id: None };
        house.order(replay()).await;
        assert_eq!((house.live().await, store.rejected(None, 0, 10).await.expect("kept").len()), (2, 2));
        house.gates.most_quantity = 2_000;
        house.order(replay()).await;
        assert_eq!(house.live().await, 3, "{}", store.kind());
        assert_eq!(store.rejected(None, 0, 10).await.expect("kept").len(), 1);
        house.gates.most_quantity = 0;
        house.order(replay()).await;
        assert_eq!(house.live().await, 4, "0 is any quantity");
        assert_eq!(large().await, 0, "{}", store.kind());
    }
}

/// Fault F11: one poisoned record among a thousand; and what was rejected is read by a corrected manifest, whatever
/// the reason was.
#[tokio::test]
async fn poisoned_record_is_quarantined_alone_and_read_again_by_a_corrected_manifest() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    let mut records = tasks(0..1_000);
    records[500]["status"] = json!("chưa từng thấy");
    house.shows(records);
    assert_eq!(house.sync(false).await, [""; 0]);
    assert_eq!(house.live().await, 999);
    let rejected = store.rejected(None, 0, 10).await.expect("rejected");
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0].external_id.as_deref(), Some("500"));

    // A date, a number and a missing title beside it.
    let mut records = tasks(0..1_003);
    records[500]["status"] = json!("chưa từng thấy");
    records[1_000]["done_at"] = json!("hôm qua");
    records[1_001]["points"] = json!("hai");
    records[1_002]["name"] = json!(null);
    for record in records.iter_mut().skip(1_000) {
        record["at"] = json!("2026-11-24T14:00:00+07:00");
    }
    house.shows(records);
    house.sync(false).await;
    assert_eq!((house.live().await, store.rejected(None, 0, 10).await.expect("rejected").len()), (999, 4));

    let corrected = RULES
        .replace("\"4\" = \"done\"", "\"4\" = \"done\", \"chưa từng thấy\" = \"open\"")
        .replace("path = \"done_at\"", "path = \"done_at\", empty = [\"hôm qua\"]")
        .replace("quantity = \"points\"", "quantity = { path = \"points\", empty = [\"hai\"] }")
        .replace("title = \"name\"", "title = { path = \"name\", default = \"(không tên)\" }");
    let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
    let replay = Command::RejectedReplay { source: source(), id: None };
    let outcome = house.installation(&corrected).execute(replay, progress).await;
    assert_eq!((outcome.exit, outcome.findings.len()), (0, 0), "{:?}", outcome.findings);
    assert_eq!((house.live().await, store.rejected(None, 0, 10).await.expect("rejected").len()), (1_003, 0));
}

const CONDITIONAL: &str = "conditional = true\n\
    [fields]\ntitle = \"name\"\nstatus = { path = \"status\", map = { \"1\" = \"in_progress\", \"4\" = \"done\" } }\n\
    assignee = \"who\"\nquantity = \"points\"\ncompleted_at = { path = \"done_at\", date = [\"rfc3339\"] }\n\
    updated_at = { path = \"at\", date = [\"rfc3339\"] }\n";

/// A 304 says that nothing changed: it is no empty source, for the gates neither, and after it changes are found as
/// before. A pull that was stopped leaves nothing that a 304 could confirm.
#[tokio::test(flavor = "multi_thread")]
async fn answer_without_a_body_is_no_empty_source() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    let sync = async |full| {
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        let command = Command::Sync { source: source(), full };
        let outcome = house.installation(CONDITIONAL).execute(command, progress).await;
        outcome.findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let conditional =
        || house.server.asked().last().is_some_and(|asked| asked.headers.contains_key("if-none-match"));
    house.shows(tasks(0..40));
    assert_eq!(sync(false).await, Vec::<String>::new());
    assert!(!conditional());
    for _ in 0..3 {
        assert_eq!(sync(false).await, Vec::<String>::new());
        assert!(conditional());
        assert_eq!(house.live().await, 40);
    }
    assert_eq!(sync(true).await, Vec::<String>::new());
    assert!(!conditional(), "a full pull reads everything");
    house.shows(tasks(0..42));
    assert_eq!(sync(false).await, Vec::<String>::new());
    assert!(conditional());
    assert_eq!(house.live().await, 42);
    // Far fewer: the gate stops the run, and what it read is not confirmed by the next one.
    house.shows(tasks(0..2));
    assert!(!sync(false).await.is_empty());
    assert!(!sync(false).await.is_empty(), "the same list is judged again");
    assert!(!conditional());
    house.shows(tasks(0..42));
    assert_eq!(sync(false).await, Vec::<String>::new());
    assert_eq!(house.live().await, 42);
}

/// A full pull that was stopped after it stored something leaves no state of the list that a 304 could confirm; one that
/// was stopped before leaves it.
#[tokio::test(flavor = "multi_thread")]
async fn list_that_a_stopped_full_pull_stored_in_part_is_read_again() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = CONDITIONAL.to_owned();
        let conditional = |house: &House| {
            house.server.asked().last().is_some_and(|asked| asked.headers.contains_key("if-none-match"))
        };
        house.shows(tasks(0..60));
        house.sync(false).await;
        house.shows(tasks(1_000..1_060));
        assert_eq!(house.sync(true).await, ["LT-PUL-012"], "{}", store.kind());
        house.shows(tasks(0..60));
        assert_eq!(house.sync(false).await, [""; 0]);
        assert!(conditional(&house), "nothing was stored, and nothing changed");
        assert_eq!(house.state().await, "ok");

        let mut cut = tasks(0..25);
        cut[0]["name"] = json!("Tên khác");
        house.shows(cut);
        assert_eq!(house.sync(true).await, ["LT-PUL-001"]);
        house.shows(tasks(0..60));
        assert_eq!(house.sync(false).await, [""; 0]);
        assert!(!conditional(&house), "the list is what it was, and what is held is not");
        let first = store.scan_tasks(None, 0, 1).await.expect("tasks").remove(0);
        assert_eq!((first.task.draft.title.as_str(), house.state().await), ("Nhiệm vụ 0", "ok".to_owned()));
    }
}

/// Whoever looks at status while a system is down sees that it is left alone, and why; afterwards nothing is told.
#[tokio::test(flavor = "multi_thread")]
async fn source_that_only_fails_is_left_alone_and_status_says_so() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    house.shows(tasks(0..3));
    let installation = house.installation(&house.rules);
    let order = async |command| {
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        let outcome = installation.execute(command, progress).await;
        outcome.findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let told = |codes: &[String]| codes.iter().any(|code| code == "LT-SRC-087");
    assert!(!told(&order(Command::Status {}).await));
    house.shown.lock().expect("lock").down = true;
    for _ in 0..4 {
        order(Command::Sync { source: source(), full: false }).await;
    }
    assert!(told(&order(Command::Status {}).await));
    let asked = house.server.asked().len();
    assert_eq!(order(Command::Sync { source: source(), full: false }).await, ["LT-NET-037"]);
    assert_eq!(house.server.asked().len(), asked, "nothing is sent meanwhile");
    house.shown.lock().expect("lock").down = false;
    while !order(Command::Sync { source: source(), full: false }).await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert!(!told(&order(Command::Status {}).await));
}
