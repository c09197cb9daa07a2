//! By what the scores of a period are made, and what follows when that is no longer what they were made by.
//!
//! Owns the hash of everything the configuration says about a period's scores (rule set, working days where they count,
//! the sets of a longer period's parts, the day a year opens), kept in the store for each period, and the comparison at
//! the beginning of a scoring run. What moves with data (tasks, decisions, catalogs) is marked where it is written. A
//! closed period keeps what it was made by: it moves by a correction alone. Of replicas with different configurations the
//! one that began last judges; the others leave those periods alone and say so, so that no period is judged by two sets.

use super::app::App;
use super::score::{Terms, hash_of};
use crate::domain::rules::LateUnit;
use crate::domain::{Period, RuleSet};
use crate::error::{Finding, Text};
use chrono::Datelike as _;
use std::collections::{BTreeMap, BTreeSet};

/// What this process found or put since it began, by period; none before its first run.
pub(super) type Judging = Option<BTreeMap<Period, String>>;

/// In place of the hash, of a period no rule set governs.
pub(super) const NOTHING: &str = "nothing";

impl App {
    /// A rule set with what it counts by in a period, as the configuration says it now.
    pub(super) fn terms(&self, period: Period, rules: &RuleSet) -> Result<Terms, Finding> {
        Terms::of(rules, &self.policy.calendar, period.quarter_around().last_day())
    }

