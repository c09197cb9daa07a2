//! How numbers, days and instants read in each language.
//!
//! Owns their one form for people: Vietnamese writes a decimal comma and day/month/year, times in Asia/Ho_Chi_Minh. Programs
//! get values as they are. It must not know what a value means; a text that is none of these stays as it is.

use crate::domain::local_offset;
use crate::error::Lang;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

/// A decimal as the language writes it: `95.84` or `95,84`.
pub fn decimal(text: &str, lang: Lang) -> String {
    match lang {
        Lang::Vi => text.replace('.', ","),
        Lang::En => text.to_owned(),
    }
}

/// The same of a text that is one plain decimal; any other stays as it is.
pub fn decimal_only(text: &str, lang: Lang) -> String {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match plain.split_once('.') {
        Some((whole, rest)) if digits(whole) && digits(rest) => decimal(text, lang),
        _ => text.to_owned(),
    }
}

/// A formula with its numbers as the language writes them; the article in parentheses at its end stays.
pub fn formula(text: &str, lang: Lang) -> String {
    let (numbers, article) = text.split_at(text.rfind(" (Đ").unwrap_or(text.len()));
    let mut out = decimal(numbers, lang);
    out.push_str(article);
    out
}

/// A sentence whose days (`2026-12-07`) read as the language writes them: `07/12/2026` in Vietnamese.
pub fn days(text: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let joined = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '/';
        let free = !out.chars().next_back().is_some_and(joined);
        let day = rest.get(..10).filter(|_| free && !rest.chars().nth(10).is_some_and(joined));
        let day = day.filter(|_| c.is_ascii_digit()).and_then(|day| day.parse::<NaiveDate>().ok());
        let taken = match day {
            Some(day) => {
                out.push_str(&day.format("%d/%m/%Y").to_string());
                10
            }
            None => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// An instant of ours (RFC 3339, UTC) as clocks in Việt Nam show it; none of any other text.
pub fn local_time(text: &str, lang: Lang) -> Option<String> {
    let looks_like_one = text.len() >= 20 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    let at = looks_like_one.then(|| DateTime::parse_from_rfc3339(text).ok()).flatten()?;
    let form = match lang {
        Lang::Vi => "%H:%M:%S %d/%m/%Y",
        Lang::En => "%Y-%m-%d %H:%M:%S",
    };
    Some(at.with_timezone(&local_offset()).format(form).to_string())
}

/// A deadline in Asia/Ho_Chi_Minh; midnight is the end of the day before it.
pub fn deadline(at: DateTime<Utc>, lang: Lang) -> String {
    let local = at.with_timezone(&local_offset()).naive_local();
    let day = |day: NaiveDate| day.format("%d/%m/%Y");
    match (local.time() == NaiveTime::MIN, lang) {
        (true, Lang::Vi) => format!("hết ngày {}", day(local.date() - TimeDelta::days(1))),
        (true, Lang::En) => format!("end of {}", day(local.date() - TimeDelta::days(1))),
        (false, _) => local.format("%H:%M %d/%m/%Y").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_language_s_comma_and_articles_do_not() {
        let text = "a = 46.3 / 48.8 = 94.88 % (Đ14.2.a)";
        assert_eq!(formula(text, Lang::Vi), "a = 46,3 / 48,8 = 94,88 % (Đ14.2.a)");
        assert_eq!(formula(text, Lang::En), text);
        assert_eq!(formula("R·70 = 66.84", Lang::Vi), "R·70 = 66,84");
        for (text, shown) in
            [("88.50", "88,50"), ("-0.5", "-0,5"), ("1.2.3", "1.2.3"), ("v1.2", "v1.2"), ("7", "7")]
        {
            assert_eq!(decimal_only(text, Lang::Vi), shown);
            assert_eq!(decimal_only(text, Lang::En), text);
        }
    }

    #[test]
    fn days_within_a_sentence_are_vietnamese_and_what_only_looks_like_one_stays() {
        let text = "đến ngày 2026-09-30 (2026-10-01 – 2026-10-05)";
        assert_eq!(days(text, Lang::Vi), "đến ngày 30/09/2026 (01/10/2026 – 05/10/2026)");
        assert_eq!(days(text, Lang::En), text);
        for kept in ["2026-13-01", "DM-2026-01-01", "2026-01-01-a", "2026-Q3", "số 12026-01-011", "ế"] {
            assert_eq!(days(kept, Lang::Vi), kept);
        }
        assert_eq!(days("2026-01-01", Lang::Vi), "01/01/2026");
    }

    #[test]
    fn a_deadline_at_midnight_is_the_end_of_the_day_before() {
        let at = |text: &str| text.parse().expect("instant");
        assert_eq!(deadline(at("2026-12-12T17:00:00Z"), Lang::Vi), "hết ngày 12/12/2026");
        assert_eq!(deadline(at("2026-12-12T18:00:00Z"), Lang::En), "01:00 13/12/2026");
    }

    #[test]
    fn an_instant_is_local_in_the_form_of_the_language() {
        let text = "2026-12-07T02:00:42.573Z";
        assert_eq!(local_time(text, Lang::Vi).as_deref(), Some("09:00:42 07/12/2026"));
        assert_eq!(local_time(text, Lang::En).as_deref(), Some("2026-12-07 09:00:42"));
        assert_eq!(local_time("2026-12-07", Lang::Vi), None);
    }
}
