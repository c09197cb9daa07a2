//! Random tasks and random years against the independent calculator: whether and how a task counts, shares of it, what
//! is carried over; and the mean of a year with the rules on its quarters. Seeds are printed.

use crate::support::calculator::answers;
use crate::support::dice::Dice;
use chrono::{DateTime, NaiveDate, Utc};
use lienthong::domain::{
    CanonicalTask, Due, Exact, Level, PersonId, Role, RuleSet, SourceId, TaskKey, WorkingCalendar,
};
use lienthong::scoring::year::{MeanInput, RecordedPart, score_mean};
use lienthong::scoring::{
    Criteria, PersonInput, SharePart, Shares, Support, TaskFacts, build_shared_lines, score_person,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const CASES: usize = 3_000;

/// The defaults with other values of some switches, as the calculator and as this program read them.
fn rules(switches: Value) -> (Value, RuleSet) {
    let mut all = serde_json::to_value(RuleSet::default()).expect("json");
    let (known, more) = (all.as_object_mut().expect("an object"), switches.as_object().expect("an object"));
    known.extend(more.clone());
    let rules: RuleSet = serde_json::from_value(all.clone()).expect("a rule set");
    assert_eq!(rules.refusals(), vec![], "{all}");
    (all, rules)
}

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

fn task_switches(dice: &mut Dice) -> Value {
    json!({
        "period_membership": dice.pick(&["due_in_period", "assigned_in_period", "share_allocated", "share_allocated"]),
        "carry_over": dice.pick(&["none", "completed_as_extra"]),
        "support_share": dice.pick(&["0", "0.1", "0.25"]),
        "late_counted": dice.pick(&["automatic", "confirmed_only"]),
        "quality_counted": dice.pick(&["automatic", "confirmed_only"]),
        "cancelled_in_denominator": dice.roll(2) == 0,
        "partial_completion": dice.pick(&["done_only", "confirmed_fraction"]),
        "completion_event": dice.pick(&["submitted", "accepted"]),
        "due_date_rule": dice.pick(&["in_force_when_due", "latest"]),
        "rejected_counts_as_completed": dice.roll(2) == 0,
        "gone_policy": dice.pick(&["exclude_and_list", "keep"]),
        "late_unit": dice.pick(&["occurrence", "calendar_day", "working_day"]),
        "extra_in_denominator": dice.roll(4) == 0,
        "zero_den_policy": dice.pick(&["not_computable", "zero", "full"]),
        "local_overlays": if dice.roll(3) == 0 { json!(["below_100_not_completed"]) } else { json!([]) },
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
        product: Some(("SP-1", k)),
        pending: None,
        outside: false,
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

fn exact(value: &Value) -> Option<Exact> {
    value.as_str().map(|text| text.parse().expect("exact"))
}

#[test]
fn random_tasks_become_the_lines_the_independent_calculator_makes_of_them() {
    let seed = 181;
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let (mut cases, mut sets) = (Vec::new(), Vec::new());
    for _ in 0..CASES {
        let (told, rules) = rules(task_switches(&mut dice));
        let tasks: Vec<Value> = (0..1 + dice.place(6)).map(|id| random_task(&mut dice, id)).collect();
        cases.push(json!({
            "period": "2026-Q2", "person": "me", "role": "staff", "criteria": { "total": "28" },
            "as_of": some_day(&mut dice, 5, 2), "to_date": dice.roll(2) == 0, "rule_set": told, "tasks": tasks
        }));
        sets.push(rules);
    }
    let (mut totals, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    for ((case, rules), answer) in cases.iter().zip(&sets).zip(answers(&cases)) {
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
        let (period, as_of) = ("2026-Q2".parse().expect("period"), day(case["as_of"].as_str().expect("day")));
        let (shares, calendar) = (shares_of(told, &keys), WorkingCalendar::default());
        let judged = build_shared_lines(&facts, &shares, me(), period, as_of, rules, &calendar);
        let (lines, excluded) = if case["to_date"] == true { judged.to_date() } else { judged.full() };
        let points = BTreeMap::from([("total".to_owned(), Exact::integer(28))]);
        let mut why: Vec<String> = excluded.iter().map(|one| one.reason.clone()).collect();
        why.sort();
        assert_eq!(json!(why), answer["excluded"], "{case}");
        reasons.extend(why);
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
        let found = score_person(&input, rules);
        for (name, part) in ["a", "b", "c"].into_iter().zip(answer["parts"].as_array().expect("parts")) {
            let percent = exact(part).map(|part| &part * &Exact::integer(100));
            let ours = found.components.get(name).map(|number| number.exact.clone());
            assert_eq!(ours, percent, "{name} {case} {:?}", input.lines);
        }
        let total = found.total.map(|total| total.exact);
        assert_eq!(total, exact(&answer["total"]), "{case}");
        assert_eq!(found.level.map(Level::as_str), answer["level"].as_str(), "{case}");
        totals.extend(total.map(|total| total.to_string()));
    }
    let all = [
        "cancelled",
        "gone",
        "no_share_in_period",
        "not_due_yet",
        "shared_by_others",
        "support_without_share",
    ];
    assert!(all.iter().all(|reason| reasons.contains(*reason)), "{reasons:?}");
    assert!(totals.len() * 5 > CASES, "only {} different totals", totals.len());
}

fn random_year(dice: &mut Dice) -> Value {
    let overlays = [
        "quarter_not_completed_no_excellent_year",
        "two_quarters_not_completed_consider_replacement",
        "year_from_quarter_levels",
    ];
    let overlays: Vec<&str> = overlays.into_iter().filter(|_| dice.roll(2) == 0).collect();
    let digits = dice.roll(3);
    let switches = json!({
        "quarter_method": dice.pick(&["direct", "mean_of_months"]),
        "year_mean_of": dice.pick(&["recorded", "exact"]),
        "local_overlays": overlays,
        "rounding": {
            "digits": digits, "mode": dice.pick(&["half_up", "half_even"]),
            "classify_on": dice.pick(&["exact", "printed"]),
        },
    });
    let (told, rules) = rules(switches);
    let mut parts = Vec::new();
    for quarter in 1..=4u64 {
        let months = rules.is_monthly() && dice.roll(4) > 0;
        let names: Vec<String> = match (months, dice.roll(6)) {
            (_, 0) if quarter > 1 => continue,
            (true, _) => (3 * quarter - 2..=3 * quarter).map(|month| format!("2026-M{month:02}")).collect(),
            _ => vec![format!("2026-Q{quarter}")],
        };
        for name in names {
            // Around the bounds of the bands, where rounding decides.
            let whole = dice.pick(&["49", "50", "69", "70", "89", "90", "89", "40", "95"]);
            let exact: Exact = format!("{whole}.{:04}", dice.pick(&[&9_949, &9_951, &0, &49, &51, &5_000]))
                .parse()
                .expect("exact");
            let printed = exact.round(2, lienthong::domain::RoundingMode::HalfUp);
            let mut part = json!({ "period": name, "score": printed });
            if dice.roll(4) > 0 {
                part["exact"] = json!(exact.to_string());
            }
            if name.contains('Q') && dice.roll(3) == 0 {
                part["level"] = json!(dice.pick(&["excellent", "good", "completed", "not_completed"]));
            }
            parts.push(part);
        }
    }
    json!({ "period": "2026", "rule_set": told, "recorded": parts })
}

#[test]
fn random_years_equal_the_independent_calculator() {
    let seed = 173;
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let cases: Vec<Value> = (0..CASES).map(|_| random_year(&mut dice)).collect();
    let (mut levels, mut moved) = (BTreeSet::new(), 0);
    for (case, answer) in cases.iter().zip(answers(&cases)) {
        let rules: RuleSet = serde_json::from_value(case["rule_set"].clone()).expect("a rule set");
        let text = |part: &Value, key: &str| part[key].as_str().map(str::to_owned);
        let part = |part: &Value| RecordedPart {
            period: text(part, "period").expect("a period").parse().expect("period"),
            score: text(part, "score").expect("a score"),
            exact: exact(&part["exact"]),
            level: text(part, "level").as_deref().and_then(Level::parse),
            unit: None,
            from: "history".into(),
        };
        let input = MeanInput {
            period: "2026".parse().expect("year"),
            role: Role::Staff,
            parts: case["recorded"].as_array().expect("parts").iter().map(part).collect(),
            absent: Vec::new(),
            worked: Vec::new(),
            exempting_leave: false,
            facts: Vec::new(),
            organisation: None,
        };
        let found = score_mean(&input, &rules);
        let total = found.total.expect("a mean");
        assert_eq!(
            (Some(total.exact), json!(total.printed)),
            (exact(&answer["total"]), answer["printed"].clone()),
            "{case}"
        );
        assert_eq!(found.level.map(Level::as_str), answer["level"].as_str(), "{case}");
        let level = |level: Option<Level>| level.map(Level::as_str);
        let ruled: Vec<Value> =
            found.ruled.iter().map(|ruled| json!([ruled.rule, level(ruled.from), level(ruled.to)])).collect();
        assert_eq!(json!(ruled), answer["ruled"], "{case}");
        moved += found.ruled.iter().filter(|ruled| ruled.from != ruled.to).count();
        levels.extend(found.level);
    }
    assert!(levels.len() == 4 && moved > CASES / 10, "{levels:?}, {moved} levels moved");
}
