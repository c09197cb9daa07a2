//! A trial of rules on the tasks there are, before they are used.
//!
//! Owns the figures: which rule decides how many tasks, which are never hit, where two rules of one priority disagree,
//! what present decisions say otherwise. It changes nothing and must not know the store. Memory grows with the number
//! of rules and the samples shown, not with the tasks.

use super::{RuleBook, TaskText};
use crate::domain::ProductCode;
use std::collections::{BTreeMap, BTreeSet};

/// Differences kept as samples.
const SAMPLES: usize = 200;

/// What a task is at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present<'a> {
    /// Nothing, or it waits for a person.
    Waits,
    /// A person said so; none = outside the catalog.
    ByAPerson(Option<&'a ProductCode>),
    /// Source, rule or text said so; none = outside the catalog.
    Automatic(Option<&'a ProductCode>),
}

/// The figures of one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tasks it decides.
    pub decides: u64,
    /// Tasks it holds for and a rule before it decides.
    pub behind: u64,
    /// Of those it decides: a person decided the same.
    pub agrees: u64,
    /// A person decided otherwise; the person's word stands.
    pub against_people: u64,
}

/// A task that a rule sees otherwise than its present decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The task, as people name it.
    pub task: String,
    /// Its title.
    pub title: String,
    /// The rule.
    pub rule: String,
    /// What it is at present; none = outside the catalog.
    pub present: Option<ProductCode>,
    /// What the rule says; none = outside the catalog.
    pub says: Option<ProductCode>,
    /// Whether a person decided.
    pub by_a_person: bool,
}

/// The figures of a whole book of rules.
#[derive(Debug, Clone, Default)]
pub struct Trial {
    /// Tasks looked at.
    pub tasks: u64,
    /// Tasks some rule decides.
    pub hit: u64,
    /// Waiting tasks among them: the rules would settle these.
    pub settles: u64,
    /// Tasks decided automatically as something else; they keep what they were frozen with.
    pub differs: u64,
    /// Tasks a person decided otherwise.
    pub against_people: u64,
    /// By rule.
    pub rules: BTreeMap<String, Tally>,
    /// Tasks for which two rules of one priority say different things.
    pub conflicts: BTreeMap<(String, String), u64>,
    /// The first of those seen otherwise.
    pub differences: Vec<Difference>,
}

impl Trial {
    /// A trial of some rules; each has its tally from the beginning.
    pub fn of(book: &RuleBook) -> Self {
        let rules = book.names().map(|name| (name.to_owned(), Tally::default())).collect();
        Self { rules, ..Self::default() }
    }

    /// Takes a task into account.
    pub fn add(
        &mut self,
        book: &RuleBook,
        (name, task): (&str, &TaskText<'_>),
        codes: &BTreeSet<ProductCode>,
        present: Present<'_>,
    ) {
        self.tasks += 1;
        let hits = book.all_hits(task, codes);
        let Some((first, behind)) = hits.split_first() else { return };
        self.hit += 1;
        for hit in behind {
            if let Some(tally) = self.rules.get_mut(hit.rule) {
                tally.behind += 1;
            }
            if hit.priority == first.priority && hit.product != first.product {
                *self.conflicts.entry((first.rule.to_owned(), hit.rule.to_owned())).or_default() += 1;
            }
        }
        let Some(tally) = self.rules.get_mut(first.rule) else { return };
        tally.decides += 1;
        let (held, by_a_person) = match present {
            Present::Waits => {
                self.settles += 1;
                return;
            }
            Present::ByAPerson(product) => (product, true),
            Present::Automatic(product) => (product, false),
        };
        if held == first.product.as_ref() {
            tally.agrees += u64::from(by_a_person);
            return;
        }
        if by_a_person {
            tally.against_people += 1;
            self.against_people += 1;
        } else {
            self.differs += 1;
        }
        if self.differences.len() < SAMPLES {
            self.differences.push(Difference {
                task: name.to_owned(),
                title: task.title.chars().take(160).collect(),
                rule: first.rule.to_owned(),
                present: held.cloned(),
                says: first.product.clone(),
                by_a_person,
            });
        }
    }
}
