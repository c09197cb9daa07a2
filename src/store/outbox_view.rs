//! What people see of the outbox and order about it: the list, retry, park.
//!
//! Owns nothing of a delivery's course (`outbox` does). An order about an item that is settled, in flight or
//! overtaken by a newer one changes nothing and says so.

use super::audit::AuditNew;
use super::db::{Row, Tx, Val, json, placeholders, vals};
use super::outbox::OutboxKind;
use super::{Store, StoreError};
use crate::domain::PersonId;
use crate::error::Finding;
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

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
    /// Who let it go out although it lacks what was acknowledged before.
    pub allowed_by: Option<String>,
}

/// A named person's word that an item may go out although it lacks what was acknowledged before.
#[derive(Debug, Clone, Copy)]
pub struct Allowance<'a> {
    /// Who says so.
    pub author: &'a str,
    /// Why.
    pub reason: &'a str,
    /// The document that annuls what the list lacks.
    pub document: &'a str,
}

/// What an order to send an item again did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// It is due now.
    Due,
    /// A newer item of the same person took its place: this one is superseded and never sent.
    Overtaken,
    /// A person parked it; an order about many leaves it alone.
    Kept,
    /// It is settled, in flight or unknown.
    NotWaiting,
}

/// What an order to send many items again did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetriedAll {
    /// Due now.
    pub due: u64,
    /// Superseded, because a newer item of the same person took their place.
    pub overtaken: u64,
    /// Left as they are, because a person parked them.
    pub kept: u64,
}

const COLUMNS: &str = "o.id, o.target, o.kind, o.person_id, p.staff_number, o.period, o.revision, o.state, o.attempts, o.created_at, \
                       o.deadline_at, o.next_try_at, r.transaction_id, r.received_at, o.last_finding, o.allowed_by FROM outbox o \
                       JOIN person p ON p.id = o.person_id LEFT JOIN receipt r ON r.outbox_id = o.id";

impl Store {
    /// Items: those not settled with the earliest deadline first, then the settled ones, newest first.
    pub async fn outbox_lines(
        &self,
        filter: &OutboxFilter,
        limit: usize,
    ) -> Result<Vec<OutboxLine>, StoreError> {
        let soonest = "ORDER BY o.deadline_at IS NULL, o.deadline_at, o.id DESC";
        let mut lines = self.lines(filter, "o.settled_at IS NULL", soonest, limit).await?;
        if lines.len() < limit {
            let left = limit - lines.len();
            lines.extend(self.lines(filter, "o.settled_at IS NOT NULL", "ORDER BY o.id DESC", left).await?);
        }
        Ok(lines)
    }

    async fn lines(
        &self,
        filter: &OutboxFilter,
        which: &str,
        order: &str,
        limit: usize,
    ) -> Result<Vec<OutboxLine>, StoreError> {
        // Only what is asked for stands in the statement: no index serves "this target, or any".
        let (mut wanted, mut vals) = (String::new(), vals![limit as u64]);
        let kind = filter.kind.map(OutboxKind::as_str);
        for (column, value) in
            [("target", filter.target.as_deref()), ("state", filter.state.as_deref()), ("kind", kind)]
        {
            if let Some(value) = value {
                vals.push(value.into());
                wanted.push_str(&format!("AND o.{column} = ${} ", vals.len()));
            }
        }
        let rows =
            self.db.rows(format!("SELECT {COLUMNS} WHERE {which} {wanted}{order} LIMIT $1"), vals).await?;
        rows.iter().map(line_of).collect()
    }

    /// Has a waiting item tried again at once.
    pub async fn retry_item(
        &self,
        id: Uuid,
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<Retried, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_order().await?;
        let retried = tx.retry(id, author, now).await?;
        tx.commit().await?;
        Ok(retried)
    }

