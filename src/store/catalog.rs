//! Catalog versions and their products.
//!
//! Owns versions as imported: none is ever edited. Which task is which product is the business of `mapping`.

use super::audit::AuditNew;
use super::db::{Val, json, placeholders, vals};
use super::{Store, StoreError};
use crate::domain::{
    CatalogProduct, CatalogScope, CatalogVersion, Period, PersonId, ProductCode, ProductKind, UnitCode,
};
use chrono::{DateTime, NaiveDate, Utc};
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
    /// Periods whose coefficients it changes: everyone is scored again for them.
    pub moves: &'a [Period],
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
            moves: &[],
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
        // What no version was for when it was looked at; the mapping step itself ranks again what waits for a person.
        tx.execute(
            "UPDATE task SET map_due = $1 WHERE NOT map_due AND NOT EXISTS (SELECT 1 FROM mapping m WHERE m.task_id = task.id)",
            vals![true],
        )
        .await?;
        tx.everyone_due(new.moves).await?;
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

    /// Tasks with one of some products that are due in a period, with whoever has a stake in them and the day.
    pub async fn stakes_due_with(
        &self,
        period: Period,
        codes: &[ProductCode],
    ) -> Result<Vec<(i64, PersonId, NaiveDate)>, StoreError> {
        let mut stakes = Vec::new();
        for some in codes.chunks(400) {
            let sql = format!(
                "SELECT m.task_id, p.person_id, t.due_day FROM mapping m JOIN task t ON t.id = m.task_id \
                 JOIN task_person p ON p.task_id = m.task_id \
                 WHERE t.due_day >= $1 AND t.due_day <= $2 AND m.product IN {}",
                placeholders(1, some.len(), 3)
            );
            let mut vals = vals![period.first_day(), period.last_day()];
            vals.extend(some.iter().map(|code| Val::from(code.as_str())));
            for row in self.db.rows(sql, vals).await? {
                stakes.push((row.int(0)?, row.person(1)?, row.day(2)?));
            }
        }
        Ok(stakes)
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
}
