//! What a person decided is never overruled: whatever is learned, corrected, imported, ruled or taken back around it, in random
//! histories of the mapper alone and of the mapping step over real stores.

use crate::learning::settled;
use crate::review::{AN, BINH, OFFICE, REPORT, catalog, choose, house, task, told, undo, waits};
use crate::support::installation::{CHIEF, Installed, at};
use crate::support::stores::both;
use lienthong::domain::{CatalogProduct, CatalogVersion, ProductCode};
use lienthong::mapping::noise::Noise;
use lienthong::mapping::{Example, Mapper, Options, Outcome, RuleBook, TaskText};
use lienthong::pipeline::Policy;
use lienthong::pipeline::command::{Command, MappingChoice};
use lienthong::pipeline::map::Map;
use lienthong::store::{
    ForeignExample, MappingChange, MappingOrder, MappingRow, MappingState, MappingWrite, OrderKind,
};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

/// Titles of other work, none of them another one's without its accents.
const TITLES: [&str; 5] = [
    "Cấp giấy phép xây dựng nhà ở riêng lẻ",
    "Báo cáo tình hình giải quyết khiếu nại, tố cáo",
    "Kế hoạch kiểm tra công tác phòng cháy chữa cháy",
    "Góp ý dự thảo nghị quyết của Hội đồng nhân dân",
    "Chứng thực chữ ký trong giấy tờ, văn bản",
];

fn some_catalog() -> Vec<CatalogProduct> {
    let bytes = include_bytes!("../../config/catalog-example.csv");
    let all = lienthong::catalog::read(bytes, "catalog-example.csv").expect("the example catalog is valid");
    all.into_iter().step_by(8).collect()
}

/// A title as somebody types it: other spellings of the same words, or without accents.
fn typed(title: &str, how: usize) -> (String, bool) {
    let title = match how {
        1 => title.to_uppercase(),
        2 => Noise::Decomposed.apply(title, 0),
        3 => format!("V/v {title} 18/5/2026"),
        4 => return (Noise::NoAccents.apply(title, 0), true),
        _ => title.to_owned(),
    };
    (title, false)
}

fn example(title: &str, product: Option<ProductCode>) -> Example {
    Example { title: title.into(), doc_type: "Công văn".into(), product, ..Example::default() }
}

/// Everything said about a title, by how it was typed; the latest last.
#[derive(Default)]
struct Words {
    written: Vec<Option<ProductCode>>,
    bare: Vec<Option<ProductCode>>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    // A history: which title, typed how, which product, and how the mapper hears of it.
    fn whatever_is_learned_no_text_decides_otherwise_than_the_last_word_of_a_person(
        history in proptest::collection::vec((0usize..5, 0usize..5, 0usize..4, 0u8..4), 1..12),
        trained in proptest::bool::ANY,
    ) {
        let catalog = some_catalog();
        let code = |which: usize| catalog.get(which * 3).filter(|_| which < 3).map(|one| one.code.clone());
        let build = |examples: &[Example]| Mapper::build(&catalog, RuleBook::default(), examples, Options::default());
        let mut mapper = build(&[]);
        let (mut all, mut said): (Vec<Example>, BTreeMap<usize, Words>) = Default::default();
        for (title, how, product, way) in history {
            let (text, bare) = typed(TITLES[title], how);
            let one = example(&text, code(product));
            let words = said.entry(title).or_default();
            let list = if bare { &mut words.bare } else { &mut words.written };
            // Of an older word, told late, nothing is changed that was said since.
            if way == 0 {
                mapper.remember(std::slice::from_ref(&one));
                list.insert(0, one.product.clone());
                all.insert(0, one);
            } else {
                if way == 1 {
                    mapper.settle(&one);
                } else {
                    prop_assert!(mapper.learn(&one));
                }
                list.push(one.product.clone());
                all.push(one);
            }
        }
        if trained { mapper = build(&all); }
        for (title, words) in &said {
            for how in 0..5 {
                let (text, bare) = typed(TITLES[*title], how);
                let asked = example(&text, None);
                let decision = mapper.decide(&asked.task());
                let own = if bare { words.bare.last() } else { words.written.last() };
                let Outcome::Mapped { product, .. } = &decision.outcome else {
                    // What was said is offered first.
                    if let Some(Some(said)) = own {
                        let first = decision.candidates.first().map(|best| &best.product);
                        prop_assert_eq!(first, Some(said), "{}", text);
                    }
                    continue;
                };
                match own {
                    Some(own) => prop_assert_eq!(own.as_ref(), Some(product), "{}", text),
                    // Typed without accents it is the one title of these letters, whose last word counts.
                    None if bare => {
                        let last = words.written.last().and_then(Option::as_ref);
                        prop_assert_eq!(last, Some(product), "{}: {:?}", text, words.written);
                    }
                    None => {}
                }
            }
        }
    }
}

