//! The year: the mean of the recorded quarter scores (art. 17.3; plan IV.4.1.a).
//!
//! Owns the mean over the quarters that were worked and recorded, and the band it lies in. The printed score
//! of a quarter is the official figure; their mean is exact. The classification itself is decided by people.

use super::{Number, level_of, number};
use crate::domain::{Exact, Level, Period, RuleSet};
use serde::Serialize;

/// A recorded quarter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedQuarter {
    /// Which.
    pub period: Period,
    /// Printed score.
    pub score: String,
    /// Where it is recorded: `history` or `record r3`.
    pub from: String,
}

/// A year's score with its derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct YearDerivation {
    /// Which year.
    pub period: Period,
    /// The quarters it is the mean of, in order.
    pub quarters: Vec<RecordedQuarter>,
    /// The mean.
    pub total: Option<Number>,
    /// The band it lies in (art. 20.1–4).
    pub level: Option<Level>,
    /// Parts that are missing.
    pub missing: Vec<String>,
    /// Formula with the numbers put in.
    pub formulas: Vec<String>,
    /// The switches applied.
    pub rule_set: RuleSet,
}

/// Computes the year from its recorded quarters. `absent`: quarters that are closed and in which the person was
/// evaluated, without a recorded score; while there is one, the year is missing and never the mean of the others.
pub fn score_year(
    period: Period,
    quarters: Vec<RecordedQuarter>,
    absent: &[Period],
    rules: &RuleSet,
) -> YearDerivation {
    let scores: Vec<Exact> = quarters.iter().filter_map(|quarter| quarter.score.parse().ok()).collect();
    let mut derivation = YearDerivation {
        period,
        quarters,
        total: None,
        level: None,
        missing: Vec::new(),
        formulas: Vec::new(),
        rule_set: rules.clone(),
    };
    let count = i64::try_from(scores.len()).unwrap_or(0);
    let sum: Exact = scores.iter().sum();
    match sum.checked_div(&Exact::integer(count)) {
        Some(mean) if scores.len() == derivation.quarters.len() && absent.is_empty() => {
            let total = number(mean, rules.rounding.digits, rules);
            let terms: Vec<&str> = derivation.quarters.iter().map(|quarter| quarter.score.as_str()).collect();
            derivation.formulas.push(format!(
                "S = ({}) / {count} = {} (Đ17.3)",
                terms.join(" + "),
                total.printed
            ));
            derivation.level = Some(level_of(&total, rules));
            derivation.total = Some(total);
        }
        Some(_) if !absent.is_empty() => {
            derivation.missing.extend(absent.iter().map(Period::to_string));
        }
        _ => derivation.missing.push("recorded_quarters".to_owned()),
    }
    derivation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quarter(number: u8, score: &str) -> RecordedQuarter {
        RecordedQuarter {
            period: Period::quarter(2026, number).expect("quarter"),
            score: score.into(),
            from: "history".into(),
        }
    }

    #[test]
    fn mean_of_printed_scores_is_exact_and_classified_before_rounding() {
        let rules = RuleSet::default();
        let year = score_year(
            Period::Year(2026),
            vec![quarter(1, "90.00"), quarter(2, "90.00"), quarter(3, "89.99")],
            &[],
            &rules,
        );
        let total = year.total.expect("total");
        assert_eq!((total.exact.to_string().as_str(), total.printed.as_str()), ("26999/300", "90.00"));
        // Printed it reads 90.00; exactly it is below, so the level is Good.
        assert_eq!(year.level, Some(Level::Good));
    }

    #[test]
    fn year_without_recorded_quarters_is_missing_not_zero() {
        let year = score_year(Period::Year(2026), Vec::new(), &[], &RuleSet::default());
        assert_eq!((year.total, year.missing), (None, vec!["recorded_quarters".to_owned()]));
    }

    #[test]
    fn year_is_missing_when_a_closed_quarter_has_no_recorded_score() {
        let second = Period::quarter(2026, 2).expect("quarter");
        let recorded = vec![quarter(1, "90.00"), quarter(3, "80.00")];
        let year = score_year(Period::Year(2026), recorded, &[second], &RuleSet::default());
        assert_eq!((year.total, year.level, year.missing), (None, None, vec!["2026-Q2".to_owned()]));
    }
}
