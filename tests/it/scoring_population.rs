//! Random provinces against the independent calculator: who is evaluated, whose results make a leader's d and for whom a
//! leader answers on which days (Decree 335/2025 art. 2, 15.3–4, 27–28; plan IV.1, V.1.e). The seed is printed.

use crate::support::calculator::{Set, cases, compare, rules_of};
use crate::support::dice::Dice;
use chrono::{Days, NaiveDate};
use lienthong::directory::{Directory, Known};
use lienthong::domain::rules::{DPopulation, TransferPolicy};
use lienthong::domain::{Charge, Leadership, Membership, Period, PersonId, StaffNumber, Unit, UnitCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

const QUARTER: &str = "2026-Q4";
/// A unit, its kind and the one above it.
const UNITS: [(&str, &str, Option<&str>); 7] = [
    ("TINH", "province", None),
    ("SNV", "department", Some("TINH")),
    ("P1", "division", Some("SNV")),
    ("P2", "division", Some("SNV")),
    ("P3", "division", Some("P1")),
    ("XA", "commune", Some("TINH")),
    ("X1", "division", Some("XA")),
];

pub fn switches() -> Value {
    json!({
        "population_filter.commune_leaders": [true, false],
        "population_filter.contract_workers": [true, false],
        "population_filter.administrators": [true, false],
        "population_filter.province_leaders": [true, false],
        "d_population": ["direct", "whole_subtree"],
        "transfer_policy": ["unit_at_end", "split_by_effective_date"],
    })
}

fn some_day(dice: &mut Dice) -> NaiveDate {
    "2026-10-01".parse::<NaiveDate>().expect("day") + Days::new(1 + dice.roll(85))
}

/// A post of a deputy names units of the same agency and people on its staff who stay there.
fn post(dice: &mut Dice, (unit, role): (&str, &str), from: NaiveDate, to: Option<NaiveDate>) -> Value {
    let offered: &[&str] = match unit {
        "SNV" => &["P1", "P2", "P3", "GL-00001", "GL-00002"],
        "P1" => &["P3"],
        "XA" => &["X1", "GL-00003"],
        _ => &[],
    };
    let leads: Vec<&str> = if role == "deputy" {
        offered.iter().copied().filter(|_| dice.roll(3) == 0).collect()
    } else {
        Vec::new()
    };
    json!({ "unit": unit, "role": role, "from": from, "to": to, "leads": leads })
}

fn random(dice: &mut Dice, rules: Value) -> Value {
    let long_ago: NaiveDate = "2026-01-01".parse().expect("day");
    let mut people = Map::new();
    // Who may be named stays where they are.
    for (number, unit) in [(1, "P2"), (2, "SNV"), (3, "X1")] {
        let role = dice.pick(&["staff", "contract", "administrator"]);
        let posts = [post(dice, (unit, role), long_ago, None)];
        people.insert(format!("GL-{number:05}"), json!({ "posts": posts }));
    }
    for number in 4..10 + dice.roll(6) {
        let one = |dice: &mut Dice| {
            let roles = ["head", "head", "deputy", "deputy", "staff", "staff", "contract", "administrator"];
            let unit = UNITS[dice.place(UNITS.len())].0;
            (unit, dice.pick(&roles))
        };
        let (before, after, on) = (one(dice), one(dice), some_day(dice));
        let again = on + Days::new(2 + dice.roll(3));
        let posts = match dice.roll(6) {
            // Comes, leaves, moves within the quarter; leaves and comes back elsewhere.
            0 => vec![post(dice, after, on, None)],
            1 => vec![post(dice, before, long_ago, Some(on))],
            2 => vec![post(dice, before, long_ago, on.pred_opt()), post(dice, after, on, None)],
            3 => vec![post(dice, before, long_ago, Some(on)), post(dice, after, again, None)],
            _ => vec![post(dice, after, long_ago, None)],
        };
        people.insert(format!("GL-{number:05}"), json!({ "posts": posts }));
    }
    let units: Map<String, Value> =
        UNITS.iter().map(|(code, _, above)| ((*code).to_owned(), json!(above))).collect();
    let kinds: Map<String, Value> =
        UNITS.iter().map(|(code, kind, _)| ((*code).to_owned(), json!(kind))).collect();
    json!({ "period": QUARTER, "rule_set": rules, "people": people, "units": units, "kinds": kinds })
}

/// The province as the directory holds it, with everybody's id.
fn directory(case: &Value) -> (Directory, BTreeMap<String, PersonId>) {
    let code = |text: &str| UnitCode::new(text).expect("code");
    let of = |text: &Value| text.as_str().map(code);
    let units = case["units"].as_object().expect("units").iter().map(|(name, above)| Unit {
        code: code(name),
        name: name.clone(),
        kind: serde_json::from_value(case["kinds"][name].clone()).expect("kind"),
        parent: of(above),
        org_code: None,
    });
    let people = case["people"].as_object().expect("people");
    let ids: BTreeMap<String, PersonId> =
        people.keys().zip(1..).map(|(name, id)| (name.clone(), PersonId(Uuid::from_u128(id)))).collect();
    let known = ids.iter().map(|(name, id)| Known {
        id: *id,
        staff_number: StaffNumber::parse(name).expect("number"),
        citizen_index: None,
        full_name: "Nguyễn Văn An".into(),
    });
    let (mut memberships, mut leaderships) = (Vec::new(), Vec::new());
    for (name, person) in people {
        for post in person["posts"].as_array().expect("posts") {
            let from: NaiveDate = serde_json::from_value(post["from"].clone()).expect("day");
            let to: Option<NaiveDate> = serde_json::from_value(post["to"].clone()).expect("day");
            memberships.push(Membership {
                person: ids[name],
                unit: of(&post["unit"]).expect("a unit"),
                post: String::new(),
                role: serde_json::from_value(post["role"].clone()).expect("role"),
                from,
                to,
            });
            for over in post["leads"].as_array().expect("leads").iter().filter_map(Value::as_str) {
                let over = ids.get(over).map_or_else(|| Charge::Unit(code(over)), |id| Charge::Person(*id));
                leaderships.push(Leadership { leader: ids[name], over, from, to });
            }
        }
    }
    (Directory::new(known.collect(), units.collect(), memberships, leaderships, Vec::new()), ids)
}

fn ours(case: &Value) -> Option<Value> {
    let rules = rules_of(case)?;
    let (population, period) = (rules.population_filter, QUARTER.parse::<Period>().expect("period"));
    let split = rules.transfer_policy == TransferPolicy::SplitByEffectiveDate;
    let (directory, ids) = directory(case);
    let names: BTreeMap<PersonId, &String> = ids.iter().map(|(name, id)| (*id, name)).collect();
    let mut whole = Map::new();
    for (name, id) in &ids {
        let mut one = json!({ "evaluated": directory.is_scored(*id, period, population) });
        if directory.is_leader(*id, period) {
            let looked_at = match rules.d_population {
                DPopulation::Direct => directory.direct_subordinates(*id, period, population),
                DPopulation::WholeSubtree => directory.in_charge(*id, period, population),
            };
            let mut looked_at: Vec<&String> = looked_at.iter().map(|person| names[person]).collect();
            looked_at.sort();
            let charge = directory.charge(*id, period, split, population).into_iter();
            let charge: BTreeMap<&String, Value> = charge
                .map(|(person, mut spans)| {
                    // A unit in charge may lie below another one.
                    spans.sort_unstable();
                    spans.dedup();
                    (names[&person], json!(spans))
                })
                .collect();
            (one["looked_at"], one["charge"]) = (json!(looked_at), json!(charge));
        }
        whole.insert(name.clone(), one);
    }
    Some(Value::Object(whole))
}

#[test]
fn random_cases_equal_the_population_of_the_independent_calculator() {
    let (mut out, mut parted) = (0, 0);
    compare(&Set { seed: 153, switches, random, ours }, |_, answer| {
        let people = answer.as_object().expect("people").values();
        out += people.clone().filter(|one| one["evaluated"] == false).count();
        let spans = people.filter_map(|one| one["charge"].as_object()).flat_map(Map::values);
        parted += spans.filter(|spans| spans[0] != json!(["2026-10-01", "2026-12-31"])).count();
    });
    assert!(out > cases() && parted > cases(), "{out} are not evaluated, {parted} were led for some days");
}
