//! Local rules on levels (switch `local_overlays`): what bodies elsewhere add to the decree's bands.
//!
//! Owns each rule's condition and effect (scoring rules 4.4). None is a default and none moves a score: a rule
//! names the level it asks for and why. It must not know where results come from.

use super::{Because, Tally};
use crate::domain::rules::Overlay;
use crate::domain::{Exact, Level, Period, Role};
use serde::Serialize;

/// What a rule did to a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ruled {
    /// The rule: an overlay's name, or an article.
    pub rule: String,
    /// Level before.
    pub from: Option<Level>,
    /// Level after; the same where the rule only tells something.
    pub to: Option<Level>,
    /// Why.
    pub because: Because,
}

/// The rules of a period that is made of tasks, in the order of the rule set; gives the level after them.
pub(super) fn of_period(
    level: Level,
    role: Role,
    tally: &Tally,
    overlays: &[Overlay],
) -> (Level, Vec<Ruled>) {
    let mut now = level;
    let mut ruled = Vec::new();
    for overlay in overlays {
        let asks = match overlay {
            Overlay::Below100NotCompleted => below_100(tally).map(|because| (Level::NotCompleted, because)),
            Overlay::UnitBelow70HeadNotCompleted if role == Role::Head => {
                below_70(tally).map(|because| (Level::NotCompleted, because))
            }
            Overlay::UnitBelow70DeputyNotExcellent if role == Role::Deputy => {
                below_70(tally).map(|because| (Level::Good.min(now), because))
            }
            _ => None,
        };
        if let Some((to, because)) = asks.filter(|(to, _)| *to < now) {
            ruled.push(Ruled { rule: name(*overlay), from: Some(now), to: Some(to), because });
            now = to;
        }
    }
    (now, ruled)
}

/// Own assigned tasks that are not completed, not excused and not handed over.
fn below_100(tally: &Tally) -> Option<Because> {
    let (open, first) = tally.open.as_ref()?;
    Some(Because::OpenTasks { open: *open, first: first.clone() })
}

/// What was assigned to the unit and completed of it: the leader's own tasks and those of everyone in charge.
fn below_70(tally: &Tally) -> Option<Because> {
    let (assigned, completed) = (tally.planned.0.total(), tally.planned.1.total());
    let share = completed.checked_div(&assigned)?;
    let below = share < Exact::ratio(7, 10)?;
    below.then_some(Because::BelowShare { completed, assigned })
}

/// The rules of a year over the levels of its quarters, in order of time; gives the level after them.
pub(super) fn of_year(
    level: Option<Level>,
    quarters: &[(Period, Level)],
    overlays: &[Overlay],
) -> (Option<Level>, Vec<Ruled>) {
    let count = |wanted: Level| quarters.iter().filter(|(_, level)| *level == wanted).count();
    let (excellent, completed, failed) =
        (count(Level::Excellent), count(Level::Completed), count(Level::NotCompleted));
    let mut now = level;
    let mut ruled = Vec::new();
    for overlay in overlays {
        let asks = match overlay {
            Overlay::QuarterNotCompletedNoExcellentYear if failed > 0 => {
                let to = now.map(|level| level.min(Level::Good));
                Some((to, Because::FailedQuarters(failed)))
            }
            Overlay::TwoQuartersNotCompletedConsiderReplacement => {
                let failed = |pair: &[(Period, Level)]| {
                    pair.iter().all(|(_, level)| *level == Level::NotCompleted)
                        && pair.first().zip(pair.last()).is_some_and(|(one, two)| one.0.next() == two.0)
                };
                let pair = quarters.windows(2).find(|pair| failed(pair));
                let ends = pair.and_then(|pair| pair.first().zip(pair.last()));
                ends.map(|(one, next)| (now, Because::FailedInARow(one.0, next.0)))
            }
            Overlay::YearFromQuarterLevels if !quarters.is_empty() => {
                // The letter leaves "not completed" to two such quarters, and "completed" to what is left.
                let to = if failed >= 2 {
                    Level::NotCompleted
                } else if excellent >= 2 && failed == 0 {
                    Level::Excellent
                } else if completed <= 2 && failed <= 1 {
                    Level::Good
                } else {
                    Level::Completed
                };
                Some((Some(to), Because::QuarterLevels { excellent, completed, failed }))
            }
            _ => None,
        };
        if let Some((to, because)) = asks {
            ruled.push(Ruled { rule: name(*overlay), from: now, to, because });
            now = to;
        }
    }
    (now, ruled)
}

fn name(overlay: Overlay) -> String {
    match overlay {
        Overlay::Below100NotCompleted => "below_100_not_completed",
        Overlay::UnitBelow70HeadNotCompleted => "unit_below_70_head_not_completed",
        Overlay::UnitBelow70DeputyNotExcellent => "unit_below_70_deputy_not_excellent",
        Overlay::QuarterNotCompletedNoExcellentYear => "quarter_not_completed_no_excellent_year",
        Overlay::TwoQuartersNotCompletedConsiderReplacement => {
            "two_quarters_not_completed_consider_replacement"
        }
        Overlay::YearFromQuarterLevels => "year_from_quarter_levels",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(number: u8) -> Period {
        Period::quarter(2026, number).expect("quarter")
    }

    fn quarters(levels: [Level; 4]) -> Vec<(Period, Level)> {
        (1..=4).map(period).zip(levels).collect()
    }

    #[test]
    fn year_from_quarter_levels_follows_the_letter_of_the_customs_office() {
        use Level::{Completed, Excellent, Good, NotCompleted};
        for (levels, year) in [
            ([Excellent, Excellent, Good, Completed], Excellent),
            ([Excellent, Excellent, Excellent, NotCompleted], Good),
            ([Excellent, Good, Good, Good], Good),
            ([Completed, Completed, Good, Good], Good),
            ([Completed, Completed, Completed, Good], Completed),
            ([NotCompleted, NotCompleted, Excellent, Excellent], NotCompleted),
        ] {
            let (level, ruled) = of_year(Some(Good), &quarters(levels), &[Overlay::YearFromQuarterLevels]);
            assert_eq!((level, ruled.len()), (Some(year), 1), "{levels:?}");
        }
    }

    #[test]
    fn one_failed_quarter_bars_an_excellent_year_and_two_in_a_row_are_told() {
        use Level::{Excellent, Good, NotCompleted};
        let rules = [
            Overlay::QuarterNotCompletedNoExcellentYear,
            Overlay::TwoQuartersNotCompletedConsiderReplacement,
        ];
        let (level, ruled) =
            of_year(Some(Excellent), &quarters([Excellent, NotCompleted, Excellent, NotCompleted]), &rules);
        assert_eq!((level, ruled.len()), (Some(Good), 1), "not in a row");
        let (level, ruled) =
            of_year(Some(Excellent), &quarters([Excellent, NotCompleted, NotCompleted, Excellent]), &rules);
        assert_eq!(level, Some(Good));
        assert_eq!(ruled[1].because, Because::FailedInARow(period(2), period(3)));
        assert_eq!(of_year(Some(Excellent), &quarters([Good; 4]), &rules), (Some(Excellent), vec![]));
    }
}
