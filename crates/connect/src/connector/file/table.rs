//! Sheets as people make them: repeated headers, group rows, merged and left out cells, total rows.
//!
//! Owns which rows of a file are data, which columns they have and what their cells mean by where they stand. It must
//! not know files or pages. A header that could be read in two ways refuses the file; a row without its whole key, with
//! a failed formula or a broken quote is a row with a fault.

use super::finding;
use super::title::{Title, title_of};
use super::{Row, TableOptions};
use crate::error::Finding;
use crate::sheet::header::{self, Header, Wanted};
use crate::sheet::names::Names;
use crate::sheet::{ERROR_CELL, Line, Sheet, Sheets, stray};
use crate::text::{fold, lower_key};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Longest key made of several columns before its end becomes a digest, in characters.
const LONG_KEY: usize = 150;

/// A file whose tables are known.
#[derive(Debug)]
pub(super) struct Tables {
    sheets: Vec<Sheet>,
    parts: Vec<Part>,
    /// Line that may be cut off.
    pub(super) cut_off: Option<u32>,
}

/// Rows under one header.
#[derive(Debug)]
pub(super) struct Part {
    sheet: usize,
    rows: Range<usize>,
    pub(super) columns: Vec<(String, usize)>,
    /// The columns of the key.
    pub(super) key: Vec<usize>,
    /// The columns a table is of no use without.
    pub(super) required: Vec<usize>,
    begins: Begins,
}

/// What begins with a header, and so what of the rows above it goes on below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    /// A sheet: nothing.
    Sheet,
    /// A table with other columns: its group.
    Table,
    /// The same table once more, as on the next page: its group and the cells that are filled down.
    Again,
}

impl Tables {
    /// Finds the tables of the sheets. The second answer says which sheets have none.
    ///
    /// # Errors
    /// LT-FIL-002 no header; LT-TAB-007, LT-TAB-008 a header with two meanings; LT-TAB-010 a further header lacks a required
    /// column; LT-TAB-011 rows above the header.
    pub(super) fn find(sheets: Vec<Sheet>, options: &TableOptions) -> Result<(Self, Vec<Finding>), Finding> {
        let mut tables = Self { sheets, parts: Vec::new(), cut_off: None };
        let (mut told, mut missing) = (Vec::new(), None);
        for index in 0..tables.sheets.len() {
            let Some(sheet) = tables.sheets.get_mut(index) else { continue };
            match parts(sheet, index, options) {
                Ok(parts) => tables.parts.extend(parts),
                Err(finding) if finding.code == "LT-FIL-002" && options.reading.sheets == Sheets::All => {
                    told.push(finding::without_table(
                        &sheet.name,
                        sheet.title.as_deref().unwrap_or_default(),
                    ));
                    missing = Some(finding);
                }
                Err(finding) => return Err(finding),
            }
        }
        match missing {
            Some(finding) if tables.parts.is_empty() => Err(finding),
            _ => Ok((tables, told)),
        }
    }

    /// Its rows, those with a fault included, one after the other; broken lines at the end.
    pub(super) fn rows<'a>(&'a self, options: &'a TableOptions) -> impl Iterator<Item = Row> + 'a {
        let mut above = Above::default();
        let rows = self.parts.iter().flat_map(|part| {
            let sheet = self.sheets.get(part.sheet);
            let lines = sheet.and_then(|sheet| sheet.lines.get(part.rows.clone())).unwrap_or_default();
            let file = sheet.and_then(|sheet| file_of(sheet, part.sheet));
            // A table without rows begins, too.
            let lines = std::iter::once(None).chain(lines.iter().map(Some));
            lines.map(move |line| (part, sheet, file.clone(), line))
        });
        let rows = rows.filter_map(move |(part, sheet, file, line)| {
            let Some(line) = line else {
                match part.begins {
                    Begins::Sheet => above = Above::default(),
                    Begins::Table => above.cells.clear(),
                    Begins::Again => {}
                }
                return None;
            };
            let mut row = row(sheet?, line, part, &mut above, options)?;
            row.fault =
                row.fault.or_else(|| (self.cut_off == Some(line.number)).then(finding::perhaps_cut_off));
            row.file = file;
            Some(row)
        });
        rows.chain(self.broken(options))
    }

