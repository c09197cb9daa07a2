//! Tasks that their sources correct after they have a product, or between what was shown and what is decided.

use crate::learning::settled;
use crate::review::{
    AN, BINH, OFFICE, REPORT, choose, choose_group, codes, groups, house, queue, scored, states, task, told,
    undo,
};
use crate::support::installation::{CHIEF, Installed};
use crate::support::stores::both;
use lienthong::mapping::RuleBook;
use lienthong::pipeline::Policy;
use lienthong::pipeline::command::{Command, Outcome};
use lienthong::pipeline::map::Map;
use lienthong::store::{MappingChange, MappingRow, MappingState, MappingWrite};
use serde_json::json;

const NOW: &str = "2027-01-05T01:00:00Z";
const RECEPTION: &str = "Tiếp công dân định kỳ";

/// An installation with rules for two kinds of work.
async fn ruled(house: Installed) -> Installed {
    let text = "[[rule]]\nid = 'vốn'\npriority = 1\nkeywords = ['giải ngân']\nproduct = 'SP-1'\n\
                [[rule]]\nid = 'dân'\npriority = 1\nkeywords = ['tiếp công dân']\nproduct = 'SP-2'\n";
    let rule_book = RuleBook::parse(text, "r.toml").expect("rules");
    let policy = Policy { rule_book, ..house.app.policy.clone() };
    house.configured_anew(NOW, policy).await
}

async fn looked_at(house: &Installed) {
    settled(&Map::new(house.app.clone())).await;
}

async fn row(house: &Installed, task: i64) -> MappingRow {
    house.app.store.map_item(task).await.expect("read").expect("a task").mapping.expect("a mapping")
}

#[tokio::test]
async fn correction_that_makes_a_task_another_product_waits_for_a_person_who_sees_both() {
    let both = both().await;
    for store in &both.stores {
        let house = ruled(house(store).await).await;
        let mut tasks = Vec::new();
        for id in ["1", "2", "3"] {
            tasks.push(task(&house, id, AN, REPORT, None).await);
        }
        looked_at(&house).await;
        assert_eq!(states(&house, &tasks).await, ["SP-1"; 3]);
        house.ordered(choose(&["3"], "SP-9", OFFICE)).await;
        let before = row(&house, tasks[1]).await;
        // Its source corrects what the tasks say: other work, the same work, and other work of what a person decided.
        let later = house.later("2027-01-06T01:00:00Z");
        for (id, title) in [("1", RECEPTION), ("2", "Báo cáo giải ngân vốn quý IV"), ("3", RECEPTION)]
        {
            task(&later, id, AN, title, None).await;
        }
        looked_at(&later).await;
        assert_eq!(states(&later, &tasks).await, ["review", "SP-1", "SP-9"]);
        let waits = row(&later, tasks[0]).await;
        let offered = |at: usize| waits.reason["candidates"][at]["product"].as_str();
        assert_eq!((offered(0), offered(1)), (Some("SP-1"), Some("SP-2")), "{}", waits.reason);
        assert_eq!(waits.reason["was"]["product"], "SP-1");
        let why = waits.reason["reason"]["en"].as_str().expect("a reason");
        assert!(why.contains("it was SP-1, now it is SP-2"), "{why}");
        let same = row(&later, tasks[1]).await;
        assert_eq!((same.coefficient, &same.catalog_version), (before.coefficient, &before.catalog_version));
        // The walk over what waits does not settle it; another correction back does.
        looked_at(&later).await;
        assert_eq!(states(&later, &tasks[..1]).await, ["review"]);
        let last = house.later("2027-01-07T01:00:00Z");
        task(&last, "1", AN, REPORT, None).await;
        looked_at(&last).await;
        assert_eq!(states(&last, &tasks[..1]).await, ["SP-1"]);
        assert_eq!(row(&last, tasks[0]).await.coefficient, before.coefficient);
        // What a person decided is learned as they saw it.
        let taught = store.taught(None, 9).await.expect("read");
        assert_eq!(taught.len(), 1);
        assert_eq!(taught[0].title, REPORT);
    }
}

