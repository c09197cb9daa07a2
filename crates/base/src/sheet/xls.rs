//! XLS: old Excel workbooks (97 to 2003), read record by record.
//!
//! Owns which records hold cells, which numbers are dates by their formats, and the limits on what a workbook may
//! hold. It must not know what a column means. The places and counts a file declares are never trusted: cells are
//! counted as they are read. Workbooks with a password, and those of Excel 95 and before, are refused by name.

use super::biff::{Body, CutOff, Records};
use super::grid::{Budget, Grid, TooMuch, cell_text, tidy};
use super::{ERROR_CELL, MAX_BYTES, MAX_TEXT, Reading, Sheet, protected, refusal, too_long, unreadable};
use crate::error::Findings;
use calamine::{DataRef, ExcelDateTime, ExcelDateTimeType};
use std::collections::HashMap;
use std::io::{Cursor, Read as _};

/// Most sheets of a workbook.
const MAX_SHEETS: usize = 256;
/// Most formats of cells.
const MAX_FORMATS: usize = 100_000;

/// Why a workbook was not read.
enum Fault {
    Broken(String),
    TooMuch,
    Protected,
    Old,
    Told(Findings),
}

impl From<CutOff> for Fault {
    fn from(cut_off: CutOff) -> Self {
        Self::Broken(cut_off.to_string())
    }
}

impl From<TooMuch> for Fault {
    fn from(_: TooMuch) -> Self {
        Self::TooMuch
    }
}

/// Reads the sheets asked for.
///
/// # Errors
/// LT-TAB-001 too much in it, LT-TAB-005 no workbook, LT-TAB-020 a password, LT-TAB-021 no sheet of that name.
pub(super) fn read(name: &str, bytes: &[u8], reading: &Reading) -> Result<Vec<Sheet>, Findings> {
    workbook(name, bytes, reading).map_err(|fault| match fault {
        Fault::Broken(why) => unreadable(name, "XLS", &why).into(),
        Fault::TooMuch => too_long(name),
        Fault::Protected => protected(name).into(),
        Fault::Told(findings) => findings,
        Fault::Old => refusal(
            "LT-TAB-005",
            name,
            "sổ Excel 95 hoặc cũ hơn",
            "a workbook of Excel 95 or before",
            "mở bằng Excel hoặc LibreOffice rồi lưu lại thành XLSX",
            "open it in Excel or LibreOffice and save it as XLSX",
        )
        .into(),
    })
}

fn workbook(name: &str, bytes: &[u8], reading: &Reading) -> Result<Vec<Sheet>, Fault> {
    let broken = |error: std::io::Error| Fault::Broken(error.to_string());
    let mut container = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(broken)?;
    // How Excel stores an XLSX with a password.
    if container.is_stream("/EncryptedPackage") {
        return Err(Fault::Protected);
    }
    let path = ["/Workbook", "/WORKBOOK", "/Book"].into_iter().find(|path| container.is_stream(path));
    let path = path.ok_or_else(|| Fault::Broken("no workbook in the container".to_owned()))?;
    let mut stream = Vec::new();
    let content = container.open_stream(path).map_err(broken)?;
    content.take(MAX_BYTES as u64).read_to_end(&mut stream).map_err(broken)?;
    let globals = Globals::read(&stream)?;
    let titles: Vec<&str> = globals.sheets.iter().map(|(title, _)| title.as_str()).collect();
    let mut spent = Budget::default();
    let wanted = reading.sheets.of(name, &titles).map_err(Fault::Told)?.into_iter();
    let sheets = wanted.filter_map(|index| globals.sheets.get(index)).map(|(title, at)| {
        let grid = globals.cells(&stream, *at, spent)?;
        spent = grid.spent();
        Ok(grid.sheet(name, title))
    });
    sheets.collect()
}

/// What all sheets of a workbook share.
#[derive(Default)]
struct Globals {
    /// Titles, and where each begins.
    sheets: Vec<(String, usize)>,
    texts: Vec<String>,
    /// The format of each kind of cell.
    kinds: Vec<u16>,
    /// Whether a format of the workbook's own is one of dates.
    dates: HashMap<u16, bool>,
    since_1904: bool,
}

