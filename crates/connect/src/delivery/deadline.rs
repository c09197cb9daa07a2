//! Until when a result must have reached a receiver (Decree 335/2025 art. 26.1.d: 05 days; Decree 27/2026:
//! 3 working days and 1 day).
//!
//! Owns the arithmetic from a start event to a day's end in Asia/Ho_Chi_Minh. The rules themselves stand
//! in the dated rule set: which of them binds is a legal question. It must not know what is sent.

use crate::domain::rules::{DayCount, DeadlineWeight, SyncDeadline};
use crate::domain::{WorkingCalendar, local_date, local_offset};
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// A rule applied to one start event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Name of the rule.
    pub name: String,
    /// First instant after the last permitted day.
    pub at: DateTime<Utc>,
    /// What it means.
    pub weight: DeadlineWeight,
}

/// Every rule applied to a start event, earliest first.
pub fn deadlines(start: DateTime<Utc>, rules: &[SyncDeadline], calendar: &WorkingCalendar) -> Vec<Deadline> {
    let from = local_date(start);
    let mut all: Vec<Deadline> = rules
        .iter()
        .map(|rule| {
            let last_day = match rule.count {
                DayCount::Calendar => from.checked_add_days(Days::new(rule.days.into())).unwrap_or(from),
                DayCount::Working => calendar.add_working_days(from, rule.days),
            };
            Deadline { name: rule.name.clone(), at: end_of_day(last_day), weight: rule.weight }
        })
        .collect();
    all.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.name.cmp(&b.name)));
    all
}

/// The legal deadline: the earliest of weight `deadline`, else the earliest of all.
pub fn binding(deadlines: &[Deadline]) -> Option<&Deadline> {
    deadlines
        .iter()
        .find(|deadline| deadline.weight == DeadlineWeight::Deadline)
        .or_else(|| deadlines.first())
}

/// Midnight at the end of a day in Asia/Ho_Chi_Minh.
fn end_of_day(day: NaiveDate) -> DateTime<Utc> {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let midnight = next.and_hms_opt(0, 0, 0).unwrap_or_default();
    local_offset()
        .from_local_datetime(&midnight)
        .single()
        .map_or(DateTime::<Utc>::MAX_UTC, |at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::SyncStart;

    fn rule(name: &str, days: u32, count: DayCount, weight: DeadlineWeight) -> SyncDeadline {
        SyncDeadline { name: name.into(), days, count, weight, from: SyncStart::Approval }
    }

    fn rules() -> Vec<SyncDeadline> {
        vec![
            rule("335", 5, DayCount::Calendar, DeadlineWeight::Deadline),
            rule("27-3", 3, DayCount::Working, DeadlineWeight::Warning),
            rule("27-1", 1, DayCount::Calendar, DeadlineWeight::Warning),
        ]
    }

    #[test]
    fn friday_evening_approval_gives_three_different_limits() {
        // 2026-12-11 is a Friday; 20:00 in Gia Lai is 13:00 UTC.
        let start: DateTime<Utc> = "2026-12-11T13:00:00Z".parse().expect("instant");
        let all = deadlines(start, &rules(), &WorkingCalendar::default());
        let printed: Vec<_> = all.iter().map(|d| (d.name.as_str(), d.at.to_rfc3339())).collect();
        assert_eq!(
            printed,
            [
                ("27-1", "2026-12-12T17:00:00+00:00".to_owned()),
                ("27-3", "2026-12-16T17:00:00+00:00".to_owned()),
                ("335", "2026-12-16T17:00:00+00:00".to_owned()),
            ]
        );
        assert_eq!(binding(&all).expect("a deadline").name, "335");
    }

    #[test]
    fn approval_after_local_midnight_counts_from_the_new_day() {
        let start: DateTime<Utc> = "2026-12-11T17:30:00Z".parse().expect("instant");
        let all = deadlines(start, &rules()[..1], &WorkingCalendar::default());
        assert_eq!(all[0].at.to_rfc3339(), "2026-12-17T17:00:00+00:00");
    }

    #[test]
    fn tet_holidays_move_the_working_day_limit() {
        let tet = (16..=20).map(|day| NaiveDate::from_ymd_opt(2026, 2, day).expect("day"));
        let calendar = WorkingCalendar::new(tet, []);
        let start: DateTime<Utc> = "2026-02-13T03:00:00Z".parse().expect("instant");
        let all = deadlines(start, &rules()[1..2], &calendar);
        assert_eq!(all[0].at.to_rfc3339(), "2026-02-25T17:00:00+00:00");
    }
}
