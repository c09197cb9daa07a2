//! Periods, days and numbers as Vietnamese administrative papers write them.

use crate::domain::{Period, local_offset};
use chrono::{DateTime, NaiveDate, Utc};

/// A decimal with the comma of Vietnamese papers.
pub fn decimal(text: &str) -> String {
    text.replace('.', ",")
}

/// A day: `07/12/2026`.
pub fn day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// A moment in Asia/Ho_Chi_Minh: `14:03 07/12/2026`.
pub fn moment(at: DateTime<Utc>) -> String {
    at.with_timezone(&local_offset()).format("%H:%M %d/%m/%Y").to_string()
}

/// A period in words: `Quý III năm 2026`, `Năm 2026`.
pub fn period_in_words(period: Period) -> String {
    let roman = |number: u8| ["", "I", "II", "III", "IV"].get(usize::from(number)).copied().unwrap_or("");
    match period {
        Period::Month { year, month } => format!("Tháng {month} năm {year}"),
        Period::Quarter { year, quarter } => format!("Quý {} năm {year}", roman(quarter)),
        Period::Half { year, half: 1 } => format!("6 tháng đầu năm {year}"),
        Period::Half { year, .. } => format!("6 tháng cuối năm {year}"),
        Period::Year(year) => format!("Năm {year}"),
    }
}

/// A formula with the comma of papers, and the article it rests on: `a = 1,5 / 2 = 75 %` and
/// `điểm a khoản 2 Điều 14`. Points that stand in no number, as in a name, stay.
pub fn formula(line: &str) -> (String, String) {
    let (numbers, article) = line.split_at(line.rfind(" (Đ").unwrap_or(line.len()));
    let article = article.trim_start_matches(" (").trim_end_matches(')');
    (commas(numbers), article_in_full(article))
}

/// A sentence with the comma in its numbers.
fn commas(text: &str) -> String {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let mut told = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let within = c == '.' && digit(told.chars().next_back()) && digit(rest.peek().copied());
        told.push(if within { ',' } else { c });
    }
    told
}

/// `Đ14.2.a` as papers cite it: điểm a khoản 2 Điều 14.
fn article_in_full(short: &str) -> String {
    let Some(rest) = short.strip_prefix('Đ') else { return short.to_owned() };
    let mut parts = rest.split('.');
    let (article, clause, point) = (parts.next().unwrap_or(""), parts.next(), parts.next());
    let point = point.map(|point| format!("điểm {point} ")).unwrap_or_default();
    let clause = clause.map(|clause| format!("khoản {clause} ")).unwrap_or_default();
    format!("{point}{clause}Điều {article}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_comma_and_articles_are_cited_in_full() {
        let (numbers, article) = formula("a = 15.06 / 16.8 = 89.64 % (Đ14.2.a)");
        assert_eq!(
            (numbers.as_str(), article.as_str()),
            ("a = 15,06 / 16,8 = 89,64 %", "điểm a khoản 2 Điều 14")
        );
        let entered = formula("đ = 100.00 %: TP-01 Lê T. Trưởng, 27/11/2026 (Đ15.3.b)");
        assert_eq!(entered.0, "đ = 100,00 %: TP-01 Lê T. Trưởng, 27/11/2026");
        assert_eq!(entered.1, "điểm b khoản 3 Điều 15");
        assert_eq!(formula("R·70 = 46.7 (Đ12.3)").1, "khoản 3 Điều 12");
        assert_eq!(formula("x = 1.5"), ("x = 1,5".to_owned(), String::new()));
    }
}
