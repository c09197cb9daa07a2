//! Evaluation periods: month, quarter, half-year and year (plan IV.4.1.a; Decree 335/2025 art. 17).
//!
//! Owns the calendar bounds of a period in Asia/Ho_Chi_Minh and its written form (`2026-M07`,
//! `2026-Q3`, `2026-H1`, `2026`). It must not know scores or when a period was closed.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A period that is scored or classified. Ordered by start, then longer periods later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    /// Month 1–12 of a year.
    Month { year: i32, month: u8 },
    /// Quarter 1–4 of a year.
    Quarter { year: i32, quarter: u8 },
    /// First or second half of a year.
    Half { year: i32, half: u8 },
    /// A calendar year.
    Year(i32),
}

/// Why a text is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a period: write a month as 2026-M07, a quarter as 2026-Q3, a half-year as 2026-H1 or a year as 2026"
)]
pub struct InvalidPeriod(pub String);

impl Period {
    /// Quarter `quarter` (1–4) of `year` (2000–2999).
    pub fn quarter(year: i32, quarter: u8) -> Result<Self, InvalidPeriod> {
        if (1..=4).contains(&quarter) && (2000..3000).contains(&year) {
            Ok(Self::Quarter { year, quarter })
        } else {
            Err(InvalidPeriod(format!("{year}-Q{quarter}")))
        }
    }

    /// The quarter a calendar day falls in.
    pub fn quarter_of(day: NaiveDate) -> Self {
        let quarter = (day.month0() / 3 + 1) as u8;
        Self::Quarter { year: day.year(), quarter }
    }

    /// The month a calendar day falls in.
    pub fn month_of(day: NaiveDate) -> Self {
        Self::Month { year: day.year(), month: (day.month0() + 1) as u8 }
    }

    /// The half-year a calendar day falls in.
    pub fn half_of(day: NaiveDate) -> Self {
        Self::Half { year: day.year(), half: (day.month0() / 6 + 1) as u8 }
    }

    /// The calendar year of the period.
    pub fn year(self) -> i32 {
        match self {
            Self::Month { year, .. }
            | Self::Quarter { year, .. }
            | Self::Half { year, .. }
            | Self::Year(year) => year,
        }
    }

    /// Number of the quarter, when it is one.
    pub fn quarter_number(self) -> Option<u8> {
        match self {
            Self::Quarter { quarter, .. } => Some(quarter),
            _ => None,
        }
    }

    /// Whether this is a year, the only period with a classification (Decree 335/2025 art. 19.1).
    pub fn is_year(self) -> bool {
        matches!(self, Self::Year(_))
    }

    /// Whether its score is a mean of recorded results and never made of tasks: half-years and years.
    pub fn is_mean(self) -> bool {
        matches!(self, Self::Half { .. } | Self::Year(_))
    }

    /// The quarter a month lies in; other periods are themselves.
    pub fn quarter_around(self) -> Self {
        match self {
            Self::Month { .. } => Self::quarter_of(self.first_day()),
            other => other,
        }
    }

    /// The half-year and year whose means a recorded month or quarter belongs to; none for those means themselves.
    pub fn means(self) -> Vec<Self> {
        if self.is_mean() {
            Vec::new()
        } else {
            vec![Self::half_of(self.first_day()), Self::Year(self.year())]
        }
    }

    /// First day of the period.
    pub fn first_day(self) -> NaiveDate {
        let month = match self {
            Self::Month { month, .. } => u32::from(month),
            Self::Quarter { quarter, .. } => u32::from(quarter) * 3 - 2,
            Self::Half { half, .. } => u32::from(half) * 6 - 5,
            Self::Year(_) => 1,
        };
        NaiveDate::from_ymd_opt(self.year(), month, 1).unwrap_or(NaiveDate::MIN)
    }

    /// Whether a day lies in the quarter around it or after it: from then on it has scores.
    pub fn has_begun(self, day: NaiveDate) -> bool {
        self.quarter_around().first_day() <= day
    }

    /// Last day of the period.
    pub fn last_day(self) -> NaiveDate {
        self.next().first_day().pred_opt().unwrap_or(NaiveDate::MAX)
    }

    /// Whether a day lies in the period, both ends included.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.first_day() <= day && day <= self.last_day()
    }

    /// Whether a score of another period that waits to be computed can move this one's: of a mean the quarters and months
    /// inside, of a month or quarter everything of the quarter they are computed with.
    pub fn depends_on(self, other: Self) -> bool {
        let inside = self.contains(other.first_day()) && self.contains(other.last_day());
        let together = !self.is_mean() && self.quarter_around() == other.quarter_around();
        self == other || (!other.is_mean() && (inside || together))
    }

    /// The following period of the same length.
    pub fn next(self) -> Self {
        match self {
            Self::Month { year, month: 12 } => Self::Month { year: year + 1, month: 1 },
            Self::Month { year, month } => Self::Month { year, month: month + 1 },
            Self::Quarter { year, quarter: 4 } => Self::Quarter { year: year + 1, quarter: 1 },
            Self::Quarter { year, quarter } => Self::Quarter { year, quarter: quarter + 1 },
            Self::Half { year, half: 2 } => Self::Half { year: year + 1, half: 1 },
            Self::Half { year, half } => Self::Half { year, half: half + 1 },
            Self::Year(year) => Self::Year(year + 1),
        }
    }

    /// The preceding period of the same length.
    pub fn previous(self) -> Self {
        match self {
            Self::Month { year, month: 1 } => Self::Month { year: year - 1, month: 12 },
            Self::Month { year, month } => Self::Month { year, month: month - 1 },
            Self::Quarter { year, quarter: 1 } => Self::Quarter { year: year - 1, quarter: 4 },
            Self::Quarter { year, quarter } => Self::Quarter { year, quarter: quarter - 1 },
            Self::Half { year, half: 1 } => Self::Half { year: year - 1, half: 2 },
            Self::Half { year, half } => Self::Half { year, half: half - 1 },
            Self::Year(year) => Self::Year(year - 1),
        }
    }

    /// The quarters inside the period, in order; a quarter contains itself, a month none.
    pub fn quarters(self) -> Vec<Self> {
        match self {
            Self::Month { .. } => Vec::new(),
            Self::Quarter { .. } => vec![self],
            Self::Half { year, half } => {
                [half * 2 - 1, half * 2].map(|quarter| Self::Quarter { year, quarter }).to_vec()
            }
            Self::Year(year) => (1..=4).map(|quarter| Self::Quarter { year, quarter }).collect(),
        }
    }

    /// The months inside the period, in order; a month contains itself.
    pub fn months(self) -> Vec<Self> {
        let mut months = vec![Self::month_of(self.first_day())];
        while let Some(next) = months.last().map(|month| month.next())
            && next.first_day() <= self.last_day()
        {
            months.push(next);
        }
        months
    }
}

