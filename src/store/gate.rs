//! What stopped a source until a person lets it go on, and the proofs of its full pulls.
//!
//! Owns the rows of both: a closed gate keeps its reason, its first moment, the kind of run it stopped and which tasks
//! were known before it; an accepted one lets a single run of that kind through, for the reasons a person named and no
//! other, and has the source's usual counted anew from there. It must not know when a gate closes. Accepting is audited
//! in the same transaction.

use super::audit::AuditNew;
use super::db::{Row, Tx, Val, json, json_opt, vals};
use super::{RunKind, Store, StoreError};
use crate::domain::{Period, SourceId};
use crate::error::Finding;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Proofs kept of one source: with a full pull each night more than a year.
const PROOFS_KEPT: u64 = 400;

/// Columns of a closed gate; $1 is the source.
const GATE: &str = "SELECT finding, since, accepted_by, accepted_reason, coalesce(kind, 'full'), coalesce(known_to, 0), \
                    accepted, least FROM source_gate WHERE source_id = $1 AND finding IS NOT NULL";

/// The run of the last full pull that left a proof and what it told, unless a person accepted just that; $1 is the source.
const TOLD_BY_FULL: &str = "SELECT r.id, r.findings FROM run r WHERE r.id = (SELECT max(p.run_id) FROM source_proof p \
                            JOIN run f ON f.id = p.run_id WHERE p.source_id = $1 AND f.kind = 'full') \
                            AND r.id > coalesce((SELECT loss_accepted_run FROM source_gate WHERE source_id = $1), 0)";

/// How much a run showed that was stopped because of it, and the least a run let through for that has to show: with 0
/// it may show nothing, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Tasks, records or rows shown.
    pub shown: u64,
    /// The least of them.
    pub least: u64,
}

impl Size {
    /// What was shown, and `percent` (0–100) of it as the least.
    pub fn of(shown: u64, percent: u64) -> Self {
        Self { shown, least: (shown * percent).div_ceil(100).max(shown.min(1)) }
    }
}

/// What stopped a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Number of the run.
    pub run: i64,
    /// Its kind.
    pub kind: RunKind,
    /// The highest number of a task known before.
    pub known_to: i64,
    /// What looked wrong.
    pub finding: Finding,
    /// How much it showed, where that was the reason.
    pub size: Option<Size>,
}

/// For what a person lets the next run of a kind through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The reason.
    pub finding: Finding,
    /// The kind of run.
    pub kind: RunKind,
    /// The least it has to show, where what was accepted has a size.
    least: Option<u64>,
    since: DateTime<Utc>,
    /// Who let it through, and why.
    by: Option<(String, String)>,
}

impl Accepted {
    /// Whether a run that shows so much is one that was accepted.
    pub fn covers(&self, shown: Option<u64>) -> bool {
        match (self.least, shown) {
            (Some(0), Some(shown)) => shown == 0,
            (Some(least), Some(shown)) => shown >= least,
            _ => true,
        }
    }

    fn is_of(&self, kind: RunKind, reason: &Finding) -> bool {
        self.kind == kind && self.finding.code == reason.code && self.finding.place == reason.place
    }
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
struct AcceptedRow {
    #[serde(flatten)]
    finding: Finding,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    least: Option<u64>,
    #[serde(default)]
    since: Option<DateTime<Utc>>,
    #[serde(default)]
    by: Option<(String, String)>,
}

/// A gate that stopped a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// What looked wrong.
    pub finding: Finding,
    /// Since when it is closed.
    pub since: DateTime<Utc>,
    /// Who lets the next run of this kind through in spite of it, and why; none while nobody does.
    pub accepted: Option<(String, String)>,
    /// What runs are let through for: this reason once it is accepted, those accepted before it of which the run was
    /// then stopped for another one, and those of other kinds of runs that wait for theirs.
    pub lets_through: Vec<Accepted>,
    /// The kind of run that was stopped.
    pub kind: RunKind,
    /// The highest number of a task stored before the first run that was stopped.
    pub known_to: i64,
    /// The least a run let through for this reason has to show, where it has a size.
    least: Option<u64>,
}

impl Gate {
    /// Whether the next run of a kind is let through for this reason (the code, and of a field that field), showing as
    /// much as it does.
    pub fn lets(&self, kind: RunKind, reason: &Finding, size: Option<Size>) -> bool {
        let shown = size.map(|size| size.shown);
        self.lets_through.iter().any(|one| one.is_of(kind, reason) && one.covers(shown))
    }

