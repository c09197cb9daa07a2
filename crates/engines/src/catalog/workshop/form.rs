//! The working forms: sheets, columns and the technical keys behind them.
//!
//! Owns where everything stands in the workbooks that go out and come back (Handbook Annex I with eight columns, Annex
//! III with nine; the columns after the ninth are the workshop's own). It must not know what a row says.

use crate::error::{Finding, Findings, Place, Text};
use crate::sheet::{Line, Reading, Sheet, Sheets};
use crate::text::fold;
use sha2::{Digest as _, Sha256};

/// The sheet people edit: products with group, points and coefficient.
pub(super) const CONVERSION: &str = "Phụ lục III";
/// The survey behind it: how often, how many people.
pub(super) const SURVEY: &str = "Phụ lục I";
/// Groups with their maxima.
pub(super) const GROUPS: &str = "Nhóm";
/// Titles the candidates were made of.
pub(super) const TITLES: &str = "Tên việc điển hình";
/// The sheet of a joined draft.
pub(super) const DRAFT: &str = "Dự thảo";
/// Technical keys, hidden.
pub(super) const KEYS: &str = "_khoa";
/// What the first cell of the keys says: the form's own number.
pub(super) const FORM: &str = "lienthong-xuong-danh-muc-1";
/// Row of the header, 0-based; the ninth column's number and all data stand below it.
pub(super) const HEADER_ROW: u32 = 4;
/// First row of data, 0-based.
pub(super) const FIRST_ROW: u32 = HEADER_ROW + 1;
/// Findings told of one file.
pub(super) const MAX_FINDINGS: usize = 500;

/// Columns of [`CONVERSION`], in order.
pub(super) const CONVERSION_COLUMNS: [&str; 14] = [
    "STT",
    "Nhiệm vụ",
    "Công việc cụ thể",
    "Sản phẩm đầu ra",
    "Nhóm",
    "Điểm tối đa của nhóm",
    "Điểm chấm",
    "Hệ số quy đổi",
    "Ghi chú",
    "Mã sản phẩm",
    "Sản phẩm chuẩn (x)",
    "Loại",
    "Từ khóa",
    "Khóa",
];

/// Columns of [`SURVEY`], in order.
pub(super) const SURVEY_COLUMNS: [&str; 9] = [
    "STT",
    "Nhiệm vụ",
    "Công việc cụ thể",
    "Sản phẩm đầu ra",
    "Tần suất, số lượng",
    "Số người thực hiện",
    "Nhóm",
    "Ghi chú",
    "Khóa",
];

/// Columns of [`DRAFT`], in order.
pub(super) const DRAFT_COLUMNS: [&str; 17] = [
    "STT",
    "Cụm",
    "Nhiệm vụ",
    "Công việc cụ thể",
    "Sản phẩm đầu ra",
    "Nhóm",
    "Điểm tối đa của nhóm",
    "Điểm chấm",
    "Hệ số quy đổi",
    "Ghi chú",
    "Mã sản phẩm",
    "Sản phẩm chuẩn (x)",
    "Loại",
    "Từ khóa",
    "Đơn vị đề xuất",
    "Quyết định",
    "Khóa",
];

/// A sheet of a form with its columns found.
pub(super) struct Found {
    pub sheet: Sheet,
    columns: Vec<usize>,
    header: u32,
}

impl Found {
    /// Finds a form's header: the first line that names every column.
    ///
    /// # Errors
    /// LT-CAT-033 the sheet has no such line.
    pub(super) fn of(sheet: Sheet, wanted: &[&str]) -> Result<Self, Finding> {
        let wanted: Vec<String> = wanted.iter().map(|name| fold(name)).collect();
        for line in sheet.lines.iter().take(20) {
            let cells: Vec<String> = line.cells.iter().map(|cell| fold(cell)).collect();
            let columns: Vec<usize> =
                wanted.iter().filter_map(|name| cells.iter().position(|cell| cell == name)).collect();
            if columns.len() == wanted.len() {
                let header = line.number;
                return Ok(Self { sheet, columns, header });
            }
        }
        let title = sheet.title.clone().unwrap_or_default();
        Err(no_form(
            &sheet.name,
            (
                &format!("trang \"{title}\" thiếu dòng tiêu đề của biểu"),
                &format!("the sheet \"{title}\" lacks the header of the form"),
            ),
        ))
    }

    /// The rows of data.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Line> {
        self.sheet.lines.iter().filter(|line| line.number > self.header)
    }

    /// A cell by its column's position in the form.
    pub(super) fn cell<'a>(&self, line: &'a Line, column: usize) -> &'a str {
        let at = self.columns.get(column).copied().unwrap_or(usize::MAX);
        line.cells.get(at).map_or("", |cell| cell.trim())
    }

    /// Its place: file, row and `sheet!cell`.
    pub(super) fn place(&self, line: u32, column: usize) -> Place {
        let at = self.columns.get(column).copied().unwrap_or(0);
        let mut place = self.sheet.place(line, at);
        let title = self.sheet.title.clone().unwrap_or_default();
        place.detail = place.detail.map(|cell| format!("{title}!{cell}"));
        place
    }
}

