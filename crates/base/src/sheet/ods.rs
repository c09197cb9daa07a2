//! ODS: OpenDocument spreadsheets, read event by event.
//!
//! Owns which elements are rows and cells, how often each is repeated, and the limits on what is unpacked. It must
//! not know what a column means. A repetition makes no room before it is counted; entities, document types and
//! elements nested without end are refused, and so are files with a password.

use super::grid::{Budget, Grid, TooMuch, tidy};
use super::{ERROR_CELL, MAX_COLUMNS, Reading, Sheet, archive, protected, too_long, unreadable};
use crate::error::Findings;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::io::{BufRead, BufReader, Read as _};

/// Most the content may unpack to, in bytes.
const MAX_CONTENT: u64 = 256 << 20;
/// Most of the list of parts that is looked at.
const MAX_LIST: u64 = 4 << 20;
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 64;
/// Most sheets.
const MAX_SHEETS: usize = 256;

/// Why a file was not read.
enum Fault {
    Broken(String),
    TooMuch,
    TooLarge,
    Protected,
}

impl From<TooMuch> for Fault {
    fn from(_: TooMuch) -> Self {
        Self::TooMuch
    }
}

fn broken(error: impl std::fmt::Display) -> Fault {
    Fault::Broken(error.to_string())
}

/// Reads the sheets asked for.
///
/// # Errors
/// LT-TAB-001 too much in it, LT-TAB-005 no spreadsheet, LT-TAB-009 it unpacks to too much, LT-TAB-020 a password,
/// LT-TAB-021 no sheet of that name.
pub(super) fn read(name: &str, bytes: &[u8], reading: &Reading) -> Result<Vec<Sheet>, Findings> {
    within(MAX_CONTENT, name, bytes, reading)
}

/// Reads them where the content unpacks to no more than a limit.
fn within(limit: u64, name: &str, bytes: &[u8], reading: &Reading) -> Result<Vec<Sheet>, Findings> {
    let told = |fault| match fault {
        Fault::Broken(why) => unreadable(name, "ODS", &why).into(),
        Fault::TooMuch => too_long(name),
        Fault::TooLarge => archive::bomb(name).into(),
        Fault::Protected => protected(name).into(),
    };
    let (mut archive, content) = open(bytes).map_err(told)?;
    let all = {
        let part = archive.by_index(content).map_err(|error| told(broken(error)))?;
        let mut limited = part.take(limit + 1);
        let read = sheets(name, BufReader::new(&mut limited));
        if limited.limit() == 0 {
            return Err(told(Fault::TooLarge));
        }
        read.map_err(told)?
    };
    let titles: Vec<&str> = all.iter().map(|sheet| sheet.title.as_deref().unwrap_or_default()).collect();
    let wanted = reading.sheets.of(name, &titles)?;
    Ok(all
        .into_iter()
        .enumerate()
        .filter(|(index, _)| wanted.contains(index))
        .map(|(_, sheet)| sheet)
        .collect())
}

/// The archive and the place of its content.
fn open(bytes: &[u8]) -> Result<(archive::Archive<'_>, usize), Fault> {
    let Some(mut archive) = archive::open(bytes).map_err(broken)? else { return Err(Fault::TooLarge) };
    if let Some(index) = archive.index_for_name("META-INF/manifest.xml") {
        let mut list = String::new();
        let part = archive.by_index(index).map_err(broken)?;
        part.take(MAX_LIST).read_to_string(&mut list).map_err(broken)?;
        if list.contains("encryption-data") {
            return Err(Fault::Protected);
        }
    }
    let content = archive.index_for_name("content.xml").ok_or_else(|| broken("no content.xml"))?;
    Ok((archive, content))
}

/// A cell under way.
#[derive(Default)]
struct Cell {
    column: usize,
    repeated: usize,
    /// Its value where it is written as an attribute.
    value: Option<String>,
    text: String,
    paragraphs: usize,
    /// Rows and columns it spans.
    span: (u32, u32),
}

/// A sheet under way.
struct Table {
    title: String,
    grid: Grid,
    row: u32,
    repeated: u32,
    /// Cells of the row that are not empty, with the columns they fill.
    cells: Vec<(usize, usize, String)>,
    column: usize,
}

