//! Tasks: what a source says (`TaskDraft`), what happened (`SourceEvent`) and what we hold for true
//! (`CanonicalTask`).
//!
//! Owns the words every source is translated into. State, lateness and candidate failures are derived
//! from the kept events by `ingest`; a source's claim (`at`) and the moment we saw it (`observed_at`) are
//! both kept. It must not know any vendor's field names, products or scores.

use super::calendar::local_date;
use super::id::{PersonId, SourceId};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Identity of a task: the source and the source's own key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskKey {
    /// Source that owns the task.
    pub source: SourceId,
    /// The source's key, 1–200 characters.
    pub external_id: String,
}

/// State of a task in our words (interoperability facts 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Assigned, not begun.
    Open,
    /// Being worked on.
    InProgress,
    /// Handed in, waiting for the superior.
    Submitted,
    /// Accepted by the superior, or finished where the source knows no acceptance.
    Done,
    /// Sent back for rework: open again, and a candidate quality failure.
    Returned,
    /// Refused by the superior.
    Refused,
    /// Paused by the source.
    Paused,
    /// Called off.
    Cancelled,
    /// Taken back by the assigner.
    Recalled,
    /// No longer shown by a source that was read completely.
    Gone,
}

impl TaskStatus {
    /// Still owed: everything that is neither done nor withdrawn.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Cancelled | Self::Recalled | Self::Gone)
    }

    /// Called off or taken back; listed with its reason, outside every ratio by default.
    pub fn is_withdrawn(self) -> bool {
        matches!(self, Self::Cancelled | Self::Recalled)
    }

    /// Stable lower-case name, as stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Submitted => "submitted",
            Self::Done => "done",
            Self::Returned => "returned",
            Self::Refused => "refused",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Recalled => "recalled",
            Self::Gone => "gone",
        }
    }

    /// Reads a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Open,
            Self::InProgress,
            Self::Submitted,
            Self::Done,
            Self::Returned,
            Self::Refused,
            Self::Paused,
            Self::Cancelled,
            Self::Recalled,
            Self::Gone,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
    }
}

/// A due date: a day in Asia/Ho_Chi_Minh, with an hour where the source has one. The day itself is on time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Due {
    /// The day.
    pub day: NaiveDate,
    /// The hour, for rule sets that count minutes.
    pub time: Option<NaiveTime>,
}

impl Due {
    /// A due day without an hour.
    pub fn day(day: NaiveDate) -> Self {
        Self { day, time: None }
    }
}

/// How a source names a person. Never by display name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// 12-digit citizen id number.
    CitizenId,
    /// The province's staff number.
    StaffNumber,
    /// Account or internal id of the source system; resolved through the alias table.
    Account,
}

/// A person as a source names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccountRef {
    /// Which kind of name.
    pub kind: AccountKind,
    /// The name; for [`AccountKind::CitizenId`] the caller must not print it.
    pub value: String,
}

/// What happened to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// First seen or assigned.
    Assigned,
    /// Due date set or moved; carries the new date (none = removed).
    DueChanged,
    /// Work begun or any other change of state without a word of its own.
    Progressed,
    /// Handed in.
    Submitted,
    /// Sent back by a superior: a candidate quality failure.
    Returned,
    /// Accepted by a superior or finished.
    Approved,
    /// Refused by a superior.
    Refused,
    /// Opened again after completion.
    Reopened,
    /// Given to another person; carries the new assignee.
    HandedOver,
    /// Taken back by the assigner.
    Recalled,
    /// Called off.
    Cancelled,
    /// No longer shown by a source that was read completely.
    Gone,
    /// Title, type or category edited.
    Edited,
    /// An older version arrived after a newer one: kept, not applied.
    Outdated,
}

impl EventKind {
    /// Stable lower-case name, as stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::DueChanged => "due_changed",
            Self::Progressed => "progressed",
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Reopened => "reopened",
            Self::HandedOver => "handed_over",
            Self::Recalled => "recalled",
            Self::Cancelled => "cancelled",
            Self::Gone => "gone",
            Self::Edited => "edited",
            Self::Outdated => "outdated",
        }
    }

    /// Reads a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Assigned,
            Self::DueChanged,
            Self::Progressed,
            Self::Submitted,
            Self::Returned,
            Self::Approved,
            Self::Refused,
            Self::Reopened,
            Self::HandedOver,
            Self::Recalled,
            Self::Cancelled,
            Self::Gone,
            Self::Edited,
            Self::Outdated,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}

/// One thing that happened to a task, as the source tells it or as two versions of a record show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEvent {
    /// What happened.
    pub kind: EventKind,
    /// When, by the source's own claim; none when the source does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// Who did it, where the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<AccountRef>,
    /// Whose task it was before a hand-over, where the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<AccountRef>,
    /// The new assignee of a hand-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<AccountRef>,
    /// The new due date of a change; `None` inside means "removed".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub due: Option<Option<Due>>,
    /// Reason or note as the source gives it, at most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A field that is there: `null` is a value of its own, not an absent field.
fn present<'de, D: serde::Deserializer<'de>>(field: D) -> Result<Option<Option<Due>>, D::Error> {
    Option::<Due>::deserialize(field).map(Some)
}

impl SourceEvent {
    /// An event of a kind at a claimed time, with nothing else known.
    pub fn new(kind: EventKind, at: Option<DateTime<Utc>>) -> Self {
        Self { kind, at, actor: None, from: None, to: None, due: None, note: None }
    }
}

