//! Random years and half-years against the independent calculator: the mean of what is recorded, the rules on the levels
//! of its quarters, and what leave, short service, discipline and the organisation's level make of it. The seed is printed.

use crate::support::calculator::{Set, cases, compare, rules_of, subsets};
use crate::support::dice::Dice;
use chrono::{Days, NaiveDate};
use lienthong::domain::{Exact, Level, Period, Role, RoundingMode, ServiceFact};
use lienthong::scoring::service::{Span, counted_years, has_exempting_leave, worked_in};
use lienthong::scoring::year::{MeanInput, RecordedPart, score_mean};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LEVELS: [&str; 4] = ["excellent", "good", "completed", "not_completed"];

pub fn switches() -> Value {
    json!({
        "year_mean_of": ["recorded", "exact"],
        "rounding.digits": [0, 1, 2, 6],
        "rounding.mode": ["half_up", "half_even"],
        "rounding.classify_on": ["exact", "printed"],
        "local_overlays": subsets(&[
            "quarter_not_completed_no_excellent_year", "two_quarters_not_completed_consider_replacement",
            "year_from_quarter_levels",
        ]),
        "leave_exemption": ["any_leave", "makes_up_six_months"],
    })
}

/// A day from November 2025 to January 2027.
fn some_day(dice: &mut Dice) -> NaiveDate {
    "2025-11-01".parse::<NaiveDate>().expect("day") + Days::new(dice.roll(456))
}

/// Posts one after another: all the year, from a day on, until one, with a gap between two.
fn random_posts(dice: &mut Dice) -> Value {
    let (one, other) = (some_day(dice), some_day(dice));
    match dice.roll(6) {
        0 => json!([[one, null]]),
        1 => json!([["2020-01-01", one]]),
        2 => json!([["2020-01-01", one.min(other)], [one.max(other) + Days::new(1), null]]),
        _ => json!([["2020-01-01", null]]),
    }
}

/// Leave, discipline and conclusions; some of them about one act.
fn random_facts(dice: &mut Dice) -> Vec<Value> {
    let mut facts = Vec::new();
    for _ in 0..dice.roll(3) {
        let from = some_day(dice);
        let to = match dice.roll(6) {
            0 => Value::Null,
            1 => json!(from),
            _ => json!(from + Days::new(dice.roll(250))),
        };
        let kind = dice.pick(&["unpaid_leave", "sick_leave", "maternity_leave"]);
        facts.push(json!({ "kind": kind, "from": from, "to": to, "act": null, "document": "12/QĐ" }));
    }
    if dice.roll(4) == 0 {
        for _ in 0..1 + dice.roll(3) {
            let kind = dice.pick(&["discipline", "discipline_unrelated", "degradation", "corruption_below"]);
            let act = if dice.roll(2) == 0 { json!("vi-pham-1") } else { Value::Null };
            let from = some_day(dice);
            facts.push(json!({ "kind": kind, "from": from, "to": null, "act": act, "document": "12/QĐ" }));
        }
    }
    facts
}

fn random(dice: &mut Dice, rules: Value) -> Value {
    let monthly = dice.roll(2) == 0;
    let half = dice.roll(8) == 0;
    let (mut parts, mut absent) = (Vec::new(), Vec::new());
    for quarter in 1..=if half { 2 } else { 4_u64 } {
        let months = monthly && dice.roll(4) > 0;
        let names: Vec<String> = match (months, dice.roll(6)) {
            (_, 0) if quarter > 1 || dice.roll(9) == 0 => {
                if dice.roll(4) == 0 {
                    absent.push(format!("2026-Q{quarter}"));
                }
                continue;
            }
            (true, _) => (3 * quarter - 2..=3 * quarter).map(|month| format!("2026-M{month:02}")).collect(),
            _ => vec![format!("2026-Q{quarter}")],
        };
        for name in names {
            // Around the bounds of the bands, where rounding decides.
            let whole = dice.pick(&["49", "50", "69", "70", "89", "90", "89", "40", "95"]);
            let exact: Exact = format!("{whole}.{:04}", dice.pick(&[&9_949, &9_951, &0, &49, &51, &5_000]))
                .parse()
                .expect("exact");
            let mut part = json!({ "period": name, "score": exact.round(2, RoundingMode::HalfUp) });
            if dice.roll(4) > 0 {
                part["exact"] = json!(exact.to_string());
            }
            if name.contains('Q') && dice.roll(3) == 0 {
                part["level"] = json!(dice.pick(&LEVELS));
            }
            parts.push(part);
        }
    }
    let organisation = if dice.roll(2) == 0 { json!(dice.pick(&LEVELS)) } else { Value::Null };
    json!({
        "period": if half { "2026-H1" } else { "2026" }, "role": dice.pick(&["head", "deputy", "staff", "contract"]),
        "rule_set": rules, "recorded": parts, "absent": absent, "posts": random_posts(dice),
        "facts": random_facts(dice), "organisation": organisation,
    })
}

