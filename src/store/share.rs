//! Shares of products as superiors entered them.
//!
//! Owns the entries, never changed, the parts of each task's newest entry, and what an order says about shares beside the order
//! itself (`review`): it is entered once the order counts. Entry, parts, the marks of scores they concern and the journal are one
//! transaction. It must not know what a share is worth.

use super::audit::AuditNew;
use super::bulk::{Bulk, Kind};
use super::db::{Row, Tx, Val, json, placeholders, vals};
use super::review::{Applied, MappingOrder, OrderKind, OrderState, detail_of};
use super::{Store, StoreError};
use crate::domain::{Period, PersonId, TaskKey};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One part of a task's product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskShare {
    /// The task.
    pub key: TaskKey,
    /// Whose; none = everyone's who has the task.
    pub person: Option<PersonId>,
    /// In which quarter; none = in the one the task belongs to.
    pub period: Option<Period>,
    /// 0 to 1; none = a supporting person.
    pub share: Option<Decimal>,
}

/// What an order says of one task's shares; it replaces what was entered before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharesNew {
    /// Number of the task.
    pub task: i64,
    /// The document it rests on.
    pub document: Option<String>,
    /// Person, quarter and share of each part; none = the task is whole again.
    pub parts: Vec<(Option<PersonId>, Option<Period>, Option<Decimal>)>,
    /// The parts it replaces, as whoever entered it saw them: their authority and the scores it concerns rest on them.
    pub before: Vec<TaskShare>,
    /// The parts as they were entered, for the history.
    pub written: Value,
    /// Scores it concerns, those of the people of the entry before it among them.
    pub due: Vec<(PersonId, Period)>,
}

const SHARES_OF_TASK: &str = "SELECT t.source_id, t.external_id, CAST(s.person_id AS TEXT), s.period, s.share FROM task_share s \
    JOIN task t ON t.id = s.task_id WHERE s.task_id = $1 ORDER BY s.ordinal";

static KEEP: Bulk = Bulk::sharing(
    "mapping_decision_share",
    &[("decision_id", Kind::Int)],
    &[("task_id", Kind::Int), ("body", Kind::Json)],
    "",
);

const SHARES_OF_ORDER: &str =
    "SELECT body FROM mapping_decision_share WHERE decision_id = $1 ORDER BY task_id";

