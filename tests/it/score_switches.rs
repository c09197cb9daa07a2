//! Switches whose figures follow from who leads whom, where a task stands and when its parts are due, through the scoring
//! step on both databases. Every figure is computed by hand from the decree's formulas, beside its assertion.

use crate::score_step::{AN, day, derivation, governed_by, settled, verified};
use crate::support::installation::{CHIEF, Installed, Targets, at, period, whom};
use crate::support::stores::both;
use crate::support::task::{mapped, shown as put};
use lienthong::domain::evaluation::GENERAL_ITEMS;
use lienthong::domain::rules::{
    CoefficientFreeze, DPopulation, LeaderScope, Overlay, PeriodMembership, TransferPolicy,
};
use lienthong::domain::{CatalogProduct, CatalogVersion, Component, DecisionKind, Exact, RuleSet};
use lienthong::pipeline::command::{Command, InputFile, ShareEntry};
use lienthong::pipeline::score::FULL_PERIOD;
use lienthong::store::Store;
use serde_json::{Value, json};

const HEAD_1: &str = "GL-00011";
const HEAD_2: &str = "GL-00012";
const DEPUTY: &str = "GL-00010";
const NOW: &str = "2026-12-20T01:00:00Z";

/// A department with two divisions, their heads, a deputy in charge of An by name, and An in the first division, who goes
/// to the second where a day is named. The catalog holds from a day on.
async fn house(store: &Store, rules: RuleSet, catalog_from: &str, moves_on: Option<&str>) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", NOW);
    let product = |code: &str, k: &str, kind: &str| -> CatalogProduct {
        serde_json::from_value(json!({
            "code": code, "name": code, "field": "", "measure": "", "group": 1, "coefficient": k, "kind": kind,
            "synonyms": [], "applies_to": ""
        }))
        .expect("product")
    };
    let products = [product("SP-1", "1.2", "work"), product("QL-1", "2", "leadership")];
    let version = CatalogVersion::new("2026").expect("version");
    store
        .import_catalog(&version, day(catalog_from), &products, &[1], "test", at(NOW))
        .await
        .expect("catalog");
    house.import(&[]).await;
    let file = |name: &str, text: String| InputFile { name: name.into(), bytes: text.into_bytes() };
    let of_an = match moves_on {
        Some(on) => {
            let before = day(on).pred_opt().expect("a day");
            format!("{AN},An,P1,staff,2026-01-01,{before},\n{AN},An,P2,staff,{on},,")
        }
        None => format!("{AN},An,P1,staff,2026-01-01,,"),
    };
    let people = format!(
        "staff_number,full_name,unit,role,from,to,leads\n{HEAD_1},Một,P1,head,2026-01-01,,\n\
         {HEAD_2},Hai,P2,head,2026-01-01,,\n{DEPUTY},Phó,SNV,deputy,2026-01-01,,{AN}\n{of_an}\n"
    );
    house
        .ordered(Command::PeopleImport {
            people: file("nhan-su.csv", people),
            units: Some(file(
                "don-vi.csv",
                "code,name,kind,parent\nP1,Phòng Một,division,SNV\nP2,Phòng Hai,division,SNV\n".to_owned(),
            )),
            author: CHIEF.into(),
            dry_run: false,
        })
        .await;
    governed_by(&house, NOW, rules).await
}

/// A task of somebody, of a product with its coefficient; `status` none = as the day of completion says.
async fn task(
    house: &Installed,
    (who, id): (&str, &str),
    (product, k): (&str, &str),
    (due, done): (&str, Option<&str>),
    status: Option<&str>,
) {
    let mut said = json!({
        "external_id": id, "assignee": { "kind": "staff_number", "value": who },
        "due": { "day": due, "time": null }, "completed_at": done
    });
    if let Some(status) = status {
        said["status"] = json!(status);
    }
    let id = put(house, said).await;
    mapped(house, id, product, k, (who, period("2026-Q4"))).await;
}

const REPORT: (&str, &str) = ("SP-1", "1.2");
const DONE: (&str, Option<&str>) = ("2026-11-10", Some("2026-11-09T03:00:00Z"));
const OPEN: (&str, Option<&str>) = ("2026-11-20", None);

async fn of(house: &Installed, who: &str) -> Value {
    derivation(house, house.person(who).await, period("2026-Q4"), FULL_PERIOD).await
}

fn percent<'a>(found: &'a Value, part: &str) -> &'a Value {
    &found["components"][part]["printed"]
}

