//! What always holds, whatever happens: those of the fourteen invariants that no other file shows by name, and the table
//! of all of them.

use crate::delivery_national::{LOGIN, accepting, opened as message};
use crate::faults::tests_below;
use crate::pull_gates::{House, RULES, source, tasks};
use crate::score_step::{AN, at_work, derivation, settled, task};
use crate::support::http::{Scripted, json as answer};
use crate::support::installation::{Installed, Targets, period};
use crate::support::project;
use crate::support::source::{HEAD, PASSWORD, entry, opened};
use crate::support::stores::both;
use axum::body::Body;
use axum::http::Response;
use bytes::Bytes;
use lienthong::connector::MARK_REFUSED;
use lienthong::domain::{SourceId, UnitCode};
use lienthong::pipeline::App;
use lienthong::pipeline::command::{Command, Executor as _};
use lienthong::pipeline::execute::Installation;
use lienthong::pipeline::score::TO_DATE;
use lienthong::store::Store;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn every_invariant_names_tests_that_exist() {
    let root = project::root();
    let known = tests_below(root);
    let page = std::fs::read_to_string(root.join("docs/FAULTS.md")).expect("the page");
    let rows: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
        .filter(|(row, _)| row.parse::<u32>().is_ok())
        .collect();
    let numbers: Vec<String> = rows.iter().map(|(row, _)| (*row).to_owned()).collect();
    assert_eq!(numbers, (1..=14).map(|number| number.to_string()).collect::<Vec<_>>());
    for (row, rest) in rows {
        let named: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "invariant {row} names no test");
        for name in named {
            assert!(known.contains(name), "invariant {row}: there is no test {name}");
        }
    }
}

const CHANGES: &str = "[stream]\npath = \"/tasks\"\nrecords = \"items\"\nkey = \"id\"\ntotal = \"total\"\n\
    [incremental]\nparam = \"since\"\nformat = \"rfc3339\"\nfield = \"at\"\n\
    [fields]\ntitle = \"name\"\nstatus = { const = \"in_progress\" }\n";

/// A source that shows three tasks, at whatever path; whether it was last asked for changes alone.
async fn desk() -> Scripted {
    Scripted::start(|_| {
        let row = |id| json!({ "id": id, "name": "Việc", "at": "2026-11-20T08:00:00Z" });
        answer(json!({ "items": [row(1), row(2), row(3)], "total": 3 }))
    })
    .await
}

fn asked_for_changes(server: &Scripted) -> bool {
    server.asked().last().expect("asked").query.contains_key("since")
}

/// One pull of changes as a process would begin it; the codes of what is told.
async fn pulled(
    store: &Store,
    (id, unit): (&str, &str),
    manifest: &str,
    base: &str,
    password: &str,
) -> Vec<String> {
    let settings = [("base_url".to_owned(), base.to_owned())].into();
    let secrets = [("password".to_owned(), password.to_owned().into())].into();
    let mut configured = entry(opened(id, manifest, &settings, &secrets), "QLVB");
    configured.unit = UnitCode::new(unit).expect("code");
    let id = SourceId::new(id).expect("id");
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
    let house = &house.app;
    let sources = [(id.clone(), configured)].into();
    let app = App::new(store.clone(), house.clock, "a".into(), sources, (None, None), house.policy.clone());
    let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
    let order = Command::Sync { source: id, full: false };
    let outcome = Installation { app: Arc::new(app) }.execute(order, progress).await;
    outcome.findings.into_iter().map(|finding| finding.code).collect()
}

/// Invariant 7.
#[tokio::test]
async fn renamed_manifest_or_unit_keeps_the_cursor_and_another_stream_resets_it_only_with_a_word() {
    let both = both().await;
    for store in &both.stores {
        let server = desk().await;
        let manifest = format!("{HEAD}{CHANGES}");
        let renamed = manifest
            .replace("name = \"test\"", "name = \"phan-mem-moi\"")
            .replace("vi = \"Thử\"", "vi = \"Tên mới\"");
        let other_stream = renamed.replace("path = \"/tasks\"", "path = \"/viec\"");
        let kind = store.kind();
        for (unit, manifest, changes, told) in [
            ("SNV", &manifest, false, &[][..]),
            ("SNV", &manifest, true, &[]),
            ("SNV", &renamed, true, &[]),
            ("STC", &renamed, true, &[]),
            ("STC", &other_stream, false, &[MARK_REFUSED]),
            ("STC", &other_stream, true, &[]),
        ] {
            assert_eq!(
                pulled(store, ("desk", unit), manifest, &server.base, PASSWORD).await,
                told,
                "{kind} {unit}"
            );
            assert_eq!(asked_for_changes(&server), changes, "{kind} {unit}");
        }
    }
}

/// Invariant 8.
#[tokio::test]
async fn new_source_id_or_account_never_inherits_an_old_cursor() {
    let both = both().await;
    for store in &both.stores {
        let server = desk().await;
        let manifest = format!("{HEAD}{CHANGES}");
        let kind = store.kind();
        for (id, password, changes, told) in [
            ("desk", PASSWORD, false, &[][..]),
            ("desk", PASSWORD, true, &[]),
            // The same system under a new name, and back under the old one with a new account.
            ("desk-2", PASSWORD, false, &[]),
            ("desk", "mat-khau-cua-nguoi-khac", false, &[MARK_REFUSED]),
            ("desk", "mat-khau-cua-nguoi-khac", true, &[]),
            ("desk-2", PASSWORD, true, &[]),
        ] {
            assert_eq!(
                pulled(store, (id, "SNV"), &manifest, &server.base, password).await,
                told,
                "{kind} {id}"
            );
            assert_eq!(asked_for_changes(&server), changes, "{kind} {id} {password}");
        }
    }
}

