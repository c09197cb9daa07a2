//! One list walked from its first page to its end, with proof that it ended well.
//!
//! Owns where the next request goes, the loop guard, the proof of order that keyset paging rests on, and repeated
//! passes over a list that moves while it is read. It must not know what other lists the pull reads, nor the cursor.
//! Memory is one page and a few bytes per record, to notice repeated rows; past a million keys rows are only counted.
//! Every failure ends the walk; what it gave out before stays valid.

use super::branch::Branch;
use super::conditional::Validators;
use super::page::{Listed, Rank, Standing, list};
use super::plan::{ListPlan, Way};
use super::{ConnectorError, RawRecord, Shared, ask, export, finding};
use crate::connector::Presence;
use crate::connector::manifest::http::Stop;
use crate::error::{Disposition, Finding, Place};
use crate::transport::{Content, TransportError};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Keys remembered to notice repeated rows of a stable list; past that, rows are only counted.
const REMEMBERED: usize = 1_000_000;

/// Empty pages in a row that still promise a next one.
const MAX_EMPTY: u32 = 100;

/// Where the next request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    First,
    Number(u64),
    Skip(u64),
    Token(String),
    Address(String),
    /// Behind this key and time of change.
    Behind {
        key: String,
        changed: Option<String>,
    },
    Nothing,
}

/// Which part of a source a walk covers.
#[derive(Debug, Clone, Default)]
pub(super) struct Leg {
    /// Bounds of the span of time, as the source wants them written.
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
    /// The opaque mark to go on from.
    pub(super) mark: Option<String>,
    pub(super) branch: Option<Arc<Branch>>,
}

/// A request that did not give a page.
pub(super) struct Refused {
    pub(super) error: ConnectorError,
    /// The status, where there was an answer.
    pub(super) status: Option<u16>,
}

impl From<TransportError> for Refused {
    fn from(error: TransportError) -> Self {
        Self { status: error.status, error: error.into() }
    }
}

impl From<ConnectorError> for Refused {
    fn from(error: ConnectorError) -> Self {
        Self { error, status: None }
    }
}

/// What a walk that ended says.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Whether everything of this list passed by.
    pub(super) complete: bool,
    /// Whether something the source shows did not pass by.
    pub(super) short: bool,
    /// Whether rows may be missing beyond those that were rejected: these are told and would be the same again.
    pub(super) missed: bool,
    /// Distinct records where they were remembered, else rows.
    pub(super) seen: u64,
    pub(super) findings: Vec<Finding>,
}

/// A walk over one list.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) leg: Leg,
    /// The state of the list that need not be sent again, and whether the list is still in it.
    pub(super) known: Option<Validators>,
    pub(super) unchanged: bool,
    next: Next,
    /// Whether the list is all there is: then its keys are remembered and prove that it was seen.
    full: bool,
    /// Whether pages are counted: then rows may slip over their borders, and keys are remembered in any case.
    counted: bool,
    /// Whether the list moves while it is read.
    shifting: bool,
    /// The export whose file is read.
    export: Option<String>,
    /// Passes over the list before this one, and pages of this one.
    pub(super) pass: u32,
    pub(super) pages: u32,
    empty: u32,
    /// Records of this pass.
    rows: u64,
    pub(super) total: Option<u64>,
    /// The greatest total told, and whether one was smaller than the one before: then rows left the list, and others
    /// slipped over a border. New rows beside them may bring the total back to what it was.
    greatest: Option<u64>,
    shrank: bool,
    seen_pages: HashSet<u64>,
    seen_next: HashSet<u64>,
    keys: HashSet<u64>,
    versions: HashSet<u64>,
    /// Tombstones among them.
    tombstones: u64,
    forgets: bool,
    /// The pass from which on keys count: those of passes in which rows left the list prove nothing about what is there.
    from_pass: u32,
    /// Rows of that pass whose key it had already shown, and keys no pass before had shown.
    repeated: u64,
    fresh: u64,
    /// Rows that could not be listed.
    skipped: u64,
    /// Passes that came to no agreement.
    unsettled: Option<u32>,
    /// The last record in the order of the list, and whether all before it were in order, by number and by text.
    last: Option<Rank>,
    in_order: (bool, bool),
    highest: Option<u64>,
}

