//! Pulling raw records out of source systems and reading each into a task draft.
//!
//! Owns the contract every kind of source fulfils ([`Connector`], [`Pull`]), the manifest language and the
//! kinds themselves. It must not know the store, people or products: whether a record changed, whose it is
//! and what it is worth are decided by the rooms after it. A failure of the source is a
//! [`ConnectorError`]; a record that cannot be read is a [`Rejection`] and never stops its neighbours.

mod bound;
pub mod conformance;
pub mod drift;
pub mod edxml;
pub mod expression;
pub mod file;
pub mod http;
mod icalendar;
pub mod json;
pub mod kit;
pub mod manifest;
mod open;
mod over;
mod people;
pub mod preview;
pub mod process;
pub mod propose;
pub mod record;
pub mod rule;
mod salted;
mod sample;
mod scan;
pub mod sql;
mod unopened;
mod unordered;
pub mod xml;

pub use open::{OpenSource, Opened, open};
pub use people::Rows;
pub use rule::record_hash;
pub use unopened::{UNOPENED, Unopened};

use crate::domain::{Evidence, SourceId, TaskDraft};
use crate::error::{Disposition, Finding};
use crate::transport::DayBook;
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Code of the finding with which a pull of changes ends because the point to go on from counts no more: the source does
/// not know its mark, or another account, address or part of the source is asked. Everything has to be read.
pub const MARK_REFUSED: &str = "LT-SRC-089";

/// Code of the finding that names files of a folder which are not read yet, because someone may still be writing them.
pub const FILES_WAIT: &str = "LT-FIL-030";

/// Where a later pull goes on. Opaque to everyone but the connector that made it; stored in the same
/// transaction as the page it came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(pub String);

/// What a pull should cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullMode {
    /// What changed since the cursor, overlap window included; everything when there is none or the
    /// source knows no change filter.
    Incremental,
    /// Everything the source shows, to find what incremental pulls lost and what is gone.
    Full,
    /// A span of time, without moving the cursor.
    Backfill {
        /// Start, included.
        from: DateTime<Utc>,
        /// End, excluded.
        to: DateTime<Utc>,
    },
}

/// One pull's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// What to cover.
    pub mode: PullMode,
    /// The last committed cursor.
    pub cursor: Option<Cursor>,
    /// The present instant, for overlap windows and for refusing cursors in the future.
    pub now: DateTime<Utc>,
}

/// One record as the source gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// The source's key.
    pub external_id: String,
    /// First 16 bytes of SHA-256 over the manifest's fingerprint and the listed body: equal hash means
    /// nothing to do. Detail calls do not change it.
    pub hash: [u8; 16],
    /// The record as JSON text: what the listing gave, with the answers of detail calls added.
    pub body: Bytes,
    /// Position within its page, 0-based; the line where it stands in a file.
    pub index: u32,
    /// The file it stands in, for sources that are folders of files.
    pub file: Option<Arc<str>>,
    /// Whether the source shows the task or says that it was deleted.
    pub presence: Presence,
}

/// What a record says about its task's existence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    /// The task is there.
    #[default]
    Shown,
    /// The record is a tombstone: the source deleted the task.
    Deleted {
        /// When, where the source says.
        at: Option<DateTime<Utc>>,
    },
    /// The record only says that its task was taken back by whoever assigned it; of a task nobody has it says nothing.
    Recalled {
        /// When, where the source says.
        at: Option<DateTime<Utc>>,
    },
}

/// What is due to a source once a page is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the source calls what it delivered.
    pub id: String,
    /// Whether it could be read.
    pub readable: bool,
}

/// What a page brings beside its records: words about tasks and documents, which are stored with it, and receipts,
/// which are given once it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Evidence; never the truth about a task.
    pub evidence: Vec<Evidence>,
    /// Receipts for [`Connector::acknowledge`].
    pub receipts: Vec<Receipt>,
}

/// What a rejected body held, once it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// Its records.
    pub records: Vec<RawRecord>,
    /// What it brings beside them.
    pub delivered: Delivered,
    /// What is kept of it.
    pub kept: Bytes,
}

/// What became of a record's detail calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detailed {
    /// Complete, ready to be read.
    Complete(RawRecord),
    /// Not there any more: deleted between list and detail, or a detail that lags behind the list. The finding
    /// (LT-SRC-022) says which record; a pull keeps it as rejected until it comes or is listed no more.
    Vanished(Box<Finding>),
    /// Not to be had, for this record alone.
    Rejected(Rejection),
}

