//! Opinions about a result, written down in a real store of either kind: who may, what a decision makes of them, and where they are
//! shown.

use crate::delivery_evaluation::{decide, event, kept, with_events};
use crate::support::http::Scripted;
use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::{both, department, officer};
use lienthong::domain::rules::PartyOpinion;
use lienthong::domain::{DirectoryImport, Level, RecordState, Role, Unit, UnitCode, UnitKind};
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, LifeOrder, Outcome};
use lienthong::store::Store;
use serde_json::{Value, json};

const AN: &str = "GL-00001";
const DEPUTY: &str = "GL-00002";
const OFFICE: &str = "Phòng Tổ chức cán bộ";

async fn house(store: &Store) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
    house.import(&[(AN, "Nguyễn Văn An")]).await;
    house.import_deputy(DEPUTY, "Võ Thị Giang").await;
    house.no_history().await;
    house.provisional(AN, "2026", 1, "80").await;
    house.provisional(DEPUTY, "2026", 1, "80").await;
    house
}

fn opinion(whose: &str, kind: &str, body: Option<&str>, document: Option<&str>, author: &str) -> Command {
    let order = LifeOrder::Opinion {
        person: whom(whose),
        period: period("2026"),
        kind: kind.into(),
        body: body.map(str::to_owned),
        on: None,
        document: document.map(str::to_owned),
        words: "nhất trí mức hoàn thành tốt".into(),
        author: author.into(),
    };
    Command::Life { order }
}

fn classify(whose: &str) -> Command {
    Command::RecordApprove {
        person: whom(whose),
        period: period("2026"),
        revision: 1,
        level: Some(Level::Good),
        decision_no: Some("12/QĐ".into()),
        opinion: None,
        author: CHIEF.into(),
    }
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.findings.iter().map(|finding| finding.code.as_str()).collect()
}

async fn shown(house: &Installed, whose: &str) -> (Value, Vec<String>) {
    let order = LifeOrder::Show { person: whom(whose), period: period("2026") };
    let outcome = house.ordered(Command::Life { order }).await;
    let codes = outcome.findings.iter().map(|finding| finding.code.clone()).collect();
    (outcome.document.to_json(Lang::En), codes)
}

#[tokio::test]
async fn chairs_opinion_that_was_written_down_is_cited_by_the_decision_and_shown_wherever_the_record_is() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        assert_eq!(codes(&house.order(classify(DEPUTY)).await), ["LT-AUT-003"]);
        for (order, code) in [
            (opinion(DEPUTY, "chair", None, None, CHIEF), "LT-REC-093"),
            (opinion(DEPUTY, "related_body", None, Some("5/STC"), CHIEF), "LT-REC-093"),
            (opinion(DEPUTY, "neighbour", None, Some("5/STC"), CHIEF), "LT-REC-093"),
            // Nobody writes an opinion about themselves down, nor whoever neither scores nor classifies.
            (opinion(DEPUTY, "party_committee", None, None, DEPUTY), "LT-REC-004"),
            (opinion(DEPUTY, "party_committee", None, None, AN), "LT-AUT-001"),
            (opinion(DEPUTY, "party_committee", None, None, OFFICE), "LT-AUT-002"),
        ] {
            assert_eq!(codes(&house.order(order).await), [code], "{}", store.kind());
        }
        for kind in ["chair", "party_committee"] {
            let Command::Life { order } = opinion(DEPUTY, kind, None, Some("7/UBND-NC"), OFFICE) else {
                panic!("another order")
            };
            let LifeOrder::Opinion { person, kind, body, on, document, words, author, .. } = order else {
                panic!("another order")
            };
            let period = period("2026-Q4");
            let order = LifeOrder::Opinion { person, period, kind, body, on, document, words, author };
            let told = house.order(Command::Life { order }).await;
            assert_eq!(codes(&told), ["LT-REC-093"], "it would count for nothing");
        }
        let person = house.person(DEPUTY).await;
        assert!(store.opinions(person, period("2026")).await.expect("read").is_empty());
        house.ordered(opinion(DEPUTY, "chair", None, Some("7/UBND-NC"), OFFICE)).await;
        house.ordered(opinion(DEPUTY, "related_body", Some("Sở Tài chính"), Some("5/STC"), OFFICE)).await;
        house.ordered(classify(DEPUTY)).await;
        let newest = store.latest_revision(person, period("2026")).await.expect("read").expect("record");
        assert_eq!(newest.content["ruling"]["opinion"], "7/UBND-NC", "{}", store.kind());
        let (record, _) = shown(&house, DEPUTY).await;
        assert_eq!(record["opinions"][0]["kind"], "chair", "{record}");
        assert_eq!(record["opinions"][1]["body"], "Sở Tài chính", "{record}");
        let folder = tempfile::tempdir().expect("folder");
        let to = folder.path().join("du-lieu.txt");
        let data = LifeOrder::PersonData {
            person: whom(DEPUTY),
            to: to.clone(),
            reason: "người này đề nghị".into(),
            document: None,
            author: CHIEF.into(),
        };
        house.ordered(Command::Life { order: data }).await;
        let text = std::fs::read_to_string(&to).expect("text");
        assert!(text.contains("Sở Tài chính") && text.contains("nhất trí mức hoàn thành tốt"), "{text}");
        let journal = store.audit_entries(i64::MAX, 20).await.expect("journal");
        assert_eq!(journal.iter().filter(|entry| entry.action == "opinion_kept").count(), 2);
        assert!(!format!("{journal:?}").contains("nhất trí mức"), "the journal has none of its words");
    }
}

