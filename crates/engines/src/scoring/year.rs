//! The half-year and the year: the mean of recorded results, and what dated facts make of its level.
//!
//! Owns the mean over the periods that were worked and recorded (Decree 335/2025 art. 17.3; plan IV.4.1.a), the rules
//! for leave and short service (art. 11.1–2), disqualifiers (art. 20.4) and the cap of a head's level (art. 20.6). The
//! level is a proposal: people classify. What the rules do to it is told; the score is never moved.

use super::overlay::{self, Ruled};
use super::service::{LEAST_MONTHS, Span, months_worked};
use super::{Because, Number, level_of, number};
use crate::domain::rules::YearMeanOf;
use crate::domain::{Exact, Level, Period, Role, RuleSet, ServiceFact};
use serde::Serialize;

/// A recorded month or quarter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedPart {
    /// Which.
    pub period: Period,
    /// Printed score.
    pub score: String,
    /// Unrounded score, where the record holds it; earlier results that were imported do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<Exact>,
    /// Band or recorded level, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Unit at the end of the period, where the record says so: results of an old unit are carried (art. 19.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where it is recorded: `history` or `record r3`.
    pub from: String,
}

/// Everything a half-year or year is computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeanInput {
    /// The half-year or year.
    pub period: Period,
    /// Role at its end.
    pub role: Role,
    /// Recorded results in order.
    pub parts: Vec<RecordedPart>,
    /// Periods that have ended and in which the person was evaluated, without a recorded result; while there is one, the
    /// mean is missing and never the mean of the others (art. 17.3).
    pub absent: Vec<Period>,
    /// Days worked without leave; empty when they are the whole period.
    pub worked: Vec<Span>,
    /// Whether sick or maternity leave lies in the year: no minimum of months then.
    pub exempting_leave: bool,
    /// Discipline and conclusions that count in the year.
    pub facts: Vec<ServiceFact>,
    /// The level of the organisation a head leads, once it was recognised.
    pub organisation: Option<Level>,
}

/// A half-year's or year's score with its derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct YearDerivation {
    /// Which.
    pub period: Period,
    /// The recorded periods it is the mean of, in order.
    pub quarters: Vec<RecordedPart>,
    /// The mean.
    pub total: Option<Number>,
    /// The level that is proposed: the band the mean lies in (art. 20.1–4), as the rules below leave it.
    pub level: Option<Level>,
    /// What moved the level, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ruled: Vec<Ruled>,
    /// Days worked, where they are not the whole period.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub worked: Vec<Span>,
    /// Parts that are missing.
    pub missing: Vec<String>,
    /// Formula with the numbers put in.
    pub formulas: Vec<String>,
    /// The switches applied.
    pub rule_set: RuleSet,
}

/// Computes a half-year or year from its recorded periods.
pub fn score_mean(input: &MeanInput, rules: &RuleSet) -> YearDerivation {
    let mut derivation = YearDerivation {
        period: input.period,
        quarters: input.parts.clone(),
        total: None,
        level: None,
        ruled: Vec::new(),
        worked: input.worked.clone(),
        missing: Vec::new(),
        formulas: Vec::new(),
        rule_set: rules.clone(),
    };
    let exact = rules.year_mean_of == YearMeanOf::Exact;
    let scores: Vec<Exact> = input.parts.iter().filter_map(|part| part.taken(rules)).collect();
    let count = i64::try_from(scores.len()).unwrap_or(0);
    let sum: Exact = scores.iter().sum();
    match sum.checked_div(&Exact::integer(count)) {
        Some(mean) if scores.len() == input.parts.len() && input.absent.is_empty() => {
            let total = number(mean, rules.rounding.digits, rules);
            let terms: Vec<String> = scores
                .iter()
                .zip(&input.parts)
                .map(|(value, part)| if exact { value.to_string() } else { part.score.clone() })
                .collect();
            let terms = terms.join(" + ");
            derivation.formulas.push(format!("S = ({terms}) / {count} = {} (Đ17.3)", total.printed));
            derivation.level = Some(level_of(&total, rules));
            derivation.total = Some(total);
            if input.period.is_year() {
                classify(input, rules, &mut derivation);
            }
        }
        Some(_) if !input.absent.is_empty() => {
            derivation.missing.extend(input.absent.iter().map(Period::to_string));
        }
        _ => derivation.missing.push("recorded_quarters".to_owned()),
    }
    derivation
}

