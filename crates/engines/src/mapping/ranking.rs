//! The learned ranking: ridge regression from texts to products, one weight per feature and product.
//!
//! Owns training, scoring and learning one decision more. Every catalog name and synonym and every decided task is one
//! training text; its error is spread over the products concerned only, so that weights stay few. For each decided task the
//! score without itself is estimated from its nearest texts: the ground on which confidence is calibrated. It must not know
//! decisions. Deterministic: texts are visited in their order, a fixed number of times.

use super::features::{Cut, Feature, Known, weighted};
use super::hashed::ByHash;
use super::rows::Rows;

/// Smoothing; catalog texts are trusted a little more than single decided tasks.
const SMOOTHING: f32 = 0.6;
const CATALOG_TRUST: f32 = 1.5;
/// Times every text is visited, times where there are many texts, and times a new decision and its nearest texts are.
const ROUNDS: usize = 6;
const FEWER_ROUNDS: usize = 3;
const MANY: usize = 6_000;
const NEW_ROUNDS: usize = 3;
/// Products besides its own that a text may change at one visit, and the least change worth keeping.
const RIVALS: usize = 4;
const LEAST: f32 = 0.02;
/// A change of a single weight that opens no new place: the sums are made anew from the shares at the end.
const SLIGHT: f32 = 0.004;
/// Products a feature speaks for or against, the strongest.
const MOST_CLASSES: usize = 48;
/// Nearest texts that vote, and that stand for all others where a text is left out.
const NEAR: usize = 8;
const NEIGHBOURS: usize = 64;
/// What near texts have in common for being titles at all, in mean similarities of any two: all other texts take it up.
const IN_COMMON: f32 = 2.0;
/// Texts looked at together for one that is near enough.
const TOGETHER: usize = 32;
/// A feature that more texts have than one in so many tells nothing about which text is near.
const TELLING: usize = 12;
const MOST_HOLDING: usize = 300;

/// One training text.
#[derive(Debug, Clone)]
struct Trained {
    vector: Vec<(u32, f32)>,
    class: u32,
    smoothing: f32,
    /// Weight of this text per class; few.
    share: Vec<(u32, f32)>,
}

/// A trained ranking.
#[derive(Debug, Clone)]
pub(super) struct Ranking {
    known: Known,
    /// Per feature the weight of each class concerned, by class.
    weights: Rows,
    /// Per telling feature the texts that have it.
    holding: Rows,
    texts: Vec<Trained>,
    classes: usize,
    /// Mean similarity of any two texts.
    common: f32,
}

/// A feature of a text that is known and belongs to one of its tokens.
#[derive(Debug, Clone, Copy)]
struct Told {
    id: u32,
    weight: f32,
    token: u16,
    /// What the text that is left out adds to it for each share of a class; 0 where none is.
    own: f32,
}

/// Scores of one text.
#[derive(Debug, Clone, Default)]
pub(super) struct Scores {
    pub by_class: Vec<f32>,
    /// Similarity of the nearest training text and its class.
    pub nearest: (f32, usize),
    /// Share of the text's words that any training text has, by weight, 0 to 1.
    pub known: f32,
    /// The classes of the nearest texts, with their similarities squared.
    pub near: Vec<(usize, f32)>,
    /// The features that belong to words.
    told: Vec<Told>,
    /// The shares of the text that is left out.
    without: Vec<(u32, f32)>,
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
    /// Trains on catalog texts followed by decided tasks, each with its class.
    pub fn train(catalog: &[(Cut, usize)], tasks: &[(Cut, usize)], classes: usize) -> Self {
        let mut ranking = Self::untrained(catalog, tasks, classes);
        let mut scores = vec![0.0; classes];
        let rounds = if ranking.texts.len() > MANY { FEWER_ROUNDS } else { ROUNDS };
        for _ in 0..rounds {
            for text in 0..ranking.texts.len() {
                ranking.visit(text, &mut scores);
            }
        }
        ranking.settle();
        ranking
    }

    fn untrained(catalog: &[(Cut, usize)], tasks: &[(Cut, usize)], classes: usize) -> Self {
        let (known, holding) = Known::of(catalog.iter().chain(tasks).map(|(cut, _)| cut));
        let mut ranking = Self {
            known,
            weights: Rows::default(),
            holding: Rows::default(),
            texts: Vec::with_capacity(catalog.len() + tasks.len()),
            classes,
            common: 0.0,
        };
        for (cut, class) in catalog {
            ranking.add(cut, *class, SMOOTHING / CATALOG_TRUST, |_| true);
        }
        // What one decided task alone has and is no word of its own tells nothing of other tasks.
        let worth =
            |feature: &Feature| feature.lasting || holding.get(&feature.base).is_some_and(|held| *held > 1);
        for (cut, class) in tasks {
            ranking.add(cut, *class, SMOOTHING, worth);
        }
        ranking.known.settle();
        ranking.holding.pack();
        ranking
    }

