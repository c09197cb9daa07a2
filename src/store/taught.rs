//! What people's decisions teach the ranking, read whole or only as far as it is new.
//!
//! Owns the marks by which new decisions are told from known ones: the last entry of the history that a person made,
//! the undone orders, the orders that brought examples in and count. It must not know how they are learned. What was decided for a
//! product no catalog has yet teaches nothing.

use super::db::{Db, Row, Val, placeholders, vals};
use super::facts::{TASK_COLUMNS, TASK_WIDTH, stored_task};
use super::mapping::{MAPPING_OF_TASK, MapItem, MappingState, SeenTask, map_item_of};
use super::{Store, StoreError};
use crate::domain::{CatalogVersion, PersonId, ProductCode, SourceId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Numbers per question.
const PER_QUESTION: usize = 500;

/// How far decisions are known. The first two only ever grow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionMarks {
    /// Last entry of the history that a person made.
    pub decided: i64,
    /// How often orders were taken back.
    pub undone: u64,
    /// Orders that brought in examples of other installations and count.
    pub examples: BTreeSet<i64>,
}

/// What one decided task teaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taught {
    /// The task.
    pub task: i64,
    /// Its source.
    pub source: SourceId,
    /// Everyone with a stake in it.
    pub people: Vec<PersonId>,
    /// The day it was assigned.
    pub assigned_on: NaiveDate,
    /// Its title, as it was when it was decided.
    pub title: String,
    /// Document type of the source; empty when unknown.
    pub doc_type: String,
    /// The source's own category; empty when unknown.
    pub category: String,
    /// The decided product; none = outside the catalog.
    pub product: Option<ProductCode>,
    /// The catalog version the product is of.
    pub catalog_version: CatalogVersion,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
}

/// What is read of a decision beside its task.
const SAID: &str = "m.product, m.decided_at, m.catalog_version, m.reason";

/// How often orders were taken back; one that was restored since counts on.
pub(super) const UNDOINGS: &str =
    "SELECT count(*) FROM mapping_decision WHERE kind = 'undo' AND state IN ('counted', 'undone')";

const TEACHES: &str = "m.decided_by = 'operator' AND m.state IN ('mapped', 'outside')";

impl Store {
    /// How far people's decisions go by now.
    pub async fn decision_marks(&self) -> Result<DecisionMarks, StoreError> {
        let sql = format!(
            "SELECT coalesce((SELECT max(id) FROM mapping_history WHERE decided_by = 'operator'), 0), ({UNDOINGS})"
        );
        let row = self.db.row(sql, vals![]).await?.ok_or_else(|| StoreError::unexpected("no marks"))?;
        let sql = "SELECT id FROM mapping_decision WHERE kind = 'examples' AND state = 'counted'";
        let examples = self.db.rows(sql, vals![]).await?;
        Ok(DecisionMarks {
            decided: row.int(0)?,
            undone: u64::try_from(row.int(1)?).unwrap_or(0),
            examples: examples.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?,
        })
    }

    /// What people decided, latest first: the latest `limit` of it, or of what comes before one of them.
    pub async fn taught(&self, before: Option<&Taught>, limit: usize) -> Result<Vec<Taught>, StoreError> {
        let mut vals = vals![limit as u64];
        let mut earlier = "";
        if let Some(one) = before {
            earlier = "AND (m.decided_at < $2 OR (m.decided_at = $2 AND m.task_id < $3)) ";
            vals.extend(vals![one.decided_at, one.task]);
        }
        let sql = format!(
            "SELECT {TASK_COLUMNS}, {SAID} FROM mapping m JOIN task t ON t.id = m.task_id \
             WHERE {TEACHES} {earlier}ORDER BY m.decided_at DESC, m.task_id DESC LIMIT $1"
        );
        let mut taught: Vec<Taught> =
            self.db.rows(sql, vals).await?.iter().map(taught_of).collect::<Result<_, _>>()?;
        let tasks: Vec<i64> = taught.iter().map(|one| one.task).collect();
        let mut people = self.people_of_tasks(&tasks).await?;
        for one in &mut taught {
            one.people = people.remove(&one.task).unwrap_or_default();
        }
        Ok(taught)
    }

