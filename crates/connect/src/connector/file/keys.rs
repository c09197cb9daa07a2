//! Keys of the rows a walk has met.
//!
//! Owns which keys newer files had, which of them stand twice in the file at hand with different words, and how many are
//! remembered: eight bytes each, so that a folder of years costs little. It must not know what a row says. Two keys that
//! are taken for one by chance (once in a million folders of the largest size) only leave out what an older file says.

use super::finding;
use crate::error::{Finding, Place};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

/// Most keys of newer files that are remembered; what stands in still older files is not read then.
const MOST: usize = 5_000_000;

/// Keys of one walk.
#[derive(Default)]
pub(super) struct Keys {
    hasher: RandomState,
    newer: HashSet<u64>,
    /// Keys of the file at hand, with what was last said of them, where that is compared.
    here: HashMap<u64, Option<u64>>,
    repeated: Option<Repeated>,
}

/// A key that stands in several rows of one file, which do not say the same.
struct Repeated {
    key: String,
    file: Arc<str>,
    line: u32,
    count: u64,
}

impl Keys {
    /// Whether a newer file had this key.
    pub(super) fn is_past(&self, key: &str) -> bool {
        self.newer.contains(&self.hasher.hash_one(key))
    }

    /// Notes a row of the file at hand; what it says, where that is to be compared.
    pub(super) fn meet(&mut self, key: &str, body: Option<&[u8]>, (file, line): (&Arc<str>, u32)) {
        let said = body.map(|body| self.hasher.hash_one(body));
        let before = self.here.insert(self.hasher.hash_one(key), said).flatten();
        if before.is_none() || said.is_none() || before == said {
            return;
        }
        let first = || Repeated { key: key.to_owned(), file: file.clone(), line, count: 0 };
        self.repeated.get_or_insert_with(first).count += 1;
    }

    /// The file at hand has ended: what is told of it. Its keys count as those of a newer file where `remembers`.
    pub(super) fn end_of_file(&mut self, remembers: bool) -> Option<Finding> {
        let here = std::mem::take(&mut self.here);
        if remembers {
            self.newer.extend(here.into_keys());
        }
        let Repeated { key, file, line, count } = self.repeated.take()?;
        Some(finding::repeated_key(&key, count).at(Place::line(&*file, line)))
    }

    /// Whether no more keys are remembered.
    pub(super) fn is_full(&self) -> bool {
        self.newer.len() >= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_said_twice_in_one_file_is_told_once_and_equal_rows_say_nothing() {
        let mut keys = Keys::default();
        let file: Arc<str> = "a.csv".into();
        for (line, (key, body)) in (2..).zip([("1", "a"), ("2", "b"), ("1", "a"), ("2", "c"), ("1", "d")]) {
            keys.meet(key, Some(body.as_bytes()), (&file, line));
        }
        let told = keys.end_of_file(false).expect("told");
        assert_eq!(told.place.as_ref().map(ToString::to_string).as_deref(), Some("a.csv:5"));
        assert!(told.what.en.contains("2 ") && told.what.en.contains("\"2\""), "{}", told.what.en);
        assert!(!keys.is_past("1"), "not remembered");
        keys.meet("1", Some(b"a"), (&file, 2));
        keys.meet("1", None, (&file, 3));
        assert_eq!(keys.end_of_file(true), None, "another file");
        assert!(keys.is_past("1") && !keys.is_past("2") && !keys.is_full());
    }
}
