//! Decisions of people as a file that travels between installations, as CSV or JSON lines.
//!
//! Owns its columns, which are those of labelled tasks with who decided, when and why, and its checks. Every error
//! comes at once with its line; with any of them no row is given. It must not know the store, nor what a row is used
//! for.

use super::Example;
use crate::domain::{ProductCode, SourceId};
use crate::error::{Finding, Findings, Place, Text};
use crate::sheet::{Column, Table};
use crate::text::fold;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Findings listed for one file.
const MAX_FINDINGS: usize = 500;
/// Rows of one file.
pub const MAX_ROWS: usize = 20_000;
/// Characters of a title kept.
const MAX_TITLE: usize = 4_000;

const COLUMNS: &[Column] = &[
    Column { name: "task_id", synonyms: &["Mã nhiệm vụ"], required: false },
    Column { name: "title", synonyms: &["Tên nhiệm vụ"], required: true },
    Column { name: "expected_code", synonyms: &["Mã sản phẩm"], required: true },
    Column { name: "product_name", synonyms: &["Tên sản phẩm"], required: false },
    Column { name: "source_system", synonyms: &["Hệ thống"], required: false },
    Column { name: "unit", synonyms: &["Đơn vị"], required: false },
    Column { name: "doc_type", synonyms: &["Loại văn bản"], required: false },
    Column { name: "source_category", synonyms: &["Nhóm nhiệm vụ"], required: false },
    Column { name: "author", synonyms: &["Người quyết định"], required: true },
    Column { name: "at", synonyms: &["Lúc"], required: true },
    Column { name: "reason", synonyms: &["Lý do"], required: true },
];

/// A row as it is written; the keys are those of the columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    /// The task, as SOURCE:KEY; empty where its key may not travel.
    pub task_id: String,
    /// Title, masked.
    pub title: String,
    /// The decided product; empty = outside the catalog.
    pub expected_code: String,
    /// What the product is called where it was decided; empty = not told.
    pub product_name: String,
    /// Kind of source system.
    pub source_system: String,
    /// Name of the unit.
    pub unit: String,
    /// Document type.
    pub doc_type: String,
    /// The source's own category.
    pub source_category: String,
    /// Who decided, by office.
    pub author: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why, masked.
    pub reason: String,
}

/// A decision read from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where it stands.
    pub place: Place,
    /// The task it is about: source and key.
    pub task: Option<(SourceId, String)>,
    /// The task as it was seen, with its product.
    pub example: Example,
    /// What its product is called where it was decided.
    pub product_name: Option<String>,
    /// Who decided.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

/// The codes known here, and what each names in the catalogs here: as they write it, by its folded form.
pub type Known = BTreeMap<ProductCode, BTreeMap<String, String>>;

/// Reads decisions.
///
/// # Errors
/// LT-TAB what is wrong with a table, LT-MAP-009 no rows, -011 a code unknown here, -014 a cell that must be there is
/// not, -049 a line or cell that cannot be read, -059 a code that is another product here.
pub fn read(bytes: &[u8], file: &str, codes: &Known) -> Result<Vec<Told>, Findings> {
    let json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let rows = if json { lines(bytes, file)? } else { table(bytes, file)? };
    let (mut told, mut findings) = (Vec::with_capacity(rows.len()), Vec::new());
    for (place, row) in rows {
        match judge(&place, row, codes) {
            Ok(row) => told.push(row),
            Err(more) => findings.extend(more),
        }
        if findings.len() >= MAX_FINDINGS {
            break;
        }
    }
    if told.is_empty() && findings.is_empty() {
        let what = Text::new("tệp không có dòng nào", "the file has no rows");
        let remedy = Text::new("kiểm tra nội dung tệp", "check the content of the file");
        findings.push(Finding::error("LT-MAP-009", what, remedy).at(Place::of(file)));
    }
    if findings.is_empty() { Ok(told) } else { Err(Findings(findings)) }
}

fn lines(bytes: &[u8], file: &str) -> Result<Vec<(Place, Row)>, Findings> {
    let text = String::from_utf8_lossy(bytes);
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    for (number, line) in (1u32..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let place = Place::line(file, number);
        match serde_json::from_str::<Row>(line) {
            Ok(row) => rows.push((place, row)),
            Err(_) => {
                findings.push(unreadable("line", "dòng", "the line is no JSON object of texts").at(place))
            }
        }
        if rows.len() > MAX_ROWS || findings.len() >= MAX_FINDINGS {
            findings.push(too_many(file));
            break;
        }
    }
    if findings.is_empty() { Ok(rows) } else { Err(Findings(findings)) }
}

