//! The review of products over real stores: groups of waiting tasks, one decision for many, its preview and effect,
//! the second person, the undo.

use crate::support::installation::{CHIEF, Installed, Targets, at, period, whom};
use crate::support::stores::both;
use crate::support::task::shown_by;
use lienthong::domain::{
    CatalogProduct, CatalogVersion, Component, DecisionKind, Exact, ProductCode, RuleSet,
};
use lienthong::error::Lang;
use lienthong::mapping::group::{Grouping, Waiting};
use lienthong::pipeline::command::{Command, MappingChoice, Outcome, TaskRef};
use lienthong::pipeline::score::{FULL_PERIOD, Score};
use lienthong::pipeline::step::Step as _;
use lienthong::store::{MappingChange, MappingRow, MappingState, MappingWrite, Store};
use serde_json::{Value, json};

pub const AN: &str = "GL-00001";
pub const BINH: &str = "GL-00002";
/// Somebody of another office, who decides about products.
pub const OFFICE: &str = "Phòng Tổ chức";
const NOW: &str = "2027-01-05T01:00:00Z";

/// An installation with two officers, their chief and a catalog.
pub async fn house(store: &Store) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", NOW);
    house.import(&[(AN, "Nguyễn Văn An"), (BINH, "Trần Thị Bình")]).await;
    catalog(store, "2026", "2026-01-01", &[("SP-1", "1.2"), ("SP-2", "2"), ("SP-9", "0.5")]).await;
    for (who, points) in [(AN, "24"), (BINH, "28"), ("GL-00990", "25")] {
        criteria(&house, who, points).await;
    }
    // What the chair of the province decided about the chief, brought in by an office with its document.
    for component in [Component::ImplementationAbility, Component::UnityAbility] {
        let percent = "100".parse().expect("number");
        let decision = DecisionKind::LeaderComponent { component, percent };
        decide(&house, "GL-00990", decision).await;
    }
    house
}

/// A catalog version of some codes and coefficients.
pub async fn catalog(store: &Store, version: &str, from: &str, products: &[(&str, &str)]) {
    let products: Vec<CatalogProduct> = products.iter().map(|(code, k)| product(code, k)).collect();
    let version = CatalogVersion::new(version).expect("version");
    let from = from.parse().expect("day");
    store.import_catalog(&version, from, &products, &[1], "test", at(NOW)).await.expect("catalog");
}

fn product(code: &str, coefficient: &str) -> CatalogProduct {
    serde_json::from_value(json!({
        "code": code, "name": format!("Sản phẩm {code}"), "field": "", "measure": "", "group": 1,
        "coefficient": coefficient, "synonyms": [], "applies_to": ""
    }))
    .expect("product")
}

/// General criteria of the fourth quarter that make so many points.
async fn criteria(house: &Installed, who: &str, points: &str) {
    let all = lienthong::domain::evaluation::GENERAL_ITEMS;
    let mut left: f64 = points.parse().expect("points");
    let items = all.iter().map(|(item, numerator, denominator)| {
        let most = f64::from(*numerator) / f64::from(*denominator);
        let given = left.min(most);
        left -= given;
        ((*item).to_owned(), given.to_string().parse::<Exact>().expect("points"))
    });
    let decision = DecisionKind::GeneralCriteria { items: items.collect() };
    decide(house, who, decision).await;
}

async fn decide(house: &Installed, who: &str, decision: DecisionKind) {
    house
        .ordered(Command::CriteriaSet {
            person: whom(who),
            period: period("2026-Q4"),
            decision,
            document: Some("12/QĐ-UBND".into()),
            author: "UBND tỉnh".into(),
        })
        .await;
}

/// Somebody's task as its source shows it; gives its number.
pub async fn task(house: &Installed, id: &str, who: &str, title: &str, done: Option<&str>) -> i64 {
    task_of(house, "snv", None, id, who, title, done).await
}

/// The same of a source, with the number of the document behind it.
pub async fn task_of(
    house: &Installed,
    source: &str,
    number: Option<&str>,
    id: &str,
    who: &str,
    title: &str,
    done: Option<&str>,
) -> i64 {
    let said = json!({
        "external_id": id, "title": title, "assignee": { "kind": "staff_number", "value": who },
        "due": { "day": "2026-11-20", "time": null }, "completed_at": done, "doc_type": "Công văn",
        "category": "VB đến", "doc_number": number
    });
    shown_by(house, source, said).await
}

