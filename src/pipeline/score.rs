//! Scores of people and periods that are due, bottom-up.
//!
//! Owns the gathering of a score's inputs (tasks, mappings, decisions, subordinates) and the order: staff
//! before their leaders. A score whose inputs are the same is not written again; one that moved makes the
//! leaders above it due. Both views of a month or quarter are computed; half-years and years follow from recorded
//! results (`mean`). The first run of a day marks what the day alone changes. Inputs are read for many people at
//! once, and what is held of them is bounded.

use super::app::App;
use super::entered::{Entered, facts};
use super::step::{Step, StepReport};
use super::what_if::Assumed;
use crate::directory::Directory;
use crate::domain::rules::{CoefficientFreeze, DPopulation, LeaderScope, ProvisionalView, TransferPolicy};
use crate::domain::{CatalogScope, Exact, Membership, Period, PersonId, RuleSet, ServiceFact};
use crate::error::Finding;
use crate::evaluation::{Content, Figure, LineCounts, Part};
use crate::scoring::service::{Span, share_worked, worked_in};
use crate::scoring::{
    Derivation, Excluded, Line, Number, PersonInput, SharePart, Shares, Subordinate, TaskFacts,
    build_shared_lines, score_person, source_of,
};
use crate::store::{PersonTask, ScoreHead, ScoreWrite, StoredDecision};
use async_trait::async_trait;
use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use sha2::{Digest as _, Sha256};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// People scored per run.
const BATCH: usize = 400;

/// Marks looked at to find those that come first: whoever leads nobody, before those who lead them.
const MARKS: usize = 50_000;

/// People in a leader's charge whose tasks are read together.
const PEOPLE_AT_ONCE: usize = 200;

/// Most tasks held at a time beside those of one group of people.
const MOST_TASKS: usize = 60_000;

/// View of a quarter while it is open.
pub const TO_DATE: &str = "to_date";
/// View of a whole quarter, official at its close.
pub const FULL_PERIOD: &str = "full_period";
/// View of a half-year.
pub const HALF_YEAR: &str = "half_year";
/// View of a year.
pub const YEAR: &str = "year";

/// The view a period's score is kept under, where this one of a quarter is asked for.
pub fn scope_of(period: Period, view: &'static str) -> &'static str {
    match period {
        Period::Year(_) => YEAR,
        Period::Half { .. } => HALF_YEAR,
        Period::Quarter { .. } | Period::Month { .. } => view,
    }
}

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
        let marked = app.store.scores_due(MARKS).await.map_err(|error| error.finding())?;
        if marked.is_empty() {
            return Ok(StepReport::default());
        }
        let directory = app.directory().await?;
        let mut marks: Vec<Mark> = marked
            .into_iter()
            .map(|(person, marked, stamp)| {
                let period = marked.quarter_around();
                Mark { period, rank: directory.rank(person, period), person, marked, stamp }
            })
            .collect();
        let mut more = marks.len() > BATCH;
        marks.sort_by_key(|mark| (mark.period, mark.rank));
        marks.truncate(BATCH);
        let mut gathered = Gathered::default();
        let mut done = 0;
        // People of one rank do not depend on each other; the ranks above read what these wrote.
        for same_rank in marks.chunk_by(|one, next| (one.period, one.rank) == (next.period, next.rank)) {
            let people: BTreeSet<PersonId> = same_rank.iter().map(|mark| mark.person).collect();
            gathered.fetch(app, people.iter().copied()).await?;
            let mut writes = Vec::new();
            for person in people {
                writes.extend(app.score(&directory, &mut gathered, person, same_rank[0].period).await?);
            }
            let moved = gathered.note(app, &writes).await?;
            let moved: BTreeSet<(PersonId, Period)> = moved
                .into_iter()
                .filter(|(_, period)| !period.is_mean())
                .map(|(person, period)| (person, period.quarter_around()))
                .collect();
            let due: Vec<(PersonId, Period)> = moved
                .into_iter()
                .flat_map(|(person, period)| {
                    directory.leaders_of(person, period).into_iter().map(move |leader| (leader, period))
                })
                .collect();
            // Leaders are marked anew by those they lead, also when this run has them still before it.
            more |= !due.is_empty();
            let answered: Vec<_> =
                same_rank.iter().map(|mark| (mark.person, mark.marked, mark.stamp)).collect();
            crate::failpoint!("score::before_save");
            app.store.save_scores(&writes, &answered, &due).await.map_err(|error| error.finding())?;
            crate::failpoint!("score::after_save");
            done += answered.len() as u64;
        }
        Ok(StepReport { done, more, ..StepReport::default() })
    }
}

