//! Short forms of administrative Vietnamese and what they stand for, as data.
//!
//! Owns the built-in table (`abbreviations.txt`: one line each, short form = words), an operator's own entries of the same
//! form, and the choice between two short forms that differ in accents only. It must not know titles or files. An unknown
//! short form simply stays a word; a table with errors is refused whole, with every line that is wrong.

use super::fold::{fold, lower_key};
use super::tokens::Token;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

/// Most words of one short form.
pub const MOST_WORDS: usize = 6;
/// Most words a short form stands for.
pub const MOST_LONG_WORDS: usize = 20;
/// Most characters of a line.
pub const MOST_CHARS: usize = 300;
/// Most entries of an operator's own table, and faults told of one.
pub const MOST_ENTRIES: usize = 2_000;
pub const MOST_FAULTS: usize = 100;

/// Why a line of a table is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No `=` between short form and words.
    NoEqualsSign,
    /// Nothing before the `=` that is a letter or a figure.
    NoShortForm,
    /// Nothing after the `=` that is a letter or a figure.
    NoWords,
    /// More than [`MOST_WORDS`] before or [`MOST_LONG_WORDS`] words after the `=`.
    TooManyWords,
    /// More than [`MOST_CHARS`] characters.
    TooLong,
    /// The short form stands in an earlier line.
    Twice,
    /// More than [`MOST_ENTRIES`] entries; told once.
    TooManyEntries,
}

/// A line that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Its number, 1 first.
    pub line: u32,
    /// What is wrong with it.
    pub why: Why,
}

#[derive(Debug)]
struct Entry {
    folded: Vec<String>,
    accented: Vec<String>,
    long: Vec<Token>,
}

/// Entries by the first word without accents, the longest first.
type Table = HashMap<String, Vec<Entry>>;

static BUILT_IN: LazyLock<Table> =
    LazyLock::new(|| parse(include_str!("abbreviations.txt"), usize::MAX).unwrap_or_default());

/// The short forms that count: the built-in ones and, before them, an operator's own.
#[derive(Debug, Clone, Default)]
pub struct Abbreviations {
    own: Option<Arc<(String, Table)>>,
}

impl PartialEq for Abbreviations {
    fn eq(&self, other: &Self) -> bool {
        self.own() == other.own()
    }
}

impl Abbreviations {
    /// The built-in short forms and those of `extra`, a text in the form of `abbreviations.txt`: a line `short = words`
    /// each, empty lines and lines beginning with `#` left out. An own entry goes before a built-in one of the same form.
    ///
    /// # Errors
    /// Every line that is wrong, at most [`MOST_FAULTS`]; nothing of the table counts then.
    pub fn with(extra: &str) -> Result<Self, Vec<Fault>> {
        let table = parse(extra, MOST_ENTRIES)?;
        let own = (!table.is_empty()).then(|| Arc::new((extra.to_owned(), table)));
        Ok(Self { own })
    }

    /// The operator's own entries as they were given; empty when there are none.
    pub fn own(&self) -> &str {
        self.own.as_ref().map_or("", |own| own.0.as_str())
    }

    /// The words behind the short form a text begins with, and how many of its words that is. The longest form counts,
    /// of two as long the operator's own; of those that differ in accents only (`hđ`, `hd`) the one written first, and
    /// the others after it where none of its words has an accent.
    pub(super) fn expand(&self, words: &[Token]) -> Option<(usize, Vec<&[Token]>)> {
        let own = self.own.as_ref().and_then(|own| found(&own.1, words));
        let built_in = found(&BUILT_IN, words);
        match (own, built_in) {
            (Some(own), Some(built_in)) if built_in.0 > own.0 => Some(built_in),
            (Some(own), _) => Some(own),
            (None, built_in) => built_in,
        }
    }
}

fn parse(text: &str, most: usize) -> Result<Table, Vec<Fault>> {
    let (mut table, mut faults, mut seen) = (Table::new(), Vec::new(), HashSet::new());
    for (line, text) in (1u32..).zip(text.lines()) {
        if text.trim().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        match entry(text) {
            _ if seen.len() >= most => {
                faults.push(Fault { line, why: Why::TooManyEntries });
                break;
            }
            Ok(entry) if seen.contains(&entry.accented) => faults.push(Fault { line, why: Why::Twice }),
            Ok(entry) => {
                seen.insert(entry.accented.clone());
                if let Some(first) = entry.folded.first() {
                    table.entry(first.clone()).or_default().push(entry);
                }
            }
            Err(why) => faults.push(Fault { line, why }),
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    for entries in table.values_mut() {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.folded.len()));
    }
    if faults.is_empty() { Ok(table) } else { Err(faults) }
}

