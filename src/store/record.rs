//! Evaluation records: immutable revisions and the close of a period.
//!
//! A revision, the audit entry that tells of it and the deliveries that follow from it are one transaction.
//! Two writers of one record cannot both win: a revision names the one it follows.

use super::audit::AuditNew;
use super::db::{Row, Tx, Val, json, placeholders, vals};
use super::outbox::OutboxNew;
use super::{Store, StoreError};
use crate::domain::{Period, PersonId, RecordState, UnitCode};
use crate::error::Finding;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// One revision.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Whose record.
    pub person: PersonId,
    /// Which period.
    pub period: Period,
    /// Number, from 1.
    pub revision: u32,
    /// State.
    pub state: RecordState,
    /// Unit at the end of the period.
    pub unit: UnitCode,
    /// Content.
    pub content: Value,
    /// SHA-256 of the content's canonical bytes.
    pub content_hash: String,
    /// What changed since the revision before.
    pub summary: Value,
    /// Who made it.
    pub author: String,
    /// Why, for corrections.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A revision to be added.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// The revision, with its number.
    pub revision: Revision,
    /// Deliveries that follow from it.
    pub outbox: Vec<OutboxNew>,
    /// Decisions it takes up.
    pub settles: Vec<i64>,
    /// People and periods whose score depends on it.
    pub due: Vec<(PersonId, Period)>,
}

/// A closed period.
#[derive(Debug, Clone, Serialize)]
pub struct PeriodClose {
    /// Which.
    pub period: Period,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub author: String,
    /// The document it cites, where one was given.
    pub document: Option<String>,
    /// What the checklist said, and why a person accepted what stands open.
    pub checklist: Value,
}

impl PeriodClose {
    /// Why it was closed although points stood open, as the journal keeps it.
    pub(super) fn because(&self) -> Option<String> {
        let accepted = self.checklist.get("accepted_because").and_then(Value::as_str).map(str::to_owned);
        match (accepted, &self.document) {
            (Some(reason), Some(document)) => Some(format!("{reason} ({document})")),
            (reason, document) => reason.or_else(|| document.clone()),
        }
    }
}

/// One line of a list of records.
#[derive(Debug, Clone, Serialize)]
pub struct RecordLine {
    /// Whose.
    pub person: PersonId,
    /// Staff number.
    pub staff_number: String,
    /// Name.
    pub full_name: String,
    /// Which period.
    pub period: Period,
    /// Newest revision.
    pub revision: u32,
    /// Its state.
    pub state: RecordState,
    /// Unit.
    pub unit: String,
    /// Its content.
    pub content: Value,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The day the person was told of this revision last (art. 17.3).
    pub told_on: Option<NaiveDate>,
    /// The imported result that stands for the period while nobody decided here.
    pub imported: Option<Value>,
}

impl RecordLine {
    /// The name of its state for whoever looks at it: of a period whose result was imported that it was.
    pub fn shown_state(&self) -> &'static str {
        if self.imported.is_some() { super::IMPORTED } else { self.state.as_str() }
    }

    /// Where a list goes on after this line.
    pub fn place(&self) -> String {
        format!("{}/{}", self.staff_number, self.period)
    }
}

/// Of `record_head h`: nobody put a word to it yet, so that an imported result of its period stands.
pub(super) const UNDECIDED: &str = "h.state IN ('computed', 'provisional')";

pub(super) const COLUMNS: &str = "r.person_id, r.period, r.revision, r.state, r.unit_code, r.content, r.content_hash, r.summary, r.author, r.reason, r.at";

fn state_of(word: &str) -> Result<RecordState, StoreError> {
    RecordState::parse(word).ok_or_else(|| StoreError::unexpected(format!("unknown record state \"{word}\"")))
}

pub(super) fn revision_of(row: &Row) -> Result<Revision, StoreError> {
    Ok(Revision {
        person: row.person(0)?,
        period: row.parsed(1)?,
        revision: u32::try_from(row.int(2)?).unwrap_or(0),
        state: state_of(&row.text(3)?)?,
        unit: row.parsed(4)?,
        content: row.json(5)?,
        content_hash: row.text(6)?,
        summary: row.json(7)?,
        author: row.text(8)?,
        reason: row.opt_text(9)?,
        at: row.at(10)?,
    })
}

