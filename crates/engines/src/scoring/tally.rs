//! What lines add up to, so that those of many people are added up once and taken by everyone above them.
//!
//! Owns the sums a, b, c and the local overlays are computed from. Sums are exact: in whatever order and in whatever
//! parts lines are added, the result is the same. It must not know whose lines they are beyond own and pooled ones.

use super::line::Line;
use super::sum::Sum;
use crate::domain::Exact;
use crate::domain::rules::{DeductionScope, RuleSet};
use rust_decimal::Decimal;

/// Sums over lines. Numerators of b and c are kept fourfold: a deduction is a quarter.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Lines inside the assigned total.
    pub counted: usize,
    /// Lines outside it.
    pub extra: usize,
    pub(super) denominator: Sum,
    pub(super) quantity: Sum,
    pub(super) quality: Sum,
    pub(super) progress: Sum,
    /// What was assigned and what was completed of it, without extra lines.
    pub(super) planned: (Sum, Sum),
    /// Own assigned tasks that are not completed, not excused and not handed over: how many, and the first one.
    pub(super) open: Option<(usize, String)>,
}

impl Tally {
    /// The sums of some lines.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>, rules: &RuleSet) -> Self {
        let mut tally = Self::default();
        tally.take(lines, rules);
        tally
    }

    /// Takes some more lines of the same person.
    pub fn take<'a>(&mut self, lines: impl IntoIterator<Item = &'a Line>, rules: &RuleSet) {
        let adds = Adds::of(rules);
        lines.into_iter().for_each(|line| self.add(line, &adds, rules));
    }

    /// Takes the sums of somebody else's lines.
    pub fn pool(&mut self, other: &Self) {
        self.counted += other.counted;
        self.extra += other.extra;
        self.denominator.join(&other.denominator);
        self.quantity.join(&other.quantity);
        self.quality.join(&other.quality);
        self.progress.join(&other.progress);
        self.planned.0.join(&other.planned.0);
        self.planned.1.join(&other.planned.1);
    }

    /// Takes of somebody else's sums only what was assigned and completed of it: the share of the unit as the local
    /// overlays judge it, where lines are not pooled.
    pub fn pool_planned(&mut self, other: &Self) {
        self.planned.0.join(&other.planned.0);
        self.planned.1.join(&other.planned.1);
    }

    fn add(&mut self, line: &Line, adds: &Adds, rules: &RuleSet) {
        let weight = line.multiplier.map(|_| weight(line));
        let put = |sum: &mut Sum, quantity: Decimal, quarters: u32| match &weight {
            None => sum.add(line.coefficient, quantity, quarters),
            Some(weight) => {
                let whole = weight * &Exact::from_decimal(quantity);
                sum.add_exact(&(&whole * &Exact::integer(quarters.into())));
            }
        };
        if line.extra {
            self.extra += 1;
        } else {
            self.counted += 1;
            put(&mut self.planned.0, line.assigned, 1);
            put(&mut self.planned.1, line.completed, 1);
            // What was reported and given to somebody else is theirs to complete (art. 18.1.d).
            let open = line.completed < line.assigned && !line.late_excused && !line.handed_over;
            if line.of.is_none() && open {
                self.open.get_or_insert_with(|| (0, line.source.clone())).0 += 1;
            }
        }
        if !line.extra || rules.extra_in_denominator {
            put(&mut self.denominator, line.assigned, 1);
        }
        if !line.extra || adds.a {
            put(&mut self.quantity, line.completed, 1);
        }
        if !line.extra || adds.b {
            let (quantity, quarters) = kept(line, line.quality_failures, rules);
            put(&mut self.quality, quantity, quarters);
        }
        if !line.extra || adds.c {
            let (quantity, quarters) = kept(line, line.late_count, rules);
            put(&mut self.progress, quantity, quarters);
        }
    }
}

/// Which of a, b, c extra lines add to.
struct Adds {
    a: bool,
    b: bool,
    c: bool,
}

impl Adds {
    fn of(rules: &RuleSet) -> Self {
        let adds = |part: &str| rules.extra_components.iter().any(|name| name == part);
        Self { a: adds("a"), b: adds("b"), c: adds("c") }
    }
}

/// k of a line, times the multiplier of the post where there is one.
pub(super) fn weight(line: &Line) -> Exact {
    let k = Exact::from_decimal(line.coefficient);
    line.multiplier.map_or(k.clone(), |multiplier| &k * &Exact::from_decimal(multiplier))
}

/// What deductions leave of a line's completed quantity: a quantity and a number of quarters of it.
pub(super) fn kept(line: &Line, counts: u32, rules: &RuleSet) -> (Decimal, u32) {
    match rules.deduction_scope {
        // 25 % of the product's points per count, never below 0 (Đ14.2.b–c; Handbook VI).
        DeductionScope::Line => (line.completed, 4u32.saturating_sub(counts)),
        DeductionScope::Unit => {
            let fourfold = line.completed.checked_mul(Decimal::from(4)).unwrap_or(Decimal::MAX);
            ((fourfold - Decimal::from(counts)).max(Decimal::ZERO), 1)
        }
    }
}