#[tokio::test]
async fn party_committees_opinion_is_told_as_missing_and_stops_a_leaders_year_only_where_the_rules_say_so() {
    let both = both().await;
    for store in &both.stores {
        let optional = house(store).await;
        let status = LifeOrder::PeriodStatus { period: Some(period("2026")), unit: None };
        let told = optional.ordered(Command::Life { order: status.clone() }).await;
        assert!(codes(&told).contains(&"LT-REC-092"), "{:?}", codes(&told));
        assert_eq!(shown(&optional, DEPUTY).await.1, ["LT-REC-092"]);
        assert!(shown(&optional, AN).await.1.is_empty(), "nobody asks for one about staff");
        let mut policy = optional.app.policy.clone();
        policy.rule_sets.iter_mut().for_each(|rules| rules.party_opinion = PartyOpinion::Required);
        let house = optional.configured_anew("2026-12-07T01:00:00Z", policy).await;
        house.computed().await;
        house.ordered(classify(AN)).await;
        house.ordered(opinion(DEPUTY, "chair", None, Some("7/UBND-NC"), OFFICE)).await;
        assert_eq!(codes(&house.order(classify(DEPUTY)).await), ["LT-REC-091"], "{}", store.kind());
        house.ordered(opinion(DEPUTY, "party_committee", None, Some("9-NQ/ĐU"), OFFICE)).await;
        house.ordered(classify(DEPUTY)).await;
        assert!(shown(&house, DEPUTY).await.1.is_empty());
        let told = house.ordered(Command::Life { order: status }).await;
        assert!(!codes(&told).contains(&"LT-REC-092"), "{:?}", codes(&told));
    }
}

/// An evaluation software in which the deputy's year was classified before anybody was asked.
async fn classified_too_early() -> Scripted {
    classified(&[("c1", "good", Some(1))]).await
}

/// The deputy's year classified, by each event to a level, of a revision where it names one.
async fn classified(events: &[(&str, &str, Option<u32>)]) -> Scripted {
    let early: Vec<Value> = events
        .iter()
        .map(|(id, level, revision)| {
            let said = json!({ "period": "2026", "level": level, "decision_no": format!("{id}/QĐ"), "revision": revision });
            event(id, DEPUTY, "classification", said)
        })
        .collect();
    with_events(move |after| match after {
        None => json!({ "events": early, "next": "1", "more": false }),
        Some(_) => json!({ "events": [], "next": "1", "more": false }),
    })
    .await
}

async fn where_asked_for(store: &Store, base: &str) -> Installed {
    let house = Installed::new(store, &Targets::evaluation(base), "a", "2026-12-07T03:00:00Z");
    house.import(&[(AN, "Nguyễn Văn An")]).await;
    house.import_deputy(DEPUTY, "Võ Thị Giang").await;
    house.no_history().await;
    house.provisional(DEPUTY, "2026", 1, "80").await;
    let mut policy = house.app.policy.clone();
    policy.rule_sets.iter_mut().for_each(|rules| rules.party_opinion = PartyOpinion::Required);
    let house = house.configured_anew("2026-12-07T03:00:00Z", policy).await;
    house.computed().await;
    house
}

#[tokio::test]
async fn classification_read_before_an_opinion_waits_and_is_taken_up_once_it_is_entered() {
    let both = both().await;
    for store in &both.stores {
        let software = classified_too_early().await;
        let house = where_asked_for(store, &software.base).await;
        let person = house.person(DEPUTY).await;
        let newest =
            async || store.latest_revision(person, period("2026")).await.expect("read").expect("record");
        let refused = async || {
            let journal = store.audit_entries(i64::MAX, 100).await.expect("journal");
            journal.iter().filter(|entry| entry.action == "decision_refused").count()
        };
        let waits = |code: &str| [("c1".to_owned(), code.to_owned())];
        assert_eq!(decide(&house).await.findings.len(), 1, "{}", store.kind());
        assert_eq!((kept(store).await.as_slice(), refused().await), (waits("LT-AUT-003").as_slice(), 1));
        assert_eq!(store.overview().await.expect("overview").waiting().decisions, 1);
        // Another opinion has it judged again, and nobody is told the same twice.
        house.ordered(opinion(DEPUTY, "related_body", Some("Sở Tài chính"), Some("5/STC"), OFFICE)).await;
        assert_eq!(decide(&house).await.findings, [], "{}", store.kind());
        assert_eq!((kept(store).await.as_slice(), refused().await), (waits("LT-AUT-003").as_slice(), 1));
        house.ordered(opinion(DEPUTY, "chair", None, Some("7/UBND-NC"), OFFICE)).await;
        assert_eq!(decide(&house).await.findings.len(), 1, "{}: another reason by now", store.kind());
        assert_eq!((kept(store).await.as_slice(), refused().await), (waits("LT-REC-091").as_slice(), 2));
        assert!(store.open_decisions(10).await.expect("read").is_empty(), "it is not judged all the time");
        assert_eq!(newest().await.revision, 1);
        house.ordered(opinion(DEPUTY, "party_committee", None, Some("9-NQ/ĐU"), OFFICE)).await;
        decide(&house).await;
        let held = newest().await;
        assert_eq!((held.revision, held.state), (2, RecordState::Approved), "{}", store.kind());
        assert_eq!(held.content["ruling"]["opinion"], "7/UBND-NC", "{}", store.kind());
        assert_eq!(kept(store).await, []);
    }
}

