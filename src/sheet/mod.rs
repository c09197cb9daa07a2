//! Tables people send: CSV and XLSX as rows of text, each cell with its place.
//!
//! Owns delimiters, byte order marks, real date cells and number cells of Excel, and the limits on size. It
//! must not know what a column means. Numbers leave as the shortest text that reads back to the same
//! value, dates as yyyy-MM-dd; an id typed as a number may have lost its zeros, which only the reader of
//! that column can tell. A file that is no table is refused with a finding.

use crate::error::{Finding, Findings, Place, Text};
use crate::text::{fold, fold::clean};
use calamine::{DataRef, DataType as _, Reader as _};
use std::collections::BTreeMap;
use std::io::Cursor;

/// Largest file read.
pub const MAX_BYTES: usize = 32 << 20;
/// Most rows read.
pub const MAX_ROWS: usize = 200_000;
/// Most text a table may hold once it is unpacked, in bytes.
pub const MAX_TEXT: usize = 128 << 20;
/// Most columns read.
pub const MAX_COLUMNS: usize = 100;

/// One row: its line (1-based, as the spreadsheet shows it) and its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Line in the file.
    pub number: u32,
    /// Cells as trimmed text.
    pub cells: Vec<String>,
}

/// A table without interpretation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// File name, for messages.
    pub name: String,
    /// Whether cells are named A1 (spreadsheet) or by column number (CSV).
    pub spreadsheet: bool,
    /// Rows that are not empty.
    pub lines: Vec<Line>,
}

impl Sheet {
    /// Reads a file by its content: a zip is XLSX, everything else CSV in an encoding that can be told.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Findings> {
        if bytes.len() > MAX_BYTES {
            return Err(refusal(
                "LT-TAB-001",
                name,
                "tệp quá lớn",
                "the file is too large",
                "chia nhỏ tệp (tối đa 32 MiB)",
                "split it (at most 32 MiB)",
            )
            .into());
        }
        if bytes.starts_with(b"PK\x03\x04") { read_xlsx(name, bytes) } else { read_csv(name, bytes) }
    }

    /// The place of a cell, for messages.
    pub fn place(&self, line: u32, column: usize) -> Place {
        let detail = if self.spreadsheet {
            format!("{}{line}", letters(column))
        } else {
            format!("column {}", column + 1)
        };
        Place::line(&self.name, line).at(detail)
    }
}

/// Rows whose columns are found by name.
#[derive(Debug, Clone)]
pub struct Table {
    sheet: Sheet,
    columns: BTreeMap<&'static str, usize>,
    first: usize,
}

/// A column: its canonical name, other spellings of its header, and whether it must be there.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Canonical name.
    pub name: &'static str,
    /// Other spellings, compared as [`header_key`] writes them.
    pub synonyms: &'static [&'static str],
    /// Whether the file is refused without it.
    pub required: bool,
}

impl Table {
    /// Finds the header among the first 20 lines: the line in which most columns are found by name.
    pub fn read(name: &str, bytes: &[u8], wanted: &[Column]) -> Result<Self, Findings> {
        let sheet = Sheet::read(name, bytes)?;
        let best = sheet
            .lines
            .iter()
            .take(20)
            .enumerate()
            .map(|(index, line)| (index, columns_of(line, wanted)))
            .max_by_key(|(index, columns)| (columns.len(), usize::MAX - index));
        let (header, columns) = best.unwrap_or_default();
        let missing: Vec<&str> = wanted
            .iter()
            .filter(|column| column.required && !columns.contains_key(column.name))
            .map(|column| column.name)
            .collect();
        if !missing.is_empty() {
            let list = missing.join(", ");
            return Err(refusal(
                "LT-TAB-002",
                name,
                &format!("không tìm thấy dòng tiêu đề có các cột: {list}"),
                &format!("no header line with the columns: {list}"),
                "ghi tên cột ở dòng đầu đúng như tài liệu docs/FILES.md",
                "name the columns in the first line as docs/FILES.md says",
            )
            .into());
        }
        let table = Self { sheet, columns, first: header + 1 };
        let faulty = table.faulty_cells();
        if faulty.is_empty() { Ok(table) } else { Err(Findings(faulty)) }
    }

