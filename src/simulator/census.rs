//! What each source holds of each account, counted from the truth.
//!
//! Owns the oracle's side of a task report: done by state, not by the presence of a date; late when completed
//! after the due day; no due day is never late nor overdue; a reopened task is open. It counts what systems
//! show, one line per account, and must not know how the daemon counts.

use super::world::{BODIES, SimTask, State, World};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;

/// Counts of one account, or of a whole source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Open and done tasks of the present assignee.
    pub assigned: u64,
    /// Accepted.
    pub done: u64,
    /// Accepted, completed by the due day or without one.
    pub on_time: u64,
    /// Accepted, completed after the due day.
    pub late: u64,
    /// Days of those after their due days.
    pub late_days: u64,
    /// Neither done nor withdrawn nor deleted.
    pub open: u64,
    /// Open, and due before today.
    pub overdue: u64,
    /// Called off or taken back.
    pub cancelled: u64,
    /// Deleted at the source.
    pub gone: u64,
}

impl Counts {
    fn add(&mut self, task: &SimTask, today: NaiveDate) {
        if task.deleted {
            self.gone += 1;
            return;
        }
        match task.state {
            State::Cancelled | State::Recalled => {
                self.cancelled += 1;
                return;
            }
            State::Done => {
                self.done += 1;
                let late = task
                    .due
                    .zip(task.done)
                    .map_or(0, |(due, done)| (done.date() - due).num_days().max(0).unsigned_abs());
                self.late_days += late;
                if late > 0 {
                    self.late += 1;
                } else {
                    self.on_time += 1;
                }
            }
            State::New | State::Doing | State::Submitted | State::Returned => {
                self.open += 1;
                self.overdue += u64::from(task.due.is_some_and(|due| due < today));
            }
        }
        self.assigned += 1;
    }
}

/// A source with the counts of its accounts.
#[derive(Debug, Serialize)]
pub struct SourceCensus {
    /// Source.
    pub id: &'static str,
    /// Tasks it shows.
    pub tasks: u64,
    /// Of everybody together.
    #[serde(flatten)]
    pub total: Counts,
    /// Per account.
    pub accounts: BTreeMap<String, Counts>,
}

/// Counts every source.
pub fn take(world: &World) -> Vec<SourceCensus> {
    let mut sources: Vec<SourceCensus> = BODIES
        .iter()
        .map(|body| SourceCensus {
            id: body.source,
            tasks: 0,
            total: Counts::default(),
            accounts: BTreeMap::new(),
        })
        .collect();
    for task in &world.tasks {
        let source = &mut sources[task.body];
        source.tasks += u64::from(!task.deleted);
        source.total.add(task, world.today);
        source.accounts.entry(world.account(task)).or_default().add(task, world.today);
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_a_source_add_up() {
        let today = NaiveDate::from_ymd_opt(2026, 12, 7).expect("a day");
        let mut world = World::generate(9, today, 128, 1_600);
        (0..200).for_each(|_| world.tick());
        for source in take(&world) {
            let total = &source.total;
            assert_eq!(total.assigned, total.done + total.open, "{source:?}");
            assert_eq!(total.done, total.on_time + total.late);
            assert_eq!(source.tasks, total.assigned + total.cancelled);
            assert!(total.late_days >= total.late && total.overdue <= total.open);
            let done: u64 = source.accounts.values().map(|counts| counts.done).sum();
            assert_eq!(done, total.done);
        }
    }
}
