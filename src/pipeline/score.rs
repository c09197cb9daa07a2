//! Scores of people and periods that are due, bottom-up.
//!
//! Owns the order: bodies from the bottom up, in each staff before their leaders, a body's people together so that what
//! was read and made of one person serves everyone above them (`gathered`, `piece`). A score whose inputs are the same
//! is not written again; one that moved makes the leaders above it due. Both views of a month or quarter are computed;
//! half-years and years follow from recorded results (`mean`). The first run of a day marks what the day alone changes.
//! What is held of people is bounded; each group of people is committed on its own.

mod gathered;
mod led;
mod piece;
mod tasks;

use super::app::App;
use super::judged::{NOTHING, judged_elsewhere};
use super::step::{Step, StepReport};
use crate::directory::{Directory, Leading, Place};
use crate::domain::rules::{LeaderScope, TransferPolicy};
use crate::domain::{Period, PersonId, RuleSet, ServiceFact};
use crate::error::Finding;
use crate::evaluation::{Figure, Part};
use crate::scoring::service::{Span, share_worked, worked_in};
use crate::scoring::{Line, Number, shows_full_period};
use crate::store::ScoreWrite;
use async_trait::async_trait;
use chrono::{Datelike as _, NaiveDate};
use gathered::PEOPLE_AT_ONCE;
pub(super) use gathered::{Asked, Facts, Gathered};
use led::Below;
pub(super) use piece::Terms;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
pub(super) use tasks::Scored;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// People whose scores are computed together: whole bodies, as long as they are not more.
const TOGETHER: usize = 240;

/// Marks looked at to find those that come first.
const MARKS: usize = 50_000;

/// Scores computed side by side: as many as small installations have processors.
const SIDE_BY_SIDE: usize = 2;

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
        self.0.begin_day().await?;
        self.scored().await
    }
}

impl Score {
    /// Scores whoever is due.
    async fn scored(&self) -> Result<StepReport, Finding> {
        let app = &self.0;
        let elsewhere = app.judge_anew().await?;
        // A slip in a day of completion leaves no score of a quarter that has not begun: marks of those stay until it has.
        let marked = app.store.scores_due_by(app.clock.today(), MARKS).await;
        let mut marked = marked.map_err(|error| error.finding())?;
        let full = marked.len() == MARKS;
        marked.retain(|(_, period, _)| !elsewhere.contains(&period.quarter_around()));
        let mut told = if elsewhere.is_empty() { Vec::new() } else { vec![judged_elsewhere(&elsewhere)] };
        let passed = self.pass_over(&mut marked, &mut told).await?;
        if marked.is_empty() {
            return Ok(StepReport { done: passed, more: full, findings: told, ..StepReport::default() });
        }
        app.begin_to_judge(&marked.iter().map(|(_, period, _)| period.quarter_around()).collect()).await?;
        let (done, again) = self.answer(app.directory().await?, marked).await?;
        Ok(StepReport { done: done + passed, more: full | again, findings: told, ..StepReport::default() })
    }

    /// Answers the marks of quarters that no rule set governs with nothing, and tells each of them where marks come: a task of a year before
    /// the first set, or of a gap, keeps nobody else from being scored. A set that governs one later has everyone marked.
    async fn pass_over(
        &self,
        marked: &mut Vec<(PersonId, Period, i64)>,
        told: &mut Vec<Finding>,
    ) -> Result<u64, Finding> {
        let app = &self.0;
        let mut without = BTreeMap::new();
        for (_, period, _) in marked.iter().filter(|(_, period, _)| !period.is_mean()) {
            if let Err(none) = app.rule_set(period.quarter_around()) {
                without.insert(period.quarter_around(), none);
            }
        }
        if without.is_empty() {
            return Ok(0);
        }
        let kept = app.store.judged_by().await.map_err(|error| error.finding())?;
        let closed = app.store.closed_periods().await.map_err(|error| error.finding())?;
        // What another process judges is left to it; a closed period keeps what it was judged by.
        let is_ours = |period: &Period| kept.get(period).is_none_or(|kept| kept == NOTHING);
        let open = without.keys().copied().filter(|period| is_ours(period) && !closed.contains(period));
        app.judge_by_nothing(open).await?;
        let mut answered: Vec<(PersonId, Period, i64)> = marked
            .extract_if(.., |(_, period, _)| {
                !period.is_mean() && without.contains_key(&period.quarter_around())
            })
            .collect();
        without.retain(|period, _| is_ours(period) || closed.contains(period));
        answered.retain(|(_, period, _)| without.contains_key(&period.quarter_around()));
        let number = answered.len() as u64;
        app.clone().keep(GroupScored { answered, ..GroupScored::default() }).await?;
        told.extend(without.into_values().map(Finding::as_warning));
        Ok(number)
    }

