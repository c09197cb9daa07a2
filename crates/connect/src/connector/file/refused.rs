//! Files that were refused, so that each pull tells them again without unpacking them again.
//!
//! Owns which content was refused under which name and what was told of it. It must not know why. It is kept in
//! memory alone: after a restart, or where more files than it holds are refused, one is read once more.

use crate::error::Finding;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most refused files remembered.
const MOST: usize = 1_000;

/// What was told of each refused file.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<HashMap<String, Refusal>>);

#[derive(Debug)]
struct Refusal {
    digest: String,
    findings: Vec<Finding>,
}

impl Refused {
    /// What was told of this content when it was refused, or else what reading it says now.
    pub(super) fn or_read<T>(
        &self,
        name: &str,
        digest: &str,
        read: impl FnOnce() -> Result<T, Vec<Finding>>,
    ) -> Result<T, Vec<Finding>> {
        let told = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(name).filter(|refusal| refusal.digest == digest).map(|one| one.findings.clone())
        };
        if let Some(findings) = told {
            return Err(findings);
        }
        let outcome = read();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &outcome {
            Ok(_) => {
                known.remove(name);
            }
            Err(findings) if known.len() < MOST || known.contains_key(name) => {
                let refusal = Refusal { digest: digest.to_owned(), findings: findings.clone() };
                known.insert(name.to_owned(), refusal);
            }
            Err(_) => {}
        }
        outcome
    }

    /// Forgets files that are no longer there.
    pub(super) fn keep(&self, is_there: impl Fn(&str) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, _| is_there(name));
    }

    /// Names of the refused files.
    #[cfg(test)]
    pub(super) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Text;
    use std::cell::Cell;

    #[test]
    fn refused_content_is_told_again_without_being_read_until_it_changes() {
        let (refused, reads) = (Refused::default(), Cell::new(0));
        let read = |name: &str, digest: &str, fails: bool| {
            let outcome = refused.or_read(name, digest, || {
                reads.set(reads.get() + 1);
                let finding = Finding::error("LT-TAB-009", Text::new("x", "x"), Text::new("y", "y"));
                if fails { Err(vec![finding]) } else { Ok(()) }
            });
            outcome.map_err(|findings| findings[0].code.clone())
        };
        let told = Err("LT-TAB-009".to_owned());
        assert_eq!(read("a.xlsx", "1", true), told);
        assert_eq!(
            (read("a.xlsx", "1", false), reads.get()),
            (told.clone(), 1),
            "told again, not read again"
        );
        assert_eq!((read("b.xlsx", "1", true), reads.get()), (told.clone(), 2), "it is told by its own name");
        assert_eq!((read("a.xlsx", "2", false), reads.get()), (Ok(()), 3), "another content is read");
        assert_eq!((read("a.xlsx", "1", false), reads.get()), (Ok(()), 4));
        assert_eq!((read("b.xlsx", "1", false), reads.get()), (told, 4));
        refused.keep(|name| name != "b.xlsx");
        assert_eq!((read("b.xlsx", "1", false), reads.get()), (Ok(()), 5), "removed and dropped again");
    }
}
