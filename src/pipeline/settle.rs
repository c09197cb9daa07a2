//! Figures an order is about to take, settled before it takes them.
//!
//! Owns how long an order waits for scores and records that are due, and who computes them meanwhile: the steps of the daemon
//! it is given to or of another replica, and where no daemon runs the order itself, under the steps' leases and by the rules that
//! are in force. It must not know what the order decides. What is not settled in time is the caller's to refuse; what was computed stays.

use super::app::App;
use super::record::Record;
use super::score::Score;
use super::step::{Bell, LEASE, Step as _, lease_of};
use crate::domain::{Period, PersonId};
use crate::error::Finding;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often it looks, for each of the people.
const LOOK: Duration = Duration::from_millis(50);

/// As if there were no more people than this.
const LOOKED_FOR: u32 = 20;

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
        let named: Vec<PersonId> = people.iter().copied().collect();
        let pause = LOOK * u32::try_from(named.len()).unwrap_or(LOOKED_FOR).clamp(1, LOOKED_FOR);
        while self.is_due(period, &named).await? && began.elapsed() < self.patience {
            waited = true;
            let done = if self.is_alone() { self.settle_here(period, people).await? } else { None };
            match done {
                Some(0) => break,
                Some(_) => {}
                None => {
                    self.ring("score");
                    self.ring("record");
                    tokio::time::sleep(pause).await;
                }
            }
        }
        Ok(waited)
    }

    /// Whether no daemon runs in this process: nothing happens but the order.
    fn is_alone(&self) -> bool {
        !self.bells.get("score").is_some_and(Bell::is_answered)
    }

    async fn is_due(&self, period: Period, people: &[PersonId]) -> Result<bool, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let (due, today) = (self.store.periods_due_of(people).await.map_err(told)?, self.clock.today());
        if due.iter().any(|due| due.has_begun(today) && period.depends_on(*due)) {
            return Ok(true);
        }
        let unrecorded = self.store.scores_without_record_of(period, people).await.map_err(told)?;
        Ok(!unrecorded.is_empty())
    }

    /// Does what the steps would do about some people's period; gives how much that was, none while another replica does it.
    async fn settle_here(
        self: &Arc<Self>,
        period: Period,
        people: &BTreeSet<PersonId>,
    ) -> Result<Option<u64>, Finding> {
        let (score, record) = (Score(self.clone()), Record(self.clone()));
        let named: Vec<PersonId> = people.iter().copied().collect();
        let Some(scored) = self.leased(score.name(), score.scored_of(period, people)).await? else {
            return Ok(None);
        };
        let followed = async { record.followed(period, &named).await.map(|report| report.done) };
        let followed = self.leased(record.name(), followed).await?;
        Ok(followed.map(|followed| scored + followed))
    }

    /// Runs a part of a step under its lease; none while another replica holds it, or once one took it.
    async fn leased(
        &self,
        step: &str,
        run: impl Future<Output = Result<u64, Finding>> + Send,
    ) -> Result<Option<u64>, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let name = lease_of(step);
        if self.store.acquire_lease(&name, &self.owner, LEASE).await.map_err(told)?.is_none() {
            return Ok(None);
        }
        let Some(done) = self.renewing(&name, LEASE, run).await else { return Ok(None) };
        self.store.release_lease(&name, &self.owner).await.map_err(told)?;
        done.map(Some)
    }

    /// Does something under a lease that is held, and renews it meanwhile; none once another process took it: what was under
    /// way is dropped then.
    pub(super) async fn renewing<T>(
        &self,
        lease: &str,
        length: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let lost = async {
            loop {
                tokio::time::sleep(length / 3).await;
                // A database that cannot be asked now tells it to the work itself.
                if let Ok(None) = self.store.acquire_lease(lease, &self.owner, length).await {
                    return;
                }
            }
        };
        tokio::select! {
            done = work => Some(done),
            () = lost => None,
        }
    }
}