#[tokio::test]
async fn classification_that_waits_for_an_opinion_is_taken_up_once_the_rules_ask_for_none() {
    let both = both().await;
    for store in &both.stores {
        let software = classified_too_early().await;
        let house = where_asked_for(store, &software.base).await;
        house.ordered(opinion(DEPUTY, "chair", None, Some("7/UBND-NC"), OFFICE)).await;
        decide(&house).await;
        assert_eq!(kept(store).await, [("c1".to_owned(), "LT-REC-091".to_owned())], "{}", store.kind());
        let mut policy = house.app.policy.clone();
        policy.rule_sets.iter_mut().for_each(|rules| rules.party_opinion = PartyOpinion::Optional);
        let house = house.configured_anew("2026-12-08T03:00:00Z", policy).await;
        house.computed().await;
        decide(&house).await;
        let person = house.person(DEPUTY).await;
        let held = store.latest_revision(person, period("2026")).await.expect("read").expect("record");
        assert_eq!(held.state, RecordState::Approved, "{}", store.kind());
        assert_eq!(kept(store).await, []);
    }
}

#[tokio::test]
async fn of_two_classifications_that_wait_the_later_word_counts_and_one_of_no_revision_never_waits() {
    let both = both().await;
    for store in &both.stores {
        let events = [("c0", "good", None), ("c1", "good", Some(1)), ("c2", "completed", Some(1))];
        let software = classified(&events).await;
        let house = where_asked_for(store, &software.base).await;
        let person = house.person(DEPUTY).await;
        assert_eq!(
            decide(&house).await.findings.len(),
            2,
            "{}: of two the later one is judged",
            store.kind()
        );
        let mut left: Vec<String> = kept(store).await.into_iter().map(|(id, _)| id).collect();
        left.sort_unstable();
        assert_eq!(left, ["c0", "c2"], "{}", store.kind());
        house.ordered(opinion(DEPUTY, "chair", None, Some("7/UBND-NC"), OFFICE)).await;
        house.ordered(opinion(DEPUTY, "party_committee", None, Some("9-NQ/ĐU"), OFFICE)).await;
        decide(&house).await;
        let held = store.latest_revision(person, period("2026")).await.expect("read").expect("record");
        let ruled = &held.content["ruling"];
        assert_eq!(
            (held.state, &ruled["decision_no"]),
            (RecordState::Approved, &json!("c2/QĐ")),
            "{}",
            store.kind()
        );
    }
}

#[tokio::test]
async fn provinces_chair_writes_the_chairs_opinion_down_and_no_other() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let province =
            Unit { code: UnitCode::new("UBND").expect("code"), kind: UnitKind::Province, ..department() };
        let below = Unit { parent: Some(province.code.clone()), ..department() };
        let mut chair = officer("GL-00900", "Đỗ Thị Chủ Tịch");
        for (unit, post, role, ..) in &mut chair.memberships {
            (*unit, *post, *role) = (province.code.clone(), "Chủ tịch".into(), Role::Head);
        }
        let import = DirectoryImport { units: vec![province, below], people: vec![chair] };
        let now = house.app.clock.now();
        house.app.store.import_directory(&import, "test", None, now).await.expect("imported");
        for (kind, body) in [("party_committee", None), ("related_body", Some("Sở Tài chính"))] {
            let told = house.order(opinion(DEPUTY, kind, body, Some("7/UBND-NC"), "GL-00900")).await;
            assert_eq!(codes(&told), ["LT-AUT-001"], "{}: {kind}", store.kind());
        }
        let told = house.order(opinion(DEPUTY, "chair", None, Some("7/UBND-NC"), AN)).await;
        assert_eq!(codes(&told), ["LT-AUT-001"], "{}: nobody else's word is the chair's", store.kind());
        house.ordered(opinion(DEPUTY, "chair", None, Some("7/UBND-NC"), "GL-00900")).await;
        house.ordered(classify(DEPUTY)).await;
    }
}
