//! Which product each identified task is, and whose scores that moves.
//!
//! Owns the freezing: a task that has its product keeps catalog version and coefficient, whatever is edited
//! later, until a person decides otherwise. What text matching does not dare to decide waits for a person, and is
//! ranked again once people have decided other tasks.

use super::app::App;
use super::step::{Step, StepReport};
use crate::directory::Directory;
use crate::domain::{CanonicalTask, CatalogVersion, Period, PersonId, SourceId, UnitKind, local_date};
use crate::error::Finding;
use crate::mapping::{MappingDecision, Outcome, TaskText};
use crate::store::{MapItem, MappingChange, MappingRow, MappingState, MappingWrite, StoredTask};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Tasks per commit.
const BATCH: usize = 500;

/// The mapping step.
pub struct Map {
    app: Arc<App>,
    /// The last decision of a person that the waiting tasks were ranked with; 0 = none, as after a start.
    ranked_with: AtomicU64,
}

impl Map {
    /// The step of an installation.
    pub fn new(app: Arc<App>) -> Self {
        Self { app, ranked_with: AtomicU64::new(0) }
    }
}

#[async_trait]
impl Step for Map {
    fn name(&self) -> &'static str {
        "map"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn pokes(&self) -> &[&'static str] {
        &["score"]
    }

    async fn run(&self) -> Result<StepReport, Finding> {
        let app = &self.app;
        let learned = app.refresh_mappers().await?;
        if learned != self.ranked_with.load(Relaxed) {
            app.store.rank_waiting_again().await.map_err(|error| error.finding())?;
            self.ranked_with.store(learned, Relaxed);
        }
        let items = app.store.tasks_to_map(BATCH).await.map_err(|error| error.finding())?;
        if items.is_empty() {
            return Ok(StepReport::default());
        }
        let directory = app.directory().await?;
        let mut writes = Vec::with_capacity(items.len());
        let mut due = Vec::new();
        for item in &items {
            let row = if keeps_mapping(item) { None } else { self.decide(item, &directory).await };
            let change = row.map_or(MappingChange::Keep, |row| changed(item, row));
            if !only_ranked_again(item, &change) {
                due.extend(scores_concerned(item));
            }
            writes.push(MappingWrite { task: item.task.id, changed_at: item.task.changed_at, change });
        }
        crate::failpoint!("map::before_save");
        app.store.save_mappings(&writes, &due).await.map_err(|error| error.finding())?;
        crate::failpoint!("map::after_save");
        Ok(StepReport { done: items.len() as u64, more: items.len() == BATCH, ..StepReport::default() })
    }
}

impl Map {
    async fn decide(&self, item: &MapItem, directory: &Directory) -> Option<MappingRow> {
        let app = &self.app;
        let task = &item.task.task;
        let day = assigned_day(task);
        let scopes = app.scopes_of_task(directory, (&item.task.key.source, &item.people), day);
        let (version, mapper) = app.mapper_as_loaded(day, &scopes).await?;
        let (unit, unit_kind) = app.unit_of(directory, &item.task.key.source);
        let decision = mapper.decide(&evidence(app, &item.task, &unit, unit_kind));
        let mut row = mapping_row(decision, version, app.clock.now());
        if row.decided_by == "rule" {
            row.reason["rules"] = serde_json::json!({ "version": app.policy.rule_book.version() });
        }
        Some(row)
    }
}

impl App {
    /// The catalog version a task's product is of: the one of its body in force when it was assigned.
    pub(super) async fn catalog_of(
        &self,
        directory: &Directory,
        item: &MapItem,
    ) -> Result<Option<CatalogVersion>, Finding> {
        let day = assigned_day(&item.task.task);
        let scopes = self.scopes_of_task(directory, (&item.task.key.source, &item.people), day);
        self.catalog_for(day, &scopes).await
    }
}

/// What is known of a task when its product is sought.
pub(super) fn evidence<'a>(
    app: &'a App,
    task: &'a StoredTask,
    unit: &'a str,
    unit_kind: Option<UnitKind>,
) -> TaskText<'a> {
    let draft = &task.task.draft;
    TaskText {
        title: &draft.title,
        doc_type: draft.doc_type.as_deref().unwrap_or(""),
        category: draft.category.as_deref().unwrap_or(""),
        source_system: app.sources.get(&task.key.source).map_or("", |source| &source.system),
        unit,
        unit_kind,
        product_code: draft.product_code.as_deref(),
        assigned_on: Some(assigned_day(&task.task)),
    }
}

fn mapping_row(
    decision: MappingDecision,
    catalog_version: CatalogVersion,
    decided_at: DateTime<Utc>,
) -> MappingRow {
    let reason = serde_json::to_value(&decision).unwrap_or_default();
    let (state, product, coefficient) = match decision.outcome {
        Outcome::Mapped { product, coefficient } => (MappingState::Mapped, Some(product), Some(coefficient)),
        Outcome::Review => (MappingState::Review, None, None),
        Outcome::Outside => (MappingState::Outside, None, None),
    };
    let decided_by = reason.get("decided_by").and_then(|word| word.as_str()).unwrap_or("text").to_owned();
    MappingRow { state, product, catalog_version, coefficient, decided_by, author: None, reason, decided_at }
}

/// A product once found stays (frozen at assignment), and so does every decision of a person.
fn keeps_mapping(item: &MapItem) -> bool {
    item.mapping.as_ref().is_some_and(|row| row.decided_by == "operator" || row.state == MappingState::Mapped)
}

/// A decision of its own, or the one held with fresher evidence.
fn changed(item: &MapItem, row: MappingRow) -> MappingChange {
    let same = item.mapping.as_ref().is_some_and(|held| {
        (held.state, &held.product, &held.catalog_version, &held.decided_by)
            == (row.state, &row.product, &row.catalog_version, &row.decided_by)
    });
    if same { MappingChange::Refresh(row) } else { MappingChange::Decide(row) }
}

/// Whether neither the task nor its product changed since it was last looked at: then no score can move.
fn only_ranked_again(item: &MapItem, change: &MappingChange) -> bool {
    matches!(change, MappingChange::Refresh(_))
        && item.mapping.as_ref().is_some_and(|held| held.decided_at > item.task.changed_at)
}

fn assigned_day(task: &CanonicalTask) -> NaiveDate {
    local_date(task.draft.assigned_at.unwrap_or(task.first_seen_at))
}

/// Whose scores of which quarters a task can move: those of every due date it ever had, of its
/// assignment and of its completion.
pub(super) fn scores_concerned(item: &MapItem) -> Vec<(PersonId, Period)> {
    let task = &item.task.task;
    let mut periods: Vec<Period> =
        task.due_changes.iter().filter_map(|(due, _)| due.map(|due| Period::quarter_of(due.day))).collect();
    periods.push(Period::quarter_of(assigned_day(task)));
    // Finished in another quarter than it was due in, it may count there (switch `carry_over`).
    let finished = task.accepted_submission_at.into_iter().chain(task.draft.completed_at);
    periods.extend(finished.map(|at| Period::quarter_of(local_date(at))));
    periods.sort();
    periods.dedup();
    item.people.iter().flat_map(|person| periods.iter().map(|period| (*person, *period))).collect()
}

/// A source's id as text, for messages.
pub(super) fn source_name(source: &SourceId) -> String {
    format!("source {source}")
}
