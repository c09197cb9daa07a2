//! From a task to a line: what was assigned, what is completed, how late, how often it failed (scoring
//! rules 8b).
//!
//! Owns every decision about whether and how a task counts in a person's period. Nothing disappears: a task
//! that does not count is listed with its reason. It must not know how lines are added up.

use crate::domain::rules::{
    CompletionEvent, Counted, DueDateRule, DuePrecision, GonePolicy, LateUnit, PartialCompletion,
    PendingCoefficientPolicy, PeriodMembership, ProvisionalView, RuleSet,
};
use crate::domain::{
    CanonicalTask, Due, Period, TaskKey, TaskStatus, WorkingCalendar, local_date, local_offset,
};
use chrono::{DateTime, NaiveDate, NaiveTime, Timelike as _, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

/// A task that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Where it comes from: source and key, or the line's name in a calculation.
    pub source: String,
    /// Title.
    pub title: String,
    /// Product code.
    pub product: String,
    /// k, above 0.
    pub coefficient: Decimal,
    /// Multiplier of the post held on the line's day (switch `leader_scope`), above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiplier: Option<Decimal>,
    /// G, 0 or more.
    pub assigned: Decimal,
    /// C, completed and accepted.
    pub completed: Decimal,
    /// q: failed assessments that count.
    pub quality_failures: u32,
    /// l: counts of lateness after excuses.
    pub late_count: u32,
    /// Whether an objective cause of its delay was confirmed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub late_excused: bool,
    /// Given to somebody else in time: it stays assigned, with nothing completed (art. 18.1.d).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub handed_over: bool,
    /// Outside the assigned total: taken over, unplanned (art. 18.1.d), or carried over from an earlier period.
    pub extra: bool,
    /// Day it was due.
    pub due: Option<NaiveDate>,
    /// Day by which it belongs to its period, and to the leader who answered for the person then.
    pub counted_on: NaiveDate,
    /// Day it was completed.
    pub completed_on: Option<NaiveDate>,
    /// Day it was finished after the day judged on: nothing in this period, but done in the year of the organisation
    /// (art. 8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_later_on: Option<NaiveDate>,
    /// Things to know about the line.
    pub notes: Vec<String>,
    /// Whose line it is, for leaders who answer for others; none for one's own.
    pub of: Option<String>,
}

/// Why a task is left out of the view to date alone.
pub const NOT_DUE_YET: &str = "not_due_yet";

/// What the note of a task begins with that another person completes (Đ18.1.d).
pub const HANDED_OVER: &str = "handed over";

/// A task that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Where it comes from.
    pub source: String,
    /// Title.
    pub title: String,
    /// Why: `unmapped`, `outside_catalog`, `pending_coefficient`, `cancelled`, `gone`, [`NOT_DUE_YET`], `duplicate`.
    pub reason: String,
    /// The task it counts as, where it is one with another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts_as: Option<String>,
}

/// A product that is proposed and in no catalog yet (Đ13.3; plan IV.2.3), as frozen with its proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending<'a> {
    /// Code under which it is proposed.
    pub code: &'a str,
    /// Provisional coefficient, above 0.
    pub coefficient: Option<Decimal>,
    /// The catalog's product for everything else, and its coefficient.
    pub catch_all: Option<(&'a str, Decimal)>,
}

impl<'a> Pending<'a> {
    /// What it counts as by the switch `pending_coefficient_policy`; none = it is parked.
    fn counted_as(&self, rules: &RuleSet, notes: &mut Vec<String>) -> Option<(&'a str, Decimal)> {
        match rules.pending_coefficient_policy {
            PendingCoefficientPolicy::Park => None,
            PendingCoefficientPolicy::Provisional => {
                let coefficient = self.coefficient?;
                notes.push(format!(
                    "{} is in no catalog yet: counted with its provisional coefficient",
                    self.code
                ));
                Some((self.code, coefficient))
            }
            PendingCoefficientPolicy::CatchAll => {
                let (code, coefficient) = self.catch_all?;
                notes.push(format!("{} is in no catalog yet: counted as {code}", self.code));
                Some((code, coefficient))
            }
        }
    }
}

