//! The Singer protocol: SCHEMA, RECORD, STATE, ACTIVATE_VERSION; choosing one stream of a discovered catalog.
//!
//! Owns what a line of a tap means for one stream, and the catalog that is handed to the tap. It must not know
//! processes. A record before its SCHEMA and a record of a stream nobody announced break the protocol; what is no JSON
//! object with a known type is set aside.

use super::finding;
use super::message::{Dialect, Message, Wrong, place, value_at};
use crate::connector::json::{JsonError, Member, Path, members, scalars};
use crate::error::{Finding, Text};
use serde_json::{Value, json};
use std::collections::HashSet;

/// A tap's lines about one stream.
pub(super) struct Singer {
    /// Names of the stream: its id and, where the catalog gives another, the name its messages carry.
    names: Vec<String>,
    announced: HashSet<String>,
    paths: [Option<Path>; 3],
    marks: Vec<Path>,
    /// Versions of records, and the one that was made the present one.
    version: Option<String>,
    mixed: bool,
    activated: Option<String>,
    /// Kept lines are read again: their SCHEMA is not among them.
    again: bool,
}

impl Singer {
    pub(super) fn new(names: Vec<String>, replication_key: Option<&str>, again: bool) -> Self {
        let marks = |name: &String| {
            let keys = ["replication_key_value"].into_iter().chain(replication_key);
            keys.filter_map(|key| place(&["bookmarks", name, key])).collect::<Vec<_>>()
        };
        Self {
            marks: names.iter().flat_map(marks).collect(),
            names,
            announced: HashSet::new(),
            paths: [place(&["type"]), place(&["stream"]), place(&["version"])],
            version: None,
            mixed: false,
            activated: None,
            again,
        }
    }

    fn record<'a>(
        &mut self,
        line: &[Member<'a, &'a str>],
        stream: &str,
        version: Option<&str>,
    ) -> Result<Message<'a>, Wrong> {
        let ours = self.names.iter().any(|name| name == stream);
        if !self.again && !self.announced.contains(stream) {
            let broken = if ours { finding::record_before_schema } else { finding::unknown_stream };
            return Err(Wrong::Protocol(Box::new(broken(stream))));
        }
        if !ours {
            return Ok(Message::Nothing);
        }
        if let Some(version) = version
            && self.version.as_deref() != Some(version)
        {
            self.mixed |= self.version.is_some();
            self.version = Some(version.to_owned());
        }
        member(line, "record").filter(|record| record.starts_with('{')).map(Message::Record).ok_or_else(
            || Wrong::NoMessage(Text::new("RECORD không có \"record\"", "a RECORD without \"record\"")),
        )
    }
}

/// A member's text.
pub(super) fn member<'a>(line: &[Member<'a, &'a str>], name: &str) -> Option<&'a str> {
    line.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
}

fn no_message(error: &JsonError) -> Wrong {
    Wrong::NoMessage(error.told())
}

impl Dialect for Singer {
    fn read<'a>(&mut self, line: &'a str) -> Result<Message<'a>, Wrong> {
        let parts = members(line).map_err(|error| no_message(&error))?;
        let [kind, stream, version] =
            scalars(&parts, self.paths.each_ref().map(Option::as_ref)).map_err(|error| no_message(&error))?;
        let stream = stream.unwrap_or_default();
        match kind.as_deref() {
            Some("RECORD") => self.record(&parts, &stream, version.as_deref()),
            Some("SCHEMA") => {
                self.announced.insert(stream.to_string());
                if !self.names.iter().any(|name| *name == stream) {
                    return Ok(Message::Nothing);
                }
                let keys: Vec<String> = member(&parts, "key_properties")
                    .and_then(|list| serde_json::from_str(list).ok())
                    .unwrap_or_default();
                let pointer = |key: &String| place(&[key]).map(|path| path.pointer());
                Ok(Message::Announced(keys.iter().filter_map(pointer).collect()))
            }
            Some("STATE") => match member(&parts, "value") {
                Some(value) if value != "null" => Ok(Message::State(value)),
                _ => Ok(Message::Nothing),
            },
            Some("ACTIVATE_VERSION") => {
                if self.names.iter().any(|name| *name == stream) {
                    self.activated = version.map(|version| version.into_owned());
                }
                Ok(Message::Nothing)
            }
            // Records that lie in files would be lost without a word.
            Some("BATCH") => Err(Wrong::Protocol(Box::new(finding::not_carried("BATCH")))),
            Some(_) => Ok(Message::Nothing),
            None => Err(Wrong::NoMessage(Text::new("thiếu \"type\"", "\"type\" is missing"))),
        }
    }

    fn mark(&self, state: &str) -> Option<String> {
        value_at(state, &self.marks)
    }

    fn proves_whole(&self) -> bool {
        // A tap that numbers its tables says with the last word that the table was shown whole.
        self.version.is_none() || (!self.mixed && self.activated == self.version)
    }
}

