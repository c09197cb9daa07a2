//! The control room of the simulated province: ticks, faults, and the oracle's word.

use super::fault::Fault;
use super::receivers::judge;
use super::world::BODIES;
use super::{Province, census, dialects};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

#[derive(Deserialize)]
pub(super) struct Ticks {
    steps: u64,
}

pub(super) async fn tick(
    State(province): State<Arc<Province>>,
    Json(ticks): Json<Ticks>,
) -> (StatusCode, Json<Value>) {
    match province.live(ticks.steps.min(10_000)).await {
        Ok(done) => (StatusCode::OK, Json(json!({ "done": done, "over": province.is_over() }))),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": error.to_string() }))),
    }
}

pub(super) async fn meeting(State(province): State<Arc<Province>>) -> Json<Value> {
    let mut state = province.state();
    state.meet();
    Json(json!({ "events": state.evaluation.events.len() }))
}

pub(super) async fn state(State(province): State<Arc<Province>>) -> Json<Value> {
    let over = province.is_over();
    let state = province.state();
    Json(
        json!({ "ticks": state.world.ticks, "over": over, "closing": state.world.closing.to_string(), "tasks": state.world.totals() }),
    )
}

pub(super) async fn set_faults(
    State(province): State<Arc<Province>>,
    Json(faults): Json<Vec<Fault>>,
) -> Json<Value> {
    let count = faults.len();
    province.state().faults.script = faults;
    Json(json!({ "faults": count }))
}

pub(super) async fn clear_faults(State(province): State<Arc<Province>>) -> Json<Value> {
    province.state().faults.script.clear();
    Json(json!({ "faults": 0 }))
}

pub(super) async fn faults(State(province): State<Arc<Province>>) -> Json<Value> {
    Json(json!(province.state().faults.script))
}

pub(super) async fn oracle(State(province): State<Arc<Province>>) -> Json<Value> {
    let state = province.state();
    let verdict = judge(&state.world, &state.evaluation, &state.national);
    let sources: Vec<Value> = census::take(&state.world)
        .into_iter()
        .map(|source| {
            let mut total = json!(source.total);
            (total["id"], total["tasks"]) = (json!(source.id), json!(source.tasks));
            total
        })
        .collect();
    let closing =
        state.evaluation.approved.keys().filter(|(_, period)| *period == state.world.closing).count();
    let years = state.evaluation.approved.keys().filter(|(_, period)| period.is_year()).count();
    Json(json!({
        "national": {
            "effects": state.national.effects,
            "requests": state.national.requests,
            "people": state.national.lists.len(),
            "rows": state.national.lists.values().map(Vec::len).sum::<usize>(),
            "shrunk": state.national.shrunk,
        },
        "evaluation": {
            "effects": state.evaluation.effects,
            "requests": state.evaluation.requests,
            "conflicts": state.evaluation.conflicts,
            "stale": state.evaluation.stale,
            "events": state.evaluation.events.len(),
            "read": state.evaluation.read,
            "approved_quarter": closing,
            "approved_year": years,
        },
        "logins": { "accepted": state.tokens.logins, "tokens_refused": state.tokens.refused },
        "verdict": verdict,
        "sources": sources,
    }))
}

/// Canonical text of what the receivers hold, for comparing two runs.
pub(super) async fn holdings(State(province): State<Arc<Province>>) -> Json<Value> {
    let state = province.state();
    let approved: Vec<Value> = state
        .evaluation
        .approved
        .iter()
        .map(|((staff, period), approved)| json!([staff, period.to_string(), approved.score, approved.level]))
        .collect();
    Json(json!({ "national": state.national.lists, "approved": approved }))
}

/// What every source holds, per account.
pub(super) async fn census(State(province): State<Arc<Province>>) -> Json<Value> {
    Json(json!(census::take(&province.state().world)))
}

/// The true product of every task, null outside the catalog; for measuring how tasks are mapped.
pub(super) async fn truth(State(province): State<Arc<Province>>) -> Json<Value> {
    let state = province.state();
    let row = |task: &super::world::SimTask| {
        json!({
            "source": BODIES[task.body].source,
            "external_id": dialects::external_id(task),
            "title": task.title,
            "product": task.product,
        })
    };
    Json(state.world.tasks.iter().map(row).collect())
}

/// Every message the national database accepted, in order.
pub(super) async fn national(State(province): State<Arc<Province>>) -> Json<Value> {
    Json(json!(province.state().national.log))
}

/// Ways the simulated systems can be other than usual; what is absent stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// Life of tokens issued from now on, milliseconds; 0 = the usual one.
    token_life_ms: Option<u64>,
    /// Uses after which a token ends; 0 = as often as one likes.
    token_uses: Option<u64>,
    /// Whether the national database adds rows instead of replacing lists.
    national_appends: Option<bool>,
    /// Periods locked in the evaluation software.
    locked: Option<BTreeSet<String>>,
}

pub(super) async fn settings(
    State(province): State<Arc<Province>>,
    Json(settings): Json<Settings>,
) -> StatusCode {
    let mut state = province.state();
    if let Some(ms) = settings.token_life_ms {
        state.tokens.life = (ms > 0).then(|| Duration::from_millis(ms));
    }
    if let Some(uses) = settings.token_uses {
        state.tokens.max_uses = (uses > 0).then_some(uses);
    }
    if let Some(appends) = settings.national_appends {
        state.national.appends = appends;
    }
    if let Some(locked) = settings.locked {
        state.evaluation.locked = locked;
    }
    StatusCode::NO_CONTENT
}
