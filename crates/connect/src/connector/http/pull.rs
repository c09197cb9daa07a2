//! One running pull: list after list until the source was read, with the verdict whether all of it was seen.
//!
//! Owns which lists are read and in which order (window after window, within one the branches in turns), the cursor,
//! and what all walks together prove. Memory is one page per list read at the same time, plus a few bytes per record.
//! Every failure ends the pull; what was given out before stays valid.

use super::super::{ConnectorError, Cursor, Delivered, Page, Pull, PullEnd, PullMode, PullRequest, Step};
use super::branch::{self, Branch, Branches};
use super::conditional::Validators;
use super::page::{Changes, Listed};
use super::walk::{Leg, Refused, Walk, hash_of};
use super::window::{Span, Windows};
use super::{Shared, finding};
use crate::connector::manifest::http::{KeyScope, Snapshot};
use crate::domain::local_offset;
use crate::error::{Disposition, Finding};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::time::Instant;

/// Keys remembered to notice one that stands below two parents.
const REMEMBERED: usize = 1_000_000;

/// Seconds from which on two clocks are told apart: an answer's date has whole seconds, and was on its way.
const TOLD_APART_S: i64 = 2;

/// Statuses that concern one list and not the source as a whole.
const OF_ONE_LIST: [u16; 7] = [400, 403, 404, 405, 409, 410, 422];

/// What a cursor holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// Shape of this text.
    v: u32,
    /// The latest change seen.
    since: DateTime<Utc>,
}

/// Shape of a cursor that holds an opaque mark; 1 is that of a moment, 2 that of validators.
const MARK_SHAPE: u32 = 3;

/// What a cursor holds where the source gives an opaque mark.
#[derive(Serialize, Deserialize)]
struct StoredMark {
    v: u32,
    mark: String,
}

/// Statuses with which a source says that it does not know a mark any more.
const MARK_REFUSED: [u16; 4] = [403, 409, 410, 412];

/// A running pull.
pub(super) struct HttpPull {
    shared: Arc<Shared>,
    full: bool,
    keeps_cursor: bool,
    /// Whether the list is asked for only where it changed, the state of it that is held, and the one it is in.
    conditional: bool,
    held: Option<Validators>,
    validators: Option<Validators>,
    started: DateTime<Utc>,
    clock: Instant,
    /// The opaque mark this pull goes on from, and the last one an answer gave.
    mark_before: Option<String>,
    opaque: Option<String>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    windows: Option<Windows>,
    /// The window being read; none before the first one, or where there are none.
    window: Option<Span>,
    begun: bool,
    branches: Branches,
    /// The next branch of this window.
    branch: usize,
    /// Lists being read, the next one in front.
    walks: VecDeque<Walk>,
    ready: VecDeque<Page>,
    /// A window that ended after its last page was given out.
    covered: Option<DateTime<Utc>>,
    unsaid: bool,
    /// Keys and the branch they stood below.
    across: HashMap<u64, u64>,
    ended: End,
    latest: Option<DateTime<Utc>>,
    /// The latest change of this window, by which the order is proven: windows overlap.
    last: Option<DateTime<Utc>>,
    /// The moment up to which the first answer was current, by the source's own word.
    mark: Option<DateTime<Utc>>,
    marked: bool,
    in_order: bool,
    findings: Vec<Finding>,
}

/// What the walks that ended proved together.
#[derive(Default)]
struct End {
    seen: u64,
    total: u64,
    /// Whether a list told no total.
    untold: bool,
    short: bool,
    incomplete: bool,
    /// Whether the source said that nothing changed.
    unchanged: bool,
}

