//! Orders about organisations: what is known of their year, the facts people state, the steps to recognition, and that the
//! result was told.
//!
//! Owns which order goes where, what people state, and notices. It must not know how tasks are counted (`known`), who may
//! do what (`entitled`) or how a step is judged (`step`). What is refused is told, written to the journal, and changes nothing.

mod entitled;
mod known;
mod shown;
mod step;

use super::{Answer, App, Refusal, author, known_unit};
use crate::domain::{UnitCode, local_date};
use crate::error::{Finding, Place, Text};
use crate::evaluation::organisation::check_notice;
use crate::evaluation::remarks::wrong_text;
use crate::pipeline::command::{LifeOrder, Outcome, TaskRef};
use crate::store::{OrganisationFact, OrganisationNotice};
use chrono::NaiveDate;
use entitled::{check_document, may_not, may_state, may_tell};
use std::collections::BTreeSet;
use step::{Making, check_revision, refused_move, take};

/// Facts that can be stated.
const FACTS: [&str; 5] = ["defects_fixed", "wrongdoing", "force_majeure", "hold", "special_date"];

/// Carries out an order about organisations.
pub(super) async fn carry_out(app: &App, order: LifeOrder) -> Answer {
    use LifeOrder as L;
    match order {
        L::OrganisationShow { unit, year } => shown::show(app, &unit, year).await,
        L::OrganisationList { year, unit } => shown::list(app, year, unit.as_ref()).await,
        L::OrganisationState { unit, year, kind, value, document, author } => {
            state(app, &unit, year, (&kind, value, &document), &author).await
        }
        L::OrganisationAbove { task, back, document, author } => {
            above(app, &task, back, &document, &author).await
        }
        L::OrganisationStep {
            unit,
            year,
            step,
            revision,
            level,
            items,
            document,
            reason,
            exception,
            author,
        } => {
            let made = Making { unit, year, revision, level, items, document, reason, exception, author };
            take(app, &step, made).await
        }
        L::OrganisationNotify { unit, year, revision, to, on, how, document, author } => {
            let on = on.unwrap_or_else(|| app.clock.today());
            notify(app, (&unit, year, revision), (to, on, &how), (&author, document)).await
        }
        _ => Err(crate::pipeline::broken("order").into()),
    }
}

/// Refuses an organisation nobody knows; it is named without an option.
async fn known_organisation(app: &App, unit: &UnitCode) -> Result<(), Refusal> {
    let named = |finding: Finding| finding.at(Place::of(format!("organisation {unit}")));
    let known = known_unit(app, Some(unit)).await;
    known.map_err(|Refusal(findings)| Refusal(findings.into_iter().map(named).collect()))
}

async fn state(
    app: &App,
    unit: &UnitCode,
    year: i32,
    (kind, value, document): (&str, Option<bool>, &str),
    who: &str,
) -> Answer {
    let who = author(who)?;
    known_organisation(app, unit).await?;
    let directory = app.directory().await?;
    let judged = may_state(app, &directory, unit, who).and_then(|()| check_document(document));
    let refusal = if !FACTS.contains(&kind) {
        let list = FACTS.join(", ");
        Some(Finding::error(
            "LT-ORG-013",
            Text::new(format!("không có loại xác nhận \"{kind}\""), format!("there is no fact \"{kind}\"")),
            Text::new(format!("dùng một trong: {list}"), format!("use one of: {list}")),
        ))
    } else {
        judged.err().map(|finding| *finding)
    };
    if let Some(finding) = refusal {
        let object = format!("organisation {unit} {year}");
        app.store.note(app.clock.now(), who, "move_refused", object, Some(&finding.code)).await?;
        return Err(finding.at(Place::of(format!("organisation {unit} {year}"))).into());
    }
    let fact = OrganisationFact {
        kind: kind.to_owned(),
        value,
        document: document.trim().to_owned(),
        author: who.to_owned(),
        at: app.clock.now(),
    };
    app.store.state_organisation_fact(unit, year, &fact).await?;
    Ok(Outcome::done("đã ghi", "written"))
}

