//! Tasks a complete full pull did not show.
//!
//! Owns which tasks were seen, the moment the others are called gone, and the count and digest of those held then. A
//! run that a gate stopped never comes here. It must not know how records are read.

use super::commit::key_hash;
use super::views::Shown;
use crate::connector::PullEnd;
use crate::domain::SourceId;
use crate::error::Finding;
use crate::ingest;
use crate::pipeline::app::App;
use crate::store::{PageCommit, Tally, TaskWrite};
use std::collections::HashSet;

/// The ids of tasks seen in one pull: one bit per task, so that five million cost well under a megabyte.
#[derive(Debug, Default)]
pub(super) struct SeenTasks {
    bits: Vec<u64>,
    pub(super) count: u64,
}

impl SeenTasks {
    /// Notes a task; whether it is seen for the first time.
    pub(super) fn insert(&mut self, id: i64) -> bool {
        let Ok(id) = usize::try_from(id) else { return false };
        let (word, bit) = (id / 64, 1u64 << (id % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        let Some(bits) = self.bits.get_mut(word) else { return false };
        let first = *bits & bit == 0;
        self.count += u64::from(first);
        *bits |= bit;
        first
    }

    fn contains(&self, id: i64) -> bool {
        usize::try_from(id)
            .ok()
            .and_then(|id| self.bits.get(id / 64).map(|bits| bits & (1 << (id % 64)) != 0))
            .unwrap_or(false)
    }
}

/// Tombstones of tasks nobody has that are told apart; beyond these a total that counts them proves nothing.
const MOST_FOREIGN: usize = 1_000_000;

/// The tombstones one full pull showed, each key once: a source may count them in its total.
#[derive(Debug, Default)]
pub(super) struct Tombstones {
    known: SeenTasks,
    foreign: HashSet<u64>,
}

impl Tombstones {
    /// Notes one: of this task, or of one nobody has.
    pub(super) fn note(&mut self, task: Option<i64>, key: &str) {
        match task {
            Some(id) => {
                self.known.insert(id);
            }
            None if self.foreign.len() < MOST_FOREIGN => {
                self.foreign.insert(key_hash(key));
            }
            None => {}
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.known.count + self.foreign.len() as u64
    }
}

/// What is held of a source once a full pull has ended.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Tasks called gone.
    pub(super) gone: u64,
    /// Tasks held that are not gone.
    pub(super) held: Tally,
}

/// Walks over the tasks held of a source: counts them, and calls those gone that were not seen, where a full pull was
/// complete or, of a source that shows each user only what is theirs, for everybody who was shown them. Other pulls call
/// nothing gone.
pub(super) async fn settle(
    app: &App,
    source: &SourceId,
    run: i64,
    seen: &SeenTasks,
    (end, full): (&PullEnd, bool),
) -> Result<Settled, Finding> {
    let shown = match end.views.as_ref().filter(|_| full) {
        Some(views) => Some(Shown::begin(app, source, views, end.complete).await?),
        None => None,
    };
    let (mut after, mut settled) = (0, Settled::default());
    loop {
        let page = app.store.held_tasks(source, after, 5_000).await.map_err(|error| error.finding())?;
        let Some(last) = page.last() else { return Ok(settled) };
        after = last.id;
        let mut missing = Vec::new();
        let gone = match &shown {
            Some(shown) => Some(shown.gone(app, &page).await?),
            None => None,
        };
        for task in page {
            let is_gone = gone.as_ref().map_or(full && end.complete, |gone| gone.contains(&task.id));
            if is_gone && !seen.contains(task.id) {
                missing.push(task.id);
            } else {
                settled.held.add(&task);
            }
        }
        for chunk in missing.chunks(200) {
            settled.gone += call_gone(app, source, run, chunk).await?;
        }
    }
}

async fn call_gone(app: &App, source: &SourceId, run: i64, missing: &[i64]) -> Result<u64, Finding> {
    let observed_at = app.clock.now();
    let tasks = app.store.load_tasks(missing).await.map_err(|error| error.finding())?;
    let writes: Vec<TaskWrite> = tasks
        .into_iter()
        .map(|stored| {
            let applied = ingest::gone(&stored.task, None, observed_at);
            TaskWrite {
                known_id: Some(stored.id),
                external_id: stored.key.external_id,
                // A hash no record has: should the task be shown again, it counts as changed.
                hash: [0; 16],
                place: None,
                task: applied.task,
                events: applied.events,
            }
        })
        .collect();
    let gone = writes.len() as u64;
    let commit = PageCommit {
        source: source.clone(),
        run,
        fetched_at: observed_at,
        request: "full pull: no longer shown".to_owned(),
        body: None,
        details: None,
        tasks: writes,
        rejections: Vec::new(),
        evidence: Vec::new(),
        cursor: None,
    };
    app.store.commit_pages(vec![commit]).await.map_err(|error| error.finding())?;
    crate::failpoint!("pull::after_gone");
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::SeenTasks;

    #[test]
    fn seen_tasks_are_counted_once_and_foreign_ids_are_absent() {
        let mut seen = SeenTasks::default();
        let first: Vec<bool> = [1, 64, 65, 1, 5_000_000].into_iter().map(|id| seen.insert(id)).collect();
        assert_eq!(first, [true, true, true, false, true]);
        assert_eq!(seen.count, 4);
        assert!(seen.contains(64) && seen.contains(5_000_000));
        assert!(!seen.contains(0) && !seen.contains(66) && !seen.contains(-1) && !seen.contains(9_000_000));
        assert!(seen.bits.len() * 8 < 700_000);
    }
}