#[tokio::test]
async fn group_whose_task_was_corrected_since_it_was_shown_is_looked_at_again_first() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let group = groups(&house).await[0]["group"].as_str().expect("name").to_owned();
        // As alike as before, and not what was shown.
        let corrected = format!("{REPORT} năm 2025 (báo cáo lại)");
        task(&house, "1", AN, &corrected, None).await;
        assert_eq!(codes(&house.order(choose_group(&group, "SP-1", false)).await), ["LT-MAP-030"]);
        assert_eq!(states(&house, &tasks).await, ["review"; 5]);
        let shown = groups(&house).await[0].clone();
        assert_eq!(shown["tasks"], 4, "{shown}");
        house.ordered(choose_group(shown["group"].as_str().expect("name"), "SP-1", false)).await;
        assert_eq!(states(&house, &tasks[..4]).await, ["SP-1"; 4]);
    }
}

#[tokio::test]
async fn decision_about_a_task_corrected_since_is_not_confirmed() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let policy = Policy { four_eyes: true, ..house.app.policy.clone() };
        let house = house.configured_anew(NOW, policy).await;
        let asked = told(&house.ordered(choose(&["3", "4"], "SP-1", CHIEF)).await);
        let id = asked["decision"]["decision"].as_i64().expect("number");
        task(&house, "4", BINH, RECEPTION, None).await;
        let confirm = |id| Command::MappingConfirm { id, author: AN.into() };
        let refused = house.order(confirm(id)).await;
        assert_eq!(codes(&refused), ["LT-MAP-060"]);
        assert_eq!(refused.findings[0].place.as_ref().map(|place| place.what.as_str()), Some("snv:4"));
        assert_eq!(states(&house, &tasks).await, ["review"; 5]);
        // Made anew of what the task says now it can be confirmed; so can an undo, whatever is corrected meanwhile.
        house.ordered(undo(id, CHIEF)).await;
        let asked = told(&house.ordered(choose(&["3", "4"], "SP-1", CHIEF)).await);
        let id = asked["decision"]["decision"].as_i64().expect("number");
        house.ordered(confirm(id)).await;
        let back = told(&house.ordered(undo(id, CHIEF)).await);
        task(&house, "4", BINH, REPORT, None).await;
        house.ordered(confirm(back["decision"]["decision"].as_i64().expect("number"))).await;
        assert_eq!(states(&house, &tasks).await, ["review"; 5]);
    }
}

/// What text gave a task, at the moment of a house.
fn by_text(house: &Installed, task: i64, product: &str) -> MappingWrite {
    MappingWrite {
        task,
        changed_at: crate::support::installation::at(NOW),
        change: MappingChange::Decide(MappingRow {
            state: MappingState::Mapped,
            product: Some(product.parse().expect("code")),
            catalog_version: "2026".parse().expect("version"),
            coefficient: "1.2".parse().ok(),
            decided_by: "text".into(),
            author: None,
            reason: json!({ "confidence": 0.98 }),
            decided_at: house.app.clock.now(),
        }),
    }
}

#[tokio::test]
async fn second_person_is_told_what_an_undo_takes_back_besides_its_own_tasks() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let policy = Policy { four_eyes: true, ..house.app.policy.clone() };
        let number = |outcome: &Outcome| told(outcome)["decision"]["decision"].as_i64().expect("number");
        let at = async |hour: u32| {
            house.configured_anew(&format!("2027-01-05T0{hour}:00:00Z"), policy.clone()).await
        };
        let confirm = |id| Command::MappingConfirm { id, author: AN.into() };
        let first = at(2).await;
        let id = number(&first.ordered(choose(&["3"], "SP-1", CHIEF)).await);
        first.ordered(confirm(id)).await;
        let meanwhile = at(3).await;
        let writes = [by_text(&meanwhile, tasks[4], "SP-1")];
        store.save_mappings(&writes, &[], None).await.expect("saved");
        let later = at(4).await;
        let asked = later.ordered(undo(id, CHIEF)).await;
        assert_eq!(states(&later, &tasks).await[4], "SP-1", "one person alone takes nothing back");
        let confirmed = later.ordered(confirm(number(&asked))).await;
        assert_eq!(codes(&confirmed), ["LT-MAP-061"], "{}", store.kind());
        assert_eq!(told(&confirmed)["decision"]["tasks"], 2);
        assert_eq!(states(&later, &tasks).await, ["review"; 5]);
    }
}

