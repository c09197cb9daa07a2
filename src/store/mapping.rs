//! Which task is which product: what is decided, what waits for people, what was decided before.
//!
//! A decision by a person is never overwritten by a rule or by text matching; every decision is kept. The orders
//! of people that settle tasks stand in `review`.

use super::bulk::{Bulk, Kind, update_unchanged_tasks};
use super::db::{Row, Tx, Val, json, placeholders, vals};
use super::facts::{TASK_COLUMNS, TASK_WIDTH, stored_task};
use super::proposal::PendingProduct;
use super::task::StoredTask;
use super::taught::UNDOINGS;
use super::{Store, StoreError};
use crate::domain::{CatalogVersion, Period, PersonId, ProductCode, TaskKey};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Numbers per question: far below the limit of bound values of both databases.
const PER_QUESTION: usize = 500;

/// The mapping `m` beside a task, as [`mapping_row`] reads it.
pub(super) const MAPPING_OF_TASK: &str =
    "m.state, m.product, m.catalog_version, m.coefficient, m.decided_by, m.author, m.reason, m.decided_at";

/// Where a task stands with respect to the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingState {
    /// Has its product.
    Mapped,
    /// Waits for a person.
    Review,
    /// Is no product of the catalog.
    Outside,
    /// Waits for the catalog: a person proposed its product, and no version has it yet.
    Proposed,
}

impl MappingState {
    /// Stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Review => "review",
            Self::Outside => "outside",
            Self::Proposed => "proposed",
        }
    }

    pub(super) fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Mapped, Self::Review, Self::Outside, Self::Proposed]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| StoreError::unexpected(format!("unknown mapping state \"{word}\"")))
    }
}

/// A task to be mapped, with the decision it has so far.
#[derive(Debug, Clone)]
pub struct MapItem {
    /// The task.
    pub task: StoredTask,
    /// Its present mapping.
    pub mapping: Option<MappingRow>,
    /// Everyone who has a stake in it.
    pub people: Vec<PersonId>,
}

/// A task's mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MappingRow {
    /// State.
    pub state: MappingState,
    /// Product, when mapped.
    pub product: Option<ProductCode>,
    /// Catalog version, frozen at assignment.
    pub catalog_version: CatalogVersion,
    /// Coefficient, frozen at assignment.
    pub coefficient: Option<Decimal>,
    /// `operator`, `rule`, `text` or `source`.
    pub decided_by: String,
    /// Who, for a person's decision.
    pub author: Option<String>,
    /// Why: evidence and candidates.
    pub reason: Value,
    /// When.
    pub decided_at: DateTime<Utc>,
}

/// What a person saw of a task when they decided what it is; kept with the decision, as the source may correct it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenTask {
    /// Title.
    pub title: String,
    /// Document type of the source; empty when unknown.
    pub doc_type: String,
    /// The source's own category; empty when unknown.
    pub category: String,
}

impl SeenTask {
    /// What there is to see of a task now.
    pub fn of(task: &StoredTask) -> Self {
        let draft = &task.task.draft;
        Self {
            title: draft.title.clone(),
            doc_type: draft.doc_type.clone().unwrap_or_default(),
            category: draft.category.clone().unwrap_or_default(),
        }
    }
}

/// What becomes of a task's mapping.
#[derive(Debug, Clone)]
pub enum MappingChange {
    /// The present one stays.
    Keep,
    /// The same decision with fresher evidence: shown, but no entry of the history.
    Refresh(MappingRow),
    /// A decision of its own.
    Decide(MappingRow),
}

/// One task that was looked at.
#[derive(Debug, Clone)]
pub struct MappingWrite {
    /// The task.
    pub task: i64,
    /// When the task had last changed as the decision was made.
    pub changed_at: DateTime<Utc>,
    /// What becomes of its mapping.
    pub change: MappingChange,
}

