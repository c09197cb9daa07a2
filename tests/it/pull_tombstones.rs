//! Tombstones for most of a source's tasks: a filter, a rule or a backup gone wrong calls nothing gone by itself.

use crate::pull_gates::{House, RULES, source, task, tasks};
use crate::support::stores::both;
use lienthong::domain::TaskStatus;
use lienthong::store::RunKind;
use serde_json::{Value, json};
use std::ops::Range;

fn rules() -> String {
    format!("deleted = {{ path = \"deleted\", one_of = [\"true\"] }}\n{RULES}")
}

fn tombstones(numbers: Range<usize>) -> Vec<Value> {
    let buried = |number| {
        let mut tombstone = task(number);
        tombstone["deleted"] = json!("true");
        tombstone["at"] = json!("2026-11-23T08:00:00+07:00");
        tombstone
    };
    numbers.map(buried).collect()
}

async fn house(store: &lienthong::store::Store) -> House {
    let mut house = House::new(store).await;
    house.rules = rules();
    house.shows(tasks(0..60));
    assert_eq!(house.sync(false).await, [""; 0]);
    house
}

#[tokio::test]
async fn tombstones_for_most_tasks_stop_a_pull_of_changes_and_none_is_gone() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let cursor = house.cursor().await;
        // Page after page; the source says it again and again, and nothing goes little by little.
        house.shows(tombstones(0..60));
        for _ in 0..3 {
            assert_eq!(house.sync(false).await, ["LT-PUL-024"], "{}", store.kind());
            assert_eq!((house.live().await, house.state().await), (60, "stopped".to_owned()));
            assert_eq!(house.cursor().await, cursor, "the next pull sees them again");
        }
        let gate = store.gate(&source()).await.expect("gate").expect("closed");
        assert_eq!((gate.finding.code.as_str(), gate.kind), ("LT-PUL-024", RunKind::Incremental));
        assert!(gate.finding.what.en.contains("60 of 60"), "{}", gate.finding);
        // The source shows what it did: it goes on by itself.
        house.shows(tasks(0..60));
        assert_eq!(house.sync(false).await, [""; 0]);
        assert_eq!((house.live().await, house.state().await), (60, "ok".to_owned()));
    }
}

#[tokio::test]
async fn tombstones_for_half_of_the_tasks_are_believed() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.shows(tombstones(0..30));
        assert_eq!(house.sync(false).await, [""; 0], "{}", store.kind());
        assert_eq!(house.live().await, 30);
        // Those shown again in the overlap are buried already, and count no more.
        assert_eq!(house.sync(false).await, [""; 0]);
        house.shows([tombstones(0..30), tombstones(30..46)].concat());
        assert_eq!(house.sync(false).await, ["LT-PUL-024"], "16 of 30");
        assert_eq!(house.live().await, 30);
    }
}

#[tokio::test]
async fn accepted_tombstones_are_about_as_many_as_were_told_and_are_believed_once() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.shows(tombstones(0..35));
        assert_eq!(house.sync(false).await, ["LT-PUL-024"]);
        assert_eq!(house.accept("LT-PUL-024").await, [""; 0]);
        house.shows(tombstones(0..50));
        assert_eq!(
            house.sync(false).await,
            ["LT-PUL-024"],
            "ten left are clearly fewer than 25: {}",
            store.kind()
        );
        assert_eq!(house.live().await, 60);
        house.shows(tombstones(0..36));
        assert_eq!(house.sync(false).await, [""; 0]);
        assert_eq!((house.live().await, house.state().await), (24, "ok".to_owned()));
        house.shows(tombstones(36..56));
        assert_eq!(house.sync(false).await, ["LT-PUL-024"], "for one run");
    }
}

/// A list of everything with tombstones in it: whoever accepts that they are true need not accept as well that so few
/// tasks are left.
#[tokio::test]
async fn full_pull_with_tombstones_for_most_tasks_needs_one_word_alone() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        assert_eq!(house.sync(true).await, [""; 0]);
        house.shows([tombstones(0..40), tasks(40..60)].concat());
        assert_eq!(house.sync(true).await, ["LT-PUL-024"], "{}", store.kind());
        assert_eq!((house.live().await, house.state().await), (60, "stopped".to_owned()));
        assert_eq!(house.accept("LT-PUL-024").await, [""; 0]);
        assert_eq!(house.sync(true).await, [""; 0]);
        assert_eq!((house.live().await, house.state().await), (20, "ok".to_owned()));
        let gone = store.scan_tasks(None, 0, 1).await.expect("tasks").remove(0);
        assert_eq!(gone.task.draft.status, TaskStatus::Gone);
        assert_eq!(house.sync(true).await, [""; 0], "what is usual counts from there");
    }
}

/// Tombstones of known tasks beside records of strangers: nobody known is shown.
#[tokio::test]
async fn tombstone_is_no_known_task_that_is_shown() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.shows([tombstones(0..5), tasks(1_000..1_070)].concat());
        assert_eq!(house.sync(true).await, ["LT-PUL-012"], "{}", store.kind());
        assert_eq!(house.live().await, 60, "nothing is stored, nothing is gone");
        // More tombstones than tasks before the first one that is shown: still the source it was.
        let old = tombstones(2_000..2_080);
        house.shows([old, tasks(0..60)].concat());
        assert_eq!(house.sync(true).await, [""; 0]);
        assert_eq!((house.live().await, house.state().await), (60, "ok".to_owned()));
    }
}

/// Shown again on a later page of the same run: it was made anew.
#[tokio::test]
async fn task_that_is_shown_after_its_tombstone_stays() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let again = |mut task: Value| {
            task["at"] = json!("2026-11-23T09:00:00+07:00");
            task
        };
        let shown = |numbers| tasks(numbers).into_iter().map(again).collect::<Vec<Value>>();
        // Twenty records make a page.
        house.shows([tombstones(0..3), shown(3..58), shown(0..3), tombstones(58..60)].concat());
        for _ in 0..2 {
            // Records that stand twice are more than the keys that came.
            assert_eq!(house.sync(false).await, ["LT-SRC-013"], "{}", store.kind());
            assert_eq!(house.live().await, 58);
        }
    }
}
