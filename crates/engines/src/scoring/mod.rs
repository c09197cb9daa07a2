//! The decree's arithmetic: lines → a, b, c, d, đ, e → score, with its derivation.
//!
//! Owns the formulas of Decree 335/2025 art. 14–17 under a rule set's switches. Pure: the same inputs give
//! the same derivation, byte for byte. It must not know where tasks or decisions come from, what day it is,
//! or any float. A part that is missing stays missing; it is never 0 and never the maximum.

mod because;
pub mod line;
pub mod mean;
pub mod most;
pub mod organisation;
mod overlay;
pub mod quota;
pub mod service;
pub mod share;
mod sum;
mod tally;
pub mod year;

use crate::domain::evaluation::D_ENTERED;
use crate::domain::rules::{
    CapLevel, ClassifyOn, DUnscored, GenAssumption, GenScoreSource, LeaderLevels, LeaderScope, RuleSet,
    SupportModel, ZeroDenPolicy,
};
use crate::domain::{Component, Exact, Level, Period, Role};
use mean::MonthScore;
use rust_decimal::Decimal;
use serde::Serialize;
use service::Span;
use std::collections::BTreeMap;
use sum::Sum;
use tally::{kept, weight};

pub use because::Because;
pub use line::{
    Excluded, HANDED_OVER, Judged, Line, NOT_DUE_YET, Pending, TaskFacts, build_lines, shows_full_period,
    source_of,
};
pub use overlay::Ruled;
pub use share::{SharePart, Shares, build_shared_lines, check_shares};
pub use tally::Tally;

/// General criteria as far as people entered them: item → points.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Criteria {
    /// Entered by the person (art. 18.2).
    pub own: Option<BTreeMap<String, Exact>>,
    /// Entered by the scorer (art. 17.2).
    pub superior: Option<BTreeMap<String, Exact>>,
}

/// A support worker's three percents of the Handbook (III.5): work quality, compliance with rules, efficiency.
pub type Percents = [Exact; 3];

/// The percents as far as people entered them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Support {
    /// Entered by the person.
    pub own: Option<Percents>,
    /// Entered by the scorer.
    pub superior: Option<Percents>,
}

/// A subordinate as component d needs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subordinate {
    /// Who, for the list of those who are missing.
    pub person: String,
    /// Period score; none while a part is missing.
    pub total: Option<Exact>,
}

/// Everything a period score is computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonInput {
    /// Which period.
    pub period: Period,
    /// Role in it.
    pub role: Role,
    /// Lines, those of people in charge included.
    pub lines: Vec<Line>,
    /// Tasks that do not count, with reason.
    pub excluded: Vec<Excluded>,
    /// General criteria.
    pub criteria: Criteria,
    /// đ and e in percent, as decided; d stands in `unit_result`.
    pub components: BTreeMap<Component, Exact>,
    /// Subordinates whose results make d; none for staff.
    pub subordinates: Vec<Subordinate>,
    /// d in percent as the scorer entered it; counts only where nobody in charge is evaluated (art. 15.4).
    pub unit_result: Option<Exact>,
    /// Days worked, as spans, where they are not the whole period; such a period is marked, and counts as it is when
    /// they reach the share of the switch `min_worked_share`.
    pub worked: Vec<Span>,
    /// Percents of a support worker (switch `support_model`).
    #[serde(skip_serializing_if = "is_default")]
    pub support: Support,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A value, exact and printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Number {
    /// Exact: a decimal, or `numerator/denominator`.
    pub exact: Exact,
    /// Printed, rounded once.
    pub printed: String,
}

/// One line with the numbers it adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineResult {
    /// The line.
    #[serde(flatten)]
    pub line: Line,
    /// k·G, 0 outside the denominator.
    pub assigned_converted: Exact,
    /// k·C, what it adds to the numerator of a.
    pub completed_converted: Exact,
    /// What it adds to the numerator of b.
    pub quality: Exact,
    /// What it adds to the numerator of c.
    pub progress: Exact,
}

