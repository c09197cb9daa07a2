//! What is stored of a task and of an event beside the columns people search and sort by.
//!
//! Owns the short form of both documents: nothing a column of the same row says stands in them again, nothing
//! that follows from the rest is written, and moments are milliseconds since 1970 where that loses nothing. What
//! is read back equals what was written, to the nanosecond. It must not know tables beyond the columns named here;
//! a document that cannot be read is an error, never an empty task.

use super::StoreError;
use super::db::Row;
use super::task::StoredTask;
use crate::domain::{
    AccountKind, AccountRef, CanonicalTask, Due, EventKind, SourceEvent, TaskDraft, TaskKey, TaskStatus,
};
use chrono::{DateTime, NaiveDate, NaiveTime, Timelike as _, Utc};
use rust_decimal::Decimal;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Columns a task is read from, with `t` for its table.
pub(super) const TASK_COLUMNS: &str =
    "t.id, t.source_id, t.external_id, t.status, t.title, t.due_day, t.changed_at, t.facts";

/// How many they are: where the columns of a joined table begin.
pub(super) const TASK_WIDTH: usize = 8;

/// An instant: milliseconds since 1970, or its text where it is finer than that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl Moment {
    /// Milliseconds, where they say everything.
    fn millis(self) -> Option<i64> {
        // A leap second has more than a thousand milliseconds and stays a text.
        let nanos = self.0.timestamp_subsec_nanos();
        (nanos < 1_000_000_000 && nanos.is_multiple_of(1_000_000)).then(|| self.0.timestamp_millis())
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.millis() {
            Some(millis) => serializer.serialize_i64(millis),
            None => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("milliseconds since 1970 or an instant")
            }

            fn visit_i64<E: serde::de::Error>(self, millis: i64) -> Result<Moment, E> {
                DateTime::from_timestamp_millis(millis).map(Moment).ok_or_else(|| E::custom("no instant"))
            }

            fn visit_u64<E: serde::de::Error>(self, millis: u64) -> Result<Moment, E> {
                self.visit_i64(i64::try_from(millis).map_err(E::custom)?)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Moment, E> {
                text.parse().map(Moment).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// A person as a source names them: `a:`, `s:` or `c:` for the kind, then the name.
#[derive(Debug, Clone, PartialEq)]
struct Account<'a>(Cow<'a, AccountRef>);

impl Serialize for Account<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match self.0.kind {
            AccountKind::Account => "a:",
            AccountKind::StaffNumber => "s:",
            AccountKind::CitizenId => "c:",
        };
        serializer.serialize_str(&[kind, &self.0.value].concat())
    }
}

impl<'de> Deserialize<'de> for Account<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let kinds =
            [("a:", AccountKind::Account), ("s:", AccountKind::StaffNumber), ("c:", AccountKind::CitizenId)];
        let named = kinds.into_iter().find_map(|(mark, kind)| Some((kind, text.strip_prefix(mark)?)));
        let (kind, value) = named.ok_or_else(|| D::Error::custom("no account"))?;
        Ok(Self(Cow::Owned(AccountRef { kind, value: value.to_owned() })))
    }
}

/// A due date: its day, and the second of the day or the time as text where it has one finer than that.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct DueForm(NaiveDate, #[serde(default, skip_serializing_if = "Option::is_none")] Option<Hour>);

/// A time of day in seconds, or its text where it is finer than that.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Hour {
    Second(u32),
    Text(NaiveTime),
}

impl Hour {
    pub(super) fn of(time: NaiveTime) -> Self {
        let second = time.num_seconds_from_midnight();
        if NaiveTime::from_num_seconds_from_midnight_opt(second, 0) == Some(time) {
            Self::Second(second)
        } else {
            Self::Text(time)
        }
    }

    pub(super) fn time(self) -> Option<NaiveTime> {
        match self {
            Self::Second(second) => NaiveTime::from_num_seconds_from_midnight_opt(second, 0),
            Self::Text(time) => Some(time),
        }
    }
}

