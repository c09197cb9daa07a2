//! What the mappers would be had they learned something more: asked before an order counts, and nothing is changed by it.
//!
//! Owns the copy that learns it. A mapper in use is copied and taught as the step would teach it; where none is, or where a full training
//! would follow at once, one is trained with it among its lessons, as the step will do. Whoever asks holds [`App::foreseeing`] and
//! gives up one such mapper before asking for the next, so that there is one at a time. What still later trainings make of it is not foreseen.

use super::{
    AT_ONCE, Decided, Fresh, GROWTH, Lesson, Lessons, Mapper, Mappers, fresh_of, lesson_of_foreign,
    options_of, said_by, take_in, train_on, unless_doubted,
};
use crate::domain::{CatalogVersion, ProductCode};
use crate::error::Finding;
use crate::mapping::{MappingDecision, TaskText};
use crate::pipeline::app::App;
use crate::pipeline::brought::{newest_of, supposed};
use crate::store::{BroughtExample, ForeignExample, Taught};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

/// What is learned of an order whole, and so its titles whose like are looked for.
const MOST_ASKED: usize = AT_ONCE;

/// How far it is looked ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pipeline) enum Ahead {
    /// As far as the full training that has to follow, whenever it will: of an order somebody still thinks about.
    Whole,
    /// To what the step does next: of an order that counts at once, one of many perhaps, whose author goes on to the following one.
    Next,
}

/// By which mapper a task is decided once something more is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pipeline) enum Moment {
    /// By the one in use, which learned it at once.
    AtOnce,
    /// By the one of the full training that follows.
    Trained,
}

/// What an order would teach.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Supposed {
    fresh: Vec<Fresh>,
    /// Its tasks.
    tasks: BTreeSet<i64>,
    /// The examples of others it brings.
    examples: Vec<ForeignExample>,
    /// Products of what it overrules.
    doubted: Vec<Option<ProductCode>>,
    /// It is asked what a full training makes of it.
    trains: bool,
    /// A full training follows it that is not asked.
    later: bool,
}

impl Supposed {
    /// Whether a full training may make more of it than is asked here.
    pub fn is_open(&self) -> bool {
        self.later
    }

    /// Whether a task is decided by it.
    pub(super) fn decides(&self, task: i64) -> bool {
        self.tasks.contains(&task)
    }

    /// What it teaches of tasks of ours, in the order decided.
    pub(super) fn own(&self) -> impl Iterator<Item = &Lesson> {
        self.fresh.iter().filter(|fresh| fresh.ours).map(|fresh| &fresh.lesson)
    }

    /// The newest examples of each text once it counts.
    pub(super) fn with_examples(&self, mut present: Vec<BroughtExample>) -> Vec<BroughtExample> {
        present.extend(supposed(&self.examples));
        newest_of(present)
    }
}

/// A mapper that learned something which is not decided.
pub(in crate::pipeline) struct Supposing {
    mapper: Mapper,
    doubted: Vec<Option<ProductCode>>,
}

impl Supposing {
    /// Decides a task as the mapper of its version would.
    pub fn decide(&self, task: &TaskText<'_>) -> MappingDecision {
        unless_doubted(self.mapper.decide(task), &self.doubted)
    }
}

impl Mappers {
    /// What decisions about tasks, in order of their numbers, and examples of others would teach, and what they are about, the
    /// latest.
    pub async fn suppose(
        &mut self,
        app: &App,
        taught: Vec<Taught>,
        examples: &[ForeignExample],
        ahead: Ahead,
    ) -> Result<(Supposed, Vec<Decided>), Finding> {
        let directory = app.directory().await?;
        let (mut lessons, mut doubted): (Vec<(Lesson, bool)>, Vec<Option<ProductCode>>) = Default::default();
        if !examples.is_empty() {
            let mut brings = self.brought.would_bring(examples).filter(|_| !self.loaded.is_empty());
            if brings.is_none() {
                let counting = self.marks.clone().unwrap_or_default().examples;
                self.brought.read(app, &counting).await?;
                brings = self.brought.would_bring(examples);
            }
            let (fresh, overruled) = brings.unwrap_or_default();
            lessons.extend(fresh.into_iter().map(|one| (lesson_of_foreign(one), false)));
            doubted.extend(overruled);
        }
        let mut tasks = BTreeSet::new();
        for one in taught {
            let before = self.learned.get(&one.task);
            if before == Some(&said_by(&one)) {
                continue;
            }
            doubted.extend(before.map(|(_, product)| product.clone()));
            tasks.insert(one.task);
            self.names_of(app, &one.catalog_version).await?;
            lessons.push((self.lesson_of(app, &directory, one), true));
        }
        let latest = lessons.iter().rev().take(MOST_ASKED);
        let decided = latest.map(|(lesson, _)| self.decided_by(lesson)).collect();
        let grown = (self.since + lessons.len()) * GROWTH >= self.trained_on;
        let stale = self.stale || !doubted.is_empty() || lessons.len() > AT_ONCE;
        let follows = grown || stale || self.running.is_some();
        let at_once = self.running.is_none() && !self.rests(app.clock.now());
        let trains = follows && (ahead == Ahead::Whole || at_once);
        let fresh = fresh_of(lessons);
        let later = follows && !trains;
        Ok((Supposed { fresh, tasks, examples: examples.to_vec(), doubted, trains, later }, decided))
    }
}

impl App {
    /// The mapper of a version once something more is learned; none where that teaches it nothing, or none is made at that moment.
    pub(in crate::pipeline) async fn supposing(
        &self,
        version: &CatalogVersion,
        supposed: &Supposed,
        moment: Moment,
    ) -> Result<Option<Supposing>, Finding> {
        let mut mappers = self.mappers.clone().lock_owned().await;
        let names = mappers.names_of(self, version).await?;
        if !supposed.fresh.iter().any(|fresh| fresh.lesson.teaches(&names)) {
            return Ok(None);
        }
        let mut doubted = Vec::new();
        let at = mappers.loaded.iter().position(|loaded| loaded.version == *version);
        let made = if moment == Moment::AtOnce {
            let Some(at) = at else { return Ok(None) };
            doubted = [mappers.doubted.as_slice(), &supposed.doubted].concat();
            let fresh = supposed.fresh.clone();
            tokio::task::spawn_blocking(move || {
                let mut mapper = mappers.loaded.get(at)?.mapper.clone();
                drop(mappers);
                take_in(&mut mapper, &names, &fresh);
                Some(mapper)
            })
        } else {
            if at.is_some() && !supposed.trains {
                return Ok(None);
            }
            let Lessons { trained, older, .. } = mappers.lessons(self, Some(supposed)).await?;
            let turn = Arc::clone(&mappers.turn);
            drop(mappers);
            let products = self.store.catalog_products(version).await.map_err(|error| error.finding())?;
            let (rules, options) = (self.policy.rule_book.clone(), options_of(self));
            tokio::task::spawn_blocking(move || {
                let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                Some(train_on(&products, &names, rules, (&*trained, &*older), options))
            })
        };
        let mapper = made.await.map_err(|_| crate::pipeline::broken("mapper"))?;
        Ok(mapper.map(|mapper| Supposing { mapper, doubted }))
    }
}
