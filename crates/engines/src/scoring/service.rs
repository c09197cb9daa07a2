//! Time worked: spans of days, shares of a period, months, and what leave takes from them.
//!
//! Owns the reckoning of Decree 335/2025 art. 11.1–2 and of the switch `min_worked_share`. It must not know posts or
//! who entered a leave. Spans hold both ends; an empty list of spans of a period stands for the whole period.

use crate::domain::rules::LeaveExemption;
use crate::domain::{Exact, FactKind, Period, ServiceFact};
use chrono::{Days, Months, NaiveDate};

/// Least months worked for a classification (art. 11.1).
pub const LEAST_MONTHS: i64 = 6;

/// Days from one to another, both included.
pub type Span = (NaiveDate, NaiveDate);

/// The days of a period on which somebody with these posts worked: without leave, in order; empty when they are the
/// whole period. `None` when there is no such day.
pub fn worked_in(posts: &[Span], leaves: &[Span], period: Period) -> Option<Vec<Span>> {
    let (first, last) = (period.first_day(), period.last_day());
    let mut spans = joined(posts.iter().map(|(from, to)| ((*from).max(first), (*to).min(last))).collect());
    for (from, to) in leaves {
        spans = spans.into_iter().flat_map(|span| without(span, (*from, *to))).collect();
    }
    match spans.as_slice() {
        [] => None,
        [whole] if *whole == (first, last) => Some(Vec::new()),
        _ => Some(spans),
    }
}

/// Spans in order, those that touch or overlap as one; empty ones left out.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|(from, to)| from <= to);
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        match joined.last_mut() {
            Some((_, until)) if until.succ_opt().is_none_or(|next| from <= next) => *until = to.max(*until),
            _ => joined.push((from, to)),
        }
    }
    joined
}

fn without(span: Span, leave: Span) -> Vec<Span> {
    if leave.1 < span.0 || span.1 < leave.0 {
        return vec![span];
    }
    let before = leave.0.pred_opt().filter(|end| span.0 <= *end).map(|end| (span.0, end));
    let after = leave.1.succ_opt().filter(|start| *start <= span.1).map(|start| (start, span.1));
    before.into_iter().chain(after).collect()
}

fn days(span: Span) -> i64 {
    (span.1 - span.0).num_days() + 1
}

/// Share of a period's calendar days that was worked.
pub fn share_worked(worked: &[Span], period: Period) -> Exact {
    if worked.is_empty() {
        return Exact::one();
    }
    let all = days((period.first_day(), period.last_day()));
    Exact::ratio(worked.iter().map(|span| days(*span)).sum(), all).unwrap_or_else(Exact::zero)
}

/// Months worked: the whole months of each span, and 30 of the days left over as one month.
pub fn months_worked(worked: &[Span], period: Period) -> Exact {
    let whole = [(period.first_day(), period.last_day())];
    let spans = if worked.is_empty() { &whole } else { worked };
    let (mut months, mut rest) = (0, 0);
    for (from, to) in spans {
        let end = to.checked_add_days(Days::new(1)).unwrap_or(*to);
        let mut count = 0;
        while from.checked_add_months(Months::new(count + 1)).is_some_and(|day| day <= end) {
            count += 1;
        }
        let reached = from.checked_add_months(Months::new(count)).unwrap_or(*from);
        months += i64::from(count);
        rest += (end - reached).num_days();
    }
    &Exact::integer(months) + &Exact::ratio(rest, 30).unwrap_or_else(Exact::zero)
}

/// Whether sick or maternity leave lifts the least months of a year (art. 11.2): any day of it does by the decree's word;
/// where the rule set says so, only leave that makes up for what lacks to six months, each day counted once.
pub fn has_exempting_leave(
    facts: &[ServiceFact],
    worked: &[Span],
    year: Period,
    exemption: LeaveExemption,
) -> bool {
    let (first, last) = (year.first_day(), year.last_day());
    let leave =
        facts.iter().filter(|fact| matches!(fact.kind, FactKind::SickLeave | FactKind::MaternityLeave));
    let leave = leave.map(ServiceFact::span).map(|(from, to)| (from.max(first), to.min(last)));
    let leave: Vec<Span> = leave.filter(|(from, to)| from <= to).collect();
    match exemption {
        LeaveExemption::AnyLeave => !leave.is_empty(),
        LeaveExemption::MakesUpSixMonths => {
            let together = joined(worked.iter().chain(&leave).copied().collect());
            !leave.is_empty() && months_worked(&together, year) >= Exact::integer(LEAST_MONTHS)
        }
    }
}

