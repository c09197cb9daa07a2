//! Cells of a spreadsheet gathered into rows, within the limits of a table.
//!
//! Owns the count of what the cells take in memory, the places merged over several rows, and how a number that is a
//! date becomes text: the same for every kind of workbook. It must not know how a file stores a cell. More than the
//! limits is an error, at once.

use super::{Across, CELL, ERROR_CELL, Line, MAX_COLUMNS, MAX_ROWS, MAX_TEXT, Merged, Sheet};
use calamine::{DataRef, DataType as _};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Most merged places of a sheet that are remembered, of rows and of columns.
const MAX_MERGED: usize = 100_000;

/// The cells hold more than a table may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMuch;

/// What sheets of one file took together.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Budget {
    rows: usize,
    room: usize,
}

/// Rows under way.
#[derive(Debug, Default)]
pub(super) struct Grid {
    rows: BTreeMap<u32, Vec<String>>,
    before: Budget,
    room: usize,
    merged: Vec<Merged>,
    across: Vec<Across>,
}

impl Grid {
    /// Rows of a file whose other sheets took this much.
    pub(super) fn within(before: Budget) -> Self {
        Self { before, room: before.room, ..Self::default() }
    }

    /// What this sheet and those before it take.
    pub(super) fn spent(&self) -> Budget {
        Budget { rows: self.before.rows + self.rows.len(), room: self.room }
    }

    /// Takes a cell by its 0-based place. Empty ones and those beyond the last column read are not kept.
    pub(super) fn put(&mut self, row: u32, column: usize, value: String) -> Result<(), TooMuch> {
        if value.is_empty() || column >= MAX_COLUMNS {
            return Ok(());
        }
        self.room += value.len();
        let cells = self.rows.entry(row.saturating_add(1)).or_default();
        if cells.len() <= column {
            // Empty cells before it take room as well, and no more than is counted.
            let more = column + 1 - cells.len();
            self.room += more * CELL;
            cells.reserve_exact(more);
            cells.resize(column + 1, String::new());
        }
        if let Some(place) = cells.get_mut(column) {
            *place = value;
        }
        let too_much = self.before.rows + self.rows.len() > MAX_ROWS || self.room > MAX_TEXT;
        if too_much { Err(TooMuch) } else { Ok(()) }
    }

    /// Takes a merged place by its 0-based rows and columns.
    pub(super) fn merge(&mut self, rows: RangeInclusive<u32>, columns: RangeInclusive<u32>) {
        let (first, last) = (rows.start().saturating_add(1), rows.end().saturating_add(1));
        let column = usize::try_from(*columns.start()).unwrap_or(usize::MAX);
        if first < last && column < MAX_COLUMNS && self.merged.len() < MAX_MERGED {
            self.merged.push(Merged { first, last, column });
        }
        let to = usize::try_from(*columns.end()).unwrap_or(usize::MAX);
        if first == last && column < to && column < MAX_COLUMNS && self.across.len() < MAX_MERGED {
            self.across.push(Across { line: first, column, last: to });
        }
    }

    /// The sheet of these cells.
    pub(super) fn sheet(self, name: &str, title: &str) -> Sheet {
        let mut across = self.across;
        across.sort_unstable_by_key(|place| (place.line, place.column));
        let lines = self.rows.into_iter().map(|(number, cells)| Line { number, cells }).collect();
        Sheet {
            name: name.to_owned(),
            title: Some(title.to_owned()),
            spreadsheet: true,
            lines,
            broken: Vec::new(),
            unended: None,
            merged: self.merged,
            across,
        }
    }
}

/// A text of a cell: without blanks around it, its letters composed.
pub(super) fn tidy(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return text.to_owned();
    }
    text.nfc().collect()
}

/// Serial numbers of the years 1900 to 9999.
const SERIALS: std::ops::Range<f64> = 0.0..2_958_466.0;

/// A cell as text.
pub(super) fn cell_text(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Empty => String::new(),
        DataRef::String(text) => tidy(text),
        DataRef::SharedString(text) => tidy(text),
        DataRef::Int(value) => value.to_string(),
        // Shortest text of the stored number: 7.0000000000000009 is Excel's way to write 7.000000000000001.
        DataRef::Float(value) => format!("{value}"),
        DataRef::Bool(value) => value.to_string(),
        // Outside the years a spreadsheet knows there is no day, and calculating one would overflow.
        DataRef::DateTime(serial) if !SERIALS.contains(&serial.as_f64()) => ERROR_CELL.to_owned(),
        DataRef::DateTime(_) => match cell.as_datetime() {
            Some(at) if at.time() == chrono::NaiveTime::MIN => at.date().to_string(),
            Some(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => ERROR_CELL.to_owned(),
        },
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.trim().to_owned(),
        _ => ERROR_CELL.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{ExcelDateTime, ExcelDateTimeType};

    #[test]
    fn date_outside_the_years_of_a_spreadsheet_is_an_error_cell_and_no_panic() {
        for serial in [-1.2e11, -1.0, 2_958_466.0, 1e300, f64::NAN, f64::INFINITY] {
            let at = ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, false);
            assert_eq!(cell_text(&DataRef::DateTime(at)), ERROR_CELL, "{serial}");
        }
        let at = ExcelDateTime::new(46_341.0, ExcelDateTimeType::DateTime, false);
        assert_eq!(cell_text(&DataRef::DateTime(at)), "2026-11-15");
    }
}
