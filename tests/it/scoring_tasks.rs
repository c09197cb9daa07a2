//! Random tasks against the independent calculator: whether and how a task counts, what stands in for a product no catalog
//! has yet, shares of it, what is carried over, and which view is shown. The seed is printed.

use crate::support::calculator::{Set, answer_of, compare, rules_of};
use crate::support::dice::Dice;
use chrono::{DateTime, NaiveDate, Utc};
use lienthong::domain::{CanonicalTask, Due, Exact, PersonId, Role, SourceId, TaskKey, WorkingCalendar};
use lienthong::scoring::{
    Criteria, Pending, PersonInput, SharePart, Shares, Support, TaskFacts, build_shared_lines, score_person,
    shows_full_period,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("day")
}

/// Ten in the morning of a day in Gia Lai.
fn at(day: &str) -> DateTime<Utc> {
    format!("{day}T03:00:00Z").parse().expect("instant")
}

fn some_day(dice: &mut Dice, first: u64, months: u64) -> String {
    format!("2026-{:02}-{:02}", first + dice.roll(months), 1 + dice.roll(28))
}

fn random_task(dice: &mut Dice, id: usize) -> Value {
    let mut task = json!({
        "id": id.to_string(), "k": dice.pick(&["1", "1.5", "2.7", "0.125"]), "assigned": some_day(dice, 2, 4),
        "due": if dice.roll(8) == 0 { Value::Null } else { json!(some_day(dice, 3, 4)) },
        "status": dice.pick(&["done", "done", "done", "in_progress", "returned", "refused", "cancelled"]),
        "returned": dice.roll(3), "unplanned": dice.roll(6) == 0
    });
    if dice.roll(3) == 0 {
        task["quantity"] = json!(dice.pick(&["2", "5", "0.5"]));
    }
    if matches!(task["status"].as_str(), Some("done" | "refused")) {
        let completed = some_day(dice, 3, 4);
        if dice.roll(2) == 0 {
            // Handed in some days before it was accepted.
            let submitted = day(&completed) - chrono::Days::new(dice.roll(9));
            task["submitted"] = json!(submitted.to_string());
        }
        task["completed"] = json!(completed);
    }
    if task["due"].is_string() && dice.roll(4) == 0 {
        task["moved"] = json!([some_day(dice, 3, 4), some_day(dice, 4, 3)]);
    }
    if dice.roll(7) == 0 {
        task["gone"] = json!(true);
    }
    match dice.roll(8) {
        0 => task["handed_over"] = json!(true),
        1 => task["taken_over"] = json!(true),
        _ => {}
    }
    let mut told = serde_json::Map::new();
    for (word, value) in [
        ("failures", json!(dice.roll(4))),
        ("late", json!(dice.roll(2) == 0)),
        ("late_excused", json!(true)),
        ("quality_excused", json!(true)),
        ("quantity", json!([dice.pick(&["0", "0.4", "1", "3"]), some_day(dice, 3, 4)])),
    ] {
        if dice.roll(5) == 0 {
            told.insert(word.to_owned(), value);
        }
    }
    task["told"] = Value::Object(told);
    if dice.roll(5) == 0 {
        task["counted_before"] = json!(dice.pick(&["0.4", "1", "7"]));
    }
    if dice.roll(3) == 0 {
        task["shares"] = Value::Array(random_shares(dice));
    }
    match dice.roll(9) {
        0 => task["product"] = json!("none"),
        1 => task["product"] = json!("outside"),
        // Proposed and in no catalog yet, with a provisional coefficient, a catch-all, both or neither.
        2..=4 => {
            task["product"] = json!("pending");
            for key in ["provisional", "catch_all"] {
                let some = dice.roll(4) > 0;
                task[key] = if some { json!(dice.pick(&["0.5", "2", "6"])) } else { Value::Null };
            }
        }
        _ => {}
    }
    task
}

/// Parts of one product that are not more than the whole, each person and quarter once.
fn random_shares(dice: &mut Dice) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let mut parts = Vec::new();
    for _ in 0..=dice.roll(3) {
        let person = [json!("me"), json!("other"), Value::Null][dice.place(3)].clone();
        let period =
            [json!("2026-Q2"), json!("2026-Q1"), json!("2026-M05"), Value::Null][dice.place(4)].clone();
        let helper = person.is_string() && dice.roll(3) == 0;
        let share = if helper { Value::Null } else { json!(dice.pick(&["0.3", "0.2", "0.125", "0"])) };
        if seen.insert(format!("{person} {period}")) {
            parts.push(json!({ "person": person, "period": period, "share": share }));
        }
    }
    parts
}

