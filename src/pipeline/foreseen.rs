//! Which waiting tasks text will map once an order about products is learned.
//!
//! Owns the choice of tasks looked at, all that wait while they are few, else those most like what is decided, and what is told of
//! them: how many, and the first of them by name. What it says the mapping step does when it comes to them: the same mapper, had it learned the order, decides them the same
//! way. It must not know how an order is placed, and changes nothing. The full training that follows is counted: of a preview always, of an
//! order that counts at once where it would begin then. Later ones may make more tasks sure, and none of those is promised.

use super::app::App;
use super::mappers::{Ahead, Moment};
use crate::domain::{CatalogVersion, ProductCode};
use crate::error::{Finding, Text};
use crate::pipeline::nearest::ProductNames;
use crate::pipeline::wording::shortened;
use crate::store::{ForeignExample, MapItem, MappingRow, MappingState, SeenTask, Settled, Taught};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Waiting tasks looked at: whoever decides waits for the answer.
const MOST_LOOKED_AT: usize = 300;
/// Of the tasks text will map those that are named.
const NAMED: usize = 10;
/// Characters of their titles.
const TITLE_CHARS: usize = 120;
/// Tasks decided in one go on a thread that serves others as well.
const TURN: usize = 50;

/// Waiting tasks that text will map.
#[derive(Debug, Default)]
pub(super) struct Foreseen {
    /// The tasks.
    pub items: Vec<MapItem>,
    /// What each will be.
    pub rows: Vec<Settled>,
    /// More wait than were looked at, or a full training follows later: there may be others.
    pub at_least: bool,
}

/// What is told of the waiting tasks text will map.
#[derive(Debug, Default)]
pub(super) struct ByText {
    /// How many there are.
    pub tasks: usize,
    /// There may be more.
    pub at_least: bool,
    /// The first [`NAMED`] of them.
    pub named: Vec<Following>,
}

impl ByText {
    /// How many of them are not named.
    pub fn not_named(&self) -> usize {
        self.tasks.saturating_sub(self.named.len())
    }
}

/// A waiting task that text will map.
#[derive(Debug)]
pub(super) struct Following {
    /// Its number.
    pub task: i64,
    /// SOURCE:KEY.
    pub key: String,
    /// The beginning of its title.
    pub title: String,
    /// Where it stands now.
    pub now: MappingState,
    /// Code and name of the product it is thought to be most so far, where it is thought to be any.
    pub thought: Option<String>,
    /// Code of the product it will have.
    pub product: ProductCode,
    /// What that is called.
    pub product_name: String,
}

impl Foreseen {
    /// What is told of it.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn by_text(&self, app: &App) -> Result<ByText, Finding> {
        let rows: BTreeMap<i64, &MappingRow> = self.rows.iter().map(|row| (row.task, &row.given)).collect();
        let mut first: Vec<&MapItem> = self.items.iter().collect();
        first.sort_by_key(|item| item.task.id);
        let first = first.into_iter().take(NAMED);
        let first: Vec<_> = first
            .filter_map(|item| {
                let given = rows.get(&item.task.id)?;
                let thought =
                    item.mapping.as_ref().and_then(|held| Some((&held.catalog_version, thought(held)?)));
                Some((item, &given.catalog_version, given.product.as_ref()?, thought))
            })
            .collect();
        let products = first.iter().flat_map(|(_, version, product, thought)| {
            let now = thought.as_ref().map(|(version, product)| (*version, product.as_str()));
            now.into_iter().chain([(*version, product.as_str())])
        });
        let names = ProductNames::named(app, &products.collect::<Vec<_>>()).await.map_err(told)?;
        let named = first
            .iter()
            .map(|(item, version, product, thought)| Following {
                task: item.task.id,
                key: format!("{}:{}", item.task.key.source, item.task.key.external_id),
                title: shortened(&item.task.task.draft.title, TITLE_CHARS).into_owned(),
                now: item.mapping.as_ref().map_or(MappingState::Review, |held| held.state),
                thought: thought.as_ref().map(|(version, product)| names.called(version, product.as_str())),
                product: (*product).clone(),
                product_name: names.name(version, product.as_str()).to_owned(),
            })
            .collect();
        Ok(ByText { tasks: self.rows.len(), at_least: self.at_least, named })
    }
}

