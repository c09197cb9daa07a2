//! Rule sets that governed once and that the configuration no longer names.
//!
//! Owns which of them a period is scored with: the one its scores were made with last, or else the one used last
//! whose days cover it. Every set is kept in the store with its hash when the first score is made with it. It must
//! not be asked for a period of which a configured set is in force. A set this version cannot read is logged
//! and left out.

use super::app::App;
use super::score::hash_of;
use crate::domain::{Period, RuleSet};
use crate::error::Finding;
use std::collections::{BTreeMap, BTreeSet};

/// Sets of earlier configurations.
#[derive(Debug, Default)]
pub(super) struct FormerRules {
    /// By hash, those used last first.
    sets: Vec<(String, RuleSet)>,
    /// Hash of the set each period's scores were made with last.
    of_period: BTreeMap<Period, String>,
}

impl FormerRules {
    /// The set a period was scored with.
    pub(super) fn of(&self, period: Period) -> Option<&RuleSet> {
        let used = self.of_period.get(&period);
        let used = used.and_then(|hash| self.sets.iter().find(|(known, _)| known == hash));
        let covers = |(_, rules): &&(String, RuleSet)| rules.governs(period);
        used.or_else(|| self.sets.iter().find(covers)).map(|(_, rules)| rules)
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
                Ok(rules) => former.sets.push((hash, rules)),
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
