//! Scoring step by step equals scoring everything anew, bit for bit: a department with head, deputy, divisions and
//! staff lives through random histories (tasks that come, change, are given away; products, shares, decisions, leave,
//! transfers, days that pass), the step runs now and then, and at the end every score of everybody is thrown away and
//! computed from nothing.
//!
//! The number of cases is fixed and each prints its seed.

use crate::score_regimes::{dated_leave, under_rules};
use crate::score_step::{day, settled, verified};
use crate::support::dice::Dice;
use crate::support::installation::{CHIEF, Installed, period, whom};
use crate::support::stores::{both, run_sql};
use lienthong::domain::rules::{
    CarryOver, CoefficientFreeze, DPopulation, LeaderScope, Overlay, PeriodMembership, QuarterMethod,
    TransferPolicy, ZeroDenPolicy,
};
use lienthong::domain::{
    CatalogProduct, CatalogVersion, Charge, Component, DecisionKind, DirectoryImport, Exact, FactKind,
    ImportedPerson, RuleSet, SourceId, StaffNumber, TaskDraft, Unit, UnitCode, UnitKind,
};
use lienthong::ingest;
use lienthong::pipeline::command::{Command, LifeOrder, MappingChoice, ShareEntry};
use lienthong::pipeline::identify::Identify;
use lienthong::pipeline::map::Map;
use lienthong::pipeline::score::Score;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{PageCommit, RunKind, Store, StoreConfig, TaskWrite};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// People below the chief: the deputy in charge of the first division, the divisions' heads, their staff.
const PEOPLE: [(&str, &str, &str); 8] = [
    ("GL-00010", "SNV", "deputy"),
    ("GL-00011", "P1", "head"),
    ("GL-00012", "P2", "head"),
    ("GL-00001", "P1", "staff"),
    ("GL-00002", "P1", "staff"),
    ("GL-00003", "P2", "staff"),
    ("GL-00004", "P2", "staff"),
    ("GL-00005", "P2", "staff"),
];

const QUARTERS: [&str; 2] = ["2026-Q3", "2026-Q4"];

fn unit(code: &str) -> UnitCode {
    UnitCode::new(code).expect("code")
}

fn person((number, place, role): (&str, &str, &str), moves: Option<(&str, &str)>) -> ImportedPerson {
    let role: lienthong::domain::Role = serde_json::from_value(json!(role)).expect("role");
    let held = |place: &str, from: &str, to: Option<chrono::NaiveDate>| {
        (unit(place), "Công chức".to_owned(), role, day(from), to)
    };
    let memberships = match moves {
        Some((to, on)) => vec![held(place, "2026-01-01", day(on).pred_opt()), held(to, on, None)],
        None => vec![held(place, "2026-01-01", None)],
    };
    let named = |number| Charge::Person(StaffNumber::parse(number).expect("number"));
    let leads = if number == "GL-00010" {
        // A division, and one of the other division's staff by name, who may move to the first.
        vec![
            (unit("P1").into(), day("2026-01-01"), None),
            (named("GL-00003"), day("2026-08-10"), Some(day("2026-11-20"))),
        ]
    } else {
        Vec::new()
    };
    ImportedPerson {
        staff_number: StaffNumber::parse(number).expect("number"),
        citizen_id: None,
        full_name: format!("Nguyễn Văn {number}"),
        memberships,
        leads,
        accounts: Vec::new(),
    }
}

async fn settle_in(house: &Installed) {
    let below = |code: &str| Unit {
        code: unit(code),
        name: format!("Phòng {code}"),
        kind: UnitKind::Division,
        parent: Some(unit("SNV")),
        org_code: None,
    };
    let import = DirectoryImport {
        units: vec![below("P1"), below("P2")],
        people: PEOPLE.into_iter().map(|who| person(who, None)).collect(),
    };
    let store = &house.app.store;
    store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
    let products: Vec<CatalogProduct> = [("SP-2", "2.50"), ("SP-3", "0.75")]
        .map(|(code, coefficient)| {
            serde_json::from_value(json!({
                "code": code, "name": format!("Tờ trình {code}"), "field": "", "measure": "", "group": 1,
                "coefficient": coefficient, "synonyms": [], "applies_to": ""
            }))
            .expect("product")
        })
        .into();
    let version = CatalogVersion::new("2026b").expect("version");
    let now = house.app.clock.now();
    store.import_catalog(&version, day("2026-08-01"), &products, &[2], "test", now).await.expect("catalog");
}