    /// Keeps a rule set and the working days it counts by, so that scores can be computed again however the configuration
    /// changes.
    pub(super) async fn keep_terms(&self, terms: &Terms) -> Result<(), Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let (mut kept, now) = (self.kept_rules.lock().await, self.clock.now());
        if !kept.contains(&terms.hash) {
            let body = serde_json::to_value(&terms.rules).map_err(|_| super::broken("rule set"))?;
            let id = terms.rules.id.as_str();
            self.store.keep_rule_set(&terms.hash, id, &body, now).await.map_err(told)?;
            kept.insert(terms.hash.clone());
        }
        if let Some((hash, days)) = terms.counted.as_ref().filter(|(hash, _)| !kept.contains(hash)) {
            self.store.keep_working_days(hash, days, now).await.map_err(told)?;
            kept.insert(hash.clone());
        }
        Ok(())
    }

    /// Hash of everything the configuration says about how a period is scored; none where no rule set governs it. Where
    /// months are scored, a quarter's is theirs.
    fn judged_by(&self, period: Period) -> Result<Option<String>, Finding> {
        let Ok(rules) = self.rule_set(period) else { return Ok(None) };
        // Days after the period move nothing in it: next year's holidays have nobody of this year scored again.
        let days = (rules.late_unit == LateUnit::WorkingDay)
            .then(|| self.policy.calendar.exceptions_until(period.last_day()));
        let parts: Vec<(Option<&RuleSet>, bool)> = if period.is_mean() {
            let parts = if rules.is_monthly() { period.months() } else { period.quarters() }.into_iter();
            parts.map(|part| (self.rule_set(part).ok(), self.policy.is_in_a_gap(part))).collect()
        } else {
            Vec::new()
        };
        let opens = period.is_mean().then(|| self.opens(period));
        hash_of(&(rules, days, parts, opens)).map(Some)
    }

    /// Whether the scores of a period were made by something else than what governs it now.
    pub(super) async fn is_judged_otherwise(&self, period: Period) -> Result<bool, Finding> {
        let kept = self.store.judged_by().await.map_err(|error| error.finding())?;
        let of = period.quarter_around();
        Ok(kept
            .get(&of)
            .is_some_and(|kept| self.judged_by(of).is_ok_and(|now| now.is_some_and(|now| now != *kept))))
    }

    /// Has everyone scored again in each open period that is judged by something else than its scores were made by; gives
    /// the periods that another replica judges otherwise.
    pub(super) async fn judge_anew(&self) -> Result<BTreeSet<Period>, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let kept = self.store.judged_by().await.map_err(told)?;
        let mut judging = self.judging.lock().await;
        let mut periods: BTreeSet<Period> = kept.keys().copied().collect();
        let today = self.clock.today();
        // A year may open earlier than it was said to, before anybody has a score of it.
        periods.extend([Period::half_of(today), Period::Year(today.year())]);
        let scored: BTreeSet<Period> = if judging.is_none() {
            let scored = self.store.scored_periods().await.map_err(told)?;
            scored.into_iter().map(Period::quarter_around).collect()
        } else {
            BTreeSet::new()
        };
        periods.extend(&scored);
        let closed = self.store.closed_periods().await.map_err(told)?;
        let mut mine = judging.clone().unwrap_or_default();
        let (mut by, mut everyone, mut elsewhere) = (Vec::new(), Vec::new(), BTreeSet::new());
        for period in periods.into_iter().filter(|period| !closed.contains(period)) {
            let governed = self.judged_by(period)?;
            let is_governed = governed.is_some();
            let now = governed.unwrap_or_else(|| NOTHING.to_owned());
            match kept.get(&period) {
                Some(kept) if *kept == now => {}
                // What this process said before, or has no word about while another one has.
                Some(_) if mine.get(&period) == Some(&now) || (judging.is_some() && !is_governed) => {
                    elsewhere.insert(period);
                    continue;
                }
                Some(_) if is_governed => everyone.push(period),
                Some(_) => {}
                // Nothing says by which working days they were made; by which rules does.
                None if is_governed && scored.contains(&period) => {
                    let made_by = self.store.rule_sets_of(period).await.map_err(told)?;
                    let rules = hash_of(self.rule_set(period)?)?;
                    if made_by.iter().any(|hash| *hash != rules) {
                        everyone.push(period);
                    }
                }
                None => {}
            }
            if kept.get(&period) != Some(&now) {
                by.push((period, now.clone()));
            }
            mine.insert(period, now);
        }
        if !by.is_empty() {
            self.store.judge_anew(&by, &everyone).await.map_err(told)?;
            if !everyone.is_empty() {
                let periods: Vec<String> = everyone.iter().map(ToString::to_string).collect();
                tracing::info!(
                    periods = periods.join(", "),
                    "judged by other rules than before: scored again"
                );
            }
        }
        *judging = Some(mine);
        Ok(elsewhere)
    }

    /// Keeps that periods are judged by nothing: a rule set that governs one later is another word about it.
    pub(super) async fn judge_by_nothing(
        &self,
        periods: impl Iterator<Item = Period>,
    ) -> Result<(), Finding> {
        let by: Vec<(Period, String)> = periods.map(|period| (period, NOTHING.to_owned())).collect();
        self.store.judge_anew(&by, &[]).await.map_err(|error| error.finding())
    }

    /// Keeps by what periods are judged that are scored for the first time.
    pub(super) async fn begin_to_judge(&self, periods: &BTreeSet<Period>) -> Result<(), Finding> {
        let mut judging = self.judging.lock().await;
        let mine = judging.get_or_insert_default();
        let mut by = Vec::new();
        for period in periods.iter().filter(|period| !mine.contains_key(period)) {
            if let Some(now) = self.judged_by(*period)? {
                by.push((*period, now));
            }
        }
        if !by.is_empty() {
            self.store.judge_anew(&by, &[]).await.map_err(|error| error.finding())?;
            mine.extend(by);
        }
        Ok(())
    }
}

/// Another replica began later, with another configuration.
pub(super) fn judged_elsewhere(periods: &BTreeSet<Period>) -> Finding {
    let periods: Vec<String> = periods.iter().map(ToString::to_string).collect();
    let periods = periods.join(", ");
    Finding::warning(
        "LT-SCO-027",
        Text::new(
            format!(
                "bản chạy khác, khởi động sau, tính kỳ {periods} theo quy tắc khác; bản này không tính các kỳ đó"
            ),
            format!(
                "another replica that began later judges {periods} by other rules; this one leaves them alone"
            ),
        ),
        Text::new(
            "dùng cùng một cấu hình (bộ quy tắc, ngày nghỉ) cho mọi bản chạy rồi `config reload` hoặc khởi động lại",
            "give every replica the same configuration (rule sets, holidays), then `config reload` or start them again",
        ),
    )
}
