//! What the preview of a decision says of waiting tasks that text maps once it is learned: that is what then happens.

use crate::learning::{settled, taught_elsewhere};
use crate::review::{
    AN, BINH, OFFICE, REPORT, choose, codes, house, queue, scored, states, stored, task, told, waits,
};
use crate::support::installation::{CHIEF, Installed};
use crate::support::stores::both;
use lienthong::pipeline::Policy;
use lienthong::pipeline::command::{Command, Document, ImportAs, InputFile, Outcome};
use lienthong::pipeline::map::Map;
use serde_json::{Value, json};
use std::time::Duration;

const NOW: &str = "2027-01-05T01:00:00Z";

/// Twelve tasks of the same words that wait, of two people and in time or late, and one of another kind.
pub async fn twelve(house: &Installed) -> Vec<i64> {
    let mut tasks = Vec::new();
    for number in 1..=12 {
        let who = if number % 3 == 0 { BINH } else { AN };
        let done = format!("2026-11-{}T01:00:00Z", 14 + number);
        tasks.push(task(house, &number.to_string(), who, REPORT, Some(&done)).await);
    }
    tasks.push(task(house, "13", BINH, "Góp ý dự thảo kế hoạch phòng chống dịch bệnh", None).await);
    waits(house, &tasks).await;
    scored(house).await;
    tasks
}

/// The same order, only tried.
fn tried(command: Command) -> Command {
    match command {
        Command::MappingDecide { tasks, group, choice, author, reason, .. } => {
            Command::MappingDecide { tasks, group, choice, author, reason, dry_run: true }
        }
        Command::MappingImport { file, as_what, origin, author, replace, .. } => {
            Command::MappingImport { file, as_what, origin, author, replace, dry_run: true }
        }
        other => other,
    }
}

/// A decision about the report, as a file brings it: about a task here, or of another province.
fn imported(as_what: ImportAs) -> Command {
    let row = json!({ "task_id": "snv:1", "title": REPORT, "expected_code": "SP-1", "product_name": "Sản phẩm SP-1",
                      "doc_type": "Công văn", "source_category": "VB đến", "unit": "Sở Nội vụ", "author": "Sở Nội vụ",
                      "at": "2026-12-02T01:00:00Z", "reason": "đúng việc" });
    Command::MappingImport {
        file: InputFile { name: "a.jsonl".into(), bytes: row.to_string().into_bytes() },
        as_what,
        origin: Some("Gia Lai".into()),
        author: CHIEF.into(),
        replace: false,
        dry_run: false,
    }
}

/// How many waiting tasks an order says text maps by it; it tells them where there are any.
fn by_text(outcome: &Outcome) -> u64 {
    let number = told(outcome)["decision"]["by_text"].as_u64().expect("a number");
    assert_eq!(codes(outcome).contains(&"LT-MAP-070"), number > 0, "{:?}", outcome.findings);
    number
}

/// The waiting tasks an order names: the first ten by number of those text maps by it, and the heading says how many more there are.
fn named(outcome: &Outcome) -> Vec<(i64, String)> {
    let (all, shown) = (by_text(outcome), told(outcome));
    let Document::Parts { parts } = &outcome.document else { panic!("{shown}") };
    let Some((_, Document::Table { title, .. })) = parts.iter().find(|(key, _)| key == "following") else {
        assert_eq!(all, 0, "{shown}");
        return Vec::new();
    };
    let rows = shown["following"].as_array().expect("rows");
    assert_eq!(rows.len() as u64, all.min(10), "{shown}");
    let more = all - rows.len() as u64;
    assert_eq!(
        (title.vi.contains(&format!("còn {more} việc nữa")), title.en.contains(&format!("{more} more"))),
        (more > 0, more > 0),
        "{title:?}"
    );
    for row in rows {
        assert_eq!((&row["now"], &row["product_name"]), (&json!("review"), &json!("Sản phẩm SP-1")), "{row}");
        assert_eq!(
            (&row["title"], &row["task"].as_str().map(|key| &key[..4])),
            (&json!(REPORT), &Some("snv:"))
        );
        assert!(row["thought"].as_str().is_some_and(|now| now.contains(" Sản phẩm SP-")), "{row}");
    }
    let named = rows.iter().map(|row| (row["number"].as_i64(), row["product"].as_str()));
    named.map(|(number, product)| (number.expect("a number"), product.expect("a code").to_owned())).collect()
}

