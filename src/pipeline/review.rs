//! People's orders about the products of tasks: which tasks, what they are given, what that moves, who confirms.
//!
//! Owns the way from an order to the rows that are written: groups of waiting tasks, the preview of the scores that
//! move, the second person where the configuration asks for one, and the undo. It must not know how an order was
//! given. Nobody settles a task they have a stake in; a decision is never overwritten, only followed by another.

use super::app::App;
use super::foreseen::{ByText, counted};
use super::frozen::Touched;
use super::map::{UNDONE, scores_concerned};
use super::mappers::Ahead;
use super::what_if::{Assumed, Compared, Question, Totals, as_value};
use crate::directory::Directory;
use crate::domain::{CatalogVersion, Period, PersonId, ProductCode, ProductKind};
use crate::error::{Finding, Text};
use crate::mapping::group::{Grouping, Groups, TaskGroup, Waiting};
use crate::store::{ForeignExample, MapItem, MappingRow, MappingState, SeenTask, Settled, TaskProduct};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Tasks read together.
const PAGE: usize = 1_000;
/// Most waiting tasks that are grouped; the rest comes once these are settled.
pub(super) const MAX_QUEUE: usize = 200_000;
/// Most tasks one order settles.
pub(super) const MAX_TASKS: usize = 20_000;
/// Most people a preview computes, staff before leaders.
const MAX_PEOPLE: usize = 3_000;
/// A leader of more people than these is not computed for a preview: their figure moves by a hair, and the scoring
/// step tells it.
const LARGE_CHARGE: usize = 60;
/// Comparisons kept with an order.
const KEPT_COMPARISONS: usize = 200;

/// The reason of a decision about single tasks whose author gives none, in both languages: what the task says is reason
/// enough. Groups, proposals, undos and files need one of their own.
pub(super) const BY_A_PERSON: (&str, &str) = ("cán bộ quyết định", "decided by a person");

/// Whose scores of which quarters an order concerns.
pub(super) type Concerned = BTreeMap<Period, BTreeSet<PersonId>>;

/// What an order moves.
#[derive(Debug, Default)]
pub(super) struct Effect {
    /// Tasks it settles.
    pub tasks: usize,
    /// Waiting tasks besides that text maps once it is learned.
    pub by_text: ByText,
    /// Scores that move, by period, in the order computed.
    pub moved: Vec<Compared>,
    /// All comparisons together.
    pub totals: Totals,
    /// Scores that may move and were not computed.
    pub beyond: usize,
    /// Tasks of closed periods among them.
    pub touched: Touched,
}

impl Effect {
    /// What is to be told of tasks text maps by it and of closed periods.
    pub fn told(&self) -> Vec<Finding> {
        let ByText { tasks, at_least, .. } = self.by_text;
        let by_text = (tasks > 0).then(|| counted(tasks, at_least));
        by_text.into_iter().chain(super::frozen::told(&self.touched)).collect()
    }

    /// As it is kept with the order.
    pub fn value(&self, directory: &Directory) -> Value {
        let moved: Vec<Value> =
            self.moved.iter().take(KEPT_COMPARISONS).map(|compared| as_value(directory, compared)).collect();
        json!({
            "tasks": self.tasks,
            "by_text": self.by_text.tasks,
            "scores": self.totals.people,
            "moved": self.totals.moved,
            "up": self.totals.up,
            "down": self.totals.down,
            "bands_changed": self.totals.bands_changed(),
            "not_computed": self.beyond,
            "people": moved,
        })
    }
}

impl App {
    /// The waiting tasks with numbers up to one, grouped, all of them when none; and whether there are more than are grouped.
    pub(super) async fn waiting_groups(&self, upto: Option<i64>) -> Result<(Groups, bool), Finding> {
        let (mut grouping, mut after, mut left) = (Grouping::default(), 0, MAX_QUEUE);
        let upto = upto.unwrap_or(i64::MAX);
        // One more than are grouped is asked for, so that it is known whether any is left out.
        let more = loop {
            let asked = PAGE.min(left + 1);
            let page = self.store.waiting_tasks(after, upto, asked).await.map_err(|error| error.finding())?;
            let Some(last) = page.last() else { break false };
            after = last.task;
            let (taken, beyond) = within(left, page.len());
            for task in page.iter().take(taken) {
                grouping.add(&Waiting {
                    task: task.task,
                    title: &task.title,
                    doc_type: &task.doc_type,
                    category: &task.category,
                    catalog: task.catalog_version.as_str(),
                    best: task.best.as_deref(),
                });
            }
            if beyond {
                break true;
            }
            left -= taken;
        };
        let grouped = tokio::task::spawn_blocking(move || grouping.groups()).await;
        Ok((grouped.map_err(|_| super::broken("groups"))?, more))
    }

