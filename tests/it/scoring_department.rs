//! Random departments against the independent calculator, through the scoring step: who answers for whom on which days,
//! whose results make d, which catalog's coefficients count, and the quota of Excellent. The seed is printed.

use crate::score_step::{derivation, governed_by, settled, verified};
use crate::support::calculator::{answers, cases};
use crate::support::dice::Dice;
use crate::support::installation::{CHIEF, Installed, Targets, at, period, whom};
use crate::support::stores::one;
use crate::support::task::{mapped, shown};
use lienthong::domain::evaluation::GENERAL_ITEMS;
use lienthong::domain::{CatalogProduct, CatalogVersion, Component, DecisionKind, Exact, RuleSet};
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, InputFile};
use lienthong::pipeline::score::FULL_PERIOD;
use lienthong::store::Store;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const NOW: &str = "2027-01-05T01:00:00Z";
const QUARTER: &str = "2026-Q4";
/// Every department is scored under sixteen rule sets.
const CASES_A_DEPARTMENT: usize = 2_000;
/// Of these every mixture is made.
const MIXED: [&str; 4] = ["d_population", "transfer_policy", "coefficient_freeze", "d_unscored"];
const HEADS: [(&str, &str); 3] = [("GL-00011", "P1"), ("GL-00012", "P2"), ("GL-00013", "P3")];
const DEPUTY: &str = "GL-00020";
const STAFF: [&str; 5] = ["GL-00001", "GL-00002", "GL-00003", "GL-00004", "GL-00005"];
const PARTS: [&str; 6] = ["a", "b", "c", "d", "dd", "e"];

/// A day of the quarter but its first.
fn some_day(dice: &mut Dice) -> chrono::NaiveDate {
    "2026-10-01".parse::<chrono::NaiveDate>().expect("day") + chrono::Days::new(1 + dice.roll(85))
}

fn post(unit: &str, role: &str, from: &str, to: Option<chrono::NaiveDate>, leads: &[&str]) -> Value {
    json!({ "unit": unit, "role": role, "from": from, "to": to.map(|day| day.to_string()), "leads": leads })
}

/// Posts of somebody who may change unit or role within the quarter.
fn posts(dice: &mut Dice, before: (&str, &str), after: (&str, &str), moves: bool) -> Vec<Value> {
    if !moves {
        return vec![post(after.0, after.1, "2026-01-01", None, &[])];
    }
    let on = some_day(dice);
    vec![
        post(before.0, before.1, "2026-01-01", on.pred_opt(), &[]),
        post(after.0, after.1, &on.to_string(), None, &[]),
    ]
}

/// A department with divisions one below another, its people and their tasks, as the calculator reads it.
fn department(dice: &mut Dice) -> Value {
    let mut people = Map::new();
    let mut add = |number: &str, posts: Vec<Value>, dice: &mut Dice| {
        let tasks: Vec<Value> = (0..dice.roll(5))
            .map(|id| {
                let due = some_day(dice);
                let done = due + chrono::Days::new(dice.roll(5));
                let last: chrono::NaiveDate = "2026-12-31".parse().expect("day");
                let is_done = dice.roll(4) > 0;
                json!({
                    "id": format!("{number}-{id}"), "product": dice.pick(&["SP-1", "SP-2", "SP-3"]),
                    "k": dice.pick(&["1", "1.5", "2.7"]), "due": due.to_string(),
                    "done": is_done.then(|| done.min(last).to_string()),
                })
            })
            .collect();
        let each = dice.pick(&["0.5", "1", "2", "2.5"]);
        let ten: Exact = &each.parse::<Exact>().expect("points") * &Exact::integer(10);
        let components = json!({
            "implementation_ability": dice.pick(&["50", "100"]), "unity_ability": dice.pick(&["50", "100"])
        });
        let person = json!({
            "posts": posts, "tasks": tasks, "each": each, "criteria": ten.to_text(), "components": components
        });
        people.insert(number.to_owned(), person);
    };
    let chief = CHIEF.split_once(' ').expect("number and name").0;
    add(chief, vec![post("SNV", "head", "2026-01-01", None, &[])], dice);
    for (number, unit) in HEADS {
        // Some are appointed within the quarter, out of the staff of their own division.
        let appointed = dice.roll(3) == 0;
        let posts = posts(dice, (unit, "staff"), (unit, "head"), appointed);
        add(number, posts, dice);
    }
    let leads: &[&str] = match dice.roll(5) {
        0 => &[],
        1 => &["P2"],
        2 => &["P1"],
        3 => &["GL-00001", "GL-00003"],
        _ => &["P3", "GL-00002"],
    };
    add(DEPUTY, vec![post("SNV", "deputy", "2026-01-01", None, leads)], dice);
    for number in STAFF {
        let units = ["SNV", "P1", "P2", "P3"];
        let (before, after) = (dice.pick(&units).to_owned(), dice.pick(&units).to_owned());
        let moves = before != after && dice.roll(2) == 0;
        let posts = posts(dice, (&before, "staff"), (&after, "staff"), moves);
        add(number, posts, dice);
    }
    let catalog = |dice: &mut Dice, from: &str| {
        let products = json!({ "SP-1": dice.pick(&["1.2", "3"]), "SP-2": dice.pick(&["0.8", "2"]) });
        json!({ "valid_from": from, "products": products })
    };
    // One that begins after the quarter's first day governs nothing in it.
    let first = dice.pick(&["2026-01-01", "2026-10-01", "2026-10-02"]).to_owned();
    let catalogs = [catalog(dice, &first), catalog(dice, "2026-11-01")];
    json!({
        "period": QUARTER, "people": people, "catalogs": catalogs,
        "units": { "SNV": null, "P1": "SNV", "P2": "SNV", "P3": "P1" },
    })
}

