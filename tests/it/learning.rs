//! What a decision teaches the running mapping step: at once, without a training; and what an undone one does not.

use crate::review::{AN, BINH, OFFICE, REPORT, choose, house, queue, task, told, undo, waits};
use crate::support::installation::{CHIEF, Installed, at};
use crate::support::stores::both;
use lienthong::domain::{ProductCode, SourceId, TaskDraft};
use lienthong::ingest;
use lienthong::pipeline::identify::Identify;
use lienthong::pipeline::map::Map;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{
    ForeignExample, MapItem, MappingChange, MappingOrder, MappingRow, MappingState, MappingWrite, OrderKind,
    PageCommit, RunKind, Store, TaskWrite, Taught,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Decisions of another province: enough that one more is less than a tenth.
pub async fn taught_elsewhere(store: &Store) {
    let examples: Vec<ForeignExample> = (0..30u8)
        .map(|number| ForeignExample {
            digest: vec![number; 32],
            origin: "Gia Lai".into(),
            title: match number % 3 {
                0 => format!("Lập hồ sơ đề nghị khen thưởng đợt {number}"),
                1 => format!("Thẩm định hồ sơ nâng lương đợt {number}"),
                _ => format!("Tiếp công dân định kỳ buổi {number}"),
            },
            doc_type: "Công văn".into(),
            category: "VB đến".into(),
            source_system: String::new(),
            unit: "Sở Nội vụ".into(),
            product: (number % 3 != 2).then(|| ProductCode::new("SP-2").expect("code")),
            product_name: None,
            author: "Sở Nội vụ".into(),
            reason: String::new(),
            decided_at: at("2026-12-01T01:00:00Z"),
        })
        .collect();
    brought(store, &examples).await;
}

/// An order that brings examples in, as it counts; gives its number.
async fn brought(store: &Store, examples: &[ForeignExample]) -> i64 {
    let order = MappingOrder {
        kind: OrderKind::Examples,
        group: None,
        choice: None,
        author: OFFICE.into(),
        reason: Some("Gia Lai".into()),
        at: at("2026-12-01T01:00:00Z"),
        about: None,
        proposal: None,
        effect: json!({}),
        rows: Vec::new(),
        due: Vec::new(),
    };
    store.bring_examples(&order, examples, true).await.expect("kept")
}

/// Runs the step until nothing is left to do now.
pub async fn settled(map: &Map) {
    while map.run().await.expect("ran").more {}
}

/// Runs the step until the training that follows the first one is swapped in.
async fn forgotten(map: &Map) {
    for _ in 0..1200 {
        if map.trainings().await > 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        settled(map).await;
    }
    assert_eq!(map.trainings().await, 2);
    settled(map).await;
}

/// The state of a task and what it is first thought to be.
pub async fn ranked(house: &Installed, task: i64) -> (MappingState, String) {
    let row =
        house.app.store.map_item(task).await.expect("read").expect("a task").mapping.expect("a mapping");
    let best = row.reason.pointer("/candidates/0/product").and_then(|code| code.as_str());
    (row.state, row.product.map(|code| code.to_string()).or(best.map(str::to_owned)).unwrap_or_default())
}

#[tokio::test]
async fn decision_changes_what_an_alike_waiting_task_is_thought_to_be_without_a_training() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let tasks = queue(&house).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        assert_eq!(map.trainings().await, 1);
        let (state, before) = ranked(&house, tasks[3]).await;
        assert_eq!(state, MappingState::Review, "{before}");
        let said = if before == "SP-1" { "SP-9" } else { "SP-1" };
        house.ordered(choose(&["1"], said, OFFICE)).await;
        settled(&map).await;
        assert_eq!(ranked(&house, tasks[3]).await.1, said, "the same words by another person");
        assert_eq!(map.trainings().await, 1, "learned at once");
        // A task that comes later is met by what was learned as well.
        let late = task(&house, "6", AN, REPORT, None).await;
        settled(&map).await;
        assert_eq!(ranked(&house, late).await.1, said);
        assert_eq!(map.trainings().await, 1);
    }
}