    fn broken<'a>(&'a self, options: &'a TableOptions) -> impl Iterator<Item = Row> + 'a {
        self.sheets.iter().enumerate().flat_map(move |(index, sheet)| {
            sheet.broken.iter().map(move |line| {
                // The last table whose header stands above it.
                let is_below = |part: &&Part| {
                    let header = part.rows.start.checked_sub(1).and_then(|last| sheet.lines.get(last));
                    part.sheet == index && header.is_some_and(|header| header.number < line.number)
                };
                let part = self.parts.iter().rev().find(is_below);
                let columns = part.map(|part| part.columns.as_slice()).unwrap_or_default();
                let cell = |name: &str| {
                    let at = columns.iter().find(|(column, _)| column == name)?.1;
                    line.cells.get(at).map(String::as_str)
                };
                Row {
                    key: key_of(&options.key, cell),
                    line: line.number,
                    body: serde_json::json!({ "line": line.text }).to_string().into(),
                    fault: Some(line.finding(&sheet.name)),
                    ..Row::default()
                }
            })
        })
    }
}

/// What messages call a sheet that is not the first of its file.
fn file_of(sheet: &Sheet, index: usize) -> Option<Arc<str>> {
    let title = sheet.title.as_deref().filter(|_| index > 0)?;
    Some(format!("{} [{title}]", sheet.name).into())
}

/// What rows above say of those below.
#[derive(Default)]
struct Above {
    group: Option<String>,
    cells: BTreeMap<String, String>,
}

/// A row as a record; none where it says nothing of its own.
fn row(sheet: &Sheet, line: &Line, part: &Part, above: &mut Above, options: &TableOptions) -> Option<Row> {
    let total = line.cells.iter().find(|cell| !cell.is_empty()).is_some_and(|cell| {
        let cell = cell.to_lowercase();
        options.totals.iter().any(|word| cell.starts_with(word))
    });
    if total {
        return None;
    }
    let named = part.columns.iter();
    let cells = named.map(|(name, at)| (name.as_str(), line.cells.get(*at).map_or("", String::as_str)));
    let mut record: BTreeMap<&str, &str> = cells.filter(|(_, cell)| !cell.is_empty()).collect();
    let key = key_of(&options.key, |name| record.get(name).copied());
    let title = options.group.as_ref().and_then(|_| title_of(sheet, line, part, key.is_some()));
    let unclear = match title {
        Some(Title::Group(title)) => {
            *above = Above { group: Some(title), cells: BTreeMap::new() };
            return None;
        }
        Some(Title::Unclear) => {
            *above = Above::default();
            Some(finding::title_or_row())
        }
        None => None,
    };
    let is_here = |name: &&String| part.columns.iter().any(|(column, _)| column == *name);
    for name in options.fill_down.iter().filter(is_here) {
        if let Some(cell) = record.get(name.as_str()) {
            above.cells.insert(name.clone(), (*cell).to_owned());
        }
    }
    for name in options.fill_down.iter().filter(is_here) {
        if let Some(cell) = above.cells.get(name) {
            record.entry(name).or_insert(cell);
        }
    }
    if let (Some(column), Some(group)) = (&options.group, &above.group) {
        record.entry(column).or_insert(group);
    }
    let failed = record
        .iter()
        .find(|(_, cell)| is_error(cell))
        .map(|(column, _)| finding::failed_formula(options.header(column)))
        .or(unclear);
    let body = Bytes::from(serde_json::to_vec(&record).unwrap_or_default());
    Some(Row { key, line: line.number, body, fault: failed, ..Row::default() })
}

/// The key of a row: its only column without invisible characters, or several columns compared as people compare
/// them. None where one of them is empty.
fn key_of<'a>(columns: &[String], cell: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    if let [column] = columns {
        let key = without_invisible(cell(column)?);
        return (!key.is_empty()).then_some(key);
    }
    let cells = columns.iter().map(|column| cell(column).map(fold).filter(|cell| !cell.is_empty()));
    let key = cells.collect::<Option<Vec<String>>>()?.join(" | ");
    if key.chars().count() <= LONG_KEY {
        return Some(key);
    }
    let digest = Sha256::digest(&key);
    let end: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Some(key.chars().take(LONG_KEY).chain(" #".chars()).chain(end.chars()).collect())
}

/// Keys that look the same are the same.
fn without_invisible(key: &str) -> String {
    let invisible = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}');
    key.chars().filter(|c| !invisible(*c)).collect::<String>().trim().to_owned()
}

/// Whether a cell holds what a failed formula leaves behind.
fn is_error(cell: &str) -> bool {
    [ERROR_CELL, "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"].contains(&cell)
}

