//! What one event does to a task: the only place where assignees, due dates, counts and the accepted submission
//! come from, so that applying drafts one by one and deriving the task again from its events agree.
//!
//! Owns the rule by which a return that was first seen as a status and later told with its time counts once.
//! It must not know how events came about.

use crate::domain::{CanonicalTask, EventKind, SourceEvent, TaskStatus, local_date};
use chrono::{DateTime, Utc};

/// Events we derived from a status alone and whose story the source may still tell. A told event that happened
/// before we last looked explains one of them instead of counting again.
#[derive(Debug, Clone, Default)]
pub(super) struct Explained {
    /// Returns without a story.
    pub returned: u32,
    /// Reopenings without a story.
    pub reopened: u32,
    /// The last change seen before these events; none = nothing was seen before.
    pub up_to: Option<DateTime<Utc>>,
}

impl Explained {
    /// What of a task's counts its source's history has not told yet.
    pub(super) fn of(held: &CanonicalTask) -> Self {
        let told = |kind: EventKind| {
            u32::try_from(held.draft.events.iter().filter(|event| event.kind == kind).count())
                .unwrap_or(u32::MAX)
        };
        Self {
            returned: held.returned_count.saturating_sub(told(EventKind::Returned)),
            reopened: held.reopened_count.saturating_sub(told(EventKind::Reopened)),
            up_to: Some(held.last_changed_at),
        }
    }
}

/// Takes one event into the task's derived parts.
pub(super) fn take_up(
    task: &mut CanonicalTask,
    event: &SourceEvent,
    observed_at: DateTime<Utc>,
    explained: &mut Explained,
) {
    let explains = matches!((event.at, explained.up_to), (Some(at), Some(seen)) if at <= seen);
    match event.kind {
        EventKind::Assigned => {
            if let Some(due) = event.due
                && task.due_changes.is_empty()
            {
                task.due_changes.push((due, event.at.unwrap_or(observed_at)));
            }
            let since = if task.assignees.is_empty() { None } else { event.at.or(Some(observed_at)) };
            given_to(task, event, since);
        }
        EventKind::HandedOver => given_to(task, event, event.at.or(Some(observed_at))),
        EventKind::DueChanged => {
            if let Some(due) = event.due
                && task.due_changes.last().map(|(last, _)| *last) != Some(due)
            {
                task.due_changes.push((due, event.at.unwrap_or(observed_at)));
            }
        }
        EventKind::Submitted => task.accepted_submission_at = event.at.or(Some(observed_at)),
        EventKind::Returned => {
            task.accepted_submission_at = None;
            count(&mut task.returned_count, &mut explained.returned, event.at.is_none(), explains);
        }
        EventKind::Reopened => {
            task.accepted_submission_at = None;
            count(&mut task.reopened_count, &mut explained.reopened, event.at.is_none(), explains);
        }
        // A step back the source says nothing about: the submission was withdrawn. A told one is only a note
        // on the way, as a reader opening the document.
        EventKind::Progressed if event.at.is_none() => task.accepted_submission_at = None,
        EventKind::Gone => task.shown_last = event.note.as_deref().and_then(TaskStatus::parse),
        // Accepted, and nobody says when: the moment we saw it stays, whatever is edited later.
        EventKind::Approved if event.at.is_none() && task.accepted_submission_at.is_none() => {
            task.accepted_submission_at = Some(observed_at);
        }
        _ => {}
    }
}

fn given_to(task: &mut CanonicalTask, event: &SourceEvent, since: Option<DateTime<Utc>>) {
    if let Some(to) = &event.to
        && task.assignees.last().map(|(last, _)| last) != Some(to)
    {
        task.assignees.push((to.clone(), since));
    }
}

fn count(total: &mut u32, unexplained: &mut u32, derived: bool, explains: bool) {
    if derived {
        *unexplained += 1;
        *total += 1;
    } else if explains && *unexplained > 0 {
        *unexplained -= 1;
    } else {
        *total += 1;
    }
}

/// Lateness counts to the submission that was later accepted; waiting for a signature is not the person's
/// delay (scoring rules 8b, `completion_event`). A submission on a day after the completion is no such one.
pub(super) fn settle(task: &mut CanonicalTask) {
    if task.shown_status() != TaskStatus::Done {
        return;
    }
    let draft = &task.draft;
    let fits = |at: &DateTime<Utc>| draft.completed_at.is_none_or(|done| local_date(*at) <= local_date(done));
    let last_told = |kind: EventKind| {
        let told = draft.events.iter().filter(move |event| event.kind == kind);
        told.filter_map(|event| event.at).rfind(fits)
    };
    // Done when first seen, without any date: that moment is all that will ever be known.
    let seen = || {
        let approved = || last_told(EventKind::Approved).unwrap_or(task.first_seen_at);
        draft.completed_at.is_none().then(approved)
    };
    task.accepted_submission_at = task
        .accepted_submission_at
        .filter(fits)
        .or_else(|| last_told(EventKind::Submitted))
        .or(draft.submitted_at.filter(fits))
        .or_else(seen);
}
