//! A list in a folder: each file holds all of it, and the newest file counts.
//!
//! Owns which file that is and what is remembered of the one that was taken last: a file written before it never follows
//! it, whatever became of the newer one, unless it holds the very same. An empty newest file is a list that is still
//! being written, and no reason to go back to the one before. It must not know what a row says. A mark of another form
//! knows nothing.

use super::{Candidate, Listing, finding};
use crate::connector::Cursor;
use crate::error::Finding;
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Time and digest of a file that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken {
    /// When it was written, or taken where that lies before: milliseconds since 1970.
    pub(super) modified_ms: i64,
    /// Of its content.
    pub(super) digest: String,
}

/// What a walk over a list knows.
#[derive(Debug, Default)]
pub(super) struct Newest {
    /// The file that was taken last.
    before: Option<Taken>,
    /// The file this walk takes.
    pub(super) taken: Option<Taken>,
}

impl Newest {
    /// What a cursor says.
    pub(super) fn of(cursor: Option<&Cursor>) -> Self {
        Self { before: cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok()), taken: None }
    }

    /// The newest file alone; what is told where it holds nothing.
    pub(super) fn choose(listing: &mut Listing) -> (VecDeque<Candidate>, Option<Finding>) {
        let newest = listing.files.pop();
        let order = |one: &Candidate| (one.modified, one.name.clone());
        let empty = listing.empty.iter().max_by_key(|one| order(one));
        match (newest, empty) {
            (Some(newest), Some(empty)) if order(empty) > order(&newest) => {
                (VecDeque::new(), Some(finding::empty_newest(&empty.name)))
            }
            (newest, _) => (newest.into_iter().collect(), None),
        }
    }

    /// Why a file is not taken, where it is older than the one that was taken last.
    pub(super) fn refuses(&self, name: &str, file: &Taken) -> Option<Finding> {
        let before = self.before.as_ref()?;
        let older = file.modified_ms < before.modified_ms && file.digest != before.digest;
        let at = |ms: i64| DateTime::from_timestamp_millis(ms).unwrap_or_default();
        older.then(|| finding::older_list(name, at(file.modified_ms), at(before.modified_ms)))
    }

    /// As a cursor, once the file was taken.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        let taken = self.taken.as_ref()?;
        // The very same content under an older time does not make the files in between new again.
        let later = self.before.as_ref().filter(|before| before.modified_ms > taken.modified_ms);
        serde_json::to_string(later.unwrap_or(taken)).ok().map(Cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(modified_ms: i64, digest: &str) -> Taken {
        Taken { modified_ms, digest: digest.to_owned() }
    }

    #[test]
    fn an_older_file_is_refused_unless_it_holds_the_very_same() {
        let newest = Newest { taken: Some(taken(7_000, "b")), ..Newest::default() };
        assert_eq!(newest.refuses("a.csv", &taken(1, "a")), None, "nothing was taken before");
        let mut newest = Newest::of(newest.cursor().as_ref());
        let code = |told: Option<Finding>| told.map(|finding| finding.code);
        assert_eq!(code(newest.refuses("a.csv", &taken(6_999, "a"))), Some("LT-PPL-040".to_owned()));
        assert_eq!(newest.refuses("a.csv", &taken(6_999, "b")), None);
        assert_eq!(newest.refuses("a.csv", &taken(7_000, "a")), None);
        newest.taken = Some(taken(6_999, "b"));
        assert_eq!(Newest::of(newest.cursor().as_ref()).before, Some(taken(7_000, "b")));
        assert_eq!(Newest::of(Some(&Cursor("[]".to_owned()))).before, None);
    }
}
