//! Known tasks that lose who did them, until when or how much in one run.
//!
//! Owns counting them among the changed tasks of a run, and what stops it before that is stored: a source that renames or
//! empties a field shows every task as before, in nobody's hands. It must not know what a record looks like. Where the
//! manifest gives a field it reads a policy that does not stop, that field's tasks may lose what it gave them.

use super::gate::{VALUES_LOST, accept_order};
use super::place;
use crate::connector::drift::Policy;
use crate::domain::{CanonicalTask, SourceId, TaskDraft, TaskStatus};
use crate::error::{Finding, Text};
use std::collections::BTreeMap;

/// What a task may lose: the rule of `[fields]` that gives it, and its name for people.
const WHAT: [(&str, &str, &str); 4] = [
    ("assignee", "người thực hiện", "the assignee"),
    ("due", "hạn", "the due day"),
    ("completed_at", "ngày hoàn thành", "the completion"),
    ("quantity", "số lượng", "the quantity"),
];

/// Changed tasks that had something, and those that lost it.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    had: u64,
    lost: u64,
}

impl Count {
    fn is_most(self) -> bool {
        self.lost * 2 > self.had
    }

    fn and(self, more: Self) -> Self {
        Self { had: self.had + more.had, lost: self.lost + more.lost }
    }
}

/// What the changed tasks of a run lost so far, and those of runs before it of which none kept it.
pub(super) struct Losing {
    source: SourceId,
    /// Tasks that had it from which on it is judged; 0 = never.
    from: u64,
    /// What they may lose: by the manifest, or because a person accepted it for this run.
    may: [bool; WHAT.len()],
    /// Those of the runs before: many small pulls show what one of them cannot.
    before: [Count; WHAT.len()],
    counts: [Count; WHAT.len()],
}

impl Losing {
    /// `from`: changed tasks it is judged from, 0 = never; `accepted`: what a person accepted for this run, as the places of
    /// earlier findings say it; `before`: what [`Losing::carried`] gave last.
    pub(super) fn begin(
        (source, from): (&SourceId, u32),
        policy: Option<&Policy>,
        accepted: &[String],
        before: &BTreeMap<String, (u64, u64)>,
    ) -> Self {
        let accepted = |rule: &str| accepted.iter().any(|list| list.split(", ").any(|one| one == rule));
        let may =
            WHAT.map(|(rule, ..)| accepted(rule) || policy.is_some_and(|policy| policy.lets_lose(rule)));
        let before = WHAT.map(|(rule, ..)| {
            let (had, lost) = before.get(rule).copied().unwrap_or_default();
            Count { had, lost }
        });
        Self { source: source.clone(), from: from.into(), may, before, counts: Default::default() }
    }

    /// What the next run goes on from, by rule: how many tasks had it and how many lost it, where none kept it since.
    pub(super) fn carried(&self) -> BTreeMap<String, (u64, u64)> {
        let each = WHAT.into_iter().zip(self.before).zip(self.counts).zip(self.may);
        let carried = each.filter(|(((_, before), now), may)| {
            !may && self.from > 0 && now.had == now.lost && before.lost + now.lost > 0
        });
        carried
            .map(|((((rule, ..), before), now), _)| {
                let all = before.and(now);
                (rule.to_owned(), (all.had, all.lost))
            })
            .collect()
    }

    /// Whether some task of this run lost what none may lose.
    pub(super) fn loses(&self) -> bool {
        self.counts.iter().zip(self.may).any(|(count, may)| !may && count.lost > 0)
    }

    /// Notes a known task as it was and as it is now.
    pub(super) fn note(&mut self, before: &CanonicalTask, after: &CanonicalTask) {
        let (before, after) = (has(&before.draft), has(&after.draft));
        for ((count, had), has) in self.counts.iter_mut().zip(before).zip(after) {
            if let (Some(true), Some(has)) = (had, has) {
                count.had += 1;
                count.lost += u64::from(!has);
            }
        }
    }

    /// What stops the run: most of the changed tasks lose something. A run that loses nothing is not stopped for those before.
    pub(super) fn judge(&self) -> Option<Finding> {
        let lost: Vec<_> = self.most().filter(|(_, count)| count.had >= self.from).collect();
        if lost.is_empty() || self.from == 0 {
            return None;
        }
        let named = |name: fn((&str, &'static str, &'static str)) -> &'static str, of: &str| {
            let each =
                lost.iter().map(|(what, Count { had, lost })| format!("{} ({lost} {of} {had})", name(*what)));
            each.collect::<Vec<_>>().join(", ")
        };
        let rules: Vec<&str> = lost.iter().map(|((rule, ..), _)| *rule).collect();
        let source = &self.source;
        let accept = accept_order(source, VALUES_LOST);
        let finding = Finding::error(
            VALUES_LOST,
            Text::new(
                format!(
                    "phần lớn nhiệm vụ đã biết mà nguồn {source} vừa thay đổi mất {}; đã dừng, giữ như cũ",
                    named(|(_, vi, _)| vi, "trong")
                ),
                format!(
                    "most known tasks that source {source} changed lose {}; stopped, they stay as they were",
                    named(|(.., en)| en, "of")
                ),
            ),
            Text::new(
                format!(
                    "xem `source drift {source}`: trường đã đổi tên hay bị bỏ trống; sửa manifest hoặc nguồn; nếu đúng là như vậy: {accept}"
                ),
                format!(
                    "look at `source drift {source}`: a field has another name or is empty; correct the manifest or the source; if it is true: {accept}"
                ),
            ),
        );
        Some(finding.at(place(source).at(rules.join(", "))))
    }

    /// Whether changed tasks lose something and there are too few to judge: what came waits until there are more, or no more.
    pub(super) fn in_doubt(&self) -> bool {
        self.most().any(|(_, count)| count.had < self.from)
    }

    fn most(&self) -> impl Iterator<Item = ((&'static str, &'static str, &'static str), Count)> {
        let each = WHAT.into_iter().zip(self.before).zip(self.counts).zip(self.may);
        let lost = each.filter(|((_, now), may)| !may && now.lost > 0);
        lost.map(|(((what, before), now), _)| (what, before.and(now))).filter(|(_, count)| count.is_most())
    }
}

/// Whether a draft has each of [`WHAT`]; none where that says nothing: who opens a task again takes its completion away,
/// and of a task that was called off many sources show nothing more.
fn has(draft: &TaskDraft) -> [Option<bool>; WHAT.len()] {
    if matches!(draft.status, TaskStatus::Cancelled | TaskStatus::Recalled | TaskStatus::Gone) {
        return [None; WHAT.len()];
    }
    let done = draft.status == TaskStatus::Done;
    [
        Some(draft.assignee.is_some()),
        Some(draft.due.is_some()),
        done.then_some(draft.completed_at.is_some()),
        Some(draft.quantity.is_some()),
    ]
}
