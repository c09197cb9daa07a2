//! Dated facts of people's service, as they were entered and taken back.
//!
//! Owns the table `service_fact`. A fact is never changed: it is taken back with a reason and entered anew. A change,
//! its entry in the journal and the marks of the scores it can move are one transaction. It must not know what a fact
//! does to a score, or who may enter one.

use super::audit::AuditNew;
use super::db::{Val, json, vals};
use super::hold::HoldWord;
use super::{Store, StoreError};
use crate::domain::{FactRecord, FactRevoked, Period, PersonId, ServiceFact, SourceId, StoredFact};
use chrono::{DateTime, Utc};

/// Facts to be kept together.
#[derive(Debug, Clone)]
pub struct FactsNew<'a> {
    /// Whose, and what.
    pub facts: &'a [(PersonId, ServiceFact)],
    /// Who enters them.
    pub author: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// People and periods whose scores may move.
    pub due: &'a [(PersonId, Period)],
}

/// What a record of a source says anew: what it said before is taken back, what it says now is entered.
#[derive(Debug, Clone)]
pub struct FactFollowed {
    /// Key of the record.
    pub key: String,
    /// What it said.
    pub before: Option<StoredFact>,
    /// What it says.
    pub now: Option<(PersonId, ServiceFact)>,
}

/// What the records of a source say anew.
#[derive(Debug, Clone)]
pub struct FactsFollowed<'a> {
    /// The source.
    pub source: &'a SourceId,
    /// By record.
    pub records: &'a [FactFollowed],
    /// When.
    pub at: DateTime<Utc>,
    /// People and periods whose scores may move.
    pub due: &'a [(PersonId, Period)],
}

impl Store {
    /// Follows the records of a source in one transaction, by the author "source ID": a corrected record is a fact taken
    /// back and a new one, a withdrawn record a fact taken back.
    pub async fn follow_facts(&self, followed: FactsFollowed<'_>) -> Result<(), StoreError> {
        let FactsFollowed { source, records, at, due } = followed;
        let author = format!("source {source}");
        let mut tx = self.db.begin().await?;
        for FactFollowed { key, before, now } in records {
            if let Some(before) = before {
                let reason = match now {
                    Some(_) => format!("nguồn sửa bản ghi {key}"),
                    None => format!("nguồn rút bản ghi {key}"),
                };
                let sql = "UPDATE service_fact SET revoked_at = $2, revoked_by = $3, revoked_reason = $4 \
                           WHERE id = $1 AND revoked_at IS NULL";
                tx.execute(sql, vals![before.id, at, author.as_str(), reason.as_str()]).await?;
                tx.audit(AuditNew {
                    at,
                    actor: &author,
                    action: "fact_revoked",
                    object: format!("person {}", before.person),
                    detail: format!("{} from {}", before.fact.kind.as_str(), before.fact.from),
                    reason: Some(&reason),
                })
                .await?;
            }
            if let Some((person, fact)) = now {
                tx.execute(
                    "INSERT INTO service_fact (person_id, kind, from_day, to_day, fact, author, at, source_id, record_key) \
                     VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
                    vals![*person, fact.kind.as_str(), fact.from, fact.to, json(fact)?, author.as_str(), at,
                        source.as_str(), key.as_str()],
                )
                .await?;
                tx.audit(AuditNew {
                    at,
                    actor: &author,
                    action: "fact_entered",
                    object: format!("person {person}"),
                    detail: format!("{} from {}", fact.kind.as_str(), fact.from),
                    reason: Some(&fact.document),
                })
                .await?;
            }
        }
        tx.score_due(due).await?;
        tx.commit().await
    }

    /// Keeps facts; what stands already word for word is not kept twice. Gives how many were new.
    pub async fn enter_facts(&self, new: FactsNew<'_>) -> Result<u64, StoreError> {
        let known = self.service_facts(None, false).await?;
        let mut tx = self.db.begin().await?;
        let mut kept = 0;
        for (person, fact) in new.facts {
            if known.iter().any(|held| held.person == *person && held.fact == *fact) {
                continue;
            }
            tx.execute(
                "INSERT INTO service_fact (person_id, kind, from_day, to_day, fact, author, at) VALUES ($1,$2,$3,$4,$5,$6,$7)",
                vals![*person, fact.kind.as_str(), fact.from, fact.to, json(fact)?, new.author, new.at],
            )
            .await?;
            kept += 1;
            tx.audit(AuditNew {
                at: new.at,
                actor: new.author,
                action: "fact_entered",
                object: format!("person {person}"),
                detail: format!("{} from {}", fact.kind.as_str(), fact.from),
                reason: Some(&fact.document),
            })
            .await?;
        }
        if kept > 0 {
            tx.score_due(new.due).await?;
        }
        tx.commit().await?;
        Ok(kept)
    }

    /// Takes a fact back; gives whether it stood.
    pub async fn revoke_fact(
        &self,
        fact: &StoredFact,
        word: HoldWord<'_>,
        due: &[(PersonId, Period)],
    ) -> Result<bool, StoreError> {
        let HoldWord { author, reason, document, at } = word;
        let mut tx = self.db.begin().await?;
        let sql = "UPDATE service_fact SET revoked_at = $2, revoked_by = $3, revoked_reason = $4, revoked_document = $5 \
                   WHERE id = $1 AND revoked_at IS NULL";
        let own = document.map(str::to_owned);
        if tx.execute(sql, vals![fact.id, at, author, reason, own]).await? == 0 {
            return Ok(false);
        }
        tx.audit(AuditNew {
            at,
            actor: author,
            action: "fact_revoked",
            object: format!("person {}", fact.person),
            detail: match document {
                Some(document) => {
                    format!("{} from {} by {document}", fact.fact.kind.as_str(), fact.fact.from)
                }
                None => format!("{} from {}", fact.fact.kind.as_str(), fact.fact.from),
            },
            reason: Some(reason),
        })
        .await?;
        tx.score_due(due).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Facts that stand, of one person or of everybody, oldest first; with `revoked` those taken back as well.
    pub async fn service_facts(
        &self,
        person: Option<PersonId>,
        revoked: bool,
    ) -> Result<Vec<StoredFact>, StoreError> {
        let mut sql =
            "SELECT id, person_id, fact, author, at, revoked_by, revoked_reason, revoked_document, source_id, record_key \
             FROM service_fact WHERE "
                .to_owned();
        sql.push_str(if revoked { "TRUE" } else { "revoked_at IS NULL" });
        let mut vals: Vec<Val> = vals![];
        if let Some(person) = person {
            sql.push_str(" AND person_id = $1");
            vals = vals![person];
        }
        sql.push_str(" ORDER BY id");
        let rows = self.db.rows(sql, vals).await?;
        rows.iter()
            .map(|row| {
                let document = row.opt_text(7)?;
                let word = row.opt_text(5)?.zip(row.opt_text(6)?);
                Ok(StoredFact {
                    id: row.int(0)?,
                    person: row.person(1)?,
                    fact: row.json(2)?,
                    author: row.text(3)?,
                    at: row.at(4)?,
                    record: row
                        .opt_text(8)?
                        .zip(row.opt_text(9)?)
                        .map(|(source, key)| FactRecord { source, key }),
                    revoked: word.map(|(by, reason)| FactRevoked { by, reason, document }),
                })
            })
            .collect()
    }
}