/// Everything about one person's stake in one task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskFacts<'a> {
    /// The task's key.
    pub key: &'a TaskKey,
    /// The task.
    pub task: &'a CanonicalTask,
    /// Product code and coefficient, frozen; none while it waits or is outside the catalog.
    pub product: Option<(&'a str, Decimal)>,
    /// What it may count as while its product is proposed and no catalog has it.
    pub pending: Option<Pending<'a>>,
    /// Whether it was decided to be no product.
    pub outside: bool,
    /// The person gave it away: it stays assigned to them, what is done counts for the other.
    pub handed_over: bool,
    /// The person took it over: it counts on top of what was assigned.
    pub taken_over: bool,
    /// Failed assessments a superior confirmed.
    pub confirmed_failures: Option<u32>,
    /// Whether a superior confirmed that the task's lateness counts; `false`: rejected it.
    pub lateness_confirmed: Option<bool>,
    /// Lateness excused by the competent authority.
    pub late_excused: bool,
    /// Failures excused by the competent authority.
    pub quality_excused: bool,
    /// Completed quantity a superior confirmed, and when.
    pub confirmed_quantity: Option<(Decimal, DateTime<Utc>)>,
    /// Share that was confirmed for an earlier period, and counted there.
    pub counted_before: Decimal,
    /// The task it counts as: one task that two sources hold counts once.
    pub counts_as: Option<&'a TaskKey>,
    /// The tasks that count as it.
    pub also: Vec<&'a TaskKey>,
}

/// One person's tasks of a period, judged on a day: what counts, and what does not.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// Lines of tasks that are due by that day or completed: those of both views.
    pub lines: Vec<Line>,
    /// Lines of tasks that are neither: behind the others in the full period, [`NOT_DUE_YET`] in the view to date.
    pub later: Vec<Line>,
    /// Tasks that do not count in either view.
    pub excluded: Vec<Excluded>,
    /// Tasks that do not count in the full period for this reason, and are [`NOT_DUE_YET`] in the view to date.
    pub excluded_later: Vec<Excluded>,
}

impl Judged {
    /// Puts a line where it belongs.
    pub(super) fn put(&mut self, line: Line, as_of: NaiveDate) {
        let counts = counts_to_date(&line, as_of);
        if counts { &mut self.lines } else { &mut self.later }.push(line);
    }

    /// Puts a line that does not count after all where it belongs.
    pub(super) fn put_excluded(&mut self, line: Line, reason: &str, as_of: NaiveDate) {
        let counts = counts_to_date(&line, as_of);
        let list = if counts { &mut self.excluded } else { &mut self.excluded_later };
        list.push(excluded(line, reason));
    }

    /// Takes the lines that do not hold from both views, as not counting for a reason.
    pub fn leave_out(&mut self, reason: &str, leaves: impl Fn(&Line) -> bool) {
        let lists = [(&mut self.lines, &mut self.excluded), (&mut self.later, &mut self.excluded_later)];
        for (lines, out) in lists {
            out.extend(lines.extract_if(.., |line| leaves(line)).map(|line| excluded(line, reason)));
        }
    }

    /// What does not count to date: what is not due yet comes last.
    pub fn excluded_to_date(&self) -> Vec<Excluded> {
        let lines = self.later.iter().cloned().map(|line| excluded(line, NOT_DUE_YET));
        let others = self.excluded_later.iter();
        let others = others.map(|one| Excluded { reason: NOT_DUE_YET.to_owned(), ..one.clone() });
        self.excluded.iter().cloned().chain(lines).chain(others).collect()
    }

    /// What does not count in the full period.
    pub fn excluded_of_period(&self) -> Vec<Excluded> {
        self.excluded.iter().chain(&self.excluded_later).cloned().collect()
    }

    /// Lines and what does not count of the view to date.
    pub fn to_date(self) -> (Vec<Line>, Vec<Excluded>) {
        let excluded = self.excluded_to_date();
        (self.lines, excluded)
    }

    /// The same of the full period.
    pub fn full(self) -> (Vec<Line>, Vec<Excluded>) {
        let excluded = self.excluded_of_period();
        let mut lines = self.lines;
        lines.extend(self.later);
        (lines, excluded)
    }
}

/// Whether the view that is shown of a period on a day is the full one: once the period is over, and before that where the
/// rule set says so (`provisional_view`).
pub fn shows_full_period(period: Period, today: NaiveDate, rules: &RuleSet) -> bool {
    today > period.last_day() || rules.provisional_view == ProvisionalView::FullPeriod
}

