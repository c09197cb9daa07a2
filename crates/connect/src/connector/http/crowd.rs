//! A source that shows each user only what is theirs: asked for one user after the other, and one source all the same.
//!
//! Owns whose turn it is, the point to go on from of each user, and what all of them together were shown. Each is let in,
//! paused and read on their own; one who is refused is told and left out, and the others go on. A record that several
//! are shown is one task, by the one who stands first in the list. It must not know how a list is asked for. A failure
//! of the source itself ends the pull; so does a refusal of everybody.

use super::super::{
    Abilities, Connector, ConnectorError, Cursor, Detailed, DetailsAgain, MARK_REFUSED, Page, Pull, PullEnd,
    PullMode, PullRequest, RawRecord, Rejection, Step, Views,
};
use super::plan::UsersPlan;
use super::pull::HttpPull;
use super::users::{self, User, hash_with};
use super::{HttpConnector, Shared, SourceOptions, branch, context, detail, finding, looked, page};
use crate::clock::Clock;
use crate::connector::json::{Json, Path, members};
use crate::connector::manifest::Loaded;
use crate::domain::{SourceId, TaskDraft};
use crate::error::{Disposition, Finding, Findings};
use crate::transport::DayBook;
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Shape of a cursor that holds one for each user.
const SHAPE: u32 = 4;

/// Records remembered with those who were shown them; past that nothing is called gone.
const REMEMBERED: usize = 1_000_000;

/// Refused users told by name.
const TOLD: usize = 20;

/// Codes of what concerns one user's account and not the source.
const OF_ONE_USER: [&str; 12] = [
    "LT-NET-006",
    "LT-NET-008",
    "LT-NET-009",
    "LT-NET-010",
    "LT-NET-013",
    "LT-NET-014",
    "LT-NET-016",
    "LT-NET-017",
    "LT-NET-032",
    "LT-NET-034",
    "LT-NET-039",
    "LT-SRC-055",
];

fn is_of_one_user(error: &ConnectorError) -> bool {
    error.disposition == Disposition::NeedsOperator && OF_ONE_USER.contains(&error.finding.code.as_str())
}

/// One connected source of many users.
#[derive(Debug)]
pub struct Crowd {
    inner: Arc<Inner>,
}

struct Inner {
    /// Who asks for the list of users, and what all of them have in common.
    base: HttpConnector,
    options: SourceOptions,
    /// Users met before, with their sessions and pauses.
    known: Mutex<HashMap<String, Met>>,
}

/// A user as they were met: the digest of what the list said of them, and what asks for them.
type Met = ([u8; 32], Arc<Shared>);

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "users of {:?}", self.base.shared)
    }
}

impl Crowd {
    /// Connects a source: checks its settings and builds its client. Nobody is looked for yet.
    ///
    /// # Errors
    /// What is wrong with settings and secrets.
    pub fn new(source: SourceId, loaded: Arc<Loaded>, options: SourceOptions) -> Result<Self, Findings> {
        let base = HttpConnector::new(source, loaded, options.clone())?;
        Ok(Self { inner: Arc::new(Inner { base, options, known: Mutex::default() }) })
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.inner.base.shared
    }
}

impl Inner {
    fn plan(&self) -> Option<&UsersPlan> {
        self.base.shared.plan().users.as_ref()
    }

    /// Everybody who is to be asked for.
    async fn users(&self) -> Result<users::Users, ConnectorError> {
        let shared = &self.base.shared;
        let Some(plan) = self.plan() else { return Err(shared.cannot_ask("there are no users")) };
        let settings = shared.settings.get_attr("settings").unwrap_or_default();
        let users = users::all(shared, plan, &context(&settings, &self.options)).await?;
        let listed = |name: &String| users.list.iter().any(|user| user.name == *name);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, _| listed(name));
        Ok(users)
    }

    /// What asks for a user: the session they had, unless the list says something else of them by now.
    fn beside(&self, user: &User) -> Result<Arc<Shared>, ConnectorError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, shared)) = known.get(&user.name).filter(|(digest, _)| *digest == user.digest) {
            return Ok(shared.clone());
        }
        let shared = Arc::new(self.base.shared.beside(&self.options, user)?);
        known.insert(user.name.clone(), (user.digest, shared.clone()));
        Ok(shared)
    }

    fn nobody(&self, first: &Finding, count: usize) -> ConnectorError {
        ConnectorError {
            finding: Box::new(finding::nobody_let_in(first, count).at(self.base.shared.place("users"))),
            disposition: Disposition::NeedsOperator,
            retry_after: None,
        }
    }
}

