//! Many people's records looked at in one order: who is evaluated, how far the record of each stands, and one approval among many.
//!
//! Owns that each of them is judged as an order about that person alone is, by authority, prior opinion, cap, day, hold and the life of
//! the record. It must not know why somebody looks at many, or write anything. What stands against one person is told of that
//! one, and the others go on.

use super::life::{Opened, subject_of};
use super::no_score::no_score_in;
use super::{App, Refusal};
use crate::directory::Directory;
use crate::directory::entitled::{Duty, Judged};
use crate::domain::{Level, Period, PersonId, RecordState, UnitCode};
use crate::error::{Finding, Text};
use crate::evaluation::{Approval, Approved, Classification, Content, life};
use crate::pipeline::command::PersonRef;
use crate::store::NewRevision;
use std::collections::BTreeSet;

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

/// Who decides about many, and by what.
#[derive(Clone, Copy)]
pub(super) struct Cited<'a> {
    pub author: &'a str,
    pub decision_no: Option<&'a str>,
    pub opinion: Option<&'a str>,
}

/// An approval, or of a year with a level a classification, with what is worth telling of it; none where the record says so already.
pub(super) type Decided = Option<(Box<NewRevision>, Vec<Finding>)>;

/// The approval of one record, or what stands against it.
pub(super) async fn approval(
    app: &App,
    opened: &Opened,
    level: Option<Level>,
    cited: Cited<'_>,
) -> Result<Result<Decided, Box<Finding>>, Refusal> {
    let (person, directory, held, now) = (opened.id, &opened.directory, opened.held(), app.clock.now());
    let (period, who) = (opened.latest.period, cited.author);
    let Some(subject) = subject_of(directory, person) else { return Ok(Ok(None)) };
    if let Err(finding) = opened.check_settled(app, &named(directory, person)).await? {
        return Ok(Err(finding));
    }
    let duty = if period.is_year() { Duty::Classify } else { Duty::Score };
    // Deciding about oneself is refused as such, below.
    if directory.named(who) != Some(person) {
        let document = cited.decision_no;
        let judged = Judged { subject: person, period, duty, author: who, at: now, document };
        if let Err(finding) = directory.check_author(judged) {
            return Ok(Err(finding));
        }
    }
    let (decision_no, revision) = (cited.decision_no, Some(opened.latest.revision));
    let mut told = Vec::new();
    let outcome = match level.filter(|_| period.is_year()) {
        Some(level) => {
            let kept = app.chairs_opinion(person, period).await?;
            let opinion = cited.opinion.or(kept.as_deref());
            if let Err(finding) = directory.check_opinion(person, period, opinion) {
                return Ok(Err(finding));
            }
            match app.check_cap(directory, person, period, level).await? {
                Ok(warning) => told.extend(warning),
                Err(finding) => return Ok(Err(finding)),
            }
            let decision = Classification { revision, level, author: who, at: now, decision_no, opinion };
            life::classify(held, subject, decision)
        }
        None => {
            let approval = Approval { revision, content_hash: None, author: who, at: now, decision_no };
            life::approve(held, subject, approval)
        }
    };
    let (content, summary): (Box<Content>, _) = match outcome {
        Ok(Approved::Already) => return Ok(Ok(None)),
        Ok(Approved::Revision { content, summary, warnings }) => {
            told.extend(warnings);
            (content, summary)
        }
        Err(finding) => return Ok(Err(finding)),
    };
    let next = opened.latest.revision + 1;
    let revision = app.revision(person, next, RecordState::Approved, &content, &summary, who, None, now)?;
    let outbox = app.results_of_approval(directory, &revision, &content).await?;
    let due = period.means().into_iter().map(|mean| (person, mean)).collect();
    Ok(Ok(Some((Box::new(NewRevision { revision, outbox, settles: Vec::new(), due }), told))))
}

/// What an order about many was refused for stands in the journal, once for each code.
pub(super) async fn journal_refused<'a>(
    app: &App,
    who: &str,
    (period, what): (Period, &str),
    findings: impl Iterator<Item = &'a Finding>,
) -> Result<(), Refusal> {
    let mut by_code: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for finding in findings {
        *by_code.entry(&finding.code).or_default() += 1;
    }
    for (code, count) in by_code {
        let object = format!("{count} records of {period} {what}");
        app.store.note(app.clock.now(), who, "decision_refused", object, Some(code)).await?;
    }
    Ok(())
}
