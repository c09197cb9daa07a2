//! Where the record of a task stands in what its source gave, in words, for whoever goes down from a figure to its source.
//!
//! Owns the wording for files (their line) and for answers (their number and the record's number there), and the history of
//! tasks with a completion that their record alone tells. It must not know what the record says. An error of the store is the
//! caller's.

use super::app::App;
use super::derived::list;
use super::wording::{Event, local_time};
use crate::domain::{CitizenId, SourceEvent, SourceId};
use crate::error::{Lang, Text};
use crate::store::{RecordPlace, Seen, StoreError, StoredTask};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

/// Tasks whose events are told; a person has fewer, and a leader's pool is explained by its people.
const MOST_EVENTS_OF: usize = 400;

/// What happened to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// What, and when by the source.
    pub event: SourceEvent,
    /// When we saw it.
    pub seen_at: DateTime<Utc>,
    /// The kept answer it was seen in.
    pub answer: Option<i64>,
    /// Whether it is told by the record alone: the task was completed when it was seen first.
    pub of_record: bool,
}

impl Happened {
    /// It in words: what, when by the source, when and in which answer it was seen.
    pub fn told(&self) -> Text {
        let moment = |at: DateTime<Utc>, lang: Lang| {
            let text = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            local_time(&text, lang).unwrap_or(text)
        };
        let told = |lang: Lang| {
            let event = Event {
                kind: self.event.kind.as_str(),
                at: &self.event.at.map_or_else(|| "–".to_owned(), |at| moment(at, lang)),
                seen: &moment(self.seen_at, lang),
                answer: &self.answer.map_or_else(|| "–".to_owned(), |answer| answer.to_string()),
                of_record: self.of_record,
            };
            event.told(lang)
        };
        Text::new(told(Lang::Vi), told(Lang::En))
    }
}

impl App {
    /// What happened to a task, oldest first. A task that was completed when it was first seen has its completion in no
    /// event: it stands as one of its own, as its record tells it.
    ///
    /// # Errors
    /// The store's.
    pub async fn history_of(&self, task: &StoredTask) -> Result<Vec<Happened>, StoreError> {
        Ok(history(task, self.store.events_of(task.id).await?))
    }

    /// What happened to some tasks (`source/key`), by task, as far as it had been seen by a moment; of the first 400 of them.
    ///
    /// # Errors
    /// The store's.
    pub async fn histories<'a>(
        &self,
        tasks: impl Iterator<Item = &'a str>,
        until: Option<DateTime<Utc>>,
    ) -> Result<BTreeMap<String, Vec<Happened>>, StoreError> {
        let mut keys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (source, key) in tasks.take(MOST_EVENTS_OF).filter_map(|task| task.split_once('/')) {
            keys.entry(source).or_default().push(key);
        }
        let mut ids = Vec::new();
        for (source, keys) in keys {
            let Ok(id) = source.parse::<SourceId>() else { continue };
            ids.extend(self.store.known_hashes(&id, &keys).await?.into_iter().flatten().map(|(id, _)| id));
        }
        ids.sort_unstable();
        ids.dedup();
        let mut events = self.store.events_of_each(&ids).await?;
        let mut told = BTreeMap::new();
        for task in self.store.load_tasks(&ids).await? {
            let mut all = history(&task, events.remove(&task.id).unwrap_or_default());
            all.retain(|one| until.is_none_or(|until| one.seen_at <= until));
            told.insert(format!("{}/{}", task.key.source, task.key.external_id), all);
        }
        Ok(told)
    }

    /// Where the records of tasks (`source/key`) stand, in words, by task; without those of which no answer is kept.
    ///
    /// # Errors
    /// The store's.
    pub async fn record_places(&self, tasks: &[&str]) -> Result<BTreeMap<String, Text>, StoreError> {
        let mut keys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (source, key) in tasks.iter().filter_map(|task| task.split_once('/')) {
            keys.entry(source).or_default().push(key);
        }
        let mut found = BTreeMap::new();
        for (source, keys) in keys {
            let Ok(id) = source.parse::<SourceId>() else { continue };
            let places = self.store.record_places(&id, &keys).await?;
            found.extend(places.iter().map(|(key, place)| (format!("{source}/{key}"), told(place))));
        }
        Ok(found)
    }
}

