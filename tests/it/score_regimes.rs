//! Scoring over real stores under other switches than the default: months, carry-over, facts of service, candidates,
//! the quota, and the proof that scoring bit by bit equals scoring everything again.

mod months;

use crate::score_step::{AN, at_work, day, derivation, governed_by, settled, task, verified};
use crate::support::installation::{CHIEF, Installed, at, period, whom};
use crate::support::stores::{both, one};
use lienthong::domain::rules::{
    CarryOver, CoefficientFreeze, Counted, GenAssumption, LeaderScope, PartialCompletion, QuarterMethod,
    SupportModel, ZeroDenPolicy,
};
use lienthong::domain::{
    CatalogProduct, CatalogVersion, DecisionKind, DirectoryImport, Exact, FactKind, Level, RecordState, Role,
    RuleSet, ServiceFact,
};
use lienthong::pipeline::command::{Command, InputFile, LifeOrder, Outcome};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::score::{FULL_PERIOD, Score};
use lienthong::pipeline::step::Step as _;
use lienthong::store::{OrganisationRevision, Store};
use serde_json::{Value, json};

pub fn dated_leave(kind: FactKind, from: &str, to: &str) -> ServiceFact {
    ServiceFact {
        kind,
        from: day(from),
        to: Some(day(to)),
        act_on: None,
        act: None,
        text: None,
        document: "12/QĐ-SNV".into(),
    }
}

