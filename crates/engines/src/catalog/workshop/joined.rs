//! The joined draft as a workbook to decide in.
//!
//! Owns its layout: products that may be the same stand together, what differs is said, and each row waits for a decision
//! (giữ, gộp vào MÃ, bỏ). It must not know how the draft came about. Who proposed what stands in the hidden keys.

use super::form::{DRAFT, DRAFT_COLUMNS, FIRST_ROW, Keys};
use super::merge::Joined;
use super::scale::Scale;
use super::write::{Columns, Formats, coefficient, groups, kind_word, unwritable, write_keys};
use crate::error::Finding;
use rust_decimal::Decimal;
use rust_xlsxwriter::{DataValidation, Format, Workbook, Worksheet, XlsxError};

const COLUMNS: Columns = Columns { group: 5, maximum: 6, points: 7, coefficient: 8, standard: 11 };
/// Empty rows with formulas below the products.
const SPARE: u32 = 40;

/// The draft of a whole province.
///
/// # Errors
/// LT-CAT-046 the workbook cannot be written.
pub fn write_draft(joined: &[Joined], scale: &Scale) -> Result<Vec<u8>, Finding> {
    workbook(joined, scale).map_err(|error| unwritable(&error))
}

fn workbook(joined: &[Joined], scale: &Scale) -> Result<Vec<u8>, XlsxError> {
    let (mut book, formats) = (Workbook::new(), Formats::new());
    book.set_properties(&super::write::properties()?);
    draft(book.add_worksheet(), joined, scale, &formats)?;
    groups(book.add_worksheet(), scale, &formats)?;
    let said = joined.iter().flat_map(|one| {
        one.proposers.iter().map(|proposer| {
            let row = &proposer.row;
            vec![
                one.key.clone(),
                proposer.unit.to_string(),
                proposer.unit_name.clone(),
                row.code.to_string(),
                row.work.clone(),
                row.output.clone(),
                row.group.number().to_string(),
                row.points.to_string(),
                row.coefficient.to_string(),
            ]
        })
    });
    let keys = Keys {
        kind: "draft".to_owned(),
        unit: "-".to_owned(),
        unit_name: "-".to_owned(),
        year: "-".to_owned(),
        rows: said.collect(),
    };
    write_keys(book.add_worksheet(), &keys)?;
    book.save_to_buffer()
}

fn draft(
    sheet: &mut Worksheet,
    joined: &[Joined],
    scale: &Scale,
    formats: &Formats,
) -> Result<(), XlsxError> {
    sheet.set_name(DRAFT)?;
    let rows = u32::try_from(joined.len()).unwrap_or(u32::MAX);
    let last = FIRST_ROW + rows + SPARE - 1;
    let standard = joined.iter().find(|one| one.standard).map(|one| one.points);
    let how = "Cột Quyết định: giữ; gộp vào MÃ (mã của một dòng giữ); bỏ. Các dòng cùng số Cụm có thể là một sản phẩm. Không sửa cột Khóa và các công thức.";
    let title = "DỰ THẢO DANH MỤC SẢN PHẨM/CÔNG VIỆC QUY ĐỔI DÙNG CHUNG";
    COLUMNS.head(sheet, (title, how), &DRAFT_COLUMNS, (standard, last), formats)?;
    let shaded = Format::new()
        .set_border(rust_xlsxwriter::FormatBorder::Thin)
        .set_text_wrap()
        .set_background_color(rust_xlsxwriter::Color::RGB(0x00FF_F2CC));
    for (row, one) in (FIRST_ROW..).zip(joined) {
        let Some(words) = one.row() else { continue };
        let text = if one.alone { &formats.text } else { &shaded };
        sheet.write_with_format(row, 0, row - FIRST_ROW + 1, &formats.number)?;
        sheet.write_with_format(row, 1, one.cluster, text)?;
        for (column, cell) in [(2, &words.field), (3, &words.work), (4, &words.output), (9, &words.note)] {
            sheet.write_with_format(row, column, cell, text)?;
        }
        sheet.write_with_format(row, 5, words.group.number(), &formats.number)?;
        sheet.write_with_format(row, 7, one.points, &formats.number)?;
        let ratio = standard.and_then(|standard: Decimal| coefficient(one.points, standard));
        COLUMNS.formulas(sheet, row, scale, (scale.maximum(words.group), ratio), formats)?;
        sheet.write_with_format(row, 10, &one.code, text)?;
        sheet.write_with_format(row, 11, if one.standard { "x" } else { "" }, &formats.number)?;
        sheet.write_with_format(row, 12, kind_word(words.kind), text)?;
        sheet.write_with_format(row, 13, one.synonyms().join("|"), text)?;
        sheet.write_with_format(row, 14, proposers(one), text)?;
        // What stands alone is kept unless people say otherwise; what may be the same waits for them.
        sheet.write_with_format(row, 15, if one.alone { "giữ" } else { "" }, text)?;
        sheet.write_with_format(row, 16, &one.key, &formats.grey)?;
    }
    for row in FIRST_ROW + rows..=last {
        for column in 0..16 {
            sheet.write_blank(row, column, &formats.text)?;
        }
        COLUMNS.formulas(sheet, row, scale, (None, None), formats)?;
    }
    COLUMNS.lists(sheet, scale, 12, last)?;
    // A code follows the second word, so that anything may be written; the list only helps.
    let decisions = DataValidation::new()
        .allow_list_strings(&["giữ", "bỏ", "gộp vào "])?
        .set_error_style(rust_xlsxwriter::DataValidationErrorStyle::Information);
    sheet.add_data_validation(FIRST_ROW, 15, last, 15, &decisions)?;
    let widths: [f64; 17] =
        [5.0, 6.0, 16.0, 44.0, 22.0, 7.0, 10.0, 9.0, 9.0, 30.0, 14.0, 10.0, 12.0, 26.0, 46.0, 16.0, 4.0];
    for (column, width) in (0u16..).zip(widths) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_column_hidden(16)?;
    Ok(())
}

/// Who proposed it with which group, points and coefficient; what differs from its neighbours comes first.
fn proposers(one: &Joined) -> String {
    const SHOWN: usize = 12;
    let said = one.proposers.iter().take(SHOWN).map(|proposer| {
        let row = &proposer.row;
        format!("{}: nhóm {}, {} điểm, k {}", proposer.unit, row.group.number(), row.points, row.coefficient)
    });
    let mut parts: Vec<String> = one.differs.iter().map(|text| text.to_uppercase()).collect();
    parts.extend(said);
    if one.proposers.len() > SHOWN {
        parts.push(format!("và {} đơn vị khác", one.proposers.len() - SHOWN));
    }
    parts.join("; ")
}
