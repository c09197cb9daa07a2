//! Leaders in charge of people by name, and d of those who have nobody in charge (art. 15.4), on both databases.

use crate::score_step::{AN, at_work, derivation, settled, verified};
use crate::support::installation::{CHIEF, Installed, period, whom};
use crate::support::stores::{both, one};
use crate::support::task::{mapped, shown as put};
use lienthong::domain::evaluation::{D_ENTERED, GENERAL_ITEMS};
use lienthong::domain::{Component, DecisionKind, Exact};
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, Document, InputFile, LifeOrder, Outcome, Roster};
use lienthong::pipeline::score::FULL_PERIOD;
use lienthong::store::Store;
use serde_json::{Value, json};

const BINH: &str = "GL-00002";
const CUC: &str = "GL-00003";
const DEPUTY: &str = "GL-00020";
const QUARTER: &str = "2026-Q4";

async fn house(store: &Store) -> Installed {
    let house = at_work(store, "2026-12-20T01:00:00Z").await;
    house.import(&[(AN, "Nguyễn Văn An"), (BINH, "Trần Thị Bình"), (CUC, "Lê Thị Cúc")]).await;
    house
}

fn file(name: &str, text: String) -> InputFile {
    InputFile { name: name.into(), bytes: text.into_bytes() }
}

fn people(rows: &str, units: Option<&str>) -> Command {
    Command::PeopleImport {
        people: file("nhan-su.csv", format!("staff_number,full_name,unit,post,role,from,to,leads\n{rows}\n")),
        units: units.map(|rows| file("don-vi.csv", format!("code,name,kind,parent\n{rows}\n"))),
        author: CHIEF.into(),
        dry_run: false,
    }
}

/// The deputy's post of the year with what is in charge.
fn deputy(leads: &str) -> Command {
    people(&format!("{DEPUTY},Phạm Thị Phó,SNV,Phó Giám đốc,deputy,2026-01-01,,{leads}"), None)
}

async fn task(house: &Installed, who: &str, id: &str, due: &str, done: Option<&str>) {
    let said = json!({
        "external_id": id, "assignee": { "kind": "staff_number", "value": who },
        "due": { "day": due, "time": null }, "completed_at": done
    });
    let id = put(house, said).await;
    mapped(house, id, "SP-1", "1.2", (who, period(QUARTER))).await;
}

fn set(who: &str, decision: DecisionKind) -> Command {
    Command::CriteriaSet {
        person: whom(who),
        period: period(QUARTER),
        decision,
        document: None,
        author: CHIEF.into(),
    }
}

/// 20 of 30 points.
fn criteria(who: &str) -> Command {
    let items = GENERAL_ITEMS.map(|(item, ..)| (item.to_owned(), Exact::integer(2)));
    set(who, DecisionKind::GeneralCriteria { items: items.into() })
}

fn component(who: &str, component: Component, percent: i64) -> Command {
    set(who, DecisionKind::LeaderComponent { component, percent: Exact::integer(percent) })
}

async fn codes(house: &Installed, order: Command) -> Vec<String> {
    let outcome: Outcome = house.order(order).await;
    assert_ne!(outcome.exit, 0, "{:?}", outcome.findings);
    outcome.findings.into_iter().map(|finding| finding.code).collect()
}

async fn of_deputy(house: &Installed) -> Value {
    derivation(house, house.person(DEPUTY).await, period(QUARTER), FULL_PERIOD).await
}

