//! The order that closes a period.
//!
//! Owns what the checklist is made from, who may close, and what a close sets in motion. It must not know which points a person
//! may accept; that is the checklist's. A refused close says what stands in the way and has changed nothing.

use super::{Answer, App, Refusal, author, standing};
use crate::domain::{Period, PersonId, RecordState, UnitCode};
use crate::error::Text;
use crate::evaluation::{Checklist, CloseFacts};
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::record::content_of;
use crate::pipeline::results::{Occasion, result_item};
use crate::pipeline::score::{FULL_PERIOD, scope_of};
use crate::pipeline::wording::Words;
use crate::store::PeriodClose;
use serde_json::json;
use std::collections::BTreeSet;

/// A close as ordered.
pub(super) struct Closing {
    pub period: Period,
    pub unit: Option<UnitCode>,
    pub author: String,
    pub reason: Option<String>,
    pub document: Option<String>,
    pub dry_run: bool,
}

pub(super) async fn close(app: &App, order: Closing) -> Answer {
    let Closing { period, unit, author: who, reason, document, dry_run } = order;
    author(&who)?;
    let directory = app.directory().await?;
    if !dry_run {
        let today = app.clock.today();
        if let Err(finding) = directory.check_closer(unit.as_ref(), &who, today, document.as_deref()) {
            let object = match &unit {
                Some(unit) => format!("period {period} unit {unit}"),
                None => format!("period {period}"),
            };
            app.store.note(app.clock.now(), &who, "move_refused", object, Some(&finding.code)).await?;
            return Err(finding.into());
        }
    }
    let facts = close_facts(app, period, unit.as_ref()).await?;
    let checklist = Checklist::new(&facts);
    let rows = checklist
        .checks
        .iter()
        .map(|check| {
            vec![
                json!(check.name),
                json!(check.state),
                json!(check.count),
                json!(check.finding.as_ref().map(|finding| &finding.what)),
            ]
        })
        .collect();
    let table = Document::Table {
        title: Text::new(format!("Chốt kỳ {period}"), format!("Close of {period}")),
        columns: vec![
            Column::words("check", "Mục", "Check", Words::Check),
            Column::words("state", "Tình trạng", "State", Words::CheckState),
            Column::right("count", "Số lượng", "Count"),
            Column::left("what", "Nội dung", "What"),
        ],
        rows,
    };
    if dry_run {
        return Ok(Outcome::ok(table));
    }
    let checklist = checklist.decide(reason.as_deref()).map_err(Refusal)?;
    let now = app.clock.now();
    if let Some(unit) = unit {
        let kept = serde_json::to_value(&checklist).map_err(|_| crate::pipeline::broken("checklist"))?;
        let close = PeriodClose { period, at: now, author: who, document, checklist: kept };
        if !app.store.close_unit(&close, &unit).await? {
            // Somebody was faster: told as on any other second close.
            let facts = CloseFacts { closed: true, ..facts };
            return Err(Refusal(Checklist::new(&facts).decide(None).err().unwrap_or_default()));
        }
        let message = Document::Message {
            text: Text::new(
                format!("đã chốt kỳ {period} của đơn vị {unit}; kết quả gửi đi khi chốt cả kỳ"),
                format!("{period} of unit {unit} is closed; results leave with the close of the whole"),
            ),
        };
        let parts = vec![("close".into(), message), ("checklist".into(), table)];
        return Ok(Outcome::ok(Document::Parts { parts }));
    }
    let close = PeriodClose {
        period,
        at: now,
        author: who,
        document,
        checklist: serde_json::to_value(&checklist).map_err(|_| crate::pipeline::broken("checklist"))?,
    };
    let (mut outbox, mut due) = (Vec::new(), Vec::new());
    for known in directory.people() {
        // The year of somebody without a result lacks a closed quarter from now on.
        due.extend(period.means().into_iter().map(|mean| (known.id, mean)));
        let approved = app.store.approved_revisions(known.id).await?;
        let Some(revision) = approved.iter().find(|revision| revision.period == period) else { continue };
        let content = content_of(revision)?;
        let occasion = Occasion::Approved(revision, &content, Some(now));
        outbox.extend(result_item(app, &directory, known.id, occasion).await?);
    }
    let sent = outbox.len();
    crate::failpoint!("close::before_commit");
    app.store.close_period(&close, &outbox, &due).await?;
    crate::failpoint!("close::after_commit");
    app.ring("score");
    app.ring_deliveries();
    let message = Document::Message {
        text: Text::new(
            format!("đã chốt kỳ {period}; {sent} kết quả chờ gửi"),
            format!("{period} is closed; {sent} results wait to be delivered"),
        ),
    };
    Ok(Outcome::ok(Document::Parts { parts: vec![("close".into(), message), ("checklist".into(), table)] }))
}

