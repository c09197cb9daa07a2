//! Records whose details do not come: kept and read again, with their details, or settled once they are really gone.

use crate::pull_gates::{House, RULES, source, task, tasks};
use crate::support::http::{Scripted, json, status};
use crate::support::stores::{both, one};
use lienthong::domain::TaskStatus;
use lienthong::pipeline::command::{Command, Executor as _, Outcome};
use lienthong::pipeline::execute::Installation;
use lienthong::store::Store;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a source lists, and with which status it answers the detail of a key where that is not 200.
#[derive(Default)]
struct Shown {
    list: Vec<Value>,
    refused: BTreeMap<String, u16>,
    /// Details of a key that are others than those of all.
    details: BTreeMap<String, Value>,
    /// Keys whose details were asked for.
    asked: Vec<String>,
}

struct Desk {
    house: House,
    server: Scripted,
    shown: Arc<Mutex<Shown>>,
}

impl Desk {
    async fn new(store: &Store) -> Self {
        let shown: Arc<Mutex<Shown>> = Arc::default();
        let seen = shown.clone();
        let server = Scripted::start(move |asked| {
            let mut shown = seen.lock().expect("lock");
            match asked.path.strip_prefix("/tasks/") {
                Some(key) if shown.details.contains_key(key) => {
                    shown.asked.push(key.to_owned());
                    json(shown.details[key].clone())
                }
                Some(key) => match shown.refused.get(key) {
                    Some(code) => status(*code, &[], "{}"),
                    None => json(serde_json::json!({ "done": "2026-11-21T08:00:00+07:00" })),
                },
                None => {
                    let (size, page) = (asked.number("size").max(1), asked.number("page").max(1));
                    let since = asked.query.get("since").cloned().unwrap_or_default();
                    let at = |record: &&Value| record["at"].as_str().unwrap_or_default() >= since.as_str();
                    let all: Vec<&Value> = shown.list.iter().filter(at).collect();
                    let items: Vec<&&Value> = all.iter().skip((page - 1) * size).take(size).collect();
                    json(serde_json::json!({ "items": items, "total": all.len() }))
                }
            }
        })
        .await;
        Self { house: House::new(store).await, server, shown }
    }

    fn lists(&self, list: Vec<Value>) {
        self.shown.lock().expect("lock").list = list;
    }

    /// Answers the details of these keys with a status.
    fn refuses(&self, keys: &[&str], code: u16) {
        self.shown.lock().expect("lock").refused = keys.iter().map(|key| ((*key).to_owned(), code)).collect();
    }

    fn installation(&self) -> Installation {
        let rules = RULES.replace("path = \"done_at\"", "path = \"$detail.done\"");
        let detail = "[[detail]]\nname = \"detail\"\npath = \"/tasks/{{ key }}\"\n";
        Installation { app: Arc::new(self.house.app_at(&self.server.base, &format!("{detail}{rules}"))) }
    }

    async fn order(&self, command: Command) -> Outcome {
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        self.installation().execute(command, progress).await
    }

    async fn sync(&self, full: bool) -> Vec<String> {
        let outcome = self.order(Command::Sync { source: source(), full }).await;
        outcome.findings.into_iter().map(|finding| finding.code).collect()
    }

    async fn replay(&self) -> Vec<String> {
        let outcome = self.order(Command::RejectedReplay { source: source(), id: None }).await;
        outcome.findings.into_iter().map(|finding| finding.code).collect()
    }

    /// Keys and codes of what is rejected.
    async fn rejected(&self) -> Vec<(String, String)> {
        let rows = self.house.store.rejected(None, 0, 100).await.expect("rejected");
        rows.into_iter().map(|row| (row.external_id.unwrap_or_default(), row.finding.code)).collect()
    }
}

fn done(number: usize) -> Value {
    let mut task = task(number);
    task["status"] = serde_json::json!("4");
    task
}

fn one_of(key: &str, code: &str) -> Vec<(String, String)> {
    vec![(key.to_owned(), code.to_owned())]
}

