//! The walk over a drop folder's files, on a thread of its own.
//!
//! Owns the reading and unpacking of each file, what of it is news, and its rows as pages. Reading and unpacking take
//! seconds and would hold up everything else on a serving thread. It must not know who takes the pages: where nobody
//! does any more it ends, after the file at hand at the latest. Pages leave one by one, so that no more of a file
//! is held than its sheet and a page.

use super::finding;
use super::refused::Refused;
use super::{Candidate, FolderOptions, ROWS, columns_of, written_at};
use crate::connector::rule::is_key;
use crate::connector::{
    ConnectorError, Cursor, Page, Presence, PullEnd, RawRecord, Rejection, Step, record_hash, referring,
};
use crate::domain::SourceId;
use crate::error::{Finding, Place, Severity};
use crate::sheet::{ERROR_CELL, Line, MAX_BYTES, Sheet};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::Read as _;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Most remembered files; older ones are forgotten first and would be read again, which changes nothing.
const REMEMBERED: usize = 5_000;
/// How far the clock of a file's writer may run ahead of ours before it is told.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(60);

/// Where steps go.
pub(super) type Steps = Sender<Result<Step, ConnectorError>>;

/// Nobody takes pages any more.
#[derive(Debug)]
struct Dropped;

/// One walk.
pub(super) struct Walk {
    pub(super) source: SourceId,
    pub(super) options: Arc<FolderOptions>,
    pub(super) fingerprint: [u8; 32],
    pub(super) refused: Arc<Refused>,
    pub(super) waiting: VecDeque<Candidate>,
    pub(super) done: Vec<String>,
    /// Whether files that are known are read again.
    pub(super) again: bool,
    pub(super) now: DateTime<Utc>,
}

/// What of a walk grows while it goes on.
#[derive(Default)]
struct Seen {
    /// Keys that files read before this one had: a pull of everything goes from the newest file to the oldest.
    newer: HashSet<String>,
    findings: Vec<Finding>,
    /// Whether a file was passed over that the next pull looks at again.
    passed_over: bool,
}

/// A sheet whose columns are known.
struct Understood {
    sheet: Sheet,
    /// Index of the first row.
    first: usize,
    columns: Vec<(String, usize)>,
    /// Line that may be cut off.
    cut_off: Option<u32>,
}

/// What became of reading a file.
enum Outcome {
    Understood(Understood),
    /// Someone may still be writing it: the next pull looks again.
    Waits,
    /// The same, but its time lies in the future: it would wait until then.
    WaitsForEver,
}

impl Walk {
    /// Walks over all files. Ends early where nobody takes the pages.
    pub(super) fn run(mut self, steps: &Steps) {
        let mut seen = Seen::default();
        while let Some(candidate) = self.waiting.pop_front() {
            if steps.is_closed() || self.file(&candidate, &mut seen, steps).is_err() {
                return;
            }
        }
        // A file that could not be read as a whole is told as an error.
        let short =
            seen.passed_over || seen.findings.iter().any(|finding| finding.severity == Severity::Error);
        let end = PullEnd { short, findings: seen.findings, ..PullEnd::default() };
        // A pull that was dropped needs no end.
        let _ = steps.blocking_send(Ok(Step::End(end)));
    }

    fn file(&mut self, candidate: &Candidate, seen: &mut Seen, steps: &Steps) -> Result<(), Dropped> {
        if candidate.bytes > MAX_BYTES as u64 {
            seen.findings.push(finding::too_large(&candidate.name));
            return Ok(());
        }
        // None: gone, or still being written; the next pull looks again.
        let Some((bytes, digest)) = whole(candidate) else {
            seen.passed_over = true;
            return Ok(());
        };
        let known = self.done.contains(&digest);
        if known && !self.again {
            return Ok(());
        }
        let read = || understood(candidate, &bytes, &self.options, self.now);
        let file = match self.refused.or_read(&candidate.name, &digest, read) {
            Ok(Outcome::Understood(file)) => file,
            Ok(Outcome::Waits) => {
                seen.passed_over = true;
                return Ok(());
            }
            Ok(Outcome::WaitsForEver) => {
                seen.findings.push(finding::from_the_future(&candidate.name, candidate.modified));
                return Ok(());
            }
            // Not ticked off: it is told again and again until someone corrects or removes it.
            Err(findings) => {
                seen.findings.extend(findings);
                return Ok(());
            }
        };
        if !known && candidate.wanted {
            self.done.push(digest);
            let over = self.done.len().saturating_sub(REMEMBERED);
            self.done.drain(..over);
        }
        let cursor = Cursor(serde_json::to_string(&self.done).unwrap_or_default());
        self.pages(candidate, &file, Bytes::from(bytes), cursor, &mut seen.newer, steps)
    }