/// The name of the user a record was shown to.
fn user_of(plan: &UsersPlan, body: &Bytes) -> Option<String> {
    let (_, path) = plan.open.first()?;
    let last = path.steps().last()?;
    let value = members_of(body)?;
    let json = Json::parse(&value).ok()?;
    json.at(&Path::parse(&format!("/{}", last.replace('~', "~0").replace('/', "~1"))).ok()?)
        .and_then(Json::scalar)
        .map(|name| name.trim().to_owned())
}

/// The text of `$user` in a record.
fn members_of(body: &Bytes) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    members(text).ok()?.into_iter().find(|(name, _)| name == "$user").map(|(_, value)| value.to_owned())
}

#[async_trait]
impl Connector for Crowd {
    fn source(&self) -> &SourceId {
        self.inner.base.source()
    }

    fn abilities(&self) -> Abilities {
        // What a record gets from its user stands beside its page, as details do.
        Abilities { details: true, ..self.inner.base.abilities() }
    }

    fn rules(&self) -> Option<[u8; 32]> {
        self.inner.base.rules()
    }

    fn details_again(&self) -> Option<DetailsAgain> {
        self.inner.base.details_again()
    }

    async fn check(&self) -> Vec<Finding> {
        let users = match self.inner.users().await {
            Ok(users) => users,
            Err(error) => return vec![*error.finding],
        };
        let (mut findings, mut read) = (users.findings, 0);
        let mut refused = Refused::default();
        for user in &users.list {
            let outcome = match self.inner.beside(user) {
                // One look at records is enough; that everybody is let in is not known before all were asked.
                Ok(shared) if read == 0 => looked(&shared).await,
                Ok(shared) => HttpPull::first_page(shared, Clock::system().now()).await.map(|_| Vec::new()),
                Err(error) => Err(error),
            };
            match outcome {
                Ok(told) => {
                    read += 1;
                    findings.extend(told);
                }
                Err(error) if is_of_one_user(&error) => refused.note(self.shared(), user, &error),
                Err(error) => {
                    findings.push(*error.finding);
                    break;
                }
            }
        }
        match refused.first.take() {
            Some(first) if read == 0 => findings.push(*self.inner.nobody(&first, refused.count).finding),
            _ => findings.extend(refused.told(self.shared())),
        }
        findings.extend(self.shared().client.findings());
        findings
    }

    fn paused(&self) -> Option<Finding> {
        self.inner.base.paused()
    }

    fn counts_in(&self, book: Arc<dyn DayBook>) {
        // All users' requests count together.
        self.inner.base.counts_in(book);
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        let users = self.inner.users().await?;
        let mut points = Points::read(request.cursor.as_ref());
        if users.whole {
            points.users.retain(|id, _| users.list.iter().any(|user| shown_id(user.id) == *id));
        }
        Ok(Box::new(CrowdPull {
            inner: self.inner.clone(),
            request,
            count: users.list.len(),
            left: users.list.into(),
            turn: None,
            points,
            unsaid: false,
            complete: users.whole,
            short: !users.whole,
            seen: 0,
            views: Views::default(),
            refused: Refused::default(),
            doubtful: false,
            findings: users.findings,
        }))
    }

