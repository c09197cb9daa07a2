//! Who still has to act, petitions with their clock, and the close of a period unit by unit, on both databases.

use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::both;
use lienthong::domain::{DirectoryImport, ImportedPerson, RecordState, Role, Unit, UnitCode, UnitKind};
use lienthong::pipeline::command::{Command, Document, LifeOrder, Outcome};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use lienthong::store::Store;
use serde_json::Value;

const AN: &str = "GL-00001";
const HEAD: &str = "GL-00003";

fn code(text: &str) -> UnitCode {
    UnitCode::new(text).expect("code")
}

fn in_office(number: &str, name: &str, role: Role) -> ImportedPerson {
    let mut person = crate::support::stores::officer(number, name);
    for (unit, post, held, ..) in &mut person.memberships {
        *unit = code("SNV-VP");
        *post = "Chuyên viên".into();
        *held = role;
    }
    person
}

/// A department with an office below it: a head and two officers there, the chief above.
async fn house(store: &Store) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-10-05T01:00:00Z");
    house.import(&[]).await;
    let office = Unit {
        code: code("SNV-VP"),
        name: "Văn phòng Sở".into(),
        kind: UnitKind::Division,
        parent: Some(code("SNV")),
        org_code: None,
    };
    let people = vec![
        in_office(AN, "Nguyễn Văn An", Role::Staff),
        in_office("GL-00002", "Trần Thị Bình", Role::Staff),
        in_office(HEAD, "Phạm Văn Cường", Role::Head),
    ];
    let import = DirectoryImport { units: vec![office], people };
    store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
    house.no_history().await;
    house.computed().await;
    house
}

fn life(order: LifeOrder) -> Command {
    Command::Life { order }
}

fn close_unit(unit: &str, reason: Option<&str>) -> Command {
    life(LifeOrder::CloseUnit {
        period: period("2026-Q3"),
        unit: code(unit),
        author: CHIEF.into(),
        reason: reason.map(str::to_owned),
        document: None,
        dry_run: false,
    })
}

fn open(received: &str, hold: bool) -> Command {
    life(LifeOrder::PetitionOpen {
        person: whom(AN),
        period: period("2026-Q3"),
        received_on: Some(received.parse().expect("day")),
        content: "đề nghị xem lại số ngày chậm".into(),
        document: None,
        hold,
        // A hold is the word of who scores the person.
        author: if hold { HEAD } else { "GL-00001 Nguyễn Văn An" }.into(),
    })
}

fn answer(id: i64, outcome: &str, author: &str) -> Command {
    life(LifeOrder::PetitionAnswer {
        id,
        outcome: outcome.into(),
        answer: "đã xem lại".into(),
        on: None,
        document: None,
        author: author.into(),
    })
}

/// One row of a table as an object.
fn row(outcome: &Outcome, key: &str, value: &str) -> Value {
    let shown = outcome.document.to_json(lienthong::error::Lang::En);
    let rows = shown.as_array().unwrap_or_else(|| panic!("no table: {shown}"));
    rows.iter().find(|row| row[key] == value).cloned().unwrap_or_else(|| panic!("no {value} in {shown}"))
}

async fn status(house: &Installed) -> Outcome {
    house.ordered(life(LifeOrder::PeriodStatus { period: Some(period("2026-Q3")), unit: None })).await
}

#[tokio::test]
async fn status_counts_who_still_has_to_act_by_unit() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        house.score("GL-00002", "2026-Q3", None, &["general_criteria"]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let office = row(&status(&house).await, "unit", "SNV-VP");
        for (key, count) in [
            ("people", 3),
            ("no_record", 1),
            ("incomplete", 1),
            ("no_criteria", 1),
            ("provisional", 1),
            ("not_self_assessed", 3),
            ("approved", 0),
            ("held", 0),
        ] {
            assert_eq!(office[key], count, "{key} on {}: {office}", store.kind());
        }
        house.ordered(open("2026-10-05", true)).await;
        let office = row(&status(&house).await, "unit", "SNV-VP");
        assert_eq!(
            (&office["held"], &office["petitions"], &office["overdue"]),
            (&1.into(), &1.into(), &0.into())
        );
        // The last line has all of them, and a unit is asked for with those below it.
        assert_eq!(row(&status(&house).await, "unit", "*")["people"], 4);
        let order = LifeOrder::PeriodStatus { period: Some(period("2026-Q3")), unit: Some(code("SNV-VP")) };
        assert_eq!(row(&house.ordered(life(order)).await, "unit", "*")["people"], 3);
    }
}