    /// A ranking from the shares an earlier training gave the same texts; none where they are not the same texts.
    pub fn restore(
        catalog: &[(Cut, usize)],
        tasks: &[(Cut, usize)],
        classes: usize,
        shares: Vec<Vec<(u32, f32)>>,
    ) -> Option<Self> {
        let inside = |share: &Vec<(u32, f32)>| share.iter().all(|(class, _)| (*class as usize) < classes);
        if shares.len() != catalog.len() + tasks.len() || !shares.iter().all(inside) {
            return None;
        }
        let mut ranking = Self::untrained(catalog, tasks, classes);
        for (text, share) in ranking.texts.iter_mut().zip(shares) {
            text.share = share;
        }
        ranking.settle();
        Some(ranking)
    }

    /// Per training text the shares of the classes: with the texts themselves all that was learned.
    pub fn shares(&self) -> Vec<Vec<(u32, f32)>> {
        self.texts.iter().map(|text| text.share.clone()).collect()
    }

    /// Sums the weights anew from the shares, so that trained and restored are the same to the last bit.
    fn settle(&mut self) {
        // The texts of each feature, feature after feature in one list.
        let mut starts = vec![0u32; self.weights.len() + 1];
        for (feature, _) in self.texts.iter().flat_map(|text| &text.vector) {
            if let Some(count) = starts.get_mut(*feature as usize + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut places = starts.clone();
        let mut holding = vec![(0u32, 0.0f32); total as usize];
        for (number, text) in (0u32..).zip(&self.texts) {
            for (feature, weight) in &text.vector {
                let Some(place) = places.get_mut(*feature as usize) else { continue };
                if let Some(entry) = holding.get_mut(*place as usize) {
                    *entry = (number, *weight);
                }
                *place += 1;
            }
        }
        let mut sums = vec![0.0f32; self.classes];
        let mut weights = Rows::default();
        for bounds in starts.windows(2) {
            let &[from, to] = bounds else { continue };
            let mut met: Vec<u32> = Vec::new();
            for (text, weight) in holding.get(from as usize..to as usize).unwrap_or_default() {
                for (class, share) in self.texts.get(*text as usize).map_or(&[][..], |text| &text.share) {
                    if let Some(sum) = sums.get_mut(*class as usize) {
                        if *sum == 0.0 {
                            met.push(*class);
                        }
                        *sum += share * weight;
                    }
                }
            }
            met.sort_unstable();
            met.dedup();
            let mut own: Vec<(u32, f32)> = met
                .into_iter()
                .filter_map(|class| Some((class, std::mem::take(sums.get_mut(class as usize)?))))
                .filter(|(_, weight)| weight.abs() > SLIGHT)
                .collect();
            if own.len() > MOST_CLASSES {
                own.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
                own.truncate(MOST_CLASSES);
                own.sort_by_key(|(class, _)| *class);
            }
            weights.add_full(own);
        }
        self.weights = weights;
        self.weights.pack();
        let mut sums = vec![0.0f32; self.weights.len()];
        for (feature, weight) in self.texts.iter().flat_map(|text| &text.vector) {
            if let Some(sum) = sums.get_mut(*feature as usize) {
                *sum += weight;
            }
        }
        let texts = self.texts.len().max(1) as f32;
        self.common = sums.iter().map(|sum| (sum / texts).powi(2)).sum();
    }

    /// Learns one more decided task: at once, without the others being trained again.
    pub fn learn(&mut self, cut: &Cut, class: usize) {
        let new = self.add(cut, class, SMOOTHING, |feature| feature.lasting);
        let similar =
            self.texts.get(new).map(|text| self.similar(&text.vector, &[], NEIGHBOURS)).unwrap_or_default();
        let mut scores = vec![0.0; self.classes];
        for _ in 0..NEW_ROUNDS {
            self.visit(new, &mut scores);
            for (text, _) in &similar {
                self.visit(*text, &mut scores);
            }
        }
    }

    fn add(&mut self, cut: &Cut, class: usize, smoothing: f32, worth: impl Fn(&Feature) -> bool) -> usize {
        let number = self.texts.len();
        let features = weighted(cut, &self.known);
        let mut vector = Vec::with_capacity(features.len());
        for feature in features {
            if feature.id.is_none() && !worth(&feature) {
                continue;
            }
            let id = self.known.number(feature.hash);
            if id as usize == self.weights.len() {
                self.weights.add();
                self.holding.add();
            }
            if let (Some(_), Ok(text)) = (feature.token, u32::try_from(number)) {
                self.holding.push(id, (text, feature.weight));
            }
            vector.push((id, feature.weight));
        }
        vector.shrink_to_fit();
        let class = u32::try_from(class).unwrap_or(u32::MAX);
        self.texts.push(Trained { vector, class, smoothing, share: Vec::new() });
        number
    }

    /// One step towards the text's own class scoring 1 and every other 0.
    fn visit(&mut self, number: usize, scores: &mut [f32]) {
        let Some(text) = self.texts.get(number) else { return };
        scores.fill(0.0);
        add_scores(&self.weights, &text.vector, scores);
        let square: f32 = text.vector.iter().map(|(_, weight)| weight * weight).sum();
        for (class, share) in &text.share {
            if let Some(score) = scores.get_mut(*class as usize) {
                *score += text.smoothing * share;
            }
        }
        if let Some(own) = scores.get_mut(text.class as usize) {
            *own -= 1.0;
        }
        let step = 1.0 / (square + text.smoothing);
        let mut changes: Vec<(u32, f32)> = (0u32..)
            .zip(scores.iter())
            .map(|(class, error)| (class, -error * step))
            .filter(|(_, change)| change.abs() > LEAST)
            .collect();
        changes.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        changes.truncate(RIVALS + 1);
        changes.sort_by_key(|(class, _)| *class);
        for (feature, weight) in &text.vector {
            for (class, change) in &changes {
                let change = change * weight;
                match self.weights.get(*feature).binary_search_by_key(class, |(class, _)| *class) {
                    Ok(at) => {
                        if let Some((_, own)) = self.weights.get_mut(*feature).get_mut(at) {
                            *own += change;
                        }
                    }
                    Err(at) if change.abs() > SLIGHT => self.weights.insert(*feature, at, (*class, change)),
                    Err(_) => {}
                }
            }
        }
        if let Some(text) = self.texts.get_mut(number) {
            for (class, change) in changes {
                add_to(&mut text.share, class, change);
            }
        }
    }

    /// Scores a text against every class.
    pub fn score(&self, cut: &Cut) -> Scores {
        let features = weighted(cut, &self.known);
        let vector = numbered(&features);
        let mut by_class = vec![0.0f32; self.classes];
        add_scores(&self.weights, &vector, &mut by_class);
        let mut scores = self.with_neighbours(by_class, &features, &vector, &[]);
        scores.told = told(&features, |_| 0.0);
        scores
    }

    /// What readings of a decided task would score had it and its copies never been decided. `copies` counts the decided
    /// tasks, in order: all that have its words, itself last.
    pub fn score_without(&self, copies: &[usize], cuts: &[Cut]) -> Option<Vec<Scores>> {
        let first = self.texts.len().checked_sub(self.decided())?;
        let left_out: Vec<usize> = copies.iter().map(|number| first + number).collect();
        let text = self.texts.get(*left_out.last()?)?;
        // Copies are learned as one text of so many times the weight: what all of them add is what it adds.
        let smoothing = text.smoothing / left_out.len() as f32;
        let mut shares: Vec<(u32, f32)> = Vec::new();
        for (class, share) in left_out.iter().filter_map(|copy| self.texts.get(*copy)).flat_map(|t| &t.share)
        {
            add_to(&mut shares, *class, *share);
        }
        let inverse = self.inverse_of(&left_out, smoothing);
        // Left out, a text's own weight is missing, and its neighbours take up part of it.
        let lost = 1.0 / inverse - smoothing;
        let own: ByHash<f32> = text.vector.iter().map(|(id, weight)| (u64::from(*id), *weight)).collect();
        let square: f32 = own.values().map(|weight| weight * weight).sum();
        let score = |cut: &Cut| {
            let features = weighted(cut, &self.known);
            let vector = numbered(&features);
            let mut by_class = vec![0.0f32; self.classes];
            add_scores(&self.weights, &vector, &mut by_class);
            // A hasty copy is like its title as far as they share their words.
            let alike: f32 = vector.iter().filter_map(|(id, w)| Some(w * own.get(&u64::from(*id))?)).sum();
            let part = lost * alike / square.max(1e-6);
            for (class, share) in &shares {
                if let Some(score) = by_class.get_mut(*class as usize) {
                    *score -= share * part;
                }
            }
            let mut scores = self.with_neighbours(by_class, &features, &vector, &left_out);
            let kept = lost / square.max(1e-6);
            scores.told = told(&features, |id| own.get(&u64::from(id)).map_or(0.0, |weight| weight * kept));
            scores.without.clone_from(&shares);
            scores
        };
        Some(cuts.iter().map(score).collect())
    }

    fn decided(&self) -> usize {
        self.texts.iter().rev().take_while(|text| text.smoothing >= SMOOTHING).count()
    }

    fn with_neighbours(
        &self,
        by_class: Vec<f32>,
        features: &[Feature],
        vector: &[(u32, f32)],
        except: &[usize],
    ) -> Scores {
        let near: Vec<(usize, f32)> = self.similar(vector, except, NEAR);
        let class_of = |text: usize| self.texts.get(text).map_or(usize::MAX, |text| text.class as usize);
        let nearest =
            near.first().map_or((0.0, usize::MAX), |(text, similarity)| (*similarity, class_of(*text)));
        let known = self.known(features, except);
        let near =
            near.into_iter().map(|(text, similarity)| (class_of(text), similarity * similarity)).collect();
        Scores { by_class, nearest, known, near, ..Scores::default() }
    }

    /// The nearest texts by their telling features, nearest first, without some, which come in order.
    fn similar(&self, vector: &[(u32, f32)], except: &[usize], count: usize) -> Vec<(usize, f32)> {
        let most = (self.texts.len() / TELLING).clamp(TELLING, MOST_HOLDING);
        let mut sums: Vec<f32> = vec![0.0; self.texts.len()];
        let telling = |(feature, _): &&(u32, f32)| self.holding.get(*feature).len() <= most;
        let telling: Vec<(u32, f32)> = vector.iter().filter(telling).copied().collect();
        for (list, weight) in self.holding.get_all(&telling) {
            for (text, own) in list {
                if let Some(sum) = sums.get_mut(*text as usize) {
                    *sum += weight * own;
                }
            }
        }
        // Of two as near the earlier text goes first; one that shares nothing is not near.
        let (mut best, mut least): (Vec<(usize, f32)>, f32) = (Vec::with_capacity(count + 1), 0.0);
        for (number, some) in sums.chunks(TOGETHER).enumerate() {
            if !some.iter().fold(false, |any, sum| any | (*sum > least)) {
                continue;
            }
            for (text, sum) in (number * TOGETHER..).zip(some) {
                if *sum <= least || except.binary_search(&text).is_ok() {
                    continue;
                }
                let place = best.partition_point(|(_, own)| own >= sum);
                best.insert(place, (text, *sum));
                best.truncate(count);
                if let Some((_, last)) = best.last().filter(|_| best.len() == count) {
                    least = *last;
                }
            }
        }
        best
    }

    /// The diagonal element of the inverse kernel of copies taken as one text of a smoothing, from its nearest texts alone:
    /// others hardly touch it.
    fn inverse_of(&self, copies: &[usize], smoothing: f32) -> f32 {
        let Some((number, text)) = copies.last().and_then(|number| Some((*number, self.texts.get(*number)?)))
        else {
            return 1.0;
        };
        let mut block: Vec<usize> =
            self.similar(&text.vector, copies, NEIGHBOURS).into_iter().map(|(text, _)| text).collect();
        // Last, so that the last pivot of the factor is the reciprocal of what is sought.
        block.push(number);
        let mut spread = vec![0.0f32; self.weights.len()];
        let mut factor: Vec<Vec<f32>> = Vec::with_capacity(block.len());
        let texts: Vec<&Trained> = block.iter().filter_map(|text| self.texts.get(*text)).collect();
        for (i, text) in texts.iter().enumerate() {
            for (feature, weight) in &text.vector {
                if let Some(place) = spread.get_mut(*feature as usize) {
                    *place = *weight;
                }
            }
            let mut row: Vec<f32> = Vec::with_capacity(i + 1);
            for (j, other) in texts.iter().take(i + 1).enumerate() {
                let alike: f32 = other
                    .vector
                    .iter()
                    .map(|(f, weight)| weight * spread.get(*f as usize).unwrap_or(&0.0))
                    .sum();
                let smoothing = match i == j {
                    true if i + 1 == texts.len() => smoothing,
                    true => text.smoothing,
                    false => 0.0,
                };
                let before: f32 = match factor.get(j) {
                    Some(above) => row.iter().zip(above.iter().take(j)).map(|(x, y)| x * y).sum(),
                    None => row.iter().map(|x| x * x).sum(),
                };
                let rest = alike - IN_COMMON * self.common + smoothing - before;
                row.push(match factor.get(j).and_then(|above| above.last()) {
                    Some(pivot) => rest / pivot,
                    None => rest.max(1e-6).sqrt(),
                });
            }
            for (feature, _) in &text.vector {
                if let Some(place) = spread.get_mut(*feature as usize) {
                    *place = 0.0;
                }
            }
            factor.push(row);
        }
        let pivot = factor.last().and_then(|row| row.last()).copied().unwrap_or(1.0);
        1.0 / (pivot * pivot)
    }

    /// How much each token of a text adds to the score of each of some classes, strongest first, positive ones only.
    pub fn explain(&self, scores: &Scores, classes: &[usize]) -> Vec<Vec<(u16, f32)>> {
        let left_out = |class: &usize| {
            let own = scores.without.iter().find(|(own, _)| *own as usize == *class);
            own.map_or(0.0, |(_, share)| *share)
        };
        // Of each class its place among those asked for, counted from 1: one walk through a row finds them all.
        let mut places = vec![0u8; self.classes];
        for (place, class) in (1u8..).zip(classes) {
            if let Some(own) = places.get_mut(*class) {
                *own = place;
            }
        }
        let left_out: Vec<f32> = classes.iter().map(left_out).collect();
        let tokens = scores.told.iter().map(|told| usize::from(told.token) + 1).max().unwrap_or(0);
        let mut sums = vec![vec![0.0f32; tokens]; classes.len()];
        let mut weights = vec![0.0f32; classes.len() + 1];
        for told in &scores.told {
            weights.fill(0.0);
            for (class, weight) in self.weights.get(told.id) {
                let place = places.get(*class as usize).copied().unwrap_or(0);
                if let Some(own) = weights.get_mut(usize::from(place)) {
                    *own = *weight;
                }
            }
            for ((sums, weight), left_out) in sums.iter_mut().zip(weights.iter().skip(1)).zip(&left_out) {
                if let Some(sum) = sums.get_mut(usize::from(told.token)) {
                    *sum += told.weight * (weight - left_out * told.own);
                }
            }
        }
        let strongest = |sums: Vec<f32>| {
            let mut sums: Vec<(u16, f32)> = (0u16..).zip(sums).filter(|(_, sum)| *sum > 0.0).collect();
            sums.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            sums
        };
        sums.into_iter().map(strongest).collect()
    }

    /// How much what speaks for a class leans on one word alone, 0 to 1; 1 where nothing speaks for it.
    pub fn leaning(&self, scores: &Scores, class: usize) -> f32 {
        let words = self.explain(scores, &[class]).into_iter().next().unwrap_or_default();
        let all: f32 = words.iter().map(|(_, sum)| sum).sum();
        words.first().map_or(1.0, |(_, strongest)| strongest / all)
    }

    /// Share of a text's own features that other texts than some have, by squared weight.
    fn known(&self, features: &[Feature], except: &[usize]) -> f32 {
        let (mut all, mut known) = (0.0f32, 0.0f32);
        for feature in features.iter().filter(|feature| feature.token.is_some()) {
            let weight = feature.weight * feature.weight;
            all += weight;
            let texts = feature.id.map_or(&[][..], |id| self.holding.get(id));
            let other = |(text, _): &(u32, f32)| except.binary_search(&(*text as usize)).is_err();
            if texts.iter().any(other) {
                known += weight;
            }
        }
        if all > 0.0 { known / all } else { 0.0 }
    }
}

fn told(features: &[Feature], own: impl Fn(u32) -> f32) -> Vec<Told> {
    let told = |f: &Feature| {
        let id = f.id?;
        Some(Told { id, weight: f.weight, token: f.token?, own: own(id) })
    };
    features.iter().filter_map(told).collect()
}

fn numbered(features: &[Feature]) -> Vec<(u32, f32)> {
    features.iter().filter_map(|feature| Some((feature.id?, feature.weight))).collect()
}

fn add_scores(weights: &Rows, vector: &[(u32, f32)], scores: &mut [f32]) {
    for (row, weight) in weights.get_all(vector) {
        for (class, own) in row {
            if let Some(score) = scores.get_mut(*class as usize) {
                *score += weight * own;
            }
        }
    }
}

fn add_to(row: &mut Vec<(u32, f32)>, class: u32, change: f32) {
    match row.binary_search_by_key(&class, |(class, _)| *class) {
        Ok(at) => {
            if let Some((_, weight)) = row.get_mut(at) {
                *weight += change;
            }
        }
        Err(at) => row.insert(at, (class, change)),
    }
}