/// Invariant 10.
#[tokio::test]
async fn replay_of_a_rejected_record_is_idempotent() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        let mut records = tasks(0..20);
        records[5]["status"] = json!("chưa từng thấy");
        house.shows(records);
        assert_eq!(house.sync(false).await, [""; 0]);
        house.rules = RULES.replace("\"4\" = \"done\"", "\"4\" = \"done\", \"chưa từng thấy\" = \"open\"");
        let replay = || Command::RejectedReplay { source: source(), id: None };
        let mut first = None;
        for turn in 0..4 {
            let outcome = house.order(replay()).await;
            assert_eq!(outcome.exit, 0, "{:?}", outcome.findings);
            if turn == 2 {
                // The source shows it again meanwhile.
                house.sync(true).await;
            }
            let task = store.known_hashes(&source(), &["5"]).await.expect("hashes")[0].expect("read").0;
            let events = store.events_of(task).await.expect("events").len();
            let stands = (
                task,
                events,
                house.live().await,
                store.rejected(None, 0, 10).await.expect("rejected").len(),
            );
            assert_eq!(*first.get_or_insert(stands), stands, "{} {turn}", store.kind());
        }
        assert_eq!(first.map(|(_, _, live, rejected)| (live, rejected)), Some((20, 0)), "{}", store.kind());
    }
}

/// Invariant 13: answers come in another order than the messages left.
#[tokio::test]
async fn receipt_is_never_matched_to_another_record() {
    const PEOPLE: usize = 6;
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(|asked| {
            if asked.path == LOGIN {
                return accepting(asked);
            }
            let inner = message(asked);
            let number =
                inner["Data"]["Body"]["HOSO_CBCCVC"]["SoHieuCBCCVC_BNDP"].as_str().expect("a number");
            let odd = number.ends_with(['1', '3', '5']);
            let text = json!({ "message": "ok", "err_code": 0, "transaction_id": format!("tx-{number}") })
                .to_string();
            let later = async move {
                tokio::time::sleep(Duration::from_millis(if odd { 300 } else { 0 })).await;
                Ok::<_, std::io::Error>(Bytes::from(text))
            };
            let body = Body::from_stream(futures_util::stream::once(later));
            Response::builder().header("content-type", "application/json").body(body).expect("answer")
        })
        .await;
        let house = Installed::new(store, &Targets::national(&server.base), "a", "2026-11-24T01:00:00Z");
        let numbers: Vec<String> = (1..=PEOPLE).map(|number| format!("GL-0000{number}")).collect();
        let people: Vec<(&str, &str)> =
            numbers.iter().map(|number| (number.as_str(), "Nguyễn Văn An")).collect();
        house.import(&people).await;
        house.no_history().await;
        for number in &numbers {
            house.provisional(number, "2026-Q3", 1, "88.50").await;
            house.approve(number, "2026-Q3", 1).await;
        }
        house.close("2026-Q3").await;
        for _ in 0..PEOPLE {
            house.deliver().await;
        }
        let lines = house.items("national").await;
        assert_eq!(lines.len(), PEOPLE, "{}", store.kind());
        for line in lines {
            assert_eq!(line.state, "acknowledged", "{}", store.kind());
            assert_eq!(line.transaction_id, Some(format!("tx-{}", line.staff_number)), "{}", store.kind());
        }
    }
}

/// Invariant 14: from a line of a score to the answer it was read from, the decision about its product and the rules.
#[tokio::test]
async fn every_line_of_a_score_is_traced_to_its_answer_its_mapping_and_its_rules() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-11-25T01:00:00Z").await;
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        task(&house, "1", "2026-11-20", Some("2026-11-21T03:00:00Z")).await;
        task(&house, "2", "2026-11-22", None).await;
        settled(&house).await;
        let (person, quarter) = (house.person(AN).await, period("2026-Q4"));
        let score = store.score(person, quarter, TO_DATE).await.expect("read").expect("a score");
        let kept =
            store.kept_rule_set(&score.rule_set_hash).await.expect("read").expect("the rules are kept");
        let derived = derivation(&house, person, quarter, TO_DATE).await;
        assert_eq!(derived["rule_set"]["id"], kept["id"], "{}", store.kind());
        let lines = derived["lines"].as_array().expect("lines");
        assert_eq!(lines.len(), 2, "{}", store.kind());
        for line in lines {
            let (of, key) =
                line["source"].as_str().and_then(|source| source.split_once('/')).expect("source/key");
            let of = SourceId::new(of).expect("id");
            let (task, hash) = store.known_hashes(&of, &[key]).await.expect("hashes")[0].expect("held");
            assert_eq!(hash, [1; 16], "the version of the record");
            let answer = store.raw_page_of(task).await.expect("read").expect("an answer");
            let body = store.raw_page(answer).await.expect("read").expect("kept").body;
            assert_eq!(body, b"[{\"id\":1}]", "{}: as it was received", store.kind());
            let events = store.events_of(task).await.expect("events");
            assert!(events.iter().all(|(_, _, answer)| answer.is_some()), "{}: {events:?}", store.kind());
            let item = store.map_item(task).await.expect("read").expect("an item");
            let decided = item.mapping.expect("a decision");
            assert_eq!(decided.product.map(|code| code.to_string()).as_deref(), line["product"].as_str());
            assert_eq!((decided.catalog_version.as_str(), decided.decided_by.as_str()), ("2026", "operator"));
        }
    }
}