/// A score with every step that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Derivation {
    /// Which period.
    pub period: Period,
    /// Role.
    pub role: Role,
    /// Σ k·G (art. 14.2).
    pub denominator: Exact,
    /// Numerators of a, b, c.
    pub numerators: BTreeMap<&'static str, Exact>,
    /// a, b, c and, for leaders, d, đ, e in percent, as far as they exist. Keys: a, b, c, d, dd, e.
    pub components: BTreeMap<&'static str, Number>,
    /// R in percent (art. 16).
    pub criterion: Option<Number>,
    /// R·70, 0–70 (art. 12.3).
    pub task_part: Option<Number>,
    /// General criteria, 0–30 (art. 12.2).
    pub general: Option<Number>,
    /// S = general + R·70 (art. 17.1).
    pub total: Option<Number>,
    /// Band of the total (art. 20); for a quarter not a classification.
    pub level: Option<Level>,
    /// Local rules that moved the level, in order (switch `local_overlays`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ruled: Vec<Ruled>,
    /// Parts that are missing.
    pub missing: Vec<String>,
    /// The months a quarter of the monthly regime is the mean of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub months: Vec<MonthScore>,
    /// Days worked, as spans, where they are not the whole period.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub worked: Vec<Span>,
    /// Formulas with the numbers put in, one a line.
    pub formulas: Vec<String>,
    /// Lines that count.
    pub lines: Vec<LineResult>,
    /// Tasks that do not, with reason.
    pub excluded: Vec<Excluded>,
    /// Subordinates without a score, where they keep d from existing or were left out of it.
    pub unscored: Vec<String>,
    /// Whether the general criteria are assumed (switch `gen_assumption`); they are missing then as well.
    pub general_assumed: bool,
    /// The switches applied.
    pub rule_set: RuleSet,
}

impl Derivation {
    /// Of somebody who is not evaluated in a period after all: no figure, and why.
    pub fn void(period: Period, role: Role, rules: &RuleSet, reason: &str) -> Self {
        Self { missing: vec![reason.to_owned()], ..Self::empty(period, role, rules) }
    }

    /// Nothing derived yet.
    fn empty(period: Period, role: Role, rules: &RuleSet) -> Self {
        Self {
            period,
            role,
            denominator: Exact::zero(),
            numerators: BTreeMap::new(),
            components: BTreeMap::new(),
            criterion: None,
            task_part: None,
            general: None,
            total: None,
            level: None,
            ruled: Vec::new(),
            missing: Vec::new(),
            months: Vec::new(),
            worked: Vec::new(),
            formulas: Vec::new(),
            lines: Vec::new(),
            excluded: Vec::new(),
            unscored: Vec::new(),
            general_assumed: false,
            rule_set: rules.clone(),
        }
    }
}

/// Printed decimals of percentages.
const PERCENT_DIGITS: u32 = 2;

/// Computes a person's period score. Lines of people in charge count where the rule set pools them; where it does not,
/// local overlays on the unit's share look at them and nothing else does.
pub fn score_person(input: &PersonInput, rules: &RuleSet) -> Derivation {
    let pooled = rules.leader_scope == LeaderScope::PooledSubordinates;
    let (counted, watched): (Vec<&Line>, Vec<&Line>) =
        input.lines.iter().partition(|line| pooled || line.of.is_none());
    let mut tally = Tally::of(counted.iter().copied(), rules);
    tally.pool_planned(&Tally::of(watched, rules));
    let lines = counted.into_iter().map(|line| line_result(line, rules)).collect();
    Derivation { lines, ..score_tally(input, &tally, rules) }
}

/// The same from lines that were added up before, whatever lines the input holds; the derivation names none.
pub fn score_tally(input: &PersonInput, tally: &Tally, rules: &RuleSet) -> Derivation {
    let mut derivation = Derivation {
        denominator: tally.denominator.total(),
        worked: input.worked.clone(),
        excluded: input.excluded.clone(),
        ..Derivation::empty(input.period, input.role, rules)
    };
    let by_percents = input.role == Role::Contract && rules.support_model == SupportModel::ThreePercents;
    let mut parts = if by_percents {
        support_parts(&input.support, rules, &mut derivation)
    } else {
        ratios(tally, rules, &mut derivation)
    };
    if input.role.is_leader() {
        parts.extend(leader_parts(input, rules, &mut derivation));
    }
    for (name, value) in &parts {
        if let Some(value) = value {
            let percent = value * &Exact::integer(100);
            derivation.components.insert(name, number(percent, PERCENT_DIGITS, rules));
        }
    }
    if let Some(criterion) = criterion(&parts, rules, &mut derivation) {
        // The law's own cap holds whatever `cap_level` cuts before it (Đ12.3).
        let task_part = cap(&criterion * &Exact::integer(70), 70, true);
        derivation.criterion = Some(number(&criterion * &Exact::integer(100), PERCENT_DIGITS, rules));
        derivation
            .formulas
            .push(format!("R·70 = {} (Đ12.3)", task_part.round(rules.rounding.digits, rules.rounding.mode)));
        derivation.task_part = Some(number(task_part, rules.rounding.digits, rules));
    }
    general(input, rules, &mut derivation);
    let share = service::share_worked(&input.worked, input.period);
    if share < rules.least_share() {
        derivation.missing.push("worked_share".to_owned());
        return derivation;
    }
    if let (Some(task_part), Some(general)) = (&derivation.task_part, &derivation.general) {
        let total = number(&task_part.exact + &general.exact, rules.rounding.digits, rules);
        derivation
            .formulas
            .push(format!("S = {} + {} = {} (Đ17.1)", general.printed, task_part.printed, total.printed));
        let band = level_of(&total, rules);
        let (level, ruled) = overlay::of_period(band, input.role, tally, &rules.local_overlays);
        (derivation.level, derivation.ruled) = (Some(level), ruled);
        derivation.total = Some(total);
    }
    derivation
}

