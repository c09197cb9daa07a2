//! The working forms on their way back: every cell that cannot stand, at once.
//!
//! Owns the checks of a row (group, points, coefficient, output, code, name) and of the sheet (one standard product, keys
//! unchanged). It must not know who edited it. With any error nothing is given; each names file, row and `sheet!cell`.

use super::form::{CONVERSION, CONVERSION_COLUMNS, Found, KEYS, Keys, MAX_FINDINGS, sheets};
use super::scale::Scale;
use super::write::coefficient;
use crate::catalog::read::{read_coefficient, read_kind, shown};
use crate::domain::{ComplexityGroup, ProductCode, ProductKind, UnitCode};
use crate::error::{Finding, Findings, Text};
use crate::sheet::{ERROR_CELL, Line};
use crate::text::fold;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Characters of one cell.
const MAX_CELL: usize = 4_000;

/// A row of a form that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledRow {
    /// Row in the sheet.
    pub line: u32,
    /// Technical key; empty for a row people added.
    pub key: String,
    /// Field of work.
    pub field: String,
    /// The work.
    pub work: String,
    /// Its output.
    pub output: String,
    /// Group.
    pub group: ComplexityGroup,
    /// Points.
    pub points: Decimal,
    /// Points over the standard product's, one decimal.
    pub coefficient: Decimal,
    /// Note.
    pub note: String,
    /// Code.
    pub code: ProductCode,
    /// Whether it is the standard product.
    pub standard: bool,
    /// Whose work it is.
    pub kind: ProductKind,
    /// Further words people use for it.
    pub synonyms: Vec<String>,
}

/// A unit's proposal as it came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// File it came in.
    pub file: String,
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub unit_name: String,
    /// The year it looked at.
    pub year: String,
    /// Points of its standard product.
    pub standard_points: Decimal,
    /// Its products, in the order of the sheet.
    pub rows: Vec<FilledRow>,
}

/// Where the columns of a product stand in a form.
#[derive(Clone, Copy)]
pub(super) struct Places {
    pub field: usize,
    pub work: usize,
    pub output: usize,
    pub group: usize,
    pub maximum: usize,
    pub points: usize,
    pub coefficient: usize,
    pub note: usize,
    pub code: usize,
    pub standard: usize,
    pub kind: usize,
    pub synonyms: usize,
    pub key: usize,
}

const PROPOSAL: Places = Places {
    field: 1,
    work: 2,
    output: 3,
    group: 4,
    maximum: 5,
    points: 6,
    coefficient: 7,
    note: 8,
    code: 9,
    standard: 10,
    kind: 11,
    synonyms: 12,
    key: 13,
};

/// Reads a unit's proposal.
///
/// # Errors
/// What keeps the file from being a workbook; LT-CAT-033 no form of the workshop; LT-CAT-034 technical keys changed; and
/// by cell LT-CAT-035 group, -036 points, -037 coefficient, -038 formula without value, -039 code, -040 name, -041
/// output, -042 standard product, -032 kind, -010 cell too long; -011 more than can be told.
pub fn read(file: &str, bytes: &[u8], scale: &Scale) -> Result<Filled, Findings> {
    let mut found = sheets(file, bytes, &[CONVERSION, KEYS])?.into_iter();
    let (Some(sheet), Some(keys)) = (found.next(), found.next()) else { return Err(Findings(Vec::new())) };
    let keys = Keys::read(&keys, "proposal")?;
    let form = Found::of(sheet, &CONVERSION_COLUMNS)?;
    let mut findings = Vec::new();
    let lines: Vec<&Line> = form.rows().filter(|line| is_filled(&form, line, PROPOSAL)).collect();
    check_keys(&form, &lines, PROPOSAL, &keys, &mut findings);
    let (standard, rows) = rows(&form, &lines, PROPOSAL, scale, &mut findings);
    let unit = UnitCode::new(keys.unit.as_str())
        .map_err(|_| super::form::no_form(file, ("tệp không nêu đơn vị", "the file names no unit")))?;
    match standard {
        Some(standard_points) if findings.is_empty() => Ok(Filled {
            file: file.to_owned(),
            unit,
            unit_name: keys.unit_name,
            year: keys.year,
            standard_points,
            rows,
        }),
        _ => Err(told(findings)),
    }
}

/// Whether a row says anything people write; a number in the first column and formulas alone do not.
pub(super) fn is_filled(form: &Found, line: &Line, at: Places) -> bool {
    let written = [at.field, at.work, at.output, at.group, at.points, at.code, at.standard, at.key];
    written.iter().any(|column| !form.cell(line, *column).is_empty())
}