#[tokio::test]
async fn undone_decision_teaches_nothing_and_a_restart_decides_as_the_training_did() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let tasks = queue(&house).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        let mut before = Vec::new();
        for task in &tasks {
            before.push(ranked(&house, *task).await);
        }
        let said = if before[3].1 == "SP-1" { "SP-9" } else { "SP-1" };
        house.ordered(choose(&["1"], said, OFFICE)).await;
        settled(&map).await;
        assert_eq!(ranked(&house, tasks[3]).await.1, said);
        let orders = store.mapping_orders(None, i64::MAX, 1).await.expect("read");
        house.ordered(undo(orders[0].id, CHIEF)).await;
        // Until it is forgotten nothing is settled by it; the training that forgets it begins at once.
        settled(&map).await;
        for task in &tasks {
            assert_ne!(ranked(&house, *task).await, (MappingState::Mapped, said.to_owned()));
        }
        forgotten(&map).await;
        let late = task(&house, "6", AN, REPORT, None).await;
        settled(&map).await;
        let expected = [&before[..], &[before[3].clone()]].concat();
        let present = async || {
            let mut all = Vec::new();
            for task in tasks.iter().chain([&late]) {
                all.push(ranked(&house, *task).await);
            }
            all
        };
        assert_eq!(present().await, expected, "as if it had never been decided");
        let again = Map::new(house.later("2027-01-05T02:00:00Z").app.clone());
        settled(&again).await;
        assert_eq!(present().await, expected);
    }
}

#[tokio::test]
async fn text_decision_read_before_an_undo_is_not_written_after_it() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let undone = store.decision_marks().await.expect("marks").undone;
        house.ordered(choose(&["1"], "SP-1", OFFICE)).await;
        // What the mapping step has in hand when the order is taken back.
        let read = async |tasks: &[i64]| {
            let items = store.map_items(tasks).await.expect("items");
            let writes = items.iter().map(|item| by_text(item, MappingState::Mapped, Some("SP-1")));
            writes.collect::<Vec<_>>()
        };
        let waiting = read(&tasks[2..4]).await;
        let late = task(&house, "6", AN, REPORT, None).await;
        let due = read(&[late]).await;
        let outside = store.map_items(&tasks[4..]).await.expect("items");
        let outside = [by_text(&outside[0], MappingState::Outside, None)];
        house.ordered(undo(store.mapping_orders(None, i64::MAX, 1).await.expect("read")[0].id, CHIEF)).await;
        assert_eq!(store.save_mappings(&due, &[], Some(undone)).await.expect("saved"), 1);
        assert_eq!(store.save_ranked_again(&waiting, &[], Some(undone)).await.expect("saved"), 2);
        assert_eq!(store.save_ranked_again(&outside, &[], Some(undone)).await.expect("saved"), 1);
        for task in &tasks {
            assert_eq!(ranked(&house, *task).await.0, MappingState::Review);
        }
        // It stays due, and whoever knows of the undo writes.
        let still = store.tasks_to_map(99).await.expect("read");
        assert!(still.iter().any(|item| item.task.id == late));
        assert_eq!(store.save_mappings(&due, &[], Some(undone + 1)).await.expect("saved"), 0);
        assert_eq!(ranked(&house, late).await, (MappingState::Mapped, "SP-1".to_owned()));
    }
}

/// What the mapping step writes where text says what a task is.
fn by_text(item: &MapItem, state: MappingState, product: Option<&str>) -> MappingWrite {
    let row = MappingRow {
        state,
        product: product.map(|code| code.parse().expect("code")),
        catalog_version: "2026".parse().expect("version"),
        coefficient: product.and_then(|_| "1.2".parse().ok()),
        decided_by: "text".into(),
        author: None,
        reason: json!({ "confidence": 1.0 }),
        decided_at: at("2027-01-05T01:00:00Z"),
    };
    MappingWrite { task: item.task.id, changed_at: item.task.changed_at, change: MappingChange::Decide(row) }
}

