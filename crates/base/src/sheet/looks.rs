//! What a line looks like by its cells alone: a row of a table, or a title above or below one.
//!
//! Owns the shapes of figures, days and labels. It must not know the names of columns or where a header is. Any line is an
//! answer: what is no title by its shape may be a row.

use super::Line;
use crate::text::{fold, lower_key};

/// First words of what says of which days or number a paper is, before a value: `Từ ngày`, `Số`, `Kỳ báo cáo`.
const LABELS: [&str; 9] = ["từ", "đến", "ngày", "tính", "số", "tháng", "quý", "năm", "kỳ"];
/// The same typed without accents, where they are no other words.
const BARE: [&str; 3] = ["tu ngay", "den ngay", "tinh den"];
/// Most words of such a label; a cell of more words is a text.
const WORDS: usize = 4;

/// Whether a line looks like a row of a table: it fills so many cells, more than two or one with a figure, and is no line
/// of labels with their values.
pub(super) fn is_row(line: &Line, enough: usize) -> bool {
    let filled = filled(line);
    filled >= enough && (filled > 2 || line.cells.iter().any(|cell| has_figure(cell))) && !is_heading(line)
}

/// How many of its cells say something.
pub(super) fn filled(line: &Line) -> usize {
    line.cells.iter().filter(|cell| !cell.is_empty()).count()
}

/// Whether no empty cell stands between those that say something: names below a signature stand apart.
pub(super) fn is_unbroken(line: &Line) -> bool {
    let said = |cell: &String| !cell.is_empty();
    let (first, last) = (line.cells.iter().position(said), line.cells.iter().rposition(said));
    matches!((first, last), (Some(first), Some(last)) if last - first + 1 == filled(line))
}

/// Whether a line says in labels and values what a paper is about: a cell ends in `:`, or all of them are labels of days
/// and numbers with a value in the same cell or the next one (`Từ ngày | 01/11/2026 | đến ngày | 30/11/2026`).
fn is_heading(line: &Line) -> bool {
    if line.cells.iter().any(|cell| cell.ends_with(':')) {
        return true;
    }
    let mut cells = line.cells.iter().filter(|cell| !cell.is_empty());
    while let Some(cell) = cells.next() {
        let has_value = has_figure(cell) || cells.next().is_some_and(|value| has_figure(value));
        if !has_value || !is_label(cell) {
            return false;
        }
    }
    true
}

/// Whether a cell is, or begins with, the label of a day or a number.
fn is_label(cell: &str) -> bool {
    let label = cell.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default().replace(':', " ");
    let first = label.split_whitespace().next().map(lower_key).unwrap_or_default();
    let known = LABELS.iter().any(|label| lower_key(label) == first)
        || BARE.iter().any(|bare| fold(&label).starts_with(bare));
    known && label.split_whitespace().count() <= WORDS
}

/// Whether a cell is a number, a date or a code: `Year 2026` may be the name of a column.
pub(super) fn is_value(cell: &str) -> bool {
    has_figure(cell) && !cell.contains(char::is_whitespace)
}

pub(super) fn has_figure(cell: &str) -> bool {
    cell.chars().any(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cells: &str) -> Line {
        Line { number: 1, cells: cells.split('|').map(|cell| cell.trim().to_owned()).collect() }
    }

    #[test]
    fn labels_with_their_values_are_no_row_and_what_only_begins_like_one_is() {
        for heading in [
            "Từ ngày | 01/11/2026 | đến ngày | 30/11/2026",
            "Tu ngay | 01/11/2026 | den ngay | 30/11/2026",
            "Từ ngày 01/11/2026 | | đến ngày 30/11/2026",
            "Số: 12/BC-SNV | ngày 30/11/2026",
            "Số | 12/BC-SNV | Ngày lập | 30/11/2026",
            "Đơn vị: | Sở Nội vụ | Kỳ | 11/2026",
        ] {
            assert!(is_heading(&line(heading)) && !is_row(&line(heading), 2), "{heading}");
        }
        for row in [
            "Nguyễn Văn An | 01/11/2026",
            "Báo cáo | 01/11/2026 | Hoàn thành | 05/11/2026",
            "Số liệu thống kê cả năm của tỉnh | 30/11/2026",
            "Từ thiện | Nguyễn Văn An | 5",
            "Ngày hội | 01/11/2026 | Hoàn thành",
            "1 | NV-1 | Việc",
        ] {
            assert!(is_row(&line(row), 2), "{row}");
        }
        assert!(!is_row(&line("Nguyễn Văn An | | Trần Thị Bình"), 2), "two words");
    }

    #[test]
    fn cells_side_by_side_are_unbroken_and_those_apart_are_not() {
        assert!(is_unbroken(&line("| An | Bình | Chi |")));
        assert!(!is_unbroken(&line("An | | Bình | Chi")));
        assert!(!is_unbroken(&line("| |")));
    }
}
