//! Bodies of lists that are no JSON document: XML, JSON Lines, tables.
//!
//! Owns cutting each of them into records that are JSON objects, and the single values around them. It must not know
//! what a field means. A record that cannot be cut out is rejected alone; a body that is not whole, of another shape or
//! over a limit is thrown away whole.

use super::super::icalendar;
use super::super::json::{MAX_RECORDS, Path, Record, members};
use super::super::xml;
use super::page::Cut;
use super::{Shared, finding};
use crate::error::{Disposition, Finding, Place, Text, written_cause};
use crate::sheet::{ERROR_CELL, Sheet};
use crate::transport::{Content, Reply};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

/// Lines among which the header of a table is looked for.
const HEADER_LINES: usize = 20;

/// The format of a list's answers, compiled.
#[derive(Debug)]
pub(super) enum Format {
    /// One JSON document.
    Json,
    /// One JSON object per line.
    JsonLines,
    /// CSV, or a workbook; the name of the key column.
    Table { key: String },
    /// XML.
    Xml(XmlPlan),
}

/// What to look for in XML answers.
pub(super) struct XmlPlan {
    pub(super) shape: xml::Shape,
    /// The places of `shape.values` as they are written in the manifest.
    pub(super) written: Vec<String>,
    /// Where a text of a record is iCalendar.
    pub(super) icalendar: Option<Path>,
}

impl fmt::Debug for XmlPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "XmlPlan({:?}, {:?})", self.shape.record, self.written)
    }
}

impl XmlPlan {
    /// The values around the records of a body, as a JSON object; none where it cannot be read.
    pub(super) fn around(&self, body: &[u8]) -> Option<String> {
        let shape = xml::Shape { record: None, ..self.shape.clone() };
        let text = xml::decode(body).ok()?;
        let walked = xml::split(&text, &shape, xml::Limits::default(), &mut |_| {}).ok()?;
        Some(self.values(walked.values))
    }

    /// Values by their places as written.
    fn values(&self, found: Vec<Option<String>>) -> String {
        let found = self.written.iter().zip(found);
        let values: serde_json::Map<String, Value> =
            found.filter_map(|(name, value)| Some((name.clone(), Value::from(value?.trim())))).collect();
        Value::from(values).to_string()
    }
}

/// What stands around the records of a body.
pub(super) struct Around {
    /// Single values by their places as written, as a JSON object.
    pub(super) values: String,
    /// Whether there is a place for records.
    pub(super) found: bool,
}

/// A finding about a whole body, and what the caller should do.
pub(super) type Refusal = (Finding, Disposition);

impl Format {
    /// What an answer must look like.
    pub(super) fn content(&self) -> Content {
        match self {
            Self::Json => Content::Json,
            Self::JsonLines => Content::JsonLines,
            Self::Table { .. } => Content::Table,
            Self::Xml(_) => Content::Xml,
        }
    }

    /// What an `Accept` header says.
    pub(super) fn accept(&self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonLines => "application/x-ndjson, application/jsonl, application/json;q=0.5",
            Self::Table { .. } => {
                "text/csv, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet;q=0.5"
            }
            Self::Xml(_) => "application/xml, text/xml",
        }
    }
}

/// Cuts an XML body.
pub(super) fn xml(
    shared: &Shared,
    plan: &XmlPlan,
    reply: &Reply,
    cut: &mut Cut<'_>,
) -> Result<Around, Refusal> {
    let refused = |error: xml::XmlError| match error {
        xml::XmlError::TooManyRecords(_) => (finding::too_many_records(), Disposition::NeedsOperator),
        xml::XmlError::Encoding(_) | xml::XmlError::Doctype(_) => {
            (error.finding(), Disposition::NeedsOperator)
        }
        error => (error.finding(), Disposition::RetryLater),
    };
    let record_bytes = shared.plan().stream.max_record_kib as usize * 1024;
    let limits = xml::Limits { record_bytes, ..xml::Limits::default() };
    let text = xml::decode(&reply.body).map_err(refused)?;
    let mut walked = xml::split(&text, &plan.shape, limits, &mut |element| match element.json {
        Ok(json) => match plan.icalendar.as_ref().map(|place| unfolded(json, place, cut.key())) {
            None => take(cut, json),
            Some(Ok(tasks)) => tasks.iter().for_each(|json| take(cut, json)),
            Some(Err(why)) => cut.refuse(json, finding::no_icalendar(&why)),
        },
        Err(fault) => {
            let finding = match fault {
                xml::Fault::TooLarge(_) => finding::too_large(element.source, record_bytes),
                fault => fault.finding(),
            };
            cut.refuse(element.source, finding);
        }
    })
    .map_err(refused)?;
    if let Some(call) = &shared.plan().soap {
        if let Some(fault) = xml::soap::SoapFault::take(&mut walked) {
            let fault = fault.without(|text| shared.client.hide(text));
            return Err(fault.finding(&call.section.auth_faults, xml::soap::Answers::List));
        }
        if !shared.plan().status.contains(&reply.status) {
            let said = format!("HTTP {}", reply.status);
            return Err((finding::not_successful(&said), Disposition::RetryLater));
        }
    }
    Ok(Around { values: plan.values(walked.values), found: walked.found })
}

