//! Whom a leader's d looks at, and whether it is computed or entered.
//!
//! Owns the one answer that the scoring step and everybody who takes an entered d share (Decree 335/2025 art. 15.3.a,
//! 15.4). It must not know scores or who may decide. Total; somebody who does not lead enters nothing.

use super::Facts;
use crate::directory::Directory;
use crate::domain::rules::DPopulation;
use crate::domain::{Period, PersonId, RuleSet};
use crate::pipeline::app::App;

impl App {
    /// The evaluated people in charge whose results make a leader's d.
    pub(in crate::pipeline) fn looked_at(
        directory: &Directory,
        facts: &Facts,
        leader: PersonId,
        period: Period,
        rules: &RuleSet,
    ) -> Vec<PersonId> {
        let mut people = match rules.d_population {
            DPopulation::Direct => directory.direct_subordinates(leader, period, rules.population_filter),
            DPopulation::WholeSubtree => directory.in_charge(leader, period, rules.population_filter),
        };
        people.retain(|person| Self::is_evaluated(directory, facts, *person, period, rules));
        people
    }

    /// Whether the scorer enters somebody's d: a leader with nobody evaluated in charge, of a quarter of the monthly regime
    /// in one of its months at least.
    pub(in crate::pipeline) fn enters_d(
        directory: &Directory,
        facts: &Facts,
        person: PersonId,
        period: Period,
        rules: &RuleSet,
    ) -> bool {
        let enters = |period: &Period| {
            directory.is_leader(person, *period)
                && Self::looked_at(directory, facts, person, *period, rules).is_empty()
        };
        if rules.is_monthly() && period.quarter_number().is_some() {
            period.months().iter().any(enters)
        } else {
            enters(&period)
        }
    }
}
