//! The arithmetic of organisations: points by item, shares of tasks, and the conditions of each level (Decree 335/2025
//! art. 6–8; plan III.2–3).
//!
//! Owns the sum of general criteria (0–30) and results (0–70), the shares, and which level the conditions allow. Where
//! the decree leaves a gap, or something is not known, no level follows and the gap is told; nothing is guessed. It
//! must not know where facts come from. Shares are exact; nothing is rounded here.

use crate::domain::organisation::{GENERAL, RESULTS};
use crate::domain::{Exact, Level};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One task of an organisation's year, whoever of its people did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrganisationTask {
    /// Completed as assigned.
    pub done: bool,
    /// Completed late, after excuses.
    pub late: bool,
    /// Failed an assessment of its quality that counts.
    pub failed: bool,
    /// A person confirmed that it exceeds what was asked for.
    pub above: bool,
}

/// How many tasks of a year went how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskShares {
    /// Assigned.
    pub assigned: u64,
    /// Done.
    pub done: u64,
    /// Done, on time and without a failure of quality.
    pub in_order: u64,
    /// Done late, or not done: what was not on time.
    pub not_on_time: u64,
    /// Done above requirement.
    pub above: u64,
}

impl TaskShares {
    /// Counts tasks.
    pub fn of(tasks: impl IntoIterator<Item = OrganisationTask>) -> Self {
        let mut shares = Self::default();
        for task in tasks {
            shares.assigned += 1;
            shares.done += u64::from(task.done);
            shares.in_order += u64::from(task.done && !task.late && !task.failed);
            shares.not_on_time += u64::from(!task.done || task.late);
            shares.above += u64::from(task.done && task.above);
        }
        shares
    }

    /// A count as a share of what was assigned; none when nothing was.
    pub fn share(&self, count: u64) -> Option<Exact> {
        Exact::ratio(i64::try_from(count).ok()?, i64::try_from(self.assigned).ok()?)
    }

    /// Whether a count is at least so many hundredths of what was assigned; none when nothing was.
    fn at_least(&self, count: u64, percent: u64) -> Option<bool> {
        (self.assigned > 0)
            .then(|| u128::from(count) * 100 >= u128::from(self.assigned) * u128::from(percent))
    }
}

/// Whether a condition is met; unknown is never taken for met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Met {
    /// It is.
    Met,
    /// It is not.
    NotMet,
    /// Nobody said, or there is nothing to tell it from.
    Unknown,
}

impl From<Option<bool>> for Met {
    fn from(known: Option<bool>) -> Self {
        match known {
            Some(true) => Self::Met,
            Some(false) => Self::NotMet,
            None => Self::Unknown,
        }
    }
}

/// A condition of the levels (art. 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Every task done, on time, with quality (Excellent, Good).
    AllInOrder,
    /// At least 30 % of the tasks above requirement (Excellent).
    ThirtyPercentAbove,
    /// No direct subordinate organisation is "not completed" (Excellent).
    NoSubordinateFailed,
    /// Every defect pointed out before is fixed (Excellent).
    DefectsFixed,
    /// Every task done (Completed).
    AllDone,
    /// At most 20 % of the tasks not on time (Completed).
    FewLate,
    /// No concluded wrongdoing in personnel work, disunity, factions, office-seeking (else Not completed).
    NoWrongdoing,
    /// At least 70 % of the yearly programme done (else Not completed, force majeure apart).
    SeventyPercentDone,
}

/// What is known of an organisation's year.
#[derive(Debug, Clone, Default)]
pub struct OrganisationInput {
    /// Points given, by item.
    pub points: BTreeMap<String, Exact>,
    /// Most points, by item; empty while the province has not decided them.
    pub maxima: BTreeMap<String, Exact>,
    /// Tasks of the year.
    pub tasks: TaskShares,
    /// Levels of the direct subordinate organisations; none = not recognised yet.
    pub subordinates: Vec<Option<Level>>,
    /// Whether every defect pointed out before is fixed; none = nobody said.
    pub defects_fixed: Option<bool>,
    /// Whether wrongdoing was concluded; none = nobody said.
    pub wrongdoing: Option<bool>,
    /// Whether the authority weighs force majeure (art. 8.4; plan III.3.d).
    pub force_majeure: bool,
}

/// Why no level follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// Points are missing, or the province has not decided them.
    NoScore,
    /// A condition that decides is not known.
    Unknown,
    /// The points of a level without its conditions: the decree says nothing of it.
    PointsWithoutConditions,
    /// Below 70 % of the programme with force majeure: the authority weighs it.
    ForceMajeure,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationScore {
    /// General criteria, 0–30.
    pub general: Option<Exact>,
    /// Results, 0–70.
    pub result: Option<Exact>,
    /// Sum, 0–100.
    pub total: Option<Exact>,
    /// Items without points.
    pub missing: Vec<String>,
    /// Items with more points than they have, or fewer than none.
    pub wrong: Vec<String>,
    /// Every condition.
    pub conditions: BTreeMap<Condition, Met>,
    /// The level the rules give; none with a gap.
    pub level: Option<Level>,
    /// Why there is none.
    pub gap: Option<Gap>,
}

