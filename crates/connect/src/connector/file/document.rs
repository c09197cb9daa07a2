//! JSON documents, JSON Lines and XML as rows.
//!
//! Owns where a record begins and ends and where its key stands. It must not know files or pages. A document that is
//! no JSON or no XML is refused whole; a record that is broken, too large or without a key is a row with a fault.

use super::{Format, Row, finding};
use crate::connector::json::{self, Envelope, JsonError, Path};
use crate::connector::xml;
use crate::domain::Evidence;
use crate::error::{Finding, Findings, Place};
use crate::text::{Encoding, decode, decode_as};
use bytes::Bytes;
use std::borrow::Cow;

/// Largest record, in bytes.
const MAX_RECORD: usize = 8 << 20;

/// Records of a document.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) rows: Vec<Row>,
    /// Line that may be cut off.
    pub(super) unended: Option<u32>,
    /// What a package says of documents and tasks beside its records.
    pub(super) evidence: Vec<Evidence>,
    /// What is kept of it, where that is not the file.
    pub(super) kept: Option<Bytes>,
}

impl Document {
    /// Its rows; a last line that may be cut off has that fault.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.rows.iter().cloned().map(|mut row| {
            if self.unended == Some(row.line) {
                row.fault = row.fault.or_else(|| Some(finding::perhaps_cut_off()));
            }
            row
        })
    }
}

/// Reads a document.
///
/// # Errors
/// LT-FIL-023 no encoding, LT-FIL-024 no JSON, LT-FIL-025 no list at the place of the records, LT-XML-001 to 004 no
/// complete XML, a DOCTYPE, a limit, no encoding.
pub(super) fn read(
    name: &str,
    bytes: &[u8],
    encoding: Option<Encoding>,
    format: &Format,
) -> Result<Document, Findings> {
    if let Format::Edxml(packages) = format {
        return packages.read(name, bytes);
    }
    if let Format::Xml { shape, records, key } = format {
        return elements(name, bytes, encoding, shape, records, key);
    }
    let decoded = encoding.map_or_else(|| decode(bytes), |encoding| decode_as(bytes, encoding));
    let text = match decoded {
        Ok((text, _)) if !text.contains('\0') => text,
        _ => return Err(finding::no_text(name).into()),
    };
    match format {
        Format::Json { records, key } => whole(name, &text, records, key),
        Format::JsonLines { key } => Ok(lines(&text, key)),
        Format::Table(_) | Format::Xml { .. } | Format::Edxml(_) => Ok(Document::default()),
    }
}

fn whole(name: &str, text: &str, records: &Path, key: &Path) -> Result<Document, Findings> {
    let mut rows = Vec::new();
    let mut take = |record: json::Record<'_, '_>| {
        // In a document the place of a record is its number.
        let number = u32::try_from(rows.len() + 1).unwrap_or(u32::MAX);
        let found = record
            .top
            .and_then(|top| json::scalars(top, [Some(key)]).map(|[key]| key.map(|key| key.into_owned())));
        rows.push(row(record.text, number, found));
    };
    let read = Envelope::with_records(text, records, &mut take);
    match read {
        Ok((_, true)) => Ok(Document { rows, ..Document::default() }),
        Ok((_, false)) => Err(finding::no_records(name, &records.pointer()).into()),
        Err(error) => Err(finding::no_json(name, &error.told()).into()),
    }
}

fn lines(text: &str, key: &Path) -> Document {
    let mut document = Document::default();
    let mut number = 0u32;
    for line in text.split_inclusive('\n') {
        number = number.saturating_add(1);
        if line.trim().is_empty() {
            continue;
        }
        document.unended = (!line.ends_with('\n')).then_some(number);
        let line = line.trim();
        document.rows.push(row(line, number, key_in(line, key)));
    }
    document
}

/// XML says its encoding itself; one that is declared counts where it does not and none can be told.
fn elements(
    name: &str,
    bytes: &[u8],
    encoding: Option<Encoding>,
    shape: &xml::Shape,
    records: &str,
    key: &Path,
) -> Result<Document, Findings> {
    let told =
        |error: xml::XmlError| Findings::from(finding::with_file_remedy(error.finding()).at(Place::of(name)));
    let text = match xml::decode(bytes) {
        Ok(text) => text,
        Err(error) => match encoding.map(|encoding| decode_as(bytes, encoding)) {
            Some(Ok((text, _))) => Cow::Owned(text),
            _ => return Err(told(error)),
        },
    };
    let mut rows = Vec::new();
    let mut take = |element: xml::Element<'_>| {
        let number = u32::try_from(rows.len() + 1).unwrap_or(u32::MAX);
        rows.push(match element.json {
            Ok(json) => row(json, number, key_in(json, key)),
            Err(fault) => {
                let large = element.source.len() > MAX_RECORD;
                let source = if large { "" } else { element.source };
                let body = serde_json::json!({ "xml": source }).to_string().into();
                Row { key: None, line: number, body, fault: Some(fault.finding()), ..Row::default() }
            }
        });
    };
    let limits = xml::Limits { record_bytes: MAX_RECORD, ..xml::Limits::default() };
    let walked = xml::split(&text, shape, limits, &mut take).map_err(told)?;
    if !walked.found {
        return Err(finding::no_records(name, records).into());
    }
    Ok(Document { rows, ..Document::default() })
}

/// The key in the text of a record.
fn key_in(text: &str, key: &Path) -> Result<Option<String>, JsonError> {
    let members = json::members(text)?;
    json::scalars(&members, [Some(key)]).map(|[key]| key.map(|key| key.into_owned()))
}

fn row(text: &str, line: u32, key: Result<Option<String>, JsonError>) -> Row {
    let large = (text.len() > MAX_RECORD).then(|| finding::large_record(text.len()));
    let (key, broken): (Option<String>, Option<Finding>) = match key {
        Ok(key) => (key, None),
        Err(error) => (None, Some(finding::broken_record(&error.told()))),
    };
    let body =
        if large.is_some() { Bytes::from_static(b"{}") } else { Bytes::copy_from_slice(text.as_bytes()) };
    Row { key, line, body, fault: large.or(broken), ..Row::default() }
}