/// At most so many, in the order of the sheet.
pub(super) fn told(mut findings: Vec<Finding>) -> Findings {
    findings.sort_by_key(|finding| finding.place.as_ref().and_then(|place| place.line).unwrap_or(0));
    if findings.len() > MAX_FINDINGS {
        findings.truncate(MAX_FINDINGS);
        findings.push(Finding::error(
            "LT-CAT-011",
            Text::new("còn lỗi khác sau các lỗi này", "there are more errors after these"),
            Text::new("sửa các lỗi đã nêu rồi kiểm tra lại", "correct the errors listed and check again"),
        ));
    }
    Findings(findings)
}

/// Keys are those the form went out with, each at most once; rows people added have none.
pub(super) fn check_keys(
    form: &Found,
    lines: &[&Line],
    at: Places,
    keys: &Keys,
    findings: &mut Vec<Finding>,
) {
    let known: Vec<&str> = keys.rows.iter().filter_map(|row| row.first().map(String::as_str)).collect();
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for line in lines {
        let key = form.cell(line, at.key);
        if key.is_empty() {
            continue;
        }
        let (vi, en) = if !known.contains(&key) {
            (
                format!("khóa \"{}\" không có trong biểu đã xuất", shown(key)),
                format!("the key \"{}\" is none of the form's", shown(key)),
            )
        } else if let Some(first) = seen.insert(key, line.number) {
            (
                format!("khóa \"{key}\" đã có ở dòng {first}"),
                format!("the key \"{key}\" stands in row {first} already"),
            )
        } else {
            continue;
        };
        findings.push(
            Finding::error(
                "LT-CAT-034",
                Text::new(vi, en),
                Text::new(
                    "không sửa cột Khóa; dòng thêm mới thì để trống cột này",
                    "leave the column of keys as it is; a row that was added has none",
                ),
            )
            .at(form.place(line.number, at.key)),
        );
    }
}

/// The rows of a form with the points of its standard product; findings for everything that cannot stand.
pub(super) fn rows(
    form: &Found,
    lines: &[&Line],
    at: Places,
    scale: &Scale,
    findings: &mut Vec<Finding>,
) -> (Option<Decimal>, Vec<FilledRow>) {
    let mut check = Check { form, at, scale, findings };
    let standard = check.standard(lines);
    let (mut codes, mut names) = (BTreeMap::new(), BTreeMap::new());
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        check.twice(line, at.code, "LT-CAT-039", ("mã", "the code"), &mut codes);
        check.twice(line, at.work, "LT-CAT-040", ("tên công việc", "the name"), &mut names);
        rows.extend(check.row(line, standard));
    }
    (standard, rows)
}