impl From<Due> for DueForm {
    fn from(due: Due) -> Self {
        Self(due.day, due.time.map(Hour::of))
    }
}

impl From<DueForm> for Due {
    fn from(form: DueForm) -> Self {
        Self { day: form.0, time: form.1.and_then(Hour::time) }
    }
}

/// An event without what its columns say; a whole one where it stands in a task's own history.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct EventForm<'a> {
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    kind: Option<EventKind>,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    at: Option<Moment>,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    actor: Option<Account<'a>>,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    from: Option<Account<'a>>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    to: Option<Account<'a>>,
    /// No due date any more.
    #[serde(rename = "z", default, skip_serializing_if = "std::ops::Not::not")]
    due_removed: bool,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    due: Option<DueForm>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
}

fn account(account: &Option<AccountRef>) -> Option<Account<'_>> {
    account.as_ref().map(|account| Account(Cow::Borrowed(account)))
}

fn named(account: Option<Account<'_>>) -> Option<AccountRef> {
    account.map(|account| account.0.into_owned())
}

fn text(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().map(Cow::Borrowed)
}

impl<'a> EventForm<'a> {
    /// What stands beside kind and time.
    fn beside(event: &'a SourceEvent) -> Self {
        Self {
            kind: None,
            at: None,
            actor: account(&event.actor),
            from: account(&event.from),
            to: account(&event.to),
            due_removed: event.due == Some(None),
            due: event.due.flatten().map(DueForm::from),
            note: text(&event.note),
        }
    }

    fn whole(event: &'a SourceEvent) -> Self {
        Self { kind: Some(event.kind), at: event.at.map(Moment), ..Self::beside(event) }
    }

    fn event(self, kind: EventKind, at: Option<DateTime<Utc>>) -> SourceEvent {
        let due = match (self.due, self.due_removed) {
            (Some(due), _) => Some(Some(due.into())),
            (None, true) => Some(None),
            (None, false) => None,
        };
        SourceEvent {
            kind: self.kind.unwrap_or(kind),
            at: self.at.map(|at| at.0).or(at),
            actor: named(self.actor),
            from: named(self.from),
            to: named(self.to),
            due,
            note: self.note.map(Cow::into_owned),
        }
    }
}

/// A task without what its columns say and without what is as in nearly every task.
#[derive(Debug, Default, Serialize, Deserialize)]
struct TaskForm<'a> {
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<Moment>,
    #[serde(rename = "r")]
    raw_status: Cow<'a, str>,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    assignee: Option<Account<'a>>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    assignee_name: Option<Cow<'a, str>>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    unit: Option<Cow<'a, str>>,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    assigned_at: Option<Moment>,
    /// Hour of the day it is due.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    due_hour: Option<Hour>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    submitted_at: Option<Moment>,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    completed_at: Option<Moment>,
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    quantity: Option<Decimal>,
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    unplanned: bool,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    doc_type: Option<Cow<'a, str>>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    category: Option<Cow<'a, str>>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    doc_number: Option<Cow<'a, str>>,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    product_code: Option<Cow<'a, str>>,
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventForm<'a>>,
    /// Left out while the present assignee is the only one.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    assignees: Option<Vec<(Account<'a>, Option<Moment>)>>,
    /// Left out while the present due date is the only one and was granted with the assignment.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    due_changes: Option<Vec<(Option<DueForm>, Moment)>>,
    #[serde(rename = "b", default, skip_serializing_if = "is_zero")]
    returned_count: u32,
    #[serde(rename = "j", default, skip_serializing_if = "is_zero")]
    reopened_count: u32,
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    accepted_submission_at: Option<Moment>,
    /// The state last shown of a task that is gone.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    shown_last: Option<TaskStatus>,
    /// Left out where the column of the last change says it.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    first_seen_at: Option<Moment>,
    /// The same.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    last_changed_at: Option<Moment>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

fn only_assignee(draft: &TaskDraft) -> impl Iterator<Item = (&AccountRef, Option<DateTime<Utc>>)> {
    draft.assignee.iter().map(|account| (account, None))
}