impl Globals {
    fn read(stream: &[u8]) -> Result<Self, Fault> {
        let mut globals = Self::default();
        let mut records = Records::from(stream, 0);
        let mut begun = false;
        while let Some((kind, mut body)) = records.next()? {
            match kind {
                0x0809 => {
                    if body.u16()? != 0x0600 {
                        return Err(Fault::Old);
                    }
                    begun = true;
                }
                0x002f => return Err(Fault::Protected),
                0x0022 => globals.since_1904 = body.u16()? == 1,
                0x041e => {
                    let format = body.u16()?;
                    let dates = is_date_format(&body.string()?);
                    if globals.dates.len() < MAX_FORMATS {
                        globals.dates.insert(format, dates);
                    }
                }
                0x00e0 => {
                    body.u16()?;
                    let format = body.u16()?;
                    if globals.kinds.len() < MAX_FORMATS {
                        globals.kinds.push(format);
                    }
                }
                0x0085 => {
                    let at = body.u32()?;
                    let _hidden = body.u8()?;
                    let is_sheet = body.u8()? == 0;
                    let title = body.short_string()?;
                    if is_sheet && globals.sheets.len() < MAX_SHEETS {
                        globals.sheets.push((title, usize::try_from(at).unwrap_or(usize::MAX)));
                    }
                }
                0x00fc => globals.texts = shared_texts(&mut body)?,
                0x000a => break,
                _ => {}
            }
        }
        if begun && !globals.sheets.is_empty() {
            return Ok(globals);
        }
        Err(Fault::Broken("no sheet".to_owned()))
    }

    /// The cells of the sheet that begins there; `spent` is what the sheets before it took.
    fn cells(&self, stream: &[u8], at: usize, spent: Budget) -> Result<Grid, Fault> {
        let mut grid = Grid::within(spent);
        let mut records = Records::from(stream, at);
        // Charts within a sheet have cells of their own.
        let mut depth = 0u32;
        let mut formula = None;
        let put = |grid: &mut Grid, (row, column): (u16, u16), text: String| {
            grid.put(row.into(), column.into(), text)
        };
        while let Some((kind, mut body)) = records.next()? {
            match kind {
                0x0809 => depth += 1,
                0x000a if depth <= 1 => return Ok(grid),
                0x000a => depth -= 1,
                _ if depth != 1 => {}
                0x0203 => {
                    let (place, format) = place(&mut body)?;
                    let value = f64::from_le_bytes(body.eight()?);
                    put(&mut grid, place, self.number(value, format))?;
                }
                0x027e => {
                    let (place, format) = place(&mut body)?;
                    let value = body.packed()?;
                    put(&mut grid, place, self.number(value, format))?;
                }
                0x00bd => {
                    let (row, mut column) = (body.u16()?, body.u16()?);
                    // Behind the numbers stands their last column.
                    while body.left() >= 8 {
                        let format = body.u16()?;
                        let value = body.packed()?;
                        put(&mut grid, (row, column), self.number(value, format))?;
                        column = column.saturating_add(1);
                    }
                }
                0x00fd => {
                    let (place, _) = place(&mut body)?;
                    let index = usize::try_from(body.u32()?).unwrap_or(usize::MAX);
                    let text = self.texts.get(index).ok_or(CutOff)?;
                    put(&mut grid, place, text.clone())?;
                }
                0x0204 | 0x00d6 => {
                    let (place, _) = place(&mut body)?;
                    put(&mut grid, place, tidy(&body.string()?))?;
                }
                0x0205 => {
                    let (place, _) = place(&mut body)?;
                    let (value, is_error) = (body.u8()?, body.u8()? != 0);
                    put(&mut grid, place, flag(value, is_error))?;
                }
                0x0006 => {
                    let (place, format) = place(&mut body)?;
                    let result = body.eight()?;
                    formula = None;
                    match result {
                        [0, .., 0xff, 0xff] => formula = Some(place),
                        [1, _, value, .., 0xff, 0xff] => put(&mut grid, place, flag(value, false))?,
                        [2, _, value, .., 0xff, 0xff] => put(&mut grid, place, flag(value, true))?,
                        [_, .., 0xff, 0xff] => {}
                        number => {
                            put(&mut grid, place, self.number(f64::from_le_bytes(number), format))?;
                        }
                    }
                }
                0x0207 => {
                    if let Some(place) = formula.take() {
                        put(&mut grid, place, tidy(&body.string()?))?;
                    }
                }
                0x00e5 => {
                    for _ in 0..body.u16()? {
                        let (first, last) = (body.u16()?, body.u16()?);
                        let (left, right) = (body.u16()?, body.u16()?);
                        grid.merge(first.into()..=last.into(), left.into()..=right.into());
                    }
                }
                _ => {}
            }
        }
        // A sheet has an end; without one the file was cut off.
        Err(CutOff.into())
    }