/// Scores an organisation's year and reads its level from points and conditions.
pub fn score_organisation(input: &OrganisationInput) -> OrganisationScore {
    let tasks = &input.tasks;
    let sum = |items: &[&str]| {
        let mut points = items.iter().map(|item| input.points.get(*item));
        points.try_fold(Exact::zero(), |sum, points| points.map(|points| &sum + points))
    };
    let every = || GENERAL.iter().chain(&RESULTS).map(|item| (*item).to_owned());
    let missing: Vec<String> = every().filter(|item| !input.points.contains_key(item)).collect();
    let wrong: Vec<String> = input
        .points
        .iter()
        .filter(|(item, points)| {
            input.maxima.get(*item).is_none_or(|maximum| points.is_negative() || *points > maximum)
        })
        .map(|(item, _)| item.clone())
        .collect();
    let decided = !input.maxima.is_empty() && wrong.is_empty();
    let (general, result) = if decided { (sum(&GENERAL), sum(&RESULTS)) } else { (None, None) };
    let total = general.as_ref().zip(result.as_ref()).map(|(general, result)| general + result);
    let subordinates = if input.subordinates.contains(&Some(Level::NotCompleted)) {
        Some(false)
    } else {
        input.subordinates.iter().all(Option::is_some).then_some(true)
    };
    let conditions = BTreeMap::from([
        (Condition::AllInOrder, tasks.at_least(tasks.in_order, 100).into()),
        (Condition::ThirtyPercentAbove, tasks.at_least(tasks.above, 30).into()),
        (Condition::NoSubordinateFailed, subordinates.into()),
        (Condition::DefectsFixed, input.defects_fixed.into()),
        (Condition::AllDone, tasks.at_least(tasks.done, 100).into()),
        (Condition::FewLate, tasks.at_least(tasks.assigned - tasks.not_on_time, 80).into()),
        (Condition::NoWrongdoing, input.wrongdoing.map(|found| !found).into()),
        (Condition::SeventyPercentDone, tasks.at_least(tasks.done, 70).into()),
    ]);
    let (level, gap) = match level_of(total.as_ref(), &conditions, input.force_majeure) {
        Ok(level) => (Some(level), None),
        Err(gap) => (None, Some(gap)),
    };
    OrganisationScore { general, result, total, missing, wrong, conditions, level, gap }
}

fn level_of(
    total: Option<&Exact>,
    conditions: &BTreeMap<Condition, Met>,
    force_majeure: bool,
) -> Result<Level, Gap> {
    let met = |condition| conditions.get(&condition).copied().unwrap_or(Met::Unknown);
    // What makes it "not completed" does so whatever the points are (art. 8.4).
    if met(Condition::NoWrongdoing) == Met::NotMet {
        return Ok(Level::NotCompleted);
    }
    // So do points below 50: force majeure is weighed for the share of the programme alone.
    if total.is_some_and(|total| *total < Exact::integer(50)) {
        return Ok(Level::NotCompleted);
    }
    if met(Condition::SeventyPercentDone) == Met::NotMet {
        return if force_majeure { Err(Gap::ForceMajeure) } else { Ok(Level::NotCompleted) };
    }
    let total = total.ok_or(Gap::NoScore)?;
    let band = Level::of_score(total);
    use Condition as C;
    let needed: &[C] = match band {
        Level::Excellent => &[C::AllInOrder, C::ThirtyPercentAbove, C::NoSubordinateFailed, C::DefectsFixed],
        Level::Good => &[C::AllInOrder],
        _ => &[C::AllDone, C::FewLate],
    };
    let all = [C::NoWrongdoing, C::SeventyPercentDone].iter().chain(needed);
    let mut unknown = false;
    for condition in all {
        match met(*condition) {
            Met::Met => {}
            Met::NotMet => return Err(Gap::PointsWithoutConditions),
            Met::Unknown => unknown = true,
        }
    }
    if unknown { Err(Gap::Unknown) } else { Ok(band) }
}

