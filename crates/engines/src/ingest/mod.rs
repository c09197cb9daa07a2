//! From what a source says to what we hold: events and the canonical task.
//!
//! Owns the comparison of a new draft with the task held so far: what happened in between becomes events,
//! each with the source's claim and the moment we saw it; the task follows from its events ([`fold`]) and can be
//! derived again from them ([`rebuild`]). An older version that arrives after a newer one is kept as an event and
//! not applied, unless the caller knows that it corrects the newer one ([`Older`]). It must not know where drafts come from or whose the task is. Every function is pure; replaying
//! the same drafts gives the same task. What looks wrong is told and kept; only whoever asks [`beyond`] refuses a draft.

pub mod duplicate;
pub mod evidence;
mod fold;
mod plausible;
pub mod report;
mod told;

use crate::domain::{AccountRef, CanonicalTask, EventKind, SourceEvent, TaskDraft, TaskStatus};
use crate::error::Finding;
use chrono::{DateTime, Utc};
use fold::{Explained, settle, take_up};
pub use plausible::{beyond, odd_done};

/// Findings of [`apply`] that say something only where both versions of a task were read by the same rules: a due date
/// moved after completion, a quantity that became ten times as large or as small.
pub const COMPARED: [&str; 2] = ["LT-ING-003", "LT-ING-011"];

/// What a draft did to a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The task now.
    pub task: CanonicalTask,
    /// What happened, in order; empty when nothing did.
    pub events: Vec<SourceEvent>,
    /// Whether the draft is older than what is held: kept as an event, not applied.
    pub outdated: bool,
    /// Whether the draft was applied although its own time of change lies before that of what was held.
    pub rewound: bool,
    /// Things that look wrong and are worth telling.
    pub findings: Vec<Finding>,
}

/// What becomes of a draft whose own time of change lies before that of the version held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// It is an earlier version that came late: kept as an event, not applied.
    Kept,
    /// It is applied where it says the same but for moments and names: the version held was read by other rules, with
    /// another zone or pattern of dates.
    Corrects,
    /// It is applied: it is what the source shows now, by corrected rules or since it was restored from a backup.
    Applied,
}

/// Applies a draft to the task held so far; an older one is kept as an event ([`Older::Kept`]).
///
/// A plain new record gives exactly one event, `Assigned`. What the draft's own history tells and what was not
/// known yet (same kind, time and actor = known) comes first; what it does not tell follows from the difference
/// between the two versions. An equal draft gives no event.
pub fn apply(previous: Option<&CanonicalTask>, draft: TaskDraft, observed_at: DateTime<Utc>) -> Applied {
    apply_version(previous, draft, observed_at, Older::Kept)
}

/// The same, where the caller knows what an older draft means.
pub fn apply_version(
    previous: Option<&CanonicalTask>,
    draft: TaskDraft,
    observed_at: DateTime<Utc>,
    older: Older,
) -> Applied {
    match previous {
        None => first_seen(draft, observed_at),
        Some(held) if held.draft == draft => unchanged(held),
        Some(held) if is_older(&draft, held) => {
            let applies = match older {
                Older::Kept => false,
                Older::Corrects => differs_in_moments_only(&draft, &held.draft),
                Older::Applied => true,
            };
            if applies {
                return Applied {
                    rewound: true,
                    ..next_version(&as_told_now(held, &draft), draft, observed_at)
                };
            }
            let mut event = SourceEvent::new(EventKind::Outdated, draft.updated_at);
            event.note = Some(draft.raw_status.chars().take(200).collect());
            Applied { events: vec![event], outdated: true, ..unchanged(held) }
        }
        Some(held) => next_version(held, draft, observed_at),
    }
}

/// The task once its source no longer shows it; a task that is gone already gives no event.
/// `at` is the source's claim, where it left a tombstone with a time.
pub fn gone(held: &CanonicalTask, at: Option<DateTime<Utc>>, observed_at: DateTime<Utc>) -> Applied {
    if held.draft.status == TaskStatus::Gone {
        return unchanged(held);
    }
    let mut task = held.clone();
    task.draft.status = TaskStatus::Gone;
    task.last_changed_at = observed_at;
    let event = vanished(held.draft.status, at);
    take_up(&mut task, &event, observed_at, &mut Explained::default());
    Applied { task, events: vec![event], outdated: false, rewound: false, findings: Vec::new() }
}

/// The task once its assigner took it back by a word that says nothing else of it; older than what is held, it is kept
/// and not applied. `at` is the source's claim.
pub fn recalled(held: &CanonicalTask, at: Option<DateTime<Utc>>, observed_at: DateTime<Utc>) -> Applied {
    if held.draft.status == TaskStatus::Recalled {
        return unchanged(held);
    }
    let mut draft = held.draft.clone();
    draft.status = TaskStatus::Recalled;
    draft.raw_status = TaskStatus::Recalled.as_str().to_owned();
    draft.updated_at = at.or(draft.updated_at);
    draft.events.push(SourceEvent::new(EventKind::Recalled, at));
    apply(Some(held), draft, observed_at)
}

