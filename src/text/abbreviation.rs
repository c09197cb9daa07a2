//! Short forms of administrative Vietnamese and what they stand for, as data.
//!
//! Owns the table (`abbreviations.txt`: one line each, short form = words) and the choice between two short forms that
//! differ in accents only. It must not know titles. An unknown short form simply stays a word.

use super::fold::{fold, lower_key};
use super::tokens::Token;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Most words of one short form.
const MOST_WORDS: usize = 6;

struct Entry {
    folded: Vec<String>,
    accented: Vec<String>,
    long: Vec<Token>,
}

/// Entries by the first word without accents, the longest first.
static TABLE: LazyLock<HashMap<String, Vec<Entry>>> = LazyLock::new(|| {
    let mut table: HashMap<String, Vec<Entry>> = HashMap::new();
    let lines = include_str!("abbreviations.txt").lines().filter(|line| !line.starts_with('#'));
    for (short, long) in lines.filter_map(|line| line.split_once('=')) {
        let words = |of: fn(&str) -> String| short.split_whitespace().map(of).collect::<Vec<_>>();
        let entry = Entry {
            folded: words(fold),
            accented: words(lower_key),
            long: long.split_whitespace().map(Token::of).collect(),
        };
        if let Some(first) = entry.folded.first() {
            table.entry(first.clone()).or_default().push(entry);
        }
    }
    for entries in table.values_mut() {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.folded.len()));
    }
    table
});

/// The words behind the short form a text begins with, and how many of its words that is. Of two forms that differ in
/// accents only (`hđ`, `hd`) the one written counts, else the first of the table.
pub fn expand(words: &[Token]) -> Option<(usize, &'static [Token])> {
    let entries = TABLE.get(words.first()?.folded.as_str())?;
    let fits = |entry: &&Entry| {
        entry.folded.len() <= words.len().min(MOST_WORDS)
            && entry.folded.iter().zip(words).all(|(form, word)| *form == word.folded)
    };
    let longest = entries.iter().find(fits)?;
    let exact = |entry: &&Entry| {
        entry.folded.len() == longest.folded.len()
            && entry.accented.iter().zip(words).all(|(form, word)| *form == word.accented)
    };
    let chosen = entries.iter().filter(fits).find(exact).unwrap_or(longest);
    Some((chosen.folded.len(), &chosen.long))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(text: &str) -> Option<String> {
        let words: Vec<Token> = text.split(' ').map(Token::of).collect();
        expand(&words).map(|(_, long)| long.iter().map(|t| t.shown.clone()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_longest_form_and_its_accents_decide() {
        assert_eq!(long("gpmb").as_deref(), Some("giải phóng mặt bằng"));
        assert_eq!(long("HĐ").as_deref(), Some("hợp đồng"));
        assert_eq!(long("hd").as_deref(), Some("hướng dẫn"));
        assert_eq!(long("hđ kỷ luật").as_deref(), Some("hội đồng kỷ luật"));
        assert_eq!(long("xyz"), None);
    }

    #[test]
    fn the_table_has_no_form_twice_and_none_is_an_empty_line() {
        let mut seen = std::collections::BTreeSet::new();
        for entry in TABLE.values().flatten() {
            assert!(!entry.long.is_empty() && entry.folded.len() <= MOST_WORDS, "{:?}", entry.accented);
            assert!(seen.insert(entry.accented.clone()), "{:?} stands twice", entry.accented);
        }
    }
}
