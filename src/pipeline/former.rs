//! Rule sets that governed once and that the configuration no longer names.
//!
//! Owns which of them a period is scored with: the one its scores were made with last, or else, of a year, the one of
//! its quarters. What was never scored has none: rules that are past must not begin to govern anything. Every set is
//! kept in the store with its hash when the first score is made with it. It must not be asked for a period of which a
//! configured set is in force. A set this version cannot read is logged and left out.

use super::app::App;
use super::score::hash_of;
use crate::domain::{Period, RuleSet};
use crate::error::Finding;
use std::collections::{BTreeMap, BTreeSet};

/// Sets of earlier configurations.
#[derive(Debug, Default)]
pub(super) struct FormerRules {
    /// By hash.
    sets: BTreeMap<String, RuleSet>,
    /// Hash of the set each period's scores were made with last.
    of_period: BTreeMap<Period, String>,
}

impl FormerRules {
    /// The set a period was scored with; of a year that was not, the set of its last quarter whose set was in force
    /// on the year's first day.
    pub(super) fn of(&self, period: Period) -> Option<&RuleSet> {
        // A set that is configured is none of these, and governs nothing it is asked for here.
        let used = |scored: Period| self.of_period.get(&scored).and_then(|hash| self.sets.get(hash));
        used(period).or_else(|| {
            let quarters = period.quarters().into_iter().rev();
            quarters.filter_map(used).find(|rules| rules.governs(period))
        })
    }
}

impl App {
    /// Recalls the sets that scores were made with under earlier configurations.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn with_former_rules(mut self) -> Result<Self, Finding> {
        let configured: Vec<String> =
            self.policy.rule_sets.iter().map(hash_of).collect::<Result<_, Finding>>()?;
        let configured: BTreeSet<String> = configured.into_iter().collect();
        let kept = self.store.kept_rule_sets().await.map_err(|error| error.finding())?;
        let mut former = FormerRules::default();
        for (hash, body) in kept.into_iter().filter(|(hash, _)| !configured.contains(hash)) {
            match serde_json::from_value(body) {
                Ok(rules) => {
                    former.sets.insert(hash, rules);
                }
                Err(error) => {
                    tracing::warn!(rule_set.hash = hash, %error, "a rule set of an earlier configuration cannot be read");
                }
            }
        }
        if !former.sets.is_empty() {
            former.of_period = self.store.rule_sets_of_periods().await.map_err(|error| error.finding())?;
        }
        self.former = former;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn year_follows_the_quarters_whose_set_was_in_force_when_it_began_and_other_periods_follow_nothing() {
        let rules = |id: &str, from: &str| {
            let valid_from = from.parse().expect("day");
            RuleSet { id: id.parse().expect("id"), valid_from, ..RuleSet::default() }
        };
        let period = |text: &str| text.parse::<Period>().expect("period");
        let former = FormerRules {
            sets: BTreeMap::from([
                ("a".to_owned(), rules("spring", "2026-01-01")),
                ("b".to_owned(), rules("autumn", "2026-07-01")),
            ]),
            // The set of the last quarter is configured still.
            of_period: [("2026-Q1", "a"), ("2026-Q3", "b"), ("2026-Q4", "c"), ("2027-Q1", "b")]
                .map(|(which, hash)| (period(which), hash.to_owned()))
                .into(),
        };
        let of = |text: &str| former.of(period(text)).map(|rules| rules.id.to_string());
        assert_eq!(of("2026-Q1").as_deref(), Some("spring"));
        assert_eq!(of("2026-Q3").as_deref(), Some("autumn"));
        assert_eq!(of("2026").as_deref(), Some("spring"), "in July the year had its rules");
        assert_eq!(of("2027").as_deref(), Some("autumn"));
        for never in ["2026-Q2", "2026-Q4", "2027-Q2", "2028-Q1", "2028"] {
            assert_eq!(of(never), None, "{never}");
        }
    }
}
