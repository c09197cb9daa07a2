//! Scores of people and periods that are due, bottom-up.
//!
//! Owns the gathering of a score's inputs (tasks, mappings, decisions, subordinates) and the order: staff
//! before their leaders. A score whose inputs are the same is not written again; one that moved makes the
//! leaders above it due. Both views of a quarter are computed; the year follows from recorded quarters. The first
//! run of a day marks what the day alone changes.

use super::app::App;
use super::step::{Step, StepReport};
use crate::directory::Directory;
use crate::domain::rules::{DPopulation, LeaderScope, ProvisionalView, TransferPolicy};
use crate::domain::{Component, DecisionKind, Exact, Period, PersonId, RecordState, RuleSet};
use crate::error::Finding;
use crate::evaluation::{Content, Figure, LineCounts, Part};
use crate::scoring::year::{RecordedQuarter, score_year};
use crate::scoring::{
    Criteria, Excluded, Line, Number, PersonInput, Subordinate, TaskFacts, build_lines, check_entries,
    score_person,
};
use crate::store::{MappingState, PersonTask, ScoreHead, ScoreWrite, StoredDecision};
use async_trait::async_trait;
use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use sha2::{Digest as _, Sha256};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Marks taken per run.
const BATCH: usize = 400;

/// View of a quarter while it is open.
pub const TO_DATE: &str = "to_date";
/// View of a whole quarter, official at its close.
pub const FULL_PERIOD: &str = "full_period";
/// View of a year.
pub const YEAR: &str = "year";

/// The scoring step.
pub struct Score(pub Arc<App>);

#[async_trait]
impl Step for Score {
    fn name(&self) -> &'static str {
        "score"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn pokes(&self) -> &[&'static str] {
        &["record"]
    }

    async fn run(&self) -> Result<StepReport, Finding> {
        let app = &self.0;
        app.begin_day().await?;
        let mut marks = app.store.scores_due(BATCH).await.map_err(|error| error.finding())?;
        if marks.is_empty() {
            return Ok(StepReport::default());
        }
        let mut more = marks.len() == BATCH;
        let directory = app.directory().await?;
        marks.sort_by_key(|(person, period, _)| (*period, directory.rank(*person, *period)));
        let mut gathered = Gathered::default();
        let mut done = 0;
        // People of one rank do not depend on each other; the ranks above read what these wrote.
        while !marks.is_empty() {
            let (_, period, _) = marks[0];
            let rank = directory.rank(marks[0].0, period);
            let split = marks
                .iter()
                .position(|(person, other, _)| *other != period || directory.rank(*person, period) != rank)
                .unwrap_or(marks.len());
            let same_rank: Vec<_> = marks.drain(..split).collect();
            let mut writes = Vec::new();
            for (person, period, _) in &same_rank {
                writes.extend(app.score(&directory, &mut gathered, *person, *period).await?);
            }
            let moved = gathered.note(app, &writes).await?;
            let due: Vec<(PersonId, Period)> = moved
                .iter()
                .filter(|(_, period)| !period.is_year())
                .flat_map(|(person, period)| {
                    directory.leaders_of(*person, *period).into_iter().map(|leader| (leader, *period))
                })
                .collect();
            // Leaders are marked anew by those they lead, also when this run has them still before it.
            more |= !due.is_empty();
            crate::failpoint!("score::before_save");
            app.store.save_scores(&writes, &same_rank, &due).await.map_err(|error| error.finding())?;
            crate::failpoint!("score::after_save");
            done += same_rank.len() as u64;
        }
        Ok(StepReport { done, more, ..StepReport::default() })
    }
}

/// What one run has read already: people's tasks are read once however many leaders answer for them.
#[derive(Default)]
pub(super) struct Gathered {
    tasks: HashMap<PersonId, Arc<Vec<PersonTask>>>,
    decisions: HashMap<(PersonId, Period), Arc<Vec<StoredDecision>>>,
    heads: HashMap<(Period, &'static str), HashMap<PersonId, ScoreHead>>,
    closed: Option<Arc<Vec<Period>>>,
}

impl Gathered {
    async fn tasks(&mut self, app: &App, person: PersonId) -> Result<Arc<Vec<PersonTask>>, Finding> {
        if let Some(tasks) = self.tasks.get(&person) {
            return Ok(tasks.clone());
        }
        let tasks = Arc::new(app.store.person_tasks(person).await.map_err(|error| error.finding())?);
        self.tasks.insert(person, tasks.clone());
        Ok(tasks)
    }