impl Walk {
    pub(super) fn new(list: &ListPlan, leg: Leg, full: bool, shifting: bool) -> Self {
        Self {
            leg,
            known: None,
            unchanged: false,
            next: Next::First,
            full,
            counted: list.way.is_counted(),
            shifting,
            export: None,
            pass: 0,
            pages: 0,
            empty: 0,
            rows: 0,
            total: None,
            greatest: None,
            shrank: false,
            seen_pages: HashSet::new(),
            seen_next: HashSet::new(),
            keys: HashSet::new(),
            versions: HashSet::new(),
            tombstones: 0,
            forgets: false,
            from_pass: 0,
            repeated: 0,
            fresh: 0,
            skipped: 0,
            unsettled: None,
            last: None,
            in_order: (true, true),
            highest: None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.next == Next::Nothing
    }

    /// Page size of this pass. Later passes over a moving list use other borders, because rows are lost
    /// where pages meet.
    fn size(&self, list: &ListPlan) -> u64 {
        let size = u64::from(list.paging.size);
        size.saturating_sub(u64::from(self.pass) * (size / 10)).max(1)
    }

    /// Asks for the next page. A list that is written into a file first is waited for.
    pub(super) async fn ask(&mut self, shared: &Shared, list_plan: &ListPlan) -> Result<Listed, Refused> {
        if let (true, Some(plan), Next::First) = (list_plan.of_tasks, &shared.plan().export, &self.next) {
            let spot = self.spot(list_plan);
            let done = export::wait(shared, plan, &spot).await?;
            self.export = Some(done.id);
            if let Some(address) = done.address {
                self.next = Next::Address(address);
            }
        }
        let mut request = ask::request(shared, list_plan, &self.spot(list_plan))?;
        let mut accept = shared.accept.clone();
        if !list_plan.of_tasks {
            accept.body = Content::Json;
        }
        if let Some(known) = &self.known {
            request = known.condition(request);
            accept.status.push(304);
        }
        let reply = shared.client.fetch(&request, &accept).await?;
        if self.known.is_some() && reply.status == 304 {
            self.unchanged = true;
            return Ok(Listed::nothing(&reply.label));
        }
        let on = Standing { branch: self.leg.branch.as_deref(), page: Some(self.pages + 1) };
        let mut listed = list(shared, list_plan, &reply, on)?;
        if let (Way::Link | Way::Header { .. } | Way::Address { .. }, Some(next)) =
            (&list_plan.way, &listed.next)
        {
            listed.next = Some(shared.client.next_address(&reply, next)?);
        }
        Ok(listed)
    }

    fn spot(&self, list: &ListPlan) -> ask::Spot<'_> {
        ask::Spot {
            next: &self.next,
            size: self.size(list),
            since: self.leg.since.as_deref(),
            until: self.leg.until.as_deref(),
            mark: self.leg.mark.as_deref(),
            branch: self.leg.branch.as_deref(),
            export: self.export.as_deref(),
        }
    }

    /// Goes on behind a page, or refuses it as one that cannot be trusted.
    pub(super) fn take(
        &mut self,
        shared: &Shared,
        list: &ListPlan,
        listed: &Listed,
    ) -> Result<(), ConnectorError> {
        let fail = |finding: Finding| ConnectorError {
            finding: Box::new(finding.at(shared.place(&listed.request))),
            disposition: Disposition::NeedsOperator,
            retry_after: None,
        };
        self.proven(list, listed).map_err(fail)?;
        let next = self.after(list, listed).map_err(fail)?;
        self.guard(list, listed, &next).map_err(fail)?;
        self.rows += listed.count;
        // Behind a key the source may count what is left only.
        let counts_rest = matches!(list.way, Way::Keyset { .. }) && self.pages > 1;
        let total = listed.total.filter(|_| !counts_rest).or(self.total);
        self.shrank |= self.counted && total < self.total;
        self.total = total;
        self.greatest = self.greatest.max(self.total);
        self.skipped += if self.pass == 0 { listed.rejected.len() as u64 } else { 0 };
        if listed.truncated {
            self.leg.mark = listed.opaque.clone();
        }
        self.next = next;
        Ok(())
    }

