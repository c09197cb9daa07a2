//! The Airbyte protocol: RECORD, STATE, LOG, TRACE and the rest, about one stream.
//!
//! Owns what a line of a source means for that stream, the configured catalog, the state as it is handed back, and what
//! `spec`, `check` and `discover` answer. It must not know processes. An error the source reports is the pull's error,
//! whatever the exit code; a stream that was not ended as complete is not.

use super::finding;
use super::message::{Dialect, Message, Wrong, place, value_at};
use super::singer::member;
use crate::connector::json::{JsonError, Path, members, scalars};
use crate::error::{Disposition, Finding, Text};
use serde::Deserialize;
use serde_json::{Value, json};

/// A source's lines about one stream.
pub(super) struct Airbyte {
    stream: String,
    kind: Option<Path>,
    record_stream: Option<Path>,
    /// Where a state of the stream has its growing value.
    marks: Vec<Path>,
    /// Whether the source tells the status of streams, and the stream was ended as complete.
    statuses: bool,
    complete: bool,
}

/// Parts of the messages that are not records.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Trace {
    #[serde(rename = "type")]
    kind: String,
    error: Option<TraceError>,
    stream_status: Option<StreamStatus>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TraceError {
    message: Option<String>,
    internal_message: Option<String>,
    failure_type: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct StreamStatus {
    stream_descriptor: Descriptor,
    status: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Descriptor {
    name: String,
}

impl Airbyte {
    pub(super) fn new(stream: &str, replication_key: Option<&str>) -> Self {
        // Sources that read slices at once keep their value one level deeper.
        let marks = replication_key.map(|key| {
            [place(&["stream", "stream_state", key]), place(&["stream", "stream_state", "state", key])]
        });
        Self {
            stream: stream.to_owned(),
            kind: place(&["type"]),
            record_stream: place(&["stream"]),
            marks: marks.into_iter().flatten().flatten().collect(),
            statuses: false,
            complete: false,
        }
    }

    fn trace<'a>(&mut self, text: &str) -> Result<Message<'a>, Wrong> {
        let trace: Trace = serde_json::from_str(text).map_err(|error| no_message(&JsonError::from(error)))?;
        match (trace.kind.as_str(), trace.error, trace.stream_status) {
            ("ERROR", error, _) => {
                let error = error.unwrap_or_default();
                let words = [error.message, error.internal_message].into_iter().flatten();
                let mut words: Vec<String> = words.filter(|words| !words.is_empty()).collect();
                words.dedup();
                let disposition = match error.failure_type.as_deref() {
                    Some("config_error") => Disposition::NeedsOperator,
                    _ => Disposition::RetryLater,
                };
                Ok(Message::Failed(words.join(" — "), disposition))
            }
            ("STREAM_STATUS", _, Some(status)) if status.stream_descriptor.name == self.stream => {
                self.statuses = true;
                match status.status.as_str() {
                    "COMPLETE" => {
                        self.complete = true;
                        Ok(Message::Status(true))
                    }
                    "INCOMPLETE" => Ok(Message::Status(false)),
                    _ => Ok(Message::Nothing),
                }
            }
            _ => Ok(Message::Nothing),
        }
    }

    /// Whether a state speaks of the stream, or of all.
    fn concerns(&self, state: &str) -> Result<bool, Wrong> {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct State {
            stream: Option<OfStream>,
        }
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct OfStream {
            stream_descriptor: Descriptor,
        }
        let state: State =
            serde_json::from_str(state).map_err(|error| no_message(&JsonError::from(error)))?;
        Ok(state.stream.is_none_or(|stream| stream.stream_descriptor.name == self.stream))
    }
}

fn no_message(error: &JsonError) -> Wrong {
    Wrong::NoMessage(error.told())
}

fn missing(part: &str) -> Wrong {
    Wrong::NoMessage(Text::new(format!("thiếu \"{part}\""), format!("\"{part}\" is missing")))
}

impl Dialect for Airbyte {
    fn read<'a>(&mut self, line: &'a str) -> Result<Message<'a>, Wrong> {
        let parts = members(line).map_err(|error| no_message(&error))?;
        let [kind] = scalars(&parts, [self.kind.as_ref()]).map_err(|error| no_message(&error))?;
        match kind.as_deref() {
            Some("RECORD") => {
                let record = members(member(&parts, "record").ok_or_else(|| missing("record"))?)
                    .map_err(|error| no_message(&error))?;
                let [stream] =
                    scalars(&record, [self.record_stream.as_ref()]).map_err(|error| no_message(&error))?;
                let stream = stream.unwrap_or_default();
                if *stream != *self.stream {
                    // One stream was configured: nobody announced another one.
                    return Err(Wrong::Protocol(Box::new(finding::unknown_stream(&stream))));
                }
                let data = member(&record, "data").filter(|data| data.starts_with('{'));
                data.map(Message::Record).ok_or_else(|| missing("data"))
            }
            Some("STATE") => {
                let state = member(&parts, "state").ok_or_else(|| missing("state"))?;
                Ok(if self.concerns(state)? { Message::State(state) } else { Message::Nothing })
            }
            Some("TRACE") => self.trace(member(&parts, "trace").ok_or_else(|| missing("trace"))?),
            Some("LOG") => {
                let log: Value = member(&parts, "log")
                    .and_then(|log| serde_json::from_str(log).ok())
                    .ok_or_else(|| missing("log"))?;
                let text = |key: &str| log.get(key).and_then(Value::as_str).unwrap_or_default();
                Ok(Message::Said(format!("{} {}", text("level"), text("message")).into()))
            }
            Some("CONTROL") => Ok(Message::Tell(finding::wants_change())),
            Some(_) => Ok(Message::Nothing),
            None => Err(missing("type")),
        }
    }

    fn mark(&self, state: &str) -> Option<String> {
        value_at(state, &self.marks)
    }

    fn proves_whole(&self) -> bool {
        !self.statuses || self.complete
    }
}

