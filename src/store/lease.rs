//! Leases between replicas: who may run a step or pull a source, until when.
//!
//! Owns expiry by the database's own clock (machines' clocks may differ), the fence that grows with every
//! change of hands, so that a holder that slept too long is refused at its commit, and the taking back of what
//! an earlier process of the same data folder held when it was killed.

use super::db::vals;
use super::{Store, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// How long an item whose request died with its process is left alone: the request may still be on its way.
const UNCLEAR_PAUSE: TimeDelta = TimeDelta::seconds(2);

impl Store {
    /// Takes or renews a lease; the fence when it is ours now, none while another holder's is valid.
    pub async fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        ttl: Duration,
    ) -> Result<Option<i64>, StoreError> {
        let mut tx = self.db.begin().await?;
        let (now, until) = if tx.is_postgres() {
            ("clock_timestamp()", "clock_timestamp() + make_interval(secs => CAST($3 AS DOUBLE PRECISION))")
        } else {
            (
                "strftime('%Y-%m-%dT%H:%M:%fZ','now')",
                "strftime('%Y-%m-%dT%H:%M:%fZ','now','+' || $3 || ' seconds')",
            )
        };
        let sql = format!(
            "INSERT INTO lease (name, owner, fence, expires_at) VALUES ($1, $2, 1, {until}) \
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at, \
             fence = CASE WHEN lease.owner = excluded.owner THEN lease.fence ELSE lease.fence + 1 END \
             WHERE lease.owner = excluded.owner OR lease.expires_at < {now} RETURNING fence"
        );
        let seconds = i64::try_from(ttl.as_secs()).unwrap_or(60);
        let row = tx.row(sql, vals![name, owner, seconds]).await?;
        let fence = row.map(|row| row.int(0)).transpose()?;
        tx.commit().await?;
        Ok(fence)
    }

    /// Takes back what earlier processes of a replica held: a process that was killed gave nothing back, and
    /// waiting for its leases to run out would be an outage. Only whoever holds the replica's data folder may
    /// do so. Gives how many deliveries came back; one that had been sent is unclear now.
    pub async fn take_back(&self, replica: &str, owner: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let earlier = format!("{replica}/%");
        let mut tx = self.db.begin().await?;
        tx.execute("DELETE FROM lease WHERE owner LIKE $1 AND owner <> $2", vals![earlier.as_str(), owner])
            .await?;
        let items = tx
            .execute(
                "UPDATE outbox SET next_try_at = CASE WHEN state = 'sent' THEN $3 ELSE next_try_at END, \
                 state = CASE WHEN state = 'sent' THEN 'unknown' ELSE 'pending' END, lease_owner = NULL, lease_until = NULL \
                 WHERE settled_at IS NULL AND state IN ('leased', 'sent') AND lease_owner LIKE $1 AND lease_owner <> $2",
                vals![earlier.as_str(), owner, now + UNCLEAR_PAUSE],
            )
            .await?;
        tx.commit().await?;
        Ok(items)
    }

    /// Gives a lease back so that another replica need not wait for it to run out.
    pub async fn release_lease(&self, name: &str, owner: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute("DELETE FROM lease WHERE name = $1 AND owner = $2", vals![name, owner]).await?;
        tx.commit().await
    }
}