/// The records a record is whose text at a place, where there is one, became what it says: one, or the tasks of a series,
/// each under its own key.
fn unfolded(record: &str, place: &Path, key: &Path) -> Result<Vec<String>, Text> {
    let record: Value = serde_json::from_str(record).map_err(|error| written_cause(&error))?;
    let Some(Value::String(text)) = record.pointer(&place.pointer()) else {
        return Ok(vec![record.to_string()]);
    };
    let tasks =
        icalendar::occurrences(icalendar::to_json(text)?).into_iter().map(|(occurrence, calendar)| {
            let mut task = record.clone();
            if let Some(text) = task.pointer_mut(&place.pointer()) {
                *text = calendar;
            }
            if let (Some(occurrence), Some(Value::String(key))) =
                (occurrence, task.pointer_mut(&key.pointer()))
            {
                *key = format!("{}#{occurrence}", key.trim());
            }
            task.to_string()
        });
    Ok(tasks.collect())
}

/// Whether a record stands for a series of tasks that it does not tell apart.
pub(super) fn is_series(format: &Format, record: &[u8]) -> bool {
    let Format::Xml(XmlPlan { icalendar: Some(place), .. }) = format else { return false };
    let record: Value = serde_json::from_slice(record).unwrap_or_default();
    record.pointer(&place.pointer()).is_some_and(icalendar::is_series)
}

/// Cuts JSON Lines. `text` is the whole body.
pub(super) fn lines(text: &str, reply: &Reply, cut: &mut Cut<'_>) -> Result<Around, Refusal> {
    whole(text.is_empty() || text.ends_with('\n'), reply)?;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        full(cut)?;
        take(cut, line);
    }
    Ok(nothing_around())
}

/// Cuts a table: the first of its lines that names the key column is the header.
pub(super) fn table(key: &str, reply: &Reply, cut: &mut Cut<'_>) -> Result<Around, Refusal> {
    let operator = |finding| (finding, Disposition::NeedsOperator);
    let sheet = Sheet::read("answer", &reply.body).map_err(|mut findings| {
        operator(if findings.0.is_empty() { finding::no_key_column(key) } else { findings.0.swap_remove(0) })
    })?;
    whole(sheet.unended.is_none(), reply)?;
    let named = |cells: &[String]| cells.iter().any(|cell| cell == key);
    let header = sheet.lines.iter().take(HEADER_LINES).position(|line| named(&line.cells));
    let Some((at, header)) = header.and_then(|at| Some((at, sheet.lines.get(at)?))) else {
        return Err(operator(finding::no_key_column(key)));
    };
    let mut seen = HashSet::new();
    if let Some(twice) = header.cells.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str())) {
        return Err(operator(finding::column_twice(twice)));
    }
    for line in sheet.lines.get(at + 1..).unwrap_or_default() {
        full(cut)?;
        let place = |finding: Finding| finding.at(Place::line("answer", line.number));
        let row: serde_json::Map<String, Value> = header
            .cells
            .iter()
            .zip(&line.cells)
            .filter(|(name, cell)| !name.is_empty() && !cell.is_empty())
            .map(|(name, cell)| (name.clone(), Value::from(cell.as_str())))
            .collect();
        let failed = row.iter().find(|(_, cell)| *cell == ERROR_CELL).map(|(name, _)| name.clone());
        let wider = line.cells.iter().skip(header.cells.len()).any(|cell| !cell.is_empty());
        let text = Value::from(row).to_string();
        match failed {
            Some(name) => cut.refuse(&text, place(finding::failed_cell(&name))),
            None if wider => cut.refuse(&text, place(finding::wider_row())),
            None => take(cut, &text),
        }
    }
    for line in &sheet.broken {
        full(cut)?;
        cut.refuse(&line.text, line.finding("answer"));
    }
    Ok(nothing_around())
}

fn take(cut: &mut Cut<'_>, text: &str) {
    match members(text) {
        Ok(members) => cut.take(Record { text, top: Ok(&members) }),
        Err(error) => cut.take(Record { text, top: Err(error) }),
    }
}

fn nothing_around() -> Around {
    Around { values: "{}".to_owned(), found: true }
}

/// Refuses a body whose last line nothing ends, unless the exchange proved that nothing is missing.
fn whole(ended: bool, reply: &Reply) -> Result<(), Refusal> {
    if ended || reply.whole { Ok(()) } else { Err((finding::cut_off(), Disposition::RetryLater)) }
}

fn full(cut: &Cut<'_>) -> Result<(), Refusal> {
    if cut.count() < MAX_RECORDS as u64 {
        return Ok(());
    }
    Err((finding::too_many_records(), Disposition::NeedsOperator))
}

/// The part of an XML answer that a place leads to, as JSON text (one element as its value, several as a list), and the
/// values around it.
pub(super) fn xml_part(
    bytes: &[u8],
    place: &xml::Place,
    plan: &XmlPlan,
) -> Result<(String, String), Finding> {
    let shape = xml::Shape { record: Some(place.clone()), ..plan.shape.clone() };
    let text = xml::decode(bytes).map_err(|error| error.finding())?;
    let (mut parts, mut fault) = (Vec::new(), None);
    let mut take = |element: xml::Element<'_>| match element.json {
        Ok(json) => parts.push(json.to_owned()),
        Err(found) => fault = fault.take().or(Some(found)),
    };
    let walked =
        xml::split(&text, &shape, xml::Limits::default(), &mut take).map_err(|error| error.finding())?;
    if let Some(fault) = fault {
        return Err(fault.finding());
    }
    let part = match parts.as_slice() {
        [] => "null".to_owned(),
        [one] => one.clone(),
        several => format!("[{}]", several.join(",")),
    };
    Ok((part, plan.values(walked.values)))
}
