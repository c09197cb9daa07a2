//! What people decided, as a score takes it: about one task, and about the person.
//!
//! Owns which decision counts where: the newest of the period, of a month also those of its quarter, and of a task
//! that is carried over those of earlier periods. Of an excuse and a word about the same lateness or failures the newest
//! decides. Entries the law does not allow are as good as none. It must not
//! know the store or any arithmetic.

use crate::domain::rules::{PartialCompletion, RuleSet};
use crate::domain::{Component, DecisionKind, Exact, Period};
use crate::scoring::{Criteria, Pending, Support, TaskFacts, check_entries};
use crate::store::{MappingState, PersonTask, StoredDecision};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// A person's stake in a task with the newest decisions about it.
pub(super) fn facts<'a>(
    task: &'a PersonTask,
    decisions: &[StoredDecision],
    period: Period,
    rules: &RuleSet,
) -> TaskFacts<'a> {
    let mapping = task.mapping.as_ref();
    let product = mapping.and_then(|row| Some((row.product.as_ref()?.as_str(), row.coefficient?)));
    let mut facts = TaskFacts {
        key: &task.task.key,
        task: &task.task.task,
        product,
        pending: mapping.and_then(|row| row.pending.as_ref()).map(|pending| Pending {
            code: pending.code.as_str(),
            coefficient: pending.coefficient,
            catch_all: pending.catch_all.as_ref().map(|(code, coefficient)| (code.as_str(), *coefficient)),
        }),
        outside: mapping.is_some_and(|row| row.state == MappingState::Outside),
        handed_over: task.stake.handed_over,
        taken_over: task.stake.taken_over,
        confirmed_failures: None,
        lateness_confirmed: None,
        late_excused: false,
        quality_excused: false,
        confirmed_quantity: None,
        counted_before: Decimal::ZERO,
        counts_as: task.counts_as.as_ref(),
        also: Vec::new(),
    };
    let about = |source: &str, external: &str| {
        source == task.task.key.source.as_str() && external == task.task.key.external_id
    };
    for stored in decisions {
        let of = stored.decision.period;
        let now = of == period || of == period.quarter_around();
        let before = rules.carries_over() && of.last_day() < period.first_day();
        if !now && !before {
            continue;
        }
        match &stored.decision.kind {
            DecisionKind::QualityFailures { source, external_id, count, .. }
                if about(source, external_id) =>
            {
                (facts.confirmed_failures, facts.quality_excused) = (Some(*count), false);
            }
            DecisionKind::Lateness { source, external_id, counts, .. } if about(source, external_id) => {
                (facts.lateness_confirmed, facts.late_excused) = (Some(*counts), false);
            }
            DecisionKind::Excuse { source, external_id, covers, .. } if about(source, external_id) => {
                match covers.as_str() {
                    "late" => facts.late_excused = true,
                    "none" => (facts.late_excused, facts.quality_excused) = (false, false),
                    _ => facts.quality_excused = true,
                }
            }
            DecisionKind::CompletedQuantity { source, external_id, quantity }
                if about(source, external_id) =>
            {
                let quantity = quantity.to_string().parse::<Decimal>().ok();
                match quantity {
                    Some(quantity) if now => facts.confirmed_quantity = Some((quantity, stored.decision.at)),
                    Some(quantity) if rules.partial_completion == PartialCompletion::ConfirmedFraction => {
                        facts.counted_before = quantity.max(Decimal::ZERO);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    facts
}

/// What was entered about a person and a period.
#[derive(Debug, Default)]
pub(super) struct Entered {
    /// General criteria.
    pub criteria: Criteria,
    /// đ and e.
    pub components: BTreeMap<Component, Exact>,
    /// A support worker's percents.
    pub support: Support,
}

impl Entered {
    /// Everything as last entered: of a month its own entries before those of its quarter.
    pub(super) fn of(decisions: &[StoredDecision], period: Period, rules: &RuleSet) -> Self {
        let mut entered = Self::default();
        let quarter = period.quarter_around();
        let of_quarter = decisions.iter().filter(|stored| stored.decision.period == quarter);
        let of_month =
            decisions.iter().filter(|stored| quarter != period && stored.decision.period == period);
        for stored in of_quarter.chain(of_month) {
            let (mut next, mut next_components) = (entered.criteria.clone(), entered.components.clone());
            match &stored.decision.kind {
                DecisionKind::SelfAssessment { items } => next.own = Some(items.clone()),
                DecisionKind::GeneralCriteria { items } => next.superior = Some(items.clone()),
                DecisionKind::LeaderComponent { component, percent } => {
                    next_components.insert(*component, percent.clone());
                }
                DecisionKind::SupportPercents { own, percents } => {
                    let column = if *own { &mut entered.support.own } else { &mut entered.support.superior };
                    *column = Some(percents.clone());
                    continue;
                }
                _ => continue,
            }
            if check_entries(&next, &next_components, rules).is_empty() {
                (entered.criteria, entered.components) = (next, next_components);
            }
        }
        entered
    }
}
