//! Which files were read, by which rules: what a cursor of a folder says.
//!
//! Owns the cursor's form and what is forgotten of it. A file is known by eight bytes of the digest of its content; that it
//! still is what was read, without being opened again, by its mark: name, length, times of writing and of change, place on
//! the disk. Nothing else ever counts as read: no time, no order. Files that are still there are never forgotten, as many
//! as a folder may have; of those that are gone the oldest are, once there are too many. It must not know what a file
//! holds. A cursor of another form, or of other rules, knows nothing: files are read again.

use super::MAX_FILES;
use crate::connector::Cursor;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Shape of the cursor; the one before it held times and digests, and the time up to which files were forgotten.
const SHAPE: u32 = 2;

/// Bytes of a file in a cursor.
const BYTES: usize = 16;

/// What a file looks like from outside: another file, or the same one written again, has another mark.
pub(super) fn mark(path: &Path, meta: &Metadata) -> u64 {
    let mut digest = Sha256::new();
    digest.update(path.file_name().unwrap_or_default().as_bytes());
    for number in [meta.len(), meta.ino()] {
        digest.update([0]);
        digest.update(number.to_le_bytes());
    }
    for number in [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()] {
        digest.update(number.to_le_bytes());
    }
    short(&digest.finalize())
}

/// The first eight bytes; nothing is called 0.
fn short(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)).max(1)
}

/// What a cursor knows of a content by its digest in hexadecimal form.
fn content(digest: &str) -> u64 {
    digest.get(..16).and_then(|start| u64::from_str_radix(start, 16).ok()).unwrap_or_default().max(1)
}

/// A file that was read; 0 stands for what is not known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct File {
    mark: u64,
    content: u64,
}

/// Files that were read.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Digest of the rules they were read by.
    rules: String,
    /// In the order in which they were read.
    files: Vec<File>,
    marks: HashSet<u64>,
    contents: HashSet<u64>,
    /// Marks of files that were left out, and told.
    left_out: HashSet<u64>,
    /// Marks of the files that are in the folder now.
    there: HashSet<u64>,
    /// Files that were read since the last cursor.
    ahead: usize,
    /// Whether the cursor was made by other rules.
    pub(super) other_rules: bool,
}

/// What a cursor holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    rules: String,
    /// Mark and content of each, in Base64.
    files: String,
}

/// What a cursor of the form before held.
#[derive(Deserialize)]
struct Earlier {
    rules: String,
    files: Vec<(i64, String)>,
    forgotten: Option<i64>,
}

impl Earlier {
    /// Its files. Where some were forgotten by their time, others were never read: then it knows nothing.
    fn files(self) -> Option<(String, Vec<File>)> {
        let files = self.files.iter().map(|(_, digest)| File { mark: 0, content: content(digest) });
        self.forgotten.is_none().then(|| (self.rules, files.collect()))
    }
}

impl Stored {
    fn files(self) -> Option<(String, Vec<File>)> {
        let bytes = STANDARD_NO_PAD.decode(self.files).ok().filter(|_| self.v == SHAPE)?;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        let file = |bytes: &[u8]| {
            let (mark, content) = bytes.split_at(BYTES / 2);
            File { mark: number(mark), content: number(content) }
        };
        Some((self.rules, bytes.chunks_exact(BYTES).map(file).collect()))
    }
}

impl Known {
    /// What a cursor says under these rules of a folder in which files with these marks are now.
    pub(super) fn of(cursor: Option<&Cursor>, fingerprint: &[u8; 32], there: HashSet<u64>) -> Self {
        let rules: String = fingerprint.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let held = cursor.and_then(|Cursor(text)| {
            let stored = serde_json::from_str::<Stored>(text).ok().and_then(Stored::files);
            stored.or_else(|| serde_json::from_str::<Earlier>(text).ok().and_then(Earlier::files))
        });
        match held {
            Some((of, files)) if of == rules => Self {
                marks: files.iter().map(|file| file.mark).filter(|mark| *mark != 0).collect(),
                left_out: files.iter().filter(|file| file.content == 0).map(|file| file.mark).collect(),
                contents: files.iter().map(|file| file.content).filter(|content| *content != 0).collect(),
                rules,
                files,
                there,
                ..Self::default()
            },
            _ => Self { rules, there, other_rules: cursor.is_some(), ..Self::default() },
        }
    }

    /// Whether a file is one that was read, by its mark alone.
    pub(super) fn is_untouched(&self, mark: Option<u64>) -> bool {
        mark.is_some_and(|mark| self.marks.contains(&mark))
    }

    /// Whether a file was passed over for good, and not read.
    pub(super) fn was_left_out(&self, mark: Option<u64>) -> bool {
        mark.is_some_and(|mark| self.left_out.contains(&mark))
    }

    /// Whether this content was read.
    pub(super) fn has(&self, digest: &str) -> bool {
        self.contents.contains(&content(digest))
    }

    /// A file was read. Without a mark it is opened again to be known by its content.
    pub(super) fn add(&mut self, mark: Option<u64>, digest: &str) {
        self.note(File { mark: mark.unwrap_or_default(), content: content(digest) });
    }

    /// A file was left out, and told: it must not come as news behind newer words.
    pub(super) fn leave_out(&mut self, mark: Option<u64>) {
        if let Some(mark) = mark {
            self.left_out.insert(mark);
            self.note(File { mark, content: 0 });
        }
    }

