//! Every behaviour of the store, on SQLite and on PostgreSQL.

use crate::support::stores::{Hold, KEY, both, department, officer, run_sql};
use chrono::{DateTime, TimeDelta, Utc};
use lienthong::domain::{
    AccountKind, AccountRef, Assignment, CanonicalTask, CatalogProduct, CatalogVersion, CitizenId, Decision,
    DecisionKind, DirectoryImport, ImportedPerson, Period, PersonId, RecordState, SourceId, StaffNumber,
    TargetId, TaskDraft, UnitCode,
};
use lienthong::error::{Disposition, Finding, Text};
use lienthong::ingest;
use lienthong::store::{
    Linked, MappingChange, MappingRow, MappingState, MappingWrite, NewRevision, OutboxFilter, OutboxKind,
    OutboxNew, Packed, PageCommit, PeriodClose, ReceiptNew, RejectionWrite, Retried, RetriedAll, Revision,
    RunCounters, RunKind, RunOutcome, ScoreWrite, Settlement, Store, StoreConfig, StoreError, TaskWrite,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

pub fn now() -> DateTime<Utc> {
    "2026-12-07T02:00:00.123Z".parse().expect("instant")
}

pub fn source() -> SourceId {
    SourceId::new("snv").expect("source")
}

fn task(id: &str, title: &str) -> CanonicalTask {
    let draft: TaskDraft = serde_json::from_value(json!({
        "external_id": id, "updated_at": null, "title": title, "status": "open", "raw_status": "0",
        "assignee": { "kind": "account", "value": "1001" }, "assignee_name": null, "unit": null,
        "assigned_at": "2026-11-01T01:00:00Z", "due": { "day": "2026-12-15", "time": null }, "submitted_at": null, "completed_at": null,
        "quantity": "0.8", "unplanned": false, "doc_type": null, "category": null, "doc_number": null, "product_code": null, "events": []
    }))
    .expect("draft");
    ingest::apply(None, draft, now()).task
}

fn write(id: &str, title: &str, hash: u8) -> TaskWrite {
    let task = task(id, title);
    let events =
        vec![lienthong::domain::SourceEvent::new(lienthong::domain::EventKind::Assigned, Some(now()))];
    TaskWrite { known_id: None, external_id: id.into(), hash: [hash; 16], place: None, task, events }
}

fn page(run: i64, tasks: Vec<TaskWrite>, cursor: &str) -> PageCommit {
    PageCommit {
        source: source(),
        run,
        fetched_at: now(),
        request: "GET /tasks".into(),
        body: Some(bytes::Bytes::from_static(b"[{\"id\":1,\"cccd\":\"099200000001\"}]")),
        details: Some(bytes::Bytes::from_static(b"{\"a\":{}}")),
        tasks,
        rejections: Vec::new(),
        evidence: Vec::new(),
        cursor: Some(cursor.into()),
    }
}

pub async fn with_person(store: &Store) -> PersonId {
    let person = ImportedPerson {
        citizen_id: CitizenId::parse("099200000001"),
        accounts: vec![(source(), "1001".into())],
        ..officer("GL-00001", "Nguyễn Văn A")
    };
    let import = DirectoryImport { units: vec![department()], people: vec![person] };
    store.import_directory(&import, "test", None, now()).await.expect("imported");
    let number = StaffNumber::parse("GL-00001").expect("number");
    store.person_by_staff_number(&number).await.expect("read").expect("person")
}

#[tokio::test]
async fn page_with_its_cursor_is_stored_whole_and_read_back_exactly() {
    let both = both().await;
    for store in &both.stores {
        let run = store.begin_run(&source(), RunKind::Incremental, now()).await.expect("run");
        let ids = store
            .commit_pages(vec![page(
                run,
                vec![write("a", "Báo cáo", 1), write("b", "Kế hoạch", 2), write("a", "Báo cáo tháng", 3)],
                "c1",
            )])
            .await
            .expect("ids");
        assert_eq!(ids.len(), 3);
        assert_eq!(ids[0], ids[2], "a key twice on a page is one task");
        let known = store.known_hashes(&source(), &["b", "x", "a"]).await.expect("hashes");
        assert_eq!(known, [Some((ids[1], [2; 16])), None, Some((ids[0], [3; 16]))]);
        let loaded = store.load_tasks(&ids[..1]).await.expect("tasks");
        assert_eq!(loaded[0].task.draft.title, "Báo cáo tháng");
        assert_eq!(loaded[0].task.draft.quantity.expect("quantity").to_string(), "0.8");
        assert_eq!(store.events_of(ids[0]).await.expect("events").len(), 2, "both versions' events are kept");
        let each = store.events_of_each(&[ids[1], i64::MAX, ids[0]]).await.expect("events");
        let counted = |id: i64| each.get(&id).map(Vec::len);
        assert_eq!([ids[0], ids[1], i64::MAX].map(counted), [Some(2), Some(1), None], "{}", store.kind());
        assert_eq!(store.source_state(&source()).await.expect("state").cursor.as_deref(), Some("c1"));
        let raw_id = store.events_of(ids[0]).await.expect("events")[0].2.expect("page");
        let raw = store.raw_page(raw_id).await.expect("read").expect("page");
        assert!(raw.body.starts_with(b"[{\"id\":1"), "{} gives the answer back", store.kind());
        assert_eq!(raw.details.as_deref(), Some(&b"{\"a\":{}}"[..]), "{}", store.kind());
    }
}

#[tokio::test]
async fn task_that_came_in_meanwhile_keeps_its_number_and_its_events_go_on() {
    let both = both().await;
    for store in &both.stores {
        let run = store.begin_run(&source(), RunKind::Incremental, now()).await.expect("run");
        let first = store.commit_pages(vec![page(run, vec![write("a", "x", 1)], "c1")]).await.expect("ids");
        // Whoever wrote these believed that the store knew none of them.
        let tasks = vec![write("b", "y", 2), write("a", "z", 3), write("c", "w", 4)];
        let second = store.commit_pages(vec![page(run, tasks, "c2")]).await.expect("ids");
        assert_eq!(second[1], first[0], "{}", store.kind());
        let known = store.known_hashes(&source(), &["a", "b", "c"]).await.expect("hashes");
        let expected = [(second[1], [3; 16]), (second[0], [2; 16]), (second[2], [4; 16])];
        assert_eq!(known, expected.map(Some));
        for (id, events) in second.iter().zip([1, 2, 1]) {
            let kept = store.events_of(*id).await.expect("events");
            assert_eq!(kept.len(), events, "{}", store.kind());
            assert!(kept.iter().all(|(_, event, _)| event.at == Some(now())));
        }
    }
}

#[tokio::test]
async fn pages_of_one_transaction_give_every_task_its_own_events() {
    let both = both().await;
    for store in &both.stores {
        let run = store.begin_run(&source(), RunKind::Incremental, now()).await.expect("run");
        let known = store.commit_pages(vec![page(run, vec![write("x", "x", 9)], "c0")]).await.expect("ids");
        let told = |id: &str, events: usize| {
            let one = write(id, id, 1);
            TaskWrite { events: std::iter::repeat_n(one.events[0].clone(), events).collect(), ..one }
        };
        let other = SourceId::new("other").expect("name");
        let pages = vec![
            page(run, vec![told("a", 2), told("b", 1)], "c1"),
            // Believed to be new, as a page that was read before another one was stored.
            page(run, vec![told("c", 3), told("x", 2)], "c2"),
            PageCommit { source: other.clone(), ..page(run, vec![told("a", 1)], "o1") },
            page(run, vec![told("d", 0), told("e", 4), told("d", 1)], "c3"),
            page(run, vec![told("f", 1)], "c4"),
        ];
        let ids = store.commit_pages(pages).await.expect("ids");
        let events = [2, 1, 3, 1 + 2, 1, 1, 4, 1, 1];
        assert_eq!((ids[3], ids[5]), (known[0], ids[7]), "{}", store.kind());
        for (id, events) in ids.iter().zip(events) {
            let kept = store.events_of(*id).await.expect("events");
            assert_eq!(kept.len(), events, "{}: {ids:?}", store.kind());
        }
        for (source, key, id) in [(&source(), "e", ids[6]), (&other, "a", ids[4]), (&source(), "a", ids[0])] {
            let hashes = store.known_hashes(source, &[key]).await.expect("hashes");
            assert_eq!(hashes, [Some((id, [1; 16]))], "{} {key}", store.kind());
        }
    }
}

#[tokio::test]
async fn failed_transaction_leaves_neither_tasks_nor_cursor() {
    let both = both().await;
    for store in &both.stores {
        let run = store.begin_run(&source(), RunKind::Full, now()).await.expect("run");
        // The second page belongs to a run that does not exist: its foreign key fails.
        let pages =
            vec![page(run, vec![write("a", "x", 1)], "c1"), page(run + 999, vec![write("b", "y", 2)], "c2")];
        assert!(store.commit_pages(pages).await.is_err());
        assert_eq!(store.known_hashes(&source(), &["a"]).await.expect("hashes"), [None], "{}", store.kind());
        assert_eq!(store.source_state(&source()).await.expect("state").cursor, None);
    }
}

#[tokio::test]
async fn same_bad_record_is_one_rejection_and_a_failed_run_spares_the_source() {
    let both = both().await;
    for store in &both.stores {
        let finding = Finding::error("LT-TST-001", Text::new("hỏng", "broken"), Text::new("sửa", "mend"));
        for _ in 0..2 {
            let run = store.begin_run(&source(), RunKind::Incremental, now()).await.expect("run");
            let mut commit = page(run, Vec::new(), "c");
            commit.rejections.push(RejectionWrite {
                external_id: None,
                index: 3,
                body: bytes::Bytes::from_static(b"{bad"),
                finding: finding.clone(),
            });
            store.commit_pages(vec![commit]).await.expect("stored");
            let outcome = RunOutcome::Failed {
                finding: Box::new(finding.clone()),
                disposition: Disposition::NeedsOperator,
                retry_after: None,
            };
            store
                .finish_run(
                    run,
                    &source(),
                    &RunCounters { records: 1, ..RunCounters::default() },
                    &outcome,
                    &[],
                    now(),
                )
                .await
                .expect("finished");
        }
        let rejected = store.rejected(Some(&source()), 0, 10).await.expect("list");
        assert_eq!(rejected.len(), 1);
        assert_eq!(store.rejected_body(rejected[0].id).await.expect("read").expect("body"), b"{bad");
        let state = store.source_state(&source()).await.expect("state");
        assert_eq!(
            (state.consecutive_failures, state.blocked_until),
            (2, Some(now() + TimeDelta::minutes(10)))
        );
        store.settle_rejected(&[rejected[0].id], "replayed").await.expect("settled");
        assert!(store.rejected(None, 0, 10).await.expect("list").is_empty());
    }
}

#[tokio::test]
async fn record_that_reads_again_leaves_the_list_and_its_neighbours_stay() {
    let both = both().await;
    for store in &both.stores {
        let finding = Finding::error("LT-TST-001", Text::new("hỏng", "broken"), Text::new("sửa", "mend"));
        let bad = |key: Option<&str>, body: &'static str| RejectionWrite {
            external_id: key.map(str::to_owned),
            index: 0,
            body: bytes::Bytes::from_static(body.as_bytes()),
            finding: finding.clone(),
        };
        let run = store.begin_run(&source(), RunKind::Incremental, now()).await.expect("run");
        let mut first = page(run, Vec::new(), "c1");
        first.rejections = vec![bad(Some("a"), "{a"), bad(Some("b"), "{b"), bad(None, "{?")];
        store.commit_pages(vec![first]).await.expect("stored");
        assert_eq!(store.rejected(None, 0, 10).await.expect("list").len(), 3);
        let second = page(run, vec![write("a", "Báo cáo", 1), write("c", "Kế hoạch", 2)], "c2");
        store.commit_pages(vec![second]).await.expect("stored");
        let left = store.rejected(Some(&source()), 0, 10).await.expect("list");
        let keys: Vec<_> = left.iter().map(|row| row.external_id.as_deref()).collect();
        assert_eq!(keys, [Some("b"), None], "{}", store.kind());
    }
}

