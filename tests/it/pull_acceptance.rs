//! What a person lets a stopped source through for: one reason, about as much as was told, once.

use crate::pull_gates::{House, RULES, source, tasks};
use crate::support::site::{Site, program};
use crate::support::source::{HEAD, PASSWORD, STREAM};
use crate::support::stores::{both, one};
use lienthong::store::RunKind;
use serde_json::{Value, json};

#[tokio::test]
async fn acceptance_lets_one_reason_through_and_no_other() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        house.sync(false).await;
        house.sync(true).await;
        house.shows(tasks(0..25));
        assert_eq!(house.sync(true).await, ["LT-PUL-001"]);
        assert_eq!(house.accept("LT-PUL-012").await, ["LT-PUL-023"], "not what stopped it");
        assert!(store.gate(&source()).await.expect("gate").expect("closed").accepted.is_none());
        assert_eq!(house.accept("lt-pul-001").await, [""; 0]);
        // By the time of the run it is another account, and then one that sees nothing.
        for (records, code) in [(tasks(1_000..1_060), "LT-PUL-012"), (Vec::new(), "LT-PUL-010")] {
            house.shows(records);
            assert_eq!(house.sync(true).await, [code], "{}", store.kind());
            let gate = store.gate(&source()).await.expect("gate").expect("closed");
            assert_eq!((gate.finding.code.as_str(), gate.accepted.is_some()), (code, false));
            assert_eq!(house.accept("LT-PUL-001").await, ["LT-PUL-023"], "the reason is another by now");
            assert_eq!((house.live().await, house.state().await), (60, "stopped".to_owned()));
        }
        // What was accepted still is.
        house.shows(tasks(0..25));
        assert_eq!(house.sync(true).await, [""; 0]);
        assert_eq!((house.live().await, house.state().await), (25, "ok".to_owned()));
        house.shows(tasks(0..4));
        assert_eq!(house.sync(true).await, ["LT-PUL-001"], "for one run");
    }
}

/// Everything was numbered anew: whoever accepts that nobody knows the records accepts that no known one is shown.
#[tokio::test]
async fn accepted_new_numbers_take_the_place_of_the_known_ones() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        house.sync(false).await;
        house.shows(tasks(1_000..1_060));
        assert_eq!(house.sync(true).await, ["LT-PUL-012"]);
        assert_eq!(house.accept("LT-PUL-012").await, [""; 0]);
        let told = house.sync(true).await;
        assert_eq!((told, house.live().await), (vec!["LT-PUL-020".to_owned()], 60), "{}", store.kind());
        assert_eq!(house.state().await, "ok");
    }
}

/// Whoever accepts other numbers has accepted neither that there are none nor a handful of anybody's.
#[tokio::test]
async fn accepted_new_numbers_let_no_empty_answer_and_no_handful_of_others_through() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        house.sync(false).await;
        house.sync(true).await;
        house.shows(tasks(1_000..1_060));
        assert_eq!(house.sync(true).await, ["LT-PUL-012"]);
        assert_eq!(house.accept("LT-PUL-012").await, [""; 0]);
        house.shows(Vec::new());
        assert_eq!(house.sync(true).await, ["LT-PUL-010"], "{}", store.kind());
        assert_eq!((house.live().await, house.state().await), (60, "stopped".to_owned()));
        house.shows(tasks(2_000..2_005));
        assert_eq!(house.sync(true).await, ["LT-PUL-010"], "five of another account");
        assert_eq!(house.live().await, 65, "none of the known ones is gone");
        house.shows(tasks(1_000..1_060));
        house.sync(true).await;
        assert_eq!((house.live().await, house.state().await), (60, "ok".to_owned()), "what was accepted");
    }
}

/// That a source is empty was accepted: what it shows afterwards is judged all the same.
#[tokio::test]
async fn records_of_others_are_stopped_after_an_accepted_empty_answer() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        house.sync(false).await;
        house.shows(Vec::new());
        assert_eq!(house.sync(true).await, ["LT-PUL-010"]);
        assert_eq!(house.accept("LT-PUL-010").await, [""; 0]);
        // It is accepted that nothing is shown, not that others are.
        for _ in 0..2 {
            house.shows(tasks(1_000..1_005));
            assert_eq!(house.sync(true).await, ["LT-PUL-012"], "{}", store.kind());
            assert_eq!(house.live().await, 60, "nothing is stored, nothing is gone");
            house.shows(Vec::new());
            let told = house.sync(true).await;
            assert!(!told.contains(&"LT-PUL-010".to_owned()), "{told:?}");
            assert!(store.gate(&source()).await.expect("gate").is_none());
        }
        house.shows(tasks(0..60));
        house.sync(true).await;
        assert_eq!((house.live().await, house.state().await), (60, "ok".to_owned()));
    }
}

