//! The mappers of the running installation: loaded while in use, taught by every new decision, trained anew seldom.
//!
//! Owns what they have learned and when they are trained. A decision teaches the catalog version it was made in, and others
//! where its code names the same product. New decisions are read alone and learned at once; a full
//! training (rarity of words, calibration) follows on a thread of its own when decisions grew by a tenth or one was
//! taken back, one at a time, and is swapped in when it is done. Until then text decisions for the products of decisions
//! taken back are doubted. After a start and after each full training a mapper is what [`Mapper::build`] makes of the
//! same catalog, rules and decisions, whatever was learned in between. `supposed` asks what they would be had they learned more. It must
//! not know tasks that wait, nor write anything. A training that fails leaves the mappers there are and what is doubted; the next one is tried after the rest.

mod supposed;

pub(super) use supposed::{Ahead, Moment, Supposed};

use super::alike::{Decided, MOST_DECIDED};
use super::app::App;
use super::brought::Brought;
use super::step::Bell;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::domain::{CatalogProduct, CatalogVersion, ProductCode};
use crate::error::{Finding, Text};
use crate::mapping::{DecidedBy, Example, Mapper, MappingDecision, Options, Outcome, RuleBook, TaskText};
use crate::store::{DecisionMarks, ForeignExample, Taught};
use crate::telemetry::name;
use crate::text::fold;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// A full training follows when decisions grew by one in so many since the last one.
const GROWTH: usize = 10;
/// After a full training there is none for at least this long, and for so many times as long as it took; after a
/// decision was taken back for once as long.
const REST: TimeDelta = TimeDelta::seconds(5);
const RESTS: i32 = 10;
/// Decisions learned at once; when one order settles more, the full training learns the others.
const AT_ONCE: usize = 200;
/// Most decisions and most examples of other installations that the ranking is trained on: the latest. Of older ones it
/// is known what they are, so that no text match says otherwise.
const MOST: usize = 20_000;
/// Entries of the history before the last known one that are read again: others may commit later what they began before.
const OVERLAP: i64 = 200;
/// A mapper nobody needed for so long is given up.
const UNUSED: TimeDelta = TimeDelta::hours(12);

/// The mapper of one catalog version.
struct Loaded {
    version: CatalogVersion,
    names: Arc<Names>,
    mapper: Mapper,
    used_at: DateTime<Utc>,
}

/// What the products of a catalog version are called, folded.
type Names = HashMap<ProductCode, String>;

/// What a decision said: the product, and the catalog version it is of.
type Said = (CatalogVersion, Option<ProductCode>);

/// Something decided, and what its product is called where it was; none = wherever the code stands.
#[derive(Debug, Clone)]
struct Lesson {
    example: Example,
    meant: Option<String>,
}

impl Lesson {
    /// Whether it says anything of a catalog: one that has another product under its code it does not teach.
    fn teaches(&self, names: &Names) -> bool {
        match (&self.example.product, &self.meant) {
            (Some(code), Some(meant)) => names.get(code) == Some(meant),
            _ => true,
        }
    }
}

/// Something decided just now; `whole` = the ranking learns it at once, `ours` = it outranks what is known of such a task.
#[derive(Debug, Clone)]
struct Fresh {
    lesson: Lesson,
    whole: bool,
    ours: bool,
}

/// What a training made.
type Trained = (CatalogVersion, Arc<Names>, Mapper);

/// A full training under way.
struct Running {
    trained: mpsc::UnboundedReceiver<Trained>,
    began: DateTime<Utc>,
    /// How many mappers are still to come, and how many decisions were learned at once before it began.
    to_come: usize,
    since: usize,
    /// How many examples and how many doubts its examples account for.
    examples: usize,
    doubts: usize,
}

/// What there is to learn.
#[derive(Clone)]
struct Lessons {
    /// What the ranking is trained on: examples of others first, then ours in the order decided.
    trained: Arc<[Lesson]>,
    /// What was decided before, the latest first, each title once.
    older: Arc<[Lesson]>,
    /// How many decisions and examples are not trained on.
    left_out: usize,
}

