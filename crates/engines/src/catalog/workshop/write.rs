//! The working forms as a workbook for people to edit.
//!
//! Owns layout, formulas and validation lists: Annex III with what people edit, Annex I with what the year showed, groups,
//! typical titles, and the hidden keys. It must not know how the rows came about. Every formula is written with its
//! value, so that a program that does not calculate reads the same.

use super::form::{
    CONVERSION, CONVERSION_COLUMNS, FIRST_ROW, GROUPS, HEADER_ROW, KEYS, Keys, SURVEY, SURVEY_COLUMNS, TITLES,
};
use super::propose::{Candidate, Proposal};
use super::scale::Scale;
use crate::domain::ProductKind;
use crate::error::{Finding, Text};
use crate::sheet::page::set_page;
use rust_decimal::{Decimal, RoundingStrategy};
use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula,
    Workbook, Worksheet, XlsxError,
};

/// Empty rows with formulas below the candidates, for products people add.
const SPARE: u32 = 40;

/// Points over the standard product's points, one decimal (Handbook II.III).
pub(super) fn coefficient(points: Decimal, standard: Decimal) -> Option<Decimal> {
    let ratio = points.checked_div(standard)?;
    Some(ratio.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero).normalize())
}

pub(super) struct Formats {
    pub title: Format,
    pub head: Format,
    pub text: Format,
    pub number: Format,
    pub grey: Format,
    pub note: Format,
}

impl Formats {
    pub(super) fn new() -> Self {
        let cell = || Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::Top);
        Self {
            title: Format::new().set_bold().set_font_size(13),
            head: cell()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(Color::RGB(0x00DD_EBF7)),
            text: cell().set_text_wrap(),
            number: cell(),
            grey: cell().set_background_color(Color::RGB(0x00F2_F2F2)),
            note: Format::new().set_italic(),
        }
    }
}

/// A workbook that cannot be written: never for what we put into it.
pub(super) fn unwritable(error: &XlsxError) -> Finding {
    Finding::error(
        "LT-CAT-046",
        Text::new("không tạo được tệp XLSX", "the XLSX file cannot be made")
            .because(&crate::error::cause(error)),
        Text::new("gửi nhật ký cho nhóm phát triển", "send the log to the developers"),
    )
}

/// The same day in every file, so that the same inputs give the same bytes.
pub(super) fn properties() -> Result<DocProperties, XlsxError> {
    Ok(DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?))
}

/// The form of a unit's proposal.
///
/// # Errors
/// LT-CAT-046 the workbook cannot be written.
pub fn write_form(proposal: &Proposal, scale: &Scale) -> Result<Vec<u8>, Finding> {
    workbook(proposal, scale).map_err(|error| unwritable(&error))
}

fn workbook(proposal: &Proposal, scale: &Scale) -> Result<Vec<u8>, XlsxError> {
    let (mut book, formats) = (Workbook::new(), Formats::new());
    book.set_properties(&properties()?);
    conversion(book.add_worksheet(), proposal, scale, &formats)?;
    survey(book.add_worksheet(), proposal, &formats)?;
    groups(book.add_worksheet(), scale, &formats)?;
    titles(book.add_worksheet(), proposal, &formats)?;
    let rows = proposal.rows.iter().map(|row| {
        vec![
            row.key.clone(),
            row.code.clone(),
            row.work.clone(),
            row.count.to_string(),
            row.people.to_string(),
        ]
    });
    let keys = Keys {
        kind: "proposal".to_owned(),
        unit: proposal.unit.to_string(),
        unit_name: proposal.unit_name.clone(),
        year: proposal.year.to_string(),
        rows: rows.collect(),
    };
    write_keys(book.add_worksheet(), &keys)?;
    book.save_to_buffer()
}

/// Where group, points, coefficient and the mark of the standard product stand in a sheet of products.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    pub group: u16,
    pub maximum: u16,
    pub points: u16,
    pub coefficient: u16,
    pub standard: u16,
}

impl Columns {
    /// The columns as the spreadsheet names them; all of them lie before Z.
    fn letter(column: u16) -> char {
        char::from_u32(u32::from(b'A') + u32::from(column)).unwrap_or('A')
    }

