//! Deadlines as people write them in words: "trong tháng 3", "quý III/2026", "ngày 5 tháng 3 năm 2026", "trước 15/11".
//!
//! Owns the accepted wordings. A month, quarter or year is due on its last day. Without a year it is the first such day
//! that does not lie before a given one, usually the day of assignment; without that day it is refused, as is every
//! wording that is not known. Day and month stand in this order, always: nothing is guessed.

use super::fold::fold;
use chrono::{Datelike, Months, NaiveDate};

/// Words before a deadline that do not move it.
const BEFORE: [&str; 15] = [
    "truoc", "den", "het", "trong", "cuoi", "cham", "nhat", "la", "toi", "han", "vao", "xong", "hoan",
    "thanh", "ngay",
];

/// The day a wording names. `since`: the day before which it cannot lie, where that is known.
pub fn deadline(text: &str, since: Option<NaiveDate>) -> Option<NaiveDate> {
    let words = words(text)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let begin = words.iter().position(|word| !BEFORE.contains(word))?;
    match words.get(begin..)? {
        [] => None,
        ["thang", month] => repeated(since, |year| end_of_months(year, number(month)?, 1)),
        ["thang", month, "nam" | "/", year] => end_of_months(full_year(year)?, number(month)?, 1),
        ["quy", quarter] => repeated(since, |year| end_of_quarter(year, quarter)),
        ["quy", quarter, "nam" | "/", year] => end_of_quarter(full_year(year)?, quarter),
        ["nam", year] => NaiveDate::from_ymd_opt(full_year(year)?, 12, 31),
        ["6" | "sau", "thang", "dau", "nam", year] => NaiveDate::from_ymd_opt(full_year(year)?, 6, 30),
        ["6" | "sau", "thang", "cuoi", "nam", year] => NaiveDate::from_ymd_opt(full_year(year)?, 12, 31),
        [day, "/" | "thang", month] => repeated(since, |year| date(year, month, day)),
        rest => full_day(rest),
    }
}

/// A whole day in words or figures, with its year.
pub fn day(text: &str) -> Option<NaiveDate> {
    let words = words(text)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    full_day(words.strip_prefix(&["ngay"]).unwrap_or(&words))
}

fn full_day(words: &[&str]) -> Option<NaiveDate> {
    match words {
        [day, "/", month, "/", year] | [day, "thang", month, "nam" | "/", year] => {
            date(full_year(year)?, month, day)
        }
        _ => None,
    }
}

/// Words without accents, what stands between figures as a word of its own.
fn words(text: &str) -> Option<Vec<String>> {
    if text.len() > 60 {
        return None;
    }
    let apart = fold(text).replace(['/', '-', '.'], " / ").replace(['(', ')', ',', ':'], " ");
    let mut words: Vec<String> = apart.split_whitespace().map(str::to_owned).collect();
    if words.last().is_some_and(|word| word == "/") {
        words.pop();
    }
    Some(words)
}

/// The first one that does not lie before a day.
fn repeated(since: Option<NaiveDate>, of: impl Fn(i32) -> Option<NaiveDate>) -> Option<NaiveDate> {
    let since = since?;
    let year = since.year();
    of(year).filter(|day| *day >= since).or_else(|| of(year.checked_add(1)?))
}

fn date(year: i32, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, number(month)?, number(day)?)
}

fn end_of_months(year: i32, first: u32, months: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, first, 1)?.checked_add_months(Months::new(months))?.pred_opt()
}

fn end_of_quarter(year: i32, quarter: &str) -> Option<NaiveDate> {
    let quarter = match quarter {
        "1" | "i" => 1,
        "2" | "ii" => 2,
        "3" | "iii" => 3,
        "4" | "iv" => 4,
        _ => return None,
    };
    end_of_months(year, quarter * 3 - 2, 3)
}

/// A figure of one or two digits.
fn number(text: &str) -> Option<u32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// A year of four digits, 1900 to 2200.
fn full_year(text: &str) -> Option<i32> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|year| (1900..=2200).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wording_names_its_last_day() {
        let since = NaiveDate::from_ymd_opt(2025, 11, 20);
        for (text, expected) in [
            ("trong tháng 3", "2026-03-31"),
            ("Tháng 12", "2025-12-31"),
            ("hết tháng 02/2028", "2028-02-29"),
            ("trong tháng 3 năm 2026", "2026-03-31"),
            ("Quý III/2026", "2026-09-30"),
            ("quý 4 năm 2026", "2026-12-31"),
            ("quý I", "2026-03-31"),
            ("ngày 5 tháng 3 năm 2026", "2026-03-05"),
            ("trước ngày 15/11/2026", "2026-11-15"),
            ("trước 15/11", "2026-11-15"),
            ("chậm nhất là ngày 30/11", "2025-11-30"),
            ("20/11", "2025-11-20"),
            ("6 tháng đầu năm 2026", "2026-06-30"),
            ("cuối năm 2026", "2026-12-31"),
            ("5.3.2026.", "2026-03-05"),
        ] {
            let read = deadline(text, since).map(|day| day.to_string());
            assert_eq!(read.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_guessed() {
        for text in ["trong tháng 3", "quý I", "15/11"] {
            assert_eq!(deadline(text, None), None, "{text}: no year");
        }
        let since = NaiveDate::from_ymd_opt(2026, 1, 1);
        for text in [
            "",
            "đầu tháng 3",
            "giữa tháng 3",
            "tuần 3",
            "thường xuyên",
            "hàng tháng",
            "11/15/2026",
            "15/11/25",
            "quý V",
            "tháng 13",
            "31/02",
            "ngày",
            "trước",
            "3 tháng",
            "15 - 20/11/2026",
            "tháng 3, tháng 4",
        ] {
            assert_eq!(deadline(text, since), None, "{text}");
        }
        assert_eq!(day("tháng 3/2026"), None, "a month is no day");
        assert_eq!(day("ngày 05 tháng 3 năm 2026").map(|day| day.to_string()).as_deref(), Some("2026-03-05"));
    }
}