/// All 30 points, and đ and e of whoever leads.
async fn decide(house: &Installed, who: &str, leads: bool) {
    let items = GENERAL_ITEMS.map(|(item, most, parts)| {
        (item.to_owned(), Exact::ratio(most.into(), parts.into()).expect("points"))
    });
    let mut all = vec![DecisionKind::GeneralCriteria { items: items.into() }];
    let parts = [Component::ImplementationAbility, Component::UnityAbility];
    all.extend(
        parts
            .into_iter()
            .filter(|_| leads)
            .map(|component| DecisionKind::LeaderComponent { component, percent: Exact::integer(100) }),
    );
    for decision in all {
        let (person, author) = (whom(who), CHIEF.to_owned());
        // The head of the first division scores An.
        let author = if who == AN { format!("{HEAD_1} Một") } else { author };
        let order =
            Command::CriteriaSet { person, period: period("2026-Q4"), decision, document: None, author };
        house.ordered(order).await;
    }
}

async fn proven(house: &Installed) {
    let (codes, told) = verified(house).await;
    assert!(codes.is_empty(), "{codes:?} {told:?}");
}

#[tokio::test]
async fn cancelled_task_stays_assigned_where_the_rule_set_says_so() {
    for cancelled_in_denominator in [false, true] {
        let both = both().await;
        for store in &both.stores {
            let rules = RuleSet { cancelled_in_denominator, ..RuleSet::default() };
            let house = house(store, rules, "2026-01-01", None).await;
            task(&house, (AN, "1"), REPORT, DONE, None).await;
            task(&house, (AN, "2"), REPORT, OPEN, Some("cancelled")).await;
            settled(&house).await;
            let found = of(&house, AN).await;
            // D = Σ k·G: 1.2, or 1.2 + 1.2; a = 1.2 / D.
            let (denominator, a) =
                if cancelled_in_denominator { ("2.4", "50.00") } else { ("1.2", "100.00") };
            assert_eq!((&found["denominator"], percent(&found, "a")), (&json!(denominator), &json!(a)));
            let excluded = found["excluded"].as_array().expect("a list").len();
            assert_eq!(excluded, usize::from(!cancelled_in_denominator), "{}", store.kind());
            proven(&house).await;
        }
    }
}

#[tokio::test]
async fn d_looks_at_those_directly_below_or_at_everybody_below() {
    for (d_population, d) in [(DPopulation::Direct, "100.00"), (DPopulation::WholeSubtree, "50.00")] {
        let both = both().await;
        for store in &both.stores {
            let leader_scope = LeaderScope::OwnAndLeadershipProducts;
            let rules = RuleSet { d_population, leader_scope, ..RuleSet::default() };
            let house = house(store, rules, "2026-01-01", None).await;
            task(&house, (AN, "1"), REPORT, OPEN, None).await;
            for (who, id) in [(HEAD_1, "2"), (HEAD_2, "3"), (DEPUTY, "4")] {
                task(&house, (who, id), REPORT, DONE, None).await;
            }
            for (who, leads) in [(AN, false), (HEAD_1, true), (HEAD_2, true), (DEPUTY, true)] {
                decide(&house, who, leads).await;
            }
            // The second division has nobody on its staff: its head's d is entered.
            let entered = Command::CriteriaSet {
                person: whom(HEAD_2),
                period: period("2026-Q4"),
                decision: DecisionKind::LeaderComponent {
                    component: Component::UnitResult,
                    percent: Exact::integer(100),
                },
                document: None,
                author: CHIEF.into(),
            };
            house.ordered(entered).await;
            settled(&house).await;
            // An: a = b = c = 0, S = 30 + 0. Both heads and the deputy are above 50.
            assert_eq!(of(&house, AN).await["total"]["printed"], json!("30.00"));
            // The first head: d = 50 for An, R = (1 + 1 + 1 + 0.5 + 1 + 1) / 6, S = 30 + 70·R.
            assert_eq!(of(&house, HEAD_1).await["total"]["printed"], json!("94.17"), "{}", store.kind());
            let chief = of(&house, "GL-00990").await;
            assert_eq!((percent(&chief, "d"), &chief["unscored"]), (&json!(d), &json!([])));
            proven(&house).await;
        }
    }
}