#[tokio::test]
async fn deputy_answers_for_the_people_named_on_the_days_they_were_in_charge() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let rows = format!(
            "{DEPUTY},Phạm Thị Phó,SNV,Phó Giám đốc,deputy,2026-01-01,2026-11-14,{AN}\n\
             {DEPUTY},Phạm Thị Phó,SNV,Phó Giám đốc,deputy,2026-11-15,,{AN}|{BINH}"
        );
        house.ordered(people(&rows, None)).await;
        task(&house, AN, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
        // Bình's of the first of November is nobody's but hers and the head's; that of the twentieth is the deputy's.
        task(&house, BINH, "2", "2026-11-01", Some("2026-10-30T03:00:00Z")).await;
        task(&house, BINH, "3", "2026-11-20", None).await;
        task(&house, CUC, "4", "2026-11-20", Some("2026-11-19T03:00:00Z")).await;
        settled(&house).await;
        let found = of_deputy(&house).await;
        let lines = found["lines"].as_array().expect("lines");
        let whose: Vec<_> = lines.iter().map(|line| (line["source"].as_str(), line["of"].as_str())).collect();
        assert_eq!(whose, [(Some("snv/1"), Some(AN)), (Some("snv/3"), Some(BINH))], "{}", store.kind());
        // Σ k·C / Σ k·G = 1.2 / 2.4 (Đ14.2.a).
        assert_eq!(found["components"]["a"]["printed"], json!("50.00"));
        assert_eq!((&found["unscored"], found["components"].get("d")), (&json!([AN, BINH]), None));
        // Their scores move the deputy's: 90.00 and 55.00, both above 50 (Đ15.3.a).
        for who in [AN, BINH] {
            house.ordered(criteria(who)).await;
        }
        settled(&house).await;
        assert_eq!(
            of_deputy(&house).await["components"]["d"]["printed"],
            json!("100.00"),
            "{}",
            store.kind()
        );
        // Whose charge ends is nobody's of the deputy any more, and the deputy is looked at.
        let ends = format!(
            "{DEPUTY},Phạm Thị Phó,SNV,Phó Giám đốc,deputy,2026-01-01,2026-09-30,{AN}\n\
             {DEPUTY},Phạm Thị Phó,SNV,Phó Giám đốc,deputy,2026-10-01,,{CUC}"
        );
        house.ordered(people(&ends, None)).await;
        settled(&house).await;
        let found = of_deputy(&house).await;
        assert_eq!((&found["unscored"], &found["lines"][0]["of"]), (&json!([CUC]), &json!(CUC)));
        assert_eq!(found["lines"].as_array().map(Vec::len), Some(1));
        let (codes, told) = verified(&house).await;
        assert!(codes.is_empty(), "{codes:?} {told:?}");
        let shown = house.ordered(Command::Roster { of: Roster::One { person: whom(DEPUTY) } }).await;
        let shown = shown.document.to_json(Lang::En).to_string();
        assert!(shown.contains(CUC) && shown.contains("Lê Thị Cúc"), "{shown}");
    }
}

#[tokio::test]
async fn charges_over_oneself_above_beside_or_at_another_agency_are_refused_and_nothing_is_written() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let units = "P1,Phòng Một,division,SNV\nP2,Phòng Hai,division,SNV\nXA,UBND xã,commune,";
        let rows = "GL-00030,Người xã,XA,Công chức,staff,2026-01-01,,\n\
                    GL-00031,Phó khác,SNV,Phó Giám đốc,deputy,2026-01-01,,\n\
                    GL-00032,Trưởng phòng Một,P1,Trưởng phòng,head,2026-01-01,,\n\
                    GL-00033,Trưởng phòng Hai,P2,Trưởng phòng,head,2026-01-01,,";
        house.ordered(people(rows, Some(units))).await;
        let chief = "GL-00990";
        for led in [DEPUTY, chief, "GL-00030", "GL-00031", "SNV"] {
            assert_eq!(codes(&house, deputy(led)).await, ["LT-PPL-007"], "{led} {}", store.kind());
        }
        assert_eq!(codes(&house, deputy("GL-77777")).await, ["LT-PPL-001"]);
        let number = lienthong::domain::StaffNumber::parse(DEPUTY).expect("number");
        assert!(store.person_by_staff_number(&number).await.expect("read").is_none(), "nothing was written");
        // Staff of the own agency and heads of units below may be named, in the same file even.
        house.ordered(deputy(&format!("{AN}|GL-00032|P2"))).await;
        // Two heads who look after each other's unit stand below each other.
        let ring = "GL-00032,Trưởng phòng Một,P1,Trưởng phòng,head,2026-01-01,,P2\n\
                    GL-00033,Trưởng phòng Hai,P2,Trưởng phòng,head,2026-01-01,,P1";
        assert_eq!(codes(&house, people(ring, None)).await, ["LT-PPL-008"], "{}", store.kind());
    }
}

