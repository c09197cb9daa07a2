//! One page of a pull: from raw records to what is to be stored of it.
//!
//! Owns which records are read at all: the store says which changed, only those get their detail calls and become
//! drafts, and drafts become tasks and events. A record that cannot be read becomes a rejection with its reason, and
//! the others go on. It must not know when a page is committed.

use super::commit::key_hash;
use super::stand::{Before, Stand, Tasks, passed_over};
use super::{Puller, of_store};
use crate::connector::{
    ConnectorError, Delivered, Detailed, Page, Presence, RawRecord, Rejection, details_of,
};
use crate::domain::{AccountKind, AccountRef, CitizenId, SourceId, TaskDraft, TaskStatus};
use crate::error::{Finding, Place};
use crate::ingest::{self, Older};
use crate::store::{PageCommit, RejectionWrite, TaskWrite, Vault};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use std::collections::HashSet;

impl Puller<'_> {
    /// Lets a page wait until one shows a task somebody knows; the pages that go on now, in order.
    pub(super) async fn hold(&mut self, page: Page) -> Result<Vec<Page>, ConnectorError> {
        // A tombstone shows no task: as long as nothing else is shown, nobody is recognised.
        let shown = page.records.iter().filter(|record| record.presence == Presence::Shown);
        let keys: Vec<&str> = shown.map(|record| record.external_id.as_str()).collect();
        let stored = self.app.store.known_hashes(&self.source, &keys).await.map_err(of_store)?;
        let known = stored.into_iter().flatten().filter(|(id, _)| self.watch.knows(*id)).count();
        let bodies: usize = page.records.iter().map(|record| record.body.len()).sum();
        self.watch.held(keys.len(), known, page.body.len() + bodies)?;
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
        self.asked_again = self.asked_again(&page.records, &known).await?;
        let mut stand = if all_new { Stand::default() } else { Stand::of(&page.records, &known) };
        let mut news: Vec<News> = Vec::new();
        let mut first_seen: HashSet<i64> = HashSet::new();
        let mut buries = false;
        for (record, known) in page.records.into_iter().zip(known) {
            let key = record.external_id.as_str();
            let id = known.map(|(id, _)| id);
            let held = stand.hash(key, known);
            let settled = stand.settled(key);
            let is_known = settled.is_some() || held.is_some_and(|held| self.is_known(held, record.hash));
            if record.presence == Presence::Shown {
                self.burials.shown(key);
                let is_first = settled != Some(false) && id.is_some_and(|id| self.seen.insert(id));
                if let Some(id) = id.filter(|_| is_first) {
                    if is_known {
                        self.watch.saw(id);
                    } else {
                        first_seen.insert(id);
                    }
                }
            } else if self.proves {
                self.tombstones.note(id, key);
            }
            // A tombstone is no sign of life; one of a task we never had says nothing.
            let again = settled.is_none() && id.is_some_and(|id| self.asked_again.contains(&id));
            if (is_known && !again) || (record.presence != Presence::Shown && held.is_none()) {
                self.counters.unchanged += 1;
                continue;
            }
            stand.left(key, record.hash);
            match record.presence {
                Presence::Deleted { .. } => {
                    self.burials.hold(record);
                    buries = true;
                }
                Presence::Shown | Presence::Recalled { .. } => news.push(News { id, record }),
            }
        }
        let mut rejections: Vec<RejectionWrite> = page.rejected.into_iter().map(rejection_write).collect();
        let (tasks, details) =
            self.read_news(news, &stand, &first_seen, observed_at, &mut rejections).await?;
        self.counters.rejected += rejections.len() as u64;
        let Delivered { evidence, receipts } = page.delivered;
        self.waiting.receipts.extend(receipts);
        let nothing_new = tasks.is_empty() && rejections.is_empty() && evidence.is_empty() && !buries;
        // What is stored from here on may no longer be what the source called unchanged, whatever becomes of this run.
        let forgets = self.connector.abilities().pages_forget;
        let keeps = (self.moves_cursor && !self.full) || forgets;
        let cursor = page.cursor.filter(|_| keeps).map(|cursor| cursor.0);
        let cursor = if forgets { cursor } else { self.burials.allows(cursor) };
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

    /// Whether a record with this hash says what is held. A version that was passed over is looked at again where it may
    /// be taken over.
    fn is_known(&self, held: [u8; 16], record: [u8; 16]) -> bool {
        held == record || (held == passed_over(record) && !(self.full && self.present))
    }

    /// Tasks of a page whose details are asked for again although their records are as they were: in each full pull other
    /// ones, so that none asks for all at once.
    async fn asked_again(
        &self,
        records: &[RawRecord],
        known: &[Option<(i64, [u8; 16])>],
    ) -> Result<HashSet<i64>, ConnectorError> {
        let Some((again, number)) = self.again else { return Ok(HashSet::new()) };
        let every = u64::from(again.every.max(1));
        let due = records.iter().zip(known).filter_map(|(record, known)| {
            let (id, hash) = (*known)?;
            let due = record.presence == Presence::Shown
                && self.is_known(hash, record.hash)
                && key_hash(&record.external_id) % every == number % every;
            due.then_some(id)
        });
        let due: Vec<i64> = due.collect();
        match again.open_only {
            true => self.app.store.open_tasks(&due).await.map_err(of_store),
            false => Ok(due.into_iter().collect()),
        }
    }

    async fn read_news(
        &mut self,
        news: Vec<News>,
        stand: &Stand,
        first_seen: &HashSet<i64>,
        observed_at: DateTime<Utc>,
        rejections: &mut Vec<RejectionWrite>,
    ) -> Result<(Vec<TaskWrite>, Option<Bytes>), ConnectorError> {
        if news.is_empty() {
            return Ok((Vec::new(), None));
        }
        let mut ids: Vec<i64> = news.iter().filter_map(|news| news.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut held = if ids.is_empty() {
            Tasks::default()
        } else {
            Tasks::of(self.app.store.load_tasks(&ids).await.map_err(of_store)?)
        };
        // A task that was gone and is shown again is none of those that should be seen.
        let live = held.stored().filter(|task| task.task.draft.status != TaskStatus::Gone);
        for id in live.map(|task| task.id).filter(|id| first_seen.contains(id)) {
            self.watch.saw(id);
        }
        // In their order, those that are shown to be read and those that are only taken back.
        let (mut listed, mut shown) = (Vec::with_capacity(news.len()), Vec::with_capacity(news.len()));
        for News { id, record } in news {
            let is_shown = record.presence == Presence::Shown;
            listed.push((id, (!is_shown).then(|| record.clone())));
            shown.extend(Some(record).filter(|_| is_shown));
        }
        let has_details = self.connector.abilities().details;
        let mut before_details = if has_details { shown.clone() } else { Vec::new() }.into_iter();
        let detailed = if shown.is_empty() { Vec::new() } else { self.connector.detail(shown).await? };
        if let Some(finding) = self.drifting.look(&detailed) {
            self.watch.stop(finding, None)?;
        }
        let completed = detailed.iter().filter_map(|record| match record {
            Detailed::Complete(record) => Some(record),
            Detailed::Vanished(_) | Detailed::Rejected(_) => None,
        });
        let details = has_details.then(|| details_of(completed));
        let mut detailed = detailed.into_iter();
        let mut writes = Vec::with_capacity(listed.len());
        for (id, taken_back) in listed {
            if let Some(record) = taken_back {
                writes.extend(self.take_back(record, id, &mut held, stand, observed_at));
                continue;
            }
            let as_listed = before_details.next();
            let record = match detailed.next() {
                Some(Detailed::Complete(record)) => record,
                Some(Detailed::Vanished(finding)) => {
                    if !self.findings.iter().any(|known| known.code == finding.code) {
                        self.findings.push((*finding).clone());
                    }
                    rejections.extend(as_listed.map(|record| vanished(record, *finding)));
                    continue;
                }
                Some(Detailed::Rejected(rejection)) => {
                    rejections.push(rejection_write(rejection));
                    continue;
                }
                None => break,
            };
            if let Some(rejection) = self.drifting.refuses(&record) {
                rejections.push(rejection_write(rejection));
                continue;
            }
            match self.connector.read(&record) {
                Ok(draft) => {
                    if let Some(finding) = ingest::beyond(&draft, self.most_quantity) {
                        let place = rejected_at(&self.source, &record, "quantity");
                        rejections.push(RejectionWrite {
                            external_id: Some(record.external_id),
                            index: record.index,
                            body: record.body,
                            finding: finding.at(place),
                        });
                        continue;
                    }
                    let before = held.take(&record.external_id, id);
                    let older = match &before {
                        Some(before) if !before.of_page && id.is_some_and(|id| first_seen.contains(&id)) => {
                            self.older()
                        }
                        // What this run showed already is newer than what it shows later with an earlier time.
                        _ => Older::Kept,
                    };
                    writes.extend(self.task_write(
                        record,
                        draft,
                        (before, older),
                        &mut held,
                        stand,
                        observed_at,
                    ));
                }
                Err(rejection) => rejections.push(rejection_write(*rejection)),
            }
        }
        if let Some(finding) = self.losing.judge() {
            self.watch.stop(finding, None)?;
        }
        Ok((writes, details.filter(|details| !details.is_empty())))
    }

    /// What a version means whose time of change is earlier than that of the version held.
    fn older(&self) -> Older {
        match (self.present, self.full || self.rereads) {
            (true, true) => Older::Applied,
            (false, _) if self.rereads => Older::Corrects,
            _ => Older::Kept,
        }
    }

    /// A task whose assigner took it back; none of a task nobody has.
    fn take_back(
        &mut self,
        record: RawRecord,
        id: Option<i64>,
        held: &mut Tasks,
        stand: &Stand,
        observed_at: DateTime<Utc>,
    ) -> Option<TaskWrite> {
        let Presence::Recalled { at } = record.presence else { return None };
        let before = held.take(&record.external_id, id)?;
        let applied = ingest::recalled(&before.task, at, observed_at);
        self.gone += u64::from(!applied.events.is_empty());
        let known_id = before.id;
        if stand.repeats(&record.external_id) {
            let task = applied.task.clone();
            held.put(&record.external_id, Before { task, of_page: true, ..before });
        }
        Some(TaskWrite {
            known_id,
            place: Some(place_of(&record)),
            external_id: record.external_id,
            hash: record.hash,
            task: applied.task,
            events: applied.events,
        })
    }

    fn task_write(
        &mut self,
        record: RawRecord,
        draft: TaskDraft,
        (before, older): (Option<Before>, Older),
        held: &mut Tasks,
        stand: &Stand,
        observed_at: DateTime<Utc>,
    ) -> Option<TaskWrite> {
        let draft = without_citizen_ids(self.app.store.vault(), draft);
        let known_id = before.as_ref().and_then(|before| before.id);
        let applied =
            ingest::apply_version(before.as_ref().map(|before| &before.task), draft, observed_at, older);
        let repeats = stand.repeats(&record.external_id);
        if repeats && applied.outdated {
            // An older version beside the newer one is what the source lists each time, and no news.
            if let Some(before) = before {
                held.put(&record.external_id, before);
            }
            self.counters.unchanged += 1;
            return None;
        }
        if repeats {
            let task = applied.task.clone();
            held.put(&record.external_id, Before { id: known_id, task, of_page: true });
        }
        let asked_again = known_id.is_some_and(|id| self.asked_again.contains(&id));
        if asked_again
            && applied.events.is_empty()
            && before.as_ref().is_some_and(|before| before.task == applied.task)
        {
            self.counters.unchanged += 1;
            return None;
        }
        match &before {
            Some(before) => {
                self.counters.changed += 1;
                if self.compares {
                    self.closing.note(&before.task, &applied.task, &applied.events);
                }
                if self.compares && !before.of_page && !applied.outdated {
                    self.losing.note(&before.task, &applied.task);
                }
            }
            None => self.counters.new += 1,
        }
        self.rewound += u64::from(applied.rewound);
        let late = self.missed_before.zip(applied.task.draft.updated_at);
        // What only a detail shows no pull of changes could have shown.
        let news = !applied.outdated && !applied.rewound && !applied.events.is_empty() && !asked_again;
        self.missed += u64::from(news && late.is_some_and(|(before, changed)| changed < before));
        let says = |finding: &Finding| self.compares || !ingest::COMPARED.contains(&finding.code.as_str());
        for finding in applied.findings.into_iter().filter(says) {
            // One example of each kind is enough for the run's report.
            if self.findings.len() < 50 && !self.findings.iter().any(|known| known.code == finding.code) {
                self.findings
                    .push(finding.at(Place::of(format!("source {}", self.source)).at(&record.external_id)));
            }
        }
        Some(TaskWrite {
            known_id,
            place: Some(place_of(&record)),
            hash: if applied.outdated { passed_over(record.hash) } else { record.hash },
            external_id: record.external_id,
            task: applied.task,
            events: applied.events,
        })
    }
}

/// A new or changed record, with the number of its task where that is stored.
struct News {
    id: Option<i64>,
    record: RawRecord,
}

/// Where a record stands in what is kept of its answer.
pub(in crate::pipeline) fn place_of(record: &RawRecord) -> String {
    match &record.file {
        Some(file) => Place::line(&**file, record.index).to_string(),
        None => format!("#{}", record.index.saturating_add(1)),
    }
}

/// Where a record stands that is rejected for one of its fields, as the rules tell it.
pub(super) fn rejected_at(source: &SourceId, record: &RawRecord, field: &str) -> Place {
    let stands = match &record.file {
        Some(file) => Place::line(&**file, record.index),
        None => Place::of(format!("source {source}")),
    };
    stands.at(format!("record {}, field {field}", CitizenId::mask_in(&record.external_id)))
}

/// What stands for a citizen id number that is none: the same for everybody, so that nobody's link can be of it.
pub(in crate::pipeline) const NO_CITIZEN_ID: &str = "invalid";

/// Replaces citizen id numbers by their keyed index: before anything of a draft is stored.
pub(in crate::pipeline) fn without_citizen_ids(vault: &Vault, mut draft: TaskDraft) -> TaskDraft {
    let hide = |account: &mut AccountRef| {
        if account.kind == AccountKind::CitizenId {
            account.value = match CitizenId::parse(&account.value) {
                Some(id) => vault.blind_index(&id),
                // Not a number that can belong to anyone: kept as unknown, without its digits.
                None => NO_CITIZEN_ID.to_owned(),
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

/// A listed record without its details: read again by a replay, settled once it comes, and by a full pull that does not
/// list it any more.
fn vanished(record: RawRecord, finding: Finding) -> RejectionWrite {
    RejectionWrite { external_id: Some(record.external_id), index: record.index, body: record.body, finding }
}

fn rejection_write(rejection: Rejection) -> RejectionWrite {
    RejectionWrite {
        external_id: rejection.external_id,
        index: rejection.index,
        body: rejection.body,
        finding: rejection.finding,
    }
}
