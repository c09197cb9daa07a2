//! The workbook people fill in for a unit and a period, and give back to `criteria import`.
//!
//! Owns its three sheets: general criteria, đ and e of leaders (and d of those with nobody in charge), remarks; and a fourth one that says
//! how they are filled in. Who is asked for stands in it and is locked, a scorer nobody knows excepted;
//! only the cells of points and words can be filled in, and each cell of points takes what the rule set allows. It must
//! not know how a filled sheet is read (`criteria`); both use the names of columns and sheets that stand here, words in brackets
//! behind a name aside.

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

/// Title of the sheet that says how the others are filled in; nobody reads it back.
const HELP: &str = "Hướng dẫn";

/// What the workbook is about, for whoever fills it in.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Name of the unit.
    pub unit: &'a str,
    /// The period.
    pub period: Period,
    /// The words of form 01 for an item.
    pub words: fn(&str) -> &'static str,
}

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

/// Height of the row with the words of the items, in points.
const HEAD: f64 = 200.0;

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
    about: About<'_>,
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
            let words = (about.words)(item);
            Some((format!("{item} (tối đa {}: {words})", vietnamese(&maximum)), maximum))
        })
        .collect();
    let sheet = begin(&mut book, SHEETS[0], people.iter(), about, &looks)?;
    sheet.set_row_height(0, HEAD)?;
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
        sheet.set_column_width(column, 13)?;
        points(sheet, column, people.len(), maximum, &rules.step, &looks)?;
        column += 1;
    }
    if own {
        help(&mut book, about, rules, own)?;
        return book.save_to_buffer();
    }
    let leaders: Vec<&Asked> = people.iter().filter(|asked| asked.is_leader).collect();
    let sheet = begin(&mut book, SHEETS[1], leaders.iter().copied(), about, &looks)?;
    for (column, head) in (4..).zip([
        "đ (%: khả năng tổ chức triển khai thực hiện nhiệm vụ)",
        "e (%: năng lực tập hợp, đoàn kết công chức)",
    ]) {
        sheet.write_with_format(0, column, head, &looks.head)?;
        sheet.set_column_width(column, 24)?;
        percents(sheet, column, (1, leaders.len()), rules.between, &looks)?;
    }
    if leaders.iter().any(|asked| asked.enters_d) {
        sheet.write_with_format(0, 6, "d (%: kết quả hoạt động của đơn vị, lĩnh vực)", &looks.head)?;
        sheet.set_column_width(6, 24)?;
        for (row, asked) in (1..).zip(&leaders) {
            if asked.enters_d {
                percents(sheet, 6, (row, row), rules.between, &looks)?;
            } else {
                // Computed from those in charge: nothing to fill in.
                sheet.write_blank(u32::try_from(row).unwrap_or(u32::MAX), 6, &looks.locked)?;
            }
        }
    }
    let sheet = begin(&mut book, SHEETS[2], people.iter(), about, &looks)?;
    for (column, head) in (4..).zip(REMARKS) {
        sheet.write_with_format(0, column, head, &looks.head)?;
        sheet.set_column_width(column, 32)?;
        for row in 1..=u32::try_from(people.len()).unwrap_or(u32::MAX) {
            sheet.write_blank(row, column, &looks.words)?;
        }
    }
    help(&mut book, about, rules, own)?;
    book.save_to_buffer()
}

/// A number as the cells show it.
fn vietnamese(number: &Exact) -> String {
    number.to_text().replace('.', ",")
}

/// The last sheet: what the workbook is, and what each column takes.
fn help(book: &mut Workbook, about: About<'_>, rules: &CriteriaRules, own: bool) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet();
    sheet.set_name(HELP)?;
    let what =
        if own { "TỰ CHẤM TIÊU CHÍ CHUNG" } else { "CHẤM TIÊU CHÍ CHUNG, đ, e VÀ NHẬN XÉT" };
    let percent = if rules.between { "từ 50 đến 100" } else { "50 hoặc 100" };
    let mut lines = vec![
        (what.to_owned(), String::new()),
        ("Đơn vị".to_owned(), about.unit.to_owned()),
        ("Kỳ".to_owned(), about.period.to_string()),
        (
            "Cách điền".to_owned(),
            format!(
                "Điền các ô trắng; ô có màu đã khóa. Tiêu chí không đạt ghi 0, bước {}. Người không điền ô nào được bỏ qua. Điền xong nhập bằng `criteria import`.",
                vietnamese(&rules.step)
            ),
        ),
        (
            "Người chấm".to_owned(),
            "Số hiệu, họ và tên. Ô trắng: chưa biết ai chấm, ghi người có thẩm quyền, hoặc tên cơ quan và nhập kèm --document."
                .to_owned(),
        ),
    ];
    for (item, n, d) in GENERAL_ITEMS {
        let maximum = Exact::ratio(n.into(), d.into()).unwrap_or_else(Exact::zero);
        lines.push((item.to_owned(), format!("{} (từ 0 đến {})", (about.words)(item), vietnamese(&maximum))));
    }
    if !own {
        for (name, words) in [
            ("đ", "khả năng tổ chức triển khai thực hiện nhiệm vụ"),
            ("e", "năng lực tập hợp, đoàn kết công chức"),
            (
                "d",
                "kết quả hoạt động của đơn vị, lĩnh vực; chỉ nhập cho người không phụ trách ai được đánh giá",
            ),
        ] {
            lines.push((name.to_owned(), format!("{words} (%, {percent}; chỉ người lãnh đạo, quản lý)")));
        }
    }
    let (head, text) = (Format::new().set_bold(), Format::new().set_text_wrap().set_align(FormatAlign::Top));
    for (row, (name, words)) in (0..).zip(&lines) {
        sheet.write_string_with_format(row, 0, name, &head)?;
        sheet.write_string_with_format(row, 1, words, &text)?;
    }
    sheet.set_column_width(0, 14)?;
    sheet.set_column_width(1, 100)?;
    Ok(())
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
    about: About<'_>,
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
        let cells = [&asked.staff_number, &asked.full_name, &about.period.to_string(), &asked.scorer];
        for (column, text) in (0..).zip(cells) {
            // Somebody has to write down who scores whom nobody here scores.
            let look = if text.is_empty() { &looks.words } else { &looks.locked };
            sheet.write_string_with_format(row, column, text, look)?;
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
        .set_error_message(format!("Từ 0 đến {maximum}, bước {step}").replace('.', ","))?;
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
