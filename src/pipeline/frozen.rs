//! What an order touches of results that are closed: told on the order itself, and moved by nothing but a correction.
//!
//! Owns which of people's periods are frozen, how many tasks of an order lie in them, and which periods another catalog
//! moves where coefficients are those of a period's first day. It must not know how orders are given. An error of the
//! store is the caller's.

use super::app::App;
use super::map::days_concerned;
use crate::directory::Directory;
use crate::domain::rules::CoefficientFreeze;
use crate::domain::{CatalogScope, Period, PersonId, ProductCode};
use crate::error::{Finding, Text};
use crate::store::{CatalogHead, MapItem};
use chrono::NaiveDate;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Tasks by closed period.
pub(super) type Touched = BTreeMap<Period, BTreeSet<i64>>;

impl App {
    /// Which tasks lie in frozen results of whoever has a stake in them; each comes with people and periods.
    pub(super) async fn frozen(
        &self,
        directory: &Directory,
        stakes: Vec<(i64, PersonId, Period)>,
    ) -> Result<Touched, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let closed = self.store.closed_periods().await.map_err(told)?;
        let mut units = BTreeMap::new();
        let mut touched = Touched::new();
        for (task, person, period) in stakes {
            if let Entry::Vacant(unread) = units.entry(period) {
                unread.insert(self.store.closed_units(period).await.map_err(told)?);
            }
            let own = || directory.last_post(person, period).map(|post| &post.unit);
            let of_unit =
                || units.get(&period).is_some_and(|units| own().is_some_and(|unit| units.contains(unit)));
            if closed.contains(&period) || of_unit() {
                touched.entry(period).or_default().insert(task);
            }
        }
        Ok(touched)
    }

    /// The same of tasks at hand.
    pub(super) async fn frozen_of(
        &self,
        directory: &Directory,
        items: &[&MapItem],
    ) -> Result<Touched, Finding> {
        let mut stakes = Vec::new();
        for item in items {
            let days = days_concerned(&item.task.task);
            let periods: BTreeSet<Period> =
                days.into_iter().flat_map(|day| [Period::month_of(day), Period::quarter_of(day)]).collect();
            for person in &item.people {
                stakes.extend(periods.iter().map(|period| (item.task.id, *person, *period)));
            }
        }
        self.frozen(directory, stakes).await
    }

    /// The quarters with scores whose coefficients another catalog changes: those whose rules take the version in force on
    /// the first day, where that is the new one from now on.
    pub(super) async fn moved_by_catalog(
        &self,
        heads: &[CatalogHead],
        scope: &CatalogScope,
        valid_from: NaiveDate,
    ) -> Result<Vec<Period>, Finding> {
        // As the scoring reads it: the newest version of the province begun by then; a body's own moves nothing.
        if *scope != CatalogScope::Province {
            return Ok(Vec::new());
        }
        let others = heads.iter().filter(|head| head.scope == *scope).map(|head| head.valid_from);
        let others: Vec<NaiveDate> = others.collect();
        let governs = |day: NaiveDate| {
            valid_from <= day && !others.iter().any(|other| valid_from < *other && *other <= day)
        };
        let scored = self.store.scored_periods().await.map_err(|error| error.finding())?;
        let moved: BTreeSet<Period> = scored
            .into_iter()
            .filter(|period| !period.is_mean() && governs(period.first_day()))
            .map(Period::quarter_around)
            .filter(|quarter| {
                let rules = self.rule_set(*quarter);
                rules.is_ok_and(|rules| rules.coefficient_freeze == CoefficientFreeze::AtPeriodStart)
            })
            .collect();
        Ok(moved.into_iter().collect())
    }

    /// The tasks due in a quarter that lie in frozen results and have one of some products.
    pub(super) async fn frozen_with(
        &self,
        directory: &Directory,
        quarter: Period,
        codes: &[ProductCode],
    ) -> Result<Touched, Finding> {
        let due = self.store.stakes_due_with(quarter, codes).await.map_err(|error| error.finding())?;
        let both = |day: NaiveDate| [Period::month_of(day), quarter];
        let stakes = due
            .into_iter()
            .flat_map(|(task, person, day)| both(day).map(|period| (task, person, period)))
            .collect();
        self.frozen(directory, stakes).await
    }
}

/// What an order says of closed periods it touches; nothing where it touches none.
pub(super) fn told(touched: &Touched) -> Option<Finding> {
    if touched.is_empty() {
        return None;
    }
    let tasks: BTreeSet<i64> = touched.values().flatten().copied().collect();
    let listed: Vec<String> =
        touched.iter().map(|(period, tasks)| format!("{period} ({})", tasks.len())).collect();
    let (tasks, listed) = (tasks.len(), listed.join(", "));
    Some(Finding::warning(
        "LT-REC-089",
        Text::new(
            format!("{tasks} nhiệm vụ thuộc kỳ đã khóa: {listed}; kết quả đã khóa không tự thay đổi"),
            format!(
                "{tasks} tasks lie in closed periods: {listed}; closed results do not move by themselves"
            ),
        ),
        Text::new(
            "điểm được tính lại để đối chiếu; xem `period status KỲ` (LT-REC-006), nếu đúng thì người có thẩm quyền dùng `record correct` kèm lý do",
            "their scores are computed again to compare; look at `period status PERIOD` (LT-REC-006), and if it is right the competent person uses `record correct` with a reason",
        ),
    ))
}