#[tokio::test]
async fn status_counts_approved_results_until_the_person_was_told_of_that_revision() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let untold = async || row(&status(&house).await, "unit", "SNV-VP")["untold"].clone();
        let notify = |revision| {
            life(LifeOrder::Notify {
                person: whom(AN),
                period: period("2026-Q3"),
                revision,
                on: None,
                how: "tại cuộc họp".into(),
                document: None,
                author: HEAD.into(),
            })
        };
        house.provisional(AN, "2026-Q3", 1, "88").await;
        assert_eq!(untold().await, 0, "{}: nothing is approved", store.kind());
        house.ordered(approval(1)).await;
        assert_eq!(untold().await, 1);
        house.ordered(notify(2)).await;
        assert_eq!(untold().await, 0, "{}", store.kind());
        // Made anew it is told anew.
        house.score(AN, "2026-Q3", Some("69"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house
            .ordered(Command::RecordCorrect {
                person: whom(AN),
                period: period("2026-Q3"),
                revision: 2,
                level: None,
                decision_no: None,
                opinion: None,
                author: HEAD.into(),
                reason: "sai số liệu".into(),
            })
            .await;
        house.ordered(approval(3)).await;
        assert_eq!(untold().await, 1, "{}", store.kind());
    }
}

/// An approval of An's quarter by the head of the office.
fn approval(revision: u32) -> Command {
    Command::RecordApprove {
        person: whom(AN),
        period: period("2026-Q3"),
        revision,
        level: None,
        decision_no: None,
        opinion: None,
        author: HEAD.into(),
    }
}

#[tokio::test]
async fn petition_is_answered_in_seven_working_days_by_who_decides_and_frees_the_record() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        // Not from the future.
        let refused = house.order(open("2026-10-06", false)).await;
        assert_eq!(refused.findings[0].code, "LT-REC-057");
        // Received on Friday 25/09: seven working days end on Tuesday 06/10.
        house.ordered(open("2026-09-25", true)).await;
        let kept = store.petitions(true, 10).await.expect("read");
        assert_eq!((kept[0].due_on.to_string().as_str(), kept[0].revision), ("2026-10-06", 1));
        let person = house.person(AN).await;
        assert!(store.open_hold(person, period("2026-Q3")).await.expect("read").is_some());
        // Nobody answers their own petition, and not just anybody answers another's.
        let own = house.order(answer(kept[0].id, "upheld", "GL-00001 Nguyễn Văn An")).await;
        assert_eq!(own.findings[0].code, "LT-REC-004");
        let other = house.order(answer(kept[0].id, "upheld", "GL-00002")).await;
        assert_eq!(other.findings[0].code, "LT-AUT-001");
        // Near its last day it is told already.
        let told = house.ordered(Command::Status {}).await.findings;
        assert!(told.iter().any(|finding| finding.code == "LT-REC-054"), "{told:?}");
        // Past its day it is told wherever one looks.
        let later = house.later("2026-10-07T01:00:00Z");
        let told = later.ordered(Command::Status {}).await.findings;
        assert!(told.iter().any(|finding| finding.code == "LT-REC-055"), "{told:?}");
        let listed = later.ordered(life(LifeOrder::PetitionList { open: true, unit: None, limit: 9 })).await;
        assert_eq!(listed.findings[0].code, "LT-REC-055");
        let answered = later.ordered(answer(kept[0].id, "rejected", HEAD)).await;
        assert_eq!(answered.findings[0].code, "LT-REC-055", "it was answered late, and that is told");
        assert!(store.open_hold(person, period("2026-Q3")).await.expect("read").is_none());
        let again = later.order(answer(kept[0].id, "rejected", HEAD)).await;
        assert_eq!(again.findings[0].code, "LT-REC-056");
        assert_eq!(store.petitions(true, 10).await.expect("read").len(), 0);
        // A hold somebody else set outlives the answer.
        later
            .ordered(life(LifeOrder::Hold {
                person: whom(AN),
                period: period("2026-Q3"),
                reason: "đơn phản ánh".into(),
                document: None,
                author: CHIEF.into(),
            }))
            .await;
        later.ordered(open("2026-10-07", true)).await;
        let second = store.petitions(true, 10).await.expect("read")[0].id;
        later.ordered(answer(second, "upheld", HEAD)).await;
        assert!(store.open_hold(person, period("2026-Q3")).await.expect("read").is_some());
    }
}