/// Somebody to be scored.
struct Mark {
    /// The quarter, half-year or year; a month is scored with its quarter.
    period: Period,
    rank: u32,
    person: PersonId,
    /// The period that was marked, with the stamp of the mark.
    marked: Period,
    stamp: i64,
}

/// What one run has read already: people's tasks are read once for many leaders who answer for them.
#[derive(Default)]
pub(super) struct Gathered {
    /// Shares of the tasks of people at hand.
    shares: Shares,
    tasks: HashMap<PersonId, Arc<Vec<PersonTask>>>,
    tasks_held: usize,
    decisions: HashMap<PersonId, Arc<Vec<StoredDecision>>>,
    heads: HashMap<(Period, &'static str), HashMap<PersonId, ScoreHead>>,
    closed: Option<Arc<Vec<Period>>>,
    facts: Option<Arc<HashMap<PersonId, Vec<ServiceFact>>>>,
    coefficients: HashMap<Period, Arc<HashMap<String, Decimal>>>,
    /// What is otherwise where the question is what would be; none when scores are computed to be kept.
    assumed: Option<Arc<Assumed>>,
}

impl Gathered {
    /// For scores that are compared and never kept.
    pub(super) fn assuming(assumed: Arc<Assumed>) -> Self {
        Self { assumed: Some(assumed), ..Self::default() }
    }

    /// Takes over what another one read of people that is not read yet, with what is otherwise here; lets go of what
    /// the other one let go of.
    pub(super) fn adopt(&mut self, read: &Self) {
        self.tasks.retain(|person, _| read.tasks.contains_key(person));
        self.decisions.retain(|person, _| read.tasks.contains_key(person));
        for (person, decisions) in &read.decisions {
            self.decisions.entry(*person).or_insert_with(|| decisions.clone());
        }
        for (person, tasks) in &read.tasks {
            let Entry::Vacant(unread) = self.tasks.entry(*person) else { continue };
            let Some(assumed) = self.assumed.as_ref().filter(|assumed| assumed.concerns(tasks)) else {
                unread.insert(tasks.clone());
                continue;
            };
            let mut tasks = (**tasks).clone();
            assumed.change(&mut tasks);
            unread.insert(Arc::new(tasks));
        }
        self.tasks_held = self.tasks.values().map(|tasks| tasks.len()).sum();
    }

    /// Reads tasks and decisions of those people who are not at hand, all at once. Forgets the others when too much
    /// is held.
    async fn fetch(&mut self, app: &App, people: impl Iterator<Item = PersonId>) -> Result<(), Finding> {
        let people: BTreeSet<PersonId> = people.collect();
        if self.tasks_held > MOST_TASKS {
            self.tasks.retain(|person, _| people.contains(person));
            self.decisions.retain(|person, _| people.contains(person));
            self.tasks_held = self.tasks.values().map(|tasks| tasks.len()).sum();
        }
        let unknown: Vec<PersonId> =
            people.into_iter().filter(|person| !self.tasks.contains_key(person)).collect();
        for some in unknown.chunks(BATCH) {
            let mut tasks = app.store.tasks_of_people(some).await.map_err(|error| error.finding())?;
            let mut decisions = app.store.decisions_of_people(some).await.map_err(|error| error.finding())?;
            let mut shared = app.store.tasks_shared_with(some).await.map_err(|error| error.finding())?;
            let mut shares = Shares::new();
            for entered in app.store.shares_concerning(some).await.map_err(|error| error.finding())? {
                let part = SharePart { person: entered.person, period: entered.period, share: entered.share };
                shares.entry(entered.key).or_default().push(part);
            }
            // The same task of another batch brings the same parts.
            self.shares.extend(shares);
            for person in some {
                let mut tasks = tasks.remove(person).unwrap_or_default();
                tasks.extend(shared.remove(person).unwrap_or_default());
                if let Some(assumed) = &self.assumed {
                    assumed.change(&mut tasks);
                }
                self.tasks_held += tasks.len();
                self.tasks.insert(*person, Arc::new(tasks));
                self.decisions.insert(*person, Arc::new(decisions.remove(person).unwrap_or_default()));
            }
        }
        Ok(())
    }