/// All sheets of a content part.
fn sheets(name: &str, content: impl BufRead) -> Result<Vec<Sheet>, Fault> {
    let mut reader = quick_xml::Reader::from_reader(content);
    let (mut buffer, mut depth, mut spent) = (Vec::new(), 0usize, Budget::default());
    let mut found: Vec<Sheet> = Vec::new();
    let (mut table, mut cell): (Option<Table>, Option<Cell>) = (None, None);
    // Depth at which a remark on a cell, or a table within one, began: what stands in it is no value.
    let mut aside: Option<usize> = None;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(broken)? {
            Event::DocType(_) => return Err(broken("a document type")),
            Event::Eof => break,
            Event::Start(tag) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(broken("elements nested too deep"));
                }
                if aside.is_some() {
                } else if begins_aside(&tag, cell.is_some()) {
                    aside = Some(depth);
                } else {
                    begin(&tag, &mut table, &mut cell, spent)?;
                }
            }
            Event::Empty(tag) if aside.is_none() => {
                begin(&tag, &mut table, &mut cell, spent)?;
                end(tag.name().as_ref(), &mut table, &mut cell)?;
            }
            Event::End(tag) => {
                match aside {
                    Some(at) if at == depth => aside = None,
                    Some(_) => {}
                    None if tag.name().as_ref() == "table:table" => {
                        if let Some(done) = table.take() {
                            spent = done.grid.spent();
                            found.push(done.grid.sheet(name, &done.title));
                            if found.len() >= MAX_SHEETS {
                                break;
                            }
                        }
                    }
                    None => end(tag.name().as_ref(), &mut table, &mut cell)?,
                }
                depth = depth.saturating_sub(1);
            }
            Event::Text(text) if aside.is_none() => {
                if let Some(cell) = cell.as_mut().filter(|cell| cell.paragraphs > 0) {
                    cell.text.push_str(&text.xml10_content());
                }
            }
            Event::CData(text) if aside.is_none() => {
                if let Some(cell) = cell.as_mut().filter(|cell| cell.paragraphs > 0) {
                    cell.text.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let c = match reference.resolve_char_ref().map_err(broken)? {
                    Some(c) => c,
                    None => match &*reference.into_inner() {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return Err(broken("an entity")),
                    },
                };
                if let Some(cell) = cell.as_mut().filter(|cell| aside.is_none() && cell.paragraphs > 0) {
                    cell.text.push(c);
                }
            }
            _ => {}
        }
    }
    if depth > 0 && found.len() < MAX_SHEETS {
        return Err(broken("the content is cut off"));
    }
    if found.is_empty() { Err(broken("no sheet")) } else { Ok(found) }
}

fn begins_aside(tag: &BytesStart<'_>, in_cell: bool) -> bool {
    match tag.name().as_ref() {
        "office:annotation" | "table:tracked-changes" => true,
        "table:table" => in_cell,
        _ => false,
    }
}

fn begin(
    tag: &BytesStart<'_>,
    table: &mut Option<Table>,
    cell: &mut Option<Cell>,
    spent: Budget,
) -> Result<(), Fault> {
    match tag.name().as_ref() {
        "table:table" => {
            let title = attribute(tag, "table:name")?.unwrap_or_default();
            let grid = Grid::within(spent);
            *table = Some(Table { title, grid, row: 0, repeated: 1, cells: Vec::new(), column: 0 });
        }
        "table:table-row" => {
            if let Some(table) = table {
                (table.cells, table.column) = (Vec::new(), 0);
                table.repeated = count(tag, "table:number-rows-repeated")?;
            }
        }
        "table:table-cell" | "table:covered-table-cell" => {
            if let Some(table) = table {
                *cell = Some(Cell {
                    column: table.column,
                    repeated: usize::try_from(count(tag, "table:number-columns-repeated")?)
                        .unwrap_or(usize::MAX),
                    value: value(tag)?,
                    span: (
                        count(tag, "table:number-rows-spanned")?,
                        count(tag, "table:number-columns-spanned")?,
                    ),
                    ..Cell::default()
                });
            }
        }
        "text:p" => {
            if let Some(cell) = cell {
                if cell.paragraphs > 0 {
                    cell.text.push('\n');
                }
                cell.paragraphs += 1;
            }
        }
        "text:s" => {
            if let Some(cell) = cell {
                let blanks = usize::try_from(count(tag, "text:c")?).unwrap_or_default().min(1_000);
                cell.text.extend(std::iter::repeat_n(' ', blanks));
            }
        }
        "text:tab" | "text:line-break" => {
            if let Some(cell) = cell {
                cell.text.push(if tag.name().as_ref() == "text:tab" { '\t' } else { '\n' });
            }
        }
        _ => {}
    }
    Ok(())
}

