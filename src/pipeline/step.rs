//! What a background step is.
//!
//! A step is an idempotent function without arguments: it rereads what is due, does a bounded amount of it,
//! commits, and says whether more is due. It never retries inside itself (the next run is the retry) and
//! never calls another step; it pokes the ones that may now have something to do. It may run on another
//! replica at the same time only when its lease was lost, and then its commits are refused.

use crate::error::Finding;
use async_trait::async_trait;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

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

/// A bell per step: ringing it makes the step run soon.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Makes the step run soon; ringing twice before it runs is one run.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits until it rings.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}