    /// Keyset paging goes on behind the last record: that is right only while every one comes after those before it.
    fn proven(&mut self, list: &ListPlan, listed: &Listed) -> Result<(), Finding> {
        let (Way::Keyset { changed, .. }, Some(edges)) = (&list.way, &listed.edges) else { return Ok(()) };
        let border = match &self.last {
            None => (true, true),
            Some(last) => edges.first.follows(last, changed.is_some()),
        };
        let all = [self.in_order, edges.in_order, border];
        self.in_order = (all.iter().all(|order| order.0), all.iter().all(|order| order.1));
        self.last = Some(edges.last.clone());
        if self.in_order == (false, false) { Err(finding::not_ascending()) } else { Ok(()) }
    }

    /// Refuses what would go on for ever.
    fn guard(&mut self, list: &ListPlan, listed: &Listed, next: &Next) -> Result<(), Finding> {
        self.pages += 1;
        if self.pages > list.paging.max_pages {
            return Err(finding::too_many_pages(list.paging.max_pages));
        }
        // A gap between ids is no promise: the highest one ends the list.
        self.empty = if listed.count == 0 && self.highest.is_none() { self.empty + 1 } else { 0 };
        if self.empty > MAX_EMPTY {
            return Err(finding::endless("quá nhiều trang rỗng liên tiếp", "too many empty pages in a row"));
        }
        if let Next::Token(text) | Next::Address(text) = next
            && !self.seen_next.insert(hash_of(text))
        {
            return Err(finding::endless(
                "cùng một mốc trang tiếp theo đến lần thứ hai",
                "the same next page came twice",
            ));
        }
        if listed.count > 0 && !self.seen_pages.insert(listed.digest) {
            return Err(finding::endless("cùng một trang đến lần thứ hai", "the same page came twice"));
        }
        Ok(())
    }

    fn after(&mut self, list: &ListPlan, listed: &Listed) -> Result<Next, Finding> {
        let rows = self.rows + listed.count;
        let is_last =
            listed.count == 0 || (list.paging.stop == Stop::ShortPage && listed.count < self.size(list));
        // More rows than the total proves the total wrong: only the end of the list ends it then.
        let is_all = listed.total == Some(rows);
        if listed.truncated {
            return listed.opaque.clone().map(Next::Token).ok_or_else(finding::no_opaque_mark);
        }
        Ok(match &list.way {
            Way::Single => Next::Nothing,
            Way::Page { .. } | Way::Offset { .. } if is_last || is_all => Next::Nothing,
            Way::Page { .. } => Next::Number(match self.next {
                Next::Number(number) => number + 1,
                _ => u64::from(list.paging.first) + 1,
            }),
            // By what came, not by what was asked for: a system that cuts the page size loses nothing.
            Way::Offset { .. } => Next::Skip(rows),
            Way::Cursor { .. } => listed.next.clone().map_or(Next::Nothing, Next::Token),
            Way::Keyset { .. } if is_last => Next::Nothing,
            Way::Keyset { .. } => match &listed.edges {
                Some(edges) => {
                    Next::Behind { key: edges.last.key.clone(), changed: edges.last.changed.clone() }
                }
                // Not one record could be read: nobody knows behind what to go on.
                None => return Err(finding::not_ascending()),
            },
            Way::Range { .. } => {
                let told = listed.next.as_ref().and_then(|highest| highest.trim().parse().ok());
                self.highest = told.max(self.highest);
                let highest = self.highest.ok_or_else(finding::no_highest)?;
                let first = match self.next {
                    Next::Number(number) => number,
                    _ => u64::from(list.paging.first),
                };
                match first.checked_add(self.size(list)) {
                    Some(next) if next <= highest => Next::Number(next),
                    _ => Next::Nothing,
                }
            }
            Way::Link | Way::Header { .. } | Way::Address { .. } => {
                listed.next.clone().map_or(Next::Nothing, Next::Address)
            }
        })
    }

    /// What was asked for the page taken last: its number where the list has several, which are all asked for at one
    /// path. Neither query nor body is told, as both may carry secrets.
    pub(super) fn asked(&self, list: &ListPlan, request: &str) -> String {
        match list.way {
            Way::Single => request.to_owned(),
            _ => format!("{request} (page {})", self.pages),
        }
    }

    /// Notes what a page showed and gives back what is worth passing on.
    pub(super) fn note(&mut self, records: Vec<RawRecord>) -> Vec<RawRecord> {
        if !self.full && !self.counted {
            return records;
        }
        if !self.shifting && self.keys.len() >= REMEMBERED {
            self.forgets = true;
            return records;
        }
        let shifting = self.shifting;
        records
            .into_iter()
            .filter(|record| {
                if self.keys.insert(hash_of(&record.external_id)) {
                    self.fresh += 1;
                    self.tombstones += u64::from(record.presence != Presence::Shown);
                } else if self.pass == self.from_pass {
                    self.repeated += 1;
                }
                // Of a moving list each version of a record is given out once, however often it shows.
                !shifting || self.versions.insert(hash_of(&record.hash))
            })
            .collect()
    }