fn counts_to_date(line: &Line, as_of: NaiveDate) -> bool {
    line.completed_on.is_some() || line.due.is_some_and(|due| due <= as_of)
}

fn excluded(line: Line, reason: &str) -> Excluded {
    Excluded { source: line.source, title: line.title, reason: reason.to_owned(), counts_as: None }
}

/// The lines and exclusions of one person in one period, judged on a day.
pub fn build_lines(
    facts: &[TaskFacts<'_>],
    period: Period,
    as_of: NaiveDate,
    rules: &RuleSet,
    calendar: &WorkingCalendar,
) -> Judged {
    let mut judged = Judged::default();
    for fact in facts {
        let due = due_in_force(fact.task, rules);
        let day = reference_day(fact.task, due, rules);
        if !period.contains(day) {
            if rules.carries_over() && day < period.first_day() {
                judged.lines.extend(carried(fact, due, day, period, as_of, rules, calendar));
            }
            continue;
        }
        match judge(fact, due, as_of, rules, calendar) {
            Ok(line) => judged.put(line, as_of),
            Err(reason) => judged.excluded.push(Excluded {
                source: source_of(fact.key),
                title: fact.task.draft.title.clone(),
                reason: reason.to_owned(),
                counts_as: fact.counts_as.map(source_of),
            }),
        }
    }
    judged
}

/// The line of a task of an earlier period that was finished in this one (switch `carry_over`): extra here, with its
/// own counts, and 0 where it was due.
fn carried(
    fact: &TaskFacts<'_>,
    due: Option<Due>,
    day: NaiveDate,
    period: Period,
    as_of: NaiveDate,
    rules: &RuleSet,
    calendar: &WorkingCalendar,
) -> Option<Line> {
    let mut line = judge(fact, due, as_of, rules, calendar).ok()?;
    let finished = line.completed_on.filter(|finished| period.contains(*finished))?;
    if !fact.counted_before.is_zero() {
        line.completed = (line.completed - fact.counted_before).max(Decimal::ZERO);
        line.assigned = line.completed;
        line.notes.push(format!("{} counted in an earlier period", fact.counted_before.normalize()));
    }
    if line.completed.is_zero() {
        return None;
    }
    line.notes.push(format!("carried over: it belonged to {day}"));
    (line.extra, line.counted_on) = (true, finished);
    Some(line)
}

/// How a line names the task it comes from.
pub fn source_of(key: &TaskKey) -> String {
    format!("{}/{}", key.source, key.external_id)
}

/// The day that decides which period a task belongs to.
pub fn reference_day(task: &CanonicalTask, due: Option<Due>, rules: &RuleSet) -> NaiveDate {
    let assigned = local_date(task.draft.assigned_at.unwrap_or(task.first_seen_at));
    match rules.period_membership {
        PeriodMembership::AssignedInPeriod => assigned,
        _ => due.map_or(assigned, |due| due.day),
    }
}

/// The due date that counts after extensions (switch `due_date_rule`): one granted after the old date had
/// passed is an excuse at best, not a new date.
pub fn due_in_force(task: &CanonicalTask, rules: &RuleSet) -> Option<Due> {
    if rules.due_date_rule == DueDateRule::Latest {
        return task.draft.due;
    }
    let mut changes = task.due_changes.iter();
    let mut in_force = changes.next().map_or(task.draft.due, |(due, _)| *due);
    for (due, granted) in changes {
        let passed = in_force.is_some_and(|old| is_past(old, moment(*granted), rules));
        if !passed {
            in_force = *due;
        }
    }
    in_force
}

fn judge(
    fact: &TaskFacts<'_>,
    due: Option<Due>,
    as_of: NaiveDate,
    rules: &RuleSet,
    calendar: &WorkingCalendar,
) -> Result<Line, &'static str> {
    let task = fact.task;
    if fact.counts_as.is_some() {
        return Err("duplicate");
    }
    if task.draft.status == TaskStatus::Gone && rules.gone_policy == GonePolicy::ExcludeAndList {
        return Err("gone");
    }
    // Kept as it last was: done before it vanished is done, withdrawn is withdrawn, open is owed.
    let status = task.shown_status();
    if status.is_withdrawn() && !rules.cancelled_in_denominator {
        return Err("cancelled");
    }
    if fact.outside {
        return Err("outside_catalog");
    }
    let mut notes: Vec<String> =
        fact.also.iter().map(|other| format!("one task with {}", source_of(other))).collect();
    let (product, coefficient) = match (fact.product, &fact.pending) {
        (Some(product), _) => product,
        (None, Some(pending)) => pending.counted_as(rules, &mut notes).ok_or("pending_coefficient")?,
        (None, None) => return Err("unmapped"),
    };
    // What is finished after the day judged on, at the latest the period's end, is not completed in it
    // (rules 2.2.g; `carry_over` none).
    let finished_at = completion(task, rules);
    let completed_at = finished_at.filter(|at| local_date(*at) <= as_of);
    let assigned = task.draft.quantity.unwrap_or(Decimal::ONE);
    let completed = completed_quantity(fact, completed_at, assigned, rules, &mut notes);
    let completed_on = completed_at.map(local_date);
    let finished_later_on =
        finished_at.map(local_date).filter(|_| completed_at.is_none() && !fact.handed_over);
    if let (Some(at), None) = (finished_at, completed_at) {
        notes.push(format!("completed on {}, after {as_of}: 0 in this period", local_date(at)));
    }
    // A confirmed share of a task that is still open is late as long as the task is.
    let judged_on = completed_at.map(moment).or_else(|| (!completed.is_zero()).then_some((as_of, None)));
    let late_count =
        if fact.handed_over { 0 } else { late_count(fact, due, judged_on, rules, calendar, &mut notes) };
    // A share of nothing that was done is not overdue.
    if completed.is_zero()
        && completed_at.is_none()
        && !fact.handed_over
        && let Some(due) = due
        && due.day < as_of
        && (status.is_open() || finished_at.is_some())
    {
        notes.push(format!("overdue by {} days", (as_of - due.day).num_days()));
    }
    if let Some(late) = task.draft.due.filter(|latest| due.is_some_and(|due| due != *latest)) {
        notes.push(format!(
            "moved to {} after the due day had passed: at most an excuse, once confirmed",
            late.day
        ));
    }
    Ok(Line {
        source: source_of(fact.key),
        title: task.draft.title.clone(),
        product: product.to_owned(),
        coefficient,
        assigned,
        completed,
        late_excused: fact.late_excused,
        handed_over: fact.handed_over,
        multiplier: None,
        quality_failures: if fact.handed_over { 0 } else { failures(fact, rules, &mut notes) },
        late_count,
        extra: fact.taken_over || task.draft.unplanned,
        due: due.map(|due| due.day),
        counted_on: reference_day(task, due, rules),
        completed_on,
        finished_later_on,
        notes,
        of: None,
    })
}

