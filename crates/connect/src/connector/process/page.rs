//! Lines of one stream as a page, and a kept page as its records again.
//!
//! Owns what a page keeps (the lines as they came, behind a first line that says where the key stands), the cutting of
//! records, and their keys. It must not know processes. A record that cannot be listed is a rejection.

use super::finding;
use super::message::{Dialect, Message};
use crate::connector::json::{JsonError, Path, members, scalars, without};
use crate::connector::rule::{is_key, record_hash};
use crate::connector::{Cursor, Delivered, Page, Presence, RawRecord, Rejection};
use crate::error::{Finding, Place};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Largest record, in bytes: fields of a task have thousands.
const MAX_RECORD: usize = 1 << 20;

/// Most bytes of lines in a page.
pub(super) const MAX_PAGE: usize = 8 << 20;

/// What is kept of a record that is too large.
const KEPT: usize = 4 * 1024;

/// Stands in a kept page for a line that was no message.
const SET_ASIDE: &str = "{\"lienthong\":\"set aside\"}";

/// Members that say when a record was deleted, by the conventions of both protocols.
const DELETED: [&str; 2] = ["/_sdc_deleted_at", "/_ab_cdc_deleted_at"];

/// How records of a stream are read.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    pub(super) key: Vec<Path>,
    pub(super) volatile: Vec<String>,
    pub(super) deleted: Option<(Path, Vec<String>)>,
    pub(super) fingerprint: [u8; 32],
    /// What findings call the source.
    pub(super) whose: String,
}

/// First line of a kept page.
#[derive(Serialize, Deserialize)]
struct Head {
    lienthong: String,
    key: Vec<String>,
}

/// A record, its body still a range of the page.
struct Listed {
    external_id: String,
    hash: [u8; 16],
    body: Range<usize>,
    index: u32,
    presence: Presence,
}

/// A page that grows.
#[derive(Default)]
pub(super) struct Growing {
    body: Vec<u8>,
    records: Vec<Listed>,
    rejected: Vec<Rejection>,
    /// Lines that count: records and what was set aside.
    count: u32,
}

/// What a record's text says, or why it is rejected: with the key where it has one.
type Read = Result<(String, [u8; 16], Presence), (Option<String>, Finding)>;

impl Cut {
    /// Whether anyone says what the key is.
    pub(super) fn has_key(&self) -> bool {
        !self.key.is_empty()
    }

    fn read(&self, text: &str) -> Read {
        if text.len() > MAX_RECORD {
            let (vi, en) = (
                format!("dài {} byte, quá giới hạn 1 MiB", text.len()),
                format!("{} bytes, over the limit of 1 MiB", text.len()),
            );
            return Err((None, finding::unreadable(&crate::error::Text::new(vi, en))));
        }
        let broken = |error: JsonError| (None, finding::unreadable(&error.told()));
        let record = members(text).map_err(broken)?;
        let single = |path: &Path| scalars(&record, [Some(path)]).map(|[value]| value);
        let mut key = String::new();
        for (number, path) in self.key.iter().enumerate() {
            let part = single(path).map_err(broken)?;
            let part = part.as_deref().map(str::trim).filter(|part| !part.is_empty());
            let part = part.ok_or_else(|| (None, finding::without_key()))?;
            if number > 0 {
                key.push(':');
            }
            key.push_str(part);
        }
        if !is_key(&key) {
            return Err((None, finding::without_key()));
        }
        let hash = match self.volatile.as_slice() {
            left_out if record.iter().any(|(name, _)| left_out.iter().any(|out| out == name)) => {
                record_hash(&self.fingerprint, without(&record, left_out).as_bytes())
            }
            _ => record_hash(&self.fingerprint, text.as_bytes()),
        };
        let mut presence = Presence::Shown;
        for place in DELETED.iter().filter_map(|pointer| Path::parse(pointer).ok()) {
            if let Some(at) = single(&place).map_err(broken)? {
                let dates = crate::connector::rule::date::DateRule::local();
                presence = Presence::Deleted { at: dates.instant(&at) };
            }
        }
        if let Some((path, words)) = &self.deleted
            && let Some(value) = single(path).map_err(broken)?
            && words.iter().any(|word| *word == value)
        {
            presence = Presence::Deleted { at: None };
        }
        Ok((key, hash, presence))
    }
}

