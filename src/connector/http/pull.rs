//! One running pull: page after page until the list ends, with proof that it ended well.
//!
//! Owns the order of requests, the loop guard, repeated passes over lists that move while they are read,
//! the cursor and the verdict whether everything was seen. Memory is one page plus, for lists read by page
//! number, a few bytes per record to notice repeated rows. Every failure ends the pull; what was given out
//! before stays valid.

use super::super::{ConnectorError, Cursor, Page, Pull, PullEnd, PullMode, PullRequest, RawRecord, Step};
use super::page::{Changes, Listed, list};
use super::plan::Way;
use super::{Shared, finding, soap};
use crate::connector::manifest::http::{Method as ListMethod, Snapshot, Stop};
use crate::error::{Disposition, Finding};
use crate::transport::Request;
use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Keys remembered to notice repeated rows of a stable list; past that, rows are only counted.
const REMEMBERED: usize = 1_000_000;

/// Empty pages in a row that still promise a next one.
const MAX_EMPTY: u32 = 100;

/// What a cursor holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// Shape of this text.
    v: u32,
    /// The latest change seen.
    since: DateTime<Utc>,
}

/// Where the next request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    First,
    Number(u64),
    Skip(u64),
    Token(String),
    Address(String),
    Nothing,
}

/// A running pull.
pub(super) struct HttpPull {
    shared: Arc<Shared>,
    list: Request,
    body: Option<serde_json::Value>,
    full: bool,
    keeps_cursor: bool,
    started: DateTime<Utc>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    next: Next,
    /// Passes over the list before this one.
    pass: u32,
    pages: u32,
    empty: u32,
    /// Records of this pass.
    rows: u64,
    total: Option<u64>,
    seen_pages: HashSet<u64>,
    seen_next: HashSet<u64>,
    keys: HashSet<u64>,
    versions: HashSet<u64>,
    forgets: bool,
    /// Rows of this pass whose key this pass had already shown, and keys no pass before had shown.
    repeated: u64,
    fresh: u64,
    skipped: u64,
    /// Whether reading the list again and again came to no agreement.
    unsettled: bool,
    latest: Option<DateTime<Utc>>,
    /// The moment up to which the first answer was current, by the source's own word.
    mark: Option<DateTime<Utc>>,
    in_order: bool,
    findings: Vec<Finding>,
}

impl HttpPull {
    pub(super) fn new(shared: Arc<Shared>, request: PullRequest) -> Result<Self, ConnectorError> {
        let (list, body) = shared.list_request()?;
        let mut findings = Vec::new();
        let incremental = shared.plan().incremental.is_some();
        let (since, until) = match request.mode {
            PullMode::Backfill { from, to } if incremental => (Some(from), Some(to)),
            PullMode::Incremental if incremental => {
                (read_cursor(request.cursor.as_ref(), request.now, &shared, &mut findings), None)
            }
            _ => (None, None),
        };
        Ok(Self {
            list,
            body,
            full: since.is_none() && until.is_none(),
            keeps_cursor: incremental && !matches!(request.mode, PullMode::Backfill { .. }),
            started: request.now,
            since,
            until,
            next: Next::First,
            pass: 0,
            pages: 0,
            empty: 0,
            rows: 0,
            total: None,
            seen_pages: HashSet::new(),
            seen_next: HashSet::new(),
            keys: HashSet::new(),
            versions: HashSet::new(),
            forgets: false,
            repeated: 0,
            fresh: 0,
            skipped: 0,
            unsettled: false,
            latest: None,
            mark: None,
            in_order: true,
            findings,
            shared,
        })
    }

    /// The first page alone, for `check`.
    pub(super) async fn first_page(shared: Arc<Shared>) -> Result<Listed, ConnectorError> {
        let request = PullRequest { mode: PullMode::Full, cursor: None, now: DateTime::UNIX_EPOCH };
        let pull = Self::new(shared, request)?;
        pull.ask().await.map(|(listed, _)| listed)
    }

    fn shifting(&self) -> bool {
        self.full && self.shared.plan().stream.snapshot == Snapshot::Shifting
    }

    /// Page size of this pass. Later passes over a moving list use other borders, because rows are lost
    /// where pages meet.
    fn size(&self) -> u64 {
        let size = u64::from(self.shared.plan().paging.size);
        size.saturating_sub(u64::from(self.pass) * (size / 10)).max(1)
    }