    /// Formula of the maximum of a row's group.
    pub(super) fn maximum_formula(self, row: u32, groups: usize) -> String {
        let (group, row, last) = (Self::letter(self.group), row + 1, 3 + groups);
        format!(
            "=IF({group}{row}=\"\",\"\",IFERROR(VLOOKUP({group}{row},'{GROUPS}'!$A$4:$B${last},2,FALSE),\"\"))"
        )
    }

    /// Formula of a row's coefficient: points over those of the standard product, one decimal.
    pub(super) fn coefficient_formula(self, row: u32) -> String {
        let (points, row) = (Self::letter(self.points), row + 1);
        format!("=IF(OR({points}{row}=\"\",${points}$3=\"\"),\"\",ROUND({points}{row}/${points}$3,1))")
    }

    /// Formula of the points of the one product that is marked.
    fn standard_formula(self, last: u32) -> String {
        let (points, mark, first) = (Self::letter(self.points), Self::letter(self.standard), FIRST_ROW + 1);
        let range = |column: char| format!("${column}${first}:${column}${}", last + 1);
        let (marks, all) = (range(mark), range(points));
        format!("=IF(COUNTIF({marks},\"x\")=1,SUMIF({marks},\"x\",{all}),\"\")")
    }

    /// Title lines, the standard product's points and the header, frozen above the data.
    pub(super) fn head(
        self,
        sheet: &mut Worksheet,
        texts: (&str, &str),
        header: &[&str],
        (standard, last): (Option<Decimal>, u32),
        formats: &Formats,
    ) -> Result<(), XlsxError> {
        sheet.write_with_format(0, 0, texts.0, &formats.title)?;
        sheet.write_with_format(1, 0, texts.1, &formats.note)?;
        sheet.write_with_format(
            2,
            self.maximum.saturating_sub(2),
            "Điểm của sản phẩm chuẩn:",
            &formats.note,
        )?;
        let value = standard.map(|points| points.normalize().to_string()).unwrap_or_default();
        sheet.write_formula_with_format(
            2,
            self.points,
            Formula::new(self.standard_formula(last)).set_result(value),
            &formats.number,
        )?;
        for (column, title) in (0u16..).zip(header) {
            sheet.write_with_format(HEADER_ROW, column, *title, &formats.head)?;
        }
        sheet.set_freeze_panes(FIRST_ROW, 0)?;
        set_page(sheet, (HEADER_ROW, HEADER_ROW))
    }

    /// The two formulas of a row with their values.
    pub(super) fn formulas(
        self,
        sheet: &mut Worksheet,
        row: u32,
        scale: &Scale,
        values: (Option<Decimal>, Option<Decimal>),
        formats: &Formats,
    ) -> Result<(), XlsxError> {
        let shown =
            |value: Option<Decimal>| value.map(|value| value.normalize().to_string()).unwrap_or_default();
        let maximum = Formula::new(self.maximum_formula(row, scale.groups.len())).set_result(shown(values.0));
        sheet.write_formula_with_format(row, self.maximum, maximum, &formats.grey)?;
        let coefficient = Formula::new(self.coefficient_formula(row)).set_result(shown(values.1));
        sheet.write_formula_with_format(row, self.coefficient, coefficient, &formats.grey)?;
        Ok(())
    }

    /// Lists to choose from.
    pub(super) fn lists(
        self,
        sheet: &mut Worksheet,
        scale: &Scale,
        kind: u16,
        last: u32,
    ) -> Result<(), XlsxError> {
        let numbers: Vec<String> =
            scale.groups.iter().map(|group| group.number.number().to_string()).collect();
        let group = DataValidation::new()
            .allow_list_strings(&numbers)?
            .set_error_title("Nhóm")?
            .set_error_message("Chọn một nhóm của thang điểm")?;
        sheet.add_data_validation(FIRST_ROW, self.group, last, self.group, &group)?;
        let mark = DataValidation::new().allow_list_strings(&["x"])?;
        sheet.add_data_validation(FIRST_ROW, self.standard, last, self.standard, &mark)?;
        let kinds = DataValidation::new().allow_list_strings(&["chuyên môn", "lãnh đạo"])?;
        sheet.add_data_validation(FIRST_ROW, kind, last, kind, &kinds)?;
        Ok(())
    }
}

const PROPOSAL: Columns = Columns { group: 4, maximum: 5, points: 6, coefficient: 7, standard: 10 };

