//! What people decided: kept for ever, in the order it came, the newest wins.
//!
//! The same decision (origin and key) is kept once, so reading a page of the origin twice changes nothing.

use super::db::{Row, json, vals};
use super::{Store, StoreError};
use crate::domain::{Decision, Period, PersonId};

/// A decision with its number.
#[derive(Debug, Clone)]
pub struct StoredDecision {
    /// Number, in order of arrival.
    pub id: i64,
    /// Where it was made: a target's id, or `cli`.
    pub origin: String,
    /// The decision.
    pub decision: Decision,
}

impl Store {
    /// Keeps decisions and the origin's cursor in one transaction; gives how many were new. Scores of the
    /// people and periods concerned become due.
    pub async fn append_decisions(
        &self,
        origin: &str,
        decisions: &[Decision],
        cursor: Option<&str>,
    ) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let mut new = 0;
        let mut due = Vec::new();
        for decision in decisions {
            let inserted = tx
                .execute(
                    "INSERT INTO decision (origin, key, person_id, period, author, at, kind) VALUES ($1,$2,$3,$4,$5,$6,$7) \
                     ON CONFLICT (origin, key) DO NOTHING",
                    vals![origin, decision.key.as_str(), decision.person, decision.period, decision.author.as_str(),
                        decision.at, json(&decision.kind)?],
                )
                .await?;
            if inserted > 0 {
                new += 1;
                due.push((decision.person, decision.period));
            }
        }
        if let Some(cursor) = cursor {
            tx.execute(
                "INSERT INTO decision_cursor (origin, cursor) VALUES ($1,$2) ON CONFLICT (origin) DO UPDATE SET cursor = excluded.cursor",
                vals![origin, cursor],
            )
            .await?;
        }
        tx.score_due(&due).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Where reading an origin's decisions goes on.
    pub async fn decision_cursor(&self, origin: &str) -> Result<Option<String>, StoreError> {
        let row = self.db.row("SELECT cursor FROM decision_cursor WHERE origin = $1", vals![origin]).await?;
        row.map(|row| row.text(0)).transpose()
    }

    /// Everything decided about a person's period, oldest first.
    pub async fn decisions_of(
        &self,
        person: PersonId,
        period: Period,
    ) -> Result<Vec<StoredDecision>, StoreError> {
        let sql = "SELECT id, origin, key, person_id, period, author, at, kind FROM decision WHERE person_id = $1 AND period = $2 ORDER BY at, id";
        let rows = self.db.rows(sql, vals![person, period]).await?;
        rows.iter().map(decision_of).collect()
    }

    /// Approvals and classifications that no record has taken up yet, oldest first.
    pub async fn open_decisions(&self, limit: usize) -> Result<Vec<StoredDecision>, StoreError> {
        let sql = "SELECT id, origin, key, person_id, period, author, at, kind FROM decision WHERE NOT applied ORDER BY id LIMIT $1";
        let rows = self.db.rows(sql, vals![limit as u64]).await?;
        rows.iter().map(decision_of).collect()
    }

    /// Marks decisions as taken up by a record, or as needing none.
    pub async fn settle_decisions(&self, ids: &[i64]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for id in ids {
            tx.execute("UPDATE decision SET applied = $2 WHERE id = $1", vals![*id, true]).await?;
        }
        tx.commit().await
    }
}

fn decision_of(row: &Row) -> Result<StoredDecision, StoreError> {
    Ok(StoredDecision {
        id: row.int(0)?,
        origin: row.text(1)?,
        decision: Decision {
            key: row.text(2)?,
            person: row.person(3)?,
            period: row.parsed(4)?,
            author: row.text(5)?,
            at: row.at(6)?,
            kind: row.json(7)?,
        },
    })
}