#[tokio::test]
async fn period_closes_from_the_bottom_up_once_and_a_closed_unit_moves_by_correction_alone() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let codes = |outcome: &Outcome| {
            outcome.findings.iter().map(|finding| finding.code.clone()).collect::<Vec<_>>()
        };
        let early = house.order(close_unit("SNV", Some("gấp"))).await;
        assert_eq!(codes(&early), ["LT-REC-038", "LT-REC-050"], "{}", store.kind());
        // Gaps of the unit itself are told: one result nobody approved.
        let gaps = house.order(close_unit("SNV-VP", None)).await;
        // And two people who are evaluated and have no record: no close is clean with them.
        assert_eq!(codes(&gaps), ["LT-REC-038", "LT-REC-088", "LT-REC-037"]);
        assert!(gaps.findings[1].what.en.starts_with("2 people"), "{:?}", gaps.findings[1]);
        let closed = house.ordered(close_unit("SNV-VP", Some("hết hạn"))).await;
        assert!(matches!(closed.document, Document::Parts { .. }));
        assert_eq!(codes(&house.order(close_unit("SNV-VP", Some("hết hạn"))).await), ["LT-REC-051"]);
        // Its figures stand now, those of the unit above still follow.
        house.score(AN, "2026-Q3", Some("90.50"), &[]).await;
        let told = Record(house.app.clone()).run().await.expect("a run");
        assert_eq!(told.findings[0].code, "LT-REC-006");
        let correct = Command::RecordCorrect {
            person: whom(AN),
            period: period("2026-Q3"),
            revision: 1,
            level: None,
            decision_no: None,
            opinion: None,
            author: HEAD.into(),
            reason: "dữ liệu đến sau khi chốt".into(),
        };
        house.ordered(correct).await;
        let person = house.person(AN).await;
        let newest = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!((newest.revision, newest.state), (2, RecordState::Corrected));
        // The whole tells of units that are left, and closes once.
        let whole = |reason: Option<&str>| Command::PeriodClose {
            period: period("2026-Q3"),
            author: CHIEF.into(),
            reason: reason.map(str::to_owned),
            document: None,
            dry_run: false,
        };
        let open = codes(&house.order(whole(None)).await);
        assert_eq!(open, ["LT-REC-038", "LT-REC-088", "LT-REC-037", "LT-REC-053"]);
        house.ordered(close_unit("SNV", Some("hết hạn"))).await;
        house.ordered(whole(Some("hết hạn"))).await;
        assert_eq!(codes(&house.order(whole(Some("lần hai"))).await), ["LT-REC-031"]);
    }
}

#[tokio::test]
async fn close_of_a_unit_waits_for_its_own_tasks_alone() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        // A task of somebody at the chief's desk that still waits for its product.
        let said = serde_json::json!({
            "external_id": "1", "assignee": { "kind": "staff_number", "value": "GL-00990" },
            "due": { "day": "2026-09-20", "time": null }
        });
        crate::support::task::shown(&house, said).await;
        house.computed().await;
        let codes = |outcome: &Outcome| {
            outcome.findings.iter().map(|finding| finding.code.clone()).collect::<Vec<_>>()
        };
        let whole = Command::PeriodClose {
            period: period("2026-Q3"),
            author: CHIEF.into(),
            reason: Some("hết hạn".into()),
            document: None,
            dry_run: false,
        };
        assert!(codes(&house.order(whole).await).contains(&"LT-REC-032".to_owned()), "{}", store.kind());
        house.ordered(close_unit("SNV-VP", Some("hết hạn"))).await;
        assert_eq!(
            codes(&house.order(close_unit("SNV", Some("hết hạn"))).await),
            ["LT-REC-038", "LT-REC-032"]
        );
    }
}

#[tokio::test]
async fn close_of_a_unit_sees_the_source_of_a_unit_above_it_and_not_one_beside_it() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let unit = |of: &str, kind, parent: Option<&str>| Unit {
            code: code(of),
            name: of.into(),
            kind,
            parent: parent.map(code),
            org_code: None,
        };
        let units = vec![
            unit("UBND", UnitKind::Province, None),
            unit("SNV", UnitKind::Department, Some("UBND")),
            unit("STC", UnitKind::Department, Some("UBND")),
        ];
        let import = DirectoryImport { units, people: Vec::new() };
        store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
        house.computed().await;
        for (whose, seen) in [("UBND", true), ("SNV", true), ("STC", false)] {
            let folder = tempfile::tempdir().expect("folder");
            let mut source =
                crate::support::source::entry(crate::connector_file::connect(folder.path()), "EXCEL");
            source.unit = code(whose);
            let sources = [(lienthong::domain::SourceId::new("sheets").expect("id"), source)].into();
            let app = lienthong::pipeline::App::new(
                store.clone(),
                house.app.clock,
                "a".into(),
                sources,
                (None, None),
                house.app.policy.clone(),
            );
            let installation = lienthong::pipeline::execute::Installation { app: std::sync::Arc::new(app) };
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            let asked = close_unit("SNV-VP", None);
            use lienthong::pipeline::command::Executor as _;
            let told = installation.execute(asked, progress).await;
            let stale = told.findings.iter().any(|finding| finding.code == "LT-REC-035");
            assert_eq!(stale, seen, "{whose} {}: {:?}", store.kind(), told.findings);
        }
    }
}

#[tokio::test]
async fn close_of_a_year_tells_late_decisions_and_heads_without_a_recognised_organisation() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await.later("2027-01-20T01:00:00Z");
        house.computed().await;
        house.provisional(HEAD, "2026", 1, "80").await;
        house.approve(HEAD, "2026", 1).await;
        house.computed().await;
        let whole = |reason: Option<&str>| Command::PeriodClose {
            period: period("2026"),
            author: CHIEF.into(),
            reason: reason.map(str::to_owned),
            document: None,
            dry_run: false,
        };
        let refused = house.order(whole(None)).await;
        let codes: Vec<&str> = refused.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert!(codes.ends_with(&["LT-REC-052", "LT-ORG-011"]), "{}: {codes:?}", store.kind());
        house.ordered(whole(Some("Chủ tịch UBND tỉnh đồng ý"))).await;
    }
}