#[tokio::test]
async fn leaders_have_their_own_lines_and_leadership_products_or_those_of_everyone_in_charge() {
    // Own: D = 1.2 + 2, a = 1.2 / 3.2. Pooled: with An's open 1.2, D = 4.4, a = 1.2 / 4.4.
    let scopes = [
        (LeaderScope::OwnAndLeadershipProducts, "3.2", "37.50"),
        (LeaderScope::PooledSubordinates, "4.4", "27.27"),
    ];
    for (leader_scope, denominator, a) in scopes {
        let both = both().await;
        for store in &both.stores {
            let rules = RuleSet { leader_scope, ..RuleSet::default() };
            let house = house(store, rules, "2026-01-01", None).await;
            task(&house, (HEAD_1, "1"), REPORT, DONE, None).await;
            task(&house, (HEAD_1, "2"), ("QL-1", "2"), OPEN, None).await;
            task(&house, (AN, "3"), REPORT, OPEN, None).await;
            task(&house, (AN, "4"), ("QL-1", "2"), DONE, None).await;
            settled(&house).await;
            let head = of(&house, HEAD_1).await;
            let figures = (&head["denominator"], percent(&head, "a"));
            assert_eq!(figures, (&json!(denominator), &json!(a)), "{leader_scope:?} {}", store.kind());
            // Leadership work of somebody who does not lead is listed and not counted.
            let an = of(&house, AN).await;
            assert_eq!(an["excluded"][0]["reason"], json!("leadership_product"));
            assert_eq!(an["denominator"], json!("1.2"));
            proven(&house).await;
        }
    }
}

#[tokio::test]
async fn who_was_moved_is_the_old_heads_until_then_or_the_new_heads_for_the_whole_quarter() {
    // An does one report due 10 November and leaves one of 20 November open; on the 15th An moves.
    let policies = [
        (TransferPolicy::SplitByEffectiveDate, Some("100.00"), "0.00"),
        (TransferPolicy::UnitAtEnd, None, "50.00"),
    ];
    for (transfer_policy, old, new) in policies {
        let both = both().await;
        for store in &both.stores {
            let rules = RuleSet { transfer_policy, ..RuleSet::default() };
            let house = house(store, rules, "2026-01-01", Some("2026-11-15")).await;
            task(&house, (AN, "1"), REPORT, DONE, None).await;
            task(&house, (AN, "2"), REPORT, OPEN, None).await;
            settled(&house).await;
            let (before, after) = (of(&house, HEAD_1).await, of(&house, HEAD_2).await);
            let a = |found: &Value| percent(found, "a").as_str().map(str::to_owned);
            let figures = (a(&before), a(&after));
            assert_eq!(
                figures,
                (old.map(str::to_owned), Some(new.to_owned())),
                "{transfer_policy:?} {}",
                store.kind()
            );
            // In charge by name all along: both lines, whatever the policy. a = 1.2 / 2.4.
            assert_eq!(a(&of(&house, DEPUTY).await).as_deref(), Some("50.00"));
            proven(&house).await;
        }
    }
}

#[tokio::test]
async fn product_shared_by_quarters_counts_in_each_with_its_part_due_by_the_quarters_end() {
    for period_membership in [PeriodMembership::ShareAllocated, PeriodMembership::DueInPeriod] {
        let both = both().await;
        for store in &both.stores {
            let rules = RuleSet { period_membership, ..RuleSet::default() };
            let house = house(store, rules, "2026-01-01", None).await;
            task(&house, (AN, "1"), REPORT, ("2026-12-18", Some("2026-12-10T03:00:00Z")), None).await;
            let part = |which: &str, percent: u32| ShareEntry {
                person: None,
                period: Some(period(which)),
                percent: Some(percent.into()),
            };
            let share = Command::MappingShare {
                task: "snv:1".parse().expect("task"),
                parts: vec![part("2026-Q3", 30), part("2026-Q4", 50)],
                document: None,
                author: format!("{HEAD_1} Một"),
                reason: "làm trong hai quý".into(),
                dry_run: false,
            };
            house.ordered(share).await;
            let an = house.person(AN).await;
            let quarters = ["2026-Q3", "2026-Q4"].map(|which| (an, period(which)));
            store.mark_scores_due(&quarters).await.expect("marked");
            settled(&house).await;
            let mut figures = Vec::new();
            for (_, which) in quarters {
                let found = derivation(&house, an, which, FULL_PERIOD).await;
                figures.push((found["denominator"].clone(), found["numerators"]["a"].clone()));
            }
            let figure = |d: &str, a: &str| (json!(d), json!(a));
            // k = 1.2 times 0.3 and 0.5. On 30 September nothing was done; on 10 December all of it.
            let expected = match period_membership {
                PeriodMembership::ShareAllocated => [figure("0.36", "0"), figure("0.6", "0.6")],
                // Both parts together, 80 hundredths, in the quarter it belongs to.
                _ => [figure("0", "0"), figure("0.96", "0.96")],
            };
            assert_eq!(figures, expected, "{period_membership:?} {}", store.kind());
            proven(&house).await;
        }
    }
}