fn conversion(
    sheet: &mut Worksheet,
    proposal: &Proposal,
    scale: &Scale,
    formats: &Formats,
) -> Result<(), XlsxError> {
    sheet.set_name(CONVERSION)?;
    let rows = u32::try_from(proposal.rows.len()).unwrap_or(u32::MAX);
    let last = FIRST_ROW + rows + SPARE - 1;
    let standard = proposal.rows.iter().find(|row| row.standard).map(|row| row.points);
    let title =
        format!("DANH MỤC SẢN PHẨM/CÔNG VIỆC QUY ĐỔI – {} – năm {}", proposal.unit_name, proposal.year);
    let how = "Sửa tên, sản phẩm, nhóm, điểm; đánh dấu x đúng một sản phẩm chuẩn; xóa dòng không dùng; thêm dòng ở cuối bảng. Không sửa cột Khóa và các công thức.";
    PROPOSAL.head(sheet, (&title, how), &CONVERSION_COLUMNS, (standard, last), formats)?;
    for (row, candidate) in (FIRST_ROW..).zip(&proposal.rows) {
        sheet.write_with_format(row, 0, row - FIRST_ROW + 1, &formats.number)?;
        for (column, text) in [(1, &candidate.field), (2, &candidate.work), (3, &candidate.output)] {
            sheet.write_with_format(row, column, text, &formats.text)?;
        }
        sheet.write_with_format(row, 4, candidate.group.number(), &formats.number)?;
        sheet.write_with_format(row, 6, candidate.points, &formats.number)?;
        let values = (
            scale.maximum(candidate.group),
            standard.and_then(|standard| coefficient(candidate.points, standard)),
        );
        PROPOSAL.formulas(sheet, row, scale, values, formats)?;
        sheet.write_with_format(row, 8, candidate.notes.join("; "), &formats.text)?;
        sheet.write_with_format(row, 9, &candidate.code, &formats.text)?;
        sheet.write_with_format(row, 10, if candidate.standard { "x" } else { "" }, &formats.number)?;
        sheet.write_with_format(row, 11, kind_word(candidate.kind), &formats.text)?;
        sheet.write_with_format(row, 12, keywords(candidate), &formats.text)?;
        sheet.write_with_format(row, 13, &candidate.key, &formats.grey)?;
    }
    for row in FIRST_ROW + rows..=last {
        for column in 0..13 {
            sheet.write_blank(row, column, &formats.text)?;
        }
        PROPOSAL.formulas(sheet, row, scale, (None, None), formats)?;
    }
    PROPOSAL.lists(sheet, scale, 11, last)?;
    let widths: [f64; 14] = [5.0, 18.0, 46.0, 24.0, 7.0, 10.0, 9.0, 9.0, 44.0, 14.0, 10.0, 12.0, 30.0, 4.0];
    for (column, width) in (0u16..).zip(widths) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_column_hidden(13)?;
    Ok(())
}

/// The other typical titles, as words the mapping looks for.
fn keywords(candidate: &Candidate) -> String {
    let others = candidate.titles.iter().map(|(title, _)| title.replace('|', " "));
    others.filter(|title| *title != candidate.work).take(3).collect::<Vec<_>>().join("|")
}

pub(super) fn kind_word(kind: ProductKind) -> &'static str {
    match kind {
        ProductKind::Work => "chuyên môn",
        ProductKind::Leadership => "lãnh đạo",
    }
}

fn frequency(candidate: &Candidate) -> String {
    let rhythm = match (candidate.months, candidate.quarters) {
        (10.., _) => "; hằng tháng",
        (3..=5, 4) => "; hằng quý",
        (1, _) => "; một tháng trong năm",
        _ => "",
    };
    format!("{} lần/năm{rhythm}", candidate.count)
}

