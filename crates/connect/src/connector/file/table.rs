//! Sheets as people make them: repeated headers, group rows, merged and left out cells, total rows.
//!
//! Owns which rows of a file are data, which columns they have and what their cells mean by where they stand. It must
//! not know files or pages. A header that could be read in two ways refuses the file; a row without its whole key, with
//! a failed formula or a broken quote is a row with a fault.

use super::finding;
use super::{Row, TableOptions};
use crate::error::Finding;
use crate::sheet::header::{self, Header, Wanted};
use crate::sheet::{ERROR_CELL, Line, Sheet, Sheets};
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
struct Part {
    sheet: usize,
    rows: Range<usize>,
    columns: Vec<(String, usize)>,
    /// Whether it goes on with the groups of the part before.
    goes_on: bool,
}

impl Tables {
    /// Finds the tables of the sheets. The second answer says which sheets have none.
    ///
    /// # Errors
    /// LT-FIL-002 no header; LT-TAB-007, LT-TAB-008 a header with two meanings.
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
            lines.iter().enumerate().map(move |(at, line)| (part, file.clone(), line, at == 0))
        });
        let rows = rows.filter_map(move |(part, file, line, begins)| {
            if begins && !part.goes_on {
                above = Above::default();
            }
            let mut row = row(line, part, &mut above, options)?;
            row.fault =
                row.fault.or_else(|| (self.cut_off == Some(line.number)).then(finding::perhaps_cut_off));
            row.file = file;
            Some(row)
        });
        rows.chain(self.broken(options))
    }

    fn broken<'a>(&'a self, options: &'a TableOptions) -> impl Iterator<Item = Row> + 'a {
        let columns = self.parts.first().map(|part| part.columns.as_slice()).unwrap_or_default();
        self.sheets.iter().flat_map(move |sheet| {
            sheet.broken.iter().map(move |line| {
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
fn row(line: &Line, part: &Part, above: &mut Above, options: &TableOptions) -> Option<Row> {
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
    if let (Some(_), None) = (&options.group, &key)
        && let Some(title) = group_of(line, record.len())
    {
        *above = Above { group: Some(title), cells: BTreeMap::new() };
        return None;
    }
    for name in &options.fill_down {
        if let Some(cell) = record.get(name.as_str()) {
            above.cells.insert(name.clone(), (*cell).to_owned());
        }
    }
    for name in &options.fill_down {
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
        .map(|(column, _)| finding::failed_formula(options.header(column)));
    let body = Bytes::from(serde_json::to_vec(&record).unwrap_or_default());
    Some(Row { key, line: line.number, body, fault: failed, ..Row::default() })
}

/// The title of a row that heads a group: one text, perhaps with a number before it.
fn group_of(line: &Line, known: usize) -> Option<String> {
    let mut cells = line.cells.iter().filter(|cell| !cell.is_empty());
    let (first, second) = (cells.next()?, cells.next());
    if cells.next().is_some() || known > 1 {
        return None;
    }
    let title = match second {
        Some(title) if is_number(first) => title.as_str(),
        Some(_) => return None,
        None => {
            let (head, rest) = first.split_once(['.', ')', ':', ' ']).unwrap_or(("", first));
            if is_number(head) && !rest.trim().is_empty() { rest } else { first }
        }
    };
    Some(title.trim().to_owned())
}

/// Whether a text numbers a row: figures, Roman figures, one letter.
fn is_number(text: &str) -> bool {
    let text = text.trim().trim_end_matches(['.', ')', ':']);
    let all = |set: &str| !text.is_empty() && text.chars().all(|c| set.contains(c));
    all("0123456789.") || all("IVXLC") || (text.chars().count() == 1 && text.chars().all(char::is_alphabetic))
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

/// The tables of a sheet. A header that stands again begins the next one, with the same columns or others.
fn parts(sheet: &mut Sheet, index: usize, options: &TableOptions) -> Result<Vec<Part>, Finding> {
    let wanted = wanted(options);
    let header = find(sheet, header::anywhere(), &wanted)?;
    let missing = header.missing(&wanted);
    if !missing.is_empty() {
        let name =
            sheet.title.as_ref().filter(|_| index > 0).map(|title| format!("{} [{title}]", sheet.name));
        return Err(finding::no_header(&missing, name.as_deref().unwrap_or(&sheet.name)));
    }
    let keys = |header: &Header| -> Vec<usize> {
        let named = options.columns.iter().zip(&header.columns);
        named.filter(|(column, _)| options.key.contains(&column.name)).filter_map(|(_, at)| *at).collect()
    };
    let from = sheet.lines.get(header.first).map_or(u32::MAX, |line| line.number);
    sheet.fill_merged(from, &keys(&header))?;
    let columns = |header: &Header| {
        let found = options.columns.iter().zip(&header.columns);
        found.filter_map(|(column, at)| at.map(|at| (column.name.clone(), at))).collect::<Vec<_>>()
    };
    let part = |header: &Header, goes_on: bool| Part {
        sheet: index,
        rows: header.first..sheet.lines.len(),
        columns: columns(header),
        goes_on,
    };
    let mut found = vec![part(&header, false)];
    let mut current = header;
    let mut at = current.first;
    while let Some(line) = sheet.lines.get(at) {
        let own = sheet.lines.get(current.begin..current.first.min(at)).unwrap_or_default();
        let length = current.first.saturating_sub(current.begin);
        let next = if own.first().is_some_and(|first| first.cells == line.cells) {
            // The same header again, all of its lines.
            let same = own.iter().zip(sheet.lines.get(at..).unwrap_or_default());
            same.clone().all(|(a, b)| a.cells == b.cells).then(|| Header {
                begin: at,
                first: at + length,
                columns: current.columns.clone(),
            })
        } else if names_columns(line, &wanted) {
            let other = find(sheet, at..at + 1, &wanted)?;
            (other.missing(&wanted).is_empty() && other.begin == at).then_some(other)
        } else {
            None
        };
        match next {
            Some(header) => {
                if let Some(before) = found.last_mut() {
                    before.rows.end = at;
                }
                found.push(part(&header, true));
                at = header.first;
                current = header;
            }
            None => at += 1,
        }
    }
    Ok(found)
}

/// Whether one of a row's first cells is the name of a column: only then is it looked at as a header.
fn names_columns(line: &Line, wanted: &[Wanted<'_>]) -> bool {
    let cells = line.cells.iter().filter(|cell| !cell.is_empty()).take(2);
    let mut keys = cells.filter(|cell| cell.len() <= 100).map(|cell| plain(cell));
    keys.any(|key| wanted.iter().any(|one| one.spellings.contains(&key)))
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
fn find(sheet: &Sheet, among: Range<usize>, wanted: &[Wanted<'_>]) -> Result<Header, Finding> {
    header::find(sheet, among, wanted, plain).map_err(finding::with_manifest_remedy)
}

/// A header cell for comparison: lower case, single blanks, without accents where it is longer than a few letters,
/// without marks that say a column must be filled in.
fn plain(text: &str) -> String {
    let text = text.trim().trim_end_matches(['*', ':', ' ']);
    let key = fold(text);
    if key.chars().count() > 4 { key } else { lower_key(text).trim().to_owned() }
}