/// The band a score lies in, read from the exact or the printed value.
pub fn level_of(total: &Number, rules: &RuleSet) -> Level {
    match rules.rounding.classify_on {
        ClassifyOn::Exact => Level::of_score(&total.exact),
        ClassifyOn::Printed => {
            Level::of_score(&total.printed.parse().unwrap_or_else(|_| total.exact.clone()))
        }
    }
}

pub(crate) fn number(exact: Exact, digits: u32, rules: &RuleSet) -> Number {
    Number { printed: exact.round(digits, rules.rounding.mode), exact }
}

/// The numbers a line adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Converted {
    /// k·G, 0 outside the denominator.
    pub assigned_converted: Exact,
    /// k·C, what it adds to the numerator of a.
    pub completed_converted: Exact,
    /// What it adds to the numerator of b.
    pub quality: Exact,
    /// What it adds to the numerator of c.
    pub progress: Exact,
}

/// The numbers a line adds under a rule set.
pub fn convert(line: &Line, rules: &RuleSet) -> Converted {
    let k = weight(line);
    let quarter = |(quantity, quarters): (Decimal, u32)| {
        let whole = &(&k * &Exact::from_decimal(quantity)) * &Exact::integer(quarters.into());
        whole.checked_div(&Exact::integer(4)).unwrap_or_else(Exact::zero)
    };
    let counts_in_denominator = !line.extra || rules.extra_in_denominator;
    let adds = |part: &str| !line.extra || rules.extra_components.iter().any(|name| name == part);
    let if_added = |part: &str, value: Exact| if adds(part) { value } else { Exact::zero() };
    Converted {
        assigned_converted: if counts_in_denominator {
            &k * &Exact::from_decimal(line.assigned)
        } else {
            Exact::zero()
        },
        completed_converted: if_added("a", &k * &Exact::from_decimal(line.completed)),
        quality: if_added("b", quarter(kept(line, line.quality_failures, rules))),
        progress: if_added("c", quarter(kept(line, line.late_count, rules))),
    }
}

fn line_result(line: &Line, rules: &RuleSet) -> LineResult {
    let Converted { assigned_converted, completed_converted, quality, progress } = convert(line, rules);
    LineResult { line: line.clone(), assigned_converted, completed_converted, quality, progress }
}

