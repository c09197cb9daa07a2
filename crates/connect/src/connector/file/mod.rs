//! A folder into which a unit drops files.
//!
//! Owns which files are complete, in which order they are read, what of them is known, and their rows as records: of
//! sheets (`table`), of JSON and XML (`document`), of edXML packages (`package`). A file is known by the SHA-256 of its content (and not opened again while it looks as it did): the same content again is
//! nothing, the same name with another content is a new file, and where the manifest's rules changed all of them are
//! read again, the newest first. Rows are known by their key, never by their line. It must not know what a column means
//! beyond its canonical name. Of a list (`newest`) one file alone counts. A row without a key, one with a broken quote and a last one that may be cut off are
//! rejected alone; a file that cannot be read is told and does not stop the others. A row that a file does not show is
//! never gone: nobody knows whether the file is whole. Files are read on a thread of their own (`walk`); a pull that is
//! dropped ends it.

mod document;
mod finding;
mod keys;
mod known;
mod look;
mod newest;
mod options;
mod package;
mod refused;
mod table;
mod title;
mod walk;

pub use options::{FolderOptions, Format, SheetColumn, TableOptions};

use super::manifest::Loaded;
use super::{
    Abilities, Connector, ConnectorError, Detailed, Presence, Pull, PullMode, PullRequest, RawRecord,
    Rejection, Step,
};
use crate::clock::Clock;
use crate::domain::{SourceId, TaskDraft};
use crate::error::Finding;
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use known::Known;
use look::Look;
use newest::Newest;
use refused::Refused;
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::mpsc;
use unicode_normalization::UnicodeNormalization as _;
use walk::Walk;

/// Rows per page.
const ROWS: usize = 500;
/// Newest files a check looks at.
const LOOKED_AT: usize = 20;
/// Most entries of the folder that are looked at.
const MAX_FILES: usize = 100_000;
/// How long a file may be empty before it is told: its writer has just made it.
const EMPTY_FOR: TimeDelta = TimeDelta::seconds(60);

/// How far apart two times of a file have to be to differ on every file system.
const COARSE: TimeDelta = TimeDelta::seconds(3);

/// A row of a file.
#[derive(Debug, Clone, Default)]
struct Row {
    key: Option<String>,
    /// Its line, or its number among the records.
    line: u32,
    /// The record as JSON.
    body: Bytes,
    /// Why it is none.
    fault: Option<Finding>,
    /// What messages call the file where its name alone does not say enough.
    file: Option<Arc<str>>,
    presence: Presence,
}

/// A drop folder as a source.
pub struct FolderSource {
    source: SourceId,
    options: Arc<FolderOptions>,
    loaded: Arc<Loaded>,
    whose: String,
    refused: Arc<Refused>,
}

impl FolderSource {
    /// A folder read by a manifest's rules.
    pub fn new(source: SourceId, options: FolderOptions, loaded: Arc<Loaded>) -> Self {
        let whose = format!("source {source}");
        Self { source, options: Arc::new(options), loaded, whose, refused: Arc::default() }
    }
}

#[derive(Debug, Clone)]
struct Candidate {
    path: PathBuf,
    name: String,
    modified: DateTime<Utc>,
    bytes: u64,
    /// What it looks like from outside; none of one so new that a second writing may not show.
    mark: Option<u64>,
    /// Whether its rows are wanted; else it is read only to know which older rows it replaced.
    wanted: bool,
}

impl Candidate {
    /// Whether it has lain untouched for so many seconds.
    fn settled(&self, settle_s: u32, now: DateTime<Utc>) -> bool {
        now - self.modified >= TimeDelta::seconds(settle_s.into())
    }
}

/// What a folder holds.
struct Listing {
    /// Complete regular files in order of time and name.
    files: Vec<Candidate>,
    /// Files without any content.
    empty: Vec<Candidate>,
    /// Files there altogether; where there are too many, at least so many.
    there: u64,
    /// What is told of others.
    findings: Vec<Finding>,
}

/// Complete regular files of the folder. Links, hidden and partial files are none; those that are empty for a while are
/// told.
fn listing(options: &FolderOptions, now: DateTime<Utc>) -> Result<Listing, ConnectorError> {
    let entries = std::fs::read_dir(&options.folder)
        .map_err(|error| finding::unreadable_folder(&options.folder, &error))?;
    let (mut files, mut empty, mut findings, mut count) = (Vec::new(), Vec::new(), Vec::new(), 0usize);
    let mut more = 0;
    for entry in entries.flatten() {
        count += 1;
        if count > MAX_FILES {
            findings.push(finding::too_many_files(&options.folder, MAX_FILES));
            more = 1;
            break;
        }
        let name = shown(&entry.file_name().to_string_lossy());
        let lower = name.to_lowercase();
        let partial = lower.starts_with(['.', '~'])
            || [".part", ".tmp", ".crdownload"].iter().any(|end| lower.ends_with(end));
        let wanted = options.endings.iter().any(|end| lower.ends_with(&format!(".{end}")));
        // symlink_metadata does not follow links: nothing outside the folder is ever read.
        let Ok(meta) = entry.path().symlink_metadata() else { continue };
        if partial || !wanted || !meta.is_file() {
            continue;
        }
        let modified = written_at(&meta).unwrap_or_default();
        let kind = if meta.len() == 0 { &mut empty } else { &mut files };
        let changed = DateTime::from_timestamp(meta.ctime(), 0).unwrap_or_default().max(modified);
        let path = entry.path();
        let mark = (now.signed_duration_since(changed) >= COARSE).then(|| known::mark(&path, &meta));
        kind.push(Candidate { path, name, modified, bytes: meta.len(), mark, wanted: true });
    }
    let lie = |one: &&Candidate| now.signed_duration_since(one.modified) >= EMPTY_FOR;
    let mut names: Vec<String> = empty.iter().filter(lie).map(|one: &Candidate| one.name.clone()).collect();
    if !names.is_empty() {
        names.sort();
        findings.push(finding::empty_files(&names));
    }
    files.sort_by(|a: &Candidate, b: &Candidate| (a.modified, &a.name).cmp(&(b.modified, &b.name)));
    let there = (files.len() + empty.len()) as u64 + more;
    Ok(Listing { files, empty, there, findings })
}

