//! The header of a table: one line, or two where columns stand in groups.
//!
//! Owns which line it is among titles, which column is which, and the refusal of headers that could be read in
//! two ways. It must not know what a column means. A field with two columns and a group whose columns nobody can
//! tell apart are refused with their places: a guess would put one column's values into another's field. So is what stands
//! above the header and is no title.

use super::names::Names;
use super::{Line, Sheet, stray};
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
    /// Index of the first line after it.
    first: usize,
    cells: Vec<String>,
    /// Columns of each wanted one.
    found: Vec<Vec<usize>>,
    /// Line of each cell.
    lines: Vec<u32>,
}

impl Candidate {
    fn of(names: &Names<'_>, first: usize, cells: Vec<String>, lines: Vec<u32>) -> Self {
        let mut found = vec![Vec::new(); names.wanted().len()];
        for (column, cell) in cells.iter().enumerate() {
            for one in names.columns(cell) {
                if let Some(columns) = found.get_mut(*one) {
                    columns.push(column);
                }
            }
        }
        Self { first, cells, found, lines }
    }

    fn line(names: &Names<'_>, index: usize, line: &Line) -> Self {
        Self::of(names, index + 1, line.cells.clone(), vec![line.number; line.cells.len()])
    }

    /// Two lines as one header; none where the lower one is a row, or a header of its own below a title.
    fn pair(names: &Names<'_>, index: usize, upper: &Line, lower: &Line) -> Option<Self> {
        let (cells, lines) = joined(upper, lower, &|cell| names.knows(cell))?;
        let pair = Self::of(names, index + 2, cells, lines);
        let hides =
            |column: usize| !cell(lower, column).is_empty() && pair.lines.get(column) == Some(&upper.number);
        // Required columns have names in a header and values in a row.
        let mut named = names.wanted().iter().zip(&pair.found).filter(|(one, _)| one.required);
        if named.any(|(_, columns)| columns.iter().any(|column| hides(*column))) {
            return None;
        }
        let alone = Self::line(names, index + 1, lower);
        let adds = pair.width() > alone.width() && !(0..lower.cells.len()).any(hides);
        (adds || !alone.is_whole(names)).then_some(pair)
    }

    /// How many columns are named.
    fn width(&self) -> usize {
        self.found.iter().filter(|columns| !columns.is_empty()).count()
    }

    /// Whether all required columns are.
    fn is_whole(&self, names: &Names<'_>) -> bool {
        let mut found = names.wanted().iter().zip(&self.found);
        found.all(|(one, columns)| !one.required || !columns.is_empty()) && self.width() > 0
    }
}

/// Where the header of a file is looked for.
pub fn anywhere() -> Range<usize> {
    0..LINES
}

/// Finds the first line, or pair of lines, that names all required columns, among those that begin in a range of lines; one
/// that names a single column counts where no other does. Where none names them all, the answer is the one with most.
///
/// # Errors
/// LT-TAB-007 two columns are the same field, LT-TAB-008 a group of columns without names of their own, LT-TAB-010 a header
/// above it lacks a required column, LT-TAB-011 rows stand above it.
pub fn find(sheet: &Sheet, among: Range<usize>, names: &Names<'_>) -> Result<Header, Finding> {
    let wanted = names.wanted();
    let enough = wanted.len().min(2);
    let (mut chosen, mut narrow) = (None, None);
    let mut widest = Candidate::of(names, 0, Vec::new(), Vec::new());
    for (index, line) in sheet.lines.iter().enumerate().take(among.end).skip(among.start) {
        let single = Candidate::line(names, index, line);
        let lower = sheet.lines.get(index + 1);
        let pair = lower.and_then(|lower| Candidate::pair(names, index, line, lower));
        let sense = |one: &Candidate| (one.is_whole(names), one.width());
        let here = match pair {
            Some(pair) if sense(&pair) >= sense(&single) => pair,
            _ => single,
        };
        if here.is_whole(names) && here.width() >= enough {
            chosen = Some(here);
            break;
        }
        if here.is_whole(names) && narrow.is_none() {
            narrow = Some(here);
        } else if here.width() > widest.width() {
            widest = here;
        }
    }
    let best = chosen.or(narrow).unwrap_or(widest);
    let two = best.lines.iter().min() < best.lines.iter().max();
    let header = Header {
        begin: best.first.saturating_sub(if two { 2 } else { 1 }),
        first: best.first,
        columns: best.found.iter().map(|columns| columns.first().copied()).collect(),
    };
    if header.missing(wanted).is_empty() {
        let lines = sheet.lines.get(among.start..header.begin).unwrap_or_default();
        let number = best.lines.iter().min().copied().unwrap_or_default();
        let filled = best.cells.iter().filter(|cell| !cell.is_empty()).count();
        stray::above(sheet, lines, (number, filled, best.width()), names)?;
        twice(sheet, wanted, &best)?;
        grouped(sheet, wanted, &best, &|cell| names.knows(cell))?;
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
