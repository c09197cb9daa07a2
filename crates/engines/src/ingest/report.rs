//! `report tasks`: how many tasks of whom are done, late, open and overdue.
//!
//! Owns the counting rules. Done is what the status says, never the presence of a date; late means the
//! completion's day lies after the due day in Asia/Ho_Chi_Minh; without a due date a task is neither late
//! nor overdue; late days are summed over done tasks only; a reopened task is open. It must not know
//! scores: nothing here is excused, converted or capped.

use crate::domain::{CanonicalTask, TaskStatus, local_date};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;

/// Row of tasks without a person.
pub const NOBODY: &str = "-";

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReportRow {
    /// Staff number, account or unit.
    pub person: String,
    /// Open and done tasks of the present assignee.
    pub assigned: u64,
    /// Done.
    pub done: u64,
    /// Done by the due day, or without one.
    pub on_time: u64,
    /// Done after the due day.
    pub late: u64,
    /// Days late, summed over done tasks.
    pub late_days: u64,
    /// Not done, not withdrawn.
    pub open: u64,
    /// Open with a due day before the report's day.
    pub overdue: u64,
    /// Called off or taken back.
    pub cancelled: u64,
    /// No longer shown by the source.
    pub gone: u64,
}

/// Counts tasks row by row.
#[derive(Debug, Clone)]
pub struct TaskReport {
    as_of: NaiveDate,
    as_it_stood: bool,
    rows: BTreeMap<String, ReportRow>,
}

impl TaskReport {
    /// A report judged on one day: it decides what is overdue.
    pub fn new(as_of: NaiveDate) -> Self {
        Self { as_of, as_it_stood: false, rows: BTreeMap::new() }
    }

    /// A report of how things stood on one day: what was finished later was open on it.
    pub fn as_it_stood(as_of: NaiveDate) -> Self {
        Self { as_it_stood: true, ..Self::new(as_of) }
    }

    /// Makes a row appear even if no task falls into it.
    pub fn mention(&mut self, key: &str) {
        self.row(key);
    }

    /// Counts one task under a key.
    pub fn count(&mut self, key: &str, task: &CanonicalTask) {
        let (as_of, as_it_stood) = (self.as_of, self.as_it_stood);
        let row = self.row(key);
        let due = task.draft.due.map(|due| due.day);
        let done_on = task.draft.completed_at.or(task.completion_at()).map(local_date);
        match task.draft.status {
            TaskStatus::Gone => row.gone += 1,
            TaskStatus::Cancelled | TaskStatus::Recalled => row.cancelled += 1,
            TaskStatus::Done if !as_it_stood || done_on.is_none_or(|day| day <= as_of) => {
                row.assigned += 1;
                row.done += 1;
                match (done_on, due) {
                    (Some(day), Some(due)) if day > due => {
                        row.late += 1;
                        row.late_days += u64::try_from((day - due).num_days()).unwrap_or(0);
                    }
                    _ => row.on_time += 1,
                }
            }
            _ => {
                row.assigned += 1;
                row.open += 1;
                row.overdue += u64::from(due.is_some_and(|due| due < as_of));
            }
        }
    }

    fn row(&mut self, key: &str) -> &mut ReportRow {
        self.rows
            .entry(key.to_owned())
            .or_insert_with(|| ReportRow { person: key.to_owned(), ..ReportRow::default() })
    }

    /// The rows in order of their key.
    pub fn rows(self) -> Vec<ReportRow> {
        self.rows.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Due, TaskDraft};
    use crate::ingest::apply;

    fn task(status: TaskStatus, due: Option<&str>, completed: Option<&str>) -> CanonicalTask {
        let draft = TaskDraft {
            external_id: "1".into(),
            updated_at: None,
            title: String::new(),
            status,
            raw_status: String::new(),
            assignee: None,
            assignee_name: None,
            unit: None,
            assigned_at: None,
            due: due.map(|day| Due::day(day.parse().expect("day"))),
            submitted_at: None,
            completed_at: completed.map(|at| at.parse().expect("instant")),
            quantity: None,
            unplanned: false,
            doc_type: None,
            category: None,
            doc_number: None,
            product_code: None,
            events: Vec::new(),
        };
        apply(None, draft, "2026-10-31T00:00:00Z".parse().expect("instant")).task
    }

    #[test]
    fn what_was_finished_after_the_day_was_open_on_it_and_perhaps_overdue() {
        let day = "2026-10-20".parse().expect("day");
        let mut stood = TaskReport::as_it_stood(day);
        let mut now = TaskReport::new(day);
        for (due, completed) in [
            // 17:00 UTC on the 20th is the 21st in Gia Lai.
            ("2026-10-15", "2026-10-20T17:00:00Z"),
            ("2026-10-25", "2026-10-22T01:00:00Z"),
            ("2026-10-15", "2026-10-20T16:59:59Z"),
        ] {
            for report in [&mut stood, &mut now] {
                report.count("SNV", &task(TaskStatus::Done, Some(due), Some(completed)));
            }
        }
        let figures = |report: TaskReport| {
            let row = report.rows().remove(0);
            (row.assigned, row.done, row.late, row.open, row.overdue)
        };
        assert_eq!((figures(stood), figures(now)), ((3, 1, 1, 2, 1), (3, 3, 2, 0, 0)));
    }

    #[test]
    fn every_rule_of_counting_shows_in_one_row() {
        let mut report = TaskReport::new("2026-10-20".parse().expect("day"));
        report.mention("nobody-has-work");
        for (status, due, completed) in [
            // 23:30 UTC on the 15th is the 16th in Gia Lai: one day late.
            (TaskStatus::Done, Some("2026-10-15"), Some("2026-10-15T23:30:00Z")),
            (TaskStatus::Done, Some("2026-10-15"), Some("2026-10-19T01:00:00Z")),
            (TaskStatus::Done, Some("2026-10-15"), Some("2026-10-15T16:59:59Z")),
            (TaskStatus::Done, None, Some("2027-01-01T00:00:00Z")),
            // A completion date without the status done is an open task.
            (TaskStatus::InProgress, Some("2026-10-15"), Some("2026-10-14T00:00:00Z")),
            (TaskStatus::Returned, Some("2026-10-20"), None),
            (TaskStatus::Open, None, None),
            (TaskStatus::Cancelled, Some("2026-10-01"), None),
            (TaskStatus::Recalled, None, None),
            (TaskStatus::Gone, Some("2026-10-01"), None),
        ] {
            report.count("GL-1", &task(status, due, completed));
        }
        let rows = report.rows();
        assert_eq!(rows.len(), 2);
        let expected = ReportRow {
            person: "GL-1".into(),
            assigned: 7,
            done: 4,
            on_time: 2,
            late: 2,
            late_days: 5,
            open: 3,
            overdue: 1,
            cancelled: 2,
            gone: 1,
        };
        assert_eq!(rows[0], expected);
        assert_eq!(rows[1], ReportRow { person: "nobody-has-work".into(), ..ReportRow::default() });
    }
}