impl Ord for Period {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.first_day(), self.last_day()).cmp(&(other.first_day(), other.last_day()))
    }
}

impl PartialOrd for Period {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month { year, month } => write!(f, "{year}-M{month:02}"),
            Self::Quarter { year, quarter } => write!(f, "{year}-Q{quarter}"),
            Self::Half { year, half } => write!(f, "{year}-H{half}"),
            Self::Year(year) => write!(f, "{year}"),
        }
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidPeriod(text.chars().take(40).collect());
        let (year, rest) = match text.split_once('-') {
            Some((year, rest)) => (year, Some(rest)),
            None => (text, None),
        };
        let digits = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
        let year: i32 = year.parse().map_err(|_| invalid())?;
        if !digits || !(2000..3000).contains(&year) {
            return Err(invalid());
        }
        match rest {
            None => Ok(Self::Year(year)),
            Some("Q1" | "q1") => Ok(Self::Quarter { year, quarter: 1 }),
            Some("Q2" | "q2") => Ok(Self::Quarter { year, quarter: 2 }),
            Some("Q3" | "q3") => Ok(Self::Quarter { year, quarter: 3 }),
            Some("Q4" | "q4") => Ok(Self::Quarter { year, quarter: 4 }),
            Some("H1" | "h1") => Ok(Self::Half { year, half: 1 }),
            Some("H2" | "h2") => Ok(Self::Half { year, half: 2 }),
            Some(rest) => {
                let month = rest
                    .strip_prefix(['M', 'm'])
                    .filter(|digits| digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit()));
                let month = month.and_then(|digits| digits.parse::<u8>().ok());
                match month {
                    Some(month) if (1..=12).contains(&month) => Ok(Self::Month { year, month }),
                    _ => Err(invalid()),
                }
            }
        }
    }
}

impl TryFrom<String> for Period {
    type Error = InvalidPeriod;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> String {
        period.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn score_depends_on_what_is_computed_with_it_and_a_mean_on_everything_inside() {
        let depends = |one: &str, other: &str| {
            one.parse::<Period>().expect("period").depends_on(other.parse().expect("period"))
        };
        for (one, other) in [
            ("2026-Q1", "2026-M02"),
            ("2026-M02", "2026-Q1"),
            ("2026", "2026-Q4"),
            ("2026", "2026-M05"),
            ("2026-H1", "2026-Q2"),
            ("2026", "2026"),
        ] {
            assert!(depends(one, other), "{one} {other}");
        }
        for (one, other) in
            [("2026-Q1", "2026-M04"), ("2026-Q1", "2026"), ("2026-H1", "2026-Q3"), ("2026", "2026-H1")]
        {
            assert!(!depends(one, other), "{one} {other}");
        }
    }

    #[test]
    fn written_form_round_trips_and_garbage_is_refused() {
        for text in ["2026-M01", "2026-M12", "2026-Q1", "2026-Q4", "2026-H2", "2026"] {
            assert_eq!(text.parse::<Period>().expect(text).to_string(), text);
        }
        for bad in [
            "", "2026-M13", "2026-M00", "2026-M7", "2026-M+7", "2026-Q5", "2026Q3", "26-Q1", "2026-", "+026",
            "2026-Q3 ",
        ] {
            assert!(bad.parse::<Period>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn month_lies_in_its_quarter_half_and_year_and_a_year_has_twelve() {
        let month: Period = "2026-M06".parse().expect("month");
        assert_eq!(month.last_day().to_string(), "2026-06-30");
        assert_eq!(month.quarter_around().to_string(), "2026-Q2");
        assert_eq!(month.means().iter().map(Period::to_string).collect::<Vec<_>>(), ["2026-H1", "2026"]);
        assert_eq!(Period::Year(2026).months().len(), 12);
        let december: Period = "2026-M12".parse().expect("month");
        assert_eq!(
            (december.next().to_string(), december.next().previous()),
            ("2027-M01".to_owned(), december)
        );
        let half: Period = "2026-H2".parse().expect("half");
        let months: Vec<String> = half.months().iter().map(Period::to_string).collect();
        assert_eq!(months, ["2026-M07", "2026-M08", "2026-M09", "2026-M10", "2026-M11", "2026-M12"]);
    }

    #[test]
    fn fourth_quarter_ends_on_new_years_eve() {
        let quarter = Period::quarter(2026, 4).expect("quarter");
        assert_eq!(quarter.last_day().to_string(), "2026-12-31");
        assert_eq!(quarter.next().to_string(), "2027-Q1");
        assert!(quarter.contains("2026-10-01".parse().expect("day")));
    }
}
