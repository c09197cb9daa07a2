//! One answer of a list, cut into raw records.
//!
//! Owns finding the list, the keys, the next page and the source's total in an answer without building a
//! tree of it. A record that cannot be listed becomes a rejection; an answer that cannot be read is thrown
//! away whole.

use super::super::json::{Envelope, JsonError, Path, Record, members, scalars, without};
use super::super::manifest::http::MemberOrder;
use super::super::rule::{is_key, record_hash};
use super::super::unordered::in_any_order;
use super::super::{ConnectorError, Presence, RawRecord, Rejection};
use super::branch::Branch;
use super::conditional::Validators;
use super::format::{self, Format};
use super::plan::{ListPlan, Plan, Way};
use super::users::hash_with;
use super::{Shared, finding};
use crate::domain::CitizenId;
use crate::error::{Disposition, Finding};
use crate::transport::Reply;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Longest opaque mark, bytes.
const LONGEST_MARK: usize = 4_096;

/// What one answer held.
pub(super) struct Listed {
    pub(super) request: String,
    pub(super) body: Bytes,
    pub(super) records: Vec<RawRecord>,
    pub(super) rejected: Vec<Rejection>,
    /// Next cursor or address, or the highest id, for ways of paging that carry one.
    pub(super) next: Option<String>,
    pub(super) total: Option<u64>,
    /// The moment up to which the answer is current, where the manifest names its header.
    pub(super) mark: Option<DateTime<Utc>>,
    /// The opaque mark to go on from, where the manifest names its place.
    pub(super) opaque: Option<String>,
    /// Whether the answer says that it was cut.
    pub(super) truncated: bool,
    /// First and last time of change seen, and whether they came in order.
    pub(super) changes: Option<Changes>,
    /// Where the page begins and ends in the order of its list, for keyset paging.
    pub(super) edges: Option<Edges>,
    /// Equal for two answers with the same records.
    pub(super) digest: u64,
    /// Records of the list, rejected ones included.
    pub(super) count: u64,
    /// What the answer says its state is called.
    pub(super) validators: Option<Validators>,
}

/// Times of change on one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) first: DateTime<Utc>,
    pub(super) latest: DateTime<Utc>,
    pub(super) in_order: bool,
}

/// A record's place in the order of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rank {
    pub(super) key: String,
    pub(super) at: Option<DateTime<Utc>>,
    /// The time of change as the source wrote it: it is sent back like that.
    pub(super) changed: Option<String>,
}

impl Rank {
    /// Whether this one comes after another: by its key as a number, and as a text. Equal times are told apart by
    /// their keys.
    pub(super) fn follows(&self, before: &Self, by_time: bool) -> (bool, bool) {
        if by_time {
            match (before.at, self.at) {
                (Some(before), Some(at)) if at > before => return (true, true),
                (Some(before), Some(at)) if at == before => {}
                _ => return (false, false),
            }
        }
        let number = |key: &str| key.parse::<i128>().ok();
        let numeric = number(&before.key).zip(number(&self.key)).is_some_and(|(before, key)| key > before);
        (numeric, self.key > before.key)
    }
}

/// First and last record of a page, and whether those between them were in order, by number and by text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edges {
    pub(super) first: Rank,
    pub(super) last: Rank,
    pub(super) in_order: (bool, bool),
}

/// Where an answer stands among those of its pull.
#[derive(Clone, Copy, Default)]
pub(super) struct Standing<'a> {
    /// The branch its records stand below.
    pub(super) branch: Option<&'a Branch>,
    /// Its number among the pages of its list, from 1; none of an answer that was kept.
    pub(super) page: Option<u32>,
}

