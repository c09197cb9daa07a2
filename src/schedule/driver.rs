//! Runs every background step in a task of its own: on its interval, when poked, and under a lease.
//!
//! Owns the loop, the lease of each step and the status the page shows (running since, last result, next
//! run). A step that fails or panics keeps its place: the reason is shown and the next run tries again,
//! the other steps never notice. A step that neither ends nor reports progress for half an hour is stuck: the
//! probe and the watchdog hear of it. Stopping waits for the running steps up to the given limit and drops the
//! rest.

use crate::clock::Clock;
use crate::error::{Finding, Text};
use crate::pipeline::step::{Bell, Failing, LEASE, Pulse, Step, StepReport, lease_of};
use crate::store::Store;
use crate::telemetry::name as metric;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use serde::Serialize;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Shortest pause after a run that reports more to do, so that one step never starves the store.
const BREATH: Duration = Duration::from_millis(5);

/// Longest time beyond its interval without a sign of life of a step. Longer than the slowest single exchange a
/// configuration permits (ten minutes, asked again once after a login).
const SILENCE: Duration = Duration::from_secs(30 * 60);

/// One step as the status page shows it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StepStatus {
    /// Name of the step.
    pub name: String,
    /// Since when it runs, while it runs.
    pub running_since: Option<DateTime<Utc>>,
    /// When the last run ended.
    pub last_end: Option<DateTime<Utc>>,
    /// When a run last succeeded.
    pub last_success: Option<DateTime<Utc>>,
    /// What the last successful run did.
    pub last_report: Option<StepReport>,
    /// Why the last run failed; none after a success.
    pub last_error: Option<Finding>,
    /// Runs so far.
    pub runs: u64,
    /// Items handled so far.
    pub done: u64,
    /// Whether another replica holds the step's lease.
    pub elsewhere: bool,
}

/// The status of every step, shared with the page.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<RwLock<BTreeMap<String, Entry>>>);

#[derive(Debug, Default)]
struct Entry {
    status: StepStatus,
    pulse: Pulse,
    longest_silence: Duration,
}

impl Board {
    /// Every step, by name.
    pub fn all(&self) -> Vec<StepStatus> {
        self.look(|board| board.values().map(|entry| entry.status.clone()).collect())
    }

    /// A step that has given no sign of life for far too long; none while every step makes progress.
    pub fn stuck(&self) -> Option<String> {
        self.stuck_at(Instant::now())
    }

    fn stuck_at(&self, now: Instant) -> Option<String> {
        self.look(|board| {
            let mut stuck =
                board.iter().filter(|(_, entry)| entry.pulse.silence(now) > entry.longest_silence);
            stuck.next().map(|(name, _)| name.clone())
        })
    }

    fn look<T>(&self, at: impl FnOnce(&BTreeMap<String, Entry>) -> T) -> T {
        match self.0.read() {
            Ok(board) => at(&board),
            Err(poisoned) => at(&poisoned.into_inner()),
        }
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Entry)) {
        let mut board = match self.0.write() {
            Ok(board) => board,
            Err(poisoned) => poisoned.into_inner(),
        };
        change(board.entry(name.to_owned()).or_default());
    }

    fn update(&self, name: &str, change: impl FnOnce(&mut StepStatus)) {
        self.change(name, |entry| change(&mut entry.status));
    }

    fn add(&self, name: &str, interval: Duration) -> Pulse {
        let pulse = Pulse::default();
        let entry = Entry {
            status: StepStatus { name: name.to_owned(), ..StepStatus::default() },
            pulse: pulse.clone(),
            longest_silence: interval + SILENCE,
        };
        self.change(name, |place| *place = entry);
        pulse
    }
}

/// Runs the steps until it is told to stop.
pub struct Driver {
    store: Store,
    clock: Clock,
    owner: String,
    board: Board,
    bells: BTreeMap<String, Bell>,
    failing: Arc<Failing>,
    stop: CancellationToken,
    /// Drops what still runs when stopping has lasted long enough.
    drop_all: CancellationToken,
    tasks: TaskTracker,
}