fn entry(line: &str) -> Result<Entry, Why> {
    if line.chars().nth(MOST_CHARS).is_some() {
        return Err(Why::TooLong);
    }
    let (short, long) = line.split_once('=').ok_or(Why::NoEqualsSign)?;
    // Titles are cut the same way: "b/c" is two words there as well.
    let words = |text: &str| {
        let whole = super::fold::clean(text);
        super::tokens::words(&whole)
            .filter(|word| !fold(word).is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (short, long) = (words(short), words(long));
    match (short.len(), long.len()) {
        (0, _) => Err(Why::NoShortForm),
        (_, 0) => Err(Why::NoWords),
        (short, long) if short > MOST_WORDS || long > MOST_LONG_WORDS => Err(Why::TooManyWords),
        _ => Ok(Entry {
            folded: short.iter().map(|word| fold(word)).collect(),
            accented: short.iter().map(|word| lower_key(word)).collect(),
            long: long.iter().map(|word| Token::of(word)).collect(),
        }),
    }
}

fn found<'t>(table: &'t Table, words: &[Token]) -> Option<(usize, Vec<&'t [Token]>)> {
    let entries = table.get(words.first()?.folded.as_str())?;
    let fits = |entry: &&Entry| {
        entry.folded.len() <= words.len()
            && entry.folded.iter().zip(words).all(|(form, word)| *form == word.folded)
    };
    let longest = entries.iter().find(fits)?;
    let exact = |entry: &&Entry| {
        entry.folded.len() == longest.folded.len()
            && entry.accented.iter().zip(words).all(|(form, word)| *form == word.accented)
    };
    let chosen = entries.iter().filter(fits).find(exact).unwrap_or(longest);
    let len = chosen.folded.len();
    let bare = words.iter().take(len).all(|word| word.accented == word.folded);
    let others = entries.iter().filter(fits).filter(|entry| bare && entry.folded.len() == len);
    let others = others.filter(|entry| entry.accented != chosen.accented);
    let all = std::iter::once(chosen).chain(others).map(|entry| entry.long.as_slice());
    Some((len, all.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(forms: &Abbreviations, text: &str) -> Option<String> {
        let words: Vec<Token> = text.split(' ').map(Token::of).collect();
        let long = forms
            .expand(&words)
            .and_then(|(_, all)| all.first().map(|long| long.iter().map(|t| t.shown.clone())));
        long.map(|words| words.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_longest_form_and_its_accents_decide() {
        let long = |text: &str| long(&Abbreviations::default(), text);
        assert_eq!(long("gpmb").as_deref(), Some("giải phóng mặt bằng"));
        assert_eq!(long("HĐ").as_deref(), Some("hợp đồng"));
        assert_eq!(long("hd").as_deref(), Some("hướng dẫn"));
        assert_eq!(long("hđ kỷ luật").as_deref(), Some("hội đồng kỷ luật"));
        assert_eq!(long("xyz"), None);
    }

    #[test]
    fn an_operators_own_form_counts_before_a_built_in_one_but_not_before_a_longer_one() {
        let own = Abbreviations::with("# ours\n\nHĐ = hoạt động\nQ/LĐT = quản lý đô thị\n").expect("a table");
        assert_eq!(long(&own, "hđ").as_deref(), Some("hoạt động"));
        assert_eq!(long(&own, "hđ kỷ luật").as_deref(), Some("hội đồng kỷ luật"));
        assert_eq!(long(&own, "q lđt").as_deref(), Some("quản lý đô thị"));
        assert_eq!(long(&own, "gpmb").as_deref(), Some("giải phóng mặt bằng"));
        assert_ne!(own, Abbreviations::default());
        assert_eq!(Abbreviations::with("# nothing\n").expect("empty"), Abbreviations::default());
    }

    #[test]
    fn every_wrong_line_of_a_table_is_told() {
        let text = format!("a b\n= x\nb = ...\nc = x\nC = y\nd = {}\n1 2 3 4 5 6 7 = x\n", "x".repeat(400));
        let faults = Abbreviations::with(&text).expect_err("refused");
        let told: Vec<_> = faults.iter().map(|fault| (fault.line, fault.why)).collect();
        assert_eq!(
            told,
            [
                (1, Why::NoEqualsSign),
                (2, Why::NoShortForm),
                (3, Why::NoWords),
                (5, Why::Twice),
                (6, Why::TooLong),
                (7, Why::TooManyWords)
            ]
        );
        let many: String = (0..=MOST_ENTRIES).map(|number| format!("x{number} = y\n")).collect();
        let faults = Abbreviations::with(&many).expect_err("refused");
        assert_eq!(faults, [Fault { line: 2_001, why: Why::TooManyEntries }]);
    }

    #[test]
    fn the_built_in_table_is_sound() {
        let table = parse(include_str!("abbreviations.txt"), usize::MAX);
        assert!(table.is_ok_and(|table| !table.is_empty()));
    }
}
