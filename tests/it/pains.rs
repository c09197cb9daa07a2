//! Pains other systems recorded in production, each by its number, through a real store of either kind. Where another
//! test keeps one away, docs/RECORDS.md names it.

use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::{both, officer};
use lienthong::domain::{DirectoryImport, RecordState, Role};
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, LifeOrder};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use lienthong::store::Store;
use serde_json::{Value, json};

const AN: &str = "GL-00001";

async fn house(store: &Store) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-10-05T01:00:00Z");
    house.import(&[(AN, "Nguyễn Văn An"), ("GL-00002", "Trần Thị Bình")]).await;
    house.no_history().await;
    house
}

fn approve(number: &str, revision: u32) -> Command {
    Command::RecordApprove {
        person: whom(number),
        period: period("2026-Q3"),
        revision,
        level: None,
        decision_no: Some("12/QĐ".into()),
        opinion: None,
        author: CHIEF.into(),
    }
}

async fn total(house: &Installed, key: &str) -> Value {
    let order = LifeOrder::PeriodStatus { period: Some(period("2026-Q3")), unit: None };
    let shown = house.ordered(Command::Life { order }).await.document.to_json(Lang::En);
    let last = shown.as_array().expect("rows").last().expect("the sum").clone();
    last[key].clone()
}

#[tokio::test]
async fn pain_01_missing_part_leaves_no_total_and_no_level() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", None, &["unit_result", "unity_ability"]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let person = house.person(AN).await;
        let record = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!((record.state, &record.content["level"]), (RecordState::Computed, &json!(null)));
        let refused = house.order(approve(AN, 1)).await;
        assert_eq!(refused.findings[0].code, "LT-REC-001");
        assert_eq!(total(&house, "no_components").await, 1, "{}", store.kind());
    }
}

#[tokio::test]
async fn pain_03_result_from_before_a_re_examination_is_told_and_replaced_by_a_correction() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.ordered(approve(AN, 1)).await;
        house.score(AN, "2026-Q3", Some("69.50"), &[]).await;
        let told = Record(house.app.clone()).run().await.expect("a run");
        assert_eq!(told.findings[0].code, "LT-REC-006");
        let correct = Command::RecordCorrect {
            person: whom(AN),
            period: period("2026-Q3"),
            revision: 2,
            level: None,
            decision_no: None,
            opinion: None,
            author: CHIEF.into(),
            reason: "phúc tra ngày 04/10".into(),
        };
        house.ordered(correct).await;
        house.ordered(approve(AN, 3)).await;
        let person = house.person(AN).await;
        let stands = store.approved_of(&[person], period("2026-Q3")).await.expect("read");
        assert_eq!(stands[&person].content["parts"]["total"]["printed"], "69.50");
        let kept = store.revisions(person, period("2026-Q3")).await.expect("read");
        assert_eq!(kept[1].content["parts"]["total"]["printed"], "88.50", "what was approved before is kept");
    }
}

#[tokio::test]
async fn pain_08_people_without_a_form_are_counted_as_such_and_have_no_zero_score() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        // The chief and one officer have nothing; nobody has zero points.
        assert_eq!(total(&house, "no_record").await, 2, "{}", store.kind());
        let list =
            Command::RecordList { state: None, period: Some(period("2026-Q3")), unit: None, limit: 50 };
        let rows = house.ordered(list).await.document.to_json(Lang::En);
        assert_eq!(rows.as_array().expect("rows").len(), 1);
        assert_eq!(rows[0]["total"], "88.50");
    }
}

#[tokio::test]
async fn pain_11_accounts_that_administer_are_not_in_the_population() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        assert_eq!(total(&house, "people").await, 3);
        let mut admin = officer("GL-00900", "Quản Trị Viên");
        admin.memberships[0].2 = Role::Administrator;
        let import = DirectoryImport { units: Vec::new(), people: vec![admin] };
        store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
        assert_eq!(total(&house, "people").await, 3, "{}", store.kind());
    }
}

#[tokio::test]
async fn pain_14_every_order_about_a_record_stands_in_an_unbroken_journal() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let life = |order| Command::Life { order };
        let (person, which) = (whom(AN), period("2026-Q3"));
        house
            .ordered(life(LifeOrder::PetitionOpen {
                person: person.clone(),
                period: which,
                received_on: None,
                content: "đề nghị xem lại".into(),
                document: None,
                hold: true,
                author: AN.into(),
            }))
            .await;
        assert_ne!(house.order(approve(AN, 1)).await.exit, 0);
        let id = store.petitions(true, 1).await.expect("read")[0].id;
        house
            .ordered(life(LifeOrder::PetitionAnswer {
                id,
                outcome: "rejected".into(),
                answer: "giữ nguyên".into(),
                on: None,
                document: None,
                author: CHIEF.into(),
            }))
            .await;
        house.ordered(approve(AN, 1)).await;
        house.close("2026-Q3").await;
        let journal = store.audit_entries(i64::MAX, 100).await.expect("journal");
        let actions: Vec<&str> = journal.iter().rev().map(|entry| entry.action.as_str()).collect();
        let expected = [
            "record_revised",
            "record_held",
            "petition_opened",
            "move_refused",
            "record_released",
            "petition_answered",
            "record_approved",
            "period_closed",
        ];
        let mut left = actions.iter();
        for action in expected {
            assert!(left.any(|known| *known == action), "{action} after the others in {actions:?}");
        }
        assert_eq!(store.verify_audit().await.expect("walked"), None, "{}", store.kind());
    }
}
