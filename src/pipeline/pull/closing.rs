//! Tasks one account completes in a few minutes: told, because work is rarely done that way.
//!
//! Owns the moments of this run's completions by account, bounded. It stops and changes nothing: an office may well
//! close a month's tasks on one evening, and a person looks at it there.

use crate::config::Gates;
use crate::domain::{AccountKind, AccountRef, CanonicalTask, EventKind, SourceEvent, TaskStatus};
use crate::error::{Finding, Text};
use std::collections::HashMap;

/// Completions looked at in one run: beyond these the first ones say enough.
const MOST: usize = 200_000;

/// Completions of this run.
#[derive(Default)]
pub(super) struct Closing {
    by_account: HashMap<AccountRef, Vec<i64>>,
    count: usize,
}

impl Closing {
    /// Notes a known task that was done by this version: by whoever accepted it, else by its assignee.
    pub(super) fn note(&mut self, held: &CanonicalTask, now: &CanonicalTask, events: &[SourceEvent]) {
        let done = now.draft.status == TaskStatus::Done && held.draft.status != TaskStatus::Done;
        let (true, Some(at)) = (done && self.count < MOST, now.draft.completed_at) else { return };
        let accepted = events.iter().rev().find(|event| event.kind == EventKind::Approved);
        let who = accepted.and_then(|event| event.actor.as_ref()).or(now.draft.assignee.as_ref());
        let Some(who) = who else { return };
        self.count += 1;
        self.by_account.entry(who.clone()).or_default().push(at.timestamp());
    }

    /// The account that completed most within the minutes, where it is more than allowed.
    pub(super) fn told(self, gates: &Gates) -> Option<Finding> {
        let span = i64::from(gates.bulk_minutes) * 60;
        let most = self.by_account.into_iter().map(|(who, at)| (most_within(at, span), who)).max()?;
        let (count, who) = most;
        if gates.bulk_close == 0 || count < gates.bulk_close as usize {
            return None;
        }
        let who = match who.kind {
            AccountKind::CitizenId => "*".to_owned(),
            AccountKind::Account | AccountKind::StaffNumber => who.value,
        };
        let minutes = gates.bulk_minutes;
        Some(Finding::warning(
            "LT-ING-010",
            Text::new(
                format!("tài khoản {who} hoàn thành {count} nhiệm vụ trong {minutes} phút"),
                format!("account {who} completed {count} tasks within {minutes} minutes"),
            ),
            Text::new(
                "hỏi đơn vị: đóng hàng loạt cuối kỳ không phải là ngày hoàn thành thật",
                "ask the unit: closing in bulk at the end of a period is not when the work was done",
            ),
        ))
    }
}

/// The most moments that lie within a span of seconds.
fn most_within(mut moments: Vec<i64>, span: i64) -> usize {
    moments.sort_unstable();
    let mut from = 0;
    let mut most = 0;
    for (index, at) in moments.iter().enumerate() {
        while moments.get(from).is_some_and(|first| at - first > span) {
            from += 1;
        }
        most = most.max(index + 1 - from);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::most_within;

    #[test]
    fn moments_are_counted_within_a_sliding_span() {
        assert_eq!(most_within(vec![], 600), 0);
        assert_eq!(most_within(vec![0, 601, 1202], 600), 1);
        assert_eq!(most_within(vec![1202, 0, 600, 1200, 1100], 600), 3);
    }
}
