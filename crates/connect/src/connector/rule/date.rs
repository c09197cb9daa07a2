//! Dates as a manifest declares them.
//!
//! Owns the compiled list of spellings of one field and the offset of times that carry none. Years outside
//! 1900–2200 are refused: they are typing errors or a system's word for "never". It must not know which
//! field it reads. A text that fits no spelling gives none.

use crate::domain::{Due, local_offset};
use crate::text;
use chrono::format::{Item, ParseErrorKind, Parsed, StrftimeItems};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc};

/// Seconds of the years 1900 to 2200.
const SENSIBLE: std::ops::Range<i64> = -2_208_988_800..7_289_654_400;

/// Compiled spellings of a date.
#[derive(Debug, Clone)]
pub struct DateRule {
    spellings: Vec<Spelling>,
    zone: FixedOffset,
}

#[derive(Debug, Clone)]
enum Spelling {
    Auto,
    Rfc3339,
    EpochMillis,
    EpochSeconds,
    ExcelSerial,
    Words,
    Pattern(Vec<Item<'static>>),
}

/// What is wrong with a spelling, in Vietnamese and English.
pub type Why = (&'static str, &'static str);

/// A pattern that chrono does not know.
pub const NO_PATTERN: Why = ("không phải mẫu ngày giờ", "it is no pattern of dates");

/// An instant with the knowledge whether the source gave a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    at: DateTime<Utc>,
    has_time: bool,
}

impl DateRule {
    /// Compiles spellings; the error names the one that is wrong and why, in Vietnamese and English.
    pub fn compile(spellings: &[String], zone: FixedOffset) -> Result<Self, (String, Why)> {
        let mut compiled = Vec::with_capacity(spellings.len().max(1));
        for spelling in spellings {
            let refuse = |why| (spelling.clone(), why);
            compiled.push(match spelling.as_str() {
                "auto" => Spelling::Auto,
                "rfc3339" => Spelling::Rfc3339,
                "epoch_ms" => Spelling::EpochMillis,
                "epoch_s" => Spelling::EpochSeconds,
                "excel" => Spelling::ExcelSerial,
                "words" => Spelling::Words,
                pattern if pattern.contains('%') => Spelling::Pattern(
                    StrftimeItems::new(pattern).parse_to_owned().map_err(|_| refuse(NO_PATTERN))?,
                ),
                _ => {
                    return Err(refuse((
                        "không phải auto, rfc3339, epoch_ms, epoch_s, excel, words và không có %",
                        "it is none of auto, rfc3339, epoch_ms, epoch_s, excel, words and holds no %",
                    )));
                }
            });
        }
        if compiled.is_empty() {
            compiled.push(Spelling::Auto);
        }
        if zone != local_offset() && compiled.iter().any(|spelling| matches!(spelling, Spelling::Auto)) {
            let why = (
                "chỉ đọc giờ +07:00; múi giờ khác thì viết một mẫu",
                "it reads times of +07:00 only; write a pattern for another zone",
            );
            return Err(("auto".to_owned(), why));
        }
        Ok(Self { spellings: compiled, zone })
    }

    /// Every usual spelling, times of Asia/Ho_Chi_Minh.
    pub fn local() -> Self {
        Self { spellings: vec![Spelling::Auto], zone: local_offset() }
    }

    /// The instant a text names; a day alone is its beginning.
    pub fn instant(&self, text: &str) -> Option<DateTime<Utc>> {
        self.moment(text, |spelling| self.read(spelling, text.trim())).map(|moment| moment.at)
    }

    /// The due date a text names. Midnight and the last minute of a day are how systems write "the whole
    /// day" and give no hour. Words without a year name the first such day that does not lie before `since`, the day
    /// of assignment.
    pub fn due(&self, text: &str, since: Option<NaiveDate>) -> Option<Due> {
        let moment = self.moment(text, |spelling| match spelling {
            Spelling::Words => self.whole_day(text::deadline::deadline(text, since)?),
            spelling => self.read(spelling, text.trim()),
        })?;
        let local = moment.at.with_timezone(&local_offset());
        let time = local.time();
        let whole_day = time == NaiveTime::MIN || (time.hour() == 23 && time.minute() == 59);
        Some(Due { day: local.date_naive(), time: (moment.has_time && !whole_day).then_some(time) })
    }