impl Store {
    /// The newest revision of a record.
    pub async fn latest_revision(
        &self,
        person: PersonId,
        period: Period,
    ) -> Result<Option<Revision>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM record r WHERE r.person_id = $1 AND r.period = $2 ORDER BY r.revision DESC LIMIT 1"
        );
        let row = self.db.row(sql, vals![person, period]).await?;
        let mut revision = row.map(|row| revision_of(&row)).transpose()?;
        if let Some(revision) = &mut revision {
            // Delivery changes the head's state, never a revision.
            let head = self
                .db
                .row(
                    "SELECT state FROM record_head WHERE person_id = $1 AND period = $2",
                    vals![person, period],
                )
                .await?;
            if let Some(head) = head {
                revision.state = state_of(&head.text(0)?)?;
            }
        }
        Ok(revision)
    }

    /// Every revision of a record, oldest first.
    pub async fn revisions(&self, person: PersonId, period: Period) -> Result<Vec<Revision>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM record r WHERE r.person_id = $1 AND r.period = $2 ORDER BY r.revision"
        );
        let rows = self.db.rows(sql, vals![person, period]).await?;
        rows.iter().map(revision_of).collect()
    }

    /// The newest approved revision of every period of a person that was not revoked since, oldest period first.
    pub async fn approved_revisions(&self, person: PersonId) -> Result<Vec<Revision>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM record r JOIN (SELECT period, max(revision) AS revision FROM record WHERE person_id = $1 \
             AND state = 'approved' GROUP BY period) n ON n.period = r.period AND n.revision = r.revision WHERE r.person_id = $1 \
             AND NOT EXISTS (SELECT 1 FROM record v WHERE v.person_id = r.person_id AND v.period = r.period \
             AND v.state = 'revoked' AND v.revision > r.revision)"
        );
        let rows = self.db.rows(sql, vals![person]).await?;
        let mut revisions = rows.iter().map(revision_of).collect::<Result<Vec<_>, _>>()?;
        revisions.sort_by_key(|revision| revision.period);
        Ok(revisions)
    }

    /// The revision of some people's record of a period that was approved last: it stands, whatever is computed
    /// later, until a correction is approved in its turn or it is revoked.
    pub async fn approved_of(
        &self,
        people: &[PersonId],
        period: Period,
    ) -> Result<HashMap<PersonId, Revision>, StoreError> {
        if people.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT {COLUMNS}, h.revision, h.state FROM record r \
             JOIN record_head h ON h.person_id = r.person_id AND h.period = r.period \
             WHERE r.period = $1 AND r.person_id IN {} AND r.state = 'approved' \
             AND NOT EXISTS (SELECT 1 FROM record n WHERE n.person_id = r.person_id AND n.period = r.period \
             AND n.state IN ('approved', 'revoked') AND n.revision > r.revision)",
            placeholders(1, people.len(), 2)
        );
        let mut vals = vals![period];
        vals.extend(people.iter().map(|person| Val::from(*person)));
        let rows = self.db.rows(sql, vals).await?;
        rows.iter()
            .map(|row| {
                let mut revision = revision_of(row)?;
                // Delivery changes the head's state, never a revision.
                if row.int(11)? == i64::from(revision.revision) {
                    revision.state = state_of(&row.text(12)?)?;
                }
                Ok((revision.person, revision))
            })
            .collect()
    }

    /// Adds a revision with everything that follows from it. Refused when another revision came first.
    pub async fn append_revision(&self, new: &NewRevision) -> Result<(), StoreError> {
        self.append_revisions(std::slice::from_ref(new)).await
    }

    /// The same for many, all of them or none.
    pub async fn append_revisions(&self, new: &[NewRevision]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for one in new {
            self.append_in(&mut tx, one).await?;
        }
        tx.commit().await
    }

    async fn append_in(&self, tx: &mut Tx, new: &NewRevision) -> Result<(), StoreError> {
        let revision = &new.revision;
        let row = tx
            .row(
                "SELECT revision FROM record_head WHERE person_id = $1 AND period = $2",
                vals![revision.person, revision.period],
            )
            .await?;
        let newest = row.map(|row| row.int(0)).transpose()?.unwrap_or(0);
        if revision.state == RecordState::Approved && tx.is_held(revision.person, revision.period).await? {
            return Err(StoreError::Conflict(format!(
                "record {} {} is held",
                revision.person, revision.period
            )));
        }
        if newest + 1 != i64::from(revision.revision) {
            return Err(StoreError::Conflict(format!(
                "record {} {} is at revision {newest}, not {}",
                revision.person,
                revision.period,
                revision.revision.saturating_sub(1)
            )));
        }
        tx.execute(
            "INSERT INTO record (person_id, period, revision, state, unit_code, content, content_hash, summary, author, reason, at) \
             VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
            vals![revision.person, revision.period, revision.revision, revision.state.as_str(), revision.unit.as_str(),
                json(&revision.content)?, revision.content_hash.as_str(), json(&revision.summary)?, revision.author.as_str(),
                revision.reason.clone(), revision.at],
        )
        .await?;
        // What follows the figures says what they say; a decision about it does not.
        let follows = revision.author == super::DAEMON || revision.state == RecordState::Corrected;
        let difference = if follows { "NULL" } else { "record_head.difference" };
        tx.execute(
            format!(
                "INSERT INTO record_head (person_id, period, revision, state) VALUES ($1,$2,$3,$4) ON CONFLICT (person_id, period) \
                 DO UPDATE SET revision = excluded.revision, state = excluded.state, difference = {difference}"
            ),
            vals![revision.person, revision.period, revision.revision, revision.state.as_str()],
        )
        .await?;
        for item in &new.outbox {
            tx.enqueue(&self.vault, item).await?;
        }
        for decision in &new.settles {
            tx.execute("UPDATE decision SET applied = $2 WHERE id = $1", vals![*decision, true]).await?;
        }
        if revision.state == RecordState::Approved {
            // Whatever was refused about this record before, or waited, needs nobody any more; the audit keeps the
            // reasons.
            tx.execute(
                "UPDATE decision SET refused = NULL, applied = $3 WHERE person_id = $1 AND period = $2 AND refused IS NOT NULL",
                vals![revision.person, revision.period, true],
            )
            .await?;
        }
        tx.score_due(&new.due).await?;
        tx.audit(AuditNew {
            at: revision.at,
            actor: &revision.author,
            action: match revision.state {
                RecordState::Approved => "record_approved",
                RecordState::Corrected => "record_corrected",
                RecordState::SelfAssessed if revision.author != super::DAEMON => "record_self_assessed",
                RecordState::Reviewed => "record_reviewed",
                RecordState::Revoked => "record_revoked",
                _ => "record_revised",
            },
            object: format!("record {} {} r{}", revision.person, revision.period, revision.revision),
            detail: revision.content_hash.clone(),
            reason: revision.reason.as_deref(),
        })
        .await
    }

    /// Records in order of staff number and period, after a line's [`RecordLine::place`]; a bare staff number
    /// stands for the last of that person's periods.
    pub async fn record_lines(
        &self,
        period: Option<Period>,
        state: Option<RecordState>,
        after: &str,
        limit: usize,
    ) -> Result<Vec<RecordLine>, StoreError> {
        let (staff_number, after_period) = after.split_once('/').unwrap_or((after, "9999"));
        let mut vals = vals![staff_number, after_period, limit as u64];
        // Only what is asked for stands in the statement: no index serves "this period, or any".
        let mut wanted = String::new();
        if let Some(period) = period {
            vals.push(period.into());
            wanted.push_str(&format!("h.period = ${} AND ", vals.len()));
        }
        if let Some(state) = state {
            vals.push(state.as_str().into());
            wanted.push_str(&format!("h.state = ${} AND ", vals.len()));
        }
        let sql = format!(
            "SELECT h.person_id, p.staff_number, p.full_name, h.period, h.revision, h.state, r.unit_code, r.content, r.at, \
             (SELECT max(n.told_on) FROM record_notice n WHERE n.person_id = h.person_id AND n.period = h.period AND n.revision = h.revision), \
             (SELECT x.row FROM history x WHERE x.person_id = h.person_id AND x.period = h.period AND {UNDECIDED}) \
             FROM record_head h JOIN record r ON r.person_id = h.person_id AND r.period = h.period AND r.revision = h.revision \
             JOIN person p ON p.id = h.person_id WHERE {wanted}(p.staff_number, h.period) > ($1, $2) \
             ORDER BY p.staff_number, h.period LIMIT $3"
        );
        let rows = self.db.rows(sql, vals).await?;
        rows.iter()
            .map(|row| {
                Ok(RecordLine {
                    person: row.person(0)?,
                    staff_number: row.text(1)?,
                    full_name: row.text(2)?,
                    period: row.parsed(3)?,
                    revision: u32::try_from(row.int(4)?).unwrap_or(0),
                    state: state_of(&row.text(5)?)?,
                    unit: row.text(6)?,
                    content: row.json(7)?,
                    at: row.at(8)?,
                    told_on: row.opt_day(9)?,
                    imported: row.opt_json(10)?,
                })
            })
            .collect()
    }

    /// The state of everybody's record of a period.
    pub async fn record_states(&self, period: Period) -> Result<HashMap<PersonId, RecordState>, StoreError> {
        let rows =
            self.db.rows("SELECT person_id, state FROM record_head WHERE period = $1", vals![period]).await?;
        rows.iter().map(|row| Ok((row.person(0)?, state_of(&row.text(1)?)?))).collect()
    }

    /// What a record does not say because its figures moved on after its approval or close; none while it says them.
    pub async fn difference(&self, person: PersonId, period: Period) -> Result<Option<Finding>, StoreError> {
        let sql = "SELECT difference FROM record_head WHERE person_id = $1 AND period = $2 AND difference IS NOT NULL";
        self.db.row(sql, vals![person, period]).await?.map(|row| row.json(0)).transpose()
    }

    /// The same of everybody, of one period or of all.
    pub async fn differences(
        &self,
        period: Option<Period>,
        limit: usize,
    ) -> Result<Vec<(PersonId, Period, Finding)>, StoreError> {
        let mut vals = vals![limit as u64];
        let mut wanted = String::new();
        if let Some(period) = period {
            vals.push(period.into());
            wanted.push_str("AND period = $2 ");
        }
        let sql = format!(
            "SELECT person_id, period, difference FROM record_head WHERE difference IS NOT NULL {wanted}\
             ORDER BY period, person_id LIMIT $1"
        );
        let rows = self.db.rows(sql, vals).await?;
        rows.iter().map(|row| Ok((row.person(0)?, row.parsed(1)?, row.json(2)?))).collect()
    }

    /// How many there are of these, by period.
    pub async fn count_differences(&self) -> Result<BTreeMap<Period, u64>, StoreError> {
        let sql = "SELECT period, count(*) FROM record_head WHERE difference IS NOT NULL GROUP BY period";
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, u64::try_from(row.int(1)?).unwrap_or(0)))).collect()
    }

    /// A period's close, when it is closed.
    pub async fn period_close(&self, period: Period) -> Result<Option<PeriodClose>, StoreError> {
        let row = self
            .db
            .row(
                "SELECT period, at, author, checklist, document FROM period_close WHERE period = $1",
                vals![period],
            )
            .await?;
        row.map(|row| {
            Ok(PeriodClose {
                period: row.parsed(0)?,
                at: row.at(1)?,
                author: row.text(2)?,
                checklist: row.json(3)?,
                document: row.opt_text(4)?,
            })
        })
        .transpose()
    }

    /// Every closed period.
    pub async fn closed_periods(&self) -> Result<Vec<Period>, StoreError> {
        let rows = self.db.rows("SELECT period FROM period_close", vals![]).await?;
        let mut periods = rows.iter().map(|row| row.parsed(0)).collect::<Result<Vec<Period>, _>>()?;
        periods.sort();
        Ok(periods)
    }

    /// How many records of a period nobody decided yet, or that wait for another decision.
    pub async fn undecided(&self, period: Period) -> Result<u64, StoreError> {
        let sql =
            "SELECT count(*) FROM record_head WHERE period = $1 AND state NOT IN ('approved', 'delivered')";
        self.db.count(sql, vals![period]).await
    }

    /// When each closed period was closed.
    pub async fn period_closes(&self) -> Result<BTreeMap<Period, DateTime<Utc>>, StoreError> {
        let rows = self.db.rows("SELECT period, at FROM period_close", vals![]).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, row.at(1)?))).collect()
    }

    /// Closes a period once, with the deliveries that follow from it, in one transaction.
    pub async fn close_period(
        &self,
        close: &PeriodClose,
        outbox: &[OutboxNew],
        due: &[(PersonId, Period)],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let inserted = tx
            .execute(
                "INSERT INTO period_close (period, at, author, checklist, document) VALUES ($1,$2,$3,$4,$5) ON CONFLICT DO NOTHING",
                vals![close.period, close.at, close.author.as_str(), json(&close.checklist)?, close.document.clone()],
            )
            .await?;
        if inserted == 0 {
            return Err(StoreError::Conflict(format!("period {} is closed already", close.period)));
        }
        for item in outbox {
            tx.enqueue(&self.vault, item).await?;
        }
        tx.score_due(due).await?;
        tx.audit(AuditNew {
            at: close.at,
            actor: &close.author,
            action: "period_closed",
            object: format!("period {}", close.period),
            detail: format!("{} results to deliver", outbox.len()),
            reason: close.because().as_deref(),
        })
        .await?;
        tx.commit().await
    }
}

impl Tx {
    /// Says that an approved record reached its receiver.
    pub(super) async fn mark_delivered(
        &mut self,
        person: PersonId,
        period: Period,
        revision: i64,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE record_head SET state = 'delivered' WHERE person_id = $1 AND period = $2 AND revision = $3 AND state = 'approved'",
            vals![person, period, revision],
        )
        .await
        .map(|_| ())
    }
}
