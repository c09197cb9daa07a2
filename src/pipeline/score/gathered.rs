//! What scores are computed from, read once and for many people at a time.
//!
//! Owns what is at hand (tasks, decisions, lines made of them, scores held) and its bounds. Whatever is not at hand is
//! read when it is asked for; what was let go of is read again. It must not know formulas or the order of people. An
//! error of the store is the caller's.

use super::multiply;
use super::piece::{Piece, Terms, Views};
use crate::directory::Directory;
use crate::domain::rules::CoefficientFreeze;
use crate::domain::{CatalogScope, Exact, Membership, Period, PersonId, RuleSet, ServiceFact, TaskKey};
use crate::error::Finding;
use crate::pipeline::app::App;
use crate::pipeline::derived::LineWriter;
use crate::pipeline::entered::facts;
use crate::pipeline::what_if::Assumed;
use crate::scoring::service::Span;
use crate::scoring::{Judged, SharePart, Shares, TaskFacts, build_shared_lines, source_of};
use crate::store::{PersonTask, ScoreHead, ScoreWrite, StoredDecision, TasksOf, TasksToKeep};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// People whose tasks are read together.
pub(super) const PEOPLE_AT_ONCE: usize = 100;

/// Most tasks held at a time beside those of one group of people.
const MOST_TASKS: usize = 60_000;

/// Most bytes of lines held at a time beside those of one group of people.
const MOST_LINES: usize = 96 << 20;

/// What is asked of a score.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct Asked {
    /// Quarter or month.
    pub period: Period,
    /// View of it.
    pub view: &'static str,
    /// The day judged on.
    pub as_of: NaiveDate,
    /// By which rules.
    pub terms: Arc<Terms>,
}

/// Which derivations are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Derivations {
    /// All: they are compared.
    #[default]
    All,
    /// Those of other inputs than the ones held.
    Moved,
    /// None: totals are compared.
    None,
}

/// What somebody's lines are made for: the period, day, rules and working days.
type Of = (PersonId, Period, NaiveDate, String, Option<String>);

/// Lines at hand.
#[derive(Default)]
struct Lines {
    pieces: HashMap<Of, Views>,
    bytes: usize,
}

/// Tasks and decisions at hand.
#[derive(Default)]
struct Read {
    tasks: HashMap<PersonId, Arc<Vec<PersonTask>>>,
    held: usize,
    decisions: HashMap<PersonId, Arc<Vec<StoredDecision>>>,
    /// Shares of the tasks of people at hand.
    shares: Arc<Shares>,
}

impl Read {
    fn keep_only(&mut self, keep: impl Fn(&PersonId) -> bool) {
        self.tasks.retain(|person, _| keep(person));
        self.decisions.retain(|person, _| keep(person));
        self.held = self.tasks.values().map(|tasks| tasks.len()).sum();
    }
}

/// The scores held of a period and view, by person.
type Heads = HashMap<PersonId, ScoreHead>;

/// Coefficients by product of the version in force on a period's first day; none where none was in force yet.
type Coefficients = Option<HashMap<String, Decimal>>;

/// Facts of service that stand, by person.
pub(in crate::pipeline) type Facts = HashMap<PersonId, Vec<ServiceFact>>;