type Part = (&'static str, Option<Exact>);

fn ratios(totals: &Tally, rules: &RuleSet, derivation: &mut Derivation) -> Vec<Part> {
    let four = Exact::integer(4);
    let quarter = |sum: &Sum| sum.total().checked_div(&four).unwrap_or_else(Exact::zero);
    let numerators =
        [("a", totals.quantity.total()), ("b", quarter(&totals.quality)), ("c", quarter(&totals.progress))];
    let articles = ["Đ14.2.a", "Đ14.2.b", "Đ14.2.c"];
    let denominator = derivation.denominator.clone();
    let mut parts = Vec::with_capacity(3);
    for ((name, numerator), article) in numerators.into_iter().zip(articles) {
        let value = match numerator.checked_div(&denominator) {
            Some(ratio) => {
                let capped = cap(ratio, 1, rules.cap_level == CapLevel::EachRatio);
                let percent = (&capped * &Exact::integer(100)).round(PERCENT_DIGITS, rules.rounding.mode);
                derivation
                    .formulas
                    .push(format!("{name} = {numerator} / {denominator} = {percent} % ({article})"));
                Some(capped)
            }
            None => match rules.zero_den_policy {
                ZeroDenPolicy::NotComputable => None,
                ZeroDenPolicy::Zero => Some(Exact::zero()),
                ZeroDenPolicy::Full => Some(Exact::one()),
            },
        };
        derivation.numerators.insert(name, numerator);
        parts.push((name, value));
    }
    if parts.iter().any(|(_, value)| value.is_none()) {
        derivation.missing.push("assigned_tasks".to_owned());
    }
    parts
}

/// a, b, c of a support worker: three percents, by the column the rule set takes (Handbook III.5).
fn support_parts(support: &Support, rules: &RuleSet, derivation: &mut Derivation) -> Vec<Part> {
    let taken = match rules.gen_score_source {
        GenScoreSource::Own => support.own.as_ref(),
        GenScoreSource::Superior => support.superior.as_ref(),
        GenScoreSource::SuperiorElseSelf => support.superior.as_ref().or(support.own.as_ref()),
    };
    if taken.is_none() {
        derivation.missing.push("support_percents".to_owned());
    }
    let mut parts = Vec::with_capacity(3);
    for (index, (name, what)) in
        [("a", "work quality"), ("b", "compliance"), ("c", "efficiency")].into_iter().enumerate()
    {
        let percent = taken.and_then(|percents| percents.get(index));
        if let Some(percent) = percent {
            let shown = percent.round(PERCENT_DIGITS, rules.rounding.mode);
            derivation.formulas.push(format!("{name} = {shown} %: {what} (Handbook III.5)"));
        }
        parts.push((name, percent.and_then(|percent| percent.checked_div(&Exact::integer(100)))));
    }
    parts
}

fn leader_parts(input: &PersonInput, rules: &RuleSet, derivation: &mut Derivation) -> Vec<Part> {
    let hundredth = |percent: &Exact| percent.checked_div(&Exact::integer(100));
    let unit = unit_result(input, rules, derivation);
    if unit.is_none() {
        derivation.missing.push("unit_result".to_owned());
    }
    let mut parts = vec![("d", unit)];
    for (name, component, word) in [
        ("dd", Component::ImplementationAbility, "implementation_ability"),
        ("e", Component::UnityAbility, "unity_ability"),
    ] {
        let value = input.components.get(&component).and_then(hundredth);
        if value.is_none() {
            derivation.missing.push(word.to_owned());
        }
        parts.push((name, value));
    }
    parts
}

/// d: 100 % when every subordinate has at least 50, else 50 % (art. 15.3.a); of whoever has nobody evaluated in charge as
/// the scorer judged the field (art. 15.4).
fn unit_result(input: &PersonInput, rules: &RuleSet, derivation: &mut Derivation) -> Option<Exact> {
    if input.subordinates.is_empty()
        && let Some(percent) = &input.unit_result
    {
        let shown = percent.round(PERCENT_DIGITS, rules.rounding.mode);
        derivation.formulas.push(format!("d = {shown} %: {D_ENTERED} (Đ15.4)"));
        return percent.checked_div(&Exact::integer(100));
    }
    derivation.unscored = input
        .subordinates
        .iter()
        .filter(|person| person.total.is_none())
        .map(|person| person.person.clone())
        .collect();
    let scored: Vec<&Exact> = input.subordinates.iter().filter_map(|person| person.total.as_ref()).collect();
    if scored.is_empty() || (rules.d_unscored == DUnscored::Block && !derivation.unscored.is_empty()) {
        return None;
    }
    let below = scored.iter().filter(|total| ***total < Exact::integer(50)).count();
    derivation.formulas.push(format!("d: {below} / {} < 50 (Đ15.3.a)", scored.len()));
    if below == 0 { Some(Exact::one()) } else { Exact::ratio(1, 2) }
}

/// R: the mean of three parts, of six for leaders (art. 16); missing while one of them is.
fn criterion(parts: &[Part], rules: &RuleSet, derivation: &mut Derivation) -> Option<Exact> {
    let values: Vec<&Exact> = parts.iter().map(|(_, value)| value.as_ref()).collect::<Option<_>>()?;
    let count = i64::try_from(values.len()).ok()?;
    let sum: Exact = values.into_iter().sum();
    let mean = cap(sum.checked_div(&Exact::integer(count))?, 1, rules.cap_level == CapLevel::Criterion);
    let names: Vec<&str> = parts.iter().map(|(name, _)| if *name == "dd" { "đ" } else { name }).collect();
    let percent = (&mean * &Exact::integer(100)).round(PERCENT_DIGITS, rules.rounding.mode);
    let article = if count == 3 { "Đ16.1" } else { "Đ16.2" };
    derivation.formulas.push(format!("R = ({}) / {count} = {percent} % ({article})", names.join(" + ")));
    Some(mean)
}

fn cap(value: Exact, limit: i64, applies: bool) -> Exact {
    let limit = Exact::integer(limit);
    if applies && value > limit { limit } else { value }
}

fn general(input: &PersonInput, rules: &RuleSet, derivation: &mut Derivation) {
    // A form that lacks items is no form: what is missing must not count as 0 (form 01, Annex II).
    let sum =
        |items: &BTreeMap<String, Exact>| -> Option<Exact> { is_whole(items).then(|| items.values().sum()) };
    let own = input.criteria.own.as_ref().and_then(sum);
    let superior = input.criteria.superior.as_ref().and_then(sum);
    let entered = match rules.gen_score_source {
        GenScoreSource::Own => own,
        GenScoreSource::Superior => superior,
        GenScoreSource::SuperiorElseSelf => superior.or(own),
    };
    let value = match (entered, rules.gen_assumption) {
        (Some(value), _) => Some(value),
        (None, GenAssumption::Full) => {
            derivation.general_assumed = true;
            Some(Exact::integer(30))
        }
        (None, GenAssumption::None) => None,
    };
    if value.is_none() || derivation.general_assumed {
        // Assumed points are shown and counted, and still nobody entered them (scoring rules 3).
        derivation.missing.push("general_criteria".to_owned());
    }
    derivation.general = value.map(|value| number(value, rules.rounding.digits, rules));
}

/// Whether a form has all its items; the calculator may give their `total` instead.
fn is_whole(items: &BTreeMap<String, Exact>) -> bool {
    let all = crate::domain::evaluation::GENERAL_ITEMS.iter().all(|(item, ..)| items.contains_key(*item));
    all || (items.len() == 1 && items.contains_key("total"))
}

/// An entered value the law does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible {
    /// Which entry: `criteria.superior.II.1`, `components.unity_ability`.
    pub entry: String,
    /// Why, in Vietnamese.
    pub vi: String,
    /// Why, in English.
    pub en: String,
}