#[tokio::test]
async fn citizen_id_is_found_by_its_index_and_stands_nowhere_in_the_file() {
    let both = both().await;
    let person = with_person(&both.stores[0]).await;
    let rows = both.stores[0].load_directory().await.expect("directory");
    let id = CitizenId::parse("099200000001").expect("id");
    assert_eq!(
        rows.people[0].citizen_index.as_deref(),
        Some(both.stores[0].vault().blind_index(&id).as_str())
    );
    assert_eq!(rows.people[0].id, person);
    let run = both.stores[0].begin_run(&source(), RunKind::Full, now()).await.expect("run");
    both.stores[0].commit_pages(vec![page(run, vec![write("a", "x", 1)], "c")]).await.expect("stored");
    both.stores[0].close().await;
    for entry in std::fs::read_dir(both.folder.path()).expect("folder") {
        let bytes = std::fs::read(entry.expect("entry").path()).expect("file");
        assert!(
            !bytes.windows(12).any(|part| part == b"099200000001"),
            "the number must not be readable in the file"
        );
    }
    with_person(&both.stores[1]).await;
}

#[tokio::test]
async fn task_changed_while_it_was_looked_at_stays_due() {
    let both = both().await;
    for store in &both.stores {
        let person = with_person(store).await;
        let run = store.begin_run(&source(), RunKind::Full, now()).await.expect("run");
        store
            .commit_pages(vec![page(run, vec![write("a", "x", 1), write("b", "y", 2)], "c")])
            .await
            .expect("stored");
        let due = store.tasks_to_identify(10).await.expect("due");
        assert_eq!(due.len(), 2);
        let stake = Assignment { person, handed_over: false, taken_over: false };
        let assigned: Vec<_> = due
            .iter()
            .enumerate()
            .map(|(index, stored)| {
                // The second task changed after it was read.
                let read_at =
                    if index == 0 { stored.changed_at } else { stored.changed_at - TimeDelta::seconds(1) };
                (stored.id, read_at, vec![(stake.clone(), None)])
            })
            .collect();
        let account = AccountRef { kind: AccountKind::Account, value: "ghost".into() };
        let unknown = [(source(), account, Some("Ma".into()), vec![due[0].id])];
        let stamp = store.directory_stamp().await.expect("stamp");
        // Someone linked an account since the directory was read.
        assert!(!store.save_assignments(stamp - 1, &assigned, &unknown, now()).await.expect("answered"));
        assert_eq!(store.tasks_to_identify(10).await.expect("due").len(), 2, "{}", store.kind());
        assert!(store.save_assignments(stamp, &assigned, &unknown, now()).await.expect("saved"));
        let still: Vec<_> = store.tasks_to_identify(10).await.expect("due");
        assert_eq!(
            still.iter().map(|task| task.key.external_id.as_str()).collect::<Vec<_>>(),
            ["b"],
            "{}",
            store.kind()
        );
        let listed = store.unknown_accounts(None, 10).await.expect("unknown");
        assert_eq!(listed.iter().map(|account| account.tasks).collect::<Vec<_>>(), [1]);
        // The task is due on 15 December.
        let of = async |period: &str| {
            store.unknown_accounts_of(period.parse().expect("period")).await.expect("counted")
        };
        assert_eq!((of("2026-Q4").await, of("2026-Q3").await, of("2026").await), (1, 0, 1));
        // Looked at again, nobody unknown has a stake any more.
        assert!(store.save_assignments(stamp, &assigned, &[], now()).await.expect("saved"));
        assert!(store.unknown_accounts(None, 10).await.expect("unknown").is_empty(), "{}", store.kind());
        assert_eq!(of("2026-Q4").await, 0);
        let items = store.tasks_to_map(10).await.expect("to map");
        assert_eq!((items.len(), items[0].people.clone()), (1, vec![person]));
    }
}

