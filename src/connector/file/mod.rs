//! A folder into which a unit drops spreadsheets.
//!
//! Owns which files are complete, in which order they are read, how a header is found among titles, and the
//! rows as records. A file is known by the SHA-256 of its content: the same content again is nothing, the
//! same name with another content is a new file. Rows are known by their key column, never by their line.
//! It must not know what a column means beyond its canonical name. A row without a key, one with a broken quote and
//! a last one that may be cut off are rejected alone; a file that is no table is told and does not stop the
//! others. A row that a file does not show is never gone: nobody knows whether the file is whole.

use super::rule::is_key;
use super::{
    Abilities, Connector, ConnectorError, Cursor, Detailed, DraftReader, Page, Presence, Pull, PullEnd,
    PullMode, PullRequest, RawRecord, Rejection, Step, record_hash,
};
use crate::domain::{SourceId, TaskDraft};
use crate::error::{Disposition, Finding, Place, Text};
use crate::sheet::header::{self, Wanted};
use crate::sheet::{ERROR_CELL, MAX_BYTES, Sheet};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows per page.
const ROWS: usize = 500;
/// Most files in the folder that are looked at.
const MAX_FILES: usize = 100_000;
/// Most remembered files; older ones are forgotten first and would be read again, which changes nothing.
const REMEMBERED: usize = 5_000;

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
}

impl FolderSource {
    /// A folder read by a manifest's rules.
    pub fn new(source: SourceId, options: FolderOptions, fingerprint: [u8; 32], reader: DraftReader) -> Self {
        Self { source, options: Arc::new(options), fingerprint, reader }
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
    let listing =
        std::fs::read_dir(&options.folder).map_err(|error| unreadable_folder(&options.folder, &error))?;
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
        let modified = meta.modified().map(DateTime::<Utc>::from).unwrap_or_default();
        found.push(Candidate { path: entry.path(), name, modified, bytes: meta.len(), wanted: true });
    }
    found.sort_by(|a, b| (a.modified, &a.name).cmp(&(b.modified, &b.name)));
    Ok(found)
}

fn unreadable_folder(folder: &Path, error: &std::io::Error) -> ConnectorError {
    let finding = Finding::error(
        "LT-FIL-001",
        Text::new(format!("không đọc được thư mục: {error}"), format!("the folder cannot be read: {error}")),
        Text::new("tạo thư mục và cấp quyền đọc cho dịch vụ", "make the folder and let the service read it"),
    );
    ConnectorError {
        finding: Box::new(finding.at(Place::of(folder.display().to_string()))),
        disposition: Disposition::NeedsOperator,
        retry_after: None,
    }
}

struct FolderPull {
    source: SourceId,
    options: Arc<FolderOptions>,
    fingerprint: [u8; 32],
    waiting: std::collections::VecDeque<Candidate>,
    pages: std::collections::VecDeque<Page>,
    done: Vec<String>,
    again: bool,
    /// Keys that files read before this one had: a pull of everything goes from the newest file to the oldest.
    newer: HashSet<String>,
    now: DateTime<Utc>,
    findings: Vec<Finding>,
}

#[async_trait]
impl Pull for FolderPull {
    async fn next_page(&mut self) -> Result<Step, ConnectorError> {
        loop {
            if let Some(page) = self.pages.pop_front() {
                return Ok(Step::Page(page));
            }
            let Some(candidate) = self.waiting.pop_front() else {
                let end = PullEnd {
                    complete: false,
                    cursor: None,
                    source_total: None,
                    findings: std::mem::take(&mut self.findings),
                };
                return Ok(Step::End(end));
            };
            if candidate.bytes > MAX_BYTES as u64 {
                self.findings.push(too_large(&candidate.name));
                continue;
            }
            let Ok(bytes) = std::fs::read(&candidate.path) else { continue };
            let unchanged = candidate.path.symlink_metadata().is_ok_and(|meta| {
                meta.len() == bytes.len() as u64
                    && meta.modified().map(DateTime::<Utc>::from).is_ok_and(|at| at == candidate.modified)
            });
            if !unchanged {
                // Still being written: the next pull looks again.
                continue;
            }
            let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            let known = self.done.contains(&digest);
            if known && !self.again {
                continue;
            }
            match self.read(&candidate, bytes) {
                // Its last line is not ended and someone may still be writing: the next pull looks again.
                Ok(None) => continue,
                Ok(_) if !candidate.wanted => continue,
                Ok(Some(pages)) => self.pages.extend(pages),
                // Not ticked off: it is told again and again until someone corrects or removes it.
                Err(findings) => {
                    self.findings.extend(findings);
                    continue;
                }
            }
            if !known {
                self.done.push(digest);
                let over = self.done.len().saturating_sub(REMEMBERED);
                self.done.drain(..over);
            }
            let cursor = Cursor(serde_json::to_string(&self.done).unwrap_or_default());
            match self.pages.back_mut() {
                // The cursor stands on the last page of the file: half a file is read again.
                Some(last) => last.cursor = Some(cursor),
                None => self.pages.push_back(Page {
                    request: candidate.name,
                    body: Bytes::new(),
                    records: Vec::new(),
                    rejected: Vec::new(),
                    cursor: Some(cursor),
                    total: None,
                }),
            }
        }
    }
}

