//! From one task to its line: what counts, when, and how late (scoring rules 2.2, 8b).

use super::*;
use crate::domain::SourceId;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("instant")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("day")
}

/// Due 10/9/2026, assigned 1/9, open.
fn task() -> CanonicalTask {
    let draft = serde_json::json!({
        "external_id": "1", "updated_at": null, "title": "Báo cáo", "status": "open", "raw_status": "",
        "assignee": null, "assignee_name": null, "unit": null, "assigned_at": "2026-09-01T01:00:00Z",
        "due": {"day": "2026-09-10", "time": null}, "submitted_at": null, "completed_at": null,
        "quantity": null, "unplanned": false, "doc_type": null, "category": null, "doc_number": null,
        "product_code": null, "events": []
    });
    CanonicalTask {
        draft: serde_json::from_value(draft).expect("draft"),
        assignees: Vec::new(),
        due_changes: Vec::new(),
        returned_count: 0,
        reopened_count: 0,
        accepted_submission_at: None,
        shown_last: None,
        first_seen_at: at("2026-09-01T01:00:00Z"),
        last_changed_at: at("2026-09-01T01:00:00Z"),
    }
}

fn done(completed: &str) -> CanonicalTask {
    let mut task = task();
    task.draft.status = TaskStatus::Done;
    task.draft.completed_at = Some(at(completed));
    task
}

/// A task of a product of coefficient 1, about which nobody decided anything.
fn facts<'a>(key: &'a TaskKey, task: &'a CanonicalTask) -> TaskFacts<'a> {
    TaskFacts {
        key,
        task,
        product: Some(("SP-1", Decimal::ONE)),
        pending: None,
        outside: false,
        handed_over: false,
        taken_over: false,
        confirmed_failures: None,
        lateness_confirmed: None,
        late_excused: false,
        quality_excused: false,
        confirmed_quantity: None,
        counted_before: Decimal::ZERO,
        counts_as: None,
        also: Vec::new(),
    }
}

