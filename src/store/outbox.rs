//! The outbox: what must reach which receiver, until when, and the receipts.
//!
//! Owns the states of a delivery (docs/ARCHITECTURE.md), the claim under a fence, the rule that one item per
//! person and target is in flight, and the order among a person's items: an item that a newer one of the same
//! kind has overtaken is superseded and never sent again. A holder whose lease ran out is refused when it comes
//! back. What people see and order of it is `outbox_view`.

use super::audit::AuditNew;
use super::db::{Row, Tx, json, json_opt, vals};
use super::vault::Vault;
use super::{Store, StoreError};
use crate::domain::{Period, PersonId, TargetId};
use crate::error::Finding;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

/// What an item carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxKind {
    /// One revision of a score, for the evaluation software.
    Score,
    /// A person's whole list of results, for the national database.
    Result,
}

impl OutboxKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Result => "result",
        }
    }
}

/// An item to be enqueued.
#[derive(Debug, Clone)]
pub struct OutboxNew {
    /// Receiver.
    pub target: TargetId,
    /// Kind.
    pub kind: OutboxKind,
    /// Whose.
    pub person: PersonId,
    /// Period whose record gave rise to it.
    pub period: Period,
    /// Revision of that record.
    pub revision: u32,
    /// Canonical payload.
    pub payload: Vec<u8>,
    /// Its SHA-256.
    pub payload_hash: String,
    /// Rows of the list; 1 for a score.
    pub list_len: u32,
    /// Records a receipt proves delivered: every approved revision the list shows; none for a score.
    pub covers: Vec<(Period, u32)>,
    /// When it must have arrived.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Every deadline rule applied.
    pub deadlines: Value,
    /// When it is enqueued.
    pub at: DateTime<Utc>,
    /// Who lets it go out although it lacks what was acknowledged, why, and by which document.
    pub allowed: Option<(String, String, String)>,
}

/// A claimed item.
#[derive(Debug, Clone)]
pub struct OutboxItem {
    /// Id, the same over every attempt.
    pub id: Uuid,
    /// Kind.
    pub kind: OutboxKind,
    /// Whose.
    pub person: PersonId,
    /// Payload.
    pub payload: Vec<u8>,
    /// Its SHA-256.
    pub payload_hash: String,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it must have arrived.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Attempts made so far.
    pub attempts: u32,
    /// Fence of this claim.
    pub fence: i64,
    /// Whether an earlier attempt may have arrived.
    pub unclear: bool,
    /// Whether a person let it go out although it lacks what was acknowledged before.
    pub allowed: bool,
}

/// A receipt to be kept.
#[derive(Debug, Clone)]
pub struct ReceiptNew {
    /// The receiver's number.
    pub transaction_id: String,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The answer.
    pub answer: String,
    /// What it acknowledges.
    pub payload_hash: String,
}

/// What became of a claimed item.
#[derive(Debug, Clone)]
pub enum Settlement {
    /// Arrived; `verified` when it was read back.
    Acknowledged {
        /// Receipt.
        receipt: ReceiptNew,
        /// Read back rather than answered.
        verified: bool,
    },
    /// Something newer is there already.
    Superseded {
        /// The receiver's answer.
        receipt: Option<ReceiptNew>,
    },
    /// Refused as it is.
    Rejected {
        /// Why.
        finding: Finding,
        /// Whether the target said so; else it never left.
        answered: bool,
    },
    /// Did not arrive; again later.
    Retry {
        /// Why.
        finding: Finding,
        /// When.
        next_try_at: DateTime<Utc>,
    },
    /// May have arrived; read back later.
    Unknown {
        /// Why.
        finding: Finding,
        /// When.
        next_try_at: DateTime<Utc>,
    },
    /// Waits for a person.
    Parked {
        /// Why.
        finding: Finding,
    },
}