/// Puts tasks into the queue, as the mapping step does with what it does not dare to decide.
pub async fn waits(house: &Installed, tasks: &[i64]) {
    let store = &house.app.store;
    let items = store.map_items(tasks).await.expect("items");
    let writes: Vec<MappingWrite> = items
        .iter()
        .map(|item| MappingWrite {
            task: item.task.id,
            changed_at: item.task.changed_at,
            change: MappingChange::Decide(MappingRow {
                state: MappingState::Review,
                product: None,
                catalog_version: CatalogVersion::new("2026").expect("version"),
                coefficient: None,
                decided_by: "text".into(),
                author: None,
                reason: json!({ "confidence": 0.4, "candidates": [{ "product": "SP-2", "score": 0.4, "words": [] }] }),
                decided_at: house.app.clock.now(),
            }),
        })
        .collect();
    let mut due = Vec::new();
    for item in &items {
        due.extend(item.people.iter().map(|person| (*person, period("2026-Q4"))));
    }
    store.save_mappings(&writes, &due, None).await.expect("saved");
}

/// Runs the scoring step until it has nothing to do.
pub async fn scored(house: &Installed) {
    while Score(house.app.clone()).run().await.expect("a run").more {}
}

/// Total and band as stored.
pub async fn stored(house: &Installed, who: &str) -> (Option<String>, Option<String>) {
    let person = house.person(who).await;
    let score = house.app.store.score(person, period("2026-Q4"), FULL_PERIOD).await.expect("read");
    let score = score.expect("a score");
    let level = score.summary["level"].as_str().map(str::to_owned);
    (score.total.or(score.task_part), level)
}

/// An outcome as programs read it.
pub fn told(outcome: &Outcome) -> Value {
    outcome.document.to_json(Lang::En)
}

/// Codes of what an order told.
pub fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn named(id: &str) -> TaskRef {
    format!("snv:{id}").parse().expect("task")
}

fn code(code: &str) -> MappingChoice {
    MappingChoice::Product(ProductCode::new(code).expect("code"))
}

/// A choice for tasks by name.
pub fn choose(tasks: &[&str], product: &str, author: &str) -> Command {
    Command::MappingDecide {
        tasks: tasks.iter().map(|id| named(id)).collect(),
        group: None,
        choice: code(product),
        author: author.into(),
        reason: Some("đúng việc".into()),
        dry_run: false,
    }
}

/// A choice for a group.
pub fn choose_group(group: &str, product: &str, dry_run: bool) -> Command {
    Command::MappingDecide {
        tasks: Vec::new(),
        group: Some(group.into()),
        choice: code(product),
        author: OFFICE.into(),
        reason: Some("cùng một loại báo cáo".into()),
        dry_run,
    }
}

pub fn undo(id: i64, author: &str) -> Command {
    Command::MappingUndo { id, author: author.into(), reason: "chọn nhầm".into(), dry_run: false }
}

pub async fn states(house: &Installed, tasks: &[i64]) -> Vec<String> {
    let items = house.app.store.map_items(tasks).await.expect("items");
    let word = |row: &MappingRow| match &row.product {
        Some(code) => code.to_string(),
        None => row.state.as_str().to_owned(),
    };
    items.iter().map(|item| item.mapping.as_ref().map_or("none".into(), word)).collect()
}

pub const REPORT: &str = "Báo cáo tình hình giải ngân vốn đầu tư công chương trình nông thôn mới xã Ia Grai";

/// Four alike tasks of two people and one of another kind.
pub async fn queue(house: &Installed) -> Vec<i64> {
    let mut tasks = Vec::new();
    for (id, who, title, done) in [
        ("1", AN, REPORT, Some("2026-11-19T01:00:00Z")),
        ("2", AN, "BC tình hình giải ngân vốn đầu tư công chương trình nông thôn mới xã Ia Grai", None),
        (
            "3",
            BINH,
            "bao cao tinh hinh giai ngan von dau tu cong chuong trinh nong thon moi xa ia grai",
            Some("2026-11-18T01:00:00Z"),
        ),
        ("4", BINH, REPORT, Some("2026-11-22T01:00:00Z")),
        ("5", BINH, "Góp ý dự thảo kế hoạch phòng chống dịch bệnh", Some("2026-11-19T01:00:00Z")),
    ] {
        tasks.push(task(house, id, who, title, done).await);
    }
    waits(house, &tasks).await;
    scored(house).await;
    tasks
}

