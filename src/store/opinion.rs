//! Opinions about a result: of the provincial chair, of the party committee, of bodies concerned.
//!
//! Each is written with its entry in the journal, which carries none of its words, and never changed. It must not know who may write
//! one down or what it is asked for.

use super::audit::AuditNew;
use super::db::{Row, vals};
use super::{Store, StoreError};
use crate::domain::{Period, PersonId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::BTreeSet;

/// An opinion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// Whose result.
    pub person: PersonId,
    /// Which period.
    pub period: Period,
    /// `chair`, `party_committee` or `related_body`.
    pub kind: String,
    /// Name of the body, where it is one of many.
    pub body: Option<String>,
    /// The day it was given.
    pub said_on: NaiveDate,
    /// The document it stands in.
    pub document: Option<String>,
    /// What it says.
    pub words: String,
    /// Who wrote it down.
    pub author: String,
    /// When it was written down.
    pub at: DateTime<Utc>,
}

fn opinion_of(row: &Row) -> Result<Opinion, StoreError> {
    Ok(Opinion {
        person: row.person(0)?,
        period: row.parsed(1)?,
        kind: row.text(2)?,
        body: row.opt_text(3)?,
        said_on: row.day(4)?,
        document: row.opt_text(5)?,
        words: row.text(6)?,
        author: row.text(7)?,
        at: row.at(8)?,
    })
}

impl Store {
    /// Writes an opinion down.
    pub async fn add_opinion(&self, opinion: &Opinion) -> Result<(), StoreError> {
        let Opinion { person, period, kind, body, said_on, document, words, author, at } = opinion;
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO record_opinion (person_id, period, kind, body, said_on, document, words, author, at) \
             VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
            vals![
                *person,
                *period,
                kind.as_str(),
                body.clone(),
                *said_on,
                document.clone(),
                words.as_str(),
                author.as_str(),
                *at
            ],
        )
        .await?;
        tx.audit(AuditNew {
            at: *at,
            actor: author,
            action: "opinion_kept",
            object: format!("record {person} {period}"),
            detail: format!("{kind} {said_on}"),
            reason: document.as_deref(),
        })
        .await?;
        tx.commit().await
    }

    /// Every opinion about a record, oldest first.
    pub async fn opinions(&self, person: PersonId, period: Period) -> Result<Vec<Opinion>, StoreError> {
        let sql = "SELECT person_id, period, kind, body, said_on, document, words, author, at FROM record_opinion \
                   WHERE person_id = $1 AND period = $2 ORDER BY id";
        self.db.rows(sql, vals![person, period]).await?.iter().map(opinion_of).collect()
    }

    /// Of whose records of a period there is an opinion of this kind.
    pub async fn with_opinion(&self, period: Period, kind: &str) -> Result<BTreeSet<PersonId>, StoreError> {
        let sql = "SELECT DISTINCT person_id FROM record_opinion WHERE period = $1 AND kind = $2";
        self.db.rows(sql, vals![period, kind]).await?.iter().map(|row| row.person(0)).collect()
    }
}
