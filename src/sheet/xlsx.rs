//! XLSX: the first sheet of a workbook, cell by cell.
//!
//! Owns how a cell becomes text and how far a workbook may unpack. It must not know what a column means. A file
//! that unpacks to more than its limits is refused before anything of it is held in memory.

use super::{CELL, ERROR_CELL, Line, MAX_COLUMNS, MAX_ROWS, MAX_TEXT, Sheet, refusal, too_long};
use crate::error::{Finding, Findings, Text, cause};
use calamine::{DataRef, DataType as _, Reader as _};
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

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
/// How many more texts than it holds a part may declare: programs count them in their own ways.
const MISCOUNTED: u64 = 100_000;
/// Bytes within which the start tag of the shared texts stands.
const HEAD: u64 = 4_096;

/// Reads the first sheet.
///
/// # Errors
/// LT-TAB-001 too many rows, LT-TAB-005 no workbook, LT-TAB-009 it unpacks to more than the limits.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Sheet, Findings> {
    let broken = |error: &dyn std::fmt::Display| {
        let what = Text::new("không đọc được XLSX", "unreadable XLSX").because(&cause(error));
        Findings::from(refusal(
            "LT-TAB-005",
            name,
            &what.vi,
            &what.en,
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
            // Empty cells before it take room as well, and no more than is counted.
            let more = column + 1 - cells.len();
            text += more * CELL;
            cells.reserve_exact(more);
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
            if !few_texts(&mut unpacked)? {
                return Ok(false);
            }
        } else {
            std::io::copy(&mut unpacked, &mut std::io::sink())?;
        }
        let size = limit + 1 - unpacked.limit();
        if size > limit {
            return Ok(false);
        }
        left -= size;
    }
    Ok(true)
}

/// Whether a part with shared texts, read to its end, holds no more of them than allowed and declares no more than
/// it holds: room is made for as many as it declares, and too much room ends the whole process.
fn few_texts(part: &mut impl std::io::Read) -> std::io::Result<bool> {
    let mut head = Vec::new();
    part.by_ref().take(HEAD).read_to_end(&mut head)?;
    let Some(declared) = declared_texts(&head).filter(|declared| *declared <= MAX_TEXTS) else {
        return Ok(false);
    };
    let mut texts = Texts::default();
    texts.write_all(&head)?;
    std::io::copy(part, &mut texts)?;
    Ok(texts.count <= MAX_TEXTS && declared <= texts.count.saturating_add(MISCOUNTED))
}

/// The number of texts that a part declares; 0 where it does not say. None where anything but the XML declaration
/// stands before its start tag or the tag cannot be understood: what is read here has to be what is read later.
fn declared_texts(head: &[u8]) -> Option<u64> {
    let head = String::from_utf8_lossy(head);
    let mut rest = head.trim_start_matches('\u{feff}').trim_start();
    if rest.starts_with("<?xml") {
        rest = rest.split_once("?>")?.1.trim_start();
    }
    let tag = start_tag(rest.strip_prefix('<')?)?;
    let name = tag.split([' ', '\t', '\r', '\n', '/']).next()?;
    if name.rsplit(':').next() != Some("sst") {
        return None;
    }
    let mut most = 0;
    for after in tag.split("uniqueCount").skip(1) {
        let value = after.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|c| ['"', '\''].contains(c))?;
        let (digits, _) = value.get(1..)?.split_once(quote)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        most = most.max(digits.parse().unwrap_or(u64::MAX));
    }
    Some(most)
}

/// A start tag up to the bracket that ends it: one within quotes does not.
fn start_tag(text: &str) -> Option<&str> {
    let mut quote = None;
    let end = text.find(|c| match quote {
        Some(open) => {
            if c == open {
                quote = None;
            }
            false
        }
        None => {
            if ['"', '\''].contains(&c) {
                quote = Some(c);
            }
            c == '>'
        }
    })?;
    text.get(..end)
}

/// Counts the texts (start tags `si`) of what is written to it.
#[derive(Default)]
struct Texts {
    count: u64,
    /// Within the name of a tag: its length behind a prefix, and whether it is `si` so far.
    name: Option<(usize, bool)>,
}

impl std::io::Write for Texts {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for byte in bytes {
            self.name = match (byte, self.name) {
                (b'<', _) => Some((0, true)),
                (b':', Some(_)) => Some((0, true)),
                (b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>', Some(name)) => {
                    self.count += u64::from(name == (2, true));
                    None
                }
                (byte, Some((length, same))) => Some((length + 1, same && b"si".get(length) == Some(byte))),
                (_, None) => None,
            };
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
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

    #[test]
    fn shared_texts_that_hide_how_many_they_declare_are_refused_before_room_is_made() {
        let part = |before: &str, attributes: &str, texts: &str| {
            let xml = format!(
                "{before}<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" {attributes}>{texts}</sst>"
            );
            read("x.xlsx", &workbook("xl/sharedStrings.xml", &xml, 0))
        };
        let (many, one) = ("uniqueCount=\"1000000000000000\"", "<si><t>Mã</t></si>");
        let blanks = " ".repeat(5_000);
        let hidden = [
            ("<!-- uniqueCount=\"1\" -->", many),
            (blanks.as_str(), many),
            ("", "note='uniqueCount=\"1\" >' uniqueCount=\"1000000000000000\""),
            ("", "uniqueCount=\"1\" note=\"\" uniqueCount = '1000000000000000'"),
            ("", "uniqueCountry=\"1\""),
            ("<?xml version=\"1.0\"?><!DOCTYPE sst>", "uniqueCount=\"1\""),
            // Within the limit, but it holds one.
            ("", "uniqueCount=\"3999999\""),
        ];
        for (before, attributes) in hidden {
            let finding = part(before, attributes, one).expect_err("refused").0.remove(0);
            assert_eq!(finding.code, "LT-TAB-009", "{before}{attributes}");
        }
        let declaration = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n";
        for attributes in ["", "count=\"9000000\" uniqueCount=\"1\"", "uniqueCount='2' note='a > b'"] {
            let sheet = part(declaration, attributes, one).unwrap_or_else(|findings| panic!("{findings}"));
            assert_eq!(sheet.lines.len(), 1, "{attributes}");
        }
    }

    #[test]
    fn texts_are_counted_by_their_start_tags_wherever_the_blocks_are_cut() {
        let mut texts = Texts::default();
        for byte in b"<sst><si/><x:si a=\"1\"><t>si</t></x:si><si\n></si><size/><s/><is/></sst>" {
            texts.write_all(&[*byte]).expect("counted");
        }
        assert_eq!(texts.count, 3);
    }

    #[test]
    fn more_shared_texts_than_allowed_are_refused_though_none_is_declared() {
        let part = |texts: usize| format!("<sst>{}</sst>", "<si/>".repeat(texts));
        assert!(few_texts(&mut part(4_000_000).as_bytes()).expect("read"));
        assert!(!few_texts(&mut part(4_000_001).as_bytes()).expect("read"));
    }

    #[test]
    fn empty_cells_before_a_far_one_count_as_room() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for row in 0..60_000 {
            sheet.write(row, 99, 1).expect("cell");
        }
        let finding = read("x.xlsx", &book.save_to_buffer().expect("xlsx")).expect_err("refused").0.remove(0);
        assert_eq!(finding.code, "LT-TAB-001");
    }
}