/// Lets the steps run and compares what they made with what was shown.
async fn comes_true(house: &Installed, map: &Map, shown: &Outcome, tasks: &[i64], own: u64) {
    settled(map).await;
    scored(house).await;
    let mapped = states(house, tasks).await.into_iter().filter(|state| state == "SP-1").count();
    assert_eq!(mapped as u64, own + by_text(shown), "{}", house.app.store.kind());
    for (task, product) in named(shown) {
        assert_eq!(states(house, &[task]).await, [product], "named and mapped like that");
    }
    let moved = told(shown)["moved"].as_array().expect("rows").clone();
    for who in [AN, BINH, "GL-00990"] {
        let row = moved.iter().find(|row| row["person"] == who).unwrap_or(&Value::Null);
        let (after, level) = stored(house, who).await;
        assert_eq!(
            (row["after"].as_str(), row["level_after"].as_str()),
            (after.as_deref(), level.as_deref()),
            "{who} {row}"
        );
    }
}

/// Lets the step run until what was decided has been trained.
async fn trained_again(map: &Map) {
    for _ in 0..1200 {
        settled(map).await;
        if map.trainings().await > 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What an order shows before it counts, when it does, and what comes of it.
async fn is_foreseen(house: &Installed, map: &Map, tasks: &[i64], order: impl Fn() -> Command, own: u64) {
    let preview = house.ordered(tried(order())).await;
    assert!(by_text(&preview) > 0, "{:?}", told(&preview));
    assert_eq!(states(house, tasks).await, vec!["review"; tasks.len()], "nothing is written");
    let done = house.ordered(order()).await;
    assert_eq!(by_text(&done), by_text(&preview));
    assert_eq!(told(&done)["moved"], told(&preview)["moved"]);
    assert_eq!(named(&done), named(&preview));
    assert_eq!(named(&done).len(), 10, "of {}", by_text(&done));
    comes_true(house, map, &done, tasks, own).await;
    let id = told(&done)["decision"]["decision"].as_i64().expect("a number");
    let kept = house.ordered(Command::MappingDecisions { id: Some(id), waiting: false, limit: 9 }).await;
    assert_eq!(told(&kept)["decision"]["by_text"], by_text(&done));
    assert_eq!(told(&kept)["moved"].as_array().map(Vec::len), told(&done)["moved"].as_array().map(Vec::len));
}

#[tokio::test]
async fn preview_counts_the_waiting_tasks_the_running_step_maps_once_it_has_learned_the_decision() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let tasks = twelve(&house).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        is_foreseen(&house, &map, &tasks, || choose(&["1"], "SP-1", OFFICE), 1).await;
        assert_eq!(map.trainings().await, 1, "asked of a copy");
    }
}

#[tokio::test]
async fn preview_counts_what_the_full_training_maps_that_follows_the_decision() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = twelve(&house).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        // The first decision of all: everything is trained anew with it.
        let preview = house.ordered(tried(choose(&["1"], "SP-1", OFFICE))).await;
        let done = house.ordered(choose(&["1"], "SP-1", OFFICE)).await;
        assert_eq!(told(&done)["moved"], told(&preview)["moved"]);
        trained_again(&map).await;
        assert_eq!(map.trainings().await, 2);
        comes_true(&house, &map, &done, &tasks, 1).await;
    }
}

#[tokio::test]
async fn preview_without_a_running_step_counts_what_the_next_one_maps() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let tasks = twelve(&house).await;
        let map = Map::new(house.later("2027-01-05T02:00:00Z").app.clone());
        is_foreseen(&house, &map, &tasks, || choose(&["1"], "SP-1", OFFICE), 1).await;
    }
}

