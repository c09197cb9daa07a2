//! Petitions against results, with the day by which each has to be answered, and closes of single units.
//!
//! A petition and the hold it may set are one transaction, and so are its answer and the end of that hold. Each has its
//! entry in the journal, which carries no words of the petition. It must not know how a deadline is counted.

use super::audit::AuditNew;
use super::db::{Row, Val, json, placeholders, vals};
use super::hold::HoldWord;
use super::record::PeriodClose;
use super::{Store, StoreError};
use crate::domain::{Period, PersonId, SourceId, UnitCode};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::BTreeSet;

/// A petition (kiến nghị, art. 22).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Petition {
    /// Number.
    pub id: i64,
    /// Whose result.
    pub person: PersonId,
    /// Which period.
    pub period: Period,
    /// The revision it is about.
    pub revision: u32,
    /// Day of receipt.
    pub received_on: NaiveDate,
    /// Last day for the answer.
    pub due_on: NaiveDate,
    /// What is asked for.
    pub content: String,
    /// Its document.
    pub document: Option<String>,
    /// Who wrote it down.
    pub opened_by: String,
    /// When it was written down.
    pub opened_at: DateTime<Utc>,
    /// The answer; none while it is open.
    pub answer: Option<PetitionAnswer>,
}

/// An answer to a petition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PetitionAnswer {
    /// Day of the answer.
    pub on: NaiveDate,
    /// `upheld`, `partly` or `rejected`.
    pub outcome: String,
    /// What was answered.
    pub answer: String,
    /// Its document.
    pub document: Option<String>,
    /// Who answered.
    pub by: String,
    /// When it was written down.
    pub at: DateTime<Utc>,
}

const COLUMNS: &str = "id, person_id, period, revision, received_on, due_on, content, document, opened_by, opened_at, \
                       answered_on, outcome, answer, answer_document, answered_by, answered_at";

fn petition_of(row: &Row) -> Result<Petition, StoreError> {
    let answer = match row.opt_day(10)? {
        None => None,
        Some(on) => Some(PetitionAnswer {
            on,
            outcome: row.text(11)?,
            answer: row.text(12)?,
            document: row.opt_text(13)?,
            by: row.text(14)?,
            at: row.at(15)?,
        }),
    };
    Ok(Petition {
        id: row.int(0)?,
        person: row.person(1)?,
        period: row.parsed(2)?,
        revision: u32::try_from(row.int(3)?).unwrap_or(0),
        received_on: row.day(4)?,
        due_on: row.day(5)?,
        content: row.text(6)?,
        document: row.opt_text(7)?,
        opened_by: row.text(8)?,
        opened_at: row.at(9)?,
        answer,
    })
}

