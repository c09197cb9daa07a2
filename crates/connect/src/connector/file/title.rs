//! Rows that head a group: one text, perhaps with a number before it.
//!
//! Owns what tells the title of a group from a row that says little. It must not know what becomes of the group. Where the
//! two cannot be told apart the answer is that: neither the title is guessed nor the group above goes on.

use super::table::Part;
use crate::sheet::{Across, Line, Sheet};

/// What a row with a single text is where groups are declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Title {
    /// The title of a group.
    Group(String),
    /// A title or a row, nobody can tell.
    Unclear,
}

/// Whether a row heads a group; none where it is a row as others.
pub(super) fn title_of(sheet: &Sheet, line: &Line, part: &Part, has_key: bool) -> Option<Title> {
    let mut cells = line.cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
    let (first, second) = (cells.next()?, cells.next());
    if cells.next().is_some() {
        return None;
    }
    let (number, (column, text)) = match second {
        Some(second) if is_number(first.1) => (Some(first), second),
        Some(_) => return None,
        None => (None, first),
    };
    let (head, rest) = text.split_once(['.', ')', ':', ' ']).unwrap_or(("", text));
    // One letter before a blank is a word: "Ý kiến góp ý".
    let is_word = text.get(head.len()..).is_some_and(|rest| rest.starts_with(' ')) && !is_counted(head);
    let numbered = number.is_none() && is_number(head) && !is_word && !rest.trim().is_empty();
    let said = if numbered { rest } else { text }.trim();
    let title = || Title::Group(said.to_owned());
    // Figures number the rows, Roman figures and letters the groups.
    let counts_groups = number.is_some_and(|(_, number)| !has_figure(number));
    if counts_groups || covers_another(sheet, line.number, column, part) {
        return Some(title());
    }
    let known = |at: usize| part.columns.iter().any(|(_, column)| *column == at);
    if !has_key {
        let both = number.is_some_and(|(at, _)| known(at)) && known(column);
        // "8 | Prepare the meeting", its other cells empty: a task is numbered in figures as well as a group.
        let may_be_row = number.is_some() && part.required.contains(&column);
        return (!both).then(|| if may_be_row { Title::Unclear } else { title() });
    }
    if part.key != [column] {
        return None;
    }
    match (numbered || said.contains(char::is_whitespace), has_figure(said)) {
        (true, false) => Some(title()),
        // A code: the rest of the row was left out.
        (false, true) => None,
        _ => Some(Title::Unclear),
    }
}

/// Whether the text of a row is merged over another column that means something.
fn covers_another(sheet: &Sheet, line: u32, column: usize, part: &Part) -> bool {
    let at = sheet.across.partition_point(|place| (place.line, place.column) < (line, column));
    let here = |place: &&Across| place.line == line && place.column == column;
    sheet
        .across
        .get(at)
        .filter(here)
        .is_some_and(|place| part.columns.iter().any(|(_, other)| column < *other && *other <= place.last))
}

/// Whether a text numbers a row: figures, Roman figures, one letter.
fn is_number(text: &str) -> bool {
    let text = text.trim().trim_end_matches(['.', ')', ':']);
    is_counted(text) || (text.chars().count() == 1 && text.chars().all(char::is_alphabetic))
}

/// Whether a text is a number in figures or Roman figures.
fn is_counted(text: &str) -> bool {
    let all = |set: &str| !text.is_empty() && text.chars().all(|c| set.contains(c));
    all("0123456789.") || all("IVXLC")
}

fn has_figure(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_digit())
}