/// Which product a task was given, and by what.
#[derive(Debug, Clone)]
pub struct MappedTask {
    /// Number.
    pub task: i64,
    /// Key.
    pub key: TaskKey,
    /// State.
    pub state: MappingState,
    /// Code of the product, when mapped.
    pub product: Option<String>,
    /// `operator`, `rule`, `text` or `source`.
    pub decided_by: String,
}

/// A task that waits for a person.
#[derive(Debug, Clone)]
pub struct ReviewItem {
    /// Number.
    pub task: i64,
    /// Key.
    pub key: TaskKey,
    /// Title.
    pub title: String,
    /// Evidence and candidates.
    pub reason: Value,
    /// Catalog version its product is looked for in.
    pub catalog_version: CatalogVersion,
}

impl MappingRow {
    /// What the person who decided it saw of the task; none for what nobody decided, or before that was kept.
    pub fn seen(&self) -> Option<SeenTask> {
        SeenTask::deserialize(self.reason.get("seen")?).ok()
    }

    /// What a proposed task may count as until a catalog has its product.
    pub fn pending(&self) -> Option<PendingProduct> {
        if self.state != MappingState::Proposed {
            return None;
        }
        serde_json::from_value(self.reason.get("pending")?.clone()).ok()
    }
}

impl Store {
    /// Tasks whose person was looked for and that are to be mapped, oldest first.
    pub async fn tasks_to_map(&self, limit: usize) -> Result<Vec<MapItem>, StoreError> {
        let sql = format!(
            "SELECT {TASK_COLUMNS}, {MAPPING_OF_TASK} FROM task t LEFT JOIN mapping m ON m.task_id = t.id \
             WHERE t.map_due AND NOT t.identify_due ORDER BY t.id LIMIT $1"
        );
        let rows = self.db.rows(sql, vals![limit as u64]).await?;
        let mut items = rows.iter().map(map_item_of).collect::<Result<Vec<_>, _>>()?;
        self.add_people(&mut items).await?;
        Ok(items)
    }

    /// Saves decisions and marks the scores they concern as due, in one transaction. The tasks have been looked at then.
    /// `undone` = how often orders had been taken back as far as whoever read the texts knows, none where nothing was
    /// learned from people; where more were, what text settled is not written and stays due. Gives how many that are.
    pub async fn save_mappings(
        &self,
        writes: &[MappingWrite],
        due: &[(PersonId, Period)],
        undone: Option<u64>,
    ) -> Result<usize, StoreError> {
        let mut tx = self.db.begin().await?;
        let left = tx.write_mappings(writes, undone).await?;
        // A task that changed since it was read is mapped again.
        let done = writes.iter().filter(|write| !left.contains(&write.task));
        let done: Vec<_> = done.map(|write| (write.task, write.changed_at)).collect();
        update_unchanged_tasks(&mut tx, "map_due = false", done.into_iter()).await?;
        tx.score_due(due).await?;
        tx.commit().await?;
        Ok(left.len())
    }

    /// The same for waiting tasks that were ranked again though nothing about them had changed: what else they are due
    /// for they stay due for.
    pub async fn save_ranked_again(
        &self,
        writes: &[MappingWrite],
        due: &[(PersonId, Period)],
        undone: Option<u64>,
    ) -> Result<usize, StoreError> {
        let mut tx = self.db.begin().await?;
        let left = tx.write_mappings(writes, undone).await?;
        tx.score_due(due).await?;
        tx.commit().await?;
        Ok(left.len())
    }