/// The state file of a stored state.
pub(super) fn state_file(state: &str) -> Vec<u8> {
    let legacy = serde_json::from_str::<Value>(state).ok().and_then(|state| match state.get("type") {
        None => state.get("data").cloned(),
        Some(kind) if kind == "LEGACY" => state.get("data").cloned(),
        Some(_) => None,
    });
    match legacy {
        Some(data) => data.to_string().into_bytes(),
        None => format!("[{state}]").into_bytes(),
    }
}

/// What `discover` and the manifest make of a stream.
pub(super) struct Chosen {
    /// The configured catalog.
    pub(super) catalog: Vec<u8>,
    /// Pointers to its key, where the source declares one.
    pub(super) key: Vec<String>,
    /// Where its changes grow.
    pub(super) replication_key: Option<String>,
}

/// Chooses a stream of what `discover` wrote.
///
/// # Errors
/// LT-PRC-013 no catalog, LT-PRC-014 no such stream or none that can be read this way, LT-PRC-021 the source reports
/// an error.
pub(super) fn choose(
    output: &str,
    stream: &str,
    incremental: bool,
    replication_key: Option<&str>,
) -> Result<Chosen, Finding> {
    let catalog = answer(output, "CATALOG", "catalog")?;
    let streams = catalog.get("streams").and_then(Value::as_array).cloned().unwrap_or_default();
    let name = |stream: &Value| stream.get("name").and_then(Value::as_str).map(str::to_owned);
    let Some(found) = streams.iter().find(|one| name(one).as_deref() == Some(stream)) else {
        let known: Vec<String> = streams.iter().filter_map(name).take(20).collect();
        let known = known.join(", ");
        return Err(finding::no_stream(
            stream,
            &format!("không có trong danh mục; có: {known}"),
            &format!("is not in the catalog, which has: {known}"),
        ));
    };
    let list = |key: &str| found.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    if incremental && !list("supported_sync_modes").iter().any(|mode| mode == "incremental") {
        return Err(finding::no_stream(
            stream,
            "không đọc được phần thay đổi (incremental), chỉ đọc được toàn bộ",
            "cannot be read incrementally, only as a whole",
        ));
    }
    let texts = |value: &Value| -> Vec<String> {
        match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    };
    let own = found.get("default_cursor_field").map(&texts).unwrap_or_default();
    let cursor = replication_key.map_or(own, |key| vec![key.to_owned()]);
    let keys: Vec<Vec<String>> = list("source_defined_primary_key").iter().map(&texts).collect();
    let pointer = |steps: &Vec<String>| {
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        place(&steps).map(|path| path.pointer())
    };
    let catalog = json!({ "streams": [{
        "stream": found,
        "sync_mode": if incremental { "incremental" } else { "full_refresh" },
        "cursor_field": cursor,
        "destination_sync_mode": "append",
        "primary_key": keys,
    }] });
    Ok(Chosen {
        catalog: catalog.to_string().into_bytes(),
        key: keys.iter().filter_map(pointer).collect(),
        replication_key: cursor.last().cloned(),
    })
}

