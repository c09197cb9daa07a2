//! Packages the axis could not serve when they were asked for last.
//!
//! Owns which these are and in which order they are tried again: the one that has waited longest first, so that some that
//! never come do not keep others from being tried. What the axis lists no more is forgotten. It must not know why a
//! package could not be fetched. Bounded; beyond the bound a package counts as a new one.

use super::answer::Waiting;
use std::collections::{HashMap, HashSet};

/// Packages remembered.
const MOST: usize = 10_000;

/// When each was tried last, counted in tries.
#[derive(Debug, Default)]
pub(super) struct Unserved {
    tried: HashMap<String, u64>,
    tries: u64,
}

impl Unserved {
    /// Tries so far.
    pub(super) fn tries(&self) -> u64 {
        self.tries
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.tried.contains_key(id)
    }

    /// Notes that a package could not be served once more.
    pub(super) fn failed(&mut self, id: &str) {
        self.tries += 1;
        if self.tried.len() < MOST || self.has(id) {
            self.tried.insert(id.to_owned(), self.tries);
        }
    }

    /// Notes that it was.
    pub(super) fn served(&mut self, id: &str) {
        self.tried.remove(id);
    }

    /// Brings those that were listed into their order and forgets the others, but for those that failed after the
    /// first `since` tries.
    pub(super) fn order(&mut self, listed: &mut [Waiting], since: u64) {
        let ids: HashSet<&str> = listed.iter().map(|one| one.doc_id.as_str()).collect();
        self.tried.retain(|id, at| *at > since || ids.contains(id.as_str()));
        listed.sort_by_key(|one| self.tried.get(&one.doc_id).copied().unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_tried_longest_ago_comes_first_and_what_is_listed_no_more_is_forgotten() {
        let listed = |ids: [&str; 3]| ids.map(|id| Waiting { doc_id: id.to_owned(), sha256: None });
        let mut unserved = Unserved::default();
        ["a", "b", "c", "d", "a"].iter().for_each(|id| unserved.failed(id));
        unserved.served("d");
        let since = unserved.tries();
        unserved.failed("e");
        let mut again = listed(["a", "b", "c"]);
        unserved.order(&mut again, since);
        assert_eq!(again, listed(["b", "c", "a"]));
        assert!(unserved.has("e") && !unserved.has("d"), "e failed while the lists were read");
        unserved.order(&mut again[..1], unserved.tries());
        assert!(unserved.has("b") && ["a", "c", "e"].iter().all(|id| !unserved.has(id)));
        (0..MOST).for_each(|id| unserved.failed(&id.to_string()));
        unserved.failed("one more");
        assert!(unserved.has("b") && !unserved.has("one more") && unserved.tried.len() == MOST);
    }
}