/// Numbers from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

const DAY: &str = "2027-01-05T01:00:00Z";
const RECEPTION: &str = "Tiếp công dân định kỳ";
const CODES: [&str; 3] = ["SP-1", "SP-2", "SP-9"];

async fn row(house: &Installed, task: i64) -> Option<MappingRow> {
    house.app.store.map_item(task).await.expect("read").expect("a task").mapping
}

/// What a decision says, whenever it was written.
fn what(row: &MappingRow) -> impl PartialEq + std::fmt::Debug {
    let says = (row.state, row.product.clone(), row.catalog_version.clone(), row.coefficient);
    (says, row.decided_by.clone(), row.author.clone())
}

/// The same installation with a rule that gives both kinds of work one product.
async fn ruled(house: &Installed, code: &str) -> Installed {
    let text = format!(
        "[[rule]]\nid = 'vốn'\npriority = 1\nkeywords = ['giải ngân']\nproduct = '{code}'\n\
         [[rule]]\nid = 'dân'\npriority = 1\nkeywords = ['tiếp công dân']\nproduct = '{code}'\n"
    );
    let policy =
        Policy { rule_book: RuleBook::parse(&text, "r.toml").expect("rules"), ..house.app.policy.clone() };
    house.configured_anew(DAY, policy).await
}

/// Examples of another province that call both kinds of work one product.
async fn brought(house: &Installed, code: &str, number: u8) {
    let example = |title: &str, byte: u8| ForeignExample {
        digest: [[number, byte]; 16].concat(),
        origin: "Gia Lai".into(),
        title: title.into(),
        doc_type: "Công văn".into(),
        category: "VB đến".into(),
        source_system: String::new(),
        unit: "Sở Nội vụ".into(),
        product: Some(ProductCode::new(code).expect("code")),
        product_name: None,
        author: "Sở Nội vụ".into(),
        reason: String::new(),
        decided_at: at("2027-02-01T01:00:00Z"),
    };
    let order = MappingOrder {
        kind: OrderKind::Examples,
        group: None,
        choice: None,
        author: OFFICE.into(),
        reason: Some("Gia Lai".into()),
        at: at(DAY),
        about: None,
        proposal: None,
        effect: json!({}),
        rows: Vec::new(),
        due: Vec::new(),
    };
    let both = [example(REPORT, 0), example(RECEPTION, 1)];
    house.app.store.bring_examples(&order, &both, true).await.expect("kept");
}

/// A decision of the text that comes late: read before the person decided, written after it.
async fn late(house: &Installed, task: i64) {
    let store = &house.app.store;
    let item = store.map_item(task).await.expect("read").expect("a task");
    let row = MappingRow {
        state: MappingState::Mapped,
        product: Some(ProductCode::new("SP-9").expect("code")),
        catalog_version: CatalogVersion::new("2026").expect("version"),
        coefficient: Some("0.5".parse().expect("number")),
        decided_by: "text".into(),
        author: None,
        reason: json!({}),
        decided_at: house.app.clock.now(),
    };
    let change = MappingChange::Decide(row);
    let write = MappingWrite { task, changed_at: item.task.changed_at, change };
    store.save_mappings(std::slice::from_ref(&write), &[], None).await.expect("saved");
    store.save_ranked_again(&[write], &[], None).await.expect("saved");
}

