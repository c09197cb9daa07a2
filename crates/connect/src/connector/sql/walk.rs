//! The walk over a view, page by page.
//!
//! Owns where the walk stands, ties, what is too large, and how far a cursor may go. It must not know a database. A row
//! nobody can walk to and a row too large are rejected alone, and then nothing may be called gone.

use super::session::{Rows, Session, size_of_cells};
use super::statement::{Place as Point, Statement, Writer};
use super::{CLOCKS_APART, CursorType, KEPT_OF_CELL, MAX_CELL, MAX_ROW, ViewOptions, finding, mark};
use crate::connector::rule::{MAX_KEY, is_key};
use crate::connector::{
    ConnectorError, Cursor, Delivered, Page, Presence, Pull, PullEnd, RawRecord, Rejection, Step, record_hash,
};
use crate::domain::SourceId;
use crate::error::{Finding, Place};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A running pull of a view.
pub(super) struct ViewPull {
    pub(super) source: SourceId,
    pub(super) options: Arc<ViewOptions>,
    pub(super) fingerprint: [u8; 32],
    pub(super) session: Box<dyn Session>,
    pub(super) after: Option<(String, String)>,
    pub(super) inclusive: bool,
    /// The last known change: what the overlap shows again before it moves no cursor back.
    pub(super) known: Option<String>,
    /// Upper bound of a backfill, left out.
    pub(super) until: Option<String>,
    /// Looks for rows that cannot be walked to, before the walk.
    pub(super) unplaced: bool,
    /// Whether every row was seen and could be named.
    pub(super) full: bool,
    pub(super) over: bool,
    /// Whether the rows are still to be counted: for a backfill, which somebody watches, and for a pull of everything,
    /// which is compared with it.
    pub(super) counts: bool,
    pub(super) total: Option<u64>,
    /// When the pull began: no cursor lies behind it.
    pub(super) now: DateTime<Utc>,
    /// Rows asked for at once: fewer after a page that was full of bytes.
    pub(super) limit: u32,
    /// Rows with a change value in the future, and key and value of the first.
    pub(super) future: Option<(u64, String, String)>,
    /// What is told at the end besides.
    pub(super) told: Vec<Finding>,
}

impl ViewPull {
    /// Whether the rows are counted next.
    fn is_counting(&self) -> bool {
        self.counts && !self.unplaced
    }

    fn statement(&self) -> Statement {
        let writer = Writer { dialect: self.session.dialect(), options: &self.options };
        let point = Point {
            after: self.after.as_ref().map(|(changed, key)| (changed.as_str(), key.as_str())),
            inclusive: self.inclusive,
            until: self.until.as_deref(),
        };
        match () {
            () if self.unplaced => writer.unplaced(),
            () => writer.page(&point, self.limit),
        }
    }

    /// How many rows lie behind a point of the walk, where the database says so.
    async fn counted(&self, after: Option<(String, String)>) -> Option<u64> {
        let writer = Writer { dialect: self.session.dialect(), options: &self.options };
        let point = Point {
            after: after.as_ref().map(|(changed, key)| (changed.as_str(), key.as_str())),
            inclusive: self.inclusive,
            until: self.until.as_deref(),
        };
        let counted = self.session.rows(writer.count(&point)).await.ok()?;
        counted.rows.first()?.first()?.as_ref()?.parse().ok()
    }

    async fn rows(&self) -> Result<Rows, ConnectorError> {
        let answer = self.session.rows(self.statement()).await;
        answer.map_err(|failure| finding::failed(&self.source, &failure))
    }
}

impl ViewPull {
    /// What is too large about a row.
    fn huge(&self, cells: &[Option<String>], bytes: usize) -> Option<Finding> {
        let mut named = self.options.columns.iter().zip(cells);
        let huge = |(_, cell): &(&String, &Option<String>)| {
            cell.as_ref().is_some_and(|cell| cell.len() > MAX_CELL && cell.chars().count() > MAX_CELL)
        };
        let cell = named.find(huge).map(|(column, _)| finding::huge_cell(column));
        cell.or_else(|| (bytes > MAX_ROW).then(|| finding::huge_row(bytes)))
    }

    /// Writes a row as an object, its columns by their names.
    fn write(&self, out: &mut Vec<u8>, cells: Vec<Option<String>>) {
        let mut named: Vec<(&String, Option<String>)> = self.options.columns.iter().zip(cells).collect();
        named.sort_by_key(|(column, _)| *column);
        out.push(b'{');
        for (number, (column, cell)) in named.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            // Writing to memory cannot fail.
            let _ = serde_json::to_writer(&mut *out, column);
            out.push(b':');
            let _ = serde_json::to_writer(&mut *out, cell);
        }
        out.push(b'}');
    }

    /// Counts a change value that lies in the future.
    fn notice(&mut self, key: &str, changed: &str) {
        if mark::capped(self.options.cursor_type, changed, self.now + CLOCKS_APART).is_some() {
            let first = || {
                let key = key.chars().filter(|c| !c.is_control()).take(MAX_KEY).collect();
                (0, key, changed.to_owned())
            };
            self.future.get_or_insert_with(first).0 += 1;
        }
    }
}