impl RecordedPart {
    /// The score a mean takes: as printed, or unrounded where the rule set takes those and the record holds it.
    fn taken(&self, rules: &RuleSet) -> Option<Exact> {
        let unrounded = self.exact.clone().filter(|_| rules.year_mean_of == YearMeanOf::Exact);
        unrounded.or_else(|| self.score.parse().ok())
    }

    /// The band the score lies in, by the value the rule set classifies on; a score that came without its unrounded value
    /// has the printed one alone.
    fn band(&self, rules: &RuleSet) -> Option<Level> {
        let exact = self.exact.clone().or_else(|| self.score.parse().ok())?;
        Some(level_of(&Number { exact, printed: self.score.clone() }, rules))
    }
}

/// The levels of a year's quarters: each as recorded, by months the band their mean lies in.
fn quarter_levels(input: &MeanInput, rules: &RuleSet) -> Vec<(Period, Level)> {
    let level = |quarter: Period| {
        if let Some(part) = input.parts.iter().find(|part| part.period == quarter) {
            return part.level.or_else(|| part.band(rules));
        }
        let months = input.parts.iter().filter(|part| quarter.months().contains(&part.period));
        let scores: Vec<Exact> = months.map(|part| part.taken(rules)).collect::<Option<_>>()?;
        let sum: Exact = scores.iter().sum();
        let mean = sum.checked_div(&Exact::integer(i64::try_from(scores.len()).ok()?))?;
        Some(level_of(&number(mean, rules.rounding.digits, rules), rules))
    };
    let quarters = input.period.quarters().into_iter();
    quarters.filter_map(|quarter| Some((quarter, level(quarter)?))).collect()
}

