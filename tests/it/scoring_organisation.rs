//! Random years of organisations against the independent calculator: points by item, the conditions of each level with
//! everything that may be unknown, gaps, and the quota among them (Decree 335/2025 art. 6–8). The seed is printed.

use crate::support::calculator::{Set, compare, rules_of};
use crate::support::dice::Dice;
use lienthong::domain::organisation::{GENERAL, RESULTS, maxima};
use lienthong::domain::{Exact, Level};
use lienthong::scoring::organisation::{
    OrganisationInput, OrganisationTask, TaskShares, quota, score_organisation,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub fn switches() -> Value {
    json!({
        "organisation_points": [
            {},
            { "general.1": "10", "general.2": "10", "general.3": "10", "a": "10", "b": "10", "c": "10", "d": "10",
              "dd": "10", "e": "10", "g": "5", "h": "5" },
            { "general.1": "12.5", "general.2": "7.5", "general.3": "10", "a": "20", "b": "5", "c": "10", "d": "5",
              "dd": "10", "e": "10", "g": "2.25", "h": "7.75" },
        ],
        "quota_percent": [20, 25],
    })
}

/// Points of the items: of a good year or a bad one, at times with an item missing, too high, below nothing or unknown.
fn random_points(dice: &mut Dice, table: &Value) -> Value {
    let shares: &[&str] = match dice.roll(4) {
        0 => &["1", "1", "1", "0.9"],
        1 => &["1", "0.9", "0.75", "0.5"],
        2 => &["0.75", "0.5", "0.6"],
        _ => &["0.5", "0.25", "0"],
    };
    let mut points = Map::new();
    for item in GENERAL.iter().chain(&RESULTS) {
        let most: Exact = table[*item].as_str().unwrap_or("5").parse().expect("points");
        let share: Exact = dice.pick(shares).parse().expect("share");
        points.insert((*item).to_owned(), json!((&most * &share).to_text()));
    }
    match dice.roll(12) {
        0 => drop(points.remove(dice.pick(&["general.2", "dd", "h"]))),
        1 => drop(points.insert("g".to_owned(), json!(dice.pick(&["5.01", "2.26", "-0.5"])))),
        2 => drop(points.insert("z".to_owned(), json!("0"))),
        _ => {}
    }
    Value::Object(points)
}

fn random(dice: &mut Dice, rules: Value) -> Value {
    let points = random_points(dice, &rules["organisation_points"]);
    // One of so many tasks goes wrong.
    let often = [2, 4, 8, 1_000][dice.place(4)];
    let wrong = |dice: &mut Dice| dice.roll(often) == 0;
    let tasks: Vec<Value> = (0..dice.roll(12))
        .map(|_| {
            json!({
                "done": !wrong(dice), "late": wrong(dice), "failed": wrong(dice), "above": dice.roll(2) == 0
            })
        })
        .collect();
    let below = ["excellent", "good", "completed", "good", "good", "good", "not_completed"];
    let subordinates: Vec<Value> = (0..dice.roll(4))
        .map(|_| if dice.roll(12) == 0 { Value::Null } else { json!(dice.pick(&below)) })
        .collect();
    let fixed = [json!(true), json!(true), json!(false), Value::Null][dice.place(4)].clone();
    let found = [json!(false), json!(false), json!(false), json!(true), Value::Null][dice.place(5)].clone();
    json!({
        "rule_set": rules, "points": points, "tasks": tasks, "subordinates": subordinates,
        "defects_fixed": fixed, "wrongdoing": found, "force_majeure": dice.roll(3) == 0, "good": dice.roll(40),
    })
}

fn ours(case: &Value) -> Option<Value> {
    let rules = rules_of(case)?;
    let of = |task: &Value, key: &str| task[key].as_bool().expect("yes or no");
    let task = |task: &Value| OrganisationTask {
        done: of(task, "done"),
        late: of(task, "late"),
        failed: of(task, "failed"),
        above: of(task, "above"),
    };
    let points: BTreeMap<String, Exact> = serde_json::from_value(case["points"].clone()).expect("points");
    let found = score_organisation(&OrganisationInput {
        points,
        maxima: maxima(&rules.organisation_points).unwrap_or_default(),
        tasks: TaskShares::of(case["tasks"].as_array().expect("tasks").iter().map(task)),
        subordinates: case["subordinates"]
            .as_array()
            .expect("levels")
            .iter()
            .map(|level| level.as_str().and_then(Level::parse))
            .collect(),
        defects_fixed: case["defects_fixed"].as_bool(),
        wrongdoing: case["wrongdoing"].as_bool(),
        force_majeure: case["force_majeure"] == true,
    });
    let text = |value: &Option<Exact>| value.as_ref().map(Exact::to_text);
    Some(json!({
        "general": text(&found.general), "result": text(&found.result), "total": text(&found.total),
        "missing": found.missing, "wrong": found.wrong, "conditions": found.conditions,
        "level": found.level.map(Level::as_str), "gap": found.gap,
        "most_excellent": quota(case["good"].as_u64().expect("a number"), rules.quota_percent),
    }))
}

#[test]
fn random_cases_equal_the_organisations_of_the_independent_calculator() {
    let (mut levels, mut gaps) = (BTreeSet::new(), BTreeSet::new());
    compare(&Set { seed: 85, switches, random, ours }, |_, answer| {
        levels.extend(answer["level"].as_str().map(str::to_owned));
        gaps.extend(answer["gap"].as_str().map(str::to_owned));
    });
    assert!(levels.len() == 4 && gaps.len() == 4, "{levels:?}, {gaps:?}");
}
