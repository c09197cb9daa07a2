//! What is known of an organisation's year: its tasks, points, conditions and revisions.
//!
//! Owns how an organisation's tasks are counted from what its people's scores were made of, and what a revision says. It
//! must not know who may write. What cannot be read ends the order, and nothing is written.

use super::entitled::is_member;
use crate::directory::Directory;
use crate::domain::organisation::maxima;
use crate::domain::{Exact, Level, Period, PersonId, UnitCode};
use crate::evaluation::organisation::OrganisationState as State;
use crate::pipeline::derived::read;
use crate::pipeline::execute::{App, Refusal};
use crate::pipeline::score::FULL_PERIOD;
use crate::scoring::organisation::{
    OrganisationInput, OrganisationScore, OrganisationTask, TaskShares, score_organisation,
};
use crate::store::{OrganisationFact, OrganisationRevision};
use chrono::NaiveDate;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Everything known of an organisation's year.
pub(super) struct Known {
    pub(super) revisions: Vec<OrganisationRevision>,
    pub(super) facts: BTreeMap<String, OrganisationFact>,
    pub(super) points: BTreeMap<String, Exact>,
    pub(super) shares: TaskShares,
    pub(super) open_below: Vec<String>,
    pub(super) score: OrganisationScore,
}

impl Known {
    pub(super) fn state(&self) -> Option<State> {
        self.revisions.last().and_then(|revision| State::parse(&revision.state))
    }

    pub(super) fn fact(&self, kind: &str) -> Option<bool> {
        self.facts.get(kind).and_then(|fact| fact.value)
    }

    pub(super) fn hold(&self) -> Option<&str> {
        let held = self.facts.get("hold").filter(|fact| fact.value == Some(true));
        held.map(|fact| fact.document.as_str())
    }
}

pub(super) async fn known(
    app: &App,
    directory: &Directory,
    unit: &UnitCode,
    year: i32,
    given: &BTreeMap<String, Exact>,
) -> Result<Known, Refusal> {
    let rules = app.rule_set(Period::Year(year))?;
    let revisions = app.store.organisation_revisions(unit, year).await?;
    let facts = app.store.organisation_facts(unit, year).await?;
    let mut points: BTreeMap<String, Exact> = BTreeMap::new();
    let held =
        revisions.last().and_then(|revision| revision.content.get("points")).and_then(Value::as_object);
    for (item, value) in held.into_iter().flatten() {
        if let Some(value) = value.as_str().and_then(|text| text.parse().ok()) {
            points.insert(item.clone(), value);
        }
    }
    points.extend(given.iter().map(|(item, value)| (item.clone(), value.clone())));
    let shares = TaskShares::of(tasks(app, directory, unit, year).await?.into_values());
    let recognised = app.store.organisations_of(year).await?;
    let (mut subordinates, mut open_below) = (Vec::new(), Vec::new());
    for below in directory.units().filter(|below| below.parent.as_ref() == Some(unit)) {
        let level =
            recognised.get(&below.code).filter(|revision| revision.state == State::Recognised.as_str());
        let level = level.and_then(|revision| revision.level);
        if level.is_none() {
            open_below.push(below.code.to_string());
        }
        subordinates.push(level);
    }
    let fact = |kind: &str| facts.get(kind).and_then(|fact: &OrganisationFact| fact.value);
    let score = score_organisation(&OrganisationInput {
        points: points.clone(),
        maxima: maxima(&rules.organisation_points).unwrap_or_default(),
        tasks: shares,
        subordinates,
        defects_fixed: fact("defects_fixed"),
        wrongdoing: fact("wrongdoing"),
        force_majeure: fact("force_majeure") == Some(true),
    });
    Ok(Known { revisions, facts, points, shares, open_below, score })
}

