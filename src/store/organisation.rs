//! Organisations' years: immutable revisions, facts people state about them, notices, and tasks above requirement.
//!
//! Every write has its entry in the journal in the same transaction. Two writers of one record cannot both win: a
//! revision names the one it follows. It must not know what a level means or who may write.

use super::audit::AuditNew;
use super::db::{Row, Tx, Val, json, vals};
use super::{Store, StoreError};
use crate::domain::{Level, Period, PersonId, UnitCode};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One revision of an organisation's year.
#[derive(Debug, Clone, PartialEq)]
pub struct OrganisationRevision {
    /// Which organisation.
    pub unit: UnitCode,
    /// Which year.
    pub year: i32,
    /// Number, from 1.
    pub revision: u32,
    /// State, by its stored name.
    pub state: String,
    /// Level proposed or recognised.
    pub level: Option<Level>,
    /// Points, shares and conditions as they were then.
    pub content: Value,
    /// SHA-256 of the content.
    pub content_hash: String,
    /// Who made it.
    pub author: String,
    /// Document it cites.
    pub document: Option<String>,
    /// Why, where somebody said so.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A fact about an organisation's year that people state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationFact {
    /// Kind, by its stored name.
    pub kind: String,
    /// Yes, no, or taken back.
    pub value: Option<bool>,
    /// The document it stands in.
    pub document: String,
    /// Who stated it.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// That a recognition was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationNotice {
    /// Which revision.
    pub revision: u32,
    /// To whom, where it was not the organisation itself.
    pub told_to: Option<String>,
    /// On which day.
    pub told_on: NaiveDate,
    /// How: in a meeting, by document, by electronic mail.
    pub how: String,
    /// The document it cites, where there is one.
    pub document: Option<String>,
    /// Who wrote it down.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
}

const COLUMNS: &str = "o.unit_code, o.year, o.revision, o.state, o.level, o.content, o.content_hash, o.author, o.document, o.reason, o.at";

fn revision_of(row: &Row) -> Result<OrganisationRevision, StoreError> {
    let level = row.opt_text(4)?;
    Ok(OrganisationRevision {
        unit: row.parsed(0)?,
        year: i32::try_from(row.int(1)?).unwrap_or(0),
        revision: u32::try_from(row.int(2)?).unwrap_or(0),
        state: row.text(3)?,
        level: level.as_deref().and_then(Level::parse),
        content: row.json(5)?,
        content_hash: row.text(6)?,
        author: row.text(7)?,
        document: row.opt_text(8)?,
        reason: row.opt_text(9)?,
        at: row.at(10)?,
    })
}

/// The newest revision of every organisation's year.
pub type Organisations = BTreeMap<UnitCode, OrganisationRevision>;

/// What is stated about an organisation's year, the newest of each kind.
pub type Facts = BTreeMap<String, OrganisationFact>;

fn organisations_of(year: i32) -> (String, Vec<Val>) {
    let sql = format!(
        "SELECT {COLUMNS} FROM organisation_record o WHERE o.year = $1 AND NOT EXISTS (SELECT 1 FROM organisation_record n \
         WHERE n.unit_code = o.unit_code AND n.year = o.year AND n.revision > o.revision)"
    );
    (sql, vals![i64::from(year)])
}

fn newest_of(rows: &[Row]) -> Result<Organisations, StoreError> {
    rows.iter().map(|row| revision_of(row).map(|revision| (revision.unit.clone(), revision))).collect()
}

fn facts_of(unit: &UnitCode, year: i32) -> (&'static str, Vec<Val>) {
    let sql = "SELECT kind, value, document, author, at FROM organisation_fact WHERE unit_code = $1 AND year = $2 ORDER BY id";
    (sql, vals![unit.as_str(), i64::from(year)])
}

fn facts_from(rows: &[Row]) -> Result<Facts, StoreError> {
    let fact = |row: &Row| {
        let kind = row.text(0)?;
        let value = row.opt_int(1)?.map(|value| value != 0);
        let (document, author, at) = (row.text(2)?, row.text(3)?, row.at(4)?);
        Ok((kind.clone(), OrganisationFact { kind, value, document, author, at }))
    };
    rows.iter().map(fact).collect()
}