/// A point of the walk, taken back to the present where it lies in the future: rows that change until then would
/// be missed.
pub(super) fn until_now(kind: CursorType, after: (String, String), now: DateTime<Utc>) -> (String, String) {
    mark::capped(kind, &after.0, now).map_or(after, |capped| (capped, String::new()))
}

#[async_trait]
impl Pull for ViewPull {
    async fn next_page(&mut self) -> Result<Step, ConnectorError> {
        if self.over {
            // A total counts only where it is the same before and after: else rows came or went meanwhile.
            let same = self.full && self.total.is_some() && self.counted(None).await == self.total;
            let future = self.future.take();
            let told = future.map(|(count, key, changed)| {
                finding::from_the_future(count, &key, &changed)
                    .at(Place::of(format!("source {}", self.source)))
            });
            return Ok(Step::End(PullEnd {
                complete: self.full && self.after.is_some(),
                source_total: self.total.filter(|_| same),
                findings: std::mem::take(&mut self.told).into_iter().chain(told).collect(),
                ..PullEnd::default()
            }));
        }
        if self.is_counting() {
            // Without the count there is no bar, and that is all.
            self.total = self.counted(self.after.clone()).await;
            self.counts = false;
        }
        let Rows { rows, cut, .. } = self.rows().await?;
        if self.unplaced {
            if rows.is_empty() {
                self.unplaced = false;
                return self.next_page().await;
            }
            self.full = false;
        } else {
            let read = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            self.over = !cut && read < self.limit;
            self.limit = if cut { read } else { self.limit.saturating_mul(2) }.clamp(1, self.options.rows());
        }
        let mut page = Page {
            request: format!(
                "select after {}",
                self.after.as_ref().map_or("the beginning", |(changed, _)| changed)
            ),
            body: Bytes::new(),
            records: Vec::with_capacity(rows.len()),
            rejected: Vec::new(),
            cursor: None,
            total: self.total,
            delivered: Delivered::default(),
        };
        let mut lines = Vec::with_capacity(rows.len());
        let mut whole = vec![b'['];
        for (index, row) in (0u32..).zip(rows) {
            let mut cells = row.into_iter();
            let (changed, key) = (cells.next().flatten(), cells.next().flatten());
            let bytes = size_of_cells(cells.as_slice());
            let kept = |cell: String| match bytes > MAX_ROW {
                true => cell.chars().take(KEPT_OF_CELL).collect(),
                false => cell,
            };
            let too_large = self.huge(cells.as_slice(), bytes);
            if whole.len() > 1 {
                whole.push(b',');
            }
            let begin = whole.len();
            self.write(&mut whole, cells.map(|cell| cell.map(kept)).collect());
            lines.push((index, begin..whole.len(), changed, key, too_large));
        }
        whole.push(b']');
        // Every record is a part of the page: it stands in memory once.
        page.body = Bytes::from(whole);
        for (index, line, changed, key, too_large) in lines {
            let body = page.body.slice(line);
            match (changed, key) {
                (Some(changed), Some(key)) if !self.unplaced => {
                    let unfit = !is_key(&key);
                    match too_large.or_else(|| unfit.then(finding::unfit_key)) {
                        None => page.records.push(RawRecord {
                            external_id: key.clone(),
                            hash: record_hash(&self.fingerprint, &body),
                            body,
                            index,
                            file: None,
                            presence: Presence::Shown,
                        }),
                        Some(finding) => {
                            // It was seen and is not read: nothing may be called gone for it.
                            self.full = false;
                            page.rejected.push(Rejection {
                                external_id: (!unfit).then(|| key.clone()),
                                index,
                                body,
                                finding: finding.at(Place::of(format!("source {}", self.source)).at(key
                                    .chars()
                                    .filter(|c| !c.is_control())
                                    .take(MAX_KEY)
                                    .collect::<String>())),
                            });
                        }
                    }
                    self.notice(&key, &changed);
                    self.after = Some((changed, key));
                    self.inclusive = false;
                }
                _ => page.rejected.push(Rejection {
                    external_id: None,
                    index,
                    body,
                    finding: finding::unplaced(),
                }),
            }
        }
        if std::mem::take(&mut self.unplaced) {
            return Ok(Step::Page(page));
        }
        let kind = self.options.cursor_type;
        let reached =
            self.after.clone().map(|after| until_now(kind, after, self.now)).filter(|(changed, _)| {
                self.known.as_ref().is_none_or(|known| mark::order(kind, changed, known).is_ge())
            });
        page.cursor = reached.and_then(|after| serde_json::to_string(&after).ok()).map(Cursor);
        Ok(Step::Page(page))
    }
}
