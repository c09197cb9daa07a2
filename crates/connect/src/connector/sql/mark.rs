//! Change marks of a view: the texts by which its rows are walked.
//!
//! Owns how far back an incremental walk begins, which of two marks is later and how the present is written as one. It
//! must not know a database. Times without an offset are those of Vietnam. A
//! text that holds neither time nor number is taken as it is: such a walk begins at the mark itself. What lies beyond
//! every time that can be read (`infinity`, a year of five digits) is one of the future.

use super::CursorType;
use crate::domain::local_offset;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Timelike as _, Utc};
use std::cmp::Ordering;

/// Spellings of times without an offset, as databases write them.
const PLAIN: [&str; 4] = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];

/// The mark so many seconds or units before another one, written as that one is.
pub(super) fn before(kind: CursorType, mark: &str, overlap: u32) -> String {
    if kind == CursorType::Integer {
        let number = mark.parse::<i64>().map(|number| number.saturating_sub(overlap.into()));
        return number.map_or_else(|_| mark.to_owned(), |number| number.to_string());
    }
    let earlier = TimeDelta::seconds(overlap.into());
    match time(mark) {
        Some(Time::Offset(at, pattern)) => {
            at.checked_sub_signed(earlier).map(|at| at.format(pattern).to_string())
        }
        Some(Time::Plain(at, pattern)) => {
            at.checked_sub_signed(earlier).map(|at| at.format(pattern).to_string())
        }
        None => None,
    }
    .unwrap_or_else(|| mark.to_owned())
}

/// Which mark is later, by what it means and not by how it is written.
pub(super) fn order(kind: CursorType, a: &str, b: &str) -> Ordering {
    if kind == CursorType::Integer {
        return match (a.parse::<i64>(), b.parse::<i64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => a.cmp(b),
        };
    }
    match (time(a), time(b)) {
        (Some(Time::Offset(a, _)), Some(Time::Offset(b, _))) => a.cmp(&b),
        (Some(Time::Plain(a, _)), Some(Time::Plain(b, _))) => a.cmp(&b),
        _ => a.cmp(b),
    }
}

/// The present, written as a mark that lies behind it; none for a mark of the past and for one that is no time.
pub(super) fn capped(kind: CursorType, mark: &str, now: DateTime<Utc>) -> Option<String> {
    if kind == CursorType::Integer {
        return None;
    }
    let now = now.with_nanosecond(0).unwrap_or(now);
    let here = now.with_timezone(&local_offset()).naive_local();
    match time(mark) {
        Some(Time::Offset(at, pattern)) => {
            (at > now).then(|| now.with_timezone(at.offset()).format(pattern).to_string())
        }
        Some(Time::Plain(at, pattern)) => (at > here).then(|| here.format(pattern).to_string()),
        None if mark.eq_ignore_ascii_case("infinity") => Some(match kind {
            CursorType::Timestamp => {
                now.with_timezone(&local_offset()).format("%Y-%m-%d %H:%M:%S%:z").to_string()
            }
            CursorType::Text | CursorType::Integer => here.format("%Y-%m-%d %H:%M:%S").to_string(),
        }),
        None => {
            if let Some(nearer) = nearer(mark) {
                let present = capped(kind, &nearer, now)?;
                // Among texts one of a far year may stand before the present.
                return (kind == CursorType::Timestamp || mark > present.as_str()).then_some(present);
            }
            let day = NaiveDate::parse_from_str(mark, "%Y-%m-%d").ok()?;
            (day > here.date()).then(|| here.date().to_string())
        }
    }
}

/// A mark whose year has more than four digits, moved to a far year that the patterns read.
fn nearer(mark: &str) -> Option<String> {
    let rest = mark.trim_start_matches(|c: char| c.is_ascii_digit());
    // A leap year: the mark may be a 29 February.
    (mark.len() - rest.len() > 4 && rest.starts_with('-')).then(|| format!("9996{rest}"))
}

