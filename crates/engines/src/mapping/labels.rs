//! Labelled tasks: the file people's decisions travel in, for training and for measurement.
//!
//! Owns its columns and checks. It must not know how decisions are made or how a table is read. Every row's error
//! comes at once; with any of them no task is given, since a wrong label distorts every figure.

use super::Example;
use crate::domain::{CatalogProduct, ProductCode};
use crate::error::{Finding, Findings, Place, Text};
use crate::sheet::{Column, Table, TableRow};
use std::collections::{BTreeMap, BTreeSet};

/// Findings listed for one file.
const MAX_FINDINGS: usize = 500;

const COLUMNS: &[Column] = &[
    Column { name: "task_id", synonyms: &["Mã nhiệm vụ"], required: true },
    Column { name: "title", synonyms: &["Tên nhiệm vụ"], required: true },
    Column { name: "expected_code", synonyms: &["Mã sản phẩm"], required: true },
    Column { name: "source_system", synonyms: &["Hệ thống"], required: false },
    Column { name: "unit", synonyms: &["Đơn vị"], required: false },
    Column { name: "doc_type", synonyms: &["Loại văn bản"], required: false },
    Column { name: "source_category", synonyms: &["Nhóm nhiệm vụ"], required: false },
    Column { name: "also_ok", synonyms: &["Mã khác chấp nhận được"], required: false },
    Column { name: "difficulty", synonyms: &["Độ khó"], required: false },
    Column { name: "noise", synonyms: &["Nhiễu"], required: false },
];

/// A labelled task with what is known for its analysis alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// Its id in the file.
    pub id: String,
    /// How hard its author thought it; empty when unknown.
    pub difficulty: String,
    /// What its author says is odd about the title, `|` between several; empty when unknown.
    pub noise: String,
    /// Task and decision.
    pub example: Example,
}

/// Reads labelled tasks (CSV or XLSX; columns task_id, title, expected_code and, where known, source_system, unit,
/// doc_type, source_category, also_ok with `|` between codes, difficulty, noise). An empty expected_code means outside the catalog.
/// Other columns are ignored.
///
/// # Errors
/// LT-TAB what is wrong with the table, LT-MAP-009 no rows, -010 duplicate task_id, -011 a code the catalog does
/// not have, -014 a cell that must be there is not.
pub fn read(bytes: &[u8], file: &str, catalog: &[CatalogProduct]) -> Result<Vec<Example>, Findings> {
    Ok(read_all(bytes, file, catalog)?.into_iter().map(|labelled| labelled.example).collect())
}

/// The same with each row's id, difficulty and noise.
///
/// # Errors
/// As [`read`].
pub fn read_all(bytes: &[u8], file: &str, catalog: &[CatalogProduct]) -> Result<Vec<Labelled>, Findings> {
    let table = Table::read(file, bytes, COLUMNS)?;
    let codes: BTreeSet<&str> = catalog.iter().map(|product| product.code.as_str()).collect();
    let (mut ids, mut examples, mut findings) = (BTreeMap::new(), Vec::new(), Vec::new());
    for row in table.rows() {
        let id = row.get("task_id");
        findings.extend(["task_id", "title"].into_iter().filter(|column| row.get(column).is_empty()).map(
            |column| {
                let en = format!("the cell of column {column} is empty");
                missing(row, column, format!("ô của cột {column} để trống"), en)
            },
        ));
        if row.ends_before("expected_code") {
            findings.push(missing(
                row,
                "expected_code",
                "dòng bị cắt trước cột expected_code".to_owned(),
                "the row is cut off before the column expected_code".to_owned(),
            ));
        }
        if let (false, Some(first)) = (id.is_empty(), ids.insert(id, row.line())) {
            findings.push(twice(row, id, first));
        }
        let mut known = |column: &str, text: &str| -> Option<ProductCode> {
            let text = text.trim();
            if text.is_empty() {
                return None;
            }
            if codes.contains(text) {
                return ProductCode::new(text).ok();
            }
            findings.push(unknown_code(row, column, text));
            None
        };
        let product = known("expected_code", row.get("expected_code"));
        let also_ok = row.get("also_ok").split('|').filter_map(|text| known("also_ok", text)).collect();
        let cell = |column: &str| row.get(column).to_owned();
        let example = Example {
            title: cell("title"),
            doc_type: cell("doc_type"),
            category: cell("source_category"),
            source_system: cell("source_system"),
            unit: cell("unit"),
            unit_kind: None,
            product,
            also_ok,
        };
        examples.push(Labelled {
            id: id.to_owned(),
            difficulty: cell("difficulty"),
            noise: cell("noise"),
            example,
        });
        if findings.len() >= MAX_FINDINGS {
            break;
        }
    }
    if examples.is_empty() {
        findings.push(no_rows(file));
    }
    if findings.is_empty() { Ok(examples) } else { Err(Findings(findings)) }
}

fn missing(row: TableRow<'_>, column: &str, vi: String, en: String) -> Finding {
    let remedy = Text::new(
        "điền ô đó; nhiệm vụ ngoài danh mục để expected_code trống nhưng phải có ô",
        "fill the cell in; a task outside the catalog has an empty expected_code, but the cell has to be there",
    );
    Finding::error("LT-MAP-014", Text::new(vi, en), remedy).at(row.place(column))
}

fn twice(row: TableRow<'_>, id: &str, first: u32) -> Finding {
    let shown = shortened(id);
    let what = Text::new(
        format!("task_id \"{shown}\" đã có ở dòng {first}"),
        format!("task_id \"{shown}\" already stands in line {first}"),
    );
    let remedy = Text::new("mỗi việc chỉ có một dòng", "give each task one row");
    Finding::error("LT-MAP-010", what, remedy).at(row.place("task_id"))
}

fn unknown_code(row: TableRow<'_>, column: &str, code: &str) -> Finding {
    let shown = shortened(code);
    let what = Text::new(
        format!("mã \"{shown}\" không có trong danh mục"),
        format!("the catalog has no code \"{shown}\""),
    );
    let remedy = Text::new(
        "sửa mã hoặc dùng đúng phiên bản danh mục",
        "correct the code or use the right catalog version",
    );
    Finding::error("LT-MAP-011", what, remedy).at(row.place(column))
}

fn no_rows(file: &str) -> Finding {
    let what = Text::new("tệp nhãn không có dòng nào", "the labels have no rows");
    let remedy = Text::new("kiểm tra đường dẫn và nội dung tệp", "check path and content of the file");
    Finding::error("LT-MAP-009", what, remedy).at(Place::of(file))
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