/// Writes down that a recognition was told to the organisation, or to another agency it concerns (plan III.4.b).
async fn notify(
    app: &App,
    (unit, year, revision): (&UnitCode, i32, u32),
    (to, on, how): (Option<String>, NaiveDate, &str),
    (who, document): (&str, Option<String>),
) -> Answer {
    let who = author(who)?;
    known_organisation(app, unit).await?;
    let directory = app.directory().await?;
    let to = to.map(|to| to.trim().to_owned());
    let wrong = wrong_text("cách thông báo", "how it was told", how);
    let wrong_to = to.as_deref().and_then(|to| wrong_text("nơi nhận", "who was told", to));
    if let Some(wrong) = wrong.or(wrong_to) {
        return Err(wrong.into());
    }
    let revisions = app.store.organisation_revisions(unit, year).await?;
    let newest = revisions.last();
    let judged = may_tell(app, &directory, unit, (who, document.as_deref()))
        .and_then(|()| check_revision(unit, year, revision, newest.map_or(0, |held| held.revision)))
        .and_then(|()| {
            let held = newest.map(|held| (held.state.as_str(), local_date(held.at)));
            check_notice((unit, year), held, on, app.clock.today())
        });
    if let Err(finding) = judged {
        return Err(refused_move(app, who, unit, year, vec![*finding]).await?);
    }
    let notice = OrganisationNotice {
        revision,
        told_to: to,
        told_on: on,
        how: how.trim().to_owned(),
        document: document.map(|document| document.trim().to_owned()),
        author: who.to_owned(),
        at: app.clock.now(),
    };
    app.store.add_organisation_notice(unit, year, &notice).await?;
    Ok(Outcome::done(format!("đã ghi thông báo ngày {on}"), format!("notice of {on} written down")))
}

async fn above(app: &App, task: &TaskRef, back: bool, document: &str, who: &str) -> Answer {
    let who = author(who)?;
    let (source, key) = (task.source.as_str(), task.external_id.as_str());
    let (document, now) = (document.trim(), app.clock.now());
    let Some(people) = app.store.people_of_task(source, key).await? else {
        return Err(not_to_mark(source, key, back).into());
    };
    let directory = app.directory().await?;
    let units: BTreeSet<&UnitCode> =
        people.iter().filter_map(|person| directory.unit_on(*person, app.clock.today())).collect();
    let judged = check_document(document).and_then(|()| {
        if units.is_empty() && directory.named(who).is_some() {
            return Err(Box::new(may_not(("xác nhận về", "state facts about"), who)));
        }
        units.iter().try_for_each(|unit| may_state(app, &directory, unit, who))
    });
    if let Err(finding) = judged {
        let object = format!("task {source}/{key}");
        app.store.note(now, who, "move_refused", object, Some(&finding.code)).await?;
        return Err(finding.into());
    }
    if back {
        if app.store.unmark_above(source, key, document, who, now).await? {
            return Ok(Outcome::done("đã thu hồi ghi nhận vượt mức", "the mark is taken back"));
        }
    } else if app.store.mark_above(source, key, document, who, now).await? {
        return Ok(Outcome::done(
            "đã ghi: nhiệm vụ hoàn thành vượt mức yêu cầu",
            "marked as above requirement",
        ));
    }
    Err(not_to_mark(source, key, back).into())
}

fn not_to_mark(source: &str, key: &str, back: bool) -> Finding {
    let (vi, en) = if back {
        ("chưa được ghi là vượt mức", "it is not marked")
    } else {
        ("đã được ghi là vượt mức", "it is marked already")
    };
    Finding::error(
        "LT-ORG-009",
        Text::new(
            format!("không có nhiệm vụ {source}:{key}, hoặc {vi}"),
            format!("there is no task {source}:{key}, or {en}"),
        ),
        Text::new("kiểm tra NGUỒN:MÃ bằng `score explain`", "check SOURCE:KEY with `score explain`"),
    )
}

fn refused(code: &str, unit: &UnitCode, year: i32, what: (String, String), remedy: (&str, &str)) -> Finding {
    Finding::error(code, Text::new(what.0, what.1), Text::new(remedy.0, remedy.1))
        .at(Place::of(format!("organisation {unit} {year}")))
}
