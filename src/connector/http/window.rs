//! Windows of time: a long span asked for piece by piece, oldest first.
//!
//! Owns where a window begins and ends and what is safely covered once it was read. It must not know records. Days
//! overlap by one, because systems differ in whether the last day is included; the last window ends at the present.

use super::plan::WindowPlan;
use chrono::{DateTime, Days, FixedOffset, NaiveTime, TimeDelta, Utc};

/// One window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    /// Everything before this moment was asked for once the window was read.
    pub(super) covered: DateTime<Utc>,
}

/// The windows of one pull.
#[derive(Debug)]
pub(super) struct Windows {
    /// Where the next one begins; none when the last one was given out.
    from: Option<DateTime<Utc>>,
    /// Where the whole ends, where that is not the present.
    end: Option<DateTime<Utc>>,
    step: TimeDelta,
    days: bool,
    zone: FixedOffset,
}

impl Windows {
    pub(super) fn new(
        plan: &WindowPlan,
        zone: FixedOffset,
        from: DateTime<Utc>,
        end: Option<DateTime<Utc>>,
    ) -> Self {
        Self { from: Some(from), end, step: plan.step, days: plan.days, zone }
    }

    /// The next window; `present` is where the last one ends.
    pub(super) fn next(&mut self, present: DateTime<Utc>) -> Option<Span> {
        let from = self.from.take()?;
        let end = self.end.map_or(present, |end| end.min(present));
        if from > end {
            return None;
        }
        if !self.days {
            let until = (from + self.step).min(end);
            self.from = (until < end).then_some(until);
            return Some(Span { from, until, covered: until });
        }
        let first = self.midnight(from, 0)?;
        let steps = u64::try_from(self.step.num_days()).ok()?.max(1);
        let until = self.midnight(first, steps - 1)?;
        if until >= end || self.midnight(until, 1)? > end {
            return Some(Span { from: first, until: until.min(self.midnight(end, 0)?), covered: end });
        }
        // The last day may be left out by the source: the next window begins with it.
        let covered = if steps > 1 { until } else { self.midnight(first, 1)? };
        self.from = Some(covered);
        Some(Span { from: first, until, covered })
    }

    /// The beginning of a moment's day, so many days later.
    fn midnight(&self, at: DateTime<Utc>, later: u64) -> Option<DateTime<Utc>> {
        let day = at.with_timezone(&self.zone).date_naive().checked_add_days(Days::new(later))?;
        Some(day.and_time(NaiveTime::MIN).and_local_timezone(self.zone).single()?.to_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(step: TimeDelta, days: bool, from: &str, end: Option<&str>) -> Windows {
        let zone = FixedOffset::east_opt(7 * 3600).expect("offset");
        let at = |text: &str| text.parse().expect("instant");
        Windows { from: Some(at(from)), end: end.map(at), step, days, zone }
    }

    fn spans(mut windows: Windows, present: &str) -> Vec<(String, String)> {
        let present = present.parse().expect("instant");
        let zone = windows.zone;
        let shown = |at: DateTime<Utc>| at.with_timezone(&zone).format("%d/%m %H:%M").to_string();
        std::iter::from_fn(|| windows.next(present))
            .map(|span| (shown(span.from), shown(span.until)))
            .collect()
    }

    #[test]
    fn days_overlap_by_one_and_the_last_window_ends_today() {
        let given = windows(TimeDelta::days(5), true, "2026-11-01T03:00:00Z", None);
        let expected =
            [("01/11 00:00", "05/11 00:00"), ("05/11 00:00", "09/11 00:00"), ("09/11 00:00", "10/11 00:00")];
        let expected: Vec<_> = expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        assert_eq!(spans(given, "2026-11-10T05:00:00Z"), expected);
        let single = windows(TimeDelta::days(1), true, "2026-11-08T03:00:00Z", None);
        let days: Vec<_> = spans(single, "2026-11-10T05:00:00Z").into_iter().map(|(from, _)| from).collect();
        assert_eq!(days, ["08/11 00:00", "09/11 00:00", "10/11 00:00"]);
    }

    #[test]
    fn hours_meet_and_nothing_lies_in_the_future() {
        let given = windows(TimeDelta::hours(12), false, "2026-11-01T00:00:00Z", None);
        let spans = spans(given, "2026-11-01T20:00:00Z");
        assert_eq!(spans.len(), 2);
        assert_eq!(spans[0].1, spans[1].0);
        assert_eq!(spans[1].1, "02/11 03:00");
        let future = windows(TimeDelta::hours(12), false, "2027-01-01T00:00:00Z", None);
        assert!(super::tests::spans(future, "2026-11-01T20:00:00Z").is_empty());
    }
}