    /// Whether a due date in words lacks nothing but a year, or a day of assignment to count from.
    pub fn lacks_year(&self, text: &str) -> bool {
        let since = NaiveDate::from_ymd_opt(2000, 1, 1);
        self.spellings.iter().any(|spelling| matches!(spelling, Spelling::Words))
            && text::deadline::deadline(text, None).is_none()
            && text::deadline::deadline(text, since).is_some()
    }

    /// Whether a text that names no moment is written as it was declared all the same: a day there never was, or one
    /// outside of 1900 to 2200.
    pub fn is_no_day(&self, text: &str) -> bool {
        let text = text.trim();
        text.len() <= 60 && self.spellings.iter().any(|spelling| self.is_written_so(spelling, text))
    }

    fn is_written_so(&self, spelling: &Spelling, text: &str) -> bool {
        let impossible = |error: &chrono::ParseError| {
            matches!(error.kind(), ParseErrorKind::OutOfRange | ParseErrorKind::Impossible)
        };
        let numbers = || {
            let day = text.split(['T', ' ']).next().unwrap_or_default();
            let parts: Vec<&str> = day.split(['/', '-', '.']).collect();
            let digits =
                |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            let year = parts.first().is_some_and(|part| part.len() == 4)
                || parts.last().is_some_and(|part| part.len() == 4);
            parts.len() == 3 && year && parts.iter().all(digits)
        };
        match spelling {
            // As days are written, and none of the calendar.
            Spelling::Auto => {
                text::date::instant(text).is_ok() || numbers() && text::date::date(text).is_err()
            }
            Spelling::Rfc3339 => match DateTime::parse_from_rfc3339(text) {
                Ok(_) => true,
                Err(error) => impossible(&error),
            },
            Spelling::Pattern(items) => {
                let mut parsed = Parsed::new();
                match chrono::format::parse(&mut parsed, text, items.iter()) {
                    Ok(()) => true,
                    Err(error) => impossible(&error),
                }
            }
            other => self.read(other, text).is_some(),
        }
    }

    fn moment(&self, text: &str, read: impl Fn(&Spelling) -> Option<Moment>) -> Option<Moment> {
        if text.trim().len() > 60 {
            return None;
        }
        self.spellings.iter().find_map(read).filter(|moment| SENSIBLE.contains(&moment.at.timestamp()))
    }

    fn whole_day(&self, day: NaiveDate) -> Option<Moment> {
        let at = self.zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).single()?.to_utc();
        Some(Moment { at, has_time: false })
    }

    fn read(&self, spelling: &Spelling, text: &str) -> Option<Moment> {
        match spelling {
            Spelling::Auto => {
                Some(Moment { at: text::date::instant(text).ok()?, has_time: text.contains(':') })
            }
            Spelling::Words => self.whole_day(text::deadline::day(text)?),
            Spelling::Rfc3339 => {
                Some(Moment { at: DateTime::parse_from_rfc3339(text).ok()?.to_utc(), has_time: true })
            }
            Spelling::EpochMillis => {
                Some(Moment { at: DateTime::from_timestamp_millis(text.parse().ok()?)?, has_time: true })
            }
            Spelling::EpochSeconds => {
                Some(Moment { at: DateTime::from_timestamp(text.parse().ok()?, 0)?, has_time: true })
            }
            Spelling::ExcelSerial => {
                // Five digits only: a smaller number is a count of days or a year somebody typed.
                let (day, time) = text.split_once('.').map_or((text, None), |(day, time)| (day, Some(time)));
                let serial: i64 = day.parse().ok().filter(|serial| (36_526..=73_050).contains(serial))?;
                let day = text::date::excel_serial(serial)?;
                let seconds = match time {
                    None => 0,
                    Some(time) => {
                        let digits = time.get(..time.len().min(9))?;
                        let share = digits.parse::<u64>().ok()?;
                        let whole = 10u64.checked_pow(u32::try_from(digits.len()).ok()?)?;
                        (share * 86_400 + whole / 2) / whole
                    }
                };
                let seconds = u32::try_from(seconds).ok()?.min(86_399);
                let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0)?;
                let local = NaiveDateTime::new(day, time);
                let at = self.zone.from_local_datetime(&local).single()?.to_utc();
                Some(Moment { at, has_time: seconds > 0 })
            }
            Spelling::Pattern(items) => {
                let mut parsed = Parsed::new();
                chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
                let time = parsed.to_naive_time().ok();
                let has_time = time.is_some();
                if parsed.offset().is_some() {
                    return Some(Moment { at: parsed.to_datetime().ok()?.to_utc(), has_time });
                }
                let day = parsed.to_naive_date().ok()?;
                let local = NaiveDateTime::new(day, time.unwrap_or(NaiveTime::MIN));
                Some(Moment { at: self.zone.from_local_datetime(&local).single()?.to_utc(), has_time })
            }
        }
    }
}

