//! Tasks other installations decided, kept to learn from, and the walk over every mapping there is.
//!
//! The same row of the same origin is kept once, however often its file comes.

use super::audit::AuditNew;
use super::bulk::{Bulk, Kind};
use super::db::{Val, vals};
use super::facts::TASK_COLUMNS;
use super::mapping::{MAPPING_OF_TASK, MapItem, map_item_of};
use super::{Store, StoreError};
use crate::domain::ProductCode;
use chrono::{DateTime, Utc};

/// A task another installation decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignExample {
    /// SHA-256 over origin and row.
    pub digest: Vec<u8>,
    /// Where it comes from, as whoever brought it says.
    pub origin: String,
    /// Title.
    pub title: String,
    /// Document type.
    pub doc_type: String,
    /// The source's own category.
    pub category: String,
    /// Kind of source system.
    pub source_system: String,
    /// Name of the unit.
    pub unit: String,
    /// The decided product; none = outside the catalog.
    pub product: Option<ProductCode>,
    /// Who decided there.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub decided_at: DateTime<Utc>,
}

static KEEP: Bulk = Bulk::sharing(
    "mapping_example",
    &[("imported_by", Kind::Text), ("imported_at", Kind::At)],
    &[
        ("digest", Kind::Blob),
        ("origin", Kind::Text),
        ("title", Kind::Text),
        ("doc_type", Kind::Text),
        ("category", Kind::Text),
        ("source_system", Kind::Text),
        ("unit", Kind::Text),
        ("product", Kind::Text),
        ("author", Kind::Text),
        ("reason", Kind::Text),
        ("decided_at", Kind::At),
    ],
    "ON CONFLICT (digest) DO NOTHING RETURNING id",
);

impl Store {
    /// Keeps examples that are not kept yet; gives how many those were.
    pub async fn keep_examples(
        &self,
        examples: &[ForeignExample],
        who: &str,
        at: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let mut vals: Vec<Val> = Vec::with_capacity(examples.len() * 11);
        for one in examples {
            vals.extend(vals![
                one.digest.clone(),
                one.origin.as_str(),
                one.title.as_str(),
                one.doc_type.as_str(),
                one.category.as_str(),
                one.source_system.as_str(),
                one.unit.as_str(),
                one.product.as_ref().map(|code| code.as_str().to_owned()),
                one.author.as_str(),
                one.reason.as_str(),
                one.decided_at
            ]);
        }
        let kept = KEEP.bind(tx.is_postgres(), vals)?.write(&mut tx, vals![who, at]).await?.len() as u64;
        tx.audit(AuditNew {
            at,
            actor: who,
            action: "examples_imported",
            object: examples.first().map_or_else(String::new, |one| format!("examples {}", one.origin)),
            detail: format!("{kept} of {} rows", examples.len()),
            reason: None,
        })
        .await?;
        tx.commit().await?;
        Ok(kept)
    }

    /// The examples kept, the latest `limit` of them, in the order they came.
    pub async fn examples(&self, limit: usize) -> Result<Vec<ForeignExample>, StoreError> {
        self.examples_between(0, i64::MAX, limit).await
    }

    /// Those with a number after one and up to another, the latest `limit` of them, in the order they came.
    pub async fn examples_between(
        &self,
        after: i64,
        upto: i64,
        limit: usize,
    ) -> Result<Vec<ForeignExample>, StoreError> {
        let sql = "SELECT digest, origin, title, doc_type, category, source_system, unit, product, author, reason, decided_at \
                   FROM mapping_example WHERE id > $1 AND id <= $2 ORDER BY id DESC LIMIT $3";
        let rows = self.db.rows(sql, vals![after, upto, limit as u64]).await?;
        rows.iter()
            .rev()
            .map(|row| {
                let product = row.opt_text(7)?.map(ProductCode::new).transpose();
                Ok(ForeignExample {
                    digest: row.blob(0)?,
                    origin: row.text(1)?,
                    title: row.text(2)?,
                    doc_type: row.text(3)?,
                    category: row.text(4)?,
                    source_system: row.text(5)?,
                    unit: row.text(6)?,
                    product: product.map_err(|error| StoreError::unexpected(error.to_string()))?,
                    author: row.text(8)?,
                    reason: row.text(9)?,
                    decided_at: row.at(10)?,
                })
            })
            .collect()
    }

    /// Tasks with their mappings and without their people, after a number, in order: all, or those people decided.
    pub async fn tasks_with_mappings(
        &self,
        decided: bool,
        after: i64,
        limit: usize,
    ) -> Result<Vec<MapItem>, StoreError> {
        let of_people = if decided { "AND m.decided_by = 'operator' " } else { "" };
        let sql = format!(
            "SELECT {TASK_COLUMNS}, {MAPPING_OF_TASK} FROM task t LEFT JOIN mapping m ON m.task_id = t.id \
             WHERE t.id > $1 {of_people}ORDER BY t.id LIMIT $2"
        );
        let rows = self.db.rows(sql, vals![after, limit as u64]).await?;
        rows.iter().map(map_item_of).collect()
    }
}
