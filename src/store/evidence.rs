//! Evidence: what others say about documents and tasks.
//!
//! Owns its rows: written in the transaction of the page they came with, never changed, and read beside a task or
//! where they contradict one. It must not know what contradicts what. The same word of the same package again is the
//! same row.

use super::db::{Row, Tx, Val, vals};
use super::{Store, StoreError};
use crate::domain::{Evidence, EvidenceKind, SourceId};
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// One kept word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRow {
    /// Number, in the order in which they came.
    pub id: i64,
    /// Source it came from.
    pub source: String,
    /// What kind of word.
    pub kind: EvidenceKind,
    /// Key of the document, or code of the task.
    pub subject: String,
    /// Number and notation of the document.
    pub number: Option<String>,
    /// State, or what is done with the document.
    pub code: Option<String>,
    /// When, by the sender's claim.
    pub at: Option<DateTime<Utc>>,
    /// Who says so.
    pub who: Option<String>,
    /// SHA-256 of the package.
    pub package: Vec<u8>,
    /// When we saw it.
    pub seen_at: DateTime<Utc>,
}

const OF_TASK: &str = "SELECT e.id, e.source_id, e.kind, e.subject, e.number, e.code, e.at, e.who, e.package, e.seen_at \
     FROM task t JOIN evidence e ON (e.subject = t.external_id AND (e.source_id = t.source_id OR e.kind = 'task_answer')) \
     OR (e.source_id = t.source_id AND e.subject IN (SELECT 'ID:' || a.alias FROM evidence a \
     WHERE a.source_id = t.source_id AND a.subject = t.external_id AND a.alias IS NOT NULL)) \
     WHERE t.id = $1 ORDER BY e.id LIMIT $2";

fn row_of(row: &Row) -> Result<EvidenceRow, StoreError> {
    let kind = row.text(2)?;
    let kind = EvidenceKind::parse(&kind)
        .ok_or_else(|| StoreError::unexpected("a kind of evidence nobody knows"))?;
    Ok(EvidenceRow {
        id: row.int(0)?,
        source: row.text(1)?,
        kind,
        subject: row.text(3)?,
        number: row.opt_text(4)?,
        code: row.opt_text(5)?,
        at: row.opt_at(6)?,
        who: row.opt_text(7)?,
        package: row.blob(8)?,
        seen_at: row.at(9)?,
    })
}

/// Values of one word, in the order of the statement below.
pub(super) fn pack(word: &Evidence, source: &SourceId, seen_at: DateTime<Utc>) -> Vec<Val> {
    vals![
        source.as_str(),
        word.package.to_vec(),
        word.kind.as_str(),
        word.subject.as_str(),
        word.number.clone(),
        word.alias.clone(),
        word.code.clone(),
        word.at,
        word.who.clone(),
        seen_at
    ]
}

/// Writes one word; the same again is nothing.
pub(super) async fn insert(tx: &mut Tx, word: Vec<Val>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO evidence (source_id, package, kind, subject, number, alias, code, at, who, seen_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT (source_id, package, kind, subject) DO NOTHING",
        word,
    )
    .await?;
    Ok(())
}

impl Store {
    /// Which of these packages of a source brought words that are kept already.
    pub async fn known_packages(
        &self,
        source: &SourceId,
        packages: &HashSet<[u8; 32]>,
    ) -> Result<HashSet<[u8; 32]>, StoreError> {
        let mut known = HashSet::new();
        for package in packages {
            let sql = "SELECT id FROM evidence WHERE source_id = $1 AND package = $2 LIMIT 1";
            if self.db.row(sql, vals![source.as_str(), package.to_vec()]).await?.is_some() {
                known.insert(*package);
            }
        }
        Ok(known)
    }

    /// What is said about a task, in the order in which it came; at most `limit`. Its document may be named by its key
    /// or by its sender's own id; its code, in an answer to a task, by the axis of any source.
    pub async fn evidence_of(&self, task: i64, limit: usize) -> Result<Vec<EvidenceRow>, StoreError> {
        self.db.rows(OF_TASK, vals![task, limit as u64]).await?.iter().map(row_of).collect()
    }

    /// Numbers of tasks about which anything is said, those after a number, at most `limit`.
    pub async fn tasks_spoken_of(&self, after: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT DISTINCT t.id FROM evidence e CROSS JOIN source_state s JOIN task t \
                   ON t.source_id = s.source_id AND t.external_id = e.subject \
                   AND (e.source_id = t.source_id OR e.kind = 'task_answer') \
                   WHERE t.id > $1 ORDER BY t.id LIMIT $2";
        self.db.rows(sql, vals![after, limit]).await?.iter().map(|row| row.int(0)).collect()
    }
}