    /// Cells of known columns whose formula failed: they hold no value at all. 500 at most.
    fn faulty_cells(&self) -> Vec<Finding> {
        let faulty = self.rows().flat_map(|row| {
            let columns = self.columns.keys().filter(move |column| row.get(column) == ERROR_CELL);
            columns.map(move |column| {
                let what = Text::new(
                    format!("ô của cột {column} là lỗi công thức"),
                    format!("a cell of column {column} holds a formula error"),
                );
                let remedy =
                    Text::new("sửa công thức hoặc dán giá trị", "correct the formula or paste the value");
                Finding::error("LT-TAB-006", what, remedy).at(row.place(column))
            })
        });
        faulty.take(500).collect()
    }

    /// The data rows.
    pub fn rows(&self) -> impl Iterator<Item = TableRow<'_>> {
        self.sheet.lines.iter().skip(self.first).map(|line| TableRow { table: self, line })
    }

    /// Whether a column is there.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }
}

/// One data row.
#[derive(Debug, Clone, Copy)]
pub struct TableRow<'a> {
    table: &'a Table,
    line: &'a Line,
}

impl<'a> TableRow<'a> {
    /// A cell's text; empty when the column or the cell is not there.
    pub fn get(&self, column: &str) -> &'a str {
        let index = self.table.columns.get(column);
        index.and_then(|index| self.line.cells.get(*index)).map_or("", String::as_str)
    }

    /// The place of a cell, for messages.
    pub fn place(&self, column: &str) -> Place {
        match self.table.columns.get(column) {
            Some(index) => self.table.sheet.place(self.line.number, *index),
            None => Place::line(&self.table.sheet.name, self.line.number),
        }
    }

    /// Line in the file.
    pub fn line(&self) -> u32 {
        self.line.number
    }
}

fn columns_of(line: &Line, wanted: &[Column]) -> BTreeMap<&'static str, usize> {
    let mut columns = BTreeMap::new();
    for column in wanted {
        let spellings = || std::iter::once(column.name).chain(column.synonyms.iter().copied());
        let found = line.cells.iter().position(|cell| {
            let cell = header_key(cell);
            !cell.is_empty() && spellings().any(|spelling| header_key(spelling) == cell)
        });
        if let Some(index) = found {
            columns.insert(column.name, index);
        }
    }
    columns
}

/// What tells two headers apart: neither case, accents, blanks nor a remark in brackets (`Số định danh (CCCD)`).
/// Headers of one or two letters keep their accents: d is not đ.
fn header_key(text: &str) -> String {
    let text = text.split('(').next().unwrap_or(text);
    let key = fold(text);
    let key = key.trim();
    if key.chars().count() > 2 { key.to_owned() } else { clean(text).to_lowercase() }
}

fn refusal(code: &str, name: &str, vi: &str, en: &str, remedy_vi: &str, remedy_en: &str) -> Finding {
    Finding::error(code, Text::new(vi, en), Text::new(remedy_vi, remedy_en)).at(Place::of(name))
}

fn decode(name: &str, bytes: &[u8]) -> Result<String, Findings> {
    match crate::text::decode(bytes) {
        Ok((text, _)) if !text.contains('\0') => Ok(text),
        _ => Err(refusal(
            "LT-TAB-003",
            name,
            "tệp không phải bảng XLSX, hoặc là văn bản có bảng mã không rõ ràng",
            "the file is no XLSX table, or text in an encoding that cannot be told",
            "lưu lại từ Excel thành \"CSV UTF-8\" hoặc XLSX",
            "save it from Excel as \"CSV UTF-8\" or XLSX",
        )
        .into()),
    }
}

