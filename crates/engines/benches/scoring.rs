//! Lines per second of the scoring, on one core: from canonical tasks to the full derivation.
//!
//! Owns a person's made-up quarter: forty tasks, some late, some sent back, some not done. The bar is
//! 1,000,000 lines a second for tasks → lines → derivation together; missing it ends the program with exit code 1.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use lienthong_base::domain::{
    CanonicalTask, Due, Period, Role, RuleSet, SourceId, TaskDraft, TaskKey, TaskStatus, WorkingCalendar,
};
use lienthong_engines::scoring::{Criteria, PersonInput, TaskFacts, build_lines, score_person};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Lines per second that one core must reach.
const BAR: f64 = 1_000_000.0;
/// Tasks of a person.
const TASKS: usize = 40;
/// People per round, and rounds.
const PEOPLE: usize = 5_000;
const ROUNDS: usize = 9;

fn main() {
    let tasks: Vec<(TaskKey, CanonicalTask)> = (0..TASKS).map(task).collect();
    let coefficients = ["1", "1.25", "2.5", "0.75", "3", "1.3"].map(|text| text.parse().expect("decimal"));
    let facts: Vec<TaskFacts<'_>> = tasks
        .iter()
        .enumerate()
        .map(|(index, (key, task))| TaskFacts {
            key,
            task,
            product: Some(("SP-01", coefficients[index % coefficients.len()])),
            pending: None,
            outside: false,
            handed_over: false,
            taken_over: index % 17 == 0,
            confirmed_failures: None,
            lateness_confirmed: None,
            late_excused: false,
            quality_excused: false,
            confirmed_quantity: None,
            counted_before: Decimal::ZERO,
            counts_as: None,
            also: Vec::new(),
        })
        .collect();
    let (rules, calendar) = (RuleSet::default(), WorkingCalendar::default());
    let period: Period = "2026-Q1".parse().expect("period");
    let as_of = NaiveDate::from_ymd_opt(2026, 3, 31).expect("day");
    let lines = || build_lines(&facts, period, as_of, &rules, &calendar).full();
    let input = |(lines, excluded)| PersonInput {
        period,
        role: Role::Staff,
        lines,
        excluded,
        criteria: Criteria::default(),
        components: BTreeMap::new(),
        subordinates: Vec::new(),
        unit_result: None,
        worked: Vec::new(),
        support: lienthong_engines::scoring::Support::default(),
    };
    assert_eq!(lines().0.len(), TASKS, "every task is a line");
    let ready = input(lines());
    let scored = rate(|| score_person(&ready, &rules).lines.len());
    let whole = rate(|| score_person(&input(lines()), &rules).lines.len());
    println!("lines → derivation            {scored:>10.0} lines/s");
    println!("tasks → lines → derivation    {whole:>10.0} lines/s    bar {BAR:.0}");
    std::process::exit(i32::from(whole < BAR));
}

/// Median rate of some rounds.
fn rate(work: impl Fn() -> usize) -> f64 {
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let lines: usize = (0..PEOPLE).map(|_| black_box(work())).sum();
            lines as f64 / began.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[ROUNDS / 2]
}

fn task(index: usize) -> (TaskKey, CanonicalTask) {
    let assigned: DateTime<Utc> = "2026-01-05T02:00:00Z".parse().expect("instant");
    let assigned = assigned + TimeDelta::days(index as i64);
    let due = assigned + TimeDelta::days(20);
    let done = assigned + TimeDelta::days(if index.is_multiple_of(7) { 25 } else { 18 });
    let external_id = format!("B-{index:07}");
    let status = if index.is_multiple_of(11) { TaskStatus::InProgress } else { TaskStatus::Done };
    let draft = TaskDraft {
        external_id: external_id.clone(),
        updated_at: Some(done),
        title: "Tham mưu báo cáo kết quả thực hiện nhiệm vụ quý I của Sở Nội vụ".to_owned(),
        status,
        raw_status: "APPROVED".to_owned(),
        assignee: None,
        assignee_name: None,
        unit: None,
        assigned_at: Some(assigned),
        due: Some(Due::day(due.date_naive())),
        submitted_at: Some(done),
        completed_at: (status == TaskStatus::Done).then_some(done),
        quantity: Some(Decimal::ONE),
        unplanned: false,
        doc_type: None,
        category: None,
        doc_number: None,
        product_code: None,
        events: Vec::new(),
    };
    let task = CanonicalTask {
        due_changes: vec![(draft.due, assigned)],
        draft,
        assignees: Vec::new(),
        returned_count: u32::from(index.is_multiple_of(9)),
        reopened_count: 0,
        accepted_submission_at: Some(done),
        shown_last: None,
        first_seen_at: assigned,
        last_changed_at: done,
    };
    (TaskKey { source: SourceId::new("bench").expect("name"), external_id }, task)
}
