//! What happens to a task when records of its source arrive in this or that order.

use super::*;
use crate::domain::{AccountKind, Due, local_date};
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("instant")
}

fn account(name: &str) -> AccountRef {
    AccountRef { kind: AccountKind::Account, value: name.to_owned() }
}

fn draft(status: TaskStatus, updated: &str) -> TaskDraft {
    TaskDraft {
        external_id: "1".into(),
        updated_at: Some(at(updated)),
        title: "Báo cáo tháng".into(),
        status,
        raw_status: status.as_str().into(),
        assignee: Some(account("a")),
        assignee_name: None,
        unit: None,
        assigned_at: Some(at("2026-10-01T01:00:00Z")),
        due: Some(Due::day("2026-10-15".parse().expect("day"))),
        submitted_at: None,
        completed_at: None,
        quantity: None,
        unplanned: false,
        doc_type: None,
        category: None,
        doc_number: None,
        product_code: None,
        events: Vec::new(),
    }
}

fn kinds(applied: &Applied) -> Vec<EventKind> {
    applied.events.iter().map(|event| event.kind).collect()
}

#[test]
fn new_plain_record_gives_exactly_one_event() {
    let applied = apply(None, draft(TaskStatus::Open, "2026-10-01T01:00:00Z"), at("2026-10-01T02:00:00Z"));
    assert_eq!(kinds(&applied), [EventKind::Assigned]);
    assert_eq!(applied.task.assignees, [(account("a"), None)]);
}

#[test]
fn older_version_after_newer_is_kept_and_not_applied() {
    let now = at("2026-10-20T00:00:00Z");
    let held = apply(None, draft(TaskStatus::Done, "2026-10-10T00:00:00Z"), now).task;
    let applied = apply(Some(&held), draft(TaskStatus::Open, "2026-10-02T00:00:00Z"), now);
    assert_eq!(kinds(&applied), [EventKind::Outdated]);
    assert_eq!(applied.task, held);
}

/// A zone was corrected in the manifest, or the source was restored from a backup: the time of change lies earlier.
#[test]
fn corrected_time_of_change_is_taken_over_without_an_event_for_it() {
    let now = at("2026-10-20T00:00:00Z");
    let held = apply(None, draft(TaskStatus::Done, "2026-10-10T07:00:00Z"), now).task;
    let corrected = TaskDraft {
        completed_at: Some(at("2026-10-09T00:00:00Z")),
        ..draft(TaskStatus::Done, "2026-10-10T00:00:00Z")
    };
    for older in [Older::Corrects, Older::Applied] {
        let applied = apply_version(Some(&held), corrected.clone(), now, older);
        assert_eq!((kinds(&applied), applied.rewound, applied.outdated), (vec![], true, false), "{older:?}");
        assert_eq!(applied.task.draft, corrected);
    }
    let kept = apply_version(Some(&held), corrected, now, Older::Kept);
    assert_eq!((kinds(&kept), kept.rewound, kept.outdated), (vec![EventKind::Outdated], false, true));
}

#[test]
fn history_whose_moments_were_corrected_counts_nothing_twice() {
    let story = |hour: &str| {
        let told =
            |kind, day: u32| SourceEvent::new(kind, Some(at(&format!("2026-10-{day:02}T{hour}:00:00Z"))));
        let mut record = draft(TaskStatus::Done, &format!("2026-10-10T{hour}:00:00Z"));
        record.events =
            vec![told(EventKind::Submitted, 3), told(EventKind::Returned, 4), told(EventKind::Submitted, 5)];
        record.completed_at = Some(at(&format!("2026-10-06T{hour}:00:00Z")));
        record
    };
    let now = at("2026-10-20T00:00:00Z");
    let held = apply(None, story("17"), now).task;
    assert_eq!((held.returned_count, held.accepted_submission_at), (1, Some(at("2026-10-05T17:00:00Z"))));
    for older in [Older::Corrects, Older::Applied] {
        let applied = apply_version(Some(&held), story("10"), now, older);
        assert_eq!((kinds(&applied), applied.task.returned_count), (vec![], 1), "{older:?}");
        assert_eq!(applied.task.accepted_submission_at, Some(at("2026-10-05T10:00:00Z")));
    }
}

