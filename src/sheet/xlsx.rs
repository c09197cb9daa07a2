//! XLSX: the first sheet of a workbook, cell by cell.
//!
//! Owns how a cell becomes text and how far a workbook may unpack. It must not know what a column means. A file
//! that unpacks to more than its limits is refused before anything of it is held in memory.

use super::{ERROR_CELL, Line, MAX_COLUMNS, MAX_ROWS, MAX_TEXT, Sheet, refusal, too_long};
use crate::error::{Finding, Findings};
use calamine::{DataRef, DataType as _, Reader as _};
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

/// Most parts of a workbook.
const MAX_PARTS: usize = 10_000;
/// Most a whole workbook may unpack to, in bytes; its sheets are read as a stream.
const MAX_UNPACKED: u64 = 512 << 20;
/// Most the text shared by its cells may unpack to: it is held in memory.
const MAX_SHARED: u64 = MAX_TEXT as u64;
/// Most a part about formats, names or relations may unpack to: they are held in memory.
const MAX_FORMAT: u64 = 16 << 20;
/// Most texts shared by cells.
const MAX_TEXTS: u64 = 4_000_000;

/// Reads the first sheet.
///
/// # Errors
/// LT-TAB-001 too many rows, LT-TAB-005 no workbook, LT-TAB-009 it unpacks to more than the limits.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Sheet, Findings> {
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
    if !unpacks(bytes).map_err(|error| broken(&error))? {
        return Err(bomb(name).into());
    }
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
    Ok(Sheet { name: name.to_owned(), spreadsheet: true, lines, broken: Vec::new(), unended: None })
}

/// Whether the workbook stays within its limits. Its parts are unpacked once and thrown away: the sizes it
/// declares itself prove nothing.
fn unpacks(bytes: &[u8]) -> Result<bool, zip::result::ZipError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    if archive.len() > MAX_PARTS {
        return Ok(false);
    }
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let part = archive.by_index(index)?;
        let path = part.name()?.to_lowercase();
        let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
        let shared = file == "sharedstrings.xml";
        let held = ["styles.xml", "workbook.xml"].contains(&file)
            || file.starts_with("theme")
            || file.ends_with(".rels");
        let limit = left.min(if shared {
            MAX_SHARED
        } else if held {
            MAX_FORMAT
        } else {
            MAX_UNPACKED
        });
        let mut unpacked = part.take(limit + 1);
        if shared {
            // Room is made for as many texts as the part says it has.
            let mut head = Vec::new();
            unpacked.by_ref().take(4_096).read_to_end(&mut head)?;
            if declared_texts(&head) > MAX_TEXTS {
                return Ok(false);
            }
        }
        std::io::copy(&mut unpacked, &mut std::io::sink())?;
        let size = limit + 1 - unpacked.limit();
        if size > limit {
            return Ok(false);
        }
        left -= size;
    }
    Ok(true)
}

/// The number of texts that the beginning of a part with shared texts declares; 0 where it does not say.
fn declared_texts(head: &[u8]) -> u64 {
    let head = String::from_utf8_lossy(head);
    let Some((_, after)) = head.split_once("uniqueCount") else { return 0 };
    let digits: String = after
        .trim_start_matches(|c: char| c.is_whitespace() || ['=', '"', '\''].contains(&c))
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u64::MAX) }
}

fn bomb(name: &str) -> Finding {
    refusal(
        "LT-TAB-009",
        name,
        "tệp XLSX giải nén ra quá lớn (quá 512 MiB, 128 MiB chữ hoặc 10.000 phần)",
        "the XLSX file unpacks to too much (over 512 MiB, 128 MiB of text or 10,000 parts)",
        "xóa dòng, cột và định dạng thừa hoặc chia nhỏ tệp; nếu không biết tệp từ đâu đến, đừng mở",
        "delete surplus rows, columns and formats or split the file; if you do not know where it comes from, do not open it",
    )
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// A workbook with one cell, and one of its parts replaced.
    fn workbook(part: &str, head: &str, zeros: u64) -> Vec<u8> {
        let mut book = rust_xlsxwriter::Workbook::new();
        book.add_worksheet().write(0, 0, "Mã").expect("cell");
        let mut whole = zip::ZipArchive::new(Cursor::new(book.save_to_buffer().expect("xlsx"))).expect("zip");
        let mut made = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let deflated = zip::write::SimpleFileOptions::default();
        for index in 0..whole.len() {
            let file = whole.by_index(index).expect("part");
            if file.name().expect("name") != part {
                made.raw_copy_file(file).expect("copied");
            }
        }
        made.start_file(part, deflated).expect("part");
        made.write_all(head.as_bytes()).expect("written");
        let block = vec![b' '; 1 << 20];
        for _ in 0..zeros {
            made.write_all(&block).expect("written");
        }
        made.finish().expect("zip").into_inner()
    }

    #[test]
    fn workbook_that_unpacks_beyond_its_limits_is_refused_by_name() {
        let code = |bytes: &[u8]| {
            let finding = read("bom.xlsx", bytes).expect_err("refused").0.remove(0);
            (finding.code, finding.place.map(|place| place.to_string()))
        };
        let told = ("LT-TAB-009".to_owned(), Some("bom.xlsx".to_owned()));
        let bomb = workbook("xl/worksheets/sheet1.xml", "", 513);
        assert!(bomb.len() < 4 << 20, "half a gigabyte in {} bytes", bomb.len());
        assert_eq!(code(&bomb), told);
        assert_eq!(code(&workbook("xl/styles.xml", "", 17)), told);
        let declared = "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" uniqueCount=\"99999999999\">";
        assert_eq!(code(&workbook("xl/sharedStrings.xml", declared, 0)), told);
        assert!(
            read("x.xlsx", &workbook("xl/media/image1.png", "", 20)).is_ok(),
            "a large picture is no bomb"
        );
    }
}
