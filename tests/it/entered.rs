//! What people are told when they enter something, on both databases: what it moves, what stands, and what it is not for.

use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::{both, department, run_sql};
use lienthong::domain::evaluation::GENERAL_ITEMS;
use lienthong::domain::{Component, DecisionKind, DirectoryImport, Exact, Level, Unit, UnitCode, UnitKind};
use lienthong::pipeline::command::{Command, Document, LifeOrder, Outcome};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use lienthong::store::Store;

const AN: &str = "GL-00001";

async fn house(store: &Store) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
    house.import(&[(AN, "Nguyễn Văn An")]).await;
    house
}

fn enter(which: &str, decision: DecisionKind) -> Command {
    Command::CriteriaSet {
        person: whom(AN),
        period: period(which),
        decision,
        document: None,
        author: CHIEF.into(),
    }
}

fn criteria() -> DecisionKind {
    let full =
        |(item, n, d): (&str, u8, u8)| (item.to_owned(), Exact::ratio(n.into(), d.into()).expect("points"));
    DecisionKind::GeneralCriteria { items: GENERAL_ITEMS.into_iter().map(full).collect() }
}

fn remarks() -> DecisionKind {
    let strengths = Some("tận tụy".to_owned());
    DecisionKind::Remarks { strengths, weaknesses: None, comment: None, minutes: None }
}

fn told(outcome: &Outcome) -> &str {
    let Document::Message { text } = &outcome.document else { panic!("{outcome:?}") };
    &text.vi
}

#[tokio::test]
async fn what_is_entered_says_whether_the_score_moves_or_an_approved_result_stands() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026-Q4", 1, "88.50").await;
        let open = house.ordered(enter("2026-Q4", criteria())).await;
        assert_eq!(told(&open), "đã ghi; điểm được tính lại", "{}", store.kind());
        let open = house.ordered(enter("2026-Q4", remarks())).await;
        assert!(told(&open).ends_with("điểm không đổi"), "{open:?}");
        house.approve(AN, "2026-Q4", 1).await;
        for decision in [criteria(), remarks()] {
            let kept = house.ordered(enter("2026-Q4", decision)).await;
            assert!(told(&kept).contains("giữ nguyên") && told(&kept).contains("record correct"), "{kept:?}");
        }
    }
}

#[tokio::test]
async fn what_belongs_to_leaders_is_refused_of_somebody_who_does_not_lead() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        for component in [Component::ImplementationAbility, Component::UnityAbility, Component::UnitResult] {
            let decision = DecisionKind::LeaderComponent { component, percent: Exact::integer(100) };
            let refused = house.order(enter("2026-Q4", decision)).await;
            let codes: Vec<_> = refused.findings.iter().map(|finding| finding.code.as_str()).collect();
            assert_eq!((refused.exit != 0, codes), (true, vec!["LT-CRI-003"]), "{component:?}");
        }
        let person = house.person(AN).await;
        assert!(store.decisions_of(person, period("2026-Q4")).await.expect("read").is_empty());
    }
}

#[tokio::test]
async fn year_asked_for_before_it_opens_names_the_day_it_opens() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let order = |which: &str| Command::ScoreExplain {
            person: whom(AN),
            period: period(which),
            view: None,
            revision: None,
        };
        let refused = house.order(order("2027")).await;
        let told = refused.findings.first().expect("told");
        assert_eq!(told.code, "LT-SCO-010", "{}", store.kind());
        assert!(told.remedy.vi.contains("2027") && told.remedy.vi.contains("year_opens"), "{told:?}");
        let now = house.order(order("2026")).await;
        assert!(!now.findings[0].remedy.vi.contains("year_opens"), "it is open: {now:?}");
    }
}

#[tokio::test]
async fn organisation_nobody_knows_is_named_without_an_option_nobody_typed() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let order = LifeOrder::OrganisationShow { unit: UnitCode::new("NIX").expect("code"), year: 2026 };
        let refused = house.order(Command::Life { order }).await;
        let told = refused.findings.first().expect("told");
        let place = told.place.clone().expect("a place").to_string();
        assert_eq!((told.code.as_str(), place.as_str()), ("LT-PPL-023", "organisation NIX"));
    }
}

#[tokio::test]
async fn quota_of_one_agency_is_not_told_to_another() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let other =
            Unit {
                code: UnitCode::new("STC").expect("code"), name: "Sở Tài chính".into(), ..department()
            };
        let import = DirectoryImport { units: vec![other], people: Vec::new() };
        store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
        house.score(AN, "2026", Some("92"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let classified = Command::RecordApprove {
            person: whom(AN),
            period: period("2026"),
            revision: 1,
            level: Some(Level::Excellent),
            decision_no: Some("12/QĐ".into()),
            opinion: None,
            author: CHIEF.into(),
        };
        house.ordered(classified).await;
        let codes = async |unit: Option<&str>| -> Vec<String> {
            let unit = unit.map(|unit| UnitCode::new(unit).expect("code"));
            let order = LifeOrder::PeriodStatus { period: Some(period("2026")), unit };
            let told = house.ordered(Command::Life { order }).await.findings;
            told.into_iter().map(|finding| finding.code).collect()
        };
        let quota = "LT-REC-086".to_owned();
        assert!(codes(None).await.contains(&quota) && codes(Some("SNV")).await.contains(&quota));
        assert!(!codes(Some("STC")).await.contains(&quota), "{}", store.kind());
    }
}