fn accepted_at(task: &CanonicalTask) -> DateTime<Utc> {
    // The last change of a task that vanished is its vanishing.
    let seen = if task.shown_last.is_some() { task.accepted_submission_at } else { None };
    task.draft.completed_at.or(seen).unwrap_or(task.last_changed_at)
}

fn completion(task: &CanonicalTask, rules: &RuleSet) -> Option<DateTime<Utc>> {
    let status = task.shown_status();
    let counts =
        status == TaskStatus::Done || (rules.rejected_counts_as_completed && status == TaskStatus::Refused);
    if !counts {
        return None;
    }
    let accepted = accepted_at(task);
    Some(match rules.completion_event {
        CompletionEvent::Submitted => task.accepted_submission_at.unwrap_or(accepted),
        CompletionEvent::Accepted => accepted,
    })
}

fn completed_quantity(
    fact: &TaskFacts<'_>,
    completed_at: Option<DateTime<Utc>>,
    assigned: Decimal,
    rules: &RuleSet,
    notes: &mut Vec<String>,
) -> Decimal {
    if fact.handed_over {
        notes.push(format!("{HANDED_OVER}: stays assigned, done by another (Đ18.1.d)"));
        return Decimal::ZERO;
    }
    match (fact.confirmed_quantity, rules.partial_completion) {
        // Accepted after a share was confirmed: the whole product is done now (8b, `partial_completion`).
        (Some((_, at)), _) if completed_at.is_some() && accepted_at(fact.task) > at => assigned,
        (Some((quantity, _)), PartialCompletion::ConfirmedFraction) => {
            notes.push(format!("completed quantity {} confirmed by a superior", quantity.normalize()));
            if quantity > assigned {
                notes.push(format!("above the assigned quantity: counted as {}", assigned.normalize()));
            }
            quantity.clamp(Decimal::ZERO, assigned.max(Decimal::ZERO))
        }
        _ if completed_at.is_some() => assigned,
        _ => Decimal::ZERO,
    }
}