/// The message of one type in an output; an error the source reports comes first.
fn answer(output: &str, kind: &str, part: &str) -> Result<Value, Finding> {
    if let Some(words) = error_in(output) {
        return Err(finding::said_error(&words));
    }
    let messages = output.lines().filter_map(|line| serde_json::from_str::<Value>(line.trim()).ok());
    let of_kind = |mut message: Value| {
        let wanted = message.get("type").and_then(Value::as_str) == Some(kind);
        message.get_mut(part).filter(|_| wanted).map(Value::take)
    };
    messages.filter_map(of_kind).next_back().ok_or_else(|| {
        finding::no_catalog(&Text::new(
            format!("không có thông điệp {kind}"),
            format!("there is no message {kind}"),
        ))
    })
}

/// What a source reports as an error in an output.
pub(super) fn error_in(output: &str) -> Option<String> {
    let messages = output.lines().filter_map(|line| serde_json::from_str::<Value>(line.trim()).ok());
    let told = |message: Value| {
        let is_error = message.pointer("/trace/type").and_then(Value::as_str) == Some("ERROR");
        let words = message.pointer("/trace/error/message").and_then(Value::as_str)?;
        is_error.then(|| words.to_owned())
    };
    messages.filter_map(told).next()
}

/// Members the configuration lacks by what `spec` wrote.
///
/// # Errors
/// As [`choose`].
pub(super) fn lacking(output: &str, configuration: &Value) -> Result<Vec<String>, Finding> {
    let spec = answer(output, "SPEC", "spec")?;
    let required = spec.pointer("/connectionSpecification/required").and_then(Value::as_array).cloned();
    let names = required.unwrap_or_default();
    let names = names.iter().filter_map(Value::as_str);
    Ok(names.filter(|name| configuration.get(name).is_none()).map(str::to_owned).collect())
}