    /// The kind of run that a person let through and that has not been yet.
    pub fn awaits(&self) -> Option<RunKind> {
        let others = || self.lets_through.iter().map(|one| one.kind).find(|kind| *kind != self.kind);
        self.accepted.as_ref().map(|_| self.kind).or_else(others)
    }
}

/// What came of letting a source through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// The next run of the kind that was stopped passes this gate.
    Given(Gate),
    /// It is stopped by another reason than the one named.
    OtherReason(Gate),
    /// Nothing stops it.
    NothingStopped,
}

/// What a full pull proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Number of the run.
    pub run: i64,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Tasks seen, each once.
    pub seen: u64,
    /// Tasks held afterwards that are not gone.
    pub held: u64,
    /// The source's own total, where it tells one; without the tombstones it counts.
    pub source_total: Option<u64>,
    /// Records that could not be read.
    pub rejected: u64,
    /// Tasks that incremental pulls had missed.
    pub missed: u64,
    /// Tasks called gone.
    pub gone: u64,
    /// Whether everything the source has is held.
    pub proven: bool,
    /// Sum over SHA-256 of key and hash of every task held, in hexadecimal form; the order does not matter.
    pub digest: String,
    /// The same by quarter of the due day (`none` without one): count and digest.
    pub periods: BTreeMap<String, (u64, String)>,
}

/// A task as a proof counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldTask {
    /// Number.
    pub id: i64,
    /// Its key at the source.
    pub key: String,
    hash: Vec<u8>,
    due: Option<NaiveDate>,
}

/// Adds tasks up, whatever their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    sum: u128,
    periods: BTreeMap<Option<Period>, (u64, u128)>,
}

impl Tally {
    /// Counts a task.
    pub fn add(&mut self, task: &HeldTask) {
        let digest =
            Sha256::new().chain_update(&task.key).chain_update([0]).chain_update(&task.hash).finalize();
        let part = digest.iter().take(16).fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
        self.count += 1;
        self.sum = self.sum.wrapping_add(part);
        let (count, sum) = self.periods.entry(task.due.map(Period::quarter_of)).or_default();
        *count += 1;
        *sum = sum.wrapping_add(part);
    }

    /// The digest in hexadecimal form.
    pub fn digest(&self) -> String {
        format!("{:032x}", self.sum)
    }

    /// Count and digest by quarter of the due day.
    pub fn periods(&self) -> BTreeMap<String, (u64, String)> {
        let name =
            |period: &Option<Period>| period.map_or_else(|| "none".to_owned(), |period| period.to_string());
        self.periods
            .iter()
            .map(|(period, (count, sum))| (name(period), (*count, format!("{sum:032x}"))))
            .collect()
    }
}

impl Tx {
    /// The journal's entry that a person called right what a source's gate told under a code.
    async fn gate_accepted(
        &mut self,
        source: &SourceId,
        code: &str,
        (author, reason): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.audit(AuditNew {
            at: now,
            actor: author,
            action: "gate_accepted",
            object: format!("source {source}"),
            detail: code.to_owned(),
            reason: Some(reason),
        })
        .await
    }
}

impl Store {
    /// The gate that stopped a source; none where nothing did.
    pub async fn gate(&self, source: &SourceId) -> Result<Option<Gate>, StoreError> {
        let row = self.db.row(GATE, vals![source.as_str()]).await?;
        row.as_ref().map(gate_of).transpose()
    }

    /// Writes down what stopped a run. The moment stays where the reason stays. A run that was under way while somebody
    /// accepted that reason changes nothing. What else stops a run waits for a word of its own; what was accepted waits
    /// for its run beside it.
    pub async fn close_gate(
        &self,
        source: &SourceId,
        stop: &Stop,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Stop { run, kind, known_to, finding, size } = stop;
        let mut tx = self.db.begin().await?;
        let held = tx.row(GATE, vals![source.as_str()]).await?.as_ref().map(gate_of).transpose()?;
        if held.as_ref().is_some_and(|gate| gate.lets(*kind, finding, *size)) {
            return Ok(());
        }
        let accepted = written(held.as_ref().map_or(&[], |gate| gate.lets_through.as_slice()))?;
        let since = held.filter(|gate| gate.finding.code == finding.code).map_or(now, |gate| gate.since);
        tx.execute(
            "INSERT INTO source_gate (source_id, finding, run_id, since, kind, known_to, least, accepted) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (source_id) DO UPDATE SET finding = excluded.finding, run_id = excluded.run_id, \
             since = excluded.since, kind = excluded.kind, known_to = excluded.known_to, least = excluded.least, \
             accepted = excluded.accepted, accepted_at = NULL, accepted_by = NULL, accepted_reason = NULL",
            vals![source.as_str(), json(finding)?, *run, since, kind.as_str(), *known_to,
                size.and_then(|size| i64::try_from(size.least).ok()), accepted],
        )
        .await?;
        tx.commit().await
    }

