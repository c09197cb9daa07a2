//! The shape of a source's records, one document per source.
//!
//! Owns keeping it and the journal entry when a person accepts it. It must not know what the document says.

use super::audit::AuditNew;
use super::db::{json, vals};
use super::{Store, StoreError};
use crate::domain::SourceId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Who accepts a changed shape, and how many changes.
#[derive(Debug, Clone, Copy)]
pub struct ShapeAccepted<'a> {
    /// Who.
    pub author: &'a str,
    /// How many changes.
    pub changes: usize,
}

impl Store {
    /// The shape kept of a source.
    pub async fn shape<T: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        source: &SourceId,
    ) -> Result<Option<T>, StoreError> {
        let sql = "SELECT body FROM source_shape WHERE source_id = $1";
        self.db.row(sql, vals![source.as_str()]).await?.map(|row| row.json(0)).transpose()
    }

    /// Keeps it; where a person accepts it, with an entry in the journal.
    pub async fn keep_shape<T: Serialize>(
        &self,
        source: &SourceId,
        shape: &T,
        accepted: Option<ShapeAccepted<'_>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO source_shape (source_id, updated_at, body) VALUES ($1, $2, $3) \
             ON CONFLICT (source_id) DO UPDATE SET updated_at = excluded.updated_at, body = excluded.body",
            vals![source.as_str(), now, json(shape)?],
        )
        .await?;
        if let Some(ShapeAccepted { author, changes }) = accepted {
            tx.audit(AuditNew {
                at: now,
                actor: author,
                action: "drift_accepted",
                object: format!("source {source}"),
                detail: format!("{changes} changes"),
                reason: None,
            })
            .await?;
        }
        tx.commit().await
    }
}
