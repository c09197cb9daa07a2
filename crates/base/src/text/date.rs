//! Dates and instants as people and e-office systems write them.
//!
//! Owns the accepted spellings. A date without a zone is a date in Asia/Ho_Chi_Minh. Two-digit years, impossible
//! days and anything unknown are refused with the text, never guessed.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

/// Why a text is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// The year has two digits.
    #[error("\"{0}\": write the year with four digits")]
    ShortYear(String),
    /// No accepted spelling, or a day that does not exist.
    #[error("\"{0}\" is not a date: write dd/MM/yyyy or yyyy-MM-dd")]
    Unreadable(String),
}

/// A calendar date: `dd/MM/yyyy`, `d/M/yyyy` (also with `-` or `.`), `yyyy-MM-dd`, `yyyy/MM/dd`, any of them
/// followed by a time, which is dropped after conversion to Asia/Ho_Chi_Minh when it carries an offset.
/// Years 1900 to 2200.
pub fn date(text: &str) -> Result<NaiveDate, DateError> {
    let trimmed = text.trim();
    let unreadable = || DateError::Unreadable(trimmed.chars().take(40).collect());
    match trimmed.split_once(['T', ' ']) {
        None => day(trimmed),
        Some((head, rest)) if rest.trim().is_empty() => day(head),
        Some(_) => Ok(crate::domain::local_date(instant(trimmed).map_err(|error| match error {
            DateError::ShortYear(text) => DateError::ShortYear(text),
            DateError::Unreadable(_) => unreadable(),
        })?)),
    }
}

/// An instant: a date as [`date`] takes it, optionally a time `HH:mm`, `HH:mm:ss` or with fractions, optionally
/// `Z` or an offset `+07`, `+0700`, `+07:00` (with or without a blank before it). Without an offset the time is
/// local to Asia/Ho_Chi_Minh; without a time it is local midnight.
pub fn instant(text: &str) -> Result<DateTime<Utc>, DateError> {
    let trimmed = text.trim();
    let unreadable = || DateError::Unreadable(trimmed.chars().take(40).collect());
    let (head, rest) = trimmed.split_once(['T', ' ']).unwrap_or((trimmed, ""));
    let day = day(head)?;
    let rest = rest.trim();
    let (clock, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let clock = clock.trim();
    let time = if clock.is_empty() {
        NaiveTime::MIN
    } else {
        ["%H:%M:%S%.f", "%H:%M"]
            .iter()
            .find_map(|format| NaiveTime::parse_from_str(clock, format).ok())
            .ok_or_else(unreadable)?
    };
    let local = NaiveDateTime::new(day, time);
    let offset = if offset.is_empty() {
        crate::domain::local_offset()
    } else {
        parse_offset(offset).ok_or_else(unreadable)?
    };
    offset.from_local_datetime(&local).single().map(|at| at.with_timezone(&Utc)).ok_or_else(unreadable)
}

/// A spreadsheet's day number (system of 1900): 1 is 1900-01-01, and the day 60 that never was is refused.
/// The fraction, a time of day, is the caller's to drop. Accepted: 1 to 109,574 (year 2199).
pub fn excel_serial(serial: i64) -> Option<NaiveDate> {
    if !(1..=109_574).contains(&serial) || serial == 60 {
        return None;
    }
    // The system believes in 1900-02-29: from day 61 on the true count is one lower.
    let days = if serial > 60 { serial - 1 } else { serial };
    NaiveDate::from_ymd_opt(1899, 12, 31)?.checked_add_days(Days::new(u64::try_from(days).ok()?))
}

fn day(text: &str) -> Result<NaiveDate, DateError> {
    let shown = || text.chars().take(40).collect::<String>();
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [first, second, third] = parts.as_slice() else {
        return Err(DateError::Unreadable(shown()));
    };
    let digits = |part: &str, most: usize| {
        (!part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let (year, month, day) = if first.len() == 4 { (first, second, third) } else { (third, second, first) };
    if year.len() == 2 && digits(year, 2).is_some() {
        return Err(DateError::ShortYear(shown()));
    }
    let unreadable = || DateError::Unreadable(shown());
    let year = digits(year, 4).filter(|y| (1900..=2200).contains(y)).ok_or_else(unreadable)?;
    let month = digits(month, 2).ok_or_else(unreadable)?;
    let day = digits(day, 2).ok_or_else(unreadable)?;
    let year = i32::try_from(year).map_err(|_| unreadable())?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or_else(unreadable)
}

fn parse_offset(text: &str) -> Option<chrono::FixedOffset> {
    if text.eq_ignore_ascii_case("z") {
        return chrono::FixedOffset::east_opt(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "0"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    chrono::FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_spellings_give_the_same_day() {
        let day = NaiveDate::from_ymd_opt(2026, 9, 5).expect("exists");
        for text in [
            "05/09/2026",
            "5/9/2026",
            "5-9-2026",
            "05.09.2026",
            "2026-09-05",
            " 2026/09/05 ",
            "5/9/2026 07:30",
            "2026-09-05 00:00:00+07",
            "2026-09-04T18:00:00Z",
            "2026-09-05T00:00:00.000+0700",
        ] {
            assert_eq!(date(text), Ok(day), "{text}");
        }
    }

    #[test]
    fn doubtful_dates_are_refused() {
        assert!(matches!(date("5/9/26"), Err(DateError::ShortYear(_))));
        for text in [
            "",
            "31/02/2026",
            "trong tháng 3",
            "2026-13-01",
            "1/1/0001",
            "5/9",
            "2026-09-05 25:00",
            "2026-09-05 00:00:00+7x",
            "٥/٩/2026",
        ] {
            assert!(matches!(date(text), Err(DateError::Unreadable(_))), "{text}");
        }
    }

    #[test]
    fn serials_skip_the_day_that_never_was() {
        assert_eq!(excel_serial(1), NaiveDate::from_ymd_opt(1900, 1, 1));
        assert_eq!(excel_serial(59), NaiveDate::from_ymd_opt(1900, 2, 28));
        assert_eq!(excel_serial(60), None);
        assert_eq!(excel_serial(61), NaiveDate::from_ymd_opt(1900, 3, 1));
        assert_eq!(excel_serial(46_270), NaiveDate::from_ymd_opt(2026, 9, 5));
        assert_eq!(excel_serial(0), None);
        assert_eq!(excel_serial(i64::MAX), None);
    }
}
