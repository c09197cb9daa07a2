//! Pulling a source when its schedule says so.
//!
//! Owns the decision which kind of pull is due and the times of the next one. A missed time is made up for
//! once, and a source that called is due before its time. While a source is blocked (it asked for it, or it failed again and again) nothing is sent to it.

use super::app::{App, Source};
use super::pull::pull_source;
use super::step::{Step, StepReport};
use crate::connector::{PullMode, UNOPENED};
use crate::domain::SourceId;
use crate::error::{Finding, Findings, Place, Text};
use crate::store::{RunKind, SourceState};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;

/// The pulling step of one source.
pub struct PullSource {
    app: Arc<App>,
    source: SourceId,
    name: String,
}

impl PullSource {
    /// A step for a configured source.
    pub fn new(app: Arc<App>, source: SourceId) -> Self {
        let name = format!("pull:{source}");
        Self { app, source, name }
    }
}

impl PullSource {
    /// Whether the source said that something changed, and was not asked just now.
    fn is_called(&self, state: &SourceState, now: DateTime<Utc>) -> bool {
        let rested = |every| state.last_attempt_at.is_none_or(|at| now - at >= every);
        let hook = self.app.hooks.get(&self.source);
        state.hooks.waiting() && hook.is_some_and(|hook| rested(hook.at_most_every))
    }
}

/// Whether a source that could not be opened when it was due can be now: what it missed is made up for at once, and
/// nothing was sent to it that it would have to be left alone for.
fn opens_again(source: &Source, state: &SourceState) -> bool {
    let unopened = |finding: &Finding| finding.code == UNOPENED;
    state.last_error.as_ref().is_some_and(unopened)
        && !source.connector.paused().as_ref().is_some_and(unopened)
}

#[async_trait]
impl Step for PullSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn pokes(&self) -> &[&'static str] {
        &["identify"]
    }

    async fn run(&self) -> Result<StepReport, Finding> {
        let app = &self.app;
        let Some(source) = app.sources.get(&self.source) else { return Ok(StepReport::default()) };
        let state = app.store.source_state(&self.source).await.map_err(|error| error.finding())?;
        let now = app.clock.now();
        let next = source.schedule.next_after(now).unwrap_or(now + TimeDelta::hours(1));
        let opens = opens_again(source, &state);
        match state.next_due_at {
            // Later than the schedule knows: the schedule was changed, or the clock set back.
            Some(due) if due > next => {
                app.store.plan_source(&self.source, next).await.map_err(|error| error.finding())?;
                return Ok(StepReport::default());
            }
            Some(due) if due > now && !opens && !self.is_called(&state, now) => {
                return Ok(StepReport::default());
            }
            _ => {}
        }
        if !opens && state.blocked_until.is_some_and(|until| until > now) {
            // Shown as failing until a pull succeeds.
            return state.last_error.map_or(Ok(StepReport::default()), Err);
        }
        // The next time is written first: a pull that kills the process is not begun again at once.
        app.store.plan_source(&self.source, next).await.map_err(|error| error.finding())?;
        crate::failpoint!("pull::before_begin");
        let full_due = source.full_schedule.as_ref().is_some_and(|schedule| {
            state.last_full_at.is_none_or(|last| schedule.next_after(last).is_some_and(|due| due <= now))
        });
        let first = state.cursor.is_none() && state.last_success_at.is_none();
        // A person let one run of a kind through: that one is meant, whatever the schedule says.
        let gate = app.store.gate(&self.source).await.map_err(|error| error.finding())?;
        let mode = match gate.and_then(|gate| gate.awaits()) {
            Some(RunKind::Full) => PullMode::Full,
            Some(RunKind::Incremental) => PullMode::Incremental,
            Some(RunKind::Backfill) | None if full_due && !first => PullMode::Full,
            Some(RunKind::Backfill) | None => PullMode::Incremental,
        };
        let summary = pull_source(app, &source.connector, mode, &|_, _| {}).await.map_err(
            |Findings(mut findings)| {
                let finding = findings.swap_remove(0);
                let place =
                    finding.place.clone().unwrap_or_else(|| Place::of(super::map::source_name(&self.source)));
                finding.at(place)
            },
        )?;
        let counters = summary.counters;
        Ok(StepReport {
            done: counters.new + counters.changed + summary.gone,
            failed: counters.rejected,
            more: false,
            findings: summary.findings,
        })
    }
}

/// There is no such source.
pub fn no_such_source(name: &str, known: &[String]) -> Finding {
    let list = known.join(", ");
    Finding::error(
        "LT-PUL-002",
        Text::new(
            format!("không có nguồn \"{name}\"; các nguồn: {list}"),
            format!("there is no source \"{name}\"; sources: {list}"),
        ),
        Text::new("kiểm tra [[source]] trong tệp cấu hình", "check [[source]] in the configuration"),
    )
}
