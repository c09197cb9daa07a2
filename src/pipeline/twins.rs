//! Which tasks may be one with a task that is new or changed.
//!
//! Owns the bounded look at what a batch has in common with the tasks of the same people, and with those of others of their unit
//! about the same document: marks are kept, candidates read by them, pairs proposed. It decides nothing: a person says which
//! pairs are one task. Done twice, it finds the same pairs once.

use super::app::App;
use crate::directory::Directory;
use crate::domain::{TaskStatus, UnitCode};
use crate::error::Finding;
use crate::ingest::duplicate::{Compared, Reason, Whose, reasons};
use crate::store::{MapItem, StoredTask};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A document more tasks of one system are about was given to many on purpose, and is no pair.
const MOST_OF_A_DOCUMENT: usize = 4;

fn told(error: crate::store::StoreError) -> Finding {
    error.finding()
}

fn counts(task: &StoredTask) -> bool {
    let status = task.task.draft.status;
    status != TaskStatus::Gone && !status.is_withdrawn()
}

impl App {
    /// Proposes the pairs some tasks make with others of the same people or, about one document, of the same unit.
    pub(super) async fn look_for_twins(&self, items: &[MapItem]) -> Result<(), Finding> {
        let mut compared: HashMap<i64, Compared> = HashMap::with_capacity(items.len());
        let mut traits: HashMap<i64, Vec<i64>> = HashMap::with_capacity(items.len());
        for item in items {
            let one = Compared::of(&item.task.key, &item.task.task.draft, &self.policy.abbreviations);
            let mut own = if counts(&item.task) { one.traits(&item.people) } else { Vec::new() };
            // What nobody is known to do is nobody's twice.
            own.extend(one.document().filter(|_| !own.is_empty()));
            traits.insert(item.task.id, own);
            compared.insert(item.task.id, one);
        }
        let sharing = self.store.keep_traits(&traits).await.map_err(told)?;
        let others: BTreeSet<i64> =
            sharing.values().flatten().filter(|task| !compared.contains_key(task)).copied().collect();
        let others: Vec<i64> = others.into_iter().collect();
        for task in self.store.load_tasks(&others).await.map_err(told)? {
            if counts(&task) {
                let one = Compared::of(&task.key, &task.task.draft, &self.policy.abbreviations);
                compared.insert(task.id, one);
            }
        }
        let (mut pairs, mut asked) = (Pairs::new(), Pairs::new());
        for (task, own) in &traits {
            let Some(one) = compared.get(task) else { continue };
            let document = one.document();
            let near: BTreeSet<i64> = own
                .iter()
                .filter(|mark| Some(**mark) != document)
                .filter_map(|mark| sharing.get(mark))
                .flatten()
                .copied()
                .collect();
            let about = document.and_then(|mark| sharing.get(&mark));
            let about = about.filter(|about| about.len() <= MOST_OF_A_DOCUMENT).into_iter().flatten();
            let of_others: Vec<i64> = about.filter(|other| !near.contains(other)).copied().collect();
            let told = |other: &i64, whose| compared.get(other).and_then(|other| reasons(one, other, whose));
            for other in near {
                if let Some(told) = told(&other, Whose::OnePersons) {
                    pairs.insert(ordered(*task, other), told);
                }
            }
            for other in of_others {
                if let Some(told) = told(&other, Whose::OneUnits) {
                    asked.insert(ordered(*task, other), told);
                }
            }
        }
        pairs.extend(self.of_one_unit(asked, items).await?);
        let pairs = pairs
            .into_iter()
            .map(|(pair, told)| Ok((pair, serde_json::to_value(told).map_err(|_| super::broken("pair"))?)))
            .collect::<Result<Vec<_>, Finding>>()?;
        self.store.propose_pairs(&pairs, self.clock.now()).await.map_err(told)
    }

    /// Those of some pairs of tasks of different people whose people had posts in one unit when each was assigned.
    async fn of_one_unit(&self, mut pairs: Pairs, batch: &[MapItem]) -> Result<Pairs, Finding> {
        if pairs.is_empty() {
            return Ok(pairs);
        }
        let directory = self.directory().await?;
        let tasks: BTreeSet<i64> = pairs.keys().flat_map(|(one, other)| [*one, *other]).collect();
        let mut units: HashMap<i64, BTreeSet<UnitCode>> = batch
            .iter()
            .filter(|item| tasks.contains(&item.task.id))
            .map(|item| (item.task.id, units_of(&directory, item)))
            .collect();
        let unread: Vec<i64> = tasks.into_iter().filter(|task| !units.contains_key(task)).collect();
        for item in self.store.map_items(&unread).await.map_err(told)? {
            units.insert(item.task.id, units_of(&directory, &item));
        }
        let of = |task: &i64| units.get(task).into_iter().flatten().collect::<BTreeSet<_>>();
        pairs.retain(|(one, other), _| !of(one).is_disjoint(&of(other)));
        Ok(pairs)
    }
}

/// Pairs of tasks, the lower number first, with what speaks for each.
type Pairs = BTreeMap<(i64, i64), BTreeSet<Reason>>;

fn ordered(one: i64, other: i64) -> (i64, i64) {
    (one.min(other), one.max(other))
}

/// The units of the people of a task, on the day it was assigned.
fn units_of(directory: &Directory, item: &MapItem) -> BTreeSet<UnitCode> {
    let day = item.task.task.assigned_day();
    item.people.iter().filter_map(|person| directory.unit_on(*person, day)).cloned().collect()
}
