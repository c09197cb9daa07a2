//! How good the mapping is: its decisions against those of people.
//!
//! Owns the figures and their definitions. It must not know files. Labels under evaluation never reach the mapper that is
//! measured; in cross-validation calibration and threshold of every fold come from the other folds alone, where each decided
//! task is scored without itself.

use super::labels::Labelled;
use super::noise::{Noise, found_in};
use super::{Example, Mapper, MappingDecision, Options, Outcome, RuleBook, TaskText};
use crate::domain::{CatalogProduct, ProductCode};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Bins of the calibration table.
const BINS: usize = 10;
/// Worst errors and confusions listed.
const LISTED: usize = 20;
/// Seed of the noise.
const SEED: u64 = 4;

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

/// Figures of one set of tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// All labelled tasks.
    pub n: u64,
    /// Labelled tasks outside the catalog.
    pub outside: u64,
    /// Share of the tasks inside the catalog whose first candidate is right (expected or also_ok), 0 to 1.
    pub top1: f64,
    /// The same for any of the first three candidates.
    pub top3: f64,
    /// Precision if the surest half of all tasks were accepted, 0 to 1.
    pub half: f64,
    /// Decisions at the threshold chosen from the training data alone.
    pub decided: Decided,
    /// Mean distance between the confidence shown and the share right, over ten bins, 0 to 1.
    pub calibration_error: f64,
}

/// One bin of the calibration table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// Tasks in it.
    pub n: u64,
    /// Mean confidence shown, 0 to 1.
    pub shown: f64,
    /// Share whose first candidate is right, 0 to 1; a task outside the catalog is never right.
    pub right: f64,
}

/// What precision would be if the surest part were accepted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Accepted share, 0 to 1.
    pub coverage: f64,
    /// Precision there, 0 to 1.
    pub precision: f64,
    /// Confidence of the least sure one accepted.
    pub confidence: f64,
}

/// A product taken for another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confusion {
    /// The right one; none = outside the catalog.
    pub expected: Option<ProductCode>,
    /// The first candidate.
    pub chosen: ProductCode,
    /// How often.
    pub n: u64,
}

/// Figures of a part of the tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slice {
    /// What the tasks are divided by.
    pub by: &'static str,
    /// This part.
    pub part: String,
    /// Its figures.
    pub figures: Figures,
}

/// An error with what led to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Error {
    /// Id of the task.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The right product; none = outside the catalog.
    pub expected: Option<ProductCode>,
    /// Place of the right product among the candidates, 1 first; none = not among them.
    pub place: Option<usize>,
    /// The first candidate.
    pub chosen: ProductCode,
    /// Confidence shown, 0 to 1.
    pub confidence: f64,
    /// Whether it would have been decided without a person.
    pub accepted: bool,
    /// The words that made the first candidate.
    pub words: Vec<String>,
}

/// Figures of one evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Of all tasks.
    #[serde(flatten)]
    pub figures: Figures,
    /// Precision over coverage, every tenth.
    pub curve: Vec<CurvePoint>,
    /// Confidence shown and observed.
    pub bins: Vec<Bin>,
    /// The most frequent confusions.
    pub confusions: Vec<Confusion>,
    /// By noise, difficulty, kind of unit and source.
    pub slices: Vec<Slice>,
    /// The surest errors.
    pub worst: Vec<Error>,
}

/// A measured task.
struct Measured<'a> {
    task: &'a Labelled,
    decision: MappingDecision,
    right_at: Option<usize>,
    accepted: Option<bool>,
}

impl<'a> Measured<'a> {
    fn of(mapper: &Mapper, task: &'a Labelled, title: &str) -> Self {
        let example = &task.example;
        let decision = mapper.decide(&TaskText { title, ..example.task() });
        let right = |code: &ProductCode| {
            example.product.as_ref() == Some(code)
                || (example.product.is_some() && example.also_ok.contains(code))
        };
        let mapped = match &decision.outcome {
            Outcome::Mapped { product, .. } => Some(right(product)),
            _ => None,
        };
        // Sources and rules give no candidates: their product is the first and only one.
        let settled = mapped.filter(|_| decision.candidates.is_empty());
        let right_at = match settled {
            Some(right) => right.then_some(0),
            None => decision.candidates.iter().position(|candidate| right(&candidate.product)),
        };
        Self { task, right_at, accepted: mapped, decision }
    }