#[test]
fn older_version_that_says_something_else_is_applied_only_as_what_the_source_shows_now() {
    let now = at("2026-10-20T00:00:00Z");
    let held = apply(None, draft(TaskStatus::Done, "2026-10-10T00:00:00Z"), now).task;
    let before = draft(TaskStatus::InProgress, "2026-10-02T00:00:00Z");
    let late = apply_version(Some(&held), before.clone(), now, Older::Corrects);
    assert_eq!((kinds(&late), late.task == held), (vec![EventKind::Outdated], true));
    let restored = apply_version(Some(&held), before, now, Older::Applied);
    assert_eq!((kinds(&restored), restored.rewound), (vec![EventKind::Reopened], true));
    assert_eq!(restored.task.draft.status, TaskStatus::InProgress);
    // A version that is newer is applied as ever, and is no step back.
    let next = apply_version(Some(&held), draft(TaskStatus::Open, "2026-10-12T00:00:00Z"), now, Older::Kept);
    assert_eq!((kinds(&next), next.rewound), (vec![EventKind::Reopened], false));
}

#[test]
fn reopening_clears_the_accepted_submission() {
    let now = at("2026-10-20T00:00:00Z");
    let mut done = draft(TaskStatus::Done, "2026-10-10T00:00:00Z");
    done.submitted_at = Some(at("2026-10-09T00:00:00Z"));
    let held = apply(None, done, now).task;
    assert_eq!(held.accepted_submission_at, Some(at("2026-10-09T00:00:00Z")));
    // The source keeps its completion date after reopening; the status decides.
    let mut again = draft(TaskStatus::InProgress, "2026-10-12T00:00:00Z");
    again.completed_at = Some(at("2026-10-10T00:00:00Z"));
    let applied = apply(Some(&held), again, now);
    assert_eq!(kinds(&applied), [EventKind::Reopened]);
    assert_eq!(applied.task.completion_at(), None);
    assert_eq!(applied.task.reopened_count, 1);
}

#[test]
fn submission_accepted_later_counts_not_the_signature() {
    let mut done = draft(TaskStatus::Done, "2026-10-18T00:00:00Z");
    done.completed_at = Some(at("2026-10-18T00:00:00Z"));
    done.events = vec![
        SourceEvent::new(EventKind::Submitted, Some(at("2026-10-11T00:00:00Z"))),
        SourceEvent::new(EventKind::Returned, Some(at("2026-10-12T00:00:00Z"))),
        SourceEvent::new(EventKind::Submitted, Some(at("2026-10-14T00:00:00Z"))),
        SourceEvent::new(EventKind::Approved, Some(at("2026-10-18T00:00:00Z"))),
    ];
    let task = apply(None, done, at("2026-10-20T00:00:00Z")).task;
    assert_eq!(task.completion_at(), Some(at("2026-10-14T00:00:00Z")));
    assert_eq!(task.returned_count, 1);
}

#[test]
fn hand_over_keeps_the_first_assignee_with_the_moment_of_the_change() {
    let held = apply(None, draft(TaskStatus::Open, "2026-10-01T01:00:00Z"), at("2026-10-01T02:00:00Z")).task;
    let mut moved = draft(TaskStatus::Open, "2026-10-05T00:00:00Z");
    moved.assignee = Some(account("b"));
    let seen = at("2026-10-05T01:00:00Z");
    let applied = apply(Some(&held), moved, seen);
    assert_eq!(kinds(&applied), [EventKind::HandedOver]);
    assert_eq!(applied.task.assignees, [(account("a"), None), (account("b"), Some(seen))]);
}