impl Store {
    /// Keeps a petition (its number is given here) and, where asked for, holds the record; gives its number.
    pub async fn open_petition(&self, petition: &Petition, hold: bool) -> Result<i64, StoreError> {
        let mut tx = self.db.begin().await?;
        let Petition { person, period, opened_by, opened_at, .. } = petition;
        let mut hold_id = None;
        if hold {
            let document = petition.document.as_deref();
            let word =
                HoldWord {
                    author: opened_by, reason: "kiến nghị (Điều 22)", document, at: *opened_at
                };
            if tx.hold(*person, *period, word).await? {
                let sql = "SELECT max(id) FROM record_hold WHERE person_id = $1 AND period = $2";
                hold_id = tx.row(sql, vals![*person, *period]).await?.map(|row| row.int(0)).transpose()?;
            }
        }
        let row = tx
            .row(
                "INSERT INTO petition (person_id, period, revision, received_on, due_on, content, document, opened_by, opened_at, hold_id, \
                 asked_hold) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11) RETURNING id",
                vals![*person, *period, petition.revision, petition.received_on, petition.due_on, petition.content.as_str(),
                    petition.document.clone(), opened_by.as_str(), *opened_at, hold_id, i64::from(hold)],
            )
            .await?;
        let id = row.map_or(Ok(0), |row| row.int(0))?;
        tx.audit(AuditNew {
            at: *opened_at,
            actor: opened_by,
            action: "petition_opened",
            object: format!("petition {id} on record {person} {period}"),
            detail: format!("received {}, due {}", petition.received_on, petition.due_on),
            reason: petition.document.as_deref(),
        })
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Answers an open petition and ends the hold it set, unless another open one asked for it too; false when it is
    /// answered already.
    pub async fn answer_petition(&self, id: i64, answer: &PetitionAnswer) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let sql = "SELECT person_id, period, hold_id FROM petition WHERE id = $1 AND answered_at IS NULL";
        let Some(row) = tx.row(sql, vals![id]).await? else { return Ok(false) };
        let (person, period, hold): (PersonId, Period, _) = (row.person(0)?, row.parsed(1)?, row.opt_int(2)?);
        let changed = tx
            .execute(
                "UPDATE petition SET answered_on = $2, outcome = $3, answer = $4, answer_document = $5, answered_by = $6, answered_at = $7 \
                 WHERE id = $1 AND answered_at IS NULL",
                vals![id, answer.on, answer.outcome.as_str(), answer.answer.as_str(), answer.document.clone(), answer.by.as_str(),
                    answer.at],
            )
            .await?;
        if changed == 0 {
            return Ok(false);
        }
        // Whoever else asked for a hold of the record still waits: the hold is theirs from now on.
        let sql = "SELECT id FROM petition WHERE person_id = $1 AND period = $2 AND answered_at IS NULL AND asked_hold = 1 \
                   ORDER BY id LIMIT 1";
        let other = tx.row(sql, vals![person, period]).await?.map(|row| row.int(0)).transpose()?;
        if let (Some(hold), Some(other)) = (hold, other) {
            tx.execute("UPDATE petition SET hold_id = $2 WHERE id = $1", vals![other, hold]).await?;
        } else if let Some(hold) = hold {
            let document = answer.document.as_deref();
            let word =
                HoldWord {
                    author: &answer.by, reason: "đã trả lời kiến nghị", document, at: answer.at
                };
            tx.release(person, period, Some(hold), word).await?;
        }
        tx.audit(AuditNew {
            at: answer.at,
            actor: &answer.by,
            action: "petition_answered",
            object: format!("petition {id} on record {person} {period}"),
            detail: answer.outcome.clone(),
            reason: answer.document.as_deref(),
        })
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// A petition by its number.
    pub async fn petition(&self, id: i64) -> Result<Option<Petition>, StoreError> {
        let row = self.db.row(format!("SELECT {COLUMNS} FROM petition WHERE id = $1"), vals![id]).await?;
        row.map(|row| petition_of(&row)).transpose()
    }

    /// Petitions of a person, of one period or of all, in order of number.
    pub async fn petitions_of(
        &self,
        person: PersonId,
        period: Option<Period>,
    ) -> Result<Vec<Petition>, StoreError> {
        let mut sql = format!("SELECT {COLUMNS} FROM petition WHERE person_id = $1");
        let mut vals = vals![person];
        if let Some(period) = period {
            sql.push_str(" AND period = $2");
            vals.push(period.into());
        }
        sql.push_str(" ORDER BY id");
        self.db.rows(sql, vals).await?.iter().map(petition_of).collect()
    }

    /// Petitions, the earliest deadline first; only open ones when asked for.
    pub async fn petitions(&self, open: bool, limit: usize) -> Result<Vec<Petition>, StoreError> {
        let wanted = if open { "WHERE answered_at IS NULL" } else { "" };
        let sql = format!("SELECT {COLUMNS} FROM petition {wanted} ORDER BY due_on, id LIMIT $1");
        self.db.rows(sql, vals![limit as u64]).await?.iter().map(petition_of).collect()
    }

    /// Closes one unit's part of a period, once; false when it is closed already.
    pub async fn close_unit(&self, close: &PeriodClose, unit: &UnitCode) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let PeriodClose { period, at, author, document, checklist } = close;
        let inserted = tx
            .execute(
                "INSERT INTO unit_close (period, unit_code, at, author, checklist, document) VALUES ($1,$2,$3,$4,$5,$6) \
                 ON CONFLICT DO NOTHING",
                vals![*period, unit.as_str(), *at, author.as_str(), json(checklist)?, document.clone()],
            )
            .await?;
        if inserted == 0 {
            return Ok(false);
        }
        tx.audit(AuditNew {
            at: *at,
            actor: author,
            action: "unit_closed",
            object: format!("period {period} unit {unit}"),
            detail: String::new(),
            reason: close.because().as_deref(),
        })
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Units whose part of a period is closed.
    pub async fn closed_units(&self, period: Period) -> Result<BTreeSet<UnitCode>, StoreError> {
        let rows = self.db.rows("SELECT unit_code FROM unit_close WHERE period = $1", vals![period]).await?;
        rows.iter().map(|row| row.parsed(0)).collect()
    }

    /// People of a period who put their own word to it by a decision.
    pub async fn self_assessed(&self, period: Period) -> Result<BTreeSet<PersonId>, StoreError> {
        let sql = "SELECT DISTINCT person_id FROM decision WHERE period = $1 AND CAST(kind AS TEXT) LIKE $2";
        // One document reads the same in both databases but for blanks after the colon.
        let rows = self.db.rows(sql, vals![period, "%\"self_assessment\"%"]).await?;
        rows.iter().map(|row| row.person(0)).collect()
    }

    /// Tasks of a period whose product a person has to choose, with a stake of one of these people; what counts as
    /// another task is not asked about, as in the count of the whole.
    pub async fn reviews_due_of(&self, period: Period, people: &[PersonId]) -> Result<u64, StoreError> {
        let mut tasks = BTreeSet::new();
        for some in people.chunks(500) {
            let sql = format!(
                "SELECT DISTINCT m.task_id FROM mapping m JOIN task t ON t.id = m.task_id JOIN task_person p ON p.task_id = t.id \
                 WHERE m.state = 'review' AND (t.due_day IS NULL OR (t.due_day >= $1 AND t.due_day <= $2)) \
                 AND NOT EXISTS (SELECT 1 FROM task_duplicate d WHERE d.task_id = m.task_id) AND p.person_id IN {}",
                placeholders(1, some.len(), 3)
            );
            let mut vals = vals![period.first_day(), period.last_day()];
            vals.extend(some.iter().map(|person| Val::from(*person)));
            for row in self.db.rows(sql, vals).await? {
                tasks.insert(row.int(0)?);
            }
        }
        Ok(tasks.len() as u64)
    }

    /// Tasks whose people or product are still to be found and that may be these people's: those with a stake of one of
    /// them, and those of these sources that nobody was looked for yet.
    pub async fn waiting_of(&self, people: &[PersonId], sources: &[&SourceId]) -> Result<u64, StoreError> {
        let mut tasks = BTreeSet::new();
        let theirs = |some: &[PersonId]| some.iter().map(|person| Val::from(*person)).collect();
        let of_source = |some: &[&SourceId]| some.iter().map(|source| Val::from(source.as_str())).collect();
        let mut asked: Vec<(String, Vec<Val>)> = Vec::new();
        for some in people.chunks(500) {
            let list = placeholders(1, some.len(), 1);
            let sql = format!(
                "SELECT DISTINCT t.id FROM task t JOIN task_person p ON p.task_id = t.id \
                 WHERE (t.identify_due OR t.map_due) AND p.person_id IN {list}"
            );
            asked.push((sql, theirs(some)));
        }
        for some in sources.chunks(500) {
            let list = placeholders(1, some.len(), 1);
            asked.push((
                format!("SELECT id FROM task WHERE identify_due AND source_id IN {list}"),
                of_source(some),
            ));
        }
        for (sql, vals) in asked {
            for row in self.db.rows(sql, vals).await? {
                tasks.insert(row.int(0)?);
            }
        }
        Ok(tasks.len() as u64)
    }
}
