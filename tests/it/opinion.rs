//! Opinions about a result, written down in a real store of either kind: who may, what a decision makes of them, and where they are
//! shown.

use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::both;
use lienthong::domain::Level;
use lienthong::domain::rules::PartyOpinion;
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, LifeOrder, Outcome};
use lienthong::store::Store;
use serde_json::Value;

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
