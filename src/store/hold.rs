//! Holds on records while a complaint is verified, and notices of results to the people they are about.
//!
//! A hold is open until it is released; there is one open hold of a record at most. Each is written with its entry in
//! the journal in one transaction. It must not know who may hold or tell.

use super::audit::AuditNew;
use super::db::{Row, Tx, vals};
use super::{Store, StoreError};
use crate::domain::{Period, PersonId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::BTreeSet;

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Number.
    pub id: i64,
    /// Whose record.
    pub person: PersonId,
    /// Which period.
    pub period: Period,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Who ordered it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The complaint's document, where there is one.
    pub document: Option<String>,
    /// When and by whom it was released, and with what result; none while it is open.
    pub released: Option<(DateTime<Utc>, String, String)>,
}

/// What is written about a hold, its release, or a fact that is taken back.
#[derive(Debug, Clone, Copy)]
pub struct HoldWord<'a> {
    /// Who.
    pub author: &'a str,
    /// Why, or with what result.
    pub reason: &'a str,
    /// Document, where there is one.
    pub document: Option<&'a str>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A result that was told to the person it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Whose.
    pub person: PersonId,
    /// Which period.
    pub period: Period,
    /// Which revision.
    pub revision: u32,
    /// On which day.
    pub told_on: NaiveDate,
    /// How: in a meeting, by document, by electronic mail.
    pub how: String,
    /// The document it cites, where there is one.
    pub document: Option<String>,
    /// Who wrote it down.
    pub author: String,
    /// When it was written down.
    pub at: DateTime<Utc>,
}

const HOLD: &str =
    "id, person_id, period, at, author, reason, document, released_at, released_by, released_reason";

fn hold_of(row: &Row) -> Result<Hold, StoreError> {
    let released = match row.opt_at(7)? {
        Some(at) => Some((at, row.text(8)?, row.text(9)?)),
        None => None,
    };
    Ok(Hold {
        id: row.int(0)?,
        person: row.person(1)?,
        period: row.parsed(2)?,
        at: row.at(3)?,
        author: row.text(4)?,
        reason: row.text(5)?,
        document: row.opt_text(6)?,
        released,
    })
}

impl Store {
    /// The open hold of a record.
    pub async fn open_hold(&self, person: PersonId, period: Period) -> Result<Option<Hold>, StoreError> {
        let sql = format!(
            "SELECT {HOLD} FROM record_hold WHERE person_id = $1 AND period = $2 AND released_at IS NULL"
        );
        let row = self.db.row(sql, vals![person, period]).await?;
        row.map(|row| hold_of(&row)).transpose()
    }

    /// Open holds of a period's records.
    pub async fn open_holds(&self, period: Period) -> Result<Vec<Hold>, StoreError> {
        let sql =
            format!("SELECT {HOLD} FROM record_hold WHERE period = $1 AND released_at IS NULL ORDER BY id");
        self.db.rows(sql, vals![period]).await?.iter().map(hold_of).collect()
    }

    /// Every hold of a record, oldest first.
    pub async fn holds(&self, person: PersonId, period: Period) -> Result<Vec<Hold>, StoreError> {
        let sql = format!("SELECT {HOLD} FROM record_hold WHERE person_id = $1 AND period = $2 ORDER BY id");
        self.db.rows(sql, vals![person, period]).await?.iter().map(hold_of).collect()
    }

    /// Holds a record; false when it is held already.
    pub async fn hold(
        &self,
        person: PersonId,
        period: Period,
        word: HoldWord<'_>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let held = tx.hold(person, period, word).await?;
        tx.commit().await?;
        Ok(held)
    }

    /// Releases a record; false when it is not held.
    pub async fn release(
        &self,
        person: PersonId,
        period: Period,
        word: HoldWord<'_>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let released = tx.release(person, period, None, word).await?;
        tx.commit().await?;
        Ok(released)
    }

