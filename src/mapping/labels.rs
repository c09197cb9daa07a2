//! Labelled tasks: the file people's decisions travel in, for training and for measurement.
//!
//! Owns its columns and checks. It must not know how decisions are made. Every row's error comes at once.

use super::Example;
use crate::domain::{CatalogProduct, ProductCode};
use crate::error::{Finding, Findings, Place, Text};
use std::collections::BTreeSet;

/// Bytes and rows such a file may have.
const MAX_BYTES: usize = 64 * 1024 * 1024;
const MAX_ROWS: usize = 200_000;
const COLUMNS: [(&str, bool); 8] = [
    ("task_id", true),
    ("title", true),
    ("expected_code", true),
    ("source_system", false),
    ("unit", false),
    ("doc_type", false),
    ("source_category", false),
    ("also_ok", false),
];

/// Reads labelled tasks (CSV with a header; columns task_id, title, expected_code and, where known,
/// source_system, unit, doc_type, source_category, also_ok with `|` between codes). An empty expected_code
/// means outside the catalog. Other columns are ignored.
///
/// # Errors
/// LT-MAP-007 unreadable or too large, -008 column missing, -009 no rows, -010 duplicate task_id, -011 a code the
/// catalog does not have.
pub fn read(bytes: &[u8], file: &str, catalog: &[CatalogProduct]) -> Result<Vec<Example>, Findings> {
    let unreadable = |line: Option<u32>, cause: &str| {
        Finding::error(
            "LT-MAP-007",
            Text::new(
                format!("không đọc được tệp nhãn: {cause}"),
                format!("the labels cannot be read: {cause}"),
            ),
            Text::new("lưu tệp dưới dạng CSV (UTF-8)", "save the file as CSV (UTF-8)"),
        )
        .at(Place { what: file.to_owned(), line, detail: None })
    };
    if bytes.len() > MAX_BYTES {
        return Err(unreadable(None, "> 64 MiB").into());
    }
    let (text, _) = crate::text::decode(bytes).map_err(|error| unreadable(None, &error.to_string()))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| unreadable(Some(1), &error.to_string()))?.clone();
    let columns = COLUMNS.map(|(name, _)| headers.iter().position(|header| header.trim() == name));
    let mut findings: Vec<Finding> = COLUMNS
        .iter()
        .zip(columns)
        .filter(|((_, required), column)| *required && column.is_none())
        .map(|((name, _), _)| {
            Finding::error(
                "LT-MAP-008",
                Text::new(format!("thiếu cột \"{name}\""), format!("the column \"{name}\" is missing")),
                Text::new("thêm cột vào dòng đầu", "add the column to the first row"),
            )
            .at(Place::line(file, 1).at(*name))
        })
        .collect();
    if !findings.is_empty() {
        return Err(Findings(findings));
    }
    let codes: BTreeSet<&str> = catalog.iter().map(|product| product.code.as_str()).collect();
    let (mut ids, mut examples) = (BTreeSet::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(None, &error.to_string()))?;
        let line = record.position().and_then(|p| u32::try_from(p.line()).ok()).unwrap_or(u32::MAX);
        if examples.len() >= MAX_ROWS {
            return Err(unreadable(Some(line), "> 200,000").into());
        }
        let cells = columns.map(|column| column.and_then(|index| record.get(index)).unwrap_or("").to_owned());
        let [id, title, expected, source_system, unit, doc_type, category, also_ok] = cells;
        if !ids.insert(id.trim().to_owned()) {
            let shown: String = id.chars().take(40).collect();
            findings.push(
                Finding::error(
                    "LT-MAP-010",
                    Text::new(
                        format!("task_id \"{shown}\" bị trùng"),
                        format!("task_id \"{shown}\" is used twice"),
                    ),
                    Text::new("mỗi việc chỉ có một dòng", "give each task one row"),
                )
                .at(Place::line(file, line).at("task_id")),
            );
        }
        let mut code = |text: &str, column: &str| -> Option<ProductCode> {
            let text = text.trim();
            if text.is_empty() {
                return None;
            }
            if codes.contains(text) {
                return ProductCode::new(text).ok();
            }
            let shown: String = text.chars().take(40).collect();
            findings.push(
                Finding::error(
                    "LT-MAP-011",
                    Text::new(
                        format!("mã \"{shown}\" không có trong danh mục"),
                        format!("the catalog has no code \"{shown}\""),
                    ),
                    Text::new(
                        "sửa mã hoặc dùng đúng phiên bản danh mục",
                        "correct the code or use the right catalog version",
                    ),
                )
                .at(Place::line(file, line).at(column)),
            );
            None
        };
        let product = code(&expected, "expected_code");
        let also_ok = also_ok.split('|').filter_map(|text| code(text, "also_ok")).collect();
        examples.push(Example { title, doc_type, category, source_system, unit, product, also_ok });
    }
    if examples.is_empty() {
        findings.push(
            Finding::error(
                "LT-MAP-009",
                Text::new("tệp nhãn không có dòng nào", "the labels have no rows"),
                Text::new("kiểm tra đường dẫn và nội dung tệp", "check path and content of the file"),
            )
            .at(Place::of(file)),
        );
    }
    if findings.is_empty() { Ok(examples) } else { Err(Findings(findings)) }
}
