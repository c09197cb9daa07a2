//! The words titles are made of: syllables, pairs of them, and the runs of words that short forms abbreviate.
//!
//! Owns what the catalog, the known expressions and decided tasks are written with, and finds the known words a slip may have
//! been. It must not know products or which reading of a title is the best (`slips` decides that). Deterministic.

use super::features::{hash as word, key, mix};
use super::hashed::ByHash;
use super::phrase;
use crate::text::{Abbreviations, Token};
use std::collections::BTreeMap;

/// Decided tasks a word must stand in to count: one alone may be a slip itself.
const FEWEST: u32 = 2;
/// Words of a run that may be written by its initials, at most.
const LONGEST_RUN: usize = 5;
/// Runs kept of the same initials.
const RUNS: usize = 6;

/// A known word: how often, and the ways it is written with accents, the most frequent first.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub folded: String,
    /// Its hash.
    pub hash: u64,
    pub count: u32,
    forms: Vec<(Token, u32)>,
}

impl Entry {
    /// The way of writing nearest to what was typed; without accents where the title has none.
    pub fn as_typed(&self, typed: &Token, accents: bool) -> Token {
        if !accents {
            return Token::of(&self.folded);
        }
        if let [(form, _)] = self.forms.as_slice() {
            return form.clone();
        }
        let letters: Vec<char> = typed.accented.chars().collect();
        let common = |form: &Token| {
            let mut left = letters.clone();
            form.accented
                .chars()
                .filter(|c| left.iter().position(|own| own == c).map(|at| left.remove(at)).is_some())
                .count()
        };
        let mut best: Option<(usize, &Token)> = None;
        for (form, _) in &self.forms {
            let common = common(form);
            if best.is_none_or(|(most, _)| common > most) {
                best = Some((common, form));
            }
        }
        best.map_or_else(|| Token::of(&self.folded), |(_, form)| form.clone())
    }
}

/// Known words and pairs.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    words: Vec<Entry>,
    /// Numbers of the words by their hash without accents, and by that of every word one letter shorter.
    numbers: ByHash<u32>,
    shorter: ByHash<Vec<u32>>,
    pairs: ByHash<u32>,
    /// Runs of words by the hash of their initials, the most frequent first.
    runs: ByHash<Vec<(Vec<Token>, u32)>>,
    pub forms: Abbreviations,
}

/// What is counted before the rare is left out.
#[derive(Default)]
struct Counted {
    words: BTreeMap<String, BTreeMap<String, (Token, u32)>>,
    pairs: ByHash<u32>,
    runs: BTreeMap<Vec<String>, (Vec<Token>, u32)>,
}

impl Counted {
    fn add(&mut self, text: &[Token], count: u32, runs: bool) {
        for (index, token) in text.iter().enumerate() {
            let forms = self.words.entry(token.folded.clone()).or_default();
            forms.entry(token.accented.clone()).or_insert_with(|| (token.clone(), 0)).1 += count;
            if let Some(next) = text.get(index + 1) {
                *self.pairs.entry(pair(&token.folded, &next.folded)).or_insert(0) += count;
            }
            for length in (2..=LONGEST_RUN).filter(|_| runs) {
                let Some(run) = text.get(index..index + length) else { break };
                let key = run.iter().map(|token| token.accented.clone()).collect();
                self.runs.entry(key).or_insert_with(|| (run.to_vec(), 0)).1 += count;
            }
        }
    }
}

impl Vocabulary {
    /// The vocabulary of a catalog's texts and the decided tasks, cut with the same short forms.
    pub fn of<'a>(
        forms: &Abbreviations,
        catalog: impl Iterator<Item = &'a [Token]>,
        tasks: impl Iterator<Item = &'a [Token]>,
    ) -> Self {
        let mut counted = Counted::default();
        for text in phrase::expressions() {
            counted.add(text, FEWEST, true);
        }
        for text in catalog {
            counted.add(text, FEWEST, true);
        }
        for text in tasks {
            counted.add(text, 1, false);
        }
        let mut all = Self { forms: forms.clone(), ..Self::default() };
        for (folded, forms) in counted.words {
            let count = forms.values().map(|(_, count)| count).sum();
            if count < FEWEST {
                continue;
            }
            let number = u32::try_from(all.words.len()).unwrap_or(u32::MAX);
            all.numbers.insert(word(&folded), number);
            for shorter in less_one(&folded) {
                let list = all.shorter.entry(shorter).or_default();
                if list.last() != Some(&number) {
                    list.push(number);
                }
            }
            let mut forms: Vec<(Token, u32)> = forms.into_values().collect();
            forms.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            all.words.push(Entry { hash: word(&folded), folded, count, forms });
        }
        counted.pairs.retain(|_, count| *count >= FEWEST);
        all.pairs = counted.pairs;
        for (run, count) in counted.runs.into_values() {
            for key in short_for(&run) {
                all.runs.entry(key).or_default().push((run.clone(), count));
            }
        }
        for runs in all.runs.values_mut() {
            runs.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            runs.truncate(RUNS);
        }
        all
    }

    /// The known word written so without accents.
    pub fn get(&self, folded: &str) -> Option<&Entry> {
        self.numbers.get(&word(folded)).and_then(|number| self.words.get(*number as usize))
    }

    /// How often two words stand beside each other.
    pub fn beside(&self, left: &str, right: &str) -> u32 {
        self.pairs.get(&pair(left, right)).copied().unwrap_or(0)
    }

    /// The same of a word known by its hash and the one after it.
    pub fn follows(&self, left: u64, right: &str) -> u32 {
        self.pairs.get(&mix(mix(left, " "), right)).copied().unwrap_or(0)
    }

    /// Known words that one letter lost, added, changed or exchanged may have turned into this one.
    pub fn alike(&self, folded: &str) -> Vec<&Entry> {
        let own = less_one(folded);
        let mut numbers: Vec<u32> = std::iter::once(word(folded))
            .chain(own.iter().copied())
            .filter_map(|key| self.shorter.get(&key))
            .flatten()
            .copied()
            .chain(own.iter().filter_map(|key| self.numbers.get(key)).copied())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| self.words.get(number as usize)).collect()
    }

    /// Runs of words this may be a short form of, the most frequent first.
    pub fn runs_for(&self, short: &str) -> &[(Vec<Token>, u32)] {
        self.runs.get(&word(short)).map_or(&[], Vec::as_slice)
    }
}

/// How a run of words is shortened: its initials ("kq"), or initials and the last word ("ktra").
fn short_for(run: &[Token]) -> Vec<u64> {
    let initial = |token: &Token| token.folded.chars().next().filter(char::is_ascii_lowercase);
    let Some(initials) = run.iter().map(initial).collect::<Option<String>>() else { return Vec::new() };
    let last = run.last().map_or("", |token| token.folded.as_str());
    let before: String = initials.chars().take(run.len().saturating_sub(1)).collect();
    let mut keys = vec![word(&initials)];
    if last.len() > 1 {
        keys.push(word(&format!("{before}{last}")));
    }
    keys
}

/// Hashes of a word with each of its letters left out.
fn less_one(folded: &str) -> Vec<u64> {
    (0..folded.len()).filter_map(|at| Some(mix(word(folded.get(..at)?), folded.get(at + 1..)?))).collect()
}

fn pair(left: &str, right: &str) -> u64 {
    key("", &[left, right])
}