impl Tx {
    /// Lets one transaction at a time decide about the order of items.
    pub(super) async fn lock_order(&mut self) -> Result<(), StoreError> {
        if self.is_postgres() {
            // Two replicas would each see the other's items as free. SQLite has one writer anyway.
            self.rows("SELECT pg_advisory_xact_lock(7416)", vals![]).await?;
        }
        Ok(())
    }

    /// Enqueues an item behind all others of the person. Undelivered older ones it replaces are superseded,
    /// except those in flight or unclear, which are resolved first. The clock of a superseded item runs on in
    /// the new one: what was due on Friday stays due on Friday.
    pub(super) async fn enqueue(&mut self, vault: &Vault, new: &OutboxNew) -> Result<(), StoreError> {
        self.lock_order().await?;
        let same_period = if new.kind == OutboxKind::Score { new.period.to_string() } else { String::new() };
        let replaced = "target = $1 AND person_id = $2 AND kind = $3 AND ($4 = '' OR period = $4) \
                        AND state IN ('pending', 'parked', 'rejected') AND settled_at IS NULL";
        let key = || vals![new.target.as_str(), new.person, new.kind.as_str(), same_period.as_str()];
        let earlier = self
            .row(
                format!(
                    "SELECT deadline_at, deadlines FROM outbox WHERE {replaced} AND deadline_at IS NOT NULL \
                     ORDER BY deadline_at LIMIT 1"
                ),
                key(),
            )
            .await?;
        let (mut deadline_at, mut deadlines) = (new.deadline_at, new.deadlines.clone());
        if let Some(row) = earlier
            && let Some(at) = row.opt_at(0)?
            && deadline_at.is_none_or(|new| at < new)
        {
            (deadline_at, deadlines) = (Some(at), row.json(1)?);
        }
        let mut superseding = key();
        superseding.push(new.at.into());
        self.execute(
            format!("UPDATE outbox SET state = 'superseded', settled_at = $5 WHERE {replaced}"),
            superseding,
        )
        .await?;
        let seq = self
            .row(
                "SELECT coalesce(max(seq), 0) + 1 FROM outbox WHERE target = $1 AND person_id = $2",
                vals![new.target.as_str(), new.person],
            )
            .await?
            .map_or(Ok(1), |row| row.int(0))?;
        let (by, why, document) = match new.allowed.clone() {
            Some((by, why, document)) => (Some(by), Some(why), Some(document)),
            None => (None, None, None),
        };
        self.execute(
            "INSERT INTO outbox (id, seq, target, kind, person_id, period, revision, state, payload, payload_hash, list_len, covers, \
             created_at, deadline_at, deadlines, next_try_at, allowed_at, allowed_by, allowed_reason, allowed_document) \
             VALUES ($1,$2,$3,$4,$5,$6,$7,'pending',$8,$9,$10,$11,$12,$13,$14,$12,$15,$16,$17,$18)",
            vals![Uuid::now_v7(), seq, new.target.as_str(), new.kind.as_str(), new.person, new.period, new.revision,
                vault.seal("outbox", &new.payload)?, new.payload_hash.as_str(), new.list_len, json(&new.covers)?, new.at,
                deadline_at, json(&deadlines)?, new.allowed.as_ref().map(|_| new.at), by, why, document],
        )
        .await?;
        Ok(())
    }

    /// Keeps why an attempt did not arrive, for whoever looks at the item's target.
    async fn target_failed(
        &mut self,
        id: Uuid,
        finding: &Finding,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO target_state (target, last_error, last_error_at) \
                   SELECT target, $2, $3 FROM outbox WHERE id = $1 \
                   ON CONFLICT (target) DO UPDATE SET last_error = excluded.last_error, last_error_at = excluded.last_error_at";
        self.execute(sql, vals![id, json(finding)?, now]).await?;
        Ok(())
    }