    /// Gives the pages of a file. The cursor stands on the last one: half a file is read again.
    fn pages(
        &self,
        candidate: &Candidate,
        file: &Understood,
        original: Bytes,
        cursor: Cursor,
        newer: &mut HashSet<String>,
        steps: &Steps,
    ) -> Result<(), Dropped> {
        let name: &Arc<str> = &candidate.name.as_str().into();
        let mut here = Vec::new();
        let mut number = 0u32;
        let mut last = None;
        let give = |page: Page| match candidate.wanted {
            true => steps.blocking_send(Ok(Step::Page(page))).map_err(|_| Dropped),
            false => Ok(()),
        };
        for rows in file.sheet.lines.get(file.first..).unwrap_or_default().chunks(ROWS) {
            let mut page = empty_page(name, original.clone());
            number = number.saturating_add(1);
            for line in rows {
                self.row(name, line, file, newer, &mut here, &mut page);
            }
            if let Some(before) = last.replace(page) {
                give(before)?;
            }
        }
        let mut page = last.unwrap_or_else(|| empty_page(name, original));
        let key_column =
            file.columns.iter().find(|(column, _)| *column == self.options.key).map(|(_, at)| *at);
        for line in &file.sheet.broken {
            let key = key_column.and_then(|at| line.cells.get(at)).filter(|key| !key.is_empty());
            if self.again && key.is_some_and(|key| newer.contains(key)) {
                continue;
            }
            here.extend(key.filter(|_| self.again).cloned());
            page.rejected.push(Rejection {
                external_id: key.cloned(),
                index: line.number,
                body: serde_json::json!({ "line": line.text }).to_string().into(),
                finding: line.finding(name),
            });
        }
        page.cursor = Some(cursor);
        newer.extend(here);
        tracing::debug!(source.id = %self.source, file = %name, pages = number, "sheet read");
        give(page)
    }

    /// Adds a row to its page, as a record or with the reason why it is none.
    fn row(
        &self,
        name: &Arc<str>,
        line: &Line,
        file: &Understood,
        newer: &HashSet<String>,
        here: &mut Vec<String>,
        page: &mut Page,
    ) {
        let total = line.cells.iter().find(|cell| !cell.is_empty()).is_some_and(|cell| {
            let cell = cell.to_lowercase();
            self.options.totals.iter().any(|word| cell.starts_with(word))
        });
        if total {
            return;
        }
        let record = record_of(line, &file.columns);
        let body = Bytes::from(serde_json::to_vec(&record).unwrap_or_default());
        let key = record.get(self.options.key.as_str()).copied();
        if self.again && key.is_some_and(|key| newer.contains(key)) {
            // A newer file has this row: what an older one says of it is past.
            return;
        }
        here.extend(key.filter(|_| self.again).map(str::to_owned));
        let failed =
            record.iter().find(|(_, cell)| is_error(cell)).map(|(column, _)| finding::failed_formula(column));
        let cut_off = (file.cut_off == Some(line.number)).then(finding::perhaps_cut_off);
        let rejected = |external_id: Option<&str>, finding: Finding, body: Bytes| Rejection {
            external_id: external_id.map(str::to_owned),
            index: line.number,
            finding: finding.at(Place::line(&**name, line.number)),
            body,
        };
        match (failed.or(cut_off), key) {
            (Some(finding), key) => page.rejected.push(rejected(key, finding, body)),
            (None, Some(key)) if is_key(key) => page.records.push(RawRecord {
                external_id: key.to_owned(),
                hash: record_hash(&self.fingerprint, &body),
                body,
                index: line.number,
                file: Some(name.clone()),
                presence: Presence::Shown,
            }),
            _ => page.rejected.push(rejected(None, finding::without_key(&self.options.key), body)),
        }
    }
}

/// A file's content and its digest; none where it is gone or changed since it was listed, as one is that has grown
/// beyond the limit.
fn whole(candidate: &Candidate) -> Option<(Vec<u8>, String)> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&candidate.path).ok()?;
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).ok()?;
    let unchanged = bytes.len() <= MAX_BYTES
        && candidate.path.symlink_metadata().is_ok_and(|meta| {
            meta.len() == bytes.len() as u64 && written_at(&meta).unwrap_or_default() == candidate.modified
        });
    let digest = || Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    unchanged.then(digest).map(|digest| (bytes, digest))
}

/// Reads a file and finds its columns.
fn understood(
    candidate: &Candidate,
    bytes: &[u8],
    options: &FolderOptions,
    now: DateTime<Utc>,
) -> Result<Outcome, Vec<Finding>> {
    let sheet = Sheet::read(&candidate.name, bytes).map_err(|findings| findings.0)?;
    let cut_off = match options.settle_s {
        None => None,
        Some(settle) => {
            let settled = now - candidate.modified >= TimeDelta::seconds(settle.into());
            if sheet.unended.is_some() && !settled {
                let ahead = candidate.modified - now > CLOCKS_APART;
                return Ok(if ahead { Outcome::WaitsForEver } else { Outcome::Waits });
            }
            sheet.unended
        }
    };
    let (first, columns) = columns_of(&sheet, options).map_err(|finding| vec![finding])?;
    Ok(Outcome::Understood(Understood { sheet, first, columns, cut_off }))
}

