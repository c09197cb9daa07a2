//! The learned ranking: kernel ridge regression from texts to products.
//!
//! Owns training and scoring. Every catalog name and synonym and every decided task is one training text. The
//! closed form gives, with the model, the score each decided task would have had without itself: the ground on
//! which confidence is calibrated. It must not know decisions. Deterministic; training is cubic in the number of
//! texts, so above [`EXACT_TEXTS`] it falls back to the nearest texts without a solve.

use super::features::{Cut, Feature, Rarity, weighted};
use std::collections::HashMap;

/// Texts up to which the exact solution is computed.
pub(super) const EXACT_TEXTS: usize = 4_000;
/// Smoothing; catalog texts are trusted a little more than single decided tasks.
const SMOOTHING: f64 = 0.6;
const CATALOG_TRUST: f64 = 1.5;

/// Nearest texts that vote.
const NEAR: usize = 8;

/// A trained ranking.
#[derive(Debug, Clone)]
pub(super) struct Ranking {
    rarity: Rarity,
    postings: HashMap<u64, Vec<(u32, f32)>>,
    /// Row per text, column per class.
    weights: Vec<f32>,
    classes: usize,
    class_of: Vec<u32>,
}

/// Scores of one text.
#[derive(Debug, Clone)]
pub(super) struct Scores {
    pub by_class: Vec<f32>,
    /// Similarity of the nearest training text and its class.
    pub nearest: (f32, usize),
    /// Share of the text's words that any training text has, by weight, 0 to 1.
    pub known: f32,
    /// The classes of the nearest texts, with their similarities squared.
    pub near: Vec<(usize, f32)>,
}

impl Scores {
    /// Share of the nearest texts that belong to a class, by squared similarity, 0 to 1.
    pub fn vote(&self, class: Option<usize>) -> f32 {
        let all: f32 = self.near.iter().map(|(_, weight)| weight).sum();
        let own: f32 =
            self.near.iter().filter(|(near, _)| Some(*near) == class).map(|(_, weight)| weight).sum();
        if all > 0.0 { own / all } else { 0.0 }
    }
}

impl Ranking {
    /// Trains on catalog texts followed by decided tasks, each with its class. Gives the ranking and, for every
    /// decided task, its scores without itself (none when there are too many texts).
    pub fn train(
        catalog: &[(Cut, usize)],
        tasks: &[(Cut, usize)],
        classes: usize,
    ) -> (Self, Option<Vec<Scores>>) {
        let cuts: Vec<Cut> = catalog.iter().chain(tasks).map(|(cut, _)| cut.clone()).collect();
        let class_of: Vec<usize> = catalog.iter().chain(tasks).map(|(_, class)| *class).collect();
        let rarity = Rarity::of(&cuts);
        let vectors: Vec<Vec<Feature>> = cuts.iter().map(|cut| weighted(cut, &rarity)).collect();
        let mut postings: HashMap<u64, Vec<(u32, f32)>> = HashMap::new();
        for (text, vector) in (0u32..).zip(&vectors) {
            for feature in vector {
                postings.entry(feature.hash).or_default().push((text, feature.weight));
            }
        }
        let n = vectors.len();
        let mut ranking = Self {
            rarity,
            postings,
            weights: vec![0.0; n * classes],
            classes,
            class_of: class_of.iter().map(|class| u32::try_from(*class).unwrap_or(u32::MAX)).collect(),
        };
        let mut targets = vec![0.0f64; n * classes];
        for (row, class) in targets.chunks_mut(classes.max(1)).zip(&class_of) {
            if let Some(target) = row.get_mut(*class) {
                *target = 1.0;
            }
        }
        if n > EXACT_TEXTS {
            ranking.weights = targets.iter().map(|t| (*t / (1.0 + SMOOTHING)) as f32).collect();
            return (ranking, None);
        }
        let kernel: Vec<Vec<f32>> = vectors.iter().map(|vector| ranking.similarities(vector)).collect();
        let mut factor: Vec<Vec<f64>> = kernel
            .iter()
            .enumerate()
            .map(|(i, row)| row.iter().take(i + 1).map(|k| f64::from(*k)).collect())
            .collect();
        for (i, row) in factor.iter_mut().enumerate() {
            if let Some(last) = row.last_mut() {
                *last += if i < catalog.len() { SMOOTHING / CATALOG_TRUST } else { SMOOTHING };
            }
        }
        cholesky(&mut factor);
        let solution = solve(&factor, targets.clone(), classes);
        ranking.weights = solution.iter().map(|w| *w as f32).collect();
        let without = leave_one_out(&factor, catalog.len())
            .into_iter()
            .enumerate()
            .map(|(index, inverse)| {
                let i = catalog.len() + index;
                let at = i * classes..(i + 1) * classes;
                let by_class = targets
                    .get(at.clone())
                    .unwrap_or_default()
                    .iter()
                    .zip(solution.get(at).unwrap_or_default())
                    .map(|(target, weight)| (target - weight / inverse) as f32)
                    .collect();
                let similar = kernel.get(i).map_or(&[][..], Vec::as_slice);
                let known = ranking.known(vectors.get(i).map_or(&[][..], Vec::as_slice), 1);
                Scores {
                    by_class,
                    nearest: ranking.nearest(similar, Some(i)),
                    known,
                    near: ranking.near(similar, Some(i)),
                }
            })
            .collect();
        (ranking, Some(without))
    }