    /// Scores those of some people who are due, and before them those their scores of a period depend on; gives how many
    /// marks are answered. What is judged by other rules than this process has stays due: an order puts no rules in force.
    pub(super) async fn scored_of(&self, of: Period, people: &BTreeSet<PersonId>) -> Result<u64, Finding> {
        let app = &self.0;
        let marked = app.store.scores_due_by(app.clock.today(), MARKS).await;
        let mut marked = marked.map_err(|error| error.finding())?;
        marked.retain(|(_, period, _)| of.depends_on(*period));
        let directory = app.directory().await?;
        let mut below: BTreeMap<Period, Option<Below<'_>>> = BTreeMap::new();
        let quarters: BTreeSet<Period> =
            marked.iter().map(|(_, period, _)| period.quarter_around()).collect();
        for period in quarters {
            let otherwise = app.is_judged_otherwise(period).await?;
            below.insert(period, (!otherwise).then(|| Below::of(&directory, period, people)));
        }
        marked.retain(|(person, period, _)| {
            let below = below.get_mut(&period.quarter_around()).and_then(Option::as_mut);
            below.is_some_and(|below| below.holds(*person))
        });
        drop(below);
        let passed = self.pass_over(&mut marked, &mut Vec::new()).await?;
        if marked.is_empty() {
            return Ok(passed);
        }
        Ok(self.answer(directory, marked).await?.0 + passed)
    }

    /// Scores whoever is marked; gives how many marks are answered, and whether new ones were set.
    async fn answer(
        &self,
        directory: Arc<Directory>,
        marked: Vec<(PersonId, Period, i64)>,
    ) -> Result<(u64, bool), Finding> {
        let app = &self.0;
        let mut marks: Vec<Mark> = marked
            .into_iter()
            .map(|(person, marked, stamp)| {
                let period = marked.quarter_around();
                let (body, rank) = directory.order(person, period);
                Mark { period, body, rank, person, marked, stamp }
            })
            .collect();
        marks.sort_by(|one, other| {
            (one.period, &one.body, one.rank).cmp(&(other.period, &other.body, other.rank))
        });
        // Leaders who come later in this run need no new mark: theirs stands until they are scored.
        let mut ahead: BTreeSet<(PersonId, Period)> =
            marks.iter().map(|mark| (mark.person, mark.period)).collect();
        let run = Run { app, directory, gathered: Arc::new(Gathered::keeping()) };
        let mut saving = None;
        let scored = run.groups(groups(marks), &mut ahead, &mut saving).await;
        // What was scored well is kept, whatever came after it.
        let saved = match saving {
            Some(last) => saved(last).await,
            None => Ok(()),
        };
        let answered = scored?;
        saved?;
        Ok(answered)
    }
}

/// Somebody to be scored.
struct Mark {
    /// The quarter, half-year or year; a month is scored with its quarter.
    period: Period,
    body: Place,
    rank: u32,
    person: PersonId,
    /// The period that was marked, with the stamp of the mark.
    marked: Period,
    stamp: i64,
}

/// Marks of whole bodies of one period and depth, at most [`TOGETHER`] unless one body has more.
fn groups(marks: Vec<Mark>) -> Vec<Vec<Mark>> {
    let mut groups: Vec<Vec<Mark>> = Vec::new();
    let mut bodies = marks.into_iter().peekable();
    while let Some(first) = bodies.next() {
        let mut body = vec![first];
        while let Some(next) = bodies.next_if(|next| {
            body.first().is_some_and(|first| (next.period, &next.body) == (first.period, &first.body))
        }) {
            body.push(next);
        }
        let fits = |group: &&mut Vec<Mark>| {
            let same = group.first().zip(body.first()).is_some_and(|(one, next)| {
                (one.period, one.body.above()) == (next.period, next.body.above())
            });
            same && group.len() + body.len() <= TOGETHER
        };
        match groups.last_mut().filter(fits) {
            Some(group) => group.extend(body),
            None => groups.push(body),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|mark| mark.rank);
    }
    groups
}