    /// The group of a name, exactly as it was shown; none when its tasks are others by now.
    pub(super) async fn waiting_group(&self, id: &str) -> Result<Option<TaskGroup>, Finding> {
        let Some(upto) = crate::mapping::group::upto(id) else { return Ok(None) };
        let (groups, _) = self.waiting_groups(Some(upto)).await?;
        Ok(groups.groups.into_iter().find(|group| group.id == id))
    }

    /// What an order would move by its own tasks, and by the waiting tasks that text maps once it and the examples it brings
    /// are learned.
    pub(super) async fn effect_of_learning(
        &self,
        items: &[MapItem],
        rows: &[Settled],
        examples: &[ForeignExample],
        ahead: Ahead,
    ) -> Result<Effect, Finding> {
        let foreseen = self.foreseen(items, rows, examples, ahead).await?;
        if foreseen.rows.is_empty() {
            return self.effect_of(items, rows).await;
        }
        let (others, by_text) = (&foreseen.items[..], &foreseen.rows[..]);
        let effect = self.effect_of(&[items, others].concat(), &[rows, by_text].concat()).await?;
        Ok(Effect { tasks: rows.len(), by_text: foreseen.by_text(self).await?, ..effect })
    }

    /// What an order would move: the scores of everyone with a stake in its tasks and of their leaders, as they are
    /// and as they would be, in the view that is shown.
    pub(super) async fn effect_of(&self, items: &[MapItem], rows: &[Settled]) -> Result<Effect, Finding> {
        let directory = self.directory().await?;
        let mut given: HashMap<i64, TaskProduct> =
            rows.iter().map(|row| (row.task, product_of(&row.given))).collect();
        // Products of leadership work count for heads and deputies alone; a group of tasks has few products.
        let mut kinds: HashMap<(&CatalogVersion, &ProductCode), bool> = HashMap::new();
        for row in rows {
            let Some(code) = &row.given.product else { continue };
            let version = &row.given.catalog_version;
            let leads = match kinds.entry((version, code)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(asked) => {
                    let found = self.store.products_of(version, &[code.as_str()]).await;
                    let found = found.map_err(|error| error.finding())?;
                    *asked.insert(found.iter().any(|product| product.kind == ProductKind::Leadership))
                }
            };
            if let Some(product) = given.get_mut(&row.task) {
                product.leadership = leads;
            }
        }
        let assumed = Arc::new(Assumed::products(given));
        let mut concerned = Concerned::new();
        let mut effect = Effect { tasks: rows.len(), ..Effect::default() };
        let settled: BTreeSet<i64> = rows.iter().map(|row| row.task).collect();
        let items: Vec<&MapItem> = items.iter().filter(|item| settled.contains(&item.task.id)).collect();
        effect.touched = self.frozen_of(&directory, &items).await?;
        for item in items {
            for (person, period) in scores_concerned(item) {
                concerned.entry(period).or_default().insert(person);
            }
        }
        self.effect_under(&directory, &assumed, concerned, effect).await
    }

    /// Takes into an effect what the scores of some people and of their leaders would be.
    pub(super) async fn effect_under(
        &self,
        directory: &Directory,
        assumed: &Arc<Assumed>,
        concerned: Concerned,
        mut effect: Effect,
    ) -> Result<Effect, Finding> {
        for (period, mut people) in concerned {
            let Ok(rules) = self.rule_set(period) else { continue };
            let population = rules.population_filter;
            let leaders: BTreeSet<PersonId> =
                people.iter().flat_map(|person| directory.leaders_of(*person, period)).collect();
            for leader in leaders {
                if directory.in_charge(leader, period, population).len() > LARGE_CHARGE {
                    effect.beyond += 1;
                } else {
                    people.insert(leader);
                }
            }
            let mut ranked: Vec<PersonId> = people.into_iter().collect();
            ranked.sort_by_cached_key(|person| (directory.rank(*person, period), *person));
            effect.beyond += ranked.len().saturating_sub(MAX_PEOPLE);
            ranked.truncate(MAX_PEOPLE);
            let view = self.view_of(period, None);
            let question = Question { period, view, assumed: assumed.clone(), rules: None };
            let moved = &mut effect.moved;
            let take = |compared: Compared| {
                if compared.moved() {
                    moved.push(compared);
                }
            };
            let totals = self.compare_scores(directory, &question, ranked, take).await?;
            effect.totals.join(totals);
        }
        Ok(effect)
    }
}

/// How many of some waiting tasks are grouped where so many more may be, and whether others are left out.
fn within(left: usize, found: usize) -> (usize, bool) {
    (found.min(left), found > left)
}

/// What a score depends on of a mapping.
fn product_of(row: &MappingRow) -> TaskProduct {
    TaskProduct {
        state: row.state,
        product: row.product.clone(),
        coefficient: row.coefficient,
        pending: row.pending(),
        leadership: false,
    }
}

