//! Probes and metrics.
//!
//! `/livez` says the process makes progress (no step is stuck) and depends on nothing else; `/readyz` says whether it should get
//! traffic: store reachable, schema right, not stopping. Metrics carry source and target ids only, never
//! people.

use super::Web;
use super::live::SourceCounts;
use crate::error::Finding;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the daemon is on its way out.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<AtomicBool>);

impl Health {
    /// Says that the daemon is stopping: it is not ready any more.
    pub fn stopping(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether to send traffic here, with each check.
pub(super) async fn readiness(web: &Web) -> (bool, Value) {
    let store = web.app.store.ping().await;
    let schema = web.app.store.require_schema().await;
    let stopping = web.health.is_stopping();
    let ready = store.is_ok() && schema.is_ok() && !stopping;
    let word = |ok: bool| if ok { "ok" } else { "failing" };
    (
        ready,
        json!({ "ready": ready, "store": word(store.is_ok()), "schema": word(schema.is_ok()), "stopping": stopping }),
    )
}

/// The metrics page: what the store holds now, and what this process counted.
pub async fn metrics_text(web: &Web) -> Result<String, Finding> {
    let counts = web.live.counts(web).await?;
    let overview = &counts.overview;
    let now = web.app.clock.now();
    let mut out = (web.metrics)();
    let mut family = |name: &str, kind: &str, help: &str, samples: Vec<(String, f64)>| {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, sample) in samples {
            let _ = writeln!(out, "{name}{labels} {sample}");
        }
    };
    let plain = |value: u64| vec![(String::new(), to_f64(value))];
    family(
        "lienthong_build_info",
        "gauge",
        "Version of this program.",
        vec![(format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1.0)],
    );
    family("lienthong_store_up", "gauge", "Whether the store answered this request.", plain(1));
    family("lienthong_people", "gauge", "People known.", plain(overview.people));
    family(
        "lienthong_tasks",
        "gauge",
        "Tasks held, by source.",
        by(overview.sources.iter(), "source", |source| source.tasks),
    );
    family(
        "lienthong_quarantine_records",
        "gauge",
        "Rejected records and decisions that could not be taken up, by source or origin.",
        overview
            .quarantine()
            .into_iter()
            .map(|(source, count)| (format!("{{source=\"{source}\"}}"), to_f64(count)))
            .collect(),
    );
    family(
        "lienthong_mapping_tasks",
        "gauge",
        "Tasks by mapping state.",
        by(overview.mapping.iter(), "state", |count| *count),
    );
    family(
        "lienthong_step_due",
        "gauge",
        "Work that is due, by step.",
        by(overview.due.iter(), "step", |count| *count),
    );
    family(
        "lienthong_records",
        "gauge",
        "Evaluation records by state.",
        by(overview.records.iter(), "state", |count| *count),
    );
    family(
        "lienthong_unknown_accounts",
        "gauge",
        "Accounts that belong to nobody known.",
        plain(overview.unknown_accounts),
    );
    let mut items = Vec::new();
    let mut margins = Vec::new();
    for (target, totals) in &overview.targets {
        for (state, count) in &totals.states {
            items.push((format!("{{target=\"{target}\",state=\"{state}\"}}"), to_f64(*count)));
        }
        if let Some(at) = totals.earliest_deadline {
            margins.push((format!("{{target=\"{target}\"}}"), seconds((at - now).num_seconds())));
        }
    }
    family("lienthong_outbox_items", "gauge", "Outbox items by target and state.", items);
    family(
        "lienthong_outbox_deadline_margin_seconds",
        "gauge",
        "Seconds to the earliest deadline of an unsettled item.",
        margins,
    );
    family(
        "lienthong_receipts",
        "gauge",
        "Receipts kept, by target.",
        by(overview.targets.iter(), "target", |target| target.receipts),
    );
    let mut success = Vec::new();
    let mut failures = Vec::new();
    for (source, SourceCounts { state, .. }) in &counts.sources {
        failures.push((format!("{{source=\"{source}\"}}"), to_f64(state.consecutive_failures.into())));
        if let Some(at) = state.last_success_at {
            success.push((format!("{{source=\"{source}\"}}"), seconds(at.timestamp())));
        }
    }
    family(
        "lienthong_source_last_success_timestamp_seconds",
        "gauge",
        "When a source was last pulled successfully.",
        success,
    );
    family(
        "lienthong_source_consecutive_failures",
        "gauge",
        "Failed runs of a source since its last success.",
        failures,
    );
    family(
        "lienthong_source_stopped",
        "gauge",
        "Whether a gate stopped a source until a person looks at it.",
        counts
            .sources
            .keys()
            .map(|id| (format!("{{source=\"{id}\"}}"), to_f64(counts.stopped.contains_key(id).into())))
            .collect(),
    );
    family(
        "lienthong_source_changed_fields",
        "gauge",
        "Fields of a source's records that changed and wait for a person.",
        counts
            .sources
            .iter()
            .map(|(id, source)| (format!("{{source=\"{id}\"}}"), to_f64(source.changed_fields)))
            .collect(),
    );
    let risk = |target: &String| counts.risk.get(target).cloned().unwrap_or_default();
    let label = |target: &String| format!("{{target=\"{target}\"}}");
    let age = |target: &String| risk(target).oldest.map_or(0, |at| (now - at).num_seconds().max(0));
    family(
        "lienthong_outbox_oldest_age_seconds",
        "gauge",
        "Age of the oldest unsettled item; 0 without one.",
        overview.targets.keys().map(|target| (label(target), seconds(age(target)))).collect(),
    );
    family(
        "lienthong_outbox_overdue_items",
        "gauge",
        "Unsettled items past their deadline.",
        overview.targets.keys().map(|target| (label(target), to_f64(risk(target).overdue))).collect(),
    );
    let failing = web.board.all().iter().filter(|step| step.last_error.is_some()).count();
    family(
        "lienthong_steps_failing",
        "gauge",
        "Background steps whose last run failed.",
        plain(failing as u64),
    );
    Ok(out)
}

fn by<'a, T: 'a>(
    entries: impl Iterator<Item = (&'a String, &'a T)>,
    label: &str,
    count: impl Fn(&T) -> u64,
) -> Vec<(String, f64)> {
    entries.map(|(key, value)| (format!("{{{label}=\"{key}\"}}"), to_f64(count(value)))).collect()
}

// Prometheus speaks floats only; counts here stay far below 2^53.
fn to_f64(value: u64) -> f64 {
    u32::try_from(value).map_or(f64::from(u32::MAX), f64::from)
}

fn seconds(value: i64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a double")]
    let seconds = value as f64;
    seconds
}