impl FolderPull {
    /// The file's pages; none while it may still be written.
    fn read(&mut self, candidate: &Candidate, bytes: Vec<u8>) -> Result<Option<Vec<Page>>, Vec<Finding>> {
        let name = candidate.name.as_str();
        let sheet = Sheet::read(name, &bytes).map_err(|findings| findings.0)?;
        let cut_off = match self.options.settle_s {
            None => None,
            Some(settle) => {
                let settled = candidate.modified + TimeDelta::seconds(settle.into()) <= self.now;
                if sheet.unended.is_some() && !settled {
                    return Ok(None);
                }
                sheet.unended
            }
        };
        let (first, columns) = columns_of(&sheet, &self.options).map_err(|finding| vec![finding])?;
        let mut pages: Vec<Page> = Vec::new();
        let mut here = Vec::new();
        let original = Bytes::from(bytes);
        for rows in sheet.lines.get(first..).unwrap_or_default().chunks(ROWS) {
            let mut page = Page {
                request: name.to_owned(),
                body: if pages.is_empty() {
                    original.clone()
                } else {
                    Bytes::from_static(b"see the first page of this file")
                },
                records: Vec::new(),
                rejected: Vec::new(),
                cursor: None,
                total: None,
            };
            for line in rows {
                let cell = |column: usize| line.cells.get(column).map_or("", String::as_str);
                let total = line.cells.iter().find(|cell| !cell.is_empty()).is_some_and(|cell| {
                    let cell = cell.to_lowercase();
                    self.options.totals.iter().any(|word| cell.starts_with(word))
                });
                if total {
                    continue;
                }
                let record: BTreeMap<&str, &str> = columns
                    .iter()
                    .map(|(name, column)| (name.as_str(), cell(*column)))
                    .filter(|(_, cell)| !cell.is_empty())
                    .collect();
                let body = Bytes::from(serde_json::to_vec(&record).unwrap_or_default());
                let key = record.get(self.options.key.as_str()).copied();
                if self.again && key.is_some_and(|key| self.newer.contains(key)) {
                    // A newer file has this row: what an older one says of it is past.
                    continue;
                }
                here.extend(key.filter(|_| self.again).map(str::to_owned));
                let failed =
                    record.iter().find(|(_, cell)| is_error(cell)).map(|(column, _)| failed_formula(column));
                let cut_off = (cut_off == Some(line.number)).then(perhaps_cut_off);
                if let Some(finding) = failed.or(cut_off) {
                    page.rejected.push(Rejection {
                        external_id: key.map(str::to_owned),
                        index: line.number,
                        finding: finding.at(Place::line(name, line.number)),
                        body,
                    });
                    continue;
                }
                match key {
                    Some(key) if is_key(key) => page.records.push(RawRecord {
                        external_id: key.to_owned(),
                        hash: record_hash(&self.fingerprint, &body),
                        body,
                        index: line.number,
                        presence: Presence::Shown,
                    }),
                    _ => page.rejected.push(Rejection {
                        external_id: None,
                        index: line.number,
                        body,
                        finding: without_key(&self.options.key).at(Place::line(name, line.number)),
                    }),
                }
            }
            pages.push(page);
        }
        let key_column = columns.iter().find(|(column, _)| *column == self.options.key).map(|(_, at)| *at);
        for line in &sheet.broken {
            let key = key_column.and_then(|at| line.cells.get(at)).filter(|key| !key.is_empty());
            if self.again && key.is_some_and(|key| self.newer.contains(key)) {
                continue;
            }
            here.extend(key.filter(|_| self.again).cloned());
            let rejection = Rejection {
                external_id: key.cloned(),
                index: line.number,
                body: serde_json::json!({ "line": line.text }).to_string().into(),
                finding: line.finding(name),
            };
            match pages.last_mut() {
                Some(page) => page.rejected.push(rejection),
                None => pages.push(Page {
                    request: name.to_owned(),
                    body: original.clone(),
                    records: Vec::new(),
                    rejected: vec![rejection],
                    cursor: None,
                    total: None,
                }),
            }
        }
        self.newer.extend(here);
        tracing::debug!(source.id = %self.source, file = name, pages = pages.len(), "sheet read");
        Ok(Some(pages))
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
    let header = header::find(sheet, &wanted, plain)?;
    let missing = header.missing(&wanted);
    if missing.is_empty() {
        let found = options.columns.iter().zip(&header.columns);
        let columns = found.filter_map(|(column, at)| at.map(|at| (column.name.clone(), at))).collect();
        return Ok((header.first, columns));
    }
    let list = missing.join(", ");
    Err(Finding::error(
        "LT-FIL-002",
        Text::new(
            format!("không tìm thấy dòng tiêu đề có cột: {list}"),
            format!("no header line with the columns: {list}"),
        ),
        Text::new(
            "ghi đúng tên cột trong 20 dòng đầu, hoặc thêm cách viết vào manifest",
            "name the columns within the first 20 lines, or add their spelling to the manifest",
        ),
    )
    .at(Place::of(&sheet.name)))
}

/// A header cell for comparison: lower case, single blanks, without accents where it is longer than a few letters,
/// without marks that say a column must be filled in.
fn plain(text: &str) -> String {
    let text = text.trim().trim_end_matches(['*', ':', ' ']);
    let key = crate::text::fold(text);
    if key.chars().count() > 4 { key } else { crate::text::lower_key(text).trim().to_owned() }
}

/// Whether a cell holds what a failed formula leaves behind.
fn is_error(cell: &str) -> bool {
    [ERROR_CELL, "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"].contains(&cell)
}

fn failed_formula(column: &str) -> Finding {
    Finding::error(
        "LT-TAB-006",
        Text::new(
            format!("ô của cột {column} là lỗi công thức"),
            format!("a cell of column {column} holds a formula error"),
        ),
        Text::new("sửa công thức hoặc dán giá trị", "correct the formula or paste the value"),
    )
}

fn perhaps_cut_off() -> Finding {
    Finding::error(
        "LT-FIL-005",
        Text::new(
            "dòng cuối của tệp không có dấu xuống dòng: tệp có thể bị cắt giữa chừng nên dòng này không được đọc",
            "no line end follows the last line of the file: it may be cut off there, so this line is not read",
        ),
        Text::new(
            "thả lại tệp đầy đủ; nếu phần mềm của đơn vị luôn bỏ dấu xuống dòng cuối, đặt last_line = \"unended\" trong manifest",
            "drop the whole file again; if the unit's program always leaves the last line end out, set last_line = \"unended\" in the manifest",
        ),
    )
}

fn too_large(name: &str) -> Finding {
    Finding::error(
        "LT-TAB-001",
        Text::new("tệp quá lớn", "the file is too large"),
        Text::new("chia nhỏ tệp (tối đa 32 MiB)", "split it (at most 32 MiB)"),
    )
    .at(Place::of(name))
}

fn without_key(key: &str) -> Finding {
    Finding::error(
        "LT-FIL-003",
        Text::new(format!("dòng không có khóa (cột {key})"), format!("the row has no key (column {key})")),
        Text::new("điền mã nhiệm vụ rồi thả lại tệp", "fill in the key and drop the file again"),
    )
}

#[async_trait]
impl Connector for FolderSource {
    fn source(&self) -> &SourceId {
        &self.source
    }

