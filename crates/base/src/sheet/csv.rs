//! CSV as units save it: the delimiter, lines, quotes.
//!
//! Owns where a row ends. It must not know what a column means. A quote that opens and never closes would swallow
//! the rows after it; here it costs its own line alone, which stands apart ([`BrokenLine`]), and the next line
//! begins a new row. Where a cell over several lines could as well be several rows, all of its lines stand apart:
//! neither reading is guessed. A file with very many such lines is refused.

use super::{BrokenLine, CELL, Line, MAX_COLUMNS, MAX_ROWS, MAX_TEXT, Sheet, refusal, too_long};
use crate::error::{Finding, Findings};
use crate::text::{self, Encoding};

/// Most broken lines of one file: beyond them it is no CSV, and looking for the end of each would take long.
const MAX_BROKEN: usize = 200;

/// Longest part of a broken line that is kept, in characters.
const KEPT: usize = 2_000;

/// Rows by whose cells the width of the table is known.
const SEEN: usize = 20;

/// Reads CSV in an encoding that can be told.
///
/// # Errors
/// LT-TAB-001 too many rows, LT-TAB-003 no text, LT-TAB-004 more broken lines than are set apart.
pub(super) fn read(name: &str, bytes: &[u8], encoding: Option<Encoding>) -> Result<Sheet, Findings> {
    let text = decode(name, bytes, encoding)?;
    let delimiter = delimiter(&text);
    let mut sheet = Sheet {
        name: name.to_owned(),
        title: None,
        spreadsheet: false,
        lines: Vec::new(),
        broken: Vec::new(),
        unended: None,
        merged: Vec::new(),
        across: Vec::new(),
    };
    let (mut rest, mut number, mut width, mut room) = (text.as_str(), 1u32, 0, 0);
    while !rest.is_empty() {
        let sure = sheet.broken.is_empty();
        let row = Row::read(rest, delimiter).filter(|row| sure || !row.odd_quotes);
        let (length, breaks, ended) = match row {
            Some(row) if !row.has_two_readings(rest, delimiter, width) => {
                let place = (row.length, row.breaks, row.ended);
                if row.cells.iter().any(|cell| !cell.is_empty()) {
                    room += row.cells.iter().map(|cell| CELL + cell.len()).sum::<usize>();
                    if sheet.lines.len() >= MAX_ROWS || room > MAX_TEXT {
                        return Err(too_long(name));
                    }
                    if sheet.lines.len() < SEEN && row.breaks <= 1 {
                        width = width.max(row.cells.len());
                    }
                    sheet.lines.push(Line { number, cells: row.cells });
                }
                place
            }
            row => {
                let (line, length) = physical(rest);
                let (apart, length, ended) = row.map_or((line, length, length > line.len()), |row| {
                    (rest.get(..row.length).unwrap_or(rest), row.length, row.ended)
                });
                let mut lines = 0u32;
                for line in Physical(apart) {
                    sheet.broken.push(broken(number.saturating_add(lines), line, delimiter));
                    lines = lines.saturating_add(1);
                    if sheet.broken.len() > MAX_BROKEN {
                        return Err(Findings(
                            sheet.broken.iter().take(20).map(|line| line.finding(name)).collect(),
                        ));
                    }
                }
                (length, lines, ended)
            }
        };
        if !ended {
            sheet.unended = Some(number);
        }
        number = number.saturating_add(breaks);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(sheet)
}

fn decode(name: &str, bytes: &[u8], encoding: Option<Encoding>) -> Result<String, Finding> {
    match encoding.map_or_else(|| text::decode(bytes), |encoding| text::decode_as(bytes, encoding)) {
        Ok((text, _)) if !text.contains('\0') => Ok(text),
        _ => Err(super::foreign::binary(name, bytes).unwrap_or_else(|| {
            refusal(
                "LT-TAB-003",
                name,
                "tệp là văn bản có bảng mã không rõ ràng",
                "the file is text in an encoding that cannot be told",
                "lưu lại từ Excel thành \"CSV UTF-8\" hoặc XLSX",
                "save it from Excel as \"CSV UTF-8\" or XLSX",
            )
        })),
    }
}

/// The delimiter on which the first lines agree most, outside quotes: text may hold many commas.
fn delimiter(text: &str) -> u8 {
    let head: Vec<String> = text.lines().take(5).map(|line| line.split('"').step_by(2).collect()).collect();
    let agreed = |c: char| {
        let counts: Vec<usize> = head.iter().map(|line| line.matches(c).count()).collect();
        counts.iter().map(|count| count * counts.iter().filter(|other| *other == count).count()).max()
    };
    [b';', b'\t', b','].into_iter().max_by_key(|c| agreed(char::from(*c))).unwrap_or(b',')
}

/// The text up to the next line end, and its length with that end.
fn physical(rest: &str) -> (&str, usize) {
    let line = rest.split(['\r', '\n']).next().unwrap_or(rest);
    let end = rest.get(line.len()..).unwrap_or_default();
    (line, line.len() + if end.starts_with("\r\n") { 2 } else { usize::from(!end.is_empty()) })
}

/// The lines of a text.
struct Physical<'a>(&'a str);

