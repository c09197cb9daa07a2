//! Whom a leader's d looks at, whether it is computed or entered, and who stands below some people.
//!
//! Owns the one answer that the scoring step and everybody who takes an entered d share (Decree 335/2025 art. 15.3.a,
//! 15.4), and whose scores those of some people wait for. It must not know scores or who may decide. Total; somebody who
//! does not lead enters nothing.

use super::Facts;
use crate::directory::{Directory, Leading};
use crate::domain::rules::DPopulation;
use crate::domain::{Period, PersonId, RuleSet};
use crate::pipeline::app::App;
use std::collections::{BTreeMap, BTreeSet};

/// Some people, and everyone below them: a leader's score takes those of the people in charge, who may lead others.
pub(super) struct Below<'a> {
    leading: Leading<'a>,
    people: &'a BTreeSet<PersonId>,
    period: Period,
    known: BTreeMap<PersonId, Vec<PersonId>>,
}

impl<'a> Below<'a> {
    pub(super) fn of(directory: &'a Directory, period: Period, people: &'a BTreeSet<PersonId>) -> Self {
        Self { leading: directory.leading(period), people, period, known: BTreeMap::new() }
    }

    /// Whether somebody is one of them or below one.
    pub(super) fn holds(&mut self, person: PersonId) -> bool {
        // A mean is made of one's own results alone.
        if self.period.is_mean() || self.people.contains(&person) {
            return self.people.contains(&person);
        }
        let (mut seen, mut next) = (BTreeSet::from([person]), vec![person]);
        while let Some(one) = next.pop() {
            let above = self.known.entry(one).or_insert_with(|| self.leading.of(one));
            if above.iter().any(|leader| self.people.contains(leader)) {
                return true;
            }
            next.extend(above.iter().copied().filter(|leader| seen.insert(*leader)));
        }
        false
    }
}

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
