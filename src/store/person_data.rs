//! What is kept about one person, for the report they may ask for.
//!
//! Owns the questions no other part asks: which periods have a record or a decision of somebody, and what was sent of
//! them. It must not know what the report looks like.

use super::db::vals;
use super::{Store, StoreError};
use crate::domain::{Period, PersonId};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

impl Store {
    /// Periods with a record, a decision, a hold or an opinion of a person.
    pub async fn touched_periods(&self, person: PersonId) -> Result<BTreeSet<Period>, StoreError> {
        let sql = "SELECT period FROM record_head WHERE person_id = $1 UNION SELECT period FROM decision WHERE person_id = $1 \
                   UNION SELECT period FROM record_hold WHERE person_id = $1 UNION SELECT period FROM record_opinion \
                   WHERE person_id = $1";
        self.db.rows(sql, vals![person]).await?.iter().map(|row| row.parsed(0)).collect()
    }

    /// Deliveries about a person, oldest first: target, kind, period, revision and state in words, and the moment.
    pub async fn outbox_of(&self, person: PersonId) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let sql = "SELECT target, kind, period, revision, state, created_at FROM outbox WHERE person_id = $1 ORDER BY target, seq";
        let rows = self.db.rows(sql, vals![person]).await?;
        rows.iter()
            .map(|row| {
                let (target, kind, period) = (row.text(0)?, row.text(1)?, row.text(2)?);
                let (revision, state, at) = (row.int(3)?, row.text(4)?, row.at(5)?);
                Ok((format!("{target} | {kind} | {period} r{revision} | {state}"), at))
            })
            .collect()
    }
}