    /// The scores held of a period and view; those written in this run are noted by [`Gathered::note`].
    async fn heads(
        &mut self,
        app: &App,
        period: Period,
        view: &'static str,
    ) -> Result<&HashMap<PersonId, ScoreHead>, Finding> {
        match self.heads.entry((period, view)) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                let heads = app.store.score_heads(period, view).await.map_err(|error| error.finding())?;
                Ok(unknown.insert(heads))
            }
        }
    }

    /// Notes what was written; gives whose score of which period moved.
    async fn note(&mut self, app: &App, writes: &[ScoreWrite]) -> Result<Vec<(PersonId, Period)>, Finding> {
        let mut moved = Vec::new();
        for write in writes {
            self.heads(app, write.period, write.scope).await?;
            let heads = self.heads.entry((write.period, write.scope)).or_default();
            let head = ScoreHead { inputs_hash: write.inputs_hash.clone(), total: write.total_exact.clone() };
            if heads.get(&write.person).is_none_or(|held| held.inputs_hash != head.inputs_hash) {
                moved.push((write.person, write.period));
            }
            heads.insert(write.person, head);
        }
        moved.sort();
        moved.dedup();
        Ok(moved)
    }

    async fn closed(&mut self, app: &App) -> Result<Arc<Vec<Period>>, Finding> {
        if let Some(closed) = &self.closed {
            return Ok(closed.clone());
        }
        let closed = Arc::new(app.store.closed_periods().await.map_err(|error| error.finding())?);
        self.closed = Some(closed.clone());
        Ok(closed)
    }

    async fn decisions(
        &mut self,
        app: &App,
        person: PersonId,
        period: Period,
    ) -> Result<Arc<Vec<StoredDecision>>, Finding> {
        if let Some(decisions) = self.decisions.get(&(person, period)) {
            return Ok(decisions.clone());
        }
        let decisions = app.store.decisions_of(person, period).await.map_err(|error| error.finding())?;
        let decisions = Arc::new(decisions);
        self.decisions.insert((person, period), decisions.clone());
        Ok(decisions)
    }
}

impl App {
    /// The scores of one person and period, both views of a quarter.
    async fn score(
        &self,
        directory: &Directory,
        gathered: &mut Gathered,
        person: PersonId,
        period: Period,
    ) -> Result<Vec<ScoreWrite>, Finding> {
        let rules = self.rule_set(period)?;
        if !directory.is_scored(person, period, rules.population_filter) {
            return Ok(Vec::new());
        }
        // Both views judge what is done by today, at the latest by the period's last day; the full one counts
        // what is not due yet as well.
        let as_of = self.clock.today().min(period.last_day());
        match period {
            Period::Quarter { .. } => {
                let to_date =
                    self.quarter(directory, gathered, person, period, TO_DATE, as_of, rules).await?;
                let full =
                    self.quarter(directory, gathered, person, period, FULL_PERIOD, as_of, rules).await?;
                Ok(to_date.into_iter().chain(full).collect())
            }
            Period::Year(_) => {
                let today = self.clock.today();
                Ok(self.year(directory, gathered, person, period, today, rules).await?.into_iter().collect())
            }
            Period::Half { .. } => Ok(Vec::new()),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "each is one dimension of a score")]
    pub(super) async fn quarter(
        &self,
        directory: &Directory,
        gathered: &mut Gathered,
        person: PersonId,
        period: Period,
        view: &'static str,
        as_of: NaiveDate,
        rules: &RuleSet,
    ) -> Result<Option<ScoreWrite>, Finding> {
        let Some(post) = directory.last_post(person, period) else { return Ok(None) };
        let (mut lines, excluded) = self.lines(gathered, person, period, as_of, view, rules).await?;
        let mut subordinates = Vec::new();
        if post.role.is_leader() {
            if rules.leader_scope == LeaderScope::PooledSubordinates {
                lines.extend(self.pooled(directory, gathered, person, period, as_of, view, rules).await?);
            }
            subordinates = self.subordinates(directory, gathered, person, period, view, rules).await?;
        }
        let decisions = gathered.decisions(self, person, period).await?;
        let (criteria, components) = entered(&decisions, rules);
        let input = PersonInput {
            period,
            role: post.role,
            lines,
            excluded,
            criteria,
            components,
            subordinates,
            unit_result: None,
            worked: directory.part_worked(person, period),
        };
        let inputs_hash = hash_of(&(&input, rules, view))?;
        let derivation = score_person(&input, rules);
        let rule_set_hash = self.keep_rules(rules).await?;
        let counts = LineCounts {
            counted: count(derivation.lines.iter().filter(|line| !line.line.extra).count()),
            extra: count(derivation.lines.iter().filter(|line| line.line.extra).count()),
            excluded: count(derivation.excluded.len()),
        };
        let mut parts = BTreeMap::new();
        for (part, key) in
            [(Part::A, "a"), (Part::B, "b"), (Part::C, "c"), (Part::D, "d"), (Part::Dd, "dd"), (Part::E, "e")]
        {
            put(&mut parts, part, derivation.components.get(key));
        }
        put(&mut parts, Part::R, derivation.criterion.as_ref());
        put(&mut parts, Part::TaskPart, derivation.task_part.as_ref());
        put(&mut parts, Part::General, derivation.general.as_ref());
        put(&mut parts, Part::Total, derivation.total.as_ref());
        let content = Content {
            period,
            role: post.role,
            unit: post.unit.clone(),
            post: post.post.clone(),
            parts,
            level: derivation.level,
            missing: derivation.missing.clone(),
            lines: counts,
            worked: derivation.worked.clone(),
            rule_set: rules.id.to_string(),
            rule_set_hash: rule_set_hash.clone(),
            inputs_hash: inputs_hash.clone(),
            ruling: None,
            remarks: crate::evaluation::Remarks::default(),
        };
        Ok(Some(ScoreWrite {
            person,
            period,
            scope: view,
            unit: post.unit.clone(),
            role: post.role.as_str(),
            rule_set_hash,
            inputs_hash,
            as_of,
            task_part: derivation.task_part.as_ref().map(|number| number.printed.clone()),
            total: derivation.total.as_ref().map(|number| number.printed.clone()),
            total_exact: derivation.total.as_ref().map(|number| number.exact.to_string()),
            summary: serde_json::to_value(&content).map_err(|_| super::broken("score"))?,
            derivation: to_bytes(&derivation)?,
            computed_at: self.clock.now(),
            record_due: self.shown_view(period) == view,
        }))
    }

