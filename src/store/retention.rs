//! What may be let go once it is old enough, counted and carried out in small transactions.
//!
//! Owns which rows of each kind something else still needs: answers a task was read from last, the newest delivery a
//! receiver acknowledged. Hashes, sizes and receipts stay, so that what is kept can still be checked; every batch writes its
//! entry into the journal. It must not know how long anything is kept, or which periods are open.

use super::audit::AuditNew;
use super::db::{Val, placeholders, vals};
use super::{DAEMON, Store, StoreError};
use crate::domain::{Period, local_date};
use chrono::{DateTime, Utc};

/// A kind of content that can be let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// Answers of sources as they were received.
    Answers,
    /// Rejected records somebody settled.
    Rejected,
    /// Payloads of deliveries that are settled.
    Payloads,
    /// Citizen ids of people who left.
    LeftPeople,
    /// Earlier results that another import replaced.
    ReplacedHistory,
}

impl Kept {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Answers, Self::Rejected, Self::Payloads, Self::LeftPeople, Self::ReplacedHistory];

    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Rejected => "rejected",
            Self::Payloads => "deliveries",
            Self::LeftPeople => "left_people",
            Self::ReplacedHistory => "replaced_history",
        }
    }

    /// Table, its condition of being old, and the further one of being needed by nothing; `$1` is the moment.
    fn rows(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Answers => (
                "raw_page",
                "erased_at IS NULL AND fetched_at < $1",
                // The answer a task was read from last is read again by `score verify`.
                "id NOT IN (SELECT raw_id FROM task WHERE raw_id IS NOT NULL)",
            ),
            Self::Rejected => ("rejected", "last_seen_at < $1", "state <> 'open'"),
            Self::Payloads => (
                "outbox",
                "settled_at < $1 AND length(payload) > 0",
                // What was acknowledged last is what the next list is compared with.
                "EXISTS (SELECT 1 FROM outbox n WHERE n.target = outbox.target AND n.person_id = outbox.person_id \
                 AND n.kind = outbox.kind AND n.seq > outbox.seq AND n.state IN ('acknowledged', 'verified'))",
            ),
            Self::LeftPeople => (
                "person",
                "citizen_sealed IS NOT NULL AND EXISTS (SELECT 1 FROM membership m WHERE m.person_id = person.id) \
                 AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.person_id = person.id \
                 AND (m.to_day IS NULL OR m.to_day >= $1))",
                "NOT EXISTS (SELECT 1 FROM petition t WHERE t.person_id = person.id AND t.answered_at IS NULL) \
                 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.person_id = person.id AND o.settled_at IS NULL)",
            ),
            Self::ReplacedHistory => (
                "history_replaced",
                "replaced_at < $1",
                // A person's petition may be about what stood there before.
                "NOT EXISTS (SELECT 1 FROM petition t WHERE t.person_id = history_replaced.person_id AND t.answered_at IS NULL)",
            ),
        }
    }

    /// The moment as the kind's column holds it.
    fn moment(self, before: DateTime<Utc>) -> Val {
        if self == Self::LeftPeople { Val::from(local_date(before)) } else { Val::from(before) }
    }
}

/// How much of a kind is old enough.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// From before the moment.
    pub old: u64,
    /// Of these, needed by nothing: they go.
    pub goes: u64,
}

impl Store {
    /// Counts what is from before a moment, and what of it would go.
    pub async fn expired(&self, kind: Kept, before: DateTime<Utc>) -> Result<Expired, StoreError> {
        let (table, old, needless) = kind.rows();
        let count = |condition: &str| format!("SELECT count(*) FROM {table} WHERE {condition}");
        let all = self.db.count(count(old), vec![kind.moment(before)]).await?;
        let goes = self.db.count(count(&format!("{old} AND {needless}")), vec![kind.moment(before)]).await?;
        Ok(Expired { old: all, goes })
    }

    /// Lets some of it go, with an entry in the journal; gives how many.
    pub async fn let_go(
        &self,
        kind: Kept,
        before: DateTime<Utc>,
        most: u64,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let (table, old, needless) = kind.rows();
        let mut tx = self.db.begin().await?;
        let sql = format!("SELECT id FROM {table} WHERE {old} AND {needless} ORDER BY id LIMIT $2");
        let rows = tx.rows(sql, vec![kind.moment(before), Val::from(most)]).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let by_uuid = matches!(kind, Kept::Payloads | Kept::LeftPeople);
        let ids: Vec<Val> = rows
            .iter()
            .map(|row| if by_uuid { row.uid(0).map(Val::from) } else { row.int(0).map(Val::from) })
            .collect::<Result<_, _>>()?;
        let count = ids.len() as u64;
        let (sql, mut vals) = match kind {
            Kept::Answers => (
                format!(
                    "UPDATE raw_page SET body = $1, details = NULL, erased_at = $2 WHERE id IN {}",
                    placeholders(1, ids.len(), 3)
                ),
                vals![Vec::<u8>::new(), now],
            ),
            Kept::Rejected => {
                (format!("DELETE FROM rejected WHERE id IN {}", placeholders(1, ids.len(), 1)), Vec::new())
            }
            Kept::Payloads => (
                format!("UPDATE outbox SET payload = $1 WHERE id IN {}", placeholders(1, ids.len(), 2)),
                vals![Vec::<u8>::new()],
            ),
            Kept::ReplacedHistory => (
                format!("DELETE FROM history_replaced WHERE id IN {}", placeholders(1, ids.len(), 1)),
                Vec::new(),
            ),
            Kept::LeftPeople => (
                format!(
                    "UPDATE person SET citizen_sealed = NULL WHERE id IN {}",
                    placeholders(1, ids.len(), 1)
                ),
                Vec::new(),
            ),
        };
        vals.extend(ids);
        tx.execute(sql, vals).await?;
        let detail = format!("{count}, from before {}", before.to_rfc3339());
        let object = format!("retention {}", kind.as_str());
        tx.audit(AuditNew {
            at: now,
            actor: DAEMON,
            action: "retention_applied",
            object,
            detail,
            reason: None,
        })
        .await?;
        tx.commit().await?;
        Ok(count)
    }

    /// Periods about which a petition is open or a record is held.
    pub async fn disputed_periods(&self) -> Result<Vec<Period>, StoreError> {
        let sql = "SELECT period FROM petition WHERE answered_at IS NULL \
                   UNION SELECT period FROM record_hold WHERE released_at IS NULL";
        self.db.rows(sql, vals![]).await?.iter().map(|row| row.parsed(0)).collect()
    }
}
