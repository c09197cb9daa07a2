//! What the configuration lets go after a time, and what stays whatever it says.
//!
//! Owns the moment before which something may go: never anything of a year that is not closed, of a period about which a
//! petition is open or a record is held, or since then. It must not know tables. Without a configured time everything is
//! kept; what scores, records and the journal rest on is kept always.

use super::app::App;
use super::step::{Step, StepReport};
use crate::config::Retention;
use crate::domain::{Period, local_offset};
use crate::error::Finding;
use crate::store::Kept;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use std::sync::Arc;
use std::time::Duration;

/// Rows of one transaction.
const BATCH: u64 = 500;

/// The step that lets go.
pub struct Retain(pub Arc<App>);

#[async_trait]
impl Step for Retain {
    fn name(&self) -> &'static str {
        "retain"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(3_600)
    }

    async fn run(&self) -> Result<StepReport, Finding> {
        let app = &self.0;
        let mut report = StepReport::default();
        for kind in Kept::ALL {
            let Some(before) = app.kept_until(kind).await? else { continue };
            let gone = app.store.let_go(kind, before, BATCH, app.clock.now()).await;
            let gone = gone.map_err(|error| error.finding())?;
            report.done += gone;
            report.more |= gone == BATCH;
        }
        Ok(report)
    }
}

/// Days a kind is kept; 0 = for ever.
pub(super) fn days(retention: &Retention, kind: Kept) -> u32 {
    match kind {
        Kept::Answers => retention.answers_days,
        Kept::Rejected => retention.rejected_days,
        Kept::Payloads => retention.deliveries_days,
        Kept::LeftPeople => retention.left_people_days,
        Kept::ReplacedHistory => retention.replaced_history_days,
    }
}

impl App {
    /// The moment before which a kind may go; none = it is kept.
    pub(super) async fn kept_until(&self, kind: Kept) -> Result<Option<DateTime<Utc>>, Finding> {
        let days = days(&self.policy.retention, kind);
        if days == 0 {
            return Ok(None);
        }
        let Some(floor) = self.settled_until().await? else { return Ok(None) };
        let aged = self.clock.now() - TimeDelta::days(days.into());
        Ok(Some(aged.min(floor)))
    }

    /// The moment before which everything is settled: years that are closed one after the other, and no dispute.
    async fn settled_until(&self) -> Result<Option<DateTime<Utc>>, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let closed = self.store.closed_periods().await.map_err(told)?;
        let disputed = self.store.disputed_periods().await.map_err(told)?;
        Ok(first_unsettled(&closed, &disputed).and_then(midnight))
    }
}

/// The first day that is not settled; none where no year is closed.
fn first_unsettled(closed: &[Period], disputed: &[Period]) -> Option<NaiveDate> {
    let mut year = closed.iter().filter(|period| period.is_year()).map(|period| period.year()).min()?;
    while closed.contains(&Period::Year(year)) {
        year += 1;
    }
    let disputed = disputed.iter().map(|period| Period::Year(period.year()).first_day()).min();
    let open = Period::Year(year).first_day();
    Some(disputed.map_or(open, |disputed| disputed.min(open)))
}

/// The beginning of a day in Asia/Ho_Chi_Minh.
fn midnight(day: NaiveDate) -> Option<DateTime<Utc>> {
    local_offset().from_local_datetime(&day.and_time(NaiveTime::MIN)).single().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_open_year_or_of_a_disputed_one_is_settled() {
        let period = |text: &str| text.parse::<Period>().expect("a period");
        let settled = |closed: &[&str], disputed: &[&str]| {
            let list = |all: &[&str]| all.iter().map(|text| period(text)).collect::<Vec<_>>();
            first_unsettled(&list(closed), &list(disputed)).map(|day| day.to_string())
        };
        assert_eq!(settled(&["2025-Q4", "2026-Q1"], &[]), None, "quarters alone settle nothing");
        assert_eq!(settled(&["2025", "2026-Q1"], &[]).as_deref(), Some("2026-01-01"));
        assert_eq!(settled(&["2024", "2026"], &[]).as_deref(), Some("2025-01-01"), "2025 is open");
        assert_eq!(settled(&["2024", "2025"], &["2024-Q3"]).as_deref(), Some("2024-01-01"));
        assert_eq!(midnight("2026-01-01".parse().expect("day")), "2025-12-31T17:00:00Z".parse().ok());
    }
}
