//! The workbook people fill in for a unit and a period, and give back to `criteria import`.
//!
//! Owns its three sheets: general criteria, đ and e of leaders (and d of those with nobody in charge), remarks. Who is asked for stands in it and is locked;
//! only the cells of points and words can be filled in, and each cell of points takes what the rule set allows. It must
//! not know how a filled sheet is read (`criteria`); both use the names of columns and sheets that stand here.

use super::criteria::CriteriaRules;
use crate::domain::evaluation::GENERAL_ITEMS;
use crate::domain::{Exact, Period};
use crate::sheet::page::set_page;
use rust_xlsxwriter::{
    DataValidation, DataValidationRule, Format, FormatAlign, FormatBorder, Formula, ProtectionOptions,
    Workbook, Worksheet, XlsxError,
};

/// Titles of the sheets, in order.
pub const SHEETS: [&str; 3] = ["Tiêu chí chung", "đ và e", "Nhận xét"];

/// One person of the workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Staff number.
    pub staff_number: String,
    /// Full name.
    pub full_name: String,
    /// Who scores them: staff number and name; empty when nobody is known.
    pub scorer: String,
    /// Whether đ and e belong to them.
    pub is_leader: bool,
    /// Whether d is entered for them: nobody evaluated is in their charge.
    pub enters_d: bool,
}

/// The first columns of every sheet.
const WHO: [&str; 4] = ["Số hiệu", "Họ và tên", "Kỳ", "Người chấm"];

/// Columns of the remarks.
pub const REMARKS: [&str; 4] = ["Ưu điểm", "Hạn chế", "Nhận xét", "Biên bản"];

/// Makes the workbook. `own`: it is for the people's own assessment, which has no đ, e or remarks of the scorer.
///
/// # Errors
/// Only what the writer of workbooks cannot do: more rows than a sheet has.
pub fn workbook(
    people: &[Asked],
    period: Period,
    rules: &CriteriaRules,
    own: bool,
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The same people give the same file.
    book.set_properties(
        &rust_xlsxwriter::DocProperties::new()
            .set_creation_datetime(&rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 1, 1)?),
    );
    let looks = Looks::new();
    let items: Vec<(String, Exact)> = GENERAL_ITEMS
        .iter()
        .filter_map(|(item, n, d)| {
            let maximum = Exact::ratio((*n).into(), (*d).into())?;
            Some((format!("{item} (tối đa {})", maximum.to_text().replace('.', ",")), maximum))
        })
        .collect();
    let sheet = begin(&mut book, SHEETS[0], people.iter(), period, &looks)?;
    let mut column = 4;
    if own {
        sheet.write_with_format(0, column, "Loại điểm", &looks.head)?;
        for row in 1..=people.len() {
            sheet.write_with_format(
                u32::try_from(row).unwrap_or(u32::MAX),
                column,
                "tự chấm",
                &looks.locked,
            )?;
        }
        column += 1;
    }
    for (head, maximum) in &items {
        sheet.write_with_format(0, column, head, &looks.head)?;
        sheet.set_column_width(column, 9)?;
        points(sheet, column, people.len(), maximum, &rules.step, &looks)?;
        column += 1;
    }
    if own {
        return book.save_to_buffer();
    }
    let leaders: Vec<&Asked> = people.iter().filter(|asked| asked.is_leader).collect();
    let sheet = begin(&mut book, SHEETS[1], leaders.iter().copied(), period, &looks)?;
    for (column, head) in (4..).zip(["đ", "e"]) {
        sheet.write_with_format(0, column, head, &looks.head)?;
        percents(sheet, column, (1, leaders.len()), rules.between, &looks)?;
    }
    if leaders.iter().any(|asked| asked.enters_d) {
        sheet.write_with_format(0, 6, "d", &looks.head)?;
        for (row, asked) in (1..).zip(&leaders) {
            if asked.enters_d {
                percents(sheet, 6, (row, row), rules.between, &looks)?;
            } else {
                // Computed from those in charge: nothing to fill in.
                sheet.write_blank(u32::try_from(row).unwrap_or(u32::MAX), 6, &looks.locked)?;
            }
        }
    }
    let sheet = begin(&mut book, SHEETS[2], people.iter(), period, &looks)?;
    for (column, head) in (4..).zip(REMARKS) {
        sheet.write_with_format(0, column, head, &looks.head)?;
        sheet.set_column_width(column, 32)?;
        for row in 1..=u32::try_from(people.len()).unwrap_or(u32::MAX) {
            sheet.write_blank(row, column, &looks.words)?;
        }
    }
    book.save_to_buffer()
}

