//! The list that is signed with a decision: everybody whose result of a period waits for nothing but that decision, and on a sheet of
//! its own everybody else with the reason.
//!
//! Owns both sheets. The first one is what `signed_table` reads back, under the same names of columns; who stands on the second
//! one is nobody's to sign. It must not know who is ready, or how a table that comes back is compared. What the writer of workbooks
//! cannot do is its own error.

use super::signed_table::{GENERAL, LEVEL, NAME, NUMBER, TASK_PART, TOTAL};
use crate::domain::{Level, Period};
use crate::sheet::page::set_page;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

/// Titles of the sheets, in order; the first one is read back.
pub const SHEETS: [&str; 2] = ["Trình ký", "Chưa trình ký"];

/// What the list is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Name of the unit; empty for everybody.
    pub unit: &'a str,
    /// The period.
    pub period: Period,
    /// The period in words.
    pub in_words: &'a str,
}

/// One person of either sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Staff number.
    pub staff_number: String,
    /// Full name.
    pub full_name: String,
    /// Name of the unit at the end of the period.
    pub unit: String,
    /// Title of the post then.
    pub post: String,
    /// What of the result is there.
    pub result: Printed,
    /// Of whoever is ready what has to be cited, else why they are not.
    pub note: String,
}

/// A result as it is printed; what is not there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Printed {
    /// Points for general criteria.
    pub general: Option<String>,
    /// Points for tasks: R times 70.
    pub task_part: Option<String>,
    /// Total.
    pub total: Option<String>,
    /// Of a year the level proposed.
    pub level: Option<Level>,
    /// State of the record, in Vietnamese.
    pub state: String,
}

/// A column: its name, its width in characters, and whether its cells are numbers.
type Head = (String, f64, bool);

/// Makes the workbook. The same people give the same bytes.
///
/// # Errors
/// Only what the writer of workbooks cannot do: more rows than a sheet has.
pub fn workbook(ready: &[Row], waiting: &[Row], about: About<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    book.set_properties(
        &rust_xlsxwriter::DocProperties::new()
            .set_creation_datetime(&rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 1, 1)?),
    );
    let year = about.period.is_year();
    let of = if about.unit.is_empty() { String::new() } else { format!(" – {}", about.unit) };
    let what = if year { "Kết quả xếp loại" } else { "Kết quả đánh giá" };
    let who = |note: &str| -> Vec<Head> {
        let mut heads = vec![
            ("STT".to_owned(), 6.0, true),
            (NUMBER.to_owned(), 13.0, false),
            (NAME.to_owned(), 28.0, false),
            ("Đơn vị".to_owned(), 30.0, false),
            ("Chức vụ".to_owned(), 22.0, false),
        ];
        // A year has no parts of its own: it is the mean of its quarters.
        if !year {
            heads.push((GENERAL.to_owned(), 12.0, true));
            heads.push((format!("{TASK_PART} (R × 70)"), 14.0, true));
        }
        heads.push((TOTAL.to_owned(), 10.0, true));
        if year {
            heads.push((format!("{LEVEL} (đề nghị)"), 22.0, false));
        }
        heads.push((note.to_owned(), 40.0, false));
        heads
    };
    let title = [
        "DANH SÁCH KÈM THEO QUYẾT ĐỊNH SỐ ……………… NGÀY ……/……/…………".to_owned(),
        format!("{what}: {}{of}", about.in_words),
    ];
    write(book.add_worksheet(), SHEETS[0], &title, &who("Ghi chú"), ready)?;
    let title = ["CHƯA TRÌNH KÝ, KÈM LÝ DO".to_owned(), format!("{what}: {}{of}", about.in_words)];
    let mut heads = who("Lý do");
    heads.insert(heads.len() - 1, ("Trạng thái".to_owned(), 16.0, false));
    write(book.add_worksheet(), SHEETS[1], &title, &heads, waiting)?;
    book.save_to_buffer()
}

