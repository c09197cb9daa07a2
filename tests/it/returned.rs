//! A task sent back by a superior is a candidate failure: it counts only as the rule set says, and who scores confirms,
//! rejects or excuses it, as lateness (Decree 335/2025 art. 14.2.b; docs/SCORING.md, "Candidates"); explanations tell why.

use crate::score_regimes::under_rules;
use crate::score_step::{AN, derivation, settled, task, verified};
use crate::support::installation::{CHIEF, Installed, period, whom};
use crate::support::stores::both;
use crate::support::task::{mapped, shown};
use lienthong::domain::rules::Counted;
use lienthong::domain::{DecisionKind, RuleSet};
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, Document, Outcome};
use lienthong::pipeline::score::FULL_PERIOD;
use serde_json::{Value, json};

/// Failures that count and b of the fourth quarter, and what the list of candidates says: state, how many count, reason.
async fn stands(house: &Installed) -> (Value, Value, Value) {
    settled(house).await;
    let person = house.person(AN).await;
    let found = derivation(house, person, period("2026-Q4"), FULL_PERIOD).await;
    let order = Command::ScoreCandidates { period: period("2026-Q4"), person: None, unit: None, limit: 10 };
    let rows = house.ordered(order).await.document.to_json(Lang::En);
    let rows = rows.as_array().expect("rows");
    assert_eq!((rows.len(), &rows[0]["kind"]), (1, &json!("returned")), "{rows:?}");
    let listed = json!([rows[0]["state"], rows[0]["counted"], rows[0]["reason"]]);
    (found["lines"][0]["quality_failures"].clone(), found["components"]["b"]["printed"].clone(), listed)
}

fn failures(count: u32, reason: &str) -> DecisionKind {
    DecisionKind::QualityFailures {
        source: "snv".into(),
        external_id: "1".into(),
        count,
        reason: reason.into(),
    }
}

async fn decided(house: &Installed, decision: DecisionKind, author: &str) -> Outcome {
    let order = Command::CriteriaSet {
        person: whom(AN),
        period: period("2026-Q4"),
        decision,
        document: None,
        author: author.into(),
    };
    house.order(order).await
}

#[tokio::test]
async fn return_counts_only_as_the_rule_set_says_and_is_confirmed_rejected_or_excused_by_who_scores() {
    let both = both().await;
    for store in &both.stores {
        let rules = RuleSet { quality_counted: Counted::ConfirmedOnly, ..RuleSet::default() };
        let house = under_rules(store, "2026-12-20T01:00:00Z", rules).await;
        let said = json!({
            "external_id": "1", "assignee": { "kind": "staff_number", "value": AN },
            "due": { "day": "2026-11-20", "time": null }, "completed_at": "2026-11-18T03:00:00Z",
            "events": [
                { "kind": "submitted", "at": "2026-11-10T03:00:00Z" },
                { "kind": "returned", "at": "2026-11-12T03:00:00Z", "note": "sai số liệu" },
                { "kind": "submitted", "at": "2026-11-17T03:00:00Z" },
                { "kind": "approved", "at": "2026-11-18T03:00:00Z" }
            ]
        });
        let id = shown(&house, said).await;
        mapped(&house, id, "SP-1", "1.2", (AN, period("2026-Q4"))).await;
        let open = (json!(0), json!("100.00"), json!(["open", 0, null]));
        assert_eq!(stands(&house).await, open, "a return alone is no major error");
        let own = decided(&house, failures(0, "không sai"), "GL-00001 Nguyễn Văn An").await;
        assert_eq!(own.findings[0].code, "LT-REC-004", "never by oneself");
        let colleague = decided(&house, failures(0, "không sai"), "Ông Ba").await;
        assert!(colleague.findings[0].code.starts_with("LT-AUT"), "{:?}", colleague.findings);
        assert_eq!(decided(&house, failures(2, "sai số liệu hai lần"), CHIEF).await.exit, 0);
        let confirmed = (json!(2), json!("50.00"), json!(["confirmed", 2, "sai số liệu hai lần"]));
        assert_eq!(stands(&house).await, confirmed);
        assert_eq!(decided(&house, failures(0, "chỉ sửa thể thức"), CHIEF).await.exit, 0);
        let rejected = (json!(0), json!("100.00"), json!(["rejected", 0, "chỉ sửa thể thức"]));
        assert_eq!(stands(&house).await, rejected, "it stays listed with its reason");
        assert_eq!(decided(&house, failures(1, "sai nội dung lớn"), CHIEF).await.exit, 0);
        assert_eq!(stands(&house).await.0, json!(1));
        let excuse = DecisionKind::Excuse {
            source: "snv".into(),
            external_id: "1".into(),
            covers: "quality".into(),
            reason: "số liệu do đơn vị khác cung cấp sai".into(),
        };
        assert_eq!(decided(&house, excuse, CHIEF).await.exit, 0);
        let (_, b, listed) = stands(&house).await;
        assert_eq!((b, &listed[0], &listed[1]), (json!("100.00"), &json!("excused"), &json!(0)));
        assert!(verified(&house).await.0.is_empty());
    }
}

