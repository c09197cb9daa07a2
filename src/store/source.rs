//! Sources: where each pull goes on, how the last ones went, and when the next is due.

use super::db::{Row, json, json_opt, vals};
use super::{FolderFiles, Store, StoreError};
use crate::domain::SourceId;
use crate::error::{Disposition, Finding};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Code of the finding of a run that could read none of its records.
pub const NOTHING_READ: &str = "LT-PUL-030";

/// What a source's pulls left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Cursor of the last committed page.
    pub cursor: Option<String>,
    /// When a pull last began.
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// When a pull last ended well.
    pub last_success_at: Option<DateTime<Utc>>,
    /// When a full pull last ended well.
    pub last_full_at: Option<DateTime<Utc>>,
    /// When the schedule wants the next pull.
    pub next_due_at: Option<DateTime<Utc>>,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Until when no pull is begun: the source asked for it, or it failed again and again.
    pub blocked_until: Option<DateTime<Utc>>,
    /// Why the last pull failed; none after a success.
    pub last_error: Option<Finding>,
    /// Records seen so far.
    pub records_total: u64,
    /// Fingerprint of the rules by which the last pull that ended well read, backfills apart.
    pub rules_pulled: Option<String>,
    /// The same of the last one that read everything.
    pub rules_read: Option<String>,
    /// Calls of the source that something changed.
    pub hooks: Hooks,
    /// Full pulls that ended well.
    pub full_pulls: u64,
    /// Of a source that is a folder: its files when a pull last looked.
    pub files: Option<FolderFiles>,
    /// That no record can be read, since a run told it; none once one was read.
    pub unread: Option<Finding>,
    /// Changed tasks of the last pulls that had something and lost it, by the rule that gives it: how many had it, and how
    /// many of them lost it. What some kept is not there.
    pub losing: BTreeMap<String, (u64, u64)>,
}

/// How long a source may be due before it is told that it is late.
const LATE_AFTER: TimeDelta = TimeDelta::minutes(10);

impl SourceState {
    /// Whether it was due and nobody pulled it, although nothing failed: a pull that hangs, a step that stands still.
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.next_due_at.is_some_and(|due| due + LATE_AFTER < now)
    }
}

impl SourceState {
    /// When the schedule asks the source next: not before it is left alone no more.
    pub fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        self.next_due_at.max(self.blocked_until)
    }
}

/// Calls by which a source says that something changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hooks {
    /// How many were taken so far.
    pub received: u64,
    /// How many of them had come before a run began that ended well.
    pub served: u64,
    /// When the last one came.
    pub last_at: Option<DateTime<Utc>>,
}

impl Hooks {
    /// Whether one came since the last good run began.
    pub fn waiting(&self) -> bool {
        self.received > self.served
    }
}

/// Counters of one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounters {
    /// Pages read.
    pub pages: u64,
    /// Records on them, rejected ones included.
    pub records: u64,
    /// Tasks not known before.
    pub new: u64,
    /// Known tasks with another content.
    pub changed: u64,
    /// Known tasks with the same content.
    pub unchanged: u64,
    /// Records that could not be read.
    pub rejected: u64,
}

/// Which kind of pull a run was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// What changed since the cursor.
    Incremental,
    /// Everything.
    Full,
    /// A span of time.
    Backfill,
}

impl RunKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Incremental => "incremental",
            Self::Full => "full",
            Self::Backfill => "backfill",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Incremental, Self::Full, Self::Backfill].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How a run ended.
#[derive(Debug, Clone)]
pub enum RunOutcome {
    /// To its end.
    Succeeded,
    /// Before its end; what was committed stays.
    Failed {
        /// Why.
        finding: Box<Finding>,
        /// What to do about it.
        disposition: Disposition,
        /// How long the source asked us to wait.
        retry_after: Option<Duration>,
    },
}

/// One run as the page shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// Number.
    pub id: i64,
    /// Source.
    pub source: String,
    /// `incremental`, `full` or `backfill`.
    pub kind: String,
    /// Begin.
    pub started_at: DateTime<Utc>,
    /// End; none while it runs. Of a process that was killed: when the next one began.
    pub ended_at: Option<DateTime<Utc>>,
    /// `succeeded` or `failed`.
    pub outcome: Option<String>,
    /// Counters.
    pub counters: RunCounters,
    /// What was worth telling.
    pub findings: Vec<Finding>,
}

