//! How sure a ranking may be: a logistic curve over a few signs of certainty, and the threshold above which it
//! decides alone.
//!
//! Owns the fit and the choice of threshold, both from scores of decided tasks computed without the task itself.
//! It must not know texts or labels under evaluation. With too few decided tasks a built-in cautious prior holds.

use serde::{Deserialize, Serialize};

/// How many signs there are.
pub const SIGNS: usize = 15;

/// Signs of certainty: constant, best score, lead over the second, lead over "outside", nearest text's similarity, whether
/// the nearest text agrees, whether the form of output named is one of the product's (1, 0 unknown, -1), whether work outside
/// every catalog is named, share of the words that are known, whether there are accents, lead as a share of the best score,
/// share of the nearest texts that agree, share of the words that were repaired and are not fully trusted, how much leans on
/// one word alone, whether another candidate but not the best is of the form the document type names.
pub type Signs = [f64; SIGNS];

/// One reading of a title whose product is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Case {
    /// Its signs.
    pub signs: Signs,
    /// Whether its best product is right.
    pub right: bool,
    /// Whether it could be decided alone: the best product scores more than "outside".
    pub eligible: bool,
}

/// How strongly a fitted curve is held to the built-in one: a few hundred titles say less than they seem to.
const TIE: f64 = 6.0;
/// Different decided titles below which nothing is fitted.
pub const FEWEST_TASKS: usize = 60;
/// Signs to confidence before any decision is known: fitted once with the example catalog alone, then made more cautious.
const PRIOR: Signs = [-2.6, 2.2, 5.9, -0.5, 0.0, 0.7, -0.9, -1.7, 1.0, 0.2, 1.9, 0.7, -2.0, 0.0, 0.0];
/// Threshold that goes with the prior.
const PRIOR_THRESHOLD: f64 = 0.95;

/// A threshold nothing reaches: decided tasks speak against the curve where it is surest.
const NEVER: f64 = 2.0;

/// A fitted curve with its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    curve: Signs,
    /// Confidence from which on a decision is taken without a person.
    pub threshold: f64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { curve: PRIOR, threshold: PRIOR_THRESHOLD }
    }
}

impl Calibration {
    /// Fits the curve to every reading of the titles, each with whether it is a hasty copy, and picks the lowest threshold at which the share of right ones among
    /// the surest readings of the others reaches the target with a margin of one standard deviation, that of one error where none
    /// was seen. Where too few of the surest are decided to show it, since people decide what was not sure, the threshold is that
    /// confidence itself, which is the share observed; where decided titles speak against that, nothing passes.
    pub fn fit(titles: &[(Vec<Case>, bool)], target_precision: f64) -> Self {
        if titles.iter().filter(|(_, hasty)| !hasty).count() < FEWEST_TASKS {
            return Self::default();
        }
        let cases: Vec<Case> = titles.iter().flat_map(|(readings, _)| readings).copied().collect();
        let mut calibration = Self { curve: logistic(&cases).map(rounded), threshold: NEVER };
        let mut ranked: Vec<(f64, bool)> = titles
            .iter()
            .filter(|(_, hasty)| !hasty)
            .filter_map(|(readings, _)| {
                let sure = readings.iter().map(|case| (calibration.confidence(&case.signs), case));
                let (confidence, case) =
                    sure.reduce(|best, other| if other.0 > best.0 { other } else { best })?;
                case.eligible.then_some((confidence, case.right))
            })
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut right = 0.0;
        for (index, (confidence, was_right)) in ranked.iter().enumerate() {
            right += f64::from(u8::from(*was_right));
            let taken = (index + 1) as f64;
            let wrong = taken - right;
            // The threshold is the luckiest of many, so one standard deviation of bad luck is added to its errors; that none
            // was seen among a few is luck as well, so at least one error's is.
            if wrong + wrong.max(1.0).sqrt() <= (1.0 - target_precision) * taken {
                calibration.threshold = rounded(*confidence - 5e-7);
            }
        }
        if calibration.threshold >= NEVER {
            let least = target_precision.max(PRIOR_THRESHOLD);
            let surest: Vec<bool> = ranked
                .iter()
                .filter(|(confidence, _)| *confidence >= least)
                .map(|(_, right)| *right)
                .collect();
            let wrong = surest.iter().filter(|right| !**right).count() as f64;
            if wrong <= (1.0 - target_precision) * surest.len() as f64 {
                calibration.threshold = least;
            }
        }
        calibration
    }

    /// Share of decisions with these signs that are right, 0 to 1.
    pub fn confidence(&self, signs: &Signs) -> f64 {
        sigmoid(self.curve.iter().zip(signs).map(|(a, b)| a * b).sum())
    }
}

