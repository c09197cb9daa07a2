//! Catalog versions and the mapping of tasks onto their products.
//!
//! A decision by a person is never overwritten by a rule or by text matching; every decision is kept.

use super::audit::AuditNew;
use super::bulk::{Bulk, Kind, update_unchanged_tasks};
use super::db::{Row, Val, json, placeholders, vals};
use super::facts::{TASK_COLUMNS, TASK_WIDTH, stored_task};
use super::task::StoredTask;
use super::{Store, StoreError};
use crate::domain::{
    CatalogProduct, CatalogScope, CatalogVersion, Period, PersonId, ProductCode, ProductKind, TaskKey,
    UnitCode,
};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

/// A catalog version without its products.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogHead {
    /// Name.
    pub version: CatalogVersion,
    /// First day it is in force.
    pub valid_from: NaiveDate,
    /// For which bodies it holds.
    pub scope: CatalogScope,
    /// When it was imported.
    pub imported_at: DateTime<Utc>,
    /// By whom.
    pub imported_by: String,
    /// Number of products.
    pub products: u64,
}

/// A catalog version to be added.
#[derive(Debug, Clone, Copy)]
pub struct CatalogNew<'a> {
    /// Name.
    pub version: &'a CatalogVersion,
    /// First day it is in force.
    pub valid_from: NaiveDate,
    /// For which bodies it holds.
    pub scope: &'a CatalogScope,
    /// Its products.
    pub products: &'a [CatalogProduct],
    /// SHA-256 of the file it came from.
    pub sha256: &'a [u8],
    /// Who answers for it.
    pub author: &'a str,
    /// Why, where it was said.
    pub reason: Option<&'a str>,
    /// Which unit proposed which product, and what it said of it.
    pub provenance: &'a [Provenance],
}

/// What one unit proposed for a product of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Code of the product in the version.
    pub code: ProductCode,
    /// Who proposed it.
    pub unit: UnitCode,
    /// As it was proposed: name, group, points, coefficient.
    pub proposed: Value,
}

/// Where a task stands with respect to the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingState {
    /// Has its product.
    Mapped,
    /// Waits for a person.
    Review,
    /// Is no product of the catalog.
    Outside,
}

impl MappingState {
    /// Stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Review => "review",
            Self::Outside => "outside",
        }
    }

    pub(super) fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Mapped, Self::Review, Self::Outside]
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
#[derive(Debug, Clone, PartialEq)]
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

impl Store {
    /// Adds a version of the province's common catalog.
    pub async fn import_catalog(
        &self,
        version: &CatalogVersion,
        valid_from: NaiveDate,
        products: &[CatalogProduct],
        sha256: &[u8],
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let new = CatalogNew {
            version,
            valid_from,
            scope: &CatalogScope::Province,
            products,
            sha256,
            author,
            reason: None,
            provenance: &[],
        };
        self.add_catalog(new, now).await
    }

    /// Adds a catalog version with its products, its provenance and its entry in the journal, in one transaction. A
    /// version that exists is refused: versions are never edited.
    pub async fn add_catalog(&self, new: CatalogNew<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let CatalogNew { version, valid_from, scope, products, .. } = new;
        let mut tx = self.db.begin().await?;
        let inserted = tx
            .execute(
                "INSERT INTO catalog_version (version, valid_from, sha256, imported_at, imported_by, scope, reason) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT DO NOTHING",
                vals![
                    version.as_str(),
                    valid_from,
                    new.sha256.to_vec(),
                    now,
                    new.author,
                    scope.to_string(),
                    new.reason.map(str::to_owned)
                ],
            )
            .await?;
        if inserted == 0 {
            return Err(StoreError::Conflict(format!("catalog version {version} exists already")));
        }
        for chunk in products.chunks(400) {
            let mut vals = Vec::with_capacity(chunk.len() * 5);
            for product in chunk {
                vals.extend(vals![
                    version.as_str(),
                    product.code.as_str(),
                    product.coefficient,
                    json(product)?,
                    product.kind == ProductKind::Leadership
                ]);
            }
            let sql = format!(
                "INSERT INTO catalog_product (version, code, coefficient, body, leadership) VALUES {}",
                placeholders(chunk.len(), 5, 1)
            );
            tx.execute(sql, vals).await?;
        }
        let numbered: Vec<(u64, &Provenance)> = (0..).zip(new.provenance).collect();
        for chunk in numbered.chunks(400) {
            let mut vals = Vec::with_capacity(chunk.len() * 5);
            for (ordinal, one) in chunk {
                vals.extend(vals![
                    version.as_str(),
                    *ordinal,
                    one.code.as_str(),
                    one.unit.as_str(),
                    json(&one.proposed)?
                ]);
            }
            let sql = format!(
                "INSERT INTO catalog_provenance (version, ordinal, code, unit_code, proposed) VALUES {}",
                placeholders(chunk.len(), 5, 1)
            );
            tx.execute(sql, vals).await?;
        }
        // What no person decided may look different under the new version.
        tx.execute(
            "UPDATE task SET map_due = $1 WHERE id IN (SELECT task_id FROM mapping WHERE state = 'review' AND decided_by <> 'operator')",
            vals![true],
        )
        .await?;
        tx.audit(AuditNew {
            at: now,
            actor: new.author,
            action: "catalog_imported",
            object: format!("catalog {version}"),
            detail: format!("{} products for {scope}, valid from {valid_from}", products.len()),
            reason: new.reason,
        })
        .await?;
        tx.commit().await
    }

