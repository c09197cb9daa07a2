//! Reading a catalog: the columns, their headers in two languages, and every check of every row.
//!
//! Owns what a valid row is. It must not know where the file came from. All findings of a file come at once,
//! each with file, line and column; with any of them no product is given.

use super::table::rows;
use crate::domain::{CatalogProduct, ComplexityGroup, ProductCode, ProductKind};
use crate::error::{Finding, Findings, Place, Text};
use crate::sheet::Line;
use crate::text::fold;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Rows a catalog may have.
pub const MAX_ROWS: usize = 100_000;
/// Bytes a catalog file may have.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Findings listed for one file; the last one says how many more there are.
const MAX_FINDINGS: usize = 500;
/// Characters of one cell.
const MAX_CELL: usize = 4_000;

const COLUMNS: [(&str, bool, &[&str]); 10] = [
    ("code", true, &["code", "ma", "ma san pham", "ma sp"]),
    ("name", true, &["name", "ten", "ten san pham", "ten san pham, cong viec", "san pham, cong viec"]),
    ("field", false, &["field", "linh vuc"]),
    ("unit", false, &["unit", "don vi tinh", "dvt"]),
    ("complexity_group", true, &["complexity_group", "nhom", "nhom phuc tap", "nhom do phuc tap"]),
    ("coefficient", true, &["coefficient", "he so", "he so quy doi"]),
    ("synonyms", false, &["synonyms", "tu khoa", "tu dong nghia"]),
    ("applies_to", false, &["applies_to", "ap dung", "pham vi ap dung"]),
    ("points", false, &["points", "diem", "diem cham", "diem quy doi"]),
    ("kind", false, &["kind", "loai"]),
];

/// Reads a catalog file (CSV in any encoding that can be told, `,` `;` or tab separated; or XLSX, first sheet).
///
/// Columns: code, name, field, unit, complexity_group, coefficient, synonyms (`|` between them), applies_to; or
/// Mã, Tên, Lĩnh vực, Đơn vị tính, Nhóm, Hệ số, Từ khóa, Áp dụng. Field, unit, synonyms and applies_to may be
/// missing. A coefficient is written `1.2` or `1,2`.
///
/// # Errors
/// LT-CAT-001 unreadable file, -002 too large, -003 column missing, -004 no rows, -005 code, -006 duplicate
/// code, -007 name, -008 group, -009 coefficient, -010 cell too long, -011 too many findings;
/// LT-TAB-004 broken quotes, LT-TAB-009 a workbook that unpacks to too much.
pub fn read(bytes: &[u8], file: &str) -> Result<Vec<CatalogProduct>, Findings> {
    let rows = rows(bytes, file)?;
    let Some((header, rows)) = rows.split_first() else {
        return Err(no_rows(file).into());
    };
    let columns = header_columns(header, file)?;
    if rows.is_empty() {
        return Err(no_rows(file).into());
    }
    let mut seen: BTreeMap<ProductCode, u32> = BTreeMap::new();
    let (mut products, mut findings) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        if let Some(product) = product(row, &columns, file, &mut findings) {
            if let Some(first) = seen.insert(product.code.clone(), row.number) {
                findings.push(finding(
                    "LT-CAT-006",
                    file,
                    row.number,
                    "code",
                    Text::new(
                        format!("mã {} đã có ở dòng {first}", product.code),
                        format!("code {} already stands in line {first}", product.code),
                    ),
                    Text::new(
                        "mỗi mã chỉ dùng một lần; sửa hoặc xóa một dòng",
                        "use each code once; change or delete one of the rows",
                    ),
                ));
            }
            products.push(product);
        }
        if findings.len() > MAX_FINDINGS {
            findings.truncate(MAX_FINDINGS);
            findings.push(finding(
                "LT-CAT-011",
                file,
                row.number,
                "",
                Text::new("còn lỗi khác sau dòng này", "there are more errors after this line"),
                Text::new("sửa các lỗi đã nêu rồi nhập lại", "correct the errors listed and import again"),
            ));
            break;
        }
    }
    if findings.is_empty() { Ok(products) } else { Err(Findings(findings)) }
}

fn header_columns(header: &Line, file: &str) -> Result<[Option<usize>; 10], Findings> {
    let cells: Vec<String> = header.cells.iter().map(|cell| fold(cell)).collect();
    let mut columns = [None; 10];
    let mut findings = Vec::new();
    for (slot, (name, required, spellings)) in columns.iter_mut().zip(COLUMNS) {
        *slot = cells.iter().position(|cell| spellings.contains(&cell.as_str()));
        if slot.is_none() && required {
            findings.push(finding(
                "LT-CAT-003",
                file,
                header.number,
                name,
                Text::new(format!("thiếu cột \"{name}\""), format!("the column \"{name}\" is missing")),
                Text::new(
                    "dòng đầu phải có: Mã, Tên, Nhóm, Hệ số (hoặc code, name, complexity_group, coefficient)",
                    "the first row needs: code, name, complexity_group, coefficient (or Mã, Tên, Nhóm, Hệ số)",
                ),
            ));
        }
    }
    if findings.is_empty() { Ok(columns) } else { Err(Findings(findings)) }
}