#[tokio::test]
async fn decision_of_a_person_is_never_overwritten_by_a_rule() {
    let both = both().await;
    for store in &both.stores {
        let person = with_person(store).await;
        let product: CatalogProduct = serde_json::from_value(json!({
            "code": "SP-1", "name": "Báo cáo", "field": "", "measure": "", "group": 1, "coefficient": "1.20", "synonyms": [], "applies_to": ""
        }))
        .expect("product");
        let version = CatalogVersion::new("2026").expect("version");
        let day = "2026-01-01".parse().expect("day");
        store
            .import_catalog(&version, day, std::slice::from_ref(&product), &[1], "test", now())
            .await
            .expect("imported");
        let twice = store.import_catalog(&version, day, &[product], &[2], "test", now()).await;
        assert!(matches!(twice, Err(StoreError::Conflict(_))), "a version is never edited");
        let run = store.begin_run(&source(), RunKind::Full, now()).await.expect("run");
        let ids = store.commit_pages(vec![page(run, vec![write("a", "x", 1)], "c")]).await.expect("ids");
        let row = |by: &str, coefficient: &str| MappingRow {
            state: MappingState::Mapped,
            product: Some("SP-1".parse().expect("code")),
            catalog_version: version.clone(),
            coefficient: Some(coefficient.parse().expect("decimal")),
            decided_by: by.into(),
            author: None,
            reason: json!({}),
            decided_at: now(),
        };
        store
            .decide_mapping(ids[0], &row("operator", "1.2"), &[(person, Period::Year(2026))], Some("đúng"))
            .await
            .expect("decided");
        let write =
            MappingWrite { task: ids[0], changed_at: now(), change: MappingChange::Decide(row("text", "9")) };
        store.save_mappings(&[write], &[], None).await.expect("saved");
        let held = store.map_item(ids[0]).await.expect("read").expect("item").mapping.expect("mapping");
        assert_eq!(
            (held.decided_by.as_str(), held.coefficient.expect("coefficient").to_string().as_str()),
            ("operator", "1.2")
        );
        assert_eq!(store.scores_due(10).await.expect("due").len(), 1);
    }
}

