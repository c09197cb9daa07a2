//! A CSV or XLSX file as rows of text cells with the line each came from.
//!
//! Owns the two file formats and their limits. It must not know columns. A file that cannot be read gives one
//! coded finding.

use super::read::{MAX_BYTES, MAX_ROWS};
use crate::error::{Finding, Findings, Place, Text};
use calamine::{Data, Reader};
use std::io::Cursor;

/// One row with its 1-based line (CSV) or row number (XLSX).
pub(super) struct Row {
    pub line: u32,
    pub cells: Vec<String>,
}

/// The rows of a file, header included, blank rows left out.
pub(super) fn rows(bytes: &[u8], file: &str) -> Result<Vec<Row>, Findings> {
    if bytes.len() > MAX_BYTES {
        return Err(too_large(file));
    }
    let rows = if bytes.starts_with(b"PK\x03\x04") { xlsx(bytes, file)? } else { csv(bytes, file)? };
    if rows.len() > MAX_ROWS + 1 {
        return Err(too_large(file));
    }
    Ok(rows)
}

fn csv(bytes: &[u8], file: &str) -> Result<Vec<Row>, Findings> {
    let (text, _) = crate::text::decode(bytes).map_err(|error| unreadable(file, None, &error.to_string()))?;
    let header = text.lines().next().unwrap_or("");
    let separator = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|separator| (header.bytes().filter(|b| b == separator).count(), *separator == b','))
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(file, None, &error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        push(&mut rows, u32::try_from(line).unwrap_or(u32::MAX), record.iter().map(str::to_owned).collect());
        if rows.len() > MAX_ROWS + 1 {
            return Err(too_large(file));
        }
    }
    Ok(rows)
}

fn xlsx(bytes: &[u8], file: &str) -> Result<Vec<Row>, Findings> {
    let mut book = calamine::Xlsx::new(Cursor::new(bytes))
        .map_err(|error: calamine::XlsxError| unreadable(file, None, &error.to_string()))?;
    let sheet = book
        .worksheet_range_at(0)
        .ok_or_else(|| unreadable(file, None, "the workbook has no sheet"))?
        .map_err(|error| unreadable(file, None, &error.to_string()))?;
    if sheet.height() > MAX_ROWS + 1 || sheet.width() > 200 {
        return Err(too_large(file));
    }
    let first = sheet.start().map_or(0, |(row, _)| row);
    let mut rows = Vec::new();
    for (offset, cells) in sheet.rows().enumerate() {
        let line = first.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX)).saturating_add(1);
        push(&mut rows, line, cells.iter().map(cell_text).collect());
    }
    Ok(rows)
}

/// A number cell is a binary fraction; its shortest text is what the person typed (2.5, not 2.50000001).
fn cell_text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Error(error) => format!("#{error:?}"),
        other => other.to_string(),
    }
}

fn push(rows: &mut Vec<Row>, line: u32, cells: Vec<String>) {
    if cells.iter().any(|cell| !cell.trim().is_empty()) {
        rows.push(Row { line, cells });
    }
}

fn too_large(file: &str) -> Findings {
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
    .into()
}

fn unreadable(file: &str, line: Option<u32>, cause: &str) -> Findings {
    Finding::error(
        "LT-CAT-001",
        Text::new(
            format!("không đọc được tệp danh mục: {cause}"),
            format!("the catalog file cannot be read: {cause}"),
        ),
        Text::new(
            "lưu lại tệp dưới dạng CSV (UTF-8) hoặc XLSX",
            "save the file again as CSV (UTF-8) or XLSX",
        ),
    )
    .at(Place { what: file.to_owned(), line, detail: None })
    .into()
}