#[tokio::test]
async fn unit_below_seventy_percent_is_judged_by_the_whole_unit_where_lines_are_not_pooled() {
    let overlays = vec![Overlay::UnitBelow70HeadNotCompleted, Overlay::UnitBelow70DeputyNotExcellent];
    // The unit: the leader's done 1.2 and An's two open 1.2: 1.2 of 3.6. Times 2 for leaders: 2.4 of 4.8.
    let multipliers = [("head", "2"), ("deputy", "2")].map(|(role, k)| (role.to_owned(), k.to_owned()));
    let scopes = [
        (LeaderScope::OwnAndLeadershipProducts, "1.2 of 3.6 completed, below 70 %"),
        (LeaderScope::PositionMultiplier, "2.4 of 4.8 completed, below 70 %"),
    ];
    for (leader_scope, because) in scopes {
        let both = both().await;
        for store in &both.stores {
            let rules = RuleSet {
                leader_scope,
                local_overlays: overlays.clone(),
                position_multipliers: multipliers.clone().into(),
                ..RuleSet::default()
            };
            let house = house(store, rules, "2026-01-01", None).await;
            for (who, id) in [(HEAD_1, "1"), (DEPUTY, "2")] {
                task(&house, (who, id), REPORT, DONE, None).await;
                decide(&house, who, true).await;
            }
            for id in ["3", "4"] {
                task(&house, (AN, id), REPORT, OPEN, None).await;
            }
            decide(&house, AN, false).await;
            settled(&house).await;
            // Own lines alone make a, b, c; d is 50 for An's 30. S = 30 + 70·(1 + 1 + 1 + 0.5 + 1 + 1) / 6.
            for (who, level) in [(HEAD_1, "not_completed"), (DEPUTY, "good")] {
                let found = of(&house, who).await;
                assert_eq!(found["total"]["printed"], json!("94.17"), "{who} {leader_scope:?}");
                let ruled = (&found["level"], &found["ruled"][0]["from"], &found["ruled"][0]["because"]);
                let expected = (&json!(level), &json!("excellent"), &json!(because));
                assert_eq!(ruled, expected, "{who} {leader_scope:?} {}", store.kind());
                assert_eq!(found["lines"].as_array().map(Vec::len), Some(1), "none of An's");
            }
            // An does a large one: 1.2 + 12 of 1.2 + 2.4 + 12, times 2 for the leader's own; An is above 50 and d is 100.
            let large = ("2026-11-25", Some("2026-11-24T03:00:00Z"));
            task(&house, (AN, "5"), ("SP-1", "12"), large, None).await;
            settled(&house).await;
            let found = of(&house, HEAD_1).await;
            let judged = (&found["total"]["printed"], &found["level"], found.get("ruled"));
            assert_eq!(judged, (&json!("100.00"), &json!("excellent"), None), "{leader_scope:?}");
            proven(&house).await;
        }
    }
}

#[tokio::test]
async fn without_a_catalog_in_force_at_the_periods_start_k_stays_that_of_the_assignment_and_says_so() {
    for (catalog_from, noted) in [("2026-11-01", true), ("2026-10-01", false)] {
        let both = both().await;
        for store in &both.stores {
            let coefficient_freeze = CoefficientFreeze::AtPeriodStart;
            let rules = RuleSet { coefficient_freeze, ..RuleSet::default() };
            let house = house(store, rules, catalog_from, None).await;
            // Assigned with 3; the catalog of November says 1.2.
            task(&house, (AN, "1"), ("SP-1", "3"), DONE, None).await;
            settled(&house).await;
            let line = of(&house, AN).await["lines"][0].clone();
            let k = if noted { "3" } else { "1.2" };
            assert_eq!(line["coefficient"], json!(k), "{catalog_from} {}", store.kind());
            let notes = line["notes"].to_string();
            assert_eq!(notes.contains("no catalog version in force on 2026-10-01"), noted, "{notes}");
            proven(&house).await;
        }
    }
}