/// Chooses one stream of a discovered catalog; gives the catalog and the names of the stream.
///
/// # Errors
/// LT-PRC-013 no catalog, LT-PRC-014 no such stream in it.
pub(super) fn choose(
    catalog: &str,
    stream: &str,
    incremental: bool,
    replication_key: Option<&str>,
) -> Result<(Vec<u8>, Vec<String>), Finding> {
    // Some taps say something before it.
    let text = catalog.find('{').and_then(|start| catalog.get(start..)).unwrap_or_default();
    let mut document: Value = serde_json::from_str(text)
        .map_err(|error| finding::no_catalog(&crate::error::written_cause(&error)))?;
    let Some(streams) = document.get_mut("streams").and_then(Value::as_array_mut) else {
        return Err(finding::no_catalog(&Text::new("thiếu \"streams\"", "\"streams\" is missing")));
    };
    let text_of = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let (mut known, mut names) = (Vec::new(), Vec::new());
    for entry in streams {
        let (id, name) = (text_of(entry, "tap_stream_id"), text_of(entry, "stream"));
        let ours = [&id, &name].into_iter().flatten().any(|name| name == stream);
        if ours {
            names.extend([id.clone(), name.clone()].into_iter().flatten());
        }
        known.extend(id.or(name));
        select(entry, ours, incremental, replication_key);
    }
    names.dedup();
    if names.is_empty() {
        let list: Vec<String> = known.into_iter().take(20).collect();
        let list = list.join(", ");
        let (vi, en) = (
            format!("không có trong danh mục; có: {list}"),
            format!("is not in the catalog, which has: {list}"),
        );
        return Err(finding::no_stream(stream, &vi, &en));
    }
    Ok((serde_json::to_vec(&document).unwrap_or_default(), names))
}