/// The mappers and what they have learned.
#[derive(Default)]
pub(super) struct Mappers {
    /// How far decisions are known; none = nothing was read yet.
    marks: Option<DecisionMarks>,
    /// Orders known to have taken others back. One that was restored can be taken back again, by another order.
    undone: BTreeSet<i64>,
    /// What each task of ours taught.
    learned: HashMap<i64, Said>,
    /// The examples of other installations there are.
    brought: Brought,
    /// What the products of the catalog versions that were met are called: a version never changes.
    names: HashMap<CatalogVersion, Arc<Names>>,
    loaded: Vec<Loaded>,
    /// Decided since the examples of the running training were read.
    recent: Vec<Fresh>,
    /// What people decided lately and nobody asked for yet, the latest [`MOST_DECIDED`].
    decided: VecDeque<Decided>,
    /// Products of decisions that were taken back and are still in the mappers; none = outside the catalog.
    doubted: Vec<Option<ProductCode>>,
    /// Something is ranked otherwise, and nobody asked yet.
    changed: bool,
    /// Examples of the last full training, and how many were learned since.
    trained_on: usize,
    since: usize,
    /// Something was taken back, or more came than is learned at once.
    stale: bool,
    rests_until: Option<DateTime<Utc>>,
    running: Option<Running>,
    /// Whoever trains holds it: one training at a time.
    turn: Arc<Mutex<()>>,
    /// Full trainings so far, one per mapper.
    trainings: u64,
    /// Decisions and examples the last full training left out.
    left_out: usize,
    /// The last full training died.
    failed: bool,
}

impl Mappers {
    /// Learns what people decided since the last call, takes over what was trained meanwhile and begins a training that
    /// is due.
    pub async fn follow(&mut self, app: &App) -> Result<(), Finding> {
        let now = app.clock.now();
        self.loaded.retain(|loaded| now - loaded.used_at < UNUSED);
        let marks = app.store.decision_marks().await.map_err(|error| error.finding())?;
        self.changed |= self.take_over(app.clock).await?;
        match self.marks.clone() {
            Some(seen) if seen == marks => {}
            Some(seen) => {
                self.take_up(app, seen, marks).await?;
                self.changed = true;
            }
            None => {
                let undone = app.store.undoings().await.map_err(|error| error.finding())?;
                let (mut learned, mut after) = (HashMap::new(), 0);
                loop {
                    let page = app.store.decided_products(after, MOST).await;
                    let page = page.map_err(|error| error.finding())?;
                    let Some((last, ..)) = page.last() else { break };
                    after = *last;
                    learned
                        .extend(page.into_iter().map(|(task, version, product)| (task, (version, product))));
                }
                self.undone = undone.into_iter().map(|(undo, _)| undo).collect();
                self.learned = learned;
                self.marks = Some(marks);
                self.changed = true;
            }
        }
        self.train_if_due(app).await
    }

    /// Whether anything is ranked otherwise since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Has the mappers of some versions ready; only the first task of a version waits for its training. What there is to learn
    /// is read once for all of them.
    pub async fn load(&mut self, app: &App, versions: &BTreeSet<&CatalogVersion>) -> Result<(), Finding> {
        let mut lessons = None;
        for version in versions {
            self.load_one(app, version, &mut lessons).await?;
        }
        Ok(())
    }

    async fn load_one(
        &mut self,
        app: &App,
        version: &CatalogVersion,
        read: &mut Option<Lessons>,
    ) -> Result<(), Finding> {
        let now = app.clock.now();
        if let Some(loaded) = self.loaded.iter_mut().find(|loaded| loaded.version == *version) {
            loaded.used_at = now;
            return Ok(());
        }
        let products = app.store.catalog_products(version).await.map_err(|error| error.finding())?;
        let lessons = match read.take() {
            Some(lessons) => lessons,
            None => self.lessons(app, None).await?,
        };
        let Lessons { trained, older, left_out } = read.insert(lessons).clone();
        self.left_out = left_out;
        if self.loaded.is_empty() {
            (self.trained_on, self.since, self.stale) = (trained.len(), 0, false);
            self.doubted.clear();
            // What a training of the mappers there were still makes is nobody's, nor is it to account for later doubts.
            self.running = None;
            self.recent.clear();
        }
        let (turn, rules) = (self.turn.clone(), app.policy.rule_book.clone());
        let (options, names) = (options_of(app), self.names_of(app, version).await?);
        let known = names.clone();
        let mapper = tokio::task::spawn_blocking(move || {
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            train_on(&products, &known, rules, (&*trained, &*older), options)
        })
        .await
        .map_err(|_| super::broken("mapper"))?;
        self.count_training();
        self.loaded.push(Loaded { version: version.clone(), names, mapper, used_at: now });
        Ok(())
    }

