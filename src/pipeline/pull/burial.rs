//! Tombstones of one run, until it is known how many there are.
//!
//! Owns which tasks a source says it deleted, and calling them gone once the run has come to its end and the gate lets
//! them through: a default filter or a restored backup may bury all tasks of a source within one pull of changes. A
//! cursor that comes behind a tombstone waits with it, so that nothing is lost where the run ends before. It must not
//! know how many are too many (`gate`).

use super::{PAGES_PER_COMMIT, Puller, of_store};
use crate::connector::{ConnectorError, Presence, RawRecord};
use crate::domain::TaskStatus;
use crate::ingest;
use crate::pipeline::step;
use crate::store::{PageCommit, StoredTask, TaskWrite};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Tombstones looked up at once.
const AT_ONCE: usize = 500;

/// A tombstone that waits.
#[derive(Clone, Copy)]
struct Tombstone {
    /// When the task was deleted, by the source's claim.
    at: Option<DateTime<Utc>>,
    hash: [u8; 16],
}

/// Tombstones that wait, by key, with the last cursor that came behind one of them.
#[derive(Default)]
pub(super) struct Burials {
    waiting: BTreeMap<String, Tombstone>,
    cursor: Option<String>,
}

impl Burials {
    /// Lets a tombstone wait.
    pub(super) fn hold(&mut self, record: RawRecord) {
        if let Presence::Deleted { at } = record.presence {
            self.waiting.insert(record.external_id, Tombstone { at, hash: record.hash });
        }
    }

    /// A task is shown after its tombstone: it was made anew.
    pub(super) fn shown(&mut self, key: &str) {
        if !self.waiting.is_empty() {
            self.waiting.remove(key);
        }
    }

    /// The cursor of a page as it may be kept with it; behind a tombstone it waits.
    pub(super) fn allows(&mut self, cursor: Option<String>) -> Option<String> {
        if self.waiting.is_empty() {
            if cursor.is_some() {
                self.cursor = None;
            }
            return cursor;
        }
        self.cursor = cursor.or(self.cursor.take());
        None
    }
}

impl Puller<'_> {
    /// Judges the tombstones of the run: how many tasks that were known and not gone it would call gone.
    pub(super) async fn judge_burials(&mut self) -> Result<(), ConnectorError> {
        let most = self.burials.waiting.len() as u64;
        if !self.watch.doubts_burials(self.app, most).await? {
            return Ok(());
        }
        self.commit_all().await?;
        let waiting: Vec<(String, Tombstone)> =
            self.burials.waiting.iter().map(|(key, tombstone)| (key.clone(), *tombstone)).collect();
        let mut live = 0;
        for some in waiting.chunks(AT_ONCE) {
            let held = self.held_of(some).await?;
            let counts =
                |task: &&StoredTask| self.watch.knows(task.id) && task.task.draft.status != TaskStatus::Gone;
            live += held.iter().filter(counts).count() as u64;
            step::alive();
        }
        self.watch.buries(self.app, live).await
    }

    /// Calls gone what the tombstones of the run say.
    pub(super) async fn bury(&mut self) -> Result<(), ConnectorError> {
        let Burials { waiting, cursor } = std::mem::take(&mut self.burials);
        // What the run showed is stored, and counted as seen, before that count is put aside.
        self.commit_all().await?;
        let seen = std::mem::take(&mut self.seen);
        let waiting: Vec<(String, Tombstone)> = waiting.into_iter().collect();
        for some in waiting.chunks(AT_ONCE) {
            let observed_at = self.app.clock.now();
            let held = self.held_of(some).await?;
            let of = |task: StoredTask| {
                let place = some.binary_search_by(|(key, _)| key.cmp(&task.key.external_id)).ok()?;
                let (_, tombstone) = some.get(place)?;
                let applied = ingest::gone(&task.task, tombstone.at, observed_at);
                self.gone += u64::from(!applied.events.is_empty());
                Some(TaskWrite {
                    known_id: Some(task.id),
                    external_id: task.key.external_id,
                    hash: tombstone.hash,
                    place: None,
                    task: applied.task,
                    events: applied.events,
                })
            };
            let tasks = held.into_iter().filter_map(of).collect();
            self.wait(PageCommit {
                source: self.source.clone(),
                run: self.run,
                fetched_at: observed_at,
                request: "tombstones".to_owned(),
                // The answers they stood in are kept with their pages.
                body: None,
                details: None,
                tasks,
                rejections: Vec::new(),
                evidence: Vec::new(),
                cursor: None,
            })
            .await;
            if self.waiting.pages.len() >= PAGES_PER_COMMIT {
                self.settle().await?;
                self.begin_commit();
            }
            step::alive();
        }
        self.commit_all().await?;
        // What is stored counts as seen, and a tombstone is no sign of life.
        self.seen = seen;
        if let Some(cursor) = cursor {
            self.wait(PageCommit::cursor_only(&self.source, self.run, cursor)).await;
        }
        Ok(())
    }

    /// What is held of tombstones' tasks.
    async fn held_of(&self, some: &[(String, Tombstone)]) -> Result<Vec<StoredTask>, ConnectorError> {
        let keys: Vec<&str> = some.iter().map(|(key, _)| key.as_str()).collect();
        let known = self.app.store.known_hashes(&self.source, &keys).await.map_err(of_store)?;
        let ids: Vec<i64> = known.into_iter().flatten().map(|(id, _)| id).collect();
        self.app.store.load_tasks(&ids).await.map_err(of_store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn cursor_waits_with_the_tombstones_before_it_and_goes_on_without_them() {
        let mut burials = Burials::default();
        let cursor = |text: &str| Some(text.to_owned());
        assert_eq!(burials.allows(cursor("1")), cursor("1"));
        let presence = Presence::Deleted { at: None };
        let body = Bytes::new();
        burials.hold(RawRecord {
            external_id: "a".into(),
            hash: [1; 16],
            body,
            index: 0,
            file: None,
            presence,
        });
        assert_eq!((burials.allows(cursor("2")), burials.allows(None)), (None, None));
        assert_eq!(burials.cursor, cursor("2"));
        burials.shown("a");
        assert_eq!(burials.allows(None), None);
        assert_eq!(burials.cursor, cursor("2"), "nothing newer was kept");
        assert_eq!(burials.allows(cursor("3")), cursor("3"));
        assert_eq!(burials.cursor, None, "no older one is kept after it");
    }
}