    fn number(&self, value: f64, kind: u16) -> String {
        let format = self.kinds.get(usize::from(kind)).copied().unwrap_or_default();
        let date = self.dates.get(&format).copied().unwrap_or_else(|| is_built_in_date(format));
        if !value.is_finite() {
            return ERROR_CELL.to_owned();
        }
        if !date {
            return cell_text(&DataRef::Float(value));
        }
        let at = ExcelDateTime::new(value, ExcelDateTimeType::DateTime, self.since_1904);
        cell_text(&DataRef::DateTime(at))
    }
}

/// Row and column of a cell, and its kind.
fn place(body: &mut Body<'_>) -> Result<((u16, u16), u16), CutOff> {
    Ok(((body.u16()?, body.u16()?), body.u16()?))
}

fn flag(value: u8, is_error: bool) -> String {
    if is_error { ERROR_CELL.to_owned() } else { (value != 0).to_string() }
}

/// The texts that cells share. Their number is what comes, not what is declared.
fn shared_texts(body: &mut Body<'_>) -> Result<Vec<String>, Fault> {
    let (_cells, declared) = (body.u32()?, body.u32()?);
    let (mut texts, mut room) = (Vec::new(), 0);
    for _ in 0..declared {
        let text = tidy(&body.string()?);
        room += text.len() + super::CELL;
        if room > MAX_TEXT {
            return Err(Fault::TooMuch);
        }
        texts.push(text);
    }
    Ok(texts)
}

