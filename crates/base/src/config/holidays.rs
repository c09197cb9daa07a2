//! The holiday table: which days offices are closed, and which weekends they work.
//!
//! Owns the file's form and the built-in table (`config/holidays.toml`). A year the table does not have is
//! not an error, because only the government's yearly notice decides it, but `check` says so. A file with
//! any error gives all of them and no table.

use super::file::read_toml;
use crate::domain::WorkingCalendar;
use crate::error::{Finding, Findings, Place, Text};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The table that is compiled in.
pub const BUILT_IN: &str = include_str!("../../../../config/holidays.toml");

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HolidayFile {
    /// One entry per year.
    #[serde(default)]
    year: Vec<YearEntry>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct YearEntry {
    /// The calendar year.
    #[schemars(range(min = 2020, max = 2100))]
    year: i32,
    /// Working-week days on which offices are closed.
    holidays: Vec<NaiveDate>,
    /// Saturdays and Sundays on which offices are open.
    #[serde(default)]
    working_weekends: Vec<NaiveDate>,
}

/// Working days and the years they are known for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holidays {
    /// The calendar.
    pub calendar: WorkingCalendar,
    years: BTreeSet<i32>,
    name: String,
}

impl Holidays {
    /// Reads a table.
    ///
    /// # Errors
    /// The findings of the file's form; LT-CFG-031 a day outside its year or a year given twice.
    pub fn read(name: &str, text: &str) -> Result<Self, Findings> {
        let file: HolidayFile = read_toml(name, text)?;
        let mut years = BTreeSet::new();
        let mut findings = Vec::new();
        for entry in &file.year {
            use chrono::Datelike as _;
            let strange =
                entry.holidays.iter().chain(&entry.working_weekends).find(|day| day.year() != entry.year);
            if let Some(day) = strange {
                findings.push(misplaced(name, entry.year, &format!("{day}")));
            }
            if !years.insert(entry.year) {
                findings.push(misplaced(name, entry.year, "[[year]]"));
            }
        }
        if !findings.is_empty() {
            return Err(Findings(findings));
        }
        let holidays = file.year.iter().flat_map(|entry| entry.holidays.iter().copied());
        let weekends = file.year.iter().flat_map(|entry| entry.working_weekends.iter().copied());
        Ok(Self { calendar: WorkingCalendar::new(holidays, weekends), years, name: name.to_owned() })
    }

    /// A warning when the table does not know a year deadlines are counted in.
    pub fn gap(&self, year: i32) -> Option<Finding> {
        if self.years.contains(&year) {
            return None;
        }
        let finding = Finding::warning(
            "LT-CFG-030",
            Text::new(
                format!("bảng ngày nghỉ không có năm {year}; thứ Hai đến thứ Sáu được coi là ngày làm việc"),
                format!("the holiday table has no year {year}; Monday to Friday count as working days"),
            ),
            Text::new(
                "thêm [[year]] theo thông báo nghỉ lễ, Tết của năm đó và chỉ đến tệp bằng [calendar] file",
                "add a [[year]] after that year's notice of holidays and name the file in [calendar] file",
            ),
        );
        Some(finding.at(Place::of(&self.name)))
    }
}

fn misplaced(name: &str, year: i32, what: &str) -> Finding {
    Finding::error(
        "LT-CFG-031",
        Text::new(
            format!("năm {year}: {what} không thuộc năm này hoặc bị lặp"),
            format!("year {year}: {what} lies outside the year or stands twice"),
        ),
        Text::new(
            "mỗi năm một mục [[year]] với các ngày của chính năm đó",
            "one [[year]] per year with that year's own days",
        ),
    )
    .at(Place::of(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("day")
    }

    #[test]
    fn the_built_in_table_knows_tet_and_the_swapped_days_of_2026() {
        let table = Holidays::read("holidays.toml", BUILT_IN).expect("valid");
        assert!(!table.calendar.is_working_day(day("2026-02-17")), "first day of Tết");
        assert!(!table.calendar.is_working_day(day("2026-04-27")), "instead of Sunday, Hùng Kings' day");
        assert!(table.calendar.is_working_day(day("2026-08-22")), "Saturday worked instead of 31/8");
        assert!(!table.calendar.is_working_day(day("2026-11-24")), "Vietnamese Culture Day");
        assert!(table.calendar.is_working_day(day("2026-03-02")));
        assert!(table.gap(2026).is_none());
        assert_eq!(table.gap(2031).expect("unknown year").code, "LT-CFG-030");
    }

    #[test]
    fn a_day_of_another_year_and_a_repeated_year_are_both_reported() {
        let text = "[[year]]\nyear = 2027\nholidays = [2026-01-01]\n[[year]]\nyear = 2027\nholidays = []\n";
        let findings = Holidays::read("h.toml", text).expect_err("two findings");
        assert_eq!(findings.0.iter().filter(|finding| finding.code == "LT-CFG-031").count(), 2);
    }

    #[test]
    fn a_day_that_does_not_exist_is_reported_with_its_line() {
        let text = "[[year]]\nyear = 2027\nholidays = [\n  \"2027-02-30\",\n]\n";
        let findings = Holidays::read("h.toml", text).expect_err("no such day");
        assert_eq!(findings.0[0].place.as_ref().and_then(|place| place.line), Some(4), "{findings}");
    }
}