/// Forty random steps around six tasks; what people decided is looked at after each.
async fn lived(mut house: Installed, seed: u64) {
    let mut chance = Chance(seed);
    let ids = ["1", "2", "3", "4", "5", "6"];
    let title = |which: usize| if which == 0 { REPORT } else { RECEPTION };
    let mut tasks = Vec::new();
    for (number, id) in ids.into_iter().enumerate() {
        tasks.push(task(&house, id, if number % 2 == 0 { AN } else { BINH }, title(number % 2), None).await);
    }
    waits(&house, &tasks).await;
    let mut map = Map::new(house.app.clone());
    // Per task the orders that count, each with what it said: the newest last.
    let mut said: BTreeMap<i64, Vec<(i64, MappingRow)>> = BTreeMap::new();
    let (mut decided, mut undone) = (0, 0);
    for step in 0..40u8 {
        let which = chance.below(ids.len());
        let (id, of) = (ids[which], tasks[which]);
        match chance.below(8) {
            0 | 1 => {
                let choice = chance.below(4);
                let mut command = choose(&[id], CODES[choice % 3], OFFICE);
                if let (3, Command::MappingDecide { choice, .. }) = (choice, &mut command) {
                    *choice = MappingChoice::Outside;
                }
                let order = told(&house.ordered(command).await);
                // The same choice again changes nothing and is no order.
                if let Some(order) = order["decision"]["decision"].as_i64() {
                    let row = row(&house, of).await.expect("a mapping");
                    assert_eq!(row.decided_by, "operator", "{order}");
                    said.entry(of).or_default().push((order, row));
                    decided += 1;
                }
            }
            2 => {
                let held: Vec<i64> =
                    said.iter().filter(|(_, orders)| !orders.is_empty()).map(|(task, _)| *task).collect();
                let back = (!held.is_empty()).then(|| held[chance.below(held.len())]);
                if let Some((order, _)) = back.and_then(|task| said.get_mut(&task)).and_then(Vec::pop) {
                    house.ordered(undo(order, CHIEF)).await;
                    undone += 1;
                }
            }
            3 => {
                let corrected = format!("{} đợt {step}", title(chance.below(2)));
                let later = house.later(&format!("2027-03-01T01:{step:02}:00Z"));
                task(&later, id, if which.is_multiple_of(2) { AN } else { BINH }, &corrected, None).await;
            }
            4 => {
                let products: Vec<(&str, &str)> = CODES.iter().map(|code| (*code, "7")).collect();
                let from = format!("2026-{:02}-{:02}", 9 + step / 20, 1 + step % 20);
                catalog(&house.app.store, &format!("2026-{step}"), &from, &products).await;
            }
            5 => {
                house = ruled(&house, CODES[chance.below(3)]).await;
                map = Map::new(house.app.clone());
            }
            6 => brought(&house, CODES[chance.below(3)], step).await,
            _ => late(&house, of).await,
        }
        settled(&map).await;
        for (task, orders) in &said {
            if let Some((order, expected)) = orders.last() {
                let now = row(&house, *task).await.expect("a mapping");
                assert_eq!(what(&now), what(expected), "seed {seed}, step {step}, order {order}");
            }
        }
    }
    assert!(decided > 4 && undone > 0, "seed {seed} tries nothing: {decided} decided, {undone} undone");
}

#[tokio::test]
async fn whatever_happens_around_a_decision_of_a_person_its_task_stays_what_they_said() {
    let both = both().await;
    for (seed, store) in [3u64, 11].into_iter().zip(&both.stores) {
        lived(house(store).await, seed).await;
    }
}

#[test]
fn rule_and_source_go_before_what_was_learned_but_text_never_does() {
    // What the order of evidence promises: people decide tasks, rules kinds of work, text only what is left.
    let catalog = some_catalog();
    let (one, other) = (&catalog[0].code, &catalog[3].code);
    let rules = format!("[[rule]]\nid = 'x'\npriority = 1\nkeywords = ['xây dựng']\nproduct = '{other}'\n");
    let rules = RuleBook::parse(&rules, "r.toml").expect("rules");
    let said = example(TITLES[0], Some(one.clone()));
    let decided = |rules: RuleBook, task: &TaskText<'_>| {
        let mapper = Mapper::build(&catalog, rules, std::slice::from_ref(&said), Options::default());
        match mapper.decide(task).outcome {
            Outcome::Mapped { product, .. } => Some(product),
            _ => None,
        }
    };
    assert_eq!(decided(rules, &said.task()), Some(other.clone()));
    let coded = TaskText { product_code: Some(other.as_str()), ..said.task() };
    assert_eq!(decided(RuleBook::default(), &coded), Some(other.clone()));
    let by_text = decided(RuleBook::default(), &said.task());
    assert!(by_text.is_none_or(|product| product == *one));
}