/// The department put into an installation as people and sources would.
async fn installed(store: &Store, told: &Value) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", NOW);
    for (name, catalog) in ["2026", "2026-11"].into_iter().zip(told["catalogs"].as_array().expect("catalogs"))
    {
        let products: Vec<CatalogProduct> = catalog["products"]
            .as_object()
            .expect("products")
            .iter()
            .map(|(code, k)| {
                serde_json::from_value(json!({
                    "code": code, "name": code, "field": "", "measure": "", "group": 1, "coefficient": k,
                    "synonyms": [], "applies_to": ""
                }))
                .expect("product")
            })
            .collect();
        let from = catalog["valid_from"].as_str().expect("a day").parse().expect("day");
        let version = CatalogVersion::new(name).expect("version");
        store.import_catalog(&version, from, &products, &[1], "test", at(NOW)).await.expect("catalog");
    }
    house.import(&[]).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let people = told["people"].as_object().expect("people");
    let mut rows = String::from("staff_number,full_name,unit,role,from,to,leads\n");
    for (number, person) in people.iter().filter(|(number, _)| !CHIEF.starts_with(number.as_str())) {
        for post in person["posts"].as_array().expect("posts") {
            let leads: Vec<String> = post["leads"].as_array().expect("leads").iter().map(text).collect();
            let [unit, role, from, to] = ["unit", "role", "from", "to"].map(|key| text(&post[key]));
            rows.push_str(&format!(
                "{number},Người {number},{unit},{role},{from},{to},{}\n",
                leads.join("|")
            ));
        }
    }
    let file = |name: &str, text: String| InputFile { name: name.into(), bytes: text.into_bytes() };
    let units =
        "code,name,kind,parent\nP1,Phòng Một,division,SNV\nP2,Phòng Hai,division,SNV\nP3,Tổ Ba,division,P1\n";
    house
        .ordered(Command::PeopleImport {
            people: file("nhan-su.csv", rows),
            units: Some(file("don-vi.csv", units.to_owned())),
            author: CHIEF.into(),
            dry_run: false,
        })
        .await;
    for (number, person) in people {
        for task in person["tasks"].as_array().expect("tasks") {
            let done = task["done"].as_str().map(|day| format!("{day}T03:00:00Z"));
            let said = json!({
                "external_id": task["id"], "assignee": { "kind": "staff_number", "value": number },
                "assigned_at": "2026-09-20T01:00:00Z", "due": { "day": task["due"], "time": null }, "completed_at": done
            });
            let id = shown(&house, said).await;
            let (product, k) = (text(&task["product"]), text(&task["k"]));
            mapped(&house, id, &product, &k, (number, period(QUARTER))).await;
        }
        let each: Exact = text(&person["each"]).parse().expect("points");
        let items = GENERAL_ITEMS.map(|(item, ..)| (item.to_owned(), each.clone()));
        let mut decisions = vec![DecisionKind::GeneralCriteria { items: items.into() }];
        let last = person["posts"].as_array().and_then(|posts| posts.last()).expect("a post");
        if matches!(last["role"].as_str(), Some("head" | "deputy")) {
            for (component, key) in [
                (Component::ImplementationAbility, "implementation_ability"),
                (Component::UnityAbility, "unity_ability"),
            ] {
                let percent = text(&person["components"][key]).parse().expect("percent");
                decisions.push(DecisionKind::LeaderComponent { component, percent });
            }
        }
        for decision in decisions {
            let order = Command::CriteriaSet {
                person: whom(number),
                period: period(QUARTER),
                decision,
                document: Some("12/QĐ-UBND".into()),
                author: "UBND tỉnh".into(),
            };
            house.ordered(order).await;
        }
    }
    house
}