    /// Who proposed the products of a version, in the order it was kept.
    pub async fn catalog_provenance(&self, version: &CatalogVersion) -> Result<Vec<Provenance>, StoreError> {
        let sql =
            "SELECT code, unit_code, proposed FROM catalog_provenance WHERE version = $1 ORDER BY ordinal";
        let rows = self.db.rows(sql, vals![version.as_str()]).await?;
        rows.iter()
            .map(|row| Ok(Provenance { code: row.parsed(0)?, unit: row.parsed(1)?, proposed: row.json(2)? }))
            .collect()
    }

    /// Every version, oldest first.
    pub async fn catalogs(&self) -> Result<Vec<CatalogHead>, StoreError> {
        let sql = "SELECT version, valid_from, imported_at, imported_by, (SELECT count(*) FROM catalog_product p WHERE p.version = v.version), scope \
                   FROM catalog_version v ORDER BY valid_from, imported_at";
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter()
            .map(|row| {
                Ok(CatalogHead {
                    version: row.parsed(0)?,
                    valid_from: row.day(1)?,
                    scope: row.parsed(5)?,
                    imported_at: row.at(2)?,
                    imported_by: row.text(3)?,
                    products: u64::try_from(row.int(4)?).unwrap_or(0),
                })
            })
            .collect()
    }