fn only_due(draft: &TaskDraft, first_seen_at: DateTime<Utc>) -> (Option<Due>, DateTime<Utc>) {
    (draft.due, draft.assigned_at.unwrap_or(first_seen_at))
}

/// A task's document; `changed_at` is what the column of that name will say.
pub(super) fn task_document(
    task: &CanonicalTask,
    changed_at: DateTime<Utc>,
    room: &mut Vec<u8>,
) -> Result<Arc<str>, StoreError> {
    let draft = &task.draft;
    // A column keeps milliseconds on one database and microseconds on the other.
    let beside = |at: DateTime<Utc>| {
        let told = at == changed_at && Moment(at).millis().is_some();
        (!told).then_some(Moment(at))
    };
    let one = task.assignees.iter().map(|(account, since)| (account, *since)).eq(only_assignee(draft));
    let assignees =
        || task.assignees.iter().map(|(who, since)| (Account(Cow::Borrowed(who)), since.map(Moment)));
    let granted = task.due_changes == [only_due(draft, task.first_seen_at)];
    let due_changes = || task.due_changes.iter().map(|(due, at)| (due.map(DueForm::from), Moment(*at)));
    let form = TaskForm {
        updated_at: draft.updated_at.map(Moment),
        raw_status: Cow::Borrowed(&draft.raw_status),
        assignee: account(&draft.assignee),
        assignee_name: text(&draft.assignee_name),
        unit: text(&draft.unit),
        assigned_at: draft.assigned_at.map(Moment),
        due_hour: draft.due.and_then(|due| due.time).map(Hour::of),
        submitted_at: draft.submitted_at.map(Moment),
        completed_at: draft.completed_at.map(Moment),
        quantity: draft.quantity,
        unplanned: draft.unplanned,
        doc_type: text(&draft.doc_type),
        category: text(&draft.category),
        doc_number: text(&draft.doc_number),
        product_code: text(&draft.product_code),
        events: draft.events.iter().map(EventForm::whole).collect(),
        assignees: (!one).then(|| assignees().collect()),
        due_changes: (!granted).then(|| due_changes().collect()),
        returned_count: task.returned_count,
        reopened_count: task.reopened_count,
        accepted_submission_at: task.accepted_submission_at.map(Moment),
        shown_last: task.shown_last,
        first_seen_at: beside(task.first_seen_at),
        last_changed_at: beside(task.last_changed_at),
    };
    document(&form, room)
}

/// An event's document: what its columns do not say, or none.
pub(super) fn event_document(
    event: &SourceEvent,
    room: &mut Vec<u8>,
) -> Result<Option<Arc<str>>, StoreError> {
    let mut form = EventForm::beside(event);
    // What the column would cut off.
    form.at = event.at.map(Moment).filter(|at| at.millis().is_none());
    if form == EventForm::default() { Ok(None) } else { document(&form, room).map(Some) }
}

fn document<T: Serialize>(form: &T, room: &mut Vec<u8>) -> Result<Arc<str>, StoreError> {
    room.clear();
    serde_json::to_writer(&mut *room, form)?;
    let text = simdutf8::basic::from_utf8(room);
    text.map(Arc::from).map_err(|_| StoreError::unexpected("a document is not text"))
}

/// What a score takes of a task's document; everything else is passed over unread.
#[derive(Debug, Deserialize)]
pub(super) struct ScoredForm {
    #[serde(rename = "g", default)]
    pub(super) assigned_at: Option<Moment>,
    #[serde(rename = "h", default)]
    pub(super) due_hour: Option<Hour>,
    #[serde(rename = "c", default)]
    pub(super) completed_at: Option<Moment>,
    #[serde(rename = "q", default)]
    pub(super) quantity: Option<Decimal>,
    #[serde(rename = "x", default)]
    pub(super) unplanned: bool,
    #[serde(rename = "l", default)]
    pub(super) due_changes: Option<Vec<(Option<DueForm>, Moment)>>,
    #[serde(rename = "b", default)]
    pub(super) returned_count: u32,
    #[serde(rename = "z", default)]
    pub(super) accepted_submission_at: Option<Moment>,
    #[serde(rename = "v", default)]
    pub(super) shown_last: Option<TaskStatus>,
    #[serde(rename = "f", default)]
    pub(super) first_seen_at: Option<Moment>,
    #[serde(rename = "m", default)]
    pub(super) last_changed_at: Option<Moment>,
}

