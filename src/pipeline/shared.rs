//! What shares of products move: the same preview as of any order about products.
//!
//! Owns what scores are computed with instead, the parts as they would be entered and the tasks of others somebody comes to share
//! in, or does no more. It must not know who may enter shares, and changes nothing. An error of the store is the caller's.

use super::app::App;
use super::review::{Concerned, Effect};
use super::what_if::Assumed;
use crate::domain::{Period, PersonId};
use crate::error::Finding;
use crate::scoring::SharePart;
use crate::store::SharesNew;
use std::collections::BTreeSet;
use std::sync::Arc;

impl App {
    /// Whose scores some entries would move, and by how much.
    ///
    /// # Errors
    /// Those of the store, and of the computation.
    pub(super) async fn effect_of_shares(&self, entries: &[SharesNew]) -> Result<Effect, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let directory = self.directory().await?;
        let mut effect = Effect { tasks: entries.len(), ..Effect::default() };
        let stakes = entries
            .iter()
            .flat_map(|entry| entry.due.iter().map(|(person, period)| (entry.task, *person, *period)));
        effect.touched = self.frozen(&directory, stakes.collect()).await?;
        let tasks: Vec<i64> = entries.iter().map(|entry| entry.task).collect();
        let items = self.store.map_items(&tasks).await.map_err(told)?;
        let (mut assumed, mut concerned) = (Assumed::default(), Concerned::new());
        for entry in entries {
            let Some(item) = items.iter().find(|item| item.task.id == entry.task) else { continue };
            let part = |(person, period, share): &(_, _, _)| SharePart {
                person: *person,
                period: *period,
                share: *share,
            };
            assumed.shares.insert(item.task.key.clone(), entry.parts.iter().map(part).collect());
            let has_no_stake = |person: &PersonId| !item.people.contains(person);
            let named = |people: &mut dyn Iterator<Item = Option<PersonId>>| -> BTreeSet<PersonId> {
                people.flatten().filter(has_no_stake).collect()
            };
            let before = named(&mut entry.before.iter().map(|part| part.person));
            let after = named(&mut entry.parts.iter().map(|(person, _, _)| *person));
            for person in after.difference(&before) {
                let shared = self.store.task_shared_with(*person, entry.task).await.map_err(told)?;
                assumed.joining.entry(*person).or_default().extend(shared);
            }
            for person in before.difference(&after) {
                assumed.leaving.entry(*person).or_default().insert(entry.task);
            }
            for (person, period) in &entry.due {
                concerned.entry(*period).or_default().insert(*person);
            }
        }
        self.effect_under(&directory, &Arc::new(assumed), concerned, effect).await
    }
}

/// Scores that are computed again once entries count, each once.
pub(super) fn due_of_shares(entries: &[SharesNew]) -> Vec<(PersonId, Period)> {
    let due: BTreeSet<(PersonId, Period)> =
        entries.iter().flat_map(|entry| entry.due.iter().copied()).collect();
    due.into_iter().collect()
}