impl Run {
    /// Runs looked back at for the last one that looked at everything that lies in a folder.
    pub const LOOKED_BACK: usize = 20;

    /// What the last run that looked told, of runs with the latest first. One that is under way, was cut off or failed has
    /// not seen everything, and reading rejected records again looks at no file: what was told before them still holds.
    pub fn last_told(runs: &[Self]) -> &[Finding] {
        let looked = |run: &&Self| {
            let replay = run.kind == "backfill" && run.counters.pages == 0;
            run.outcome.as_deref() == Some("succeeded") && !replay
        };
        runs.iter().find(looked).map_or(&[][..], |run| run.findings.as_slice())
    }
}

impl Store {
    /// A source's state; the empty state for one never pulled.
    pub async fn source_state(&self, source: &SourceId) -> Result<SourceState, StoreError> {
        let sql = "SELECT cursor, last_attempt_at, last_success_at, last_full_at, next_due_at, consecutive_failures, \
                   blocked_until, last_error, records_total, rules_pulled, rules_read, hooks_received, hooks_served, hook_at, full_pulls, files, losing, unread \
                   FROM source_state WHERE source_id = $1";
        let row = self.db.row(sql, vals![source.as_str()]).await?;
        row.map_or(Ok(SourceState::default()), |row| state_of(&row))
    }

    /// Keeps what the changed tasks of the last pulls lost.
    pub async fn keep_losing(
        &self,
        source: &SourceId,
        losing: &BTreeMap<String, (u64, u64)>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let kept = Some(losing).filter(|losing| !losing.is_empty());
        let sql = "UPDATE source_state SET losing = $2 WHERE source_id = $1";
        tx.execute(sql, vals![source.as_str(), json_opt(kept)?]).await?;
        tx.commit().await
    }

