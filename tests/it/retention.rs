//! What the configuration lets go after a time: never anything of an open year or of a disputed one, never what something
//! still needs; the proofs stay, and the journal tells every batch.

use crate::support::installation::{CHIEF, Installed, Targets, at, period, whom};
use crate::support::site::Site;
use crate::support::stores::{both, officer};
use lienthong::config::Retention;
use lienthong::domain::{CitizenId, DirectoryImport, SourceId};
use lienthong::error::{Finding, Lang, Text};
use lienthong::pipeline::command::{Command, LifeOrder};
use lienthong::pipeline::retention::Retain;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{PageCommit, PeriodClose, RejectionWrite, RunKind, Store};
use serde_json::{Value, json};

const NOW: &str = "2029-06-01T01:00:00Z";

fn kept(days: u32) -> Retention {
    Retention {
        answers_days: days,
        rejected_days: days,
        deliveries_days: days,
        left_people_days: days,
        replaced_history_days: days,
    }
}

/// An installation of three years ago with answers, rejected records and somebody who left, today, with these times.
async fn house(store: &Store, days: u32) -> Installed {
    let old = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-10-05T01:00:00Z");
    old.with_a_result().await;
    let mut gone = officer("GL-00008", "Trần Thị Tám");
    gone.citizen_id = CitizenId::parse("099200001234");
    gone.memberships[0].4 = "2026-11-30".parse().ok();
    let mut stays = officer("GL-00009", "Lê Văn Chín");
    stays.citizen_id = CitizenId::parse("099200005678");
    let import = DirectoryImport { units: Vec::new(), people: vec![gone, stays] };
    store.import_directory(&import, "test", None, at("2026-10-05T01:00:00Z")).await.expect("imported");
    let source = SourceId::new("snv").expect("id");
    let run = store.begin_run(&source, RunKind::Full, at("2026-10-05T01:00:00Z")).await.expect("run");
    let page = |number: usize| PageCommit {
        source: source.clone(),
        run,
        fetched_at: at("2026-10-05T01:00:00Z"),
        request: format!("GET /tasks?page={number}"),
        body: Some(format!("[{{\"id\":{number}}}]").into_bytes().into()),
        details: None,
        tasks: Vec::new(),
        rejections: vec![RejectionWrite {
            external_id: Some(number.to_string()),
            index: 0,
            body: format!("{{\"id\":{number}}}").into_bytes().into(),
            finding: Finding::error("LT-SRC-001", Text::new("sai", "wrong"), Text::new("sửa", "mend")),
        }],
        evidence: Vec::new(),
        cursor: None,
    };
    store.commit_pages((1..=3).map(page).collect()).await.expect("committed");
    let rejected = store.rejected(None, 0, 10).await.expect("read");
    store.settle_rejected(&[rejected[0].id], "dropped").await.expect("settled");
    // An earlier result that another import replaced.
    old.history("GL-00001,2024,80,good,9/QĐ,2024-12-10").await;
    old.history("GL-00001,2024,81,good,9/QĐ,2024-12-10").await;
    // The answer a task was read from last.
    let said = json!({
        "external_id": "held", "assignee": { "kind": "staff_number", "value": "GL-00001" },
        "due": { "day": "2026-11-20", "time": null }
    });
    crate::support::task::shown(&old, said).await;
    let mut policy = old.app.policy.clone();
    policy.retention = kept(days);
    old.configured_anew(NOW, policy).await
}

async fn year_is_closed(store: &Store) {
    let close = PeriodClose {
        period: period("2026"),
        at: at(NOW),
        author: CHIEF.into(),
        document: None,
        checklist: json!({ "period": "2026", "checks": [] }),
    };
    store.close_period(&close, &[], &[]).await.expect("closed");
}

async fn plan(house: &Installed) -> Vec<Value> {
    let rows = house.ordered(Command::RetentionPlan {}).await.document.to_json(Lang::En);
    rows.as_array().expect("rows").clone()
}

fn row<'a>(rows: &'a [Value], kind: &str) -> &'a Value {
    rows.iter().find(|row| row["kind"] == json!(kind)).expect("a kind")
}

async fn retained(house: &Installed) -> u64 {
    let mut done = 0;
    loop {
        let report = Retain(house.app.clone()).run().await.expect("a run");
        done += report.done;
        if !report.more {
            return done;
        }
    }
}