pub async fn groups(house: &Installed) -> Value {
    told(&house.ordered(Command::MappingGroups { limit: 100 }).await)
}

#[tokio::test]
async fn one_decision_settles_a_group_and_tells_whose_scores_it_moved() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let shown = groups(&house).await;
        assert_eq!((shown[0]["tasks"].clone(), shown[1]["tasks"].clone()), (json!(4), json!(1)), "{shown}");
        assert_eq!(
            (shown[0]["direction"].clone(), shown[0]["candidates"].clone()),
            (json!("in"), json!(["SP-2 Sản phẩm SP-2 (4)"]))
        );
        let group = shown[0]["group"].as_str().expect("name").to_owned();
        // What the preview shows is what comes: nothing was written by it.
        let journal = store.audit_entries(i64::MAX, 100).await.expect("journal").len();
        let preview = told(&house.ordered(choose_group(&group, "SP-1", true)).await);
        assert_eq!(preview["decision"]["state"], "preview");
        assert_eq!(store.audit_entries(i64::MAX, 100).await.expect("journal").len(), journal);
        assert_eq!(states(&house, &tasks).await, ["review"; 5]);
        let before = [stored(&house, AN).await, stored(&house, BINH).await];
        let decided = told(&house.ordered(choose_group(&group, "SP-1", false)).await);
        assert_eq!(decided["moved"], preview["moved"]);
        assert_eq!(decided["decision"]["tasks"], 4);
        assert_eq!(states(&house, &tasks).await, ["SP-1", "SP-1", "SP-1", "SP-1", "review"]);
        scored(&house).await;
        for (who, before) in [AN, BINH].into_iter().zip(before) {
            let moved = decided["moved"].as_array().expect("rows");
            let row = moved.iter().find(|row| row["person"] == who).expect("a row");
            let (after, level) = stored(&house, who).await;
            assert_eq!(
                (row["after"].as_str(), row["level_after"].as_str()),
                (after.as_deref(), level.as_deref())
            );
            // Nothing assigned has no total; what there is then was shown.
            assert_eq!(row["before"].as_str(), before.0.as_deref(), "{row}");
        }
        // The same order again changes nothing, another one is refused.
        let again = house.ordered(choose_group(&group, "SP-1", false)).await;
        assert!(told(&again)["message"].as_str().is_some_and(|text| text.contains("nothing changes")));
        assert_eq!(codes(&house.order(choose_group(&group, "SP-2", false)).await), ["LT-MAP-031"]);
        assert_eq!(codes(&house.order(choose_group("0123456789ab-9", "SP-2", false)).await), ["LT-MAP-030"]);
        // Kept with author, reason, time and effect.
        let id = decided["decision"]["decision"].as_i64().expect("number");
        let kept =
            told(&house.ordered(Command::MappingDecisions { id: Some(id), waiting: false, limit: 9 }).await);
        assert_eq!(
            (kept["decision"]["author"].clone(), kept["decision"]["reason"].clone()),
            (json!(OFFICE), json!("cùng một loại báo cáo"))
        );
        assert_eq!(kept["tasks"].as_array().map(Vec::len), Some(4));
        assert_eq!(
            (kept["tasks"][0]["before"].clone(), kept["tasks"][0]["after"].clone()),
            (json!("review"), json!("SP-1"))
        );
        assert_eq!(kept["moved"].as_array().map(Vec::len), decided["moved"].as_array().map(Vec::len));
        assert_eq!(store.verify_audit().await.expect("walked"), None);
    }
}

