//! Lines of a table that would be lost or read by the wrong columns.
//!
//! Owns what is said of a further header and of rows above the header. It must not know how a header is found. Such a file
//! is refused by the line: which of its tables is meant cannot be told.

use super::looks::is_row;
use super::names::Names;
use super::{Line, Sheet};
use crate::error::{Finding, Text};

/// Unknown names shown in a message.
const SHOWN: usize = 5;

/// A line that is meant as a header, beside the one of the table in line `header`, and cannot be read as its next one: it
/// lacks a required column, or a second table is not expected here. LT-TAB-010.
pub fn further_header(sheet: &Sheet, line: &Line, header: u32, names: &Names<'_>) -> Finding {
    let named = |index: usize| line.cells.iter().any(|cell| names.columns(cell).contains(&index));
    let absent = names.wanted().iter().enumerate().filter(|(index, one)| one.required && !named(*index));
    let missing: Vec<String> = absent.map(|(_, one)| format!("\"{}\"", one.label)).collect();
    let number = line.number;
    let (what, remedy) = if missing.is_empty() {
        (
            Text::new(
                format!(
                    "dòng {number} lại là dòng tiêu đề (tiêu đề của bảng ở dòng {header}): một tệp chỉ chứa một bảng"
                ),
                format!(
                    "row {number} is a header again (that of the table stands in row {header}): a file holds one table"
                ),
            ),
            Text::new(
                "để một dòng tiêu đề, đưa các dòng của bảng sau vào đúng cột của bảng trước, hoặc tách thành tệp riêng",
                "leave one header and put the rows of the second table under its columns, or into a file of their own",
            ),
        )
    } else {
        let list = missing.join(", ");
        let is_unknown = |cell: &&String| !cell.is_empty() && !names.knows(cell);
        let unknown: Vec<&str> =
            line.cells.iter().filter(is_unknown).take(SHOWN).map(String::as_str).collect();
        let unknown = unknown.iter().map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(", ");
        let (vi, en) = if unknown.is_empty() {
            (String::new(), String::new())
        } else {
            (
                format!("; tên chưa biết ở dòng này: {unknown}"),
                format!("; names in it nobody knows: {unknown}"),
            )
        };
        (
            Text::new(
                format!(
                    "dòng {number} là dòng tiêu đề nhưng thiếu cột {list} mà tiêu đề ở dòng {header} có{vi}"
                ),
                format!(
                    "row {number} is a header and lacks the columns {list}, which the header in row {header} has{en}"
                ),
            ),
            Text::new(
                format!(
                    "ghi tên các cột đó ở dòng {number} như ở dòng {header}, hoặc tách bảng này thành tệp riêng; nếu là nhãn hay dòng ký tên, thêm dấu \":\" sau tên đó hoặc xóa dòng"
                ),
                format!(
                    "name these columns in row {number} as row {header} does, or put this table into a file of its own; where it is a title or a signature, put \":\" behind the name or delete the row"
                ),
            ),
        )
    };
    let column = line.cells.iter().position(|cell| names.knows(cell)).unwrap_or(0);
    Finding::error("LT-TAB-010", what, remedy).at(sheet.place(number, column))
}

/// Refuses what stands above a header and is no title: another header, or rows. `header` are the header's own lines,
/// `width` is how many of its cells say something, `named` how many of them name a column.
pub(super) fn above(
    sheet: &Sheet,
    lines: &[Line],
    (header, width, named): (u32, usize, usize),
    names: &Names<'_>,
) -> Result<(), Finding> {
    let heads = |at: &usize| lines.get(*at..).is_some_and(|lines| names.head(lines));
    if let Some(line) = (0..lines.len()).find(heads).and_then(|at| lines.get(at)) {
        return Err(further_header(sheet, line, header, names));
    }
    // Letterheads fill two cells, the sums above a report seldom half of the columns.
    let enough = named.max(width.div_ceil(2)).max(2);
    let rows: Vec<u32> = lines.iter().filter(|line| is_row(line, enough)).map(|line| line.number).collect();
    let [first, .., last] = rows.as_slice() else { return Ok(()) };
    let what = Text::new(
        format!(
            "dòng {first} đến {last} đứng trên dòng tiêu đề (dòng {header}) nhưng trông như các dòng của một bảng"
        ),
        format!("rows {first} to {last} stand above the header (row {header}) and look like rows of a table"),
    );
    let remedy = Text::new(
        "đặt dòng tiêu đề có tên cột đã biết lên trên các dòng đó, hoặc chuyển chúng sang tệp khác",
        "put a header with known names of columns above them, or move them into another file",
    );
    Err(Finding::error("LT-TAB-011", what, remedy).at(sheet.place(*first, 0)))
}
