//! The outbox: what must reach which receiver, until when, and the receipts.
//!
//! Owns the states of a delivery (docs/ARCHITECTURE.md), the claim under a fence, and the rule that one item
//! per person and target is in flight. A holder whose lease ran out is refused when it comes back.

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
    fn as_str(self) -> &'static str {
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
    /// When it must have arrived.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Every deadline rule applied.
    pub deadlines: Value,
    /// When it is enqueued.
    pub at: DateTime<Utc>,
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

/// Which items a list shows.
#[derive(Debug, Clone, Default)]
pub struct OutboxFilter {
    /// Of one target.
    pub target: Option<String>,
    /// In one state.
    pub state: Option<String>,
    /// Of one kind of payload.
    pub kind: Option<OutboxKind>,
}

/// One line of a list of items.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxLine {
    /// Id.
    pub id: Uuid,
    /// Receiver.
    pub target: String,
    /// Kind.
    pub kind: String,
    /// Whose.
    pub person: PersonId,
    /// Staff number.
    pub staff_number: String,
    /// Period.
    pub period: String,
    /// Revision.
    pub revision: u32,
    /// State.
    pub state: String,
    /// Attempts.
    pub attempts: u32,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// Until when it must arrive.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Next try.
    pub next_try_at: DateTime<Utc>,
    /// The receiver's number.
    pub transaction_id: Option<String>,
    /// When the receipt came.
    pub received_at: Option<DateTime<Utc>>,
    /// Why it waits.
    pub finding: Option<Finding>,
}