/// The line or the reason, judged on `as_of` with a product of coefficient 1; `change` alters the facts.
fn judged(
    task: &CanonicalTask,
    as_of: &str,
    rules: &RuleSet,
    change: impl FnOnce(&mut TaskFacts<'_>),
) -> Result<Line, String> {
    let key = TaskKey { source: SourceId::new("s").expect("source"), external_id: "1".into() };
    let mut facts = facts(&key, task);
    change(&mut facts);
    let period = "2026-Q3".parse().expect("period");
    let calendar = WorkingCalendar::default();
    let (mut lines, excluded) = build_lines(&[facts], period, day(as_of), rules, &calendar).full();
    match (lines.pop(), excluded.first()) {
        (Some(line), _) => Ok(line),
        (None, Some(excluded)) => Err(excluded.reason.clone()),
        (None, None) => Err("another period".to_owned()),
    }
}

fn line(task: &CanonicalTask) -> Line {
    judged(task, "2026-09-30", &RuleSet::default(), |_| ()).expect("a line")
}

#[test]
fn lateness_counts_calendar_days_of_ho_chi_minh_when_completion_crosses_midnight() {
    assert_eq!(line(&done("2026-09-10T16:59:59Z")).late_count, 0);
    assert_eq!(line(&done("2026-09-10T17:00:00Z")).late_count, 1);
    // Over a weekend: calendar days, not working days.
    assert_eq!(line(&done("2026-09-14T03:00:00Z")).late_count, 4);
    let rules = RuleSet { late_unit: LateUnit::WorkingDay, ..RuleSet::default() };
    let worked = judged(&done("2026-09-14T03:00:00Z"), "2026-09-30", &rules, |_| ()).expect("line");
    assert_eq!(worked.late_count, 2);
}

#[test]
fn extension_moves_the_due_day_only_when_granted_before_the_old_one_passed() {
    let mut task = done("2026-09-15T03:00:00Z");
    task.draft.due = Some(Due::day(day("2026-09-20")));
    let old = (Some(Due::day(day("2026-09-10"))), at("2026-09-01T01:00:00Z"));
    let new = |granted: &str| (Some(Due::day(day("2026-09-20"))), at(granted));
    task.due_changes = vec![old, new("2026-09-10T10:00:00Z")];
    assert_eq!((line(&task).due, line(&task).late_count), (Some(day("2026-09-20")), 0));
    task.due_changes = vec![old, new("2026-09-10T17:00:00Z")];
    let late = line(&task);
    assert_eq!((late.due, late.late_count), (Some(day("2026-09-10")), 5));
    assert!(late.notes.iter().any(|note| note.contains("at most an excuse")), "{:?}", late.notes);
    let excused = judged(&task, "2026-09-30", &RuleSet::default(), |facts| facts.late_excused = true);
    assert_eq!(excused.expect("line").late_count, 0);
    let latest = RuleSet { due_date_rule: DueDateRule::Latest, ..RuleSet::default() };
    assert_eq!(judged(&task, "2026-09-30", &latest, |_| ()).expect("line").late_count, 0);
}

#[test]
fn submission_is_the_completion_when_it_was_later_accepted() {
    let mut task = done("2026-09-14T03:00:00Z");
    task.accepted_submission_at = Some(at("2026-09-09T03:00:00Z"));
    assert_eq!(line(&task).late_count, 0);
    let rules = RuleSet { completion_event: CompletionEvent::Accepted, ..RuleSet::default() };
    assert_eq!(judged(&task, "2026-09-30", &rules, |_| ()).expect("line").late_count, 4);
}

#[test]
fn return_is_only_a_candidate_when_no_superior_confirmed_it() {
    let mut task = done("2026-09-09T03:00:00Z");
    task.returned_count = 2;
    let candidate = line(&task);
    assert_eq!(candidate.quality_failures, 0);
    assert!(candidate.notes[0].contains("returned 2 times"));
    let confirmed = |facts: &mut TaskFacts<'_>| facts.confirmed_failures = Some(1);
    let rules = RuleSet::default();
    assert_eq!(judged(&task, "2026-09-30", &rules, confirmed).expect("line").quality_failures, 1);
    let excused = judged(&task, "2026-09-30", &rules, |facts| {
        facts.confirmed_failures = Some(1);
        facts.quality_excused = true;
    });
    assert_eq!(excused.expect("line").quality_failures, 0);
    let automatic = RuleSet { quality_counted: Counted::Automatic, ..RuleSet::default() };
    assert_eq!(judged(&task, "2026-09-30", &automatic, |_| ()).expect("line").quality_failures, 2);
}

#[test]
fn task_stays_with_the_first_and_is_extra_for_the_second_when_it_was_handed_over() {
    let mut task = done("2026-09-15T03:00:00Z");
    task.returned_count = 1;
    let rules = RuleSet::default();
    let first = judged(&task, "2026-09-30", &rules, |facts| {
        facts.handed_over = true;
        facts.confirmed_failures = Some(1);
    });
    let first = first.expect("line");
    assert_eq!((first.assigned, first.completed, first.extra), (Decimal::ONE, Decimal::ZERO, false));
    assert_eq!((first.late_count, first.quality_failures), (0, 0));
    let second = judged(&task, "2026-09-30", &rules, |facts| facts.taken_over = true).expect("line");
    assert_eq!((second.completed, second.extra, second.late_count), (Decimal::ONE, true, 5));
}

#[test]
fn task_is_extra_when_the_source_marks_it_as_unplanned() {
    let mut task = done("2026-09-09T03:00:00Z");
    assert!(!line(&task).extra);
    task.draft.unplanned = true;
    assert!(line(&task).extra);
}

#[test]
fn task_is_listed_and_not_counted_when_withdrawn_gone_unmapped_or_outside() {
    let rules = RuleSet::default();
    for (status, reason) in [
        (TaskStatus::Cancelled, "cancelled"),
        (TaskStatus::Recalled, "cancelled"),
        (TaskStatus::Gone, "gone"),
    ] {
        let mut task = task();
        task.draft.status = status;
        assert_eq!(judged(&task, "2026-09-30", &rules, |_| ()), Err(reason.to_owned()));
    }
    let task = done("2026-09-09T03:00:00Z");
    let unmapped = judged(&task, "2026-09-30", &rules, |facts| facts.product = None);
    assert_eq!(unmapped, Err("unmapped".to_owned()));
    let outside = judged(&task, "2026-09-30", &rules, |facts| facts.outside = true);
    assert_eq!(outside, Err("outside_catalog".to_owned()));
}

#[test]
fn open_task_is_zero_with_its_days_so_far_when_it_is_overdue() {
    let overdue = judged(&task(), "2026-09-13", &RuleSet::default(), |_| ()).expect("line");
    assert_eq!((overdue.assigned, overdue.completed), (Decimal::ONE, Decimal::ZERO));
    assert_eq!(overdue.notes, ["overdue by 3 days"]);
    // Done in time, of which nothing counts: not overdue.
    let nothing = |facts: &mut TaskFacts<'_>| {
        facts.confirmed_quantity = Some((Decimal::ZERO, at("2026-12-01T00:00:00Z")));
    };
    let done =
        judged(&done("2026-09-09T03:00:00Z"), "2026-09-13", &RuleSet::default(), nothing).expect("line");
    assert_eq!((done.completed, done.late_count), (Decimal::ZERO, 0));
    assert!(!done.notes.iter().any(|note| note.starts_with("overdue")), "{:?}", done.notes);
}

