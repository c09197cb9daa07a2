//! Drafts into a real store and back: what is kept there is enough to derive every task again.

use chrono::{DateTime, TimeDelta, Utc};
use lienthong::domain::{
    AccountKind, AccountRef, Due, EventKind, SourceEvent, SourceId, TaskDraft, TaskStatus, local_date,
};
use lienthong::ingest;
use lienthong::store::{PageCommit, RunKind, Store, StoreConfig, TaskWrite};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("instant")
}

fn draft(id: u32, status: TaskStatus, updated_at: DateTime<Utc>) -> TaskDraft {
    TaskDraft {
        external_id: format!("nv-{id}"),
        updated_at: Some(updated_at),
        title: format!("Báo cáo số {id}"),
        status,
        raw_status: status.as_str().into(),
        assignee: Some(AccountRef { kind: AccountKind::Account, value: format!("u{}", id % 3) }),
        assignee_name: None,
        unit: None,
        assigned_at: Some(at("2026-07-01T01:00:00Z")),
        due: Some(Due::day("2026-07-20".parse().expect("day"))),
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

/// The version of a task on a day of its life: returned, extended, handed over, done, opened again.
fn version(id: u32, day: i64) -> TaskDraft {
    use TaskStatus::{Done, InProgress, Open, Returned, Submitted};
    let now = at("2026-07-02T00:00:00Z") + TimeDelta::days(day);
    let status = [Open, InProgress, Submitted, Returned, Submitted, Done, InProgress, Done]
        [usize::try_from(day + i64::from(id % 2)).expect("small") % 8];
    let mut record = draft(id, status, now);
    if day >= 3 {
        record.due = Some(Due::day(local_date(now) + TimeDelta::days(20)));
        record.assignee = Some(AccountRef { kind: AccountKind::Account, value: "u9".into() });
    }
    if day >= 4 && id.is_multiple_of(3) {
        record.events = vec![SourceEvent::new(EventKind::Returned, Some(now - TimeDelta::days(day - 3)))];
    }
    record
}

#[tokio::test]
async fn stored_tasks_are_derived_again_from_their_stored_events() {
    let folder = tempfile::tempdir().expect("folder");
    let store = Store::open(&StoreConfig::Sqlite(folder.path().join("t.db")), &[7; 32]).await.expect("store");
    store.migrate().await.expect("schema");
    let source = SourceId::new("so-noi-vu").expect("source");
    let run = store.begin_run(&source, RunKind::Full, at("2026-07-01T00:00:00Z")).await.expect("run");
    let keys: Vec<String> = (0..40).map(|id| format!("nv-{id}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for day in 0..8 {
        let seen = at("2026-07-02T00:10:00Z") + TimeDelta::days(day);
        let known = store.known_hashes(&source, &keys).await.expect("hashes");
        let ids: Vec<i64> = known.iter().flatten().map(|(id, _)| *id).collect();
        let held = store.load_tasks(&ids).await.expect("tasks");
        let tasks = (0..40)
            .map(|id| {
                let record = version(id, day);
                let previous = held.iter().find(|task| task.key.external_id == record.external_id);
                let external_id = record.external_id.clone();
                let applied = ingest::apply(previous.map(|task| &task.task), record, seen);
                TaskWrite {
                    known_id: previous.map(|task| task.id),
                    external_id,
                    hash: [u8::try_from(day).expect("small"); 16],
                    place: None,
                    task: applied.task,
                    events: applied.events,
                }
            })
            .collect();
        let page = PageCommit {
            source: source.clone(),
            run,
            fetched_at: seen,
            request: "GET /tasks".into(),
            body: Some(bytes::Bytes::from_static(b"{}")),
            details: None,
            tasks,
            rejections: Vec::new(),
            evidence: Vec::new(),
            cursor: None,
        };
        store.commit_pages(vec![page]).await.expect("commit");
    }
    let known = store.known_hashes(&source, &keys).await.expect("hashes");
    let ids: Vec<i64> = known.into_iter().map(|known| known.expect("stored").0).collect();
    let stored = store.load_tasks(&ids).await.expect("tasks");
    assert_eq!(stored.len(), 40);
    for task in stored {
        let events = store.events_of(task.id).await.expect("events");
        let events: Vec<_> = events.into_iter().map(|(seen, event, _)| (event, seen)).collect();
        let again = ingest::rebuild(&events, task.task.draft.clone());
        assert_eq!(again.as_ref(), Some(&task.task), "{}", task.key.external_id);
        assert_eq!(task.task.returned_count, 1, "{}", task.key.external_id);
        assert_eq!(task.task.assignees.len(), 2);
    }
}
