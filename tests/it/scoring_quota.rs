//! Random groups of people with similar tasks against the independent calculator: how many of them may be Excellent, who
//! they would be by score, and whether a period has a quota (Decree 335/2025 art. 20.5). The seed is printed.

use crate::support::calculator::{Set, cases, compare, rules_of};
use crate::support::dice::Dice;
use lienthong::domain::{Exact, Level, Period};
use lienthong::scoring::quota::{Candidate, looks_at, quota};
use serde_json::{Value, json};

pub fn switches() -> Value {
    json!({
        "quota_base": ["good", "good_or_better"],
        "quota_percent": [20, 25],
        "quota_small_group": ["none", "at_least_one"],
        "quota_on_quarters": [true, false],
    })
}

/// A group of few or many, with scores that several share and levels that something else lowered.
fn random(dice: &mut Dice, rules: Value) -> Value {
    let size = if dice.roll(2) == 0 { dice.roll(7) } else { dice.roll(60) };
    let many_fail = dice.roll(3) == 0;
    let candidates: Vec<Value> = (0..size)
        .map(|number| {
            let whole = if many_fail && dice.roll(2) == 0 {
                dice.pick(&["40", "49", "55"])
            } else {
                dice.pick(&["97", "92", "91", "90", "89", "75", "70", "69"])
            };
            let score = format!("{whole}.{}", dice.pick(&["0", "0", "25", "5", "999"]));
            let level = Level::of_score(&score.parse::<Exact>().expect("score"));
            let lowered = if dice.roll(9) == 0 { Level::NotCompleted } else { level };
            json!({ "person": format!("GL-{number:05}"), "score": score, "level": lowered.as_str() })
        })
        .collect();
    let period = dice.pick(&["2026", "2026", "2026-H1", "2026-Q3", "2026-M05"]);
    // Some of a group may have no level yet.
    let everybody = candidates.len() + dice.pick(&[&0, &0, &1, &9]);
    json!({ "period": period, "rule_set": rules, "everybody": everybody, "candidates": candidates })
}

fn ours(case: &Value) -> Option<Value> {
    let rules = rules_of(case)?;
    let period: Period = serde_json::from_value(case["period"].clone()).expect("period");
    if !looks_at(period, &rules) {
        return Some(json!({ "none": true }));
    }
    let text = |one: &Value, key: &str| one[key].as_str().expect("text").to_owned();
    let candidate = |one: &Value| Candidate {
        person: text(one, "person"),
        score: text(one, "score").parse().expect("score"),
        level: Level::parse(&text(one, "level")).expect("level"),
    };
    let people: Vec<Candidate> =
        case["candidates"].as_array().expect("people").iter().map(candidate).collect();
    let everybody = case["everybody"].as_u64().expect("a number");
    let found = quota(everybody, &people, &rules);
    Some(json!({
        "people": everybody, "good_or_better": found.good_or_better, "proposed": found.proposed,
        "allowed": found.allowed, "within": found.within, "tied": found.tied, "beyond": found.beyond,
    }))
}

#[test]
fn random_cases_equal_the_quotas_of_the_independent_calculator() {
    let (mut none, mut tied, mut beyond) = (0, 0, 0);
    compare(&Set { seed: 205, switches, random, ours }, |_, answer| {
        let some = |list: &str| answer[list].as_array().is_some_and(|list| !list.is_empty());
        none += usize::from(answer["none"] == true);
        tied += usize::from(some("tied"));
        beyond += usize::from(some("beyond"));
    });
    assert!([none, tied, beyond].iter().all(|of| of * 20 > cases()), "{none}, {tied}, {beyond}");
}
