//! Requests of the last day to sources that allow only so many.
//!
//! Owns the counts by source and minute, so that neither a restart nor another replica begins a new day. It must not know
//! what is asked. A minute counts until a whole day after its end: rather a minute too long than one request too many.

use super::db::vals;
use super::{Store, StoreError};
use crate::domain::SourceId;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// Minutes of a day.
const DAY: i64 = 24 * 60;

impl Store {
    /// Counts a request that is about to leave, where fewer than `most` are counted for the last 24 hours; otherwise how
    /// long until one may leave, and nothing is counted.
    pub async fn count_request(
        &self,
        source: &SourceId,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Duration>, StoreError> {
        let minute = now.timestamp().div_euclid(60);
        let mut tx = self.db.begin().await?;
        // First: whoever else counts in this minute waits here.
        tx.execute(
            "INSERT INTO source_request (source_id, minute, requests) VALUES ($1, $2, 0) \
             ON CONFLICT (source_id, minute) DO UPDATE SET requests = source_request.requests",
            vals![source.as_str(), minute],
        )
        .await?;
        // A minute far ahead is left of a clock that was wrong.
        tx.execute(
            "DELETE FROM source_request WHERE source_id = $1 AND (minute < $2 OR minute > $3)",
            vals![source.as_str(), minute - DAY, minute + DAY],
        )
        .await?;
        let row = tx
            .row(
                "SELECT CAST(coalesce(sum(requests), 0) AS BIGINT), min(minute) FROM source_request \
                 WHERE source_id = $1 AND requests > 0",
                vals![source.as_str()],
            )
            .await?;
        let (counted, oldest) = match &row {
            Some(row) => (row.int(0)?, row.opt_int(1)?),
            None => (0, None),
        };
        if counted >= i64::from(most) {
            let free = (oldest.unwrap_or(minute).min(minute) + 1 + DAY) * 60;
            let wait = u64::try_from(free - now.timestamp()).unwrap_or_default().max(1);
            return Ok(Some(Duration::from_secs(wait)));
        }
        tx.execute(
            "UPDATE source_request SET requests = requests + 1 WHERE source_id = $1 AND minute = $2",
            vals![source.as_str(), minute],
        )
        .await?;
        tx.commit().await?;
        Ok(None)
    }
}