/// The cells of a row by the names of their columns.
fn record_of<'a>(line: &'a Line, columns: &'a [(String, usize)]) -> BTreeMap<&'a str, &'a str> {
    let named = columns
        .iter()
        .map(|(name, column)| (name.as_str(), line.cells.get(*column).map_or("", String::as_str)));
    named.filter(|(_, cell)| !cell.is_empty()).collect()
}

/// The rows of a kept file. None for what later pages of a file keep instead of its content.
pub(super) fn list_again(
    body: &Bytes,
    options: &FolderOptions,
    fingerprint: &[u8; 32],
) -> Option<Result<Vec<RawRecord>, Box<Finding>>> {
    if *body == referring() {
        return None;
    }
    let table = Sheet::read("a kept file", body).map_err(|mut findings| findings.0.remove(0));
    let table = table.and_then(|sheet| Ok((columns_of(&sheet, options)?, sheet)));
    Some(table.map_err(Box::new).map(|((first, columns), sheet)| {
        let rows = sheet.lines.get(first..).unwrap_or_default().iter();
        let listed = rows.filter_map(|line| {
            let record = record_of(line, &columns);
            let key = record.get(options.key.as_str()).filter(|key| is_key(key))?.to_string();
            let body = Bytes::from(serde_json::to_vec(&record).unwrap_or_default());
            let hash = record_hash(fingerprint, &body);
            let (index, presence) = (line.number, Presence::Shown);
            Some(RawRecord { external_id: key, hash, body, index, file: None, presence })
        });
        listed.collect()
    }))
}

/// What a file of a folder says about itself, for a check: one that may still be written is looked at as well.
pub(super) fn check(candidate: &Candidate, options: &FolderOptions, refused: &Refused) -> Vec<Finding> {
    if candidate.bytes > MAX_BYTES as u64 {
        return vec![finding::too_large(&candidate.name)];
    }
    // A file that vanished meanwhile says nothing about the folder.
    let Some((bytes, digest)) = whole(candidate) else { return Vec::new() };
    let read = || understood(candidate, &bytes, options, DateTime::<Utc>::MAX_UTC);
    refused.or_read(&candidate.name, &digest, read).err().unwrap_or_default()
}

fn empty_page(name: &str, body: Bytes) -> Page {
    Page {
        request: name.to_owned(),
        body,
        records: Vec::new(),
        rejected: Vec::new(),
        cursor: None,
        total: None,
    }
}

/// Whether a cell holds what a failed formula leaves behind.
fn is_error(cell: &str) -> bool {
    [ERROR_CELL, "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"].contains(&cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn candidate(folder: &Path, name: &str, text: &str) -> Candidate {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        let meta = path.symlink_metadata().expect("there");
        let modified = written_at(&meta).expect("a time");
        Candidate { path, name: name.to_owned(), modified, bytes: meta.len(), wanted: true }
    }

    #[test]
    fn file_that_grew_beyond_the_limit_after_it_was_listed_is_not_read() {
        let folder = tempfile::tempdir().expect("folder");
        let listed = candidate(folder.path(), "a.csv", "code\nNV-1\n");
        assert!(whole(&listed).is_some());
        let file = std::fs::File::options().write(true).open(&listed.path).expect("opens");
        for more in [1, 1_000_000] {
            file.set_len(MAX_BYTES as u64 + more).expect("grown");
            // Its time says nothing.
            file.set_modified(listed.modified.into()).expect("a time");
            assert!(whole(&listed).is_none(), "{more} more");
        }
    }

    #[tokio::test]
    async fn walk_whose_pull_is_dropped_ends_before_the_next_file() {
        let folder = tempfile::tempdir().expect("folder");
        let rows: String = (0..5 * ROWS).map(|row| format!("NV-{row}\n")).collect();
        let long = candidate(folder.path(), "a.csv", &format!("code\n{rows}"));
        let refused = Arc::new(Refused::default());
        let column = super::super::SheetColumn { name: "code".into(), synonyms: Vec::new(), required: true };
        let options = FolderOptions {
            folder: folder.path().to_owned(),
            endings: vec!["csv".to_owned()],
            columns: vec![column],
            key: "code".to_owned(),
            totals: Vec::new(),
            settle_s: None,
        };
        let walk = Walk {
            source: SourceId::new("sheets").expect("id"),
            options: Arc::new(options),
            fingerprint: [0; 32],
            refused: refused.clone(),
            now: long.modified,
            waiting: [long, candidate(folder.path(), "b.csv", "no header\n")].into(),
            done: Vec::new(),
            again: false,
        };
        let (sender, mut steps) = tokio::sync::mpsc::channel(1);
        let thread = tokio::task::spawn_blocking(move || walk.run(&sender));
        let first = steps.recv().await;
        assert!(matches!(first, Some(Ok(Step::Page(page))) if page.records.len() == ROWS));
        drop(steps);
        thread.await.expect("the thread ended");
        assert_eq!(refused.names(), Vec::<String>::new(), "the second file was not looked at");
    }
}