/// What was read already.
#[derive(Default)]
pub(in crate::pipeline) struct Gathered {
    read: Mutex<Read>,
    lines: Mutex<Lines>,
    heads: tokio::sync::Mutex<HashMap<(Period, &'static str), Heads>>,
    closed: OnceCell<Arc<Vec<Period>>>,
    facts: OnceCell<Arc<Facts>>,
    coefficients: tokio::sync::Mutex<HashMap<Period, Arc<Coefficients>>>,
    terms: tokio::sync::Mutex<HashMap<Period, Arc<Terms>>>,
    /// What is otherwise where the question is what would be; none when scores are computed to be kept.
    assumed: Option<Arc<Assumed>>,
    derivations: Derivations,
}

/// What is read of some people at once.
struct Batch {
    people: Vec<ReadOf>,
    shares: Shares,
}

/// What is read of one person.
struct ReadOf {
    person: PersonId,
    tasks: TasksOf,
    /// Tasks they share in without a stake of their own.
    shared: Vec<PersonTask>,
    decisions: Arc<Vec<StoredDecision>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gathered {
    /// For scores that are compared and never kept.
    pub fn assuming(assumed: Arc<Assumed>) -> Self {
        Self { assumed: Some(assumed), derivations: Derivations::None, ..Self::default() }
    }

    /// For scores that are kept where their inputs are others than those held.
    pub(super) fn keeping() -> Self {
        Self { derivations: Derivations::Moved, ..Self::default() }
    }

    /// Takes over what another one read of people that is not read yet, with what is otherwise here; lets go of what
    /// the other one let go of.
    pub fn adopt(&self, other: &Self) {
        let (mut mine, other) = (lock(&self.read), lock(&other.read));
        mine.keep_only(|person| other.tasks.contains_key(person));
        mine.shares = other.shares.clone();
        if let Some(assumed) = self.assumed.as_ref().filter(|assumed| !assumed.shares.is_empty()) {
            assumed.share(Arc::make_mut(&mut mine.shares));
        }
        for (person, decisions) in &other.decisions {
            mine.decisions.entry(*person).or_insert_with(|| decisions.clone());
        }
        for (person, tasks) in &other.tasks {
            let Entry::Vacant(unread) = mine.tasks.entry(*person) else { continue };
            let Some(assumed) = self.assumed.as_ref().filter(|assumed| assumed.concerns(*person, tasks))
            else {
                unread.insert(tasks.clone());
                continue;
            };
            let mut tasks = (**tasks).clone();
            assumed.change(*person, &mut tasks);
            unread.insert(Arc::new(tasks));
        }
        mine.held = mine.tasks.values().map(|tasks| tasks.len()).sum();
    }

    /// Reads tasks, decisions and shares of some people.
    async fn read(&self, app: &App, people: &[PersonId]) -> Result<Batch, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let mut tasks = match self.derivations {
            Derivations::All => app.store.tasks_in_tables(people).await,
            Derivations::Moved | Derivations::None => app.store.tasks_of(people).await,
        }
        .map_err(told)?;
        let mut decisions = app.store.decisions_of_people(people).await.map_err(told)?;
        let mut shared = app.store.tasks_shared_with(people).await.map_err(told)?;
        let mut shares = Shares::new();
        for entered in app.store.shares_concerning(people).await.map_err(told)? {
            let part = SharePart { person: entered.person, period: entered.period, share: entered.share };
            shares.entry(entered.key).or_default().push(part);
        }
        if let Some(assumed) = &self.assumed {
            assumed.share(&mut shares);
        }
        let of = |person: &PersonId| {
            let shared = shared.remove(person).unwrap_or_default();
            let decisions = Arc::new(decisions.remove(person).unwrap_or_default());
            Some(ReadOf { person: *person, tasks: tasks.remove(person)?, shared, decisions })
        };
        Ok(Batch { people: people.iter().filter_map(of).collect(), shares })
    }

    /// Somebody's tasks with those they share in, as they are or would be; and what is to be kept of them.
    fn unpacked(&self, read: ReadOf) -> Result<(Vec<PersonTask>, Option<TasksToKeep>), Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let keeps = self.derivations == Derivations::Moved;
        let kept = if keeps { read.tasks.to_keep(read.person).map_err(told)? } else { None };
        let mut tasks = read.tasks.tasks(read.person).map_err(told)?;
        tasks.extend(read.shared);
        if let Some(assumed) = &self.assumed {
            assumed.change(read.person, &mut tasks);
        }
        Ok((tasks, kept))
    }

    /// Reads tasks and decisions of those people who are not at hand, all at once. Forgets the others when too much
    /// is held.
    async fn fetch(&self, app: &App, people: &[PersonId]) -> Result<(), Finding> {
        let unknown: Vec<PersonId> = {
            let mut read = lock(&self.read);
            if read.held > MOST_TASKS {
                let keep: BTreeSet<PersonId> = people.iter().copied().collect();
                read.keep_only(|person| keep.contains(person));
            }
            // Decisions may have been let go of while tasks are at hand: lines without them would be other lines.
            let is_read =
                |person: &PersonId| read.tasks.contains_key(person) && read.decisions.contains_key(person);
            people.iter().copied().filter(|person| !is_read(person)).collect()
        };
        for some in unknown.chunks(PEOPLE_AT_ONCE) {
            let batch = self.read(app, some).await?;
            self.hold(app, batch).await?;
        }
        Ok(())
    }

