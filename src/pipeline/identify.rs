//! Whose each changed task is.
//!
//! Owns nothing but the order: tasks that are due, the directory's word about their people, one commit. An
//! account that belongs to nobody is listed for a person to settle; the task waits without one.

use super::app::App;
use super::step::{Step, StepReport};
use crate::domain::{AccountRef, SourceId};
use crate::error::Finding;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Tasks per commit.
const BATCH: usize = 1_000;

/// The identifying step.
pub struct Identify(pub Arc<App>);

#[async_trait]
impl Step for Identify {
    fn name(&self) -> &'static str {
        "identify"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn pokes(&self) -> &[&'static str] {
        &["map"]
    }

    async fn run(&self) -> Result<StepReport, Finding> {
        let app = &self.0;
        let tasks = app.store.tasks_to_identify(BATCH).await.map_err(|error| error.finding())?;
        if tasks.is_empty() {
            return Ok(StepReport::default());
        }
        let stamp = app.store.directory_stamp().await.map_err(|error| error.finding())?;
        let directory = app.directory().await?;
        let mut assigned = Vec::with_capacity(tasks.len());
        let mut unknown: BTreeMap<(SourceId, AccountRef), (Option<String>, Vec<i64>)> = BTreeMap::new();
        for stored in &tasks {
            let (stakes, nobody) = directory.stakes(&stored.key.source, &stored.task);
            for account in nobody {
                let entry = unknown.entry((stored.key.source.clone(), account.clone())).or_default();
                entry.1.push(stored.id);
                if stored.task.draft.assignee.as_ref() == Some(&account) {
                    entry.0.clone_from(&stored.task.draft.assignee_name);
                }
            }
            assigned.push((stored.id, stored.changed_at, stakes));
        }
        let unknown: Vec<_> = unknown
            .into_iter()
            .map(|((source, account), (name, tasks))| (source, account, name, tasks))
            .collect();
        crate::failpoint!("identify::before_save");
        let saved = app
            .store
            .save_assignments(stamp, &assigned, &unknown, app.clock.now())
            .await
            .map_err(|error| error.finding())?;
        crate::failpoint!("identify::after_save");
        if !saved {
            // People or accounts changed meanwhile: all of them once more.
            return Ok(StepReport { more: true, ..StepReport::default() });
        }
        Ok(StepReport { done: tasks.len() as u64, more: tasks.len() == BATCH, ..StepReport::default() })
    }
}