#[tokio::test]
async fn group_whose_task_was_settled_meanwhile_is_looked_at_again_first() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let group = groups(&house).await[0]["group"].as_str().expect("name").to_owned();
        house.ordered(choose(&["2"], "SP-2", OFFICE)).await;
        assert_eq!(codes(&house.order(choose_group(&group, "SP-1", false)).await), ["LT-MAP-030"]);
        assert_eq!(states(&house, &tasks).await, ["review", "SP-2", "review", "review", "review"]);
        // A new task that is alike does not make the name of the group another one.
        let group = groups(&house).await[0]["group"].as_str().expect("name").to_owned();
        let late = task(&house, "6", AN, REPORT, None).await;
        waits(&house, &[late]).await;
        house.ordered(choose_group(&group, "SP-1", false)).await;
        assert_eq!(
            states(&house, &[tasks[0], tasks[2], tasks[3], late]).await,
            ["SP-1", "SP-1", "SP-1", "review"]
        );
        // Unknown tasks are all told at once, an unknown code by its catalog.
        let unknown = house.order(choose(&["1", "77", "78"], "SP-1", OFFICE)).await;
        assert_eq!(codes(&unknown), ["LT-CAT-023", "LT-CAT-023"]);
        assert_eq!(codes(&house.order(choose(&["6"], "SP-77", OFFICE)).await), ["LT-CAT-022"]);
        // The same choice again is nothing to write.
        let again = house.ordered(choose(&["2"], "SP-2", OFFICE)).await;
        assert!(told(&again)["message"].is_string());
    }
}

#[tokio::test]
async fn undo_puts_back_what_stood_and_keeps_both_decisions() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let before = stored(&house, AN).await;
        let decided = told(&house.ordered(choose(&["1", "2", "5"], "SP-1", OFFICE)).await);
        let id = decided["decision"]["decision"].as_i64().expect("number");
        scored(&house).await;
        assert_ne!(stored(&house, AN).await, before);
        // One of them is decided anew: it stays.
        house.ordered(choose(&["5"], "SP-2", OFFICE)).await;
        let stamp = store.decision_marks().await.expect("stamp");
        let undone = house.ordered(undo(id, CHIEF)).await;
        assert_eq!(codes(&undone), ["LT-MAP-035"]);
        assert_ne!(store.decision_marks().await.expect("stamp"), stamp, "the ranking forgets it");
        assert_eq!(states(&house, &tasks).await, ["review", "review", "review", "review", "SP-2"]);
        scored(&house).await;
        assert_eq!(stored(&house, AN).await, before);
        let list =
            told(&house.ordered(Command::MappingDecisions { id: None, waiting: false, limit: 9 }).await);
        let lines: Vec<_> = list
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| (row["kind"].clone(), row["state"].clone()))
            .collect();
        assert_eq!(
            lines,
            [
                (json!("undo"), json!("counted")),
                (json!("decide"), json!("counted")),
                (json!("decide"), json!("undone"))
            ]
        );
        assert_eq!((list[0]["about"].clone(), list[0]["author"].clone()), (json!(id), json!(CHIEF)));
        assert_eq!(codes(&house.order(undo(id, CHIEF)).await), ["LT-MAP-034"]);
        assert_eq!(codes(&house.order(undo(4711, CHIEF)).await), ["LT-MAP-033"]);
        // An undo can be taken back as well.
        let again = list[0]["decision"].as_i64().expect("number");
        house.ordered(undo(again, CHIEF)).await;
        assert_eq!(states(&house, &tasks[..2]).await, ["SP-1", "SP-1"]);
        let history = store.map_item(tasks[0]).await.expect("read").expect("item").mapping.expect("mapping");
        // Whoever decided it answers for it again, since they did; who put it back stands beside.
        assert_eq!((history.decided_by.as_str(), history.author.as_deref()), ("operator", Some(OFFICE)));
        assert_eq!(history.reason["undone"]["author"], CHIEF);
        let first = store.settled_by(id).await.expect("read")[0].given.clone();
        assert_eq!(history.decided_at.timestamp_millis(), first.decided_at.timestamp_millis());
        // It counts again, and can be taken back again.
        let order = store.mapping_order(id).await.expect("read").expect("an order");
        assert_eq!(order.state.as_str(), "counted");
        let stamp = store.decision_marks().await.expect("stamp");
        house.ordered(undo(id, CHIEF)).await;
        assert_ne!(store.decision_marks().await.expect("stamp"), stamp, "the ranking forgets it again");
        assert_eq!(states(&house, &tasks[..2]).await, ["review", "review"]);
    }
}