    /// SHA-256 of the file a version came from.
    pub async fn catalog_sha256(&self, version: &CatalogVersion) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self
            .db
            .row("SELECT sha256 FROM catalog_version WHERE version = $1", vals![version.as_str()])
            .await?;
        row.map(|row| row.blob(0)).transpose()
    }

    /// The products of one version, in order of code.
    pub async fn catalog_products(
        &self,
        version: &CatalogVersion,
    ) -> Result<Vec<CatalogProduct>, StoreError> {
        let rows = self
            .db
            .rows(
                "SELECT body FROM catalog_product WHERE version = $1 ORDER BY code",
                vals![version.as_str()],
            )
            .await?;
        rows.iter().map(|row| row.json(0)).collect()
    }

    /// Those of a version's products that have one of some codes.
    pub async fn products_of(
        &self,
        version: &CatalogVersion,
        codes: &[&str],
    ) -> Result<Vec<CatalogProduct>, StoreError> {
        if codes.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT body FROM catalog_product WHERE version = $1 AND code IN {}",
            placeholders(1, codes.len(), 2)
        );
        let mut vals = vals![version.as_str()];
        vals.extend(codes.iter().map(|code| Val::from(*code)));
        let rows = self.db.rows(sql, vals).await?;
        rows.iter().map(|row| row.json(0)).collect()
    }

    /// Tasks whose person was looked for and that are to be mapped, oldest first.
    pub async fn tasks_to_map(&self, limit: usize) -> Result<Vec<MapItem>, StoreError> {
        let sql = format!(
            "SELECT {TASK_COLUMNS}, m.state, m.product, m.catalog_version, \
             m.coefficient, m.decided_by, m.author, m.reason, m.decided_at FROM task t LEFT JOIN mapping m ON m.task_id = t.id \
             WHERE t.map_due AND NOT t.identify_due ORDER BY t.id LIMIT $1"
        );
        let rows = self.db.rows(sql, vals![limit as u64]).await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            let mapping =
                if row.opt_text(TASK_WIDTH)?.is_some() { Some(mapping_row(row, TASK_WIDTH)?) } else { None };
            items.push(MapItem { task: stored_task(row)?, mapping, people: Vec::new() });
        }
        if let (Some(first), Some(last)) = (items.first(), items.last()) {
            let span = vals![first.task.id, last.task.id];
            let people = self
                .db
                .rows("SELECT task_id, person_id FROM task_person WHERE task_id BETWEEN $1 AND $2 ORDER BY task_id", span)
                .await?;
            for row in people {
                let (task, person) = (row.int(0)?, row.person(1)?);
                if let Ok(index) = items.binary_search_by_key(&task, |item| item.task.id)
                    && let Some(item) = items.get_mut(index)
                {
                    item.people.push(person);
                }
            }
        }
        Ok(items)
    }

    /// Saves decisions and marks the scores they concern as due, in one transaction.
    pub async fn save_mappings(
        &self,
        writes: &[MappingWrite],
        due: &[(PersonId, Period)],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let (mut decided, mut shown) = (Vec::new(), Vec::new());
        for write in writes {
            match &write.change {
                MappingChange::Keep => {}
                MappingChange::Refresh(row) => shown.push((write.task, row)),
                MappingChange::Decide(row) => {
                    decided.push((write.task, row));
                    shown.push((write.task, row));
                }
            }
        }
        KEEP_DECISION.insert(&mut tx, mapping_vals(&decided)?).await?;
        UPSERT_MAPPING.insert(&mut tx, mapping_vals(&shown)?).await?;
        // A task that changed since it was read is mapped again.
        let done = writes.iter().map(|write| (write.task, write.changed_at));
        update_unchanged_tasks(&mut tx, "map_due = false", done).await?;
        tx.score_due(due).await?;
        tx.commit().await
    }

    /// A person's decision about one task.
    pub async fn decide_mapping(
        &self,
        task: i64,
        row: &MappingRow,
        due: &[(PersonId, Period)],
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let vals = mapping_vals(&[(task, row)])?;
        KEEP_DECISION.insert(&mut tx, vals.clone()).await?;
        UPSERT_MAPPING.insert(&mut tx, vals).await?;
        tx.score_due(due).await?;
        tx.audit(AuditNew {
            at: row.decided_at,
            actor: row.author.as_deref().unwrap_or("?"),
            action: "mapping_decided",
            object: format!("task {task}"),
            detail: row.product.as_ref().map_or("outside".to_owned(), ToString::to_string),
            reason,
        })
        .await?;
        tx.commit().await
    }

    /// Tasks that wait for a person, after a number, in order.
    pub async fn review_queue(&self, after: i64, limit: usize) -> Result<Vec<ReviewItem>, StoreError> {
        let sql = "SELECT t.id, t.source_id, t.external_id, t.title, m.reason, m.catalog_version FROM mapping m JOIN task t ON t.id = m.task_id \
                   WHERE m.state = 'review' AND m.task_id > $1 ORDER BY m.task_id LIMIT $2";
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
                   AND (t.due_day IS NULL OR (t.due_day >= $1 AND t.due_day <= $2))";
        self.db.count(sql, vals![period.first_day(), period.last_day()]).await
    }

    /// One task with its mapping and people, for a person's decision.
    pub async fn map_item(&self, task: i64) -> Result<Option<MapItem>, StoreError> {
        let sql = format!(
            "SELECT {TASK_COLUMNS}, m.state, m.product, m.catalog_version, \
             m.coefficient, m.decided_by, m.author, m.reason, m.decided_at FROM task t LEFT JOIN mapping m ON m.task_id = t.id \
             WHERE t.id = $1"
        );
        let Some(row) = self.db.row(sql, vals![task]).await? else { return Ok(None) };
        let mapping =
            if row.opt_text(TASK_WIDTH)?.is_some() { Some(mapping_row(&row, TASK_WIDTH)?) } else { None };
        let people =
            self.db.rows("SELECT person_id FROM task_person WHERE task_id = $1", vals![task]).await?;
        let people = people.iter().map(|row| row.person(0)).collect::<Result<_, _>>()?;
        Ok(Some(MapItem { task: stored_task(&row)?, mapping, people }))
    }

    /// A number that changes whenever a person decides a mapping.
    pub async fn decisions_stamp(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(max(id), 0) FROM mapping_history WHERE decided_by = 'operator'";
        self.db.count(sql, vals![]).await
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

    /// Tasks a person has decided, for training: what we hold of them and the decision.
    pub async fn decided_examples(&self) -> Result<Vec<(StoredTask, MappingRow)>, StoreError> {
        let sql = format!(
            "SELECT {TASK_COLUMNS}, m.state, m.product, m.catalog_version, \
             m.coefficient, m.decided_by, m.author, m.reason, m.decided_at FROM mapping m JOIN task t ON t.id = m.task_id \
             WHERE m.decided_by = 'operator' ORDER BY t.id LIMIT 20000"
        );
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter().map(|row| Ok((stored_task(row)?, mapping_row(row, TASK_WIDTH)?))).collect()
    }

    /// Has everything that waits for a person ranked again (people decided other tasks meanwhile).
    pub async fn rank_waiting_again(&self) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let count = tx
            .execute("UPDATE task SET map_due = $1 WHERE id IN (SELECT task_id FROM mapping WHERE state = 'review')", vals![true])
            .await?;
        tx.commit().await?;
        Ok(count)
    }
}

const MAPPING_COLUMNS: &[(&str, Kind)] = &[
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

static KEEP_DECISION: Bulk = Bulk::new("mapping_history", MAPPING_COLUMNS, "");

static UPSERT_MAPPING: Bulk = Bulk::new(
    "mapping",
    MAPPING_COLUMNS,
    "ON CONFLICT (task_id) DO UPDATE SET state = excluded.state, product = excluded.product, \
     catalog_version = excluded.catalog_version, coefficient = excluded.coefficient, decided_by = excluded.decided_by, \
     author = excluded.author, reason = excluded.reason, decided_at = excluded.decided_at \
     WHERE mapping.decided_by <> 'operator' OR excluded.decided_by = 'operator'",
);

fn mapping_vals(rows: &[(i64, &MappingRow)]) -> Result<Vec<Val>, StoreError> {
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
