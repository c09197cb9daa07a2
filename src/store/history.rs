//! Results from before this installation, imported, or a person's word that there are none.
//!
//! Each row that is new or says something else has its entry in the journal in the same transaction; what it replaces
//! is kept. It must not know which rows may be imported or by whom.

use super::audit::AuditNew;
use super::db::{json, vals};
use super::{Store, StoreError};
use crate::domain::{Period, PersonId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// What is known of a person's earlier results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryState {
    /// Imported.
    Imported,
    /// A named person signed that there are none.
    SignedEmpty,
    /// Nobody said anything yet.
    Missing,
}

/// Who answers for imported results, or for there being none.
#[derive(Debug, Clone, Copy)]
pub struct Importer<'a> {
    /// Who.
    pub author: &'a str,
    /// The document it cites.
    pub document: Option<&'a str>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Keeps earlier results; one that says something else than what is known takes its place, and that is kept as it
    /// was. Gives how many were new or replaced something.
    pub async fn import_history(
        &self,
        rows: &[(PersonId, Period, Value)],
        by: Importer<'_>,
    ) -> Result<u64, StoreError> {
        let Importer { author, document, at } = by;
        let mut tx = self.db.begin().await?;
        let mut due = Vec::new();
        let mut told = Vec::new();
        for (person, period, value) in rows {
            let sql = "SELECT row FROM history WHERE person_id = $1 AND period = $2";
            let held = tx.row(sql, vals![*person, *period]).await?.map(|row| row.json(0)).transpose()?;
            if held.as_ref() == Some(value) {
                continue;
            }
            tx.execute(
                "INSERT INTO history_replaced (person_id, period, row, author, at, document, replaced_at) \
                 SELECT person_id, period, row, author, at, document, $3 FROM history WHERE person_id = $1 AND period = $2",
                vals![*person, *period, at],
            )
            .await?;
            tx.execute(
                "INSERT INTO history (person_id, period, row, author, at, document) VALUES ($1,$2,$3,$4,$5,$6) \
                 ON CONFLICT (person_id, period) DO UPDATE SET row = excluded.row, author = excluded.author, at = excluded.at, \
                 document = excluded.document",
                vals![*person, *period, json(value)?, author, at, document.map(str::to_owned)],
            )
            .await?;
            due.extend(period.means().into_iter().map(|mean| (*person, mean)));
            due.push((*person, Period::Year(period.year())));
            let hash = Sha256::digest(value.to_string().as_bytes());
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            let how = if held.is_some() { "replaces" } else { "new" };
            told.push(AuditNew {
                at,
                actor: author,
                action: "history_imported",
                object: format!("history {person} {period}"),
                detail: format!("{how} {hash}"),
                reason: document,
            });
        }
        let kept = told.len() as u64;
        tx.score_due(&due).await?;
        tx.audit_all(told).await?;
        tx.commit().await?;
        Ok(kept)
    }

    /// Earlier results of a person that were replaced, oldest first.
    pub async fn replaced_history(&self, person: PersonId) -> Result<Vec<(Period, Value)>, StoreError> {
        let sql = "SELECT period, row FROM history_replaced WHERE person_id = $1 ORDER BY id";
        let rows = self.db.rows(sql, vals![person]).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, row.json(1)?))).collect()
    }

    /// Everyone about whose earlier results nobody said anything yet.
    pub async fn people_without_history(&self) -> Result<Vec<PersonId>, StoreError> {
        let sql = "SELECT id FROM person p WHERE NOT EXISTS (SELECT 1 FROM history h WHERE h.person_id = p.id) \
                   AND NOT EXISTS (SELECT 1 FROM history_empty e WHERE e.person_id = p.id) ORDER BY staff_number";
        self.db.rows(sql, vals![]).await?.iter().map(|row| row.person(0)).collect()
    }

    /// Keeps a named author's word that people have no earlier results; of whom something is known already it changes
    /// nothing. Gives of how many it is kept.
    pub async fn sign_history_empty(
        &self,
        people: &[PersonId],
        reason: &str,
        by: Importer<'_>,
    ) -> Result<u64, StoreError> {
        let Importer { author, document, at } = by;
        let mut tx = self.db.begin().await?;
        let sql = "INSERT INTO history_empty (person_id, author, reason, document, at) SELECT id, $1, $2, $3, $4 FROM person p \
                   WHERE id = $5 AND NOT EXISTS (SELECT 1 FROM history h WHERE h.person_id = p.id) ON CONFLICT (person_id) DO NOTHING";
        let mut signed = 0;
        for person in people {
            let vals = vals![author, reason, document.map(str::to_owned), at, *person];
            signed += tx.execute(sql, vals).await?;
        }
        tx.audit(AuditNew {
            at,
            actor: author,
            action: "history_signed_empty",
            object: format!("{signed} people"),
            detail: document.map(str::to_owned).unwrap_or_default(),
            reason: Some(reason),
        })
        .await?;
        tx.commit().await?;
        Ok(signed)
    }

    /// What is known of a person's earlier results.
    pub async fn history_state(&self, person: PersonId) -> Result<HistoryState, StoreError> {
        if self.db.count("SELECT count(*) FROM history WHERE person_id = $1", vals![person]).await? > 0 {
            return Ok(HistoryState::Imported);
        }
        let signed =
            self.db.count("SELECT count(*) FROM history_empty WHERE person_id = $1", vals![person]).await?;
        Ok(if signed > 0 { HistoryState::SignedEmpty } else { HistoryState::Missing })
    }

    /// Everybody's earlier result of a period.
    pub async fn history_of(&self, period: Period) -> Result<HashMap<PersonId, Value>, StoreError> {
        let sql = "SELECT person_id, row FROM history WHERE period = $1";
        let rows = self.db.rows(sql, vals![period]).await?;
        rows.iter().map(|row| Ok((row.person(0)?, row.json(1)?))).collect()
    }

    /// A person's earlier results, oldest period first.
    pub async fn history(&self, person: PersonId) -> Result<Vec<(Period, Value)>, StoreError> {
        let rows =
            self.db.rows("SELECT period, row FROM history WHERE person_id = $1", vals![person]).await?;
        let mut history = rows
            .iter()
            .map(|row| Ok((row.parsed(0)?, row.json(1)?)))
            .collect::<Result<Vec<(Period, Value)>, StoreError>>()?;
        history.sort_by_key(|(period, _)| *period);
        Ok(history)
    }
}
