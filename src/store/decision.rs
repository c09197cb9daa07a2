//! What people decided: kept for ever, in the order it came, the newest wins.
//!
//! The same decision (origin and key) is kept once, so reading a page of the origin twice changes nothing. What
//! came and did not become a decision is kept as received with its reason, and so is the reason why a record did
//! not follow a decision; both are shown until they are settled. Page, cursor and entries of the journal are one
//! transaction.

use super::audit::AuditNew;
use super::db::{Row, Tx, Val, json, json_opt, placeholders, vals};
use super::{Store, StoreError};
use crate::domain::{Decision, Period, PersonId};
use crate::error::Finding;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};

/// A decision with its number.
#[derive(Debug, Clone)]
pub struct StoredDecision {
    /// Number, in order of arrival.
    pub id: i64,
    /// Where it was made: a target's id, or `cli`.
    pub origin: String,
    /// The decision.
    pub decision: Decision,
    /// When it came to be known here; none for those older than version 50 of the schema.
    pub kept_at: Option<DateTime<Utc>>,
}

impl StoredDecision {
    /// When it came to be known here. The clock of whoever decided says nothing of it where ours was written down.
    pub fn known_at(&self) -> DateTime<Utc> {
        self.kept_at.unwrap_or(self.decision.at)
    }

    /// Whether what was computed at a moment could know of it.
    pub fn was_known_at(&self, moment: DateTime<Utc>) -> bool {
        self.known_at() <= moment
    }
}

/// An entry of an origin that did not become a decision.
#[derive(Debug, Clone)]
pub struct KeptNew {
    /// Its id at the origin, as far as it could be read.
    pub event_id: String,
    /// As received.
    pub body: Vec<u8>,
    /// Why.
    pub finding: Finding,
}

/// Such an entry as it is kept.
#[derive(Debug, Clone)]
pub struct KeptDecision {
    /// Number; none for a decision that was read and that no record followed.
    pub id: Option<i64>,
    /// Where it came from.
    pub origin: String,
    /// Its id there.
    pub event_id: String,
    /// Why.
    pub finding: Finding,
    /// When it came.
    pub at: DateTime<Utc>,
}

/// What a decision was judged by: with a later revision of its record, or more opinions about it, it may be judged otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// Newest revision; 0 without a record.
    pub revision: u32,
    /// How many opinions there are.
    pub opinions: u64,
}

/// What one page of an origin brought.
#[derive(Debug, Clone, Default)]
pub struct DecisionPage {
    /// Decisions.
    pub decisions: Vec<Decision>,
    /// What did not become one.
    pub kept: Vec<KeptNew>,
    /// Kept entries that became one now.
    pub taken_up: Vec<i64>,
    /// Where reading goes on.
    pub cursor: Option<String>,
}

impl Tx {
    /// Keeps decisions that are not known yet, each with its entry in the journal; the scores they concern become due.
    /// Gives how many were new.
    async fn keep_decisions(
        &mut self,
        origin: &str,
        decisions: &[Decision],
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let mut new = 0;
        let (mut due, mut told) = (Vec::new(), Vec::new());
        for decision in decisions {
            let kind = json(&decision.kind)?;
            let inserted = self
                .execute(
                    "INSERT INTO decision (origin, key, person_id, period, author, at, kind, document, kept_at) \
                     VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) \
                     ON CONFLICT (origin, key) DO NOTHING",
                    vals![
                        origin,
                        decision.key.as_str(),
                        decision.person,
                        decision.period,
                        decision.author.as_str(),
                        decision.at,
                        kind,
                        decision.document.clone(),
                        now
                    ],
                )
                .await?;
            if inserted > 0 {
                new += 1;
                if !decision.kind.judges_record() {
                    due.push((decision.person, decision.period));
                }
                told.push(AuditNew {
                    at: now,
                    actor: &decision.author,
                    action: "decision_entered",
                    object: format!("record {} {}", decision.person, decision.period),
                    detail: hashed(origin, decision)?,
                    reason: decision.document.as_deref(),
                });
            }
        }
        self.score_due(&due).await?;
        self.audit_all(told).await?;
        Ok(new)
    }
}