    fn inside(&self) -> bool {
        self.task.example.product.is_some()
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn figures(all: &[&Measured<'_>]) -> Figures {
    let inside = all.iter().filter(|one| one.inside()).count();
    let among = |most: usize| all.iter().filter(|one| one.right_at.is_some_and(|at| at < most)).count();
    let accepted = all.iter().filter(|one| one.accepted.is_some()).count();
    let right = all.iter().filter(|one| one.accepted == Some(true)).count();
    let bins = bins(all);
    let mut surest: Vec<&&Measured<'_>> = all.iter().collect();
    surest.sort_by(|a, b| b.decision.confidence.total_cmp(&a.decision.confidence));
    surest.truncate(all.len().div_ceil(2));
    let half = surest.iter().filter(|one| one.right_at == Some(0)).count();
    let error = bins.iter().map(|bin| bin.n as f64 * (bin.shown - bin.right).abs()).sum::<f64>();
    Figures {
        n: all.len() as u64,
        outside: (all.len() - inside) as u64,
        top1: share(among(1), inside),
        top3: share(among(3), inside),
        half: share(half, surest.len()),
        decided: Decided {
            precision: (accepted > 0).then(|| share(right, accepted)),
            coverage: share(accepted, all.len()),
            outside_accepted: all.iter().filter(|one| !one.inside() && one.accepted.is_some()).count() as u64,
        },
        calibration_error: if all.is_empty() { 0.0 } else { error / all.len() as f64 },
    }
}

fn bins(all: &[&Measured<'_>]) -> Vec<Bin> {
    let mut sums = vec![(0usize, 0.0f64, 0usize); BINS];
    for one in all {
        let at = ((one.decision.confidence * BINS as f64) as usize).min(BINS - 1);
        if let Some((n, shown, right)) = sums.get_mut(at) {
            *n += 1;
            *shown += one.decision.confidence;
            *right += usize::from(one.right_at == Some(0));
        }
    }
    sums.into_iter()
        .map(|(n, shown, right)| Bin {
            n: n as u64,
            shown: if n == 0 { 0.0 } else { shown / n as f64 },
            right: share(right, n),
        })
        .collect()
}

fn report(all: &[Measured<'_>]) -> Report {
    let mut ranked: Vec<&Measured<'_>> = all.iter().collect();
    ranked.sort_by(|a, b| b.decision.confidence.total_cmp(&a.decision.confidence));
    let curve = (1..=10)
        .filter_map(|tenth| {
            let taken = ranked.get(..(ranked.len() * tenth).div_ceil(10))?;
            let right = taken.iter().filter(|one| one.right_at == Some(0)).count();
            Some(CurvePoint {
                coverage: share(taken.len(), ranked.len()),
                precision: share(right, taken.len()),
                confidence: taken.last()?.decision.confidence,
            })
        })
        .collect();
    let wrong = || ranked.iter().filter(|one| one.right_at != Some(0) && !one.decision.candidates.is_empty());
    let mut confused: BTreeMap<(Option<ProductCode>, ProductCode), u64> = BTreeMap::new();
    for one in wrong() {
        if let Some(chosen) = one.decision.candidates.first() {
            *confused.entry((one.task.example.product.clone(), chosen.product.clone())).or_default() += 1;
        }
    }
    let mut confusions: Vec<Confusion> =
        confused.into_iter().map(|((expected, chosen), n)| Confusion { expected, chosen, n }).collect();
    confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.n));
    confusions.truncate(LISTED);
    let worst = wrong()
        .take(LISTED)
        .filter_map(|one| {
            let chosen = one.decision.candidates.first()?;
            Some(Error {
                id: one.task.id.clone(),
                title: one.task.example.title.clone(),
                expected: one.task.example.product.clone(),
                place: one.right_at.map(|at| at + 1),
                chosen: chosen.product.clone(),
                confidence: one.decision.confidence,
                accepted: one.accepted.is_some(),
                words: chosen.words.clone(),
            })
        })
        .collect();
    let refs: Vec<&Measured<'_>> = all.iter().collect();
    Report { figures: figures(&refs), curve, bins: bins(&refs), confusions, slices: slices(all), worst }
}

fn slices(all: &[Measured<'_>]) -> Vec<Slice> {
    type Part<'p> = (&'static str, &'p dyn Fn(&Measured<'_>) -> Vec<String>);
    // What the author of the labels says, else what the title itself shows; a title may have several kinds.
    let noise = |one: &Measured<'_>| {
        let told = one.task.noise.split('|').map(str::trim).filter(|kind| !kind.is_empty());
        let told: BTreeSet<String> = told.map(str::to_owned).collect();
        if told.is_empty() {
            vec![found_in(&one.task.example.title).to_owned()]
        } else {
            told.into_iter().collect()
        }
    };
    let difficulty = |one: &Measured<'_>| vec![one.task.difficulty.clone()];
    let unit = |one: &Measured<'_>| {
        let commune = super::features::is_commune(&one.task.example.task());
        vec![if commune { "commune, ward" } else { "province department" }.to_owned()]
    };
    let source = |one: &Measured<'_>| vec![one.task.example.source_system.clone()];
    let parts: [Part<'_>; 4] =
        [("noise", &noise), ("difficulty", &difficulty), ("unit", &unit), ("source", &source)];
    let mut out = Vec::new();
    for (by, of) in parts {
        let mut groups: BTreeMap<String, Vec<&Measured<'_>>> = BTreeMap::new();
        for one in all {
            of(one).into_iter().for_each(|part| groups.entry(part).or_default().push(one));
        }
        out.extend(groups.into_iter().filter(|(part, _)| !part.is_empty()).map(|(part, group)| Slice {
            by,
            part,
            figures: figures(&group),
        }));
    }
    out
}

/// Measures a mapper on labelled tasks it has not seen.
pub fn measure(mapper: &Mapper, labels: &[Labelled]) -> Report {
    let all: Vec<Measured<'_>> =
        labels.iter().map(|task| Measured::of(mapper, task, &task.example.title)).collect();
    report(&all)
}

/// The same with every title under each kind of noise: what other hands would make of it.
pub fn measure_noisy(mapper: &Mapper, labels: &[Labelled]) -> Vec<(Noise, Figures)> {
    Noise::ALL
        .into_iter()
        .map(|noise| (noise, noisy(&labels.iter().map(|task| (mapper, task)).collect::<Vec<_>>(), noise)))
        .collect()
}

fn noisy(all: &[(&Mapper, &Labelled)], noise: Noise) -> Figures {
    let all: Vec<Measured<'_>> = all
        .iter()
        .map(|(mapper, task)| Measured::of(mapper, task, &noise.apply(&task.example.title, SEED)))
        .collect();
    figures(&all.iter().collect::<Vec<_>>())
}

/// Builds a mapper from catalog, rules and training tasks, and measures it on labelled tasks.
pub fn evaluate(
    catalog: &[CatalogProduct],
    rules: &RuleBook,
    train: &[Example],
    labels: &[Labelled],
    options: Options,
) -> Report {
    measure(&Mapper::build(catalog, rules.clone(), train, options), labels)
}

/// A cross-validation: one mapper for each fold, that never saw it. Task i belongs to fold i mod `folds`.
pub struct Folds<'a> {
    mappers: Vec<Mapper>,
    labels: &'a [Labelled],
}

