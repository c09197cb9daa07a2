//! What a score rested on, kept beside it: the working days it was counted by, and the derivations revisions of records stand in
//! whose score has moved on.
//!
//! Owns both tables. A table of working days is kept once, by its hash. The derivation of a record that does not move by
//! itself (approved, corrected, revoked, or of a closed period) is kept under its newest revision in the transaction that
//! writes another one over it, as long as the record says what it said, and for good: a result that was corrected is still to be
//! explained. It must not know how scores are computed. An error of the database is the caller's.

use super::db::{Row, Tx, Val, json, placeholders, vals};
use super::packed::Packed;
use super::score::PER_QUESTION;
use super::{Store, StoreError};
use crate::domain::{Period, PersonId};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;

/// Days that are otherwise than Monday to Friday, each with whether offices are open.
pub type Days = BTreeMap<NaiveDate, bool>;

/// The derivation a record stands in.
#[derive(Debug, Clone)]
pub struct Stood {
    /// Its JSON text.
    pub derivation: Vec<u8>,
    /// Hash of the working days counted by; none where none count.
    pub working_days: Option<String>,
    /// When it was computed.
    pub computed_at: DateTime<Utc>,
}

impl Store {
    /// Keeps a table of working days under its hash.
    pub async fn keep_working_days(
        &self,
        hash: &str,
        days: &Days,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO working_days (hash, body, first_used_at) VALUES ($1,$2,$3) ON CONFLICT (hash) DO NOTHING";
        let mut tx = self.db.begin().await?;
        tx.execute(sql, vals![hash, json(days)?, now]).await?;
        tx.commit().await
    }

    /// A table of working days that was kept.
    pub async fn kept_working_days(&self, hash: &str) -> Result<Option<Days>, StoreError> {
        let row = self.db.row("SELECT body FROM working_days WHERE hash = $1", vals![hash]).await?;
        row.map(|row| row.json(0)).transpose()
    }

    /// What the figures of a record follow from, where its score has moved away from them since.
    pub async fn stood(&self, person: PersonId, period: Period) -> Result<Option<Stood>, StoreError> {
        // What was kept before the record followed its score the last time is of figures it does not say any more.
        let sql = "SELECT derivation, working_days, computed_at FROM revision_ground \
                   WHERE person_id = $1 AND period = $2 AND revision >= (SELECT coalesce(max(r.revision), 0) FROM record r \
                   WHERE r.person_id = $1 AND r.period = $2 AND (r.author = $3 OR r.state = 'corrected')) \
                   ORDER BY revision DESC LIMIT 1";
        let row = self.db.row(sql, vals![person, period, super::DAEMON]).await?;
        row.as_ref().map(stood).transpose()
    }

    /// Under which revisions of a record something was kept.
    pub async fn stood_under(&self, person: PersonId, period: Period) -> Result<Vec<u32>, StoreError> {
        let sql =
            "SELECT revision FROM revision_ground WHERE person_id = $1 AND period = $2 ORDER BY revision";
        let rows = self.db.rows(sql, vals![person, period]).await?;
        rows.iter().map(|row| Ok(u32::try_from(row.int(0)?).unwrap_or(0))).collect()
    }

    /// What was kept under a revision of a record.
    pub async fn stood_by(
        &self,
        person: PersonId,
        period: Period,
        revision: u32,
    ) -> Result<Option<Stood>, StoreError> {
        let sql = "SELECT derivation, working_days, computed_at FROM revision_ground \
                   WHERE person_id = $1 AND period = $2 AND revision = $3";
        let row = self.db.row(sql, vals![person, period, revision]).await?;
        row.as_ref().map(stood).transpose()
    }
}

fn stood(row: &Row) -> Result<Stood, StoreError> {
    Ok(Stood {
        derivation: Packed::kept(row.blob(0)?).text()?,
        working_days: row.opt_text(1)?,
        computed_at: row.at(2)?,
    })
}

impl Tx {
    /// Keeps the derivations of some people's scores that are about to be written over, where their record stands and
    /// has followed them.
    pub(super) async fn keep_what_stands(
        &mut self,
        (period, scope): (Period, &str),
        people: &[PersonId],
    ) -> Result<(), StoreError> {
        for some in people.chunks(PER_QUESTION) {
            let sql = format!(
                "INSERT INTO revision_ground (person_id, period, revision, derivation, working_days, computed_at) \
                 SELECT s.person_id, s.period, h.revision, s.derivation, s.working_days, s.computed_at FROM score s \
                 JOIN record_head h ON h.person_id = s.person_id AND h.period = s.period \
                 WHERE s.period = $1 AND s.scope = $2 AND NOT s.record_due AND h.difference IS NULL \
                 AND (h.state IN ('approved', 'delivered', 'corrected', 'revoked') \
                 OR EXISTS (SELECT 1 FROM period_close c WHERE c.period = s.period) \
                 OR EXISTS (SELECT 1 FROM unit_close u WHERE u.period = s.period AND u.unit_code = s.unit_code)) \
                 AND s.person_id IN {} ON CONFLICT (person_id, period, revision) DO NOTHING",
                placeholders(1, some.len(), 3)
            );
            let mut vals = vals![period, scope];
            vals.extend(some.iter().map(|person| Val::from(*person)));
            self.execute(sql, vals).await?;
        }
        Ok(())
    }
}
