//! What the year's history counts, reckoned from the decree alone: no type and no line of the program is used.
//!
//! Owns a second reckoning: whole numbers only, tasks and their words straight from `plan`.

use super::plan::{Fate, Job, PRODUCTS, Plan, Said, is_within, quarter_of, second_catalog, span};
use chrono::NaiveDate;
use lienthong::domain::{FactKind, Role};
use std::collections::BTreeMap;

/// What was decided after a period had been closed.
#[derive(Default)]
pub struct Afterwards {
    /// Tasks whose lateness was excused.
    pub excused: Vec<String>,
    /// Tasks whose return was rejected.
    pub rejected: Vec<String>,
    /// Criteria of a person and quarter, half points.
    pub criteria: BTreeMap<(usize, u32), i128>,
}

/// One task of somebody's quarter: tenths of coefficient and quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub key: String,
    pub coefficient: i128,
    pub assigned: i128,
    pub completed: i128,
    pub failures: i128,
    pub late: i128,
    pub extra: bool,
    pub due: NaiveDate,
}

/// A fraction above nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction(pub i128, pub i128);

impl Fraction {
    fn plus(self, other: Self) -> Self {
        let (numerator, denominator) = (self.0 * other.1 + other.0 * self.1, self.1 * other.1);
        let mut pair = (numerator.abs(), denominator);
        while pair.1 != 0 {
            pair = (pair.1, pair.0 % pair.1);
        }
        let common = pair.0.max(1);
        Self(numerator / common, denominator / common)
    }

    /// Two decimals, a half upwards.
    pub fn printed(self) -> String {
        let hundredths = (self.0 * 200 + self.1) / (self.1 * 2);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }

    /// Whether it reaches so many points.
    pub fn reaches(self, points: i128) -> bool {
        self.0 >= points * self.1
    }
}

/// The band of a score (Decree 335/2025 art. 20).
pub fn band(score: Fraction) -> &'static str {
    match score {
        score if score.reaches(90) => "excellent",
        score if score.reaches(70) => "good",
        score if score.reaches(50) => "completed",
        _ => "not_completed",
    }
}

/// What one person's stake in a task counts in the quarter it was due in; none where it is not theirs or does not count.
fn counted(job: &Job, who: usize, afterwards: &Afterwards) -> Option<Counted> {
    let heir = matches!(job.fate, Fate::HandedOver(heir) if heir == who);
    if job.fate == Fate::Cancelled || !(job.who == who || heir) {
        return None;
    }
    let due = if let Fate::Moved(to) = job.fate { to } else { job.due };
    let end = span(quarter_of(due)).1;
    let gave_away = matches!(job.fate, Fate::HandedOver(_)) && !heir;
    let whole = job.quantity * 10;
    let completed = match &job.fate {
        _ if gave_away => 0,
        Fate::Partly => 8,
        _ if job.done.is_some_and(|done| done <= end) => whole,
        _ => 0,
    };
    let excused = job.fate == Fate::LateExcused || afterwards.excused.contains(&job.key);
    let ended = if job.fate == Fate::Partly { Some(end) } else { job.done.filter(|done| *done <= end) };
    let late = match ended {
        Some(done) if !gave_away && !excused => i128::from((done - due).num_days().max(0)),
        _ => 0,
    };
    let confirmed = job.fate == Fate::Returned(Said::Confirmed) && !afterwards.rejected.contains(&job.key);
    let version = usize::from(job.assigned >= second_catalog());
    Some(Counted {
        key: job.key.clone(),
        coefficient: PRODUCTS[job.product].1[version],
        assigned: whole,
        completed,
        failures: i128::from(confirmed),
        late,
        extra: heir || job.unplanned,
        due,
    })
}

/// The reckoning of a year as far as it is decided.
pub struct Count<'a> {
    pub plan: &'a Plan,
    pub afterwards: &'a Afterwards,
}