    /// Lets the next run of the kind that was stopped through for the reason that is named, and for those accepted
    /// before it; it is due at once.
    pub async fn accept_gate(
        &self,
        source: &SourceId,
        code: &str,
        (author, reason): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<Acceptance, StoreError> {
        let mut tx = self.db.begin().await?;
        let Some(row) = tx.row(GATE, vals![source.as_str()]).await? else {
            return Ok(Acceptance::NothingStopped);
        };
        let mut gate = gate_of(&row)?;
        if gate.finding.code != code {
            return Ok(Acceptance::OtherReason(gate));
        }
        gate.lets_through.retain(|one| !one.is_of(gate.kind, &gate.finding));
        gate.lets_through.push(Accepted {
            finding: gate.finding.clone(),
            kind: gate.kind,
            least: gate.least,
            since: gate.since,
            by: Some((author.to_owned(), reason.to_owned())),
        });
        tx.execute(
            "UPDATE source_gate SET accepted_at = $2, accepted_by = $3, accepted_reason = $4, accepted = $5 \
             WHERE source_id = $1",
            vals![source.as_str(), now, author, reason, written(&gate.lets_through)?],
        )
        .await?;
        tx.execute(
            "UPDATE source_state SET blocked_until = NULL, next_due_at = NULL WHERE source_id = $1",
            vals![source.as_str()],
        )
        .await?;
        tx.gate_accepted(source, code, (author, reason), now).await?;
        tx.commit().await?;
        gate.accepted = Some((author.to_owned(), reason.to_owned()));
        Ok(Acceptance::Given(gate))
    }

    /// Notes a run of a kind that passed: what it was let through for is used up, and with `opens` what stopped the
    /// source stops it no more. Where a person had let it through, the usual counts from this run on. What was accepted
    /// for another kind of run goes on waiting for it.
    pub async fn open_gate(
        &self,
        source: &SourceId,
        (run, kind): (i64, RunKind),
        opens: bool,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let Some(gate) = tx.row(GATE, vals![source.as_str()]).await?.as_ref().map(gate_of).transpose()?
        else {
            return Ok(());
        };
        let (used, waits): (Vec<_>, Vec<_>) = gate.lets_through.into_iter().partition(|one| one.kind == kind);
        if !used.is_empty() {
            let sql = "UPDATE source_gate SET usual_from_run = $2 WHERE source_id = $1";
            tx.execute(sql, vals![source.as_str(), run]).await?;
        }
        let accepted = written(&waits)?;
        match waits.last().filter(|_| opens) {
            Some(next) => {
                let (author, reason) = next.by.clone().unzip();
                tx.execute(
                    "UPDATE source_gate SET finding = $2, since = $3, kind = $4, least = $5, accepted = $6, \
                     accepted_by = $7, accepted_reason = $8 WHERE source_id = $1",
                    vals![
                        source.as_str(),
                        json(&next.finding)?,
                        next.since,
                        next.kind.as_str(),
                        next.least.and_then(|least| i64::try_from(least).ok()),
                        accepted,
                        author,
                        reason
                    ],
                )
                .await?;
            }
            None if opens => {
                tx.execute(
                    "UPDATE source_gate SET finding = NULL, run_id = NULL, since = NULL, accepted_at = NULL, \
                     accepted_by = NULL, accepted_reason = NULL, accepted = NULL, kind = NULL, known_to = NULL, \
                     least = NULL WHERE source_id = $1",
                    vals![source.as_str()],
                )
                .await?;
            }
            None => {
                let sql = "UPDATE source_gate SET accepted = $2 WHERE source_id = $1";
                tx.execute(sql, vals![source.as_str(), accepted]).await?;
            }
        }
        tx.commit().await
    }

    /// What the last full pull of a source told; nothing where a person accepted that.
    pub async fn told_by_full(&self, source: &SourceId) -> Result<Vec<Finding>, StoreError> {
        let row = self.db.row(TOLD_BY_FULL, vals![source.as_str()]).await?;
        Ok(row.as_ref().map(told_of).transpose()?.map(|(_, told)| told).unwrap_or_default())
    }

    /// Notes that what the last full pull told under this code is right: the usual counts from that run on. The finding;
    /// none where nothing is told.
    pub async fn accept_told(
        &self,
        source: &SourceId,
        code: &str,
        (author, reason): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<Option<Finding>, StoreError> {
        let mut tx = self.db.begin().await?;
        let row = tx.row(TOLD_BY_FULL, vals![source.as_str()]).await?;
        let Some((run, told)) = row.as_ref().map(told_of).transpose()? else { return Ok(None) };
        let Some(finding) = told.into_iter().find(|finding| finding.code == code) else { return Ok(None) };
        tx.execute(
            "INSERT INTO source_gate (source_id, usual_from_run, loss_accepted_run) VALUES ($1, $2, $2) \
             ON CONFLICT (source_id) DO UPDATE SET usual_from_run = excluded.usual_from_run, \
             loss_accepted_run = excluded.loss_accepted_run",
            vals![source.as_str(), run],
        )
        .await?;
        tx.gate_accepted(source, code, (author, reason), now).await?;
        tx.commit().await?;
        Ok(Some(finding))
    }

    /// What counts instead of the known tasks: how many the last run of everything saw, since a person let one through
    /// that could not call gone what it did not see. None where the known tasks count.
    pub async fn gate_measure(&self, source: &SourceId) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT measure FROM source_gate WHERE source_id = $1";
        let row = self.db.row(sql, vals![source.as_str()]).await?;
        let measure = row.map(|row| row.opt_int(0)).transpose()?.flatten();
        Ok(measure.and_then(|measure| u64::try_from(measure).ok()))
    }

    /// Keeps it, or has the known tasks count again.
    pub async fn keep_gate_measure(&self, source: &SourceId, measure: Option<u64>) -> Result<(), StoreError> {
        let measure = measure.and_then(|measure| i64::try_from(measure).ok());
        let mut tx = self.db.begin().await?;
        tx.execute(
            "UPDATE source_gate SET measure = $2 WHERE source_id = $1",
            vals![source.as_str(), measure],
        )
        .await?;
        tx.commit().await
    }

    /// Tasks a full pull of a source usually sees: the middle of the last `runs` ones that passed; none without any.
    pub async fn usual_seen(&self, source: &SourceId, runs: usize) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT p.seen FROM source_proof p JOIN run r ON r.id = p.run_id WHERE p.source_id = $1 AND r.kind = 'full' \
                   AND p.run_id >= coalesce((SELECT usual_from_run FROM source_gate WHERE source_id = $1), 0) \
                   ORDER BY p.run_id DESC LIMIT $2";
        let rows = self.db.rows(sql, vals![source.as_str(), runs as u64]).await?;
        let mut seen = rows.iter().map(|row| number(row, 0)).collect::<Result<Vec<_>, _>>()?;
        seen.sort_unstable();
        Ok(seen.get(seen.len() / 2).copied())
    }