/// Why one record was not read; it is stored with this reason, shown, and replayed after a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The key, where it could be read.
    pub external_id: Option<String>,
    /// Position within its page, 0-based.
    pub index: u32,
    /// The record, or the part of it that could be cut out.
    pub body: Bytes,
    /// What is wrong with it, with field and remedy.
    pub finding: Finding,
}

/// One answer of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What was asked, without secrets: method and path with the number of the page of a list, file name, or name of the
    /// query.
    pub request: String,
    /// The answer exactly as received (after decompression), kept by the store.
    pub body: Bytes,
    /// Its records.
    pub records: Vec<RawRecord>,
    /// Records that could not even be listed (no key, too large).
    pub rejected: Vec<Rejection>,
    /// Present when everything up to and including this page may be forgotten once it is stored.
    pub cursor: Option<Cursor>,
    /// Records of the whole pull, where the source says how many; only for showing how far it is.
    pub total: Option<u64>,
    /// What it brings beside its records; nothing, for most kinds of source.
    pub delivered: Delivered,
}

/// How a pull ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullEnd {
    /// Whether every task the source shows passed by: only then may missing ones be called gone.
    pub complete: bool,
    /// Whether something the source shows did not pass by although it was asked for.
    pub short: bool,
    /// Whether the source said that nothing changed since the cursor: then nothing passed by, and that says nothing
    /// about what the source shows.
    pub unchanged: bool,
    /// The cursor after the whole pull; none keeps the old one.
    pub cursor: Option<Cursor>,
    /// The source's own total, where it tells one.
    pub source_total: Option<u64>,
    /// Things worth telling an operator.
    pub findings: Vec<Finding>,
    /// Who was shown what, where each user of a source is shown only what is theirs.
    pub views: Option<Box<Views>>,
    /// The files of a source that is a folder; none of other sources, and of a folder whose newest file is all there is.
    pub files: Option<Files>,
    /// Names of files that passed by whole: what a page of an earlier version showed and these do not is there no more.
    pub whole_files: Vec<String>,
}

/// Files of a folder as one pull found them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Files {
    /// Files there, empty ones included; of a folder with too many at least so many.
    pub there: u64,
    /// Of these, those read by this pull or by one before.
    pub read: u64,
}

/// Who was shown which records in one pull of a source that shows each user only what is theirs. Users stand as numbers
/// made of their accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Views {
    /// Users whose lists were proven whole.
    pub whole: HashSet<i64>,
    /// Keys, with those who were shown them.
    pub shown: HashMap<String, Vec<i64>>,
    /// Users who were left out.
    pub left_out: u32,
    /// Whether there were too many keys to remember.
    pub forgets: bool,
}

/// What `next_page` gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Another page.
    Page(Page),
    /// The pull is over.
    End(PullEnd),
}

/// Why a source could not be pulled.
#[derive(Debug, thiserror::Error)]
#[error("{finding}")]
pub struct ConnectorError {
    /// What happened, where, what to do.
    pub finding: Box<Finding>,
    /// What the caller should do.
    pub disposition: Disposition,
    /// How long the source asked us to wait.
    pub retry_after: Option<std::time::Duration>,
}

/// A running pull. Dropping it cancels it; nothing it holds outlives it.
#[async_trait]
pub trait Pull: Send {
    /// The next page in order. Memory is bounded by the page; after [`Step::End`] it is not called again.
    async fn next_page(&mut self) -> Result<Step, ConnectorError>;
}

