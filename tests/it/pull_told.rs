//! What a pull says and keeps: proofs, pauses, records it could not read. What is told once is told the same everywhere.

use crate::pull_gates::{House, RULES, source, tasks};
use crate::support::stores::both;
use lienthong::domain::CitizenId;
use lienthong::error::{Disposition, Finding, Lang, Text, place_in};
use lienthong::pipeline::command::{Command, Document, TaskOrder, TaskRef};
use lienthong::pipeline::wording::{Words, word};
use lienthong::store::{RunCounters, RunKind, RunOutcome};
use serde_json::{Value, json};

/// A number that was never issued: its first three digits name no province.
const CITIZEN: &str = "999099000123";

/// The rules of a source that cannot tell what changed.
fn whole_rules() -> String {
    let (before, rest) = RULES.split_once("[incremental]").expect("a section");
    let (_, after) = rest.split_once("[fields]").expect("a section");
    format!("{before}[fields]{after}")
}

fn shown(document: &Document) -> Value {
    document.to_json(Lang::En)
}

/// The row of the source in `status`.
async fn status(house: &House) -> Value {
    shown(&house.order(Command::Status {}).await.document)["sources"][0].clone()
}

#[tokio::test]
async fn total_that_is_too_small_ends_no_list_and_calls_nothing_gone() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..60));
        house.sync(false).await;
        assert_eq!(house.sync(true).await, [""; 0]);
        // Two pages of twenty are more than it says, and the third one is there all the same.
        house.says(30);
        let outcome = house.order(Command::Sync { source: source(), full: true }).await;
        let codes: Vec<&str> = outcome.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["LT-PUL-021", "LT-SRC-013"], "{}", store.kind());
        let pulled = shown(&outcome.document);
        assert_eq!((&pulled["gone"], &pulled["complete"]), (&json!(0), &json!(false)), "{pulled}");
        assert_eq!(house.live().await, 60);
        let proof = store.proofs(&source(), 1).await.expect("proofs").remove(0);
        assert_eq!((proof.seen, proof.held, proof.source_total, proof.proven), (60, 60, Some(30), false));
    }
}

#[tokio::test]
async fn number_of_a_citizen_in_a_rejected_record_is_masked_before_it_is_stored() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        let mut records = tasks(0..3);
        records[1]["done_at"] = json!(CITIZEN);
        records[2]["done_at"] = json!("2026-02-30T08:00:00+07:00");
        house.shows(records);
        house.sync(false).await;
        let rows = store.rejected(None, 0, 10).await.expect("rejected");
        let told: Vec<&str> = rows.iter().map(|row| row.finding.what.en.as_str()).collect();
        assert!(told[0].contains(&CitizenId::mask_in(CITIZEN)), "{told:?}");
        assert!(rows[0].finding.remedy.en.starts_with("add the spelling"), "{:?}", rows[0].finding);
        assert!(rows[1].finding.remedy.en.starts_with("correct this day"), "{:?}", rows[1].finding);

        let error = Finding::error("LT-TST-001", Text::new(CITIZEN, CITIZEN), Text::new("sửa", "mend"));
        let run = store.begin_run(&source(), RunKind::Full, chrono::Utc::now()).await.expect("run");
        let failed = RunOutcome::Failed {
            finding: Box::new(error.clone()),
            disposition: Disposition::RetryLater,
            retry_after: None,
        };
        let told = [error];
        let counters = RunCounters::default();
        store.finish_run(run, &source(), &counters, &failed, &told, chrono::Utc::now()).await.expect("kept");
    }
    // What the SQLite file holds, its log of writes included.
    for file in std::fs::read_dir(both.folder.path()).expect("folder").flatten() {
        let Ok(bytes) = std::fs::read(file.path()) else { continue };
        let found = bytes.windows(CITIZEN.len()).any(|window| window == CITIZEN.as_bytes());
        assert!(!found, "{:?}", file.path());
    }
}