    /// Begins the list anew where it has to be read once more; a moving one is read until passes agree.
    pub(super) fn again(&mut self, list: &ListPlan, max_passes: u32) {
        if !self.is_over() || !self.shifting || !list.way.is_counted() {
            return;
        }
        let seen = self.keys.len() as u64;
        let all = self.total.is_none_or(|total| seen >= total);
        let first = self.pass == self.from_pass;
        let proven_at_once = first && self.repeated == 0 && self.greatest.is_some_and(|total| seen >= total);
        let agreed = !first && self.fresh == 0 && all;
        let one_answer = self.pages == 1 && all;
        if !self.shrank && (one_answer || proven_at_once || agreed) {
            return;
        }
        if self.pass + 1 >= max_passes {
            self.unsettled = Some(self.pass + 1);
            return;
        }
        self.pass += 1;
        (self.rows, self.fresh, self.empty, self.pages) = (0, 0, 0, 0);
        self.seen_pages.clear();
        self.next = Next::First;
        if std::mem::take(&mut self.shrank) {
            self.keys.clear();
            (self.from_pass, self.repeated, self.total, self.greatest) = (self.pass, 0, None, None);
        }
    }

    /// Whether no row can have slipped over a border between pages, although the list was edited while it was read.
    fn holds_borders(&self) -> bool {
        let one_answer = self.pages == 1;
        let agreed = self.pass > 0 && self.unsettled.is_none();
        let counted = self.greatest.is_some_and(|total| self.seen() >= total);
        !self.counted || one_answer || agreed || (counted && !self.shrank)
    }

    /// Distinct records where they were remembered, else rows.
    fn seen(&self) -> u64 {
        let remembers = (self.full || self.counted) && !self.forgets;
        if remembers { self.keys.len() as u64 } else { self.rows }
    }

    /// Where messages say it happened.
    pub(super) fn place(&self, shared: &Shared) -> Place {
        match &self.leg.branch {
            None => shared.place("list"),
            Some(branch) => shared.place(&format!("list below {}", branch.shown())),
        }
    }

    /// What the walk proved; findings without their place.
    pub(super) fn verdict(&self) -> Verdict {
        let seen = self.seen();
        let listed = seen + self.skipped;
        let fell = self.shrank || self.greatest.is_some_and(|greatest| listed < greatest);
        let slipped = self.counted && self.pages > 1 && fell;
        // Passes that agree saw what came and went meanwhile; a total without the tombstones it lists is a total, too.
        let beyond = self.total.filter(|total| {
            self.full && self.counted && self.pass == 0 && listed - self.tombstones.min(listed) > *total
        });
        let mut verdict = Verdict { complete: self.full && self.skipped == 0, seen, ..Verdict::default() };
        let mut short = |finding: Finding| {
            (verdict.complete, verdict.short) = (false, true);
            verdict.findings.push(finding);
        };
        if let Some(passes) = self.unsettled {
            short(finding::unsettled(passes));
        }
        match self.total {
            Some(total) if self.full && seen < total => short(finding::short(seen, total)),
            Some(total) if self.counted && listed < total => {
                short(finding::short(seen, total));
            }
            None if self.full && self.counted && !self.shifting && self.repeated > 0 => {
                short(finding::repeated(self.repeated));
            }
            // Rows that could not be listed are told by themselves.
            _ if self.unsettled.is_none()
                && (slipped || (self.full && self.skipped == 0 && !self.holds_borders())) =>
            {
                short(finding::borders_unproven());
                // Without a total nothing proves that all was seen: nothing says either that a row was missed.
                verdict.short = slipped;
            }
            _ => beyond.into_iter().for_each(|total| short(finding::beyond(listed, total))),
        }
        let missed = verdict.short && self.total.is_none_or(|total| listed < total);
        // What slipped over a border has to be asked for again.
        verdict.missed = missed || slipped || self.unsettled.is_some();
        verdict
    }
}

/// A few bytes that stand for a value.
pub(super) fn hash_of<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
