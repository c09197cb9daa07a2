//! Tasks as a source shows them, put into a store as a pull would.

use super::installation::Installed;
use lienthong::domain::{CatalogVersion, Period, SourceId, TaskDraft};
use lienthong::ingest;
use lienthong::pipeline::identify::Identify;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{MappingRow, MappingState, PageCommit, RunKind, TaskWrite};
use serde_json::{Value, json};

/// Shows a task and identifies its person; gives its number. What is not said of it is that of a planned task of the
/// first of November 2026; it is done when it has a day of completion.
pub async fn shown(house: &Installed, said: Value) -> i64 {
    shown_by(house, "snv", said).await
}

/// The same of another source.
pub async fn shown_by(house: &Installed, source: &str, said: Value) -> i64 {
    let store = &house.app.store;
    let mut draft = json!({
        "title": format!("Báo cáo {}", said["external_id"].as_str().unwrap_or_default()), "raw_status": "1",
        "status": if said["completed_at"].is_string() { "done" } else { "open" },
        "assigned_at": "2026-11-01T01:00:00Z", "unplanned": false, "events": []
    });
    let (all, more) = (draft.as_object_mut().expect("an object"), said.as_object().expect("an object"));
    all.extend(more.clone());
    let draft: TaskDraft = serde_json::from_value(draft).expect("draft");
    let external_id = draft.external_id.clone();
    let seen = house.app.clock.now();
    let source = SourceId::new(source).expect("source");
    let known =
        store.known_hashes(&source, &[external_id.as_str()]).await.expect("read")[0].map(|(id, _)| id);
    let held = match known {
        Some(id) => store.load_tasks(&[id]).await.expect("read").pop(),
        None => None,
    };
    let applied = ingest::apply(held.as_ref().map(|held| &held.task), draft, seen);
    let run = store.begin_run(&source, RunKind::Full, seen).await.expect("run");
    let page = PageCommit {
        source,
        run,
        fetched_at: seen,
        request: "GET /tasks".into(),
        body: Some(bytes::Bytes::from_static(b"[{\"id\":1}]")),
        details: None,
        tasks: vec![TaskWrite {
            known_id: known,
            external_id,
            hash: [1; 16],
            place: None,
            task: applied.task,
            events: applied.events,
        }],
        rejections: Vec::new(),
        evidence: Vec::new(),
        cursor: None,
    };
    let ids = store.commit_pages(vec![page]).await.expect("committed");
    Identify(house.app.clone()).run().await.expect("identified");
    ids[0]
}

/// Says which product a task is, with its coefficient, and whose scores that moves.
pub async fn mapped(house: &Installed, id: i64, product: &str, coefficient: &str, due: (&str, Period)) {
    let row = MappingRow {
        state: MappingState::Mapped,
        product: Some(product.parse().expect("code")),
        catalog_version: CatalogVersion::new("2026").expect("version"),
        coefficient: Some(coefficient.parse().expect("decimal")),
        decided_by: "operator".into(),
        author: None,
        reason: json!({}),
        decided_at: house.app.clock.now(),
    };
    let due = [(house.person(due.0).await, due.1)];
    house.app.store.decide_mapping(id, &row, &due, None).await.expect("mapped");
}
