//! The quota of Excellent within a group of people with similar tasks (Decree 335/2025 art. 20.5).
//!
//! Owns which periods have one, how many may be Excellent in the two readings of the base, and who they would be by score,
//! ties named. It decides nothing: whoever classifies does. It must not know where levels come from.

use crate::domain::rules::{QuotaBase, QuotaSmallGroup, RuleSet};
use crate::domain::{Exact, Level, Period};
use std::cmp::Reverse;

/// A group of fewer people is small in the sense of `quota_small_group`.
const SMALL: u64 = 5;

/// Whether a period has a quota: a year does (art. 20.5), any other where the rule set says so (`quota_on_quarters`).
pub fn looks_at(period: Period, rules: &RuleSet) -> bool {
    period.is_year() || rules.quota_on_quarters
}

/// How many of the `good_or_better` of a group of `people` may be Excellent: of those exactly Good after the choice
/// (E ≤ p·(N − E), hence ⌊N·p / (100 + p)⌋), or of all Good or better (⌊N·p / 100⌋). A group of fewer than five people, not
/// of fewer Good ones, may pick one where the rule set says so.
pub fn most_excellent(
    people: u64,
    good_or_better: u64,
    percent: u32,
    base: QuotaBase,
    small: QuotaSmallGroup,
) -> u64 {
    let (n, p) = (u128::from(good_or_better), u128::from(percent));
    let most = match base {
        QuotaBase::Good => n * p / (100 + p),
        QuotaBase::GoodOrBetter => n * p / 100,
    };
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    let picks_one = small == QuotaSmallGroup::AtLeastOne && people < SMALL && good_or_better > 0;
    if picks_one { most.max(1) } else { most }
}

/// Somebody whose level the quota looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Staff number.
    pub person: String,
    /// Exact score.
    pub score: Exact,
    /// Level that is proposed.
    pub level: Level,
}

/// What the quota leaves of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// People proposed Good or better.
    pub good_or_better: u64,
    /// People proposed Excellent.
    pub proposed: u64,
    /// Most that may be Excellent.
    pub allowed: u64,
    /// Those within the quota by score, highest first; without the tied ones.
    pub within: Vec<String>,
    /// Those with one score across the border: people have to choose among them.
    pub tied: Vec<String>,
    /// Those beyond it: Good at most.
    pub beyond: Vec<String>,
}

/// Looks at one group of so many people evaluated, of whom these have a level by now.
pub fn quota(everybody: u64, people: &[Candidate], rules: &RuleSet) -> Quota {
    let good_or_better = people.iter().filter(|person| person.level >= Level::Good).count() as u64;
    let mut proposed: Vec<&Candidate> =
        people.iter().filter(|person| person.level == Level::Excellent).collect();
    proposed.sort_by_key(|person| (Reverse(&person.score), &person.person));
    let (percent, base, small) = (rules.quota_percent, rules.quota_base, rules.quota_small_group);
    let allowed = most_excellent(everybody, good_or_better, percent, base, small);
    let border = usize::try_from(allowed).unwrap_or(usize::MAX);
    let score = |at: usize| proposed.get(at).map(|person| &person.score);
    // A tie lies across the border when the last within has the score of the first beyond.
    let tie = border.checked_sub(1).and_then(score).filter(|last| score(border) == Some(*last));
    let (mut within, mut tied, mut beyond) = (Vec::new(), Vec::new(), Vec::new());
    for (at, person) in proposed.iter().enumerate() {
        let list = match tie {
            Some(score) if person.score == *score => &mut tied,
            _ if at < border => &mut within,
            _ => &mut beyond,
        };
        list.push(person.person.clone());
    }
    Quota { good_or_better, proposed: proposed.len() as u64, allowed, within, tied, beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d11_quota_in_both_readings_and_both_percents() {
        let people = [4, 6, 12, 30, 37, 100];
        let all = |percent, base| people.map(|n| most_excellent(n, n, percent, base, QuotaSmallGroup::None));
        assert_eq!(all(20, QuotaBase::Good), [0, 1, 2, 5, 6, 16]);
        assert_eq!(all(20, QuotaBase::GoodOrBetter), [0, 1, 2, 6, 7, 20]);
        assert_eq!(all(25, QuotaBase::Good), [0, 1, 2, 6, 7, 20]);
        assert_eq!(all(25, QuotaBase::GoodOrBetter), [1, 1, 3, 7, 9, 25]);
    }

    #[test]
    fn small_group_may_pick_one_where_the_rule_set_says_so() {
        let most = |people, good, small| most_excellent(people, good, 20, QuotaBase::Good, small);
        assert_eq!([0, 1, 4, 5].map(|n| most(n, n, QuotaSmallGroup::AtLeastOne)), [0, 1, 1, 0]);
        assert_eq!([1, 4].map(|n| most(n, n, QuotaSmallGroup::None)), [0, 0]);
        // Four Good ones of thirty people are no small group.
        assert_eq!([4, 30].map(|people| most(people, 4, QuotaSmallGroup::AtLeastOne)), [1, 0]);
    }

    /// The largest E with E ≤ p % of those left Good, by trying.
    fn by_trying(n: u64, percent: u32) -> u64 {
        (0..=n).rev().find(|e| e * 100 <= u64::from(percent) * (n - e)).unwrap_or(0)
    }

    #[test]
    fn literal_reading_is_the_largest_number_that_fits_the_article() {
        for n in 0..2_000 {
            for percent in [20, 25] {
                assert_eq!(
                    most_excellent(n, n, percent, QuotaBase::Good, QuotaSmallGroup::None),
                    by_trying(n, percent),
                    "{n} people, {percent} %"
                );
            }
        }
    }

    fn person(person: &str, score: &str) -> Candidate {
        let score: Exact = score.parse().expect("score");
        Candidate { person: person.into(), level: Level::of_score(&score), score }
    }

    #[test]
    fn group_is_no_small_one_while_most_of_it_has_no_level_yet() {
        let rules = RuleSet { quota_small_group: QuotaSmallGroup::AtLeastOne, ..RuleSet::default() };
        let people = [person("E1", "95"), person("G1", "75")];
        assert_eq!([4, 5, 30].map(|everybody| quota(everybody, &people, &rules).allowed), [1, 0, 0]);
    }

    #[test]
    fn tie_across_the_border_is_listed_and_nobody_is_picked_from_it() {
        let mut people: Vec<Candidate> = (0..9).map(|n| person(&format!("G{n}"), "75")).collect();
        people.extend([person("E1", "95"), person("E2", "92"), person("E3", "92")]);
        let found = quota(people.len() as u64, &people, &RuleSet::default());
        assert_eq!((found.good_or_better, found.proposed, found.allowed), (12, 3, 2));
        assert_eq!(
            (found.within, found.tied, found.beyond),
            (vec!["E1".into()], vec!["E2".to_owned(), "E3".into()], vec![])
        );
        people.pop();
        people.push(person("E4", "91"));
        let found = quota(people.len() as u64, &people, &RuleSet::default());
        assert_eq!(
            (found.within.join(" "), found.tied.len(), found.beyond.join(" ")),
            ("E1 E2".into(), 0, "E4".into())
        );
    }
}