/// The event of a task that vanished: it carries the state last shown, which no other event may tell.
fn vanished(shown: TaskStatus, at: Option<DateTime<Utc>>) -> SourceEvent {
    let mut event = SourceEvent::new(EventKind::Gone, at);
    event.note = Some(shown.as_str().to_owned());
    event
}

/// Derives a task again from its kept events, oldest first, each with the moment we saw it, and the newest
/// applied draft. None without events. Assignees, due dates, counts and moments come from the events alone,
/// everything else is the draft. A submission that was accepted before we first saw the task stands in no event:
/// it is judged by the newest draft.
pub fn rebuild(events: &[(SourceEvent, DateTime<Utc>)], newest: TaskDraft) -> Option<CanonicalTask> {
    let (_, first_seen_at) = events.first()?;
    let mut task = empty(newest, *first_seen_at);
    let mut explained = Explained::default();
    for (event, observed_at) in events.iter().filter(|(event, _)| event.kind != EventKind::Outdated) {
        // What was seen at one moment was one version. Another one follows it even where the clock was set back.
        if *observed_at != task.last_changed_at {
            explained.up_to = Some(task.last_changed_at);
            task.last_changed_at = *observed_at;
        }
        take_up(&mut task, event, *observed_at, &mut explained);
    }
    if task.draft.status != TaskStatus::Gone {
        task.shown_last = None;
    }
    settle(&mut task);
    Some(task)
}

fn unchanged(held: &CanonicalTask) -> Applied {
    Applied { task: held.clone(), events: Vec::new(), outdated: false, rewound: false, findings: Vec::new() }
}

fn is_older(draft: &TaskDraft, held: &CanonicalTask) -> bool {
    matches!((draft.updated_at, held.draft.updated_at), (Some(new), Some(old)) if new < old)
}

/// Whether a version says what the one held does, apart from when things happened and how people are shown.
fn differs_in_moments_only(draft: &TaskDraft, held: &TaskDraft) -> bool {
    let same = TaskDraft {
        updated_at: held.updated_at,
        assigned_at: held.assigned_at,
        due: held.due,
        submitted_at: held.submitted_at,
        completed_at: held.completed_at,
        assignee_name: held.assignee_name.clone(),
        events: held.events.clone(),
        ..draft.clone()
    };
    same == *held && is_same_story(draft, held)
}

/// Whether two histories tell the same, apart from when it happened.
fn is_same_story(draft: &TaskDraft, held: &TaskDraft) -> bool {
    let told = |event: &SourceEvent| (event.kind, event.actor.clone(), event.from.clone(), event.to.clone());
    draft.events.iter().map(told).eq(held.events.iter().map(told))
}

/// The task held, with the moments a corrected version gives for what was told before: a history whose moments moved
/// tells nothing new, and the submission that was accepted moves with it.
fn as_told_now(held: &CanonicalTask, draft: &TaskDraft) -> CanonicalTask {
    let mut task = held.clone();
    if !is_same_story(draft, &held.draft) {
        return task;
    }
    let old = &held.draft;
    let events = old.events.iter().zip(&draft.events).map(|(old, new)| (old.at, new.at));
    let moments = [(old.submitted_at, draft.submitted_at), (old.completed_at, draft.completed_at)]
        .into_iter()
        .chain(events);
    if let Some(accepted) = held.accepted_submission_at {
        let moved = moments.filter(|(before, _)| *before == Some(accepted)).find_map(|(_, now)| now);
        task.accepted_submission_at = moved.or(Some(accepted));
    }
    task.draft.events.clone_from(&draft.events);
    task
}

/// A task of which nothing has happened yet.
fn empty(draft: TaskDraft, first_seen_at: DateTime<Utc>) -> CanonicalTask {
    CanonicalTask {
        draft,
        assignees: Vec::new(),
        due_changes: Vec::new(),
        returned_count: 0,
        reopened_count: 0,
        accepted_submission_at: None,
        shown_last: None,
        first_seen_at,
        last_changed_at: first_seen_at,
    }
}

fn first_seen(draft: TaskDraft, observed_at: DateTime<Utc>) -> Applied {
    let findings = plausible::check(None, &draft, observed_at);
    let mut events = told::new_events(&[], &draft);
    let tells = |kind: EventKind| events.iter().any(|event| event.kind == kind);
    // A history of extensions hides the first date; the present one was not granted at assignment.
    let first_due = (!tells(EventKind::DueChanged)).then_some(draft.due);
    // A returned task without history was sent back at least once.
    let returned = draft.status == TaskStatus::Returned && !tells(EventKind::Returned);
    let first_assignee = original_assignee(&events, &draft);
    match events.iter_mut().find(|event| event.kind == EventKind::Assigned) {
        Some(told) => {
            told.to = told.to.take().or(first_assignee);
            told.due = told.due.or(first_due);
        }
        None => {
            let mut assigned = SourceEvent::new(EventKind::Assigned, draft.assigned_at);
            (assigned.to, assigned.due) = (first_assignee, first_due);
            events.insert(0, assigned);
        }
    }
    if returned {
        events.push(SourceEvent::new(EventKind::Returned, None));
    }
    let mut task = empty(draft, observed_at);
    let mut explained = Explained::default();
    events.iter().for_each(|event| take_up(&mut task, event, observed_at, &mut explained));
    complete(&mut task, &mut events, observed_at);
    if task.draft.status == TaskStatus::Submitted && task.accepted_submission_at.is_none() {
        task.accepted_submission_at = task.draft.submitted_at.or(Some(observed_at));
    }
    settle(&mut task);
    Applied { task, events, outdated: false, rewound: false, findings }
}

