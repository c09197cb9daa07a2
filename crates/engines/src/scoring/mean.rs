//! A quarter of the monthly regime: the mean of its months (Decree 335/2025 art. 17.3; switch `quarter_method`).
//!
//! Owns the means of every part over the months that were worked. A month whose total is missing makes the quarter
//! missing and is named; it is never left out. The mean of ratios is not the ratio of sums, and is not meant to be.

use super::{Derivation, PERCENT_DIGITS, level_of, number};
use crate::domain::rules::YearMeanOf;
use crate::domain::{Exact, Period, Role, RuleSet};
use serde::Serialize;
use std::collections::BTreeMap;

/// A part of a month: exact, and as it is printed.
pub type Figure = (Exact, String);

/// A scored month of a quarter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthScore {
    /// Which.
    pub period: Period,
    /// a, b, c and, for leaders, d, đ, e in percent, as far as they exist.
    pub components: BTreeMap<&'static str, Figure>,
    /// R in percent.
    pub criterion: Option<Figure>,
    /// R·70.
    pub task_part: Option<Figure>,
    /// General criteria.
    pub general: Option<Figure>,
    /// S.
    pub total: Option<Figure>,
    /// Whether its general criteria are assumed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub assumed: bool,
}

/// The quarter as the mean of its months, in order; `months` is not empty.
pub fn mean_of_months(period: Period, role: Role, months: &[MonthScore], rules: &RuleSet) -> Derivation {
    let mut derivation = Derivation::empty(period, role, rules);
    derivation.months = months.to_vec();
    let printed = rules.year_mean_of == YearMeanOf::Recorded;
    let value = |figure: &Figure| match figure.1.parse() {
        Ok(value) if printed => value,
        _ => figure.0.clone(),
    };
    for name in ["a", "b", "c", "d", "dd", "e"] {
        if let Some(mean) = mean(months, |month| month.components.get(name).map(|figure| figure.0.clone())) {
            derivation.components.insert(name, number(mean, PERCENT_DIGITS, rules));
        }
    }
    let exact = |figure: Option<&Figure>| figure.map(|figure| figure.0.clone());
    let shown = |figure: Option<&Figure>| figure.map(value);
    derivation.criterion =
        mean(months, |month| exact(month.criterion.as_ref())).map(|mean| number(mean, PERCENT_DIGITS, rules));
    let digits = rules.rounding.digits;
    derivation.task_part =
        mean(months, |month| shown(month.task_part.as_ref())).map(|mean| number(mean, digits, rules));
    derivation.general =
        mean(months, |month| shown(month.general.as_ref())).map(|mean| number(mean, digits, rules));
    derivation.total =
        mean(months, |month| shown(month.total.as_ref())).map(|mean| number(mean, digits, rules));
    match &derivation.total {
        Some(total) => {
            let terms: Vec<String> = months
                .iter()
                .filter_map(|month| month.total.as_ref())
                .map(|figure| if printed { figure.1.clone() } else { figure.0.to_string() })
                .collect();
            let terms = terms.join(" + ");
            derivation.formulas.push(format!("S = ({terms}) / {} = {} (Đ17.3)", months.len(), total.printed));
            derivation.level = Some(level_of(total, rules));
        }
        None => {
            let lacking = months.iter().filter(|month| month.total.is_none());
            derivation.missing.extend(lacking.map(|month| month.period.to_string()));
        }
    }
    derivation.general_assumed = months.iter().any(|month| month.assumed);
    if derivation.general_assumed {
        derivation.missing.push("general_criteria".to_owned());
    }
    derivation
}

/// The mean of a part that every month has.
fn mean(months: &[MonthScore], part: impl Fn(&MonthScore) -> Option<Exact>) -> Option<Exact> {
    let values: Vec<Exact> = months.iter().map(part).collect::<Option<_>>()?;
    let sum: Exact = values.iter().sum();
    sum.checked_div(&Exact::integer(i64::try_from(values.len()).ok()?))
}
