//! The format of a list's answers and the places in them, compiled.
//!
//! Owns how a place is written in each format: a path into JSON, element names of XML, none where an answer holds
//! nothing but records. It must not know what a place is for. Whatever is wrong is a `Problem` with its key.

use super::super::super::json::Path;
use super::super::super::manifest::http::{BodyFormat, StreamSection};
use super::super::super::manifest::{Manifest, Problem};
use super::super::super::xml;
use super::super::format::{Format, XmlPlan};
use super::compile::Compiler;
use std::collections::BTreeMap;

/// How places in answers are written, and those of XML seen so far.
pub(super) struct Places<'a> {
    format: BodyFormat,
    prefixes: Option<&'a BTreeMap<String, String>>,
    seen: Vec<(String, xml::Place)>,
}

impl<'a> Places<'a> {
    pub(super) fn of(manifest: &'a Manifest) -> Self {
        let stream = manifest.stream.as_ref();
        Self {
            format: stream.map(|stream| stream.format).unwrap_or_default(),
            prefixes: stream.map(|stream| &stream.namespaces),
            seen: Vec::new(),
        }
    }
}

impl Compiler<'_> {
    /// A single value around the records of an answer. Of XML it is a step of its own: the walk gives values by the
    /// text that stands here.
    pub(super) fn place(&mut self, key: &str, text: &str) -> Option<Path> {
        match self.places.format {
            BodyFormat::Json => self.path(key, text),
            BodyFormat::JsonLines | BodyFormat::Csv => {
                self.problems.push(Problem::incoherent(
                    key,
                    "định dạng này chỉ có bản ghi, không có giá trị nào khác",
                    "this format holds records and no other value",
                ));
                None
            }
            BodyFormat::Xml => {
                let place = self.element(key, text)?;
                if !self.places.seen.iter().any(|(seen, _)| seen == text) {
                    self.places.seen.push((text.to_owned(), place));
                }
                Path::parse(&format!("/{}", text.replace('~', "~0").replace('/', "~1"))).ok()
            }
        }
    }

    fn element(&mut self, key: &str, text: &str) -> Option<xml::Place> {
        let none = BTreeMap::new();
        match xml::Place::parse(text, self.places.prefixes.unwrap_or(&none)) {
            Ok(place) => Some(place),
            Err(why) => {
                self.problems.push(Problem::element(key, text, &why));
                None
            }
        }
    }

    /// What a detail takes of its answer: a path, and of XML the element.
    pub(super) fn select(&mut self, key: &str, text: &str) -> Option<(Path, Option<xml::Place>)> {
        match self.places.format {
            BodyFormat::Xml => Some((Path::parse("").ok()?, Some(self.element(key, text)?))),
            _ => Some((self.path(key, text)?, None)),
        }
    }

    /// Where records stand in a JSON answer; the answer itself in other formats.
    pub(super) fn records(&mut self, stream: &StreamSection) -> Option<Path> {
        let with_records = matches!(stream.format, BodyFormat::Json | BodyFormat::Xml);
        if with_records != stream.records.is_some() {
            self.problems.push(Problem::incoherent(
                "stream.format",
                "json và xml cần stream.records; json_lines và csv không có",
                "json and xml need stream.records; json_lines and csv have none",
            ));
            return None;
        }
        match (&stream.records, stream.format) {
            (Some(text), BodyFormat::Json) => self.path("stream.records", text),
            _ => Path::parse("").ok(),
        }
    }

    /// The format with everything that was compiled before.
    pub(super) fn format(&mut self, stream: &StreamSection, soap: bool) -> Option<Format> {
        let plain = stream.lists.is_empty() && stream.namespaces.is_empty() && stream.icalendar.is_none();
        if stream.format != BodyFormat::Xml && !plain {
            self.problems.push(Problem::incoherent(
                "stream.format",
                "lists, namespaces và icalendar chỉ dùng với format = \"xml\"",
                "lists, namespaces and icalendar belong to format = \"xml\"",
            ));
        }
        Some(match stream.format {
            BodyFormat::Json => Format::Json,
            BodyFormat::JsonLines => Format::JsonLines,
            BodyFormat::Csv => {
                let pointer = self.path("stream.key", &stream.key)?.pointer();
                let mut steps = pointer.split('/').skip(1);
                match (steps.next(), steps.next()) {
                    (Some(name), None) => Format::Table { key: name.replace("~1", "/").replace("~0", "~") },
                    _ => {
                        self.problems.push(Problem::path("stream.key", &stream.key, "it is no column"));
                        return None;
                    }
                }
            }
            BodyFormat::Xml => {
                let record = self.element("stream.records", stream.records.as_deref()?)?;
                if record.is_attribute() {
                    let text = stream.records.as_deref().unwrap_or_default();
                    self.problems.push(Problem::element("stream.records", text, "an attribute is no record"));
                }
                let mut lists = Vec::new();
                for text in &stream.lists {
                    match xml::Place::list(text) {
                        Ok(list) => lists.push(list),
                        Err(why) => self.problems.push(Problem::element("stream.lists", text, &why)),
                    }
                }
                let seen = std::mem::take(&mut self.places.seen).into_iter();
                let (written, mut values): (Vec<String>, Vec<xml::Place>) = seen.unzip();
                if soap {
                    values.extend(xml::soap::fault_places());
                }
                let icalendar = match &stream.icalendar {
                    Some(text) => Some(self.path("stream.icalendar", text)?),
                    None => None,
                };
                let shape = xml::Shape { record: Some(record), values, lists };
                Format::Xml(XmlPlan { shape, written, icalendar })
            }
        })
    }
}