/// 25 of 60 were told and accepted: that is no word about one of 60.
#[tokio::test]
async fn acceptance_of_too_few_is_one_of_about_as_many() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        house.sync(false).await;
        house.sync(true).await;
        house.shows(tasks(0..25));
        assert_eq!(house.sync(true).await, ["LT-PUL-001"]);
        assert_eq!(house.accept("LT-PUL-001").await, [""; 0]);
        for few in [1, 12] {
            house.shows(tasks(0..few));
            assert_eq!(house.sync(true).await, ["LT-PUL-001"], "{few}: {}", store.kind());
            let gate = store.gate(&source()).await.expect("gate").expect("closed");
            assert!(gate.accepted.is_none() && gate.finding.what.en.contains(&format!("only {few} tasks")));
            assert_eq!((house.live().await, house.state().await), (60, "stopped".to_owned()));
        }
        house.shows(tasks(0..13));
        assert_eq!(house.sync(true).await, [""; 0], "about as many");
        assert_eq!((house.live().await, house.state().await), (13, "ok".to_owned()));
    }
}

/// A pull of changes is stopped while an acceptance waits for a full pull: each has its own word.
#[tokio::test]
async fn stop_of_another_kind_of_run_is_accepted_beside_an_acceptance_that_waits() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..20));
        house.sync(false).await;
        house.shows(tasks(0..8));
        assert_eq!(house.sync(true).await, ["LT-PUL-001"]);
        assert_eq!(house.accept("LT-PUL-001").await, [""; 0]);
        let later = |mut task: Value| {
            task["at"] = json!("2026-11-23T08:00:00+07:00");
            task
        };
        let grown: Vec<Value> = tasks(1_000..1_400).into_iter().map(later).collect();
        house.shows(grown.clone());
        assert_eq!(house.sync(false).await, ["LT-PUL-011"], "{}", store.kind());
        let gate = store.gate(&source()).await.expect("gate").expect("closed");
        assert_eq!((gate.kind, gate.awaits()), (RunKind::Incremental, Some(RunKind::Full)));
        assert_eq!(house.accept("LT-PUL-011").await, [""; 0]);
        assert_eq!(house.sync(false).await, [""; 0]);
        // Used up is the one; the other still waits for its run.
        let gate = store.gate(&source()).await.expect("gate").expect("closed");
        assert_eq!((gate.finding.code.as_str(), gate.kind), ("LT-PUL-001", RunKind::Full));
        assert!(gate.accepted.is_some() && gate.awaits() == Some(RunKind::Full));
        house.shows([tasks(0..8), grown].concat());
        assert_eq!(house.sync(true).await, [""; 0]);
        assert_eq!((house.live().await, house.state().await), (408, "ok".to_owned()));
        assert!(store.gate(&source()).await.expect("gate").is_none());
    }
}

/// Killed before what was accepted is done: another run does not pass on the same word.
#[tokio::test(flavor = "multi_thread")]
async fn acceptance_is_used_up_before_anything_is_called_gone() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    let site = Site::new(&format!(
        "[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
         [[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
         settings = {{ base_url = \"{}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n",
        house.server.base
    ));
    site.write("secret", PASSWORD);
    site.write("desk.toml", format!("{HEAD}{STREAM}{RULES}"));
    house.shows(tasks(0..60));
    site.json(&["sync", "desk", "--full"]);
    house.shows(tasks(0..25));
    let stopped = |(exit, printed, errors): (i32, String, String)| {
        assert!(
            exit != 0 && format!("{printed}{errors}").contains("LT-PUL-001"),
            "{exit}: {printed}{errors}"
        );
    };
    stopped(site.run(&["sync", "desk", "--full"]));
    let reason = "đã lưu trữ theo văn bản 12";
    let (exit, printed, errors) =
        site.run(&["source", "accept", "desk", "LT-PUL-001", "--reason", reason, "--lang", "en"]);
    assert!(exit == 0 && printed.contains("no daemon runs"), "{exit}: {printed}{errors}");
    let mut order = program(site.path());
    order.args(["sync", "desk", "--full"]).env("FAILPOINTS", "pull::before_gone=return");
    assert!(!order.output().expect("runs").status.success(), "it was killed");
    house.shows(tasks(0..20));
    stopped(site.run(&["sync", "desk", "--full"]));
    assert_eq!(site.json(&["status"])["numbers"]["tasks"], json!(60));
}
