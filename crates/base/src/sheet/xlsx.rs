//! XLSX: the sheets of a workbook, cell by cell.
//!
//! Owns which parts of a workbook are sheets and how their cells are walked over. It must not know what a column
//! means. A file that unpacks to more than its limits is refused before anything of it is held in memory.

use super::archive::{bomb, unpacks};
use super::grid::{Budget, Grid, cell_text};
use super::{Reading, Sheet, too_long, unreadable};
use crate::error::Findings;
use calamine::{Reader as _, SheetType};
use std::io::Cursor;

/// Reads the sheets asked for.
///
/// # Errors
/// LT-TAB-001 too many rows, LT-TAB-005 no workbook, LT-TAB-009 it unpacks to more than the limits, LT-TAB-021 no
/// sheet of that name.
pub(super) fn read(name: &str, bytes: &[u8], reading: &Reading) -> Result<Vec<Sheet>, Findings> {
    let broken = |error: &dyn std::fmt::Display| Findings::from(unreadable(name, "XLSX", error));
    if !unpacks(bytes).map_err(|error| broken(&error))? {
        return Err(bomb(name).into());
    }
    let mut book = calamine::Xlsx::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let titles: Vec<String> = sheets.map(|sheet| sheet.name.clone()).collect();
    if titles.is_empty() {
        return Err(broken(&"no sheet"));
    }
    let named: Vec<&str> = titles.iter().map(String::as_str).collect();
    let (mut spent, mut found) = (Budget::default(), Vec::new());
    for title in reading.sheets.of(name, &named)?.into_iter().filter_map(|index| titles.get(index)) {
        // Cell by cell: a sheet may declare a million by sixteen thousand cells and hold three.
        let mut grid = Grid::within(spent);
        let mut reader = book.worksheet_cells_reader(title).map_err(|error| broken(&error))?;
        while let Some(cell) = reader.next_cell().map_err(|error| broken(&error))? {
            let (row, column) = cell.get_position();
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            grid.put(row, column, cell_text(cell.get_value())).map_err(|_| too_long(name))?;
        }
        drop(reader);
        if reading.merged {
            for place in book.merge_cells_by_sheet_name(title).map_err(|error| broken(&error))? {
                grid.merge(place.start.0..=place.end.0, place.start.1..=place.end.1);
            }
        }
        spent = grid.spent();
        found.push(grid.sheet(name, title));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::archive::within;
    use super::*;
    use std::io::Write as _;

    fn read(name: &str, bytes: &[u8]) -> Result<Sheet, Findings> {
        Sheet::read(name, bytes)
    }

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
        // The limit on all of it is tried small: unpacking half a gigabyte takes minutes.
        let bomb = workbook("xl/worksheets/sheet1.xml", "", 5);
        assert!(bomb.len() < 1 << 16, "five MiB in {} bytes", bomb.len());
        for (most, fits) in [(4, false), (5, false), (6, true)] {
            assert_eq!(
                within(most << 20, &bomb).ok(),
                Some(fits),
                "within {most} MiB: the other parts count too"
            );
        }
        assert_eq!(code(&workbook("xl/styles.xml", "", 17)), told);
        let declared = "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" uniqueCount=\"99999999999\">";
        assert_eq!(code(&workbook("xl/sharedStrings.xml", declared, 0)), told);
        assert!(
            read("x.xlsx", &workbook("xl/media/image1.png", "", 20)).is_ok(),
            "a large picture is no bomb"
        );
    }

    /// F5: as many entries as fit into the largest file are refused before room is made for their list, and a million
    /// by their size.
    #[test]
    fn workbook_of_hundreds_of_thousands_of_parts_is_refused() {
        let code = |parts: usize| {
            let mut archive = b"PK\x03\x04".to_vec();
            let entry = [&b"PK\x01\x02"[..], &[0; 42]].concat();
            archive.extend(std::iter::repeat_n(entry, parts).flatten());
            archive.extend([&b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff"[..], &[0; 10]].concat());
            read("x.xlsx", &archive).expect_err("refused").0.remove(0).code
        };
        assert_eq!(code(10_001), "LT-TAB-009");
        assert_eq!(code(super::super::MAX_BYTES / 46 - 1), "LT-TAB-009");
        assert_eq!(code(1_000_000), "LT-TAB-001");
    }

    /// F5: an archive within the archive is not opened, and a part whose name leads out of it is written nowhere.
    #[test]
    fn archives_within_and_names_that_lead_out_change_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let inner = workbook("xl/worksheets/sheet1.xml", "", 20);
        let out = folder.path().join("out").display().to_string();
        for part in ["xl/embeddings/inner.zip", "../../../../../../tmp/out", "..\\out", &out] {
            let mut whole = zip::ZipWriter::new_append(Cursor::new(workbook("x", "", 0))).expect("archive");
            whole.start_file(part, zip::write::SimpleFileOptions::default()).expect("part");
            whole.write_all(&inner).expect("written");
            let sheet = read("x.xlsx", &whole.finish().expect("zip").into_inner());
            let sheet = sheet.unwrap_or_else(|findings| panic!("{part}: {findings}"));
            assert_eq!(sheet.lines[0].cells, ["Mã"], "{part}");
        }
        assert!(!folder.path().join("out").exists());
    }

    /// F5: programs disagree about which of two parts of one name counts.
    #[test]
    fn workbook_with_two_parts_of_one_name_is_refused() {
        let mut whole = zip::ZipWriter::new_append(Cursor::new(workbook("x", "", 0))).expect("archive");
        let other = "xl/worksheets/sheet2.xml";
        whole.start_file(other, zip::write::SimpleFileOptions::default()).expect("part");
        whole.write_all(b"<worksheet/>").expect("written");
        let mut bytes = whole.finish().expect("zip").into_inner();
        let places: Vec<usize> = bytes
            .windows(other.len())
            .enumerate()
            .filter(|(_, at)| *at == other.as_bytes())
            .map(|(at, _)| at)
            .collect();
        assert_eq!(places.len(), 2, "in the part's head and in the list");
        for at in places {
            bytes[at..at + other.len()].copy_from_slice(b"xl/worksheets/sheet1.xml");
        }
        let finding = read("x.xlsx", &bytes).expect_err("refused").0.remove(0);
        assert_eq!(finding.code, "LT-TAB-005");
        assert!(finding.what.en.contains("same name"), "{finding}");
    }

    /// F5: what an archive says about the sizes of its parts is believed by nobody, and a part with a password is named.
    #[test]
    fn workbook_whose_sizes_lie_or_whose_part_is_encrypted_is_refused() {
        // A field of a part's two heads: its place in the local one and in the one of the list.
        let changed = |bytes: &[u8], part: &str, places: (usize, usize), change: &dyn Fn(&mut [u8])| {
            let mut bytes = bytes.to_vec();
            let named: Vec<usize> =
                (0..bytes.len()).filter(|at| bytes[*at..].starts_with(part.as_bytes())).collect();
            assert_eq!(named.len(), 2, "in the part's head and in the list");
            for (at, name, field) in [(named[0], 30, places.0), (named[1], 46, places.1)] {
                change(&mut bytes[at - name + field..]);
            }
            bytes
        };
        let size = |size: u32| move |field: &mut [u8]| field[..4].copy_from_slice(&size.to_le_bytes());
        let code = |bytes: &[u8]| read("x.xlsx", bytes).map_err(|findings| findings.0[0].code.clone());
        let part = "xl/styles.xml";
        let bomb = changed(&workbook(part, "", 17), part, (22, 24), &size(10));
        // It never becomes more than it says, in memory neither.
        assert_eq!(code(&bomb).err().as_deref(), Some("LT-TAB-005"), "17 MiB that say to be ten bytes");
        // Room for what is said and not there would be four gigabytes.
        let sheet = "xl/worksheets/sheet1.xml";
        let boast = changed(&workbook("x", "", 0), sheet, (22, 24), &size(u32::MAX - 1));
        if let Ok(read) = code(&boast) {
            assert_eq!(read.lines[0].cells, ["Mã"]);
        }
        let locked = changed(&workbook("x", "", 0), sheet, (6, 8), &|field| field[0] |= 1);
        assert_eq!(code(&locked).err().as_deref(), Some("LT-TAB-005"));
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