impl HttpPull {
    pub(super) fn new(shared: Arc<Shared>, request: PullRequest) -> Result<Self, ConnectorError> {
        let mut findings = Vec::new();
        let plan = shared.plan();
        let marked = plan.incremental.as_ref().is_some_and(|incremental| incremental.mark.is_some());
        let mark_before = match request.mode {
            PullMode::Incremental if marked => read_mark(request.cursor.as_ref(), &shared, &mut findings),
            _ => None,
        };
        let incremental = plan.incremental.is_some() && !marked;
        let (since, until) = match request.mode {
            PullMode::Backfill { from, to } if incremental => (Some(from), Some(to)),
            PullMode::Incremental if incremental => {
                (read_cursor(request.cursor.as_ref(), request.now, &shared, &mut findings), None)
            }
            _ => (None, None),
        };
        let full = match &plan.window {
            // From its start on window after window, each a point to go on from.
            Some(_) => request.mode == PullMode::Full,
            None => since.is_none() && until.is_none() && mark_before.is_none(),
        };
        let windows = windows(&shared, since, until)?;
        // A full pull finds what others lost: it rests on nothing that was said before.
        let conditional = plan.stream.conditional;
        let cursor = request.cursor.as_ref().filter(|_| conditional && request.mode == PullMode::Incremental);
        Ok(Self {
            conditional,
            held: cursor.and_then(|cursor| Validators::kept(cursor, &shared)),
            validators: None,
            full,
            keeps_cursor: plan.incremental.is_some() && !matches!(request.mode, PullMode::Backfill { .. }),
            started: request.now,
            clock: Instant::now(),
            mark_before,
            opaque: None,
            since,
            until,
            windows,
            window: None,
            begun: false,
            branches: Branches::default(),
            branch: 0,
            walks: VecDeque::new(),
            ready: VecDeque::new(),
            covered: None,
            unsaid: false,
            across: HashMap::new(),
            ended: End::default(),
            latest: None,
            last: None,
            mark: None,
            marked: false,
            in_order: true,
            findings,
            shared,
        })
    }

    /// The first page alone, for `check`; of a source with windows that of the newest one.
    pub(super) async fn first_page(
        shared: Arc<Shared>,
        now: DateTime<Utc>,
    ) -> Result<Listed, ConnectorError> {
        let mut pull = Self::new(shared, PullRequest { mode: PullMode::Full, cursor: None, now })?;
        if let Some(plan) = &pull.shared.plan().window {
            let zone = pull.shared.plan().incremental.as_ref().map_or(local_offset(), |known| known.zone);
            let nearly = plan.step - TimeDelta::days(1);
            let from = now - nearly.max(TimeDelta::hours(1));
            pull.windows = Some(Windows::new(plan, zone, from, None));
        }
        pull.refill().await?;
        let Some(mut walk) = pull.walks.pop_front() else {
            return Ok(Listed::nothing("check"));
        };
        walk.ask(&pull.shared, &pull.shared.plan().tasks).await.map_err(|refused| refused.error)
    }

    /// The moment this pull began, by our clock or the source's, whichever was behind: what changes there from then on is
    /// dated later.
    fn reached(&self) -> DateTime<Utc> {
        let ahead = Some(self.shared.client.clock_ahead_s()).filter(|ahead| *ahead <= -TOLD_APART_S);
        self.started + TimeDelta::seconds(ahead.unwrap_or(0))
    }

