//! A folder into which a unit drops spreadsheets.
//!
//! Owns which files are complete, in which order they are read, how a header is found among titles, and the
//! rows as records. A file is known by the SHA-256 of its content: the same content again is nothing, the
//! same name with another content is a new file. Rows are known by their key column, never by their line.
//! It must not know what a column means beyond its canonical name. A row without a key, one with a broken quote and
//! a last one that may be cut off are rejected alone; a file that is no table is told and does not stop the
//! others. A row that a file does not show is never gone: nobody knows whether the file is whole. Files are read on a
//! thread of their own (`walk`); a pull that is dropped ends it.

mod finding;
mod refused;
mod walk;

use super::{
    Abilities, Connector, ConnectorError, Detailed, DraftReader, Pull, PullMode, PullRequest, RawRecord,
    Rejection, Step,
};
use crate::domain::{SourceId, TaskDraft};
use crate::error::Finding;
use crate::sheet::Sheet;
use crate::sheet::header::{self, Wanted};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use refused::Refused;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::mpsc;
use walk::Walk;

/// Rows per page.
const ROWS: usize = 500;
/// Newest files a check looks at.
const LOOKED_AT: usize = 20;
/// Most files in the folder that are looked at.
const MAX_FILES: usize = 100_000;

/// A column a sheet may have.
#[derive(Debug, Clone)]
pub struct SheetColumn {
    /// Canonical name, the member of the record.
    pub name: String,
    /// Other spellings of its header.
    pub synonyms: Vec<String>,
    /// Whether a sheet without it is refused.
    pub required: bool,
}

/// What the folder holds.
#[derive(Debug, Clone)]
pub struct FolderOptions {
    /// The folder.
    pub folder: PathBuf,
    /// File endings read, lower case, without the dot.
    pub endings: Vec<String>,
    /// Columns.
    pub columns: Vec<SheetColumn>,
    /// Canonical name of the key column.
    pub key: String,
    /// First words of rows that are totals, lower case.
    pub totals: Vec<String>,
    /// Seconds a CSV file whose last line is not ended has to lie untouched before it is read; none where the
    /// unit's program never ends the last line.
    pub settle_s: Option<u32>,
}

/// A drop folder as a source.
pub struct FolderSource {
    source: SourceId,
    options: Arc<FolderOptions>,
    fingerprint: [u8; 32],
    reader: DraftReader,
    refused: Arc<Refused>,
}

impl FolderSource {
    /// A folder read by a manifest's rules.
    pub fn new(source: SourceId, options: FolderOptions, fingerprint: [u8; 32], reader: DraftReader) -> Self {
        Self { source, options: Arc::new(options), fingerprint, reader, refused: Arc::default() }
    }
}

#[derive(Debug, Clone)]
struct Candidate {
    path: PathBuf,
    name: String,
    modified: DateTime<Utc>,
    bytes: u64,
    /// Whether its rows are wanted; else it is read only to know which older rows it replaced.
    wanted: bool,
}

/// Complete regular files of the folder in order of time and name. Links, hidden and partial files are not.
fn candidates(options: &FolderOptions) -> Result<Vec<Candidate>, ConnectorError> {
    let listing = std::fs::read_dir(&options.folder)
        .map_err(|error| finding::unreadable_folder(&options.folder, &error))?;
    let mut found = Vec::new();
    for entry in listing.take(MAX_FILES).flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let lower = name.to_lowercase();
        let partial = lower.starts_with(['.', '~'])
            || [".part", ".tmp", ".crdownload"].iter().any(|end| lower.ends_with(end));
        let wanted = options.endings.iter().any(|end| lower.ends_with(&format!(".{end}")));
        // symlink_metadata does not follow links: nothing outside the folder is ever read.
        let Ok(meta) = entry.path().symlink_metadata() else { continue };
        if partial || !wanted || !meta.is_file() || meta.len() == 0 {
            continue;
        }
        let modified = written_at(&meta).unwrap_or_default();
        found.push(Candidate { path: entry.path(), name, modified, bytes: meta.len(), wanted: true });
    }
    found.sort_by(|a, b| (a.modified, &a.name).cmp(&(b.modified, &b.name)));
    Ok(found)
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

/// The index of the first row and the columns by their canonical names. Whole cells are compared, so that "TT" never
/// matches inside another word.
fn columns_of(sheet: &Sheet, options: &FolderOptions) -> Result<(usize, Vec<(String, usize)>), Finding> {
    let wanted: Vec<Wanted<'_>> = options
        .columns
        .iter()
        .map(|column| Wanted {
            label: column.synonyms.first().map_or(column.name.as_str(), String::as_str),
            spellings: std::iter::once(&column.name)
                .chain(&column.synonyms)
                .map(|name| plain(name))
                .collect(),
            required: column.required,
        })
        .collect();
    let header = header::find(sheet, &wanted, plain).map_err(finding::with_manifest_remedy)?;
    let missing = header.missing(&wanted);
    if missing.is_empty() {
        let found = options.columns.iter().zip(&header.columns);
        let columns = found.filter_map(|(column, at)| at.map(|at| (column.name.clone(), at))).collect();
        return Ok((header.first, columns));
    }
    Err(finding::no_header(&missing, &sheet.name))
}

/// A header cell for comparison: lower case, single blanks, without accents where it is longer than a few letters,
/// without marks that say a column must be filled in.
fn plain(text: &str) -> String {
    let text = text.trim().trim_end_matches(['*', ':', ' ']);
    let key = crate::text::fold(text);
    if key.chars().count() > 4 { key } else { crate::text::lower_key(text).trim().to_owned() }
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
        Abilities { incremental: true, full_is_complete: false, details: false }
    }

    async fn check(&self) -> Vec<Finding> {
        let (options, refused) = (self.options.clone(), self.refused.clone());
        let check = move || {
            let found = candidates(&options)?;
            if found.is_empty() {
                return Ok(vec![finding::empty_folder(&options.folder)]);
            }
            let newest = found.iter().rev().take(LOOKED_AT);
            Ok(newest.flat_map(|candidate| walk::check(candidate, &options, &refused)).collect())
        };
        self.beside(check).await.unwrap_or_else(|error: ConnectorError| vec![*error.finding])
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        let done: Vec<String> =
            request.cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok()).unwrap_or_default();
        let options = self.options.clone();
        let mut waiting = self.beside(move || candidates(&options)).await?;
        let there: HashSet<&str> = waiting.iter().map(|candidate| candidate.name.as_str()).collect();
        self.refused.keep(|name| there.contains(name));
        if let PullMode::Backfill { from, to } = request.mode {
            for candidate in &mut waiting {
                candidate.wanted = from <= candidate.modified && candidate.modified < to;
            }
        }
        if request.mode != PullMode::Incremental {
            waiting.reverse();
        }
        let walk = Walk {
            source: self.source.clone(),
            options: self.options.clone(),
            fingerprint: self.fingerprint,
            refused: self.refused.clone(),
            waiting: waiting.into(),
            done,
            again: request.mode != PullMode::Incremental,
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
        walk::list_again(&body, &self.options, &self.fingerprint)
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        (self.reader)(record)
    }
}