/// The tasks of an organisation's year, each once: the lines its people's scores were made of, for the days on which
/// they were its people. What was finished after its quarter and within the year is done, late where its day had passed:
/// the conditions of art. 8 are of the year. Of the parts of one person's task all have to be done; handed over within
/// the organisation, the one who finished it speaks for it.
async fn tasks(
    app: &App,
    directory: &Directory,
    unit: &UnitCode,
    year: i32,
) -> Result<BTreeMap<String, OrganisationTask>, Refusal> {
    let units: BTreeSet<&UnitCode> = directory.subtree(unit);
    let period = Period::Year(year);
    let above = app.store.tasks_above().await?;
    // What somebody of the organisation marked speaks for those below it alone.
    let inside_of = |who: PersonId| is_member(directory, who, unit, app.clock.today());
    let is_above = |key: &str| above.get(key).is_some_and(|who| !directory.named(who).is_some_and(inside_of));
    let mut tasks: BTreeMap<String, OrganisationTask> = BTreeMap::new();
    // By months a quarter is a mean and has no lines: those are its months'.
    let monthly = |quarter: Period| app.rule_set(quarter).is_ok_and(|rules| rules.is_monthly());
    let of_quarter = |quarter: Period| if monthly(quarter) { quarter.months() } else { vec![quarter] };
    let made_of_tasks: Vec<Period> = period.quarters().into_iter().flat_map(of_quarter).collect();
    let people: Vec<PersonId> = directory.people().map(|known| known.id).collect();
    for person in people {
        let posts: Vec<_> =
            directory.posts(person, period).into_iter().filter(|post| units.contains(&post.unit)).collect();
        if posts.is_empty() {
            continue;
        }
        let mut own: BTreeMap<String, OrganisationTask> = BTreeMap::new();
        for part in &made_of_tasks {
            let Some(bytes) = app.store.derivation(person, *part, FULL_PERIOD).await? else { continue };
            let derivation = read(&bytes).ok_or_else(|| crate::pipeline::broken("derivation"))?;
            for line in derivation.get("lines").and_then(Value::as_array).into_iter().flatten() {
                // A leader's pool repeats the lines of those in charge.
                let (Some(key), None) = (text(line, "source"), text(line, "of")) else { continue };
                let inside = day(line, "counted_on").is_some_and(|day| {
                    posts.iter().any(|post| post.from <= day && post.to.is_none_or(|to| day <= to))
                });
                if !inside {
                    continue;
                }
                let one = OrganisationTask { above: is_above(key), ..in_year(line, period.last_day()) };
                let held = own.entry(key.to_owned()).or_insert(one);
                held.done &= one.done;
                held.late |= one.late;
                held.failed |= one.failed;
            }
        }
        for (key, one) in own {
            let held = tasks.entry(key).or_insert(one);
            if one.done && !held.done {
                *held = one;
            }
        }
    }
    Ok(tasks)
}

fn text<'a>(line: &'a Value, key: &str) -> Option<&'a str> {
    line.get(key).and_then(Value::as_str)
}

fn day(line: &Value, key: &str) -> Option<NaiveDate> {
    text(line, key).and_then(|day| day.parse().ok())
}

/// How a line's task stands by the last day of the year.
fn in_year(line: &Value, last: NaiveDate) -> OrganisationTask {
    let number = |key: &str| text(line, key).and_then(|text| text.parse::<Exact>().ok());
    let count = |key: &str| line.get(key).and_then(Value::as_u64).unwrap_or(0);
    let in_period = match (number("completed"), number("assigned")) {
        (Some(completed), Some(assigned)) => completed >= assigned && completed > Exact::zero(),
        _ => false,
    };
    let later = day(line, "finished_later_on").filter(|day| *day <= last);
    let excused = line.get("late_excused").and_then(Value::as_bool).unwrap_or(false);
    let late_then = later.zip(day(line, "due")).is_some_and(|(done, due)| done > due) && !excused;
    OrganisationTask {
        done: in_period || later.is_some(),
        late: count("late_count") > 0 || (!in_period && late_then),
        failed: count("quality_failures") > 0,
        above: false,
    }
}

/// What a revision says: points, counts and conditions as they were when it was made.
pub(super) fn content(known: &Known, level: Option<Level>) -> Value {
    let score = &known.score;
    let text = |value: &Option<Exact>| value.as_ref().map(Exact::to_text);
    json!({
        "points": known.points.iter().map(|(item, value)| (item.clone(), json!(value.to_text()))).collect::<serde_json::Map<_, _>>(),
        "general": text(&score.general), "result": text(&score.result), "total": text(&score.total),
        "tasks": known.shares, "conditions": score.conditions, "level_of_rules": score.level, "gap": score.gap,
        "level": level,
        "facts": known.facts.iter().map(|(kind, fact)| (kind.clone(), json!([fact.value, fact.document]))).collect::<serde_json::Map<_, _>>(),
    })
}

pub(super) fn hash(content: &Value) -> String {
    Sha256::digest(content.to_string().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