/// The mapping step has learned a decision and read a task of the same words when the decision is taken back.
#[cfg(feature = "failpoints")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn order_undone_while_the_step_learns_it_maps_nothing() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let tasks = queue(&house).await;
        let map = std::sync::Arc::new(Map::new(house.app.clone()));
        settled(&map).await;
        let said = if ranked(&house, tasks[3]).await.1 == "SP-1" { "SP-9" } else { "SP-1" };
        let decided = told(&house.ordered(choose(&["1"], said, OFFICE)).await);
        let late = task(&house, "6", AN, REPORT, None).await;
        let (reached, at_point) = std::sync::mpsc::channel::<()>();
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let ends = std::sync::Mutex::new((reached, wait));
        let hold = move || {
            tokio::task::block_in_place(|| {
                let ends = ends.lock().expect("ends");
                // Only the first run is held: later ones find nobody.
                if ends.0.send(()).is_ok() {
                    let _ = ends.1.recv();
                }
            });
        };
        fail::cfg_callback("map::before_save", hold).expect("armed");
        let running = tokio::spawn({
            let map = map.clone();
            async move { map.run().await.expect("ran") }
        });
        tokio::task::block_in_place(|| at_point.recv()).expect("reached");
        drop(at_point);
        house.ordered(undo(decided["decision"]["decision"].as_i64().expect("number"), CHIEF)).await;
        go_on.send(()).expect("held");
        running.await.expect("ended");
        fail::remove("map::before_save");
        settled(&map).await;
        forgotten(&map).await;
        for task in tasks.iter().chain([&late]) {
            assert_ne!(ranked(&house, *task).await, (MappingState::Mapped, said.to_owned()));
        }
    }
}

#[tokio::test]
async fn every_task_of_a_large_order_is_known_at_once_though_not_all_are_learned() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let title = |number: usize| {
            let word =
                |by: usize| ["núi", "sông", "rừng", "biển", "đồng", "làng", "chợ", "cầu"][number / by % 8];
            format!("Khảo sát {} {} {}", word(1), word(8), word(64))
        };
        let waits = task(&house, "late", BINH, &title(249), None).await;
        let mut keys = Vec::new();
        for number in 0..250 {
            keys.push(format!("k{number}"));
        }
        let titles: Vec<(&str, String)> =
            keys.iter().enumerate().map(|(number, key)| (key.as_str(), title(number))).collect();
        many_of(&house, AN, &titles).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        let (state, before) = ranked(&house, waits).await;
        assert_eq!(state, MappingState::Review);
        let said = if before == "SP-1" { "SP-9" } else { "SP-1" };
        // By keys in order: the last of them is beyond what is learned at once.
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        house.ordered(choose(&keys, said, OFFICE)).await;
        map.run().await.expect("ran");
        assert_eq!(map.trainings().await, 1, "no training ended yet");
        let row = store.map_item(waits).await.expect("read").expect("a task").mapping.expect("a mapping");
        assert_eq!(row.reason["candidates"][0]["product"], said, "{}", row.reason);
    }
}

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn training_that_dies_is_told_and_is_no_training() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        queue(&house).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        fail::cfg("map::inside_training", "return").expect("armed");
        let decided = told(&house.ordered(choose(&["1"], "SP-1", OFFICE)).await);
        settled(&map).await;
        house.ordered(undo(decided["decision"]["decision"].as_i64().expect("number"), CHIEF)).await;
        let mut dead = Vec::new();
        for _ in 0..1200 {
            dead = map.run().await.expect("ran").findings;
            if !dead.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        fail::remove("map::inside_training");
        assert_eq!(dead.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["LT-RUN-012"]);
        assert_eq!(map.trainings().await, 1);
    }
}

