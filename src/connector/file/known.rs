//! Which files were read, by which rules: what a cursor of a folder says.
//!
//! Owns the cursor's form and what is forgotten of it. It must not know what a file holds. A cursor of another form, or
//! of other rules, knows nothing: files are read again.

use crate::connector::Cursor;
use serde::{Deserialize, Serialize};

/// Most remembered files. Of older ones only the time of the newest is kept: one as old as that counts as read.
const REMEMBERED: usize = 5_000;

/// Files that were read.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Known {
    /// Digest of the rules they were read by.
    rules: String,
    /// Time and digest of each, the oldest first once they are many.
    files: Vec<(i64, String)>,
    /// Files up to this time were read and forgotten.
    forgotten: Option<i64>,
    /// Whether the cursor was made by other rules.
    #[serde(skip)]
    pub(super) other_rules: bool,
}

impl Known {
    /// What a cursor says under these rules.
    pub(super) fn of(cursor: Option<&Cursor>, fingerprint: &[u8; 32]) -> Self {
        let rules: String = fingerprint.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let known: Option<Self> = cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok());
        match known {
            Some(known) if known.rules == rules => known,
            _ => Self { rules, other_rules: cursor.is_some(), ..Self::default() },
        }
    }

    /// Whether a file was read.
    pub(super) fn has(&self, modified: i64, digest: &str) -> bool {
        self.forgotten.is_some_and(|until| modified <= until)
            || self.files.iter().any(|(_, one)| one == digest)
    }

    /// A file was read.
    pub(super) fn add(&mut self, modified: i64, digest: String) {
        self.files.push((modified, digest));
        if self.files.len() > REMEMBERED {
            self.files.sort();
            let half = self.files.len() / 2;
            let newest = self.files.drain(..half).map(|(modified, _)| modified).max();
            self.forgotten = self.forgotten.max(newest);
        }
    }

    /// Files up to this time are never read.
    pub(super) fn forget(&mut self, until: i64) {
        self.forgotten = self.forgotten.max(Some(until));
    }

    /// As a cursor.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_string(self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_of_other_rules_or_an_older_form_knows_nothing() {
        let mut known = Known::of(None, &[1; 32]);
        assert!(!known.other_rules);
        known.add(7, "a".to_owned());
        let cursor = known.cursor();
        let same = Known::of(Some(&cursor), &[1; 32]);
        assert!(same.has(7, "a") && !same.has(7, "b") && !same.other_rules);
        let other = Known::of(Some(&cursor), &[2; 32]);
        assert!(!other.has(7, "a") && other.other_rules);
        let older = Known::of(Some(&Cursor("[\"a\"]".to_owned())), &[1; 32]);
        assert!(!older.has(7, "a") && older.other_rules);
    }

    /// E14: a folder of very many files. An old file that is forgotten is not read again as news.
    #[test]
    fn forgotten_files_count_as_read_and_newer_ones_do_not() {
        let mut known = Known::of(None, &[1; 32]);
        for number in (0..20_000).rev() {
            known.add(number, number.to_string());
        }
        assert!(known.cursor().0.len() < 200_000, "{}", known.cursor().0.len());
        assert!((0..20_000).all(|number| known.has(number, &number.to_string())));
        assert!(!known.has(20_000, "20000"));
    }
}