/// Scores to be computed again once an order counts.
pub(super) fn due_of(items: &[MapItem], rows: &[Settled]) -> Vec<(PersonId, Period)> {
    let settled: BTreeSet<i64> = rows.iter().map(|row| row.task).collect();
    let items = items.iter().filter(|item| settled.contains(&item.task.id));
    let due: BTreeSet<(PersonId, Period)> = items.flat_map(scores_concerned).collect();
    due.into_iter().collect()
}

/// Whether somebody has a stake in a task: they do not settle it.
pub(super) fn is_own(directory: &Directory, author: &str, item: &MapItem) -> bool {
    directory.named(author).is_some_and(|person| item.people.contains(&person))
}

/// Who takes an order back, why and when, and when another one was taken back last.
pub(super) struct TakingBack<'a> {
    pub order: i64,
    pub author: &'a str,
    pub reason: &'a str,
    pub at: DateTime<Utc>,
    pub other_at: Option<DateTime<Utc>>,
}

/// The mappings that stand again when an order is taken back: of the tasks nobody settled since, and how many
/// others there are. What text settled before another order was taken back may rest on that one: it is looked at anew.
pub(super) fn taken_back(
    TakingBack { order, author, reason, at, other_at }: TakingBack<'_>,
    rows: Vec<Settled>,
    items: &[MapItem],
) -> (Vec<Settled>, usize) {
    let present: HashMap<i64, &MapItem> = items.iter().map(|item| (item.task.id, item)).collect();
    let all = rows.len();
    let back: Vec<Settled> = rows
        .into_iter()
        .filter_map(|row| {
            let now = present.get(&row.task)?.mapping.as_ref()?;
            // What waits is ranked again all the time: only a person's word is newer than an order.
            let stands = if row.given.decided_by == "operator" {
                let said = |row: &MappingRow| {
                    (
                        row.state,
                        row.product.clone(),
                        row.decided_by.clone(),
                        row.decided_at.timestamp_millis(),
                    )
                };
                said(now) == said(&row.given)
            } else {
                now.decided_by != "operator"
            };
            if !stands {
                return None;
            }
            let forgotten = |held: &MappingRow| {
                held.decided_by == "text"
                    && held.state != MappingState::Review
                    && other_at.is_some_and(|undone| held.decided_at <= undone)
            };
            let mut given = row.held.filter(|held| !forgotten(held)).unwrap_or_else(|| MappingRow {
                state: MappingState::Review,
                product: None,
                coefficient: None,
                decided_by: "text".to_owned(),
                author: None,
                reason: json!({}),
                decided_at: at,
                ..row.given.clone()
            });
            // Whoever decided it then answers for it again; who put it back stands beside, and in the order.
            let undone = json!({ "decision": order, "author": author, "at": at, "reason": reason });
            match given.reason.as_object_mut() {
                Some(object) => {
                    object.insert(UNDONE.to_owned(), undone);
                }
                None => given.reason = json!({ UNDONE: undone }),
            }
            Some(Settled { task: row.task, held: Some(now.clone()), given })
        })
        .collect();
    let left = all - back.len();
    (back, left)
}

/// A mapping a person gives a task, with what they see of it.
pub(super) fn by_a_person(
    item: &MapItem,
    row: MappingRow,
    author: &str,
    reason: Option<&str>,
    at: DateTime<Utc>,
) -> MappingRow {
    let why = Text::new(reason.unwrap_or(BY_A_PERSON.0), reason.unwrap_or(BY_A_PERSON.1));
    MappingRow {
        decided_by: "operator".to_owned(),
        author: Some(author.to_owned()),
        reason: json!({ "reason": why, "seen": SeenTask::of(&item.task) }),
        decided_at: at,
        ..row
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_QUEUE, PAGE, within};

    /// How many of a queue are grouped, and whether others are left out, read page by page.
    fn grouped(queue: usize) -> (usize, bool) {
        let (mut left, mut read) = (MAX_QUEUE, 0);
        loop {
            let page = PAGE.min(left + 1).min(queue - read);
            if page == 0 {
                return (MAX_QUEUE - left, false);
            }
            let (taken, beyond) = within(left, page);
            (left, read) = (left - taken, read + page);
            if beyond {
                return (MAX_QUEUE - left, true);
            }
        }
    }

    #[test]
    fn queue_longer_than_is_grouped_is_told_and_one_as_long_is_not() {
        assert_eq!(grouped(MAX_QUEUE - 1), (MAX_QUEUE - 1, false));
        assert_eq!(grouped(MAX_QUEUE), (MAX_QUEUE, false));
        assert_eq!(grouped(MAX_QUEUE + 1), (MAX_QUEUE, true));
        assert_eq!(grouped(MAX_QUEUE + PAGE * 3), (MAX_QUEUE, true));
    }
}