#[tokio::test]
async fn undo_takes_back_and_lists_what_text_mapped_to_its_product_while_it_counted() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        store.save_mappings(&[by_text(&house, tasks[1], "SP-1")], &[], None).await.expect("saved");
        let before = house.later("2027-01-05T02:00:00Z");
        let decided = told(&before.ordered(choose(&["1"], "SP-1", OFFICE)).await);
        let id = decided["decision"]["decision"].as_i64().expect("number");
        // Two come to the same product meanwhile, another to another one; the first was there before.
        let meanwhile = house.later("2027-01-05T03:00:00Z");
        let writes = [(tasks[2], "SP-1"), (tasks[3], "SP-1"), (tasks[4], "SP-2")]
            .map(|(task, product)| by_text(&meanwhile, task, product));
        store.save_mappings(&writes, &[], None).await.expect("saved");
        let later = house.later("2027-01-05T04:00:00Z");
        let Command::MappingUndo { author, reason, .. } = undo(id, CHIEF) else { unreachable!("an undo") };
        let preview = later.ordered(Command::MappingUndo { id, author, reason, dry_run: true }).await;
        assert_eq!(codes(&preview), ["LT-MAP-061"], "it is told before");
        assert_eq!(told(&preview)["decision"]["tasks"], 3);
        assert_eq!(states(&later, &tasks).await, ["SP-1", "SP-1", "SP-1", "SP-1", "SP-2"]);
        let undone = later.ordered(undo(id, CHIEF)).await;
        assert_eq!(codes(&undone), ["LT-MAP-061"]);
        assert!(undone.findings[0].what.en.starts_with("2 tasks"), "{:?}", undone.findings);
        assert_eq!(states(&later, &tasks).await, ["review", "SP-1", "review", "review", "SP-2"]);
        let number = told(&undone)["decision"]["decision"].as_i64().expect("number");
        let one = Command::MappingDecisions { id: Some(number), waiting: false, limit: 9 };
        let shown = told(&later.ordered(one).await);
        let rows = shown["tasks"].as_array().cloned().unwrap_or_default();
        let rows: Vec<_> = rows.iter().map(|row| (row["task"].as_str(), row["before"].as_str())).collect();
        let expected = [("snv:1", "SP-1"), ("snv:3", "SP-1"), ("snv:4", "SP-1")];
        assert_eq!(rows, expected.map(|(task, before)| (Some(task), Some(before))));
        // Whose product is gone, their score is computed again.
        scored(&later).await;
        settled(&Map::new(later.app.clone())).await;
        let due = store.scores_due(99).await.expect("read");
        let whose = later.person(BINH).await;
        assert!(due.iter().any(|(person, ..)| *person == whose), "{due:?}");
        // Taken back itself, everything stands as it did.
        later.ordered(undo(number, CHIEF)).await;
        assert_eq!(states(&later, &tasks).await, ["SP-1", "SP-1", "SP-1", "SP-1", "SP-2"]);
        later.ordered(undo(id, CHIEF)).await;
        // Nothing rests on what nobody learned from.
        let single = told(&later.ordered(choose(&["1"], "SP-9", OFFICE)).await);
        let id = single["decision"]["decision"].as_i64().expect("number");
        assert!(codes(&later.ordered(undo(id, CHIEF)).await).is_empty());
    }
}

#[tokio::test]
async fn decision_without_a_reason_of_its_own_says_that_a_person_decided() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        queue(&house).await;
        let Command::MappingDecide { tasks, group, choice, author, dry_run, .. } =
            choose(&["1"], "SP-1", OFFICE)
        else {
            unreachable!("a choice")
        };
        house.ordered(Command::MappingDecide { tasks, group, choice, author, reason: None, dry_run }).await;
        let order = store.mapping_orders(None, i64::MAX, 1).await.expect("read").remove(0);
        assert_eq!(order.reason.as_deref(), Some("cán bộ quyết định"));
        let entry = store.audit_entries(i64::MAX, 1).await.expect("journal").remove(0);
        assert_eq!(entry.reason.as_deref(), Some("cán bộ quyết định"));
    }
}