fn read_csv(name: &str, bytes: &[u8]) -> Result<Sheet, Findings> {
    let text = decode(name, bytes)?;
    let head = text.lines().take(5).collect::<Vec<_>>().join("\n");
    let count = |c: char| head.matches(c).count();
    let delimiter = [(';', count(';')), ('\t', count('\t')), (',', count(','))]
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map_or(',', |(c, _)| c);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(u8::try_from(u32::from(delimiter)).unwrap_or(b','))
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            refusal(
                "LT-TAB-004",
                name,
                &format!("không đọc được CSV: {error}"),
                &format!("unreadable CSV: {error}"),
                "kiểm tra dấu nháy ở dòng đó",
                "check the quotes on that line",
            )
        })?;
        let number =
            record.position().map_or(0, |position| u32::try_from(position.line()).unwrap_or(u32::MAX));
        push(
            name,
            &mut lines,
            number,
            record.iter().take(MAX_COLUMNS).map(|cell| cell.trim().to_owned()).collect(),
        )?;
    }
    Ok(Sheet { name: name.to_owned(), spreadsheet: false, lines })
}

fn read_xlsx(name: &str, bytes: &[u8]) -> Result<Sheet, Findings> {
    let broken = |error: &dyn std::fmt::Display| {
        Findings::from(refusal(
            "LT-TAB-005",
            name,
            &format!("không đọc được XLSX: {error}"),
            &format!("unreadable XLSX: {error}"),
            "mở bằng Excel rồi lưu lại thành XLSX không có mật khẩu",
            "open it in Excel and save it again as XLSX without a password",
        ))
    };
    let mut book = calamine::Xlsx::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let first = book.sheet_names().first().cloned().ok_or_else(|| broken(&"no sheet"))?;
    let mut reader = book.worksheet_cells_reader(&first).map_err(|error| broken(&error))?;
    // Cell by cell: a sheet may declare a million by sixteen thousand cells and hold three.
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut text = 0;
    while let Some(cell) = reader.next_cell().map_err(|error| broken(&error))? {
        let (row, column) = cell.get_position();
        let value = cell_text(cell.get_value());
        let column = column as usize;
        if value.is_empty() || column >= MAX_COLUMNS {
            continue;
        }
        text += value.len();
        let cells = rows.entry(row.saturating_add(1)).or_default();
        if cells.len() <= column {
            cells.resize(column + 1, String::new());
        }
        if let Some(place) = cells.get_mut(column) {
            *place = value;
        }
        if rows.len() > MAX_ROWS || text > MAX_TEXT {
            return Err(too_long(name));
        }
    }
    let lines = rows.into_iter().map(|(number, cells)| Line { number, cells }).collect();
    Ok(Sheet { name: name.to_owned(), spreadsheet: true, lines })
}

fn too_long(name: &str) -> Findings {
    refusal(
        "LT-TAB-001",
        name,
        "tệp có quá nhiều dòng hoặc quá nhiều chữ",
        "the file has too many rows or too much text",
        "chia nhỏ tệp (tối đa 200.000 dòng, 128 MiB chữ)",
        "split it (at most 200,000 rows, 128 MiB of text)",
    )
    .into()
}

fn push(name: &str, lines: &mut Vec<Line>, number: u32, cells: Vec<String>) -> Result<(), Findings> {
    if cells.iter().all(String::is_empty) {
        return Ok(());
    }
    if lines.len() >= MAX_ROWS {
        return Err(too_long(name));
    }
    lines.push(Line { number, cells });
    Ok(())
}

/// What a cell with a failed formula or an impossible date becomes.
pub const ERROR_CELL: &str = "#ERROR";

/// A cell as text.
fn cell_text(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Int(value) => value.to_string(),
        // Shortest text of the stored number: 7.0000000000000009 is Excel's way to write 7.000000000000001.
        DataRef::Float(value) => format!("{value}"),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(_) => match cell.as_datetime() {
            Some(at) if at.time() == chrono::NaiveTime::MIN => at.date().to_string(),
            Some(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => ERROR_CELL.to_owned(),
        },
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.trim().to_owned(),
        _ => ERROR_CELL.to_owned(),
    }
}