    /// Keeps what a pull that saw everything proved. Of each kind of pull the last ones stay: many scheduled pulls push no
    /// full one out.
    pub async fn keep_proof(&self, source: &SourceId, proof: &Proof) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO source_proof (source_id, run_id, at, seen, held, source_total, rejected, missed, gone, proven, digest, \
             periods) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            vals![source.as_str(), proof.run, proof.at, proof.seen, proof.held,
                proof.source_total.and_then(|total| i64::try_from(total).ok()), proof.rejected, proof.missed, proof.gone,
                proof.proven, proof.digest.as_str(), json(&proof.periods)?],
        )
        .await?;
        tx.execute(
            "DELETE FROM source_proof WHERE source_id = $1 \
             AND (SELECT r.kind FROM run r WHERE r.id = source_proof.run_id) = (SELECT r.kind FROM run r WHERE r.id = $3) \
             AND run_id NOT IN (SELECT p.run_id FROM source_proof p JOIN run r ON r.id = p.run_id WHERE p.source_id = $1 \
             AND r.kind = (SELECT k.kind FROM run k WHERE k.id = $3) ORDER BY p.run_id DESC LIMIT $2)",
            vals![source.as_str(), PROOFS_KEPT, proof.run],
        )
        .await?;
        tx.commit().await
    }

    /// What the last pulls of a source that saw everything proved, newest first.
    pub async fn proofs(&self, source: &SourceId, limit: usize) -> Result<Vec<Proof>, StoreError> {
        let sql = "SELECT run_id, at, seen, held, source_total, rejected, missed, gone, proven, digest, periods FROM source_proof \
                   WHERE source_id = $1 ORDER BY run_id DESC LIMIT $2";
        let rows = self.db.rows(sql, vals![source.as_str(), limit as u64]).await?;
        rows.iter().map(proof_of).collect()
    }

    /// When a pull last proved that everything the source has is held.
    pub async fn last_proven(&self, source: &SourceId) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT at FROM source_proof WHERE source_id = $1 AND proven ORDER BY run_id DESC LIMIT 1";
        self.db.row(sql, vals![source.as_str()]).await?.map(|row| row.at(0)).transpose()
    }

    /// A source's tasks that are not gone, after a number, in order.
    pub async fn held_tasks(
        &self,
        source: &SourceId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<HeldTask>, StoreError> {
        let sql = "SELECT id, external_id, hash, due_day FROM task WHERE source_id = $1 AND id > $2 AND status <> 'gone' \
                   ORDER BY id LIMIT $3";
        let rows = self.db.rows(sql, vals![source.as_str(), after, limit as u64]).await?;
        rows.iter()
            .map(|row| {
                Ok(HeldTask { id: row.int(0)?, key: row.text(1)?, hash: row.blob(2)?, due: row.opt_day(3)? })
            })
            .collect()
    }
}

