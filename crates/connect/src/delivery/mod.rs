//! Sending results out: payloads, answers, deadlines and what happens to an outbox item next.
//!
//! Owns the contract of a target ([`Target`]), the two targets (the evaluation software and the national
//! database), the deadline rules and the retry policy. It must not know the store, how records come
//! about or who approved them: it is handed an item that is due and answers what became of it. Sending is
//! at-least-once; the effect is exactly once because an unknown answer is read back, or resent where the
//! same message twice changes nothing at the receiver.

pub mod deadline;
pub mod evaluation;
pub mod national;
pub mod policy;

use crate::domain::{Period, TargetId};
use crate::error::{Disposition, Finding, Text, written_cause};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

/// One result of one person for one period, as targets send it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRow {
    /// Which period.
    pub period: Period,
    /// Level decided (year) or band of the score (quarter); none where an earlier result has none.
    pub level: Option<crate::domain::Level>,
    /// Printed score, 0–100; none where only a level is known.
    pub score: Option<String>,
    /// Decision number.
    pub decision_no: Option<String>,
    /// Day of the decision or approval, in Asia/Ho_Chi_Minh.
    pub decided_on: Option<chrono::NaiveDate>,
}

/// Everything a replacing receiver must hold of one person: the whole history, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultList {
    /// Key of the person at the receiver (số hiệu CBCCVC).
    pub staff_number: String,
    /// Rows in order of period; a quarter stands before the year that contains it.
    pub rows: Vec<ResultRow>,
}

impl ResultList {
    /// Rows another list shows and this one lacks.
    pub fn lacks<'a>(&self, other: &'a ResultList) -> Vec<&'a ResultRow> {
        let held: BTreeSet<Period> = self.rows.iter().map(|row| row.period).collect();
        other.rows.iter().filter(|row| !held.contains(&row.period)).collect()
    }

    /// Canonical bytes: rows in order of the end of their period, fixed key order. Equal lists give equal bytes.
    pub fn canonical(mut self) -> Result<Vec<u8>, serde_json::Error> {
        self.rows.sort_by_key(|row| (row.period.last_day(), Reverse(row.period.first_day())));
        serde_json::to_vec(&self)
    }
}

/// SHA-256 of a payload in lower-case hexadecimal.
pub fn payload_hash(payload: &[u8]) -> String {
    Sha256::digest(payload).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An outbox item on its way out.
#[derive(Debug, Clone)]
pub struct Item {
    /// Key that stays the same over every attempt.
    pub key: String,
    /// Canonical payload as enqueued.
    pub payload: Vec<u8>,
}

/// Proof that a target took an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The receiver's own number for the transaction.
    pub transaction_id: String,
    /// The answer as received, cut to 8 KiB.
    pub answer: String,
}

/// What became of one attempt.
#[derive(Debug)]
pub enum Answer {
    /// The receiver holds it.
    Acknowledged(Receipt),
    /// The receiver holds something newer; nothing is left to do.
    Stale(Receipt),
    /// The receiver answered and refuses this item as it is: a person has to look at it.
    Refused(Finding),
    /// It certainly did not arrive; try again later.
    NotSent {
        /// Why.
        finding: Finding,
        /// Whether time heals it.
        disposition: Disposition,
        /// How long the receiver asked us to wait.
        retry_after: Option<Duration>,
    },
    /// It may have arrived. The next attempt reads back first, or resends where that is harmless.
    Unknown {
        /// Why.
        finding: Finding,
        /// How long the receiver asked us to wait.
        retry_after: Option<Duration>,
    },
}

impl Answer {
    /// Cannot leave as it is, today or tomorrow: a person has to look at it. The receiver was not asked.
    pub(crate) fn never_sent(finding: Finding) -> Self {
        Self::NotSent { finding, disposition: Disposition::GiveUp, retry_after: None }
    }
}

/// What reading back found.
#[derive(Debug)]
pub enum ReadBack {
    /// The receiver holds exactly this item.
    Held(Receipt),
    /// The receiver does not hold it: send again.
    Missing,
    /// The receiver has no query for it; resending is harmless or a person decides.
    NotOffered,
    /// It could not be asked; try again later.
    Failed(Finding),
}

/// A receiver of results.
#[async_trait]
pub trait Target: Send + Sync {
    /// Name in the configuration.
    fn id(&self) -> &TargetId;

    /// Whether sending the identical item twice changes nothing at the receiver.
    fn resend_is_harmless(&self) -> bool;

    /// The longest time one call below can take; a claim on an item lasts longer than this.
    fn longest_attempt(&self) -> Duration;

    /// Connects and authenticates; every finding. Sends no result.
    async fn check(&self) -> Vec<Finding>;

    /// One attempt.
    async fn send(&self, item: &Item) -> Answer;

    /// Asks the receiver what it holds for the item.
    async fn read_back(&self, item: &Item) -> ReadBack;
}

/// Cuts an answer for keeping: at most 8 KiB, at a character border.
pub(crate) fn kept_answer(body: &[u8]) -> String {
    const LIMIT: usize = 8 * 1024;
    let text = String::from_utf8_lossy(body.get(..LIMIT).unwrap_or(body));
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// A stored payload that no longer reads: the code changed under it.
pub fn unreadable_payload(key: &str, error: &serde_json::Error) -> Finding {
    Finding::error(
        "LT-DLV-006",
        Text::new(
            format!("nội dung đã lưu của mục gửi {key} không đọc được"),
            format!("the stored payload of outbox item {key} cannot be read"),
        )
        .because(&written_cause(error)),
        Text::new(
            "phiên bản phần mềm không khớp dữ liệu; nâng cấp lại đúng phiên bản",
            "the program's version does not fit the data; install the version that wrote it",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(period: &str) -> ResultRow {
        ResultRow {
            period: period.parse().expect("period"),
            level: None,
            score: Some("80.00".into()),
            decision_no: None,
            decided_on: None,
        }
    }

    #[test]
    fn order_of_rows_does_not_change_the_bytes() {
        let list = |rows: Vec<ResultRow>| {
            ResultList { staff_number: "GL-1".into(), rows }.canonical().expect("bytes")
        };
        let forward = list(vec![row("2026-Q1"), row("2026-Q4"), row("2026")]);
        let backward = list(vec![row("2026"), row("2026-Q4"), row("2026-Q1")]);
        assert_eq!(forward, backward);
        let read: ResultList = serde_json::from_slice(&list(vec![
            row("2027-Q1"),
            row("2026"),
            row("2026-H2"),
            row("2026-Q4"),
            row("2026-Q1"),
            row("2025"),
        ]))
        .expect("a list");
        let order: Vec<String> = read.rows.iter().map(|row| row.period.to_string()).collect();
        assert_eq!(order, ["2025", "2026-Q1", "2026-Q4", "2026-H2", "2026", "2027-Q1"]);
        assert_eq!(payload_hash(&forward).len(), 64);
    }

    #[test]
    fn kept_answer_is_bounded_and_without_control_characters() {
        let kept = kept_answer("ô\u{1b}[31m".repeat(9000).as_bytes());
        assert!(kept.len() <= 3 * 8 * 1024 && !kept.contains('\u{1b}'));
    }
}