/// Cuts an answer to the request of a list.
pub(super) fn list(
    shared: &Shared,
    plan_of: &ListPlan,
    reply: &Reply,
    on: Standing<'_>,
) -> Result<Listed, ConnectorError> {
    let plan = shared.plan();
    let fail = |finding: Finding, disposition| ConnectorError {
        finding: Box::new(finding.at(shared.place(&reply.label))),
        disposition,
        retry_after: reply.retry_after,
    };
    let broken = |error: JsonError| match error {
        JsonError::TooManyRecords => fail(finding::too_many_records(), Disposition::NeedsOperator),
        error => fail(finding::not_json(&error), Disposition::RetryLater),
    };
    if reply.status == 204 {
        let body = reply.body.clone();
        return Ok(Listed { body, mark: mark(shared, reply), ..Listed::nothing(&reply.label) });
    }
    // Parents are JSON, whatever the tasks below them are.
    let format = if plan_of.of_tasks { &plan.format } else { &Format::Json };
    let (other, around);
    let (page, text) = match (format, utf8(&reply.body)) {
        (Format::Xml(_) | Format::Table { .. }, _) => (&reply.body, None),
        (_, Some(text)) => (&reply.body, Some(text)),
        (_, None) => {
            other = decoded(&reply.body).unwrap_or_default();
            (&other, utf8(&other).filter(|text| !text.is_empty()))
        }
    };
    let no_text = || fail(finding::not_text(), Disposition::NeedsOperator);
    let refused = |(finding, disposition): format::Refusal| fail(finding, disposition);
    let mut cut = Cut::new(shared, plan_of, page, on);
    let (envelope, found) = match format {
        Format::Json => {
            let mut take = |record: Record<'_, '_>| cut.take(record);
            Envelope::with_records(text.ok_or_else(no_text)?, &plan_of.records, &mut take).map_err(broken)?
        }
        other => {
            around = match other {
                Format::Json | Format::JsonLines => format::lines(text.ok_or_else(no_text)?, reply, &mut cut),
                Format::Table { key } => format::table(key, reply, &mut cut),
                Format::Xml(xml) => format::xml(shared, xml, reply, &mut cut),
            }
            .map_err(refused)?;
            (Envelope::read(&around.values).map_err(broken)?, around.found)
        }
    };
    for (path, one_of) in &plan.checks {
        if !holds(&envelope, path, one_of).map_err(broken)? {
            let said = said(plan, &envelope, |text| shared.client.hide(text)).map_err(broken)?;
            return Err(fail(finding::not_successful(&said), Disposition::RetryLater));
        }
    }
    if !found {
        let there = envelope.find(&plan_of.records).map_err(broken)?.is_some();
        return Err(fail(finding::no_records(there), Disposition::NeedsOperator));
    }
    let total_text = match &plan_of.total {
        Some(path) => envelope.scalar(path).map_err(broken)?,
        None => plan_of.total_header.as_ref().and_then(|name| reply.header(name)).map(Cow::Borrowed),
    };
    let next = match &plan_of.way {
        Way::Cursor { next, .. } | Way::Address { next } | Way::Range { highest: next, .. } => {
            envelope.scalar(next).map_err(broken)?.map(Cow::into_owned)
        }
        Way::Header { name } => reply.header(name).map(str::to_owned),
        Way::Link => reply.header_values("link").into_iter().find_map(next_link),
        Way::Single | Way::Page { .. } | Way::Offset { .. } | Way::Keyset { .. } => None,
    };
    let opaque = match plan.incremental.as_ref().and_then(|incremental| incremental.mark.as_ref()) {
        Some(path) => envelope.scalar(path).map_err(broken)?.map(|mark| mark.trim().to_owned()),
        None => None,
    };
    Ok(Listed {
        request: reply.label.clone(),
        body: reply.body.clone(),
        records: cut.records,
        rejected: cut.rejected,
        next: next.filter(|next| !next.trim().is_empty()),
        total: total_text.and_then(|total| total.trim().parse().ok()),
        mark: mark(shared, reply),
        opaque: opaque.filter(|mark| (1..=LONGEST_MARK).contains(&mark.len())),
        truncated: cut.truncated,
        changes: cut.changes,
        edges: cut.edges,
        digest: cut.digest.finish(),
        count: cut.count,
        validators: Validators::of(reply),
    })
}

impl Listed {
    /// An answer without a record.
    pub(super) fn nothing(request: &str) -> Self {
        Self {
            request: request.to_owned(),
            body: Bytes::new(),
            records: Vec::new(),
            rejected: Vec::new(),
            next: None,
            total: None,
            mark: None,
            opaque: None,
            truncated: false,
            changes: None,
            edges: None,
            digest: 0,
            count: 0,
            validators: None,
        }
    }
}