    async fn hold(&self, app: &App, batch: Batch) -> Result<(), Finding> {
        let mut to_keep = Vec::new();
        let mut people = Vec::with_capacity(batch.people.len());
        for read in batch.people {
            let (person, decisions) = (read.person, read.decisions.clone());
            let (tasks, kept) = self.unpacked(read)?;
            to_keep.extend(kept);
            people.push((person, Arc::new(tasks), decisions));
        }
        self.keep_tasks(app, to_keep).await?;
        let mut read = lock(&self.read);
        if !batch.shares.is_empty() {
            // The same task of another batch brings the same parts.
            Arc::make_mut(&mut read.shares).extend(batch.shares);
        }
        for (person, tasks, decisions) in people {
            read.held += tasks.len();
            if let Some(before) = read.tasks.insert(person, tasks) {
                read.held -= before.len();
            }
            read.decisions.insert(person, decisions);
        }
        Ok(())
    }

    /// Gives what `at_hand` finds of somebody, who is read if it finds nothing. What was just fetched may be let go
    /// of by another group of people before it is taken: then it is read once more, for this one alone.
    async fn taken<T>(
        &self,
        app: &App,
        person: PersonId,
        at_hand: impl Fn(&Read, PersonId) -> Option<T>,
    ) -> Result<T, Finding> {
        let known = at_hand(&lock(&self.read), person);
        if let Some(known) = known {
            return Ok(known);
        }
        self.fetch(app, &[person]).await?;
        loop {
            let known = at_hand(&lock(&self.read), person);
            if let Some(known) = known {
                return Ok(known);
            }
            let batch = self.read(app, &[person]).await?;
            self.hold(app, batch).await?;
        }
    }

    /// What was decided about somebody in whatever period.
    pub async fn decisions(&self, app: &App, person: PersonId) -> Result<Arc<Vec<StoredDecision>>, Finding> {
        self.taken(app, person, |read, person| read.decisions.get(&person).cloned()).await
    }

    /// Somebody's lines.
    pub(super) async fn piece(
        &self,
        app: &App,
        directory: &Directory,
        person: PersonId,
        asked: &Asked,
    ) -> Result<Arc<Piece>, Finding> {
        let of = of(person, asked);
        if let Some(views) = lock(&self.lines).pieces.get(&of) {
            return Ok(views.seen(asked.view).clone());
        }
        let coefficients = self.coefficients(app, asked).await?;
        let (tasks, decisions, shares) = self
            .taken(app, person, |read, person| {
                let tasks = read.tasks.get(&person)?.clone();
                Some((tasks, read.decisions.get(&person)?.clone(), read.shares.clone()))
            })
            .await?;
        let known = Known {
            tasks: &tasks,
            decisions: &decisions,
            shares: &shares,
            coefficients: coefficients.as_deref(),
        };
        let writer = &mut LineWriter::of(&asked.terms.rules);
        let views = app.views(directory, person, &known, asked, writer)?;
        let piece = views.seen(asked.view).clone();
        self.keep(of, views);
        Ok(piece)
    }

    fn keep(&self, of: Of, views: Views) {
        let mut lines = lock(&self.lines);
        if lines.bytes > MOST_LINES {
            *lines = Lines::default();
        }
        lines.bytes += views.size();
        lines.pieces.insert(of, views);
    }

    /// Reads of some people what they and those above them need, if it is not at hand.
    pub(super) async fn fetch_for_pool(
        &self,
        app: &App,
        people: &[PersonId],
        asked: &Asked,
    ) -> Result<(), Finding> {
        let missing: Vec<PersonId> = {
            let lines = lock(&self.lines);
            people.iter().copied().filter(|person| !lines.pieces.contains_key(&of(*person, asked))).collect()
        };
        if missing.is_empty() { Ok(()) } else { self.fetch(app, &missing).await }
    }

