//! Where the tasks of one page stand while its records are taken in one after the other.
//!
//! Owns the keys that stand on a page more than once: such a record is a version of one task, and follows what the
//! record before it left, not what the store holds. It must not know how records are read. Total.

use crate::connector::{Presence, RawRecord};
use crate::domain::CanonicalTask;
use crate::store::StoredTask;
use std::collections::HashMap;

/// Number and hash of a task, as the store holds it.
pub(super) type Known = Option<(i64, [u8; 16])>;

/// What a version that was passed over leaves in the place of its record's hash: a pull that may take it over sees that
/// it was not, any other one that it was looked at.
pub(super) fn passed_over(hash: [u8; 16]) -> [u8; 16] {
    hash.map(|byte| !byte)
}

/// A key that stands more than once.
struct Repeated {
    /// The hash its last record left.
    hash: Option<[u8; 16]>,
    /// Whether the last record on the page is the one held: then none before it is news, whatever they say.
    settled: bool,
    /// Whether that one shows the task.
    shown_last: bool,
}

/// The keys of a page that stand on it more than once.
#[derive(Default)]
pub(super) struct Stand(HashMap<String, Repeated>);

impl Stand {
    /// Of the records of a page, each with what is known of it.
    pub(super) fn of(records: &[RawRecord], known: &[Known]) -> Self {
        let mut places: HashMap<&str, (usize, bool)> = HashMap::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            let place = places.entry(&record.external_id).or_insert((index, false));
            *place = (index, index != place.0);
        }
        let repeated = places.into_iter().filter(|(_, (_, repeats))| *repeats);
        let stands = repeated.filter_map(|(key, (last, _))| {
            let (record, hash) = (records.get(last)?, known.get(last)?.map(|(_, hash)| hash));
            let (settled, shown_last) = (hash == Some(record.hash), record.presence == Presence::Shown);
            Some((key.to_owned(), Repeated { hash, settled, shown_last }))
        });
        Self(stands.collect())
    }

    /// Whether a key stands on the page more than once.
    pub(super) fn repeats(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Whether the page ends with what is held of a key that stands on it more than once, and whether that shows it.
    pub(super) fn settled(&self, key: &str) -> Option<bool> {
        self.0.get(key).filter(|repeated| repeated.settled).map(|repeated| repeated.shown_last)
    }

    /// The hash a task stands at: what an earlier record of the page left, else what is known.
    pub(super) fn hash(&self, key: &str, known: Known) -> Option<[u8; 16]> {
        self.0.get(key).map_or(known.map(|(_, hash)| hash), |repeated| repeated.hash)
    }

    /// A record is taken in.
    pub(super) fn left(&mut self, key: &str, hash: [u8; 16]) {
        if let Some(repeated) = self.0.get_mut(key) {
            repeated.hash = Some(hash);
        }
    }
}

/// A task as it is before a record of the page is applied to it.
pub(super) struct Before {
    /// Its number, where it is stored.
    pub(super) id: Option<i64>,
    /// What is held of it.
    pub(super) task: CanonicalTask,
    /// Whether an earlier record of this page made it so.
    pub(super) of_page: bool,
}

/// The tasks of a page, as the store holds them and as the page's records leave them.
#[derive(Default)]
pub(super) struct Tasks {
    stored: HashMap<i64, StoredTask>,
    of_page: HashMap<String, Before>,
}

impl Tasks {
    pub(super) fn of(stored: Vec<StoredTask>) -> Self {
        Self { stored: stored.into_iter().map(|task| (task.id, task)).collect(), of_page: HashMap::new() }
    }

    /// Those stored, as the store holds them.
    pub(super) fn stored(&self) -> impl Iterator<Item = &StoredTask> {
        self.stored.values()
    }

    /// Takes a task out, to apply a record to it.
    pub(super) fn take(&mut self, key: &str, id: Option<i64>) -> Option<Before> {
        self.of_page.remove(key).or_else(|| {
            let stored = self.stored.remove(&id?)?;
            Some(Before { id: Some(stored.id), task: stored.task, of_page: false })
        })
    }

    /// Puts back what a record left of a task, for the next one of its key.
    pub(super) fn put(&mut self, key: &str, before: Before) {
        self.of_page.insert(key.to_owned(), before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn record(key: &str, hash: u8, presence: Presence) -> RawRecord {
        let hash = [hash; 16];
        RawRecord { external_id: key.to_owned(), hash, body: Bytes::new(), index: 0, file: None, presence }
    }

    #[test]
    fn key_that_stands_twice_follows_the_record_before_and_is_settled_by_the_last() {
        let gone = Presence::Deleted { at: None };
        let page = [
            record("a", 1, Presence::Shown),
            record("b", 1, Presence::Shown),
            record("a", 2, Presence::Shown),
            record("c", 1, Presence::Shown),
            record("c", 2, gone),
            record("d", 1, Presence::Shown),
            record("d", 1, Presence::Shown),
        ];
        let known = |id, hash| Some((id, [hash; 16]));
        let mut stand =
            Stand::of(&page, &[known(1, 1), known(2, 1), known(1, 1), known(3, 2), known(3, 2), None, None]);
        assert!(stand.repeats("a") && !stand.repeats("b") && stand.repeats("d"));
        assert_eq!(stand.settled("a"), None, "what is held is its first version");
        assert_eq!((stand.settled("c"), stand.settled("b")), (Some(false), None));
        assert_eq!(stand.hash("a", known(1, 1)), Some([1; 16]));
        stand.left("a", [2; 16]);
        stand.left("b", [9; 16]);
        assert_eq!(stand.hash("a", known(1, 1)), Some([2; 16]));
        assert_eq!(stand.hash("b", known(2, 1)), Some([1; 16]), "it stands there once");
        assert_eq!(stand.hash("d", None), None);
        assert_ne!(passed_over([1; 16]), [1; 16]);
    }
}