#[test]
fn history_of_a_first_seen_task_names_who_had_it_before() {
    let mut record = draft(TaskStatus::Open, "2026-10-05T00:00:00Z");
    record.assignee = Some(account("b"));
    let mut event = SourceEvent::new(EventKind::HandedOver, Some(at("2026-10-03T00:00:00Z")));
    (event.actor, event.to) = (Some(account("a")), Some(account("b")));
    record.events = vec![event];
    let task = apply(None, record.clone(), at("2026-10-06T00:00:00Z")).task;
    assert_eq!(task.assignees, [(account("a"), None), (account("b"), Some(at("2026-10-03T00:00:00Z")))]);
    // A leader moved it: the leader acted, the task was another's.
    (record.events[0].actor, record.events[0].from) = (Some(account("chief")), Some(account("a")));
    let led = apply(None, record, at("2026-10-06T00:00:00Z")).task;
    assert_eq!(led.assignees, task.assignees);
}

#[test]
fn extension_keeps_the_moment_it_was_granted() {
    let held = apply(None, draft(TaskStatus::Open, "2026-10-01T01:00:00Z"), at("2026-10-01T02:00:00Z")).task;
    let mut extended = draft(TaskStatus::Open, "2026-10-14T00:00:00Z");
    extended.due = Some(Due::day("2026-10-30".parse().expect("day")));
    let applied = apply(Some(&held), extended, at("2026-10-14T01:00:00Z"));
    assert_eq!(kinds(&applied), [EventKind::DueChanged]);
    assert_eq!(applied.task.due_changes.len(), 2);
    assert_eq!(applied.task.due_changes[1].1, at("2026-10-14T01:00:00Z"));
}

#[test]
fn gone_task_that_comes_back_goes_on_and_is_not_called_reopened() {
    let held = apply(None, draft(TaskStatus::Open, "2026-10-01T01:00:00Z"), at("2026-10-01T02:00:00Z")).task;
    let lost = gone(&held, None, at("2026-10-02T00:00:00Z")).task;
    assert_eq!(lost.draft.status, TaskStatus::Gone);
    let back =
        apply(Some(&lost), draft(TaskStatus::Open, "2026-10-03T00:00:00Z"), at("2026-10-03T01:00:00Z"));
    assert_eq!(kinds(&back), [EventKind::Progressed]);
    assert_eq!(back.task.reopened_count, 0);
}

#[test]
fn completion_in_the_future_and_due_before_assignment_are_told() {
    let mut strange = draft(TaskStatus::Done, "2026-10-01T01:00:00Z");
    strange.completed_at = Some(at("2027-10-01T00:00:00Z"));
    strange.due = Some(Due::day("2026-09-01".parse().expect("day")));
    let findings = apply(None, strange, at("2026-10-02T00:00:00Z")).findings;
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["LT-ING-001", "LT-ING-002"]);
}