    /// Opens a run. A kill leaves it open until [`Store::close_cut_off_runs`]; the next one is a new run.
    pub async fn begin_run(
        &self,
        source: &SourceId,
        kind: RunKind,
        now: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO source_state (source_id, last_attempt_at) VALUES ($1, $2) \
             ON CONFLICT (source_id) DO UPDATE SET last_attempt_at = excluded.last_attempt_at",
            vals![source.as_str(), now],
        )
        .await?;
        let row = tx
            .row(
                "INSERT INTO run (source_id, kind, started_at, hooks_before) SELECT source_id, $2, $3, hooks_received \
                 FROM source_state WHERE source_id = $1 RETURNING id",
                vals![source.as_str(), kind.as_str(), now],
            )
            .await?;
        let id = row.ok_or_else(|| StoreError::unexpected("no id for the run"))?.int(0)?;
        tx.commit().await?;
        Ok(id)
    }

    /// Closes a run and writes down what it means for the source: after failures it is left alone for a
    /// growing while (30 s doubled, at most 1 h), after a wrong password at least 10 minutes. A pull that was ordered
    /// meanwhile and found the source down changes nothing about that.
    pub async fn finish_run(
        &self,
        run: i64,
        source: &SourceId,
        counters: &RunCounters,
        outcome: &RunOutcome,
        findings: &[Finding],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let begun = tx.row("SELECT kind, started_at FROM run WHERE id = $1", vals![run]).await?;
        let begun = begun.map(|row| Ok::<_, StoreError>((row.text(0)?, row.at(1)?))).transpose()?;
        let (kind, started_at) = begun.unzip();
        let (word, mut told) = match outcome {
            RunOutcome::Succeeded => ("succeeded", Vec::new()),
            RunOutcome::Failed { finding, .. } => ("failed", vec![Finding::clone(finding)]),
        };
        told.extend(findings.iter().cloned());
        let told: Vec<Finding> = told.into_iter().map(Finding::masked).collect();
        tx.execute(
            "UPDATE run SET ended_at = $2, outcome = $3, pages = $4, records = $5, new_tasks = $6, changed = $7, \
             unchanged = $8, rejected = $9, findings = $10 WHERE id = $1",
            vals![run, now, word, counters.pages, counters.records, counters.new, counters.changed, counters.unchanged,
                counters.rejected, json(&told)?],
        )
        .await?;
        match outcome {
            RunOutcome::Succeeded => {
                let full_at = (kind.as_deref() == Some("full")).then_some(now);
                if kind.as_deref() != Some("backfill") {
                    // Calls that came while it ran wait for the next one.
                    tx.execute(
                        "UPDATE source_state SET hooks_served = (SELECT hooks_before FROM run WHERE id = $2) \
                         WHERE source_id = $1",
                        vals![source.as_str(), run],
                    )
                    .await?;
                }
                tx.execute(
                    "UPDATE source_state SET last_success_at = $2, last_full_at = coalesce($3, last_full_at), \
                     full_pulls = full_pulls + $5, \
                     consecutive_failures = 0, blocked_until = NULL, last_error = NULL, records_total = records_total + $4 \
                     WHERE source_id = $1",
                    vals![source.as_str(), now, full_at, counters.records, i64::from(full_at.is_some())],
                )
                .await?;
                let unread = told.iter().find(|finding| finding.code == NOTHING_READ);
                if unread.is_some() || counters.records > counters.rejected {
                    let sql = "UPDATE source_state SET unread = $2 WHERE source_id = $1";
                    tx.execute(sql, vals![source.as_str(), json_opt(unread)?]).await?;
                }
            }
            RunOutcome::Failed { finding, disposition, retry_after } => {
                let row = tx
                    .row(
                        "SELECT consecutive_failures, blocked_until FROM source_state WHERE source_id = $1",
                        vals![source.as_str()],
                    )
                    .await?;
                let before = row.map(|row| Ok::<_, StoreError>((row.int(0)?, row.opt_at(1)?))).transpose()?;
                let (failures, until) = before.unwrap_or_default();
                // Who orders a pull while the source is left alone learns what is known, and makes the pause no longer.
                let ordered = until.filter(|until| {
                    *disposition == Disposition::RetryLater && started_at.is_some_and(|at| at < *until)
                });
                let (failures, blocked) = match ordered {
                    Some(until) => (failures, until.max(now + asked_for(*retry_after))),
                    None => (failures + 1, now + pause_after(failures + 1, *disposition, *retry_after)),
                };
                tx.execute(
                    "UPDATE source_state SET consecutive_failures = $2, blocked_until = $3, last_error = $4, \
                     records_total = records_total + $5 WHERE source_id = $1",
                    vals![
                        source.as_str(),
                        failures,
                        blocked,
                        json(&Finding::clone(finding).masked())?,
                        counters.records
                    ],
                )
                .await?;
            }
        }
        tx.commit().await
    }

    /// Closes runs that a process which was killed left open, with what is told of them: those of sources that nobody
    /// pulls now. To be called at a start, once what earlier processes held was taken back; gives how many.
    pub async fn close_cut_off_runs(&self, told: &Finding, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let clock =
            if tx.is_postgres() { "clock_timestamp()" } else { "strftime('%Y-%m-%dT%H:%M:%fZ','now')" };
        // Who was killed did so among the latest; all there ever were need not be walked over at every start.
        let sql = format!(
            "UPDATE run SET ended_at = $1, outcome = 'failed', findings = $2 WHERE ended_at IS NULL \
             AND id > (SELECT coalesce(max(id), 0) - 5000 FROM run) AND NOT EXISTS (SELECT 1 FROM lease l \
             WHERE l.name = 'step:pull:' || run.source_id AND l.expires_at > {clock})"
        );
        let closed = tx.execute(sql, vals![now, json(&[told])?]).await?;
        tx.commit().await?;
        Ok(closed)
    }

    /// Keeps the fingerprint of the rules by which a pull read; `everything`: whether it read all the source has.
    pub async fn keep_rules(
        &self,
        source: &SourceId,
        rules: &str,
        everything: bool,
    ) -> Result<(), StoreError> {
        let sql = if everything {
            "UPDATE source_state SET rules_pulled = $2, rules_read = $2 WHERE source_id = $1"
        } else {
            "UPDATE source_state SET rules_pulled = $2 WHERE source_id = $1"
        };
        let mut tx = self.db.begin().await?;
        tx.execute(sql, vals![source.as_str(), rules]).await?;
        tx.commit().await
    }

    /// Writes down when the schedule wants the next pull.
    pub async fn plan_source(&self, source: &SourceId, next_due_at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO source_state (source_id, next_due_at) VALUES ($1, $2) \
             ON CONFLICT (source_id) DO UPDATE SET next_due_at = excluded.next_due_at",
            vals![source.as_str(), next_due_at],
        )
        .await?;
        tx.commit().await
    }

    /// Writes down calls of a source that something changed: it is due, also after a restart.
    pub async fn mark_hooks(
        &self,
        source: &SourceId,
        count: u64,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO source_state (source_id, hooks_received, hook_at) VALUES ($1, $2, $3) \
             ON CONFLICT (source_id) DO UPDATE SET hook_at = excluded.hook_at, \
             hooks_received = source_state.hooks_received + excluded.hooks_received",
            vals![source.as_str(), count, now],
        )
        .await?;
        tx.commit().await
    }

    /// Runs of a source before a number, newest first.
    pub async fn runs(&self, source: &SourceId, before: i64, limit: usize) -> Result<Vec<Run>, StoreError> {
        let sql = "SELECT id, source_id, kind, started_at, ended_at, outcome, pages, records, new_tasks, changed, unchanged, \
                   rejected, findings FROM run WHERE source_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let rows = self.db.rows(sql, vals![source.as_str(), before, limit as u64]).await?;
        rows.iter().map(run_of).collect()
    }
}