fn add(fact: ServiceFact, author: &str) -> Command {
    Command::FactAdd { person: whom(AN), fact, author: author.into() }
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn shown(outcome: &Outcome) -> String {
    serde_json::to_string(outcome).expect("json")
}

/// Rows of a table as objects.
fn rows(outcome: &Outcome) -> Vec<Value> {
    let value = outcome.document.to_json(lienthong::error::Lang::En);
    value.as_array().cloned().unwrap_or_else(|| panic!("{value}"))
}

/// The house with one person and these rules.
pub async fn under_rules(store: &Store, now: &str, rules: RuleSet) -> Installed {
    let house = at_work(store, now).await;
    house.import(&[(AN, "Nguyễn Văn An")]).await;
    governed_by(&house, now, rules).await
}

#[tokio::test]
async fn leave_takes_its_days_from_the_quarter_and_nobody_enters_their_own() {
    let both = both().await;
    for store in &both.stores {
        let house = under_rules(store, "2026-12-20T01:00:00Z", RuleSet::default()).await;
        task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
        settled(&house).await;
        let person = house.person(AN).await;
        let fact = dated_leave(FactKind::MaternityLeave, "2026-11-15", "2027-05-14");
        let own = house.order(add(fact.clone(), "GL-00001 Nguyễn Văn An")).await;
        assert_eq!(codes(&own), ["LT-REC-004"]);
        let backwards =
            house.order(add(dated_leave(FactKind::SickLeave, "2026-11-15", "2026-11-14"), CHIEF)).await;
        assert_eq!(codes(&backwards), ["LT-SCO-020"]);
        assert!(store.service_facts(None, true).await.expect("read").is_empty(), "nothing was written");
        house.ordered(add(fact.clone(), CHIEF)).await;
        // Twice is once; another leave on the same days is refused.
        house.ordered(add(fact, CHIEF)).await;
        let other =
            house.order(add(dated_leave(FactKind::SickLeave, "2027-05-01", "2027-06-01"), CHIEF)).await;
        assert_eq!(codes(&other), ["LT-SCO-024"]);
        settled(&house).await;
        let worked = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await["worked"].clone();
        assert_eq!(worked, json!([["2026-10-01", "2026-11-14"]]));
        let facts = store.service_facts(Some(person), false).await.expect("read");
        assert_eq!(facts.len(), 1);
        let revoke =
            |id| Command::FactRevoke {
                id, reason: "nhập nhầm".into(), document: None, author: CHIEF.into()
            };
        house.ordered(revoke(facts[0].id)).await;
        assert_eq!(codes(&house.order(revoke(facts[0].id)).await), ["LT-SCO-025"]);
        settled(&house).await;
        assert!(
            derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await.get("worked").is_none(),
            "the whole quarter again"
        );
        let list = |revoked| Command::FactList { person: Some(whom(AN)), revoked, limit: 10 };
        assert_eq!(rows(&house.ordered(list(false)).await).len(), 0);
        assert!(shown(&house.ordered(list(true)).await).contains("nhập nhầm"), "it stays listed");
        assert!(verified(&house).await.0.is_empty());
    }
}

#[tokio::test]
async fn file_of_facts_is_taken_whole_or_not_at_all() {
    let (_folder, store) = one().await;
    let house = under_rules(&store, "2026-12-20T01:00:00Z", RuleSet::default()).await;
    let import = |text: &str| Command::FactImport {
        file: InputFile { name: "facts.csv".into(), bytes: text.as_bytes().to_vec() },
        author: CHIEF.into(),
        dry_run: false,
    };
    let head = "Số hiệu,Loại,Từ ngày,Đến ngày,Nội dung,Văn bản\n";
    let wrong = format!(
        "{head}GL-00001,Nghỉ ốm,01/11/2026,20/11/2026,,12/QĐ\nGL-77777,Nghỉ ốm,01/11/2026,20/11/2026,,12/QĐ\n"
    );
    assert_eq!(codes(&house.order(import(&wrong)).await), ["LT-SCO-022"]);
    assert!(store.service_facts(None, true).await.expect("read").is_empty());
    // Whatever is wrong is told in one round: a cell, a person, a fact that cannot be, days that meet, and the author's own fact.
    let wrong = format!(
        "{head}GL-00001,Nghỉ ốm,32/01/2026,20/11/2026,,12/QĐ\nGL-77777,Nghỉ ốm,01/11/2026,20/11/2026,,12/QĐ\n\
         GL-00001,Nghỉ ốm,20/11/2026,01/11/2026,,12/QĐ\nGL-00001,Nghỉ ốm,01/10/2026,05/10/2026,,12/QĐ\n\
         GL-00001,Nghỉ ốm,04/10/2026,06/10/2026,,13/QĐ\nGL-00990,Nghỉ ốm,01/11/2026,20/11/2026,,12/QĐ\n"
    );
    assert_eq!(
        codes(&house.order(import(&wrong)).await),
        ["LT-SCO-021", "LT-SCO-022", "LT-SCO-020", "LT-REC-004", "LT-SCO-024"]
    );
    assert!(store.service_facts(None, true).await.expect("read").is_empty());
    let right = format!(
        "{head}GL-00001,Nghỉ ốm,01/11/2026,20/11/2026,,12/QĐ\nGL-00001,Nhóm nhiệm vụ,01/01/2026,,Tổng hợp,13/QĐ\n"
    );
    house.ordered(import(&right)).await;
    assert_eq!(store.service_facts(None, false).await.expect("read").len(), 2);
}

#[tokio::test]
async fn too_little_worked_gives_no_total_and_no_record() {
    let (_folder, store) = one().await;
    let rules = RuleSet { min_worked_share: "0.5".into(), ..RuleSet::default() };
    let house = under_rules(&store, "2026-12-20T01:00:00Z", rules).await;
    house.ordered(add(dated_leave(FactKind::UnpaidLeave, "2026-11-15", "2026-12-31"), CHIEF)).await;
    task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
    settled(&house).await;
    let person = house.person(AN).await;
    let full = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
    assert_eq!((&full["total"], &full["components"]["a"]["printed"]), (&Value::Null, &json!("100.00")));
    assert!(full["missing"].as_array().expect("missing").contains(&json!("worked_share")), "{full}");
    assert!(store.latest_revision(person, period("2026-Q4")).await.expect("read").is_none());
    // The chief's d does not wait for somebody who is not evaluated.
    let chief = house.person("GL-00990").await;
    let chief = derivation(&house, chief, period("2026-Q4"), FULL_PERIOD).await;
    assert_eq!(chief["unscored"], json!([]), "{chief}");
}

/// State and missing parts of the newest revision.
async fn standing(house: &Installed, which: &str) -> (RecordState, Value) {
    let person = house.person(AN).await;
    let record = house.app.store.latest_revision(person, period(which)).await.expect("read").expect("record");
    (record.state, record.content["missing"].clone())
}

fn approve(revision: u32) -> Command {
    Command::RecordApprove {
        person: whom(AN),
        period: period("2026-Q4"),
        revision,
        level: None,
        decision_no: Some("12/QĐ".into()),
        opinion: None,
        author: CHIEF.into(),
    }
}

#[tokio::test]
async fn leave_of_the_whole_quarter_that_comes_later_takes_its_score_and_record_back() {
    for quarter_method in [QuarterMethod::Direct, QuarterMethod::MeanOfMonths] {
        let both = both().await;
        for store in &both.stores {
            let rules =
                RuleSet { quarter_method, zero_den_policy: ZeroDenPolicy::Zero, ..RuleSet::default() };
            let house = under_rules(store, "2026-12-20T01:00:00Z", rules).await;
            task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
            house.ordered(criteria("2026-Q4", "2")).await;
            settled(&house).await;
            assert_eq!(standing(&house, "2026-Q4").await, (RecordState::Provisional, json!([])));
            let person = house.person(AN).await;
            house
                .ordered(add(dated_leave(FactKind::MaternityLeave, "2026-09-01", "2027-02-28"), CHIEF))
                .await;
            settled(&house).await;
            let held =
                store.score(person, period("2026-Q4"), FULL_PERIOD).await.expect("read").expect("kept");
            assert_eq!((held.total, &held.summary["parts"]), (None, &json!({})), "{quarter_method:?}");
            let void = (RecordState::Computed, json!(["worked_share"]));
            assert_eq!(standing(&house, "2026-Q4").await, void, "{quarter_method:?}");
            assert_eq!(codes(&house.order(approve(2)).await), ["LT-REC-001"]);
            let (found, told) = verified(&house).await;
            assert!(found.is_empty(), "{found:?} {told:?}");
            // Nobody has to act for whoever is away.
            let order = LifeOrder::PeriodStatus { period: Some(period("2026-Q4")), unit: None };
            let status = house.ordered(Command::Life { order }).await;
            let people: Vec<Value> = rows(&status).iter().map(|row| row["people"].clone()).collect();
            assert!(people.iter().all(|count| *count == json!(1)), "the chief alone: {people:?}");
            let facts = store.service_facts(Some(person), false).await.expect("read");
            let revoke = Command::FactRevoke {
                id: facts[0].id,
                reason: "nhập nhầm".into(),
                document: None,
                author: CHIEF.into(),
            };
            house.ordered(revoke).await;
            settled(&house).await;
            assert_eq!(standing(&house, "2026-Q4").await, (RecordState::Provisional, json!([])));
        }
    }
}

#[tokio::test]
async fn who_leaves_the_population_has_a_score_without_figures_and_nothing_to_approve() {
    let (_folder, store) = one().await;
    let house = under_rules(&store, "2026-12-20T01:00:00Z", RuleSet::default()).await;
    task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
    house.ordered(criteria("2026-Q4", "2")).await;
    settled(&house).await;
    assert_eq!(standing(&house, "2026-Q4").await.0, RecordState::Provisional);
    // The people file had the wrong role.
    house.import_contract(AN, "Nguyễn Văn An").await;
    settled(&house).await;
    assert_eq!(standing(&house, "2026-Q4").await, (RecordState::Computed, json!(["population"])));
    assert_eq!(codes(&house.order(approve(2)).await), ["LT-REC-001"]);
    assert!(verified(&house).await.0.is_empty());
}

#[tokio::test]
async fn assumed_criteria_are_counted_told_and_never_approved() {
    let (_folder, store) = one().await;
    let rules = RuleSet { gen_assumption: GenAssumption::Full, ..RuleSet::default() };
    let house = under_rules(&store, "2026-12-20T01:00:00Z", rules).await;
    task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
    settled(&house).await;
    let person = house.person(AN).await;
    let found = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
    assert_eq!((&found["total"]["printed"], &found["general_assumed"]), (&json!("100.00"), &json!(true)));
    assert_eq!(standing(&house, "2026-Q4").await, (RecordState::Computed, json!(["general_criteria"])));
    assert_eq!(codes(&house.order(approve(1)).await), ["LT-REC-001"]);
    // The chief's d is not made of assumptions.
    let chief = house.person("GL-00990").await;
    let chief = derivation(&house, chief, period("2026-Q4"), FULL_PERIOD).await;
    assert_eq!(chief["unscored"], json!([AN]));
    house.ordered(criteria("2026-Q4", "2")).await;
    settled(&house).await;
    assert_eq!(standing(&house, "2026-Q4").await, (RecordState::Provisional, json!([])));
}

#[tokio::test]
async fn excuse_is_taken_back_by_a_newer_word_about_the_same_lateness_or_by_none() {
    let (_folder, store) = one().await;
    let house = under_rules(&store, "2026-12-20T01:00:00Z", RuleSet::default()).await;
    task(&house, "1", "2026-11-10", Some("2026-11-12T03:00:00Z")).await;
    let person = house.person(AN).await;
    let set = async |decision| {
        let order = Command::CriteriaSet {
            person: whom(AN),
            period: period("2026-Q4"),
            decision,
            document: None,
            author: CHIEF.into(),
        };
        house.ordered(order).await;
        settled(&house).await;
        let late = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
        let order =
            Command::ScoreCandidates { period: period("2026-Q4"), person: None, unit: None, limit: 10 };
        let listed = rows(&house.ordered(order).await)[0]["state"].clone();
        (late["lines"][0]["late_count"].clone(), listed)
    };
    let excuse = |covers: &str| DecisionKind::Excuse {
        source: "snv".into(),
        external_id: "1".into(),
        covers: covers.into(),
        reason: "chờ ý kiến sở khác".into(),
    };
    assert_eq!(set(excuse("late")).await, (json!(0), json!("excused")));
    assert_eq!(set(about(true)).await, (json!(2), json!("confirmed")), "the newest word counts");
    assert_eq!(set(excuse("late")).await, (json!(0), json!("excused")));
    assert_eq!(set(excuse("none")).await, (json!(2), json!("confirmed")), "what was said before it");
    assert_eq!(set(excuse("quality")).await, (json!(2), json!("confirmed")));
}

#[tokio::test]
async fn mean_lacks_every_part_that_has_ended_without_a_recorded_result() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-07-01T01:00:00Z").await;
        house.import(&[(AN, "Nguyễn Văn An"), ("GL-00002", "Trần Thị Bình")]).await;
        let (an, binh) = (house.person(AN).await, house.person("GL-00002").await);
        let mean = async |house: &Installed, person, which: &str| {
            settled(house).await;
            let scope = if which.len() == 4 { "year" } else { "half_year" };
            let found = store.score(person, period(which), scope).await.expect("read").expect("a mean");
            (found.total, found.summary["missing"].clone())
        };
        house.history("GL-00001,2026-Q1,80.00,,,\nGL-00002,2026-Q1,80.00,,,").await;
        // The second quarter is over and neither closed nor approved: no half-year of the first alone.
        assert_eq!(mean(&house, an, "2026-H1").await, (None, json!(["2026-Q2"])));
        house.history("GL-00001,2026-Q2,71.01,,,\nGL-00002,2026-Q2,70.00,,,").await;
        assert_eq!(mean(&house, an, "2026-H1").await, (Some("75.51".to_owned()), json!([])));
        // In December the third quarter is owed, the fourth has not ended.
        let december = house.later("2026-12-02T01:00:00Z");
        assert_eq!(mean(&december, an, "2026").await, (None, json!(["2026-Q3"])));
        for number in [AN, "GL-00002"] {
            december.recorded(number, "2026-Q3", "90.00").await;
        }
        assert_eq!(mean(&december, an, "2026").await, (Some("80.34".to_owned()), json!([])));
        december.approve(AN, "2026", december_revision(&december, an).await).await;
        // After the year: who was classified is not unsettled, who was not waits for the fourth quarter.
        let january = december.later("2027-01-02T01:00:00Z");
        while Score(january.app.clone()).run().await.expect("a run").more {}
        let told = Record(january.app.clone()).run().await.expect("a run").findings;
        assert!(!told.iter().any(|finding| finding.code == "LT-REC-006"), "{told:?}");
        assert_eq!(mean(&january, an, "2026").await, (Some("80.34".to_owned()), json!([])));
        assert_eq!(mean(&january, binh, "2026").await, (None, json!(["2026-Q4"])));
        assert!(verified(&january).await.0.is_empty());
    }
}