fn ours(case: &Value) -> Option<Value> {
    let rules = rules_of(case)?;
    let period: Period = serde_json::from_value(case["period"].clone()).expect("period");
    let role: Role = serde_json::from_value(case["role"].clone()).expect("role");
    let facts: Vec<ServiceFact> = serde_json::from_value(case["facts"].clone()).expect("facts");
    let posts: Vec<(NaiveDate, Option<NaiveDate>)> =
        serde_json::from_value(case["posts"].clone()).expect("posts");
    let posts: Vec<Span> = posts.into_iter().map(|(from, to)| (from, to.unwrap_or(NaiveDate::MAX))).collect();
    let leaves: Vec<Span> = facts.iter().filter(|fact| fact.kind.is_leave()).map(ServiceFact::span).collect();
    let Some(worked) = worked_in(&posts, &leaves, period) else { return Some(json!({ "worked": null })) };
    let text = |part: &Value, key: &str| part[key].as_str().map(str::to_owned);
    let part = |part: &Value| RecordedPart {
        period: text(part, "period").expect("a period").parse().expect("period"),
        score: text(part, "score").expect("a score"),
        exact: text(part, "exact").map(|text| text.parse().expect("exact")),
        level: text(part, "level").as_deref().and_then(Level::parse),
        unit: None,
        from: "history".into(),
    };
    let exempting_leave = has_exempting_leave(&facts, &worked, period, rules.leave_exemption);
    let counted = counted_years(&facts, &|_| Some("SNV".into()), &|_| Some(role.is_leader())).into_iter();
    let input = MeanInput {
        period,
        role,
        parts: case["recorded"].as_array().expect("parts").iter().map(part).collect(),
        absent: serde_json::from_value(case["absent"].clone()).expect("periods"),
        worked: worked.clone(),
        exempting_leave,
        facts: counted.filter(|(_, year)| *year == Some(period.year())).map(|(fact, _)| fact).collect(),
        organisation: case["organisation"].as_str().and_then(Level::parse),
    };
    let found = score_mean(&input, &rules);
    let level = |level: Option<Level>| level.map(Level::as_str);
    let ruled: Vec<Value> =
        found.ruled.iter().map(|ruled| json!([ruled.rule, level(ruled.from), level(ruled.to)])).collect();
    Some(json!({
        "worked": worked, "total": found.total.as_ref().map(|total| total.exact.to_text()),
        "printed": found.total.as_ref().map(|total| total.printed.clone()),
        "level": level(found.level), "ruled": ruled, "missing": found.missing,
    }))
}

#[test]
fn random_cases_equal_the_years_of_the_independent_calculator() {
    let (mut levels, mut rules, mut moved) = (BTreeSet::new(), BTreeSet::new(), 0);
    compare(&Set { seed: 173, switches, random, ours }, |_, answer| {
        let ruled = answer["ruled"].as_array().map(Vec::as_slice).unwrap_or_default();
        moved += ruled.iter().filter(|step| step[1] != step[2]).count();
        rules.extend(ruled.iter().filter_map(|step| step[0].as_str()).map(str::to_owned));
        levels.insert(answer["level"].as_str().map(str::to_owned));
    });
    let all = ["Đ11.1", "Đ20.4.b", "Đ20.4.c", "Đ20.4.d", "Đ20.6"];
    assert!(all.iter().all(|rule| rules.contains(*rule)), "{rules:?}");
    assert!(levels.len() == 5 && moved > cases() / 10, "{levels:?}, {moved} levels moved");
}