fn end(tag: &str, table: &mut Option<Table>, cell: &mut Option<Cell>) -> Result<(), Fault> {
    let Some(table) = table else { return Ok(()) };
    match tag {
        "table:table-cell" | "table:covered-table-cell" => {
            let Some(cell) = cell.take() else { return Ok(()) };
            table.column = table.column.saturating_add(cell.repeated);
            let value = cell.value.unwrap_or_else(|| tidy(&cell.text));
            // Of a covered cell the one that covers it has the value.
            if tag == "table:table-cell" && !value.is_empty() {
                table.cells.push((cell.column, cell.repeated, value));
            }
            let column = u32::try_from(cell.column).unwrap_or(u32::MAX);
            let last = |first: u32, count: u32| first.saturating_add(count.saturating_sub(1));
            table.grid.merge(table.row..=last(table.row, cell.span.0), column..=last(column, cell.span.1));
        }
        "table:table-row" => {
            let mut cells = std::mem::take(&mut table.cells);
            // Without a cell that is kept nothing would count the rows that are repeated.
            cells.retain(|(column, repeated, _)| *column < MAX_COLUMNS && *repeated > 0);
            if !cells.is_empty() {
                for row in 0..table.repeated {
                    for (column, repeated, value) in &cells {
                        let last = column.saturating_add(*repeated).min(MAX_COLUMNS);
                        for column in *column..last {
                            table.grid.put(table.row.saturating_add(row), column, value.clone())?;
                        }
                    }
                }
            }
            table.row = table.row.saturating_add(table.repeated);
        }
        _ => {}
    }
    Ok(())
}

/// The value of a cell that is written as an attribute; none where its text is the value.
fn value(tag: &BytesStart<'_>) -> Result<Option<String>, Fault> {
    if attribute(tag, "calcext:value-type")?.as_deref() == Some("error") {
        return Ok(Some(ERROR_CELL.to_owned()));
    }
    Ok(match attribute(tag, "office:value-type")?.as_deref() {
        Some("float" | "percentage" | "currency") => attribute(tag, "office:value")?,
        Some("boolean") => attribute(tag, "office:boolean-value")?,
        Some("date") => attribute(tag, "office:date-value")?
            .map(|at| at.trim_end_matches("T00:00:00").replacen('T', " ", 1)),
        _ => None,
    })
}