#[tokio::test]
async fn deputy_with_nobody_in_charge_has_the_d_the_scorer_enters_and_can_be_approved() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.ordered(deputy("")).await;
        task(&house, DEPUTY, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
        house.ordered(criteria(DEPUTY)).await;
        for part in [Component::ImplementationAbility, Component::UnityAbility] {
            house.ordered(component(DEPUTY, part, 100)).await;
        }
        settled(&house).await;
        // Missing stays missing.
        assert_eq!(of_deputy(&house).await["missing"], json!(["unit_result"]));
        let status = LifeOrder::PeriodStatus { period: Some(period(QUARTER)), unit: None };
        let owed = async || {
            let status = house.ordered(Command::Life { order: status.clone() }).await;
            status.document.to_json(Lang::En)[0]["no_components"].clone()
        };
        let before = owed().await;
        assert_eq!(codes(&house, component(DEPUTY, Component::UnitResult, 70)).await, ["LT-CRI-010"]);
        assert_eq!(codes(&house, component(AN, Component::UnitResult, 100)).await, ["LT-CRI-003"], "staff");
        let of_head = component("GL-00990", Component::UnitResult, 100);
        assert_eq!(codes(&house, of_head).await[0], "LT-REC-004", "nobody enters their own");
        // Whoever may enter it otherwise is told that the chief's is computed: people are in charge.
        let by_the_chair = Command::CriteriaSet {
            person: whom("GL-00990"),
            period: period(QUARTER),
            decision: DecisionKind::LeaderComponent {
                component: Component::UnitResult,
                percent: Exact::integer(100),
            },
            document: Some("12/QĐ-UBND".into()),
            author: "UBND tỉnh".into(),
        };
        assert_eq!(codes(&house, by_the_chair).await, ["LT-CRI-003"], "{}", store.kind());
        house.ordered(component(DEPUTY, Component::UnitResult, 50)).await;
        settled(&house).await;
        let found = of_deputy(&house).await;
        // R = (1 + 1 + 1 + 0.5 + 1 + 1) / 6, S = 20 + 70·R (Đ16.2, Đ17.1).
        assert_eq!(found["total"]["printed"], json!("84.17"), "{} {found}", store.kind());
        assert!(found["formulas"].to_string().contains("d = 50.00 %: entered"), "{found}");
        // What is read of it says who it is from, in either language.
        let explain = Command::ScoreExplain {
            person: whom(DEPUTY),
            period: period(QUARTER),
            view: None,
            revision: None,
        };
        let Document::Json { text, .. } = house.ordered(explain).await.document else {
            panic!("a derivation with its text")
        };
        let said = "d = 50,00 %: người chấm nhập, không phụ trách ai được đánh giá";
        assert!(text.vi.contains(said), "{}", text.vi);
        assert!(text.en.contains(&format!("d = 50.00 %: {D_ENTERED}")), "{}", text.en);
        let (one, fewer) = (before.as_u64().expect("a count"), owed().await.as_u64().expect("a count"));
        assert_eq!(fewer, one - 1, "nobody owes the deputy a d any more");
        let newest = store.latest_revision(house.person(DEPUTY).await, period(QUARTER)).await.expect("read");
        house.approve(DEPUTY, QUARTER, newest.expect("a record").revision).await;
        // Once somebody is in charge, what was entered waits and d is computed.
        house.ordered(deputy(AN)).await;
        settled(&house).await;
        let found = of_deputy(&house).await;
        assert_eq!((&found["unscored"], &found["missing"]), (&json!([AN]), &json!(["unit_result"])));
        assert_eq!(codes(&house, component(DEPUTY, Component::UnitResult, 50)).await, ["LT-CRI-003"]);
        assert!(verified(&house).await.0.is_empty());
    }
}

#[tokio::test]
async fn file_of_criteria_takes_a_d_only_where_it_is_entered() {
    let (_folder, store) = one().await;
    let house = house(&store).await;
    house.ordered(deputy("")).await;
    let import = |who: &str| Command::CriteriaImport {
        file: file(
            "tieu-chi.csv",
            format!("staff_number,period,item,points,author\n{who},{QUARTER},d,100,{CHIEF}\n"),
        ),
        document: None,
        author: CHIEF.into(),
        dry_run: false,
    };
    assert_eq!(codes(&house, import(AN)).await, ["LT-CRI-003"]);
    house.ordered(import(DEPUTY)).await;
    house.ordered(deputy(AN)).await;
    assert_eq!(codes(&house, import(DEPUTY)).await, ["LT-CRI-003"]);
    let kept = store.decisions_of(house.person(DEPUTY).await, period(QUARTER)).await.expect("read");
    assert_eq!(kept.len(), 1);
}
