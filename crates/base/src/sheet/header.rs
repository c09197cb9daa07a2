//! The header of a table: one line, or two where columns stand in groups.
//!
//! Owns which line it is among titles, which column is which, and the refusal of headers that could be read in
//! two ways. It must not know what a column means. A field with two columns and a group whose columns nobody can
//! tell apart are refused with their places: a guess would put one column's values into another's field.

use super::{Line, Sheet};
use crate::error::{Finding, Text};
use std::ops::Range;

/// Lines among which the header is looked for.
const LINES: usize = 20;

/// A column that is looked for.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// What messages call it.
    pub label: &'a str,
    /// Its spellings, each as the key of a header cell.
    pub spellings: Vec<String>,
    /// Whether the table is of no use without it.
    pub required: bool,
}

/// Where the columns are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Index of its first line.
    pub begin: usize,
    /// Index of the first line after it.
    pub first: usize,
    /// The column of each wanted one, in their order.
    pub columns: Vec<Option<usize>>,
}

impl Header {
    /// Labels of the required columns that are not there.
    pub fn missing<'a>(&self, wanted: &[Wanted<'a>]) -> Vec<&'a str> {
        let absent = wanted.iter().zip(&self.columns).filter(|(one, at)| one.required && at.is_none());
        absent.map(|(one, _)| one.label).collect()
    }
}

/// A line, or two of them read as one.
struct Candidate {
    first: usize,
    cells: Vec<String>,
    /// Columns of each wanted one.
    found: Vec<Vec<usize>>,
    /// Line of each cell.
    lines: Vec<u32>,
}

/// Where the header of a file is looked for.
pub fn anywhere() -> Range<usize> {
    0..LINES
}

/// Finds the line, or pair of lines, in which most columns are named, among those that begin in a range of lines. `key`
/// is what tells two headers apart.
///
/// # Errors
/// LT-TAB-007 two columns are the same field, LT-TAB-008 a group of columns without names of their own.
pub fn find(
    sheet: &Sheet,
    among: Range<usize>,
    wanted: &[Wanted<'_>],
    key: fn(&str) -> String,
) -> Result<Header, Finding> {
    let is_known = |cell: &str| {
        let cell = key(cell);
        !cell.is_empty() && wanted.iter().any(|one| one.spellings.contains(&cell))
    };
    let candidate = |first: usize, cells: Vec<String>, lines: Vec<u32>| {
        let keys: Vec<String> = cells.iter().map(|cell| key(cell)).collect();
        let named = |one: &Wanted<'_>| {
            let hits =
                keys.iter().enumerate().filter(|(_, cell)| !cell.is_empty() && one.spellings.contains(cell));
            hits.map(|(column, _)| column).collect()
        };
        Candidate { first, found: wanted.iter().map(named).collect(), cells, lines }
    };
    let width = |one: &Candidate| one.found.iter().filter(|columns| !columns.is_empty()).count();
    let mut best = candidate(0, Vec::new(), Vec::new());
    for (index, line) in sheet.lines.iter().enumerate().take(among.end).skip(among.start) {
        let single = candidate(index + 1, line.cells.clone(), vec![line.number; line.cells.len()]);
        if width(&single) > width(&best) {
            best = single;
        }
    }
    for (index, pair) in sheet.lines.windows(2).enumerate().take(among.end).skip(among.start) {
        let [upper, lower] = pair else { continue };
        if let Some((cells, lines)) = joined(upper, lower, &is_known) {
            let pair = candidate(index + 2, cells, lines);
            // Required columns have names in a header and values in a row.
            let row = wanted.iter().zip(&pair.found).any(|(one, columns)| {
                let value = |column: &usize| {
                    !cell(lower, *column).is_empty() && pair.lines.get(*column) == Some(&upper.number)
                };
                one.required && columns.iter().any(value)
            });
            if !row && width(&pair) > width(&best) {
                best = pair;
            }
        }
    }
    let two = best.lines.iter().min() < best.lines.iter().max();
    let header = Header {
        begin: best.first.saturating_sub(if two { 2 } else { 1 }),
        first: best.first,
        columns: best.found.iter().map(|columns| columns.first().copied()).collect(),
    };
    if header.missing(wanted).is_empty() {
        twice(sheet, wanted, &best)?;
        grouped(sheet, wanted, &best, &is_known)?;
    }
    Ok(header)
}

fn cell(line: &Line, column: usize) -> &str {
    line.cells.get(column).map_or("", String::as_str)
}

