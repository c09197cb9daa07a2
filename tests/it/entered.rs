//! What people are told when they enter something, on both databases: what it moves, what stands, and what it is not for.

use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::{both, department};
use lienthong::domain::evaluation::GENERAL_ITEMS;
use lienthong::domain::{Component, DecisionKind, DirectoryImport, Exact, Level, Unit, UnitCode};
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
        let order =
            |which: &str| Command::ScoreExplain { person: whom(AN), period: period(which), view: None };
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
