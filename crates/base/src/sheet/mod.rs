//! Tables people send: CSV, XLSX, XLS and ODS as rows of text, each cell with its place.
//!
//! Owns delimiters, byte order marks, real date cells and number cells of Excel, which sheets of a workbook are read,
//! the header among titles, and the limits on size. What a file is, its content says, never its name. It must not know what a column means. Numbers leave as the shortest text that reads back to the
//! same value, dates as yyyy-MM-dd; an id typed as a number may have lost its zeros, which only the reader of
//! that column can tell. A file that is no table is refused with a finding; a line whose quotes cannot be
//! understood stands apart from the others.

mod archive;
mod biff;
mod csv;
mod foreign;
mod grid;
pub mod header;
mod looks;
pub mod names;
mod ods;
pub mod page;
mod reading;
pub mod stray;
mod xls;
mod xlsx;

pub use reading::{Reading, Sheets};

use crate::error::{Finding, Findings, Place, Text, cause};
use crate::text::{fold, fold::clean};
use header::Wanted;
use names::Names;
use std::collections::BTreeMap;

/// Largest file read.
pub const MAX_BYTES: usize = 32 << 20;
/// Most rows read.
pub const MAX_ROWS: usize = 200_000;
/// Most room the cells of a table may take once it is unpacked, in bytes: their text, and [`CELL`] each.
pub const MAX_TEXT: usize = 128 << 20;
/// What a cell takes beside its text, an empty one too.
const CELL: usize = size_of::<String>();
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

/// A line of a CSV file whose quotes open and never close, close in the middle of a cell, or perhaps in another row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLine {
    /// Line in the file.
    pub number: u32,
    /// The line as it stands there.
    pub text: String,
    /// The cells that ended before its first quote.
    pub cells: Vec<String>,
}

impl BrokenLine {
    /// What is wrong with it, by its place in the file.
    pub fn finding(&self, file: &str) -> Finding {
        let what = Text::new(
            "dấu nháy kép của dòng này mở mà không đóng, đóng giữa ô, hoặc đóng ở một dòng khác như thể nhiều dòng là một ô",
            "a double quote of this line opens and never closes, closes in the middle of a cell, or closes in another row",
        );
        let remedy = Text::new(
            "sửa dấu nháy ở dòng đó (dấu nháy trong ô phải viết đôi) hoặc lưu lại từ Excel",
            "correct the quotes on that line (one inside a cell is written twice) or save the file again from Excel",
        );
        Finding::error("LT-TAB-004", what, remedy).at(Place::line(file, self.number))
    }
}

/// A table without interpretation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// File name, for messages.
    pub name: String,
    /// Title of the sheet within its workbook; none of CSV.
    pub title: Option<String>,
    /// Whether cells are named A1 (spreadsheet) or by column number (CSV).
    pub spreadsheet: bool,
    /// Rows that are not empty.
    pub lines: Vec<Line>,
    /// Lines that could not be read; they stand in no row.
    pub broken: Vec<BrokenLine>,
    /// Line of the last row where nothing ends it: the file may be cut off there.
    pub unended: Option<u32>,
    /// Places merged over several rows, where they were asked for.
    pub merged: Vec<Merged>,
    /// Places merged over several columns of one row, in their order, where they were asked for.
    pub across: Vec<Across>,
}

/// A place merged over several rows: one value is shown for all of them, and stands in the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// Its first line.
    pub first: u32,
    /// Its last line.
    pub last: u32,
    /// Its first column, 0-based.
    pub column: usize,
}

/// A place merged over several columns of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Across {
    /// Its line.
    pub line: u32,
    /// Its first column, 0-based.
    pub column: usize,
    /// Its last column, 0-based.
    pub last: usize,
}