enum Time {
    Offset(DateTime<FixedOffset>, &'static str),
    Plain(NaiveDateTime, &'static str),
}

fn time(mark: &str) -> Option<Time> {
    const OFFSET: [(&str, &str); 2] = [
        ("%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%:z"),
        ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%:z"),
    ];
    let offset = |(read, written): &(&str, &'static str)| {
        DateTime::parse_from_str(mark, read).ok().map(|at| Time::Offset(at, written))
    };
    let plain = |pattern: &&'static str| {
        NaiveDateTime::parse_from_str(mark, pattern).ok().map(|at| Time::Plain(at, pattern))
    };
    OFFSET.iter().find_map(offset).or_else(|| PLAIN.iter().find_map(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_moves_back_in_its_own_spelling() {
        let back = |kind, mark| before(kind, mark, 600);
        assert_eq!(back(CursorType::Text, "2026-09-10 00:05:00"), "2026-09-09 23:55:00");
        assert_eq!(back(CursorType::Text, "2026-09-10T08:30:00.250"), "2026-09-10T08:20:00.250");
        assert_eq!(back(CursorType::Timestamp, "2026-09-10 08:30:00.5+07"), "2026-09-10 08:20:00.500+07:00");
        assert_eq!(back(CursorType::Integer, "1000"), "400");
        assert_eq!(back(CursorType::Text, "rev-17"), "rev-17", "no time, no overlap");
    }

    #[test]
    fn mark_of_the_future_is_taken_back_to_the_present_in_its_own_spelling() {
        let now = "2026-09-10T01:30:00.250Z".parse().expect("instant");
        let capped = |kind, mark| capped(kind, mark, now);
        assert_eq!(capped(CursorType::Text, "2027-01-01 00:00:00").as_deref(), Some("2026-09-10 08:30:00"));
        assert_eq!(capped(CursorType::Text, "2026-09-11").as_deref(), Some("2026-09-10"));
        assert_eq!(
            capped(CursorType::Timestamp, "2026-09-10 03:30:00.5+01").as_deref(),
            Some("2026-09-10 02:30:00+01:00")
        );
        for past in ["2026-09-10 08:29:59", "2026-09-10", "rev-17"] {
            assert_eq!(capped(CursorType::Text, past), None, "{past}");
        }
        assert_eq!(capped(CursorType::Integer, "99999999999"), None, "a counter has no clock");
    }

    #[test]
    fn mark_beyond_every_time_that_can_be_read_is_taken_back_as_well() {
        let now = "2026-09-10T01:30:00.250Z".parse().expect("instant");
        for (kind, mark, present) in [
            (CursorType::Timestamp, "infinity", "2026-09-10 08:30:00+07:00"),
            (CursorType::Timestamp, "20261-01-01 00:00:00+07", "2026-09-10 08:30:00+07:00"),
            (CursorType::Timestamp, "12026-01-01 00:00:00.5", "2026-09-10 08:30:00"),
            (CursorType::Text, "infinity", "2026-09-10 08:30:00"),
            (CursorType::Text, "20261-02-03T08:00", "2026-09-10T08:30"),
            (CursorType::Text, "20264-02-29", "2026-09-10"),
        ] {
            assert_eq!(capped(kind, mark, now).as_deref(), Some(present), "{mark}");
        }
        for (kind, mark) in [
            (CursorType::Timestamp, "-infinity"),
            (CursorType::Timestamp, "0044-03-15 00:00:00+07:06:30 BC"),
            // Vietnam before 1911: a time of the past that cannot be read.
            (CursorType::Timestamp, "0001-01-01 00:00:00+07:06:30"),
            // As texts these come before this year.
            (CursorType::Text, "12026-01-01"),
            (CursorType::Text, "0002031-01-01"),
            (CursorType::Text, "20260910-rev"),
        ] {
            assert_eq!(capped(kind, mark, now), None, "{mark}");
        }
    }

    #[test]
    fn later_mark_is_told_by_its_meaning() {
        assert_eq!(order(CursorType::Integer, "9", "10"), Ordering::Less);
        assert_eq!(
            order(CursorType::Timestamp, "2026-09-10 08:30:00+07", "2026-09-10 08:30:00.000+07:00"),
            Ordering::Equal
        );
        assert_eq!(order(CursorType::Text, "b", "a"), Ordering::Greater);
    }
}
