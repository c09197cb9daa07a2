//! The names of columns: which cell names which of them, and which lines are evidently meant as a header.
//!
//! Owns the comparison of a cell with the spellings that are known. It must not know where the header of a table is. Any
//! text is an answer: a cell that names nothing names no column.

use super::Line;
use super::header::Wanted;
use crate::text::fold;
use std::collections::{HashMap, HashSet};

/// Longest text that is compared with the names of columns, in bytes.
const LONGEST: usize = 300;

/// The spellings of the columns that are looked for.
pub struct Names<'a> {
    wanted: &'a [Wanted<'a>],
    key: fn(&str) -> String,
    columns: HashMap<&'a str, Vec<usize>>,
    /// First letters of the spellings: most cells of most rows begin with another one and need no key.
    initials: HashSet<Option<char>>,
}

impl<'a> Names<'a> {
    /// Those of these columns; `key` is what tells two headers apart.
    pub fn of(wanted: &'a [Wanted<'a>], key: fn(&str) -> String) -> Self {
        let mut columns: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, one) in wanted.iter().enumerate() {
            for spelling in one.spellings.iter().filter(|spelling| !spelling.is_empty()) {
                let named = columns.entry(spelling).or_default();
                if named.last() != Some(&index) {
                    named.push(index);
                }
            }
        }
        let initials = columns.keys().map(|spelling| initial(spelling)).collect();
        Self { wanted, key, columns, initials }
    }

    /// The columns that are looked for.
    pub fn wanted(&self) -> &'a [Wanted<'a>] {
        self.wanted
    }

    /// Which of them a cell names.
    pub(super) fn columns(&self, cell: &str) -> &[usize] {
        if cell.is_empty() || cell.len() > LONGEST || !self.initials.contains(&initial(cell)) {
            return &[];
        }
        self.columns.get((self.key)(cell).as_str()).map_or(&[], Vec::as_slice)
    }

    /// Whether a cell is the name of a column.
    pub(super) fn knows(&self, cell: &str) -> bool {
        !self.columns(cell).is_empty()
    }

    /// Whether a line is evidently meant as a header: it names two columns, by half of its cells or beside no number, date or
    /// code, or one that is required beside words without any figure. `Unit: Office of …` above a table is a title.
    pub fn are_in(&self, line: &Line) -> bool {
        let (mut first, mut named) = (None, 0usize);
        for cell in line.cells.iter().filter(|cell| !cell.ends_with(':')) {
            if let Some(one) = self.columns(cell).first().filter(|one| first != Some(**one)) {
                first.get_or_insert(*one);
                named += 1;
            }
        }
        let Some(first) = first else { return false };
        let filled = line.cells.iter().filter(|cell| !cell.is_empty()).count();
        let none = |is: fn(&str) -> bool| !line.cells.iter().any(|cell| is(cell));
        if named > 1 {
            return named * 2 >= filled || none(is_value);
        }
        filled > 1 && none(has_figure) && self.wanted.get(first).is_some_and(|one| one.required)
    }
}

/// Whether a cell is a number, a date or a code: `Year 2026` may be the name of a column.
fn is_value(cell: &str) -> bool {
    has_figure(cell) && !cell.contains(char::is_whitespace)
}

pub(super) fn has_figure(cell: &str) -> bool {
    cell.chars().any(|c| c.is_ascii_digit())
}

/// The first letter or figure of a text, as every key writes it at least: lower case, without accents.
fn initial(text: &str) -> Option<char> {
    let first = text.chars().find(|c| c.is_alphanumeric())?;
    if first.is_ascii() {
        return Some(first.to_ascii_lowercase());
    }
    fold(first.encode_utf8(&mut [0; 4])).chars().next()
}
