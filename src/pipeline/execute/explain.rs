//! The order `score explain`: a derivation as it is kept, with what it rests on.
//!
//! Owns what is put beside a derivation when somebody asks: the source events of each own line, the decisions of the
//! period and those its figures and lines rest on, names of products, the switches that differ from the defaults, and
//! which lines lost most. It computes no score. The document is
//! JSON with a key of its own, `explanation`; everything else is the derivation as it was kept.

use super::no_score::no_score_in;
use super::{Answer, App, Refusal, person};
use crate::domain::{Period, PersonId, RuleSet};
use crate::evaluation::Content;
use crate::pipeline::broken;
use crate::pipeline::command::{Document, Outcome, PersonRef, ScoreView};
use crate::pipeline::derived::{list, read};
use crate::pipeline::explain::explained;
use crate::pipeline::paper::{lines_not_kept, no_revision};
use crate::pipeline::record::{content_of, retain_followed};
use crate::pipeline::record_place::{Happened, excluded_tasks, own_tasks};
use crate::pipeline::score::scope_of;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

pub(super) async fn explain(
    app: &App,
    whose: &PersonRef,
    period: Period,
    view: Option<ScoreView>,
    revision: Option<u32>,
) -> Answer {
    let id = person(app, whose).await?;
    let scope = scope_of(period, app.view_of(period, view.map(ScoreView::as_str)));
    let (mut value, until) = match revision {
        Some(number) => {
            let (value, made_at) = of_revision(app, id, period, number).await?;
            (value, Some(made_at))
        }
        None => {
            let derivation = app.store.derivation(id, period, scope).await?;
            let Some(value) = derivation.and_then(|kept| read(&kept)) else {
                return Err(no_score_in(app, whose, period).await.into());
            };
            (value, None)
        }
    };
    let grounds = app.grounds(id, period, &value, until).await?;
    let stands = match revision {
        None => other_result(app, id, period, scope).await?,
        Some(_) => None,
    };
    let tasks = own_tasks(&value).chain(excluded_tasks(&value));
    let events = app.histories(tasks, until).await?.into_iter();
    let events: Map<String, Value> =
        events.map(|(task, all)| (task, Value::Array(all.into_iter().map(event_value).collect()))).collect();
    let explanation = json!({
        "revision": revision,
        "stands": stands,
        "most": app.lost_most((id, scope), &value).await?,
        "switches": differing(&value),
        "events": events,
        "records": app.record_places(&of_lines(&value)).await?,
        "decisions": decisions(app, id, period, until).await?,
        "grounds": grounds,
        "products": products(app, period, &value).await?,
    });
    if let Some(object) = value.as_object_mut() {
        object.insert("explanation".to_owned(), explanation);
    }
    let text = explained(&value, &grounds);
    Ok(Outcome::ok(Document::Json { value, text }))
}

/// The approved result, where its figures or the level they give are other ones than those computed now.
async fn other_result(
    app: &App,
    id: PersonId,
    period: Period,
    scope: &str,
) -> Result<Option<Value>, Refusal> {
    let Some(approved) = app.store.approved_of(&[id], period).await?.remove(&id) else { return Ok(None) };
    let Some(score) = app.store.score(id, period, scope).await? else { return Ok(None) };
    let held = content_of(&approved)?;
    let now: Content = serde_json::from_value(score.summary).map_err(|_| broken("score"))?;
    if held.has_the_result_of(&now) {
        return Ok(None);
    }
    let total = held.total().map(|total| total.printed.as_str());
    Ok(Some(json!({ "revision": approved.revision, "total": total, "level": held.level })))
}

/// What a revision of the record stands in, and when it was made.
async fn of_revision(
    app: &App,
    id: PersonId,
    period: Period,
    number: u32,
) -> Result<(Value, DateTime<Utc>), Refusal> {
    let revisions = app.store.revisions(id, period).await?;
    let newest = revisions.iter().map(|revision| revision.revision).max();
    let Some(revision) = revisions.into_iter().find(|revision| revision.revision == number) else {
        return Err(no_revision(number, newest).into());
    };
    let score = app.store.score(id, period, app.shown_view(period)).await?;
    let lines = app.lines_of(&revision, score.as_ref()).await?;
    Ok((lines.ok_or_else(|| lines_not_kept(number))?, revision.at))
}

/// The tasks of the lines, as `source/key`.
fn of_lines(value: &Value) -> Vec<&str> {
    let lines = list(value, "lines").chain(list(value, "excluded"));
    lines.filter_map(|line| line.get("source")?.as_str()).collect()
}

/// Switches of the rule set that differ from the defaults, each with its value.
fn differing(value: &Value) -> Map<String, Value> {
    let defaults = serde_json::to_value(RuleSet::default()).unwrap_or_default();
    let set = value.get("rule_set").and_then(Value::as_object).into_iter().flatten();
    let named = |key: &str| matches!(key, "id" | "valid_from" | "valid_to");
    set.filter(|(key, value)| !named(key) && defaults.get(key) != Some(*value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// What the products of the lines are called, by code.
async fn products(app: &App, period: Period, value: &Value) -> Result<Map<String, Value>, Refusal> {
    let mut names = app.product_names(period).await?;
    let codes = list(value, "lines").filter_map(|line| line.get("product")?.as_str());
    let codes: BTreeSet<&str> = codes.collect();
    let named = |code: &str| Some((code.to_owned(), Value::from(names.remove(code)?)));
    Ok(codes.into_iter().filter_map(named).collect())
}

/// What happened to a task, as programs get it; `of_record` stands where no event told it.
pub(super) fn event_value(happened: Happened) -> Value {
    let Happened { event, seen_at, answer, of_record } = happened;
    let mut value = json!({ "kind": event.kind, "at": event.at, "observed_at": seen_at, "answer": answer });
    if let (true, Some(object)) = (of_record, value.as_object_mut()) {
        object.insert("of_record".to_owned(), Value::Bool(true));
    }
    value
}

/// What people decided about the period, and about the quarter of a month, oldest first.
async fn decisions(
    app: &App,
    id: PersonId,
    period: Period,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<Value>, Refusal> {
    let mut all = app.store.decisions_of_people(&[id]).await?.remove(&id).unwrap_or_default();
    all.retain(|stored| until.is_none_or(|until| stored.was_known_at(until)));
    all.retain(|stored| [period, period.quarter_around()].contains(&stored.decision.period));
    let mut revisions = app.store.revisions(id, period).await?;
    if period != period.quarter_around() {
        revisions.extend(app.store.revisions(id, period.quarter_around()).await?);
    }
    retain_followed(&mut all, &revisions);
    let told = all.into_iter().map(|stored| {
        let decision = stored.decision;
        json!({
            "at": decision.at, "author": decision.author, "document": decision.document, "decision": decision.kind,
        })
    });
    Ok(told.collect())
}