pub fn switches() -> Value {
    json!({
        "period_membership": ["due_in_period", "assigned_in_period", "share_allocated", "share_allocated"],
        "carry_over": ["none", "completed_as_extra"],
        "support_share": ["0", "0.1", "0.25", "1"],
        "late_counted": ["automatic", "confirmed_only"],
        "quality_counted": ["automatic", "confirmed_only"],
        "cancelled_in_denominator": [true, false],
        "partial_completion": ["done_only", "confirmed_fraction"],
        "completion_event": ["submitted", "accepted"],
        "due_date_rule": ["in_force_when_due", "latest"],
        "rejected_counts_as_completed": [true, false],
        "gone_policy": ["exclude_and_list", "keep"],
        "pending_coefficient_policy": ["park", "provisional", "catch_all"],
        "provisional_view": ["to_date", "full_period"],
        "late_unit": ["occurrence", "calendar_day", "working_day"],
        "extra_in_denominator": [true, false, false],
        "zero_den_policy": ["not_computable", "zero", "full"],
        "local_overlays": [[], [], ["below_100_not_completed"]],
    })
}

fn random(dice: &mut Dice, rules: Value) -> Value {
    let tasks: Vec<Value> = (0..1 + dice.place(6)).map(|id| random_task(dice, id)).collect();
    json!({
        "period": "2026-Q2", "person": "me", "role": "staff", "criteria": { "total": "28" },
        "today": some_day(dice, 5, 3), "rule_set": rules, "tasks": tasks
    })
}

fn me() -> PersonId {
    PersonId(Uuid::from_u128(1))
}

fn task_of(told: &Value) -> CanonicalTask {
    let text = |key: &str| told[key].as_str().map(str::to_owned);
    let due = |text: &str| Due { day: day(text), time: None };
    let moved = told["moved"].as_array().map(|pair| {
        let word = |index: usize| pair[index].as_str().expect("a day").to_owned();
        (word(0), word(1))
    });
    let first_due = text("due");
    let assigned = at(&text("assigned").expect("a day"));
    // A task its source shows no more, with what it was shown as last.
    let gone = told["gone"] == true;
    let latest = moved.as_ref().map(|(_, later)| later.clone()).or(first_due.clone());
    let draft = json!({
        "external_id": told["id"], "title": "Báo cáo", "raw_status": "",
        "status": if gone { json!("gone") } else { told["status"].clone() },
        "assigned_at": assigned, "due": latest.map(|day| json!({ "day": day, "time": null })),
        "completed_at": text("completed").map(|day| at(&day)),
        "quantity": told.get("quantity").cloned().unwrap_or(Value::Null),
        "unplanned": told["unplanned"], "events": []
    });
    let changes = moved.map(|(granted, later)| {
        vec![(first_due.as_deref().map(due), assigned), (Some(due(&later)), at(&granted))]
    });
    CanonicalTask {
        draft: serde_json::from_value(draft).expect("draft"),
        assignees: Vec::new(),
        due_changes: changes.unwrap_or_default(),
        returned_count: u32::try_from(told["returned"].as_u64().expect("a count")).expect("small"),
        reopened_count: 0,
        accepted_submission_at: text("submitted").map(|day| at(&day)),
        shown_last: gone.then(|| serde_json::from_value(told["status"].clone()).expect("a status")),
        first_seen_at: assigned,
        last_changed_at: at("2026-06-30"),
    }
}

