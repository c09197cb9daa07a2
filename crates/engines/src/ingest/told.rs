//! Which events of a source's own history are new.
//!
//! Owns the identity of a told event: kind, claimed time and actor. Events without a time cannot be told apart
//! and are counted: a third untimed return is new when two are known. A history is compared in time linear in
//! its length, whatever a source sends.

use crate::domain::{AccountRef, EventKind, SourceEvent, TaskDraft};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};

type Identity<'a> = (EventKind, Option<DateTime<Utc>>, Option<&'a AccountRef>);

fn identity(event: &SourceEvent) -> Identity<'_> {
    (event.kind, event.at, event.actor.as_ref())
}

/// The events of `draft` that are not among `known`, in the order told. The last hand-over and the last change
/// of the due date get the present assignee and date where the source leaves them out.
pub(super) fn new_events(known: &[SourceEvent], draft: &TaskDraft) -> Vec<SourceEvent> {
    let told = &draft.events;
    if told.is_empty() {
        return Vec::new();
    }
    if told.starts_with(known) && told.len() == known.len() {
        return Vec::new();
    }
    let mut count: HashMap<Identity<'_>, usize> = HashMap::new();
    for event in known {
        *count.entry(identity(event)).or_default() += 1;
    }
    let mut new = distinct(told, count);
    let last = |kind: EventKind, new: &mut Vec<SourceEvent>| new.iter().rposition(|event| event.kind == kind);
    if let Some(event) = last(EventKind::HandedOver, &mut new).and_then(|index| new.get_mut(index))
        && event.to.is_none()
    {
        event.to.clone_from(&draft.assignee);
    }
    if let Some(event) = last(EventKind::DueChanged, &mut new).and_then(|index| new.get_mut(index))
        && event.due.is_none()
    {
        event.due = Some(draft.due);
    }
    new
}

fn distinct<'a>(told: &'a [SourceEvent], mut known: HashMap<Identity<'a>, usize>) -> Vec<SourceEvent> {
    let timed: HashSet<_> = known.keys().filter(|(_, at, _)| at.is_some()).copied().collect();
    let mut seen: HashSet<Identity<'a>> = HashSet::new();
    let mut new = Vec::new();
    for event in told {
        let identity = identity(event);
        let is_new = if event.at.is_some() {
            !timed.contains(&identity) && seen.insert(identity)
        } else {
            match known.get_mut(&identity) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    false
                }
                _ => true,
            }
        };
        if is_new {
            new.push(event.clone());
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, at: Option<&str>) -> SourceEvent {
        SourceEvent::new(kind, at.map(|at| at.parse().expect("instant")))
    }

    fn draft(events: Vec<SourceEvent>) -> TaskDraft {
        serde_json::from_value(serde_json::json!({
            "external_id": "1", "updated_at": null, "title": "", "status": "open", "raw_status": "",
            "assignee": {"kind": "account", "value": "b"}, "assignee_name": null, "unit": null, "assigned_at": null,
            "due": null, "submitted_at": null, "completed_at": null, "quantity": null, "unplanned": false,
            "doc_type": null, "category": null, "doc_number": null, "product_code": null, "events": events,
        }))
        .expect("draft")
    }

    #[test]
    fn timed_events_are_known_by_kind_time_and_actor() {
        let returned = event(EventKind::Returned, Some("2026-10-02T00:00:00Z"));
        let submitted = event(EventKind::Submitted, Some("2026-10-01T00:00:00Z"));
        let told = draft(vec![submitted.clone(), returned.clone(), returned.clone()]);
        assert_eq!(new_events(&[], &told), [submitted.clone(), returned.clone()]);
        assert_eq!(new_events(std::slice::from_ref(&submitted), &told), [returned]);
        assert!(new_events(&told.events, &told).is_empty());
    }

    #[test]
    fn untimed_events_are_counted() {
        let returned = event(EventKind::Returned, None);
        let told = draft(vec![returned.clone(); 3]);
        assert_eq!(new_events(&[returned.clone(), returned.clone()], &told).len(), 1);
        assert_eq!(new_events(&[], &told).len(), 3);
        // A source that cut its history has told nothing new.
        assert!(new_events(&[returned.clone(), returned.clone()], &draft(vec![returned])).is_empty());
    }

    #[test]
    fn hand_over_without_a_name_goes_to_the_present_assignee() {
        let told = draft(vec![event(EventKind::HandedOver, Some("2026-10-02T00:00:00Z"))]);
        assert_eq!(new_events(&[], &told)[0].to.as_ref().map(|to| to.value.as_str()), Some("b"));
    }
}
