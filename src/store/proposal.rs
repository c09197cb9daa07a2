//! Products no catalog has yet: proposed with the tasks they cover, withdrawn, or brought by a catalog version.
//!
//! Owns the proposals and what their tasks may count as until then, frozen when they were proposed. Which tasks those
//! are, orders say (`review`); a proposal is open while any task waits for it, else what the orders about it that count
//! say, in the transaction of the last one.

use super::db::{Row, Tx, Val, json, placeholders, vals};
use super::mapping::{MappingRow, MappingState};
use super::review::{OrderKind, Settled};
use super::{Store, StoreError};
use crate::domain::{CatalogVersion, ComplexityGroup, ProductCode, UnitCode};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What a task of an open proposal may count as, by the switch `pending_coefficient_policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingProduct {
    /// Code under which the product is proposed.
    pub code: ProductCode,
    /// Provisional coefficient, above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coefficient: Option<Decimal>,
    /// The catch-all product of the catalog in force at assignment, and its coefficient there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_all: Option<(ProductCode, Decimal)>,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedProduct {
    /// Name of the product.
    pub name: String,
    /// Complexity group proposed.
    pub group: ComplexityGroup,
    /// Provisional coefficient, above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coefficient: Option<Decimal>,
    /// Field; empty when not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// Unit of measure of the output; empty when not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub measure: String,
}

/// A new proposal; the order that gives it its tasks goes with it.
#[derive(Debug, Clone)]
pub struct ProposalNew {
    /// Code under which it is proposed.
    pub code: ProductCode,
    /// The unit that proposes it.
    pub unit: Option<UnitCode>,
    /// What is proposed.
    pub product: ProposedProduct,
}

/// How far a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Waits for a catalog that has the product.
    Open,
    /// Was taken back.
    Withdrawn,
    /// A catalog version brought it.
    Accepted,
}

impl ProposalState {
    /// Stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Withdrawn => "withdrawn",
            Self::Accepted => "accepted",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Open, Self::Withdrawn, Self::Accepted]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| StoreError::unexpected(format!("unknown state \"{word}\" of a proposal")))
    }
}

/// A proposal as stored.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Number.
    pub id: i64,
    /// How far it is.
    pub state: ProposalState,
    /// Code under which it is proposed.
    pub code: ProductCode,
    /// The unit that proposes it.
    pub unit: Option<UnitCode>,
    /// What is proposed.
    pub product: ProposedProduct,
    /// Who proposed it.
    pub author: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// Who withdrew or accepted it.
    pub settled_by: Option<String>,
    /// When.
    pub settled_at: Option<DateTime<Utc>>,
    /// The product a catalog has now.
    pub accepted: Option<(ProductCode, CatalogVersion)>,
    /// How many tasks wait for it.
    pub tasks: u64,
}

const COLUMNS: &str = "p.id, p.state, p.code, p.unit_code, p.body, p.author, p.reason, p.at, p.settled_by, p.settled_at, \
    p.accepted_code, p.accepted_version, (SELECT count(*) FROM mapping_pending q WHERE q.proposal_id = p.id)";

impl Store {
    /// Proposals with a number below one, newest first; open ones only, or all.
    pub async fn proposals(&self, all: bool, before: i64, limit: usize) -> Result<Vec<Proposal>, StoreError> {
        let word = if all { "" } else { "open" };
        let sql = format!(
            "SELECT {COLUMNS} FROM product_proposal p WHERE p.id < $1 AND ($2 = '' OR p.state = $2) ORDER BY p.id DESC LIMIT $3"
        );
        let rows = self.db.rows(sql, vals![before, word, limit as u64]).await?;
        rows.iter().map(proposal_of).collect()
    }

    /// One proposal.
    pub async fn proposal(&self, id: i64) -> Result<Option<Proposal>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM product_proposal p WHERE p.id = $1");
        self.db.row(sql, vals![id]).await?.map(|row| proposal_of(&row)).transpose()
    }

    /// The open proposal of a code.
    pub async fn open_proposal(&self, code: &ProductCode) -> Result<Option<Proposal>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM product_proposal p WHERE p.code = $1 AND p.state = 'open'");
        self.db.row(sql, vals![code.as_str()]).await?.map(|row| proposal_of(&row)).transpose()
    }

    /// Numbers of the tasks that wait for a proposal's product, in order.
    pub async fn tasks_of_proposal(&self, id: i64) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT task_id FROM mapping_pending WHERE proposal_id = $1 ORDER BY task_id";
        self.db.rows(sql, vals![id]).await?.iter().map(|row| row.int(0)).collect()
    }
}

impl Tx {
    /// Writes a new proposal; gives its number.
    pub(super) async fn keep_proposal(
        &mut self,
        new: &ProposalNew,
        (author, at, reason): (&str, DateTime<Utc>, Option<&str>),
    ) -> Result<i64, StoreError> {
        let row = self
            .row(
                "INSERT INTO product_proposal (state, code, unit_code, body, author, reason, at) \
                 VALUES ('open',$1,$2,$3,$4,$5,$6) ON CONFLICT DO NOTHING RETURNING id",
                vals![
                    new.code.as_str(),
                    new.unit.as_ref().map(|unit| unit.as_str().to_owned()),
                    json(&new.product)?,
                    author,
                    reason.map(str::to_owned),
                    at
                ],
            )
            .await?;
        let taken = || StoreError::Conflict(format!("product {} is proposed already", new.code));
        row.ok_or_else(taken)?.int(0)
    }

    /// What the tasks of an order wait for from now on, and what that makes of the proposal it is about.
    pub(super) async fn follow_proposal(
        &mut self,
        proposal: Option<i64>,
        rows: &[Settled],
        (who, at): (&str, DateTime<Utc>),
    ) -> Result<(), StoreError> {
        let moved: Vec<&Settled> = rows
            .iter()
            .filter(|row| row.held.as_ref().is_some_and(|held| held.state == MappingState::Proposed))
            .collect();
        for chunk in moved.chunks(400) {
            let some = placeholders(1, chunk.len(), 1);
            let numbers = chunk.iter().map(|row| Val::from(row.task)).collect();
            self.execute(format!("DELETE FROM mapping_pending WHERE task_id IN {some}"), numbers).await?;
        }
        let Some(proposal) = proposal else { return Ok(()) };
        for row in rows {
            let Some(pending) = row.given.pending() else { continue };
            self.execute(
                "INSERT INTO mapping_pending (task_id, proposal_id, code, coefficient, catch_all, catch_all_coefficient) \
                 VALUES ($1,$2,$3,$4,$5,$6)",
                vals![
                    row.task,
                    proposal,
                    pending.code.as_str(),
                    pending.coefficient,
                    pending.catch_all.as_ref().map(|(code, _)| code.as_str().to_owned()),
                    pending.catch_all.map(|(_, coefficient)| coefficient)
                ],
            )
            .await?;
        }
        let waits = "SELECT 1 FROM mapping_pending WHERE proposal_id = $1 LIMIT 1";
        if self.row(waits, vals![proposal]).await?.is_some() {
            return self.settle_proposal(proposal, ProposalState::Open, (who, at)).await;
        }
        // No task waits for it any more: then the orders that count say what became of it.
        let last = "SELECT id, choice, kind FROM mapping_decision WHERE proposal_id = $1 AND kind IN ('propose', 'accept') \
                    AND state = 'counted' ORDER BY id DESC LIMIT 1";
        let Some(order) = self.row(last, vals![proposal]).await? else {
            return self.settle_proposal(proposal, ProposalState::Withdrawn, (who, at)).await;
        };
        if order.text(2)? != OrderKind::Accept.as_str() {
            return self.settle_proposal(proposal, ProposalState::Open, (who, at)).await;
        }
        self.settle_proposal(proposal, ProposalState::Accepted, (who, at)).await?;
        let (order, code) = (order.int(0)?, order.text(1)?);
        let first = "SELECT given FROM mapping_decision_task WHERE decision_id = $1 ORDER BY task_id LIMIT 1";
        let version = match self.row(first, vals![order]).await? {
            Some(row) => Some(row.json::<MappingRow>(0)?.catalog_version.to_string()),
            None => {
                let newest = "SELECT p.version FROM catalog_product p JOIN catalog_version v ON v.version = p.version \
                              WHERE p.code = $1 ORDER BY v.valid_from DESC, v.imported_at DESC LIMIT 1";
                self.row(newest, vals![code.as_str()]).await?.map(|row| row.text(0)).transpose()?
            }
        };
        self.execute(
            "UPDATE product_proposal SET accepted_code = $2, accepted_version = $3 WHERE id = $1",
            vals![proposal, code, version],
        )
        .await?;
        Ok(())
    }

    /// Says how far a proposal is and through whom.
    pub(super) async fn settle_proposal(
        &mut self,
        id: i64,
        state: ProposalState,
        (who, at): (&str, DateTime<Utc>),
    ) -> Result<(), StoreError> {
        let settled = (state != ProposalState::Open).then_some((who, at));
        self.execute(
            "UPDATE product_proposal SET state = $2, settled_by = $3, settled_at = $4, accepted_code = NULL, \
             accepted_version = NULL WHERE id = $1",
            vals![id, state.as_str(), settled.map(|(who, _)| who.to_owned()), settled.map(|(_, at)| at)],
        )
        .await?;
        Ok(())
    }
}

fn proposal_of(row: &Row) -> Result<Proposal, StoreError> {
    let code = |index| -> Result<Option<ProductCode>, StoreError> {
        let code = row.opt_text(index)?.map(ProductCode::new).transpose();
        code.map_err(|error| StoreError::unexpected(error.to_string()))
    };
    let accepted = match (code(10)?, row.opt_text(11)?) {
        (Some(code), Some(_)) => Some((code, row.parsed(11)?)),
        _ => None,
    };
    Ok(Proposal {
        id: row.int(0)?,
        state: ProposalState::parse(&row.text(1)?)?,
        code: row.parsed(2)?,
        unit: match row.opt_text(3)? {
            Some(_) => Some(row.parsed(3)?),
            None => None,
        },
        product: row.json(4)?,
        author: row.text(5)?,
        reason: row.opt_text(6)?,
        at: row.at(7)?,
        settled_by: row.opt_text(8)?,
        settled_at: row.opt_at(9)?,
        accepted,
        tasks: u64::try_from(row.int(12)?).unwrap_or(0),
    })
}