/// The same of a file of decisions or examples, beside a running step or without one.
async fn import_is_foreseen(as_what: ImportAs, own: u64, running: bool) {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let tasks = twelve(&house).await;
        let map = Map::new(house.app.clone());
        if running {
            settled(&map).await;
        }
        is_foreseen(&house, &map, &tasks, || imported(as_what), own).await;
    }
}

#[tokio::test]
async fn imported_decisions_tell_whose_scores_move_by_what_is_learned_of_them() {
    import_is_foreseen(ImportAs::Decisions, 1, true).await;
    import_is_foreseen(ImportAs::Decisions, 1, false).await;
}

#[tokio::test]
async fn imported_examples_tell_whose_scores_move_by_what_is_learned_of_them() {
    import_is_foreseen(ImportAs::Examples, 0, true).await;
    import_is_foreseen(ImportAs::Examples, 0, false).await;
}

#[tokio::test]
async fn second_person_is_told_what_is_mapped_by_text_once_they_confirm() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let tasks = twelve(&house).await;
        let policy = Policy { four_eyes: true, ..house.app.policy.clone() };
        let house = house.configured_anew(NOW, policy).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        let asked = house.ordered(choose(&["3"], "SP-1", CHIEF)).await;
        assert!(by_text(&asked) > 0);
        settled(&map).await;
        assert_eq!(states(&house, &tasks).await, ["review"; 13], "nothing is learned before");
        // Meanwhile one of them is settled otherwise: it is counted no more.
        let id = told(&asked)["decision"]["decision"].as_i64().expect("a number");
        let other = house.ordered(choose(&["13"], "SP-9", CHIEF)).await;
        let confirm = |id| Command::MappingConfirm { id, author: "GL-00001".into() };
        house.ordered(confirm(told(&other)["decision"]["decision"].as_i64().expect("a number"))).await;
        settled(&map).await;
        scored(&house).await;
        let confirmed = house.ordered(confirm(id)).await;
        assert_eq!(by_text(&confirmed), by_text(&asked));
        comes_true(&house, &map, &confirmed, &tasks, 1).await;
    }
}

#[tokio::test]
async fn nothing_is_promised_where_text_stays_unsure() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let tasks = queue(&house).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        let before = states(&house, &tasks[..4]).await;
        // Another kind of work says nothing of the reports.
        let preview = house.ordered(tried(choose(&["5"], "SP-1", OFFICE))).await;
        assert_eq!(by_text(&preview), 0);
        let done = house.ordered(choose(&["5"], "SP-1", OFFICE)).await;
        comes_true_of(&house, &map, &done).await;
        assert_eq!(states(&house, &tasks[..4]).await, before);
    }
}

/// The same where only one officer's score moves, and the chief's with it.
async fn comes_true_of(house: &Installed, map: &Map, shown: &Outcome) {
    settled(map).await;
    scored(house).await;
    for row in told(shown)["moved"].as_array().expect("rows") {
        let (after, _) = stored(house, row["person"].as_str().expect("a number")).await;
        assert_eq!(row["after"].as_str(), after.as_deref(), "{row}");
    }
}

#[tokio::test]
async fn order_that_counts_while_trainings_rest_answers_without_one_and_its_preview_still_counts_it() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = twelve(&house).await;
        let map = Map::new(house.app.clone());
        settled(&map).await;
        // Something else is decided and learned: the next training waits, as long as this clock stands still.
        house.ordered(choose(&["13"], "SP-2", OFFICE)).await;
        trained_again(&map).await;
        // The preview trains one all the same; the order says that a training may still make more of it.
        let preview = house.ordered(tried(choose(&["1"], "SP-1", OFFICE))).await;
        let done = house.ordered(choose(&["1"], "SP-1", OFFICE)).await;
        let said = |outcome: &Outcome| {
            let told = outcome.findings.iter().find(|finding| finding.code == "LT-MAP-070");
            told.expect("tasks mapped by text").what.en.contains("at least")
        };
        assert_eq!((said(&preview), said(&done)), (false, true), "{}", store.kind());
        assert_eq!(map.trainings().await, 2, "none began");
        comes_true(&house, &map, &done, &tasks, 1).await;
    }
}
