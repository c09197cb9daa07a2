//! The score of one person from their tasks: a quarter, or a month where months are scored.
//!
//! Owns how the parts of one score are put together: own lines, those of people in charge, what people entered, and what is
//! shown and kept of the result. Where everything one view is computed from is what the other was computed from, it is
//! taken over from there. It must not know the order of people, nor how lines are made. An error of the store is the caller's.

use super::piece::{Assembly, Inputs};
use super::{Asked, Gathered, PEOPLE_AT_ONCE, charge, hash_of, put, takes_lines, to_bytes, worked};
use crate::directory::Directory;
use crate::domain::rules::LeaderScope;
use crate::domain::{Component, Membership, Period, PersonId, RuleSet};
use crate::error::Finding;
use crate::evaluation::content::{OUTSIDE_POPULATION, WORKED_SHARE};
use crate::evaluation::{Content, LineCounts, Part};
use crate::pipeline::app::App;
use crate::pipeline::broken;
use crate::pipeline::entered::Entered;
use crate::scoring::{Derivation, PersonInput, Subordinate, Tally, score_tally};
use crate::store::{Packed, ScoreWrite};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A score with what it is computed from.
pub(in crate::pipeline) struct Scored {
    /// The score.
    pub write: ScoreWrite,
    /// Everything it depends on but the view; none where it is void.
    inputs: Option<Inputs>,
}

impl Scored {
    /// This score as that of another view with the same inputs.
    fn seen_as(&self, view: &'static str, inputs_hash: String, record_due: bool) -> ScoreWrite {
        let mut write = self.write.clone();
        if let Some(hash) = write.summary.get_mut("inputs_hash") {
            *hash = inputs_hash.as_str().into();
        }
        ScoreWrite { scope: view, inputs_hash, record_due, ..write }
    }
}

impl App {
    /// The score of a period that is made of tasks: a quarter, or a month of the monthly regime. `others` are scores of the
    /// person in the other view.
    pub(in crate::pipeline) async fn tasks_score(
        &self,
        directory: &Directory,
        gathered: &Gathered,
        person: PersonId,
        asked: &Asked,
        others: &[Scored],
    ) -> Result<Option<Scored>, Finding> {
        let Asked { period, view, terms, .. } = asked;
        let (period, view, rules) = (*period, *view, &terms.rules);
        let held = (person, period, view);
        let post = directory.last_post(person, period);
        let post = post.filter(|_| directory.is_scored(person, period, rules.population_filter));
        let Some(post) = post else {
            let void = self.void(gathered, held, asked.as_of, rules, OUTSIDE_POPULATION).await?;
            return Ok(void.map(|write| Scored { write, inputs: None }));
        };
        let service = gathered.facts(self).await?;
        let Some(worked) = worked(directory, &service, person, period) else {
            let void = self.void(gathered, held, asked.as_of, rules, WORKED_SHARE).await?;
            return Ok(void.map(|write| Scored { write, inputs: None }));
        };
        let own = gathered.piece(self, directory, person, asked).await?;
        let subordinates = if post.role.is_leader() {
            self.subordinates(directory, gathered, person, period, view, rules).await?
        } else {
            Vec::new()
        };
        let decisions = gathered.decisions(self, person).await?;
        let Entered { criteria, mut components, support } = Entered::of(&decisions, period, rules);
        // What stands entered from before somebody was in charge waits behind what is computed.
        let entered = components.remove(&Component::UnitResult);
        let unit_result = entered.filter(|_| post.role.is_leader() && subordinates.is_empty());
        let input = PersonInput {
            period,
            role: post.role,
            lines: Vec::new(),
            excluded: own.excluded.clone(),
            criteria,
            components,
            subordinates,
            unit_result,
            worked,
            support,
        };
        let mut assembly = Assembly::begin(&input, &own, (terms, view), gathered.may_want())?;
        if post.role.is_leader() && takes_lines(rules) {
            self.pool(directory, gathered, person, asked, &mut assembly).await?;
        }
        let (inputs, inputs_hash) = assembly.inputs()?;
        let wanted = gathered.wants(self, (period, view), (person, post), &inputs_hash).await?;
        let same = |other: &&Scored| {
            other.write.period == period
                && other.inputs == Some(inputs)
                && (other.write.derivation.is_some() || !wanted)
        };
        let write = match others.iter().find(same) {
            Some(other) => {
                let mut write = other.seen_as(view, inputs_hash, self.shown_view(period) == view);
                write.derivation = write.derivation.filter(|_| wanted);
                write
            }
            None => {
                let derivation = score_tally(&input, assembly.tally(), rules);
                let counts = counts(assembly.tally(), &derivation);
                let packed = if wanted { Some(assembly.packed(&derivation)?) } else { None };
                self.write((person, post), asked, inputs_hash, &derivation, counts, packed)?
            }
        };
        Ok(Some(Scored { write, inputs: Some(inputs) }))
    }