#[test]
fn task_is_zero_in_its_period_when_it_is_finished_after_the_periods_end() {
    let late = line(&done("2026-10-02T03:00:00Z"));
    assert_eq!((late.completed, late.completed_on), (Decimal::ZERO, None));
    assert!(late.finished_later_on.is_some_and(|on| on > late.due.expect("due")), "{late:?}");
    assert!(late.notes[0].contains("2026-10-02"), "{:?}", late.notes);
    // Handed in within the period and accepted after it: done in time.
    let mut submitted = done("2026-10-02T03:00:00Z");
    submitted.accepted_submission_at = Some(at("2026-09-09T03:00:00Z"));
    assert_eq!(line(&submitted).completed, Decimal::ONE);
}

#[test]
fn task_belongs_to_the_period_of_its_assignment_when_it_has_no_due_date() {
    let mut task = done("2026-09-29T03:00:00Z");
    task.draft.due = None;
    let counted = line(&task);
    assert_eq!((counted.late_count, counted.counted_on), (0, day("2026-09-01")));
    task.draft.assigned_at = Some(at("2026-06-30T16:59:59Z"));
    assert_eq!(judged(&task, "2026-09-30", &RuleSet::default(), |_| ()), Err("another period".to_owned()));
    task.draft.assigned_at = Some(at("2026-06-30T17:00:00Z"));
    assert!(judged(&task, "2026-09-30", &RuleSet::default(), |_| ()).is_ok());
}

#[test]
fn confirmed_share_counts_until_the_whole_is_accepted_and_is_late_when_the_task_is() {
    let rules = RuleSet::default();
    let share = |text: &'static str, when: &'static str| {
        move |facts: &mut TaskFacts<'_>| {
            facts.confirmed_quantity = Some((text.parse().expect("quantity"), at(when)));
        }
    };
    let half: Decimal = "0.5".parse().expect("decimal");
    let open = judged(&task(), "2026-09-12", &rules, share("0.5", "2026-09-08T03:00:00Z")).expect("line");
    assert_eq!((open.completed, open.late_count), (half, 2));
    let finished = done("2026-09-10T03:00:00Z");
    let whole = judged(&finished, "2026-09-30", &rules, share("0.5", "2026-09-08T03:00:00Z")).expect("line");
    assert_eq!(whole.completed, Decimal::ONE);
    let part = judged(&finished, "2026-09-30", &rules, share("0.5", "2026-09-11T03:00:00Z")).expect("line");
    assert_eq!(part.completed, half);
    let above = judged(&finished, "2026-09-30", &rules, share("7", "2026-09-11T03:00:00Z")).expect("line");
    assert_eq!(above.completed, Decimal::ONE);
    let only_done = RuleSet { partial_completion: PartialCompletion::DoneOnly, ..RuleSet::default() };
    let ignored = judged(&task(), "2026-09-12", &only_done, share("0.5", "2026-09-08T03:00:00Z"));
    assert_eq!(ignored.expect("line").completed, Decimal::ZERO);
}

#[test]
fn refused_product_is_not_completed_unless_the_rule_set_says_so() {
    let mut task = done("2026-09-09T03:00:00Z");
    task.draft.status = TaskStatus::Refused;
    assert_eq!(line(&task).completed, Decimal::ZERO);
    let rules = RuleSet { rejected_counts_as_completed: true, ..RuleSet::default() };
    assert_eq!(judged(&task, "2026-09-30", &rules, |_| ()).expect("line").completed, Decimal::ONE);
}

/// As its source last showed it, and then no longer shown.
fn vanished(mut task: CanonicalTask) -> CanonicalTask {
    task.shown_last = Some(task.draft.status);
    task.draft.status = TaskStatus::Gone;
    task.last_changed_at = at("2026-09-25T01:00:00Z");
    task
}

