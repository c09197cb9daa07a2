//! A CSV or XLSX file as rows of text cells with the line each came from.
//!
//! Owns what a catalog may not exceed, and the codes under which a file that is no table is told. It must not know
//! columns or file formats: every table is read by `sheet`, whose limits hold here as well.

use super::read::{MAX_BYTES, MAX_ROWS};
use crate::error::{Finding, Findings, Place, Text};
use crate::sheet::{Line, Sheet};

/// The rows of a file, header included, blank rows left out.
pub(super) fn rows(bytes: &[u8], file: &str) -> Result<Vec<Line>, Findings> {
    if bytes.len() > MAX_BYTES {
        return Err(too_large(file));
    }
    let sheet = Sheet::read(file, bytes)
        .map_err(|findings| Findings(findings.0.into_iter().map(|one| told(one, file)).collect()))?;
    if !sheet.broken.is_empty() {
        return Err(Findings(sheet.broken.iter().map(|line| line.finding(file)).collect()));
    }
    if sheet.lines.len() > MAX_ROWS + 1 {
        return Err(too_large(file));
    }
    Ok(sheet.lines)
}

/// What keeps a file from being a table, as a finding of a catalog. Broken quotes and files that unpack to too much
/// keep the codes whose pages say what to do.
fn told(finding: Finding, file: &str) -> Finding {
    match finding.code.as_str() {
        "LT-TAB-001" => size(file),
        "LT-TAB-003" | "LT-TAB-005" => {
            let place = finding.place.unwrap_or_else(|| Place::of(file));
            Finding::error("LT-CAT-001", finding.what, finding.remedy).at(place)
        }
        _ => finding,
    }
}

fn too_large(file: &str) -> Findings {
    size(file).into()
}

fn size(file: &str) -> Finding {
    Finding::error(
        "LT-CAT-002",
        Text::new(
            "tệp danh mục vượt giới hạn 100.000 dòng hoặc 10 MiB",
            "the catalog file exceeds 100,000 rows or 10 MiB",
        ),
        Text::new(
            "tách tệp hoặc xóa các vùng trống đã định dạng",
            "split the file or delete formatted blank areas",
        ),
    )
    .at(Place::of(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cells_at_opposite_corners_of_a_workbook_are_two_rows() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "Mã").expect("cell");
        sheet.write(4, 1, 2.5).expect("cell");
        sheet.write(1_048_575, 16_383, "far").expect("cell");
        let rows = rows(&book.save_to_buffer().expect("xlsx"), "c.xlsx").expect("rows");
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 5]);
        assert_eq!(rows[1].cells, ["", "2.5"]);
    }

    #[test]
    fn open_quote_refuses_the_catalog_and_names_its_line() {
        let text = "code,name,complexity_group,coefficient\nA,\"one,1,1\nB,two,1,1\n";
        let finding = rows(text.as_bytes(), "c.csv").expect_err("refused").0.remove(0);
        assert_eq!(
            (finding.code.as_str(), finding.place.and_then(|place| place.line)),
            ("LT-TAB-004", Some(2))
        );
    }

    #[test]
    fn catalogs_beyond_their_own_limits_are_refused_as_catalogs() {
        let code = |bytes: &[u8]| rows(bytes, "c").expect_err("refused").0.remove(0).code;
        assert_eq!(code(&vec![b'a'; MAX_BYTES + 1]), "LT-CAT-002");
        assert_eq!(code("a,b\n".repeat(MAX_ROWS + 2).as_bytes()), "LT-CAT-002");
        assert_eq!(code("a,b\n".repeat(200_001).as_bytes()), "LT-CAT-002");
        assert_eq!(code(b"PK\x03\x04broken"), "LT-CAT-001");
        assert_eq!(code(&[0xc3, 0x28, 0x80]), "LT-CAT-001");
    }
}
