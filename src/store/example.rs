//! Tasks other installations decided, kept to learn from, and the walk over every mapping there is.
//!
//! Owns the rows beside the order that brings them in (`review`): they count while it counts. The same row of the same
//! origin is kept once, however often its file comes, and may come again after its order was taken back.

use super::audit::AuditNew;
use super::bulk::{Bulk, Kind};
use super::db::{Row, Val, placeholders, vals};
use super::facts::TASK_COLUMNS;
use super::mapping::{MAPPING_OF_TASK, MapItem, map_item_of};
use super::review::{MappingOrder, OrderState};
use super::{Store, StoreError};
use crate::domain::ProductCode;
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// Digests or orders per question.
const PER_QUESTION: usize = 500;

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
    /// What the product is called there; none where its file did not say and the catalogs here do not agree.
    pub product_name: Option<String>,
    /// Who decided there.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub decided_at: DateTime<Utc>,
}

/// An example with the order that brought it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtExample {
    /// The order.
    pub order: i64,
    /// The example.
    pub example: ForeignExample,
}

static KEEP: Bulk = Bulk::sharing(
    "mapping_example",
    &[("decision_id", Kind::Int)],
    &[
        ("digest", Kind::Blob),
        ("origin", Kind::Text),
        ("title", Kind::Text),
        ("doc_type", Kind::Text),
        ("category", Kind::Text),
        ("source_system", Kind::Text),
        ("unit", Kind::Text),
        ("product", Kind::Text),
        ("product_name", Kind::Text),
        ("author", Kind::Text),
        ("reason", Kind::Text),
        ("decided_at", Kind::At),
    ],
    "ON CONFLICT (decision_id, digest) DO NOTHING",
);

impl Store {
    /// Writes an order that brings examples in, which counts at once or waits for a second person; gives its number.
    pub async fn bring_examples(
        &self,
        order: &MappingOrder,
        examples: &[ForeignExample],
        counts: bool,
    ) -> Result<i64, StoreError> {
        let state = if counts { OrderState::Counted } else { OrderState::Waiting };
        let mut vals: Vec<Val> = Vec::with_capacity(examples.len() * 12);
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
                one.product_name.clone(),
                one.author.as_str(),
                one.reason.as_str(),
                one.decided_at
            ]);
        }
        let mut tx = self.db.begin().await?;
        let id = tx.keep_order(order, state, examples.len()).await?;
        KEEP.bind(tx.is_postgres(), vals)?.write(&mut tx, vals![id]).await?;
        tx.audit(AuditNew {
            at: order.at,
            actor: &order.author,
            action: if counts { "examples_imported" } else { "examples_asked" },
            object: format!("mapping decision {id}"),
            detail: format!("{} examples", examples.len()),
            reason: order.reason.as_deref(),
        })
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Which of some examples an order brought in that counts or waits, by their digests.
    pub async fn known_examples(&self, digests: &[&[u8]]) -> Result<HashSet<Vec<u8>>, StoreError> {
        let mut known = HashSet::new();
        for chunk in digests.chunks(PER_QUESTION) {
            let sql = format!(
                "SELECT e.digest FROM mapping_example e JOIN mapping_decision d ON d.id = e.decision_id \
                 WHERE e.digest IN {} AND d.state IN ('counted', 'waiting')",
                placeholders(1, chunk.len(), 1)
            );
            let vals = chunk.iter().map(|digest| Val::from(digest.to_vec())).collect();
            for row in self.db.rows(sql, vals).await? {
                known.insert(row.blob(0)?);
            }
        }
        Ok(known)
    }

    /// The examples of some orders, the latest `limit` of them, in the order they came.
    pub async fn examples_of(&self, orders: &[i64], limit: usize) -> Result<Vec<BroughtExample>, StoreError> {
        let mut found: Vec<(i64, BroughtExample)> = Vec::new();
        for chunk in orders.chunks(PER_QUESTION) {
            let sql = format!(
                "SELECT id, decision_id, digest, origin, title, doc_type, category, source_system, unit, product, author, \
                 reason, decided_at, product_name FROM mapping_example WHERE decision_id IN {} ORDER BY id DESC LIMIT {limit}",
                placeholders(1, chunk.len(), 1)
            );
            let rows = self.db.rows(sql, chunk.iter().map(|order| Val::from(*order)).collect()).await?;
            for row in &rows {
                found.push((row.int(0)?, BroughtExample { order: row.int(1)?, example: example_of(row)? }));
            }
        }
        found.sort_by_key(|(id, _)| *id);
        let first = found.len().saturating_sub(limit);
        Ok(found.into_iter().skip(first).map(|(_, brought)| brought).collect())
    }

    /// Tasks with their mappings and people, after a number, in order: all, or those people decided.
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
        let mut items = rows.iter().map(map_item_of).collect::<Result<Vec<_>, _>>()?;
        self.add_people(&mut items).await?;
        Ok(items)
    }
}

fn example_of(row: &Row) -> Result<ForeignExample, StoreError> {
    let product = row.opt_text(9)?.map(ProductCode::new).transpose();
    Ok(ForeignExample {
        digest: row.blob(2)?,
        origin: row.text(3)?,
        title: row.text(4)?,
        doc_type: row.text(5)?,
        category: row.text(6)?,
        source_system: row.text(7)?,
        unit: row.text(8)?,
        product: product.map_err(|error| StoreError::unexpected(error.to_string()))?,
        author: row.text(10)?,
        reason: row.text(11)?,
        decided_at: row.at(12)?,
        product_name: row.opt_text(13)?,
    })
}