/// Whether a check of an answer holds; without values nothing but null may stand there.
pub(super) fn holds(envelope: &Envelope<'_>, path: &Path, one_of: &[String]) -> Result<bool, JsonError> {
    if one_of.is_empty() {
        return Ok(envelope.find(path)?.is_none_or(|found| found == "null"));
    }
    Ok(envelope.scalar(path)?.is_some_and(|value| one_of.iter().any(|one| *one == value)))
}

/// What an answer says went wrong.
pub(super) fn said(
    plan: &Plan,
    envelope: &Envelope<'_>,
    hide: impl Fn(&str) -> String,
) -> Result<String, JsonError> {
    let said = match &plan.error_text {
        Some(path) => envelope.scalar(path)?.unwrap_or_default(),
        None => Cow::Borrowed(""),
    };
    // Secrets first: one that is cut in its middle is not found.
    Ok(CitizenId::mask_in(&hide(&said)).chars().filter(|c| !c.is_control()).take(160).collect())
}

fn mark(shared: &Shared, reply: &Reply) -> Option<DateTime<Utc>> {
    let (name, dates) = shared.plan().incremental.as_ref()?.header.as_ref()?;
    let value = reply.header(name)?.trim();
    dates.instant(value.strip_prefix("W/").unwrap_or(value).trim_matches('"'))
}

/// An answer as text, where it is UTF-8 as it should be.
fn utf8(body: &Bytes) -> Option<&str> {
    simdutf8::basic::from_utf8(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).ok()
}

/// An answer in another encoding.
fn decoded(body: &Bytes) -> Option<Bytes> {
    crate::text::decode(body).ok().map(|(text, _)| Bytes::from(text))
}

/// Collects records of one page.
pub(super) struct Cut<'a> {
    shared: &'a Shared,
    list: &'a ListPlan,
    branch: Option<&'a Branch>,
    /// The number of the page.
    number: Option<u32>,
    /// What records are cut out of without copying, where they stand in it.
    page: &'a Bytes,
    records: Vec<RawRecord>,
    rejected: Vec<Rejection>,
    changes: Option<Changes>,
    edges: Option<Edges>,
    digest: DefaultHasher,
    /// Records taken, rejected ones included.
    count: u64,
    /// Whether one of them says that the answer was cut.
    truncated: bool,
}

impl<'a> Cut<'a> {
    fn new(shared: &'a Shared, list: &'a ListPlan, page: &'a Bytes, on: Standing<'a>) -> Self {
        Self {
            shared,
            list,
            branch: on.branch,
            number: on.page,
            page,
            records: Vec::new(),
            rejected: Vec::new(),
            changes: None,
            edges: None,
            digest: DefaultHasher::new(),
            count: 0,
            truncated: false,
        }
    }

    /// Where a record's key stands.
    pub(super) fn key(&self) -> &Path {
        &self.list.key
    }

    /// Records taken so far, rejected ones included.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The bytes of a text, without copying where it stands in the page.
    fn bytes(&self, text: &str) -> Bytes {
        let (page, part) = (self.page.as_ptr_range(), text.as_bytes().as_ptr_range());
        if page.start <= part.start && part.end <= page.end {
            self.page.slice_ref(text.as_bytes())
        } else {
            Bytes::copy_from_slice(text.as_bytes())
        }
    }

    /// Rejects what could not be cut into a record; its beginning is kept.
    pub(super) fn refuse(&mut self, text: &str, finding: Finding) {
        let index = u32::try_from(self.count).unwrap_or(u32::MAX);
        self.count += 1;
        record_hash(&self.shared.loaded.fingerprint, text.as_bytes()).hash(&mut self.digest);
        self.reject(index, None, beginning(text), finding);
    }