#[tokio::test]
async fn points_above_the_maximum_are_told_together_with_the_items_that_are_missing() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let items = [("I.1".to_owned(), Exact::integer(6))].into();
        let refused = house.order(enter("2026-Q4", DecisionKind::GeneralCriteria { items })).await;
        let told: Vec<&str> = refused.findings.iter().map(|finding| finding.what.en.as_str()).collect();
        assert_eq!(told.len(), 2, "{} {told:?}", store.kind());
        assert!(told[0].contains("III.4") && told[1].contains("6 is not between 0 and 5"), "{told:?}");
    }
}

#[tokio::test]
async fn nothing_is_entered_of_somebody_who_is_not_evaluated_and_that_they_have_no_score_says_why() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.import_contract("GL-00007", "Lê Văn Lái").await;
        let order = |number: &str, which: &str| Command::CriteriaSet {
            person: whom(number),
            period: period(which),
            decision: criteria(),
            document: None,
            author: CHIEF.into(),
        };
        let refused = house.order(order("GL-00007", "2026-Q4")).await;
        let codes: Vec<&str> = refused.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["LT-REC-094"], "{}", store.kind());
        assert!(refused.findings[0].what.vi.contains("Lái xe"), "{:?}", refused.findings);
        let person = house.person("GL-00007").await;
        assert!(store.decisions_of(person, period("2026-Q4")).await.expect("read").is_empty());
        for (number, which, told) in [
            ("GL-00007", "2026-Q4", "population_filter"),
            (AN, "2025-Q4", "governs the period"),
            (AN, "2027-Q1", "has not begun"),
            (AN, "2026-Q4", "has not run"),
        ] {
            let asked = Command::ScoreExplain {
                person: whom(number),
                period: period(which),
                view: None,
                revision: None,
            };
            let why = house.order(asked).await.findings[0].what.en.clone();
            assert!(why.contains(told), "{number} {which}: {why}");
        }
    }
}

#[tokio::test]
async fn list_of_records_has_the_day_of_the_notice_and_calls_an_imported_result_imported() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026-Q3", 1, "88.50").await;
        house.approve(AN, "2026-Q3", 1).await;
        let told = LifeOrder::Notify {
            person: whom(AN),
            period: period("2026-Q3"),
            revision: 2,
            on: None,
            how: "tại cuộc họp".into(),
            document: None,
            author: CHIEF.into(),
        };
        house.ordered(Command::Life { order: told }).await;
        house.score(AN, "2026-Q2", None, &["general_criteria"]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.recorded(AN, "2026-Q2", "77.25").await;
        let list = Command::RecordList { state: None, period: None, unit: None, changed: false, limit: 50 };
        let shown = house.ordered(list).await.document.to_json(lienthong::error::Lang::En);
        let rows = shown.as_array().expect("rows");
        let of = |which: &str| rows.iter().find(|row| row["period"] == which).expect("a record");
        assert_eq!(of("2026-Q3")["told_on"], "2026-12-07", "{} {shown}", store.kind());
        let imported = of("2026-Q2");
        assert_eq!(
            (&imported["state"], &imported["total"]),
            (&"imported".into(), &"77.25".into()),
            "{shown}"
        );
        assert!(imported["told_on"].is_null());
    }
}

#[tokio::test]
async fn what_was_computed_of_deputies_of_the_chair_is_looked_at_again_by_the_migration() {
    let both = both().await;
    for (store, config) in both.stores.iter().zip(&both.configs()) {
        let house = house(store).await;
        let chairs = DirectoryImport {
            units: vec![Unit {
                code: UnitCode::new("SNV").expect("code"),
                kind: UnitKind::Province,
                ..department()
            }],
            people: Vec::new(),
        };
        store.import_directory(&chairs, "test", None, house.app.clock.now()).await.expect("imported");
        house.import_deputy("GL-00006", "Võ Thị Giang").await;
        for number in [AN, "GL-00006"] {
            house.score(number, "2026-Q4", Some("80"), &[]).await;
        }
        house.computed().await;
        let script = match store.kind() {
            "sqlite" => include_str!("../../migrations/sqlite/0045_opinion.sql"),
            _ => include_str!("../../migrations/postgres/0045_opinion.sql"),
        };
        let marks = script.find("INSERT INTO score_due").map(|at| &script[at..]).expect("the marks");
        run_sql(config, marks).await;
        let due = store.scores_due(10).await.expect("due");
        let deputy = house.person("GL-00006").await;
        assert_eq!(
            due.into_iter().map(|(person, which, _)| (person, which)).collect::<Vec<_>>(),
            [(deputy, period("2026-Q4"))],
            "{}",
            store.kind()
        );
    }
}

#[tokio::test]
async fn year_waits_for_quarters_that_are_to_be_computed_again() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await.patient(0);
        house.provisional(AN, "2026", 1, "80").await;
        house.score(AN, "2026-Q4", Some("80"), &[]).await;
        house.ordered(enter("2026-Q4", criteria())).await;
        let classify = || Command::RecordApprove {
            person: whom(AN),
            period: period("2026"),
            revision: 1,
            level: Some(Level::Good),
            decision_no: Some("12/QĐ".into()),
            opinion: None,
            author: CHIEF.into(),
        };
        let refused = house.order(classify()).await;
        let codes: Vec<&str> = refused.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["LT-REC-085"], "{}", store.kind());
        let unit = LifeOrder::ApproveUnit {
            unit: UnitCode::new("SNV").expect("code"),
            period: period("2026"),
            decision_no: Some("12/QĐ".into()),
            opinion: None,
            author: CHIEF.into(),
            dry_run: true,
        };
        let shown = house.ordered(Command::Life { order: unit }).await;
        let shown = shown.document.to_json(lienthong::error::Lang::En);
        assert_eq!(shown["not_approved"][0]["code"], "LT-REC-085", "{shown}");
        house.computed().await;
        house.ordered(classify()).await;
    }
}