    /// Decides a task by the mapper of a version; none when it is not loaded.
    pub fn decide(&self, version: &CatalogVersion, task: &TaskText<'_>) -> Option<MappingDecision> {
        let loaded = self.loaded.iter().find(|loaded| loaded.version == *version)?;
        Some(unless_doubted(loaded.mapper.decide(task), &self.doubted))
    }

    /// From which confidence on the words of a title decide alone; none where no confidence is enough.
    pub fn threshold(&self, version: &CatalogVersion) -> Option<f64> {
        let loaded = self.loaded.iter().find(|loaded| loaded.version == *version)?;
        Some(loaded.mapper.threshold()).filter(|threshold| *threshold <= 1.0)
    }

    /// How often orders had been taken back when the store was last asked: what is decided here rests on none of them that is
    /// not doubted, and may rest on what was taken back since.
    pub fn undone(&self) -> Option<u64> {
        self.marks.as_ref().map(|marks| marks.undone)
    }

    /// Full trainings so far, one per mapper.
    pub fn trainings(&self) -> u64 {
        self.trainings
    }

    fn count_training(&mut self) {
        self.trainings += 1;
        metrics::counter!(name::MAPPER_TRAININGS, "kind" => "whole").increment(1);
    }

    /// What the products of a version are called.
    async fn names_of(&mut self, app: &App, version: &CatalogVersion) -> Result<Arc<Names>, Finding> {
        if let Some(names) = self.names.get(version) {
            return Ok(names.clone());
        }
        let products = app.store.catalog_products(version).await.map_err(|error| error.finding())?;
        let names: Names = products.into_iter().map(|one| (one.code, fold(&one.name))).collect();
        let names = Arc::new(names);
        self.names.insert(version.clone(), names.clone());
        Ok(names)
    }

    /// Whether the last full training died.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// After a training that died: everything it was to account for is still to be learned and doubted.
    fn not_trained(&mut self, running: &Running, now: DateTime<Utc>) {
        tracing::warn!("a training of the mappers died");
        self.failed = true;
        self.stale = true;
        self.since = running.since + self.recent.len();
        self.recent.clear();
        self.rests_until = Some(now + REST.max((now - running.began) * RESTS));
    }

    /// Swaps in what a training has ready; whether there was anything.
    async fn take_over(&mut self, clock: Clock) -> Result<bool, Finding> {
        let Some(mut running) = self.running.take() else { return Ok(false) };
        let now = clock.now();
        let mut ready: Vec<Trained> = Vec::new();
        let ended = loop {
            match running.trained.try_recv() {
                Ok(one) => ready.push(one),
                Err(mpsc::error::TryRecvError::Empty) => break false,
                Err(mpsc::error::TryRecvError::Disconnected) => break true,
            }
        };
        if !ready.is_empty() && !self.recent.is_empty() {
            let recent = self.recent.clone();
            let learned = tokio::task::spawn_blocking(move || {
                for (_, names, mapper) in &mut ready {
                    take_in(mapper, names, &recent);
                }
                ready
            })
            .await;
            ready = match learned {
                Ok(ready) => ready,
                Err(_) => {
                    self.not_trained(&running, now);
                    return Ok(false);
                }
            };
        }
        running.to_come = running.to_come.saturating_sub(ready.len());
        let mut changed = false;
        for (version, _, mapper) in ready {
            if let Some(loaded) = self.loaded.iter_mut().find(|loaded| loaded.version == version) {
                loaded.mapper = mapper;
                changed = true;
            }
            self.count_training();
        }
        if !ended {
            self.running = Some(running);
            return Ok(changed);
        }
        if running.to_come > 0 {
            self.not_trained(&running, now);
            return Ok(changed);
        }
        self.failed = false;
        let took = now - running.began;
        self.doubted.drain(..running.doubts.min(self.doubted.len()));
        self.trained_on = running.examples;
        self.since = self.recent.len();
        self.recent.clear();
        let rests = if self.doubted.is_empty() { RESTS } else { 1 };
        self.rests_until = Some(now + REST.max(took * rests));
        // Doubts are gone: what was held back by them is looked at again.
        Ok(changed || running.doubts > 0)
    }