impl Store {
    /// Every revision of an organisation's year, oldest first.
    pub async fn organisation_revisions(
        &self,
        unit: &UnitCode,
        year: i32,
    ) -> Result<Vec<OrganisationRevision>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM organisation_record o WHERE o.unit_code = $1 AND o.year = $2 ORDER BY o.revision"
        );
        self.db.rows(sql, vals![unit.as_str(), i64::from(year)]).await?.iter().map(revision_of).collect()
    }

    /// The newest revision of every organisation's year.
    pub async fn organisations_of(&self, year: i32) -> Result<Organisations, StoreError> {
        let (sql, vals) = organisations_of(year);
        newest_of(&self.db.rows(sql, vals).await?)
    }

    /// Adds a revision, judged by what is known of every organisation of the year and what is stated about this one: no
    /// other recognition and no other statement comes between. Refused when another revision came first, or by `judge`.
    pub async fn append_organisation<E>(
        &self,
        new: &OrganisationRevision,
        judge: impl FnOnce(&Organisations, &Facts) -> Result<(), E>,
    ) -> Result<Result<(), E>, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.one_at_a_time().await?;
        let (sql, vals) = organisations_of(new.year);
        let all = newest_of(&tx.rows(sql, vals).await?)?;
        let (sql, vals) = facts_of(&new.unit, new.year);
        let facts = facts_from(&tx.rows(sql, vals).await?)?;
        if let Err(refused) = judge(&all, &facts) {
            return Ok(Err(refused));
        }
        let inserted = tx
            .execute(
                "INSERT INTO organisation_record (unit_code, year, revision, state, level, content, content_hash, author, document, reason, at) \
                 SELECT $1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11 WHERE $3 = (SELECT coalesce(max(revision), 0) + 1 FROM organisation_record \
                 WHERE unit_code = $1 AND year = $2)",
                vals![new.unit.as_str(), i64::from(new.year), new.revision, new.state.as_str(),
                    new.level.map(|level| level.as_str().to_owned()), json(&new.content)?, new.content_hash.as_str(),
                    new.author.as_str(), new.document.clone(), new.reason.clone(), new.at],
            )
            .await?;
        if inserted == 0 {
            return Err(StoreError::Conflict(format!(
                "organisation {} {} is not at revision {}",
                new.unit,
                new.year,
                new.revision.saturating_sub(1)
            )));
        }
        let action = match new.state.as_str() {
            "self_assessed" => "organisation_self_assessed",
            "appraised" => "organisation_appraised",
            "recognised" => "organisation_recognised",
            "held" => "organisation_held",
            "released" => "organisation_released",
            _ => "organisation_revoked",
        };
        tx.audit(AuditNew {
            at: new.at,
            actor: &new.author,
            action,
            object: format!("organisation {} {} r{}", new.unit, new.year, new.revision),
            detail: new.content_hash.clone(),
            reason: new.reason.as_deref().or(new.document.as_deref()),
        })
        .await?;
        // A head's level is at most that of the organisation (art. 20.6).
        let heads = scored_due!("unit_code = $1 AND period = $2 AND role = 'head'");
        tx.execute(heads, vals![new.unit.as_str(), Period::Year(new.year)]).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Keeps a fact; the newest of a kind counts.
    pub async fn state_organisation_fact(
        &self,
        unit: &UnitCode,
        year: i32,
        fact: &OrganisationFact,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.one_at_a_time().await?;
        tx.execute(
            "INSERT INTO organisation_fact (unit_code, year, kind, value, document, author, at) VALUES ($1,$2,$3,$4,$5,$6,$7)",
            vals![unit.as_str(), i64::from(year), fact.kind.as_str(), fact.value.map(i64::from), fact.document.as_str(),
                fact.author.as_str(), fact.at],
        )
        .await?;
        let value = fact.value.map_or("taken back", |value| if value { "yes" } else { "no" });
        tx.audit(AuditNew {
            at: fact.at,
            actor: &fact.author,
            action: "organisation_fact",
            object: format!("organisation {unit} {year}"),
            detail: format!("{}: {value}", fact.kind),
            reason: Some(&fact.document),
        })
        .await?;
        tx.commit().await
    }

    /// The facts stated about an organisation's year, the newest of each kind.
    pub async fn organisation_facts(&self, unit: &UnitCode, year: i32) -> Result<Facts, StoreError> {
        let (sql, vals) = facts_of(unit, year);
        facts_from(&self.db.rows(sql, vals).await?)
    }

    /// Writes down that a recognition was told.
    pub async fn add_organisation_notice(
        &self,
        unit: &UnitCode,
        year: i32,
        notice: &OrganisationNotice,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let OrganisationNotice { revision, told_to, told_on, how, document, author, at } = notice;
        tx.execute(
            "INSERT INTO organisation_notice (unit_code, year, revision, told_to, told_on, how, document, author, at) \
             VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
            vals![unit.as_str(), i64::from(year), *revision, told_to.clone(), *told_on, how.as_str(), document.clone(),
                author.as_str(), *at],
        )
        .await?;
        tx.audit(AuditNew {
            at: *at,
            actor: author,
            action: "organisation_notified",
            object: format!("organisation {unit} {year} r{revision}"),
            detail: told_on.to_string(),
            reason: Some(how),
        })
        .await?;
        tx.commit().await
    }

    /// Every notice of an organisation's year, oldest first.
    pub async fn organisation_notices(
        &self,
        unit: &UnitCode,
        year: i32,
    ) -> Result<Vec<OrganisationNotice>, StoreError> {
        let sql = "SELECT revision, told_to, told_on, how, document, author, at FROM organisation_notice \
                   WHERE year = $1 AND unit_code = $2 ORDER BY id";
        let rows = self.db.rows(sql, vals![i64::from(year), unit.as_str()]).await?;
        let notice = |row: &Row| {
            Ok(OrganisationNotice {
                revision: u32::try_from(row.int(0)?).unwrap_or(0),
                told_to: row.opt_text(1)?,
                told_on: row.day(2)?,
                how: row.text(3)?,
                document: row.opt_text(4)?,
                author: row.text(5)?,
                at: row.at(6)?,
            })
        };
        rows.iter().map(notice).collect()
    }

    /// Of every organisation told of a year: the day on which it was told its revision.
    pub async fn organisations_told(
        &self,
        year: i32,
    ) -> Result<BTreeMap<(UnitCode, u32), NaiveDate>, StoreError> {
        let sql = "SELECT unit_code, revision, min(told_on) FROM organisation_notice WHERE year = $1 AND told_to IS NULL \
                   GROUP BY unit_code, revision";
        let rows = self.db.rows(sql, vals![i64::from(year)]).await?;
        let told = |row: &Row| Ok(((row.parsed(0)?, u32::try_from(row.int(1)?).unwrap_or(0)), row.day(2)?));
        rows.iter().map(told).collect()
    }

    /// Everyone with a stake in a task; none when there is no such task.
    pub async fn people_of_task(
        &self,
        source: &str,
        external_id: &str,
    ) -> Result<Option<BTreeSet<PersonId>>, StoreError> {
        let sql = "SELECT p.task_id, p.person_id FROM task t LEFT JOIN task_person p ON p.task_id = t.id \
                   WHERE t.source_id = $1 AND t.external_id = $2";
        let rows = self.db.rows(sql, vals![source, external_id]).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut people = BTreeSet::new();
        for row in rows {
            if row.opt_int(0)?.is_some() {
                people.insert(row.person(1)?);
            }
        }
        Ok(Some(people))
    }

    /// Marks a task as done above requirement; false when it is marked, or there is no such task.
    pub async fn mark_above(
        &self,
        source: &str,
        external_id: &str,
        document: &str,
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let inserted = tx
            .execute(
                "INSERT INTO task_above (source_id, external_id, document, author, at) SELECT $1,$2,$3,$4,$5 \
                 WHERE EXISTS (SELECT 1 FROM task WHERE source_id = $1 AND external_id = $2) ON CONFLICT DO NOTHING",
                vals![source, external_id, document, author, now],
            )
            .await?;
        if inserted == 0 {
            return Ok(false);
        }
        tx.audit(AuditNew {
            at: now,
            actor: author,
            action: "task_above",
            object: format!("task {source}/{external_id}"),
            detail: String::new(),
            reason: Some(document),
        })
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes such a mark back; the journal keeps what it cited. False when there is none.
    pub async fn unmark_above(
        &self,
        source: &str,
        external_id: &str,
        document: &str,
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let sql = "DELETE FROM task_above WHERE source_id = $1 AND external_id = $2 RETURNING document";
        let Some(row) = tx.row(sql, vals![source, external_id]).await? else { return Ok(false) };
        tx.audit(AuditNew {
            at: now,
            actor: author,
            action: "task_above_taken_back",
            object: format!("task {source}/{external_id}"),
            detail: format!("marked by {}", row.text(0)?),
            reason: Some(document),
        })
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Tasks marked as above requirement, as `source/key`, with who marked them.
    pub async fn tasks_above(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let rows = self.db.rows("SELECT source_id, external_id, author FROM task_above", vals![]).await?;
        rows.iter().map(|row| Ok((format!("{}/{}", row.text(0)?, row.text(1)?), row.text(2)?))).collect()
    }
}

impl Tx {
    /// Lets no other recognition or statement about organisations in until this transaction ends. SQLite has one writer.
    async fn one_at_a_time(&mut self) -> Result<(), StoreError> {
        if self.is_postgres() {
            self.rows("SELECT pg_advisory_xact_lock(7416)", vals![]).await?;
        }
        Ok(())
    }
}
