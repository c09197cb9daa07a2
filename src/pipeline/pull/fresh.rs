//! Which tasks of a first pull were met before in the same run.
//!
//! Owns the keys a source has shown while nothing of it is held yet: as long as a page shows none of them again, the
//! store need not be asked what it knows of that page. It must not know records. Two keys taken for one only cost a
//! question; beyond [`MOST_KEYS`] the store is asked about every page.

use super::commit::key_hash;
use crate::domain::SourceId;
use crate::error::Finding;
use crate::pipeline::app::App;
use std::collections::HashSet;

/// Keys remembered, about 11 bytes each: five megabytes at most.
const MOST_KEYS: usize = 450_000;

/// Keys met while nothing of the source was held.
pub(super) struct Fresh {
    /// None once there are too many, or where tasks are held.
    keys: Option<HashSet<u64>>,
}

impl Fresh {
    /// Only where nothing is held of the source.
    pub(super) async fn begin(app: &App, source: &SourceId) -> Result<Self, Finding> {
        let held = app.store.holds_tasks_of(source).await.map_err(|error| error.finding())?;
        Ok(Self { keys: (!held).then(HashSet::new) })
    }

    /// Notes the keys of a page; whether all of them are met for the first time, so that none can be held.
    pub(super) fn all_new<'a>(&mut self, keys: impl ExactSizeIterator<Item = &'a str>) -> bool {
        let Some(met) = &mut self.keys else { return false };
        if met.len() + keys.len() > MOST_KEYS {
            self.keys = None;
            return false;
        }
        let mut all = true;
        for key in keys {
            all &= met.insert(key_hash(key));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shown_again_and_a_run_too_long_to_remember_ask_the_store() {
        let mut fresh = Fresh { keys: Some(HashSet::new()) };
        assert!(fresh.all_new(["1", "2"].into_iter()));
        assert!(!fresh.all_new(["3", "2"].into_iter()));
        assert!(!fresh.all_new(["4", "4"].into_iter()), "twice on one page");
        assert!(fresh.all_new(["5"].into_iter()));
        let many: Vec<String> = (10..10 + MOST_KEYS).map(|key| key.to_string()).collect();
        assert!(!fresh.all_new(many.iter().map(String::as_str)));
        assert!(!fresh.all_new(["6"].into_iter()), "nothing is remembered any more");
        assert!(!Fresh { keys: None }.all_new(["7"].into_iter()));
    }
}