    /// Reads people and makes their lines for everything asked, on every core, some people read while the lines of
    /// those before them are made. Their tasks are let go of.
    pub(super) async fn prepare(
        self: &Arc<Self>,
        app: &Arc<App>,
        directory: &Arc<Directory>,
        people: &[PersonId],
        asked: &Arc<Vec<Asked>>,
    ) -> Result<(), Finding> {
        let mut making = tokio::task::JoinSet::new();
        let broken = |_| crate::pipeline::broken("lines");
        for some in people.chunks(PEOPLE_AT_ONCE) {
            let Batch { people, shares } = self.read(app, some).await?;
            let mut coefficients = Vec::with_capacity(asked.len());
            for one in asked.iter() {
                coefficients.push(self.coefficients(app, one).await?);
            }
            {
                let mut read = lock(&self.read);
                read.decisions.extend(people.iter().map(|one| (one.person, one.decisions.clone())));
            }
            // One batch is made while the next one is read, and no more wait.
            while let Some(made) = making.join_next().await {
                self.keep_tasks(app, made.map_err(broken)??).await?;
            }
            let (shares, coefficients) = (Arc::new(shares), Arc::new(coefficients));
            let mut halves = people;
            let half = halves.split_off(halves.len() / 2);
            for people in [halves, half] {
                let (gathered, app, directory) = (self.clone(), app.clone(), directory.clone());
                let (asked, shares, coefficients) = (asked.clone(), shares.clone(), coefficients.clone());
                making.spawn_blocking(move || {
                    let mut to_keep = Vec::new();
                    // Whatever is asked is asked by one rule set.
                    let Some(rules) = asked.first().map(|one| &one.terms.rules) else { return Ok(to_keep) };
                    let mut writer = LineWriter::of(rules);
                    for read in people {
                        let (person, decisions) = (read.person, read.decisions.clone());
                        let (tasks, kept) = gathered.unpacked(read)?;
                        to_keep.extend(kept);
                        let mut made: Option<Of> = None;
                        for (one, coefficients) in asked.iter().zip(coefficients.iter()) {
                            let of = of(person, one);
                            // What is made is made for both views.
                            if made.as_ref() != Some(&of) {
                                let coefficients = coefficients.as_deref();
                                let known = Known {
                                    tasks: &tasks,
                                    decisions: &decisions,
                                    shares: &shares,
                                    coefficients,
                                };
                                let views = app.views(&directory, person, &known, one, &mut writer)?;
                                gathered.keep(of.clone(), views);
                                made = Some(of);
                            }
                        }
                    }
                    Ok::<_, Finding>(to_keep)
                });
            }
        }
        while let Some(made) = making.join_next().await {
            self.keep_tasks(app, made.map_err(broken)??).await?;
        }
        Ok(())
    }

    async fn keep_tasks(&self, app: &App, tasks: Vec<TasksToKeep>) -> Result<(), Finding> {
        app.store.keep_tasks(tasks).await.map_err(|error| error.finding())
    }

    /// Lets go of people whose scores are done.
    pub(super) fn let_go(&self, people: &[PersonId], asked: &[Asked]) {
        let mut read = lock(&self.read);
        let mut lines = lock(&self.lines);
        for person in people {
            read.decisions.remove(person);
            for one in asked {
                if let Some(views) = lines.pieces.remove(&of(*person, one)) {
                    lines.bytes = lines.bytes.saturating_sub(views.size());
                }
            }
        }
    }

    /// Every fact of service that stands, by person.
    pub async fn facts(&self, app: &App) -> Result<Arc<Facts>, Finding> {
        let read = || async {
            let mut facts = Facts::new();
            for stored in app.store.service_facts(None, false).await.map_err(|error| error.finding())? {
                facts.entry(stored.person).or_default().push(stored.fact);
            }
            Ok::<_, Finding>(Arc::new(facts))
        };
        self.facts.get_or_try_init(read).await.cloned()
    }