impl<'a> Iterator for Physical<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (line, length) = physical(self.0);
        self.0 = self.0.get(length..).unwrap_or_default();
        (length > 0).then_some(line)
    }
}

fn broken(number: u32, line: &str, delimiter: u8) -> BrokenLine {
    let before = line.split('"').next().unwrap_or_default();
    let mut cells: Vec<String> =
        before.split(char::from(delimiter)).map(|cell| cell.trim().to_owned()).collect();
    // The last one is the cell in which the quote stands.
    cells.pop();
    BrokenLine { number, text: line.chars().take(KEPT).collect(), cells }
}

/// One row of which every quote is in order.
struct Row {
    cells: Vec<String>,
    /// Bytes up to and including its line end.
    length: usize,
    /// Line ends within it, its own included.
    breaks: u32,
    /// Whether a line end follows it.
    ended: bool,
    /// Whether a cell without quotes around it holds an odd number of them.
    odd_quotes: bool,
}

impl Row {
    /// None where a quote opens and never closes, or something follows the closing one.
    fn read(text: &str, delimiter: u8) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut row = Self { cells: Vec::new(), length: 0, breaks: 0, ended: false, odd_quotes: false };
        let mut at = 0;
        loop {
            let (cell, end) = if bytes.get(at) == Some(&b'"') {
                quoted(text, at + 1, delimiter)?
            } else {
                let plain = text.get(at..)?;
                let end = plain.find([char::from(delimiter), '\r', '\n']).map_or(text.len(), |end| at + end);
                let cell = text.get(at..end)?;
                row.odd_quotes |= cell.matches('"').count() % 2 == 1;
                (cell.to_owned(), end)
            };
            if row.cells.len() < MAX_COLUMNS {
                row.cells.push(cell.trim().to_owned());
            }
            match bytes.get(end) {
                Some(byte) if *byte == delimiter => at = end + 1,
                Some(_) => {
                    row.length = end + if text.get(end..)?.starts_with("\r\n") { 2 } else { 1 };
                    row.ended = true;
                    break;
                }
                None => {
                    row.length = end;
                    break;
                }
            }
        }
        let whole = text.get(..row.length)?;
        row.cells.shrink_to_fit();
        row.breaks = u32::try_from(line_ends(whole)).unwrap_or(u32::MAX);
        Some(row)
    }

    /// Whether a quote that opened in one row and closed in another by chance would give the same text: one of its
    /// lines could be a row of its own, as wide as the table and with a first cell in the shape of this row's.
    /// Where keys are words, every line has to look like that: words begin any line of text.
    fn has_two_readings(&self, text: &str, delimiter: u8, width: usize) -> bool {
        if self.breaks < 2 || width < 2 {
            return false;
        }
        let first_cell = |line: &str| line.split(char::from(delimiter)).next().map(shape).unwrap_or_default();
        let mut lines = Physical(text.get(..self.length).unwrap_or_default());
        let opening = lines.next().unwrap_or_default();
        let key = first_cell(opening);
        let mut alike = lines.map(|line| {
            let wide = Self::read(line, delimiter).is_some_and(|row| row.cells.len() == width);
            wide && (self.cells.len() != width || first_cell(line) == key)
        });
        if key.contains('9') {
            alike.any(|alike| alike)
        } else {
            opening.matches(char::from(delimiter)).count() + 1 == width && alike.all(|alike| alike)
        }
    }
}

/// A cell with each run of letters and digits as one character: keys of one table are alike.
fn shape(cell: &str) -> String {
    let mut shape = String::new();
    let mut within = false;
    for c in cell.trim().trim_matches('"').chars() {
        if !c.is_alphanumeric() {
            shape.push(c);
        } else if !within {
            shape.push(if c.is_numeric() { '9' } else { 'a' });
        } else if c.is_numeric() {
            shape.pop();
            shape.push('9');
        }
        within = c.is_alphanumeric();
    }
    shape
}

/// A quoted cell from behind its opening quote, and where the delimiter or line end after it stands.
fn quoted(text: &str, from: usize, delimiter: u8) -> Option<(String, usize)> {
    let bytes = text.as_bytes();
    let (mut cell, mut at) = (String::new(), from);
    loop {
        let close = at + text.get(at..)?.find('"')?;
        cell.push_str(text.get(at..close)?);
        at = close + 1;
        if bytes.get(at) != Some(&b'"') {
            break;
        }
        cell.push('"');
        at += 1;
    }
    while bytes.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\t') && *byte != delimiter) {
        at += 1;
    }
    match bytes.get(at) {
        None | Some(b'\r' | b'\n') => Some((cell, at)),
        Some(byte) if *byte == delimiter => Some((cell, at)),
        Some(_) => None,
    }
}

