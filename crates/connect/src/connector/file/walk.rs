//! The walk over a drop folder's files, on a thread of its own.
//!
//! Owns the reading and unpacking of each file, what of it is news, and its rows as pages. Reading and unpacking take
//! seconds and would hold up everything else on a serving thread. It must not know who takes the pages: where nobody
//! does any more it ends, after the file at hand at the latest. Pages leave one by one, so that no more of a file
//! is held than its sheet and a page.

use super::document::{self, Document};
use super::keys::Keys;
use super::known::Known;
use super::newest::{Newest, Taken};
use super::refused::Refused;
use super::table::Tables;
use super::{Candidate, FolderOptions, Format, ROWS, Row, finding, written_at};
use crate::connector::rule::is_key;
use crate::connector::{
    ConnectorError, Cursor, Delivered, Files, Page, Presence, PullEnd, RawRecord, Rejection, Step,
    record_hash, referring,
};
use crate::domain::{Evidence, SourceId};
use crate::error::{Finding, Place, Severity, Text};
use crate::sheet::{MAX_BYTES, Sheet};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;
use std::fs::TryLockError;
use std::io::Read as _;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

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
    /// What was told of files that are not among them.
    pub(super) findings: Vec<Finding>,
    /// Files there altogether.
    pub(super) there: u64,
    pub(super) known: Known,
    /// Where one file is the whole list: what is known of the one before.
    pub(super) newest: Option<Newest>,
    /// Whether files that are known are read again.
    pub(super) again: bool,
    pub(super) now: DateTime<Utc>,
}

/// What of a walk grows while it goes on.
#[derive(Default)]
struct Seen {
    /// Keys that files read before this one had: a pull of everything goes from the newest file to the oldest.
    keys: Keys,
    findings: Vec<Finding>,
    /// Files someone may still be writing, each with why it looks so.
    waits: Vec<(String, Text)>,
    /// Whether a file was passed over that the next pull looks at again.
    passed_over: bool,
    /// Files that are read, by this walk or by one before.
    read: u64,
    /// Names of files whose every row this walk gave.
    whole: Vec<String>,
}

/// What a file holds.
pub(super) enum Content {
    Tables(Tables),
    Document(Document),
}

impl Content {
    /// What a package says beside its records.
    fn evidence(&self) -> Vec<Evidence> {
        match self {
            Self::Tables(_) => Vec::new(),
            Self::Document(document) => document.evidence.clone(),
        }
    }

    /// The line that may be cut off.
    pub(super) fn cut_off(&self) -> Option<u32> {
        match self {
            Self::Tables(tables) => tables.cut_off,
            Self::Document(document) => document.unended,
        }
    }

    /// What is kept of the file; the file itself, for all but packages.
    fn kept(&self, original: Vec<u8>) -> Bytes {
        match self {
            Self::Document(Document { kept: Some(kept), .. }) => kept.clone(),
            _ => Bytes::from(original),
        }
    }

    pub(super) fn rows<'a>(&'a self, options: &'a FolderOptions) -> Box<dyn Iterator<Item = Row> + 'a> {
        match (self, &options.format) {
            (Self::Tables(tables), Format::Table(options)) => Box::new(tables.rows(options)),
            (Self::Document(document), _) => Box::new(document.rows()),
            (Self::Tables(_), _) => Box::new(std::iter::empty()),
        }
    }
}

/// What became of reading a file.
pub(super) enum Outcome {
    /// With what is told of it all the same.
    Understood(Content, Vec<Finding>),
    /// Someone may still be writing it, for this reason: the next pull looks again.
    Waits(Text),
    /// The same, but its time lies in the future: it would wait until then.
    WaitsForEver,
}

impl Walk {
    /// Walks over all files. Ends early where nobody takes the pages.
    pub(super) fn run(mut self, steps: &Steps) {
        let mut seen = Seen { findings: std::mem::take(&mut self.findings), ..Seen::default() };
        while let Some(candidate) = self.waiting.pop_front() {
            if seen.keys.is_full() {
                // What was never read must not come as news behind newer words.
                for one in std::iter::once(&candidate).chain(&self.waiting) {
                    self.known.leave_out(one.mark);
                }
                seen.findings.push(finding::too_many_keys(&candidate.name));
                break;
            }
            if steps.is_closed() || self.file(&candidate, &mut seen, steps).is_err() {
                return;
            }
        }
        if let (Some(settle_s), false) = (self.options.settle_s, seen.waits.is_empty()) {
            seen.findings.push(finding::waiting(&seen.waits, settle_s));
        }
        // A file that could not be read as a whole is told as an error.
        let short =
            seen.passed_over || seen.findings.iter().any(|finding| finding.severity == Severity::Error);
        let cursor = match &self.newest {
            Some(newest) => newest.cursor(),
            // Read from the newest file to the oldest, nothing may be called known before all of it is.
            None => (self.again || self.known.is_ahead()).then(|| self.known.cursor()),
        };
        // One file that was read to its end is all of a list.
        let complete = !short && self.newest.as_ref().is_some_and(|newest| newest.taken.is_some());
        let files = self.newest.is_none().then_some(Files { there: self.there, read: seen.read });
        let Seen { findings, whole: whole_files, .. } = seen;
        let end = PullEnd { complete, short, cursor, findings, files, whole_files, ..PullEnd::default() };
        // A pull that was dropped needs no end.
        let _ = steps.blocking_send(Ok(Step::End(end)));
    }

