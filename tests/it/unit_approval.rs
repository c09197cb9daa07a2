//! A whole unit approved in one order against a real store of either kind: everyone judged as the order about one is, and whoever is
//! not approved told with the reason.

use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::both;
use lienthong::domain::{Level, RecordState};
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, LifeOrder, Outcome};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use lienthong::store::Store;
use serde_json::Value;

const PEOPLE: [(&str, &str); 4] = [
    ("GL-00001", "Nguyễn Văn An"),
    ("GL-00002", "Nguyễn Văn An"),
    ("GL-00003", "Trần Thị Bình"),
    ("GL-00004", "Phạm Thị Dung"),
];

fn approve(which: &str, author: &str, dry_run: bool) -> Command {
    let order = LifeOrder::ApproveUnit {
        unit: "SNV".parse().expect("unit"),
        period: period(which),
        decision_no: Some("77/QĐ-SNV".into()),
        opinion: None,
        author: author.into(),
        dry_run,
    };
    Command::Life { order }
}

fn told(outcome: &Outcome) -> Value {
    outcome.document.to_json(Lang::En)
}

/// Numbers and codes of whoever was not approved.
fn refused(shown: &Value) -> Vec<(String, String)> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or("").to_owned();
    let rows = shown["not_approved"].as_array().expect("rows");
    rows.iter().map(|row| (text(row, "person"), text(row, "code"))).collect()
}

async fn state(store: &Store, house: &Installed, number: &str, which: &str) -> (u32, RecordState) {
    let person = house.person(number).await;
    let newest = store.latest_revision(person, period(which)).await.expect("read").expect("record");
    (newest.revision, newest.state)
}

#[tokio::test]
async fn unit_is_approved_but_for_whoever_is_held_incomplete_or_the_author() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-10-05T01:00:00Z");
        house.import(&PEOPLE).await;
        house.no_history().await;
        for (number, total) in [("GL-00001", "88.29"), ("GL-00002", "71.5"), ("GL-00990", "90")] {
            house.provisional(number, "2026-Q3", 1, total).await;
        }
        house.score("GL-00003", "2026-Q3", None, &["general_criteria"]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.provisional("GL-00004", "2026-Q3", 1, "60").await;
        let hold = LifeOrder::Hold {
            person: whom("GL-00004"),
            period: period("2026-Q3"),
            reason: "đơn".into(),
            document: None,
            author: CHIEF.into(),
        };
        house.ordered(Command::Life { order: hold }).await;
        let wanted = [
            ("GL-00003".to_owned(), "LT-REC-001".to_owned()),
            ("GL-00004".to_owned(), "LT-REC-040".to_owned()),
            ("GL-00990".to_owned(), "LT-REC-004".to_owned()),
        ];
        let journal = store.audit_entries(i64::MAX, 1_000).await.expect("journal").len();
        let tried = told(&house.ordered(approve("2026-Q3", CHIEF, true)).await);
        assert_eq!((&tried["summary"]["approved"], refused(&tried)), (&2.into(), wanted.to_vec()), "{tried}");
        assert_eq!(state(store, &house, "GL-00001", "2026-Q3").await, (1, RecordState::Provisional));
        let after = store.audit_entries(i64::MAX, 1_000).await.expect("journal").len();
        assert_eq!(after, journal, "a trial leaves no trace");
        // Whoever may not decide about anybody approves nobody.
        let own = told(&house.ordered(approve("2026-Q3", "GL-00001", false)).await);
        assert_eq!(own["summary"]["approved"], 0, "{own}");
        let codes: Vec<String> = refused(&own).into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, ["LT-REC-004", "LT-AUT-001", "LT-REC-001", "LT-REC-040", "LT-AUT-001"]);
        let done = told(&house.ordered(approve("2026-Q3", CHIEF, false)).await);
        assert_eq!((&done["summary"]["approved"], refused(&done)), (&2.into(), wanted.to_vec()), "{done}");
        for number in ["GL-00001", "GL-00002"] {
            assert_eq!(state(store, &house, number, "2026-Q3").await, (2, RecordState::Approved));
        }
        assert_eq!(state(store, &house, "GL-00990", "2026-Q3").await, (1, RecordState::Provisional));
        // The same order again approves nobody twice, and whoever is ready since.
        let again = told(&house.ordered(approve("2026-Q3", CHIEF, false)).await);
        assert_eq!(
            (&again["summary"]["approved"], &again["summary"]["already"]),
            (&0.into(), &2.into()),
            "{} {again}",
            store.kind()
        );
        assert_eq!(state(store, &house, "GL-00001", "2026-Q3").await, (2, RecordState::Approved));
    }
}

#[tokio::test]
async fn trial_is_of_the_figures_the_order_would_take_and_approves_nobody() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-10-05T01:00:00Z");
        house.import(&PEOPLE[..2]).await;
        house.no_history().await;
        for (number, total) in [("GL-00001", "88.29"), ("GL-00002", "71.5")] {
            house.provisional(number, "2026-Q3", 1, "60").await;
            // Its record has yet to follow.
            house.score(number, "2026-Q3", Some(total), &[]).await;
        }
        let tried = told(&house.ordered(approve("2026-Q3", CHIEF, true)).await);
        assert_eq!(tried["summary"]["approved"], 2, "{}: {tried}", store.kind());
        for number in ["GL-00001", "GL-00002"] {
            assert_eq!(state(store, &house, number, "2026-Q3").await, (2, RecordState::Provisional));
        }
        let done = told(&house.ordered(approve("2026-Q3", CHIEF, false)).await);
        assert_eq!(refused(&done), refused(&tried), "{}: {done}", store.kind());
        assert_eq!(done["summary"]["approved"], 2, "{done}");
    }
}

#[tokio::test]
async fn year_of_a_unit_takes_the_levels_proposed_and_deputies_wait_for_the_chairs_opinion() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-05T01:00:00Z");
        house.import(&PEOPLE[..2]).await;
        house.import_deputy("GL-00006", "Võ Thị Giang").await;
        house.no_history().await;
        for (number, total) in [("GL-00001", "92"), ("GL-00002", "91"), ("GL-00006", "75")] {
            house.provisional(number, "2026", 1, total).await;
        }
        // After the meeting a lower level is proposed than the score gives.
        let review = LifeOrder::Review {
            person: whom("GL-00002"),
            period: period("2026"),
            revision: 1,
            level: Some(Level::Good),
            comment: Some("hoàn thành tốt".into()),
            strengths: None,
            weaknesses: None,
            minutes: None,
            party_opinion: None,
            handling: None,
            author: CHIEF.into(),
        };
        house.ordered(Command::Life { order: review }).await;
        let done = told(&house.ordered(approve("2026", CHIEF, false)).await);
        assert_eq!(done["summary"]["approved"], 2, "{done}");
        assert_eq!(
            refused(&done),
            [
                ("GL-00006".to_owned(), "LT-AUT-003".to_owned()),
                ("GL-00990".to_owned(), "LT-SCO-010".to_owned())
            ]
        );
        for (number, level) in [("GL-00001", "excellent"), ("GL-00002", "good")] {
            let person = house.person(number).await;
            let newest = store.latest_revision(person, period("2026")).await.expect("read").expect("record");
            assert_eq!(newest.content["level"], level, "{}", store.kind());
            assert_eq!(newest.content["ruling"]["decision_no"], "77/QĐ-SNV");
        }
    }
}