/// Annex I: names follow the rows of Annex III by their key, whatever was sorted, renamed or deleted there.
fn survey(sheet: &mut Worksheet, proposal: &Proposal, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_name(SURVEY)?;
    let title = format!(
        "DANH MỤC NHIỆM VỤ GẮN VỚI SẢN PHẨM/CÔNG VIỆC – {} – năm {}",
        proposal.unit_name, proposal.year
    );
    sheet.write_with_format(0, 0, title, &formats.title)?;
    let told = format!(
        "{} việc trong năm; {} việc không có tên; {} việc ít gặp không lập thành dòng (trang \"{TITLES}\")",
        proposal.tasks, proposal.empty, proposal.rare
    );
    sheet.write_with_format(1, 0, told, &formats.note)?;
    for (column, title) in (0u16..).zip(SURVEY_COLUMNS) {
        sheet.write_with_format(HEADER_ROW, column, title, &formats.head)?;
    }
    sheet.set_freeze_panes(FIRST_ROW, 0)?;
    set_page(sheet, (HEADER_ROW, HEADER_ROW))?;
    let follow = |row: u32, column: char| {
        let key = format!("'{CONVERSION}'!$N:$N");
        let found = format!("MATCH($I{},{key},0)", row + 1);
        format!("=IFERROR(INDEX('{CONVERSION}'!{column}:{column},{found})&\"\",\"(đã bỏ)\")")
    };
    for (row, candidate) in (FIRST_ROW..).zip(&proposal.rows) {
        sheet.write_with_format(row, 0, row - FIRST_ROW + 1, &formats.number)?;
        let group = candidate.group.number().to_string();
        for (column, from, text) in [
            (1, 'B', &candidate.field),
            (2, 'C', &candidate.work),
            (3, 'D', &candidate.output),
            (6, 'E', &group),
        ] {
            let formula = Formula::new(follow(row, from)).set_result(text);
            sheet.write_formula_with_format(row, column, formula, &formats.text)?;
        }
        sheet.write_with_format(row, 4, frequency(candidate), &formats.text)?;
        sheet.write_with_format(row, 5, candidate.people, &formats.number)?;
        sheet.write_with_format(row, 7, candidate.notes.join("; "), &formats.text)?;
        sheet.write_with_format(row, 8, &candidate.key, &formats.grey)?;
    }
    let widths: [f64; 9] = [5.0, 18.0, 46.0, 24.0, 22.0, 10.0, 7.0, 44.0, 4.0];
    for (column, width) in (0u16..).zip(widths) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_column_hidden(8)?;
    Ok(())
}

/// Groups with their maxima, and what belongs to each.
pub(super) fn groups(sheet: &mut Worksheet, scale: &Scale, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_name(GROUPS)?;
    sheet.write_with_format(0, 0, "NHÓM ĐỘ PHỨC TẠP VÀ ĐIỂM TỐI ĐA", &formats.title)?;
    for (column, title) in (0u16..).zip(["Nhóm", "Điểm tối đa", "Nội dung"]) {
        sheet.write_with_format(2, column, title, &formats.head)?;
    }
    for (row, group) in (3u32..).zip(&scale.groups) {
        sheet.write_with_format(row, 0, group.number.number(), &formats.number)?;
        sheet.write_with_format(row, 1, group.maximum, &formats.number)?;
        sheet.write_with_format(row, 2, &group.description, &formats.text)?;
    }
    sheet.set_column_width(2, 80.0)?;
    set_page(sheet, (2, 2))
}

fn titles(sheet: &mut Worksheet, proposal: &Proposal, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_name(TITLES)?;
    for (column, title) in
        (0u16..).zip(["Dòng", "Mã sản phẩm", "Tên việc (đã bỏ số, ngày, tên người)", "Số việc"])
    {
        sheet.write_with_format(0, column, title, &formats.head)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    set_page(sheet, (0, 0))?;
    let of_rows = (1u32..).zip(&proposal.rows).flat_map(|(number, row)| {
        row.titles.iter().map(move |(title, times)| (number.to_string(), row.code.as_str(), title, times))
    });
    let rare = proposal.rare_titles.iter().map(|(title, times)| ("ít gặp".to_owned(), "", title, times));
    for (row, (number, code, title, times)) in (1u32..).zip(of_rows.chain(rare)) {
        sheet.write_with_format(row, 0, number, &formats.number)?;
        sheet.write_with_format(row, 1, code, &formats.text)?;
        sheet.write_with_format(row, 2, title, &formats.text)?;
        sheet.write_with_format(row, 3, *times, &formats.number)?;
    }
    sheet.set_column_width(1, 14.0)?;
    sheet.set_column_width(2, 90.0)?;
    Ok(())
}

/// The hidden sheet of keys.
pub(super) fn write_keys(sheet: &mut Worksheet, keys: &Keys) -> Result<(), XlsxError> {
    sheet.set_name(KEYS)?;
    for (row, cells) in (0u32..).zip(keys.lines()) {
        for (column, cell) in (0u16..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row, column, cell)?;
        }
    }
    sheet.set_hidden(true);
    Ok(())
}