#[tokio::test]
async fn latest_decisions_and_examples_are_learned_where_not_all_are() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        // The task that came first is decided last.
        for (hour, id) in [(1, "3"), (2, "2"), (3, "1")] {
            let later = house.later(&format!("2027-01-06T0{hour}:00:00Z"));
            later.ordered(choose(&[id], "SP-1", OFFICE)).await;
        }
        let numbers = |page: &[Taught]| page.iter().map(|one| one.task).collect::<Vec<_>>();
        let latest = store.taught(None, 2).await.expect("read");
        assert_eq!(numbers(&latest), [tasks[0], tasks[1]]);
        let older = store.taught(latest.last(), 2).await.expect("read");
        assert_eq!(numbers(&older), [tasks[2]]);
        let all = store.decided_products(0, 2).await.expect("read");
        assert_eq!(all.iter().map(|one| one.0).collect::<Vec<_>>(), tasks[..2]);
        assert_eq!(store.decided_products(tasks[1], 2).await.expect("read").len(), 1);
        // Entry by entry upwards, so that however many there are none is passed over.
        let entries = store.decided_after(0, 2).await.expect("read");
        assert_eq!(entries.iter().map(|one| one.1).collect::<Vec<_>>(), [tasks[2], tasks[1]]);
        let rest = store.decided_after(entries[1].0, 2).await.expect("read");
        assert_eq!(rest.iter().map(|one| one.1).collect::<Vec<_>>(), [tasks[0]]);
        taught_elsewhere(store).await;
        let orders: Vec<i64> = store.decision_marks().await.expect("marks").examples.into_iter().collect();
        let examples = store.examples_of(&orders, 2).await.expect("read");
        let titles: Vec<&str> = examples.iter().map(|one| one.example.title.as_str()).collect();
        assert_eq!(titles, ["Thẩm định hồ sơ nâng lương đợt 28", "Tiếp công dân định kỳ buổi 29"]);
    }
}

#[tokio::test]
async fn task_that_arrives_is_mapped_before_a_long_queue_is_ranked_again() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = many(&house, 1_100).await;
        waits(&house, &tasks).await;
        let late = task(&house, "new", AN, "Việc vừa đến", None).await;
        let map = Map::new(house.app.clone());
        assert!(map.run().await.expect("ran").more);
        assert!(reason(&house, late).await.is_some(), "the first run looks at it");
        let as_put = reason(&house, tasks[1_099]).await;
        assert_eq!(as_put.expect("a mapping")["confidence"], 0.4, "not looked at yet");
        settled(&map).await;
        for task in [tasks[0], tasks[600], tasks[1_099]] {
            let looked_at = reason(&house, task).await.expect("a mapping");
            assert!(looked_at["decided_by"] == "text", "{looked_at}");
        }
    }
}

#[tokio::test]
async fn waiting_tasks_most_like_a_decided_one_are_ranked_again_first_and_the_others_after_them() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let others = many(&house, 1_100).await;
        waits(&house, &others).await;
        let tasks = queue(&house).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        let (state, before) = ranked(&house, tasks[3]).await;
        assert_eq!(state, MappingState::Review, "{before}");
        let said = if before == "SP-1" { "SP-9" } else { "SP-1" };
        waits(&house, &others[1_099..]).await;
        house.ordered(choose(&["1"], said, OFFICE)).await;
        // They lie behind everything else that waits, and the walk over that has more than one page to go.
        assert!(map.run().await.expect("ran").more);
        assert_eq!(ranked(&house, tasks[3]).await.1, said, "of the same words");
        let as_put = reason(&house, others[1_099]).await.expect("a mapping");
        assert_eq!(as_put["confidence"], 0.4, "not looked at yet");
        settled(&map).await;
        let looked_at = reason(&house, others[1_099]).await.expect("a mapping");
        assert!(looked_at["decided_by"] == "text", "{looked_at}");
    }
}