#[tokio::test]
async fn mark_set_again_during_a_computation_is_not_cleared_by_it() {
    let both = both().await;
    for store in &both.stores {
        let person = with_person(store).await;
        let quarter: Period = "2026-Q4".parse().expect("quarter");
        store.mark_scores_due(&[(person, quarter)]).await.expect("marked");
        let read = store.scores_due(10).await.expect("due");
        store.mark_scores_due(&[(person, quarter)]).await.expect("marked again");
        let score = |hash: &str| ScoreWrite {
            person,
            period: quarter,
            scope: "to_date",
            unit: UnitCode::new("SNV").expect("code"),
            role: "staff",
            rule_set_hash: "r".into(),
            working_days: None,
            inputs_hash: hash.into(),
            as_of: "2026-12-07".parse().expect("day"),
            task_part: Some("46.70".into()),
            total: None,
            total_exact: Some("801/10".into()),
            summary: json!({"missing": ["general_criteria"]}),
            derivation: Some(Packed::of(b"{}").expect("packed")),
            computed_at: now(),
            record_due: true,
        };
        assert_eq!(store.save_scores(vec![score("h1")], &read, &[]).await.expect("saved"), 1);
        assert_eq!(store.scores_due(10).await.expect("due").len(), 1, "the second mark stands");
        assert_eq!(
            store.save_scores(vec![score("h1")], &[], &[]).await.expect("saved"),
            0,
            "same inputs are not written"
        );
        assert_eq!(store.scores_without_record(10).await.expect("scores").len(), 1);
    }
}

