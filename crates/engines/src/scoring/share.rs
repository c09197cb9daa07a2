//! Shares of one product: by person, by quarter, for supporting people (art. 18.1.c; Handbook V.2.đ).
//!
//! Owns how much of a product's coefficient is whose and when. Shares never exceed the whole; a line's coefficient times its
//! share is exact. It must not know who entered a share. What is shared with others or has no share is listed with its
//! reason, never dropped.

use super::line::{Judged, TaskFacts, build_lines, due_in_force, reference_day};
use crate::domain::rules::{PeriodMembership, RuleSet};
use crate::domain::{Due, Period, PersonId, TaskKey, WorkingCalendar};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Decimals of a share that follows from the rule set's.
const DIGITS: u32 = 6;

/// One part of a product as a superior entered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharePart {
    /// Whose; none = everyone's who has the task.
    pub person: Option<PersonId>,
    /// In which quarter or month; none = in the one the task belongs to, and in no other.
    pub period: Option<Period>,
    /// 0 to 1; none = a supporting person, who has the rule set's `support_share`.
    pub share: Option<Decimal>,
}

/// Shares of tasks that have any, by key.
pub type Shares = BTreeMap<TaskKey, Vec<SharePart>>;

/// Why shares cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Impossible {
    /// A share is not within 0 to 1.
    Range,
    /// Together they are more than the whole.
    Sum,
    /// One person and quarter stands twice.
    Twice,
}

/// Whether parts can be shares of one product; supporting people count with the rule set's share.
///
/// # Errors
/// What keeps them from it, with the sum of all shares.
pub fn check_shares(parts: &[SharePart], rules: &RuleSet) -> Result<(), (Impossible, Decimal)> {
    let support = support_share(rules);
    let sum: Decimal = parts.iter().map(|part| part.share.unwrap_or(support)).sum();
    let range =
        |part: &SharePart| part.share.is_some_and(|share| share < Decimal::ZERO || share > Decimal::ONE);
    if parts.iter().any(range) {
        return Err((Impossible::Range, sum));
    }
    let twice = |(at, part): (usize, &SharePart)| {
        parts.iter().skip(at + 1).any(|other| (other.person, other.period) == (part.person, part.period))
    };
    if parts.iter().enumerate().any(twice) {
        return Err((Impossible::Twice, sum));
    }
    if sum > Decimal::ONE { Err((Impossible::Sum, sum)) } else { Ok(()) }
}

/// The switch `support_share`; a set that holds something else was refused when it was read.
fn support_share(rules: &RuleSet) -> Decimal {
    rules.support_share.parse().unwrap_or(Decimal::ZERO)
}