#[tokio::test]
async fn return_counts_by_itself_where_the_rule_set_counts_returns() {
    let both = both().await;
    for store in &both.stores {
        let rules = RuleSet { quality_counted: Counted::Automatic, ..RuleSet::default() };
        let house = under_rules(store, "2026-12-20T01:00:00Z", rules).await;
        let said = json!({
            "external_id": "1", "assignee": { "kind": "staff_number", "value": AN },
            "due": { "day": "2026-11-20", "time": null }, "completed_at": "2026-11-18T03:00:00Z",
            "events": [{ "kind": "returned", "at": "2026-11-12T03:00:00Z" }]
        });
        let id = shown(&house, said).await;
        mapped(&house, id, "SP-1", "1.2", (AN, period("2026-Q4"))).await;
        assert_eq!(stands(&house).await, (json!(1), json!("75.00"), json!(["counted", 1, null])));
        assert_eq!(decided(&house, failures(0, "chỉ sửa thể thức"), CHIEF).await.exit, 0);
        assert_eq!(stands(&house).await.1, json!("100.00"), "a rejected one never counts");
    }
}

#[tokio::test]
async fn lateness_of_a_task_that_is_not_finished_is_listed_and_not_counted() {
    let both = both().await;
    for store in &both.stores {
        let house = under_rules(store, "2026-12-20T01:00:00Z", RuleSet::default()).await;
        task(&house, "1", "2026-11-10", None).await;
        settled(&house).await;
        let order =
            Command::ScoreCandidates { period: period("2026-Q4"), person: None, unit: None, limit: 10 };
        let row = house.ordered(order).await.document.to_json(Lang::En)[0].clone();
        assert_eq!((&row["state"], &row["counted"]), (&json!("unfinished"), &json!(0)), "{row}");
        assert!(row["count"].as_u64().is_some_and(|days| days > 0), "{row}");
        let derived = derivation(&house, house.person(AN).await, period("2026-Q4"), FULL_PERIOD).await;
        assert_eq!(derived["lines"][0]["late_count"], json!(0), "{derived}");
    }
}

#[tokio::test]
async fn a_leader_s_explanation_tells_why_lateness_of_somebody_in_charge_is_excused_and_who_said_so() {
    let both = both().await;
    for store in &both.stores {
        let house = under_rules(store, "2026-12-20T01:00:00Z", RuleSet::default()).await;
        task(&house, "1", "2026-11-10", Some("2026-11-12T03:00:00Z")).await;
        let decision = DecisionKind::Excuse {
            source: "snv".into(),
            external_id: "1".into(),
            covers: "late".into(),
            reason: "chờ ý kiến sở khác".into(),
        };
        let order = Command::CriteriaSet {
            person: whom(AN),
            period: period("2026-Q4"),
            decision,
            document: Some("5/SNV".into()),
            author: CHIEF.into(),
        };
        house.ordered(order).await;
        settled(&house).await;
        for whose in [AN, "GL-00990"] {
            let order = Command::ScoreExplain {
                person: whom(whose),
                period: period("2026-Q4"),
                view: None,
                revision: None,
            };
            let document = house.ordered(order).await.document;
            let Document::Json { value, text } = document else { panic!("{document:?}") };
            let ground = &value["explanation"]["grounds"]["lines"]["snv/1"][0];
            assert_eq!(ground["author"], json!(CHIEF), "{whose} {}: {value}", store.kind());
            let told =
                "chậm vì lý do khách quan – chờ ý kiến sở khác [GL-00990 Lê Văn Trưởng, 20/12/2026 (5/SNV)]";
            assert!(text.vi.contains(told), "{whose} {}: {}", store.kind(), text.vi);
        }
    }
}
