//! How a table stands on a screen or in a pipe.
//!
//! Owns the widths: as wide as its cells where nobody is bounded; on a terminal no wider than that, with long texts
//! broken between words and without columns that are empty throughout, and where even that does not fit each row as a
//! block of lines. Nothing that says something is left out and no word is cut, so that an id can be copied. It must
//! not know what a cell means.

use std::fmt::Write as _;

/// Between two columns.
const GAP: usize = 2;

/// Cells of a table as text, with the heads and whether each column stands to the right.
pub struct Cells {
    /// Heads.
    pub heads: Vec<String>,
    /// Whether a column is one of numbers.
    pub right: Vec<bool>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

/// Columns a text takes on a terminal; Vietnamese letters take one each, combining marks none, ideographs and emoji two.
pub fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// Columns of the terminal standard output goes to; none in a pipe or file.
pub fn terminal() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Writes a table, within so many columns where there is a bound.
pub fn table(out: &mut String, cells: &Cells, bound: Option<usize>) {
    let natural = widest(cells, width);
    match bound {
        Some(bound) if sum(&natural) > bound => {
            let cells = &filled(cells);
            match fitted(cells, &widest(cells, width), bound) {
                Some(widths) => lines(out, cells, &widths),
                None => blocks(out, cells, bound),
            }
        }
        _ => lines(out, cells, &natural),
    }
}

/// Without the columns that are empty in every row.
fn filled(cells: &Cells) -> Cells {
    let full: Vec<bool> = (0..cells.heads.len())
        .map(|index| cells.rows.iter().any(|row| row.get(index).is_some_and(|text| !text.is_empty())))
        .collect();
    let kept = |row: &Vec<String>| -> Vec<String> {
        row.iter().zip(&full).filter(|(_, full)| **full).map(|(text, _)| text.clone()).collect()
    };
    Cells {
        heads: kept(&cells.heads),
        right: cells.right.iter().zip(&full).filter(|(_, full)| **full).map(|(right, _)| *right).collect(),
        rows: cells.rows.iter().map(kept).collect(),
    }
}

/// The most some measure says of each column, its head included.
fn widest(cells: &Cells, measure: impl Fn(&str) -> usize) -> Vec<usize> {
    let column = |index: usize| cells.rows.iter().chain([&cells.heads]).filter_map(move |row| row.get(index));
    let of = |index| column(index).map(|text| measure(text)).max().unwrap_or(0);
    (0..cells.heads.len()).map(of).collect()
}

fn sum(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Widths with which no line is wider than the bound: the widest columns give way first, none below its longest word.
fn fitted(cells: &Cells, natural: &[usize], bound: usize) -> Option<Vec<usize>> {
    let least = widest(cells, |text| text.split(' ').map(width).max().unwrap_or(0));
    if sum(&least) > bound {
        return None;
    }
    // The greatest common limit under which all fit; what a column needs at least it keeps.
    let under = |limit: usize| -> Vec<usize> {
        natural.iter().zip(&least).map(|(natural, least)| (*natural).min(limit).max(*least)).collect()
    };
    let limit = (1..=bound).rev().find(|limit| sum(&under(*limit)) <= bound)?;
    Some(under(limit))
}

/// One line per row, or several where a cell is broken.
fn lines(out: &mut String, cells: &Cells, widths: &[usize]) {
    for row in std::iter::once(&cells.heads).chain(&cells.rows) {
        let broken: Vec<Vec<String>> =
            row.iter().zip(widths).map(|(text, wide)| broken(text, *wide)).collect();
        let height = broken.iter().map(Vec::len).max().unwrap_or(0);
        for number in 0..height {
            let mut line = String::new();
            for ((parts, right), wide) in broken.iter().zip(&cells.right).zip(widths) {
                let part = parts.get(number).map_or("", String::as_str);
                let pad = " ".repeat(wide.saturating_sub(width(part)));
                match right {
                    false => line.extend([part, &pad, "  "]),
                    true => line.extend([pad.as_str(), part, "  "]),
                }
            }
            let _infallible = writeln!(out, "{}", line.trim_end());
        }
    }
}

/// Each row as lines of head and value; what is empty is left out.
fn blocks(out: &mut String, cells: &Cells, bound: usize) {
    let wide = cells.heads.iter().map(|head| width(head)).max().unwrap_or(0);
    let room = bound.saturating_sub(wide + GAP).max(1);
    for (number, row) in cells.rows.iter().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        for (head, text) in cells.heads.iter().zip(row).filter(|(_, text)| !text.is_empty()) {
            for (part, text) in broken(text, room).iter().enumerate() {
                let head = if part == 0 { head.as_str() } else { "" };
                let pad = " ".repeat(wide.saturating_sub(width(head)) + GAP);
                let _infallible = writeln!(out, "{head}{pad}{text}");
            }
        }
    }
}

/// A text in pieces no wider than that, broken between words; a longer word stands alone.
fn broken(text: &str, wide: usize) -> Vec<String> {
    if width(text) <= wide {
        return vec![text.to_owned()];
    }
    let mut pieces = vec![String::new()];
    let mut taken = 0;
    for word in text.split(' ') {
        let more = width(word);
        if taken > 0 && taken + 1 + more > wide {
            pieces.push(String::new());
            taken = 0;
        }
        if let Some(piece) = pieces.last_mut() {
            if taken > 0 {
                piece.push(' ');
                taken += 1;
            }
            piece.push_str(word);
            taken += more;
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01a21740-b0b8-7734-a4ac-34bd29ee8a86";

    fn sample() -> Cells {
        let row = |id: &str, what: &str, count: &str| vec![id.to_owned(), what.to_owned(), count.to_owned()];
        Cells {
            heads: row("Số", "Lý do", "Lần gửi"),
            right: vec![false, false, true],
            rows: vec![
                row(ID, "danh sách có 2 dòng, lần được xác nhận trước có 3 dòng", "4"),
                row("b", "", "12"),
            ],
        }
    }

    fn shown(bound: Option<usize>) -> String {
        let mut out = String::new();
        table(&mut out, &sample(), bound);
        out
    }

    #[test]
    fn without_a_bound_and_where_all_fits_a_row_is_one_line() {
        assert_eq!(shown(None).lines().count(), 3);
        assert_eq!(shown(Some(200)), shown(None));
    }

    #[test]
    fn on_a_narrower_terminal_long_texts_are_broken_between_words() {
        let text = shown(Some(70));
        assert!(text.lines().all(|line| width(line) <= 70), "{text}");
        assert!(text.lines().count() > 3 && text.contains(ID), "{text}");
        for word in "danh sách có 2 dòng, lần được xác nhận trước có 3 dòng".split(' ') {
            assert!(text.contains(word), "{word} in {text}");
        }
    }

    #[test]
    fn a_column_that_is_empty_throughout_gives_way_first() {
        let mut cells = sample();
        cells.rows.iter_mut().for_each(|row| row[1].clear());
        let mut out = String::new();
        table(&mut out, &cells, Some(46));
        assert!(!out.contains("Lý do") && out.contains("Lần gửi") && out.lines().count() == 3, "{out}");
        out.clear();
        table(&mut out, &cells, None);
        assert!(out.contains("Lý do"), "not in a pipe: {out}");
    }

    #[test]
    fn where_no_arrangement_fits_each_row_is_a_block() {
        let text = shown(Some(40));
        assert!(
            text.starts_with(&format!("Số       {ID}\nLý do    danh sách có 2 dòng, lần được\n")),
            "{text}"
        );
        assert!(text.contains("\n\nSố       b\nLần gửi  12\n"), "{text}");
    }

    #[test]
    fn vietnamese_letters_take_one_column_in_either_normal_form() {
        assert_eq!(width("Nguye\u{302}\u{303}n"), 6);
        assert_eq!(width("Nguyễn"), 6);
    }

    #[test]
    fn wide_characters_take_two_columns_and_what_follows_stays_in_line() {
        let row = |name: &str| vec![name.to_owned(), "x".to_owned()];
        let cells = Cells {
            heads: row("Nội dung"),
            right: vec![false, false],
            rows: vec![row("会议"), row("họp 📎"), row("họp")],
        };
        let mut out = String::new();
        table(&mut out, &cells, None);
        let ends: Vec<usize> = out.lines().map(width).collect();
        assert_eq!(ends, [11; 4], "{out}");
    }
}
