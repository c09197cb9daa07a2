//! Shares of products as superiors entered them.
//!
//! Owns the entries, never changed, and the parts of each task's newest entry. Entry, parts, the marks of scores they
//! concern and the journal are one transaction. It must not know what a share is worth.

use super::audit::AuditNew;
use super::db::{Row, Val, json, placeholders, vals};
use super::{Store, StoreError};
use crate::domain::{Period, PersonId, TaskKey};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::Value;

/// One part of a task's product.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// An entry about one task; it replaces the one before it.
#[derive(Debug, Clone)]
pub struct SharesNew {
    /// Number of the task.
    pub task: i64,
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

impl Store {
    /// Keeps entries of one author, with the document they cite and the reason.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else shared one of the tasks since it was read; nothing is written then.
    pub async fn enter_shares(
        &self,
        entries: &[SharesNew],
        (author, document, reason): (&str, Option<&str>, &str),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for entry in entries {
            // Entries about one task come one after the other.
            if tx.is_postgres() {
                tx.row("SELECT id FROM task WHERE id = $1 FOR UPDATE", vals![entry.task]).await?;
            }
            let present = tx.rows(SHARES_OF_TASK, vals![entry.task]).await?;
            let present = present.iter().map(task_share).collect::<Result<Vec<_>, _>>()?;
            if present != entry.before {
                return Err(StoreError::Conflict(format!("task {} was shared meanwhile", entry.task)));
            }
            tx.execute(
                "INSERT INTO task_share_entry (task_id, author, document, reason, at, parts) VALUES ($1,$2,$3,$4,$5,$6)",
                vals![entry.task, author, document.map(str::to_owned), reason, now, json(&entry.written)?],
            )
            .await?;
            tx.execute("DELETE FROM task_share WHERE task_id = $1", vals![entry.task]).await?;
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
                tx.execute(sql, vals).await?;
            }
            tx.score_due(&entry.due).await?;
            tx.audit(AuditNew {
                at: now,
                actor: author,
                action: "shares_entered",
                object: format!("task {}", entry.task),
                detail: format!("{} parts", entry.parts.len()),
                reason: Some(reason),
            })
            .await?;
        }
        tx.commit().await
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