#[test]
fn task_that_vanished_counts_as_it_last_was_when_gone_tasks_are_kept() {
    let keep = RuleSet { gone_policy: GonePolicy::Keep, ..RuleSet::default() };
    let judge = |task: CanonicalTask, rules: &RuleSet| judged(&task, "2026-09-30", rules, |_| ());
    let done_before = judge(vanished(done("2026-09-12T03:00:00Z")), &keep).expect("line");
    assert_eq!((done_before.completed, done_before.late_count), (Decimal::ONE, 2));
    assert_eq!(done_before.completed_on, Some(day("2026-09-12")));
    // Never completed: still owed, and never a completion on the day it vanished.
    let open = judge(vanished(task()), &keep).expect("line");
    assert_eq!((open.completed, open.completed_on), (Decimal::ZERO, None));
    assert_eq!(open.notes, ["overdue by 20 days"]);
    let mut called_off = task();
    called_off.draft.status = TaskStatus::Cancelled;
    assert_eq!(judge(vanished(called_off), &keep), Err("cancelled".to_owned()));
    // Done without a date: the moment it was seen done, not the moment it vanished.
    let mut undated = done("2026-09-12T03:00:00Z");
    undated.draft.completed_at = None;
    undated.accepted_submission_at = Some(at("2026-09-12T03:00:00Z"));
    for completion_event in [CompletionEvent::Submitted, CompletionEvent::Accepted] {
        let rules = RuleSet { completion_event, ..keep.clone() };
        assert_eq!(judge(vanished(undated.clone()), &rules).expect("line").late_count, 2);
    }
    assert_eq!(judge(vanished(done("2026-09-12T03:00:00Z")), &RuleSet::default()), Err("gone".to_owned()));
}

#[test]
fn day_judged_on_belongs_to_what_is_done_and_what_is_due() {
    let rules = RuleSet::default();
    assert_eq!(
        judged(&done("2026-09-12T03:00:00Z"), "2026-09-12", &rules, |_| ()).expect("line").completed,
        Decimal::ONE
    );
    // Due today and open: owed, and not overdue before the day is over.
    let today = judged(&task(), "2026-09-10", &rules, |_| ()).expect("line");
    assert_eq!((today.completed, today.notes), (Decimal::ZERO, Vec::<String>::new()));
    let key = TaskKey { source: SourceId::new("s").expect("source"), external_id: "1".into() };
    let open = task();
    let facts = facts(&key, &open);
    let to_date = |as_of: &str| {
        let period = "2026-Q3".parse().expect("period");
        let calendar = WorkingCalendar::default();
        build_lines(std::slice::from_ref(&facts), period, day(as_of), &rules, &calendar).to_date()
    };
    assert_eq!(to_date("2026-09-09").1[0].reason, "not_due_yet");
    assert_eq!(to_date("2026-09-10").0.len(), 1);
}

#[test]
fn what_was_reported_and_handed_over_is_nobodys_open_task() {
    use crate::domain::rules::Overlay;
    use crate::domain::{Exact, Level, Role};
    use crate::scoring::{Criteria, PersonInput, Support, score_person};
    use std::collections::BTreeMap;
    let rules = RuleSet { local_overlays: vec![Overlay::Below100NotCompleted], ..RuleSet::default() };
    let finished = judged(&done("2026-09-09T03:00:00Z"), "2026-09-30", &rules, |_| {}).expect("a line");
    let level = |handed_over: bool| {
        let open = judged(&task(), "2026-09-30", &rules, |facts| facts.handed_over = handed_over);
        let points = BTreeMap::from([("total".to_owned(), Exact::integer(30))]);
        let input = PersonInput {
            period: "2026-Q3".parse().expect("period"),
            role: Role::Staff,
            lines: vec![finished.clone(), open.expect("a line")],
            excluded: Vec::new(),
            criteria: Criteria { own: None, superior: Some(points) },
            components: BTreeMap::new(),
            subordinates: Vec::new(),
            unit_result: None,
            worked: Vec::new(),
            support: Support::default(),
        };
        let found = score_person(&input, &rules);
        (found.total.map(|total| total.printed), found.level)
    };
    // It stays assigned either way (art. 18.1.d): a = b = c = 1 / 2, S = 30 + 35.
    assert_eq!(level(true), (Some("65.00".to_owned()), Some(Level::Completed)));
    assert_eq!(level(false), (Some("65.00".to_owned()), Some(Level::NotCompleted)));
}