    /// The tasks people decided and what they are in which catalog version, after a number, in order; none = outside it.
    pub async fn decided_products(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, CatalogVersion, Option<ProductCode>)>, StoreError> {
        let sql = format!(
            "SELECT m.task_id, m.product, m.catalog_version FROM mapping m WHERE {TEACHES} AND m.task_id > $1 ORDER BY m.task_id LIMIT $2"
        );
        let rows = self.db.rows(sql, vals![after, limit as u64]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.parsed(2)?, product_at(row, 1)?))).collect()
    }

    /// What the present decisions about some tasks teach; tasks without one are left out.
    pub async fn taught_by(&self, tasks: &[i64]) -> Result<HashMap<i64, Taught>, StoreError> {
        let mut taught = HashMap::with_capacity(tasks.len());
        for chunk in tasks.chunks(PER_QUESTION) {
            let some = placeholders(1, chunk.len(), 1);
            let sql = format!(
                "SELECT {TASK_COLUMNS}, {SAID} FROM mapping m JOIN task t ON t.id = m.task_id \
                 WHERE m.task_id IN {some} AND {TEACHES}"
            );
            for row in self.db.rows(sql, chunk.iter().map(|task| Val::from(*task)).collect()).await? {
                let one = taught_of(&row)?;
                taught.insert(one.task, one);
            }
            for (task, people) in self.people_of_tasks(chunk).await? {
                if let Some(one) = taught.get_mut(&task) {
                    one.people = people;
                }
            }
        }
        Ok(taught)
    }

    /// What people decided after an entry of the history, the first `limit` entries: number of the entry and task, in the
    /// order decided; a task decided twice comes twice.
    pub async fn decided_after(&self, entry: i64, limit: usize) -> Result<Vec<(i64, i64)>, StoreError> {
        let sql = "SELECT id, task_id FROM mapping_history WHERE decided_by = 'operator' AND id > $1 ORDER BY id LIMIT $2";
        let rows = self.db.rows(sql, vals![entry, limit as u64]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
    }

    /// The orders that took others back, in order of number, each with the one it took back; those that were taken
    /// back themselves since as well.
    pub async fn undoings(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        let sql = "SELECT id, about FROM mapping_decision WHERE kind = 'undo' AND state IN ('counted', 'undone') \
                   AND about IS NOT NULL ORDER BY id";
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
    }

    /// The tasks of an order.
    pub async fn tasks_of_order(&self, order: i64) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT task_id FROM mapping_decision_task WHERE decision_id = $1 ORDER BY task_id";
        let rows = self.db.rows(sql, vals![order]).await?;
        rows.iter().map(|row| row.int(0)).collect()
    }

    /// Tasks that wait for a person and for nothing else, with numbers after one and up to another, in order.
    pub async fn waiting_items(
        &self,
        after: i64,
        upto: i64,
        limit: usize,
    ) -> Result<Vec<MapItem>, StoreError> {
        let sql = format!(
            "SELECT {TASK_COLUMNS}, {MAPPING_OF_TASK} FROM mapping m JOIN task t ON t.id = m.task_id \
             WHERE m.state = '{}' AND m.task_id > $1 AND m.task_id <= $2 AND NOT t.map_due AND NOT t.identify_due \
             ORDER BY m.task_id LIMIT $3",
            MappingState::Review.as_str()
        );
        let rows = self.db.rows(sql, vals![after, upto, limit as u64]).await?;
        let mut items = rows.iter().map(map_item_of).collect::<Result<Vec<_>, _>>()?;
        self.add_people(&mut items).await?;
        Ok(items)
    }

    /// Tasks text decided that nothing is to be done about, with mappings and people, after a number, in order; those that
    /// count as another one are left out.
    pub async fn settled_by_text(&self, after: i64, limit: usize) -> Result<Vec<MapItem>, StoreError> {
        // Not "one of two states": each page would be sorted anew out of the index of states.
        let sql = format!(
            "SELECT {TASK_COLUMNS}, {MAPPING_OF_TASK} FROM mapping m JOIN task t ON t.id = m.task_id \
             WHERE m.state <> 'review' AND m.decided_by = 'text' AND m.task_id > $1 \
             AND NOT t.map_due AND NOT t.identify_due \
             AND NOT EXISTS (SELECT 1 FROM task_duplicate d WHERE d.task_id = m.task_id) ORDER BY m.task_id LIMIT $2"
        );
        let rows = self.db.rows(sql, vals![after, limit as u64]).await?;
        let mut items = rows.iter().map(map_item_of).collect::<Result<Vec<_>, _>>()?;
        self.add_people(&mut items).await?;
        Ok(items)
    }

    /// Number and title of tasks that wait for a person and for nothing else and are thought to be a product most, the newest
    /// `limit`, newest first.
    pub async fn waiting_for(&self, product: &str, limit: usize) -> Result<Vec<(i64, String)>, StoreError> {
        // As the index has it.
        let best = match *self.db {
            Db::Postgres(_) => "(m.reason #>> '{candidates,0,product}')",
            Db::Sqlite { .. } => "json_extract(m.reason, '$.candidates[0].product')",
        };
        let sql = format!(
            "SELECT t.id, t.title FROM mapping m JOIN task t ON t.id = m.task_id \
             WHERE m.state = 'review' AND {best} = $1 AND NOT t.map_due AND NOT t.identify_due \
             ORDER BY m.task_id DESC LIMIT $2"
        );
        let rows = self.db.rows(sql, vals![product, limit as u64]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
    }

    /// Everyone with a stake in each of some tasks.
    pub(super) async fn add_people(&self, items: &mut [MapItem]) -> Result<(), StoreError> {
        let tasks: Vec<i64> = items.iter().map(|item| item.task.id).collect();
        let mut people = self.people_of_tasks(&tasks).await?;
        for item in items {
            item.people = people.remove(&item.task.id).unwrap_or_default();
        }
        Ok(())
    }

    /// Everyone with a stake in some tasks, by task. The tasks may lie far apart: only their own rows are read.
    pub(super) async fn people_of_tasks(
        &self,
        tasks: &[i64],
    ) -> Result<HashMap<i64, Vec<PersonId>>, StoreError> {
        let mut people: HashMap<i64, Vec<PersonId>> = HashMap::with_capacity(tasks.len());
        for chunk in tasks.chunks(PER_QUESTION) {
            let sql = format!(
                "SELECT task_id, person_id FROM task_person WHERE task_id IN {} ORDER BY task_id, ordinal",
                placeholders(1, chunk.len(), 1)
            );
            for row in self.db.rows(sql, chunk.iter().map(|task| Val::from(*task)).collect()).await? {
                people.entry(row.int(0)?).or_default().push(row.person(1)?);
            }
        }
        Ok(people)
    }
}

fn taught_of(row: &Row) -> Result<Taught, StoreError> {
    let stored = stored_task(row)?;
    let said: Value = row.json(TASK_WIDTH + 3)?;
    // A title the source corrected since was not the one decided about.
    let seen = said.get("seen").and_then(|seen| SeenTask::deserialize(seen).ok());
    let SeenTask { title, doc_type, category } = seen.unwrap_or_else(|| SeenTask::of(&stored));
    Ok(Taught {
        task: stored.id,
        people: Vec::new(),
        assigned_on: stored.task.assigned_day(),
        source: stored.key.source,
        title,
        doc_type,
        category,
        product: product_at(row, TASK_WIDTH)?,
        catalog_version: row.parsed(TASK_WIDTH + 2)?,
        decided_at: row.at(TASK_WIDTH + 1)?,
    })
}

fn product_at(row: &Row, column: usize) -> Result<Option<ProductCode>, StoreError> {
    let product = row.opt_text(column)?.map(ProductCode::new).transpose();
    product.map_err(|error| StoreError::unexpected(error.to_string()))
}