    fn note(&mut self, file: File) {
        let another = file.mark != 0 && self.marks.insert(file.mark);
        let unread = file.content != 0 && self.contents.insert(file.content);
        if !another && !unread {
            return;
        }
        self.files.push(file);
        self.ahead += 1;
        if self.files.len() > 2 * MAX_FILES {
            self.forget();
        }
    }

    /// Forgets the oldest of those that are not there any more.
    fn forget(&mut self) {
        let mut many = self.files.len() - MAX_FILES;
        let there = &self.there;
        self.files.retain(|file| {
            let goes = many > 0 && !there.contains(&file.mark);
            many -= usize::from(goes);
            !goes
        });
        self.marks = self.files.iter().map(|file| file.mark).filter(|mark| *mark != 0).collect();
        self.contents = self.files.iter().map(|file| file.content).filter(|content| *content != 0).collect();
    }

    /// Whether so much was read since the last cursor that the next page is to carry one: of a large folder that is not
    /// every one, because each names all files.
    pub(super) fn is_due(&self) -> bool {
        self.ahead > self.files.len() / 16
    }

    /// Whether anything was read since the last cursor.
    pub(super) fn is_ahead(&self) -> bool {
        self.ahead > 0
    }

    /// As a cursor.
    pub(super) fn cursor(&mut self) -> Cursor {
        self.ahead = 0;
        let mut bytes = Vec::with_capacity(self.files.len() * BYTES);
        for file in &self.files {
            bytes.extend_from_slice(&file.mark.to_be_bytes());
            bytes.extend_from_slice(&file.content.to_be_bytes());
        }
        let stored = Stored { v: SHAPE, rules: self.rules.clone(), files: STANDARD_NO_PAD.encode(bytes) };
        Cursor(serde_json::to_string(&stored).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> String {
        format!("{number:016x}0000000000000000")
    }

    fn of(cursor: Option<&Cursor>, rules: u8) -> Known {
        Known::of(cursor, &[rules; 32], HashSet::new())
    }

    #[test]
    fn cursor_of_other_rules_or_an_unknown_form_knows_nothing() {
        let mut known = of(None, 1);
        assert!(!known.other_rules);
        known.add(Some(7), &digest(8));
        let cursor = known.cursor();
        let same = of(Some(&cursor), 1);
        assert!(same.has(&digest(8)) && !same.has(&digest(9)) && !same.other_rules);
        assert!(same.is_untouched(Some(7)) && !same.is_untouched(Some(8)) && !same.is_untouched(None));
        let other = of(Some(&cursor), 2);
        assert!(!other.has(&digest(8)) && !other.is_untouched(Some(7)) && other.other_rules);
        let unknown = of(Some(&Cursor("[\"a\"]".to_owned())), 1);
        assert!(!unknown.has(&digest(8)) && unknown.other_rules);
    }

    #[test]
    fn earlier_cursor_is_taken_over_unless_it_forgot_files_by_their_time() {
        let rules = "01".repeat(16);
        let earlier = |forgotten: &str| {
            let digest = digest(8);
            Cursor(format!(
                "{{\"rules\":\"{rules}\",\"files\":[[5,\"{digest}\"]],\"forgotten\":{forgotten}}}"
            ))
        };
        let taken = of(Some(&earlier("null")), 1);
        assert!(taken.has(&digest(8)) && !taken.other_rules);
        let read_again = of(Some(&earlier("5")), 1);
        assert!(!read_again.has(&digest(8)) && read_again.other_rules, "everything is read again");
    }

    /// E14: files that are there are never forgotten, and what was never read never counts as read.
    #[test]
    fn files_that_are_gone_are_forgotten_first_and_the_others_never() {
        let there: HashSet<u64> = (1..=50).collect();
        let mut known = Known::of(None, &[1; 32], there);
        for number in 1..=2 * MAX_FILES + 10 {
            known.add(Some(number as u64), &digest(number));
        }
        assert!(known.files.len() <= MAX_FILES + 10, "{}", known.files.len());
        let known = of(Some(&known.cursor()), 1);
        assert!((1..=50).all(|number| known.is_untouched(Some(number))));
        assert!((1..=50).all(|number| known.has(&digest(number))));
        assert!(known.has(&digest(2 * MAX_FILES)) && !known.has(&digest(51)), "the oldest are forgotten");
    }

    #[test]
    fn cursors_of_a_large_folder_are_few() {
        let (mut known, mut bytes) = (of(None, 1), 0);
        for number in 1..=20_000 {
            known.add(Some(number as u64), &digest(number));
            if known.is_due() {
                bytes += known.cursor().0.len();
            }
        }
        assert!(bytes < 20 * 20_000 * 2 * BYTES, "{bytes}");
        assert!(!known.is_ahead() || known.ahead <= 20_000 / 16);
        let before = known.cursor();
        known.add(Some(3), &digest(3));
        assert!(!known.is_ahead(), "known already");
        assert_eq!(known.cursor(), before);
    }

    #[test]
    fn copy_of_a_known_content_is_opened_once() {
        let mut known = of(None, 1);
        known.add(Some(1), &digest(5));
        known.add(Some(2), &digest(5));
        assert!(known.is_ahead() && known.is_untouched(Some(2)));
        known.add(None, &digest(5));
        assert_eq!(known.files.len(), 2);
        known.leave_out(Some(9));
        let known = of(Some(&known.cursor()), 1);
        assert!(known.is_untouched(Some(9)) && !known.has("") && !known.has(&digest(0x99)));
        assert!(known.was_left_out(Some(9)) && !known.was_left_out(Some(1)) && !known.was_left_out(None));
    }
}
