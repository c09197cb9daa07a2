//! Figures an order is about to take, settled before it takes them.
//!
//! Owns how long an order waits for scores and records that are due, and who computes them meanwhile: the steps of the daemon
//! it is given to or of another replica, and where no daemon runs the order itself, under the steps' leases. It must not know
//! what the order decides. What is not settled in time is the caller's to refuse; what was computed stays.

use super::app::App;
use super::record::Record;
use super::score::Score;
use super::step::{Bell, LEASE, Step as _, StepReport, lease_of};
use crate::domain::{Period, PersonId};
use crate::error::Finding;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);

/// Marks looked at, as at the close of a period.
const MARKS: usize = 100_000;

impl App {
    /// Waits until nothing of what some people's scores of a period depend on is to be computed and their records have
    /// followed, at most [`App::patience`] and a run; gives whether there was anything to wait for.
    ///
    /// # Errors
    /// What the scoring or the making of records stops at, where this order has to do it.
    pub(super) async fn settle(
        self: &Arc<Self>,
        period: Period,
        people: &BTreeSet<PersonId>,
    ) -> Result<bool, Finding> {
        let began = Instant::now();
        let mut waited = false;
        while self.is_due(period, people).await? && began.elapsed() < self.patience {
            waited = true;
            let done = if self.is_alone() { self.settle_here(period, people).await? } else { None };
            match done {
                Some(0) => break,
                Some(_) => {}
                None => {
                    self.ring("score");
                    self.ring("record");
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
        Ok(waited)
    }

    /// Whether no daemon runs in this process: nothing happens but the order.
    fn is_alone(&self) -> bool {
        !self.bells.get("score").is_some_and(Bell::is_answered)
    }

    async fn is_due(&self, period: Period, people: &BTreeSet<PersonId>) -> Result<bool, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let due = self.store.scores_due(MARKS).await.map_err(told)?;
        if due.iter().any(|(person, due, _)| people.contains(person) && period.depends_on(*due)) {
            return Ok(true);
        }
        let unrecorded = self.store.scores_unrecorded(period).await.map_err(told)?;
        Ok(unrecorded.iter().any(|person| people.contains(person)))
    }

    /// Does what the steps would do about a period; gives how much that was, none while another replica does it.
    async fn settle_here(
        self: &Arc<Self>,
        period: Period,
        people: &BTreeSet<PersonId>,
    ) -> Result<Option<u64>, Finding> {
        let (score, record) = (Score(self.clone()), Record(self.clone()));
        let people: Vec<PersonId> = people.iter().copied().collect();
        let Some(scored) = self.leased(score.name(), score.scored(Some(period))).await? else {
            return Ok(None);
        };
        let followed = self.leased(record.name(), record.followed(period, &people)).await?;
        Ok(followed.map(|followed| scored.done + followed.done))
    }

    /// Runs a part of a step under its lease; none while another replica holds it.
    async fn leased(
        &self,
        step: &str,
        run: impl Future<Output = Result<StepReport, Finding>> + Send,
    ) -> Result<Option<StepReport>, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let name = lease_of(step);
        if self.store.acquire_lease(&name, &self.owner, LEASE).await.map_err(told)?.is_none() {
            return Ok(None);
        }
        let report = run.await;
        self.store.release_lease(&name, &self.owner).await.map_err(told)?;
        report.map(Some)
    }
}