fn told_of(row: &Row) -> Result<(i64, Vec<Finding>), StoreError> {
    Ok((row.int(0)?, row.opt_json(1)?.unwrap_or_default()))
}

fn gate_of(row: &Row) -> Result<Gate, StoreError> {
    let since = row.at(1)?;
    let accepted = row.opt_text(2)?.zip(row.opt_text(3)?);
    let kind = RunKind::parse(&row.text(4)?).unwrap_or(RunKind::Full);
    let rows: Vec<AcceptedRow> = row.opt_json(6)?.unwrap_or_default();
    // Rows of older versions say the reason alone.
    let lets_through = rows.into_iter().map(|one| Accepted {
        finding: one.finding,
        kind: one.kind.as_deref().and_then(RunKind::parse).unwrap_or(kind),
        least: one.least,
        since: one.since.unwrap_or(since),
        by: one.by.or_else(|| accepted.clone()),
    });
    Ok(Gate {
        finding: row.json(0)?,
        since,
        lets_through: lets_through.collect(),
        accepted,
        kind,
        known_to: row.int(5)?,
        least: row.opt_int(7)?.and_then(|least| u64::try_from(least).ok()),
    })
}

/// What was accepted as it is written; nothing where nothing was.
fn written(accepted: &[Accepted]) -> Result<Val, StoreError> {
    let rows: Vec<AcceptedRow> = accepted
        .iter()
        .map(|one| AcceptedRow {
            finding: one.finding.clone(),
            kind: Some(one.kind.as_str().to_owned()),
            least: one.least,
            since: Some(one.since),
            by: one.by.clone(),
        })
        .collect();
    json_opt(Some(&rows).filter(|rows| !rows.is_empty()))
}

fn number(row: &Row, index: usize) -> Result<u64, StoreError> {
    Ok(u64::try_from(row.int(index)?).unwrap_or(0))
}

fn proof_of(row: &Row) -> Result<Proof, StoreError> {
    Ok(Proof {
        run: row.int(0)?,
        at: row.at(1)?,
        seen: number(row, 2)?,
        held: number(row, 3)?,
        source_total: row.opt_int(4)?.and_then(|total| u64::try_from(total).ok()),
        rejected: number(row, 5)?,
        missed: number(row, 6)?,
        gone: number(row, 7)?,
        proven: row.flag(8)?,
        digest: row.text(9)?,
        periods: row.json(10)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: i64, key: &str, hash: u8, due: &str) -> HeldTask {
        HeldTask { id, key: key.to_owned(), hash: vec![hash; 16], due: due.parse().ok() }
    }

    #[test]
    fn digest_depends_on_keys_and_hashes_but_not_on_the_order() {
        let tasks = [task(1, "a", 1, "2026-11-30"), task(2, "b", 2, "2026-02-01"), task(3, "c", 3, "")];
        let tally = |order: &[usize]| {
            let mut tally = Tally::default();
            order.iter().for_each(|index| tally.add(&tasks[*index]));
            tally
        };
        assert_eq!(tally(&[0, 1, 2]), tally(&[2, 0, 1]));
        assert_ne!(tally(&[0, 1]).digest(), tally(&[0, 2]).digest());
        let mut changed = Tally::default();
        changed.add(&task(1, "a", 9, "2026-11-30"));
        assert_ne!(changed.digest(), tally(&[0]).digest());
        let periods = tally(&[0, 1, 2]).periods();
        assert_eq!(periods.keys().collect::<Vec<_>>(), ["2026-Q1", "2026-Q4", "none"]);
        assert_eq!(periods["2026-Q4"].1, tally(&[0]).digest());
    }
}