fn item(person: PersonId, period: &str, payload: &[u8], list_len: u32) -> OutboxNew {
    OutboxNew {
        target: TargetId::new("national").expect("target"),
        kind: OutboxKind::Result,
        person,
        period: period.parse().expect("period"),
        revision: 1,
        payload: payload.to_vec(),
        payload_hash: lienthong::delivery::payload_hash(payload),
        list_len,
        covers: vec![(period.parse().expect("period"), 1)],
        deadline_at: Some(now() + TimeDelta::days(5)),
        deadlines: json!([]),
        at: now(),
        allowed: None,
    }
}

#[tokio::test]
async fn outbox_item_is_claimed_once_fenced_and_kept_with_its_receipt() {
    let both = both().await;
    for store in &both.stores {
        let person = with_person(store).await;
        let target = TargetId::new("national").expect("target");
        store.enqueue(&[item(person, "2026-Q3", b"one", 1)]).await.expect("enqueued");
        store
            .enqueue(&[item(person, "2026", b"two", 2)])
            .await
            .expect("a newer list supersedes a waiting one");
        let lease = Duration::from_secs(60);
        let first = store.claim_outbox(&target, "a", now(), lease, 10).await.expect("claimed");
        assert_eq!(
            (first.len(), first[0].payload.as_slice(), first[0].unclear),
            (1, b"two".as_slice(), false)
        );
        assert!(store.claim_outbox(&target, "b", now(), lease, 10).await.expect("claimed").is_empty());
        store.mark_sent(first[0].id, first[0].fence, now(), lease).await.expect("sent");
        // The holder disappears; after its lease another one takes over and knows that it may have arrived.
        let later = now() + TimeDelta::seconds(61);
        let second = store.claim_outbox(&target, "b", later, lease, 10).await.expect("claimed");
        assert!(second[0].unclear && second[0].fence > first[0].fence);
        let receipt = ReceiptNew {
            transaction_id: "t-1".into(),
            received_at: later,
            answer: "{}".into(),
            payload_hash: second[0].payload_hash.clone(),
        };
        let acknowledged = || Settlement::Acknowledged { receipt: receipt.clone(), verified: false };
        let stale = store.settle(first[0].id, first[0].fence, acknowledged(), later).await;
        assert!(matches!(stale, Err(StoreError::Conflict(_))), "{}: a stale holder is refused", store.kind());
        store.settle(second[0].id, second[0].fence, acknowledged(), later).await.expect("settled");
        assert_eq!(
            store.last_acknowledged(&target, person).await.expect("read").as_deref(),
            Some(b"two".as_slice())
        );
        let lines = store.outbox_lines(&OutboxFilter::default(), 10).await.expect("lines");
        let states: Vec<&str> = lines.iter().map(|line| line.state.as_str()).collect();
        assert_eq!(states, ["acknowledged", "superseded"]);
        assert_eq!(lines[0].transaction_id.as_deref(), Some("t-1"));
        store.enqueue(&[item(person, "2026", b"three", 3)]).await.expect("enqueued");
        let again = store.claim_outbox(&target, "a", later, lease, 10).await.expect("claimed");
        let finding = Finding::error("LT-TST-002", Text::new("a", "a"), Text::new("b", "b"));
        store
            .settle(again[0].id, again[0].fence, Settlement::Parked { finding }, later)
            .await
            .expect("parked");
        assert!(store.claim_outbox(&target, "a", later, lease, 10).await.expect("claimed").is_empty());
        assert_eq!(store.retry_item(again[0].id, "test", later).await.expect("retried"), Retried::Due);
        assert_eq!(store.claim_outbox(&target, "a", later, lease, 10).await.expect("claimed").len(), 1);
    }
}