/// What happened to a task by the events seen of it, with what its record alone tells.
fn history(task: &StoredTask, events: Vec<Seen>) -> Vec<Happened> {
    let mut told: Vec<Happened> = events
        .into_iter()
        .map(|(seen_at, event, answer)| Happened { event, seen_at, answer, of_record: false })
        .collect();
    let kinds: Vec<_> = told.iter().map(|one| one.event.kind).collect();
    if let Some(event) = task.task.completion_untold(&kinds) {
        let (seen_at, answer) =
            told.first().map_or((task.task.first_seen_at, None), |first| (first.seen_at, first.answer));
        // What was seen later happened after it.
        let place = told.iter().take_while(|one| one.seen_at <= seen_at).count();
        told.insert(place, Happened { event, seen_at, answer, of_record: true });
    }
    told
}

/// The tasks of a derivation's own lines, as `source/key`; a leader's pool is explained by its people.
pub fn own_tasks(derivation: &Value) -> impl Iterator<Item = &str> {
    let own = list(derivation, "lines").filter(|line| line.get("of").is_none_or(Value::is_null));
    own.filter_map(source_of)
}

/// The tasks of a derivation that do not count, as `source/key`.
pub fn excluded_tasks(derivation: &Value) -> impl Iterator<Item = &str> {
    list(derivation, "excluded").filter_map(source_of)
}

fn source_of(line: &Value) -> Option<&str> {
    line.get("source")?.as_str()
}

/// A place in words.
pub fn told(place: &RecordPlace) -> Text {
    let RecordPlace { answer, request, place } = place;
    let place = place.as_deref().unwrap_or_default();
    let Text { vi, en } = asked(request);
    if let Some(number) = place.strip_prefix('#').filter(|number| is_number(number)) {
        return Text::new(
            format!("câu trả lời {answer} ({vi}), bản ghi thứ {number}"),
            format!("answer {answer} ({en}), record {number}"),
        );
    }
    match place.rsplit_once(':').filter(|(_, line)| is_number(line)) {
        Some((file, line)) => Text::new(format!("{file}, dòng {line}"), format!("{file}, line {line}")),
        None => Text::new(format!("câu trả lời {answer} ({vi})"), format!("answer {answer} ({en})")),
    }
}

/// What was asked for an answer, in words: with the page of a list, without the number of a citizen.
pub fn asked(request: &str) -> Text {
    // A source asked per user has the account in the address, which may be a citizen's number.
    let request = CitizenId::mask_in(request);
    let page = request.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (page "));
    match page.filter(|(_, page)| is_number(page)) {
        Some((what, page)) => Text::new(format!("{what}, trang {page}"), format!("{what}, page {page}")),
        None => Text::new(request.clone(), request),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_is_told_by_line_of_a_file_or_by_number_in_an_answer() {
        let of = |request: &str, place: Option<&str>| {
            let place = RecordPlace { answer: 7, request: request.into(), place: place.map(Into::into) };
            told(&place).vi
        };
        assert_eq!(of("so.xlsx", Some("so.xlsx [Quý IV]:12")), "so.xlsx [Quý IV], dòng 12");
        assert_eq!(of("so.xlsx", Some("#tuần:3.xlsx:5")), "#tuần:3.xlsx, dòng 5");
        assert_eq!(of("GET /tasks", Some("#6")), "câu trả lời 7 (GET /tasks), bản ghi thứ 6");
        assert_eq!(
            of("GET /tasks (page 2)", Some("#6")),
            "câu trả lời 7 (GET /tasks, trang 2), bản ghi thứ 6"
        );
        assert_eq!(
            of("so (page 2).xlsx", None),
            "câu trả lời 7 (so (page 2).xlsx)",
            "a file's name is its own"
        );
        assert_eq!(of("so.xlsx", None), "câu trả lời 7 (so.xlsx)", "read before places were kept");
    }
}