fn next_version(held: &CanonicalTask, draft: TaskDraft, observed_at: DateTime<Utc>) -> Applied {
    let old = &held.draft;
    let findings = plausible::check(Some(held), &draft, observed_at);
    let mut events = told::new_events(&old.events, &draft);
    for (kind, at) in moves_between(old, &draft) {
        if !events.iter().any(|event| event.kind == kind) {
            events.push(match kind {
                EventKind::Gone => vanished(old.status, at),
                _ => SourceEvent::new(kind, at),
            });
        }
    }
    let mut explained = Explained::of(held);
    let shown_last = held.shown_last.filter(|_| draft.status == TaskStatus::Gone);
    let mut task = CanonicalTask {
        draft,
        assignees: held.assignees.clone(),
        due_changes: held.due_changes.clone(),
        returned_count: held.returned_count,
        reopened_count: held.reopened_count,
        accepted_submission_at: held.accepted_submission_at,
        shown_last,
        first_seen_at: held.first_seen_at,
        last_changed_at: held.last_changed_at,
    };
    events.iter().for_each(|event| take_up(&mut task, event, observed_at, &mut explained));
    if task.draft.assignee.is_none() && old.assignee.is_some() {
        events.push(SourceEvent::new(EventKind::HandedOver, None));
    }
    complete(&mut task, &mut events, observed_at);
    let new = &task.draft;
    if events.is_empty()
        && (&new.title, &new.doc_type, &new.category) != (&old.title, &old.doc_type, &old.category)
    {
        events.push(SourceEvent::new(EventKind::Edited, new.updated_at));
    }
    if !events.is_empty() {
        // What no event stands for (progress, counters of the source) is kept without being a change.
        task.last_changed_at = observed_at;
    }
    settle(&mut task);
    Applied { task, events, outdated: false, rewound: false, findings }
}

/// The present record has the last word about who has the task and when it is due: what no told event brought
/// about becomes an event of its own.
fn complete(task: &mut CanonicalTask, events: &mut Vec<SourceEvent>, observed_at: DateTime<Utc>) {
    let mut explained = Explained::default();
    let present = task.draft.assignee.as_ref();
    if present.is_some() && task.assignees.last().map(|(last, _)| last) != present {
        let mut event = SourceEvent::new(EventKind::HandedOver, None);
        event.to = present.cloned();
        take_up(task, &event, observed_at, &mut explained);
        events.push(event);
    }
    if task.due_changes.last().map(|(due, _)| *due) != Some(task.draft.due) {
        let mut event = SourceEvent::new(EventKind::DueChanged, None);
        event.due = Some(task.draft.due);
        take_up(task, &event, observed_at, &mut explained);
        events.push(event);
    }
}

/// Events the difference of two versions stands for, with the source's time where the newer one carries it.
fn moves_between(old: &TaskDraft, new: &TaskDraft) -> Vec<(EventKind, Option<DateTime<Utc>>)> {
    use TaskStatus as S;
    if old.status == new.status {
        return Vec::new();
    }
    let mut moves = Vec::with_capacity(2);
    let submitted = new.submitted_at.filter(|at| old.submitted_at != Some(*at));
    match new.status {
        S::Done => {
            if submitted.is_some() {
                moves.push((EventKind::Submitted, submitted));
            }
            moves.push((EventKind::Approved, new.completed_at));
        }
        S::Submitted => {
            if old.status == S::Done {
                moves.push((EventKind::Reopened, None));
            }
            moves.push((EventKind::Submitted, submitted));
        }
        S::Returned => moves.push((EventKind::Returned, None)),
        S::Refused => moves.push((EventKind::Refused, None)),
        S::Cancelled => moves.push((EventKind::Cancelled, None)),
        S::Recalled => moves.push((EventKind::Recalled, None)),
        S::Gone => moves.push((EventKind::Gone, None)),
        S::Open | S::InProgress | S::Paused if old.status == S::Done => {
            moves.push((EventKind::Reopened, None))
        }
        S::Open | S::InProgress | S::Paused => moves.push((EventKind::Progressed, None)),
    }
    moves
}

/// The one who had the task before the first hand-over its history tells.
fn original_assignee(events: &[SourceEvent], draft: &TaskDraft) -> Option<AccountRef> {
    let first = events.iter().find(|event| event.kind == EventKind::HandedOver);
    let before = first.and_then(|event| event.from.clone().or_else(|| event.actor.clone()));
    before.or_else(|| draft.assignee.clone())
}

#[cfg(test)]
mod tests;
