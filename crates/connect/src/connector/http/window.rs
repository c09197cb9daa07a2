//! Windows of time: a long span asked for piece by piece, oldest first.
//!
//! Owns where a window begins and ends and what is safely covered once it was read. It must not know records. Days
//! overlap by one, because systems differ in whether the last day is included. The last window ends a little in the
//! future: a task edited while it is read has to stay in it. When it took so long that the present came to its end,
//! one more follows.

use super::plan::WindowPlan;
use chrono::{DateTime, Days, FixedOffset, NaiveTime, TimeDelta, Utc};

/// How near the present may come to the end of a window before one more is asked for.
const NEARLY: TimeDelta = TimeDelta::minutes(1);

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
    /// Where the whole ends, where that is before the present.
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

    /// The next window; none when the one before it reached beyond `present`.
    pub(super) fn next(&mut self, present: DateTime<Utc>) -> Option<Span> {
        let from = self.from?;
        let end = self.end.filter(|end| *end <= present);
        let last = end.unwrap_or(present);
        let nearly = if end.is_none() && !self.days { NEARLY } else { TimeDelta::zero() };
        if from > last + nearly {
            self.from = None;
            return None;
        }
        if !self.days {
            let until = (from + self.step).min(end.unwrap_or(present + TimeDelta::days(1)));
            self.from = (Some(until) != end).then_some(until);
            return Some(Span { from, until, covered: until });
        }
        let first = self.midnight(from, 0)?;
        let steps = u64::try_from(self.step.num_days()).ok()?.max(1);
        // The last day may be left out by the source: the next window begins with it, and the last one ends tomorrow.
        let until = self.midnight(first, steps - 1)?.min(self.midnight(last, 1)?);
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
    fn days_overlap_by_one_and_the_last_window_ends_tomorrow() {
        let given = windows(TimeDelta::days(5), true, "2026-11-01T03:00:00Z", None);
        let expected =
            [("01/11 00:00", "05/11 00:00"), ("05/11 00:00", "09/11 00:00"), ("09/11 00:00", "11/11 00:00")];
        let expected: Vec<_> = expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        assert_eq!(spans(given, "2026-11-10T05:00:00Z"), expected);
        let single = windows(TimeDelta::days(1), true, "2026-11-08T03:00:00Z", None);
        let days: Vec<_> = spans(single, "2026-11-10T05:00:00Z").into_iter().map(|(from, _)| from).collect();
        assert_eq!(days, ["08/11 00:00", "09/11 00:00", "10/11 00:00"]);
    }

    #[test]
    fn window_that_took_long_is_followed_by_one_more() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("instant");
        for days in [true, false] {
            let mut given = windows(TimeDelta::days(2), days, "2026-11-09T17:00:00Z", None);
            let begun = given.next(at("2026-11-10T16:00:00Z")).expect("the last one, as it seems");
            assert!(begun.until >= at("2026-11-10T17:00:00Z"));
            let more = given.next(begun.until + TimeDelta::seconds(30)).expect("one more");
            assert_eq!(more.from, begun.covered);
            assert_eq!(given.next(begun.until + TimeDelta::seconds(40)), None);
        }
    }

    #[test]
    fn hours_meet_and_the_last_window_reaches_beyond_the_present() {
        let given = windows(TimeDelta::hours(12), false, "2026-11-01T00:00:00Z", None);
        let spans = spans(given, "2026-11-01T20:00:00Z");
        assert_eq!(spans.len(), 2);
        assert_eq!(spans[0].1, spans[1].0);
        assert_eq!(spans[1].1, "02/11 07:00");
        let long = windows(TimeDelta::hours(8784), false, "2026-11-01T00:00:00Z", None);
        assert_eq!(super::tests::spans(long, "2026-11-01T20:00:00Z")[0].1, "03/11 03:00", "at most a day");
        let asked =
            windows(TimeDelta::hours(12), false, "2026-11-01T00:00:00Z", Some("2026-11-01T20:00:00Z"));
        let spans = super::tests::spans(asked, "2026-11-05T00:00:00Z");
        assert_eq!((spans.len(), spans[1].1.as_str()), (2, "02/11 03:00"), "what is asked for and no more");
        let future = windows(TimeDelta::hours(12), false, "2027-01-01T00:00:00Z", None);
        assert!(super::tests::spans(future, "2026-11-01T20:00:00Z").is_empty());
    }
}