impl Store {
    /// Keeps decisions that people entered here; gives how many were new.
    pub async fn append_decisions(
        &self,
        origin: &str,
        decisions: &[Decision],
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let new = tx.keep_decisions(origin, decisions, now).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// The same for the decisions of a file, with the entry in the journal that tells how many were new.
    pub async fn import_decisions(
        &self,
        origin: &str,
        decisions: &[Decision],
        author: &str,
        document: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let new = tx.keep_decisions(origin, decisions, now).await?;
        tx.audit(AuditNew {
            at: now,
            actor: author,
            action: "decisions_imported",
            object: format!("{new} decisions of one file"),
            detail: String::new(),
            reason: document,
        })
        .await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Keeps a page and the origin's cursor in one transaction; gives how many decisions were new. Scores of the
    /// people and periods concerned become due.
    pub async fn keep_page(
        &self,
        origin: &str,
        page: DecisionPage,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let new = tx.keep_decisions(origin, &page.decisions, now).await?;
        for kept in &page.kept {
            let digest: String = Sha256::digest(&kept.body).iter().map(|b| format!("{b:02x}")).collect();
            tx.execute(
                "INSERT INTO decision_kept (origin, digest, event_id, body, finding, first_seen_at) VALUES ($1,$2,$3,$4,$5,$6) \
                 ON CONFLICT (origin, digest) DO UPDATE SET finding = excluded.finding",
                vals![origin, digest, kept.event_id.as_str(), self.vault.seal("decision_kept", &kept.body)?,
                    json(&kept.finding)?, now],
            )
            .await?;
        }
        for id in &page.taken_up {
            tx.execute("UPDATE decision_kept SET taken_up_at = $2 WHERE id = $1", vals![*id, now]).await?;
        }
        if let Some(cursor) = page.cursor {
            tx.execute(
                "INSERT INTO decision_cursor (origin, cursor) VALUES ($1,$2) ON CONFLICT (origin) DO UPDATE SET cursor = excluded.cursor",
                vals![origin, cursor],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(new)
    }

    /// Entries of an origin that wait to be read again, with what was received, after a number; `code` = only for
    /// this reason, none = whatever the reason.
    pub async fn kept_bodies(
        &self,
        origin: &str,
        code: Option<&str>,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let sql = "SELECT id, body FROM decision_kept WHERE origin = $1 AND taken_up_at IS NULL AND id > $2 \
                   AND CAST(finding AS TEXT) LIKE $3 ORDER BY id LIMIT $4";
        let like = code.map_or("%".to_owned(), |code| format!("%\"{code}\"%"));
        let rows = self.db.rows(sql, vals![origin, after, like, limit as u64]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, self.vault.open("decision_kept", &row.blob(1)?)?))).collect()
    }

    /// One entry of an origin that did not become a decision, with what was received; none where it did, or never came.
    pub async fn kept_entry(
        &self,
        origin: &str,
        id: i64,
    ) -> Result<Option<(KeptDecision, Vec<u8>)>, StoreError> {
        let sql = "SELECT event_id, finding, first_seen_at, body FROM decision_kept \
                   WHERE origin = $1 AND id = $2 AND taken_up_at IS NULL";
        let Some(row) = self.db.row(sql, vals![origin, id]).await? else { return Ok(None) };
        let kept = KeptDecision {
            id: Some(id),
            origin: origin.to_owned(),
            event_id: row.text(0)?,
            finding: row.json(1)?,
            at: row.at(2)?,
        };
        Ok(Some((kept, self.vault.open("decision_kept", &row.blob(3)?)?)))
    }

    /// What people still have to settle: entries that did not become a decision, and decisions no record followed
    /// as long as that record was not approved otherwise.
    pub async fn kept_decisions(&self, limit: usize) -> Result<Vec<KeptDecision>, StoreError> {
        let sql = "SELECT id, origin, event_id, finding, first_seen_at FROM decision_kept WHERE taken_up_at IS NULL ORDER BY id LIMIT $1";
        let mut kept = Vec::new();
        for row in self.db.rows(sql, vals![limit as u64]).await? {
            kept.push(KeptDecision {
                id: Some(row.int(0)?),
                origin: row.text(1)?,
                event_id: row.text(2)?,
                finding: row.json(3)?,
                at: row.at(4)?,
            });
        }
        let sql =
            "SELECT origin, key, refused, at FROM decision WHERE refused IS NOT NULL ORDER BY id LIMIT $1";
        let left = limit.saturating_sub(kept.len());
        for row in self.db.rows(sql, vals![left as u64]).await? {
            kept.push(KeptDecision {
                id: None,
                origin: row.text(0)?,
                event_id: row.text(1)?,
                finding: row.json(2)?,
                at: row.at(3)?,
            });
        }
        Ok(kept)
    }

    /// Numbers of decisions that were read and that no record followed, each with the revision its record has by now; without
    /// those that have no record.
    pub async fn refused_decisions(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        let sql = "SELECT d.id, h.revision FROM decision d \
                   JOIN record_head h ON h.person_id = d.person_id AND h.period = d.period \
                   WHERE d.refused IS NOT NULL ORDER BY d.id";
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
    }

    /// One of them with the reason; none once a record followed it, or none has to.
    pub async fn refused_decision(&self, id: i64) -> Result<Option<(StoredDecision, Finding)>, StoreError> {
        let sql = "SELECT id, origin, key, person_id, period, author, at, kind, document, kept_at, refused FROM decision \
                   WHERE refused IS NOT NULL AND id = $1";
        let row = self.db.row(sql, vals![id]).await?;
        row.map(|row| Ok((decision_of(&row)?, row.json(10)?))).transpose()
    }

    /// How many decisions were kept or refused, by origin.
    pub async fn kept_decisions_by_origin(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        for sql in [
            "SELECT origin FROM decision_kept WHERE taken_up_at IS NULL",
            "SELECT origin FROM decision WHERE refused IS NOT NULL",
        ] {
            // Counted here: a grouping by origin would walk over every decision there ever was.
            for row in self.db.rows(sql, vals![]).await? {
                *counts.entry(row.text(0)?).or_default() += 1;
            }
        }
        Ok(counts)
    }

    /// A decision by its key at the origin.
    pub async fn decision_by_key(&self, origin: &str, key: &str) -> Result<Option<Decision>, StoreError> {
        let sql = "SELECT id, origin, key, person_id, period, author, at, kind, document, kept_at FROM decision WHERE origin = $1 AND key = $2";
        let row = self.db.row(sql, vals![origin, key]).await?;
        row.map(|row| decision_of(&row).map(|stored| stored.decision)).transpose()
    }

    /// Where reading an origin's decisions goes on.
    pub async fn decision_cursor(&self, origin: &str) -> Result<Option<String>, StoreError> {
        let row = self.db.row("SELECT cursor FROM decision_cursor WHERE origin = $1", vals![origin]).await?;
        row.map(|row| row.text(0)).transpose()
    }

    /// Everything decided about a person's period, oldest first.
    pub async fn decisions_of(
        &self,
        person: PersonId,
        period: Period,
    ) -> Result<Vec<StoredDecision>, StoreError> {
        let sql = "SELECT id, origin, key, person_id, period, author, at, kind, document, kept_at FROM decision WHERE person_id = $1 AND period = $2 ORDER BY at, id";
        let rows = self.db.rows(sql, vals![person, period]).await?;
        rows.iter().map(decision_of).collect()
    }

    /// Everything decided about some people in whatever period, of each oldest first.
    pub async fn decisions_of_people(
        &self,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<StoredDecision>>, StoreError> {
        if people.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT id, origin, key, person_id, period, author, at, kind, document, kept_at FROM decision WHERE person_id IN {} ORDER BY at, id",
            placeholders(1, people.len(), 1)
        );
        let mut found: HashMap<PersonId, Vec<StoredDecision>> = HashMap::new();
        for row in self.db.rows(sql, people.iter().map(|person| Val::from(*person)).collect()).await? {
            let stored = decision_of(&row)?;
            found.entry(stored.decision.person).or_default().push(stored);
        }
        Ok(found)
    }

    /// Approvals and classifications that no record has taken up yet, oldest first; without those that wait for a revision or an
    /// opinion that is not there yet.
    pub async fn open_decisions(&self, limit: usize) -> Result<Vec<StoredDecision>, StoreError> {
        let sql = "SELECT id, origin, key, person_id, period, author, at, kind, document, kept_at FROM decision d WHERE NOT applied \
                   AND (awaits IS NULL OR EXISTS (SELECT 1 FROM record_head h WHERE h.person_id = d.person_id \
                   AND h.period = d.period AND h.revision >= d.awaits) \
                   OR (SELECT count(*) FROM record_opinion o WHERE o.person_id = d.person_id \
                   AND o.period = d.period) > d.heard) ORDER BY id LIMIT $1";
        let rows = self.db.rows(sql, vals![limit as u64]).await?;
        rows.iter().map(decision_of).collect()
    }

    /// Lets an approval wait until its record has this revision; shown with its reason until then.
    pub async fn await_revision(&self, id: i64, revision: u32, why: &Finding) -> Result<(), StoreError> {
        let sql = "UPDATE decision SET awaits = $2, refused = $3 WHERE id = $1";
        let mut tx = self.db.begin().await?;
        tx.execute(sql, vals![id, i64::from(revision), json(why)?]).await?;
        tx.commit().await
    }

    /// What stands around a record now, for [`Store::await_opinion`]; read before the decision is judged.
    pub async fn around(&self, person: PersonId, period: Period) -> Result<Around, StoreError> {
        let sql = "SELECT coalesce((SELECT revision FROM record_head WHERE person_id = $1 AND period = $2), 0), \
                   (SELECT count(*) FROM record_opinion WHERE person_id = $1 AND period = $2)";
        let row = self.db.row(sql, vals![person, period]).await?;
        let row = row.ok_or_else(|| StoreError::unexpected("an answer without a row"))?;
        let number = |index| row.int(index).map(|number: i64| number.max(0));
        Ok(Around {
            revision: u32::try_from(number(0)?).unwrap_or(u32::MAX),
            opinions: number(1)?.unsigned_abs(),
        })
    }

    /// Lets a decision that lacks an opinion wait until there is another one than it was judged by, or another revision; shown with
    /// its reason until then.
    pub async fn await_opinion(&self, id: i64, judged: Around, why: &Finding) -> Result<(), StoreError> {
        let sql = "UPDATE decision SET awaits = $2, heard = $3, refused = $4 WHERE id = $1";
        let mut tx = self.db.begin().await?;
        let next = i64::from(judged.revision) + 1;
        tx.execute(sql, vals![id, next, judged.opinions, json(why)?]).await?;
        tx.commit().await
    }

    /// Has decisions that wait for an opinion judged again: who has to be asked is another question once people or rules changed.
    pub async fn judge_awaiting_again(&self) -> Result<(), StoreError> {
        let sql = "UPDATE decision SET awaits = NULL, heard = NULL WHERE NOT applied AND heard IS NOT NULL";
        let mut tx = self.db.begin().await?;
        tx.execute(sql, vals![]).await?;
        tx.commit().await
    }

    /// Marks decisions as taken up by a record, or as needing none; with a reason: as refused.
    pub async fn settle_decisions(&self, decisions: &[(i64, Option<Finding>)]) -> Result<(), StoreError> {
        if decisions.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        for (id, refused) in decisions {
            tx.execute(
                "UPDATE decision SET applied = $2, refused = $3 WHERE id = $1",
                vals![*id, true, json_opt(refused.as_ref())?],
            )
            .await?;
        }
        tx.commit().await
    }
}

/// What the journal says of a decision: where it was made, its kind, and a hash of what it says. No words of it.
fn hashed(origin: &str, decision: &Decision) -> Result<String, StoreError> {
    let value =
        serde_json::to_value(&decision.kind).map_err(|error| StoreError::unexpected(error.to_string()))?;
    let kind = value.get("type").and_then(|kind| kind.as_str()).unwrap_or_default();
    let digest = Sha256::digest(value.to_string().as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{origin} {kind} {digest}"))
}

fn decision_of(row: &Row) -> Result<StoredDecision, StoreError> {
    Ok(StoredDecision {
        id: row.int(0)?,
        origin: row.text(1)?,
        decision: Decision {
            key: row.text(2)?,
            person: row.person(3)?,
            period: row.parsed(4)?,
            author: row.text(5)?,
            at: row.at(6)?,
            kind: row.json(7)?,
            document: row.opt_text(8)?,
        },
        kept_at: row.opt_at(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DecisionKind;
    use chrono::TimeDelta;

    #[test]
    fn what_is_known_is_told_by_our_clock_and_by_theirs_where_ours_was_not_kept() {
        let approved: DateTime<Utc> = "2026-12-06T03:03:00Z".parse().expect("instant");
        let stored = |at, kept_at| StoredDecision {
            id: 1,
            origin: "software".into(),
            decision: Decision {
                key: "1".into(),
                person: PersonId(uuid::Uuid::nil()),
                period: "2026-Q4".parse().expect("period"),
                author: "GL-3".into(),
                at,
                document: None,
                kind: DecisionKind::SelfAssessment { items: BTreeMap::new() },
            },
            kept_at,
        };
        let (before, after) = (approved - TimeDelta::minutes(2), approved + TimeDelta::minutes(2));
        assert!(stored(after, Some(before)).was_known_at(approved), "their clock is ahead");
        assert!(!stored(before, Some(after)).was_known_at(approved), "it was read later");
        assert!(stored(before, None).was_known_at(approved) && !stored(after, None).was_known_at(approved));
    }
}