/// A file's name for messages: composed, on one line, whatever it was typed in.
fn shown(name: &str) -> String {
    name.nfc().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// When a file was written; none where its time is no instant we can name.
fn written_at(meta: &std::fs::Metadata) -> Option<DateTime<Utc>> {
    let since = meta.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    DateTime::from_timestamp(i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())
}

/// A walk under way: pages come from its thread.
struct FolderPull {
    options: Arc<FolderOptions>,
    steps: mpsc::Receiver<Result<Step, ConnectorError>>,
}

#[async_trait]
impl Pull for FolderPull {
    async fn next_page(&mut self) -> Result<Step, ConnectorError> {
        let step = self.steps.recv().await;
        step.unwrap_or_else(|| Err(finding::broken_down(&self.options.folder)))
    }
}

impl FolderSource {
    /// Runs what looks at files beside the threads that serve everything else.
    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ConnectorError> + Send + 'static,
    ) -> Result<T, ConnectorError> {
        let outcome = tokio::task::spawn_blocking(work).await;
        outcome.unwrap_or_else(|_| Err(finding::broken_down(&self.options.folder)))
    }
}

#[async_trait]
impl Connector for FolderSource {
    fn source(&self) -> &SourceId {
        &self.source
    }

    fn abilities(&self) -> Abilities {
        Abilities { incremental: true, full_is_complete: false, details: false, pages_forget: false }
    }

    fn rules(&self) -> Option<[u8; 32]> {
        Some(self.loaded.fingerprint)
    }

    async fn check(&self) -> Vec<Finding> {
        let look = Look {
            options: self.options.clone(),
            refused: self.refused.clone(),
            loaded: self.loaded.clone(),
            whose: self.whose.clone(),
            now: Clock::system().now(),
        };
        let check = move || {
            let mut listing = listing(&look.options, DateTime::<Utc>::MAX_UTC)?;
            let mut findings = std::mem::take(&mut listing.findings);
            if listing.files.is_empty() && findings.is_empty() {
                return Ok(vec![finding::empty_folder(&look.options.folder)]);
            }
            if look.options.newest_only {
                let (newest, empty) = Newest::choose(&mut listing);
                listing.files = newest.into();
                findings.extend(empty);
            }
            let newest = listing.files.iter().rev().take(LOOKED_AT);
            findings.extend(newest.flat_map(|candidate| look.at(candidate)));
            Ok(findings)
        };
        self.beside(check).await.unwrap_or_else(|error: ConnectorError| vec![*error.finding])
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        let (options, now) = (self.options.clone(), request.now);
        let mut listing = self.beside(move || listing(&options, now)).await?;
        let there: HashSet<&str> = listing.files.iter().map(|candidate| candidate.name.as_str()).collect();
        self.refused.keep(|name| there.contains(name));
        let cursor = request.cursor.as_ref();
        let (waiting, known, newest, again) = if self.options.newest_only {
            let (waiting, empty) = Newest::choose(&mut listing);
            listing.findings.extend(empty);
            (waiting, Known::default(), Some(Newest::of(cursor)), true)
        } else {
            let there = listing.files.iter().filter_map(|candidate| candidate.mark).collect();
            let known = Known::of(cursor, &self.loaded.fingerprint, there);
            let mut waiting = std::mem::take(&mut listing.files);
            if let PullMode::Backfill { from, to } = request.mode {
                for candidate in &mut waiting {
                    candidate.wanted = from <= candidate.modified && candidate.modified < to;
                }
            }
            // Under other rules every file says something new, and only the newest word on each row counts.
            let again = request.mode != PullMode::Incremental || known.other_rules;
            if again {
                waiting.reverse();
            }
            (waiting.into(), known, None, again)
        };
        let walk = Walk {
            source: self.source.clone(),
            options: self.options.clone(),
            fingerprint: self.loaded.fingerprint,
            refused: self.refused.clone(),
            waiting,
            findings: listing.findings,
            there: listing.there,
            known,
            newest,
            again,
            now: request.now,
        };
        // One page waits while another is handled: the walk is never further ahead than that.
        let (sender, steps) = mpsc::channel(1);
        tokio::task::spawn_blocking(move || walk.run(&sender));
        Ok(Box::new(FolderPull { options: self.options.clone(), steps }))
    }

    async fn detail(&self, records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError> {
        Ok(records.into_iter().map(Detailed::Complete).collect())
    }

    fn list_again(
        &self,
        body: Bytes,
        _details: Option<Bytes>,
    ) -> Option<Result<Vec<RawRecord>, Box<Finding>>> {
        walk::list_again(&body, &self.options, &self.loaded.fingerprint)
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        self.loaded.read(&self.whose, record)
    }
}
