//! The audit chain: who changed what, each entry bound to the one before.
//!
//! Owns the hash over a canonical encoding of every entry and the verification of the whole chain. Entries
//! are appended in the transaction of the change they tell of. They carry opaque ids only, so that deleting
//! personal data never breaks the chain.

use super::db::{Row, Tx, vals};
use super::{Store, StoreError};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Position, from 1.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Person or part of the program.
    pub actor: String,
    /// What was done, a stable word.
    pub action: String,
    /// To what, by opaque ids.
    pub object: String,
    /// Short technical detail (hashes, counts).
    pub detail: String,
    /// Why, where a person said so.
    pub reason: Option<String>,
}

/// Where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFault {
    /// First entry that does not fit.
    pub seq: i64,
    /// In what way.
    pub why: &'static str,
}

/// What is to be written; position and hash are given at the end of the chain.
#[derive(Debug, Clone)]
pub(super) struct AuditNew<'a> {
    pub at: DateTime<Utc>,
    pub actor: &'a str,
    pub action: &'static str,
    pub object: String,
    pub detail: String,
    pub reason: Option<&'a str>,
}

/// The entry of a row that begins with its columns.
fn entry_of(row: &Row) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        seq: row.int(0)?,
        at: row.at(1)?,
        actor: row.text(2)?,
        action: row.text(3)?,
        object: row.text(4)?,
        detail: row.text(5)?,
        reason: row.opt_text(6)?,
    })
}

fn entry_hash(prev: &str, entry: &AuditEntry) -> String {
    let at = entry.at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let fields = [&at, &entry.actor, &entry.action, &entry.object, &entry.detail];
    let mut hash = Sha256::new();
    hash.update(prev);
    hash.update(entry.seq.to_be_bytes());
    // Lengths in front, so that no two different entries give the same bytes.
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    match &entry.reason {
        Some(reason) => {
            hash.update([1]);
            hash.update(reason);
        }
        None => hash.update([0]),
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Tx {
    /// Appends an entry to the chain in this transaction.
    pub(super) async fn audit(&mut self, new: AuditNew<'_>) -> Result<(), StoreError> {
        self.audit_all(vec![new]).await
    }

    /// Appends entries to the chain in this transaction, in their order.
    pub(super) async fn audit_all(&mut self, entries: Vec<AuditNew<'_>>) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        if self.is_postgres() {
            // One writer at the chain's end at a time; released with the transaction.
            self.rows("SELECT pg_advisory_xact_lock(7415)", vals![]).await?;
        }
        let last = self.row("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", vals![]).await?;
        let (mut seq, mut prev) = match last {
            Some(row) => (row.int(0)? + 1, row.text(1)?),
            None => (1, String::new()),
        };
        for new in entries {
            // The database keeps milliseconds; what is hashed must be what is read back.
            let at = DateTime::from_timestamp_millis(new.at.timestamp_millis()).unwrap_or(new.at);
            let entry = AuditEntry {
                seq,
                at,
                actor: new.actor.to_owned(),
                action: new.action.to_owned(),
                object: new.object,
                detail: new.detail,
                reason: new.reason.map(str::to_owned),
            };
            let hash = entry_hash(&prev, &entry);
            self.execute(
                "INSERT INTO audit (seq, at, actor, action, object, detail, reason, prev_hash, hash) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
                vals![seq, at, entry.actor, entry.action, entry.object, entry.detail, entry.reason, prev, hash.as_str()],
            )
            .await?;
            (seq, prev) = (seq + 1, hash);
        }
        Ok(())
    }
}

impl Store {
    /// Writes an entry on its own, for actions that change nothing else here.
    pub async fn note(
        &self,
        at: DateTime<Utc>,
        actor: &str,
        action: &'static str,
        object: String,
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.audit(AuditNew { at, actor, action, object, detail: String::new(), reason }).await?;
        tx.commit().await
    }

    /// Entries before a position, newest first.
    pub async fn audit_entries(&self, before: i64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = self
            .db
            .rows(
                "SELECT seq, at, actor, action, object, detail, reason FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
                vals![before, limit as u64],
            )
            .await?;
        rows.iter().map(entry_of).collect()
    }

    /// The same of one kind of entry; of all of them where it is empty.
    pub async fn audit_entries_of(
        &self,
        action: &str,
        before: i64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        if action.is_empty() {
            return self.audit_entries(before, limit).await;
        }
        let sql = "SELECT seq, at, actor, action, object, detail, reason FROM audit WHERE action = $1 AND seq < $2 \
                   ORDER BY seq DESC LIMIT $3";
        let rows = self.db.rows(sql, vals![action, before, limit as u64]).await?;
        rows.iter().map(entry_of).collect()
    }

    /// The moment of the first entry: when this installation began.
    pub async fn first_audit(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row = self.db.row("SELECT at FROM audit ORDER BY seq LIMIT 1", vals![]).await?;
        row.map(|row| row.at(0)).transpose()
    }

    /// The latest moment of any entry: a clock that was set back writes earlier ones behind it.
    pub async fn latest_audit(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row = self.db.row("SELECT at FROM audit ORDER BY at DESC LIMIT 1", vals![]).await?;
        row.map(|row| row.at(0)).transpose()
    }

    /// The latest moment among the last thousand entries: later than now where the clock was set back meanwhile.
    pub async fn latest_of_recent_audit(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT at FROM (SELECT at FROM audit ORDER BY seq DESC LIMIT 1000) AS recent ORDER BY at DESC LIMIT 1";
        let row = self.db.row(sql, vals![]).await?;
        row.map(|row| row.at(0)).transpose()
    }

    /// Walks the whole chain; the first entry that does not fit, if any.
    pub async fn verify_audit(&self) -> Result<Option<AuditFault>, StoreError> {
        let (mut expected, mut prev) = (1, String::new());
        loop {
            let rows = self
                .db
                .rows(
                    "SELECT seq, at, actor, action, object, detail, reason, prev_hash, hash FROM audit WHERE seq >= $1 ORDER BY seq LIMIT 2000",
                    vals![expected],
                )
                .await?;
            if rows.is_empty() {
                return Ok(None);
            }
            for row in rows {
                let entry = entry_of(&row)?;
                let fault = |why| Ok(Some(AuditFault { seq: expected, why }));
                if entry.seq != expected {
                    return fault("an entry is missing");
                }
                if row.text(7)? != prev {
                    return fault("it does not follow the entry before");
                }
                let hash = row.text(8)?;
                if entry_hash(&prev, &entry) != hash {
                    return fault("its content was changed");
                }
                (expected, prev) = (expected + 1, hash);
            }
        }
    }
}
