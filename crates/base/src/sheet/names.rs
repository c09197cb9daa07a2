//! The names of columns: which cell names which of them, and which lines are evidently meant as a header.
//!
//! Owns the comparison of a cell with the spellings that are known. It must not know where the header of a table is. Any
//! text is an answer: a cell that names nothing names no column.

use super::Line;
use super::header::Wanted;
use super::looks::{filled, has_figure, is_row, is_unbroken, is_value};
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

    /// Whether lines begin with one that is evidently meant as a header: it names two columns, by half of its cells or beside
    /// no number, date or code; or one that is required, beside words without any figure, where a row follows before the
    /// next header. `Unit: Office of …` above a table is a title, and so is `Người phụ trách` above a signature.
    pub fn head(&self, lines: &[Line]) -> bool {
        let Some((line, below)) = lines.split_first() else { return false };
        match self.told_by(line) {
            None => false,
            Some(Sign::Several) => true,
            Some(Sign::One) => {
                let enough = filled(line).div_ceil(2).max(2);
                let mut below = below.iter().take_while(|line| self.told_by(line).is_none());
                below.any(|line| {
                    let values = line.cells.iter().any(|cell| has_figure(cell));
                    is_row(line, enough) && (values || is_unbroken(line))
                })
            }
        }
    }

    /// Whether a line may be a header by itself, whatever follows it.
    pub fn may_head(&self, line: &Line) -> bool {
        self.told_by(line).is_some()
    }

    /// What of a line says that it may be a header.
    fn told_by(&self, line: &Line) -> Option<Sign> {
        let (mut first, mut named) = (None, 0usize);
        for cell in line.cells.iter().filter(|cell| !cell.ends_with(':')) {
            if let Some(one) = self.columns(cell).first().filter(|one| first != Some(**one)) {
                first.get_or_insert(*one);
                named += 1;
            }
        }
        let (first, filled) = (first?, filled(line));
        let none = |is: fn(&str) -> bool| !line.cells.iter().any(|cell| is(cell));
        if named > 1 {
            return (named * 2 >= filled || none(is_value)).then_some(Sign::Several);
        }
        let is_required = self.wanted.get(first).is_some_and(|one| one.required);
        (filled > 1 && none(has_figure) && is_required).then_some(Sign::One)
    }
}

/// What says that a line may be a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// The names of several columns.
    Several,
    /// The name of one column, beside words.
    One,
}

/// The first letter or figure of a text, as every key writes it at least: lower case, without accents.
fn initial(text: &str) -> Option<char> {
    let first = text.chars().find(|c| c.is_alphanumeric())?;
    if first.is_ascii() {
        return Some(first.to_ascii_lowercase());
    }
    fold(first.encode_utf8(&mut [0; 4])).chars().next()
}