impl Growing {
    /// Whether nothing was read since the last page.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether it is as large as a page may be.
    pub(super) fn is_full(&self, most: u32) -> bool {
        self.count >= most || self.body.len() >= MAX_PAGE
    }

    /// Adds a line with a record of the stream.
    pub(super) fn record(&mut self, cut: &Cut, line: &str, record: &str) {
        let from = self.line(cut, line);
        // The record is a part of the line.
        let at = from + (record.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
        let body = at..at + record.len();
        let index = self.count;
        self.count += 1;
        match cut.read(record) {
            Ok((external_id, hash, presence)) => {
                self.records.push(Listed { external_id, hash, body, index, presence });
            }
            Err((external_id, finding)) => {
                let kept = record.as_bytes();
                let kept = if kept.len() > MAX_RECORD { kept.get(..KEPT).unwrap_or_default() } else { kept };
                self.reject(cut, external_id, index, Bytes::copy_from_slice(kept), finding);
            }
        }
    }

    /// Sets a line aside that was no message.
    pub(super) fn set_aside(&mut self, cut: &Cut, head: &[u8], finding: Finding) {
        self.line(cut, SET_ASIDE);
        let index = self.count;
        self.count += 1;
        // What is kept must be text.
        let head: String = String::from_utf8_lossy(head.get(..KEPT.min(head.len())).unwrap_or_default())
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let body = serde_json::json!({ "line": head }).to_string().into();
        self.reject(cut, None, index, body, finding);
    }

    fn reject(&mut self, cut: &Cut, external_id: Option<String>, index: u32, body: Bytes, finding: Finding) {
        let place = Place::of(&*cut.whose).at(format!("record {}", u64::from(index) + 1));
        self.rejected.push(Rejection { external_id, index, body, finding: finding.at(place) });
    }

    /// Keeps a line; gives where it begins.
    fn line(&mut self, cut: &Cut, line: &str) -> usize {
        if self.body.is_empty() {
            let key = cut.key.iter().map(Path::pointer).collect();
            let head = Head { lienthong: "key".to_owned(), key };
            self.body.extend_from_slice(&serde_json::to_vec(&head).unwrap_or_default());
            self.body.push(b'\n');
        }
        let from = self.body.len();
        self.body.extend_from_slice(line.as_bytes());
        self.body.push(b'\n');
        from
    }

    /// The page, with what may be forgotten once it is stored.
    pub(super) fn finish(&mut self, request: &str, cursor: Option<Cursor>) -> Page {
        let Self { body, records, rejected, .. } = std::mem::take(self);
        let body = Bytes::from(body);
        let record = |listed: Listed| RawRecord {
            external_id: listed.external_id,
            hash: listed.hash,
            body: body.slice(listed.body),
            index: listed.index,
            file: None,
            presence: listed.presence,
        };
        let records = records.into_iter().map(record).collect();
        Page {
            request: request.to_owned(),
            body,
            records,
            rejected,
            cursor,
            total: None,
            delivered: Delivered::default(),
        }
    }
}

/// The records of a kept page; none where it has no first line of ours.
pub(super) fn list_again(body: &Bytes, cut: &Cut, dialect: &mut dyn Dialect) -> Option<Vec<RawRecord>> {
    let text = simdutf8::basic::from_utf8(body).ok()?;
    let (head, lines) = text.split_once('\n')?;
    let head: Head = serde_json::from_str(head).ok()?;
    let key = head.key.iter().filter_map(|pointer| Path::parse(pointer).ok()).collect();
    let cut = Cut { key, ..cut.clone() };
    let mut page = Growing::default();
    for line in lines.lines() {
        match dialect.read(line) {
            Ok(Message::Record(record)) => page.record(&cut, line, record),
            _ => page.count += 1,
        }
    }
    Some(page.finish("", None).records)
}