/// Whether a cell begins a group: merged with the next one, under which something stands of its own.
fn begins_group(upper: &Line, lower: &Line, column: usize) -> bool {
    !cell(upper, column).is_empty()
        && cell(upper, column + 1).is_empty()
        && !cell(lower, column).is_empty()
        && !cell(lower, column + 1).is_empty()
}

/// Two lines read as one header: the lower one's names where columns stand in groups. None where the lower line
/// names no column of a group.
fn joined(upper: &Line, lower: &Line, is_known: &dyn Fn(&str) -> bool) -> Option<(Vec<String>, Vec<u32>)> {
    if lower.number != upper.number.saturating_add(1) {
        return None;
    }
    let mut names_group = false;
    let cells = (0..upper.cells.len().max(lower.cells.len())).map(|column| {
        let (above, below) = (cell(upper, column), cell(lower, column));
        let in_group = !below.is_empty() && (above.is_empty() || begins_group(upper, lower, column));
        names_group |= in_group && is_known(below);
        if in_group { (below.to_owned(), lower.number) } else { (above.to_owned(), upper.number) }
    });
    let joined = cells.unzip();
    names_group.then_some(joined)
}

fn twice(sheet: &Sheet, wanted: &[Wanted<'_>], header: &Candidate) -> Result<(), Finding> {
    for (one, columns) in wanted.iter().zip(&header.found) {
        let [first, second, ..] = columns.as_slice() else { continue };
        let shown = |column: usize| {
            let place = sheet.place(header.lines.get(column).copied().unwrap_or_default(), column);
            (header.cells.get(column).map_or("", String::as_str), place)
        };
        let ((a, at), (b, other)) = (shown(*first), shown(*second));
        let (this, that) = (at.detail.clone().unwrap_or_default(), other.detail.unwrap_or_default());
        let what = Text::new(
            format!("hai cột cùng là \"{}\": \"{a}\" ({this}) và \"{b}\" ({that})", one.label),
            format!("two columns are both \"{}\": \"{a}\" ({this}) and \"{b}\" ({that})", one.label),
        );
        let remedy = Text::new(
            "đổi tên hoặc xóa một trong hai cột rồi gửi lại tệp",
            "rename or delete one of the two columns and send the file again",
        );
        return Err(Finding::error("LT-TAB-007", what, remedy).at(at));
    }
    Ok(())
}

/// Refuses a column whose header is the head of a group with names nobody knows.
fn grouped(
    sheet: &Sheet,
    wanted: &[Wanted<'_>],
    header: &Candidate,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<(), Finding> {
    let numbers = header.lines.iter().copied();
    let (Some(top), Some(bottom)) = (numbers.clone().min(), numbers.max()) else { return Ok(()) };
    let two = bottom > top;
    let line = |number: u32| sheet.lines.iter().find(|line| line.number == number);
    let below = if two { bottom } else { top.saturating_add(1) };
    let (Some(upper), Some(lower)) = (line(top), line(below)) else { return Ok(()) };
    let vague = |column: &usize| {
        is_known(cell(upper, *column))
            && begins_group(upper, lower, *column)
            && !is_known(cell(lower, *column))
    };
    let Some(column) = (0..upper.cells.len()).find(vague) else { return Ok(()) };
    // A row of values fills the other required columns; a second header row leaves them empty.
    let is_value = |at: &usize| *at != column && !cell(lower, *at).is_empty() && !is_known(cell(lower, *at));
    let mut required = wanted.iter().zip(&header.found).filter(|(one, _)| one.required);
    if !two && required.any(|(_, columns)| columns.iter().any(is_value)) {
        return Ok(());
    }
    let (above, first) = (cell(upper, column), cell(lower, column));
    let what = Text::new(
        format!(
            "tiêu đề \"{above}\" gộp nhiều cột có tên riêng ở dòng {below} (\"{first}\" …): không rõ cột nào cần đọc"
        ),
        format!(
            "the header \"{above}\" groups columns named in row {below} (\"{first}\" …): which is meant cannot be told"
        ),
    );
    let remedy = Text::new(
        "bỏ gộp ô và ghi tên từng cột trên một dòng tiêu đề, hoặc thêm tên ở dòng dưới vào manifest",
        "undo the merged cells and name each column in one header row, or add the lower names to the manifest",
    );
    Err(Finding::error("LT-TAB-008", what, remedy).at(sheet.place(upper.number, column)))
}