    fn request(&self) -> Result<Request, ConnectorError> {
        let plan = self.shared.plan();
        if let Some(call) = &plan.soap {
            return soap::request(&self.shared, call, self.list.clone(), &self.names());
        }
        if let Next::Address(address) = &self.next {
            // A next address carries every parameter already.
            return Ok(Request::get(address.clone()).header("accept", plan.format.accept()));
        }
        let mut parameters: Vec<(&str, String)> = Vec::new();
        match (&plan.way, &self.next) {
            (Way::Page { param }, Next::Number(number)) => parameters.push((param, number.to_string())),
            (Way::Page { param }, _) => parameters.push((param, plan.paging.first.to_string())),
            (Way::Offset { param }, Next::Skip(skip)) => parameters.push((param, skip.to_string())),
            (Way::Offset { param }, _) => parameters.push((param, "0".to_owned())),
            (Way::Cursor { param, .. }, Next::Token(token)) => parameters.push((param, token.clone())),
            _ => {}
        }
        if let Some(param) = &plan.paging.size_param {
            parameters.push((param, self.size().to_string()));
        }
        if let Some(incremental) = &plan.incremental {
            let section = &incremental.section;
            if let Some(since) = self.since {
                let from = since - TimeDelta::seconds(section.overlap_s.into());
                parameters.push((&section.param, incremental.write(from)));
            }
            if let (Some(param), Some(until)) = (&section.until_param, self.until) {
                parameters.push((param, incremental.write(until)));
            }
        }
        Ok(match (&self.body, plan.stream.method) {
            (Some(body), ListMethod::Post) => {
                let mut body = body.clone();
                for (name, value) in parameters {
                    // Numbers go as numbers: a typed API refuses "2".
                    let value = value.parse::<u64>().map_or_else(|_| value.into(), serde_json::Value::from);
                    if let Some(object) = body.as_object_mut() {
                        object.insert(name.to_owned(), value);
                    }
                }
                self.list.clone().json(&body)
            }
            _ => parameters
                .into_iter()
                .fold(self.list.clone(), |request, (name, value)| request.query(name, value)),
        })
    }

    /// What the templates of a call may name; what does not hold here is none.
    fn names(&self) -> minijinja::Value {
        let plan = self.shared.plan();
        let (number, skip, token) = match &self.next {
            Next::Number(number) => (*number, 0, None),
            Next::Skip(skip) => (0, *skip, None),
            Next::Token(token) => (0, 0, Some(token.as_str())),
            _ => (u64::from(plan.paging.first), 0, None),
        };
        let written = |at: Option<DateTime<Utc>>| Some(plan.incremental.as_ref()?.write(at?));
        let overlap = plan.incremental.as_ref().map_or(0, |incremental| incremental.section.overlap_s);
        minijinja::context! {
            settings => self.shared.settings.get_attr("settings").unwrap_or_default(),
            page => number,
            offset => skip,
            cursor => token,
            size => self.size(),
            since => written(self.since.map(|since| since - TimeDelta::seconds(overlap.into()))),
            until => written(self.until),
        }
    }

    async fn ask(&self) -> Result<(Listed, Option<String>), ConnectorError> {
        let reply = self.shared.client.fetch(&self.request()?, &self.shared.accept).await?;
        let listed = list(&self.shared, &reply)?;
        let address = match (&self.shared.plan().way, &listed.next) {
            (Way::Link | Way::Header { .. } | Way::Address { .. }, Some(next)) => {
                Some(self.shared.client.next_address(&reply, next)?)
            }
            _ => None,
        };
        Ok((listed, address))
    }

    fn fail(&self, finding: Finding, request: &str) -> ConnectorError {
        ConnectorError {
            finding: Box::new(finding.at(self.shared.place(request))),
            disposition: Disposition::NeedsOperator,
            retry_after: None,
        }
    }

    /// Refuses what would go on for ever.
    fn guard(&mut self, listed: &Listed, next: &Next) -> Result<(), ConnectorError> {
        self.pages += 1;
        let plan = self.shared.plan();
        if self.pages > plan.paging.max_pages {
            return Err(self.fail(finding::too_many_pages(plan.paging.max_pages), &listed.request));
        }
        self.empty = if listed.count == 0 { self.empty + 1 } else { 0 };
        if self.empty > MAX_EMPTY {
            return Err(self.fail(
                finding::endless("quá nhiều trang rỗng liên tiếp", "too many empty pages in a row"),
                &listed.request,
            ));
        }
        if let Next::Token(text) | Next::Address(text) = next
            && !self.seen_next.insert(hash_of(text))
        {
            return Err(self.fail(
                finding::endless(
                    "cùng một mốc trang tiếp theo đến lần thứ hai",
                    "the same next page came twice",
                ),
                &listed.request,
            ));
        }
        if listed.count > 0 && !self.seen_pages.insert(listed.digest) {
            return Err(self.fail(
                finding::endless("cùng một trang đến lần thứ hai", "the same page came twice"),
                &listed.request,
            ));
        }
        Ok(())
    }