/// What `check` wrote: nothing where the source can be reached.
///
/// # Errors
/// As [`choose`], and LT-PRC-021 the source cannot be reached.
pub(super) fn reachable(output: &str) -> Result<(), Finding> {
    let status = answer(output, "CONNECTION_STATUS", "connectionStatus")?;
    let text = |key: &str| status.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("status") == "SUCCEEDED" { Ok(()) } else { Err(finding::said_error(text("message"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Airbyte {
        Airbyte::new("tasks", Some("updated_at"))
    }

    #[test]
    fn record_is_cut_out_and_one_of_another_stream_breaks_the_protocol() {
        let line = r#"{"type":"RECORD","record":{"stream":"tasks","data":{"id":1.50},"emitted_at":1}}"#;
        assert!(matches!(source().read(line), Ok(Message::Record(r#"{"id":1.50}"#))));
        let Err(Wrong::Protocol(finding)) = source().read(&line.replace("tasks", "users")) else {
            panic!("another stream")
        };
        assert_eq!(finding.code, "LT-PRC-011");
    }

    #[test]
    fn state_of_the_stream_counts_and_that_of_others_does_not() {
        let line = r#"{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"tasks"},"stream_state":{"updated_at":"2026-11-01"}}}}"#;
        let mut source = source();
        let Ok(Message::State(state)) = source.read(line) else { panic!("a state") };
        assert_eq!(source.mark(state).as_deref(), Some("2026-11-01"));
        assert_eq!(state_file(state), format!("[{state}]").into_bytes());
        assert!(matches!(source.read(&line.replace("tasks", "users")), Ok(Message::Nothing)));
        assert_eq!(state_file(r#"{"data":{"a":1}}"#), br#"{"a":1}"#);
    }

    #[test]
    fn error_is_told_and_only_a_complete_stream_is_whole() {
        let line = r#"{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1,"error":{"message":"401","failure_type":"config_error"}}}"#;
        let Ok(Message::Failed(words, disposition)) = source().read(line) else { panic!("an error") };
        assert_eq!((words.as_str(), disposition), ("401", Disposition::NeedsOperator));
        let mut source = source();
        let status = |status: &str| {
            format!(
                r#"{{"type":"TRACE","trace":{{"type":"STREAM_STATUS","stream_status":{{"stream_descriptor":{{"name":"tasks"}},"status":"{status}"}}}}}}"#
            )
        };
        assert!(source.proves_whole());
        source.read(&status("STARTED")).expect("read");
        assert!(!source.proves_whole());
        assert!(matches!(source.read(&status("INCOMPLETE")), Ok(Message::Status(false))));
        assert!(matches!(source.read(&status("COMPLETE")), Ok(Message::Status(true))));
        assert!(source.proves_whole());
    }

    #[test]
    fn stream_is_configured_as_the_catalog_allows() {
        let output = r#"{"type":"LOG","log":{"level":"INFO","message":"x"}}
            {"type":"CATALOG","catalog":{"streams":[{"name":"tasks","json_schema":{},"supported_sync_modes":["full_refresh","incremental"],"source_defined_primary_key":[["id"]],"default_cursor_field":["updated_at"]},{"name":"units","supported_sync_modes":["full_refresh"]}]}}"#;
        let chosen = choose(output, "tasks", true, None).expect("chosen");
        assert_eq!(
            (chosen.key, chosen.replication_key.as_deref()),
            (vec!["/id".to_owned()], Some("updated_at"))
        );
        let catalog: Value = serde_json::from_slice(&chosen.catalog).expect("JSON");
        assert_eq!(catalog["streams"][0]["sync_mode"], "incremental");
        for (stream, incremental) in [("units", true), ("people", false)] {
            assert_eq!(
                choose(output, stream, incremental, None).err().map(|e| e.code),
                Some("LT-PRC-014".into())
            );
        }
        assert_eq!(choose("", "tasks", true, None).err().map(|e| e.code), Some("LT-PRC-013".into()));
    }

    #[test]
    fn spec_and_check_are_understood() {
        let spec = r#"{"type":"SPEC","spec":{"connectionSpecification":{"required":["url","token"]}}}"#;
        assert_eq!(lacking(spec, &json!({ "url": "x" })).expect("read"), ["token"]);
        let status = |status: &str| {
            format!(
                r#"{{"type":"CONNECTION_STATUS","connectionStatus":{{"status":"{status}","message":"no"}}}}"#
            )
        };
        assert!(reachable(&status("SUCCEEDED")).is_ok());
        assert_eq!(reachable(&status("FAILED")).expect_err("refused").code, "LT-PRC-021");
    }
}