    /// Learns what is new between two marks.
    async fn take_up(&mut self, app: &App, seen: DecisionMarks, marks: DecisionMarks) -> Result<(), Finding> {
        let store = &app.store;
        let mut touched = Vec::new();
        if marks.decided != seen.decided {
            let mut after = seen.decided.saturating_sub(OVERLAP);
            loop {
                let page = store.decided_after(after, MOST).await.map_err(|error| error.finding())?;
                let full = page.len() == MOST;
                after = page.last().map_or(after, |(entry, _)| *entry);
                touched.extend(page.into_iter().map(|(_, task)| task));
                if !full {
                    break;
                }
            }
        }
        let mut undone = Vec::new();
        if marks.undone != seen.undone {
            undone = store.undoings().await.map_err(|error| error.finding())?;
            for (_, order) in undone.iter().filter(|(undo, _)| !self.undone.contains(undo)) {
                touched.extend(store.tasks_of_order(*order).await.map_err(|error| error.finding())?);
            }
        }
        let mut present = store.taught_by(&touched).await.map_err(|error| error.finding())?;
        let mut met = BTreeSet::new();
        touched.retain(|task| met.insert(*task));
        // What comes before the first training is read by it.
        let (foreign, doubted) = if marks.examples == seen.examples || self.loaded.is_empty() {
            (Vec::new(), Vec::new())
        } else {
            self.brought.follow(app, &seen.examples, &marks.examples).await?
        };
        let directory = app.directory().await?;
        let versions: BTreeSet<CatalogVersion> =
            present.values().map(|one| one.catalog_version.clone()).collect();
        for version in &versions {
            self.names_of(app, version).await?;
        }
        // Nothing below can fail: either all of it is known from here on, or none.
        let mut fresh: Vec<(Lesson, bool)> =
            foreign.into_iter().map(|one| (lesson_of_foreign(one), false)).collect();
        self.stale |= !doubted.is_empty();
        self.doubted.extend(doubted);
        for task in touched {
            let (before, now) = (self.learned.get(&task), present.remove(&task));
            if let (Some(before), Some(now)) = (before, &now)
                && *before == said_by(now)
            {
                continue;
            }
            if let Some((_, before)) = self.learned.remove(&task) {
                self.doubted.push(before);
                self.stale = true;
            }
            if let Some(now) = now {
                self.learned.insert(task, said_by(&now));
                fresh.push((self.lesson_of(app, &directory, now), true));
            }
        }
        self.undone.extend(undone.into_iter().map(|(undo, _)| undo));
        self.marks = Some(marks);
        let own = fresh.iter().filter(|(_, ours)| *ours).map(|(lesson, _)| lesson);
        let latest: Vec<Decided> =
            own.rev().take(MOST_DECIDED).map(|lesson| self.decided_by(lesson)).collect();
        self.decided.extend(latest.into_iter().rev());
        self.decided.drain(..self.decided.len().saturating_sub(MOST_DECIDED));
        self.since += fresh.len();
        self.stale |= fresh.len() > AT_ONCE;
        self.learn(fresh_of(fresh)).await
    }

    /// What a decision is about, before it is learned.
    fn decided_by(&self, lesson: &Lesson) -> Decided {
        let teaching = self.loaded.iter().filter(|loaded| lesson.teaches(&loaded.names));
        let thought = teaching.filter_map(|loaded| {
            let best = loaded.mapper.decide(&lesson.example.task()).candidates.into_iter().next();
            best.map(|best| best.product)
        });
        let products = thought.chain(lesson.example.product.clone()).collect();
        Decided { title: lesson.example.title.clone(), products }
    }

    /// What people decided since this was asked last, the latest.
    pub fn take_decided(&mut self) -> Vec<Decided> {
        std::mem::take(&mut self.decided).into()
    }

    async fn learn(&mut self, fresh: Vec<Fresh>) -> Result<(), Finding> {
        if self.loaded.is_empty() || fresh.is_empty() {
            return Ok(());
        }
        if self.running.is_some() {
            self.recent.extend(fresh.iter().cloned());
        }
        // Milliseconds each, more in a large catalog: off the threads that serve requests.
        let mut loaded = std::mem::take(&mut self.loaded);
        self.loaded = tokio::task::spawn_blocking(move || {
            for one in &mut loaded {
                take_in(&mut one.mapper, &one.names, &fresh);
            }
            loaded
        })
        .await
        .map_err(|_| super::broken("mapper"))?;
        metrics::counter!(name::MAPPER_TRAININGS, "kind" => "at_once").increment(1);
        Ok(())
    }