#[tokio::test]
async fn nothing_goes_by_default_nor_before_its_year_is_closed_nor_while_a_petition_is_open() {
    let both = both().await;
    for store in &both.stores {
        let default = house(store, 0).await;
        assert_eq!(row(&plan(&default).await, "answers")["why"], json!("not_configured"));
        assert_eq!(retained(&default).await, 0);
        let mut policy = default.app.policy.clone();
        policy.retention = kept(365);
        let house = default.configured_anew(NOW, policy).await;
        assert_eq!(row(&plan(&house).await, "answers")["why"], json!("no_closed_year"));
        assert_eq!(retained(&house).await, 0);
        year_is_closed(store).await;
        let petition = Command::Life {
            order: LifeOrder::PetitionOpen {
                person: whom("GL-00001"),
                period: period("2026-Q3"),
                received_on: None,
                content: "đề nghị xem lại".into(),
                document: None,
                hold: false,
                author: "GL-00001".into(),
            },
        };
        house.ordered(petition).await;
        assert_eq!(retained(&house).await, 0, "a petition about 2026 is open");
    }
}

#[tokio::test]
async fn what_is_old_and_needed_by_nothing_goes_and_the_proofs_stay() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store, 365).await;
        year_is_closed(store).await;
        let rows = plan(&house).await;
        let figures = |kind: &str| {
            let row = row(&rows, kind);
            (row["old"].clone(), row["goes"].clone(), row["why"].clone())
        };
        assert_eq!(figures("answers"), (json!(4), json!(3), json!("read_last")));
        assert_eq!(figures("rejected"), (json!(3), json!(1), json!("waits")));
        assert_eq!(figures("left_people"), (json!(1), json!(1), json!(null)));
        assert_eq!(figures("replaced_history"), (json!(1), json!(1), json!(null)));
        assert_eq!(row(&rows, "journal")["goes"], json!(0), "told that it stays, and why");
        assert_eq!(retained(&house).await, 6);
        assert_eq!(retained(&house).await, 0, "once");
        assert!(store.raw_page(1).await.expect("read").is_none());
        assert_eq!(
            store.raw_pages_after(0, 10).await.expect("read").len(),
            1,
            "the answer of the task stays"
        );
        assert_eq!(store.rejected(None, 0, 10).await.expect("read").len(), 2);
        let people = store.load_directory().await.expect("read").people;
        assert!(people.iter().filter(|person| person.citizen_index.is_some()).count() == 2, "indexes stay");
        let checked = house.ordered(Command::DbCheck {}).await;
        assert!(checked.findings.is_empty(), "{:?}", checked.findings);
        let journal = store.audit_entries(i64::MAX, 100).await.expect("journal");
        let told: Vec<&str> = journal
            .iter()
            .filter(|entry| entry.action == "retention_applied")
            .map(|entry| entry.object.as_str())
            .collect();
        let expected = ["replaced_history", "left_people", "rejected", "answers"];
        assert_eq!(told, expected.map(|kind| format!("retention {kind}")));
        let person = house.person("GL-00001").await;
        assert!(store.replaced_history(person).await.expect("read").is_empty(), "{}", store.kind());
        assert_eq!(store.history(person).await.expect("read").len(), 1, "what counts stays");
        // A new key passes over what went.
        let who = ("Quản trị", "định kỳ");
        store.begin_rotation(&[9; 32], who, at(NOW)).await.expect("begun");
        while !store.rotate_some().await.expect("some").is_done() {}
        assert_eq!(store.rotation().await.expect("read").expect("a rotation").unreadable, 0);
    }
}

#[test]
fn times_are_configured_and_the_plan_tells_them() {
    let site = Site::new(
        "[retention]\nanswers_days = 1825\n[[unit]]\ncode = \"SNV\"\nname = \"Sở\"\nkind = \"department\"\n",
    );
    let plan = site.json(&["retention", "plan"]);
    let answers =
        plan.as_array().expect("rows").iter().find(|row| row["kind"] == "answers").expect("answers");
    assert_eq!((&answers["days"], &answers["why"]), (&json!(1825), &json!("no_closed_year")));
    site.configure("[retention]\nanswers_days = -1\n");
    assert!(site.refused(&["config", "check"], 5).contains("answers_days"));
}