    /// Coefficients of the catalog version in force on a period's first day, by product, where they count instead of
    /// those of the assignment.
    async fn coefficients(&self, app: &App, asked: &Asked) -> Result<Option<Arc<Coefficients>>, Finding> {
        let is_another_catalog = self.assumed.as_ref().is_some_and(|assumed| assumed.coefficients.is_some());
        // Those of an assumed catalog stand with the tasks already: it is the one in force on that day.
        if asked.terms.rules.coefficient_freeze != CoefficientFreeze::AtPeriodStart || is_another_catalog {
            return Ok(None);
        }
        let mut all = self.coefficients.lock().await;
        if let Some(known) = all.get(&asked.period) {
            return Ok(Some(known.clone()));
        }
        let mut heads = app.store.catalogs().await.map_err(|error| error.finding())?;
        // A product of a body's own catalog keeps the coefficient of its assignment.
        heads.retain(|head| head.scope == CatalogScope::Province);
        heads.sort_by_key(|head| head.valid_from);
        // A version that came later holds for nothing before it.
        let valid = heads.iter().rfind(|head| head.valid_from <= asked.period.first_day());
        let known = match valid {
            Some(head) => {
                let products = app.store.catalog_products(&head.version).await;
                let products = products.map_err(|error| error.finding())?.into_iter();
                Some(products.map(|product| (product.code.to_string(), product.coefficient)).collect())
            }
            None => None,
        };
        let known: Arc<Coefficients> = Arc::new(known);
        all.insert(asked.period, known.clone());
        Ok(Some(known))
    }

    /// Asks something of the scores held of a period and view; those written in this run are noted by
    /// [`Gathered::note`].
    async fn of_heads<T>(
        &self,
        app: &App,
        (period, view): (Period, &'static str),
        ask: impl FnOnce(&mut Heads) -> T,
    ) -> Result<T, Finding> {
        let mut heads = self.heads.lock().await;
        let heads = match heads.entry((period, view)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let heads = app.store.score_heads(period, view).await.map_err(|error| error.finding())?;
                unknown.insert(heads)
            }
        };
        Ok(ask(heads))
    }