/// A row of [`TASK_COLUMNS`] as far as a score depends on it: without the people, words and history of its source, which
/// are most of a document.
#[derive(Debug)]
pub(super) struct ScoredTask {
    pub(super) id: i64,
    pub(super) source: String,
    pub(super) external_id: String,
    pub(super) status: TaskStatus,
    pub(super) title: String,
    pub(super) due_day: Option<NaiveDate>,
    pub(super) changed_at: DateTime<Utc>,
    pub(super) form: ScoredForm,
}

impl ScoredTask {
    pub(super) fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.int(0)?,
            source: row.text(1)?,
            external_id: row.text(2)?,
            status: known(&row.text(3)?)?,
            title: row.text(4)?,
            due_day: row.opt_day(5)?,
            changed_at: row.at(6)?,
            form: row.json(7)?,
        })
    }

    /// The task itself.
    pub(super) fn task(self) -> Result<StoredTask, StoreError> {
        let Self { id, source, external_id, status, title, due_day, changed_at, form } = self;
        let whole = TaskForm {
            assigned_at: form.assigned_at,
            due_hour: form.due_hour,
            completed_at: form.completed_at,
            quantity: form.quantity,
            unplanned: form.unplanned,
            due_changes: form.due_changes,
            returned_count: form.returned_count,
            accepted_submission_at: form.accepted_submission_at,
            shown_last: form.shown_last,
            first_seen_at: form.first_seen_at,
            last_changed_at: form.last_changed_at,
            ..TaskForm::default()
        };
        stored(id, &source, Columns { external_id, status, title, due_day }, changed_at, whole)
    }
}

/// The task of a row of [`TASK_COLUMNS`].
pub(super) fn stored_task(row: &Row) -> Result<StoredTask, StoreError> {
    task_of(row, row.json(7)?)
}

fn task_of(row: &Row, form: TaskForm<'static>) -> Result<StoredTask, StoreError> {
    let (external_id, status, title) = (row.text(2)?, known(&row.text(3)?)?, row.text(4)?);
    let columns = Columns { external_id, status, title, due_day: row.opt_day(5)? };
    stored(row.int(0)?, &row.text(1)?, columns, row.at(6)?, form)
}

fn known(status: &str) -> Result<TaskStatus, StoreError> {
    TaskStatus::parse(status).ok_or_else(|| StoreError::unexpected("a task has no known state"))
}

fn stored(
    id: i64,
    source: &str,
    columns: Columns,
    changed_at: DateTime<Utc>,
    form: TaskForm<'_>,
) -> Result<StoredTask, StoreError> {
    let source = source.parse().map_err(|_| StoreError::unexpected("a task with an unreadable source"))?;
    let key = TaskKey { source, external_id: columns.external_id.clone() };
    Ok(StoredTask { id, key, task: form.task(columns, changed_at), changed_at })
}

/// The event of a row: kind, time and document stand at `first` and after.
pub(super) fn stored_event(row: &Row, first: usize) -> Result<SourceEvent, StoreError> {
    let kind = row.text(first)?;
    let kind = EventKind::parse(&kind).ok_or_else(|| StoreError::unexpected("an event has no known kind"))?;
    let form: Option<EventForm<'static>> = row.opt_json(first + 2)?;
    Ok(form.unwrap_or_default().event(kind, row.opt_at(first + 1)?))
}

/// What the columns of a task's row say.
struct Columns {
    external_id: String,
    status: TaskStatus,
    title: String,
    due_day: Option<NaiveDate>,
}