fn line_ends(text: &str) -> usize {
    let returns = text.matches('\r').count();
    text.matches('\n').count() + returns - text.matches("\r\n").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, bytes: &[u8]) -> Result<Sheet, Findings> {
        super::read(name, bytes, None)
    }

    fn read_all(text: &str) -> (Vec<(u32, String)>, Vec<u32>) {
        let sheet = read("x.csv", text.as_bytes()).unwrap_or_else(|findings| panic!("{findings}"));
        let lines = sheet.lines.iter().map(|line| (line.number, line.cells.join("|"))).collect();
        (lines, sheet.broken.iter().map(|line| line.number).collect())
    }

    #[test]
    fn cell_with_line_breaks_and_doubled_quotes_is_one_cell() {
        let (lines, broken) = read_all("a;b;c\r\n1;\"x ; \"\"y\"\"\r\nz\" ;3\r\n2;inch 24\";\r\n");
        let expected = [(1, "a|b|c"), (2, "1|x ; \"y\"\r\nz|3"), (4, "2|inch 24\"|")];
        assert_eq!(lines, expected.map(|(number, text)| (number, text.to_owned())));
        assert!(broken.is_empty());
    }

    #[test]
    fn note_with_line_breaks_in_the_last_column_is_no_broken_quote() {
        let (lines, broken) = read_all("a,b,c\n1,2,\"one, two\nthree\"\n4,5,6\n");
        assert_eq!((lines.len(), broken.len()), (3, 0));
    }

    #[test]
    fn quote_that_never_closes_costs_its_line_alone() {
        let (lines, broken) = read_all("a;b;c\n1;\"x;y\n2;p;q\n3;r;s");
        assert_eq!((lines.iter().map(|line| line.0).collect::<Vec<_>>(), broken), (vec![1, 3, 4], vec![2]));
    }

    #[test]
    fn quotes_of_two_rows_that_close_each_other_set_every_line_between_apart() {
        // The second one closes the first in front of a delimiter: a cell of three lines, or three rows.
        let (lines, broken) = read_all("a;b;c\n1;\"x;y\n2;p;q\n3;r\";s\n4;t;u\n");
        assert_eq!(
            (lines.iter().map(|line| line.0).collect::<Vec<_>>(), broken),
            (vec![1, 5], vec![2, 3, 4])
        );
        let (lines, broken) = read_all("a;b;c\nAn;\"x;y\nBình;p;q\nChi;r\";s\nDũng;t;u\n");
        assert_eq!(
            (lines.iter().map(|line| line.0).collect::<Vec<_>>(), broken),
            (vec![1, 5], vec![2, 3, 4])
        );
        let (lines, broken) = read_all("a;b;c\n1;\"x;y\n2;\"p\";q\n");
        assert_eq!((lines.len(), broken), (2, vec![2]));
    }

    #[test]
    fn text_over_several_lines_with_many_commas_stays_one_cell() {
        for text in ["one, two, three\nx, y, z\nend", "one\ntwo, three, four", "1. x, y\n2. p, q, r\n"] {
            let (lines, broken) = read_all(&format!("a,b,c\n1,2,\"{text}\"\n4,5,6\n"));
            let rows: Vec<&str> = lines.iter().map(|line| line.1.as_str()).collect();
            assert_eq!(rows, ["a|b|c", format!("1|2|{}", text.trim()).as_str(), "4|5|6"]);
            assert!(broken.is_empty());
        }
    }

    #[test]
    fn commas_of_the_text_are_not_taken_for_the_delimiter() {
        let (lines, _) = read_all("a;b\n1;x, y, z\n2;p, q, r, s\n3;\"t, u, v, w\"\n");
        assert_eq!(lines[1].1, "1|x, y, z");
    }

    #[test]
    fn file_of_broken_lines_is_refused() {
        let findings = read("x.csv", "1;\"x\"y;z\n".repeat(300).as_bytes()).expect_err("refused").0;
        assert_eq!((findings.len(), findings[0].code.as_str()), (20, "LT-TAB-004"));
    }

    #[test]
    fn rows_of_empty_cells_count_as_room() {
        let row = format!("1{}\n", ",".repeat(99));
        assert!(read("x.csv", row.repeat(50_000).as_bytes()).is_ok());
        let finding = read("x.csv", row.repeat(60_000).as_bytes()).expect_err("refused").0.remove(0);
        assert_eq!(finding.code, "LT-TAB-001");
    }
}