    /// Tasks that wait for a person, after a number, in order; those that count as another one wait for nothing.
    pub async fn review_queue(&self, after: i64, limit: usize) -> Result<Vec<ReviewItem>, StoreError> {
        let sql = "SELECT t.id, t.source_id, t.external_id, t.title, m.reason, m.catalog_version FROM mapping m JOIN task t ON t.id = m.task_id \
                   WHERE m.state = 'review' AND m.task_id > $1 AND NOT EXISTS (SELECT 1 FROM task_duplicate d WHERE d.task_id = m.task_id) \
                   ORDER BY m.task_id LIMIT $2";
        let rows = self.db.rows(sql, vals![after, limit as u64]).await?;
        rows.iter()
            .map(|row| {
                Ok(ReviewItem {
                    task: row.int(0)?,
                    key: TaskKey { source: row.parsed(1)?, external_id: row.text(2)? },
                    title: row.text(3)?,
                    reason: row.json(4)?,
                    catalog_version: row.parsed(5)?,
                })
            })
            .collect()
    }

    /// How many tasks due in a period wait for a decision; one without a due date waits in every period.
    pub async fn reviews_due(&self, period: Period) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM mapping m JOIN task t ON t.id = m.task_id WHERE m.state = 'review' \
                   AND (t.due_day IS NULL OR (t.due_day >= $1 AND t.due_day <= $2)) \
                   AND NOT EXISTS (SELECT 1 FROM task_duplicate d WHERE d.task_id = m.task_id)";
        self.db.count(sql, vals![period.first_day(), period.last_day()]).await
    }

    /// One task with its mapping and people, for a person's decision.
    pub async fn map_item(&self, task: i64) -> Result<Option<MapItem>, StoreError> {
        Ok(self.map_items(&[task]).await?.pop())
    }

    /// Tasks with their mappings and people, in order of number; numbers nobody has are left out.
    pub async fn map_items(&self, tasks: &[i64]) -> Result<Vec<MapItem>, StoreError> {
        let mut items = Vec::with_capacity(tasks.len());
        for chunk in tasks.chunks(PER_QUESTION) {
            let some = placeholders(1, chunk.len(), 1);
            let numbers = || chunk.iter().map(|task| Val::from(*task)).collect();
            let sql = format!(
                "SELECT {TASK_COLUMNS}, {MAPPING_OF_TASK} FROM task t LEFT JOIN mapping m ON m.task_id = t.id WHERE t.id IN {some}"
            );
            for row in self.db.rows(sql, numbers()).await? {
                items.push(map_item_of(&row)?);
            }
        }
        self.add_people(&mut items).await?;
        items.sort_by_key(|item| item.task.id);
        Ok(items)
    }

    /// State, product and author of mappings, after a task's number, in order; for measuring them.
    pub async fn mappings_after(&self, after: i64, limit: usize) -> Result<Vec<MappedTask>, StoreError> {
        let sql = "SELECT t.id, t.source_id, t.external_id, m.state, m.product, m.decided_by FROM mapping m \
                   JOIN task t ON t.id = m.task_id WHERE m.task_id > $1 ORDER BY m.task_id LIMIT $2";
        let rows = self.db.rows(sql, vals![after, limit as u64]).await?;
        rows.iter()
            .map(|row| {
                Ok(MappedTask {
                    task: row.int(0)?,
                    key: TaskKey { source: row.parsed(1)?, external_id: row.text(2)? },
                    state: MappingState::parse(&row.text(3)?)?,
                    product: row.opt_text(4)?,
                    decided_by: row.text(5)?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Writes decisions but those of texts that may rest on an order taken back meanwhile; gives the tasks of these.
    async fn write_mappings(
        &mut self,
        writes: &[MappingWrite],
        undone: Option<u64>,
    ) -> Result<BTreeSet<i64>, StoreError> {
        let (mut decided, mut shown, mut left) = (Vec::new(), Vec::new(), BTreeSet::new());
        let stale = match undone {
            Some(known) if writes.iter().any(settled_by_text) => {
                self.hold_undoings(false).await?;
                let row = self.row(UNDOINGS, vals![]).await?;
                row.map(|row| row.int(0)).transpose()?.and_then(|now| u64::try_from(now).ok()) != Some(known)
            }
            _ => false,
        };
        for write in writes {
            if stale && settled_by_text(write) {
                left.insert(write.task);
                continue;
            }
            match &write.change {
                MappingChange::Keep => {}
                MappingChange::Refresh(row) => shown.push((write.task, row)),
                MappingChange::Decide(row) => {
                    decided.push((write.task, row));
                    shown.push((write.task, row));
                }
            }
        }
        // What a person decided meanwhile stands: then nothing was decided here, and the history says nothing of it.
        let written = UPSERT_MAPPING.insert(self, mapping_vals(&shown)?).await?;
        let written = written.iter().map(|row| row.int(0)).collect::<Result<BTreeSet<_>, _>>()?;
        decided.retain(|(task, _)| written.contains(task));
        KEEP_DECISION.insert(self, mapping_vals(&decided)?).await?;
        Ok(left)
    }
}

/// Whether text says what a task is.
fn settled_by_text(write: &MappingWrite) -> bool {
    match &write.change {
        MappingChange::Keep => false,
        MappingChange::Refresh(row) | MappingChange::Decide(row) => {
            row.decided_by == "text" && matches!(row.state, MappingState::Mapped | MappingState::Outside)
        }
    }
}

pub(super) const MAPPING_COLUMNS: &[(&str, Kind)] = &[
    ("task_id", Kind::Int),
    ("state", Kind::Text),
    ("product", Kind::Text),
    ("catalog_version", Kind::Text),
    ("coefficient", Kind::Num),
    ("decided_by", Kind::Text),
    ("author", Kind::Text),
    ("reason", Kind::Json),
    ("decided_at", Kind::At),
];

pub(super) static KEEP_DECISION: Bulk = Bulk::new("mapping_history", MAPPING_COLUMNS, "");

static UPSERT_MAPPING: Bulk = Bulk::new(
    "mapping",
    MAPPING_COLUMNS,
    "ON CONFLICT (task_id) DO UPDATE SET state = excluded.state, product = excluded.product, \
     catalog_version = excluded.catalog_version, coefficient = excluded.coefficient, decided_by = excluded.decided_by, \
     author = excluded.author, reason = excluded.reason, decided_at = excluded.decided_at \
     WHERE mapping.decided_by <> 'operator' OR excluded.decided_by = 'operator' RETURNING task_id",
);

pub(super) fn mapping_vals(rows: &[(i64, &MappingRow)]) -> Result<Vec<Val>, StoreError> {
    let mut vals = Vec::with_capacity(rows.len() * MAPPING_COLUMNS.len());
    for (task, row) in rows {
        vals.extend(vals![
            *task,
            row.state.as_str(),
            row.product.as_ref().map(|code| code.as_str().to_owned()),
            row.catalog_version.as_str(),
            row.coefficient,
            row.decided_by.as_str(),
            row.author.clone(),
            json(&row.reason)?,
            row.decided_at
        ]);
    }
    Ok(vals)
}

pub(super) fn map_item_of(row: &Row) -> Result<MapItem, StoreError> {
    let mapping = match row.opt_text(TASK_WIDTH)? {
        Some(_) => Some(mapping_row(row, TASK_WIDTH)?),
        None => None,
    };
    Ok(MapItem { task: stored_task(row)?, mapping, people: Vec::new() })
}

pub(super) fn mapping_row(row: &Row, first: usize) -> Result<MappingRow, StoreError> {
    let product = row.opt_text(first + 1)?.map(ProductCode::new).transpose();
    Ok(MappingRow {
        state: MappingState::parse(&row.text(first)?)?,
        product: product.map_err(|error| StoreError::unexpected(error.to_string()))?,
        catalog_version: row.parsed(first + 2)?,
        coefficient: row.opt_num(first + 3)?,
        decided_by: row.text(first + 4)?,
        author: row.opt_text(first + 5)?,
        reason: row.json(first + 6)?,
        decided_at: row.at(first + 7)?,
    })
}