    /// Whether no full training begins yet.
    fn rests(&self, now: DateTime<Utc>) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }

    async fn train_if_due(&mut self, app: &App) -> Result<(), Finding> {
        let now = app.clock.now();
        let grown = self.since > 0 && self.since * GROWTH >= self.trained_on;
        if self.running.is_some() || self.loaded.is_empty() || self.rests(now) || !(self.stale || grown) {
            return Ok(());
        }
        let Lessons { trained: examples, older, left_out } = self.lessons(app, None).await?;
        self.left_out = left_out;
        let mut catalogs: Vec<(CatalogVersion, Arc<Names>, Vec<CatalogProduct>)> = Vec::new();
        for loaded in &self.loaded {
            let products = app.store.catalog_products(&loaded.version).await;
            let products = products.map_err(|error| error.finding())?;
            catalogs.push((loaded.version.clone(), loaded.names.clone(), products));
        }
        let (send, trained) = mpsc::unbounded_channel();
        let running = Running {
            trained,
            began: now,
            to_come: catalogs.len(),
            since: self.since,
            examples: examples.len(),
            doubts: self.doubted.len(),
        };
        let (turn, rules) = (self.turn.clone(), app.policy.rule_book.clone());
        let options = options_of(app);
        let bell = app.bells.get("map").cloned();
        let train = move || {
            // However it ends, whoever takes over looks at once; the end of the channel comes first.
            let _ends = Ends { bell: bell.clone() };
            let send = send;
            for (version, names, products) in catalogs {
                let turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                let lessons = (&*examples, &*older);
                let mapper = train_on(&products, &names, rules.clone(), lessons, options.clone());
                drop(turn);
                if may_fail().is_err() || send.send((version, names, mapper)).is_err() {
                    return; // The installation began anew.
                }
                if let Some(bell) = &bell {
                    bell.ring();
                }
            }
        };
        // A thread of its own, whose end nothing waits for when the process ends.
        std::thread::Builder::new()
            .name("train-mappers".to_owned())
            .spawn(train)
            .map_err(|_| super::broken("training"))?;
        self.recent.clear();
        self.stale = false;
        self.since = 0;
        self.running = Some(running);
        Ok(())
    }

    /// Everything decided so far, as it stands in the store, and what is supposed to be decided besides.
    async fn lessons(&mut self, app: &App, supposed: Option<&Supposed>) -> Result<Lessons, Finding> {
        let directory = app.directory().await?;
        // What was decided a moment ago is learned by all mappers alike, at the next look.
        let (mut own, mut older, mut met, mut left_out) = (Vec::new(), Vec::new(), HashSet::new(), 0);
        let mut before: Option<Taught> = None;
        loop {
            let page = app.store.taught(before.as_ref(), MOST).await.map_err(|error| error.finding())?;
            let latest = before.is_none();
            before = page.last().cloned();
            let full = page.len() == MOST;
            for one in page {
                let anew = supposed.is_some_and(|supposed| supposed.decides(one.task));
                if anew || self.learned.get(&one.task) != Some(&said_by(&one)) {
                    continue;
                }
                self.names_of(app, &one.catalog_version).await?;
                let lesson = self.lesson_of(app, &directory, one);
                if latest {
                    own.push(lesson);
                } else {
                    left_out += 1;
                    keep_once(&mut met, &mut older, lesson);
                }
            }
            if !full {
                break;
            }
        }
        own.reverse();
        own.extend(supposed.into_iter().flat_map(Supposed::own).cloned());
        let counting = self.marks.clone().unwrap_or_default().examples;
        let mut foreign = self.brought.read(app, &counting).await?;
        if let Some(supposed) = supposed {
            foreign = supposed.with_examples(foreign);
        }
        let trained = foreign.split_off(foreign.len().saturating_sub(MOST));
        left_out += foreign.len();
        for one in foreign.into_iter().rev() {
            keep_once(&mut met, &mut older, lesson_of_foreign(one.example));
        }
        let trained = trained.into_iter().map(|one| lesson_of_foreign(one.example));
        Ok(Lessons { trained: trained.chain(own).collect(), older: older.into(), left_out })
    }

    /// A task of ours as a lesson, with the evidence the mapping step decides by. The names of its version are known.
    fn lesson_of(&self, app: &App, directory: &Directory, taught: Taught) -> Lesson {
        let of = (&taught.source, taught.people.as_slice());
        let (unit, unit_kind) = app.body_of_task(directory, of, taught.assigned_on);
        let system = app.sources.get(&taught.source).map(|source| source.system.clone());
        let names = self.names.get(&taught.catalog_version);
        // Of a product its own catalog does not have nothing is learned anywhere.
        let meant = taught
            .product
            .as_ref()
            .map(|code| names.and_then(|names| names.get(code)).cloned().unwrap_or_default());
        let example = Example {
            title: taught.title,
            doc_type: taught.doc_type,
            category: taught.category,
            source_system: system.unwrap_or_default(),
            unit,
            unit_kind,
            product: taught.product,
            also_ok: Vec::new(),
        };
        Lesson { example, meant }
    }

    /// How many decisions and examples the ranking was not trained on, being older than the most it takes.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