fn table(bytes: &[u8], file: &str) -> Result<Vec<(Place, Row)>, Findings> {
    let table = Table::read(file, bytes, COLUMNS)?;
    let mut rows = Vec::new();
    for row in table.rows() {
        let cell = |column: &str| row.get(column).to_owned();
        let read = Row {
            task_id: cell("task_id"),
            title: cell("title"),
            expected_code: cell("expected_code"),
            product_name: cell("product_name"),
            source_system: cell("source_system"),
            unit: cell("unit"),
            doc_type: cell("doc_type"),
            source_category: cell("source_category"),
            author: cell("author"),
            at: cell("at"),
            reason: cell("reason"),
        };
        rows.push((row.place("expected_code"), read));
        if rows.len() > MAX_ROWS {
            return Err(too_many(file).into());
        }
    }
    Ok(rows)
}

fn judge(place: &Place, row: Row, codes: &Known) -> Result<Told, Vec<Finding>> {
    let mut findings = Vec::new();
    let cells = [("title", &row.title), ("author", &row.author), ("reason", &row.reason)];
    for (column, _) in cells.into_iter().filter(|(_, cell)| cell.trim().is_empty()) {
        let what = Text::new(format!("thiếu {column}"), format!("{column} is missing"));
        let remedy = Text::new("điền giá trị đó", "fill the value in");
        findings.push(Finding::error("LT-MAP-014", what, remedy).at(place.clone()));
    }
    let code = row.expected_code.trim();
    let product = match ProductCode::new(code) {
        _ if code.is_empty() => None,
        Ok(known) if codes.contains_key(&known) => Some(known),
        _ => {
            let shown: String = code.chars().take(40).collect();
            let what = Text::new(
                format!("mã \"{shown}\" không có trong danh mục ở đây"),
                format!("the catalog here has no code \"{shown}\""),
            );
            let remedy = Text::new(
                "đổi sang mã của danh mục ở đây, hoặc bỏ dòng này",
                "change it to a code of the catalog here, or leave the row out",
            );
            findings.push(Finding::error("LT-MAP-011", what, remedy).at(place.clone()));
            None
        }
    };
    let product_name = Some(row.product_name.trim()).filter(|name| !name.is_empty()).map(str::to_owned);
    if let (Some(code), Some(name)) = (&product, &product_name)
        && let Some(here) = codes.get(code).filter(|here| !here.contains_key(&fold(name)))
    {
        let here: Vec<&str> = here.values().map(String::as_str).collect();
        findings.push(another_product(code, name, &here.join("\", \"")).at(place.clone()));
    }
    let at = row.at.trim().parse::<DateTime<Utc>>();
    if at.is_err() {
        findings
            .push(unreadable("at", "at", "\"at\" is no instant like 2026-11-15T07:03:22Z").at(place.clone()));
    }
    let task = match row.task_id.trim() {
        "" => None,
        named => match named.split_once(':').and_then(|(source, key)| Some((source.parse().ok()?, key))) {
            Some((source, key)) if !key.is_empty() => Some((source, key.to_owned())),
            _ => {
                findings.push(
                    unreadable("task_id", "task_id", "\"task_id\" is not SOURCE:KEY").at(place.clone()),
                );
                None
            }
        },
    };
    let (Ok(at), true) = (at, findings.is_empty()) else { return Err(findings) };
    Ok(Told {
        place: place.clone(),
        task,
        example: Example {
            title: row.title.chars().take(MAX_TITLE).collect(),
            doc_type: row.doc_type,
            category: row.source_category,
            source_system: row.source_system,
            unit: row.unit,
            unit_kind: None,
            product,
            also_ok: Vec::new(),
        },
        product_name,
        author: row.author,
        at,
        reason: row.reason,
    })
}

/// A code that was decided as one product and names another one here.
pub fn another_product(code: &ProductCode, there: &str, here: &str) -> Finding {
    Finding::error(
        "LT-MAP-059",
        Text::new(
            format!("mã {code} trong tệp là \"{there}\", ở đây là \"{here}\""),
            format!("{code} is \"{there}\" in the file and \"{here}\" here"),
        ),
        Text::new(
            "đổi sang mã của đúng sản phẩm ấy ở đây, hoặc bỏ dòng này",
            "change it to the code of that product here, or leave the row out",
        ),
    )
}

fn unreadable(what: &str, vi: &str, en: &str) -> Finding {
    Finding::error(
        "LT-MAP-049",
        Text::new(format!("không đọc được {vi} ({what})"), en),
        Text::new("sửa theo tệp do `mapping export` viết", "follow a file that `mapping export` wrote"),
    )
}

fn too_many(file: &str) -> Finding {
    let what = Text::new(format!("có hơn {MAX_ROWS} dòng"), format!("there are more than {MAX_ROWS} rows"));
    Finding::error("LT-MAP-049", what, Text::new("chia nhỏ tệp", "split the file")).at(Place::of(file))
}