impl<'a> Folds<'a> {
    /// Trains on all folds but one, for each of `folds` (at least 2), with at most `most` tasks in each training.
    pub fn train(
        catalog: &[CatalogProduct],
        rules: &RuleBook,
        labels: &'a [Labelled],
        folds: usize,
        most: usize,
        options: Options,
    ) -> Self {
        let folds = folds.clamp(2, labels.len().max(2));
        let mappers = (0..folds)
            .map(|fold| {
                let others = labels.iter().enumerate().filter(|(i, _)| i % folds != fold);
                let train: Vec<Example> = others.map(|(_, task)| task.example.clone()).take(most).collect();
                Mapper::build(catalog, rules.clone(), &train, options.clone())
            })
            .collect();
        Self { mappers, labels }
    }

    fn pairs(&self) -> Vec<(&Mapper, &'a Labelled)> {
        self.mappers.iter().cycle().zip(self.labels).collect()
    }

    /// Every task measured by the mapper that never saw it.
    pub fn report(&self) -> Report {
        let all: Vec<Measured<'_>> = self
            .pairs()
            .into_iter()
            .map(|(mapper, task)| Measured::of(mapper, task, &task.example.title))
            .collect();
        report(&all)
    }

    /// The same under each kind of noise.
    pub fn noisy(&self) -> Vec<(Noise, Figures)> {
        Noise::ALL.into_iter().map(|noise| (noise, self.under(noise))).collect()
    }

    /// The same under one kind of noise.
    pub fn under(&self, noise: Noise) -> Figures {
        noisy(&self.pairs(), noise)
    }
}

/// A point of the learning curve: how many tasks each training holds, at most `most`, and the figures. There are as many
/// folds as it takes to train on so many, at least `folds`; one mapper at a time is held.
pub fn learned(
    catalog: &[CatalogProduct],
    rules: &RuleBook,
    labels: &[Labelled],
    (folds, most): (usize, usize),
    options: &Options,
) -> (usize, Figures) {
    let all = labels.len();
    let left = |folds: &usize| all.saturating_sub(all.div_ceil(*folds));
    let least = folds.clamp(2, all.max(2));
    let folds = (least..=all).find(|folds| left(folds) >= most).unwrap_or(least);
    let mut measured = Vec::with_capacity(all);
    for fold in 0..folds {
        let others = labels.iter().enumerate().filter(|(i, _)| i % folds != fold);
        let train: Vec<Example> = others.map(|(_, task)| task.example.clone()).take(most).collect();
        let mapper = Mapper::build(catalog, rules.clone(), &train, options.clone());
        let own = labels.iter().skip(fold).step_by(folds);
        measured.extend(own.map(|task| Measured::of(&mapper, task, &task.example.title)));
    }
    (left(&folds).min(most), report(&measured).figures)
}

/// Cross-validation with all other folds for training.
pub fn cross_validate(
    catalog: &[CatalogProduct],
    rules: &RuleBook,
    labels: &[Labelled],
    folds: usize,
    options: Options,
) -> Report {
    Folds::train(catalog, rules, labels, folds, usize::MAX, options).report()
}