    /// Scores a text against every class.
    pub fn score(&self, cut: &Cut) -> (Scores, Vec<Feature>) {
        let vector = weighted(cut, &self.rarity);
        let similar = self.similarities(&vector);
        let mut by_class = vec![0.0f32; self.classes];
        for (similarity, row) in similar.iter().zip(self.weights.chunks(self.classes.max(1))) {
            if *similarity != 0.0 {
                for (score, weight) in by_class.iter_mut().zip(row) {
                    *score += similarity * weight;
                }
            }
        }
        let known = self.known(&vector, 0);
        let scores = Scores {
            by_class,
            nearest: self.nearest(&similar, None),
            known,
            near: self.near(&similar, None),
        };
        (scores, vector)
    }

    /// How much each token of a text adds to the score of a class, strongest first, positive ones only.
    pub fn explain(&self, vector: &[Feature], class: usize) -> Vec<(u16, f32)> {
        let mut sums: std::collections::BTreeMap<u16, f32> = std::collections::BTreeMap::new();
        for feature in vector {
            let (Some(token), Some(texts)) = (feature.token, self.postings.get(&feature.hash)) else {
                continue;
            };
            let sum: f32 = texts
                .iter()
                .map(|(text, weight)| {
                    weight * self.weights.get(*text as usize * self.classes + class).copied().unwrap_or(0.0)
                })
                .sum();
            *sums.entry(token).or_default() += feature.weight * sum;
        }
        let mut sums: Vec<(u16, f32)> = sums.into_iter().filter(|(_, sum)| *sum > 0.0).collect();
        sums.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        sums
    }

    fn similarities(&self, vector: &[Feature]) -> Vec<f32> {
        let mut out = vec![0.0f32; self.class_of.len()];
        for feature in vector {
            for (text, weight) in self.postings.get(&feature.hash).map_or(&[][..], Vec::as_slice) {
                if let Some(sum) = out.get_mut(*text as usize) {
                    *sum += feature.weight * weight;
                }
            }
        }
        out
    }

    /// Share of a text's own features that more than `own` texts have, by squared weight.
    fn known(&self, vector: &[Feature], own: usize) -> f32 {
        let (mut all, mut known) = (0.0f32, 0.0f32);
        for feature in vector.iter().filter(|feature| feature.token.is_some()) {
            let weight = feature.weight * feature.weight;
            all += weight;
            if self.postings.get(&feature.hash).is_some_and(|texts| texts.len() > own) {
                known += weight;
            }
        }
        if all > 0.0 { known / all } else { 0.0 }
    }