    fn file(&mut self, candidate: &Candidate, seen: &mut Seen, steps: &Steps) -> Result<(), Dropped> {
        if candidate.bytes > MAX_BYTES as u64 {
            seen.findings.push(finding::too_large(&candidate.name));
            return Ok(());
        }
        if !self.again && self.known.is_untouched(candidate.mark) {
            seen.read += u64::from(!self.known.was_left_out(candidate.mark));
            return Ok(());
        }
        let (bytes, digest) = match held(candidate) {
            Held::Whole(bytes, digest) => (bytes, digest),
            // Gone, or still being written; the next pull looks again.
            Held::Changing => {
                seen.passed_over = true;
                return Ok(());
            }
            Held::Locked => {
                seen.passed_over = true;
                seen.findings.push(finding::locked(&candidate.name));
                return Ok(());
            }
            Held::Unreadable(error) => {
                seen.findings.push(finding::unreadable_file(&candidate.name, &error));
                return Ok(());
            }
        };
        if !self.again && self.known.has(&digest) {
            self.known.add(candidate.mark, &digest);
            seen.read += 1;
            return Ok(());
        }
        // A time in the future would have every later list wait for it.
        let modified_ms = candidate.modified.min(self.now).timestamp_millis();
        let taken = Taken { modified_ms, digest: digest.clone() };
        if let Some(older) = self.newest.as_ref().and_then(|newest| newest.refuses(&candidate.name, &taken)) {
            seen.findings.push(older);
            return Ok(());
        }
        let read = || understood(candidate, &bytes, &self.options, self.now);
        let (content, whole) = match self.refused.or_read(&candidate.name, &digest, read) {
            Ok(Outcome::Understood(content, told)) => {
                // What is told of it may be a sheet whose rows are left out.
                let whole = told.is_empty();
                seen.findings.extend(told);
                (content, whole)
            }
            Ok(Outcome::Waits(why)) => {
                seen.passed_over = true;
                seen.waits.push((candidate.name.clone(), why));
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
        seen.read += 1;
        if candidate.wanted {
            self.known.add(candidate.mark, &digest);
        }
        if let Some(newest) = &mut self.newest {
            newest.taken = Some(taken);
        }
        let cursor = (!self.again && self.known.is_due()).then(|| self.known.cursor());
        let kept = content.kept(bytes);
        self.pages(candidate, &content, kept, cursor, &mut seen.keys, steps)?;
        if whole && candidate.wanted {
            seen.whole.push(candidate.name.clone());
        }
        let repeated = seen.keys.end_of_file(self.again);
        seen.findings.extend(repeated.filter(|_| candidate.wanted));
        Ok(())
    }

    /// Gives the pages of a file. The cursor stands on the last one: half a file is read again.
    fn pages(
        &self,
        candidate: &Candidate,
        content: &Content,
        original: Bytes,
        cursor: Option<Cursor>,
        keys: &mut Keys,
        steps: &Steps,
    ) -> Result<(), Dropped> {
        let name: &Arc<str> = &candidate.name.as_str().into();
        let (mut number, mut held) = (1u32, 0);
        let give = |page: Page| match candidate.wanted {
            true => steps.blocking_send(Ok(Step::Page(page))).map_err(|_| Dropped),
            false => Ok(()),
        };
        let mut page = empty_page(name, original.clone());
        for row in content.rows(&self.options) {
            if held == ROWS {
                give(std::mem::replace(&mut page, empty_page(name, original.clone())))?;
                number = number.saturating_add(1);
                held = 0;
            }
            held += 1;
            self.row(name, row, keys, &mut page);
        }
        page.cursor = cursor;
        page.delivered.evidence = content.evidence();
        tracing::debug!(source.id = %self.source, file = %name, pages = number, "file read");
        give(page)
    }

    /// Adds a row to its page, as a record or with the reason why it is none.
    fn row(&self, name: &Arc<str>, row: Row, keys: &mut Keys, page: &mut Page) {
        let Row { key, line, body, fault, file, presence } = row;
        if self.again && key.as_ref().is_some_and(|key| keys.is_past(key)) {
            // A newer file has this row: what an older one says of it is past.
            return;
        }
        let file = file.unwrap_or_else(|| name.clone());
        if let Some(key) = &key {
            // What a package says of one task several times, its order tells; a row with a fault is told anyway.
            let compared = presence == Presence::Shown && fault.is_none();
            keys.meet(key, compared.then_some(&body), (&file, line));
        }
        let rejected = |external_id: Option<String>, finding: Finding, body: Bytes| {
            let stands = finding.place.is_some();
            let finding = if stands { finding } else { finding.at(Place::line(&*file, line)) };
            Rejection { external_id, index: line, finding, body }
        };
        match (fault, key) {
            (Some(finding), key) => page.rejected.push(rejected(key, finding, body)),
            (None, Some(key)) if is_key(&key) => page.records.push(RawRecord {
                external_id: key,
                hash: record_hash(&self.fingerprint, &body),
                body,
                index: line,
                file: Some(file),
                presence,
            }),
            _ => page.rejected.push(rejected(None, finding::without_key(&self.options.key()), body)),
        }
    }
}

/// What became of taking a file's content.
pub(super) enum Held {
    /// The content and its digest.
    Whole(Vec<u8>, String),
    /// It is gone, changed since it was listed, as one is that has grown beyond the limit, or no file any more.
    Changing,
    /// A program holds a lock on it.
    Locked,
    /// The system does not let it be read.
    Unreadable(std::io::Error),
}

/// A file's content and its digest.
pub(super) fn held(candidate: &Candidate) -> Held {
    // What was a file when it was listed may be a link or a pipe by now: neither is followed nor waited for.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = match rustix::fs::open(&candidate.path, flags, Mode::empty()) {
        Ok(file) => std::fs::File::from(file),
        // A pipe that nobody writes, or the end of a connection, is opened by nobody.
        Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Held::Changing,
        Err(error) => return Held::Unreadable(error.into()),
    };
    if !file.metadata().is_ok_and(|meta| meta.is_file()) {
        return Held::Changing;
    }
    // Where the file system knows no locks nobody can hold one.
    if matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return Held::Locked;
    }
    let mut bytes = Vec::new();
    if let Err(error) = (&mut file).take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes) {
        return Held::Unreadable(error);
    }
    let unchanged = bytes.len() <= MAX_BYTES
        && candidate.path.symlink_metadata().is_ok_and(|meta| {
            meta.len() == bytes.len() as u64 && written_at(&meta).unwrap_or_default() == candidate.modified
        });
    if !unchanged {
        return Held::Changing;
    }
    let digest = Sha256::digest(&bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Held::Whole(bytes, digest)
}