#[tokio::test]
async fn what_a_person_parks_while_many_are_tried_again_stays_parked_until_its_own_order() {
    let both = both().await;
    for (store, config) in both.stores.iter().zip(both.configs()) {
        let person = with_person(store).await;
        let target = TargetId::new("national").expect("target");
        store.enqueue(&[item(person, "2026-Q3", b"one", 1)]).await.expect("enqueued");
        let claimed =
            store.claim_outbox(&target, "a", now(), Duration::from_secs(60), 1).await.expect("claimed");
        let (id, fence) = (claimed[0].id, claimed[0].fence);
        let finding = Finding::error("LT-TST-002", Text::new("a", "a"), Text::new("b", "b"));
        let refused = Settlement::Rejected { finding, answered: true };
        store.settle(id, fence, refused, now()).await.expect("settled");
        let on_order = Finding::warning("LT-TST-003", Text::new("a", "a"), Text::new("b", "b"));
        let all = async |states: &[&str]| {
            store.retry_items(None, states, "LT-TST-003", "test", now()).await.expect("retried")
        };
        // Both wait in line: the list is made while the item is still refused, its turn comes after it was parked.
        let hold = Hold::order(&config).await;
        let (parked, retried, ()) = tokio::join!(
            store.park_item(id, "test", &on_order, now()),
            async {
                tokio::time::sleep(Duration::from_millis(150)).await;
                all(&["parked", "rejected"]).await
            },
            async {
                tokio::time::sleep(Duration::from_millis(400)).await;
                hold.release().await;
            }
        );
        assert!(parked.expect("parked"), "{}", store.kind());
        assert_eq!(retried, RetriedAll { kept: 1, ..RetriedAll::default() }, "{}", store.kind());
        assert_eq!(all(&["rejected"]).await, RetriedAll::default(), "it is not refused any more");
        assert_eq!(store.retry_item(id, "test", now()).await.expect("retried"), Retried::Due);
        // The reason is still written beside it; parked it is no more.
        let due = RetriedAll { due: 1, ..RetriedAll::default() };
        assert_eq!(all(&["pending"]).await, due, "{}", store.kind());
    }
}

fn revision(person: PersonId, number: u32, state: RecordState) -> Revision {
    Revision {
        person,
        period: "2026-Q3".parse().expect("period"),
        revision: number,
        state,
        unit: UnitCode::new("SNV").expect("code"),
        content: json!({"parts": {"total": {"printed": "80.00"}}}),
        content_hash: format!("h{number}"),
        summary: json!([]),
        author: "test".into(),
        reason: None,
        at: now(),
    }
}

#[tokio::test]
async fn revisions_are_added_in_order_with_their_deliveries_and_the_period_closes_once() {
    let both = both().await;
    for store in &both.stores {
        let person = with_person(store).await;
        let period: Period = "2026-Q3".parse().expect("period");
        let new = |number, state, outbox| NewRevision {
            revision: revision(person, number, state),
            outbox,
            settles: Vec::new(),
            due: Vec::new(),
        };
        store.append_revision(&new(1, RecordState::Provisional, Vec::new())).await.expect("first");
        let race = store
            .append_revision(&new(1, RecordState::Provisional, vec![item(person, "2026-Q3", b"x", 1)]))
            .await;
        assert!(matches!(race, Err(StoreError::Conflict(_))));
        assert!(
            store.outbox_lines(&OutboxFilter::default(), 10).await.expect("lines").is_empty(),
            "a refused revision sends nothing"
        );
        store
            .append_revision(&new(2, RecordState::Approved, vec![item(person, "2026-Q3", b"x", 1)]))
            .await
            .expect("second");
        assert_eq!(store.latest_revision(person, period).await.expect("read").expect("revision").revision, 2);
        assert_eq!(store.approved_revisions(person).await.expect("read").len(), 1);
        assert_eq!(store.revisions(person, period).await.expect("read").len(), 2);
        store.append_revision(&new(3, RecordState::Corrected, Vec::new())).await.expect("third");
        let approved = store.approved_of(&[person, PersonId(uuid::Uuid::max())], period).await.expect("read");
        let approved: Vec<u32> = approved.values().map(|revision| revision.revision).collect();
        assert_eq!(approved, [2], "{}: a correction changes it once it is approved", store.kind());
        let close =
            PeriodClose { period, at: now(), author: "test".into(), document: None, checklist: json!({}) };
        store.close_period(&close, &[], &[]).await.expect("closed");
        assert!(matches!(store.close_period(&close, &[], &[]).await, Err(StoreError::Conflict(_))));
        assert_eq!(store.closed_periods().await.expect("read"), [period]);
    }
}

