//! Random cases of `score case` against the independent calculator: lines, leaders, general criteria, months, support
//! workers, some of them with entries that must be refused. The seed is printed.

use crate::support::calculator::{Set, answer_of, cases, compare, drawn, subsets};
use crate::support::dice::Dice;
use lienthong::cli::score_case;
use lienthong::domain::Exact;
use lienthong::scoring::LineResult;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn decimal(dice: &mut Dice, most: u64) -> String {
    match dice.roll(4) {
        0 => dice.roll(most).to_string(),
        1 => format!("{}.{}", dice.roll(most), dice.roll(10)),
        2 => format!("{}.{:06}", dice.roll(most), dice.roll(1_000_000)),
        _ => format!("{}.{:03}", dice.roll(most), dice.roll(1000)),
    }
}

/// Above 0: everyday, tiny, huge, with many decimals.
fn coefficient(dice: &mut Dice) -> String {
    match dice.roll(8) {
        0 => format!("0.000{}", 1 + dice.roll(9)),
        1 => format!("{}{:09}.5", 1 + dice.roll(900_000), dice.roll(1_000_000_000)),
        2 => format!("{}.{:012}", dice.roll(90), 1 + dice.roll(999_999_999_999)),
        _ => format!("{}.{}", dice.roll(90), 1 + dice.roll(9)),
    }
}

fn half_points(dice: &mut Dice, most: u64) -> String {
    let halves = dice.roll(most + 1);
    format!("{}.{}", halves / 2, if halves.is_multiple_of(2) { 0 } else { 5 })
}

/// Form 01 with all its items, or with one left out.
fn form(dice: &mut Dice) -> Value {
    let mut form = serde_json::Map::new();
    for (item, numerator, denominator) in lienthong::domain::evaluation::GENERAL_ITEMS {
        form.insert(item.to_owned(), json!(half_points(dice, u64::from(numerator * 2 / denominator))));
    }
    if dice.roll(5) == 0 {
        form.remove("III.2");
    }
    Value::Object(form)
}

pub fn switches() -> Value {
    json!({
        "late_unit": ["occurrence", "calendar_day", "working_day"],
        "deduction_scope": ["line", "unit"],
        "leader_scope": ["pooled_subordinates", "own_and_leadership_products", "position_multiplier"],
        "position_multipliers": [
            { "head": "1.4", "staff": "0.75", "Trưởng phòng": "1.25" }, { "head": "1.4", "Giám đốc": "1.8" }, {}
        ],
        "gen_step": ["0.25", "0.5"],
        "cap_level": ["each_ratio", "criterion", "part_70"],
        "extra_in_denominator": [true, false],
        "extra_components": subsets(&["a", "b", "c"]),
        "zero_den_policy": ["not_computable", "zero", "full"],
        "d_unscored": ["exclude_and_list", "block"],
        "leader_levels": ["50_100", "any_50_to_100"],
        "due_precision": ["day", "minute"],
        "support_model": ["as_staff", "three_percents"],
        "min_worked_share": ["0", "0.5", "1/3", "1"],
        "local_overlays": subsets(&[
            "below_100_not_completed", "unit_below_70_head_not_completed", "unit_below_70_deputy_not_excellent",
        ]),
        "quarter_method": ["direct", "direct", "mean_of_months"],
        "year_mean_of": ["recorded", "exact"],
        "gen_assumption": ["none", "full"],
        "gen_score_source": ["self", "superior", "superior_else_self"],
        "rounding.digits": [0, 1, 2, 3, 4, 5, 6],
        "rounding.mode": ["half_up", "half_even"],
        "rounding.classify_on": ["exact", "printed"],
    })
}