#[test]
fn completion_before_the_day_of_assignment_is_told_and_one_earlier_on_that_day_is_not() {
    let done = |day: &str| {
        let mut draft = draft(TaskStatus::Done, "2026-10-01T01:00:00Z");
        draft.assigned_at = Some(at("2026-07-01T07:00:00Z"));
        draft.due = None;
        draft.completed_at = Some(at(day));
        let findings = apply(None, draft, at("2026-10-02T00:00:00Z")).findings;
        findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(done("2026-06-01T03:00:00Z"), ["LT-ING-021"]);
    // Midnight in Vietnam: a source that knows the day alone.
    assert_eq!(done("2026-06-30T17:00:00Z"), [""; 0]);
    assert_eq!(done("2026-06-30T16:59:59Z"), ["LT-ING-021"]);
}

proptest! {
    #[test]
    fn same_record_again_changes_nothing(status in 0usize..6, day in 1u32..28) {
        use TaskStatus::*;
        let status = [Open, InProgress, Submitted, Done, Returned, Cancelled][status];
        let record = draft(status, &format!("2026-10-{day:02}T00:00:00Z"));
        let now = at("2026-11-01T00:00:00Z");
        let held = apply(None, record.clone(), now).task;
        let again = apply(Some(&held), record, at("2026-11-02T00:00:00Z"));
        prop_assert!(again.events.is_empty());
        prop_assert_eq!(again.task, held);
    }

    #[test]
    fn any_order_of_versions_ends_in_the_newest(order in Just((1u32..9).collect::<Vec<_>>()).prop_shuffle()) {
        use TaskStatus::*;
        let versions = [Open, InProgress, Submitted, Returned, InProgress, Submitted, Done, InProgress];
        let now = at("2026-11-01T00:00:00Z");
        let mut held: Option<CanonicalTask> = None;
        for number in order {
            let record = draft(versions[number as usize - 1], &format!("2026-10-{number:02}T00:00:00Z"));
            held = Some(apply(held.as_ref(), record, now).task);
        }
        prop_assert_eq!(held.expect("applied").draft, draft(InProgress, "2026-10-08T00:00:00Z"));
    }
}

fn told(kind: EventKind, at_text: &str) -> SourceEvent {
    SourceEvent::new(kind, Some(at(at_text)))
}

#[test]
fn extension_told_by_the_first_record_keeps_the_moment_it_was_granted() {
    let mut record = draft(TaskStatus::Open, "2026-10-20T00:00:00Z");
    let mut extended = told(EventKind::DueChanged, "2026-10-18T00:00:00Z");
    extended.due = Some(record.due);
    record.events = vec![extended];
    let task = apply(None, record.clone(), at("2026-10-20T01:00:00Z")).task;
    // Granted three days after the first date had passed, not at assignment.
    assert_eq!(task.due_changes, [(record.due, at("2026-10-18T00:00:00Z"))]);
}

#[test]
fn assignment_told_by_history_is_not_invented_a_second_time() {
    let mut record = draft(TaskStatus::Open, "2026-10-01T01:00:00Z");
    record.events = vec![told(EventKind::Assigned, "2026-10-01T01:00:00Z")];
    let applied = apply(None, record, at("2026-10-01T02:00:00Z"));
    assert_eq!(kinds(&applied), [EventKind::Assigned]);
    assert_eq!(applied.task.assignees, [(account("a"), None)]);
    assert_eq!(applied.task.due_changes.len(), 1);
}

#[test]
fn return_seen_as_a_status_and_told_later_counts_once() {
    let held =
        apply(None, draft(TaskStatus::Submitted, "2026-10-05T00:00:00Z"), at("2026-10-05T01:00:00Z")).task;
    let seen =
        apply(Some(&held), draft(TaskStatus::Returned, "2026-10-06T00:00:00Z"), at("2026-10-06T01:00:00Z"))
            .task;
    assert_eq!(seen.returned_count, 1);
    let mut with_story = draft(TaskStatus::InProgress, "2026-10-07T00:00:00Z");
    with_story.events = vec![told(EventKind::Returned, "2026-10-06T00:00:00Z")];
    let explained = apply(Some(&seen), with_story.clone(), at("2026-10-07T01:00:00Z")).task;
    assert_eq!(explained.returned_count, 1);
    with_story.updated_at = Some(at("2026-10-09T00:00:00Z"));
    with_story.events.push(told(EventKind::Returned, "2026-10-08T00:00:00Z"));
    let again = apply(Some(&explained), with_story, at("2026-10-09T01:00:00Z")).task;
    assert_eq!(again.returned_count, 2);
}

#[test]
fn returned_task_without_history_was_sent_back_once() {
    let applied =
        apply(None, draft(TaskStatus::Returned, "2026-10-05T00:00:00Z"), at("2026-10-05T01:00:00Z"));
    assert_eq!(kinds(&applied), [EventKind::Assigned, EventKind::Returned]);
    assert_eq!(applied.task.returned_count, 1);
}

#[test]
fn submission_we_only_saw_counts_when_the_source_names_no_time() {
    let held = apply(None, draft(TaskStatus::Open, "2026-10-01T01:00:00Z"), at("2026-10-01T02:00:00Z")).task;
    let submitted =
        apply(Some(&held), draft(TaskStatus::Submitted, "2026-10-14T00:00:00Z"), at("2026-10-14T01:00:00Z"))
            .task;
    let mut done = draft(TaskStatus::Done, "2026-10-20T00:00:00Z");
    done.completed_at = Some(at("2026-10-20T00:00:00Z"));
    let task = apply(Some(&submitted), done, at("2026-10-20T01:00:00Z")).task;
    assert_eq!(task.completion_at(), Some(at("2026-10-14T01:00:00Z")));
}

#[test]
fn submission_waiting_when_first_seen_counts_until_the_source_names_its_time() {
    let held =
        apply(None, draft(TaskStatus::Submitted, "2026-10-05T00:00:00Z"), at("2026-10-05T01:00:00Z")).task;
    let mut done = draft(TaskStatus::Done, "2026-10-20T00:00:00Z");
    done.completed_at = Some(at("2026-10-20T00:00:00Z"));
    let task = apply(Some(&held), done.clone(), at("2026-10-20T01:00:00Z")).task;
    assert_eq!(task.completion_at(), Some(at("2026-10-05T01:00:00Z")));
    done.submitted_at = Some(at("2026-10-04T08:00:00Z"));
    let told = apply(Some(&held), done, at("2026-10-20T01:00:00Z"));
    assert_eq!(kinds(&told), [EventKind::Submitted, EventKind::Approved]);
    assert_eq!(told.task.completion_at(), Some(at("2026-10-04T08:00:00Z")));
}

#[test]
fn completion_without_any_date_stays_where_it_was_seen() {
    let held = apply(None, draft(TaskStatus::Open, "2026-10-01T01:00:00Z"), at("2026-10-01T02:00:00Z")).task;
    let done =
        apply(Some(&held), draft(TaskStatus::Done, "2026-10-10T00:00:00Z"), at("2026-10-10T01:00:00Z")).task;
    let mut renamed = draft(TaskStatus::Done, "2026-10-30T00:00:00Z");
    renamed.title = "Báo cáo quý".into();
    let task = apply(Some(&done), renamed, at("2026-10-30T01:00:00Z")).task;
    assert_eq!(task.completion_at(), Some(at("2026-10-10T01:00:00Z")));
}

#[test]
fn completion_date_without_an_hour_does_not_hide_the_submission_of_that_day() {
    let mut done = draft(TaskStatus::Done, "2026-10-16T00:00:00Z");
    // Midnight in Gia Lai of the 16th, and a submission at 10:00 that day.
    done.completed_at = Some(at("2026-10-15T17:00:00Z"));
    done.events = vec![told(EventKind::Submitted, "2026-10-16T03:00:00Z")];
    let task = apply(None, done, at("2026-10-17T00:00:00Z")).task;
    assert_eq!(task.accepted_submission_at, Some(at("2026-10-16T03:00:00Z")));
}

#[test]
fn submission_after_the_completion_is_not_the_accepted_one() {
    let mut done = draft(TaskStatus::Done, "2026-10-18T00:00:00Z");
    done.completed_at = Some(at("2026-10-14T00:00:00Z"));
    done.events = vec![
        told(EventKind::Submitted, "2026-10-12T00:00:00Z"),
        told(EventKind::Submitted, "2026-10-17T00:00:00Z"),
    ];
    let task = apply(None, done, at("2026-10-20T00:00:00Z")).task;
    assert_eq!(task.completion_at(), Some(at("2026-10-12T00:00:00Z")));
}

#[test]
fn being_gone_twice_is_told_once_and_due_moved_after_completion_is_a_warning() {
    let held = apply(None, draft(TaskStatus::Done, "2026-10-10T00:00:00Z"), at("2026-10-10T01:00:00Z")).task;
    let lost = gone(&held, None, at("2026-10-11T00:00:00Z"));
    assert_eq!(kinds(&lost), [EventKind::Gone]);
    assert_eq!(lost.task.shown_last, Some(TaskStatus::Done));
    let first = apply(None, held.draft.clone(), at("2026-10-10T01:00:00Z")).events;
    let kept: Vec<_> = first
        .into_iter()
        .map(|event| (event, at("2026-10-10T01:00:00Z")))
        .chain(lost.events.iter().map(|event| (event.clone(), at("2026-10-11T00:00:00Z"))))
        .collect();
    assert_eq!(rebuild(&kept, lost.task.draft.clone()).as_ref(), Some(&lost.task));
    // Shown again: what it was before it vanished no longer matters.
    let back =
        apply(Some(&lost.task), draft(TaskStatus::Open, "2026-10-12T00:00:00Z"), at("2026-10-12T01:00:00Z"));
    assert_eq!((back.task.shown_last, back.task.shown_status()), (None, TaskStatus::Open));
    assert!(gone(&lost.task, None, at("2026-10-12T00:00:00Z")).events.is_empty());
    let mut moved = draft(TaskStatus::Done, "2026-10-12T00:00:00Z");
    moved.due = Some(Due::day("2026-12-31".parse().expect("day")));
    assert_eq!(apply(Some(&held), moved, at("2026-10-12T00:00:00Z")).findings[0].code, "LT-ING-003");
}

#[test]
fn done_task_handed_in_again_is_reopened_and_submitted() {
    let held = apply(None, draft(TaskStatus::Done, "2026-10-10T00:00:00Z"), at("2026-10-10T01:00:00Z")).task;
    let again =
        apply(Some(&held), draft(TaskStatus::Submitted, "2026-10-12T00:00:00Z"), at("2026-10-12T01:00:00Z"));
    assert_eq!(kinds(&again), [EventKind::Reopened, EventKind::Submitted]);
    assert_eq!((again.task.reopened_count, again.task.completion_at()), (1, None));
}

/// One version of a record in a random history: what changes on that day.
#[derive(Debug, Clone)]
struct Version {
    status: TaskStatus,
    assignee: &'static str,
    due: u32,
    submitted: bool,
    completed: bool,
    /// An event the source tells from this version on, this many hours before it.
    tells: Option<(EventKind, u32)>,
}

fn versions() -> impl Strategy<Value = Vec<Version>> {
    use TaskStatus::*;
    let statuses = prop::sample::select(vec![
        Open, InProgress, Submitted, Done, Returned, Refused, Paused, Cancelled, Recalled, Gone,
    ]);
    let kinds = prop::sample::select(vec![
        EventKind::Submitted,
        EventKind::Returned,
        EventKind::Reopened,
        EventKind::Approved,
        EventKind::HandedOver,
        EventKind::DueChanged,
        EventKind::Progressed,
        EventKind::Assigned,
    ]);
    let tells = prop::option::of((kinds, 1u32..40));
    let version =
        (statuses, prop::sample::select(vec!["a", "b", "c"]), 1u32..4, any::<bool>(), any::<bool>(), tells);
    let version = version.prop_map(|(status, assignee, due, submitted, completed, tells)| Version {
        status,
        assignee,
        due,
        submitted,
        completed,
        tells,
    });
    prop::collection::vec(version, 1..12)
}

/// The records a source shows, one a day, with a history that only grows.
fn records(versions: &[Version]) -> Vec<(TaskDraft, DateTime<Utc>)> {
    let mut history = Vec::new();
    let start = at("2026-10-01T00:00:00Z");
    (0i64..)
        .zip(versions)
        .map(|(day, version)| {
            let now = start + chrono::TimeDelta::days(day);
            if let Some((kind, hours)) = version.tells {
                let mut event = SourceEvent::new(kind, Some(now - chrono::TimeDelta::hours(hours.into())));
                event.actor = Some(account("chief"));
                history.push(event);
            }
            let mut record = draft(version.status, "2026-10-01T00:00:00Z");
            record.updated_at = Some(now);
            record.assignee = Some(account(version.assignee));
            record.due =
                Some(Due::day(local_date(start + chrono::TimeDelta::days(i64::from(version.due) * 5))));
            record.submitted_at = version.submitted.then_some(now - chrono::TimeDelta::hours(3));
            record.completed_at = version.completed.then_some(now - chrono::TimeDelta::hours(1));
            record.events.clone_from(&history);
            (record, now + chrono::TimeDelta::minutes(5))
        })
        .collect()
}

proptest! {
    #[test]
    fn task_is_derived_again_from_its_events(
        versions in versions(),
        set_back in prop::collection::vec(0i64..4, 12),
    ) {
        let mut held: Option<CanonicalTask> = None;
        let mut kept = Vec::new();
        for (((record, seen), days), second) in records(&versions).into_iter().zip(set_back).zip(0..) {
            // Clocks are set back now and then; no two looks show the same moment.
            let seen = seen - chrono::TimeDelta::days(days) + chrono::TimeDelta::seconds(second);
            let applied = apply(held.as_ref(), record, seen);
            kept.extend(applied.events.into_iter().map(|event| (event, seen)));
            held = Some(applied.task);
        }
        let mut held = held.expect("at least one version");
        let mut again = rebuild(&kept, held.draft.clone()).expect("events");
        // Judged by drafts as well as by events (what happened before we first looked stands in no event): the
        // tests above pin it down.
        again.accepted_submission_at = None;
        held.accepted_submission_at = None;
        prop_assert_eq!(again, held);
    }

    #[test]
    fn replaying_all_versions_changes_nothing_but_tells_what_is_outdated(versions in versions()) {
        let records = records(&versions);
        let mut held: Option<CanonicalTask> = None;
        for (record, seen) in &records {
            held = Some(apply(held.as_ref(), record.clone(), *seen).task);
        }
        let once = held.clone();
        for (record, seen) in &records {
            let applied = apply(held.as_ref(), record.clone(), *seen + chrono::TimeDelta::days(60));
            prop_assert!(applied.events.iter().all(|event| event.kind == EventKind::Outdated));
            prop_assert_eq!(applied.outdated, !applied.events.is_empty());
            held = Some(applied.task);
        }
        prop_assert_eq!(held, once);
    }

    #[test]
    fn any_interleaving_ends_in_the_newest_version((versions, order) in versions().prop_flat_map(|versions| {
        let order: Vec<usize> = (0..versions.len()).collect();
        (Just(versions), Just(order).prop_shuffle())
    })) {
        let records = records(&versions);
        let mut held: Option<CanonicalTask> = None;
        for index in order {
            let (record, seen) = &records[index];
            held = Some(apply(held.as_ref(), record.clone(), *seen + chrono::TimeDelta::days(60)).task);
        }
        prop_assert_eq!(held.map(|task| task.draft), records.last().map(|(record, _)| record.clone()));
    }
}

#[test]
fn completion_stands_in_the_history_where_only_the_record_of_a_first_sight_tells_it() {
    let now = at("2026-10-20T00:00:00Z");
    let done = TaskDraft {
        completed_at: Some(at("2026-10-09T00:00:00Z")),
        ..draft(TaskStatus::Done, "2026-10-10T00:00:00Z")
    };
    let seen = apply(None, done.clone(), now);
    let untold = seen.task.completion_untold(&kinds(&seen)).expect("untold");
    assert_eq!((untold.kind, untold.at), (EventKind::Approved, done.completed_at));
    let open = apply(None, draft(TaskStatus::Open, "2026-10-01T00:00:00Z"), now);
    assert_eq!(open.task.completion_untold(&kinds(&open)), None, "not done");
    let later = apply(Some(&open.task), done.clone(), now);
    assert_eq!(later.task.completion_untold(&kinds(&later)), None, "told by an event");
    let reopened = apply(Some(&seen.task), draft(TaskStatus::Open, "2026-10-11T00:00:00Z"), now);
    assert_eq!(reopened.task.completion_untold(&[kinds(&seen), kinds(&reopened)].concat()), None);
    let gone = gone(&seen.task, None, now);
    let both = [kinds(&seen), kinds(&gone)].concat();
    assert!(gone.task.completion_untold(&both).is_some(), "it was done before it vanished");
}
