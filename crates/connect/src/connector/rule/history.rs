//! History rules at work: the events a record tells about itself.
//!
//! Owns reading a list of history entries and single dated facts into events. It must not compare records
//! or derive states: that is `ingest`'s business. An entry that cannot be read rejects its record, because
//! half a history would give a wrong lateness.

use super::super::json::{Json, Path};
use super::super::manifest::Problem;
use super::spec::{EventRule, HistoryRules};
use super::value::{Fault, Scope, ValueRule};
use super::{AccountRule, Compiler, TimeRule, account, instant};
use crate::domain::{EventKind, SourceEvent};
use crate::error::Text;

/// Most entries one record's history may have.
const MAX_ENTRIES: usize = 2_000;

/// Longest note kept, in characters.
const MAX_NOTE: usize = 2_000;

const KINDS: &str = "assigned, due_changed, progressed, submitted, returned, approved, refused, reopened, \
                     handed_over, recalled, cancelled, edited, ignore";

/// The word in `map` for entries that say nothing about the task's life.
const IGNORE: &str = "ignore";

/// Compiled rules of a history list.
#[derive(Debug)]
pub(super) struct HistoryReader {
    list: Path,
    kind: ValueRule,
    at: TimeRule,
    actor: Option<AccountRule>,
    from: Option<AccountRule>,
    to: Option<AccountRule>,
    note: Option<ValueRule>,
}

impl HistoryReader {
    pub(super) fn compile(rules: &HistoryRules, compiler: &mut Compiler<'_>) -> Option<Self> {
        let list = match Path::parse(&rules.list) {
            Ok(path) => path,
            Err(why) => {
                compiler.problems.push(Problem::path("events.list", &rules.list, why));
                return None;
            }
        };
        compiler.words("events.kind", &rules.kind, |word| word == IGNORE || told(word).is_some(), KINDS);
        Some(Self {
            list,
            kind: compiler.text("events.kind", &rules.kind, true, true)?,
            at: compiler.time("events.at", Some(&rules.at))?,
            actor: compiler.account("events.actor", rules.actor.as_ref()),
            from: compiler.account("events.from", rules.from.as_ref()),
            to: compiler.account("events.to", rules.to.as_ref()),
            note: compiler.optional("events.note", rules.note.as_ref()),
        })
    }

    pub(super) fn read(&self, record: &Scope<'_>, events: &mut Vec<SourceEvent>) -> Result<(), Fault> {
        let entries = match record.at(&self.list) {
            None | Some(Json::Null) => return Ok(()),
            Some(Json::List(entries)) => entries,
            Some(other) => return Err(no_list(other.kind())),
        };
        if entries.len() > MAX_ENTRIES {
            return Err(too_long(entries.len()));
        }
        for entry in entries {
            let scope = Scope::new(entry, &[]);
            let word = self.kind.value(&scope)?.unwrap_or_default();
            if word == IGNORE {
                continue;
            }
            let Some(kind) = told(&word) else { return Err(unknown_kind(&word)) };
            let mut event = SourceEvent::new(kind, instant(&self.at, &scope)?);
            event.actor = self.actor.as_ref().map_or(Ok(None), |rule| account(rule, &scope))?;
            if kind == EventKind::HandedOver {
                event.from = self.from.as_ref().map_or(Ok(None), |rule| account(rule, &scope))?;
                event.to = self.to.as_ref().map_or(Ok(None), |rule| account(rule, &scope))?;
            }
            event.note = note(self.note.as_ref(), &scope)?;
            events.push(event);
        }
        Ok(())
    }
}

/// Compiled rule of one dated fact.
#[derive(Debug)]
pub(super) struct EventReader {
    kind: EventKind,
    at: TimeRule,
    actor: Option<AccountRule>,
    note: Option<ValueRule>,
}

impl EventReader {
    pub(super) fn compile(key: &str, rule: &EventRule, compiler: &mut Compiler<'_>) -> Option<Self> {
        if told(rule.kind.as_str()).is_none() {
            compiler.problems.push(Problem::word(&format!("{key}.kind"), rule.kind.as_str(), KINDS));
            return None;
        }
        Some(Self {
            kind: rule.kind,
            at: compiler.time(&format!("{key}.at"), Some(&rule.at))?,
            actor: compiler.account(&format!("{key}.actor"), rule.actor.as_ref()),
            note: compiler.optional(&format!("{key}.note"), rule.note.as_ref()),
        })
    }

    pub(super) fn read(&self, record: &Scope<'_>) -> Result<Option<SourceEvent>, Fault> {
        let Some(at) = instant(&self.at, record)? else { return Ok(None) };
        let mut event = SourceEvent::new(self.kind, Some(at));
        event.actor = self.actor.as_ref().map_or(Ok(None), |rule| account(rule, record))?;
        event.note = note(self.note.as_ref(), record)?;
        Ok(Some(event))
    }
}

/// The kinds a source can tell; `gone` and `outdated` are ours alone.
fn told(word: &str) -> Option<EventKind> {
    EventKind::parse(word).filter(|kind| !matches!(kind, EventKind::Gone | EventKind::Outdated))
}

fn note(rule: Option<&ValueRule>, scope: &Scope<'_>) -> Result<Option<String>, Fault> {
    let Some(rule) = rule else { return Ok(None) };
    Ok(rule.value(scope)?.map(|text| text.chars().take(MAX_NOTE).collect()))
}

fn no_list(kind: &str) -> Fault {
    Fault {
        code: "LT-SRC-008",
        what: Text::new(
            format!("lịch sử phải là danh sách, ở đây là {kind}"),
            format!("the history must be a list, here it is a {kind}"),
        ),
        remedy: Text::new("sửa events.list trong manifest", "correct events.list in the manifest"),
    }
}

fn too_long(entries: usize) -> Fault {
    Fault {
        code: "LT-SRC-004",
        what: Text::new(
            format!("lịch sử có {entries} dòng, nhiều hơn {MAX_ENTRIES}"),
            format!("the history has {entries} entries, more than {MAX_ENTRIES}"),
        ),
        remedy: Text::new(
            "kiểm tra bản ghi ở hệ thống nguồn; có thể một quy trình tự động đang ghi lặp",
            "look at the record in the source; a process there may be writing in a loop",
        ),
    }
}

fn unknown_kind(word: &str) -> Fault {
    let shown = super::excerpt(word);
    Fault {
        code: "LT-SRC-006",
        what: Text::new(
            format!("loại sự kiện \"{shown}\" không có trong events.kind.map"),
            format!("the kind of event \"{shown}\" is not in events.kind.map"),
        ),
        remedy: Text::new(
            "thêm vào events.kind.map (ignore nếu không có ý nghĩa) rồi chạy lại các bản ghi bị loại",
            "add it to events.kind.map (ignore if it means nothing) and replay the rejected records",
        ),
    }
}
