//! Versions of one task: two of them on one page, one that comes late, one whose time of change was corrected.

use crate::pull_gates::{House, RULES, task, tasks};
use crate::support::stores::both;
use lienthong::domain::{EventKind, TaskStatus};
use lienthong::store::{Store, StoredTask};
use serde_json::{Value, json};

const STATES: &str = "\"4\" = \"done\", \"2\" = \"submitted\", \"3\" = \"returned\"";

/// Rules that know more states, and tombstones.
fn rules() -> String {
    let rules = RULES.replace("\"4\" = \"done\"", STATES);
    format!("deleted = {{ path = \"deleted\", one_of = [\"true\"] }}\n{rules}")
}

/// A version of a task: its state and when it came to it.
fn version(number: usize, status: &str, at: &str) -> Value {
    let mut version = task(number);
    version["status"] = json!(status);
    version["at"] = json!(at);
    version
}

fn tombstone(number: usize, at: &str) -> Value {
    let mut version = version(number, "1", at);
    version["deleted"] = json!("true");
    version
}

async fn held(store: &Store, key: usize) -> StoredTask {
    let all = store.scan_tasks(None, 0, 1_000).await.expect("tasks");
    all.into_iter().find(|task| task.key.external_id == key.to_string()).expect("the task")
}

async fn events(store: &Store, key: usize) -> Vec<EventKind> {
    let events = store.events_of(held(store, key).await.id).await.expect("events");
    events.into_iter().map(|(_, event, _)| event.kind).collect()
}

#[tokio::test]
async fn key_that_stands_twice_on_a_page_is_one_task_with_two_versions() {
    use EventKind::{Assigned, Returned, Submitted};
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = rules();
        house.shows(tasks(0..3));
        assert_eq!(house.sync(false).await, [""; 0]);
        let before = held(store, 1).await.task;
        let page = vec![
            version(1, "2", "2026-11-22T08:00:00+07:00"),
            version(9, "2", "2026-11-22T08:00:00+07:00"),
            version(1, "3", "2026-11-22T09:00:00+07:00"),
            version(9, "3", "2026-11-22T09:00:00+07:00"),
        ];
        house.shows(page.clone());
        // The same page a second and a third time says nothing new, whichever pull brings it.
        for full in [false, false, true] {
            house.sync(full).await;
            let task = held(store, 1).await.task;
            assert_eq!(
                (task.returned_count, task.draft.status),
                (1, TaskStatus::Returned),
                "{}",
                store.kind()
            );
            assert_eq!(task.first_seen_at, before.first_seen_at);
            assert_eq!(events(store, 1).await, [Assigned, Submitted, Returned]);
            assert_eq!(events(store, 9).await, [Assigned, Returned]);
            assert_eq!(held(store, 9).await.task.returned_count, 1);
        }
    }
}

/// Newest first, as many lists are: the older version beside the newer one is no news, however often both come.
#[tokio::test]
async fn older_version_below_the_newer_one_on_a_page_is_no_news() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = rules();
        house.shows(tasks(0..3));
        house.sync(false).await;
        let mut page =
            vec![version(1, "3", "2026-11-22T09:00:00+07:00"), version(1, "2", "2026-11-22T08:00:00+07:00")];
        house.shows(page.clone());
        for _ in 0..3 {
            house.sync(false).await;
            assert_eq!(
                events(store, 1).await,
                [EventKind::Assigned, EventKind::Returned],
                "{}",
                store.kind()
            );
        }
        page.insert(0, version(1, "4", "2026-11-22T10:00:00+07:00"));
        house.shows(page);
        house.sync(false).await;
        assert_eq!(held(store, 1).await.task.draft.status, TaskStatus::Done, "a third one above them");
    }
}

#[tokio::test]
async fn tombstone_on_the_page_of_its_task_sees_what_the_page_made_of_it() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = rules();
        house.shows(tasks(0..3));
        house.sync(false).await;
        let (early, late) = ("2026-11-22T08:00:00+07:00", "2026-11-22T09:00:00+07:00");
        house.shows(vec![
            version(1, "2", early),
            tombstone(1, late),
            // Of a task that came and went between two pulls.
            version(9, "2", early),
            tombstone(9, late),
            // Made anew under its key.
            tombstone(2, early),
            version(2, "2", late),
        ]);
        for _ in 0..2 {
            house.sync(false).await;
            for key in [1, 9] {
                let task = held(store, key).await.task;
                assert_eq!(
                    (task.draft.status, task.shown_last),
                    (TaskStatus::Gone, Some(TaskStatus::Submitted)),
                    "{key}: {}",
                    store.kind()
                );
            }
            assert_eq!(held(store, 2).await.task.draft.status, TaskStatus::Submitted);
            assert_eq!(house.live().await, 2);
        }
    }
}

/// The field for the time of change was the wrong one, hours ahead: what the corrected manifest reads is taken over.
#[tokio::test]
async fn time_of_change_that_a_corrected_manifest_reads_earlier_is_taken_over_and_told_once() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = RULES.replace("path = \"at\", date", "path = \"wrong\", date");
        let shown = |mut task: Value| {
            task["wrong"] = json!("2026-11-20T23:00:00+07:00");
            task
        };
        let records: Vec<Value> = tasks(0..30).into_iter().map(shown).collect();
        house.shows(records.clone());
        assert_eq!(house.sync(false).await, [""; 0]);
        house.rules = RULES.to_owned();
        assert_eq!(house.sync(true).await, ["LT-ING-012"], "{}", store.kind());
        let task = held(store, 7).await.task;
        assert_eq!(task.draft.updated_at, "2026-11-20T08:00:00+07:00".parse().ok());
        assert_eq!(events(store, 7).await, [EventKind::Assigned], "no event for a correction");
        assert_eq!(house.sync(true).await, [""; 0], "told once");
        // And what changes afterwards is news again.
        let mut changed = records;
        changed[7]["status"] = json!("4");
        changed[7]["at"] = json!("2026-11-20T09:00:00+07:00");
        house.shows(changed);
        assert_eq!(house.sync(false).await, ["LT-PUL-019"], "a state nobody had before");
        assert_eq!(held(store, 7).await.task.draft.status, TaskStatus::Done);
    }
}

/// A source restored from yesterday's backup shows older versions. A pull of changes takes one for a version that came
/// late; the full pull takes the list for what it is.
#[tokio::test]
async fn list_of_a_restored_source_is_taken_over_by_the_full_pull_and_not_before() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        let mut records = tasks(0..30);
        records[3] = version(3, "4", "2026-11-20T08:00:00+07:00");
        house.shows(records.clone());
        house.sync(false).await;
        records[3] = version(3, "1", "2026-11-20T07:59:00+07:00");
        house.shows(records);
        for _ in 0..3 {
            assert_eq!(house.sync(false).await, [""; 0]);
            assert_eq!(held(store, 3).await.task.draft.status, TaskStatus::Done, "{}", store.kind());
            assert_eq!(events(store, 3).await, [EventKind::Assigned, EventKind::Outdated], "once");
        }
        assert_eq!(house.sync(true).await, ["LT-ING-012"]);
        let restored = [EventKind::Assigned, EventKind::Outdated, EventKind::Reopened];
        for _ in 0..2 {
            assert_eq!(held(store, 3).await.task.draft.status, TaskStatus::InProgress);
            assert_eq!(events(store, 3).await, restored);
            assert_eq!(house.sync(true).await, [""; 0], "told once");
        }
    }
}