struct Check<'a> {
    form: &'a Found,
    at: Places,
    scale: &'a Scale,
    findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    fn tell(
        &mut self,
        code: &str,
        line: u32,
        column: usize,
        (vi, en): (String, String),
        remedy: (&str, &str),
    ) {
        let place = self.form.place(line, column);
        self.findings.push(Finding::error(code, Text::new(vi, en), Text::new(remedy.0, remedy.1)).at(place));
    }

    /// A text that stands twice, compared without accents and case.
    fn twice(
        &mut self,
        line: &Line,
        column: usize,
        code: &str,
        what: (&str, &str),
        seen: &mut BTreeMap<String, u32>,
    ) {
        let text = self.form.cell(line, column);
        if text.is_empty() {
            return;
        }
        // Of one name, work and output make the product.
        let output = if column == self.at.work { self.form.cell(line, self.at.output) } else { "" };
        if let Some(first) = seen.insert(format!("{}|{}", fold(text), fold(output)), line.number) {
            self.tell(
                code,
                line.number,
                column,
                (
                    format!("{} \"{}\" đã có ở dòng {first}", what.0, shown(text)),
                    format!("{} \"{}\" stands in row {first} already", what.1, shown(text)),
                ),
                ("sửa hoặc xóa một trong hai dòng", "change or delete one of the rows"),
            );
        }
    }

    /// The points of the one product marked as standard.
    fn standard(&mut self, lines: &[&Line]) -> Option<Decimal> {
        let marked: Vec<&&Line> =
            lines.iter().filter(|line| is_marked(self.form.cell(line, self.at.standard))).collect();
        let remedy = (
            "đánh dấu x ở đúng một dòng của cột Sản phẩm chuẩn (Điều 13.1.b)",
            "mark exactly one row with x in the column of the standard product (art. 13.1.b)",
        );
        for line in lines {
            let cell = self.form.cell(line, self.at.standard);
            if !cell.is_empty() && !is_marked(cell) {
                let what =
                    (format!("\"{}\" không phải dấu x", shown(cell)), format!("\"{}\" is no x", shown(cell)));
                self.tell("LT-CAT-042", line.number, self.at.standard, what, remedy);
            }
        }
        match marked.as_slice() {
            [one] => read_coefficient(self.form.cell(one, self.at.points)),
            [] => {
                let line = lines.first().map_or(0, |line| line.number);
                self.tell(
                    "LT-CAT-042",
                    line,
                    self.at.standard,
                    ("chưa chọn sản phẩm chuẩn".to_owned(), "no standard product is chosen".to_owned()),
                    remedy,
                );
                None
            }
            [first, others @ ..] => {
                for other in others {
                    let what = (
                        format!("đã có sản phẩm chuẩn ở dòng {}", first.number),
                        format!("row {} is the standard product already", first.number),
                    );
                    self.tell("LT-CAT-042", other.number, self.at.standard, what, remedy);
                }
                None
            }
        }
    }

    fn row(&mut self, line: &Line, standard: Option<Decimal>) -> Option<FilledRow> {
        let before = self.findings.len();
        let (form, at) = (self.form, self.at);
        let cell = |column: usize| form.cell(line, column);
        let number = line.number;
        for column in [at.field, at.work, at.output, at.note, at.synonyms] {
            if cell(column).chars().count() > MAX_CELL {
                let what = (
                    format!("ô dài hơn {MAX_CELL} ký tự"),
                    format!("the cell is longer than {MAX_CELL} characters"),
                );
                self.tell("LT-CAT-010", number, column, what, ("rút gọn nội dung của ô", "shorten the cell"));
            }
        }
        if cell(at.work).is_empty() {
            self.tell(
                "LT-CAT-007",
                number,
                at.work,
                ("tên công việc để trống".to_owned(), "the name of the work is empty".to_owned()),
                ("điền tên, hoặc xóa cả dòng", "write the name, or delete the whole row"),
            );
        }
        if cell(at.output).is_empty() {
            self.tell(
                "LT-CAT-041",
                number,
                at.output,
                ("sản phẩm đầu ra để trống".to_owned(), "the output is empty".to_owned()),
                (
                    "ghi sản phẩm đầu ra, hoặc xóa dòng không rõ kết quả (mục IV.2.1.a)",
                    "write the output, or delete a row without a clear result (plan IV.2.1.a)",
                ),
            );
        }
        let code = ProductCode::new(cell(at.code));
        if code.is_err() {
            let what = (
                format!("mã sản phẩm không hợp lệ: \"{}\"", shown(cell(at.code))),
                format!("\"{}\" is no product code", shown(cell(at.code))),
            );
            self.tell(
                "LT-CAT-005",
                number,
                at.code,
                what,
                (
                    "mã gồm 1–64 chữ, số, dấu chấm, gạch dưới, gạch nối, không có khoảng trắng",
                    "write 1 to 64 letters, digits, dots, underscores or hyphens",
                ),
            );
        }
        let kind = read_kind(cell(at.kind));
        if kind.is_none() {
            let what = (
                format!("loại \"{}\" không dùng được", shown(cell(at.kind))),
                format!("kind \"{}\" cannot be used", shown(cell(at.kind))),
            );
            self.tell(
                "LT-CAT-032",
                number,
                at.kind,
                what,
                ("chọn chuyên môn hoặc lãnh đạo", "choose work or leadership"),
            );
        }
        let group = self.group(line);
        let points = self.points(line, group);
        let ratio = self.ratio(line, points, standard);
        if self.findings.len() > before {
            return None;
        }
        Some(FilledRow {
            line: number,
            key: cell(at.key).to_owned(),
            field: cell(at.field).to_owned(),
            work: cell(at.work).to_owned(),
            output: cell(at.output).to_owned(),
            group: group?,
            points: points?.normalize(),
            coefficient: ratio?,
            note: cell(at.note).to_owned(),
            code: code.ok()?,
            standard: is_marked(cell(at.standard)),
            kind: kind?,
            synonyms: cell(at.synonyms)
                .split('|')
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }

    fn group(&mut self, line: &Line) -> Option<ComplexityGroup> {
        let cell = self.form.cell(line, self.at.group);
        let group = cell.parse().ok().and_then(ComplexityGroup::new);
        let group = group.filter(|group| self.scale.maximum(*group).is_some());
        if group.is_none() {
            let most = self.scale.groups.len();
            let what = (
                format!("nhóm \"{}\" không nằm trong 1–{most}", shown(cell)),
                format!("group \"{}\" is not within 1 to {most}", shown(cell)),
            );
            self.tell(
                "LT-CAT-035",
                line.number,
                self.at.group,
                what,
                ("chọn một nhóm trong danh sách của ô", "choose a group from the cell's list"),
            );
        }
        let maximum = self.form.cell(line, self.at.maximum);
        if let Some(most) = group.and_then(|group| self.scale.maximum(group))
            && !is_blank(maximum)
            && read_coefficient(maximum).map(|value| value.normalize()) != Some(most.normalize())
        {
            let most = most.normalize();
            let what = (
                format!("điểm tối đa \"{}\" không phải {most} của thang điểm", shown(maximum)),
                format!("the maximum \"{}\" is not the scale's {most}", shown(maximum)),
            );
            let remedy = (
                "giữ công thức của cột này; thang điểm khác thì đưa vào bằng --groups",
                "keep the column's formula; another scale is given with --groups",
            );
            self.tell("LT-CAT-036", line.number, self.at.maximum, what, remedy);
        }
        group
    }

    fn points(&mut self, line: &Line, group: Option<ComplexityGroup>) -> Option<Decimal> {
        let cell = self.form.cell(line, self.at.points);
        let remedy = (
            "chấm điểm trong phạm vi nhóm, hoặc đổi nhóm",
            "give points within the group's maximum, or change the group",
        );
        let Some(points) = read_coefficient(cell) else {
            let what = (
                format!("điểm \"{}\" không phải số lớn hơn 0", shown(cell)),
                format!("\"{}\" is no number of points above 0", shown(cell)),
            );
            self.tell("LT-CAT-036", line.number, self.at.points, what, remedy);
            return None;
        };
        if let Some((group, most)) =
            group.and_then(|group| Some((group.number(), self.scale.maximum(group)?)))
            && points > most
        {
            let most = most.normalize();
            let what = (
                format!("điểm {points} vượt mức tối đa {most} của nhóm {group}"),
                format!("{points} points exceed the {most} of group {group}"),
            );
            self.tell("LT-CAT-036", line.number, self.at.points, what, remedy);
        }
        Some(points)
    }

    fn ratio(&mut self, line: &Line, points: Option<Decimal>, standard: Option<Decimal>) -> Option<Decimal> {
        let cell = self.form.cell(line, self.at.coefficient);
        let (Some(points), Some(standard)) = (points, standard) else { return None };
        let right = coefficient(points, standard)?;
        if right.is_zero() {
            let what = (
                format!("hệ số {points}/{standard} làm tròn thành 0"),
                format!("the coefficient {points}/{standard} rounds to 0"),
            );
            let remedy = (
                "chọn sản phẩm chuẩn có điểm thấp hơn, hoặc tăng điểm",
                "choose a standard product with fewer points, or give more points",
            );
            self.tell("LT-CAT-037", line.number, self.at.coefficient, what, remedy);
            return None;
        }
        if is_blank(cell) {
            let what = (
                "hệ số trống, hoặc là công thức chưa có giá trị".to_owned(),
                "the coefficient is empty, or a formula without a value".to_owned(),
            );
            let remedy = (
                "mở tệp bằng Excel hoặc LibreOffice, kéo công thức của cột xuống dòng này rồi lưu lại",
                "open the file in Excel or LibreOffice, fill the column's formula down to this row and save it",
            );
            self.tell("LT-CAT-038", line.number, self.at.coefficient, what, remedy);
            return None;
        }
        if read_coefficient(cell).map(|value| value.normalize()) != Some(right) {
            let what = (
                format!("hệ số \"{}\" không bằng {points}/{standard} = {right}", shown(cell)),
                format!("the coefficient \"{}\" is not {points}/{standard} = {right}", shown(cell)),
            );
            let remedy = (
                "hệ số = điểm chấm / điểm của sản phẩm chuẩn, một chữ số thập phân (Sổ tay II.III); kéo lại công thức",
                "the coefficient is points over the standard product's points with one decimal (Handbook II.III); fill the formula down again",
            );
            self.tell("LT-CAT-037", line.number, self.at.coefficient, what, remedy);
            return None;
        }
        Some(right)
    }
}

/// Without a value: empty, a formula that failed, or the 0 that programs write for a formula nobody calculated.
fn is_blank(cell: &str) -> bool {
    matches!(cell, "" | "0" | ERROR_CELL)
}

fn is_marked(cell: &str) -> bool {
    matches!(cell, "x" | "X")
}