/// A detail that lags behind the list: the cursor has passed the record, and it is not lost.
#[tokio::test]
async fn listed_record_whose_detail_is_not_there_yet_is_kept_and_read_later() {
    let both = both().await;
    for store in &both.stores {
        let desk = Desk::new(store).await;
        desk.lists(tasks(0..30));
        desk.refuses(&["7"], 404);
        assert_eq!(desk.sync(false).await, ["LT-SRC-022"]);
        assert_eq!(desk.rejected().await, one_of("7", "LT-SRC-022"), "{}", store.kind());
        assert_eq!(desk.house.live().await, 29);
        assert_eq!(desk.replay().await, ["LT-PUL-006"], "not yet");
        assert_eq!(desk.rejected().await.len(), 1);
        desk.refuses(&[], 404);
        assert_eq!(desk.replay().await, [""; 0]);
        assert_eq!((desk.house.live().await, desk.rejected().await), (30, Vec::new()));
    }
}

#[tokio::test]
async fn record_whose_detail_was_not_there_is_settled_by_the_pull_that_brings_it() {
    let both = both().await;
    for store in &both.stores {
        let desk = Desk::new(store).await;
        desk.lists(tasks(0..30));
        desk.refuses(&["7"], 404);
        desk.sync(false).await;
        desk.refuses(&[], 404);
        assert_eq!(desk.sync(true).await, ["LT-PUL-020"]);
        assert_eq!((desk.house.live().await, desk.rejected().await), (30, Vec::new()), "{}", store.kind());
    }
}

/// Really deleted between list and detail: it does not stay among the rejected ones for ever.
#[tokio::test]
async fn record_that_is_listed_no_more_is_settled_by_the_full_pull() {
    let both = both().await;
    for store in &both.stores {
        let desk = Desk::new(store).await;
        desk.lists(tasks(0..30));
        desk.refuses(&["7", "8"], 404);
        desk.sync(false).await;
        assert_eq!(desk.rejected().await.len(), 2);
        // The one is gone from the list, the other one is still there and has no detail.
        let mut list = tasks(0..30);
        list.remove(7);
        desk.lists(list);
        assert_eq!(desk.sync(false).await, ["LT-SRC-022"]);
        assert_eq!(desk.rejected().await.len(), 2, "a pull of changes does not show what is gone");
        assert!(desk.sync(true).await.contains(&"LT-SRC-022".to_owned()));
        assert_eq!(desk.rejected().await, one_of("8", "LT-SRC-022"), "{}", store.kind());
    }
}

/// Its detail was refused: what is read again is read with its detail, or not at all.
#[tokio::test]
async fn record_whose_detail_was_refused_is_replayed_with_its_detail() {
    let both = both().await;
    for store in &both.stores {
        let desk = Desk::new(store).await;
        desk.lists((0..10).map(done).collect());
        desk.refuses(&["7"], 403);
        desk.sync(false).await;
        assert_eq!(desk.rejected().await, one_of("7", "LT-SRC-017"));
        assert_eq!(desk.replay().await, ["LT-PUL-006"]);
        assert_eq!(desk.house.live().await, 9, "it is not stored without its completion: {}", store.kind());
        // A source that fails as a whole is told, and what was rejected stays.
        desk.refuses(&["7"], 500);
        assert_eq!(desk.replay().await, ["LT-PUL-006", "LT-NET-012"]);
        desk.refuses(&[], 403);
        assert_eq!(desk.replay().await, [""; 0]);
        let all = store.scan_tasks(None, 0, 100).await.expect("tasks");
        let task = all.into_iter().find(|task| task.key.external_id == "7").expect("the task");
        assert_eq!(
            (task.task.draft.status, task.task.draft.completed_at),
            (TaskStatus::Done, "2026-11-21T08:00:00+07:00".parse().ok())
        );
        let raw = store.raw_page_of(task.id).await.expect("page").expect("a page");
        let kept = store.raw_page(raw).await.expect("page").expect("kept");
        assert!(String::from_utf8(kept.details.expect("details")).expect("text").contains("2026-11-21"));
    }
}