fn random_line(dice: &mut Dice) -> Value {
    let mut line = json!({
        "coefficient": coefficient(dice),
        "assigned": if dice.roll(8) == 0 { "0".to_owned() } else { decimal(dice, 6) },
        "completed": decimal(dice, 6),
        "failures": dice.roll(7),
        "extra": dice.roll(4) == 0,
        "late_excused": dice.roll(6) == 0,
        "quality_excused": dice.roll(6) == 0,
    });
    if dice.roll(3) > 0 {
        // As assigned: most products are done as ordered.
        line["completed"] = line["assigned"].clone();
    }
    if dice.roll(8) == 0 {
        (line["handed_over"], line["completed"]) = (json!(true), json!("0"));
    }
    if dice.roll(6) == 0 {
        line["multiplier"] = json!(dice.pick(&["1.8", "1.4", "0.25", "1.0001"]));
    }
    if dice.roll(4) == 0 {
        line["of"] = json!("GL-2");
    }
    if dice.roll(4) == 0 {
        line["post"] = json!(dice.pick(&["Trưởng phòng", "head", "Chuyên viên"]));
    }
    match dice.roll(3) {
        0 => line["late"] = json!(dice.roll(7)),
        1 => {
            line["due"] = json!(format!("2026-0{}-{:02}", 1 + dice.roll(9), 1 + dice.roll(28)));
            line["completed_on"] = json!(format!("2026-0{}-{:02}", 1 + dice.roll(9), 1 + dice.roll(28)));
        }
        _ => {
            // Around the due day, over weekends and over the end of a month.
            let due: chrono::NaiveDate = "2026-05-25".parse().expect("day");
            let due = due + chrono::Days::new(dice.roll(14));
            let done = due + chrono::Days::new(dice.roll(7)) - chrono::Days::new(1);
            line["due"] = json!(due.to_string());
            line["completed_on"] = json!(done.to_string());
            // Before, at and behind the minute.
            for key in ["due_time", "completed_time"] {
                if dice.roll(4) > 0 {
                    line[key] = json!(dice.pick(&["16:59", "17:00", "17:01"]));
                }
            }
        }
    }
    line
}

fn random_case(dice: &mut Dice, mut rules: Value) -> Value {
    if rules["quarter_method"] == "mean_of_months" {
        // What speaks of a quarter's tasks is refused by months.
        rules["local_overlays"] = json!([]);
    }
    let between = rules["leader_levels"] == "any_50_to_100";
    let mut lines: Vec<Value> = (0..dice.roll(9)).map(|_| random_line(dice)).collect();
    if rules["quarter_method"] == "mean_of_months" {
        for line in &mut lines {
            line["due"] = json!(format!("2026-0{}-{:02}", 4 + dice.roll(3), 1 + dice.roll(30)));
        }
    }
    let role = dice.pick(&["staff", "contract", "deputy", "head"]);
    let mut case = json!({ "period": "2026-Q2", "rule_set": rules, "role": role, "lines": lines });
    if dice.roll(3) == 0 {
        let first = format!("2026-04-{:02}", 1 + dice.roll(30));
        case["worked"] =
            json!([[first, format!("2026-05-{:02}", 1 + dice.roll(31))], ["2026-06-10", "2026-06-30"]]);
    }
    for column in ["self", "superior"] {
        if dice.roll(3) > 0 {
            let percents = [(); 3].map(|()| format!("{}.{}", dice.roll(100), dice.roll(10)));
            case["support"][column] = json!(percents);
        }
    }
    match dice.roll(6) {
        0 => {}
        1 | 2 => {
            case["criteria"] =
                json!({ "total": format!("{}.{}", dice.roll(30), dice.pick(&["0", "25", "5"])) })
        }
        3 => case["criteria"] = json!({ "self": form(dice) }),
        4 => case["criteria"] = json!({ "superior": form(dice) }),
        _ => case["criteria"] = json!({ "self": form(dice), "superior": form(dice) }),
    }
    let mut components = serde_json::Map::new();
    for (name, often) in [("implementation_ability", 8), ("unity_ability", 8), ("unit_result", 2)] {
        if dice.roll(often) > 0 {
            let percent = dice.pick(&["50", "100", "50", "100", "77.5", "99.99"]);
            let allowed = if between || matches!(percent, "50" | "100") { percent } else { "100" };
            components.insert(name.to_owned(), json!(allowed));
        }
    }
    // d is entered only where there is nobody to compute it from (art. 15.4).
    let below = if components.contains_key("unit_result") { 0 } else { dice.roll(5) };
    case["components"] = Value::Object(components);
    let people: Vec<Value> = (0..below)
        .map(|_| {
            let total = if dice.roll(8) == 0 {
                Value::Null
            } else {
                json!(dice.pick(&["49.99", "50", "50.01", "71.5", "100"]))
            };
            json!({ "person": "p", "total": total })
        })
        .collect();
    case["subordinates"] = Value::Array(people);
    case
}

