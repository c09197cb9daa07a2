//! The yearly record: the mean of the recorded periods, and what is missing for it.
//!
//! Owns the choice of the recorded figures (printed totals are the official ones: scoring rules 8a,
//! `year_mean_of` recorded) and the exact mean (Decree 335/2025 art. 17.3). It must not know how a period's
//! score came about. A period without a recorded total is named as missing and never counted as 0; a period in
//! which the person was not evaluated is left out by the caller (art. 11).

use super::content::{Content, Figure, LineCounts, Part};
use crate::domain::{Exact, Level, Period, Role, RoundingMode, UnitCode};
use std::collections::BTreeMap;

/// Where the person stands at the end of the year, and by which rules the mean is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearFrame {
    /// The year.
    pub year: i32,
    /// Role at the end.
    pub role: Role,
    /// Unit at the end: the one that classifies (art. 19.1).
    pub unit: UnitCode,
    /// Post at the end.
    pub post: String,
    /// Rule set and its hash.
    pub rule_set: (String, String),
    /// Decimals and mode of printing.
    pub rounding: (u32, RoundingMode),
    /// Whether the band follows the exact mean or the printed one (`rounding.classify_on`).
    pub classify_on_exact: bool,
}

/// The computed content of a year, without a ruling. `recorded` are the printed totals of the approved periods
/// the person was evaluated in; `expected` all such periods. The inputs' hash is given by the caller.
pub fn year_content(
    frame: &YearFrame,
    expected: &[Period],
    recorded: &BTreeMap<Period, Exact>,
    inputs_hash: &str,
) -> Content {
    let missing: Vec<String> =
        expected.iter().filter(|period| !recorded.contains_key(period)).map(Period::to_string).collect();
    let counted: Vec<&Exact> = expected.iter().filter_map(|period| recorded.get(period)).collect();
    let mut parts = BTreeMap::new();
    let mut level = None;
    let mut missing = missing;
    if expected.is_empty() {
        missing.push("periods".to_owned());
    }
    if missing.is_empty() {
        let sum: Exact = counted.iter().copied().sum();
        let count = i64::try_from(counted.len()).unwrap_or(i64::MAX);
        if let Some(mean) = sum.checked_div(&Exact::integer(count)) {
            let printed = mean.round(frame.rounding.0, frame.rounding.1);
            let judged = if frame.classify_on_exact { Some(mean.clone()) } else { printed.parse().ok() };
            level = judged.map(|score| Level::of_score(&score));
            parts.insert(Part::Total, Figure { exact: mean, printed });
        }
    }
    Content {
        period: Period::Year(frame.year),
        role: frame.role,
        unit: frame.unit.clone(),
        post: frame.post.clone(),
        parts,
        level,
        missing,
        lines: LineCounts {
            counted: u32::try_from(counted.len()).unwrap_or(u32::MAX),
            ..LineCounts::default()
        },
        rule_set: frame.rule_set.0.clone(),
        rule_set_hash: frame.rule_set.1.clone(),
        inputs_hash: inputs_hash.to_owned(),
        ruling: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(digits: u32, classify_on_exact: bool) -> YearFrame {
        YearFrame {
            year: 2026,
            role: Role::Staff,
            unit: UnitCode::new("SNV").expect("unit"),
            post: "Chuyên viên".into(),
            rule_set: ("decree-335-2025".into(), "ab".repeat(32)),
            rounding: (digits, RoundingMode::HalfUp),
            classify_on_exact,
        }
    }

    fn quarters(totals: &[&str]) -> BTreeMap<Period, Exact> {
        let totals = totals.iter().map(|total| total.parse::<Exact>().expect("total"));
        Period::Year(2026).quarters().into_iter().zip(totals).collect()
    }

    #[test]
    fn mean_of_printed_quarters_is_exact_and_rounded_once() {
        let all = Period::Year(2026).quarters();
        let content = year_content(&frame(2, true), &all, &quarters(&["89.99", "90", "90", "89.98"]), "h");
        let total = content.total().expect("total");
        assert_eq!((total.exact.to_text().as_str(), total.printed.as_str()), ("89.9925", "89.99"));
        assert_eq!(content.level, Some(Level::Good));
        // With one decimal the printed mean reaches 90; only a rule set that says so classifies on it.
        let coarse = year_content(&frame(1, false), &all, &quarters(&["89.99", "90", "90", "89.98"]), "h");
        assert_eq!(coarse.level, Some(Level::Excellent));
        let exact = year_content(&frame(1, true), &all, &quarters(&["89.99", "90", "90", "89.98"]), "h");
        assert_eq!(exact.level, Some(Level::Good));
    }

    #[test]
    fn unrecorded_quarter_is_missing_and_never_zero() {
        let all = Period::Year(2026).quarters();
        let content = year_content(&frame(2, true), &all, &quarters(&["80", "80", "80"]), "h");
        assert_eq!(content.missing, ["2026-Q4"]);
        assert!(content.total().is_none() && content.level.is_none() && !content.is_complete());
    }

    #[test]
    fn quarters_outside_the_persons_service_do_not_enter_the_mean() {
        let served = &Period::Year(2026).quarters()[..2];
        let content = year_content(&frame(2, true), served, &quarters(&["80", "90", "10", "10"]), "h");
        assert_eq!(content.total().expect("total").printed, "85.00");
        let none = year_content(&frame(2, true), &[], &quarters(&["80"]), "h");
        assert_eq!(none.missing, ["periods"]);
    }
}
