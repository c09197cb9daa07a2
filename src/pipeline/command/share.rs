//! One part of a shared product as people write it.
//!
//! Owns how its period and its percents are read. It must not know what shares come to. A text that says none reads as none.

use super::named::PersonRef;
use crate::domain::Period;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One part of a shared product as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareEntry {
    /// Whose; none = everyone's who has the task.
    pub person: Option<PersonRef>,
    /// In which quarter; none = in the one the task belongs to.
    pub period: Option<Period>,
    /// Percent of the whole, 0 to 100; none = a supporting person.
    pub percent: Option<rust_decimal::Decimal>,
}

impl ShareEntry {
    /// A quarter `2026-Q1` or a month, written `2026-M01` or `2026-01`.
    pub fn read_period(text: &str) -> Option<Period> {
        let period = text.parse::<Period>().ok().filter(|period| !period.is_mean());
        let month = || NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok();
        period.or_else(|| month().map(Period::month_of))
    }

    /// Percents from 0 to 100 with at most four decimals; a comma is a decimal comma.
    pub fn read_percent(text: &str) -> Option<rust_decimal::Decimal> {
        let text = text.trim().trim_end_matches('%').trim().replace(',', ".");
        let percent: rust_decimal::Decimal = text.parse().ok()?;
        let fits = !percent.is_sign_negative()
            && percent <= rust_decimal::Decimal::ONE_HUNDRED
            && percent.scale() <= 4;
        fits.then_some(percent)
    }
}