    /// The item's target answered: its last failure is over.
    async fn target_answered(&mut self, id: Uuid) -> Result<(), StoreError> {
        let sql = "DELETE FROM target_state WHERE target = (SELECT target FROM outbox WHERE id = $1)";
        self.execute(sql, vals![id]).await?;
        Ok(())
    }

    /// Whether something newer of the same kind is on its way or there: then this item must not be sent again.
    pub(super) async fn is_overtaken(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let row = self
            .row(
                "SELECT 1 FROM outbox o JOIN outbox n ON n.target = o.target AND n.person_id = o.person_id AND n.kind = o.kind \
                 AND n.seq > o.seq AND (n.kind = 'result' OR n.period = o.period) AND n.state <> 'superseded' \
                 WHERE o.id = $1 LIMIT 1",
                vals![id],
            )
            .await?;
        Ok(row.is_some())
    }
}

impl Store {
    /// Enqueues items that follow from no new revision (a history that became known).
    pub async fn enqueue(&self, items: &[OutboxNew]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for item in items {
            tx.enqueue(&self.vault, item).await?;
        }
        tx.commit().await
    }

    /// Claims items that are due, earliest deadline first, the oldest item of each person only. Items whose
    /// holder disappeared are taken over; one that had been sent comes back as unclear.
    pub async fn claim_outbox(
        &self,
        target: &TargetId,
        owner: &str,
        now: DateTime<Utc>,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let until = until(now, lease);
        let mut tx = self.db.begin().await?;
        tx.lock_order().await?;
        let rows = tx
            .rows(
                "SELECT d.id, d.kind, d.person_id, d.payload, d.payload_hash, d.created_at, d.deadline_at, d.attempts, d.fence, d.state, d.allowed_at \
                 FROM outbox d WHERE d.id IN (SELECT o.id FROM outbox o WHERE o.target = $1 AND o.settled_at IS NULL \
                 AND ((o.state IN ('pending', 'unknown') AND o.next_try_at <= $2) OR (o.state IN ('leased', 'sent') AND o.lease_until < $2)) \
                 AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.target = o.target AND e.person_id = o.person_id AND e.settled_at IS NULL \
                 AND e.state IN ('pending', 'unknown', 'leased', 'sent') AND e.seq < o.seq) \
                 ORDER BY o.deadline_at, o.id LIMIT $3) ORDER BY d.deadline_at, d.id",
                vals![target.as_str(), now, limit as u64],
            )
            .await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut item = self.item_of(row)?;
            item.fence += 1;
            let state = if item.unclear { "sent" } else { "leased" };
            tx.execute(
                "UPDATE outbox SET state = $2, fence = $3, lease_owner = $4, lease_until = $5 WHERE id = $1",
                vals![item.id, state, item.fence, owner, until],
            )
            .await?;
            items.push(item);
        }
        tx.commit().await?;
        Ok(items)
    }

    fn item_of(&self, row: &Row) -> Result<OutboxItem, StoreError> {
        let state = row.text(9)?;
        Ok(OutboxItem {
            id: row.uid(0)?,
            kind: if row.text(1)? == "score" { OutboxKind::Score } else { OutboxKind::Result },
            person: row.person(2)?,
            payload: self.vault.open("outbox", &row.blob(3)?)?,
            payload_hash: row.text(4)?,
            created_at: row.at(5)?,
            deadline_at: row.opt_at(6)?,
            attempts: u32::try_from(row.int(7)?).unwrap_or(0),
            fence: row.int(8)?,
            unclear: matches!(state.as_str(), "sent" | "unknown"),
            allowed: row.opt_at(10)?.is_some(),
        })
    }

    /// Writes down that a claimed item is about to be sent: from here on it may have arrived. The claim starts
    /// anew, so that waiting in line does not shorten the time for the request.
    pub async fn mark_sent(
        &self,
        id: Uuid,
        fence: i64,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE outbox SET state = 'sent', attempts = attempts + 1, lease_until = $3 \
                 WHERE id = $1 AND fence = $2 AND settled_at IS NULL",
                vals![id, fence, until(now, lease)],
            )
            .await?;
        fenced(changed, id)?;
        tx.commit().await
    }

    /// Replaces a claimed item by one that says what is true now.
    pub async fn replace_item(&self, id: Uuid, fence: i64, new: &OutboxNew) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_order().await?;
        let changed = tx
            .execute(
                "UPDATE outbox SET state = 'pending', lease_owner = NULL, lease_until = NULL \
                 WHERE id = $1 AND fence = $2 AND settled_at IS NULL",
                vals![id, fence],
            )
            .await?;
        fenced(changed, id)?;
        tx.enqueue(&self.vault, new).await?;
        tx.commit().await
    }

    /// Writes down what became of a claimed item. A holder whose claim was taken over is refused. An item that
    /// did not arrive and that a newer one has overtaken is superseded instead of waiting.
    pub async fn settle(
        &self,
        id: Uuid,
        fence: i64,
        settlement: Settlement,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        // Before the order of items is looked at: an item that was overtaken tells of its target all the same.
        match &settlement {
            // Whatever it answered, it answered.
            Settlement::Acknowledged { .. }
            | Settlement::Superseded { receipt: Some(_) }
            | Settlement::Rejected { answered: true, .. } => tx.target_answered(id).await?,
            Settlement::Retry { finding, .. } | Settlement::Unknown { finding, .. } => {
                tx.target_failed(id, finding, now).await?;
            }
            Settlement::Superseded { receipt: None }
            | Settlement::Rejected { answered: false, .. }
            | Settlement::Parked { .. } => {}
        }
        let settlement = match settlement {
            Settlement::Rejected { .. } | Settlement::Retry { .. } | Settlement::Parked { .. } => {
                tx.lock_order().await?;
                if tx.is_overtaken(id).await? { Settlement::Superseded { receipt: None } } else { settlement }
            }
            other => other,
        };
        let (state, finding, next_try, settled, receipt) = match settlement {
            Settlement::Acknowledged { receipt, verified } => {
                (if verified { "verified" } else { "acknowledged" }, None, None, Some(now), Some(receipt))
            }
            Settlement::Superseded { receipt } => ("superseded", None, None, Some(now), receipt),
            Settlement::Rejected { finding, .. } => ("rejected", Some(finding), None, None, None),
            Settlement::Retry { finding, next_try_at } => {
                ("pending", Some(finding), Some(next_try_at), None, None)
            }
            Settlement::Unknown { finding, next_try_at } => {
                ("unknown", Some(finding), Some(next_try_at), None, None)
            }
            Settlement::Parked { finding } => ("parked", Some(finding), None, None, None),
        };
        let changed = tx
            .execute(
                "UPDATE outbox SET state = $3, last_finding = coalesce($4, last_finding), next_try_at = coalesce($5, next_try_at), \
                 settled_at = $6, lease_owner = NULL, lease_until = NULL WHERE id = $1 AND fence = $2 AND settled_at IS NULL",
                vals![id, fence, state, json_opt(finding.as_ref())?, next_try, settled],
            )
            .await?;
        fenced(changed, id)?;
        if let Some(receipt) = receipt {
            let row = tx
                .row(
                    "SELECT target, person_id, period, revision, list_len, kind, covers FROM outbox WHERE id = $1",
                    vals![id],
                )
                .await?
                .ok_or_else(|| StoreError::unexpected("the item disappeared"))?;
            let (target, person, list_len) = (row.text(0)?, row.person(1)?, row.int(4)?);
            tx.execute(
                "INSERT INTO receipt (outbox_id, target, person_id, transaction_id, received_at, answer, payload_hash, list_len) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (outbox_id) DO NOTHING",
                vals![id, target.as_str(), person, receipt.transaction_id.as_str(), receipt.received_at, receipt.answer,
                    receipt.payload_hash, list_len],
            )
            .await?;
            if row.text(5)? == "result" && state != "superseded" {
                for (period, revision) in row.json::<Vec<(Period, u32)>>(6)? {
                    tx.mark_delivered(person, period, revision.into()).await?;
                }
                tx.audit(AuditNew {
                    at: now,
                    actor: "delivery",
                    action: "result_delivered",
                    object: format!("record {person} {} r{}", row.text(2)?, row.int(3)?),
                    detail: format!("target {target}, transaction {}", receipt.transaction_id),
                    reason: None,
                })
                .await?;
            }
        }
        crate::failpoint!("deliver::inside_receipt");
        tx.commit().await
    }

    /// The list a target last acknowledged for a person.
    pub async fn last_acknowledged(
        &self,
        target: &TargetId,
        person: PersonId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT payload FROM outbox WHERE target = $1 AND person_id = $2 AND kind = 'result' \
                   AND state IN ('acknowledged', 'verified') ORDER BY seq DESC LIMIT 1";
        let row = self.db.row(sql, vals![target.as_str(), person]).await?;
        row.map(|row| self.vault.open("outbox", &row.blob(0)?)).transpose()
    }

    /// The records a target last acknowledged for a person.
    pub async fn delivered_covers(
        &self,
        target: &TargetId,
        person: PersonId,
    ) -> Result<Vec<(Period, u32)>, StoreError> {
        let sql = "SELECT covers FROM outbox WHERE target = $1 AND person_id = $2 AND kind = 'result' \
                   AND state IN ('acknowledged', 'verified') ORDER BY seq DESC LIMIT 1";
        let row = self.db.row(sql, vals![target.as_str(), person]).await?;
        row.map_or(Ok(Vec::new()), |row| row.json(0))
    }

    /// The newest list enqueued for a person that is not superseded: its hash and the records it covers.
    pub async fn newest_list(
        &self,
        target: &TargetId,
        person: PersonId,
    ) -> Result<Option<(String, Vec<(Period, u32)>)>, StoreError> {
        let sql = "SELECT payload_hash, covers FROM outbox WHERE target = $1 AND person_id = $2 AND kind = 'result' \
                   AND state <> 'superseded' ORDER BY seq DESC LIMIT 1";
        let row = self.db.row(sql, vals![target.as_str(), person]).await?;
        row.map(|row| Ok((row.text(0)?, row.json(1)?))).transpose()
    }

    /// People who have a list at a target, in whatever state.
    pub async fn people_with_lists(&self, target: &TargetId) -> Result<Vec<PersonId>, StoreError> {
        let sql = "SELECT DISTINCT person_id FROM outbox WHERE target = $1 AND kind = 'result'";
        let rows = self.db.rows(sql, vals![target.as_str()]).await?;
        rows.iter().map(|row| row.person(0)).collect()
    }

    /// People with an approved result whose delivery has begun (a year, or a closed period), that did not reach
    /// the target and is not on its way.
    pub async fn people_behind(&self, target: &TargetId, limit: usize) -> Result<Vec<PersonId>, StoreError> {
        let sql = "SELECT DISTINCT h.person_id FROM record_head h WHERE h.state = 'approved' \
                   AND (h.period NOT LIKE '%-%' OR EXISTS (SELECT 1 FROM period_close c WHERE c.period = h.period)) \
                   AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.target = $1 AND o.person_id = h.person_id AND o.kind = 'result' \
                   AND o.settled_at IS NULL) LIMIT $2";
        let rows = self.db.rows(sql, vals![target.as_str(), limit as u64]).await?;
        rows.iter().map(|row| row.person(0)).collect()
    }
}

fn until(now: DateTime<Utc>, lease: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(lease).unwrap_or(TimeDelta::minutes(3))
}

fn fenced(changed: u64, id: Uuid) -> Result<(), StoreError> {
    if changed == 0 {
        return Err(StoreError::Conflict(format!("outbox item {id} was taken over by another holder")));
    }
    Ok(())
}