/// How often: 1 where it does not say.
fn count(tag: &BytesStart<'_>, name: &str) -> Result<u32, Fault> {
    match attribute(tag, name)? {
        Some(text) => text.trim().parse().map_err(|_| broken(format!("{name} is no number"))),
        None => Ok(1),
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, Fault> {
    let found = tag.try_get_attribute(name).map_err(broken)?;
    let text = found.map(|one| one.normalized_value(XmlVersion::Explicit1_0).map(|text| text.into_owned()));
    text.transpose().map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{Merged, Sheets};
    use std::io::{Cursor, Write as _};

    /// A spreadsheet with this body and, perhaps, this list of parts.
    fn spreadsheet(body: &str, list: &str) -> Vec<u8> {
        let content = format!(
            "<?xml version=\"1.0\"?><office:document-content><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
        );
        archive(content.as_bytes(), list, "spreadsheet")
    }

    fn archive(content: &[u8], list: &str, kind: &str) -> Vec<u8> {
        let mut made = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        made.start_file("mimetype", stored).expect("part");
        write!(made, "application/vnd.oasis.opendocument.{kind}").expect("written");
        for (name, bytes) in [("content.xml", content), ("META-INF/manifest.xml", list.as_bytes())] {
            made.start_file(name, zip::write::SimpleFileOptions::default()).expect("part");
            made.write_all(bytes).expect("written");
        }
        made.finish().expect("zip").into_inner()
    }

    fn code(bytes: &[u8]) -> String {
        Sheet::read("a.ods", bytes).expect_err("refused").0.remove(0).code
    }

    const BODY: &str = "<table:table table:name=\"Theo dõi\">\
        <table:table-row><table:table-cell office:value-type=\"string\"><text:p>Mã</text:p></table:table-cell>\
        <table:table-cell table:number-columns-repeated=\"2\"><text:p>A &amp; B</text:p><text:p>hai<text:s text:c=\"2\"/>dòng</text:p>\
        <office:annotation><text:p>lời ghi</text:p></office:annotation></table:table-cell></table:table-row>\
        <table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
        <table:table-row><table:table-cell table:number-rows-spanned=\"2\" office:value-type=\"date\" office:date-value=\"2026-11-15T00:00:00\"><text:p>15/11</text:p></table:table-cell>\
        <table:table-cell office:value-type=\"float\" office:value=\"12.5\"><text:p>12,5</text:p></table:table-cell>\
        <table:table-cell office:value-type=\"string\" calcext:value-type=\"error\"><text:p>#N/A</text:p></table:table-cell></table:table-row>\
        <table:table-row><table:covered-table-cell/><table:table-cell office:value-type=\"boolean\" office:boolean-value=\"true\"/></table:table-row>\
        </table:table><table:table table:name=\"Quý IV\"><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table>";

    #[test]
    fn values_paragraphs_repetitions_and_spans_are_read() {
        let reading = Reading { sheets: Sheets::All, merged: true, ..Reading::default() };
        let all = Sheet::read_all("a.ods", &spreadsheet(BODY, ""), &reading)
            .unwrap_or_else(|findings| panic!("{findings}"));
        let rows: Vec<(u32, String)> =
            all[0].lines.iter().map(|line| (line.number, line.cells.join("|"))).collect();
        let expected = [
            (1, "Mã|A & B\nhai  dòng|A & B\nhai  dòng"),
            (1_000_002, "2026-11-15|12.5|#ERROR"),
            (1_000_003, "|true"),
        ];
        assert_eq!(rows, expected.map(|(number, text)| (number, text.to_owned())));
        assert_eq!(all[0].merged, [Merged { first: 1_000_002, last: 1_000_003, column: 0 }]);
        assert_eq!((all.len(), all[1].title.as_deref()), (2, Some("Quý IV")));
    }

    #[test]
    fn what_is_repeated_without_end_is_refused_before_room_is_made() {
        let row = |rows: &str, columns: &str| {
            format!(
                "<table:table><table:table-row table:number-rows-repeated=\"{rows}\"><table:table-cell table:number-columns-repeated=\"{columns}\"><text:p>x</text:p></table:table-cell></table:table-row></table:table>"
            )
        };
        assert_eq!(code(&spreadsheet(&row("4294967295", "1"), "")), "LT-TAB-001");
        assert_eq!(code(&spreadsheet(&row("99999999999", "1"), "")), "LT-TAB-005");
        assert!(Sheet::read("a.ods", &spreadsheet(&row("1", "4294967295"), "")).is_ok());
        // Cells beyond the last column that is read count no row: their repetition costs nothing.
        let beyond = "<table:table><table:table-row table:number-rows-repeated=\"4294967295\"><table:table-cell table:number-columns-repeated=\"100\"/><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table>";
        assert!(Sheet::read("a.ods", &spreadsheet(beyond, "")).is_ok_and(|sheet| sheet.lines.is_empty()));
        // Every sheet within the limit, all of them not.
        let sheets = spreadsheet(&row("150000", "1").repeat(2), "");
        assert_eq!(code(&sheets), "LT-TAB-001");
    }

    #[test]
    fn passwords_document_types_entities_and_depth_are_refused() {
        let list = "<manifest:manifest><manifest:encryption-data/></manifest:manifest>";
        assert_eq!(code(&spreadsheet(BODY, list)), "LT-TAB-020");
        let billion = "<!DOCTYPE a [<!ENTITY a \"aaaa\">]><office:document-content/>";
        assert_eq!(code(&archive(billion.as_bytes(), "", "spreadsheet")), "LT-TAB-005");
        assert_eq!(code(&spreadsheet("<table:table>&xxe;</table:table>", "")), "LT-TAB-005");
        assert_eq!(code(&spreadsheet(&"<table:table>".repeat(100_000), "")), "LT-TAB-005");
        assert_eq!(code(&archive(b"<table:table>", "", "spreadsheet")), "LT-TAB-005", "cut off");
        assert_eq!(code(&archive(BODY.as_bytes(), "", "text")), "LT-TAB-005", "no spreadsheet");
    }

    #[test]
    fn content_that_unpacks_to_a_bomb_is_refused() {
        let bomb = spreadsheet(&" ".repeat(2 << 20), "");
        let read = |limit| within(limit, "a.ods", &bomb, &Reading::default());
        assert_eq!(read(1 << 20).expect_err("refused").0[0].code, "LT-TAB-009");
        assert_eq!(read(3 << 20).expect_err("no sheet in it").0[0].code, "LT-TAB-005");
    }
}