#[tokio::test]
async fn undo_can_be_taken_back_though_its_tasks_were_ranked_again_since() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let group = groups(&house).await[0]["group"].as_str().expect("name").to_owned();
        let decided = told(&house.ordered(choose_group(&group, "SP-1", false)).await);
        let first = decided["decision"]["decision"].as_i64().expect("number");
        let undone = told(&house.ordered(undo(first, CHIEF)).await);
        let second = undone["decision"]["decision"].as_i64().expect("number");
        let later = house.later("2027-01-06T01:00:00Z");
        let map = lienthong::pipeline::map::Map::new(later.app.clone());
        while map.run().await.expect("ran").more {}
        house.ordered(undo(second, CHIEF)).await;
        assert_eq!(states(&house, &tasks[..4]).await, ["SP-1"; 4]);
    }
}

#[tokio::test]
async fn history_says_nothing_of_a_ranking_that_came_after_a_persons_word() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        house.ordered(choose(&["1"], "SP-1", OFFICE)).await;
        let before = store.mapping_history(tasks[0], 9).await.expect("read");
        // Looked at before the decision, written after it.
        waits(&house, &tasks).await;
        assert_eq!(states(&house, &tasks[..1]).await, ["SP-1"]);
        assert_eq!(store.mapping_history(tasks[0], 9).await.expect("read"), before);
        assert_eq!(store.mapping_history(tasks[1], 9).await.expect("read").len(), 2, "what waits is kept");
    }
}

#[tokio::test]
async fn where_two_people_decide_nothing_counts_before_another_one_confirmed() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let policy = lienthong::pipeline::Policy { four_eyes: true, ..house.app.policy.clone() };
        let house = house.configured_anew(NOW, policy).await;
        let before = stored(&house, BINH).await;
        assert_eq!(codes(&house.order(choose(&["3"], "SP-1", OFFICE)).await), ["LT-MAP-039"]);
        let asked = house.ordered(choose(&["3", "4"], "SP-1", CHIEF)).await;
        assert_eq!(codes(&asked), ["LT-MAP-070", "LT-MAP-036"]);
        let id = told(&asked)["decision"]["decision"].as_i64().expect("number");
        scored(&house).await;
        assert_eq!(
            (states(&house, &tasks).await, stored(&house, BINH).await),
            (vec!["review".to_owned(); 5], before)
        );
        let waiting = |limit| Command::MappingDecisions { id: None, waiting: true, limit };
        assert_eq!(told(&house.ordered(waiting(9)).await).as_array().map(Vec::len), Some(1));
        let confirm = |author: &str| Command::MappingConfirm { id, author: author.into() };
        assert_eq!(codes(&house.order(confirm(OFFICE)).await), ["LT-MAP-039"]);
        assert_eq!(
            codes(&house.order(confirm("GL-00990 Trưởng")).await),
            ["LT-MAP-038"],
            "by number, not by name"
        );
        assert_eq!(codes(&house.order(confirm(BINH)).await), ["LT-MAP-032"], "it is her own task");
        assert_eq!(states(&house, &tasks).await, ["review"; 5]);
        house.ordered(confirm(AN)).await;
        assert_eq!(states(&house, &tasks).await, ["review", "review", "SP-1", "SP-1", "review"]);
        assert_eq!(codes(&house.order(confirm(AN)).await), ["LT-MAP-037"]);
        // An undo needs two as well; one that waits is withdrawn by one.
        let asked = told(&house.ordered(undo(id, AN_AS_AUTHOR)).await);
        assert_eq!(states(&house, &tasks).await[2], "SP-1");
        let waits = asked["decision"]["decision"].as_i64().expect("number");
        let Command::MappingUndo { id: waiting_one, author, reason, .. } = undo(waits, CHIEF) else {
            unreachable!("an undo")
        };
        let preview = Command::MappingUndo { id: waiting_one, author, reason, dry_run: true };
        assert!(told(&house.ordered(preview).await)["message"].is_string());
        assert_eq!(codes(&house.order(undo(waits, OFFICE)).await), ["LT-MAP-039"], "somebody unknown");
        assert_eq!(codes(&house.order(undo(waits, BINH)).await), ["LT-MAP-032"], "it is her own task");
        assert_eq!(told(&house.ordered(waiting(9)).await).as_array().map(Vec::len), Some(1));
        house.ordered(undo(waits, CHIEF)).await;
        assert_eq!(told(&house.ordered(waiting(9)).await), json!([]));
        // A task settled otherwise in between is no longer what was asked about.
        let first =
            told(&house.ordered(choose(&["5"], "SP-1", CHIEF)).await)["decision"]["decision"].as_i64();
        let second =
            told(&house.ordered(choose(&["5"], "SP-2", CHIEF)).await)["decision"]["decision"].as_i64();
        house.ordered(Command::MappingConfirm { id: first.expect("number"), author: AN.into() }).await;
        let late =
            house.order(Command::MappingConfirm { id: second.expect("number"), author: AN.into() }).await;
        assert_eq!(codes(&late), ["LT-DB-009"]);
        assert_eq!(states(&house, &tasks).await[4], "SP-1");
    }
}

