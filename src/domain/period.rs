//! Evaluation periods: quarter, half-year and year (plan IV.4.1.a; Decree 335/2025 art. 17).
//!
//! Owns the calendar bounds of a period in Asia/Ho_Chi_Minh and its written form (`2026-Q3`,
//! `2026-H1`, `2026`). It must not know scores or when a period was closed.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A period that is scored or classified. Ordered by start, then longer periods later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    /// Quarter 1–4 of a year.
    Quarter { year: i32, quarter: u8 },
    /// First or second half of a year.
    Half { year: i32, half: u8 },
    /// A calendar year.
    Year(i32),
}

/// Why a text is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a period: write a quarter as 2026-Q3, a half-year as 2026-H1 or a year as 2026")]
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

    /// The calendar year of the period.
    pub fn year(self) -> i32 {
        match self {
            Self::Quarter { year, .. } | Self::Half { year, .. } | Self::Year(year) => year,
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

    /// First day of the period.
    pub fn first_day(self) -> NaiveDate {
        let month = match self {
            Self::Quarter { quarter, .. } => u32::from(quarter) * 3 - 2,
            Self::Half { half, .. } => u32::from(half) * 6 - 5,
            Self::Year(_) => 1,
        };
        NaiveDate::from_ymd_opt(self.year(), month, 1).unwrap_or(NaiveDate::MIN)
    }

    /// Last day of the period.
    pub fn last_day(self) -> NaiveDate {
        self.next().first_day().pred_opt().unwrap_or(NaiveDate::MAX)
    }

    /// Whether a day lies in the period, both ends included.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.first_day() <= day && day <= self.last_day()
    }

    /// The following period of the same length.
    pub fn next(self) -> Self {
        match self {
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
            Self::Quarter { year, quarter: 1 } => Self::Quarter { year: year - 1, quarter: 4 },
            Self::Quarter { year, quarter } => Self::Quarter { year, quarter: quarter - 1 },
            Self::Half { year, half: 1 } => Self::Half { year: year - 1, half: 2 },
            Self::Half { year, half } => Self::Half { year, half: half - 1 },
            Self::Year(year) => Self::Year(year - 1),
        }
    }

    /// The quarters inside the period, in order; a quarter contains itself.
    pub fn quarters(self) -> Vec<Self> {
        match self {
            Self::Quarter { .. } => vec![self],
            Self::Half { year, half } => {
                [half * 2 - 1, half * 2].map(|quarter| Self::Quarter { year, quarter }).to_vec()
            }
            Self::Year(year) => (1..=4).map(|quarter| Self::Quarter { year, quarter }).collect(),
        }
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
            Some(_) => Err(invalid()),
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
    fn written_form_round_trips_and_garbage_is_refused() {
        for text in ["2026-Q1", "2026-Q4", "2026-H2", "2026"] {
            assert_eq!(text.parse::<Period>().expect(text).to_string(), text);
        }
        for bad in ["", "2026-Q5", "2026Q3", "26-Q1", "2026-", "+026", "2026-Q3 "] {
            assert!(bad.parse::<Period>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn fourth_quarter_ends_on_new_years_eve() {
        let quarter = Period::quarter(2026, 4).expect("quarter");
        assert_eq!(quarter.last_day().to_string(), "2026-12-31");
        assert_eq!(quarter.next().to_string(), "2027-Q1");
        assert!(quarter.contains("2026-10-01".parse().expect("day")));
    }
}