impl Store {
    /// Writes an order about shares, which counts at once or waits for a second person; gives its number.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it counts and somebody else shared one of the tasks since it was read, or the order it takes
    /// back does not count any more; nothing is written then.
    pub async fn place_shares(
        &self,
        order: &MappingOrder,
        entries: &[SharesNew],
        counts: bool,
    ) -> Result<i64, StoreError> {
        let state = if counts { OrderState::Counted } else { OrderState::Waiting };
        let mut vals = Vec::with_capacity(entries.len() * 2);
        for entry in entries {
            vals.extend([Val::from(entry.task), json(entry)?]);
        }
        let mut tx = self.db.begin().await?;
        let id = tx.keep_order(order, state, entries.len()).await?;
        KEEP.bind(tx.is_postgres(), vals)?.write(&mut tx, vals![id]).await?;
        let by = (order.author.as_str(), order.at);
        if counts {
            let of = Applied { id, kind: order.kind, about: order.about, proposal: None };
            tx.apply_order(of, &[], &order.due, by).await?;
        }
        // What counts is told task by task.
        if !counts || order.kind == OrderKind::Undo {
            tx.audit(AuditNew {
                at: order.at,
                actor: &order.author,
                action: if counts { "mapping_decided" } else { "mapping_asked" },
                object: format!("mapping decision {id}"),
                detail: detail_of(order.kind, order.choice.as_deref(), entries.len(), order.about),
                reason: order.reason.as_deref(),
            })
            .await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// What an order says about shares, by task; none when it is about something else.
    pub async fn shares_of_order(&self, order: i64) -> Result<Vec<SharesNew>, StoreError> {
        self.db.rows(SHARES_OF_ORDER, vals![order]).await?.iter().map(|row| row.json(0)).collect()
    }

    /// The parts of every task some people have a stake or a share in, of each task in the order they were entered.
    pub async fn shares_concerning(&self, people: &[PersonId]) -> Result<Vec<TaskShare>, StoreError> {
        if people.is_empty() {
            return Ok(Vec::new());
        }
        let list = placeholders(1, people.len(), 1);
        let sql = format!(
            "SELECT t.source_id, t.external_id, CAST(s.person_id AS TEXT), s.period, s.share FROM task_share s \
             JOIN task t ON t.id = s.task_id WHERE s.task_id IN (SELECT task_id FROM task_share WHERE person_id IN {list} \
             UNION SELECT o.task_id FROM task_share o JOIN task_person p ON p.task_id = o.task_id WHERE p.person_id IN {list}) \
             ORDER BY s.task_id, s.ordinal"
        );
        let vals = people.iter().map(|person| Val::from(*person)).collect();
        self.db.rows(sql, vals).await?.iter().map(task_share).collect()
    }

    /// The parts of one task.
    pub async fn shares_of_task(&self, task: i64) -> Result<Vec<TaskShare>, StoreError> {
        self.db.rows(SHARES_OF_TASK, vals![task]).await?.iter().map(task_share).collect()
    }
}

impl Tx {
    /// Enters what an order says about shares, where it says anything; `at` = since when it counts.
    pub(super) async fn enter_shares(&mut self, order: i64, at: DateTime<Utc>) -> Result<(), StoreError> {
        let entries = self.rows(SHARES_OF_ORDER, vals![order]).await?;
        if entries.is_empty() {
            return Ok(());
        }
        let by = self.order(order).await?;
        let reason = by.reason.unwrap_or_default();
        for entry in &entries {
            let entry: SharesNew = entry.json(0)?;
            // Entries about one task come one after the other.
            if self.is_postgres() {
                self.row("SELECT id FROM task WHERE id = $1 FOR UPDATE", vals![entry.task]).await?;
            }
            let present = self.rows(SHARES_OF_TASK, vals![entry.task]).await?;
            let present = present.iter().map(task_share).collect::<Result<Vec<_>, _>>()?;
            if present != entry.before {
                return Err(StoreError::Conflict(format!("task {} was shared meanwhile", entry.task)));
            }
            self.execute(
                "INSERT INTO task_share_entry (task_id, author, document, reason, at, parts) VALUES ($1,$2,$3,$4,$5,$6)",
                vals![entry.task, by.author.as_str(), entry.document.clone(), reason.as_str(), at, json(&entry.written)?],
            )
            .await?;
            self.execute("DELETE FROM task_share WHERE task_id = $1", vals![entry.task]).await?;
            if !entry.parts.is_empty() {
                let mut vals = Vec::with_capacity(entry.parts.len() * 5);
                for (ordinal, (person, period, share)) in (0u64..).zip(&entry.parts) {
                    let person = Val::Id(person.map(|person| person.0));
                    vals.extend([Val::from(entry.task), Val::from(ordinal), person]);
                    vals.extend(vals![period.map(|period| period.to_string()), *share]);
                }
                let sql = format!(
                    "INSERT INTO task_share (task_id, ordinal, person_id, period, share) VALUES {}",
                    placeholders(entry.parts.len(), 5, 1)
                );
                self.execute(sql, vals).await?;
            }
            self.audit(AuditNew {
                at,
                actor: &by.author,
                action: "shares_entered",
                object: format!("task {}", entry.task),
                detail: format!("{} parts", entry.parts.len()),
                reason: Some(&reason),
            })
            .await?;
        }
        Ok(())
    }
}

fn task_share(row: &Row) -> Result<TaskShare, StoreError> {
    let unreadable = |what: &str| StoreError::unexpected(format!("a share with an unreadable {what}"));
    let person = row.opt_text(2)?.map(|id| id.parse().map_err(|_| unreadable("person"))).transpose()?;
    let period =
        row.opt_text(3)?.map(|period| period.parse().map_err(|_| unreadable("period"))).transpose()?;
    Ok(TaskShare {
        key: TaskKey { source: row.parsed(0)?, external_id: row.text(1)? },
        person,
        period,
        share: row.opt_num(4)?,
    })
}