const AN_AS_AUTHOR: &str = "GL-00001 Nguyễn Văn An";

#[tokio::test]
async fn nobody_decides_the_product_of_their_own_work() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        assert_eq!(codes(&house.order(choose(&["1"], "SP-1", AN_AS_AUTHOR)).await), ["LT-MAP-032"]);
        // Of several the others are settled.
        let some = house.ordered(choose(&["1", "3"], "SP-1", AN_AS_AUTHOR)).await;
        assert_eq!(codes(&some), ["LT-MAP-032", "LT-MAP-070"]);
        assert_eq!(states(&house, &tasks).await, ["review", "review", "SP-1", "review", "review"]);
    }
}

#[tokio::test]
async fn band_that_changes_is_told_before_the_decision_is_made() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let done = task(&house, "1", AN, REPORT, Some("2026-11-19T01:00:00Z")).await;
        let open = task(&house, "2", AN, "Kế hoạch tuyên truyền", None).await;
        waits(&house, &[done, open]).await;
        house.ordered(choose(&["1"], "SP-1", OFFICE)).await;
        scored(&house).await;
        assert_eq!(stored(&house, AN).await, (Some("94.00".into()), Some("excellent".into())));
        let Command::MappingDecide { tasks, group, choice, author, reason, .. } =
            choose(&["2"], "SP-1", OFFICE)
        else {
            unreachable!("a decision")
        };
        let preview = Command::MappingDecide { tasks, group, choice, author, reason, dry_run: true };
        let told = told(&house.ordered(preview).await);
        let row = &told["moved"][0];
        assert_eq!(
            (row["before"].clone(), row["after"].clone(), row["difference"].clone()),
            (json!("94.00"), json!("59.00"), json!("-35.00"))
        );
        assert_eq!(
            (row["level_before"].clone(), row["level_after"].clone()),
            (json!("excellent"), json!("completed"))
        );
        assert_eq!(
            (told["decision"]["bands_changed"].clone(), told["decision"]["down"].clone()),
            (json!(1), json!(1))
        );
    }
}

#[test]
fn hundred_thousand_waiting_tasks_are_grouped_alike_each_time() {
    let names = |tasks: i64| {
        let mut grouping = Grouping::default();
        for task in 1..=tasks {
            let kind = task % 400;
            let title = format!(
                "Báo cáo kết quả {} {} {} tại thôn {} số {task}/BC-UBND",
                word(kind),
                word(kind + 500),
                word(kind + 1_000),
                word(task / 400 % 9 + 2_000).to_uppercase()
            );
            grouping.add(&Waiting {
                task,
                title: &title,
                doc_type: "Báo cáo",
                category: "VB đi",
                catalog: "2026",
                best: Some("SP-1"),
            });
        }
        grouping.groups().groups
    };
    let groups = names(100_000);
    assert_eq!(groups.iter().map(|group| group.tasks.len()).sum::<usize>(), 100_000);
    assert_eq!(groups.len(), 400);
    assert_eq!(names(2_000), names(2_000));
}

/// A word of letters for a number.
fn word(number: i64) -> String {
    let letters = b"bcdghklmnprstvx";
    let vowels = ["a", "e", "i", "o", "u"];
    let mut text = String::new();
    let mut left = number + 40;
    while left > 0 {
        text.push(char::from(letters[usize::try_from(left % 15).expect("index")]));
        text.push_str(vowels[usize::try_from(left / 15 % 5).expect("index")]);
        left /= 75;
    }
    text
}

/// The rule set of an installation with one switch changed, as a file writes it.
pub fn rules_with(change: impl Fn(&mut RuleSet)) -> RuleSet {
    let mut rules = RuleSet::default();
    change(&mut rules);
    rules
}