/// What the law and the overlays make of the band of a year.
fn classify(input: &MeanInput, rules: &RuleSet, derivation: &mut YearDerivation) {
    let levels = quarter_levels(input, rules);
    let (level, ruled) = overlay::of_year(derivation.level, &levels, &rules.local_overlays);
    (derivation.level, derivation.ruled) = (level, ruled);
    let rule = |derivation: &mut YearDerivation, rule: &str, to: Option<Level>, because: Because| {
        let from = derivation.level;
        derivation.ruled.push(Ruled { rule: rule.to_owned(), from, to, because });
        derivation.level = to;
    };
    for fact in &input.facts {
        let Some(article) = fact.kind.article() else { continue };
        let what = fact.text.as_deref().map(|text| format!("{text}, ")).unwrap_or_default();
        let because = Because::Fact(fact.kind, format!("{what}{}, {}", fact.from, fact.document));
        rule(derivation, article, Some(Level::NotCompleted), because);
    }
    if let (Role::Head, Some(organisation), Some(level)) = (input.role, input.organisation, derivation.level)
        && organisation < level
    {
        rule(derivation, "Đ20.6", Some(organisation), Because::Organisation(organisation));
    }
    let months = months_worked(&input.worked, input.period);
    if months < Exact::integer(LEAST_MONTHS) && !input.exempting_leave {
        // The score is kept for whoever evaluates next; there is no classification (art. 11.1).
        rule(derivation, "Đ11.1", None, Because::Months { worked: months, least: LEAST_MONTHS });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FactKind;

    fn part(period: &str, score: &str) -> RecordedPart {
        RecordedPart {
            period: period.parse().expect("period"),
            score: score.into(),
            exact: None,
            level: None,
            unit: None,
            from: "history".into(),
        }
    }

    fn year(parts: Vec<RecordedPart>) -> MeanInput {
        MeanInput {
            period: Period::Year(2026),
            role: Role::Staff,
            parts,
            absent: Vec::new(),
            worked: Vec::new(),
            exempting_leave: false,
            facts: Vec::new(),
            organisation: None,
        }
    }

    fn quarters(scores: &[&str]) -> Vec<RecordedPart> {
        scores.iter().enumerate().map(|(index, score)| part(&format!("2026-Q{}", index + 1), score)).collect()
    }

    fn span(from: &str, to: &str) -> Span {
        (from.parse().expect("day"), to.parse().expect("day"))
    }

    #[test]
    fn mean_of_printed_scores_is_exact_and_classified_before_rounding() {
        let year = score_mean(&year(quarters(&["90.00", "90.00", "89.99"])), &RuleSet::default());
        let total = year.total.expect("total");
        assert_eq!((total.exact.to_string().as_str(), total.printed.as_str()), ("26999/300", "90.00"));
        // Printed it reads 90.00; exactly it is below, so the level is Good.
        assert_eq!(year.level, Some(Level::Good));
    }

    #[test]
    fn mean_of_unrounded_scores_differs_from_that_of_the_printed_ones() {
        let mut parts = quarters(&["89.99", "90.00"]);
        parts[0].exact = "89.994".parse().ok();
        parts[1].exact = "90.004".parse().ok();
        let of = |year_mean_of| {
            let rules = RuleSet { year_mean_of, ..RuleSet::default() };
            score_mean(&year(parts.clone()), &rules).total.map(|total| total.exact.to_string())
        };
        assert_eq!(of(YearMeanOf::Recorded).as_deref(), Some("89.995"));
        assert_eq!(of(YearMeanOf::Exact).as_deref(), Some("89.999"));
    }

    #[test]
    fn year_without_recorded_quarters_is_missing_not_zero() {
        let year = score_mean(&year(Vec::new()), &RuleSet::default());
        assert_eq!((year.total, year.missing), (None, vec!["recorded_quarters".to_owned()]));
    }

    #[test]
    fn year_is_missing_when_a_closed_quarter_has_no_recorded_score() {
        let mut input = year(vec![part("2026-Q1", "90.00"), part("2026-Q3", "80.00")]);
        input.absent = vec!["2026-Q2".parse().expect("quarter")];
        let year = score_mean(&input, &RuleSet::default());
        assert_eq!((year.total, year.level, year.missing), (None, None, vec!["2026-Q2".to_owned()]));
    }

    #[test]
    fn d13_nine_scored_months_and_three_of_maternity_give_the_mean_of_nine() {
        let months =
            (1..=9).map(|month| part(&format!("2026-M{month:02}"), if month < 9 { "80" } else { "71" }));
        let mut input = year(months.collect());
        input.worked = vec![span("2026-01-01", "2026-09-30")];
        input.exempting_leave = true;
        let year = score_mean(&input, &RuleSet::default());
        assert_eq!(year.total.map(|total| total.exact.to_string()).as_deref(), Some("79"));
        assert_eq!((year.level, year.ruled.len()), (Some(Level::Good), 0));
    }

    #[test]
    fn d14_five_months_without_a_leave_case_keep_the_score_and_get_no_classification() {
        let mut input = year(quarters(&["91"]));
        input.worked = vec![span("2026-01-01", "2026-05-31")];
        let short = score_mean(&input, &RuleSet::default());
        assert_eq!(short.total.as_ref().map(|total| total.printed.as_str()), Some("91.00"));
        assert_eq!((short.level, short.ruled[0].rule.as_str()), (None, "Đ11.1"));
        assert_eq!(short.ruled[0].from, Some(Level::Excellent));
        // Sick or maternity leave lifts the minimum (art. 11.2); six months reach it.
        let exempt = MeanInput { exempting_leave: true, ..input.clone() };
        assert_eq!(score_mean(&exempt, &RuleSet::default()).level, Some(Level::Excellent));
        input.worked = vec![span("2026-01-01", "2026-06-30")];
        assert_eq!(score_mean(&input, &RuleSet::default()).level, Some(Level::Excellent));
    }

    #[test]
    fn overlays_of_a_year_read_the_levels_of_its_quarters_from_their_months() {
        use crate::domain::rules::{Overlay, QuarterMethod};
        let score = |month: u32| if month <= 3 { "40" } else { "95" };
        let months = (1..=12).map(|month| part(&format!("2026-M{month:02}"), score(month))).collect();
        let rules = RuleSet {
            quarter_method: QuarterMethod::MeanOfMonths,
            local_overlays: vec![Overlay::YearFromQuarterLevels],
            ..RuleSet::default()
        };
        let year = score_mean(&year(months), &rules);
        assert_eq!(year.ruled.len(), 1, "{:?}", year.ruled);
        let because = Because::QuarterLevels { excellent: 3, completed: 0, failed: 1 };
        assert_eq!(year.ruled[0].because, because);
        assert_eq!(year.level, Some(Level::Good));
        // What speaks of a quarter's tasks has none to look at there, and is refused.
        assert!(rules.refusals().is_empty());
        let tasks = RuleSet { local_overlays: vec![Overlay::Below100NotCompleted], ..rules };
        assert_eq!(tasks.refusals()[0].0, "local_overlays");
    }

    /// The level the overlay reads of the first quarter, where the three others are excellent.
    fn first_quarter(parts: Vec<RecordedPart>, rules: &RuleSet) -> Because {
        use crate::domain::rules::Overlay;
        let rules = RuleSet { local_overlays: vec![Overlay::YearFromQuarterLevels], ..rules.clone() };
        score_mean(&year(parts), &rules).ruled.swap_remove(0).because
    }

    #[test]
    fn overlays_read_a_quarter_of_months_by_the_scores_the_year_takes() {
        use crate::domain::rules::QuarterMethod;
        // Printed (89.99 + 89.99 + 90.01) / 3 is below 90; unrounded (89.994 + 89.994 + 90.012) / 3 = 90.
        let months = [("89.99", "89.994"), ("89.99", "89.994"), ("90.01", "90.012")];
        let mut parts: Vec<RecordedPart> = months
            .iter()
            .zip(1..)
            .map(|((printed, exact), month)| RecordedPart {
                exact: exact.parse().ok(),
                ..part(&format!("2026-M{month:02}"), printed)
            })
            .collect();
        parts.extend((4..=12).map(|month| part(&format!("2026-M{month:02}"), "95")));
        let of = |year_mean_of| {
            let quarter_method = QuarterMethod::MeanOfMonths;
            first_quarter(parts.clone(), &RuleSet { quarter_method, year_mean_of, ..RuleSet::default() })
        };
        let levels = |excellent| Because::QuarterLevels { excellent, completed: 0, failed: 0 };
        assert_eq!(of(YearMeanOf::Recorded), levels(3), "good");
        assert_eq!(of(YearMeanOf::Exact), levels(4), "excellent");
    }

    #[test]
    fn band_of_a_recorded_quarter_is_read_from_the_value_the_rule_set_classifies_on() {
        use crate::domain::rules::{ClassifyOn, Rounding};
        // 89.995 prints as 90.00.
        let mut parts = quarters(&["90.00", "95", "95", "95"]);
        parts[0].exact = "89.995".parse().ok();
        let of = |classify_on| {
            let rounding = Rounding { classify_on, ..RuleSet::default().rounding };
            first_quarter(parts.clone(), &RuleSet { rounding, ..RuleSet::default() })
        };
        let levels = |excellent| Because::QuarterLevels { excellent, completed: 0, failed: 0 };
        assert_eq!(of(ClassifyOn::Exact), levels(3));
        assert_eq!(of(ClassifyOn::Printed), levels(4));
        // A recorded level stands before any reading of the score.
        parts[0].level = Some(Level::Completed);
        assert_eq!(
            first_quarter(parts, &RuleSet::default()),
            Because::QuarterLevels { excellent: 3, completed: 1, failed: 0 }
        );
    }

    fn fact(kind: FactKind) -> ServiceFact {
        ServiceFact {
            kind,
            from: "2026-05-04".parse().expect("day"),
            to: None,
            act_on: None,
            act: None,
            text: Some("khiển trách".into()),
            document: "12/QĐ-KL".into(),
        }
    }

    #[test]
    fn discipline_makes_a_year_not_completed_and_keeps_its_score() {
        let mut input = year(quarters(&["95", "95"]));
        input.facts = vec![fact(FactKind::Discipline)];
        let year = score_mean(&input, &RuleSet::default());
        assert_eq!(year.level, Some(Level::NotCompleted));
        assert_eq!(year.total.map(|total| total.printed).as_deref(), Some("95.00"));
        let because = Because::Fact(FactKind::Discipline, "khiển trách, 2026-05-04, 12/QĐ-KL".into());
        assert_eq!(year.ruled[0].because, because);
        // Whom corruption in a body below concerns was read from the post of its day (art. 20.4.d).
        input.facts = vec![fact(FactKind::CorruptionBelow)];
        assert_eq!(score_mean(&input, &RuleSet::default()).level, Some(Level::NotCompleted));
    }

    #[test]
    fn head_is_at_most_what_the_organisation_is_and_a_deputy_is_not_capped() {
        let mut input = year(quarters(&["95"]));
        input.organisation = Some(Level::Good);
        for (role, level) in [(Role::Head, Level::Good), (Role::Deputy, Level::Excellent)] {
            input.role = role;
            assert_eq!(score_mean(&input, &RuleSet::default()).level, Some(level), "{role:?}");
        }
        input.role = Role::Head;
        input.organisation = Some(Level::Excellent);
        assert_eq!(score_mean(&input, &RuleSet::default()).ruled.len(), 0);
    }

    #[test]
    fn half_year_is_a_mean_without_classification() {
        let mut input = year(quarters(&["95", "40"]));
        input.period = "2026-H1".parse().expect("half");
        input.facts = vec![fact(FactKind::Discipline)];
        let half = score_mean(&input, &RuleSet::default());
        assert_eq!(
            (half.total.map(|total| total.printed).as_deref(), half.level),
            (Some("67.50"), Some(Level::Completed))
        );
        assert_eq!(half.ruled, vec![]);
    }
}
