//! What a background step is.
//!
//! A step is an idempotent function without arguments: it rereads what is due, does a bounded amount of it,
//! commits, and says whether more is due. It never retries inside itself (the next run is the retry) and
//! never calls another step; it pokes the ones that may now have something to do. It may run on another
//! replica at the same time only when its lease was lost, and then its commits are refused.

use crate::error::Finding;
use async_trait::async_trait;
use serde::Serialize;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What one run of a step did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// Items handled.
    pub done: u64,
    /// Items that failed on their own, the others went on.
    pub failed: u64,
    /// Whether more is due right now.
    pub more: bool,
    /// Things worth telling an operator.
    pub findings: Vec<Finding>,
}

/// A background step.
#[async_trait]
pub trait Step: Send + Sync {
    /// Stable name, shown on the status page and used for its lease.
    fn name(&self) -> &str;

    /// Longest time between two runs, poked or not.
    fn interval(&self) -> Duration;

    /// One run. An error concerns the step as a whole; it is shown and the next run tries again.
    async fn run(&self) -> Result<StepReport, Finding>;

    /// Steps to poke after a run that did something.
    fn pokes(&self) -> &[&'static str] {
        &[]
    }
}

/// How long a replica may hold a step without renewing it.
pub const LEASE: Duration = Duration::from_secs(60);

/// Under which name a step is leased.
pub fn lease_of(step: &str) -> String {
    format!("step:{step}")
}

/// A bell per step: ringing it makes the step run soon.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Ring>);

#[derive(Debug, Default)]
struct Ring {
    rung: Notify,
    answered: AtomicBool,
}

impl Bell {
    /// Makes the step run soon; ringing twice before it runs is one run.
    pub fn ring(&self) {
        self.0.rung.notify_one();
    }

    /// Waits until it rings.
    pub async fn rung(&self) {
        self.0.rung.notified().await;
    }

    /// Says that a step of this process runs when it rings.
    pub fn answer(&self) {
        self.0.answered.store(true, Ordering::Relaxed);
    }

    /// Whether one does; without a daemon nothing runs but the order.
    pub fn is_answered(&self) -> bool {
        self.0.answered.load(Ordering::Relaxed)
    }
}

/// The steps of this process whose last run failed, with why; whoever runs them writes it.
#[derive(Debug, Default)]
pub struct Failing(Mutex<BTreeMap<String, Finding>>);

impl Failing {
    /// How the last run of a step went; none = well.
    pub fn note(&self, step: &str, why: Option<&Finding>) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => failing.insert(step.to_owned(), why.clone()),
            None => failing.remove(step),
        };
    }

    /// Every step that fails, by name.
    pub fn all(&self) -> BTreeMap<String, Finding> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// When a step last gave a sign of life, on the monotonic clock.
#[derive(Debug, Clone)]
pub struct Pulse {
    born: Instant,
    last_ms: Arc<AtomicU64>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { born: Instant::now(), last_ms: Arc::default() }
    }
}

impl Pulse {
    /// Gives a sign of life.
    pub fn beat(&self) {
        let age = self.born.elapsed().as_millis();
        self.last_ms.store(u64::try_from(age).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long there will have been none at a moment.
    pub fn silence(&self, now: Instant) -> Duration {
        let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
        now.saturating_duration_since(self.born).saturating_sub(last)
    }

    /// Runs something whose [`alive`] beats this pulse.
    pub async fn of<F: Future>(&self, run: F) -> F::Output {
        PULSE.scope(self.clone(), run).await
    }
}

tokio::task_local! {
    static PULSE: Pulse;
}

/// Says that the running step makes progress; long runs call it after every page or item. Does nothing outside
/// a step, as in an order.
pub fn alive() {
    let _outside_a_step = PULSE.try_with(Pulse::beat);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_that_reports_progress_is_alive_and_nobody_else_beats_its_pulse() {
        let pulse = Pulse::default();
        let later = Instant::now() + Duration::from_secs(100);
        let before = pulse.silence(later);
        tokio::time::sleep(Duration::from_millis(20)).await;
        alive();
        assert_eq!(pulse.silence(later), before, "this is no step");
        pulse.of(async { alive() }).await;
        let after = pulse.silence(later);
        assert!(after + Duration::from_millis(10) < before, "{after:?} {before:?}");
        assert!(after > Duration::from_secs(90));
    }
}