/// One connected source.
///
/// At-least-once: the same record may come again, in the same pull or a later one. Restartable from any
/// cursor it returned. Safe to call from one task at a time per pull; `check` may run beside a pull.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The source this connector pulls.
    fn source(&self) -> &SourceId;

    /// Whether a full pull sees every task (then missing ones are gone) and whether changes can be
    /// asked for. Told to people and used by the schedule.
    fn abilities(&self) -> Abilities;

    /// Fingerprint of the rules records are read by; none where they never change. Two versions of a task that were
    /// read by different rules are not compared.
    fn rules(&self) -> Option<[u8; 32]> {
        None
    }

    /// How its records become rows, where they are people or units; none where they are tasks.
    fn rows(&self) -> Option<&Rows> {
        None
    }

    /// Whose details a full pull asks for again although the listed record is as it was; none where nobody's.
    fn details_again(&self) -> Option<DetailsAgain> {
        None
    }

    /// Connects, authenticates and reads one page; every finding, not only the first. Stores nothing.
    async fn check(&self) -> Vec<Finding>;

    /// Why the far side is not asked anything at present, where it failed again and again; none while it is.
    fn paused(&self) -> Option<Finding> {
        None
    }

    /// Has the requests of a day counted where they outlive the process, before the first of them leaves. Sources
    /// without such a limit count nothing.
    fn counts_in(&self, _book: Arc<dyn DayBook>) {}

    /// A look at what a pull of everything would show first; one request, nothing is kept. None where that proves
    /// nothing: the source shows one window or one parent of many, or never all of it.
    async fn glance(&self, _now: DateTime<Utc>) -> Result<Option<Glance>, ConnectorError> {
        Ok(None)
    }

    /// Starts a pull.
    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError>;

    /// Adds the answers of detail calls to records the store found new or changed, in the given order.
    /// Without detail calls it gives them back untouched. An error that concerns the source as a whole is
    /// returned as such; one that concerns a record becomes its rejection.
    async fn detail(&self, records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError>;

    /// Lists the records of a kept answer again, as they were when it came; of a source with detail calls those that
    /// `details` completes ([`details_of`]). None where the answer does not say everything: keys beside the record, a
    /// page that refers to another one.
    fn list_again(&self, body: Bytes, details: Option<Bytes>)
    -> Option<Result<Vec<RawRecord>, Box<Finding>>>;

    /// What a rejected body that is no single record holds; none where every rejected body is a record.
    async fn unpack(&self, _body: Bytes) -> Option<Result<Unpacked, Box<Finding>>> {
        None
    }

    /// Reads one record into a draft by the manifest's rules. Pure: same record, same draft.
    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>>;

    /// Tells the source that what it delivered is stored durably; never called before. What could not be told comes
    /// again with a later pull, so that a failure here is only a finding. Sources that keep nothing for us are told
    /// nothing.
    async fn acknowledge(&self, _receipts: Vec<Receipt>) -> Vec<Finding> {
        Vec::new()
    }
}

/// What a look at a source shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    /// Records of the first answer, rejected ones included.
    pub shown: u64,
    /// The source's own total, where it tells one.
    pub total: Option<u64>,
}

/// Reads a record into a draft by a manifest's rules.
pub type DraftReader = Arc<dyn Fn(&RawRecord) -> Result<TaskDraft, Box<Rejection>> + Send + Sync>;

/// The records of a page that detail calls completed, as one JSON object by their keys: kept beside the page, because
/// drafts are read from it. Of a record that came twice the last one counts.
pub fn details_of<'a>(completed: impl Iterator<Item = &'a RawRecord>) -> Bytes {
    let by_key: BTreeMap<&str, &Bytes> =
        completed.map(|record| (record.external_id.as_str(), &record.body)).collect();
    let mut document = Vec::with_capacity(by_key.values().map(|body| body.len() + 64).sum());
    for (key, body) in by_key {
        document.push(if document.is_empty() { b'{' } else { b',' });
        document.extend_from_slice(serde_json::Value::from(key).to_string().as_bytes());
        document.push(b':');
        document.extend_from_slice(body);
    }
    if !document.is_empty() {
        document.push(b'}');
    }
    document.into()
}

/// What is kept of a page whose answer is the one of the kept page before it, as of a file of many rows.
pub fn referring() -> Bytes {
    Bytes::from_static(b"see the first kept page of this file")
}

/// Whose details a full pull asks for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetailsAgain {
    /// Only those of tasks that are not done yet.
    pub open_only: bool,
    /// Each task's in every n-th full pull; at least 1.
    pub every: u32,
}

/// What a connector can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    /// Changes since a cursor can be asked for.
    pub incremental: bool,
    /// A full pull shows every task the account may see.
    pub full_is_complete: bool,
    /// Records are completed by calls of their own.
    pub details: bool,
    /// A cursor that comes with a page only says that what was held before counts no more: a full pull keeps it as well.
    pub pages_forget: bool,
}