impl Driver {
    /// A driver without steps. `owner` names this replica in leases; `failing` is told which steps fail.
    pub fn new(
        store: Store,
        clock: Clock,
        owner: String,
        bells: BTreeMap<String, Bell>,
        failing: Arc<Failing>,
    ) -> Self {
        Self {
            store,
            clock,
            owner,
            board: Board::default(),
            bells,
            failing,
            stop: CancellationToken::new(),
            drop_all: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// The status of every step.
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// Starts a step.
    pub fn start(&self, step: Arc<dyn Step>) {
        let runner = Runner {
            pulse: self.board.add(step.name(), step.interval()),
            bell: self.bells.get(step.name()).cloned().unwrap_or_default(),
            pokes: step.pokes().iter().filter_map(|name| self.bells.get(*name).cloned()).collect(),
            store: self.store.clone(),
            clock: self.clock,
            owner: self.owner.clone(),
            failing: self.failing.clone(),
            board: self.board.clone(),
            drop_all: self.drop_all.clone(),
            step,
        };
        runner.bell.answer();
        let stop = self.stop.clone();
        self.tasks.spawn(async move { runner.run(stop).await });
    }

    /// Begins no new runs.
    pub fn no_new_runs(&self) {
        self.stop.cancel();
    }

    /// Lets running steps finish their present run, at most `limit`; false when some had to be dropped.
    /// A dropped step loses nothing: what it had not committed is due again.
    pub async fn stop(&self, limit: Duration) -> bool {
        self.no_new_runs();
        self.tasks.close();
        let whole = tokio::time::timeout(limit, self.tasks.wait()).await.is_ok();
        if !whole {
            self.drop_all.cancel();
            // Dropping is at once; only giving the leases back may take a moment.
            let _unfinished = tokio::time::timeout(Duration::from_secs(1), self.tasks.wait()).await;
        }
        whole
    }
}

struct Runner {
    step: Arc<dyn Step>,
    bell: Bell,
    pokes: Vec<Bell>,
    store: Store,
    clock: Clock,
    owner: String,
    failing: Arc<Failing>,
    board: Board,
    pulse: Pulse,
    drop_all: CancellationToken,
}

impl Runner {
    async fn run(self, stop: CancellationToken) {
        let name = lease_of(self.step.name());
        while !stop.is_cancelled() {
            self.pulse.beat();
            let pause = match self.store.acquire_lease(&name, &self.owner, LEASE).await {
                Ok(Some(_)) => self.one_run().await,
                Ok(None) => {
                    self.failing.note(self.step.name(), None);
                    self.board.update(self.step.name(), |status| status.elsewhere = true);
                    self.step.interval()
                }
                Err(error) => {
                    let finding = self.store.placed(error.finding());
                    self.failing.note(self.step.name(), Some(&finding));
                    self.board.update(self.step.name(), |status| status.last_error = Some(finding));
                    self.step.interval()
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.bell.rung() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        // Another replica may take over at once instead of waiting for the lease to run out.
        if let Err(error) = self.store.release_lease(&name, &self.owner).await {
            tracing::debug!(step = self.step.name(), error = %error, "lease not released, it runs out by itself");
        }
    }

    async fn one_run(&self) -> Duration {
        let name = self.step.name();
        let (started, timer) = (self.clock.now(), Instant::now());
        self.board.update(name, |status| {
            status.running_since = Some(started);
            status.elsewhere = false;
        });
        let renewal = self.keep_lease();
        let run = self.pulse.of(AssertUnwindSafe(self.step.run()).catch_unwind());
        let (outcome, word) = tokio::select! {
            outcome = run => match outcome {
                Ok(Ok(report)) => (Ok(report), "done"),
                Ok(Err(finding)) => (Err(self.store.placed(finding)), "failed"),
                Err(_) => (Err(panicked(name)), "panicked"),
            },
            lost = renewal => (Err(lost), "failed"),
            () = self.drop_all.cancelled() => (Err(dropped(name)), "dropped"),
        };
        self.pulse.beat();
        metrics::counter!(metric::STEP_RUNS, "step" => name.to_owned(), "outcome" => word).increment(1);
        metrics::histogram!(metric::STEP_SECONDS, "step" => name.to_owned())
            .record(timer.elapsed().as_secs_f64());
        let ended = self.clock.now();
        let mut pause = self.step.interval();
        match &outcome {
            Ok(report) => {
                if report.done > 0 {
                    self.pokes.iter().for_each(Bell::ring);
                }
                if report.more {
                    pause = BREATH;
                }
                tracing::debug!(step = name, done = report.done, failed = report.failed, "step ran");
            }
            Err(finding) => tracing::warn!(step = name, code = finding.code, "{}", finding.what.en),
        }
        self.failing.note(name, outcome.as_ref().err());
        self.board.update(name, |status| {
            status.running_since = None;
            status.last_end = Some(ended);
            status.runs += 1;
            match outcome {
                Ok(report) => {
                    status.last_success = Some(ended);
                    status.last_error = None;
                    status.done += report.done;
                    status.last_report = Some(report);
                }
                Err(finding) => status.last_error = Some(finding),
            }
        });
        pause
    }

    /// Renews the lease while a long run lasts; returns only when the lease was lost.
    async fn keep_lease(&self) -> Finding {
        let name = lease_of(self.step.name());
        loop {
            tokio::time::sleep(LEASE / 3).await;
            match self.store.acquire_lease(&name, &self.owner, LEASE).await {
                Ok(Some(_)) | Err(_) => {}
                Ok(None) => return lease_lost(self.step.name()),
            }
        }
    }
}

fn panicked(step: &str) -> Finding {
    Finding::error(
        "LT-RUN-010",
        Text::new(
            format!("bước \"{step}\" dừng đột ngột do lỗi chương trình"),
            format!("step \"{step}\" panicked"),
        ),
        Text::new(
            "bước sẽ chạy lại theo lịch; gửi nhật ký cho nhóm phát triển",
            "it runs again at its next time; send the log to the developers",
        ),
    )
}

fn dropped(step: &str) -> Finding {
    Finding::warning(
        "LT-RUN-014",
        Text::new(
            format!("bước \"{step}\" bị ngắt vì chương trình dừng"),
            format!("step \"{step}\" was cut off because the program stops"),
        ),
        Text::new(
            "không cần xử lý; phần chưa ghi được làm lại ở lần chạy sau",
            "nothing to do; what was not committed is done again at the next start",
        ),
    )
}

fn lease_lost(step: &str) -> Finding {
    Finding::warning(
        "LT-RUN-011",
        Text::new(
            format!("bước \"{step}\" mất quyền chạy vào tay một máy khác"),
            format!("step \"{step}\" lost its lease to another replica"),
        ),
        Text::new(
            "không cần xử lý; nếu lặp lại, kiểm tra đồng hồ và tải của các máy",
            "nothing to do; if it happens again and again, look at the clocks and load of the replicas",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_step_that_is_silent_beyond_its_interval_and_the_patience_is_stuck() {
        let board = Board::default();
        let _often = board.add("often", Duration::from_secs(1));
        let _rarely = board.add("rarely", Duration::from_secs(3_600));
        let after = |time: Duration| board.stuck_at(Instant::now() + time);
        assert_eq!(after(SILENCE), None);
        assert_eq!(after(SILENCE + Duration::from_secs(60)), Some("often".to_owned()));
        assert_eq!(board.stuck(), None);
        let _again = board.add("often", Duration::from_secs(86_400));
        assert_eq!(after(SILENCE + Duration::from_secs(3_540)), None);
        assert_eq!(after(SILENCE + Duration::from_secs(3_660)), Some("rarely".to_owned()));
    }
}