/// Six decimals: what is written is read back as the same number.
fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Newton's method, held to the built-in curve by a small penalty; twenty steps, no randomness.
fn logistic(cases: &[Case]) -> Signs {
    const N: usize = SIGNS;
    let mut curve = PRIOR;
    for _ in 0..20 {
        let mut slope = [0.0; N];
        let mut bend = [[0.0; N]; N];
        for Case { signs, right, .. } in cases {
            let p = sigmoid(curve.iter().zip(signs).map(|(a, b): (&f64, &f64)| a * b).sum());
            let error = f64::from(u8::from(*right)) - p;
            for ((slope, row), a) in slope.iter_mut().zip(bend.iter_mut()).zip(signs) {
                *slope += error * a;
                for (cell, b) in row.iter_mut().zip(signs) {
                    *cell += p * (1.0 - p) * a * b;
                }
            }
        }
        for (i, (((slope, row), weight), prior)) in
            slope.iter_mut().zip(bend.iter_mut()).zip(&curve).zip(&PRIOR).enumerate()
        {
            *slope -= TIE * (weight - prior);
            if let Some(cell) = row.get_mut(i) {
                *cell += TIE;
            }
        }
        for (weight, step) in curve.iter_mut().zip(gauss(bend, slope)) {
            *weight += step;
        }
    }
    curve
}

/// Solves a small positive definite system by elimination.
fn gauss<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for pivot in 0..N {
        let (Some(row), Some(value)) = (matrix.get(pivot).copied(), right.get(pivot).copied()) else {
            continue;
        };
        let Some(diagonal) = row.get(pivot).copied() else { continue };
        for (other, (cells, target)) in matrix.iter_mut().zip(right.iter_mut()).enumerate() {
            if other == pivot {
                continue;
            }
            let factor = cells.get(pivot).copied().unwrap_or(0.0) / diagonal;
            cells.iter_mut().zip(row).for_each(|(cell, above)| *cell -= factor * above);
            *target -= factor * value;
        }
    }
    for (i, (value, row)) in right.iter_mut().zip(matrix).enumerate() {
        *value /= row.get(i).copied().unwrap_or(1.0);
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases() -> Vec<(Vec<Case>, bool)> {
        (0..200)
            .map(|i| {
                let x = f64::from(i) / 200.0;
                let signs =
                    [1.0, x, x / 2.0, x, 0.5, f64::from(i % 2), 0.0, 0.0, 0.9, 1.0, x, 0.5, 0.0, 0.5, 0.0];
                (vec![Case { signs, right: i > 120 || (i > 60 && i % 3 == 0), eligible: true }], false)
            })
            .collect()
    }

    #[test]
    fn surer_signs_give_more_confidence_and_the_threshold_keeps_the_target() {
        let cases = cases();
        let fitted = Calibration::fit(&cases, 0.97);
        assert!(fitted.confidence(&cases[190].0[0].signs) > fitted.confidence(&cases[20].0[0].signs));
        let sure = |case: &&Case| fitted.confidence(&case.signs) >= fitted.threshold;
        let taken: Vec<&Case> = cases.iter().flat_map(|(readings, _)| readings).filter(sure).collect();
        let right = taken.iter().filter(|case| case.right).count();
        assert!(taken.len() >= 34 && right as f64 / taken.len() as f64 >= 0.97);
    }

    #[test]
    fn few_cases_without_an_error_are_not_enough_to_lower_the_threshold() {
        // Of all titles only the surest few may be decided alone, and these are right.
        let few = |count: usize| -> Vec<(Vec<Case>, bool)> {
            let eligible = |number: usize| number >= 200 - count;
            let one = |(number, (mut readings, hasty)): (usize, (Vec<Case>, bool))| {
                readings.iter_mut().for_each(|case| {
                    case.eligible = eligible(number);
                    case.right |= case.eligible;
                });
                (readings, hasty)
            };
            cases().into_iter().enumerate().map(one).collect()
        };
        assert_eq!(Calibration::fit(&few(33), 0.97).threshold, 0.97);
        let enough = Calibration::fit(&few(34), 0.97).threshold;
        assert!(enough < 1.0 && enough != 0.97, "{enough}");
    }

    /// Titles of which the curve is sure though every seventh is wrong.
    #[test]
    fn decided_titles_that_speak_against_the_surest_leave_all_to_people() {
        let sure = [1.0, 1.0, 1.0, 1.0, 0.9, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0];
        let unsure = [1.0, 0.1, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.5, 1.0, 0.0, 0.2, 0.0, 0.5, 0.0];
        let one = |number: i32| {
            let (signs, right) = if number < 30 { (sure, number % 7 > 0) } else { (unsure, false) };
            (vec![Case { signs, right, eligible: true }], false)
        };
        let titles: Vec<_> = (0..100).map(one).collect();
        let fitted = Calibration::fit(&titles, 0.97);
        assert!(fitted.confidence(&sure) < fitted.threshold, "{fitted:?}");
    }

    #[test]
    fn a_target_out_of_reach_decides_nothing() {
        let wrong: Vec<(Vec<Case>, bool)> = cases()
            .into_iter()
            .map(|(readings, _)| {
                (readings.into_iter().map(|case| Case { right: false, ..case }).collect(), false)
            })
            .collect();
        let fitted = Calibration::fit(&wrong, 0.97);
        let decides = |case: &Case| fitted.confidence(&case.signs) >= fitted.threshold;
        assert!(!wrong.iter().flat_map(|(readings, _)| readings).any(decides));
        assert_eq!(Calibration::fit(&[], 0.97), Calibration::default());
    }
}