impl Count<'_> {
    /// Somebody's own tasks of a quarter that count.
    pub fn own(&self, who: usize, quarter: u32) -> Vec<Counted> {
        let jobs = self.plan.jobs.iter().filter_map(|job| counted(job, who, self.afterwards));
        jobs.filter(|line| quarter_of(line.due) == quarter).collect()
    }

    /// Whether somebody is evaluated in a quarter: there is a day they worked.
    pub fn is_evaluated(&self, who: usize, quarter: u32) -> bool {
        let (first, last) = span(quarter);
        first.iter_days().take_while(|day| *day <= last).any(|day| self.plan.works(who, day))
    }

    /// The units somebody answers for.
    fn leads(&self, who: usize) -> Vec<&'static str> {
        let post = &self.plan.people[who].posts[0];
        match post.role {
            Role::Head => vec![post.unit],
            Role::Deputy => post.leads.into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Their own tasks and those of everyone below them, of the days on which they were (plan IV.1; art. 15.1).
    fn pool(&self, leader: usize, quarter: u32) -> Vec<Counted> {
        let mut pool = self.own(leader, quarter);
        for unit in self.leads(leader) {
            for who in (0..self.plan.people.len()).filter(|who| *who != leader) {
                let there = |on: NaiveDate| {
                    self.plan.people[who].post_on(on).is_some_and(|post| is_within(post.unit, unit))
                };
                pool.extend(self.own(who, quarter).into_iter().filter(|line| there(line.due)));
            }
        }
        pool
    }

    /// Those whose results make a leader's d.
    fn below(&self, leader: usize, quarter: u32) -> Vec<usize> {
        let led = self.leads(leader);
        let is_below = |who: &usize| {
            let Some(post) = self.plan.people[*who].last_post(span(quarter)) else { return false };
            let member = led.contains(&post.unit);
            let head_below = post.role == Role::Head && led.contains(&super::plan::above(post.unit));
            *who != leader && (member || head_below) && self.is_evaluated(*who, quarter)
        };
        (0..self.plan.people.len()).filter(is_below).collect()
    }

    /// The score of a quarter; none where nothing was assigned.
    pub fn score(&self, who: usize, quarter: u32) -> Option<Fraction> {
        let leads = !self.leads(who).is_empty();
        let lines = if leads { self.pool(who, quarter) } else { self.own(who, quarter) };
        let assigned = |line: &&Counted| !line.extra;
        let denominator: i128 =
            lines.iter().filter(assigned).map(|line| line.coefficient * line.assigned).sum();
        if denominator == 0 {
            return None;
        }
        let kept = |counts: i128| 4 - counts.min(4);
        let quarters: i128 = lines
            .iter()
            .map(|line| line.coefficient * line.completed * (4 + kept(line.failures) + kept(line.late)))
            .sum();
        // a + b + c = quarters / (4 D).
        let mut ratios = Fraction(quarters, 4 * denominator);
        let mut of = 3;
        if leads {
            let below: Option<Vec<Fraction>> =
                self.below(who, quarter).into_iter().map(|who| self.score(who, quarter)).collect();
            let unit = if below?.into_iter().all(|score| score.reaches(50)) { 2 } else { 1 };
            let able = if self.plan.able[who][quarter as usize - 1] { 2 } else { 1 };
            ratios = ratios.plus(Fraction(unit + able + 2, 2));
            of = 6;
        }
        let task_part = Fraction(ratios.0 * 70, ratios.1 * of);
        let task_part = if task_part.reaches(70) { Fraction(70, 1) } else { task_part };
        let entered = self.plan.criteria[who][quarter as usize - 1];
        let halves = *self.afterwards.criteria.get(&(who, quarter)).unwrap_or(&entered);
        Some(task_part.plus(Fraction(halves, 2)))
    }

    /// The level proposed for a year, given the printed scores of its quarters.
    pub fn year(&self, who: usize, quarters: &[String]) -> (String, Option<&'static str>) {
        let hundredths =
            quarters.iter().map(|score| score.replace('.', "").parse::<i128>().expect("a score"));
        let mean = Fraction(hundredths.sum(), quarters.len() as i128 * 100);
        let facts = || self.plan.facts.iter().filter(|fact| fact.who == who);
        let level = if facts().any(|fact| fact.kind == FactKind::Discipline) {
            Some("not_completed")
        } else if [self.plan.cast.long_leave, self.plan.cast.recruit].contains(&who) {
            None
        } else {
            Some(band(mean))
        };
        (mean.printed(), level)
    }
}