/// Discipline and conclusions with the year each counts in (art. 11.3), none where it counts in no year because the
/// same act counts already. It counts in the year it takes effect; where the act was done at another agency than the
/// one then, in the year of the act, for the agency of that time. Corruption in a body below counts for those alone who
/// were head or deputy on the day of the act, or of the conclusion where no day or post of the act is known (art. 20.4.d).
pub fn counted_years(
    facts: &[ServiceFact],
    agency_on: &dyn Fn(NaiveDate) -> Option<String>,
    led_on: &dyn Fn(NaiveDate) -> Option<bool>,
) -> Vec<(ServiceFact, Option<i32>)> {
    use chrono::Datelike as _;
    let year = |fact: &ServiceFact| match fact.act_on {
        Some(act) if agency_on(act) != agency_on(fact.from) => act.year(),
        _ => fact.from.year(),
    };
    let concerns = |fact: &&ServiceFact| {
        let led = || fact.act_on.and_then(led_on).or_else(|| led_on(fact.from));
        fact.kind != FactKind::CorruptionBelow || led().unwrap_or(false)
    };
    let mut counting: Vec<(ServiceFact, Option<i32>)> = facts
        .iter()
        .filter(|fact| fact.kind.article().is_some())
        .filter(concerns)
        .map(|fact| (fact.clone(), Some(year(fact))))
        .collect();
    counting.sort_by_key(|(fact, year)| (*year, fact.from));
    let mut acts: Vec<String> = Vec::new();
    for (fact, counted) in &mut counting {
        match &fact.act {
            Some(act) if acts.contains(act) => *counted = None,
            Some(act) => acts.push(act.clone()),
            None => {}
        }
    }
    counting
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("day")
    }

    fn span(from: &str, to: &str) -> Span {
        (day(from), day(to))
    }

    #[test]
    fn leave_is_taken_from_the_posts_and_a_whole_period_is_an_empty_list() {
        let year = Period::Year(2026);
        let post = [span("2020-01-01", "2026-06-30"), span("2026-07-01", "9999-12-31")];
        assert_eq!(worked_in(&post, &[], year), Some(Vec::new()));
        let leave = [span("2026-03-01", "2026-05-31")];
        let left = vec![span("2026-01-01", "2026-02-28"), span("2026-06-01", "2026-12-31")];
        assert_eq!(worked_in(&post, &leave, year), Some(left));
        assert_eq!(worked_in(&post, &[span("2025-12-01", "2027-01-31")], year), None);
        assert_eq!(worked_in(&[], &[], year), None);
    }

    #[test]
    fn six_months_are_reckoned_by_the_calendar_and_days_left_over_by_thirty() {
        let year = Period::Year(2026);
        let months = |spans: &[Span]| months_worked(spans, year).to_string();
        assert_eq!(months(&[]), "12");
        assert_eq!(months(&[span("2026-01-01", "2026-06-30")]), "6");
        assert_eq!(months(&[span("2026-04-15", "2026-10-14")]), "6");
        assert_eq!(months(&[span("2026-04-15", "2026-10-13")]), "179/30", "5 months and 29 days");
        assert_eq!(months(&[span("2026-01-01", "2026-01-20"), span("2026-03-01", "2026-03-10")]), "1");
    }

    #[test]
    fn share_is_of_calendar_days() {
        let quarter: Period = "2026-Q1".parse().expect("quarter");
        assert_eq!(share_worked(&[span("2026-01-01", "2026-02-14")], quarter).to_string(), "0.5");
        assert_eq!(share_worked(&[], quarter), Exact::one());
    }

    fn discipline(from: &str, act_on: Option<&str>, act: Option<&str>) -> ServiceFact {
        ServiceFact {
            kind: FactKind::Discipline,
            from: day(from),
            to: None,
            act_on: act_on.map(day),
            act: act.map(str::to_owned),
            text: Some("khiển trách".into()),
            document: "12/QĐ-KL".into(),
        }
    }

    #[test]
    fn discipline_of_two_kinds_for_one_act_in_two_years_counts_in_the_first_alone() {
        let facts = [
            discipline("2027-01-20", None, Some("vi-pham-1")),
            discipline("2026-11-02", None, Some("vi-pham-1")),
            discipline("2027-03-01", None, None),
        ];
        let years: Vec<_> = counted_years(&facts, &|_| Some("SNV".into()), &|_| None)
            .into_iter()
            .map(|(fact, year)| (fact.from.to_string(), year))
            .collect();
        assert_eq!(
            years,
            [
                ("2026-11-02".to_owned(), Some(2026)),
                ("2027-01-20".to_owned(), None),
                ("2027-03-01".to_owned(), Some(2027))
            ]
        );
    }

    #[test]
    fn act_at_the_old_organisation_counts_there_by_the_time_of_the_act() {
        let agency = |on: NaiveDate| Some(if on < day("2027-01-01") { "SNV" } else { "STC" }.to_owned());
        let facts = [discipline("2027-04-01", Some("2026-05-05"), Some("x"))];
        assert_eq!(counted_years(&facts, &agency, &|_| None)[0].1, Some(2026));
        let facts = [discipline("2027-04-01", Some("2027-02-05"), Some("x"))];
        assert_eq!(counted_years(&facts, &agency, &|_| None)[0].1, Some(2027));
    }

    #[test]
    fn corruption_below_counts_by_the_role_on_the_day_of_the_act() {
        // Staff until June 2026, deputy since.
        let led = |on: NaiveDate| (on >= day("2026-01-01")).then_some(on >= day("2026-07-01"));
        let counts = |from: &str, act_on: Option<&str>| {
            let mut fact = discipline(from, act_on, None);
            fact.kind = FactKind::CorruptionBelow;
            counted_years(&[fact], &|_| Some("SNV".into()), &led).len()
        };
        assert_eq!(counts("2026-10-01", Some("2026-08-01")), 1);
        assert_eq!(counts("2026-10-01", Some("2026-03-01")), 0, "led nobody then, whatever the post is now");
        assert_eq!(counts("2026-10-01", None), 1, "no day of the act: the day of the conclusion");
        assert_eq!(counts("2026-10-01", Some("2025-03-01")), 1, "no post known of that day");
        assert_eq!(counts("2026-03-01", None), 0);
    }

    #[test]
    fn one_day_of_sick_leave_lifts_the_six_months_by_the_word_of_the_decree_and_a_switch_asks_for_more() {
        let year = Period::Year(2026);
        let leave = |kind, from: &str, to: &str| ServiceFact {
            kind,
            to: Some(day(to)),
            ..discipline(from, None, None)
        };
        // Came in October; sick on one day.
        let worked = [span("2026-10-01", "2026-11-09"), span("2026-11-11", "2026-12-31")];
        let sick = [leave(FactKind::SickLeave, "2026-11-10", "2026-11-10")];
        let lifted = |facts: &[ServiceFact], worked: &[Span], exemption| {
            has_exempting_leave(facts, worked, year, exemption)
        };
        use LeaveExemption::{AnyLeave, MakesUpSixMonths};
        assert!(lifted(&sick, &worked, AnyLeave));
        assert!(!lifted(&sick, &worked, MakesUpSixMonths));
        // Five months worked and seven of maternity leave.
        let mother = [leave(FactKind::MaternityLeave, "2026-06-01", "2027-01-31")];
        assert!(lifted(&mother, &[span("2026-01-01", "2026-05-31")], MakesUpSixMonths));
        let unpaid = [leave(FactKind::UnpaidLeave, "2026-06-01", "2026-12-31")];
        assert!(!lifted(&unpaid, &[span("2026-01-01", "2026-05-31")], AnyLeave));
    }
}