/// Enters what may be off the form's step, above its maximum or outside the law's percents.
fn spoil(dice: &mut Dice, case: &mut Value) {
    let points = dice.pick(&["0.25", "1.75", "5.5", "0.3", "2.5"]);
    match dice.roll(3) {
        0 => case["criteria"] = json!({ "superior": { "II.1": points } }),
        1 => case["criteria"] = json!({ "self": { "I.2": points }, "superior": form(dice) }),
        _ => case["components"]["unity_ability"] = json!(dice.pick(&["49.99", "50", "75", "100.01"])),
    }
}

/// A case, now and then with something that cannot be entered.
fn random(dice: &mut Dice, rules: Value) -> Value {
    let mut case = random_case(dice, rules);
    if dice.roll(12) == 0 {
        spoil(dice, &mut case);
    }
    case
}

fn ours(case: &Value) -> Option<Value> {
    let found = match score_case::run("case", case.to_string().as_bytes()) {
        Ok(found) => found,
        Err(findings) => {
            let of_case = findings.0.iter().all(|finding| finding.code == "LT-SCO-002");
            return of_case.then(|| json!({ "impossible": true }));
        }
    };
    // Each line says what it adds, and what it adds is what the ratios are made of.
    let sum = |of: fn(&LineResult) -> &Exact| found.lines.iter().map(of).sum::<Exact>();
    assert_eq!(sum(|line| &line.assigned_converted), found.denominator, "{case}");
    if !found.numerators.is_empty() {
        assert_eq!(sum(|line| &line.completed_converted), found.numerators["a"], "{case}");
        assert_eq!(sum(|line| &line.quality), found.numerators["b"], "{case}");
        assert_eq!(sum(|line| &line.progress), found.numerators["c"], "{case}");
    }
    Some(answer_of(&found, matches!(case["role"].as_str(), Some("head" | "deputy")), Vec::new()))
}

#[test]
fn random_cases_equal_the_independent_calculator() {
    let (mut complete, mut refused, mut levels) = (0, 0, BTreeSet::new());
    compare(&Set { seed: 335_2025, switches, random, ours }, |_, answer| {
        refused += usize::from(answer["impossible"] == true);
        complete += usize::from(answer["total"].is_string());
        levels.extend(answer["level"].as_str().map(str::to_owned));
    });
    let count = cases();
    assert!(refused * 100 > count && refused * 10 < count, "{refused} were refused");
    assert!(
        complete * 4 > count && levels.len() == 4,
        "the cases hardly reach a total: {complete}, {levels:?}"
    );
}

#[test]
fn order_of_lines_changes_no_figure() {
    let mut dice = Dice(7);
    for _ in 0..200 {
        let rules = drawn(&switches(), &mut dice);
        let case = random_case(&mut dice, rules);
        let mut turned = case.clone();
        turned["lines"].as_array_mut().expect("lines").reverse();
        let run = |case: &Value| score_case::run("case", case.to_string().as_bytes()).expect("derivation");
        let (one, other) = (run(&case), run(&turned));
        assert_eq!(
            (one.components, one.task_part, one.total),
            (other.components, other.task_part, other.total)
        );
    }
}
