//! Which waiting tasks are ranked again first once people decided: those most like what was decided.
//!
//! Owns the choice, so that whoever decides sees at once what their word did to the tasks like it. It must not know how tasks are
//! ranked. It looks at a bounded number of tasks and chooses at most a page of them; the walk over all that wait goes on beside it,
//! so that none is left out for them.

use super::app::App;
use crate::domain::ProductCode;
use crate::error::Finding;
use crate::mapping::group::words_of;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Decisions of one look that are followed up, the latest.
pub(super) const MOST_DECIDED: usize = 20;
/// Waiting tasks compared with them, and those ranked first.
const MOST_COMPARED: usize = 2_000;
pub(super) const MOST_FIRST: usize = 200;
/// Share of their words two titles have in common at least, in percent of those either has.
const ALIKE_PERCENT: usize = 25;

/// What a person decided just now.
#[derive(Debug, Clone)]
pub(super) struct Decided {
    /// The title it was about.
    pub title: String,
    /// What its like are thought to be: what it was thought to be before, and what it is.
    pub products: BTreeSet<ProductCode>,
}

impl App {
    /// The waiting tasks most like what was decided, the most alike first, at most so many.
    pub(super) async fn most_alike(&self, decided: Vec<Decided>, most: usize) -> Result<Vec<i64>, Finding> {
        let products: BTreeSet<&ProductCode> = decided.iter().flat_map(|one| &one.products).collect();
        let each = MOST_COMPARED / products.len().max(1);
        let mut waiting = Vec::new();
        for product in products {
            let some = self.store.waiting_for(product.as_str(), each.max(1)).await;
            waiting.extend(some.map_err(|error| error.finding())?);
        }
        // Some thousand titles are cut into words: off the threads that serve requests.
        let chosen = tokio::task::spawn_blocking(move || most_like(&decided, waiting, most)).await;
        chosen.map_err(|_| super::broken("mapper"))
    }
}

fn most_like(decided: &[Decided], waiting: Vec<(i64, String)>, most: usize) -> Vec<i64> {
    let decided: BTreeSet<BTreeSet<String>> = decided.iter().map(|one| words_of(&one.title)).collect();
    let mut alike: Vec<(usize, i64)> = waiting
        .into_iter()
        .filter_map(|(task, title)| {
            let words = words_of(&title);
            let share = decided.iter().map(|own| likeness(own, &words)).max()?;
            (share >= ALIKE_PERCENT).then_some((share, task))
        })
        .collect();
    alike.sort_by_key(|(share, task)| (Reverse(*share), *task));
    alike.truncate(most);
    alike.into_iter().map(|(_, task)| task).collect()
}

/// Words two titles have in common, in percent of those either has.
fn likeness(a: &BTreeSet<String>, b: &BTreeSet<String>) -> usize {
    let common = a.intersection(b).count();
    (common * 100).checked_div(a.len() + b.len() - common).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_most_like_a_decided_one_come_first_and_others_not_at_all() {
        let decided = [Decided {
            title: "Báo cáo giải ngân vốn đầu tư công".into(),
            products: BTreeSet::new(),
        }];
        let waiting = [
            (1, "Góp ý dự thảo kế hoạch phòng chống dịch bệnh"),
            (2, "báo cáo giải ngân vốn đầu tư công quý III của xã"),
            (3, "BÁO CÁO GIẢI NGÂN VỐN ĐẦU TƯ CÔNG"),
            (4, ""),
        ];
        let waiting = waiting.map(|(task, title)| (task, title.to_owned()));
        assert_eq!(most_like(&decided, waiting.to_vec(), MOST_FIRST), [3, 2]);
        assert!(most_like(&[], waiting.to_vec(), MOST_FIRST).is_empty());
        let many = (1..=300).map(|task| (task, "báo cáo giải ngân vốn".to_owned())).collect();
        assert_eq!(most_like(&decided, many, MOST_FIRST).len(), MOST_FIRST);
    }
}
