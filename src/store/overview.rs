//! The numbers of the first screen, in a handful of statements.

use super::db::{Sql, vals};
use super::record::UNDECIDED;
use super::{Store, StoreError};
use crate::domain::Period;
use crate::error::Finding;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// Under what open records are counted whose period has an imported result.
pub const IMPORTED: &str = "imported";

/// What one source has brought so far.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceTotals {
    /// Tasks held.
    pub tasks: u64,
    /// Events kept.
    pub events: u64,
    /// Rejected records nobody has settled.
    pub rejected: u64,
}

/// Where the deliveries to one target stand.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TargetTotals {
    /// Items by state.
    pub states: BTreeMap<String, u64>,
    /// Receipts kept.
    pub receipts: u64,
    /// Earliest deadline of an item that is not settled.
    pub earliest_deadline: Option<DateTime<Utc>>,
    /// Why the last attempt got no answer, and when that was; none once one got one, or while nothing waits.
    pub last_error: Option<(Finding, DateTime<Utc>)>,
}

/// How open deliveries stand to their deadlines.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Risk {
    /// Not settled.
    pub open: u64,
    /// Of these, past their deadline.
    pub overdue: u64,
    /// Of these, close to it.
    pub soon: u64,
    /// When the oldest of them was enqueued.
    pub oldest: Option<DateTime<Utc>>,
}

impl TargetTotals {
    /// Items that are neither settled nor wait for a person.
    pub fn waiting(&self) -> u64 {
        ["pending", "leased", "sent", "unknown"].iter().filter_map(|state| self.states.get(*state)).sum()
    }

    /// Items that wait for a person.
    pub fn needs_person(&self) -> u64 {
        ["parked", "rejected"].iter().filter_map(|state| self.states.get(*state)).sum()
    }
}

/// Everything the first screen counts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Overview {
    /// By source.
    pub sources: BTreeMap<String, SourceTotals>,
    /// People known.
    pub people: u64,
    /// Tasks held.
    pub tasks: u64,
    /// Tasks with at least one known person.
    pub identified: u64,
    /// Tasks by mapping state.
    pub mapping: BTreeMap<String, u64>,
    /// Work of each step that is due right now.
    pub due: BTreeMap<String, u64>,
    /// Scores per view.
    pub scores: u64,
    /// Scores whose total is known.
    pub complete_scores: u64,
    /// Records by state of the newest revision.
    pub records: BTreeMap<String, u64>,
    /// Revisions kept.
    pub revisions: u64,
    /// By target.
    pub targets: BTreeMap<String, TargetTotals>,
    /// Accounts that belong to nobody we know.
    pub unknown_accounts: u64,
    /// By origin: entries of the evaluation software that did not become a decision, and decisions no record followed.
    pub kept_decisions: BTreeMap<String, u64>,
}

/// What waits for a person, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Deliveries that are parked or were refused.
    pub deliveries: u64,
    /// Accounts that belong to nobody known.
    pub unknown_accounts: u64,
    /// Rejected records of sources.
    pub rejected: u64,
    /// Decisions that could not be taken up.
    pub decisions: u64,
    /// Tasks whose product a person has to choose.
    pub review: u64,
}

impl Waiting {
    /// How many things altogether.
    pub fn all(self) -> u64 {
        let Self { deliveries, unknown_accounts, rejected, decisions, review } = self;
        deliveries + unknown_accounts + rejected + decisions + review
    }
}

impl Overview {
    /// What waits for a person: the one count of it for page, command line and metrics.
    pub fn waiting(&self) -> Waiting {
        Waiting {
            deliveries: self.targets.values().map(TargetTotals::needs_person).sum(),
            unknown_accounts: self.unknown_accounts,
            rejected: self.sources.values().map(|source| source.rejected).sum(),
            decisions: self.kept_decisions.values().sum(),
            review: self.mapping.get("review").copied().unwrap_or(0),
        }
    }

