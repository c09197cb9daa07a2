//! Random approvals against the independent calculator: until when a result must have been sent, by calendar and working
//! days of calendars with holidays, and which limit binds (Decree 335/2025 art. 26.1.d). The seed is printed.

use crate::support::calculator::{Set, cases, compare, rules_of};
use crate::support::dice::Dice;
use chrono::NaiveDate;
use lienthong::delivery::deadline::{binding, deadlines};
use lienthong::domain::{RuleSet, WorkingCalendar};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub fn switches() -> Value {
    let limit = |name: &str, days: u32, count: &str, weight: &str| json!({ "name": name, "days": days, "count": count, "weight": weight, "from": "approval" });
    let default = serde_json::to_value(RuleSet::default().sync_deadline).expect("json");
    json!({
        "sync_deadline": [
            default,
            [limit("1 day", 1, "working", "warning")],
            [limit("at once", 0, "working", "deadline"), limit("later", 10, "working", "deadline")],
            [limit("a year", 365, "calendar", "deadline"), limit("a month", 22, "working", "warning")],
            [limit("b", 7, "calendar", "warning"), limit("a", 5, "working", "warning")],
        ],
    })
}

fn random(dice: &mut Dice, rules: Value) -> Value {
    let day = |dice: &mut Dice| format!("2026-{:02}-{:02}", 1 + dice.roll(12), 1 + dice.roll(28));
    let start = format!("{}T{:02}:{:02}:00Z", day(dice), dice.roll(24), dice.roll(60));
    let holidays: Vec<String> = (0..dice.roll(40)).map(|_| day(dice)).collect();
    let weekends: Vec<String> = (0..dice.roll(20)).map(|_| day(dice)).collect();
    json!({ "rule_set": rules, "start": start, "holidays": holidays, "working_weekends": weekends })
}

fn ours(case: &Value) -> Option<Value> {
    let rules = rules_of(case)?;
    let days = |key: &str| -> Vec<NaiveDate> { serde_json::from_value(case[key].clone()).expect("days") };
    let calendar = WorkingCalendar::new(days("holidays"), days("working_weekends"));
    let start = case["start"].as_str().expect("an instant").parse().expect("instant");
    let limits = deadlines(start, &rules.sync_deadline, &calendar);
    let shown: Vec<Value> = limits
        .iter()
        .map(|limit| json!([limit.at.format("%Y-%m-%dT%H:%M:%SZ").to_string(), limit.name, limit.weight]))
        .collect();
    Some(json!({ "limits": shown, "binding": binding(&limits)?.name }))
}

#[test]
fn random_cases_equal_the_deadlines_of_the_independent_calculator() {
    let mut seen = BTreeSet::new();
    compare(&Set { seed: 261, switches, random, ours }, |_, answer| {
        seen.insert(answer["limits"][0][0].as_str().expect("an instant").to_owned());
    });
    assert!(seen.len() * 50 > cases().min(10_000), "{} different ends", seen.len());
}
