//! A look at a file of a folder, for a check.
//!
//! Owns what is said of a file without pulling it: whether it can be read, whether someone may still be writing it, which
//! of its rows the rules refuse and which keys stand twice. It must not change what is known of the folder, but for the
//! memory of refused files.

use super::keys::Keys;
use super::refused::Refused;
use super::walk::{Content, Held, Outcome, held, understood};
use super::{Candidate, FolderOptions, finding};
use crate::connector::manifest::Loaded;
use crate::connector::rule::is_key;
use crate::connector::sample::Sample;
use crate::connector::{Presence, RawRecord};
use crate::error::{Finding, Place};
use crate::sheet::MAX_BYTES;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Rows of a file that are read by the rules.
const ROWS_READ: usize = 1_000;

/// What a look needs.
pub(super) struct Look {
    pub(super) options: Arc<FolderOptions>,
    pub(super) refused: Arc<Refused>,
    pub(super) loaded: Arc<Loaded>,
    pub(super) whose: String,
    pub(super) now: DateTime<Utc>,
}

impl Look {
    /// What a file says about itself; one that may still be written is looked at as well.
    pub(super) fn at(&self, candidate: &Candidate) -> Vec<Finding> {
        if candidate.bytes > MAX_BYTES as u64 {
            return vec![finding::too_large(&candidate.name)];
        }
        let (bytes, digest) = match held(candidate) {
            Held::Whole(bytes, digest) => (bytes, digest),
            // A file that vanished meanwhile says nothing about the folder.
            Held::Changing => return Vec::new(),
            Held::Locked => return vec![finding::locked(&candidate.name)],
            Held::Unreadable(error) => return vec![finding::unreadable_file(&candidate.name, &error)],
        };
        let read = || understood(candidate, &bytes, &self.options, DateTime::<Utc>::MAX_UTC);
        match self.refused.or_read(&candidate.name, &digest, read) {
            Ok(Outcome::Understood(content, mut told)) => {
                self.rows(candidate, &content, &mut told);
                told
            }
            Ok(Outcome::Waits(_) | Outcome::WaitsForEver) => Vec::new(),
            Err(findings) => findings,
        }
    }

    fn rows(&self, candidate: &Candidate, content: &Content, told: &mut Vec<Finding>) {
        let name: Arc<str> = candidate.name.as_str().into();
        let (mut keys, mut sample) = (Keys::default(), Sample::default());
        let unfinished = content.cut_off().filter(|_| self.unsettled(candidate));
        if let (Some(_), Some(settle_s)) = (unfinished, self.options.settle_s) {
            told.push(finding::waiting(&[(candidate.name.clone(), finding::no_end())], settle_s));
        }
        for (number, row) in content.rows(&self.options).enumerate() {
            let (line, file) = (row.line, row.file.unwrap_or_else(|| name.clone()));
            let at = |finding: Finding| match finding.place {
                Some(_) => finding,
                None => finding.at(Place::line(&*file, line)),
            };
            match (row.fault, row.key) {
                (Some(_), _) if unfinished == Some(line) => {}
                (Some(fault), _) => sample.refuse(at(fault)),
                (None, Some(key)) if is_key(&key) => {
                    if row.presence != Presence::Shown {
                        continue;
                    }
                    keys.meet(&key, Some(&row.body), (&file, line));
                    if number < ROWS_READ {
                        let (hash, presence) = ([0; 16], row.presence);
                        let record = RawRecord {
                            external_id: key,
                            hash,
                            body: row.body,
                            index: line,
                            file: Some(file),
                            presence,
                        };
                        sample.look(&self.loaded, &self.whose, &record);
                    }
                }
                (None, _) => sample.refuse(at(finding::without_key(&self.options.key()))),
            }
        }
        told.extend(keys.end_of_file(false));
        told.extend(sample.verdict(&self.loaded));
    }

    fn unsettled(&self, candidate: &Candidate) -> bool {
        self.options.settle_s.is_some_and(|settle| !candidate.settled(settle, self.now))
    }
}