/// The facts of a close. Of a unit: of the people whose post at the end of the period is in it, and of the sources of
/// the department or commune it belongs to and of every unit above that one: a province-wide system shows its tasks too.
async fn close_facts(app: &App, period: Period, unit: Option<&UnitCode>) -> Result<CloseFacts, Refusal> {
    let due = app.store.scores_due_by(app.clock.today(), 100_000).await?;
    let directory = app.directory().await?;
    let serving = unit.map(|unit| directory.above(directory.serving(unit)));
    let (mut stale_sources, mut own_sources) = (Vec::new(), Vec::new());
    for (id, source) in &app.sources {
        if serving.as_ref().is_some_and(|units| !units.contains(&directory.serving(&source.unit))) {
            continue;
        }
        own_sources.push(id);
        let state = app.store.source_state(id).await?;
        let fresh = state.last_success_at.is_some_and(|at| crate::domain::local_date(at) > period.last_day());
        if !fresh {
            stale_sources.push(id.to_string());
        }
    }
    let mut counted = standing::by_unit(app, period).await?;
    let closed_units = app.store.closed_units(period).await?;
    let whole_closed = app.store.period_close(period).await?.is_some();
    let mut open_units: Vec<String> = Vec::new();
    let below: Option<BTreeSet<&UnitCode>> = unit.map(|unit| directory.subtree(unit));
    for (code, inside) in &counted {
        let matters = match (&below, unit) {
            (Some(below), Some(unit)) => code != unit && below.contains(code),
            _ => !closed_units.is_empty(),
        };
        if matters && !closed_units.contains(code) && !inside.people.is_empty() {
            open_units.push(code.to_string());
        }
    }
    if let Some(unit) = unit {
        counted.retain(|code, _| code == unit);
    }
    let sum = |states: &[RecordState]| counted.values().map(|inside| inside.in_states(states)).sum::<u64>();
    let people: Vec<PersonId> = counted.values().flat_map(|inside| inside.people.iter().copied()).collect();
    let asked = app.steps_required(period);
    let (waiting, unmapped, unidentified) = match unit {
        Some(_) => (
            app.store.waiting_of(&people, &own_sources).await?,
            app.store.reviews_due_of(period, &people).await?,
            0,
        ),
        None => {
            let waits = app.store.overview().await?.due;
            let waits = |step: &str| waits.get(step).copied().unwrap_or(0);
            (
                waits("identify") + waits("map"),
                app.store.reviews_due(period).await?,
                app.store.unknown_accounts_of(period).await?,
            )
        }
    };
    let yearly =
        standing::yearly(app, &directory, period, unit.map(|unit| (unit, people.as_slice()))).await?;
    let concerned = |person: &PersonId| unit.is_none() || people.contains(person);
    // Until the day after the last one has begun for scores, they say nothing about the whole period; nor do scores that
    // were made by other rules than those that govern now.
    let over = app.clock.today() > period.last_day();
    let begun = app.store.day_judged().await?.is_none_or(|day| !over || day > period.last_day());
    let to_come = if begun && !app.is_judged_otherwise(period).await? {
        0
    } else {
        let heads = app.store.score_heads(period, scope_of(period, FULL_PERIOD)).await?;
        heads.keys().filter(|person| concerned(person)).count() as u64
    };
    let unrecorded =
        app.store.scores_unrecorded(period).await?.iter().filter(|one| concerned(one)).count() as u64;
    // Whoever is not evaluated after all has a result that would leave as well.
    let in_part = |person: PersonId| {
        let of = || directory.last_post(person, period).map(|post| &post.unit);
        unit.is_none_or(|unit| of() == Some(unit))
    };
    let differences = app.store.differences(Some(period), 100_000).await?;
    let changed = differences.iter().filter(|(person, ..)| in_part(*person)).count() as u64;
    Ok(CloseFacts {
        period,
        today: app.clock.today(),
        closed: whole_closed || unit.is_some_and(|unit| closed_units.contains(unit)),
        scores_due: waiting
            + to_come
            + unrecorded
            + due.iter().filter(|(person, other, _)| period.depends_on(*other) && concerned(person)).count()
                as u64,
        unmapped,
        unidentified,
        stale_sources,
        without_record: counted.values().map(|inside| inside.none).sum(),
        incomplete: sum(&[RecordState::Computed]),
        unapproved: sum(&[
            RecordState::Provisional,
            RecordState::SelfAssessed,
            RecordState::Reviewed,
            RecordState::Corrected,
            RecordState::Revoked,
        ]),
        changed,
        not_self_assessed: if asked { counted.values().map(|inside| inside.no_own_word).sum() } else { 0 },
        held: counted.values().map(|inside| inside.held).sum(),
        petitions: counted.values().map(|inside| inside.petitions).sum(),
        yearly,
        unit: unit.cloned(),
        open_units,
    })
}
