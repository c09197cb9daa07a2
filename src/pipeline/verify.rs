//! Proof that everything derived follows from what is kept.
//!
//! Owns the order `score verify`: answers against their SHA-256 and read into drafts again by the present manifest,
//! tasks derived again from their events, scores computed again from tasks, decisions, the rule set and the working days
//! kept with them. It changes nothing; what differs is counted and named. It may run beside pulls: what differs at first is
//! looked at once more with what is held by then. One answer, batch of tasks or score is held at a time. What
//! cannot be read at all is named and the rest goes on; only a database that does not answer ends the run.

use super::app::App;
use super::derived;
use super::pull::without_citizen_ids;
use super::score::{Asked, FULL_PERIOD, Gathered, TO_DATE, Terms};
use crate::connector::{Presence, RawRecord};
use crate::domain::{
    CanonicalTask, Period, PersonId, RuleSet, SourceEvent, SourceId, TaskDraft, TaskKey, WorkingCalendar,
};
use crate::error::Finding;
use crate::ingest::rebuild;
use crate::store::{Days, KeptPage, StoreError, StoredTask};
use chrono::{DateTime, Utc};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Tasks and answers looked at together.
const BATCH: usize = 500;

/// What deriving everything again came to.
#[derive(Debug, Default)]
pub(super) struct Verified {
    /// Answers that match their SHA-256.
    pub pages: u64,
    /// Numbers of those that do not.
    pub broken_pages: Vec<i64>,
    /// Answers that do not say alone what was read from them, or that the present manifest reads otherwise.
    pub not_read_again: u64,
    /// Records of kept answers that were read into the very draft that is held.
    pub drafts: u64,
    /// Source and key of tasks whose record is read into another draft, with the number of the answer.
    pub different_drafts: BTreeMap<String, i64>,
    /// What cannot be read at all, each by its place with the reason.
    pub unreadable: BTreeMap<String, Finding>,
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
    /// By period the working days that are otherwise now than those its scores were counted by.
    pub other_days: BTreeMap<Period, Days>,
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
            let pages = self.store.raw_pages_after(after, BATCH).await.map_err(|error| error.finding())?;
            let Some((last, _)) = pages.last() else { return Ok(()) };
            after = *last;
            for (page, source) in pages {
                match self.store.raw_page(page).await {
                    Ok(None) => {}
                    Ok(Some(kept)) => {
                        verified.pages += 1;
                        self.verify_drafts(verified, page, &source, kept).await?;
                    }
                    Err(StoreError::Sealed(_)) => verified.broken_pages.push(page),
                    Err(error) => verified.unreadable(format!("raw page {page}"), error)?,
                }
            }
        }
    }

    /// Reads an answer again by the present manifest. A record says what the task held came from only while its hash is
    /// the task's: it holds the fingerprint of the manifest's rules, so that no other rules are compared.
    async fn verify_drafts(
        &self,
        verified: &mut Verified,
        page: i64,
        source: &SourceId,
        kept: KeptPage,
    ) -> Result<(), Finding> {
        let Some(known) = self.sources.get(source) else {
            verified.not_read_again += 1;
            return Ok(());
        };
        let connector = known.connector.clone();
        // A sheet is unpacked for seconds: not on a thread that serves everything else.
        // Details may change while the listed record stays as it is: only the newest ones say what is held.
        let newest = kept.details.is_some().then_some(page);
        let listed = tokio::task::spawn_blocking(move || {
            connector.list_again(kept.body.into(), kept.details.map(Into::into))
        })
        .await;
        let Ok(Some(Ok(records))) = listed else {
            verified.not_read_again += 1;
            return Ok(());
        };
        for records in records.chunks(BATCH) {
            let different = self.different_drafts(verified, source, newest, records).await?;
            if different.is_empty() {
                continue;
            }
            // A pull may have come between a record's hash and its task.
            let again: Vec<RawRecord> =
                records.iter().filter(|record| different.contains(&record.external_id)).cloned().collect();
            for key in self.different_drafts(verified, source, newest, &again).await? {
                verified.different_drafts.insert(format!("{source}/{key}"), page);
            }
        }
        Ok(())
    }

    /// Keys of the records that are read into another draft than the one held; the same ones are counted. With the
    /// number of a page only tasks that were read from it last are looked at.
    async fn different_drafts(
        &self,
        verified: &mut Verified,
        source: &SourceId,
        newest: Option<i64>,
        records: &[RawRecord],
    ) -> Result<BTreeSet<String>, Finding> {
        let Some(known) = self.sources.get(source) else { return Ok(BTreeSet::new()) };
        let keys: Vec<&str> = records.iter().map(|record| record.external_id.as_str()).collect();
        let hashes = self.store.known_hashes(source, &keys).await.map_err(|error| error.finding())?;
        let mut different = BTreeSet::new();
        for (record, known_as) in records.iter().zip(hashes) {
            let Some((id, _)) = known_as.filter(|(_, hash)| *hash == record.hash) else { continue };
            if record.presence != Presence::Shown {
                continue;
            }
            if newest.is_some()
                && self.store.raw_page_of(id).await.map_err(|error| error.finding())? != newest
            {
                continue;
            }
            let held = match self.store.load_tasks(&[id]).await {
                Ok(held) => held.into_iter().next(),
                // Named where the tasks are looked at.
                Err(error) if error.is_of_content() => None,
                Err(error) => return Err(error.finding()),
            };
            let Some(held) = held.map(|held| held.task.draft) else { continue };
            let read = known.connector.read(record).ok();
            let draft = read.map(|draft| without_citizen_ids(self.store.vault(), draft));
            // An older version that came late: kept as an event, not applied.
            if draft.as_ref().is_some_and(|draft| draft.updated_at < held.updated_at) {
                continue;
            }
            if draft.is_some_and(|draft| as_compared(draft) == as_compared(held)) {
                verified.drafts += 1;
            } else {
                different.insert(record.external_id.clone());
            }
        }
        Ok(different)
    }

    /// What scores were judged by, as it was kept; none where that is not there or cannot be read. Scores that are older
    /// than the keeping of working days are counted by those of now.
    async fn kept_terms(
        &self,
        period: Period,
        rules: &str,
        days: Option<&str>,
    ) -> Result<Option<Terms>, Finding> {
        let told = |error: StoreError| error.finding();
        let body = self.store.kept_rule_set(rules).await.map_err(told)?;
        let Some(rules) = body.and_then(|body| serde_json::from_value::<RuleSet>(body).ok()) else {
            return Ok(None);
        };
        let Some(days) = days else { return self.terms(period, &rules).map(Some) };
        let Some(days) = self.store.kept_working_days(days).await.map_err(told)? else { return Ok(None) };
        let calendar = WorkingCalendar::of_exceptions(&days);
        Terms::of(&rules, &calendar, period.quarter_around().last_day()).map(Some)
    }

    async fn verify_tasks(&self, verified: &mut Verified) -> Result<(), Finding> {
        let mut after = 0;
        loop {
            match self.store.scan_tasks(None, after, BATCH).await {
                Ok(tasks) => {
                    let Some(last) = tasks.last() else { return Ok(()) };
                    after = last.id;
                    self.verify_together(verified, tasks).await?;
                }
                // One of them: each alone, so that the others are looked at.
                Err(error) if error.is_of_content() => {
                    let keys = self.store.task_keys_after(after, BATCH).await;
                    for (id, key) in keys.map_err(|error| error.finding())? {
                        after = id;
                        match self.store.load_tasks(&[id]).await {
                            Ok(tasks) => {
                                for task in tasks {
                                    self.verify_task(verified, place_of(&key), task).await?;
                                }
                            }
                            Err(error) => verified.unreadable(place_of(&key), error)?,
                        }
                    }
                }
                Err(error) => return Err(error.finding()),
            }
        }
    }

    /// Derives tasks again whose events are read at once; whatever is not the same is looked at alone.
    async fn verify_together(&self, verified: &mut Verified, tasks: Vec<StoredTask>) -> Result<(), Finding> {
        let (Some(first), Some(last)) = (tasks.first(), tasks.last()) else { return Ok(()) };
        let mut events = match self.store.events_between(first.id, last.id).await {
            Ok(events) => events,
            Err(error) if error.is_of_content() => HashMap::new(),
            Err(error) => return Err(error.finding()),
        };
        for task in tasks {
            let of_task = events.remove(&task.id).unwrap_or_default();
            match sort_of(&task, &of_task) {
                Sort::Same => verified.tasks += 1,
                Sort::ToldEarlier => verified.told_earlier += 1,
                Sort::Different => self.verify_task(verified, place_of(&task.key), task).await?,
            }
        }
        Ok(())
    }

    async fn verify_task(
        &self,
        verified: &mut Verified,
        place: String,
        task: StoredTask,
    ) -> Result<(), Finding> {
        let key = format!("{}/{}", task.key.source, task.key.external_id);
        let sort = match self.sort_of(&task).await {
            // A pull may have come between the task and its events.
            Ok(Sort::Different) => match self.store.load_tasks(&[task.id]).await {
                Ok(again) => match again.first() {
                    Some(again) => self.sort_of(again).await,
                    None => return Ok(()),
                },
                Err(error) => Err(error),
            },
            sort => sort,
        };
        match sort {
            Ok(Sort::Same) => verified.tasks += 1,
            Ok(Sort::ToldEarlier) => verified.told_earlier += 1,
            Ok(Sort::Different) => verified.different_tasks.push(key),
            Err(error) => verified.unreadable(place, error)?,
        }
        Ok(())
    }

    async fn sort_of(&self, held: &StoredTask) -> Result<Sort, StoreError> {
        let events = self.store.events_of(held.id).await?;
        let events: Vec<_> = events.into_iter().map(|(seen, event, _)| (event, seen)).collect();
        Ok(sort_of(held, &events))
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
        let mut kept: HashMap<(Period, String, Option<String>), Arc<Terms>> = HashMap::new();
        let gathered = Gathered::default();
        for named in self.store.scores_held().await.map_err(|error| error.finding())? {
            if only.is_some_and(|only| !only.contains(&named)) {
                continue;
            }
            let (person, period, scope) = named.clone();
            if due.contains(&(person, period)) {
                verified.waiting += 1;
                continue;
            }
            let place = || {
                let number = directory.person(person).map(|known| known.staff_number.to_string());
                format!("score {} {period} {scope}", number.unwrap_or_default())
            };
            let held = match self.store.score(person, period, &scope).await {
                Ok(Some(held)) => held,
                Ok(None) => continue,
                Err(error) => {
                    verified.unreadable(place(), error)?;
                    continue;
                }
            };
            let made_by = (period, held.rule_set_hash.clone(), held.working_days.clone());
            let terms = match kept.entry(made_by) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    let (period, rules, days) = unknown.key();
                    let Some(terms) = self.kept_terms(*period, rules, days.as_deref()).await? else {
                        verified.unreadable.insert(place(), super::broken("rule set"));
                        continue;
                    };
                    if days.is_some() {
                        let changed = terms.calendar.changed_in(&self.policy.calendar, period.last_day());
                        if !changed.is_empty() {
                            verified.other_days.entry(period.quarter_around()).or_default().extend(changed);
                        }
                    }
                    unknown.insert(Arc::new(terms))
                }
            };
            let (as_of, rules) = (held.as_of, &terms.rules);
            let view = if scope == TO_DATE { TO_DATE } else { FULL_PERIOD };
            let asked = Asked { period, view, as_of, terms: terms.clone() };
            let again = if period.is_mean() {
                self.mean(&directory, &gathered, person, period, as_of, rules).await
            } else if rules.is_monthly() && period.quarter_number().is_some() {
                self.monthly(&directory, &gathered, person, &asked, &[]).await.map(|(_, quarter)| quarter)
            } else {
                let scored = self.tasks_score(&directory, &gathered, person, &asked, &[]).await;
                scored.map(|scored| scored.map(|scored| scored.write))
            };
            let again = match again {
                Ok(again) => again,
                // What it counts is named where it lies; the score cannot be proved.
                Err(finding) if OF_CONTENT.contains(&finding.code.as_str()) => {
                    verified.unreadable.insert(place(), finding);
                    continue;
                }
                Err(finding) => return Err(finding),
            };
            let stored = match self.store.derivation(person, period, &scope).await {
                Ok(stored) => stored,
                Err(error) => {
                    verified.unreadable(place(), error)?;
                    continue;
                }
            };
            let again = again.and_then(|again| again.derivation).map(|packed| packed.text());
            let again = again.transpose().map_err(|error| error.finding())?;
            // An older version of the program may have kept the same in other words or in another order.
            let says = |kept: &Option<Vec<u8>>| kept.as_deref().and_then(derived::meaning);
            if again == stored || says(&again).is_some_and(|again| says(&stored) == Some(again)) {
                verified.same += 1;
            } else {
                suspects.insert(named);
            }
        }
        Ok(suspects)
    }
}

/// Codes of findings about one stored value that cannot be understood.
const OF_CONTENT: [&str; 2] = ["LT-DB-010", "LT-DB-011"];

impl Verified {
    /// Names what cannot be read. A database that does not answer is no finding about one place.
    fn unreadable(&mut self, place: String, error: StoreError) -> Result<(), Finding> {
        if !error.is_of_content() {
            return Err(error.finding());
        }
        self.unreadable.insert(place, error.finding());
        Ok(())
    }
}

fn place_of(key: &TaskKey) -> String {
    format!("task {}/{}", key.source, key.external_id)
}

/// How a task comes out of its events, oldest first, each with when it was seen.
fn sort_of(held: &StoredTask, events: &[(SourceEvent, DateTime<Utc>)]) -> Sort {
    match rebuild(events, held.task.draft.clone()) {
        Some(again) if again == held.task => Sort::Same,
        Some(again) if but_for_submission(&again, &held.task) => Sort::ToldEarlier,
        _ => Sort::Different,
    }
}

/// A draft as it is compared with another: its history stands in the events.
fn as_compared(draft: TaskDraft) -> TaskDraft {
    TaskDraft { events: Vec::new(), ..draft }
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