    /// Takes a record, or rejects it.
    pub(super) fn take(&mut self, record: Record<'_, '_>) {
        let shared = self.shared;
        let columns = &shared.plan().stream.columns;
        if self.list.of_tasks && !columns.is_empty() && record.text.starts_with('[') {
            return self.take_row(record.text, columns);
        }
        let text = record.text;
        let index = u32::try_from(self.count).unwrap_or(u32::MAX);
        self.count += 1;
        let plan = self.shared.plan();
        let fingerprint = &self.shared.loaded.fingerprint;
        let limit = plan.stream.max_record_kib as usize * 1024;
        if text.len() > limit {
            let hash = record_hash(fingerprint, text.as_bytes());
            hash.hash(&mut self.digest);
            return self.reject(index, None, beginning(text), finding::too_large(text, limit));
        }
        let incremental = plan.incremental.as_ref().and_then(|incremental| incremental.field.as_ref());
        // Parents are no tasks: they have no change and no tombstone.
        let incremental = incremental.filter(|_| self.list.of_tasks);
        let deleted = plan.deleted.as_ref().filter(|_| self.list.of_tasks);
        let cut = plan.truncated.as_ref().filter(|_| self.list.of_tasks);
        let paths = [
            Some(&self.list.key),
            incremental.map(|(path, _)| path),
            deleted.map(|(path, _)| path),
            cut.map(|(path, _)| path),
        ];
        let found = record.top.and_then(|members| Ok((members, scalars(members, paths)?)));
        let (members, [key, changed, tombstone, ended]) = match found {
            Ok(found) => found,
            Err(error) => {
                text.hash(&mut self.digest);
                let code =
                    if matches!(error, JsonError::DuplicateKey(_)) { "LT-SRC-010" } else { "LT-SRC-002" };
                let body = self.bytes(text);
                return self.reject(index, None, body, finding::unreadable(code, &error.told()));
            }
        };
        let hash = match plan.stream.volatile.as_slice() {
            volatile if plan.stream.member_order == MemberOrder::Varies && !members.is_empty() => {
                match in_any_order(members, volatile) {
                    Ok(told) => record_hash(fingerprint, &told),
                    Err(_) => record_hash(fingerprint, text.as_bytes()),
                }
            }
            volatile if volatile.is_empty() || members.is_empty() => {
                record_hash(fingerprint, text.as_bytes())
            }
            volatile => record_hash(fingerprint, without(members, volatile).as_bytes()),
        };
        hash.hash(&mut self.digest);
        if cut.zip(ended.as_ref()).is_some_and(|((_, words), value)| words.iter().any(|word| word == value)) {
            self.truncated = true;
            return;
        }
        let key = key.as_ref().map(|key| key.trim()).filter(|key| is_key(key));
        let Some(external_id) = key else {
            let body = self.bytes(text);
            return self.reject(index, None, body, finding::no_key());
        };
        let scoped = self.branch.filter(|_| self.list.of_tasks).map(|branch| branch.scoped(external_id));
        if scoped.as_ref().is_some_and(|key| !is_key(key)) {
            let body = self.bytes(text);
            return self.reject(index, None, body, finding::no_key());
        }
        let at = incremental.zip(changed.as_ref()).and_then(|((_, rule), changed)| rule.instant(changed));
        if let Some(at) = at {
            self.changes = Some(match self.changes {
                None => Changes { first: at, latest: at, in_order: true },
                Some(known) => Changes {
                    first: known.first,
                    latest: known.latest.max(at),
                    in_order: known.in_order && at >= known.latest,
                },
            });
        }
        let is_tombstone = deleted
            .zip(tombstone.as_ref())
            .is_some_and(|((_, words), value)| words.iter().any(|word| word == value));
        let presence = if is_tombstone { Presence::Deleted { at } } else { Presence::Shown };
        if matches!(self.list.way, Way::Keyset { .. }) {
            let changed = changed.as_ref().map(|changed| changed.as_ref().to_owned());
            self.rank(Rank { key: external_id.to_owned(), at, changed });
        }
        let external_id = scoped.unwrap_or_else(|| external_id.to_owned());
        let (body, hash) = match self.branch {
            None => (self.bytes(text), hash),
            Some(branch) => (branch.adopted(text), branch.hash(fingerprint, hash)),
        };
        let (body, hash) = match (&self.shared.user, &self.shared.plan().users) {
            (Some(user), Some(users)) if self.list.of_tasks => {
                (user.adopted(&body), hash_with(users, fingerprint, hash, &user.members))
            }
            _ => (body, hash),
        };
        self.records.push(RawRecord { external_id, hash, body, index, file: None, presence });
    }

