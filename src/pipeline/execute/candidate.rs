//! The list of candidate failures: what events say happened, and what people decided about it.
//!
//! Owns the reading of returns and lateness of a period's tasks together with the decisions about them. What was
//! rejected or excused stays listed with its reason and author. It decides nothing: `criteria set` does, by the person
//! the law names.

use super::{Answer, App, person};
use crate::domain::rules::{Counted, PartialCompletion};
use crate::domain::{DecisionKind, Period, PersonId, UnitCode};
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Outcome, PersonRef};
use crate::pipeline::wording::Words;
use crate::scoring::line::{due_in_force, is_finished, late_days, reference_day};
use crate::store::{PersonTask, StoredDecision};
use serde_json::{Value, json};

/// People whose tasks are read together.
const AT_ONCE: usize = 200;

pub(super) async fn list(
    app: &App,
    whose: Option<&PersonRef>,
    unit: Option<&UnitCode>,
    period: Period,
    limit: u32,
) -> Answer {
    let directory = app.directory().await?;
    let only = match whose {
        Some(named) => Some(person(app, named).await?),
        None => None,
    };
    let within = unit.map(|unit| directory.subtree(unit));
    let people: Vec<PersonId> = directory
        .people()
        .map(|known| known.id)
        .filter(|id| only.is_none_or(|only| only == *id))
        .filter(|id| {
            let post = directory.last_post(*id, period);
            post.is_some_and(|post| within.as_ref().is_none_or(|units| units.contains(&post.unit)))
        })
        .collect();
    let mut rows = Vec::new();
    'all: for some in people.chunks(AT_ONCE) {
        let mut tasks = app.store.tasks_of_people(some).await?;
        let mut decisions = app.store.decisions_of_people(some).await?;
        for id in some {
            let decisions = decisions.remove(id).unwrap_or_default();
            let number = directory.person(*id).map(|known| known.staff_number.to_string());
            for task in tasks.remove(id).unwrap_or_default() {
                for candidate in candidates(app, &task, &decisions, period)? {
                    if rows.len() >= limit as usize {
                        break 'all;
                    }
                    rows.push(candidate.row(number.as_deref(), &task));
                }
            }
        }
    }
    Ok(Outcome::ok(Document::Table {
        title: Text::new(
            format!("Lỗi, chậm nghi vấn kỳ {period}"),
            format!("Candidate failures of {period}"),
        ),
        columns: vec![
            Column::left("person", "Số hiệu", "Person"),
            Column::left("task", "Nhiệm vụ", "Task"),
            Column::words("title", "Tên", "Title", Words::Title),
            Column::words("kind", "Loại", "Kind", Words::Candidate),
            Column::right("count", "Số lần/ngày", "Count"),
            Column::words("state", "Tình trạng", "State", Words::Candidate),
            Column::right("counted", "Được tính", "Counted"),
            Column::left("reason", "Lý do, minh chứng", "Reason, evidence"),
            Column::left("author", "Người quyết định", "Decided by"),
        ],
        rows,
    }))
}

/// One candidate with what was decided about it.
struct Candidate {
    kind: &'static str,
    count: u32,
    state: &'static str,
    counted: u32,
    decided: Option<(String, String)>,
}

impl Candidate {
    fn row(self, number: Option<&str>, task: &PersonTask) -> Vec<Value> {
        let key = &task.task.key;
        let (reason, author) = self.decided.unzip();
        vec![
            json!(number),
            json!(format!("{}:{}", key.source, key.external_id)),
            json!(task.task.task.draft.title),
            json!(self.kind),
            json!(self.count),
            json!(self.state),
            json!(self.counted),
            json!(reason),
            json!(author),
        ]
    }
}

fn candidates(
    app: &App,
    task: &PersonTask,
    decisions: &[StoredDecision],
    period: Period,
) -> Result<Vec<Candidate>, super::Refusal> {
    let rules = app.rule_set(period)?;
    let canonical = &task.task.task;
    let due = due_in_force(canonical, rules);
    if !period.contains(reference_day(canonical, due, rules)) || task.stake.handed_over {
        return Ok(Vec::new());
    }
    let about = |source: &str, external: &str| {
        source == task.task.key.source.as_str() && external == task.task.key.external_id
    };
    let by =
        |stored: &StoredDecision, reason: &str| Some((reason.to_owned(), stored.decision.author.clone()));
    let of_period = decisions.iter().filter(|stored| {
        stored.decision.period == period || stored.decision.period == period.quarter_around()
    });
    let (mut quality, mut excused_quality, mut late, mut excused_late) = (None, None, None, None);
    let mut is_partly_done = false;
    for stored in of_period {
        match &stored.decision.kind {
            DecisionKind::QualityFailures { source, external_id, count, reason }
                if about(source, external_id) =>
            {
                (quality, excused_quality) = (Some((*count, by(stored, reason))), None);
            }
            DecisionKind::Lateness { source, external_id, counts, reason } if about(source, external_id) => {
                (late, excused_late) = (Some((*counts, by(stored, reason))), None);
            }
            DecisionKind::Excuse { source, external_id, covers, reason } if about(source, external_id) => {
                match covers.as_str() {
                    "late" => excused_late = by(stored, reason),
                    "none" => (excused_late, excused_quality) = (None, None),
                    _ => excused_quality = by(stored, reason),
                }
            }
            DecisionKind::CompletedQuantity { source, external_id, quantity }
                if about(source, external_id) =>
            {
                is_partly_done = !quantity.is_zero();
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    let returned = canonical.returned_count;
    let failures = quality.as_ref().map_or(0, |(count, _)| *count);
    if returned > 0 || failures > 0 {
        let (state, counted, decided) = match (excused_quality, quality) {
            (Some(by), _) => ("excused", 0, Some(by)),
            (None, Some((0, by))) => ("rejected", 0, by),
            (None, Some((count, by))) => ("confirmed", count, by),
            (None, None) if rules.quality_counted == Counted::Automatic => ("counted", returned, None),
            (None, None) => ("open", 0, None),
        };
        found.push(Candidate { kind: "returned", count: returned.max(failures), state, counted, decided });
    }
    let today = app.clock.today().min(period.last_day());
    let days = late_days(canonical, due, today, rules, &app.policy.calendar);
    if days > 0 {
        // What is not finished has no progress to take from: its lateness counts once something of it is done.
        let by_share = is_partly_done && rules.partial_completion == PartialCompletion::ConfirmedFraction;
        let counts = if is_finished(canonical, today, rules) || by_share { days } else { 0 };
        let (state, counted, decided) = match (excused_late, late) {
            (Some(by), _) => ("excused", 0, Some(by)),
            (None, Some((false, by))) => ("rejected", 0, by),
            (None, Some((true, by))) => ("confirmed", counts, by),
            (None, None) if counts == 0 => ("unfinished", 0, None),
            (None, None) if rules.late_counted == Counted::Automatic => ("counted", counts, None),
            (None, None) => ("open", 0, None),
        };
        found.push(Candidate { kind: "late", count: days, state, counted, decided });
    }
    Ok(found)
}