fn late_count(
    fact: &TaskFacts<'_>,
    due: Option<Due>,
    completed: Option<Moment>,
    rules: &RuleSet,
    calendar: &WorkingCalendar,
    notes: &mut Vec<String>,
) -> u32 {
    let (Some(due), Some(done)) = (due, completed) else { return 0 };
    let count = lateness(due, done, rules, calendar);
    if count == 0 {
        return 0;
    }
    match (fact.late_excused, fact.lateness_confirmed, rules.late_counted) {
        (true, ..) => notes.push(format!("lateness of {count} excused: objective cause confirmed (Đ14.2.c)")),
        (false, Some(false), _) => notes.push(format!("lateness of {count} rejected by a superior")),
        (false, None, Counted::ConfirmedOnly) => notes.push(format!("lateness of {count} not confirmed")),
        (false, Some(true), _) | (false, None, Counted::Automatic) => return count,
    }
    0
}

/// How late a task of a period is by a day, before any decision: by its completion, else by the day.
pub fn late_days(
    task: &CanonicalTask,
    due: Option<Due>,
    by: NaiveDate,
    rules: &RuleSet,
    calendar: &WorkingCalendar,
) -> u32 {
    let status = task.shown_status();
    let done = completion(task, rules).map(moment);
    let owed = (status.is_open() && status != TaskStatus::Gone).then_some((by, None));
    due.zip(done.or(owed)).map_or(0, |(due, done)| lateness(due, done, rules, calendar))
}

/// Whether a task is finished by a day: until then its lateness takes nothing from a line.
pub fn is_finished(task: &CanonicalTask, by: NaiveDate, rules: &RuleSet) -> bool {
    completion(task, rules).is_some_and(|at| local_date(at) <= by)
}

/// A local day, with the time of day where it is known.
pub type Moment = (NaiveDate, Option<NaiveTime>);

fn moment(at: DateTime<Utc>) -> Moment {
    let local = at.with_timezone(&local_offset()).naive_local();
    (local.date(), Some(local.time()))
}

/// Whether a moment lies behind a due date: the due day itself is on time, or its minute where the rule set counts
/// minutes and the source names one.
fn is_past(due: Due, done: Moment, rules: &RuleSet) -> bool {
    let minute = |time: NaiveTime| time.num_seconds_from_midnight() / 60;
    let later_that_day = || {
        let times = due.time.zip(done.1).filter(|_| rules.due_precision == DuePrecision::Minute);
        times.is_some_and(|(due, done)| minute(done) > minute(due))
    };
    done.0 > due.day || (done.0 == due.day && later_that_day())
}

/// Counts of lateness between a due date and a completion; at least one where minutes are counted and the minute has
/// passed.
pub fn lateness(due: Due, completed: Moment, rules: &RuleSet, calendar: &WorkingCalendar) -> u32 {
    if !is_past(due, completed, rules) {
        return 0;
    }
    let least = u32::from(rules.due_precision == DuePrecision::Minute);
    let days = match rules.late_unit {
        LateUnit::Occurrence => 1,
        LateUnit::CalendarDay => u32::try_from((completed.0 - due.day).num_days()).unwrap_or(u32::MAX),
        LateUnit::WorkingDay => calendar.working_days_after(due.day, completed.0),
    };
    days.max(least)
}

fn failures(fact: &TaskFacts<'_>, rules: &RuleSet, notes: &mut Vec<String>) -> u32 {
    let candidates = fact.task.returned_count;
    let counted = match (fact.confirmed_failures, rules.quality_counted) {
        (Some(confirmed), _) => confirmed,
        (None, Counted::Automatic) => candidates,
        (None, Counted::ConfirmedOnly) => {
            if candidates > 0 {
                notes.push(format!("returned {candidates} times, not confirmed as a content error"));
            }
            0
        }
    };
    if counted > 0 && fact.quality_excused {
        notes.push(format!("{counted} failures excused: objective cause confirmed (Đ14.2.b)"));
        return 0;
    }
    counted
}

#[cfg(test)]
mod tests;