/// What a pull holds no replay reads and writes beside it.
#[tokio::test(flavor = "multi_thread")]
async fn replay_waits_while_another_process_pulls_the_source() {
    let (_folder, store) = one().await;
    let desk = Desk::new(&store).await;
    desk.lists(tasks(0..10));
    desk.refuses(&["7"], 403);
    desk.sync(false).await;
    desk.refuses(&[], 403);
    let lease = format!("step:pull:{}", source());
    let taken = store.acquire_lease(&lease, "another", Duration::from_secs(600)).await.expect("lease");
    assert!(taken.is_some());
    let replay = desk.replay();
    tokio::pin!(replay);
    tokio::select! {
        told = &mut replay => panic!("it did not wait: {told:?}"),
        () = tokio::time::sleep(Duration::from_millis(1_500)) => {}
    }
    assert_eq!((desk.house.live().await, desk.rejected().await.len()), (9, 1));
    store.release_lease(&lease, "another").await.expect("released");
    assert_eq!(replay.await, [""; 0]);
    assert_eq!((desk.house.live().await, desk.rejected().await.len()), (10, 0));
    let again = store.acquire_lease(&lease, "another", Duration::from_secs(1)).await.expect("lease");
    assert!(again.is_some(), "it is given back");
}

/// What only a detail shows: who the task belongs to now.
#[tokio::test]
async fn detail_that_changes_alone_is_seen_by_the_full_pull_whose_turn_it_is() {
    let both = both().await;
    for store in &both.stores {
        let desk = Desk::new(store).await;
        let whose = |who: &str| serde_json::json!({ "who": who });
        let owners = |from: usize, who: &str| -> Vec<(String, String)> {
            (from..from + 8).map(|key| (key.to_string(), who.to_owned())).collect()
        };
        let set = |of: &[(String, String)]| {
            let details = of.iter().map(|(key, who)| (key.clone(), whose(who)));
            desk.shown.lock().expect("lock").details.extend(details);
        };
        let mut list = tasks(0..8);
        list.extend((8..16).map(done));
        desk.lists(list);
        set(&[owners(0, "an"), owners(8, "an")].concat());
        let sections = |again: &str| {
            let rules = RULES.replace("assignee = \"who\"", "assignee = \"$detail.who\"");
            let rules = rules.replace("done_at", "at");
            format!("{again}[[detail]]\nname = \"detail\"\npath = \"/tasks/{{{{ key }}}}\"\n{rules}")
        };
        let sync = async |again: &str| {
            desk.shown.lock().expect("lock").asked.clear();
            let app = Arc::new(desk.house.app_at(&desk.server.base, &sections(again)));
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            let order = Command::Sync { source: source(), full: true };
            let outcome = Installation { app }.execute(order, progress).await;
            assert_eq!(outcome.findings.len(), 0, "{:?}", outcome.findings);
            let run = store.runs(&source(), i64::MAX, 1).await.expect("runs").remove(0);
            (desk.shown.lock().expect("lock").asked.len(), run.counters.changed)
        };
        assert_eq!(sync("").await.0, 16, "the first load");
        set(&[owners(0, "binh"), owners(8, "binh")].concat());
        assert_eq!(sync("").await, (0, 0), "{}: as it was", store.kind());
        assert_eq!(
            sync("details_again = { of = \"open\" }\n").await,
            (8, 8),
            "what is done is not asked for"
        );
        assert_eq!(
            sync("details_again = { of = \"open\" }\n").await,
            (8, 0),
            "nothing changed, nothing is written"
        );
        set(&owners(0, "chi"));
        let mut asked = Vec::new();
        for _ in 0..4 {
            asked.push(sync("details_again = { of = \"all\", every = 4 }\n").await);
        }
        assert_eq!(asked.iter().map(|(asked, _)| asked).sum::<usize>(), 16, "each once in four: {asked:?}");
        assert_eq!(asked.iter().map(|(_, changed)| changed).sum::<u64>(), 16, "{asked:?}");
    }
}