/// How long the source asked to be left alone, at most 1 h.
fn asked_for(retry_after: Option<Duration>) -> TimeDelta {
    let asked = retry_after.map_or(0, |wait| i64::try_from(wait.as_secs()).unwrap_or(3600));
    TimeDelta::seconds(asked.min(3600))
}

fn pause_after(failures: i64, disposition: Disposition, retry_after: Option<Duration>) -> TimeDelta {
    let doubled = 30i64 << failures.clamp(1, 8).saturating_sub(1);
    let asked = asked_for(retry_after).num_seconds();
    // Four to six wrong passwords lock many accounts: leave the account alone much longer than usual.
    let least = if disposition == Disposition::NeedsOperator { 600 } else { 0 };
    TimeDelta::seconds(doubled.max(asked).max(least).min(3600))
}

fn count(row: &Row, index: usize) -> Result<u64, StoreError> {
    Ok(u64::try_from(row.int(index)?).unwrap_or(0))
}

fn state_of(row: &Row) -> Result<SourceState, StoreError> {
    Ok(SourceState {
        cursor: row.opt_text(0)?,
        last_attempt_at: row.opt_at(1)?,
        last_success_at: row.opt_at(2)?,
        last_full_at: row.opt_at(3)?,
        next_due_at: row.opt_at(4)?,
        consecutive_failures: u32::try_from(row.int(5)?).unwrap_or(0),
        blocked_until: row.opt_at(6)?,
        last_error: row.opt_json::<Finding>(7)?.map(Finding::masked),
        records_total: count(row, 8)?,
        rules_pulled: row.opt_text(9)?,
        rules_read: row.opt_text(10)?,
        hooks: Hooks { received: count(row, 11)?, served: count(row, 12)?, last_at: row.opt_at(13)? },
        full_pulls: count(row, 14)?,
        files: row.opt_json(15)?,
        losing: row.opt_json(16)?.unwrap_or_default(),
        unread: row.opt_json::<Finding>(17)?.map(Finding::masked),
    })
}

fn run_of(row: &Row) -> Result<Run, StoreError> {
    Ok(Run {
        id: row.int(0)?,
        source: row.text(1)?,
        kind: row.text(2)?,
        started_at: row.at(3)?,
        ended_at: row.opt_at(4)?,
        outcome: row.opt_text(5)?,
        counters: RunCounters {
            pages: count(row, 6)?,
            records: count(row, 7)?,
            new: count(row, 8)?,
            changed: count(row, 9)?,
            unchanged: count(row, 10)?,
            rejected: count(row, 11)?,
        },
        findings: row
            .opt_json::<Vec<Finding>>(12)?
            .unwrap_or_default()
            .into_iter()
            .map(Finding::masked)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_grows_honours_the_source_and_spares_a_wrong_password() {
        let pause = |failures, disposition, wait: Option<u64>| {
            pause_after(failures, disposition, wait.map(Duration::from_secs)).num_seconds()
        };
        assert_eq!(pause(1, Disposition::RetryLater, None), 30);
        assert_eq!(pause(3, Disposition::RetryLater, None), 120);
        assert_eq!(pause(90, Disposition::RetryLater, None), 3600);
        assert_eq!(pause(1, Disposition::RetryLater, Some(200)), 200);
        assert_eq!(pause(1, Disposition::RetryLater, Some(1_000_000_000)), 3600);
        assert_eq!(pause(1, Disposition::NeedsOperator, None), 600);
    }
}