    /// The eight nearest texts: class and squared similarity.
    fn near(&self, similar: &[f32], except: Option<usize>) -> Vec<(usize, f32)> {
        let mut all: Vec<(usize, f32)> = similar
            .iter()
            .enumerate()
            .filter(|(text, similarity)| Some(*text) != except && **similarity > 0.0)
            .map(|(text, similarity)| (text, *similarity))
            .collect();
        let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if all.len() > NEAR {
            all.select_nth_unstable_by(NEAR, order);
            all.truncate(NEAR);
        }
        all.sort_by(order);
        all.into_iter()
            .map(|(text, similarity)| {
                (self.class_of.get(text).map_or(usize::MAX, |c| *c as usize), similarity * similarity)
            })
            .collect()
    }

    fn nearest(&self, similar: &[f32], except: Option<usize>) -> (f32, usize) {
        let mut best = (0.0f32, usize::MAX);
        for (text, (similarity, class)) in similar.iter().zip(&self.class_of).enumerate() {
            if *similarity > best.0 && Some(text) != except {
                best = (*similarity, *class as usize);
            }
        }
        best
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0f64; 8];
    let (heads_a, heads_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = heads_a.remainder().iter().zip(heads_b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in heads_a.zip(heads_b) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Lower factor in place, row by row. The smoothing on the diagonal keeps every pivot above zero.
fn cholesky(rows: &mut [Vec<f64>]) {
    for i in 0..rows.len() {
        let (done, rest) = rows.split_at_mut(i);
        let Some(row) = rest.first_mut() else { continue };
        for (j, above) in done.iter().enumerate() {
            let (head, tail) = row.split_at_mut(j);
            let pivot = above.get(j).copied().unwrap_or(1.0);
            if let (Some(value), Some(above)) = (tail.first_mut(), above.get(..j)) {
                *value = (*value - dot(head, above)) / pivot;
            }
        }
        if let Some((last, head)) = row.split_last_mut() {
            *last = (*last - dot(head, head)).max(1e-9).sqrt();
        }
    }
}

/// Solves (factor · factorᵀ) X = targets for all columns at once.
fn solve(factor: &[Vec<f64>], mut x: Vec<f64>, classes: usize) -> Vec<f64> {
    for (i, row) in factor.iter().enumerate() {
        let (done, rest) = x.split_at_mut(i * classes);
        let Some(own) = rest.get_mut(..classes) else { continue };
        for (coefficient, above) in row.iter().zip(done.chunks(classes.max(1))) {
            for (value, above) in own.iter_mut().zip(above) {
                *value -= coefficient * above;
            }
        }
        let pivot = row.last().copied().unwrap_or(1.0);
        own.iter_mut().for_each(|value| *value /= pivot);
    }
    for (i, row) in factor.iter().enumerate().rev() {
        let (before, rest) = x.split_at_mut(i * classes);
        let Some(own) = rest.get_mut(..classes) else { continue };
        let pivot = row.last().copied().unwrap_or(1.0);
        own.iter_mut().for_each(|value| *value /= pivot);
        for (coefficient, above) in row.iter().zip(before.chunks_mut(classes.max(1))) {
            for (value, own) in above.iter_mut().zip(own.iter()) {
                *value -= coefficient * own;
            }
        }
    }
    x
}

/// Diagonal of the inverse for the rows from `first` on: only the factor's last block matters to them.
fn leave_one_out(factor: &[Vec<f64>], first: usize) -> Vec<f64> {
    let block: Vec<&[f64]> =
        factor.iter().skip(first).map(|row| row.get(first..).unwrap_or_default()).collect();
    (0..block.len())
        .map(|i| {
            let mut column: Vec<f64> = Vec::with_capacity(block.len() - i);
            for (k, row) in block.iter().enumerate().skip(i) {
                let known = dot(row.get(i..k).unwrap_or_default(), &column);
                let target = if k == i { 1.0 } else { 0.0 };
                column.push((target - known) / row.get(k).copied().unwrap_or(1.0));
            }
            dot(&column, &column)
        })
        .collect()
}