    fn after(&self, listed: &Listed, address: Option<String>) -> Next {
        let plan = self.shared.plan();
        let numbered_end = |rows: u64| {
            listed.count == 0
                || (plan.paging.stop == Stop::ShortPage && listed.count < self.size())
                || listed.total.is_some_and(|total| rows >= total)
        };
        match (&plan.way, address) {
            (Way::Single, _) => Next::Nothing,
            (Way::Page { .. } | Way::Offset { .. }, _) if numbered_end(self.rows + listed.count) => {
                Next::Nothing
            }
            (Way::Page { .. }, _) => Next::Number(match self.next {
                Next::Number(number) => number + 1,
                _ => u64::from(plan.paging.first) + 1,
            }),
            // By what came, not by what was asked for: a system that cuts the page size loses nothing.
            (Way::Offset { .. }, _) => Next::Skip(self.rows + listed.count),
            (Way::Cursor { .. }, _) => listed.next.clone().map_or(Next::Nothing, Next::Token),
            (_, Some(address)) => Next::Address(address),
            (_, None) => Next::Nothing,
        }
    }

    /// Notes what a page showed and gives back what is worth passing on.
    fn note(&mut self, records: Vec<RawRecord>) -> Vec<RawRecord> {
        if !self.full {
            return records;
        }
        let shifting = self.shifting();
        let remembers = shifting || self.keys.len() < REMEMBERED;
        if !remembers {
            self.forgets = true;
            return records;
        }
        records
            .into_iter()
            .filter(|record| {
                if self.keys.insert(hash_of(&record.external_id)) {
                    self.fresh += 1;
                } else if self.pass == 0 {
                    self.repeated += 1;
                }
                // Of a moving list each version of a record is given out once, however often it shows.
                !shifting || self.versions.insert(hash_of(&record.hash))
            })
            .collect()
    }

    /// The cursor that a page allows: only a sorted list may be gone on with from its middle.
    fn page_cursor(&mut self, changes: Option<Changes>) -> Option<Cursor> {
        let sorted = self.shared.plan().incremental.as_ref()?.section.sorted;
        if let Some(changes) = changes {
            let follows = self.latest.is_none_or(|latest| changes.first >= latest) && changes.in_order;
            if sorted && self.in_order && !follows {
                self.in_order = false;
                self.findings.push(finding::not_sorted().at(self.shared.place("list")));
            }
            self.latest = self.latest.max(Some(changes.latest));
        }
        // Only an incremental pull may stop in its middle: a full one has to see the rest.
        let allowed = sorted && self.in_order && self.keeps_cursor && !self.full && self.pass == 0;
        allowed.then(|| self.latest.map(|latest| self.cursor(latest))).flatten()
    }

    fn cursor(&self, latest: DateTime<Utc>) -> Cursor {
        // A record dated in the future must not make us miss what changes until then.
        written(latest.min(self.started).max(self.since.unwrap_or(DateTime::UNIX_EPOCH)))
    }

    /// Whether the list has to be read once more.
    fn begin_next_pass(&mut self) -> bool {
        if !self.shifting() || !matches!(self.shared.plan().way, Way::Page { .. } | Way::Offset { .. }) {
            return false;
        }
        let seen = self.keys.len() as u64;
        let all = self.total.is_none_or(|total| seen >= total);
        let proven_at_once =
            self.pass == 0 && self.repeated == 0 && self.total.is_some_and(|total| seen >= total);
        let agreed = self.pass > 0 && self.fresh == 0 && all;
        if proven_at_once || agreed {
            return false;
        }
        if self.pass + 1 >= self.shared.plan().stream.max_passes {
            let passes = self.pass + 1;
            self.skipped += 1;
            self.unsettled = true;
            self.findings.push(finding::unsettled(passes).at(self.shared.place("list")));
            return false;
        }
        self.pass += 1;
        (self.rows, self.fresh, self.empty, self.pages) = (0, 0, 0, 0);
        self.seen_pages.clear();
        self.next = Next::First;
        true
    }