    async fn tasks(&mut self, app: &App, person: PersonId) -> Result<Arc<Vec<PersonTask>>, Finding> {
        self.fetch(app, std::iter::once(person)).await?;
        Ok(self.tasks.get(&person).cloned().unwrap_or_default())
    }

    async fn decisions(&mut self, app: &App, person: PersonId) -> Result<Arc<Vec<StoredDecision>>, Finding> {
        self.fetch(app, std::iter::once(person)).await?;
        Ok(self.decisions.get(&person).cloned().unwrap_or_default())
    }

    /// Every fact of service that stands, by person.
    pub(super) async fn facts(
        &mut self,
        app: &App,
    ) -> Result<Arc<HashMap<PersonId, Vec<ServiceFact>>>, Finding> {
        if let Some(facts) = &self.facts {
            return Ok(facts.clone());
        }
        let mut facts: HashMap<PersonId, Vec<ServiceFact>> = HashMap::new();
        for stored in app.store.service_facts(None, false).await.map_err(|error| error.finding())? {
            facts.entry(stored.person).or_default().push(stored.fact);
        }
        let facts = Arc::new(facts);
        self.facts = Some(facts.clone());
        Ok(facts)
    }

    /// Coefficients of the catalog version in force on a period's first day, by product.
    async fn coefficients(
        &mut self,
        app: &App,
        period: Period,
    ) -> Result<Arc<HashMap<String, Decimal>>, Finding> {
        if let Some(known) = self.coefficients.get(&period) {
            return Ok(known.clone());
        }
        let mut heads = app.store.catalogs().await.map_err(|error| error.finding())?;
        // A product of a body's own catalog keeps the coefficient of its assignment.
        heads.retain(|head| head.scope == CatalogScope::Province);
        heads.sort_by_key(|head| head.valid_from);
        let valid = heads.iter().rfind(|head| head.valid_from <= period.first_day()).or(heads.first());
        let products = match valid {
            Some(head) => app.store.catalog_products(&head.version).await.map_err(|error| error.finding())?,
            None => Vec::new(),
        };
        let known = products.into_iter().map(|product| (product.code.to_string(), product.coefficient));
        let known: Arc<HashMap<String, Decimal>> = Arc::new(known.collect());
        self.coefficients.insert(period, known.clone());
        Ok(known)
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
    pub(super) async fn note(
        &mut self,
        app: &App,
        writes: &[ScoreWrite],
    ) -> Result<Vec<(PersonId, Period)>, Finding> {
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

    pub(super) async fn closed(&mut self, app: &App) -> Result<Arc<Vec<Period>>, Finding> {
        if let Some(closed) = &self.closed {
            return Ok(closed.clone());
        }
        let closed = Arc::new(app.store.closed_periods().await.map_err(|error| error.finding())?);
        self.closed = Some(closed.clone());
        Ok(closed)
    }
}

impl App {
    /// Whether a person is evaluated in a period: in the population, with days worked, enough of them.
    pub(super) fn is_evaluated(
        directory: &Directory,
        facts: &HashMap<PersonId, Vec<ServiceFact>>,
        person: PersonId,
        period: Period,
        rules: &RuleSet,
    ) -> bool {
        directory.is_scored(person, period, rules.population_filter)
            && worked(directory, facts, person, period)
                .is_some_and(|worked| share_worked(&worked, period) >= rules.least_share())
    }

    /// The scores of one person and period: both views of a quarter, with its months where months are scored.
    async fn score(
        &self,
        directory: &Directory,
        gathered: &mut Gathered,
        person: PersonId,
        period: Period,
    ) -> Result<Vec<ScoreWrite>, Finding> {
        let rules = match self.rule_set(period) {
            Ok(rules) => rules,
            // Earlier results are recorded of years nobody scored here: their means are not computed.
            Err(_) if period.is_mean() => return Ok(Vec::new()),
            Err(none) => return Err(none),
        };
        if !directory.is_scored(person, period, rules.population_filter) {
            return Ok(Vec::new());
        }
        self.keep_rules(rules).await?;
        let today = self.clock.today();
        if period.is_mean() {
            let mean = self.mean(directory, gathered, person, period, today, rules).await?;
            return Ok(mean.into_iter().collect());
        }
        // Both views judge what is done by today, at the latest by the period's last day; the full one counts
        // what is not due yet as well.
        let as_of = today.min(period.last_day());
        let mut writes = Vec::new();
        for view in [TO_DATE, FULL_PERIOD] {
            if rules.is_monthly() {
                let (months, quarter) =
                    self.monthly(directory, gathered, person, period, view, as_of, rules).await?;
                writes.extend(months);
                writes.extend(quarter);
            } else {
                writes
                    .extend(self.tasks_score(directory, gathered, person, period, view, as_of, rules).await?);
            }
        }
        Ok(writes)
    }

    /// The score of a period that is made of tasks: a quarter, or a month of the monthly regime.
    #[allow(clippy::too_many_arguments, reason = "each is one dimension of a score")]
    pub(super) async fn tasks_score(
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
        let service = gathered.facts(self).await?;
        let Some(worked) = worked(directory, &service, person, period) else { return Ok(None) };
        let (mut lines, excluded) = self.lines(gathered, person, period, as_of, view, rules).await?;
        multiply(&mut lines, directory, person, period, rules);
        let mut subordinates = Vec::new();
        if post.role.is_leader() {
            if rules.leader_scope == LeaderScope::PooledSubordinates {
                lines.extend(self.pooled(directory, gathered, person, period, as_of, view, rules).await?);
            }
            subordinates = self.subordinates(directory, gathered, person, period, view, rules).await?;
        }
        let decisions = gathered.decisions(self, person).await?;
        let Entered { criteria, components, support } = Entered::of(&decisions, period, rules);
        let input = PersonInput {
            period,
            role: post.role,
            lines,
            excluded,
            criteria,
            components,
            subordinates,
            unit_result: None,
            worked,
            support,
        };
        let inputs_hash = hash_of(&(&input, rules, view))?;
        let derivation = score_person(&input, rules);
        self.write(person, post, view, as_of, inputs_hash, &derivation).await.map(Some)
    }

    /// A derivation of a month or quarter as it is kept.
    pub(super) async fn write(
        &self,
        person: PersonId,
        post: &Membership,
        view: &'static str,
        as_of: NaiveDate,
        inputs_hash: String,
        derivation: &Derivation,
    ) -> Result<ScoreWrite, Finding> {
        let (period, rules) = (derivation.period, &derivation.rule_set);
        let rule_set_hash = hash_of(rules)?;
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
        // Whoever worked too little is not evaluated: there is a score to look at and no record.
        let evaluated = !derivation.missing.iter().any(|part| part == "worked_share");
        Ok(ScoreWrite {
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
            derivation: to_bytes(derivation)?,
            computed_at: self.clock.now(),
            record_due: evaluated && self.shown_view(period) == view,
        })
    }

    /// The view that is shown and a record is made from: while the quarter runs the one its rule set names, the
    /// full period once it is over.
    pub fn shown_view(&self, period: Period) -> &'static str {
        let running = || self.rule_set(period).map(|rules| rules.provisional_view);
        if period.is_mean() {
            scope_of(period, FULL_PERIOD)
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
        let years = (first.year()..=last.year()).map(Period::Year);
        let halves = quarters.iter().map(|quarter| Period::half_of(quarter.first_day()).previous());
        let mut means: Vec<Period> =
            years.chain(halves).filter(|mean| (first..=last).contains(&self.opens(*mean))).collect();
        means.dedup();
        self.store.begin_day(today, &quarters, &means).await.map_err(|error| error.finding())
    }

    /// The day from which a half-year or year is computed: the day after the half-year, and the configured day of the
    /// year, which is classified before it ends (art. 19.2).
    pub(super) fn opens(&self, mean: Period) -> NaiveDate {
        if !mean.is_year() {
            return mean.next().first_day();
        }
        let (month, day) = self.policy.year_opens;
        NaiveDate::from_ymd_opt(mean.year(), month, day).unwrap_or(mean.last_day())
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
        let decisions = gathered.decisions(self, person).await?;
        let mut facts: Vec<TaskFacts<'_>> =
            tasks.iter().map(|task| facts(task, &decisions, period, rules)).collect();
        if rules.coefficient_freeze == CoefficientFreeze::AtPeriodStart {
            let coefficients = gathered.coefficients(self, period).await?;
            for (code, coefficient) in facts.iter_mut().filter_map(|fact| fact.product.as_mut()) {
                // A product the version lacks keeps the coefficient of its assignment.
                *coefficient = coefficients.get(*code).copied().unwrap_or(*coefficient);
            }
        }
        let to_date = view == TO_DATE;
        let (mut lines, mut excluded) = build_shared_lines(
            &facts,
            &gathered.shares,
            person,
            period,
            as_of,
            to_date,
            rules,
            &self.policy.calendar,
        );
        let leads = |task: &&PersonTask| task.mapping.as_ref().is_some_and(|product| product.leadership);
        let leadership: Vec<String> =
            tasks.iter().filter(leads).map(|task| source_of(&task.task.key)).collect();
        if !leadership.is_empty() && !self.directory().await?.is_leader(person, period) {
            // Leadership work is that of heads and deputies (Đ15.1.b).
            lines.retain(|line| {
                let counts = !leadership.contains(&line.source);
                if !counts {
                    let (source, title) = (line.source.clone(), line.title.clone());
                    excluded.push(Excluded { source, title, reason: "leadership_product".to_owned() });
                }
                counts
            });
        }
        Ok((lines, excluded))
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
        let charge = directory.charge(leader, period, split, rules.population_filter);
        for (index, (person, spans)) in charge.iter().enumerate() {
            if index % PEOPLE_AT_ONCE == 0 {
                let some = charge.iter().skip(index).take(PEOPLE_AT_ONCE);
                gathered.fetch(self, some.map(|(person, _)| *person)).await?;
            }
            let person = *person;
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
        let facts = gathered.facts(self).await?;
        let people: Vec<PersonId> = people
            .into_iter()
            .filter(|person| Self::is_evaluated(directory, &facts, *person, period, rules))
            .collect();
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

    /// Keeps the rule set, so that the score can be computed again; gives its hash.
    pub(super) async fn keep_rules(&self, rules: &RuleSet) -> Result<String, Finding> {
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

pub(super) fn put(parts: &mut BTreeMap<Part, Figure>, part: Part, number: Option<&Number>) {
    if let Some(number) = number {
        parts.insert(part, Figure { exact: number.exact.clone(), printed: number.printed.clone() });
    }
}

/// The days of a period a person worked: those of the posts without leave; none when there is no such day.
pub(super) fn worked(
    directory: &Directory,
    facts: &HashMap<PersonId, Vec<ServiceFact>>,
    person: PersonId,
    period: Period,
) -> Option<Vec<Span>> {
    let posts = directory.posts(person, period);
    let posts: Vec<Span> =
        posts.into_iter().map(|post| (post.from, post.to.unwrap_or(NaiveDate::MAX))).collect();
    let leaves = facts.get(&person).into_iter().flatten().filter(|fact| fact.kind.is_leave());
    let leaves: Vec<Span> = leaves.map(ServiceFact::span).collect();
    worked_in(&posts, &leaves, period)
}

/// Gives own lines the multiplier of the post that was held on their day.
fn multiply(lines: &mut [Line], directory: &Directory, person: PersonId, period: Period, rules: &RuleSet) {
    if rules.leader_scope != LeaderScope::PositionMultiplier {
        return;
    }
    let posts = directory.posts(person, period);
    for line in lines {
        let day = line.counted_on;
        let held = posts.iter().rfind(|post| post.from <= day && post.to.is_none_or(|to| day <= to));
        let held = held.or(posts.last());
        line.multiplier = held.and_then(|post| rules.multiplier(&post.post, post.role));
    }
}

pub(super) fn to_bytes<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Finding> {
    serde_json::to_vec(value).map_err(|_| super::broken("derivation"))
}

pub(super) fn hash_of<T: serde::Serialize>(value: &T) -> Result<String, Finding> {
    let digest = Sha256::digest(to_bytes(value)?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
