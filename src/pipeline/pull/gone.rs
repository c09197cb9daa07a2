//! Tasks a complete full pull did not show.
//!
//! Owns which tasks were seen and the moment the others are called gone. A short or empty answer never does that:
//! where suspiciously few were seen it keeps its hands off and says so. It must not know how records are read.

use crate::domain::SourceId;
use crate::error::{Finding, Place, Text};
use crate::ingest;
use crate::pipeline::app::App;
use crate::store::{PageCommit, TaskWrite};

/// A full pull must see at least this share of the tasks known before it may call others gone.
const MIN_SEEN_PERCENT: u64 = 50;

/// The ids of tasks seen in one pull: one bit per task, so that five million cost well under a megabyte.
#[derive(Debug, Default)]
pub(super) struct SeenTasks {
    bits: Vec<u64>,
    count: u64,
}

impl SeenTasks {
    pub(super) fn insert(&mut self, id: i64) {
        let Ok(id) = usize::try_from(id) else { return };
        let (word, bit) = (id / 64, 1u64 << (id % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            self.count += u64::from(*bits & bit == 0);
            *bits |= bit;
        }
    }

    fn contains(&self, id: i64) -> bool {
        usize::try_from(id)
            .ok()
            .and_then(|id| self.bits.get(id / 64).map(|bits| bits & (1 << (id % 64)) != 0))
            .unwrap_or(false)
    }
}

/// Calls tasks gone that a complete full pull did not see. Keeps its hands off when suspiciously few were seen.
pub(super) async fn call_gone(
    app: &App,
    source: &SourceId,
    run: i64,
    seen: &SeenTasks,
    findings: &mut Vec<Finding>,
) -> Result<u64, Finding> {
    let live = app.store.count_live_tasks(source).await.map_err(|error| error.finding())?;
    if live > 0 && seen.count * 100 < live * MIN_SEEN_PERCENT {
        findings.push(too_few(source, seen.count, live));
        return Ok(0);
    }
    let (mut after, mut gone) = (0, 0);
    loop {
        let page = app.store.live_task_ids(source, after, 5_000).await.map_err(|error| error.finding())?;
        let Some(last) = page.last() else { return Ok(gone) };
        after = *last;
        let missing: Vec<i64> = page.into_iter().filter(|id| !seen.contains(*id)).collect();
        for chunk in missing.chunks(200) {
            let observed_at = app.clock.now();
            let tasks = app.store.load_tasks(chunk).await.map_err(|error| error.finding())?;
            let writes: Vec<TaskWrite> = tasks
                .into_iter()
                .map(|stored| {
                    let applied = ingest::gone(&stored.task, None, observed_at);
                    TaskWrite {
                        known_id: Some(stored.id),
                        external_id: stored.key.external_id,
                        // A hash no record has: should the task be shown again, it counts as changed.
                        hash: [0; 16],
                        task: applied.task,
                        events: applied.events,
                    }
                })
                .collect();
            gone += writes.len() as u64;
            let commit = PageCommit {
                source: source.clone(),
                run,
                fetched_at: observed_at,
                request: "full pull: no longer shown".to_owned(),
                body: None,
                details: None,
                tasks: writes,
                rejections: Vec::new(),
                cursor: None,
            };
            app.store.commit_pages(vec![commit]).await.map_err(|error| error.finding())?;
            crate::failpoint!("pull::after_gone");
        }
    }
}

fn too_few(source: &SourceId, seen: u64, live: u64) -> Finding {
    Finding::error(
        "LT-PUL-001",
        Text::new(
            format!("nguồn {source} chỉ cho thấy {seen} trên {live} nhiệm vụ đã biết; không nhiệm vụ nào bị coi là đã mất"),
            format!("source {source} shows only {seen} of {live} known tasks; none is called gone"),
        ),
        Text::new(
            "kiểm tra tài khoản, bộ lọc mặc định và giới hạn số dòng của nguồn",
            "check the account, the default filter and the row limit of the source",
        ),
    )
    .at(Place::of(format!("source {source}")))
}

#[cfg(test)]
mod tests {
    use super::SeenTasks;

    #[test]
    fn seen_tasks_are_counted_once_and_foreign_ids_are_absent() {
        let mut seen = SeenTasks::default();
        [1, 64, 65, 1, 5_000_000].into_iter().for_each(|id| seen.insert(id));
        assert_eq!(seen.count, 4);
        assert!(seen.contains(64) && seen.contains(5_000_000));
        assert!(!seen.contains(0) && !seen.contains(66) && !seen.contains(-1) && !seen.contains(9_000_000));
        assert!(seen.bits.len() * 8 < 700_000);
    }
}