impl TaskForm<'_> {
    fn task(self, columns: Columns, changed_at: DateTime<Utc>) -> CanonicalTask {
        let hour = self.due_hour.and_then(Hour::time);
        let draft = TaskDraft {
            external_id: columns.external_id,
            updated_at: self.updated_at.map(|at| at.0),
            title: columns.title,
            status: columns.status,
            raw_status: self.raw_status.into_owned(),
            assignee: named(self.assignee),
            assignee_name: self.assignee_name.map(Cow::into_owned),
            unit: self.unit.map(Cow::into_owned),
            assigned_at: self.assigned_at.map(|at| at.0),
            due: columns.due_day.map(|day| Due { day, time: hour }),
            submitted_at: self.submitted_at.map(|at| at.0),
            completed_at: self.completed_at.map(|at| at.0),
            quantity: self.quantity,
            unplanned: self.unplanned,
            doc_type: self.doc_type.map(Cow::into_owned),
            category: self.category.map(Cow::into_owned),
            doc_number: self.doc_number.map(Cow::into_owned),
            product_code: self.product_code.map(Cow::into_owned),
            // A whole form carries its kind.
            events: self.events.into_iter().map(|form| form.event(EventKind::Progressed, None)).collect(),
        };
        let first_seen_at = self.first_seen_at.map_or(changed_at, |at| at.0);
        let assignees = match self.assignees {
            Some(all) => all.into_iter().map(|(who, at)| (who.0.into_owned(), at.map(|at| at.0))).collect(),
            None => only_assignee(&draft).map(|(account, since)| (account.clone(), since)).collect(),
        };
        let due_changes = match self.due_changes {
            Some(all) => all.into_iter().map(|(due, at)| (due.map(Due::from), at.0)).collect(),
            None => vec![only_due(&draft, first_seen_at)],
        };
        CanonicalTask {
            draft,
            assignees,
            due_changes,
            returned_count: self.returned_count,
            reopened_count: self.reopened_count,
            accepted_submission_at: self.accepted_submission_at.map(|at| at.0),
            shown_last: self.shown_last,
            first_seen_at,
            last_changed_at: self.last_changed_at.map_or(changed_at, |at| at.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("instant")
    }

    fn who(kind: AccountKind, value: &str) -> AccountRef {
        AccountRef { kind, value: value.to_owned() }
    }

    fn plain() -> CanonicalTask {
        let draft = TaskDraft {
            external_id: "nv-1".to_owned(),
            updated_at: Some(at("2026-10-01T02:03:04.005Z")),
            title: "Báo cáo \"quý\"".to_owned(),
            status: TaskStatus::Done,
            raw_status: "APPROVED".to_owned(),
            assignee: Some(who(AccountKind::Account, "an.nv")),
            assignee_name: Some("Nguyễn Văn An".to_owned()),
            unit: Some("SNV".to_owned()),
            assigned_at: Some(at("2026-09-01T00:00:00Z")),
            due: Some(Due { day: "2026-10-15".parse().expect("day"), time: "17:00:00".parse().ok() }),
            submitted_at: Some(at("2026-09-30T00:00:00Z")),
            completed_at: None,
            quantity: "0.80".parse().ok(),
            unplanned: true,
            doc_type: Some("Báo cáo".to_owned()),
            category: None,
            doc_number: Some("12/BC".to_owned()),
            product_code: Some("SP-1".to_owned()),
            events: Vec::new(),
        };
        let seen = at("2026-10-02T00:00:00.123Z");
        CanonicalTask {
            assignees: vec![(who(AccountKind::Account, "an.nv"), None)],
            due_changes: vec![(draft.due, at("2026-09-01T00:00:00Z"))],
            draft,
            returned_count: 0,
            reopened_count: 0,
            accepted_submission_at: Some(at("2026-09-30T00:00:00Z")),
            shown_last: None,
            first_seen_at: seen,
            last_changed_at: seen,
        }
    }

    fn again(task: &CanonicalTask, changed_at: DateTime<Utc>) -> CanonicalTask {
        let text = task_document(task, changed_at, &mut Vec::new()).expect("document");
        let form: TaskForm<'static> = serde_json::from_str(&text).expect("read");
        let draft = &task.draft;
        let columns = Columns {
            external_id: draft.external_id.clone(),
            status: draft.status,
            title: draft.title.clone(),
            due_day: draft.due.map(|due| due.day),
        };
        form.task(columns, changed_at)
    }

    #[test]
    fn usual_task_says_nothing_its_columns_say_and_is_read_back_whole() {
        let task = plain();
        let text = task_document(&task, task.last_changed_at, &mut Vec::new()).expect("document");
        for told in ["nv-1", "Báo cáo \\\"quý", "2026", "\"w\"", "\"l\"", "\"f\"", "\"m\"", "\"b\"", "\"e\""]
        {
            assert!(!text.contains(told), "{told} in {text}");
        }
        assert_eq!(again(&task, task.last_changed_at), task);
    }

    #[test]
    fn whatever_a_task_holds_is_read_back_to_the_nanosecond() {
        let usual = plain();
        let mut moved = usual.clone();
        moved
            .assignees
            .push((who(AccountKind::CitizenId, "bi1_x"), Some(at("2026-09-09T00:00:00.000000001Z"))));
        moved.due_changes.insert(0, (None, at("2026-08-01T00:00:00Z")));
        moved.draft.due =
            Some(Due { day: "2026-12-01".parse().expect("day"), time: "17:00:00.5".parse().ok() });
        moved.due_changes.push((moved.draft.due, at("2026-10-01T00:00:00Z")));
        (moved.returned_count, moved.reopened_count) = (2, 1);
        moved.shown_last = Some(TaskStatus::Done);
        let mut event = SourceEvent::new(EventKind::HandedOver, Some(at("2026-09-09T00:00:00.25Z")));
        (event.from, event.to) = (usual.draft.assignee.clone(), Some(who(AccountKind::StaffNumber, "GL:1")));
        (event.actor, event.note) = (Some(who(AccountKind::Account, "")), Some("vì\nbận".to_owned()));
        moved.draft.events = vec![event, SourceEvent::new(EventKind::Returned, None)];
        let mut fine = usual.clone();
        fine.first_seen_at = at("2026-10-02T00:00:00.123456789Z");
        fine.last_changed_at = fine.first_seen_at;
        let mut early = usual.clone();
        early.first_seen_at = at("2026-09-02T00:00:00Z");
        let mut bare = usual.clone();
        bare.draft.assignee = None;
        bare.draft.due = None;
        bare.assignees.clear();
        bare.due_changes = vec![(None, at("2026-09-01T00:00:00Z"))];
        let mut without = bare.clone();
        without.due_changes.clear();
        without.draft.updated_at = Some(at("1969-12-31T23:59:59.999Z"));
        let mut nobody = usual.clone();
        nobody.assignees.clear();
        let changed_at = usual.last_changed_at;
        for task in [usual, moved, early, bare, without, nobody] {
            assert_eq!(again(&task, changed_at), task);
        }
        assert_eq!(again(&fine, fine.last_changed_at), fine);
    }

    #[test]
    fn event_is_read_back_from_columns_and_document() {
        let mut changed = SourceEvent::new(EventKind::DueChanged, Some(at("2026-10-02T00:00:00.123456Z")));
        changed.due = Some(None);
        let mut assigned = SourceEvent::new(EventKind::Assigned, Some(at("2026-10-02T00:00:00.123Z")));
        assigned.due = Some(Some(Due::day("2026-12-01".parse().expect("day"))));
        assigned.to = Some(who(AccountKind::Account, "an.nv"));
        let gone = SourceEvent::new(EventKind::Gone, None);
        assert_eq!(event_document(&gone, &mut Vec::new()).expect("document"), None);
        for event in [changed, assigned, gone] {
            let form: EventForm<'static> = match event_document(&event, &mut Vec::new()).expect("document") {
                Some(text) => serde_json::from_str(&text).expect("read"),
                None => EventForm::default(),
            };
            let column = event.at.and_then(|at| DateTime::from_timestamp_millis(at.timestamp_millis()));
            assert_eq!(form.event(event.kind, column), event);
        }
    }
}
