//! A pull of changes that shows nothing: an account that lost its rights hears the same as one that missed nothing.

use crate::pull_gates::{House, RULES, source, task, tasks};
use crate::support::stores::both;
use lienthong::pipeline::command::{Command, Executor as _};
use lienthong::pipeline::execute::Installation;
use serde_json::json;
use std::sync::Arc;

/// Rules by which our clock says where to go on: an empty answer is usual.
fn by_our_clock() -> String {
    RULES.replace("field = \"at\"\ndate = [\"rfc3339\"]\n", "")
}

#[tokio::test]
async fn changes_of_an_account_that_sees_nothing_any_more_are_no_success_and_none_is_lost() {
    let both = both().await;
    for store in &both.stores {
        for rules in [RULES.to_owned(), by_our_clock()] {
            let mut house = House::new(store).await;
            house.rules = rules;
            house.shows(tasks(0..60));
            assert_eq!(house.sync(true).await, [""; 0], "{}", store.kind());
            let (cursor, live) = (house.cursor().await, house.live().await);
            house.shows(Vec::new());
            assert_eq!(house.sync(false).await, ["LT-PUL-025"], "{}", store.kind());
            assert_eq!((house.cursor().await, house.live().await), (cursor, live), "nothing moves");
            assert_eq!(house.state().await, "failing");
            // What changed while nothing was seen, once the rights are back.
            let mut changed = tasks(0..60);
            changed[7] = task(7);
            changed[7]["status"] = json!("4");
            changed[7]["at"] = json!("2026-11-24T15:30:00+07:00");
            house.shows(changed);
            assert_eq!(house.sync(false).await, [""; 0], "{}", store.kind());
            assert_eq!(house.state().await, "ok");
            let held = store.scan_tasks(None, 0, 100).await.expect("tasks");
            let done = held.iter().filter(|task| task.task.draft.status.as_str() == "done").count();
            assert_eq!(done, 1, "{}", store.kind());
            // Another turn of the loop begins with the list as it was.
            house.shows(tasks(0..60));
            house.sync(true).await;
        }
    }
}

#[tokio::test]
async fn account_that_sees_far_less_than_is_held_is_told_though_nothing_changed() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = by_our_clock();
        house.shows(tasks(0..60));
        house.sync(true).await;
        house.shows(tasks(0..40));
        assert_eq!(house.sync(false).await, [""; 0], "two thirds are no reason: {}", store.kind());
        house.shows(tasks(0..20));
        assert_eq!(house.sync(false).await, ["LT-PUL-025"], "{}", store.kind());
        assert_eq!(house.live().await, 60);
    }
}

#[tokio::test]
async fn source_is_looked_at_once_an_hour_and_the_cursor_waits_for_the_next_look() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        let installation = Installation { app: Arc::new(house.app(&by_our_clock())) };
        let sync = async |full| {
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            let outcome = installation.execute(Command::Sync { source: source(), full }, progress).await;
            assert_eq!((outcome.exit, outcome.findings.len()), (0, 0), "{:?}", outcome.findings);
            (house.cursor().await, house.server.asked().len())
        };
        let (first, _) = sync(true).await;
        let before = house.server.asked().len();
        let (second, asked) = sync(false).await;
        assert_ne!(first, second, "seen to show everything, so that nothing changed");
        assert_eq!(asked - before, 2, "the changes, and a look: {}", store.kind());
        for _ in 0..2 {
            let before = house.server.asked().len();
            let (later, asked) = sync(false).await;
            assert_eq!((later, asked - before), (second.clone(), 1), "{}", store.kind());
        }
    }
}