    /// A row that is a list: an object by the names of its values.
    fn take_row(&mut self, row: &str, columns: &[String]) {
        let mut values = Vec::with_capacity(columns.len());
        let cut = Envelope::with_records(row, &Path::default(), &mut |value| values.push(value.text));
        let wider = values.len() > columns.len();
        let pairs = columns.iter().zip(&values);
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_str())))
            .collect();
        let object = format!("{{{}}}", pairs.join(","));
        let fault = match (cut, members(&object)) {
            (Ok(_), Ok(named)) if !wider => return self.take(Record { text: &object, top: Ok(&named) }),
            (Err(error), _) | (_, Err(error)) => finding::unreadable("LT-SRC-002", &error.told()),
            _ => finding::wider_row(),
        };
        let index = u32::try_from(self.count).unwrap_or(u32::MAX);
        self.count += 1;
        row.hash(&mut self.digest);
        let body = self.bytes(row);
        self.reject(index, None, body, fault);
    }

    /// Notes a record's place in the order.
    fn rank(&mut self, rank: Rank) {
        let by_time = matches!(self.list.way, Way::Keyset { changed: Some(_), .. });
        match &mut self.edges {
            None => self.edges = Some(Edges { first: rank.clone(), last: rank, in_order: (true, true) }),
            Some(edges) => {
                let (numeric, textual) = rank.follows(&edges.last, by_time);
                edges.in_order = (edges.in_order.0 && numeric, edges.in_order.1 && textual);
                edges.last = rank;
            }
        }
    }

    fn reject(&mut self, index: u32, external_id: Option<String>, body: Bytes, finding: Finding) {
        let finding = match finding.place {
            Some(_) => finding,
            None => {
                let record = u64::from(index) + 1;
                finding.at(self.shared.place(&match self.number {
                    Some(page) => format!("page {page}, record {record}"),
                    None => format!("record {record}"),
                }))
            }
        };
        self.rejected.push(Rejection { external_id, index, body, finding });
    }
}

/// The beginning of a record: enough to recognise it; keeping it whole would defeat the limit.
fn beginning(text: &str) -> Bytes {
    const KEPT: usize = 4 * 1024;
    let mut end = KEPT.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Bytes::copy_from_slice(text.get(..end).unwrap_or_default().as_bytes())
}

/// The target of rel="next" in one `Link` header (RFC 8288).
fn next_link(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        // Parameters end at the comma before the next target; commas inside quotes do not occur in `rel`.
        let parameters = after.split_once('<').map_or(after, |(parameters, _)| parameters);
        let is_next = parameters.split(';').any(|parameter| {
            parameter.trim().trim_end_matches(',').split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_whitespace()
                        .any(|rel| rel.eq_ignore_ascii_case("next"))
            })
        });
        if is_next {
            return Some(target.trim().to_owned());
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_link_is_found_in_every_usual_spelling() {
        for (header, next) in [
            ("<https://a.vn/x?page=2>; rel=\"next\"", Some("https://a.vn/x?page=2")),
            ("</x?page=1>; rel=\"prev\", </x?page=3>; rel=\"next\"", Some("/x?page=3")),
            ("</x?a=1,2>; rel=next; title=\"y\"", Some("/x?a=1,2")),
            ("</x>; REL=\"last next\"", Some("/x")),
            ("</x>; rel=\"nextish\"", None),
            ("</x>; title=\"next\"", None),
            ("", None),
            ("<unclosed", None),
        ] {
            assert_eq!(next_link(header).as_deref(), next, "{header}");
        }
    }

    #[test]
    fn answers_with_a_byte_order_mark_or_utf16_are_still_text() {
        assert_eq!(utf8(&Bytes::from_static(b"\xef\xbb\xbf[1]")), Some("[1]"));
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("[\"ế\"]".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let utf16 = Bytes::from(utf16);
        assert_eq!(utf8(&utf16), None);
        assert_eq!(decoded(&utf16).as_ref().and_then(utf8), Some("[\"ế\"]"));
        assert!(decoded(&Bytes::from_static(b"[\"\xff\xfe\x81\"]")).is_none());
    }
}
