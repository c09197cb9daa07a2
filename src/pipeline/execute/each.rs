//! Many people's records looked at in one order: who is evaluated, how far the record of each stands, and what is told of all.
//!
//! Owns that figures have settled before somebody's record is decided about, alone or among many. It must not know why somebody looks
//! at many, or how one decision is judged (`pipeline::ruling`). What stands against one person is told of that one, and the others
//! go on.

use super::life::{Opened, subject_of};
use super::no_score::no_score_in;
use super::{App, Refusal};
use crate::directory::Directory;
use crate::domain::{Level, Period, PersonId, UnitCode};
use crate::error::{Finding, Text};
use crate::evaluation::life;
use crate::pipeline::command::PersonRef;
use crate::pipeline::ruling::{Judgement, Ruling};
use std::collections::{BTreeMap, BTreeSet};

/// Everybody evaluated in a period, of a unit and those below it where one is named, by unit and staff number.
pub(super) async fn evaluated(
    app: &App,
    period: Period,
    unit: Option<&UnitCode>,
) -> Result<Vec<PersonId>, Refusal> {
    let directory = app.directory().await?;
    let population = app.rule_set(period)?.population_filter;
    let within = unit.map(|unit| directory.subtree(unit));
    let mut people = Vec::new();
    for known in directory.people() {
        let Some(post) = directory.last_post(known.id, period) else { continue };
        let inside = within.as_ref().is_none_or(|units| units.contains(&post.unit));
        if inside && directory.is_scored(known.id, period, population) {
            people.push((&post.unit, &known.staff_number, known.id));
        }
    }
    people.sort();
    Ok(people.into_iter().map(|(.., id)| id).collect())
}

/// Lets the figures of some people that are still to come settle first, as far as they do in a moment.
pub(super) async fn settled(
    app: &std::sync::Arc<App>,
    period: Period,
    people: &[PersonId],
) -> Result<bool, Refusal> {
    let people: BTreeSet<PersonId> = people.iter().copied().collect();
    let mut waiting = app.store.unsettled(period).await?;
    if period.is_mean() {
        waiting.extend(app.parts_due(None, period).await?);
    }
    let waiting = &waiting & &people;
    Ok(!waiting.is_empty() && app.settle(period, &waiting).await?)
}

/// How somebody is named in what is told of them.
pub(super) fn named(directory: &Directory, person: PersonId) -> PersonRef {
    directory
        .person(person)
        .map_or(PersonRef::Id(person), |known| PersonRef::Staff(known.staff_number.clone()))
}

/// How far a record stands from its approval.
pub(super) enum Stands {
    /// It waits for nothing but a decision; of a year about this level.
    Ready(Box<Opened>, Option<Level>),
    /// It is approved.
    Approved(Box<Opened>),
    /// Something stands against any decision, whoever makes it.
    Waits(Option<Box<Opened>>, Box<Finding>),
}

/// That the period has a result decided before records were kept here: who puts another one over it looks at it first.
fn imported_stands(period: Period) -> Finding {
    let what = Text::new(
        format!("kỳ {period} đã có kết quả nhập từ trước; lệnh cho nhiều người không thay kết quả đó"),
        format!("{period} has an imported result, which an order about many people does not replace"),
    );
    let remedy = Text::new(
        "giữ kết quả đã nhập, hoặc phê duyệt riêng người này sau khi xem (`record show`, `record approve`)",
        "leave the imported result, or approve this person alone after looking (`record show`, `record approve`)",
    );
    Finding::error("LT-REC-095", what, remedy)
}

/// How far somebody's record stands, as it is now.
pub(super) async fn stands(app: &App, person: PersonId, period: Period) -> Result<Stands, Refusal> {
    let directory = app.directory().await?;
    let whose = named(&directory, person);
    if app.store.latest_revision(person, period).await?.is_none() {
        return Ok(Stands::Waits(None, Box::new(no_score_in(app, &whose, period).await)));
    }
    let opened = Box::new(Opened::of(app, &whose, period).await?);
    if life::is_deliverable(opened.latest.state) {
        return Ok(Stands::Approved(opened));
    }
    if app.store.history(person).await?.iter().any(|(of, _)| *of == period) {
        return Ok(Stands::Waits(Some(opened), Box::new(imported_stands(period))));
    }
    let Some(subject) = subject_of(&directory, person) else {
        return Ok(Stands::Waits(Some(opened), Box::new(no_score_in(app, &whose, period).await)));
    };
    let checked = match opened.check_settled(app, &whose).await? {
        Ok(()) => life::check_ready(opened.held(), subject, app.clock.now()),
        Err(finding) => Err(finding),
    };
    if let Err(finding) = checked {
        return Ok(Stands::Waits(Some(opened), finding));
    }
    let level = if period.is_year() { opened.held().content.suggested() } else { None };
    if let Some(level) = level
        && let Err(finding) = app.check_cap(&directory, person, period, level).await?
    {
        return Ok(Stands::Waits(Some(opened), finding));
    }
    Ok(Stands::Ready(opened, level))
}

/// One decision about a record whose figures have settled: what it comes to, or what stands against it.
pub(super) async fn judged(app: &App, opened: &Opened, ruling: Ruling<'_>) -> Result<Judgement, Refusal> {
    if let Err(finding) = opened.check_settled(app, &named(&opened.directory, opened.id)).await? {
        return Ok(Err(finding));
    }
    Ok(app.judge_ruling(&opened.directory, (&opened.latest, opened.held()), ruling).await?)
}

/// What is told of many decisions: what holds for all of them (the day of the law) once.
pub(super) fn told_once(told: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    told.retain(|finding| {
        let place = finding.place.as_ref().map(ToString::to_string);
        seen.insert((finding.code.clone(), finding.what.en.clone(), place))
    });
}

/// What an order about many was refused for stands in the journal, once for each code.
pub(super) async fn journal_by_code<'a>(
    app: &App,
    who: &str,
    (period, what): (Period, &str),
    findings: impl Iterator<Item = &'a Finding>,
) -> Result<(), Refusal> {
    let mut by_code: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in findings {
        *by_code.entry(&finding.code).or_default() += 1;
    }
    for (code, count) in by_code {
        let object = format!("{count} records of {period} {what}");
        app.store.note(app.clock.now(), who, "decision_refused", object, Some(code)).await?;
    }
    Ok(())
}