async fn december_revision(house: &Installed, person: lienthong::domain::PersonId) -> u32 {
    house.app.store.latest_revision(person, period("2026")).await.expect("read").expect("the year").revision
}

#[tokio::test]
async fn head_appointed_within_the_quarter_answers_for_tasks_from_that_day_on() {
    let (_folder, store) = one().await;
    let house = under_rules(&store, "2026-12-20T01:00:00Z", RuleSet::default()).await;
    task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
    task(&house, "2", "2026-11-20", Some("2026-11-19T03:00:00Z")).await;
    let mut head = crate::support::stores::officer("GL-00991", "Phạm Thị Mới");
    for (_, post, role, from, _) in &mut head.memberships {
        (*post, *role, *from) = ("Giám đốc".into(), Role::Head, day("2026-11-15"));
    }
    let import = DirectoryImport { units: Vec::new(), people: vec![head] };
    store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
    settled(&house).await;
    let pooled = async |number: &str| {
        let person = house.person(number).await;
        let found = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
        let lines = found["lines"].as_array().expect("lines");
        lines.iter().map(|line| line["source"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(pooled("GL-00990").await, [json!("snv/1"), json!("snv/2")], "head since January");
    assert_eq!(pooled("GL-00991").await, [json!("snv/2")]);
    assert!(verified(&house).await.0.is_empty());
}

/// Every general criterion with these points.
fn criteria(which: &str, points: &str) -> Command {
    let items = lienthong::domain::evaluation::GENERAL_ITEMS
        .map(|(item, ..)| (item.to_owned(), points.parse::<Exact>().expect("points")));
    Command::CriteriaSet {
        person: whom(AN),
        period: period(which),
        decision: DecisionKind::GeneralCriteria { items: items.into() },
        document: None,
        author: CHIEF.into(),
    }
}

#[tokio::test]
async fn late_task_counts_as_extra_where_it_is_finished_only_when_the_rule_set_carries_over() {
    for (carry_over, lines) in [(CarryOver::None, 0), (CarryOver::CompletedAsExtra, 1)] {
        let (_folder, store) = one().await;
        let rules = RuleSet { carry_over, zero_den_policy: ZeroDenPolicy::Zero, ..RuleSet::default() };
        let house = under_rules(&store, "2026-12-20T01:00:00Z", rules).await;
        task(&house, "1", "2026-09-20", Some("2026-10-05T03:00:00Z")).await;
        task(&house, "2", "2026-11-20", Some("2026-11-19T03:00:00Z")).await;
        settled(&house).await;
        let person = house.person(AN).await;
        let found = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
        let extra: Vec<&Value> =
            found["lines"].as_array().expect("lines").iter().filter(|line| line["extra"] == true).collect();
        assert_eq!(extra.len(), lines, "{found}");
        if let Some(line) = extra.first() {
            assert_eq!((&line["late_count"], &line["counted_on"]), (&json!(15), &json!("2026-10-05")));
            assert_eq!(
                (&found["denominator"], &found["components"]["a"]["printed"]),
                (&json!("1.2"), &json!("200.00"))
            );
        }
        assert!(verified(&house).await.0.is_empty());
    }
}

#[tokio::test]
async fn share_that_was_confirmed_before_is_not_counted_again_when_the_task_is_carried_over() {
    let (_folder, store) = one().await;
    let rules = RuleSet {
        carry_over: CarryOver::CompletedAsExtra,
        partial_completion: PartialCompletion::ConfirmedFraction,
        ..RuleSet::default()
    };
    let house = under_rules(&store, "2026-12-20T01:00:00Z", rules).await;
    task(&house, "1", "2026-09-20", Some("2026-10-05T03:00:00Z")).await;
    let share = Command::CriteriaSet {
        person: whom(AN),
        period: period("2026-Q3"),
        decision: DecisionKind::CompletedQuantity {
            source: "snv".into(),
            external_id: "1".into(),
            quantity: "0.8".parse().expect("quantity"),
        },
        document: None,
        author: CHIEF.into(),
    };
    house.ordered(share).await;
    let person = house.person(AN).await;
    store.mark_scores_due(&[(person, period("2026-Q4"))]).await.expect("marked");
    settled(&house).await;
    let found = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
    assert_eq!(found["lines"][0]["completed"], json!("0.2"), "{found}");
}

#[tokio::test]
async fn coefficient_is_that_of_assignment_or_of_the_catalog_at_the_periods_start() {
    for (coefficient_freeze, k) in
        [(CoefficientFreeze::AtAssignment, "1.2"), (CoefficientFreeze::AtPeriodStart, "2.5")]
    {
        let (_folder, store) = one().await;
        let rules = RuleSet { coefficient_freeze, ..RuleSet::default() };
        let house = under_rules(&store, "2026-12-20T01:00:00Z", rules).await;
        for (name, from, k) in [("2026-2", "2026-10-01", "2.5"), ("2026-3", "2026-11-01", "9")] {
            let product: CatalogProduct = serde_json::from_value(json!({
                "code": "SP-1", "name": "Báo cáo", "field": "", "measure": "", "group": 1, "coefficient": k,
                "synonyms": [], "applies_to": ""
            }))
            .expect("product");
            let version = CatalogVersion::new(name).expect("version");
            let now = at("2026-12-20T01:00:00Z");
            store
                .import_catalog(&version, day(from), &[product], name.as_bytes(), "test", now)
                .await
                .expect("catalog");
        }
        task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
        settled(&house).await;
        let person = house.person(AN).await;
        let found = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
        assert_eq!(found["lines"][0]["coefficient"], json!(k), "{coefficient_freeze:?}");
    }
}

#[tokio::test]
async fn multiplier_of_the_post_stands_on_the_line_and_cancels_in_the_ratios() {
    let (_folder, store) = one().await;
    let rules = RuleSet {
        leader_scope: LeaderScope::PositionMultiplier,
        position_multipliers: [("staff".to_owned(), "1.4".to_owned())].into(),
        ..RuleSet::default()
    };
    let house = under_rules(&store, "2026-12-20T01:00:00Z", rules).await;
    task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
    task(&house, "2", "2026-11-12", None).await;
    settled(&house).await;
    let person = house.person(AN).await;
    let found = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
    assert_eq!(found["lines"][0]["multiplier"], json!("1.4"));
    assert_eq!(
        (&found["denominator"], &found["components"]["a"]["printed"]),
        (&json!("3.36"), &json!("50.00"))
    );
}

fn about(counts: bool) -> DecisionKind {
    DecisionKind::Lateness {
        source: "snv".into(),
        external_id: "1".into(),
        counts,
        reason: "đã gia hạn bằng văn bản 5/SNV".into(),
    }
}

#[tokio::test]
async fn lateness_is_a_candidate_until_it_is_confirmed_and_a_rejected_one_stays_listed_with_its_reason() {
    let both = both().await;
    for store in &both.stores {
        let rules = RuleSet { late_counted: Counted::ConfirmedOnly, ..RuleSet::default() };
        let house = under_rules(store, "2026-12-20T01:00:00Z", rules).await;
        task(&house, "1", "2026-11-10", Some("2026-11-12T03:00:00Z")).await;
        settled(&house).await;
        let person = house.person(AN).await;
        let late = async || {
            derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await["lines"][0]["late_count"].clone()
        };
        let listed = async || {
            let order =
                Command::ScoreCandidates { period: period("2026-Q4"), person: None, unit: None, limit: 10 };
            rows(&house.ordered(order).await)
        };
        let set = |decision, author: &str| Command::CriteriaSet {
            person: whom(AN),
            period: period("2026-Q4"),
            decision,
            document: None,
            author: author.into(),
        };
        assert_eq!((late().await, listed().await[0]["state"].clone()), (json!(0), json!("open")));
        let own = house.order(set(about(false), "GL-00001 Nguyễn Văn An")).await;
        assert_eq!(codes(&own), ["LT-REC-004"]);
        house.ordered(set(about(true), CHIEF)).await;
        settled(&house).await;
        assert_eq!((late().await, listed().await[0]["state"].clone()), (json!(2), json!("confirmed")));
        house.ordered(set(about(false), CHIEF)).await;
        settled(&house).await;
        let row = listed().await[0].clone();
        assert_eq!((late().await, &row["state"], &row["counted"]), (json!(0), &json!("rejected"), &json!(0)));
        assert_eq!(row["reason"], json!("đã gia hạn bằng văn bản 5/SNV"));
        assert!(row["author"].as_str().is_some_and(|author| author.contains("GL-00990")), "{row}");
    }
}

#[tokio::test]
async fn support_worker_has_three_percents_in_two_columns() {
    let (_folder, store) = one().await;
    let mut rules = RuleSet { support_model: SupportModel::ThreePercents, ..RuleSet::default() };
    rules.population_filter.contract_workers = true;
    let house = under_rules(&store, "2026-12-20T01:00:00Z", rules).await;
    house.import_contract("GL-00005", "Lê Văn Tài").await;
    let set = |own, percents: [&str; 3], author: &str| Command::CriteriaSet {
        person: whom("GL-00005"),
        period: period("2026-Q4"),
        decision: DecisionKind::SupportPercents {
            own,
            percents: percents.map(|percent| percent.parse().expect("percent")),
        },
        document: None,
        author: author.into(),
    };
    let too_much = house.order(set(false, ["101", "80", "90"], CHIEF)).await;
    assert_eq!(codes(&too_much), ["LT-CRI-010"]);
    let own = "GL-00005 Lê Văn Tài";
    assert_eq!(codes(&house.order(set(false, ["100", "80", "90"], own)).await), ["LT-REC-004"]);
    house.ordered(set(true, ["100", "100", "100"], own)).await;
    settled(&house).await;
    let person = house.person("GL-00005").await;
    let task_part = async || {
        derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await["task_part"]["printed"].clone()
    };
    assert_eq!(task_part().await, json!("70.00"), "the manager has not entered any");
    house.ordered(set(false, ["100", "80", "90"], CHIEF)).await;
    settled(&house).await;
    assert_eq!(task_part().await, json!("63.00"));
    // What would change it most: 20 % and 10 % of a third of 70.
    let told = most(&house, "GL-00005").await;
    let told: Vec<(&str, &str)> = told
        .iter()
        .map(|one| (one["source"].as_str().unwrap_or(""), one["printed"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(told, [("support_compliance", "4.67"), ("support_efficiency", "2.33")]);
    let explain = Command::ScoreExplain {
        person: whom("GL-00005"),
        period: period("2026-Q4"),
        view: None,
        revision: None,
    };
    let text = shown(&house.ordered(explain).await);
    assert!(text.contains("+4,67 · Chấp hành quy định") && text.contains("+2.33 · Efficiency"), "{text}");
}

/// What would change somebody's fourth quarter most, as it is explained.
async fn most(house: &Installed, who: &str) -> Vec<Value> {
    let explain =
        Command::ScoreExplain { person: whom(who), period: period("2026-Q4"), view: None, revision: None };
    let value = house.ordered(explain).await.document.to_json(lienthong::error::Lang::En);
    value["explanation"]["most"].as_array().cloned().unwrap_or_else(|| panic!("{value}"))
}

#[tokio::test]
async fn quota_names_who_is_within_who_is_tied_and_both_readings() {
    let (_folder, store) = one().await;
    let house = at_work(&store, "2026-12-20T01:00:00Z").await;
    let people: Vec<String> = (1..=12).map(|n| format!("GL-{n:05}")).collect();
    let named: Vec<(&str, &str)> = people.iter().map(|number| (number.as_str(), "Nguyễn Văn An")).collect();
    house.import(&named).await;
    for (index, number) in people.iter().enumerate() {
        let total = ["95", "92", "92"].get(index).copied().unwrap_or("75");
        house.score(number, "2026", Some(total), &[]).await;
    }
    let quota = |which: &str| Command::ScoreQuota { period: period(which), unit: None };
    let table = rows(&house.ordered(quota("2026")).await);
    let group = table.iter().find(|row| row["group"] == "staff").expect("a group");
    assert_eq!(
        (&group["good_or_better"], &group["proposed"], &group["allowed"]),
        (&json!(12), &json!(3), &json!(2))
    );
    assert_eq!((&group["good_20"], &group["better_25"]), (&json!(2), &json!(3)));
    assert_eq!((&group["within"], &group["tied"]), (&json!("GL-00001"), &json!("GL-00002, GL-00003")));
    assert_eq!(codes(&house.order(quota("2026-Q4")).await), ["LT-SCO-026"]);
    let house = governed_by(
        &house,
        "2026-12-20T01:00:00Z",
        RuleSet { quota_on_quarters: true, ..RuleSet::default() },
    )
    .await;
    house.ordered(quota("2026-Q4")).await;
}

#[tokio::test]
async fn discipline_is_a_fact_of_the_year_and_its_level_follows_while_the_score_stays() {
    let (_folder, store) = one().await;
    let house = at_work(&store, "2026-10-05T01:00:00Z").await;
    house.with_a_result().await;
    house.history("GL-00001,2026-Q1,88.50,,,\nGL-00001,2026-Q2,88.50,,,").await;
    house.computed().await;
    let opened = house.later("2026-12-01T01:00:00Z");
    let score = async || {
        while Score(opened.app.clone()).run().await.expect("a run").more {}
        let person = opened.person(AN).await;
        store.score(person, period("2026"), "year").await.expect("read").expect("the year")
    };
    let before = score().await;
    assert_eq!((before.total.as_deref(), &before.summary["level"]), (Some("88.50"), &json!("good")));
    let discipline = ServiceFact {
        kind: FactKind::Discipline,
        to: None,
        text: Some("khiển trách".into()),
        ..dated_leave(FactKind::Discipline, "2026-11-20", "2026-11-20")
    };
    opened.ordered(add(discipline, CHIEF)).await;
    let after = score().await;
    assert_eq!((after.total.as_deref(), &after.summary["level"]), (Some("88.50"), &json!("not_completed")));
    // The act that counts is held to it: not the band of 88.50, and not without a word.
    let recorded = async || {
        let told = Record(opened.app.clone()).run().await.expect("a run");
        told.findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert!(recorded().await.is_empty());
    let person = opened.person(AN).await;
    let revision =
        async || store.latest_revision(person, period("2026")).await.expect("read").expect("record").revision;
    let classify = async |level| {
        let order = Command::RecordApprove {
            person: whom(AN),
            period: period("2026"),
            revision: revision().await,
            level: Some(level),
            decision_no: Some("12/QĐ".into()),
            opinion: None,
            author: CHIEF.into(),
        };
        opened.order(order).await
    };
    assert_eq!(codes(&classify(Level::Good).await), ["LT-REC-080"]);
    assert!(codes(&classify(Level::NotCompleted).await).is_empty());
    // Lifted afterwards: only the proposal changes, and it is told.
    let facts = store.service_facts(Some(person), false).await.expect("read");
    let revoke = Command::FactRevoke {
        id: facts[0].id,
        reason: "hủy kỷ luật".into(),
        document: None,
        author: CHIEF.into(),
    };
    opened.ordered(revoke).await;
    score().await;
    assert_eq!(recorded().await, ["LT-REC-006"]);
}

#[tokio::test]
async fn head_is_at_most_what_the_organisation_was_recognised_as() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-12-01T01:00:00Z").await;
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        for quarter in ["2026-Q1", "2026-Q2", "2026-Q3"] {
            house.recorded("GL-00990", quarter, "95.00").await;
        }
        let head = house.person("GL-00990").await;
        let level = async || {
            while Score(house.app.clone()).run().await.expect("a run").more {}
            let year = store.score(head, period("2026"), "year").await.expect("read").expect("the year");
            (year.total, year.summary["level"].clone())
        };
        assert_eq!(level().await, (Some("95.00".to_owned()), json!("excellent")));
        let recognised = OrganisationRevision {
            unit: "SNV".parse().expect("code"),
            year: 2026,
            revision: 1,
            state: "recognised".into(),
            level: Some(Level::Good),
            content: json!({}),
            content_hash: "x".into(),
            author: CHIEF.into(),
            document: Some("9/QĐ-UBND".into()),
            reason: None,
            at: at("2026-12-01T01:00:00Z"),
        };
        store.append_organisation(&recognised, |_, _| Ok::<_, ()>(())).await.expect("kept").expect("judged");
        assert_eq!(level().await, (Some("95.00".to_owned()), json!("good")));
    }
}

#[tokio::test]
async fn half_year_is_the_mean_of_its_recorded_quarters_from_the_day_after_it() {
    let (_folder, store) = one().await;
    let house = at_work(&store, "2026-06-20T01:00:00Z").await;
    house.import(&[(AN, "Nguyễn Văn An")]).await;
    // Of a year without rules nothing is computed, and nothing else waits for it.
    house.history("GL-00001,2025-Q4,60.00,,,\nGL-00001,2026-Q1,80.00,,,").await;
    house.recorded(AN, "2026-Q2", "71.01").await;
    while Score(house.app.clone()).run().await.expect("a run").more {}
    let person = house.person(AN).await;
    let half = || store.score(person, period("2026-H1"), "half_year");
    assert!(half().await.expect("read").is_none(), "it is not over");
    let later = house.later("2026-07-01T01:00:00Z");
    while Score(later.app.clone()).run().await.expect("a run").more {}
    let found = half().await.expect("read").expect("the half-year");
    assert_eq!(found.total.as_deref(), Some("75.51"), "75.505, rounded once");
}
