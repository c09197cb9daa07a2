//! How good the mapping is: its decisions against those of people.
//!
//! Owns the figures and their definitions. It must not know files. Labels under evaluation never reach the mapper
//! that is measured; in cross-validation every fold's threshold comes from the other folds alone.

use super::{Example, Mapper, Options, Outcome, RuleBook};
use crate::domain::CatalogProduct;
use serde::Serialize;

/// Figures of the decisions taken without a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decided {
    /// Share of the accepted tasks whose product is right, 0 to 1; none when none was accepted. An accepted task
    /// that is outside the catalog counts as wrong.
    pub precision: Option<f64>,
    /// Accepted tasks as a share of all tasks, 0 to 1.
    pub coverage: f64,
    /// Tasks outside the catalog that were accepted.
    pub outside_accepted: u64,
}

/// Figures of one evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// All labelled tasks.
    pub n: u64,
    /// Labelled tasks outside the catalog.
    pub outside: u64,
    /// Share of the tasks inside the catalog whose first candidate is right (expected or also_ok), 0 to 1.
    pub top1: f64,
    /// The same for any of the first three candidates.
    pub top3: f64,
    /// Decisions at the threshold chosen from the training data alone.
    pub decided: Decided,
}

#[derive(Default)]
struct Tally {
    n: u64,
    outside: u64,
    first: u64,
    three: u64,
    accepted: u64,
    right: u64,
    outside_accepted: u64,
}

impl Tally {
    fn add(&mut self, mapper: &Mapper, example: &Example) {
        let decision = mapper.decide(&example.task());
        let right = |code| example.product.as_ref() == Some(code) || example.also_ok.contains(code);
        self.n += 1;
        if example.product.is_none() {
            self.outside += 1;
        } else {
            let settled = match &decision.outcome {
                Outcome::Mapped { product, .. } if decision.candidates.is_empty() => Some(right(product)),
                _ => None,
            };
            let among = |count: usize| decision.candidates.iter().take(count).any(|c| right(&c.product));
            self.first += u64::from(settled.unwrap_or_else(|| among(1)));
            self.three += u64::from(settled.unwrap_or_else(|| among(3)));
        }
        if let Outcome::Mapped { product, .. } = &decision.outcome {
            self.accepted += 1;
            self.right += u64::from(example.product.is_some() && right(product));
            self.outside_accepted += u64::from(example.product.is_none());
        }
    }

    fn report(&self) -> Report {
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let inside = self.n - self.outside;
        Report {
            n: self.n,
            outside: self.outside,
            top1: share(self.first, inside),
            top3: share(self.three, inside),
            decided: Decided {
                precision: (self.accepted > 0).then(|| share(self.right, self.accepted)),
                coverage: share(self.accepted, self.n),
                outside_accepted: self.outside_accepted,
            },
        }
    }
}

/// Builds a mapper from catalog, rules and training tasks, and measures it on labelled tasks.
pub fn evaluate(
    catalog: &[CatalogProduct],
    rules: &RuleBook,
    train: &[Example],
    labels: &[Example],
    options: Options,
) -> Report {
    let mapper = Mapper::build(catalog, rules.clone(), train, options);
    let mut tally = Tally::default();
    labels.iter().for_each(|example| tally.add(&mapper, example));
    tally.report()
}

/// Cross-validation: every task is measured by a mapper that never saw its fold. Task i belongs to fold i mod
/// `folds` (at least 2).
pub fn cross_validate(
    catalog: &[CatalogProduct],
    rules: &RuleBook,
    labels: &[Example],
    folds: usize,
    options: Options,
) -> Report {
    let folds = folds.clamp(2, labels.len().max(2));
    let mut tally = Tally::default();
    for fold in 0..folds {
        let part = |own: bool| {
            labels
                .iter()
                .enumerate()
                .filter(move |(i, _)| (i % folds == fold) == own)
                .map(|(_, example)| example)
        };
        let train: Vec<Example> = part(false).cloned().collect();
        let mapper = Mapper::build(catalog, rules.clone(), &train, options);
        part(true).for_each(|example| tally.add(&mapper, example));
    }
    tally.report()
}