    /// The present moment, by our clock or the source's, whichever is ahead.
    fn present(&self) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.clock.elapsed()).unwrap_or_default();
        self.started + passed + TimeDelta::seconds(self.shared.client.clock_ahead_s().max(0))
    }

    /// Keeps as many lists under way as may be; a window begins when all lists of the one before it were read.
    async fn refill(&mut self) -> Result<(), ConnectorError> {
        if !self.begun {
            self.branches = branch::all(&self.shared).await?;
            let findings = std::mem::take(&mut self.branches.findings);
            findings.into_iter().for_each(|finding| self.tell(finding));
            self.ended.incomplete |= !self.branches.whole;
            self.ended.short |= !self.branches.whole;
            // Changes below a parent nobody showed did not pass by.
            self.keeps_cursor &= self.branches.whole;
            self.branch = self.branches.list.len();
        }
        loop {
            let most = self.shared.plan().stream.parent_concurrency as usize;
            while self.walks.len() < most
                && let Some(branch) = self.branches.list.get(self.branch).cloned()
            {
                self.branch += 1;
                let leg = self.leg(branch);
                let shifting = self.full && self.shared.plan().stream.snapshot == Snapshot::Shifting;
                let mut walk = Walk::new(&self.shared.plan().tasks, leg, self.full, shifting);
                walk.known = self.held.clone();
                self.walks.push_back(walk);
            }
            if !self.walks.is_empty() || !self.begin_window() {
                return Ok(());
            }
        }
    }

    /// Ends the window that was read and begins the next one; false when there is none.
    fn begin_window(&mut self) -> bool {
        let present = self.present();
        let first = !std::mem::replace(&mut self.begun, true);
        // The last one reaches beyond the present: where to go on behind it is what the whole pull says.
        if let Some(read) = self.window.take().filter(|read| read.covered < self.reached()) {
            self.covered = Some(read.covered);
            self.unsaid = true;
            let cursor = self.window_cursor();
            if let Some(page) = self.ready.back_mut()
                && cursor.is_some()
            {
                page.cursor = cursor;
                self.unsaid = false;
            }
        }
        let more = match &mut self.windows {
            None => first,
            Some(windows) => {
                self.window = windows.next(present);
                self.window.is_some()
            }
        };
        if more {
            self.branch = 0;
            self.last = None;
        }
        more
    }

    fn leg(&self, branch: Option<Arc<Branch>>) -> Leg {
        let Some(incremental) = &self.shared.plan().incremental else {
            return Leg { branch, ..Leg::default() };
        };
        let (since, until) = match self.window {
            Some(window) => (Some(window.from), Some(window.until)),
            None => {
                let overlap = TimeDelta::seconds(incremental.section.overlap_s.into());
                (self.since.map(|since| since - overlap), self.until)
            }
        };
        let write = |at: DateTime<Utc>| incremental.write(at);
        Leg { since: since.map(write), until: until.map(write), mark: self.mark_before.clone(), branch }
    }

    /// Asks every list under way for its next page, at the same time, and takes the answers in their turns.
    async fn round(&mut self) -> Result<(), ConnectorError> {
        let shared = self.shared.clone();
        let tasks = &shared.plan().tasks;
        let mut walks = std::mem::take(&mut self.walks);
        let answers =
            futures_util::future::join_all(walks.iter_mut().map(|walk| walk.ask(&shared, tasks))).await;
        for (mut walk, answer) in walks.into_iter().zip(answers) {
            let listed = match answer {
                Ok(listed) => listed,
                Err(Refused { status: Some(status), .. })
                    if walk.leg.mark.is_some() && MARK_REFUSED.contains(&status) =>
                {
                    return Err(ConnectorError {
                        finding: Box::new(finding::mark_refused(status).at(walk.place(&shared))),
                        disposition: Disposition::RetryLater,
                        retry_after: None,
                    });
                }
                Err(Refused { error, status }) => {
                    let skips = walk.leg.branch.as_ref().is_some_and(|branch| branch.skips);
                    if !skips || !status.is_some_and(|status| OF_ONE_LIST.contains(&status)) {
                        return Err(error);
                    }
                    // Its changes did not pass by: neither cursor nor absence may count.
                    self.keeps_cursor = false;
                    (self.ended.incomplete, self.ended.short) = (true, true);
                    let finding = finding::parent_skipped(status.unwrap_or_default());
                    self.tell(finding.at(walk.place(&shared)));
                    continue;
                }
            };
            walk.take(&shared, tasks, &listed)?;
            self.absorb(&mut walk, listed);
            walk.again(tasks, shared.plan().stream.max_passes);
            if walk.is_over() {
                self.close(&walk);
            } else {
                self.walks.push_back(walk);
            }
        }
        Ok(())
    }

    /// Turns an answer into a page that is given out.
    fn absorb(&mut self, walk: &mut Walk, listed: Listed) {
        if !std::mem::replace(&mut self.marked, true) {
            self.mark = listed.mark;
            self.validators = listed.validators;
        }
        self.opaque = listed.opaque.or(self.opaque.take());
        let records = walk.note(listed.records);
        if let Some(branch) = walk.leg.branch.as_deref().filter(|_| self.full) {
            let scope = hash_of(&branch.shown());
            for record in &records {
                self.look_across(&record.external_id, scope, walk);
            }
        }
        let cursor = self.page_cursor(listed.changes);
        let rejected = if walk.pass == 0 { listed.rejected } else { Vec::new() };
        if records.is_empty() && rejected.is_empty() {
            return;
        }
        let alone = self.branches.list.len() == 1 && self.windows.is_none();
        self.ready.push_back(Page {
            request: walk.asked(&self.shared.plan().tasks, &listed.request),
            body: listed.body,
            records,
            rejected,
            cursor,
            total: walk.total.filter(|_| alone),
            delivered: Delivered::default(),
        });
    }

    /// Notices a key that stands below two parents.
    fn look_across(&mut self, key: &str, scope: u64, walk: &Walk) {
        let scoped = self.shared.plan().stream.key_scope == KeyScope::Parent;
        if scoped || self.across.len() >= REMEMBERED {
            return;
        }
        if *self.across.entry(hash_of(key)).or_insert(scope) != scope {
            self.tell(finding::key_below_two_parents().at(walk.place(&self.shared)));
        }
    }

    fn close(&mut self, walk: &Walk) {
        let verdict = walk.verdict();
        self.ended.unchanged |= walk.unchanged;
        self.ended.seen += verdict.seen;
        self.ended.incomplete |= !verdict.complete;
        self.ended.short |= verdict.short;
        // What did not pass by has to be asked for again.
        self.keeps_cursor &= !verdict.missed;
        self.ended.total += walk.total.unwrap_or(0);
        self.ended.untold |= walk.total.is_none();
        let place = walk.place(&self.shared);
        verdict.findings.into_iter().for_each(|finding| self.tell(finding.at(place.clone())));
    }

    /// Keeps what is worth telling: one example of each kind and place, a few of each kind.
    fn tell(&mut self, finding: Finding) {
        const EXAMPLES: usize = 3;
        let alike = self.findings.iter().filter(|known| known.code == finding.code).count();
        if alike < EXAMPLES && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// The cursor that a page allows: only a sorted list may be gone on with from its middle.
    fn page_cursor(&mut self, changes: Option<Changes>) -> Option<Cursor> {
        if self.conditional {
            // Until the pull has ended well, no state of the list counts as held.
            return Some(Validators::cursor(None, &self.shared));
        }
        let sorted = self.shared.plan().incremental.as_ref()?.section.sorted;
        if let Some(changes) = changes {
            let follows = self.last.is_none_or(|last| changes.first >= last) && changes.in_order;
            if sorted && self.in_order && !follows {
                self.in_order = false;
                self.tell(finding::not_sorted().at(self.shared.place("list")));
            }
            self.last = self.last.max(Some(changes.latest));
            self.latest = self.latest.max(self.last);
        }
        // Only an incremental pull may stop in its middle: a full one has to see the rest.
        if sorted && self.in_order && self.keeps_cursor && !self.full {
            return self.latest.map(|latest| self.cursor(latest));
        }
        if std::mem::take(&mut self.unsaid) { self.window_cursor() } else { None }
    }

    /// The cursor that a window allows once it was read.
    fn window_cursor(&self) -> Option<Cursor> {
        (self.keeps_cursor && !self.full).then(|| self.covered.map(|covered| self.cursor(covered))).flatten()
    }

    fn cursor(&self, latest: DateTime<Utc>) -> Cursor {
        // A record dated in the future must not make us miss what changes until then.
        written(latest.min(self.reached()).max(self.since.unwrap_or(DateTime::UNIX_EPOCH)))
    }

    fn end(&mut self) -> PullEnd {
        if self.ended.unchanged {
            let findings = std::mem::take(&mut self.findings);
            return PullEnd { unchanged: true, findings, ..PullEnd::default() };
        }
        let plan = self.shared.plan();
        let mut complete = self.full && plan.stream.full_is_complete && !self.ended.incomplete;
        if self.full && self.ended.seen == 0 {
            complete = false;
            self.tell(finding::nothing_shown().at(self.shared.place("list")));
        }
        let plan = self.shared.plan();
        let by_field = plan.incremental.as_ref().is_some_and(|incremental| incremental.field.is_some());
        let by_header = plan.incremental.as_ref().and_then(|incremental| incremental.section.header.as_ref());
        let by_mark = plan.incremental.as_ref().and_then(|incremental| incremental.section.mark.as_ref());
        let cursor = match (self.keeps_cursor, by_header, by_field) {
            (true, ..) if by_mark.is_some() => {
                if self.opaque.is_none() {
                    self.findings.push(finding::no_opaque_mark().at(self.shared.place("list")));
                }
                let stored = self.opaque.take().map(|mark| StoredMark { v: MARK_SHAPE, mark });
                stored.and_then(|stored| serde_json::to_string(&stored).ok()).map(Cursor)
            }
            (false, _, _) if self.conditional => {
                let proven = self.ended.seen > 0 && !self.ended.short && !self.ended.incomplete;
                let validators = self.validators.take().filter(|_| proven);
                Some(Validators::cursor(validators, &self.shared))
            }
            (false, _, _) => None,
            (true, Some(header), _) => {
                if self.mark.is_none() {
                    self.findings.push(finding::no_mark(header).at(self.shared.place("list")));
                }
                // The source's own clock: nothing to be corrected by ours.
                self.mark.map(|mark| written(mark.max(self.since.unwrap_or(DateTime::UNIX_EPOCH))))
            }
            // A window that showed nothing needs not be read again; the last one does.
            (true, None, true) => self.latest.max(self.covered).map(|latest| self.cursor(latest)),
            (true, None, false) => Some(self.cursor(self.reached())),
        };
        let findings = std::mem::take(&mut self.findings);
        let total = (!self.ended.untold && self.windows.is_none()).then_some(self.ended.total);
        PullEnd {
            complete,
            short: self.ended.short,
            cursor,
            source_total: total,
            findings,
            ..PullEnd::default()
        }
    }
}