/// Scores of a group, with the marks they answer and those they set.
#[derive(Default)]
struct GroupScored {
    writes: Vec<ScoreWrite>,
    answered: Vec<(PersonId, Period, i64)>,
    due: Vec<(PersonId, Period)>,
}

/// A group that is being written, in one transaction; dropping it rolls it back.
type Saving = AbortOnDropHandle<Result<(), Finding>>;

async fn saved(saving: Saving) -> Result<(), Finding> {
    saving.await.map_err(|_| super::broken("score"))?
}

/// One run of the step.
struct Run<'a> {
    app: &'a Arc<App>,
    directory: Arc<Directory>,
    gathered: Arc<Gathered>,
}

impl Run<'_> {
    /// Scores groups one after the other; one is written while the next one is scored, and the last of them may still be
    /// under way at the end. Gives how many marks are answered, and whether new ones were set.
    async fn groups(
        &self,
        groups: Vec<Vec<Mark>>,
        ahead: &mut BTreeSet<(PersonId, Period)>,
        saving: &mut Option<Saving>,
    ) -> Result<(u64, bool), Finding> {
        let mut groups = groups.into_iter().peekable();
        let mut prepared = JoinSet::new();
        if let Some(first) = groups.peek() {
            self.prepare(first, &mut prepared)?;
        }
        let (mut done, mut again, mut leading) = (0, false, None);
        while let Some(group) = groups.next() {
            while let Some(made) = prepared.join_next().await {
                made.map_err(|_| super::broken("lines"))??;
            }
            if let Some(next) = groups.peek() {
                self.prepare(next, &mut prepared)?;
            }
            let Some(period) = group.first().map(|mark| mark.period) else { continue };
            let known = leading.take().filter(|(of, _)| *of == period);
            let (_, leaders) =
                leading.insert(known.unwrap_or_else(|| (period, self.directory.leading(period))));
            let scored = self.score(&group, leaders, ahead).await?;
            if let Some(before) = saving.take() {
                saved(before).await?;
            }
            (done, again) = (done + scored.answered.len() as u64, again | !scored.due.is_empty());
            *saving = Some(AbortOnDropHandle::new(tokio::spawn(self.app.clone().keep(scored))));
            self.let_go(&group)?;
        }
        Ok((done, again))
    }

    /// What is asked of everyone in a group; nothing of half-years and years, and where no rules are in force.
    fn asked(&self, period: Period) -> Result<Vec<Asked>, Finding> {
        match self.app.rule_set(period) {
            Ok(rules) if !period.is_mean() => {
                let terms = Arc::new(self.app.terms(period, rules)?);
                Ok(asked(period, self.app.clock.today(), &terms))
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Begins to read and make the lines of a group and of those its leaders answer for.
    fn prepare(&self, group: &[Mark], prepared: &mut JoinSet<Result<(), Finding>>) -> Result<(), Finding> {
        let Some(period) = group.first().map(|mark| mark.period) else { return Ok(()) };
        let asked = Arc::new(self.asked(period)?);
        let Some(rules) = asked.first().map(|one| one.terms.clone()) else { return Ok(()) };
        let people = self.people(group, period, &rules.rules);
        let (gathered, app, directory) = (self.gathered.clone(), self.app.clone(), self.directory.clone());
        prepared.spawn(async move { gathered.prepare(&app, &directory, &people, &asked).await });
        Ok(())
    }

    /// Everyone whose lines a group's scores take, but for those of leaders who answer for more than are held at once.
    fn people(&self, group: &[Mark], period: Period, rules: &RuleSet) -> Vec<PersonId> {
        let scored = group.iter().map(|mark| mark.person);
        let mut people: BTreeSet<PersonId> = scored
            .filter(|person| self.directory.is_scored(*person, period, rules.population_filter))
            .collect();
        if takes_lines(rules) {
            for mark in group.iter().filter(|mark| mark.rank > 0) {
                let charge = charge(&self.directory, mark.person, period, rules);
                if charge.len() <= TOGETHER {
                    people.extend(charge.into_iter().map(|(person, _)| person));
                }
            }
        }
        people.into_iter().collect()
    }

    /// Scores a group.
    async fn score(
        &self,
        group: &[Mark],
        leading: &Leading<'_>,
        ahead: &mut BTreeSet<(PersonId, Period)>,
    ) -> Result<GroupScored, Finding> {
        let Some(period) = group.first().map(|mark| mark.period) else { return Ok(GroupScored::default()) };
        let (mut writes, mut due) = (Vec::new(), BTreeSet::new());
        // People of one rank do not depend on each other; the ranks above take what these came to.
        for same_rank in group.chunk_by(|one, next| one.rank == next.rank) {
            let people: BTreeSet<PersonId> = same_rank.iter().map(|mark| mark.person).collect();
            for person in &people {
                ahead.remove(&(*person, period));
            }
            let computed = self.computed(people.into_iter().collect(), period).await?;
            let moved = self.gathered.note(self.app, &computed).await?;
            writes.extend(computed);
            let moved: BTreeSet<PersonId> =
                moved.into_iter().filter(|(_, of)| !of.is_mean()).map(|(person, _)| person).collect();
            let leaders = moved.into_iter().flat_map(|person| leading.of(person));
            due.extend(leaders.map(|leader| (leader, period)).filter(|leader| !ahead.contains(leader)));
        }
        let answered = group.iter().map(|mark| (mark.person, mark.marked, mark.stamp)).collect();
        Ok(GroupScored { writes, answered, due: due.into_iter().collect() })
    }

    /// Lets go of what was read of a group and of those its leaders answer for.
    fn let_go(&self, group: &[Mark]) -> Result<(), Finding> {
        let Some(period) = group.first().map(|mark| mark.period) else { return Ok(()) };
        let asked = self.asked(period)?;
        if let Some(one) = asked.first() {
            let people = self.people(group, period, &one.terms.rules);
            self.gathered.let_go(&people, &asked);
        }
        Ok(())
    }

    /// The scores of people who do not depend on each other, side by side.
    async fn computed(&self, people: Vec<PersonId>, period: Period) -> Result<Vec<ScoreWrite>, Finding> {
        let mut parts = JoinSet::new();
        for some in people.chunks(people.len().div_ceil(SIDE_BY_SIDE).max(1)) {
            let (gathered, app, directory) =
                (self.gathered.clone(), self.app.clone(), self.directory.clone());
            let some = some.to_vec();
            parts.spawn(async move {
                let mut writes = Vec::new();
                for person in some {
                    writes.extend(app.score(&directory, &gathered, person, period).await?);
                    // Others have work to do as well.
                    tokio::task::yield_now().await;
                }
                Ok::<_, Finding>(writes)
            });
        }
        let mut writes = Vec::new();
        while let Some(part) = parts.join_next().await {
            writes.extend(part.map_err(|_| super::broken("score"))??);
        }
        Ok(writes)
    }
}

/// Both views of a quarter, or of its months that have begun where months are scored. Both judge what is done by today,
/// at the latest by the period's last day; the full one counts what is not due yet as well.
fn asked(quarter: Period, today: NaiveDate, terms: &Arc<Terms>) -> Vec<Asked> {
    let periods = if terms.rules.is_monthly() {
        quarter.months().into_iter().filter(|month| month.first_day() <= today).collect()
    } else {
        vec![quarter]
    };
    let views = [TO_DATE, FULL_PERIOD];
    let of = |period: Period| {
        let as_of = today.min(period.last_day());
        views.map(|view| Asked { period, view, as_of, terms: terms.clone() })
    };
    periods.into_iter().flat_map(of).collect()
}

/// Whether leaders take the lines of those in charge, into a, b, c or to judge the unit's share by.
fn takes_lines(rules: &RuleSet) -> bool {
    rules.leader_scope == LeaderScope::PooledSubordinates || rules.judges_unit()
}

/// Everyone a leader answers for, with the days.
fn charge(
    directory: &Directory,
    leader: PersonId,
    period: Period,
    rules: &RuleSet,
) -> Vec<(PersonId, Vec<Span>)> {
    let split = rules.transfer_policy == TransferPolicy::SplitByEffectiveDate;
    directory.charge(leader, period, split, rules.population_filter)
}

impl App {
    async fn keep(self: Arc<Self>, scored: GroupScored) -> Result<(), Finding> {
        let GroupScored { writes, answered, due } = scored;
        crate::failpoint!("score::before_save");
        self.store.save_scores(writes, &answered, &due).await.map_err(|error| error.finding())?;
        crate::failpoint!("score::after_save");
        Ok(())
    }

    /// Whether a person is evaluated in a period: in the population, with days worked, enough of them.
    pub(super) fn is_evaluated(
        directory: &Directory,
        facts: &Facts,
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
        gathered: &Gathered,
        person: PersonId,
        period: Period,
    ) -> Result<Vec<ScoreWrite>, Finding> {
        let rules = match self.rule_set(period) {
            Ok(rules) => rules,
            // Earlier results are recorded of years nobody scored here: their means are not computed.
            Err(_) if period.is_mean() => return Ok(Vec::new()),
            Err(none) => return Err(none),
        };
        let terms = gathered.terms(self, period, rules).await?;
        let today = self.clock.today();
        if period.is_mean() {
            let mean = self.mean(directory, gathered, person, period, today, rules).await?;
            return Ok(mean.into_iter().collect());
        }
        let as_of = today.min(period.last_day());
        let (mut scored, mut quarters) = (Vec::new(), Vec::new());
        for view in [TO_DATE, FULL_PERIOD] {
            let asked = Asked { period, view, as_of, terms: terms.clone() };
            if rules.is_monthly() {
                let (months, quarter) = self.monthly(directory, gathered, person, &asked, &scored).await?;
                scored.extend(months);
                quarters.extend(quarter);
            } else {
                let quarter = self.tasks_score(directory, gathered, person, &asked, &scored).await?;
                scored.extend(quarter);
            }
        }
        Ok(scored.into_iter().map(|one| one.write).chain(quarters).collect())
    }

    /// The view that is shown and a record is made from: while the quarter runs the one its rule set names, the
    /// full period once it is over.
    pub fn shown_view(&self, period: Period) -> &'static str {
        let today = self.clock.today();
        let full = |rules: &RuleSet| shows_full_period(period, today, rules);
        if period.is_mean() {
            scope_of(period, FULL_PERIOD)
        } else if today > period.last_day() || self.rule_set(period).is_ok_and(full) {
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
        let is_due = |mean: &Period| self.days_of(*mean).iter().any(|day| (first..=last).contains(day));
        let mut means: Vec<Period> = years.chain(halves).filter(is_due).collect();
        means.dedup();
        self.store.begin_day(today, &quarters, &means).await.map_err(|error| error.finding())
    }

    /// The days on which time alone changes a half-year or year: it opens, and later a part of it has ended, whose result
    /// it lacks until it is recorded.
    fn days_of(&self, mean: Period) -> Vec<NaiveDate> {
        let opens = self.opens(mean);
        let ended = mean.months().into_iter().map(|month| month.next().first_day());
        std::iter::once(opens).chain(ended.filter(|day| *day > opens)).collect()
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

    /// The day from which a person's result of a period may be approved: that on which the assessment of a quarter or month
    /// opens in its last month (plan V.3), for whoever left before it the day after. A half-year or year has no result
    /// before it is computed.
    pub(super) fn assessed_from(&self, directory: &Directory, person: PersonId, period: Period) -> NaiveDate {
        if period.is_mean() {
            return NaiveDate::MIN;
        }
        let last = period.last_day();
        let opens = last.with_day(self.policy.assessment_opens.into()).unwrap_or(last);
        let left = directory.last_post(person, period).and_then(|post| post.to?.succ_opt());
        left.map_or(opens, |left| left.min(opens))
    }
}

pub(super) fn put(parts: &mut BTreeMap<Part, Figure>, part: Part, number: Option<&Number>) {
    if let Some(number) = number {
        parts.insert(part, Figure { exact: number.exact.clone(), printed: number.printed.clone() });
    }
}

/// The days of a period a person worked: those of the posts without leave; none when there is no such day.
pub(super) fn worked(
    directory: &Directory,
    facts: &Facts,
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
    Ok(hex(&Sha256::digest(to_bytes(value)?)))
}

fn hex(digest: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
