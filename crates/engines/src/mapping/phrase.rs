//! What the field knows of its own language: expressions that mean the same, names of bodies that say nothing, forms of
//! output, and work that no catalog holds.
//!
//! Owns the table (`phrases.txt`) and its search in a text. It must not know products: an expression joins a title with a
//! catalog's words, whatever the catalog. An unknown expression simply stays words.

use super::features::hash;
use super::hashed::ByHash;
use crate::text::{Token, tokens};
use std::sync::LazyLock;

/// What an expression is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A matter.
    Matter,
    /// A form of output: plan, report, comment.
    Form,
    /// The name of a body: its words are not about the work.
    Body,
    /// Work outside every catalog.
    Outside,
}

/// An expression found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub name: &'static str,
    pub kind: Kind,
    /// First token and number of tokens.
    pub at: usize,
    pub len: usize,
}

struct Entry {
    words: Vec<Token>,
    /// Hashes of the words without accents.
    folded: Vec<u64>,
    name: &'static str,
    kind: Kind,
}

#[derive(Default)]
struct Table {
    /// By the hash of the first word.
    by_first: ByHash<Vec<Entry>>,
    outside: Vec<(&'static str, &'static str)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    let lines = include_str!("phrases.txt").lines().filter(|line| !line.starts_with('#'));
    for (name, list) in lines.filter_map(|line| line.split_once('=')) {
        let name = name.trim();
        let (name, kind) = match name.split_at_checked(1) {
            Some(("-", _)) => (name, Kind::Body),
            Some(("@", rest)) => (rest, Kind::Form),
            Some(("!", rest)) => (rest, Kind::Outside),
            _ => (name, Kind::Matter),
        };
        if kind == Kind::Outside {
            table.outside.push((name, list));
        }
        for expression in list.split('|') {
            let words = tokens(expression);
            let folded: Vec<u64> = words.iter().map(|word| hash(&word.folded)).collect();
            if let Some(first) = folded.first().copied() {
                table.by_first.entry(first).or_default().push(Entry { words, folded, name, kind });
            }
        }
    }
    for entries in table.by_first.values_mut() {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.words.len()));
    }
    table
});

/// The expressions in a text: at each place the longest ones. A single word has to have its accents where the text has
/// any; several words together are sure enough without.
pub(super) fn find(text: &[Token], accents: bool) -> Vec<Hit> {
    let mut out: Vec<Hit> = Vec::new();
    let folded: Vec<u64> = text.iter().map(|word| hash(&word.folded)).collect();
    for at in 0..text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let hashes = folded.get(at..).unwrap_or_default();
        let entries = hashes.first().and_then(|first| TABLE.by_first.get(first));
        let mut longest = 0;
        for entry in entries.into_iter().flatten() {
            let len = entry.words.len();
            if len < longest || !hashes.starts_with(&entry.folded) {
                continue;
            }
            let same = entry.words.iter().zip(rest).all(|(word, own)| word.folded == own.folded);
            let alike =
                || entry.words.iter().zip(rest).filter(|(word, own)| word.accented == own.accented).count();
            let sure = |alike: usize| alike == len || (len > 1 && alike * 2 >= len);
            if same && (!accents || sure(alike())) {
                longest = len;
                if !out.iter().any(|hit| hit.at == at && hit.name == entry.name) {
                    out.push(Hit { name: entry.name, kind: entry.kind, at, len });
                }
            }
        }
    }
    out
}

/// Every expression's words.
pub(super) fn expressions() -> impl Iterator<Item = &'static [Token]> {
    TABLE.by_first.values().flatten().map(|entry| entry.words.as_slice())
}

/// Work outside every catalog: name of the matter and expressions for it.
pub(super) fn outside() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    TABLE.outside.iter().map(|(name, list)| (*name, list.split('|').map(str::trim).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        let words = tokens(text);
        let accents = words.iter().any(|word| word.accented != word.folded);
        find(&words, accents).into_iter().map(|hit| hit.name).collect()
    }

    #[test]
    fn an_expression_keeps_every_word_when_it_is_cut() {
        let lines = include_str!("phrases.txt").lines().filter(|line| !line.starts_with('#'));
        let expressions = lines.filter_map(|line| line.split_once('=')).flat_map(|(_, list)| list.split('|'));
        let short: Vec<&str> =
            expressions.filter(|text| tokens(text).len() < text.split_whitespace().count()).collect();
        assert_eq!(short, Vec::<&str>::new());
    }

    #[test]
    fn expressions_are_found_with_and_without_accents() {
        assert!(names("Chi trả tiền đền bù").contains(&"clearance"));
        assert!(names("chi tra tien den bu").contains(&"clearance"));
        assert_eq!(names("Gặp bạn hàng ở phố"), Vec::<&str>::new());
        assert!(names("Sở Y tế").contains(&"-"));
    }
}