fn product(
    row: &Line,
    columns: &[Option<usize>; 10],
    file: &str,
    findings: &mut Vec<Finding>,
) -> Option<CatalogProduct> {
    let before = findings.len();
    let cells: Vec<String> = columns
        .iter()
        .map(|column| {
            column
                .and_then(|index| row.cells.get(index))
                .map(|cell| crate::text::fold::clean(cell))
                .unwrap_or_default()
        })
        .collect();
    for (cell, (name, _, _)) in cells.iter().zip(COLUMNS) {
        if cell.chars().count() > MAX_CELL {
            findings.push(finding(
                "LT-CAT-010",
                file,
                row.number,
                name,
                Text::new(
                    format!("ô dài hơn {MAX_CELL} ký tự"),
                    format!("the cell is longer than {MAX_CELL} characters"),
                ),
                Text::new("rút gọn nội dung của ô", "shorten the cell"),
            ));
        }
    }
    let [code, name, field, measure, group, coefficient, synonyms, applies_to, points, kind] =
        <[String; 10]>::try_from(cells).ok()?;
    let code = ProductCode::new(code.as_str())
        .map_err(|error| {
            findings.push(finding(
                "LT-CAT-005",
                file,
                row.number,
                "code",
                Text::new(format!("mã sản phẩm không hợp lệ: \"{}\"", shown(&code)), error.to_string()),
                Text::new(
                    "mã gồm 1–64 chữ, số, dấu chấm, gạch dưới, gạch nối, không có khoảng trắng",
                    "write a code without blanks",
                ),
            ));
        })
        .ok();
    if name.is_empty() {
        findings.push(finding(
            "LT-CAT-007",
            file,
            row.number,
            "name",
            Text::new("tên sản phẩm để trống", "the product's name is empty"),
            Text::new("điền tên như trong quyết định phê duyệt", "write the name as approved"),
        ));
    }
    let group = group.parse().ok().and_then(ComplexityGroup::new).or_else(|| {
        findings.push(finding(
            "LT-CAT-008",
            file,
            row.number,
            "complexity_group",
            Text::new(
                format!("nhóm phức tạp \"{}\" không nằm trong 1–5", shown(&group)),
                format!("group \"{}\" is not within 1 to 5", shown(&group)),
            ),
            Text::new(
                "ghi một số từ 1 đến 5 (kế hoạch, IV.2.1.a)",
                "write a number from 1 to 5 (plan IV.2.1.a)",
            ),
        ));
        None
    });
    let coefficient = read_coefficient(&coefficient).or_else(|| {
        findings.push(finding(
            "LT-CAT-009",
            file,
            row.number,
            "coefficient",
            Text::new(
                format!(
                    "hệ số \"{}\" không dùng được: cần số thập phân lớn hơn 0, tối đa {WHOLE_DIGITS} chữ số trước và {FRACTION_DIGITS} chữ số sau dấu phẩy",
                    shown(&coefficient)
                ),
                format!(
                    "coefficient \"{}\" cannot be used: a decimal above 0 is needed, of at most {WHOLE_DIGITS} digits before and {FRACTION_DIGITS} after the point",
                    shown(&coefficient)
                ),
            ),
            Text::new(
                "ghi hệ số đúng như danh mục đã phê duyệt, ví dụ 1,2 (giới hạn chữ số: docs/FILES.md, mục danh mục); không tự làm tròn: nếu danh mục phê duyệt có nhiều chữ số hơn, báo nhóm phát triển",
                "write the coefficient as the approved catalog has it, for example 1.2 (digits: docs/FILES.md, the catalog); do not round it by yourself: if the approved one has more digits, tell the developers",
            ),
        ));
        None
    });
    let points = points_and_kind(row, (&points, &kind), file, findings);
    if findings.len() > before {
        return None;
    }
    let (points, kind) = points?;
    Some(CatalogProduct {
        code: code?,
        name,
        field,
        measure,
        group: group?,
        coefficient: coefficient?,
        synonyms: synonyms
            .split('|')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
        applies_to: if fold(&applies_to) == "tat ca" { "all".to_owned() } else { applies_to },
        points,
        kind,
    })
}