/// What of a product is a person's.
enum Own {
    Share(Decimal),
    Nothing(&'static str),
}

/// A person's share in a period: of the parts that lie in it their own, else those of everyone and, in the period the task
/// belongs to (`home`), the rest where they lead supporting people. The rest is what all parts of all periods leave: it
/// is given once.
fn own(parts: &[SharePart], in_period: &[&SharePart], home: bool, person: PersonId, rules: &RuleSet) -> Own {
    let supporting = parts.iter().filter(|part| part.share.is_none()).count();
    let given: Decimal = parts.iter().filter_map(|part| part.share).sum();
    let rest = (Decimal::ONE - given).max(Decimal::ZERO);
    // Under another rule set than the one it was entered under there may be more supporting people than shares.
    let most =
        rest.checked_div(Decimal::from(supporting.max(1))).unwrap_or(Decimal::ZERO).trunc_with_scale(DIGITS);
    let support = support_share(rules).min(most);
    let mut named = in_period.iter().filter(|part| part.person == Some(person)).peekable();
    if named.peek().is_some() {
        let share: Decimal = named.map(|part| part.share.unwrap_or(support)).sum();
        return if share.is_zero() { Own::Nothing("support_without_share") } else { Own::Share(share) };
    }
    if parts.iter().any(|part| part.person == Some(person)) {
        return Own::Nothing("shared_by_others");
    }
    let of_all = in_period.iter().filter(|part| part.person.is_none());
    let mut share: Decimal = of_all.filter_map(|part| part.share).sum();
    if home && supporting > 0 {
        share += rest - support * Decimal::from(supporting);
    }
    let others = in_period.iter().any(|part| part.person.is_some());
    match share {
        share if !share.is_zero() => Own::Share(share),
        _ if others => Own::Nothing("shared_by_others"),
        _ => Own::Nothing("no_share_in_period"),
    }
}

/// The lines and exclusions of one person in one period as [`build_lines`] makes them, with entered shares: by person
/// always, by quarter where `period_membership` is `share_allocated`.
#[allow(clippy::too_many_arguments, reason = "those of build_lines, and whose shares")]
pub fn build_shared_lines(
    facts: &[TaskFacts<'_>],
    shares: &Shares,
    person: PersonId,
    period: Period,
    as_of: NaiveDate,
    rules: &RuleSet,
    calendar: &WorkingCalendar,
) -> Judged {
    if shares.is_empty() {
        return build_lines(facts, period, as_of, rules, calendar);
    }
    let (shared, whole): (Vec<&TaskFacts<'_>>, Vec<&TaskFacts<'_>>) =
        facts.iter().partition(|fact| shares.get(fact.key).is_some_and(|parts| !parts.is_empty()));
    let whole: Vec<TaskFacts<'_>> = whole.into_iter().cloned().collect();
    let mut judged = build_lines(&whole, period, as_of, rules, calendar);
    for fact in shared {
        let parts = shares.get(fact.key).map(Vec::as_slice).unwrap_or_default();
        let allocated = rules.period_membership == PeriodMembership::ShareAllocated
            && parts.iter().any(|part| part.period.is_some());
        let due = due_in_force(fact.task, rules);
        // What names no quarter lies in the one the task belongs to: once, not in every quarter that has a part.
        let home = !allocated || period.contains(reference_day(fact.task, due, rules));
        let lies_in =
            |part: &&SharePart| part.period.filter(|_| allocated).map_or(home, |of| falls_into(of, period));
        let in_period: Vec<&SharePart> = parts.iter().filter(lies_in).collect();
        let leads = home && parts.iter().any(|part| part.share.is_none());
        if in_period.is_empty() && !leads {
            continue;
        }
        let mut task = fact.task.clone();
        if allocated && in_period.iter().any(|part| part.period.is_some()) {
            // Each quarter has its own part, due by its end at the latest.
            let end = Due::day(period.last_day());
            let due = due.filter(|due| period.contains(due.day)).unwrap_or(end);
            task.draft.due = Some(due);
            let granted = task.draft.assigned_at.unwrap_or(task.first_seen_at);
            task.due_changes = vec![(Some(due), granted)];
        }
        let fact = TaskFacts { task: &task, ..fact.clone() };
        let whole = build_lines(std::slice::from_ref(&fact), period, as_of, rules, calendar);
        judged.excluded.extend(whole.excluded);
        for mut line in whole.lines.into_iter().chain(whole.later) {
            match own(parts, &in_period, home, person, rules) {
                Own::Share(share) => {
                    let percent = (share * Decimal::ONE_HUNDRED).normalize();
                    line.notes
                        .push(format!("share {percent} % of k {} (Đ18.1.c)", line.coefficient.normalize()));
                    line.coefficient = line.coefficient.checked_mul(share).unwrap_or(line.coefficient);
                    judged.put(line, as_of);
                }
                // Who gave it away keeps it as assigned (Đ18.1.d); shares are of those who do it.
                Own::Nothing(_) if fact.handed_over => judged.put(line, as_of),
                Own::Nothing(reason) => judged.put_excluded(line, reason, as_of),
            }
        }
    }
    judged
}

/// Whether a part's quarter or month is counted in a period: a month in its quarter, and where months are scored a quarter
/// in its last month.
fn falls_into(of: Period, period: Period) -> bool {
    of == period || period.contains(of.last_day())
}

#[cfg(test)]
mod tests;