#[tokio::test]
async fn same_decision_twice_is_one_and_history_is_missing_until_someone_speaks() {
    let both = both().await;
    for store in &both.stores {
        let person = with_person(store).await;
        let period: Period = "2026-Q3".parse().expect("period");
        let decision = Decision {
            key: "ev-1".into(),
            person,
            period,
            author: "B".into(),
            at: now(),
            document: None,
            kind: DecisionKind::Approval {
                revision: 2,
                content_hash: None,
                decision_no: Some("1/QĐ".into()),
            },
        };
        assert_eq!(
            store.append_decisions("evaluation", std::slice::from_ref(&decision), now()).await.expect("kept"),
            1
        );
        assert_eq!(
            store.append_decisions("evaluation", std::slice::from_ref(&decision), now()).await.expect("kept"),
            0
        );
        // Of a file the journal tells what was entered, not what was read.
        let other = Decision {
            key: "ev-2".into(),
            kind: DecisionKind::GeneralCriteria { items: BTreeMap::new() },
            ..decision.clone()
        };
        let told = store
            .import_decisions("evaluation", &[decision, other], "B", Some("5/QĐ"), now())
            .await
            .expect("kept");
        let entry = store.audit_entries(i64::MAX, 1).await.expect("journal").remove(0);
        assert_eq!((told, entry.object.as_str()), (1, "1 decisions of one file"), "{}", store.kind());
        assert_eq!((entry.action.as_str(), entry.reason.as_deref()), ("decisions_imported", Some("5/QĐ")));
        let open = store.open_decisions(10).await.expect("open");
        let open: Vec<_> = open.iter().map(|open| (open.id, None)).collect();
        let told = store.audit_entries(i64::MAX, 100).await.expect("journal");
        let told: Vec<_> = told.iter().filter(|entry| entry.action == "decision_entered").collect();
        assert_eq!(told.len(), 2, "one entry for each decision: {told:?}");
        assert!(told.iter().all(|entry| entry.object == format!("record {person} {period}")));
        assert!(
            told.iter().all(|entry| entry.detail.split(' ').count() == 3),
            "origin, kind, hash: {told:?}"
        );
        store.settle_decisions(&open).await.expect("settled");
        assert!(store.open_decisions(10).await.expect("open").is_empty());
        assert_eq!(store.decisions_of(person, period).await.expect("read").len(), 2);
        use lienthong::store::HistoryState as H;
        assert_eq!(store.history_state(person).await.expect("state"), H::Missing);
        let by = lienthong::store::Importer { author: "C", document: None, at: now() };
        let unknown = store.people_without_history().await.expect("read");
        assert_eq!(unknown, [person]);
        assert_eq!(store.sign_history_empty(&unknown, "mới tuyển", by).await.expect("signed"), 1);
        assert!(store.people_without_history().await.expect("read").is_empty());
        assert_eq!(store.history_state(person).await.expect("state"), H::SignedEmpty);
        let by = lienthong::store::Importer { author: "C", document: Some("8/QĐ"), at: now() };
        for score in ["80.00", "81.00"] {
            let row = [(person, period, json!({ "score": score }))];
            assert_eq!(store.import_history(&row, by).await.expect("imported"), 1);
        }
        let held = store.history(person).await.expect("history");
        assert_eq!(held, [(period, json!({"score": "81.00"}))]);
        let before = store.replaced_history(person).await.expect("history");
        assert_eq!(before, [(period, json!({"score": "80.00"}))], "{}", store.kind());
        let entry = store.audit_entries(i64::MAX, 1).await.expect("journal").remove(0);
        assert_eq!(entry.object, format!("history {person} {period}"));
        assert!(entry.detail.starts_with("replaces ") && entry.reason.as_deref() == Some("8/QĐ"));
        assert_eq!(store.history_state(person).await.expect("state"), H::Imported);
    }
}

#[tokio::test]
async fn lease_changes_hands_only_when_it_ran_out_and_the_fence_grows() {
    let both = both().await;
    for store in &both.stores {
        let minute = Duration::from_secs(60);
        let first = store.acquire_lease("step:x", "a", minute).await.expect("lease").expect("ours");
        assert_eq!(
            store.acquire_lease("step:x", "a", minute).await.expect("lease"),
            Some(first),
            "renewing keeps the fence"
        );
        assert_eq!(store.acquire_lease("step:x", "b", minute).await.expect("lease"), None);
        store.acquire_lease("step:x", "a", Duration::ZERO).await.expect("lease");
        tokio::time::sleep(Duration::from_millis(20)).await;
        let second = store.acquire_lease("step:x", "b", minute).await.expect("lease").expect("taken over");
        assert!(second > first, "{}", store.kind());
        store.release_lease("step:x", "b").await.expect("released");
        assert!(store.acquire_lease("step:x", "a", minute).await.expect("lease").is_some());
    }
}

#[tokio::test]
async fn audit_chain_verifies_and_a_changed_entry_is_found() {
    let both = both().await;
    for store in &both.stores {
        for number in 0..5 {
            store
                .note(now(), "test", "noted", format!("object {number}"), Some("vì sao"))
                .await
                .expect("noted");
        }
        assert_eq!(store.verify_audit().await.expect("verified"), None, "{}", store.kind());
        assert!(store.integrity().await.expect("checked").is_empty());
    }
    let path = both.folder.path().join("lienthong.db");
    both.stores[0].close().await;
    let config = StoreConfig::Sqlite(path);
    run_sql(&config, "UPDATE audit SET actor = 'other' WHERE seq = 3").await;
    let store = Store::open(&config, &KEY).await.expect("store");
    assert_eq!(store.verify_audit().await.expect("verified").expect("a fault").seq, 3);
}