    /// What takes the place of a score that is held of somebody who is not evaluated in the period after all (leave that
    /// was entered later, another population): no figure, so that its record cannot be approved any more. Nothing where
    /// none is held.
    pub(in crate::pipeline) async fn void(
        &self,
        gathered: &Gathered,
        (person, period, scope): (PersonId, Period, &'static str),
        as_of: NaiveDate,
        rules: &RuleSet,
        reason: &str,
    ) -> Result<Option<ScoreWrite>, Finding> {
        if !gathered.holds(self, (period, scope), person).await? {
            return Ok(None);
        }
        let held = self.store.score(person, period, scope).await.map_err(|error| error.finding())?;
        let Some(held) = held else { return Ok(None) };
        let content: Content = serde_json::from_value(held.summary).map_err(|_| broken("score"))?;
        let role = content.role;
        let rule_set_hash = hash_of(rules)?;
        let inputs_hash = hash_of(&(reason, period, role, rules, scope))?;
        let content = Content {
            rule_set: rules.id.to_string(),
            rule_set_hash: rule_set_hash.clone(),
            inputs_hash: inputs_hash.clone(),
            ..content.voided(reason)
        };
        let derivation = to_bytes(&Derivation::void(period, role, rules, reason))?;
        Ok(Some(ScoreWrite {
            person,
            period,
            scope,
            unit: held.unit,
            role: role.as_str(),
            rule_set_hash,
            working_days: None,
            inputs_hash,
            as_of,
            task_part: None,
            total: None,
            total_exact: None,
            summary: serde_json::to_value(&content).map_err(|_| broken("score"))?,
            derivation: Some(Packed::of(&derivation).map_err(|error| error.finding())?),
            computed_at: self.clock.now(),
            record_due: self.shown_view(period) == scope,
        }))
    }

    /// A derivation of a month or quarter as it is kept.
    pub(in crate::pipeline) fn write(
        &self,
        (person, post): (PersonId, &Membership),
        asked: &Asked,
        inputs_hash: String,
        derivation: &Derivation,
        counts: LineCounts,
        packed: Option<Packed>,
    ) -> Result<ScoreWrite, Finding> {
        let (period, view, rules) = (derivation.period, asked.view, &derivation.rule_set);
        let rule_set_hash = asked.terms.hash.clone();
        let mut parts = BTreeMap::new();
        for (part, key) in
            [(Part::A, "a"), (Part::B, "b"), (Part::C, "c"), (Part::D, "d"), (Part::Dd, "dd"), (Part::E, "e")]
        {
            put(&mut parts, part, derivation.components.get(key));
        }
        put(&mut parts, Part::R, derivation.criterion.as_ref());
        put(&mut parts, Part::TaskPart, derivation.task_part.as_ref());
        put(&mut parts, Part::General, derivation.general.as_ref());
        put(&mut parts, Part::Total, derivation.total.as_ref());
        let content = Content {
            period,
            role: post.role,
            unit: post.unit.clone(),
            post: post.post.clone(),
            parts,
            level: derivation.level,
            proposed: None,
            missing: derivation.missing.clone(),
            lines: counts,
            worked: derivation.worked.clone(),
            rule_set: rules.id.to_string(),
            rule_set_hash: rule_set_hash.clone(),
            inputs_hash: inputs_hash.clone(),
            ruling: None,
            remarks: crate::evaluation::Remarks::default(),
        };
        Ok(ScoreWrite {
            person,
            period,
            scope: view,
            unit: post.unit.clone(),
            role: post.role.as_str(),
            rule_set_hash,
            working_days: asked.terms.working_days(),
            inputs_hash,
            as_of: asked.as_of,
            task_part: derivation.task_part.as_ref().map(|number| number.printed.clone()),
            total: derivation.total.as_ref().map(|number| number.printed.clone()),
            // An assumed total is nobody's result yet: a leader's d waits for the entered one.
            total_exact: derivation
                .total
                .as_ref()
                .filter(|_| !derivation.general_assumed)
                .map(|number| number.exact.to_string()),
            summary: serde_json::to_value(&content).map_err(|_| broken("score"))?,
            derivation: packed,
            computed_at: self.clock.now(),
            record_due: self.shown_view(period) == view,
        })
    }

    /// Takes the lines of everyone in a leader's charge, each for the days the person was theirs; where the rule set
    /// pools none, only what was assigned and completed of it.
    async fn pool(
        &self,
        directory: &Directory,
        gathered: &Gathered,
        leader: PersonId,
        asked: &Asked,
        assembly: &mut Assembly<'_>,
    ) -> Result<(), Finding> {
        let charge = charge(directory, leader, asked.period, &asked.terms.rules);
        for some in charge.chunks(PEOPLE_AT_ONCE) {
            let people: Vec<PersonId> = some.iter().map(|(person, _)| *person).collect();
            gathered.fetch_for_pool(self, &people, asked).await?;
            for (person, spans) in some {
                let piece = gathered.piece(self, directory, *person, asked).await?;
                let name = directory.person(*person).map(|known| known.staff_number.as_str());
                if asked.terms.rules.leader_scope == LeaderScope::PooledSubordinates {
                    assembly.pool(&piece, &to_bytes(&name)?, spans)?;
                } else {
                    assembly.watch(&piece, &to_bytes(&name)?, spans);
                }
            }
        }
        Ok(())
    }

    async fn subordinates(
        &self,
        directory: &Directory,
        gathered: &Gathered,
        leader: PersonId,
        period: Period,
        view: &'static str,
        rules: &RuleSet,
    ) -> Result<Vec<Subordinate>, Finding> {
        let facts = gathered.facts(self).await?;
        let people = Self::looked_at(directory, &facts, leader, period, rules);
        let totals = gathered.totals(self, (period, view), &people).await?;
        let mut subordinates = Vec::with_capacity(people.len());
        for (person, total) in people.into_iter().zip(totals) {
            let name = directory.person(person).map(|known| known.staff_number.to_string());
            subordinates.push(Subordinate { person: name.unwrap_or_default(), total });
        }
        Ok(subordinates)
    }
}

/// How many lines count, how many stand outside the assigned total, how many tasks do not count.
fn counts(tally: &Tally, derivation: &Derivation) -> LineCounts {
    LineCounts {
        counted: count(tally.counted),
        extra: count(tally.extra),
        excluded: count(derivation.excluded.len()),
    }
}

fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