struct Looks {
    head: Format,
    locked: Format,
    points: Format,
    words: Format,
}

impl Looks {
    fn new() -> Self {
        let cell = || Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::Top);
        // What can be filled in is white, everything else is shaded.
        let shaded = |format: Format, colour: &str| format.set_background_color(colour);
        Self {
            head: shaded(cell().set_bold().set_text_wrap(), "#DDE6F0"),
            locked: shaded(cell().set_text_wrap(), "#F2F2F2"),
            points: cell().set_unlocked().set_num_format("0.##"),
            words: cell().set_unlocked().set_text_wrap(),
        }
    }
}

/// A sheet with its people, locked but for what follows.
fn begin<'a, 'b>(
    book: &'b mut Workbook,
    title: &str,
    people: impl Iterator<Item = &'a Asked>,
    period: Period,
    looks: &Looks,
) -> Result<&'b mut Worksheet, XlsxError> {
    let sheet = book.add_worksheet();
    sheet.set_name(title)?;
    // Without a password: it keeps a slip of the hand from a locked cell, nobody from their own file. Columns and rows may
    // be made wider to read what stands in them.
    let options = ProtectionOptions { format_columns: true, format_rows: true, ..ProtectionOptions::new() };
    sheet.protect_with_options(&options);
    set_page(sheet, (0, 0))?;
    sheet.set_freeze_panes(1, 2)?;
    for (column, head) in (0..).zip(WHO) {
        sheet.write_with_format(0, column, head, &looks.head)?;
    }
    for (row, asked) in (1..).zip(people) {
        let cells = [&asked.staff_number, &asked.full_name, &period.to_string(), &asked.scorer];
        for (column, text) in (0..).zip(cells) {
            sheet.write_string_with_format(row, column, text, &looks.locked)?;
        }
    }
    for (column, width) in (0..).zip([12, 26, 10, 26]) {
        sheet.set_column_width(column, width)?;
    }
    Ok(sheet)
}

/// Cells for points: 0 to the maximum, on the step.
fn points(
    sheet: &mut Worksheet,
    column: u16,
    people: usize,
    maximum: &Exact,
    step: &Exact,
    looks: &Looks,
) -> Result<(), XlsxError> {
    let last = u32::try_from(people).unwrap_or(u32::MAX);
    for row in 1..=last {
        sheet.write_blank(row, column, &looks.points)?;
    }
    if last == 0 {
        return Ok(());
    }
    let cell = format!("{}2", letters(column));
    let (maximum, step) = (maximum.to_text(), step.to_text());
    // Hundredths are whole numbers: a remainder of binary fractions would refuse what is on the step.
    let rule =
        format!("AND(ISNUMBER({cell}),{cell}>=0,{cell}<={maximum},MOD(ROUND({cell}*100,0),{step}*100)=0)");
    let validation = DataValidation::new()
        .allow_custom(Formula::new(rule))
        .set_error_title("Điểm không hợp lệ")?
        .set_error_message(format!(
            "Từ 0 đến {}, bước {}",
            maximum.replace('.', ","),
            step.replace('.', ",")
        ))?;
    sheet.add_data_validation(1, column, last, column, &validation)?;
    Ok(())
}

/// Cells for d, đ or e, from one row to another.
fn percents(
    sheet: &mut Worksheet,
    column: u16,
    (first, last): (usize, usize),
    between: bool,
    looks: &Looks,
) -> Result<(), XlsxError> {
    let number = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
    let (first, last) = (number(first), number(last));
    for row in first..=last {
        sheet.write_blank(row, column, &looks.points)?;
    }
    if last < first {
        return Ok(());
    }
    let validation = if between {
        DataValidation::new().allow_decimal_number(DataValidationRule::Between(50.0, 100.0))
    } else {
        DataValidation::new().allow_list_strings(&["50", "100"])?
    };
    sheet.add_data_validation(first, column, last, column, &validation)?;
    Ok(())
}

fn letters(column: u16) -> String {
    let digit = |n: u16| char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
    if column < 26 {
        digit(column).to_string()
    } else {
        format!("{}{}", digit(column / 26 - 1), digit(column))
    }
}
