//! Civil time of the province and its working days.
//!
//! Owns the offset of Asia/Ho_Chi_Minh (+07:00 without daylight saving since 1975) and the table of
//! holidays and swapped working days. It never reads a clock. The table is data of the installation:
//! Tết moves every year, so a date outside the table falls back to "Monday to Friday work".

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, Utc, Weekday};
use std::collections::{BTreeMap, BTreeSet};

/// The offset of Asia/Ho_Chi_Minh, valid for every instant since 1975-06-13.
pub fn local_offset() -> FixedOffset {
    const SECONDS_EAST: i32 = 7 * 3600;
    FixedOffset::east_opt(SECONDS_EAST).unwrap_or_else(|| unreachable!("7 h is a valid offset"))
}

/// The calendar day in Asia/Ho_Chi_Minh on which an instant falls.
pub fn local_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&local_offset()).date_naive()
}

/// Holidays and make-up working days; the rest of the week follows Monday to Friday.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingCalendar {
    holidays: BTreeSet<NaiveDate>,
    working_weekends: BTreeSet<NaiveDate>,
}

impl WorkingCalendar {
    /// A calendar from its two lists; a day in both counts as a holiday.
    pub fn new(
        holidays: impl IntoIterator<Item = NaiveDate>,
        working_weekends: impl IntoIterator<Item = NaiveDate>,
    ) -> Self {
        Self {
            holidays: holidays.into_iter().collect(),
            working_weekends: working_weekends.into_iter().collect(),
        }
    }

    /// The days up to one that are otherwise than Monday to Friday, each with whether offices are open.
    pub fn exceptions_until(&self, last: NaiveDate) -> BTreeMap<NaiveDate, bool> {
        let working = self.working_weekends.range(..=last).map(|day| (*day, true));
        working.chain(self.holidays.range(..=last).map(|day| (*day, false))).collect()
    }

    /// The calendar with these days otherwise than Monday to Friday, each with whether offices are open.
    pub fn of_exceptions(days: &BTreeMap<NaiveDate, bool>) -> Self {
        let of = |open: bool| days.iter().filter(move |(_, is)| **is == open).map(|(day, _)| *day);
        Self::new(of(false), of(true))
    }

    /// The days up to one on which another calendar says something else about offices, each with whether they are open
    /// by the other one.
    pub fn changed_in(&self, other: &Self, last: NaiveDate) -> BTreeMap<NaiveDate, bool> {
        let days = self.exceptions_until(last).into_keys().chain(other.exceptions_until(last).into_keys());
        let differs = |day: &NaiveDate| self.is_working_day(*day) != other.is_working_day(*day);
        days.filter(differs).map(|day| (day, other.is_working_day(day))).collect()
    }

    /// Whether offices are open on that day.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        if self.holidays.contains(&day) {
            return false;
        }
        self.working_weekends.contains(&day) || !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
    }

    /// The `count`-th working day after `from`; `from` itself is not counted (Civil Code 2015, art. 147).
    /// `count` 0 gives `from`.
    pub fn add_working_days(&self, from: NaiveDate, count: u32) -> NaiveDate {
        let mut day = from;
        let mut left = count;
        while left > 0 {
            let Some(next) = day.checked_add_days(Days::new(1)) else { return day };
            day = next;
            if self.is_working_day(day) {
                left -= 1;
            }
        }
        day
    }

    /// Working days in the half-open span after `from` up to and including `to`; 0 when `to <= from`.
    pub fn working_days_after(&self, from: NaiveDate, to: NaiveDate) -> u32 {
        let mut count = 0;
        let mut day = from;
        while day < to {
            let Some(next) = day.checked_add_days(Days::new(1)) else { break };
            day = next;
            if self.is_working_day(day) {
                count += 1;
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("test date")
    }

    #[test]
    fn quarter_end_falls_at_seventeen_hours_utc() {
        let before: DateTime<Utc> = "2026-09-30T16:59:59Z".parse().expect("instant");
        let after: DateTime<Utc> = "2026-09-30T17:00:00Z".parse().expect("instant");
        assert_eq!(local_date(before), day("2026-09-30"));
        assert_eq!(local_date(after), day("2026-10-01"));
    }

    #[test]
    fn weekend_and_holiday_are_skipped_but_a_swapped_saturday_counts() {
        let plain = WorkingCalendar::default();
        assert_eq!(plain.add_working_days(day("2026-11-20"), 3), day("2026-11-25"));
        let swapped = WorkingCalendar::new([day("2026-11-23")], [day("2026-11-21")]);
        assert_eq!(swapped.add_working_days(day("2026-11-20"), 3), day("2026-11-25"));
        assert_eq!(swapped.add_working_days(day("2026-11-20"), 1), day("2026-11-21"));
    }

    #[test]
    fn exceptions_end_with_the_day_asked_for_and_a_day_in_both_lists_is_a_holiday() {
        let both = WorkingCalendar::new(
            [day("2026-09-02"), day("2027-01-01")],
            [day("2026-08-22"), day("2026-09-02")],
        );
        let told: Vec<(NaiveDate, bool)> = both.exceptions_until(day("2026-12-31")).into_iter().collect();
        assert_eq!(told, [(day("2026-08-22"), true), (day("2026-09-02"), false)]);
    }

    #[test]
    fn days_two_calendars_differ_in_are_told_and_days_both_mean_the_same_by_are_not() {
        let before = WorkingCalendar::new([day("2026-09-02"), day("2026-11-28")], [day("2026-08-22")]);
        let after = WorkingCalendar::new([day("2026-09-01"), day("2026-09-02")], []);
        let changed: Vec<(NaiveDate, bool)> =
            before.changed_in(&after, day("2026-12-31")).into_iter().collect();
        // The 28th of November is a Saturday anyway.
        assert_eq!(changed, [(day("2026-08-22"), false), (day("2026-09-01"), false)]);
        assert!(before.changed_in(&after, day("2026-08-21")).is_empty());
        let kept = WorkingCalendar::of_exceptions(&before.exceptions_until(day("2026-12-31")));
        assert_eq!(kept, before);
    }

    #[test]
    fn four_calendar_days_over_a_weekend_are_three_working_days() {
        // Handbook VI.1 line 1: due Saturday 15/11/2025, done Wednesday 19/11/2025.
        assert_eq!(WorkingCalendar::default().working_days_after(day("2025-11-15"), day("2025-11-19")), 3);
    }
}