/// The points a product was given and whose work it is, where the catalog says them.
fn points_and_kind(
    row: &Line,
    (points, kind): (&str, &str),
    file: &str,
    findings: &mut Vec<Finding>,
) -> Option<(Option<Decimal>, ProductKind)> {
    let given = (!points.is_empty()).then(|| read_coefficient(points));
    if given == Some(None) {
        findings.push(finding(
            "LT-CAT-031",
            file,
            row.number,
            "points",
            Text::new(
                format!("điểm \"{}\" không phải số lớn hơn 0", shown(points)),
                format!("points \"{}\" are no number above 0", shown(points)),
            ),
            Text::new(
                "ghi điểm đã chấm cho sản phẩm, hoặc để trống",
                "write the points the product was given, or leave the cell empty",
            ),
        ));
    }
    let read = read_kind(kind);
    if read.is_none() {
        findings.push(finding(
            "LT-CAT-032",
            file,
            row.number,
            "kind",
            Text::new(
                format!("loại \"{}\" không dùng được", shown(kind)),
                format!("kind \"{}\" cannot be used", shown(kind)),
            ),
            Text::new(
                "ghi \"lãnh đạo\" cho sản phẩm lãnh đạo, quản lý; để trống hoặc ghi \"chuyên môn\" cho các sản phẩm khác",
                "write leadership for products of leadership work; leave it empty or write work for all others",
            ),
        ));
    }
    Some((given.flatten(), read?))
}

/// Whose work a product is, as people write it; empty = everybody's.
pub(super) fn read_kind(text: &str) -> Option<ProductKind> {
    match fold(text).as_str() {
        "" | "work" | "chuyen mon" | "chung" | "b" | "dung chung" => Some(ProductKind::Work),
        "leadership" | "lanh dao" | "lanh dao, quan ly" | "quan ly" | "a" => Some(ProductKind::Leadership),
        _ => None,
    }
}

/// Digits of a coefficient before its separator.
const WHOLE_DIGITS: usize = 6;
/// Digits after it. Coefficients are stored and scored exactly as written, within these.
const FRACTION_DIGITS: usize = 4;

/// A coefficient as written; a comma is a decimal comma.
pub(super) fn read_coefficient(text: &str) -> Option<Decimal> {
    let text = text.replace(',', ".");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    if !digits(whole, WHOLE_DIGITS) || !digits(fraction, FRACTION_DIGITS) {
        return None;
    }
    text.parse().ok().filter(|value| *value > Decimal::ZERO)
}

pub(super) fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

fn no_rows(file: &str) -> Finding {
    Finding::error(
        "LT-CAT-004",
        Text::new("danh mục không có dòng nào", "the catalog has no rows"),
        Text::new("kiểm tra tệp và trang tính đầu tiên", "check the file and its first sheet"),
    )
    .at(Place::of(file))
}

fn finding(code: &str, file: &str, line: u32, column: &str, what: Text, remedy: Text) -> Finding {
    let place = Place::line(file, line);
    Finding::error(code, what, remedy).at(if column.is_empty() { place } else { place.at(column) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_row_is_told_with_its_line() {
        let file = "Mã;Tên;Nhóm;Hệ số\nA-1;Một;1;1,2\nA-1;Hai;2;0\nB 2;;6;abc\nA-1;Ba;1;1\n";
        let findings = read(file.as_bytes(), "c.csv").expect_err("bad rows").0;
        let told: Vec<_> =
            findings.iter().map(|f| (f.code.as_str(), f.place.as_ref().and_then(|p| p.line))).collect();
        assert_eq!(
            told,
            [
                ("LT-CAT-009", Some(3)),
                ("LT-CAT-005", Some(4)),
                ("LT-CAT-007", Some(4)),
                ("LT-CAT-008", Some(4)),
                ("LT-CAT-009", Some(4)),
                ("LT-CAT-006", Some(5))
            ]
        );
    }

    #[test]
    fn a_file_without_its_columns_or_rows_is_refused() {
        assert_eq!(read(b"a,b\n1,2\n", "c").expect_err("columns").0.len(), 4);
        assert_eq!(read(b"", "c").expect_err("empty").0[0].code, "LT-CAT-004");
        assert_eq!(
            read(b"code,name,complexity_group,coefficient\n", "c").expect_err("rows").0[0].code,
            "LT-CAT-004"
        );
        assert_eq!(read(b"PK\x03\x04broken", "c").expect_err("zip").0[0].code, "LT-CAT-001");
    }

    #[test]
    fn a_decimal_comma_is_the_same_coefficient() {
        let read = |text: &str| read_coefficient(text);
        assert_eq!(read("1,2"), read("1.2"));
        for bad in ["", "0", "-1", "1e3", "1.", "0,0", "1.000,5", "+1", "9999999"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