/// Why entered values cannot be what the law allows; empty when they can. Item points lie between 0 and the
/// item's maximum in steps (form 01), d, đ and e are 50 or 100 unless the rule set says otherwise (art. 15.3).
pub fn check_entries(
    criteria: &Criteria,
    components: &BTreeMap<Component, Exact>,
    rules: &RuleSet,
) -> Vec<Impossible> {
    let mut wrong = Vec::new();
    let mut told = |entry: &str, vi: String, en: String| {
        wrong.push(Impossible { entry: entry.to_owned(), vi, en });
    };
    let step: Option<Exact> = rules.gen_step.parse().ok();
    for (whose, items) in [("self", &criteria.own), ("superior", &criteria.superior)] {
        for (item, points) in items.iter().flatten() {
            let entry = format!("criteria.{whose}.{item}");
            let Some((_, numerator, denominator)) =
                crate::domain::evaluation::GENERAL_ITEMS.iter().find(|(name, ..)| name == item)
            else {
                told(&entry, "không có tiêu chí này".to_owned(), "there is no such item".to_owned());
                continue;
            };
            let most = Exact::ratio((*numerator).into(), (*denominator).into()).unwrap_or_else(Exact::zero);
            if points.is_negative() || *points > most {
                told(
                    &entry,
                    format!("{points} không nằm trong khoảng 0 đến {most}"),
                    format!("{points} is not between 0 and {most}"),
                );
            }
            let steps = step.as_ref().and_then(|step| points.checked_div(step));
            if steps.is_some_and(|steps| steps.to_i64_ratio().is_none_or(|(_, denominator)| denominator != 1))
            {
                let step = &rules.gen_step;
                told(
                    &entry,
                    format!("{points} không phải bội số của {step}"),
                    format!("{points} is not a multiple of {step}"),
                );
            }
        }
    }
    for (component, percent) in components {
        let allowed = match rules.leader_levels {
            LeaderLevels::FiftyOrHundred => *percent == Exact::integer(50) || *percent == Exact::integer(100),
            LeaderLevels::AnyBetween => *percent >= Exact::integer(50) && *percent <= Exact::integer(100),
        };
        if !allowed {
            let (vi, en) = match rules.leader_levels {
                LeaderLevels::FiftyOrHundred => ("50 hoặc 100", "50 or 100"),
                LeaderLevels::AnyBetween => ("từ 50 đến 100", "50 to 100"),
            };
            told(
                &format!("components.{}", component.as_str()),
                format!("{percent} không được phép (Điều 15.3: {vi})"),
                format!("{percent} is not allowed ({en} by art. 15.3)"),
            );
        }
    }
    wrong
}
