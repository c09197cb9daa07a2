//! The order that closes a period.
//!
//! Owns what the checklist is made from and what a close sets in motion. It must not know which points a person
//! may accept; that is the checklist's. A refused close says what stands in the way and has changed nothing.

use super::{Answer, App, Refusal, author};
use crate::domain::{Period, RecordState};
use crate::error::Text;
use crate::evaluation::{Checklist, CloseFacts};
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::record::content_of;
use crate::pipeline::results::{Occasion, result_item};
use crate::pipeline::score::FULL_PERIOD;
use crate::pipeline::wording::Words;
use crate::store::PeriodClose;
use serde_json::json;

pub(super) async fn close(
    app: &App,
    period: Period,
    who: String,
    reason: Option<String>,
    dry_run: bool,
) -> Answer {
    author(&who)?;
    let facts = close_facts(app, period).await?;
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
    let directory = app.directory().await?;
    let close = PeriodClose {
        period,
        at: now,
        author: who,
        checklist: serde_json::to_value(&checklist).map_err(|_| crate::pipeline::broken("checklist"))?,
    };
    let (mut outbox, mut due) = (Vec::new(), Vec::new());
    for known in directory.people() {
        // The year of somebody without a result lacks a closed quarter from now on.
        due.push((known.id, Period::Year(period.year())));
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

async fn close_facts(app: &App, period: Period) -> Result<CloseFacts, Refusal> {
    let overview = app.store.overview().await?;
    let due = app.store.scores_due(100_000).await?;
    // Until the day after the last one has begun for scores, they say nothing about the whole period.
    let judged = app.store.day_judged().await?;
    let to_come = match judged {
        Some(day) if day <= period.last_day() => app.store.score_heads(period, FULL_PERIOD).await?.len(),
        _ => 0,
    };
    let waiting =
        overview.due.get("identify").copied().unwrap_or(0) + overview.due.get("map").copied().unwrap_or(0);
    let mut stale_sources = Vec::new();
    for source in app.sources.keys() {
        let state = app.store.source_state(source).await?;
        let fresh = state.last_success_at.is_some_and(|at| crate::domain::local_date(at) > period.last_day());
        if !fresh {
            stale_sources.push(source.to_string());
        }
    }
    let (mut incomplete, mut unapproved, mut after) = (0, 0, String::new());
    loop {
        let lines = app.store.record_lines(Some(period), None, &after, 500).await?;
        let Some(last) = lines.last() else { break };
        after.clone_from(&last.staff_number);
        for line in &lines {
            match line.state {
                RecordState::Computed => incomplete += 1,
                RecordState::Provisional
                | RecordState::SelfAssessed
                | RecordState::Reviewed
                | RecordState::Corrected
                | RecordState::Revoked => unapproved += 1,
                RecordState::Approved | RecordState::Delivered => {}
            }
        }
    }
    Ok(CloseFacts {
        period,
        today: app.clock.today(),
        closed: app.store.period_close(period).await?.is_some(),
        scores_due: waiting
            + to_come as u64
            + due.iter().filter(|(_, other, _)| *other == period).count() as u64,
        unmapped: app.store.reviews_due(period).await?,
        unidentified: app.store.unknown_accounts_of(period).await?,
        stale_sources,
        incomplete,
        unapproved,
    })
}
