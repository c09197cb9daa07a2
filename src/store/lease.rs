//! Leases between replicas: who may run a step or pull a source, until when.
//!
//! Owns expiry by the database's own clock (machines' clocks may differ) and the fence that grows with
//! every change of hands, so that a holder that slept too long is refused at its commit.

use super::db::vals;
use super::{Store, StoreError};
use std::time::Duration;

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

    /// Gives a lease back so that another replica need not wait for it to run out.
    pub async fn release_lease(&self, name: &str, owner: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute("DELETE FROM lease WHERE name = $1 AND owner = $2", vals![name, owner]).await?;
        tx.commit().await
    }
}