fn facts_of<'a>(told: &Value, key: &'a TaskKey, task: &'a CanonicalTask, k: Decimal) -> TaskFacts<'a> {
    let said = &told["told"];
    let decimal = |value: &Value| value.as_str().map(|text| text.parse::<Decimal>().expect("decimal"));
    let flag = |value: &Value| value.as_bool().unwrap_or(false);
    TaskFacts {
        key,
        task,
        product: told.get("product").is_none().then_some(("SP-1", k)),
        pending: (told["product"] == "pending").then(|| Pending {
            code: "SP-9",
            coefficient: decimal(&told["provisional"]),
            catch_all: decimal(&told["catch_all"]).map(|k| ("SP-0", k)),
        }),
        outside: told["product"] == "outside",
        handed_over: flag(&told["handed_over"]),
        taken_over: flag(&told["taken_over"]),
        confirmed_failures: said["failures"].as_u64().map(|count| u32::try_from(count).expect("small")),
        lateness_confirmed: said["late"].as_bool(),
        late_excused: flag(&said["late_excused"]),
        quality_excused: flag(&said["quality_excused"]),
        confirmed_quantity: decimal(&said["quantity"][0])
            .zip(said["quantity"][1].as_str())
            .map(|(quantity, day)| (quantity, at(day))),
        counted_before: decimal(&told["counted_before"]).unwrap_or(Decimal::ZERO),
        counts_as: None,
        also: Vec::new(),
    }
}

fn shares_of(tasks: &[Value], keys: &[TaskKey]) -> Shares {
    let part = |part: &Value| SharePart {
        person: part["person"].as_str().map(|who| PersonId(Uuid::from_u128(if who == "me" { 1 } else { 2 }))),
        period: part["period"].as_str().map(|text| text.parse().expect("period")),
        share: part["share"].as_str().map(|text| text.parse().expect("decimal")),
    };
    let of = |(told, key): (&Value, &TaskKey)| {
        let parts: Vec<SharePart> = told["shares"].as_array()?.iter().map(part).collect();
        Some((key.clone(), parts))
    };
    tasks.iter().zip(keys).filter_map(of).collect()
}

fn ours(case: &Value) -> Option<Value> {
    let rules = rules_of(case)?;
    let told = case["tasks"].as_array().expect("tasks");
    let tasks: Vec<CanonicalTask> = told.iter().map(task_of).collect();
    let source = SourceId::new("snv").expect("source");
    let key = |task: &CanonicalTask| TaskKey {
        source: source.clone(),
        external_id: task.draft.external_id.clone(),
    };
    let keys: Vec<TaskKey> = tasks.iter().map(key).collect();
    let k = |told: &Value| told["k"].as_str().expect("k").parse::<Decimal>().expect("decimal");
    let facts: Vec<TaskFacts<'_>> = told
        .iter()
        .zip(&keys)
        .zip(&tasks)
        .map(|((told, key), task)| facts_of(told, key, task, k(told)))
        .collect();
    let period: lienthong::domain::Period = "2026-Q2".parse().expect("period");
    let today = day(case["today"].as_str().expect("day"));
    let as_of = today.min(period.last_day());
    let (shares, calendar) = (shares_of(told, &keys), WorkingCalendar::default());
    let judged = build_shared_lines(&facts, &shares, me(), period, as_of, &rules, &calendar);
    let full = shows_full_period(period, today, &rules);
    let (lines, excluded) = if full { judged.full() } else { judged.to_date() };
    let why: Vec<String> = excluded.iter().map(|one| one.reason.clone()).collect();
    let points = BTreeMap::from([("total".to_owned(), Exact::integer(28))]);
    let input = PersonInput {
        period,
        role: Role::Staff,
        lines,
        excluded,
        criteria: Criteria { own: None, superior: Some(points) },
        components: BTreeMap::new(),
        subordinates: Vec::new(),
        unit_result: None,
        worked: Vec::new(),
        support: Support::default(),
    };
    Some(answer_of(&score_person(&input, &rules), false, why))
}

#[test]
fn random_cases_equal_the_lines_the_independent_calculator_makes_of_tasks() {
    let (mut totals, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    compare(&Set { seed: 181, switches, random, ours }, |_, answer| {
        let why = answer["excluded"].as_array().expect("reasons").iter();
        reasons.extend(why.filter_map(Value::as_str).map(str::to_owned));
        totals.extend(answer["total"].as_str().map(str::to_owned));
    });
    let all = [
        "cancelled",
        "gone",
        "no_share_in_period",
        "not_due_yet",
        "outside_catalog",
        "pending_coefficient",
        "shared_by_others",
        "support_without_share",
        "unmapped",
    ];
    assert!(all.iter().all(|reason| reasons.contains(*reason)), "{reasons:?}");
    assert!(totals.len() > 500, "only {} different totals", totals.len());
}