/// Formats every Excel has that show a date or a time.
fn is_built_in_date(format: u16) -> bool {
    matches!(format, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Whether a format shows a date or a time: it names one outside quotes and brackets.
fn is_date_format(format: &str) -> bool {
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        match c {
            // The rest of a quoted text, and the character an escape or a blank is about.
            '"' => while characters.next().is_some_and(|c| c != '"') {},
            '[' => while characters.next().is_some_and(|c| c != ']') {},
            '\\' | '_' | '*' => {
                characters.next();
            }
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => return true,
            'G' | 'g' => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{Merged, Sheets};

    #[test]
    fn formats_of_dates_are_told_from_others() {
        for date in ["dd/mm/yyyy", "[$-42A]d mmmm yyyy", "hh:mm", "\"ngày \"d"] {
            assert!(is_date_format(date), "{date}");
        }
        for number in ["General", "0.00", "#,##0\" đồng\"", "[Red]0", "\\d0", "@", "", "\"never closed"] {
            assert!(!is_date_format(number), "{number}");
        }
    }

    /// Two sheets with dates, numbers, a formula that failed, a long shared text and a place merged over three rows.
    const BOOK: &[u8] = include_bytes!("../../../../tests/data/so-theo-doi.xls");

    fn code(bytes: &[u8]) -> String {
        Sheet::read("a.xls", bytes).expect_err("refused").0.remove(0).code
    }

    /// The workbook with every record of this kind handed to `change`.
    fn changed(kind: u16, change: impl Fn(&mut [u8])) -> Vec<u8> {
        let mut container = cfb::CompoundFile::open(Cursor::new(BOOK)).expect("opens");
        let mut stream = Vec::new();
        container.open_stream("/Workbook").expect("there").read_to_end(&mut stream).expect("read");
        let mut at = 0;
        while let Some(&[a, b, c, d]) = stream.get(at..at + 4) {
            let end = at + 4 + usize::from(u16::from_le_bytes([c, d]));
            if u16::from_le_bytes([a, b]) == kind {
                change(&mut stream[at..end]);
            }
            at = end;
        }
        let mut made = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("made");
        std::io::Write::write_all(&mut made.create_stream("/Workbook").expect("stream"), &stream)
            .expect("written");
        made.into_inner().into_inner()
    }

    #[test]
    fn dates_numbers_flags_and_long_texts_of_an_old_workbook_are_read() {
        let sheet = Sheet::read("a.xls", BOOK).unwrap_or_else(|findings| panic!("{findings}"));
        assert_eq!((sheet.title.as_deref(), sheet.lines[0].number), (Some("Theo dõi"), 1));
        let row = |number: u32| {
            let line = sheet.lines.iter().find(|line| line.number == number).expect("there");
            line.cells.join("|")
        };
        assert_eq!(row(3), "Mã nhiệm vụ|Nội dung|Mã cán bộ|Ngày giao|Hạn xử lý|Ngày hoàn thành|Trạng thái");
        assert_eq!(row(4), "NV-1|Việc số 1|7|2026-09-01|2026-11-15||Đang xử lý");
        assert_eq!(row(5), "NV-2|Việc số 2|12.5|2026-09-01|||Đang xử lý");
        assert!(row(7).ends_with("|||||true") && row(7).chars().count() > 6_000, "{}", row(7).len());
        assert_eq!(sheet.place(4, 4).to_string(), "a.xls:4 (E4)");
    }

    #[test]
    fn sheets_and_merged_places_are_read_where_they_are_asked_for() {
        let read =
            |sheets| Sheet::read_all("a.xls", BOOK, &Reading { sheets, merged: true, ..Reading::default() });
        let all = read(Sheets::All).expect("read");
        let titles: Vec<_> = all.iter().filter_map(|sheet| sheet.title.as_deref()).collect();
        assert_eq!(titles, ["Theo dõi", "Quý IV"]);
        assert!(all[0].merged.contains(&Merged { first: 4, last: 6, column: 4 }), "{:?}", all[0].merged);
        let named = read(Sheets::Named(vec![" quý  IV".to_owned()])).expect("read");
        assert_eq!((named.len(), named[0].lines.len()), (1, 1));
        let missing = read(Sheets::Named(vec!["Quý I".to_owned()])).expect_err("refused").0.remove(0);
        assert_eq!(missing.code, "LT-TAB-021");
        assert!(missing.what.en.contains("Theo dõi, Quý IV"), "{}", missing.what.en);
    }

    #[test]
    fn far_cell_of_an_old_workbook_costs_nothing() {
        // calamine makes room for 65,536 rows of 256 cells here.
        let bytes = include_bytes!("../../../../tests/data/far-cell.xls");
        let sheet = Sheet::read("a.xls", bytes).unwrap_or_else(|findings| panic!("{findings}"));
        assert_eq!(sheet.lines.len(), 2, "the cell beyond the last column read is not kept");
    }

    #[test]
    fn password_old_formats_and_lies_of_a_workbook_are_refused_by_name() {
        assert!(Sheet::read("a.xls", &changed(0, |_| {})).is_ok(), "the way the others are made");
        // A record nobody knows becomes the mark of a password.
        assert_eq!(code(&changed(0x0042, |record| record[0] = 0x2f)), "LT-TAB-020");
        let mut made = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("made");
        made.create_stream("/EncryptedPackage").expect("stream");
        assert_eq!(code(&made.into_inner().into_inner()), "LT-TAB-020");
        assert_eq!(code(&changed(0x0809, |record| record[5] = 5)), "LT-TAB-005", "Excel 95");
        assert_eq!(
            code(&changed(0x0085, |record| record[4..8].fill(0xff))),
            "LT-TAB-005",
            "a sheet beyond the end"
        );
        assert_eq!(
            code(&changed(0x00fc, |record| record[8..12].fill(0xff))),
            "LT-TAB-005",
            "four milliard texts"
        );
        assert_eq!(code(foreign_container().as_slice()), "LT-TAB-005");
        for length in [8, 512, 1_024, 9_000, BOOK.len() - 6_000] {
            assert_eq!(code(&BOOK[..length]), "LT-TAB-005", "cut off at {length}");
        }
    }

    fn foreign_container() -> Vec<u8> {
        let mut made = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("made");
        made.create_stream("/WordDocument").expect("stream");
        made.into_inner().into_inner()
    }

    #[test]
    fn cells_that_share_one_long_text_count_each() {
        // One text of 30,000 characters, shown by as many cells as make more than the limit.
        let text = "x".repeat(30_000);
        let globals = Globals { sheets: vec![(String::new(), 0)], texts: vec![text], ..Globals::default() };
        let record = |kind: u16, body: &[u8]| {
            let length = u16::try_from(body.len()).expect("short");
            [&kind.to_le_bytes()[..], &length.to_le_bytes(), body].concat()
        };
        let mut stream = record(0x0809, &[0, 6, 0x10, 0]);
        for row in 0..5_000u16 {
            let cell = [&row.to_le_bytes()[..], &[0, 0, 0, 0, 0, 0, 0, 0]].concat();
            stream.extend(record(0x00fd, &cell));
        }
        stream.extend(record(0x000a, &[]));
        assert!(matches!(globals.cells(&stream, 0, Budget::default()), Err(Fault::TooMuch)));
    }
}