    /// The view that is shown and a record is made from: while the quarter runs the one its rule set names, the
    /// full period once it is over.
    pub fn shown_view(&self, period: Period) -> &'static str {
        let running = || self.rule_set(period).map(|rules| rules.provisional_view);
        if period.is_year() {
            YEAR
        } else if self.clock.today() > period.last_day() || running() == Ok(ProvisionalView::FullPeriod) {
            FULL_PERIOD
        } else {
            TO_DATE
        }
    }

    /// Marks what time alone changes, on the first run of a day: a task becomes overdue without any word of its
    /// source, a quarter ends and the full period is what counts, the year opens.
    async fn begin_day(&self) -> Result<(), Finding> {
        let today = self.clock.today();
        let before = self.store.day_judged().await.map_err(|error| error.finding())?;
        if before == Some(today) {
            return Ok(());
        }
        let before = before.unwrap_or_else(|| Period::quarter_of(today).previous().first_day());
        let (first, last) = (before.min(today), before.max(today));
        let mut quarters = vec![Period::quarter_of(first)];
        while let Some(quarter) = quarters.last().filter(|quarter| quarter.last_day() < last) {
            quarters.push(quarter.next());
        }
        let years = (first.year()..=last.year())
            .map(Period::Year)
            .filter(|year| (first..=last).contains(&self.year_opens(*year)))
            .collect::<Vec<_>>();
        self.store.begin_day(today, &quarters, &years).await.map_err(|error| error.finding())
    }

    /// The day from which a year is computed.
    fn year_opens(&self, year: Period) -> NaiveDate {
        let (month, day) = self.policy.year_opens;
        NaiveDate::from_ymd_opt(year.year(), month, day).unwrap_or(year.last_day())
    }

    async fn lines(
        &self,
        gathered: &mut Gathered,
        person: PersonId,
        period: Period,
        as_of: NaiveDate,
        view: &str,
        rules: &RuleSet,
    ) -> Result<(Vec<Line>, Vec<Excluded>), Finding> {
        let tasks = gathered.tasks(self, person).await?;
        let decisions = gathered.decisions(self, person, period).await?;
        let facts: Vec<TaskFacts<'_>> = tasks.iter().map(|task| facts(task, &decisions)).collect();
        Ok(build_lines(&facts, period, as_of, view == TO_DATE, rules, &self.policy.calendar))
    }

    /// The lines of everyone in a leader's charge, each for the days the person was theirs.
    #[allow(clippy::too_many_arguments, reason = "each is one dimension of a score")]
    async fn pooled(
        &self,
        directory: &Directory,
        gathered: &mut Gathered,
        leader: PersonId,
        period: Period,
        as_of: NaiveDate,
        view: &str,
        rules: &RuleSet,
    ) -> Result<Vec<Line>, Finding> {
        let mut pooled = Vec::new();
        let split = rules.transfer_policy == TransferPolicy::SplitByEffectiveDate;
        for (person, spans) in directory.charge(leader, period, split, rules.population_filter) {
            let (lines, _) = self.lines(gathered, person, period, as_of, view, rules).await?;
            let name = directory.person(person).map(|known| known.staff_number.to_string());
            for mut line in lines {
                let day = line.counted_on;
                if spans.iter().any(|(from, to)| *from <= day && day <= *to) {
                    line.of.clone_from(&name);
                    pooled.push(line);
                }
            }
        }
        Ok(pooled)
    }

    async fn subordinates(
        &self,
        directory: &Directory,
        gathered: &mut Gathered,
        leader: PersonId,
        period: Period,
        view: &'static str,
        rules: &RuleSet,
    ) -> Result<Vec<Subordinate>, Finding> {
        let people = match rules.d_population {
            DPopulation::Direct => directory.direct_subordinates(leader, period, rules.population_filter),
            DPopulation::WholeSubtree => directory.in_charge(leader, period, rules.population_filter),
        };
        let heads = gathered.heads(self, period, view).await?;
        let mut subordinates = Vec::with_capacity(people.len());
        for person in people {
            let total = heads.get(&person).and_then(|head| head.total.as_ref());
            let total = total.and_then(|text| text.parse::<Exact>().ok());
            let name = directory.person(person).map(|known| known.staff_number.to_string());
            subordinates.push(Subordinate { person: name.unwrap_or_default(), total });
        }
        Ok(subordinates)
    }

    pub(super) async fn year(
        &self,
        directory: &Directory,
        gathered: &mut Gathered,
        person: PersonId,
        period: Period,
        as_of: NaiveDate,
        rules: &RuleSet,
    ) -> Result<Option<ScoreWrite>, Finding> {
        let Some(post) = directory.last_post(person, period) else { return Ok(None) };
        if as_of < self.year_opens(period) {
            return Ok(None);
        }
        let quarters = self.recorded_quarters(gathered, person, period).await?;
        if quarters.is_empty() {
            return Ok(None);
        }
        let closed = gathered.closed(self).await?;
        let absent: Vec<Period> = period
            .quarters()
            .into_iter()
            .filter(|quarter| closed.contains(quarter))
            .filter(|quarter| directory.is_scored(person, *quarter, rules.population_filter))
            .filter(|quarter| !quarters.iter().any(|recorded| recorded.period == *quarter))
            .collect();
        let inputs_hash = hash_of(&(&quarters, &absent, rules, YEAR))?;
        let derivation = score_year(period, quarters, &absent, rules);
        let rule_set_hash = self.keep_rules(rules).await?;
        let mut parts = BTreeMap::new();
        put(&mut parts, Part::Total, derivation.total.as_ref());
        let content = Content {
            period,
            role: post.role,
            unit: post.unit.clone(),
            post: post.post.clone(),
            parts,
            level: derivation.level,
            missing: derivation.missing.clone(),
            lines: LineCounts::default(),
            worked: Vec::new(),
            rule_set: rules.id.to_string(),
            rule_set_hash: rule_set_hash.clone(),
            inputs_hash: inputs_hash.clone(),
            ruling: None,
            remarks: crate::evaluation::Remarks::default(),
        };
        Ok(Some(ScoreWrite {
            person,
            period,
            scope: YEAR,
            unit: post.unit.clone(),
            role: post.role.as_str(),
            rule_set_hash,
            inputs_hash,
            as_of,
            task_part: None,
            total: derivation.total.as_ref().map(|number| number.printed.clone()),
            total_exact: derivation.total.as_ref().map(|number| number.exact.to_string()),
            summary: serde_json::to_value(&content).map_err(|_| super::broken("score"))?,
            derivation: to_bytes(&derivation)?,
            computed_at: self.clock.now(),
            record_due: true,
        }))
    }

    /// The quarters of a year whose scores are recorded: imported, or approved and closed here.
    async fn recorded_quarters(
        &self,
        gathered: &mut Gathered,
        person: PersonId,
        year: Period,
    ) -> Result<Vec<RecordedQuarter>, Finding> {
        let mut quarters = BTreeMap::new();
        for (period, row) in self.store.history(person).await.map_err(|error| error.finding())? {
            let score = row.get("score").and_then(|score| score.as_str());
            if let (true, Some(score)) = (is_quarter_of(period, year), score) {
                quarters.insert(
                    period,
                    RecordedQuarter { period, score: score.to_owned(), from: "history".to_owned() },
                );
            }
        }
        let closed = gathered.closed(self).await?;
        for revision in self.store.approved_revisions(person).await.map_err(|error| error.finding())? {
            debug_assert_eq!(revision.state, RecordState::Approved);
            let score = revision.content.pointer("/parts/total/printed").and_then(|total| total.as_str());
            if let (true, true, Some(score)) =
                (is_quarter_of(revision.period, year), closed.contains(&revision.period), score)
            {
                let from = format!("record r{}", revision.revision);
                quarters.insert(
                    revision.period,
                    RecordedQuarter { period: revision.period, score: score.to_owned(), from },
                );
            }
        }
        Ok(quarters.into_values().collect())
    }

    /// Keeps the rule set, so that the score can be computed again; gives its hash.
    async fn keep_rules(&self, rules: &RuleSet) -> Result<String, Finding> {
        let hash = hash_of(rules)?;
        let mut kept = self.kept_rules.lock().await;
        if !kept.contains(&hash) {
            let body = serde_json::to_value(rules).map_err(|_| super::broken("rule set"))?;
            let now = self.clock.now();
            self.store
                .keep_rule_set(&hash, rules.id.as_str(), &body, now)
                .await
                .map_err(|error| error.finding())?;
            kept.insert(hash.clone());
        }
        Ok(hash)
    }
}

fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn put(parts: &mut BTreeMap<Part, Figure>, part: Part, number: Option<&Number>) {
    if let Some(number) = number {
        parts.insert(part, Figure { exact: number.exact.clone(), printed: number.printed.clone() });
    }
}

fn is_quarter_of(period: Period, year: Period) -> bool {
    period.quarter_number().is_some() && period.year() == year.year()
}

/// A person's stake in a task with the newest decisions about it.
fn facts<'a>(task: &'a PersonTask, decisions: &[StoredDecision]) -> TaskFacts<'a> {
    let mapping = task.mapping.as_ref();
    let product = mapping.and_then(|row| Some((row.product.as_ref()?.as_str(), row.coefficient?)));
    let mut facts = TaskFacts {
        key: &task.task.key,
        task: &task.task.task,
        product,
        outside: mapping.is_some_and(|row| row.state == MappingState::Outside),
        handed_over: task.stake.handed_over,
        taken_over: task.stake.taken_over,
        confirmed_failures: None,
        late_excused: false,
        quality_excused: false,
        confirmed_quantity: None,
    };
    let about = |source: &str, external: &str| {
        source == task.task.key.source.as_str() && external == task.task.key.external_id
    };
    for stored in decisions {
        match &stored.decision.kind {
            DecisionKind::QualityFailures { source, external_id, count, .. }
                if about(source, external_id) =>
            {
                facts.confirmed_failures = Some(*count);
            }
            DecisionKind::Excuse { source, external_id, covers, .. } if about(source, external_id) => {
                match covers.as_str() {
                    "late" => facts.late_excused = true,
                    _ => facts.quality_excused = true,
                }
            }
            DecisionKind::CompletedQuantity { source, external_id, quantity }
                if about(source, external_id) =>
            {
                let quantity = quantity.to_string().parse::<Decimal>().ok();
                facts.confirmed_quantity = quantity.map(|quantity| (quantity, stored.decision.at));
            }
            _ => {}
        }
    }
    facts
}

/// General criteria, đ and e as last entered. Entries the law does not allow are as good as none.
fn entered(decisions: &[StoredDecision], rules: &RuleSet) -> (Criteria, BTreeMap<Component, Exact>) {
    let (mut criteria, mut components) = (Criteria::default(), BTreeMap::new());
    for stored in decisions {
        let (mut next, mut next_components) = (criteria.clone(), components.clone());
        match &stored.decision.kind {
            DecisionKind::SelfAssessment { items } => next.own = Some(items.clone()),
            DecisionKind::GeneralCriteria { items } => next.superior = Some(items.clone()),
            DecisionKind::LeaderComponent { component, percent } => {
                next_components.insert(*component, percent.clone());
            }
            _ => continue,
        }
        if check_entries(&next, &next_components, rules).is_empty() {
            (criteria, components) = (next, next_components);
        }
    }
    (criteria, components)
}

fn to_bytes<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Finding> {
    serde_json::to_vec(value).map_err(|_| super::broken("derivation"))
}

pub(super) fn hash_of<T: serde::Serialize>(value: &T) -> Result<String, Finding> {
    let digest = Sha256::digest(to_bytes(value)?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