/// The most organisations that may be Excellent beside so many Good ones: `percent` hundredths of them, whole ones
/// (art. 8.5).
pub fn quota(good: u64, percent: u32) -> u64 {
    good * u64::from(percent) / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::organisation::maxima;

    fn table() -> BTreeMap<String, String> {
        let results = [10, 10, 10, 10, 10, 10, 5, 5];
        let general = GENERAL.iter().map(|item| ((*item).to_owned(), "10".to_owned()));
        general
            .chain(RESULTS.iter().zip(results).map(|(item, n)| ((*item).to_owned(), n.to_string())))
            .collect()
    }

    /// Everything known and in order, each item with this many points less than its maximum in the first item.
    fn perfect(less: i64) -> OrganisationInput {
        let maxima = maxima(&table()).expect("a table");
        let mut points = maxima.clone();
        let mut left = less;
        for value in points.values_mut() {
            let taken = left.min(value.to_i64_ratio().map_or(0, |(n, _)| n));
            *value = &*value - &Exact::integer(taken);
            left -= taken;
        }
        let done = OrganisationTask { done: true, ..OrganisationTask::default() };
        let tasks = (0..10).map(|n| OrganisationTask { above: n < 3, ..done });
        OrganisationInput {
            points,
            maxima,
            tasks: TaskShares::of(tasks),
            subordinates: vec![Some(Level::Good)],
            defects_fixed: Some(true),
            wrongdoing: Some(false),
            force_majeure: false,
        }
    }

    fn tasks(done: u64, late: u64, all: u64) -> TaskShares {
        TaskShares::of((0..all).map(|n| OrganisationTask {
            done: n < done,
            late: n < late,
            failed: false,
            above: true,
        }))
    }

    #[test]
    fn thresholds_and_conditions_give_each_level_once() {
        let level = |less| score_organisation(&perfect(less)).level;
        assert_eq!(level(0), Some(Level::Excellent));
        assert_eq!(level(10), Some(Level::Excellent), "90 belongs to the higher band");
        assert_eq!(level(11), Some(Level::Good));
        assert_eq!(level(30), Some(Level::Good));
        assert_eq!(level(31), Some(Level::Completed));
        assert_eq!(level(50), Some(Level::Completed));
        assert_eq!(level(51), Some(Level::NotCompleted));
        let score = score_organisation(&perfect(12));
        assert_eq!(score.total.map(|total| total.to_text()).as_deref(), Some("88"));
    }

    #[test]
    fn gaps_of_the_decree_are_told_and_no_level_is_guessed() {
        let gap = |input: OrganisationInput| {
            let score = score_organisation(&input);
            (score.level, score.gap)
        };
        // (ii) ninety points without thirty hundredths above requirement.
        let few = TaskShares { above: 2, ..perfect(0).tasks };
        assert_eq!(
            gap(OrganisationInput { tasks: few, ..perfect(0) }),
            (None, Some(Gap::PointsWithoutConditions))
        );
        // (i) between 70 and 100 of the programme with 50 points and more.
        let open = OrganisationInput { tasks: tasks(8, 0, 10), ..perfect(40) };
        assert_eq!(gap(open), (None, Some(Gap::PointsWithoutConditions)));
        let late = OrganisationInput { tasks: tasks(10, 3, 10), ..perfect(40) };
        assert_eq!(gap(late), (None, Some(Gap::PointsWithoutConditions)), "30 % late");
        let some_late = OrganisationInput { tasks: tasks(10, 2, 10), ..perfect(40) };
        assert_eq!(gap(some_late), (Some(Level::Completed), None), "20 % late");
        // Nobody said.
        assert_eq!(gap(OrganisationInput { defects_fixed: None, ..perfect(0) }), (None, Some(Gap::Unknown)));
        assert_eq!(
            gap(OrganisationInput { subordinates: vec![None], ..perfect(0) }),
            (None, Some(Gap::Unknown))
        );
        assert_eq!(gap(OrganisationInput { wrongdoing: None, ..perfect(20) }), (None, Some(Gap::Unknown)));
        assert_eq!(
            gap(OrganisationInput { maxima: BTreeMap::new(), ..perfect(0) }),
            (None, Some(Gap::NoScore))
        );
        let nothing = OrganisationInput { tasks: TaskShares::default(), ..perfect(20) };
        assert_eq!(gap(nothing), (None, Some(Gap::Unknown)), "nothing assigned is nothing known");
    }

    #[test]
    fn wrongdoing_or_less_than_seventy_percent_is_not_completed_whatever_the_points() {
        let found = OrganisationInput { wrongdoing: Some(true), ..perfect(0) };
        assert_eq!(score_organisation(&found).level, Some(Level::NotCompleted));
        let few = OrganisationInput { tasks: tasks(69, 0, 100), ..perfect(0) };
        assert_eq!(score_organisation(&few).level, Some(Level::NotCompleted));
        let weighed = OrganisationInput { force_majeure: true, ..few };
        assert_eq!(score_organisation(&weighed).gap, Some(Gap::ForceMajeure));
        // Points below 50 are a ground of their own, which nobody weighs.
        let poor = OrganisationInput { points: perfect(51).points, ..weighed };
        assert_eq!(score_organisation(&poor).level, Some(Level::NotCompleted));
        let failed = OrganisationInput { subordinates: vec![Some(Level::NotCompleted)], ..perfect(0) };
        assert_eq!(score_organisation(&failed).gap, Some(Gap::PointsWithoutConditions));
    }

    #[test]
    fn points_above_their_item_give_no_score_and_shares_are_exact() {
        let mut input = perfect(0);
        input.points.insert("h".into(), Exact::integer(6));
        let score = score_organisation(&input);
        assert_eq!((score.total, score.wrong), (None, vec!["h".to_owned()]));
        input.points.remove("h");
        assert_eq!(score_organisation(&input).missing, ["h"]);
        let shares = tasks(2, 1, 3);
        assert_eq!(shares.share(shares.done), Exact::ratio(2, 3));
        assert_eq!((shares.in_order, shares.not_on_time), (1, 2));
        assert_eq!((quota(9, 20), quota(10, 20), quota(10, 25)), (1, 2, 2));
    }
}