/// A task as its source shows it now, for the first time or again.
async fn shown(house: &Installed, dice: &mut Dice, id: &str) {
    let store = &house.app.store;
    let source = SourceId::new("snv").expect("source");
    let known = store.known_hashes(&source, &[id]).await.expect("known").remove(0);
    let held = match known {
        Some((id, _)) => store.load_tasks(&[id]).await.expect("task").pop(),
        None => None,
    };
    let who = PEOPLE[usize::try_from(dice.roll(8)).expect("small")].0;
    let month = 7 + dice.roll(6);
    let due = format!("2026-{month:02}-{:02}", 1 + dice.roll(28));
    let done = (dice.roll(3) > 0)
        .then(|| format!("2026-{:02}-{:02}T03:00:00Z", 7 + dice.roll(5), 1 + dice.roll(28)));
    let status = match (&done, dice.roll(8)) {
        (_, 0) => "cancelled",
        (_, 1) => "returned",
        (Some(_), _) => "done",
        _ => "in_progress",
    };
    let seen = house.app.clock.now();
    let draft: TaskDraft = serde_json::from_value(json!({
        "external_id": id, "title": format!("Tờ trình {id}"), "status": status, "raw_status": status,
        "assignee": { "kind": "staff_number", "value": who }, "assigned_at": "2026-07-01T01:00:00Z",
        "due": if dice.roll(9) == 0 { Value::Null } else { json!({ "day": due, "time": null }) },
        "completed_at": done, "quantity": if dice.roll(4) == 0 { json!("3") } else { Value::Null },
        "product_code": dice.pick(&["SP-1", "SP-2", "SP-3", "LẠ"]), "unplanned": dice.roll(7) == 0, "events": []
    }))
    .expect("draft");
    let applied = ingest::apply(held.as_ref().map(|held| &held.task), draft, seen);
    let run = store.begin_run(&source, RunKind::Incremental, seen).await.expect("run");
    let page = PageCommit {
        source,
        run,
        fetched_at: seen,
        request: "GET /tasks".into(),
        body: None,
        details: None,
        tasks: vec![TaskWrite {
            known_id: held.map(|held| held.id),
            external_id: id.into(),
            hash: [u8::try_from(dice.roll(250)).expect("small"); 16],
            place: None,
            task: applied.task,
            events: applied.events,
        }],
        rejections: Vec::new(),
        evidence: Vec::new(),
        cursor: None,
    };
    store.commit_pages(vec![page]).await.expect("committed");
}