    /// Has every waiting item of a target (or of any) in one of these states tried again at once, each with its own
    /// entry in the journal. Those parked for the reason `kept_for` stay, even when they are parked while this runs.
    pub async fn retry_items(
        &self,
        target: Option<&str>,
        states: &[&str],
        kept_for: &str,
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<RetriedAll, StoreError> {
        let mut all = RetriedAll::default();
        let mut vals: Vec<Val> = states.iter().map(|state| Val::from(*state)).collect();
        let of_target = match target {
            Some(target) => {
                vals.push(target.into());
                format!("AND target = ${} ", vals.len())
            }
            None => String::new(),
        };
        let sql = format!(
            "SELECT id FROM outbox WHERE state IN {} {of_target}AND settled_at IS NULL ORDER BY id",
            placeholders(1, states.len(), 1)
        );
        let rows = self.db.rows(sql, vals).await?;
        let ids = rows.iter().map(|row| row.uid(0)).collect::<Result<Vec<_>, _>>()?;
        // Whoever delivers waits for the order of items: a few at a time.
        for some in ids.chunks(200) {
            let mut tx = self.db.begin().await?;
            tx.lock_order().await?;
            let (mut due, mut overtaken, mut kept) = (0, 0, 0);
            for id in some {
                match tx.retry_listed(*id, states, kept_for, author, now).await? {
                    Retried::Due => due += 1,
                    Retried::Overtaken => overtaken += 1,
                    Retried::Kept => kept += 1,
                    // Taken up or settled since it was listed.
                    Retried::NotWaiting => {}
                }
            }
            tx.commit().await?;
            all.due += due;
            all.overtaken += overtaken;
            all.kept += kept;
        }
        Ok(all)
    }
}

impl Tx {
    /// The same for an item of a list made before the order of items was locked: only as long as it still is in one
    /// of these states, and not where a person parked it.
    async fn retry_listed(
        &mut self,
        id: Uuid,
        states: &[&str],
        kept_for: &str,
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<Retried, StoreError> {
        let sql = "SELECT state, last_finding FROM outbox WHERE id = $1 AND settled_at IS NULL";
        let Some(row) = self.row(sql, vals![id]).await? else { return Ok(Retried::NotWaiting) };
        let state = row.text(0)?;
        // The reason outlives the state: what a person sent again by its own order is parked no more.
        let finding: Option<Finding> = row.opt_json(1)?;
        if state == "parked" && finding.is_some_and(|finding| finding.code == kept_for) {
            return Ok(Retried::Kept);
        }
        if !states.contains(&state.as_str()) {
            return Ok(Retried::NotWaiting);
        }
        self.retry(id, author, now).await
    }

    /// Makes one waiting item due, with its entry in the journal; the order of items must be locked.
    async fn retry(&mut self, id: Uuid, author: &str, now: DateTime<Utc>) -> Result<Retried, StoreError> {
        let waiting =
            "id = $1 AND settled_at IS NULL AND state IN ('pending', 'unknown', 'parked', 'rejected')";
        let tx = self;
        let (changed, action, outcome) = if tx.is_overtaken(id).await? {
            let sql = format!(
                "UPDATE outbox SET state = 'superseded', settled_at = $2 WHERE {waiting} AND state <> 'unknown'"
            );
            (tx.execute(sql, vals![id, now]).await?, "outbox_superseded", Retried::Overtaken)
        } else {
            let sql = format!(
                "UPDATE outbox SET state = CASE WHEN state = 'unknown' THEN 'unknown' ELSE 'pending' END, next_try_at = $2 \
                 WHERE {waiting}"
            );
            (tx.execute(sql, vals![id, now]).await?, "outbox_retried", Retried::Due)
        };
        if changed == 0 {
            return Ok(Retried::NotWaiting);
        }
        tx.audit(AuditNew {
            at: now,
            actor: author,
            action,
            object: format!("outbox {id}"),
            detail: String::new(),
            reason: None,
        })
        .await?;
        Ok(outcome)
    }
}

impl Store {
    /// Lets an item that was held back for this reason go out as it is, and makes it due. What replaces it needs a
    /// word of its own.
    pub async fn allow_item(
        &self,
        id: Uuid,
        held_back_for: &str,
        allowance: Allowance<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_order().await?;
        if tx.is_overtaken(id).await? {
            return Ok(false);
        }
        let waiting = "id = $1 AND settled_at IS NULL AND state = 'parked'";
        let row = tx
            .row(format!("SELECT last_finding, payload_hash FROM outbox WHERE {waiting}"), vals![id])
            .await?;
        let Some(row) = row else { return Ok(false) };
        let finding: Option<Finding> = row.opt_json(0)?;
        let Some(finding) = finding.filter(|finding| finding.code == held_back_for) else { return Ok(false) };
        let Allowance { author, reason, document } = allowance;
        tx.execute(
            format!(
                "UPDATE outbox SET state = 'pending', next_try_at = $2, allowed_at = $2, allowed_by = $3, allowed_reason = $4, \
                 allowed_document = $5 WHERE {waiting}"
            ),
            vals![id, now, author, reason, document],
        )
        .await?;
        tx.audit(AuditNew {
            at: now,
            actor: author,
            action: "outbox_allowed",
            object: format!("outbox {id}"),
            detail: format!("by {document}; list {}; {}", row.text(1)?, finding.what.en),
            reason: Some(reason),
        })
        .await?;
        tx.commit().await?;
        Ok(true)
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
        tx.lock_order().await?;
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

fn line_of(row: &Row) -> Result<OutboxLine, StoreError> {
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
        allowed_by: row.opt_text(15)?,
    })
}
