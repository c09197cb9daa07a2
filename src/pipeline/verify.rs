//! Proof that everything derived follows from what is kept.
//!
//! Owns the order `score verify`: answers against their SHA-256, tasks derived again from their events, scores
//! computed again from tasks, decisions and the rule set kept with them. It changes nothing; what differs is
//! counted and named. It may run beside pulls: what differs at first is looked at once more with what is held by
//! then. An answer that does not unpack is counted like one that differs; a task or score whose document cannot be
//! read at all ends the run with that error.

use super::app::App;
use super::score::{FULL_PERIOD, Gathered, TO_DATE, YEAR};
use crate::domain::{CanonicalTask, Period, PersonId, RuleSet};
use crate::error::Finding;
use crate::ingest::rebuild;
use crate::store::{StoreError, StoredTask};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

/// Tasks and answers looked at together.
const BATCH: usize = 500;

/// What deriving everything again came to.
#[derive(Debug, Default)]
pub(super) struct Verified {
    /// Answers that match their SHA-256.
    pub pages: u64,
    /// Numbers of those that do not.
    pub broken_pages: Vec<i64>,
    /// Tasks that came out the same from their events.
    pub tasks: u64,
    /// Tasks whose accepted submission was told by an earlier version and stands in no event: the rest is the same.
    pub told_earlier: u64,
    /// Source and key of those that came out different.
    pub different_tasks: Vec<String>,
    /// Scores that came out the same.
    pub same: u64,
    /// Scores that are due to be computed anyway.
    pub waiting: u64,
    /// Staff number, period and view of those that came out different.
    pub different: Vec<(String, Period, String)>,
}

impl App {
    /// Derives everything held again and compares it: answers, tasks, scores.
    pub(super) async fn verify(&self) -> Result<Verified, Finding> {
        let mut verified = Verified::default();
        self.verify_pages(&mut verified).await?;
        self.verify_tasks(&mut verified).await?;
        let suspects = self.verify_scores(&mut verified, None).await?;
        if !suspects.is_empty() {
            // A step may have come between the scores and what they are computed from.
            let left = self.verify_scores(&mut verified, Some(&suspects)).await?;
            let overview = self.store.overview().await.map_err(|error| error.finding())?;
            let pending = |step| overview.due.get(step).is_some_and(|due| *due > 0);
            if pending("identify") || pending("map") {
                // What these steps find marks the scores they touch as due.
                verified.waiting += left.len() as u64;
                return Ok(verified);
            }
            let directory = self.directory().await?;
            let number = |person| directory.person(person).map(|known| known.staff_number.to_string());
            verified.different = left
                .into_iter()
                .map(|(person, period, view)| (number(person).unwrap_or_default(), period, view))
                .collect();
        }
        Ok(verified)
    }

    async fn verify_pages(&self, verified: &mut Verified) -> Result<(), Finding> {
        let mut after = 0;
        loop {
            let ids = self.store.raw_page_ids(after, BATCH).await.map_err(|error| error.finding())?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = *last;
            for id in ids {
                match self.store.raw_page(id).await {
                    Ok(_) => verified.pages += 1,
                    Err(StoreError::Sealed(_)) => verified.broken_pages.push(id),
                    Err(error) => return Err(error.finding()),
                }
            }
        }
    }

    async fn verify_tasks(&self, verified: &mut Verified) -> Result<(), Finding> {
        let mut after = 0;
        loop {
            let tasks = self.store.scan_tasks(None, after, BATCH).await.map_err(|error| error.finding())?;
            let Some(last) = tasks.last() else { return Ok(()) };
            after = last.id;
            for task in tasks {
                let mut sort = self.sort_of(&task).await?;
                let mut held = task;
                if matches!(sort, Sort::Different) {
                    // A pull may have come between the task and its events.
                    let again = self.store.load_tasks(&[held.id]).await.map_err(|error| error.finding())?;
                    let Some(again) = again.into_iter().next() else { continue };
                    held = again;
                    sort = self.sort_of(&held).await?;
                }
                match sort {
                    Sort::Same => verified.tasks += 1,
                    Sort::ToldEarlier => verified.told_earlier += 1,
                    Sort::Different => {
                        verified.different_tasks.push(format!("{}/{}", held.key.source, held.key.external_id))
                    }
                }
            }
        }
    }

    async fn sort_of(&self, held: &StoredTask) -> Result<Sort, Finding> {
        let events = self.store.events_of(held.id).await.map_err(|error| error.finding())?;
        let events: Vec<_> = events.into_iter().map(|(seen, event, _)| (event, seen)).collect();
        Ok(match rebuild(&events, held.task.draft.clone()) {
            Some(again) if again == held.task => Sort::Same,
            Some(again) if but_for_submission(&again, &held.task) => Sort::ToldEarlier,
            _ => Sort::Different,
        })
    }

    /// Computes every score held again from what is stored (tasks, decisions, the rule set kept with it, the day
    /// it was judged on) and compares the derivations byte for byte: all, or those named. Scores that are due are
    /// left out. Gives those that came out different.
    async fn verify_scores(
        &self,
        verified: &mut Verified,
        only: Option<&BTreeSet<Suspect>>,
    ) -> Result<BTreeSet<Suspect>, Finding> {
        let mut suspects = BTreeSet::new();
        let directory = self.directory().await?;
        let due = self.store.scores_due(usize::MAX >> 1).await.map_err(|error| error.finding())?;
        let due: BTreeSet<_> = due.into_iter().map(|(person, period, _)| (person, period)).collect();
        let mut kept: HashMap<String, RuleSet> = HashMap::new();
        let mut gathered = Gathered::default();
        for held in self.store.scores_held().await.map_err(|error| error.finding())? {
            let named = (held.person, held.period, held.scope.clone());
            if only.is_some_and(|only| !only.contains(&named)) {
                continue;
            }
            if due.contains(&(held.person, held.period)) {
                verified.waiting += 1;
                continue;
            }
            let rules = match kept.entry(held.rule_set_hash.clone()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    let body =
                        self.store.kept_rule_set(unknown.key()).await.map_err(|error| error.finding())?;
                    let rules = body.and_then(|body| serde_json::from_value(body).ok());
                    unknown.insert(rules.ok_or_else(|| super::broken("rule set"))?)
                }
            };
            let (person, period, as_of) = (held.person, held.period, held.as_of);
            let again = match held.scope.as_str() {
                YEAR => self.year(&directory, &mut gathered, person, period, as_of, rules).await?,
                TO_DATE => {
                    self.quarter(&directory, &mut gathered, person, period, TO_DATE, as_of, rules).await?
                }
                _ => {
                    self.quarter(&directory, &mut gathered, person, period, FULL_PERIOD, as_of, rules).await?
                }
            };
            let stored = self.store.derivation(person, period, &held.scope).await;
            let stored = stored.map_err(|error| error.finding())?;
            if again.map(|again| again.derivation) == stored {
                verified.same += 1;
            } else {
                suspects.insert(named);
            }
        }
        Ok(suspects)
    }
}

/// A score by person, period and view.
type Suspect = (PersonId, Period, String);

/// How a task came out of its events.
enum Sort {
    Same,
    ToldEarlier,
    Different,
}

/// Whether two tasks say the same but for the moment of the accepted submission.
fn but_for_submission(again: &CanonicalTask, held: &CanonicalTask) -> bool {
    CanonicalTask { accepted_submission_at: held.accepted_submission_at, ..again.clone() } == *held
}