/// One record of a source, translated by its manifest's rules. The output of `connector`, the input of `ingest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDraft {
    /// The source's key.
    pub external_id: String,
    /// When the source last changed it, where it says. Decides which of two versions is newer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<DateTime<Utc>>,
    /// Title (trích yếu, tên nhiệm vụ), byte for byte apart from NFC.
    pub title: String,
    /// State in our words.
    pub status: TaskStatus,
    /// The state as the source writes it.
    pub raw_status: String,
    /// The present assignee; none when the source has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<AccountRef>,
    /// The assignee's name as shown, only to help a person find the account's owner. Never a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee_name: Option<String>,
    /// Unit as the source names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// When it was assigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_at: Option<DateTime<Utc>>,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// When it was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<DateTime<Utc>>,
    /// When it was completed. Present does not mean done: the status decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// Quantity assigned; none = 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Decimal>,
    /// Whether the source marks it as unplanned (đột xuất, phát sinh).
    pub unplanned: bool,
    /// Document type as the source records it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc_type: Option<String>,
    /// The source's own category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Number and notation of the document behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc_number: Option<String>,
    /// Product code, where the source already carries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_code: Option<String>,
    /// History the source tells, oldest first; empty when it tells none.
    pub events: Vec<SourceEvent>,
}

/// A task as we hold it: derived from the kept events, and derivable from them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanonicalTask {
    /// The newest applied draft.
    pub draft: TaskDraft,
    /// Every assignee in order of time: who, and since when (none = since it was assigned).
    pub assignees: Vec<(AccountRef, Option<DateTime<Utc>>)>,
    /// Every due date with the moment it was granted, oldest first.
    pub due_changes: Vec<(Option<Due>, DateTime<Utc>)>,
    /// How often a superior sent it back: candidate quality failures.
    pub returned_count: u32,
    /// How often it was opened again after completion.
    pub reopened_count: u32,
    /// The submission that was accepted, or waits to be; lateness counts to this moment once the task is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_submission_at: Option<DateTime<Utc>>,
    /// The state its source last showed; only while the task is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_last: Option<TaskStatus>,
    /// When we first saw the task.
    pub first_seen_at: DateTime<Utc>,
    /// When we last saw it change.
    pub last_changed_at: DateTime<Utc>,
}

/// How far clocks of source systems may run ahead of ours.
const SKEW: TimeDelta = TimeDelta::hours(24);

/// Why the day a task was done on cannot be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddDone {
    /// Before the day it was assigned.
    BeforeAssigned,
    /// More than a day after the moment it was seen.
    InFuture,
}

impl OddDone {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::BeforeAssigned, Self::InFuture];

    /// Stable lower-case name, as stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeAssigned => "before_assigned",
            Self::InFuture => "in_future",
        }
    }
}

impl TaskDraft {
    /// Why the day it was done on cannot be true, as it was seen at a moment; none of a task that is not done.
    pub fn odd_done(&self, seen_at: DateTime<Utc>) -> Option<OddDone> {
        let done = self.completed_at.filter(|_| self.status == TaskStatus::Done)?;
        // By the day: many sources know the hour of one of the two alone.
        let before = self.assigned_at.is_some_and(|assigned| local_date(done) < local_date(assigned));
        let future = || (done > seen_at + SKEW).then_some(OddDone::InFuture);
        before.then_some(OddDone::BeforeAssigned).or_else(future)
    }
}

impl CanonicalTask {
    /// The day it was assigned, by the local calendar; the day it was first seen where its source names none.
    pub fn assigned_day(&self) -> NaiveDate {
        local_date(self.draft.assigned_at.unwrap_or(self.first_seen_at))
    }

    /// The state its source shows, or last showed before the task vanished.
    pub fn shown_status(&self) -> TaskStatus {
        self.shown_last.unwrap_or(self.draft.status)
    }

    /// The completion that its record tells and none of its events, by their kinds in order: it was done when first seen.
    pub fn completion_untold(&self, happened: &[EventKind]) -> Option<SourceEvent> {
        let ended = happened.iter().rev().find(|kind| {
            matches!(
                kind,
                EventKind::Approved | EventKind::Reopened | EventKind::Returned | EventKind::Progressed
            )
        });
        let untold = self.shown_status() == TaskStatus::Done && ended != Some(&EventKind::Approved);
        untold.then(|| SourceEvent::new(EventKind::Approved, self.draft.completed_at))
    }

    /// The moment that counts as completion: the accepted submission, else the source's completion date,
    /// else the moment we saw it done. None while it is not done.
    pub fn completion_at(&self) -> Option<DateTime<Utc>> {
        if self.draft.status != TaskStatus::Done {
            return None;
        }
        self.accepted_submission_at.or(self.draft.completed_at).or(Some(self.last_changed_at))
    }
}

/// A person's stake in a task: the present assignee, or one who handed it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Who, once identified.
    pub person: PersonId,
    /// Whether another person took it over from them.
    pub handed_over: bool,
    /// Whether they took it over from another person.
    pub taken_over: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_due_date_is_still_a_removed_one_when_its_event_is_read_back() {
        let mut event = SourceEvent::new(EventKind::DueChanged, None);
        let day = NaiveDate::from_ymd_opt(2026, 1, 31);
        for due in [None, Some(None), Some(day.map(Due::day))] {
            event.due = due;
            let text = serde_json::to_string(&event).expect("json");
            assert_eq!(serde_json::from_str::<SourceEvent>(&text).expect("event"), event, "{text}");
        }
    }
}
