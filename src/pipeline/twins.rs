//! Which tasks may be one with a task that is new or changed.
//!
//! Owns the bounded look at what a batch has in common with the tasks of the same people: marks are kept, candidates read
//! by them, pairs proposed. It decides nothing: a person says which pairs are one task. Done twice, it finds the same pairs once.

use super::app::App;
use crate::domain::TaskStatus;
use crate::error::Finding;
use crate::ingest::duplicate::{Compared, Reason, reasons};
use crate::store::{MapItem, StoredTask};
use std::collections::{BTreeMap, BTreeSet, HashMap};

fn told(error: crate::store::StoreError) -> Finding {
    error.finding()
}

fn counts(task: &StoredTask) -> bool {
    let status = task.task.draft.status;
    status != TaskStatus::Gone && !status.is_withdrawn()
}

impl App {
    /// Proposes the pairs some tasks make with others of the same people.
    pub(super) async fn look_for_twins(&self, items: &[MapItem]) -> Result<(), Finding> {
        let mut compared: HashMap<i64, Compared> = HashMap::with_capacity(items.len());
        let mut traits: HashMap<i64, Vec<i64>> = HashMap::with_capacity(items.len());
        for item in items {
            let one = Compared::of(&item.task.key, &item.task.task.draft);
            let own = if counts(&item.task) { one.traits(&item.people) } else { Vec::new() };
            traits.insert(item.task.id, own);
            compared.insert(item.task.id, one);
        }
        let sharing = self.store.keep_traits(&traits).await.map_err(told)?;
        let others: BTreeSet<i64> =
            sharing.values().flatten().filter(|task| !compared.contains_key(task)).copied().collect();
        let others: Vec<i64> = others.into_iter().collect();
        for task in self.store.load_tasks(&others).await.map_err(told)? {
            if counts(&task) {
                compared.insert(task.id, Compared::of(&task.key, &task.task.draft));
            }
        }
        let mut pairs: BTreeMap<(i64, i64), BTreeSet<Reason>> = BTreeMap::new();
        for (task, own) in &traits {
            let Some(one) = compared.get(task) else { continue };
            let near: BTreeSet<i64> =
                own.iter().filter_map(|mark| sharing.get(mark)).flatten().copied().collect();
            for other in near {
                let pair = ((*task).min(other), (*task).max(other));
                if let Some(told) = compared.get(&other).and_then(|other| reasons(one, other)) {
                    pairs.insert(pair, told);
                }
            }
        }
        let pairs = pairs
            .into_iter()
            .map(|(pair, told)| Ok((pair, serde_json::to_value(told).map_err(|_| super::broken("pair"))?)))
            .collect::<Result<Vec<_>, Finding>>()?;
        self.store.propose_pairs(&pairs, self.clock.now()).await.map_err(told)
    }
}
