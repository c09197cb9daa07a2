//! One page of a pull: from raw records to what is to be stored of it.
//!
//! Owns which records are read at all: the store says which changed, only those get their detail calls and become
//! drafts, and drafts become tasks and events. A record that cannot be read becomes a rejection with its reason, and
//! the others go on. It must not know when a page is committed.

use super::commit::key_hash;
use super::{Puller, of_store};
use crate::connector::{
    ConnectorError, Delivered, Detailed, Page, Presence, RawRecord, Rejection, details_of,
};
use crate::domain::{AccountKind, AccountRef, CitizenId, TaskDraft, TaskStatus};
use crate::error::{Finding, Place};
use crate::ingest;
use crate::store::{PageCommit, RejectionWrite, StoredTask, TaskWrite, Vault};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};

impl Puller<'_> {
    /// Lets a page wait until one shows a task somebody knows; the pages that go on now, in order.
    pub(super) async fn hold(&mut self, page: Page) -> Result<Vec<Page>, ConnectorError> {
        let keys: Vec<&str> = page.records.iter().map(|record| record.external_id.as_str()).collect();
        let stored = self.app.store.known_hashes(&self.source, &keys).await.map_err(of_store)?;
        let known = stored.into_iter().flatten().filter(|(id, _)| self.watch.knows(*id)).count();
        let bodies: usize = page.records.iter().map(|record| record.body.len()).sum();
        self.watch.held(page.records.len(), known, page.body.len() + bodies)?;
        self.held.push(page);
        Ok(if self.watch.holds() { Vec::new() } else { std::mem::take(&mut self.held) })
    }

    /// Turns one page into what is to be stored of it.
    pub(super) async fn handle(&mut self, page: Page) -> Result<(), ConnectorError> {
        let all_new = self.fresh.all_new(page.records.iter().map(|record| record.external_id.as_str()));
        let unsettled = |record: &RawRecord| {
            let key = key_hash(&record.external_id);
            self.waiting.keys.contains(&key) || self.committing.keys.contains(&key)
        };
        if !all_new && page.records.iter().any(unsettled) {
            self.commit_all().await?;
        }
        let page = self.without_repeated(page).await?;
        let observed_at = self.app.clock.now();
        self.counters.pages += 1;
        self.counters.records += (page.records.len() + page.rejected.len()) as u64;
        let known = if all_new {
            vec![None; page.records.len()]
        } else {
            let keys: Vec<&str> = page.records.iter().map(|record| record.external_id.as_str()).collect();
            self.app.store.known_hashes(&self.source, &keys).await.map_err(of_store)?
        };
        let mut changed = Vec::new();
        let mut first_seen: HashSet<i64> = HashSet::new();
        let mut known_ids: HashMap<String, i64> = HashMap::new();
        let mut tombstones = Vec::new();
        for (record, known) in page.records.into_iter().zip(known) {
            match known {
                // A tombstone is no sign of life; one of a task we never had says nothing.
                known if record.presence != Presence::Shown => {
                    if self.full {
                        self.tombstones.note(known.map(|(id, _)| id), &record.external_id);
                    }
                    match known {
                        Some((id, hash)) if hash != record.hash => tombstones.push((id, record)),
                        _ => self.counters.unchanged += 1,
                    }
                }
                Some((id, hash)) if hash == record.hash => {
                    if self.seen.insert(id) {
                        self.watch.saw(id);
                    }
                    self.counters.unchanged += 1;
                }
                Some((id, _)) => {
                    if self.seen.insert(id) {
                        first_seen.insert(id);
                    }
                    known_ids.insert(record.external_id.clone(), id);
                    changed.push(record);
                }
                None => changed.push(record),
            }
        }
        let mut rejections: Vec<RejectionWrite> = page.rejected.into_iter().map(rejection_write).collect();
        let (mut tasks, details) =
            self.read_changed(changed, &known_ids, &first_seen, observed_at, &mut rejections).await?;
        tasks.extend(self.bury(tombstones, observed_at).await?);
        self.counters.rejected += rejections.len() as u64;
        let Delivered { evidence, receipts } = page.delivered;
        self.waiting.receipts.extend(receipts);
        let nothing_new = tasks.is_empty() && rejections.is_empty() && evidence.is_empty();
        // What is stored from here on may no longer be what the source called unchanged, whatever becomes of this run.
        let keeps = (self.moves_cursor && !self.full) || self.connector.abilities().pages_forget;
        let cursor = page.cursor.filter(|_| keeps).map(|cursor| cursor.0);
        if nothing_new && cursor.is_none() {
            return Ok(());
        }
        let body = (!nothing_new).then(|| self.kept_once(page.body));
        self.wait(PageCommit {
            source: self.source.clone(),
            run: self.run,
            fetched_at: observed_at,
            request: page.request,
            body,
            details,
            tasks,
            rejections,
            evidence,
            cursor,
        })
        .await;
        Ok(())
    }

    /// A page without what its package already said: a package is immutable, and one that is older than what is held
    /// of its task is no news however often it comes.
    async fn without_repeated(&mut self, mut page: Page) -> Result<Page, ConnectorError> {
        let packages: HashSet<[u8; 32]> = page.delivered.evidence.iter().map(|word| word.package).collect();
        if packages.is_empty() {
            return Ok(page);
        }
        let known = self.app.store.known_packages(&self.source, &packages).await.map_err(of_store)?;
        if known.len() < packages.len() {
            return Ok(page);
        }
        page.delivered.evidence.clear();
        let keys: Vec<&str> = page.records.iter().map(|record| record.external_id.as_str()).collect();
        let held = self.app.store.known_hashes(&self.source, &keys).await.map_err(of_store)?;
        // A record that was rejected then is read again.
        let mut held = held.into_iter();
        let mut repeated = 0;
        page.records.retain(|_| {
            let known = held.next().flatten().is_some();
            repeated += u64::from(known);
            !known
        });
        self.counters.records += repeated;
        self.counters.unchanged += repeated;
        Ok(page)
    }

    /// Calls tasks gone, or taken back, whose tombstones the source shows.
    async fn bury(
        &mut self,
        tombstones: Vec<(i64, RawRecord)>,
        observed_at: DateTime<Utc>,
    ) -> Result<Vec<TaskWrite>, ConnectorError> {
        if tombstones.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<i64> = tombstones.iter().map(|(id, _)| *id).collect();
        let stored = self.app.store.load_tasks(&ids).await.map_err(of_store)?;
        let held: HashMap<i64, StoredTask> = stored.into_iter().map(|task| (task.id, task)).collect();
        let writes: Vec<TaskWrite> = tombstones
            .into_iter()
            .filter_map(|(id, record)| {
                let held = &held.get(&id)?.task;
                let applied = match record.presence {
                    Presence::Shown => return None,
                    Presence::Deleted { at } => ingest::gone(held, at, observed_at),
                    Presence::Recalled { at } => ingest::recalled(held, at, observed_at),
                };
                Some(TaskWrite {
                    known_id: Some(id),
                    external_id: record.external_id,
                    hash: record.hash,
                    task: applied.task,
                    events: applied.events,
                })
            })
            .collect();
        self.gone += writes.iter().filter(|write| !write.events.is_empty()).count() as u64;
        Ok(writes)
    }

    async fn read_changed(
        &mut self,
        changed: Vec<RawRecord>,
        known_ids: &HashMap<String, i64>,
        first_seen: &HashSet<i64>,
        observed_at: DateTime<Utc>,
        rejections: &mut Vec<RejectionWrite>,
    ) -> Result<(Vec<TaskWrite>, Option<Bytes>), ConnectorError> {
        if changed.is_empty() {
            return Ok((Vec::new(), None));
        }
        let ids: Vec<i64> = known_ids.values().copied().collect();
        let mut held: HashMap<i64, StoredTask> = if ids.is_empty() {
            HashMap::new()
        } else {
            let stored = self.app.store.load_tasks(&ids).await.map_err(of_store)?;
            stored.into_iter().map(|task| (task.id, task)).collect()
        };
        // A task that was gone and is shown again is none of those that should be seen.
        let live = held.values().filter(|task| task.task.draft.status != TaskStatus::Gone);
        for id in live.map(|task| task.id).filter(|id| first_seen.contains(id)) {
            self.watch.saw(id);
        }
        let detailed = self.connector.detail(changed).await?;
        if let Some(finding) = self.drifting.look(&detailed) {
            self.watch.stop(finding, None)?;
        }
        let completed = detailed.iter().filter_map(|record| match record {
            Detailed::Complete(record) => Some(record),
            Detailed::Vanished(_) | Detailed::Rejected(_) => None,
        });
        let details = self.connector.abilities().details.then(|| details_of(completed));
        let mut writes = Vec::with_capacity(detailed.len());
        for record in detailed {
            let record = match record {
                Detailed::Complete(record) => record,
                Detailed::Vanished(finding) => {
                    if !self.findings.iter().any(|known| known.code == finding.code) {
                        self.findings.push(*finding);
                    }
                    continue;
                }
                Detailed::Rejected(rejection) => {
                    rejections.push(rejection_write(rejection));
                    continue;
                }
            };
            if let Some(rejection) = self.drifting.refuses(&record) {
                rejections.push(rejection_write(rejection));
                continue;
            }
            match self.connector.read(&record) {
                Ok(draft) => {
                    let previous = known_ids.get(&record.external_id).and_then(|id| held.remove(id));
                    writes.push(self.task_write(record, draft, previous, observed_at));
                }
                Err(rejection) => rejections.push(rejection_write(*rejection)),
            }
        }
        Ok((writes, details.filter(|details| !details.is_empty())))
    }

    fn task_write(
        &mut self,
        record: RawRecord,
        draft: TaskDraft,
        previous: Option<StoredTask>,
        observed_at: DateTime<Utc>,
    ) -> TaskWrite {
        let draft = without_citizen_ids(self.app.store.vault(), draft);
        let known_id = previous.as_ref().map(|stored| stored.id);
        let applied = ingest::apply(previous.as_ref().map(|stored| &stored.task), draft, observed_at);
        match &previous {
            Some(held) => {
                self.counters.changed += 1;
                if self.compares {
                    self.closing.note(&held.task, &applied.task, &applied.events);
                }
            }
            None => self.counters.new += 1,
        }
        let late = self.missed_before.zip(applied.task.draft.updated_at);
        let news = !applied.outdated && !applied.events.is_empty();
        self.missed += u64::from(news && late.is_some_and(|(before, changed)| changed < before));
        let says = |finding: &Finding| self.compares || !ingest::COMPARED.contains(&finding.code.as_str());
        for finding in applied.findings.into_iter().filter(says) {
            // One example of each kind is enough for the run's report.
            if self.findings.len() < 50 && !self.findings.iter().any(|known| known.code == finding.code) {
                self.findings
                    .push(finding.at(Place::of(format!("source {}", self.source)).at(&record.external_id)));
            }
        }
        TaskWrite {
            known_id,
            external_id: record.external_id,
            hash: record.hash,
            task: applied.task,
            events: applied.events,
        }
    }
}

/// Replaces citizen id numbers by their keyed index: before anything of a draft is stored.
pub(in crate::pipeline) fn without_citizen_ids(vault: &Vault, mut draft: TaskDraft) -> TaskDraft {
    let hide = |account: &mut AccountRef| {
        if account.kind == AccountKind::CitizenId {
            account.value = match CitizenId::parse(&account.value) {
                Some(id) => vault.blind_index(&id),
                // Not a number that can belong to anyone: kept as unknown, without its digits.
                None => "invalid".to_owned(),
            };
        }
    };
    draft.assignee.iter_mut().for_each(hide);
    for event in &mut draft.events {
        event.actor.iter_mut().for_each(hide);
        event.from.iter_mut().for_each(hide);
        event.to.iter_mut().for_each(hide);
    }
    draft
}

fn rejection_write(rejection: Rejection) -> RejectionWrite {
    RejectionWrite {
        external_id: rejection.external_id,
        index: rejection.index,
        body: rejection.body,
        finding: rejection.finding,
    }
}
