//! Dated facts of people's service, as they were entered and taken back.
//!
//! Owns the table `service_fact`. A fact is never changed: it is taken back with a reason and entered anew. A change,
//! its entry in the journal and the marks of the scores it can move are one transaction. It must not know what a fact
//! does to a score, or who may enter one.

use super::audit::AuditNew;
use super::db::{Val, json, vals};
use super::hold::HoldWord;
use super::{Store, StoreError};
use crate::domain::{FactRevoked, Period, PersonId, ServiceFact, StoredFact};
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

impl Store {
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
            "SELECT id, person_id, fact, author, at, revoked_by, revoked_reason, revoked_document FROM service_fact WHERE "
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
                    revoked: word.map(|(by, reason)| FactRevoked { by, reason, document }),
                })
            })
            .collect()
    }
}