/// Marks a stream as wanted or not, in both ways taps understand.
fn select(entry: &mut Value, ours: bool, incremental: bool, replication_key: Option<&str>) {
    let Some(object) = entry.as_object_mut() else { return };
    let method = if incremental { "INCREMENTAL" } else { "FULL_TABLE" };
    let mut own = json!({ "selected": ours });
    if ours {
        own["replication-method"] = json!(method);
        object.insert("replication_method".to_owned(), json!(method));
        if let Some(key) = replication_key {
            own["replication-key"] = json!(key);
            object.insert("replication_key".to_owned(), json!(key));
        }
    }
    if let Some(schema) = object.get_mut("schema").and_then(Value::as_object_mut) {
        schema.insert("selected".to_owned(), json!(ours));
    }
    let metadata = object.entry("metadata").or_insert_with(|| json!([]));
    let Some(list) = metadata.as_array_mut() else { return };
    let is_whole = |item: &Value| item.get("breadcrumb").and_then(Value::as_array).is_some_and(Vec::is_empty);
    if !list.iter().any(is_whole) {
        list.push(json!({ "breadcrumb": [], "metadata": {} }));
    }
    for item in list {
        let whole = is_whole(item);
        let Some(told) = item.get_mut("metadata").and_then(Value::as_object_mut) else { continue };
        if whole {
            told.extend(own.as_object().cloned().unwrap_or_default());
        } else if ours && told.get("inclusion").and_then(Value::as_str) != Some("unsupported") {
            told.insert("selected".to_owned(), json!(true));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tap() -> Singer {
        Singer::new(vec!["tasks".to_owned()], Some("updated_at"), false)
    }

    const SCHEMA: &str = r#"{"type":"SCHEMA","stream":"tasks","schema":{},"key_properties":["id"]}"#;

    #[test]
    fn record_counts_only_after_its_schema_and_only_of_the_stream() {
        let mut tap = tap();
        let line = r#"{"type":"RECORD","stream":"tasks","record":{"id":1}}"#;
        let Err(Wrong::Protocol(finding)) = tap.read(line) else { panic!("before its schema") };
        assert_eq!(finding.code, "LT-PRC-010");
        assert!(matches!(tap.read(SCHEMA), Ok(Message::Announced(keys)) if keys == ["/id"]));
        assert!(matches!(tap.read(line), Ok(Message::Record(r#"{"id":1}"#))));
        let other = r#"{"type":"RECORD","stream":"other","record":{"id":1}}"#;
        let Err(Wrong::Protocol(finding)) = tap.read(other) else { panic!("never announced") };
        assert_eq!(finding.code, "LT-PRC-011");
        tap.read(r#"{"type":"SCHEMA","stream":"other","schema":{},"key_properties":[]}"#).expect("read");
        assert!(matches!(tap.read(other), Ok(Message::Nothing)));
    }

    #[test]
    fn table_is_whole_only_when_the_version_of_its_records_was_activated() {
        let mut tap = tap();
        assert!(tap.proves_whole(), "no versions, no proof asked for");
        for line in [SCHEMA, r#"{"type":"RECORD","stream":"tasks","record":{"id":1},"version":5}"#] {
            tap.read(line).expect("read");
        }
        assert!(!tap.proves_whole());
        tap.read(r#"{"type":"ACTIVATE_VERSION","stream":"tasks","version":4}"#).expect("read");
        assert!(!tap.proves_whole());
        tap.read(r#"{"type":"ACTIVATE_VERSION","stream":"tasks","version":5}"#).expect("read");
        assert!(tap.proves_whole());
    }

    #[test]
    fn what_is_no_message_is_set_aside_and_files_of_records_break_the_protocol() {
        for line in ["", "INFO started", "[1]", "{}", "{\"type\":\"RECORD\"", r#"{"type":"A","type":"B"}"#] {
            assert!(matches!(tap().read(line), Err(Wrong::NoMessage(_))), "{line}");
        }
        assert!(matches!(tap().read(r#"{"type":"BATCH","stream":"tasks"}"#), Err(Wrong::Protocol(_))));
    }

    #[test]
    fn mark_of_a_state_is_found_in_both_spellings() {
        let (new, old) = (
            r#"{"bookmarks":{"tasks":{"replication_key":"updated_at","replication_key_value":"2026-11-01"}}}"#,
            r#"{"bookmarks":{"tasks":{"updated_at":"2026-11-02"}}}"#,
        );
        assert_eq!(tap().mark(new).as_deref(), Some("2026-11-01"));
        assert_eq!(tap().mark(old).as_deref(), Some("2026-11-02"));
        assert_eq!(tap().mark(r#"{"bookmarks":{"other":{"updated_at":"2026"}}}"#), None);
    }

    #[test]
    fn one_stream_is_chosen_and_the_others_are_not() {
        let catalog = r#"{"streams":[{"tap_stream_id":"a","stream":"a","schema":{},"metadata":[]},
            {"tap_stream_id":"db-tasks","stream":"tasks","schema":{},"metadata":[
             {"breadcrumb":[],"metadata":{"inclusion":"available","selected":false}},
             {"breadcrumb":["properties","x"],"metadata":{"inclusion":"unsupported"}},
             {"breadcrumb":["properties","id"],"metadata":{"inclusion":"automatic"}}]}]}"#;
        let (chosen, names) = choose(catalog, "db-tasks", true, Some("updated_at")).expect("chosen");
        assert_eq!(names, ["db-tasks", "tasks"]);
        let chosen: Value = serde_json::from_slice(&chosen).expect("JSON");
        let at = |pointer: &str| chosen.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(at("/streams/0/metadata/0/metadata/selected"), json!(false));
        assert_eq!(at("/streams/1/metadata/0/metadata/replication-method"), json!("INCREMENTAL"));
        assert_eq!(at("/streams/1/metadata/0/metadata/replication-key"), json!("updated_at"));
        assert_eq!(at("/streams/1/metadata/1/metadata/selected"), Value::Null);
        assert_eq!(at("/streams/1/metadata/2/metadata/selected"), json!(true));
        let missing = choose(catalog, "việc", false, None).expect_err("no such stream");
        assert!(missing.code == "LT-PRC-014" && missing.what.en.contains("db-tasks"), "{missing}");
        assert_eq!(choose("nothing", "a", false, None).expect_err("no catalog").code, "LT-PRC-013");
    }
}