    /// Whether a score of somebody is held.
    pub async fn holds(
        &self,
        app: &App,
        of: (Period, &'static str),
        person: PersonId,
    ) -> Result<bool, Finding> {
        self.of_heads(app, of, |heads| heads.contains_key(&person)).await
    }

    /// The totals held of some people, exact.
    pub(super) async fn totals(
        &self,
        app: &App,
        of: (Period, &'static str),
        people: &[PersonId],
    ) -> Result<Vec<Option<Exact>>, Finding> {
        let total = |heads: &mut Heads| {
            let text = people.iter().map(|person| heads.get(person).and_then(|head| head.total.as_ref()));
            text.map(|text| text.and_then(|text| text.parse().ok())).collect()
        };
        self.of_heads(app, of, total).await
    }

    /// Whether the derivation of a score with these inputs is wanted. One that is shown under another post is kept anew,
    /// although nothing it is computed from changed.
    pub(super) async fn wants(
        &self,
        app: &App,
        of: (Period, &'static str),
        (person, post): (PersonId, &Membership),
        inputs_hash: &str,
    ) -> Result<bool, Finding> {
        match self.derivations {
            Derivations::All => Ok(true),
            Derivations::None => Ok(false),
            Derivations::Moved => {
                let under = |held: &ScoreHead| {
                    held.post.0 == post.unit.as_str() && held.post.1.as_ref() == Some(&post.post)
                };
                let moved = |heads: &mut Heads| {
                    let held = heads.get(&person).filter(|held| under(held));
                    held.is_none_or(|held| held.inputs_hash != inputs_hash)
                };
                self.of_heads(app, of, moved).await
            }
        }
    }

    /// The rule set of a period with what it counts by; kept in the store, so that its scores can be computed again.
    pub(super) async fn terms(
        &self,
        app: &App,
        period: Period,
        rules: &RuleSet,
    ) -> Result<Arc<Terms>, Finding> {
        let mut all = self.terms.lock().await;
        if let Some(known) = all.get(&period) {
            return Ok(known.clone());
        }
        let terms = Arc::new(app.terms(period, rules)?);
        app.keep_terms(&terms).await?;
        all.insert(period, terms.clone());
        Ok(terms)
    }

    /// Whether any derivation may be wanted.
    pub(super) fn may_want(&self) -> bool {
        self.derivations != Derivations::None
    }

    /// Notes what was written; gives whose score of which period moved.
    pub async fn note(&self, app: &App, writes: &[ScoreWrite]) -> Result<Vec<(PersonId, Period)>, Finding> {
        let mut moved = Vec::new();
        for write in writes {
            let post = write.summary.get("post").and_then(|post| post.as_str()).map(str::to_owned);
            let head = ScoreHead {
                inputs_hash: write.inputs_hash.clone(),
                total: write.total_exact.clone(),
                post: (write.unit.to_string(), post),
            };
            let put = |heads: &mut Heads| {
                let moved = heads.get(&write.person).is_none_or(|held| held.inputs_hash != head.inputs_hash);
                heads.insert(write.person, head);
                moved
            };
            if self.of_heads(app, (write.period, write.scope), put).await? {
                moved.push((write.person, write.period));
            }
        }
        moved.sort();
        moved.dedup();
        Ok(moved)
    }

    pub async fn closed(&self, app: &App) -> Result<Arc<Vec<Period>>, Finding> {
        let read =
            || async { app.store.closed_periods().await.map(Arc::new).map_err(|error| error.finding()) };
        self.closed.get_or_try_init(read).await.cloned()
    }
}

fn of(person: PersonId, asked: &Asked) -> Of {
    (person, asked.period, asked.as_of, asked.terms.hash.clone(), asked.terms.working_days())
}

/// What somebody's lines are made from.
struct Known<'a> {
    tasks: &'a [PersonTask],
    decisions: &'a [StoredDecision],
    shares: &'a Shares,
    /// Those of the period's first day, where they count.
    coefficients: Option<&'a Coefficients>,
}

impl App {
    /// Somebody's lines in both views, made from what was read.
    fn views(
        &self,
        directory: &Directory,
        person: PersonId,
        known: &Known<'_>,
        asked: &Asked,
        writer: &mut LineWriter<'_>,
    ) -> Result<Views, Finding> {
        let rules = &asked.terms.rules;
        let mut judged = self.lines(directory, person, known, asked);
        multiply(&mut judged.lines, directory, person, asked.period, rules);
        multiply(&mut judged.later, directory, person, asked.period, rules);
        let posts = directory.posts(person, asked.period).into_iter();
        let mut days: Vec<Span> = posts.map(|post| (post.from, post.to.unwrap_or(NaiveDate::MAX))).collect();
        if directory.changes_hands(person, asked.period) {
            // Who began or ceased to lead them answers for some of the days of any post.
            days.clear();
        }
        Views::of(judged, &days, writer)
    }

    fn lines(&self, directory: &Directory, person: PersonId, known: &Known<'_>, asked: &Asked) -> Judged {
        let Asked { period, as_of, terms, .. } = asked;
        let (period, rules) = (*period, &terms.rules);
        let mut facts: Vec<TaskFacts<'_>> =
            known.tasks.iter().map(|task| facts(task, known.decisions, period, rules)).collect();
        // Whoever has a stake in a task that counts as another one has one in that as well.
        let duplicates: Vec<(&TaskKey, &TaskKey)> =
            known.tasks.iter().filter_map(|task| Some((task.counts_as.as_ref()?, &task.task.key))).collect();
        for fact in &mut facts {
            fact.also =
                duplicates.iter().filter(|(of, _)| *of == fact.key).map(|(_, other)| *other).collect();
        }
        if let Some(Some(coefficients)) = known.coefficients {
            for (code, coefficient) in facts.iter_mut().filter_map(|fact| fact.product.as_mut()) {
                // A product the version lacks keeps the coefficient of its assignment.
                *coefficient = coefficients.get(*code).copied().unwrap_or(*coefficient);
            }
        }
        let mut judged =
            build_shared_lines(&facts, known.shares, person, period, *as_of, rules, &terms.calendar);
        if matches!(known.coefficients, Some(None)) {
            let first = period.first_day();
            judged.lines.iter_mut().chain(&mut judged.later).for_each(|line| {
                line.notes.push(format!("no catalog version in force on {first}: k of the assignment"));
            });
        }
        let leads = |task: &&PersonTask| task.mapping.as_ref().is_some_and(|product| product.leadership);
        let leadership: Vec<String> =
            known.tasks.iter().filter(leads).map(|task| source_of(&task.task.key)).collect();
        if !leadership.is_empty() && !directory.is_leader(person, period) {
            // Leadership work is that of heads and deputies (Đ15.1.b).
            judged.leave_out("leadership_product", |line| leadership.contains(&line.source));
        }
        judged
    }
}