/// One thing that happens.
async fn happens(house: &Installed, dice: &mut Dice) {
    let who = PEOPLE[usize::try_from(dice.roll(8)).expect("small")];
    let which = period(dice.pick(&QUARTERS));
    let id = (100 + dice.roll(30)).to_string();
    let about =
        |kind: fn(String, String, u64) -> DecisionKind, number: u64| kind("snv".into(), id.clone(), number);
    match dice.roll(14) {
        0..=5 => shown(house, dice, &id).await,
        6 => {
            let points: Exact = dice.pick(&["1", "1.5", "2"]).parse().expect("points");
            let items = lienthong::domain::evaluation::GENERAL_ITEMS
                .map(|(item, ..)| (item.to_owned(), points.clone()));
            decide(house, who.0, which, DecisionKind::GeneralCriteria { items: items.into() }).await;
        }
        7 => {
            let component =
                [Component::ImplementationAbility, Component::UnityAbility, Component::UnitResult]
                    [usize::try_from(dice.roll(3)).expect("small")];
            let percent = Exact::integer(if dice.roll(3) == 0 { 50 } else { 100 });
            decide(house, who.0, which, DecisionKind::LeaderComponent { component, percent }).await;
        }
        8 => {
            let kind = match dice.roll(4) {
                0 => about(
                    |source, external_id, n| DecisionKind::QualityFailures {
                        source,
                        external_id,
                        count: u32::try_from(n).expect("small"),
                        reason: "sai nội dung".into(),
                    },
                    dice.roll(4),
                ),
                1 => about(
                    |source, external_id, n| DecisionKind::Lateness {
                        source,
                        external_id,
                        counts: n == 0,
                        reason: "biên bản".into(),
                    },
                    dice.roll(2),
                ),
                2 => about(
                    |source, external_id, n| DecisionKind::Excuse {
                        source,
                        external_id,
                        covers: ["late", "quality"][usize::from(n == 0)].into(),
                        reason: "thiên tai".into(),
                    },
                    dice.roll(2),
                ),
                _ => about(
                    |source, external_id, n| DecisionKind::CompletedQuantity {
                        source,
                        external_id,
                        quantity: Exact::ratio(i64::try_from(n).expect("small"), 2).expect("half"),
                    },
                    dice.roll(3),
                ),
            };
            decide(house, who.0, which, kind).await;
        }
        9 => {
            let month = 7 + dice.roll(6);
            let first = 1 + dice.roll(14);
            let (from, to) =
                (format!("2026-{month:02}-{first:02}"), format!("2026-{month:02}-{:02}", first + 9));
            let fact = if dice.roll(6) == 0 {
                // The whole quarter: no score stays, or none comes about.
                dated_leave(FactKind::MaternityLeave, "2026-10-01", "2026-12-31")
            } else {
                dated_leave(FactKind::SickLeave, &from, &to)
            };
            // Refused where it shares days with another.
            house.order(Command::FactAdd { person: whom(who.0), fact, author: CHIEF.into() }).await;
        }
        10 => {
            // Somebody on the staff goes to the other division, or never went.
            let who = PEOPLE[3 + usize::try_from(dice.roll(5)).expect("small")];
            let to = if who.1 == "P1" { "P2" } else { "P1" };
            let on = format!("2026-{:02}-{:02}", 7 + dice.roll(6), 2 + dice.roll(26));
            let moves = (dice.roll(3) > 0).then_some((to, on.as_str()));
            let import = DirectoryImport { units: Vec::new(), people: vec![person(who, moves)] };
            let store = &house.app.store;
            store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
        }
        11 => {
            // Refused while nobody has told the task.
            let product = MappingChoice::Product(dice.pick(&["SP-1", "SP-2"]).parse().expect("code"));
            let tasks = vec![format!("snv:{id}").parse().expect("task")];
            let (author, reason) = (CHIEF.into(), Some("đúng việc".into()));
            let choice = if dice.roll(4) == 0 { MappingChoice::Outside } else { product };
            let order = Command::MappingDecide { tasks, group: None, choice, author, reason, dry_run: false };
            house.order(order).await;
        }
        12 => {
            let part = |percent: u64| ShareEntry {
                person: Some(whom(who.0)),
                period: None,
                percent: Some(percent.into()),
            };
            let mut parts = vec![part(30 + dice.roll(40))];
            parts.push(ShareEntry { person: Some(whom("GL-00004")), percent: Some(20.into()), ..part(0) });
            let order = Command::MappingShare {
                task: format!("snv:{id}").parse().expect("task"),
                parts: if dice.roll(3) == 0 { Vec::new() } else { parts },
                document: None,
                author: CHIEF.into(),
                reason: "cùng làm".into(),
                dry_run: false,
            };
            // Refused where both parts are one person's, or nobody has told the task.
            house.order(order).await;
        }
        // One run of the step, however far it comes.
        _ => {
            Score(house.app.clone()).run().await.expect("a run");
        }
    }
}

async fn decide(house: &Installed, who: &str, which: lienthong::domain::Period, decision: DecisionKind) {
    let order = Command::CriteriaSet {
        person: whom(who),
        period: which,
        decision,
        document: None,
        author: CHIEF.into(),
    };
    // Refused where it is not for this person: đ and e of somebody on the staff, d where it is computed.
    house.order(order).await;
}

/// What a score is: everything but when it was computed and whether its record was looked at.
type Kept = (String, String, String, Option<String>, Option<String>, Value, Vec<u8>);

async fn kept(store: &Store) -> BTreeMap<(String, String, String), Kept> {
    let mut kept = BTreeMap::new();
    for (person, period, view) in store.scores_held().await.expect("scores") {
        let score = store.score(person, period, &view).await.expect("read").expect("a score");
        // Of somebody who was evaluated before a leave took the whole period stays that they are not: from nothing there
        // is nothing to say.
        let void = score.summary["parts"] == json!({}) && score.summary["missing"] == json!(["worked_share"]);
        if void {
            continue;
        }
        let derivation = store.derivation(person, period, &view).await.expect("read").expect("a derivation");
        let row = (
            format!("{} {} {}", score.unit, score.role, score.as_of),
            score.rule_set_hash,
            score.inputs_hash,
            score.task_part,
            score.total,
            score.summary,
            derivation,
        );
        kept.insert((person.to_string(), period.to_string(), view), row);
    }
    kept
}

/// What the department's year comes to.
async fn organisation(house: &Installed) -> String {
    let mut shown = String::new();
    for code in ["SNV", "P1", "P2"] {
        let order = LifeOrder::OrganisationShow { unit: unit(code), year: 2026 };
        let outcome = house.ordered(Command::Life { order }).await;
        shown.push_str(&serde_json::to_string(&outcome.document).expect("json"));
    }
    shown
}

