//! How instants, spans, counts, scores and periods read on the page.
//!
//! Vietnamese writes a decimal comma and names quarters in Roman numerals; both languages write days as
//! day/month/year in Asia/Ho_Chi_Minh.

use crate::domain::{Period, local_offset};
use crate::error::Lang;
pub use crate::pipeline::wording::{deadline, decimal};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// An instant in Asia/Ho_Chi_Minh: `14:03:22 07/12/2026`.
pub fn instant(at: DateTime<Utc>) -> String {
    at.with_timezone(&local_offset()).format("%H:%M:%S %d/%m/%Y").to_string()
}

/// An instant or a dash.
pub fn instant_or_dash(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "–".to_owned(), instant)
}

/// A day: `07/12/2026`.
pub fn day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// A day written `2026-12-07`, or the text as it is.
pub fn day_text(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), day)
}

/// A span in words of one unit: `3 ngày`, `5 h`, `40 s`.
pub fn span(length: TimeDelta, lang: Lang) -> String {
    let seconds = length.num_seconds().abs();
    let (value, vi, en) = match seconds {
        0..=119 => (seconds, "giây", "s"),
        120..=7_199 => (seconds / 60, "phút", "min"),
        7_200..=172_799 => (seconds / 3_600, "giờ", "h"),
        _ => (seconds / 86_400, "ngày", "days"),
    };
    match lang {
        Lang::Vi => format!("{value} {vi}"),
        Lang::En => format!("{value} {en}"),
    }
}

/// Time left until an instant, or how long ago it passed.
pub fn left(until: DateTime<Utc>, now: DateTime<Utc>, lang: Lang) -> String {
    let length = span(until - now, lang);
    match (until > now, lang) {
        (true, Lang::Vi) => format!("còn {length}"),
        (true, Lang::En) => format!("{length} left"),
        (false, Lang::Vi) => format!("quá hạn {length}"),
        (false, Lang::En) => format!("overdue by {length}"),
    }
}

/// How long ago an instant was.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>, lang: Lang) -> String {
    let length = span(now - at, lang);
    match lang {
        Lang::Vi => format!("{length} trước"),
        Lang::En => format!("{length} ago"),
    }
}

/// A number with thin separators: 12 345.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A period in words: `Quý IV/2026`, `Q4 2026`, `Năm 2026`.
pub fn period(period: Period, lang: Lang) -> String {
    let roman = |number: u8| ["", "I", "II", "III", "IV"].get(usize::from(number)).copied().unwrap_or("");
    match (period, lang) {
        (Period::Month { year, month }, Lang::Vi) => format!("Tháng {month}/{year}"),
        (Period::Month { year, month }, Lang::En) => format!("Month {month}/{year}"),
        (Period::Quarter { year, quarter }, Lang::Vi) => format!("Quý {}/{year}", roman(quarter)),
        (Period::Quarter { year, quarter }, Lang::En) => format!("Q{quarter} {year}"),
        (Period::Half { year, half: 1 }, Lang::Vi) => format!("6 tháng đầu năm {year}"),
        (Period::Half { year, .. }, Lang::Vi) => format!("6 tháng cuối năm {year}"),
        (Period::Half { year, half }, Lang::En) => format!("H{half} {year}"),
        (Period::Year(year), Lang::Vi) => format!("Năm {year}"),
        (Period::Year(year), Lang::En) => format!("Year {year}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_one_unit_and_deadlines_say_which_side() {
        let now: DateTime<Utc> = "2026-12-07T00:00:00Z".parse().expect("instant");
        assert_eq!(span(TimeDelta::seconds(100), Lang::Vi), "100 giây");
        assert_eq!(left(now + TimeDelta::days(5), now, Lang::Vi), "còn 5 ngày");
        assert_eq!(left(now - TimeDelta::hours(3), now, Lang::En), "overdue by 3 h");
        assert_eq!(instant(now), "07:00:00 07/12/2026");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(12), "12");
    }

    #[test]
    fn quarters_have_roman_numerals() {
        let quarter = Period::quarter(2026, 4).expect("quarter");
        assert_eq!(period(quarter, Lang::Vi), "Quý IV/2026");
    }
}
