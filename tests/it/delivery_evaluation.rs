//! The evaluation software: scores go out to it, people's decisions come back, and what they decided is what the
//! national database receives.

use crate::delivery_national::Province;
use crate::support::http::{Asked, Scripted, json as answer, status};
use crate::support::installation::{CHIEF, Installed, Targets, at, period};
use crate::support::stores::{both, one};
use axum::body::Body;
use axum::http::Response;
use lienthong::domain::{Level, RecordState};
use lienthong::pipeline::command::{Command, InputFile};
use lienthong::pipeline::decide::Decide;
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::{Step as _, StepReport};
use lienthong::store::Store;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const LOGIN: &str = "/login";
const EVENTS: &str = "/events";

pub async fn decide(house: &Installed) -> StepReport {
    Decide(house.app.clone()).run().await.expect("a run")
}

async fn record(house: &Installed) {
    Record(house.app.clone()).run().await.expect("a run");
}

/// Reasons of everything that could not be taken up.
pub async fn kept(store: &Store) -> Vec<(String, String)> {
    let kept = store.kept_decisions(100).await.expect("kept");
    kept.into_iter().map(|row| (row.event_id, row.finding.code)).collect()
}

fn login(asked: &Asked) -> Option<Response<Body>> {
    (asked.path == LOGIN).then(|| answer(json!({ "token": "t1", "expires_in": 3600 })))
}

/// An evaluation software that gives these pages by cursor and takes every score.
pub async fn with_events(pages: impl Fn(Option<&str>) -> Value + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked| {
        login(asked).unwrap_or_else(|| match asked.path.as_str() {
            EVENTS => answer(pages(asked.query.get("after").map(String::as_str))),
            _ => answer(json!({ "status": "stored", "receipt": "rc-1" })),
        })
    })
    .await
}

/// Something decided there.
pub fn event(id: &str, staff: &str, kind: &str, more: Value) -> Value {
    let mut event = json!({
        "id": id, "at": "2026-12-06T02:00:00Z", "author": "GL-00990 Lê Văn Trưởng", "staff_number": staff,
        "period": "2026-Q4", "type": kind
    });
    for (name, value) in more.as_object().expect("members") {
        event[name] = value.clone();
    }
    event
}

fn criteria() -> Value {
    let items = ["I.1", "I.2", "II.1", "II.2", "II.3", "II.4", "III.1", "III.2", "III.3", "III.4"];
    let points = |item: &&str| ((*item).to_owned(), json!(if item.starts_with("I.") { "5" } else { "2.5" }));
    json!({ "items": items.iter().map(points).collect::<serde_json::Map<_, _>>() })
}

#[tokio::test]
async fn what_people_decided_there_is_what_the_national_database_receives() {
    let both = both().await;
    for store in &both.stores {
        let province = Province::open().await;
        let house = Installed::new(store, &province.targets(), "a", "2026-12-07T03:00:00Z");
        let number = "GL-00012";
        house.import(&[(number, "Nguyễn Văn An")]).await;
        // Whom the simulated province lets score and classify this person.
        house.import_heads(&["GL-00001 Người đứng đầu", "GL-00004 Trưởng phòng"]).await;
        let file = InputFile { name: "history.csv".into(), bytes: province.history_of(number) };
        house
            .ordered(Command::HistoryImport { file, document: None, author: CHIEF.into(), dry_run: false })
            .await;

        house.score(number, "2026-Q3", None, &["general_criteria"]).await;
        record(&house).await;
        house.deliver_scores().await;
        decide(&house).await;
        let person = house.person(number).await;
        let kinds: Vec<String> = store
            .decisions_of(person, period("2026-Q3"))
            .await
            .expect("decisions")
            .into_iter()
            .map(|stored| serde_json::to_value(stored.decision.kind).expect("kind")["type"].to_string())
            .collect();
        for kind in ["self_assessment", "general_criteria"] {
            assert!(
                kinds.contains(&format!("\"{kind}\"")),
                "{}: {kinds:?} {:?}",
                store.kind(),
                kept(store).await
            );
        }
        assert!(
            store.scores_due(10).await.expect("due").iter().any(|(_, which, _)| *which == period("2026-Q3")),
            "the score is computed again"
        );

        house.score(number, "2026-Q3", Some("91.25"), &[]).await;
        record(&house).await;
        house.deliver_scores().await;
        decide(&house).await;
        let approved = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!(
            (approved.revision, approved.state),
            (3, RecordState::Approved),
            "{:?}",
            kept(store).await
        );
        let all = store.decisions_of(person, period("2026-Q3")).await.expect("decisions");
        let told = all.iter().find_map(|stored| match &stored.decision.kind {
            lienthong::domain::DecisionKind::Approval { content_hash, .. } => content_hash.clone(),
            _ => None,
        });
        let revisions = store.revisions(person, period("2026-Q3")).await.expect("read");
        assert_eq!(told.as_ref(), Some(&revisions[1].content_hash), "the approval says what was seen");
        house.computed().await;
        house.close("2026-Q3").await;
        house.deliver().await;

        house.score(number, "2026", Some("91.25"), &[]).await;
        record(&house).await;
        house.deliver_scores().await;
        decide(&house).await;
        decide(&house).await;
        house.deliver().await;
        let verdict = province.get("/sim/oracle").await["verdict"].clone();
        for count in ["lost", "duplicates", "mismatches"] {
            assert_eq!(verdict[count], 0, "{}: {verdict}", store.kind());
        }
        assert_eq!(verdict["approved"], 2);
        assert_eq!(province.counts().await, (2, 2));
        let held = province.held(number).await;
        let periods: Vec<&Value> =
            held.as_array().expect("rows").iter().map(|row| &row["KyDanhGia"]).collect();
        assert_eq!(periods, ["QUY_1", "QUY_2", "QUY_3", "NAM"], "two imported, two decided");
    }
}