/// Column letters of a spreadsheet: 0 = A, 26 = AA.
fn letters(column: usize) -> String {
    let mut text = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        text.insert(0, char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { name: "code", synonyms: &["Mã"], required: true },
        Column { name: "name", synonyms: &["Tên"], required: false },
    ];

    #[test]
    fn semicolons_a_mark_and_vietnamese_headers_are_understood() {
        let bytes = "\u{feff}Danh mục;\nMÃ;Tên\nA1; Báo cáo \n;;\n".as_bytes();
        let table = Table::read("x.csv", bytes, COLUMNS).expect("table");
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].get("code"), rows[0].get("name"), rows[0].line()), ("A1", "Báo cáo", 3));
        assert_eq!(rows[0].place("name").to_string(), "x.csv:3 (column 2)");
    }

    #[test]
    fn missing_header_and_foreign_bytes_are_refused_by_code() {
        let code = |bytes: &[u8]| Table::read("x", bytes, COLUMNS).expect_err("refused").0[0].code.clone();
        assert_eq!(code(b"a,b\n1,2\n"), "LT-TAB-002");
        assert_eq!(code(b""), "LT-TAB-002");
        assert_eq!(code(&[0xc3, 0x28, 0x80]), "LT-TAB-003");
        assert_eq!(code(b"PK\x03\x04garbage"), "LT-TAB-005");
    }

    #[test]
    fn far_away_cell_costs_nothing_and_places_stay_true() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(3, 2, "Mã").expect("cell");
        sheet.write(9, 2, "A1").expect("cell");
        sheet.write(1_048_575, 16_383, "far").expect("cell");
        let bytes = book.save_to_buffer().expect("xlsx");
        let table = Table::read("x.xlsx", &bytes, COLUMNS).expect("table");
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].get("code"), rows[0].place("code").to_string()),
            ("A1", "x.xlsx:10 (C10)".into())
        );
    }

    #[test]
    fn failed_formulas_are_told_with_their_cells() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "Mã").expect("cell");
        sheet.write(0, 1, "Tên").expect("cell");
        sheet.write(0, 2, "Ghi chú").expect("cell");
        for column in 0..3 {
            let formula = rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!");
            sheet.write_formula(1, column, formula).expect("cell");
        }
        let bytes = book.save_to_buffer().expect("xlsx");
        let found = Table::read("x.xlsx", &bytes, COLUMNS).expect_err("refused").0;
        let places: Vec<String> =
            found.iter().map(|f| f.place.as_ref().expect("place").to_string()).collect();
        assert_eq!(places, ["x.xlsx:2 (A2)", "x.xlsx:2 (B2)"]);
        assert_eq!(found[0].code, "LT-TAB-006");
    }

    #[test]
    fn short_headers_keep_their_accents_and_long_ones_need_none() {
        let columns = &[
            Column { name: "d", synonyms: &[], required: true },
            Column { name: "đ", synonyms: &[], required: true },
            Column { name: "to", synonyms: &["Đến ngày"], required: true },
        ];
        let table =
            Table::read("x.csv", "Đ,den ngay (ngày cuối),D\n1,2,3\n".as_bytes(), columns).expect("table");
        let rows: Vec<_> = table.rows().collect();
        assert_eq!((rows[0].get("d"), rows[0].get("đ"), rows[0].get("to")), ("3", "1", "2"));
    }

    #[test]
    fn spreadsheet_dates_and_numbers_become_plain_text_with_cell_names() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        let date = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
        sheet.write(1, 1, "Mã").expect("cell");
        sheet.write(1, 2, "Tên").expect("cell");
        sheet.write(2, 1, 0.1 + 0.2).expect("cell");
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 15).expect("day");
        sheet.write_datetime_with_format(2, 2, day, &date).expect("cell");
        let bytes = book.save_to_buffer().expect("xlsx");
        let table = Table::read("x.xlsx", &bytes, COLUMNS).expect("table");
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows[0].get("name"), "2026-11-15");
        assert_eq!(rows[0].get("code"), "0.30000000000000004");
        assert_eq!(rows[0].place("name").to_string(), "x.xlsx:3 (C3)");
    }
}
