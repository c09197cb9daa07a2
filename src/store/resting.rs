//! What text settled by what an order taught, and its way back into the queue once the order is taken back.
//!
//! Owns which mappings may rest on an order: those that text gave its products (or put outside the catalog, where it did) while
//! it counted. Taking it back and saving what text settles exclude each other, so that none of them is missed. It must not
//! know how texts are read. What was put back stands as a task of the order that takes back.

use super::db::{Row, Tx, Val, placeholders, vals};
use super::mapping::{KEEP_DECISION, MAPPING_OF_TASK, MappingRow, MappingState, mapping_row, mapping_vals};
use super::review::{ORDER_COLUMNS, SETTLE_MAPPING, Settled, StoredOrder, order_of};
use super::{Store, StoreError};
use crate::error::Text;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Products per question.
const PER_QUESTION: usize = 500;

/// What an order gave its tasks, and what the examples are that it brought in.
const GIVEN: &str = "SELECT given FROM mapping_decision_task WHERE decision_id = $1";
const BROUGHT: &str = "SELECT DISTINCT product FROM mapping_example WHERE decision_id = $1";

/// Codes of products; none = outside the catalog.
type Said = BTreeSet<Option<String>>;

impl Store {
    /// The tasks whose mappings may rest on an order that counts, in order of number, at most `limit`.
    pub async fn resting_on(&self, order: &StoredOrder, limit: usize) -> Result<Vec<i64>, StoreError> {
        let given = self.db.rows(GIVEN, vals![order.id]).await?;
        let said = said_by(&given, &self.db.rows(BROUGHT, vals![order.id]).await?)?;
        let mut found = Vec::new();
        for (sql, vals) in questions(&said, order.confirmed_at.unwrap_or(order.at)) {
            for row in self.db.rows(format!("{sql} LIMIT {limit}"), vals).await? {
                found.push(row.int(0)?);
            }
        }
        found.sort_unstable();
        found.truncate(limit);
        Ok(found)
    }

    /// When an order text may rest on was last taken back, but by one undo.
    pub async fn last_undoing(&self, but: i64) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT coalesce(confirmed_at, at) FROM mapping_decision WHERE kind = 'undo' AND state = 'counted' \
                   AND id <> $1 AND NOT EXISTS (SELECT 1 FROM mapping_decision_share s WHERE s.decision_id = mapping_decision.id) \
                   ORDER BY 1 DESC LIMIT 1";
        self.db.row(sql, vals![but]).await?.map(|row| row.at(0)).transpose()
    }
}

impl Tx {
    /// Until this transaction ends no order is taken back; `alone` = nor does text settle anything. So what text settles
    /// either knows of an undo or is seen by it.
    pub(super) async fn hold_undoings(&mut self, alone: bool) -> Result<(), StoreError> {
        // SQLite has one writer at a time.
        if self.is_postgres() {
            let sql = if alone {
                "SELECT pg_advisory_xact_lock(7424)"
            } else {
                "SELECT pg_advisory_xact_lock_shared(7424)"
            };
            self.rows(sql, vals![]).await?;
        }
        Ok(())
    }

    /// Puts back into the queue what may rest on an order that is taken back, beside the rows the undo settles itself. The
    /// mapping step marks their scores when it looks at them.
    pub(super) async fn reopen_resting(
        &mut self,
        (undo, about): (i64, i64),
        rows: &[Settled],
        (who, at): (&str, DateTime<Utc>),
    ) -> Result<(), StoreError> {
        let order = self.order(about).await?;
        let reason = self.order(undo).await?.reason;
        let given = self.rows(GIVEN, vals![about]).await?;
        let said = said_by(&given, &self.rows(BROUGHT, vals![about]).await?)?;
        let settled: BTreeSet<i64> = rows.iter().map(|row| row.task).collect();
        let why = Text::new(
            format!("quyết định {about}, có thể là căn cứ của việc gán này, đã bị thu hồi"),
            format!("decision {about}, which this mapping may rest on, was taken back"),
        );
        let ground = serde_json::json!({
            "reason": why,
            "undone": { "decision": about, "author": who, "at": at, "reason": reason },
        });
        // What a person decides meanwhile is theirs.
        let lock = if self.is_postgres() { " FOR UPDATE" } else { "" };
        let mut reopened = Vec::new();
        for (sql, vals) in questions(&said, order.confirmed_at.unwrap_or(order.at)) {
            for row in self.rows(sql + lock, vals).await? {
                let (task, held) = (row.int(0)?, mapping_row(&row, 1)?);
                let given = MappingRow {
                    state: MappingState::Review,
                    product: None,
                    coefficient: None,
                    reason: ground.clone(),
                    decided_at: at,
                    ..held.clone()
                };
                if !settled.contains(&task) {
                    reopened.push(Settled { task, held: Some(held), given });
                }
            }
        }
        let given: Vec<(i64, &MappingRow)> = reopened.iter().map(|row| (row.task, &row.given)).collect();
        let vals = mapping_vals(&given)?;
        KEEP_DECISION.insert(self, vals.clone()).await?;
        SETTLE_MAPPING.insert(self, vals).await?;
        self.keep_tasks(undo, &reopened).await?;
        let sql = "UPDATE mapping_decision SET tasks = tasks + $2 WHERE id = $1";
        self.execute(sql, vals![undo, reopened.len() as u64]).await?;
        let tasks: Vec<i64> = reopened.iter().map(|row| row.task).collect();
        self.map_again(&tasks).await
    }

    pub(super) async fn order(&mut self, id: i64) -> Result<StoredOrder, StoreError> {
        let sql = format!("SELECT {ORDER_COLUMNS} FROM mapping_decision WHERE id = $1");
        let row = self.row(sql, vals![id]).await?;
        order_of(&row.ok_or_else(|| StoreError::unexpected("the order is gone"))?)
    }
}

/// What people say with an order: nothing is learned from anything else in it.
fn said_by(given: &[Row], brought: &[Row]) -> Result<Said, StoreError> {
    let mut said = Said::new();
    for row in given {
        let given: MappingRow = row.json(0)?;
        if given.decided_by == "operator"
            && matches!(given.state, MappingState::Mapped | MappingState::Outside)
        {
            said.insert(given.product.map(|code| code.as_str().to_owned()));
        }
    }
    for row in brought {
        said.insert(row.opt_text(0)?);
    }
    Ok(said)
}

/// The statements that find what text settled so since a moment: task and mapping, in order of number.
fn questions(said: &Said, since: DateTime<Utc>) -> Vec<(String, Vec<Val>)> {
    let ask = |which: String, of: &[&str]| {
        let sql = format!(
            "SELECT m.task_id, {MAPPING_OF_TASK} FROM mapping m WHERE m.decided_by = 'text' AND m.decided_at >= $1 \
             AND {which} ORDER BY m.task_id"
        );
        let mut vals = vals![since];
        vals.extend(of.iter().map(|code| Val::from(*code)));
        (sql, vals)
    };
    let codes: Vec<&str> = said.iter().flatten().map(String::as_str).collect();
    let mut questions: Vec<(String, Vec<Val>)> = codes
        .chunks(PER_QUESTION)
        .map(|some| {
            ask(format!("m.state = 'mapped' AND m.product IN {}", placeholders(1, some.len(), 2)), some)
        })
        .collect();
    if said.contains(&None) {
        questions.push(ask("m.state = 'outside'".to_owned(), &[]));
    }
    questions
}