#[tokio::test]
async fn score_goes_out_as_these_bytes_under_its_external_key() {
    let (_folder, store) = one().await;
    let server = with_events(|_| json!({ "events": [], "next": "0", "more": false })).await;
    let house = Installed::new(&store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
    house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
    house.score("GL-00001", "2026-Q4", None, &["general_criteria"]).await;
    record(&house).await;
    house.deliver_scores().await;
    let asked = server.asked();
    assert_eq!(asked[0].body, r#"{"password":"mat-khau","username":"gialai"}"#);
    let person = house.person("GL-00001").await;
    let key = format!("{person}.2026-Q4.decree-335.r1");
    assert_eq!(
        (asked[1].method.as_str(), asked[1].path.as_str()),
        ("PUT", format!("/scores/{key}").as_str())
    );
    assert_eq!(asked[1].headers.get("authorization").map(String::as_str), Some("Bearer t1"));
    let body: Value = serde_json::from_str(&asked[1].body).expect("JSON");
    let hash = body["content_hash"].as_str().expect("hash").to_owned();
    assert_eq!(
        body,
        json!({
            "external_key": key, "person": { "staff_number": "GL-00001", "unit": "SNV" }, "period": "2026-Q4",
            "rule_set": "decree-335", "revision": 1, "state": "computed", "task_part": "63", "general": null,
            "total": null, "level": null, "missing": ["general_criteria"], "components": { "a": "90" },
            "content_hash": hash
        })
    );
    assert_eq!(hash.len(), 64);
    let line = house.newest("evaluation").await.2;
    assert_eq!((line.state.as_str(), line.transaction_id.as_deref()), ("acknowledged", Some("rc-1")));

    // The page shows exactly these members, and every event it shows is one we read.
    let page = include_str!("../../docs/targets/EVALUATION.md");
    let examples: Vec<Value> = page
        .split("```json\n")
        .skip(1)
        .filter_map(|block| block.split("```").next())
        .map(|block| serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}")))
        .collect();
    let members = |value: &Value| value.as_object().expect("object").keys().cloned().collect::<Vec<_>>();
    let shown = examples.iter().find(|example| example.get("external_key").is_some()).expect("a score");
    assert_eq!(members(shown), members(&body));
    let events: Vec<Value> =
        examples.iter().filter_map(|example| example.get("events")?.as_array().cloned()).flatten().collect();
    let target = house.app.evaluation.clone().expect("target");
    let mut kinds = std::collections::BTreeSet::new();
    for event in &events {
        let entry = target.read_again(event.to_string().as_bytes(), at("2027-01-20T00:00:00Z"));
        assert!(entry.read.is_ok(), "{event}: {:?}", entry.read);
        kinds.insert(event["type"].as_str().expect("type").to_owned());
    }
    assert_eq!(kinds.len(), 8, "one example of every type: {kinds:?}");
}

#[tokio::test]
async fn bad_entries_are_kept_with_their_reason_and_the_others_go_on() {
    let both = both().await;
    for store in &both.stores {
        let mut wrong = criteria();
        wrong["items"]["I.1"] = json!("50");
        let of = |which: &str| {
            let mut criteria = criteria();
            criteria["period"] = json!(which);
            criteria
        };
        let failures = json!({ "source": "a", "external_id": "1", "count": 1_001, "reason": "gõ nhầm" });
        let events = json!([
            event("e1", "GL-00001", "general_criteria", criteria()),
            event("e1", "GL-00001", "general_criteria", criteria()),
            { "id": 5, "type": "approval" },
            "nonsense",
            event("e2", "GL-00777", "approval", json!({ "revision": 1 })),
            event("e3", "GL-00001", "promotion", json!({})),
            event("e4", "GL-00001", "general_criteria", wrong),
            event("e5", "GL-00001", "general_criteria", {
                let mut own = criteria();
                own["author"] = json!("GL-00001 Nguyễn Văn An");
                own
            }),
            event("e1", "GL-00001", "excuse", json!({ "source": "a", "external_id": "1", "covers": "late", "reason": "mưa bão" })),
            event("e6", "GL-00001", "approval", json!({ "revision": 1, "at": "9999-01-01T00:00:00Z" })),
            event("e7", "GL-00001", "completed_quantity", json!({ "source": "a", "external_id": "1", "quantity": "-1" })),
            event("e8", "GL-00001", "self_assessment", {
                let mut own = criteria();
                own["author"] = json!("GL-00001 Nguyễn Văn An");
                own
            }),
            // A quarter that has not begun, a year, and more failures than anybody counts.
            event("e9", "GL-00001", "general_criteria", of("2027-Q1")),
            event("e10", "GL-00001", "general_criteria", of("2026")),
            event("e11", "GL-00001", "quality_failures", failures),
        ]);
        let server = with_events(move |after| match after {
            None => json!({ "events": events, "next": "12", "more": false }),
            Some(_) => json!({ "events": [], "next": "12", "more": false }),
        })
        .await;
        let house = Installed::new(store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        decide(&house).await;
        let person = house.person("GL-00001").await;
        let keys = async || -> Vec<String> {
            let stored = store.decisions_of(person, period("2026-Q4")).await.expect("decisions");
            stored.into_iter().map(|stored| stored.decision.key).collect()
        };
        assert_eq!(keys().await, ["e1", "e8"], "{}: the good ones went on", store.kind());
        let code = |code: &str| code.to_owned();
        let told = kept(store).await;
        assert_eq!(
            told,
            [
                ("?".to_owned(), code("LT-DLV-007")),
                ("?".to_owned(), code("LT-DLV-007")),
                ("e2".to_owned(), code("LT-DLV-009")),
                ("e3".to_owned(), code("LT-DLV-007")),
                ("e4".to_owned(), code("LT-CRI-010")),
                ("e5".to_owned(), code("LT-REC-004")),
                ("e1".to_owned(), code("LT-DLV-012")),
                ("e6".to_owned(), code("LT-DLV-007")),
                ("e7".to_owned(), code("LT-CRI-010")),
                ("e9".to_owned(), code("LT-CRI-011")),
                ("e10".to_owned(), code("LT-CRI-011")),
                ("e11".to_owned(), code("LT-CRI-010")),
            ],
            "{}",
            store.kind()
        );
        decide(&house).await;
        assert_eq!(kept(store).await.len(), told.len(), "told once");
        assert_eq!(
            store.overview().await.expect("overview").waiting().decisions,
            12,
            "and counted for the page"
        );
        let list = Command::RejectedList { source: None, limit: 50 };
        let shown = house.ordered(list).await.document.to_json(lienthong::error::Lang::Vi);
        assert_eq!(shown.as_array().map(Vec::len), Some(12), "{shown}");
        assert!(shown.to_string().contains("GL-00777"));

        // The person becomes known: the waiting entry is taken up by itself, its approval then has no record.
        house.import(&[("GL-00777", "Phạm Thị Mới")]).await;
        decide(&house).await;
        let told = kept(store).await;
        assert!(told.contains(&("e2".to_owned(), "LT-REC-020".to_owned())), "{}: {told:?}", store.kind());
        let stranger = house.person("GL-00777").await;
        assert_eq!(store.decisions_of(stranger, period("2026-Q4")).await.expect("read").len(), 1);
        let outcome = house
            .order(Command::RejectedReplay { source: "evaluation".parse().expect("name"), id: None })
            .await;
        assert_eq!(outcome.findings[0].code, "LT-PUL-006", "the others still cannot be read");
        assert_eq!(kept(store).await.len(), 12);
    }
}

#[tokio::test]
async fn refused_approval_is_shown_until_the_record_is_approved() {
    let both = both().await;
    for store in &both.stores {
        let pages: Arc<Mutex<Vec<Value>>> = Arc::default();
        let given = pages.clone();
        let server = with_events(move |after| {
            let events = given.lock().expect("lock").clone();
            let from: usize = after.and_then(|after| after.parse().ok()).unwrap_or(0);
            json!({ "events": events[from.min(events.len())..], "next": events.len().to_string(), "more": false })
        })
        .await;
        let house = Installed::new(store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.provisional("GL-00001", "2026-Q4", 1, "80").await;
        let give = |id: &str, revision: u32, author: &str| {
            let more = json!({ "revision": revision, "author": author, "decision_no": "9/QĐ" });
            pages.lock().expect("lock").push(event(id, "GL-00001", "approval", more));
        };
        give("a1", 7, "GL-00990 Lê Văn Trưởng");
        give("a2", 1, "GL-00001 Nguyễn Văn An");
        decide(&house).await;
        let told = kept(store).await;
        assert_eq!(
            told,
            [("a1".to_owned(), "LT-REC-002".to_owned()), ("a2".to_owned(), "LT-REC-004".to_owned())],
            "{}: another revision, and one's own record",
            store.kind()
        );
        give("a3", 1, "GL-00990 Lê Văn Trưởng");
        decide(&house).await;
        let person = house.person("GL-00001").await;
        let head = store.latest_revision(person, period("2026-Q4")).await.expect("read").expect("record");
        assert_eq!(head.state, RecordState::Approved);
        assert_eq!(kept(store).await, [], "{}: nobody has to look any more", store.kind());
        // The same approval told again, after the software was restored from a backup.
        give("a3", 1, "GL-00990 Lê Văn Trưởng");
        decide(&house).await;
        assert_eq!(store.revisions(person, period("2026-Q4")).await.expect("read").len(), 2);
    }
}

#[tokio::test]
async fn older_decision_about_a_record_that_was_approved_needs_nobody_and_a_later_one_does() {
    let both = both().await;
    for store in &both.stores {
        let (events, server) = approving().await;
        let house = Installed::new(store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.provisional("GL-00001", "2026-Q4", 1, "80").await;
        house.provisional("GL-00001", "2026-Q4", 2, "81").await;
        let give = |id: &str, at: &str| {
            let mut given = approval(id, 1, None);
            given["at"] = json!(at);
            events.lock().expect("lock").push(given);
        };
        events.lock().expect("lock").push(approval("a2", 2, None));
        decide(&house).await;
        // Given before the approval, read after it; and given after it by somebody who still looks at the old figures.
        give("a1", "2026-12-06T01:00:00Z");
        give("a3", "2026-12-06T05:00:00Z");
        decide(&house).await;
        let left = [("a3".to_owned(), "LT-REC-002".to_owned())];
        assert_eq!(kept(store).await, left, "{}", store.kind());
        let journal = store.audit_entries(i64::MAX, 20).await.expect("journal");
        let replaced: Vec<_> = journal.iter().filter(|entry| entry.action == "decision_replaced").collect();
        assert_eq!(replaced.len(), 1, "{journal:?}");
        let why = replaced[0].reason.as_deref().expect("a reason");
        assert!(
            why.starts_with("LT-REC-090 ") && why.contains("revision 1") && why.contains("9/QĐ"),
            "{why}"
        );
        // What an earlier program left over is settled.
        let person = house.person("GL-00001").await;
        let decisions = store.decisions_of(person, period("2026-Q4")).await.expect("read");
        let old = decisions.iter().find(|stored| stored.decision.key == "a1").expect("kept");
        let (a3, _) = store.refused_decisions().await.expect("read").remove(0);
        let refused = store.refused_decision(a3).await.expect("read").expect("refused").1;
        store.settle_decisions(&[(old.id, Some(refused))]).await.expect("as it was");
        assert_eq!(kept(store).await.len(), 2, "{}", store.kind());
        decide(&house.later("2026-12-08T03:00:00Z")).await;
        assert_eq!(kept(store).await, left, "{}", store.kind());
    }
}

#[tokio::test]
async fn approval_told_before_the_quarter_is_assessed_is_kept_with_its_reason() {
    let both = both().await;
    for store in &both.stores {
        let server = with_events(|after| {
            let early = json!({ "revision": 1, "decision_no": "9/QĐ", "at": "2026-12-04T16:59:59Z" });
            let events = [event("early", "GL-00001", "approval", early)];
            json!({ "events": &events[usize::from(after.is_some())..], "next": "1", "more": false })
        })
        .await;
        let house = Installed::new(store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.provisional("GL-00001", "2026-Q4", 1, "80").await;
        decide(&house).await;
        assert_eq!(kept(store).await, [("early".to_owned(), "LT-REC-012".to_owned())], "{}", store.kind());
        let person = house.person("GL-00001").await;
        let head = store.latest_revision(person, period("2026-Q4")).await.expect("read").expect("record");
        assert_eq!(head.state, RecordState::Provisional, "{}", store.kind());
    }
}

/// An evaluation software whose people approve what is pushed to the list.
pub async fn approving() -> (Arc<Mutex<Vec<Value>>>, Scripted) {
    let events: Arc<Mutex<Vec<Value>>> = Arc::default();
    let given = events.clone();
    let server = with_events(move |after| {
        let events = given.lock().expect("lock").clone();
        let from: usize = after.and_then(|after| after.parse().ok()).unwrap_or(0);
        json!({ "events": events[from.min(events.len())..], "next": events.len().to_string(), "more": false })
    })
    .await;
    (events, server)
}

pub fn approval(id: &str, revision: u32, content_hash: Option<&str>) -> Value {
    let seen = json!({ "revision": revision, "content_hash": content_hash, "decision_no": "9/QĐ" });
    event(id, "GL-00001", "approval", seen)
}

#[tokio::test]
async fn approval_of_another_content_under_the_same_revision_is_kept_and_not_applied() {
    let both = both().await;
    for store in &both.stores {
        let (events, server) = approving().await;
        let house = Installed::new(store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        // Restored from a backup: the first revision came out otherwise than the one the person saw.
        house.provisional("GL-00001", "2026-Q4", 1, "80").await;
        events.lock().expect("lock").push(approval("a1", 1, Some(&"ab".repeat(32))));
        let report = decide(&house).await;
        assert_eq!(report.findings[0].code, "LT-REC-010", "{}", store.kind());
        let person = house.person("GL-00001").await;
        let latest =
            async || store.latest_revision(person, period("2026-Q4")).await.expect("read").expect("a record");
        let held = latest().await;
        assert_eq!((held.revision, held.state), (1, RecordState::Provisional), "nothing was approved");
        let waits = [("a1".to_owned(), "LT-REC-010".to_owned())];
        assert_eq!(kept(store).await, waits, "{}: a person sees it", store.kind());
        // The same event told once more, without the hash it had, is still the same decision.
        events.lock().expect("lock").push(approval("a1", 1, None));
        decide(&house).await;
        assert_eq!((latest().await.revision, kept(store).await), (1, waits.to_vec()), "told once");
        // The person looks again and approves what stands here.
        let seen = held.content_hash.to_ascii_uppercase();
        events.lock().expect("lock").push(approval("a2", 1, Some(&seen)));
        decide(&house).await;
        assert_eq!(latest().await.state, RecordState::Approved, "{}", store.kind());
        assert_eq!(kept(store).await, [], "{}: nobody has to look any more", store.kind());
    }
}

#[tokio::test]
async fn approval_of_a_revision_that_does_not_exist_yet_waits_for_it_and_for_its_content() {
    let both = both().await;
    for store in &both.stores {
        let (events, server) = approving().await;
        let house = Installed::new(store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        let person = house.person("GL-00001").await;
        let latest =
            async || store.latest_revision(person, period("2026-Q4")).await.expect("read").expect("a record");
        house.score("GL-00001", "2026-Q4", Some("81"), &[]).await;
        let scores = store.scores_without_record(10).await.expect("scores");
        let seen: lienthong::evaluation::Content =
            serde_json::from_value(scores[0].summary.clone()).expect("content");
        events.lock().expect("lock").push(approval("a1", 2, Some(&seen.hash())));
        events.lock().expect("lock").push(approval("a2", 3, Some(&"ab".repeat(32))));
        decide(&house).await;
        let waits = |ids: &[&str]| -> Vec<(String, String)> {
            ids.iter().map(|id| ((*id).to_owned(), "LT-REC-011".to_owned())).collect()
        };
        assert_eq!(kept(store).await, waits(&["a1", "a2"]), "{}: there is no record yet", store.kind());
        house.provisional("GL-00001", "2026-Q4", 1, "80").await;
        let report = decide(&house).await;
        assert_eq!(report.findings, [], "{}: told once", store.kind());
        assert_eq!((latest().await.revision, kept(store).await), (1, waits(&["a1", "a2"])));
        assert_eq!(store.overview().await.expect("overview").waiting().decisions, 2);
        // The second revision comes and says what the person saw.
        record(&house).await;
        assert_eq!(latest().await.revision, 2);
        decide(&house).await;
        let held = latest().await;
        assert_eq!((held.revision, held.state), (3, RecordState::Approved), "{}", store.kind());
        // The other one waits no more, whatever comes: the record is approved.
        assert_eq!(kept(store).await, [], "{}", store.kind());
        house.provisional("GL-00001", "2026-Q4", 4, "82").await;
        assert_eq!(decide(&house).await.findings, [], "{}", store.kind());
        assert_eq!(latest().await.revision, 4);
        // Revisions that come with another content, or too late, are not taken for the one that was seen.
        events.lock().expect("lock").push(approval("a3", 5, Some(&"cd".repeat(32))));
        decide(&house).await;
        assert_eq!(kept(store).await, waits(&["a3"]));
        house.provisional("GL-00001", "2026-Q4", 5, "83").await;
        decide(&house).await;
        assert_eq!(kept(store).await, [("a3".to_owned(), "LT-REC-010".to_owned())], "{}", store.kind());
        assert_eq!(latest().await.revision, 5);
    }
}

#[tokio::test]
async fn approval_waits_until_the_record_followed_its_figures_and_then_is_of_another_revision() {
    let both = both().await;
    for store in &both.stores {
        let (events, server) = approving().await;
        let house = Installed::new(store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.score("GL-00001", "2026-Q4", Some("80"), &[]).await;
        record(&house).await;
        let person = house.person("GL-00001").await;
        let latest =
            async || store.latest_revision(person, period("2026-Q4")).await.expect("read").expect("a record");
        // The score moved on while the person read the first revision.
        house.score("GL-00001", "2026-Q4", Some("85"), &[]).await;
        events.lock().expect("lock").push(approval("a1", 1, None));
        for _ in 0..2 {
            assert_eq!(decide(&house).await.findings, [], "{}", store.kind());
            let held = latest().await;
            assert_eq!((held.revision, held.state), (1, RecordState::Provisional), "{}", store.kind());
            assert_eq!(kept(store).await, [], "{}: nothing to tell yet", store.kind());
        }
        record(&house).await;
        decide(&house).await;
        assert_eq!(kept(store).await, [("a1".to_owned(), "LT-REC-002".to_owned())], "{}", store.kind());
        events.lock().expect("lock").push(approval("a2", 2, None));
        decide(&house).await;
        assert_eq!((latest().await.revision, latest().await.state), (3, RecordState::Approved));
        assert_eq!(
            store.difference(person, period("2026-Q4")).await.expect("read"),
            None,
            "{}",
            store.kind()
        );
    }
}

#[tokio::test]
async fn deadline_counts_from_the_decision_and_not_from_our_reading_of_it() {
    let (_folder, store) = one().await;
    let events = json!([event(
        "c1",
        "GL-00001",
        "classification",
        json!({ "period": "2026", "level": "completed", "decision_no": "1/QĐ", "at": "2026-12-04T10:00:00+07:00" })
    )]);
    let software = with_events(move |_| json!({ "events": events, "next": "1", "more": false })).await;
    let targets =
        Targets { national: Some("http://127.0.0.1:9".into()), ..Targets::evaluation(&software.base) };
    // We were away over a weekend.
    let house = Installed::new(&store, &targets, "a", "2026-12-07T03:00:00Z");
    house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
    house.provisional("GL-00001", "2026", 1, "80").await;
    decide(&house).await;
    let line = house.newest("national").await.2;
    assert_eq!(line.deadline_at, Some(at("2026-12-09T17:00:00Z")), "five days from Friday the 4th");
    let person = house.person("GL-00001").await;
    let head = store.latest_revision(person, period("2026")).await.expect("read").expect("record");
    assert_eq!(head.content["level"], json!(Level::Completed.as_str()), "the level decided, not the band");
}

#[tokio::test]
async fn what_is_worth_telling_of_a_decision_that_was_read_is_told_with_its_record_and_is_no_failure() {
    let events = json!([event(
        "c1",
        "GL-00001",
        "classification",
        json!({ "period": "2026", "level": "completed", "decision_no": "1/QĐ", "at": "2026-12-16T10:00:00+07:00" })
    )]);
    let software = with_events(move |_| json!({ "events": events, "next": "1", "more": false })).await;
    let both = both().await;
    for store in &both.stores {
        let house = Installed::new(store, &Targets::evaluation(&software.base), "a", "2026-12-17T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.provisional("GL-00001", "2026", 1, "80").await;
        let report = decide(&house).await;
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
        // Decided after 15 December, and below the level the score proposes.
        assert_eq!((report.failed, codes), (0, vec!["LT-REC-052", "LT-REC-008"]), "{}", store.kind());
        for finding in &report.findings {
            let place = finding.place.as_ref().expect("a place").to_string();
            assert!(place.contains("GL-00001") && place.contains("2026"), "{}: {place}", store.kind());
        }
        assert_eq!(decide(&house).await.findings, [], "{}: told once", store.kind());
    }
}

#[tokio::test]
async fn classification_of_a_deputy_waits_until_one_cites_the_provincial_chairs_opinion() {
    let (_folder, store) = one().await;
    let ruling = |id: &str, opinion: Option<&str>| {
        let year = json!({ "period": "2026", "level": "good", "decision_no": "1/QĐ", "opinion": opinion });
        event(id, "GL-00002", "classification", year)
    };
    let events = json!([ruling("c1", None), ruling("c2", Some("7/UBND-NV"))]);
    let software = with_events(move |after| match after {
        None => json!({ "events": [events[0]], "next": "1", "more": false }),
        Some("1") => json!({ "events": [events[1]], "next": "2", "more": false }),
        Some(_) => json!({ "events": [], "next": "2", "more": false }),
    })
    .await;
    let house = Installed::new(&store, &Targets::evaluation(&software.base), "a", "2026-12-07T03:00:00Z");
    house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
    house.import_deputy("GL-00002", "Trần Thị Bình").await;
    house.provisional("GL-00002", "2026", 1, "80").await;
    let person = house.person("GL-00002").await;
    decide(&house).await;
    assert_eq!(kept(&store).await, [("c1".to_owned(), "LT-AUT-003".to_owned())]);
    let held = store.latest_revision(person, period("2026")).await.expect("read").expect("record");
    assert_eq!(held.revision, 1, "nothing was classified");
    decide(&house).await;
    let held = store.latest_revision(person, period("2026")).await.expect("read").expect("record");
    assert_eq!((held.revision, &held.content["ruling"]["opinion"]), (2, &json!("7/UBND-NV")));
    assert_eq!(kept(&store).await, [], "the one that cites none needs nobody any more");
}

/// A self-assessment, which only its own author may give.
fn own_event(id: &str, author: &str) -> Value {
    let mut own = event(id, "GL-00001", "self_assessment", criteria());
    own["author"] = json!(author);
    own
}

#[tokio::test]
async fn reading_goes_on_from_the_cursor_begins_anew_when_it_is_lost_and_never_runs_for_ever() {
    let (_folder, store) = one().await;
    let server = Scripted::start(|asked| {
        login(asked).unwrap_or_else(|| match asked.query.get("after").map(String::as_str) {
            None => answer(json!({
                "events": [own_event("e1", "GL-00001 Nguyễn Văn An")], "next": "c1", "more": true
            })),
            Some("c1") => answer(json!({
                "events": [event("e2", "GL-00001", "general_criteria", criteria())], "next": "c2", "more": false
            })),
            Some("c2") if asked.index < 4 => answer(json!({ "events": [], "next": "c2", "more": false })),
            // The software was set up anew.
            Some("c2") if asked.index < 5 => status(410, &[], r#"{"code":"unknown_cursor"}"#),
            // From here on it promises more for ever.
            Some(cursor) => {
                let next = format!("{cursor}x");
                answer(json!({ "events": [], "next": next.get(..60).unwrap_or(&next), "more": true }))
            }
        })
    })
    .await;
    let house = Installed::new(&store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
    house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
    decide(&house).await;
    decide(&house).await;
    let after = |index: usize| server.asked()[index].query.get("after").cloned();
    assert_eq!((after(1), after(2), after(3)), (None, Some("c1".into()), Some("c2".into())));
    assert_eq!(server.asked()[1].query.get("limit").map(String::as_str), Some("200"));
    let report = decide(&house).await;
    assert!(report.findings.iter().any(|finding| finding.code == "LT-DLV-013"), "{:?}", report.findings);
    let person = house.person("GL-00001").await;
    assert_eq!(store.decisions_of(person, period("2026-Q4")).await.expect("read").len(), 2, "nothing twice");
    let before = server.count(EVENTS);
    let report = decide(&house).await;
    assert!(report.more && server.count(EVENTS) - before <= 50, "the rest waits for the next run");
}

#[tokio::test]
async fn software_that_is_away_or_answers_nonsense_is_told_and_what_came_before_is_taken_up() {
    type Reply = fn() -> Response<Body>;
    let cases: [(Reply, &str); 5] = [
        (|| status(503, &[], ""), "LT-DLV-003"),
        (|| status(200, &[("content-type", "text/html")], "<html>đăng nhập</html>"), "LT-DLV-003"),
        (|| answer(json!({ "events": {}, "next": "1", "more": false })), "LT-DLV-003"),
        (|| answer(json!({ "events": [] })), "LT-DLV-003"),
        (|| status(401, &[], ""), "LT-DLV-003"),
    ];
    for (reply, code) in cases {
        let (_folder, store) = one().await;
        let server = Scripted::start(move |asked| login(asked).unwrap_or_else(reply)).await;
        let house = Installed::new(&store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.provisional("GL-00001", "2026-Q4", 1, "80").await;
        let person = house.person("GL-00001").await;
        let approval = lienthong::domain::Decision {
            key: "earlier".into(),
            person,
            period: period("2026-Q4"),
            author: "GL-00990 Lê Văn Trưởng".into(),
            at: at("2026-12-06T00:00:00Z"),
            document: None,
            kind: lienthong::domain::DecisionKind::Approval {
                revision: 1,
                content_hash: None,
                decision_no: None,
            },
        };
        store.append_decisions("evaluation", &[approval], house.app.clock.now()).await.expect("kept");
        let report = decide(&house).await;
        assert_eq!(report.findings[0].code, code, "{:?}", report.findings);
        let head = store.latest_revision(person, period("2026-Q4")).await.expect("read").expect("record");
        assert_eq!(head.state, RecordState::Approved);
        assert_eq!(store.decision_cursor("evaluation").await.expect("read"), None, "the cursor stays");
    }
}

#[tokio::test]
async fn every_answer_to_a_score_leads_to_its_state() {
    type Reply = fn() -> Response<Body>;
    let cases: [(&str, Reply, &str, &str); 8] = [
        ("unchanged", || answer(json!({"status": "unchanged", "receipt": "rc-7"})), "acknowledged", ""),
        ("stale", || answer(json!({"status": "stale", "receipt": "rc-7"})), "superseded", ""),
        ("no receipt", || answer(json!({"status": "stored"})), "unknown", "LT-DLV-003"),
        ("locked", || status(409, &[], r#"{"code":"locked"}"#), "rejected", "LT-DLV-008"),
        ("conflict", || status(409, &[], r#"{"code":"conflict"}"#), "rejected", "LT-DLV-008"),
        ("unknown person", || status(422, &[], r#"{"code":"unknown_person"}"#), "rejected", "LT-DLV-008"),
        ("busy", || status(429, &[("retry-after", "60")], ""), "pending", "LT-DLV-003"),
        ("broken", || status(500, &[], ""), "unknown", "LT-DLV-003"),
    ];
    for (what, reply, state, code) in cases {
        let (_folder, store) = one().await;
        let server = Scripted::start(move |asked| login(asked).unwrap_or_else(reply)).await;
        let house = Installed::new(&store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.score("GL-00001", "2026-Q4", Some("80"), &[]).await;
        record(&house).await;
        house.deliver_scores().await;
        let (got, told, line) = house.newest("evaluation").await;
        assert_eq!((got.as_str(), told.as_str()), (state, code), "{what}: {:?}", line.finding);
    }
}

#[tokio::test]
async fn lost_answer_to_a_score_is_read_back_before_anything_is_sent_again() {
    let both = both().await;
    for store in &both.stores {
        for (fault, puts) in [("reset_after_commit", 1), ("truncate", 1), ("reset_before", 2)] {
            let province = Province::open().await;
            let house = Installed::new(store, &province.targets(), "a", "2026-12-07T03:00:00Z");
            let number = format!(
                "GL-0001{}",
                ["reset_after_commit", "truncate", "reset_before"]
                    .iter()
                    .position(|f| *f == fault)
                    .expect("one")
            );
            house.import(&[(number.as_str(), "Nguyễn Văn An")]).await;
            house.score(&number, "2026-Q4", Some("80"), &[]).await;
            record(&house).await;
            let script = json!([{ "path_prefix": "/evaluation/api/v1/scores", "kind": fault, "every": 1, "times": 1 }]);
            province.post("/sim/faults", &script).await;
            house.deliver_scores().await;
            assert_eq!(house.newest("evaluation").await.0, "unknown", "{fault}");
            let later = house.later("2026-12-07T05:00:00Z");
            later.deliver_scores().await;
            let state = if puts == 1 { "verified" } else { "acknowledged" };
            assert_eq!(later.newest("evaluation").await.0, state, "{} {fault}", store.kind());
            let oracle = province.get("/sim/oracle").await["evaluation"].clone();
            assert_eq!(
                (&oracle["requests"], &oracle["effects"]),
                (&json!(1), &json!(1)),
                "{fault}: {oracle}"
            );
        }
    }
}

#[tokio::test]
async fn d_is_taken_from_there_for_a_leader_with_nobody_in_charge_and_kept_with_its_reason_for_others() {
    let both = both().await;
    for store in &both.stores {
        let d = |percent: &str| json!({ "component": "unit_result", "percent": percent });
        let events = json!([
            event("d1", "GL-00005", "leader_component", d("50")),
            event("d2", "GL-00990", "leader_component", d("100")),
            event("d3", "GL-00001", "leader_component", d("100")),
            event("d4", "GL-00005", "leader_component", d("70")),
        ]);
        let server = with_events(move |after| match after {
            None => json!({ "events": events, "next": "4", "more": false }),
            Some(_) => json!({ "events": [], "next": "4", "more": false }),
        })
        .await;
        let house = Installed::new(store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.import_deputy("GL-00005", "Phạm Thị Phó").await;
        decide(&house).await;
        let deputy = house.person("GL-00005").await;
        let stored = store.decisions_of(deputy, period("2026-Q4")).await.expect("decisions");
        let keys: Vec<&str> = stored.iter().map(|stored| stored.decision.key.as_str()).collect();
        assert_eq!(keys, ["d1"], "{}", store.kind());
        // The head's own word counts for nothing of their own, and of the staff there is none.
        let told = [("d2", "LT-REC-004"), ("d3", "LT-CRI-003"), ("d4", "LT-CRI-010")];
        assert_eq!(kept(store).await, told.map(|(id, code)| (id.to_owned(), code.to_owned())));
    }
}