pub fn switches() -> Value {
    json!({
        "d_population": ["direct", "whole_subtree"],
        "transfer_policy": ["split_by_effective_date", "unit_at_end"],
        "coefficient_freeze": ["at_assignment", "at_period_start"],
        "d_unscored": ["block", "exclude_and_list"],
        "quota_base": ["good", "good_or_better"],
        "quota_percent": [20, 25],
        "quota_small_group": ["none", "at_least_one"],
        "quota_on_quarters": [true, false],
    })
}

/// Every mixture of the first four switches, each with the place of what it differs from the first one in; those of the
/// quota are drawn.
fn mixtures(dice: &mut Dice) -> Vec<Value> {
    let switches = switches();
    let mixture = |number: usize, dice: &mut Dice| {
        let mut rules = serde_json::to_value(RuleSet::default()).expect("json");
        for (switch, values) in switches.as_object().expect("an object") {
            let place = MIXED.iter().position(|mixed| mixed == switch);
            let at = place.map_or_else(|| dice.place(2), |bit| (number >> bit) & 1);
            rules[switch] = values[at].clone();
        }
        rules
    };
    (0..16).map(|number| mixture(number, dice)).collect()
}

/// The table of `score quota` of the quarter as the calculator tells it; none where the order is refused.
async fn quota(house: &Installed) -> Value {
    let outcome = house.order(Command::ScoreQuota { period: period(QUARTER), unit: None }).await;
    if outcome.findings.iter().any(|finding| finding.code == "LT-SCO-026") {
        return Value::Null;
    }
    assert_eq!(outcome.exit, 0, "{:?}", outcome.findings);
    let table = outcome.document.to_json(Lang::En);
    let list = |row: &Value, key: &str| -> Vec<String> {
        let text = row[key].as_str().expect("text").split(", ");
        text.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let row = |row: &Value| {
        json!({
            "group": row["group"], "people": row["people"], "good_or_better": row["good_or_better"],
            "proposed": row["proposed"], "allowed": row["allowed"], "within": list(row, "within"),
            "tied": list(row, "tied"), "beyond": list(row, "beyond"),
        })
    };
    table.as_array().expect("rows").iter().map(row).collect()
}

#[tokio::test]
async fn random_cases_equal_the_departments_of_the_independent_calculator() {
    let seed = 335;
    let departments = cases().div_ceil(CASES_A_DEPARTMENT).max(5);
    println!("seed {seed}, {departments} departments under sixteen rule sets each");
    let mut dice = Dice(seed);
    let (mut moved, mut quotas, mut refused) = ([0_u32; 4], 0, 0);
    for number in 0..departments {
        let told = department(&mut dice);
        let sets = mixtures(&mut dice);
        let of_rules = |rules: &Value| {
            let mut case = told.clone();
            case["rule_set"] = rules.clone();
            case
        };
        let expected = answers(&sets.iter().map(of_rules).collect::<Vec<Value>>());
        for (bit, moved) in moved.iter_mut().enumerate() {
            let people = |one: usize| &expected[one]["people"];
            *moved += u32::from((0..16_usize).any(|one| people(one) != people(one ^ (1 << bit))));
        }
        let (_folder, store) = one().await;
        let house = installed(&store, &told).await;
        for (rules, answer) in sets.iter().zip(&expected) {
            let set: RuleSet = serde_json::from_value(rules.clone()).expect("a rule set");
            let house = governed_by(&house, NOW, set).await;
            settled(&house).await;
            assert_eq!(quota(&house).await, answer["quota"], "department {number}: {told} {rules}");
            refused += usize::from(answer["quota"].is_null());
            quotas += answer["quota"].as_array().map_or(0, Vec::len);
            for (person, wanted) in answer["people"].as_object().expect("people") {
                let found =
                    derivation(&house, house.person(person).await, period(QUARTER), FULL_PERIOD).await;
                let printed = |part: &str| found["components"].get(part).map(|part| part["printed"].clone());
                let parts = wanted["printed_parts"].as_array().expect("parts");
                let ours: Vec<Value> =
                    PARTS.iter().take(parts.len()).map(|part| printed(part).into()).collect();
                assert_eq!(&ours, parts, "department {number}, {person}: {told} {rules}");
                let exact = |value: &Value| value.as_str().map(|text| text.parse::<Exact>().expect("exact"));
                assert_eq!(
                    exact(&found["total"]["exact"]),
                    exact(&wanted["total"]),
                    "{person}: {told} {rules}"
                );
                assert_eq!(found["level"], wanted["level"], "{person}");
            }
        }
        let (codes, why) = verified(&house).await;
        assert!(codes.is_empty(), "{codes:?} {why:?}");
    }
    let moved: BTreeMap<&str, u32> = MIXED.into_iter().zip(moved).collect();
    assert!(moved.values().all(|departments| *departments > 0), "every switch moves somebody: {moved:?}");
    assert!(refused > 0 && quotas > refused, "{quotas} groups, {refused} quarters without a quota");
}