/// Keeps an older lesson unless a later one of the same words and circumstances about a product of that name is kept.
fn keep_once(met: &mut HashSet<[String; 6]>, older: &mut Vec<Lesson>, lesson: Lesson) {
    let example = &lesson.example;
    let meant = lesson.meant.clone().unwrap_or_default();
    let key =
        [&example.title, &example.doc_type, &example.category, &example.source_system, &example.unit, &meant];
    if met.insert(key.map(Clone::clone)) {
        older.push(lesson);
    }
}

/// A mapper of what the lessons say of a catalog: those it is trained on, and the older ones.
fn train_on(
    products: &[CatalogProduct],
    names: &Names,
    rules: RuleBook,
    (trained, older): (&[Lesson], &[Lesson]),
    options: Options,
) -> Mapper {
    let of_it = |lessons: &[Lesson]| -> Vec<Example> {
        let teaching = lessons.iter().filter(|lesson| lesson.teaches(names));
        teaching.map(|lesson| lesson.example.clone()).collect()
    };
    let mut mapper = Mapper::build(products, rules, &of_it(trained), options);
    mapper.remember(&of_it(older));
    mapper
}

/// Lets a mapper know what was decided just now.
fn take_in(mapper: &mut Mapper, names: &Names, fresh: &[Fresh]) {
    for Fresh { lesson, whole, ours } in fresh.iter().filter(|fresh| fresh.lesson.teaches(names)) {
        match (whole, ours) {
            (true, _) => {
                mapper.learn(&lesson.example);
            }
            (false, true) => mapper.settle(&lesson.example),
            (false, false) => mapper.remember(std::slice::from_ref(&lesson.example)),
        }
    }
}

/// What was decided just now, ours or not, as it is learned: the first of it whole.
fn fresh_of(lessons: Vec<(Lesson, bool)>) -> Vec<Fresh> {
    let fresh = lessons.into_iter().enumerate();
    fresh.map(|(number, (lesson, ours))| Fresh { lesson, whole: number < AT_ONCE, ours }).collect()
}

/// A decision, which goes to a person where text may rest on what was taken back and is not forgotten yet.
fn unless_doubted(mut decision: MappingDecision, doubted: &[Option<ProductCode>]) -> MappingDecision {
    let rests = match &decision.outcome {
        Outcome::Mapped { product, .. } => doubted.iter().any(|doubted| doubted.as_ref() == Some(product)),
        Outcome::Outside => doubted.contains(&None),
        Outcome::Review => false,
    };
    if rests && decision.decided_by == DecidedBy::Text {
        decision.outcome = Outcome::Review;
        decision.reason = Text::new(
            "một quyết định về sản phẩm này vừa bị rút lại; xếp hạng lại sau khi học xong",
            "a decision about this product was taken back just now; ranked again once that is learned",
        );
    }
    decision
}

/// Rings when a training ends, also when it dies.
struct Ends {
    bell: Option<Bell>,
}

impl Drop for Ends {
    fn drop(&mut self) {
        if let Some(bell) = &self.bell {
            bell.ring();
        }
    }
}

/// A training that dies where a test asks for it.
fn may_fail() -> Result<(), ()> {
    crate::failpoint!("map::inside_training", ());
    Ok(())
}

/// What a decision says.
fn said_by(taught: &Taught) -> Said {
    (taught.catalog_version.clone(), taught.product.clone())
}

fn options_of(app: &App) -> Options {
    Options { target_precision: app.policy.target_precision, abbreviations: app.policy.abbreviations.clone() }
}

fn lesson_of_foreign(one: ForeignExample) -> Lesson {
    let meant = one.product_name.as_deref().map(fold);
    let example = Example {
        title: one.title,
        doc_type: one.doc_type,
        category: one.category,
        source_system: one.source_system,
        unit: one.unit,
        unit_kind: None,
        product: one.product,
        also_ok: Vec::new(),
    };
    Lesson { example, meant }
}