    fn abilities(&self) -> Abilities {
        Abilities { incremental: true, full_is_complete: false }
    }

    async fn check(&self) -> Vec<Finding> {
        match candidates(&self.options) {
            Err(error) => vec![*error.finding],
            Ok(found) => {
                let Some(newest) = found.last() else {
                    let finding = Finding::info(
                        "LT-FIL-004",
                        Text::new("thư mục chưa có tệp nào", "the folder holds no file yet"),
                        Text::new("thả tệp đầu tiên vào thư mục", "drop the first file into it"),
                    );
                    return vec![finding.at(Place::of(self.options.folder.display().to_string()))];
                };
                // A file that vanished meanwhile says nothing about the folder.
                let Ok(bytes) = std::fs::read(&newest.path) else { return Vec::new() };
                match Sheet::read(&newest.name, &bytes) {
                    Ok(sheet) => columns_of(&sheet, &self.options).err().into_iter().collect(),
                    Err(findings) => findings.0,
                }
            }
        }
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        let done: Vec<String> =
            request.cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok()).unwrap_or_default();
        let mut waiting = candidates(&self.options)?;
        if let PullMode::Backfill { from, to } = request.mode {
            for candidate in &mut waiting {
                candidate.wanted = from <= candidate.modified && candidate.modified < to;
            }
        }
        if request.mode != PullMode::Incremental {
            waiting.reverse();
        }
        Ok(Box::new(FolderPull {
            source: self.source.clone(),
            options: self.options.clone(),
            fingerprint: self.fingerprint,
            waiting: waiting.into(),
            pages: std::collections::VecDeque::new(),
            done,
            again: request.mode != PullMode::Incremental,
            newer: HashSet::new(),
            now: request.now,
            findings: Vec::new(),
        }))
    }

    async fn detail(&self, records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError> {
        Ok(records.into_iter().map(Detailed::Complete).collect())
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        (self.reader)(record)
    }
}