/// Reads an offset such as `+07:00`, `-03:30` or `Z`.
pub fn offset(text: &str) -> Option<FixedOffset> {
    if text == "Z" {
        return FixedOffset::east_opt(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let fits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !fits(hours) || !fits(minutes) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes <= 59)
        .then(|| FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60)))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(spellings: &[&str]) -> DateRule {
        let spellings: Vec<String> = spellings.iter().map(|s| (*s).to_owned()).collect();
        DateRule::compile(&spellings, local_offset()).expect("compiles")
    }

    #[test]
    fn every_spelling_gives_the_instant_it_means() {
        for (spelling, text, instant) in [
            ("auto", "2026-09-15 00:00:00+07", "2026-09-14T17:00:00Z"),
            ("auto", "15/11/2026", "2026-11-14T17:00:00Z"),
            ("rfc3339", "2026-09-15T08:30:00+07:00", "2026-09-15T01:30:00Z"),
            ("epoch_ms", "1789434000000", "2026-09-15T01:00:00Z"),
            ("epoch_s", "1789434000", "2026-09-15T01:00:00Z"),
            ("%d/%m/%Y %H:%M:%S", "15/11/2026 14:03:22", "2026-11-15T07:03:22Z"),
            ("%Y-%m-%dT%H:%M:%S%:z", "2026-11-15T14:03:22+00:00", "2026-11-15T14:03:22Z"),
            ("%d-%m-%Y", "15-11-2026", "2026-11-14T17:00:00Z"),
            ("excel", "46341", "2026-11-14T17:00:00Z"),
            ("excel", "46341.4375", "2026-11-15T03:30:00Z"),
        ] {
            let read = rule(&[spelling]).instant(text).map(|at| at.format("%FT%TZ").to_string());
            assert_eq!(read.as_deref(), Some(instant), "{spelling}: {text}");
        }
    }

    #[test]
    fn due_keeps_an_hour_only_where_the_source_gives_one() {
        let due = |text: &str| rule(&["auto"]).due(text, None).map(|due| (due.day.to_string(), due.time));
        assert_eq!(due("2026-09-15 00:00:00+07"), Some(("2026-09-15".to_owned(), None)));
        assert_eq!(due("2026-09-15T23:59:59+07:00"), Some(("2026-09-15".to_owned(), None)));
        assert_eq!(due("15/09/2026"), Some(("2026-09-15".to_owned(), None)));
        assert_eq!(
            due("2026-09-15 11:30"),
            Some(("2026-09-15".to_owned(), NaiveTime::from_hms_opt(11, 30, 0)))
        );
        assert_eq!(
            due("2026-09-14T18:00:00Z"),
            Some(("2026-09-15".to_owned(), NaiveTime::from_hms_opt(1, 0, 0)))
        );
    }

    #[test]
    fn deadline_in_words_is_read_where_it_is_declared_and_begins_at_the_assignment() {
        let since = chrono::NaiveDate::from_ymd_opt(2025, 11, 20);
        let due = |spellings: &[&str], text: &str| {
            rule(spellings).due(text, since).map(|due| (due.day.to_string(), due.time))
        };
        let spellings = ["auto", "excel", "words"];
        assert_eq!(due(&spellings, "trong tháng 3"), Some(("2026-03-31".to_owned(), None)));
        assert_eq!(due(&spellings, "15/11/2026"), Some(("2026-11-15".to_owned(), None)));
        assert_eq!(due(&spellings, "46341"), Some(("2026-11-15".to_owned(), None)));
        assert_eq!(due(&["auto"], "trong tháng 3"), None, "only where it is declared");
        let at = rule(&["words"]).instant("ngày 5 tháng 3 năm 2026").map(|at| at.to_rfc3339());
        assert_eq!(at.as_deref(), Some("2026-03-04T17:00:00+00:00"));
        assert_eq!(rule(&["words"]).instant("trong tháng 3 năm 2026"), None, "a month is no instant");
    }

    #[test]
    fn impossible_and_senseless_dates_are_refused() {
        for text in ["31/02/2026", "0001-01-01T00:00:00Z", "trong tháng 3", "", "99999999999999999999"] {
            assert_eq!(rule(&["auto", "epoch_ms"]).instant(text), None, "{text:?}");
        }
        assert_eq!(rule(&["epoch_ms"]).instant("99999999999999"), None);
        for within in ["1900-01-01T00:00:00Z", "2200-12-31T23:59:59Z"] {
            assert!(rule(&["rfc3339"]).instant(within).is_some(), "{within}");
        }
        for beyond in ["1899-12-31T23:59:59Z", "2201-01-01T00:00:00Z"] {
            assert_eq!(rule(&["rfc3339"]).instant(beyond), None, "{beyond}");
        }
        for days in ["15", "2026", "-46341", "46341.x", "463410"] {
            assert_eq!(rule(&["excel"]).instant(days), None, "{days:?}");
        }
        for (spelling, zone) in [("dd/MM/yyyy", "+07:00"), ("%Q", "+07:00"), ("auto", "+00:00")] {
            assert!(
                DateRule::compile(&[spelling.to_owned()], offset(zone).expect("zone")).is_err(),
                "{spelling}"
            );
        }
    }

    #[test]
    fn day_that_never_was_is_told_apart_from_a_spelling_nobody_declared() {
        for (spelling, text, no_day) in [
            ("%d/%m/%Y", "31/02/2026", true),
            ("%d/%m/%Y", "32/13/2026", true),
            ("%d/%m/%Y", "01/01/0001", true),
            ("%d/%m/%Y", "2026-02-28", false),
            ("%d/%m/%Y", "trong tháng 3", false),
            ("auto", "31/02/2026", true),
            ("auto", "2026-02-30 08:00", true),
            ("auto", "28/02/26", false),
            ("rfc3339", "2026-02-30T08:00:00+07:00", true),
            ("rfc3339", "0001-01-01T00:00:00Z", true),
            ("rfc3339", "30/02/2026", false),
            ("epoch_ms", "99999999999999", true),
            ("epoch_ms", "mai", false),
        ] {
            assert_eq!(rule(&[spelling]).instant(text), None, "{spelling}: {text}");
            assert_eq!(rule(&[spelling]).is_no_day(text), no_day, "{spelling}: {text}");
        }
    }

    #[test]
    fn offsets_are_read_strictly() {
        assert_eq!(offset("+07:00"), Some(local_offset()));
        assert_eq!(offset("-03:30").map(|o| o.local_minus_utc()), Some(-12_600));
        for bad in ["7", "+7:00", "+0700", "+25:00", "Asia/Ho_Chi_Minh", ""] {
            assert_eq!(offset(bad), None, "{bad}");
        }
    }
}