impl Tx {
    /// Enqueues an item. Undelivered older ones it replaces are superseded, except those in flight or
    /// unclear, which are resolved first.
    pub(super) async fn enqueue(&mut self, vault: &Vault, new: &OutboxNew) -> Result<(), StoreError> {
        let same_period = if new.kind == OutboxKind::Score { new.period.to_string() } else { String::new() };
        self.execute(
            "UPDATE outbox SET state = 'superseded', settled_at = $6 WHERE target = $1 AND person_id = $2 AND kind = $3 \
             AND ($4 = '' OR period = $4) AND state IN ('pending', 'parked', 'rejected') AND payload_hash <> $5",
            vals![new.target.as_str(), new.person, new.kind.as_str(), same_period, new.payload_hash.as_str(), new.at],
        )
        .await?;
        let id = Uuid::now_v7();
        self.execute(
            "INSERT INTO outbox (id, target, kind, person_id, period, revision, state, payload, payload_hash, list_len, created_at, \
             deadline_at, deadlines, next_try_at) VALUES ($1,$2,$3,$4,$5,$6,'pending',$7,$8,$9,$10,$11,$12,$10)",
            vals![id, new.target.as_str(), new.kind.as_str(), new.person, new.period, new.revision,
                vault.seal("outbox", &new.payload)?, new.payload_hash.as_str(), new.list_len, new.at, new.deadline_at,
                json(&new.deadlines)?],
        )
        .await?;
        Ok(())
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
        let until = now + TimeDelta::from_std(lease).unwrap_or(TimeDelta::minutes(3));
        let mut tx = self.db.begin().await?;
        if tx.is_postgres() {
            // Two replicas claiming at once would each see the other's items as free.
            tx.rows("SELECT pg_advisory_xact_lock(7416)", vals![]).await?;
        }
        let rows = tx
            .rows(
                "SELECT d.id, d.kind, d.person_id, d.payload, d.payload_hash, d.created_at, d.deadline_at, d.attempts, d.fence, d.state \
                 FROM outbox d WHERE d.id IN (SELECT o.id FROM outbox o WHERE o.target = $1 AND o.settled_at IS NULL \
                 AND ((o.state IN ('pending', 'unknown') AND o.next_try_at <= $2) OR (o.state IN ('leased', 'sent') AND o.lease_until < $2)) \
                 AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.target = o.target AND e.person_id = o.person_id AND e.settled_at IS NULL \
                 AND e.state IN ('pending', 'unknown', 'leased', 'sent') AND e.id < o.id) \
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
        })
    }

    /// Writes down that a claimed item is about to be sent: from here on it may have arrived.
    pub async fn mark_sent(&self, id: Uuid, fence: i64) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE outbox SET state = 'sent', attempts = attempts + 1 WHERE id = $1 AND fence = $2 AND settled_at IS NULL",
                vals![id, fence],
            )
            .await?;
        fenced(changed, id)?;
        tx.commit().await
    }

    /// Writes down what became of a claimed item. A holder whose claim was taken over is refused.
    pub async fn settle(
        &self,
        id: Uuid,
        fence: i64,
        settlement: Settlement,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let (state, finding, next_try, settled, receipt) = match settlement {
            Settlement::Acknowledged { receipt, verified } => {
                (if verified { "verified" } else { "acknowledged" }, None, None, Some(now), Some(receipt))
            }
            Settlement::Superseded { receipt } => ("superseded", None, None, Some(now), receipt),
            Settlement::Rejected { finding } => ("rejected", Some(finding), None, None, None),
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
                    "SELECT target, person_id, period, revision, list_len, kind FROM outbox WHERE id = $1",
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
                tx.mark_delivered(person, row.parsed(2)?, row.int(3)?).await?;
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
        tx.commit().await
    }

    /// What a target last acknowledged for a person: rows of the list and hash of the payload.
    pub async fn last_acknowledged(
        &self,
        target: &TargetId,
        person: PersonId,
    ) -> Result<Option<(u32, String)>, StoreError> {
        let sql = "SELECT list_len, payload_hash FROM receipt WHERE target = $1 AND person_id = $2 ORDER BY received_at DESC, outbox_id DESC LIMIT 1";
        let row = self.db.row(sql, vals![target.as_str(), person]).await?;
        row.map(|row| Ok((u32::try_from(row.int(0)?).unwrap_or(0), row.text(1)?))).transpose()
    }

    /// Hash of the newest list enqueued for a person that is not superseded.
    pub async fn newest_list(
        &self,
        target: &TargetId,
        person: PersonId,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT payload_hash FROM outbox WHERE target = $1 AND person_id = $2 AND kind = 'result' AND state <> 'superseded' ORDER BY id DESC LIMIT 1";
        let row = self.db.row(sql, vals![target.as_str(), person]).await?;
        row.map(|row| row.text(0)).transpose()
    }

    /// People whose list waits because their earlier results were unknown when it was to be sent.
    pub async fn parked_people(&self, target: &TargetId) -> Result<Vec<PersonId>, StoreError> {
        let rows = self
            .db
            .rows(
                "SELECT DISTINCT person_id FROM outbox WHERE target = $1 AND kind = 'result' AND state = 'parked'",
                vals![target.as_str()],
            )
            .await?;
        rows.iter().map(|row| row.person(0)).collect()
    }

    /// Items, newest first.
    pub async fn outbox_lines(
        &self,
        filter: &OutboxFilter,
        limit: usize,
    ) -> Result<Vec<OutboxLine>, StoreError> {
        let sql = "SELECT o.id, o.target, o.kind, o.person_id, p.staff_number, o.period, o.revision, o.state, o.attempts, o.created_at, \
                   o.deadline_at, o.next_try_at, r.transaction_id, r.received_at, o.last_finding FROM outbox o \
                   JOIN person p ON p.id = o.person_id LEFT JOIN receipt r ON r.outbox_id = o.id \
                   WHERE ($1 = '' OR o.target = $1) AND ($2 = '' OR o.state = $2) AND ($3 = '' OR o.kind = $3) ORDER BY o.id DESC LIMIT $4";
        let target = filter.target.as_deref().unwrap_or("");
        let kind = filter.kind.map_or("", OutboxKind::as_str);
        let rows = self
            .db
            .rows(sql, vals![target, filter.state.as_deref().unwrap_or(""), kind, limit as u64])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(OutboxLine {
                    id: row.uid(0)?,
                    target: row.text(1)?,
                    kind: row.text(2)?,
                    person: row.person(3)?,
                    staff_number: row.text(4)?,
                    period: row.text(5)?,
                    revision: u32::try_from(row.int(6)?).unwrap_or(0),
                    state: row.text(7)?,
                    attempts: u32::try_from(row.int(8)?).unwrap_or(0),
                    created_at: row.at(9)?,
                    deadline_at: row.opt_at(10)?,
                    next_try_at: row.at(11)?,
                    transaction_id: row.opt_text(12)?,
                    received_at: row.opt_at(13)?,
                    finding: row.opt_json(14)?,
                })
            })
            .collect()
    }

    /// Has a waiting item tried again at once; false when it is settled or in flight.
    pub async fn retry_item(&self, id: Uuid, author: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE outbox SET state = CASE WHEN state = 'unknown' THEN 'unknown' ELSE 'pending' END, next_try_at = $2 \
                 WHERE id = $1 AND settled_at IS NULL AND state IN ('pending', 'unknown', 'parked', 'rejected')",
                vals![id, now],
            )
            .await?;
        if changed > 0 {
            tx.audit(AuditNew {
                at: now,
                actor: author,
                action: "outbox_retried",
                object: format!("outbox {id}"),
                detail: String::new(),
                reason: None,
            })
            .await?;
        }
        tx.commit().await?;
        Ok(changed > 0)
    }

    /// Takes a waiting item out of the way until a person has it tried again.
    pub async fn park_item(
        &self,
        id: Uuid,
        author: &str,
        finding: &Finding,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE outbox SET state = 'parked', last_finding = $2 WHERE id = $1 AND settled_at IS NULL \
                 AND state IN ('pending', 'unknown', 'rejected')",
                vals![id, json(finding)?],
            )
            .await?;
        if changed > 0 {
            tx.audit(AuditNew {
                at: now,
                actor: author,
                action: "outbox_parked",
                object: format!("outbox {id}"),
                detail: String::new(),
                reason: Some(&finding.what.en),
            })
            .await?;
        }
        tx.commit().await?;
        Ok(changed > 0)
    }
}

fn fenced(changed: u64, id: Uuid) -> Result<(), StoreError> {
    if changed == 0 {
        return Err(StoreError::Conflict(format!("outbox item {id} was taken over by another holder")));
    }
    Ok(())
}