impl App {
    /// What waiting tasks become sure enough once the rows of an order and the examples it brings are learned.
    ///
    /// # Errors
    /// Those of the store, and of a training that died.
    pub(super) async fn foreseen(
        &self,
        items: &[MapItem],
        rows: &[Settled],
        examples: &[ForeignExample],
        ahead: Ahead,
    ) -> Result<Foreseen, Finding> {
        let taught = taught_by(items, rows);
        if taught.is_empty() && examples.is_empty() {
            return Ok(Foreseen::default());
        }
        let _alone = self.foreseeing.lock().await;
        let (supposed, mut decided) = {
            let mut mappers = self.mappers.lock().await;
            mappers.follow(self).await?;
            mappers.suppose(self, taught, examples, ahead).await?
        };
        let own: BTreeSet<i64> = rows.iter().map(|row| row.task).collect();
        let mut waiting = self.store.waiting_items(0, i64::MAX, MOST_LOOKED_AT + 1).await.map_err(told)?;
        let many = waiting.len() > MOST_LOOKED_AT;
        if many {
            if let Some(one) = decided.first_mut() {
                one.products.extend(rows.iter().filter_map(|row| thought(row.held.as_ref()?)));
            }
            let alike = self.most_alike(decided, MOST_LOOKED_AT).await?;
            waiting = self.store.map_items(&alike).await.map_err(told)?;
        }
        waiting.retain(|item| !own.contains(&item.task.id));
        let (directory, heads) = (self.directory().await?, self.store.catalogs().await.map_err(told)?);
        let mut by_version: BTreeMap<CatalogVersion, Vec<MapItem>> = BTreeMap::new();
        for item in waiting {
            if let Some(version) = self.version_of(&heads, &directory, &item) {
                by_version.entry(version).or_default().push(item);
            }
        }
        let mut foreseen = Foreseen { at_least: many || supposed.is_open(), ..Foreseen::default() };
        for (version, mut items) in by_version {
            for moment in [Moment::AtOnce, Moment::Trained] {
                let Some(mapper) = self.supposing(&version, &supposed, moment).await? else { continue };
                let mut left = Vec::new();
                for (number, item) in items.into_iter().enumerate() {
                    if number % TURN == TURN - 1 {
                        tokio::task::yield_now().await;
                    }
                    let row = self.row_of(&directory, &item, &version, |task| Some(mapper.decide(task)));
                    match row.filter(is_sure) {
                        Some(given) => {
                            let (task, held) = (item.task.id, item.mapping.clone());
                            foreseen.rows.push(Settled { task, held, given });
                            foreseen.items.push(item);
                        }
                        None => left.push(item),
                    }
                }
                items = left;
            }
        }
        Ok(foreseen)
    }
}

/// Whether text gives a task its product.
fn is_sure(row: &MappingRow) -> bool {
    row.state == MappingState::Mapped && row.decided_by == "text"
}

/// What rows of an order teach, as the store has it once they count.
fn taught_by(items: &[MapItem], rows: &[Settled]) -> Vec<Taught> {
    let given: BTreeMap<i64, &MappingRow> = rows.iter().map(|row| (row.task, &row.given)).collect();
    let taught = |item: &MapItem| {
        let given = given.get(&item.task.id)?;
        let teaches = matches!(given.state, MappingState::Mapped | MappingState::Outside);
        if !teaches || given.decided_by != "operator" {
            return None;
        }
        let SeenTask { title, doc_type, category } = given.seen().unwrap_or_else(|| SeenTask::of(&item.task));
        Some(Taught {
            task: item.task.id,
            source: item.task.key.source.clone(),
            people: item.people.clone(),
            assigned_on: item.task.task.assigned_day(),
            title,
            doc_type,
            category,
            product: given.product.clone(),
            catalog_version: given.catalog_version.clone(),
            decided_at: given.decided_at,
        })
    };
    items.iter().filter_map(taught).collect()
}

/// What a task was thought to be.
fn thought(held: &MappingRow) -> Option<ProductCode> {
    let best = held.reason.pointer("/candidates/0/product").and_then(Value::as_str);
    held.product.clone().or_else(|| best?.parse().ok())
}

fn told(error: crate::store::StoreError) -> Finding {
    error.finding()
}

/// Tells that the figures of an order count waiting tasks text will map by it.
pub(super) fn counted(tasks: usize, at_least: bool) -> Finding {
    let (vi, en) = if at_least { ("ít nhất ", "at least ") } else { ("", "") };
    Finding::info(
        "LT-MAP-070",
        Text::new(
            format!(
                "học quyết định này, hệ thống sẽ tự gán theo nội dung {vi}{tasks} nhiệm vụ đang chờ; các điểm nêu trên đã tính cả chúng"
            ),
            format!(
                "once this decision is learned, {en}{tasks} waiting tasks are mapped by their text; the scores above count them"
            ),
        ),
        Text::new(
            "nhiệm vụ nào không đúng thì quyết định riêng trước (`mapping review`); thu hồi quyết định thì chúng cũng được thu hồi",
            "decide those that are something else first (`mapping review`); undone, the decision takes them back as well",
        ),
    )
}