    fn end(&mut self) -> PullEnd {
        let plan = self.shared.plan();
        let numbered = matches!(plan.way, Way::Page { .. } | Way::Offset { .. });
        // Distinct keys where they were remembered, else rows.
        let seen = if self.full && !self.forgets { self.keys.len() as u64 } else { self.rows };
        let mut complete = self.full && plan.stream.full_is_complete && self.skipped == 0;
        let mut short = self.unsettled;
        if self.full {
            match self.total {
                Some(total) if seen < total => {
                    (complete, short) = (false, true);
                    self.findings.push(finding::short(seen, total).at(self.shared.place("list")));
                }
                Some(_) => {}
                None if numbered && !self.shifting() && self.repeated > 0 => {
                    (complete, short) = (false, true);
                    self.findings.push(finding::repeated(self.repeated).at(self.shared.place("list")));
                }
                None => {}
            }
            if seen == 0 {
                complete = false;
                self.findings.push(finding::nothing_shown().at(self.shared.place("list")));
            }
        }
        let by_field = plan.incremental.as_ref().is_some_and(|incremental| incremental.field.is_some());
        let by_header = plan.incremental.as_ref().and_then(|incremental| incremental.section.header.as_ref());
        let cursor = match (self.keeps_cursor, by_header, by_field) {
            (false, _, _) => None,
            (true, Some(header), _) => {
                if self.mark.is_none() {
                    self.findings.push(finding::no_mark(header).at(self.shared.place("list")));
                }
                // The source's own clock: nothing to be corrected by ours.
                self.mark.map(|mark| written(mark.max(self.since.unwrap_or(DateTime::UNIX_EPOCH))))
            }
            (true, None, true) => self.latest.map(|latest| self.cursor(latest)),
            (true, None, false) => Some(self.cursor(self.started)),
        };
        let findings = std::mem::take(&mut self.findings);
        PullEnd { complete, short, cursor, source_total: self.total, findings }
    }
}

fn written(since: DateTime<Utc>) -> Cursor {
    let stored = Stored { v: 1, since };
    Cursor(
        serde_json::to_string(&stored).unwrap_or_else(|_| since.to_rfc3339_opts(SecondsFormat::Millis, true)),
    )
}

fn hash_of<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn read_cursor(
    cursor: Option<&Cursor>,
    now: DateTime<Utc>,
    shared: &Shared,
    findings: &mut Vec<Finding>,
) -> Option<DateTime<Utc>> {
    let cursor = cursor?;
    let stored: Option<Stored> = serde_json::from_str(&cursor.0).ok().filter(|stored: &Stored| stored.v == 1);
    let since = stored.map(|stored| stored.since);
    let theirs = shared.plan().incremental.as_ref().is_some_and(|incremental| incremental.header.is_some());
    if theirs && since.is_some() {
        // A moment of the source's clock may lie ahead of ours.
        return since;
    }
    if since.is_none_or(|since| since > now) {
        findings.push(finding::strange_cursor().at(shared.place("cursor")));
    }
    // Unreadable: everything is read again. In the future: from now, so that the source's answer shows.
    since.map(|since| since.min(now))
}

#[async_trait]
impl Pull for HttpPull {
    async fn next_page(&mut self) -> Result<Step, ConnectorError> {
        loop {
            if self.next == Next::Nothing && !self.begin_next_pass() {
                return Ok(Step::End(self.end()));
            }
            let (listed, address) = self.ask().await?;
            let next = self.after(&listed, address);
            self.guard(&listed, &next)?;
            self.rows += listed.count;
            self.total = listed.total.or(self.total);
            if self.pages == 1 && self.pass == 0 {
                self.mark = listed.mark;
            }
            self.skipped += if self.pass == 0 { listed.rejected.len() as u64 } else { 0 };
            self.next = next;
            let cursor = self.page_cursor(listed.changes);
            let records = self.note(listed.records);
            let rejected = if self.pass == 0 { listed.rejected } else { Vec::new() };
            if records.is_empty() && rejected.is_empty() {
                continue;
            }
            return Ok(Step::Page(Page {
                request: listed.request,
                body: listed.body,
                records,
                rejected,
                cursor,
                total: self.total,
            }));
        }
    }
}
