//! Which automatic mappings the present mapper would not make any more.
//!
//! Owns the walk over the tasks that text decided and whose quarters are not closed, and what counts as decided otherwise. Nothing is
//! changed by it: what a task is stays as it was decided until a person says otherwise. It holds a page of tasks at a time, and of
//! those it finds as many as are asked for; all are counted. It must not know how the list is shown. An error of the store, or a
//! training that died, is the caller's.

use super::app::App;
use super::map::days_concerned;
use crate::domain::{CatalogVersion, Period, ProductCode};
use crate::error::Finding;
use crate::store::{MapItem, MappingRow, MappingState, StoreError};
use serde_json::Value;
use std::collections::BTreeSet;

/// Tasks read and decided together: the mappers serve nobody else meanwhile.
const PAGE: usize = 200;
/// Tasks decided in one go on a thread that serves others as well.
const TURN: usize = 50;

/// What came of asking the present mapper again.
#[derive(Debug, Default)]
pub(super) struct Doubted {
    /// Tasks looked at.
    pub looked_at: u64,
    /// Of them those it decides as they are.
    pub stand: u64,
    /// Those it would leave to a person.
    pub wait: u64,
    /// Those it would give another product.
    pub other: u64,
    /// Those it would call outside the catalog.
    pub outside: u64,
    /// The first of those it decides otherwise, in order of number.
    pub tasks: Vec<Doubtful>,
}

impl Doubted {
    /// How many it decides otherwise.
    pub fn otherwise(&self) -> u64 {
        self.wait + self.other + self.outside
    }

    fn take(&mut self, item: &MapItem, held: &MappingRow, now: MappingRow, most: usize) {
        self.looked_at += 1;
        if (held.state, &held.product) == (now.state, &now.product) {
            self.stand += 1;
            return;
        }
        match now.state {
            MappingState::Mapped | MappingState::Proposed => self.other += 1,
            MappingState::Outside => self.outside += 1,
            MappingState::Review => self.wait += 1,
        }
        if self.tasks.len() < most {
            let of_reason = |key: &str| now.reason.get(key).cloned().unwrap_or_default();
            self.tasks.push(Doubtful {
                task: item.task.id,
                key: format!("{}:{}", item.task.key.source, item.task.key.external_id),
                title: item.task.task.draft.title.clone(),
                version: held.catalog_version.clone(),
                held: (held.state, held.product.clone()),
                would_be: (now.state, now.product),
                confidence: of_reason("confidence"),
                reason: of_reason("reason"),
            });
        }
    }
}

/// A task the present mapper decides otherwise.
#[derive(Debug)]
pub(super) struct Doubtful {
    /// Its number.
    pub task: i64,
    /// SOURCE:KEY.
    pub key: String,
    /// Title as it came.
    pub title: String,
    /// The catalog version its product is of.
    pub version: CatalogVersion,
    /// What it is.
    pub held: (MappingState, Option<ProductCode>),
    /// What the mapper would make of it.
    pub would_be: (MappingState, Option<ProductCode>),
    /// How sure it is, and why, in both languages.
    pub confidence: Value,
    pub reason: Value,
}

impl App {
    /// The tasks of open quarters that text decided and the present mapper would decide otherwise, the first so many of them.
    pub(super) async fn doubtful(&self, most: usize) -> Result<Doubted, Finding> {
        let directory = self.directory().await?;
        let closed = self.store.closed_periods().await.map_err(told)?;
        let closed: BTreeSet<Period> = closed.into_iter().collect();
        self.mappers.lock().await.follow(self).await?;
        let (mut doubted, mut after) = (Doubted::default(), 0);
        loop {
            let page = self.store.settled_by_text(after, PAGE).await.map_err(told)?;
            let Some(last) = page.last() else { break };
            after = last.task.id;
            let open = page.iter().filter(|item| is_open(item, &closed));
            let open: Vec<(&MapItem, &MappingRow)> =
                open.filter_map(|item| Some((item, item.mapping.as_ref()?))).collect();
            let versions: BTreeSet<&CatalogVersion> =
                open.iter().map(|(_, held)| &held.catalog_version).collect();
            let mut mappers = self.mappers.lock().await;
            mappers.load(self, &versions).await?;
            for (number, (item, held)) in open.into_iter().enumerate() {
                if number % TURN == TURN - 1 {
                    tokio::task::yield_now().await;
                }
                let version = &held.catalog_version;
                let now = self.row_of(&directory, item, version, |task| mappers.decide(version, task));
                if let Some(now) = now {
                    doubted.take(item, held, now, most);
                }
            }
        }
        Ok(doubted)
    }
}

/// Whether a task counts in a quarter that is not closed.
fn is_open(item: &MapItem, closed: &BTreeSet<Period>) -> bool {
    days_concerned(&item.task.task).into_iter().any(|day| !closed.contains(&Period::quarter_of(day)))
}

fn told(error: StoreError) -> Finding {
    error.finding()
}