    /// Writes down that a result was told.
    pub async fn add_notice(&self, notice: &Notice) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let Notice { person, period, revision, told_on, how, document, author, at } = notice;
        tx.execute(
            "INSERT INTO record_notice (person_id, period, revision, told_on, how, author, at, document) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
            vals![*person, *period, *revision, *told_on, how.as_str(), author.as_str(), *at, document.clone()],
        )
        .await?;
        tx.audit(AuditNew {
            at: *at,
            actor: author,
            action: "record_notified",
            object: format!("record {person} {period} r{revision}"),
            detail: told_on.to_string(),
            reason: Some(how),
        })
        .await?;
        tx.commit().await
    }

    /// Whose results of a period were told, and which revision of them.
    pub async fn told(&self, period: Period) -> Result<BTreeSet<(PersonId, u32)>, StoreError> {
        let sql = "SELECT DISTINCT person_id, revision FROM record_notice WHERE period = $1";
        let rows = self.db.rows(sql, vals![period]).await?;
        rows.iter().map(|row| Ok((row.person(0)?, u32::try_from(row.int(1)?).unwrap_or(0)))).collect()
    }

    /// Every notice of a record, oldest first.
    pub async fn notices(&self, person: PersonId, period: Period) -> Result<Vec<Notice>, StoreError> {
        let sql = "SELECT person_id, period, revision, told_on, how, author, at, document FROM record_notice \
                   WHERE person_id = $1 AND period = $2 ORDER BY id";
        let rows = self.db.rows(sql, vals![person, period]).await?;
        rows.iter()
            .map(|row| {
                Ok(Notice {
                    person: row.person(0)?,
                    period: row.parsed(1)?,
                    revision: u32::try_from(row.int(2)?).unwrap_or(0),
                    told_on: row.day(3)?,
                    how: row.text(4)?,
                    author: row.text(5)?,
                    at: row.at(6)?,
                    document: row.opt_text(7)?,
                })
            })
            .collect()
    }
}

impl Tx {
    pub(super) async fn is_held(&mut self, person: PersonId, period: Period) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM record_hold WHERE person_id = $1 AND period = $2 AND released_at IS NULL";
        Ok(self.row(sql, vals![person, period]).await?.is_some())
    }

    pub(super) async fn hold(
        &mut self,
        person: PersonId,
        period: Period,
        word: HoldWord<'_>,
    ) -> Result<bool, StoreError> {
        if self.is_held(person, period).await? {
            return Ok(false);
        }
        self.execute(
            "INSERT INTO record_hold (person_id, period, at, author, reason, document) VALUES ($1,$2,$3,$4,$5,$6)",
            vals![person, period, word.at, word.author, word.reason, word.document.map(str::to_owned)],
        )
        .await?;
        self.told("record_held", person, period, word).await?;
        Ok(true)
    }

    /// Releases the open hold of a record, or only this one of them.
    pub(super) async fn release(
        &mut self,
        person: PersonId,
        period: Period,
        only: Option<i64>,
        word: HoldWord<'_>,
    ) -> Result<bool, StoreError> {
        let changed = self
            .execute(
                "UPDATE record_hold SET released_at = $3, released_by = $4, released_reason = $5, released_document = $6 \
                 WHERE person_id = $1 AND period = $2 AND released_at IS NULL AND ($7 = 0 OR id = $7)",
                vals![person, period, word.at, word.author, word.reason, word.document.map(str::to_owned), only.unwrap_or(0)],
            )
            .await?;
        if changed > 0 {
            self.told("record_released", person, period, word).await?;
        }
        Ok(changed > 0)
    }

    async fn told(
        &mut self,
        action: &'static str,
        person: PersonId,
        period: Period,
        word: HoldWord<'_>,
    ) -> Result<(), StoreError> {
        self.audit(AuditNew {
            at: word.at,
            actor: word.author,
            action,
            object: format!("record {person} {period}"),
            detail: word.document.unwrap_or_default().to_owned(),
            reason: Some(word.reason),
        })
        .await
    }
}
