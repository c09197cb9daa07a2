//! The scheduled full pull beside pulls of changes: what was deleted or never shown is found by its key, under the gates.

use crate::pull_gates::{House, RULES, source, task};
use crate::support::stores::both;
use chrono::TimeDelta;
use lienthong::pipeline::App;
use lienthong::pipeline::command::Command;
use lienthong::pipeline::source::PullSource;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{Run, Store};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Lets the step run until this many runs are known; the newest one.
async fn until(app: &Arc<App>, store: &Store, count: usize) -> Run {
    for _ in 0..200 {
        // A run that a gate stops is a failure of the step.
        let _stopped = PullSource::new(app.clone(), source()).run().await;
        let runs = store.runs(&source(), i64::MAX, 100).await.expect("runs");
        if runs.len() >= count {
            return runs.into_iter().next().expect("a run");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no run came");
}

#[tokio::test]
async fn scheduled_full_pull_finds_deleted_and_lost_tasks_and_a_gate_stops_it() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        let mut app = house.app(RULES);
        let every_second = "* * * * * *";
        let entry = app.sources.get_mut(&source()).expect("the source");
        entry.schedule = every_second.parse().expect("a schedule");
        let app = Arc::new(app);
        let shown: Vec<Value> = (0..60).map(task).collect();
        house.shows(shown.clone());
        assert_eq!(until(&app, store, 1).await.kind, "incremental", "{}", store.kind());

        // One is deleted without a trace, one was committed long before the last change seen.
        let mut lost = task(100);
        lost["at"] = json!("2026-01-05T08:00:00+07:00");
        let mut now: Vec<Value> = shown.into_iter().skip(1).collect();
        now.push(lost);
        house.shows(now.clone());
        assert_eq!(until(&app, store, 2).await.kind, "incremental");
        let held = store.count_live_tasks(&source()).await.expect("count");
        assert_eq!(held, 60, "pulls of changes see neither");
        drop(app);

        let mut app = house.app(RULES);
        let entry = app.sources.get_mut(&source()).expect("the source");
        entry.schedule = every_second.parse().expect("a schedule");
        entry.full_schedule = Some("0 0 1 1 *".parse().expect("a schedule"));
        let app = Arc::new(app);
        let runs = store.runs(&source(), i64::MAX, 100).await.expect("runs").len();
        let full = until(&app, store, runs + 1).await;
        assert_eq!((full.kind.as_str(), full.outcome.as_deref()), ("full", Some("succeeded")));
        let proof = store.proofs(&source(), 1).await.expect("proofs").pop().expect("a proof");
        assert_eq!((proof.held, proof.gone, proof.missed, proof.proven), (60, 1, 1, true));
        assert_eq!(full.counters.unchanged, 59, "what did not change is compared by its hash alone");
        let again = until(&app, store, runs + 2).await;
        assert_eq!(again.kind, "incremental", "the next full pull has its own time");
        drop(app);

        let mut app = house.app(RULES);
        let entry = app.sources.get_mut(&source()).expect("the source");
        (entry.schedule, entry.full_schedule) =
            (every_second.parse().expect("a schedule"), Some(every_second.parse().expect("a schedule")));
        let app = Arc::new(app);
        house.shows(now.into_iter().take(5).collect());
        let runs = store.runs(&source(), i64::MAX, 100).await.expect("runs").len();
        let stopped = until(&app, store, runs + 1).await;
        assert_eq!((stopped.kind.as_str(), stopped.outcome.as_deref()), ("full", Some("failed")));
        let held = store.count_live_tasks(&source()).await.expect("count");
        assert_eq!(held, 60, "nothing is gone while the source shows far less");
    }
}

/// Invariant 9: nothing failed and the process is well, but nobody pulls the source.
#[tokio::test]
async fn stalled_source_is_told_late_though_the_process_is_well_and_nothing_failed() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows((0..3).map(task).collect());
        assert_eq!(house.sync(false).await, [""; 0]);
        let now = house.app(RULES).clock.now();
        let state = async |minutes: i64| {
            store.plan_source(&source(), now - TimeDelta::minutes(minutes)).await.expect("planned");
            let outcome = house.order(Command::Status {}).await;
            let told = outcome.findings.iter().any(|finding| finding.code == "LT-PUL-026");
            let shown = serde_json::to_value(&outcome.document).expect("json").to_string();
            (outcome.exit, told, shown.contains("\"late\""))
        };
        assert_eq!(state(9).await, (0, false, false), "{}", store.kind());
        assert_eq!(state(11).await, (0, true, true), "{}", store.kind());
        assert_eq!(house.sync(false).await, [""; 0]);
        assert_eq!(state(-60).await, (0, false, false), "{}: planned anew", store.kind());
    }
}