    async fn detail(&self, records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError> {
        let mut detailed = Vec::with_capacity(records.len());
        let Some(plan) = self.inner.plan() else { return Ok(detailed) };
        let mut left: VecDeque<RawRecord> = records.into();
        while let Some(first) = left.pop_front() {
            let name = user_of(plan, &first.body);
            let mut of_one = vec![first];
            while left.front().is_some_and(|next| user_of(plan, &next.body) == name) {
                of_one.extend(left.pop_front());
            }
            let shared = name.as_ref().and_then(|name| {
                let known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.get(name).map(|(_, shared)| shared.clone())
            });
            let shared = match (shared, name) {
                (Some(shared), _) => Some(shared),
                // After a restart nobody was met yet: a replay begins with who there is.
                (None, Some(name)) => {
                    let users = self.inner.users().await?;
                    let user = users.list.iter().find(|user| user.name == name);
                    user.map(|user| self.inner.beside(user)).transpose()?
                }
                (None, None) => None,
            };
            let Some(shared) = shared else {
                let place = self.shared().place("users");
                let rejected = of_one.into_iter();
                detailed
                    .extend(rejected.map(|record| refuse(record, finding::no_such_user().at(place.clone()))));
                continue;
            };
            match detail::complete(&shared, of_one.clone()).await {
                Ok(of_one) => detailed.extend(of_one),
                Err(error) if is_of_one_user(&error) => {
                    let rejected = of_one.into_iter();
                    detailed.extend(rejected.map(|record| refuse(record, (*error.finding).clone())));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(detailed)
    }

    fn list_again(
        &self,
        body: Bytes,
        details: Option<Bytes>,
    ) -> Option<Result<Vec<RawRecord>, Box<Finding>>> {
        let (shared, users) = (self.shared(), self.inner.plan()?);
        let plan = shared.plan();
        let listed = page::list(shared, &plan.tasks, &shared.client.kept(body), page::Standing::default());
        // Who was shown a record stands beside its page only.
        let details = details?;
        let records = match listed {
            Ok(listed) => listed.records,
            Err(error) => return Some(Err(error.finding)),
        };
        let fingerprint = &shared.loaded.fingerprint;
        let records = match plan.is_branched() {
            true => branch::again(fingerprint, records, &details)?,
            false => detail::completed(records, &details)?,
        };
        let adopted = records.into_iter().map(|record| {
            let members =
                members_of(&record.body).map(|user| format!("\"$user\":{user}")).unwrap_or_default();
            RawRecord { hash: hash_with(users, fingerprint, record.hash, &members), ..record }
        });
        Some(Ok(adopted.collect()))
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        self.inner.base.read(record)
    }
}

fn refuse(record: RawRecord, finding: Finding) -> Detailed {
    Detailed::Rejected(Rejection {
        external_id: Some(record.external_id),
        index: record.index,
        body: record.body,
        finding,
    })
}

/// Users who were left out, and why.
#[derive(Default)]
struct Refused {
    count: usize,
    first: Option<Finding>,
    told: Vec<Finding>,
}

impl Refused {
    fn note(&mut self, shared: &Shared, user: &User, error: &ConnectorError) {
        self.count += 1;
        self.first.get_or_insert_with(|| (*error.finding).clone());
        if self.told.len() < TOLD {
            self.told.push(finding::user_left_out(&user.shown, &error.finding).at(shared.place(&user.shown)));
        }
    }

    fn told(&mut self, shared: &Shared) -> Vec<Finding> {
        let more = self.count - self.told.len();
        let rest = (more > 0).then(|| finding::more_left_out(more).at(shared.place("users")));
        self.told.drain(..).chain(rest).collect()
    }
}

/// The points to go on from, by user.
#[derive(Serialize, Deserialize)]
struct Points {
    v: u32,
    users: BTreeMap<String, String>,
}

/// How a user is written in a cursor: an account has no business there.
fn shown_id(id: i64) -> String {
    format!("{id:016x}")
}

impl Points {
    fn read(cursor: Option<&Cursor>) -> Self {
        let stored: Option<Self> = cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok());
        stored.filter(|stored| stored.v == SHAPE).unwrap_or(Self { v: SHAPE, users: BTreeMap::new() })
    }

    fn of(&self, user: &User) -> Option<Cursor> {
        self.users.get(&shown_id(user.id)).cloned().map(Cursor)
    }

    fn set(&mut self, user: &User, Cursor(cursor): Cursor) {
        self.users.insert(shown_id(user.id), cursor);
    }

    fn written(&self) -> Option<Cursor> {
        if self.users.is_empty() {
            return None;
        }
        serde_json::to_string(self).ok().map(Cursor)
    }
}

/// The pull of one user.
struct Turn {
    user: User,
    pull: Box<HttpPull>,
    /// Whether it goes on from a point.
    goes_on: bool,
}

/// A running pull.
struct CrowdPull {
    inner: Arc<Inner>,
    request: PullRequest,
    /// Users in all, and those whose turn is still to come.
    count: usize,
    left: VecDeque<User>,
    turn: Option<Turn>,
    points: Points,
    /// Whether a point moved that no page carried yet.
    unsaid: bool,
    complete: bool,
    short: bool,
    /// Records given out.
    seen: u64,
    views: Views,
    refused: Refused,
    /// Whether a record whose assignee is whoever is shown it was shown to two.
    doubtful: bool,
    findings: Vec<Finding>,
}

impl CrowdPull {
    fn begin(&self, user: User, cursor: Option<Cursor>) -> Result<Turn, (User, ConnectorError)> {
        let goes_on = cursor.is_some() && self.request.mode == PullMode::Incremental;
        let request = PullRequest { cursor, ..self.request.clone() };
        match self.inner.beside(&user).and_then(|shared| HttpPull::new(shared, request)) {
            Ok(pull) => Ok(Turn { user, pull: Box::new(pull), goes_on }),
            Err(error) => Err((user, error)),
        }
    }

    fn leave_out(&mut self, user: &User, error: ConnectorError) -> Result<(), ConnectorError> {
        if !is_of_one_user(&error) {
            return Err(error);
        }
        self.refused.note(&self.inner.base.shared, user, &error);
        self.views.left_out += 1;
        (self.complete, self.short) = (false, true);
        Ok(())
    }

    /// A page without what somebody before was shown already.
    fn passed(&mut self, user: &User, mut page: Page) -> Page {
        let id = user.id;
        let reads = self.inner.plan().is_some_and(|plan| plan.read);
        let (views, doubtful) = (&mut self.views, &mut self.doubtful);
        page.records.retain(|record| {
            if views.shown.len() >= REMEMBERED && !views.shown.contains_key(&record.external_id) {
                views.forgets = true;
                return true;
            }
            let shown = views.shown.entry(record.external_id.clone()).or_default();
            let is_first = shown.first().is_none_or(|first| *first == id);
            if !shown.contains(&id) {
                shown.push(id);
            }
            *doubtful |= !is_first && reads;
            is_first
        });
        self.seen += page.records.len() as u64;
        if let Some(cursor) = page.cursor.take() {
            self.points.set(user, cursor);
            self.unsaid = true;
        }
        if std::mem::take(&mut self.unsaid) {
            page.cursor = self.points.written();
        }
        // A total of one user's list is none of the source.
        page.total = None;
        page
    }

    fn ended(&mut self, user: &User, end: PullEnd) {
        self.complete &= end.complete;
        self.short |= end.short;
        if end.complete {
            self.views.whole.insert(user.id);
        }
        if let Some(cursor) = end.cursor {
            self.points.set(user, cursor);
            self.unsaid = true;
        }
        // Somebody may well have no task at all.
        let told = end.findings.into_iter().filter(|finding| finding.code != finding::NOTHING_SHOWN);
        for finding in told {
            let alike = self.findings.iter().filter(|known| known.code == finding.code).count();
            if alike < TOLD {
                self.findings.push(finding);
            }
        }
    }

    fn end(&mut self) -> Result<PullEnd, ConnectorError> {
        let shared = self.inner.base.shared.clone();
        if let Some(first) = self.refused.first.take().filter(|_| self.refused.count == self.count) {
            return Err(self.inner.nobody(&first, self.count));
        }
        if self.seen == 0 && self.request.mode == PullMode::Full {
            self.complete = false;
            self.views.whole.clear();
            self.findings.push(finding::nothing_shown().at(shared.place("users")));
        }
        if self.doubtful {
            self.findings.push(finding::shown_to_two().at(shared.place("users")));
        }
        if self.views.forgets {
            self.complete = false;
            self.views.whole.clear();
        }
        let mut findings = self.refused.told(&shared);
        findings.append(&mut self.findings);
        let moves = !matches!(self.request.mode, PullMode::Backfill { .. });
        Ok(PullEnd {
            complete: self.complete,
            short: self.short,
            cursor: self.points.written().filter(|_| moves),
            findings,
            views: Some(Box::new(std::mem::take(&mut self.views))),
            ..PullEnd::default()
        })
    }
}

#[async_trait]
impl Pull for CrowdPull {
    async fn next_page(&mut self) -> Result<Step, ConnectorError> {
        loop {
            let Some(mut turn) = self.turn.take() else {
                let Some(user) = self.left.pop_front() else { return self.end().map(Step::End) };
                let cursor = self.points.of(&user);
                match self.begin(user, cursor) {
                    Ok(turn) => self.turn = Some(turn),
                    Err((user, error)) => self.leave_out(&user, error)?,
                }
                continue;
            };
            match turn.pull.next_page().await {
                Ok(Step::Page(page)) => {
                    let page = self.passed(&turn.user, page);
                    self.turn = Some(turn);
                    if !page.records.is_empty() || !page.rejected.is_empty() || page.cursor.is_some() {
                        return Ok(Step::Page(page));
                    }
                }
                Ok(Step::End(end)) => self.ended(&turn.user, end),
                Err(error) if turn.goes_on && error.finding.code == MARK_REFUSED => {
                    // Their point counts no more: everything of theirs is read again, nobody else's.
                    self.findings.push(*error.finding);
                    match self.begin(turn.user, None) {
                        Ok(turn) => self.turn = Some(turn),
                        Err((user, error)) => self.leave_out(&user, error)?,
                    }
                }
                Err(error) => self.leave_out(&turn.user, error)?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::users::id_of;
    use super::*;

    #[test]
    fn points_of_users_hold_no_account_and_another_shape_is_none() {
        let mut points = Points::read(None);
        points.users.insert(shown_id(id_of("an.nv")), "x".into());
        let written = points.written().expect("a cursor");
        assert!(!written.0.contains("an.nv"), "{}", written.0);
        assert_eq!(Points::read(Some(&written)).users, points.users);
        assert!(Points::read(Some(&Cursor("{\"v\":1,\"since\":\"\"}".into()))).users.is_empty());
        assert!(Points::read(None).written().is_none());
    }
}
