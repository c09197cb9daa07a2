//! Cells of the files people send: numbers, days and levels as they write them, and the finding for a wrong one.
//!
//! Owns what is accepted in a cell. It must not know which file it stands in. Anything doubtful is refused
//! with the cell's place; nothing is guessed or rounded.

use crate::domain::{Exact, Level, Period};
use crate::error::{Finding, Text};
use crate::sheet::TableRow;
use crate::text::fold;
use chrono::NaiveDate;

/// Most findings of one file; the rest would only repeat them.
pub(super) const MAX_FINDINGS: usize = 500;

/// A number of at most 4 decimals, with a point or the decimal comma of Vietnamese Excel; never negative.
pub(super) fn number(text: &str) -> Option<Exact> {
    let text = text.trim();
    let text = if text.contains('.') { text.to_owned() } else { text.replace(',', ".") };
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    if text.contains('/') || decimals > 4 || text.len() > 12 {
        return None;
    }
    text.parse::<Exact>().ok().filter(|value| !value.is_negative())
}

/// A day as files write it.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    crate::text::date::date(text).ok()
}

/// A period: `2026-Q3`, `2026-H1`, `2026`, also `Quý III/2026`, `Q3/2026`, `Năm 2026`.
pub(super) fn period(text: &str) -> Option<Period> {
    if let Ok(period) = text.trim().parse() {
        return Some(period);
    }
    let folded = fold(text);
    let words: Vec<&str> = folded.split([' ', '/', '-']).filter(|word| !word.is_empty()).collect();
    let quarter = |word: &str| match word {
        "1" | "i" => Some(1),
        "2" | "ii" => Some(2),
        "3" | "iii" => Some(3),
        "4" | "iv" => Some(4),
        _ => None,
    };
    let (quarter, year) = match words.as_slice() {
        ["nam", year] => return year.parse::<Period>().ok().filter(|period| period.is_year()),
        ["quy", number, year] | ["quy", number, "nam", year] => (quarter(number)?, year),
        [short, year] => (quarter(short.strip_prefix('q')?)?, year),
        _ => return None,
    };
    format!("{year}-Q{quarter}").parse().ok()
}

/// A level by its stored name, its Vietnamese name, or the usual short forms.
pub(super) fn level(text: &str) -> Option<Level> {
    if let Some(level) = Level::parse(text.trim().to_lowercase().as_str()) {
        return Some(level);
    }
    let folded = fold(text);
    let folded = folded.strip_suffix(" nhiem vu").unwrap_or(&folded);
    match folded {
        "hoan thanh xuat sac" | "htxsnv" | "htxs" => Some(Level::Excellent),
        "hoan thanh tot" | "httnv" | "htt" => Some(Level::Good),
        "hoan thanh" | "htnv" => Some(Level::Completed),
        "khong hoan thanh" | "khtnv" | "kht" => Some(Level::NotCompleted),
        _ => None,
    }
}

/// The finding for a wrong cell; shows at most 60 characters of it.
pub(super) fn wrong(code: &str, row: TableRow<'_>, column: &str, vi: &str, en: &str) -> Finding {
    let title = row.title(column);
    let value: String = row.get(column).chars().filter(|c| !c.is_control()).take(60).collect();
    Finding::error(
        code,
        Text::new(
            format!("cột {title}, giá trị \"{value}\": {vi}"),
            format!("column {title}, value \"{value}\": {en}"),
        ),
        Text::new(
            "sửa ô này rồi nhập lại cả tệp; chưa có gì được ghi",
            "correct the cell and import the whole file again; nothing was written",
        ),
    )
    .at(row.place(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_and_doubtful_ones_refused() {
        assert_eq!(number("84,5"), number("84.5"));
        assert_eq!(number("2.5"), Exact::ratio(5, 2));
        for bad in ["", "1.234,5", "1,234.5", "84.499999999999", "-1", "1/2", "1e1", "abc", "٥"] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn periods_are_read_as_people_write_them() {
        for text in ["2026-Q3", "Quý III/2026", "quý 3 năm 2026", "Q3/2026", "q3-2026"] {
            assert_eq!(period(text).map(|p| p.to_string()).as_deref(), Some("2026-Q3"), "{text}");
        }
        assert_eq!(period("Năm 2025"), Some(Period::Year(2025)));
        for bad in ["", "Quý V/2026", "tháng 3/2026", "năm 2026-q1", "Quý III"] {
            assert_eq!(period(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn levels_are_read_in_both_languages_and_never_guessed() {
        assert_eq!(level("Hoàn thành tốt nhiệm vụ"), Some(Level::Good));
        assert_eq!(level("KHÔNG HOÀN THÀNH NHIỆM VỤ"), Some(Level::NotCompleted));
        assert_eq!(level("hoàn thành"), Some(Level::Completed));
        assert_eq!(level("Excellent"), Some(Level::Excellent));
        for bad in ["", "tốt", "A", "hoàn thành khá"] {
            assert_eq!(level(bad), None, "{bad:?}");
        }
    }
}