fn write(
    sheet: &mut Worksheet,
    name: &str,
    title: &[String; 2],
    heads: &[Head],
    rows: &[Row],
) -> Result<(), XlsxError> {
    let cell = || Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::Top);
    let (head, text) = (
        cell().set_bold().set_text_wrap().set_align(FormatAlign::Center).set_background_color("#DDE6F0"),
        cell().set_text_wrap(),
    );
    sheet.set_name(name)?;
    let last = u16::try_from(heads.len().saturating_sub(1)).unwrap_or(u16::MAX);
    for (row, (line, bold)) in (0..).zip([(&title[0], true), (&title[1], false)]) {
        let centre = Format::new().set_align(FormatAlign::Center);
        let look = if bold { centre.set_bold() } else { centre.set_italic() };
        sheet.merge_range(row, 0, row, last, line, &look)?;
    }
    for (column, (title, width, _)) in (0..).zip(heads) {
        sheet.write_string_with_format(HEAD, column, title, &head)?;
        sheet.set_column_width(column, *width)?;
    }
    set_page(sheet, (HEAD, HEAD))?;
    sheet.set_freeze_panes(HEAD + 1, 3)?;
    for (at, row) in (1_u32..).zip(rows) {
        let values = cells(at, row, heads);
        for ((column, value), (_, _, numbers)) in (0..).zip(&values).zip(heads) {
            // A workbook knows no other numbers; what is computed and kept never passes through here.
            match value.parse::<f64>() {
                Ok(number) if *numbers => {
                    let decimals = value.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                    let shown =
                        if decimals == 0 { "0".to_owned() } else { format!("0.{}", "0".repeat(decimals)) };
                    sheet.write_number_with_format(
                        HEAD + at,
                        column,
                        number,
                        &cell().set_num_format(shown),
                    )?;
                }
                _ => {
                    sheet.write_string_with_format(HEAD + at, column, value, &text)?;
                }
            }
        }
    }
    // Beside neither number nor name: whoever reads the list back passes it over.
    let below = HEAD + 2 + u32::try_from(rows.len()).unwrap_or(u32::MAX - HEAD - 2);
    sheet.write_string(below, 0, format!("Danh sách có {} người.", rows.len()))?;
    Ok(())
}

/// Row of the columns' names, from 0.
const HEAD: u32 = 3;

fn cells(at: u32, row: &Row, heads: &[Head]) -> Vec<String> {
    let Printed { general, task_part, total, level, state } = &row.result;
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    heads
        .iter()
        .map(|(title, ..)| match title.split(" (").next().unwrap_or_default() {
            "STT" => at.to_string(),
            NUMBER => row.staff_number.clone(),
            NAME => row.full_name.clone(),
            "Đơn vị" => row.unit.clone(),
            "Chức vụ" => row.post.clone(),
            GENERAL => of(general),
            TASK_PART => of(task_part),
            TOTAL => of(total),
            LEVEL => level.map(|level| level.vietnamese().to_owned()).unwrap_or_default(),
            "Trạng thái" => state.clone(),
            _ => row.note.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::signed_table::{Cause, HeldResult, compare, read_signed};
    use std::collections::BTreeMap;

    fn row(number: &str, total: &str, level: Option<Level>) -> Row {
        let result = Printed { total: Some(total.into()), level, ..Printed::default() };
        Row {
            staff_number: number.into(),
            full_name: "Nguyễn Thị Ánh".into(),
            unit: "Phòng Công chức".into(),
            post: "Chuyên viên".into(),
            result,
            note: String::new(),
        }
    }

    #[test]
    fn list_reads_back_as_it_was_written_and_the_second_sheet_is_never_signed() {
        for (period, level) in [("2026-Q3", None), ("2026", Some(Level::Good))] {
            let period: Period = period.parse().expect("period");
            let about = About { unit: "Sở Nội vụ", period, in_words: "kỳ" };
            let ready =
                [row("GL-00001", "88.29", level), row("GL-00002", "71.5", level), row("3", "70", level)];
            let waiting = [row("GL-00009", "60", level)];
            let bytes = workbook(&ready, &waiting, about).expect("a workbook");
            assert_eq!(bytes, workbook(&ready, &waiting, about).expect("again"), "the same bytes");
            let read = read_signed("bang.xlsx", &bytes, period.is_year()).expect("it reads back");
            let told: Vec<(String, String, Option<Level>)> = read
                .iter()
                .map(|row| (row.staff_number.to_string(), row.total.to_text(), row.level))
                .collect();
            let wanted = |number: &str, total: &str| (number.to_owned(), total.to_owned(), level);
            assert_eq!(told, [wanted("GL-00001", "88.29"), wanted("GL-00002", "71.5"), wanted("3", "70")]);
            let held = BTreeMap::from([(
                read[0].staff_number.clone(),
                HeldResult { total: Some("88.29".parse().expect("figure")), level, ..HeldResult::default() },
            )]);
            let compared = compare(&read[..1], &held, period.is_year());
            assert!(compared[0].causes.is_empty(), "{:?}", compared[0].causes);
            let surplus = compare(&read[1..2], &held, period.is_year());
            assert!(surplus[0].causes.contains(&Cause::SurplusPerson));
        }
    }
}