/// The technical keys of a form: who made it of what, and one row per key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys {
    /// `proposal` or `draft`.
    pub kind: String,
    /// The unit; the province for a draft.
    pub unit: String,
    pub unit_name: String,
    pub year: String,
    /// Key first, then what belongs to it.
    pub rows: Vec<Vec<String>>,
}

impl Keys {
    /// The lines of the hidden sheet; the first one carries the digest of all others.
    pub(super) fn lines(&self) -> Vec<Vec<String>> {
        let head = |digest: String| {
            vec![
                FORM.to_owned(),
                self.kind.clone(),
                self.unit.clone(),
                self.unit_name.clone(),
                self.year.clone(),
                digest,
            ]
        };
        let mut lines = vec![head(self.digest())];
        lines.extend(self.rows.iter().cloned());
        lines
    }

    fn digest(&self) -> String {
        let mut digest = Sha256::new();
        let head = [&self.kind, &self.unit, &self.unit_name, &self.year];
        for cell in head.into_iter().chain(self.rows.iter().flatten()).filter(|cell| !cell.is_empty()) {
            digest.update(cell.trim().as_bytes());
            digest.update([0]);
        }
        digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads the hidden sheet.
    ///
    /// # Errors
    /// LT-CAT-033 it is no form of the workshop, or another kind of form; LT-CAT-034 somebody changed it.
    pub(super) fn read(sheet: &Sheet, kind: &str) -> Result<Self, Finding> {
        let mut lines = sheet.lines.iter().map(|line| line.cells.clone());
        let head = lines.next().unwrap_or_default();
        let cell = |at: usize| head.get(at).cloned().unwrap_or_default();
        if cell(0) != FORM || cell(1) != kind {
            let (vi, en) = match cell(1).as_str() {
                "proposal" => (
                    "đây là đề xuất của một đơn vị, không phải dự thảo đã gộp",
                    "this is a unit's proposal, no joined draft",
                ),
                "draft" => (
                    "đây là dự thảo đã gộp, không phải đề xuất của một đơn vị",
                    "this is a joined draft, no unit's proposal",
                ),
                _ => ("tệp không phải biểu của phiên bản này", "the file is no form of this version"),
            };
            return Err(no_form(&sheet.name, (vi, en)));
        }
        let keys =
            Self { kind: cell(1), unit: cell(2), unit_name: cell(3), year: cell(4), rows: lines.collect() };
        if keys.digest() == cell(5) {
            return Ok(keys);
        }
        Err(Finding::error(
            "LT-CAT-034",
            Text::new("trang khóa kỹ thuật đã bị sửa", "the sheet of technical keys was changed"),
            Text::new(
                "lấy lại tệp đã xuất và chép phần đã sửa của các trang khác vào đó",
                "take the file as it was exported and copy what was edited on the other sheets into it",
            ),
        )
        .at(Place::of(sheet.name.as_str()).at(KEYS)))
    }
}

/// The sheets of a form by title.
///
/// # Errors
/// What keeps the file from being a workbook; LT-CAT-033 a sheet is not there.
pub(super) fn sheets(file: &str, bytes: &[u8], titles: &[&str]) -> Result<Vec<Sheet>, Findings> {
    let reading = Reading { sheets: Sheets::All, ..Reading::default() };
    let all = Sheet::read_all(file, bytes, &reading)?;
    let mut found = Vec::with_capacity(titles.len());
    for title in titles {
        let sheet = all.iter().find(|sheet| sheet.title.as_deref().map(fold) == Some(fold(title)));
        let Some(sheet) = sheet else {
            let what = (
                format!("tệp không có trang \"{title}\" của biểu"),
                format!("the file has no sheet \"{title}\" of the form"),
            );
            return Err(no_form(file, (&what.0, &what.1)).into());
        };
        found.push(sheet.clone());
    }
    Ok(found)
}

/// A file that is no form of the workshop.
pub(super) fn no_form(file: &str, (vi, en): (&str, &str)) -> Finding {
    Finding::error(
        "LT-CAT-033",
        Text::new(vi, en),
        Text::new(
            "dùng tệp do `catalog propose` (đề xuất của đơn vị) hoặc `catalog merge --out` (dự thảo) tạo ra, giữ nguyên các trang và tiêu đề",
            "use the file `catalog propose` (a unit's proposal) or `catalog merge --out` (a draft) made, and keep its sheets and headers",
        ),
    )
    .at(Place::of(file))
}