#[tokio::test]
async fn backup_opens_as_a_store_and_a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let config = StoreConfig::Sqlite(folder.path().join("a.db"));
    let store = Store::open(&config, &KEY).await.expect("store");
    store.migrate().await.expect("migrated");
    with_person(&store).await;
    let copy = folder.path().join("copy.db");
    store.backup(&copy).await.expect("backup");
    let copy = StoreConfig::Sqlite(copy);
    let restored = Store::open(&copy, &KEY).await.expect("restored");
    assert_eq!(restored.load_directory().await.expect("directory").people.len(), 1);
    restored.close().await;
    let newer = "UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    run_sql(&copy, newer).await;
    let newer = Store::open(&copy, &KEY).await.expect("opened");
    let error = newer.migrate().await.expect_err("refused");
    assert_eq!(error.finding().code, "LT-DB-007");
}

/// The stores' databases, opened with another key.
async fn with_other_key(config: &StoreConfig) -> StoreError {
    Store::open(config, &[8; 32]).await.expect_err("another key is refused")
}

#[tokio::test]
async fn another_key_is_refused_at_every_opening_and_the_old_one_goes_on() {
    let both = both().await;
    for (store, config) in both.stores.iter().zip(both.configs()) {
        let kind = store.kind();
        let error = with_other_key(&config).await;
        assert_eq!(error.finding().code, "LT-CFG-014", "{kind}");
        assert!(!error.finding().what.en.contains("BwcH"), "{kind}: the key does not print");
        let again = Store::open(&config, &KEY).await.expect("the old key opens");
        again.migrate().await.expect("and migrates");
        again.close().await;
    }
}

#[tokio::test]
async fn a_store_without_check_value_takes_the_key_its_citizen_ids_open_with_and_no_other() {
    let both = both().await;
    for (store, config) in both.stores.iter().zip(both.configs()) {
        let kind = store.kind();
        with_person(store).await;
        run_sql(&config, "DELETE FROM meta WHERE key = 'field_key_check'").await;
        assert!(matches!(with_other_key(&config).await, StoreError::OtherKey), "{kind}");
        let again = Store::open(&config, &KEY).await.expect("ids open with it");
        again.migrate().await.expect("the value is kept");
        // From here on the value alone decides.
        run_sql(&config, "UPDATE person SET citizen_index = NULL, citizen_sealed = NULL").await;
        assert!(matches!(with_other_key(&config).await, StoreError::OtherKey), "{kind}");
        again.close().await;
    }
}

#[tokio::test]
async fn of_two_replicas_that_start_at_once_with_different_keys_one_is_refused() {
    let both = both().await;
    for config in both.configs() {
        run_sql(&config, "DELETE FROM meta WHERE key = 'field_key_check'").await;
        let one = Store::open(&config, &KEY).await.expect("no value yet");
        let other = Store::open(&config, &[8; 32]).await.expect("no value yet");
        let (one, other) = tokio::join!(one.migrate(), other.migrate());
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
        let refused = one.and(other).expect_err("one");
        assert!(matches!(refused, StoreError::OtherKey), "{refused:?}");
    }
}

#[tokio::test]
async fn account_of_another_person_is_taken_only_when_that_is_said_and_the_journal_knows() {
    let both = both().await;
    for store in &both.stores {
        let first = with_person(store).await;
        let import =
            DirectoryImport { units: Vec::new(), people: vec![officer("GL-00002", "Trần Thị B")] };
        store.import_directory(&import, "test", None, now()).await.expect("imported");
        let number = StaffNumber::parse("GL-00002").expect("number");
        let second = store.person_by_staff_number(&number).await.expect("read").expect("person");
        let link = async |person, moves| {
            store.link_account(&source(), "1001", person, moves, "test", now()).await.expect("linked")
        };
        let owner = async || store.load_directory().await.expect("rows").accounts[0].2;
        let stamp = store.directory_stamp().await.expect("stamp");
        assert_eq!(link(second, false).await, Linked::BelongsTo(first), "{}", store.kind());
        assert_eq!((owner().await, store.directory_stamp().await.expect("stamp")), (first, stamp));
        assert_eq!(
            link(first, false).await,
            Linked::Done { from: None, known: true },
            "whose it is may be said again"
        );
        assert_eq!(
            link(second, true).await,
            Linked::Done { from: Some(first), known: true },
            "{}",
            store.kind()
        );
        assert_eq!(owner().await, second);
        let journal = store.audit_entries(i64::MAX, 1).await.expect("journal");
        assert_eq!(journal[0].action, "account_moved");
        assert!(journal[0].detail.contains(&first.to_string()), "{journal:?}");
        assert!(store.directory_stamp().await.expect("stamp") > stamp, "the directory is read again");
        // A people file moves it back; that stands in the journal, too.
        with_person(store).await;
        let journal = store.audit_entries(i64::MAX, 3).await.expect("journal");
        assert!(journal.iter().filter(|entry| entry.action == "account_moved").count() == 2, "{journal:?}");
    }
}