/// Reads a file and finds its rows. What breaks off may still be written.
pub(super) fn understood(
    candidate: &Candidate,
    bytes: &[u8],
    options: &FolderOptions,
    now: DateTime<Utc>,
) -> Result<Outcome, Vec<Finding>> {
    let unsettled = options.settle_s.is_some_and(|settle| !candidate.settled(settle, now));
    let ahead = candidate.modified - now > CLOCKS_APART;
    let read = content(&candidate.name, bytes, options);
    let (content, unended, told) = match read {
        Ok(read) => read,
        Err(findings) => {
            let half = ["LT-TAB-005", "LT-FIL-024", "LT-XML-001", "LT-EDX-001"];
            let breaks_off = findings.iter().all(|finding| half.contains(&finding.code.as_str()));
            let waits = breaks_off && unsettled && !ahead;
            return if waits { Ok(Outcome::Waits(finding::breaks_off())) } else { Err(findings) };
        }
    };
    if unended.is_some() && unsettled {
        return Ok(if ahead { Outcome::WaitsForEver } else { Outcome::Waits(finding::no_end()) });
    }
    let cut_off = unended.filter(|_| options.settle_s.is_some());
    let content = match content {
        Content::Tables(mut tables) => {
            tables.cut_off = cut_off;
            Content::Tables(tables)
        }
        Content::Document(mut document) => {
            document.unended = cut_off;
            Content::Document(document)
        }
    };
    Ok(Outcome::Understood(content, told))
}

/// What a file holds, the line nothing ends, and what is told of it all the same.
type Read = (Content, Option<u32>, Vec<Finding>);