fn rules(dice: &mut Dice, case: u64) -> RuleSet {
    RuleSet {
        quarter_method: if case.is_multiple_of(3) {
            QuarterMethod::MeanOfMonths
        } else {
            QuarterMethod::Direct
        },
        leader_scope: *dice.pick(&[
            &LeaderScope::PooledSubordinates,
            &LeaderScope::PooledSubordinates,
            &LeaderScope::OwnAndLeadershipProducts,
            &LeaderScope::PositionMultiplier,
        ]),
        position_multipliers: [("head".to_owned(), "1.4".to_owned())].into(),
        local_overlays: if case.is_multiple_of(3) {
            // What speaks of a quarter's tasks is refused by months.
            Vec::new()
        } else {
            vec![Overlay::UnitBelow70HeadNotCompleted, Overlay::UnitBelow70DeputyNotExcellent]
        },
        transfer_policy: if dice.roll(3) == 0 {
            TransferPolicy::UnitAtEnd
        } else {
            TransferPolicy::SplitByEffectiveDate
        },
        d_population: if dice.roll(2) == 0 { DPopulation::Direct } else { DPopulation::WholeSubtree },
        period_membership: if dice.roll(3) == 0 {
            PeriodMembership::AssignedInPeriod
        } else {
            PeriodMembership::DueInPeriod
        },
        coefficient_freeze: if dice.roll(3) == 0 {
            CoefficientFreeze::AtPeriodStart
        } else {
            CoefficientFreeze::AtAssignment
        },
        carry_over: if dice.roll(2) == 0 { CarryOver::CompletedAsExtra } else { CarryOver::None },
        zero_den_policy: ZeroDenPolicy::Full,
        ..RuleSet::default()
    }
}

async fn lives(config: &StoreConfig, store: &Store, case: u64) {
    println!("seed {case}");
    let mut dice = Dice(case);
    let rules = rules(&mut dice, case);
    let mut house = under_rules(store, "2026-09-20T01:00:00Z", rules.clone()).await;
    settle_in(&house).await;
    let map = |house: &Installed| Map::new(house.app.clone());
    let mut mapping = map(&house);
    for quarter in QUARTERS {
        store.judge_anew(&[], &[period(quarter)]).await.expect("marked");
    }
    let mut today = day("2026-09-20");
    for step in 0..60 {
        happens(&house, &mut dice).await;
        while Identify(house.app.clone()).run().await.expect("identified").more {}
        while mapping.run().await.expect("mapped").more {}
        if step % 20 == 19 {
            today = today + chrono::Days::new(1 + dice.roll(35));
            house = house.later(&format!("{today}T01:00:00Z"));
            mapping = map(&house);
        }
        if dice.roll(6) == 0 {
            settled(&house).await;
        }
    }
    settled(&house).await;
    assert!(store.scores_due_by(house.app.clock.today(), 10).await.expect("due").is_empty());
    let (codes, told) = verified(&house).await;
    assert!(codes.is_empty(), "seed {case}: {codes:?} {told:?}");
    let (step_by_step, organisations) = (kept(store).await, organisation(&house).await);
    assert!(step_by_step.len() >= 2 * (PEOPLE.len() + 1), "{}", step_by_step.len());
    run_sql(config, "DELETE FROM score").await;
    if matches!(config, StoreConfig::Sqlite(_)) {
        // Not from what was kept in short while all this happened.
        run_sql(config, "UPDATE person_tasks SET body = NULL").await;
    }
    for quarter in QUARTERS {
        store.judge_anew(&[], &[period(quarter)]).await.expect("marked");
    }
    settled(&house).await;
    let anew = kept(store).await;
    for (of, row) in &anew {
        assert_eq!(step_by_step.get(of).map(|held| &held.2), Some(&row.2), "seed {case}: inputs of {of:?}");
        assert_eq!(step_by_step.get(of), Some(row), "seed {case}: {of:?}");
    }
    for (of, (_, _, _, task_part, total, ..)) in step_by_step.iter().filter(|(of, _)| !anew.contains_key(*of))
    {
        assert_eq!((task_part, total), (&None, &None), "seed {case}: {of:?} is held and no longer computed");
    }
    assert_eq!(organisation(&house).await, organisations, "seed {case}");
}

#[tokio::test]
async fn scores_kept_step_by_step_equal_all_of_them_computed_from_nothing() {
    for case in 1..=6 {
        let both = both().await;
        // Mostly on the file, which is faster to empty.
        let of = usize::from(case == 6);
        lives(&both.configs()[of], &both.stores[of], case).await;
    }
}