#[tokio::test]
async fn examples_that_come_later_are_learned_alone_and_the_newest_of_a_text_counts() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let tasks = queue(&house).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        let said = |code: &str, digest: u8, when: &str| ForeignExample {
            digest: vec![digest; 32],
            origin: "Đắk Lắk".into(),
            title: REPORT.into(),
            doc_type: "Công văn".into(),
            category: "VB đến".into(),
            source_system: String::new(),
            unit: "Sở Nội vụ".into(),
            product: Some(ProductCode::new(code).expect("code")),
            product_name: None,
            author: "Sở Nội vụ".into(),
            reason: String::new(),
            decided_at: at(when),
        };
        let newest = brought(store, &[said("SP-9", 101, "2026-12-03T01:00:00Z")]).await;
        settled(&map).await;
        assert_eq!(ranked(&house, tasks[3]).await.1, "SP-9");
        assert_eq!(map.trainings().await, 1, "learned at once");
        // An older word about the same text changes nothing.
        brought(store, &[said("SP-1", 102, "2026-12-02T01:00:00Z")]).await;
        settled(&map).await;
        assert_eq!(ranked(&house, tasks[3]).await.1, "SP-9");
        assert_eq!(map.trainings().await, 1, "nothing to learn and nothing to doubt");
        // The newer one taken back, the older one counts, as it does for whoever starts now.
        house.ordered(undo(newest, CHIEF)).await;
        for _ in 0..200 {
            settled(&map).await;
            if map.trainings().await > 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        settled(&map).await;
        assert_eq!(ranked(&house, tasks[3]).await.1, "SP-1");
    }
}

/// Tasks of one person, stored at once.
async fn many(house: &Installed, count: usize) -> Vec<i64> {
    let keys: Vec<String> = (0..count).map(|number| format!("w{number}")).collect();
    let titles: Vec<(&str, String)> =
        keys.iter().map(|key| (key.as_str(), "Việc chờ phân loại".to_owned())).collect();
    many_of(house, BINH, &titles).await
}

/// Tasks of one person by key and title, stored at once.
async fn many_of(house: &Installed, who: &str, titles: &[(&str, String)]) -> Vec<i64> {
    let seen = house.app.clock.now();
    let source = SourceId::new("snv").expect("source");
    let store = &house.app.store;
    let run = store.begin_run(&source, RunKind::Full, seen).await.expect("run");
    let tasks = titles.iter().map(|(key, title)| {
        let draft: TaskDraft = serde_json::from_value(json!({
            "external_id": key, "title": title, "status": "open", "raw_status": "1",
            "assignee": { "kind": "staff_number", "value": who }, "assigned_at": "2026-11-01T01:00:00Z",
            "due": { "day": "2026-11-20", "time": null }, "unplanned": false, "events": [],
            "doc_type": "Công văn", "category": "VB đến"
        }))
        .expect("draft");
        let applied = ingest::apply(None, draft, seen);
        TaskWrite {
            known_id: None,
            external_id: (*key).to_owned(),
            hash: [1; 16],
            place: None,
            task: applied.task,
            events: applied.events,
        }
    });
    let page = PageCommit {
        source,
        run,
        fetched_at: seen,
        request: "GET /tasks".into(),
        body: Some(bytes::Bytes::from_static(b"[]")),
        details: None,
        tasks: tasks.collect(),
        rejections: Vec::new(),
        evidence: Vec::new(),
        cursor: None,
    };
    let ids = store.commit_pages(vec![page]).await.expect("committed");
    while Identify(house.app.clone()).run().await.expect("identified").more {}
    ids
}

async fn reason(house: &Installed, task: i64) -> Option<Value> {
    let item = house.app.store.map_item(task).await.expect("read").expect("a task");
    item.mapping.map(|row| row.reason)
}
