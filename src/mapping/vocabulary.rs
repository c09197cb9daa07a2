//! The words titles are made of, and the repair of slips against them.
//!
//! Owns the syllables and pairs of the catalog, of the known expressions and of decided tasks, and the correction of a word
//! none of them has: one letter lost, added, changed or exchanged, or a missing blank. It must not know products. A word is
//! corrected only where the corrected one and its neighbour are a pair that is known; otherwise it stays. Deterministic.

use super::hashed::ByHash;
use super::phrase;
use crate::text::{Abbreviations, Token, tokens_with};

/// Decided tasks a word must stand in to count: one alone may be a slip itself.
const FEWEST: u32 = 2;
/// Letters a word must have to be corrected, and at most.
const SHORTEST: usize = 3;
const LONGEST: usize = 14;

/// Known words and pairs.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    /// By hash without accents: how often, and the word as it is written.
    words: ByHash<(u32, Token)>,
    pairs: ByHash<u32>,
    forms: Abbreviations,
}

impl Vocabulary {
    /// The vocabulary of a catalog's texts and the decided tasks, cut with the same short forms.
    pub fn of<'a>(
        forms: &Abbreviations,
        catalog: impl Iterator<Item = &'a [Token]>,
        tasks: impl Iterator<Item = &'a [Token]>,
    ) -> Self {
        let mut all = Self { forms: forms.clone(), ..Self::default() };
        for text in phrase::expressions() {
            all.add(text, FEWEST);
        }
        for text in catalog {
            all.add(text, FEWEST);
        }
        for text in tasks {
            all.add(text, 1);
        }
        all.words.retain(|_, (count, _)| *count >= FEWEST);
        all.pairs.retain(|_, count| *count >= FEWEST);
        all
    }

    fn add(&mut self, text: &[Token], count: u32) {
        for (index, token) in text.iter().enumerate() {
            self.words.entry(word(&token.folded)).or_insert_with(|| (0, token.clone())).0 += count;
            if let Some(next) = text.get(index + 1) {
                *self.pairs.entry(pair(&token.folded, &next.folded)).or_insert(0) += count;
            }
        }
    }

    /// The tokens of a title, short forms spelt out and slips repaired.
    pub fn tokens(&self, title: &str) -> Vec<Token> {
        self.corrected(tokens_with(title, &self.forms))
    }

    fn corrected(&self, tokens: Vec<Token>) -> Vec<Token> {
        let strange = |token: &Token| {
            (SHORTEST..=LONGEST).contains(&token.folded.len())
                && token.folded.bytes().all(|byte| byte.is_ascii_lowercase())
                && !self.words.contains_key(&word(&token.folded))
        };
        if !tokens.iter().any(strange) {
            return tokens;
        }
        let mut out: Vec<Token> = Vec::with_capacity(tokens.len() + 1);
        for (index, token) in tokens.iter().enumerate() {
            if !strange(token) {
                out.push(token.clone());
                continue;
            }
            let before = out.last().map(|token| token.folded.clone());
            let after = tokens.get(index + 1).map(|token| token.folded.as_str());
            match self.repaired(&token.folded, before.as_deref(), after) {
                Some(repaired) => out.extend(repaired),
                None => out.push(token.clone()),
            }
        }
        out
    }

    fn repaired(&self, strange: &str, before: Option<&str>, after: Option<&str>) -> Option<Vec<Token>> {
        let mut best: Option<(u32, &Token)> = None;
        for variant in variants(strange) {
            let Some((_, token)) = self.words.get(&word(&variant)) else { continue };
            let beside = |left: Option<&str>, right: Option<&str>| {
                let known = left.zip(right).and_then(|(left, right)| self.pairs.get(&pair(left, right)));
                known.copied().unwrap_or(0)
            };
            let fit = beside(before, Some(&variant)) + beside(Some(&variant), after);
            let better =
                best.is_none_or(|(most, chosen)| fit > most || (fit == most && token.folded < chosen.folded));
            if fit > 0 && better {
                best = Some((fit, token));
            }
        }
        if let Some((_, token)) = best {
            return Some(vec![token.clone()]);
        }
        let splits = (2..strange.len().saturating_sub(1)).filter_map(|at| strange.split_at_checked(at));
        let both = splits
            .filter_map(|(left, right)| {
                let known = *self.pairs.get(&pair(left, right))?;
                let (left, right) = (self.words.get(&word(left))?, self.words.get(&word(right))?);
                Some((known, vec![left.1.clone(), right.1.clone()]))
            })
            .max_by_key(|(known, _)| *known);
        both.map(|(_, words)| words)
    }
}

/// Every word one slip away, in a fixed order.
fn variants(strange: &str) -> impl Iterator<Item = String> {
    let letters = strange.as_bytes().to_vec();
    let length = letters.len();
    let of = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default();
    let (lost, swapped, changed, added) = (letters.clone(), letters.clone(), letters.clone(), letters);
    let lost = (0..length).map(move |at| {
        let mut word = lost.clone();
        word.remove(at);
        of(word)
    });
    let swapped = (1..length).map(move |at| {
        let mut word = swapped.clone();
        word.swap(at - 1, at);
        of(word)
    });
    let changed = (0..length).flat_map(move |at| {
        let letters = changed.clone();
        (b'a'..=b'z').map(move |letter| {
            let mut word = letters.clone();
            if let Some(place) = word.get_mut(at) {
                *place = letter;
            }
            of(word)
        })
    });
    let added = (0..=length).flat_map(move |at| {
        let letters = added.clone();
        (b'a'..=b'z').map(move |letter| {
            let mut word = letters.clone();
            word.insert(at, letter);
            of(word)
        })
    });
    lost.chain(swapped).chain(changed).chain(added)
}

fn word(folded: &str) -> u64 {
    super::features::hash(folded)
}

fn pair(left: &str, right: &str) -> u64 {
    super::features::key("", &[left, right])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(text: &str) -> String {
        let vocabulary = Vocabulary::of(&Abbreviations::default(), std::iter::empty(), std::iter::empty());
        vocabulary.tokens(text).into_iter().map(|token| token.folded).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn slips_beside_a_known_word_are_repaired_and_names_stay() {
        assert_eq!(repaired("cap giay phpe xay dung nha"), "cap giay phep xay dung nha");
        assert_eq!(repaired("báo cáo tiếnn độ"), "bao cao tien do");
        assert_eq!(repaired("xử phạt viphạm hành chính"), "xu phat vi pham hanh chinh");
        assert_eq!(repaired("chở Kpuih Hlel"), "cho kpuih hlel");
    }
}