#[tokio::test]
async fn order_given_while_a_source_is_left_alone_makes_the_pause_no_longer_and_one_time_is_shown() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows(tasks(0..3));
        house.sync(false).await;
        let at =
            |seconds: i64| chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(4_000_000_000 + seconds);
        let fails = async |begun: i64, disposition| {
            let run = store.begin_run(&source(), RunKind::Incremental, at(begun)).await.expect("run");
            let finding =
                Box::new(Finding::error("LT-NET-012", Text::new("hỏng", "down"), Text::new("đợi", "wait")));
            let outcome = RunOutcome::Failed { finding, disposition, retry_after: None };
            let counters = RunCounters::default();
            store
                .finish_run(run, &source(), &counters, &outcome, &[], at(begun + 1))
                .await
                .expect("finished");
            let state = store.source_state(&source()).await.expect("state");
            (state.consecutive_failures, state.blocked_until)
        };
        assert_eq!(fails(0, Disposition::RetryLater).await, (1, Some(at(31))));
        assert_eq!(fails(10, Disposition::RetryLater).await, (1, Some(at(31))), "ordered: {}", store.kind());
        assert_eq!(fails(40, Disposition::RetryLater).await, (2, Some(at(101))), "scheduled");
        assert_eq!(
            fails(50, Disposition::NeedsOperator).await,
            (3, Some(at(651))),
            "a wrong password counts"
        );

        store.plan_source(&source(), at(60)).await.expect("planned");
        let state = store.source_state(&source()).await.expect("state");
        assert_eq!(state.next_attempt_at(), Some(at(651)));
        assert_eq!(status(&house).await["next_due_at"], json!(at(651)));
        store.plan_source(&source(), at(700)).await.expect("planned");
        assert_eq!(status(&house).await["next_due_at"], json!(at(700)));
    }
}

#[tokio::test]
async fn record_without_a_key_says_where_it_stands_and_is_settled_once_the_source_is_right_again() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        let mut records = tasks(0..30);
        records[25].as_object_mut().expect("a record").remove("id");
        house.shows(records);
        house.sync(false).await;
        let rejected = async || store.rejected(None, 0, 10).await.expect("rejected");
        let row = rejected().await.remove(0);
        assert_eq!(row.external_id, None);
        assert!(row.place().ends_with(" (page 2, record 6)"), "{}", row.place());
        let place = place_in(&row.place(), Lang::Vi);
        assert!(place.ends_with(" (trang 2, bản ghi 6)"), "{place}");
        house.sync(true).await;
        assert_eq!(rejected().await.len(), 1, "{}: it is still there", store.kind());
        house.shows(tasks(0..30));
        assert_eq!(house.sync(true).await, ["LT-PUL-020"]);
        assert_eq!((rejected().await.len(), house.live().await), (0, 30), "{}", store.kind());
    }
}