/// The tables of a sheet. A header that stands again begins the next one, with the same columns or others; one that lacks a
/// required column refuses the file: its rows would be read by the columns of the table above.
fn parts(sheet: &mut Sheet, index: usize, options: &TableOptions) -> Result<Vec<Part>, Finding> {
    let wanted = wanted(options);
    let names = Names::of(&wanted, plain);
    let header = find(sheet, header::anywhere(), &names)?;
    let missing = header.missing(&wanted);
    if !missing.is_empty() {
        let name =
            sheet.title.as_ref().filter(|_| index > 0).map(|title| format!("{} [{title}]", sheet.name));
        return Err(finding::no_header(&missing, name.as_deref().unwrap_or(&sheet.name)));
    }
    let columns = |header: &Header| {
        let found = options.columns.iter().zip(&header.columns);
        found.filter_map(|(column, at)| at.map(|at| (column.name.clone(), at))).collect::<Vec<_>>()
    };
    let part = |header: &Header, above: Option<&Part>| {
        let columns = columns(header);
        let key = columns.iter().filter(|(name, _)| options.key.contains(name)).map(|(_, at)| *at).collect();
        let required = options.columns.iter().zip(&header.columns).filter(|(column, _)| column.required);
        let required = required.filter_map(|(_, at)| *at).collect();
        let begins = match above {
            None => Begins::Sheet,
            Some(above) if above.columns == columns => Begins::Again,
            Some(_) => Begins::Table,
        };
        Part { sheet: index, rows: header.first..sheet.lines.len(), columns, key, required, begins }
    };
    let mut found = vec![part(&header, None)];
    let mut current = header;
    let mut at = current.first;
    while let Some(line) = sheet.lines.get(at) {
        let next = match again(sheet, &current, at) {
            None if names.may_head(line) => {
                let other = find(sheet, at..at + 1, &names)?;
                let is_whole = other.missing(&wanted).is_empty();
                if !is_whole && names.head(sheet.lines.get(at..).unwrap_or_default()) {
                    let of = sheet.lines.get(current.begin).map_or(0, |line| line.number);
                    let told = stray::further_header(sheet, line, of, &names);
                    return Err(finding::with_manifest_remedy(told));
                }
                is_whole.then_some(other)
            }
            again => again,
        };
        match next {
            Some(header) => {
                if let Some(before) = found.last_mut() {
                    before.rows.end = at;
                }
                let next = part(&header, found.last());
                found.push(next);
                at = header.first;
                current = header;
            }
            None => at += 1,
        }
    }
    let starts: Vec<(u32, Vec<usize>)> = found
        .iter()
        .filter_map(|part| Some((sheet.lines.get(part.rows.start)?.number, part.key.clone())))
        .collect();
    sheet.fill_merged(|line, column| {
        let of = starts.partition_point(|(first, _)| *first <= line).checked_sub(1);
        of.and_then(|of| starts.get(of)).is_some_and(|(_, key)| !key.contains(&column))
    })?;
    Ok(found)
}

/// The header where it stands again, all of its lines.
fn again(sheet: &Sheet, header: &Header, at: usize) -> Option<Header> {
    let own = sheet.lines.get(header.begin..header.first)?;
    let length = own.len();
    let here = sheet.lines.get(at..at + length)?;
    let same = own.iter().zip(here).all(|(a, b)| a.cells == b.cells);
    same.then(|| Header { begin: at, first: at + length, columns: header.columns.clone() })
}

fn wanted(options: &TableOptions) -> Vec<Wanted<'_>> {
    let columns = options.columns.iter().map(|column| Wanted {
        label: column.synonyms.first().map_or(column.name.as_str(), String::as_str),
        spellings: std::iter::once(&column.name).chain(&column.synonyms).map(|name| plain(name)).collect(),
        required: column.required,
    });
    columns.collect()
}

/// Whole cells are compared, so that "TT" never matches inside another word.
fn find(sheet: &Sheet, among: Range<usize>, names: &Names<'_>) -> Result<Header, Finding> {
    header::find(sheet, among, names).map_err(finding::with_manifest_remedy)
}

/// A header cell for comparison: lower case, single blanks, without accents where it is longer than a few letters,
/// without marks that say a column must be filled in.
fn plain(text: &str) -> String {
    let text = text.trim().trim_end_matches(['*', ':', ' ']);
    let key = fold(text);
    if key.chars().count() > 4 { key } else { lower_key(text).trim().to_owned() }
}