fn content(name: &str, bytes: &[u8], options: &FolderOptions) -> Result<Read, Vec<Finding>> {
    let Format::Table(table) = &options.format else {
        let document =
            document::read(name, bytes, options.encoding, &options.format).map_err(|told| told.0)?;
        let unended = document.unended;
        return Ok((Content::Document(document), unended, Vec::new()));
    };
    let with_remedy =
        |told: Vec<Finding>| told.into_iter().map(finding::with_manifest_remedy).collect::<Vec<_>>();
    let sheets = Sheet::read_all(name, bytes, &table.reading).map_err(|told| with_remedy(told.0))?;
    let unended = sheets.first().and_then(|sheet| sheet.unended);
    let (tables, told) = Tables::find(sheets, table).map_err(|finding| vec![finding])?;
    Ok((Content::Tables(tables), unended, told))
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
    let content = match &options.format {
        Format::Edxml(packages) => Content::Document(packages.read_kept(body)?),
        _ => match content("a kept file", body, options) {
            Ok((content, ..)) => content,
            Err(mut findings) => return Some(Err(Box::new(findings.remove(0)))),
        },
    };
    let listed = content.rows(options).filter(|row| row.fault.is_none()).filter_map(|row| {
        let key = row.key.filter(|key| is_key(key))?;
        let hash = record_hash(fingerprint, &row.body);
        let (index, presence) = (row.line, row.presence);
        Some(RawRecord { external_id: key, hash, body: row.body, index, file: None, presence })
    });
    Some(Ok(listed.collect()))
}

fn empty_page(name: &str, body: Bytes) -> Page {
    Page {
        request: name.to_owned(),
        body,
        records: Vec::new(),
        rejected: Vec::new(),
        cursor: None,
        total: None,
        delivered: Delivered::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::TableOptions;
    use super::super::known::mark;
    use super::*;
    use std::path::Path;

    fn candidate(folder: &Path, name: &str, text: &str) -> Candidate {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        let meta = path.symlink_metadata().expect("there");
        let modified = written_at(&meta).expect("a time");
        let mark = Some(mark(&path, &meta));
        Candidate { path, name: name.to_owned(), modified, bytes: meta.len(), mark, wanted: true }
    }

    #[test]
    fn file_that_grew_beyond_the_limit_after_it_was_listed_is_not_read() {
        let folder = tempfile::tempdir().expect("folder");
        let listed = candidate(folder.path(), "a.csv", "code\nNV-1\n");
        assert!(matches!(held(&listed), Held::Whole(..)));
        let file = std::fs::File::options().write(true).open(&listed.path).expect("opens");
        for more in [1, 1_000_000] {
            file.set_len(MAX_BYTES as u64 + more).expect("grown");
            // Its time says nothing.
            file.set_modified(listed.modified.into()).expect("a time");
            assert!(matches!(held(&listed), Held::Changing), "{more} more");
        }
    }

    #[test]
    fn link_or_pipe_put_in_a_files_place_after_it_was_listed_is_neither_followed_nor_waited_for() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("elsewhere"), "code\nNV-1\n").expect("written");
        let listed = candidate(folder.path(), "a.csv", "code\nNV-1\n");
        std::fs::remove_file(&listed.path).expect("removed");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &listed.path).expect("linked");
        assert!(matches!(held(&listed), Held::Changing));
        std::fs::remove_file(&listed.path).expect("removed");
        let pipe = std::process::Command::new("mkfifo").arg(&listed.path).status();
        assert!(pipe.expect("mkfifo").success());
        assert!(matches!(held(&listed), Held::Changing), "nobody writes into it");
        std::fs::remove_file(&listed.path).expect("removed");
        let _socket = std::os::unix::net::UnixListener::bind(&listed.path).expect("bound");
        assert!(matches!(held(&listed), Held::Changing));
    }

    #[tokio::test]
    async fn walk_whose_pull_is_dropped_ends_before_the_next_file() {
        let folder = tempfile::tempdir().expect("folder");
        let rows: String = (0..5 * ROWS).map(|row| format!("NV-{row}\n")).collect();
        let long = candidate(folder.path(), "a.csv", &format!("code\n{rows}"));
        let refused = Arc::new(Refused::default());
        let column = super::super::SheetColumn { name: "code".into(), synonyms: Vec::new(), required: true };
        let table =
            TableOptions { columns: vec![column], key: vec!["code".to_owned()], ..Default::default() };
        let options = FolderOptions {
            folder: folder.path().to_owned(),
            endings: vec!["csv".to_owned()],
            encoding: None,
            settle_s: None,
            format: Format::Table(table),
            newest_only: false,
        };
        let walk = Walk {
            source: SourceId::new("sheets").expect("id"),
            options: Arc::new(options),
            fingerprint: [0; 32],
            refused: refused.clone(),
            now: long.modified,
            waiting: [long, candidate(folder.path(), "b.csv", "no header\n")].into(),
            findings: Vec::new(),
            there: 2,
            known: Known::default(),
            newest: None,
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