#[tokio::test]
async fn rejected_record_is_shown_as_it_came_with_its_page_and_without_numbers_of_citizens() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        let mut records = tasks(0..30);
        records[25]["who"] = json!(CITIZEN);
        records[25]["done_at"] = json!("hôm qua");
        house.shows(records.clone());
        house.sync(false).await;
        let show = async |id: i64| {
            let outcome = house.order(Command::RejectedShow { source: source(), id }).await;
            let codes: Vec<String> = outcome.findings.into_iter().map(|finding| finding.code).collect();
            (shown(&outcome.document), codes)
        };
        let row = store.rejected(None, 0, 10).await.expect("rejected").remove(0);
        let (document, codes) = show(row.id).await;
        let (told, record) = (&document["rejected"], &document["record"]);
        assert_eq!(codes, [""; 0], "{}", store.kind());
        let place = told["place"].as_str().expect("a place");
        assert!(place.ends_with(" (page 2) #6 (record 25, field completed_at)"), "{place}");
        assert!(place_in(place, Lang::Vi).ends_with(" (trang 2) #6 (bản ghi 25, trường completed_at)"));
        let expected = (&json!(format!("test:{}", row.id)), &json!("completed_at"), &json!("open"));
        assert_eq!((&told["id"], &told["field"], &told["state"]), expected);
        let text = record["text"].as_str().expect("a text");
        assert!(
            text.contains(&CitizenId::mask_in(CITIZEN)) && !document.to_string().contains(CITIZEN),
            "{text}"
        );
        assert!(text.contains("\n  \"done_at\": \"hôm qua\""), "{text}");
        assert_eq!((&record["form"], &record["left_out"]), (&json!("json"), &json!(0)));
        // Settled, it is shown as long as it is kept.
        records[25]["done_at"] = json!(null);
        house.shows(records);
        house.sync(true).await;
        assert!(store.rejected(None, 0, 10).await.expect("rejected").is_empty());
        assert_eq!(show(row.id).await.0["rejected"]["state"], "read", "{}", store.kind());
        assert_eq!(show(row.id + 1).await, (Value::Null, vec!["LT-PUL-007".to_owned()]));
        // The task that came of it names its page as well.
        let task = TaskRef { source: source(), external_id: "25".into() };
        let outcome = house.order(Command::Task { order: TaskOrder::Show { task, raw: false } }).await;
        let place = shown(&outcome.document)["answer"]["place"]["vi"].as_str().unwrap_or_default().to_owned();
        assert!(place.ends_with(", trang 2), bản ghi thứ 6"), "{place}");
    }
}

#[tokio::test]
async fn run_in_which_every_record_is_rejected_is_an_error_and_its_source_is_not_fine() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        let mut records = tasks(0..3);
        records.iter_mut().for_each(|record| record["done_at"] = json!("20/11/2026"));
        house.shows(records.clone());
        let outcome = house.order(Command::Sync { source: source(), full: false }).await;
        let codes: Vec<&str> = outcome.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!((outcome.exit, codes), (1, vec!["LT-PUL-030"]), "{}", store.kind());
        assert_eq!(status(&house).await["state"], "partly");
        // Three of them again are no news to a pull of changes, and heal nothing.
        assert_eq!(house.sync(false).await, ["LT-PUL-030"], "it still stands");
        assert_eq!(
            (&status(&house).await["state"], &status(&house).await["code"]),
            (&json!("partly"), &json!("LT-PUL-030"))
        );
        records[0]["done_at"] = json!(null);
        house.shows(records);
        assert!(!house.sync(true).await.contains(&"LT-PUL-030".to_owned()));
        assert_eq!(
            (status(&house).await["state"].clone(), house.live().await),
            (json!("ok"), 1),
            "one is enough"
        );
    }
}

#[tokio::test]
async fn source_that_cannot_tell_changes_leaves_a_proof_with_every_pull() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = whole_rules();
        house.shows(tasks(0..60));
        assert_eq!(house.sync(false).await, [""; 0]);
        let proof = async || store.proofs(&source(), 9).await.expect("proofs");
        assert_eq!(proof().await.len(), 1, "{}: the first load", store.kind());
        assert!(proof().await[0].proven);
        assert_eq!(status(&house).await["completeness"], "complete");
        assert_eq!(
            store.usual_seen(&source(), 5).await.expect("usual"),
            None,
            "full pulls say what is usual"
        );

        house.shows(tasks(0..59));
        assert_eq!(house.sync(false).await, ["LT-PUL-021"], "one more is held than is there");
        let last = proof().await.remove(0);
        assert_eq!((last.held, last.source_total, last.gone, last.proven), (60, Some(59), 0, false));
        assert_eq!(house.live().await, 60, "only a full pull calls something gone");
        assert_eq!(house.sync(true).await, [""; 0]);
        let last = proof().await.remove(0);
        assert_eq!((last.held, last.gone, last.proven), (59, 1, true));
    }
    assert_eq!(word(Words::RunKind, "whole", Lang::En), "Whole list");
}