    /// What was received and could not be taken up, by source or origin: rejected records and kept decisions.
    pub fn quarantine(&self) -> BTreeMap<&str, u64> {
        let mut kept: BTreeMap<&str, u64> =
            self.sources.iter().map(|(source, totals)| (source.as_str(), totals.rejected)).collect();
        for (origin, count) in &self.kept_decisions {
            *kept.entry(origin).or_default() += count;
        }
        kept
    }
}

impl Store {
    /// Counts everything.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let mut overview = Overview::default();
        for row in self.db.rows("SELECT source_id, count(*) FROM task GROUP BY source_id", vals![]).await? {
            let count = number(row.int(1)?);
            overview.tasks += count;
            overview.sources.entry(row.text(0)?).or_default().tasks = count;
        }
        let events = "SELECT source_id, events_total FROM source_state";
        for row in self.db.rows(events, vals![]).await? {
            overview.sources.entry(row.text(0)?).or_default().events = number(row.int(1)?);
        }
        let rejected = "SELECT source_id, count(*) FROM rejected WHERE state = 'open' GROUP BY source_id";
        for row in self.db.rows(rejected, vals![]).await? {
            overview.sources.entry(row.text(0)?).or_default().rejected = number(row.int(1)?);
        }
        overview.people = self.db.count("SELECT count(*) FROM person", vals![]).await?;
        overview.identified =
            self.db.count("SELECT count(DISTINCT task_id) FROM task_person", vals![]).await?;
        overview.mapping = self.grouped("SELECT state, count(*) FROM mapping GROUP BY state").await?;
        for (name, sql) in [
            ("identify", "SELECT count(*) FROM task WHERE identify_due"),
            ("map", "SELECT count(*) FROM task WHERE map_due AND NOT identify_due"),
            ("record", "SELECT count(*) FROM score WHERE record_due"),
            ("decide", "SELECT count(*) FROM decision WHERE NOT applied AND awaits IS NULL"),
        ] {
            overview.due.insert(name.to_owned(), self.db.count(sql, vals![]).await?);
        }
        overview.due.insert("score".to_owned(), self.count_due().await?);
        overview.scores = self.db.count("SELECT count(*) FROM score", vals![]).await?;
        overview.complete_scores =
            self.db.count("SELECT count(*) FROM score WHERE total IS NOT NULL", vals![]).await?;
        overview.records = self.grouped("SELECT state, count(*) FROM record_head GROUP BY state").await?;
        overview.revisions = self
            .db
            .count("SELECT CAST(coalesce(sum(revision), 0) AS BIGINT) FROM record_head", vals![])
            .await?;
        for row in
            self.db.rows("SELECT target, state, count(*) FROM outbox GROUP BY target, state", vals![]).await?
        {
            let target = overview.targets.entry(row.text(0)?).or_default();
            target.states.insert(row.text(1)?, number(row.int(2)?));
        }
        for row in self.db.rows("SELECT target, count(*) FROM receipt GROUP BY target", vals![]).await? {
            overview.targets.entry(row.text(0)?).or_default().receipts = number(row.int(1)?);
        }
        let earliest = "SELECT target, min(deadline_at) FROM outbox WHERE settled_at IS NULL GROUP BY target";
        for row in self.db.rows(earliest, vals![]).await? {
            overview.targets.entry(row.text(0)?).or_default().earliest_deadline = row.opt_at(1)?;
        }
        let failing = "SELECT target, last_error, last_error_at FROM target_state";
        for row in self.db.rows(failing, vals![]).await? {
            // What was superseded or taken out of the queue tells nothing of the target any more.
            if let Some(target) =
                overview.targets.get_mut(&row.text(0)?).filter(|target| target.waiting() > 0)
            {
                target.last_error = Some((row.json(1)?, row.at(2)?));
            }
        }
        overview.unknown_accounts = self.db.count("SELECT count(*) FROM unknown_account", vals![]).await?;
        overview.kept_decisions = self.kept_decisions_by_origin().await?;
        Ok(overview)
    }

    async fn grouped(&self, sql: &'static str) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, number(row.int(1)?)))).collect()
    }

    /// A text that changes whenever the page would look different. Every part of it is one step in an index.
    pub async fn change_stamp(&self) -> Result<String, StoreError> {
        // A delivery that settles either shrinks the open ones or follows an enqueued one, which is audited.
        let sql = "SELECT (SELECT coalesce(max(seq), 0) FROM audit), (SELECT coalesce(max(id), 0) FROM run), \
                   (SELECT count(*) FROM score_due), \
                   (SELECT count(*) FROM outbox WHERE settled_at IS NULL), \
                   (SELECT count(*) FROM task WHERE map_due AND NOT identify_due), (SELECT count(*) FROM task WHERE identify_due), \
                   (SELECT CAST(coalesce(sum(records_total + events_total + consecutive_failures), 0) AS BIGINT) FROM source_state)";
        let Some(row) = self.db.row(sql, vals![]).await? else { return Ok(String::new()) };
        let parts = (0..7)
            .map(|index| row.int(index).map(|value| value.to_string()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(parts.join("-"))
    }

    /// How the open items of every target stand to their deadlines.
    pub async fn deadline_risk(
        &self,
        now: DateTime<Utc>,
        soon: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Risk>, StoreError> {
        let sql = "SELECT target, count(*), count(CASE WHEN deadline_at < $1 THEN 1 END), \
                   count(CASE WHEN deadline_at >= $1 AND deadline_at < $2 THEN 1 END), min(created_at) \
                   FROM outbox WHERE settled_at IS NULL GROUP BY target";
        let rows = self.db.rows(sql, vals![now, soon]).await?;
        rows.iter()
            .map(|row| {
                let risk = Risk {
                    open: number(row.int(1)?),
                    overdue: number(row.int(2)?),
                    soon: number(row.int(3)?),
                    oldest: row.opt_at(4)?,
                };
                Ok((row.text(0)?, risk))
            })
            .collect()
    }

    /// Scores of a period and view by unit: how many, and how many with a total.
    pub async fn scores_by_unit(
        &self,
        period: Period,
        scope: &str,
    ) -> Result<Vec<(String, u64, u64)>, StoreError> {
        let sql = "SELECT unit_code, count(*), count(total) FROM score WHERE period = $1 AND scope = $2 GROUP BY unit_code";
        let rows = self.db.rows(sql, vals![period, scope]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, number(row.int(1)?), number(row.int(2)?)))).collect()
    }

    /// Records of a period by unit and state.
    pub async fn records_by_unit(&self, period: Period) -> Result<Vec<(String, String, u64)>, StoreError> {
        let sql = "SELECT r.unit_code, h.state, count(*) FROM record_head h JOIN record r ON r.person_id = h.person_id \
                   AND r.period = h.period AND r.revision = h.revision WHERE h.period = $1 GROUP BY r.unit_code, h.state";
        let rows = self.db.rows(sql, vals![period]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?, number(row.int(2)?)))).collect()
    }

    /// Records by period and state; an open one of a period whose result was imported counts as `imported`.
    pub async fn records_by_period(&self) -> Result<Vec<(Period, String, u64)>, StoreError> {
        let all = "SELECT period, state, count(*) FROM record_head GROUP BY period, state";
        let mut all = self.counted_by_period(all).await?;
        let imported = self.counted_by_period(format!(
            "SELECT h.period, h.state, count(*) FROM history x JOIN record_head h ON h.person_id = x.person_id \
             AND h.period = x.period WHERE {UNDECIDED} GROUP BY h.period, h.state"
        ));
        for (period, state, count) in imported.await? {
            let same = |known: &&mut (Period, String, u64)| (known.0, &known.1) == (period, &state);
            if let Some(known) = all.iter_mut().find(same) {
                known.2 = known.2.saturating_sub(count);
            }
            all.push((period, IMPORTED.to_owned(), count));
        }
        all.retain(|(.., count)| *count > 0);
        Ok(all)
    }

    async fn counted_by_period(&self, sql: impl Into<Sql>) -> Result<Vec<(Period, String, u64)>, StoreError> {
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, row.text(1)?, number(row.int(2)?)))).collect()
    }
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