/// The windows of a pull, where the source is read in windows.
fn windows(
    shared: &Shared,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> Result<Option<Windows>, ConnectorError> {
    let (Some(plan), Some(incremental)) = (&shared.plan().window, &shared.plan().incremental) else {
        return Ok(None);
    };
    let zone = incremental.zone;
    let written = plan.start.render(&shared.settings).map_err(|why| shared.cannot_ask(&why))?;
    let day = NaiveDate::parse_from_str(written.trim(), "%Y-%m-%d").map_err(|_| {
        shared.cannot_ask(&format!("window.start = \"{written}\" is no day such as 2024-01-31"))
    })?;
    let start = day.and_time(NaiveTime::MIN).and_local_timezone(zone).single();
    let start = start.map_or(DateTime::UNIX_EPOCH, |start| start.to_utc());
    let overlap = TimeDelta::seconds(incremental.section.overlap_s.into());
    let from = match (since, until) {
        (Some(since), None) => (since - overlap).max(start),
        (Some(from), Some(_)) => from,
        (None, _) => start,
    };
    Ok(Some(Windows::new(plan, zone, from, until)))
}

fn written(since: DateTime<Utc>) -> Cursor {
    let stored = Stored { v: 1, since };
    Cursor(
        serde_json::to_string(&stored).unwrap_or_else(|_| since.to_rfc3339_opts(SecondsFormat::Millis, true)),
    )
}

/// The mark a cursor holds; of another shape it is none, and everything is read again.
fn read_mark(cursor: Option<&Cursor>, shared: &Shared, findings: &mut Vec<Finding>) -> Option<String> {
    let stored: Option<StoredMark> = serde_json::from_str(&cursor?.0).ok();
    let stored = stored.filter(|stored| stored.v == MARK_SHAPE);
    if stored.is_none() {
        findings.push(finding::strange_cursor().at(shared.place("cursor")));
    }
    stored.map(|stored| stored.mark)
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
        if self.ready.is_empty() {
            self.refill().await?;
        }
        // What a round gave is given out only when it is known whether it ended its window.
        while self.ready.is_empty() {
            if self.walks.is_empty() {
                return Ok(Step::End(self.end()));
            }
            self.round().await?;
            self.refill().await?;
        }
        match self.ready.pop_front() {
            Some(page) => Ok(Step::Page(page)),
            None => Ok(Step::End(self.end())),
        }
    }
}
