//! Whether the field key at hand is the one this store was written with.
//!
//! Owns the check value in `meta`: derived from the key one way, written by the first migration, compared at every
//! opening as long as no other key took its place (`rotate`). It must not know where the key comes from. With another key nothing is opened and nothing is changed:
//! citizen ids sealed with two keys in one store could never be read by one of them again.

use super::db::vals;
use super::{Store, StoreError, Vault};

/// The migration since which a store may have accepted another key.
const ROTATES: i64 = 19;

/// Sealed values tried where a store has no check value yet: one damaged value is not another key.
const TRIED: i64 = 20;

impl Store {
    /// Whether the key is one this store accepts.
    pub fn is_opened_with(&self, key: &[u8; 32]) -> bool {
        self.vault.checks().contains(&Vault::new(key).check_value())
    }

    /// The keys the store accepts, opened by this one; another one is refused. A store without schema has none yet.
    pub(super) async fn with_its_keys(mut self, key: &[u8; 32]) -> Result<Self, StoreError> {
        if self.schema_number().await? == 0 {
            return Ok(self);
        }
        // Migrations may have come in any order: the number alone does not tell.
        let rotates = "SELECT count(*) FROM _sqlx_migrations WHERE version = $1";
        if self.db.count(rotates, vals![ROTATES]).await? > 0
            && let Some(vault) = self.admitted(key).await?
        {
            self.vault = vault;
            return Ok(self);
        }
        self.require_key().await?;
        Ok(self)
    }

    /// Refuses another key than the one the store was written with.
    async fn require_key(&self) -> Result<(), StoreError> {
        let row = self.db.row("SELECT value FROM meta WHERE key = 'field_key_check'", vals![]).await?;
        match row.map(|row| row.text(0)).transpose()? {
            Some(check) if check == self.vault.check_value() => Ok(()),
            Some(_) => Err(StoreError::OtherKey),
            None => self.require_what_is_sealed_to_open().await,
        }
    }

    /// Keeps the check value of the key where there is none yet. Replicas may do so at once: the first one's
    /// stands, and another key is refused.
    pub(super) async fn keep_key_check(&self) -> Result<(), StoreError> {
        if self.db.row("SELECT check_value FROM field_key LIMIT 1", vals![]).await?.is_some() {
            return Ok(());
        }
        self.require_key().await?;
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO meta (key, value) VALUES ('field_key_check', $1) ON CONFLICT (key) DO NOTHING",
            vals![self.vault.check_value()],
        )
        .await?;
        tx.commit().await?;
        self.require_key().await
    }

    async fn require_what_is_sealed_to_open(&self) -> Result<(), StoreError> {
        let sealed = [
            ("citizen", "SELECT citizen_sealed FROM person WHERE citizen_sealed IS NOT NULL LIMIT $1"),
            ("outbox", "SELECT payload FROM outbox LIMIT $1"),
        ];
        for (place, sql) in sealed {
            let rows = self.db.rows(sql, vals![TRIED]).await?;
            let mut opens = rows.is_empty();
            for row in rows {
                opens |= self.vault.open(place, &row.blob(0)?).is_ok();
            }
            if !opens {
                return Err(StoreError::OtherKey);
            }
        }
        Ok(())
    }
}