impl Sheet {
    /// Reads the first sheet of a file.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Findings> {
        let none = || Findings::from(unreadable(name, "", &"no sheet"));
        Self::read_all(name, bytes, &Reading::default())?.into_iter().next().ok_or_else(none)
    }

    /// Reads the sheets asked for, one at least. The content says what the file is: an archive is XLSX or ODS, a
    /// container of old Excel XLS, everything else CSV in an encoding that is declared or can be told.
    ///
    /// # Errors
    /// LT-TAB-001 too large, LT-TAB-003 no encoding, LT-TAB-004 quotes, LT-TAB-005 no table, LT-TAB-009 unpacks to too
    /// much, LT-TAB-020 a password, LT-TAB-021 no sheet of that name.
    pub fn read_all(name: &str, bytes: &[u8], reading: &Reading) -> Result<Vec<Self>, Findings> {
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
        if let Some(finding) = foreign::finding(name, bytes) {
            return Err(finding.into());
        }
        match bytes {
            _ if bytes.starts_with(foreign::OLE) => xls::read(name, bytes, reading),
            _ if foreign::is_open_spreadsheet(bytes) => ods::read(name, bytes, reading),
            _ if bytes.starts_with(b"PK\x03\x04") => xlsx::read(name, bytes, reading),
            _ => csv::read(name, bytes, reading.encoding).map(|sheet| vec![sheet]),
        }
    }

    /// Shows the value of each merged place of rows, told by its first line and its column, in all its rows where they
    /// have none; it must not be asked for in columns of a key: two rows would become one.
    ///
    /// # Errors
    /// LT-TAB-001 where that makes more text than a table may have.
    pub fn fill_merged(&mut self, is_wanted: impl Fn(u32, usize) -> bool) -> Result<(), Finding> {
        let mut merged = std::mem::take(&mut self.merged);
        merged.sort_by_key(|place| (place.column, place.first));
        let (mut room, mut done) = (0, (0, 0));
        for place in merged {
            // Places of one column do not overlap; what does is no sheet of any program.
            let overlaps = done.0 == place.column && place.first <= done.1;
            if overlaps || !is_wanted(place.first, place.column) {
                continue;
            }
            done = (place.column, place.last);
            let at = self.lines.partition_point(|line| line.number < place.first);
            let rows = self.lines.get_mut(at..).unwrap_or_default();
            let Some((first, others)) = rows.split_first_mut().filter(|(row, _)| row.number == place.first)
            else {
                continue;
            };
            let Some(value) = first.cells.get(place.column).filter(|value| !value.is_empty()) else {
                continue;
            };
            for row in others.iter_mut().take_while(|row| row.number <= place.last) {
                if row.cells.len() <= place.column {
                    room += (place.column + 1 - row.cells.len()) * CELL;
                    row.cells.resize(place.column + 1, String::new());
                }
                if let Some(cell) = row.cells.get_mut(place.column).filter(|cell| cell.is_empty()) {
                    room += value.len();
                    cell.clone_from(value);
                }
                if room > MAX_TEXT {
                    return Err(too_long(&self.name).0.remove(0));
                }
            }
        }
        Ok(())
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
    /// What the file itself calls its columns.
    titles: BTreeMap<&'static str, String>,
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
    /// Finds the header among the first 20 lines: the first line in which all required columns are found by name.
    ///
    /// # Errors
    /// Those of [`Sheet::read_all`] and [`header::find`], LT-TAB-002 no header, LT-TAB-004 broken quotes, LT-TAB-006 a failed
    /// formula, LT-TAB-010 a second header.
    pub fn read(name: &str, bytes: &[u8], wanted: &[Column]) -> Result<Self, Findings> {
        Self::of(Sheet::read(name, bytes)?, wanted)
    }

    /// The same of a sheet that was read already.
    pub fn of(sheet: Sheet, wanted: &[Column]) -> Result<Self, Findings> {
        let name = &sheet.name.clone();
        if !sheet.broken.is_empty() {
            return Err(Findings(sheet.broken.iter().map(|line| line.finding(name)).collect()));
        }
        let spelt: Vec<Wanted<'_>> = wanted
            .iter()
            .map(|column| Wanted {
                label: column.name,
                spellings: std::iter::once(column.name)
                    .chain(column.synonyms.iter().copied())
                    .map(header_key)
                    .collect(),
                required: column.required,
            })
            .collect();
        let names = Names::of(&spelt, header_key);
        let header = header::find(&sheet, header::anywhere(), &names)?;
        let missing: Vec<&str> = header.missing(&spelt);
        if !missing.is_empty() {
            // As people write it first; the file may have either.
            let in_vietnamese = |name: &&str| {
                let column = wanted.iter().find(|column| column.name == *name);
                let title = column.and_then(|column| column.synonyms.first());
                title.map_or_else(|| (*name).to_owned(), |title| format!("{title} ({name})"))
            };
            let list_vi = missing.iter().map(in_vietnamese).collect::<Vec<_>>().join(", ");
            let list = missing.join(", ");
            let misnamed = !sheet.spreadsheet && foreign::is_misnamed(name);
            let (vi, en) = if misnamed {
                (
                    "tệp có tên của sổ Excel nhưng nội dung là văn bản (CSV) và được đọc như CSV; ",
                    "the file has the name of a workbook but holds text (CSV) and was read as such; ",
                )
            } else {
                ("", "")
            };
            let (remedy_vi, remedy_en) = if misnamed {
                (
                    "đổi đuôi tệp thành .csv, hoặc mở bằng Excel và lưu lại thành .xlsx; ",
                    "rename it to .csv, or open it in Excel and save it as .xlsx; ",
                )
            } else {
                ("", "")
            };
            return Err(refusal(
                "LT-TAB-002",
                name,
                &format!("{vi}không tìm thấy dòng tiêu đề có các cột: {list_vi}"),
                &format!("{en}no header line with the columns: {list}"),
                &format!("{remedy_vi}ghi tên cột ở dòng đầu đúng như tài liệu docs/FILES.md"),
                &format!("{remedy_en}name the columns in the first line as docs/FILES.md says"),
            )
            .into());
        }
        let rows = sheet.lines.get(header.first..).unwrap_or_default();
        let heads = |at: &usize| rows.get(*at..).is_some_and(|rows| names.head(rows));
        if let Some(line) = (0..rows.len()).find(heads).and_then(|at| rows.get(at)) {
            let of = sheet.lines.get(header.begin).map_or(0, |line| line.number);
            return Err(stray::further_header(&sheet, line, of, &names).into());
        }
        let columns = wanted
            .iter()
            .zip(&header.columns)
            .filter_map(|(column, at)| at.map(|at| (column.name, at)))
            .collect();
        let titles = wanted
            .iter()
            .zip(spelt.iter().zip(&header.columns))
            .filter_map(|(column, (one, at))| {
                let head = sheet.lines.get(header.begin..header.first)?;
                let cells = head.iter().rev().filter_map(|line| line.cells.get((*at)?));
                let mut named = cells.filter(|cell| one.spellings.contains(&header_key(cell)));
                let title: String = named.next()?.split('(').next()?.trim().chars().take(40).collect();
                Some((column.name, title))
            })
            .collect();
        let table = Self { sheet, columns, titles, first: header.first };
        let faulty = table.faulty_cells();
        if faulty.is_empty() { Ok(table) } else { Err(Findings(faulty)) }
    }

    /// Cells of known columns whose formula failed: they hold no value at all. 500 at most.
    fn faulty_cells(&self) -> Vec<Finding> {
        let faulty = self.rows().flat_map(|row| {
            let columns = self.columns.keys().filter(move |column| row.get(column) == ERROR_CELL);
            columns.map(move |column| {
                let title = row.title(column);
                let what = Text::new(
                    format!("ô của cột {title} là lỗi công thức"),
                    format!("a cell of column {title} holds a formula error"),
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

    /// What the file calls a column, for messages; its canonical name where it has none.
    pub fn title<'b>(&self, column: &'b str) -> &'b str
    where
        'a: 'b,
    {
        self.table.titles.get(column).map_or(column, String::as_str)
    }

    /// Whether the row of a CSV file ends before a column: an empty cell there would have its delimiter. Spreadsheets
    /// keep no empty cells.
    pub fn ends_before(&self, column: &str) -> bool {
        let ends = |index: &usize| *index >= self.line.cells.len();
        !self.table.sheet.spreadsheet && self.table.columns.get(column).is_some_and(ends)
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

/// A workbook that promises a kind and breaks it.
fn unreadable(name: &str, kind: &str, why: &dyn std::fmt::Display) -> Finding {
    let what = Text::new(format!("không đọc được {kind}"), format!("unreadable {kind}")).because(&cause(why));
    refusal(
        "LT-TAB-005",
        name,
        &what.vi,
        &what.en,
        "mở bằng Excel rồi lưu lại thành XLSX không có mật khẩu",
        "open it in Excel and save it again as XLSX without a password",
    )
}

/// A workbook nobody can read without its password.
fn protected(name: &str) -> Finding {
    refusal(
        "LT-TAB-020",
        name,
        "tệp bảng tính có mật khẩu nên không đọc được",
        "the spreadsheet has a password and cannot be read",
        "mở tệp bằng mật khẩu, bỏ mật khẩu (Tệp > Thông tin > Bảo vệ sổ làm việc) rồi lưu và gửi lại",
        "open it with the password, remove the password (File > Info > Protect Workbook), save and send it again",
    )
}

fn too_long(name: &str) -> Findings {
    refusal(
        "LT-TAB-001",
        name,
        "tệp có quá nhiều dòng, ô hoặc chữ",
        "the file has too many rows, cells or too much text",
        "chia nhỏ tệp (tối đa 200.000 dòng, 128 MiB chữ)",
        "split it (at most 200,000 rows, 128 MiB of text)",
    )
    .into()
}

/// What a cell with a failed formula or an impossible date becomes.
pub const ERROR_CELL: &str = "#ERROR";

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

    const PEOPLE: &[Column] = &[
        Column { name: "number", synonyms: &[], required: true },
        Column { name: "full_name", synonyms: &[], required: true },
        Column { name: "unit", synonyms: &[], required: true },
        Column { name: "post", synonyms: &[], required: false },
    ];

    #[test]
    fn semicolons_a_mark_and_vietnamese_headers_are_understood() {
        let bytes = "\u{feff}Danh mục;\nMÃ;Tên\nA1; Báo cáo \n;;\n".as_bytes();
        let table = Table::read("x.csv", bytes, COLUMNS).expect("table");
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].get("code"), rows[0].get("name"), rows[0].line()), ("A1", "Báo cáo", 3));
        assert_eq!(rows[0].place("name").to_string(), "x.csv:3 (column 2)");
        // Messages call a column what the file calls it.
        assert_eq!((rows[0].title("code"), rows[0].title("other")), ("MÃ", "other"));
    }

    #[test]
    fn a_missing_column_is_called_as_people_write_it_and_as_programs_do() {
        let told = Table::read("x", b"a,b\n1,2\n", COLUMNS).expect_err("refused").0.remove(0);
        assert!(told.what.vi.ends_with("có các cột: Mã (code)"), "{told:?}");
        assert!(told.what.en.ends_with("with the columns: code"), "{told:?}");
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

    #[test]
    fn second_header_refuses_the_file_by_its_line_instead_of_losing_the_rows_above() {
        let told = |text: &str| {
            let finding = Table::read("x.csv", text.as_bytes(), PEOPLE).expect_err("refused").0.remove(0);
            let place = finding.place.as_ref().expect("place").to_string();
            (finding.code.clone(), place, finding.what.en)
        };
        let rows = "GL-1,Nguyễn A,SNV\nGL-2,Nguyễn B,SNV\n";
        let wider = format!(
            "DANH SÁCH 1\nnumber,full_name,unit\n{rows}DANH SÁCH 2\nnumber,full_name,unit,post\nGL-3,C,SNV,CV\n"
        );
        let (code, place, what) = told(&wider);
        assert_eq!((code.as_str(), place.as_str()), ("LT-TAB-010", "x.csv:6 (column 1)"));
        assert!(what.contains("row 6") && what.contains("row 2"), "{what}");
        // The first header spells a required column otherwise.
        let (code, place, what) =
            told(&format!("number,Tên,unit,post\n{rows}number,full_name,unit,post\nGL-3,C,SNV,CV\n"));
        assert_eq!((code.as_str(), place.as_str()), ("LT-TAB-010", "x.csv:1 (column 1)"));
        assert!(
            what.contains("\"full_name\"") && what.contains("\"Tên\"") && what.contains("row 4"),
            "{what}"
        );
        // The second one does.
        let (code, place, _) = told(&format!("number,full_name,unit\n{rows}Tên,number,unit\nC,GL-3,SNV\n"));
        assert_eq!((code.as_str(), place.as_str()), ("LT-TAB-010", "x.csv:4 (column 2)"));
        // No name of a column stands above the rows.
        let (code, place, what) =
            told(&format!("Mã số,Cán bộ,Nơi làm\n{rows}number,full_name,unit\nGL-3,C,SNV\n"));
        assert_eq!((code.as_str(), place.as_str()), ("LT-TAB-011", "x.csv:1 (column 1)"));
        assert!(what.contains("rows 1 to 3") && what.contains("row 4"), "{what}");
    }

    #[test]
    fn letterheads_days_and_sums_above_a_table_are_titles() {
        let text = "SỞ NỘI VỤ,CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nPHÒNG A,Độc lập - Tự do - Hạnh phúc\n\
            unit:,Sở Nội vụ,post:,tất cả\nTừ ngày,01/11/2026,đến ngày,30/11/2026\n\
            number,full_name,unit,post,phone,mail,note,grade,x\nGL-1,Nguyễn A,SNV\n";
        let wide = "number,full_name,unit,post,phone,mail,note,grade,x";
        for text in [text.to_owned(), text.replace(wide, "number,full_name,unit,post")] {
            let table = Table::read("x.csv", text.as_bytes(), PEOPLE)
                .unwrap_or_else(|findings| panic!("{findings}\n{text}"));
            let rows: Vec<_> = table.rows().collect();
            assert_eq!((rows.len(), rows[0].line(), rows[0].get("number")), (1, 6, "GL-1"));
        }
        // Rows that begin with a day or hold one are rows.
        let lost = "Mã số,Họ và tên,Nơi làm,Từ ngày\nGL-1,Nguyễn A,SNV,01/11/2026\n\
            01/11/2026,GL-2,Nguyễn B,30/11/2026\nnumber,full_name,unit,post\nGL-3,C,SNV,CV\n";
        let told = Table::read("x.csv", lost.as_bytes(), PEOPLE).expect_err("refused").0.remove(0);
        assert_eq!(told.code, "LT-TAB-011");
    }

    #[test]
    fn name_of_one_column_is_a_header_where_rows_follow_and_a_label_or_signature_where_none_does() {
        let table = "number,full_name,unit,post\nGL-1,Nguyễn A,SNV,CV\n";
        let lines = |text: &str| {
            let table = Table::read("x.csv", text.as_bytes(), PEOPLE)
                .unwrap_or_else(|findings| panic!("{findings}\n{text}"));
            table.rows().map(|row| row.line()).collect::<Vec<_>>()
        };
        assert_eq!(lines(&format!("unit,Sở Nội vụ,,\n{table}")), [3], "a label at once above the header");
        assert_eq!(lines(&format!("unit,Sở Nội vụ\nTừ ngày,01/11/2026\n{table}")), [4]);
        for signed in [
            "LẬP BIỂU,,UNIT\n",
            "LẬP BIỂU,,UNIT\n(Ký),,(Ký)\nNguyễn Thử,,Trần Mẫu\n",
            "LẬP BIỂU,,UNIT,,THỦ TRƯỞNG\nNguyễn Thử,,Trần Mẫu,,Lê Thử\n",
            "Gia Lai ngày 30/11/2026\nLẬP BIỂU,,UNIT\n",
        ] {
            assert_eq!(lines(&format!("{table}{signed}"))[0], 2, "{signed}");
        }
        // Where rows follow a table would be lost.
        let lost = "Mã số,Cán bộ,unit\nGL-2,Nguyễn B,SNV\n";
        let words = "Họ tên,Cán bộ,unit\nNguyễn B,Phó phòng,SNV\n";
        let narrow = "unit,Số người\nSNV,5\n";
        for text in [lost, words, narrow].map(|lost| [format!("{table}{lost}"), format!("{lost}{table}")]) {
            for text in text {
                let told = Table::read("x.csv", text.as_bytes(), PEOPLE).expect_err("refused").0.remove(0);
                assert_eq!(told.code, "LT-TAB-010", "{text}");
                assert!(told.remedy.en.contains("\":\" behind") && told.remedy.vi.contains("\":\""));
            }
        }
    }
}
